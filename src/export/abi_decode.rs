//! Calls read back from calldata: files of others carry bytes only.

use super::abi::{
    AbiError, Core, DirectedSubmission, NewSet, OperatorSet, QuorumLimits, Submission, Weight,
};
use super::action::Action;
use super::address::{Address, hex};
use super::arguments as plain;
use super::number::Dec;
use alloy_primitives::{Address as Account, U256};
use alloy_sol_types::SolInterface;

/// The call that calldata makes.
///
/// # Errors
/// When the selector belongs to no call known here, the data is cut short, or an integer is beyond 128 bits.
pub fn decode(calldata: &[u8]) -> Result<Action, AbiError> {
    use Core::CoreCalls as Calls;
    let calls = Calls::abi_decode_validate(calldata).map_err(|error| AbiError::Unknown {
        start: hex(calldata.get(..4).unwrap_or(calldata)),
        reason: error.to_string(),
    })?;
    Ok(match calls {
        Calls::updateAVSMetadataURI(c) => Action::UpdateMetadata(plain::UpdateMetadata {
            avs: account(c.avs),
            metadata_uri: c.metadataURI,
        }),
        Calls::setAVSRegistrar(c) => Action::SetRegistrar(plain::SetRegistrar {
            avs: account(c.avs),
            registrar: account(c.registrar),
        }),
        Calls::createOperatorSets(c) => Action::CreateSets(plain::CreateSets {
            avs: account(c.avs),
            params: new_sets(c.params),
        }),
        Calls::createRedistributingOperatorSets(c) => {
            Action::CreateRedistributingSets(plain::CreateRedistributingSets {
                avs: account(c.avs),
                params: new_sets(c.params),
                redistribution_recipients: accounts(c.redistributionRecipients),
            })
        }
        Calls::addStrategiesToOperatorSet(c) => {
            Action::AddStrategies(set_strategies(c.avs, c.operatorSetId, c.strategies))
        }
        Calls::removeStrategiesFromOperatorSet(c) => {
            Action::RemoveStrategies(set_strategies(c.avs, c.operatorSetId, c.strategies))
        }
        Calls::updateSlasher(c) => Action::UpdateSlasher(plain::UpdateSlasher {
            operator_set: key(&c.operatorSet),
            slasher: account(c.slasher),
        }),
        Calls::slashOperator(c) => Action::SlashOperator(plain::SlashOperator {
            avs: account(c.avs),
            params: plain::Slashing {
                operator: account(c.params.operator),
                operator_set_id: Dec(c.params.operatorSetId),
                strategies: accounts(c.params.strategies),
                wads_to_slash: c
                    .params
                    .wadsToSlash
                    .into_iter()
                    .map(|wad| wide("wadsToSlash", wad))
                    .collect::<Result<_, _>>()?,
                description: c.params.description,
            },
        }),
        Calls::setAppointee(c) => Action::SetAppointee(plain::SetAppointee {
            account: account(c.account),
            appointee: account(c.appointee),
            target: account(c.target),
            selector: plain::Bytes(c.selector.to_vec()),
        }),
        Calls::addPendingAdmin(c) => Action::AddPendingAdmin(admin(c.account, c.admin)),
        Calls::removeAdmin(c) => Action::RemoveAdmin(admin(c.account, c.admin)),
        Calls::acceptAdmin(c) => Action::AcceptAdmin(plain::AcceptAdmin {
            account: account(c.account),
        }),
        Calls::configureOperatorSet(c) => Action::ConfigureKeys(plain::ConfigureKeys {
            operator_set: key(&c.operatorSet),
            curve_type: Dec(c.curveType),
        }),
        Calls::createGenerationReservation(c) => {
            Action::ReserveGeneration(plain::ReserveGeneration {
                operator_set: key(&c.operatorSet),
                operator_table_calculator: account(c.operatorTableCalculator),
                config: plain::TableConfig {
                    owner: account(c.config.owner),
                    max_staleness_period: Dec(c.config.maxStalenessPeriod),
                },
            })
        }
        Calls::setExecutorOperatorSetTaskConfig(c) => Action::SetTaskConfig(plain::SetTaskConfig {
            operator_set: key(&c.operatorSet),
            config: plain::TaskConfig {
                task_hook: account(c.config.taskHook),
                task_sla: Dec(c.config.taskSLA.to::<u128>()),
                fee_token: account(c.config.feeToken),
                curve_type: Dec(c.config.curveType),
                fee_collector: account(c.config.feeCollector),
                consensus: plain::Consensus {
                    consensus_type: Dec(c.config.consensus.consensusType),
                    value: plain::Bytes(c.config.consensus.value.to_vec()),
                },
                task_metadata: plain::Bytes(c.config.taskMetadata.to_vec()),
            },
        }),
        Calls::registerExecutorOperatorSet(c) => {
            Action::RegisterExecutorSet(plain::RegisterExecutorSet {
                operator_set: key(&c.operatorSet),
                is_registered: plain::Flag(c.isRegistered),
            })
        }
        Calls::approve(c) => {
            // "All of it" is commonly the largest integer of 256 bits; no token has as much as 128 bits of it.
            let value = u128::try_from(c.value).unwrap_or(u128::MAX);
            Action::Approve(plain::Approve {
                spender: account(c.spender),
                value: Dec(value),
            })
        }
        Calls::createUniqueStakeRewardsSubmission(c) => {
            Action::UniqueStakeRewards(plain::StakeRewards {
                operator_set: key(&c.operatorSet),
                rewards_submissions: c
                    .rewardsSubmissions
                    .into_iter()
                    .map(submission)
                    .collect::<Result<_, _>>()?,
            })
        }
        Calls::createTotalStakeRewardsSubmission(c) => {
            Action::TotalStakeRewards(plain::StakeRewards {
                operator_set: key(&c.operatorSet),
                rewards_submissions: c
                    .rewardsSubmissions
                    .into_iter()
                    .map(submission)
                    .collect::<Result<_, _>>()?,
            })
        }
        Calls::createOperatorDirectedOperatorSetRewardsSubmission(c) => {
            Action::OperatorDirectedRewards(plain::DirectedRewards {
                operator_set: key(&c.operatorSet),
                operator_directed_rewards_submissions: c
                    .submissions
                    .into_iter()
                    .map(directed)
                    .collect::<Result<_, _>>()?,
            })
        }
        Calls::setOperatorSetSplit(c) => Action::SetOperatorSplit(plain::SetOperatorSplit {
            operator: account(c.operator),
            operator_set: key(&c.operatorSet),
            split: Dec(c.split),
        }),
        Calls::setOptInForProtocolFee(c) => Action::OptInForFee(plain::OptInForFee {
            submitter: account(c.submitter),
            opt_in_for_protocol_fee: plain::Flag(c.optInForProtocolFee),
        }),
        Calls::registerForOperatorSets(c) => Action::RegisterForSets(plain::RegisterForSets {
            operator: account(c.operator),
            params: plain::Registration {
                avs: account(c.params.avs),
                operator_set_ids: c.params.operatorSetIds.into_iter().map(Dec).collect(),
                data: plain::Bytes(c.params.data.to_vec()),
            },
        }),
        Calls::createTask(c) => Action::CreateTask(plain::CreateTask {
            task_params: plain::Task {
                refund_collector: account(c.taskParams.refundCollector),
                executor_operator_set: key(&c.taskParams.executorOperatorSet),
                payload: plain::Bytes(c.taskParams.payload.to_vec()),
            },
        }),
        Calls::createTotalDelegatedStakeQuorum(c) => {
            Action::CreateDelegatedQuorum(plain::CreateDelegatedQuorum {
                operator_set_params: limits(&c.operatorSetParams),
                minimum_stake: Dec(c.minimumStake.to::<u128>()),
                strategy_params: weights(c.strategyParams),
            })
        }
        Calls::createSlashableStakeQuorum(c) => {
            Action::CreateSlashableQuorum(plain::CreateSlashableQuorum {
                operator_set_params: limits(&c.operatorSetParams),
                minimum_stake: Dec(c.minimumStake.to::<u128>()),
                strategy_params: weights(c.strategyParams),
                look_ahead_period: Dec(c.lookAheadPeriod),
                slasher: account(c.slasher),
            })
        }
        Calls::removeStrategies(c) => {
            Action::RemoveQuorumStrategies(plain::RemoveQuorumStrategies {
                quorum_number: Dec(c.quorumNumber),
                indices_to_remove: indices(c.indicesToRemove)?,
            })
        }
        Calls::modifyStrategyParams(c) => {
            Action::ModifyQuorumStrategies(plain::ModifyQuorumStrategies {
                quorum_number: Dec(c.quorumNumber),
                strategy_indices: indices(c.strategyIndices)?,
                new_multipliers: c
                    .newMultipliers
                    .into_iter()
                    .map(|multiplier| Dec(multiplier.to::<u128>()))
                    .collect(),
            })
        }
        Calls::setSlashableStakeLookahead(c) => Action::SetLookAhead(plain::SetLookAhead {
            quorum_number: Dec(c.quorumNumber),
            look_ahead_blocks: Dec(c.lookAheadBlocks),
        }),
        Calls::addStrategies(c) => Action::AddQuorumStrategies(plain::AddQuorumStrategies {
            quorum_number: Dec(c.quorumNumber),
            strategy_params: weights(c.strategyParams),
        }),
    })
}

fn account(account: Account) -> Address {
    Address(account.into_array())
}

fn accounts(accounts: Vec<Account>) -> Vec<Address> {
    accounts.into_iter().map(account).collect()
}

fn key(set: &OperatorSet) -> plain::SetKey {
    plain::SetKey {
        avs: account(set.avs),
        id: Dec(set.id),
    }
}

fn wide(what: &'static str, value: U256) -> Result<Dec<u128>, AbiError> {
    u128::try_from(value)
        .map(Dec)
        .map_err(|_| AbiError::TooLarge { what })
}

fn indices(values: Vec<U256>) -> Result<Vec<Dec<u128>>, AbiError> {
    values
        .into_iter()
        .map(|value| wide("the index", value))
        .collect()
}

fn new_sets(sets: Vec<NewSet>) -> Vec<plain::NewSet> {
    let convert = |set: NewSet| plain::NewSet {
        operator_set_id: Dec(set.operatorSetId),
        strategies: accounts(set.strategies),
        slasher: account(set.slasher),
    };
    sets.into_iter().map(convert).collect()
}

fn set_strategies(avs: Account, id: u32, strategies: Vec<Account>) -> plain::SetStrategies {
    plain::SetStrategies {
        avs: account(avs),
        operator_set_id: Dec(id),
        strategies: accounts(strategies),
    }
}

fn admin(of: Account, admin: Account) -> plain::AdminChange {
    plain::AdminChange {
        account: account(of),
        admin: account(admin),
    }
}

fn weights(weights: Vec<Weight>) -> Vec<plain::StrategyAndMultiplier> {
    let convert = |weight: Weight| plain::StrategyAndMultiplier {
        strategy: account(weight.strategy),
        multiplier: Dec(weight.multiplier.to::<u128>()),
    };
    weights.into_iter().map(convert).collect()
}

const fn limits(limits: &QuorumLimits) -> plain::QuorumLimits {
    plain::QuorumLimits {
        max_operator_count: Dec(limits.maxOperatorCount),
        kick_bips_of_operator_stake: Dec(limits.kickBIPsOfOperatorStake),
        kick_bips_of_total_stake: Dec(limits.kickBIPsOfTotalStake),
    }
}

fn submission(submission: Submission) -> Result<plain::Submission, AbiError> {
    Ok(plain::Submission {
        strategies_and_multipliers: weights(submission.weights),
        token: account(submission.token),
        amount: wide("the amount", submission.amount)?,
        start_timestamp: Dec(submission.startTimestamp),
        duration: Dec(submission.duration),
    })
}

fn directed(submission: DirectedSubmission) -> Result<plain::DirectedSubmission, AbiError> {
    let reward = |reward: super::abi::DirectedReward| -> Result<plain::DirectedReward, AbiError> {
        Ok(plain::DirectedReward {
            operator: account(reward.operator),
            amount: wide("the amount", reward.amount)?,
        })
    };
    Ok(plain::DirectedSubmission {
        strategies_and_multipliers: weights(submission.weights),
        token: account(submission.token),
        operator_rewards: submission
            .operatorRewards
            .into_iter()
            .map(reward)
            .collect::<Result<_, _>>()?,
        start_timestamp: Dec(submission.startTimestamp),
        duration: Dec(submission.duration),
        description: submission.description,
    })
}
