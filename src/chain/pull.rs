//! The pull as a whole: find, read, prove, assemble.

use super::assemble::{self, Parts};
use super::assets;
use super::calls::Reader;
use super::client::{BlockName, Client, Header};
use super::deployment::{self, Deployment, UnknownVersion};
use super::discovery::{self, Discovery};
use super::endpoint::Endpoint;
use super::error::ChainError;
use super::journal::{Journal, Question};
use super::oracles;
use super::proof::{self, Proven};
use super::scan::{self, LogSteps};
use super::side::{self, SideSources};
use super::state;
use super::transport::{Limits, Traffic};
use crate::protocol::Network;
use crate::snapshot::{Facts, Snapshot};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What to pull, and how.
#[derive(Debug, Clone)]
pub struct PullOptions {
    /// The block to read. `Finalized` cannot be replaced by the chain; `Latest` can.
    pub block: BlockName,
    /// The chain expected; a node of another chain is refused.
    pub chain: Option<u64>,
    /// Where the contracts are, for a chain that is not known by itself.
    pub deployment: Option<Deployment>,
    /// What to do with a protocol version whose rules are not known.
    pub unknown_version: UnknownVersion,
    /// Folder that keeps the logs read, so that a killed pull resumes and the next one reads only new
    /// blocks. Without it nothing is kept.
    pub cache: Option<PathBuf>,
    /// Steps of the log scan.
    pub steps: LogSteps,
    /// Patience with the node.
    pub limits: Limits,
    /// How getters are packed.
    pub packing: Packing,
    /// Sources besides the chain.
    pub side: SideSources,
    /// Facts that no chain gives (market statistics, exploit sizes), carried into the snapshot. Those
    /// under `protocol.` are left out: the chain's own are read.
    pub carried: Facts,
}

impl Default for PullOptions {
    fn default() -> Self {
        Self {
            block: BlockName::Finalized,
            chain: None,
            deployment: None,
            unknown_version: UnknownVersion::Refuse,
            cache: None,
            steps: LogSteps::default(),
            limits: Limits::default(),
            packing: Packing::Multicall,
            side: SideSources::default(),
            carried: Facts::default(),
        }
    }
}

/// How many getters fit one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Through Multicall3 where the chain has it, else in JSON-RPC batches.
    Multicall,
    /// In JSON-RPC batches.
    Batches,
}

/// Where a pull stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// The block is chosen.
    Pinned {
        /// Its number.
        block: u64,
        /// Its hash.
        hash: String,
    },
    /// Events are read up to a block.
    Events {
        /// First block of the scan.
        from: u64,
        /// Next block to read.
        next: u64,
        /// Last block of the scan.
        to: u64,
    },
    /// Getters are read.
    State {
        /// What is read now.
        what: &'static str,
    },
    /// Side sources are asked.
    Side,
}

/// A snapshot and what it took.
#[derive(Debug, Clone)]
pub struct Pulled {
    /// The snapshot, in canonical order and checked; tables and content hash of its manifest are
    /// filled by the writer.
    pub snapshot: Snapshot,
    /// What it took.
    pub report: PullReport,
}

/// What a pull took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PullReport {
    /// All traffic with the node.
    pub traffic: Traffic,
    /// Traffic of the log scan, which `traffic` includes.
    pub scan: Traffic,
    /// Blocks whose events were read, not found in the cache.
    pub blocks_scanned: u64,
    /// Events in the snapshot's range.
    pub events: u64,
    /// What the self-proof compared.
    pub proven: Proven,
    /// Wall time.
    pub elapsed: Duration,
}

impl PullReport {
    /// HTTP requests after the log scan.
    #[must_use]
    pub fn requests_after_scan(&self) -> u64 {
        self.traffic.requests - self.scan.requests
    }
}

/// Told where the pull stands; may stop it.
pub type Watch<'a> = dyn FnMut(Progress) -> ControlFlow<()> + 'a;

/// Pulls a snapshot. Blocks the calling thread, which must not belong to an async runtime.
///
/// # Errors
/// See [`ChainError`]. Nothing is written but the cache of logs, which stays usable.
pub fn pull(
    endpoint: &Endpoint,
    options: &PullOptions,
    watch: &mut Watch<'_>,
) -> Result<Pulled, ChainError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| ChainError::Endpoint {
            problem: format!("no runtime: {error}"),
        })?;
    runtime.block_on(pull_async(endpoint, options, watch))
}

/// [`pull`] for callers that have a runtime.
///
/// # Errors
/// See [`pull`].
pub async fn pull_async(
    endpoint: &Endpoint,
    options: &PullOptions,
    watch: &mut Watch<'_>,
) -> Result<Pulled, ChainError> {
    let started = Instant::now();
    let client = Client::new(endpoint.clone(), options.limits)?;
    let known = choose_deployment(&client, options).await?;
    let block = pin(&client, options.block).await?;
    tell(
        watch,
        Progress::Pinned {
            block: block.number.to(),
            hash: block.hash.to_string(),
        },
    )?;

    let reader = reader(&client, block, &known, options).await?;
    let deployment = deployment::resolve(known, &reader, options.unknown_version).await?;
    let mut report = PullReport::default();
    let before_scan = client.traffic();
    let discovery = discover(&client, &deployment, block, options, watch, &mut report).await?;
    report.scan = difference(client.traffic(), before_scan);

    tell(watch, Progress::State { what: "assets" })?;
    let assets = assets::read(&reader, &discovery).await?;
    let holding = assets.holding();
    let step = |what| tell(watch, Progress::State { what });
    let state = state::read(&deployment, &reader, &discovery, &holding, step).await?;
    tell(watch, Progress::State { what: "prices" })?;
    let prices = oracles::read(&deployment, &reader).await?;
    report.proven = proof::prove(&state, &discovery, block.number.to())?;
    reader.verify().await?;
    check_chain(&client, deployment.chain_id).await?;

    let parts = Parts {
        deployment: &deployment,
        block,
        discovery: &discovery,
        state: &state,
        assets: &assets,
        prices: &prices,
        carried: &options.carried,
    };
    let mut snapshot = assemble::assemble(&parts)?;
    if options.side != SideSources::default() {
        tell(watch, Progress::Side)?;
        side::add(&mut snapshot, &options.side).await;
    }
    report.traffic = client.traffic();
    report.elapsed = started.elapsed();
    Ok(Pulled { snapshot, report })
}

fn tell(watch: &mut Watch<'_>, progress: Progress) -> Result<(), ChainError> {
    match watch(progress) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(ChainError::Stopped),
    }
}

fn difference(after: Traffic, before: Traffic) -> Traffic {
    Traffic {
        requests: after.requests - before.requests,
        retries: after.retries - before.retries,
        sent_bytes: after.sent_bytes - before.sent_bytes,
        received_bytes: after.received_bytes - before.received_bytes,
    }
}

async fn choose_deployment(
    client: &Client,
    options: &PullOptions,
) -> Result<Deployment, ChainError> {
    let found = client.chain_id().await?;
    let named = options
        .deployment
        .as_ref()
        .map(|deployment| deployment.chain_id);
    for expected in options.chain.into_iter().chain(named) {
        if expected != found {
            return Err(ChainError::WrongChain { expected, found });
        }
    }
    match (&options.deployment, Network::from_chain_id(found)) {
        (Some(deployment), _) => Ok(deployment.clone()),
        (None, Some(network)) => Ok(Deployment::of(network)),
        (None, None) => Err(ChainError::NoDeployment { chain: found }),
    }
}

async fn check_chain(client: &Client, expected: u64) -> Result<(), ChainError> {
    match client.chain_id().await? {
        found if found == expected => Ok(()),
        found => Err(ChainError::WrongChain { expected, found }),
    }
}

async fn pin(client: &Client, name: BlockName) -> Result<Header, ChainError> {
    if let Some(block) = client.block(name).await? {
        return Ok(block);
    }
    let head = client
        .block(BlockName::Latest)
        .await?
        .map_or(0, |head| head.number.to());
    Err(match name {
        BlockName::Number(block) => ChainError::NoBlock { block, head },
        BlockName::Finalized => ChainError::NothingFinal { head },
        BlockName::Latest => ChainError::NoBlock { block: 0, head },
    })
}

async fn reader(
    client: &Client,
    block: Header,
    deployment: &Deployment,
    options: &PullOptions,
) -> Result<Reader, ChainError> {
    let concurrency = options.limits.concurrency;
    let plain = Reader::new(client.clone(), block, None, concurrency);
    let packed = match options.packing {
        Packing::Batches => false,
        Packing::Multicall => plain.has_code(deployment.multicall3).await?,
    };
    let multicall = packed.then_some(deployment.multicall3);
    Ok(Reader::new(client.clone(), block, multicall, concurrency))
}

async fn discover(
    client: &Client,
    deployment: &Deployment,
    block: Header,
    options: &PullOptions,
    watch: &mut Watch<'_>,
    report: &mut PullReport,
) -> Result<Discovery, ChainError> {
    let emitters = deployment.emitters();
    let start = deployment.start_block;
    let question = Question::new(
        deployment.chain_id,
        start,
        emitters.addresses(),
        discovery::topics(),
    );
    let mut journal = Journal::open(options.cache.as_deref(), &question)?;
    let to = block.number.to::<u64>();
    let from = journal.next_block();
    let mut progress = |next| {
        tell(
            watch,
            Progress::Events {
                from: start,
                next,
                to,
            },
        )
    };
    scan::scan(
        client,
        &question,
        &mut journal,
        block,
        options.steps,
        &mut progress,
    )
    .await?;
    report.blocks_scanned = journal.next_block().saturating_sub(from);
    let mut discovery = Discovery::default();
    for log in journal.logs_until(to) {
        discovery.see(log, &emitters)?;
        report.events += 1;
    }
    Ok(discovery)
}
