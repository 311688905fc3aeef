//! What a report shows of the panel of models and of other sizes of the set.

use serde::{Deserialize, Serialize};

/// The stake that each model of the panel asks for, against the one recommended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PanelFigure {
    /// One row a model, the file's own first.
    pub rows: Vec<PanelMark>,
    /// The recommended stake, USD.
    pub stake_usd: f64,
    /// What to see, one or two sentences.
    pub caption: String,
    /// Ids of the assumptions.
    pub assumptions: Vec<String>,
}

/// One model of the panel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PanelMark {
    /// Its name.
    pub label: String,
    /// Stake that it asks for, USD; `None` when none is enough.
    pub needed_usd: Option<f64>,
    /// Low end of its interval, USD.
    pub low_usd: Option<f64>,
    /// High end of its interval, USD.
    pub high_usd: Option<f64>,
    /// What fresh paths say: "safe, 12 of 40,000 insecure".
    pub says: String,
    /// Whether it is certified.
    pub safe: bool,
}

/// What other sizes of the set cost and resist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SizesFigure {
    /// The sizes, ascending.
    pub sizes: Vec<SizeMark>,
    /// What to see, one or two sentences.
    pub caption: String,
    /// Ids of the assumptions.
    pub assumptions: Vec<String>,
}

/// One size of the set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SizeMark {
    /// Operators admitted.
    pub operators: f64,
    /// Budget of the cheapest design with them, USD a year; `None` when none brings its stake.
    pub budget_usd_per_year: Option<f64>,
    /// Entities that together hold a third of the stake.
    pub to_one_third: f64,
    /// Entities that an attacker must win to reach the threshold.
    pub to_threshold: f64,
    /// Whether it is the recommended size.
    pub chosen: bool,
}
