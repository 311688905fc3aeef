//! Several quorums at once: an attacker needs the votes of each, and pays an entity once.
//!
//! The exact cover is that of [`crate::economics::coalition`]. A day that need not be searched has
//! a bound by the continuum: any way to divide what an entity costs among the quorums it votes in
//! makes each quorum a problem of its own, and the sum of their fractional covers is no more than
//! the cost of all (Lagrangian decomposition, Guignard and Kim 1987). Three divisions are tried:
//! all to one quorum; by votes a threshold; the same, weighed by what each quorum costs alone. The
//! first is exact where one quorum implies the others, the others where quorums share nobody or are
//! the same.

mod prices;

use super::coalition::{CERTIFIED, Cover, SLACK, fractional};
use crate::economics::coalition::{Effort, cheapest_joint_cover};
use prices::Prices;

/// Entities whose sets are all gone through.
const LISTED: usize = 16;
/// Branches of a search among more.
const EFFORT: Effort = Effort {
    relative_gap: 0.5 * CERTIFIED,
    nodes: 20_000,
};

/// A lower bound of the cost of all quorums together.
pub(super) struct Bound {
    pub lower: f64,
    /// Share of each entity that is paid for.
    pub taken: Vec<f64>,
}

/// The bound by the continuum; `quorums` has the votes of each entity in each quorum.
pub(super) fn bound(costs: &[f64], quorums: &[Vec<f64>], targets: &[f64]) -> Bound {
    let alone: Vec<Cover> = quorums
        .iter()
        .zip(targets)
        .map(|(votes, target)| fractional(costs, votes, *target))
        .collect();
    let dearest = alone
        .iter()
        .max_by(|a, b| a.lower.total_cmp(&b.lower))
        .expect("several quorums");
    let mut best = Bound {
        lower: dearest.lower,
        taken: dearest.taken.clone(),
    };
    let even = vec![1.0; quorums.len()];
    let by_cost: Vec<f64> = alone.iter().map(|cover| cover.lower).collect();
    for weights in [even, by_cost] {
        let divided = divided(costs, quorums, targets, &weights);
        if divided.lower > best.lower {
            best = divided;
        }
    }
    best
}

/// The sum of the quorums' covers, where each entity's cost is divided by its votes a threshold times
/// the weight of the quorum.
fn divided(costs: &[f64], quorums: &[Vec<f64>], targets: &[f64], weights: &[f64]) -> Bound {
    let part = |q: usize, o: usize| {
        if targets[q] > 0.0 {
            weights[q] * quorums[q][o] / targets[q]
        } else {
            0.0
        }
    };
    let whole: Vec<f64> = (0..costs.len())
        .map(|o| (0..quorums.len()).map(|q| part(q, o)).sum())
        .collect();
    let mut sum = Bound {
        lower: 0.0,
        taken: vec![0.0; costs.len()],
    };
    for (q, votes) in quorums.iter().enumerate() {
        let shares: Vec<f64> = (0..costs.len())
            .map(|o| {
                if whole[o] > 0.0 {
                    part(q, o) / whole[o]
                } else {
                    0.0
                }
            })
            .collect();
        let own: Vec<f64> = costs.iter().zip(&shares).map(|(c, s)| c * s).collect();
        let cover = fractional(&own, votes, targets[q]);
        sum.lower += cover.lower;
        for ((taken, share), of) in sum.taken.iter_mut().zip(&cover.taken).zip(&shares) {
            *taken += share * of;
        }
    }
    sum
}

/// The cheapest set of entities that reaches every quorum, exact or certified to 0.1 %.
///
/// # Panics
/// If all entities together miss a quorum.
pub(super) fn cheapest(costs: &[f64], quorums: &[Vec<f64>], targets: &[f64]) -> Cover {
    if costs.len() <= LISTED {
        return Sets::new(costs, quorums, targets).cheapest();
    }
    let bound = bound(costs, quorums, targets);
    let prices = prices::of(costs, quorums, targets);
    let lower = prices.bound.max(bound.lower);
    let cost_of = |members: &[usize]| -> f64 { members.iter().map(|&m| costs[m]).sum() };
    let mut members = near(costs, quorums, targets, &bound.taken);
    if let Some(core) = around(costs, quorums, targets, &prices)
        && cost_of(&core) < cost_of(&members)
    {
        members = core;
    }
    if cost_of(&members) <= lower * (1.0 + CERTIFIED) {
        return cover(costs, &members, lower);
    }
    let found = cheapest_joint_cover(costs, quorums, targets, EFFORT)
        .unwrap_or_else(|| panic!("all votes together miss a quorum of {targets:?}"));
    let lower = lower.max(found.lower_bound);
    if found.cost > cost_of(&members) {
        return cover(costs, &members, lower);
    }
    cover(costs, &found.members, lower)
}

/// Relative excess below which an entity is as good as any other.
const AS_GOOD: f64 = 1e-9;

/// Whoever is clearly worth its price, then those as good as each other so that no quorum runs ahead,
/// and the cheapest way to fill up with a few that nearly are worth it (the core of a knapsack
/// problem, Balas and Zemel 1980); none where these are too few.
///
/// Where each asset is a quorum and the whole stake is lost, everybody is as good as everybody else:
/// what is left is to meet all targets at once.
fn around(
    costs: &[f64],
    quorums: &[Vec<f64>],
    targets: &[f64],
    prices: &Prices,
) -> Option<Vec<usize>> {
    let excess: Vec<f64> = (0..costs.len())
        .map(|o| prices.excess(costs, quorums, o) / costs[o].max(f64::MIN_POSITIVE))
        .collect();
    let mut members: Vec<usize> = (0..costs.len()).filter(|&o| excess[o] < -AS_GOOD).collect();
    let mut missing: Vec<f64> = targets.iter().map(|t| t * (1.0 - SLACK)).collect();
    for (missing, votes) in missing.iter_mut().zip(quorums) {
        *missing -= members.iter().map(|&m| votes[m]).sum::<f64>();
    }
    let mut rest: Vec<usize> = (0..costs.len())
        .filter(|&o| excess[o] >= -AS_GOOD)
        .collect();
    let class = |o: usize| excess[o].max(AS_GOOD);
    let lean = |o: usize| {
        let all: f64 = quorums.iter().map(|votes| votes[o]).sum();
        quorums[0][o] / all.max(f64::MIN_POSITIVE)
    };
    rest.sort_by(|&a, &b| {
        let leaning = lean(a).total_cmp(&lean(b));
        class(a).total_cmp(&class(b)).then(leaning).then(a.cmp(&b))
    });
    let equals = rest.iter().filter(|&&o| excess[o] <= AS_GOOD).count();
    let (core, open): (Vec<usize>, Vec<usize>) = if equals > LISTED {
        // Of many that are as good, some that lean to each quorum.
        let places = (0..LISTED).map(|k| rest[k * (equals - 1) / (LISTED - 1)]);
        let core: Vec<usize> = places.collect();
        let open = rest[..equals].iter().copied().filter(|o| !core.contains(o));
        (core.clone(), open.collect())
    } else {
        (rest.iter().copied().take(LISTED).collect(), Vec::new())
    };
    // Half of what is searched is left to be filled by it.
    let half: Vec<f64> = quorums
        .iter()
        .map(|votes| 0.5 * core.iter().map(|&o| votes[o]).sum::<f64>())
        .collect();
    members.extend(level(open, quorums, &mut missing, &half));
    let short: Vec<Vec<f64>> = quorums
        .iter()
        .map(|votes| core.iter().map(|&o| votes[o]).collect())
        .collect();
    let own: Vec<f64> = core.iter().map(|&o| costs[o]).collect();
    let fill = Sets::new(&own, &short, &missing).search()?;
    members.extend(
        (0..core.len())
            .filter(|o| fill >> o & 1 == 1)
            .map(|o| core[o]),
    );
    Some(members)
}

/// Takes those after whom the quorums are most evenly far from what is to be left of each, until
/// nobody fits.
fn level(
    mut open: Vec<usize>,
    quorums: &[Vec<f64>],
    missing: &mut [f64],
    left: &[f64],
) -> Vec<usize> {
    let begun: Vec<f64> = missing.iter().zip(left).map(|(m, l)| m - l).collect();
    let mut members = Vec::new();
    loop {
        let uneven = |o: usize| {
            let mut ends = (f64::INFINITY, f64::NEG_INFINITY);
            for q in (0..quorums.len()).filter(|&q| begun[q] > 0.0) {
                let far = (missing[q] - quorums[q][o] - left[q]) / begun[q];
                ends = (ends.0.min(far), ends.1.max(far));
            }
            ends.1 - ends.0
        };
        let fits = |o: usize| {
            let mut each = quorums.iter().zip(missing.iter().zip(left));
            let counts = quorums.iter().any(|votes| votes[o] > 0.0);
            counts && each.all(|(v, (m, l))| v[o] <= 0.0 || m - v[o] >= 0.8 * l)
        };
        let next = open.iter().copied().enumerate().filter(|&(_, o)| fits(o));
        let next = next.min_by(|x, y| uneven(x.1).total_cmp(&uneven(y.1)).then(x.1.cmp(&y.1)));
        let Some((place, next)) = next else {
            return members;
        };
        open.swap_remove(place);
        for (missing, votes) in missing.iter_mut().zip(quorums) {
            *missing -= votes[next];
        }
        members.push(next);
    }
}

fn cover(costs: &[f64], members: &[usize], lower: f64) -> Cover {
    let mut taken = vec![0.0; costs.len()];
    let mut upper = 0.0;
    for &member in members {
        taken[member] = 1.0;
        upper += costs[member];
    }
    Cover {
        lower: lower.min(upper),
        upper,
        size: members.len() as u32,
        taken,
    }
}

/// A set near the continuum's: those it pays for most, until every quorum is reached, less those that
/// turn out not to be needed, the dearest first.
fn near(costs: &[f64], quorums: &[Vec<f64>], targets: &[f64], taken: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..costs.len()).collect();
    order.sort_by(|&a, &b| {
        let equal = costs[a].total_cmp(&costs[b]).then(a.cmp(&b));
        taken[b].total_cmp(&taken[a]).then(equal)
    });
    let mut missing: Vec<f64> = targets.iter().map(|t| t * (1.0 - SLACK)).collect();
    let mut members = Vec::new();
    for entity in order {
        if missing.iter().all(|m| *m <= 0.0) {
            break;
        }
        let helps = quorums
            .iter()
            .zip(&missing)
            .any(|(v, m)| *m > 0.0 && v[entity] > 0.0);
        if helps {
            members.push(entity);
            for (m, votes) in missing.iter_mut().zip(quorums) {
                *m -= votes[entity];
            }
        }
    }
    let mut dearest = members.clone();
    dearest.sort_by(|&a, &b| costs[b].total_cmp(&costs[a]).then(a.cmp(&b)));
    for entity in dearest {
        let spare = quorums
            .iter()
            .zip(&missing)
            .all(|(v, m)| m + v[entity] <= 0.0);
        if spare {
            members.retain(|&member| member != entity);
            for (m, votes) in missing.iter_mut().zip(quorums) {
                *m += votes[entity];
            }
        }
    }
    members
}

/// All sets of a few entities.
struct Sets<'a> {
    costs: &'a [f64],
    /// Entities by cost, dearest first: leaving them out is tried first.
    order: Vec<usize>,
    quorums: &'a [Vec<f64>],
    /// Votes of the entities from a place of the order on, `[place][quorum]`.
    left: Vec<f64>,
    /// Votes still missing at each depth, `[depth][quorum]`.
    missing: Vec<f64>,
    best: f64,
    best_set: u32,
}

impl<'a> Sets<'a> {
    fn new(costs: &'a [f64], quorums: &'a [Vec<f64>], targets: &[f64]) -> Self {
        let (n, q) = (costs.len(), quorums.len());
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| costs[b].total_cmp(&costs[a]).then(a.cmp(&b)));
        let mut left = vec![0.0; (n + 1) * q];
        for place in (0..n).rev() {
            for (at, votes) in quorums.iter().enumerate() {
                left[place * q + at] = left[(place + 1) * q + at] + votes[order[place]];
            }
        }
        let mut missing = vec![0.0; (n + 1) * q];
        for (missing, target) in missing.iter_mut().zip(targets) {
            *missing = target * (1.0 - SLACK);
        }
        Self {
            costs,
            order,
            quorums,
            left,
            missing,
            best: f64::INFINITY,
            best_set: 0,
        }
    }

    fn cheapest(self) -> Cover {
        let (costs, needed) = (self.costs, self.missing[..self.quorums.len()].to_vec());
        let set = self
            .search()
            .unwrap_or_else(|| panic!("all votes together miss a quorum of {needed:?}"));
        let members: Vec<usize> = (0..costs.len()).filter(|o| set >> o & 1 == 1).collect();
        cover(costs, &members, f64::INFINITY)
    }

    /// The cheapest set, a bit an entity.
    fn search(mut self) -> Option<u32> {
        self.visit(0, 0.0, 0);
        self.best.is_finite().then_some(self.best_set)
    }

    fn visit(&mut self, depth: usize, cost: f64, set: u32) {
        let q = self.quorums.len();
        let rows = depth * q..(depth + 1) * q;
        let missing = &self.missing[rows.clone()];
        if cost >= self.best || missing.iter().zip(&self.left[rows]).any(|(m, l)| m > l) {
            return;
        }
        if missing.iter().all(|m| *m <= 0.0) {
            (self.best, self.best_set) = (cost, set);
            return;
        }
        let entity = self.order[depth];
        self.missing
            .copy_within(depth * q..(depth + 1) * q, (depth + 1) * q);
        self.visit(depth + 1, cost, set);
        for (at, votes) in self.quorums.iter().enumerate() {
            self.missing[(depth + 1) * q + at] = self.missing[depth * q + at] - votes[entity];
        }
        self.visit(depth + 1, cost + self.costs[entity], set | 1 << entity);
    }
}

/// The fewest entities that reach every quorum.
pub(super) fn fewest(quorums: &[Vec<f64>], targets: &[f64]) -> u32 {
    let heads = vec![1.0; quorums[0].len()];
    cheapest(&heads, quorums, targets).size
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn by_hand(costs: &[f64], quorums: &[Vec<f64>], targets: &[f64]) -> f64 {
        let mut least = f64::INFINITY;
        for set in 0_u32..1 << costs.len() {
            let of = |values: &[f64]| -> f64 {
                let members = (0..costs.len()).filter(|o| set >> o & 1 == 1);
                members.map(|o| values[o]).sum()
            };
            let reached = quorums.iter().zip(targets);
            if reached
                .clone()
                .all(|(votes, t)| of(votes) >= t * (1.0 - 1e-12))
            {
                least = least.min(of(costs));
            }
        }
        least
    }

    #[test]
    fn quorums_of_others_add_and_equal_quorums_are_one() {
        let costs = [4.0, 6.0, 3.0, 5.0];
        let (a, b) = (vec![1.0, 2.0, 0.0, 0.0], vec![0.0, 0.0, 1.0, 1.0]);
        let apart = bound(&costs, &[a.clone(), b.clone()], &[1.5, 1.0]);
        let alone = |votes: &[f64], target: f64| fractional(&costs, votes, target).lower;
        assert!((apart.lower - alone(&a, 1.5) - alone(&b, 1.0)).abs() < 1e-12);
        let votes = vec![2.0, 1.0, 1.0, 3.0];
        let same = bound(&costs, &[votes.clone(), votes.clone()], &[3.0, 3.0]);
        assert!((same.lower - alone(&votes, 3.0)).abs() < 1e-12);
    }

    /// Many small operators: the continuum's set, rounded up, proves itself; a few large ones are
    /// searched. Either way the gap is certified and every quorum reached.
    #[test]
    fn a_set_of_many_is_certified() {
        for (n, spread) in [(400, 1.0), (24, 8.0)] {
            let value = |o: usize, k: usize| 1.0 + spread * ((o * (7 + k) + k) % 13) as f64;
            let costs: Vec<f64> = (0..n).map(|o| value(o, 0) + value(o, 1)).collect();
            let quorums = [
                (0..n).map(|o| value(o, 0)).collect::<Vec<_>>(),
                (0..n)
                    .map(|o| if o % 3 == 0 { 0.0 } else { value(o, 1) })
                    .collect(),
            ];
            let targets = [0, 1].map(|q: usize| 0.4 * quorums[q].iter().sum::<f64>());
            let found = cheapest(&costs, &quorums, &targets);
            assert!(
                found.gap() <= CERTIFIED * (1.0 + 1e-9),
                "{} of {n}",
                found.gap()
            );
            for (votes, target) in quorums.iter().zip(targets) {
                let held: f64 = votes.iter().zip(&found.taken).map(|(v, t)| v * t).sum();
                assert!(held >= target * (1.0 - 1e-9));
            }
            assert!(found.lower >= bound(&costs, &quorums, &targets).lower * (1.0 - 1e-12));
        }
    }

    proptest! {
        #[test]
        fn the_cover_is_the_cheapest_and_the_bound_below_it(
            entities in prop::collection::vec((0.0..10.0f64, 0.0..5.0f64, 0.0..5.0f64, 0.0..5.0f64), 1..9),
            shares in (0.05..1.0f64, 0.05..1.0f64, 0.05..1.0f64),
        ) {
            let costs: Vec<f64> = entities.iter().map(|e| e.0).collect();
            let quorums = [
                entities.iter().map(|e| e.1).collect::<Vec<_>>(),
                entities.iter().map(|e| (e.2 - 2.0).max(0.0)).collect(),
                entities.iter().map(|e| e.3).collect(),
            ];
            let all = |votes: &[f64]| votes.iter().sum::<f64>();
            let targets = [
                shares.0 * all(&quorums[0]),
                shares.1 * all(&quorums[1]),
                shares.2 * all(&quorums[2]),
            ];
            let expected = by_hand(&costs, &quorums, &targets);
            let cover = cheapest(&costs, &quorums, &targets);
            prop_assert!((cover.upper - expected).abs() <= 1e-9 * (1.0 + expected));
            prop_assert!(cover.lower <= expected * (1.0 + 1e-9) + 1e-12);
            prop_assert!(cover.gap() <= CERTIFIED, "{cover:?}");
            let bound = bound(&costs, &quorums, &targets);
            prop_assert!(bound.lower <= expected * (1.0 + 1e-9) + 1e-12);
            let paid: f64 = bound.taken.iter().zip(&costs).map(|(t, c)| t * c).sum();
            prop_assert!((paid - bound.lower).abs() <= 1e-9 * (1.0 + paid));
        }
    }
}
