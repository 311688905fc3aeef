//! On which cost of corruption an answer rests, what becomes of it under the lowest credible one,
//! and how a cost spreads over simulated moments.

use super::findings::{Statement, Verdict};
use serde::{Deserialize, Serialize};

/// What a verdict rests on, so that nobody reads more into it than was judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Footing {
    /// The cost that the verdict counts, as it follows the verdict: "counting delegators' stake too".
    pub counts: String,
    /// The same promise under the lowest credible cost; `None` where the verdict counts that one.
    pub beneath: Option<Beneath>,
}

/// A promise under the lowest credible cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Beneath {
    /// Whether it holds there too.
    pub verdict: Verdict,
    /// When: "if operators weigh only what they themselves lose, 14.5 M USD today".
    pub condition: String,
    /// What then: "an insecure day within 30 days has probability 3.4 % (3.2–3.6)".
    pub outcome: String,
    /// What would make it hold, one knob at a time.
    pub closes: Vec<Statement>,
    /// How to ask for it: the key of the model file.
    pub ask: String,
    /// Ids of the assumptions it rests on.
    pub assumptions: Vec<String>,
}

/// A number over many simulated moments: each row has its own median, and no single moment has
/// all of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Quantile at 5 %.
    pub low: f64,
    /// Median.
    pub median: f64,
    /// Quantile at 95 %.
    pub high: f64,
    /// Moments that it is taken over.
    pub moments: u64,
}
