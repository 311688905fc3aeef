//! The arithmetic of a day over columns: small loops that the compiler turns into vectors.

use crate::random::lanes::{
    LANES, LaneStreams, Row, Width, exponentials, kernel, normals_of, uniforms,
};
use crate::random::math;
use std::ops::{Deref, DerefMut};

/// Days of a column: short enough that all columns of a block stay in the second-level cache.
pub(super) const TILE_DAYS: usize = 64;

const _: () = assert!(TILE_DAYS <= u64::BITS as usize, "a tile's days are bits");

/// A column of one tile, on the boundaries of cache lines: a vector of eight numbers that
/// straddles two of them costs two accesses.
#[derive(Debug, Clone)]
pub(super) struct Column(Box<Tile>);

#[derive(Debug, Clone)]
#[repr(align(64))]
struct Tile([Row; TILE_DAYS]);

impl Deref for Column {
    type Target = [Row];

    fn deref(&self) -> &[Row] {
        &self.0.0
    }
}

impl DerefMut for Column {
    fn deref_mut(&mut self) -> &mut [Row] {
        &mut self.0.0
    }
}

/// The smallest margin of each lane so far.
#[derive(Debug, Clone)]
pub(super) struct MinMargin {
    pub margin: Row,
    /// The day from 1 on, 0 for never.
    pub day: Row,
    pub cost: Row,
    pub attack: Row,
    /// 1 for a lane that met a margin which is no number.
    pub lost: Row,
}

impl MinMargin {
    pub fn new() -> MinMargin {
        MinMargin {
            margin: [f64::INFINITY; LANES],
            day: [0.0; LANES],
            cost: [f64::NAN; LANES],
            attack: [0.0; LANES],
            lost: [0.0; LANES],
        }
    }
}

/// A column of zeros.
pub(super) fn column() -> Column {
    Column(Box::new(Tile([[0.0; LANES]; TILE_DAYS])))
}

/// `out = bias + sum of coefficient * column`, in the order of the terms.
pub(super) fn linear(width: Width, bias: f64, terms: &[(f64, &[Row])], out: &mut [Row]) {
    macro_rules! go {
        ($k:literal) => {
            combine::<$k>(width, bias, coefficients(terms), columns(terms), out)
        };
    }
    match terms.len() {
        0 => fill(width, bias, out),
        1 => go!(1),
        2 => go!(2),
        3 => go!(3),
        4 => go!(4),
        5 => go!(5),
        6 => go!(6),
        _ => combine_many(width, bias, terms, out),
    }
}

fn coefficients<const K: usize>(terms: &[(f64, &[Row])]) -> [f64; K] {
    std::array::from_fn(|k| terms[k].0)
}

fn columns<'a, const K: usize>(terms: &[(f64, &'a [Row])]) -> [&'a [Row]; K] {
    std::array::from_fn(|k| terms[k].1)
}

kernel! {
    fn fill(value: f64, out: &mut [Row]) {
        for row in out {
            *row = [value; LANES];
        }
    }
}

kernel! {
    fn combine<const K: usize>(bias: f64, coefficients: [f64; K], columns: [&[Row]; K], out: &mut [Row]) {
        for (day, row) in out.iter_mut().enumerate() {
            let mut sum = [bias; LANES];
            for k in 0..K {
                let column = &columns[k][day];
                for l in 0..LANES {
                    sum[l] = coefficients[k].mul_add(column[l], sum[l]);
                }
            }
            *row = sum;
        }
    }
}

kernel! {
    fn combine_many(bias: f64, terms: &[(f64, &[Row])], out: &mut [Row]) {
        for (day, row) in out.iter_mut().enumerate() {
            let mut sum = [bias; LANES];
            for (coefficient, column) in terms {
                let column = &column[day];
                for l in 0..LANES {
                    sum[l] = coefficient.mul_add(column[l], sum[l]);
                }
            }
            *row = sum;
        }
    }
}

kernel! {
    /// Adds a number to each of a column.
    pub(super) fn shift(by: f64, column: &mut [Row]) {
        for row in column {
            for x in row {
                *x += by;
            }
        }
    }
}

/// Zeros where no jump struck: what reads whole columns needs them.
pub(super) fn calm(struck: u64, log: &mut [Row]) {
    for (day, row) in log.iter_mut().enumerate() {
        if struck >> day & 1 == 0 {
            *row = [0.0; LANES];
        }
    }
}

/// What a factor moves by each day of a tile: a drift, loadings on some of the normals, jumps.
pub(super) struct Steps<'a> {
    pub drift: f64,
    /// Each with the index of its normals.
    pub loadings: &'a [(f64, usize)],
    pub normals: &'a [Column],
    /// The days on which jumps strike, as bits.
    pub struck: u64,
    /// What jumps add on those days; stale on others.
    pub jumped: &'a [Row],
}

impl<'a> Steps<'a> {
    fn column(&self, k: usize) -> &'a [Row] {
        &self.normals[self.loadings[k].1][..self.jumped.len()]
    }
}

/// One tile of a factor: each day's logarithm is the day's before plus the drift, the loaded
/// normals and the jumps; `price` is its exponential. What nobody asks for is not written.
pub(super) fn advance(
    width: Width,
    steps: &Steps,
    state: &mut Row,
    log: Option<&mut [Row]>,
    price: Option<&mut [Row]>,
) {
    macro_rules! go {
        ($k:literal) => {{
            let by: [f64; $k] = std::array::from_fn(|k| steps.loadings[k].0);
            let of: [&[Row]; $k] = std::array::from_fn(|k| steps.column(k));
            match (log, price) {
                (None, Some(price)) => walk_price::<$k>(width, steps, by, of, state, price),
                (Some(log), price) => {
                    walk::<$k>(width, steps, by, of, state, log);
                    price_of(width, log, price);
                }
                (None, None) => {}
            }
        }};
    }
    match steps.loadings.len() {
        0 => go!(0),
        1 => go!(1),
        2 => go!(2),
        3 => go!(3),
        4 => go!(4),
        5 => go!(5),
        6 => go!(6),
        many => {
            let terms: Vec<(f64, &[Row])> = (0..many)
                .map(|k| (steps.loadings[k].0, steps.column(k)))
                .collect();
            match (log, price) {
                (None, Some(price)) => walk_many_price(width, steps, &terms, state, price),
                (Some(log), price) => {
                    walk_many(width, steps, &terms, state, log);
                    price_of(width, log, price);
                }
                (None, None) => {}
            }
        }
    }
}

fn price_of(width: Width, log: &[Row], price: Option<&mut [Row]>) {
    if let Some(price) = price {
        price.copy_from_slice(log);
        exponentials(width, price);
    }
}

/// What a day brings before its normals: the drift, and the jumps where there are any.
#[inline(always)]
fn start_of(steps: &Steps, day: usize) -> Row {
    let mut step = [0.0 + steps.drift; LANES];
    if steps.struck >> day & 1 == 1 {
        let jumps = &steps.jumped[day];
        for l in 0..LANES {
            step[l] = jumps[l] + steps.drift;
        }
    }
    step
}

/// The next state. Arrays go in and out by value: written in place, the compiler made it half
/// vectors and shuffles that waited for each other's stores.
#[inline(always)]
fn add_rows(state: Row, step: Row) -> Row {
    let mut next = state;
    for l in 0..LANES {
        next[l] += step[l];
    }
    next
}

#[inline(always)]
fn step_of<const K: usize>(
    day: usize,
    steps: &Steps,
    coefficients: &[f64; K],
    columns: &[&[Row]; K],
    state: Row,
) -> Row {
    let mut step = start_of(steps, day);
    for k in 0..K {
        let column = &columns[k][day];
        for l in 0..LANES {
            step[l] = coefficients[k].mul_add(column[l], step[l]);
        }
    }
    add_rows(state, step)
}

#[inline(always)]
fn step_of_many(day: usize, steps: &Steps, terms: &[(f64, &[Row])], state: Row) -> Row {
    let mut step = start_of(steps, day);
    for (coefficient, column) in terms {
        let column = &column[day];
        for l in 0..LANES {
            step[l] = coefficient.mul_add(column[l], step[l]);
        }
    }
    add_rows(state, step)
}

/// Exponentials of a row, by value as the next state.
#[inline(always)]
fn exponential_of(row: Row) -> Row {
    let mut out = [0.0; LANES];
    for l in 0..LANES {
        out[l] = math::exp(row[l]);
    }
    out
}

kernel! {
    fn walk<const K: usize>(
        steps: &Steps, coefficients: [f64; K], columns: [&[Row]; K], state: &mut Row, log: &mut [Row],
    ) {
        let mut at = *state;
        for (day, row) in log.iter_mut().enumerate() {
            at = step_of(day, steps, &coefficients, &columns, at);
            *row = at;
        }
        *state = at;
    }
}

kernel! {
    fn walk_price<const K: usize>(
        steps: &Steps, coefficients: [f64; K], columns: [&[Row]; K], state: &mut Row, price: &mut [Row],
    ) {
        let mut at = *state;
        for (day, row) in price.iter_mut().enumerate() {
            at = step_of(day, steps, &coefficients, &columns, at);
            *row = exponential_of(at);
        }
        *state = at;
    }
}

kernel! {
    fn walk_many(steps: &Steps, terms: &[(f64, &[Row])], state: &mut Row, log: &mut [Row]) {
        let mut at = *state;
        for (day, row) in log.iter_mut().enumerate() {
            at = step_of_many(day, steps, terms, at);
            *row = at;
        }
        *state = at;
    }
}

kernel! {
    fn walk_many_price(steps: &Steps, terms: &[(f64, &[Row])], state: &mut Row, price: &mut [Row]) {
        let mut at = *state;
        for (day, row) in price.iter_mut().enumerate() {
            at = step_of_many(day, steps, terms, at);
            *row = exponential_of(at);
        }
        *state = at;
    }
}

kernel! {
    /// Lognormal sizes: `exp(base + log_mean + log_sd * z)`, in place of `z`.
    pub(super) fn lognormals(base: &[Row], log_mean: f64, log_sd: f64, column: &mut [Row]) {
        for (row, b) in column.iter_mut().zip(base) {
            let mut out = [0.0; LANES];
            for l in 0..LANES {
                out[l] = math::exp(b[l] + row[l].mul_add(log_sd, log_mean));
            }
            *row = out;
        }
    }
}

kernel! {
    /// Caps each number by another column.
    pub(super) fn cap(ceiling: &[Row], column: &mut [Row]) {
        for (row, c) in column.iter_mut().zip(ceiling) {
            for l in 0..LANES {
                row[l] = if row[l] > c[l] { c[l] } else { row[l] };
            }
        }
    }
}

kernel! {
    /// What a rate-limited attack takes, out of what it can reach; the reach in place.
    pub(super) fn rate_limited(rate: f64, mean: f64, pause: f64, column: &mut [Row]) {
        for row in column {
            for x in row.iter_mut() {
                let late = *x / rate - pause;
                let left = math::exp(-late / mean);
                let limited = rate * mean.mul_add(1.0 - left, pause);
                *x = if late > 0.0 { limited } else { *x };
            }
        }
    }
}

kernel! {
    /// `ln(share * stake / profit)`, infinite where there is no profit.
    pub(super) fn log_ratios(share: f64, stake: &[Row], profit: &[Row], out: &mut [Row]) {
        for ((row, s), p) in out.iter_mut().zip(stake).zip(profit) {
            for l in 0..LANES {
                // Where a side is not positive the logarithm of a dummy is taken and thrown away.
                let cost = share * s[l];
                let positive = p[l] > 0.0;
                let ratio = if positive { cost } else { 1.0 } / if positive { p[l] } else { 1.0 };
                let usual = math::ln(if ratio > f64::MIN_POSITIVE { ratio } else { 1.0 });
                let finite = if ratio > f64::MIN_POSITIVE { usual } else { f64::NEG_INFINITY };
                row[l] = if positive { finite } else { f64::INFINITY };
            }
        }
    }
}

kernel! {
    /// Keeps the smallest `share * stake - profit` of each lane, with its day and what it is of.
    pub(super) fn smallest_margins(
        share: f64, stake: &[Row], profit: &[Row], first_day: f64, attack: f64, best: &mut MinMargin,
    ) {
        for (day, (s, p)) in stake.iter().zip(profit).enumerate() {
            let today = first_day + day as f64;
            for l in 0..LANES {
                let cost = share * s[l];
                let margin = cost - p[l];
                best.lost[l] = if margin.is_nan() { 1.0 } else { best.lost[l] };
                let better = margin < best.margin[l];
                best.margin[l] = if better { margin } else { best.margin[l] };
                best.day[l] = if better { today } else { best.day[l] };
                best.cost[l] = if better { cost } else { best.cost[l] };
                best.attack[l] = if better { attack } else { best.attack[l] };
            }
        }
    }
}

kernel! {
    /// The next round of waiting times: `day += 1 + floor(exponential / rate)`, and a normal.
    /// Gives a bit for each lane whose day is not after the last.
    pub(super) fn geometric_round(
        streams: &mut LaneStreams, rate: f64, log_mean: f64, log_sd: f64, last: f64, day: &mut Row, size: &mut Row,
    ) -> u32 {
        let mut draw = [[0.0; LANES]; 2];
        streams.fill_uniforms(&mut draw);
        for l in 0..LANES {
            let gap = (-math::ln(draw[0][l]) / rate).floor();
            let gap = if gap > 1e9 { 1e9 } else { gap };
            day[l] += 1.0 + gap;
        }
        normals_of(&draw[1], size);
        for x in size {
            *x = log_sd.mul_add(*x, log_mean);
        }
        lanes_until(last, day)
    }
}

/// A bit for each lane whose day is not after the last.
#[inline(always)]
pub(super) fn lanes_until(last: f64, day: &Row) -> u32 {
    let mut mask = 0;
    for (lane, day) in day.iter().enumerate() {
        mask |= u32::from(*day <= last) << lane;
    }
    mask
}

/// The next round of arrivals: `time += exponential * mean_days`.
pub(super) fn arrival_round(
    width: Width,
    streams: &mut LaneStreams,
    mean_days: f64,
    time: &mut Row,
) {
    let mut draw = [[0.0; LANES]];
    uniforms(width, streams, &mut draw);
    add_exponentials(width, &draw[0], mean_days, time);
}

kernel! {
    fn add_exponentials(uniform: &Row, mean: f64, time: &mut Row) {
        for l in 0..LANES {
            time[l] += -math::ln(uniform[l]) * mean;
        }
    }
}
