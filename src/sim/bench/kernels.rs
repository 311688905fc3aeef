//! The kernels alone: how many numbers a second one core makes in columns as the engine does.

use super::clock::best_of;
use crate::random::lanes::{LANES, LaneStreams, Width, exponentials, normals, uniforms};
use crate::random::{Purpose, Seed};
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

const DAYS: usize = 32;
const FILLS: usize = 4_000;

/// Measures each kernel in one of its compiled forms.
pub(super) fn measure(width: Width) -> Kernels {
    let mut streams = LaneStreams::new(Seed::default(), Purpose::Diffusion(0), 0);
    let mut column = vec![[0.0; LANES]; DAYS];
    let uniform = rate(|| uniforms(width, &mut streams, black_box(&mut column)));
    let normal = rate(|| normals(width, &mut streams, black_box(&mut column)));
    let mut exponent = vec![[0.7; LANES]; DAYS];
    let exponential = rate(|| {
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

fn rate(mut fill: impl FnMut()) -> f64 {
    let seconds = best_of(5, || (0..FILLS).for_each(|_| fill()));
    (FILLS * DAYS * LANES) as f64 / seconds
}
