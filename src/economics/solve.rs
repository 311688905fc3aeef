//! Roots of increasing and decreasing functions, and Gauss–Legendre quadrature.

use std::f64::consts::PI;

/// The root of `function` between `low` and `high`, where its signs differ, by Brent's method
/// (Brent 1973, chapter 4): to the spacing of doubles, or to `tolerance` in x if that is wider.
///
/// An end that is a root already is returned as it is.
#[must_use]
pub fn root(low: f64, high: f64, tolerance: f64, mut function: impl FnMut(f64) -> f64) -> f64 {
    let (mut a, mut b) = (low, high);
    let (mut fa, mut fb) = (function(a), function(b));
    assert!(
        fa * fb <= 0.0,
        "no root between {low} and {high}: the function is {fa} and {fb} at the ends"
    );
    let (mut c, mut fc) = (a, fa);
    let (mut step, mut last_step) = (b - a, b - a);
    for _ in 0..300 {
        if fb * fc > 0.0 {
            (c, fc) = (a, fa);
            step = b - a;
            last_step = step;
        }
        if fc.abs() < fb.abs() {
            (a, b, c) = (b, c, b);
            (fa, fb, fc) = (fb, fc, fb);
        }
        let enough = 2.0 * f64::EPSILON * b.abs() + 0.5 * tolerance;
        let middle = 0.5 * (c - b);
        if middle.abs() <= enough || fb == 0.0 {
            return b;
        }
        if last_step.abs() >= enough && fa.abs() > fb.abs() {
            let ratio = fb / fa;
            let (mut p, mut q) = if a.to_bits() == c.to_bits() {
                (2.0 * middle * ratio, 1.0 - ratio)
            } else {
                let (q, r) = (fa / fc, fb / fc);
                (
                    ratio * (2.0 * middle * q * (q - r) - (b - a) * (r - 1.0)),
                    (q - 1.0) * (r - 1.0) * (ratio - 1.0),
                )
            };
            if p > 0.0 {
                q = -q;
            } else {
                p = -p;
            }
            if 2.0 * p < (3.0 * middle * q - (enough * q).abs()).min((last_step * q).abs()) {
                last_step = step;
                step = p / q;
            } else {
                step = middle;
                last_step = middle;
            }
        } else {
            step = middle;
            last_step = middle;
        }
        (a, fa) = (b, fb);
        b += if step.abs() > enough {
            step
        } else {
            enough.copysign(middle)
        };
        fb = function(b);
    }
    b
}

/// Nodes and weights of the `n`-point Gauss–Legendre rule on −1..1, by Newton from the
/// asymptotic zeros.
#[must_use]
pub fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    (0..n)
        .map(|i| {
            let mut x = -((i as f64 + 0.75) / (n as f64 + 0.5) * PI).cos();
            let mut slope = 1.0;
            for _ in 0..100 {
                let (mut previous, mut value) = (1.0, x);
                for k in 2..=n {
                    let k = k as f64;
                    (previous, value) = (
                        value,
                        ((2.0 * k - 1.0) * x * value - (k - 1.0) * previous) / k,
                    );
                }
                slope = n as f64 * (x * value - previous) / (x * x - 1.0);
                let move_by = value / slope;
                x -= move_by;
                if move_by.abs() < 1e-16 {
                    break;
                }
            }
            (x, 2.0 / ((1.0 - x * x) * slope * slope))
        })
        .collect()
}

/// ∫ f over low..high by `panels` panels of the 16-point Gauss–Legendre rule, added in order.
#[must_use]
pub fn integral(low: f64, high: f64, panels: usize, mut function: impl FnMut(f64) -> f64) -> f64 {
    let rule = gauss_legendre(16);
    let half = 0.5 * (high - low) / panels as f64;
    let mut total = 0.0;
    for panel in 0..panels {
        let centre = low + (2.0 * panel as f64 + 1.0) * half;
        for &(node, weight) in &rule {
            total += weight * function(centre + half * node);
        }
    }
    total * half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_of_awkward_functions() {
        assert!((root(0.0, 2.0, 0.0, |x| x * x - 2.0) - 2.0_f64.sqrt()).abs() < 4e-16);
        assert!((root(-4.0, 3.0, 0.0, |x| (x - 1.0).powi(9)) - 1.0).abs() < 1e-2);
        assert!((root(0.0, 1e9, 0.0, |x| x.ln_1p() - 5.0) - 5.0_f64.exp_m1()).abs() < 1e-12);
        // A jump over zero is located to the spacing of doubles.
        assert!((root(0.0, 1.0, 0.0, |x| if x < 0.3 { -1.0 } else { 1.0 }) - 0.3).abs() < 1e-15);
    }

    #[test]
    #[should_panic(expected = "no root between")]
    fn a_function_without_a_sign_change_is_refused() {
        let _ = root(0.0, 1.0, 0.0, |x| x + 1.0);
    }

    #[test]
    fn quadrature_is_exact_for_polynomials_and_sharp_for_smooth_functions() {
        let power_31 = integral(0.0, 1.0, 1, |x| x.powi(31));
        assert!((power_31 - 1.0 / 32.0).abs() < 1e-16, "{power_31}");
        let bell = integral(-9.0, 9.0, 8, |x| (-0.5 * x * x).exp());
        assert!((bell - (2.0 * PI).sqrt()).abs() < 1e-13, "{bell}");
    }
}
