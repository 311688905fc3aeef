//! A deployment as ordered calls.
//!
//! The order is the contracts': metadata before sets, sets before keys, keys before stake tables,
//! allowances before rewards. What depends on another chain having heard of it stands in a later phase.

use super::action::{Action, Call, function_name};
use super::address::{Address, selector};
use super::arguments::*;
use super::design::{
    Curve, Deployment, Mailbox, OperatorSet, Quorum, RewardsKind, RewardsSubmission, StakeType,
    WeightedStrategy,
};
use super::number::Dec;
use super::world::CREATE_SETS;
use crate::units::Bips;
use serde::{Deserialize, Serialize};

/// When a call can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// At once, in order.
    Setup,
    /// After the stake table has been transported (a week on mainnet): the mailbox asks the owner there.
    AfterTransport,
}

/// A call of the plan and the reason it is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// When.
    pub phase: Phase,
    /// The call.
    pub call: Call,
    /// What it does, in words.
    pub title: String,
    /// Paths of the deployment's parameters that it carries.
    pub parameters: Vec<String>,
}

/// The calls that make `deployment` real for the AVS at `avs`, in the order they must be sent.
#[must_use]
pub fn plan(deployment: &Deployment, avs: Address) -> Vec<Step> {
    steps(deployment, avs, None)
}

/// The same where the AVS has quorum contracts: sets with a quorum are created by its coordinator.
#[must_use]
pub fn plan_through(deployment: &Deployment, avs: Address, coordinator: Address) -> Vec<Step> {
    steps(deployment, avs, Some(coordinator))
}

fn steps(deployment: &Deployment, avs: Address, coordinator: Option<Address>) -> Vec<Step> {
    let mut builder = Builder {
        deployment,
        avs,
        coordinator,
        steps: Vec::new(),
    };
    builder.identity();
    builder.quorums();
    builder.sets();
    builder.appointees();
    builder.keys_and_tables();
    builder.rewards();
    builder.mailboxes();
    builder.steps
}

struct Builder<'a> {
    deployment: &'a Deployment,
    avs: Address,
    coordinator: Option<Address>,
    steps: Vec<Step>,
}

impl Builder<'_> {
    fn push(&mut self, phase: Phase, title: String, action: Action, parameters: Vec<String>) {
        let Some(to) = action.contract().address(&self.deployment.network) else {
            // Refused before by the check `network-without-contract`: no address, no call.
            return;
        };
        self.push_to(to, phase, title, action, parameters);
    }

    /// What only the owner of a stake table may send, once the table has arrived.
    fn push_later(&mut self, set: &OperatorSet, title: String, action: Action, place: &str) {
        let owner = set.stake_table.as_ref().map(|table| table.owner);
        let (from, contract) = (owner.unwrap_or(self.sender()), action.contract());
        let Some(to) = contract.address(&self.deployment.network) else {
            return;
        };
        let parameters = vec![place.to_owned()];
        self.push_from(from, to, Phase::AfterTransport, title, action, parameters);
    }

    fn push_to(
        &mut self,
        to: Address,
        phase: Phase,
        title: String,
        action: Action,
        parameters: Vec<String>,
    ) {
        self.push_from(self.sender(), to, phase, title, action, parameters);
    }

    fn push_from(
        &mut self,
        from: Address,
        to: Address,
        phase: Phase,
        title: String,
        action: Action,
        parameters: Vec<String>,
    ) {
        self.steps.push(Step {
            phase,
            call: Call { from, to, action },
            title,
            parameters,
        });
    }

    /// Who sends what is not another's to send.
    fn sender(&self) -> Address {
        self.deployment.admin.unwrap_or(self.avs)
    }

    fn key(&self, id: u32) -> SetKey {
        SetKey {
            avs: self.avs,
            id: Dec(id),
        }
    }

    fn identity(&mut self) {
        let metadata = UpdateMetadata {
            avs: self.avs,
            metadata_uri: self.deployment.metadata_uri.clone(),
        };
        self.push(
            Phase::Setup,
            "publish the metadata, which makes the AVS known".into(),
            Action::UpdateMetadata(metadata),
            vec!["metadata_uri".into()],
        );
        if let Some(registrar) = self.coordinator.or(self.deployment.registrar) {
            let action = Action::SetRegistrar(SetRegistrar {
                avs: self.avs,
                registrar,
            });
            let title = "name the contract that admits operators".into();
            self.push(Phase::Setup, title, action, vec!["registrar".into()]);
        }
    }

    /// The right of the coordinator to create sets, which only quorum contracts need.
    fn coordinators_right(&self) -> Option<SetAppointee> {
        Some(SetAppointee {
            account: self.avs,
            appointee: self.coordinator?,
            target: self.deployment.network.contracts.allocation_manager,
            selector: Bytes(selector(CREATE_SETS).to_vec()),
        })
    }

    /// Sets with a quorum, in the order of their numbers, created by the owner of the quorum contracts.
    fn quorums(&mut self) {
        let (Some(coordinator), Some(right)) = (self.coordinator, self.coordinators_right()) else {
            return;
        };
        self.push(
            Phase::Setup,
            "let the coordinator of the quorums create operator sets".into(),
            Action::SetAppointee(right),
            Vec::new(),
        );
        let owner = self.deployment.roles.owner.unwrap_or(self.sender());
        let mut sets: Vec<_> = self.deployment.operator_sets.iter().enumerate().collect();
        sets.sort_by_key(|(_, set)| set.id);
        for (index, set) in sets {
            let Some(quorum) = &set.quorum else { continue };
            let title = format!("create quorum {}: {}", set.id, set.purpose);
            let parameters = vec![format!("operator_sets/{index}/quorum")];
            let action = quorum_action(set, quorum);
            self.push_from(owner, coordinator, Phase::Setup, title, action, parameters);
        }
    }

    fn sets(&mut self) {
        let place = |index: usize| format!("operator_sets/{index}");
        let through_coordinator =
            |set: &OperatorSet| self.coordinator.is_some() && set.quorum.is_some();
        let sets: Vec<_> = self
            .deployment
            .operator_sets
            .iter()
            .enumerate()
            .filter(|(_, set)| !through_coordinator(set))
            .collect();
        let (sharing, burning): (Vec<_>, Vec<_>) = sets
            .into_iter()
            .partition(|(_, set)| set.redistribution_recipient.is_some());
        let params = |sets: &[(usize, &OperatorSet)]| {
            sets.iter().map(|(_, set)| new_set(set)).collect::<Vec<_>>()
        };
        let places =
            |sets: &[(usize, &OperatorSet)]| sets.iter().map(|(index, _)| place(*index)).collect();
        if !burning.is_empty() {
            let action = Action::CreateSets(CreateSets {
                avs: self.avs,
                params: params(&burning),
            });
            self.push(
                Phase::Setup,
                format!("create {}", named(&burning)),
                action,
                places(&burning),
            );
        }
        if !sharing.is_empty() {
            let recipients = sharing
                .iter()
                .filter_map(|(_, set)| set.redistribution_recipient)
                .collect();
            let action = Action::CreateRedistributingSets(CreateRedistributingSets {
                avs: self.avs,
                params: params(&sharing),
                redistribution_recipients: recipients,
            });
            let title = format!(
                "create {}, whose slashed stake is paid out",
                named(&sharing)
            );
            self.push(Phase::Setup, title, action, places(&sharing));
        }
    }

    fn appointees(&mut self) {
        let given = self.coordinators_right();
        for (index, appointee) in self.deployment.appointees.iter().enumerate() {
            let right = SetAppointee {
                account: self.avs,
                appointee: appointee.account,
                target: appointee.target,
                selector: Bytes(selector(&appointee.function).to_vec()),
            };
            if given.as_ref() == Some(&right) {
                continue;
            }
            let action = Action::SetAppointee(right);
            let title = format!(
                "let {} call {}",
                appointee.account,
                function_name(&appointee.function)
            );
            self.push(
                Phase::Setup,
                title,
                action,
                vec![format!("appointees/{index}")],
            );
        }
    }

    fn keys_and_tables(&mut self) {
        for (index, set) in self.deployment.operator_sets.iter().enumerate() {
            let Some(curve) = set.curve else { continue };
            let action = Action::ConfigureKeys(ConfigureKeys {
                operator_set: self.key(set.id),
                curve_type: Dec(curve_number(curve)),
            });
            let title = format!("operators of set {} sign with {curve:?} keys", set.id);
            self.push(
                Phase::Setup,
                title,
                action,
                vec![format!("operator_sets/{index}/curve")],
            );
        }
        for (index, set) in self.deployment.operator_sets.iter().enumerate() {
            let Some(table) = &set.stake_table else {
                continue;
            };
            let action = Action::ReserveGeneration(ReserveGeneration {
                operator_set: self.key(set.id),
                operator_table_calculator: table.calculator,
                config: TableConfig {
                    owner: table.owner,
                    max_staleness_period: Dec(table.max_staleness.0),
                },
            });
            let title = format!(
                "have the stake table of set {} carried to other chains",
                set.id
            );
            self.push(
                Phase::Setup,
                title,
                action,
                vec![format!("operator_sets/{index}/stake_table")],
            );
        }
    }

    fn rewards(&mut self) {
        for (index, submission) in self.deployment.rewards.iter().enumerate() {
            let place = format!("rewards/{index}");
            let approve = Action::Approve(Approve {
                spender: self.deployment.network.contracts.rewards_coordinator,
                value: Dec(submission.kind.total().unwrap_or(u128::MAX)),
            });
            let title =
                format!("let the rewards coordinator take the tokens of submission {index}");
            self.push_to(
                submission.token,
                Phase::Setup,
                title,
                approve,
                vec![place.clone()],
            );
            let (action, shared_by) = rewards_action(self.key(submission.operator_set), submission);
            let title = format!("pay set {} {shared_by}", submission.operator_set);
            self.push(Phase::Setup, title, action, vec![place]);
        }
    }

    fn mailboxes(&mut self) {
        for (index, set) in self.deployment.operator_sets.iter().enumerate() {
            let Some(mailbox) = &set.mailbox else {
                continue;
            };
            let place = format!("operator_sets/{index}/mailbox");
            let config = task_config(mailbox, set.curve);
            let action = Action::SetTaskConfig(SetTaskConfig {
                operator_set: self.key(set.id),
                config,
            });
            let title = format!("tell the mailbox how set {} executes tasks", set.id);
            self.push_later(set, title, action, &place);
            let register = Action::RegisterExecutorSet(RegisterExecutorSet {
                operator_set: self.key(set.id),
                is_registered: Flag(true),
            });
            let title = format!("open set {} for tasks", set.id);
            self.push_later(set, title, register, &place);
        }
    }
}

/// The number a curve has in the contracts.
#[must_use]
pub const fn curve_number(curve: Curve) -> u8 {
    match curve {
        Curve::Ecdsa => 1,
        Curve::Bn254 => 2,
    }
}

fn quorum_action(set: &OperatorSet, quorum: &Quorum) -> Action {
    let operator_set_params = QuorumLimits {
        max_operator_count: Dec(quorum.max_operators),
        kick_bips_of_operator_stake: Dec(quorum.kick_bips_of_operator_stake.0),
        kick_bips_of_total_stake: Dec(quorum.kick_bips_of_total_stake.0),
    };
    let (minimum_stake, strategy_params) = (quorum.minimum_stake, weights(&set.strategies));
    match quorum.stake_type {
        StakeType::TotalDelegated => Action::CreateDelegatedQuorum(CreateDelegatedQuorum {
            operator_set_params,
            minimum_stake,
            strategy_params,
        }),
        StakeType::TotalSlashable => Action::CreateSlashableQuorum(CreateSlashableQuorum {
            operator_set_params,
            minimum_stake,
            strategy_params,
            look_ahead_period: Dec(quorum.look_ahead.0),
            slasher: set.slasher,
        }),
    }
}

fn new_set(set: &OperatorSet) -> NewSet {
    NewSet {
        operator_set_id: Dec(set.id),
        strategies: set
            .strategies
            .iter()
            .map(|weighted| weighted.strategy)
            .collect(),
        slasher: set.slasher,
    }
}

fn named(sets: &[(usize, &OperatorSet)]) -> String {
    let ids: Vec<_> = sets.iter().map(|(_, set)| set.id.to_string()).collect();
    if ids.len() == 1 {
        format!("operator set {}", ids[0])
    } else {
        format!("operator sets {}", ids.join(", "))
    }
}

fn weights(strategies: &[WeightedStrategy]) -> Vec<StrategyAndMultiplier> {
    let mut sorted: Vec<_> = strategies
        .iter()
        .map(|weighted| StrategyAndMultiplier {
            strategy: weighted.strategy,
            multiplier: Dec(weighted.multiplier.0),
        })
        .collect();
    sorted.sort_by_key(|weighted| weighted.strategy);
    sorted
}

fn rewards_action(operator_set: SetKey, submission: &RewardsSubmission) -> (Action, &'static str) {
    // A time beyond the contract's 32 bits is kept at its end, where the check `rewards-start-ahead` refuses it.
    let start = Dec(u32::try_from(submission.start.0).unwrap_or(u32::MAX));
    let duration = Dec(submission.duration.0);
    let strategies_and_multipliers = weights(&submission.strategies);
    let by_stake = |amount| StakeRewards {
        operator_set,
        rewards_submissions: vec![Submission {
            strategies_and_multipliers: strategies_and_multipliers.clone(),
            token: submission.token,
            amount,
            start_timestamp: start,
            duration,
        }],
    };
    match &submission.kind {
        RewardsKind::UniqueStake { amount } => (
            Action::UniqueStakeRewards(by_stake(*amount)),
            "by allocated stake",
        ),
        RewardsKind::TotalStake { amount } => (
            Action::TotalStakeRewards(by_stake(*amount)),
            "by delegated stake",
        ),
        RewardsKind::OperatorDirected {
            rewards,
            description,
        } => {
            let mut sorted: Vec<_> = rewards
                .iter()
                .map(|reward| DirectedReward {
                    operator: reward.operator,
                    amount: reward.amount,
                })
                .collect();
            sorted.sort_by_key(|reward| reward.operator);
            let directed = DirectedSubmission {
                strategies_and_multipliers,
                token: submission.token,
                operator_rewards: sorted,
                start_timestamp: start,
                duration,
                description: description.clone(),
            };
            let action = Action::OperatorDirectedRewards(DirectedRewards {
                operator_set,
                operator_directed_rewards_submissions: vec![directed],
            });
            (action, "operator by operator")
        }
    }
}

fn task_config(mailbox: &Mailbox, curve: Option<Curve>) -> TaskConfig {
    TaskConfig {
        task_hook: mailbox.task_hook,
        task_sla: Dec(u128::from(mailbox.task_sla.0)),
        fee_token: mailbox.fee_token,
        curve_type: Dec(curve.map_or(0, curve_number)),
        fee_collector: mailbox.fee_collector,
        consensus: consensus(mailbox.threshold),
        task_metadata: Bytes::default(),
    }
}

/// The consensus of a task: a share of the stake, or none.
#[must_use]
pub fn consensus(threshold: Option<Bips>) -> Consensus {
    let Some(Bips(bips)) = threshold else {
        return Consensus {
            consensus_type: Dec(0),
            value: Bytes::default(),
        };
    };
    let mut word = vec![0; 30];
    word.extend(bips.to_be_bytes());
    Consensus {
        consensus_type: Dec(1),
        value: Bytes(word),
    }
}
