//! What an attack costs its victims beside what it brings the attacker, and what a slash pays back.
//!
//! Strong safety asks whether what is slashed covers the harm, whatever the attacker's motive. A
//! slash that lands pays `min(of_stake · S, most)`, S the slashable stake that any coalition with
//! the votes must hold at least: the payout that is guaranteed, not that of a lucky coalition.

use super::Attack;

/// What users lose when an attack takes something: `fixed_usd + of_take · take`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Harm {
    /// Whatever is taken, USD.
    pub fixed_usd: f64,
    /// For each USD that is taken.
    pub of_take: f64,
}

impl Harm {
    /// Users lose what the attacker takes.
    pub const TAKE: Self = Self {
        fixed_usd: 0.0,
        of_take: 1.0,
    };

    /// Harm of a take, USD.
    #[must_use]
    pub fn of(&self, take_usd: f64) -> f64 {
        self.fixed_usd + self.of_take * take_usd.max(0.0)
    }
}

/// What those harmed are paid out of a slash.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Payout {
    /// Probability that the slash lands.
    pub lands: f64,
    /// Share of the coalition's slashable stake that goes to those harmed when it does.
    pub of_stake: f64,
    /// Most that is paid: the cover that the service sells; infinite where it sells none, USD.
    pub most_usd: f64,
}

impl Payout {
    /// Slashes are burned.
    pub const NONE: Self = Self {
        lands: 0.0,
        of_stake: 0.0,
        most_usd: f64::INFINITY,
    };

    /// Whether anything is ever paid.
    #[must_use]
    pub fn pays(&self) -> bool {
        self.of_stake > 0.0 && self.lands > 0.0 && self.most_usd > 0.0
    }

    /// What a slash that lands pays when the coalition holds `stake_usd`, USD.
    #[must_use]
    pub fn landed_usd(&self, stake_usd: f64) -> f64 {
        (self.of_stake * stake_usd).min(self.most_usd)
    }
}

/// What one attack brings, does, and leaves unpaid, USD.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Loss {
    pub profit: f64,
    pub harm: f64,
    /// Expected over whether the slash lands.
    pub uncovered: f64,
}

impl Loss {
    /// An attack of a known profit by a coalition that holds `stake`.
    pub fn known(attack: &Attack, profit: f64, stake: f64) -> Self {
        let harm = attack.harm.of(profit - attack.extra_profit_usd);
        let payout = attack.payout;
        let uncovered = if payout.pays() {
            let rest = (harm - payout.landed_usd(stake)).max(0.0);
            payout.lands * rest + (1.0 - payout.lands) * harm
        } else {
            harm
        };
        Self {
            profit,
            harm,
            uncovered,
        }
    }

    /// The expectation over the sizes of a drawn attack whose profit exceeds `cost`. `above` gives
    /// the probability that the profit exceeds a cost, and its expectation where it does.
    pub fn drawn(
        attack: &Attack,
        cost: f64,
        stake: f64,
        above: impl Fn(f64) -> (f64, f64),
    ) -> (f64, Self) {
        let (harm, payout) = (attack.harm, attack.payout);
        let take = |(probability, profit): (f64, f64)| {
            (profit - attack.extra_profit_usd * probability).max(0.0)
        };
        let at_cost = above(cost);
        let whole = harm.fixed_usd * at_cost.0 + harm.of_take * take(at_cost);
        let uncovered = if payout.pays() {
            let paid = payout.landed_usd(stake);
            let rest = if harm.of_take > 0.0 {
                // Harm exceeds the payout from this profit on.
                let from = (paid - harm.fixed_usd) / harm.of_take + attack.extra_profit_usd;
                let beyond = above(cost.max(from));
                ((harm.fixed_usd - paid) * beyond.0 + harm.of_take * take(beyond)).max(0.0)
            } else {
                (harm.fixed_usd - paid).max(0.0) * at_cost.0
            };
            payout.lands * rest + (1.0 - payout.lands) * whole
        } else {
            whole
        };
        let loss = Self {
            profit: at_cost.1,
            harm: whole,
            uncovered,
        };
        (at_cost.0, loss)
    }

    /// The same, this often.
    pub fn times(self, by: f64) -> Self {
        Self {
            profit: by * self.profit,
            harm: by * self.harm,
            uncovered: by * self.uncovered,
        }
    }

    pub fn add(&mut self, other: Self) {
        self.profit += other.profit;
        self.harm += other.harm;
        self.uncovered += other.uncovered;
    }
}

/// The first attack that a path met, until it is known whether its slash landed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Met {
    lands: f64,
    paid: f64,
}

impl Met {
    pub fn of(attack: &Attack, stake: f64) -> Self {
        Self {
            lands: attack.payout.lands,
            paid: if attack.payout.pays() {
                attack.payout.landed_usd(stake)
            } else {
                0.0
            },
        }
    }

    /// What of `harm` stays unpaid when the slash lands below this uniform number.
    pub fn uncovered(&self, harm: f64, uniform: f64) -> f64 {
        if uniform < self.lands {
            (harm - self.paid).max(0.0)
        } else {
            harm
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::{Cap, Take, When};

    fn attack(harm: Harm, payout: Payout) -> Attack {
        Attack {
            take: Take::Constant { usd: 10.0 },
            cap: Cap::Uncapped,
            when: When::Poisson { per_year: 1.0 },
            threshold: 0,
            burned_share: 1.0,
            returned_share: 0.0,
            burns: None,
            extra_profit_usd: 3.0,
            harm,
            payout,
        }
    }

    #[test]
    fn a_payout_covers_harm_and_no_more() {
        let payout = Payout {
            lands: 0.75,
            of_stake: 0.5,
            most_usd: 12.0,
        };
        let twice = Harm {
            fixed_usd: 1.0,
            of_take: 2.0,
        };
        // A profit of 13 takes 10 beside a short sale of 3: harm 21; half of a stake of 40 is 20,
        // of which 12 are sold as cover.
        let loss = Loss::known(&attack(twice, payout), 13.0, 40.0);
        assert!((loss.harm - 21.0).abs() < 1e-12);
        assert!((loss.uncovered - (0.75 * 9.0 + 0.25 * 21.0)).abs() < 1e-12);
        let covered = Loss::known(&attack(Harm::TAKE, payout), 13.0, 40.0);
        assert!((covered.uncovered - 0.25 * 10.0).abs() < 1e-12);
    }

    /// Sizes on a grid stand for a law: every expectation is a sum.
    #[test]
    fn drawn_sizes_are_added_up() {
        let sizes: Vec<f64> = (1..=2000).map(|i| 0.01 * f64::from(i)).collect();
        let each = 1.0 / sizes.len() as f64;
        let payout = Payout {
            lands: 0.6,
            of_stake: 1.0,
            most_usd: f64::INFINITY,
        };
        for (fixed_usd, of_take) in [(0.0, 1.0), (5.0, 0.0), (2.0, 3.0), (9.0, 0.5)] {
            let attack = attack(Harm { fixed_usd, of_take }, payout);
            let above = |cost: f64| {
                let beyond = sizes.iter().map(|take| take + 3.0).filter(|p| *p > cost);
                let (n, sum) = beyond.fold((0.0, 0.0), |(n, sum), p| (n + 1.0, sum + p));
                (n * each, sum * each)
            };
            let (probability, found) = Loss::drawn(&attack, 7.0, 8.0, above);
            let (mut expected, mut harm, mut n) = (0.0, 0.0, 0.0);
            for take in sizes.iter().filter(|take| **take + 3.0 > 7.0) {
                let loss = Loss::known(&attack, take + 3.0, 8.0);
                n += each;
                harm += each * loss.harm;
                expected += each * loss.uncovered;
            }
            assert!((probability - n).abs() < 1e-12);
            assert!((found.harm - harm).abs() < 1e-9, "{} {harm}", found.harm);
            assert!(
                (found.uncovered - expected).abs() < 1e-9,
                "{found:?} {expected}"
            );
        }
    }
}
