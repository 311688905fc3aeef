//! What the chain said at one block, in memory, with provenance.
//!
//! A [`Snapshot`] is a set of tables. A row names an operator, an AVS, an operator set or an asset by
//! its place in the table of those ([`OperatorIndex`] and so on), which is also how the Parquet files
//! join. Chain amounts are exact integers; the reals that the simulation reads (`amount_tokens`,
//! prices) stand beside them. What was not measured says so: see [`Provenance`].

mod address;
mod canonical;
mod facts;
mod inspect;
mod manifest;
mod market;
mod queries;
mod reconstruct;
mod render;
mod rows;

pub use address::{Address, AddressError, keccak256};
pub use canonical::Inconsistency;
pub use facts::{Fact, Facts, Grade};
pub use inspect::{
    AssetLine, Concentration, Inspection, OperatorLine, Reconstructed, SetLine, inspect,
};
pub use manifest::{FORMAT_VERSION, Manifest, Outcome, Source, TableEntry};
pub use market::{ExploitFit, JumpFit, Market, PegRegime, ReturnStatistics};
pub use queries::StakeMatrix;
pub use reconstruct::{Contradiction, most_even};
pub use rows::*;

use serde::{Deserialize, Serialize};

/// The state of restaking at one block: who serves what, with which stake, at which prices.
///
/// Tables are in canonical order (operators and AVSs by address, sets by AVS and id, the rest by
/// their indices), so that the same state has one content hash. [`Snapshot::sort`] brings a freshly
/// read snapshot into that order; [`Snapshot::check`] lists what does not fit together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Snapshot {
    /// Where, when and from what the tables were made.
    pub manifest: Manifest,
    /// What can be staked: one row a strategy, priced or not.
    pub assets: Vec<Asset>,
    /// Registered operators.
    pub operators: Vec<Operator>,
    /// Services.
    pub avss: Vec<Avs>,
    /// Operator sets, and the AVS registrations from before operator sets.
    pub sets: Vec<OperatorSet>,
    /// Which operator is in which set.
    pub memberships: Vec<Membership>,
    /// Stake delegated to each operator, per asset.
    pub stakes: Vec<Stake>,
    /// Stake of whole sets as a source states it.
    pub totals: Vec<SetTotal>,
    /// Magnitudes of each operator and strategy.
    pub magnitudes: Vec<Magnitudes>,
    /// Magnitude that an operator allocated to a set.
    pub allocations: Vec<Allocation>,
    /// Rewards splits that operators set.
    pub splits: Vec<Split>,
    /// Slashings seen in the events.
    pub slashings: Vec<Slashing>,
    /// Rewards submissions seen in the events.
    pub rewards: Vec<RewardsSubmission>,
    /// Contracts of the protocol and of oracles.
    pub contracts: Vec<Contract>,
    /// Dated numbers: protocol constants, parameters of known services, market statistics.
    pub facts: Facts,
    /// Prices over time from side sources.
    pub price_history: Vec<PricePoint>,
    /// Other figures from side sources: signing rates, stakes as a service reports them.
    pub observations: Vec<Observation>,
}
