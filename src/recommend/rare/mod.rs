//! Risks too small to count.
//!
//! Where the promise's ε is below what plain paths can show, paths are drawn under laws tilted
//! towards failure and weighted ([`law`], [`adapt`]), opportunities and crossings within a day are
//! integrated ([`crate::sim::Conditional`]), and the bound is the one that fits the estimator
//! ([`evidence`]). A tenth of the paths keep the true law, so no weight exceeds ten. A failure of
//! a diagnostic is a refusal: the verdict is then undecided, with the reason.

mod adapt;
#[cfg(test)]
mod calibration;
mod certify;
pub(in crate::recommend) mod draw;
mod evidence;
pub(in crate::recommend) mod law;
mod sample;

pub use certify::{Counted, Explored, Fresh, Judged, Question};
pub use evidence::{Bound, Evidence};
pub use law::Mixture;

use super::evaluate::{Evaluator, Span};
use crate::random::Seed;
use crate::sim::Plan;
use crate::spec::Parameters;
use crate::spec::model::{Estimator, Model};
use crate::stats::{Estimate, proportion};
use adapt::Pilots;
use sample::{Job, Points, Sample};

/// Largest number of plain paths that a promise is worth.
const MOST_PLAIN_PATHS: u64 = 400_000;
/// Failures that plain paths should be able to lose and still certify.
const SHOWN: u64 = 10;
/// Insecure paths that an order statistic of plain paths should rest on at least.
const FEWEST_COUNTED: f64 = 4.0;
/// Paths of a stake that nobody certifies: for levers and shocks.
const QUICK: u64 = 4_000;
/// Scales of stake around the one aimed at.
const LADDER: usize = 40;
/// Scales of stake that few paths look at.
const QUICK_LADDER: usize = 28;
/// Independent scrambles of Sobol points.
const REPLICATES: u64 = 16;

/// How the risk of a promise is estimated: as the file says, or by what plain paths can show.
/// Numbers that each path draws anew, and other models of a panel, are counted.
#[must_use]
pub fn estimator(model: &Model) -> Estimator {
    if !model.uncertainty.is_none() || !model.panel.is_empty() {
        return Estimator::Plain;
    }
    match model.simulation.estimator {
        Estimator::Automatic => {
            let (risk, confidence) = (model.target.at_most.get(), model.target.confidence.get());
            let shown = proportion::acceptance_number(MOST_PLAIN_PATHS, risk, confidence);
            if shown.is_some_and(|most| most >= SHOWN) {
                Estimator::Plain
            } else {
                Estimator::Importance
            }
        }
        given => given,
    }
}

/// Whether plain paths are too few to show a risk of this model.
#[must_use]
pub fn is_beyond(model: &Model, risk: f64, paths: u64) -> bool {
    estimator(model) != Estimator::Plain && risk * (paths as f64) < FEWEST_COUNTED
}

/// The stake at which the risk of a design is `risk`, USD, from few weighted paths: to compare
/// designs by, not to certify. `None` when cancelled.
#[must_use]
pub fn stake(evaluator: &Evaluator, parameters: &Parameters, seed: Seed, risk: f64) -> Option<f64> {
    Some(quickly(evaluator, parameters, seed, risk)?.stake(risk))
}

/// The same with its interval, which is that of the risk carried over.
#[must_use]
pub fn needed_stake(
    evaluator: &Evaluator,
    parameters: &Parameters,
    seed: Seed,
    risk: f64,
) -> Option<Estimate> {
    let explored = quickly(evaluator, parameters, seed, risk)?;
    Some(explored.needed(risk, evaluator.model().target.confidence.get(), QUICK))
}

/// The same of a plan that is no design of the model: what it plays is told, `stake_usd` is its
/// stake. `None` when cancelled.
#[must_use]
pub fn explore_plan(
    evaluator: &Evaluator,
    plan: &Plan,
    stake_usd: f64,
    seed: Seed,
    risk: f64,
) -> Option<Explored> {
    let question = quick_question(seed, risk);
    match evaluator.tilted() {
        Some(mixture) => certify::under_plan(evaluator, plan, stake_usd, &question, mixture),
        None => certify::explore_plan(evaluator, plan, stake_usd, &question),
    }
}

/// What few paths are asked of a design on the way.
fn quick_question(seed: Seed, risk: f64) -> Question {
    Question {
        risk,
        seed,
        paths: QUICK,
        estimator: Estimator::Importance,
    }
}

/// Few paths under the laws that served last, which are near enough for a design nearby; under
/// laws of its own where they do not answer.
fn quickly(
    evaluator: &Evaluator,
    parameters: &Parameters,
    seed: Seed,
    risk: f64,
) -> Option<Explored> {
    let question = quick_question(seed, risk);
    match evaluator.tilted() {
        Some(mixture) => certify::under(evaluator, parameters, &question, mixture),
        None => certify::explore(evaluator, parameters, &question),
    }
}

/// A design's risk around the one aimed at; `None` when cancelled.
#[must_use]
pub fn explore(
    evaluator: &Evaluator,
    parameters: &Parameters,
    question: &Question,
) -> Option<Explored> {
    certify::explore(evaluator, parameters, question)
}

/// The plan that is walked: the horizon alone.
fn plan(evaluator: &Evaluator, parameters: &Parameters) -> Plan {
    evaluator.plan(parameters, Span::Horizon)
}

/// Scales evenly spread in the logarithm.
fn ladder(low: f64, high: f64, count: usize) -> Vec<f64> {
    let step = (high / low).ln() / (count - 1) as f64;
    (0..count).map(|i| low * (step * i as f64).exp()).collect()
}
