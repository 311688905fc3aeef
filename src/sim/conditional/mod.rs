//! One path whose chances are integrated instead of drawn.
//!
//! The market of a path is given from outside, a day at a time. What else is random on a day has
//! a closed form once the day's prices are known: an opportunity arrives and pays with hazard
//! `λ P(Π > C)`, a take that is drawn anew each day exceeds the cost with `P(Π > C)`, and between
//! two days the log ratio of cost to profit touches zero with `exp(-2 x₀ x₁ / σ²)` (the Brownian
//! bridge). So a day has a probability of being insecure rather than an outcome, and it is known
//! for many stakes at once. The mean over markets is that of the engine, with less variance:
//! conditional Monte Carlo (Asmussen, Glynn 2007, V.4).

mod chance;

use super::coalition::{self, CERTIFIED, Grain};
use super::costing::{Values, proportional};
use super::tally::bridged;
use super::{Attack, Coalition, Cost, Plan, formulas};
use crate::economics::safety::safety_factor;
pub use chance::Today;
use chance::{Chances, attack_chance, bridge_chance, profit_below};

/// The walk of one market under many stakes. All memory is taken once.
pub struct Conditional<'a> {
    plan: &'a Plan,
    cost: Cost,
    /// Multiples of the plan's stake.
    scales: Vec<f64>,
    drift: Vec<f64>,
    total_tokens: Vec<f64>,
    grain: Vec<f64>,
    by_size: Vec<u32>,
    log: Vec<f64>,
    price: Vec<f64>,
    values: Values,
    priced_today: bool,
    proofs: Vec<Vec<u32>>,
    /// Stake of the cheapest coalition today by threshold, USD, once it was asked for.
    votes_today: Vec<Option<f64>>,
    smallest_scale: f64,
    /// For each attack: what its bridge begins with.
    yesterday: Vec<Yesterday>,
    log_scales: Vec<f64>,
    costs: Vec<f64>,
    ratios: Vec<f64>,
    /// The largest chance of an attack whose take is known, at each scale.
    certain: Vec<f64>,
    /// Probability that a day is insecure, `[attack][scale]` and `[scale]`.
    by_attack: Vec<f64>,
    failing: Vec<f64>,
}

/// What a bridge begins with.
#[derive(Clone, Default)]
struct Yesterday {
    /// Log ratio at each scale.
    ratio: Vec<f64>,
    /// Relative change of the ratio for a relative change of each factor.
    exposure: Vec<f64>,
    /// Variance of a day of the ratio.
    variance: f64,
}

impl<'a> Conditional<'a> {
    /// A walk of `plan` under multiples of its stake, counting one cost.
    ///
    /// # Panics
    /// If the plan contradicts itself or a scale is not positive.
    #[must_use]
    pub fn new(plan: &'a Plan, cost: Cost, scales: &[f64]) -> Conditional<'a> {
        plan.check();
        assert!(
            !scales.is_empty() && scales.iter().all(|s| *s > 0.0 && s.is_finite()),
            "scales of stake that cannot be: {scales:?}"
        );
        let start: Vec<f64> = plan.assets.iter().map(|a| a.start).collect();
        let (attacks, levels) = (plan.attacks.len(), scales.len());
        Conditional {
            plan,
            cost,
            scales: scales.to_vec(),
            drift: plan.log_drift_per_day(),
            total_tokens: plan.total_tokens(),
            grain: Grain::of(&plan.operators.tokens, &start).tokens,
            by_size: coalition::largest_first_order(&plan.operators.tokens, &start),
            log: Vec::new(),
            price: vec![0.0; plan.asset_count() + 1],
            values: Values::default(),
            priced_today: false,
            proofs: vec![Vec::new(); plan.thresholds.len()],
            votes_today: vec![None; plan.thresholds.len()],
            smallest_scale: scales.iter().copied().fold(f64::INFINITY, f64::min),
            yesterday: vec![Yesterday::default(); attacks],
            log_scales: scales.iter().map(|s| libm::log(*s)).collect(),
            costs: vec![0.0; levels],
            ratios: vec![0.0; levels],
            certain: vec![0.0; levels],
            by_attack: vec![0.0; attacks * levels],
            failing: vec![0.0; levels],
        }
    }

    /// Goes to day 0.
    pub fn open(&mut self) {
        self.log.clear();
        self.log
            .extend(self.plan.factors().map(|f| libm::log(f.start)));
        self.proofs.iter_mut().for_each(Vec::clear);
        self.reprice();
        for k in 0..self.plan.attacks.len() {
            if bridged(self.plan, &self.plan.attacks[k]) {
                self.cost_of(k);
                let profit = self.known_profit(k);
                self.begin_bridge(k, profit);
            }
        }
    }

    /// Moves a day: one independent normal for each factor, and the log jump of each kind (of
    /// each factor itself, then the shared one; 0 without). Returns the probability that the day
    /// is the insecure one, given that none was before, at each scale.
    pub fn step(&mut self, normals: &[f64], jumps: &[f64]) -> &[f64] {
        self.advance(normals, jumps);
        let n = self.log.len();
        let (plan, levels) = (self.plan, self.scales.len());
        self.failing.fill(1.0);
        self.certain.fill(0.0);
        for (k, attack) in plan.attacks.iter().enumerate() {
            let mine = k * levels..(k + 1) * levels;
            let value = self.price[n - 1];
            // Where even the continuum's cost of the smallest stake is too dear, nothing is searched.
            if attack.take.is_random()
                && self
                    .least_cost(attack)
                    .is_some_and(|cost| attack_chance(attack, value, cost) <= 0.0)
            {
                self.by_attack[mine].fill(0.0);
                continue;
            }
            self.cost_of(k);
            if attack.take.is_random() {
                for (l, chance) in self.by_attack[mine].iter_mut().enumerate() {
                    *chance = attack_chance(attack, value, self.costs[l]);
                    self.failing[l] *= 1.0 - *chance;
                }
                continue;
            }
            let profit = self.known_profit(k);
            self.known(k, profit, jumps);
            for (l, chance) in self.by_attack[mine].iter().enumerate() {
                // All attacks see the same path within the day: one crosses when the nearest does.
                self.certain[l] = self.certain[l].max(*chance);
            }
        }
        for (failing, certain) in self.failing.iter_mut().zip(&self.certain) {
            *failing = 1.0 - *failing * (1.0 - certain);
        }
        &self.failing
    }

    /// Moves the market a day, and nothing else.
    pub fn advance(&mut self, normals: &[f64], jumps: &[f64]) {
        let n = self.log.len();
        debug_assert!(normals.len() == n && jumps.len() == n + 1);
        for (f, factor) in self.plan.factors().enumerate() {
            let root = &self.plan.correlation_root[f * n..(f + 1) * n];
            let z: f64 = root.iter().zip(normals).map(|(l, z)| l * z).sum();
            self.log[f] += self.drift[f] + factor.log_sd_per_day() * z + self.jump(f, jumps);
        }
        self.reprice();
    }

    /// The day where the market stands, looked at once, with any multiple of the plan's stake.
    ///
    /// # Panics
    /// If the walk was made for several scales.
    #[must_use]
    pub fn today(&mut self, scale: f64) -> Today {
        assert!(self.scales.len() == 1, "one stake at a time");
        self.scales[0] = scale;
        let value = self.price[self.price.len() - 1];
        let mut today = Chances::new();
        for k in 0..self.plan.attacks.len() {
            self.cost_of(k);
            let profit = (!self.plan.attacks[k].take.is_random()).then(|| self.known_profit(k).0);
            today.add(&self.plan.attacks[k], value, self.costs[0], profit);
        }
        today.close()
    }

    /// The smallest safety factor `(C - Π)/C` over the attacks, with any multiple of the plan's
    /// stake; of a take that is drawn, the profit that its `share` lies below.
    ///
    /// # Panics
    /// As [`Self::today`].
    #[must_use]
    pub fn safety_factor(&mut self, scale: f64, share: f64) -> f64 {
        assert!(self.scales.len() == 1, "one stake at a time");
        self.scales[0] = scale;
        let value = self.price[self.price.len() - 1];
        let mut least = f64::INFINITY;
        for k in 0..self.plan.attacks.len() {
            self.cost_of(k);
            let attack = &self.plan.attacks[k];
            let profit = if attack.take.is_random() {
                profit_below(attack, value, share)
            } else {
                self.known_profit(k).0
            };
            least = least.min(match (self.costs[0] > 0.0, profit > 0.0) {
                (true, _) => safety_factor(self.costs[0], profit),
                (false, true) => f64::NEG_INFINITY,
                (false, false) => 1.0,
            });
        }
        least
    }

    /// All slashable stake at the plan's scale, USD.
    #[must_use]
    pub fn stake_usd(&self) -> f64 {
        self.all_stake()
    }

    /// Of the day just moved: the probability that it is insecure by one attack, at a scale.
    #[must_use]
    pub fn by_attack(&self, attack: usize, scale: usize) -> f64 {
        self.by_attack[attack * self.scales.len() + scale]
    }

    /// Prices of the assets, then the value at risk, at the end of the day, USD.
    #[must_use]
    pub fn prices(&self) -> &[f64] {
        &self.price
    }

    fn jump(&self, f: usize, jumps: &[f64]) -> f64 {
        jumps[f] + self.plan.shared_jumps.loading[f] * jumps[jumps.len() - 1]
    }

    fn reprice(&mut self) {
        for (price, log) in self.price.iter_mut().zip(&self.log) {
            *price = libm::exp(*log);
        }
        self.priced_today = false;
        self.votes_today.fill(None);
    }

    fn known_profit(&self, k: usize) -> (f64, f64) {
        let value = self.price[self.price.len() - 1];
        super::reference::known_profit(&self.plan.attacks[k], value)
    }

    /// An attack whose profit is known: at the day's end, or at any moment within the day.
    fn known(&mut self, k: usize, profit: (f64, f64), jumps: &[f64]) {
        let levels = self.scales.len();
        let attack = &self.plan.attacks[k];
        if !bridged(self.plan, attack) {
            let out = &mut self.by_attack[k * levels..(k + 1) * levels];
            for (chance, cost) in out.iter_mut().zip(&self.costs) {
                *chance = f64::from(u8::from(*cost < profit.0));
            }
            return;
        }
        self.ratios_of(k, profit.0);
        let before = &self.yesterday[k];
        let n = self.log.len();
        let jumped: f64 = (0..n)
            .map(|f| {
                let jump = jumps[f] + self.plan.shared_jumps.loading[f] * jumps[n];
                before.exposure[f] * jump
            })
            .sum();
        let out = &mut self.by_attack[k * levels..(k + 1) * levels];
        for ((chance, end), start) in out.iter_mut().zip(&self.ratios).zip(&before.ratio) {
            *chance = if *end < 0.0 {
                1.0
            } else {
                bridge_chance(*start, end - jumped, before.variance)
            };
        }
        self.end_bridge(k, profit.1);
    }

    /// Begins the first bridge of an attack.
    fn begin_bridge(&mut self, k: usize, profit: (f64, f64)) {
        self.ratios_of(k, profit.0);
        self.end_bridge(k, profit.1);
    }

    /// `ln(cost / profit)` at each scale.
    fn ratios_of(&mut self, k: usize, profit: f64) {
        if proportional(self.plan, self.cost) {
            // The costs are multiples of one: one logarithm serves all.
            let first = formulas::log_ratio(self.costs[0], profit) - self.log_scales[0];
            for (ratio, scale) in self.ratios.iter_mut().zip(&self.log_scales) {
                *ratio = first + scale;
            }
            return;
        }
        debug_assert!(k < self.plan.attacks.len());
        for (ratio, cost) in self.ratios.iter_mut().zip(&self.costs) {
            *ratio = formulas::log_ratio(*cost, profit);
        }
    }

    /// Notes the day's end for the next day's bridge.
    fn end_bridge(&mut self, k: usize, value_elasticity: f64) {
        let mut yesterday = std::mem::take(&mut self.yesterday[k]);
        yesterday.ratio.clone_from(&self.ratios);
        self.expose(k, &mut yesterday.exposure);
        yesterday.exposure.push(-value_elasticity);
        let n = yesterday.exposure.len();
        let mut variance = 0.0;
        for column in 0..n {
            let mut loading = 0.0;
            for (f, factor) in self.plan.factors().enumerate() {
                let root = self.plan.correlation_root[f * n + column];
                loading += yesterday.exposure[f] * factor.log_sd_per_day() * root;
            }
            variance += loading * loading;
        }
        yesterday.variance = variance;
        self.yesterday[k] = yesterday;
    }

    /// How the cost moves with each price: by the mix of the stake where cost is proportional to
    /// it, else by that of the votes which the continuum would buy at the plan's own stake.
    fn expose(&mut self, k: usize, out: &mut Vec<f64>) {
        let assets = self.plan.asset_count();
        let attack = &self.plan.attacks[k];
        out.clear();
        if proportional(self.plan, self.cost) {
            let all = self.all_stake();
            out.extend((0..assets).map(|a| self.total_tokens[a] * self.price[a] / all));
            return;
        }
        self.value_entities();
        let target = self.values.price(self.plan, self.cost, attack, 1.0);
        let mut order: Vec<u32> = (0..self.plan.operators.entities as u32).collect();
        let bound = self.values.fractional(&mut order, target);
        let prices = &self.price[..assets];
        let (plan, cost) = (self.plan, self.cost);
        self.values
            .elasticity(plan, cost, attack, prices, &order, target, bound, out);
    }

    fn all_stake(&self) -> f64 {
        self.total_tokens
            .iter()
            .zip(&self.price)
            .map(|(tokens, price)| tokens * price)
            .sum()
    }

    fn value_entities(&mut self) {
        if !self.priced_today {
            let assets = self.plan.asset_count();
            self.values.at(self.plan, &self.price[..assets]);
            self.priced_today = true;
        }
    }

    /// The cost of corruption of an attack at each scale.
    fn cost_of(&mut self, k: usize) {
        let attack = self.plan.attacks[k];
        if proportional(self.plan, self.cost) {
            let unit = attack.burned_share * self.votes(&attack);
            for (cost, scale) in self.costs.iter_mut().zip(&self.scales) {
                *cost = scale * unit;
            }
            return;
        }
        self.value_entities();
        for l in 0..self.scales.len() {
            let target = self
                .values
                .price(self.plan, self.cost, &attack, self.scales[l]);
            self.costs[l] = self.values.exact(self.plan, target).0;
        }
    }

    /// A bound of the cost at every scale, where there is a quick one.
    fn least_cost(&self, attack: &Attack) -> Option<f64> {
        let continuum = self.plan.thresholds[attack.threshold] * self.all_stake();
        proportional(self.plan, self.cost)
            .then_some(self.smallest_scale * attack.burned_share * continuum)
    }

    /// Stake of the cheapest coalition at the plan's scale, USD: searched once a day.
    fn votes(&mut self, attack: &Attack) -> f64 {
        if let Some(votes) = self.votes_today[attack.threshold] {
            return votes;
        }
        let votes = self.searched_votes(attack);
        self.votes_today[attack.threshold] = Some(votes);
        votes
    }

    fn searched_votes(&mut self, attack: &Attack) -> f64 {
        let continuum = self.plan.thresholds[attack.threshold] * self.all_stake();
        if self.plan.coalition == Coalition::Pooled {
            return continuum;
        }
        let grain: f64 = self
            .grain
            .iter()
            .zip(&self.price)
            .map(|(tokens, price)| tokens * price)
            .sum();
        if self.plan.coalition == Coalition::Entities && grain <= CERTIFIED * continuum {
            return continuum;
        }
        self.value_entities();
        let target = self.values.price(self.plan, self.cost, attack, 1.0);
        match self.plan.coalition {
            Coalition::Entities => {
                let proof = &mut self.proofs[attack.threshold];
                self.values
                    .exact_proportional(&self.by_size, target, 1.0, proof)
                    .0
            }
            Coalition::Pooled | Coalition::LargestFirst => {
                self.values.continuum(target) / attack.burned_share
            }
        }
    }
}
