//! Findings to figures (SVG), HTML, Markdown and the screen of a terminal.
//!
//! The report computes no economics: [`Findings`] holds every number it shows. Same findings, same bytes.

pub mod findings;
pub mod format;
pub mod terminal;
pub mod words;

pub use findings::Findings;
