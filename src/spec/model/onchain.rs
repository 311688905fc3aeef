//! What only contracts ask for: no figure of the economics rests on it.

use super::Signing;
use crate::snapshot::Address;
use crate::units::{Days, Share};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Days that one rewards submission pays for, unless the file says otherwise.
pub const REWARDS_WINDOW: Days = Days(28.0);
/// Decimals of a reward token, unless the file says otherwise.
pub const REWARD_DECIMALS: u8 = 18;

/// The parts of `[deployment]` that the contracts alone ask for.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct OnChain {
    /// The account that sends the calls, once accepted as an admin.
    pub admin: Option<Address>,
    /// Strategies and weights in place of the snapshot's.
    pub strategies: Vec<WeighedStrategy>,
    /// Admission rules in place of the recommended ones.
    pub quorum: FixedQuorum,
    /// Stake table for other chains.
    pub stake_table: Option<StakeTable>,
    /// Tasks that the set executes.
    pub tasks: Option<Tasks>,
    /// The set that gathers signatures.
    pub aggregator: Option<Aggregator>,
    /// Who else may call what.
    pub appointees: Vec<Appointee>,
    /// How rewards are submitted.
    pub rewards: RewardsCall,
    /// Accounts of the middleware.
    pub roles: Roles,
}

/// A strategy and the weight of one share, times 10^18.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WeighedStrategy {
    /// The contract.
    pub strategy: Address,
    /// Symbol of its asset.
    pub symbol: String,
    /// Weight in ETH times 10^18, exactly as written.
    pub multiplier: u128,
}

/// Which stake a quorum counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StakeCounts {
    /// What this service can slash.
    #[default]
    Slashable,
    /// All that is delegated.
    Delegated,
}

/// By what rewards are shared out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RewardsBy {
    /// Stake allocated to the set.
    #[default]
    UniqueStake,
    /// All stake delegated to its operators.
    TotalStake,
    /// Named operators, afterwards.
    OperatorDirected,
}

/// Admission rules that the file fixes.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct FixedQuorum {
    /// Which stake counts.
    pub counts: StakeCounts,
    /// Smallest weighted stake in ETH times 10^18.
    pub minimum_stake: Option<u128>,
    /// Most operators.
    pub max_operators: Option<u32>,
    /// What a newcomer must hold of the replaced operator's stake.
    pub newcomer_above: Option<Share>,
    /// Share below which an operator can be replaced.
    pub replaceable_below: Option<Share>,
    /// Share of the weight that must sign.
    pub signs: Option<Share>,
    /// How long counted stake must stay slashable.
    pub look_ahead: Option<Days>,
}

/// Stake table for other chains.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StakeTable {
    /// Weighs the operators.
    pub calculator: Address,
    /// Configures the set on other chains.
    pub owner: Address,
    /// Age at which a certificate is refused; 0: never.
    pub max_staleness: Days,
}

/// Tasks through the mailbox.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tasks {
    /// Admits and prices tasks.
    pub hook: Address,
    /// Time to answer one.
    pub time: Days,
    /// Token of the fee.
    pub fee_token: Option<Address>,
    /// Receiver of the fee.
    pub fee_collector: Option<Address>,
    /// Share that must sign a result.
    pub signs: Option<Share>,
}

/// The set that gathers signatures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Aggregator {
    /// Its id.
    pub operator_set_id: u32,
    /// Who may slash it.
    pub slasher: Option<Address>,
    /// Curve of its keys.
    pub signing: Signing,
}

/// An account that may call one function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Appointee {
    /// Who.
    pub account: Address,
    /// The contract.
    pub target: Address,
    /// The function's signature.
    pub function: String,
}

/// How rewards are submitted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RewardsCall {
    /// By what they are shared out.
    pub by: RewardsBy,
    /// Days that one submission pays for.
    pub window: Days,
    /// Decimals of the token.
    pub decimals: u8,
    /// Operators paid by name, with their shares.
    pub operators: Vec<(Address, Share)>,
}

impl Default for RewardsCall {
    fn default() -> Self {
        Self {
            by: RewardsBy::default(),
            window: REWARDS_WINDOW,
            decimals: REWARD_DECIMALS,
            operators: Vec::new(),
        }
    }
}

/// Accounts of the middleware.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[expect(
    missing_docs,
    reason = "each is explained by the draft's field of the same name"
)]
pub struct Roles {
    pub owner: Option<Address>,
    pub upgrader: Option<Address>,
    pub churner: Option<Address>,
    pub ejector: Option<Address>,
    pub confirmer: Option<Address>,
    pub deployer: Option<Address>,
    pub veto_committee: Option<Address>,
}
