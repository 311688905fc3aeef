//! Intervals by resampling, for what has no formula.

use super::estimate::Estimate;
use super::quantile::quantile;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

/// The percentile bootstrap (Efron 1979) of a statistic of `n` observations: `rounds` resamples of
/// the observations' indices, each judged by `statistic`.
///
/// Round i draws from stream i of `seed`, so the interval is the same to the bit wherever it is
/// computed.
#[must_use]
pub fn bootstrap(
    n: usize,
    statistic: impl Fn(&[usize]) -> f64,
    rounds: u32,
    confidence: f64,
    seed: u64,
) -> Estimate {
    assert!(n > 0 && rounds > 0, "{rounds} rounds over {n} observations");
    let mut rows: Vec<usize> = (0..n).collect();
    let value = statistic(&rows);
    let mut found: Vec<f64> = (0..rounds)
        .map(|round| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(u64::from(round));
            for row in &mut rows {
                *row = rng.random_range(0..n);
            }
            statistic(&rows)
        })
        .collect();
    found.sort_by(f64::total_cmp);
    let tail = 0.5 * (1.0 - confidence);
    let (low, high) = (quantile(&found, tail), quantile(&found, 1.0 - tail));
    Estimate {
        value,
        low,
        high,
        confidence,
        n: n as u64,
    }
}

/// Means of `batches` equal runs of consecutive values, for the interval of a mean whose values
/// depend on their neighbours ([`super::replicate_interval`] of these). What does not fill a batch
/// at the end is left out.
#[must_use]
pub fn batch_means(values: &[f64], batches: usize) -> Vec<f64> {
    let length = values.len() / batches.max(1);
    assert!(length > 0, "{} values in {batches} batches", values.len());
    values
        .chunks_exact(length)
        .take(batches)
        .map(super::mean)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{mean, mean_interval};

    #[test]
    fn the_bootstrap_of_a_mean_is_its_normal_interval() {
        let values: Vec<f64> = (0..400).map(|i| f64::from(i * i % 97)).collect();
        let statistic =
            |rows: &[usize]| rows.iter().map(|&row| values[row]).sum::<f64>() / rows.len() as f64;
        let resampled = bootstrap(values.len(), statistic, 2000, 0.95, 7);
        let normal = mean_interval(&values, 0.95);
        assert!((resampled.value - normal.value).abs() < 1e-12);
        assert!(
            (resampled.half_width() / normal.half_width() - 1.0).abs() < 0.06,
            "{resampled:?} {normal:?}"
        );
        assert_eq!(
            resampled,
            bootstrap(values.len(), statistic, 2000, 0.95, 7),
            "the seed fixes it"
        );
    }

    #[test]
    fn batches_share_the_mean_of_the_whole() {
        let values: Vec<f64> = (0..103).map(f64::from).collect();
        let batches = batch_means(&values, 10);
        assert_eq!(batches.len(), 10);
        assert!((mean(&batches) - mean(&values[..100])).abs() < 1e-12);
    }
}
