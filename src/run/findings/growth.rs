//! Stages and policies as a report tells them.

use super::Subject;
use super::headline::used;
use crate::recommend::policies::{Course, Policies, PolicyReport};
use crate::recommend::stages::{Begin, StageDesign, Stages};
use crate::report::findings::{Growth, GrowthCourse, PolicyCourse, Table};
use crate::report::format;
use crate::spec::stages::Delayed;
use crate::stats::Estimate;

/// The short tables.
pub(super) fn tables(subject: &Subject) -> Option<Growth> {
    let recommendation = subject.recommendation;
    let (stages, policies) = (
        recommendation.stages.as_ref()?,
        recommendation.policies.as_ref()?,
    );
    Some(Growth {
        stages: short_stages(stages),
        policies: short_policies(policies),
    })
}

fn heads(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn short_stages(stages: &Stages) -> Table {
    Table {
        title: "Stages of growth".to_owned(),
        caption: format!(
            "Each stage keeps the promise while the value at risk is at most what it carries, each with {} confidence: all of them together with {}.",
            format::share(stages.confidence_each),
            format::share(stages.confidence)
        ),
        columns: heads(&[
            "stage",
            "carries",
            "stake",
            "budget",
            "call for the next at",
        ]),
        rows: stages
            .stages
            .iter()
            .map(|stage| {
                vec![
                    stage.name.clone(),
                    format::usd(stage.carries_usd),
                    match &stage.infeasible {
                        None if stage.verdict.is_safe() => {
                            format::usd(stage.parameters.stake.get())
                        }
                        None => format!(
                            "{} ({})",
                            format::usd(stage.parameters.stake.get()),
                            stage.verdict.word()
                        ),
                        Some(_) => "infeasible".to_owned(),
                    },
                    budget(stage),
                    stage
                        .next
                        .as_ref()
                        .map_or_else(|| "the last stage".to_owned(), call),
                ]
            })
            .collect(),
    }
}

fn budget(stage: &StageDesign) -> String {
    let usd = format::usd_per_year(stage.budget_usd_year);
    if stage.discount > 0.0 {
        format!("{usd} in {}", stage.paid_in)
    } else {
        usd
    }
}

fn call(begin: &Begin) -> String {
    let at = watched(begin, begin.call_at);
    if begin.lead_days > 0.0 {
        format!("{}, {} ahead", at, format::days(begin.lead_days))
    } else {
        at
    }
}

fn watched(begin: &Begin, at: f64) -> String {
    match begin.unit {
        "days" => format!("day {}", format::plain(at.floor())),
        "USD/year" => format!("{} {}", begin.watch, format::usd_per_year(at)),
        _ => format!("{} {}", begin.watch, format::usd(at)),
    }
}

fn short_policies(policies: &Policies) -> Table {
    Table {
        title: "Policies over the years".to_owned(),
        caption: format!(
            "{} of growth on {} paths that all policies share; in brackets against the fixed design, path by path, with {} intervals. Tail: expected take of the first attack in the worst 1 % of markets.",
            format::days(f64::from(policies.days)),
            format::whole(policies.paths),
            format::share(
                policies
                    .policies
                    .first()
                    .map_or(0.95, |p| p.paid_usd.confidence)
            )
        ),
        columns: heads(&["policy", "paid", "insecure days", "ever insecure", "tail"]),
        rows: policies
            .policies
            .iter()
            .map(|policy| {
                vec![
                    policy.name.to_owned(),
                    format::usd(policy.paid_usd.value),
                    short(policy.days_insecure.value),
                    format::probability(policy.insecure.value),
                    format::usd(policy.tail_usd.value),
                ]
            })
            .collect(),
    }
}

fn short(value: f64) -> String {
    format::significant(value, 2, format::Zeros::Trim)
}

fn between(estimate: &Estimate, write: impl Fn(f64) -> String) -> String {
    format!(
        "{} ({} to {})",
        write(estimate.value),
        write(estimate.low),
        write(estimate.high)
    )
}

/// The long tables of the appendix.
pub(super) fn details(subject: &Subject) -> Vec<Table> {
    let recommendation = subject.recommendation;
    let (Some(stages), Some(policies)) = (&recommendation.stages, &recommendation.policies) else {
        return Vec::new();
    };
    vec![
        rules(subject, stages),
        triggers(stages),
        what_policies_do(policies),
        differences(policies),
    ]
}

fn rules(subject: &Subject, stages: &Stages) -> Table {
    let offences = &subject.model.slashing.offences;
    let mut columns = heads(&[
        "stage",
        "risk at most",
        "evidence",
        "threshold",
        "operators",
        "paid in",
    ]);
    columns.extend(
        offences
            .iter()
            .map(|offence| format!("slash and dispute, {}", offence.name)),
    );
    Table {
        title: "Stages: rules and evidence".to_owned(),
        caption: "Each stage judged on fresh paths of its own, at the largest value at risk that it carries.".to_owned(),
        columns,
        rows: stages
            .stages
            .iter()
            .map(|stage| {
                let certificate = &stage.certificate;
                let evidence = match &certificate.weighted {
                    Some(weighted) => format!(
                        "{} weighted paths, {}",
                        format::whole(weighted.risk.n),
                        stage.verdict.word()
                    ),
                    None => format!(
                        "{} of {} paths, {}",
                        format::whole(certificate.failures),
                        format::whole(certificate.paths),
                        stage.verdict.word()
                    ),
                };
                let paid = match (stage.tokens_year, stage.discount > 0.0) {
                    (Some(tokens), true) => format!(
                        "{}: {} a year, counted {} below the market",
                        stage.paid_in,
                        format::scaled(tokens),
                        format::share(stage.discount)
                    ),
                    (Some(tokens), false) => {
                        format!("{}: {} a year", stage.paid_in, format::scaled(tokens))
                    }
                    (None, _) => stage.paid_in.clone(),
                };
                let mut row = vec![
                    stage.name.clone(),
                    format::probability(certificate.at_most),
                    evidence,
                    format::share(stage.parameters.threshold.get()),
                    format::whole(u64::from(stage.parameters.operators)),
                    paid,
                ];
                row.extend(stage.parameters.offences.iter().map(|rule| {
                    format!(
                        "{}, {}",
                        format::share(rule.slash.get()),
                        format::days(rule.dispute.get())
                    )
                }));
                row
            })
            .collect(),
    }
}

fn triggers(stages: &Stages) -> Table {
    let rows = stages.stages.iter().filter_map(|stage| {
        let begin = stage.next.as_ref()?;
        let changes = begin
            .changes
            .iter()
            .map(|change| format!("{} ({})", changed(change.what), format::days(change.days)));
        Some(vec![
            stage.name.clone(),
            watched(begin, begin.ends_at),
            watched(begin, begin.call_at),
            format!("{} ({})", begin.raw, begin.raw_unit),
            format!(
                "{} ({} blocks)",
                format::days(begin.lead_days),
                format::whole(begin.lead_blocks)
            ),
            changes.collect::<Vec<_>>().join(", "),
        ])
    });
    Table {
        title: "Stages: triggers".to_owned(),
        caption: "What a contract or a keeper compares, and how long before the stage's end the change to the next one is called for.".to_owned(),
        columns: heads(&["stage", "ends at", "call at", "as an integer", "lead", "what takes time"]),
        rows: rows.collect(),
    }
}

fn changed(what: Delayed) -> &'static str {
    match what {
        Delayed::Slasher => "slasher",
        Delayed::OperatorSplit => "operators' split",
        Delayed::MoreStake => "allocation of new stake",
        Delayed::LessStake => "deallocation",
    }
}

fn what_policies_do(policies: &Policies) -> Table {
    Table {
        title: "Policies: what each does".to_owned(),
        caption: "Means with their intervals.".to_owned(),
        columns: heads(&[
            "policy",
            "what it does",
            "paid",
            "insecure days",
            "ever insecure",
            "expected loss",
            "tail",
        ]),
        rows: policies
            .policies
            .iter()
            .map(|policy| {
                vec![
                    policy.name.to_owned(),
                    policy.does.clone(),
                    between(&policy.paid_usd, format::usd),
                    between(&policy.days_insecure, short),
                    between(&policy.insecure, format::probability),
                    between(&policy.loss_usd, format::usd),
                    between(&policy.tail_usd, format::usd),
                ]
            })
            .collect(),
    }
}

fn differences(policies: &Policies) -> Table {
    let rows = policies.policies.iter().filter_map(|policy| {
        let against = policy.against_fixed.as_ref()?;
        let points = |share: f64| format!("{} points", short(100.0 * share));
        Some(vec![
            policy.name.to_owned(),
            between(&against.paid_usd, format::usd),
            between(&against.days_insecure, short),
            between(&against.insecure, points),
            between(&against.loss_usd, format::usd),
        ])
    });
    Table {
        title: "Policies against the fixed design".to_owned(),
        caption: "Differences path by path on the same markets: less is better.".to_owned(),
        columns: heads(&[
            "policy",
            "paid",
            "insecure days",
            "ever insecure",
            "expected loss",
        ]),
        rows: rows.collect(),
    }
}

/// The data of the figure.
pub(super) fn course(subject: &Subject) -> Option<GrowthCourse> {
    let policies = subject.recommendation.policies.as_ref()?;
    let finite = |course: &Course| course.bands.iter().flatten().all(|x| x.is_finite());
    let bands = |course: &Course| course.bands.clone();
    // A value at risk that no stake carries has no place on an axis.
    if !finite(&policies.required) {
        return None;
    }
    Some(GrowthCourse {
        days: policies
            .required
            .days
            .iter()
            .map(|day| f64::from(*day))
            .collect(),
        policies: policies
            .policies
            .iter()
            .map(|policy| PolicyCourse {
                name: policy.name.to_owned(),
                stake: bands(&policy.stake),
                budget: bands(&policy.budget),
            })
            .collect(),
        required: bands(&policies.required),
        caption: caption(policies),
        assumptions: used(subject, &["A-policy", "A-stage", "A-supply", "A-value"]),
    })
}

fn caption(policies: &Policies) -> String {
    let one = |policy: &PolicyReport| {
        format!(
            "{} pays {} and is insecure at some time with probability {}",
            policy.name,
            format::usd(policy.paid_usd.value),
            format::probability(policy.insecure.value)
        )
    };
    let all: Vec<String> = policies.policies.iter().map(one).collect();
    format!(
        "Over {}: {}.",
        format::days(f64::from(policies.days)),
        all.join("; ")
    )
}
