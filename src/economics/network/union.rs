//! The cheapest way to take several services at once: each entity may join some of them, pays for
//! its set once, and every service must reach its votes.
//!
//! What an entity pays for a set of services is any submodular price: slashes that stop at its
//! whole stake, business that is lost once. Branch and bound; its bound is the larger of two. One
//! is the dearest single row with fractions of entities. The other adds up the services: an
//! entity's Shapley values are in the core of a submodular cost (Shapley 1971), so for no set do
//! they sum to more than its price, and the services' relaxations at those values are a bound
//! together.

use super::super::coalition::{Effort, ROUNDING, gap};

/// Most services that are taken together: an entity has a price for each set of them.
pub const MOST_TOGETHER: usize = 16;

/// Votes that one quorum of a service needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The service that it belongs to.
    pub service: usize,
    /// Votes of each entity, once it has joined the service.
    pub votes: Vec<f64>,
    /// Votes needed.
    pub needed: f64,
}

/// Votes that can be had of many small holders, as finely as is wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Others {
    /// All their votes.
    pub votes: f64,
    /// Price of one of them.
    pub price: f64,
}

impl Others {
    /// There are none.
    pub const NONE: Self = Self {
        votes: 0.0,
        price: 0.0,
    };
}

/// Services to be taken together.
#[derive(Debug, Clone, PartialEq)]
pub struct Together {
    /// What every quorum of every service needs.
    pub rows: Vec<Row>,
    /// `[entity][set of services]`: what an entity pays for joining a set, the set written as bits;
    /// submodular, and nothing for the empty set.
    pub prices: Vec<Vec<f64>>,
    /// `[service]`: holders who are in none of the entities.
    pub others: Vec<Others>,
}

/// A way to take them all.
#[derive(Debug, Clone, PartialEq)]
pub struct Union {
    /// What it costs: an upper bound of the cheapest.
    pub cost: f64,
    /// No way costs less.
    pub lower_bound: f64,
    /// Who takes part, ascending, and in which set of services.
    pub members: Vec<(usize, u32)>,
}

impl Union {
    /// By what share of its cost it might be beaten: 0 is exact.
    #[must_use]
    pub fn gap(&self) -> f64 {
        gap(self.cost, self.lower_bound)
    }
}

/// The price of a set when slashes stop at the whole stake and business is lost once:
/// `min(most, Σ lost) + once`.
#[must_use]
pub fn price_of(lost: &[f64], most: f64, once: f64, set: u32) -> f64 {
    if set == 0 {
        return 0.0;
    }
    let slashed: f64 = members(set).map(|service| lost[service]).sum();
    slashed.min(most) + once
}

/// Services of a set.
pub fn members(set: u32) -> impl Iterator<Item = usize> {
    (0..32_usize).filter(move |bit| set >> bit & 1 == 1)
}

/// The cheapest way, or `None` when one of the services cannot be taken.
///
/// # Panics
/// If there are more than [`MOST_TOGETHER`] services, or a price is negative or not finite.
#[must_use]
pub fn cheapest_union(together: &Together, effort: Effort) -> Option<Union> {
    let mut search = Search::new(together, effort)?;
    search.complete_greedily();
    search.visit(0, 0.0);
    Some(search.finish())
}

/// One row's entities, cheapest per vote first, at one way of pricing them.
struct Relaxation {
    /// `(depth, price, votes)`.
    offers: Vec<(usize, f64, f64)>,
}

impl Relaxation {
    fn new(row: &Row, depth_of: &[usize], price: impl Fn(usize) -> f64) -> Self {
        let mut offers: Vec<(usize, f64, f64)> = row
            .votes
            .iter()
            .enumerate()
            .filter(|(_, votes)| **votes > 0.0)
            .map(|(entity, votes)| (depth_of[entity], price(entity), *votes))
            .collect();
        offers.sort_by(|a, b| (a.1 * b.2).total_cmp(&(b.1 * a.2)).then(a.0.cmp(&b.0)));
        Self { offers }
    }

    /// The least for which `missing` votes are had of those from `depth` on and of the others.
    fn fill(&self, depth: usize, mut missing: f64, others: Others) -> Option<f64> {
        let (mut spent, mut left) = (0.0, others.votes);
        for &(at, price, votes) in &self.offers {
            if left > 0.0 && others.price * votes <= price {
                let part = missing.min(left);
                spent += part * others.price;
                missing -= part;
                left = 0.0;
            }
            if missing <= 0.0 {
                return Some(spent);
            }
            if at < depth {
                continue;
            }
            let share = (missing / votes).min(1.0);
            spent += share * price;
            missing -= share * votes;
            if share < 1.0 {
                return Some(spent);
            }
        }
        let part = missing.min(left);
        (missing - part <= 0.0).then_some(spent + part * others.price)
    }
}

struct Search<'a> {
    model: &'a Together,
    /// Entity at each depth.
    order: Vec<usize>,
    /// `[depth]`: sets worth joining with their prices, cheapest first.
    options: Vec<Vec<(u32, f64)>>,
    /// `[row]`: entities at the price of its service alone, and at their Shapley values.
    alone: Vec<Relaxation>,
    added: Vec<Relaxation>,
    services: usize,
    missing: Vec<f64>,
    taken: Vec<(usize, u32)>,
    best: Vec<(usize, u32)>,
    best_cost: f64,
    lowest_left: f64,
    nodes: u64,
    effort: Effort,
}

impl<'a> Search<'a> {
    fn new(model: &'a Together, effort: Effort) -> Option<Self> {
        let services = model.others.len();
        assert!(
            (1..=MOST_TOGETHER).contains(&services),
            "{services} services at once"
        );
        let entities = model.prices.len();
        for (entity, prices) in model.prices.iter().enumerate() {
            assert!(
                prices.len() == 1 << services && prices.iter().all(|p| *p >= 0.0 && p.is_finite()),
                "entity {entity} asks {prices:?} of {services} services"
            );
        }
        for row in &model.rows {
            let all = row.votes.iter().sum::<f64>() + model.others[row.service].votes;
            if all < row.needed * (1.0 - ROUNDING) {
                return None;
            }
        }
        let missing: Vec<f64> = model
            .rows
            .iter()
            .map(|row| row.needed * (1.0 - ROUNDING))
            .collect();
        let useful: Vec<u32> = (0..entities).map(|o| useful(model, o)).collect();
        let weighs = |o: usize| -> f64 {
            let rows = model.rows.iter().zip(&missing);
            rows.filter(|(_, missing)| **missing > 0.0)
                .map(|(row, missing)| (row.votes[o] / missing).min(1.0))
                .sum()
        };
        let ratio: Vec<f64> = (0..entities)
            .map(|o| model.prices[o][useful[o] as usize] / weighs(o))
            .collect();
        let mut order: Vec<usize> = (0..entities).filter(|&o| useful[o] != 0).collect();
        order.sort_by(|&a, &b| ratio[a].total_cmp(&ratio[b]).then(a.cmp(&b)));
        let mut depth_of = vec![usize::MAX; entities];
        for (depth, &entity) in order.iter().enumerate() {
            depth_of[entity] = depth;
        }
        let options = order
            .iter()
            .map(|&o| options_of(&model.prices[o], useful[o]))
            .collect();
        let shapley: Vec<Vec<f64>> = (0..entities)
            .map(|o| shapley(&model.prices[o], useful[o], services))
            .collect();
        let relaxed = |price: &dyn Fn(usize, usize) -> f64| -> Vec<Relaxation> {
            let rows = model.rows.iter();
            rows.map(|row| Relaxation::new(row, &depth_of, |o| price(o, row.service)))
                .collect()
        };
        Some(Self {
            alone: relaxed(&|o, service| model.prices[o][1 << service]),
            added: relaxed(&|o, service| shapley[o][service]),
            model,
            order,
            options,
            services,
            missing,
            taken: Vec::new(),
            best: Vec::new(),
            best_cost: f64::INFINITY,
            lowest_left: f64::INFINITY,
            nodes: 0,
            effort,
        })
    }

    /// What the others ask for all that is missing, or `None` when they are not enough.
    fn rest(&self) -> Option<f64> {
        let mut needed = vec![0.0_f64; self.services];
        for (row, &missing) in self.model.rows.iter().zip(&self.missing) {
            needed[row.service] = needed[row.service].max(missing);
        }
        let mut spent = 0.0;
        for (needed, others) in needed.iter().zip(&self.model.others) {
            if *needed > others.votes {
                return None;
            }
            spent += needed * others.price;
        }
        Some(spent)
    }

    fn keep(&mut self, spent: f64) {
        if let Some(rest) = self.rest()
            && spent + rest < self.best_cost
        {
            self.best_cost = spent + rest;
            self.best.clone_from(&self.taken);
        }
    }

    fn join(&mut self, entity: usize, set: u32) {
        for (missing, row) in self.missing.iter_mut().zip(&self.model.rows) {
            if set >> row.service & 1 == 1 {
                *missing -= row.votes[entity];
            }
        }
    }

    /// Services that still miss votes.
    fn open(&self) -> u32 {
        let rows = self.model.rows.iter().zip(&self.missing);
        rows.filter(|(_, missing)| **missing > 0.0)
            .fold(0, |set, (row, _)| set | 1 << row.service)
    }

    /// Step by step the entity and set that bring most for their price; then whoever is not needed
    /// leaves again.
    fn complete_greedily(&mut self) {
        let start = self.missing.clone();
        let mut sets = vec![0_u32; self.model.prices.len()];
        let mut spent = 0.0;
        while self.open() != 0 {
            let open = self.open();
            let mut found: Option<(f64, usize, u32, f64)> = None;
            for (depth, &entity) in self.order.iter().enumerate() {
                let prices = &self.model.prices[entity];
                for &(option, _) in &self.options[depth] {
                    let more = option & open & !sets[entity];
                    if more == 0 {
                        continue;
                    }
                    let asked =
                        prices[(sets[entity] | more) as usize] - prices[sets[entity] as usize];
                    let brings: f64 = self
                        .model
                        .rows
                        .iter()
                        .zip(&self.missing)
                        .filter(|(row, missing)| more >> row.service & 1 == 1 && **missing > 0.0)
                        .map(|(row, missing)| row.votes[entity].min(*missing) / row.needed)
                        .sum();
                    if brings > 0.0 && found.is_none_or(|best| asked / brings < best.0) {
                        found = Some((asked / brings, entity, more, asked));
                    }
                }
            }
            let Some((_, entity, more, asked)) = found else {
                break;
            };
            sets[entity] |= more;
            spent += asked;
            self.join(entity, more);
            self.taken = listed(&sets);
            self.keep(spent);
        }
        // The dearest first: who can be spared is.
        let mut joined: Vec<(usize, usize)> = (0..sets.len())
            .flat_map(|o| members(sets[o]).map(move |service| (o, service)))
            .collect();
        let saves = |sets: &[u32], o: usize, service: usize| {
            let prices = &self.model.prices[o];
            prices[sets[o] as usize] - prices[(sets[o] & !(1 << service)) as usize]
        };
        joined.sort_by(|a, b| saves(&sets, b.0, b.1).total_cmp(&saves(&sets, a.0, a.1)));
        for (o, service) in joined {
            let spared = self.model.rows.iter().zip(&self.missing);
            let spare = spared
                .filter(|(row, _)| row.service == service)
                .all(|(row, missing)| missing + row.votes[o] <= 0.0);
            if spare {
                for (row, missing) in self.model.rows.iter().zip(&mut self.missing) {
                    if row.service == service {
                        *missing += row.votes[o];
                    }
                }
                sets[o] &= !(1 << service);
            }
        }
        let spent = (0..sets.len())
            .map(|o| self.model.prices[o][sets[o] as usize])
            .sum();
        self.taken = listed(&sets);
        self.keep(spent);
        self.taken.clear();
        self.missing = start;
    }

    fn visit(&mut self, depth: usize, spent: f64) {
        self.keep(spent);
        let open = self.open();
        if open == 0 {
            return;
        }
        let Some(completion) = self.bound(depth) else {
            return;
        };
        let bound = spent + completion;
        // Without any answer yet the search goes on beyond its limit: to the first one.
        let tired = self.nodes >= self.effort.nodes && self.best_cost.is_finite();
        if bound >= self.best_cost * (1.0 - self.effort.relative_gap.max(ROUNDING)) || tired {
            self.lowest_left = self.lowest_left.min(bound);
            return;
        }
        if depth == self.order.len() {
            return;
        }
        self.nodes += 1;
        let entity = self.order[depth];
        let before = self.missing.clone();
        // All at once first: it is what usually pays.
        for option in (0..self.options[depth].len()).rev() {
            let (set, cost) = self.options[depth][option];
            // A set that adds only to what is complete has a cheaper part that does the same.
            if set & open == 0 || !self.is_worth(depth, set, open) {
                continue;
            }
            self.join(entity, set);
            self.taken.push((entity, set));
            self.visit(depth + 1, spent + cost);
            self.taken.pop();
            self.missing.clone_from(&before);
        }
        self.visit(depth + 1, spent);
    }

    /// Whether no cheaper option joins the same of the open services.
    fn is_worth(&self, depth: usize, set: u32, open: u32) -> bool {
        let options = &self.options[depth];
        let price = options
            .iter()
            .find(|(other, _)| *other == set)
            .map_or(0.0, |(_, price)| *price);
        !options.iter().any(|&(other, cost)| {
            other != set
                && other & open == set & open
                && (cost < price || cost <= price && other < set)
        })
    }

    /// The least that completing from `depth` costs, or `None` when it cannot be completed.
    fn bound(&self, depth: usize) -> Option<f64> {
        let mut most = 0.0_f64;
        let mut each = [0.0_f64; MOST_TOGETHER];
        for (index, row) in self.model.rows.iter().enumerate() {
            let missing = self.missing[index];
            if missing <= 0.0 {
                continue;
            }
            let others = self.model.others[row.service];
            most = most.max(self.alone[index].fill(depth, missing, others)?);
            let part = self.added[index].fill(depth, missing, others)?;
            each[row.service] = each[row.service].max(part);
        }
        Some(most.max(each.iter().sum()))
    }

    fn finish(mut self) -> Union {
        let cost = self.best_cost;
        self.best.sort_unstable();
        let proven = self.lowest_left >= cost * (1.0 - 2.0 * ROUNDING);
        Union {
            cost,
            lower_bound: if proven { cost } else { self.lowest_left },
            members: self.best,
        }
    }
}

fn listed(sets: &[u32]) -> Vec<(usize, u32)> {
    let all = sets.iter().copied().enumerate();
    all.filter(|(_, set)| *set != 0).collect()
}

/// Services in which an entity has votes.
fn useful(model: &Together, entity: usize) -> u32 {
    model
        .rows
        .iter()
        .filter(|row| row.votes[entity] > 0.0)
        .fold(0, |set, row| set | 1 << row.service)
}

/// The sets that an entity may join, without those that cost as much as a larger one; cheapest
/// first.
fn options_of(prices: &[f64], useful: u32) -> Vec<(u32, f64)> {
    let all: Vec<(u32, f64)> = (1..prices.len() as u32)
        .filter(|set| set & !useful == 0)
        .map(|set| (set, prices[set as usize]))
        .collect();
    let mut options: Vec<(u32, f64)> = all
        .iter()
        .copied()
        .filter(|&(set, price)| {
            !all.iter()
                .any(|&(other, cost)| other != set && other & set == set && cost <= price)
        })
        .collect();
    options.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    options
}

/// Shapley values of an entity's prices over the services where it has votes.
fn shapley(prices: &[f64], useful: u32, services: usize) -> Vec<f64> {
    let n = useful.count_ones() as usize;
    let factorial = |k: usize| (1..=k).map(|i| i as f64).product::<f64>();
    let mut values = vec![0.0; services];
    for service in members(useful) {
        let bit = 1_u32 << service;
        values[service] = (0..prices.len() as u32)
            .filter(|set| set & !useful == 0 && set & bit == 0)
            .map(|set| {
                let before = set.count_ones() as usize;
                let orders = factorial(before) * factorial(n - before - 1) / factorial(n);
                orders * (prices[(set | bit) as usize] - prices[set as usize])
            })
            .sum::<f64>()
            .max(0.0);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn prices(lost: &[f64], most: f64, once: f64) -> Vec<f64> {
        (0..1_u32 << lost.len())
            .map(|set| price_of(lost, most, once, set))
            .collect()
    }

    #[test]
    fn shapley_values_of_two_services_share_what_is_lost_once() {
        let values = shapley(&prices(&[3.0, 1.0], f64::INFINITY, 2.0), 0b11, 2);
        assert!((values[0] - 4.0).abs() < 1e-12 && (values[1] - 2.0).abs() < 1e-12);
        // Only there does it have votes.
        let alone = shapley(&prices(&[3.0, 1.0], f64::INFINITY, 2.0), 0b01, 2);
        assert!((alone[0] - 5.0).abs() < 1e-12 && alone[1].abs() <= 0.0);
    }

    #[test]
    fn others_are_bought_where_they_are_cheaper() {
        // Ten votes are needed; the entity sells four for eight, others sell at one each.
        let together = Together {
            rows: vec![Row {
                service: 0,
                votes: vec![4.0],
                needed: 10.0,
            }],
            prices: vec![vec![0.0, 2.0]],
            others: vec![Others {
                votes: 20.0,
                price: 1.0,
            }],
        };
        let found = cheapest_union(&together, Effort::REPORTED).unwrap();
        assert!((found.cost - 8.0).abs() < 1e-9, "{found:?}");
        assert_eq!(found.members, vec![(0, 1)]);
        let mut few = together;
        few.others[0].votes = 5.0;
        assert!(cheapest_union(&few, Effort::REPORTED).is_none());
    }

    /// Every assignment of sets to entities.
    fn by_hand(together: &Together) -> Option<f64> {
        let (n, sets) = (together.prices.len(), together.prices[0].len());
        let mut best: Option<f64> = None;
        for code in 0..sets.pow(n as u32) {
            let joined: Vec<usize> = (0..n).map(|o| code / sets.pow(o as u32) % sets).collect();
            let mut cost: f64 = (0..n).map(|o| together.prices[o][joined[o]]).sum();
            let mut short = vec![0.0_f64; together.others.len()];
            for row in &together.rows {
                let held: f64 = (0..n)
                    .filter(|&o| joined[o] >> row.service & 1 == 1)
                    .map(|o| row.votes[o])
                    .sum();
                short[row.service] = short[row.service].max(row.needed * (1.0 - 1e-12) - held);
            }
            let fits = short
                .iter()
                .zip(&together.others)
                .all(|(s, o)| *s <= o.votes);
            for (s, o) in short.iter().zip(&together.others) {
                cost += s.max(0.0) * o.price;
            }
            if fits && best.is_none_or(|known| cost < known) {
                best = Some(cost);
            }
        }
        best
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn the_search_finds_what_listing_finds(
            entities in vec((vec(0.0..5.0, 3), 0.1..6.0, 0.0..3.0), 1..5),
            more in vec(0.0..5.0, 5), shares in vec(0.05..1.0, 4),
            others in vec((0.0..4.0, 0.0..2.0), 3), nodes in 1_u64..2000,
        ) {
            let n = entities.len();
            let votes = |s: usize| -> Vec<f64> { entities.iter().map(|e| e.0[s]).collect() };
            let row = |service: usize, votes: Vec<f64>, share: f64| Row {
                service, needed: share * votes.iter().sum::<f64>(), votes,
            };
            let mut rows: Vec<Row> = (0..3).map(|s| row(s, votes(s), shares[s])).collect();
            // A second quorum of the first service.
            rows.push(row(0, more[..n].to_vec(), shares[3]));
            let mut others: Vec<Others> =
                others.iter().map(|&(votes, price)| Others { votes, price }).collect();
            others[0] = Others::NONE;
            let together = Together {
                rows, others,
                prices: entities.iter().map(|(lost, most, once)| prices(lost, *most, *once)).collect(),
            };
            let truth = by_hand(&together).unwrap();
            let found = cheapest_union(&together, Effort::REPORTED).unwrap();
            prop_assert!((found.cost - truth).abs() <= 1e-9 * truth.max(1.0), "{} {truth}", found.cost);
            prop_assert!(found.gap() <= 1e-9);
            let hurried = cheapest_union(&together, Effort { relative_gap: 0.0, nodes }).unwrap();
            prop_assert!(hurried.lower_bound <= truth * (1.0 + 1e-9) + 1e-12);
            prop_assert!(hurried.cost >= truth * (1.0 - 1e-9) - 1e-12);
        }
    }
}
