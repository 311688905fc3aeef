//! The rows of the tables of a snapshot.

use super::Address;
pub use super::manifest::Contract;
use serde::{Deserialize, Serialize};

/// Place of an operator in [`super::Snapshot::operators`].
pub type OperatorIndex = u32;
/// Place of an AVS in [`super::Snapshot::avss`].
pub type AvsIndex = u32;
/// Place of a set in [`super::Snapshot::sets`].
pub type SetIndex = u32;
/// Place of an asset in [`super::Snapshot::assets`].
pub type AssetIndex = u32;

/// Whether a row was read, or computed so that it fits what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// Read from the chain or from a source that states this very row.
    Measured,
    /// Computed: the most even value that reproduces every total that was read.
    Reconstructed,
}

/// What moves the price of an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssetClass {
    /// ETH on the beacon chain.
    Eth,
    /// A liquid staking token: ETH with a peg that can slip.
    Lst,
    /// EIGEN, or bEIGEN under it.
    Eigen,
    /// A token that stands for BTC.
    Btc,
    /// Any other token.
    Token,
}

/// A price, and who says it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// US dollars for one whole token.
    pub usd: f64,
    /// Who says so: `feed 0x…`, `implied by the totals`.
    pub source: String,
    /// Seconds since 1970 UTC of the price.
    pub timestamp: u64,
    /// The oracle's own answer, exact, where there is one; the unit is 10^-`answer_decimals` USD.
    #[serde(with = "decimal::option")]
    pub answer: Option<u128>,
    /// Decimals of `answer`.
    pub answer_decimals: Option<u8>,
}

/// One asset that can be staked: one strategy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asset {
    /// Symbol of the token, as its contract writes it.
    pub symbol: String,
    /// The strategy; absent where the source names the token alone.
    pub strategy: Option<Address>,
    /// The token; absent for ETH on the beacon chain.
    pub token: Option<Address>,
    /// What moves its price.
    pub class: AssetClass,
    /// Decimals of the token.
    pub decimals: u8,
    /// Price of one whole token. Absent means unpriced: listed, and counted in no USD figure.
    pub price: Option<Price>,
    /// Smallest units of the token that 10^18 shares are worth, exact; absent where amounts were
    /// given in tokens.
    #[serde(with = "decimal::option")]
    pub units_per_1e18_shares: Option<u128>,
    /// All shares of the strategy, exact, where read.
    #[serde(with = "decimal::option")]
    pub total_shares: Option<u128>,
    /// For a duration vault, seconds since 1970 UTC at which its stake unlocks.
    pub locked_until: Option<u64>,
}

/// An operator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Operator {
    /// Its address.
    pub address: Address,
    /// Its name, where a source gives one.
    pub name: Option<String>,
    /// Where its metadata is.
    pub metadata_uri: Option<String>,
    /// Who controls it, where known: operators with the same text are one entity. An operator
    /// without is an entity of its own.
    pub entity: Option<String>,
    /// Blocks before an allocation counts; absent where the operator set none.
    pub allocation_delay_blocks: Option<u32>,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Avs {
    /// Its address.
    pub address: Address,
    /// Its name, where a source gives one.
    pub name: Option<String>,
    /// Where its metadata is.
    pub metadata_uri: Option<String>,
    /// Its registrar, where it is not the AVS itself.
    pub registrar: Option<Address>,
}

/// What kind of set a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetKind {
    /// An operator set: stake can be allocated to it and slashed.
    OperatorSet,
    /// The registration with an AVS from before operator sets: stake is pooled, nothing is slashable.
    RegistrationBeforeOperatorSets,
}

/// An operator set of an AVS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OperatorSet {
    /// Its AVS.
    pub avs: AvsIndex,
    /// Its id, which is not contiguous; 0 for a registration from before operator sets.
    pub id: u32,
    /// What kind it is.
    pub kind: SetKind,
    /// Assets that count in it, ascending.
    pub strategies: Vec<AssetIndex>,
    /// Who may slash.
    pub slasher: Option<Address>,
    /// Who receives what is slashed; absent where it is burned.
    pub redistribution_recipient: Option<Address>,
}

/// An operator in a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The set.
    pub set: SetIndex,
    /// The operator.
    pub operator: OperatorIndex,
    /// For an operator that has left: the last block at which it can still be slashed. Absent while
    /// it is registered.
    pub slashable_until_block: Option<u32>,
}

/// Stake delegated to an operator in one asset. A pair without a row is zero.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stake {
    /// The operator.
    pub operator: OperatorIndex,
    /// The asset.
    pub asset: AssetIndex,
    /// Whole tokens, for the simulation.
    pub amount_tokens: f64,
    /// Shares of the strategy, exact, where the chain gave them.
    #[serde(with = "decimal::option")]
    pub shares: Option<u128>,
    /// Shares in the withdrawal queue that can still be slashed, exact, where the chain gave them.
    #[serde(with = "decimal::option")]
    pub queued_shares: Option<u128>,
    /// Whether it was read or reconstructed.
    pub provenance: Provenance,
}

/// What a source states about the stake of a whole set in one asset: the sum over its operators. A
/// snapshot read from the chain has none; where single stakes are reconstructed, these were measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SetTotal {
    /// The set.
    pub set: SetIndex,
    /// The asset.
    pub asset: AssetIndex,
    /// Whole tokens delegated to its operators together.
    pub amount_tokens: f64,
}

/// Magnitudes of an operator and a strategy. A pair without a row has maximum 10^18, nothing
/// encumbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Magnitudes {
    /// The operator.
    pub operator: OperatorIndex,
    /// The strategy's asset.
    pub asset: AssetIndex,
    /// Maximum magnitude; falls from 10^18 with each slash.
    pub max_magnitude_wad: u64,
    /// Magnitude in use by allocations, current or pending.
    pub encumbered_magnitude_wad: u64,
}

/// Magnitude that an operator allocated to a set in one strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocation {
    /// The operator.
    pub operator: OperatorIndex,
    /// The set.
    pub set: SetIndex,
    /// The strategy's asset.
    pub asset: AssetIndex,
    /// Magnitude that counts now.
    pub current_magnitude_wad: u64,
    /// Change to come at `effect_block`, 0 where none.
    pub pending_diff_wad: i64,
    /// Block of the change, 0 where none.
    pub effect_block: u32,
    /// Shares slashable now by the chain's own getter, exact, where asked.
    #[serde(with = "decimal::option")]
    pub slashable_shares: Option<u128>,
}

/// What a rewards split is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitScope {
    /// Rewards of one operator set.
    OperatorSet(SetIndex),
    /// Rewards of one AVS.
    Avs(AvsIndex),
    /// Programmatic incentives.
    ProgrammaticIncentives,
}

/// The share of rewards that an operator keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// The operator.
    pub operator: OperatorIndex,
    /// What it is about.
    pub scope: SplitScope,
    /// Share of one in 10^-4 that counts at the block.
    pub split_bips: u16,
}

/// One slash of one operator in one strategy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slashing {
    /// Block.
    pub block: u64,
    /// Place of the event in the block.
    pub log_index: u32,
    /// The set that slashed.
    pub set: SetIndex,
    /// The operator slashed.
    pub operator: OperatorIndex,
    /// The strategy's asset.
    pub asset: AssetIndex,
    /// Share of the operator's whole delegated stake, times 10^18.
    pub slashed_wad: u64,
    /// The reason given.
    pub description: String,
}

/// How rewards were submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RewardsKind {
    /// By an AVS, to be shared by stake.
    Avs,
    /// To all who earn, by a token hopper.
    ForAllEarners,
    /// By an AVS, with an amount for each operator.
    OperatorDirectedAvs,
    /// By an operator set, with an amount for each operator.
    OperatorDirectedSet,
    /// By an operator set, shared by slashable stake.
    UniqueStake,
    /// By an operator set, shared by delegated stake.
    TotalStake,
}

/// One rewards submission. Amounts are after the protocol's fee.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RewardsSubmission {
    /// Block.
    pub block: u64,
    /// Place of the event in the block.
    pub log_index: u32,
    /// How it was submitted.
    pub kind: RewardsKind,
    /// Who called.
    pub submitter: Address,
    /// The AVS, where one is named.
    pub avs: Option<AvsIndex>,
    /// The set, where one is named.
    pub set: Option<SetIndex>,
    /// Token paid.
    pub token: Address,
    /// Amount in the token's smallest unit, exact.
    #[serde(with = "decimal")]
    pub amount_units: u128,
    /// First second it pays for.
    pub start_timestamp: u64,
    /// Seconds it pays for.
    pub duration_seconds: u32,
}

/// A price at a moment, from a side source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PricePoint {
    /// The asset.
    pub asset: AssetIndex,
    /// Seconds since 1970 UTC.
    pub timestamp: u64,
    /// US dollars for one whole token.
    pub price_usd: f64,
    /// Who says so.
    pub source: String,
}

/// A figure about an operator or a service from a side source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// The service it is about, where one.
    pub avs: Option<AvsIndex>,
    /// The operator it is about, where one.
    pub operator: Option<OperatorIndex>,
    /// What is observed: `signing_rate`, `quorum_0_stake`.
    pub metric: String,
    /// The figure.
    pub value: f64,
    /// Its unit.
    pub unit: String,
    /// Seconds since 1970 UTC.
    pub timestamp: u64,
    /// Who says so.
    pub source: String,
}

/// 128-bit integers as decimal text: JSON readers lose digits of large numbers.
pub(super) mod decimal {
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub fn serialize<S: Serializer>(value: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }

    pub mod option {
        use serde::{Deserialize, Deserializer, Serializer, de};

        pub fn serialize<S: Serializer>(
            value: &Option<u128>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            match value {
                Some(value) => serializer.collect_str(value),
                None => serializer.serialize_none(),
            }
        }
        pub fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<u128>, D::Error> {
            Option::<String>::deserialize(deserializer)?
                .map(|text| text.parse())
                .transpose()
                .map_err(de::Error::custom)
        }
    }
}
