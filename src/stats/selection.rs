//! Choosing the best of several designs from noisy runs.

use super::special::student_quantile;
use serde::{Deserialize, Serialize};

/// Constants of the fully sequential selection procedure of Kim, Nelson (2001).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct KimNelson {
    /// η = ½[(2α/(k−1))^(−2/(n₀−1)) − 1].
    pub eta: f64,
    /// h² = 2η(n₀ − 1).
    pub h_squared: f64,
}

impl KimNelson {
    /// Constants for `designs` designs, `first` runs of each at the start and an error probability
    /// of 1 − `confidence`.
    #[must_use]
    pub fn new(designs: u32, first: u32, confidence: f64) -> Self {
        assert!(
            designs > 1 && first > 1,
            "{designs} designs with {first} first runs"
        );
        let base = 2.0 * (1.0 - confidence) / f64::from(designs - 1);
        let freedom = f64::from(first - 1);
        let eta = 0.5 * (base.powf(-2.0 / freedom) - 1.0);
        Self {
            eta,
            h_squared: 2.0 * eta * freedom,
        }
    }

    /// The designs that survive after `runs` runs of each: smaller is better, `means` are the
    /// running means, `difference_variance(i, j)` the variance of the first runs' differences and
    /// `indifference` the difference that is worth detecting.
    #[must_use]
    pub fn survivors(
        &self,
        means: &[f64],
        difference_variance: impl Fn(usize, usize) -> f64,
        indifference: f64,
        runs: u32,
    ) -> Vec<usize> {
        let runs = f64::from(runs);
        let slack = |i: usize, j: usize| {
            let scale = self.h_squared * difference_variance(i, j) / (indifference * indifference);
            (indifference / (2.0 * runs) * (scale - runs)).max(0.0)
        };
        (0..means.len())
            .filter(|&i| (0..means.len()).all(|j| j == i || means[i] <= means[j] + slack(i, j)))
            .collect()
    }
}

/// Shares of the next runs that tell the best of several designs (smallest mean) apart soonest:
/// optimal computing budget allocation (Chen, Lin, Yücesan, Chick 2000). N_i/N_j = ((σ_i/δ_i)/(σ_j/δ_j))²
/// with δ the distance from the best, and N_b = σ_b √(Σ N_i²/σ_i²) for the best. They add up to one.
#[must_use]
pub fn budget_allocation(means: &[f64], deviations: &[f64]) -> Vec<f64> {
    assert_eq!(means.len(), deviations.len(), "one deviation per mean");
    assert!(means.len() > 1, "a choice among {} designs", means.len());
    let mut best = 0;
    for index in 1..means.len() {
        if means[index] < means[best] {
            best = index;
        }
    }
    // A tie with the best would take everything: the smallest distance that doubles can tell.
    let scale = means
        .iter()
        .fold(f64::MIN_POSITIVE, |most, mean| most.max(mean.abs()));
    let mut runs: Vec<f64> = (0..means.len())
        .map(|i| {
            let distance = (means[i] - means[best]).max(1e-9 * scale);
            if i == best {
                0.0
            } else {
                (deviations[i] / distance) * (deviations[i] / distance)
            }
        })
        .collect();
    let others: f64 = (0..means.len())
        .filter(|&i| i != best && deviations[i] > 0.0)
        .map(|i| (runs[i] / deviations[i]) * (runs[i] / deviations[i]))
        .sum();
    runs[best] = deviations[best] * others.sqrt();
    let total: f64 = runs.iter().sum();
    assert!(total > 0.0, "designs without noise need no allocation");
    runs.iter().map(|share| share / total).collect()
}

/// Variance of the difference of two means over `n` runs whose outputs have deviations `a` and `b`
/// and `correlation`: (a² + b² − 2ρab)/n. Common random numbers make ρ positive.
#[must_use]
pub fn difference_variance(a: f64, b: f64, correlation: f64, n: u64) -> f64 {
    (a * a + b * b - 2.0 * correlation * a * b) / n as f64
}

/// The mean of `first[i] − second[i]`, run by run on the same random numbers, with its Student-t
/// interval.
#[must_use]
pub fn paired_difference(first: &[f64], second: &[f64], confidence: f64) -> super::Estimate {
    assert_eq!(first.len(), second.len(), "pairs of runs");
    let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| a - b).collect();
    super::mean_interval(&differences, confidence)
}

/// Runs that make a mean's half width `wanted`, given the `deviation` of `pilot` runs (Stein 1945).
#[must_use]
pub fn runs_for_half_width(deviation: f64, pilot: u64, wanted: f64, confidence: f64) -> u64 {
    assert!(
        pilot > 1 && wanted > 0.0,
        "{pilot} pilot runs for a half width of {wanted}"
    );
    let t = student_quantile(0.5 + 0.5 * confidence, (pilot - 1) as f64);
    ((t * deviation / wanted) * (t * deviation / wanted))
        .ceil()
        .max(pilot as f64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocation_goes_where_the_choice_is_close() {
        let shares = budget_allocation(&[1.0, 1.1, 3.0], &[1.0, 1.0, 1.0]);
        assert!(shares[1] > 100.0 * shares[2] && (shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        // (σ/δ)²: 100 against ¼, and the best √(100² + ¼²).
        assert!((shares[1] / shares[2] - 400.0).abs() < 1e-9);
        assert!((shares[0] / shares[1] - (1.0 + 0.0025_f64.powi(2)).sqrt()).abs() < 1e-12);
        let tied = budget_allocation(&[1.0, 1.0], &[1.0, 2.0]);
        assert!(tied.iter().all(|share| share.is_finite()));
    }

    #[test]
    fn a_far_design_is_dropped_and_a_near_one_kept() {
        let constants = KimNelson::new(3, 20, 0.95);
        let left = constants.survivors(&[1.0, 1.05, 9.0], |_, _| 2.0, 0.5, 20);
        assert_eq!(left, vec![0, 1]);
        let late = constants.survivors(&[1.0, 1.05, 9.0], |_, _| 2.0, 0.5, 100_000);
        assert_eq!(late, vec![0]);
    }

    #[test]
    fn common_random_numbers_sharpen_a_difference() {
        let noise: Vec<f64> = (0..100).map(|i| f64::from(i * 37 % 101)).collect();
        let shifted: Vec<f64> = noise
            .iter()
            .enumerate()
            .map(|(i, x)| x + 1.0 + 0.01 * (i % 2) as f64)
            .collect();
        let found = paired_difference(&shifted, &noise, 0.95);
        assert!((found.value - 1.005).abs() < 1e-9 && found.half_width() < 0.002);
        assert_eq!(runs_for_half_width(1.0, 1000, 0.1, 0.95), 1000);
    }
}
