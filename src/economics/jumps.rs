//! Prices that jump: the jump diffusion of Merton (1976).

use super::passage::log_drift;
use super::passage_checked::{Step, failure};
use super::solve::root;
use crate::stats::normal;
use crate::stats::special::poisson_mass;
use serde::{Deserialize, Serialize};

/// A price whose logarithm moves as a Brownian motion and jumps by a normal amount at Poisson
/// times, compensated so that its mean grows at `mean_growth`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct JumpDiffusion {
    /// μ, growth of the mean, a year.
    pub mean_growth: f64,
    /// σ of the moves between jumps, a √year.
    pub volatility: f64,
    /// λ, jumps a year.
    pub jump_rate: f64,
    /// Mean of a jump of the logarithm.
    pub jump_mean: f64,
    /// Standard deviation of a jump of the logarithm.
    pub jump_deviation: f64,
}

/// Mean, variance, skewness and excess kurtosis.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    /// Mean.
    pub mean: f64,
    /// Variance.
    pub variance: f64,
    /// Third standardised moment.
    pub skewness: f64,
    /// Fourth standardised moment minus three.
    pub excess_kurtosis: f64,
}

impl JumpDiffusion {
    /// κ = E[e^J] − 1, the mean relative jump of the price.
    #[must_use]
    pub fn mean_relative_jump(&self) -> f64 {
        (self.jump_mean + 0.5 * self.jump_deviation * self.jump_deviation).exp_m1()
    }

    /// μ − σ²/2 − λκ: the drift of the logarithm between jumps, a year.
    #[must_use]
    pub fn log_drift(&self) -> f64 {
        log_drift(self.mean_growth, self.volatility) - self.jump_rate * self.mean_relative_jump()
    }

    /// Moments of the log return over `years`, from its cumulants.
    #[must_use]
    pub fn moments(&self, years: f64) -> Moments {
        let (m, s2) = (self.jump_mean, self.jump_deviation * self.jump_deviation);
        let jumps = self.jump_rate * years;
        let variance = self.volatility * self.volatility * years + jumps * (m * m + s2);
        let third = jumps * m * (m * m + 3.0 * s2);
        let fourth = jumps * (m.powi(4) + 6.0 * m * m * s2 + 3.0 * s2 * s2);
        Moments {
            mean: self.log_drift() * years + jumps * m,
            variance,
            skewness: third / variance.powf(1.5),
            excess_kurtosis: fourth / (variance * variance),
        }
    }

    /// P(S_T/S_0 ≤ `ratio`) after `years`: the Poisson mixture of normals over the number of jumps.
    #[must_use]
    pub fn cdf(&self, ratio: f64, years: f64) -> f64 {
        if ratio <= 0.0 {
            return 0.0;
        }
        let level = ratio.ln();
        let mixture = self.parts(years).into_iter();
        mixture
            .map(|(weight, mean, deviation)| weight * standardised(level - mean, deviation))
            .sum()
    }

    /// The price ratio that is undershot with probability `p` after `years`.
    #[must_use]
    pub fn quantile(&self, p: f64, years: f64) -> f64 {
        assert!(p > 0.0 && p < 1.0, "quantile level {p}, outside 0..1");
        let Moments { mean, variance, .. } = self.moments(years);
        let miss = |level: f64| self.cdf(level.exp(), years) - p;
        let mut width = variance.sqrt().max(1e-12);
        while miss(mean - width) > 0.0 || miss(mean + width) < 0.0 {
            width *= 2.0;
            assert!(width < 1e6, "no quantile at {p}");
        }
        root(mean - width, mean + width, 0.0, miss).exp()
    }

    /// P(the log margin, `log_margin` now and falling with this price, is below zero at one of
    /// `checks` equally spaced times up to `years`): exact to about 1e-10.
    #[must_use]
    pub fn first_passage_checked(&self, log_margin: f64, years: f64, checks: usize) -> f64 {
        assert!(
            checks > 0 && self.volatility > 0.0,
            "needs checks and moves between jumps"
        );
        let Moments { variance, .. } = self.moments(years);
        let falling = (-self.log_drift() * years).max(0.0);
        // A jump upwards beyond this can be undone by as rare a path only.
        let top =
            log_margin.max(0.0) + falling + 10.0 * variance.sqrt() + 3.0 * self.jump_mean.abs();
        let step = Step {
            parts: self.parts(years / checks as f64),
        };
        failure(log_margin, top, &step, checks)
    }

    /// Weight, mean and deviation of the log return given 0, 1, 2, … jumps, until what is left
    /// weighs less than 1e-16.
    fn parts(&self, years: f64) -> Vec<(f64, f64, f64)> {
        let jumps = self.jump_rate * years;
        let drift = self.log_drift() * years;
        let diffusion = self.volatility * self.volatility * years;
        let mut parts = Vec::new();
        for k in 0..100_000_u32 {
            let weight = poisson_mass(u64::from(k), jumps);
            let count = f64::from(k);
            if weight > 1e-17 {
                let variance = diffusion + count * self.jump_deviation * self.jump_deviation;
                parts.push((weight, drift + count * self.jump_mean, variance.sqrt()));
            } else if count > jumps {
                break;
            }
        }
        parts
    }
}

/// Φ(x/s), a step where s is zero.
fn standardised(x: f64, deviation: f64) -> f64 {
    if deviation > 0.0 {
        normal::cdf(x / deviation)
    } else if x >= 0.0 {
        1.0
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::passage::LogMargin;
    use super::*;

    const MODEL: JumpDiffusion = JumpDiffusion {
        mean_growth: 0.03,
        volatility: 0.6,
        jump_rate: 2.0,
        jump_mean: -0.15,
        jump_deviation: 0.2,
    };

    #[test]
    fn without_jumps_it_is_a_diffusion() {
        let calm = JumpDiffusion {
            jump_rate: 0.0,
            ..MODEL
        };
        let margin = LogMargin {
            log_margin: 0.4,
            log_drift: calm.log_drift(),
            volatility: 0.6,
        };
        assert!((calm.cdf((-0.4_f64).exp(), 0.7) - margin.terminal(0.7)).abs() < 1e-15);
        let (jumping, plain) = (
            calm.first_passage_checked(0.4, 0.7, 30),
            margin.first_passage_checked(0.7, 30),
        );
        assert!((jumping - plain).abs() < 1e-10, "{jumping} {plain}");
    }

    #[test]
    fn the_quantile_inverts_the_distribution() {
        for p in [1e-6, 0.01, 0.5, 0.99] {
            let ratio = MODEL.quantile(p, 0.3);
            assert!((MODEL.cdf(ratio, 0.3) / p - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn one_check_is_the_date_and_two_are_a_convolution() {
        let at_date = MODEL.cdf((-0.4_f64).exp(), 0.5);
        assert!((MODEL.first_passage_checked(0.4, 0.5, 1) - at_date).abs() < 1e-14);
        // Two checks by direct quadrature over the first half's density.
        let parts = MODEL.parts(0.25);
        let survive_twice = super::super::solve::integral(0.0, 6.0, 400, |x| {
            let density: f64 = parts
                .iter()
                .map(|(w, m, s)| w * normal::density((x - 0.4 - m) / s) / s)
                .sum();
            density * (1.0 - MODEL.cdf((-x).exp(), 0.25))
        });
        let found = MODEL.first_passage_checked(0.4, 0.5, 2);
        assert!(
            (found - (1.0 - survive_twice)).abs() < 1e-10,
            "{found} {survive_twice}"
        );
        assert!(found > at_date);
    }
}
