//! What the quorum contracts and the mailbox say about calls to them.

use super::{Known, Read};
use crate::export::address::{Address, selector, unhex};
use crate::export::arguments::{RegisterForSets, SetKey};
use crate::export::number::Dec;
use crate::export::verify::node::NodeError;
use crate::export::world::{
    ADD_STRATEGIES, CREATE_SETS, CoordinatorState, QuorumState, Replaced, TaskState,
};
use std::str::FromStr;

impl Known<'_> {
    /// An answer as another type; `None` when there is none or it is no such thing.
    fn ask_for<T: FromStr>(
        &mut self,
        contract: Address,
        read: Read,
    ) -> Result<Option<T>, NodeError> {
        Ok(self.ask(contract, read)?.and_then(|text| text.parse().ok()))
    }

    /// Whether a stake table is reserved.
    pub(super) fn table(&mut self, set: SetKey) -> Result<(), NodeError> {
        let Some(registry) = self.world.network.contracts.cross_chain_registry else {
            return Ok(());
        };
        let calculator: Option<Address> = self.ask_for(registry, Read::Calculator(set))?;
        if calculator.is_some_and(|calculator| !calculator.is_zero()) {
            self.world.tables.insert(set);
        }
        Ok(())
    }

    /// The owner of a stake table, where it has arrived.
    pub(super) fn table_owner(&mut self, set: SetKey, curve: u8) -> Result<(), NodeError> {
        let Some(mailbox) = self.world.network.contracts.task_mailbox else {
            return Ok(());
        };
        let Some(verifier) = self.ask_for(mailbox, Read::Verifier(curve))? else {
            return Ok(());
        };
        if let Some(owner) = self.ask_for(verifier, Read::TableOwner(set))? {
            self.world.table_owners.insert(set, owner);
        }
        Ok(())
    }

    /// The tasks that a set takes, and the age of its newest table.
    pub(super) fn tasks(&mut self, set: SetKey) -> Result<(), NodeError> {
        let Some(mailbox) = self.world.network.contracts.task_mailbox else {
            return Ok(());
        };
        let config = self.ask(mailbox, Read::TaskTime(set))?.unwrap_or_default();
        let Some((curve, sla)) = config.split_once(' ') else {
            return Ok(());
        };
        let (Ok(curve), Ok(sla)) = (curve.parse(), sla.parse()) else {
            return Ok(());
        };
        let Some(verifier) = self.ask_for(mailbox, Read::Verifier(curve))? else {
            return Ok(());
        };
        let time = self.ask_for(verifier, Read::TableTime(set))?;
        let staleness = self.ask_for(verifier, Read::Staleness(set))?;
        if let (Some(table_time), Some(max_staleness)) = (time, staleness) {
            let state = TaskState {
                sla,
                table_time,
                max_staleness,
            };
            self.world.tasks.insert(set, state);
        }
        Ok(())
    }

    /// A contract that answers as a coordinator does; others are left alone.
    fn coordinator(&mut self, address: Address) -> Result<Option<CoordinatorState>, NodeError> {
        if let Some(known) = self.world.coordinators.get(&address) {
            return Ok(Some(known.clone()));
        }
        let Some(count) = self.ask_for(address, Read::QuorumCount)? else {
            return Ok(None);
        };
        let Some(avs) = self.ask_for(address, Read::CoordinatorAvs)? else {
            return Ok(None);
        };
        let state = CoordinatorState {
            avs,
            owner: self.ask_for(address, Read::Owner)?.unwrap_or_default(),
            stake_registry: self
                .ask_for(address, Read::StakeRegistry)?
                .unwrap_or_default(),
            count,
            ..CoordinatorState::default()
        };
        self.rights(avs)?;
        self.right(avs, address, CREATE_SETS)?;
        self.right(avs, state.stake_registry, ADD_STRATEGIES)?;
        self.world.coordinators.insert(address, state.clone());
        Ok(Some(state))
    }

    /// Whether a contract may call a function of the core in the name of an AVS.
    fn right(&mut self, avs: Address, contract: Address, function: &str) -> Result<(), NodeError> {
        let contracts = &self.world.network.contracts;
        let (controller, target) = (
            contracts.permission_controller,
            contracts.allocation_manager,
        );
        let selector = selector(function);
        let read = Read::MayCall(avs, contract, target, selector);
        if self.ask(controller, read)?.as_deref() == Some("true") {
            self.world
                .appointees
                .insert((avs, contract, target, selector));
        }
        Ok(())
    }

    /// The coordinator, and the set that its next quorum would be.
    pub(super) fn next_quorum(&mut self, coordinator: Address) -> Result<(), NodeError> {
        let Some(state) = self.coordinator(coordinator)? else {
            return Ok(());
        };
        let id = Dec(u32::try_from(state.count).unwrap_or(u32::MAX));
        self.set(SetKey { avs: state.avs, id })
    }

    /// The coordinator of a stake registry, and the set of one of its quorums.
    pub(super) fn quorum_of(&mut self, registry: Address, number: u8) -> Result<(), NodeError> {
        let Some(coordinator) = self.ask_for(registry, Read::Coordinator)? else {
            return Ok(());
        };
        let Some(state) = self.coordinator(coordinator)? else {
            return Ok(());
        };
        self.set(SetKey {
            avs: state.avs,
            id: Dec(number.into()),
        })
    }

    /// What the registrar of an AVS asks of an operator: its quorums, and the weights that decide.
    pub(super) fn admission(&mut self, a: &RegisterForSets) -> Result<(), NodeError> {
        let manager = self.world.network.contracts.allocation_manager;
        let avs = a.params.avs;
        let Some(registrar) = self.ask_for(manager, Read::Registrar(avs))? else {
            return Ok(());
        };
        let Some(state) = self.coordinator(registrar)? else {
            return Ok(());
        };
        self.world.registrars.insert(avs, registrar);
        let indices = self.ask_for(registrar, Read::IndexRegistry)?;
        let (stakes, indices) = (state.stake_registry, indices.unwrap_or_default());
        for id in &a.params.operator_set_ids {
            let Ok(number) = u8::try_from(id.0) else {
                continue;
            };
            if let Some(quorum) = self.quorum(registrar, stakes, indices, number)? {
                let known = self.world.coordinators.entry(registrar).or_default();
                known.quorums.insert(number, quorum);
            }
            if let Some(weight) = self.ask_for(stakes, Read::Weight(number, a.operator))? {
                self.world.weights.insert((number, a.operator), weight);
            }
        }
        for replaced in Replaced::read(&a.params.data.0).unwrap_or_default() {
            let id = self.ask(registrar, Read::OperatorId(replaced.operator))?;
            let Some(Ok(id)) = id.as_deref().and_then(unhex).map(TryInto::try_into) else {
                continue;
            };
            let recorded = self.ask_for(stakes, Read::RecordedStake(id, replaced.quorum))?;
            if let Some(recorded) = recorded {
                let key = (replaced.quorum, replaced.operator);
                self.world.weights.insert(key, recorded);
            }
        }
        Ok(())
    }

    fn quorum(
        &mut self,
        coordinator: Address,
        stakes: Address,
        indices: Address,
        number: u8,
    ) -> Result<Option<QuorumState>, NodeError> {
        let limits = self.ask(coordinator, Read::QuorumLimits(number))?;
        let limits = limits.unwrap_or_default();
        let mut limits = limits.split(' ').map(str::parse::<u32>);
        let (Some(Ok(most)), Some(Ok(operator)), Some(Ok(total))) =
            (limits.next(), limits.next(), limits.next())
        else {
            return Ok(None);
        };
        let small = |bips: u32| u16::try_from(bips).unwrap_or(u16::MAX);
        Ok(Some(QuorumState {
            max_operators: most,
            kick_operator: small(operator),
            kick_total: small(total),
            minimum: self
                .ask_for(stakes, Read::MinimumStake(number))?
                .unwrap_or_default(),
            members: self
                .ask_for(indices, Read::Members(number))?
                .unwrap_or_default(),
            total: self
                .ask_for(stakes, Read::TotalStake(number))?
                .unwrap_or_default(),
        }))
    }
}
