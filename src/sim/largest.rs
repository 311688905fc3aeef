//! The stake of the largest entities, taken until a threshold is reached: what benchmarks ask
//! for. Cells (a day of a lane) are gathered into rows, so that the search runs side by side
//! over just the cells that need it.

use super::Plan;
use super::market::Market;
use crate::random::lanes::{LANES, Row, Width, kernel};

pub(super) struct LargestFirst {
    tokens: Vec<f64>,
    value: Vec<Row>,
    price: Vec<Row>,
    cells: Vec<(u8, u8)>,
}

impl LargestFirst {
    pub fn new(plan: &Plan) -> LargestFirst {
        LargestFirst {
            tokens: plan.operators.tokens.clone(),
            value: vec![[0.0; LANES]; plan.operators.entities],
            price: vec![[0.0; LANES]; plan.asset_count()],
            cells: Vec::new(),
        }
    }

    /// Fills every cell.
    pub fn all(&mut self, width: Width, market: &Market, threshold: f64, stake: &mut [Row]) {
        self.cells.clear();
        for day in 0..stake.len() {
            self.cells
                .extend((0..LANES).map(|lane| (day as u8, lane as u8)));
        }
        self.search(width, market, threshold, stake);
    }

    /// `stake` holds the continuum's stake, which bounds the answer from below. Fills the cells
    /// whose margin might be below `best`; the others get an infinite stake.
    #[expect(clippy::too_many_arguments, reason = "columns in, columns out")]
    pub fn deciding(
        &mut self,
        width: Width,
        market: &Market,
        threshold: f64,
        share: f64,
        profit: &[Row],
        best: &Row,
        stake: &mut [Row],
    ) {
        // The day with the least bound is searched first: its margin rules most others out.
        let mut least = [f64::INFINITY; LANES];
        let mut least_day = [0.0; LANES];
        least_bounds(width, share, stake, profit, &mut least, &mut least_day);
        let mut best = *best;
        self.cells.clear();
        let promising = |l: &usize| least[*l] < best[*l];
        self.cells.extend(
            (0..LANES)
                .filter(promising)
                .map(|l| (least_day[l] as u8, l as u8)),
        );
        let first: Vec<(u8, u8)> = self.cells.clone();
        let bounds: Vec<Row> = stake.to_vec();
        self.search(width, market, threshold, stake);
        for &(day, lane) in &first {
            let (d, l) = (usize::from(day), usize::from(lane));
            best[l] = best[l].min(share * stake[d][l] - profit[d][l]);
        }
        self.cells.clear();
        for (day, bound) in bounds.iter().enumerate() {
            let mut mask = candidates(width, share, bound, &profit[day], &best);
            while mask != 0 {
                let lane = mask.trailing_zeros() as u8;
                mask &= mask - 1;
                self.cells.push((day as u8, lane));
            }
        }
        for row in stake.iter_mut() {
            *row = [f64::INFINITY; LANES];
        }
        // A first cell whose bound is its answer is no candidate again, but must keep it.
        self.cells.extend(first.into_iter().filter(|&(day, lane)| {
            let (d, l) = (usize::from(day), usize::from(lane));
            share * bounds[d][l] - profit[d][l] >= best[l]
        }));
        self.search(width, market, threshold, stake);
    }

    /// Searches the gathered cells, a row of them at a time.
    fn search(&mut self, width: Width, market: &Market, threshold: f64, stake: &mut [Row]) {
        for cells in self.cells.chunks(LANES) {
            for (price, column) in self.price.iter_mut().zip(&market.price) {
                // What a short row leaves over repeats its first cell.
                for l in 0..LANES {
                    let (day, lane) = cells[if l < cells.len() { l } else { 0 }];
                    price[l] = column[usize::from(day)][usize::from(lane)];
                }
            }
            let mut found = [0.0; LANES];
            largest_sums(
                width,
                &self.tokens,
                &self.price,
                threshold,
                &mut self.value,
                &mut found,
            );
            for (&(day, lane), sum) in cells.iter().zip(found) {
                stake[usize::from(day)][usize::from(lane)] = sum;
            }
        }
    }
}

kernel! {
    fn least_bounds(share: f64, stake: &[Row], profit: &[Row], least: &mut Row, day: &mut Row) {
        for (d, (s, p)) in stake.iter().zip(profit).enumerate() {
            for l in 0..LANES {
                let bound = share * s[l] - p[l];
                let less = bound < least[l];
                least[l] = if less { bound } else { least[l] };
                day[l] = if less { d as f64 } else { day[l] };
            }
        }
    }
}

kernel! {
    /// A bit for each lane whose margin might be below its best.
    fn candidates(share: f64, stake: &Row, profit: &Row, best: &Row) -> u64 {
        let mut mask = 0;
        for l in 0..LANES {
            mask |= u64::from(share * stake[l] - profit[l] < best[l]) << l;
        }
        mask
    }
}

kernel! {
    fn largest_sums(tokens: &[f64], price: &[Row], threshold: f64, value: &mut [Row], sum: &mut Row) {
        let assets = price.len();
        let mut total = [0.0; LANES];
        for (row, tokens) in value.iter_mut().zip(tokens.chunks_exact(assets)) {
            let mut worth = [0.0; LANES];
            for (tokens, price) in tokens.iter().zip(price) {
                for l in 0..LANES {
                    worth[l] = tokens.mul_add(price[l], worth[l]);
                }
            }
            for l in 0..LANES {
                total[l] += worth[l];
            }
            *row = worth;
        }
        let mut target = [0.0; LANES];
        for l in 0..LANES {
            target[l] = threshold * total[l];
        }
        // Each pass takes the next largest value, and its equals, until every lane has enough.
        let mut before = [f64::INFINITY; LANES];
        for _ in 0..value.len() {
            let mut next = [0.0; LANES];
            let mut equals = [0.0; LANES];
            for row in value.iter() {
                for l in 0..LANES {
                    let v = row[l];
                    let greater = v < before[l] && v > next[l];
                    #[expect(clippy::float_cmp, reason = "equals are copies of one number")]
                    let same = v == next[l];
                    equals[l] = if greater { 1.0 } else { equals[l] + if same { 1.0 } else { 0.0 } };
                    next[l] = if greater { v } else { next[l] };
                }
            }
            let mut most = 0.0;
            for l in 0..LANES {
                most = if equals[l] > most && next[l] > 0.0 { equals[l] } else { most };
            }
            let mut copy = 0.0;
            while copy < most {
                for l in 0..LANES {
                    let take = sum[l] < target[l] && copy < equals[l];
                    sum[l] += if take { next[l] } else { 0.0 };
                }
                copy += 1.0;
            }
            before = next;
            let mut missing = 0;
            for l in 0..LANES {
                missing |= u64::from(sum[l] < target[l] && next[l] > 0.0);
            }
            if missing == 0 {
                return;
            }
        }
    }
}
