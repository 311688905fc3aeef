//! The log security margin X = ln(CoC/PfC) as a Brownian motion: below zero at a date, and ever
//! before it.
//!
//! X starts at `log_margin`, drifts at `log_drift` a year and moves by `volatility` a √year. The
//! service is insecure while X < 0. For a cost that follows a geometric Brownian motion with mean
//! growth μ against a constant profit, log_drift = μ − σ²/2 ([`log_drift`]). What users of an AVS
//! live through is the first passage, not the date: at a year and 80 % volatility the one is
//! 0.655 and the other 0.406.

use super::passage_checked::{Step, failure};
use super::solve::root;
use crate::stats::normal;
use serde::{Deserialize, Serialize};

/// ν = μ − σ²/2: the drift of the logarithm of a price whose mean grows at rate μ.
#[must_use]
pub fn log_drift(mean_growth: f64, volatility: f64) -> f64 {
    mean_growth - 0.5 * volatility * volatility
}

/// A log margin that moves as a Brownian motion with drift.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LogMargin {
    /// ln(CoC/PfC) now; zero or less is insecure now.
    pub log_margin: f64,
    /// Drift of the logarithm, a year.
    pub log_drift: f64,
    /// Volatility, a √year; zero is a margin that moves on a line.
    pub volatility: f64,
}

impl LogMargin {
    /// The margin of a cost of `multiple` times the profit.
    #[must_use]
    pub fn of_multiple(multiple: f64, log_drift: f64, volatility: f64) -> Self {
        assert!(
            multiple > 0.0,
            "cost over profit must be positive, got {multiple}"
        );
        Self {
            log_margin: multiple.ln(),
            log_drift,
            volatility,
        }
    }

    /// P(X < 0 at `years`): Φ((−x − νT)/(σ√T)).
    #[must_use]
    pub fn terminal(&self, years: f64) -> f64 {
        let Self {
            log_margin: x,
            log_drift: nu,
            ..
        } = *self;
        let spread = self.spread(years);
        if spread == 0.0 {
            return indicator(x + nu * years < 0.0);
        }
        normal::cdf((-x - nu * years) / spread)
    }

    /// P(X ≤ 0 at some time up to `years`), watched without a pause:
    /// Φ((−x−νT)/(σ√T)) + e^(−2νx/σ²) Φ((−x+νT)/(σ√T)) (Borodin, Salminen 2002, 2.2.0.2).
    #[must_use]
    pub fn first_passage(&self, years: f64) -> f64 {
        let Self {
            log_margin: x,
            log_drift: nu,
            volatility,
        } = *self;
        if x <= 0.0 {
            // On a line exactly at zero nothing has crossed yet.
            return indicator(x < 0.0 || volatility > 0.0 || nu * years < 0.0);
        }
        let spread = self.spread(years);
        if spread == 0.0 {
            return indicator(x + nu * years < 0.0);
        }
        let direct = normal::cdf((-x - nu * years) / spread);
        // In logarithms: the factor may overflow where the probability underflows.
        let reflected =
            -2.0 * nu * x / (volatility * volatility) + normal::ln_cdf((-x + nu * years) / spread);
        (direct + reflected.exp()).min(1.0)
    }

    /// P(X ≤ 0 at one of `checks` equally spaced times up to `years`), by the barrier shifted
    /// away by βσ√(T/m), β = −ζ(½)/√(2π) (Broadie, Glasserman, Kou 1997). An approximation of
    /// order 1/m; [`LogMargin::first_passage_checked`] is exact.
    #[must_use]
    pub fn first_passage_shifted(&self, years: f64, checks: usize) -> f64 {
        assert!(checks > 0, "a margin that is never checked");
        let shift = BARRIER_SHIFT * self.volatility * (years / checks as f64).sqrt();
        Self {
            log_margin: self.log_margin + shift,
            ..*self
        }
        .first_passage(years)
    }

    /// P(X < 0 at one of `checks` equally spaced times in (0, `years`]), by backward recursion of
    /// the survival probability over the Gaussian step on a composite Gauss–Legendre grid.
    /// Relative error about 1e-11.
    #[must_use]
    pub fn first_passage_checked(&self, years: f64, checks: usize) -> f64 {
        assert!(checks > 0, "a margin that is never checked");
        let Self {
            log_margin: x,
            log_drift: nu,
            volatility,
        } = *self;
        let step_years = years / checks as f64;
        let spread = volatility * step_years.sqrt();
        let drift = nu * step_years;
        if spread == 0.0 {
            return indicator(x + nu * years < 0.0 || x + drift < 0.0);
        }
        let top = x.max(0.0) + (-nu * years).max(0.0) + 10.0 * self.spread(years);
        let step = Step {
            parts: vec![(1.0, drift, spread)],
        };
        failure(x, top, &step, checks)
    }

    /// The smallest multiple m = CoC/PfC with first passage at most `tolerance` up to `years`,
    /// whatever this margin's own start: FP(ln m) = ε by Brent's method.
    #[must_use]
    pub fn required_multiple(&self, years: f64, tolerance: f64) -> f64 {
        self.multiple_where(tolerance, |margin| margin.first_passage(years))
    }

    /// As [`LogMargin::required_multiple`] for a margin checked at `checks` equally spaced times.
    #[must_use]
    pub fn required_multiple_checked(&self, years: f64, checks: usize, tolerance: f64) -> f64 {
        self.multiple_where(tolerance, |margin| {
            margin.first_passage_checked(years, checks)
        })
    }

    /// The multiple that only looks at the last day: exp(−νT − σ√T Φ⁻¹(ε)). Too small, and what
    /// most calculators use; shown for comparison.
    #[must_use]
    pub fn terminal_multiple(&self, years: f64, tolerance: f64) -> f64 {
        (-self.log_drift * years - self.spread(years) * normal::quantile(tolerance)).exp()
    }

    fn multiple_where(&self, tolerance: f64, risk: impl Fn(&Self) -> f64) -> f64 {
        assert!(
            tolerance > 0.0 && tolerance < 1.0,
            "tolerance {tolerance}, outside 0..1"
        );
        let excess = |log_multiple: f64| {
            risk(&Self {
                log_margin: log_multiple,
                ..*self
            })
            .ln()
                - tolerance.ln()
        };
        let (mut low, mut high) = (0.0, 0.125);
        if excess(low) <= 0.0 {
            // A margin checked now and then may start below zero: search downwards.
            while excess(low) <= 0.0 {
                high = low;
                low = if low == 0.0 { -0.125 } else { 2.0 * low };
                assert!(
                    low > -700.0,
                    "no multiple is insecure enough to reach a risk of {tolerance}"
                );
            }
        } else {
            while excess(high) > 0.0 {
                low = high;
                high *= 2.0;
                assert!(
                    high < 700.0,
                    "no finite multiple brings the risk down to {tolerance}"
                );
            }
        }
        root(low, high, 0.0, |log_multiple| {
            excess(log_multiple).max(-1e6)
        })
        .exp()
    }

    fn spread(&self, years: f64) -> f64 {
        assert!(
            years >= 0.0 && self.volatility >= 0.0,
            "{years} years at volatility {}",
            self.volatility
        );
        self.volatility * years.sqrt()
    }
}

/// β = −ζ(½)/√(2π), by which a barrier that is checked now and then is effectively farther away,
/// in units of one step's standard deviation (Broadie, Glasserman, Kou 1997).
pub const BARRIER_SHIFT: f64 = 0.582_597_157_939_010_7;

/// The lognormal pair of a cost of corruption and a profit from corruption.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CostAndProfit {
    /// Cost of corruption now, USD.
    pub cost_usd: f64,
    /// Profit from corruption now, USD.
    pub profit_usd: f64,
    /// Mean growth of the cost, a year.
    pub cost_growth: f64,
    /// Mean growth of the profit, a year.
    pub profit_growth: f64,
    /// Volatility of the cost, a √year.
    pub cost_volatility: f64,
    /// Volatility of the profit, a √year.
    pub profit_volatility: f64,
    /// Correlation of their logarithms.
    pub correlation: f64,
}

impl CostAndProfit {
    /// The log margin of the ratio: σ² = σ_C² + σ_P² − 2ρσ_Cσ_P,
    /// ν = (μ_C − σ_C²/2) − (μ_P − σ_P²/2).
    ///
    /// With ρ = 1 and equal volatilities it is exactly zero: the currency in which both are
    /// counted does not matter.
    #[must_use]
    pub fn log_margin(&self) -> LogMargin {
        let (c, p) = (self.cost_volatility, self.profit_volatility);
        assert!(
            self.correlation.abs() <= 1.0,
            "correlation {}, outside -1..=1",
            self.correlation
        );
        // (c − p)² + 2(1−ρ)cp has no cancellation to leave a ghost of volatility behind.
        let square = (c - p) * (c - p) + 2.0 * (1.0 - self.correlation) * c * p;
        LogMargin {
            log_margin: (self.cost_usd / self.profit_usd).ln(),
            log_drift: (self.cost_growth - self.profit_growth) - 0.5 * (c - p) * (c + p),
            volatility: square.sqrt(),
        }
    }

    /// E[(PfC − CoC)⁺] at `years`, USD, undiscounted: the exchange option of Margrabe (1978).
    #[must_use]
    pub fn expected_excess_usd(&self, years: f64) -> f64 {
        let profit = self.profit_usd * (self.profit_growth * years).exp();
        let cost = self.cost_usd * (self.cost_growth * years).exp();
        let spread = self.log_margin().volatility * years.sqrt();
        if spread == 0.0 {
            return (profit - cost).max(0.0);
        }
        let d1 = (profit / cost).ln() / spread + 0.5 * spread;
        profit * normal::cdf(d1) - cost * normal::cdf(d1 - spread)
    }
}

fn indicator(condition: bool) -> f64 {
    if condition { 1.0 } else { 0.0 }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact by construction")]
mod tests {
    use super::*;

    #[test]
    fn a_margin_without_volatility_moves_on_a_line() {
        let line = |log_margin, log_drift| LogMargin {
            log_margin,
            log_drift,
            volatility: 0.0,
        };
        assert_eq!(line(0.5, -1.0).first_passage(0.4), 0.0);
        assert_eq!(line(0.5, -1.0).first_passage(0.6), 1.0);
        assert_eq!(line(-0.1, 1.0).first_passage(0.05), 1.0);
        assert_eq!(line(0.0, 0.0).first_passage(1.0), 0.0);
    }

    #[test]
    fn a_strong_drift_neither_overflows_nor_exceeds_one() {
        let steep = LogMargin {
            log_margin: 40.0,
            log_drift: -50.0,
            volatility: 0.1,
        };
        assert!((steep.first_passage(1.0) - 1.0).abs() < 1e-12);
        let rising = LogMargin {
            log_margin: 1.0,
            log_drift: 50.0,
            volatility: 0.1,
        };
        assert!(rising.first_passage(10.0) < 1e-300);
        // Known limit for an unbounded horizon: exp(-2νx/σ²).
        let margin = LogMargin {
            log_margin: 0.3,
            log_drift: 0.2,
            volatility: 0.5,
        };
        assert!((margin.first_passage(1e7) - (-2.0_f64 * 0.2 * 0.3 / 0.25).exp()).abs() < 1e-12);
    }

    #[test]
    fn one_check_is_the_date_and_many_checks_approach_the_continuous_watch() {
        let margin = LogMargin {
            log_margin: 0.4,
            log_drift: -0.1,
            volatility: 0.7,
        };
        let one = margin.first_passage_checked(0.5, 1);
        assert!((one - margin.terminal(0.5)).abs() < 1e-15);
        let mut last = one;
        for checks in [2, 5, 20, 100] {
            let now = margin.first_passage_checked(0.5, checks);
            assert!(now > last && now < margin.first_passage(0.5));
            last = now;
        }
        assert!((last - margin.first_passage_shifted(0.5, 100)).abs() < 1e-3);
    }

    #[test]
    fn two_checks_agree_with_a_bivariate_normal() {
        // Zero drift, start at zero, equal steps: P(both above) = 1/4 + asin(√½)/2π = 3/8.
        let margin = LogMargin {
            log_margin: 0.0,
            log_drift: 0.0,
            volatility: 1.3,
        };
        assert!((margin.first_passage_checked(2.0, 2) - 0.625).abs() < 1e-13);
    }

    #[test]
    fn the_required_multiple_gives_back_its_risk() {
        for (volatility, years, tolerance) in [(0.8, 0.08, 0.01), (0.3, 1.0, 1e-6), (1.2, 0.5, 0.4)]
        {
            let shape = LogMargin {
                log_margin: 0.0,
                log_drift: -0.3,
                volatility,
            };
            let multiple = shape.required_multiple(years, tolerance);
            let back = LogMargin::of_multiple(multiple, -0.3, volatility).first_passage(years);
            assert!((back / tolerance - 1.0).abs() < 1e-10, "{multiple} {back}");
            let checked = shape.required_multiple_checked(years, 12, tolerance);
            assert!(
                checked < multiple
                    && checked > shape.terminal_multiple(years, tolerance) * 0.999_999
            );
        }
    }
}
