//! One quorum: branch and bound on the fractional relaxation.

use super::counting::Counting;
use super::{Cover, Effort, ROUNDING, check_entities, meet};

/// The cheapest set of entities whose weights reach `threshold`, or `None` when all of them
/// together do not.
///
/// Branch and bound, depth first over the entities by cost per weight, with the fractional
/// relaxation (Dantzig 1957) as the bound. Where costs are nearly proportional to weights that
/// bound says little (subset sum); up to 40 entities such a search ends by meeting in the middle
/// (Horowitz, Sahni 1974), beyond it keeps the bound it has proven.
#[must_use]
pub fn cheapest_cover(
    costs: &[f64],
    weights: &[f64],
    threshold: f64,
    effort: Effort,
) -> Option<Cover> {
    check_entities(costs, weights);
    let needed = threshold * (1.0 - ROUNDING);
    if needed <= 0.0 {
        return Some(Cover {
            members: Vec::new(),
            cost: 0.0,
            lower_bound: 0.0,
            nodes: 0,
        });
    }
    let mut search = Search::new(costs, weights, needed, effort)?;
    search.visit(0, 0.0, needed);
    let mut cover = search.finish(costs);
    if cover.gap() > effort.relative_gap.max(ROUNDING) && search.order.len() <= meet::MOST {
        let members = meet::cheapest(costs, weights, needed, &search.order);
        let cost = super::cost_of(costs, &members);
        if cost <= cover.cost {
            cover = Cover {
                members,
                cost,
                lower_bound: cost,
                nodes: cover.nodes,
            };
        } else {
            cover.lower_bound = cover.cost;
        }
    }
    Some(cover)
}

/// The set that takes entities by cost per weight until the quorum is reached: an upper bound of
/// the cheapest cost, shown beside it and never in its place.
#[must_use]
pub fn greedy_cover(costs: &[f64], weights: &[f64], threshold: f64) -> Option<Cover> {
    check_entities(costs, weights);
    let mut missing = threshold * (1.0 - ROUNDING);
    let mut members = Vec::new();
    for index in by_cost_per_weight(costs, weights) {
        if missing <= 0.0 {
            break;
        }
        missing -= weights[index];
        members.push(index);
    }
    if missing > 0.0 {
        return None;
    }
    members.sort_unstable();
    Some(Cover {
        cost: super::cost_of(costs, &members),
        members,
        lower_bound: 0.0,
        nodes: 0,
    })
}

/// Entities with weight, cheapest per weight first, the heavier first among equals.
///
/// Prices that differ in their last bits only are equal: costs in proportion to weights are, and each
/// quotient rounds its own way. The rounded price is a key, so that the order is one.
fn by_cost_per_weight(costs: &[f64], weights: &[f64]) -> Vec<usize> {
    const LAST_BITS: u32 = 12;
    let price = |index: usize| {
        let bits = (costs[index] / weights[index]).to_bits();
        let half = 1 << (LAST_BITS - 1);
        f64::from_bits((bits + half) >> LAST_BITS << LAST_BITS)
    };
    let mut priced: Vec<(f64, usize)> = (0..costs.len())
        .filter(|&index| weights[index] > 0.0)
        .map(|index| (price(index), index))
        .collect();
    priced.sort_by(|(left, a), (right, b)| {
        left.total_cmp(right)
            .then(weights[*b].total_cmp(&weights[*a]))
            .then(a.cmp(b))
    });
    priced.into_iter().map(|(_, index)| index).collect()
}

/// Greatest common divisor of whole-number costs (below 2⁵³), or zero when one of them is not whole.
fn granule(costs: &[f64]) -> f64 {
    let mut divisor = 0_u64;
    for &cost in costs {
        if cost.fract() != 0.0 || cost > 9e15 {
            return 0.0;
        }
        let (mut a, mut b) = (divisor, cost as u64);
        while b > 0 {
            (a, b) = (b, a % b);
        }
        divisor = a;
    }
    divisor as f64
}

struct Search {
    /// Entity at each depth.
    order: Vec<usize>,
    /// Weights and costs in that order; a weight beyond the threshold counts as the threshold.
    weight: Vec<f64>,
    cost: Vec<f64>,
    /// Sums of what comes before each depth.
    weight_before: Vec<f64>,
    cost_before: Vec<f64>,
    /// First depth at which an entity differs from the one at each depth: of equal ones the search
    /// leaves out the last, never another.
    next_other: Vec<usize>,
    /// Built when the fractional bound alone has not been enough for a while.
    counting: Option<Counting>,
    /// All costs are multiples of this, so a bound may be rounded up to one; zero if they are not
    /// whole numbers.
    granule: f64,
    effort: Effort,
    nodes: u64,
    taken: Vec<usize>,
    best: Vec<usize>,
    best_cost: f64,
    /// Lowest bound of the branches that were left unexplored.
    lowest_left: f64,
}

/// Branches at which the completion by one heavy entity is tried as well: it finds the good
/// coalitions early, and later only costs time.
const SCANS: u64 = 20_000;
/// Branches after which heads are counted too ([`Counting`] takes n² steps to build).
const COUNT_FROM: u64 = 2_000;

impl Search {
    fn new(costs: &[f64], weights: &[f64], needed: f64, effort: Effort) -> Option<Self> {
        let capped: Vec<f64> = weights.iter().map(|weight| weight.min(needed)).collect();
        let order = by_cost_per_weight(costs, &capped);
        let weight: Vec<f64> = order.iter().map(|&index| capped[index]).collect();
        let cost: Vec<f64> = order.iter().map(|&index| costs[index]).collect();
        let before = |values: &[f64]| {
            let mut sums = vec![0.0];
            for value in values {
                sums.push(sums[sums.len() - 1] + value);
            }
            sums
        };
        let (weight_before, cost_before) = (before(&weight), before(&cost));
        if weight_before[order.len()] < needed {
            return None;
        }
        let mut next_other = vec![order.len(); order.len()];
        for depth in (1..order.len()).rev() {
            let same = weight[depth].to_bits() == weight[depth - 1].to_bits()
                && cost[depth].to_bits() == cost[depth - 1].to_bits();
            next_other[depth - 1] = if same { next_other[depth] } else { depth };
        }
        Some(Self {
            order,
            next_other,
            counting: None,
            granule: granule(&cost),
            weight,
            cost,
            weight_before,
            cost_before,
            effort,
            nodes: 0,
            taken: Vec::new(),
            best: Vec::new(),
            best_cost: f64::INFINITY,
            lowest_left: f64::INFINITY,
        })
    }

    /// Explore the ways to collect `missing` weight from the entities at `depth` and deeper.
    fn visit(&mut self, depth: usize, spent: f64, missing: f64) {
        if missing <= 0.0 {
            self.offer(spent, None, depth..depth);
            return;
        }
        let last = self.order.len();
        // First depth at which the fractional filling is complete.
        let target = self.weight_before[depth] + missing;
        let whole = self.weight_before[depth..=last].partition_point(|&sum| sum < target) + depth;
        if whole > last {
            // Rounding of the sums may hide that everything together is just enough.
            let together = self.weight[depth..].iter().sum::<f64>();
            if together >= missing {
                self.offer(
                    spent + (self.cost_before[last] - self.cost_before[depth]),
                    None,
                    depth..last,
                );
            }
            return;
        }
        let break_at = whole - 1;
        let rest = missing - (self.weight_before[break_at] - self.weight_before[depth]);
        let filled = spent + (self.cost_before[break_at] - self.cost_before[depth]);
        let mut bound = filled + rest * self.cost[break_at] / self.weight[break_at];
        let enough = self.best_cost * (1.0 - self.effort.relative_gap.max(ROUNDING));
        if bound < enough
            && let Some(counting) = &self.counting
        {
            bound = bound.max(spent + counting.bound(depth, missing));
        }
        if self.granule > 0.0 {
            bound = ((bound / self.granule) * (1.0 - ROUNDING)).ceil() * self.granule;
        }
        if bound >= enough || self.nodes >= self.effort.nodes {
            self.lowest_left = self.lowest_left.min(bound);
            return;
        }
        self.nodes += 1;
        if self.nodes == COUNT_FROM {
            self.counting = Counting::new(&self.weight, &self.cost);
        }
        self.offer(filled + self.cost[break_at], None, depth..whole);
        if self.nodes <= SCANS {
            let cheapest = (whole..last)
                .filter(|&other| self.weight[other] >= rest)
                .min_by(|&a, &b| self.cost[a].total_cmp(&self.cost[b]));
            if let Some(other) = cheapest {
                self.offer(filled + self.cost[other], Some(other), depth..break_at);
            }
        }
        self.taken.push(depth);
        self.visit(
            depth + 1,
            spent + self.cost[depth],
            missing - self.weight[depth],
        );
        self.taken.pop();
        self.visit(self.next_other[depth], spent, missing);
    }

    /// Keep the coalition of what was taken, the depths in `also` and `one` more, if it is cheaper.
    fn offer(&mut self, cost: f64, one: Option<usize>, also: std::ops::Range<usize>) {
        if cost < self.best_cost {
            self.best_cost = cost;
            self.best.clear();
            self.best
                .extend(self.taken.iter().copied().chain(also).chain(one));
        }
    }

    fn finish(&self, costs: &[f64]) -> Cover {
        let mut members: Vec<usize> = self.best.iter().map(|&depth| self.order[depth]).collect();
        members.sort_unstable();
        let cost = super::cost_of(costs, &members);
        // What was pruned within the rounding of the best cannot be told from it.
        let left = self.lowest_left;
        let lower_bound = if left >= cost * (1.0 - 2.0 * ROUNDING) {
            cost
        } else {
            left
        };
        Cover {
            members,
            cost,
            lower_bound,
            nodes: self.nodes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every subset.
    fn brute_force(costs: &[f64], weights: &[f64], threshold: f64) -> Option<f64> {
        (0..1_u32 << costs.len())
            .filter_map(|set| {
                let chosen = |values: &[f64]| -> f64 {
                    values
                        .iter()
                        .enumerate()
                        .filter(|(i, _)| set >> i & 1 == 1)
                        .map(|(_, v)| v)
                        .sum()
                };
                (chosen(weights) >= threshold).then(|| chosen(costs))
            })
            .min_by(f64::total_cmp)
    }

    #[test]
    fn matches_every_subset_on_small_sets() {
        let mut state = 1_u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / 1024.0
        };
        for trial in 0..200 {
            let n = 3 + trial % 10;
            let weights: Vec<f64> = (0..n).map(|_| next().floor()).collect();
            let costs: Vec<f64> = weights
                .iter()
                .map(|w| if trial % 3 == 0 { *w } else { next() })
                .collect();
            let threshold = weights.iter().sum::<f64>() * [0.33, 0.5, 0.67, 1.0][trial % 4];
            let found = cheapest_cover(&costs, &weights, threshold, Effort::REPORTED);
            let truth = brute_force(&costs, &weights, threshold);
            assert_eq!(found.is_some(), truth.is_some());
            if let (Some(found), Some(truth)) = (found, truth) {
                assert!(
                    (found.cost - truth).abs() <= 1e-9 * truth,
                    "{found:?} against {truth}"
                );
                assert!(found.is_exact(), "{found:?}");
                let reached: f64 = found.members.iter().map(|&index| weights[index]).sum();
                assert!(reached >= threshold * (1.0 - 1e-11));
            }
        }
    }

    #[test]
    fn stops_early_with_a_bound_that_holds() {
        let weights: Vec<f64> = (0..30)
            .map(|i| 1000.0 + 7.0 * f64::from(i * i % 31))
            .collect();
        let threshold = weights.iter().sum::<f64>() / 3.0;
        let hurried = cheapest_cover(
            &weights,
            &weights,
            threshold,
            Effort {
                relative_gap: 0.05,
                nodes: 3,
            },
        )
        .expect("a third is reachable");
        let exact =
            cheapest_cover(&weights, &weights, threshold, Effort::REPORTED).expect("reachable");
        assert!(exact.is_exact());
        assert!(hurried.lower_bound <= exact.cost && exact.cost <= hurried.cost);
    }

    #[test]
    fn many_alike_are_counted() {
        // 200 equal ones, ten and a half of them needed.
        let equal = vec![14.0; 200];
        let cover = cheapest_cover(&equal, &equal, 147.0, Effort::REPORTED).expect("reachable");
        assert!(
            cover.is_exact() && cover.members.len() == 11 && cover.nodes < 100,
            "{cover:?}"
        );
        // The same, nearly: the eleven lightest, and no fewer.
        let nearly: Vec<f64> = (0..200).map(|i| 14.0 + 1e-4 * f64::from(i)).collect();
        let cover = cheapest_cover(&nearly, &nearly, 147.0, Effort::REPORTED).expect("reachable");
        let lightest: f64 = nearly[..11].iter().sum();
        assert!(
            cover.is_exact() && (cover.cost - lightest).abs() < 1e-9,
            "{cover:?} {lightest}"
        );
    }

    #[test]
    fn nothing_to_reach_costs_nothing_and_too_much_is_none() {
        assert_eq!(
            cheapest_cover(&[1.0], &[1.0], 0.0, Effort::REPORTED).map(|cover| cover.cost),
            Some(0.0)
        );
        assert_eq!(cheapest_cover(&[1.0], &[1.0], 1.1, Effort::REPORTED), None);
        assert_eq!(cheapest_cover(&[], &[], 1.0, Effort::REPORTED), None);
        // An entity without weight never joins, one without cost always may.
        let cover = cheapest_cover(&[0.0, 5.0, 1.0], &[2.0, 3.0, 0.0], 5.0, Effort::REPORTED);
        assert_eq!(cover.map(|cover| cover.members), Some(vec![0, 1]));
    }

    #[test]
    fn a_third_of_three_equals_is_one_of_them() {
        let stakes = [0.1, 0.1, 0.1];
        let threshold = (0.1 + 0.1 + 0.1) / 3.0; // 0.10000000000000002
        let cover =
            cheapest_cover(&stakes, &stakes, threshold, Effort::REPORTED).expect("reachable");
        assert_eq!(cover.members.len(), 1);
    }

    #[test]
    fn costs_in_proportion_are_equal_and_the_heavier_come_first() {
        for share in [0.1, 0.3, 1.0 / 3.0, 0.971_875] {
            let weights: Vec<f64> = (0..400)
                .map(|index| 1e6 * (f64::from(index * 7919 % 400) + 0.1).sqrt())
                .collect();
            let costs: Vec<f64> = weights.iter().map(|weight| weight * share).collect();
            let order = by_cost_per_weight(&costs, &weights);
            assert_eq!(order.len(), 400);
            for pair in order.windows(2) {
                assert!(weights[pair[0]] >= weights[pair[1]], "{share}: {pair:?}");
            }
        }
        let order = by_cost_per_weight(&[3.0, 1.0, 0.0, 5.0], &[1.0, 1.0, 0.0, 5.0]);
        assert_eq!(order, [3, 1, 0]);
    }

    #[test]
    #[ignore = "slow: sixty searches of up to two million branches"]
    fn slow_typical_sets_are_certified() {
        let mut state = 99_u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        for n in [20_usize, 41, 60, 206, 358] {
            for kind in 0..6 {
                let weights: Vec<f64> = (0..n)
                    .map(|_| match kind {
                        4 => 100.0 + next(),
                        5 => (1.0 + 9.0 * next()).floor(),
                        _ => 1e6 * next().powf(-0.8),
                    })
                    .collect();
                let costs: Vec<f64> = weights
                    .iter()
                    .map(|weight| match kind {
                        0 | 4 | 5 => *weight,
                        1 => weight * (0.9 + 0.2 * next()),
                        2 => 0.05 * weight + 1e5 * next(),
                        _ => 1e6 * next(),
                    })
                    .collect();
                for share in [1.0 / 3.0, 2.0 / 3.0] {
                    let threshold = share * weights.iter().sum::<f64>();
                    let gap = |effort| {
                        let cover = cheapest_cover(&costs, &weights, threshold, effort);
                        cover.expect("all together are enough").gap()
                    };
                    let (reported, inner) = (gap(Effort::REPORTED), gap(Effort::INNER));
                    assert!(
                        reported <= 2e-9,
                        "{n} entities of kind {kind}: {reported:e}"
                    );
                    assert!(inner <= 1.0001e-3, "{n} entities of kind {kind}: {inner:e}");
                }
            }
        }
    }
}
