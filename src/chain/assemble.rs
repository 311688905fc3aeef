//! What was read, as the tables of a snapshot.

use super::abi::OperatorSet;
use super::assets::{self, AssetState, Assets};
use super::client::Header;
use super::deployment::Deployment;
use super::discovery::Discovery;
use super::error::ChainError;
use super::oracles::{Prices, iso, narrow};
use super::state::State;
use crate::protocol::delay::slashable_until;
use crate::protocol::math::mul_wad_floor;
use crate::snapshot as tables;
use crate::snapshot::{Fact, Facts, Grade, Manifest, Outcome, Provenance, Snapshot, Source};
use crate::units::WAD;
use alloy_primitives::Address;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that a pull has read.
pub struct Parts<'a> {
    /// The contracts.
    pub deployment: &'a Deployment,
    /// The pinned block.
    pub block: Header,
    /// What the events told.
    pub discovery: &'a Discovery,
    /// What the getters told.
    pub state: &'a State,
    /// The strategies.
    pub assets: &'a Assets,
    /// The oracles.
    pub prices: &'a Prices,
    /// Facts that a chain cannot give, such as market statistics.
    pub carried: &'a Facts,
}

/// Places of addresses and sets in their tables.
struct Places {
    assets: BTreeMap<Address, u32>,
    operators: BTreeMap<Address, u32>,
    avss: BTreeMap<Address, u32>,
    sets: BTreeMap<OperatorSet, u32>,
    registrations: BTreeMap<Address, u32>,
}

/// An address as the tables write it.
pub fn address(address: Address) -> tables::Address {
    tables::Address(address.into())
}

/// Builds the snapshot, in canonical order.
///
/// # Errors
/// When the tables do not fit together or a number is too large.
pub fn assemble(parts: &Parts<'_>) -> Result<Snapshot, ChainError> {
    let places = places(parts);
    let mut snapshot = Snapshot {
        manifest: manifest(parts),
        assets: parts
            .assets
            .by_strategy
            .iter()
            .map(|(&s, state)| asset(parts, s, state))
            .collect(),
        operators: operators(parts, &places),
        avss: avss(parts, &places),
        sets: sets(parts, &places),
        memberships: memberships(parts, &places),
        stakes: stakes(parts, &places),
        magnitudes: magnitudes(parts, &places),
        allocations: allocations(parts, &places)?,
        splits: splits(parts, &places),
        slashings: slashings(parts, &places)?,
        rewards: rewards(parts, &places)?,
        contracts: contracts(parts),
        facts: facts(parts),
        ..Snapshot::default()
    };
    snapshot.sort();
    match snapshot.check().into_iter().next() {
        None => Ok(snapshot),
        Some(problem) => Err(ChainError::Inconsistent {
            problem: problem.to_string(),
        }),
    }
}

fn indexed<K: Ord>(keys: impl IntoIterator<Item = K>) -> BTreeMap<K, u32> {
    keys.into_iter().zip(0..).collect()
}

fn places(parts: &Parts<'_>) -> Places {
    let (discovery, state) = (parts.discovery, parts.state);
    let mut operators: BTreeSet<Address> = discovery.operators.keys().copied().collect();
    operators.extend(discovery.memberships.keys().map(|(_, operator)| *operator));
    operators.extend(discovery.registrations.values().flatten());
    operators.extend(
        state
            .shares
            .keys()
            .chain(state.queued.keys())
            .map(|(operator, _)| *operator),
    );
    operators.extend(state.magnitudes.keys().map(|(operator, _)| *operator));
    operators.extend(state.splits.keys().map(|(operator, _)| *operator));
    operators.extend(discovery.slashings.iter().map(|slashing| slashing.operator));
    let mut avss: BTreeSet<Address> = discovery.avss.keys().copied().collect();
    avss.extend(discovery.rewards.iter().filter_map(|rewards| rewards.avs));
    let sets = indexed(discovery.sets.iter().cloned());
    let registered = discovery
        .registrations
        .iter()
        .filter(|(_, operators)| !operators.is_empty());
    let registrations = registered
        .map(|(&avs, _)| avs)
        .zip(sets.len() as u32..)
        .collect();
    Places {
        assets: indexed(parts.assets.by_strategy.keys().copied()),
        operators: indexed(operators),
        avss: indexed(avss),
        sets,
        registrations,
    }
}

fn manifest(parts: &Parts<'_>) -> Manifest {
    let number = parts.block.number.to::<u64>();
    let timestamp = parts.block.timestamp.to::<u64>();
    let mut sources = vec![Source {
        what: "operators, services, sets, stake, magnitudes, allocations".to_owned(),
        source: format!(
            "contracts of EigenLayer on chain {}, block {number}",
            parts.deployment.chain_id
        ),
        date: iso(timestamp),
        url: None,
        outcome: Outcome::Complete,
    }];
    sources.extend(parts.prices.sources.iter().cloned());
    Manifest {
        format_version: tables::FORMAT_VERSION,
        label: format!("{} {number}", parts.deployment.name),
        chain_id: parts.deployment.chain_id,
        block: Some(number),
        block_hash: Some(parts.block.hash.to_string()),
        timestamp,
        protocol_version: parts.deployment.version.clone(),
        program: concat!("stakewright ", env!("CARGO_PKG_VERSION")).to_owned(),
        sources,
        ..Manifest::default()
    }
}

fn asset(parts: &Parts<'_>, strategy: Address, state: &AssetState) -> tables::Asset {
    let priced_as = if strategy == assets::beacon() {
        Some(Address::ZERO)
    } else {
        state.token
    };
    tables::Asset {
        symbol: state.symbol.clone(),
        strategy: Some(address(strategy)),
        token: state.token.map(address),
        class: match (state.token, strategy == assets::beacon()) {
            (None, false) => tables::AssetClass::Token,
            (token, _) => assets::class(parts.deployment, token, &state.symbol),
        },
        decimals: state.decimals,
        price: priced_as.and_then(|token| parts.prices.by_token.get(&token).cloned()),
        units_per_1e18_shares: state.units_per_1e18_shares,
        total_shares: state.total_shares,
        locked_until: state.locked_until,
    }
}

fn operators(parts: &Parts<'_>, places: &Places) -> Vec<tables::Operator> {
    let row = |&operator: &Address| tables::Operator {
        address: address(operator),
        name: None,
        metadata_uri: parts.discovery.operators.get(&operator).cloned().flatten(),
        entity: None,
        allocation_delay_blocks: parts.state.delays.get(&operator).copied(),
    };
    places.operators.keys().map(row).collect()
}

fn avss(parts: &Parts<'_>, places: &Places) -> Vec<tables::Avs> {
    let row = |&avs: &Address| tables::Avs {
        address: address(avs),
        name: None,
        metadata_uri: parts.discovery.avss.get(&avs).cloned().flatten(),
        registrar: parts.state.registrars.get(&avs).copied().map(address),
    };
    places.avss.keys().map(row).collect()
}

fn sets(parts: &Parts<'_>, places: &Places) -> Vec<tables::OperatorSet> {
    let known = |strategies: &BTreeSet<Address>| {
        strategies
            .iter()
            .filter_map(|strategy| places.assets.get(strategy).copied())
            .collect()
    };
    let new = places.sets.keys().map(|set| {
        let state = &parts.state.sets[set];
        tables::OperatorSet {
            avs: places.avss[&set.avs],
            id: set.id,
            kind: tables::SetKind::OperatorSet,
            strategies: known(&state.strategies),
            slasher: state.slasher.map(address),
            redistribution_recipient: state.recipient.map(address),
        }
    });
    let old = places.registrations.keys().map(|avs| tables::OperatorSet {
        avs: places.avss[avs],
        id: 0,
        kind: tables::SetKind::RegistrationBeforeOperatorSets,
        strategies: parts
            .assets
            .restakeable
            .get(avs)
            .map(known)
            .unwrap_or_default(),
        slasher: None,
        redistribution_recipient: None,
    });
    new.chain(old).collect()
}

fn memberships(parts: &Parts<'_>, places: &Places) -> Vec<tables::Membership> {
    let delay = parts.state.constant("deallocation_delay") as u32;
    let mut rows = Vec::new();
    for ((set, operator), left) in &parts.discovery.memberships {
        let slashable = parts.state.slashable.get(&(set.clone(), *operator)) == Some(&true);
        if left.is_some() && !slashable {
            continue;
        }
        rows.push(tables::Membership {
            set: places.sets[set],
            operator: places.operators[operator],
            slashable_until_block: left.map(|block| slashable_until(block as u32, delay)),
        });
    }
    for (avs, &set) in &places.registrations {
        for operator in &parts.discovery.registrations[avs] {
            let operator = places.operators[operator];
            rows.push(tables::Membership {
                set,
                operator,
                slashable_until_block: None,
            });
        }
    }
    rows
}

fn stakes(parts: &Parts<'_>, places: &Places) -> Vec<tables::Stake> {
    let pairs: BTreeSet<_> = parts
        .state
        .shares
        .keys()
        .chain(parts.state.queued.keys())
        .copied()
        .collect();
    let row = |pair: (Address, Address)| {
        let (operator, strategy) = pair;
        let shares = parts.state.shares.get(&pair).copied().unwrap_or(0);
        let state = &parts.assets.by_strategy[&strategy];
        tables::Stake {
            operator: places.operators[&operator],
            asset: places.assets[&strategy],
            amount_tokens: tokens(shares, state),
            shares: Some(shares),
            queued_shares: Some(parts.state.queued.get(&pair).copied().unwrap_or(0)),
            provenance: Provenance::Measured,
        }
    };
    pairs
        .into_iter()
        .filter(|(_, strategy)| places.assets.contains_key(strategy))
        .map(row)
        .collect()
}

/// Whole tokens that shares are worth; a strategy without a rate counts one to one.
fn tokens(shares: u128, state: &AssetState) -> f64 {
    let units = mul_wad_floor(
        shares,
        state.units_per_1e18_shares.unwrap_or(u128::from(WAD)),
    );
    units as f64 / 10_f64.powi(i32::from(state.decimals))
}

fn magnitudes(parts: &Parts<'_>, places: &Places) -> Vec<tables::Magnitudes> {
    let row = |(&(operator, strategy), &(max, encumbered)): (&(Address, Address), &(u64, u64))| {
        tables::Magnitudes {
            operator: places.operators[&operator],
            asset: places.assets[&strategy],
            max_magnitude_wad: max,
            encumbered_magnitude_wad: encumbered,
        }
    };
    let known = parts
        .state
        .magnitudes
        .iter()
        .filter(|((_, strategy), _)| places.assets.contains_key(strategy));
    known.map(row).collect()
}

fn allocations(parts: &Parts<'_>, places: &Places) -> Result<Vec<tables::Allocation>, ChainError> {
    let mut rows = Vec::with_capacity(parts.state.allocations.len());
    for (triple, info) in &parts.state.allocations {
        let (set, operator, strategy) = triple;
        // The getter also answers for strategies outside the set, which nobody can slash there.
        let counts = parts
            .state
            .sets
            .get(set)
            .is_some_and(|state| state.strategies.contains(strategy));
        let slashable = if counts {
            parts.state.slashable_stake[triple]
        } else {
            0
        };
        rows.push(tables::Allocation {
            operator: places.operators[operator],
            set: places.sets[set],
            asset: places.assets[strategy],
            current_magnitude_wad: info.currentMagnitude,
            pending_diff_wad: i64::try_from(info.pendingDiff).map_err(|_| {
                ChainError::TooLarge {
                    what: "a pending magnitude".to_owned(),
                    value: info.pendingDiff.to_string(),
                }
            })?,
            effect_block: info.effectBlock,
            slashable_shares: Some(slashable),
        });
    }
    Ok(rows)
}

fn splits(parts: &Parts<'_>, places: &Places) -> Vec<tables::Split> {
    let avs = |address| places.avss.get(&address).copied();
    let set = |set: &OperatorSet| places.sets.get(set).copied();
    let row = |(&(operator, key), &split_bips): (&(Address, _), &u16)| {
        let scope = super::discovery::SplitKey::scope(key, avs, set)?;
        Some(tables::Split {
            operator: places.operators[&operator],
            scope,
            split_bips,
        })
    };
    parts.state.splits.iter().filter_map(row).collect()
}

fn slashings(parts: &Parts<'_>, places: &Places) -> Result<Vec<tables::Slashing>, ChainError> {
    let mut rows = Vec::new();
    for slashing in &parts.discovery.slashings {
        let Some(&set) = places.sets.get(&slashing.set) else {
            continue;
        };
        for (strategy, wad) in &slashing.taken {
            let Some(&asset) = places.assets.get(strategy) else {
                continue;
            };
            let wad = u64::try_from(*wad).ok().filter(|&wad| wad <= WAD);
            rows.push(tables::Slashing {
                block: slashing.block,
                log_index: slashing.log_index as u32,
                set,
                operator: places.operators[&slashing.operator],
                asset,
                slashed_wad: wad.ok_or_else(|| ChainError::TooLarge {
                    what: format!("a slash in block {}", slashing.block),
                    value: format!("{:?}", slashing.taken),
                })?,
                description: slashing.description.clone(),
            });
        }
    }
    Ok(rows)
}

fn rewards(
    parts: &Parts<'_>,
    places: &Places,
) -> Result<Vec<tables::RewardsSubmission>, ChainError> {
    let row = |seen: &super::discovery::SeenRewards| {
        Ok(tables::RewardsSubmission {
            block: seen.block,
            log_index: seen.log_index as u32,
            kind: seen.kind,
            submitter: address(seen.submitter),
            avs: seen.avs.and_then(|avs| places.avss.get(&avs).copied()),
            set: seen
                .set
                .as_ref()
                .and_then(|set| places.sets.get(set).copied()),
            token: address(seen.token),
            amount_units: narrow(
                || format!("a rewards amount in block {}", seen.block),
                seen.amount,
            )?,
            start_timestamp: u64::from(seen.start),
            duration_seconds: seen.duration,
        })
    };
    parts.discovery.rewards.iter().map(row).collect()
}

fn contracts(parts: &Parts<'_>) -> Vec<tables::Contract> {
    let deployment = parts.deployment;
    let row = |name: String, at: Address| tables::Contract {
        name,
        address: address(at),
        source: deployment.source.clone(),
        date: deployment.date.clone(),
    };
    let core = deployment
        .contracts
        .iter()
        .map(|(name, &at)| row(name.clone(), at));
    let feeds = deployment
        .feeds
        .iter()
        .map(|feed| row(format!("feed {}", feed.pair), feed.address));
    core.chain(feeds).collect()
}

/// Constants read from the chain, and the carried facts that they do not replace.
fn facts(parts: &Parts<'_>) -> Facts {
    let date = iso(parts.block.timestamp.to::<u64>());
    let read = parts.state.constants.iter().map(|constant| Fact {
        key: format!("protocol.{}", constant.key),
        value: constant.value as f64,
        exact: None,
        unit: constant.unit.to_owned(),
        source: constant.source.clone(),
        date: date.clone(),
        grade: Grade::Chain,
        note: String::new(),
    });
    let mut facts: Vec<Fact> = read.collect();
    let carried = parts
        .carried
        .0
        .iter()
        .filter(|fact| !fact.key.starts_with("protocol."));
    facts.extend(carried.cloned());
    Facts(facts)
}
