//! Which tilt: the cross-entropy method.
//!
//! The best tilt within the exponential family has the means that the draws have on the way to a
//! failure. These means are estimated level by level: at first at a stake that fails often, then
//! under the tilt found so far at larger stakes, until the risk is the one aimed at (Rubinstein,
//! Kroese 2004, chapters 2 and 3). Each attack gets a tilt of its own: two ways to fail have no
//! common middle. The tilt chooses only the variance; the estimate is unbiased under any.

use super::ladder;
use super::law::{Law, Mixture, Tilt};
use super::sample::{self, Centre, Job, Points};
use crate::random::Seed;
use crate::sim::{Cost, Plan};
use std::sync::atomic::AtomicBool;

/// Paths of a pilot.
const PILOT: u64 = 2_000;
/// Levels at most.
const ROUNDS: usize = 6;
/// Levels after them on scales close to each other, and how many scales.
const REFINED: usize = 2;
const FINE: usize = 18;
/// Scales of stake that a pilot looks at: from a thousandth of the plan's stake to a thousand.
const SCALES: usize = 41;
/// Failures, in equal contributions, that a level must show.
const SHOWN: f64 = 30.0;
/// An attack with a smaller share of the failures gets no tilt of its own.
const LEAST_SHARE: f64 = 0.01;
/// Largest shift of a daily normal, and largest probability of a jump on a day.
const LARGEST_SHIFT: f64 = 3.0;
const LARGEST_PROBABILITY: f64 = 0.98;

/// A mixture fit for a risk.
#[derive(Debug, Clone, PartialEq)]
pub struct Adapted {
    /// The laws.
    pub mixture: Mixture,
    /// Multiple of the plan's stake at which the risk is about the one aimed at.
    pub scale: f64,
    /// Path-days played for it.
    pub path_days: u64,
}

/// What the pilots found.
#[derive(Debug, Clone, PartialEq)]
pub enum Pilots {
    /// A mixture.
    Found(Adapted),
    /// No path fails at any stake.
    NeverFails,
    /// Paths fail more often than that whatever the stake.
    AlwaysFails,
}

/// Adapts a mixture to `risk`; `None` when cancelled.
#[must_use]
pub fn adapt(
    plan: &Plan,
    cost: Cost,
    risk: f64,
    seed: Seed,
    cancel: &AtomicBool,
) -> Option<Pilots> {
    let law = Law::of(plan);
    let coarse = ladder(1e-3, 1e3, SCALES);
    let mut mixture = Mixture::of(Vec::new());
    let mut reached = f64::NAN;
    let mut path_days = 0;
    let mut round = 0;
    while round < ROUNDS + REFINED {
        // At last, scales close to each other around the risk aimed at.
        let refined = round >= ROUNDS;
        let scales = if refined {
            ladder(0.9 * reached, 1.8 * reached, FINE)
        } else {
            coarse.clone()
        };
        let job = |scales| Job {
            plan,
            cost,
            scales,
            mixture: &mixture,
            seed: seed.fresh(round as u64),
            paths: PILOT,
            points: Points::Random,
            cancel,
        };
        let pilot = sample::play(&job(&scales))?;
        let risks: Vec<f64> = pilot.at.iter().map(|at| at.mean(PILOT)).collect();
        if risks[0] <= 0.0 && round == 0 {
            return Some(Pilots::NeverFails);
        }
        if !refined && risks[scales.len() - 1] > risk {
            return Some(Pilots::AlwaysFails);
        }
        // The largest stake that still fails often enough to learn from, and not far beyond the
        // risk aimed at.
        let level = (0..scales.len())
            .rev()
            .find(|&i| pilot.at[i].effective() >= SHOWN && risks[i] >= 0.5 * risk)
            .unwrap_or(0);
        let stands = scales[level] <= reached;
        if stands && !refined && round > 0 {
            round = ROUNDS;
            continue;
        }
        reached = scales[level];
        let centres = sample::centres(&job(&scales[level..=level]))?;
        path_days += 2 * PILOT * u64::from(plan.horizon_days);
        mixture = towards(&law, &centres);
        round += 1;
    }
    Some(Pilots::Found(Adapted {
        mixture,
        scale: reached,
        path_days,
    }))
}

/// One tilt for each attack that matters, and one half way for the largest: the risk of smaller
/// stakes is then known too.
fn towards(law: &Law, centres: &[Centre]) -> Mixture {
    let all: f64 = centres.iter().map(|centre| centre.mass).sum();
    let mut largest = (0.0, None);
    let mut tilts = Vec::new();
    for centre in centres {
        if centre.mass <= LEAST_SHARE * all || centre.sums.days <= 0.0 {
            continue;
        }
        let tilt = tilt_at(law, centre);
        if centre.mass > largest.0 {
            largest = (centre.mass, Some(tilts.len()));
        }
        tilts.push(tilt);
    }
    if let (_, Some(index)) = largest {
        let half = tilts[index].part(law, 0.5);
        tilts.push(half);
    }
    Mixture::of(tilts)
}

fn tilt_at(law: &Law, centre: &Centre) -> Tilt {
    let sums = &centre.sums;
    let shift = sums
        .normals
        .iter()
        .map(|sum| (sum / sums.days).clamp(-LARGEST_SHIFT, LARGEST_SHIFT))
        .collect();
    let jumps = law.kinds.iter().enumerate().map(|(j, kind)| {
        if kind.probability <= 0.0 {
            return (0.0, kind.log_mean);
        }
        let probability = (sums.count[j] / sums.days).clamp(
            0.2 * kind.probability,
            LARGEST_PROBABILITY.max(kind.probability),
        );
        let log_mean = if sums.count[j] > 0.0 && kind.log_sd > 0.0 {
            let reach = 5.0 * kind.log_sd;
            (sums.size[j] / sums.count[j]).clamp(kind.log_mean - reach, kind.log_mean + reach)
        } else {
            kind.log_mean
        };
        (probability, log_mean)
    });
    Tilt {
        shift,
        jumps: jumps.collect(),
    }
}
