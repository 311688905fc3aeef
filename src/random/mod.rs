//! Seeds, per-path streams, inverse-transform samplers, Sobol points.
//!
//! A draw is named by `(seed, purpose, path, n)`: the *n*-th number of the stream that
//! [`Stream::new`] opens for one path and one [`Purpose`]. Whatever draws for another
//! purpose does not move it, so two designs see the same market (common random numbers),
//! and a shard or a resumed run sees the numbers that the whole run would have seen.
//!
//! Everything here is a pure function of its arguments with the same bits on every machine:
//! the logarithm, the exponential and the inverse normal of [`math`] are polynomials in
//! fused multiply-adds, not the platform's library.

pub mod lanes;
pub mod math;
mod seed;
mod sobol;
mod stream;

pub use seed::Seed;
pub use sobol::Sobol;
pub use stream::{Purpose, Stream, mix, uniform_from_bits};
