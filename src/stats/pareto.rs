//! The generalised Pareto distribution of excesses over a threshold: fit, quantile and expected
//! shortfall beyond the sample.

use super::estimate::mean;
use super::proportion::clopper_pearson;
use serde::{Deserialize, Serialize};

/// A generalised Pareto tail over a threshold (Pickands 1975):
/// P(X − u > y | X > u) = (1 + ξy/σ)^(−1/ξ), exponential at ξ = 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ParetoTail {
    /// u, where the tail starts.
    pub threshold: f64,
    /// ξ: at ½ the variance is infinite, at 1 the mean.
    pub shape: f64,
    /// σ, in the unit of the losses.
    pub scale: f64,
    /// P(X > u).
    pub exceedance: f64,
}

impl ParetoTail {
    /// Fit by maximum likelihood to the losses above `threshold`, or `None` when fewer than ten lie
    /// there.
    ///
    /// The likelihood is profiled to one dimension (Grimshaw 1993): for θ = ξ/σ the best shape is
    /// the mean of ln(1 + θy). A grid finds the best region and golden sections the top of it.
    #[must_use]
    pub fn fit(losses: &[f64], threshold: f64) -> Option<Self> {
        let excesses: Vec<f64> = losses
            .iter()
            .filter(|&&loss| loss > threshold)
            .map(|loss| loss - threshold)
            .collect();
        if excesses.len() < 10 {
            return None;
        }
        let average = mean(&excesses);
        let largest = excesses.iter().copied().fold(0.0, f64::max);
        let shape_at = |theta: f64| {
            excesses.iter().map(|y| (theta * y).ln_1p()).sum::<f64>() / excesses.len() as f64
        };
        // Profile log-likelihood per excess, at ξ → 0 that of the exponential.
        let profile = |theta: f64| {
            let shape = shape_at(theta);
            if (theta * average).abs() < 1e-9 {
                -average.ln() - 1.0
            } else {
                -(shape / theta).ln() - shape - 1.0
            }
        };
        // θ > −1/max, where the likelihood is unbounded below ξ = −1: stay above ξ = −½, below
        // which the estimator has no meaning. Upwards in geometric steps.
        let floor = -(1.0 - 1e-6) / largest;
        let grid: Vec<f64> = (0..=40)
            .map(|i| floor * (1.0 - f64::from(i) / 40.0))
            .chain((0..200).map(|i| 1e-4 / average * 1.1_f64.powi(i)))
            .filter(|&theta| shape_at(theta) > -0.5)
            .collect();
        let top = (0..grid.len()).max_by(|&a, &b| profile(grid[a]).total_cmp(&profile(grid[b])))?;
        let low = grid[top.saturating_sub(1)];
        let high = grid[(top + 1).min(grid.len() - 1)];
        let theta = golden_maximum(low, high, 200, profile);
        let shape = shape_at(theta);
        let scale = if (theta * average).abs() < 1e-9 {
            average
        } else {
            shape / theta
        };
        let exceedance = excesses.len() as f64 / losses.len() as f64;
        Some(Self {
            threshold,
            shape,
            scale,
            exceedance,
        })
    }

    /// The loss exceeded with probability `p` ≤ P(X > u):
    /// u + σ/ξ·((p/P(X>u))^(−ξ) − 1).
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        assert!(
            p > 0.0 && p <= self.exceedance,
            "the tail starts at {}, asked for {p}",
            self.exceedance
        );
        let ln_share = (p / self.exceedance).ln();
        let stretch = if self.shape == 0.0 {
            -ln_share
        } else {
            (-self.shape * ln_share).exp_m1() / self.shape
        };
        self.threshold + self.scale * stretch
    }

    /// Mean of the losses beyond [`ParetoTail::quantile`]: (VaR + σ − ξu)/(1 − ξ) (McNeil, Frey,
    /// Embrechts 2005, 7.2.3). `None` when the mean is infinite, ξ ≥ 1: then cap the losses instead.
    #[must_use]
    pub fn expected_shortfall(&self, p: f64) -> Option<f64> {
        (self.shape < 1.0).then(|| {
            (self.quantile(p) + self.scale - self.shape * self.threshold) / (1.0 - self.shape)
        })
    }

    /// E[min(X, cap) − u | X > u]: the mean excess of losses that cannot exceed `cap`, finite for
    /// every shape.
    #[must_use]
    pub fn capped_mean_excess(&self, cap: f64) -> f64 {
        let width = cap - self.threshold;
        if width <= 0.0 {
            return width.min(0.0);
        }
        // ∫₀^w (1 + ξy/σ)^(−1/ξ) dy.
        let ln_growth = (self.shape * width / self.scale).max(-1.0 + 1e-300).ln_1p();
        if self.shape.abs() < 1e-12 {
            return -self.scale * (-width / self.scale).exp_m1();
        }
        let exponent = 1.0 - 1.0 / self.shape;
        if exponent.abs() < 1e-12 {
            return self.scale / self.shape * ln_growth;
        }
        self.scale / self.shape * (exponent * ln_growth).exp_m1() / exponent
    }

    /// Two-sided interval of P(X > u) from `n` losses, for the uncertainty that the exceedance
    /// itself brings.
    #[must_use]
    pub fn exceedance_interval(&self, n: u64, confidence: f64) -> super::Estimate {
        clopper_pearson((self.exceedance * n as f64).round() as u64, n, confidence)
    }
}

/// Where a function with one top between two ends has it, after so many golden sections.
pub(super) fn golden_maximum(
    mut low: f64,
    mut high: f64,
    steps: u32,
    value: impl Fn(f64) -> f64,
) -> f64 {
    const RATIO: f64 = 0.618_033_988_749_894_9;
    let (mut a, mut b) = (high - RATIO * (high - low), low + RATIO * (high - low));
    let (mut at_a, mut at_b) = (value(a), value(b));
    for _ in 0..steps {
        if at_a < at_b {
            low = a;
            (a, at_a) = (b, at_b);
            b = low + RATIO * (high - low);
            at_b = value(b);
        } else {
            high = b;
            (b, at_b) = (a, at_a);
            a = high - RATIO * (high - low);
            at_a = value(a);
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The quantiles of a tail at the plotting positions: a sample without luck.
    fn sample(shape: f64, scale: f64, n: usize) -> Vec<f64> {
        let tail = ParetoTail {
            threshold: 0.0,
            shape,
            scale,
            exceedance: 1.0,
        };
        (0..n)
            .map(|i| tail.quantile((i as f64 + 0.5) / n as f64))
            .collect()
    }

    #[test]
    fn the_fit_gives_back_shape_and_scale() {
        for (shape, scale) in [(0.9, 2.0), (0.4, 1.0), (-0.2, 3.0), (1.3, 1e6)] {
            let fitted =
                ParetoTail::fit(&sample(shape, scale, 20_000), 0.0).expect("enough losses");
            assert!((fitted.shape - shape).abs() < 0.01, "{shape}: {fitted:?}");
            assert!(
                (fitted.scale / scale - 1.0).abs() < 0.01,
                "{scale}: {fitted:?}"
            );
        }
        assert_eq!(ParetoTail::fit(&[1.0; 30], 2.0), None);
    }

    #[test]
    fn the_shortfall_is_the_integral_of_the_quantile() {
        let tail = ParetoTail {
            threshold: 10.0,
            shape: 0.4,
            scale: 3.0,
            exceedance: 0.05,
        };
        let p = 0.01;
        // ∫ VaR over (0, p] by substitution p·u⁴, which is smooth at zero.
        let n = 20_000;
        let direct: f64 = (0..n)
            .map(|i| {
                let u = (f64::from(i) + 0.5) / f64::from(n);
                tail.quantile(p * u.powi(4)) * 4.0 * u.powi(3) / f64::from(n)
            })
            .sum();
        let found = tail.expected_shortfall(p).expect("the mean is finite");
        assert!((found / direct - 1.0).abs() < 1e-6, "{found} {direct}");
        assert_eq!(
            ParetoTail { shape: 1.0, ..tail }.expected_shortfall(p),
            None
        );
    }

    #[test]
    fn a_cap_makes_every_mean_finite() {
        for shape in [-0.2, 0.0, 0.5, 1.0, 1.7] {
            let tail = ParetoTail {
                threshold: 1.0,
                shape,
                scale: 2.0,
                exceedance: 1.0,
            };
            let n = 200_000;
            let direct: f64 = (0..n)
                .map(|i| tail.quantile((f64::from(i) + 0.5) / f64::from(n)).min(6.0) - 1.0)
                .sum::<f64>()
                / f64::from(n);
            let found = tail.capped_mean_excess(6.0);
            assert!(
                (found / direct - 1.0).abs() < 1e-4,
                "{shape}: {found} {direct}"
            );
        }
    }
}
