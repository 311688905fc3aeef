//! Which uncertain input makes an output uncertain: Sobol indices.

use super::estimate::{Estimate, mean};
use super::resample::bootstrap;
use serde::{Deserialize, Serialize};

/// Shares of the output's variance that one input explains.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SobolIndex {
    /// Alone: what fixing this input would take away on average.
    pub first: Estimate,
    /// With all its interactions: what is left when everything else is fixed.
    pub total: Estimate,
}

/// Sobol indices from a pick-freeze design: outputs at the rows of two independent samples A and
/// B, and for each input at A with that input's column taken from B.
///
/// First-order indices after Saltelli, Annoni, Azzini, Campolongo, Ratto, Tarantola (2010), totals
/// after Jansen (1999); intervals by resampling the rows `rounds` times.
#[must_use]
pub fn sobol_indices(
    at_a: &[f64],
    at_b: &[f64],
    at_a_with_b: &[Vec<f64>],
    rounds: u32,
    confidence: f64,
    seed: u64,
) -> Vec<SobolIndex> {
    let n = at_a.len();
    assert!(
        n > 1 && at_b.len() == n,
        "samples of {n} and {} rows",
        at_b.len()
    );
    at_a_with_b
        .iter()
        .map(|mixed| {
            assert_eq!(mixed.len(), n, "every sample needs the same rows");
            let first = |rows: &[usize]| {
                let explained = average(rows, |row| at_b[row] * (mixed[row] - at_a[row]));
                explained / spread(rows, at_a, at_b)
            };
            let total = |rows: &[usize]| {
                let left = average(rows, |row| {
                    (at_a[row] - mixed[row]) * (at_a[row] - mixed[row])
                });
                0.5 * left / spread(rows, at_a, at_b)
            };
            SobolIndex {
                first: bootstrap(n, first, rounds, confidence, seed),
                total: bootstrap(n, total, rounds, confidence, seed),
            }
        })
        .collect()
}

fn average(rows: &[usize], value: impl Fn(usize) -> f64) -> f64 {
    let values: Vec<f64> = rows.iter().map(|&row| value(row)).collect();
    mean(&values)
}

/// Variance of the output over both samples.
fn spread(rows: &[usize], at_a: &[f64], at_b: &[f64]) -> f64 {
    let centre = 0.5 * (average(rows, |row| at_a[row]) + average(rows, |row| at_b[row]));
    let square = |value: f64| (value - centre) * (value - centre);
    0.5 * (average(rows, |row| square(at_a[row])) + average(rows, |row| square(at_b[row])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::normal;

    #[test]
    fn a_sum_and_a_product_split_their_variance_as_known() {
        // y = 2u + v + uv with independent standard normals: V = 4 + 1 + 1.
        let n = 8192;
        let halton = |i: usize, base: usize| {
            let (mut f, mut r, mut i) = (1.0, 0.0, i + 20);
            while i > 0 {
                f /= base as f64;
                r += f * (i % base) as f64;
                i /= base;
            }
            normal::quantile(r)
        };
        let rows: Vec<[f64; 4]> = (0..n)
            .map(|i| [2, 3, 5, 7].map(|base| halton(i, base)))
            .collect();
        let y = |u: f64, v: f64| 2.0 * u + v + u * v;
        let at_a: Vec<f64> = rows.iter().map(|r| y(r[0], r[1])).collect();
        let at_b: Vec<f64> = rows.iter().map(|r| y(r[2], r[3])).collect();
        let mixed = vec![
            rows.iter().map(|r| y(r[2], r[1])).collect(),
            rows.iter().map(|r| y(r[0], r[3])).collect(),
        ];
        let found = sobol_indices(&at_a, &at_b, &mixed, 60, 0.95, 1);
        for (index, (first, total)) in [(4.0 / 6.0, 5.0 / 6.0), (1.0 / 6.0, 2.0 / 6.0)]
            .into_iter()
            .enumerate()
        {
            assert!(
                (found[index].first.value - first).abs() < 0.02,
                "{:?}",
                found[index]
            );
            assert!(
                (found[index].total.value - total).abs() < 0.02,
                "{:?}",
                found[index]
            );
            assert!(found[index].first.low < first && first < found[index].first.high);
        }
    }
}
