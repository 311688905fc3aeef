//! What a sequence of calls would do to the contracts, without a chain.
//!
//! A [`World`] holds the part of the contracts' state that decides whether a call reverts. Playing a call
//! checks it in the contracts' own order and, when it passes, applies it, so that the next call sees it.
//! Where a fact is not known (a file says nothing about the chain it goes to), the absence is a doubt
//! and not a revert.

mod keys;
mod operators;
mod permissions;
mod quorums;
mod rewards;
mod sets;
mod stake;

pub use keys::{TaskState, threshold_of};
pub use quorums::{ADD_STRATEGIES, CREATE_SETS, CoordinatorState, QuorumState, Replaced};

use super::action::{Action, Call};
use super::address::Address;
use super::arguments::SetKey;
use super::network::Network;
use quorums::NewQuorum;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How much of the chain a world knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knowledge {
    /// What is absent here is absent on the chain.
    Complete,
    /// What is absent here may be on the chain.
    Partial,
}

/// The contracts' state, as far as it decides outcomes.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    /// Addresses and limits.
    pub network: Network,
    /// How much is known.
    pub knowledge: Knowledge,
    /// Number of the block the calls are in.
    pub block: u64,
    /// Time of that block, in seconds since 1970.
    pub time: u64,
    /// AVSs whose metadata is published.
    pub metadata: BTreeSet<Address>,
    /// Registrars that were named.
    pub registrars: BTreeMap<Address, Address>,
    /// Registrar contracts and the AVS each supports.
    pub registrar_contracts: BTreeMap<Address, Address>,
    /// Accounts without code.
    pub accounts: BTreeSet<Address>,
    /// Operator sets.
    pub sets: BTreeMap<SetKey, SetState>,
    /// Admins that accepted.
    pub admins: BTreeMap<Address, BTreeSet<Address>>,
    /// Admins that were asked.
    pub pending_admins: BTreeSet<(Address, Address)>,
    /// Appointees: account, appointee, target, selector.
    pub appointees: BTreeSet<(Address, Address, Address, [u8; 4])>,
    /// Kinds of key.
    pub curves: BTreeMap<SetKey, u8>,
    /// Reserved stake tables.
    pub tables: BTreeSet<SetKey>,
    /// Strategies that take deposits; `None`: not known.
    pub whitelisted: Option<BTreeSet<Address>>,
    /// What a token's owner lets a spender take; `None`: not known.
    pub allowances: Option<BTreeMap<(Address, Address, Address), u128>>,
    /// Tokens that an account holds, by token and account, where it is known.
    pub balances: BTreeMap<(Address, Address), u128>,
    /// Time at which a changed split counts.
    pub splits: BTreeMap<(Address, SetKey), u64>,
    /// True while submissions for everybody are paused.
    pub rewards_for_all_paused: bool,
    /// Operators.
    pub operators: BTreeMap<Address, OperatorState>,
    /// Registrations of operators for sets.
    pub registrations: BTreeMap<(Address, SetKey), RegistrationState>,
    /// Allocations, by operator, set and strategy.
    pub allocations: BTreeMap<(Address, SetKey, Address), AllocationState>,
    /// To whom a staker delegates.
    pub delegations: BTreeMap<Address, Address>,
    /// Deposited shares, by staker and strategy.
    pub deposits: BTreeMap<(Address, Address), u128>,
    /// Strategies: shares in all and tokens held.
    pub strategies: BTreeMap<Address, StrategyState>,
    /// Slashed shares that wait, and the block at which they no longer do.
    pub pending_slashes: BTreeMap<(SetKey, u128), u64>,
    /// Owners of stake tables that have arrived where tasks are.
    pub table_owners: BTreeMap<SetKey, Address>,
    /// Task configurations in force; a set without one takes no tasks.
    pub tasks: BTreeMap<SetKey, TaskState>,
    /// Quorum contracts, by the coordinator's address.
    pub coordinators: BTreeMap<Address, CoordinatorState>,
    /// Weights of operators, by quorum.
    pub weights: BTreeMap<(u8, Address), u128>,
}

/// An operator set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SetState {
    /// What it counts.
    pub strategies: BTreeSet<Address>,
    /// Who may slash it.
    pub slasher: Address,
    /// Who may slash it from a block on.
    pub pending_slasher: Option<(Address, u64)>,
    /// Who receives slashed stake.
    pub recipient: Option<Address>,
}

/// An operator.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OperatorState {
    /// Blocks until an allocation can be slashed; `None`: not set.
    pub delay: Option<u32>,
    /// Magnitude left, by strategy; one where nothing is said.
    pub max_magnitude: BTreeMap<Address, u64>,
    /// Magnitude in use, by strategy.
    pub encumbered: BTreeMap<Address, u64>,
}

/// The registration of an operator for a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistrationState {
    /// True while in the set.
    pub registered: bool,
    /// Last block at which one that has left can be slashed.
    pub slashable_until: u64,
}

/// An allocation and its pending change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AllocationState {
    /// In force.
    pub current: u64,
    /// Change to come.
    pub pending: i128,
    /// Block at which it comes.
    pub effect_block: u64,
}

/// A strategy's books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StrategyState {
    /// Shares in all.
    pub shares: u128,
    /// Tokens held.
    pub balance: u128,
}

/// How a contract says no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// An error of the contract, without arguments.
    Named(&'static str),
    /// A panic of the compiler's checks.
    Panic(u8),
    /// A text.
    Message(&'static str),
    /// Nothing at all: a call to an account without code, or data that does not decode.
    Empty,
}

/// A call that would revert, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revert {
    /// Id of the check that it breaks.
    pub check: &'static str,
    /// What the chain answers.
    pub reason: Reason,
    /// Path of the argument that causes it, inside the call's arguments.
    pub argument: String,
    /// What is wrong.
    pub wrong: String,
    /// What would be right.
    pub right: String,
}

/// A call that may revert: a fact is missing here.
pub type Doubt = Revert;

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::Panic(code) => write!(f, "Panic(0x{code:02x})"),
            Self::Message(text) => write!(f, "Error({text:?})"),
            Self::Empty => f.write_str("(empty)"),
        }
    }
}

impl Revert {
    fn named(
        check: &'static str,
        error: &'static str,
        argument: impl Into<String>,
        wrong: impl Into<String>,
        right: impl Into<String>,
    ) -> Self {
        let (argument, wrong, right) = (argument.into(), wrong.into(), right.into());
        Self {
            check,
            reason: Reason::Named(error),
            argument,
            wrong,
            right,
        }
    }

    fn because(mut self, reason: Reason) -> Self {
        self.reason = reason;
        self
    }
}

/// Checks in order and stops at the first that fails; what is only doubtful is kept.
struct Trial<'a> {
    world: &'a World,
    doubts: Vec<Doubt>,
}

impl Trial<'_> {
    /// A rule about values in the call or facts that are known.
    fn require(&self, holds: bool, otherwise: impl FnOnce() -> Revert) -> Result<(), Revert> {
        if holds { Ok(()) } else { Err(otherwise()) }
    }

    /// A rule about something that must be on the chain already.
    fn require_known(
        &mut self,
        holds: bool,
        otherwise: impl FnOnce() -> Revert,
    ) -> Result<(), Revert> {
        if holds {
            return Ok(());
        }
        match self.world.knowledge {
            Knowledge::Complete => Err(otherwise()),
            Knowledge::Partial => {
                self.doubts.push(otherwise());
                Ok(())
            }
        }
    }
}

impl World {
    /// A chain on which nothing has happened, or about which nothing is known.
    #[must_use]
    pub fn new(network: Network, knowledge: Knowledge, block: u64, time: u64) -> Self {
        Self {
            network,
            knowledge,
            block,
            time,
            metadata: BTreeSet::new(),
            registrars: BTreeMap::new(),
            registrar_contracts: BTreeMap::new(),
            accounts: BTreeSet::new(),
            sets: BTreeMap::new(),
            admins: BTreeMap::new(),
            pending_admins: BTreeSet::new(),
            appointees: BTreeSet::new(),
            curves: BTreeMap::new(),
            tables: BTreeSet::new(),
            whitelisted: None,
            allowances: None,
            balances: BTreeMap::new(),
            splits: BTreeMap::new(),
            rewards_for_all_paused: true,
            operators: BTreeMap::new(),
            registrations: BTreeMap::new(),
            allocations: BTreeMap::new(),
            delegations: BTreeMap::new(),
            deposits: BTreeMap::new(),
            strategies: BTreeMap::new(),
            pending_slashes: BTreeMap::new(),
            table_owners: BTreeMap::new(),
            tasks: BTreeMap::new(),
            coordinators: BTreeMap::new(),
            weights: BTreeMap::new(),
        }
    }

    /// Whether the call would pass: what is in doubt, or why it reverts. Nothing changes.
    ///
    /// # Errors
    /// When the chain would revert.
    pub fn check(&self, call: &Call) -> Result<Vec<Doubt>, Revert> {
        let mut trial = Trial {
            world: self,
            doubts: Vec::new(),
        };
        trial.call(call)?;
        Ok(trial.doubts)
    }

    /// Plays the call: checks it and, when it passes, changes the world as the chain would.
    ///
    /// # Errors
    /// When the chain would revert; then nothing changes.
    pub fn play(&mut self, call: &Call) -> Result<Vec<Doubt>, Revert> {
        let doubts = self.check(call)?;
        self.apply(call);
        Ok(doubts)
    }

    /// The slasher of a set at the world's block.
    fn slasher(&self, set: &SetState) -> Address {
        match set.pending_slasher {
            Some((slasher, block)) if self.block >= block => slasher,
            _ => set.slasher,
        }
    }

    /// True when an address is somebody's strategy or stands for native ETH, as far as is known.
    fn takes_deposits(&self, strategy: Address) -> Option<bool> {
        if strategy == super::address::BEACON_ETH {
            return Some(true);
        }
        self.whitelisted
            .as_ref()
            .map(|known| known.contains(&strategy))
    }

    /// Changes the world as a call that passed would.
    pub fn apply(&mut self, call: &Call) {
        match &call.action {
            Action::UpdateMetadata(a) => {
                self.metadata.insert(a.avs);
            }
            Action::SetRegistrar(a) => {
                self.registrars.insert(a.avs, a.registrar);
            }
            Action::CreateSets(a) => self.create_sets(a.avs, &a.params, &[]),
            Action::CreateRedistributingSets(a) => {
                self.create_sets(a.avs, &a.params, &a.redistribution_recipients)
            }
            Action::AddStrategies(a) => self.add_strategies(a),
            Action::RemoveStrategies(a) => self.remove_strategies(a),
            Action::UpdateSlasher(a) => self.update_slasher(a),
            Action::RegisterForSets(a) => {
                self.register(a);
                self.join_quorums(a);
            }
            Action::CreateDelegatedQuorum(_) | Action::CreateSlashableQuorum(_) => {
                if let Some(new) = new_quorum(&call.action) {
                    self.create_quorum(call.to, new);
                }
            }
            Action::AddQuorumStrategies(a) => self.add_weights(call.to, a),
            Action::DeregisterFromSets(a) => self.deregister(a),
            Action::ModifyAllocations(a) => self.modify_allocations(a),
            Action::SetAppointee(a) => self.set_appointee(a),
            Action::AddPendingAdmin(a) => {
                self.pending_admins.insert((a.account, a.admin));
            }
            Action::AcceptAdmin(a) => {
                self.pending_admins.remove(&(a.account, call.from));
                self.admins.entry(a.account).or_default().insert(call.from);
            }
            Action::RemoveAdmin(a) => {
                if let Some(admins) = self.admins.get_mut(&a.account) {
                    admins.remove(&a.admin);
                }
            }
            Action::ConfigureKeys(a) => {
                self.curves.insert(a.operator_set, a.curve_type.0);
            }
            Action::ReserveGeneration(a) => {
                self.tables.insert(a.operator_set);
            }
            Action::Approve(a) => {
                let key = (call.to, call.from, a.spender);
                self.allowances
                    .get_or_insert_default()
                    .insert(key, a.value.0);
            }
            Action::UniqueStakeRewards(a) | Action::TotalStakeRewards(a) => {
                for submission in &a.rewards_submissions {
                    self.spend(call.from, submission.token, submission.amount.0);
                }
            }
            Action::OperatorDirectedRewards(a) => {
                for submission in &a.operator_directed_rewards_submissions {
                    let sum = submission
                        .operator_rewards
                        .iter()
                        .map(|reward| reward.amount.0)
                        .fold(0, u128::saturating_add);
                    self.spend(call.from, submission.token, sum);
                }
            }
            Action::SetOperatorSplit(a) => {
                let from = self.time + u64::from(self.network.limits.activation_delay.0);
                self.splits.insert((a.operator, a.operator_set), from);
            }
            Action::RegisterAsOperator(a) => {
                self.register_operator(call.from, a.allocation_delay.0)
            }
            Action::DelegateTo(a) => {
                self.delegations.insert(call.from, a.operator);
            }
            Action::Redelegate(a) => {
                self.delegations.insert(call.from, a.new_operator);
            }
            Action::Undelegate(a) => {
                self.delegations.remove(&a.staker);
            }
            Action::QueueWithdrawals(a) => self.queue_withdrawals(call.from, a),
            Action::Deposit(a) => self.deposit(call.from, a),
            Action::Whitelist(a) => {
                self.whitelisted
                    .get_or_insert_default()
                    .extend(&a.strategies_to_whitelist);
            }
            Action::SlashOperator(_)
            | Action::SetTaskConfig(_)
            | Action::RegisterExecutorSet(_)
            | Action::RewardsForAll(_)
            | Action::RewardsForAllEarners(_)
            | Action::OptInForFee(_)
            | Action::CompleteWithdrawal(_)
            | Action::ClearSlashedShares(_)
            | Action::RemoveQuorumStrategies(_)
            | Action::ModifyQuorumStrategies(_)
            | Action::SetLookAhead(_)
            | Action::CreateTask(_) => {}
        }
    }
}

/// The quorum that a call creates.
fn new_quorum(action: &Action) -> Option<NewQuorum<'_>> {
    Some(match action {
        Action::CreateDelegatedQuorum(a) => NewQuorum {
            limits: &a.operator_set_params,
            minimum: a.minimum_stake.0,
            weights: &a.strategy_params,
            slashable: None,
        },
        Action::CreateSlashableQuorum(a) => NewQuorum {
            limits: &a.operator_set_params,
            minimum: a.minimum_stake.0,
            weights: &a.strategy_params,
            slashable: Some((a.look_ahead_period.0, a.slasher)),
        },
        _ => return None,
    })
}

impl Trial<'_> {
    fn call(&mut self, call: &Call) -> Result<(), Revert> {
        match &call.action {
            Action::UpdateMetadata(a) => self.can_call(call, a.avs, "avs"),
            Action::SetRegistrar(a) => self.set_registrar(call, a),
            Action::CreateSets(a) => self.create_sets(call, a.avs, &a.params),
            Action::CreateRedistributingSets(a) => self.create_redistributing_sets(call, a),
            Action::AddStrategies(a) => self.add_strategies(call, a),
            Action::RemoveStrategies(a) => self.remove_strategies(call, a),
            Action::UpdateSlasher(a) => self.update_slasher(call, a),
            Action::SlashOperator(a) => self.slash(call, a),
            Action::RegisterForSets(a) => {
                self.register(call, a)?;
                self.admission(a)
            }
            Action::CreateDelegatedQuorum(_) | Action::CreateSlashableQuorum(_) => {
                new_quorum(&call.action).map_or(Ok(()), |new| self.create_quorum(call, new))
            }
            Action::AddQuorumStrategies(a) => self.add_quorum_strategies(call, a),
            Action::RemoveQuorumStrategies(a) => self.remove_quorum_strategies(a),
            Action::ModifyQuorumStrategies(a) => self.modify_quorum_strategies(a),
            Action::SetLookAhead(_) => Ok(()),
            Action::CreateTask(a) => self.create_task(a),
            Action::DeregisterFromSets(a) => self.deregister(call, a),
            Action::ModifyAllocations(a) => self.modify_allocations(call, a),
            Action::SetAppointee(a) => self.set_appointee(call, a),
            Action::AddPendingAdmin(a) => self.only_admin(call, a.account, "account"),
            Action::AcceptAdmin(_)
            | Action::OptInForFee(_)
            | Action::Approve(_)
            | Action::Whitelist(_) => Ok(()),
            Action::RemoveAdmin(a) => self.remove_admin(call, a),
            Action::ConfigureKeys(a) => self.configure_keys(call, a),
            Action::ReserveGeneration(a) => self.reserve_generation(call, a),
            Action::SetTaskConfig(a) => self.task_config(call, a),
            Action::RegisterExecutorSet(_) => Ok(()),
            Action::UniqueStakeRewards(a) | Action::TotalStakeRewards(a) => {
                self.stake_rewards(call, a)
            }
            Action::OperatorDirectedRewards(a) => self.directed_rewards(call, a),
            Action::RewardsForAll(_) => self.rewards_for_all(),
            Action::RewardsForAllEarners(_) => self.rewards_for_all_earners(),
            Action::SetOperatorSplit(a) => self.operator_split(call, a),
            Action::RegisterAsOperator(_) => self.register_operator(call),
            Action::DelegateTo(a) => self.delegate(call, a.operator),
            Action::Redelegate(a) => self.known_operator(a.new_operator, "newOperator"),
            Action::Undelegate(a) => self.undelegate(call, a),
            Action::QueueWithdrawals(a) => self.queue_withdrawals(call, a),
            Action::CompleteWithdrawal(a) => self.complete_withdrawal(a),
            Action::Deposit(a) => self.deposit(call, a),
            Action::ClearSlashedShares(a) => self.clear_slashed_shares(a),
        }
    }
}
