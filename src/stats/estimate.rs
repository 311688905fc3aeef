//! A number with its uncertainty: what every table, report and certificate is made of.

use super::special::student_quantile;
use serde::{Deserialize, Serialize};

/// A value, the two-sided interval around it, and what both rest on.
///
/// An end that the sample cannot bound is infinite; JSON writes it as `null`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The point estimate, in the unit of what is measured.
    pub value: f64,
    /// Lower end of the interval, in the same unit.
    #[serde(with = "unbounded_below")]
    pub low: f64,
    /// Upper end of the interval, in the same unit.
    #[serde(with = "unbounded_above")]
    pub high: f64,
    /// Probability with which the interval covers the truth: 0.95 for a 95 % interval.
    pub confidence: f64,
    /// Independent observations behind it: paths, replicates or batches.
    pub n: u64,
}

impl Estimate {
    /// A number known exactly: its interval is the number itself.
    #[must_use]
    pub fn exact(value: f64) -> Self {
        Self {
            value,
            low: value,
            high: value,
            confidence: 1.0,
            n: 0,
        }
    }

    /// `value` ± `half_width`.
    #[must_use]
    pub fn symmetric(value: f64, half_width: f64, confidence: f64, n: u64) -> Self {
        Self {
            value,
            low: value - half_width,
            high: value + half_width,
            confidence,
            n,
        }
    }

    /// The same estimate in another unit: `factor` new units to the old one.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        let (a, b) = (self.low * factor, self.high * factor);
        Self {
            value: self.value * factor,
            low: a.min(b),
            high: a.max(b),
            ..self
        }
    }

    /// The estimate of an increasing function of what is measured.
    #[must_use]
    pub fn mapped(self, increasing: impl Fn(f64) -> f64) -> Self {
        Self {
            value: increasing(self.value),
            low: increasing(self.low),
            high: increasing(self.high),
            ..self
        }
    }

    /// Half the width of the interval.
    #[must_use]
    pub fn half_width(&self) -> f64 {
        0.5 * (self.high - self.low)
    }

    /// Does the interval hold `truth`?
    #[must_use]
    pub fn covers(&self, truth: f64) -> bool {
        self.low <= truth && truth <= self.high
    }
}

macro_rules! unbounded {
    ($module:ident, $end:expr) => {
        mod $module {
            use serde::{Deserialize, Deserializer, Serializer};
            pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
                if value.is_finite() {
                    serializer.serialize_f64(*value)
                } else {
                    serializer.serialize_none()
                }
            }
            pub fn deserialize<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<f64, D::Error> {
                Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or($end))
            }
        }
    };
}
unbounded!(unbounded_below, f64::NEG_INFINITY);
unbounded!(unbounded_above, f64::INFINITY);

/// Sum in index order with the running compensation of Neumaier (1974): the error does not grow
/// with the number of terms.
#[must_use]
pub fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut total, mut lost) = (0.0_f64, 0.0);
    for value in values {
        let next = total + value;
        lost += if total.abs() >= value.abs() {
            (total - next) + value
        } else {
            (value - next) + total
        };
        total = next;
    }
    if total.is_finite() {
        total + lost
    } else {
        total
    }
}

/// Arithmetic mean of at least one value.
#[must_use]
pub fn mean(values: &[f64]) -> f64 {
    assert!(!values.is_empty(), "the mean of no values");
    sum(values.iter().copied()) / values.len() as f64
}

/// Unbiased sample variance (n − 1 in the denominator) of at least two values.
#[must_use]
pub fn variance(values: &[f64]) -> f64 {
    assert!(values.len() > 1, "the variance of {} values", values.len());
    let centre = mean(values);
    sum(values
        .iter()
        .map(|value| (value - centre) * (value - centre)))
        / (values.len() - 1) as f64
}

/// The mean with its Student-t interval.
///
/// The interval is asymptotic: it needs a finite variance. With one value it is unbounded.
#[must_use]
pub fn mean_interval(values: &[f64], confidence: f64) -> Estimate {
    let n = values.len();
    let value = mean(values);
    if n < 2 {
        return Estimate {
            value,
            low: f64::NEG_INFINITY,
            high: f64::INFINITY,
            confidence,
            n: n as u64,
        };
    }
    mean_of_moments(value, variance(values), n as u64, confidence)
}

/// [`mean_interval`] of `n` values, at least two, known by their mean and variance.
#[must_use]
pub fn mean_of_moments(mean: f64, variance: f64, n: u64, confidence: f64) -> Estimate {
    let error = (variance / n as f64).sqrt();
    let half_width = if error > 0.0 {
        student_two_sided(confidence, n as usize - 1) * error
    } else {
        0.0
    };
    Estimate::symmetric(mean, half_width, confidence, n)
}

/// The interval of a quantity measured by independent replicates: scrambles of a low-discrepancy
/// sequence, runs of a splitting estimator, or the means of long batches.
///
/// It is [`mean_interval`] under the name that says what the values are: points inside one
/// replicate are dependent, so only the replicates count. Use at least 16.
#[must_use]
pub fn replicate_interval(replicates: &[f64], confidence: f64) -> Estimate {
    mean_interval(replicates, confidence)
}

/// The t with P(|T| ≤ t) = `confidence` at `freedom` degrees of freedom.
fn student_two_sided(confidence: f64, freedom: usize) -> f64 {
    student_quantile(0.5 + 0.5 * confidence, freedom as f64)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact by construction")]
mod tests {
    use super::*;

    #[test]
    fn mean_interval_of_a_small_sample() {
        let found = mean_interval(&[1.0, 2.0, 4.0, 5.0], 0.95);
        assert_eq!(found.value, 3.0);
        // t(0.975, 3) = 3.182446305284263, s² = 10/3.
        let half = 3.182_446_305_284_263 * (10.0_f64 / 12.0).sqrt();
        assert!((found.half_width() - half).abs() < 1e-12, "{found:?}");
        assert!(found.covers(3.0) && !found.covers(6.0));
    }

    #[test]
    fn compensated_sum_keeps_what_a_plain_sum_loses() {
        assert_eq!(sum([1e16, 1.0, 1.0, -1e16]), 2.0);
    }

    #[test]
    fn unbounded_ends_survive_json() {
        let wide = mean_interval(&[7.0], 0.9);
        let text = serde_json::to_string(&wide).expect("an estimate is plain data");
        assert!(text.contains("\"low\":null"), "{text}");
        let back: Estimate = serde_json::from_str(&text).expect("what was written reads back");
        assert_eq!(back, wide);
    }

    #[test]
    fn scaling_by_a_negative_factor_swaps_the_ends() {
        let flipped = Estimate::symmetric(2.0, 1.0, 0.95, 10).scaled(-2.0);
        assert_eq!(
            (flipped.low, flipped.value, flipped.high),
            (-6.0, -4.0, -2.0)
        );
    }
}
