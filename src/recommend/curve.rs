//! The whole curve of risk against stake from one ensemble.
//!
//! The cost of corruption is linear in the stake, so each path has a critical stake: the
//! smallest stake that would have kept it secure. The risk at a stake is the share of paths
//! whose critical stake lies above it, and the stake for a risk is an order statistic. No
//! distribution is assumed: every interval is binomial (Clopper, Pearson 1934; for order
//! statistics David, Nagaraja 2003, section 7.1).

use crate::stats::{Estimate, proportion, quantile};
use serde::Serialize;

/// Critical stakes of an ensemble, ascending, in USD. A path that no stake keeps secure is
/// infinite and stays in the sample.
#[derive(Debug, Clone, PartialEq)]
pub struct RiskCurve {
    ascending: Vec<f64>,
    confidence: f64,
}

/// One point of the curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CurvePoint {
    /// Slashable stake, USD.
    pub stake_usd: f64,
    /// Probability of an insecure moment within the horizon at that stake.
    pub risk: Estimate,
}

impl RiskCurve {
    /// The curve of an ensemble: `critical` are multiples of `stake_usd`, one a path.
    #[must_use]
    pub fn new(critical: &[f64], stake_usd: f64, confidence: f64) -> Self {
        assert!(!critical.is_empty(), "a curve of no paths");
        assert!(
            critical.iter().all(|c| !c.is_nan()),
            "a path has no critical stake"
        );
        let mut ascending: Vec<f64> = critical.iter().map(|c| c * stake_usd).collect();
        ascending.sort_by(f64::total_cmp);
        Self {
            ascending,
            confidence,
        }
    }

    /// The same curve with every critical stake multiplied by `factor`.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        assert!(
            factor > 0.0 && factor.is_finite(),
            "a curve scaled by {factor}"
        );
        let ascending = self
            .ascending
            .iter()
            .map(|critical| critical * factor)
            .collect();
        Self {
            ascending,
            confidence: self.confidence,
        }
    }

    /// The same curve with intervals of another confidence.
    #[must_use]
    pub fn at_confidence(&self, confidence: f64) -> Self {
        Self {
            confidence,
            ..self.clone()
        }
    }

    /// Paths behind the curve.
    #[must_use]
    pub fn paths(&self) -> u64 {
        self.ascending.len() as u64
    }

    /// Paths that are insecure at `stake_usd`.
    #[must_use]
    pub fn failures(&self, stake_usd: f64) -> u64 {
        (self.ascending.len()
            - self
                .ascending
                .partition_point(|critical| *critical <= stake_usd)) as u64
    }

    /// The risk at `stake_usd`, with its two-sided interval.
    #[must_use]
    pub fn risk(&self, stake_usd: f64) -> Estimate {
        proportion::clopper_pearson(self.failures(stake_usd), self.paths(), self.confidence)
    }

    /// The stake at which the risk is `risk`, with its two-sided interval; an end is infinite
    /// when the paths are too few to bound it or some paths are beyond every stake.
    #[must_use]
    pub fn stake(&self, risk: f64) -> Estimate {
        quantile::quantile_interval(&self.ascending, 1.0 - risk, self.confidence)
    }

    /// The stake that exactly `exceeding` paths of the ensemble would still break.
    #[must_use]
    pub fn stake_broken_by(&self, exceeding: u64) -> f64 {
        let n = self.ascending.len();
        self.ascending[n - 1 - (exceeding as usize).min(n - 1)]
    }

    /// The stake to put before a fresh ensemble of `fresh` paths so that the claim "risk at most
    /// `tolerance`" is certified with probability at least `chance`; `None` when this ensemble
    /// is too small to know.
    ///
    /// With r paths above the stake, the number K of fresh paths above it is beta-binomial with
    /// (r + 1, n - r) whatever the distribution is, so the largest r with P(K ≤ k) ≥ `chance`
    /// needs no assumption. k is the acceptance number of the fresh ensemble.
    #[must_use]
    pub fn stake_to_certify(
        &self,
        fresh: u64,
        tolerance: f64,
        confidence: f64,
        chance: f64,
    ) -> Option<f64> {
        let accepted = proportion::acceptance_number(fresh, tolerance, confidence)?;
        let n = self.paths();
        let passes =
            |r: u64| beta_binomial_cdf(accepted, fresh, (r + 1) as f64, (n - r) as f64) >= chance;
        if !passes(0) {
            return None;
        }
        let (mut good, mut bad) = (0, n);
        while bad - good > 1 {
            let middle = good + (bad - good) / 2;
            if passes(middle) {
                good = middle
            } else {
                bad = middle
            }
        }
        Some(self.stake_broken_by(good))
    }

    /// The stake that goes to certification: the one that [`Self::stake_to_certify`] plans, or,
    /// where these paths are too few to plan one, the largest that any of them asks for, which
    /// the certificate then leaves undecided. Infinite only where more paths than tolerated are
    /// kept secure by no stake at all.
    #[must_use]
    pub fn goal(&self, fresh: u64, tolerance: f64, confidence: f64, chance: f64) -> f64 {
        let planned = self
            .stake_to_certify(fresh, tolerance, confidence, chance)
            .unwrap_or_else(|| self.stake(tolerance).high);
        if planned.is_finite() {
            return planned;
        }
        let beyond = self.failures(f64::MAX);
        let hopeless =
            proportion::clopper_pearson_lower(beyond, self.paths(), confidence) > tolerance;
        if hopeless || beyond == self.paths() {
            f64::INFINITY
        } else {
            self.stake_broken_by(beyond)
        }
    }

    /// `count` points, evenly spaced in the logarithm of the stake from the median of the
    /// critical stakes to beyond the largest one that the paths show.
    #[must_use]
    pub fn points(&self, count: usize) -> Vec<CurvePoint> {
        let finite = self
            .ascending
            .partition_point(|critical| critical.is_finite());
        if finite == 0 || count < 2 {
            return Vec::new();
        }
        let from = self.ascending[(self.ascending.len() / 2).min(finite - 1)];
        let to = self.ascending[finite - 1];
        if from <= 0.0 || to <= 0.0 {
            return Vec::new();
        }
        let (from, to) = ((from * 0.9).ln(), (to * 1.05).ln());
        (0..count)
            .map(|i| {
                let stake_usd = (from + (to - from) * i as f64 / (count - 1) as f64).exp();
                CurvePoint {
                    stake_usd,
                    risk: self.risk(stake_usd),
                }
            })
            .collect()
    }
}

/// P(K ≤ k) of the beta-binomial distribution with `n` trials and shapes `a`, `b`, by the
/// recurrence of its probabilities.
#[must_use]
pub fn beta_binomial_cdf(k: u64, n: u64, a: f64, b: f64) -> f64 {
    assert!(
        a > 0.0 && b > 0.0,
        "beta-binomial shapes must be positive: {a}, {b}"
    );
    let (total, lgamma) = (n as f64, libm::lgamma);
    let mut ln_mass = lgamma(b + total) - lgamma(a + b + total) + lgamma(a + b) - lgamma(b);
    let mut cdf = ln_mass.exp();
    for j in 0..k.min(n) {
        let j = j as f64;
        ln_mass += ((total - j) * (a + j) / ((j + 1.0) * (b + total - j - 1.0))).ln();
        cdf += ln_mass.exp();
    }
    cdf.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ramp(n: usize) -> RiskCurve {
        let critical: Vec<f64> = (1..=n).rev().map(|i| i as f64 / n as f64).collect();
        RiskCurve::new(&critical, 100.0, 0.95)
    }

    #[test]
    fn risk_counts_paths_above_the_stake() {
        let curve = ramp(1000);
        assert_eq!(curve.failures(99.0), 10);
        assert_eq!(curve.failures(100.0), 0);
        assert_eq!(curve.failures(0.0), 1000);
        let stake = curve.stake(0.01);
        assert!(
            (stake.value - 99.0).abs() < 1e-9 && stake.covers(99.0),
            "{stake:?}"
        );
    }

    #[test]
    fn a_path_beyond_every_stake_stays_in_the_sample() {
        let curve = RiskCurve::new(&[1.0, f64::INFINITY, 2.0], 10.0, 0.95);
        assert_eq!(curve.failures(1e30), 1);
        assert_eq!(curve.failures(20.0), 1);
    }

    #[test]
    fn beta_binomial_against_exact_fractions() {
        // Uniform prior (1, 1): every count from 0 to n has probability 1 / (n + 1).
        assert!((beta_binomial_cdf(3, 9, 1.0, 1.0) - 0.4).abs() < 1e-12);
        assert!((beta_binomial_cdf(9, 9, 1.0, 1.0) - 1.0).abs() < 1e-12);
        // a = 2, b = 1, n = 2: masses 1/6, 2/6, 3/6.
        assert!((beta_binomial_cdf(1, 2, 2.0, 1.0) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn too_few_paths_cannot_plan_a_certificate() {
        assert_eq!(ramp(100).stake_to_certify(10_000, 1e-6, 0.95, 0.9), None);
    }

    #[test]
    fn a_risk_that_paths_cannot_show_goes_on_with_the_largest_stake_seen() {
        let curve = RiskCurve::new(&[1.0, 2.0, 3.0], 10.0, 0.95);
        assert!((curve.goal(100, 1e-6, 0.95, 0.9) - 30.0).abs() < 1e-12);
        // A third of the paths that nothing keeps secure is another matter.
        let mut critical = vec![1.0; 200];
        critical.extend([f64::INFINITY; 100]);
        let hopeless = RiskCurve::new(&critical, 10.0, 0.95);
        assert!(hopeless.goal(100, 0.01, 0.95, 0.9).is_infinite());
    }

    #[test]
    fn the_planned_stake_is_certified_as_often_as_promised() {
        // Exact law: critical stakes uniform on 0..1, so a stake s has risk 1 - s.
        use rand::{RngExt, SeedableRng};
        let mut random = rand_chacha_stream(7);
        let (mut passed, runs) = (0, 400);
        for _ in 0..runs {
            let explore: Vec<f64> = (0..4000).map(|_| random.random::<f64>()).collect();
            let curve = RiskCurve::new(&explore, 1.0, 0.95);
            let stake = curve
                .stake_to_certify(4000, 0.02, 0.95, 0.9)
                .expect("enough paths");
            let fresh = (0..4000).filter(|_| random.random::<f64>() > stake).count() as u64;
            passed += u64::from(proportion::clopper_pearson_upper(fresh, 4000, 0.95) <= 0.02);
        }
        assert!(passed >= runs * 86 / 100, "{passed} of {runs}");
        assert!(
            passed <= runs * 97 / 100,
            "{passed} of {runs}: the plan wastes stake"
        );
        fn rand_chacha_stream(seed: u64) -> rand::rngs::ChaCha8Rng {
            rand::rngs::ChaCha8Rng::seed_from_u64(seed)
        }
    }

    proptest! {
        #[test]
        fn risk_never_rises_with_stake(critical in proptest::collection::vec(0.01f64..10.0, 1..200), a in 0.0f64..12.0, b in 0.0f64..12.0) {
            let curve = RiskCurve::new(&critical, 1.0, 0.95);
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(curve.failures(high) <= curve.failures(low));
            prop_assert!(curve.risk(low).low <= curve.risk(low).value && curve.risk(low).value <= curve.risk(low).high);
        }
    }
}
