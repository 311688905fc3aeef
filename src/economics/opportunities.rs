//! Attacks that wait for an opportunity: Poisson arrivals, prizes of random size, and margins
//! that are negative for part of the time.

use super::laplace::{Complex, invert};
use super::passage::LogMargin;
use super::solve::integral;
use crate::stats::normal;
use crate::stats::special::bessel_i0_scaled;
use serde::{Deserialize, Serialize};

/// P(an attack within `years`) when opportunities come at `rate` a year and each is taken with
/// probability `taken`: 1 − e^(−λpT).
#[must_use]
pub fn attack_probability(rate: f64, taken: f64, years: f64) -> f64 {
    -(-rate * taken * years).exp_m1()
}

/// A profit of random size per opportunity: lognormal, its median and the deviation of its
/// logarithm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LognormalPrize {
    /// Median, USD.
    pub median_usd: f64,
    /// Standard deviation of the logarithm.
    pub log_deviation: f64,
}

impl LognormalPrize {
    /// Mean, USD.
    #[must_use]
    pub fn mean_usd(&self) -> f64 {
        self.median_usd * (0.5 * self.log_deviation * self.log_deviation).exp()
    }

    /// P(the prize exceeds `cost_usd`).
    #[must_use]
    pub fn exceeds(&self, cost_usd: f64) -> f64 {
        if cost_usd <= 0.0 {
            return 1.0;
        }
        if self.log_deviation == 0.0 {
            return if self.median_usd > cost_usd { 1.0 } else { 0.0 };
        }
        normal::cdf((self.median_usd / cost_usd).ln() / self.log_deviation)
    }

    /// E[(X − C)⁺] per opportunity, USD.
    #[must_use]
    pub fn expected_excess_usd(&self, cost_usd: f64) -> f64 {
        if cost_usd <= 0.0 {
            return self.mean_usd() - cost_usd;
        }
        let s = self.log_deviation;
        if s == 0.0 {
            return (self.median_usd - cost_usd).max(0.0);
        }
        let distance = (self.median_usd / cost_usd).ln() / s;
        self.mean_usd() * normal::cdf(distance + s) - cost_usd * normal::cdf(distance)
    }

    /// E[(min(X, V) − C)⁺] per opportunity, USD: nobody takes more than the `reachable_usd` that
    /// is there. A tail index near one makes this cap decide the mean.
    #[must_use]
    pub fn expected_excess_capped_usd(&self, cost_usd: f64, reachable_usd: f64) -> f64 {
        if reachable_usd <= cost_usd {
            return 0.0;
        }
        self.expected_excess_usd(cost_usd) - self.expected_excess_usd(reachable_usd)
    }

    /// P(an opportunity worth taking within `years`), at `rate` a year against `cost_usd`.
    #[must_use]
    pub fn attack_probability(&self, rate: f64, years: f64, cost_usd: f64) -> f64 {
        attack_probability(rate, self.exceeds(cost_usd), years)
    }
}

/// Probability that an attacker of imperfect judgement takes an opportunity of `profit_usd` at
/// `cost_usd`: 1/(1 + e^(−(Π−C)/τ)) (quantal response; McKelvey, Palfrey 1995). `judgement_usd` is
/// τ; at zero the attacker is rational and takes what pays.
#[must_use]
pub fn quantal_response(profit_usd: f64, cost_usd: f64, judgement_usd: f64) -> f64 {
    let gain = profit_usd - cost_usd;
    if judgement_usd <= 0.0 {
        return if gain > 0.0 { 1.0 } else { 0.0 };
    }
    1.0 / (1.0 + (-gain / judgement_usd).exp())
}

/// P(attacked within `years`) when opportunities come at `rate` a year, each is taken while the
/// margin is below zero, and the margin is a driftless Brownian motion that starts at zero:
/// 1 − e^(−λT/2) I₀(λT/2), by the arcsine law (Lévy 1939).
#[must_use]
pub fn attacked_from_zero_margin(rate: f64, years: f64) -> f64 {
    1.0 - bessel_i0_scaled(0.5 * rate * years)
}

/// P(attacked within `years`) for any Brownian margin: 1 − E exp(−λ·time below zero).
///
/// Kac's (1949) formula makes the Laplace transform in time a pair of exponentials joined at zero;
/// it is inverted on a contour, with an absolute error of about 1e-13.
#[must_use]
pub fn attacked(margin: &LogMargin, rate: f64, years: f64) -> f64 {
    let LogMargin {
        log_margin: x,
        log_drift: nu,
        volatility,
    } = *margin;
    assert!(
        rate >= 0.0 && years >= 0.0,
        "{rate} opportunities a year over {years} years"
    );
    if rate == 0.0 || years == 0.0 {
        return 0.0;
    }
    if volatility == 0.0 {
        return -(-rate * years_below_zero(x, nu, years)).exp_m1();
    }
    let variance = volatility * volatility;
    let lambda = Complex::real(rate);
    let drift = Complex::real(nu);
    let discriminant = |s: Complex| (Complex::real(nu * nu) + s.scale(2.0 * variance)).sqrt();
    invert(years, |s| {
        let below = s + lambda;
        // Exponents of the solutions that stay bounded: falling above zero, rising below it.
        let fall = (-drift - discriminant(s)).scale(1.0 / variance);
        let rise = (-drift + discriminant(below)).scale(1.0 / variance);
        let jump = lambda / (s * below);
        if x >= 0.0 {
            jump * rise / (rise - fall) * fall.scale(x).exp()
        } else {
            jump + jump * fall / (rise - fall) * rise.scale(x).exp()
        }
    })
    .clamp(0.0, 1.0)
}

/// Expected time below zero within `years`, in years: ∫ P(X_t < 0) dt.
#[must_use]
pub fn expected_years_under_water(margin: &LogMargin, years: f64) -> f64 {
    if margin.volatility == 0.0 {
        return years_below_zero(margin.log_margin, margin.log_drift, years);
    }
    // t = T u³ tames the square root at the start.
    integral(0.0, 1.0, 24, |u| {
        3.0 * u * u * years * margin.terminal(years * u * u * u)
    })
}

/// Time below zero of a margin that moves on a line.
fn years_below_zero(x: f64, slope: f64, years: f64) -> f64 {
    let crossing = if slope == 0.0 {
        f64::INFINITY
    } else {
        -x / slope
    };
    if crossing > 0.0 && crossing < years {
        if x < 0.0 { crossing } else { years - crossing }
    } else if x < 0.0 || (x == 0.0 && slope < 0.0) {
        years
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transform_reproduces_the_arcsine_law() {
        let flat = LogMargin {
            log_margin: 0.0,
            log_drift: 0.0,
            volatility: 0.7,
        };
        for (rate, years) in [(12.0, 1.0), (0.3, 2.0), (400.0, 0.5)] {
            let (general, closed) = (
                attacked(&flat, rate, years),
                attacked_from_zero_margin(rate, years),
            );
            assert!(
                (general - closed).abs() < 1e-11,
                "{rate} {years}: {general} {closed}"
            );
        }
    }

    #[test]
    fn limits_in_the_rate() {
        for x in [-0.3, 0.0, 0.3, 1.0] {
            let margin = LogMargin {
                log_margin: x,
                log_drift: -0.2,
                volatility: 0.8,
            };
            // Many opportunities: the first passage. The rest falls like 1/√λ.
            let many = attacked(&margin, 1e10, 0.5);
            assert!(
                (many - margin.first_passage(0.5)).abs() < 3e-5,
                "{x}: {many}"
            );
            // Few: rate × expected time under water.
            let few = attacked(&margin, 1e-4, 0.5);
            let linear = 1e-4 * expected_years_under_water(&margin, 0.5);
            assert!((few - linear).abs() < 2e-9, "{x}: {few} {linear}");
        }
    }

    #[test]
    fn a_line_is_under_water_for_the_rest() {
        let sinking = LogMargin {
            log_margin: 0.5,
            log_drift: -1.0,
            volatility: 0.0,
        };
        assert!((expected_years_under_water(&sinking, 2.0) - 1.5).abs() < 1e-15);
        assert!((attacked(&sinking, 2.0, 2.0) + (-3.0_f64).exp_m1()).abs() < 1e-15);
        let rising = LogMargin {
            log_margin: -0.5,
            log_drift: 1.0,
            volatility: 0.0,
        };
        assert!((expected_years_under_water(&rising, 2.0) - 0.5).abs() < 1e-15);
    }

    #[test]
    fn a_cap_takes_the_tail_off_the_prize() {
        let prize = LognormalPrize {
            median_usd: 2e6,
            log_deviation: 1.8,
        };
        let capped = prize.expected_excess_capped_usd(1e7, 5e7);
        let direct = integral((1e7_f64).ln(), (5e7_f64).ln(), 40, |l| {
            let density = normal::density((l - (2e6_f64).ln()) / 1.8) / 1.8;
            (l.exp() - 1e7) * density
        }) + 4e7 * prize.exceeds(5e7);
        assert!((capped / direct - 1.0).abs() < 1e-11, "{capped} {direct}");
        assert!(prize.expected_excess_capped_usd(5e7, 1e7).abs() < 1e-300);
    }

    #[test]
    fn judgement_blurs_the_decision() {
        assert!((quantal_response(5.0, 5.0, 1.0) - 0.5).abs() < 1e-15);
        assert!(quantal_response(6.0, 5.0, 0.0) > 0.99 && quantal_response(5.0, 5.0, 0.0) < 0.01);
        assert!(quantal_response(-1e9, 0.0, 1.0) < 1e-300);
    }
}
