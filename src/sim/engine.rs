//! Blocks of paths side by side, tile of days by tile of days.

use super::costing::{Costing, Values, proportional};
use super::ensemble::Ensemble;
use super::kernels::{Column, MinMargin, column, log_ratios, smallest_margins};
use super::market::Market;
use super::outcome::{CostOutcome, PathOutcome};
use super::profit::Profit;
use super::tally::{Cell, Sight, Tally, bridged};
use super::{Coalition, Drawn, NEVER, Plan, Record, varied};
use crate::random::lanes::{LANES, LaneStreams, Width, uniforms};
use crate::random::{Purpose, Seed};
use std::ops::Range;

/// All memory that a run of blocks needs, taken once: the market, and each design in it.
pub(super) struct Engine<'a> {
    plans: &'a [Plan],
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
    /// The smallest margins alone, if that is all that is asked and columns suffice.
    fast: Option<Vec<MinMargin>>,
    /// One account for each way of counting and each lane.
    tallies: Vec<Tally>,
    /// The plan of each lane, where parameters are uncertain; empty otherwise.
    lanes: Vec<Plan>,
}

impl<'a> Engine<'a> {
    /// # Panics
    /// If the plans do not share one market.
    pub fn new(plans: &'a [Plan], seed: Seed, width: Width) -> Engine<'a> {
        let market = &plans[0];
        let mut profits: Vec<Profit> = Vec::new();
        let mut designs = Vec::new();
        for plan in plans {
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
            market: Market::new(plans, width),
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
        let market_plan = &self.plans[0];
        let uncertainty = &market_plan.uncertainty;
        let drawn: Vec<Drawn> = if uncertainty.is_none() {
            Vec::new()
        } else {
            (path..path + LANES as u64)
                .map(|path| uncertainty.draw(self.seed, path))
                .collect()
        };
        for (design, plan) in self.designs.iter_mut().zip(self.plans) {
            design.open(plan, &drawn, &mut self.values);
        }
        let lanes = &self.designs[0].lanes;
        self.market.open(market_plan, self.seed, path, lanes);
        for profit in &mut self.profits {
            profit.open(market_plan, self.width, self.seed, path, &drawn);
        }
        let bridging = self
            .plans
            .iter()
            .any(|p| p.attacks.iter().any(|a| bridged(p, a)));
        let mut bridge = LaneStreams::new(self.seed, Purpose::Bridge, path);
        while self.market.step(market_plan) {
            let days = self.market.days;
            if bridging {
                uniforms(self.width, &mut bridge, &mut self.bridge[..days]);
            }
            for profit in &mut self.profits {
                profit.step(self.width, &self.market);
            }
            for ((design, plan), ensemble) in
                self.designs.iter_mut().zip(self.plans).zip(into.iter_mut())
            {
                design.step(plan, self.width, &self.market, &self.profits);
                if design.fast.is_none() {
                    design.account(
                        plan,
                        &self.market,
                        &self.profits,
                        &self.bridge,
                        count,
                        ensemble,
                        &mut self.values,
                    );
                }
            }
        }
        for ((design, plan), ensemble) in
            self.designs.iter_mut().zip(self.plans).zip(into.iter_mut())
        {
            design.close(
                plan,
                self.seed,
                &self.market,
                path,
                count,
                ensemble,
                &mut self.values,
            );
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
        let ratios = if columns_suffice {
            0
        } else {
            plan.costs.len() * plan.attacks.len()
        };
        Design {
            profits,
            costing: Costing::new(plan),
            log_ratio: (0..ratios).map(|_| column()).collect(),
            fast: columns_suffice.then(|| plan.costs.iter().map(|_| MinMargin::new()).collect()),
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
    fn open(&mut self, plan: &Plan, drawn: &[Drawn], values: &mut Values) {
        self.costing.open();
        for (lane, drawn) in self.lanes.iter_mut().zip(drawn) {
            plan.vary(drawn, lane);
        }
        if let Some(fast) = &mut self.fast {
            fast.fill(MinMargin::new());
            return;
        }
        self.tallies.clear();
        self.tallies
            .resize_with(plan.costs.len() * LANES, Tally::new);
        if plan.attacks.iter().any(|a| bridged(plan, a)) {
            if self.lanes.is_empty() {
                self.begin(plan, 0..LANES, values);
            }
            let lanes = std::mem::take(&mut self.lanes);
            for (lane, plan) in lanes.iter().enumerate() {
                self.begin(plan, lane..lane + 1, values);
            }
            self.lanes = lanes;
        }
    }

    /// Day 0, which is the same for all paths of one plan.
    fn begin(&mut self, plan: &Plan, lanes: Range<usize>, values: &mut Values) {
        let prices: Vec<f64> = plan.assets.iter().map(|a| a.start).collect();
        let value = plan.value.start;
        for (c, &cost) in plan.costs.iter().enumerate() {
            for (k, attack) in plan.attacks.iter().enumerate() {
                values.at(plan, &prices);
                let target = values.price(plan, cost, attack, 1.0);
                let (coc, _) = values.exact(plan, target);
                let (bound, elasticity) = if proportional(plan, cost) {
                    let bound = match plan.coalition {
                        Coalition::Entities => values.continuum(target),
                        Coalition::Pooled | Coalition::LargestFirst => coc,
                    };
                    (bound, mix(plan, &prices))
                } else {
                    self.costing.bound_at(plan, general(plan, c, k), &prices)
                };
                let profit = if bridged(plan, attack) {
                    super::reference::known_profit(attack, value)
                } else {
                    (0.0, 0.0)
                };
                for tally in &mut self.tallies[c * LANES..][lanes.clone()] {
                    tally.begin(plan, coc, bound, &elasticity, profit);
                }
            }
        }
    }

    /// The columns of a tile.
    fn step(&mut self, plan: &Plan, width: Width, market: &Market, profits: &[Profit]) {
        let days = market.days;
        if let Some(fast) = &mut self.fast {
            let first_day = f64::from(market.first_day);
            self.costing.all_stake(width, market);
            for best in fast {
                for (k, attack) in plan.attacks.iter().enumerate() {
                    let profit = &profits[self.profits[k]].daily[..days];
                    let (share, stake) = if plan.coalition == Coalition::LargestFirst {
                        self.costing.largest_where_it_matters(
                            plan,
                            width,
                            market,
                            attack,
                            profit,
                            &best.margin,
                        );
                        (attack.burned_share, &self.costing.stake[attack.threshold])
                    } else {
                        (
                            attack.burned_share * plan.thresholds[attack.threshold],
                            &self.costing.pool,
                        )
                    };
                    smallest_margins(
                        width,
                        share,
                        &stake[..days],
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
    }

    /// Enters a tile into the accounts of the block's paths.
    #[expect(clippy::too_many_arguments, reason = "what a tile consists of")]
    fn account(
        &mut self,
        plan: &Plan,
        market: &Market,
        profits: &[Profit],
        bridge: &Column,
        count: usize,
        ensemble: &mut Ensemble,
        values: &mut Values,
    ) {
        let attacks = plan.attacks.len();
        let total = plan.total_tokens();
        let continuous = plan.attacks.iter().any(|a| bridged(plan, a));
        let mut elasticity = vec![vec![0.0; plan.asset_count()]; attacks];
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
                for row in 0..market.days {
                    if continuous {
                        for (k, out) in elasticity.iter_mut().enumerate() {
                            self.costing
                                .elasticity(plan, c, k, &total, market, row, lane, out);
                        }
                    }
                    let cell = Cell {
                        plan,
                        market,
                        cost,
                        day: market.first_day + row as u32,
                        row,
                        lane,
                        uniform: bridge[row][lane],
                        fan: fan_days[row],
                        by_size: &by_size,
                    };
                    let sight = |k: usize| {
                        let attack = &plan.attacks[k];
                        let (bound, gap) = self.costing.cell(plan, c, k, attack, row, lane);
                        Sight {
                            profit: &profits[self.profits[k]],
                            bound,
                            gap,
                            log_ratio: self.log_ratio[c * attacks + k][row][lane],
                            elasticity: &elasticity[k],
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
        market: &Market,
        path: u64,
        count: usize,
        ensemble: &mut Ensemble,
        values: &mut Values,
    ) {
        let mut tallies: Vec<Option<Tally>> = std::mem::take(&mut self.tallies)
            .into_iter()
            .map(Some)
            .collect();
        for lane in 0..count {
            let mut ends: Vec<f64> = market.end(lane).map(libm::exp).collect();
            let end_value_usd = ends.pop().expect("the value at risk is a factor");
            let costs = plan
                .costs
                .iter()
                .enumerate()
                .map(|(c, &cost)| match &self.fast {
                    Some(fast) => smallest(&fast[c], lane),
                    None => {
                        let tally = tallies[c * LANES + lane]
                            .take()
                            .expect("one account a lane");
                        tally.finish(plan, cost, values)
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
