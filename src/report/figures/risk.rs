//! Risk against stake: how much stake the promise needs.

use super::axis::{Axis, Key, Labelled, Mark, Plot, SMALL, Scale, dollars, legend, percent};
use super::canvas::{Canvas, Frame, Type, Weight, around};
use super::palette::{Dash, Ink};
use super::{About, Figure, Part, curve, is_narrow, make};
use crate::report::findings::{Promise, RiskCurve, Unit};
use crate::report::{format, words};

pub(super) fn figure(risk: &RiskCurve, promise: &Promise) -> Option<Figure> {
    if risk.points.len() < 2 {
        return None;
    }
    let about = About {
        id: "risk",
        title: "How much stake keeps the promise",
        caption: caption(risk, promise),
        assumptions: risk.assumptions.clone(),
        part: Part::Evidence,
        heights: (430.0, 400.0),
    };
    Some(make(about, |canvas| paint(canvas, risk, promise)))
}

fn caption(risk: &RiskCurve, promise: &Promise) -> String {
    let mut out = String::new();
    let limit = format::probability(promise.at_most);
    if let Some(point) = risk.recommended {
        let (stake, day) = (format::usd(point.stake_usd), words::insecure_day(promise));
        let confidence = format::share(promise.confidence);
        out += &if point.risk > 0.0 {
            let range = format::range(point.low, point.high, point.risk, Unit::Probability);
            let risk = format::probability(point.risk);
            format!("At {stake} the chance of {day} is {risk} ({confidence} interval {range}). ")
        } else {
            let most = format::probability(point.high);
            format!(
                "At {stake} no path had {day}: the chance is at most {most} ({confidence} confidence). "
            )
        };
    }
    let pairs: Vec<(f64, f64)> = risk
        .points
        .iter()
        .map(|point| (point.stake_usd, point.risk))
        .collect();
    let (first, last) = (pairs[0], pairs[pairs.len() - 1]);
    out += &match curve::falls_to(&pairs, promise.at_most) {
        Some(stake) => format!(
            "Below {} it exceeds the {limit} promised.",
            format::usd(stake)
        ),
        None if last.1 > promise.at_most => {
            format!(
                "Even {}, the largest stake shown, does not bring it down to the {limit} promised.",
                format::usd(last.0)
            )
        }
        None => format!(
            "It stays below the {limit} promised down to {}, the smallest stake shown.",
            format::usd(first.0)
        ),
    };
    if let Some(today) = risk.today_usd {
        out += &format!(" The set as it is today gives {}", format::usd(today));
        out += &match curve::at(&pairs, today) {
            Some(then) => format!(", a chance of {}.", format::probability(then)),
            None => ".".to_owned(),
        };
    }
    out
}

fn paint(canvas: &mut Canvas, risk: &RiskCurve, promise: &Promise) {
    let mut keys = vec![
        Key {
            mark: Mark::Line(Dash::Solid),
            ink: Ink::Profit,
            words: "chance, from the paths".to_owned(),
        },
        Key {
            mark: Mark::Band(0.25),
            ink: Ink::Profit,
            words: format!("{} confidence band", format::share(promise.confidence)),
        },
    ];
    keys.push(super::promise_key(promise));
    if risk.today_usd.is_some() {
        keys.push(Key {
            mark: Mark::Line(Dash::Dashed),
            ink: Ink::Cost,
            words: "today's set".to_owned(),
        });
    }
    if risk.recommended.is_some() {
        keys.push(Key {
            mark: Mark::Dot,
            ink: Ink::Chosen,
            words: "recommended".to_owned(),
        });
    }
    let top = legend(canvas, &keys);
    let stakes = risk.points.iter().map(|point| point.stake_usd);
    let stakes = stakes
        .chain(risk.recommended.map(|point| point.stake_usd))
        .chain(risk.today_usd);
    let stakes: Vec<f64> = stakes
        .filter(|stake| *stake > 0.0 && stake.is_finite())
        .collect();
    let spread = stakes.iter().copied().fold(0.0, f64::max)
        / stakes.iter().copied().fold(f64::INFINITY, f64::min);
    let scale = if spread > 12.0 {
        Scale::Log
    } else {
        Scale::Linear
    };
    let count = if is_narrow(canvas) { 4 } else { 7 };
    // Five decades below the largest chance no reader can tell a design from another.
    let top_risk = risk
        .points
        .iter()
        .map(|point| point.risk.max(point.high))
        .fold(promise.at_most, f64::max);
    let floor = (top_risk * 1e-5).max(1e-9);
    let risks = risk
        .points
        .iter()
        .flat_map(|point| [point.risk, point.high, point.low])
        .filter(|value| *value > floor);
    let y = Axis::over(
        risks.chain([promise.at_most * 2.0, promise.at_most / 5.0, top_risk]),
        Scale::Log,
        5,
    );
    let plot = Plot::new(
        canvas,
        top,
        Labelled {
            axis: Axis::over(stakes, scale, count),
            title: "slashable stake, USD".to_owned(),
            write: dollars,
        },
        Labelled {
            axis: y,
            title: format!("chance of {}", words::insecure_day(promise)),
            write: percent,
        },
    );
    let band = risk
        .points
        .iter()
        .map(|point| (point.stake_usd, point.high));
    let band = band.chain(
        risk.points
            .iter()
            .rev()
            .map(|point| (point.stake_usd, point.low)),
    );
    canvas.area(&plot.points(band), Ink::Profit, 0.25);
    // A chance of zero has no place on this axis: the line ends, the band goes on.
    let seen = risk
        .points
        .iter()
        .filter(|point| point.risk > 0.0)
        .map(|point| (point.stake_usd, point.risk));
    canvas.curve(&plot.points(seen), Ink::Profit, Dash::Solid, 2.5);
    let limit = plot.y.at(promise.at_most);
    canvas.line(
        &[(plot.frame.left, limit), (plot.frame.right, limit)],
        Ink::Text,
        Dash::Dashed,
        1.5,
    );
    let kind = |weight| Type {
        size: SMALL + 1.0,
        ink: Ink::Text,
        weight,
    };
    if let Some(today) = risk.today_usd {
        let at = plot.x.at(today);
        let (top, bottom) = (plot.frame.top, plot.frame.bottom);
        canvas.curve(&[(at, top), (at, bottom)], Ink::Cost, Dash::Dashed, 1.5);
    }
    if let Some(point) = risk.recommended {
        // A chance of zero has no place here either: its upper bound has.
        let shown = if point.risk > 0.0 {
            point.risk
        } else {
            point.high
        };
        let at = plot.at(point.stake_usd, shown);
        canvas.line(
            &[(at.0, plot.y.at(point.low)), (at.0, plot.y.at(point.high))],
            Ink::Chosen,
            Dash::Solid,
            2.0,
        );
        canvas.line(
            &[at, (at.0, plot.frame.bottom)],
            Ink::Chosen,
            Dash::Dotted,
            1.5,
        );
        canvas.dot(at, 6.0, Ink::Chosen);
        canvas.reserve(Frame {
            left: at.0 - 9.0,
            top: at.1 - 9.0,
            right: at.0 + 9.0,
            bottom: at.1 + 9.0,
        });
        let unseen = if point.risk > 0.0 {
            ""
        } else {
            ", no failure seen"
        };
        let text = format::usd(point.stake_usd) + unseen;
        canvas.place(&text, &around(at), kind(Weight::Bold), plot.frame);
    }
}
