//! The same model once more, slow and plain: one path, one day, one entity at a time, with
//! the platform-independent functions of `libm` and a fresh coalition search each day.
//!
//! The engine must equal it path by path; the tests hold it to that. Nothing here is clever.

mod market;
mod profit;

use super::coalition::{self, Cover};
use super::ensemble::Ensemble;
use super::harm::{Loss, Met};
use super::outcome::{CostOutcome, PathOutcome};
use super::{Attack, Coalition, Cost, Fan, Monitoring, Plan, Weights, When, several};
use crate::random::{Purpose, Seed, Stream};
use crate::units::DAYS_PER_YEAR;
use market::Market;
pub(super) use profit::known_profit;
use profit::{drawn_profit, profit_above};
use std::ops::Range;

/// Plays a range of paths, one after the other.
///
/// # Panics
/// If the plan contradicts itself or a path becomes not-a-number.
#[must_use]
pub fn simulate(plan: &Plan, seed: Seed, paths: Range<u64>) -> Ensemble {
    plan.check();
    let mut ensemble = Ensemble::empty(plan, seed, paths.start);
    for path in paths {
        let mut fans: Vec<&mut Fan> = ensemble.costs.iter_mut().map(|c| &mut c.fan).collect();
        let outcome = if plan.uncertainty.is_none() {
            play(plan, seed, path, &mut fans)
        } else {
            play(&plan.of_path(seed, path), seed, path, &mut fans)
        };
        ensemble.push(&outcome, plan.record);
    }
    ensemble
}

/// What an attack costs at one moment, and how the cost moves with prices.
struct CostAt {
    coc: f64,
    gap: f64,
    /// The cost by the continuum, never above `coc`.
    bound: f64,
    /// Relative change of the bound for a relative change of each price.
    elasticity: Vec<f64>,
}

/// Whether cost is proportional to votes, so that only the amount of stake matters.
fn proportional(plan: &Plan, cost: Cost) -> bool {
    cost == Cost::WholeStake
        && plan.operators.weights == Weights::SlashableValue
        && plan.burns.is_empty()
}

fn worth(tokens: &[f64], prices: &[f64]) -> Vec<f64> {
    tokens
        .chunks_exact(prices.len())
        .map(|row| row.iter().zip(prices).map(|(t, p)| t * p).sum())
        .collect()
}

/// What entities cost, with their votes in each quorum and the votes needed.
struct Bargain {
    costs: Vec<f64>,
    votes: Vec<Vec<f64>>,
    needed: Vec<f64>,
}

impl Bargain {
    fn continuum(&self) -> Cover {
        if let [one] = &self.votes[..] {
            return coalition::fractional(&self.costs, one, self.needed[0]);
        }
        let bound = several::bound(&self.costs, &self.votes, &self.needed);
        Cover {
            lower: bound.lower,
            upper: bound.lower,
            size: 0,
            taken: bound.taken,
        }
    }

    fn by(&self, plan: &Plan) -> Cover {
        let (votes, needed) = (&self.votes[0], self.needed[0]);
        match plan.coalition {
            Coalition::Pooled => self.continuum(),
            Coalition::Entities if self.votes.len() > 1 => {
                several::cheapest(&self.costs, &self.votes, &self.needed)
            }
            Coalition::Entities if plan.nearly_proportional() => {
                coalition::cheapest_near(&self.costs, votes, needed)
            }
            Coalition::Entities => coalition::cheapest(&self.costs, votes, needed),
            Coalition::LargestFirst => coalition::largest_first(&self.costs, votes, needed),
        }
    }
}

/// What an attack costs each entity, with all stake multiplied by `scale`.
fn bargain(plan: &Plan, cost: Cost, attack: &Attack, prices: &[f64], scale: f64) -> Bargain {
    let operators = &plan.operators;
    let values = worth(&operators.tokens, prices);
    let weighed = |weights: &Weights| match weights {
        Weights::SlashableValue => values.clone(),
        Weights::Tokens(tokens) => worth(tokens, prices),
        Weights::Fixed(votes) => votes.clone(),
        Weights::Quorums(_) => unreachable!("a quorum of quorums"),
    };
    let votes: Vec<Vec<f64>> = match &operators.weights {
        Weights::Quorums(quorums) => quorums.iter().map(|q| weighed(&q.weights)).collect(),
        one => vec![weighed(one)],
    };
    let shares: Vec<f64> = match &operators.weights {
        Weights::Quorums(quorums) => quorums
            .iter()
            .map(|q| q.thresholds[attack.threshold])
            .collect(),
        _ => vec![plan.thresholds[attack.threshold]],
    };
    let needed = votes
        .iter()
        .zip(shares)
        .map(|(votes, share)| share * votes.iter().sum::<f64>())
        .collect();
    let staked = match plan.burns_of(attack) {
        None => values.clone(),
        Some(row) => {
            let burning: Vec<f64> = prices.iter().zip(row).map(|(p, r)| p * r).collect();
            worth(&operators.tokens, &burning)
        }
    };
    let costs = (0..operators.entities)
        .map(|o| match cost {
            Cost::WholeStake => scale * attack.burned_share * staked[o],
            Cost::OperatorRational => {
                let lost = scale * attack.own_loss(operators.own_share[o]) * staked[o];
                (lost + operators.franchise_usd[o]).max(0.0)
            }
        })
        .collect();
    Bargain {
        costs,
        votes,
        needed,
    }
}

fn cost_of_corruption(plan: &Plan, cost: Cost, attack: &Attack, prices: &[f64]) -> CostAt {
    let n = prices.len();
    let operators = &plan.operators;
    let bargain = bargain(plan, cost, attack, prices, 1.0);
    let (costs, weights, target) = (&bargain.costs, &bargain.votes[0], bargain.needed[0]);
    let cover = bargain.by(plan);
    let values = worth(&operators.tokens, prices);
    if proportional(plan, cost) {
        let all: f64 = values.iter().sum();
        let mix = |a: usize| -> f64 {
            operators
                .tokens
                .iter()
                .skip(a)
                .step_by(n)
                .map(|t| t * prices[a])
                .sum::<f64>()
                / all
        };
        // The continuum bounds the cost of whole entities from below; where the bound decides
        // nothing, nothing is searched.
        let bound = match plan.coalition {
            Coalition::Entities => bargain.continuum().lower,
            Coalition::Pooled | Coalition::LargestFirst => cover.lower,
        };
        let (coc, gap) = match plan.coalition {
            Coalition::Entities => {
                let start: Vec<f64> = plan.assets.iter().map(|asset| asset.start).collect();
                let order = coalition::largest_first_order(&operators.tokens, &start);
                let (votes, gap) =
                    coalition::cheapest_votes(&order, weights, target, &mut Vec::new());
                (attack.burned_share * votes, gap)
            }
            Coalition::Pooled | Coalition::LargestFirst => (cover.lower, cover.gap()),
        };
        return CostAt {
            coc,
            gap,
            bound,
            elasticity: (0..n).map(mix).collect(),
        };
    }
    let continuum = bargain.continuum();
    let slope = |o: usize| match cost {
        Cost::WholeStake => attack.burned_share,
        Cost::OperatorRational if costs[o] <= 0.0 => 0.0,
        Cost::OperatorRational => attack.own_loss(operators.own_share[o]),
    };
    // The dearest vote taken makes up for votes that prices move.
    let dearest = (0..operators.entities)
        .filter(|&o| continuum.taken[o] > 0.0)
        .map(|o| costs[o] / weights[o])
        .fold(0.0, f64::max);
    let elasticity = (0..n)
        .map(|a| {
            let burning = plan.burns_of(attack).map_or(1.0, |row| row[a]);
            let mut moved: f64 = (0..operators.entities)
                .map(|o| {
                    continuum.taken[o]
                        * slope(o)
                        * burning
                        * operators.tokens[o * n + a]
                        * prices[a]
                })
                .sum();
            if !plan.burns.is_empty() && bargain.votes.len() == 1 {
                let threshold = plan.thresholds[attack.threshold];
                moved += (0..operators.entities)
                    .map(|o| {
                        let votes = operators.voting(o, a) * prices[a];
                        dearest * (threshold - continuum.taken[o]) * votes
                    })
                    .sum::<f64>();
            }
            if continuum.upper > 0.0 {
                moved / continuum.upper
            } else {
                0.0
            }
        })
        .collect();
    CostAt {
        coc: cover.lower,
        gap: cover.gap(),
        bound: match plan.coalition {
            Coalition::Pooled | Coalition::Entities => continuum.lower,
            Coalition::LargestFirst => cover.lower,
        },
        elasticity,
    }
}

/// The fewest entities that have the votes an attack needs.
fn fewest(plan: &Plan, attack: &Attack, prices: &[f64]) -> u32 {
    let bargain = bargain(plan, Cost::WholeStake, attack, prices, 1.0);
    if bargain.votes.len() > 1 {
        return several::fewest(&bargain.votes, &bargain.needed);
    }
    let (costs, votes, needed) = (&bargain.costs, &bargain.votes[0], bargain.needed[0]);
    match plan.coalition {
        Coalition::Pooled => 0,
        Coalition::Entities | Coalition::LargestFirst => {
            coalition::largest_first(costs, votes, needed * (1.0 - 1e-12)).size
        }
    }
}

/// The market of one path at the end of a day, with what its attacks then offered.
pub(super) struct Seen {
    /// One price an asset, USD.
    pub price_usd: Vec<f64>,
    /// Value at risk, USD.
    pub value_usd: f64,
    /// Profit of each opportunity of that day, by attack, USD.
    pub offers: Vec<Vec<f64>>,
}

/// Plays one path to the end of a day: prices and opportunities alone, no coalition.
pub(super) fn seen_on(plan: &Plan, seed: Seed, path: u64, day: u32) -> Seen {
    // What the path does not know of the model, it drew.
    let plan = &plan.of_path(seed, path);
    let mut market = Market::new(plan, seed, path);
    let mut arrivals: Vec<Arrivals> = (0..plan.attacks.len())
        .map(|k| Arrivals::new(seed, k, path, plan.attacks[k].when))
        .collect();
    let mut marks: Vec<Stream> = (0..plan.attacks.len())
        .map(|k| Stream::new(seed, Purpose::Mark(k), path))
        .collect();
    let mut offers = vec![Vec::new(); plan.attacks.len()];
    for today in 1..=day {
        market.step(today);
        let value = market.value();
        for (k, attack) in plan.attacks.iter().enumerate() {
            let count = match attack.when {
                When::Standing => 1,
                When::Poisson { .. } => arrivals[k].on(today),
            };
            offers[k] = (0..count)
                .map(|_| match attack.take.is_random() {
                    true => drawn_profit(attack, value, &mut marks[k]),
                    false => known_profit(attack, value).0,
                })
                .collect();
        }
    }
    Seen {
        price_usd: market.prices(),
        value_usd: market.value(),
        offers,
    }
}

/// Opportunities of one attack in the order of their arrival.
struct Arrivals {
    stream: Stream,
    mean_days: f64,
    next: f64,
}

impl Arrivals {
    fn new(seed: Seed, k: usize, path: u64, when: When) -> Arrivals {
        let mean_days = match when {
            When::Poisson { per_year } if per_year > 0.0 => DAYS_PER_YEAR / per_year,
            When::Poisson { .. } | When::Standing => f64::INFINITY,
        };
        let mut arrivals = Arrivals {
            stream: Stream::new(seed, Purpose::Arrivals(k), path),
            mean_days,
            next: 0.0,
        };
        arrivals.next = arrivals.stream.exponential() * mean_days;
        arrivals
    }

    /// How many arrive on a day: in the interval from `day - 1` to `day`.
    fn on(&mut self, day: u32) -> u32 {
        let mut count = 0;
        while self.next < f64::from(day) {
            count += 1;
            self.next += self.stream.exponential() * self.mean_days;
        }
        count
    }
}

/// What was known of an attack at the end of the day before.
#[derive(Clone)]
struct Yesterday {
    insecure: bool,
    log_ratio: f64,
    variance: f64,
    exposure: Vec<f64>,
}

fn play(plan: &Plan, seed: Seed, path: u64, fans: &mut [&mut Fan]) -> PathOutcome {
    let mut market = Market::new(plan, seed, path);
    let mut marks: Vec<Stream> = (0..plan.attacks.len())
        .map(|k| Stream::new(seed, Purpose::Mark(k), path))
        .collect();
    let mut arrivals: Vec<Arrivals> = (0..plan.attacks.len())
        .map(|k| Arrivals::new(seed, k, path, plan.attacks[k].when))
        .collect();
    let mut bridge = Stream::new(seed, Purpose::Bridge, path);
    let mut tallies: Vec<Tally> = plan
        .costs
        .iter()
        .map(|&c| Tally::new(plan, c, &market))
        .collect();
    for day in 1..=plan.days {
        market.step(day);
        let uniform = bridge.uniform();
        let prices = market.prices();
        let value = market.value();
        // All costs see the same opportunities.
        let events: Vec<Vec<f64>> = plan
            .attacks
            .iter()
            .enumerate()
            .map(|(k, attack)| {
                let count = match attack.when {
                    When::Standing => 1,
                    When::Poisson { .. } => arrivals[k].on(day),
                };
                (0..count)
                    .map(|_| match attack.take.is_random() {
                        true => drawn_profit(attack, value, &mut marks[k]),
                        false => known_profit(attack, value).0,
                    })
                    .collect()
            })
            .collect();
        for (tally, fan) in tallies.iter_mut().zip(fans.iter_mut()) {
            tally.day(plan, day, &market, &prices, value, &events, uniform, fan);
        }
    }
    let outcome = PathOutcome {
        costs: tallies
            .into_iter()
            .map(|t| t.finish(plan, Stream::new(seed, Purpose::Landing, path).uniform()))
            .collect(),
        end_price_usd: market.prices(),
        end_value_usd: market.value(),
    };
    outcome.check(seed, path);
    outcome
}

/// The account of one path for one way of counting the cost.
struct Tally {
    cost: Cost,
    out: CostOutcome,
    worst_prices: Vec<f64>,
    yesterday: Vec<Option<Yesterday>>,
    /// Probability that no attack was made so far.
    untouched: f64,
    met: Option<Met>,
}

impl Tally {
    fn new(plan: &Plan, cost: Cost, market: &Market) -> Tally {
        let mut tally = Tally {
            cost,
            out: CostOutcome::new(),
            worst_prices: Vec::new(),
            yesterday: vec![None; plan.attacks.len()],
            untouched: 1.0,
            met: None,
        };
        if plan.monitoring == Monitoring::Continuous {
            for (k, attack) in plan.attacks.iter().enumerate() {
                if !attack.take.is_random() {
                    let at = cost_of_corruption(plan, cost, attack, &market.prices());
                    let profit = known_profit(attack, market.value());
                    tally.yesterday[k] = Some(yesterday(plan, &at, profit));
                }
            }
        }
        tally
    }

    #[expect(clippy::too_many_arguments, reason = "a plain list of what a day sees")]
    fn day(
        &mut self,
        plan: &Plan,
        day: u32,
        market: &Market,
        prices: &[f64],
        value: f64,
        events: &[Vec<f64>],
        uniform: f64,
        fan: &mut Fan,
    ) {
        let mut sum = Hazards::default();
        let mut under_water = 0.0_f64;
        let mut day_ratio = None::<f64>;
        for (k, attack) in plan.attacks.iter().enumerate() {
            let at = cost_of_corruption(plan, self.cost, attack, prices);
            // The moments at which this attack is looked at today.
            let known = (!attack.take.is_random()).then(|| known_profit(attack, value));
            let seen: Vec<f64> =
                known.map_or_else(|| events[k].clone(), |(profit, _)| vec![profit]);
            let mut insecure_within = false;
            let mut occupied = 0.0_f64;
            let mut insecure_end = false;
            for &profit in &seen {
                let bound_ratio = log_ratio(at.bound, profit);
                let dip = match &self.yesterday[k] {
                    None => 0.0,
                    Some(before) => {
                        let jump: f64 = before
                            .exposure
                            .iter()
                            .zip(&market.jump)
                            .map(|(e, j)| e * j)
                            .sum();
                        let end = bound_ratio - jump;
                        let lowest =
                            bridge_minimum(before.log_ratio, end, before.variance, uniform);
                        if lowest < bound_ratio {
                            bound_ratio - lowest
                        } else {
                            0.0
                        }
                    }
                };
                if attack.when == When::Standing || known.is_some() {
                    day_ratio = Some(day_ratio.map_or(bound_ratio, |r| r.min(bound_ratio)));
                }
                let low = bound_ratio - dip;
                let decides = at.bound - profit < self.out.min_margin_usd
                    || low < self.out.min_log_ratio
                    || low < 0.0;
                if decides {
                    self.out.largest_gap = self.out.largest_gap.max(at.gap);
                    self.see(at.coc, profit, day, k, prices);
                    let lowest = log_ratio(at.coc, profit) - dip;
                    self.out.min_log_ratio = self.out.min_log_ratio.min(lowest);
                    insecure_end |= at.coc < profit;
                    insecure_within |= at.coc < profit || lowest < 0.0;
                    if self.cost == Cost::WholeStake {
                        self.out.critical_scale = self.out.critical_scale.max(libm::exp(-lowest));
                    }
                }
                if self.cost == Cost::OperatorRational {
                    let needed = profit * libm::exp(dip);
                    self.out.critical_scale =
                        enough(plan, attack, prices, needed, self.out.critical_scale);
                }
            }
            occupied = occupied.max(f64::from(u8::from(insecure_end)));
            if let Some(before) = &self.yesterday[k] {
                occupied = 0.5 * (f64::from(u8::from(before.insecure)) + occupied);
            }
            if insecure_within && self.out.first_insecure_day > day {
                self.out.first_insecure_day = day;
            }
            under_water = under_water.max(occupied);
            // What a drawn opportunity takes.
            let taken = match attack.when {
                When::Standing => events[k].iter().find(|_| insecure_within),
                When::Poisson { .. } => events[k].iter().find(|profit| **profit > at.coc),
            };
            if let (Some(&profit), true) = (taken, self.out.loss_day > day) {
                self.out.loss_usd = profit;
                self.out.loss_day = day;
                self.out.harm_usd = attack.harm.of(profit - attack.extra_profit_usd);
                self.met = Some(Met::of(attack, pledged(plan, attack, prices)));
            }
            // What opportunities take in expectation.
            let stake = pledged(plan, attack, prices);
            match (attack.when, known) {
                (When::Standing, _) if insecure_within => {
                    let loss = Loss::known(attack, seen[0], stake);
                    sum.certain = sum.certain.or(Some(loss))
                }
                (When::Standing, _) => {}
                (When::Poisson { per_year }, Some((profit, _))) => {
                    let loss = Loss::known(attack, profit, stake);
                    sum.add(per_year / DAYS_PER_YEAR, occupied, loss.times(occupied));
                }
                (When::Poisson { per_year }, None) => {
                    let (probability, loss) = Loss::drawn(attack, at.bound, stake, |cost| {
                        profit_above(attack, value, cost)
                    });
                    sum.add(per_year / DAYS_PER_YEAR, probability, loss);
                }
            }
            if let (Some(profit), Monitoring::Continuous) = (known, plan.monitoring) {
                self.yesterday[k] = Some(yesterday(plan, &at, profit));
            }
        }
        self.out.insecure_days += under_water;
        self.pay(&sum);
        if day == plan.horizon_days {
            self.out.min_log_ratio_horizon = self.out.min_log_ratio;
            self.out.critical_scale_horizon = self.out.critical_scale;
            self.out.close_horizon(self.untouched);
        }
        if let (Some(ratio), Ok(index)) = (day_ratio, plan.fan_days.binary_search(&day)) {
            fan.count(index, ratio);
        }
    }

    /// Looks at one attack at one moment.
    fn see(&mut self, coc: f64, profit: f64, day: u32, attack: usize, prices: &[f64]) {
        let margin = coc - profit;
        assert!(
            !margin.is_nan(),
            "margin of {coc} and {profit} on day {day}"
        );
        if margin < self.out.min_margin_usd {
            self.out.min_margin_usd = margin;
            self.out.min_margin_day = day;
            self.out.min_margin_attack = attack as u32;
            self.out.coc_usd = coc;
            self.out.pfc_usd = profit;
            self.worst_prices = prices.to_vec();
        }
    }

    /// The first attack of the day, if none came before: certain, or with a hazard.
    fn pay(&mut self, sum: &Hazards) {
        let out = &mut self.out;
        if let Some(loss) = sum.certain {
            out.expect(self.untouched, loss);
            self.untouched = 0.0;
        } else if sum.hazard > 0.0 {
            let stays = libm::exp(-sum.hazard);
            out.expect(self.untouched * (1.0 - stays) / sum.hazard, sum.loss);
            self.untouched *= stays;
        }
    }

    /// `landing` decides whether the slash of the attack that was met lands.
    fn finish(mut self, plan: &Plan, landing: f64) -> CostOutcome {
        if let Some(met) = self.met {
            self.out.uncovered_usd = met.uncovered(self.out.harm_usd, landing);
        }
        self.out.attack_probability = 1.0 - self.untouched;
        if let Some(attack) = plan.attacks.get(self.out.min_margin_attack as usize) {
            self.out.coalition_size = fewest(plan, attack, &self.worst_prices);
        }
        self.out
    }
}

/// What the opportunities of one day take in expectation.
#[derive(Default)]
struct Hazards {
    hazard: f64,
    loss: Loss,
    certain: Option<Loss>,
}

impl Hazards {
    fn add(&mut self, rate: f64, probability: f64, loss: Loss) {
        self.hazard += rate * probability;
        self.loss.add(loss.times(rate));
    }
}

/// Slashable stake that any coalition with the votes for an attack holds at least, USD.
fn pledged(plan: &Plan, attack: &Attack, prices: &[f64]) -> f64 {
    let whole = Attack {
        burned_share: 1.0,
        returned_share: 0.0,
        ..*attack
    };
    bargain(plan, Cost::WholeStake, &whole, prices, 1.0)
        .continuum()
        .lower
}

/// The smallest scale from `known` on at which the operators' own loss reaches `needed`.
fn enough(plan: &Plan, attack: &Attack, prices: &[f64], needed: f64, known: f64) -> f64 {
    let at = |scale: f64| bargain(plan, Cost::OperatorRational, attack, prices, scale);
    let exact = |scale: f64| at(scale).by(plan).lower;
    if known.is_infinite() || at(known).continuum().lower >= needed || exact(known) >= needed {
        return known;
    }
    let (mut low, mut high) = (known, f64::max(1.0, 2.0 * known));
    while exact(high) < needed {
        if high > 1e12 {
            return f64::INFINITY;
        }
        low = high;
        high *= 2.0;
    }
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if exact(middle) < needed {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// `ln(cost / profit)`: infinite where nothing is to be had.
fn log_ratio(cost: f64, profit: f64) -> f64 {
    if profit > 0.0 {
        libm::log(cost / profit)
    } else {
        f64::INFINITY
    }
}

/// The minimum of a Brownian bridge from `start` to `end` whose free end would have the given
/// variance, at the share `uniform` of its distribution:
/// `P(min < m) = exp(-2 (start - m)(end - m) / variance)`.
fn bridge_minimum(start: f64, end: f64, variance: f64, uniform: f64) -> f64 {
    if !(start.is_finite() && end.is_finite()) {
        return start.min(end);
    }
    let step = end - start;
    0.5 * (start + end - (step * step - 2.0 * variance * libm::log(uniform)).sqrt())
}

fn yesterday(plan: &Plan, at: &CostAt, (profit, value_elasticity): (f64, f64)) -> Yesterday {
    let n = plan.asset_count() + 1;
    let mut exposure = at.elasticity.clone();
    exposure.push(-value_elasticity);
    let mut variance = 0.0;
    for column in 0..n {
        let mut loading = 0.0;
        for (f, factor) in plan.factors().enumerate() {
            loading +=
                exposure[f] * factor.log_sd_per_day() * plan.correlation_root[f * n + column];
        }
        variance += loading * loading;
    }
    Yesterday {
        insecure: at.coc < profit,
        log_ratio: log_ratio(at.bound, profit),
        variance,
        exposure,
    }
}
