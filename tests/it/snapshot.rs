//! Snapshots on disk: what is written reads back, and what is broken is refused with the file's name.

use stakewright::snapshot::*;
use stakewright::tables::{self, Column, TablesError};
use std::fs;
use std::path::{Path, PathBuf};

/// A small snapshot with a row in every table and every optional field both there and absent.
pub fn full() -> Snapshot {
    let address = |byte: u8| Address([byte; 20]);
    let operator = |byte: u8, entity: Option<&str>| Operator {
        address: address(byte),
        name: entity.map(|_| "Ωperator, \"quoted\"\nline".to_owned()),
        metadata_uri: None,
        entity: entity.map(str::to_owned),
        allocation_delay_blocks: entity.map(|_| 1200),
    };
    let asset = |byte: u8, price: bool| Asset {
        symbol: format!("T{byte}"),
        strategy: Some(address(byte)),
        token: price.then(|| address(byte + 100)),
        class: if price {
            AssetClass::Lst
        } else {
            AssetClass::Token
        },
        decimals: 18,
        price: price.then(|| Price {
            usd: 3433.27,
            source: "feed".into(),
            timestamp: 1_733_184_000,
            answer: Some(343_327_000_000),
            answer_decimals: Some(8),
        }),
        units_per_1e18_shares: Some(u128::MAX),
        total_shares: price.then_some(10u128.pow(38) - 1),
        locked_until: (!price).then_some(1_800_000_000),
    };
    let mut snapshot = Snapshot {
        manifest: Manifest {
            label: "a test".into(),
            chain_id: 31337,
            block: Some(23_426_354),
            block_hash: Some(format!("0x{}", "ab".repeat(32))),
            timestamp: 1_733_184_000,
            protocol_version: Some("1.13.0".into()),
            program: "stakewright test".into(),
            sources: vec![Source {
                what: "stake".into(),
                source: "a node".into(),
                date: "2026-11-23T10:00:00Z".into(),
                url: Some("http://127.0.0.1:8545".into()),
                outcome: Outcome::Partial("no names".into()),
            }],
            ..Manifest::default()
        },
        assets: vec![asset(9, false), asset(3, true)],
        operators: vec![
            operator(7, None),
            operator(5, Some("one entity")),
            operator(6, Some("one entity")),
        ],
        avss: vec![
            Avs {
                address: address(2),
                name: Some("b".into()),
                metadata_uri: Some("ipfs://x".into()),
                registrar: Some(address(8)),
            },
            Avs {
                address: address(1),
                name: None,
                metadata_uri: None,
                registrar: None,
            },
        ],
        sets: vec![
            OperatorSet {
                avs: 0,
                id: 4_000_000_000,
                kind: SetKind::OperatorSet,
                strategies: vec![0, 1],
                slasher: Some(address(40)),
                redistribution_recipient: Some(address(41)),
            },
            OperatorSet {
                avs: 1,
                id: 0,
                kind: SetKind::RegistrationBeforeOperatorSets,
                strategies: vec![],
                slasher: None,
                redistribution_recipient: None,
            },
        ],
        memberships: vec![
            Membership {
                set: 0,
                operator: 0,
                slashable_until_block: None,
            },
            Membership {
                set: 0,
                operator: 1,
                slashable_until_block: Some(u32::MAX),
            },
            Membership {
                set: 1,
                operator: 2,
                slashable_until_block: None,
            },
        ],
        stakes: vec![
            Stake {
                operator: 0,
                asset: 1,
                amount_tokens: 0.1 + 0.2,
                shares: Some(u128::MAX),
                queued_shares: Some(0),
                provenance: Provenance::Measured,
            },
            Stake {
                operator: 1,
                asset: 0,
                amount_tokens: 1e-18,
                shares: None,
                queued_shares: None,
                provenance: Provenance::Reconstructed,
            },
        ],
        totals: vec![SetTotal {
            set: 1,
            asset: 1,
            amount_tokens: 12.5,
        }],
        magnitudes: vec![Magnitudes {
            operator: 2,
            asset: 0,
            max_magnitude_wad: 900_000_000_000_000_001,
            encumbered_magnitude_wad: 7,
        }],
        allocations: vec![Allocation {
            operator: 2,
            set: 0,
            asset: 0,
            current_magnitude_wad: 5,
            pending_diff_wad: -3,
            effect_block: 99,
            slashable_shares: Some(10u128.pow(30)),
        }],
        splits: vec![
            Split {
                operator: 0,
                scope: SplitScope::OperatorSet(1),
                split_bips: 0,
            },
            Split {
                operator: 0,
                scope: SplitScope::Avs(1),
                split_bips: 10_000,
            },
            Split {
                operator: 1,
                scope: SplitScope::ProgrammaticIncentives,
                split_bips: 1000,
            },
        ],
        slashings: vec![Slashing {
            block: 5,
            log_index: 3,
            set: 0,
            operator: 1,
            asset: 1,
            slashed_wad: 10u64.pow(17),
            description: String::new(),
        }],
        rewards: vec![
            RewardsSubmission {
                block: 6,
                log_index: 0,
                kind: RewardsKind::TotalStake,
                submitter: address(60),
                avs: Some(0),
                set: Some(0),
                token: address(61),
                amount_units: 10u128.pow(38) - 1,
                start_timestamp: 1_700_000_000,
                duration_seconds: 86_400,
            },
            RewardsSubmission {
                block: 6,
                log_index: 1,
                kind: RewardsKind::ForAllEarners,
                submitter: address(60),
                avs: None,
                set: None,
                token: address(61),
                amount_units: 0,
                start_timestamp: 1_700_000_000,
                duration_seconds: 0,
            },
        ],
        contracts: vec![Contract {
            name: "AllocationManager".into(),
            address: address(70),
            source: "a list".into(),
            date: "2026-08-17".into(),
        }],
        facts: Facts(vec![Fact {
            key: "protocol.x".into(),
            value: -0.0,
            exact: Some("1346839.922406590295857988".into()),
            unit: "EIGEN/week".into(),
            source: "ELIP-011".into(),
            date: "2025-10-09".into(),
            grade: Grade::Chain,
            note: String::new(),
        }]),
        price_history: vec![PricePoint {
            asset: 1,
            timestamp: 1,
            price_usd: 1e-9,
            source: "a side source".into(),
        }],
        observations: vec![Observation {
            avs: None,
            operator: Some(0),
            metric: "signing_rate".into(),
            value: 0.99,
            unit: "1".into(),
            timestamp: 2,
            source: "a side source".into(),
        }],
    };
    snapshot.sort();
    snapshot
}

fn written() -> (tempfile::TempDir, PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("31337").join("23426354");
    tables::write(&folder, &full()).unwrap();
    (parent, folder)
}

#[test]
fn what_is_written_reads_back() {
    let (_parent, folder) = written();
    let mut read = tables::read(&folder).unwrap();
    assert_eq!(read.manifest.content_hash, tables::content_hash(&full()));
    assert_eq!(
        read.manifest.tables.iter().map(|t| t.rows).min(),
        Some(1),
        "every table has a row here"
    );
    read.manifest.tables = vec![];
    read.manifest.content_hash = String::new();
    read.manifest.format_version = 0;
    assert_eq!(read, full());
    let beside: Vec<_> = fs::read_dir(folder.parent().unwrap())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(beside, ["23426354"], "nothing is left beside the snapshot");
}

#[test]
fn an_empty_snapshot_reads_back() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("empty");
    tables::write(&folder, &Snapshot::default()).unwrap();
    let read = tables::read(&folder).unwrap();
    assert_eq!((read.operators.len(), read.stakes.len()), (0, 0));
}

#[test]
fn order_of_reading_does_not_matter() {
    let mut other = full();
    // Reverse operators by hand: indices follow, then sorting must undo it.
    let last = other.operators.len() as u32 - 1;
    other.operators.reverse();
    other
        .memberships
        .iter_mut()
        .for_each(|m| m.operator = last - m.operator);
    other
        .stakes
        .iter_mut()
        .for_each(|s| s.operator = last - s.operator);
    other
        .magnitudes
        .iter_mut()
        .for_each(|m| m.operator = last - m.operator);
    other
        .allocations
        .iter_mut()
        .for_each(|a| a.operator = last - a.operator);
    other
        .splits
        .iter_mut()
        .for_each(|s| s.operator = last - s.operator);
    other
        .slashings
        .iter_mut()
        .for_each(|s| s.operator = last - s.operator);
    other
        .observations
        .iter_mut()
        .for_each(|o| o.operator = o.operator.map(|o| last - o));
    assert!(!other.check().is_empty());
    other.sort();
    assert_eq!(other, full());
}

#[test]
fn the_content_hash_is_of_the_state_alone() {
    let hash = tables::content_hash(&full());
    let differs = |change: &dyn Fn(&mut Snapshot)| {
        let mut snapshot = full();
        change(&mut snapshot);
        tables::content_hash(&snapshot) != hash
    };
    assert!(!differs(&|s| s.manifest.label = "another".into()));
    assert!(!differs(&|s| s.manifest.sources.clear()));
    assert!(!differs(&|s| s.observations[0].value = 0.5));
    assert!(!differs(&|s| s.price_history.clear()));
    assert!(differs(&|s| s.manifest.block = Some(1)));
    assert!(differs(&|s| s.stakes[0].amount_tokens += 1e-16));
    assert!(differs(&|s| s.stakes[1].shares = Some(0)));
    assert!(differs(&|s| s.facts.0[0].value = 0.0));
    assert!(
        differs(&|s| s.sets[0].strategies.clear()) || differs(&|s| s.sets[1].strategies.clear())
    );
}

#[test]
fn a_snapshot_replaces_a_snapshot_and_nothing_else() {
    let (_parent, folder) = written();
    let mut other = full();
    other.manifest.chain_id = 1;
    tables::write(&folder, &other).unwrap();
    assert_eq!(tables::read(&folder).unwrap().manifest.chain_id, 1);

    let notes = folder.parent().unwrap().join("notes");
    fs::create_dir(&notes).unwrap();
    fs::write(notes.join("diary.txt"), "mine").unwrap();
    assert!(
        matches!(tables::write(&notes, &full()), Err(TablesError::Occupied(path)) if path == notes)
    );
    assert_eq!(fs::read_to_string(notes.join("diary.txt")).unwrap(), "mine");
    let file = folder.parent().unwrap().join("file");
    fs::write(&file, "mine").unwrap();
    assert!(matches!(
        tables::write(&file, &full()),
        Err(TablesError::Occupied(_))
    ));
    assert!(matches!(
        tables::write(&file.join("below"), &full()),
        Err(TablesError::Io { .. })
    ));
}

/// Breaks one thing in a good snapshot and gives the error of reading it.
fn broken(change: impl Fn(&Path)) -> TablesError {
    let (_parent, folder) = written();
    change(&folder);
    tables::read(&folder).unwrap_err()
}

fn edit_manifest(folder: &Path, edit: impl Fn(&mut serde_json::Value)) {
    let path = folder.join("manifest.json");
    let mut manifest = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    edit(&mut manifest);
    fs::write(path, manifest.to_string()).unwrap();
}

/// Puts another file in the place of a table and makes the manifest agree with its bytes.
fn forge(folder: &Path, table: &str, columns: Vec<(&str, Column)>) {
    use sha2::Digest;
    let path = folder.join(format!("{table}.parquet"));
    tables::write_columns(&path, columns, &[]).unwrap();
    let bytes = fs::read(&path).unwrap();
    let hash: String = sha2::Sha256::digest(&bytes)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    edit_manifest(folder, |m| {
        let entry = m["tables"]
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .find(|t| t["name"] == table)
            .unwrap();
        entry["file_bytes"] = bytes.len().into();
        entry["file_sha256"] = hash.clone().into();
    });
}

#[test]
fn each_broken_file_has_its_error() {
    let names =
        |error: &TablesError, file: &str| assert!(error.to_string().contains(file), "{error}");

    let error = broken(|f| fs::remove_file(f.join("manifest.json")).unwrap());
    assert!(matches!(error, TablesError::NoManifest(_)), "{error}");

    let error = broken(|f| fs::remove_dir_all(f).unwrap());
    assert!(matches!(error, TablesError::NoManifest(_)), "{error}");

    let error = broken(|f| fs::write(f.join("manifest.json"), "{ \"format_version\": 1,").unwrap());
    assert!(matches!(error, TablesError::Manifest { .. }), "{error}");
    names(&error, "manifest.json");

    let error = broken(|f| edit_manifest(f, |m| m["format_version"] = 2.into()));
    assert!(
        matches!(
            error,
            TablesError::Version {
                found: 2,
                supported: 1,
                ..
            }
        ),
        "{error}"
    );

    let error = broken(|f| edit_manifest(f, |m| m["surprise"] = true.into()));
    assert!(
        matches!(&error, TablesError::Manifest { problem, .. } if problem.contains("surprise")),
        "{error}"
    );

    let error =
        broken(|f| edit_manifest(f, |m| drop(m["tables"].as_array_mut().unwrap().remove(3))));
    assert!(matches!(error, TablesError::Manifest { .. }), "{error}");

    let error = broken(|f| fs::remove_file(f.join("stakes.parquet")).unwrap());
    assert!(matches!(error, TablesError::Missing(_)), "{error}");
    names(&error, "stakes.parquet");

    let error = broken(|f| {
        let path = f.join("operators.parquet");
        let bytes = fs::read(&path).unwrap();
        fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    });
    assert!(matches!(error, TablesError::Length { .. }), "{error}");
    names(&error, "operators.parquet");

    let error = broken(|f| {
        let path = f.join("facts.parquet");
        let mut bytes = fs::read(&path).unwrap();
        bytes[50] ^= 1;
        fs::write(path, bytes).unwrap();
    });
    assert!(matches!(error, TablesError::Hash { .. }), "{error}");
    names(&error, "facts.parquet");

    let error = broken(|f| edit_manifest(f, |m| m["content_hash"] = "00".repeat(32).into()));
    assert!(matches!(error, TablesError::Hash { .. }), "{error}");
    names(&error, "manifest.json");

    let error = broken(|f| edit_manifest(f, |m| m["block"] = 5.into()));
    assert!(
        matches!(error, TablesError::Hash { .. }),
        "the identity is under the content hash: {error}"
    );
}

#[test]
fn forged_tables_are_refused() {
    let rows = |index: u32, amount: f64| {
        vec![
            ("set_index", Column::U32(vec![index])),
            ("asset_index", Column::U32(vec![0])),
            ("amount_tokens", Column::F64(vec![amount])),
        ]
    };
    let error = broken(|f| forge(f, "totals", rows(1, 99.0)));
    assert!(
        matches!(error, TablesError::Hash { .. }),
        "other rows: {error}"
    );

    let error = broken(|f| forge(f, "totals", rows(1, 99.0)[..2].to_vec()));
    assert!(
        matches!(&error, TablesError::Column { problem, .. } if problem.contains("amount_tokens")),
        "{error}"
    );

    let mut extra = rows(1, 99.0);
    extra.push(("surprise", Column::Bool(vec![true])));
    let error = broken(|f| forge(f, "totals", extra.clone()));
    assert!(
        matches!(&error, TablesError::Column { problem, .. } if problem.contains("surprise")),
        "{error}"
    );

    let mut typed = rows(1, 99.0);
    typed[2].1 = Column::Text(vec!["99".into()]);
    let error = broken(|f| forge(f, "totals", typed.clone()));
    assert!(
        matches!(&error, TablesError::Column { problem, .. } if problem.contains("should be a real")),
        "{error}"
    );

    let error = broken(|f| {
        forge(
            f,
            "set_strategies",
            vec![
                ("set_index", Column::U32(vec![77])),
                ("asset_index", Column::U32(vec![0])),
            ],
        )
    });
    assert!(
        matches!(&error, TablesError::Column { problem, .. } if problem.contains("77")),
        "{error}"
    );
}

#[test]
fn what_does_not_fit_together_is_not_written() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("s");
    let refused = |change: &dyn Fn(&mut Snapshot), word: &str| {
        let mut snapshot = full();
        change(&mut snapshot);
        let error = tables::write(&folder, &snapshot).unwrap_err();
        assert!(matches!(error, TablesError::Inconsistent { .. }), "{error}");
        assert!(error.to_string().contains(word), "{error}");
        assert!(!folder.exists());
    };
    refused(&|s| s.stakes[1].operator = 3, "operator_index is 3");
    refused(&|s| s.stakes[0].amount_tokens = f64::NAN, "NaN");
    refused(&|s| s.stakes[0].amount_tokens = -1.0, "-1");
    refused(&|s| s.stakes.reverse(), "out of order");
    refused(&|s| s.operators[1] = s.operators[0].clone(), "same row");
    refused(
        &|s| s.magnitudes[0].encumbered_magnitude_wad = 950_000_000_000_000_000,
        "max_magnitude_wad",
    );
    refused(
        &|s| s.assets[0].price.as_mut().unwrap().usd = 0.0,
        "price of T3",
    );
    refused(&|s| s.splits[0].split_bips = 10_001, "split_bips");
    refused(&|s| s.rewards[0].avs = Some(9), "avs_index");
}

#[test]
fn columns_and_footer_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ensemble.parquet");
    let columns = vec![
        (
            "margin_usd",
            Column::F64(vec![1.5, f64::NEG_INFINITY, -0.0]),
        ),
        ("worst_day", Column::U32(vec![1, 2, 3])),
        ("seed", Column::U64(vec![u64::MAX, 0, 1])),
        ("offset", Column::I64(vec![i64::MIN, 0, 1])),
        ("secure", Column::Bool(vec![true, false, true])),
        (
            "first_insecure_day",
            Column::OptionalU32(vec![None, Some(0), None]),
        ),
        (
            "outcome",
            Column::Text(vec!["ok".into(), String::new(), "Ω".into()]),
        ),
    ];
    let footer = [
        ("stakewright.seed", "0x2a".to_owned()),
        ("stakewright.version", "0.1.0".to_owned()),
    ];
    tables::write_columns(&path, columns.clone(), &footer).unwrap();
    let table = tables::read_columns(&path).unwrap();
    assert_eq!(table.rows(), 3);
    assert_eq!(table.value("stakewright.seed"), Some("0x2a"));
    assert_eq!(table.metadata.len(), 2);
    for (name, column) in &columns {
        assert_eq!(table.column(name), Some(column));
    }
    let first = fs::read(&path).unwrap();
    tables::write_columns(&path, columns, &footer).unwrap();
    assert_eq!(
        fs::read(&path).unwrap(),
        first,
        "the same columns give the same bytes"
    );
    assert!(matches!(
        tables::read_columns(&folder.path().join("none.parquet")),
        Err(TablesError::Missing(_))
    ));
    fs::write(&path, &first[..first.len() - 9]).unwrap();
    assert!(matches!(
        tables::read_columns(&path),
        Err(TablesError::Parquet { .. })
    ));
    let gone = folder.path().join("gone").join("x.parquet");
    assert!(matches!(
        tables::write_columns(&gone, vec![], &[]),
        Err(TablesError::Io { .. })
    ));
}

#[test]
fn allocated_stake_is_stake_times_current_over_maximum() {
    let mut s = full();
    let operator = s
        .memberships
        .iter()
        .find(|m| {
            s.sets[m.set as usize].kind == SetKind::OperatorSet && m.slashable_until_block.is_none()
        })
        .unwrap()
        .operator;
    let set = s
        .sets
        .iter()
        .position(|set| set.kind == SetKind::OperatorSet)
        .unwrap() as u32;
    let asset = s.asset_by_symbol("T3").unwrap();
    s.stakes = vec![Stake {
        operator,
        asset,
        amount_tokens: 100.0,
        shares: None,
        queued_shares: None,
        provenance: Provenance::Measured,
    }];
    s.magnitudes = vec![Magnitudes {
        operator,
        asset,
        max_magnitude_wad: 800_000_000_000_000_000,
        encumbered_magnitude_wad: 200_000_000_000_000_000,
    }];
    s.allocations = vec![Allocation {
        operator,
        set,
        asset,
        current_magnitude_wad: 200_000_000_000_000_000,
        pending_diff_wad: 0,
        effect_block: 0,
        slashable_shares: None,
    }];
    let line = inspect(&s)
        .sets
        .into_iter()
        .find(|line| line.kind == SetKind::OperatorSet)
        .unwrap();
    assert!(
        (line.allocated_usd.unwrap() - 25.0 * 3433.27).abs() < 1e-9,
        "{:?}",
        line.allocated_usd
    );
}
