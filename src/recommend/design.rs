//! The design in a reader's terms: every number with its interval, its unit and its reason.

use super::budget;
use super::curve::RiskCurve;
use super::feasible::delegated_usd;
use super::shape::Shape;
use super::types::{Design, Figure, MixShare, OffenceDesign, Origin, Promise};
use crate::spec::Parameters;
use crate::spec::model::{Choice, Deterrence, Model, Structure};
use crate::spec::parameters::{EXIT_WINDOW, allocated_stake};
use crate::units::Usd;
use std::collections::BTreeMap;

/// Candidates within this share of the cheapest span the interval of a searched knob.
const AS_GOOD: f64 = 0.01;
/// Level of the interval of the stake: wide enough that another seed's answer lies in it.
pub const STAKE_CONFIDENCE: f64 = 0.99;

/// Describes a design; `(low, high)` is the interval of its stake, USD.
#[must_use]
pub fn describe(
    model: &Model,
    shape: &Shape,
    (low, high): (f64, f64),
    parameters: &Parameters,
    budget_usd_year: f64,
    closed_form: Option<f64>,
) -> Design {
    let stake = parameters.stake.get();
    let at = |stake_usd: f64| {
        let mut other = parameters.with_stake(Usd(stake_usd));
        other.minimum_stake = Usd(0.0);
        budget::required(model, &other).map_or(f64::INFINITY, |b| b.usd_year)
    };
    let (budget_low, budget_high) = (at(low).min(budget_usd_year), at(high).max(budget_usd_year));
    Design {
        stake: Figure {
            value: stake,
            low,
            high,
            unit: "USD",
            origin: Origin::Searched,
            why: format!(
                "the stake that fresh paths certify; the interval runs from the smallest stake that may keep the \
                 promise to the largest that another seed would ask for ({:.0} % confidence)",
                100.0 * STAKE_CONFIDENCE
            ),
        },
        allocation: allocation(model, parameters, low, high),
        stake_today_usd: allocated_stake(model).get(),
        stake_closed_form_usd: closed_form,
        budget: Figure {
            value: budget_usd_year,
            low: budget_low,
            high: budget_high,
            unit: "USD/year",
            origin: origin(model.rewards.budget),
            why: "the larger of what stakers' yield and operators' costs ask for, at the ends of the stake's interval"
                .to_owned(),
        },
        gross_yield: Figure {
            value: budget_usd_year / stake,
            low: (budget_low / low).min(budget_high / high).min(budget_usd_year / stake),
            high: (budget_low / low).max(budget_high / high).max(budget_usd_year / stake),
            unit: "1/year",
            origin: Origin::Derived,
            why: "budget over stake".to_owned(),
        },
        threshold: searched(model.operators.threshold, shape, parameters, "1", |p| p.threshold.get()),
        operators: operators(model, parameters, low, high),
        minimum_stake: minimum_stake(model, parameters, (low, budget_low), (high, budget_high)),
        own_stake_minimum: model.operators.own_stake_minimum.map(|choice| {
            searched(choice, shape, parameters, "USD", |p| {
                p.own_stake_minimum.get()
            })
        }),
        entity_cap: entity_cap(model, shape, parameters),
        mix: mix(model, shape, parameters),
        offences: offences(model, shape, parameters),
    }
}

/// From the smallest stake that may keep the promise to the largest that another seed would ask
/// for: order statistics of the exploration at the tolerated risk and at the risk of the stake
/// chosen.
#[must_use]
pub fn stake_interval(model: &Model, explored: &RiskCurve, stake: f64) -> (f64, f64) {
    let wide = explored.at_confidence(STAKE_CONFIDENCE);
    let needed = wide.stake(model.target.at_most.get());
    let chosen_risk = wide.risk(stake).value.max(1.0 / wide.paths() as f64);
    let chosen = wide.stake(chosen_risk);
    let low = if needed.low.is_finite() {
        needed.low.min(stake)
    } else {
        stake
    };
    (low, chosen.high.max(stake))
}

fn allocation(model: &Model, parameters: &Parameters, low: f64, high: f64) -> Option<Figure> {
    let delegated = delegated_usd(model, parameters)?;
    Some(Figure {
        value: parameters.stake.get() / delegated,
        low: low / delegated,
        high: high / delegated,
        unit: "1",
        origin: Origin::Derived,
        why: "stake over all that is delegated to the admitted operators".to_owned(),
    })
}

fn operators(model: &Model, parameters: &Parameters, low: f64, high: f64) -> Figure {
    let count = |stake_usd: f64| {
        let other = Parameters {
            minimum_stake: Usd(0.0),
            ..parameters.with_stake(Usd(stake_usd))
        };
        f64::from(budget::affordable_operators(model, &other))
    };
    let value = f64::from(parameters.operators);
    Figure {
        value,
        low: count(low).min(value),
        high: count(high).max(value),
        unit: "operators",
        origin: origin(model.operators.count),
        why: match model.operators.structure {
            Structure::Pooled { .. } => "pooled stake names no operators".to_owned(),
            Structure::Entities(_) => {
                "the largest ones, as many as the budget that stakers ask for also pays".to_owned()
            }
        },
    }
}

fn minimum_stake(
    model: &Model,
    parameters: &Parameters,
    low: (f64, f64),
    high: (f64, f64),
) -> Figure {
    let value = parameters.minimum_stake.get();
    let at =
        |(stake, budget): (f64, f64)| budget::break_even_stake(model, parameters, stake, budget);
    Figure {
        value,
        low: at(low).min(at(high)).min(value),
        high: at(low).max(at(high)).max(value),
        unit: "USD",
        origin: if model.operators.minimum_stake.is_some() {
            Origin::Given
        } else {
            Origin::Derived
        },
        why: "stake at which an operator's share of the rewards pays its costs, rounded down"
            .to_owned(),
    }
}

/// The smallest cap that leaves the set as it is: the largest entity's share, rounded up. A cap
/// that so few entities cannot keep (nine of at most 5 % are less than the whole) is not one.
fn entity_cap(model: &Model, shape: &Shape, parameters: &Parameters) -> Figure {
    let mut stakes: BTreeMap<usize, f64> = BTreeMap::new();
    for admitted in parameters.admitted(model) {
        *stakes.entry(admitted.entity).or_insert(0.0) += admitted.stake.get();
    }
    let largest = stakes.values().copied().fold(0.0, f64::max) / parameters.stake.get();
    let cap = parameters.entity_cap.get();
    if cap < 1.0 && largest > cap * (1.0 + 1e-6) {
        return levelled(largest, stakes.len(), cap);
    }
    if model.operators.entity_cap.is_searched() {
        return searched(model.operators.entity_cap, shape, parameters, "1", |p| {
            p.entity_cap.get()
        });
    }
    let threshold = parameters.threshold.get();
    let rounded = ((largest * 100.0).ceil() / 100.0).min(1.0);
    let (value, why) = if stakes.is_empty() {
        (
            parameters.entity_cap.get(),
            "pooled stake names no entities".to_owned(),
        )
    } else if parameters.entity_cap.get() < 1.0 {
        (
            parameters.entity_cap.get(),
            "the cap that the design plays".to_owned(),
        )
    } else if largest >= threshold {
        (
            rounded,
            "the largest entity reaches the threshold alone: cap it below the threshold".to_owned(),
        )
    } else {
        (
            rounded,
            "the largest entity's share, rounded up: what the certificate rests on".to_owned(),
        )
    };
    Figure {
        value,
        low: largest.min(value),
        high: threshold.max(value),
        unit: "1",
        origin: Origin::Derived,
        why,
    }
}

/// The cap of a set whose entities end equal, because they are too few for the one asked.
fn levelled(largest: f64, entities: usize, asked: f64) -> Figure {
    Figure {
        value: ((largest * 1000.0).ceil() / 1000.0).min(1.0),
        low: largest,
        high: 1.0,
        unit: "1",
        origin: Origin::Derived,
        why: format!(
            "{entities} entities cannot keep a cap of {:.1} %: with equal stakes each holds this",
            100.0 * asked
        ),
    }
}

/// Shares of the stake by asset, where the file says anything about them.
fn mix(model: &Model, shape: &Shape, parameters: &Parameters) -> Vec<MixShare> {
    parameters
        .mix
        .iter()
        .zip(&model.market.assets)
        .zip(&model.operators.mix)
        .enumerate()
        .map(|(index, ((share, asset), choice))| MixShare {
            asset: asset.symbol.clone(),
            share: match choice {
                Some(choice) => searched(*choice, shape, parameters, "1", |p| {
                    p.mix.get(index).map_or(0.0, |share| share.get())
                }),
                None => Figure {
                    value: share.get(),
                    low: share.get(),
                    high: share.get(),
                    unit: "1",
                    origin: Origin::Derived,
                    why: "its part of the rest, as operators hold it".to_owned(),
                },
            },
        })
        .collect()
}

fn offences(model: &Model, shape: &Shape, parameters: &Parameters) -> Vec<OffenceDesign> {
    model
        .slashing
        .offences
        .iter()
        .enumerate()
        .map(|(index, offence)| {
            let rule = parameters.offences[index];
            let veto = rule.veto.get();
            OffenceDesign {
                name: offence.name.clone(),
                slash: searched(offence.slash, shape, parameters, "1", |p| {
                    p.offences[index].slash.get()
                }),
                slash_by_asset: offence.slash_by_asset.clone(),
                dispute: searched(offence.dispute, shape, parameters, "days", |p| {
                    p.offences[index].dispute.get()
                }),
                veto: match offence.veto {
                    Some(committee) => searched(committee.window, shape, parameters, "days", |p| {
                        p.offences[index].veto.get()
                    }),
                    None => Figure {
                        value: veto,
                        low: veto,
                        high: veto,
                        unit: "days",
                        origin: Origin::Given,
                        why: "there is no committee".to_owned(),
                    },
                },
                lands: rule.lands(offence).get(),
                detection_window_days: (EXIT_WINDOW.get() - rule.delay().get()).max(0.0),
            }
        })
        .collect()
}

/// A knob with the span of values that cost about the same.
fn searched<T: Copy>(
    choice: Choice<T>,
    shape: &Shape,
    parameters: &Parameters,
    unit: &'static str,
    of: impl Fn(&Parameters) -> f64,
) -> Figure {
    let value = of(parameters);
    if !choice.is_searched() {
        let why = "as the model file says".to_owned();
        return Figure {
            value,
            low: value,
            high: value,
            unit,
            origin: Origin::Given,
            why,
        };
    }
    let cheapest = shape
        .finalists
        .first()
        .map_or(f64::INFINITY, |c| c.budget_usd_year);
    let (mut low, mut high) = (value, value);
    for candidate in &shape.finalists {
        if candidate.budget_usd_year <= cheapest * (1.0 + AS_GOOD) {
            low = low.min(of(&candidate.parameters));
            high = high.max(of(&candidate.parameters));
        }
    }
    let why = format!(
        "the cheapest of the range; the interval costs at most {:.0} % more",
        100.0 * AS_GOOD
    );
    Figure {
        value,
        low,
        high,
        unit,
        origin: Origin::Searched,
        why,
    }
}

fn origin<T: Copy>(choice: Choice<T>) -> Origin {
    if choice.is_searched() {
        Origin::Searched
    } else {
        Origin::Given
    }
}

/// The promise of a model, also as a sentence.
#[must_use]
pub fn promise(model: &Model) -> Promise {
    let target = &model.target;
    let days = target.insecure_within.get();
    let (at_most, confidence) = (target.at_most.get(), target.confidence.get());
    let cost = match target.deterrence {
        Deterrence::WholeStake => "the cheapest coalition's slashable stake",
        Deterrence::OperatorRational => "what the operators themselves lose",
    };
    Promise {
        within_days: days,
        at_most,
        confidence,
        deterrence: target.deterrence,
        monitoring: model.simulation.monitoring,
        sentence: format!(
            "with {} confidence, an attack pays more than it costs ({cost}) at some moment within {days} days with \
             probability at most {}",
            percent(confidence),
            percent(at_most)
        ),
    }
}

/// A share as a percentage without superfluous digits.
fn percent(share: f64) -> String {
    let rounded = (share * 1e10).round() / 1e8;
    format!("{rounded} %")
}
