//! Joint attacks under any allocations: c_o(A) = min(σ_o, Σ_{q∈A} w_oq) + F_o once.
//!
//! With w = σ it is the graph model, with Σw ≤ σ Unique Stake, in between an elastic network whose
//! validators join a service whole or not at all.

use super::super::coalition::Effort;
use super::Service;
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
        let mut search = Search::new(self, services, effort)?;
        search.visit(0, 0.0);
        let cost = search.best_cost;
        let left = search.lowest_left;
        Some(JointAttack {
            services: services.to_vec(),
            cost,
            lower_bound: if left >= cost * (1.0 - 2.0 * ROUNDING) {
                cost
            } else {
                left
            },
            prize: services
                .iter()
                .map(|&service| self.services[service].prize)
                .sum(),
            operators: {
                let mut operators = search.best.clone();
                operators.sort_unstable();
                operators
            },
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

    fn cost_of(&self, operator: usize, attacked: impl Iterator<Item = usize>) -> f64 {
        let allocated: f64 = attacked
            .map(|service| self.allocated[operator][service])
            .sum();
        allocated.min(self.stakes[operator]) + self.franchise[operator]
    }
}

struct Search<'a> {
    model: &'a Allocations,
    services: Vec<usize>,
    /// Operators with something at stake, the heaviest first.
    operators: Vec<usize>,
    /// What each depth may do: (services taken, cost), cheapest first, dominated ones dropped.
    options: Vec<Vec<(u32, f64)>>,
    /// Least cost at each depth of contributing to each service.
    entry: Vec<Vec<f64>>,
    missing: Vec<f64>,
    taken: Vec<usize>,
    best: Vec<usize>,
    best_cost: f64,
    lowest_left: f64,
    nodes: u64,
    effort: Effort,
}

impl<'a> Search<'a> {
    fn new(model: &'a Allocations, services: &[usize], effort: Effort) -> Option<Self> {
        assert!(
            services.len() <= MOST_SERVICES,
            "{} services at once",
            services.len()
        );
        let held = |operator: usize| {
            services
                .iter()
                .map(|&s| model.allocated[operator][s])
                .sum::<f64>()
        };
        let mut operators: Vec<usize> =
            (0..model.stakes.len()).filter(|&o| held(o) > 0.0).collect();
        operators.sort_by(|&a, &b| held(b).total_cmp(&held(a)).then(a.cmp(&b)));
        let missing: Vec<f64> = services
            .iter()
            .map(|&service| {
                let backing: f64 = model.allocated.iter().map(|row| row[service]).sum();
                model.services[service].threshold * backing * (1.0 - ROUNDING)
            })
            .collect();
        if missing.iter().any(|&needed| needed <= 0.0) {
            return None;
        }
        let options = operators
            .iter()
            .map(|&operator| options_of(model, services, operator))
            .collect();
        let entry = operators
            .iter()
            .map(|&operator| {
                services
                    .iter()
                    .map(|&s| model.cost_of(operator, std::iter::once(s)))
                    .collect()
            })
            .collect();
        Some(Self {
            model,
            services: services.to_vec(),
            operators,
            options,
            entry,
            missing,
            taken: Vec::new(),
            best: Vec::new(),
            best_cost: f64::INFINITY,
            lowest_left: f64::INFINITY,
            nodes: 0,
            effort,
        })
    }

    fn visit(&mut self, depth: usize, spent: f64) {
        if self.missing.iter().all(|&missing| missing <= 0.0) {
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
        // Without any answer yet the search goes on beyond its limit: to the first one.
        let tired = self.nodes >= self.effort.nodes && self.best_cost.is_finite();
        if bound >= self.best_cost * (1.0 - self.effort.relative_gap.max(ROUNDING)) || tired {
            self.lowest_left = self.lowest_left.min(bound);
            return;
        }
        self.nodes += 1;
        let operator = self.operators[depth];
        let before = self.missing.clone();
        // All at once first: it is what usually pays.
        for option in (0..self.options[depth].len()).rev() {
            let (set, cost) = self.options[depth][option];
            for (index, &service) in self.services.iter().enumerate() {
                if set >> index & 1 == 1 {
                    self.missing[index] -= self.model.allocated[operator][service];
                }
            }
            self.taken.push(operator);
            self.visit(depth + 1, spent + cost);
            self.taken.pop();
            self.missing.clone_from(&before);
        }
        self.visit(depth + 1, spent);
    }

    /// The dearest single service still to complete, with fractions of operators at the least cost
    /// at which each contributes to it.
    fn bound(&self, depth: usize) -> Option<f64> {
        let mut most = 0.0_f64;
        for (index, &service) in self.services.iter().enumerate() {
            let mut missing = self.missing[index];
            if missing <= 0.0 {
                continue;
            }
            let mut offers: Vec<(f64, f64)> = (depth..self.operators.len())
                .map(|at| {
                    (
                        self.entry[at][index],
                        self.model.allocated[self.operators[at]][service],
                    )
                })
                .filter(|&(_, weight)| weight > 0.0)
                .collect();
            offers.sort_by(|a, b| (a.0 * b.1).total_cmp(&(b.0 * a.1)));
            let mut spent = 0.0;
            for (cost, weight) in offers {
                let share = (missing / weight).min(1.0);
                spent += share * cost;
                missing -= share * weight;
                if share < 1.0 {
                    missing = 0.0;
                    break;
                }
            }
            if missing > 0.0 {
                return None;
            }
            most = most.max(spent);
        }
        Some(most)
    }
}

/// The sets of services that an operator may join, without those that cost as much as a larger one.
fn options_of(model: &Allocations, services: &[usize], operator: usize) -> Vec<(u32, f64)> {
    let joined = |set: u32| {
        services
            .iter()
            .enumerate()
            .filter(move |(i, _)| set >> i & 1 == 1)
            .map(|(_, &service)| service)
    };
    let useful = services
        .iter()
        .enumerate()
        .filter(|&(_, &service)| model.allocated[operator][service] > 0.0)
        .fold(0_u32, |set, (index, _)| set | 1 << index);
    let mut options: Vec<(u32, f64)> = (1..1_u32 << services.len())
        .filter(|set| set & !useful == 0)
        .map(|set| (set, model.cost_of(operator, joined(set))))
        .collect();
    let all = options.clone();
    options.retain(|&(set, cost)| {
        !all.iter()
            .any(|&(other, price)| other != set && other & set == set && price <= cost)
    });
    options.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    options
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
