//! The snapshot proves itself: stake recomputed from shares and magnitudes equals the chain's getters.

use super::discovery::Discovery;
use super::error::ChainError;
use super::state::{State, Triple};
use crate::protocol::magnitude::{
    Allocation, INITIAL_MAX_MAGNITUDE, Slashability, allocated_stake, encumbered_magnitude,
    minimum_slashable_stake,
};
use crate::units::{Shares, WAD, Wad};
use alloy_primitives::Address;
use std::collections::BTreeMap;

/// How much was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Proven {
    /// (set, operator, strategy) triples, each by two getters.
    pub triples: usize,
    /// (operator, strategy) pairs whose encumbered magnitude was compared.
    pub pairs: usize,
}

/// Recomputes what the getters answered, to the wei.
///
/// # Errors
/// The first difference, with the triple and both numbers.
pub fn prove(state: &State, discovery: &Discovery, block: u32) -> Result<Proven, ChainError> {
    for (triple, &answered) in &state.allocated_stake {
        let (shares, allocation, max) = inputs(state, triple)?;
        let computed = allocated_stake(shares, allocation, max).0;
        compare("getAllocatedStake", triple, computed, answered)?;
    }
    for (triple, &answered) in &state.slashable_stake {
        let (shares, allocation, max) = inputs(state, triple)?;
        let who = slashability(state, triple);
        let computed = minimum_slashable_stake(shares, allocation, max, who, block).0;
        compare("getMinimumSlashableStake", triple, computed, answered)?;
    }
    if let Some(triple) = state
        .allocations
        .keys()
        .find(|triple| !state.slashable_stake.contains_key(*triple))
    {
        let (set, operator, strategy) = triple;
        return Err(ChainError::Inconsistent {
            problem: format!(
                "the stake of operator {operator} in {strategy} for set {}/{} was not compared",
                set.avs, set.id
            ),
        });
    }
    prove_sets(discovery)?;
    let pairs = prove_encumbrance(state)?;
    Ok(Proven {
        triples: state.slashable_stake.len(),
        pairs,
    })
}

fn inputs(
    state: &State,
    (set, operator, strategy): &Triple,
) -> Result<(Shares, Allocation, Wad), ChainError> {
    let pair = (*operator, *strategy);
    let shares = state.shares.get(&pair).copied().unwrap_or(0);
    let max = state
        .magnitudes
        .get(&pair)
        .map_or(INITIAL_MAX_MAGNITUDE, |&(max, _)| Wad(max));
    let allocation = state.allocations.get(&(set.clone(), *operator, *strategy));
    let allocation = allocation.map(plain).transpose()?.unwrap_or_default();
    if max.0 > WAD || allocation.current > max.0 {
        return Err(ChainError::TooLarge {
            what: format!(
                "the magnitude of operator {operator} in {strategy} for set {}/{}",
                set.avs, set.id
            ),
            value: format!("{} of {max}", allocation.current),
        });
    }
    Ok((Shares(shares), allocation, max))
}

/// An allocation in the terms of the rules.
pub fn plain(info: &super::abi::AllocationInfo) -> Result<Allocation, ChainError> {
    let sum = i128::from(info.currentMagnitude).checked_add(info.pendingDiff);
    if sum.is_none_or(|sum| !(0..=i128::from(WAD)).contains(&sum)) {
        return Err(ChainError::TooLarge {
            what: "a pending magnitude".to_owned(),
            value: format!("{} changed by {}", info.currentMagnitude, info.pendingDiff),
        });
    }
    Ok(Allocation {
        current: info.currentMagnitude,
        pending_diff: info.pendingDiff,
        effect_block: info.effectBlock,
    })
}

fn slashability(state: &State, (set, operator, _): &Triple) -> Slashability {
    match state.slashable.get(&(set.clone(), *operator)) {
        Some(true) => Slashability::Slashable,
        _ => Slashability::NotSlashable,
    }
}

fn compare(
    getter: &'static str,
    triple: &Triple,
    computed: u128,
    answered: u128,
) -> Result<(), ChainError> {
    if computed == answered {
        return Ok(());
    }
    let (set, operator, strategy) = triple;
    Err(ChainError::Proof {
        getter,
        set: format!("{}/{}", set.avs, set.id),
        operator: operator.to_string(),
        strategy: strategy.to_string(),
        computed,
        answered,
    })
}

/// Encumbered magnitude is the sum over all sets: a set that the scan missed would show here.
fn prove_encumbrance(state: &State) -> Result<usize, ChainError> {
    let mut by_pair: BTreeMap<(Address, Address), Vec<Allocation>> = BTreeMap::new();
    for ((_, operator, strategy), info) in &state.allocations {
        by_pair
            .entry((*operator, *strategy))
            .or_default()
            .push(plain(info)?);
    }
    for (pair, &(_, answered)) in &state.magnitudes {
        let allocations = by_pair.get(pair).cloned().unwrap_or_default();
        let total: u128 = allocations
            .iter()
            .map(|allocation| u128::from(allocation.encumbers()))
            .sum();
        let computed = if total <= u128::from(WAD) {
            u128::from(encumbered_magnitude(allocations).0)
        } else {
            total
        };
        if computed != u128::from(answered) {
            return Err(ChainError::Inconsistent {
                problem: format!(
                    "operator {} has encumbered {answered} in {} by getEncumberedMagnitude, and its allocations add up to {computed}",
                    pair.0, pair.1
                ),
            });
        }
    }
    Ok(state.magnitudes.len())
}

/// Every allocation belongs to a set that was created.
fn prove_sets(discovery: &Discovery) -> Result<(), ChainError> {
    let unknown = discovery
        .allocated
        .iter()
        .find(|(set, ..)| !discovery.sets.contains(set));
    match unknown {
        None => Ok(()),
        Some((set, ..)) => Err(ChainError::Inconsistent {
            problem: format!(
                "set {}/{} has allocations but was never created; the node's logs are incomplete",
                set.avs, set.id
            ),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::abi::{AllocationInfo, OperatorSet};
    use super::*;

    fn triple() -> Triple {
        (
            OperatorSet {
                avs: Address::repeat_byte(1),
                id: 7,
            },
            Address::repeat_byte(2),
            Address::repeat_byte(3),
        )
    }

    fn state(allocated: u128, slashable: u128) -> State {
        let (set, operator, strategy) = triple();
        let info = AllocationInfo {
            currentMagnitude: WAD / 2,
            pendingDiff: 0,
            effectBlock: 0,
        };
        State {
            shares: [((operator, strategy), 1_001)].into(),
            magnitudes: [((operator, strategy), (WAD, WAD / 2))].into(),
            allocations: [(triple(), info)].into(),
            slashable: [((set, operator), true)].into(),
            allocated_stake: [(triple(), allocated)].into(),
            slashable_stake: [(triple(), slashable)].into(),
            ..State::default()
        }
    }

    fn discovery() -> Discovery {
        let mut discovery = Discovery::default();
        discovery.sets.insert(triple().0);
        discovery
    }

    #[test]
    fn equal_numbers_prove() {
        assert_eq!(
            prove(&state(500, 500), &discovery(), 9).unwrap(),
            Proven {
                triples: 1,
                pairs: 1
            }
        );
    }

    #[test]
    fn one_wei_is_named_with_its_triple() {
        for (wrong, getter) in [
            (state(501, 500), "getAllocatedStake"),
            (state(500, 499), "getMinimumSlashableStake"),
        ] {
            let error = prove(&wrong, &discovery(), 9).unwrap_err().to_string();
            let (set, operator, strategy) = triple();
            let numbers = if getter == "getAllocatedStake" {
                "501"
            } else {
                "499"
            };
            for part in [
                getter,
                &set.avs.to_string(),
                &operator.to_string(),
                &strategy.to_string(),
                "500",
                numbers,
            ] {
                assert!(error.contains(part), "{error} lacks {part}");
            }
        }
    }

    #[test]
    fn a_missing_set_is_found_out() {
        let mut state = state(500, 500);
        state
            .magnitudes
            .insert((triple().1, triple().2), (WAD, WAD / 2 + 1));
        let error = prove(&state, &discovery(), 9).unwrap_err().to_string();
        assert!(error.contains("add up to"), "{error}");
    }
}
