//! Every knob of the slash rule as a row: what it costs, what it buys.
//!
//! A knob is turned ([`crate::assess::rules`]) and the design priced again, at the same stake and at
//! the stake that the same risk needs. It is worth keeping when the same risk is dearer without it.
//! Rows are ordered by what they move; offences of which a rule says the same share a row.

use super::Subject;
use super::headline::used;
use crate::assess::rules::{Baseline, Effect, Knob, Setting, Trial, Turn, trials};
use crate::assess::variants::Moment;
use crate::recommend::budget;
use crate::recommend::liveness::{Liveness, liveness, signs};
use crate::report::findings::{SlashRule, Worth};
use crate::report::format;
use crate::units::Usd;
use rayon::prelude::*;

/// Paths on which the needed stakes are compared.
const PATHS: u64 = 256;
/// Relative difference below which two numbers are equal.
const SAME: f64 = 1e-3;
/// Relative difference below which a reader need not be told of it.
const SHOWN: f64 = 5e-3;

pub(super) fn slash_rules(subject: &Subject) -> Vec<SlashRule> {
    let (model, design) = (subject.model, &subject.recommendation.parameters);
    // At the prices that the table of costs leads with.
    let moment = Moment::start(model);
    let baseline = Baseline::of(model, design, &moment, subject.ensemble, PATHS);
    let now = budget::required(model, design).map(|budget| budget.usd_year);
    let mut rows: Vec<Row> = trials(model, design)
        .par_iter()
        // What is sold has a row of its own, with its premium.
        .filter(|trial| trial.knob != Knob::Insurance || model.insurance.is_none())
        .map(|trial| Row::of(subject, trial, &baseline, now))
        .collect();
    rows.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    gathered(rows)
        .into_iter()
        .map(|row| row.written(subject))
        .collect()
}

/// One rule, turned and priced.
struct Row {
    knob: Knob,
    /// Offences that it belongs to; none for a rule of the whole set.
    offences: Vec<usize>,
    setting: String,
    same_risk: String,
    costs: String,
    buys: String,
    worth: Worth,
    /// How much it matters: the relative change of the budget, then of anything else.
    weight: f64,
}

impl Row {
    fn of(subject: &Subject, trial: &Trial, baseline: &Baseline, now: Option<f64>) -> Self {
        let row = |same_risk, costs, buys, worth, weight| Self {
            knob: trial.knob,
            offences: trial.offence.into_iter().collect(),
            setting: setting(trial),
            same_risk,
            costs,
            buys,
            worth,
            weight,
        };
        if let Turn::Refused(why) = trial.turn {
            let costs = burden(trial.knob).to_owned();
            return row(
                String::new(),
                costs,
                format!("not here: {why}"),
                Worth::Neutral,
                -1.0,
            );
        }
        let effect = baseline.effect(trial);
        let same_stake = price(trial, None);
        let priced = effect
            .stake_ratio
            .and_then(|ratio| price(trial, Some(ratio)));
        row(
            same_risk(&effect, now, priced),
            costs(trial, now, same_stake) + &beside(subject, trial, now),
            buys(&effect),
            worth(trial, &effect, now, priced),
            weight(&effect, now, priced),
        )
    }

    fn written(self, subject: &Subject) -> SlashRule {
        let names: Vec<&str> = self
            .offences
            .iter()
            .map(|&index| subject.model.slashing.offences[index].name.as_str())
            .collect();
        SlashRule {
            rule: if names.is_empty() {
                name(self.knob).to_owned()
            } else {
                format!("{}: {}", name(self.knob), names.join(", "))
            },
            setting: self.setting,
            same_risk: self.same_risk,
            costs: self.costs,
            buys: self.buys,
            worth: self.worth,
            assumptions: used(subject, rests_on(self.knob)),
        }
    }
}

/// Rows that say the same of several offences as one.
fn gathered(rows: Vec<Row>) -> Vec<Row> {
    let mut all: Vec<Row> = Vec::new();
    for row in rows {
        let same = all.iter_mut().find(|known| {
            !row.offences.is_empty()
                && known.knob == row.knob
                && (&known.setting, &known.same_risk, &known.costs, &known.buys)
                    == (&row.setting, &row.same_risk, &row.costs, &row.buys)
        });
        match same {
            Some(known) => known.offences.extend(row.offences),
            None => all.push(row),
        }
    }
    all
}

fn setting(trial: &Trial) -> String {
    match trial.turn {
        Turn::Refused(_) => written(trial.from),
        _ => format!("{} → {}", written(trial.from), written(trial.to)),
    }
}

/// The budget of the trial at the design's stake, or at the stake that the same risk needs.
fn price(trial: &Trial, ratio: Option<f64>) -> Option<f64> {
    let stake = trial.parameters.stake.get() * ratio.unwrap_or(1.0);
    let parameters = trial.parameters.with_stake(Usd(stake));
    budget::required(&trial.model, &parameters).map(|budget| budget.usd_year)
}

/// What the same promise costs with the setting that is tried.
fn same_risk(effect: &Effect, now: Option<f64>, priced: Option<f64>) -> String {
    let Some(ratio) = effect.stake_ratio else {
        return "no stake is enough".to_owned();
    };
    let (Some(now), Some(then)) = (now, priced) else {
        return "no budget brings the stake".to_owned();
    };
    let same_stake = (ratio - 1.0).abs() <= SHOWN;
    if same_stake && (then - now).abs() <= SHOWN * now {
        return "the same".to_owned();
    }
    let stake = if same_stake {
        "at the same stake".to_owned()
    } else {
        format!("{} of the stake", format::share(ratio))
    };
    format!("{}, {stake}", format::usd_per_year(then))
}

/// What the rule asks for, with its price in the budget where it has one.
fn costs(trial: &Trial, now: Option<f64>, then: Option<f64>) -> String {
    let burden = burden(trial.knob);
    let (Some(now), Some(then)) = (now, then) else {
        return burden.to_owned();
    };
    if (now - then).abs() <= SHOWN * now {
        return burden.to_owned();
    }
    let direction = if now > then { "adds" } else { "saves" };
    let (usd, what) = (format::usd_per_year((now - then).abs()), burden);
    match trial.turn {
        Turn::Added => {
            let direction = if now > then { "saves" } else { "adds" };
            format!(
                "would {} {usd} at the same stake: {what}",
                &direction[..direction.len() - 1]
            )
        }
        _ => format!("{direction} {usd} at the same stake: {what}"),
    }
}

/// What a rule costs beside money: the operators that it excludes, and who can stop the service.
fn beside(subject: &Subject, trial: &Trial, now: Option<f64>) -> String {
    let (model, design) = (subject.model, &subject.recommendation.parameters);
    match trial.knob {
        Knob::OwnMinimum if trial.turn == Turn::Added => {
            let Some(now) = now else {
                return String::new();
            };
            let have = budget::operators_kept(model, design, now);
            let kept = budget::operators_kept(&trial.model, &trial.parameters, now);
            if kept >= have {
                return String::new();
            }
            format!("; at today's budget {kept} of {have} operators would stay")
        }
        Knob::Threshold => {
            let now = liveness(model, design, signs(model, design.threshold.get()));
            let lower = trial.parameters.threshold.get();
            // Below half, what two results of one quorum share is 2 Q - 1.
            let needs = if lower >= 0.5 {
                lower
            } else {
                0.5 * (1.0 + lower)
            };
            let then = liveness(model, design, needs.min(now.signs));
            let who = |liveness: Liveness| match liveness.entities {
                Some(1) => "1 entity".to_owned(),
                Some(count) => format!("{count} entities"),
                None => format!("more than {} of the weight", format::share(liveness.halts)),
            };
            if now.entities == then.entities && now.entities.is_some() {
                return format!(": {} staying away, as with the lower one", who(now));
            }
            format!(
                ": {} staying away, with the lower one {}",
                who(now),
                who(then)
            )
        }
        _ => String::new(),
    }
}

fn burden(knob: Knob) -> &'static str {
    match knob {
        Knob::Slash => "stakers ask for the risk of accidents",
        Knob::SlashByAsset => {
            "holders of what is slashed more ask for more, and attackers hold the rest"
        }
        Knob::Detection => "watchers and proofs",
        Knob::Dispute => "days in which an exit can still escape; protects the honest",
        Knob::Veto => "days, and a just slash may be vetoed; protects the honest",
        Knob::Redistribution => "a recipient fixed for ever; no native ETH, no EIGEN",
        Knob::RateLimit => "users wait when the limit binds",
        Knob::Threshold => "fewer operators can stop the service",
        Knob::OwnStake => "operators hold stake of their own",
        Knob::Correlation => "a fault that many share costs each of them more",
        Knob::Evidence => "somebody outside the quorum must be able to tell, and be paid to",
        Knob::Recipient => "whoever receives a slash may want one",
        Knob::PerEvent => "users split or wait for what is larger",
        Knob::OwnMinimum => "what operators ask on stake of their own above what it earns",
        Knob::Vesting => "operators wait for their rewards at their discount rate",
        Knob::Insurance => "stake that cannot leave while it covers",
    }
}

/// The figures that move, now → as tried.
fn moved(effect: &Effect) -> impl Iterator<Item = (&'static str, (f64, f64))> {
    // A difference that the written digits do not show is none to a reader.
    let moved = |(from, to): (f64, f64)| {
        (from - to).abs() > SHOWN * from.abs().max(to.abs()) && format::usd(from) != format::usd(to)
    };
    [
        ("the coalition loses", effect.burned_usd),
        ("its operators themselves lose", effect.operators_usd),
        ("a briber pays", effect.bribe_usd),
        ("the attacker gains", effect.profit_usd),
        ("harm not covered", effect.uncovered_usd),
    ]
    .into_iter()
    .filter(move |(_, pair)| moved(*pair))
}

fn buys(effect: &Effect) -> String {
    let parts: Vec<String> = moved(effect)
        .map(|(label, (from, to))| format!("{label} {} → {}", format::usd(from), format::usd(to)))
        .collect();
    if parts.is_empty() {
        "no figure of its attack".to_owned()
    } else {
        parts.join("; ")
    }
}

fn weight(effect: &Effect, now: Option<f64>, priced: Option<f64>) -> f64 {
    let budget = match (effect.stake_ratio, now, priced) {
        (None, ..) => f64::INFINITY,
        (_, Some(now), Some(then)) => libm::log(then / now).abs(),
        _ => 1e3,
    };
    if budget > SHOWN {
        return 1e3 + budget;
    }
    moved(effect)
        .map(|(_, (from, to))| (from - to).abs() / from.abs().max(to.abs()))
        .fold(0.0, f64::max)
}

/// Kept when the design as tried is dearer at the same risk or leaves more harm uncovered.
fn worth(trial: &Trial, effect: &Effect, now: Option<f64>, same_risk: Option<f64>) -> Worth {
    let Some(_) = effect.stake_ratio else {
        return match trial.turn {
            Turn::Weakened => Worth::Keep,
            _ => Worth::Neutral,
        };
    };
    let harm_grows = effect.uncovered_usd.1 > effect.uncovered_usd.0 * (1.0 + SAME);
    let (Some(now), Some(then)) = (now, same_risk) else {
        return Worth::Neutral;
    };
    if trial.turn == Turn::Added {
        // Only what saves money and hurts nobody is recommended by a price.
        let saves = then < now * (1.0 - SHOWN) && !harm_grows;
        return if saves { Worth::Add } else { Worth::Neutral };
    }
    if then > now * (1.0 + SAME) {
        Worth::Keep
    } else if then < now * (1.0 - SAME)
        && !harm_grows
        && effect.lowest_cost_usd.1 >= effect.lowest_cost_usd.0 * (1.0 - SHOWN)
    {
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
        Knob::SlashByAsset => "slash by collateral",
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
        Knob::Insurance => "cover sold to users",
    }
}

fn written(setting: Setting) -> String {
    match setting {
        Setting::Share(share) => format::share(share),
        Setting::ShareOf(share, asset) => format!("{} of {asset}", format::share(share)),
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
        Knob::Slash | Knob::SlashByAsset => &["A-accidental", "A-risk-aversion"],
        Knob::Detection | Knob::Dispute | Knob::Veto => &["A-attributable", "A-executes"],
        Knob::Redistribution => &["A-burned", "A-recaptured"],
        Knob::RateLimit => &["A-per-event"],
        Knob::Threshold => &["A-entities"],
        Knob::OwnMinimum => &["A-own-return", "A-own-share"],
        Knob::OwnStake | Knob::Vesting => &["A-own-share", "A-franchise"],
        Knob::Correlation => &["A-accidental"],
        Knob::Evidence => &["A-evidence"],
        Knob::Recipient => &["A-recaptured"],
        Knob::PerEvent => &["A-cap"],
        Knob::Insurance => &["A-insurance-tolerance", "A-burned"],
    }
}
