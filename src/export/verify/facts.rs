//! What the chain says now about everything the calls mention: enough to tell why one reverts.

mod quorums;

use super::node::{Node, NodeError};
use super::reads::Read;
use super::simulate::{Attempt, one};
use crate::export::action::{Action, Call};
use crate::export::address::{Address, BEACON_ETH, lower};
use crate::export::arguments::SetKey;
use crate::export::network::Network;
use crate::export::world::{Knowledge, SetState, World};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The world as far as the calls touch it.
///
/// # Errors
/// When the node does not answer.
pub fn world(node: &dyn Node, calls: &[&Call], network: &Network) -> Result<World, NodeError> {
    let block = node.request("eth_getBlockByNumber", json!(["latest", false]))?;
    let number = |key: &str| {
        let text = block.get(key).and_then(Value::as_str).unwrap_or("0x0");
        u64::from_str_radix(text.trim_start_matches("0x"), 16).unwrap_or(0)
    };
    let mut world = World::new(
        network.clone(),
        Knowledge::Partial,
        number("number"),
        number("timestamp"),
    );
    let mut known = Known {
        node,
        world: &mut world,
        asked: BTreeSet::new(),
    };
    for call in calls {
        known.learn(call)?;
    }
    Ok(world)
}

struct Known<'a> {
    node: &'a dyn Node,
    world: &'a mut World,
    asked: BTreeSet<String>,
}

impl Known<'_> {
    /// A getter's answer; `None` when the contract is not there or does not answer so.
    fn ask(&mut self, contract: Address, read: Read) -> Result<Option<String>, NodeError> {
        let attempt = Attempt {
            from: Address::ZERO,
            to: contract,
            data: read.calldata(),
        };
        Ok(one(self.node, &attempt)?
            .result
            .ok()
            .and_then(|data| read.answer(&data)))
    }

    fn once(&mut self, what: String) -> bool {
        self.asked.insert(what)
    }

    fn learn(&mut self, call: &Call) -> Result<(), NodeError> {
        let strategies = |weights: &[crate::export::arguments::StrategyAndMultiplier]| {
            weights
                .iter()
                .map(|weight| weight.strategy)
                .collect::<Vec<_>>()
        };
        match &call.action {
            Action::UpdateMetadata(a) => self.rights(a.avs),
            Action::SetRegistrar(a) => {
                self.rights(a.avs)?;
                self.registrar(a.registrar, a.avs)
            }
            Action::CreateSets(a) => {
                self.rights(a.avs)?;
                a.params.iter().try_for_each(|set| {
                    self.set(SetKey {
                        avs: a.avs,
                        id: set.operator_set_id,
                    })
                })
            }
            Action::CreateRedistributingSets(a) => {
                self.rights(a.avs)?;
                a.params.iter().try_for_each(|set| {
                    self.set(SetKey {
                        avs: a.avs,
                        id: set.operator_set_id,
                    })
                })
            }
            Action::AddStrategies(a) | Action::RemoveStrategies(a) => {
                self.rights(a.avs)?;
                self.set(SetKey {
                    avs: a.avs,
                    id: a.operator_set_id,
                })
            }
            Action::UpdateSlasher(a) => {
                self.rights(a.operator_set.avs)?;
                self.set(a.operator_set)
            }
            Action::SlashOperator(a) => self.set(SetKey {
                avs: a.avs,
                id: a.params.operator_set_id,
            }),
            Action::SetAppointee(a) => {
                self.rights(a.account)?;
                let Ok(selector) = a.selector.0.as_slice().try_into() else {
                    return Ok(());
                };
                let controller = self.world.network.contracts.permission_controller;
                let read = Read::MayCall(a.account, a.appointee, a.target, selector);
                // An admin may call everything and is no appointee.
                let admin = self.world.is_admin(a.account, a.appointee);
                if !admin && self.ask(controller, read)?.as_deref() == Some("true") {
                    self.world
                        .appointees
                        .insert((a.account, a.appointee, a.target, selector));
                }
                Ok(())
            }
            Action::ConfigureKeys(a) => {
                self.rights(a.operator_set.avs)?;
                self.curve(a.operator_set)
            }
            Action::ReserveGeneration(a) => {
                self.rights(a.operator_set.avs)?;
                self.set(a.operator_set)?;
                self.table(a.operator_set)?;
                self.curve(a.operator_set)
            }
            Action::SetTaskConfig(a) => self.table_owner(a.operator_set, a.config.curve_type.0),
            Action::CreateTask(a) => self.tasks(a.task_params.executor_operator_set),
            Action::CreateDelegatedQuorum(_) | Action::CreateSlashableQuorum(_) => {
                self.next_quorum(call.to)
            }
            Action::AddQuorumStrategies(a) => self.quorum_of(call.to, a.quorum_number.0),
            Action::RegisterForSets(a) => {
                self.rights(a.operator)?;
                for id in &a.params.operator_set_ids {
                    self.set(SetKey {
                        avs: a.params.avs,
                        id: *id,
                    })?;
                }
                self.admission(a)
            }
            Action::UniqueStakeRewards(a) | Action::TotalStakeRewards(a) => {
                self.set(a.operator_set)?;
                self.rights(a.operator_set.avs)?;
                for submission in &a.rewards_submissions {
                    self.allowance(submission.token, call.from)?;
                    self.whitelisted(&strategies(&submission.strategies_and_multipliers))?;
                }
                Ok(())
            }
            Action::OperatorDirectedRewards(a) => {
                self.set(a.operator_set)?;
                self.rights(a.operator_set.avs)?;
                for submission in &a.operator_directed_rewards_submissions {
                    self.allowance(submission.token, call.from)?;
                    self.whitelisted(&strategies(&submission.strategies_and_multipliers))?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn rights(&mut self, account: Address) -> Result<(), NodeError> {
        if !self.once(format!("admins {account}")) {
            return Ok(());
        }
        let controller = self.world.network.contracts.permission_controller;
        let admins = self
            .ask(controller, Read::Admins(account))?
            .unwrap_or_default();
        let admins: BTreeSet<Address> = admins
            .split(", ")
            .filter_map(|admin| admin.parse().ok())
            .collect();
        // An account without admins answers with itself.
        self.world.admins.insert(account, admins);
        Ok(())
    }

    fn set(&mut self, set: SetKey) -> Result<(), NodeError> {
        let manager = self.world.network.contracts.allocation_manager;
        let exists = self.ask(manager, Read::Exists(set))?;
        if exists.as_deref() != Some("true") || self.world.sets.contains_key(&set) {
            return Ok(());
        }
        let strategies = self
            .ask(manager, Read::Strategies(set))?
            .unwrap_or_default();
        let slasher = self.ask(manager, Read::Slasher(set))?;
        let state = SetState {
            strategies: strategies
                .split(", ")
                .filter_map(|strategy| strategy.parse().ok())
                .collect(),
            slasher: slasher
                .and_then(|slasher| slasher.parse().ok())
                .unwrap_or_default(),
            ..SetState::default()
        };
        self.world.sets.insert(set, state);
        self.world.metadata.insert(set.avs);
        Ok(())
    }

    fn registrar(&mut self, registrar: Address, avs: Address) -> Result<(), NodeError> {
        let code = self
            .node
            .request("eth_getCode", json!([lower(registrar), "latest"]))?;
        if code.as_str() == Some("0x") {
            self.world.accounts.insert(registrar);
        }
        let supported = self.ask(registrar, Read::Supports(avs))?.as_deref() == Some("true");
        self.world
            .registrar_contracts
            .insert(registrar, if supported { avs } else { Address::ZERO });
        Ok(())
    }

    fn curve(&mut self, set: SetKey) -> Result<(), NodeError> {
        let registrar = self.world.network.contracts.key_registrar;
        let curve = self
            .ask(registrar, Read::Curve(set))?
            .and_then(|curve| curve.parse().ok())
            .unwrap_or(0);
        if curve != 0 {
            self.world.curves.insert(set, curve);
        }
        Ok(())
    }

    fn allowance(&mut self, token: Address, owner: Address) -> Result<(), NodeError> {
        let spender = self.world.network.contracts.rewards_coordinator;
        if self.once(format!("allowance {token} {owner}")) {
            let allowed = self
                .ask(token, Read::Allowance(owner, spender))?
                .unwrap_or_default();
            // More than 128 bits is as good as without limit.
            let allowed = if allowed.is_empty() {
                0
            } else {
                allowed.parse().unwrap_or(u128::MAX)
            };
            let known = self.world.allowances.get_or_insert_with(BTreeMap::new);
            known.insert((token, owner, spender), allowed);
            if let Some(held) = self.ask(token, Read::Balance(owner))? {
                let held = held.parse().unwrap_or(u128::MAX);
                self.world.balances.insert((token, owner), held);
            }
        }
        Ok(())
    }

    fn whitelisted(&mut self, strategies: &[Address]) -> Result<(), NodeError> {
        let manager = self.world.network.contracts.strategy_manager;
        self.world.whitelisted.get_or_insert_with(BTreeSet::new);
        for strategy in strategies
            .iter()
            .filter(|strategy| **strategy != BEACON_ETH)
        {
            if self.once(format!("whitelisted {strategy}"))
                && self.ask(manager, Read::Whitelisted(*strategy))?.as_deref() == Some("true")
            {
                self.world
                    .whitelisted
                    .get_or_insert_with(BTreeSet::new)
                    .insert(*strategy);
            }
        }
        Ok(())
    }
}
