//! `chain::pull` against a real node: finality, history, batches, reorgs, scale.

use crate::support::anvil::{self, Anvil, Doubles, OperatorSet, numbered};
use crate::support::http::{Reply, Server, post};
use alloy_primitives::{U160, U256};
use serde_json::{Value, json};
use stakewright::chain::{
    BlockName, ChainError, Deployment, Endpoint, Packing, PullOptions, Pulled, UnknownVersion, pull,
};
use stakewright::snapshot::{Address, Outcome};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

const AVS: u64 = 0xA55;
const WAD: u64 = 1_000_000_000_000_000_000;

fn set(id: u32) -> OperatorSet {
    OperatorSet {
        avs: numbered(AVS),
        id,
    }
}

/// Three operators, two sets, a pending deallocation, a queued withdrawal, one operator who left.
fn scenario(anvil: &Anvil) -> Doubles {
    let doubles = Doubles::deploy(anvil, 3, "1.13.0");
    let beacon = "0xbeaC0eeEeeeeEEeEeEEEEeeEEeEeeeEeeEEBEaC0"
        .parse()
        .unwrap();
    let strategies = vec![doubles.stakeable[0], doubles.stakeable[1], beacon];
    for id in [1, 9] {
        let call = anvil::createSetCall {
            s: set(id),
            strategies: strategies.clone(),
            slasher: numbered(7),
        };
        anvil.send(doubles.allocation, &call);
    }
    for (i, operator) in [0x100, 0x101, 0x102].into_iter().map(numbered).enumerate() {
        let uri = format!("https://example.invalid/{i}.json");
        anvil.send(doubles.delegation, &anvil::registerCall { operator, uri });
        anvil.send(
            doubles.allocation,
            &anvil::joinCall {
                s: set(1),
                operator,
            },
        );
        for (j, &strategy) in strategies.iter().enumerate() {
            let shares = U256::from(10_u128.pow(21) + (7 * i + j) as u128);
            anvil.send(
                doubles.delegation,
                &anvil::setSharesCall {
                    operator,
                    strategy,
                    shares,
                },
            );
            let pending = if i == 1 { -(WAD as i128 / 8) } else { 0 };
            let current = WAD / 3 + i as u64;
            anvil.send(
                doubles.allocation,
                &anvil::allocateCall {
                    s: set(1),
                    operator,
                    strategy,
                    current,
                    pending,
                },
            );
        }
    }
    let (operator, strategy) = (numbered(0x100), doubles.stakeable[0]);
    anvil.send(
        doubles.delegation,
        &anvil::queueCall {
            operator,
            strategy,
            shares: U256::from(12_345),
        },
    );
    anvil.send(
        doubles.allocation,
        &anvil::leaveCall {
            s: set(1),
            operator: numbered(0x102),
        },
    );
    anvil.mine(3);
    doubles
}

fn options(doubles: &Doubles) -> PullOptions {
    let deployment = Deployment::parse(&doubles.deployment_file()).unwrap();
    PullOptions {
        deployment: Some(deployment),
        block: BlockName::Latest,
        ..PullOptions::default()
    }
}

#[expect(
    clippy::result_large_err,
    reason = "the library's own error, in a test"
)]
fn pull_from(url: &str, options: &PullOptions) -> Result<Pulled, ChainError> {
    pull(&Endpoint::parse(url).unwrap(), options, &mut |_| {
        ControlFlow::Continue(())
    })
}

#[test]
fn a_pull_from_a_real_node() {
    let Some(anvil) = Anvil::start() else { return };
    let doubles = scenario(&anvil);
    let options = options(&doubles);
    let pulled = pull_from(&anvil.url, &options).unwrap();
    let snapshot = &pulled.snapshot;
    assert_eq!(
        (
            snapshot.operators.len(),
            snapshot.sets.len(),
            snapshot.assets.len()
        ),
        (3, 2, 4)
    );
    assert_eq!(snapshot.stakes.len(), 9);
    assert_eq!(snapshot.allocations.len(), 9);
    assert_eq!(
        snapshot
            .memberships
            .iter()
            .filter(|m| m.slashable_until_block.is_some())
            .count(),
        1
    );
    assert_eq!(
        snapshot
            .stakes
            .iter()
            .filter_map(|s| s.queued_shares)
            .sum::<u128>(),
        12_345
    );
    // prices: WETH and beacon ETH by feed, TK1 by two feeds, TK2 unpriced and listed
    let usd = |symbol: &str| snapshot.price_usd(snapshot.asset_by_symbol(symbol).unwrap());
    assert_eq!(
        (usd("WETH"), usd("ETH"), usd("TK1")),
        (Some(3_000.0), Some(3_000.0), Some(3_300.0))
    );
    assert_eq!(
        snapshot
            .unpriced()
            .map(|(_, a)| a.symbol.as_str())
            .collect::<Vec<_>>(),
        ["TK2"]
    );
    // the same through batches, and the same again
    let batches = PullOptions {
        packing: Packing::Batches,
        ..options.clone()
    };
    assert_eq!(pull_from(&anvil.url, &batches).unwrap().snapshot, *snapshot);
    assert_eq!(pull_from(&anvil.url, &options).unwrap().snapshot, *snapshot);
    // the finalized block is an older one
    let finalized = PullOptions {
        block: BlockName::Finalized,
        ..options.clone()
    };
    let older = pull_from(&anvil.url, &finalized)
        .unwrap()
        .snapshot
        .manifest
        .block
        .unwrap();
    assert!(older < snapshot.manifest.block.unwrap() && older > anvil::GENESIS);

    // an older block keeps its state after the chain has moved on
    let block = snapshot.manifest.block.unwrap();
    let (operator, strategy) = (numbered(0x100), doubles.stakeable[0]);
    anvil.send(
        doubles.delegation,
        &anvil::setSharesCall {
            operator,
            strategy,
            shares: U256::from(5),
        },
    );
    anvil.mine(5);
    let then = PullOptions {
        block: BlockName::Number(block),
        ..options.clone()
    };
    assert_eq!(pull_from(&anvil.url, &then).unwrap().snapshot, *snapshot);
    assert_ne!(
        pull_from(&anvil.url, &options).unwrap().snapshot.stakes,
        snapshot.stakes
    );

    // a block that is not there yet
    let future = PullOptions {
        block: BlockName::Number(anvil.head() + 1_000),
        ..options.clone()
    };
    assert!(matches!(
        pull_from(&anvil.url, &future),
        Err(ChainError::NoBlock { .. })
    ));

    // a getter that is off by one unit is named with its triple and both numbers
    anvil.send(
        doubles.allocation,
        &anvil::setLieCall {
            s: set(1),
            by: U256::from(1),
        },
    );
    match pull_from(&anvil.url, &options) {
        Err(ChainError::Proof {
            set,
            computed,
            answered,
            ..
        }) => {
            assert_eq!(answered, computed + 1);
            assert!(set.ends_with("/1"), "{set}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_wrong_chain_and_an_unknown_version_are_refused() {
    let Some(anvil) = Anvil::start() else { return };
    let doubles = Doubles::deploy(&anvil, 2, "9.9.9");
    let options = options(&doubles);
    match pull_from(&anvil.url, &options) {
        Err(ChainError::UnknownVersion { version, .. }) => assert_eq!(version, "9.9.9"),
        other => panic!("{other:?}"),
    }
    let allowed = PullOptions {
        unknown_version: UnknownVersion::Allow,
        ..options.clone()
    };
    let manifest = pull_from(&anvil.url, &allowed).unwrap().snapshot.manifest;
    assert_eq!(manifest.protocol_version.as_deref(), Some("9.9.9"));
    let wrong = PullOptions {
        chain: Some(1),
        ..allowed.clone()
    };
    assert!(matches!(
        pull_from(&anvil.url, &wrong),
        Err(ChainError::WrongChain {
            expected: 1,
            found: 31_337
        })
    ));
    let none = PullOptions {
        deployment: None,
        ..allowed.clone()
    };
    assert!(matches!(
        pull_from(&anvil.url, &none),
        Err(ChainError::NoDeployment { chain: 31_337 })
    ));
    let early = PullOptions {
        block: BlockName::Number(anvil::GENESIS),
        ..allowed
    };
    assert!(matches!(
        pull_from(&anvil.url, &early),
        Err(ChainError::NoContract { .. })
    ));
}

#[test]
fn a_reorganisation_during_the_pull_is_an_error() {
    let Some(anvil) = Anvil::start() else { return };
    let doubles = scenario(&anvil);
    let undo = anvil.rpc("evm_snapshot", json!([]));
    anvil.mine(2);
    let (calls, url) = (AtomicU64::new(0), anvil.url.clone());
    // After a few getters the node switches to another branch of the same height.
    let proxy = Server::start(move |request| {
        let text = String::from_utf8_lossy(&request.body).into_owned();
        if text.contains("eth_call") && calls.fetch_add(1, Ordering::SeqCst) == 2 {
            let send = |method: &str, params: Value| {
                let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
                post(&url, body.to_string().as_bytes()).unwrap();
            };
            send("evm_revert", json!([undo]));
            send("evm_setNextBlockTimestamp", json!([4_000_000_000_u64]));
            send("anvil_mine", json!(["0x3"]));
        }
        let (status, body) = post(&url, &request.body).unwrap();
        Reply::status(status, body)
    });
    match pull_from(&proxy.url(), &options(&doubles)) {
        Err(ChainError::BlockChanged { before, after, .. }) => assert_ne!(before, after),
        other => panic!("{other:?}"),
    }
}

#[test]
fn stale_feeds_leave_assets_unpriced_and_say_so() {
    let Some(anvil) = Anvil::start() else { return };
    let doubles = Doubles::deploy(&anvil, 2, "1.13.0");
    anvil.rpc("evm_increaseTime", json!([10_000]));
    anvil.mine(1);
    let snapshot = pull_from(&anvil.url, &options(&doubles)).unwrap().snapshot;
    assert_eq!(snapshot.priced().count(), 0);
    let stale = snapshot
        .manifest
        .sources
        .iter()
        .find(|source| source.what == "price ETH/USD")
        .unwrap();
    assert!(
        matches!(&stale.outcome, Outcome::Failed(text) if text.contains("stale")),
        "{stale:?}"
    );
}

/// 1,500 operators, 20 strategies, 60 AVSs, 120 operator sets.
pub fn generate(anvil: &Anvil) -> Doubles {
    const OPERATORS: u64 = 1_500;
    const MEMBERS: u64 = 50;
    let doubles = Doubles::deploy(anvil, 19, "1.13.0");
    let first = 0x10_0000;
    for start in (0..OPERATORS).step_by(500) {
        let call = anvil::generateCall {
            first: U160::from(first + start),
            count: U256::from(500),
        };
        anvil.send(doubles.delegation, &call);
    }
    for k in 0..120_u64 {
        let s = OperatorSet {
            avs: numbered(0xA000 + k / 2),
            id: (k % 2) as u32,
        };
        let strategies: Vec<_> = (0..3)
            .map(|j| doubles.stakeable[((k + 6 * j) % 19) as usize])
            .collect();
        let call = anvil::createSetCall {
            s: s.clone(),
            strategies,
            slasher: numbered(9),
        };
        anvil.send(doubles.allocation, &call);
        let start = first + (k * 37) % (OPERATORS - MEMBERS);
        let call = anvil::joinAndAllocateCall {
            s,
            first: U160::from(start),
            count: U256::from(MEMBERS),
            magnitude: WAD / 100 + k,
        };
        anvil.send(doubles.allocation, &call);
    }
    for i in 0..200 {
        let (operator, strategy) = (
            numbered(first + i * 7),
            doubles.stakeable[(i % 19) as usize],
        );
        anvil.send(
            doubles.delegation,
            &anvil::queueCall {
                operator,
                strategy,
                shares: U256::from(1_000 + i),
            },
        );
    }
    doubles
}

fn peak_memory_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap_or_default();
    line.split_whitespace()
        .nth(1)
        .and_then(|kb| kb.parse::<u64>().ok())
        .unwrap_or(0)
        * 1_024
}

#[test]
#[ignore = "slow: generates a chain of 1,500 operators on Anvil, about a minute"]
fn slow_a_large_chain_is_pulled_within_its_limits() {
    let Some(anvil) = Anvil::start() else { return };
    let doubles = generate(&anvil);
    for packing in [Packing::Multicall, Packing::Batches] {
        let options = PullOptions {
            packing,
            ..options(&doubles)
        };
        let pulled = pull_from(&anvil.url, &options).unwrap();
        let (snapshot, report) = (&pulled.snapshot, &pulled.report);
        println!(
            "{packing:?}: {} requests after the scan of {} events, {} bytes received, {:.1} s, {} triples proven, peak memory {} MB",
            report.requests_after_scan(),
            report.events,
            report.traffic.received_bytes,
            report.elapsed.as_secs_f64(),
            report.proven.triples,
            peak_memory_bytes() >> 20,
        );
        assert_eq!(snapshot.operators.len(), 1_500);
        assert_eq!(
            (
                snapshot.avss.len(),
                snapshot.sets.len(),
                snapshot.assets.len()
            ),
            (60, 120, 20)
        );
        assert_eq!(snapshot.allocations.len(), 120 * 50 * 3);
        assert!(
            snapshot.stakes.len() >= 1_500 * 20,
            "{}",
            snapshot.stakes.len()
        );
        assert_eq!(report.proven.triples, 120 * 50 * 3);
        assert!(report.requests_after_scan() <= 400, "{report:?}");
        assert!(peak_memory_bytes() < 1 << 30);
    }
}

#[test]
fn the_snapshot_names_every_contract_and_source() {
    let Some(anvil) = Anvil::start() else { return };
    let doubles = scenario(&anvil);
    let snapshot = pull_from(&anvil.url, &options(&doubles)).unwrap().snapshot;
    for (name, at) in [
        ("AllocationManager", doubles.allocation),
        ("DelegationManager", doubles.delegation),
        ("feed ETH/USD", doubles.feeds[0]),
    ] {
        let contract = snapshot
            .contracts
            .iter()
            .find(|contract| contract.name == name)
            .unwrap();
        assert_eq!(contract.address, Address(at.into()), "{name}");
    }
    assert!(
        snapshot
            .manifest
            .sources
            .iter()
            .all(|source| source.outcome == Outcome::Complete)
    );
}
