//! From a wanted stake to a design within the model's ranges, or to the constraint in its way.

use super::budget;
use super::curve::RiskCurve;
use super::types::{Constraint, Infeasible};
use crate::spec::Parameters;
use crate::spec::model::{Choice, Deterrence, Model, Structure};
use crate::units::{Usd, UsdPerYear};

/// A design within the ranges; the nearest one when none keeps the promise.
pub struct Settled {
    /// The design.
    pub parameters: Parameters,
    /// The constraint in the way, if there is one.
    pub infeasible: Option<Infeasible>,
}

/// Gives `shape` the stake `wanted_usd`, the budget that brings it, the operators that the
/// budget keeps and the minimum stake that pays them.
#[must_use]
pub fn settle(model: &Model, shape: &Parameters, wanted_usd: f64, explored: &RiskCurve) -> Settled {
    let (low, high) = (
        model.rewards.budget.low().get(),
        model.rewards.budget.high().get(),
    );
    if !wanted_usd.is_finite() || wanted_usd <= 0.0 {
        return never(model, shape, explored, high);
    }
    let mut wanted = wanted_usd;
    // A budget that is spent anyway brings its stake: more than needed does no harm.
    wanted = wanted.max(budget::stake_for(model, shape, low));
    if let Some(delegated) = delegated_usd(model, shape) {
        if wanted_usd > delegated {
            return nearest(
                model,
                shape,
                explored,
                delegated.min(affordable(model, shape, high)),
                Violation {
                    constraint: Constraint::DelegatedStake,
                    allowed: delegated,
                    needed: wanted_usd,
                    unit: "USD",
                    relax: "admit operators with more delegated stake, raise the slash fraction or the threshold, \
                        or cap what an attack can take",
                },
            );
        }
        wanted = wanted.min(delegated);
    }
    let parameters = with_stake(model, shape, wanted);
    let Some(needed) = budget::required(model, &parameters) else {
        return nearest(
            model,
            shape,
            explored,
            affordable(model, shape, high),
            Violation {
                constraint: Constraint::Supply,
                allowed: budget::stake_for(model, shape, high),
                needed: wanted_usd,
                unit: "USD",
                relax: "no yield on the supply curve brings the stake: widen the supply, or cap what an attack can take",
            },
        );
    };
    if needed.usd_year > high * (1.0 + 1e-9) {
        return nearest(
            model,
            shape,
            explored,
            affordable(model, shape, high),
            Violation {
                constraint: Constraint::Budget,
                allowed: high,
                needed: needed.usd_year,
                unit: "USD/year",
                relax: "allow a larger reward budget, fewer operators where their costs decide, or a smaller value at risk",
            },
        );
    }
    if parameters.operators < model.operators.count.low() {
        let allowed = f64::from(parameters.operators);
        return nearest(
            model,
            shape,
            explored,
            wanted,
            Violation {
                constraint: Constraint::OperatorCount,
                allowed,
                needed: f64::from(model.operators.count.low()),
                unit: "operators",
                relax: "choose a set with more operators, or ask for fewer",
            },
        );
    }
    Settled {
        parameters: finish(model, parameters, low),
        infeasible: None,
    }
}

/// The constraint in the way and what to do about it.
struct Violation {
    constraint: Constraint,
    allowed: f64,
    needed: f64,
    unit: &'static str,
    relax: &'static str,
}

fn nearest(
    model: &Model,
    shape: &Parameters,
    explored: &RiskCurve,
    stake_usd: f64,
    violation: Violation,
) -> Settled {
    let parameters = with_stake(model, shape, stake_usd);
    let risk = explored.risk(parameters.stake.get()).value;
    let low = model.rewards.budget.low().get();
    let high = model.rewards.budget.high().get();
    let mut parameters = finish(model, parameters, low);
    parameters.budget = UsdPerYear(parameters.budget.get().min(high));
    Settled {
        parameters,
        infeasible: Some(Infeasible {
            constraint: violation.constraint,
            allowed: violation.allowed,
            needed: violation.needed,
            unit: violation.unit,
            nearest_risk: risk,
            relax: violation.relax.to_owned(),
        }),
    }
}

/// No stake is enough: slashes do not land, or operators lose too little of their own.
fn never(model: &Model, shape: &Parameters, explored: &RiskCurve, budget_usd_year: f64) -> Settled {
    let rational = model.target.deterrence == Deterrence::OperatorRational;
    let lands = model
        .value
        .attacks
        .iter()
        .map(|attack| shape.burned_share(model, attack).get())
        .fold(f64::INFINITY, f64::min);
    let stake = affordable(model, shape, budget_usd_year);
    let violation = if rational && lands > 0.0 {
        Violation {
            constraint: Constraint::OwnStake,
            allowed: model.operators.own_share.get(),
            needed: f64::INFINITY,
            unit: "1",
            relax: "ask operators for more stake of their own, or count on more than what operators themselves lose",
        }
    } else if takes_nothing(model, shape) {
        Violation {
            constraint: Constraint::Slash,
            allowed: 0.0,
            needed: f64::INFINITY,
            unit: "1",
            relax: "slash more than nothing, or leave the share to the search: slash = { search = [\"10 %\", \"100 %\"] }; \
                    and let no more of it return to the attacker than operators lose",
        }
    } else {
        Violation {
            constraint: Constraint::SlashLanding,
            allowed: lands,
            needed: f64::INFINITY,
            unit: "1",
            relax: "shorten detection, dispute or veto so that a slash lands before the stake can leave, \
                    or make the fault attributable",
        }
    };
    nearest(model, shape, explored, stake, violation)
}

/// Whether some attack is punished by a slash that takes nothing for good, landed or not.
fn takes_nothing(model: &Model, shape: &Parameters) -> bool {
    model.value.attacks.iter().any(|attack| {
        let offence = &model.slashing.offences[attack.offence];
        shape.slash_of(model, attack).get() * (1.0 - offence.recaptured.get()) <= 0.0
    })
}

/// The stake that the largest budget brings while every needed operator breaks even.
fn affordable(model: &Model, shape: &Parameters, budget_usd_year: f64) -> f64 {
    let attracted = budget::stake_for(model, shape, budget_usd_year);
    delegated_usd(model, shape).map_or(attracted, |delegated| attracted.min(delegated))
}

fn with_stake(model: &Model, shape: &Parameters, stake_usd: f64) -> Parameters {
    let mut parameters = shape.with_stake(Usd(stake_usd.max(1.0)));
    parameters.operators = budget::affordable_operators(model, &parameters);
    let available = parameters.admitted(model).len() as u32;
    if let Structure::Entities(_) = model.operators.structure {
        parameters.operators = parameters.operators.min(available);
    }
    parameters
}

/// Budget and minimum stake for a design that is otherwise settled.
fn finish(model: &Model, mut parameters: Parameters, lowest_budget: f64) -> Parameters {
    let required = budget::required(model, &parameters).map_or(lowest_budget, |b| b.usd_year);
    parameters.budget = UsdPerYear(required.max(lowest_budget));
    let breaks_even = budget::break_even_stake(
        model,
        &parameters,
        parameters.stake.get(),
        parameters.budget.get(),
    );
    let (floor, ceiling) = match model.operators.minimum_stake {
        None => (0.0, f64::INFINITY),
        // A single value is the least that is asked; break-even may ask for more.
        Some(Choice::Fixed(least)) => (least.get(), f64::INFINITY),
        Some(Choice::Search { low, high }) => (low.get(), high.get()),
    };
    let smallest = parameters
        .admitted(model)
        .iter()
        .map(|a| a.stake.get())
        .fold(f64::INFINITY, f64::min);
    // Rounded down, and never above the smallest operator that was just admitted.
    parameters.minimum_stake = Usd(round_down(breaks_even.clamp(floor, ceiling)).min(smallest));
    parameters
}

/// Three significant digits, downwards.
fn round_down(value: f64) -> f64 {
    if value <= 0.0 || !value.is_finite() {
        return 0.0;
    }
    let unit = 10_f64.powf(value.log10().floor() - 2.0);
    (value / unit).floor() * unit
}

/// All that is delegated to the operators that a design admits, USD; none for pooled stake.
#[must_use]
pub fn delegated_usd(model: &Model, parameters: &Parameters) -> Option<f64> {
    let Structure::Entities(operators) = &model.operators.structure else {
        return None;
    };
    let admitted = parameters.admitted(model);
    let total: f64 = admitted
        .iter()
        .map(|a| operators[a.operator].delegated_usd)
        .sum();
    // A mix can take no more of an asset than operators hold of it.
    let allocate = model.operators.allocate.get();
    let by_asset = parameters
        .mix
        .iter()
        .enumerate()
        .filter(|(_, share)| share.get() > 0.0)
        .map(|(a, share)| {
            let price = model.market.assets[a].price.get();
            let held: f64 = admitted
                .iter()
                .map(|o| operators[o.operator].tokens[a] * price / allocate)
                .sum();
            held / share.get()
        });
    let most = by_asset.fold(total, f64::min);
    (most > 0.0).then_some(most)
}
