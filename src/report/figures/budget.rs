//! Budget against stake: what a stake costs, and whose condition sets the price.

use super::axis::{Axis, Key, Labelled, Mark, Plot, SMALL, Scale, dollars, legend};
use super::canvas::{Canvas, Frame, Type, Weight, around};
use super::palette::{Dash, Ink};
use super::{About, Figure, Part, curve, is_narrow, make};
use crate::report::findings::{BudgetCurve, BudgetPoint, Unit};
use crate::report::format;

pub(super) fn figure(budget: &BudgetCurve) -> Option<Figure> {
    if budget.stakers.len() < 2 && budget.operators.len() < 2 {
        return None;
    }
    let about = About {
        id: "budget",
        title: "What the stake costs",
        caption: caption(budget),
        assumptions: budget.assumptions.clone(),
        part: Part::Evidence,
        heights: (420.0, 390.0),
    };
    Some(make(about, |canvas| paint(canvas, budget)))
}

fn pairs(points: &[BudgetPoint]) -> Vec<(f64, f64)> {
    points
        .iter()
        .map(|point| (point.stake_usd, point.budget_usd_per_year))
        .collect()
}

fn caption(budget: &BudgetCurve) -> String {
    let Some(chosen) = budget.recommended else {
        return "No budget in the searched range holds the stake that the promise needs."
            .to_owned();
    };
    let mut out = format!(
        "{} of slashable stake costs {}",
        format::usd(chosen.stake_usd),
        format::usd_per_year(chosen.budget_usd_per_year)
    );
    if let Some(interval) = &budget.interval {
        out += &format!(
            " ({})",
            format::interval(interval, chosen.budget_usd_per_year, Unit::UsdPerYear)
        );
    }
    if chosen.stake_usd > 0.0 {
        out += &format!(
            ", {} a year on the stake",
            format::share(chosen.budget_usd_per_year / chosen.stake_usd)
        );
    }
    let stakers = curve::at(&pairs(&budget.stakers), chosen.stake_usd);
    let operators = curve::at(&pairs(&budget.operators), chosen.stake_usd);
    out += &match (stakers, operators) {
        (Some(stakers), Some(operators)) if stakers >= operators => format!(
            ". The stakers set the price: they ask for {}, the operators break even at {}.",
            format::usd_per_year(stakers),
            format::usd_per_year(operators)
        ),
        (Some(stakers), Some(operators)) => format!(
            ". The operators set the price: they break even at {}, the stakers would be content with {}.",
            format::usd_per_year(operators),
            format::usd_per_year(stakers)
        ),
        _ => ".".to_owned(),
    };
    out
}

fn paint(canvas: &mut Canvas, budget: &BudgetCurve) {
    let curves = [
        (
            &budget.stakers,
            Ink::Cost,
            Dash::Solid,
            "stakers supply the stake",
        ),
        (
            &budget.operators,
            Ink::Fifth,
            Dash::Dashed,
            "operators break even",
        ),
    ];
    let drawn = curves.iter().filter(|(points, ..)| points.len() > 1);
    let mut keys: Vec<Key> = drawn
        .clone()
        .map(|(_, ink, dash, words)| Key {
            mark: Mark::Line(*dash),
            ink: *ink,
            words: (*words).to_owned(),
        })
        .collect();
    if budget.recommended.is_some() {
        keys.push(Key {
            mark: Mark::Dot,
            ink: Ink::Chosen,
            words: "recommended".to_owned(),
        });
    }
    let top = legend(canvas, &keys);
    let all = budget
        .stakers
        .iter()
        .chain(&budget.operators)
        .chain(&budget.recommended);
    let stakes: Vec<f64> = all.clone().map(|point| point.stake_usd).collect();
    let interval = budget
        .interval
        .iter()
        .flat_map(|interval| [interval.low, interval.high]);
    let budgets: Vec<f64> = all
        .map(|point| point.budget_usd_per_year)
        .chain(interval)
        .chain([0.0])
        .collect();
    let count = if is_narrow(canvas) { 4 } else { 7 };
    let plot = Plot::new(
        canvas,
        top,
        Labelled {
            axis: Axis::over(stakes, Scale::Linear, count),
            title: "slashable stake, USD".to_owned(),
            write: dollars,
        },
        Labelled {
            axis: Axis::over(budgets, Scale::Linear, 5),
            title: "reward budget, USD a year".to_owned(),
            write: dollars,
        },
    );
    for (points, ink, dash, _) in drawn {
        canvas.curve(&plot.points(pairs(points)), *ink, *dash, 2.5);
    }
    if let Some(chosen) = budget.recommended {
        let at = plot.at(chosen.stake_usd, chosen.budget_usd_per_year);
        canvas.line(
            &[at, (at.0, plot.frame.bottom)],
            Ink::Chosen,
            Dash::Dotted,
            1.5,
        );
        canvas.line(
            &[at, (plot.frame.left, at.1)],
            Ink::Chosen,
            Dash::Dotted,
            1.5,
        );
        if let Some(interval) = &budget.interval {
            let ends = [
                plot.at(chosen.stake_usd, interval.low),
                plot.at(chosen.stake_usd, interval.high),
            ];
            canvas.curve(&ends, Ink::Chosen, Dash::Solid, 2.0);
        }
        canvas.dot(at, 6.0, Ink::Chosen);
        canvas.reserve(Frame {
            left: at.0 - 9.0,
            top: at.1 - 9.0,
            right: at.0 + 9.0,
            bottom: at.1 + 9.0,
        });
        let kind = Type {
            size: SMALL + 1.0,
            ink: Ink::Text,
            weight: Weight::Bold,
        };
        canvas.place(
            &format::usd_per_year(chosen.budget_usd_per_year),
            &around(at),
            kind,
            plot.frame,
        );
    }
}
