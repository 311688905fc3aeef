//! The figures: few, large, labelled in words, uncertainty drawn, the recommended point marked.
//!
//! Each file takes its data to a drawing and to a caption that says what to see. Every figure is drawn
//! twice, for a desk and for a phone: a small copy of a wide figure has words nobody can read.

mod axis;
mod breaks;
mod budget;
mod canvas;
mod collateral;
mod concentration;
mod curve;
mod frontier;
mod growth;
mod incident;
mod margin;
mod money;
pub(in crate::report) mod palette;
mod panel;
mod risk;
mod rows;
mod sizes;
mod variants;
mod worst;

use super::findings::{Findings, Promise};
use super::format;
use canvas::Canvas;

/// Where in the report a figure belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Part {
    /// What binds and what breaks first.
    Binds,
    /// The evidence behind the answer.
    Evidence,
}

/// A finished figure.
pub(in crate::report) struct Figure {
    /// Name of its file and anchor.
    pub id: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What to see.
    pub caption: String,
    /// Ids of the assumptions it rests on.
    pub assumptions: Vec<String>,
    /// Its place.
    pub part: Part,
    /// SVG for a desk and for paper.
    pub wide: String,
    /// SVG for a phone.
    pub narrow: String,
    /// SVG as a file of its own.
    pub file: String,
}

/// All figures whose data exist, in the order of the report.
pub(in crate::report) fn all(findings: &Findings) -> Vec<Figure> {
    let data = &findings.figures;
    [
        variants::figure(&findings.variants),
        data.breaks.as_ref().and_then(breaks::figure),
        data.risk
            .as_ref()
            .and_then(|risk| risk::figure(risk, &findings.promise)),
        data.panel.as_ref().and_then(panel::figure),
        data.margin.as_ref().and_then(margin::figure),
        data.worst.as_ref().and_then(worst::figure),
        data.growth.as_ref().and_then(growth::figure),
        data.budget.as_ref().and_then(budget::figure),
        data.collateral.as_ref().and_then(collateral::figure),
        data.incident.as_ref().and_then(incident::figure),
        data.money.as_ref().and_then(money::figure),
        data.concentration.as_ref().and_then(concentration::figure),
        data.sizes.as_ref().and_then(sizes::figure),
        data.frontier
            .as_ref()
            .and_then(|frontier| frontier::figure(frontier, &findings.promise)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Width of a figure on a desk, pixels.
const WIDE: f64 = 860.0;
/// Width of a figure on a phone, pixels.
const NARROW: f64 = 380.0;

/// What a figure is about.
struct About {
    id: &'static str,
    title: &'static str,
    caption: String,
    assumptions: Vec<String>,
    part: Part,
    /// Heights on a desk and on a phone, pixels.
    heights: (f64, f64),
}

fn make(about: About, paint: impl Fn(&mut Canvas)) -> Figure {
    let About {
        id,
        title,
        caption,
        assumptions,
        part,
        heights,
    } = about;
    let draw =
        |suffix: &str, size| canvas::draw(&format!("{id}-{suffix}"), size, title, &caption, &paint);
    let wide = draw("wide", (WIDE, heights.0));
    let narrow = draw("narrow", (NARROW, heights.1));
    Figure {
        file: wide.file(),
        wide: wide.inline(),
        narrow: narrow.inline(),
        id,
        title,
        caption,
        assumptions,
        part,
    }
}

/// The line of the promised risk, as the legend names it.
fn promise_key(promise: &Promise) -> axis::Key {
    axis::Key {
        mark: axis::Mark::Line(palette::Dash::Dashed),
        ink: palette::Ink::Text,
        words: format!("promise: at most {}", format::probability(promise.at_most)),
    }
}

/// Whether the canvas is the phone's.
fn is_narrow(canvas: &Canvas) -> bool {
    canvas.width < 600.0
}
