//! What stops a run: a path that became not-a-number, named so that it can be played again.

use crate::random::Seed;
use crate::random::lanes::{LANES, Row, kernel};
use std::fmt;

/// A path whose measures are no numbers. A run that meets one unwinds with it: no answer can
/// rest on the paths that are left. Whoever shows answers catches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotANumber {
    /// The seed of the ensemble.
    pub seed: Seed,
    /// The path.
    pub path: u64,
    /// What is no number.
    pub what: String,
}

impl fmt::Display for NotANumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NotANumber { seed, path, what } = self;
        write!(f, "path {path} of seed {seed} is not a number: {what}")
    }
}

impl NotANumber {
    /// Stops the run.
    pub(super) fn stop(self) -> ! {
        std::panic::panic_any(self)
    }
}

kernel! {
    /// A bit for each lane that has a NaN somewhere in the column.
    pub(super) fn lanes_without_number(column: &[Row]) -> u64 {
        let mut seen = [0.0; LANES];
        for row in column {
            for l in 0..LANES {
                seen[l] = if row[l].is_nan() { 1.0 } else { seen[l] };
            }
        }
        let mut mask = 0;
        for (l, seen) in seen.iter().enumerate() {
            mask |= u64::from(*seen > 0.0) << l;
        }
        mask
    }
}
