//! The bad end of a distribution: expected shortfall, tail indices, and fits beyond the sample.

use super::estimate::{Estimate, mean, sum, variance};
use super::normal;
use super::quantile::rank;
use super::special::{student_density, student_quantile};

/// Mean of the worst share 1 − `level` of an ascending sample of losses, with its interval
/// (Rockafellar, Uryasev 2000): ES = VaR + E[(L − VaR)⁺]/(1 − q).
///
/// The interval is asymptotic, n·Var → Var((L − VaR)⁺)/(1 − q)² (Trindade, Uryasev, Shapiro,
/// Zrazhevsky 2007), so it needs a tail of finite variance: check [`hill`] below ½ first. No
/// interval is given (its ends are infinite) when fewer than ten losses lie in the tail.
#[must_use]
pub fn expected_shortfall(ascending: &[f64], level: f64, confidence: f64) -> Estimate {
    debug_assert!(ascending.is_sorted(), "the sample must be ascending");
    assert!((0.0..1.0).contains(&level), "level {level}, outside 0..1");
    let n = ascending.len();
    let threshold = ascending[rank(n, level) - 1];
    let beyond: Vec<f64> = ascending
        .iter()
        .map(|loss| (loss - threshold).max(0.0))
        .collect();
    let value = threshold + mean(&beyond) / (1.0 - level);
    let in_tail = n - rank(n, level);
    if in_tail < 10 {
        return Estimate {
            value,
            low: f64::NEG_INFINITY,
            high: f64::INFINITY,
            confidence,
            n: n as u64,
        };
    }
    let error = (variance(&beyond) / n as f64).sqrt() / (1.0 - level);
    Estimate::symmetric(
        value,
        normal::two_sided(confidence) * error,
        confidence,
        n as u64,
    )
}

/// Hill's (1975) estimate of the tail index ξ from the `k` largest of a sample of positive
/// losses: the mean of ln(X_(i)/X_(k+1)). Its standard error is about ξ/√k.
///
/// ξ ≥ ½ is an infinite variance, ξ ≥ 1 an infinite mean.
#[must_use]
pub fn hill(ascending: &[f64], k: usize) -> f64 {
    let (threshold, largest) = largest_and_threshold(ascending, k);
    sum(largest.iter().map(|loss| (loss / threshold).ln())) / k as f64
}

/// The loss exceeded with probability `p`, beyond the sample (Weissman 1978):
/// X_(k+1) (k/(n p))^ξ with Hill's ξ.
#[must_use]
pub fn weissman_quantile(ascending: &[f64], k: usize, p: f64) -> f64 {
    let (threshold, _) = largest_and_threshold(ascending, k);
    threshold * (k as f64 / (ascending.len() as f64 * p)).powf(hill(ascending, k))
}

fn largest_and_threshold(ascending: &[f64], k: usize) -> (f64, &[f64]) {
    let n = ascending.len();
    assert!(k >= 1 && k < n, "the {k} largest of {n} losses");
    let threshold = ascending[n - k - 1];
    assert!(
        threshold > 0.0,
        "a tail index needs positive losses, got {threshold}"
    );
    (threshold, &ascending[n - k..])
}

/// Mean excess of the losses over `threshold`, or `None` when none lies above it. Rising in the
/// threshold, it speaks of a heavy tail.
#[must_use]
pub fn mean_excess(losses: &[f64], threshold: f64) -> Option<f64> {
    let beyond: Vec<f64> = losses
        .iter()
        .filter(|&&loss| loss > threshold)
        .map(|loss| loss - threshold)
        .collect();
    (!beyond.is_empty()).then(|| mean(&beyond))
}

/// Expected shortfall of the standard normal at `level`: φ(z_q)/(1 − q).
#[must_use]
pub fn normal_shortfall(level: f64) -> f64 {
    normal::density(normal::quantile(level)) / (1.0 - level)
}

/// Expected shortfall of e^(m + sZ) at `level`: e^(m + s²/2) Φ(s − z_q)/(1 − q).
#[must_use]
pub fn lognormal_shortfall(log_mean: f64, log_deviation: f64, level: f64) -> f64 {
    let s = log_deviation;
    (log_mean + 0.5 * s * s).exp() * normal::cdf(s - normal::quantile(level)) / (1.0 - level)
}

/// Expected shortfall of Student's t at `level`: f(t_q)/(1 − q)·(ν + t_q²)/(ν − 1), ν > 1.
#[must_use]
pub fn student_shortfall(freedom: f64, level: f64) -> f64 {
    assert!(
        freedom > 1.0,
        "the mean of t with {freedom} degrees of freedom is infinite"
    );
    let t = student_quantile(level, freedom);
    student_density(t, freedom) / (1.0 - level) * (freedom + t * t) / (freedom - 1.0)
}

/// n·Var of the standard normal's estimated shortfall at `level`, in the limit of many paths:
/// Var((Z − z)⁺)/(1 − q)². It says how many paths a shortfall needs.
#[must_use]
pub fn normal_shortfall_variance(level: f64) -> f64 {
    let z = normal::quantile(level);
    let tail = 1.0 - level;
    let first = normal::density(z) - z * tail;
    let second = (1.0 + z * z) * tail - z * normal::density(z);
    (second - first * first) / (tail * tail)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact by construction")]
mod tests {
    use super::*;

    #[test]
    fn expected_shortfall_of_known_losses() {
        let losses: Vec<f64> = (1..=100).map(f64::from).collect();
        // The worst five are 96..=100.
        let found = expected_shortfall(&losses, 0.95, 0.95);
        assert!((found.value - 98.0).abs() < 1e-12, "{found:?}");
        assert_eq!(found.high, f64::INFINITY, "five losses give no interval");
        assert!((expected_shortfall(&losses, 0.0, 0.95).value - 50.5).abs() < 1e-12);
        // A level that cuts a loss in two counts the part of it.
        assert!(
            (expected_shortfall(&losses, 0.955, 0.95).value - (96.0 * 0.5 + 394.0) / 4.5).abs()
                < 1e-12
        );
    }

    #[test]
    fn mean_excess_is_the_average_above() {
        assert_eq!(mean_excess(&[1.0, 2.0, 6.0], 1.5), Some(2.5));
        assert_eq!(mean_excess(&[1.0], 1.5), None);
    }
}
