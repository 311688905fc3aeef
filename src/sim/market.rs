//! Prices and the value at risk of a block of paths, a tile of days at a time.

use super::kernels::{
    Column, Steps, TILE_DAYS, advance, calm, column, geometric_round, lanes_until,
};
use super::varied::{self, VariedMarket};
use super::{Jumps, Monitoring, Plan, Record, Take, When};
use crate::random::lanes::{LANES, LaneStreams, Row, Width, exponentials, kernel, normals};
use crate::random::{Purpose, Seed};

/// The market of [`LANES`] paths. All memory is taken once and used for block after block.
pub(super) struct Market {
    width: Width,
    /// Which normals any moving factor needs.
    drawn: Vec<usize>,
    drift: Vec<f64>,
    /// Loadings of each factor's daily step, with the index of the drawn normals.
    loading: Vec<Vec<(f64, usize)>>,
    start: Vec<f64>,
    /// Numbers of each lane in the place of these, where parameters are uncertain.
    varied: Option<VariedMarket>,
    streams: Vec<LaneStreams>,
    jumps: Vec<JumpKind>,
    keep_jumps: bool,
    /// Whether anybody asks for a factor beside its logarithm.
    priced: Vec<bool>,
    normal: Vec<Column>,
    state: Vec<Row>,
    /// What jumps add to the logarithm of the factor at hand, on the days that they strike.
    jumped: Column,
    /// Logarithm of the value at risk.
    pub log_value: Column,
    /// Price of each asset, then the value at risk, USD.
    pub price: Vec<Column>,
    /// What jumps did to the logarithm of each factor, where anybody asks.
    pub jump: Vec<Column>,
    /// First day of the tile, from 1, and its number of days.
    pub first_day: u32,
    pub days: usize,
}

/// One kind of jumps: the factors it moves, and all its strikes in a block by tile.
struct JumpKind {
    jumps: Jumps,
    purpose: Purpose,
    moves: Vec<(usize, f64)>,
    strikes: Vec<Vec<Strike>>,
}

struct Strike {
    day_of_tile: u16,
    lane: u16,
    size: f64,
}

impl Market {
    /// The market that all `plans` share; there is at least one.
    pub fn new<'a>(mut plans: impl Iterator<Item = &'a Plan>, width: Width) -> Market {
        let plan = plans.next().expect("a market of at least one plan");
        let valued = needs_value(plan) || plans.any(needs_value);
        let n = plan.asset_count() + 1;
        let sd: Vec<f64> = plan.factors().map(|f| f.log_sd_per_day()).collect();
        let entry = |f: usize, k: usize| sd[f] * plan.correlation_root[f * n + k];
        let drawn: Vec<usize> = (0..n)
            .filter(|&k| (0..n).any(|f| entry(f, k).abs() > 0.0))
            .collect();
        let tiles = (plan.days as usize).div_ceil(TILE_DAYS);
        let kind = |jumps: Jumps, purpose, moves| JumpKind {
            jumps,
            purpose,
            moves,
            strikes: (0..tiles).map(|_| Vec::new()).collect(),
        };
        let mut jumps: Vec<JumpKind> = plan
            .factors()
            .enumerate()
            .map(|(f, factor)| kind(factor.jumps, Purpose::Jumps(f), vec![(f, 1.0)]))
            .collect();
        let shared = plan.shared_jumps.loading.iter().copied().enumerate();
        jumps.push(kind(
            plan.shared_jumps.jumps,
            Purpose::SharedJumps,
            shared.filter(|(_, loading)| loading.abs() > 0.0).collect(),
        ));
        jumps.retain(|kind| kind.jumps.per_year > 0.0 && !kind.moves.is_empty());
        let keep_jumps = plan.monitoring == Monitoring::Continuous && !jumps.is_empty();
        Market {
            width,
            drift: plan.log_drift_per_day(),
            loading: (0..n)
                .map(|f| {
                    let all = drawn.iter().enumerate().map(|(at, &k)| (entry(f, k), at));
                    all.filter(|(loading, _)| loading.abs() > 0.0).collect()
                })
                .collect(),
            start: plan.factors().map(|f| libm::log(f.start)).collect(),
            varied: None,
            streams: Vec::new(),
            jumps,
            keep_jumps,
            priced: (0..n).map(|f| f + 1 < n || valued).collect(),
            normal: drawn.iter().map(|_| column()).collect(),
            drawn,
            state: vec![[0.0; LANES]; n],
            jumped: column(),
            log_value: column(),
            price: (0..n).map(|_| column()).collect(),
            jump: (0..if keep_jumps { n } else { 0 })
                .map(|_| column())
                .collect(),
            first_day: 1,
            days: 0,
        }
    }

    /// Goes to day 0 of the block of paths that starts at `path`. `lanes` has a plan for each
    /// lane where parameters are uncertain, and is empty otherwise.
    pub fn open(&mut self, plan: &Plan, seed: Seed, path: u64, lanes: &[Plan]) {
        self.varied = (!lanes.is_empty()).then(|| VariedMarket::of(lanes, &self.drawn));
        for (state, start) in self.state.iter_mut().zip(&self.start) {
            *state = [*start; LANES];
        }
        if let Some(varied) = &self.varied {
            self.state.clone_from(&varied.start);
        }
        self.streams.clear();
        let purposes = self.drawn.iter().map(|&k| Purpose::Diffusion(k));
        self.streams
            .extend(purposes.map(|p| LaneStreams::new(self.width, seed, p, path)));
        for kind in &mut self.jumps {
            kind.draw(
                self.width,
                LaneStreams::new(self.width, seed, kind.purpose, path),
                plan.days,
                lanes,
            );
        }
        (self.first_day, self.days) = (1, 0);
    }

    /// Plays the next tile; false after the last day.
    pub fn step(&mut self, plan: &Plan) -> bool {
        self.first_day += self.days as u32;
        self.days = ((plan.days + 1).saturating_sub(self.first_day) as usize).min(TILE_DAYS);
        if self.days == 0 {
            return false;
        }
        let days = self.days;
        for (streams, column) in self.streams.iter_mut().zip(&mut self.normal) {
            normals(self.width, streams, &mut column[..days]);
        }
        for f in 0..self.state.len() {
            let struck = self.strike(f);
            let is_value = f + 1 == self.state.len();
            let jumped = &mut self.jumped[..days];
            let state = &mut self.state[f];
            let price = self.priced[f].then(|| &mut self.price[f][..days]);
            if let Some(varied) = &self.varied {
                let terms: Vec<(&Row, &[Row])> = varied.loading[f]
                    .iter()
                    .zip(&self.normal)
                    .filter(|(loading, _)| loading.iter().any(|x| x.abs() > 0.0))
                    .map(|(loading, column)| (loading, &column[..days]))
                    .collect();
                calm(struck, jumped);
                // Where the jumps were the logarithms are then.
                varied::advance(self.width, &varied.drift[f], &terms, state, jumped, price);
                if is_value {
                    self.log_value[..days].copy_from_slice(jumped);
                }
                continue;
            }
            let steps = Steps {
                drift: self.drift[f],
                loadings: &self.loading[f],
                normals: &self.normal,
                struck,
                jumped,
            };
            let log = is_value.then(|| &mut self.log_value[..days]);
            advance(self.width, &steps, state, log, price);
        }
        true
    }

    /// Prices of the assets in one cell of the tile.
    pub fn prices(&self, day: usize, lane: usize, out: &mut [f64]) {
        for (price, column) in out.iter_mut().zip(&self.price) {
            *price = column[day][lane];
        }
    }

    /// The logarithm of each factor of one lane where the tiles so far have led.
    pub fn end(&self, lane: usize) -> impl Iterator<Item = f64> {
        self.state.iter().map(move |row| row[lane])
    }

    /// Each factor of all lanes where the tiles so far have led.
    pub fn ends(&self) -> Vec<Row> {
        let mut ends = self.state.clone();
        exponentials(self.width, &mut ends);
        ends
    }

    /// Gathers what jumps do to one factor in the tile. Gives the days that they strike, as bits;
    /// the column is stale on others.
    fn strike(&mut self, f: usize) -> u64 {
        let tile = (self.first_day as usize - 1) / TILE_DAYS;
        let mut struck = 0;
        for kind in &self.jumps {
            for &(_, loading) in kind.moves.iter().filter(|(moved, _)| *moved == f) {
                let strikes = &kind.strikes[tile];
                struck = strike(self.width, strikes, loading, struck, &mut self.jumped);
            }
        }
        if self.keep_jumps {
            self.jump[f].copy_from_slice(&self.jumped);
            calm(struck, &mut self.jump[f]);
        }
        struck
    }
}

kernel! {
    /// Adds the strikes of a tile to a factor's column. The days struck so far are the bits of
    /// `struck`, which it gives back with today's; on any other day the column's row is stale.
    fn strike(strikes: &[Strike], loading: f64, struck: u64, column: &mut [Row]) -> u64 {
        let mut struck = struck;
        for strike in strikes {
            let row = &mut column[usize::from(strike.day_of_tile)];
            if struck >> strike.day_of_tile & 1 == 0 {
                struck |= 1 << strike.day_of_tile;
                *row = [0.0; LANES];
            }
            row[usize::from(strike.lane)] += loading * strike.size;
        }
        struck
    }
}

/// Whether a plan asks for the value at risk beside its logarithm.
fn needs_value(plan: &Plan) -> bool {
    plan.record != Record::MinMargin
        || plan.attacks.iter().any(|attack| {
            let by_value = matches!(
                attack.take,
                Take::ShareOfValue { .. } | Take::RateLimited { .. }
            );
            let at_opportunities = attack.take.is_random() && attack.when != When::Standing;
            by_value || at_opportunities || attack.cap.by_value()
        })
}

impl JumpKind {
    /// The same kind of jumps in another plan.
    fn jumps_of<'a>(&self, plan: &'a Plan) -> &'a Jumps {
        match self.purpose {
            Purpose::Jumps(f) if f == plan.asset_count() => &plan.value.jumps,
            Purpose::Jumps(f) => &plan.assets[f].jumps,
            _ => &plan.shared_jumps.jumps,
        }
    }

    /// Draws all strikes of a block: round by round, the next one of every lane.
    fn draw(&mut self, width: Width, mut streams: LaneStreams, days: u32, lanes: &[Plan]) {
        for tile in &mut self.strikes {
            tile.clear();
        }
        let rate_of = |jumps: &Jumps| -libm::log1p(-jumps.probability_per_day());
        let rate = rate_of(&self.jumps);
        let mut rates = [rate; LANES];
        for (rate, plan) in rates.iter_mut().zip(lanes) {
            *rate = rate_of(self.jumps_of(plan));
        }
        let mut day = [0.0; LANES];
        let mut size = [0.0; LANES];
        // A round moves every lane by a day at least, so there are at most `days` of them.
        for _ in 0..days {
            let (mean, sd) = (self.jumps.log_mean, self.jumps.log_sd);
            let last = f64::from(days);
            let mut mask = if lanes.is_empty() {
                geometric_round(
                    width,
                    &mut streams,
                    rate,
                    mean,
                    sd,
                    last,
                    &mut day,
                    &mut size,
                )
            } else {
                varied::geometric_round(width, &mut streams, &rates, mean, sd, &mut day, &mut size);
                lanes_until(last, &day)
            };
            let any = mask != 0;
            while mask != 0 {
                let lane = mask.trailing_zeros() as usize;
                mask &= mask - 1;
                // Days fit: a conversion to 32 bits is one instruction.
                let index = day[lane] as i32 as usize - 1;
                self.strikes[index / TILE_DAYS].push(Strike {
                    day_of_tile: (index % TILE_DAYS) as u16,
                    lane: lane as u16,
                    size: size[lane],
                });
            }
            if !any {
                return;
            }
        }
    }
}
