//! Policies compared: one fixed design, the stages, and a feedback controller, over years of
//! growth on the same random numbers.
//!
//! Each policy pays a budget; stakers answer along the supply curve, but not at once: they close
//! the gap slowly, what enters can be slashed after the entry delay, what leaves stays slashable
//! for the exit window. Whether a day is insecure is integrated ([`crate::sim::Conditional`]), so
//! a day has a probability of it. Differences between policies are path by path.

mod controller;
mod stakers;
mod walk;

pub use controller::Band;

use super::evaluate::Evaluator;
use super::stages::{Stages, at_stage};
use super::{Search, feasible};
use crate::random::Seed;
use crate::spec::Parameters;
use crate::spec::model::Model;
use crate::spec::stages::Schedule;
use crate::stats::selection::paired_difference;
use crate::stats::{Estimate, mean_interval, quantile, tail};
use crate::units::Usd;
use serde::Serialize;
use walk::{Outcome, Pay, Rule, Setting};

/// Paths of the comparison.
const PATHS: u64 = 2_000;
/// Block of fresh seeds that the comparison draws from.
const BLOCK: u64 = 2_000;
/// Days at which the course of a policy is kept.
const KEPT: u32 = 60;
/// Levels of the bands.
const LEVELS: [f64; 3] = [0.05, 0.5, 0.95];
/// Levels of value at risk at which the required stake is found.
const REQUIRED: usize = 6;
/// Paths behind each of them.
const REQUIRED_PATHS: u64 = 20_000;
/// Level of the tail.
const TAIL: f64 = 0.99;

/// The policies, compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Policies {
    /// Days compared.
    pub days: u32,
    /// Paths that all policies share.
    pub paths: u64,
    /// Seed of the paths.
    pub seed: String,
    /// Band of the controller.
    pub band: Band,
    /// The policies: fixed, staged, feedback.
    pub policies: Vec<PolicyReport>,
    /// Stake that the promise needs over time, by the rules of the last stage.
    pub required: Course,
}

/// One policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PolicyReport {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub does: String,
    /// Budget paid in all, USD.
    pub paid_usd: Estimate,
    /// Days insecure in all.
    pub days_insecure: Estimate,
    /// Probability of an insecure moment in all the time.
    pub insecure: Estimate,
    /// Expected take of the first attack, USD.
    pub loss_usd: Estimate,
    /// Mean of that over the worst 1 % of markets, USD.
    pub tail_usd: Estimate,
    /// Against the fixed design, path by path; none for itself.
    pub against_fixed: Option<Against>,
    /// Slashable stake over time, USD.
    pub stake: Course,
    /// Budget over time, USD a year.
    pub budget: Course,
}

/// Differences to the fixed design, with paired intervals.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Against {
    /// Budget paid, USD.
    pub paid_usd: Estimate,
    /// Days insecure.
    pub days_insecure: Estimate,
    /// Probability of an insecure moment.
    pub insecure: Estimate,
    /// Expected take of the first attack, USD.
    pub loss_usd: Estimate,
}

/// Quantiles over time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Course {
    /// Days, ascending.
    pub days: Vec<u32>,
    /// Quantiles at 5, 50 and 95 %.
    pub bands: Vec<[f64; 3]>,
}

/// Compares the policies of a schedule; `None` when cancelled.
#[must_use]
pub fn policies(
    model: &Model,
    schedule: &Schedule,
    stages: &Stages,
    search: &Search,
) -> Option<Policies> {
    let days = (schedule.policy.lasts.get().round() as u32).max(1);
    let seed = search.seed.fresh(BLOCK);
    let setting = Setting::new(model, schedule, stages, days);
    let band = setting.band;
    let rules = [Rule::Fixed, Rule::Staged, Rule::Feedback];
    let kept: Vec<u32> = (0..=KEPT).map(|i| 1 + i * (days - 1) / KEPT).collect();
    let mut kept = kept;
    kept.dedup();
    let outcomes = walk::walk(&setting, &rules, seed, PATHS, &kept, search.cancel)?;
    let required = required_stake(model, schedule, stages, search)?;
    let confidence = model.target.confidence.get();
    let fixed = &outcomes[0];
    let policies = rules
        .iter()
        .zip(&outcomes)
        .enumerate()
        .map(|(index, (rule, outcome))| {
            report(
                *rule,
                outcome,
                (index > 0).then_some(fixed),
                &setting,
                &kept,
                confidence,
            )
        })
        .collect();
    Some(Policies {
        days,
        paths: PATHS,
        seed: seed.to_string(),
        band,
        policies,
        required: required_course(&fixed.value, &kept, &required),
    })
}

fn report(
    rule: Rule,
    outcome: &Outcome,
    fixed: Option<&Outcome>,
    setting: &Setting,
    kept: &[u32],
    confidence: f64,
) -> PolicyReport {
    let mean = |values: &[f64]| {
        let estimate = mean_interval(values, confidence);
        Estimate {
            low: estimate.low.max(0.0),
            ..estimate
        }
    };
    let against = |fixed: &Outcome| {
        let paired = |a: &[f64], b: &[f64]| paired_difference(a, b, confidence);
        Against {
            paid_usd: paired(&outcome.paid, &fixed.paid),
            days_insecure: paired(&outcome.insecure_days, &fixed.insecure_days),
            insecure: paired(&outcome.insecure, &fixed.insecure),
            loss_usd: paired(&outcome.loss, &fixed.loss),
        }
    };
    let mut losses = outcome.loss.clone();
    losses.sort_by(f64::total_cmp);
    let shortfall = tail::expected_shortfall(&losses, TAIL, confidence);
    PolicyReport {
        name: rule.name(),
        does: setting.does(rule),
        paid_usd: mean(&outcome.paid),
        days_insecure: mean(&outcome.insecure_days),
        insecure: mean(&outcome.insecure),
        loss_usd: mean(&outcome.loss),
        tail_usd: Estimate {
            low: shortfall.low.max(0.0),
            ..shortfall
        },
        against_fixed: fixed.map(against),
        stake: course(&outcome.stake, kept),
        budget: course(&outcome.budget, kept),
    }
}

/// Quantiles of columns `[path][kept day]`.
fn course(columns: &[Vec<f64>], kept: &[u32]) -> Course {
    let bands = (0..kept.len()).map(|day| {
        let mut values: Vec<f64> = columns.iter().map(|path| path[day]).collect();
        values.sort_by(f64::total_cmp);
        LEVELS.map(|level| quantile::quantile(&values, level))
    });
    Course {
        days: kept.to_vec(),
        bands: bands.collect(),
    }
}

/// Stake that the promise needs at several values at risk, by the rules of the last stage:
/// `(value, stake)` in USD, ascending.
fn required_stake(
    model: &Model,
    schedule: &Schedule,
    stages: &Stages,
    search: &Search,
) -> Option<Vec<(f64, f64)>> {
    let (last, design) = (schedule.stages.last()?, stages.stages.last()?);
    let low = 0.5 * model.value.at_risk.start.get();
    let high = 2.0 * last.carries.get();
    let mut own = at_stage(model, last);
    let mut points = Vec::with_capacity(REQUIRED);
    for point in 0..REQUIRED {
        let value = low * (high / low).powf(point as f64 / (REQUIRED - 1) as f64);
        own.value.at_risk.start = Usd(value);
        let evaluator = Evaluator::new(&own, search.cancel);
        let tolerance = own.target.at_most.get();
        let seed: Seed = search.seed.fresh(BLOCK + 1);
        let stake = evaluator.stake(&design.parameters, seed, REQUIRED_PATHS, tolerance)?;
        points.push((value, stake));
    }
    Some(points)
}

fn required_course(values: &[Vec<f64>], kept: &[u32], points: &[(f64, f64)]) -> Course {
    let stakes: Vec<Vec<f64>> = values
        .iter()
        .map(|path| {
            path.iter()
                .map(|value| interpolate(points, *value))
                .collect()
        })
        .collect();
    course(&stakes, kept)
}

/// Interpolation in the logarithms; the ends go on with their slope.
fn interpolate(points: &[(f64, f64)], at: f64) -> f64 {
    let last = points.len() - 1;
    let index = points
        .partition_point(|(value, _)| *value < at)
        .clamp(1, last);
    let ((x0, y0), (x1, y1)) = (points[index - 1], points[index]);
    if y0 <= 0.0 || y1 <= 0.0 || !y0.is_finite() || !y1.is_finite() {
        return y1;
    }
    let place = (at / x0).ln() / (x1 / x0).ln();
    (y0.ln() + place * (y1 / y0).ln()).exp()
}

/// All that is delegated to the operators of a design, USD; infinite for pooled stake.
fn most_stake(model: &Model, parameters: &Parameters) -> f64 {
    feasible::delegated_usd(model, parameters).unwrap_or(f64::INFINITY)
}

impl Rule {
    fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Staged => "staged",
            Self::Feedback => "feedback",
        }
    }
}

impl Setting<'_> {
    fn does(&self, rule: Rule) -> String {
        let words = |pay: &Pay| usd_words(pay.budget_usd_year);
        let last = self.pays.last().map_or_else(String::new, words);
        let first = self.pays.first().map_or_else(String::new, words);
        match rule {
            Rule::Fixed => format!("pays the last stage's {last} from the first day"),
            Rule::Staged => format!(
                "begins with {first}, goes to the next stage at its trigger, ends with {last}"
            ),
            Rule::Feedback => format!(
                "begins with {}; every {:.0} days raises it by {:.0} % below a safety factor of {:.2}, lowers it by {:.0} % above {:.2}",
                usd_words(self.flow_start),
                self.epoch_days,
                100.0 * self.increase,
                self.band.lower,
                100.0 * self.reduction,
                self.band.upper
            ),
        }
    }
}

fn usd_words(usd_year: f64) -> String {
    if usd_year >= 1e6 {
        format!("{:.1} M USD a year", usd_year / 1e6)
    } else {
        format!("{:.0} k USD a year", usd_year / 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::interpolate;

    #[test]
    fn a_power_law_is_interpolated_exactly() {
        let points: Vec<(f64, f64)> = [1.0, 3.0, 10.0]
            .map(|x: f64| (x, 5.0 * x.powf(1.2)))
            .to_vec();
        for x in [0.5, 1.0, 2.0, 9.0, 30.0] {
            let exact = 5.0 * f64::powf(x, 1.2);
            assert!((interpolate(&points, x) / exact - 1.0).abs() < 1e-12);
        }
    }
}
