//! What an export needs, in the contracts' own terms: the deployment of one AVS.

use super::address::Address;
use super::network::Network;
use super::number::Dec;
use super::rounding::{Rounding, RoundingError};
use crate::units::{Bips, Blocks, Multiplier, Seconds, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Version of the serialised form of [`Deployment`].
pub const DEPLOYMENT_FORMAT: u32 = 1;

/// One AVS, ready to be written as calls and files.
///
/// Every integer is a contract integer. Where it came out of a recommendation, [`Deployment::recommended`]
/// holds the real number behind it, its interval and the rule that rounded it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// [`DEPLOYMENT_FORMAT`].
    pub format: u32,
    /// Name of the service.
    pub name: String,
    /// The network it goes to.
    pub network: Network,
    /// Address of the AVS; absent when it is not deployed yet (then a parameter of the command).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avs: Option<Address>,
    /// The account that sends the calls, when the AVS has appointed an admin; else the AVS itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin: Option<Address>,
    /// Where the metadata (name, website, description, logo) can be read.
    pub metadata_uri: String,
    /// The registrar contract that admits operators; absent: the AVS itself is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registrar: Option<Address>,
    /// The operator sets, in the order they are created.
    pub operator_sets: Vec<OperatorSet>,
    /// Who else may call what.
    #[serde(default)]
    pub appointees: Vec<Appointee>,
    /// Rewards submissions, in order.
    #[serde(default)]
    pub rewards: Vec<RewardsSubmission>,
    /// Roles that a middleware deployment asks for.
    #[serde(default)]
    pub roles: Roles,
    /// The time the export is made for: rewards windows are checked against it (seconds since 1970).
    #[schemars(with = "u64")]
    pub as_of: Timestamp,
    /// What the simulation says of this design; absent when nobody asked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
    /// Recommended numbers for which no contract has an integer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub economics: Vec<Figure>,
    /// The real numbers behind the integers.
    #[serde(default)]
    pub recommended: Vec<Recommended>,
}

/// One operator set and everything that hangs on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatorSet {
    /// The id, free to choose; the number of the quorum on the middleware path.
    pub id: u32,
    /// What the set does, in words.
    pub purpose: String,
    /// What counts as its stake.
    pub strategies: Vec<WeightedStrategy>,
    /// The one account that may slash it. It should be a contract with a dispute window.
    pub slasher: Address,
    /// Who receives slashed stake; absent: it is burnt. Fixed for ever at creation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redistribution_recipient: Option<Address>,
    /// Share of its stake that each operator is asked to allocate, times 10^18. No call of the AVS sets it:
    /// operators do, with `modifyAllocations`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_allocation: Option<Dec<u64>>,
    /// Admission rules of the quorum path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quorum: Option<Quorum>,
    /// How faults are punished.
    #[serde(default)]
    pub slash_rules: Vec<SlashRule>,
    /// Kind of signing key; absent: the set signs nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curve: Option<Curve>,
    /// Stake table for other chains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stake_table: Option<StakeTable>,
    /// Tasks that the set executes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailbox: Option<Mailbox>,
}

/// A strategy and how much one share of it weighs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeightedStrategy {
    /// The strategy contract, or the stand-in of native ETH.
    pub strategy: Address,
    /// Symbol of the asset, for readers.
    pub symbol: String,
    /// Weight of a share, times 10^18.
    #[schemars(with = "Dec<u128>")]
    #[serde(with = "super::number::multiplier")]
    pub multiplier: Multiplier,
}

/// Kind of signing key of an operator set (the values of `CurveType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Curve {
    /// secp256k1.
    #[serde(rename = "ECDSA")]
    Ecdsa = 1,
    /// BN254, whose signatures aggregate.
    #[serde(rename = "BN254")]
    Bn254 = 2,
}

/// Which stake a quorum of the middleware counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StakeType {
    /// All stake delegated to the operator, whatever else it secures.
    TotalDelegated,
    /// Only what this set can slash.
    TotalSlashable,
}

/// Admission rules of a quorum of the middleware.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quorum {
    /// Which stake counts.
    pub stake_type: StakeType,
    /// Most operators at a time.
    pub max_operators: u32,
    /// How much larger than the one it replaces a newcomer must be, in basis points (11000: a tenth more).
    #[schemars(with = "u16")]
    pub kick_bips_of_operator_stake: Bips,
    /// Only an operator below this share of the total can be replaced, in basis points.
    #[schemars(with = "u16")]
    pub kick_bips_of_total_stake: Bips,
    /// Weighted stake that an operator needs, times 10^18.
    pub minimum_stake: Dec<u128>,
    /// Share of the weight that must sign, in basis points.
    #[schemars(with = "u16")]
    pub threshold: Bips,
    /// Blocks for which counted stake must stay slashable.
    #[schemars(with = "u32")]
    pub look_ahead: Blocks,
}

/// What a fault costs and how long it takes until it is final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlashRule {
    /// The fault, in words.
    pub offence: String,
    /// Share of the set's allocation that is slashed, times 10^18: of every strategy, unless
    /// `wads_by_strategy` is there.
    pub wads_to_slash: Dec<u64>,
    /// Share of each strategy, ascending by address as the call demands. A strategy that is not named
    /// is left out of the slash. Absent where all are slashed alike.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wads_by_strategy: Vec<StrategyWads>,
    /// Blocks until the fault is noticed.
    #[schemars(with = "u32")]
    pub detection: Blocks,
    /// Blocks in which it can be disputed.
    #[schemars(with = "u32")]
    pub dispute: Blocks,
    /// Blocks in which a committee can veto it.
    #[schemars(with = "u32")]
    pub veto: Blocks,
}

/// What a fault costs of one strategy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StrategyWads {
    /// The strategy contract, or the stand-in of native ETH.
    pub strategy: Address,
    /// Share of the set's allocation in it that is slashed, times 10^18.
    pub wads_to_slash: Dec<u64>,
}

/// Transport of the set's stake table to other chains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StakeTable {
    /// Contract that weighs the operators.
    pub calculator: Address,
    /// Who may configure the set on the other chains.
    pub owner: Address,
    /// Age at which a certificate is refused; 0: never.
    #[schemars(with = "u32")]
    pub max_staleness: Seconds,
}

/// Tasks that a set executes through the task mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mailbox {
    /// Contract that admits tasks and prices them.
    pub task_hook: Address,
    /// Seconds in which a task must be answered.
    #[schemars(with = "u32")]
    pub task_sla: Seconds,
    /// Token of the fee; zero: no fee.
    pub fee_token: Address,
    /// Receiver of the fee.
    pub fee_collector: Address,
    /// Share of the stake that must sign a result, in basis points; absent: any certificate passes.
    #[schemars(with = "Option<u16>")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Bips>,
}

/// An account that may call one function in the name of the AVS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Appointee {
    /// Who may call.
    pub account: Address,
    /// The contract it may call.
    pub target: Address,
    /// The function, by its signature.
    pub function: String,
}

/// A rewards submission for one operator set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RewardsSubmission {
    /// The set that is paid.
    pub operator_set: u32,
    /// By what it is shared out.
    pub kind: RewardsKind,
    /// Token that pays.
    pub token: Address,
    /// What amounts are stated in, so that the decimals can be held against the token's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<TokenUnit>,
    /// First midnight of the window (seconds since 1970).
    #[schemars(with = "u64")]
    pub start: Timestamp,
    /// Length of the window: seconds, in whole days.
    #[schemars(with = "u32")]
    pub duration: Seconds,
    /// Weights of the strategies, in any order; they are sorted on the way out.
    pub strategies: Vec<WeightedStrategy>,
    /// The split that the recommendation assumes operators keep. No AVS can set it: see the check `operator-split`.
    #[schemars(with = "Option<u16>")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator_split: Option<Bips>,
}

/// The unit of a token's amounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenUnit {
    /// Symbol, for readers.
    pub symbol: String,
    /// One token is 10 to this power of its smallest unit.
    pub decimals: u8,
}

/// By what a submission is shared out among operators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RewardsKind {
    /// By stake allocated to the set.
    UniqueStake {
        /// Amount in the token's smallest unit.
        amount: Dec<u128>,
    },
    /// By all stake delegated to its operators.
    TotalStake {
        /// Amount in the token's smallest unit.
        amount: Dec<u128>,
    },
    /// An amount for each operator, after the fact.
    OperatorDirected {
        /// Amounts, in any order; they are sorted on the way out.
        rewards: Vec<OperatorReward>,
        /// A word for the record.
        description: String,
    },
}

/// What one operator is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatorReward {
    /// The operator.
    pub operator: Address,
    /// Amount in the token's smallest unit.
    pub amount: Dec<u128>,
}

/// Accounts that a middleware deployment gives rights to. What is absent is marked in the file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Roles {
    /// Owns the contracts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Address>,
    /// Upgrades the proxies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upgrader: Option<Address>,
    /// Approves replacements in a full quorum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub churner: Option<Address>,
    /// Ejects operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ejector: Option<Address>,
    /// Confirms batches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmer: Option<Address>,
    /// Sends the deployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployer: Option<Address>,
    /// Can veto a slash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub veto_committee: Option<Address>,
}

/// A recommended number that no contract stores: what the integers rest on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// What it is, in words.
    pub name: String,
    /// The value.
    pub value: f64,
    /// Its unit.
    pub unit: String,
    /// Lower end of its interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Upper end of its interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
}

/// A real number of the recommendation and the integer that stands for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recommended {
    /// Path of the integer in the deployment, such as `operator_sets/0/quorum/minimum_stake`.
    pub parameter: String,
    /// The recommended real value.
    pub value: f64,
    /// Its unit.
    pub unit: String,
    /// Lower end of its interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Upper end of its interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// What the contract gets.
    pub integer: Dec<u128>,
    /// The rule that made it.
    pub rounding: Rounding,
}

impl Recommended {
    /// Rounds a value by its rule; `interval` is its lower and upper end.
    ///
    /// # Errors
    /// When the rule refuses the value.
    pub fn round(
        parameter: impl Into<String>,
        value: f64,
        unit: impl Into<String>,
        interval: Option<(f64, f64)>,
        rounding: Rounding,
    ) -> Result<Self, RoundingError> {
        Ok(Self {
            parameter: parameter.into(),
            value,
            unit: unit.into(),
            low: interval.map(|(low, _)| low),
            high: interval.map(|(_, high)| high),
            integer: Dec(rounding.apply(value)?),
            rounding,
        })
    }
}

impl Deployment {
    /// The account that sends the calls, when it is known.
    #[must_use]
    pub fn caller(&self) -> Option<Address> {
        self.admin.or(self.avs)
    }

    /// The set with this id.
    #[must_use]
    pub fn operator_set(&self, id: u32) -> Option<&OperatorSet> {
        self.operator_sets.iter().find(|set| set.id == id)
    }
}

impl RewardsKind {
    /// Everything the submission pays; `None` beyond 128 bits.
    #[must_use]
    pub fn total(&self) -> Option<u128> {
        match self {
            Self::UniqueStake { amount } | Self::TotalStake { amount } => Some(amount.0),
            Self::OperatorDirected { rewards, .. } => rewards
                .iter()
                .try_fold(0u128, |sum, reward| sum.checked_add(reward.amount.0)),
        }
    }
}

impl Recommended {
    /// What the rule of this number does, in words.
    #[must_use]
    pub const fn rounding_reason(&self) -> &'static str {
        self.rounding.reason()
    }
}
