//! The cheapest set of entities that reaches a threshold of the votes.
//!
//! This is the min-cost knapsack cover: minimise the cost of a set whose weight is at least
//! the target (NP-hard; with cost proportional to weight it is subset sum). Branch and bound
//! on the entities in order of cost per vote, with the fractional solution as bound (Dantzig
//! 1957). The first nodes are searched exactly; beyond them a branch is also dropped when it
//! cannot save more than [`TOLERANCE`], and what was dropped is kept as the lower bound. So
//! the answer is exact, or comes with its certified gap; it is never the greedy set's cost.
//!
//! Where a set exists that costs at most [`CERTIFIED`] more than the fractional solution, the
//! fractional cost is the answer and the search ends: with many small operators that is every
//! day, and [`Grain`] knows it without a search.

/// Nodes that are searched without any tolerance.
const EXACT_NODES: u32 = 1_000;
/// Nodes after which the search stops with the bound it has.
const MOST_NODES: u32 = 100_000;
/// Savings below this share are given up after [`EXACT_NODES`].
pub const TOLERANCE: f64 = 5e-4;
/// Sets that are filled before a search.
const MOST_FILLS: u32 = 400;
/// A gap as small as this needs no search.
pub const CERTIFIED: f64 = 1e-3;
/// A set is enough if it misses the target by less than this share: thirds do not add up to one.
pub(super) const SLACK: f64 = 1e-12;

/// The answer: `lower <= cheapest cost <= upper`, equal if the search was exact.
#[derive(Debug, Clone, PartialEq)]
pub struct Cover {
    /// Certified lower bound of the cheapest cost: the number to report.
    pub lower: f64,
    /// Cost of the set found.
    pub upper: f64,
    /// Entities in the set found.
    pub size: u32,
    /// Share of each entity in the set found: 0 or 1, or between for the continuum.
    pub taken: Vec<f64>,
}

impl Cover {
    /// How far the cheapest cost can lie above `lower`, as a share of it.
    #[must_use]
    pub fn gap(&self) -> f64 {
        if self.upper > self.lower {
            (self.upper - self.lower) / self.lower
        } else {
            0.0
        }
    }
}

/// The cheapest cover if each entity may take part in any share: exactly the target is bought,
/// cheapest votes first.
#[must_use]
pub fn fractional(costs: &[f64], weights: &[f64], target: f64) -> Cover {
    let mut need = target;
    let mut cover = Cover {
        lower: 0.0,
        upper: 0.0,
        size: 0,
        taken: vec![0.0; costs.len()],
    };
    for k in by_cost_per_vote(costs, weights) {
        if need <= 0.0 {
            break;
        }
        let share = (need / weights[k]).min(1.0);
        cover.taken[k] = share;
        cover.upper += share * costs[k];
        need -= weights[k];
    }
    cover.lower = cover.upper;
    cover
}

/// The entities with the most votes until the target is reached. Its cost overstates the
/// cheapest: for benchmarks only.
#[must_use]
pub fn largest_first(costs: &[f64], weights: &[f64], target: f64) -> Cover {
    let mut order: Vec<usize> = (0..costs.len()).collect();
    order.sort_by(|&a, &b| weights[b].total_cmp(&weights[a]));
    let mut cover = Cover {
        lower: 0.0,
        upper: 0.0,
        size: 0,
        taken: vec![0.0; costs.len()],
    };
    let mut votes = 0.0;
    for k in order {
        if votes >= target {
            break;
        }
        votes += weights[k];
        cover.upper += costs[k];
        cover.taken[k] = 1.0;
        cover.size += 1;
    }
    cover.lower = cover.upper;
    cover
}

/// The cheapest cover by whole entities.
///
/// # Panics
/// If all votes together miss the target.
#[must_use]
pub fn cheapest(costs: &[f64], weights: &[f64], target: f64) -> Cover {
    let order: Vec<usize> = by_cost_per_vote(costs, weights);
    let mut search = Search::new(&order, costs, weights);
    let target = target * (1.0 - SLACK);
    assert!(
        search.votes[order.len()] >= target,
        "{} votes miss a target of {target}",
        search.votes[order.len()]
    );
    // The slack is for rounding in sums, not for the bound: it is convex in the target.
    let root = search.bound(0, target) / (1.0 - SLACK);
    search.enough = root * (1.0 + CERTIFIED);
    search.visit(0, target, 0.0);
    let certified = search.best <= search.enough;
    let lower = if certified {
        root
    } else {
        search.floor.max(root)
    }
    .min(search.best);
    let mut cover = Cover {
        lower,
        upper: search.best,
        size: 0,
        taken: vec![0.0; costs.len()],
    };
    for &k in &search.best_set {
        cover.taken[order[k]] = 1.0;
        cover.size += 1;
    }
    cover
}

/// The cheapest cover where costs a vote differ little, as where collateral is slashed by fractions
/// of its own and operators hold much the same of it: taking whoever can still be paid for, cheapest
/// votes first, nearly always proves the continuum's cost; only where it does not is a set searched.
///
/// # Panics
/// If all votes together miss the target.
#[must_use]
pub fn cheapest_near(costs: &[f64], weights: &[f64], target: f64) -> Cover {
    let order = by_cost_per_vote(costs, weights);
    let root = fractional(costs, weights, target).lower;
    let enough = root * (1.0 + CERTIFIED);
    let none = usize::MAX;
    // The entities around the continuum's last one are those worth leaving out.
    let last = {
        let mut votes = 0.0;
        order.iter().position(|&k| {
            votes += weights[k];
            votes >= target
        })
    };
    let from = last.unwrap_or(0).saturating_sub(20);
    let to = (from + 28).min(order.len());
    let once = std::iter::once((none, none));
    let one = (from..to).map(|i| (i, none));
    let two = (from..to).flat_map(|i| (i + 1..to).map(move |j| (i, j)));
    for (i, j) in once.chain(one).chain(two).take(MOST_FILLS as usize) {
        let mut cover = Cover {
            lower: root,
            upper: 0.0,
            size: 0,
            taken: vec![0.0; costs.len()],
        };
        let mut votes = 0.0;
        for (place, &k) in order.iter().enumerate() {
            if votes >= target {
                break;
            }
            if place != i && place != j && cover.upper + costs[k] <= enough {
                votes += weights[k];
                cover.upper += costs[k];
                cover.taken[k] = 1.0;
                cover.size += 1;
            }
        }
        if votes >= target {
            cover.lower = root.min(cover.upper);
            return cover;
        }
    }
    cheapest(costs, weights, target)
}

/// The cheapest cover where cost is proportional to votes: certified lower bound and gap, both
/// in votes. Taking whatever still fits, largest first, nearly always proves the continuum's
/// cost; only where it does not are sets searched.
///
/// `known` is a set that proved it before, under other prices: it is tried first, and replaced
/// by the set that proves it now.
#[must_use]
pub fn cheapest_votes(
    largest_first: &[u32],
    votes: &[f64],
    target: f64,
    known: &mut Vec<u32>,
) -> (f64, f64) {
    let sum: f64 = known.iter().map(|&entity| votes[entity as usize]).sum();
    if sum >= target && sum <= target * (1.0 + CERTIFIED) {
        return (target, (sum - target) / target);
    }
    let n = largest_first.len();
    let none = usize::MAX;
    let mut tries = 0;
    // All entities, then all but one, then all but two: few sets, but spread evenly enough
    // that some meets the target, where a search would visit hundreds of nodes.
    let once = std::iter::once((none, none));
    let one = (0..n).map(|i| (i, none));
    let two = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
    for (i, j) in once.chain(one).chain(two) {
        tries += 1;
        if tries > MOST_FILLS {
            break;
        }
        if let Some(gap) = fill(largest_first, votes, target, i, j, known) {
            return (target, gap);
        }
    }
    let cover = cheapest(votes, votes, target);
    (cover.lower, cover.gap())
}

/// Entities by value at `prices`, largest first: the order in which [`cheapest_votes`] tries them.
#[must_use]
pub fn largest_first_order(tokens: &[f64], prices: &[f64]) -> Vec<u32> {
    let value: Vec<f64> = tokens
        .chunks_exact(prices.len())
        .map(|row| row.iter().zip(prices).map(|(t, p)| t * p).sum())
        .collect();
    let mut order: Vec<u32> = (0..value.len() as u32).collect();
    order.sort_by(|&a, &b| {
        value[b as usize]
            .total_cmp(&value[a as usize])
            .then(a.cmp(&b))
    });
    order
}

/// How far above `target` a set of whole entities certainly gets, as a share of it, if that is
/// at most [`CERTIFIED`]: each entity of `order` is taken if it still fits, but not those in
/// the places `i` and `j`. A set found so proves that the continuum's cost is the cheapest up
/// to the gap.
fn fill(
    order: &[u32],
    votes: &[f64],
    target: f64,
    i: usize,
    j: usize,
    set: &mut Vec<u32>,
) -> Option<f64> {
    let most = target * (1.0 + CERTIFIED);
    set.clear();
    let mut sum = 0.0;
    for (place, &entity) in order.iter().enumerate() {
        let next = sum + votes[entity as usize];
        if next <= most && place != i && place != j {
            sum = next;
            set.push(entity);
            if sum >= target {
                return Some((sum - target) / target);
            }
        }
    }
    None
}

/// How finely the stake is divided: every amount of it can be had by whole entities up to a
/// grain, whatever the prices.
///
/// Take the entities in one order. While each is no larger than all before it together plus
/// `d`, the sums of subsets of the first `k` leave no gap above `d` (induction on `k`: the next
/// entity copies the sums so far to a place that starts within `d` of their end). Done for the
/// tokens of each asset in the same order, the grain in USD is the sum of token grains times
/// prices.
#[derive(Debug, Clone, PartialEq)]
pub struct Grain {
    /// Grain of each asset, tokens.
    pub tokens: Vec<f64>,
}

impl Grain {
    /// The grain of `tokens`, row-major `[entity][asset]`; the order is by value at `prices`,
    /// smallest first.
    #[must_use]
    pub fn of(tokens: &[f64], prices: &[f64]) -> Grain {
        let n = prices.len();
        let value = |row: &[f64]| -> f64 { row.iter().zip(prices).map(|(t, p)| t * p).sum() };
        let mut rows: Vec<&[f64]> = tokens.chunks_exact(n).collect();
        rows.sort_by(|a, b| value(a).total_cmp(&value(b)));
        let (mut grain, mut before) = (vec![0.0_f64; n], vec![0.0; n]);
        for row in rows {
            for a in 0..n {
                grain[a] = grain[a].max(row[a] - before[a]);
                before[a] += row[a];
            }
        }
        Grain { tokens: grain }
    }
}

/// Entities with a vote, by cost a vote; of equal ones the one with more votes first. Costs a
/// vote that agree to 40 bits are equal: they came from one rate and differ by rounding.
fn by_cost_per_vote(costs: &[f64], weights: &[f64]) -> Vec<usize> {
    let key: Vec<f64> = costs
        .iter()
        .zip(weights)
        .map(|(c, w)| f64::from_bits((c / w).to_bits() & !0xfff))
        .collect();
    let mut order: Vec<usize> = (0..costs.len()).filter(|&k| weights[k] > 0.0).collect();
    order.sort_by(|&a, &b| {
        key[a]
            .total_cmp(&key[b])
            .then(weights[b].total_cmp(&weights[a]))
    });
    order
}

/// Branch and bound over the entities in order; what is left to decide is always a suffix.
struct Search {
    weight: Vec<f64>,
    cost: Vec<f64>,
    /// `votes[k]`: sum of the first `k` weights. `spent[k]`: sum of their costs.
    votes: Vec<f64>,
    spent: Vec<f64>,
    set: Vec<usize>,
    best: f64,
    best_set: Vec<usize>,
    /// Least bound of what was given up without being searched.
    floor: f64,
    /// A set as cheap as this ends the search.
    enough: f64,
    nodes: u32,
}

impl Search {
    fn new(order: &[usize], costs: &[f64], weights: &[f64]) -> Search {
        let weight: Vec<f64> = order.iter().map(|&k| weights[k]).collect();
        let cost: Vec<f64> = order.iter().map(|&k| costs[k]).collect();
        Search {
            votes: running_sums(&weight),
            spent: running_sums(&cost),
            weight,
            cost,
            set: Vec::new(),
            best: f64::INFINITY,
            best_set: Vec::new(),
            floor: f64::INFINITY,
            enough: 0.0,
            nodes: 0,
        }
    }

    /// The fractional cost of `need` votes among the entities from `from` on; infinite if they
    /// have not enough.
    fn bound(&self, from: usize, need: f64) -> f64 {
        let aim = self.votes[from] + need;
        // The first end at which the votes suffice.
        let end = from + self.votes[from..].partition_point(|&v| v < aim);
        if end >= self.votes.len() {
            return f64::INFINITY;
        }
        if end == from {
            return 0.0;
        }
        let share = (aim - self.votes[end - 1]) / self.weight[end - 1];
        self.spent[end - 1] - self.spent[from] + share * self.cost[end - 1]
    }

    /// Searches the sets that extend the current one, which costs `so_far`, by entities from
    /// `from` on with at least `need` more votes.
    fn visit(&mut self, mut from: usize, need: f64, so_far: f64) {
        loop {
            let bound = so_far + self.bound(from, need);
            if bound >= self.best || self.best <= self.enough {
                return;
            }
            self.nodes += 1;
            let tolerant = self.nodes > EXACT_NODES && bound * (1.0 + TOLERANCE) >= self.best;
            if tolerant || self.nodes > MOST_NODES && self.best.is_finite() {
                self.floor = self.floor.min(bound);
                return;
            }
            // With this entity ...
            self.set.push(from);
            let cost = so_far + self.cost[from];
            if self.weight[from] >= need {
                if cost < self.best {
                    self.best = cost;
                    self.best_set.clone_from(&self.set);
                }
            } else {
                self.visit(from + 1, need - self.weight[from], cost);
            }
            self.set.pop();
            // ... and without it, so without its equals too: the search has seen them.
            let (weight, cost) = (self.weight[from].to_bits(), self.cost[from].to_bits());
            from += 1;
            while from < self.weight.len()
                && (self.weight[from].to_bits(), self.cost[from].to_bits()) == (weight, cost)
            {
                from += 1;
            }
        }
    }
}

fn running_sums(values: &[f64]) -> Vec<f64> {
    let mut sums = Vec::with_capacity(values.len() + 1);
    let mut sum = 0.0;
    sums.push(sum);
    for v in values {
        sum += v;
        sums.push(sum);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn by_hand(costs: &[f64], weights: &[f64], target: f64) -> f64 {
        let mut best = f64::INFINITY;
        for set in 0u32..1 << costs.len() {
            let (mut cost, mut votes) = (0.0, 0.0);
            for k in 0..costs.len() {
                if set >> k & 1 == 1 {
                    cost += costs[k];
                    votes += weights[k];
                }
            }
            if votes >= target * (1.0 - SLACK) {
                best = f64::min(best, cost);
            }
        }
        best
    }

    #[test]
    fn subset_sum_is_not_greedy() {
        let w = [25.0, 21.0, 17.0, 13.0, 11.0, 7.0, 5.0, 1.0];
        let cover = cheapest(&w, &w, 34.0);
        assert!(
            (cover.lower - 34.0).abs() < 1e-9 && cover.gap() < 1e-12,
            "{cover:?}"
        );
    }

    #[test]
    fn more_stake_can_cost_less() {
        let before = cheapest(&[14.0; 3], &[14.0; 3], 0.35 * 42.0);
        let after = cheapest(&[16.0, 14.0, 14.0], &[16.0, 14.0, 14.0], 0.35 * 44.0);
        assert!((before.lower - 28.0).abs() < 1e-9, "{before:?}");
        assert!((after.lower - 16.0).abs() < 1e-9, "{after:?}");
    }

    #[test]
    fn thirds_are_thirds() {
        for n in 3..40 {
            let stake = vec![0.1; n];
            let total: f64 = stake.iter().sum();
            let cover = cheapest(&stake, &stake, total / 3.0);
            assert_eq!(cover.size as usize, n.div_ceil(3), "{n} operators");
            assert!(cover.gap() < 1e-12);
        }
    }

    proptest! {
        /// Whatever the prices, some set lies within the grain above any target.
        #[test]
        fn the_grain_holds_at_every_price(
            tokens in prop::collection::vec((0.0..1.0f64, 0.0..1.0f64), 2..11),
            prices in (0.1..10.0f64, 0.1..10.0f64),
            theta in 0.01..1.0f64,
        ) {
            let flat: Vec<f64> = tokens.iter().flat_map(|t| [t.0, t.1]).collect();
            let grain = Grain::of(&flat, &[1.0, 1.0]);
            let values: Vec<f64> = tokens.iter().map(|t| t.0 * prices.0 + t.1 * prices.1).collect();
            let target = theta * values.iter().sum::<f64>();
            let allowed = target + grain.tokens[0] * prices.0 + grain.tokens[1] * prices.1;
            prop_assert!(by_hand(&values, &values, target) <= allowed * (1.0 + 1e-9));
        }

        #[test]
        fn small_covers_are_exact(
            items in prop::collection::vec((0.0..10.0f64, 0.0..10.0f64), 1..12),
            theta in 0.01..1.0f64,
        ) {
            let (costs, weights): (Vec<f64>, Vec<f64>) = items.into_iter().unzip();
            let total: f64 = weights.iter().sum();
            prop_assume!(total > 1e-6);
            let expected = by_hand(&costs, &weights, theta * total);
            let cover = cheapest(&costs, &weights, theta * total);
            prop_assert!(cover.lower <= expected * (1.0 + 1e-12) + 1e-12);
            prop_assert!(cover.upper >= expected * (1.0 - 1e-12) - 1e-12);
            prop_assert!(cover.gap() <= CERTIFIED * (1.0 + 1e-9));
            let exact = cover.upper <= expected * (1.0 + 1e-12) + 1e-12;
            prop_assert!(exact || cover.gap() > 0.0, "{cover:?} {expected}");
            let votes: f64 = cover.taken.iter().zip(&weights).map(|(x, w)| x * w).sum();
            prop_assert!(votes >= theta * total * (1.0 - 2.0 * SLACK));
            let near = cheapest_near(&costs, &weights, theta * total);
            prop_assert!(near.lower <= expected * (1.0 + 1e-12) + 1e-12);
            prop_assert!(near.upper >= expected * (1.0 - 1e-12) - 1e-12);
            prop_assert!(near.gap() <= CERTIFIED * (1.0 + 1e-9));
            let bound = fractional(&costs, &weights, theta * total);
            prop_assert!(bound.lower <= expected * (1.0 + 1e-12) + 1e-12);
            prop_assert!(largest_first(&costs, &weights, theta * total).upper >= expected * (1.0 - 1e-9));
        }
    }
}
