//! How often bad things come together: tail dependence and rank correlation.

use super::solve::integral;
use crate::stats::normal;
use crate::stats::special::student_cdf;
use std::f64::consts::{FRAC_PI_2, PI};

/// λ, the limit of P(one falls below its p-quantile | the other did) as p → 0, of a Student-t
/// copula: 2 t_{ν+1}(−√((ν+1)(1−ρ)/(1+ρ))) (Embrechts, McNeil, Straumann 2002).
///
/// A Gaussian copula has none for ρ < 1, however correlated: joint crashes are what it cannot make.
#[must_use]
pub fn student_tail_dependence(freedom: f64, correlation: f64) -> f64 {
    check(correlation);
    if correlation <= -1.0 {
        return 0.0;
    }
    let distance = ((freedom + 1.0) * (1.0 - correlation) / (1.0 + correlation)).sqrt();
    2.0 * student_cdf(-distance, freedom + 1.0)
}

/// Kendall's τ of any elliptical copula: (2/π) asin ρ.
#[must_use]
pub fn kendall_tau(correlation: f64) -> f64 {
    check(correlation);
    correlation.asin() / FRAC_PI_2
}

/// The correlation that gives Kendall's `tau`: sin(πτ/2).
#[must_use]
pub fn correlation_of_kendall_tau(tau: f64) -> f64 {
    check(tau);
    (FRAC_PI_2 * tau).sin()
}

/// P(U ≤ p and V ≤ q) under a Gaussian copula: Φ₂(Φ⁻¹(p), Φ⁻¹(q); ρ) by quadrature over the
/// correlation (Plackett 1954; Drezner, Wesolowsky 1990).
#[must_use]
pub fn gaussian_joint(p: f64, q: f64, correlation: f64) -> f64 {
    check(correlation);
    if p <= 0.0 || q <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 || q >= 1.0 {
        return p.min(q);
    }
    if correlation >= 1.0 {
        return p.min(q);
    }
    if correlation <= -1.0 {
        return (p + q - 1.0).max(0.0);
    }
    let (h, k) = (normal::quantile(p), normal::quantile(q));
    if correlation < 0.0 {
        return opposed_joint(h, k, correlation);
    }
    // The integrand sharpens towards ρ = 1: panels in the angle keep up with it.
    let added = integral(0.0, correlation.asin(), 40, |angle| {
        let (sine, cosine) = angle.sin_cos();
        (-(h * h + k * k - 2.0 * h * k * sine) / (2.0 * cosine * cosine)).exp()
    });
    (p * q + added / (2.0 * PI)).clamp(0.0, p.min(q))
}

/// Φ₂ at a negative correlation, where the angle's integral would cancel against Φ(h)Φ(k): the
/// integral of φ(x)Φ((k − ρx)/√(1−ρ²)) up to h, cut where its second factor turns.
fn opposed_joint(h: f64, k: f64, correlation: f64) -> f64 {
    let rest = ((1.0 - correlation) * (1.0 + correlation)).sqrt();
    let (turn, width) = (k / correlation, 10.0 * rest / -correlation);
    let lowest = h.min(0.0) - 40.0;
    let mut cuts = vec![lowest];
    cuts.extend(
        [turn - width, turn, turn + width]
            .into_iter()
            .filter(|x| *x > lowest && *x < h),
    );
    cuts.push(h);
    cuts.windows(2)
        .map(|ends| {
            integral(ends[0], ends[1], 60, |x| {
                normal::density(x) * normal::cdf((k - correlation * x) / rest)
            })
        })
        .sum()
}

/// Volatility of a basket whose parts have value shares `shares`, volatilities `volatilities` and
/// correlations `correlation(i, j)`: √(Σ s_i s_j ρ_ij σ_i σ_j), right for the first instant.
#[must_use]
pub fn basket_volatility(
    shares: &[f64],
    volatilities: &[f64],
    correlation: impl Fn(usize, usize) -> f64,
) -> f64 {
    assert_eq!(shares.len(), volatilities.len(), "one volatility per part");
    let mut variance = 0.0;
    for i in 0..shares.len() {
        for j in 0..shares.len() {
            let together = if i == j { 1.0 } else { correlation(i, j) };
            variance += shares[i] * shares[j] * together * volatilities[i] * volatilities[j];
        }
    }
    variance.max(0.0).sqrt()
}

fn check(correlation: f64) {
    assert!(
        (-1.0..=1.0).contains(&correlation),
        "correlation {correlation}, outside -1..=1"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tail_dependence_grows_with_correlation_and_vanishes_towards_the_gaussian() {
        assert!(student_tail_dependence(4.0, 0.7) > student_tail_dependence(4.0, 0.5));
        assert!(student_tail_dependence(1e4, 0.5) < 1e-100);
        assert!((student_tail_dependence(4.0, 1.0) - 1.0).abs() < 1e-15);
        assert!(
            student_tail_dependence(4.0, 0.0) > 0.07,
            "uncorrelated is not independent"
        );
        assert!((correlation_of_kendall_tau(kendall_tau(0.37)) - 0.37).abs() < 1e-15);
    }

    #[test]
    fn joint_probabilities_at_the_median_are_known() {
        for rho in [-0.99, -0.5, 0.0, 0.3, 0.8, 0.999_f64] {
            let known = 0.25 + rho.asin() / (2.0 * PI);
            assert!(
                (gaussian_joint(0.5, 0.5, rho) - known).abs() < 1e-14,
                "{rho}"
            );
        }
        assert!((gaussian_joint(0.01, 0.2, 1.0) - 0.01).abs() < 1e-15);
        assert!(gaussian_joint(0.01, 0.2, -1.0).abs() < 1e-15);
        assert!((gaussian_joint(0.01, 0.2, 0.0) - 0.002).abs() < 1e-16);
    }

    #[test]
    fn a_basket_of_one_kind_keeps_its_volatility() {
        assert!((basket_volatility(&[0.3, 0.7], &[0.8, 0.8], |_, _| 1.0) - 0.8).abs() < 1e-15);
        assert!((basket_volatility(&[0.5, 0.5], &[0.6, 0.8], |_, _| 0.0) - 0.5).abs() < 1e-15);
        assert!(basket_volatility(&[0.5, 0.5], &[0.6, 0.6], |_, _| -1.0) < 1e-12);
    }
}
