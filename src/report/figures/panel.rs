//! The panel: which model asks for most stake, and whether the recommended one is enough.

use super::axis::{Axis, Key, Mark, SMALL, Scale, dollars, legend};
use super::canvas::{Anchor, Canvas, Type, Weight, fit, text_width};
use super::palette::{Dash, Ink};
use super::rows::{HEIGHTS, MOST, Rows};
use super::{About, Figure, Part, is_narrow, make};
use crate::report::findings::{PanelFigure, PanelMark};
use crate::report::format;

pub(super) fn figure(data: &PanelFigure) -> Option<Figure> {
    let known = data.rows.iter().any(|row| row.needed_usd.is_some());
    if data.rows.len() < 2 || !known || data.rows.len() > MOST || data.stake_usd <= 0.0 {
        return None;
    }
    let rows = data.rows.len() as f64;
    let about = About {
        id: "panel",
        title: "Does the design hold in other models of the world?",
        caption: data.caption.clone(),
        assumptions: data.assumptions.clone(),
        part: Part::Evidence,
        heights: (78.0 + rows * HEIGHTS.0, 118.0 + rows * HEIGHTS.1),
    };
    Some(make(about, |canvas| paint(canvas, data)))
}

fn paint(canvas: &mut Canvas, data: &PanelFigure) {
    let keys = [
        Key {
            mark: Mark::Dot,
            ink: Ink::Cost,
            words: "stake that the promise needs, with its interval".to_owned(),
        },
        Key {
            mark: Mark::Line(Dash::Dashed),
            ink: Ink::Chosen,
            words: format!("recommended: {}", format::usd(data.stake_usd)),
        },
    ];
    let top = legend(canvas, &keys);
    let widest = data
        .rows
        .iter()
        .map(|row| text_width(&row.says, SMALL * 1.07))
        .fold(0.0, f64::max);
    let rows = Rows::new(canvas, top, 250.0, (widest + 24.0).min(canvas.width * 0.5));
    let values = data
        .rows
        .iter()
        .flat_map(|row| [row.needed_usd, row.low_usd, row.high_usd])
        .flatten()
        .chain([0.0, data.stake_usd]);
    let count = if is_narrow(canvas) { 2 } else { 5 };
    let axis = Axis::over(values, Scale::Linear, count).on(rows.left + 4.0, rows.right - 8.0);
    let bottom = rows.bottom(data.rows.len());
    let muted = Type {
        size: SMALL,
        ink: Ink::Muted,
        weight: Weight::Normal,
    };
    for (tick, label) in axis.ticks.iter().zip(axis.labels(dollars)) {
        let at = axis.at(*tick);
        canvas.line(&[(at, top), (at, bottom)], Ink::Grid, Dash::Solid, 1.0);
        let half = text_width(&label, SMALL) / 2.0;
        let middle = (at.max(half + 2.0), bottom + 14.0);
        canvas.text(&label, middle, Anchor::Middle, muted);
    }
    let corner = (canvas.width - 4.0, bottom + 14.0);
    canvas.text("USD", corner, Anchor::End, muted);
    let chosen = axis.at(data.stake_usd);
    canvas.line(
        &[(chosen, top), (chosen, bottom)],
        Ink::Chosen,
        Dash::Dashed,
        2.0,
    );
    for (index, row) in data.rows.iter().enumerate() {
        mark(canvas, &rows, &axis, index, row);
    }
}

fn mark(canvas: &mut Canvas, rows: &Rows, axis: &Axis, index: usize, row: &PanelMark) {
    let weight = if row.safe {
        Weight::Normal
    } else {
        Weight::Bold
    };
    rows.name(canvas, index, &row.label, weight);
    let middle = rows.middle(index);
    let ink = if row.safe { Ink::Cost } else { Ink::Profit };
    if let (Some(low), Some(high)) = (row.low_usd, row.high_usd) {
        let ends = [(axis.at(low), middle), (axis.at(high), middle)];
        canvas.line(&ends, ink, Dash::Solid, 2.0);
    }
    if let Some(needed) = row.needed_usd {
        canvas.dot((axis.at(needed), middle), 5.0, ink);
    }
    let kind = Type {
        size: SMALL,
        ink: Ink::Text,
        weight,
    };
    let room = canvas.width - rows.right - 8.0;
    let words = fit(&row.says, room, SMALL * 1.07);
    canvas.text(&words, (rows.right + 6.0, middle), Anchor::Start, kind);
}
