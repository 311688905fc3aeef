//! The pull against the protocol's own contracts, where the user names their artifacts.
//!
//! The recorded scenario is played again on freshly deployed contracts: the same 140 actions in the same
//! blocks. At each of the 34 checkpoints the chain is pulled, proves itself, and equals the recording.

use crate::pull::compare;
use crate::support::anvil::Anvil;
use crate::support::core::{self, Artifacts, Core, LocalNode, Places, advance_to, place, send};
use crate::support::recording::{address, block_of, bytes, checkpoints, constant, list, recording};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, sol};
use serde_json::{Value, json};
use stakewright::chain::{
    BlockName, Deployment, Endpoint, LogSteps, Packing, PullOptions, Pulled, pull,
};
use stakewright::snapshot::{self, Snapshot};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

sol! {
    struct OperatorSet { address avs; uint32 id; }
    struct CreateSetParams { uint32 operatorSetId; address[] strategies; address slasher; }
    struct Vault {
        address underlyingToken; address vaultAdmin; address arbitrator; uint32 duration; uint256 maxPerDeposit;
        uint256 stakeCap; string metadataURI; OperatorSet operatorSet; bytes registrationData;
        address delegationApprover; string operatorMetadataURI;
    }
    struct Signature { bytes signature; uint256 expiry; }

    function mint(address to, uint256 amount);
    function approve(address spender, uint256 amount);
    function ownerToPod(address owner) view returns (address);
    function updateAVSMetadataURI(address avs, string uri);
    function setAVSRegistrar(address avs, address registrar);
    function createOperatorSets(address avs, CreateSetParams[] params);
    function addStrategiesToOperatorSet(address avs, uint32 id, address[] strategies);
    function deployDurationVaultStrategy(Vault config) returns (address);
    function deployNewStrategy(address token) returns (address);
    function depositIntoStrategy(address strategy, address token, uint256 amount) returns (uint256);
    function delegateTo(address operator, Signature signature, bytes32 salt);
    function lock();
    function unlockTimestamp() view returns (uint32);
    function getMinimumSlashableStake(OperatorSet set, address[] operators, address[] strategies, uint32 futureBlock) view returns (uint256[][]);
}

/// First block here: early enough to deploy everything before the first recorded action.
const FIRST: u64 = 24_990_000;

/// The recording's clock: twelve seconds a block.
fn clock(block: u64) -> u64 {
    1_790_000_000 + 12 * block - 12 * 25_000_000
}

fn at(value: &Value) -> Address {
    Address::from(address(value))
}

/// The places of the recording, so that its calldata fits.
fn recorded_places() -> Places {
    let a = &recording()["addresses"];
    Places {
        allocation_manager: at(&a["AllocationManager"]),
        delegation_manager: at(&a["DelegationManager"]),
        strategy_manager: at(&a["StrategyManager"]),
        eigen_pod_manager: at(&a["EigenPodManager"]),
        permission_controller: at(&a["PermissionController"]),
        rewards_coordinator: at(&a["RewardsCoordinator"]),
        key_registrar: at(&a["KeyRegistrar"]),
        protocol_registry: at(&a["ProtocolRegistry"]),
        eigen_strategy: at(&a["strategies"]["E"]),
        // The deployer put the strategies on the list.
        owner: at(&checkpoints()[0]["actions"][0]["from"]),
        ..Places::default()
    }
}

fn node() -> Option<(Anvil, Artifacts)> {
    let artifacts = Artifacts::named()?;
    let start = clock(FIRST).to_string();
    let anvil = Anvil::start_at(FIRST, &["--timestamp", &start, "--no-request-size-limit"])?;
    Some((anvil, artifacts))
}

fn options(core: &Core) -> PullOptions {
    PullOptions {
        deployment: Some(Deployment::parse(&core.deployment_file(FIRST)).unwrap()),
        block: BlockName::Latest,
        // One step: the chain jumps, and the blocks in between do not exist.
        steps: LogSteps {
            first: 10_000_000,
            most: 10_000_000,
        },
        packing: Packing::Batches,
        ..PullOptions::default()
    }
}

fn pull_from(anvil: &Anvil, core: &Core) -> Pulled {
    let endpoint = Endpoint::parse(&anvil.url).unwrap();
    pull(
        &endpoint,
        &options(core),
        &mut |_| ControlFlow::Continue(()),
    )
    .unwrap_or_else(|error| panic!("{error}"))
}

/// Deploys the core where the recording has it, with its tokens, strategies, registrars and funds.
fn deploy_as_recorded(anvil: &Anvil, artifacts: &Artifacts) -> Core {
    assert_eq!(
        (
            core::mainnet::DEALLOCATION_DELAY,
            core::mainnet::ALLOCATION_CONFIGURATION_DELAY,
            core::mainnet::MIN_WITHDRAWAL_DELAY
        ),
        (
            constant("DEALLOCATION_DELAY"),
            constant("ALLOCATION_CONFIGURATION_DELAY"),
            constant("MIN_WITHDRAWAL_DELAY_BLOCKS")
        )
    );
    let core = Core::deploy(anvil, artifacts, recorded_places());
    let tokens = &recording()["addresses"]["tokens"];
    let strategies = list(&recording()["strategies"]);
    for strategy in strategies.iter().filter(|row| !row["token"].is_null()) {
        let (place, token) = (at(&strategy["strategy"]), at(&strategy["token"]));
        let decimals = strategy["decimals"].as_u64().unwrap() as u8;
        core::token(anvil, token, strategy["symbol"].as_str().unwrap(), decimals);
        core.strategy(
            anvil,
            artifacts,
            strategy["artifact"].as_str().unwrap(),
            place,
            token,
        );
        for staker in depositors() {
            fund(anvil, token, staker, core.places.strategy_manager);
        }
    }
    let reward = at(&tokens["RWD"]);
    core::token(anvil, reward, "RWD", 18);
    for registrar in list(&recording()["addresses"]["registrars"]) {
        core::put(anvil, at(registrar), "RegistrarDouble");
    }
    for avs in list(&recording()["addresses"]["avs"]) {
        fund(anvil, reward, at(avs), core.places.rewards_coordinator);
    }
    core
}

fn fund(anvil: &Anvil, token: Address, who: Address, spender: Address) {
    let amount = U256::from(10).pow(U256::from(40));
    send(
        anvil,
        who,
        token,
        &mintCall { to: who, amount }.abi_encode(),
    );
    send(
        anvil,
        who,
        token,
        &approveCall { spender, amount }.abi_encode(),
    );
}

/// Plays one recorded action in its block; returns how many events were compared.
fn play(anvil: &Anvil, core: &Core, action: &Value) -> usize {
    let block = action["block"].as_str().unwrap().parse::<u64>().unwrap();
    advance_to(anvil, block - 1, clock);
    anvil.ask("evm_setNextBlockTimestamp", json!([clock(block)]));
    let mut from = at(&action["from"]);
    if action["contract"] == "EigenPodManager" && !action["args"]["podOwner"].is_null() {
        // The pod's address follows from its beacon's, which is another here.
        let owner = at(&action["args"]["podOwner"]);
        from = call(
            anvil,
            core.places.eigen_pod_manager,
            &ownerToPodCall { owner },
        );
    }
    let receipt = send(
        anvil,
        from,
        at(&action["to"]),
        &bytes(action["calldata"].as_str().unwrap()),
    );
    assert_eq!(core::head(anvil), block, "{}", action["function"]);
    compare_events(list(&receipt["logs"]), list(&action["events"]))
}

/// What the protocol's contracts tell is what was recorded; tokens and proxies here are others.
fn compare_events(logs: &[Value], recorded: &[Value]) -> usize {
    let addresses = &recording()["addresses"];
    let core: Vec<Address> = [addresses, &addresses["strategies"]]
        .iter()
        .flat_map(|group| group.as_object().unwrap().values())
        .filter_map(|value| value.as_str()?.parse().ok())
        .collect();
    let of_core = |rows: &[Value]| -> Vec<Value> {
        let rows = rows
            .iter()
            .filter(|row| core.contains(&at(&row["address"])));
        rows.cloned().collect()
    };
    let (logs, recorded) = (of_core(logs), of_core(recorded));
    assert_eq!(logs.len(), recorded.len(), "{logs:?}\n{recorded:?}");
    for (log, event) in logs.iter().zip(&recorded) {
        // A pod's address follows from its beacon's, which is another here.
        if event["event"] != "PodDeployed" {
            assert_eq!(log["topics"], event["topics"], "{event}");
            assert_eq!(log["data"], event["data"], "{event}");
        }
    }
    logs.len()
}

fn call<C: SolCall>(anvil: &Anvil, to: Address, call: &C) -> C::Return {
    let data: Bytes = call.abi_encode().into();
    let answer = anvil.ask("eth_call", json!([{"to": to, "data": data}, "latest"]));
    let answer: Bytes = serde_json::from_value(answer).unwrap();
    C::abi_decode_returns_validate(&answer).unwrap()
}

/// Everybody who deposits in the recording.
fn depositors() -> BTreeSet<Address> {
    let actions = checkpoints().iter().flat_map(|c| list(&c["actions"]));
    let deposits = actions.filter(|action| {
        let function = action["function"].as_str().unwrap_or_default();
        function.starts_with("depositIntoStrategy")
    });
    deposits.map(|action| at(&action["from"])).collect()
}

#[test]
fn the_recorded_scenario_on_the_real_contracts() {
    let Some((anvil, artifacts)) = node() else {
        return;
    };
    let core = deploy_as_recorded(&anvil, &artifacts);
    let (mut events, mut compared, mut triples) = (0, 0, 0);
    for checkpoint in checkpoints() {
        for action in list(&checkpoint["actions"]) {
            if action["advance_blocks"].is_null() {
                events += play(&anvil, &core, action);
            }
        }
        advance_to(&anvil, u64::from(block_of(checkpoint)), clock);
        let pulled = pull_from(&anvil, &core);
        compared += compare(&pulled.snapshot, checkpoint);
        triples += pulled.report.proven.triples;
        assert_eq!(
            pulled.snapshot.manifest.protocol_version.as_deref(),
            Some("1.13.0")
        );
    }
    println!(
        "{events} events and {compared} stakes equal the recording, {triples} triples proven by the chain's getters"
    );
    assert_eq!((compared, triples), (423, 862), "the recording fixes both");
    assert!(events > 500, "{events}");
}

/// A duration vault is a strategy and an operator in one, locked until a date.
#[test]
fn a_duration_vault_of_the_real_contracts() {
    let Some((anvil, artifacts)) = node() else {
        return;
    };
    let core = Core::deploy(&anvil, &artifacts, Places::default());
    if !core.has_factory() {
        println!("skipped: the folder holds no StrategyFactory and DurationVaultStrategy");
        return;
    }
    core.hand_over_the_list(&anvil);
    let (avs, admin, staker) = (place("avs"), place("vault admin"), place("staker"));
    let (token, plain) = (place("token"), place("plain token"));
    core::token(&anvil, token, "TKV", 18);
    core::token(&anvil, plain, "TKP", 6);
    fund(&anvil, token, staker, core.places.strategy_manager);
    let set = OperatorSet { avs, id: 3 };
    let places = &core.places;
    core::put(&anvil, place("registrar"), "RegistrarDouble");
    let manager = places.allocation_manager;
    let uri = "https://example.invalid/avs.json".to_owned();
    send(
        &anvil,
        avs,
        manager,
        &updateAVSMetadataURICall { avs, uri }.abi_encode(),
    );
    let registrar = place("registrar");
    send(
        &anvil,
        avs,
        manager,
        &setAVSRegistrarCall { avs, registrar }.abi_encode(),
    );
    let params = CreateSetParams {
        operatorSetId: set.id,
        strategies: Vec::new(),
        slasher: place("slasher"),
    };
    let create = createOperatorSetsCall {
        avs,
        params: vec![params],
    };
    send(&anvil, avs, manager, &create.abi_encode());

    let config = Vault {
        underlyingToken: token,
        vaultAdmin: admin,
        arbitrator: place("arbitrator"),
        duration: 30 * 86_400,
        maxPerDeposit: U256::from(10).pow(U256::from(30)),
        stakeCap: U256::from(10).pow(U256::from(30)),
        metadataURI: "https://example.invalid/vault.json".to_owned(),
        operatorSet: set.clone(),
        registrationData: Bytes::new(),
        delegationApprover: Address::ZERO,
        operatorMetadataURI: "https://example.invalid/operator.json".to_owned(),
    };
    let deploy = deployDurationVaultStrategyCall { config };
    let receipt = send(&anvil, admin, places.strategy_factory, &deploy.abi_encode());
    let deployed = list(&receipt["logs"])
        .iter()
        .find(|log| {
            log["topics"]
                .as_array()
                .is_some_and(|topics| topics.len() == 4)
        })
        .expect("the factory tells of the vault");
    let vault = Address::from_slice(&bytes(deployed["topics"][1].as_str().unwrap())[12..]);
    let new = deployNewStrategyCall { token: plain };
    send(&anvil, staker, places.strategy_factory, &new.abi_encode());
    let add = addStrategiesToOperatorSetCall {
        avs,
        id: set.id,
        strategies: vec![vault],
    };
    send(&anvil, avs, manager, &add.abi_encode());
    let signature = Signature {
        signature: Bytes::new(),
        expiry: U256::ZERO,
    };
    let delegate = delegateToCall {
        operator: vault,
        signature,
        salt: U256::ZERO.into(),
    };
    send(
        &anvil,
        staker,
        places.delegation_manager,
        &delegate.abi_encode(),
    );
    let amount = U256::from(1_234_567_890_123_456_789_012_u128);
    let deposit = depositIntoStrategyCall {
        strategy: vault,
        token,
        amount,
    };
    send(
        &anvil,
        staker,
        places.strategy_manager,
        &deposit.abi_encode(),
    );

    let open = pull_from(&anvil, &core).snapshot;
    assert_eq!(
        asset(&open, vault).locked_until,
        None,
        "it is not locked yet"
    );
    send(&anvil, admin, vault, &lockCall {}.abi_encode());
    // The vault's allocation waits as long as a withdrawal does.
    let wait = u64::from(core::mainnet::MIN_WITHDRAWAL_DELAY) + 2;
    advance_to(&anvil, core::head(&anvil) + wait, clock);
    let locked = pull_from(&anvil, &core).snapshot;
    let until = call(&anvil, vault, &unlockTimestampCall {});
    let row = asset(&locked, vault);
    assert_eq!(row.locked_until, Some(u64::from(until)));
    assert_eq!(row.symbol, "TKV");
    assert_eq!(row.total_shares, Some(1_234_567_890_123_456_789_012));
    // The factory's plain strategy is an asset too, without a lock.
    assert!(
        locked
            .assets
            .iter()
            .any(|a| a.symbol == "TKP" && a.locked_until.is_none())
    );
    // All of the vault's stake is the set's to slash, to the wei.
    let stake = call(
        &anvil,
        manager,
        &getMinimumSlashableStakeCall {
            set,
            operators: vec![vault],
            strategies: vec![vault],
            futureBlock: core::head(&anvil) as u32,
        },
    );
    assert_eq!(stake, vec![vec![amount]]);
    let slashable: Vec<_> = locked
        .allocations
        .iter()
        .filter_map(|row| row.slashable_shares)
        .collect();
    assert_eq!(slashable, [1_234_567_890_123_456_789_012]);
}

fn asset(snapshot: &Snapshot, strategy: Address) -> &snapshot::Asset {
    let strategy = snapshot::Address(strategy.into());
    let mut assets = snapshot.assets.iter();
    assets
        .find(|asset| asset.strategy == Some(strategy))
        .expect("the strategy is in the snapshot")
}
