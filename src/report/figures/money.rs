//! Where the reward budget goes.

use super::axis::SMALL;
use super::canvas::{Anchor, Canvas, Frame, Type, Weight, fit, text_width};
use super::palette::Ink;
use super::{About, Figure, Part, is_narrow, make};
use crate::report::findings::{Money, MoneyPart};
use crate::report::format;

/// Colours of the parts; each also carries a number.
const INKS: [Ink; 5] = [Ink::Cost, Ink::Fifth, Ink::Third, Ink::Fourth, Ink::Muted];

pub(super) fn figure(money: &Money) -> Option<Figure> {
    let parts = parts(money);
    if parts.is_empty() {
        return None;
    }
    let rows = parts.len() as f64;
    let about = About {
        id: "money",
        title: "Where the money goes",
        caption: caption(&parts),
        assumptions: money.assumptions.clone(),
        part: Part::Evidence,
        heights: (86.0 + rows * 28.0, 86.0 + rows * 48.0),
    };
    Some(make(about, |canvas| paint(canvas, &parts)))
}

/// Parts that exist; a bar cannot show a loss.
fn parts(money: &Money) -> Vec<&MoneyPart> {
    money
        .parts
        .iter()
        .filter(|part| part.usd_per_year > 0.0 && part.usd_per_year.is_finite())
        .collect()
}

fn total(parts: &[&MoneyPart]) -> f64 {
    parts.iter().fold(0.0, |sum, part| sum + part.usd_per_year)
}

fn caption(parts: &[&MoneyPart]) -> String {
    let all = total(parts);
    let mut sorted = parts.to_vec();
    sorted.sort_by(|a, b| b.usd_per_year.total_cmp(&a.usd_per_year));
    let mut out = format!(
        "Of {} the largest part, {}, goes to {}",
        format::usd_per_year(all),
        format::share(sorted[0].usd_per_year / all),
        sorted[0].label
    );
    let last = sorted.len() - 1;
    for (index, part) in sorted.iter().enumerate().skip(1) {
        let joint = if index == last { " and" } else { "," };
        out += &format!(
            "{joint} {} to {}",
            format::share(part.usd_per_year / all),
            part.label
        );
    }
    out + "."
}

fn paint(canvas: &mut Canvas, parts: &[&MoneyPart]) {
    let all = total(parts);
    let narrow = is_narrow(canvas);
    let (left, right) = (4.0, canvas.width - 4.0);
    let mut start = left;
    for (index, part) in parts.iter().enumerate() {
        let end = start + part.usd_per_year / all * (right - left);
        let bar = Frame {
            left: start,
            top: 8.0,
            right: (end - 2.0).max(start + 0.5),
            bottom: 56.0,
        };
        canvas.rectangle(bar, INKS[index % INKS.len()], 0.9);
        let words = format::share(part.usd_per_year / all);
        let kind = Type {
            size: SMALL + 1.0,
            ink: Ink::OnColour,
            weight: Weight::Bold,
        };
        if text_width(&words, kind.size) * 1.1 + 12.0 < end - start {
            canvas.text(
                &words,
                (f64::midpoint(start, end), 32.0),
                Anchor::Middle,
                kind,
            );
        }
        start = end;
    }
    for (index, part) in parts.iter().enumerate() {
        let middle = 80.0 + (if narrow { 48.0 } else { 28.0 }) * index as f64;
        let box_ = Frame {
            left: 4.0,
            top: middle - 7.0,
            right: 18.0,
            bottom: middle + 7.0,
        };
        canvas.rectangle(box_, INKS[index % INKS.len()], 0.9);
        let kind = Type {
            size: SMALL + 0.5,
            ink: Ink::Text,
            weight: Weight::Normal,
        };
        let amount = format!(
            "{} ({})",
            format::usd_per_year(part.usd_per_year),
            format::share(part.usd_per_year / all)
        );
        let muted = Type {
            ink: Ink::Muted,
            ..kind
        };
        if narrow {
            let room = canvas.width - 40.0 - text_width(&amount, kind.size);
            canvas.text(
                &fit(&part.label, room, kind.size),
                (26.0, middle),
                Anchor::Start,
                kind,
            );
            canvas.text(&amount, (canvas.width - 4.0, middle), Anchor::End, kind);
            canvas.text(
                &fit(&part.note, canvas.width - 32.0, SMALL),
                (26.0, middle + 20.0),
                Anchor::Start,
                Type {
                    size: SMALL,
                    ..muted
                },
            );
        } else {
            canvas.text(
                &fit(&part.label, 190.0, kind.size),
                (26.0, middle),
                Anchor::Start,
                kind,
            );
            canvas.text(&amount, (390.0, middle), Anchor::End, kind);
            canvas.text(
                &fit(&part.note, canvas.width - 416.0, kind.size),
                (412.0, middle),
                Anchor::Start,
                muted,
            );
        }
    }
}
