//! What a report shows of incidents and of collateral.

use serde::{Deserialize, Serialize};

/// How an incident unfolds, day by day, in the mean over the incidents played.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IncidentTimeline {
    /// Days since the attack, ascending.
    pub days: Vec<f64>,
    /// Share of all that leaves in the end.
    pub extracted: Vec<f64>,
    /// Share of incidents that are seen.
    pub detected: Vec<f64>,
    /// Share of incidents whose attackers are slashed.
    pub slashed: Vec<f64>,
    /// Share of all harm that is paid back.
    pub paid: Vec<f64>,
    /// Days after the attack from which stake that left with it cannot be slashed.
    pub exit_days: f64,
    /// What to see, one or two sentences.
    pub caption: String,
    /// Ids of the assumptions.
    pub assumptions: Vec<String>,
}

/// The stake that the same promise needs on each collateral.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CollateralFigure {
    /// One row for each collateral, that of the set first.
    pub rows: Vec<CollateralMark>,
    /// What to see, one or two sentences.
    pub caption: String,
    /// Ids of the assumptions.
    pub assumptions: Vec<String>,
}

/// One collateral.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CollateralMark {
    /// What it is.
    pub label: String,
    /// Stake needed at the prices before the attack, USD; `None` when none is enough.
    pub stake_usd: Option<f64>,
    /// Stake needed when the fall was sold short, USD; `None` when none is enough.
    pub hedged_usd: Option<f64>,
    /// Budget for the larger of the two, USD a year; `None` when none brings it.
    pub budget_usd_per_year: Option<f64>,
}
