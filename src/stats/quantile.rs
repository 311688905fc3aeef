//! Quantiles as order statistics, with bounds that hold for any continuous distribution.

use super::estimate::Estimate;
use super::proportion::acceptance_number;
use super::special::binomial_cdf;

/// The `level` quantile of an ascending sample: its ⌈n·level⌉-th smallest value.
#[must_use]
pub fn quantile(ascending: &[f64], level: f64) -> f64 {
    ascending[rank(ascending.len(), level) - 1]
}

/// The quantile with a two-sided interval between two order statistics (David, Nagaraja 2003,
/// 7.1): coverage is at least `confidence` for any distribution.
///
/// An end that the sample is too small to bound is infinite.
#[must_use]
pub fn quantile_interval(ascending: &[f64], level: f64, confidence: f64) -> Estimate {
    let n = ascending.len();
    let (low, high) = interval_ranks(n, level, confidence);
    Estimate {
        value: quantile(ascending, level),
        low: low.map_or(f64::NEG_INFINITY, |r| ascending[r - 1]),
        high: high.map_or(f64::INFINITY, |r| ascending[r - 1]),
        confidence,
        n: n as u64,
    }
}

/// Ranks (from 1, ascending) of the order statistics between which the `level` quantile of `n`
/// values lies with probability `confidence`; `None` on a side where the sample is too small.
#[must_use]
pub fn interval_ranks(n: usize, level: f64, confidence: f64) -> (Option<usize>, Option<usize>) {
    let one_sided = 0.5 + 0.5 * confidence;
    (
        lower_rank(n, level, one_sided),
        upper_rank(n, level, one_sided),
    )
}

/// A value that is at or above the `level` quantile with probability `confidence`, or `None` when
/// the sample is too small.
#[must_use]
pub fn quantile_upper(ascending: &[f64], level: f64, confidence: f64) -> Option<f64> {
    upper_rank(ascending.len(), level, confidence).map(|rank| ascending[rank - 1])
}

/// A value that is at or below the `level` quantile with probability `confidence`, or `None` when
/// the sample is too small.
#[must_use]
pub fn quantile_lower(ascending: &[f64], level: f64, confidence: f64) -> Option<f64> {
    lower_rank(ascending.len(), level, confidence).map(|rank| ascending[rank - 1])
}

/// The smallest sampled value s such that, with probability `confidence`, a fresh draw exceeds s
/// with probability at most `tolerance`; `None` when the sample is too small
/// ([`super::proportion::zero_failure_paths`] says how many are needed).
///
/// This is the one-sided distribution-free tolerance bound of Wilks (1941). It reads the stake to
/// recommend off the critical stakes of an ensemble: although s is chosen by looking at the sample,
/// the statement needs no correction, because it is about an order statistic of fixed rank.
#[must_use]
pub fn tolerance_upper(ascending: &[f64], tolerance: f64, confidence: f64) -> Option<f64> {
    debug_assert!(ascending.is_sorted(), "the sample must be ascending");
    tolerance_rank(ascending.len(), tolerance, confidence).map(|rank| ascending[rank - 1])
}

/// Rank (from 1, ascending) of the order statistic that [`tolerance_upper`] reads.
#[must_use]
pub fn tolerance_rank(n: usize, tolerance: f64, confidence: f64) -> Option<usize> {
    if n == 0 {
        return None;
    }
    acceptance_number(n as u64, tolerance, confidence).map(|exceeding| n - exceeding as usize)
}

/// Rank of the order statistic at `level`: ⌈n·level⌉, at least one.
#[must_use]
pub fn rank(n: usize, level: f64) -> usize {
    assert!(n > 0, "a quantile of no values");
    assert!(
        (0.0..=1.0).contains(&level),
        "quantile level {level}, outside 0..=1"
    );
    // 0.1 · 30 is 3.0000000000000004 in doubles, and the rank is 3.
    let exact = level * n as f64;
    ((exact - 1e-9 * exact.max(1.0)).ceil() as usize).clamp(1, n)
}

/// Smallest rank r with P(Binomial(n, level) ≤ r−1) ≥ confidence.
fn upper_rank(n: usize, level: f64, confidence: f64) -> Option<usize> {
    first_where(n, |r| {
        binomial_cdf(r as u64 - 1, n as u64, level) >= confidence
    })
}

/// Largest rank r with P(Binomial(n, level) ≤ r−1) ≤ 1 − confidence.
fn lower_rank(n: usize, level: f64, confidence: f64) -> Option<usize> {
    match first_where(n, |r| {
        binomial_cdf(r as u64 - 1, n as u64, level) > 1.0 - confidence
    }) {
        Some(1) => None,
        Some(r) => Some(r - 1),
        None => Some(n),
    }
}

/// First rank in 1..=n at which a condition that never turns false again holds.
fn first_where(n: usize, holds: impl Fn(usize) -> bool) -> Option<usize> {
    if n == 0 || !holds(n) {
        return None;
    }
    let (mut no, mut yes) = (0, n);
    while yes - no > 1 {
        let middle = no + (yes - no) / 2;
        if holds(middle) {
            yes = middle;
        } else {
            no = middle;
        }
    }
    Some(yes)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact by construction")]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_what_the_binomial_says() {
        // The classic table: for n = 100 the 95 % interval of the median is X(40)..X(61).
        let sample: Vec<f64> = (1..=100).map(f64::from).collect();
        let median = quantile_interval(&sample, 0.5, 0.95);
        assert_eq!((median.low, median.value, median.high), (40.0, 50.0, 61.0));
    }

    #[test]
    fn a_small_sample_bounds_nothing_in_the_tail() {
        let sample: Vec<f64> = (1..=298).map(f64::from).collect();
        assert_eq!(tolerance_upper(&sample, 0.01, 0.95), None);
        assert_eq!(quantile_upper(&sample, 0.99, 0.95), None);
        assert_eq!(quantile_interval(&sample, 0.999, 0.95).high, f64::INFINITY);
        let sample: Vec<f64> = (1..=299).map(f64::from).collect();
        assert_eq!(tolerance_upper(&sample, 0.01, 0.95), Some(299.0));
        assert_eq!(quantile_upper(&sample, 0.99, 0.95), Some(299.0));
    }

    #[test]
    fn the_tolerance_bound_leaves_exactly_the_accepted_failures_above() {
        let sample: Vec<f64> = (1..=10_000).map(f64::from).collect();
        // Ten thousand paths accept four failures at one in a thousand.
        assert_eq!(tolerance_upper(&sample, 0.001, 0.95), Some(9_996.0));
        assert_eq!(quantile_upper(&sample, 0.999, 0.95), Some(9_996.0));
        assert_eq!(quantile_lower(&sample, 0.001, 0.95), Some(5.0));
    }

    #[test]
    fn rank_is_not_moved_by_rounding() {
        assert_eq!(rank(30, 0.1), 3);
        assert_eq!(rank(10, 0.0), 1);
        assert_eq!(rank(10, 1.0), 10);
        assert_eq!(rank(1000, 0.999), 999);
    }
}
