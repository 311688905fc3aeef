//! One integration binary: each area is a module.
#![expect(
    clippy::unwrap_used,
    reason = "a test that meets what it did not expect must stop"
)]

#[path = "../support/mod.rs"]
mod support;

mod aftermath;
mod architecture;
mod attack_keys;
#[cfg(all(feature = "cli", feature = "chain", feature = "tables"))]
mod browser;
mod cases;
#[cfg(all(feature = "cli", feature = "chain", feature = "tables"))]
mod cli;
mod collateral_slash;
mod coverage;
mod elsewhere;
#[cfg(feature = "tables")]
mod embedded;
mod engine_agrees;
mod engine_closed_forms;
mod engines_together;
#[cfg(all(feature = "cli", feature = "chain", feature = "tables"))]
mod export_cli;
#[cfg(feature = "chain")]
mod export_core;
#[cfg(feature = "chain")]
mod export_quorums;
mod export_recording;
#[cfg(feature = "chain")]
mod export_reverts;
mod export_targets;
#[cfg(feature = "chain")]
mod export_verify;
#[cfg(all(feature = "cli", feature = "chain", feature = "tables"))]
mod extremes;
#[cfg(all(feature = "cli", feature = "chain", feature = "tables"))]
mod growth;
#[cfg(all(feature = "cli", feature = "chain", feature = "tables"))]
mod instructions;
mod knobs;
mod known_models;
mod laws;
mod laws_of_models;
mod lint;
#[cfg(all(feature = "cli", feature = "chain", feature = "tables"))]
mod notebooks;
#[cfg(feature = "chain")]
mod pull;
#[cfg(feature = "chain")]
mod pull_anvil;
#[cfg(all(feature = "cli", feature = "chain", feature = "tables"))]
mod pull_cli;
#[cfg(feature = "chain")]
mod pull_core;
#[cfg(feature = "chain")]
mod pull_faults;
#[cfg(feature = "chain")]
mod pull_sides;
mod quorums;
mod rare;
mod recommend;
mod reference;
#[cfg(all(feature = "cli", feature = "chain", feature = "tables"))]
mod refusals;
mod relaxed;
mod report;
mod searched;
#[cfg(all(feature = "cli", feature = "chain", feature = "tables"))]
mod shards;
mod slash_keys;
#[cfg(feature = "tables")]
mod snapshot;
mod spec;
mod variants;
mod vectors;
mod worlds;
