//! Which uncertain input decides: Sobol indices of the stake and the budget that a promise needs.
//!
//! Inputs vary alone and together around the model's values, each by a lognormal factor; the
//! answer is played on the same random numbers for every sample of inputs, so that only inputs
//! make a difference.

use super::budget;
use super::evaluate::Evaluator;
use crate::random::{Purpose, Seed, Stream};
use crate::spec::Parameters;
use crate::spec::model::{Choice, Detection, Extraction, Model, SupplyCurve, Takes};
use crate::spec::panel::Uncertainty;
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

/// The inputs that vary.
pub const INPUTS: [Input; 6] = [
    Input::Volatility,
    Input::ValueAtRisk,
    Input::Detection,
    Input::Opportunities,
    Input::SupplyYield,
    Input::Accidents,
];

/// Standard deviation of the logarithm of an input's factor: the model's own spread where it has
/// one, else a rule of thumb.
#[must_use]
pub fn spread(model: &Model, input: Input) -> f64 {
    let own = &model.uncertainty;
    let (given, otherwise) = match input {
        Input::Volatility => (own.volatility, 0.2),
        Input::ValueAtRisk => (own.value_at_risk.max(own.takes), 0.3),
        Input::Detection => (own.detection, 0.3),
        Input::Opportunities => (own.opportunities, 0.5),
        Input::SupplyYield => (0.0, 0.3),
        Input::Accidents => (0.0, 0.7),
    };
    if given > 0.0 { given } else { otherwise }
}

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

/// Sobol indices from `rows` samples of the inputs, each played with `paths` paths. Inputs that
/// move no price and no take reuse what the sample beside them played. `None` when cancelled.
/// The largest influence on the budget comes first.
#[must_use]
pub fn influences(
    evaluator: &Evaluator,
    design: &Parameters,
    seed: Seed,
    rows: usize,
    paths: u64,
) -> Option<Vec<Influence>> {
    let base = evaluator.model();
    let confidence = base.target.confidence.get();
    let spreads = INPUTS.map(|input| spread(base, input));
    let draw = |sample: usize, row: usize| -> [f64; INPUTS.len()] {
        let mut stream = Stream::new(seed, Purpose::Other(sample), row as u64);
        spreads.map(|spread| (spread * stream.normal()).exp())
    };
    let (mut at_a, mut at_b) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
    let mut mixed = vec![Vec::with_capacity(rows); INPUTS.len()];
    for row in 0..rows {
        let (a, b) = (draw(0, row), draw(1, row));
        let (model_a, model_b) = (scaled(base, &a), scaled(base, &b));
        let (of_a, of_b) = (evaluator.afresh(&model_a), evaluator.afresh(&model_b));
        at_a.push(answer(&of_a, design, seed, paths)?);
        at_b.push(answer(&of_b, design, seed, paths)?);
        for (index, input) in INPUTS.into_iter().enumerate() {
            let mut factors = a;
            factors[index] = b[index];
            let model = scaled(base, &factors);
            let other = if replayed(input, base) {
                evaluator.afresh(&model)
            } else {
                of_a.with_model(&model)
            };
            mixed[index].push(answer(&other, design, seed, paths)?);
            evaluator.count_work_of(&other);
        }
        evaluator.count_work_of(&of_a);
        evaluator.count_work_of(&of_b);
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
        .into_iter()
        .enumerate()
        .map(|(i, input)| Influence {
            input,
            log_sd: spreads[i],
            stake_alone: stake[i].first,
            stake_total: stake[i].total,
            budget_alone: budget[i].first,
            budget_total: budget[i].total,
        })
        .collect();
    influences.sort_by(|x, y| y.budget_total.value.total_cmp(&x.budget_total.value));
    Some(influences)
}

/// Logarithms of the needed stake and of its budget.
fn answer(
    evaluator: &Evaluator,
    design: &Parameters,
    seed: Seed,
    paths: u64,
) -> Option<(f64, f64)> {
    let model = evaluator.model();
    let risk = model.target.at_most.get().max(8.0 / paths as f64);
    let stake = evaluator.stake(design, seed, paths, risk)?;
    let parameters = design.with_stake(Usd(stake.max(1.0)));
    let budget = budget::required(model, &parameters).map_or(f64::MAX, |b| b.usd_year);
    Some((stake.max(1.0).ln(), budget.max(1.0).ln()))
}

/// Whether an input moves what is played, and not only its price or how often a slash lands.
fn replayed(input: Input, model: &Model) -> bool {
    let limited = model
        .value
        .attacks
        .iter()
        .any(|attack| matches!(attack.extraction, Extraction::RateLimited { .. }));
    match input {
        Input::Volatility | Input::ValueAtRisk | Input::Opportunities => true,
        Input::Detection => limited,
        Input::SupplyYield | Input::Accidents => false,
    }
}

/// The model with its inputs at a sample; nothing else about it stays uncertain.
fn scaled(base: &Model, factors: &[f64; INPUTS.len()]) -> Model {
    let mut model = base.clone();
    model.uncertainty = Uncertainty::default();
    for (input, factor) in INPUTS.into_iter().zip(factors) {
        scale(&mut model, input, *factor);
    }
    model
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
                    Takes::ParetoUsd(law) => Takes::ParetoUsd(law.scaled(factor)),
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
