//! How the margin is distributed day by day, as integer counts: a shard adds to a shard in
//! any order, and ten million paths take no more room than one.

use super::Plan;

/// Histograms of `ln(CoC / PfC)` at the end of chosen days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fan {
    days: Vec<u32>,
    counts: Vec<u64>,
}

impl Fan {
    /// Log ratios below it are counted as lowest.
    pub const LOW: f64 = -6.0;
    /// Log ratios from here on are counted as highest.
    pub const HIGH: f64 = 10.0;
    /// Width of a bin. A quantile is the middle of its bin: it errs by half of this at most
    /// while it lies between [`Fan::LOW`] and [`Fan::HIGH`].
    pub const WIDTH: f64 = 1.0 / 64.0;
    const INNER: usize = 1024;
    /// Bins of a day: the inner ones and one at each end.
    pub const BINS: usize = Self::INNER + 2;

    pub(super) fn empty(plan: &Plan) -> Fan {
        Fan {
            days: plan.fan_days.clone(),
            counts: vec![0; plan.fan_days.len() * Self::BINS],
        }
    }

    /// Counts a log ratio on the `index`-th day of the fan.
    #[inline]
    pub(super) fn count(&mut self, index: usize, log_ratio: f64) {
        let bin = ((log_ratio - Self::LOW) * (1.0 / Self::WIDTH)).floor() + 1.0;
        let bin = bin.max(0.0).min((Self::BINS - 1) as f64) as usize;
        self.counts[index * Self::BINS + bin] += 1;
    }

    pub(super) fn add(&mut self, other: &Fan) {
        assert!(
            self.days == other.days,
            "fans of {:?} and {:?}",
            self.days,
            other.days
        );
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
    }

    /// The days it was kept for.
    #[must_use]
    pub fn days(&self) -> &[u32] {
        &self.days
    }

    /// The counts of the `index`-th day: below, the inner bins, above.
    #[must_use]
    pub fn counts(&self, index: usize) -> &[u64] {
        &self.counts[index * Self::BINS..(index + 1) * Self::BINS]
    }

    /// The log ratio below which a share `q` of the paths lies on the `index`-th day; minus or
    /// plus infinity if it lies outside the range of the bins, and `None` without paths.
    #[must_use]
    pub fn quantile(&self, index: usize, q: f64) -> Option<f64> {
        let counts = self.counts(index);
        let total: u64 = counts.iter().sum();
        let rank = ((q * total as f64).ceil() as u64).clamp(1, total.max(1));
        let mut below = 0;
        for (bin, count) in counts.iter().enumerate() {
            below += count;
            if below >= rank {
                return Some(match bin {
                    0 => f64::NEG_INFINITY,
                    _ if bin == Self::BINS - 1 => f64::INFINITY,
                    _ => Self::LOW + (bin as f64 - 0.5) * Self::WIDTH,
                });
            }
        }
        None
    }

    /// The share of paths with a negative log ratio at the end of the `index`-th day.
    #[must_use]
    pub fn share_insecure(&self, index: usize) -> f64 {
        let counts = self.counts(index);
        let zero = 1 + (-Self::LOW / Self::WIDTH) as usize;
        let below: u64 = counts[..zero].iter().sum();
        below as f64 / counts.iter().sum::<u64>() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_err_by_half_a_bin() {
        let mut fan = Fan {
            days: vec![3],
            counts: vec![0; Fan::BINS],
        };
        assert_eq!(fan.quantile(0, 0.5), None);
        let mut values: Vec<f64> = (0..5000)
            .map(|k| (f64::from(k) * 0.7).sin() * 3.0)
            .collect();
        for &v in &values {
            fan.count(0, v);
        }
        values.sort_by(f64::total_cmp);
        for q in [0.001, 0.05, 0.5, 0.95, 0.999] {
            let exact = values[(q * 5000.0_f64).ceil() as usize - 1];
            let got = fan.quantile(0, q).expect("there are paths");
            assert!(
                (got - exact).abs() <= Fan::WIDTH / 2.0,
                "{q}: {got} {exact}"
            );
        }
        let negative = values.iter().filter(|v| **v < 0.0).count() as f64 / 5000.0;
        assert!((fan.share_insecure(0) - negative).abs() < 1e-12);
    }

    #[test]
    fn what_lies_outside_is_counted_at_the_ends() {
        let mut fan = Fan {
            days: vec![1],
            counts: vec![0; Fan::BINS],
        };
        for v in [-1e9, f64::NEG_INFINITY, 1e9, f64::INFINITY] {
            fan.count(0, v);
        }
        assert_eq!((fan.counts(0)[0], fan.counts(0)[Fan::BINS - 1]), (2, 2));
        assert_eq!(fan.quantile(0, 0.25), Some(f64::NEG_INFINITY));
    }
}
