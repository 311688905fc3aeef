//! What the chain says today where the calls would set something: the drift of a deployed AVS.

use super::expect::expectations;
use super::logs::{self, Announced, Log};
use super::reads::Read;
use super::simulate::{log, one};
use super::{
    Calls, Node, NodeError, VerifyError, ask, attempt_fits, compared, contracts_exist, of_tokens,
    on_chain, question,
};
use crate::export::action::{Action, Call};
use crate::export::address::{Address, lower};
use crate::export::design::Deployment;
use crate::export::drift::{Drift, Row};
use crate::export::network::Network;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Blocks back from the newest that are searched for logs, widest first; `None` is all of them.
const RANGES: [Option<u64>; 4] = [None, Some(500_000), Some(50_000), Some(9_000)];

/// The drift of the AVS at `avs` from a deployment.
///
/// # Errors
/// As [`drift`].
pub fn drift_of(
    deployment: &Deployment,
    avs: Address,
    node: &dyn Node,
) -> Result<Drift, VerifyError> {
    drift(&Calls::of(deployment, avs), &deployment.network, node)
}

/// The drift of the AVS that the calls are for.
///
/// # Errors
/// When the node does not answer, is on another chain, or carries none of the contracts.
pub fn drift(calls: &Calls, network: &Network, node: &dyn Node) -> Result<Drift, VerifyError> {
    let (_, block) = on_chain(calls.chain_id, network, node)?;
    let planned: Vec<&Call> = calls.steps.iter().map(|step| &step.call).collect();
    contracts_exist(&planned, network, node)?;
    attempt_fits(&planned)?;
    let mut expected = expectations(&planned, network, &BTreeMap::new());
    // How often rewards were submitted is history, not configuration.
    expected.retain(|expectation| !matches!(expectation.read, Read::Submissions(_)));
    expected.extend(of_tokens(calls));
    let answers = expected
        .iter()
        .map(|expectation| one(node, &question(expectation)))
        .collect::<Result<Vec<_>, _>>()?;
    let mut rows: Vec<Row> = compared(&expected, &answers)
        .into_iter()
        .map(|row| Row::new(row.what, row.expected, row.found))
        .collect();
    rows.extend(number_of_sets(&planned, network, node)?);
    let mut notes = Vec::new();
    let searched = metadata(&planned, block, network, node, &mut rows)?;
    let rewarded = rewards(&planned, block, network, node, &mut rows)?;
    for (what, blocks) in [("metadata", searched), ("rewards", rewarded)] {
        match blocks {
            Searched::All => {}
            Searched::Last(blocks) => notes.push(format!(
                "{what}: only the last {blocks} blocks were searched, the node allows no more"
            )),
            Searched::Nothing => notes.push(format!(
                "{what} were not compared: the node gives no logs; compare with a snapshot instead"
            )),
        }
    }
    let avs = calls.avs.or_else(|| planned.first().map(|call| call.from));
    Ok(Drift {
        avs: avs.unwrap_or(Address::ZERO),
        against: format!("chain {} at block {block}", calls.chain_id),
        rows,
        notes,
    })
}

/// How much of the chain was searched for logs.
enum Searched {
    All,
    Last(u64),
    Nothing,
}

impl Searched {
    /// What two searches covered both.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, _) | (_, Self::Nothing) => Self::Nothing,
            (Self::Last(one), Self::Last(two)) => Self::Last(one.min(two)),
            (Self::Last(blocks), Self::All) | (Self::All, Self::Last(blocks)) => Self::Last(blocks),
            (Self::All, Self::All) => Self::All,
        }
    }
}

/// Logs of a contract by topics, as far back as the node allows.
fn search(
    node: &dyn Node,
    contract: Address,
    topics: &Value,
    block: u64,
) -> Result<(Searched, Vec<Log>), NodeError> {
    for range in RANGES {
        let from = range.map_or(0, |blocks| block.saturating_sub(blocks));
        let filter = json!([{
            "address": lower(contract), "topics": topics,
            "fromBlock": format!("0x{from:x}"), "toBlock": "latest",
        }]);
        match node.request("eth_getLogs", filter) {
            Ok(answer) => {
                let found = answer.as_array().into_iter().flatten().map(log).collect();
                return Ok((range.map_or(Searched::All, Searched::Last), found));
            }
            // Nodes limit the range, each in its own words: the next is narrower.
            Err(NodeError::Rejected { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok((Searched::Nothing, Vec::new()))
}

fn metadata(
    calls: &[&Call],
    block: u64,
    network: &Network,
    node: &dyn Node,
    rows: &mut Vec<Row>,
) -> Result<Searched, NodeError> {
    let mut all = Searched::All;
    for call in calls {
        let Action::UpdateMetadata(a) = &call.action else {
            continue;
        };
        let topics = json!([logs::metadata_topic(), logs::topic_of(a.avs)]);
        let contract = network.contracts.allocation_manager;
        let (searched, found) = search(node, contract, &topics, block)?;
        if !matches!(searched, Searched::Nothing) {
            let newest = found.iter().filter_map(logs::metadata_of).next_back();
            let deployed = newest.map_or_else(|| "not announced".to_owned(), |(_, uri)| uri);
            let field = format!("metadata of {}", a.avs);
            rows.push(Row::new(field, a.metadata_uri.clone(), deployed));
        }
        all = all.and(searched);
    }
    Ok(all)
}

/// The newest submission of each kind for each set, by what it pays a day.
fn rewards(
    calls: &[&Call],
    block: u64,
    network: &Network,
    node: &dyn Node,
    rows: &mut Vec<Row>,
) -> Result<Searched, NodeError> {
    let asked: Vec<Announced> = calls
        .iter()
        .flat_map(|call| logs::submitted(call))
        .collect();
    if asked.is_empty() {
        return Ok(Searched::All);
    }
    // Only the AVS and its admins submit in its name: their topic keeps the search small.
    let avss: BTreeSet<Address> = asked.iter().map(|one| one.set.avs).collect();
    let mut callers: BTreeSet<Address> = avss.clone();
    for avs in avss {
        let admins = ask(
            node,
            network.contracts.permission_controller,
            Read::Admins(avs),
        )?;
        let admins = admins.unwrap_or_default();
        callers.extend(
            admins
                .split(", ")
                .filter_map(|admin| admin.parse::<Address>().ok()),
        );
    }
    let callers: Vec<_> = callers.into_iter().map(logs::topic_of).collect();
    let topics = json!([logs::submission_topics(), callers]);
    let contract = network.contracts.rewards_coordinator;
    let (searched, found) = search(node, contract, &topics, block)?;
    if matches!(searched, Searched::Nothing) {
        return Ok(searched);
    }
    let heard: Vec<Announced> = found.iter().filter_map(logs::announced).collect();
    for one in asked {
        let same = |other: &&Announced| other.kind == one.kind && other.set == one.set;
        let newest = heard.iter().rev().find(same);
        rows.push(Row::new(
            format!("rewards of set {} {}", one.set.id, one.kind.words()),
            one.daily(),
            newest.map_or_else(|| "nothing submitted".to_owned(), Announced::daily),
        ));
    }
    Ok(searched)
}

/// Sets beyond those of the deployment are drift too.
fn number_of_sets(
    calls: &[&Call],
    network: &Network,
    node: &dyn Node,
) -> Result<Option<Row>, NodeError> {
    let (mut avs, mut planned) = (None, 0);
    for call in calls {
        match &call.action {
            Action::CreateSets(a) => {
                avs = Some(a.avs);
                planned += a.params.len();
            }
            Action::CreateRedistributingSets(a) => {
                avs = Some(a.avs);
                planned += a.params.len();
            }
            _ => {}
        }
    }
    let Some(avs) = avs else { return Ok(None) };
    let manager = network.contracts.allocation_manager;
    let count = ask(node, manager, Read::SetCount(avs))?;
    Ok(Some(Row::new(
        "number of operator sets".to_owned(),
        planned.to_string(),
        count.unwrap_or_else(|| "no answer".into()),
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A search that covered everything does not hide one before it that did not.
    #[test]
    fn two_searches_cover_what_both_did() {
        assert!(matches!(
            Searched::Last(9).and(Searched::All),
            Searched::Last(9)
        ));
        assert!(matches!(
            Searched::Last(9).and(Searched::Last(4)),
            Searched::Last(4)
        ));
        assert!(matches!(
            Searched::Nothing.and(Searched::All),
            Searched::Nothing
        ));
        assert!(matches!(Searched::All.and(Searched::All), Searched::All));
    }
}
