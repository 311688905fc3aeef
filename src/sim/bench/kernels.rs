//! The kernels alone: how many numbers a second one core makes in columns as the engine does.

use super::clock::best_of;
use crate::random::lanes::{LANES, LaneStreams, Width, exponentials, normals, uniforms};
use crate::random::{Purpose, Seed};
use crate::sim::kernels::{TILE_DAYS, column};
use serde::Serialize;
use std::hint::black_box;

/// Numbers a second on one core.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Kernels {
    /// Uniforms in (0, 1).
    pub uniforms_per_second: f64,
    /// Standard normals.
    pub normals_per_second: f64,
    /// Exponentials of numbers.
    pub exponentials_per_second: f64,
}

impl Kernels {
    /// Keeps the higher of each two rates.
    pub(super) fn faster(&mut self, other: &Kernels) {
        for (mine, theirs) in [
            (&mut self.uniforms_per_second, other.uniforms_per_second),
            (&mut self.normals_per_second, other.normals_per_second),
            (
                &mut self.exponentials_per_second,
                other.exponentials_per_second,
            ),
        ] {
            *mine = mine.max(theirs);
        }
    }
}

/// Measures each kernel in one of its compiled forms, filling a column so many times.
pub(super) fn measure(width: Width, fills: u64) -> Kernels {
    let mut streams = LaneStreams::new(width, Seed::default(), Purpose::Diffusion(0), 0);
    let mut numbers = column();
    let uniform = rate(fills, || {
        uniforms(width, &mut streams, black_box(&mut numbers))
    });
    let normal = rate(fills, || {
        normals(width, &mut streams, black_box(&mut numbers))
    });
    let mut exponent = column();
    let exponential = rate(fills, || {
        // The same small numbers each time: repeated exponentials leave the range.
        exponent.fill([0.01; LANES]);
        exponentials(width, black_box(&mut exponent));
    });
    Kernels {
        uniforms_per_second: uniform,
        normals_per_second: normal,
        exponentials_per_second: exponential,
    }
}

/// Draws about so many normals and keeps none.
pub(super) fn draw(width: Width, count: f64) {
    let mut streams = LaneStreams::new(width, Seed::default(), Purpose::Diffusion(0), 0);
    let mut numbers = column();
    let fills = (count / (TILE_DAYS * LANES) as f64).ceil() as u64;
    for _ in 0..fills {
        normals(width, &mut streams, black_box(&mut numbers));
    }
}

fn rate(fills: u64, mut fill: impl FnMut()) -> f64 {
    let seconds = best_of(5, || (0..fills).for_each(|_| fill()));
    (fills * (TILE_DAYS * LANES) as u64) as f64 / seconds
}
