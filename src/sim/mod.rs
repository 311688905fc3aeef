//! One path, then many: prices, value at risk, coalition, opportunities to an `Ensemble`.
//!
//! A [`Plan`] is the model as plain numbers. [`simulate`] plays it for a range of paths and
//! gives an [`Ensemble`]: one column a measure, one value a path. Path *i* depends on the
//! plan, the seed and *i* alone, so shards, threads and resumed runs agree to the bit.

pub mod coalition;
mod compile;
mod ensemble;
mod fan;
mod outcome;
mod plan;
pub mod reference;

pub use compile::{compile, franchise_usd};
pub use ensemble::{Columns, Ensemble, NEVER};
pub use fan::Fan;
pub use plan::{
    Attack, Cap, Coalition, Compensation, Cost, Factor, Jumps, Monitoring, Operators, Plan, Record,
    SharedJumps, Take, Weights, When,
};

use crate::random::Seed;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

/// How a long run tells where it is, and how it is told to stop.
pub struct Progress<'a> {
    /// Called with the number of paths just finished, from any thread, once a chunk.
    pub finished: &'a (dyn Fn(u64) + Sync),
    /// Set it and the run stops after the chunks under way.
    pub cancel: &'a AtomicBool,
}

impl Progress<'_> {
    /// Tells nobody and never stops.
    #[must_use]
    pub fn silent() -> Progress<'static> {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Progress {
            finished: &|_| {},
            cancel: &NEVER,
        }
    }
}

/// Paths that one task plays before it reports.
const CHUNK: u64 = 256;

/// Plays the paths of a range. `None` if it was cancelled.
///
/// # Panics
/// If the plan contradicts itself ([`Plan::check`]) or a path becomes not-a-number; the
/// message then names the path and the seed.
#[must_use]
pub fn simulate(
    plan: &Plan,
    seed: Seed,
    paths: Range<u64>,
    progress: &Progress,
) -> Option<Ensemble> {
    plan.check();
    let chunks: Vec<Range<u64>> = (paths.start..paths.end)
        .step_by(CHUNK as usize)
        .map(|start| start..(start + CHUNK).min(paths.end))
        .collect();
    let parts: Vec<Option<Ensemble>> = chunks
        .into_par_iter()
        .map(|chunk| {
            if progress.cancel.load(Ordering::Relaxed) {
                return None;
            }
            let count = chunk.end - chunk.start;
            let part = reference::simulate(plan, seed, chunk);
            (progress.finished)(count);
            Some(part)
        })
        .collect();
    let mut whole = Ensemble::empty(plan, seed, paths.start);
    for part in parts {
        whole.append(&part?);
    }
    Some(whole)
}
