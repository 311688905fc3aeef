//! Reading values off a curve that is given by points.

/// Value of a curve at `x`, straight between its points; `None` outside them.
pub(super) fn at(points: &[(f64, f64)], x: f64) -> Option<f64> {
    points.windows(2).find_map(|pair| {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        (x0 <= x && x <= x1).then(|| {
            if x1 > x0 {
                y0 + (y1 - y0) * (x - x0) / (x1 - x0)
            } else {
                y1
            }
        })
    })
}

/// The largest `x` at which a falling curve still stands above `level`: to its right the curve stays
/// at or below. `None` when it never is above, or above to the end. Between positive points the
/// curve is straight in the logarithm of its height, as a risk is.
pub(super) fn falls_to(points: &[(f64, f64)], level: f64) -> Option<f64> {
    let last_above = points.iter().rposition(|(_, y)| *y > level)?;
    let ((x0, y0), (x1, y1)) = (points[last_above], *points.get(last_above + 1)?);
    let share = if y1 > 0.0 && level > 0.0 {
        (y0 / level).ln() / (y0 / y1).ln()
    } else {
        (y0 - level) / (y0 - y1)
    };
    Some(x0 + (x1 - x0) * share.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_read_between_its_points() {
        let curve = [(0.0, 1.0), (10.0, 3.0), (10.0, 5.0)];
        assert_eq!(at(&curve, 5.0), Some(2.0));
        assert_eq!(at(&curve, 11.0), None);
        assert_eq!(at(&[], 1.0), None);
    }

    #[test]
    fn a_falling_risk_meets_its_limit_once() {
        let risk = [(100.0, 0.1), (200.0, 0.01), (300.0, 0.001), (400.0, 0.0)];
        assert!((falls_to(&risk, 0.001).expect("crosses") - 300.0).abs() < 1e-9);
        assert!((falls_to(&risk, 10_f64.powf(-1.5)).expect("crosses") - 150.0).abs() < 1e-9);
        assert!(falls_to(&risk, 0.0005).expect("crosses") > 300.0);
        assert_eq!(falls_to(&risk, 0.5), None, "never above");
        assert_eq!(falls_to(&risk[..2], 0.001), None, "above to the end");
    }
}
