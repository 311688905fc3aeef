//! The snapshot that is compiled into the program, read by the same reader as any other.

use super::{TablesError, read_from};
use crate::snapshot::Snapshot;
use std::borrow::Cow;
use std::path::Path;

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        /// Every file of the embedded snapshot by name.
        const FILES: &[(&str, &[u8])] = &[
            $(($name, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/embedded/", $name)))),*
        ];
    };
}
files!(
    "manifest.json",
    "assets.parquet",
    "operators.parquet",
    "avss.parquet",
    "operator_sets.parquet",
    "set_strategies.parquet",
    "memberships.parquet",
    "stakes.parquet",
    "totals.parquet",
    "magnitudes.parquet",
    "allocations.parquet",
    "splits.parquet",
    "slashings.parquet",
    "rewards.parquet",
    "contracts.parquet",
    "facts.parquet",
    "price_history.parquet",
    "observations.parquet",
);

/// The snapshot compiled into the program: 40 AVSs and 358 operators of Ethereum mainnet on
/// 2024-12-03, protocol constants, and statistics of markets and exploits, each with its source and
/// date. The stake of single operators is reconstructed and marked so.
///
/// # Errors
/// Only when the program was built from damaged files.
pub fn embedded() -> Result<Snapshot, TablesError> {
    read_from(Path::new("embedded"), |name| {
        Ok(FILES
            .iter()
            .find(|(file, _)| *file == name)
            .map(|(_, bytes)| Cow::Borrowed(*bytes)))
    })
}
