//! The moments between the ends of days, in columns: how far the log ratio of cost to profit
//! dips below its end within each day.
//!
//! Within a day the log ratio is a Brownian bridge between its ends, whose variance is that of
//! the exposures at the day's start; a jump comes at the day's end.

use super::Plan;
use super::kernels::{Column, column};
use crate::random::lanes::{LANES, Row, Width, kernel};
use crate::random::math;

/// The bridges of one design: scratch columns, and where each attack stood the day before.
pub(super) struct Bridge {
    /// A day's standard deviation of each factor times the correlation's root, row-major.
    loading: Vec<Row>,
    /// Exposure of the log ratio to each factor: the assets, then the value at risk. Who steps a
    /// bridge fills them first.
    pub exposure: Vec<Column>,
    variance: Column,
    jump: Column,
    ends: Vec<End>,
}

/// Where the bridge of one way of counting and one attack stands.
struct End {
    ratio: Row,
    variance: Row,
    exposure: Vec<Row>,
    dip: Column,
}

impl Bridge {
    /// Bridges for `count` pairs of a way of counting and an attack.
    pub fn new(plan: &Plan, count: usize) -> Bridge {
        let n = plan.asset_count() + 1;
        let mut bridge = Bridge {
            loading: vec![[0.0; LANES]; n * n],
            exposure: (0..n).map(|_| column()).collect(),
            variance: column(),
            jump: column(),
            ends: (0..count)
                .map(|_| End {
                    ratio: [0.0; LANES],
                    variance: [0.0; LANES],
                    exposure: vec![[0.0; LANES]; n],
                    dip: column(),
                })
                .collect(),
        };
        for lane in 0..LANES {
            bridge.load(plan, lane);
        }
        bridge
    }

    /// Takes the loadings of each lane's own plan.
    pub fn vary(&mut self, lanes: &[Plan]) {
        for (lane, plan) in lanes.iter().enumerate() {
            self.load(plan, lane);
        }
    }

    fn load(&mut self, plan: &Plan, lane: usize) {
        let n = plan.asset_count() + 1;
        for (f, factor) in plan.factors().enumerate() {
            let sd = factor.log_sd_per_day();
            for normal in 0..n {
                let i = f * n + normal;
                self.loading[i][lane] = sd * plan.correlation_root[i];
            }
        }
    }

    /// Goes to day 0: `at` gives the log ratio and the exposures of each lane.
    pub fn begin<'a>(
        &mut self,
        width: Width,
        index: usize,
        at: impl Fn(usize) -> (f64, &'a Vec<f64>),
    ) {
        let end = &mut self.ends[index];
        for lane in 0..LANES {
            let (ratio, exposure) = at(lane);
            end.ratio[lane] = ratio;
            for (row, e) in end.exposure.iter_mut().zip(exposure) {
                row[lane] = *e;
            }
        }
        let columns: Vec<&[Row]> = end.exposure.iter().map(std::slice::from_ref).collect();
        let mut variance = [[0.0; LANES]];
        variances(width, &self.loading, &columns, &mut variance);
        [self.ends[index].variance] = variance;
    }

    /// Goes through a tile: `ratio` is the log ratio at the ends of its days, `jumps` what jumps
    /// did to each factor (nothing where there are none), `log_uniform` the bridge's draw.
    pub fn step(
        &mut self,
        width: Width,
        index: usize,
        ratio: &[Row],
        jumps: &[Column],
        log_uniform: &[Row],
    ) {
        let days = ratio.len();
        let end = &mut self.ends[index];
        let exposure: Vec<&[Row]> = self.exposure.iter().map(|e| &e[..days]).collect();
        variances(width, &self.loading, &exposure, &mut self.variance[..days]);
        let jump = if jumps.is_empty() {
            &[][..]
        } else {
            let jumps: Vec<&[Row]> = jumps.iter().map(|j| &j[..days]).collect();
            exposed_jumps(
                width,
                &end.exposure,
                &exposure,
                &jumps,
                &mut self.jump[..days],
            );
            &self.jump[..days]
        };
        dips(
            width,
            &end.ratio,
            &end.variance,
            ratio,
            &self.variance[..days],
            jump,
            &log_uniform[..days],
            &mut end.dip[..days],
        );
        end.ratio = ratio[days - 1];
        end.variance = self.variance[days - 1];
        for (row, e) in end.exposure.iter_mut().zip(&self.exposure) {
            *row = e[days - 1];
        }
    }

    /// How far the log ratio dipped below its end on each day of the tile.
    pub fn dip(&self, index: usize) -> &[Row] {
        &self.ends[index].dip
    }
}

kernel! {
    /// Replaces uniforms by their logarithms.
    pub(super) fn log_uniforms(column: &mut [Row]) {
        for row in column {
            for x in row {
                *x = math::ln(*x);
            }
        }
    }
}

kernel! {
    /// The share of one asset in all stake.
    pub(super) fn shares(tokens: f64, price: &[Row], all: &[Row], out: &mut [Row]) {
        for (day, row) in out.iter_mut().enumerate() {
            for l in 0..LANES {
                row[l] = tokens * price[day][l] / all[day][l];
            }
        }
    }
}

kernel! {
    /// Variance of a day's log ratio under the exposures at its start.
    fn variances(loading: &[Row], exposure: &[&[Row]], out: &mut [Row]) {
        let n = exposure.len();
        for (day, row) in out.iter_mut().enumerate() {
            let mut sum = [0.0; LANES];
            for normal in 0..n {
                // The root is lower triangular.
                let mut moved = [0.0; LANES];
                for factor in normal..n {
                    let weight = &loading[factor * n + normal];
                    let e = &exposure[factor][day];
                    for l in 0..LANES {
                        moved[l] = weight[l].mul_add(e[l], moved[l]);
                    }
                }
                for l in 0..LANES {
                    sum[l] = moved[l].mul_add(moved[l], sum[l]);
                }
            }
            *row = sum;
        }
    }
}

kernel! {
    /// What the day's jumps did to the log ratio, by the exposures of the day before.
    fn exposed_jumps(before: &[Row], exposure: &[&[Row]], jumps: &[&[Row]], out: &mut [Row]) {
        for (day, row) in out.iter_mut().enumerate() {
            let mut sum = [0.0; LANES];
            for factor in 0..jumps.len() {
                let e = if day == 0 { &before[factor] } else { &exposure[factor][day - 1] };
                let jump = &jumps[factor][day];
                for l in 0..LANES {
                    sum[l] = e[l].mul_add(jump[l], sum[l]);
                }
            }
            *row = sum;
        }
    }
}

kernel! {
    /// The bridge's minimum at the share `uniform` of its distribution,
    /// `P(min < m) = exp(-2 (start - m)(end - m) / variance)`, as a depth below the day's end.
    fn dips(
        before: &Row, before_variance: &Row, ratio: &[Row], variance: &[Row], jump: &[Row],
        log_uniform: &[Row], out: &mut [Row],
    ) {
        let still = [0.0; LANES];
        for (day, row) in out.iter_mut().enumerate() {
            let start = if day == 0 { before } else { &ratio[day - 1] };
            let spread = if day == 0 { before_variance } else { &variance[day - 1] };
            let jump = jump.get(day).unwrap_or(&still);
            for l in 0..LANES {
                let (a, b) = (start[l], ratio[day][l] - jump[l]);
                let finite = a.abs() < f64::INFINITY && b.abs() < f64::INFINITY;
                let (x, y) = if finite { (a, b) } else { (0.0, 0.0) };
                let step = y - x;
                let inside = step * step - 2.0 * spread[l] * log_uniform[day][l];
                let least = if a < b { a } else { b };
                let lowest = if finite { 0.5 * (x + y - inside.sqrt()) } else { least };
                row[l] = if lowest < ratio[day][l] { ratio[day][l] - lowest } else { 0.0 };
            }
        }
    }
}
