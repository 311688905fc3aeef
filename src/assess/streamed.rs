//! The measures of paths that were counted and dropped: ten million of them in constant memory.
//!
//! Counts (what is insecure, and so every probability of it, and the verdict) are exact. What is
//! read off a distribution's bins, quantiles, means and the tail, errs by a 512th of itself at
//! most, and its interval is widened by as much.

use super::{Assessment, LEVELS, Measure, Method, TAIL, Tail, Verdict, Worst, aftermath, fan};
use crate::random::Seed;
use crate::sim::{CostSummary, Distribution, Ensemble, Summary};
use crate::stats::{Estimate, mean_of_moments, proportion, quantile};

/// Ranks of the skeleton whose shortfall gives the tail's interval: fewer than the paths, so that
/// the interval is wider than theirs.
const SKELETON: u64 = 100_000;

/// What was streamed, beside the counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Streamed {
    /// Seed of the paths.
    pub seed: Seed,
    /// Days simulated.
    pub days: u32,
    /// Days of the promise.
    pub horizon_days: u32,
    /// Whether something caps every take.
    pub tail: Tail,
}

impl Streamed {
    /// What an ensemble of the first of the paths knows of all.
    #[must_use]
    pub fn of(first: &Ensemble) -> Streamed {
        Streamed {
            seed: first.seed,
            days: first.days,
            horizon_days: first.horizon_days,
            tail: Tail::of(first),
        }
    }
}

/// Most paths that are kept one by one without being asked for.
pub const MOST_KEPT: u64 = 1_000_000;
/// Of more paths than that, all are counted, and these alone are kept.
const FOLLOWED: u64 = 200_000;

/// How many of so many paths are kept one by one: all, or the first of those that are streamed.
#[must_use]
pub fn kept(paths: u64) -> u64 {
    if paths > MOST_KEPT { FOLLOWED } else { paths }
}

/// As [`super::assess`], of one way of counting the cost in a stream of paths.
///
/// # Panics
/// If nothing was counted, or the paths were recorded without the full columns.
#[must_use]
pub fn assess_streamed(
    summary: &Summary,
    cost: &CostSummary,
    streamed: Streamed,
    tolerance: f64,
    confidence: f64,
) -> Assessment {
    let paths = summary.paths;
    let column = |name: &str| -> &Distribution {
        let found = cost.columns.get(name).filter(|c| c.len() == paths);
        found.unwrap_or_else(|| panic!("{paths} paths were streamed without {name}"))
    };
    let failures = column("min_log_ratio_horizon").negative();
    let binomial = |k: u64| Measure {
        estimate: proportion::clopper_pearson(k, paths, confidence),
        unit: "1",
        method: Method::Binomial,
    };
    let mean = |name: &str, unit: &'static str| Measure {
        estimate: mean_of(column(name), confidence),
        unit,
        method: Method::Mean,
    };
    Assessment {
        verdict: Verdict::of(failures, paths, tolerance, confidence),
        paths,
        seed: streamed.seed.to_string(),
        horizon_days: streamed.horizon_days,
        days: streamed.days,
        failures,
        insecure: binomial(failures),
        insecure_at_most: proportion::clopper_pearson_upper(failures, paths, confidence),
        insecure_all_days: binomial(column("min_log_ratio").negative()),
        attacked: mean("attack_probability_horizon", "1"),
        attacked_all_days: mean("attack_probability", "1"),
        expected_loss: mean("expected_loss_usd_horizon", "USD"),
        expected_loss_all_days: mean("expected_loss_usd", "USD"),
        tail_loss: worst_share(column("loss_usd"), confidence, streamed.tail),
        expected_harm: mean("expected_harm_usd_horizon", "USD"),
        expected_harm_all_days: mean("expected_harm_usd", "USD"),
        tail_harm: worst_share(column("harm_usd"), confidence, streamed.tail),
        expected_uncovered: mean("expected_uncovered_usd_horizon", "USD"),
        expected_uncovered_all_days: mean("expected_uncovered_usd", "USD"),
        tail_uncovered: worst_share(column("uncovered_usd"), confidence, streamed.tail),
        days_insecure: mean("insecure_days", "days"),
        worst: worst(&column, confidence),
        fan: fan(&cost.fan),
        largest_gap: column("largest_gap")
            .ranked(paths)
            .map_or(0.0, |gap| gap * (1.0 + Distribution::RELATIVE_ERROR)),
    }
}

/// An interval with room for what the bins hide.
fn widened(estimate: Estimate) -> Estimate {
    let room = Distribution::RELATIVE_ERROR;
    Estimate {
        low: estimate.low - room * estimate.low.abs(),
        high: estimate.high + room * estimate.high.abs(),
        ..estimate
    }
}

fn mean_of(column: &Distribution, confidence: f64) -> Estimate {
    let n = column.finite();
    if n < 2 {
        return Estimate {
            value: 0.0,
            low: f64::NEG_INFINITY,
            high: f64::INFINITY,
            confidence,
            n,
        };
    }
    let total = n as f64;
    let mean: f64 = column
        .weighted()
        .map(|(x, count)| x * count as f64)
        .sum::<f64>()
        / total;
    let squares = column
        .weighted()
        .map(|(x, count)| (x - mean) * (x - mean) * count as f64);
    let variance = squares.sum::<f64>() / (total - 1.0);
    super::nonnegative(widened(mean_of_moments(mean, variance, n, confidence)))
}

/// The mean of the worst 1 %: its value from all paths, the relative width of its interval from a
/// skeleton of ranks, which knows a heavy tail.
fn worst_share(column: &Distribution, confidence: f64, tail: Tail) -> Measure {
    let n = column.len();
    let ascending = skeleton(column, n.min(SKELETON));
    let skeleton = aftermath::shortfall(&ascending, TAIL, confidence, tail);
    let mut left = n - quantile::rank(n as usize, TAIL) as u64;
    let worst = left.max(1);
    let mut sum = 0.0;
    let bins: Vec<(f64, u64)> = column.weighted().collect();
    for (value, count) in bins.into_iter().rev() {
        let taken = count.min(left);
        sum += value * taken as f64;
        left -= taken;
    }
    let value = sum / worst as f64;
    let scale = if skeleton.estimate.value > 0.0 {
        value / skeleton.estimate.value
    } else {
        1.0
    };
    let estimate = widened(Estimate {
        value,
        low: skeleton.estimate.low * scale,
        high: skeleton.estimate.high * scale,
        confidence,
        n,
    });
    Measure {
        estimate: super::nonnegative(estimate),
        ..skeleton
    }
}

/// So many values whose ranks lie evenly among those counted, ascending.
fn skeleton(column: &Distribution, points: u64) -> Vec<f64> {
    let n = u128::from(column.len());
    let rank = |k: usize| (n * (2 * k as u128 + 1)).div_ceil(2 * u128::from(points));
    let mut values = Vec::with_capacity(points as usize);
    let mut below = 0;
    for (value, count) in column.weighted() {
        below += u128::from(count);
        while values.len() < points as usize && rank(values.len()) <= below {
            values.push(value);
        }
    }
    values
}

/// Paths on which nothing was ever to be had count as infinite, after all others.
fn worst<'a>(column: &dyn Fn(&str) -> &'a Distribution, confidence: f64) -> Worst {
    let reached = column("min_margin_day").finite();
    let quantiles = |name: &str| -> Vec<Estimate> {
        if reached == 0 {
            return Vec::new();
        }
        let n = reached as usize;
        let at = |rank: usize| column(name).ranked(rank as u64);
        LEVELS
            .map(|level| {
                let (low, high) = quantile::interval_ranks(n, level, confidence);
                widened(Estimate {
                    value: at(quantile::rank(n, level)).unwrap_or(f64::NAN),
                    low: low.and_then(at).unwrap_or(f64::NEG_INFINITY),
                    high: high.and_then(at).unwrap_or(f64::INFINITY),
                    confidence,
                    n: reached,
                })
            })
            .to_vec()
    };
    Worst {
        levels: LEVELS,
        coc_usd: quantiles("coc_usd"),
        pfc_usd: quantiles("pfc_usd"),
        margin_usd: quantiles("min_margin_usd"),
        coalition: quantiles("coalition_size"),
        paths: reached,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::{Measure, assess};
    use crate::sim::{Coalition, Progress, Record, simulate, summarise, workload};

    /// A stream says what the ensemble of the same paths says, as exactly as it promises.
    #[test]
    fn a_stream_is_assessed_as_its_ensemble_is() {
        let mut plan = workload::common(Coalition::Pooled);
        plan.record = Record::Full;
        plan.days = 60;
        plan.horizon_days = 30;
        plan.fan_days = vec![10, 60];
        plan.value.start = 60e6;
        plan.attacks[0].when = crate::sim::When::Poisson { per_year: 20.0 };
        let (seed, paths) = (Seed(3), 0..3_000);
        let ensemble = simulate(&plan, seed, paths.clone(), &Progress::silent()).expect("played");
        let summary = summarise(&plan, seed, paths, &Progress::silent()).expect("played");
        let whole = assess(&ensemble, &ensemble.costs[0], 0.01, 0.95);
        let streamed = Streamed::of(&ensemble);
        let stream = assess_streamed(&summary, &summary.costs[0], streamed, 0.01, 0.95);
        assert!(whole.failures > 10 && whole.tail_loss.estimate.value > 0.0);
        assert_eq!(stream.verdict, whole.verdict);
        assert_eq!(
            (stream.failures, stream.insecure, stream.insecure_all_days),
            (whole.failures, whole.insecure, whole.insecure_all_days)
        );
        assert_eq!(stream.fan, whole.fan);
        let near = |mine: f64, theirs: f64| {
            (mine - theirs).abs() <= 2.1 * Distribution::RELATIVE_ERROR * theirs.abs()
        };
        let measures = |a: &Assessment| -> Vec<Measure> {
            vec![
                a.attacked,
                a.attacked_all_days,
                a.expected_loss,
                a.expected_loss_all_days,
                a.tail_loss,
                a.expected_harm,
                a.expected_harm_all_days,
                a.tail_harm,
                a.expected_uncovered,
                a.expected_uncovered_all_days,
                a.tail_uncovered,
                a.days_insecure,
            ]
        };
        for (mine, theirs) in measures(&stream).iter().zip(measures(&whole)) {
            let (mine, theirs) = (mine.estimate, theirs.estimate);
            assert!(near(mine.value, theirs.value), "{mine:?} {theirs:?}");
            assert!(
                mine.low <= theirs.low && mine.high >= theirs.high * 0.99,
                "{mine:?} {theirs:?}"
            );
        }
        let quantiles =
            |a: &Assessment| [a.worst.coc_usd.clone(), a.worst.margin_usd.clone()].concat();
        for (mine, theirs) in quantiles(&stream).iter().zip(quantiles(&whole)) {
            assert!(near(mine.value, theirs.value), "{mine:?} {theirs:?}");
            assert!(
                mine.low <= theirs.low && mine.high >= theirs.high,
                "{mine:?} {theirs:?}"
            );
        }
        assert_eq!(stream.worst.paths, whole.worst.paths);
    }
}
