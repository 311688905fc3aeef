//! What breaks first: how far each input is from breaking the promise.

use super::axis::SMALL;
use super::canvas::{Anchor, Canvas, Frame, Type, Weight, fit, text_width};
use super::palette::Ink;
use super::rows::{HEIGHTS, MOST, Rows};
use super::{About, Figure, Part, is_narrow, make};
use crate::report::findings::{BreakRow, Breaks, Unit};
use crate::report::format;

pub(super) fn figure(breaks: &Breaks) -> Option<Figure> {
    let shown = sorted(breaks);
    if shown.is_empty() {
        return None;
    }
    let rows = shown.len() as f64;
    let about = About {
        id: "breaks",
        title: "What breaks first",
        caption: caption(&shown),
        assumptions: breaks.assumptions.clone(),
        part: Part::Binds,
        heights: (16.0 + rows * HEIGHTS.0, 20.0 + rows * (HEIGHTS.1 + 18.0)),
    };
    Some(make(about, |canvas| paint(canvas, &shown)))
}

/// Nearest break first; what does not break comes last.
fn sorted(breaks: &Breaks) -> Vec<&BreakRow> {
    let mut rows: Vec<&BreakRow> = breaks.rows.iter().collect();
    rows.sort_by(|a, b| {
        (a.breaks_at.is_none(), a.deviations.abs())
            .partial_cmp(&(b.breaks_at.is_none(), b.deviations.abs()))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    rows.truncate(MOST);
    rows
}

fn away(row: &BreakRow) -> String {
    format::amount(row.deviations.abs(), Unit::Deviations)
}

fn caption(rows: &[&BreakRow]) -> String {
    let mut broken = rows
        .iter()
        .filter_map(|row| row.breaks_at.as_ref().map(|at| (row, at)));
    let Some((first, at)) = broken.next() else {
        return "No input breaks the promise inside the range that was tested, each moved alone."
            .to_owned();
    };
    let mut out = format!(
        "Moved alone, the first to break the promise is {}: at {at} instead of {}, {} away.",
        first.input,
        first.assumed,
        away(first)
    );
    if let Some((second, _)) = broken.next() {
        out += &format!(" The next is {}, {} away.", second.input, away(second));
    }
    out + " One sd is one standard deviation of what is known about the input."
}

/// What stands behind a bar: "1.4 sd", or "> 3 sd" when nothing broke.
fn distance(row: &BreakRow) -> String {
    let beyond = if row.breaks_at.is_some() { "" } else { "> " };
    format!("{beyond}{}", away(row))
}

fn paint(canvas: &mut Canvas, rows: &[&BreakRow]) {
    let narrow = is_narrow(canvas);
    let widest = rows
        .iter()
        .map(|row| text_width(&distance(row), SMALL) * 1.07)
        .fold(40.0, f64::max);
    // On a phone the words of a row stand below its bar, else behind it.
    let behind = 16.0 + widest + if narrow { 0.0 } else { 190.0 };
    let step = HEIGHTS.1 + 18.0;
    let step = if narrow { step } else { HEIGHTS.0 };
    let longest = rows
        .iter()
        .map(|row| row.deviations.abs())
        .filter(|away| away.is_finite());
    let longest = longest.fold(1.0, f64::max);
    for (index, row) in rows.iter().enumerate() {
        let place = Rows::new(canvas, 8.0 + step * index as f64, 350.0, behind);
        let weight = if index == 0 && row.breaks_at.is_some() {
            Weight::Bold
        } else {
            Weight::Normal
        };
        place.name(canvas, 0, &row.input, weight);
        let middle = place.middle(0);
        let share = row.deviations.abs() / longest;
        let end = place.left + share.clamp(0.004, 1.0) * (place.right - place.left);
        let (ink, opacity) = if row.breaks_at.is_some() {
            (Ink::Profit, 0.85)
        } else {
            (Ink::Muted, 0.3)
        };
        let bar = Frame {
            left: place.left,
            top: middle - 8.0,
            right: end,
            bottom: middle + 8.0,
        };
        canvas.rectangle(bar, ink, opacity);
        let kind = Type {
            size: SMALL,
            ink: Ink::Text,
            weight,
        };
        canvas.text(&distance(row), (end + 8.0, middle), Anchor::Start, kind);
        let words = match &row.breaks_at {
            Some(at) => format!("{} → {at}", row.assumed),
            None => format!("{}: holds this far", row.assumed),
        };
        let left = if narrow { 4.0 } else { end + widest + 24.0 };
        let height = if narrow { middle + 20.0 } else { middle };
        let kind = Type {
            ink: Ink::Muted,
            weight: Weight::Normal,
            ..kind
        };
        canvas.text(
            &fit(&words, canvas.width - left - 4.0, SMALL),
            (left, height),
            Anchor::Start,
            kind,
        );
    }
}
