//! Knobs turned alone, in words: what makes an infeasible design feasible, and what makes a promise
//! hold under the lowest credible cost.

use super::Subject;
use super::headline::used;
use super::words::{knob_name, setting_of};
use crate::assess::Verdict as Judgement;
use crate::recommend::{Beneath as Judged, Judged as Under, Knob, Relaxation};
use crate::report::findings::{Beneath, Footing, Statement, Unit, Verdict};
use crate::report::format;
use crate::spec::model::Deterrence;

/// Knobs that are named on the first page.
const NAMED: usize = 6;

/// What the verdict rests on.
pub(super) fn footing(subject: &Subject) -> Footing {
    let counts = match subject.model.target.deterrence {
        Deterrence::WholeStake => "counting the stake of delegators too",
        Deterrence::OperatorRational => "counting only what operators themselves lose",
    };
    Footing {
        counts: counts.to_owned(),
        beneath: subject
            .recommendation
            .beneath
            .as_ref()
            .map(|judged| beneath(subject, judged)),
    }
}

fn beneath(subject: &Subject, judged: &Judged) -> Beneath {
    let (lowest, counted) = (
        format::usd(judged.lowest_usd),
        format::usd(judged.counted_usd),
    );
    let (condition, ask) = match judged.judged {
        Under::OperatorRational => (
            format!(
                "if operators weigh only what they themselves lose ({lowest} today, not {counted}, against a profit of up to {})",
                format::usd(judged.profit_usd)
            ),
            "deterrence = \"operator-rational\" in [target] makes the promise rest on it",
        ),
        Under::Nothing => (
            format!("if operators take a bribe that costs nothing (not {counted})"),
            "evidence = \"provable\" for its offence, with somebody outside the quorum who can tell, makes a bribe dear",
        ),
    };
    let within = format::days(subject.recommendation.promise.within_days);
    let outcome = format!(
        "an insecure day within {within} has probability {}; {} of the first {} fresh paths",
        if judged.risk.low < judged.risk.high {
            format::between(judged.risk.low, judged.risk.high, Unit::Probability)
        } else {
            format::probability(judged.risk.value)
        },
        format::whole(judged.failures),
        format::whole(judged.paths)
    );
    Beneath {
        verdict: match judged.verdict {
            Judgement::Safe => Verdict::Safe,
            Judgement::Unsafe => Verdict::Unsafe,
            Judgement::Undecided { .. } => Verdict::Undecided,
        },
        condition,
        outcome,
        closes: statements(&judged.relaxations, subject),
        ask: ask.to_owned(),
        assumptions: used(subject, &["A-own-share", "A-franchise", "A-evidence"]),
    }
}

/// What would make an infeasible design feasible.
pub(super) fn changes(subject: &Subject) -> Vec<Statement> {
    statements(&subject.recommendation.relaxations, subject)
}

/// Those that help, each with its number; then, in one sentence, those of which no value helps.
fn statements(relaxations: &[Relaxation], subject: &Subject) -> Vec<Statement> {
    let budget = subject.recommendation.design.budget.value;
    let mut out: Vec<Statement> = relaxations
        .iter()
        .filter_map(|one| Some((one, one.to?)))
        .take(NAMED)
        .map(|(one, to)| Statement {
            head: knob_name(one.knob, one.offence.as_deref()),
            text: turned(one, to, budget),
            assumptions: match one.knob {
                Knob::OwnMinimum => used(subject, &["A-own-return", "A-own-share"]),
                _ => Vec::new(),
            },
        })
        .collect();
    let hopeless: Vec<String> = relaxations
        .iter()
        .filter(|one| one.to.is_none())
        .map(|one| match tried(one) {
            Some(end) => format!("{} ({end})", knob_name(one.knob, one.offence.as_deref())),
            None => knob_name(one.knob, one.offence.as_deref()),
        })
        .collect();
    if !hopeless.is_empty() {
        out.push(Statement {
            head: "no value is enough, alone, of".to_owned(),
            text: hopeless.join(", "),
            assumptions: Vec::new(),
        });
    }
    out
}

/// How far a knob was turned in vain.
fn tried(one: &Relaxation) -> Option<String> {
    if one.tried_to >= f64::MAX || one.tried_to.is_nan() {
        return Some("whatever is paid".to_owned());
    }
    if matches!(one.knob, Knob::ValueCap | Knob::EventCap | Knob::Promise) {
        return None;
    }
    Some(format!("to {}", setting_of(one.unit, one.tried_to)))
}

fn turned(one: &Relaxation, to: f64, budget: f64) -> String {
    let value = setting_of(one.unit, to);
    let from = one.from.map(|from| setting_of(one.unit, from));
    let (verb, end) = match (one.knob, &from) {
        (Knob::EventCap, None) => ("at most", value),
        (Knob::OwnMinimum, None) => ("at least", value),
        (Knob::Promise, _) => {
            let asked = one.from.map_or_else(String::new, format::probability);
            let can = format::probability(to);
            return format!("of this design {can} can be promised, not {asked}");
        }
        (Knob::Budget, Some(from)) => return format!("{value} instead of {from} at most"),
        (Knob::Delegation, Some(from)) => {
            return format!("{value} delegated to the set instead of {from}");
        }
        (_, Some(from)) => return format!("from {from} to {value}{}", price(one, budget)),
        (_, None) => ("", value),
    };
    format!("{verb} {end}{}", price(one, budget))
        .trim()
        .to_owned()
}

/// What the design then costs, where that differs.
fn price(one: &Relaxation, budget: f64) -> String {
    match one.budget_usd_year {
        Some(then) if (then - budget).abs() > 0.005 * budget => {
            format!(", {}", format::usd_per_year(then))
        }
        _ => String::new(),
    }
}
