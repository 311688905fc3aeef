//! Sums of random delays: detection, dispute, veto and inclusion against the days that are left
//! until the stake can leave.

use super::solve::gauss_legendre;
use crate::stats::normal;
use crate::stats::special::gamma_cdf;
use serde::{Deserialize, Serialize};

/// How long one stage takes, in days.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delay {
    /// Always the same.
    Fixed {
        /// Days.
        days: f64,
    },
    /// Equally likely between two ends.
    Uniform {
        /// Shortest, days.
        low: f64,
        /// Longest, days.
        high: f64,
    },
    /// Without memory.
    Exponential {
        /// Mean, days.
        mean: f64,
    },
    /// A chain of equal memoryless stages.
    Erlang {
        /// Mean of the whole chain, days.
        mean: f64,
        /// Number of stages.
        stages: u32,
    },
    /// Lognormal: what people take.
    Lognormal {
        /// Median, days.
        median: f64,
        /// Standard deviation of the logarithm.
        log_deviation: f64,
    },
}

impl Delay {
    /// P(done within `days`).
    #[must_use]
    pub fn done_within(&self, days: f64) -> f64 {
        match *self {
            Self::Fixed { days: fixed } => f64::from(u8::from(days >= fixed)),
            Self::Uniform { low, high } if high > low => {
                ((days - low) / (high - low)).clamp(0.0, 1.0)
            }
            Self::Uniform { low, .. } => f64::from(u8::from(days >= low)),
            _ if days <= 0.0 => 0.0,
            Self::Exponential { mean } => -(-days / mean).exp_m1(),
            Self::Erlang { mean, stages } => {
                gamma_cdf(f64::from(stages), f64::from(stages) * days / mean)
            }
            Self::Lognormal {
                median,
                log_deviation,
            } => normal::cdf((days / median).ln() / log_deviation),
        }
    }

    /// Mean, in days.
    #[must_use]
    pub fn mean_days(&self) -> f64 {
        match *self {
            Self::Fixed { days } => days,
            Self::Uniform { low, high } => 0.5 * (low + high),
            Self::Exponential { mean } | Self::Erlang { mean, .. } => mean,
            Self::Lognormal {
                median,
                log_deviation,
            } => median * (0.5 * log_deviation * log_deviation).exp(),
        }
    }
}

/// P(all stages, one after the other, are done within `days`).
///
/// Fixed stages are taken off first. The rest are convolved by Gauss–Legendre quadrature over the
/// distribution of one stage after the other: to about 1e-9 for up to three stages. It refuses more than four random stages.
#[must_use]
pub fn done_within(stages: &[Delay], days: f64) -> f64 {
    let fixed: f64 = stages
        .iter()
        .map(|stage| {
            if let Delay::Fixed { days } = stage {
                *days
            } else {
                0.0
            }
        })
        .sum();
    let mut random: Vec<Delay> = stages
        .iter()
        .filter(|stage| !matches!(stage, Delay::Fixed { .. }))
        .copied()
        .collect();
    assert!(
        random.len() <= 4,
        "{} random stages: too many to convolve",
        random.len()
    );
    if random.is_empty() {
        return f64::from(u8::from(days >= fixed));
    }
    // Uniform stages outermost: their edges then bound the integrals and do not fall inside.
    random.sort_by_key(|stage| !matches!(stage, Delay::Uniform { .. }));
    let rule = gauss_legendre(16);
    convolve(&random, days - fixed, &rule).clamp(0.0, 1.0)
}

/// Panels of each integral, by how many integrals are nested in it.
const PANELS: [usize; 4] = [0, 32, 12, 5];

/// P(sum ≤ days) = ∫ f(x) P(the other stages ≤ days − x) dx over the first stage, panel by panel.
fn convolve(stages: &[Delay], days: f64, rule: &[(f64, f64)]) -> f64 {
    let [first, others @ ..] = stages else {
        return 1.0;
    };
    if days <= 0.0 {
        return 0.0;
    }
    if others.is_empty() {
        return first.done_within(days);
    }
    let (low, high) = first.support(days);
    if high <= low {
        // Never done within these days, or surely done at once.
        return first.done_within(days) * convolve(others, days - low, rule);
    }
    let mut cuts = vec![low, high];
    if let [
        Delay::Uniform {
            low: edge,
            high: end,
        },
    ] = *others
    {
        cuts.extend(
            [days - edge, days - end]
                .into_iter()
                .filter(|x| *x > low && *x < high),
        );
        cuts.sort_by(f64::total_cmp);
    }
    let panels = PANELS[others.len().min(3)];
    let piece = |ends: &[f64]| -> f64 {
        // Panels shrink towards both ends, where densities and tails turn.
        let half = 0.5 / panels as f64;
        let mut total = 0.0;
        for panel in 0..panels {
            let centre = (2 * panel + 1) as f64 * half;
            for &(node, weight) in rule {
                let u = centre + half * node;
                let x = ends[0] + (ends[1] - ends[0]) * u * u * (3.0 - 2.0 * u);
                let slope = (ends[1] - ends[0]) * 6.0 * u * (1.0 - u);
                let density = first.density(x);
                if density > 0.0 {
                    total += weight * half * slope * density * convolve(others, days - x, rule);
                }
            }
        }
        total
    };
    cuts.windows(2).map(piece).sum()
}

impl Delay {
    /// Where the stage can end within `days`.
    fn support(&self, days: f64) -> (f64, f64) {
        match *self {
            Self::Uniform { low, high } => (low.min(days), high.min(days)),
            Self::Exponential { mean } => (0.0, days.min(45.0 * mean)),
            Self::Erlang { mean, .. } => (0.0, days.min(60.0 * mean)),
            Self::Lognormal {
                median,
                log_deviation,
            } => {
                let reach = (9.0 * log_deviation).exp();
                ((median / reach).min(days), (median * reach).min(days))
            }
            Self::Fixed { days: fixed } => (fixed, fixed),
        }
    }

    fn density(&self, days: f64) -> f64 {
        match *self {
            Self::Fixed { .. } => 0.0,
            Self::Uniform { low, high } => {
                if (low..=high).contains(&days) {
                    1.0 / (high - low)
                } else {
                    0.0
                }
            }
            Self::Exponential { mean } => (-days / mean).exp() / mean,
            Self::Erlang { mean, stages } => {
                let (k, x) = (f64::from(stages), f64::from(stages) * days / mean);
                ((k - 1.0) * x.ln() - x - libm::lgamma(k)).exp() * k / mean
            }
            Self::Lognormal {
                median,
                log_deviation,
            } => normal::density((days / median).ln() / log_deviation) / (days * log_deviation),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(stages: &[Delay], days: f64, expected: f64) {
        let found = done_within(stages, days);
        assert!(
            (found - expected).abs() < 1e-9,
            "{stages:?}: {found} against {expected}"
        );
    }

    #[test]
    fn fixed_stages_shift_the_race() {
        let detection = Delay::Exponential { mean: 3.0 };
        check(
            &[detection, Delay::Fixed { days: 7.0 }],
            14.0,
            -(-7.0_f64 / 3.0).exp_m1(),
        );
        check(
            &[Delay::Fixed { days: 7.0 }, Delay::Fixed { days: 8.0 }],
            14.0,
            0.0,
        );
        check(
            &[Delay::Fixed { days: 7.0 }, Delay::Fixed { days: 7.0 }],
            14.0,
            1.0,
        );
        check(&[detection, Delay::Fixed { days: 15.0 }], 14.0, 0.0);
    }

    #[test]
    fn sums_of_exponentials_are_known() {
        let stage = |mean| Delay::Exponential { mean };
        let two = 1.0 - (5.0 * (-9.0_f64 / 5.0).exp() - 2.0 * (-9.0_f64 / 2.0).exp()) / 3.0;
        check(&[stage(5.0), stage(2.0)], 9.0, two);
        check(
            &[stage(2.0), stage(2.0), stage(2.0)],
            9.0,
            gamma_cdf(3.0, 4.5),
        );
        check(
            &[
                stage(2.0),
                Delay::Erlang {
                    mean: 6.0,
                    stages: 3,
                },
            ],
            9.0,
            gamma_cdf(4.0, 4.5),
        );
    }

    #[test]
    fn a_uniform_queue_and_a_person() {
        // ∫₀⁵ (1 − e^(−(7−u)/3)) du/5.
        let queued = 1.0 - 0.6 * ((-2.0_f64 / 3.0).exp() - (-7.0_f64 / 3.0).exp());
        let race = [
            Delay::Uniform {
                low: 0.0,
                high: 5.0,
            },
            Delay::Exponential { mean: 3.0 },
            Delay::Fixed { days: 7.0 },
        ];
        check(&race, 14.0, queued);
        let uniform = Delay::Uniform {
            low: 0.0,
            high: 1.0,
        };
        check(&[uniform, uniform], 0.5, 0.125);
        check(&[uniform, uniform, uniform], 1.0, 1.0 / 6.0);
        let person = Delay::Lognormal {
            median: 2.0,
            log_deviation: 0.8,
        };
        let (one, other) = ([person, uniform], [uniform, person]);
        assert!((done_within(&one, 4.0) - done_within(&other, 4.0)).abs() < 1e-9);
        assert!((person.mean_days() - 2.0 * 0.32_f64.exp()).abs() < 1e-15);
    }
}
