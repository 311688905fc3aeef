//! What goes wrong, in words: the anatomy of an incident, and what accidents cost stakers.

use super::Subject;
use super::headline::used;
use crate::assess::aftermath::{Aftermath, Incidents};
use crate::assess::{Assessment, Measure};
use crate::report::findings::{IncidentTimeline, Table};
use crate::report::format;
use crate::spec::model::{Model, QueuedBefore};
use crate::spec::parameters::EXIT_WINDOW;

const RESTS_ON: &[&str] = &[
    "A-attributable",
    "A-executes",
    "A-burned",
    "A-recaptured",
    "A-falls",
    "A-daily-volume",
    "A-loans",
    "A-leaving",
    "A-selling",
    "A-queued",
];

pub(super) fn figure(subject: &Subject) -> Option<IncidentTimeline> {
    let found = subject.recommendation.aftermath.if_it_happens.as_ref()?;
    let column = |of: fn(&crate::assess::aftermath::TimelinePoint) -> f64| -> Vec<f64> {
        found.timeline.iter().map(of).collect()
    };
    Some(IncidentTimeline {
        days: column(|point| point.day),
        extracted: column(|point| point.extracted),
        detected: column(|point| point.detected),
        slashed: column(|point| point.slashed),
        paid: column(|point| point.paid),
        exit_days: exit_days(subject.model),
        caption: caption(found),
        assumptions: used(subject, RESTS_ON),
    })
}

fn caption(found: &Incidents) -> String {
    let mut out = format!(
        "The worst day of each of the {} worst paths, attacked {} times in all, whether it pays or not.",
        format::whole(found.moments),
        format::whole(found.plays)
    );
    if let [_, Some(half), Some(late)] = found.detected_days {
        out += &format!(
            " Half are seen within {}, 95 of 100 within {}.",
            format::days(half),
            format::days(late)
        );
    }
    out += &format!(
        " The attackers are slashed in {} of them",
        format::share(found.slashed.estimate.value)
    );
    if let Some(half) = found.slashed_days[1] {
        out += &format!(", half of those within {}", format::days(half));
    }
    out += ".";
    let paid = found.paid_share.estimate.value;
    out += &if paid > 0.0 {
        let by = found.paid_days[1].map_or_else(String::new, |day| {
            format!(", half of the payouts within {}", format::days(day))
        });
        format!(" Of the harm, {} is paid back{by}.", format::share(paid))
    } else {
        " Nothing is paid back: what is slashed is burned.".to_owned()
    };
    out
}

/// Days after the attack from which the stake that was queued longest before it is out of reach.
fn exit_days(model: &Model) -> f64 {
    let queued = model.value.attacks.iter().filter_map(|attack| {
        attack.queued.map(|queued| match queued.before {
            QueuedBefore::By(days) | QueuedBefore::UpTo(days) => days.get(),
        })
    });
    (EXIT_WINDOW.get() - queued.fold(0.0, f64::max)).max(0.0)
}

pub(super) fn tables(subject: &Subject) -> Vec<Table> {
    let aftermath = &subject.recommendation.aftermath;
    let mut tables = Vec::new();
    if let Some(incidents) = incidents(aftermath) {
        tables.push(incidents);
    }
    tables.push(losses(aftermath, &subject.recommendation.assessment));
    tables
}

/// Both kinds of incidents side by side.
fn incidents(aftermath: &Aftermath) -> Option<Table> {
    let worst = aftermath.if_it_happens.as_ref()?;
    let taken = aftermath.taken.as_ref();
    type Cell = fn(&Incidents) -> String;
    let rows: [(&str, Cell); 16] = [
        ("incidents played", |i| format::whole(i.plays)),
        ("value taken", |i| usd(&i.extracted)),
        ("users lose", |i| usd(&i.harm)),
        ("seen within (5, 50, 95 of 100)", |i| days(&i.detected_days)),
        ("attackers slashed", |i| share(&i.slashed)),
        ("slashed within (5, 50, 95 of 100)", |i| {
            days(&i.slashed_days)
        }),
        ("not slashed because", fates),
        ("slashed stake, at its price then", |i| usd(&i.slashed_usd)),
        ("slash that escaped", |i| usd(&i.escaped)),
        ("paid to those harmed", |i| usd(&i.paid)),
        ("paid within (5, 50, 95 of 100)", |i| days(&i.paid_days)),
        ("share of harm paid back", |i| share(&i.paid_share)),
        ("harm not paid back", |i| usd(&i.uninsured)),
        ("stakers lose to the slash", |i| usd(&i.staker_loss)),
        ("collateral falls by", |i| {
            let spiral = if i.spiral_gain >= 1.0 {
                "; liquidations run away"
            } else {
                ""
            };
            format!("{}{spiral}", share(&i.price_fall))
        }),
        ("further attacks on what is left", |i| {
            format!(
                "{} in the mean; after {} of incidents",
                format::plain(i.further.estimate.value),
                format::share(i.followed)
            )
        }),
    ];
    Some(Table {
        title: "If it happens".to_owned(),
        caption: format!(
            "Left: the worst days of the paths, attacked whether it pays or not. Right: the {} of {} paths on which an opportunity was taken within {}. Hour by hour: extraction, detection, dispute and veto, the race against the exit, slash, resolution delay, payout; means with their intervals.",
            format::whole(aftermath.met),
            format::whole(aftermath.paths),
            format::days(f64::from(aftermath.days))
        ),
        columns: [
            "",
            "if it happens on a worst day",
            "as it happened on the paths",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows: rows
            .iter()
            .map(|(label, cell)| {
                vec![
                    (*label).to_owned(),
                    cell(worst),
                    taken.map_or_else(|| "none happened".to_owned(), cell),
                ]
            })
            .collect(),
    })
}

fn losses(aftermath: &Aftermath, assessment: &Assessment) -> Table {
    let honest = &aftermath.honest;
    let over = format::days(f64::from(aftermath.days));
    let rate = |measure: &Measure| {
        format!(
            "{} a year{}",
            format::share(measure.estimate.value),
            between(measure, format::share)
        )
    };
    let row = |label: String, value: String| vec![label, value];
    Table {
        title: "What users and stakers lose".to_owned(),
        caption: format!(
            "Over {over}, on {} paths, {} operators. Accidents come alone and in clusters of one cause; the tail is the mean of the worst 1 % of paths.",
            format::whole(aftermath.paths),
            format::whole(honest.operators as u64)
        ),
        columns: ["", "with its interval"].map(str::to_owned).to_vec(),
        rows: vec![
            row(
                "an opportunity is taken".to_owned(),
                format!(
                    "{}{}",
                    format::probability(aftermath.attacked.estimate.value),
                    between(&aftermath.attacked, format::probability)
                ),
            ),
            row(
                "days under water".to_owned(),
                format!(
                    "{}{}",
                    format::days(assessment.days_insecure.estimate.value),
                    between(&assessment.days_insecure, format::days)
                ),
            ),
            row(
                "attackers gain, mean".to_owned(),
                usd(&assessment.expected_loss_all_days),
            ),
            row(
                "users lose, mean".to_owned(),
                usd(&assessment.expected_harm_all_days),
            ),
            row(
                "users lose, worst 1 % of paths".to_owned(),
                usd(&aftermath.harm_tail),
            ),
            row(
                "users are not paid by the slash, mean".to_owned(),
                usd(&assessment.expected_uncovered_all_days),
            ),
            row(
                "the same after price falls and further attacks, mean".to_owned(),
                usd(&aftermath.uninsured),
            ),
            row(
                "the same on the worst 1 % of paths".to_owned(),
                usd(&aftermath.uninsured_tail),
            ),
            row(
                "stakers lose to slashes for attacks".to_owned(),
                rate(&aftermath.attack_loss_rate),
            ),
            row(
                "stakers lose to accidents".to_owned(),
                rate(&honest.loss_rate),
            ),
            row(
                "stakers lose to accidents, worst 1 % of paths".to_owned(),
                share(&honest.tail_share),
            ),
            row(
                format!("a given stake is slashed by accident within {over}"),
                share(&honest.touched),
            ),
            row(
                "largest single accident, 99 of 100 paths stay below".to_owned(),
                format!(
                    "{} of all stake, {} operators",
                    share(&honest.largest_event_share),
                    format::plain(honest.most_operators.estimate.value)
                ),
            ),
        ],
    }
}

fn fates(found: &Incidents) -> String {
    let fates = &found.fates;
    let parts: Vec<String> = [
        ("too late", fates.too_late),
        ("not attributable", fates.unattributed),
        ("vetoed", fates.vetoed),
        ("not executed", fates.failed),
        ("never seen", fates.unseen),
    ]
    .iter()
    .filter(|(_, part)| *part > 0.0)
    .map(|(why, part)| format!("{why} {}", format::share(*part)))
    .collect();
    if parts.is_empty() {
        "all are".to_owned()
    } else {
        parts.join(", ")
    }
}

fn between(measure: &Measure, write: impl Fn(f64) -> String) -> String {
    let e = &measure.estimate;
    if e.low.is_finite() && e.high.is_finite() && e.high > e.low {
        format!(" ({} to {})", write(e.low), write(e.high))
    } else {
        String::new()
    }
}

fn usd(measure: &Measure) -> String {
    format!(
        "{}{}",
        format::usd(measure.estimate.value),
        between(measure, format::usd)
    )
}

fn share(measure: &Measure) -> String {
    format!(
        "{}{}",
        format::share(measure.estimate.value),
        between(measure, format::share)
    )
}

fn days(found: &[Option<f64>; 3]) -> String {
    match found {
        [Some(early), Some(half), Some(late)] => format!(
            "{}, {}, {}",
            format::days(*early),
            format::days(*half),
            format::days(*late)
        ),
        _ => "never".to_owned(),
    }
}
