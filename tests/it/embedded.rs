//! The embedded snapshot: it states its day, its stakes add up, and it is what the program makes from
//! its sources.
#![expect(
    clippy::float_cmp,
    reason = "equal by construction: what was written, or infinite on both sides"
)]

use crate::snapshot::full;
use stakewright::snapshot::*;
use stakewright::tables::{self, TablesError};
use std::fs;
use std::path::Path;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn the_embedded_snapshot_states_its_day() {
    let s = tables::embedded().unwrap();
    assert_eq!(
        (s.avss.len(), s.operators.len(), s.memberships.len()),
        (40, 358, 1579)
    );
    assert_eq!(s.manifest.label, "embedded 2024-12-03");
    assert_eq!(s.manifest.chain_id, 1);

    let eigenda = s.avs_by_name("eigenda").unwrap();
    let operators = s.operators_of_avs(eigenda);
    assert_eq!(operators.len(), 206);
    let usd = s.total_usd(&operators);
    assert!((usd - 15_013_976_262.841_583).abs() < 10.0, "{usd}");
    assert_eq!(
        Some(eigenda),
        s.avs_by_name("0x870679E138bCdf293b7Ff14dD44b70FC97e12fc0")
    );

    assert!(
        s.stakes
            .iter()
            .all(|stake| stake.provenance == Provenance::Reconstructed)
    );
    assert_eq!(
        s.unpriced()
            .map(|(_, a)| a.symbol.as_str())
            .collect::<Vec<_>>(),
        ["slisBNB"]
    );
    assert_eq!(
        s.facts.value("protocol.deallocation_delay"),
        Some(100_800.0)
    );
    assert_eq!(
        s.facts
            .get("emissions.v2.eigen_stakers_per_week")
            .unwrap()
            .exact
            .as_deref(),
        Some("1346839.922406590295857988")
    );
    assert!(
        s.facts
            .0
            .iter()
            .all(|f| !f.source.is_empty() && !f.date.is_empty() && !f.unit.is_empty())
    );

    let market = s.market();
    let eth = market.returns_of("eth", None).unwrap();
    assert_eq!(
        (eth.period.as_str(), eth.annual_volatility.value),
        ("2017_2025", 0.872)
    );
    assert!(eth.jumps.is_some());
    assert_eq!(market.correlation("eth", "btc").unwrap().value, 0.825);
    assert_eq!(market.correlation("eigen", "eth").unwrap().value, 0.750);
    assert_eq!(
        market
            .exploits
            .iter()
            .find(|e| e.subset == "defi")
            .unwrap()
            .lognormal_mu
            .value,
        14.885
    );
    assert_eq!(market.exploits.len(), 7);
    assert_eq!(market.pegs.len(), 2);
}

#[test]
fn inspection_shows_the_figures_in_80_columns() {
    let s = tables::embedded().unwrap();
    let inspection = inspect(&s);
    assert_eq!(
        (
            inspection.avss,
            inspection.operators,
            inspection.registrations_before_operator_sets
        ),
        (40, 358, 40)
    );
    assert_eq!(inspection.sets[0].name.as_deref(), Some("EigenDA"));
    assert_eq!(inspection.sets[0].operators, 206);
    assert_eq!(inspection.reconstructed.rows, s.stakes.len());
    assert!((inspection.reconstructed.share_of_usd - 1.0).abs() < 1e-12);
    let shares: f64 = inspection.assets.iter().filter_map(|a| a.share).sum();
    assert!((shares - 1.0).abs() < 1e-12, "{shares}");
    assert_eq!(inspection.unpriced.len(), 1);
    assert_eq!(inspection.time, "2024-12-03T00:00:00Z");
    let text = inspection.to_string();
    println!("{text}");
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    for part in ["EigenDA", "reconstructed", "slisBNB", "HHI", "stETH"] {
        assert!(text.contains(part), "{part}");
    }
    let json = serde_json::to_value(&inspection).unwrap();
    assert_eq!(json["sets"].as_array().unwrap().len(), 40);
    assert_eq!(
        json["sets"][0]["avs"],
        "0x870679E138bCdf293b7Ff14dD44b70FC97e12fc0"
    );

    // The small one has entities, an allocation, an unpriced asset, names with control characters.
    let full = inspect(&full());
    assert!(
        full.to_string()
            .lines()
            .all(|line| line.chars().count() <= 80 && !line.contains('\u{1b}'))
    );
    assert_eq!(full.operators_with_known_entity, 2);
    // Operator 2's allocation is in an asset that it holds none of.
    let set = full
        .sets
        .iter()
        .find(|set| set.kind == SetKind::OperatorSet)
        .unwrap();
    assert_eq!(set.allocated_usd, Some(0.0));
}

/// All 40 x 20 totals, those of zero among them, and every membership.
#[test]
fn the_embedded_stakes_add_up_to_every_total() {
    let s = tables::embedded().unwrap();
    let matrix = s.stake_matrix();
    let mut checked = 0;
    for set in 0..s.sets.len() as u32 {
        let members = s.operators_of_set(set);
        for asset in 0..s.assets.len() as u32 {
            let stated = s
                .totals
                .iter()
                .find(|t| (t.set, t.asset) == (set, asset))
                .map_or(0.0, |t| t.amount_tokens);
            let sum: f64 = members.iter().map(|&o| matrix.row(o)[asset as usize]).sum();
            assert!(
                (sum - stated).abs() <= 1e-10 * stated,
                "set {set}, asset {asset}: {sum} and {stated}"
            );
            checked += 1;
        }
    }
    assert_eq!(checked, 40 * 20);
    // Operators with the same memberships cannot be told apart.
    let memberships = |o: u32| {
        s.memberships
            .iter()
            .filter(|m| m.operator == o)
            .map(|m| m.set)
            .collect::<Vec<_>>()
    };
    let all: Vec<_> = (0..358).map(memberships).collect();
    for a in 0..358 {
        for b in 0..a {
            if all[a] == all[b] {
                assert_eq!(
                    matrix.row(a as u32),
                    matrix.row(b as u32),
                    "operators {a} and {b}"
                );
            }
        }
    }
}

/// `STAKEWRIGHT_BLESS=1` writes the files anew instead.
#[test]
fn the_embedded_files_are_what_the_program_makes() {
    let made = tables::build_embedded(&Path::new(ROOT).join("data/sources")).unwrap();
    let folder = Path::new(ROOT).join("data/embedded");
    if std::env::var_os("STAKEWRIGHT_BLESS").is_some() {
        tables::write(&folder, &made).unwrap();
    }
    let committed = tables::read(&folder).unwrap();
    assert_eq!(
        committed.manifest.content_hash,
        tables::content_hash(&made),
        "data/embedded is out of date: run `stakewright reconstruct`"
    );
    assert_eq!(committed.manifest.sources, made.manifest.sources);
    assert_eq!(committed.manifest.label, made.manifest.label);
    let bytes: u64 = fs::read_dir(&folder)
        .unwrap()
        .map(|e| e.unwrap().metadata().unwrap().len())
        .sum();
    assert!(bytes < 500_000, "{bytes} bytes");
}

#[test]
#[ignore = "slow: a time is only worth measuring in a release build"]
fn slow_embedded_loads_within_50_ms() {
    tables::embedded().unwrap();
    let start = std::time::Instant::now();
    tables::embedded().unwrap();
    let took = start.elapsed();
    println!("embedded snapshot read in {took:?}");
    assert!(cfg!(debug_assertions) || took.as_millis() < 50, "{took:?}");
}

/// Sources with one thing changed; gives the error of building from them.
fn changed(file: &str, from: &str, to: &str) -> TablesError {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(Path::new(ROOT).join("data/sources")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let path = folder.path().join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(&path, text.replacen(from, to, 1)).unwrap();
    let error = tables::build_embedded(folder.path()).err().unwrap();
    assert!(error.to_string().contains(file), "{error}");
    error
}

#[test]
fn broken_sources_name_file_and_line() {
    let graph = "avs_2024-12-03.json";
    // A total that contradicts the others: EigenDA's ETH.
    let error = changed(graph, "3020398.787288115", "30203.98787288115");
    assert!(error.to_string().contains("add up"), "{error}");
    let error = changed(graph, "15013976262.841583", "15014976262.841583");
    assert!(error.to_string().contains("USD"), "{error}");
    let error = changed(graph, "\"stETH\": ", "\"stEHT\": ");
    assert!(error.to_string().contains("stEHT"), "{error}");
    let error = changed("assets.toml", "class = \"lst\"", "class = \"lts\"");
    assert!(error.to_string().contains("lts"), "{error}");
    let error = changed(
        "facts.toml",
        "value = 2356969.864211533",
        "value = 2356969.9",
    );
    assert!(error.to_string().contains("emissions_per_epoch"), "{error}");
    let error = changed(
        "contracts.toml",
        "0x948a420b8CC1d6BFd0B6087C2E7c344a2CD0bc39",
        "0x948A420b8CC1d6BFd0B6087C2E7c344a2CD0bc39",
    );
    assert!(error.to_string().contains("checksum"), "{error}");
}
