//! Several services on the same stake: attacks that take many at once, and losses that spread.
//!
//! Three models, from the strictest to the one that EigenLayer runs today:
//!
//! * [`graph`]: the whole stake of a validator backs every service it serves (Durvasula,
//!   Roughgarden 2024). One attack on many services costs each validator its stake once, and a
//!   shock can cascade.
//! * [`elastic`]: allocations may add up to more than the stake (Bar-Zur, Eyal 2025).
//! * [`joint`]: any allocations and a franchise that is lost once. With allocations that add up to
//!   at most the stake (Unique Stake) and no franchise the cost is additive, so a network is secure
//!   exactly when every service is secure alone.
//!
//! [`union`] is the search that finds the cheapest way to take several services.

pub mod elastic;
pub mod graph;
pub mod joint;
pub mod union;

use serde::{Deserialize, Serialize};

/// A service that can be robbed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// Profit from corrupting it.
    pub prize: f64,
    /// Share of its stake that an attacker needs, in (0, 1].
    pub threshold: f64,
}

/// Bound of Durvasula, Roughgarden (2024, theorem 1) on the share of stake that is lost after a
/// shock of share `shock` in a network of slack `slack`: the loss is below (1 + 1/γ)·ψ.
#[must_use]
pub fn shock_loss_bound(slack: f64, shock: f64) -> f64 {
    assert!(slack > 0.0, "a bound needs positive slack, got {slack}");
    (1.0 + 1.0 / slack) * shock
}

/// Bound on the number of attacks in a cascade whose attacks each build on the `depth` before them
/// (Durvasula, Roughgarden 2024, theorem 7): T < k(1 + log_{1+γ}(ψσ_V/(ε γ))), with σ_V the total
/// stake and ε the smallest stake of a validator.
#[must_use]
pub fn cascade_length_bound(
    slack: f64,
    shock: f64,
    total_stake: f64,
    smallest_stake: f64,
    depth: f64,
) -> f64 {
    assert!(
        slack > 0.0 && smallest_stake > 0.0,
        "slack {slack}, smallest stake {smallest_stake}"
    );
    depth * (1.0 + (shock * total_stake / (smallest_stake * slack)).ln() / slack.ln_1p())
}
