//! Blocks of paths side by side, tile of days by tile of days.

use super::bridge::{Bridge, log_uniforms};
use super::costing::{Costing, Finder, Values, proportional};
use super::critical::{Bounds, Critical};
use super::ensemble::Ensemble;
use super::kernels::{Column, MinMargin, column, log_ratios, smallest_margins};
use super::largest::Deciding;
use super::market::Market;
use super::outcome::{CostOutcome, PathOutcome};
use super::profit::Profit;
use super::proof::Proofs;
use super::tally::{Cell, Sight, Tally, bridged};
use super::{Attack, Coalition, Cost, Drawn, NEVER, NotANumber, Plan, Record, formulas, varied};
use crate::random::lanes::{LANES, LaneStreams, Width, uniforms};
use crate::random::{Purpose, Seed, Stream};
use std::ops::Range;

/// A plan with what is worked out once for all its paths.
pub(super) struct Prepared<'a> {
    plan: &'a Plan,
    proofs: Proofs,
    /// Day 0 of each way of counting and each attack, in this order; empty if nobody asks.
    start: Vec<Start>,
}

/// Day 0 of one way of counting and one attack.
#[derive(Clone)]
struct Start {
    insecure: bool,
    log_ratio: f64,
    exposure: Vec<f64>,
}

impl<'a> Prepared<'a> {
    pub fn new(plan: &'a Plan) -> Prepared<'a> {
        let mut prepared = Prepared {
            plan,
            proofs: Proofs::new(plan),
            start: Vec::new(),
        };
        let (mut costing, mut values) = (Costing::new(plan), Values::default());
        prepared.start = starts(plan, &prepared.proofs, &mut costing, &mut values);
        prepared
    }
}

/// Day 0 of each way of counting and each attack; nothing if nobody looks within days.
fn starts(plan: &Plan, proofs: &Proofs, costing: &mut Costing, values: &mut Values) -> Vec<Start> {
    let mut all = Vec::new();
    if plan.attacks.iter().any(|a| bridged(plan, a)) {
        for (c, &cost) in plan.costs.iter().enumerate() {
            for k in 0..plan.attacks.len() {
                all.push(start(plan, proofs, costing, values, (c, cost), k));
            }
        }
    }
    all
}

fn start(
    plan: &Plan,
    proofs: &Proofs,
    costing: &mut Costing,
    values: &mut Values,
    (c, cost): (usize, Cost),
    k: usize,
) -> Start {
    let attack: &Attack = &plan.attacks[k];
    let prices: Vec<f64> = plan.assets.iter().map(|a| a.start).collect();
    values.at(plan, &prices);
    let target = values.price(plan, cost, attack, 1.0);
    let proven = proportional(plan, cost) && proofs.gap(attack.threshold, &prices).is_some();
    let coc = if proven {
        values.continuum(target)
    } else {
        values.exact(plan, target).0
    };
    let (bound, mut exposure) = if proportional(plan, cost) {
        let bound = match plan.coalition {
            Coalition::Entities => values.continuum(target),
            Coalition::Pooled | Coalition::LargestFirst => coc,
        };
        (bound, mix(plan, &prices))
    } else {
        costing.bound_at(plan, general(plan, c, k), &prices)
    };
    let (profit, elasticity) = if bridged(plan, attack) {
        super::reference::known_profit(attack, plan.value.start)
    } else {
        (0.0, 0.0)
    };
    exposure.push(-elasticity);
    Start {
        insecure: coc < profit,
        log_ratio: formulas::log_ratio(bound, profit),
        exposure,
    }
}

/// All memory that a run of blocks needs, taken once: the market, and each design in it.
pub(super) struct Engine<'a> {
    plans: &'a [Prepared<'a>],
    seed: Seed,
    width: Width,
    market: Market,
    profits: Vec<Profit>,
    designs: Vec<Design>,
    bridge: Column,
    values: Values,
}

/// One design of a run.
struct Design {
    /// Index into the engine's profits, one for each attack.
    profits: Vec<usize>,
    costing: Costing,
    /// `ln(bound / profit)` for each way of counting and each attack, in this order.
    log_ratio: Vec<Column>,
    /// The moments within days, if anybody looks there.
    bridge: Option<Bridge>,
    /// The smallest margins alone, if that is all that is asked and columns suffice.
    fast: Option<Vec<MinMargin>>,
    /// The smallest log ratios alone, if that is all that is asked and columns suffice.
    critical: Option<Vec<Critical>>,
    /// One account for each way of counting and each lane.
    tallies: Vec<Tally>,
    /// The plan of each lane, where parameters are uncertain; empty otherwise.
    lanes: Vec<Plan>,
}

impl<'a> Engine<'a> {
    /// # Panics
    /// If the plans do not share one market.
    pub fn new(plans: &'a [Prepared<'a>], seed: Seed, width: Width) -> Engine<'a> {
        let market = plans[0].plan;
        let mut profits: Vec<Profit> = Vec::new();
        let mut designs = Vec::new();
        for Prepared { plan, .. } in plans {
            assert!(
                plan.shares_market(market),
                "designs of one run must share one market"
            );
            let mut indices = Vec::new();
            for (k, attack) in plan.attacks.iter().enumerate() {
                let known = profits.iter().position(|p| p.serves(k, attack));
                indices.push(known.unwrap_or(profits.len()));
                if known.is_none() {
                    profits.push(Profit::new(k, attack, plan.days));
                }
            }
            designs.push(Design::new(plan, indices));
        }
        Engine {
            plans,
            seed,
            width,
            market: Market::new(plans.iter().map(|prepared| prepared.plan), width),
            profits,
            designs,
            bridge: column(),
            values: Values::default(),
        }
    }

    /// Plays paths and appends them to one ensemble for each plan.
    pub fn play(&mut self, paths: Range<u64>, into: &mut [Ensemble]) {
        let mut path = paths.start;
        while path < paths.end {
            let count = (paths.end - path).min(LANES as u64) as usize;
            self.block(path, count, into);
            path += count as u64;
        }
    }

    fn block(&mut self, path: u64, count: usize, into: &mut [Ensemble]) {
        let market_plan = self.plans[0].plan;
        let uncertainty = &market_plan.uncertainty;
        let drawn: Vec<Drawn> = if uncertainty.is_none() {
            Vec::new()
        } else {
            (path..path + LANES as u64)
                .map(|path| uncertainty.draw(self.seed, path))
                .collect()
        };
        for (design, plan) in self.designs.iter_mut().zip(self.plans) {
            design.open(plan, self.width, &drawn, &mut self.values);
        }
        let lanes = &self.designs[0].lanes;
        self.market.open(market_plan, self.seed, path, lanes);
        for profit in &mut self.profits {
            profit.open(market_plan, self.width, self.seed, path, &drawn);
        }
        let bridging = self.designs.iter().any(|design| design.bridge.is_some());
        let mut bridge =
            bridging.then(|| LaneStreams::new(self.width, self.seed, Purpose::Bridge, path));
        // The fast accounts look for themselves.
        let watching = self.designs.iter().any(|design| design.fast.is_none());
        while self.market.step(market_plan) {
            let days = self.market.days;
            if let Some(bridge) = &mut bridge {
                uniforms(self.width, bridge, &mut self.bridge[..days]);
                log_uniforms(self.width, &mut self.bridge[..days]);
            }
            for profit in &mut self.profits {
                profit.step(self.width, &self.market);
                if !watching {
                    continue;
                }
                let lane = profit.without_number(self.width, days);
                if let Some(lane) = lane.filter(|lane| *lane < count) {
                    let what = format!("the profit of attack {}", profit.index());
                    let path = path + lane as u64;
                    let seed = self.seed;
                    NotANumber { seed, path, what }.stop();
                }
            }
            for ((design, plan), ensemble) in
                self.designs.iter_mut().zip(self.plans).zip(into.iter_mut())
            {
                design.step(
                    plan.plan,
                    self.width,
                    &self.market,
                    &self.profits,
                    &self.bridge,
                );
                let (market, profits) = (&self.market, &self.profits);
                if design.critical.is_some() {
                    design.look(plan, self.width, market, profits, count, &mut self.values);
                } else if design.fast.is_none() {
                    design.account(plan, market, profits, count, ensemble, &mut self.values);
                }
            }
        }
        let quick = self.market.ends();
        for ((design, plan), ensemble) in
            self.designs.iter_mut().zip(self.plans).zip(into.iter_mut())
        {
            // Where they are not kept, the last prices are there to be checked.
            let ends = |lane: usize| match plan.plan.record {
                Record::Full => self.market.end(lane).map(libm::exp).collect(),
                Record::MinMargin | Record::Critical => quick.iter().map(|row| row[lane]).collect(),
            };
            let values = &mut self.values;
            design.close(plan.plan, self.seed, &ends, path, count, ensemble, values);
        }
    }
}

impl Design {
    fn new(plan: &Plan, profits: Vec<usize>) -> Design {
        let certain = plan.uncertainty.is_none();
        let columns_suffice = certain
            && plan.record == Record::MinMargin
            && plan.coalition != Coalition::Entities
            && plan.costs.iter().all(|&c| proportional(plan, c))
            && plan
                .attacks
                .iter()
                .all(|a| !(a.take.is_random() && a.when != super::When::Standing));
        // What all stake costs grows with it, whatever a vote costs: a ratio is a scale.
        let ratios_suffice =
            plan.record == Record::Critical && plan.costs.iter().all(|&c| c == Cost::WholeStake);
        let pairs = plan.costs.len() * plan.attacks.len();
        let ratios = if columns_suffice { 0 } else { pairs };
        let bridges = !columns_suffice && plan.attacks.iter().any(|a| bridged(plan, a));
        Design {
            profits,
            costing: Costing::new(plan),
            log_ratio: (0..ratios).map(|_| column()).collect(),
            bridge: bridges.then(|| Bridge::new(plan, pairs)),
            fast: columns_suffice.then(|| plan.costs.iter().map(|_| MinMargin::new()).collect()),
            critical: ratios_suffice.then(|| {
                let attacks = plan.attacks.len();
                plan.costs.iter().map(|_| Critical::new(attacks)).collect()
            }),
            tallies: Vec::new(),
            lanes: if certain {
                Vec::new()
            } else {
                vec![plan.clone(); LANES]
            },
        }
    }

    /// Goes to day 0 of a block. `drawn` has the parameters of each lane where they are
    /// uncertain, and is empty otherwise.
    fn open(&mut self, prepared: &Prepared, width: Width, drawn: &[Drawn], values: &mut Values) {
        let plan = prepared.plan;
        self.costing.open();
        for (lane, drawn) in self.lanes.iter_mut().zip(drawn) {
            plan.vary(drawn, lane);
        }
        if let Some(fast) = &mut self.fast {
            fast.fill(MinMargin::new());
            return;
        }
        // Day 0 is the same for all paths of one plan.
        let starts: Vec<Vec<Start>> = if self.lanes.is_empty() {
            vec![prepared.start.clone(); LANES]
        } else {
            let lanes = self.lanes.iter();
            lanes
                .map(|plan| starts(plan, &prepared.proofs, &mut self.costing, values))
                .collect()
        };
        if let Some(bridge) = &mut self.bridge {
            if !self.lanes.is_empty() {
                bridge.vary(&self.lanes);
            }
            #[expect(
                clippy::needless_range_loop,
                reason = "the index is that of the lists inside"
            )]
            for index in 0..starts[0].len() {
                let at = |lane: usize| &starts[lane][index];
                bridge.begin(width, index, |lane| {
                    (at(lane).log_ratio, &at(lane).exposure)
                });
            }
        }
        if let Some(critical) = &mut self.critical {
            critical.iter_mut().for_each(Critical::open);
            return;
        }
        self.tallies.clear();
        self.tallies
            .resize_with(plan.costs.len() * LANES, Tally::new);
        for (lane, starts) in starts.iter().enumerate() {
            for (index, start) in starts.iter().enumerate() {
                let c = index / plan.attacks.len();
                self.tallies[c * LANES + lane].begin(start.insecure);
            }
        }
    }

    /// The columns of a tile.
    fn step(
        &mut self,
        plan: &Plan,
        width: Width,
        market: &Market,
        profits: &[Profit],
        log_uniform: &Column,
    ) {
        let days = market.days;
        if let Some(fast) = &mut self.fast {
            let first_day = f64::from(market.first_day);
            self.costing.all_stake(width, market);
            for best in fast {
                for (k, attack) in plan.attacks.iter().enumerate() {
                    let profit = &profits[self.profits[k]].daily[..days];
                    if plan.coalition == Coalition::LargestFirst {
                        let attack = Deciding {
                            index: k,
                            share: attack.burned_share,
                            threshold: plan.thresholds[attack.threshold],
                        };
                        self.costing
                            .largest_where_it_matters(width, market, &attack, profit, best);
                        continue;
                    }
                    let share = attack.burned_share * plan.thresholds[attack.threshold];
                    smallest_margins(
                        width,
                        share,
                        &self.costing.pool[..days],
                        profit,
                        first_day,
                        k as f64,
                        best,
                    );
                }
            }
            return;
        }
        self.costing.step(plan, width, market, &self.lanes);
        for (c, &cost) in plan.costs.iter().enumerate() {
            for (k, attack) in plan.attacks.iter().enumerate() {
                let profit = &profits[self.profits[k]];
                if profit.known_row(0).is_none() {
                    continue;
                }
                let (share, stake) = if proportional(plan, cost) {
                    (attack.burned_share, &self.costing.stake[attack.threshold])
                } else {
                    (1.0, &self.costing.general[general(plan, c, k)].bound)
                };
                let out = &mut self.log_ratio[c * plan.attacks.len() + k][..days];
                let (stake, profit) = (&stake[..days], &profit.daily[..days]);
                if self.lanes.is_empty() {
                    log_ratios(width, share, stake, profit, out);
                } else {
                    let shares = std::array::from_fn(|lane| {
                        if proportional(plan, cost) {
                            self.lanes[lane].attacks[k].burned_share
                        } else {
                            1.0
                        }
                    });
                    varied::log_ratios(width, &shares, stake, profit, out);
                }
            }
        }
        if let Some(bridge) = &mut self.bridge {
            let value = plan.asset_count();
            for (c, &cost) in plan.costs.iter().enumerate() {
                let mut exposed = false;
                for (k, attack) in plan.attacks.iter().enumerate() {
                    if !bridged(plan, attack) {
                        continue;
                    }
                    // Where cost is proportional to votes all attacks are exposed alike.
                    if !(exposed && proportional(plan, cost)) {
                        let assets = &mut bridge.exposure[..value];
                        self.costing.exposures(plan, width, c, k, market, assets);
                        exposed = true;
                    }
                    let daily = &profits[self.profits[k]].daily;
                    for (row, exposure) in bridge.exposure[value][..days].iter_mut().enumerate() {
                        for (lane, x) in exposure.iter_mut().enumerate() {
                            let price = market.price[value][row][lane];
                            let attack = attack_of(&self.lanes, lane, attack, k);
                            *x = -formulas::value_elasticity(attack, price, daily[row][lane]);
                        }
                    }
                    let index = c * plan.attacks.len() + k;
                    let ratio = &self.log_ratio[index][..days];
                    bridge.step(width, index, ratio, &market.jump, log_uniform);
                }
            }
        }
    }

    /// Looks at the smallest log ratios of a tile.
    fn look(
        &mut self,
        prepared: &Prepared,
        width: Width,
        market: &Market,
        profits: &[Profit],
        count: usize,
        values: &mut Values,
    ) {
        let plan = prepared.plan;
        let (first, days) = (market.first_day, market.days);
        let horizon = (plan.horizon_days + 1)
            .checked_sub(first)
            .map(|rows| rows as usize)
            .filter(|rows| (1..=days).contains(rows));
        let (costing, bridge, lanes) = (&self.costing, &self.bridge, &self.lanes[..]);
        for (c, account) in self.critical.iter_mut().flatten().enumerate() {
            for (k, attack) in plan.attacks.iter().enumerate() {
                let index = c * plan.attacks.len() + k;
                let bridge = bridge.as_ref().filter(|_| bridged(plan, attack));
                let bounds = Bounds {
                    profit: &profits[self.profits[k]],
                    ratio: &self.log_ratio[index],
                    dip: bridge.map(|bridge| bridge.dip(index)),
                    gap: costing.gaps(plan, c, attack).map(|gap| &gap[..]),
                };
                let bound_at = |row, lane| {
                    let attack = attack_of(lanes, lane, attack, k);
                    costing.cell(plan, c, k, attack, row, lane).0
                };
                account.look(
                    width,
                    k,
                    count,
                    days,
                    horizon,
                    &bounds,
                    &bound_at,
                    &mut |row, lane, known| {
                        let bound = bound_at(row, lane);
                        let finder = Finder {
                            plan: lanes.get(lane).unwrap_or(plan),
                            cost: plan.costs[c],
                            attack: attack_of(lanes, lane, attack, k),
                            by_size: &costing.by_size,
                            proofs: &prepared.proofs,
                        };
                        finder.search(market, (row, lane), bound, values, known)
                    },
                );
            }
        }
    }

    /// Enters a tile into the accounts of the block's paths.
    fn account(
        &mut self,
        prepared: &Prepared,
        market: &Market,
        profits: &[Profit],
        count: usize,
        ensemble: &mut Ensemble,
        values: &mut Values,
    ) {
        let plan = prepared.plan;
        let attacks = plan.attacks.len();
        let fan_days: Vec<Option<usize>> = (0..market.days)
            .map(|row| {
                plan.fan_days
                    .binary_search(&(market.first_day + row as u32))
                    .ok()
            })
            .collect();
        let by_size = std::mem::take(&mut self.costing.by_size);
        for (c, &cost) in plan.costs.iter().enumerate() {
            let fan = &mut ensemble.costs[c].fan;
            for lane in 0..count {
                let plan = self.lanes.get(lane).unwrap_or(plan);
                let tally = &mut self.tallies[c * LANES + lane];
                for (row, &fan_day) in fan_days.iter().enumerate().take(market.days) {
                    let cell = Cell {
                        plan,
                        market,
                        cost,
                        day: market.first_day + row as u32,
                        row,
                        lane,
                        fan: fan_day,
                        by_size: &by_size,
                        proofs: &prepared.proofs,
                        pool: self.costing.pool[row][lane],
                    };
                    let sight = |k: usize| {
                        let attack = &plan.attacks[k];
                        let (bound, gap) = self.costing.cell(plan, c, k, attack, row, lane);
                        Sight {
                            profit: &profits[self.profits[k]],
                            bound,
                            gap,
                            log_ratio: self.log_ratio[c * attacks + k][row][lane],
                            dip: match &self.bridge {
                                Some(bridge) if bridged(plan, attack) => {
                                    bridge.dip(c * attacks + k)[row][lane]
                                }
                                _ => 0.0,
                            },
                        }
                    };
                    // A few attacks, the usual case, need no list on the heap.
                    match attacks {
                        1 => tally.day(&cell, &[sight(0)], values, fan),
                        2 => tally.day(&cell, &[sight(0), sight(1)], values, fan),
                        3 => tally.day(&cell, &[sight(0), sight(1), sight(2)], values, fan),
                        _ => {
                            let sights: Vec<Sight> = (0..attacks).map(sight).collect();
                            tally.day(&cell, &sights, values, fan);
                        }
                    }
                }
            }
        }
        self.costing.by_size = by_size;
    }

    /// Appends the block's paths to the ensemble.
    #[expect(clippy::too_many_arguments, reason = "what a block consists of")]
    fn close(
        &mut self,
        plan: &Plan,
        seed: Seed,
        ends: &dyn Fn(usize) -> Vec<f64>,
        path: u64,
        count: usize,
        ensemble: &mut Ensemble,
        values: &mut Values,
    ) {
        for fast in self.fast.iter().flatten() {
            let lost = (0..count).find(|lane| fast.lost[*lane] > 0.0);
            if let Some(lane) = lost {
                let (path, what) = (path + lane as u64, "a cost less a profit".to_owned());
                NotANumber { seed, path, what }.stop();
            }
        }
        let mut tallies: Vec<Option<Tally>> = std::mem::take(&mut self.tallies)
            .into_iter()
            .map(Some)
            .collect();
        for lane in 0..count {
            let mut ends = ends(lane);
            let end_value_usd = ends.pop().expect("the value at risk is a factor");
            let costs = plan
                .costs
                .iter()
                .enumerate()
                .map(|(c, &cost)| match (&self.fast, &self.critical) {
                    (Some(fast), _) => smallest(&fast[c], lane),
                    (None, Some(critical)) => critical[c].finish(lane),
                    (None, None) => {
                        let tally = tallies[c * LANES + lane]
                            .take()
                            .expect("one account a lane");
                        let landing = || {
                            let path = path + lane as u64;
                            Stream::new(seed, Purpose::Landing, path).uniform()
                        };
                        tally.finish(plan, cost, landing, values)
                    }
                })
                .collect();
            let outcome = PathOutcome {
                costs,
                end_price_usd: ends,
                end_value_usd,
            };
            outcome.check(seed, path + lane as u64);
            ensemble.push(&outcome, plan.record);
        }
    }
}

/// The attack as a lane meets it: its own where parameters are uncertain.
fn attack_of<'a>(lanes: &'a [Plan], lane: usize, attack: &'a Attack, k: usize) -> &'a Attack {
    lanes.get(lane).map_or(attack, |plan| &plan.attacks[k])
}

fn smallest(best: &MinMargin, lane: usize) -> CostOutcome {
    let mut out = CostOutcome::new();
    if best.day[lane] > 0.0 {
        out.min_margin_usd = best.margin[lane];
        out.min_margin_day = best.day[lane] as u32;
        out.min_margin_attack = best.attack[lane] as u32;
        out.coc_usd = best.cost[lane];
        out.pfc_usd = best.cost[lane] - best.margin[lane];
        debug_assert!(out.min_margin_day != NEVER);
    }
    out
}

/// Index of a general cost among those of a plan: ways of counting that are not proportional,
/// then attacks.
pub(super) fn general(plan: &Plan, c: usize, k: usize) -> usize {
    let before = plan.costs[..c]
        .iter()
        .filter(|&&cost| !proportional(plan, cost))
        .count();
    before * plan.attacks.len() + k
}

/// The share of each asset in the value of all stake.
fn mix(plan: &Plan, prices: &[f64]) -> Vec<f64> {
    let worth: Vec<f64> = plan
        .total_tokens()
        .iter()
        .zip(prices)
        .map(|(t, p)| t * p)
        .collect();
    let all: f64 = worth.iter().sum();
    worth.iter().map(|w| w / all).collect()
}
