//! How far a price or a value can get on any path that a run may meet: what a double holds and
//! the engine's exponential computes ends at `e^708`, and a path that leaves it is no number.

use crate::units::DAYS_PER_YEAR;

/// Largest magnitude of a logarithm that may be met; sums and products of two such quantities
/// stay within doubles.
pub const LOG_LIMIT: f64 = 600.0;

/// Lognormal jumps at Poisson times, as far as their reach goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jumps {
    /// Expected number a year.
    pub per_year: f64,
    /// Mean of a jump's logarithm.
    pub log_mean: f64,
    /// Standard deviation of a jump's logarithm.
    pub log_sd: f64,
}

/// What a day's log drift must lose so that jumps, moved by `loading`, leave the expectation.
#[must_use]
pub fn compensator(jumps: Jumps, loading: f64) -> f64 {
    let (mean, sd) = (loading * jumps.log_mean, loading * jumps.log_sd);
    libm::log1p(jumps.per_year / DAYS_PER_YEAR * libm::expm1(mean + 0.5 * sd * sd))
}

/// How far jumps move a logarithm at most in some days, beyond what a run of 10^12 paths meets:
/// ten standard deviations of their number, all of one sign and three deviations large; with the
/// drift that makes up for them.
#[must_use]
pub fn jumps(jumps: Jumps, days: u32, loading: f64) -> f64 {
    let days = f64::from(days);
    let expected = days * jumps.per_year / DAYS_PER_YEAR;
    if expected <= 0.0 {
        return 0.0;
    }
    let many = (expected + 10.0 * expected.sqrt() + 10.0).min(days);
    many * loading.abs() * (jumps.log_mean.abs() + 3.0 * jumps.log_sd)
        + days * compensator(jumps, loading).abs()
}

/// How far from 0 the logarithm of a diffusion that starts at `start` gets at most in some days,
/// ten standard deviations out. Drift and volatility are a year's.
#[must_use]
pub fn diffusion(start: f64, drift: f64, volatility: f64, days: u32) -> f64 {
    let years = f64::from(days) / DAYS_PER_YEAR;
    let log_drift = drift - 0.5 * volatility * volatility;
    libm::log(start).abs() + years * log_drift.abs() + 10.0 * volatility * years.sqrt()
}

/// Whether a lognormal size stays within reach.
#[must_use]
pub fn holds_lognormal(log_mean: f64, log_sd: f64) -> bool {
    log_sd > 0.0 && log_mean.abs() + 10.0 * log_sd < 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_year_is_near_and_a_wild_one_is_not() {
        assert!(diffusion(3000.0, 0.0, 0.7, 365) < 20.0);
        assert!(diffusion(3000.0, 0.0, 40.0, 365) > LOG_LIMIT);
        assert!(diffusion(1.0, 0.0, 0.7, 365_000) > 400.0);
        let crash = Jumps {
            per_year: 300.0,
            log_mean: -2.0,
            log_sd: 0.5,
        };
        assert!(jumps(crash, 365, 1.0) > LOG_LIMIT);
        assert!(jumps(crash, 365, 0.0) < 1e-12);
    }

    #[test]
    fn the_compensator_leaves_the_expectation() {
        let law = Jumps {
            per_year: 6.0,
            log_mean: -0.04,
            log_sd: 0.08,
        };
        let p = 6.0 / DAYS_PER_YEAR;
        let mean = 1.0 - p + p * libm::exp(-0.04 + 0.5 * 0.08 * 0.08);
        assert!((mean * libm::exp(-compensator(law, 1.0)) - 1.0).abs() < 1e-15);
    }
}
