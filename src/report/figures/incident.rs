//! How an incident unfolds: seen, slashed, paid back.

use super::axis::{Axis, Key, Labelled, Mark, Plot, SMALL, legend, number, percent};
use super::canvas::{Canvas, Type, Weight, around};
use super::palette::{Dash, Ink};
use super::{About, Figure, Part, is_narrow, make};
use crate::report::findings::IncidentTimeline;
use crate::report::format;

pub(super) fn figure(timeline: &IncidentTimeline) -> Option<Figure> {
    let days = timeline.days.len();
    let columns = [
        &timeline.extracted,
        &timeline.detected,
        &timeline.slashed,
        &timeline.paid,
    ];
    if days < 2 || columns.iter().any(|column| column.len() != days) {
        return None;
    }
    let about = About {
        id: "incident",
        title: "If it happens: who is slashed, who is paid, by when",
        caption: timeline.caption.clone(),
        assumptions: timeline.assumptions.clone(),
        part: Part::Evidence,
        heights: (400.0, 400.0),
    };
    Some(make(about, |canvas| paint(canvas, timeline)))
}

fn paint(canvas: &mut Canvas, timeline: &IncidentTimeline) {
    let lines: [(&str, &[f64], Ink, Dash); 4] = [
        ("value gone", &timeline.extracted, Ink::Profit, Dash::Solid),
        ("seen", &timeline.detected, Ink::Muted, Dash::Dashed),
        (
            "attackers slashed",
            &timeline.slashed,
            Ink::Cost,
            Dash::Solid,
        ),
        ("harm paid back", &timeline.paid, Ink::Chosen, Dash::Solid),
    ];
    let keys: Vec<Key> = lines
        .iter()
        .map(|(words, _, ink, dash)| Key {
            mark: Mark::Line(*dash),
            ink: *ink,
            words: (*words).to_owned(),
        })
        .chain([Key {
            mark: Mark::Line(Dash::Dotted),
            ink: Ink::Text,
            words: "stake may leave".to_owned(),
        }])
        .collect();
    let top = legend(canvas, &keys);
    let last = timeline.days[timeline.days.len() - 1].max(timeline.exit_days);
    let plot = Plot::new(
        canvas,
        top,
        Labelled {
            axis: Axis::between(0.0, last, if is_narrow(canvas) { 4 } else { 8 }),
            title: "days since the attack".to_owned(),
            write: number,
        },
        Labelled {
            axis: Axis::between(0.0, 1.0, 5),
            title: "share".to_owned(),
            write: percent,
        },
    );
    let exit = plot.x.at(timeline.exit_days);
    canvas.curve(
        &[(exit, plot.frame.top), (exit, plot.frame.bottom)],
        Ink::Text,
        Dash::Dotted,
        1.5,
    );
    for (_, values, ink, dash) in lines {
        let pairs = timeline.days.iter().copied().zip(values.iter().copied());
        canvas.curve(&plot.points(pairs), ink, dash, 2.5);
    }
    for (_, values, ink, _) in &lines[2..] {
        let end = values[values.len() - 1];
        let at = plot.at(timeline.days[timeline.days.len() - 1], end);
        let kind = Type {
            size: SMALL,
            ink: *ink,
            weight: Weight::Bold,
        };
        canvas.place(&format::share(end), &around(at), kind, plot.frame);
    }
}
