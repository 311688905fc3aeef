//! Ensemble to measures: risk, margin, loss, time under water, each with its interval.
//!
//! Every number is a [`Measure`]: a value, its interval, the paths behind it and the method of
//! the interval. "Insecure" means that the cost of corruption of some attack was below its
//! profit at some moment: first passage, not the last day.

pub mod aftermath;
pub mod insurance;
pub mod rules;
mod streamed;
pub mod variants;
mod verdict;

pub use aftermath::Tail;
pub use streamed::{MOST_KEPT, Streamed, assess_streamed, kept};
pub use verdict::Verdict;

use crate::sim::{Columns, Ensemble, Fan, NEVER};
use crate::stats::{Estimate, mean_interval, proportion, quantile};
use serde::Serialize;

/// Level of the expected shortfall: the mean of the worst 1 % of paths.
pub const TAIL: f64 = 0.99;
/// Levels of the fan and of the distributions at the worst moment.
pub const LEVELS: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];

/// How an interval was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Exact binomial (Clopper, Pearson 1934).
    Binomial,
    /// Student's t of the mean over paths.
    Mean,
    /// Order statistics, free of any distribution.
    OrderStatistics,
    /// Expected shortfall with its asymptotic variance.
    Shortfall,
    /// Weighted paths under a tilted law.
    ImportanceSampling,
    /// Differences path by path on the same random numbers.
    Paired,
    /// Expected shortfall of a fitted generalised Pareto tail, capped; profile likelihood.
    ParetoTail,
    /// Expected shortfall of a fitted generalised Pareto tail that nothing caps; profile likelihood.
    ProfileLikelihood,
    /// Ratio of two means, delta method.
    Ratio,
    /// Product of two estimates, end by end.
    Product,
    /// A formula: no error of sampling.
    ClosedForm,
}

/// A number that a reader may rely on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Measure {
    /// Value and interval.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// Unit of value and interval.
    pub unit: &'static str,
    /// How the interval was made.
    pub method: Method,
}

/// What an ensemble says about one design.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assessment {
    /// Whether the promise is kept.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Paths behind the measures; the risk within the horizon may rest on more, see its `n`.
    pub paths: u64,
    /// Seed of the paths.
    pub seed: String,
    /// Days of the promise.
    pub horizon_days: u32,
    /// Days simulated.
    pub days: u32,
    /// Paths insecure within the horizon.
    pub failures: u64,
    /// Probability of an insecure moment within the horizon.
    pub insecure: Measure,
    /// One-sided upper bound of that probability at the promise's confidence.
    pub insecure_at_most: f64,
    /// Probability of an insecure moment within all days.
    pub insecure_all_days: Measure,
    /// Probability that an opportunity within the horizon is taken by a rational attacker.
    pub attacked: Measure,
    /// The same within all days.
    pub attacked_all_days: Measure,
    /// Expected take of the first attack within the horizon.
    pub expected_loss: Measure,
    /// The same within all days.
    pub expected_loss_all_days: Measure,
    /// Mean take on the worst 1 % of paths, within all days.
    pub tail_loss: Measure,
    /// Expected harm to users of the first attack within the horizon: what strong safety weighs.
    pub expected_harm: Measure,
    /// The same within all days.
    pub expected_harm_all_days: Measure,
    /// Mean harm on the worst 1 % of paths, within all days.
    pub tail_harm: Measure,
    /// What of the expected harm no slash pays back, within the horizon.
    pub expected_uncovered: Measure,
    /// The same within all days.
    pub expected_uncovered_all_days: Measure,
    /// Mean of what no slash pays back on the worst 1 % of paths, within all days.
    pub tail_uncovered: Measure,
    /// Days under water, of all days.
    pub days_insecure: Measure,
    /// The moment of the smallest margin.
    pub worst: Worst,
    /// The margin over time.
    pub fan: Vec<FanDay>,
    /// Largest certified gap of a coalition's cost: the true cost is at most this share above.
    pub largest_gap: f64,
}

/// The moment of the smallest margin of each path, over all days; quantiles at [`LEVELS`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Worst {
    /// Levels of the quantiles.
    pub levels: [f64; 5],
    /// Cost of corruption, USD.
    pub coc_usd: Vec<Estimate>,
    /// Profit from corruption, USD.
    pub pfc_usd: Vec<Estimate>,
    /// Cost minus profit, USD.
    pub margin_usd: Vec<Estimate>,
    /// Entities in the cheapest coalition; zero for pooled stake.
    pub coalition: Vec<Estimate>,
    /// Paths on which an attack was ever possible.
    pub paths: u64,
}

/// Distribution of cost over profit at the end of one day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FanDay {
    /// The day, counted from one.
    pub day: u32,
    /// Quantiles of CoC / PfC at [`LEVELS`].
    pub coverage: [f64; 5],
    /// Share of paths with cost below profit at the end of this day.
    pub insecure: f64,
}

/// The measures of one cost's columns against the promise `tolerance` at `confidence`.
///
/// # Panics
/// If the ensemble has no paths or was recorded without the full columns.
#[must_use]
pub fn assess(
    ensemble: &Ensemble,
    columns: &Columns,
    tolerance: f64,
    confidence: f64,
) -> Assessment {
    let paths = ensemble.paths as u64;
    assert!(
        paths > 0 && columns.min_log_ratio_horizon.len() == ensemble.paths,
        "an assessment needs the full columns of {paths} paths"
    );
    let below_zero = |ratios: &[f64]| ratios.iter().filter(|ratio| **ratio < 0.0).count() as u64;
    let failures = below_zero(&columns.min_log_ratio_horizon);
    let ever = below_zero(&columns.min_log_ratio);
    let binomial = |k: u64| Measure {
        estimate: proportion::clopper_pearson(k, paths, confidence),
        unit: "1",
        method: Method::Binomial,
    };
    let mean = |values: &[f64], unit: &'static str| Measure {
        estimate: nonnegative(mean_interval(values, confidence)),
        unit,
        method: Method::Mean,
    };
    let tail = Tail::of(ensemble);
    let worst_share = |losses: &[f64]| {
        let mut ascending = losses.to_vec();
        ascending.sort_by(f64::total_cmp);
        aftermath::shortfall(&ascending, TAIL, confidence, tail)
    };
    Assessment {
        verdict: Verdict::of(failures, paths, tolerance, confidence),
        paths,
        seed: ensemble.seed.to_string(),
        horizon_days: ensemble.horizon_days,
        days: ensemble.days,
        failures,
        insecure: binomial(failures),
        insecure_at_most: proportion::clopper_pearson_upper(failures, paths, confidence),
        insecure_all_days: binomial(ever),
        attacked: mean(&columns.attack_probability_horizon, "1"),
        attacked_all_days: mean(&columns.attack_probability, "1"),
        expected_loss: mean(&columns.expected_loss_usd_horizon, "USD"),
        expected_loss_all_days: mean(&columns.expected_loss_usd, "USD"),
        tail_loss: worst_share(&columns.loss_usd),
        expected_harm: mean(&columns.expected_harm_usd_horizon, "USD"),
        expected_harm_all_days: mean(&columns.expected_harm_usd, "USD"),
        tail_harm: worst_share(&columns.harm_usd),
        expected_uncovered: mean(&columns.expected_uncovered_usd_horizon, "USD"),
        expected_uncovered_all_days: mean(&columns.expected_uncovered_usd, "USD"),
        tail_uncovered: worst_share(&columns.uncovered_usd),
        days_insecure: mean(&columns.insecure_days, "days"),
        worst: worst(columns, confidence),
        fan: fan(&columns.fan),
        largest_gap: columns.largest_gap.iter().copied().fold(0.0, f64::max),
    }
}

/// A quantity that cannot be negative has no interval below zero.
fn nonnegative(estimate: Estimate) -> Estimate {
    Estimate {
        low: estimate.low.max(0.0),
        ..estimate
    }
}

fn worst(columns: &Columns, confidence: f64) -> Worst {
    let reached: Vec<usize> = (0..columns.min_margin_day.len())
        .filter(|&i| columns.min_margin_day[i] != NEVER)
        .collect();
    let quantiles = |value: &dyn Fn(usize) -> f64| -> Vec<Estimate> {
        if reached.is_empty() {
            return Vec::new();
        }
        let mut ascending: Vec<f64> = reached.iter().map(|&i| value(i)).collect();
        ascending.sort_by(f64::total_cmp);
        LEVELS
            .map(|level| quantile::quantile_interval(&ascending, level, confidence))
            .to_vec()
    };
    Worst {
        levels: LEVELS,
        coc_usd: quantiles(&|i| columns.coc_usd[i]),
        pfc_usd: quantiles(&|i| columns.pfc_usd[i]),
        margin_usd: quantiles(&|i| columns.min_margin_usd[i]),
        coalition: quantiles(&|i| f64::from(columns.coalition_size[i])),
        paths: reached.len() as u64,
    }
}

fn fan(fan: &Fan) -> Vec<FanDay> {
    (0..fan.days().len())
        .filter_map(|index| {
            let mut coverage = [0.0; 5];
            for (slot, level) in coverage.iter_mut().zip(LEVELS) {
                *slot = fan.quantile(index, level)?.exp();
            }
            Some(FanDay {
                day: fan.days()[index],
                coverage,
                insecure: fan.share_insecure(index),
            })
        })
        .collect()
}
