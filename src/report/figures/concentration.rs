//! Concentration: how few entities hold what an attacker needs.

use super::axis::{Axis, Key, Labelled, Mark, Plot, SMALL, Scale, legend, number, percent};
use super::canvas::{Canvas, Frame, Type, Weight, around};
use super::palette::{Dash, Ink};
use super::{About, Figure, Part, is_narrow, make};
use crate::report::findings::Concentration;
use crate::report::format;

pub(super) fn figure(concentration: &Concentration) -> Option<Figure> {
    if concentration.entity_shares.is_empty() {
        return None;
    }
    let about = About {
        id: "concentration",
        title: "How few hold what an attacker needs",
        caption: caption(concentration),
        assumptions: concentration.assumptions.clone(),
        part: Part::Evidence,
        heights: (400.0, 380.0),
    };
    Some(make(about, |canvas| paint(canvas, concentration)))
}

/// Share of the weight held by the largest 0, 1, 2, … entities.
fn cumulative(shares: &[f64]) -> Vec<f64> {
    let mut sum = 0.0;
    let rest = shares.iter().map(|share| {
        sum += share;
        sum
    });
    std::iter::once(0.0).chain(rest).collect()
}

/// The fewest entities that together reach the threshold.
fn needed(concentration: &Concentration) -> Option<usize> {
    // Shares were divided and added: a sum of a third may be a hair below a third.
    cumulative(&concentration.entity_shares)
        .iter()
        .position(|held| *held >= concentration.threshold - 1e-12)
}

fn caption(concentration: &Concentration) -> String {
    let entities = concentration.entity_shares.len();
    let of = format!(
        "{} {}",
        format::whole(entities as u64),
        if entities == 1 { "entity" } else { "entities" }
    );
    let mut out = match needed(concentration) {
        Some(count) => format!(
            "The largest {} of {of} {} {} of the weight; an attack needs {}.",
            format::whole(count as u64),
            if count == 1 { "holds" } else { "hold" },
            format::share(cumulative(&concentration.entity_shares)[count].min(1.0)),
            format::share(concentration.threshold),
        ),
        None => format!(
            "All {of} together hold less than the {} an attack needs.",
            format::share(concentration.threshold)
        ),
    };
    let name = concentration.names.first().filter(|name| !name.is_empty());
    out += &format!(
        " The largest one{} holds {}.",
        name.map_or(String::new(), |name| format!(", {name},")),
        format::share(concentration.entity_shares[0])
    );
    if concentration.reconstructed {
        out += " Stakes of single operators are reconstructed, so the count is an estimate.";
    }
    out
}

fn paint(canvas: &mut Canvas, concentration: &Concentration) {
    let held = cumulative(&concentration.entity_shares);
    let entities = concentration.entity_shares.len();
    let attackers = needed(concentration);
    let mut keys = vec![Key {
        mark: Mark::Line(Dash::Solid),
        ink: Ink::Cost,
        words: if concentration.reconstructed {
            "weight held (reconstructed)"
        } else {
            "weight held"
        }
        .to_owned(),
    }];
    if entities > 1 {
        keys.push(Key {
            mark: Mark::Line(Dash::Dotted),
            ink: Ink::Muted,
            words: "if all held the same".to_owned(),
        });
    }
    if attackers.is_some() {
        keys.push(Key {
            mark: Mark::Band(0.35),
            ink: Ink::Profit,
            words: "enough for an attack".to_owned(),
        });
    }
    keys.push(Key {
        mark: Mark::Line(Dash::Dashed),
        ink: Ink::Text,
        words: format!("an attack needs {}", format::share(concentration.threshold)),
    });
    let top = legend(canvas, &keys);
    let ticks = if is_narrow(canvas) { 4 } else { 8 }.min(entities.max(2));
    let plot = Plot::new(
        canvas,
        top,
        Labelled {
            axis: Axis::between(0.0, entities as f64, ticks),
            title: "entities, largest first".to_owned(),
            write: number,
        },
        Labelled {
            axis: Axis::over([0.0, 1.0], Scale::Linear, 5),
            title: "share of the weight they hold together".to_owned(),
            write: percent,
        },
    );
    let steps = |to: usize| (0..=to).map(|index| (index as f64, held[index]));
    if let Some(attackers) = attackers {
        let mut area = plot.points(steps(attackers));
        area.push((plot.x.at(attackers as f64), plot.frame.bottom));
        canvas.area(&area, Ink::Profit, 0.35);
    }
    if entities > 1 {
        canvas.line(
            &[plot.at(0.0, 0.0), plot.at(entities as f64, 1.0)],
            Ink::Muted,
            Dash::Dotted,
            1.5,
        );
    }
    canvas.curve(&plot.points(steps(entities)), Ink::Cost, Dash::Solid, 2.5);
    let threshold = plot.y.at(concentration.threshold);
    canvas.line(
        &[(plot.frame.left, threshold), (plot.frame.right, threshold)],
        Ink::Text,
        Dash::Dashed,
        1.5,
    );
    let kind = Type {
        size: SMALL + 1.0,
        ink: Ink::Text,
        weight: Weight::Normal,
    };
    if let Some(attackers) = attackers {
        let at = plot.at(attackers as f64, held[attackers]);
        canvas.dot(at, 6.0, Ink::Profit);
        canvas.reserve(Frame {
            left: at.0 - 8.0,
            top: at.1 - 8.0,
            right: at.0 + 8.0,
            bottom: at.1 + 8.0,
        });
        let words = format!("{} reach it", format::whole(attackers as u64));
        let words = if attackers == 1 {
            "one reaches it".to_owned()
        } else {
            words
        };
        canvas.place(
            &words,
            &around(at),
            Type {
                weight: Weight::Bold,
                ..kind
            },
            plot.frame,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(entity_shares: &[f64], threshold: f64) -> Concentration {
        Concentration {
            entity_shares: entity_shares.to_vec(),
            names: vec!["A".to_owned()],
            threshold,
            reconstructed: false,
            assumptions: Vec::new(),
        }
    }

    #[test]
    fn the_fewest_attackers_are_counted_from_the_largest() {
        assert_eq!(needed(&of(&[0.5, 0.3, 0.2], 1.0 / 3.0)), Some(1));
        assert_eq!(needed(&of(&[0.1; 10], 0.3)), Some(3));
        assert_eq!(needed(&of(&[0.1; 2], 0.3)), None);
        assert!(
            caption(&of(&[0.1; 10], 0.3))
                .starts_with("The largest 3 of 10 entities hold 30 % of the weight")
        );
    }
}
