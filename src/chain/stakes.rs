//! Stake as the contracts compute it: what the self-proof is held against.

use super::abi::{self, OperatorSet};
use super::calls::{Call, Reader};
use super::deployment::Deployment;
use super::discovery::Discovery;
use super::error::ChainError;
use super::state::{State, for_each_cell, tiles};
use alloy_primitives::Address;
use std::collections::{BTreeMap, BTreeSet};

/// (operator, strategy) pairs in one call of a stake getter, and gas for each.
const STAKE_PAIRS: (usize, u64) = (250, 30_000);

/// A set, and the operators and strategies to ask its stake getters for.
type Columns = BTreeMap<OperatorSet, (Vec<Address>, Vec<Address>)>;

/// Operators and strategies that a set's stake getters are asked for.
fn columns_of(discovery: &Discovery, state: &State) -> Columns {
    let mut columns: BTreeMap<OperatorSet, (BTreeSet<Address>, BTreeSet<Address>)> =
        BTreeMap::new();
    for (set, row) in &state.sets {
        let entry = columns.entry(set.clone()).or_default();
        entry.0.extend(&row.members);
        entry.1.extend(&row.strategies);
    }
    for (set, operator, strategy) in state.allocations.keys() {
        let entry = columns.entry(set.clone()).or_default();
        entry.0.insert(*operator);
        entry.1.insert(*strategy);
    }
    for (set, operator) in discovery.memberships.keys() {
        columns.entry(set.clone()).or_default().0.insert(*operator);
    }
    let vectors = |(set, (o, s)): (OperatorSet, (BTreeSet<_>, BTreeSet<_>))| {
        (set, (o.into_iter().collect(), s.into_iter().collect()))
    };
    columns.into_iter().map(vectors).collect()
}

/// Reads slashability, allocated and slashable stake of every set.
pub async fn read(
    deployment: &Deployment,
    reader: &Reader,
    discovery: &Discovery,
    state: &mut State,
) -> Result<(), ChainError> {
    let manager = deployment.contract("AllocationManager");
    let columns = columns_of(discovery, state);
    let pairs: Vec<(&OperatorSet, Address)> = columns
        .iter()
        .flat_map(|(set, (operators, _))| operators.iter().map(move |&o| (set, o)))
        .collect();
    let call = |&(set, operator): &(&OperatorSet, Address)| {
        Call::new(
            manager,
            &abi::isOperatorSlashableCall {
                operator,
                operatorSet: set.clone(),
            },
            40_000,
        )
    };
    let calls: Vec<Call> = pairs.iter().map(call).collect();
    for ((set, operator), answer) in pairs.into_iter().zip(reader.read(&calls).await?) {
        let flag =
            reader.decode::<abi::isOperatorSlashableCall>("AllocationManager", manager, &answer)?;
        state.slashable.insert((set.clone(), operator), flag);
    }
    let future =
        u32::try_from(reader.block().number.to::<u64>()).map_err(|_| ChainError::TooLarge {
            what: "the block number".to_owned(),
            value: reader.block().number.to_string(),
        })?;
    let parts: Vec<(&OperatorSet, &[Address], &[Address])> = columns
        .iter()
        .flat_map(|(set, (operators, strategies))| {
            tiles(operators, strategies, STAKE_PAIRS.0)
                .map(move |(rows, columns)| (set, rows, columns))
        })
        .collect();
    let calls: Vec<Call> = parts
        .iter()
        .flat_map(|(set, operators, strategies)| {
            let gas = (operators.len() * strategies.len()) as u64 * STAKE_PAIRS.1;
            let (set, operators, strategies) =
                ((*set).clone(), operators.to_vec(), strategies.to_vec());
            let allocated = abi::getAllocatedStakeCall {
                operatorSet: set.clone(),
                operators: operators.clone(),
                strategies: strategies.clone(),
            };
            let slashable = abi::getMinimumSlashableStakeCall {
                operatorSet: set,
                operators,
                strategies,
                futureBlock: future,
            };
            [
                Call::new(manager, &allocated, gas),
                Call::new(manager, &slashable, gas),
            ]
        })
        .collect();
    let answers = reader.read(&calls).await?;
    for ((set, operators, strategies), answer) in parts.into_iter().zip(answers.chunks_exact(2)) {
        let allocated = reader.decode::<abi::getAllocatedStakeCall>(
            "AllocationManager",
            manager,
            &answer[0],
        )?;
        for_each_cell(
            "getAllocatedStake",
            operators,
            strategies,
            &allocated,
            |o, s, stake| {
                state.allocated_stake.insert((set.clone(), o, s), stake);
            },
        )?;
        let slashable = reader.decode::<abi::getMinimumSlashableStakeCall>(
            "AllocationManager",
            manager,
            &answer[1],
        )?;
        for_each_cell(
            "getMinimumSlashableStake",
            operators,
            strategies,
            &slashable,
            |o, s, stake| {
                state.slashable_stake.insert((set.clone(), o, s), stake);
            },
        )?;
    }
    Ok(())
}
