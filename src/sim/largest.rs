//! The stake of the largest entities, taken until a threshold is reached: what benchmarks ask
//! for. Cells (a day of a lane) are gathered into rows, so that the search runs side by side
//! over just the cells that need it.

use super::Plan;
use super::kernels::MinMargin;
use super::market::Market;
use crate::random::lanes::{LANES, Row, Width, kernel};

pub(super) struct LargestFirst {
    tokens: Vec<f64>,
    value: Vec<Row>,
    price: Vec<Row>,
    /// Cells to search, as days of the tile and lanes.
    cells: Vec<(u8, u8)>,
    /// What was found for each of them.
    found: Vec<f64>,
}

impl LargestFirst {
    pub fn new(plan: &Plan) -> LargestFirst {
        LargestFirst {
            tokens: plan.operators.tokens.clone(),
            value: vec![[0.0; LANES]; plan.operators.entities],
            price: vec![[0.0; LANES]; plan.asset_count()],
            cells: Vec::new(),
            found: Vec::new(),
        }
    }

    /// Fills every cell.
    pub fn all(&mut self, width: Width, market: &Market, threshold: f64, stake: &mut [Row]) {
        self.cells.clear();
        for day in 0..stake.len() {
            self.cells
                .extend((0..LANES).map(|lane| (day as u8, lane as u8)));
        }
        self.search(width, market, threshold);
        for (&(day, lane), sum) in self.cells.iter().zip(&self.found) {
            stake[usize::from(day)][usize::from(lane)] = *sum;
        }
    }

    /// Enters the tile into the smallest margins, searching only the cells that can change them.
    /// The continuum's stake, a share of the `pool`, bounds the answer from below.
    pub fn decide(
        &mut self,
        width: Width,
        market: &Market,
        attack: &Deciding,
        pool: &[Row],
        profit: &[Row],
        best: &mut MinMargin,
    ) {
        // The sums of the bound and of the answer are rounded in different orders.
        let rate = attack.share * attack.threshold * (1.0 - 1e-12);
        // The day with the least bound is searched first: its margin rules most others out.
        let mut least = [f64::INFINITY; LANES];
        let mut least_day = [0.0; LANES];
        let lost = &mut best.lost;
        least_bounds(width, rate, pool, profit, &mut least, &mut least_day, lost);
        self.cells.clear();
        for lane in 0..LANES {
            if least[lane] < best.margin[lane] {
                self.cells.push((least_day[lane] as u8, lane as u8));
            }
        }
        self.search(width, market, attack.threshold);
        self.enter(market.first_day, attack, profit, best);
        let mut searched = [usize::MAX; LANES];
        for &(day, lane) in &self.cells {
            searched[usize::from(lane)] = usize::from(day);
        }
        self.cells.clear();
        for (day, pool) in pool.iter().enumerate() {
            let mut mask = candidates(width, rate, pool, &profit[day], &best.margin);
            while mask != 0 {
                let lane = mask.trailing_zeros() as usize;
                mask &= mask - 1;
                if searched[lane] != day {
                    self.cells.push((day as u8, lane as u8));
                }
            }
        }
        self.search(width, market, attack.threshold);
        self.enter(market.first_day, attack, profit, best);
    }

    /// Enters what was found into the smallest margins; of equal ones the first day counts.
    fn enter(&self, first_day: u32, attack: &Deciding, profit: &[Row], best: &mut MinMargin) {
        for (&(row, lane), stake) in self.cells.iter().zip(&self.found) {
            let (row, lane) = (usize::from(row), usize::from(lane));
            let cost = attack.share * stake;
            let margin = cost - profit[row][lane];
            let day = f64::from(first_day) + row as f64;
            if (margin, day) < (best.margin[lane], best.day[lane]) {
                best.margin[lane] = margin;
                best.day[lane] = day;
                best.cost[lane] = cost;
                best.attack[lane] = attack.index as f64;
            }
        }
    }

    /// Searches the gathered cells, a row of them at a time.
    fn search(&mut self, width: Width, market: &Market, threshold: f64) {
        self.found.clear();
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
            self.found.extend_from_slice(&found[..cells.len()]);
        }
    }
}

/// The attack that smallest margins are looked for.
pub(super) struct Deciding {
    /// Its place among the plan's attacks.
    pub index: usize,
    /// Share of the coalition's stake that burns.
    pub share: f64,
    /// Share of all stake that it needs.
    pub threshold: f64,
}

kernel! {
    fn least_bounds(
        rate: f64, pool: &[Row], profit: &[Row], least: &mut Row, day: &mut Row, lost: &mut Row,
    ) {
        for (d, (s, p)) in pool.iter().zip(profit).enumerate() {
            for l in 0..LANES {
                let bound = rate * s[l] - p[l];
                lost[l] = if bound.is_nan() { 1.0 } else { lost[l] };
                let less = bound < least[l];
                least[l] = if less { bound } else { least[l] };
                day[l] = if less { d as f64 } else { day[l] };
            }
        }
    }
}

kernel! {
    /// A bit for each lane whose margin might be below its best.
    fn candidates(rate: f64, pool: &Row, profit: &Row, best: &Row) -> u64 {
        let mut mask = 0;
        for l in 0..LANES {
            mask |= u64::from(rate * pool[l] - profit[l] < best[l]) << l;
        }
        mask
    }
}

kernel! {
    fn largest_sums(tokens: &[f64], price: &[Row], threshold: f64, value: &mut [Row], sum: &mut Row) {
        let assets = price.len();
        let mut total = [0.0; LANES];
        for (entity, row) in value.iter_mut().enumerate() {
            let mut worth = [0.0; LANES];
            for asset in 0..assets {
                let tokens = tokens[entity * assets + asset];
                for l in 0..LANES {
                    worth[l] = tokens.mul_add(price[asset][l], worth[l]);
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
        // Each pass carries the largest of the values that are left to their end, as a bubble
        // rises, until every lane has enough. Equals are kept: each has its turn.
        for left in (0..value.len()).rev() {
            let mut largest = value[0];
            for entity in 0..left {
                let next = value[entity + 1];
                let mut less = [0.0; LANES];
                for l in 0..LANES {
                    less[l] = if next[l] > largest[l] { largest[l] } else { next[l] };
                    largest[l] = if next[l] > largest[l] { next[l] } else { largest[l] };
                }
                value[entity] = less;
            }
            let mut missing = 0;
            for l in 0..LANES {
                sum[l] += if sum[l] < target[l] { largest[l] } else { 0.0 };
                missing |= u64::from(sum[l] < target[l]);
            }
            if missing == 0 {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Sorted, then taken from the top: the slow way.
    fn by_sorting(tokens: &[f64], prices: &[f64], threshold: f64) -> f64 {
        let worth = |tokens: &[f64]| {
            let terms = tokens.iter().zip(prices);
            terms.fold(0.0, |sum, (t, p)| t.mul_add(*p, sum))
        };
        let mut value: Vec<f64> = tokens.chunks(prices.len()).map(worth).collect();
        let target = threshold * value.iter().sum::<f64>();
        value.sort_by(|a, b| b.total_cmp(a));
        let mut sum = 0.0;
        for v in value {
            if sum < target {
                sum += v;
            }
        }
        sum
    }

    proptest! {
        /// Few different sizes, so that many are equal; and some have nothing.
        #[test]
        fn the_largest_are_those_that_sorting_finds(
            sizes in prop::collection::vec((0_u8..5, 0_u8..3), 1..60),
            prices in prop::collection::vec((1_u16..500, 1_u16..500), LANES),
            threshold in 0.01..1.0_f64,
        ) {
            let tokens: Vec<f64> = sizes.iter().flat_map(|(a, b)| [f64::from(*a), f64::from(*b)]).collect();
            let mut price = [[0.0; LANES]; 2];
            for (lane, (a, b)) in prices.iter().enumerate() {
                (price[0][lane], price[1][lane]) = (f64::from(*a), f64::from(*b) / 7.0);
            }
            for width in Width::available() {
                let mut value = vec![[0.0; LANES]; sizes.len()];
                let mut sum = [0.0; LANES];
                largest_sums(width, &tokens, &price, threshold, &mut value, &mut sum);
                for lane in 0..LANES {
                    let expected = by_sorting(&tokens, &[price[0][lane], price[1][lane]], threshold);
                    prop_assert_eq!(sum[lane].to_bits(), expected.to_bits());
                }
            }
        }
    }
}
