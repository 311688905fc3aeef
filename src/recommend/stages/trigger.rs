//! When to begin the change to the next stage: a number that a contract or a keeper can compare.

use crate::spec::model::Model;
use crate::spec::stages::{BLOCKS_PER_DAY, Delayed, Policy, Stage, Trigger, changes, lead_days};
use crate::units::DAYS_PER_YEAR;
use serde::Serialize;

/// Normal quantile of the growth during the change: one path in twenty grows further
/// (`A-stage-margin`).
const MARGIN: f64 = 1.644_853_626_951_472_7;

/// What begins the next stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Begin {
    /// What is watched.
    pub watch: &'static str,
    /// The stage carries no more than this, in [`Self::unit`].
    pub ends_at: f64,
    /// Call for the change when what is watched reaches this, in the same unit.
    pub call_at: f64,
    /// Unit of both.
    pub unit: &'static str,
    /// [`Self::call_at`] as an integer.
    pub raw: String,
    /// Unit of the integer.
    pub raw_unit: &'static str,
    /// Time from the call until the last change is in force, days.
    pub lead_days: f64,
    /// The same in blocks of 12 seconds, rounded up.
    pub lead_blocks: u64,
    /// What is called for.
    pub changes: Vec<Change>,
}

/// One change that the protocol delays.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// What changes.
    pub what: Delayed,
    /// How long it takes, days.
    pub days: f64,
    /// The same in blocks, rounded up.
    pub blocks: u64,
}

/// The begin of the stage after `stage`.
pub fn begin(model: &Model, stage: &Stage, until: Trigger, next: &Stage, policy: &Policy) -> Begin {
    let delayed = changes(stage, next);
    let lead = lead_days(&delayed, policy.entry);
    let growth = growth_quantile(model, lead);
    // Money is compared in units of 1e-18 USD, as price feeds of eighteen decimals give it.
    let money = |usd: f64| (wad(usd), "1e-18 USD");
    let (watch, ends_at, call_at, unit) = match until {
        Trigger::AtRisk(usd) => ("value at risk", usd.get(), usd.get() / growth, "USD"),
        Trigger::Stake(usd) => ("slashable stake", usd.get(), usd.get(), "USD"),
        Trigger::Revenue { reaches, .. } => {
            ("revenue", reaches.get(), reaches.get() / growth, "USD/year")
        }
        Trigger::Day(day) => (
            "days since the start",
            day.get(),
            (day.get() - lead).max(0.0),
            "days",
        ),
    };
    let (raw, raw_unit) = match until {
        Trigger::Day(_) => (
            ((call_at * BLOCKS_PER_DAY).floor() as u64).to_string(),
            "blocks since the start",
        ),
        Trigger::Revenue { .. } => (wad(call_at), "1e-18 USD a year"),
        Trigger::AtRisk(_) | Trigger::Stake(_) => money(call_at),
    };
    let blocks = |days: f64| (days * BLOCKS_PER_DAY - 1e-6).ceil().max(0.0) as u64;
    Begin {
        watch,
        ends_at,
        call_at,
        unit,
        raw,
        raw_unit,
        lead_days: lead,
        lead_blocks: blocks(lead),
        changes: delayed
            .iter()
            .map(|what| {
                let days = what.days(policy.entry);
                Change {
                    what: *what,
                    days,
                    blocks: blocks(days),
                }
            })
            .collect(),
    }
}

/// The factor that the value at risk grows by within `days`, exceeded by one path in twenty; at
/// least one.
pub fn growth_quantile(model: &Model, days: f64) -> f64 {
    let value = &model.value.at_risk;
    let years = days / DAYS_PER_YEAR;
    let own = value.jumps.map_or(0.0, |j| {
        j.rate.get() * (j.log_mean * j.log_mean + j.log_sd * j.log_sd)
    });
    let shared = model.market.shared_jumps.as_ref().map_or(0.0, |shared| {
        let loading = shared.loading.last().copied().unwrap_or(0.0);
        let j = shared.jumps;
        loading * loading * j.rate.get() * (j.log_mean * j.log_mean + j.log_sd * j.log_sd)
    });
    let variance = value.volatility.get() * value.volatility.get() + own + shared;
    let log = (value.growth.get() - 0.5 * variance) * years + MARGIN * (variance * years).sqrt();
    log.max(0.0).exp()
}

/// USD as an integer of 1e-18, rounded down to a millionth of a dollar.
fn wad(usd: f64) -> String {
    let micro = (usd * 1e6).floor().max(0.0) as u128;
    (micro * 1_000_000_000_000).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_as_a_contract_counts_it() {
        assert_eq!(wad(40e6), "40000000000000000000000000");
        assert_eq!(wad(0.000_001_9), "1000000000000");
    }
}
