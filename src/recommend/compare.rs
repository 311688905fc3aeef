//! Designs side by side on the same random numbers: differences with intervals.

use super::budget;
use super::evaluate::{Evaluator, Span};
use super::rare;
use crate::assess::{Assessment, Measure, Method, assess};
use crate::random::Seed;
use crate::sim::Columns;
use crate::spec::Parameters;
use crate::spec::model::Model;
use crate::stats::{Estimate, quantile, resample, selection, variance};
use serde::Serialize;
use std::sync::atomic::AtomicBool;

/// Rounds of the bootstrap of needed stakes.
const ROUNDS: u32 = 200;

/// One design to compare.
pub struct Entry<'a> {
    /// Its name for a reader.
    pub name: String,
    /// Its model.
    pub model: &'a Model,
    /// Its parameters.
    pub parameters: Parameters,
}

/// Designs side by side; the first is the one that the others are compared with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The designs in the order given.
    pub designs: Vec<Compared>,
    /// Paths that all share.
    pub paths: u64,
    /// Seed that all share.
    pub seed: String,
}

/// One design of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// Its name.
    pub name: String,
    /// Its slashable stake, USD.
    pub stake_usd: f64,
    /// The budget that it needs, USD a year; none where nothing brings its stake.
    pub budget_usd_year: Option<f64>,
    /// The stake that its promise needs, USD.
    pub needed_stake: Measure,
    /// Its measures.
    pub assessment: Assessment,
    /// Differences from the first design: none for the first.
    pub differences: Option<Differences>,
}

/// This design minus the first, path by path.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Differences {
    /// Probability of an insecure moment within the horizon.
    pub risk: Measure,
    /// Expected take of the first attack within the horizon.
    pub expected_loss: Measure,
    /// Days under water.
    pub days_insecure: Measure,
    /// Cost over profit at the worst moment within the horizon, this design's as a multiple of the
    /// first's: the geometric mean over paths. None where some path never meets an attack.
    pub worst_coverage: Option<Measure>,
    /// Variance that two independent runs would leave in that difference, over what the shared
    /// random numbers leave; with it so many times fewer paths tell as much.
    pub variance_gain: Option<f64>,
    /// Stake that the promise needs.
    pub needed_stake: Measure,
    /// Slashable stake, USD: a choice, not an estimate.
    pub stake_usd: f64,
    /// Budget, USD a year; it follows from the stakes without sampling.
    pub budget_usd_year: Option<f64>,
}

/// Compares designs; `None` when cancelled.
///
/// # Panics
/// If there is no entry.
#[must_use]
pub fn compare(
    entries: &[Entry],
    seed: Seed,
    paths: u64,
    cancel: &AtomicBool,
) -> Option<Comparison> {
    assert!(!entries.is_empty(), "a comparison of nothing");
    let mut designs: Vec<Compared> = Vec::with_capacity(entries.len());
    let mut first: Option<(Columns, f64, f64)> = None;
    let mut first_small: Option<Option<Small>> = None;
    for entry in entries {
        let evaluator = Evaluator::new(entry.model, cancel);
        let plan = evaluator.plan(&entry.parameters, Span::All);
        let ensemble = evaluator.play(&plan, seed, paths)?;
        let columns = ensemble
            .cost(evaluator.cost())
            .expect("the plan asked for this cost");
        let target = &entry.model.target;
        let (risk, confidence) = (target.at_most.get(), target.confidence.get());
        let stake = entry.parameters.stake.get();
        let budget = budget::required(entry.model, &entry.parameters).map(|b| b.usd_year);
        let small = small(&evaluator, &entry.parameters, seed, paths)?;
        let differences = first.as_ref().map(|(base, base_stake, base_risk)| {
            let needed = |rows: &[usize]| {
                stake_of(columns, stake, risk, rows) - stake_of(base, *base_stake, *base_risk, rows)
            };
            let (worst_coverage, variance_gain) = coverage(columns, base, confidence);
            Differences {
                worst_coverage,
                variance_gain,
                stake_usd: stake - *base_stake,
                risk: paired("1", &insecure(columns), &insecure(base), confidence),
                expected_loss: paired(
                    "USD",
                    &columns.expected_loss_usd_horizon,
                    &base.expected_loss_usd_horizon,
                    confidence,
                ),
                days_insecure: paired(
                    "days",
                    &columns.insecure_days,
                    &base.insecure_days,
                    confidence,
                ),
                needed_stake: Measure {
                    estimate: resample::bootstrap(
                        paths as usize,
                        needed,
                        ROUNDS,
                        confidence,
                        seed.0,
                    ),
                    unit: "USD",
                    method: Method::Paired,
                },
                budget_usd_year: budget
                    .zip(designs[0].budget_usd_year)
                    .map(|(own, base)| own - base),
            }
        });
        let differences = differences.map(|counted| {
            let base = first_small.as_ref().and_then(Option::as_ref);
            weigh(counted, small.as_ref(), base)
        });
        let mut ascending: Vec<f64> = columns
            .critical_scale_horizon
            .iter()
            .map(|c| c * stake)
            .collect();
        ascending.sort_by(f64::total_cmp);
        designs.push(Compared {
            name: entry.name.clone(),
            stake_usd: stake,
            budget_usd_year: budget,
            needed_stake: match &small {
                Some(small) => small.stake,
                None => Measure {
                    estimate: quantile::quantile_interval(&ascending, 1.0 - risk, confidence),
                    unit: "USD",
                    method: Method::OrderStatistics,
                },
            },
            assessment: {
                let mut assessment = assess(&ensemble, columns, risk, confidence);
                if let Some(small) = &small {
                    assessment.insecure = small.risk;
                }
                assessment
            },
            differences,
        });
        if first.is_none() {
            first = Some((columns.clone(), stake, risk));
            first_small = Some(small);
        }
    }
    Some(Comparison {
        designs,
        paths,
        seed: seed.to_string(),
    })
}

/// What weighted paths say where a promise is too small to count.
#[derive(Clone, Copy)]
struct Small {
    /// The stake that the promise needs.
    stake: Measure,
    /// The risk at the design's own stake.
    risk: Measure,
}

/// The weighted answers of a design; none where its paths can be counted; `None` when cancelled.
fn small(
    evaluator: &Evaluator,
    design: &Parameters,
    seed: Seed,
    paths: u64,
) -> Option<Option<Small>> {
    let target = &evaluator.model().target;
    let (risk, confidence) = (target.at_most.get(), target.confidence.get());
    if !rare::is_beyond(evaluator.model(), risk, paths) {
        return Some(None);
    }
    let stake = design.stake.get();
    let plan = evaluator.plan(design, Span::Horizon);
    let explored = rare::explore_plan(evaluator, &plan, stake, seed, risk)?;
    let weighted = |estimate, unit| Measure {
        estimate,
        unit,
        method: Method::ImportanceSampling,
    };
    Some(Some(Small {
        stake: weighted(explored.needed(risk, confidence, paths), "USD"),
        risk: weighted(explored.risk_at(stake, confidence), "1"),
    }))
}

/// Differences of what was weighted in place of what plain paths cannot show. Each design has
/// laws of its own, so their errors are taken as independent.
fn weigh(mut counted: Differences, own: Option<&Small>, base: Option<&Small>) -> Differences {
    let (Some(own), Some(base)) = (own, base) else {
        return counted;
    };
    counted.risk = minus(&own.risk, &base.risk);
    counted.needed_stake = minus(&own.stake, &base.stake);
    counted
}

/// The difference of two independent estimates, its sides from theirs.
fn minus(own: &Measure, base: &Measure) -> Measure {
    let (a, b) = (&own.estimate, &base.estimate);
    let value = a.value - b.value;
    Measure {
        estimate: Estimate {
            value,
            low: value - (a.value - a.low).hypot(b.high - b.value),
            high: value + (a.high - a.value).hypot(b.value - b.low),
            confidence: a.confidence,
            n: a.n,
        },
        ..*own
    }
}

/// The geometric mean of the ratio of the designs' worst coverages, and what common random
/// numbers gain for it.
fn coverage(own: &Columns, base: &Columns, confidence: f64) -> (Option<Measure>, Option<f64>) {
    let (own, base) = (&own.min_log_ratio_horizon, &base.min_log_ratio_horizon);
    if own.iter().chain(base).any(|ratio| !ratio.is_finite()) {
        return (None, None);
    }
    let log = selection::paired_difference(own, base, confidence);
    let differences: Vec<f64> = own.iter().zip(base).map(|(a, b)| a - b).collect();
    let (apart, together) = (variance(own) + variance(base), variance(&differences));
    let measure = Measure {
        estimate: Estimate {
            value: log.value.exp(),
            low: log.low.exp(),
            high: log.high.exp(),
            ..log
        },
        unit: "1",
        method: Method::Paired,
    };
    // Designs that differ in scale alone leave nothing but rounding.
    let gain = (together > 1e-12 * apart).then(|| apart / together);
    (Some(measure), gain)
}

fn insecure(columns: &Columns) -> Vec<f64> {
    columns
        .min_log_ratio_horizon
        .iter()
        .map(|ratio| f64::from(u8::from(*ratio < 0.0)))
        .collect()
}

fn paired(unit: &'static str, own: &[f64], base: &[f64], confidence: f64) -> Measure {
    let estimate = selection::paired_difference(own, base, confidence);
    Measure {
        estimate,
        unit,
        method: Method::Paired,
    }
}

/// The stake that some rows of an ensemble need for a risk, USD.
fn stake_of(columns: &Columns, stake_usd: f64, risk: f64, rows: &[usize]) -> f64 {
    let mut critical: Vec<f64> = rows
        .iter()
        .map(|&row| columns.critical_scale_horizon[row])
        .collect();
    let rank = quantile::rank(critical.len(), 1.0 - risk);
    let (_, scale, _) = critical.select_nth_unstable_by(rank - 1, f64::total_cmp);
    *scale * stake_usd
}
