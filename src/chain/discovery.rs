//! Who and what there is, as the events tell it: no getter lists AVSs, operators or sets.

use super::abi::{self, OperatorSet};
use super::error::ChainError;
use super::journal::StoredLog;
use crate::snapshot::{RewardsKind, SplitScope};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolEvent;
use std::collections::{BTreeMap, BTreeSet};

/// Longest text taken from an event; the rest is cut.
const LONGEST_TEXT: usize = 2_048;

/// What the events have shown up to a block.
#[derive(Debug, Clone, Default)]
pub struct Discovery {
    /// Operators, with their newest metadata URI.
    pub operators: BTreeMap<Address, Option<String>>,
    /// AVSs, with their newest metadata URI.
    pub avss: BTreeMap<Address, Option<String>>,
    /// Operator sets.
    pub sets: BTreeSet<OperatorSet>,
    /// Who was ever in which set; with the block of leaving for those who left.
    pub memberships: BTreeMap<(OperatorSet, Address), Option<u64>>,
    /// Registrations from before operator sets that still hold, by AVS.
    pub registrations: BTreeMap<Address, BTreeSet<Address>>,
    /// Strategies.
    pub strategies: BTreeSet<Address>,
    /// Duration vaults among them.
    pub vaults: BTreeSet<Address>,
    /// Who ever allocated what to which set: (set, strategy, operator).
    pub allocated: BTreeSet<(OperatorSet, Address, Address)>,
    /// Whose maximum magnitude ever changed: (operator, strategy).
    pub slashed: BTreeSet<(Address, Address)>,
    /// Withdrawals: (operator, strategy) and the newest block of queueing.
    pub queued: BTreeMap<(Address, Address), u32>,
    /// Splits that were ever set.
    pub splits: BTreeSet<(Address, SplitKey)>,
    /// Slashings.
    pub slashings: Vec<SeenSlashing>,
    /// Rewards submissions.
    pub rewards: Vec<SeenRewards>,
}

/// What a split is about, before there are indices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SplitKey {
    /// One operator set.
    Set(Address, u32),
    /// One AVS.
    Avs(Address),
    /// Programmatic incentives.
    Programmatic,
}

impl SplitKey {
    /// The scope with indices, `None` where its AVS or set is unknown.
    pub fn scope(
        self,
        avs: impl Fn(Address) -> Option<u32>,
        set: impl Fn(&OperatorSet) -> Option<u32>,
    ) -> Option<SplitScope> {
        match self {
            Self::Set(avs, id) => set(&OperatorSet { avs, id }).map(SplitScope::OperatorSet),
            Self::Avs(address) => avs(address).map(SplitScope::Avs),
            Self::Programmatic => Some(SplitScope::ProgrammaticIncentives),
        }
    }
}

/// A slash as its event tells it.
#[derive(Debug, Clone)]
pub struct SeenSlashing {
    /// Its block.
    pub block: u64,
    /// Its place in the block.
    pub log_index: u64,
    /// The operator.
    pub operator: Address,
    /// The set.
    pub set: OperatorSet,
    /// Strategies, and the share of the operator's whole stake taken of each.
    pub taken: Vec<(Address, U256)>,
    /// The reason given.
    pub description: String,
}

/// A rewards submission as its event tells it.
#[derive(Debug, Clone)]
pub struct SeenRewards {
    /// Its block.
    pub block: u64,
    /// Its place in the block.
    pub log_index: u64,
    /// What kind it is.
    pub kind: RewardsKind,
    /// Who submitted it.
    pub submitter: Address,
    /// The AVS, where named.
    pub avs: Option<Address>,
    /// The set, where named.
    pub set: Option<OperatorSet>,
    /// Token paid.
    pub token: Address,
    /// Amount.
    pub amount: U256,
    /// First second it pays for.
    pub start: u32,
    /// Seconds it pays for.
    pub duration: u32,
}

/// Contracts whose events are read.
#[derive(Debug, Clone, Copy)]
pub struct Emitters {
    /// `AllocationManager`.
    pub allocation_manager: Address,
    /// `DelegationManager`.
    pub delegation_manager: Address,
    /// `StrategyManager`.
    pub strategy_manager: Address,
    /// `StrategyFactory`, where there is one.
    pub strategy_factory: Option<Address>,
    /// `RewardsCoordinator`, where there is one.
    pub rewards_coordinator: Option<Address>,
    /// `AVSDirectory`, where there is one.
    pub avs_directory: Option<Address>,
}

impl Emitters {
    /// Their addresses.
    pub fn addresses(&self) -> Vec<Address> {
        let optional = [
            self.strategy_factory,
            self.rewards_coordinator,
            self.avs_directory,
        ];
        [
            self.allocation_manager,
            self.delegation_manager,
            self.strategy_manager,
        ]
        .into_iter()
        .chain(optional.into_iter().flatten())
        .collect()
    }
}

/// First topics of the events that a pull reads.
pub fn topics() -> Vec<B256> {
    vec![
        abi::AllocationUpdated::SIGNATURE_HASH,
        abi::MaxMagnitudeUpdated::SIGNATURE_HASH,
        abi::OperatorSlashed::SIGNATURE_HASH,
        abi::AVSMetadataURIUpdated::SIGNATURE_HASH,
        abi::OperatorSetCreated::SIGNATURE_HASH,
        abi::OperatorAddedToOperatorSet::SIGNATURE_HASH,
        abi::OperatorRemovedFromOperatorSet::SIGNATURE_HASH,
        abi::StrategyAddedToOperatorSet::SIGNATURE_HASH,
        abi::OperatorRegistered::SIGNATURE_HASH,
        abi::OperatorMetadataURIUpdated::SIGNATURE_HASH,
        abi::SlashingWithdrawalQueued::SIGNATURE_HASH,
        abi::StrategyAddedToDepositWhitelist::SIGNATURE_HASH,
        abi::StrategySetForToken::SIGNATURE_HASH,
        abi::DurationVaultDeployed::SIGNATURE_HASH,
        abi::AVSRewardsSubmissionCreated::SIGNATURE_HASH,
        abi::RewardsSubmissionForAllEarnersCreated::SIGNATURE_HASH,
        abi::OperatorDirectedAVSRewardsSubmissionCreated::SIGNATURE_HASH,
        abi::OperatorDirectedOperatorSetRewardsSubmissionCreated::SIGNATURE_HASH,
        abi::UniqueStakeRewardsSubmissionCreated::SIGNATURE_HASH,
        abi::TotalStakeRewardsSubmissionCreated::SIGNATURE_HASH,
        abi::OperatorSetSplitBipsSet::SIGNATURE_HASH,
        abi::OperatorAVSSplitBipsSet::SIGNATURE_HASH,
        abi::OperatorPISplitBipsSet::SIGNATURE_HASH,
        abi::OperatorAVSRegistrationStatusUpdated::SIGNATURE_HASH,
    ]
}

fn decode<E: SolEvent>(log: &StoredLog) -> Result<E, ChainError> {
    E::decode_raw_log_validate(log.topics.iter().copied(), &log.data).map_err(|error| {
        ChainError::Event {
            event: E::SIGNATURE.to_owned(),
            block: log.block,
            log_index: log.index,
            problem: error.to_string(),
        }
    })
}

fn text(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST_TEXT) {
        text.truncate(end);
    }
    text
}

fn filled(uri: String) -> Option<String> {
    Some(text(uri)).filter(|uri| !uri.is_empty())
}

impl Discovery {
    /// Takes in one log. Logs come in the order of the chain, each from one of `emitters`.
    pub fn see(&mut self, log: &StoredLog, emitters: &Emitters) -> Result<(), ChainError> {
        let from = Some(log.address);
        if log.topics.is_empty() {
            Ok(())
        } else if log.address == emitters.allocation_manager {
            self.see_allocation_manager(log)
        } else if log.address == emitters.delegation_manager {
            self.see_delegation_manager(log)
        } else if log.address == emitters.strategy_manager || from == emitters.strategy_factory {
            self.see_strategies(log)
        } else if from == emitters.rewards_coordinator {
            self.see_rewards(log)
        } else if from == emitters.avs_directory {
            self.see_directory(log)
        } else {
            Ok(())
        }
    }

    fn see_allocation_manager(&mut self, log: &StoredLog) -> Result<(), ChainError> {
        match log.topics[0] {
            abi::AllocationUpdated::SIGNATURE_HASH => {
                let event: abi::AllocationUpdated = decode(log)?;
                self.strategies.insert(event.strategy);
                self.allocated
                    .insert((event.operatorSet, event.strategy, event.operator));
            }
            abi::MaxMagnitudeUpdated::SIGNATURE_HASH => {
                let event: abi::MaxMagnitudeUpdated = decode(log)?;
                self.slashed.insert((event.operator, event.strategy));
            }
            abi::OperatorSlashed::SIGNATURE_HASH => {
                let event: abi::OperatorSlashed = decode(log)?;
                self.slashings.push(SeenSlashing {
                    block: log.block,
                    log_index: log.index,
                    operator: event.operator,
                    set: event.operatorSet,
                    taken: event.strategies.into_iter().zip(event.wadSlashed).collect(),
                    description: text(event.description),
                });
            }
            abi::AVSMetadataURIUpdated::SIGNATURE_HASH => {
                let event: abi::AVSMetadataURIUpdated = decode(log)?;
                self.avss.insert(event.avs, filled(event.metadataURI));
            }
            abi::OperatorSetCreated::SIGNATURE_HASH => {
                let event: abi::OperatorSetCreated = decode(log)?;
                self.avss.entry(event.operatorSet.avs).or_default();
                self.sets.insert(event.operatorSet);
            }
            abi::OperatorAddedToOperatorSet::SIGNATURE_HASH => {
                let event: abi::OperatorAddedToOperatorSet = decode(log)?;
                self.memberships
                    .insert((event.operatorSet, event.operator), None);
            }
            abi::OperatorRemovedFromOperatorSet::SIGNATURE_HASH => {
                let event: abi::OperatorRemovedFromOperatorSet = decode(log)?;
                self.memberships
                    .insert((event.operatorSet, event.operator), Some(log.block));
            }
            abi::StrategyAddedToOperatorSet::SIGNATURE_HASH => {
                let event: abi::StrategyAddedToOperatorSet = decode(log)?;
                self.strategies.insert(event.strategy);
            }
            _ => {}
        }
        Ok(())
    }

    fn see_delegation_manager(&mut self, log: &StoredLog) -> Result<(), ChainError> {
        match log.topics[0] {
            abi::OperatorRegistered::SIGNATURE_HASH => {
                let event: abi::OperatorRegistered = decode(log)?;
                self.operators.entry(event.operator).or_default();
            }
            abi::OperatorMetadataURIUpdated::SIGNATURE_HASH => {
                let event: abi::OperatorMetadataURIUpdated = decode(log)?;
                self.operators
                    .insert(event.operator, filled(event.metadataURI));
            }
            abi::SlashingWithdrawalQueued::SIGNATURE_HASH => {
                let event: abi::SlashingWithdrawalQueued = decode(log)?;
                let withdrawal = event.withdrawal;
                for strategy in withdrawal.strategies {
                    let newest = self
                        .queued
                        .entry((withdrawal.delegatedTo, strategy))
                        .or_default();
                    *newest = (*newest).max(withdrawal.startBlock);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn see_strategies(&mut self, log: &StoredLog) -> Result<(), ChainError> {
        match log.topics[0] {
            abi::StrategyAddedToDepositWhitelist::SIGNATURE_HASH => {
                let event: abi::StrategyAddedToDepositWhitelist = decode(log)?;
                self.strategies.insert(event.strategy);
            }
            abi::StrategySetForToken::SIGNATURE_HASH => {
                let event: abi::StrategySetForToken = decode(log)?;
                self.strategies.insert(event.strategy);
            }
            abi::DurationVaultDeployed::SIGNATURE_HASH => {
                let event: abi::DurationVaultDeployed = decode(log)?;
                self.strategies.insert(event.vault);
                self.vaults.insert(event.vault);
            }
            _ => {}
        }
        Ok(())
    }

    fn see_directory(&mut self, log: &StoredLog) -> Result<(), ChainError> {
        match log.topics[0] {
            abi::OperatorAVSRegistrationStatusUpdated::SIGNATURE_HASH => {
                let event: abi::OperatorAVSRegistrationStatusUpdated = decode(log)?;
                self.avss.entry(event.avs).or_default();
                let registered = self.registrations.entry(event.avs).or_default();
                if event.status == 1 {
                    registered.insert(event.operator);
                } else {
                    registered.remove(&event.operator);
                }
            }
            abi::AVSMetadataURIUpdated::SIGNATURE_HASH => {
                let event: abi::AVSMetadataURIUpdated = decode(log)?;
                // The newer contract's word counts; this one only fills what it leaves open.
                let known = self.avss.entry(event.avs).or_default();
                if known.is_none() {
                    *known = filled(event.metadataURI);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn see_rewards(&mut self, log: &StoredLog) -> Result<(), ChainError> {
        match log.topics[0] {
            abi::OperatorSetSplitBipsSet::SIGNATURE_HASH => {
                let event: abi::OperatorSetSplitBipsSet = decode(log)?;
                let set = event.operatorSet;
                self.splits
                    .insert((event.operator, SplitKey::Set(set.avs, set.id)));
            }
            abi::OperatorAVSSplitBipsSet::SIGNATURE_HASH => {
                let event: abi::OperatorAVSSplitBipsSet = decode(log)?;
                self.splits
                    .insert((event.operator, SplitKey::Avs(event.avs)));
            }
            abi::OperatorPISplitBipsSet::SIGNATURE_HASH => {
                let event: abi::OperatorPISplitBipsSet = decode(log)?;
                self.splits.insert((event.operator, SplitKey::Programmatic));
            }
            _ => self.rewards.extend(rewards(log)?),
        }
        Ok(())
    }
}

fn rewards(log: &StoredLog) -> Result<Option<SeenRewards>, ChainError> {
    let by_stake = |kind, submitter, avs, set, submission: abi::RewardsSubmission| SeenRewards {
        block: log.block,
        log_index: log.index,
        kind,
        submitter,
        avs,
        set,
        token: submission.token,
        amount: submission.amount,
        start: submission.startTimestamp,
        duration: submission.duration,
    };
    let directed =
        |kind, submitter, avs, set, submission: abi::OperatorDirectedRewardsSubmission| {
            let amounts = submission.operatorRewards.iter();
            let amount = amounts.fold(U256::ZERO, |sum, reward| sum.saturating_add(reward.amount));
            SeenRewards {
                block: log.block,
                log_index: log.index,
                kind,
                submitter,
                avs,
                set,
                token: submission.token,
                amount,
                start: submission.startTimestamp,
                duration: submission.duration,
            }
        };
    let seen = match log.topics[0] {
        abi::AVSRewardsSubmissionCreated::SIGNATURE_HASH => {
            let event: abi::AVSRewardsSubmissionCreated = decode(log)?;
            by_stake(
                RewardsKind::Avs,
                event.avs,
                Some(event.avs),
                None,
                event.rewardsSubmission,
            )
        }
        abi::RewardsSubmissionForAllEarnersCreated::SIGNATURE_HASH => {
            let event: abi::RewardsSubmissionForAllEarnersCreated = decode(log)?;
            by_stake(
                RewardsKind::ForAllEarners,
                event.tokenHopper,
                None,
                None,
                event.rewardsSubmission,
            )
        }
        abi::OperatorDirectedAVSRewardsSubmissionCreated::SIGNATURE_HASH => {
            let event: abi::OperatorDirectedAVSRewardsSubmissionCreated = decode(log)?;
            let submission = event.operatorDirectedRewardsSubmission;
            directed(
                RewardsKind::OperatorDirectedAvs,
                event.caller,
                Some(event.avs),
                None,
                submission,
            )
        }
        abi::OperatorDirectedOperatorSetRewardsSubmissionCreated::SIGNATURE_HASH => {
            let event: abi::OperatorDirectedOperatorSetRewardsSubmissionCreated = decode(log)?;
            let (set, submission) = (event.operatorSet, event.operatorDirectedRewardsSubmission);
            directed(
                RewardsKind::OperatorDirectedSet,
                event.caller,
                Some(set.avs),
                Some(set),
                submission,
            )
        }
        abi::UniqueStakeRewardsSubmissionCreated::SIGNATURE_HASH => {
            let event: abi::UniqueStakeRewardsSubmissionCreated = decode(log)?;
            let set = event.operatorSet;
            by_stake(
                RewardsKind::UniqueStake,
                event.caller,
                Some(set.avs),
                Some(set),
                event.rewardsSubmission,
            )
        }
        abi::TotalStakeRewardsSubmissionCreated::SIGNATURE_HASH => {
            let event: abi::TotalStakeRewardsSubmissionCreated = decode(log)?;
            let set = event.operatorSet;
            by_stake(
                RewardsKind::TotalStake,
                event.caller,
                Some(set.avs),
                Some(set),
                event.rewardsSubmission,
            )
        }
        _ => return Ok(None),
    };
    Ok(Some(seen))
}
