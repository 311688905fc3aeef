//! An ensemble's distribution in constant memory: integer counts that shards add in any order.

use super::{Columns, Cost, Ensemble, Fan};
use std::collections::BTreeMap;

/// What a stream of paths amounts to: one set of distributions for each way of counting the
/// cost. Summaries of shards merge in any order to the same bits.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Summary {
    /// Paths counted.
    pub paths: u64,
    /// In the order of the plan's costs.
    pub costs: Vec<CostSummary>,
}

/// Distributions of the measures of one way of counting the cost; see [`Columns`].
#[derive(Debug, Clone, PartialEq)]
pub struct CostSummary {
    /// Whose loss is counted.
    pub cost: Cost,
    /// By name of the column; days count as numbers, and those that never come as infinite.
    pub columns: BTreeMap<&'static str, Distribution>,
    /// Log ratios day by day.
    pub fan: Fan,
}

/// Counts of a column's values in bins of equal relative width.
///
/// A bin is what shares a sign, an exponent and eight bits of mantissa: a quantile is the
/// middle of its bin and errs by [`Distribution::RELATIVE_ERROR`] at most.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Distribution {
    bins: BTreeMap<i64, u64>,
    count: u64,
}

impl Distribution {
    /// Bound of a quantile's error, as a share of it.
    pub const RELATIVE_ERROR: f64 = 1.0 / 512.0;
    const DROPPED: u32 = 44;

    /// Counts a value; a NaN counts as never, which is plus infinity.
    pub fn count(&mut self, value: f64) {
        let value = if value.is_nan() { f64::INFINITY } else { value };
        // The order of reals as an order of integers: negative ones have their bits turned.
        let magnitude = (value.abs().to_bits() >> Self::DROPPED) as i64;
        let bin = if value < 0.0 {
            -magnitude - 1
        } else {
            magnitude
        };
        *self.bins.entry(bin).or_default() += 1;
        self.count += 1;
    }

    fn add(&mut self, other: &Distribution) {
        for (bin, count) in &other.bins {
            *self.bins.entry(*bin).or_default() += count;
        }
        self.count += other.count;
    }

    /// Values counted.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.count
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Values below zero, exactly.
    #[must_use]
    pub fn negative(&self) -> u64 {
        self.bins.range(..0).map(|(_, count)| count).sum()
    }

    /// Values that are numbers, exactly: neither infinite nor never.
    #[must_use]
    pub fn finite(&self) -> u64 {
        self.weighted().map(|(_, count)| count).sum()
    }

    /// The finite values as the middles of their bins, ascending, each with its count.
    pub fn weighted(&self) -> impl Iterator<Item = (f64, u64)> {
        self.bins
            .iter()
            .map(|(&bin, &count)| (Self::middle(bin), count))
            .filter(|(value, _)| value.is_finite())
    }

    /// The value below or at which a share `q` lies; `None` if nothing was counted.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        self.ranked(((q * self.count as f64).ceil() as u64).clamp(1, self.count.max(1)))
    }

    /// The value of a rank, from 1, ascending; `None` if fewer were counted.
    #[must_use]
    pub fn ranked(&self, rank: u64) -> Option<f64> {
        let mut below = 0;
        for (&bin, count) in &self.bins {
            below += count;
            if below >= rank {
                return Some(Self::middle(bin));
            }
        }
        None
    }

    fn middle(bin: i64) -> f64 {
        let magnitude = (if bin < 0 { -(bin + 1) } else { bin }) as u64;
        let low = f64::from_bits(magnitude << Self::DROPPED);
        let middle = if low > 0.0 && low.is_finite() {
            f64::from_bits((magnitude << Self::DROPPED) | 1 << (Self::DROPPED - 1))
        } else {
            low
        };
        if bin < 0 { -middle } else { middle }
    }
}

impl Summary {
    /// Counts the paths of an ensemble.
    pub fn count(&mut self, ensemble: &Ensemble) {
        let mut part = Summary {
            paths: ensemble.paths as u64,
            costs: Vec::new(),
        };
        for columns in &ensemble.costs {
            part.costs.push(summarise(columns));
        }
        self.add(&part);
    }

    /// Adds the counts of other paths of the same plan.
    ///
    /// # Panics
    /// If the plans count different costs.
    pub fn add(&mut self, other: &Summary) {
        self.paths += other.paths;
        if self.costs.is_empty() {
            self.costs.clone_from(&other.costs);
            return;
        }
        assert!(
            self.costs.len() == other.costs.len(),
            "summaries of different plans"
        );
        for (mine, theirs) in self.costs.iter_mut().zip(&other.costs) {
            assert!(mine.cost == theirs.cost, "summaries of different costs");
            for (name, distribution) in &theirs.columns {
                mine.columns.entry(name).or_default().add(distribution);
            }
            mine.fan.add(&theirs.fan);
        }
    }
}

fn summarise(columns: &Columns) -> CostSummary {
    let mut all: BTreeMap<&'static str, Distribution> = BTreeMap::new();
    macro_rules! numbers {
        ($($name:ident)*) => {$(
            let distribution = all.entry(stringify!($name)).or_default();
            columns.$name.iter().for_each(|x| distribution.count(*x));
        )*};
    }
    macro_rules! days {
        ($($name:ident)*) => {$(
            let distribution = all.entry(stringify!($name)).or_default();
            for &day in &columns.$name {
                distribution.count(if day == super::NEVER { f64::INFINITY } else { f64::from(day) });
            }
        )*};
    }
    numbers!(min_margin_usd coc_usd pfc_usd largest_gap min_log_ratio_horizon min_log_ratio
        critical_scale_horizon critical_scale insecure_days attack_probability_horizon
        attack_probability expected_loss_usd_horizon expected_loss_usd loss_usd
        harm_usd uncovered_usd expected_harm_usd_horizon expected_harm_usd
        expected_uncovered_usd_horizon expected_uncovered_usd);
    days!(min_margin_day first_insecure_day loss_day coalition_size);
    CostSummary {
        cost: columns.cost,
        columns: all,
        fan: columns.fan.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_err_by_the_stated_share() {
        let mut values: Vec<f64> = (1..4000)
            .map(|k| (f64::from(k) * 0.37).sin() * 1e6 * f64::from(k))
            .collect();
        let mut distribution = Distribution::default();
        values.iter().for_each(|v| distribution.count(*v));
        values.sort_by(f64::total_cmp);
        for q in [0.0, 0.001, 0.3, 0.5, 0.77, 0.999, 1.0] {
            let rank = ((q * values.len() as f64).ceil() as usize).max(1);
            let (exact, got) = (
                values[rank - 1],
                distribution.quantile(q).expect("not empty"),
            );
            assert!(
                (got - exact).abs() <= Distribution::RELATIVE_ERROR * exact.abs(),
                "{q} {got} {exact}"
            );
        }
        assert_eq!(Distribution::default().quantile(0.5), None);
    }

    #[test]
    fn the_order_of_bins_is_the_order_of_reals() {
        let mut distribution = Distribution::default();
        for v in [
            f64::INFINITY,
            -3.0,
            0.0,
            2.0,
            f64::NEG_INFINITY,
            -1e-300,
            f64::NAN,
        ] {
            distribution.count(v);
        }
        let all: Vec<f64> = (1..=7)
            .map(|k| distribution.quantile(f64::from(k) / 7.0).expect("seven"))
            .collect();
        assert!(all.windows(2).all(|w| w[0] <= w[1]), "{all:?}");
        assert_eq!(
            (all[0], all[6], all[5]),
            (f64::NEG_INFINITY, f64::INFINITY, f64::INFINITY)
        );
    }
}
