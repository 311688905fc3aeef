//! What corruption costs, in columns: the amount of stake an attacker needs, or, where cost is
//! not proportional to votes, the bound of the continuum.

use super::bridge::shares;
use super::coalition::{self, CERTIFIED, Grain};
use super::engine::general;
use super::kernels::{Column, MinMargin, TILE_DAYS, column, linear};
use super::largest::{Deciding, LargestFirst};
use super::market::Market;
use super::proof::Proofs;
use super::{Attack, Coalition, Cost, Monitoring, Plan, Weights, formulas, several};
use crate::random::lanes::{LANES, Row, Width};

/// The costs of one design over a block of paths.
pub(super) struct Costing {
    total: Vec<f64>,
    grain: Vec<f64>,
    /// Entities by value at the start, largest first.
    pub by_size: Vec<u32>,
    /// All stake, USD.
    pub pool: Column,
    /// Stake of the cheapest coalition for each threshold, USD, where cost is proportional.
    pub stake: Vec<Column>,
    /// Certified gap of that stake; empty where there is none.
    pub gap: Vec<Column>,
    largest: Option<LargestFirst>,
    /// The other kind of cost, one for each way of counting and each attack.
    pub general: Vec<General>,
    /// The gap of such a cost where whole entities are asked for: nothing is known before a search.
    unproven: Option<Column>,
    values: Values,
}

/// A cost that is not proportional to votes: the fractional bound, cell by cell.
pub(super) struct General {
    pub cost: Cost,
    pub attack: usize,
    pub bound: Column,
    /// Relative change of the bound for a relative change of each price, if anybody asks.
    pub elasticity: Vec<Column>,
    /// Each lane's entities by cost a vote, as of the day before: nearly in order today.
    order: Vec<Vec<u32>>,
    /// The elasticities of one cell.
    moved: Vec<f64>,
}

/// What a search of one way of counting and one attack rests on.
#[derive(Clone, Copy)]
pub(super) struct Finder<'a> {
    pub plan: &'a Plan,
    pub cost: Cost,
    pub attack: &'a Attack,
    /// Entities by value at the start, largest first.
    pub by_size: &'a [u32],
    pub proofs: &'a Proofs,
}

impl Finder<'_> {
    /// The cost of whole entities where `bound` is that of the continuum, and its certified gap.
    /// `known` is a set that proved it on another day of the path.
    pub fn search(
        &self,
        market: &Market,
        (row, lane): (usize, usize),
        bound: f64,
        values: &mut Values,
        known: &mut Vec<u32>,
    ) -> (f64, f64) {
        let (plan, attack) = (self.plan, self.attack);
        let mut prices = vec![0.0; plan.asset_count()];
        market.prices(row, lane, &mut prices);
        let proportional = proportional(plan, self.cost);
        if proportional && let Some(gap) = self.proofs.gap(attack.threshold, &prices) {
            return (bound, gap);
        }
        values.at(plan, &prices);
        let target = values.price(plan, self.cost, attack, 1.0);
        if proportional {
            let rate = attack.burned_share;
            values.exact_proportional(self.by_size, target, rate, known)
        } else {
            values.exact(plan, target)
        }
    }
}

/// Value, votes and costs of all entities at one moment.
#[derive(Default)]
pub(super) struct Values {
    pub value: Vec<f64>,
    pub weight: Vec<f64>,
    pub cost: Vec<f64>,
    ratio: Vec<f64>,
    /// For each row of [`Plan::burns`], what the burned part of each entity's stake is worth.
    burnt: Vec<Vec<f64>>,
    /// Votes in each of several quorums, those needed of each, and the share of each entity that
    /// the bound pays for; empty for one quorum.
    quorums: Vec<Vec<f64>>,
    targets: Vec<f64>,
    taken: Vec<f64>,
}

/// Whether cost is proportional to votes, so that only the amount of stake matters.
pub(super) fn proportional(plan: &Plan, cost: Cost) -> bool {
    cost == Cost::WholeStake
        && plan.operators.weights == Weights::SlashableValue
        && plan.burns.is_empty()
}

impl Values {
    pub fn at(&mut self, plan: &Plan, prices: &[f64]) {
        worth(&plan.operators.tokens, prices, &mut self.value);
        votes(
            &plan.operators.weights,
            &self.value,
            prices,
            &mut self.weight,
        );
        let quorums = plan.operators.weights.quorums();
        if !quorums.is_empty() {
            self.quorums.resize_with(quorums.len(), Vec::new);
            for (weight, quorum) in self.quorums.iter_mut().zip(quorums) {
                votes(&quorum.weights, &self.value, prices, weight);
            }
        }
        if !plan.burns.is_empty() {
            self.burnt.resize_with(plan.burns.len(), Vec::new);
            for (burnt, row) in self.burnt.iter_mut().zip(&plan.burns) {
                let burning: Vec<f64> = prices.iter().zip(row).map(|(p, r)| p * r).collect();
                worth(&plan.operators.tokens, &burning, burnt);
            }
        }
    }

    /// What an attack puts at stake of each entity, USD: its value, or of each asset the part that
    /// the slash takes relative to the one of which it takes most.
    fn staked(&self, attack: &Attack) -> &[f64] {
        attack.burns.map_or(&self.value, |row| &self.burnt[row])
    }

    /// The costs with all stake multiplied by `scale`, and the votes that the attack needs.
    pub fn price(&mut self, plan: &Plan, cost: Cost, attack: &Attack, scale: f64) -> f64 {
        let operators = &plan.operators;
        let burned = scale * attack.burned_share;
        let mut costs = std::mem::take(&mut self.cost);
        costs.clear();
        let staked = self.staked(attack);
        match cost {
            Cost::WholeStake => costs.extend(staked.iter().map(|v| burned * v)),
            Cost::OperatorRational => costs.extend(
                staked
                    .iter()
                    .zip(&operators.own_share)
                    .zip(&operators.franchise_usd)
                    .map(|((v, own), franchise)| {
                        (scale * attack.own_loss(*own) * v + franchise).max(0.0)
                    }),
            ),
        }
        self.cost = costs;
        self.need(plan, attack);
        plan.thresholds[attack.threshold] * self.weight.iter().sum::<f64>()
    }

    /// Notes the votes that an attack needs of each of several quorums.
    fn need(&mut self, plan: &Plan, attack: &Attack) {
        let quorums = plan.operators.weights.quorums().iter();
        let needed = quorums
            .zip(&self.quorums)
            .map(|(quorum, votes)| quorum.thresholds[attack.threshold] * votes.iter().sum::<f64>());
        self.targets.clear();
        self.targets.extend(needed);
    }

    /// The fewest entities with the votes for an attack.
    pub fn fewest(&mut self, plan: &Plan, attack: &Attack) -> u32 {
        self.need(plan, attack);
        if self.targets.is_empty() {
            return formulas::fewest(&mut self.weight, plan.thresholds[attack.threshold]);
        }
        several::fewest(&self.quorums, &self.targets)
    }

    /// The fractional bound of the priced entities; `order` is put right on the way.
    pub fn fractional(&mut self, order: &mut [u32], target: f64) -> f64 {
        if !self.targets.is_empty() {
            let bound = several::bound(&self.cost, &self.quorums, &self.targets);
            self.taken = bound.taken;
            return bound.lower;
        }
        self.ratio.clear();
        self.ratio.extend(
            self.cost
                .iter()
                .zip(&self.weight)
                .map(|(c, w)| if *w > 0.0 { c / w } else { f64::INFINITY }),
        );
        for i in 1..order.len() {
            let entity = order[i];
            let ratio = self.ratio[entity as usize];
            let mut j = i;
            while j > 0 && self.ratio[order[j - 1] as usize] > ratio {
                order[j] = order[j - 1];
                j -= 1;
            }
            order[j] = entity;
        }
        let (mut need, mut sum) = (target, 0.0);
        for &entity in order.iter() {
            let weight = self.weight[entity as usize];
            if need <= 0.0 || weight <= 0.0 {
                break;
            }
            sum += (need / weight).min(1.0) * self.cost[entity as usize];
            need -= weight;
        }
        sum
    }

    /// How much each price moves the bound that [`Values::fractional`] just found, into `moved`.
    #[expect(
        clippy::too_many_arguments,
        reason = "all of what the bound was found with, and the bound"
    )]
    pub fn elasticity(
        &self,
        plan: &Plan,
        cost: Cost,
        attack: &Attack,
        prices: &[f64],
        order: &[u32],
        target: f64,
        bound: f64,
        moved: &mut Vec<f64>,
    ) {
        let (n, operators) = (prices.len(), &plan.operators);
        let (burns, uneven) = (plan.burns_of(attack), !plan.burns.is_empty());
        moved.clear();
        moved.resize(n, 0.0);
        // What a share of an entity's cost is moved by each price.
        let mut pay = |o: usize, taken: f64| {
            let lost = match cost {
                Cost::WholeStake => attack.burned_share,
                Cost::OperatorRational if self.cost[o] <= 0.0 => 0.0,
                Cost::OperatorRational => attack.own_loss(operators.own_share[o]),
            };
            let share = taken * lost;
            for a in 0..n {
                let burning = burns.map_or(1.0, |row| row[a]);
                moved[a] += share * burning * operators.tokens[o * n + a] * prices[a];
            }
        };
        let several = !self.targets.is_empty();
        if several {
            for (o, taken) in self.taken.iter().enumerate() {
                pay(o, *taken);
            }
        }
        // Votes that prices move, which the dearest vote taken makes up for.
        let mut votes = if uneven { vec![0.0; n] } else { Vec::new() };
        let mut dearest = 0.0;
        let mut need = target;
        for &entity in order {
            let o = entity as usize;
            if several || need <= 0.0 || self.weight[o] <= 0.0 {
                break;
            }
            let taken = (need / self.weight[o]).min(1.0);
            pay(o, taken);
            if uneven {
                dearest = self.cost[o] / self.weight[o];
                for (a, votes) in votes.iter_mut().enumerate() {
                    *votes -= taken * operators.voting(o, a) * prices[a];
                }
            }
            need -= self.weight[o];
        }
        for (a, votes) in votes.iter().enumerate() {
            let all: f64 = (0..operators.entities)
                .map(|o| operators.voting(o, a))
                .sum();
            let threshold = plan.thresholds[attack.threshold];
            moved[a] += dearest * (threshold * all * prices[a] + votes);
        }
        for x in moved {
            *x = if bound > 0.0 { *x / bound } else { 0.0 };
        }
    }

    /// What the votes for an attack put at stake at least, USD.
    pub fn stake_for(&mut self, plan: &Plan, attack: &Attack) -> f64 {
        self.need(plan, attack);
        if !self.targets.is_empty() {
            return several::bound(self.staked(attack), &self.quorums, &self.targets).lower;
        }
        let target = plan.thresholds[attack.threshold] * self.weight.iter().sum::<f64>();
        coalition::fractional(self.staked(attack), &self.weight, target).lower
    }

    /// The cost of the continuum: a lower bound of that of whole entities.
    pub fn continuum(&self, target: f64) -> f64 {
        if !self.targets.is_empty() {
            return several::bound(&self.cost, &self.quorums, &self.targets).lower;
        }
        coalition::fractional(&self.cost, &self.weight, target).lower
    }

    /// The reported cost and its certified gap where cost is proportional to votes: `rate` USD
    /// a vote.
    pub fn exact_proportional(
        &self,
        order: &[u32],
        target: f64,
        rate: f64,
        known: &mut Vec<u32>,
    ) -> (f64, f64) {
        let (votes, gap) = coalition::cheapest_votes(order, &self.weight, target, known);
        (rate * votes, gap)
    }

    /// The reported cost and its certified gap.
    pub fn exact(&self, plan: &Plan, target: f64) -> (f64, f64) {
        if !self.targets.is_empty() {
            let cover = several::cheapest(&self.cost, &self.quorums, &self.targets);
            return (cover.lower, cover.gap());
        }
        let cover = match plan.coalition {
            Coalition::Pooled => coalition::fractional(&self.cost, &self.weight, target),
            Coalition::Entities if plan.nearly_proportional() => {
                coalition::cheapest_near(&self.cost, &self.weight, target)
            }
            Coalition::Entities => coalition::cheapest(&self.cost, &self.weight, target),
            Coalition::LargestFirst => coalition::largest_first(&self.cost, &self.weight, target),
        };
        (cover.lower, cover.gap())
    }
}

/// What the votes in one quorum weigh. Of several quorums, what the stake is worth.
fn votes(weights: &Weights, value: &[f64], prices: &[f64], out: &mut Vec<f64>) {
    match weights {
        Weights::SlashableValue | Weights::Quorums(_) => {
            out.clear();
            out.extend_from_slice(value);
        }
        Weights::Tokens(tokens) => worth(tokens, prices, out),
        Weights::Fixed(votes) => {
            out.clear();
            out.extend_from_slice(votes);
        }
    }
}

fn worth(tokens: &[f64], prices: &[f64], out: &mut Vec<f64>) {
    out.clear();
    let value = |row: &[f64]| -> f64 { row.iter().zip(prices).map(|(t, p)| t * p).sum() };
    out.extend(tokens.chunks_exact(prices.len()).map(value));
}

impl Costing {
    pub fn new(plan: &Plan) -> Costing {
        let assets = plan.asset_count();
        let start: Vec<f64> = plan.assets.iter().map(|a| a.start).collect();
        let needs_stake = plan.costs.iter().any(|&c| proportional(plan, c));
        let thresholds = if needs_stake {
            plan.thresholds.len()
        } else {
            0
        };
        let entities = plan.coalition == Coalition::Entities;
        let continuous = plan.monitoring == Monitoring::Continuous;
        let order: Vec<u32> = (0..plan.operators.entities as u32).collect();
        let mut general = Vec::new();
        for &cost in plan.costs.iter().filter(|&&c| !proportional(plan, c)) {
            for attack in 0..plan.attacks.len() {
                general.push(General {
                    cost,
                    attack,
                    bound: column(),
                    elasticity: (0..if continuous { assets } else { 0 })
                        .map(|_| column())
                        .collect(),
                    order: vec![order.clone(); LANES],
                    moved: Vec::new(),
                });
            }
        }
        let unproven = (entities && !general.is_empty()).then(|| {
            let mut gap = column();
            gap.iter_mut().for_each(|row| row.fill(f64::INFINITY));
            gap
        });
        Costing {
            unproven,
            total: plan.total_tokens(),
            by_size: coalition::largest_first_order(&plan.operators.tokens, &start),
            grain: Grain::of(&plan.operators.tokens, &start).tokens,
            pool: column(),
            stake: (0..thresholds).map(|_| column()).collect(),
            gap: (0..if entities { thresholds } else { 0 })
                .map(|_| column())
                .collect(),
            largest: (plan.coalition == Coalition::LargestFirst).then(|| LargestFirst::new(plan)),
            general,
            values: Values::default(),
        }
    }

    /// Starts a block: what was known of another block's paths is forgotten, so that a path
    /// does not depend on its neighbours.
    pub fn open(&mut self) {
        for general in &mut self.general {
            for order in &mut general.order {
                for (k, entity) in order.iter_mut().enumerate() {
                    *entity = k as u32;
                }
            }
        }
    }

    /// All stake, USD.
    pub fn all_stake(&mut self, width: Width, market: &Market) {
        weigh(width, &self.total, market, &mut self.pool[..market.days]);
    }

    /// For each threshold, the share of all stake that the continuum needs.
    fn pooled(&mut self, plan: &Plan, width: Width, market: &Market) {
        let days = market.days;
        for (theta, stake) in plan.thresholds.iter().zip(&mut self.stake) {
            linear(
                width,
                0.0,
                &[(*theta, &self.pool[..days])],
                &mut stake[..days],
            );
        }
    }

    /// Costs of every cell of the tile. `lanes` has a plan for each lane where parameters are
    /// uncertain, and is empty otherwise.
    pub fn step(&mut self, plan: &Plan, width: Width, market: &Market, lanes: &[Plan]) {
        let days = market.days;
        self.all_stake(width, market);
        self.pooled(plan, width, market);
        if plan.coalition == Coalition::Entities && !self.stake.is_empty() {
            let mut grain = column();
            weigh(width, &self.grain, market, &mut grain[..days]);
            for t in 0..plan.thresholds.len() {
                self.certify(t, &grain[..days]);
            }
        }
        if let Some(largest) = &mut self.largest {
            for (theta, stake) in plan.thresholds.iter().zip(&mut self.stake) {
                largest.all(width, market, *theta, &mut stake[..days]);
            }
        }
        if !self.general.is_empty() {
            self.bounds(plan, market, lanes);
        }
    }

    /// The smallest margins where those who are largest attack.
    pub fn largest_where_it_matters(
        &mut self,
        width: Width,
        market: &Market,
        attack: &Deciding,
        profit: &[Row],
        best: &mut MinMargin,
    ) {
        let largest = self.largest.as_mut().expect("the largest are asked for");
        let pool = &self.pool[..market.days];
        largest.decide(width, market, attack, pool, profit, best);
    }

    /// Where the grain is small the continuum's stake is certified; elsewhere its gap is
    /// infinite, and whoever relies on the cell searches it.
    fn certify(&mut self, t: usize, grain: &[Row]) {
        for (day, grain) in grain.iter().enumerate() {
            for (lane, grain) in grain.iter().enumerate() {
                let gap = grain / self.stake[t][day][lane];
                self.gap[t][day][lane] = if gap <= CERTIFIED { gap } else { f64::INFINITY };
            }
        }
    }

    fn bounds(&mut self, plan: &Plan, market: &Market, lanes: &[Plan]) {
        let mut prices = vec![0.0; plan.asset_count()];
        for day in 0..market.days {
            for lane in 0..LANES {
                let plan = lanes.get(lane).unwrap_or(plan);
                market.prices(day, lane, &mut prices);
                self.values.at(plan, &prices);
                for general in &mut self.general {
                    general.bound(plan, &mut self.values, &prices, day, lane);
                }
            }
        }
    }

    /// Certified gaps of a way of counting and an attack; `None` where the bound is the cost.
    pub fn gaps(&self, plan: &Plan, c: usize, attack: &Attack) -> Option<&Column> {
        if proportional(plan, plan.costs[c]) {
            self.gap.get(attack.threshold)
        } else {
            self.unproven.as_ref()
        }
    }

    /// Cost or bound of one cell, and its certified gap.
    pub fn cell(
        &self,
        plan: &Plan,
        c: usize,
        k: usize,
        attack: &Attack,
        row: usize,
        lane: usize,
    ) -> (f64, f64) {
        if !proportional(plan, plan.costs[c]) {
            return (self.general[general(plan, c, k)].bound[row][lane], 0.0);
        }
        let stake = self.stake[attack.threshold][row][lane];
        let gap = self
            .gap
            .get(attack.threshold)
            .map_or(0.0, |gap| gap[row][lane]);
        (attack.burned_share * stake, gap)
    }

    /// How the cost or bound moves with prices in the cells of the tile: one column an asset.
    pub fn exposures(
        &self,
        plan: &Plan,
        width: Width,
        c: usize,
        k: usize,
        market: &Market,
        out: &mut [Column],
    ) {
        let days = market.days;
        if proportional(plan, plan.costs[c]) {
            for ((out, tokens), price) in out.iter_mut().zip(&self.total).zip(&market.price) {
                let all = &self.pool[..days];
                shares(width, *tokens, &price[..days], all, &mut out[..days]);
            }
        } else {
            let columns = &self.general[general(plan, c, k)].elasticity;
            for (out, column) in out.iter_mut().zip(columns) {
                out[..days].copy_from_slice(&column[..days]);
            }
        }
    }

    /// Bound and elasticities of a general cost at given prices, without touching the columns.
    pub fn bound_at(&mut self, plan: &Plan, index: usize, prices: &[f64]) -> (f64, Vec<f64>) {
        let general = &self.general[index];
        let attack = &plan.attacks[general.attack];
        let mut order: Vec<u32> = (0..plan.operators.entities as u32).collect();
        self.values.at(plan, prices);
        let target = self.values.price(plan, general.cost, attack, 1.0);
        let fractional = self.values.fractional(&mut order, target);
        let bound = if plan.coalition == Coalition::LargestFirst {
            self.values.exact(plan, target).0
        } else {
            fractional
        };
        let mut elasticity = Vec::new();
        self.values.elasticity(
            plan,
            general.cost,
            attack,
            prices,
            &order,
            target,
            fractional,
            &mut elasticity,
        );
        (bound, elasticity)
    }
}

impl General {
    fn bound(&mut self, plan: &Plan, values: &mut Values, prices: &[f64], day: usize, lane: usize) {
        let attack = &plan.attacks[self.attack];
        let target = values.price(plan, self.cost, attack, 1.0);
        let fractional = values.fractional(&mut self.order[lane], target);
        self.bound[day][lane] = match plan.coalition {
            Coalition::Pooled | Coalition::Entities => fractional,
            Coalition::LargestFirst => values.exact(plan, target).0,
        };
        if !self.elasticity.is_empty() {
            values.elasticity(
                plan,
                self.cost,
                attack,
                prices,
                &self.order[lane],
                target,
                fractional,
                &mut self.moved,
            );
            for (column, x) in self.elasticity.iter_mut().zip(&self.moved) {
                column[day][lane] = *x;
            }
        }
    }
}

/// Tokens times prices, summed over assets.
fn weigh(width: Width, tokens: &[f64], market: &Market, out: &mut [Row]) {
    let terms: Vec<(f64, &[Row])> = tokens
        .iter()
        .zip(&market.price)
        .map(|(t, p)| (*t, &p[..out.len()]))
        .collect();
    debug_assert!(out.len() <= TILE_DAYS);
    linear(width, 0.0, &terms, out);
}
