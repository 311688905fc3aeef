//! Which uncertain input decides: Sobol indices of the stake and the budget that a promise needs.
//!
//! Inputs vary alone and together around the model's values, each by a lognormal factor; the
//! answer is played on the same random numbers for every sample of inputs, so that only inputs
//! make a difference.

use super::budget;
use super::evaluate::Evaluator;
use crate::random::{Purpose, Seed, Stream};
use crate::spec::Parameters;
use crate::spec::model::{Choice, Detection, Model, SupplyCurve, Takes};
use crate::stats::{Estimate, sensitivity};
use crate::units::{Days, PerYear, Usd};
use serde::Serialize;

/// Rounds of the bootstrap of the indices.
const ROUNDS: u32 = 400;

/// Which answer is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// Volatility of the collateral.
    Volatility,
    /// Value at risk and takes.
    ValueAtRisk,
    /// Mean time to detection.
    Detection,
    /// Rate of opportunities.
    Opportunities,
    /// Yield that the supply asks for.
    SupplyYield,
    /// Hazard of accidental slashing.
    Accidents,
}

/// The inputs, with the standard deviation of the logarithm of their factor.
pub const INPUTS: [(Input, f64); 6] = [
    (Input::Volatility, 0.2),
    (Input::ValueAtRisk, 0.3),
    (Input::Detection, 0.3),
    (Input::Opportunities, 0.5),
    (Input::SupplyYield, 0.3),
    (Input::Accidents, 0.7),
];

/// How much of the answer's variance one input explains.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Influence {
    /// The input.
    pub input: Input,
    /// Standard deviation of the logarithm of its factor.
    pub log_sd: f64,
    /// Share of the variance of the logarithm of the needed stake that it explains alone.
    pub stake_alone: Estimate,
    /// The same with all its interactions.
    pub stake_total: Estimate,
    /// Share of the variance of the logarithm of the budget that it explains alone.
    pub budget_alone: Estimate,
    /// The same with all its interactions.
    pub budget_total: Estimate,
}

/// Sobol indices from `rows` samples of the inputs, each played with `paths` paths;
/// `rows · (inputs + 2)` ensembles. `None` when cancelled. The largest influence on the budget
/// comes first.
#[must_use]
pub fn influences(
    evaluator: &Evaluator,
    design: &Parameters,
    seed: Seed,
    rows: usize,
    paths: u64,
) -> Option<Vec<Influence>> {
    let confidence = evaluator.model().target.confidence.get();
    let draw = |sample: usize| -> Vec<[f64; INPUTS.len()]> {
        (0..rows as u64)
            .map(|row| {
                let mut stream = Stream::new(seed, Purpose::Other(sample), row);
                std::array::from_fn(|i| (INPUTS[i].1 * stream.normal()).exp())
            })
            .collect()
    };
    let (a, b) = (draw(0), draw(1));
    let answer = |factors: &[f64; INPUTS.len()]| answer(evaluator, design, factors, seed, paths);
    let at = |sample: &[[f64; INPUTS.len()]]| sample.iter().map(answer).collect::<Option<Vec<_>>>();
    let (at_a, at_b) = (at(&a)?, at(&b)?);
    let mut mixed = Vec::with_capacity(INPUTS.len());
    for input in 0..INPUTS.len() {
        let rows: Vec<[f64; INPUTS.len()]> = a
            .iter()
            .zip(&b)
            .map(|(a, b)| {
                let mut row = *a;
                row[input] = b[input];
                row
            })
            .collect();
        mixed.push(at(&rows)?);
    }
    let indices = |pick: fn(&(f64, f64)) -> f64| {
        let column = |answers: &[(f64, f64)]| answers.iter().map(pick).collect::<Vec<f64>>();
        let mixed: Vec<Vec<f64>> = mixed.iter().map(|m| column(m)).collect();
        sensitivity::sobol_indices(
            &column(&at_a),
            &column(&at_b),
            &mixed,
            ROUNDS,
            confidence,
            seed.0,
        )
    };
    let (stake, budget) = (indices(|x| x.0), indices(|x| x.1));
    let mut influences: Vec<Influence> = INPUTS
        .iter()
        .enumerate()
        .map(|(i, &(input, log_sd))| Influence {
            input,
            log_sd,
            stake_alone: stake[i].first,
            stake_total: stake[i].total,
            budget_alone: budget[i].first,
            budget_total: budget[i].total,
        })
        .collect();
    influences.sort_by(|x, y| y.budget_total.value.total_cmp(&x.budget_total.value));
    Some(influences)
}

/// Logarithms of the needed stake and of its budget under factors of the inputs.
fn answer(
    evaluator: &Evaluator,
    design: &Parameters,
    factors: &[f64; INPUTS.len()],
    seed: Seed,
    paths: u64,
) -> Option<(f64, f64)> {
    let mut model = evaluator.model().clone();
    for ((input, _), factor) in INPUTS.iter().zip(factors) {
        scale(&mut model, *input, *factor);
    }
    let other = evaluator.afresh(&model);
    let risk = model.target.at_most.get().max(8.0 / paths as f64);
    let stake = other.stake(design, seed, paths, risk)?;
    evaluator.count_work_of(&other);
    let parameters = design.with_stake(Usd(stake.max(1.0)));
    let budget = budget::required(&model, &parameters).map_or(f64::MAX, |b| b.usd_year);
    Some((stake.max(1.0).ln(), budget.max(1.0).ln()))
}

fn scale(model: &mut Model, input: Input, factor: f64) {
    match input {
        Input::Volatility => {
            for asset in &mut model.market.assets {
                asset.volatility = PerYear(asset.volatility.get() * factor);
            }
        }
        Input::ValueAtRisk => {
            model.value.at_risk.start = Usd(model.value.at_risk.start.get() * factor);
            for attack in &mut model.value.attacks {
                attack.takes = match attack.takes {
                    Takes::Usd(usd) => Takes::Usd(Usd(usd.get() * factor)),
                    Takes::LognormalUsd { median, sigma } => Takes::LognormalUsd {
                        median: Usd(median.get() * factor),
                        sigma,
                    },
                    share => share,
                };
            }
        }
        Input::Detection => {
            for offence in &mut model.slashing.offences {
                if let Detection::Exponential { mean } = &mut offence.detection {
                    *mean = Days(mean.get() * factor);
                }
            }
        }
        Input::Opportunities => {
            use crate::spec::model::Chance;
            for attack in &mut model.value.attacks {
                if let Chance::Rate(rate) = &mut attack.chance {
                    *rate = PerYear(rate.get() * factor);
                }
            }
        }
        Input::SupplyYield => match &mut model.supply.curve {
            SupplyCurve::ConstantElasticity { at_yield, .. } => {
                *at_yield = PerYear(at_yield.get() * factor);
            }
            SupplyCurve::Logistic { midpoint, .. } => *midpoint = PerYear(midpoint.get() * factor),
            SupplyCurve::Steps(steps) => {
                for (asked, _) in steps {
                    *asked = PerYear(asked.get() * factor);
                }
            }
        },
        Input::Accidents => {
            for offence in &mut model.slashing.offences {
                offence.accidental = PerYear(offence.accidental.get() * factor);
            }
        }
    }
    model.operators.count = Choice::Fixed(model.operators.count.high());
}
