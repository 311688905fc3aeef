//! What an operator asks for: its costs, and what stake of its own costs it beyond what that earns.
//!
//! An operator with the stake w keeps the share φ of its rewards. It breaks even at the gross yield
//! y where
//!
//! `φ g y w = (1 + d V) · (c + e · (ρ − g y)⁺)`
//!
//! with g what the protocol's fee leaves, c the cost of the service, d V the wait for rewards that
//! vest, and e the stake of its own that the service asks for beyond what it owns anyway. That stake
//! is restaked like any other and earns g y (its own split comes back to it), so it costs only what
//! the operator asks on it above that: ρ is the return on its own capital, with the premiums for
//! accidents and for being locked that stakers ask for too. The condition is that of each operator
//! that is needed, "r_own-risk premium on own_o" beside its costs; it never pays an operator for
//! stake that earns more than it asks.

use super::budget::{Premiums, operators_share};
use crate::spec::Parameters;
use crate::spec::model::{Model, Structure};

/// What the operators of a set ask for under one design.
#[derive(Debug, Clone, PartialEq)]
pub struct Books {
    /// Cost of running the service, USD a year.
    pub software_usd_year: f64,
    /// Return that an operator asks on stake of its own, a year.
    pub own_return: f64,
    /// Stake of its own that is asked of each, USD.
    pub least_usd: f64,
    /// Share of its stake that an operator owns anyway.
    own_share: f64,
    /// Factor of the wait for rewards that vest.
    wait: f64,
    /// Share of the rewards that an operator keeps.
    kept: f64,
    /// Share of the rewards that the protocol leaves.
    left: f64,
}

impl Books {
    /// The books of a design.
    #[must_use]
    pub fn of(model: &Model, parameters: &Parameters) -> Self {
        let (costs, own) = (model.operators.costs, &model.operators);
        let least = parameters.own_stake_minimum.get();
        // Without a stake of its own asked for, what it would cost is nobody's question.
        let own_return = if least > 0.0 {
            let premiums = Premiums::of(model, parameters);
            let accidents: f64 = premiums.slashing.iter().sum();
            own.own_stake_return.get() + accidents + premiums.illiquidity
        } else {
            0.0
        };
        Self {
            software_usd_year: costs.own.get() + costs.shared.get() / costs.services.max(1.0),
            own_return,
            least_usd: least,
            own_share: own.own_share.get(),
            wait: 1.0 + own.franchise.discount.get() * model.rewards.vesting.years(),
            kept: operators_share(model),
            left: 1.0 - model.rewards.protocol_fee.get(),
        }
    }

    /// Stake of its own that an operator with `stake_usd` must add, USD.
    #[must_use]
    pub fn added_usd(&self, stake_usd: f64) -> f64 {
        (self.least_usd.min(stake_usd) - self.own_share * stake_usd).max(0.0)
    }

    /// What that stake costs it at a gross yield, above what it earns, USD a year.
    #[must_use]
    pub fn own_stake_usd_year(&self, stake_usd: f64, gross_yield: f64) -> f64 {
        self.added_usd(stake_usd) * (self.own_return - self.left * gross_yield).max(0.0)
    }

    /// All that an operator with `stake_usd` must earn at a gross yield, USD a year.
    #[must_use]
    pub fn asks_usd_year(&self, stake_usd: f64, gross_yield: f64) -> f64 {
        (self.software_usd_year + self.own_stake_usd_year(stake_usd, gross_yield)) * self.wait
    }

    /// What it earns at a gross yield, USD a year.
    #[must_use]
    pub fn earns_usd_year(&self, stake_usd: f64, gross_yield: f64) -> f64 {
        self.kept * gross_yield * stake_usd
    }

    /// The gross yield at which an operator with `stake_usd` breaks even, a year.
    #[must_use]
    pub fn break_even_yield(&self, stake_usd: f64) -> f64 {
        let software = self.software_usd_year * self.wait;
        let added = self.added_usd(stake_usd);
        let alone = if software > 0.0 {
            software / (self.kept * stake_usd)
        } else {
            0.0
        };
        if added <= 0.0 || self.left * alone >= self.own_return {
            return alone;
        }
        let asked = software + self.wait * added * self.own_return;
        asked / (self.kept * stake_usd + self.wait * added * self.left)
    }

    /// The stake at which an operator breaks even at a gross yield, USD: never less than the stake
    /// of its own that it must put in.
    #[must_use]
    pub fn break_even_stake_usd(&self, gross_yield: f64) -> f64 {
        let software = self.software_usd_year * self.wait;
        let earns = self.kept * gross_yield;
        let alone = if software > 0.0 {
            software / earns
        } else {
            0.0
        };
        if self.own_share * alone >= self.least_usd {
            return alone;
        }
        let excess = self.wait * (self.own_return - self.left * gross_yield).max(0.0);
        let with = (software + excess * self.least_usd) / (earns + excess * self.own_share);
        // Beyond it an operator owns enough anyway, and only its costs are left to pay.
        let enough = if self.own_share > 0.0 {
            self.least_usd / self.own_share
        } else {
            f64::INFINITY
        };
        with.min(alone.max(enough)).max(self.least_usd)
    }
}

/// Stakes of a set relative to its total, largest first.
pub(super) struct OperatorShares {
    pub(super) shares: Vec<f64>,
}

impl OperatorShares {
    pub(super) fn of(model: &Model, parameters: &Parameters) -> Self {
        let shares = match &model.operators.structure {
            // A continuum has no smallest operator: the count divides it equally.
            Structure::Pooled { .. } => {
                let n = parameters.operators.max(1) as usize;
                vec![1.0 / n as f64; n]
            }
            Structure::Entities(_) => {
                let stake = parameters.stake.get();
                let admitted = parameters.admitted(model);
                let mut shares: Vec<f64> = admitted.iter().map(|a| a.stake.get() / stake).collect();
                shares.sort_by(|a, b| b.total_cmp(a));
                shares
            }
        };
        Self { shares }
    }

    /// The budget at which every one of the `count` largest operators breaks even when only they
    /// are admitted and share the stake `stake_usd`, USD a year.
    pub(super) fn break_even_budget(&self, count: usize, books: &Books, stake_usd: f64) -> f64 {
        let count = count.min(self.shares.len());
        if count == 0 {
            return 0.0;
        }
        let admitted = &self.shares[..count];
        let total: f64 = admitted.iter().sum();
        let asks = |share: f64| books.break_even_yield(share / total * stake_usd);
        // Costs alone are hardest on the smallest; with stake of their own it may be another.
        let highest = if books.least_usd > 0.0 {
            admitted
                .iter()
                .map(|share| asks(*share))
                .fold(0.0, f64::max)
        } else {
            asks(admitted[count - 1])
        };
        highest * stake_usd
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn books(least_usd: f64, own_return: f64) -> Books {
        Books {
            software_usd_year: 60_000.0,
            own_return,
            least_usd,
            own_share: 0.01,
            wait: 1.0,
            kept: 0.1,
            left: 1.0,
        }
    }

    /// D02: ten operators of 10 M USD each with 60 k USD of costs and a tenth of the rewards break
    /// even at 6 % a year.
    #[test]
    fn d02_costs_alone_are_the_costs_over_the_split() {
        assert!((books(0.0, 0.0).break_even_yield(10e6) - 0.06).abs() < 1e-15);
        assert!((books(0.0, 0.0).break_even_stake_usd(0.06) - 10e6).abs() < 1e-6);
    }

    /// 500 k USD asked, 100 k owned: 400 k are added. At 6 % they earn more than the 5 % that is
    /// asked on them, so they cost nothing; where 20 % is asked, y (1 M + 400 k) = 60 k + 80 k.
    #[test]
    fn own_stake_costs_only_what_is_asked_above_what_it_earns() {
        assert!((books(500e3, 0.05).break_even_yield(10e6) - 0.06).abs() < 1e-15);
        let dear = books(500e3, 0.2);
        assert!((dear.break_even_yield(10e6) - 0.1).abs() < 1e-15);
        assert!((dear.own_stake_usd_year(10e6, 0.1) - 40e3).abs() < 1e-6);
        // Who owns as much anyway adds nothing.
        assert!((dear.break_even_yield(50e6) - 0.012).abs() < 1e-15);
    }

    proptest! {
        /// The yield found is the one at which income meets what is asked, and the stake found is
        /// the one that breaks even at it.
        #[test]
        fn yield_and_stake_solve_the_same_condition(
            least in 1e3..5e6_f64, own_return in 0.0..0.4_f64, stake in 5e6..2e8_f64,
            wait in 1.0..1.5_f64, left in 0.7..1.0_f64, own_share in 0.0..0.05_f64,
        ) {
            let books = Books { wait, left, own_share, ..books(least, own_return) };
            let found = books.break_even_yield(stake);
            let (earns, asks) = (books.earns_usd_year(stake, found), books.asks_usd_year(stake, found));
            prop_assert!((earns - asks).abs() <= 1e-9 * asks, "{earns} {asks}");
            let back = books.break_even_stake_usd(found);
            prop_assert!((back / stake - 1.0).abs() < 1e-9, "{back} {stake}");
            // More asked, or a dearer capital, never breaks even earlier.
            let more = Books { least_usd: 1.1 * least, ..books.clone() };
            prop_assert!(more.break_even_yield(stake) >= found * (1.0 - 1e-12));
            let dearer = Books { own_return: own_return + 0.01, ..books };
            prop_assert!(dearer.break_even_yield(stake) >= found * (1.0 - 1e-12));
        }
    }
}
