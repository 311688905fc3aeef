//! Keys of the model file on what happens when something goes wrong.

use super::leaf::*;
use schemars::JsonSchema;
use serde::Deserialize;

/// Loans against a collateral.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Loans {
    /// Value of the collateral behind them; 0 for none.
    pub collateral: Must<Quantity<Money>>,
    /// Fall of the price at which the last of them is liquidated; they are spread evenly over it.
    pub buffer: Must<Quantity<PositiveFraction>>,
}

/// How honest faults come: alone, or several operators at once. How often is each offence's `accidental`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Faults {
    /// Share of an operator's accidents that a common cause (a client, a cloud, an upgrade) brings.
    pub clustered: Option<Quantity<Fraction>>,
    /// Mean share of the operators that a common cause reaches.
    pub reach: Option<Quantity<PositiveFraction>>,
    /// Correlation of two operators' being reached by one cause, from 0 to below 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub correlation: Option<At<f64>>,
}

/// What stakers and attackers do around an attack.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// Share of the remaining stake whose holders ask to leave once the attack is known.
    pub leaving: Option<Quantity<Fraction>>,
    /// Share of the remaining stake that its holders sell at once, as liquid tokens.
    pub selling: Option<Quantity<Fraction>>,
}
