//! What holds a design where it is: each constraint lifted alone, on the same random numbers.
//!
//! The constraint whose lifting saves most of the budget is the binding one, among those that the
//! service, its contracts or its operators can move: how often accidents happen or what software
//! costs is listed, and binds nobody. What has no natural end (a threshold, an own share, a cap)
//! is moved by a tenth.

use super::budget::Budget;
use super::evaluate::Evaluator;
use super::liveness::{Liveness, liveness, signs, signs_at};
use super::operators::Books;
use super::shape;
use crate::economics::supply::BindingSide;
use crate::random::Seed;
use crate::spec::Parameters;
use crate::spec::model::{
    Attack, Choice, Detection, Deterrence, Extraction, Fault, Model, Offence, Takes,
};
use crate::spec::panel::Change;
use crate::units::{Days, Share, Usd, UsdPerYear};
use serde::Serialize;
use std::collections::BTreeMap;

/// One constraint and what its lifting would save.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lever {
    /// What it is.
    pub knob: Knob,
    /// Name of the offence that it belongs to, if any.
    pub offence: Option<String>,
    /// Its value in the design, in [`Self::unit`].
    pub from: f64,
    /// The value tried.
    pub to: f64,
    /// Unit of both.
    pub unit: &'static str,
    /// Stake that the same risk needs then, USD.
    pub stake_usd: f64,
    /// Budget that it needs then, USD a year.
    pub budget_usd_year: f64,
    /// Budget saved, USD a year.
    pub saving_usd_year: f64,
    /// Whether somebody who designs or runs the service can move it: accidents and operators'
    /// costs are the world's.
    pub controllable: bool,
    /// Whether it can bind: it is controllable and holds the design where it is.
    pub constrains: bool,
    /// Stake that the same risk needs when the value is twice as bad, USD, where that makes sense.
    pub stake_if_twice_as_bad_usd: Option<f64>,
    /// Of the quorum threshold: who can stop the service by staying away, now and then.
    pub liveness: Option<[Liveness; 2]>,
}

/// The constraints that are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Knob {
    /// Time or probability of detection.
    Detection,
    /// Time to dispute.
    Dispute,
    /// Time to veto.
    VetoWindow,
    /// Probability of a wrong veto.
    Veto,
    /// Attribution of the fault to its signer.
    Attribution,
    /// Execution of the slash.
    Execution,
    /// Share of the slash that returns to the attacker.
    Recapture,
    /// Slash fraction.
    Slash,
    /// Accidental slashing of honest operators.
    Accidents,
    /// Share of the quorum that an attacker needs.
    Threshold,
    /// Operators' own share of the stake.
    OwnStake,
    /// Costs of the smallest operator that must be kept.
    OperatorCosts,
    /// Largest share of the stake that counts for one entity.
    EntityCap,
    /// Value that the service lets be at risk: a cap on deposits or on what one task can move.
    ValueCap,
    /// The most that one event lets leave.
    EventCap,
    /// Stake of its own that each operator must put in.
    OwnMinimum,
    /// Slashable stake.
    Stake,
    /// Stake that is delegated to the set.
    Delegation,
    /// The largest budget allowed.
    Budget,
    /// The fewest operators allowed.
    Operators,
    /// The tolerated risk: a weaker promise.
    Promise,
}

/// Least share of the weight that stops a service: with every signature asked for, one is enough.
const MIN_HALTS: f64 = 1e-3;

/// Whether the service, its contracts or its operators can move it.
fn controllable(knob: Knob) -> bool {
    !matches!(knob, Knob::Accidents | Knob::OperatorCosts)
}

/// A change of the model or of the design.
pub(super) struct Trial {
    pub(super) knob: Knob,
    pub(super) offence: Option<usize>,
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) unit: &'static str,
    constrains: bool,
    twice_as_bad: Option<f64>,
}

/// All levers of a design, the largest saving among the constraints first; `None` when
/// cancelled. `risk` is the level of risk at which stakes are compared.
#[must_use]
pub fn levers(
    evaluator: &Evaluator,
    design: &Parameters,
    base: &Budget,
    risk: f64,
    seed: Seed,
    paths: u64,
) -> Option<Vec<Lever>> {
    let model = evaluator.model();
    let reference = shape::price(evaluator, design, risk, seed, paths)?;
    let mut levers = Vec::new();
    for trial in trials(model, design) {
        let (changed, parameters) = apply(model, design, &trial, trial.to);
        let priced = with_model(evaluator, &changed, &trial, &parameters, risk, seed, paths)?;
        let stake_if_twice_as_bad_usd = match trial.twice_as_bad {
            None => None,
            Some(value) => {
                let (worse, parameters) = apply(model, design, &trial, value);
                Some(
                    with_model(evaluator, &worse, &trial, &parameters, risk, seed, paths)?
                        .parameters
                        .stake
                        .get(),
                )
            }
        };
        levers.push(Lever {
            knob: trial.knob,
            offence: trial
                .offence
                .map(|i| model.slashing.offences[i].name.clone()),
            from: trial.from,
            to: trial.to,
            unit: trial.unit,
            stake_usd: priced.parameters.stake.get(),
            budget_usd_year: priced.budget_usd_year,
            saving_usd_year: reference.budget_usd_year - priced.budget_usd_year,
            controllable: controllable(trial.knob),
            constrains: trial.constrains && controllable(trial.knob),
            stake_if_twice_as_bad_usd,
            liveness: (trial.knob == Knob::Threshold).then(|| {
                [
                    liveness(model, design, signs(model, trial.from)),
                    liveness(model, design, signs_at(model, design, trial.to)),
                ]
            }),
        });
    }
    if base.binding == BindingSide::Operators {
        let asks = smallest_asks(model, design, base);
        levers.push(Lever {
            knob: Knob::OperatorCosts,
            offence: None,
            from: asks,
            to: asks * base.stakers_usd_year / base.operators_usd_year,
            unit: "USD/year",
            stake_usd: design.stake.get(),
            budget_usd_year: base.stakers_usd_year,
            saving_usd_year: base.operators_usd_year - base.stakers_usd_year,
            controllable: false,
            constrains: false,
            stake_if_twice_as_bad_usd: None,
            liveness: None,
        });
    }
    levers.sort_by(|a, b| {
        b.constrains
            .cmp(&a.constrains)
            .then(b.saving_usd_year.total_cmp(&a.saving_usd_year))
    });
    Some(levers)
}

/// What the smallest operator that is kept asks for, USD a year.
fn smallest_asks(model: &Model, design: &Parameters, base: &Budget) -> f64 {
    let admitted = design.admitted(model);
    let pooled = design.stake.get() / f64::from(design.operators.max(1));
    let smallest = admitted.last().map_or(pooled, |last| last.stake.get());
    Books::of(model, design).asks_usd_year(smallest, base.gross_yield)
}

/// The design as it is priced under a trial's model, on the same random numbers.
pub(super) fn with_model(
    evaluator: &Evaluator,
    changed: &Model,
    trial: &Trial,
    parameters: &Parameters,
    risk: f64,
    seed: Seed,
    paths: u64,
) -> Option<shape::Candidate> {
    let rate_limited = |m: &Model| {
        m.value
            .attacks
            .iter()
            .any(|a| !matches!(a.extraction, Extraction::PerEvent))
    };
    // Only how much a slash burns has changed, so the curves are known but for their scale.
    let burned_only = match trial.knob {
        Knob::Threshold
        | Knob::OwnStake
        | Knob::OwnMinimum
        | Knob::EntityCap
        | Knob::ValueCap
        | Knob::EventCap => false,
        Knob::Detection => !rate_limited(changed),
        _ => true,
    };
    let other = if burned_only {
        evaluator.with_model(changed)
    } else {
        evaluator.afresh(changed)
    };
    let priced = shape::price(&other, parameters, risk, seed, paths);
    evaluator.count_work_of(&other);
    priced
}

pub(super) fn trials(model: &Model, design: &Parameters) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (index, offence) in model.slashing.offences.iter().enumerate() {
        if model
            .value
            .attacks
            .iter()
            .any(|attack| attack.offence == index)
        {
            let limited = rate_limited(model, index);
            trials.extend(offence_trials(index, offence, design, limited));
        }
        let accidents = offence.accidental.get();
        if accidents > 0.0 {
            trials.push(trial(
                Knob::Accidents,
                Some(index),
                accidents,
                0.0,
                "1/year",
                true,
            ));
        }
    }
    if model
        .value
        .attacks
        .iter()
        .any(|attack| attack.threshold.is_none())
    {
        let from = design.threshold.get();
        trials.push(trial(
            Knob::Threshold,
            None,
            from,
            (1.1 * from).min(1.0),
            "1",
            true,
        ));
    }
    if model.target.deterrence == Deterrence::OperatorRational {
        let from = model.operators.own_share.get();
        trials.push(trial(
            Knob::OwnStake,
            None,
            from,
            (1.1 * from).min(1.0),
            "1",
            true,
        ));
    }
    let from = model.value.at_risk.start.get();
    if model.value.attacks.iter().any(moves_with_value) {
        trials.push(trial(Knob::ValueCap, None, from, 0.9 * from, "USD", true));
    }
    // A cap below the largest entity's share spreads the stake; a tenth less of it.
    let mut entities: BTreeMap<usize, f64> = BTreeMap::new();
    for operator in design.admitted(model) {
        *entities.entry(operator.entity).or_insert(0.0) += operator.stake.get();
    }
    if entities.len() > 2 {
        let largest = entities.values().copied().fold(0.0, f64::max) / design.stake.get();
        let to = (0.9 * largest).max(1.0 / entities.len() as f64);
        if to < largest {
            trials.push(trial(Knob::EntityCap, None, largest, to, "1", true));
        }
    }
    trials
}

/// Whether a smaller value at risk is a smaller loot.
pub(super) fn moves_with_value(attack: &Attack) -> bool {
    attack.capped
        || matches!(
            attack.takes,
            Takes::ShareOfValue(_) | Takes::LognormalShare { .. }
        )
}

pub(super) fn trial(
    knob: Knob,
    offence: Option<usize>,
    from: f64,
    to: f64,
    unit: &'static str,
    constrains: bool,
) -> Trial {
    Trial {
        knob,
        offence,
        from,
        to,
        unit,
        constrains,
        twice_as_bad: None,
    }
}

/// Whether an attack that commits the offence extracts at a limited rate.
fn rate_limited(model: &Model, offence: usize) -> bool {
    model
        .value
        .attacks
        .iter()
        .any(|a| a.offence == offence && !matches!(a.extraction, Extraction::PerEvent))
}

fn offence_trials(
    index: usize,
    offence: &Offence,
    design: &Parameters,
    limited: bool,
) -> Vec<Trial> {
    let rule = design.offences[index];
    let at = Some(index);
    let mut trials = Vec::new();
    let mut share = |knob, from: f64, best: f64| {
        if (from - best).abs() > 1e-12 {
            trials.push(trial(knob, at, from, best, "1", true));
        }
    };
    share(Knob::Attribution, offence.attributable.get(), 1.0);
    share(Knob::Execution, offence.executes.get(), 1.0);
    share(Knob::Recapture, offence.recaptured.get(), 0.0);
    share(
        Knob::Veto,
        offence.veto.map_or(0.0, |veto| veto.probability.get()),
        0.0,
    );
    let own = offence.slash_by_asset.iter().map(|own| own.slash.get());
    share(Knob::Slash, own.fold(rule.slash.get(), f64::min), 1.0);
    match offence.detection {
        Detection::Probability(p) => share(Knob::Detection, p.get(), 1.0),
        Detection::Exponential { mean } => {
            let (from, twice_as_bad) = (mean.get(), Some(2.0 * mean.get()));
            // A rate limit needs some time to detection: a hundredth of what there is.
            let to = if limited { 0.01 * from } else { 0.0 };
            trials.push(Trial {
                twice_as_bad,
                ..trial(Knob::Detection, at, from, to, "days", true)
            });
            for (knob, days) in [
                (Knob::Dispute, rule.dispute.get()),
                (Knob::VetoWindow, rule.veto.get()),
            ] {
                if days > 0.0 {
                    trials.push(Trial {
                        twice_as_bad: Some(2.0 * days),
                        ..trial(knob, at, days, 0.0, "days", true)
                    });
                }
            }
        }
    }
    trials
}

/// The model and the design with the trial's knob at `value`.
pub(super) fn apply(
    model: &Model,
    design: &Parameters,
    trial: &Trial,
    value: f64,
) -> (Model, Parameters) {
    let (mut model, mut design) = (model.clone(), design.clone());
    if let Some(index) = trial.offence {
        let offence = &mut model.slashing.offences[index];
        let rule = &mut design.offences[index];
        match trial.knob {
            Knob::Detection => {
                offence.detection = match offence.detection {
                    Detection::Probability(_) => Detection::Probability(Share(value)),
                    Detection::Exponential { .. } => Detection::Exponential { mean: Days(value) },
                }
            }
            Knob::Dispute => rule.dispute = Days(value),
            Knob::VetoWindow => rule.veto = Days(value),
            Knob::Veto => {
                if let Some(veto) = &mut offence.veto {
                    veto.probability = Share(value);
                }
            }
            Knob::Attribution => offence.attributable = Share(value),
            Knob::Execution => offence.executes = Share(value),
            Knob::Recapture => offence.recaptured = Share(value),
            Knob::Slash => {
                let least = |slash: Share| Share(slash.get().max(value));
                rule.slash = least(rule.slash);
                for own in &mut offence.slash_by_asset {
                    own.slash = least(own.slash);
                }
            }
            Knob::Accidents => offence.accidental = crate::units::PerYear(value),
            _ => {}
        }
    }
    match trial.knob {
        Knob::Threshold => raise_threshold(&mut model, &mut design, value),
        Knob::EventCap => {
            for attack in &mut model.value.attacks {
                let most = attack.per_event.map_or(value, |now| now.get().min(value));
                attack.per_event = Some(Usd(most));
            }
        }
        Knob::OwnMinimum => {
            design.own_stake_minimum = Usd(value);
            model.operators.own_stake_minimum = Some(Choice::Fixed(Usd(value)));
        }
        Knob::Stake => design.stake = Usd(value),
        Knob::Budget => {
            let low = model.rewards.budget.low().get().min(value);
            model.rewards.budget = Choice::Search {
                low: UsdPerYear(low),
                high: UsdPerYear(value),
            };
        }
        Knob::Operators => {
            model.operators.count = Choice::Search {
                low: value as u32,
                high: model.operators.count.high(),
            };
        }
        Knob::Promise => model.target.at_most = Share(value),
        Knob::OwnStake => model.operators.own_share = Share(value),
        Knob::EntityCap => design.entity_cap = Share(value),
        Knob::ValueCap => {
            let change = Change {
                value_at_risk: value / model.value.at_risk.start.get(),
                ..Change::default()
            };
            change.apply(&mut model);
        }
        _ => {}
    }
    (model, design)
}

/// A higher threshold asks for more signatures, so that fewer can stop the service: an attack that
/// only stays away then needs no more than that.
fn raise_threshold(model: &mut Model, design: &mut Parameters, threshold: f64) {
    let halts = 1.0 - signs_at(model, design, threshold);
    for attack in &mut model.value.attacks {
        let stays_away = model.slashing.offences[attack.offence].fault == Fault::Liveness;
        if let Some(own) = attack.threshold.filter(|_| stays_away) {
            attack.threshold = Some(Share(own.get().min(halts.max(MIN_HALTS))));
        }
    }
    design.threshold = Share(threshold);
}
