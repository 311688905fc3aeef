//! `stakewright pull`: a chain at one block, as a snapshot.

use crate::chain::{
    self, BlockName, ChainError, Deployment, Endpoint, Progress, PullOptions, PullReport, Pulled,
    SideSources, UnknownVersion,
};
use crate::cli::args::PullArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::progress;
use crate::report::format;
use crate::snapshot::{Facts, Manifest, Outcome, Snapshot};
use crate::tables;
use indicatif::ProgressBar;
use serde::Serialize;
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// What a pull found and took.
#[derive(Serialize)]
struct Answer<'a> {
    folder: String,
    logs: String,
    content_hash: &'a str,
    chain_id: u64,
    block: Option<u64>,
    block_hash: Option<&'a str>,
    timestamp: u64,
    protocol_version: Option<&'a str>,
    operators: usize,
    avss: usize,
    operator_sets: usize,
    assets: usize,
    events: u64,
    /// Stakes of (set, operator, strategy) that equal the chain's getters, and encumbered magnitudes.
    proven_stakes: usize,
    proven_magnitudes: usize,
    /// Symbols of assets without a price.
    unpriced: Vec<&'a str>,
    /// Sources that gave nothing or not all, with the reason.
    missing: Vec<String>,
    requests: u64,
    requests_after_scan: u64,
    requests_repeated: u64,
    bytes_received: u64,
    seconds: f64,
}

/// Reads the chain and writes the snapshot whole.
pub fn pull(args: &PullArgs, output: Output) -> Result<Exit, CliError> {
    let endpoint = Endpoint::parse(&args.rpc_url).map_err(|error| failed(&error))?;
    let logs = logs_folder(args);
    let options = options(args, &logs)?;
    tables::can_write(&args.out).map_err(|error| unwritable(&error))?;
    progress::catch_interrupt();
    let mut shown = Shown::new(output);
    let pulled = chain::pull(&endpoint, &options, &mut |step| {
        shown.step(&step);
        if progress::stopped() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    shown.bar.finish_and_clear();
    let Pulled { snapshot, report } = match pulled {
        Err(_) if progress::stopped() => return Err(interrupted(&logs)),
        other => other.map_err(|error| failed(&error))?,
    };
    let manifest = tables::write(&args.out, &snapshot).map_err(|error| unwritable(&error))?;
    let answer = answer(args, &logs, &snapshot, &manifest, &report);
    output.answer("pull", None, None, &answer, || screen(&answer, args))?;
    Ok(Exit::Ok)
}

/// A bar where the length of the work is known, a spinner where it is not.
struct Shown {
    bar: ProgressBar,
    scanning: bool,
    output: Output,
}

impl Shown {
    fn new(output: Output) -> Self {
        let bar = progress::spinner("pull", output.quiet);
        bar.set_message("asking the node");
        Self {
            bar,
            scanning: false,
            output,
        }
    }

    fn step(&mut self, step: &Progress) {
        let quiet = self.output.quiet;
        match step {
            Progress::Pinned { block, hash } => {
                let text = format!("{} {hash}", format::whole(*block));
                self.bar.suspend(|| progress::say("block", &text, quiet));
            }
            Progress::Events { from, next, to } => {
                if !self.scanning {
                    self.bar.finish_and_clear();
                    self.bar = progress::bar("events", (to + 1).saturating_sub(*from), quiet);
                    self.scanning = true;
                }
                self.bar.set_position(next.saturating_sub(*from));
                self.bar
                    .set_message(format!("block {}", format::whole(*next)));
            }
            Progress::State { .. } | Progress::Side => {
                if self.scanning {
                    self.bar.finish_and_clear();
                    self.bar = progress::spinner("state", quiet);
                    self.scanning = false;
                }
                self.bar.set_message(match step {
                    Progress::State { what } => what,
                    _ => "other sources",
                });
            }
        }
    }
}

/// Where the events read are kept: beside the snapshot, so that every snapshot there shares them.
fn logs_folder(args: &PullArgs) -> PathBuf {
    args.logs.clone().unwrap_or_else(|| {
        let beside = args.out.parent().unwrap_or(Path::new(""));
        beside.join("pull-logs")
    })
}

fn options(args: &PullArgs, logs: &Path) -> Result<PullOptions, CliError> {
    let block = match args.block.as_str() {
        "finalized" => BlockName::Finalized,
        "latest" => BlockName::Latest,
        number => BlockName::Number(number.parse().map_err(|_| {
            CliError::usage(
                format_args!("--block {number} is not a block"),
                "write finalized, latest or a number",
            )
        })?),
    };
    let deployment = args
        .deployment
        .as_deref()
        .map(Deployment::read)
        .transpose()
        .map_err(|error| failed(&error))?;
    // What no chain gives, such as market statistics, comes with the program.
    let carried = tables::embedded().map_or_else(|_| Facts::default(), |known| known.facts);
    Ok(PullOptions {
        block,
        deployment,
        unknown_version: if args.allow_unknown_version {
            UnknownVersion::Allow
        } else {
            UnknownVersion::Refuse
        },
        cache: Some(logs.to_owned()),
        side: if args.chain_only {
            SideSources::default()
        } else {
            SideSources::public()
        },
        carried,
        ..PullOptions::default()
    })
}

fn answer<'a>(
    args: &PullArgs,
    logs: &Path,
    snapshot: &'a Snapshot,
    manifest: &'a Manifest,
    report: &PullReport,
) -> Answer<'a> {
    let missing = manifest.sources.iter().filter_map(|source| {
        let (Outcome::Partial(why) | Outcome::Failed(why)) = &source.outcome else {
            return None;
        };
        Some(format!("{} ({}): {why}", source.what, source.source))
    });
    Answer {
        folder: args.out.display().to_string(),
        logs: logs.display().to_string(),
        content_hash: &manifest.content_hash,
        chain_id: manifest.chain_id,
        block: manifest.block,
        block_hash: manifest.block_hash.as_deref(),
        timestamp: manifest.timestamp,
        protocol_version: manifest.protocol_version.as_deref(),
        operators: snapshot.operators.len(),
        avss: snapshot.avss.len(),
        operator_sets: snapshot.sets.len(),
        assets: snapshot.assets.len(),
        events: report.events,
        proven_stakes: report.proven.triples,
        proven_magnitudes: report.proven.pairs,
        unpriced: snapshot
            .unpriced()
            .map(|(_, asset)| asset.symbol.as_str())
            .collect(),
        missing: missing.collect(),
        requests: report.traffic.requests,
        requests_after_scan: report.requests_after_scan(),
        requests_repeated: report.traffic.retries,
        bytes_received: report.traffic.received_bytes,
        seconds: report.elapsed.as_secs_f64(),
    }
}

/// What a person reads at the end.
fn screen(answer: &Answer<'_>, args: &PullArgs) -> String {
    let mut text = format!("wrote {}\n", answer.folder);
    let mut line = |name: &str, value: &str| {
        let _infallible = writeln!(text, "  {name:<10} {value}");
    };
    let block = answer.block.map_or_else(String::new, format::whole);
    let time = i64::try_from(answer.timestamp)
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    line(
        "chain",
        &format!(
            "{}, block {block}, {}, protocol {}",
            answer.chain_id,
            time.map_or_else(String::new, |time| time.to_string()),
            answer.protocol_version.unwrap_or("unknown"),
        ),
    );
    line("content", answer.content_hash);
    line(
        "found",
        &format!(
            "{}, {}, {}, {}, in {} events",
            counted(answer.operators, "operator"),
            counted(answer.avss, "AVS"),
            counted(answer.operator_sets, "operator set"),
            counted(answer.assets, "asset"),
            format::whole(answer.events),
        ),
    );
    line(
        "proven",
        &format!(
            "{} and {} equal the contracts' own getters to the wei",
            counted(answer.proven_stakes, "stake"),
            counted(answer.proven_magnitudes, "magnitude"),
        ),
    );
    if !answer.unpriced.is_empty() {
        let named = first_few(&answer.unpriced);
        line("unpriced", &format!("{named}: in no figure in dollars"));
    }
    for missing in &answer.missing {
        line("missing", missing);
    }
    line(
        "took",
        &format!(
            "{} requests ({} for events), {} repeated; {}B received; {:.1} s",
            format::whole(answer.requests),
            format::whole(answer.requests - answer.requests_after_scan),
            format::whole(answer.requests_repeated),
            format::scaled(answer.bytes_received as f64),
            answer.seconds,
        ),
    );
    line(
        "events in",
        &format!("{} (kept for the next pull)", answer.logs),
    );
    line(
        "next",
        &format!("stakewright inspect {}", args.out.display()),
    );
    text
}

/// "1 operator", "1,500 operators".
fn counted(number: usize, of: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    format!("{} {of}{end}", format::whole(number as u64))
}

fn first_few(symbols: &[&str]) -> String {
    const SHOWN: usize = 8;
    let named = symbols[..symbols.len().min(SHOWN)].join(", ");
    match symbols.len().saturating_sub(SHOWN) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

fn interrupted(logs: &Path) -> CliError {
    CliError {
        exit: Exit::Interrupted,
        message: format!(
            "interrupted: no snapshot was written; the events read are in {}, and the same command goes on from there",
            logs.display()
        ),
    }
}

fn unwritable(error: &tables::TablesError) -> CliError {
    CliError::new(Exit::Data, error, "choose another place with --out")
}

/// An error of the chain with what to do about it.
fn failed(error: &ChainError) -> CliError {
    let (exit, help) = match error {
        ChainError::Endpoint { .. } => (
            Exit::Usage,
            "give it with --rpc-url, or in the environment variable ETH_RPC_URL",
        ),
        ChainError::Deployment { .. } => (Exit::Data, "docs/pull.md shows a deployment file"),
        ChainError::Store { .. } => (
            Exit::Data,
            "the folder for events is named by --logs; what was read is kept there",
        ),
        ChainError::NoDeployment { .. } => (
            Exit::Usage,
            "name the contracts in a file and give it with --deployment; docs/pull.md shows one",
        ),
        ChainError::WrongChain { .. } => (
            Exit::Network,
            "the url, or the chain_id of the deployment file, is not the one you mean",
        ),
        ChainError::UnknownVersion { .. } => (
            Exit::Network,
            "a newer stakewright may know it; --allow-unknown-version reads it all the same, and the stake must still be proven",
        ),
        ChainError::NoContract { .. } => (
            Exit::Network,
            "check the deployment file; on a young chain give --block latest",
        ),
        ChainError::NoBlock { .. } => (Exit::Network, "wait, or choose an earlier block"),
        ChainError::NothingFinal { .. } => (
            Exit::Network,
            "on a young or private chain give --block latest",
        ),
        ChainError::ArchiveNeeded { .. } => (
            Exit::Network,
            "pull the finalized block (the default) without stopping half-way, or use an archive node",
        ),
        ChainError::Refused { .. } => (Exit::Network, "check the key in the url, and its plan"),
        ChainError::BlockChanged { .. } => (
            Exit::Network,
            "pull again at the finalized block, which no chain replaces; what was read is kept",
        ),
        ChainError::Proof { .. } | ChainError::Inconsistent { .. } => (
            Exit::Network,
            "nothing was written: ask another node, and if both agree report it with the block",
        ),
        _ => (
            Exit::Network,
            "try again later or with another node; what was read is kept, and the same command goes on from there",
        ),
    };
    CliError::new(exit, error, help)
}
