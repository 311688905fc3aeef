//! Calldata of the calls in [`super::action`], both ways.
//!
//! The declarations are our own, written from the signatures of the deployed contracts; only here do
//! exports touch an Ethereum library.

pub use super::abi_decode::decode;

use super::action::{Action, ActionError};
use super::address::Address;
use super::arguments as plain;
use super::number::Dec;
use alloy_primitives::aliases::U96;
use alloy_primitives::{Address as Account, Bytes, FixedBytes, U256};
use alloy_sol_types::{SolCall, sol};

sol! {
    #![sol(all_derives = true)]

    struct OperatorSet { address avs; uint32 id; }
    struct NewSet { uint32 operatorSetId; address[] strategies; address slasher; }
    struct Slashing { address operator; uint32 operatorSetId; address[] strategies; uint256[] wadsToSlash; string description; }
    struct TableConfig { address owner; uint32 maxStalenessPeriod; }
    struct Consensus { uint8 consensusType; bytes value; }
    struct TaskConfig {
        address taskHook; uint96 taskSLA; address feeToken; uint8 curveType;
        address feeCollector; Consensus consensus; bytes taskMetadata;
    }
    struct Weight { address strategy; uint96 multiplier; }
    struct Submission { Weight[] weights; address token; uint256 amount; uint32 startTimestamp; uint32 duration; }
    struct DirectedReward { address operator; uint256 amount; }
    struct DirectedSubmission {
        Weight[] weights; address token; DirectedReward[] operatorRewards;
        uint32 startTimestamp; uint32 duration; string description;
    }
    struct Registration { address avs; uint32[] operatorSetIds; bytes data; }
    struct Task { address refundCollector; OperatorSet executorOperatorSet; bytes payload; }
    struct QuorumLimits { uint32 maxOperatorCount; uint16 kickBIPsOfOperatorStake; uint16 kickBIPsOfTotalStake; }

    interface Core {
        function updateAVSMetadataURI(address avs, string metadataURI);
        function setAVSRegistrar(address avs, address registrar);
        function createOperatorSets(address avs, NewSet[] params);
        function createRedistributingOperatorSets(address avs, NewSet[] params, address[] redistributionRecipients);
        function addStrategiesToOperatorSet(address avs, uint32 operatorSetId, address[] strategies);
        function removeStrategiesFromOperatorSet(address avs, uint32 operatorSetId, address[] strategies);
        function updateSlasher(OperatorSet operatorSet, address slasher);
        function slashOperator(address avs, Slashing params);
        function setAppointee(address account, address appointee, address target, bytes4 selector);
        function addPendingAdmin(address account, address admin);
        function acceptAdmin(address account);
        function removeAdmin(address account, address admin);
        function configureOperatorSet(OperatorSet operatorSet, uint8 curveType);
        function createGenerationReservation(OperatorSet operatorSet, address operatorTableCalculator, TableConfig config);
        function setExecutorOperatorSetTaskConfig(OperatorSet operatorSet, TaskConfig config);
        function registerExecutorOperatorSet(OperatorSet operatorSet, bool isRegistered);
        function approve(address spender, uint256 value);
        function createUniqueStakeRewardsSubmission(OperatorSet operatorSet, Submission[] rewardsSubmissions);
        function createTotalStakeRewardsSubmission(OperatorSet operatorSet, Submission[] rewardsSubmissions);
        function createOperatorDirectedOperatorSetRewardsSubmission(OperatorSet operatorSet, DirectedSubmission[] submissions);
        function setOperatorSetSplit(address operator, OperatorSet operatorSet, uint16 split);
        function setOptInForProtocolFee(address submitter, bool optInForProtocolFee);
        function registerForOperatorSets(address operator, Registration params);
        function createTask(Task taskParams);
        function createTotalDelegatedStakeQuorum(QuorumLimits operatorSetParams, uint96 minimumStake, Weight[] strategyParams);
        function createSlashableStakeQuorum(
            QuorumLimits operatorSetParams, uint96 minimumStake, Weight[] strategyParams, uint32 lookAheadPeriod, address slasher
        );
        function removeStrategies(uint8 quorumNumber, uint256[] indicesToRemove);
        function modifyStrategyParams(uint8 quorumNumber, uint256[] strategyIndices, uint96[] newMultipliers);
        function setSlashableStakeLookahead(uint8 quorumNumber, uint32 lookAheadBlocks);
        function addStrategies(uint8 quorumNumber, Weight[] strategyParams);
    }
}

/// Why a call cannot be spelled as calldata, or calldata not read as a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AbiError {
    /// Operators and stakers make this call, and nothing here writes it.
    #[error("`{0}` is not a call that an AVS makes, so it has no calldata here")]
    NotExported(&'static str),
    /// An integer is too large for the contract's type.
    #[error(
        "{what} {value} does not fit uint96, whose largest value is 79228162514264337593543950335"
    )]
    Uint96 {
        /// Which integer.
        what: &'static str,
        /// Its value.
        value: u128,
    },
    /// A selector that is not four bytes.
    #[error("a selector has 4 bytes, not {0}")]
    Selector(usize),
    /// The calldata belongs to no function known here, or is cut short.
    #[error("calldata starting with 0x{start} is not a call known here: {reason}")]
    Unknown {
        /// Its first bytes.
        start: String,
        /// What the decoder said.
        reason: String,
    },
    /// An integer of the calldata is beyond 128 bits, which no contract of EigenLayer accepts.
    #[error("{what} is beyond 128 bits")]
    TooLarge {
        /// Which integer.
        what: &'static str,
    },
    /// The decoded arguments do not form a call.
    #[error(transparent)]
    Arguments(#[from] ActionError),
}

/// Selector and arguments of a call, as the contract reads them.
///
/// # Errors
/// When an integer does not fit its type, or the call is not one that an AVS makes.
pub fn encode(action: &Action) -> Result<Vec<u8>, AbiError> {
    let bytes = match action {
        Action::UpdateMetadata(a) => Core::updateAVSMetadataURICall {
            avs: account(a.avs),
            metadataURI: a.metadata_uri.clone(),
        }
        .abi_encode(),
        Action::SetRegistrar(a) => Core::setAVSRegistrarCall {
            avs: account(a.avs),
            registrar: account(a.registrar),
        }
        .abi_encode(),
        Action::CreateSets(a) => Core::createOperatorSetsCall {
            avs: account(a.avs),
            params: new_sets(&a.params),
        }
        .abi_encode(),
        Action::CreateRedistributingSets(a) => Core::createRedistributingOperatorSetsCall {
            avs: account(a.avs),
            params: new_sets(&a.params),
            redistributionRecipients: accounts(&a.redistribution_recipients),
        }
        .abi_encode(),
        Action::AddStrategies(a) => Core::addStrategiesToOperatorSetCall {
            avs: account(a.avs),
            operatorSetId: a.operator_set_id.0,
            strategies: accounts(&a.strategies),
        }
        .abi_encode(),
        Action::RemoveStrategies(a) => Core::removeStrategiesFromOperatorSetCall {
            avs: account(a.avs),
            operatorSetId: a.operator_set_id.0,
            strategies: accounts(&a.strategies),
        }
        .abi_encode(),
        Action::UpdateSlasher(a) => Core::updateSlasherCall {
            operatorSet: set(a.operator_set),
            slasher: account(a.slasher),
        }
        .abi_encode(),
        Action::SlashOperator(a) => Core::slashOperatorCall {
            avs: account(a.avs),
            params: Slashing {
                operator: account(a.params.operator),
                operatorSetId: a.params.operator_set_id.0,
                strategies: accounts(&a.params.strategies),
                wadsToSlash: a
                    .params
                    .wads_to_slash
                    .iter()
                    .map(|wad| U256::from(wad.0))
                    .collect(),
                description: a.params.description.clone(),
            },
        }
        .abi_encode(),
        Action::SetAppointee(a) => {
            let bytes = &a.selector.0;
            let selector: [u8; 4] = bytes
                .as_slice()
                .try_into()
                .map_err(|_| AbiError::Selector(bytes.len()))?;
            Core::setAppointeeCall {
                account: account(a.account),
                appointee: account(a.appointee),
                target: account(a.target),
                selector: FixedBytes(selector),
            }
            .abi_encode()
        }
        Action::AddPendingAdmin(a) => Core::addPendingAdminCall {
            account: account(a.account),
            admin: account(a.admin),
        }
        .abi_encode(),
        Action::AcceptAdmin(a) => Core::acceptAdminCall {
            account: account(a.account),
        }
        .abi_encode(),
        Action::RemoveAdmin(a) => Core::removeAdminCall {
            account: account(a.account),
            admin: account(a.admin),
        }
        .abi_encode(),
        Action::ConfigureKeys(a) => Core::configureOperatorSetCall {
            operatorSet: set(a.operator_set),
            curveType: a.curve_type.0,
        }
        .abi_encode(),
        Action::ReserveGeneration(a) => Core::createGenerationReservationCall {
            operatorSet: set(a.operator_set),
            operatorTableCalculator: account(a.operator_table_calculator),
            config: TableConfig {
                owner: account(a.config.owner),
                maxStalenessPeriod: a.config.max_staleness_period.0,
            },
        }
        .abi_encode(),
        Action::SetTaskConfig(a) => Core::setExecutorOperatorSetTaskConfigCall {
            operatorSet: set(a.operator_set),
            config: task_config(&a.config)?,
        }
        .abi_encode(),
        Action::RegisterExecutorSet(a) => Core::registerExecutorOperatorSetCall {
            operatorSet: set(a.operator_set),
            isRegistered: a.is_registered.0,
        }
        .abi_encode(),
        Action::Approve(a) => Core::approveCall {
            spender: account(a.spender),
            value: U256::from(a.value.0),
        }
        .abi_encode(),
        Action::UniqueStakeRewards(a) => Core::createUniqueStakeRewardsSubmissionCall {
            operatorSet: set(a.operator_set),
            rewardsSubmissions: submissions(&a.rewards_submissions)?,
        }
        .abi_encode(),
        Action::TotalStakeRewards(a) => Core::createTotalStakeRewardsSubmissionCall {
            operatorSet: set(a.operator_set),
            rewardsSubmissions: submissions(&a.rewards_submissions)?,
        }
        .abi_encode(),
        Action::OperatorDirectedRewards(a) => {
            Core::createOperatorDirectedOperatorSetRewardsSubmissionCall {
                operatorSet: set(a.operator_set),
                submissions: a
                    .operator_directed_rewards_submissions
                    .iter()
                    .map(directed)
                    .collect::<Result<_, _>>()?,
            }
            .abi_encode()
        }
        Action::SetOperatorSplit(a) => Core::setOperatorSetSplitCall {
            operator: account(a.operator),
            operatorSet: set(a.operator_set),
            split: a.split.0,
        }
        .abi_encode(),
        Action::OptInForFee(a) => Core::setOptInForProtocolFeeCall {
            submitter: account(a.submitter),
            optInForProtocolFee: a.opt_in_for_protocol_fee.0,
        }
        .abi_encode(),
        Action::RegisterForSets(a) => Core::registerForOperatorSetsCall {
            operator: account(a.operator),
            params: Registration {
                avs: account(a.params.avs),
                operatorSetIds: a.params.operator_set_ids.iter().map(|id| id.0).collect(),
                data: Bytes::from(a.params.data.0.clone()),
            },
        }
        .abi_encode(),
        Action::CreateTask(a) => Core::createTaskCall {
            taskParams: Task {
                refundCollector: account(a.task_params.refund_collector),
                executorOperatorSet: set(a.task_params.executor_operator_set),
                payload: Bytes::from(a.task_params.payload.0.clone()),
            },
        }
        .abi_encode(),
        Action::CreateDelegatedQuorum(a) => Core::createTotalDelegatedStakeQuorumCall {
            operatorSetParams: limits(&a.operator_set_params),
            minimumStake: uint96("the minimum stake", a.minimum_stake)?,
            strategyParams: weights(&a.strategy_params)?,
        }
        .abi_encode(),
        Action::CreateSlashableQuorum(a) => Core::createSlashableStakeQuorumCall {
            operatorSetParams: limits(&a.operator_set_params),
            minimumStake: uint96("the minimum stake", a.minimum_stake)?,
            strategyParams: weights(&a.strategy_params)?,
            lookAheadPeriod: a.look_ahead_period.0,
            slasher: account(a.slasher),
        }
        .abi_encode(),
        Action::AddQuorumStrategies(a) => Core::addStrategiesCall {
            quorumNumber: a.quorum_number.0,
            strategyParams: weights(&a.strategy_params)?,
        }
        .abi_encode(),
        Action::RemoveQuorumStrategies(a) => Core::removeStrategiesCall {
            quorumNumber: a.quorum_number.0,
            indicesToRemove: a
                .indices_to_remove
                .iter()
                .map(|at| U256::from(at.0))
                .collect(),
        }
        .abi_encode(),
        Action::ModifyQuorumStrategies(a) => Core::modifyStrategyParamsCall {
            quorumNumber: a.quorum_number.0,
            strategyIndices: a
                .strategy_indices
                .iter()
                .map(|at| U256::from(at.0))
                .collect(),
            newMultipliers: a
                .new_multipliers
                .iter()
                .map(|multiplier| uint96("the multiplier", *multiplier))
                .collect::<Result<_, _>>()?,
        }
        .abi_encode(),
        Action::SetLookAhead(a) => Core::setSlashableStakeLookaheadCall {
            quorumNumber: a.quorum_number.0,
            lookAheadBlocks: a.look_ahead_blocks.0,
        }
        .abi_encode(),
        other => return Err(AbiError::NotExported(other.function())),
    };
    debug_assert_eq!(bytes[..4], action.selector(), "{}", action.function());
    Ok(bytes)
}

fn account(address: Address) -> Account {
    Account::from(address.0)
}

fn accounts(addresses: &[Address]) -> Vec<Account> {
    addresses.iter().copied().map(account).collect()
}

fn set(key: plain::SetKey) -> OperatorSet {
    OperatorSet {
        avs: account(key.avs),
        id: key.id.0,
    }
}

fn new_sets(sets: &[plain::NewSet]) -> Vec<NewSet> {
    let convert = |set: &plain::NewSet| NewSet {
        operatorSetId: set.operator_set_id.0,
        strategies: accounts(&set.strategies),
        slasher: account(set.slasher),
    };
    sets.iter().map(convert).collect()
}

fn uint96(what: &'static str, value: Dec<u128>) -> Result<U96, AbiError> {
    U96::try_from(value.0).map_err(|_| AbiError::Uint96 {
        what,
        value: value.0,
    })
}

fn weights(weights: &[plain::StrategyAndMultiplier]) -> Result<Vec<Weight>, AbiError> {
    let convert = |weight: &plain::StrategyAndMultiplier| {
        Ok(Weight {
            strategy: account(weight.strategy),
            multiplier: uint96("the multiplier", weight.multiplier)?,
        })
    };
    weights.iter().map(convert).collect()
}

const fn limits(limits: &plain::QuorumLimits) -> QuorumLimits {
    QuorumLimits {
        maxOperatorCount: limits.max_operator_count.0,
        kickBIPsOfOperatorStake: limits.kick_bips_of_operator_stake.0,
        kickBIPsOfTotalStake: limits.kick_bips_of_total_stake.0,
    }
}

fn submissions(submissions: &[plain::Submission]) -> Result<Vec<Submission>, AbiError> {
    let convert = |submission: &plain::Submission| {
        Ok(Submission {
            weights: weights(&submission.strategies_and_multipliers)?,
            token: account(submission.token),
            amount: U256::from(submission.amount.0),
            startTimestamp: submission.start_timestamp.0,
            duration: submission.duration.0,
        })
    };
    submissions.iter().map(convert).collect()
}

fn directed(submission: &plain::DirectedSubmission) -> Result<DirectedSubmission, AbiError> {
    let reward = |reward: &plain::DirectedReward| DirectedReward {
        operator: account(reward.operator),
        amount: U256::from(reward.amount.0),
    };
    Ok(DirectedSubmission {
        weights: weights(&submission.strategies_and_multipliers)?,
        token: account(submission.token),
        operatorRewards: submission.operator_rewards.iter().map(reward).collect(),
        startTimestamp: submission.start_timestamp.0,
        duration: submission.duration.0,
        description: submission.description.clone(),
    })
}

fn task_config(config: &plain::TaskConfig) -> Result<TaskConfig, AbiError> {
    Ok(TaskConfig {
        taskHook: account(config.task_hook),
        taskSLA: uint96("the task time", config.task_sla)?,
        feeToken: account(config.fee_token),
        curveType: config.curve_type.0,
        feeCollector: account(config.fee_collector),
        consensus: Consensus {
            consensusType: config.consensus.consensus_type.0,
            value: Bytes::from(config.consensus.value.0.clone()),
        },
        taskMetadata: Bytes::from(config.task_metadata.0.clone()),
    })
}
