//! What quorum contracts must answer once their quorums have been created.

use super::ask;
use super::expect::Expectation;
use super::node::{Node, NodeError};
use super::reads::{Read, list};
use crate::export::action::{Action, Call};
use crate::export::address::Address;
use crate::export::arguments::{QuorumLimits, SetKey, StrategyAndMultiplier};
use crate::export::network::Network;
use crate::export::number::Dec;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Where a coordinator keeps what can be asked, and the number of its next quorum.
struct Coordinator {
    avs: Address,
    stake_registry: Address,
    next: u8,
}

/// A quorum as a call creates it.
struct Created<'a> {
    limits: &'a QuorumLimits,
    minimum: Dec<u128>,
    weights: &'a [StrategyAndMultiplier],
    slasher: Option<Address>,
}

/// Everything that can be read back of the quorums that calls create.
///
/// # Errors
/// When the node does not answer.
pub(super) fn expectations(
    calls: &[&Call],
    network: &Network,
    node: &dyn Node,
) -> Result<Vec<Expectation>, NodeError> {
    let mut known = BTreeMap::new();
    let mut expected = Vec::new();
    for call in calls {
        let Some(created) = created(&call.action) else {
            continue;
        };
        let known = match known.entry(call.to) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(coordinator(call.to, node)?),
        };
        // What does not answer as a coordinator does is none: the call itself will say so.
        if let Some(coordinator) = known {
            of_quorum(call.to, coordinator, network, &created, &mut expected);
            coordinator.next = coordinator.next.saturating_add(1);
        }
    }
    Ok(expected)
}

fn created(action: &Action) -> Option<Created<'_>> {
    Some(match action {
        Action::CreateDelegatedQuorum(a) => Created {
            limits: &a.operator_set_params,
            minimum: a.minimum_stake,
            weights: &a.strategy_params,
            slasher: None,
        },
        Action::CreateSlashableQuorum(a) => Created {
            limits: &a.operator_set_params,
            minimum: a.minimum_stake,
            weights: &a.strategy_params,
            slasher: Some(a.slasher),
        },
        _ => return None,
    })
}

fn coordinator(at: Address, node: &dyn Node) -> Result<Option<Coordinator>, NodeError> {
    let avs = ask(node, at, Read::CoordinatorAvs)?;
    let stake_registry = ask(node, at, Read::StakeRegistry)?;
    let next = ask(node, at, Read::QuorumCount)?;
    let parsed = || {
        Some(Coordinator {
            avs: avs?.parse().ok()?,
            stake_registry: stake_registry?.parse().ok()?,
            next: next?.parse().ok()?,
        })
    };
    Ok(parsed())
}

fn of_quorum(
    at: Address,
    coordinator: &Coordinator,
    network: &Network,
    created: &Created<'_>,
    expected: &mut Vec<Expectation>,
) {
    let number = coordinator.next;
    let manager = network.contracts.allocation_manager;
    let set = SetKey {
        avs: coordinator.avs,
        id: Dec(number.into()),
    };
    let mut push = |what: &str, contract: Address, read: Read, answer: String| {
        expected.push(Expectation {
            what: format!("{what} {number}"),
            contract,
            read,
            expected: answer,
        });
    };
    let limits = created.limits;
    let limits = format!(
        "{} {} {}",
        limits.max_operator_count,
        limits.kick_bips_of_operator_stake,
        limits.kick_bips_of_total_stake
    );
    push(
        "most operators and replacement basis points of quorum",
        at,
        Read::QuorumLimits(number),
        limits,
    );
    push(
        "minimum stake of quorum",
        coordinator.stake_registry,
        Read::MinimumStake(number),
        created.minimum.to_string(),
    );
    push(
        "strategies of quorum",
        manager,
        Read::Strategies(set),
        list(created.weights.iter().map(|weight| weight.strategy)),
    );
    for (index, weight) in created.weights.iter().enumerate() {
        let Ok(index) = u8::try_from(index) else {
            continue;
        };
        push(
            &format!("weight {index} of quorum"),
            coordinator.stake_registry,
            Read::QuorumWeight(number, index),
            format!("{} x {}", weight.strategy, weight.multiplier),
        );
    }
    if let Some(slasher) = created.slasher {
        push(
            "slasher of quorum",
            manager,
            Read::Slasher(set),
            slasher.to_string(),
        );
    }
}
