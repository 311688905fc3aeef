//! Symmetric elastic networks: every validator allocates the same to every service, together
//! more than its stake (Bar-Zur, Eyal, "Elastic restaking networks", 2025).
//!
//! The attacker may use part of a validator's allocation, so ⌊nθ⌋ validators join whole and one
//! with the fraction that is left.

use serde::{Deserialize, Serialize};

/// A network in which all validators and all services are alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SymmetricNetwork {
    /// Number of validators.
    pub validators: u32,
    /// Number of services, the base service not counted.
    pub services: u32,
    /// Stake of each validator.
    pub stake: f64,
    /// What each validator allocates to each service.
    pub allocation: f64,
    /// Profit from corrupting one service.
    pub prize: f64,
    /// Share of a service's allocations that an attacker needs.
    pub threshold: f64,
    /// Prize of a base service that every validator backs with its whole stake, if there is one.
    pub base_prize: Option<f64>,
}

impl SymmetricNetwork {
    /// Every validator spreads `degree` times its stake over the services, the base service
    /// (which takes one of them) included.
    #[must_use]
    pub fn of_degree(self, degree: f64) -> Self {
        let spread = if self.base_prize.is_some() {
            degree - 1.0
        } else {
            degree
        };
        Self {
            allocation: spread * self.stake / f64::from(self.services),
            ..self
        }
    }

    /// The network after `byzantine` services slashed all that was allocated to them: stakes
    /// shrink, and the other allocations where the stake no longer covers them.
    #[must_use]
    pub fn after_byzantine(self, byzantine: u32) -> Self {
        assert!(
            byzantine <= self.services,
            "{byzantine} byzantine of {} services",
            self.services
        );
        let stake = (self.stake - f64::from(byzantine) * self.allocation).max(0.0);
        Self {
            services: self.services - byzantine,
            stake,
            allocation: self.allocation.min(stake),
            ..self
        }
    }

    /// Largest prize minus cost over all joint attacks; negative is secure, and its negative is the
    /// budget from outside that the network withstands.
    #[must_use]
    pub fn best_profit(&self) -> f64 {
        self.attacks()
            .map(|(prize, cost)| prize - cost)
            .fold(f64::NEG_INFINITY, f64::max)
    }

    /// Budget that an adversary must bring from outside before an attack pays; zero when one
    /// already does.
    #[must_use]
    pub fn withstood_budget(&self) -> f64 {
        (-self.best_profit()).max(0.0)
    }

    /// Smallest stake per validator at which no attack pays, at `degree` and with no budget from
    /// outside: max over joint attacks of prize/(⌊nθ⌋·min(1, kd/m) + min({nθ}·kd/m, 1)).
    #[must_use]
    pub fn minimum_stake(&self, degree: f64) -> f64 {
        let unit = Self {
            stake: 1.0,
            ..*self
        }
        .of_degree(degree);
        unit.attacks()
            .map(|(prize, cost)| prize / cost)
            .fold(0.0, f64::max)
    }

    /// (prize, cost) of the cheapest attack on each number of services.
    fn attacks(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let needed = f64::from(self.validators) * self.threshold;
        // 12·(1/3) may come out a rounding below 4.
        let whole = (needed + 1e-9).floor();
        let fraction = (needed - whole).max(0.0);
        let bases = if self.base_prize.is_some() { 2 } else { 1 };
        (0..bases).flat_map(move |base| {
            let from = if base == 0 { 1 } else { 0 };
            (from..=self.services).map(move |attacked| {
                let used = self.allocation * f64::from(attacked) + f64::from(base) * self.stake;
                let cost = whole * used.min(self.stake) + (fraction * used).min(self.stake);
                let base_prize = if base == 0 {
                    0.0
                } else {
                    self.base_prize.unwrap_or(0.0)
                };
                (self.prize * f64::from(attacked) + base_prize, cost)
            })
        })
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact by construction")]
mod tests {
    use super::*;

    const NETWORK: SymmetricNetwork = SymmetricNetwork {
        validators: 15,
        services: 15,
        stake: 10.0,
        allocation: 0.0,
        prize: 1.0,
        threshold: 1.0 / 3.0,
        base_prize: None,
    };

    #[test]
    fn at_the_minimum_stake_the_best_attack_breaks_even() {
        for degree in [1.0, 1.5, 2.2, 7.0] {
            let stake = NETWORK.minimum_stake(degree);
            let profit = SymmetricNetwork { stake, ..NETWORK }
                .of_degree(degree)
                .best_profit();
            assert!(profit.abs() < 1e-12, "{degree}: {profit}");
        }
    }

    #[test]
    fn byzantine_services_shrink_the_budget_that_is_withstood() {
        for degree in [1.0, 2.0, 3.0] {
            let network = NETWORK.of_degree(degree);
            let mut last = f64::INFINITY;
            for byzantine in 0..=3 {
                let budget = network.after_byzantine(byzantine).withstood_budget();
                assert!(
                    budget <= last,
                    "{degree} {byzantine}: {budget} after {last}"
                );
                last = budget;
            }
        }
        assert!((NETWORK.of_degree(1.0).after_byzantine(15).stake).abs() < 1e-12);
    }

    #[test]
    fn a_base_service_adds_its_prize() {
        let with_base = SymmetricNetwork {
            base_prize: Some(10.0),
            ..NETWORK
        };
        assert!(with_base.minimum_stake(2.0) > NETWORK.minimum_stake(1.0));
        // Degree one is the base service alone: five of fifteen stakes against its prize, and
        // everything else comes for nothing.
        assert_eq!(with_base.minimum_stake(1.0), f64::INFINITY);
    }
}
