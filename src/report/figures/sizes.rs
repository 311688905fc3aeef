//! How many operators: what a size of the set costs, above, and how many entities it takes, below.

use super::axis::{Axis, Key, Labelled, Mark, Plot, Scale, dollars, legend, number};
use super::canvas::Canvas;
use super::palette::{Dash, Ink};
use super::{About, Figure, Part, is_narrow, make};
use crate::report::findings::{SizeMark, SizesFigure};

/// Share of the canvas that the upper panel ends at.
const SPLIT: f64 = 0.54;

pub(super) fn figure(data: &SizesFigure) -> Option<Figure> {
    let priced = data
        .sizes
        .iter()
        .filter(|size| size.budget_usd_per_year.is_some());
    if priced.count() < 2 {
        return None;
    }
    let about = About {
        id: "sizes",
        title: "How many operators",
        caption: data.caption.clone(),
        assumptions: data.assumptions.clone(),
        part: Part::Evidence,
        heights: (560.0, 600.0),
    };
    Some(make(about, |canvas| paint(canvas, &data.sizes)))
}

fn paint(canvas: &mut Canvas, sizes: &[SizeMark]) {
    let keys = [
        (Mark::Line(Dash::Solid), Ink::Cost, "reward budget"),
        (
            Mark::Line(Dash::Solid),
            Ink::Profit,
            "entities to the threshold",
        ),
        (
            Mark::Line(Dash::Dashed),
            Ink::Third,
            "entities to a third of the stake",
        ),
        (Mark::Dot, Ink::Chosen, "recommended"),
    ]
    .map(|(mark, ink, words)| Key {
        mark,
        ink,
        words: words.to_owned(),
    });
    let top = legend(canvas, &keys);
    let middle = canvas.height * SPLIT;
    let budget = |size: &SizeMark| size.budget_usd_per_year;
    panel(
        canvas,
        sizes,
        (top, middle),
        "reward budget of the cheapest design, USD a year",
        dollars,
        &[(&budget, Ink::Cost, Dash::Solid)],
    );
    let threshold = |size: &SizeMark| Some(size.to_threshold);
    let third = |size: &SizeMark| Some(size.to_one_third);
    let bottom = canvas.height;
    panel(
        canvas,
        sizes,
        (middle + 4.0, bottom),
        "entities that must act together",
        number,
        &[
            (&threshold, Ink::Profit, Dash::Solid),
            (&third, Ink::Third, Dash::Dashed),
        ],
    );
}

/// A line over the sizes: its value, colour and dash.
type Line<'a> = (&'a dyn Fn(&SizeMark) -> Option<f64>, Ink, Dash);

fn panel(
    canvas: &mut Canvas,
    sizes: &[SizeMark],
    heights: (f64, f64),
    title: &str,
    write: fn(f64, usize) -> String,
    lines: &[Line],
) {
    let values = lines
        .iter()
        .flat_map(|(of, ..)| sizes.iter().filter_map(of))
        .chain([0.0]);
    let ticks = if is_narrow(canvas) { 4 } else { 8 };
    let counts = sizes.iter().map(|size| size.operators);
    let plot = Plot::between(
        canvas,
        heights,
        Labelled {
            axis: Axis::over(counts, Scale::Log, ticks),
            title: "operators admitted, the largest first".to_owned(),
            write: number,
        },
        Labelled {
            axis: Axis::over(values, Scale::Linear, 5),
            title: title.to_owned(),
            write,
        },
    );
    for (of, ink, dash) in lines {
        let known = sizes
            .iter()
            .filter_map(|size| Some((size.operators, of(size)?)));
        canvas.curve(&plot.points(known), *ink, *dash, 2.5);
        for size in sizes {
            let Some(value) = of(size) else { continue };
            let at = plot.at(size.operators, value);
            if size.chosen {
                canvas.dot(at, 6.5, Ink::Chosen);
            } else {
                canvas.dot(at, 3.5, *ink);
            }
        }
    }
}
