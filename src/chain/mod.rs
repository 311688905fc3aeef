//! Reads EigenLayer's contracts at a pinned block into a `Snapshot`.
//!
//! [`pull`] finds who and what there is by events, reads the state at one block by getters, prices
//! assets by oracles of the same block, and proves the result: stake recomputed from shares and
//! magnitudes must equal the chain's own getters, to the wei. Any node that speaks JSON-RPC will do, as
//! long as it still has the state of the block.
//!
//! * `endpoint`, `transport`, `client`: a node, bounded retries, requests; the URL's key is never shown
//! * `scan`, `journal`, `discovery`: events, in steps that fit the node, kept on disk as they are read
//! * `calls`, `limits`, `state`, `stakes`, `assets`, `oracles`: getters at the pinned block, packed
//! * `proof`, `assemble`, `side`: the self-proof, the tables, and what other sources add

mod abi;
mod assemble;
mod assets;
mod calls;
mod client;
mod deployment;
mod discovery;
mod endpoint;
mod error;
mod journal;
mod limits;
mod oracles;
mod proof;
mod pull;
mod scan;
mod side;
mod stakes;
mod state;
mod transport;

pub use client::BlockName;
pub use deployment::{Deployment, Feed, PriceRule, RateGetter, Route, TokenName, UnknownVersion};
pub use endpoint::Endpoint;
pub use error::ChainError;
pub use proof::Proven;
pub use pull::{Packing, Progress, PullOptions, PullReport, Pulled, Watch, pull, pull_async};
pub use scan::LogSteps;
pub use side::SideSources;
pub use transport::{Limits, Traffic};
