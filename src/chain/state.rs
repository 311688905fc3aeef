//! The state of operators, sets and stake at the pinned block, by the contracts' own getters.

use super::abi::{self, AllocationInfo, OperatorSet};
use super::calls::{Call, Reader};
use super::deployment::Deployment;
use super::discovery::{Discovery, SplitKey};
use super::error::ChainError;
use super::limits::{self, Constant};
use super::oracles::narrow;
use super::stakes;
use alloy_primitives::{Address, U256};
use std::collections::{BTreeMap, BTreeSet};

/// (operator, strategy) pairs in one call of a share getter, and gas for each.
const SHARE_PAIRS: (usize, u64) = (1_000, 6_000);
/// Operators in one call of `getAllocations`, and gas for each.
const ALLOCATIONS: (usize, u64) = (400, 12_000);

/// One operator set.
#[derive(Debug, Clone, Default)]
pub struct SetState {
    /// Registered operators.
    pub members: BTreeSet<Address>,
    /// Strategies.
    pub strategies: BTreeSet<Address>,
    /// Who may slash; `None` before slashers were stored.
    pub slasher: Option<Address>,
    /// Who receives what is slashed.
    pub recipient: Option<Address>,
}

/// (set, operator, strategy).
pub type Triple = (OperatorSet, Address, Address);

/// What the getters say.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// Delays and limits.
    pub constants: Vec<Constant>,
    /// Allocation delay of each operator that has one.
    pub delays: BTreeMap<Address, u32>,
    /// Operator sets.
    pub sets: BTreeMap<OperatorSet, SetState>,
    /// Registrars that are not the AVS itself.
    pub registrars: BTreeMap<Address, Address>,
    /// Shares of (operator, strategy), where not zero.
    pub shares: BTreeMap<(Address, Address), u128>,
    /// Slashable shares in the withdrawal queue of (operator, strategy), where not zero.
    pub queued: BTreeMap<(Address, Address), u128>,
    /// Maximum and encumbered magnitude, where either may differ from 10^18 and 0.
    pub magnitudes: BTreeMap<(Address, Address), (u64, u64)>,
    /// Allocations, where something is allocated or pending.
    pub allocations: BTreeMap<Triple, AllocationInfo>,
    /// Whether a set can slash an operator.
    pub slashable: BTreeMap<(OperatorSet, Address), bool>,
    /// `getAllocatedStake`.
    pub allocated_stake: BTreeMap<Triple, u128>,
    /// `getMinimumSlashableStake` at the pinned block.
    pub slashable_stake: BTreeMap<Triple, u128>,
    /// Splits in bips.
    pub splits: BTreeMap<(Address, SplitKey), u16>,
}

/// Reads everything about operators and sets. `strategies` are those that hold shares.
pub async fn read(
    deployment: &Deployment,
    reader: &Reader,
    discovery: &Discovery,
    strategies: &[Address],
    mut step: impl FnMut(&'static str) -> Result<(), ChainError>,
) -> Result<State, ChainError> {
    let mut state = State::default();
    step("constants")?;
    state.constants = limits::read(deployment, reader).await?;
    step("operator sets")?;
    read_sets(deployment, reader, discovery, &mut state).await?;
    step("operators")?;
    read_operators(deployment, reader, discovery, &mut state).await?;
    step("shares")?;
    read_shares(deployment, reader, discovery, strategies, &mut state).await?;
    step("magnitudes")?;
    read_magnitudes(deployment, reader, discovery, &mut state).await?;
    step("allocations")?;
    read_allocations(deployment, reader, discovery, &mut state).await?;
    step("slashable stake")?;
    stakes::read(deployment, reader, discovery, &mut state).await?;
    step("rewards splits")?;
    read_splits(deployment, reader, discovery, &mut state).await?;
    Ok(state)
}

impl State {
    /// A constant that is always read.
    pub fn constant(&self, key: &str) -> u64 {
        let found = self.constants.iter().find(|constant| constant.key == key);
        found
            .map(|constant| constant.value)
            .unwrap_or_else(|| panic!("{key} is read first"))
    }
}

async fn read_sets(
    deployment: &Deployment,
    reader: &Reader,
    discovery: &Discovery,
    state: &mut State,
) -> Result<(), ChainError> {
    let manager = deployment.contract("AllocationManager");
    let name = "AllocationManager";
    let calls: Vec<Call> = discovery
        .sets
        .iter()
        .flat_map(|set| {
            let set = set.clone();
            [
                Call::new(
                    manager,
                    &abi::getMembersCall {
                        operatorSet: set.clone(),
                    },
                    1_000_000,
                ),
                Call::new(
                    manager,
                    &abi::getStrategiesInOperatorSetCall {
                        operatorSet: set.clone(),
                    },
                    200_000,
                ),
                Call::new(
                    manager,
                    &abi::getSlasherCall {
                        operatorSet: set.clone(),
                    },
                    50_000,
                ),
                Call::new(
                    manager,
                    &abi::getRedistributionRecipientCall { operatorSet: set },
                    50_000,
                ),
            ]
        })
        .collect();
    let answers = reader.read(&calls).await?;
    for (set, answer) in discovery.sets.iter().zip(answers.chunks_exact(4)) {
        let members = reader.decode::<abi::getMembersCall>(name, manager, &answer[0])?;
        let strategies =
            reader.decode::<abi::getStrategiesInOperatorSetCall>(name, manager, &answer[1])?;
        // Slashers are stored since 1.9.0, recipients since 1.5.0.
        let slasher = reader
            .decode::<abi::getSlasherCall>(name, manager, &answer[2])
            .ok();
        let recipient = reader
            .decode::<abi::getRedistributionRecipientCall>(name, manager, &answer[3])
            .ok();
        let burnt = Address::from(crate::protocol::DEFAULT_BURN_ADDRESS);
        let row = SetState {
            members: members.into_iter().collect(),
            strategies: strategies.into_iter().collect(),
            slasher: slasher.filter(|address| !address.is_zero()),
            recipient: recipient.filter(|&address| !address.is_zero() && address != burnt),
        };
        check_members(discovery, set, &row)?;
        state.sets.insert(set.clone(), row);
    }
    read_avss(manager, reader, discovery, state).await
}

/// The members that events tell must be those that the getter gives: a node that drops logs is found out.
fn check_members(
    discovery: &Discovery,
    set: &OperatorSet,
    row: &SetState,
) -> Result<(), ChainError> {
    let range = (set.clone(), Address::ZERO)..=(set.clone(), Address::repeat_byte(0xff));
    let told = discovery
        .memberships
        .range(range)
        .filter(|(_, left)| left.is_none());
    let told: BTreeSet<Address> = told.map(|((_, operator), _)| *operator).collect();
    match told.symmetric_difference(&row.members).next() {
        None => Ok(()),
        Some(operator) => Err(ChainError::Inconsistent {
            problem: format!(
                "operator {operator} of set {}/{} is in the events or in getMembers but not in both; the node's logs are incomplete",
                set.avs, set.id
            ),
        }),
    }
}

async fn read_avss(
    manager: Address,
    reader: &Reader,
    discovery: &Discovery,
    state: &mut State,
) -> Result<(), ChainError> {
    let avss: Vec<Address> = discovery.avss.keys().copied().collect();
    let calls: Vec<Call> = avss
        .iter()
        .flat_map(|&avs| {
            [
                Call::new(manager, &abi::getAVSRegistrarCall { avs }, 50_000),
                Call::new(manager, &abi::getOperatorSetCountCall { avs }, 50_000),
            ]
        })
        .collect();
    for (&avs, answer) in avss.iter().zip(reader.read(&calls).await?.chunks_exact(2)) {
        let registrar =
            reader.decode::<abi::getAVSRegistrarCall>("AllocationManager", manager, &answer[0])?;
        if registrar != avs {
            state.registrars.insert(avs, registrar);
        }
        let count = reader.decode::<abi::getOperatorSetCountCall>(
            "AllocationManager",
            manager,
            &answer[1],
        )?;
        let told = discovery.sets.iter().filter(|set| set.avs == avs).count();
        if count != U256::from(told) {
            return Err(ChainError::Inconsistent {
                problem: format!(
                    "avs {avs} has {count} operator sets, and the events tell of {told}; the node's logs are incomplete"
                ),
            });
        }
    }
    Ok(())
}

async fn read_operators(
    deployment: &Deployment,
    reader: &Reader,
    discovery: &Discovery,
    state: &mut State,
) -> Result<(), ChainError> {
    let manager = deployment.contract("AllocationManager");
    let operators: Vec<Address> = discovery.operators.keys().copied().collect();
    let call =
        |&operator: &Address| Call::new(manager, &abi::getAllocationDelayCall { operator }, 30_000);
    let calls: Vec<Call> = operators.iter().map(call).collect();
    for (&operator, answer) in operators.iter().zip(reader.read(&calls).await?) {
        let delay =
            reader.decode::<abi::getAllocationDelayCall>("AllocationManager", manager, &answer)?;
        if delay.isSet {
            state.delays.insert(operator, delay.delay);
        }
    }
    Ok(())
}

/// Cuts operators × strategies into tiles of at most `pairs` pairs.
pub(super) fn tiles<'a>(
    operators: &'a [Address],
    strategies: &'a [Address],
    pairs: usize,
) -> impl Iterator<Item = (&'a [Address], &'a [Address])> {
    let columns = strategies.chunks(32.min(pairs));
    columns.flat_map(move |columns| {
        operators
            .chunks((pairs / columns.len()).max(1))
            .map(move |rows| (rows, columns))
    })
}

async fn read_shares(
    deployment: &Deployment,
    reader: &Reader,
    discovery: &Discovery,
    strategies: &[Address],
    state: &mut State,
) -> Result<(), ChainError> {
    let manager = deployment.contract("DelegationManager");
    let operators: Vec<Address> = discovery.operators.keys().copied().collect();
    let tiles: Vec<_> = tiles(&operators, strategies, SHARE_PAIRS.0).collect();
    let call = |(operators, strategies): &(&[Address], &[Address])| {
        let gas = (operators.len() * strategies.len()) as u64 * SHARE_PAIRS.1;
        let call = abi::getOperatorsSharesCall {
            operators: operators.to_vec(),
            strategies: strategies.to_vec(),
        };
        Call::new(manager, &call, gas)
    };
    let calls: Vec<Call> = tiles.iter().map(call).collect();
    for ((operators, strategies), answer) in tiles.iter().zip(reader.read(&calls).await?) {
        let matrix =
            reader.decode::<abi::getOperatorsSharesCall>("DelegationManager", manager, &answer)?;
        for_each_cell(
            "getOperatorsShares",
            operators,
            strategies,
            &matrix,
            |operator, strategy, shares| {
                if shares > 0 {
                    state.shares.insert((operator, strategy), shares);
                }
            },
        )?;
    }
    // Only withdrawals queued within the delay can still be slashed; the events say whose they are.
    let block = reader.block().number.to::<u64>();
    let oldest = block.saturating_sub(state.constant("min_withdrawal_delay"));
    let waiting = discovery
        .queued
        .iter()
        .filter(|(_, newest)| u64::from(**newest) >= oldest);
    let pairs: Vec<(Address, Address)> = waiting.map(|(&pair, _)| pair).collect();
    let call = |&(operator, strategy): &(Address, Address)| {
        Call::new(
            manager,
            &abi::getSlashableSharesInQueueCall { operator, strategy },
            120_000,
        )
    };
    let calls: Vec<Call> = pairs.iter().map(call).collect();
    for (pair, answer) in pairs.into_iter().zip(reader.read(&calls).await?) {
        let shares = reader.decode::<abi::getSlashableSharesInQueueCall>(
            "DelegationManager",
            manager,
            &answer,
        )?;
        let shares = narrow(
            || format!("slashable shares in the queue of {} in {}", pair.0, pair.1),
            shares,
        )?;
        if shares > 0 {
            state.queued.insert(pair, shares);
        }
    }
    Ok(())
}

pub(super) fn for_each_cell(
    getter: &str,
    operators: &[Address],
    strategies: &[Address],
    matrix: &[Vec<U256>],
    mut cell: impl FnMut(Address, Address, u128),
) -> Result<(), ChainError> {
    let shape =
        matrix.len() == operators.len() && matrix.iter().all(|row| row.len() == strategies.len());
    if !shape {
        let problem = format!(
            "{getter} answers with another shape than {} x {}",
            operators.len(),
            strategies.len()
        );
        return Err(ChainError::Inconsistent { problem });
    }
    for (&operator, row) in operators.iter().zip(matrix) {
        for (&strategy, &value) in strategies.iter().zip(row) {
            cell(
                operator,
                strategy,
                narrow(|| format!("{getter} of {operator} in {strategy}"), value)?,
            );
        }
    }
    Ok(())
}

async fn read_magnitudes(
    deployment: &Deployment,
    reader: &Reader,
    discovery: &Discovery,
    state: &mut State,
) -> Result<(), ChainError> {
    let manager = deployment.contract("AllocationManager");
    let allocated = discovery
        .allocated
        .iter()
        .map(|(_, strategy, operator)| (*strategy, *operator));
    let slashed = discovery.slashed.iter();
    let slashed = slashed.map(|&(operator, strategy)| (strategy, operator));
    let mut by_strategy: BTreeMap<Address, BTreeSet<Address>> = BTreeMap::new();
    for (strategy, operator) in allocated.chain(slashed) {
        by_strategy.entry(strategy).or_default().insert(operator);
    }
    let columns: Vec<(Address, Vec<Address>)> = by_strategy
        .into_iter()
        .map(|(strategy, operators)| (strategy, operators.into_iter().collect()))
        .collect();
    let parts: Vec<(Address, &[Address])> = columns
        .iter()
        .flat_map(|(strategy, operators)| {
            let parts = operators.chunks(ALLOCATIONS.0);
            parts.map(move |part| (*strategy, part))
        })
        .collect();
    let call = |&(strategy, operators): &(Address, &[Address])| {
        let call = abi::getMaxMagnitudesCall {
            operators: operators.to_vec(),
            strategy,
        };
        Call::new(manager, &call, operators.len() as u64 * ALLOCATIONS.1)
    };
    let calls: Vec<Call> = parts.iter().map(call).collect();
    for (&(strategy, operators), answer) in parts.iter().zip(reader.read(&calls).await?) {
        let maxima =
            reader.decode::<abi::getMaxMagnitudesCall>("AllocationManager", manager, &answer)?;
        if maxima.len() != operators.len() {
            let (given, asked) = (maxima.len(), operators.len());
            let problem = format!("getMaxMagnitudes answers for {given} of {asked} operators");
            return Err(ChainError::Inconsistent { problem });
        }
        for (&operator, max) in operators.iter().zip(maxima) {
            state.magnitudes.insert((operator, strategy), (max, 0));
        }
    }
    read_encumbered(manager, reader, state).await
}

async fn read_encumbered(
    manager: Address,
    reader: &Reader,
    state: &mut State,
) -> Result<(), ChainError> {
    let call = |&(operator, strategy): &(Address, Address)| {
        let call = abi::getEncumberedMagnitudeCall { operator, strategy };
        Call::new(manager, &call, 150_000)
    };
    let calls: Vec<Call> = state.magnitudes.keys().map(call).collect();
    let answers = reader.read(&calls).await?;
    for ((_, encumbered), answer) in state.magnitudes.values_mut().zip(answers) {
        *encumbered = reader.decode::<abi::getEncumberedMagnitudeCall>(
            "AllocationManager",
            manager,
            &answer,
        )?;
    }
    Ok(())
}

async fn read_allocations(
    deployment: &Deployment,
    reader: &Reader,
    discovery: &Discovery,
    state: &mut State,
) -> Result<(), ChainError> {
    let manager = deployment.contract("AllocationManager");
    let mut by_column: BTreeMap<(&OperatorSet, Address), Vec<Address>> = BTreeMap::new();
    for (set, strategy, operator) in &discovery.allocated {
        by_column
            .entry((set, *strategy))
            .or_default()
            .push(*operator);
    }
    let groups: Vec<((&OperatorSet, Address), &[Address])> = by_column
        .iter()
        .flat_map(|(&column, operators)| {
            operators
                .chunks(ALLOCATIONS.0)
                .map(move |part| (column, part))
        })
        .collect();
    let call = |((set, strategy), operators): &((&OperatorSet, Address), &[Address])| {
        let call = abi::getAllocationsCall {
            operators: operators.to_vec(),
            operatorSet: (*set).clone(),
            strategy: *strategy,
        };
        Call::new(manager, &call, operators.len() as u64 * ALLOCATIONS.1)
    };
    let calls: Vec<Call> = groups.iter().map(call).collect();
    for (((set, strategy), operators), answer) in groups.iter().zip(reader.read(&calls).await?) {
        let infos =
            reader.decode::<abi::getAllocationsCall>("AllocationManager", manager, &answer)?;
        if infos.len() != operators.len() {
            let problem = format!(
                "getAllocations answers for {} of {} operators",
                infos.len(),
                operators.len()
            );
            return Err(ChainError::Inconsistent { problem });
        }
        for (&operator, info) in operators.iter().zip(infos) {
            if info.currentMagnitude != 0 || info.pendingDiff != 0 {
                state
                    .allocations
                    .insert(((*set).clone(), operator, *strategy), info);
            }
        }
    }
    Ok(())
}

async fn read_splits(
    deployment: &Deployment,
    reader: &Reader,
    discovery: &Discovery,
    state: &mut State,
) -> Result<(), ChainError> {
    let Some(&coordinator) = deployment.contracts.get("RewardsCoordinator") else {
        return Ok(());
    };
    let call = |&(operator, key): &(Address, SplitKey)| match key {
        SplitKey::Set(avs, id) => {
            let set = OperatorSet { avs, id };
            Call::new(
                coordinator,
                &abi::getOperatorSetSplitCall {
                    operator,
                    operatorSet: set,
                },
                50_000,
            )
        }
        SplitKey::Avs(avs) => Call::new(
            coordinator,
            &abi::getOperatorAVSSplitCall { operator, avs },
            50_000,
        ),
        SplitKey::Programmatic => Call::new(
            coordinator,
            &abi::getOperatorPISplitCall { operator },
            50_000,
        ),
    };
    let calls: Vec<Call> = discovery.splits.iter().map(call).collect();
    for (&key, answer) in discovery.splits.iter().zip(reader.read(&calls).await?) {
        // The three getters all return one uint16.
        let split = reader.decode::<abi::getOperatorPISplitCall>(
            "RewardsCoordinator",
            coordinator,
            &answer,
        )?;
        state.splits.insert(key, split);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_every_pair_once() {
        let address = |i: usize| Address::from_word(U256::from(i).into());
        for (operators, strategies, pairs) in
            [(1, 1, 1), (7, 3, 4), (1_500, 20, 1_000), (3, 70, 10)]
        {
            let rows: Vec<Address> = (0..operators).map(address).collect();
            let columns: Vec<Address> = (0..strategies).map(|i| address(10_000 + i)).collect();
            let mut seen = BTreeSet::new();
            for (rows, columns) in tiles(&rows, &columns, pairs) {
                assert!(
                    rows.len() * columns.len() <= pairs,
                    "{} x {}",
                    rows.len(),
                    columns.len()
                );
                for row in rows {
                    for column in columns {
                        assert!(seen.insert((*row, *column)));
                    }
                }
            }
            assert_eq!(seen.len(), operators * strategies);
        }
    }
}
