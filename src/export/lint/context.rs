//! What is known of the chain that a file goes to.

use crate::export::address::Address;
use crate::export::network::Network;
use crate::snapshot::Snapshot;
use crate::units::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The chain, as far as checks ask about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Context {
    /// The network.
    pub network: Network,
    /// The time that rewards windows are held against.
    pub now: Timestamp,
    /// Strategies that take deposits; `None`: not known.
    pub whitelisted: Option<BTreeSet<Address>>,
    /// Largest stake of one operator, in shares, by strategy.
    pub largest_stake: BTreeMap<Address, u128>,
    /// Stake of all operators, in shares, by strategy.
    pub total_stake: BTreeMap<Address, u128>,
}

impl Context {
    /// A chain of which nothing but its limits and the time is known.
    #[must_use]
    pub const fn new(network: Network, now: Timestamp) -> Self {
        Self {
            network,
            now,
            whitelisted: None,
            largest_stake: BTreeMap::new(),
            total_stake: BTreeMap::new(),
        }
    }
}

impl Context {
    /// The same, with the strategies and stakes of a snapshot.
    ///
    /// Strategies count as whitelisted when the snapshot lists them; a snapshot of another chain says nothing.
    #[must_use]
    pub fn with_snapshot(mut self, snapshot: &Snapshot) -> Self {
        if snapshot.manifest.chain_id != self.network.chain_id {
            return self;
        }
        self.whitelisted = Some(
            snapshot
                .assets
                .iter()
                .filter_map(|asset| asset.strategy)
                .collect(),
        );
        for stake in &snapshot.stakes {
            let asset = &snapshot.assets[stake.asset as usize];
            let Some(strategy) = asset.strategy else {
                continue;
            };
            // Snapshots without shares state tokens; one share is one token but for rounding.
            let shares = stake.shares.unwrap_or(
                (stake.amount_tokens * 10f64.powi(i32::from(asset.decimals))).max(0.0) as u128,
            );
            let largest = self.largest_stake.entry(strategy).or_default();
            *largest = shares.max(*largest);
            let total = self.total_stake.entry(strategy).or_default();
            *total = total.saturating_add(shares);
        }
        self
    }
}
