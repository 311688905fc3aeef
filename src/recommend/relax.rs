//! The smallest change of each single knob that would let a design keep its promise.
//!
//! An infeasible design is not a dead end: every knob that somebody can turn is turned alone, on the
//! random numbers of the search, until the promise holds within what the others allow, or to its
//! end, where "no value helps" is the answer. The same is asked of a design whose promise holds only
//! while delegators' stake deters: what would make it hold under what operators themselves lose.
//! Values are searched, not certified: write one into the model file and run it.

use super::budget;
use super::curve::RiskCurve;
use super::evaluate::{Evaluator, Span};
use super::feasible;
use super::levers::{self, Knob, Trial, trial, with_model};
use super::shape;
use super::types::Infeasible;
use crate::random::Seed;
use crate::sim::{Coalition, Record};
use crate::spec::Parameters;
use crate::spec::model::{Choice, Deterrence, Model, Structure};
use crate::stats::quantile;
use crate::units::Usd;
use serde::Serialize;

/// Values of a knob that are tried at most, its end included.
const TRIES: usize = 8;
/// How near to its limit, relative, a found value may leave a design.
const CLOSE: f64 = 0.01;
/// A gap that no value closes.
const HOPELESS: f64 = 1e3;
/// The least share of a sum that is tried.
const LEAST: f64 = 1e-3;
/// The largest multiple of a stake that is tried.
const MOST: f64 = 1e3;
/// Significant digits of a found value, rounded to the side where the promise holds.
const DIGITS: i32 = 3;

/// One knob, turned alone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Relaxation {
    /// The knob.
    pub knob: Knob,
    /// Name of the offence that it belongs to, if any.
    pub offence: Option<String>,
    /// Its value in the design, in [`Self::unit`]; none where there is no limit yet.
    pub from: Option<f64>,
    /// The value nearest to that with which the promise holds; none where no value helps.
    pub to: Option<f64>,
    /// The furthest value tried.
    pub tried_to: f64,
    /// Unit of the values.
    pub unit: &'static str,
    /// Slashable stake of the design then, USD.
    pub stake_usd: Option<f64>,
    /// Budget that it needs then, USD a year.
    pub budget_usd_year: Option<f64>,
}

/// How far a turned knob leaves the design from keeping its promise: at most zero keeps it.
struct Gap {
    log: f64,
    stake_usd: f64,
    budget_usd_year: Option<f64>,
}

/// What would make an infeasible design feasible, knob by knob, those that help first; `None` when
/// cancelled. `goal_usd` is the stake that the promise asks of `shape`, `nearest_at_most` what can
/// be promised of the nearest design.
#[must_use]
pub fn of_infeasible(
    evaluator: &Evaluator,
    shape: &Parameters,
    goal_usd: f64,
    nearest_at_most: f64,
    seed: Seed,
    paths: u64,
) -> Option<Vec<Relaxation>> {
    let model = evaluator.model();
    let risk = model.target.at_most.get();
    let base = evaluator.stake(shape, seed, paths, risk)?;
    // What a certificate asks for beyond the stake of the bare risk.
    let margin = if goal_usd.is_finite() && base.is_finite() && base > 0.0 {
        (goal_usd / base).clamp(1.0, 2.0)
    } else {
        1.05
    };
    let ask = |changed: &Model, parameters: &Parameters, trial: &Trial| -> Option<Gap> {
        let risk = changed.target.at_most.get();
        let priced = with_model(evaluator, changed, trial, parameters, risk, seed, paths)?;
        Some(shortfall(changed, parameters, &priced, margin))
    };
    let mut found = Vec::new();
    for trial in infeasible_trials(model, shape) {
        found.push(solve(model, shape, &trial, &ask)?);
    }
    if let Some(budget) = budget_alone(model, shape, margin * base) {
        found.push(budget);
    }
    if let Some(delegation) = delegation_alone(model, shape, margin * base) {
        found.push(delegation);
    }
    found.push(Relaxation {
        knob: Knob::Promise,
        offence: None,
        from: Some(risk),
        to: Some(rounded(nearest_at_most, Side::Up)).filter(|to| *to < 1.0),
        tried_to: nearest_at_most,
        unit: "1",
        stake_usd: None,
        budget_usd_year: None,
    });
    Some(ordered(found))
}

/// What would make `design` keep its promise as `rational` asks it, at the stake that it has; `None`
/// when cancelled. `allowed` is the share of insecure paths that a certificate would accept. The
/// coalition may take any share of an entity here, which is quick and never understates a value.
#[must_use]
pub fn of_deterrence(
    rational: &Evaluator,
    design: &Parameters,
    allowed: f64,
    seed: Seed,
    paths: u64,
) -> Option<Vec<Relaxation>> {
    let model = rational.model();
    let ask = |changed: &Model, parameters: &Parameters, _: &Trial| -> Option<Gap> {
        let other = rational.afresh(changed);
        let mut plan = other.plan(parameters, Span::Horizon);
        plan.record = Record::Critical;
        // Any share of an entity: never dearer than whole ones, so what holds here holds there.
        plan.coalition = Coalition::Pooled;
        let ensemble = other.play(&plan, seed, paths)?;
        rational.count_work_of(&other);
        let columns = ensemble
            .cost(other.cost())
            .expect("the plan asked for this cost");
        let mut scales = columns.critical_scale_horizon.clone();
        let rank = quantile::rank(scales.len(), 1.0 - allowed);
        let (_, scale, _) = scales.select_nth_unstable_by(rank - 1, f64::total_cmp);
        Some(Gap {
            log: scale.max(f64::MIN_POSITIVE).ln().min(HOPELESS),
            stake_usd: parameters.stake.get(),
            budget_usd_year: budget::required(changed, parameters).map(|b| b.usd_year),
        })
    };
    let mut found = Vec::new();
    for trial in deterrence_trials(model, design) {
        found.push(solve(model, design, &trial, &ask)?);
    }
    Some(ordered(found))
}

/// How far a priced design is from what the model allows: the largest of the logarithms of needed
/// over allowed budget, stake and count.
fn shortfall(model: &Model, turned: &Parameters, priced: &shape::Candidate, margin: f64) -> Gap {
    let stake = priced.parameters.stake.get() * margin;
    // A stake that stands where it was is one that no stake keeps secure.
    if !priced.budget_usd_year.is_finite() && priced.parameters.stake == turned.stake {
        return Gap {
            log: HOPELESS,
            stake_usd: stake,
            budget_usd_year: None,
        };
    }
    let parameters = priced.parameters.with_stake(Usd(stake));
    // Only the constraint is asked for; the risk of the nearest design is nobody's question here.
    let curve = RiskCurve::new(&[1.0], stake, model.target.confidence.get());
    let settled = feasible::settle(model, &parameters, stake, &curve);
    let budget = budget::required(model, &settled.parameters).map(|budget| budget.usd_year);
    let log = match &settled.infeasible {
        None => -CLOSE / 2.0,
        Some(Infeasible {
            allowed, needed, ..
        }) if needed.is_finite() && *allowed > 0.0 => {
            (needed / allowed).ln().abs().max(f64::EPSILON)
        }
        Some(_) => HOPELESS,
    };
    // Where it holds, how much is left says where to look next.
    let left = budget.map_or(0.0, |needed| {
        (needed / model.rewards.budget.high().get()).ln()
    });
    let held = feasible::delegated_usd(model, &settled.parameters)
        .map_or(f64::NEG_INFINITY, |all| (stake / all).ln());
    Gap {
        log: if settled.infeasible.is_none() {
            left.max(held).min(-f64::EPSILON)
        } else {
            log
        },
        stake_usd: stake,
        budget_usd_year: budget,
    }
}

/// The budget that the goal needs, if delegation and supply bring it.
fn budget_alone(model: &Model, shape: &Parameters, stake_usd: f64) -> Option<Relaxation> {
    let high = model.rewards.budget.high().get();
    let wide = with_budget(model, f64::MAX);
    let settled = stake_usd.is_finite().then(|| {
        let curve = RiskCurve::new(&[1.0], stake_usd, model.target.confidence.get());
        feasible::settle(&wide, shape, stake_usd, &curve)
    });
    let needed = settled
        .filter(|settled| settled.infeasible.is_none())
        .and_then(|settled| {
            let budget = budget::required(&wide, &settled.parameters)?;
            Some((budget.usd_year, settled.parameters.stake.get()))
        });
    if needed.is_some_and(|(budget, _)| budget <= high) {
        return None;
    }
    Some(Relaxation {
        knob: Knob::Budget,
        offence: None,
        from: Some(high),
        to: needed.map(|(budget, _)| rounded(budget, Side::Up)),
        tried_to: f64::MAX,
        unit: "USD/year",
        stake_usd: needed.map(|(_, stake)| stake),
        budget_usd_year: needed.map(|(budget, _)| budget),
    })
}

fn with_budget(model: &Model, high: f64) -> Model {
    let nothing = Parameters::reference(model);
    let turned = trial(Knob::Budget, None, high, high, "USD/year", true);
    levers::apply(model, &nothing, &turned, high).0
}

/// The delegated stake that the goal needs, if the budget pays for it; none where it is enough.
fn delegation_alone(model: &Model, shape: &Parameters, stake_usd: f64) -> Option<Relaxation> {
    let held = feasible::delegated_usd(model, shape)?;
    if stake_usd <= held {
        return None;
    }
    let parameters = shape.with_stake(Usd(stake_usd));
    let needed = stake_usd
        .is_finite()
        .then(|| budget::required(model, &parameters))
        .flatten()
        .map(|budget| budget.usd_year);
    let affordable = needed.filter(|needed| *needed <= model.rewards.budget.high().get());
    Some(Relaxation {
        knob: Knob::Delegation,
        offence: None,
        from: Some(held),
        to: affordable.map(|_| rounded(stake_usd, Side::Up)),
        tried_to: stake_usd,
        unit: "USD",
        stake_usd: affordable.map(|_| stake_usd),
        budget_usd_year: affordable,
    })
}

/// Knobs that may bring an infeasible design within its ranges, each to its end.
fn infeasible_trials(model: &Model, shape: &Parameters) -> Vec<Trial> {
    let mut trials: Vec<Trial> = levers::trials(model, shape)
        .into_iter()
        .filter(|trial| !matches!(trial.knob, Knob::Accidents | Knob::OperatorCosts))
        .map(|mut turned| {
            match turned.knob {
                Knob::Threshold | Knob::OwnStake => turned.to = 1.0,
                Knob::ValueCap => turned.to = LEAST * turned.from,
                Knob::EntityCap => turned.to = least_cap(model, shape),
                _ => {}
            }
            turned
        })
        .collect();
    trials.push(event_cap(model));
    if model.target.deterrence == Deterrence::OperatorRational {
        trials.push(own_minimum(model, shape));
    }
    let count = model.operators.count;
    if let (Choice::Search { low, .. }, Structure::Entities(_)) =
        (count, &model.operators.structure)
        && low > 1
    {
        let (from, to) = (f64::from(low), 1.0);
        trials.push(trial(Knob::Operators, None, from, to, "operators", true));
    }
    trials
}

/// Knobs that may make operators' own loss deter.
fn deterrence_trials(model: &Model, design: &Parameters) -> Vec<Trial> {
    let own = model.operators.own_share.get();
    let stake = design.stake.get();
    let mut trials = vec![event_cap(model), own_minimum(model, design)];
    if own < 1.0 {
        trials.push(trial(Knob::OwnStake, None, own, 1.0, "1", true));
    }
    if model.value.attacks.iter().any(levers::moves_with_value) {
        let from = model.value.at_risk.start.get();
        trials.push(trial(Knob::ValueCap, None, from, LEAST * from, "USD", true));
    }
    let most = feasible::delegated_usd(model, design).unwrap_or(MOST * stake);
    if most > stake {
        trials.push(trial(Knob::Stake, None, stake, most, "USD", true));
    }
    trials
}

/// A cap on one event, from what it can take now to a thousandth of the value at risk.
fn event_cap(model: &Model) -> Trial {
    let value = model.value.at_risk.start.get();
    let attacks = model.value.attacks.iter();
    let now = attacks
        .map(|attack| attack.per_event.map_or(f64::INFINITY, |most| most.get()))
        .fold(0.0, f64::max);
    let from = if now.is_finite() { now } else { value };
    trial(Knob::EventCap, None, from, LEAST * from, "USD", true)
}

/// Stake of its own of each operator, up to all that the smallest one has.
fn own_minimum(model: &Model, design: &Parameters) -> Trial {
    let admitted = design.admitted(model);
    let pooled = design.stake.get() / f64::from(design.operators.max(1));
    let smallest = admitted.last().map_or(pooled, |last| last.stake.get());
    let from = design.own_stake_minimum.get();
    trial(
        Knob::OwnMinimum,
        None,
        from,
        smallest.max(from),
        "USD",
        true,
    )
}

fn least_cap(model: &Model, design: &Parameters) -> f64 {
    let mut entities: Vec<usize> = design.admitted(model).iter().map(|o| o.entity).collect();
    entities.sort_unstable();
    entities.dedup();
    1.0 / entities.len().max(1) as f64
}

/// The value between a trial's ends that is nearest to the first and closes the gap.
fn solve(
    model: &Model,
    design: &Parameters,
    turned: &Trial,
    ask: &impl Fn(&Model, &Parameters, &Trial) -> Option<Gap>,
) -> Option<Relaxation> {
    let at = |value: f64| {
        let (changed, parameters) = levers::apply(model, design, turned, value);
        ask(&changed, &parameters, turned)
    };
    let (from, to) = (turned.from, turned.to);
    let unlimited = turned.knob == Knob::EventCap
        && model
            .value
            .attacks
            .iter()
            .any(|attack| attack.per_event.is_none());
    let none_asked = turned.knob == Knob::OwnMinimum && from <= 0.0;
    let relaxed = |to: Option<f64>, gap: Option<&Gap>| Relaxation {
        knob: turned.knob,
        offence: turned
            .offence
            .map(|index| model.slashing.offences[index].name.clone()),
        from: (!unlimited && !none_asked).then_some(from),
        to,
        tried_to: turned.to,
        unit: turned.unit,
        stake_usd: gap.map(|gap| gap.stake_usd),
        budget_usd_year: gap.and_then(|gap| gap.budget_usd_year),
    };
    let end = at(to)?;
    if end.log > 0.0 {
        return Some(relaxed(None, None));
    }
    // Sums are searched in proportion, shares and times in steps.
    let proportional = turned.unit.starts_with("USD") && from > 0.0 && to > 0.0;
    let place = |t: f64| {
        if proportional {
            from * (to / from).powf(t)
        } else {
            from + (to - from) * t
        }
    };
    let (mut short, mut held) = ((0.0, None::<f64>), (1.0, end));
    for _ in 1..TRIES {
        if held.1.log > -CLOSE && short.1.is_some() {
            break;
        }
        // Between a gap and what is left: where the line crosses, kept away from both ends.
        let share = match short.1 {
            Some(gap) if gap < HOPELESS => (gap / (gap - held.1.log)).clamp(0.1, 0.9),
            _ => 0.5,
        };
        let t = short.0 + (held.0 - short.0) * share;
        let gap = at(place(t))?;
        if gap.log > 0.0 {
            short = (t, Some(gap.log));
        } else {
            held = (t, gap);
        }
    }
    let side = if to > from { Side::Up } else { Side::Down };
    let value = rounded(place(held.0), side);
    let value = if to > from {
        value.min(to)
    } else {
        value.max(to)
    };
    Some(relaxed(Some(value), Some(&held.1)))
}

/// Those that help first, in the order in which they were tried.
fn ordered(mut found: Vec<Relaxation>) -> Vec<Relaxation> {
    found.sort_by_key(|one| one.to.is_none());
    found
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Up,
    Down,
}

/// Three significant digits, to one side.
fn rounded(value: f64, side: Side) -> f64 {
    if value <= 0.0 || !value.is_finite() {
        return value;
    }
    let unit = 10_f64.powi(value.log10().floor() as i32 - DIGITS + 1);
    let steps = value / unit;
    // What is within the float's crumbs of a step is that step.
    let whole = if (steps - steps.round()).abs() < 1e-9 {
        steps.round()
    } else if side == Side::Up {
        steps.ceil()
    } else {
        steps.floor()
    };
    whole * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_found_value_is_rounded_to_the_side_that_holds() {
        for (value, side, expected) in [
            (133_412_000.0, Side::Up, 134e6),
            (96.471e6, Side::Down, 96.4e6),
            (0.366_7, Side::Up, 0.367),
            (0.3, Side::Down, 0.3),
            (0.0, Side::Down, 0.0),
        ] {
            let found = rounded(value, side);
            assert!((found - expected).abs() <= 1e-12 * expected, "{found}");
        }
    }
}
