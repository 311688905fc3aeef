//! What paths say about one collateral: counted, or weighted where the risk is too small to count.

use crate::random::Seed;
use crate::recommend::curve::RiskCurve;
use crate::recommend::evaluate::Evaluator;
use crate::recommend::rare;
use crate::sim::Plan;
use crate::stats::Estimate;

/// What every row is asked.
pub(super) struct Question<'a> {
    pub evaluator: &'a Evaluator<'a>,
    /// Stake of the plans, at which risks are compared, USD.
    pub stake_usd: f64,
    /// Level of the promise.
    pub risk: f64,
    pub seed: Seed,
    pub paths: u64,
}

/// Risk against stake.
#[derive(Clone)]
pub(super) enum Seen {
    /// Plain paths.
    Counted(RiskCurve),
    /// Weighted paths, and the factor on their stakes.
    Weighted(Box<rare::Explored>, f64),
}

impl Seen {
    /// Plays a plan; its critical stakes are multiplied by `scale`. `None` when cancelled.
    pub fn of(question: &Question, plan: &Plan, scale: f64) -> Option<Self> {
        let Question {
            evaluator,
            stake_usd,
            risk,
            seed,
            paths,
        } = *question;
        if rare::is_beyond(evaluator.model(), risk, paths) {
            let explored = rare::explore_plan(evaluator, plan, stake_usd, seed, risk)?;
            return Some(Self::Weighted(Box::new(explored), scale));
        }
        let ensemble = evaluator.play(plan, seed, paths)?;
        Some(Self::Counted(
            evaluator.curve_of(&ensemble, stake_usd * scale),
        ))
    }

    /// The stake that keeps the promise, USD.
    pub fn stake(&self, question: &Question) -> Estimate {
        match self {
            Self::Counted(curve) => curve.stake(question.risk),
            Self::Weighted(explored, scale) => {
                let needed = explored.needed(question.risk, confidence(question), question.paths);
                Estimate {
                    value: needed.value * scale,
                    low: needed.low * scale,
                    high: needed.high * scale,
                    ..needed
                }
            }
        }
    }

    /// The risk at the compared stake.
    pub fn risk(&self, question: &Question) -> Estimate {
        match self {
            Self::Counted(curve) => curve.risk(question.stake_usd),
            Self::Weighted(explored, scale) => {
                explored.risk_at(question.stake_usd / scale, confidence(question))
            }
        }
    }
}

fn confidence(question: &Question) -> f64 {
    question.evaluator.model().target.confidence.get()
}
