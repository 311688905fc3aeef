//! Present value of the business that an operator loses when it attacks, and what the operator
//! itself has at stake: delegators' losses do not deter the one who decides.

use crate::units::{PerYear, Usd, UsdPerYear};
use serde::{Deserialize, Serialize};

/// Present value of `net_revenue` a year that would have gone on for `years` (`None`: for ever),
/// discounted at `discount` and ended anyway at hazard `exit_hazard`:
/// R/(r+h)·(1 − e^(−(r+h)N)).
#[must_use]
pub fn present_value(
    net_revenue: UsdPerYear,
    discount: PerYear,
    exit_hazard: PerYear,
    years: Option<f64>,
) -> Usd {
    let rate = discount.0 + exit_hazard.0;
    let annuity = match years {
        // −expm1 keeps the digits at small rates, and the limit is the undiscounted sum.
        Some(years) if rate == 0.0 => years,
        Some(years) => -(-rate * years).exp_m1() / rate,
        None => {
            assert!(
                rate > 0.0,
                "a perpetuity needs a positive discount or exit hazard"
            );
            1.0 / rate
        }
    };
    Usd(net_revenue.0 * annuity)
}

/// What one operator, or one entity that runs several, loses by taking part in an attack, USD.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AtStake {
    /// Slashable stake that others delegated to it.
    pub delegated_usd: f64,
    /// Slashable stake of its own.
    pub own_usd: f64,
    /// Present value of the business it loses, across every service it runs: lost once.
    pub franchise_usd: f64,
    /// Side payments and recaptured redistribution that flow back to it.
    pub leak_usd: f64,
}

impl AtStake {
    /// All slashable stake × slash fraction: the classical cost, as if the operator bore what its
    /// delegators lose.
    #[must_use]
    pub fn whole_stake_usd(&self, slash_fraction: f64) -> f64 {
        slash_fraction * (self.own_usd + self.delegated_usd)
    }

    /// The cost to the operator itself: p·f·own + franchise − leak, never below zero.
    ///
    /// `lands` is the probability that the slash lands ([`super::slashing::Landing`]). The
    /// franchise is lost when the attack is seen, slashed or not.
    #[must_use]
    pub fn operator_rational_usd(&self, slash_fraction: f64, lands: f64) -> f64 {
        (lands * slash_fraction * self.own_usd + self.franchise_usd - self.leak_usd).max(0.0)
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact by construction")]
mod tests {
    use super::*;

    #[test]
    fn a_long_annuity_is_a_perpetuity_and_a_free_one_a_sum() {
        let value =
            |rate, years| present_value(UsdPerYear(100.0), PerYear(rate), PerYear(0.0), years).0;
        assert!((value(0.1, Some(1e4)) - value(0.1, None)).abs() < 1e-9);
        assert_eq!(value(0.0, Some(7.0)), 700.0);
        assert!((value(1e-12, Some(7.0)) - 700.0).abs() < 1e-8);
    }

    #[test]
    fn a_leak_cannot_make_the_cost_negative() {
        let bribed = AtStake {
            delegated_usd: 9.0,
            own_usd: 1.0,
            franchise_usd: 2.0,
            leak_usd: 50.0,
        };
        assert_eq!(bribed.operator_rational_usd(1.0, 1.0), 0.0);
        assert_eq!(bribed.whole_stake_usd(0.5), 5.0);
    }
}
