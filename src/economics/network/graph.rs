//! Restaking graphs in which a validator's whole stake backs each of its services (Durvasula,
//! Roughgarden, "Robust restaking networks", 2024): exact answers for small graphs, by listing
//! every set of validators.
//!
//! A service that no remaining validator backs is dead and cannot be attacked.

use super::Service;
use serde::{Deserialize, Serialize};

/// Validators, services, and who serves what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RestakingGraph {
    /// Stake of each validator.
    pub stakes: Vec<f64>,
    /// The services.
    pub services: Vec<Service>,
    /// (validator, service) pairs.
    pub edges: Vec<(usize, usize)>,
}

/// A set of validators that can take a set of services.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attack {
    /// The validators, ascending.
    pub validators: Vec<usize>,
    /// All services that they can take together, ascending.
    pub services: Vec<usize>,
    /// Stake that the attack loses.
    pub cost: f64,
    /// Sum of the prizes.
    pub prize: f64,
}

/// Most validators whose sets are listed: 2²⁰ sets, or 3¹⁶ pairs of shock and attack.
const MOST_IN_SETS: usize = 20;
const MOST_IN_PAIRS: usize = 16;
/// Share by which rounding may move a comparison of sums.
const ROUNDING: f64 = 1e-12;

impl RestakingGraph {
    /// Left sides of the sufficient condition, one per validator:
    /// Σ_{s served} (σ_v/σ_{N(s)})·(1+γ)π_s/α_s, to be at most σ_v. It takes one pass over the edges.
    #[must_use]
    pub fn condition(&self, slack: f64) -> Vec<f64> {
        let mut backing = vec![0.0; self.services.len()];
        for &(validator, service) in &self.edges {
            backing[service] += self.stakes[validator];
        }
        let mut left = vec![0.0; self.stakes.len()];
        for &(validator, service) in &self.edges {
            let Service { prize, threshold } = self.services[service];
            let share = self.stakes[validator] / backing[service];
            left[validator] += share * (1.0 + slack) * prize / threshold;
        }
        left
    }

    /// Does the condition hold for every validator? Then the network is secure with this slack. It
    /// is sufficient only: indivisible validators may be secure without it.
    #[must_use]
    pub fn condition_holds(&self, slack: f64) -> bool {
        self.condition(slack)
            .iter()
            .zip(&self.stakes)
            .all(|(left, stake)| *left <= stake * (1.0 + ROUNDING))
    }

    /// The attack with the smallest cost minus prize, or `None` when nothing can be attacked.
    #[must_use]
    pub fn worst_attack(&self) -> Option<Attack> {
        self.best_by(|cost, prize| cost - prize)
    }

    /// γ: the largest slack with (1+γ)·prize ≤ cost for every attack; infinite when nothing can be
    /// won. Negative when some attack pays.
    #[must_use]
    pub fn slack(&self) -> f64 {
        self.best_by(|cost, prize| {
            if prize > 0.0 {
                cost / prize
            } else {
                f64::INFINITY
            }
        })
        .map_or(f64::INFINITY, |attack| attack.cost / attack.prize - 1.0)
    }

    /// No attack pays. A cost equal to the prize does not pay.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.worst_attack()
            .is_none_or(|attack| !pays(attack.cost, attack.prize))
    }

    /// R_ψ: the largest share of all stake that is gone after any validators with at most a share
    /// `shock` of it vanish and every attack that then pays has been made.
    ///
    /// A cascade of attacks is one attack by their union, so one is enough to look at.
    #[must_use]
    pub fn loss_after_shock(&self, shock: f64) -> f64 {
        let everyone: Vec<usize> = (0..self.services.len()).collect();
        self.local_loss_after_shock(&everyone, shock)
    }

    /// R_ψ(C): the same for the coalition `services`, counted on the validators that serve only
    /// them; a share `shock` of those vanishes, and any others may.
    #[must_use]
    pub fn local_loss_after_shock(&self, services: &[usize], shock: f64) -> f64 {
        let n = self.stakes.len();
        assert!(
            n <= MOST_IN_PAIRS,
            "{n} validators: too many to list every shock and attack"
        );
        let sums = self.sums();
        let whole = (1_u32 << n) - 1;
        let mine = self.exclusive(services, whole);
        let total = sums[mine as usize];
        assert!(total > 0.0, "no validator serves only these services");
        let backers = self.backers();
        let mut worst = shock;
        for vanished in 0..=whole {
            if sums[(vanished & mine) as usize] > shock * total * (1.0 + ROUNDING) {
                continue;
            }
            let left = whole & !vanished;
            // Every subset of those left.
            let mut attackers = left;
            while attackers != 0 {
                let lost = shock + sums[(attackers & mine) as usize] / total;
                if lost > worst {
                    let prize = self
                        .takes(attackers, left, &backers, &sums)
                        .map(|s| self.services[s].prize);
                    if pays(sums[attackers as usize], prize.sum()) {
                        worst = lost;
                    }
                }
                attackers = (attackers - 1) & left;
            }
        }
        worst.min(1.0)
    }

    /// Validators that serve nothing but `services`. With all services listed these are all
    /// validators, the idle ones too.
    fn exclusive(&self, services: &[usize], whole: u32) -> u32 {
        if services.len() == self.services.len() {
            return whole;
        }
        let (mut inside, mut outside) = (0, 0);
        for &(validator, service) in &self.edges {
            if services.contains(&service) {
                inside |= 1 << validator;
            } else {
                outside |= 1 << validator;
            }
        }
        inside & !outside
    }

    fn best_by(&self, measure: impl Fn(f64, f64) -> f64) -> Option<Attack> {
        let n = self.stakes.len();
        assert!(
            n <= MOST_IN_SETS,
            "{n} validators: too many to list every set"
        );
        let (sums, backers) = (self.sums(), self.backers());
        let whole = ((1_u64 << n) - 1) as u32;
        let mut best: Option<(f64, u32)> = None;
        for set in 1..=whole {
            let mut prize = None;
            for service in self.takes(set, whole, &backers, &sums) {
                *prize.get_or_insert(0.0) += self.services[service].prize;
            }
            let Some(prize) = prize else { continue };
            let value = measure(sums[set as usize], prize);
            if best.is_none_or(|(least, _)| value < least) {
                best = Some((value, set));
            }
        }
        best.map(|(_, set)| {
            let services: Vec<usize> = self.takes(set, whole, &backers, &sums).collect();
            Attack {
                validators: (0..n)
                    .filter(|validator| set >> validator & 1 == 1)
                    .collect(),
                cost: sums[set as usize],
                prize: services
                    .iter()
                    .map(|&service| self.services[service].prize)
                    .sum(),
                services,
            }
        })
    }

    /// The services that `attackers` can take when only `left` are still there.
    fn takes<'a>(
        &'a self,
        attackers: u32,
        left: u32,
        backers: &'a [u32],
        sums: &'a [f64],
    ) -> impl Iterator<Item = usize> + 'a {
        self.services
            .iter()
            .enumerate()
            .filter_map(move |(index, service)| {
                let backing = sums[(backers[index] & left) as usize];
                let held = sums[(backers[index] & attackers) as usize];
                (backing > 0.0 && held >= service.threshold * backing * (1.0 - ROUNDING))
                    .then_some(index)
            })
    }

    /// Stake of every set of validators.
    fn sums(&self) -> Vec<f64> {
        let mut sums = vec![0.0; 1 << self.stakes.len()];
        for set in 1..sums.len() {
            let highest = set.ilog2() as usize;
            sums[set] = sums[set ^ (1 << highest)] + self.stakes[highest];
        }
        sums
    }

    /// The set of validators behind each service.
    fn backers(&self) -> Vec<u32> {
        let mut backers = vec![0; self.services.len()];
        for &(validator, service) in &self.edges {
            backers[service] |= 1 << validator;
        }
        backers
    }
}

/// Strictly more prize than cost, beyond rounding.
fn pays(cost: f64, prize: f64) -> bool {
    prize > cost * (1.0 + ROUNDING)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact by construction")]
mod tests {
    use super::*;

    fn star(stakes: &[f64], prize: f64, threshold: f64) -> RestakingGraph {
        RestakingGraph {
            stakes: stakes.to_vec(),
            services: vec![Service { prize, threshold }],
            edges: (0..stakes.len()).map(|validator| (validator, 0)).collect(),
        }
    }

    #[test]
    fn a_service_without_attackers_or_prize_is_secure() {
        assert!(star(&[1.0, 1.0], 0.0, 0.5).is_secure());
        assert_eq!(star(&[1.0, 1.0], 0.0, 0.5).slack(), f64::INFINITY);
        let empty = RestakingGraph {
            stakes: vec![1.0],
            services: vec![],
            edges: vec![],
        };
        assert_eq!(empty.worst_attack(), None);
    }

    #[test]
    fn the_condition_is_never_too_generous() {
        for prize in [0.5, 0.99, 1.0, 1.01, 1.5, 2.0] {
            let graph = star(&[1.0, 0.7, 1.3], prize, 1.0 / 3.0);
            if graph.condition_holds(0.0) {
                assert!(graph.is_secure(), "{prize}");
            }
        }
    }

    #[test]
    fn an_insecure_network_loses_stake_without_a_shock() {
        let graph = star(&[1.0, 1.0, 2.0], 2.5, 0.5);
        let attack = graph.worst_attack().expect("half is reachable");
        assert_eq!((attack.cost, attack.services.len()), (2.0, 1));
        assert!((graph.slack() + 0.2).abs() < 1e-15);
        // The whole service pays for 2 of 4, and no larger set.
        assert!((graph.loss_after_shock(0.0) - 0.5).abs() < 1e-15);
    }
}
