//! The export against the protocol's own bytecode, where its artifacts are named.
//!
//! `STAKEWRIGHT_CORE_ARTIFACTS=FOLDER cargo test --release --test it -- --ignored slow_the_real_contracts`

use crate::export_reverts::provoke;
use crate::export_verify::{Bench, EIGEN, Kind, STETH, none_reverts, rehearsed_sent_and_read_back};
use crate::support::core::{Artifacts, Core, Places, send};
use crate::support::deployment::{NOW, at, nobody};
use crate::support::foundry::{Anvil, tool};
use alloy_primitives::Address as Account;
use alloy_sol_types::{SolCall as _, sol};
use stakewright::export::address::Address;
use stakewright::export::network::{Contracts, Network};

sol! {
    function addStrategiesToDepositWhitelist(address[] strategies);
}

fn ours(account: Account) -> Address {
    Address(account.into_array())
}

/// A node with protocol 1.13.0 as mainnet runs it; `None` where artifacts or tools are missing.
fn core() -> Option<Bench> {
    let artifacts = Artifacts::named()?;
    let (program, forge) = (tool("anvil")?, tool("forge")?);
    let anvil = Anvil::start(&program, NOW);
    let places = Places {
        eigen_strategy: Account::from(at(EIGEN).0),
        ..Places::default()
    };
    let core = Core::deploy(&anvil, &artifacts, places.clone());
    let listed = [at(STETH), nobody(0x31), nobody(0x32), at(EIGEN)];
    let list = addStrategiesToDepositWhitelistCall {
        strategies: listed
            .iter()
            .map(|strategy| Account::from(strategy.0))
            .collect(),
    };
    send(
        &anvil,
        core.owner,
        places.strategy_manager,
        &list.abi_encode(),
    );
    let token = anvil.deploy(&forge, "Token", &[]);
    let mainnet = Network::mainnet();
    let network = Network {
        name: "core".into(),
        chain_id: 31_337,
        contracts: Contracts {
            allocation_manager: ours(places.allocation_manager),
            delegation_manager: ours(places.delegation_manager),
            strategy_manager: ours(places.strategy_manager),
            rewards_coordinator: ours(places.rewards_coordinator),
            permission_controller: ours(places.permission_controller),
            key_registrar: ours(places.key_registrar),
            protocol_registry: Some(ours(places.protocol_registry)),
            cross_chain_registry: None,
            task_mailbox: None,
            avs_directory: None,
            eigen_strategy: at(EIGEN),
        },
        ..mainnet
    };
    Some(Bench {
        anvil,
        forge,
        network,
        token,
        kind: Kind::Core,
    })
}

#[test]
#[ignore = "slow: needs the protocol's artifacts in STAKEWRIGHT_CORE_ARTIFACTS"]
fn slow_the_real_contracts_take_the_export() {
    let Some(bench) = core() else { return };
    rehearsed_sent_and_read_back(&bench);
}

#[test]
#[ignore = "slow: needs the protocol's artifacts in STAKEWRIGHT_CORE_ARTIFACTS"]
fn slow_the_real_contracts_take_random_exports() {
    let Some(bench) = core() else { return };
    none_reverts(&bench, 100);
}

#[test]
#[ignore = "slow: needs the protocol's artifacts in STAKEWRIGHT_CORE_ARTIFACTS"]
fn slow_the_real_contracts_refuse_as_explained() {
    let Some(bench) = core() else { return };
    let provoked = provoke(&bench);
    assert!(provoked.len() >= 30, "{provoked:?}");
}
