//! Formulas and estimators against published or independently computed values.
//!
//! One test per case; the inputs and the expected values stand in the test. Values without another
//! source were computed with mpmath at 30 digits or with scipy 1.17.

mod attack;
mod further;
mod network;
mod participation;
mod statistics;
mod stochastic;

/// `found` within a relative distance of `expected`.
#[track_caller]
pub fn close(found: f64, expected: f64, relative: f64) {
    assert!(
        (found - expected).abs() <= relative * expected.abs(),
        "found {found:e}, expected {expected:e}, relative distance {:e}",
        ((found - expected) / expected).abs()
    );
}

/// Within 1e-9, the tolerance of closed forms.
#[track_caller]
pub fn nine(found: f64, expected: f64) {
    close(found, expected, 1e-9);
}

/// Equal to the rounding of a few operations.
#[track_caller]
pub fn exact(found: f64, expected: f64) {
    close(found, expected, 4.0 * f64::EPSILON);
}
