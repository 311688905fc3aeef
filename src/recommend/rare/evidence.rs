//! What weighted paths prove, and when they prove nothing.
//!
//! With enough failures the bound is normal, widened for the skewness of the contributions (the
//! first term of its Edgeworth expansion; Johnson 1978). With few it is the empirical Bernstein
//! bound (Maurer, Pontil 2009), which holds for whatever is bounded, and weights are. Replicates
//! of Sobol points are judged by Student's t over their means. Where a diagnostic fails there is
//! a reason and no verdict.

use super::sample::{Moments, Sample};
use crate::spec::model::Estimator;
use crate::stats::special::student_quantile;
use crate::stats::weighted::{counting_relative_variance, empirical_bernstein_half_width};
use crate::stats::{Estimate, mean, normal, variance};
use serde::Serialize;

/// Failures, in equal contributions, below which the bound is empirical Bernstein.
pub const FEWEST: f64 = 50.0;
/// Relative standard error above which nothing is said.
pub const LARGEST_ERROR: f64 = 0.1;
/// Share of all weight that one path may carry.
pub const LARGEST_SHARE: f64 = 0.01;

/// How a bound was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Normal, widened for skewness.
    Normal,
    /// Empirical Bernstein: for bounded contributions of any distribution.
    EmpiricalBernstein,
    /// Student's t over independent scrambles.
    Student,
}

/// A small risk with what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// How the paths were drawn.
    pub estimator: Estimator,
    /// Risk with its two-sided interval at the confidence of the statement.
    pub risk: Estimate,
    /// One-sided upper bound at that confidence.
    pub at_most: f64,
    /// One-sided lower bound at that confidence.
    pub at_least: f64,
    /// How the bounds were made.
    pub bound: Bound,
    /// Standard error over value; infinite (null) without a failure.
    pub relative_error: f64,
    /// Failures, in equal contributions: `(Σy)²/Σy²`.
    pub effective_failures: f64,
    /// Paths, in equal weights: `(Σw)²/Σw²`.
    pub effective_paths: f64,
    /// Share of the largest weight in their sum.
    pub largest_share: f64,
    /// Mean weight: one up to chance.
    pub mean_weight: f64,
    /// Its standard error.
    pub mean_weight_error: f64,
    /// Paths that counting would need for the same error, over the paths played.
    pub gain: f64,
    /// Tilted laws in the mixture.
    pub tilts: usize,
    /// Independent scrambles, for Sobol points.
    pub replicates: u64,
    /// Why this is no answer, if it is none.
    pub refused: Option<String>,
}

/// How the paths of an evidence were drawn.
#[derive(Debug, Clone, Copy)]
pub struct Drawn {
    /// The estimator.
    pub estimator: Estimator,
    /// Largest contribution possible.
    pub range: f64,
    /// Tilted laws in the mixture.
    pub tilts: usize,
}

impl Evidence {
    /// The evidence of independent paths at one scale of stake. `confidence` is one-sided.
    #[must_use]
    pub fn of(sample: &Sample, scale: usize, drawn: Drawn, confidence: f64) -> Evidence {
        let (n, at) = (sample.paths, &sample.at[scale]);
        let value = at.mean(n);
        let error = (at.variance(n) / n as f64).sqrt();
        let effective = at.effective();
        let half = |confidence: f64| -> (f64, f64, Bound) {
            if effective < FEWEST {
                let wide =
                    empirical_bernstein_half_width(at.variance(n), n, drawn.range, confidence);
                return (wide, wide, Bound::EmpiricalBernstein);
            }
            let z = normal::quantile(confidence);
            let skew = at.skewness(n).max(0.0) * (2.0 * z * z + 1.0) / (6.0 * (n as f64).sqrt());
            (z * error, (z + skew) * error, Bound::Normal)
        };
        Evidence::build(sample, at, drawn, confidence, value, error, half)
    }

    /// The evidence of independent scrambles at one scale of stake.
    #[must_use]
    pub fn of_replicates(
        samples: &[Sample],
        scale: usize,
        drawn: Drawn,
        confidence: f64,
    ) -> Evidence {
        let means: Vec<f64> = samples.iter().map(|s| s.at[scale].mean(s.paths)).collect();
        let value = mean(&means);
        let error = (variance(&means) / means.len() as f64).sqrt();
        let freedom = (means.len() - 1) as f64;
        let mut whole = samples[0].clone();
        samples[1..].iter().for_each(|other| whole.join(other));
        let half = |confidence: f64| {
            let t = student_quantile(confidence, freedom);
            (t * error, t * error, Bound::Student)
        };
        let at = whole.at[scale];
        let mut evidence = Evidence::build(&whole, &at, drawn, confidence, value, error, half);
        evidence.replicates = samples.len() as u64;
        let weights: Vec<f64> = samples.iter().map(|s| s.weights.mean(s.paths)).collect();
        evidence.mean_weight_error = (variance(&weights) / weights.len() as f64).sqrt();
        evidence.refused = evidence.refusal();
        evidence
    }

    fn build(
        sample: &Sample,
        at: &Moments,
        drawn: Drawn,
        confidence: f64,
        value: f64,
        error: f64,
        half: impl Fn(f64) -> (f64, f64, Bound),
    ) -> Evidence {
        let n = sample.paths;
        let (below, above, bound) = half(confidence);
        let (low, high, _) = half(0.5 + 0.5 * confidence);
        let relative_error = if value > 0.0 {
            error / value
        } else {
            f64::INFINITY
        };
        let counting = if value > 0.0 && value < 1.0 && error > 0.0 {
            counting_relative_variance(value) / (relative_error * relative_error) / n as f64
        } else {
            1.0
        };
        let mut evidence = Evidence {
            estimator: drawn.estimator,
            risk: Estimate {
                value,
                low: (value - low).max(0.0),
                high: (value + high).min(1.0),
                confidence,
                n,
            },
            at_most: (value + above).min(1.0),
            at_least: (value - below).max(0.0),
            bound,
            relative_error,
            effective_failures: at.effective(),
            effective_paths: sample.weights.effective(),
            largest_share: sample.weights.largest / sample.weights.sum,
            mean_weight: sample.weights.mean(n),
            mean_weight_error: (sample.weights.variance(n) / n as f64).sqrt(),
            gain: counting,
            tilts: drawn.tilts,
            replicates: 1,
            refused: None,
        };
        evidence.refused = evidence.refusal();
        evidence
    }

    /// Which diagnostic fails, in words. A bound that needs no distribution asks for sound weights
    /// alone.
    fn refusal(&self) -> Option<String> {
        let off = (self.mean_weight - 1.0).abs();
        if self.largest_share >= LARGEST_SHARE {
            return Some(format!(
                "one path carries {:.1} % of all weight, and {:.0} % is the most allowed: play more paths",
                100.0 * self.largest_share,
                100.0 * LARGEST_SHARE
            ));
        }
        if off > 4.0 * self.mean_weight_error.max(1e-12) {
            return Some(format!(
                "the weights are {:.4} on average with an error of {:.4}, and should be 1",
                self.mean_weight, self.mean_weight_error
            ));
        }
        if self.bound == Bound::EmpiricalBernstein {
            return None;
        }
        if self.effective_failures < FEWEST {
            return Some(format!(
                "the failures are worth {:.0} equal ones, fewer than {FEWEST:.0}: play more paths",
                self.effective_failures
            ));
        }
        (self.relative_error > LARGEST_ERROR).then(|| {
            format!(
                "the risk has a relative error of {:.0} %, and {:.0} % is the most allowed: play more paths",
                100.0 * self.relative_error,
                100.0 * LARGEST_ERROR
            )
        })
    }

    /// Paths after which the bounds would leave `tolerance` on one side, if the risk is what was
    /// seen; none when no reasonable number would.
    #[must_use]
    pub fn paths_needed(&self, tolerance: f64) -> Option<u64> {
        const MOST: f64 = 1e12;
        let (value, distance) = (self.risk.value, (tolerance - self.risk.value).abs());
        let reach = self.at_most - value;
        let needed = self.risk.n as f64 * (reach / distance) * (reach / distance);
        (distance > 0.0 && needed.is_finite() && needed < MOST).then(|| needed.ceil() as u64)
    }

    /// What stays open when no bound decides: the reason that more paths would take away.
    #[must_use]
    pub fn undecided(&self) -> Option<String> {
        self.refused.clone().or_else(|| {
            (self.bound == Bound::EmpiricalBernstein).then(|| {
                format!(
                    "the failures are worth {:.0} equal ones, fewer than {FEWEST:.0}, and the bound that holds for any distribution is {:.1e}: play more paths",
                    self.effective_failures, self.at_most
                )
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWN: Drawn = Drawn {
        estimator: Estimator::Importance,
        range: 10.0,
        tilts: 1,
    };

    fn sample(contributions: &[f64], weights: &[f64]) -> Sample {
        let moments = |values: &[f64]| Moments {
            sum: values.iter().sum(),
            square: values.iter().map(|x| x * x).sum(),
            cube: values.iter().map(|x| x * x * x).sum(),
            largest: values.iter().copied().fold(0.0, f64::max),
        };
        Sample {
            paths: contributions.len() as u64,
            at: vec![moments(contributions)],
            weights: moments(weights),
        }
    }

    #[test]
    fn many_equal_failures_answer_and_few_do_not() {
        let weights = vec![1.0; 10_000];
        let mut contributions = vec![0.0; 10_000];
        contributions[..400].fill(1e-3);
        let evidence = Evidence::of(&sample(&contributions, &weights), 0, DRAWN, 0.95);
        assert_eq!((evidence.bound, &evidence.refused), (Bound::Normal, &None));
        assert!((evidence.risk.value - 4e-5).abs() < 1e-18 && evidence.at_most > 4e-5);
        assert!((evidence.effective_failures - 400.0).abs() < 1e-6);
        contributions[5..].fill(0.0);
        let few = Evidence::of(&sample(&contributions, &weights), 0, DRAWN, 0.95);
        assert_eq!(few.bound, Bound::EmpiricalBernstein);
        assert!(few.at_most > 100.0 * few.risk.value && few.undecided().is_some());
    }

    #[test]
    fn each_diagnostic_refuses_with_its_reason() {
        let contributions = vec![1e-3; 1000];
        let mut weights = vec![1.0; 1000];
        weights[0] = 30.0;
        let says = |weights: &[f64], contributions: &[f64]| {
            Evidence::of(&sample(contributions, weights), 0, DRAWN, 0.95)
                .refused
                .expect("a refusal")
        };
        assert!(says(&weights, &contributions).contains("of all weight"));
        assert!(says(&[1.3; 1000], &contributions).contains("should be 1"));
        let mut uneven = vec![0.0; 1_000_000];
        uneven[..60].fill(1.0);
        assert!(says(&vec![1.0; 1_000_000], &uneven).contains("relative error"));
    }

    #[test]
    fn skewness_widens_the_upper_bound_alone() {
        let weights = vec![1.0; 20_000];
        let contributions: Vec<f64> = (0..20_000)
            .map(|i| f64::from(u8::from(i % 100 == 0)))
            .collect();
        let evidence = Evidence::of(&sample(&contributions, &weights), 0, DRAWN, 0.95);
        let (above, below) = (evidence.at_most - 0.01, 0.01 - evidence.at_least);
        assert!(
            above > below * 1.02 && above < below * 1.3,
            "{above} {below}"
        );
    }
}
