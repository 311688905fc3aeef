//! Estimates from weighted paths: importance sampling, its diagnostics, and bounds that need no
//! normal distribution.

use super::estimate::{Estimate, mean, sum, variance};
use super::normal;
use serde::{Deserialize, Serialize};

/// How far a set of importance weights can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WeightDiagnostics {
    /// Number of weights.
    pub n: u64,
    /// (Σw)²/Σw²: the number of equally weighted paths that say as much (Kong 1992).
    pub effective_size: f64,
    /// Share of the largest weight in the sum.
    pub largest_share: f64,
    /// Mean weight, one up to chance when the densities are normalised.
    pub mean_weight: f64,
    /// Standard error of that mean.
    pub mean_weight_error: f64,
}

impl WeightDiagnostics {
    /// Diagnose non-negative weights, at least two.
    #[must_use]
    pub fn of(weights: &[f64]) -> Self {
        let total = sum(weights.iter().copied());
        let largest = weights.iter().copied().fold(0.0, f64::max);
        assert!(total > 0.0, "{} weights add up to {total}", weights.len());
        Self {
            n: weights.len() as u64,
            effective_size: effective_sample_size(weights),
            largest_share: largest / total,
            mean_weight: mean(weights),
            mean_weight_error: (variance(weights) / weights.len() as f64).sqrt(),
        }
    }

    /// Fit to answer with: no path carries more than 1 % of all weight, and the mean weight is
    /// within four of its standard errors of one.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.largest_share < 0.01
            && (self.mean_weight - 1.0).abs() <= 4.0 * self.mean_weight_error.max(1e-12)
    }
}

/// (Σw)²/Σw²; zero when all weights are.
#[must_use]
pub fn effective_sample_size(weights: &[f64]) -> f64 {
    let total = sum(weights.iter().copied());
    let squares = sum(weights.iter().map(|weight| weight * weight));
    if squares > 0.0 {
        total * total / squares
    } else {
        0.0
    }
}

/// The mean of weighted outcomes w·h with its normal interval, from one product per path.
///
/// The normal interval needs many paths that count: below fifty effective failures use
/// [`empirical_bernstein_upper`].
#[must_use]
pub fn importance_estimate(products: &[f64], confidence: f64) -> Estimate {
    let n = products.len();
    let value = mean(products);
    if n < 2 {
        return Estimate {
            value,
            low: f64::NEG_INFINITY,
            high: f64::INFINITY,
            confidence,
            n: n as u64,
        };
    }
    let error = (variance(products) / n as f64).sqrt();
    Estimate::symmetric(
        value,
        normal::two_sided(confidence) * error,
        confidence,
        n as u64,
    )
}

/// Half width that a sample variance gives with probability `confidence` (one-sided), for values
/// in an interval of length `range`: √(2V ln(2/δ)/n) + 7·range·ln(2/δ)/(3(n−1)) (Maurer, Pontil
/// 2009, theorem 4).
#[must_use]
pub fn empirical_bernstein_half_width(variance: f64, n: u64, range: f64, confidence: f64) -> f64 {
    assert!(n > 1, "an empirical Bernstein bound of {n} values");
    let n = n as f64;
    let log = (2.0 / (1.0 - confidence)).ln();
    (2.0 * variance * log / n).sqrt() + 7.0 * range * log / (3.0 * (n - 1.0))
}

/// A bound that the mean of values in 0..=`range` exceeds with probability at most
/// 1 − confidence, whatever their distribution.
#[must_use]
pub fn empirical_bernstein_upper(values: &[f64], range: f64, confidence: f64) -> f64 {
    for &value in values {
        assert!(
            (0.0..=range).contains(&value),
            "value {value}, outside 0..={range}"
        );
    }
    mean(values)
        + empirical_bernstein_half_width(variance(values), values.len() as u64, range, confidence)
}

/// Relative variance per path of estimating P(Z > c) by shifting the normal to c:
/// e^(c²)Φ(−2c)/Φ(−c)² − 1 (Glasserman 2004, 4.6): the measure of what importance sampling gains.
#[must_use]
pub fn shifted_normal_relative_variance(c: f64) -> f64 {
    (c * c + normal::ln_cdf(-2.0 * c) - 2.0 * normal::ln_cdf(-c)).exp() - 1.0
}

/// Relative variance per path of counting an event of probability `p`: (1 − p)/p.
#[must_use]
pub fn counting_relative_variance(p: f64) -> f64 {
    (1.0 - p) / p
}

/// Ideal relative variance of a splitting estimator with `n` particles per level and conditional
/// probabilities `levels`: Π(1 + (1−p_i)/(n p_i)) − 1 (Garvels 2000). Real particles share
/// ancestors: quote the spread of independent runs.
#[must_use]
pub fn splitting_relative_variance(levels: &[f64], n: u64) -> f64 {
    let n = n as f64;
    levels
        .iter()
        .map(|p| ((1.0 - p) / (n * p)).ln_1p())
        .sum::<f64>()
        .exp_m1()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_weights_are_worth_their_number() {
        assert!((effective_sample_size(&[0.3; 50]) - 50.0).abs() < 1e-12);
        assert!((effective_sample_size(&[1.0, 0.0, 0.0]) - 1.0).abs() < 1e-15);
        assert!(effective_sample_size(&[0.0, 0.0]).abs() < 1e-300);
    }

    #[test]
    fn one_dominating_weight_is_not_sound() {
        let mut weights = vec![1.0; 1000];
        assert!(WeightDiagnostics::of(&weights).is_sound());
        weights[17] = 40.0;
        assert!(!WeightDiagnostics::of(&weights).is_sound());
        assert!(
            !WeightDiagnostics::of(&[2.0; 1000]).is_sound(),
            "weights must average one"
        );
    }

    #[test]
    fn the_bernstein_bound_is_wider_than_the_normal_one() {
        let values: Vec<f64> = (0..1000)
            .map(|i| f64::from(u8::from(i % 10 == 0)))
            .collect();
        let normal = importance_estimate(&values, 0.9).high;
        let bernstein = empirical_bernstein_upper(&values, 1.0, 0.95);
        assert!(
            bernstein > normal && bernstein < 0.2,
            "{bernstein} {normal}"
        );
    }

    #[test]
    fn splitting_over_one_level_is_counting() {
        let relative = splitting_relative_variance(&[0.1], 100);
        assert!((relative - 0.09).abs() < 1e-15);
        assert!(splitting_relative_variance(&[0.1, 0.1], 100) > 2.0 * relative);
    }
}
