//! Policies over years of growth: stake against what the promise needs, and what it costs.

use super::axis::{Axis, Key, Labelled, Mark, Plot, Scale, dollars, legend, number};
use super::canvas::Canvas;
use super::palette::{Dash, Ink};
use super::{About, Figure, Part, is_narrow, make};
use crate::report::findings::GrowthCourse;

/// How policies are told apart, in their order.
const LOOKS: [(Ink, Dash); 4] = [
    (Ink::Cost, Dash::Solid),
    (Ink::Third, Dash::Dashed),
    (Ink::Fifth, Dash::Dotted),
    (Ink::Fourth, Dash::Solid),
];
/// How much of the page a band covers.
const OPACITY: f64 = 0.13;
/// Share of the canvas that the upper panel ends at.
const SPLIT: f64 = 0.58;

pub(super) fn figure(growth: &GrowthCourse) -> Option<Figure> {
    if growth.days.len() < 2 || growth.policies.is_empty() {
        return None;
    }
    let about = About {
        id: "growth",
        title: "Does the stake keep up with growth?",
        caption: growth.caption.clone(),
        assumptions: growth.assumptions.clone(),
        part: Part::Evidence,
        heights: (640.0, 680.0),
    };
    Some(make(about, |canvas| paint(canvas, growth)))
}

fn paint(canvas: &mut Canvas, growth: &GrowthCourse) {
    let mut keys: Vec<Key> = growth
        .policies
        .iter()
        .zip(LOOKS)
        .map(|(policy, (ink, dash))| Key {
            mark: Mark::Line(dash),
            ink,
            words: policy.name.clone(),
        })
        .collect();
    keys.push(Key {
        mark: Mark::Line(Dash::Solid),
        ink: Ink::Profit,
        words: "needed by the promise".to_owned(),
    });
    keys.push(Key {
        mark: Mark::Band(2.0 * OPACITY),
        ink: Ink::Muted,
        words: "90 % of paths".to_owned(),
    });
    let top = legend(canvas, &keys);
    let middle = canvas.height * SPLIT;
    let needed = [(growth.required.as_slice(), Ink::Profit, Dash::Solid)];
    let courses = |of: fn(&crate::report::findings::PolicyCourse) -> &[[f64; 3]]| {
        growth
            .policies
            .iter()
            .zip(LOOKS)
            .map(move |(policy, (ink, dash))| (of(policy), ink, dash))
    };
    let stakes: Vec<_> = courses(|policy| &policy.stake).chain(needed).collect();
    let budgets: Vec<_> = courses(|policy| &policy.budget).collect();
    panel(
        canvas,
        growth,
        (top, middle),
        &stakes,
        "slashable stake, USD",
        Scale::Log,
    );
    let bottom = canvas.height;
    panel(
        canvas,
        growth,
        (middle + 4.0, bottom),
        &budgets,
        "reward budget, USD a year",
        Scale::Linear,
    );
}

fn panel(
    canvas: &mut Canvas,
    growth: &GrowthCourse,
    heights: (f64, f64),
    courses: &[(&[[f64; 3]], Ink, Dash)],
    title: &str,
    scale: Scale,
) {
    let days = &growth.days;
    let values = courses
        .iter()
        .flat_map(|(bands, ..)| bands.iter().flatten().copied());
    let values: Vec<f64> = match scale {
        Scale::Linear => values.chain([0.0]).collect(),
        Scale::Log => values.collect(),
    };
    let ticks = if is_narrow(canvas) { 4 } else { 8 };
    let plot = Plot::between(
        canvas,
        heights,
        Labelled {
            axis: Axis::between(days[0], days[days.len() - 1], ticks),
            title: "days from the start".to_owned(),
            write: number,
        },
        Labelled {
            axis: Axis::over(values, scale, 5),
            title: title.to_owned(),
            write: dollars,
        },
    );
    let at = |bands: &[[f64; 3]], level: usize| -> Vec<(f64, f64)> {
        days.iter()
            .zip(bands)
            .map(|(day, band)| (*day, band[level]))
            .collect()
    };
    for (bands, ink, _) in courses {
        let (low, high) = (at(bands, 0), at(bands, 2));
        let outline = low.into_iter().chain(high.into_iter().rev());
        canvas.area(&plot.points(outline), *ink, OPACITY);
    }
    for (bands, ink, dash) in courses {
        canvas.curve(&plot.points(at(bands, 1)), *ink, *dash, 2.5);
    }
}
