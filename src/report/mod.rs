//! Findings to figures (SVG), HTML, Markdown and the screen of a terminal.
//!
//! The report computes no economics: [`Findings`] holds every number that it shows, and whoever has
//! a recommendation fills it. Same findings, same bytes. The order is the reader's: the answer on one
//! screen, then what binds, then the evidence, then the researcher's appendix.

pub mod aftermath;
mod figures;
pub mod findings;
pub mod footing;
pub mod format;
pub mod growth;
mod html;
mod markdown;
mod tables;
pub mod terminal;
pub mod words;
pub mod worlds;

pub use findings::Findings;

/// The files of a report as (path inside the run folder, bytes): `report.html`, `report.md` and
/// `figures/*.svg`. The page is self-contained; the text links the figures.
#[must_use]
pub fn render(findings: &Findings) -> Vec<(String, Vec<u8>)> {
    let figures = figures::all(findings);
    let mut files = vec![
        (
            "report.html".to_owned(),
            html::render(findings, &figures).into_bytes(),
        ),
        (
            "report.md".to_owned(),
            markdown::render(findings, &figures).into_bytes(),
        ),
    ];
    files.extend(figures.iter().map(|figure| {
        (
            format!("{}/{}.svg", markdown::FIGURES, figure.id),
            figure.file.clone().into_bytes(),
        )
    }));
    files
}
