//! Which collateral: the stake that the same promise needs.

use super::axis::{Axis, Key, Mark, SMALL, Scale, dollars, legend};
use super::canvas::{Anchor, Canvas, Type, Weight, fit, text_width};
use super::palette::{Dash, Ink};
use super::rows::{HEIGHTS, MOST, Rows};
use super::{About, Figure, Part, is_narrow, make};
use crate::report::findings::{CollateralFigure, CollateralMark};
use crate::report::format;

pub(super) fn figure(data: &CollateralFigure) -> Option<Figure> {
    let known = data.rows.iter().any(|row| row.stake_usd.is_some());
    if data.rows.len() < 2 || !known || data.rows.len() > MOST {
        return None;
    }
    let rows = data.rows.len() as f64;
    let about = About {
        id: "collateral",
        title: "Which collateral: the stake that the same promise needs",
        caption: data.caption.clone(),
        assumptions: data.assumptions.clone(),
        part: Part::Evidence,
        heights: (70.0 + rows * HEIGHTS.0, 100.0 + rows * HEIGHTS.1),
    };
    Some(make(about, |canvas| paint(canvas, &data.rows)))
}

/// What stands behind the marks of a row.
fn behind(row: &CollateralMark) -> String {
    match (row.hedged_usd.or(row.stake_usd), row.budget_usd_per_year) {
        (None, _) => "no stake is enough".to_owned(),
        (Some(stake), None) => format!("{}, no budget", format::usd(stake)),
        (Some(stake), Some(budget)) => {
            format!(
                "{} for {}",
                format::usd(stake),
                format::usd_per_year(budget)
            )
        }
    }
}

fn paint(canvas: &mut Canvas, shown: &[CollateralMark]) {
    let keys = [
        Key {
            mark: Mark::Dot,
            ink: Ink::Cost,
            words: "before the attack".to_owned(),
        },
        Key {
            mark: Mark::Dot,
            ink: Ink::Profit,
            words: "fall sold short".to_owned(),
        },
    ];
    let top = legend(canvas, &keys);
    let widest = shown
        .iter()
        .map(|row| text_width(&behind(row), SMALL * 1.07))
        .fold(0.0, f64::max);
    let rows = Rows::new(canvas, top, 290.0, (widest + 24.0).min(canvas.width * 0.5));
    let values: Vec<f64> = shown
        .iter()
        .flat_map(|row| [row.stake_usd, row.hedged_usd])
        .flatten()
        .chain([0.0])
        .collect();
    let count = if is_narrow(canvas) { 2 } else { 5 };
    let axis = Axis::over(values, Scale::Linear, count).on(rows.left + 4.0, rows.right - 8.0);
    let bottom = rows.bottom(shown.len());
    let muted = Type {
        size: SMALL,
        ink: Ink::Muted,
        weight: Weight::Normal,
    };
    for (tick, label) in axis.ticks.iter().zip(axis.labels(dollars)) {
        let at = axis.at(*tick);
        canvas.line(&[(at, top), (at, bottom)], Ink::Grid, Dash::Solid, 1.0);
        let half = text_width(&label, SMALL) / 2.0;
        canvas.text(
            &label,
            (at.max(half + 2.0), bottom + 14.0),
            Anchor::Middle,
            muted,
        );
    }
    canvas.text(
        "USD",
        (canvas.width - 4.0, bottom + 14.0),
        Anchor::End,
        muted,
    );
    for (index, row) in shown.iter().enumerate() {
        let weight = if index == 0 {
            Weight::Bold
        } else {
            Weight::Normal
        };
        rows.name(canvas, index, &row.label, weight);
        let middle = rows.middle(index);
        let ends: Vec<f64> = [row.stake_usd, row.hedged_usd]
            .into_iter()
            .flatten()
            .collect();
        if let [from, to] = ends[..] {
            canvas.line(
                &[(axis.at(from), middle), (axis.at(to), middle)],
                Ink::Profit,
                Dash::Solid,
                2.0,
            );
        }
        if let Some(hedged) = row.hedged_usd {
            canvas.dot((axis.at(hedged), middle), 5.0, Ink::Profit);
        }
        if let Some(stake) = row.stake_usd {
            canvas.dot((axis.at(stake), middle), 5.0, Ink::Cost);
        }
        let kind = Type {
            size: SMALL,
            ink: Ink::Text,
            weight,
        };
        let room = canvas.width - rows.right - 8.0;
        canvas.text(
            &fit(&behind(row), room, SMALL * 1.07),
            (rows.right + 6.0, middle),
            Anchor::Start,
            kind,
        );
    }
}
