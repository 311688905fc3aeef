//! One path, then many: prices, value at risk, coalition, opportunities to an `Ensemble`.
//!
//! A [`Plan`] is the model as plain numbers. [`simulate`] plays it for a range of paths and
//! gives an [`Ensemble`]: one column a measure, one value a path. Path *i* depends on the
//! plan, the seed and *i* alone, so shards, threads and resumed runs agree to the bit.

pub mod bench;
mod bridge;
pub mod coalition;
mod compile;
pub mod conditional;
mod costing;
mod critical;
mod engine;
mod ensemble;
mod fan;
mod fault;
mod formulas;
mod harm;
pub mod honest;
pub mod incident;
pub mod joint;
mod kernels;
mod largest;
mod market;
mod operators;
mod outcome;
mod plan;
mod profit;
mod proof;
pub mod reference;
mod several;
mod summary;
mod tally;
mod uncertainty;
mod varied;
pub mod workload;

pub use compile::{compile, franchise_usd};
pub use conditional::{Conditional, Today};
pub use ensemble::{Columns, Ensemble, NEVER};
pub use fan::Fan;
pub use fault::NotANumber;
pub use harm::{Harm, Payout};
pub use operators::{Operators, Quorum, Weights};
pub use plan::{
    Attack, Cap, Coalition, Compensation, Cost, Factor, Jumps, Monitoring, Plan, Record,
    SharedJumps, Take, When,
};

pub use uncertainty::{Drawn, Race, Uncertainty};

pub use summary::{CostSummary, Distribution, Summary};

use crate::random::Seed;
use crate::random::lanes::Width;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

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
const WAVE: u64 = 256;

/// Plays the paths of a range. `None` if it was cancelled.
///
/// # Panics
/// If the plan contradicts itself ([`Plan::check`]); and with [`NotANumber`], which names the
/// path and the seed, if a path becomes not-a-number.
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
    take: impl FnMut(Vec<Ensemble>),
) -> Option<()> {
    plans.iter().for_each(Plan::check);
    stream_checked(width, plans, seed, paths, progress, take)
}

fn stream_checked(
    width: Width,
    plans: &[Plan],
    seed: Seed,
    paths: Range<u64>,
    progress: &Progress,
    mut take: impl FnMut(Vec<Ensemble>),
) -> Option<()> {
    if plans.is_empty() {
        return Some(());
    }
    let designs: Vec<engine::Prepared> = plans.iter().map(engine::Prepared::new).collect();
    // One for each thread in the end: their memory is taken once.
    let idle: Mutex<Vec<engine::Engine>> = Mutex::default();
    let idle = || idle.lock().unwrap_or_else(PoisonError::into_inner);
    let chunks = paths.end.saturating_sub(paths.start).div_ceil(CHUNK);
    for wave in (0..chunks).step_by(WAVE as usize) {
        let parts: Vec<Option<Vec<Ensemble>>> = (0..WAVE.min(chunks - wave) as usize)
            .into_par_iter()
            // Any chunk can go to the thread that is free.
            .with_max_len(1)
            .map(|chunk| {
                if progress.cancel.load(Ordering::Relaxed) {
                    return None;
                }
                let start = paths.start + (wave + chunk as u64) * CHUNK;
                let end = (start + CHUNK).min(paths.end);
                let mut part = empty(plans, seed, start);
                let free = idle().pop();
                let mut engine = free.unwrap_or_else(|| engine::Engine::new(&designs, seed, width));
                engine.play(start..end, &mut part);
                idle().push(engine);
                (progress.finished)(end - start);
                Some(part)
            })
            .collect();
        for part in parts {
            take(part?);
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stopped_by(plan: &Plan) -> NotANumber {
        let plans = std::slice::from_ref(plan);
        let unwound = std::panic::catch_unwind(|| {
            let progress = Progress::silent();
            stream_checked(Width::detect(), plans, Seed(9), 40..700, &progress, |_| {})
        })
        .expect_err("a path that is no number stops the run");
        *unwound.downcast().expect("the run says which path it was")
    }

    /// Plans that [`Plan::check`] would not let pass, played all the same.
    #[test]
    fn a_path_that_is_no_number_stops_the_run_and_is_named() {
        for (record, coalition) in [
            (Record::Full, Coalition::Pooled),
            (Record::MinMargin, Coalition::Pooled),
            (Record::MinMargin, Coalition::LargestFirst),
            (Record::Critical, Coalition::Pooled),
        ] {
            let mut market = workload::common(coalition);
            market.days = 40;
            market.horizon_days = 40;
            market.record = record;
            let mut profit = market.clone();
            market.value.volatility_per_sqrt_year = f64::INFINITY;
            profit.attacks[0].take = Take::ShareOfValue { share: f64::NAN };
            for plan in [market, profit] {
                let stopped = stopped_by(&plan);
                assert!(
                    stopped.seed == Seed(9) && (40..700).contains(&stopped.path),
                    "{stopped}"
                );
                assert!(
                    stopped.to_string().contains("of seed 0000000000000009"),
                    "{stopped}"
                );
            }
        }
    }
}
