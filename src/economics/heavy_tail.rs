//! Takes with a heavy tail: the generalized Pareto law over a threshold, and what a cap leaves of it.
//!
//! Past exploits have a tail index near one (their mean is not safely finite), so a take with such
//! a tail is worth computing with only when it is capped by what is there.

use serde::{Deserialize, Serialize};

/// A take X with P(X > x) = (1 + ξ(x − u)/β)^(−1/ξ) for x above the threshold u.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ParetoTake {
    /// u: every take is at least this, USD.
    pub least_usd: f64,
    /// β, USD.
    pub scale_usd: f64,
    /// ξ, positive; one or more has no finite mean.
    pub shape: f64,
}

impl ParetoTake {
    /// Pareto's law: P(X > x) = (least/x)^tail.
    #[must_use]
    pub fn of_tail(least_usd: f64, tail: f64) -> Self {
        assert!(
            least_usd > 0.0 && tail > 0.0,
            "a Pareto law from {least_usd} USD with a tail of {tail}"
        );
        Self {
            least_usd,
            scale_usd: least_usd / tail,
            shape: 1.0 / tail,
        }
    }

    /// The same law with every take multiplied by `factor`.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        Self {
            least_usd: self.least_usd * factor,
            scale_usd: self.scale_usd * factor,
            shape: self.shape,
        }
    }

    /// Whether its mean is finite.
    #[must_use]
    pub fn has_mean(&self) -> bool {
        self.shape < 1.0
    }

    /// P(X > x).
    #[must_use]
    pub fn exceeds(&self, usd: f64) -> f64 {
        if usd <= self.least_usd {
            return 1.0;
        }
        let above = (usd - self.least_usd) / self.scale_usd;
        libm::exp(-libm::log1p(self.shape * above) / self.shape)
    }

    /// The take that is exceeded with probability `p`, in 0..=1: infinite at zero.
    #[must_use]
    pub fn exceeded_with(&self, p: f64) -> f64 {
        self.least_usd + self.scale_usd / self.shape * libm::expm1(-self.shape * libm::log(p))
    }

    /// The take that belongs to a standard normal: `P(Z > z)` is its probability of being exceeded.
    #[must_use]
    pub fn at_normal(&self, z: f64) -> f64 {
        self.exceeded_with(0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2))
    }

    /// E[min(X, cap)·1{X > over}], USD: `over·P(X > over) + ∫ P(X > x) dx` from `over` to `cap`.
    /// Infinite without a cap where the mean is.
    #[must_use]
    pub fn expected_above_usd(&self, over_usd: f64, cap_usd: f64) -> f64 {
        if cap_usd <= over_usd {
            return cap_usd * self.exceeds(over_usd);
        }
        let flat = (self.least_usd.min(cap_usd) - over_usd).max(0.0);
        let from = over_usd.max(self.least_usd);
        over_usd * self.exceeds(over_usd) + flat + self.mass_between(from, cap_usd.max(from))
    }

    /// ∫ P(X > x) dx from `low` to `high`, both at or above the threshold.
    fn mass_between(&self, low: f64, high: f64) -> f64 {
        let at = |usd: f64| libm::log1p(self.shape * (usd - self.least_usd) / self.scale_usd);
        if (self.shape - 1.0).abs() < 1e-9 {
            return self.scale_usd * (at(high) - at(low));
        }
        let exponent = 1.0 - 1.0 / self.shape;
        if high.is_infinite() {
            return if exponent < 0.0 {
                -self.scale_usd / (self.shape - 1.0) * libm::exp(exponent * at(low))
            } else {
                f64::INFINITY
            };
        }
        let rise = libm::expm1(exponent * (at(high) - at(low)));
        self.scale_usd / (self.shape - 1.0) * libm::exp(exponent * at(low)) * rise
    }
}

#[cfg(test)]
mod tests {
    use super::super::solve::integral;
    use super::*;

    const LAWS: [ParetoTake; 3] = [
        ParetoTake {
            least_usd: 2.0,
            scale_usd: 1.5,
            shape: 0.6,
        },
        ParetoTake {
            least_usd: 2.0,
            scale_usd: 2.0,
            shape: 1.0,
        },
        ParetoTake {
            least_usd: 0.0,
            scale_usd: 3.0,
            shape: 1.4,
        },
    ];

    #[test]
    fn quantiles_undo_probabilities() {
        for law in LAWS {
            for p in [1.0, 0.5, 1e-3, 1e-9] {
                assert!(
                    (law.exceeds(law.exceeded_with(p)) / p - 1.0).abs() < 1e-10,
                    "{law:?} {p}"
                );
            }
            assert!((law.at_normal(0.0) - law.exceeded_with(0.5)).abs() < 1e-12);
        }
        let plain = ParetoTake::of_tail(4.0, 1.25);
        for x in [4.0, 5.0, 40.0, 4e4] {
            assert!((plain.exceeds(x) / (4.0_f64 / x).powf(1.25) - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn capped_means_are_integrals_of_the_tail() {
        for law in LAWS {
            for (over, cap) in [(0.0_f64, 50.0_f64), (1.0, 30.0), (3.0, 30.0), (10.0, 400.0)] {
                let direct = over * law.exceeds(over)
                    + integral(over, cap.min(2.0).max(over), 50, |x| law.exceeds(x))
                    + integral(cap.min(2.0).max(over), cap, 4000, |x| law.exceeds(x));
                let found = law.expected_above_usd(over, cap);
                assert!(
                    (found / direct - 1.0).abs() < 1e-7,
                    "{law:?} {over} {cap}: {found} {direct}"
                );
            }
        }
    }

    #[test]
    fn only_a_light_enough_tail_has_a_mean() {
        let light = LAWS[0];
        assert!(light.has_mean() && !LAWS[1].has_mean() && !LAWS[2].has_mean());
        let mean = light.expected_above_usd(0.0, f64::INFINITY);
        assert!((mean - (2.0 + 1.5 / 0.4)).abs() < 1e-12, "{mean}");
        assert!(LAWS[2].expected_above_usd(0.0, f64::INFINITY).is_infinite());
        assert!(LAWS[1].expected_above_usd(0.0, f64::INFINITY).is_infinite());
    }
}
