//! `chain::pull` from end to end, on what the real contracts answered.

use crate::support::recorded::{self, Manner};
use crate::support::recording::*;
use stakewright::chain::{
    BlockName, ChainError, Deployment, Endpoint, LogSteps, Packing, PullOptions, Pulled, pull,
};
use stakewright::snapshot::{Address, Snapshot};
use std::ops::ControlFlow;

fn manner(checkpoint: usize) -> Manner {
    Manner {
        checkpoint,
        multicall: true,
        most_blocks: 1_000_000,
    }
}

fn options() -> PullOptions {
    PullOptions {
        deployment: Some(Deployment::parse(&recorded::deployment_file()).unwrap()),
        steps: LogSteps {
            first: 50_000,
            most: 1_000_000,
        },
        ..PullOptions::default()
    }
}

#[expect(
    clippy::result_large_err,
    reason = "the library's own error, in a test"
)]
fn pull_at(manner: Manner, options: &PullOptions) -> Result<Pulled, ChainError> {
    let server = recorded::serve(manner);
    let endpoint = Endpoint::parse(&server.url()).unwrap();
    pull(&endpoint, options, &mut |_| ControlFlow::Continue(()))
}

/// Compares a snapshot with the checkpoint it was pulled at; returns how many stakes were compared.
pub fn compare(snapshot: &Snapshot, checkpoint: &serde_json::Value) -> usize {
    let (get, name) = (&checkpoint["getters"], &checkpoint["name"]);
    let operators: Vec<_> = order("operators")
        .iter()
        .map(|&o| snapshot.operator_by_address(Address(o)))
        .collect();
    let assets: Vec<_> = order("strategies")
        .iter()
        .map(|&s| {
            snapshot
                .assets
                .iter()
                .position(|a| a.strategy == Some(Address(s)))
                .map(|i| i as u32)
        })
        .collect();
    let mut compared = 0;
    for (o, operator) in operators.iter().enumerate() {
        for (s, asset) in assets.iter().enumerate() {
            let (shares, queued) = (
                number(&get["operators_shares"][o][s]),
                number(&get["slashable_shares_in_queue"][o][s]),
            );
            let (Some(operator), Some(asset)) = (*operator, *asset) else {
                assert_eq!((shares, queued), (0, 0), "{name}: {o} {s}");
                continue;
            };
            let row = snapshot
                .stakes
                .iter()
                .find(|row| row.operator == operator && row.asset == asset);
            assert_eq!(
                row.and_then(|row| row.shares).unwrap_or(0),
                shares,
                "{name}: shares {o} {s}"
            );
            assert_eq!(
                row.and_then(|row| row.queued_shares).unwrap_or(0),
                queued,
                "{name}: queue {o} {s}"
            );
            compared += usize::from(shares > 0);
            let row = snapshot
                .magnitudes
                .iter()
                .find(|row| row.operator == operator && row.asset == asset);
            let (max, encumbered) = row.map_or((stakewright::units::WAD, 0), |row| {
                (row.max_magnitude_wad, row.encumbered_magnitude_wad)
            });
            assert_eq!(
                u128::from(max),
                number(&get["max_magnitudes"][o][s]),
                "{name}: maximum {o} {s}"
            );
            assert_eq!(
                u128::from(encumbered),
                number(&get["encumbered_magnitude"][o][s]),
                "{name}: {o} {s}"
            );
        }
    }
    for (k, key) in sets().iter().enumerate() {
        let set = snapshot.sets.iter().position(|set| {
            set.id == key.id && snapshot.avss[set.avs as usize].address == Address(key.avs)
        });
        let Some(set) = set else {
            assert!(list(&get["members"][k]).is_empty(), "{name}: set {k}");
            continue;
        };
        let members: Vec<_> = snapshot
            .operators_of_set(set as u32)
            .iter()
            .map(|&o| snapshot.operators[o as usize].address)
            .collect();
        let mut recorded: Vec<_> = list(&get["members"][k])
            .iter()
            .map(|m| Address(address(m)))
            .collect();
        recorded.sort();
        assert_eq!(members, recorded, "{name}: members of set {k}");
        let row = &snapshot.sets[set];
        assert_eq!(
            row.slasher,
            Some(Address(address(&get["slasher"][k]))),
            "{name}: set {k}"
        );
        assert_eq!(
            row.redistribution_recipient.is_some(),
            get["is_redistributing"][k] == true
        );
        let in_set: Vec<_> = list(&get["set_strategies"][k])
            .iter()
            .map(address)
            .collect();
        for (o, operator) in operators.iter().enumerate() {
            for (s, asset) in assets.iter().enumerate() {
                let recorded = &get["allocations"][k][o][s];
                let row = snapshot.allocations.iter().find(|row| {
                    (Some(row.operator), row.set, Some(row.asset))
                        == (*operator, set as u32, *asset)
                });
                let current = row.map_or(0, |row| row.current_magnitude_wad);
                assert_eq!(
                    u128::from(current),
                    number(&recorded["currentMagnitude"]),
                    "{name}: {k} {o} {s}"
                );
                let pending = row.map_or(0, |row| row.pending_diff_wad);
                assert_eq!(
                    i128::from(pending),
                    signed(&recorded["pendingDiff"]),
                    "{name}: {k} {o} {s}"
                );
                let stake = number(&get["minimum_slashable_stake"]["0"][k][o][s]);
                let counts = in_set.contains(&order("strategies")[s]);
                let expected = if counts { stake } else { 0 };
                assert_eq!(
                    row.and_then(|row| row.slashable_shares).unwrap_or(0),
                    expected,
                    "{name}: {k} {o} {s}"
                );
            }
        }
    }
    compared
}

#[test]
fn every_checkpoint_is_pulled_and_proves_itself() {
    let mut compared = 0;
    for (index, checkpoint) in checkpoints().iter().enumerate() {
        let pulled = pull_at(manner(index), &options())
            .unwrap_or_else(|e| panic!("{}: {e}", checkpoint["name"]));
        let manifest = &pulled.snapshot.manifest;
        assert_eq!(manifest.block, Some(u64::from(block_of(checkpoint))));
        assert_eq!(manifest.protocol_version.as_deref(), Some("1.13.0"));
        compared += compare(&pulled.snapshot, checkpoint);
    }
    assert!(compared > 300, "only {compared} stakes were compared");
}

#[test]
fn batches_give_the_same_snapshot_as_multicall() {
    let last = checkpoints().len() - 1;
    let packed = pull_at(manner(last), &options()).unwrap();
    let without = pull_at(
        Manner {
            multicall: false,
            ..manner(last)
        },
        &options(),
    )
    .unwrap();
    let batches = PullOptions {
        packing: Packing::Batches,
        ..options()
    };
    let asked = pull_at(manner(last), &batches).unwrap();
    assert_eq!(packed.snapshot, without.snapshot);
    assert_eq!(packed.snapshot, asked.snapshot);
    assert!(packed.report.proven.triples >= 20, "{:?}", packed.report);
}

#[test]
fn facts_history_and_assets_of_the_last_checkpoint() {
    let last = checkpoints().len() - 1;
    let snapshot = pull_at(manner(last), &options()).unwrap().snapshot;
    assert_eq!(
        snapshot.facts.value("protocol.deallocation_delay"),
        Some(100_800.0)
    );
    assert_eq!(
        snapshot.facts.value("protocol.slash_resolution_delay"),
        Some(50_400.0)
    );
    assert_eq!(
        snapshot.facts.value("protocol.default_operator_split"),
        Some(1_000.0)
    );
    assert_eq!(snapshot.operators.len(), 6);
    let slashes = checkpoints()
        .iter()
        .flat_map(logs)
        .filter(|log| log["event"] == "OperatorSlashed");
    let strategies: usize = slashes
        .map(|log| list(&log["args"]["strategies"]).len())
        .sum();
    assert_eq!(snapshot.slashings.len(), strategies);
    assert_eq!(snapshot.rewards.len(), 7);
    assert_eq!(snapshot.splits.len(), 1);
    let symbols: Vec<_> = snapshot
        .assets
        .iter()
        .map(|asset| asset.symbol.as_str())
        .collect();
    for symbol in ["TKA", "TKB", "TKC", "TKE", "ETH"] {
        assert!(symbols.contains(&symbol), "{symbols:?}");
    }
    // Nothing is priced on this chain, and all of it is listed.
    assert_eq!(snapshot.unpriced().count(), snapshot.assets.len());
    let metadata = snapshot
        .operators
        .iter()
        .filter(|o| o.metadata_uri.is_some())
        .count();
    assert_eq!(
        metadata, 5,
        "the sixth operator registered with an empty text"
    );
}

#[test]
fn an_operator_who_left_is_kept_while_he_can_be_slashed() {
    let index = |name: &str| {
        checkpoints()
            .iter()
            .position(|c| c["name"] == name)
            .unwrap()
    };
    let left = |name: &str| {
        let snapshot = pull_at(manner(index(name)), &options()).unwrap().snapshot;
        let blocks: Vec<_> = snapshot
            .memberships
            .iter()
            .filter_map(|m| m.slashable_until_block)
            .collect();
        blocks
    };
    let until = block_of(&checkpoints()[index("op1-slashable-until")]);
    assert!(left("op1-slashable-until").contains(&until));
    assert!(!left("op1-not-slashable-any-more").contains(&until));
}

#[test]
fn log_ranges_shrink_to_what_the_node_allows() {
    let last = checkpoints().len() - 1;
    let narrow = Manner {
        most_blocks: 3_000,
        ..manner(last)
    };
    let wide = pull_at(manner(last), &options()).unwrap();
    let small = pull_at(narrow, &options()).unwrap();
    assert_eq!(wide.snapshot, small.snapshot);
    let blocks = u64::from(block_of(&checkpoints()[last])) - 25_000_001;
    assert!(
        small.report.scan.requests < blocks / 3_000 * 3,
        "{:?}",
        small.report.scan
    );
}

#[test]
fn a_second_pull_reads_only_new_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let options = PullOptions {
        cache: Some(folder.path().to_owned()),
        ..options()
    };
    let first = pull_at(manner(20), &options).unwrap();
    let second = pull_at(manner(33), &options).unwrap();
    let again = pull_at(manner(33), &options).unwrap();
    let blocks = block_of(&checkpoints()[33]) - block_of(&checkpoints()[20]);
    assert_eq!(second.report.blocks_scanned, u64::from(blocks));
    assert_eq!(again.report.blocks_scanned, 0);
    assert!(first.report.events < second.report.events);
    let fresh = pull_at(
        manner(33),
        &PullOptions {
            cache: None,
            ..options
        },
    )
    .unwrap();
    assert_eq!(second.snapshot, fresh.snapshot);
    assert_eq!(again.snapshot, fresh.snapshot);
}

#[test]
fn an_older_block_is_read_with_a_fuller_cache() {
    let folder = tempfile::tempdir().unwrap();
    let options = PullOptions {
        cache: Some(folder.path().to_owned()),
        ..options()
    };
    pull_at(manner(33), &options).unwrap();
    let block = u64::from(block_of(&checkpoints()[20]));
    let older = PullOptions {
        block: BlockName::Number(block),
        ..options.clone()
    };
    // The recorded node answers getters of its own checkpoint only, so it is one at that block.
    let cached = pull_at(
        manner(20),
        &PullOptions {
            cache: None,
            ..older
        },
    )
    .unwrap();
    compare(&cached.snapshot, &checkpoints()[20]);
}

#[test]
fn a_pull_can_be_stopped_and_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let options = PullOptions {
        cache: Some(folder.path().to_owned()),
        steps: LogSteps {
            first: 2_000,
            most: 2_000,
        },
        ..options()
    };
    let server = recorded::serve(manner(33));
    let endpoint = Endpoint::parse(&server.url()).unwrap();
    let mut steps = 0;
    let stopped = pull(&endpoint, &options, &mut |_| {
        steps += 1;
        if steps > 6 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert!(matches!(stopped, Err(ChainError::Stopped)), "{stopped:?}");
    let resumed = pull(&endpoint, &options, &mut |_| ControlFlow::Continue(())).unwrap();
    let total = u64::from(block_of(&checkpoints()[33])) - 25_000_000;
    assert!(
        resumed.report.blocks_scanned < total,
        "{:?}",
        resumed.report
    );
    assert_eq!(
        resumed.snapshot,
        pull_at(manner(33), &self::options()).unwrap().snapshot
    );
}
