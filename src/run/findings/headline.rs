//! The recommended design as rows, most important first.

use super::Subject;
use crate::recommend::Figure;
use crate::report::findings::{Bound, HeadlineRow, Quantity, Unit, Value};
use crate::report::format;
use crate::spec::model::{Fault, Offence, Structure};
use crate::spec::parameters::EXIT_WINDOW;

/// Rows of the answer.
pub(super) fn rows(subject: &Subject) -> Vec<HeadlineRow> {
    let design = &subject.recommendation.design;
    let confidence = subject.recommendation.promise.confidence;
    let mut rows = vec![
        row(
            "slashable stake",
            quantity(&design.stake, Unit::Usd, confidence),
            stake_note(subject),
            used(subject, &["A-allocate"]),
        ),
        row(
            "reward budget",
            quantity(&design.budget, Unit::UsdPerYear, confidence),
            format!(
                "{} on slashable stake",
                format::amount(design.gross_yield.value, Unit::SharePerYear)
            ),
            used(subject, &["A-supply", "A-premium", "A-operator-cost"]),
        ),
    ];
    if let Some(panel) = super::studies::worst_world(subject.recommendation) {
        let (standing, worst) = panel.split_once("; ").unwrap_or((panel.as_str(), ""));
        rows.push(row(
            "panel of models",
            Value::Words(standing.to_owned()),
            worst.to_owned(),
            Vec::new(),
        ));
    }
    if !design.mix.is_empty() {
        let mix: Vec<String> = design
            .mix
            .iter()
            .map(|part| format!("{} {}", part.asset, format::share(part.share.value)))
            .collect();
        rows.push(row(
            "collateral mix",
            Value::Words(mix.join(", ")),
            "of the slashable stake, at the prices of the start".to_owned(),
            Vec::new(),
        ));
    }
    rows.extend(slash_rows(subject));
    rows.push(row(
        "quorum threshold",
        Value::from(Quantity::exact(design.threshold.value, Unit::Share)),
        "of the weight: what an attacker must hold".to_owned(),
        Vec::new(),
    ));
    if let Structure::Entities(_) = subject.model.operators.structure {
        let cap = design.entity_cap.value;
        rows.push(row(
            "operators",
            Value::from(
                Quantity::exact(design.operators.value, Unit::Count).bounded(Bound::AtMost),
            ),
            format!(
                "minimum {} each{}",
                format::usd(design.minimum_stake.value),
                if cap < 1.0 {
                    format!(", none above {}", format::share(cap))
                } else {
                    String::new()
                }
            ),
            used(subject, &["A-operator"]),
        ));
    }
    if let Some(own) = &design.own_stake_minimum {
        rows.push(row(
            "own stake, each",
            quantity(own, Unit::Usd, confidence),
            "that an operator puts behind the service itself, at least".to_owned(),
            used(subject, &["A-own-share"]),
        ));
    }
    rows
}

/// What is slashed of collateral with a fraction of its own, before the rest of a sentence.
fn by_asset(offence: &Offence) -> String {
    let own = offence.slash_by_asset.iter();
    own.map(|own| format!("{} of {}, ", format::share(own.slash.get()), own.symbol))
        .collect()
}

fn slash_rows(subject: &Subject) -> Vec<HeadlineRow> {
    let design = &subject.recommendation.design;
    let mut rows = Vec::new();
    for (rule, offence) in design.offences.iter().zip(&subject.model.slashing.offences) {
        let fault = match offence.fault {
            Fault::Safety => "safety fault",
            Fault::Liveness => "liveness fault",
        };
        let delay = rule.dispute.value + rule.veto.value;
        rows.push(row(
            &format!("slash, {fault}"),
            Value::from(Quantity::exact(rule.slash.value, Unit::Share)),
            format!(
                "{}: {}lands with probability {}",
                rule.name,
                by_asset(offence),
                format::share(rule.lands)
            ),
            used(
                subject,
                &[
                    "A-attributable",
                    "A-executes",
                    "A-detection",
                    "A-slash-alike",
                ],
            ),
        ));
        if delay > 0.0 {
            rows.push(row(
                "dispute + veto",
                Value::Words(format!(
                    "{} + {}",
                    format::days(rule.dispute.value),
                    format::days(rule.veto.value)
                )),
                format!(
                    "of {} before an operator can leave",
                    format::days(EXIT_WINDOW.get())
                ),
                Vec::new(),
            ));
        }
    }
    rows
}

fn stake_note(subject: &Subject) -> String {
    let design = &subject.recommendation.design;
    match (&subject.model.operators.structure, &design.allocation) {
        (Structure::Entities(_), Some(allocation)) => format!(
            "{} of the set's delegation; the file's {} would give {}",
            format::share(allocation.value),
            format::share(subject.model.operators.allocate.get()),
            format::usd(design.stake_today_usd)
        ),
        _ => match design.stake_closed_form_usd {
            Some(stake) => format!("the closed form gives {}", format::usd(stake)),
            None => String::new(),
        },
    }
}

fn quantity(figure: &Figure, unit: Unit, confidence: f64) -> Value {
    let bounded = figure.low.is_finite() && figure.high.is_finite() && figure.low < figure.high;
    Value::from(if bounded {
        Quantity::estimate(figure.value, unit, figure.low, figure.high, confidence)
    } else {
        Quantity::exact(figure.value, unit)
    })
}

fn row(label: &str, value: Value, note: String, assumptions: Vec<String>) -> HeadlineRow {
    HeadlineRow {
        label: label.to_owned(),
        value,
        note,
        assumptions,
    }
}

/// Ids of the model's assumptions that begin with one of `prefixes`.
pub(super) fn used(subject: &Subject, prefixes: &[&str]) -> Vec<String> {
    subject
        .model
        .assumptions
        .iter()
        .map(|used| used.id)
        .filter(|id| prefixes.iter().any(|prefix| id.starts_with(prefix)))
        .map(str::to_owned)
        .collect()
}
