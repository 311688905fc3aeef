//! Budget against risk over the designs that were tried: what more safety costs.

use super::axis::{Axis, Key, Labelled, Mark, Plot, SMALL, Scale, dollars, legend, percent};
use super::canvas::{Canvas, Frame, Type, Weight, around};
use super::palette::{Dash, Ink};
use super::{About, Figure, Part, is_narrow, make};
use crate::report::findings::{Design, Frontier, Promise, Standing};
use crate::report::{format, words};

pub(super) fn figure(frontier: &Frontier, promise: &Promise) -> Option<Figure> {
    if frontier.designs.len() < 2 {
        return None;
    }
    let about = About {
        id: "frontier",
        title: "What more safety would cost",
        caption: caption(frontier, promise),
        assumptions: frontier.assumptions.clone(),
        part: Part::Evidence,
        heights: (420.0, 390.0),
    };
    Some(make(about, |canvas| paint(canvas, frontier, promise)))
}

/// Designs that no other beats, cheapest first.
fn best(frontier: &Frontier) -> Vec<&Design> {
    let mut best: Vec<&Design> = frontier
        .designs
        .iter()
        .filter(|design| design.standing != Standing::Dominated)
        .collect();
    best.sort_by(|a, b| a.budget_usd_per_year.total_cmp(&b.budget_usd_per_year));
    best
}

fn caption(frontier: &Frontier, promise: &Promise) -> String {
    let best = best(frontier);
    let limit = format::probability(promise.at_most);
    let Some(place) = best
        .iter()
        .position(|design| design.standing == Standing::Chosen)
    else {
        let all = format::whole(frontier.designs.len() as u64);
        let enough = frontier
            .designs
            .iter()
            .filter(|design| design.risk <= promise.at_most)
            .count();
        return match enough {
            0 => format!("Of {all} designs none keeps the {limit} promised."),
            _ => format!(
                "Of {all} designs {} stay at or below the {limit} promised, but none is certified to.",
                format::whole(enough as u64)
            ),
        };
    };
    let chosen = best[place];
    let mut out = format!(
        "Of {} designs the recommended one costs {} and carries a chance of {}.",
        format::whole(frontier.designs.len() as u64),
        format::usd_per_year(chosen.budget_usd_per_year),
        format::probability(chosen.risk),
    );
    if let Some(cheaper) = place.checked_sub(1).map(|before| best[before]) {
        out += &format!(
            " The next cheaper one saves {} a year and carries {}.",
            format::usd(chosen.budget_usd_per_year - cheaper.budget_usd_per_year),
            format::probability(cheaper.risk),
        );
    }
    if let Some(dearer) = best.get(place + 1) {
        out += &format!(
            " {} more a year would bring it to {}.",
            format::usd(dearer.budget_usd_per_year - chosen.budget_usd_per_year),
            format::probability(dearer.risk),
        );
    }
    out
}

fn paint(canvas: &mut Canvas, frontier: &Frontier, promise: &Promise) {
    let has = |standing| {
        frontier
            .designs
            .iter()
            .any(|design| design.standing == standing)
    };
    let mut keys = vec![Key {
        mark: Mark::Line(Dash::Solid),
        ink: Ink::Cost,
        words: "no cheaper design is safer".to_owned(),
    }];
    keys.push(super::promise_key(promise));
    if has(Standing::Dominated) {
        keys.push(Key {
            mark: Mark::Dot,
            ink: Ink::Muted,
            words: "beaten by another".to_owned(),
        });
    }
    if has(Standing::Chosen) {
        keys.push(Key {
            mark: Mark::Dot,
            ink: Ink::Chosen,
            words: "recommended".to_owned(),
        });
    }
    let top = legend(canvas, &keys);
    let top_risk = frontier
        .designs
        .iter()
        .map(|design| design.risk.max(design.high))
        .fold(promise.at_most, f64::max);
    let floor = (top_risk * 1e-5).max(1e-9);
    let risks = frontier
        .designs
        .iter()
        .flat_map(|design| [design.risk, design.low, design.high]);
    let risks = risks
        .filter(|risk| *risk > floor)
        .chain([promise.at_most, promise.at_most / 3.0]);
    let narrow = is_narrow(canvas);
    let y = Axis::over(risks, Scale::Log, 5);
    let budgets = frontier
        .designs
        .iter()
        .map(|design| design.budget_usd_per_year);
    let plot = Plot::new(
        canvas,
        top,
        Labelled {
            axis: Axis::over(budgets, Scale::Linear, if narrow { 4 } else { 7 }),
            title: "reward budget, USD a year".to_owned(),
            write: dollars,
        },
        Labelled {
            axis: y,
            title: format!("chance of {}", words::insecure_day(promise)),
            write: percent,
        },
    );
    let limit = plot.y.at(promise.at_most);
    canvas.line(
        &[(plot.frame.left, limit), (plot.frame.right, limit)],
        Ink::Text,
        Dash::Dashed,
        1.5,
    );
    let best = best(frontier);
    canvas.curve(
        &plot.points(
            best.iter()
                .map(|design| (design.budget_usd_per_year, design.risk.max(plot.y.low()))),
        ),
        Ink::Cost,
        Dash::Solid,
        2.5,
    );
    for design in &frontier.designs {
        let (ink, radius) = match design.standing {
            Standing::Dominated => (Ink::Muted, 3.0),
            Standing::Frontier => (Ink::Cost, 4.5),
            Standing::Chosen => (Ink::Chosen, 6.5),
        };
        let at = plot.at(design.budget_usd_per_year, design.risk);
        let ends = [
            plot.at(design.budget_usd_per_year, design.low),
            plot.at(design.budget_usd_per_year, design.high),
        ];
        canvas.curve(&ends, ink, Dash::Solid, 1.0);
        canvas.dot(at, radius, ink);
        canvas.reserve(Frame {
            left: at.0 - 7.0,
            top: at.1 - 7.0,
            right: at.0 + 7.0,
            bottom: at.1 + 7.0,
        });
    }
    let kind = Type {
        size: SMALL,
        ink: Ink::Text,
        weight: Weight::Normal,
    };
    // The chosen design is named first: places run out.
    let (chosen, others): (Vec<&Design>, Vec<&Design>) = best
        .iter()
        .copied()
        .partition(|design| design.standing == Standing::Chosen);
    for design in chosen.into_iter().chain(others) {
        let at = plot.at(design.budget_usd_per_year, design.risk);
        let chosen = design.standing == Standing::Chosen;
        let text = super::canvas::fit(&design.label, if narrow { 150.0 } else { 260.0 }, SMALL);
        let kind = Type {
            weight: if chosen { Weight::Bold } else { Weight::Normal },
            ..kind
        };
        canvas.place(&text, &around(at), kind, plot.frame);
    }
}
