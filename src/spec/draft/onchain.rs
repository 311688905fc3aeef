//! The parts of `[deployment]` that only contracts ask for: keys of their own words and units.

use crate::spec::leaf::*;
use crate::spec::model::{RewardsBy, Signing, StakeCounts};
use schemars::JsonSchema;
use serde::Deserialize;

/// A strategy that counts as stake, and what a share of it weighs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Strategy {
    /// The strategy's contract; native ETH is 0xbeaC0eeEeeeeEEeEeEEEEeeEEeEeeeEeeEEBEaC0.
    pub strategy: Must<At<String>>,
    /// Symbol of its asset, for readers.
    pub symbol: Option<At<String>>,
    /// What one share (10^18 of its smallest unit) weighs, in ETH and to 18 decimals: "1.030077629425962827 ETH".
    pub weight: Must<At<String>>,
}

/// Admission rules of the quorum contracts. What is left out is taken from the recommendation.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quorum {
    /// Which stake counts: slashable (what this service can slash, the default) or delegated (all of it).
    pub counts: Option<At<StakeCounts>>,
    /// Smallest weighted stake of an operator: "320 ETH".
    pub minimum_stake: Option<At<String>>,
    /// Most operators at a time.
    #[schemars(range(min = 1))]
    pub max_operators: Option<At<u32>>,
    /// What a newcomer to a full quorum must hold, of the stake of the operator it replaces: "110 %".
    pub newcomer_above: Option<Quantity<PositiveShare>>,
    /// Share of the quorum below which an operator can be replaced: "0.5 %".
    pub replaceable_below: Option<Quantity<Fraction>>,
    /// Share of the weight that must sign.
    pub signs: Option<Quantity<PositiveFraction>>,
    /// For how long counted stake must stay slashable.
    pub look_ahead: Option<Quantity<Span>>,
}

/// The stake table that is carried to other chains.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StakeTable {
    /// Contract that weighs the operators.
    pub calculator: Must<At<String>>,
    /// Who may configure the set on the other chains.
    pub owner: Must<At<String>>,
    /// Age at which a certificate is refused; "0 s": never.
    pub max_staleness: Must<Quantity<Span>>,
}

/// Tasks that the set executes through the task mailbox.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tasks {
    /// Contract that admits tasks and prices them.
    pub hook: Must<At<String>>,
    /// Time in which a task must be answered.
    pub time: Must<Quantity<PositiveSpan>>,
    /// Token of the fee; without one tasks are free.
    pub fee_token: Option<At<String>>,
    /// Receiver of the fee.
    pub fee_collector: Option<At<String>>,
    /// Share of the stake that must sign a result; without one, the quorum's.
    pub signs: Option<Quantity<PositiveFraction>>,
}

/// The set that gathers signatures, beside the one that executes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Aggregator {
    /// Its id.
    pub operator_set_id: Must<At<u32>>,
    /// Who may slash it; without one, the slasher of the service.
    pub slasher: Option<At<String>>,
    /// Curve of its signing keys.
    pub signing: Must<At<Signing>>,
}

/// An account that may call one function in the service's name.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Appointee {
    /// Who may call.
    pub account: Must<At<String>>,
    /// The contract that it may call.
    pub target: Must<At<String>>,
    /// The function, by its signature: "slashOperator(address,(address,uint32,address[],uint256[],string))".
    pub function: Must<At<String>>,
}

/// An operator that is paid by name.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaidOperator {
    /// The operator.
    pub operator: Must<At<String>>,
    /// Its share of what the window pays.
    pub share: Must<Quantity<PositiveFraction>>,
}

/// Rewards as the coordinator takes them.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RewardsCall {
    /// By what they are shared out: unique-stake (allocated to this set, the default), total-stake (all that is
    /// delegated) or operator-directed (named operators, for a window that is over).
    pub by: Option<At<RewardsBy>>,
    /// Whole days that one submission pays for; 28 when left out.
    pub window: Option<Quantity<PositiveSpan>>,
    /// Decimals of the token; 18 when left out.
    #[schemars(range(max = 36))]
    pub decimals: Option<At<u32>>,
    /// The operators that are paid by name.
    #[serde(default)]
    pub operator: Vec<At<PaidOperator>>,
}

/// Accounts that deploy files of the middleware ask for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// Owns the contracts.
    pub owner: Option<At<String>>,
    /// Upgrades the proxies.
    pub upgrader: Option<At<String>>,
    /// Approves replacements in a full quorum.
    pub churner: Option<At<String>>,
    /// Ejects operators.
    pub ejector: Option<At<String>>,
    /// Confirms batches.
    pub confirmer: Option<At<String>>,
    /// Sends the deployment.
    pub deployer: Option<At<String>>,
    /// Can veto a slash.
    pub veto_committee: Option<At<String>>,
}
