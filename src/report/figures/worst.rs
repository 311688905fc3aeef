//! Cost and profit at the worst moment of each path.

use super::axis::{Axis, Key, Labelled, Mark, Plot, Scale, dollars, legend, percent};
use super::canvas::Canvas;
use super::palette::{Dash, Ink};
use super::{About, Figure, Part, is_narrow, make};
use crate::report::findings::{Unit, WorstMoment};
use crate::report::format;

pub(super) fn figure(worst: &WorstMoment) -> Option<Figure> {
    let bins = worst.edges_usd.len().saturating_sub(1);
    let sound = bins > 0
        && worst.coc.len() == bins
        && worst.pfc.len() == bins
        && worst.edges_usd.iter().all(|edge| *edge > 0.0)
        && worst.edges_usd.is_sorted()
        && total(&worst.coc) > 0.0
        && total(&worst.pfc) > 0.0;
    if !sound {
        return None;
    }
    let about = About {
        id: "worst-moment",
        title: "Cost and profit at each path's worst moment",
        caption: caption(worst),
        assumptions: worst.assumptions.clone(),
        part: Part::Evidence,
        heights: (400.0, 380.0),
    };
    Some(make(about, |canvas| paint(canvas, worst)))
}

fn total(counts: &[u64]) -> f64 {
    counts.iter().fold(0.0, |sum, count| sum + *count as f64)
}

/// Quantile of a histogram, straight in the logarithm inside a bin.
fn quantile(edges: &[f64], counts: &[u64], probability: f64) -> f64 {
    let wanted = probability * total(counts);
    let mut seen = 0.0;
    for (index, count) in counts.iter().enumerate() {
        let count = *count as f64;
        if count > 0.0 && seen + count >= wanted {
            let share = ((wanted - seen) / count).clamp(0.0, 1.0);
            return edges[index] * (edges[index + 1] / edges[index]).powf(share);
        }
        seen += count;
    }
    edges[edges.len() - 1]
}

fn caption(worst: &WorstMoment) -> String {
    let of = |counts: &[u64], probability| quantile(&worst.edges_usd, counts, probability);
    let (cost, profit) = (of(&worst.coc, 0.5), of(&worst.pfc, 0.5));
    format!(
        "In {}, at the moment of least margin, the median cost of corruption is {} and the median profit {} ({}). One path in a hundred sees a cost below {}, one in a hundred a profit above {}.",
        format::days(worst.days),
        format::usd(cost),
        format::usd(profit),
        format::amount(cost / profit, Unit::Multiple),
        format::usd(of(&worst.coc, 0.01)),
        format::usd(of(&worst.pfc, 0.99)),
    )
}

fn paint(canvas: &mut Canvas, worst: &WorstMoment) {
    let keys = [
        Key {
            mark: Mark::Line(Dash::Solid),
            ink: Ink::Cost,
            words: "cost of corruption".to_owned(),
        },
        Key {
            mark: Mark::Line(Dash::Dashed),
            ink: Ink::Profit,
            words: "profit from corruption".to_owned(),
        },
    ];
    let top = legend(canvas, &keys);
    let (costs, profits) = (shares(&worst.coc), shares(&worst.pfc));
    // Empty bins at the ends say nothing.
    let used = |index: &usize| worst.coc[*index] + worst.pfc[*index] > 0;
    let bins = worst.coc.len();
    let first = (0..bins).find(used).unwrap_or(0);
    let last = (0..bins).rev().find(used).unwrap_or(bins - 1);
    let edges = &worst.edges_usd[first..=last + 1];
    let tallest = costs.iter().chain(&profits).copied().fold(0.0, f64::max);
    let ticks = if is_narrow(canvas) { 3 } else { 6 };
    let plot = Plot::new(
        canvas,
        top,
        Labelled {
            axis: Axis::over(edges.iter().copied(), Scale::Log, ticks),
            title: "USD at the worst moment".to_owned(),
            write: dollars,
        },
        Labelled {
            axis: Axis::over([0.0, tallest], Scale::Linear, 4),
            title: "share of paths in a bar".to_owned(),
            write: percent,
        },
    );
    for (shares, ink, dash) in [
        (&profits, Ink::Profit, Dash::Dashed),
        (&costs, Ink::Cost, Dash::Solid),
    ] {
        let steps = (first..=last).flat_map(|index| {
            [
                (worst.edges_usd[index], shares[index]),
                (worst.edges_usd[index + 1], shares[index]),
            ]
        });
        let mut outline = plot.points(steps);
        let (left, right) = (outline[0].0, outline[outline.len() - 1].0);
        outline.insert(0, (left, plot.frame.bottom));
        outline.push((right, plot.frame.bottom));
        canvas.area(&outline, ink, 0.28);
        canvas.line(&outline, ink, dash, 2.0);
    }
}

fn shares(counts: &[u64]) -> Vec<f64> {
    let all = total(counts);
    counts.iter().map(|count| *count as f64 / all).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_lies_inside_its_bin() {
        let edges = [1.0, 10.0, 100.0, 1000.0];
        assert!((quantile(&edges, &[0, 10, 0], 0.5) - 10_f64.powf(1.5)).abs() < 1e-9);
        assert!((quantile(&edges, &[10, 0, 10], 0.5) - 10.0).abs() < 1e-9);
        assert!((quantile(&edges, &[10, 0, 10], 1.0) - 1000.0).abs() < 1e-9);
        assert!((quantile(&edges, &[10, 0, 10], 0.0) - 1.0).abs() < 1e-9);
    }
}
