//! Accidents of honest operators as a loss to stakers.

use super::super::{Measure, Method, TAIL, nonnegative};
use crate::random::Seed;
use crate::sim::honest::{FaultKind, HonestPlan, play};
use crate::stats::{mean_interval, quantile, tail};
use crate::units::DAYS_PER_YEAR;
use serde::Serialize;

/// What accidental slashing costs the stakers of a set over all days.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Honest {
    /// Share of all stake lost, a year, in the mean.
    pub loss_rate: Measure,
    /// The same if every accident struck one operator alone: the rate that the offences state.
    pub loss_rate_stated: f64,
    /// Share of all stake lost on the worst 1 % of paths, over all days.
    pub tail_share: Measure,
    /// Share of all stake lost over all days that 99 paths of 100 stay below.
    pub quantile_share: Measure,
    /// Probability that a unit of stake is slashed at all within all days.
    pub touched: Measure,
    /// Largest share of all stake lost in one event that 99 paths of 100 stay below.
    pub largest_event_share: Measure,
    /// Most operators in one event that 99 paths of 100 stay below.
    pub most_operators: Measure,
    /// Operators of the set.
    pub operators: usize,
}

impl Honest {
    pub(super) fn of(
        plan: &HonestPlan,
        seed: Seed,
        first_path: u64,
        paths: u64,
        confidence: f64,
    ) -> Self {
        let faults = play(plan, seed, first_path..first_path + paths);
        let years = f64::from(plan.days) / DAYS_PER_YEAR;
        let sorted = |values: &[f64]| {
            let mut values = values.to_vec();
            values.sort_by(f64::total_cmp);
            values
        };
        let at_level = |values: &[f64]| Measure {
            estimate: nonnegative(quantile::quantile_interval(
                &sorted(values),
                TAIL,
                confidence,
            )),
            unit: "1",
            method: Method::OrderStatistics,
        };
        let mean = |values: &[f64], unit: &'static str| Measure {
            estimate: nonnegative(mean_interval(values, confidence)),
            unit,
            method: Method::Mean,
        };
        let rates: Vec<f64> = faults.lost_share.iter().map(|x| x / years).collect();
        let operators: Vec<f64> = faults
            .most_operators
            .iter()
            .map(|k| f64::from(*k))
            .collect();
        Self {
            loss_rate: mean(&rates, "1/year"),
            loss_rate_stated: stated(plan),
            tail_share: Measure {
                estimate: nonnegative(tail::expected_shortfall(
                    &sorted(&faults.lost_share),
                    TAIL,
                    confidence,
                )),
                unit: "1",
                method: Method::Shortfall,
            },
            quantile_share: at_level(&faults.lost_share),
            touched: mean(&faults.touched_share, "1"),
            largest_event_share: at_level(&faults.largest_event_share),
            most_operators: at_level(&operators),
            operators: plan.operators(),
        }
    }
}

/// Σ rate · penalty of one that fails alone.
fn stated(plan: &HonestPlan) -> f64 {
    let n = plan.operators() as u64;
    // What the set holds of each part.
    let held: Vec<f64> = (0..plan.parts)
        .map(|part| plan.shares.iter().skip(part).step_by(plan.parts).sum())
        .collect();
    let penalty = |kind: &FaultKind| match &kind.penalties[..] {
        [one] => one.share(1, n),
        each => each
            .iter()
            .zip(&held)
            .map(|(p, held)| p.share(1, n) * held)
            .sum(),
    };
    plan.kinds
        .iter()
        .map(|kind| kind.per_year * penalty(kind))
        .sum()
}
