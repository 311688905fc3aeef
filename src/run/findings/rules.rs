//! Every knob of the slash rule as a row: what it costs, what it buys.
//!
//! A knob is turned ([`crate::assess::rules`]) and the design priced again: what it buys is the
//! stake that the same risk would need without it, and what it costs is in the budget beside
//! that. A knob is worth it when the design without it is dearer.

use super::Subject;
use super::headline::used;
use crate::assess::rules::{Baseline, Effect, Knob, Setting, Trial, Turn, trials};
use crate::assess::variants::{Moment, worst_moments};
use crate::recommend::budget;
use crate::report::findings::{SlashRule, Worth};
use crate::report::format;
use crate::sim::{self, Cost};
use crate::spec::model::Deterrence;
use crate::units::Usd;

/// Paths on which the needed stakes are compared.
const PATHS: u64 = 256;
/// Relative difference below which two numbers are told as equal.
const SAME: f64 = 1e-3;

pub(super) fn slash_rules(subject: &Subject) -> Vec<SlashRule> {
    let (model, design) = (subject.model, &subject.recommendation.parameters);
    let cost = match model.target.deterrence {
        Deterrence::WholeStake => Cost::WholeStake,
        Deterrence::OperatorRational => Cost::OperatorRational,
    };
    let plan = sim::compile(model, design);
    let moment = worst_moments(&plan, subject.ensemble, cost, 1)
        .pop()
        .unwrap_or_else(|| Moment::start(model));
    let baseline = Baseline::of(model, design, &moment, subject.ensemble, PATHS);
    let now = budget::required(model, design).map(|budget| budget.usd_year);
    trials(model, design)
        .iter()
        .map(|trial| row(subject, trial, &baseline.effect(trial), now))
        .collect()
}

fn row(subject: &Subject, trial: &Trial, effect: &Effect, now: Option<f64>) -> SlashRule {
    let model = subject.model;
    let same_stake = price(trial, None);
    let same_risk = effect
        .stake_ratio
        .and_then(|ratio| price(trial, Some(ratio)));
    let rule = match trial.offence {
        Some(index) => format!(
            "{}: {}",
            model.slashing.offences[index].name,
            name(trial.knob)
        ),
        None => name(trial.knob).to_owned(),
    };
    SlashRule {
        rule,
        setting: match trial.turn {
            Turn::Weakened => format!("{}; tried {}", written(trial.from), written(trial.to)),
            Turn::Added => format!("{}; tried {}", written(trial.from), written(trial.to)),
        },
        costs: costs(trial, now, same_stake),
        buys: buys(trial, effect, now, same_risk),
        worth: worth(trial, effect, now, same_risk),
        assumptions: used(subject, rests_on(trial.knob)),
    }
}

/// The budget of the trial at the design's stake, or at the stake that the same risk needs.
fn price(trial: &Trial, ratio: Option<f64>) -> Option<f64> {
    let stake = trial.parameters.stake.get() * ratio.unwrap_or(1.0);
    let parameters = trial.parameters.with_stake(Usd(stake));
    budget::required(&trial.model, &parameters).map(|budget| budget.usd_year)
}

fn costs(trial: &Trial, now: Option<f64>, then: Option<f64>) -> String {
    let burden = match trial.knob {
        Knob::Slash => "stakers ask for the risk of accidents",
        Knob::Detection => "watchers and proofs",
        Knob::Dispute => "days in which an exit can still escape",
        Knob::Veto => "days, and a just slash may be vetoed",
        Knob::Redistribution => "the recipient is fixed for ever; no native ETH, no EIGEN",
        Knob::RateLimit => "users wait when the limit binds",
        Knob::Threshold => "fewer operators can stop the service",
        Knob::OwnStake => "operators lock capital of their own",
        Knob::Correlation => "a fault that many share costs each of them more",
        Knob::Evidence => "somebody outside the quorum must be able to tell, and be paid to",
        Knob::Recipient => "whoever receives a slash may want one; the recipient is fixed for ever",
        Knob::PerEvent => "users split or wait for what is larger",
        Knob::OwnMinimum => "operators lock capital of their own at their discount rate",
        Knob::Vesting => "operators wait for their rewards at their discount rate",
    };
    let (Some(now), Some(then)) = (now, then) else {
        return burden.to_owned();
    };
    if (now - then).abs() <= SAME * now {
        return format!("{burden}; nothing in the budget at the same stake");
    }
    let direction = if now > then { "more" } else { "less" };
    format!(
        "{burden}; {} {direction} than as tried, at the same stake",
        format::usd_per_year((now - then).abs())
    )
}

fn buys(trial: &Trial, effect: &Effect, now: Option<f64>, same_risk: Option<f64>) -> String {
    let mut parts = Vec::new();
    // A difference that the written digits do not show is none to a reader.
    let moved = |(from, to): (f64, f64)| {
        (from - to).abs() > SAME * from.abs().max(to.abs()) && format::usd(from) != format::usd(to)
    };
    for (label, pair) in [
        ("the coalition's loss", effect.burned_usd),
        ("its operators' own loss", effect.operators_usd),
        ("the briber's price", effect.bribe_usd),
        ("the largest profit", effect.profit_usd),
        ("the uncovered harm", effect.uncovered_usd),
    ] {
        if moved(pair) {
            parts.push(format!(
                "{label} {} instead of {}",
                format::usd(pair.0),
                format::usd(pair.1)
            ));
        }
    }
    match effect.stake_ratio {
        Some(ratio) if (ratio - 1.0).abs() > SAME => {
            let priced = match (now, same_risk) {
                (Some(now), Some(then)) => format!(
                    " ({} instead of {})",
                    format::usd_per_year(now),
                    format::usd_per_year(then)
                ),
                _ => String::new(),
            };
            parts.push(format!(
                "as tried, the same paths need {} of the stake{priced}",
                format::share(ratio)
            ));
        }
        Some(_) => {}
        None => parts.push("as tried, no stake is enough".to_owned()),
    }
    if parts.is_empty() {
        "nothing at this design".to_owned()
    } else {
        let mut text = parts.join("; ");
        if trial.turn == Turn::Added {
            text.push_str(" (not in the design)");
        }
        text
    }
}

/// Kept when the design as tried is dearer at the same risk or leaves more harm uncovered.
fn worth(trial: &Trial, effect: &Effect, now: Option<f64>, same_risk: Option<f64>) -> Worth {
    if trial.turn == Turn::Added {
        return Worth::Neutral;
    }
    let Some(_) = effect.stake_ratio else {
        return Worth::Keep;
    };
    let harm_grows = effect.uncovered_usd.1 > effect.uncovered_usd.0 * (1.0 + SAME);
    let (Some(now), Some(then)) = (now, same_risk) else {
        return Worth::Neutral;
    };
    if then > now * (1.0 + SAME) {
        Worth::Keep
    } else if then < now * (1.0 - SAME) && !harm_grows {
        // Time to dispute and veto protect honest operators, which no price here shows: their
        // cost is told, the choice is not made for the reader.
        match trial.knob {
            Knob::Dispute | Knob::Veto => Worth::Neutral,
            _ => Worth::Drop,
        }
    } else if harm_grows || effect.lowest_cost_usd.1 < effect.lowest_cost_usd.0 * (1.0 - SAME) {
        Worth::Keep
    } else {
        Worth::Neutral
    }
}

fn name(knob: Knob) -> &'static str {
    match knob {
        Knob::Slash => "slash",
        Knob::Detection => "detection",
        Knob::Dispute => "dispute",
        Knob::Veto => "veto committee",
        Knob::Redistribution => "redistribution",
        Knob::RateLimit => "rate limit",
        Knob::Threshold => "quorum threshold",
        Knob::OwnStake => "operators' own stake",
        Knob::Correlation => "correlated penalty",
        Knob::Evidence => "evidence",
        Knob::Recipient => "share that returns to the attacker",
        Knob::PerEvent => "cap on one event",
        Knob::OwnMinimum => "own stake asked of each operator",
        Knob::Vesting => "vesting of rewards",
    }
}

fn written(setting: Setting) -> String {
    match setting {
        Setting::Share(share) => format::share(share),
        Setting::Days(days) => format::days(days),
        Setting::Usd(usd) => format::usd(usd),
        Setting::Factor(factor) => format!("{}× the share at fault", format::plain(factor)),
        Setting::Word(word) => word.to_owned(),
        Setting::UsdPerDay(usd) => format!("{} a day", format::usd(usd)),
        Setting::None => "none".to_owned(),
    }
}

fn rests_on(knob: Knob) -> &'static [&'static str] {
    match knob {
        Knob::Slash => &["A-accidental", "A-risk-aversion"],
        Knob::Detection | Knob::Dispute | Knob::Veto => &["A-attributable", "A-executes"],
        Knob::Redistribution => &["A-burned", "A-recaptured"],
        Knob::RateLimit => &["A-per-event"],
        Knob::Threshold => &["A-entities"],
        Knob::OwnStake | Knob::OwnMinimum | Knob::Vesting => &["A-own-share", "A-franchise"],
        Knob::Correlation => &["A-accidental"],
        Knob::Evidence => &["A-evidence"],
        Knob::Recipient => &["A-recaptured"],
        Knob::PerEvent => &["A-cap"],
    }
}
