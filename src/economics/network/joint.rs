//! Joint attacks under any allocations: c_o(A) = min(σ_o, Σ_{q∈A} w_oq) + F_o once.
//!
//! With w = σ it is the graph model, with Σw ≤ σ Unique Stake, in between an elastic network whose
//! validators join a service whole or not at all.

use super::super::coalition::Effort;
use super::Service;
use super::union::{Others, Row, Together, cheapest_union, price_of};
use serde::{Deserialize, Serialize};

/// Operators, services, and what each operator allocates to each service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Allocations {
    /// Stake of each operator, σ.
    pub stakes: Vec<f64>,
    /// What each operator loses once if it attacks anything, F.
    pub franchise: Vec<f64>,
    /// The services.
    pub services: Vec<Service>,
    /// `[operator][service]`: slashable at the service, w.
    pub allocated: Vec<Vec<f64>>,
}

/// The cheapest way to take a set of services together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JointAttack {
    /// The services, ascending.
    pub services: Vec<usize>,
    /// What it costs: an upper bound of the cheapest.
    pub cost: f64,
    /// No attack on these services costs less.
    pub lower_bound: f64,
    /// Sum of the prizes.
    pub prize: f64,
    /// The operators that take part, ascending.
    pub operators: Vec<usize>,
}

impl JointAttack {
    /// Cost minus prize: the attack pays when it is negative.
    #[must_use]
    pub fn margin(&self) -> f64 {
        self.cost - self.prize
    }
}

/// Most services whose sets are listed.
const MOST_SERVICES: usize = 16;
const ROUNDING: f64 = 1e-12;

impl Allocations {
    /// The cheapest attack that takes all of `services` at once, or `None` when one of them cannot
    /// be taken.
    #[must_use]
    pub fn cheapest_attack(&self, services: &[usize], effort: Effort) -> Option<JointAttack> {
        let backing =
            |service: usize| -> f64 { self.allocated.iter().map(|row| row[service]).sum() };
        let rows: Vec<Row> = services
            .iter()
            .enumerate()
            .map(|(place, &service)| Row {
                service: place,
                votes: self.allocated.iter().map(|row| row[service]).collect(),
                needed: self.services[service].threshold * backing(service),
            })
            .collect();
        if rows.iter().any(|row| row.needed <= 0.0) {
            return None;
        }
        let prices = (0..self.stakes.len()).map(|operator| {
            let lost: Vec<f64> = services
                .iter()
                .map(|&service| self.allocated[operator][service])
                .collect();
            (0..1_u32 << services.len())
                .map(|set| price_of(&lost, self.stakes[operator], self.franchise[operator], set))
                .collect()
        });
        let found = cheapest_union(
            &Together {
                prices: prices.collect(),
                others: vec![Others::NONE; services.len()],
                rows,
            },
            effort,
        )?;
        Some(JointAttack {
            services: services.to_vec(),
            cost: found.cost,
            lower_bound: found.lower_bound,
            prize: services
                .iter()
                .map(|&service| self.services[service].prize)
                .sum(),
            operators: found
                .members
                .iter()
                .map(|&(operator, _)| operator)
                .collect(),
        })
    }

    /// The joint attack with the smallest margin over all sets of services, or `None` when nothing
    /// can be taken.
    ///
    /// `coordination` is what the attacker forgoes by robbing so many services at once: zero for an
    /// attacker without limits, convex for one whose profit is submodular (Chitra, Pai 2024).
    #[must_use]
    pub fn worst_attack(
        &self,
        effort: Effort,
        coordination: impl Fn(usize) -> f64,
    ) -> Option<JointAttack> {
        let count = self.services.len();
        assert!(
            count <= MOST_SERVICES,
            "{count} services: too many to list every set"
        );
        let mut worst: Option<JointAttack> = None;
        for set in 1_u32..1 << count {
            let services: Vec<usize> = (0..count)
                .filter(|service| set >> service & 1 == 1)
                .collect();
            let Some(mut attack) = self.cheapest_attack(&services, effort) else {
                continue;
            };
            attack.prize -= coordination(services.len());
            if worst
                .as_ref()
                .is_none_or(|least| attack.margin() < least.margin())
            {
                worst = Some(attack);
            }
        }
        worst
    }

    /// Does every operator allocate at most its stake? Then allocations are unique, and without
    /// franchises the margin of a joint attack is the sum of the single ones.
    #[must_use]
    pub fn is_unique_stake(&self) -> bool {
        self.allocated
            .iter()
            .zip(&self.stakes)
            .all(|(row, stake)| row.iter().sum::<f64>() <= stake * (1.0 + ROUNDING))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(
        allocated: Vec<Vec<f64>>,
        stakes: &[f64],
        franchise: f64,
        prizes: &[f64],
    ) -> Allocations {
        Allocations {
            stakes: stakes.to_vec(),
            franchise: vec![franchise; stakes.len()],
            services: prizes
                .iter()
                .map(|&prize| Service {
                    prize,
                    threshold: 0.5,
                })
                .collect(),
            allocated,
        }
    }

    #[test]
    fn unique_stake_adds_up_and_a_franchise_couples() {
        let rows = vec![
            vec![3.0, 2.0, 1.0],
            vec![1.0, 4.0, 2.0],
            vec![2.0, 0.0, 5.0],
        ];
        let free = network(rows.clone(), &[6.0, 7.0, 7.0], 0.0, &[1.0, 1.0, 1.0]);
        assert!(free.is_unique_stake());
        let single: f64 = (0..3)
            .map(|s| {
                free.cheapest_attack(&[s], Effort::REPORTED)
                    .expect("takeable")
                    .margin()
            })
            .sum();
        let joint = free
            .cheapest_attack(&[0, 1, 2], Effort::REPORTED)
            .expect("takeable");
        assert!((joint.margin() - single).abs() < 1e-12);
        let coupled = network(rows, &[6.0, 7.0, 7.0], 2.0, &[1.0, 1.0, 1.0]);
        let single: f64 = (0..3)
            .map(|s| {
                coupled
                    .cheapest_attack(&[s], Effort::REPORTED)
                    .expect("takeable")
                    .cost
            })
            .sum();
        let joint = coupled
            .cheapest_attack(&[0, 1, 2], Effort::REPORTED)
            .expect("takeable");
        assert!(joint.cost < single);
    }

    #[test]
    fn coordination_costs_keep_attacks_small() {
        let rows = vec![vec![5.0, 5.0, 5.0]];
        let shared = network(rows, &[5.0], 0.0, &[2.0, 2.0, 2.0]);
        let unlimited = shared
            .worst_attack(Effort::REPORTED, |_| 0.0)
            .expect("takeable");
        assert_eq!(unlimited.services, vec![0, 1, 2]);
        assert!((unlimited.margin() + 1.0).abs() < 1e-12);
        let limited = shared
            .worst_attack(Effort::REPORTED, |k| (k * k) as f64 / 2.0)
            .expect("takeable");
        assert!(limited.margin() > 0.0 && limited.services.len() < 3);
    }

    #[test]
    fn a_service_that_nobody_backs_cannot_be_taken() {
        let network = network(vec![vec![1.0, 0.0]], &[1.0], 0.0, &[1.0, 1.0]);
        assert!(network.cheapest_attack(&[1], Effort::REPORTED).is_none());
        assert!(network.cheapest_attack(&[0, 1], Effort::REPORTED).is_none());
    }
}
