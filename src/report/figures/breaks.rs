//! What breaks first: how far each input is from breaking the promise.

use super::axis::SMALL;
use super::canvas::{Anchor, Canvas, Frame, Type, Weight, fit};
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
        heights: (40.0 + rows * HEIGHTS.0, 60.0 + rows * (HEIGHTS.1 + 18.0)),
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

fn paint(canvas: &mut Canvas, rows: &[&BreakRow]) {
    let narrow = is_narrow(canvas);
    // On a phone the words of a row stand below its bar.
    let place = Rows::new(canvas, 8.0, 300.0, if narrow { 74.0 } else { 290.0 });
    let step = if narrow { HEIGHTS.1 + 18.0 } else { HEIGHTS.0 };
    let longest = rows
        .iter()
        .map(|row| row.deviations.abs())
        .filter(|away| away.is_finite())
        .fold(1.0, f64::max);
    for (index, row) in rows.iter().enumerate() {
        let top = 8.0 + step * index as f64;
        let row_place = Rows::new(canvas, top, 300.0, if narrow { 74.0 } else { 290.0 });
        let weight = if index == 0 && row.breaks_at.is_some() {
            Weight::Bold
        } else {
            Weight::Normal
        };
        row_place.name(canvas, 0, &row.input, weight);
        let middle = row_place.middle(0);
        let share = if row.deviations.is_finite() {
            row.deviations.abs() / longest
        } else {
            1.0
        };
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
        let words = match &row.breaks_at {
            Some(at) => format!("{} → {at}", row.assumed),
            None => format!("{}: holds as far as tested", row.assumed),
        };
        let kind = Type {
            size: SMALL,
            ink: Ink::Text,
            weight,
        };
        let distance = if row.breaks_at.is_some() {
            away(row)
        } else {
            format!("> {}", away(row))
        };
        canvas.text(&distance, (end + 8.0, middle), Anchor::Start, kind);
        let kind = Type {
            ink: Ink::Muted,
            weight: Weight::Normal,
            ..kind
        };
        if narrow {
            canvas.text(
                &fit(&words, canvas.width - 8.0, SMALL),
                (4.0, middle + 20.0),
                Anchor::Start,
                kind,
            );
        } else {
            let left = end + 78.0;
            canvas.text(
                &fit(&words, canvas.width - left - 4.0, SMALL),
                (left, middle),
                Anchor::Start,
                kind,
            );
        }
    }
}
