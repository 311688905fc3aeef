//! What attacks would take, in columns, and the opportunities that arrive.

use super::fault::lanes_without_number;
use super::kernels::{
    Column, TILE_DAYS, arrival_round, cap, column, linear, lognormals, rate_limited, shift,
};
use super::market::Market;
use super::varied::VariedTake;
use super::{Attack, Drawn, Plan, Take, When};
use crate::economics::heavy_tail::ParetoTake;
use crate::random::lanes::{LANES, LaneStreams, Row, Width, normals};
use crate::random::{Purpose, Seed, math};
use crate::units::DAYS_PER_YEAR;

/// The profit of one attack over a block of paths. Designs that share an attack share it.
pub(super) struct Profit {
    index: usize,
    attack: Attack,
    /// The attack of each lane, where parameters are uncertain; empty otherwise.
    lanes: Vec<Attack>,
    varied: Option<VariedTake>,
    marks: Option<LaneStreams>,
    /// Profit at the end of each day, USD; unused if it is drawn at each opportunity.
    pub daily: Column,
    opportunities: Vec<Vec<Opportunity>>,
    /// Of the present tile: `first[day * LANES + lane]..` of the next are its opportunities.
    first: Vec<u32>,
    sorted: Vec<f64>,
}

/// One opportunity, with the normal that its size follows from.
#[derive(Clone, Copy)]
struct Opportunity {
    cell: u32,
    z: f64,
}

/// The heavy tail of each lane: its own where parameters are uncertain.
fn heavy_tails(common: ParetoTake, lanes: &[Attack]) -> [ParetoTake; LANES] {
    let mut laws = [common; LANES];
    for (law, attack) in laws.iter_mut().zip(lanes) {
        if let Take::Pareto(own) = attack.take {
            *law = own;
        }
    }
    laws
}

/// Changes each number; for what is too rare to have a kernel.
fn each(column: &mut [Row], change: impl Fn(f64) -> f64) {
    for row in column {
        for x in row {
            *x = change(*x);
        }
    }
}

/// Whether the profit is drawn at each opportunity rather than each day.
fn at_opportunities(attack: &Attack) -> bool {
    attack.take.is_random() && attack.when != When::Standing
}

impl Profit {
    pub fn new(index: usize, attack: &Attack, days: u32) -> Profit {
        let tiles = match attack.when {
            When::Standing => 0,
            When::Poisson { .. } => (days as usize).div_ceil(TILE_DAYS),
        };
        Profit {
            index,
            attack: *attack,
            lanes: Vec::new(),
            varied: None,
            marks: None,
            daily: column(),
            opportunities: (0..tiles).map(|_| Vec::new()).collect(),
            first: vec![0; TILE_DAYS * LANES + 1],
            sorted: Vec::new(),
        }
    }

    /// Whether the other attack, at the same place of its plan, takes the same at the same time.
    pub fn serves(&self, index: usize, attack: &Attack) -> bool {
        let mine = &self.attack;
        self.index == index
            && (mine.take, mine.cap, mine.when) == (attack.take, attack.cap, attack.when)
            && mine.extra_profit_usd.to_bits() == attack.extra_profit_usd.to_bits()
    }

    /// Goes to day 0 of a block. `drawn` has the parameters of each lane where they are
    /// uncertain, and is empty otherwise.
    pub fn open(&mut self, plan: &Plan, width: Width, seed: Seed, path: u64, drawn: &[Drawn]) {
        self.lanes.clear();
        // Who is slashed how often is no matter of what is taken: the race is left out.
        self.lanes
            .extend(drawn.iter().map(|drawn| drawn.attack(&self.attack, None)));
        self.varied = (!drawn.is_empty()).then(|| VariedTake::of(&self.lanes));
        self.marks = self
            .attack
            .take
            .is_random()
            .then(|| LaneStreams::new(width, seed, Purpose::Mark(self.index), path));
        if let When::Poisson { per_year } = self.attack.when {
            self.draw_opportunities(width, plan.days, per_year, seed, path);
        }
    }

    fn draw_opportunities(
        &mut self,
        width: Width,
        days: u32,
        per_year: f64,
        seed: Seed,
        path: u64,
    ) {
        for tile in &mut self.opportunities {
            tile.clear();
        }
        if per_year <= 0.0 {
            return;
        }
        let mut streams = LaneStreams::new(width, seed, Purpose::Arrivals(self.index), path);
        let (mut time, mut z) = ([0.0; LANES], [[0.0; LANES]]);
        loop {
            match &self.varied {
                None => arrival_round(width, &mut streams, DAYS_PER_YEAR / per_year, &mut time),
                Some(varied) => varied.arrival_round(width, &mut streams, &mut time),
            }
            if let Some(marks) = &mut self.marks {
                normals(width, marks, &mut z);
            }
            let mut any = false;
            for lane in 0..LANES {
                if time[lane] < f64::from(days) {
                    any = true;
                    let day = time[lane] as usize;
                    self.opportunities[day / TILE_DAYS].push(Opportunity {
                        cell: (day % TILE_DAYS * LANES + lane) as u32,
                        z: z[0][lane],
                    });
                }
            }
            if !any {
                return;
            }
        }
    }

    /// Computes the tile that the market stands on.
    pub fn step(&mut self, width: Width, market: &Market) {
        let days = market.days;
        let value = &market.price[market.price.len() - 1][..days];
        let log_value = &market.log_value[..days];
        if !at_opportunities(&self.attack) {
            let out = &mut self.daily[..days];
            match self.attack.take {
                Take::Constant { usd } => match &self.varied {
                    None => linear(width, usd, &[], out),
                    Some(varied) => varied.constant(out),
                },
                Take::ShareOfValue { share } => linear(width, 0.0, &[(share, value)], out),
                Take::RateLimited {
                    share,
                    most_usd,
                    usd_per_day,
                    mean_days_to_detection,
                    pause_days,
                } => {
                    linear(width, 0.0, &[(share, value)], out);
                    if most_usd < f64::INFINITY {
                        match &self.varied {
                            None => each(out, |usd| if usd > most_usd { most_usd } else { usd }),
                            Some(varied) => varied.at_most(out),
                        }
                    }
                    match &self.varied {
                        None => {
                            rate_limited(
                                width,
                                usd_per_day,
                                mean_days_to_detection,
                                pause_days,
                                out,
                            );
                        }
                        Some(varied) => varied.rate_limited(width, usd_per_day, pause_days, out),
                    }
                }
                Take::LognormalShareOfValue { log_mean, log_sd } => {
                    normals(
                        width,
                        self.marks.as_mut().expect("a random take has marks"),
                        out,
                    );
                    match &self.varied {
                        None => lognormals(width, log_value, log_mean, log_sd, out),
                        Some(varied) => varied.lognormals(width, log_value, log_sd, out),
                    }
                }
                Take::Pareto(law) => {
                    normals(
                        width,
                        self.marks.as_mut().expect("a random take has marks"),
                        out,
                    );
                    let laws = heavy_tails(law, &self.lanes);
                    for row in out.iter_mut() {
                        for (x, law) in row.iter_mut().zip(&laws) {
                            *x = law.at_normal(*x);
                        }
                    }
                }
                Take::LognormalUsd { log_mean, log_sd } => {
                    normals(
                        width,
                        self.marks.as_mut().expect("a random take has marks"),
                        out,
                    );
                    let nothing = &[[0.0; LANES]; TILE_DAYS][..days];
                    match &self.varied {
                        None => lognormals(width, nothing, log_mean, log_sd, out),
                        Some(varied) => varied.lognormals(width, nothing, log_sd, out),
                    }
                }
            }
            if self.attack.cap.by_value() {
                cap(width, value, out);
            }
            let most = self.attack.cap.fixed_usd();
            if most < f64::INFINITY {
                each(out, |usd| if usd > most { most } else { usd });
            }
            if self.attack.extra_profit_usd.abs() > 0.0 {
                shift(width, self.attack.extra_profit_usd, out);
            }
        }
        if self.attack.when != When::Standing {
            self.sort_opportunities(market);
        }
    }

    /// Brings the tile's opportunities into the order of day, lane and arrival.
    fn sort_opportunities(&mut self, market: &Market) {
        let index = (market.first_day as usize - 1) / TILE_DAYS;
        let mut tile = std::mem::take(&mut self.opportunities[index]);
        tile.sort_by_key(|o| o.cell);
        self.first.fill(0);
        for o in tile.iter() {
            self.first[o.cell as usize + 1] += 1;
        }
        for cell in 1..self.first.len() {
            self.first[cell] += self.first[cell - 1];
        }
        self.sorted.clear();
        let drawn = at_opportunities(&self.attack);
        for o in tile.iter() {
            let (day, lane) = (o.cell as usize / LANES, o.cell as usize % LANES);
            let profit = if drawn {
                self.size(market, day, lane, o.z)
            } else {
                self.daily[day][lane]
            };
            self.sorted.push(profit);
        }
        self.opportunities[index] = tile;
    }

    fn size(&self, market: &Market, day: usize, lane: usize, z: f64) -> f64 {
        let last = market.price.len() - 1;
        let attack = self.lanes.get(lane).unwrap_or(&self.attack);
        let take = match attack.take {
            Take::LognormalShareOfValue { log_mean, log_sd } => {
                math::exp(market.log_value[day][lane] + z.mul_add(log_sd, log_mean))
            }
            Take::LognormalUsd { log_mean, log_sd } => math::exp(z.mul_add(log_sd, log_mean)),
            Take::Pareto(law) => law.at_normal(z),
            Take::Constant { .. } | Take::ShareOfValue { .. } | Take::RateLimited { .. } => {
                unreachable!("a known take is not drawn")
            }
        };
        let most = self.attack.cap.ceiling_usd(market.price[last][day][lane]);
        let take = if take > most { most } else { take };
        take + self.attack.extra_profit_usd
    }

    /// Profits of the opportunities of one day and lane, in the order of their arrival.
    pub fn arrivals(&self, day: usize, lane: usize) -> &[f64] {
        let cell = day * LANES + lane;
        &self.sorted[self.first[cell] as usize..self.first[cell + 1] as usize]
    }

    /// Its place among the plan's attacks.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The first lane that has a profit in the tile which is no number.
    pub fn without_number(&self, width: Width, days: usize) -> Option<usize> {
        let mut lanes = 0;
        if at_opportunities(&self.attack) {
            for lane in 0..LANES {
                let mut all = (0..days).flat_map(|day| self.arrivals(day, lane));
                lanes |= u64::from(all.any(|profit| profit.is_nan())) << lane;
            }
        } else {
            lanes = lanes_without_number(width, &self.daily[..days]);
        }
        (lanes != 0).then(|| lanes.trailing_zeros() as usize)
    }

    /// The day's profit, if there is one without an opportunity.
    pub fn known_row(&self, day: usize) -> Option<&Row> {
        (!at_opportunities(&self.attack)).then(|| &self.daily[day])
    }
}
