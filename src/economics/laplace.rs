//! Numerical inversion of Laplace transforms that are analytic off the negative real axis.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// f(t) from its transform F(s), by the trapezoidal rule on the hyperbola
/// s = μ(1 + sin(iu − α)) with the parameters of Weideman, Trefethen (2007, table 15.1).
///
/// All singularities must lie on the negative real axis or at zero. Absolute error about 1e-13
/// for functions of order one.
pub(super) fn invert(t: f64, transform: impl Fn(Complex) -> Complex) -> f64 {
    assert!(t > 0.0, "a Laplace inversion at time {t}");
    const POINTS: i32 = 18;
    const ALPHA: f64 = 1.172_104_229;
    let n = f64::from(POINTS);
    let mu = 4.492_075_287 * n / t;
    let h = 1.081_792_140 / n;
    let mut total = 0.0;
    for k in 0..POINTS {
        let u = (f64::from(k) + 0.5) * h;
        // sin(iu − α) = −sin α cosh u + i cos α sinh u, and its derivative by u.
        let s = Complex {
            re: mu * (1.0 - ALPHA.sin() * u.cosh()),
            im: mu * ALPHA.cos() * u.sinh(),
        };
        let slope = Complex {
            re: -mu * ALPHA.sin() * u.sinh(),
            im: mu * ALPHA.cos() * u.cosh(),
        };
        let term = s.scale(t).exp() * transform(s) * slope;
        // The other half of the contour is the conjugate: their sum over 2πi is Im/π.
        total += term.im;
    }
    total * h / std::f64::consts::PI
}

/// A complex number: just what transforms need.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Complex {
    pub re: f64,
    pub im: f64,
}

impl Complex {
    pub fn real(re: f64) -> Self {
        Self { re, im: 0.0 }
    }

    pub fn scale(self, by: f64) -> Self {
        Self {
            re: self.re * by,
            im: self.im * by,
        }
    }

    pub fn exp(self) -> Self {
        let size = self.re.exp();
        Self {
            re: size * self.im.cos(),
            im: size * self.im.sin(),
        }
    }

    /// The root with a positive real part.
    pub fn sqrt(self) -> Self {
        let size = self.re.hypot(self.im);
        let re = (0.5 * (size + self.re)).max(0.0).sqrt();
        let im = (0.5 * (size - self.re)).max(0.0).sqrt().copysign(self.im);
        // One of the two cancels: take it from the other.
        if self.re >= 0.0 {
            Self {
                re,
                im: 0.5 * self.im / re,
            }
        } else {
            Self {
                re: 0.5 * self.im / im,
                im,
            }
        }
    }
}

impl Add for Complex {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            re: self.re + other.re,
            im: self.im + other.im,
        }
    }
}
impl Sub for Complex {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self {
            re: self.re - other.re,
            im: self.im - other.im,
        }
    }
}
impl Mul for Complex {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self {
            re: self.re * other.re - self.im * other.im,
            im: self.re * other.im + self.im * other.re,
        }
    }
}
impl Div for Complex {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let square = other.re * other.re + other.im * other.im;
        self * Self {
            re: other.re / square,
            im: -other.im / square,
        }
    }
}
impl Neg for Complex {
    type Output = Self;
    fn neg(self) -> Self {
        Self {
            re: -self.re,
            im: -self.im,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_transforms_come_back() {
        let one = Complex::real(1.0);
        for t in [0.01, 0.5, 1.0, 7.0_f64] {
            assert!((invert(t, |s| one / s) - 1.0).abs() < 1e-12);
            assert!(
                (invert(t, |s| one / (s + Complex::real(3.0))) - (-3.0 * t).exp()).abs() < 1e-12
            );
            // e^(−√s)/s is erfc(1/(2√t)).
            let found = invert(t, |s| (-s.sqrt()).exp() / s);
            assert!(
                (found - libm::erfc(0.5 / t.sqrt())).abs() < 1e-12,
                "{t} {found}"
            );
        }
    }
}
