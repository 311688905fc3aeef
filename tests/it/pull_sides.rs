//! Side sources: what they add, and what happens when they are down.

use crate::support::http::{Reply, Server};
use crate::support::recorded::{self, Manner};
use crate::support::recording::{order, recording};
use serde_json::json;
use stakewright::chain::{Deployment, Endpoint, LogSteps, PullOptions, SideSources, pull};
use stakewright::snapshot::{Address, Outcome, Snapshot};
use std::ops::ControlFlow;

fn pull_with(side: SideSources) -> Snapshot {
    let server = recorded::serve(Manner {
        checkpoint: 33,
        multicall: true,
        most_blocks: 1_000_000,
    });
    let options = PullOptions {
        deployment: Some(Deployment::parse(&recorded::deployment_file()).unwrap()),
        steps: LogSteps {
            first: 200_000,
            most: 200_000,
        },
        side,
        ..PullOptions::default()
    };
    let endpoint = Endpoint::parse(&server.url()).unwrap();
    pull(&endpoint, &options, &mut |_| ControlFlow::Continue(()))
        .unwrap()
        .snapshot
}

fn sources(server: &Server) -> SideSources {
    SideSources {
        chain: None,
        eigenda: Some(server.url()),
        defillama: Some(server.url()),
        history_days: 3,
    }
}

/// The shapes that the two interfaces document, with their traps: numbers as text, a missing amount, an
/// operator nobody knows, a coin that is left out.
fn documented(path: &str) -> Reply {
    let operator = |i: usize| Address(order("operators")[i]).to_string();
    let token = recording()["strategies"][0]["token"]
        .as_str()
        .unwrap()
        .to_lowercase();
    let body = match path {
        path if path.starts_with("/api/v2/operators/stake") => json!({
            "current_block": 1, "stake_ranked_operators": {
                "0": [
                    {"quorum_id": "0", "operator_id": "ab", "operator_address": operator(0), "stake_percentage": 60.5, "rank": 1, "stake_amount": 12.5},
                    {"quorum_id": "0", "operator_id": "cd", "operator_address": operator(1).to_lowercase(), "stake_percentage": "39.5", "rank": 2},
                ],
                "1": [{"quorum_id": "1", "operator_id": "ef", "operator_address": "0x00000000000000000000000000000000000000ff", "stake_percentage": 100.0, "rank": 1}],
            },
        }),
        path if path.starts_with("/api/v2/operators/signing-info") => json!({
            "start_block": 1, "end_block": 2, "start_time_unix_sec": 5, "end_time_unix_sec": 1_700_000_000,
            "operator_signing_info": [{
                "operator_id": "ab", "operator_address": operator(0), "quorum_id": 0, "total_unsigned_batches": 1,
                "total_responsible_batches": 100, "total_batches": 100, "signing_percentage": 99.0, "stake_percentage": 60.5,
            }],
        }),
        path if path.starts_with("/chart/") => {
            let points = json!([
                {"timestamp": 1_700_000_000, "price": 3_000.5}, {"timestamp": 1_700_086_400, "price": "3010.25"},
            ]);
            json!({"coins": {
                "coingecko:ethereum": {"symbol": "ETH", "confidence": 0.99, "prices": points},
                format!("ethereum:{token}"): {"symbol": "TKA", "confidence": 0.9, "prices": points},
            }})
        }
        other => return Reply::status(404, format!("no {other}")),
    };
    Reply::ok(body.to_string())
}

#[test]
fn documented_shapes_are_read_with_their_traps() {
    let server = Server::start(|request| documented(&request.path));
    let snapshot = pull_with(sources(&server));
    let operator = snapshot
        .operator_by_address(Address(order("operators")[0]))
        .unwrap();
    let other = snapshot
        .operator_by_address(Address(order("operators")[1]))
        .unwrap();
    let figure = |operator, metric: &str| {
        let row = snapshot
            .observations
            .iter()
            .find(|o| o.operator == Some(operator) && o.metric == metric);
        row.map(|row| row.value)
    };
    assert_eq!(figure(operator, "quorum_0_stake_share"), Some(0.605));
    assert_eq!(figure(operator, "quorum_0_stake"), Some(12.5));
    assert_eq!(figure(operator, "quorum_0_signing_rate"), Some(0.99));
    assert_eq!(figure(other, "quorum_0_stake_share"), Some(0.395));
    assert_eq!(figure(other, "quorum_0_stake"), None);
    let eth = snapshot.asset_by_symbol("ETH").unwrap();
    let prices: Vec<_> = snapshot
        .price_history
        .iter()
        .filter(|p| p.asset == eth)
        .map(|p| p.price_usd)
        .collect();
    assert_eq!(prices, [3_000.5, 3_010.25]);
    let outcome = |what: &str| {
        let source = snapshot
            .manifest
            .sources
            .iter()
            .find(|source| source.what.starts_with(what));
        source.unwrap().outcome.clone()
    };
    assert!(
        matches!(outcome("stake per operator"), Outcome::Partial(text) if text.contains("1 rows"))
    );
    assert_eq!(outcome("signing rate"), Outcome::Complete);
    assert!(
        matches!(outcome("daily price history"), Outcome::Partial(text) if text.contains("no prices of"))
    );
}

#[test]
fn a_pull_succeeds_without_them_and_says_what_is_missing() {
    for reply in [
        Reply::status(500, ""),
        Reply::ok("<html>"),
        Reply::ok("{}"),
        Reply {
            cut_after: Some(1),
            ..Reply::ok("{}")
        },
    ] {
        let server = Server::start(move |_| reply.clone());
        let snapshot = pull_with(sources(&server));
        assert!(snapshot.observations.is_empty() && snapshot.price_history.is_empty());
        let asked: Vec<_> = snapshot
            .manifest
            .sources
            .iter()
            .filter(|source| source.url.is_some())
            .collect();
        assert_eq!(asked.len(), 3);
        assert!(
            asked
                .iter()
                .all(|source| matches!(source.outcome, Outcome::Failed(_))),
            "{asked:?}"
        );
    }
}

#[cfg(feature = "tables")]
#[test]
fn the_content_hash_is_that_of_the_block_alone() {
    use stakewright::tables::content_hash;
    let server = Server::start(|request| documented(&request.path));
    let (with, without) = (
        pull_with(sources(&server)),
        pull_with(SideSources::default()),
    );
    assert_ne!(with, without);
    assert_eq!(content_hash(&with), content_hash(&without));
    assert_eq!(
        content_hash(&pull_with(SideSources::default())),
        content_hash(&without)
    );
}

#[test]
fn sources_of_another_chain_are_not_asked() {
    let server = Server::start(|request| documented(&request.path));
    let elsewhere = SideSources {
        chain: Some(1),
        ..sources(&server)
    };
    let snapshot = pull_with(elsewhere);
    assert_eq!(server.requests(), 0, "the recorded chain is not mainnet");
    assert!(snapshot.observations.is_empty() && snapshot.price_history.is_empty());
    let skipped = snapshot.manifest.sources.iter();
    let skipped = skipped.filter(|source| source.outcome == Outcome::Skipped);
    assert_eq!(skipped.count(), 3, "the manifest says so");
}
