//! The stages of a service's growth and the policies they are compared with, as written.

use super::leaf::*;
use schemars::JsonSchema;
use serde::Deserialize;

/// One stage of a service's growth: what it pays and how it punishes until a trigger ends it.
/// What is left out is as in the rest of the file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Its name, such as "bootstrap".
    pub name: Must<At<String>>,
    /// What ends it and begins the next; the last stage has none.
    pub until: Option<At<Until>>,
    /// Value at risk that the stage must carry; follows from `until` when left out.
    pub carries: Option<Quantity<PositiveMoney>>,
    /// Reward budget of this stage.
    pub budget: Option<Searchable<Quantity<MoneyRate>>>,
    /// Slashable stake that the stage has at least.
    pub stake: Option<Quantity<PositiveMoney>>,
    /// Share of the quorum's weight that an attacker needs in this stage.
    pub threshold: Option<Searchable<Quantity<PositiveFraction>>>,
    /// Symbol of the token that this stage is paid in.
    pub paid_in: Option<At<String>>,
    /// What stakers take off the token's price because rewards are sold as they come.
    pub discount: Option<Quantity<Fraction>>,
    /// Share of rewards that operators keep in this stage.
    pub operator_split: Option<Quantity<Fraction>>,
    /// Contract that may slash from this stage on; a change takes 126001 blocks.
    pub slasher: Option<At<String>>,
    /// Offences that are punished otherwise in this stage.
    #[serde(default)]
    pub offence: Vec<At<StageOffence>>,
}

/// What ends a stage.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Until {
    /// The value at risk reaches this.
    AtRisk(Quantity<PositiveMoney>),
    /// The slashable stake reaches this.
    Stake(Quantity<PositiveMoney>),
    /// The service's revenue reaches this.
    Revenue(Revenue),
    /// So much time has passed since the first stage began.
    Day(Quantity<PositiveSpan>),
}

/// A revenue that grows with the value at risk.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revenue {
    /// The revenue that ends the stage.
    pub reaches: Must<Quantity<MoneyRate>>,
    /// Revenue over time as a share of the value at risk.
    pub of_value: Must<Quantity<PositiveFrequency>>,
}

/// An offence in one stage.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StageOffence {
    /// Name of the offence in [[slashing.offence]].
    pub name: Must<At<String>>,
    /// Share of the operator's allocated stake that is slashed in this stage.
    pub slash: Option<Searchable<Quantity<Fraction>>>,
    /// Time to dispute in this stage.
    pub dispute: Option<Searchable<Quantity<Span>>>,
}

/// How the stages are compared with one fixed design and with a feedback controller.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// How long the policies are compared.
    pub lasts: Option<Quantity<PositiveSpan>>,
    /// How often the controller looks.
    pub epoch: Option<Quantity<PositiveSpan>>,
    /// Safety factor (C - P)/C below which the controller raises the budget.
    pub lower: Option<Quantity<Fraction>>,
    /// Safety factor above which it lowers the budget.
    pub upper: Option<Quantity<Fraction>>,
    /// By how much it raises the budget each epoch.
    pub increase: Option<Quantity<Fraction>>,
    /// By how much it lowers the budget each epoch.
    pub reduction: Option<Quantity<Fraction>>,
    /// Share of an attack's takes that its profit, as the controller's oracle reports it, covers.
    pub profit: Option<Quantity<OpenFraction>>,
    /// Time until stake that a higher budget attracts can be slashed.
    pub entry: Option<Quantity<Span>>,
    /// Mean time that stakers take to answer a change of yield.
    pub adjusts: Option<Quantity<PositiveSpan>>,
}
