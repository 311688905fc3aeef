//! Whether a correlation matrix is one: its eigenvalues, and how far it must shrink to be one.

/// Smallest eigenvalue that a usable matrix has: below it, a factorisation is noise.
pub(super) const LEAST_EIGENVALUE: f64 = 1e-8;

/// Smallest eigenvalue of a symmetric matrix, by cyclic Jacobi rotations (Golub and Van Loan,
/// Matrix Computations, 8.5). A sweep more than enough for the seven rows that a model has.
#[expect(clippy::needless_range_loop, reason = "rows and columns of one matrix")]
pub(super) fn smallest_eigenvalue(matrix: &[Vec<f64>]) -> f64 {
    const SWEEPS: usize = 64;
    let n = matrix.len();
    let mut a = matrix.to_vec();
    for _ in 0..SWEEPS {
        let mut off = 0.0;
        for p in 0..n {
            for q in p + 1..n {
                off += a[p][q] * a[p][q];
            }
        }
        if off < 1e-30 {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut a, p, q);
            }
        }
    }
    (0..n).map(|i| a[i][i]).fold(f64::INFINITY, f64::min)
}

/// One rotation that makes the entry (p, q) zero.
#[expect(clippy::needless_range_loop, reason = "rows and columns of one matrix")]
fn rotate(a: &mut [Vec<f64>], p: usize, q: usize) {
    if a[p][q] == 0.0 {
        return;
    }
    let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let t = if theta == 0.0 { 1.0 } else { t };
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    for k in 0..a.len() {
        let (kp, kq) = (a[k][p], a[k][q]);
        a[k][p] = c * kp - s * kq;
        a[k][q] = s * kp + c * kq;
    }
    for k in 0..a.len() {
        let (pk, qk) = (a[p][k], a[q][k]);
        a[p][k] = c * pk - s * qk;
        a[q][k] = s * pk + c * qk;
    }
}

/// The largest factor, rounded down to two places, by which all correlations can be multiplied so
/// that the matrix is positive definite. Shrinking by `s` moves an eigenvalue `e` to
/// `1 + s (e - 1)`, which is positive for `s < 1 / (1 - e)`.
pub(super) fn largest_shrink(smallest: f64) -> f64 {
    let limit = (1.0 - LEAST_EIGENVALUE) / (1.0 - smallest);
    let floored = (limit * 100.0).floor() / 100.0;
    if floored < limit {
        floored
    } else {
        floored - 0.01
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matrix(a: f64, b: f64, c: f64) -> Vec<Vec<f64>> {
        vec![vec![1.0, a, b], vec![a, 1.0, c], vec![b, c, 1.0]]
    }

    #[test]
    fn known_eigenvalues() {
        // Equal correlations r of n assets: 1 - r (n - 1 times) and 1 + (n - 1) r.
        for (r, expected) in [
            (0.5, 0.5),
            (0.0, 1.0),
            (-0.5, 0.0),
            (-0.9, -0.8),
            (0.999, 0.001),
        ] {
            let found = smallest_eigenvalue(&matrix(r, r, r));
            assert!((found - expected).abs() < 1e-12, "{r}: {found}");
        }
        assert!((smallest_eigenvalue(&[vec![1.0]]) - 1.0).abs() < 1e-15);
    }

    proptest! {
        #[test]
        fn shrunk_matrices_are_positive_definite(a in -1.0..1.0, b in -1.0..1.0, c in -1.0..1.0) {
            let smallest = smallest_eigenvalue(&matrix(a, b, c));
            // The determinant of three rows has the sign of the product of the eigenvalues.
            let determinant = 1.0 + 2.0 * a * b * c - a * a - b * b - c * c;
            if smallest > 1e-9 { prop_assert!(determinant > 0.0); }
            if smallest < -1e-9 { prop_assert!(determinant < 0.0); }
            if smallest < LEAST_EIGENVALUE {
                let s = largest_shrink(smallest);
                prop_assert!((0.3..1.0).contains(&s), "{}", s);
                prop_assert!(smallest_eigenvalue(&matrix(s * a, s * b, s * c)) > 0.0);
            }
        }
    }
}
