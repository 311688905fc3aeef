//! Expected shortfall where the tail may be too heavy for its usual interval.

use crate::assess::{Measure, Method};
use crate::random::Seed;
use crate::stats::pareto::ParetoTail;
use crate::stats::{resample, tail};

/// Share of the positive losses whose tail index is looked at.
const HILL_SHARE: f64 = 0.1;
/// Losses that a tail index needs.
const HILL_LEAST: usize = 20;
/// From this tail index on the variance is infinite, and the usual interval means nothing.
const HEAVY: f64 = 0.5;
/// Resamples behind a heavy tail's interval.
const ROUNDS: u32 = 200;

/// Mean of the worst share 1 − `level` of an ascending sample of losses, USD.
///
/// Where Hill's index of the largest tenth of the positive losses says that the variance is
/// finite, with its asymptotic interval. Where it does not, the losses beyond the upper tenth of
/// the positive ones are taken as a generalised Pareto tail capped at the largest loss seen (what
/// can be taken is bounded by the value at risk), and the interval is a bootstrap's.
#[must_use]
pub fn shortfall(ascending: &[f64], level: f64, confidence: f64, seed: Seed) -> Measure {
    let positive = ascending.iter().filter(|loss| **loss > 0.0).count();
    let k = (HILL_SHARE * positive as f64) as usize;
    let heavy = k >= HILL_LEAST && tail::hill(ascending, k) >= HEAVY;
    let plain = Measure {
        estimate: super::super::nonnegative(tail::expected_shortfall(ascending, level, confidence)),
        unit: "USD",
        method: Method::Shortfall,
    };
    if !heavy {
        return plain;
    }
    let cap = ascending[ascending.len() - 1];
    let share = 1.0 - level;
    let of = |rows: &[usize]| -> f64 {
        let mut sample: Vec<f64> = rows.iter().map(|&row| ascending[row]).collect();
        sample.sort_by(f64::total_cmp);
        capped_shortfall(&sample, k, share, cap)
    };
    let estimate = resample::bootstrap(ascending.len(), of, ROUNDS, confidence, seed.0);
    Measure {
        estimate: super::super::nonnegative(estimate),
        unit: "USD",
        method: Method::ParetoTail,
    }
}

/// The shortfall with the `k` largest losses replaced by the tail fitted to them; the empirical
/// one where no tail can be fitted, or it begins beyond the asked share.
fn capped_shortfall(ascending: &[f64], k: usize, share: f64, cap: f64) -> f64 {
    let n = ascending.len();
    let empirical = || tail::expected_shortfall(ascending, 1.0 - share, 0.95).value;
    let threshold = ascending[n - k - 1];
    let Some(fit) = ParetoTail::fit(ascending, threshold) else {
        return empirical();
    };
    if fit.exceedance >= share {
        // The asked share lies inside the fitted tail: the mean beyond its quantile, capped.
        let start = fit.quantile(share).min(cap);
        let beyond = ParetoTail {
            threshold: start,
            scale: fit.scale + fit.shape * (start - fit.threshold),
            exceedance: share,
            ..fit
        };
        return start + beyond.capped_mean_excess(cap);
    }
    // The fitted tail, and below it the losses as they are.
    let in_share = ((share * n as f64).round() as usize).clamp(k, n);
    let body: f64 = ascending[n - in_share..n - k].iter().sum();
    (body + k as f64 * (threshold + fit.capped_mean_excess(cap))) / in_share as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    fn pareto(n: usize, shape: f64, cap: f64) -> Vec<f64> {
        let mut stream = Stream::new(Seed(3), Purpose::Other(1), 0);
        let mut losses: Vec<f64> = (0..n)
            .map(|_| (stream.uniform().powf(-shape) - 1.0).min(cap))
            .collect();
        losses.sort_by(f64::total_cmp);
        losses
    }

    #[test]
    fn a_light_tail_keeps_the_usual_interval() {
        let found = shortfall(&pareto(4_000, 0.2, 1e9), 0.95, 0.95, Seed(1));
        assert_eq!(found.method, Method::Shortfall);
    }

    /// A Pareto tail of index 0.8, capped at the largest loss of the sample: its shortfall at 95 %
    /// is known in closed form, start + ∫ over the capped excess.
    #[test]
    fn a_heavy_tail_is_fitted_to_within_four_errors_of_the_truth() {
        let (shape, share) = (0.8_f64, 0.05_f64);
        let losses = pareto(8_000, shape, 1_000.0);
        let cap = losses[losses.len() - 1];
        let start = share.powf(-shape) - 1.0;
        // E[min(X, cap) | X > start], X + 1 a Pareto of exponent 1/shape.
        let exponent = 1.0 - 1.0 / shape;
        let scale = 1.0 + start;
        let truth = start + scale / exponent * (((1.0 + cap) / scale).powf(exponent) - 1.0);
        let found = shortfall(&losses, 1.0 - share, 0.95, Seed(1));
        assert_eq!(found.method, Method::ParetoTail);
        let e = found.estimate;
        let error = e.half_width() / 1.96;
        assert!((e.value - truth).abs() < 4.0 * error, "{e:?} {truth}");
        assert!(e.high / e.low < 2.0, "{e:?}");
    }

    #[test]
    fn no_losses_have_no_shortfall() {
        let found = shortfall(&[0.0; 1_000], 0.99, 0.95, Seed(1));
        assert!(found.estimate.value.abs() <= 0.0);
    }
}
