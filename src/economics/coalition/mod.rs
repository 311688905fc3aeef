//! The cheapest coalition of entities that reaches a quorum: what corruption costs.
//!
//! Choosing who joins is the knapsack cover problem: min Σ c_o x_o subject to Σ ω_o x_o ≥ T, x
//! binary. A greedy answer overstates the cost (46 where 34 is enough), and overstating the cost of
//! corruption is the one error a security tool may not make. So the search is exact, by branch and
//! bound; where it must stop early the answer carries a certified lower bound, and
//! [`Cover::lower_bound`] is what a security argument may use.
//!
//! Costs and weights are per *entity*: first add up the operators that one hand controls
//! ([`sum_by_entity`]).

mod counting;
mod meet;
mod quorums;
mod search;

pub use quorums::cheapest_joint_cover;
pub use search::{cheapest_cover, greedy_cover};

use serde::{Deserialize, Serialize};

/// A coalition that reaches its quorum, and how good it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cover {
    /// Indices of its members, ascending.
    pub members: Vec<usize>,
    /// What it costs, in the unit of the costs: an upper bound of the cheapest.
    pub cost: f64,
    /// No coalition costs less than this.
    pub lower_bound: f64,
    /// Branches that were looked at.
    pub nodes: u64,
}

impl Cover {
    /// By what share of its cost the coalition might be beaten: 0 is exact.
    #[must_use]
    pub fn gap(&self) -> f64 {
        gap(self.cost, self.lower_bound)
    }

    /// Is it the cheapest, to a billionth of its cost?
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.gap() <= EXACT
    }
}

/// By what share of its cost something found might be beaten: 0 is exact.
pub(crate) fn gap(cost: f64, lower_bound: f64) -> f64 {
    if cost > 0.0 {
        (cost - lower_bound) / cost
    } else {
        0.0
    }
}

/// When a search may stop.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Effort {
    /// Stop when the gap is at most this share of the cost.
    pub relative_gap: f64,
    /// Stop after this many branches; the lower bound stays certified.
    pub nodes: u64,
}

impl Effort {
    /// For a number that is reported: exact ([`Cover::is_exact`]) wherever two million branches can
    /// prove it.
    pub const REPORTED: Self = Self {
        relative_gap: 0.5 * EXACT,
        nodes: 2_000_000,
    };
    /// For a number in an inner loop: certified to 0.1 %.
    pub const INNER: Self = Self {
        relative_gap: 1e-3,
        nodes: 200_000,
    };
    /// For one of many numbers of which quantiles are shown: certified to 0.1 %, or with the gap
    /// that a tenth of the branches leave.
    pub const SKETCH: Self = Self {
        relative_gap: 1e-3,
        nodes: 20_000,
    };
}

/// Gap at which a coalition counts as the cheapest. Stakes are real numbers: between two subsets of
/// two hundred of them there is nearly always a third, and the last digits prove nothing.
const EXACT: f64 = 1e-9;

/// Two sums of the same numbers in different orders may differ by this share: a coalition that
/// misses the threshold by less has reached it. The doubt goes to the attacker.
pub(crate) const ROUNDING: f64 = 1e-12;

/// Add up what the operators of each entity have: `entity_of[o]` is the index of operator `o`'s
/// entity, and the result has one value per entity.
#[must_use]
pub fn sum_by_entity(entity_of: &[usize], values: &[f64]) -> Vec<f64> {
    assert_eq!(
        entity_of.len(),
        values.len(),
        "one entity and one value per operator"
    );
    let entities = entity_of.iter().max().map_or(0, |&last| last + 1);
    let mut sums = vec![0.0; entities];
    for (&entity, &value) in entity_of.iter().zip(values) {
        sums[entity] += value;
    }
    sums
}

fn check_entities(costs: &[f64], weights: &[f64]) {
    assert_eq!(
        costs.len(),
        weights.len(),
        "one cost and one weight per entity"
    );
    for (index, (&cost, &weight)) in costs.iter().zip(weights).enumerate() {
        assert!(
            cost >= 0.0 && cost.is_finite(),
            "entity {index} costs {cost}"
        );
        assert!(
            weight >= 0.0 && weight.is_finite(),
            "entity {index} weighs {weight}"
        );
    }
}

fn cost_of(costs: &[f64], members: &[usize]) -> f64 {
    members.iter().map(|&entity| costs[entity]).sum()
}
