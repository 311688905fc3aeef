//! Honest faults: operators that are slashed without malice, alone or several for one cause.
//!
//! Each offence has its own two streams of accidents a path. Alone, each operator meets them at
//! Poisson times. A common cause comes at Poisson times too and reaches a beta-binomial number of
//! operators, drawn by Pólya's urn: operator after operator with probability
//! `(a + reached) / (a + b + asked)`, which needs no beta variate and gives the same bits
//! everywhere. The rates are such that an operator's accidents add up to what its offence says,
//! whatever the clustering. Losses are shares of tokens: they need no price.

use crate::economics::faults::correlated_penalty;
use crate::random::{Purpose, Seed, Stream};
use crate::spec::Parameters;
use crate::spec::model::{Model, Slashed, Structure};
use crate::units::DAYS_PER_YEAR;
use rayon::prelude::*;
use std::ops::Range;

/// Accidents of one offence, as many as a path may have: beyond it the model is not what it seems.
const MOST_EVENTS: u32 = 1_000_000;

/// Everything that the honest faults of a design need.
#[derive(Debug, Clone, PartialEq)]
pub struct HonestPlan {
    /// Days that are played, at least one.
    pub days: u32,
    /// Share of the stake of each operator, adding up to one; where assets are not slashed alike,
    /// of each of its assets, `[operator][part]`.
    pub shares: Vec<f64>,
    /// Parts of an operator's stake that are slashed by fractions of their own, at least one.
    pub parts: usize,
    /// One for each offence that happens by accident.
    pub kinds: Vec<FaultKind>,
}

/// The accidents of one offence.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultKind {
    /// How often an operator meets it, a year, all causes together.
    pub per_year: f64,
    /// Share of that which a common cause brings, 0..=1.
    pub clustered: f64,
    /// Mean share of the operators that a common cause reaches, above 0.
    pub reach: f64,
    /// Correlation of two operators' being reached, 0..1.
    pub correlation: f64,
    /// What one operator loses of each part of its stake.
    pub penalties: Vec<Penalty>,
}

/// The share of its stake that an operator loses when it fails with others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Penalty {
    /// Always the same share.
    Flat(f64),
    /// `min(most, factor · k/n)` when k of n fail together, the rule of Ethereum's beacon chain.
    Correlated {
        /// Multiple of the failing share.
        factor: f64,
        /// The most that it takes, 0..=1.
        most: f64,
    },
}

impl Penalty {
    /// The share lost when `k` of `n` operators fail together.
    #[must_use]
    pub fn share(&self, k: u64, n: u64) -> f64 {
        match *self {
            Self::Flat(share) => share,
            Self::Correlated { factor, most } => correlated_penalty(factor, k, n).min(most),
        }
    }
}

/// What honest faults did on each path; index `i` is path `first + i` of the range played.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HonestFaults {
    /// Share of all stake lost by the last day.
    pub lost_share: Vec<f64>,
    /// Share of all stake that was slashed at all.
    pub touched_share: Vec<f64>,
    /// Largest share of all stake lost in one event.
    pub largest_event_share: Vec<f64>,
    /// Events, whatever the number of operators in them.
    pub events: Vec<u32>,
    /// Most operators in one event.
    pub most_operators: Vec<u32>,
}

/// The honest faults of a model at one design.
#[must_use]
pub fn compile(model: &Model, parameters: &Parameters, days: u32) -> HonestPlan {
    let slashed: Vec<Slashed> = (0..model.slashing.offences.len())
        .map(|offence| parameters.slashed(model, offence))
        .collect();
    let assets = &model.market.assets;
    let uneven = slashed.iter().any(|one| matches!(one, Slashed::ByAsset(_)));
    let parts = if uneven { assets.len() } else { 1 };
    let shares = match &model.operators.structure {
        Structure::Pooled { asset, .. } => {
            let n = parameters.operators.max(1) as usize;
            let share = |part: usize| {
                if parts == 1 || part == *asset {
                    1.0 / n as f64
                } else {
                    0.0
                }
            };
            (0..n * parts).map(|cell| share(cell % parts)).collect()
        }
        Structure::Entities(_) => {
            let admitted = parameters.admitted(model);
            let total: f64 = admitted.iter().map(|o| o.stake.get()).sum();
            if parts == 1 {
                admitted.iter().map(|o| o.stake.get() / total).collect()
            } else {
                let cells = admitted.iter().flat_map(|o| o.tokens.iter().zip(assets));
                cells
                    .map(|(tokens, asset)| tokens * asset.price.get() / total)
                    .collect()
            }
        }
    };
    let kinds = model
        .slashing
        .offences
        .iter()
        .zip(&slashed)
        .filter(|(offence, _)| offence.accidental.get() > 0.0)
        .map(|(offence, slashed)| FaultKind {
            per_year: offence.accidental.get(),
            clustered: model.faults.clustered.get(),
            reach: model.faults.reach.get(),
            correlation: model.faults.correlation,
            penalties: (0..parts)
                .map(|part| match (offence.correlated, slashed.of(part).get()) {
                    (None, slash) => Penalty::Flat(slash),
                    (Some(factor), most) => Penalty::Correlated { factor, most },
                })
                .collect(),
        })
        .collect();
    HonestPlan {
        days,
        shares,
        parts,
        kinds,
    }
}

/// Plays the honest faults of a range of paths.
///
/// # Panics
/// If the plan contradicts itself.
#[must_use]
pub fn play(plan: &HonestPlan, seed: Seed, paths: Range<u64>) -> HonestFaults {
    plan.check();
    let outcomes: Vec<PathFaults> = paths
        .into_par_iter()
        .map(|path| path_faults(plan, seed, path))
        .collect();
    let mut all = HonestFaults::default();
    for path in outcomes {
        all.lost_share.push(path.lost);
        all.touched_share.push(path.touched);
        all.largest_event_share.push(path.largest);
        all.events.push(path.events);
        all.most_operators.push(path.most);
    }
    all
}

struct PathFaults {
    lost: f64,
    touched: f64,
    largest: f64,
    events: u32,
    most: u32,
}

fn path_faults(plan: &HonestPlan, seed: Seed, path: u64) -> PathFaults {
    let n = plan.operators();
    let mut kept = vec![1.0; plan.shares.len()];
    let mut out = PathFaults {
        lost: 0.0,
        touched: 0.0,
        largest: 0.0,
        events: 0,
        most: 0,
    };
    let years = f64::from(plan.days) / DAYS_PER_YEAR;
    for (index, kind) in plan.kinds.iter().enumerate() {
        let mut stream = Stream::new(seed, Purpose::Faults(index), path);
        let alone = kind.per_year * (1.0 - kind.clustered) * n as f64;
        for _ in 0..arrivals(&mut stream, alone * years) {
            let operator = ((stream.uniform() * n as f64) as usize).min(n - 1);
            strike(plan, kind, &[operator], &mut kept, &mut out);
        }
        for _ in 0..arrivals(&mut stream, kind.cluster_rate() * years) {
            let reached = cluster(kind, n, &mut stream);
            if !reached.is_empty() {
                strike(plan, kind, &reached, &mut kept, &mut out);
            }
        }
    }
    for (share, kept) in plan.shares.iter().zip(&kept) {
        if *kept < 1.0 {
            out.lost += share * (1.0 - kept);
            out.touched += share;
        }
    }
    out
}

fn strike(
    plan: &HonestPlan,
    kind: &FaultKind,
    reached: &[usize],
    kept: &mut [f64],
    out: &mut PathFaults,
) {
    let (failing, all) = (reached.len() as u64, plan.operators() as u64);
    let mut event = 0.0;
    for &operator in reached {
        for (part, penalty) in kind.penalties.iter().enumerate() {
            let (cell, penalty) = (operator * plan.parts + part, penalty.share(failing, all));
            event += plan.shares[cell] * kept[cell] * penalty;
            kept[cell] *= 1.0 - penalty;
        }
    }
    out.largest = out.largest.max(event);
    out.events += 1;
    out.most = out.most.max(reached.len() as u32);
}

/// How many events of a Poisson process of `expected` events: exponential gaps until one.
fn arrivals(stream: &mut Stream, expected: f64) -> u32 {
    if expected <= 0.0 {
        return 0;
    }
    let mut at = stream.exponential();
    let mut count = 0;
    while at < expected {
        count += 1;
        assert!(
            count < MOST_EVENTS,
            "more than {MOST_EVENTS} honest faults on a path that expects {expected}"
        );
        at += stream.exponential();
    }
    count
}

/// Which of `n` operators a common cause reaches.
#[must_use]
pub fn cluster(kind: &FaultKind, n: usize, stream: &mut Stream) -> Vec<usize> {
    let mut reached = Vec::new();
    // The urn's weight a + b; infinite where nobody's fate tells of another's.
    let weight = 1.0 / kind.correlation - 1.0;
    for operator in 0..n {
        let probability = if weight.is_finite() {
            (weight * kind.reach + reached.len() as f64) / (weight + operator as f64)
        } else {
            kind.reach
        };
        if stream.uniform() < probability {
            reached.push(operator);
        }
    }
    reached
}

impl FaultKind {
    /// Common causes a year: each reaches a share `reach` of the operators in the mean.
    #[must_use]
    pub fn cluster_rate(&self) -> f64 {
        self.per_year * self.clustered / self.reach
    }
}

impl HonestPlan {
    /// How many operators there are.
    #[must_use]
    pub fn operators(&self) -> usize {
        self.shares.len() / self.parts
    }

    fn check(&self) {
        assert!(
            self.parts >= 1 && self.shares.len().is_multiple_of(self.parts),
            "{} shares of operators with {} parts each",
            self.shares.len(),
            self.parts
        );
        assert!(self.days >= 1, "honest faults over {} days", self.days);
        let total: f64 = self.shares.iter().sum();
        assert!(
            (total - 1.0).abs() < 1e-9,
            "shares of stake that add up to {total}"
        );
        for kind in &self.kinds {
            assert!(
                kind.per_year >= 0.0
                    && (0.0..=1.0).contains(&kind.clustered)
                    && kind.reach > 0.0
                    && kind.reach <= 1.0
                    && (0.0..1.0).contains(&kind.correlation)
                    && kind.penalties.len() == self.parts,
                "honest faults that cannot be: {kind:?}"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind() -> FaultKind {
        FaultKind {
            per_year: 0.2,
            clustered: 0.47,
            reach: 0.05,
            correlation: 1.0 / 11.0,
            penalties: vec![Penalty::Flat(0.3)],
        }
    }

    fn equal(n: usize, kind: FaultKind) -> HonestPlan {
        HonestPlan {
            days: 365,
            shares: vec![1.0 / n as f64; n],
            parts: 1,
            kinds: vec![kind],
        }
    }

    fn mean_and_error(values: &[f64]) -> (f64, f64) {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
        (mean, (variance / n).sqrt())
    }

    /// Beta(0.5, 9.5) on twenty operators: mean 1, variance 2.5909, P(0) and P(>= 7) as published.
    #[test]
    fn a12_a_common_cause_reaches_a_beta_binomial_number() {
        let paths = 200_000;
        let counts: Vec<f64> = (0..paths)
            .map(|path| {
                let mut stream = Stream::new(Seed(11), Purpose::Faults(0), path);
                cluster(&kind(), 20, &mut stream).len() as f64
            })
            .collect();
        let (mean, error) = mean_and_error(&counts);
        assert!((mean - 1.0).abs() < 4.0 * error, "{mean} ± {error}");
        let squares: Vec<f64> = counts.iter().map(|k| (k - 1.0) * (k - 1.0)).collect();
        let (variance, error) = mean_and_error(&squares);
        assert!((variance - 2.590_909_091).abs() < 4.0 * error, "{variance}");
        for (at_least, expected) in [(1.0, 1.0 - 0.562_443_841_6), (7.0, 0.014_836_385_05)] {
            let share = counts.iter().filter(|k| **k >= at_least).count() as f64 / paths as f64;
            let error = (expected * (1.0 - expected) / paths as f64).sqrt();
            assert!(
                (share - expected).abs() < 4.0 * error,
                "{at_least}: {share}"
            );
        }
    }

    /// Penalty min(1, 3k/n): the mean loss of a cause is 1.74 times that of independent faults.
    #[test]
    fn a13_the_correlated_penalty_of_a_common_cause() {
        for (correlation, expected) in [(1.0 / 11.0, 0.025_388_819_55), (0.0, 0.014_624_210_94)] {
            let struck = FaultKind {
                correlation,
                ..kind()
            };
            let penalty = Penalty::Correlated {
                factor: 3.0,
                most: 1.0,
            };
            let losses: Vec<f64> = (0..200_000)
                .map(|path| {
                    let mut stream = Stream::new(Seed(12), Purpose::Faults(0), path);
                    let k = cluster(&struck, 20, &mut stream).len() as u64;
                    penalty.share(k, 20) * k as f64 / 20.0
                })
                .collect();
            let (mean, error) = mean_and_error(&losses);
            assert!((mean - expected).abs() < 4.0 * error, "{mean} ± {error}");
        }
    }

    /// An operator's accidents are Poisson at the rate that the offence states, however they
    /// cluster, so that the mean loss is 1 - exp(-rate · slash · years) for each.
    #[test]
    fn clustering_moves_the_tail_and_not_the_mean() {
        let expected = 1.0 - (-0.2_f64 * 0.3).exp();
        let mut tails = Vec::new();
        for clustered in [0.0, 0.47, 1.0] {
            let plan = equal(
                20,
                FaultKind {
                    clustered,
                    ..kind()
                },
            );
            let faults = play(&plan, Seed(13), 0..40_000);
            let (mean, error) = mean_and_error(&faults.lost_share);
            assert!(
                (mean - expected).abs() < 4.0 * error,
                "{clustered}: {mean} ± {error}, {expected}"
            );
            let mut sorted = faults.lost_share;
            sorted.sort_by(f64::total_cmp);
            tails.push(sorted[39_600]);
        }
        assert!(tails[0] < tails[1] && tails[1] < tails[2], "{tails:?}");
    }

    /// Each asset loses its own fraction, again and again: 1 - exp(-rate · f · years) of it.
    #[test]
    fn parts_of_a_stake_are_slashed_by_fractions_of_their_own() {
        let fractions = [0.1, 0.9];
        let held = [0.75, 0.25];
        let plan = HonestPlan {
            days: 365,
            shares: (0..10).flat_map(|_| held.map(|h| h / 10.0)).collect(),
            parts: 2,
            kinds: vec![FaultKind {
                penalties: fractions.map(Penalty::Flat).to_vec(),
                ..kind()
            }],
        };
        let expected: f64 = fractions
            .iter()
            .zip(held)
            .map(|(f, h)| h * (1.0 - (-0.2 * f).exp()))
            .sum();
        let (mean, error) = mean_and_error(&play(&plan, Seed(14), 0..40_000).lost_share);
        assert!(
            (mean - expected).abs() < 4.0 * error,
            "{mean} ± {error}, {expected}"
        );
    }

    #[test]
    fn a_path_is_the_same_in_any_range() {
        let plan = equal(7, kind());
        let whole = play(&plan, Seed(5), 0..64);
        let part = play(&plan, Seed(5), 32..64);
        assert_eq!(whole.lost_share[32..], part.lost_share[..]);
        assert_eq!(whole.events[32..], part.events[..]);
    }

    #[test]
    fn nothing_happens_without_accidents() {
        let plan = HonestPlan {
            kinds: Vec::new(),
            ..equal(3, kind())
        };
        let faults = play(&plan, Seed(5), 0..10);
        assert!(faults.lost_share.iter().all(|x| x.abs() <= 0.0));
        assert!(faults.events.iter().all(|x| *x == 0));
    }
}
