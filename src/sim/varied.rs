//! The arithmetic of a day where every lane has parameters of its own.
//!
//! The operations and their order are those of [`super::kernels`] with a number a lane in the
//! place of one for all: a lane has the bits of the plan that its parameters were drawn into.

use super::{Plan, Take, When};
use crate::random::lanes::{LANES, LaneStreams, Row, Width, kernel, normals_of};
use crate::random::math;
use crate::units::DAYS_PER_YEAR;

/// The market of each lane: [`super::market::Market`] plays it in the place of its own numbers.
pub(super) struct VariedMarket {
    /// Log drift of each factor a day.
    pub drift: Vec<Row>,
    /// Loadings of each factor on the drawn normals.
    pub loading: Vec<Vec<Row>>,
    /// Logarithm of each factor on day 0.
    pub start: Vec<Row>,
}

impl VariedMarket {
    pub fn of(lanes: &[Plan], drawn: &[usize]) -> VariedMarket {
        let n = lanes[0].asset_count() + 1;
        let mut drift = vec![[0.0; LANES]; n];
        let mut start = vec![[0.0; LANES]; n];
        let mut loading = vec![vec![[0.0; LANES]; drawn.len()]; n];
        for (lane, plan) in lanes.iter().enumerate() {
            for (f, (factor, log_drift)) in plan.factors().zip(plan.log_drift_per_day()).enumerate()
            {
                drift[f][lane] = log_drift;
                start[f][lane] = libm::log(factor.start);
                for (row, k) in loading[f].iter_mut().zip(drawn) {
                    row[lane] = factor.log_sd_per_day() * plan.correlation_root[f * n + k];
                }
            }
        }
        VariedMarket {
            drift,
            loading,
            start,
        }
    }
}

/// What one attack takes on each lane.
pub(super) struct VariedTake {
    /// A fixed sum, USD.
    usd: Row,
    /// Mean of the logarithm of a random one.
    log_mean: Row,
    /// Mean days to detection of a rate-limited one.
    mean_days: Row,
    /// Most that a rate-limited one can reach, USD.
    most_usd: Row,
    /// Mean days between opportunities.
    days_between: Row,
}

impl VariedTake {
    pub fn of(lanes: &[super::Attack]) -> VariedTake {
        let mut varied = VariedTake {
            usd: [0.0; LANES],
            log_mean: [0.0; LANES],
            mean_days: [0.0; LANES],
            most_usd: [f64::INFINITY; LANES],
            days_between: [f64::INFINITY; LANES],
        };
        for (lane, attack) in lanes.iter().enumerate() {
            match attack.take {
                Take::Constant { usd } => varied.usd[lane] = usd,
                Take::LognormalUsd { log_mean, .. }
                | Take::LognormalShareOfValue { log_mean, .. } => varied.log_mean[lane] = log_mean,
                Take::RateLimited {
                    mean_days_to_detection,
                    most_usd,
                    ..
                } => {
                    varied.mean_days[lane] = mean_days_to_detection;
                    varied.most_usd[lane] = most_usd;
                }
                // A heavy tail is asked for its sizes one by one.
                Take::ShareOfValue { .. } | Take::Pareto(_) => {}
            }
            if let When::Poisson { per_year } = attack.when {
                varied.days_between[lane] = DAYS_PER_YEAR / per_year;
            }
        }
        varied
    }

    /// A fixed sum on every day.
    pub fn constant(&self, out: &mut [Row]) {
        out.fill(self.usd);
    }

    /// Lognormal sizes over `base`, in place of the normals.
    pub fn lognormals(&self, width: Width, base: &[Row], log_sd: f64, column: &mut [Row]) {
        lognormals(width, base, &self.log_mean, log_sd, column);
    }

    /// No more than what a rate-limited attack can reach.
    pub fn at_most(&self, column: &mut [Row]) {
        for row in column {
            for (usd, most) in row.iter_mut().zip(&self.most_usd) {
                if *usd > *most {
                    *usd = *most;
                }
            }
        }
    }

    /// What a rate-limited attack takes, out of what it can reach; the reach in place.
    pub fn rate_limited(&self, width: Width, rate: f64, pause: f64, column: &mut [Row]) {
        rate_limited(width, rate, &self.mean_days, pause, column);
    }

    /// The next round of arrivals.
    pub fn arrival_round(&self, width: Width, streams: &mut LaneStreams, time: &mut Row) {
        let mut draw = [[0.0; LANES]];
        crate::random::lanes::uniforms(width, streams, &mut draw);
        add_exponentials(width, &draw[0], &self.days_between, time);
    }
}

/// One tile of a factor, as [`super::kernels::advance`].
pub(super) fn advance(
    width: Width,
    drift: &Row,
    terms: &[(&Row, &[Row])],
    state: &mut Row,
    log: &mut [Row],
    price: Option<&mut [Row]>,
) {
    add_drift(width, drift, log);
    for (coefficient, column) in terms {
        accumulate(width, coefficient, column, log);
    }
    walk(width, state, log);
    if let Some(price) = price {
        exponentials(width, log, price);
    }
}

kernel! {
    fn accumulate(coefficient: &Row, column: &[Row], out: &mut [Row]) {
        for (row, x) in out.iter_mut().zip(column) {
            for l in 0..LANES {
                row[l] = coefficient[l].mul_add(x[l], row[l]);
            }
        }
    }
}

kernel! {
    fn add_drift(drift: &Row, out: &mut [Row]) {
        for row in out {
            for l in 0..LANES {
                row[l] += drift[l];
            }
        }
    }
}

kernel! {
    fn walk(state: &mut Row, log: &mut [Row]) {
        for row in log {
            for (state, log) in state.iter_mut().zip(row) {
                *state += *log;
                *log = *state;
            }
        }
    }
}

kernel! {
    fn exponentials(log: &[Row], price: &mut [Row]) {
        for (row, price) in log.iter().zip(price) {
            for l in 0..LANES {
                price[l] = math::exp(row[l]);
            }
        }
    }
}

kernel! {
    fn lognormals(base: &[Row], log_mean: &Row, log_sd: f64, column: &mut [Row]) {
        for (row, b) in column.iter_mut().zip(base) {
            for l in 0..LANES {
                row[l] = math::exp(b[l] + row[l].mul_add(log_sd, log_mean[l]));
            }
        }
    }
}

kernel! {
    fn rate_limited(rate: f64, mean: &Row, pause: f64, column: &mut [Row]) {
        for row in column {
            for l in 0..LANES {
                let late = row[l] / rate - pause;
                let left = math::exp(-late / mean[l]);
                let limited = rate * mean[l].mul_add(1.0 - left, pause);
                row[l] = if late > 0.0 { limited } else { row[l] };
            }
        }
    }
}

kernel! {
    /// `ln(share * stake / profit)`, infinite where there is no profit.
    pub(super) fn log_ratios(share: &Row, stake: &[Row], profit: &[Row], out: &mut [Row]) {
        for ((row, s), p) in out.iter_mut().zip(stake).zip(profit) {
            for l in 0..LANES {
                let cost = share[l] * s[l];
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
    /// The next round of waiting times of jumps, with a rate a lane.
    pub(super) fn geometric_round(streams: &mut LaneStreams, rate: &Row, log_mean: f64, log_sd: f64, day: &mut Row, size: &mut Row) {
        let mut draw = [[0.0; LANES]; 2];
        streams.fill_uniforms(&mut draw);
        for l in 0..LANES {
            let gap = (-math::ln(draw[0][l]) / rate[l]).floor();
            let gap = if gap > 1e9 { 1e9 } else { gap };
            day[l] += 1.0 + gap;
        }
        normals_of(&draw[1], size);
        for x in size {
            *x = log_sd.mul_add(*x, log_mean);
        }
    }
}

kernel! {
    fn add_exponentials(uniform: &Row, mean: &Row, time: &mut Row) {
        for l in 0..LANES {
            time[l] += -math::ln(uniform[l]) * mean[l];
        }
    }
}
