//! Expected shortfall beyond a generalised Pareto threshold, with its profile-likelihood interval.
//!
//! Where the variance of losses is infinite (ξ ≥ ½), an interval that is symmetric about the mean
//! means nothing. The likelihood of the tail, with the shortfall itself as a parameter, gives one
//! that leans to the side where the ignorance is (Coles 2001, 4.3.3).

use super::Estimate;
use super::normal;
use super::pareto::{ParetoTail, golden_maximum};

/// Shapes that are looked at: below, the fit means nothing; above, the mean is infinite.
const SHAPES: (f64, f64) = (-0.4, 0.98);
/// Steps of each search.
const SHAPE_STEPS: u32 = 26;
const SHARE_STEPS: u32 = 14;
const END_STEPS: u32 = 22;

/// Losses above a threshold, and how many there are in all.
struct Tail<'a> {
    excesses: &'a [f64],
    threshold: f64,
    n: f64,
    /// The share whose mean is asked for.
    share: f64,
    /// What losses below the threshold add to the mean of the worst share.
    body: f64,
}

/// Mean of the worst `share` of `ascending` losses, the `k` largest of them as a generalised Pareto
/// tail; of a fit without a finite mean, the likeliest tail that has one, and no upper end. `None` where fewer than
/// ten losses are in the tail.
///
/// # Panics
/// If fewer than `k + 1` losses are given.
#[must_use]
pub fn profile_shortfall(
    ascending: &[f64],
    k: usize,
    share: f64,
    confidence: f64,
) -> Option<Estimate> {
    let n = ascending.len();
    assert!(k < n, "the {k} largest of {n} losses");
    let threshold = ascending[n - k - 1];
    let fit = ParetoTail::fit(ascending, threshold)?;
    let excesses: Vec<f64> = ascending[n - k..].iter().map(|x| x - threshold).collect();
    let in_share = ((share * n as f64).round() as usize).clamp(1, n);
    let body: f64 = if in_share > k {
        ascending[n - in_share..n - k].iter().sum::<f64>() / (share * n as f64)
    } else {
        0.0
    };
    let tail = Tail {
        excesses: &excesses,
        threshold,
        n: n as f64,
        share,
        body,
    };
    let (shape, scale) = if fit.shape < SHAPES.1 {
        (fit.shape, fit.scale)
    } else {
        tail.likeliest_scale(SHAPES.1, fit.scale)
    };
    let value = tail.shortfall(shape, scale, fit.exceedance);
    let top = tail.profile(value);
    let z = normal::two_sided(confidence);
    let inside = |shortfall: f64| 2.0 * (top - tail.profile(shortfall)) <= z * z;
    let floor = tail.floor();
    let end = |outside: f64| {
        let (mut within, mut without) = ((value - floor).ln(), (outside - floor).ln());
        for _ in 0..END_STEPS {
            let middle = 0.5 * (within + without);
            if inside(floor + middle.exp()) {
                within = middle;
            } else {
                without = middle;
            }
        }
        floor + (0.5 * (within + without)).exp()
    };
    let beyond = |factor: f64| {
        (1..=20)
            .map(|i| floor + (value - floor) * factor.powi(i))
            .find(|&x| !inside(x))
    };
    Some(Estimate {
        value,
        low: beyond(0.5).map_or(floor, end),
        // A fit without a finite mean bounds nothing from above.
        high: if fit.shape < SHAPES.1 {
            beyond(2.0).map_or(f64::INFINITY, end)
        } else {
            f64::INFINITY
        },
        confidence,
        n: n as u64,
    })
}

impl Tail<'_> {
    /// Share of the losses beyond the threshold that the mean is over; all when it asks for more.
    fn asked(&self, exceedance: f64) -> f64 {
        (self.share / exceedance).min(1.0)
    }

    /// Mean excess beyond the asked quantile for each unit of scale: ((t^−ξ − 1)/ξ + 1)/(1 − ξ).
    fn stretch(shape: f64, asked: f64) -> f64 {
        let ln = -asked.ln();
        let quantile = if shape.abs() < 1e-9 {
            ln
        } else {
            (shape * ln).exp_m1() / shape
        };
        // Beyond the threshold itself (asked = 1) it is 1/(1 − ξ).
        quantile + (1.0 + shape * quantile) / (1.0 - shape)
    }

    /// The share of the asked worst losses that lies beyond the threshold.
    fn weight(&self, exceedance: f64) -> f64 {
        (exceedance / self.share).min(1.0)
    }

    fn shortfall(&self, shape: f64, scale: f64, exceedance: f64) -> f64 {
        let excess = scale * Self::stretch(shape, self.asked(exceedance));
        self.body + self.weight(exceedance) * (self.threshold + excess)
    }

    /// What the shortfall exceeds whatever the tail.
    fn floor(&self) -> f64 {
        let observed = self.excesses.len() as f64 / self.n;
        self.body + self.weight(observed) * self.threshold
    }

    /// The best scale for a shape, looked for around another one.
    fn likeliest_scale(&self, shape: f64, around: f64) -> (f64, f64) {
        let at = |ln: f64| self.log_likelihood(shape, ln.exp());
        let middle = around.ln();
        let ln = golden_maximum(middle - 3.0, middle + 3.0, 4 * SHAPE_STEPS, at);
        (shape, ln.exp())
    }

    /// The largest log-likelihood of any tail with this shortfall.
    fn profile(&self, shortfall: f64) -> f64 {
        let k = self.excesses.len() as f64;
        let observed = k / self.n;
        let at_share = |ln_share: f64| {
            let exceedance = ln_share.exp();
            let excess = (shortfall - self.body) / self.weight(exceedance) - self.threshold;
            if excess <= 0.0 {
                return f64::NEG_INFINITY;
            }
            let asked = self.asked(exceedance);
            let at_shape =
                |shape: f64| self.log_likelihood(shape, excess / Self::stretch(shape, asked));
            let shape = golden_maximum(SHAPES.0, SHAPES.1, SHAPE_STEPS, at_shape);
            let count = k * ln_share + (self.n - k) * (-exceedance).ln_1p();
            at_shape(shape) + count
        };
        if k >= self.n {
            return at_share(0.0);
        }
        // Four standard errors of the share that lies beyond the threshold.
        let spread = 4.0 * ((1.0 - observed) / k).sqrt();
        let (low, high) = (observed.ln() - spread, (observed.ln() + spread).min(-1e-9));
        at_share(golden_maximum(low, high, SHARE_STEPS, at_share))
    }

    fn log_likelihood(&self, shape: f64, scale: f64) -> f64 {
        let k = self.excesses.len() as f64;
        if shape.abs() < 1e-9 {
            let sum: f64 = self.excesses.iter().sum();
            return -k * scale.ln() - sum / scale;
        }
        let mut sum = 0.0;
        for y in self.excesses {
            let grown = shape * y / scale;
            if grown <= -1.0 {
                return f64::NEG_INFINITY;
            }
            sum += grown.ln_1p();
        }
        -k * scale.ln() - (1.0 + 1.0 / shape) * sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn losses(shape: f64, n: usize) -> Vec<f64> {
        (0..n)
            .map(|i| (1.0 - (i as f64 + 0.5) / n as f64).powf(-shape) - 1.0)
            .collect()
    }

    /// Shortfall beyond u of a tail without luck: (VaR + σ − ξu)/(1 − ξ), inside a share and around
    /// the whole tail; the interval leans upwards.
    #[test]
    fn the_middle_is_the_closed_form_and_the_upper_end_is_farther() {
        let sample = losses(0.7, 4_000);
        for (k, share) in [(400, 0.05), (400, 0.1), (100, 0.05)] {
            let found = profile_shortfall(&sample, k, share, 0.95).expect("a finite mean");
            let var = f64::powf(share, -0.7) - 1.0;
            let truth = (var + 0.7) / 0.3;
            assert!(
                (found.value / truth - 1.0).abs() < 0.06,
                "{k} {share}: {found:?} {truth}"
            );
            assert!(found.low < found.value && found.value < found.high);
            assert!(
                found.high - found.value > 1.5 * (found.value - found.low),
                "{found:?}"
            );
        }
    }

    #[test]
    fn the_middle_is_the_most_likely() {
        let sample = losses(0.4, 2_000);
        let found = profile_shortfall(&sample, 200, 0.05, 0.9).expect("a finite mean");
        let wide = profile_shortfall(&sample, 200, 0.05, 0.99).expect("a finite mean");
        assert!(wide.low < found.low && wide.high > found.high);
        // No finite mean: the likeliest tail that has one, and nothing known from above.
        let wild = profile_shortfall(&losses(1.4, 2_000), 200, 0.05, 0.9).expect("a tail");
        assert!(wild.high.is_infinite() && wild.low < wild.value, "{wild:?}");
    }
}
