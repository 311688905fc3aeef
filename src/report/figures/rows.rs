//! Rows of named marks: the layout that the comparisons share.
//!
//! On a desk the name stands left of its mark; on a phone above it.

use super::axis::SMALL;
use super::canvas::{Anchor, Canvas, Type, Weight, fit};
use super::is_narrow;
use super::palette::Ink;

/// Height of a row on a desk and on a phone.
pub(super) const HEIGHTS: (f64, f64) = (30.0, 46.0);
/// More rows than this and a figure is a table.
pub(super) const MOST: usize = 24;

/// Where marks of the rows may stand.
pub(super) struct Rows {
    pub left: f64,
    pub right: f64,
    top: f64,
    height: f64,
    narrow: bool,
}

impl Rows {
    /// Rows below `top`; names get `names` pixels on a desk, and values `values` pixels behind the marks.
    pub fn new(canvas: &Canvas, top: f64, names: f64, values: f64) -> Self {
        let narrow = is_narrow(canvas);
        Self {
            left: if narrow { 6.0 } else { names },
            right: canvas.width - values,
            top,
            height: if narrow { HEIGHTS.1 } else { HEIGHTS.0 },
            narrow,
        }
    }

    /// Height of the marks of a row.
    pub fn middle(&self, row: usize) -> f64 {
        let start = self.top + self.height * row as f64;
        start + if self.narrow { 31.0 } else { self.height / 2.0 }
    }

    /// Lower end of the rows.
    pub fn bottom(&self, rows: usize) -> f64 {
        self.top + self.height * rows as f64
    }

    /// Writes the name of a row.
    pub fn name(&self, canvas: &mut Canvas, row: usize, name: &str, weight: Weight) {
        let kind = Type {
            size: SMALL + 0.5,
            ink: Ink::Text,
            weight,
        };
        // Bold letters are wider than the estimate.
        let size = if weight == Weight::Bold {
            kind.size * 1.07
        } else {
            kind.size
        };
        if self.narrow {
            let at = (4.0, self.top + self.height * row as f64 + 12.0);
            canvas.text(
                &fit(name, canvas.width - 8.0, size),
                at,
                Anchor::Start,
                kind,
            );
        } else {
            canvas.text(
                &fit(name, self.left - 20.0, size),
                (self.left - 14.0, self.middle(row)),
                Anchor::End,
                kind,
            );
        }
    }
}
