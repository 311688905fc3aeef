//! Several quorums at once: each must be corrupted, and an entity pays once for all of them.

use super::{Cover, Effort, ROUNDING, check_entities};

/// The cheapest set of entities that reaches every quorum, or `None` when all of them together do
/// not. `weights[q][o]` is the weight of entity `o` in quorum `q`.
///
/// Branch and bound as for one quorum. The bound is the largest of the fractional relaxations of
/// each quorum alone and of one weighted sum of all quorums (surrogate relaxation, Glover 1968),
/// whose weights are chosen at the root to make the bound as tight as it gets.
#[must_use]
pub fn cheapest_joint_cover(
    costs: &[f64],
    weights: &[Vec<f64>],
    thresholds: &[f64],
    effort: Effort,
) -> Option<Cover> {
    assert_eq!(weights.len(), thresholds.len(), "one threshold per quorum");
    for quorum in weights {
        check_entities(costs, quorum);
    }
    let open: Vec<usize> = (0..thresholds.len())
        .filter(|&q| thresholds[q] > 0.0)
        .collect();
    match open[..] {
        [] => return super::cheapest_cover(costs, costs, 0.0, effort),
        [only] => return super::cheapest_cover(costs, &weights[only], thresholds[only], effort),
        _ => {}
    }
    // In units of each threshold, so that every quorum needs exactly one.
    let scaled: Vec<Vec<f64>> = open
        .iter()
        .map(|&q| {
            let needed = thresholds[q] * (1.0 - ROUNDING);
            weights[q]
                .iter()
                .map(|weight| (weight / needed).min(1.0))
                .collect()
        })
        .collect();
    if scaled
        .iter()
        .any(|quorum| quorum.iter().sum::<f64>() < 1.0 - ROUNDING)
    {
        return None;
    }
    let mut search = JointSearch::new(costs, scaled, effort);
    search.complete_greedily();
    search.visit(0, 0.0);
    Some(search.finish())
}

/// A relaxation to one quorum: its weights and its entities, cheapest per weight first.
struct Relaxation {
    weight: Vec<f64>,
    order: Vec<usize>,
}

struct JointSearch<'a> {
    costs: &'a [f64],
    /// `[quorum][entity]`, in units of the threshold.
    weights: Vec<Vec<f64>>,
    /// One per quorum, then the weighted sum of all.
    relaxations: Vec<Relaxation>,
    /// Share of each quorum in the weighted sum.
    shares: Vec<f64>,
    /// Entity at each depth, and the depth of each entity.
    order: Vec<usize>,
    depth_of: Vec<usize>,
    missing: Vec<f64>,
    taken: Vec<usize>,
    best: Vec<usize>,
    best_cost: f64,
    lowest_left: f64,
    nodes: u64,
    effort: Effort,
}

impl<'a> JointSearch<'a> {
    fn new(costs: &'a [f64], weights: Vec<Vec<f64>>, effort: Effort) -> Self {
        let entities = costs.len();
        let shares = best_shares(costs, &weights);
        let mut relaxations: Vec<Relaxation> = weights
            .iter()
            .map(|quorum| Relaxation::new(costs, quorum.clone()))
            .collect();
        let sum = Relaxation::new(costs, weighted_sum(&weights, &shares));
        let mut order = sum.order.clone();
        // Entities that weigh only where the sum does not look still need a place.
        order.extend((0..entities).filter(|entity| !sum.order.contains(entity)));
        let mut depth_of = vec![0; entities];
        for (depth, &entity) in order.iter().enumerate() {
            depth_of[entity] = depth;
        }
        relaxations.push(sum);
        Self {
            costs,
            missing: vec![1.0; weights.len()],
            weights,
            relaxations,
            shares,
            order,
            depth_of,
            taken: Vec::new(),
            best: Vec::new(),
            best_cost: f64::INFINITY,
            lowest_left: f64::INFINITY,
            nodes: 0,
            effort,
        }
    }

    fn visit(&mut self, depth: usize, spent: f64) {
        if self.missing.iter().all(|&missing| missing <= ROUNDING) {
            if spent < self.best_cost {
                self.best_cost = spent;
                self.best.clone_from(&self.taken);
            }
            return;
        }
        let Some(completion) = self.bound(depth) else {
            return;
        };
        let bound = spent + completion;
        if bound >= self.best_cost * (1.0 - self.effort.relative_gap.max(ROUNDING))
            || self.nodes >= self.effort.nodes
        {
            self.lowest_left = self.lowest_left.min(bound);
            return;
        }
        self.nodes += 1;
        let entity = self.order[depth];
        let before = self.missing.clone();
        for (missing, quorum) in self.missing.iter_mut().zip(&self.weights) {
            *missing -= quorum[entity];
        }
        self.taken.push(entity);
        self.visit(depth + 1, spent + self.costs[entity]);
        self.taken.pop();
        self.missing = before;
        self.visit(depth + 1, spent);
    }

    /// The least that completing from `depth` costs, or `None` when it cannot be completed.
    fn bound(&self, depth: usize) -> Option<f64> {
        let mut most = 0.0_f64;
        for (quorum, &missing) in self.missing.iter().enumerate() {
            if missing > ROUNDING {
                most = most.max(self.relaxations[quorum].fill(
                    self.costs,
                    missing,
                    depth,
                    &self.depth_of,
                )?);
            }
        }
        // The weighted sum holds only while every quorum is still open.
        if self.missing.iter().all(|&missing| missing > 0.0) {
            let missing = self
                .missing
                .iter()
                .zip(&self.shares)
                .map(|(m, share)| m * share)
                .sum();
            if let Some(sum) = self.relaxations[self.missing.len()].fill(
                self.costs,
                missing,
                depth,
                &self.depth_of,
            ) {
                most = most.max(sum);
            }
        }
        Some(most)
    }

    /// A first coalition: take what fills the most of the open quorums per cost, then drop whoever
    /// is not needed, the most expensive first.
    fn complete_greedily(&mut self) {
        let mut missing = vec![1.0; self.weights.len()];
        let mut members: Vec<usize> = Vec::new();
        let useful = |entity: usize, missing: &[f64]| -> f64 {
            self.weights
                .iter()
                .zip(missing)
                .map(|(quorum, &m)| quorum[entity].min(m.max(0.0)))
                .sum()
        };
        while missing.iter().any(|&m| m > ROUNDING) {
            let next = (0..self.costs.len())
                .filter(|entity| !members.contains(entity))
                .max_by(|&a, &b| {
                    let (left, right) = (useful(a, &missing), useful(b, &missing));
                    (left * self.costs[b])
                        .total_cmp(&(right * self.costs[a]))
                        .then(left.total_cmp(&right))
                });
            let Some(next) = next else { return };
            for (m, quorum) in missing.iter_mut().zip(&self.weights) {
                *m -= quorum[next];
            }
            members.push(next);
        }
        members.sort_by(|&a, &b| self.costs[b].total_cmp(&self.costs[a]));
        let mut kept = members.clone();
        for &entity in &members {
            if self
                .weights
                .iter()
                .zip(&missing)
                .all(|(quorum, m)| m + quorum[entity] <= 0.0)
            {
                for (m, quorum) in missing.iter_mut().zip(&self.weights) {
                    *m += quorum[entity];
                }
                kept.retain(|&other| other != entity);
            }
        }
        self.best_cost = kept.iter().map(|&entity| self.costs[entity]).sum();
        self.best = kept;
    }

    fn finish(self) -> Cover {
        let mut members = self.best;
        members.sort_unstable();
        let cost = super::cost_of(self.costs, &members);
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

impl Relaxation {
    fn new(costs: &[f64], weight: Vec<f64>) -> Self {
        let mut order: Vec<usize> = (0..costs.len())
            .filter(|&entity| weight[entity] > 0.0)
            .collect();
        order.sort_by(|&a, &b| {
            let (left, right) = (costs[a] * weight[b], costs[b] * weight[a]);
            left.total_cmp(&right)
                .then(weight[b].total_cmp(&weight[a]))
                .then(a.cmp(&b))
        });
        Self { weight, order }
    }

    /// Cost of filling `missing` with fractions of the entities at `depth` and deeper.
    fn fill(
        &self,
        costs: &[f64],
        mut missing: f64,
        depth: usize,
        depth_of: &[usize],
    ) -> Option<f64> {
        let mut spent = 0.0;
        for &entity in &self.order {
            if depth_of[entity] < depth {
                continue;
            }
            let weight = self.weight[entity];
            if weight >= missing {
                return Some(spent + costs[entity] * missing / weight);
            }
            missing -= weight;
            spent += costs[entity];
        }
        (missing <= ROUNDING).then_some(spent)
    }
}

fn weighted_sum(weights: &[Vec<f64>], shares: &[f64]) -> Vec<f64> {
    (0..weights[0].len())
        .map(|entity| {
            weights
                .iter()
                .zip(shares)
                .map(|(quorum, share)| quorum[entity] * share)
                .sum()
        })
        .collect()
}

/// Shares (positive, adding up to one) that make the weighted sum's bound at the root highest:
/// a few rounds of golden-section steps, one quorum against the others at a time.
fn best_shares(costs: &[f64], weights: &[Vec<f64>]) -> Vec<f64> {
    let quorums = weights.len();
    let nothing_decided = vec![0; costs.len()];
    let value = |shares: &[f64]| {
        Relaxation::new(costs, weighted_sum(weights, shares))
            .fill(costs, 1.0, 0, &nothing_decided)
            .unwrap_or(0.0)
    };
    let mut shares = vec![1.0 / quorums as f64; quorums];
    for _ in 0..3 {
        for moved in 0..quorums {
            let with = |share: f64| -> Vec<f64> {
                let others = 1.0 - shares[moved];
                (0..quorums)
                    .map(|q| {
                        if q == moved {
                            share
                        } else {
                            shares[q] * (1.0 - share) / others
                        }
                    })
                    .collect()
            };
            let (mut low, mut high) = (1e-6, 1.0 - 1e-6);
            for _ in 0..25 {
                let third = 0.381_966_011_250_105 * (high - low);
                if value(&with(low + third)) < value(&with(high - third)) {
                    low += third;
                } else {
                    high -= third;
                }
            }
            let candidate = with(0.5 * (low + high));
            if value(&candidate) > value(&shares) {
                shares = candidate;
            }
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brute_force(costs: &[f64], weights: &[Vec<f64>], thresholds: &[f64]) -> Option<f64> {
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
                weights
                    .iter()
                    .zip(thresholds)
                    .all(|(quorum, &t)| chosen(quorum) >= t)
                    .then(|| chosen(costs))
            })
            .min_by(f64::total_cmp)
    }

    #[test]
    fn matches_every_subset_on_small_sets() {
        let mut state = 7_u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((state >> 40) as f64 / 16_384.0).floor()
        };
        for trial in 0..150 {
            let (n, quorums) = (4 + trial % 9, 2 + trial % 2);
            let costs: Vec<f64> = (0..n).map(|_| next()).collect();
            let weights: Vec<Vec<f64>> = (0..quorums)
                .map(|_| (0..n).map(|_| next()).collect())
                .collect();
            let thresholds: Vec<f64> = weights
                .iter()
                .map(|quorum| (quorum.iter().sum::<f64>() * 0.4).floor())
                .collect();
            let found = cheapest_joint_cover(&costs, &weights, &thresholds, Effort::REPORTED)
                .expect("two fifths are reachable");
            let truth = brute_force(&costs, &weights, &thresholds).expect("reachable");
            assert!(
                (found.cost - truth).abs() <= 1e-9 * truth,
                "{found:?} against {truth}"
            );
            assert!(found.is_exact());
        }
    }

    #[test]
    fn one_entity_pays_once_for_two_quorums() {
        let costs = [10.0, 6.0, 6.0];
        let weights = [vec![5.0, 5.0, 0.0], vec![5.0, 0.0, 5.0]];
        let both = cheapest_joint_cover(&costs, &weights, &[5.0, 5.0], Effort::REPORTED);
        assert_eq!(
            both.map(|cover| (cover.members, cover.cost)),
            Some((vec![0], 10.0))
        );
        assert_eq!(
            cheapest_joint_cover(&costs, &weights, &[5.0, 11.0], Effort::REPORTED),
            None
        );
        let one = cheapest_joint_cover(&costs, &weights, &[5.0, 0.0], Effort::REPORTED);
        assert_eq!(one.map(|cover| cover.cost), Some(6.0));
    }
}
