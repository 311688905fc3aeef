//! Policies over years of growth: each policy's stake against what the promise needs, in a panel of
//! its own on the same axes, and what they cost side by side.

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
/// How much of the page a band covers: two of them cross in a panel, never more.
const OPACITY: f64 = 0.22;
/// Heights of the legend, of a policy's panel and of the panel of costs, pixels.
const LEGEND: (f64, f64) = (48.0, 96.0);
const PANEL: f64 = 190.0;
const COSTS: f64 = 240.0;

/// A course with its look: quantiles at 5, 50 and 95 % on each day.
type Course<'a> = (&'a [[f64; 3]], Ink, Dash);

pub(super) fn figure(growth: &GrowthCourse) -> Option<Figure> {
    let policies = growth.policies.len().min(LOOKS.len());
    if growth.days.len() < 2 || policies == 0 {
        return None;
    }
    let panels = PANEL * policies as f64 + COSTS;
    let about = About {
        id: "growth",
        title: "Does the stake keep up with growth?",
        caption: growth.caption.clone(),
        assumptions: growth.assumptions.clone(),
        part: Part::Evidence,
        heights: (LEGEND.0 + panels, LEGEND.1 + panels),
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
            words: format!("{}, median", policy.name),
        })
        .collect();
    keys.push(Key {
        mark: Mark::Line(Dash::Solid),
        ink: Ink::Profit,
        words: "needed by the promise, median".to_owned(),
    });
    keys.push(Key {
        mark: Mark::Band(OPACITY),
        ink: Ink::Muted,
        words: "90 % of paths".to_owned(),
    });
    let mut top = legend(canvas, &keys);
    // The same axis in every panel, so that they compare.
    let all = growth.policies.iter().map(|policy| &policy.stake);
    let stakes: Vec<f64> = all
        .chain([&growth.required])
        .flatten()
        .flatten()
        .copied()
        .collect();
    for (policy, (ink, dash)) in growth.policies.iter().zip(LOOKS) {
        let needed: Course = (&growth.required, Ink::Profit, Dash::Solid);
        let courses = [needed, (policy.stake.as_slice(), ink, dash)];
        let axis = Axis::over(stakes.clone(), Scale::Log, 3);
        let title = format!("{}: slashable stake, USD", policy.name);
        let heights = (top, top + PANEL);
        panel(
            canvas,
            growth,
            heights,
            &courses,
            (axis, title),
            Bands::Drawn,
        );
        top += PANEL;
    }
    let budgets: Vec<Course> = growth
        .policies
        .iter()
        .zip(LOOKS)
        .map(|(policy, (ink, dash))| (policy.budget.as_slice(), ink, dash))
        .collect();
    let medians = budgets.iter().flat_map(|(course, ..)| course.iter());
    let values = medians.map(|levels| levels[1]).chain([0.0]);
    let axis = Axis::over(values.collect::<Vec<_>>(), Scale::Linear, 5);
    let title = "reward budget of the median path, USD a year".to_owned();
    let heights = (top, canvas.height);
    panel(
        canvas,
        growth,
        heights,
        &budgets,
        (axis, title),
        Bands::Left,
    );
}

/// Whether a panel shows how paths spread, or leaves it out.
#[derive(Clone, Copy, PartialEq)]
enum Bands {
    Drawn,
    Left,
}

fn panel(
    canvas: &mut Canvas,
    growth: &GrowthCourse,
    heights: (f64, f64),
    courses: &[Course],
    (axis, title): (Axis, String),
    bands: Bands,
) {
    let days = &growth.days;
    let ticks = if is_narrow(canvas) { 4 } else { 8 };
    let last = heights.1 >= canvas.height;
    let plot = Plot::between(
        canvas,
        heights,
        Labelled {
            axis: Axis::between(days[0], days[days.len() - 1], ticks),
            title: if last { "days from the start" } else { "" }.to_owned(),
            write: number,
        },
        Labelled {
            axis,
            title,
            write: dollars,
        },
    );
    let at = |course: &[[f64; 3]], level: usize| -> Vec<(f64, f64)> {
        days.iter()
            .zip(course)
            .map(|(day, levels)| (*day, levels[level]))
            .collect()
    };
    if bands == Bands::Drawn {
        for (course, ink, _) in courses {
            let (low, high) = (at(course, 0), at(course, 2));
            let outline = low.into_iter().chain(high.into_iter().rev());
            canvas.area(&plot.points(outline), *ink, OPACITY);
        }
    }
    for (course, ink, dash) in courses {
        canvas.curve(&plot.points(at(course, 1)), *ink, *dash, 2.5);
    }
}
