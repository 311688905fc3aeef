//! Risks too small to count: importance sampling with a defensive mixture.
//!
//! The daily normals of prices and value at risk are shifted towards failure, which in the plan
//! is a change of drift; the weight of a path follows from the sum of its normals, which its
//! stream gives again. One path in ten keeps the true law and the others share the shifted laws
//! (Hesterberg 1995; weights by the balance heuristic of Veach, Guibas 1995), so no weight can
//! exceed ten. Jumps, opportunities and sizes keep their law: the estimate stays unbiased,
//! and where they decide it says so by refusing.

use super::evaluate::{Evaluator, Span};
use crate::random::{Purpose, Seed, Stream};
use crate::sim::{Factor, Plan};
use crate::spec::Parameters;
use crate::spec::model::{Model, Takes};
use crate::stats::weighted::{self, WeightDiagnostics};
use crate::stats::{Estimate, mean, normal, variance};
use crate::units::DAYS_PER_YEAR;
use serde::Serialize;

/// One path in so many keeps the true law: the bound of all weights.
const DEFENSIVE: u64 = 10;
/// Failures, in equally weighted paths, below which no estimate is given.
const FEWEST: f64 = 50.0;
/// Relative standard error above which no estimate is given.
const LARGEST_ERROR: f64 = 0.1;

/// Critical stakes with their weights, descending.
#[derive(Debug, Clone)]
pub struct WeightedCurve {
    critical: Vec<(f64, f64)>,
    paths: u64,
    confidence: f64,
    diagnostics: WeightDiagnostics,
}

/// A small risk, or the reason why the paths do not tell it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum RareRisk {
    /// The diagnostics hold.
    Known {
        /// Risk with its two-sided interval.
        risk: Estimate,
        /// Upper bound at the one-sided confidence of the promise.
        at_most: f64,
        /// Lower bound at the same confidence.
        at_least: f64,
        /// Standard error over value.
        relative_error: f64,
        /// Failures in equally weighted paths.
        effective_failures: f64,
        /// Paths that counting would need for the same error, over the paths played.
        gain: f64,
    },
    /// The diagnostics fail: no number is given.
    Refused {
        /// Which of them, in words.
        reason: String,
    },
}

/// Plays a design under the shifted laws; `None` when cancelled. `risk` is the size of risk that
/// the shift aims at.
#[must_use]
pub fn weighted_curve(
    evaluator: &Evaluator,
    parameters: &Parameters,
    risk: f64,
    seed: Seed,
    paths: u64,
) -> Option<WeightedCurve> {
    let plan = evaluator.plan(parameters, Span::Horizon);
    let shifts = shifts(evaluator.model(), &plan, risk);
    let shares = shares(shifts.len());
    let stake = parameters.stake.get();
    let mut critical = Vec::with_capacity(paths as usize);
    let mut weights = Vec::with_capacity(paths as usize);
    let mut first = 0;
    for (component, share) in shares.iter().enumerate() {
        let count = if component + 1 == shares.len() {
            paths - first
        } else {
            (paths as f64 * share).round() as u64
        };
        let none = vec![0.0; plan.asset_count() + 1];
        let shift = if component == 0 {
            &none
        } else {
            &shifts[component - 1]
        };
        let ensemble = evaluator.play_range(&shifted(&plan, shift), seed, first..first + count)?;
        let columns = ensemble
            .cost(evaluator.cost())
            .expect("the plan asked for this cost");
        for (index, scale) in columns.critical_scale_horizon.iter().enumerate() {
            let sums = sums_of_normals(&plan, shift, &shifts, seed, first + index as u64);
            let weight = weight(&sums, &shifts, &shares, plan.days);
            weights.push(weight);
            critical.push((scale * stake, weight));
        }
        first += count;
    }
    let diagnostics = WeightDiagnostics::of(&weights);
    critical.sort_by(|a, b| b.0.total_cmp(&a.0));
    Some(WeightedCurve {
        critical,
        paths,
        confidence: evaluator.model().target.confidence.get(),
        diagnostics,
    })
}

impl WeightedCurve {
    /// Paths behind the curve.
    #[must_use]
    pub fn paths(&self) -> u64 {
        self.paths
    }

    /// How far the weights can be trusted.
    #[must_use]
    pub fn diagnostics(&self) -> WeightDiagnostics {
        self.diagnostics
    }

    /// Paths that fail at a stake, unweighted.
    #[must_use]
    pub fn failures(&self, stake_usd: f64) -> u64 {
        self.critical
            .partition_point(|(critical, _)| *critical > stake_usd) as u64
    }

    /// The risk at a stake, USD, its one-sided bounds at `confidence`.
    #[must_use]
    pub fn risk(&self, stake_usd: f64, confidence: f64) -> RareRisk {
        let refused = |reason: String| RareRisk::Refused { reason };
        let diagnostics = &self.diagnostics;
        if !diagnostics.is_sound() {
            return refused(format!(
                "the weights are unsound: mean {:.4} ± {:.4}, largest share {:.2} %",
                diagnostics.mean_weight,
                diagnostics.mean_weight_error,
                100.0 * diagnostics.largest_share
            ));
        }
        let failing = self.failures(stake_usd) as usize;
        let failing_weights: Vec<f64> = self.critical[..failing].iter().map(|(_, w)| *w).collect();
        let effective = weighted::effective_sample_size(&failing_weights);
        if effective < FEWEST {
            return refused(format!(
                "the failures are worth {effective:.0} equally weighted ones, fewer than {FEWEST:.0}: play more paths"
            ));
        }
        let mut products = failing_weights;
        products.resize(self.paths as usize, 0.0);
        let value = mean(&products);
        let error = (variance(&products) / products.len() as f64).sqrt();
        let relative_error = error / value;
        if relative_error > LARGEST_ERROR {
            return refused(format!(
                "the relative error is {:.0} %, above {:.0} %: play more paths",
                100.0 * relative_error,
                100.0 * LARGEST_ERROR
            ));
        }
        let z = normal::quantile(confidence);
        let counting =
            weighted::counting_relative_variance(value) / (relative_error * relative_error);
        RareRisk::Known {
            risk: weighted::importance_estimate(&products, self.confidence),
            at_most: value + z * error,
            at_least: (value - z * error).max(0.0),
            relative_error,
            effective_failures: effective,
            gain: counting / self.paths as f64,
        }
    }

    /// The smallest sampled stake whose weighted risk is at most `risk`, USD.
    #[must_use]
    pub fn stake(&self, risk: f64) -> f64 {
        let mut held = 0.0;
        for (critical, weight) in &self.critical {
            held += weight / self.paths as f64;
            if held > risk {
                return *critical;
            }
        }
        0.0
    }
}

/// Shares of the paths: the true law first, then the shifted ones alike.
fn shares(shifted: usize) -> Vec<f64> {
    let defensive = if shifted == 0 {
        1.0
    } else {
        1.0 / DEFENSIVE as f64
    };
    let mut shares = vec![defensive];
    shares.extend(std::iter::repeat_n(
        (1.0 - defensive) / shifted.max(1) as f64,
        shifted,
    ));
    shares
}

/// Shifts of the daily independent normals, one vector for each direction of failure: the
/// collateral falls, or falls against the value at risk.
fn shifts(model: &Model, plan: &Plan, risk: f64) -> Vec<Vec<f64>> {
    let days = f64::from(plan.days);
    // Reflection: a path passes a level with twice the probability of ending beyond it.
    let far = -normal::quantile((0.5 * risk).clamp(1e-15, 0.25));
    let against_value = model.value.attacks.iter().map(|attack| {
        matches!(
            attack.takes,
            Takes::ShareOfValue(_) | Takes::LognormalShare { .. }
        ) || attack.capped
    });
    let fixed = model
        .value
        .attacks
        .iter()
        .map(|attack| matches!(attack.takes, Takes::Usd(_) | Takes::LognormalUsd { .. }));
    let mut directions = Vec::new();
    if fixed.clone().any(|yes| yes) {
        directions.push(direction(plan, 0.0));
    }
    if against_value.clone().any(|yes| yes) && plan.value.volatility_per_sqrt_year > 0.0 {
        directions.push(direction(plan, 1.0));
    }
    let mut shifts = Vec::new();
    for direction in directions {
        let length = direction.iter().map(|x| x * x).sum::<f64>().sqrt();
        if length > 0.0 {
            let per_day = far / days.sqrt() / length;
            shifts.push(direction.iter().map(|x| -x * per_day).collect());
        }
    }
    shifts
}

/// The gradient of the log margin in one day's independent normals: the collateral by its value,
/// less the value at risk where the profit moves with it.
fn direction(plan: &Plan, value_loading: f64) -> Vec<f64> {
    let n = plan.asset_count() + 1;
    let worth: Vec<f64> = plan
        .total_tokens()
        .iter()
        .zip(&plan.assets)
        .map(|(tokens, asset)| tokens * asset.start)
        .collect();
    let total: f64 = worth.iter().sum();
    let mut gradient = vec![0.0; n];
    for (f, factor) in plan.factors().enumerate() {
        let loading = if f + 1 == n {
            -value_loading
        } else {
            worth[f] / total
        };
        for (k, slot) in gradient.iter_mut().enumerate() {
            *slot += loading * factor.log_sd_per_day() * plan.correlation_root[f * n + k];
        }
    }
    gradient
}

/// The plan under a shift of its normals: the drifts that do the same.
fn shifted(plan: &Plan, shift: &[f64]) -> Plan {
    let n = plan.asset_count() + 1;
    let drift = |f: usize, factor: &Factor| {
        let moved: f64 = (0..n)
            .map(|k| plan.correlation_root[f * n + k] * shift[k])
            .sum();
        factor.drift_per_year + moved * factor.log_sd_per_day() * DAYS_PER_YEAR
    };
    let mut other = plan.clone();
    for (f, factor) in plan.factors().enumerate() {
        let drift = drift(f, factor);
        if f + 1 == n {
            other.value.drift_per_year = drift;
        } else {
            other.assets[f].drift_per_year = drift;
        }
    }
    other
}

/// Sum over the days of the normals that a path was really driven by, shift included; only of
/// those that some shift moves.
fn sums_of_normals(
    plan: &Plan,
    shift: &[f64],
    shifts: &[Vec<f64>],
    seed: Seed,
    path: u64,
) -> Vec<f64> {
    (0..shift.len())
        .map(|k| {
            if shifts.iter().all(|other| other[k].abs() <= 0.0) {
                return 0.0;
            }
            let mut stream = Stream::new(seed, Purpose::Diffusion(k), path);
            let drawn: f64 = (0..plan.days).map(|_| stream.normal()).sum();
            drawn + f64::from(plan.days) * shift[k]
        })
        .collect()
}

/// True density over the mixture's: `1 / Σ share · exp(h·S - n|h|²/2)`.
fn weight(sums: &[f64], shifts: &[Vec<f64>], shares: &[f64], days: u32) -> f64 {
    let mut mixture = shares[0];
    for (shift, share) in shifts.iter().zip(&shares[1..]) {
        let along: f64 = shift.iter().zip(sums).map(|(h, s)| h * s).sum();
        let square: f64 = shift.iter().map(|h| h * h).sum();
        mixture += share * (along - 0.5 * f64::from(days) * square).exp();
    }
    1.0 / mixture
}
