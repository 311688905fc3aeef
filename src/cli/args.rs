//! The command line, defined once: parsing, `--help` and completions come from here.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Designs the economics of a service secured by restaked ETH.
#[derive(Debug, Parser)]
#[command(
    name = "stakewright",
    version,
    about = "Designs the economics of an AVS: stake, reward budget, slash rule and operator set",
    long_about = "Designs the economics of an AVS (a service secured by restaked ETH on EigenLayer).\n\n\
        A model file says what the service is, what can be stolen and how operators are punished. \
        stakewright plays it ten thousand times against real restaking data and answers: how much \
        stake, what reward budget, which slash rule, which operators; with what probability it \
        fails; and the contract configuration.",
    after_help = "Start here:\n  stakewright run models/user-security.toml\n  stakewright init > my-service.toml && stakewright check my-service.toml\n\nExit codes: see `stakewright help exit-codes`.",
    arg_required_else_help = true
)]
pub struct Cli {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// What goes to standard output; progress and errors always go to standard error
    #[arg(long, value_enum, default_value_t = Format::Human, global = true)]
    pub format: Format,
    /// Print the verdict alone
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// When to colour the output
    #[arg(long, value_enum, default_value_t = Colour::Auto, global = true)]
    pub colour: Colour,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON document.
    Json,
}

/// When output is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// When standard output is a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print a commented model file to start from
    #[command(after_help = "Example:\n  stakewright init > my-service.toml")]
    Init,
    /// Check a model file: every error at once, nothing is run
    #[command(after_help = "Example:\n  stakewright check models/oracle.toml models/bridge.toml")]
    Check(CheckArgs),
    /// Read restaking data from an Ethereum node into a snapshot
    #[command(
        after_help = "Example:\n  stakewright pull --rpc-url $ETH_RPC_URL --out data/mainnet\n  stakewright inspect data/mainnet\n  stakewright run models/oracle.toml --snapshot data/mainnet"
    )]
    Pull(PullArgs),
    /// Show what a snapshot holds: operators, concentration, stake by strategy, what is unpriced
    #[command(
        after_help = "Example:\n  stakewright inspect\n  stakewright inspect data/mainnet --format json"
    )]
    Inspect(InspectArgs),
    /// Play the model at one design and measure its security
    #[command(
        after_help = "Example:\n  stakewright simulate models/oracle.toml --paths 100000 --out oracle.parquet\n  stakewright simulate models/oracle.toml --shard 1/4 --out part-1.parquet"
    )]
    Simulate(SimulateArgs),
    /// Put the shards of a simulation together
    #[command(after_help = "Example:\n  stakewright merge part-*.parquet --out oracle.parquet")]
    Merge(MergeArgs),
    /// Find the parameters that keep the promise, and certify them on fresh seeds
    #[command(
        after_help = "Example:\n  stakewright recommend models/oracle.toml --format json > oracle.json\n  stakewright recommend models/oracle.toml --sensitivity"
    )]
    Recommend(RecommendArgs),
    /// Put designs side by side on the same random numbers: differences with intervals
    #[command(
        after_help = "Example:\n  stakewright compare models/oracle.toml models/bridge.toml\n  stakewright compare before.toml after.toml --design allocated --format json"
    )]
    Compare(CompareArgs),
    /// Do all of it: simulate, recommend, certify, export and report into a run folder
    #[command(after_help = "Example:\n  stakewright run models/user-security.toml")]
    Run(RunArgs),
    /// Write the report of a recommendation without the run folder
    #[command(after_help = "Example:\n  stakewright report models/oracle.toml --out oracle-report")]
    Report(ReportArgs),
    /// Write the recommended parameters as contract configuration
    #[command(
        after_help = "Example:\n  stakewright export models/oracle.toml --target core --avs 0x… --out config\n  stakewright export reports/user-security-7f3a91c2 --target safe --avs 0x… --out config"
    )]
    Export(ExportArgs),
    /// Check contract configuration, ours or anybody's, against the rules of the contracts
    #[command(
        after_help = "Example:\n  stakewright lint config\n  stakewright lint config/core/calls.json --network sepolia\n  stakewright lint --rules"
    )]
    Lint(LintArgs),
    /// Rehearse an export on a node and read back what it sets, or compare it with a deployed AVS; sends no transaction
    #[command(
        after_help = "Example:\n  stakewright verify config --rpc-url http://127.0.0.1:8545\n  stakewright verify config --rpc-url $ETH_RPC_URL --against 0x…\n  stakewright verify config --against data/mainnet\n  stakewright verify config --coordinator 0x… --rpc-url $ETH_RPC_URL\n\nA local copy of a network: anvil --fork-url $ETH_RPC_URL"
    )]
    Verify(VerifyArgs),
    /// Measure the engine against its roof
    #[command(hide = true)]
    Bench(BenchArgs),
    /// Print the JSON Schema of the model file
    #[command(after_help = "Example:\n  stakewright schema > model.schema.json")]
    Schema,
    /// Print the exit codes and what they mean
    #[command(name = "exit-codes")]
    ExitCodes,
    /// Print shell completions
    #[command(
        after_help = "Example:\n  stakewright completions bash > /etc/bash_completion.d/stakewright"
    )]
    Completions(CompletionsArgs),
    /// Rebuild the embedded snapshot from its sources
    #[command(hide = true)]
    Reconstruct(ReconstructArgs),
}

/// A model and how to play it. No option changes the economics: those are in the file.
#[derive(Debug, Clone, Args)]
pub struct ModelArgs {
    /// Model file
    pub model: PathBuf,
    #[command(flatten)]
    pub play: PlayArgs,
}

/// How to play a model.
#[derive(Debug, Clone, Args)]
pub struct PlayArgs {
    /// Snapshot folder; without it the embedded snapshot of 2024-12-03
    #[arg(long, value_name = "FOLDER")]
    pub snapshot: Option<PathBuf>,
    /// Seed of the random streams; the same seed gives the same bits on any number of threads
    #[arg(long, default_value_t = DEFAULT_SEED)]
    pub seed: u64,
    /// Paths to simulate
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(100..=100_000_000))]
    pub paths: u64,
    /// Threads; 0 takes every core
    #[arg(long, default_value_t = 0)]
    pub threads: usize,
}

/// The seed that is used, and printed, when none is given.
pub const DEFAULT_SEED: u64 = 7;

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Model files
    #[arg(required = true)]
    pub models: Vec<PathBuf>,
    /// Snapshot folder; without it the embedded snapshot
    #[arg(long, value_name = "FOLDER")]
    pub snapshot: Option<PathBuf>,
}

/// Arguments of `inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// Snapshot folder; without it the embedded snapshot
    pub snapshot: Option<PathBuf>,
}

/// Arguments of `simulate`.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    #[command(flatten)]
    pub model: ModelArgs,
    /// Slashable stake in million USD; without it the stake that the model's allocation gives
    #[arg(long, value_name = "MUSD")]
    pub stake: Option<f64>,
    /// Simulate one part of the paths: `k/n`
    #[arg(long, value_name = "K/N")]
    pub shard: Option<String>,
    /// Parquet file for the ensemble, one row a path; every path is then kept in memory (160 bytes
    /// each), else those beyond a million are counted and dropped
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,
}

/// Arguments of `merge`.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// Shards written by `simulate --shard`, in any order
    #[arg(required = true)]
    pub shards: Vec<PathBuf>,
    /// File of the whole ensemble
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Arguments of `recommend`.
#[derive(Debug, Args)]
pub struct RecommendArgs {
    #[command(flatten)]
    pub model: ModelArgs,
    /// Also say which uncertain input decides the answer (Sobol indices; some seconds more)
    #[arg(long)]
    pub sensitivity: bool,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub model: ModelArgs,
    /// Folder that holds the runs
    #[arg(long, default_value = "reports", value_name = "FOLDER")]
    pub out: PathBuf,
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Also say which uncertain input decides the answer (Sobol indices; some seconds more)
    #[arg(long)]
    pub full: bool,
    /// Exit with 7 when the recommendation is not certified safe
    #[arg(long)]
    pub require_safe: bool,
}

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// Model files; the first is the one that the others are compared with
    #[arg(required = true, num_args = 2..)]
    pub models: Vec<PathBuf>,
    /// Which design of each file is compared
    #[arg(long, value_enum, default_value_t = ComparedDesign::Recommended)]
    pub design: ComparedDesign,
    #[command(flatten)]
    pub play: PlayArgs,
}

/// The design of a file that a comparison plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ComparedDesign {
    /// The one that the search finds for the file's promise
    Recommended,
    /// The stake that the file's allocation gives, and the strictest end of every range
    Allocated,
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    #[command(flatten)]
    pub model: ModelArgs,
    /// Folder of the report
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
}

/// Where a design goes: what the model file's section `[deployment]` says, or in place of it.
#[derive(Debug, Clone, Args)]
pub struct PlaceArgs {
    /// Address of the AVS; without it the one of the model file
    #[arg(long, value_name = "ADDRESS")]
    pub avs: Option<String>,
    /// Address of the contract that may slash; without it the one of the model file
    #[arg(long, value_name = "ADDRESS")]
    pub slasher: Option<String>,
    /// mainnet, sepolia, hoodi, or a JSON file with the addresses and limits of another; without it the model file's
    #[arg(long, value_name = "NETWORK")]
    pub network: Option<String>,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Model file, which is searched and certified; or the folder of a run, which is read
    #[arg(value_name = "MODEL|RUN")]
    pub model: PathBuf,
    #[command(flatten)]
    pub play: PlayArgs,
    /// Which configuration to write
    #[arg(long, value_enum, default_value_t = ExportTarget::All)]
    pub target: ExportTarget,
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Folder of the configuration
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
}

/// Kinds of configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportTarget {
    /// Every kind
    All,
    /// Calls of the core contracts, in order, with calldata
    Core,
    /// Safe Transaction Builder batch
    Safe,
    /// Deploy files of eigenlayer-middleware
    Middleware,
    /// Context files of Hourglass
    Hourglass,
    /// Solidity constants and a Foundry script
    Solidity,
    /// Our own parameters file
    Params,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Shell
    pub shell: clap_complete::Shell,
}

/// Arguments of `reconstruct`.
#[derive(Debug, Args)]
pub struct ReconstructArgs {
    /// Folder of the sources
    #[arg(long, default_value = "data/sources")]
    pub sources: PathBuf,
    /// Folder of the snapshot
    #[arg(long, default_value = "data/embedded")]
    pub out: PathBuf,
}

/// Arguments of `pull`.
#[derive(Debug, Args)]
pub struct PullArgs {
    /// JSON-RPC endpoint; its key is never written or shown
    #[arg(long, value_name = "URL", env = "ETH_RPC_URL", hide_env_values = true)]
    pub rpc_url: String,
    /// Block to read at: `finalized`, `latest` or a number
    #[arg(long, default_value = "finalized")]
    pub block: String,
    /// Folder of the snapshot
    #[arg(long, default_value = "data/pulled")]
    pub out: PathBuf,
    /// Folder that keeps the events read, for the next pull; without it `pull-logs` beside the snapshot
    #[arg(long, value_name = "FOLDER")]
    pub logs: Option<PathBuf>,
    /// Addresses of a private deployment (JSON); without it those of the chain's id
    #[arg(long, value_name = "FILE")]
    pub deployment: Option<PathBuf>,
    /// Read a protocol version that this program does not know
    #[arg(long)]
    pub allow_unknown_version: bool,
    /// Leave out the sources that are not the chain (history of prices, EigenDA's own figures)
    #[arg(long)]
    pub chain_only: bool,
}

/// Arguments of `lint`.
#[derive(Debug, Args)]
pub struct LintArgs {
    /// Files, or folders of an export: calls, Safe batches, deploy files, contexts, parameters
    #[arg(required_unless_present = "rules")]
    pub files: Vec<PathBuf>,
    /// Snapshot that says which strategies take deposits; without it the embedded one, on mainnet
    #[arg(long, value_name = "FOLDER")]
    pub snapshot: Option<PathBuf>,
    /// mainnet, sepolia, hoodi, or a JSON file; without it the one that each file names
    #[arg(long, value_name = "NETWORK")]
    pub network: Option<String>,
    /// Print every check with its source, and check nothing
    #[arg(long, conflicts_with = "files")]
    pub rules: bool,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Folder of an export, or a file of calls in it
    pub config: PathBuf,
    /// JSON-RPC endpoint; its key is never written or shown
    #[arg(long, value_name = "URL", env = "ETH_RPC_URL", hide_env_values = true)]
    pub rpc_url: Option<String>,
    /// Compare with what is deployed: the address of an AVS on the node's chain, or the folder of a snapshot
    #[arg(long, value_name = "AVS|SNAPSHOT")]
    pub against: Option<String>,
    /// Exit with 7 when something differs from what is deployed
    #[arg(long, requires = "against")]
    pub require_same: bool,
    /// Create sets that have a quorum through quorum contracts that are deployed: the address of their coordinator
    #[arg(long, value_name = "ADDRESS", conflicts_with = "against")]
    pub coordinator: Option<String>,
}

/// Arguments of `bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// Paths of the workload
    #[arg(long, default_value_t = 10_000)]
    pub paths: u64,
    /// Measure too how cost grows with paths, days, assets, operators, designs and threads
    #[arg(long)]
    pub growth: bool,
    /// Paths of the longest run of --growth
    #[arg(long, default_value_t = 10_000_000, requires = "growth")]
    pub most_paths: u64,
    /// Play one form once and measure nothing: for a counter of instructions
    #[arg(long, value_enum, conflicts_with = "growth")]
    pub once: Option<Counted>,
}

/// What `bench --once` plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Counted {
    /// Pooled stake
    Unif,
    /// The largest operators until a third
    Coal,
    /// The cheapest set of whole operators
    Cheapest,
    /// Pooled stake with everything that is recorded
    Full,
}
