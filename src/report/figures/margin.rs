//! The margin fan: how coverage CoC / PfC spreads over time.

use super::axis::{Axis, Key, Labelled, Mark, Plot, Scale, legend, multiple, number};
use super::canvas::Canvas;
use super::palette::{Dash, Ink};
use super::{About, Figure, Part, is_narrow, make};
use crate::report::findings::{MarginFan, Quantile, Unit};
use crate::report::format;

pub(super) fn figure(fan: &MarginFan) -> Option<Figure> {
    if fan.days.len() < 2 || fan.quantiles.is_empty() {
        return None;
    }
    let about = About {
        id: "margin",
        title: "Does corruption stay dearer than it pays?",
        caption: caption(fan),
        assumptions: fan.assumptions.clone(),
        part: Part::Evidence,
        heights: (430.0, 400.0),
    };
    Some(make(about, |canvas| paint(canvas, fan)))
}

fn pairs<'a>(
    fan: &'a MarginFan,
    quantile: &'a Quantile,
) -> impl DoubleEndedIterator<Item = (f64, f64)> + 'a {
    let days = fan.days.len().min(quantile.coverage.len());
    (0..days).map(|index| (fan.days[index], quantile.coverage[index]))
}

fn median(fan: &MarginFan) -> &Quantile {
    let mut best = &fan.quantiles[0];
    for quantile in &fan.quantiles {
        if (quantile.probability - 0.5).abs() < (best.probability - 0.5).abs() {
            best = quantile;
        }
    }
    best
}

fn coverage(value: f64) -> String {
    format::amount(value, Unit::Multiple)
}

fn caption(fan: &MarginFan) -> String {
    let (lowest, middle) = (&fan.quantiles[0], median(fan));
    let worst = format::share(lowest.probability);
    let inside = pairs(fan, lowest).filter(|(day, _)| *day <= fan.horizon_days);
    let least = inside.fold(None, |least: Option<(f64, f64)>, next| match least {
        Some(found) if found.1 <= next.1 => Some(found),
        _ => Some(next),
    });
    let mut out = String::new();
    if let Some((day, ratio)) = least {
        let (horizon, day) = (format::days(fan.horizon_days), format::plain(day));
        out += &if ratio >= 1.0 {
            let rest = format::share(1.0 - lowest.probability);
            format!(
                "On every day within {horizon}, {rest} of the paths keep a coverage of at least {} (least on day {day}).",
                coverage(ratio)
            )
        } else {
            format!(
                "On day {day}, within the {horizon} promised, {worst} of the paths are covered less than {}: there corruption pays.",
                coverage(ratio)
            )
        };
    }
    if let Some(last) = fan.days.last()
        && *last > fan.horizon_days
    {
        let at_end = |quantile| {
            let pairs: Vec<(f64, f64)> = pairs(fan, quantile).collect();
            pairs.last().map_or(f64::NAN, |(_, ratio)| *ratio)
        };
        let low = at_end(lowest);
        out += &format!(
            " After {} the median is {} and {worst} of the paths are below {}{}",
            format::days(*last),
            coverage(at_end(middle)),
            coverage(low),
            if low < 1.0 {
                "; review the design before then."
            } else {
                "."
            },
        );
    }
    out.trim().to_owned()
}

fn paint(canvas: &mut Canvas, fan: &MarginFan) {
    let count = fan.quantiles.len();
    let mut keys = vec![Key {
        mark: Mark::Line(Dash::Solid),
        ink: Ink::Cost,
        words: "median path".to_owned(),
    }];
    let bands: Vec<(&Quantile, &Quantile)> = (0..count / 2)
        .map(|index| (&fan.quantiles[index], &fan.quantiles[count - 1 - index]))
        .collect();
    // Bands lie on each other, so the inner ones are darker.
    const OPACITY: f64 = 0.17;
    for (index, (low, high)) in bands.iter().enumerate() {
        let inside = format::share((high.probability - low.probability).max(0.0));
        let opacity = 1.0 - (1.0 - OPACITY).powi(index as i32 + 1);
        keys.push(Key {
            mark: Mark::Band(opacity),
            ink: Ink::Cost,
            words: format!("{inside} of paths"),
        });
    }
    keys.push(Key {
        mark: Mark::Line(Dash::Dashed),
        ink: Ink::Profit,
        words: "1×: below it corruption pays".to_owned(),
    });
    keys.push(Key {
        mark: Mark::Line(Dash::Dotted),
        ink: Ink::Text,
        words: format!("promise: {}", format::days(fan.horizon_days)),
    });
    let top = legend(canvas, &keys);
    let values = fan
        .quantiles
        .iter()
        .flat_map(|quantile| quantile.coverage.iter().copied());
    // A tail over three decades would flatten what matters, the neighbourhood of one.
    let values = values
        .map(|value| value.clamp(1e-2, 1e2))
        .chain([0.8, 1.25]);
    let ticks = if is_narrow(canvas) { 4 } else { 8 };
    let plot = Plot::new(
        canvas,
        top,
        Labelled {
            axis: Axis::between(fan.days[0], fan.days[fan.days.len() - 1], ticks),
            title: "days from the start".to_owned(),
            write: number,
        },
        Labelled {
            axis: Axis::over(values, Scale::Log, 6),
            title: "coverage: cost of corruption / profit from corruption".to_owned(),
            write: multiple,
        },
    );
    for (low, high) in &bands {
        let outline = pairs(fan, low).chain(pairs(fan, high).rev());
        canvas.area(&plot.points(outline), Ink::Cost, OPACITY);
    }
    canvas.line(
        &plot.points(pairs(fan, median(fan))),
        Ink::Cost,
        Dash::Solid,
        2.5,
    );
    canvas.line(
        &plot.points(pairs(fan, &fan.quantiles[0])),
        Ink::Cost,
        Dash::Solid,
        1.0,
    );
    let one = plot.y.at(1.0);
    canvas.line(
        &[(plot.frame.left, one), (plot.frame.right, one)],
        Ink::Profit,
        Dash::Dashed,
        2.0,
    );
    let horizon = plot.x.at(fan.horizon_days);
    canvas.line(
        &[(horizon, plot.frame.top), (horizon, plot.frame.bottom)],
        Ink::Text,
        Dash::Dotted,
        1.5,
    );
}
