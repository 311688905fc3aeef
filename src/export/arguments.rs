//! Arguments of the calls in [`super::action`], named and ordered as the contracts declare them.

use super::address::{Address, hex, unhex};
use super::number::Dec;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes that travel as `0x…`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bytes(pub Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("0x{}", hex(&self.0)))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        unhex(&text).map(Self).ok_or_else(|| {
            serde::de::Error::custom(format!("`{text}` is not bytes in hexadecimal"))
        })
    }
}

/// `true` or `false`, as JSON or as text (block explorers and batch builders write text).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Flag(pub bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Plain(bool),
            Text(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Plain(flag) => Ok(Self(flag)),
            Written::Text(text) => text.parse().map(Self).map_err(|_| {
                serde::de::Error::custom(format!("`{text}` is neither true nor false"))
            }),
        }
    }
}

macro_rules! arguments {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_attribute:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
            #[serde(rename_all = "camelCase")]
            #[expect(missing_docs, reason = "fields are the contract's parameters of the same name")]
            pub struct $name {
                $($(#[$field_attribute])* pub $field: $type,)*
            }
        )*
    };
}

/// An operator set: an AVS and the id it gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SetKey {
    /// The AVS.
    pub avs: Address,
    /// The id.
    pub id: Dec<u32>,
}

arguments! {
    /// Of `updateAVSMetadataURI`.
    UpdateMetadata {
        avs: Address,
        #[serde(rename = "metadataURI")]
        metadata_uri: String,
    }
    /// Of `setAVSRegistrar`.
    SetRegistrar {
        avs: Address,
        registrar: Address,
    }
    /// `CreateSetParamsV2`.
    NewSet {
        operator_set_id: Dec<u32>,
        strategies: Vec<Address>,
        slasher: Address,
    }
    /// Of `createOperatorSets`.
    CreateSets {
        avs: Address,
        params: Vec<NewSet>,
    }
    /// Of `createRedistributingOperatorSets`.
    CreateRedistributingSets {
        avs: Address,
        params: Vec<NewSet>,
        redistribution_recipients: Vec<Address>,
    }
    /// Of `addStrategiesToOperatorSet` and `removeStrategiesFromOperatorSet`.
    SetStrategies {
        avs: Address,
        operator_set_id: Dec<u32>,
        strategies: Vec<Address>,
    }
    /// Of `updateSlasher`.
    UpdateSlasher {
        operator_set: SetKey,
        slasher: Address,
    }
    /// `SlashingParams`.
    Slashing {
        operator: Address,
        operator_set_id: Dec<u32>,
        strategies: Vec<Address>,
        wads_to_slash: Vec<Dec<u128>>,
        description: String,
    }
    /// Of `slashOperator`.
    SlashOperator {
        avs: Address,
        params: Slashing,
    }
    /// `RegisterParams`.
    Registration {
        avs: Address,
        operator_set_ids: Vec<Dec<u32>>,
        data: Bytes,
    }
    /// Of `registerForOperatorSets`.
    RegisterForSets {
        operator: Address,
        params: Registration,
    }
    /// `DeregisterParams`.
    Deregistration {
        operator: Address,
        avs: Address,
        operator_set_ids: Vec<Dec<u32>>,
    }
    /// Of `deregisterFromOperatorSets`.
    DeregisterFromSets {
        params: Deregistration,
    }
    /// `AllocateParams`.
    NewAllocation {
        operator_set: SetKey,
        strategies: Vec<Address>,
        new_magnitudes: Vec<Dec<u64>>,
    }
    /// Of `modifyAllocations`.
    ModifyAllocations {
        operator: Address,
        params: Vec<NewAllocation>,
    }
    /// Of `setAppointee`.
    SetAppointee {
        account: Address,
        appointee: Address,
        target: Address,
        selector: Bytes,
    }
    /// Of `addPendingAdmin` and `removeAdmin`.
    AdminChange {
        account: Address,
        admin: Address,
    }
    /// Of `acceptAdmin`.
    AcceptAdmin {
        account: Address,
    }
    /// Of `configureOperatorSet`.
    ConfigureKeys {
        operator_set: SetKey,
        curve_type: Dec<u8>,
    }
    /// `OperatorSetConfig`.
    TableConfig {
        owner: Address,
        max_staleness_period: Dec<u32>,
    }
    /// Of `createGenerationReservation`.
    ReserveGeneration {
        operator_set: SetKey,
        operator_table_calculator: Address,
        config: TableConfig,
    }
    /// `Consensus`: 0 none, 1 a share of the stake.
    Consensus {
        consensus_type: Dec<u8>,
        value: Bytes,
    }
    /// `ExecutorOperatorSetTaskConfig`.
    TaskConfig {
        task_hook: Address,
        #[serde(rename = "taskSLA")]
        task_sla: Dec<u128>,
        fee_token: Address,
        curve_type: Dec<u8>,
        fee_collector: Address,
        consensus: Consensus,
        task_metadata: Bytes,
    }
    /// Of `setExecutorOperatorSetTaskConfig`.
    SetTaskConfig {
        operator_set: SetKey,
        config: TaskConfig,
    }
    /// Of `registerExecutorOperatorSet`.
    RegisterExecutorSet {
        operator_set: SetKey,
        is_registered: Flag,
    }
    /// Of an ERC-20's `approve`.
    Approve {
        spender: Address,
        value: Dec<u128>,
    }
    /// `StrategyAndMultiplier`.
    StrategyAndMultiplier {
        strategy: Address,
        multiplier: Dec<u128>,
    }
    /// `RewardsSubmission`.
    Submission {
        strategies_and_multipliers: Vec<StrategyAndMultiplier>,
        token: Address,
        amount: Dec<u128>,
        start_timestamp: Dec<u32>,
        duration: Dec<u32>,
    }
    /// Of the two submissions by stake.
    StakeRewards {
        operator_set: SetKey,
        rewards_submissions: Vec<Submission>,
    }
    /// `OperatorReward`.
    DirectedReward {
        operator: Address,
        amount: Dec<u128>,
    }
    /// `OperatorDirectedRewardsSubmission`.
    DirectedSubmission {
        strategies_and_multipliers: Vec<StrategyAndMultiplier>,
        token: Address,
        operator_rewards: Vec<DirectedReward>,
        start_timestamp: Dec<u32>,
        duration: Dec<u32>,
        description: String,
    }
    /// Of `createOperatorDirectedOperatorSetRewardsSubmission`.
    DirectedRewards {
        operator_set: SetKey,
        operator_directed_rewards_submissions: Vec<DirectedSubmission>,
    }
    /// Of the two submissions for everybody.
    RewardsForAll {
        rewards_submissions: Vec<Submission>,
    }
    /// Of `setOperatorSetSplit`.
    SetOperatorSplit {
        operator: Address,
        operator_set: SetKey,
        split: Dec<u16>,
    }
    /// Of `setOptInForProtocolFee`.
    OptInForFee {
        submitter: Address,
        opt_in_for_protocol_fee: Flag,
    }
    /// Of `registerAsOperator`.
    RegisterAsOperator {
        init_delegation_approver: Address,
        allocation_delay: Dec<u32>,
        #[serde(rename = "metadataURI")]
        metadata_uri: String,
    }
    /// `SignatureWithExpiry`.
    Signature {
        signature: Bytes,
        expiry: Dec<u128>,
    }
    /// Of `delegateTo`.
    DelegateTo {
        operator: Address,
        approver_signature_and_expiry: Signature,
        approver_salt: Bytes,
    }
    /// Of `redelegate`.
    Redelegate {
        new_operator: Address,
        new_operator_approver_sig: Signature,
        approver_salt: Bytes,
    }
    /// Of `undelegate`.
    Undelegate {
        staker: Address,
    }
    /// `QueuedWithdrawalParams`.
    QueuedWithdrawal {
        strategies: Vec<Address>,
        deposit_shares: Vec<Dec<u128>>,
        #[serde(rename = "__deprecated_withdrawer")]
        deprecated_withdrawer: Address,
    }
    /// Of `queueWithdrawals`.
    QueueWithdrawals {
        params: Vec<QueuedWithdrawal>,
    }
    /// `Withdrawal`.
    Withdrawal {
        staker: Address,
        delegated_to: Address,
        withdrawer: Address,
        nonce: Dec<u128>,
        start_block: Dec<u32>,
        strategies: Vec<Address>,
        scaled_shares: Vec<Dec<u128>>,
    }
    /// Of `completeQueuedWithdrawal`.
    CompleteWithdrawal {
        withdrawal: Withdrawal,
        tokens: Vec<Address>,
        receive_as_tokens: Flag,
    }
    /// Of `depositIntoStrategy`.
    Deposit {
        strategy: Address,
        token: Address,
        amount: Dec<u128>,
    }
    /// Of `addStrategiesToDepositWhitelist`.
    Whitelist {
        strategies_to_whitelist: Vec<Address>,
    }
    /// Of `clearBurnOrRedistributableShares`.
    ClearSlashedShares {
        operator_set: SetKey,
        slash_id: Dec<u128>,
    }
    /// `OperatorSetParam` of the quorum contracts.
    QuorumLimits {
        max_operator_count: Dec<u32>,
        #[serde(rename = "kickBIPsOfOperatorStake")]
        kick_bips_of_operator_stake: Dec<u16>,
        #[serde(rename = "kickBIPsOfTotalStake")]
        kick_bips_of_total_stake: Dec<u16>,
    }
    /// Of `createTotalDelegatedStakeQuorum`.
    CreateDelegatedQuorum {
        operator_set_params: QuorumLimits,
        minimum_stake: Dec<u128>,
        strategy_params: Vec<StrategyAndMultiplier>,
    }
    /// Of `createSlashableStakeQuorum`.
    CreateSlashableQuorum {
        operator_set_params: QuorumLimits,
        minimum_stake: Dec<u128>,
        strategy_params: Vec<StrategyAndMultiplier>,
        look_ahead_period: Dec<u32>,
        slasher: Address,
    }
    /// Of the stake registry's `addStrategies`.
    AddQuorumStrategies {
        quorum_number: Dec<u8>,
        strategy_params: Vec<StrategyAndMultiplier>,
    }
    /// Of the stake registry's `removeStrategies`.
    RemoveQuorumStrategies {
        quorum_number: Dec<u8>,
        indices_to_remove: Vec<Dec<u128>>,
    }
    /// Of the stake registry's `modifyStrategyParams`.
    ModifyQuorumStrategies {
        quorum_number: Dec<u8>,
        strategy_indices: Vec<Dec<u128>>,
        new_multipliers: Vec<Dec<u128>>,
    }
    /// Of the stake registry's `setSlashableStakeLookahead`.
    SetLookAhead {
        quorum_number: Dec<u8>,
        look_ahead_blocks: Dec<u32>,
    }
    /// `TaskParams`.
    Task {
        refund_collector: Address,
        executor_operator_set: SetKey,
        payload: Bytes,
    }
    /// Of `createTask`.
    CreateTask {
        task_params: Task,
    }
}
