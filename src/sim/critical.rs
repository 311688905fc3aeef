//! The smallest log ratios alone, in columns: what a search of designs asks of a path.
//!
//! The path's least bound is looked at first; a day whose bound is not below the least cost
//! found so far cannot change it and is never searched.

use super::formulas;
use super::kernels::{Column, column};
use super::outcome::CostOutcome;
use super::profit::Profit;
use crate::random::lanes::{LANES, Row, Width, kernel};
use std::ops::Range;

/// The account of a block for one way of counting the cost.
pub(super) struct Critical {
    /// For each attack, the smallest log ratio of each lane so far, and within the horizon.
    low: Vec<Row>,
    horizon: Vec<Row>,
    gap: Row,
    /// For each attack and lane, the set that last proved the continuum's cost.
    known: Vec<Vec<u32>>,
    lowest: Column,
}

/// The bound of one attack in the cells of a tile.
pub(super) struct Bounds<'a> {
    pub profit: &'a Profit,
    /// `ln(bound / profit)` at the ends of days, if the attack has a profit without opportunity.
    pub ratio: &'a [Row],
    /// How far it dips within the days; none if nobody looks there.
    pub dip: Option<&'a [Row]>,
    /// Certified gap of the bound; none if it is the cost itself.
    pub gap: Option<&'a [Row]>,
}

/// A cell that needs a search: row, lane, and the set to try first. Gives cost and gap.
pub(super) type Search<'a> = dyn FnMut(usize, usize, &mut Vec<u32>) -> (f64, f64) + 'a;

impl Critical {
    pub fn new(attacks: usize) -> Critical {
        Critical {
            low: vec![[f64::INFINITY; LANES]; attacks],
            horizon: vec![[f64::INFINITY; LANES]; attacks],
            gap: [0.0; LANES],
            known: vec![Vec::new(); attacks * LANES],
            lowest: column(),
        }
    }

    /// Goes to day 0 of a block: nothing is known of another block's paths.
    pub fn open(&mut self) {
        self.low.fill([f64::INFINITY; LANES]);
        self.horizon.fill([f64::INFINITY; LANES]);
        self.gap = [0.0; LANES];
        self.known.iter_mut().for_each(Vec::clear);
    }

    /// Looks at one attack on the days of a tile; the horizon ends after `horizon` of them.
    #[expect(
        clippy::too_many_arguments,
        reason = "the place of a look and what it sees"
    )]
    pub fn look(
        &mut self,
        width: Width,
        attack: usize,
        lanes: usize,
        days: usize,
        horizon: Option<usize>,
        bounds: &Bounds,
        bound_at: &dyn Fn(usize, usize) -> f64,
        search: &mut Search,
    ) {
        let end = horizon.unwrap_or(days);
        self.days(width, attack, lanes, 0..end, bounds, bound_at, search);
        if horizon.is_some() {
            self.horizon[attack] = self.low[attack];
            self.days(width, attack, lanes, end..days, bounds, bound_at, search);
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the place of a look and what it sees"
    )]
    fn days(
        &mut self,
        width: Width,
        attack: usize,
        lanes: usize,
        rows: Range<usize>,
        bounds: &Bounds,
        bound_at: &dyn Fn(usize, usize) -> f64,
        search: &mut Search,
    ) {
        if rows.is_empty() {
            return;
        }
        if bounds.profit.known_row(0).is_some() {
            self.known_profits(width, attack, lanes, rows, bounds, search);
            return;
        }
        for row in rows {
            for lane in 0..lanes {
                for &profit in bounds.profit.arrivals(row, lane) {
                    let ratio = formulas::log_ratio(bound_at(row, lane), profit);
                    if ratio < self.low[attack][lane] {
                        let exact = self.exact(attack, row, lane, ratio, profit, bounds, search);
                        self.low[attack][lane] = self.low[attack][lane].min(exact);
                    }
                }
            }
        }
    }

    fn known_profits(
        &mut self,
        width: Width,
        attack: usize,
        lanes: usize,
        rows: Range<usize>,
        bounds: &Bounds,
        search: &mut Search,
    ) {
        let (from, days) = (rows.start, rows.len());
        let ratio = &bounds.ratio[rows.clone()];
        match bounds.dip {
            Some(dip) => differences(width, ratio, &dip[rows.clone()], &mut self.lowest[..days]),
            None => self.lowest[..days].copy_from_slice(ratio),
        }
        let (mut least, mut at) = ([f64::INFINITY; LANES], [0.0; LANES]);
        least_of(width, &self.lowest[..days], &mut least, &mut at);
        for lane in 0..lanes {
            while least[lane] < self.low[attack][lane] {
                let day = at[lane] as usize;
                let row = from + day;
                let profit = bounds.profit.daily[row][lane];
                let dip = bounds.dip.map_or(0.0, |dip| dip[row][lane]);
                let exact = self.exact(
                    attack,
                    row,
                    lane,
                    bounds.ratio[row][lane],
                    profit,
                    bounds,
                    search,
                );
                self.low[attack][lane] = self.low[attack][lane].min(exact - dip);
                self.lowest[day][lane] = f64::INFINITY;
                (least[lane], at[lane]) = (f64::INFINITY, 0.0);
                for (day, row) in self.lowest[..days].iter().enumerate() {
                    if row[lane] < least[lane] {
                        (least[lane], at[lane]) = (row[lane], day as f64);
                    }
                }
            }
        }
    }

    /// The log ratio of the cost itself where that of its bound is `ratio`.
    #[expect(
        clippy::too_many_arguments,
        reason = "the place of a look and what it sees"
    )]
    fn exact(
        &mut self,
        attack: usize,
        row: usize,
        lane: usize,
        ratio: f64,
        profit: f64,
        bounds: &Bounds,
        search: &mut Search,
    ) -> f64 {
        let gap = bounds.gap.map_or(0.0, |gap| gap[row][lane]);
        if gap.is_finite() {
            self.gap[lane] = self.gap[lane].max(gap);
            return ratio;
        }
        let known = &mut self.known[attack * LANES + lane];
        let (coc, gap) = search(row, lane, known);
        self.gap[lane] = self.gap[lane].max(gap);
        // Rounding must not put the cost below its bound.
        formulas::log_ratio(coc, profit).max(ratio)
    }

    /// The measures of one lane.
    pub fn finish(&self, lane: usize) -> CostOutcome {
        let least = |rows: &[Row]| {
            rows.iter()
                .map(|row| row[lane])
                .fold(f64::INFINITY, f64::min)
        };
        let mut out = CostOutcome::new();
        out.largest_gap = self.gap[lane];
        out.min_log_ratio_horizon = least(&self.horizon);
        out.min_log_ratio = least(&self.low);
        out.critical_scale_horizon = libm::exp(-out.min_log_ratio_horizon);
        out.critical_scale = libm::exp(-out.min_log_ratio);
        out.attack_scale_horizon = self
            .horizon
            .iter()
            .map(|row| libm::exp(-row[lane]))
            .collect();
        out
    }
}

kernel! {
    fn differences(a: &[Row], b: &[Row], out: &mut [Row]) {
        for (day, row) in out.iter_mut().enumerate() {
            for l in 0..LANES {
                row[l] = a[day][l] - b[day][l];
            }
        }
    }
}

kernel! {
    /// The least number of each lane and its row.
    fn least_of(column: &[Row], least: &mut Row, at: &mut Row) {
        for (day, row) in column.iter().enumerate() {
            for l in 0..LANES {
                let less = row[l] < least[l];
                least[l] = if less { row[l] } else { least[l] };
                at[l] = if less { day as f64 } else { at[l] };
            }
        }
    }
}
