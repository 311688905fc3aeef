//! All costs and profits side by side: which one decides.

use super::axis::{Axis, Key, Mark, SMALL, Scale, dollars, legend};
use super::canvas::{Anchor, Canvas, Frame, Type, Weight, text_width};
use super::palette::{Dash, Ink};
use super::rows::{HEIGHTS, MOST, Rows};
use super::{About, Figure, Part, is_narrow, make};
use crate::report::findings::{Quantity, Side, Unit, Value, Variant};
use crate::report::format;

/// How much of the page the spread over the worst moments covers.
const SPREAD: f64 = 0.3;

pub(super) fn figure(variants: &[Variant]) -> Option<Figure> {
    let shown = measured(variants);
    if shown.len() < 2 {
        return None;
    }
    let rows = shown.len() as f64;
    let about = About {
        id: "variants",
        title: "Which cost deters, which profit tempts",
        caption: caption(variants),
        assumptions: shown
            .iter()
            .filter(|(variant, _)| variant.deciding)
            .flat_map(|(variant, _)| variant.assumptions.clone())
            .collect(),
        part: Part::Binds,
        heights: (88.0 + rows * HEIGHTS.0, 156.0 + rows * HEIGHTS.1),
    };
    Some(make(about, |canvas| paint(canvas, &shown)))
}

/// Variants with a number that a logarithmic axis can show, at most as many as a figure can hold.
fn measured(variants: &[Variant]) -> Vec<(&Variant, &Quantity)> {
    let number = |variant: &'_ Variant| matches!(&variant.value, Value::Number(number) if number.value > 0.0 && number.value.is_finite());
    variants
        .iter()
        .filter(|variant| number(variant))
        .filter_map(|variant| match &variant.value {
            Value::Number(number) => Some((variant, number)),
            Value::Words(_) => None,
        })
        .take(MOST)
        .collect()
}

fn deciding(variants: &[Variant], side: Side) -> Option<(&Variant, f64)> {
    let found = variants
        .iter()
        .find(|variant| variant.side == side && variant.deciding)?;
    match &found.value {
        Value::Number(number) => Some((found, number.value)),
        Value::Words(_) => None,
    }
}

fn caption(variants: &[Variant]) -> String {
    let mut out = String::new();
    let (cost, profit) = (
        deciding(variants, Side::Cost),
        deciding(variants, Side::Profit),
    );
    if let Some((variant, value)) = cost {
        out += &format!(
            "Today the lowest credible cost is {} ({}), {}.",
            variant.id,
            variant.name,
            format::usd(value)
        );
    }
    if let Some((variant, value)) = profit {
        out += &format!(
            " The highest credible profit is {}, {}.",
            variant.name,
            format::usd(value)
        );
    }
    if let (Some((_, cost)), Some((_, profit))) = (cost, profit)
        && profit > 0.0
    {
        out += &format!(
            " That cost is {} that profit{}",
            format::amount(cost / profit, Unit::Multiple),
            if cost > profit {
                ": corruption does not pay."
            } else {
                ": whoever bears no more than it is not deterred."
            },
        );
    }
    let promised = variants.iter().find(|variant| variant.promised);
    if let Some(variant) = promised.filter(|variant| !variant.deciding)
        && let Value::Number(number) = &variant.value
    {
        out += &format!(
            " The promise counts {} ({}), {}.",
            variant.id,
            variant.name,
            format::usd(number.value)
        );
    }
    if out.is_empty() {
        out += "Costs left of a profit do not deter it.";
    }
    out.trim().to_owned()
}

/// What stands behind the mark of a variant.
fn behind(variant: &Variant, number: &Quantity) -> String {
    let decides = match (variant.deciding, variant.promised) {
        (true, _) => ", decides",
        (false, true) => ", promised",
        (false, false) => "",
    };
    format!("{}{decides}", format::quantity_alone(number))
}

fn paint(canvas: &mut Canvas, shown: &[(&Variant, &Quantity)]) {
    let mut keys = vec![
        Key {
            mark: Mark::Dot,
            ink: Ink::Cost,
            words: "cost of corruption today".to_owned(),
        },
        Key {
            mark: Mark::Dot,
            ink: Ink::Profit,
            words: "profit from corruption today".to_owned(),
        },
    ];
    if shown.iter().any(|(variant, _)| variant.worst.is_some()) {
        keys.push(Key {
            mark: Mark::Band(SPREAD),
            ink: Ink::Muted,
            words: "at the worst moments: 90 % of them, and the median".to_owned(),
        });
    }
    let line = shown
        .iter()
        .find(|(variant, _)| variant.deciding && variant.side == Side::Profit);
    if line.is_some() {
        keys.push(Key {
            mark: Mark::Line(Dash::Dashed),
            ink: Ink::Profit,
            words: "deciding profit today".to_owned(),
        });
    }
    let top = legend(canvas, &keys);
    let widest = shown
        .iter()
        .map(|(variant, number)| text_width(&behind(variant, number), SMALL * 1.07))
        .fold(0.0, f64::max);
    let rows = Rows::new(canvas, top, 290.0, (widest + 24.0).min(canvas.width * 0.45));
    let values = shown.iter().flat_map(|(variant, number)| {
        let worst = variant.worst.iter();
        let ends = worst.flat_map(|worst| [worst.low, worst.high]);
        std::iter::once(number.value)
            .chain(ends)
            .collect::<Vec<_>>()
    });
    let count = if is_narrow(canvas) { 3 } else { 6 };
    let axis = Axis::over(values.collect::<Vec<_>>(), Scale::Log, count)
        .on(rows.left + 4.0, rows.right - 8.0);
    let bottom = rows.bottom(shown.len());
    let muted = Type {
        size: SMALL,
        ink: Ink::Muted,
        weight: Weight::Normal,
    };
    let mut free_from = f64::NEG_INFINITY;
    for (tick, label) in axis.ticks.iter().zip(axis.labels(dollars)) {
        let at = axis.at(*tick);
        canvas.line(&[(at, top), (at, bottom)], Ink::Grid, Dash::Solid, 1.0);
        let half = text_width(&label, SMALL) / 2.0;
        let middle = at.max(half + 2.0);
        if middle - half > free_from {
            canvas.text(&label, (middle, bottom + 14.0), Anchor::Middle, muted);
            free_from = middle + half + 8.0;
        }
    }
    canvas.text(
        "USD",
        (canvas.width - 4.0, bottom + 14.0),
        Anchor::End,
        muted,
    );
    if let Some((_, number)) = line {
        let at = axis.at(number.value);
        canvas.line(&[(at, top), (at, bottom)], Ink::Profit, Dash::Dashed, 1.5);
    }
    for (row, (variant, number)) in shown.iter().enumerate() {
        let ink = if variant.side == Side::Cost {
            Ink::Cost
        } else {
            Ink::Profit
        };
        let weight = if variant.deciding {
            Weight::Bold
        } else {
            Weight::Normal
        };
        let name = format!("{} {}", variant.id, variant.name);
        rows.name(canvas, row, name.trim(), weight);
        let (at, middle) = (axis.at(number.value), rows.middle(row));
        canvas.line(
            &[(rows.left + 4.0, middle), (at, middle)],
            Ink::Grid,
            Dash::Solid,
            1.0,
        );
        if let Some(worst) = &variant.worst {
            let frame = Frame {
                left: axis.at(worst.low),
                right: axis.at(worst.high),
                top: middle - 5.0,
                bottom: middle + 5.0,
            };
            canvas.rectangle(frame, ink, SPREAD);
            let median = axis.at(worst.median);
            let tick = [(median, middle - 7.0), (median, middle + 7.0)];
            canvas.line(&tick, ink, Dash::Solid, 2.0);
        }
        canvas.dot((at, middle), if variant.deciding { 7.0 } else { 5.0 }, ink);
        let kind = Type {
            size: SMALL,
            ink: Ink::Text,
            weight,
        };
        canvas.text(
            &behind(variant, number),
            (rows.right + 6.0, middle),
            Anchor::Start,
            kind,
        );
    }
}
