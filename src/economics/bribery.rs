//! What a briber must pay: small players cost little when none of them is pivotal.

use super::coalition::ROUNDING;
use crate::stats::special::binomial_mass;
use serde::{Deserialize, Serialize};

/// What one entity loses by selling its vote, USD.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BribeTerms {
    /// Slashable stake that stands behind it.
    pub slashable_usd: f64,
    /// Share of a slash that the one who decides bears: its own share of the stake, or one where
    /// delegators can hold it liable.
    pub borne: f64,
    /// Present value of its lost business.
    pub franchise_usd: f64,
    /// What it loses when the attack succeeds, whoever took part: the drop of tokens it holds.
    pub collateral_loss_usd: f64,
    /// Probability that its own vote decides whether the attack succeeds.
    pub pivotal: f64,
}

impl BribeTerms {
    /// p·f·w·s + F + pivot·L: an attributable slash hits whoever signs and is not discounted by
    /// pivotality; a collateral loss is, because it comes anyway when others succeed (after
    /// Newman 2023).
    #[must_use]
    pub fn price_usd(&self, slash_fraction: f64, lands: f64) -> f64 {
        lands * slash_fraction * self.slashable_usd * self.borne
            + self.franchise_usd
            + self.pivotal * self.collateral_loss_usd
    }

    /// The same less what the slash of this vote is expected to bring back to the briber, where he
    /// is or shares with its recipient; a vote that brings more than it costs is had for nothing.
    #[must_use]
    pub fn net_price_usd(&self, slash_fraction: f64, lands: f64, returned_usd: f64) -> f64 {
        (self.price_usd(slash_fraction, lands) - returned_usd).max(0.0)
    }
}

/// P(one of `n` equal voters is decisive) when `needed` votes succeed and each other voter joins
/// with probability `joins`: P(exactly needed − 1 of the others join).
#[must_use]
pub fn pivotality(n: u64, needed: u64, joins: f64) -> f64 {
    if needed == 0 || needed > n {
        return 0.0;
    }
    binomial_mass(needed - 1, n - 1, joins)
}

/// Voters up to whose number every set of the others is listed.
const LISTED: usize = 12;

/// P(`voter` is decisive): over every set of the others, the chance of that set where it falls
/// short of the threshold without the voter and reaches it with him.
fn listed_pivotality(weights: &[f64], threshold: f64, joins: f64, voter: usize) -> f64 {
    let others: Vec<f64> = (0..weights.len())
        .filter(|&other| other != voter)
        .map(|other| weights[other])
        .collect();
    // Sums in another order may miss the threshold by their last digits.
    let needed = threshold * (1.0 - ROUNDING);
    let mut decisive = 0.0;
    for set in 0..1_u32 << others.len() {
        let (mut votes, mut chance) = (0.0, 1.0);
        for (index, weight) in others.iter().enumerate() {
            if set >> index & 1 == 1 {
                votes += weight;
                chance *= joins;
            } else {
                chance *= 1.0 - joins;
            }
        }
        if votes < needed && votes + weights[voter] >= needed {
            decisive += chance;
        }
    }
    decisive
}

/// P(each voter is decisive) for voters of unequal `weights` against a `threshold`, when each
/// other one joins with probability `joins`: of few voters every set is listed, of more the
/// distribution of the others' weight comes by dynamic programming on a grid of `cells` weights.
///
/// On the grid weights are rounded, so a voter is decisive to within one cell; with equal weights
/// it is [`pivotality`], without a grid.
#[must_use]
pub fn weighted_pivotality(weights: &[f64], threshold: f64, joins: f64, cells: usize) -> Vec<f64> {
    let total: f64 = weights.iter().sum();
    assert!(
        cells >= 2 && total > 0.0,
        "{cells} cells for a weight of {total}"
    );
    if weights.len() <= LISTED {
        return (0..weights.len())
            .map(|voter| listed_pivotality(weights, threshold, joins, voter))
            .collect();
    }
    let first = weights[0];
    if weights.iter().all(|w| (w - first).abs() <= 1e-12 * first) {
        let needed = (threshold / first - 1e-9).ceil().max(0.0) as u64;
        return vec![pivotality(weights.len() as u64, needed, joins); weights.len()];
    }
    let cell = |weight: f64| (weight / total * cells as f64).round() as usize;
    let sizes: Vec<usize> = weights.iter().map(|&weight| cell(weight)).collect();
    let end = sizes.iter().sum::<usize>() + 1;
    // ⌈·⌉ of the same share of what the rounded votes sum to, less a rounding error: a threshold
    // on a grid point is reached there, and all votes are needed where all are.
    let needed = (threshold / total * (end - 1) as f64 - 1e-9)
        .ceil()
        .max(0.0) as usize;
    let mut all = vec![0.0; end];
    all[0] = 1.0;
    for &size in &sizes {
        for weight in (0..end).rev() {
            let joined = if weight >= size {
                all[weight - size]
            } else {
                0.0
            };
            all[weight] = (1.0 - joins) * all[weight] + joins * joined;
        }
    }
    sizes
        .iter()
        .map(|&size| {
            let others = without(&all, size, joins);
            let from = needed.saturating_sub(size).min(end);
            others[from..needed.min(end)].iter().sum()
        })
        .collect()
}

/// The distribution of a sum of votes without one voter of `size`: the step of the dynamic
/// programme undone, from the end at which errors shrink.
fn without(all: &[f64], size: usize, joins: f64) -> Vec<f64> {
    let end = all.len();
    if size == 0 {
        return all.to_vec();
    }
    let mut others = vec![0.0; end];
    if joins <= 0.5 {
        for weight in 0..end {
            let joined = if weight >= size {
                others[weight - size]
            } else {
                0.0
            };
            others[weight] = ((all[weight] - joins * joined) / (1.0 - joins)).max(0.0);
        }
    } else {
        for weight in (0..end.saturating_sub(size)).rev() {
            let above = all[weight + size] - (1.0 - joins) * others[weight + size];
            others[weight] = (above / joins).max(0.0);
        }
    }
    others
}

/// Payoffs of a voter in a game that pays `reward` for voting with the majority, under a bribe of
/// reward + ε for voting 1, paid only if the majority votes 0 (Buterin 2015).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ConditionalBribe {
    /// Payoff when the others vote 0 and this one too.
    pub others_0_vote_0: f64,
    /// Payoff when the others vote 0 and this one votes 1: the bribe is due.
    pub others_0_vote_1: f64,
    /// Payoff when the others vote 1 and this one votes 0.
    pub others_1_vote_0: f64,
    /// Payoff when the others vote 1 and this one too: the attack succeeds, the bribe is not due.
    pub others_1_vote_1: f64,
}

impl ConditionalBribe {
    /// The game's payoffs.
    #[must_use]
    pub fn new(reward: f64, epsilon: f64) -> Self {
        Self {
            others_0_vote_0: reward,
            others_0_vote_1: reward + epsilon,
            others_1_vote_0: 0.0,
            others_1_vote_1: reward,
        }
    }

    /// Is voting 1 better whatever the others do? Then all vote 1 and the bribe costs nothing.
    #[must_use]
    pub fn attack_dominates(&self) -> bool {
        self.others_0_vote_1 > self.others_0_vote_0 && self.others_1_vote_1 > self.others_1_vote_0
    }

    /// What the briber pays in the end to `voters`: nothing when the attack dominates, for then it
    /// succeeds and the bribe is not due.
    #[must_use]
    pub fn paid(&self, voters: f64) -> f64 {
        if self.attack_dominates() {
            0.0
        } else {
            voters * self.others_0_vote_1
        }
    }
}

/// How a service finds out who voted wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// A proof that a contract checks, or one that any honest observer agrees on.
    Provable,
    /// Agreement with the majority alone: no fallback above it.
    MajorityAgreement,
}

/// The briber's minimum over a coalition of prices, USD: their sum, or zero where rewards and
/// slashes follow the majority, because a conditional bribe that is never paid moves it.
#[must_use]
pub fn bribers_minimum_usd(evidence: Evidence, prices_usd: &[f64]) -> f64 {
    match evidence {
        Evidence::Provable => prices_usd.iter().sum(),
        Evidence::MajorityAgreement => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_weights_give_equal_pivotality() {
        let weighted = weighted_pivotality(&[1.0; 9], 5.0, 0.4, 900);
        for found in weighted {
            assert!((found - pivotality(9, 5, 0.4)).abs() < 1e-12);
        }
        assert!(pivotality(9, 10, 0.5).abs() < 1e-300 && pivotality(9, 0, 0.5).abs() < 1e-300);
    }

    #[test]
    fn the_grid_is_near_the_list_and_exact_where_all_are_needed() {
        let weights: Vec<f64> = (0..15).map(|i| 1.0 + 0.37 * f64::from(i)).collect();
        let total: f64 = weights.iter().sum();
        for joins in [0.0, 0.3, 0.5, 0.8, 1.0] {
            let grid = weighted_pivotality(&weights, total / 3.0, joins, 1000);
            for (voter, found) in grid.iter().enumerate() {
                let listed = listed_pivotality(&weights, total / 3.0, joins, voter);
                assert!(
                    (found - listed).abs() < 0.02,
                    "{joins} {voter}: {found} {listed}"
                );
            }
            // Everybody decides where everybody is needed: if all others join.
            for found in weighted_pivotality(&weights, total, joins, 1000) {
                assert!((found - joins.powi(14)).abs() < 1e-12, "{joins}: {found}");
            }
        }
        // One voter of a certain bribe: it decides alone.
        assert!((weighted_pivotality(&[3.0], 1.0, 1.0, 1000)[0] - 1.0).abs() < 1e-12);
        assert!((pivotality(1, 1, 1.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_dictator_is_always_decisive() {
        let found = weighted_pivotality(&[6.0, 1.0, 2.0], 5.0, 0.5, 900);
        assert!((found[0] - 1.0).abs() < 1e-12 && found[1].abs() < 1e-12 && found[2].abs() < 1e-12);
    }

    #[test]
    fn more_voters_make_each_less_pivotal_and_cheaper() {
        let price = |n: u64| {
            BribeTerms {
                slashable_usd: 0.0,
                borne: 1.0,
                franchise_usd: 0.0,
                collateral_loss_usd: 1e6 / n as f64,
                pivotal: pivotality(n, n / 2, 0.5),
            }
            .price_usd(1.0, 1.0)
                * (n / 2) as f64
        };
        assert!(price(1000) < price(100) && price(100) < price(10));
    }
}
