//! What a report shows of policies over years of growth.

use serde::{Deserialize, Serialize};

/// How each policy's stake and budget go over the years.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GrowthCourse {
    /// Days since the start, ascending.
    pub days: Vec<f64>,
    /// The policies.
    pub policies: Vec<PolicyCourse>,
    /// Stake that the promise needs, USD: quantiles at 5, 50 and 95 % on each day.
    pub required: Vec<[f64; 3]>,
    /// What to see.
    pub caption: String,
    /// Ids of the assumptions.
    pub assumptions: Vec<String>,
}

/// One policy over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PolicyCourse {
    /// Its name.
    pub name: String,
    /// Slashable stake, USD: quantiles at 5, 50 and 95 % on each day.
    pub stake: Vec<[f64; 3]>,
    /// Budget, USD a year, the same.
    pub budget: Vec<[f64; 3]>,
}
