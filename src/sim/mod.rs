//! One path, then many: prices, value at risk, coalition, opportunities to an `Ensemble`.
//!
//! A [`Plan`] is the model as plain numbers. [`simulate`] plays it for a range of paths and
//! gives an [`Ensemble`]: one column a measure, one value a path. Path *i* depends on the
//! plan, the seed and *i* alone, so shards, threads and resumed runs agree to the bit.

pub mod bench;
pub mod coalition;
mod compile;
pub mod conditional;
mod costing;
mod engine;
mod ensemble;
mod fan;
mod formulas;
pub mod honest;
pub mod incident;
mod kernels;
mod largest;
mod market;
mod outcome;
mod plan;
mod profit;
pub mod reference;
mod summary;
mod tally;
mod uncertainty;
mod varied;
pub mod workload;

pub use compile::{compile, franchise_usd};
pub use conditional::{Conditional, Today};
pub use ensemble::{Columns, Ensemble, NEVER};
pub use fan::Fan;
pub use plan::{
    Attack, Cap, Coalition, Compensation, Cost, Factor, Jumps, Monitoring, Operators, Plan, Record,
    SharedJumps, Take, Weights, When,
};

pub use uncertainty::{Drawn, Race, Uncertainty};

pub use summary::{CostSummary, Distribution, Summary};

use crate::random::Seed;
use crate::random::lanes::Width;
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
const CHUNK: u64 = 512;
/// Chunks whose results wait to be put in order, so that memory does not grow with paths.
const WAVE: u64 = 64;

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
    simulate_designs(std::slice::from_ref(plan), seed, paths, progress)?.pop()
}

/// Plays the same paths for several designs that share one market (common random numbers):
/// prices and the value at risk are computed once. One ensemble a plan, in order.
///
/// # Panics
/// As [`simulate`], and if the plans do not share one market.
#[must_use]
pub fn simulate_designs(
    plans: &[Plan],
    seed: Seed,
    paths: Range<u64>,
    progress: &Progress,
) -> Option<Vec<Ensemble>> {
    simulate_with(Width::detect(), plans, seed, paths, progress)
}

/// [`simulate_designs`] in one compiled form of the engine: for tests and benchmarks, since the
/// result is the same.
#[must_use]
pub fn simulate_with(
    width: Width,
    plans: &[Plan],
    seed: Seed,
    paths: Range<u64>,
    progress: &Progress,
) -> Option<Vec<Ensemble>> {
    let mut whole = empty(plans, seed, paths.start);
    stream(width, plans, seed, paths, progress, |parts| {
        for (ensemble, part) in whole.iter_mut().zip(&parts) {
            ensemble.append(part);
        }
    })?;
    Some(whole)
}

/// Plays the paths and keeps their distribution alone: ten million of them take no more memory
/// than a hundred thousand. `None` if it was cancelled.
///
/// # Panics
/// As [`simulate`].
#[must_use]
pub fn summarise(
    plan: &Plan,
    seed: Seed,
    paths: Range<u64>,
    progress: &Progress,
) -> Option<Summary> {
    let mut summary = Summary::default();
    let plans = std::slice::from_ref(plan);
    stream(Width::detect(), plans, seed, paths, progress, |parts| {
        parts.iter().for_each(|part| summary.count(part));
    })?;
    Some(summary)
}

fn empty(plans: &[Plan], seed: Seed, first: u64) -> Vec<Ensemble> {
    plans
        .iter()
        .map(|plan| Ensemble::empty(plan, seed, first))
        .collect()
}

/// Hands chunk after chunk, in the order of paths, to `take`: one ensemble a plan.
fn stream(
    width: Width,
    plans: &[Plan],
    seed: Seed,
    paths: Range<u64>,
    progress: &Progress,
    mut take: impl FnMut(Vec<Ensemble>),
) -> Option<()> {
    plans.iter().for_each(Plan::check);
    if plans.is_empty() {
        return Some(());
    }
    let chunks = paths.end.saturating_sub(paths.start).div_ceil(CHUNK);
    for wave in (0..chunks).step_by(WAVE as usize) {
        let parts: Vec<Option<Vec<Ensemble>>> = (wave..(wave + WAVE).min(chunks))
            .into_par_iter()
            .map_init(
                || engine::Engine::new(plans, seed, width),
                |engine, chunk| {
                    if progress.cancel.load(Ordering::Relaxed) {
                        return None;
                    }
                    let start = paths.start + chunk * CHUNK;
                    let end = (start + CHUNK).min(paths.end);
                    let mut part = empty(plans, seed, start);
                    engine.play(start..end, &mut part);
                    (progress.finished)(end - start);
                    Some(part)
                },
            )
            .collect();
        for part in parts {
            take(part?);
        }
    }
    Some(())
}
