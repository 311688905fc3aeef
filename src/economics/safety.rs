//! Safe in the plain sense (corruption does not pay), in the strong sense (harm is covered), and
//! what cover can be sold on that.

use super::passage::LogMargin;
use crate::stats::normal;
use serde::{Deserialize, Serialize};

/// ln(C/Π): the log security margin.
#[must_use]
pub fn log_margin(cost_usd: f64, profit_usd: f64) -> f64 {
    (cost_usd / profit_usd).ln()
}

/// (C − Π)/C: the safety factor.
#[must_use]
pub fn safety_factor(cost_usd: f64, profit_usd: f64) -> f64 {
    (cost_usd - profit_usd) / cost_usd
}

/// Two kinds of safety, which rank designs differently.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Safety {
    /// Cost of corruption, USD.
    pub cost_usd: f64,
    /// Corruption costs more than it brings.
    pub plain: bool,
    /// What is slashed and redistributed covers the harm, whatever the attacker's motive (Deb,
    /// Raynor, Kannan 2024).
    pub strong: bool,
    /// Harm that is not covered, USD.
    pub uncovered_usd: f64,
}

impl Safety {
    /// Judge a cost against a profit and a harm, when a share `redistributable` of what is slashed
    /// goes to the harmed. A cost equal to the profit is not safe.
    #[must_use]
    pub fn of(cost_usd: f64, profit_usd: f64, harm_usd: f64, redistributable: f64) -> Self {
        let covered = redistributable * cost_usd;
        Self {
            cost_usd,
            plain: cost_usd > profit_usd,
            strong: covered >= harm_usd,
            uncovered_usd: (harm_usd - covered).max(0.0),
        }
    }
}

/// Relative drop of the collateral that is exceeded with probability at most `tolerance` at some
/// time within `years`: 1 − 1/m with m the required multiple of its first passage.
#[must_use]
pub fn collateral_haircut(log_drift: f64, volatility: f64, years: f64, tolerance: f64) -> f64 {
    let shape = LogMargin {
        log_margin: 0.0,
        log_drift,
        volatility,
    };
    1.0 - 1.0 / shape.required_multiple(years, tolerance)
}

/// Cover that may be sold: (1 − haircut) × the slash that the cheapest coalition guarantees. USD.
#[must_use]
pub fn insurable_usd(guaranteed_slash_usd: f64, haircut: f64) -> f64 {
    assert!(
        (0.0..=1.0).contains(&haircut),
        "haircut {haircut}, outside 0..=1"
    );
    (1.0 - haircut) * guaranteed_slash_usd
}

/// A lognormal harm: its mean and the deviation of its logarithm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LognormalHarm {
    /// Mean, USD.
    pub mean_usd: f64,
    /// Standard deviation of the logarithm.
    pub log_deviation: f64,
}

impl LognormalHarm {
    /// E[(H − R)⁺] beyond a cover of `cover_usd`, USD.
    #[must_use]
    pub fn uninsured_usd(&self, cover_usd: f64) -> f64 {
        if cover_usd <= 0.0 {
            return self.mean_usd;
        }
        let s = self.log_deviation;
        if s == 0.0 {
            return (self.mean_usd - cover_usd).max(0.0);
        }
        let d = (self.mean_usd / cover_usd).ln() / s + 0.5 * s;
        self.mean_usd * normal::cdf(d) - cover_usd * normal::cdf(d - s)
    }

    /// E[min(H, R)]: what a cover of `cover_usd` pays on average per incident, USD.
    #[must_use]
    pub fn insured_usd(&self, cover_usd: f64) -> f64 {
        self.mean_usd - self.uninsured_usd(cover_usd)
    }

    /// P(H > R).
    #[must_use]
    pub fn exceeds(&self, cover_usd: f64) -> f64 {
        if cover_usd <= 0.0 {
            return 1.0;
        }
        let s = self.log_deviation;
        if s == 0.0 {
            return if self.mean_usd > cover_usd { 1.0 } else { 0.0 };
        }
        normal::cdf((self.mean_usd / cover_usd).ln() / s - 0.5 * s)
    }
}

/// Premium for a cover that pays `paid_usd` on average per incident, at `incidents` a year and a
/// `loading` for risk and cost: λ·E[paid]·(1 + loading). USD a year.
#[must_use]
pub fn insurance_premium_usd_year(paid_usd: f64, incidents: f64, loading: f64) -> f64 {
    incidents * paid_usd * (1.0 + loading)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equality_is_not_safe() {
        let safety = Safety::of(30.0, 30.0, 30.0, 1.0);
        assert!(!safety.plain && safety.strong && safety.uncovered_usd.abs() < 1e-300);
        assert!((safety_factor(40.0, 30.0) - 0.25).abs() < 1e-15);
        assert!(log_margin(30.0, 30.0).abs() < 1e-15);
    }

    #[test]
    fn insured_and_uninsured_add_up() {
        let harm = LognormalHarm {
            mean_usd: 1e6,
            log_deviation: 1.2,
        };
        for cover in [0.0, 1e5, 1e6, 1e8] {
            assert!((harm.insured_usd(cover) + harm.uninsured_usd(cover) - 1e6).abs() < 1e-6);
        }
        // −dE[(H−R)⁺]/dR = P(H > R).
        let slope = (harm.uninsured_usd(1e6 - 1.0) - harm.uninsured_usd(1e6 + 1.0)) / 2.0;
        assert!((slope - harm.exceeds(1e6)).abs() < 1e-7);
    }

    #[test]
    fn a_haircut_is_survived_with_the_promised_probability() {
        let haircut = collateral_haircut(-0.32, 0.8, 14.0 / 365.0, 0.01);
        let margin = LogMargin {
            log_margin: -(1.0 - haircut).ln(),
            log_drift: -0.32,
            volatility: 0.8,
        };
        assert!((margin.first_passage(14.0 / 365.0) - 0.01).abs() < 1e-12);
        assert!((insurable_usd(100.0, 0.25) - 75.0).abs() < 1e-12);
    }
}
