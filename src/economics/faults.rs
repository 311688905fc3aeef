//! Honest faults that come together: how many of n operators fail at once, and what a penalty
//! that grows with that number costs.

use crate::stats::special::binomial_mass;
use serde::{Deserialize, Serialize};

/// How faults of `n` operators hang together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Faults {
    /// Each fails by itself with this probability.
    Independent {
        /// Probability that one operator fails.
        probability: f64,
    },
    /// All share one failure probability that is drawn from Beta(a, b) each time (Skellam 1948).
    BetaBinomial {
        /// First shape, a.
        a: f64,
        /// Second shape, b.
        b: f64,
    },
    /// Each fails by itself, and now and then a common cause (a client, a cloud) reaches each with
    /// some probability on top (Marshall, Olkin 1967).
    CommonShock {
        /// Probability that one operator fails by itself.
        alone: f64,
        /// Probability of the common cause.
        shock: f64,
        /// Probability that the common cause reaches one operator.
        reach: f64,
    },
}

impl Faults {
    /// The beta-binomial of mean failure `probability` and `correlation` between any two
    /// operators: a + b = 1/ρ − 1. Independent at correlation zero.
    #[must_use]
    pub fn of_correlation(probability: f64, correlation: f64) -> Self {
        assert!(
            (0.0..=1.0).contains(&probability),
            "fault probability {probability}, outside 0..=1"
        );
        assert!(
            (0.0..1.0).contains(&correlation),
            "fault correlation {correlation}, outside 0..1"
        );
        if correlation == 0.0 {
            return Self::Independent { probability };
        }
        let sum = 1.0 / correlation - 1.0;
        Self::BetaBinomial {
            a: sum * probability,
            b: sum * (1.0 - probability),
        }
    }

    /// Probability that one operator fails.
    #[must_use]
    pub fn probability(&self) -> f64 {
        match *self {
            Self::Independent { probability } => probability,
            Self::BetaBinomial { a, b } => a / (a + b),
            Self::CommonShock {
                alone,
                shock,
                reach,
            } => alone + shock * reach * (1.0 - alone),
        }
    }

    /// Correlation between the faults of two operators (intra-class correlation).
    #[must_use]
    pub fn correlation(&self) -> f64 {
        match *self {
            Self::Independent { .. } => 0.0,
            Self::BetaBinomial { a, b } => 1.0 / (a + b + 1.0),
            Self::CommonShock {
                alone,
                shock,
                reach,
            } => {
                let hit = reach * (1.0 - alone);
                let p = self.probability();
                shock * (1.0 - shock) * hit * hit / (p * (1.0 - p))
            }
        }
    }

    /// Mean number of faulty operators of `n`.
    #[must_use]
    pub fn mean(&self, n: u64) -> f64 {
        n as f64 * self.probability()
    }

    /// Variance of that number: np(1−p)(1 + (n−1)ρ).
    #[must_use]
    pub fn variance(&self, n: u64) -> f64 {
        let p = self.probability();
        n as f64 * p * (1.0 - p) * (1.0 + (n as f64 - 1.0) * self.correlation())
    }

    /// P(exactly `k` of `n` fail).
    #[must_use]
    pub fn mass(&self, k: u64, n: u64) -> f64 {
        assert!(k <= n, "{k} faulty of {n} operators");
        match *self {
            Self::Independent { probability } => binomial_mass(k, n, probability),
            Self::BetaBinomial { a, b } => beta_binomial_mass(k, n, a, b),
            Self::CommonShock {
                alone,
                shock,
                reach,
            } => {
                let together = alone + reach * (1.0 - alone);
                (1.0 - shock) * binomial_mass(k, n, alone) + shock * binomial_mass(k, n, together)
            }
        }
    }

    /// P(k of `n` fail) for every k of 0..=n, by one recursion where the law has one.
    #[must_use]
    pub fn masses(&self, n: u64) -> Vec<f64> {
        let Self::BetaBinomial { a, b } = *self else {
            return (0..=n).map(|k| self.mass(k, n)).collect();
        };
        let mut ln_mass: f64 = (0..n).map(|i| (-a / (a + b + i as f64)).ln_1p()).sum();
        let mut masses = vec![ln_mass.exp()];
        for j in 0..n {
            let (j, n) = (j as f64, n as f64);
            ln_mass += ((n - j) / (j + 1.0) * (a + j) / (b + n - j - 1.0)).ln();
            masses.push(ln_mass.exp());
        }
        masses
    }

    /// P(at least `k` of `n` fail), added from the small end of the tail.
    #[must_use]
    pub fn at_least(&self, k: u64, n: u64) -> f64 {
        (k..=n).rev().map(|faulty| self.mass(faulty, n)).sum()
    }

    /// Mean share of the whole stake lost per event when `k` faulty operators of `n` equal ones
    /// lose `penalty(k)` each: Σ P(k)·penalty(k)·k/n.
    #[must_use]
    pub fn expected_loss(&self, n: u64, penalty: impl Fn(u64) -> f64) -> f64 {
        (0..=n)
            .map(|k| self.mass(k, n) * penalty(k) * k as f64 / n as f64)
            .sum()
    }
}

/// A penalty that grows with how many fail together: min(1, c·k/n), the rule of Ethereum's beacon
/// chain with c = 3.
#[must_use]
pub fn correlated_penalty(factor: f64, k: u64, n: u64) -> f64 {
    (factor * k as f64 / n as f64).min(1.0)
}

/// C(n,k) B(k+a, n−k+b)/B(a,b), as a product of ratios: no large log-gammas to subtract.
fn beta_binomial_mass(k: u64, n: u64, a: f64, b: f64) -> f64 {
    // P(0) = Π (b+i)/(a+b+i), then the recursion in k. In logarithms: P(0) may underflow.
    let mut ln_mass = 0.0;
    for i in 0..n {
        let i = i as f64;
        ln_mass += (-a / (a + b + i)).ln_1p();
    }
    for j in 0..k {
        let (j, n) = (j as f64, n as f64);
        ln_mass += ((n - j) / (j + 1.0) * (a + j) / (b + n - j - 1.0)).ln();
    }
    ln_mass.exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODELS: [Faults; 3] = [
        Faults::Independent { probability: 0.05 },
        Faults::BetaBinomial { a: 0.5, b: 9.5 },
        Faults::CommonShock {
            alone: 0.02,
            shock: 0.05,
            reach: 0.6,
        },
    ];

    #[test]
    fn masses_have_the_stated_moments() {
        for model in MODELS {
            for n in [1, 2, 7, 40] {
                let moment = |f: &dyn Fn(f64) -> f64| -> f64 {
                    (0..=n).map(|k| model.mass(k, n) * f(k as f64)).sum()
                };
                assert!((moment(&|_| 1.0) - 1.0).abs() < 1e-12, "{model:?} {n}");
                let mean = moment(&|k| k);
                assert!((mean - model.mean(n)).abs() < 1e-12, "{model:?} {n}");
                let variance = moment(&|k| (k - mean) * (k - mean));
                assert!(
                    (variance - model.variance(n)).abs() < 1e-11,
                    "{model:?} {n} {variance}"
                );
            }
        }
    }

    #[test]
    fn all_masses_at_once_are_each_alone() {
        for model in MODELS {
            for n in [1, 2, 40] {
                for (k, mass) in model.masses(n).into_iter().enumerate() {
                    assert!((mass - model.mass(k as u64, n)).abs() < 1e-14, "{model:?}");
                }
            }
        }
    }

    #[test]
    fn a_correlation_is_given_back() {
        let model = Faults::of_correlation(0.05, 1.0 / 11.0);
        let Faults::BetaBinomial { a, b } = model else {
            panic!("correlated faults share a beta")
        };
        assert!((a - 0.5).abs() < 1e-12 && (b - 9.5).abs() < 1e-12);
        assert!((model.correlation() - 1.0 / 11.0).abs() < 1e-15);
        assert_eq!(
            Faults::of_correlation(0.1, 0.0),
            Faults::Independent { probability: 0.1 }
        );
    }
}
