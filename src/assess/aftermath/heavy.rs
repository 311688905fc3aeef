//! Expected shortfall where the tail may be too heavy for its usual interval.

use crate::assess::{Measure, Method};
use crate::sim::Ensemble;
use crate::stats::pareto::ParetoTail;
use crate::stats::pareto_interval::profile_shortfall;
use crate::stats::{Estimate, tail};

/// Share of the positive losses whose tail index is looked at.
const HILL_SHARE: f64 = 0.1;
/// Losses that a tail index needs.
const HILL_LEAST: usize = 20;
/// From this tail index on the variance is infinite, and the usual interval means nothing.
const HEAVY: f64 = 0.5;
/// Largest losses that an open tail is fitted to.
const PROFILED_MOST: usize = 250;

/// Whether losses can exceed anything that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// Something caps every take.
    Capped,
    /// Nothing caps some take.
    Open,
}

impl Tail {
    /// That of an ensemble's losses.
    #[must_use]
    pub fn of(ensemble: &Ensemble) -> Self {
        if ensemble.open_tail {
            Self::Open
        } else {
            Self::Capped
        }
    }
}

/// Mean of the worst share 1 − `level` of an ascending sample of losses, USD.
///
/// Where Hill's index of the largest tenth of the positive losses says that the variance is
/// finite, with its asymptotic interval. Where it does not, the losses beyond the upper tenth of
/// the positive ones are taken as a generalised Pareto tail, with the interval of its profile
/// likelihood. Where takes are capped (what can be taken is bounded by the value at risk), tail and
/// interval end at the largest loss seen.
#[must_use]
pub fn shortfall(ascending: &[f64], level: f64, confidence: f64, tail_of: Tail) -> Measure {
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
    let Some(profile) = profile_shortfall(ascending, k.min(PROFILED_MOST), share, confidence)
    else {
        return plain;
    };
    let (estimate, method) = match tail_of {
        Tail::Open => (profile, Method::ProfileLikelihood),
        Tail::Capped => {
            let value = capped_shortfall(ascending, k, share, cap);
            let estimate = Estimate {
                value,
                low: profile.low.min(value),
                high: profile.high.min(cap).max(value),
                ..profile
            };
            (estimate, Method::ParetoTail)
        }
    };
    Measure {
        estimate: super::super::nonnegative(estimate),
        unit: "USD",
        method,
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
    use crate::random::{Purpose, Seed, Stream};

    fn pareto(n: usize, shape: f64, cap: f64) -> Vec<f64> {
        drawn(0, n, shape, cap)
    }

    fn drawn(sample: u64, n: usize, shape: f64, cap: f64) -> Vec<f64> {
        let mut stream = Stream::new(Seed(3), Purpose::Other(1), sample);
        let mut losses: Vec<f64> = (0..n)
            .map(|_| (stream.uniform().powf(-shape) - 1.0).min(cap))
            .collect();
        losses.sort_by(f64::total_cmp);
        losses
    }

    #[test]
    fn a_light_tail_keeps_the_usual_interval() {
        let found = shortfall(&pareto(4_000, 0.2, 1e9), 0.95, 0.95, Tail::Open);
        assert_eq!(found.method, Method::Shortfall);
    }

    /// A Pareto tail of index 0.8, capped at the largest loss of the sample: its shortfall at 95 %
    /// is known in closed form, start + ∫ over the capped excess.
    #[test]
    fn a_heavy_tail_is_fitted_and_its_interval_holds_the_truth() {
        let (shape, share) = (0.8_f64, 0.05_f64);
        let losses = pareto(8_000, shape, 1_000.0);
        let cap = losses[losses.len() - 1];
        let start = share.powf(-shape) - 1.0;
        // E[min(X, cap) | X > start], X + 1 a Pareto of exponent 1/shape.
        let exponent = 1.0 - 1.0 / shape;
        let scale = 1.0 + start;
        let truth = start + scale / exponent * (((1.0 + cap) / scale).powf(exponent) - 1.0);
        let found = shortfall(&losses, 1.0 - share, 0.95, Tail::Capped);
        assert_eq!(found.method, Method::ParetoTail);
        let e = found.estimate;
        assert!(e.low < truth && truth < e.high, "{e:?} {truth}");
        assert!(e.high / e.low < 6.0, "{e:?}");
    }

    #[test]
    fn no_losses_have_no_shortfall() {
        let found = shortfall(&[0.0; 1_000], 0.99, 0.95, Tail::Open);
        assert!(found.estimate.value.abs() <= 0.0);
    }

    /// How often nominal intervals of 95 % hold the true mean of the worst 5 %, over samples of
    /// 4,000 losses of which one in four is positive, as those of paths are.
    #[test]
    #[ignore = "a minute: samples by the hundred"]
    fn slow_intervals_of_a_heavy_tail_cover_what_they_say() {
        const SAMPLES: u64 = 120;
        println!("shape  cap      method              covered  width/truth");
        for (shape, cap) in [
            (0.55, f64::INFINITY),
            (0.7, f64::INFINITY),
            (0.85, f64::INFINITY),
            (0.7, 300.0),
            (1.0, 300.0),
        ] {
            // E[min(X, cap) | worst 5 %], X + 1 a Pareto with exponent 1/shape on a quarter of all.
            let start = f64::powf(0.2, -shape);
            let exponent = 1.0 - 1.0 / shape;
            let beyond = match (cap.is_finite(), exponent.abs() < 1e-12) {
                (false, _) => -1.0,
                (true, true) => ((1.0 + cap) / start).ln(),
                (true, false) => ((1.0 + cap) / start).powf(exponent) - 1.0,
            };
            let truth = start - 1.0
                + start
                    * if exponent.abs() < 1e-12 {
                        beyond
                    } else {
                        beyond / exponent
                    };
            let tail_of = if cap.is_finite() {
                Tail::Capped
            } else {
                Tail::Open
            };
            let (mut held, mut plain, mut width) = (0.0, 0.0, 0.0);
            for sample in 0..SAMPLES {
                let mut losses = vec![0.0; 3_000];
                losses.extend(drawn(sample, 1_000, shape, cap));
                let found = shortfall(&losses, 0.95, 0.95, tail_of);
                let e = found.estimate;
                held += f64::from(u8::from(e.low <= truth && truth <= e.high));
                width += (e.high - e.low).min(1e3 * truth) / truth;
                let usual = tail::expected_shortfall(&losses, 0.95, 0.95);
                plain += f64::from(u8::from(usual.low <= truth && truth <= usual.high));
            }
            let n = SAMPLES as f64;
            let (held, plain) = (held / n, plain / n);
            println!(
                "{shape:5.2}  {cap:7.0}  {tail_of:?}  {held:.3} (usual {plain:.3})  {:.2}",
                width / n
            );
            // Three standard errors of a share of 0.95 among 120 are 0.06.
            assert!(held > 0.88, "{shape} {cap}: {held}");
        }
    }
}
