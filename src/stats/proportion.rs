//! k failures in n independent paths: exact bounds, and how many paths a promise needs.

use super::estimate::Estimate;
use super::normal;
use super::special::{beta_quantile, binomial_cdf};

/// Largest failure probability that is not refuted by `failures` in `paths`, one-sided
/// (Clopper, Pearson 1934): BetaInv(confidence; k+1, n−k).
///
/// If the true probability were above it, so few failures would appear with probability below
/// 1 − confidence. This is the number a certificate quotes.
#[must_use]
pub fn clopper_pearson_upper(failures: u64, paths: u64, confidence: f64) -> f64 {
    check_counts(failures, paths, confidence);
    if failures == paths {
        return 1.0;
    }
    beta_quantile(confidence, failures as f64 + 1.0, (paths - failures) as f64)
}

/// Smallest failure probability that is not refuted by `failures` in `paths`, one-sided
/// (Clopper, Pearson 1934): BetaInv(1 − confidence; k, n−k+1).
#[must_use]
pub fn clopper_pearson_lower(failures: u64, paths: u64, confidence: f64) -> f64 {
    check_counts(failures, paths, confidence);
    if failures == 0 {
        return 0.0;
    }
    beta_quantile(
        1.0 - confidence,
        failures as f64,
        (paths - failures) as f64 + 1.0,
    )
}

/// The share k/n with its two-sided Clopper–Pearson interval: coverage is at least `confidence`
/// whatever the truth.
#[must_use]
pub fn clopper_pearson(failures: u64, paths: u64, confidence: f64) -> Estimate {
    let one_sided = 0.5 + 0.5 * confidence;
    Estimate {
        value: failures as f64 / paths as f64,
        low: clopper_pearson_lower(failures, paths, one_sided),
        high: clopper_pearson_upper(failures, paths, one_sided),
        confidence,
        n: paths,
    }
}

/// The share k/n with the score interval of Wilson (1927): shorter, right on average and not in
/// every case. For display only; certificates use [`clopper_pearson_upper`].
#[must_use]
pub fn wilson(failures: u64, paths: u64, confidence: f64) -> Estimate {
    check_counts(failures, paths, confidence);
    let n = paths as f64;
    let share = failures as f64 / n;
    let z = normal::two_sided(confidence);
    let square = z * z / n;
    let centre = (share + 0.5 * square) / (1.0 + square);
    let half = z / (1.0 + square) * (share * (1.0 - share) / n + 0.25 * square / n).sqrt();
    let low = if failures == 0 { 0.0 } else { centre - half };
    let high = if failures == paths {
        1.0
    } else {
        centre + half
    };
    Estimate {
        value: share,
        low,
        high,
        confidence,
        n: paths,
    }
}

/// The most failures in `paths` that still certify a probability of at most `tolerance`, or `None`
/// when even zero failures would not.
///
/// It is the largest k with P(Binomial(n, ε) ≤ k) ≤ 1 − confidence, the same test as
/// [`clopper_pearson_upper`] ≤ ε.
#[must_use]
pub fn acceptance_number(paths: u64, tolerance: f64, confidence: f64) -> Option<u64> {
    check_counts(0, paths, confidence);
    let certifies = |k: u64| binomial_cdf(k, paths, tolerance) <= 1.0 - confidence;
    if !certifies(0) {
        return None;
    }
    // certifies(0) holds; certifies(paths) cannot, as the cdf is one there.
    let (mut yes, mut no) = (0, paths);
    while no - yes > 1 {
        let middle = yes + (no - yes) / 2;
        if certifies(middle) {
            yes = middle;
        } else {
            no = middle;
        }
    }
    Some(yes)
}

/// Paths that certify a probability of at most `tolerance` when none of them fails:
/// ⌈ln δ / ln(1−ε)⌉ with δ = 1 − confidence.
#[must_use]
pub fn zero_failure_paths(tolerance: f64, confidence: f64) -> u64 {
    assert!(
        tolerance > 0.0 && tolerance < 1.0,
        "tolerance {tolerance}, outside 0..1"
    );
    assert!(
        confidence > 0.0 && confidence < 1.0,
        "confidence {confidence}, outside 0..1"
    );
    // 1 − 0.95 carries a rounding of 1e-17 that may not decide an exact quotient: step back if so.
    let quotient = (1.0 - confidence).ln() / libm::log1p(-tolerance);
    (quotient * (1.0 - 1e-13)).ceil() as u64
}

/// Is a failure probability below what is tolerated? Undecided is never safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The upper bound is at most the tolerance.
    Safe,
    /// The lower bound is above the tolerance.
    Unsafe,
    /// Neither: more paths are needed.
    Undecided,
}

/// Judge `failures` in `paths` against `tolerance`, each side with the whole `confidence`.
#[must_use]
pub fn verdict(failures: u64, paths: u64, tolerance: f64, confidence: f64) -> Verdict {
    if clopper_pearson_upper(failures, paths, confidence) <= tolerance {
        Verdict::Safe
    } else if clopper_pearson_lower(failures, paths, confidence) > tolerance {
        Verdict::Unsafe
    } else {
        Verdict::Undecided
    }
}

/// About how many paths would decide whether a probability near `share` is below `tolerance`, or
/// `None` when it lies so close to the tolerance that a trillion paths would not.
///
/// The smallest n at which ⌈n·share⌉ failures certify, or ⌊n·share⌋ refute.
#[must_use]
pub fn paths_to_decide(share: f64, tolerance: f64, confidence: f64) -> Option<u64> {
    const MOST: u64 = 1_000_000_000_000;
    assert!((0.0..=1.0).contains(&share), "share {share}, outside 0..=1");
    let decides = |n: u64| {
        let expected = n as f64 * share;
        if share <= tolerance {
            binomial_cdf(expected.ceil() as u64, n, tolerance) <= 1.0 - confidence
        } else {
            clopper_pearson_lower(expected.floor() as u64, n, confidence) > tolerance
        }
    };
    let mut high = 16;
    while !decides(high) {
        if high >= MOST {
            return None;
        }
        high *= 2;
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if decides(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
}

/// Confidence to spend on look number `look` (1, 2, …) so that all looks together are wrong with
/// probability at most 1 − confidence: δ_j = δ/(j(j+1)), which sums to δ.
#[must_use]
pub fn confidence_of_look(confidence: f64, look: u32) -> f64 {
    assert!(look >= 1, "looks are counted from one");
    let look = f64::from(look);
    1.0 - (1.0 - confidence) / (look * (look + 1.0))
}

fn check_counts(failures: u64, paths: u64, confidence: f64) {
    assert!(paths > 0, "a share of no paths");
    assert!(failures <= paths, "{failures} failures in {paths} paths");
    assert!(
        confidence > 0.0 && confidence < 1.0,
        "confidence {confidence}, outside 0..1"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_acceptance_number_is_where_clopper_pearson_crosses() {
        for (paths, tolerance) in [(3000, 0.001), (700, 0.01), (20_000, 0.002), (50, 0.3)] {
            let most = acceptance_number(paths, tolerance, 0.95).expect("enough paths");
            assert!(clopper_pearson_upper(most, paths, 0.95) <= tolerance);
            assert!(clopper_pearson_upper(most + 1, paths, 0.95) > tolerance);
        }
        assert_eq!(acceptance_number(298, 0.01, 0.95), None);
        assert_eq!(acceptance_number(299, 0.01, 0.95), Some(0));
    }

    #[test]
    fn zero_failures_agree_with_the_acceptance_number() {
        for tolerance in [0.3, 0.05, 0.01, 1e-3, 1e-5] {
            let paths = zero_failure_paths(tolerance, 0.95);
            assert_eq!(acceptance_number(paths, tolerance, 0.95), Some(0));
            assert_eq!(acceptance_number(paths - 1, tolerance, 0.95), None);
        }
    }

    #[test]
    fn verdicts_leave_a_gap_for_doubt() {
        assert_eq!(verdict(0, 3000, 0.001, 0.95), Verdict::Safe);
        assert_eq!(verdict(0, 2000, 0.001, 0.95), Verdict::Undecided);
        assert_eq!(verdict(20, 3000, 0.001, 0.95), Verdict::Unsafe);
    }

    #[test]
    fn the_number_of_paths_that_decides_does_decide() {
        let paths = paths_to_decide(0.0, 0.001, 0.95).expect("decidable");
        assert_eq!(paths, 2995);
        let paths = paths_to_decide(0.0005, 0.001, 0.95).expect("decidable");
        assert_eq!(
            verdict((paths as f64 * 0.0005).ceil() as u64, paths, 0.001, 0.95),
            Verdict::Safe
        );
        let paths = paths_to_decide(0.002, 0.001, 0.95).expect("decidable");
        assert_eq!(
            verdict((paths as f64 * 0.002) as u64, paths, 0.001, 0.95),
            Verdict::Unsafe
        );
        assert_eq!(paths_to_decide(0.001, 0.001, 0.95), None);
    }

    #[test]
    fn looks_never_spend_more_than_there_is() {
        let spent: f64 = (1..10_000)
            .map(|look| 1.0 - confidence_of_look(0.95, look))
            .sum();
        assert!(spent < 0.05 && spent > 0.0499, "{spent}");
    }
}
