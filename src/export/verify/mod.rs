//! The proof on a chain: calls tried in order, reverts explained, results read back. Nothing is ever sent
//! to a real network, and there is no key.

mod drift;
mod errors;
mod expect;
mod explain;
mod facts;
mod file;
mod logs;
mod node;
mod quorums;
mod reads;
mod report;
mod simulate;

pub use drift::{drift, drift_of};
pub use errors::{name, name_of_hex};
pub use file::{Calls, ReadError, read};
pub use node::{HttpNode, Node, NodeError};
pub use report::{Explanation, Outcome, ReadBack, StepReport, VerifyReport};
pub use simulate::Method;

use super::abi::{AbiError, encode};
use super::action::{Call, Contract};
use super::address::{Address, lower};
use super::network::Network;
use super::plan::Phase;
use super::world::{Knowledge, World};
use expect::{Expectation, expectations};
use explain::explain;
use reads::{Read, prefixed};
use serde_json::{Value, json};
use simulate::{Attempt, Trace, one, run};
use std::collections::{BTreeMap, BTreeSet};

/// Why nothing could be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The node did not answer.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The node is on another chain.
    #[error(
        "the calls are for chain {expected} and the node is on chain {found}: give the node of {network}"
    )]
    WrongChain {
        /// Of the calls.
        expected: u64,
        /// Of the node.
        found: u64,
        /// Name of the network of the calls.
        network: String,
    },
    /// The node's chain has no contract where one is called.
    #[error("there is no {contract} at {address} on this node's chain, which should be {network}")]
    NoContract {
        /// Where it should be.
        address: Address,
        /// What should be there.
        contract: Contract,
        /// Name of the network of the calls.
        network: String,
    },
    /// A call does not fit the contract's types.
    #[error(transparent)]
    Abi(#[from] AbiError),
}

/// Tries the calls in order on a node, explains reverts and reads back what they set.
///
/// `network` holds the addresses and limits that reverts are explained by.
///
/// # Errors
/// When the node does not answer, is on another chain, or carries none of the contracts.
pub fn verify(
    calls: &Calls,
    network: &Network,
    node: &dyn Node,
) -> Result<VerifyReport, VerifyError> {
    let (chain_id, block) = on_chain(calls.chain_id, network, node)?;
    let now: Vec<_> = calls
        .steps
        .iter()
        .filter(|step| step.phase == Phase::Setup)
        .collect();
    let planned: Vec<&Call> = now.iter().map(|step| &step.call).collect();
    contracts_exist(&planned, network, node)?;
    let attempts = planned
        .iter()
        .map(|call| attempt(call))
        .collect::<Result<Vec<_>, _>>()?;
    let mut expected = expectations(&planned, network, &submitted(node, &planned, network)?);
    expected.extend(quorums::expectations(&planned, network, node)?);
    expected.extend(of_tokens(calls));
    let questions: Vec<_> = expected.iter().map(question).collect();
    let (method, traces, answers) = run(node, &attempts, &questions)?;
    // Only a revert asks what the chain says of everything that the calls mention.
    let world = if traces.iter().all(|trace| trace.result.is_ok()) {
        World::new(network.clone(), Knowledge::Partial, block, 0)
    } else {
        facts::world(node, &planned, network)?
    };
    let mut outcomes = explain(&now, &traces, world, method).into_iter();
    let mut steps = Vec::new();
    for step in &calls.steps {
        let (outcome, gas) = if step.phase == Phase::Setup {
            outcomes
                .next()
                .expect("every call of the first phase was tried")
        } else {
            let reason =
                "it rests on a stake table that has arrived, which cannot be rehearsed before"
                    .to_owned();
            (Outcome::Skipped { reason }, None)
        };
        let (title, function) = (step.title.clone(), step.call.action.function());
        steps.push(StepReport {
            step: steps.len() + 1,
            title,
            function,
            outcome,
            gas,
        });
    }
    let mut read_back = compared(&expected, &answers);
    if method != Method::OneByOne {
        let payers = fee_payers(&planned, network, node)?;
        read_back.extend(logs::read_back(&planned, &traces, &payers));
    }
    let mut notes = notes(method, network);
    notes.extend(version(network, node)?);
    Ok(VerifyReport {
        chain_id,
        block,
        method,
        steps,
        read_back,
        notes,
    })
}

/// The node's chain and newest block, when it is the chain of the calls.
fn on_chain(expected: u64, network: &Network, node: &dyn Node) -> Result<(u64, u64), VerifyError> {
    let (found, block) = head(node)?;
    if found != expected {
        let network = network.name.clone();
        return Err(VerifyError::WrongChain {
            expected,
            found,
            network,
        });
    }
    Ok((found, block))
}

/// A call to an address without code succeeds and does nothing: that must not pass for a proof.
fn contracts_exist(calls: &[&Call], network: &Network, node: &dyn Node) -> Result<(), VerifyError> {
    let targets: BTreeMap<Address, Contract> = calls
        .iter()
        .map(|call| (call.to, call.action.contract()))
        .collect();
    for (address, contract) in targets {
        let code = node.request("eth_getCode", json!([lower(address), "latest"]))?;
        if matches!(code.as_str(), None | Some("" | "0x")) {
            return Err(VerifyError::NoContract {
                address,
                contract,
                network: network.name.clone(),
            });
        }
    }
    Ok(())
}

/// Decimals of the tokens that amounts were made with.
fn of_tokens(calls: &Calls) -> Vec<Expectation> {
    calls
        .tokens
        .iter()
        .map(|token| Expectation {
            what: format!("decimals of {} {}", token.symbol, token.token),
            contract: token.token,
            read: Read::Decimals,
            expected: token.decimals.to_string(),
        })
        .collect()
}

/// One getter on the present state; `None` when it does not answer so.
fn ask(node: &dyn Node, contract: Address, read: Read) -> Result<Option<String>, NodeError> {
    let asked = Attempt {
        from: Address::ZERO,
        to: contract,
        data: read.calldata(),
    };
    Ok(one(node, &asked)?
        .result
        .ok()
        .and_then(|data| read.answer(&data)))
}

/// Senders of rewards that have opted in to the protocol's fee.
fn fee_payers(
    calls: &[&Call],
    network: &Network,
    node: &dyn Node,
) -> Result<BTreeSet<Address>, NodeError> {
    let coordinator = network.contracts.rewards_coordinator;
    let senders: BTreeSet<_> = calls
        .iter()
        .filter(|call| !logs::submitted(call).is_empty())
        .map(|call| call.from)
        .collect();
    let mut payers = BTreeSet::new();
    for sender in senders {
        if ask(node, coordinator, Read::PaysFee(sender))?.as_deref() == Some("true") {
            payers.insert(sender);
        }
    }
    Ok(payers)
}

/// What to say when the chain runs another version of the protocol than the rules here.
fn version(network: &Network, node: &dyn Node) -> Result<Option<String>, NodeError> {
    let Some(registry) = network.contracts.protocol_registry else {
        return Ok(None);
    };
    let found = ask(node, registry, Read::Version)?;
    let found = found.filter(|found| *found != network.protocol_version);
    Ok(found.map(|found| {
        format!(
            "the chain runs protocol {found}; the rules that explain reverts are those of {}",
            network.protocol_version
        )
    }))
}

fn head(node: &dyn Node) -> Result<(u64, u64), NodeError> {
    let number = |method: &str| {
        let answer = node.request(method, json!([]))?;
        let digits = answer.as_str().and_then(|text| text.strip_prefix("0x"));
        digits
            .and_then(|digits| u64::from_str_radix(digits, 16).ok())
            .ok_or_else(|| NodeError::Unreachable {
                method: method.into(),
                reason: "the answer is no number".into(),
            })
    };
    Ok((number("eth_chainId")?, number("eth_blockNumber")?))
}

fn attempt(call: &Call) -> Result<Attempt, AbiError> {
    Ok(Attempt {
        from: call.from,
        to: call.to,
        data: encode(&call.action)?,
    })
}

/// Every call can be spelled as calldata.
fn attempt_fits(calls: &[&Call]) -> Result<(), AbiError> {
    calls.iter().try_for_each(|call| attempt(call).map(drop))
}

fn question(expectation: &Expectation) -> Attempt {
    Attempt {
        from: Address::ZERO,
        to: expectation.contract,
        data: expectation.read.calldata(),
    }
}

/// How often each sender of rewards has submitted before.
fn submitted(
    node: &dyn Node,
    calls: &[&Call],
    network: &Network,
) -> Result<BTreeMap<Address, u128>, NodeError> {
    let rewards = |call: &&&Call| call.to == network.contracts.rewards_coordinator;
    let senders: BTreeSet<_> = calls.iter().filter(rewards).map(|call| call.from).collect();
    let mut counts = BTreeMap::new();
    for sender in senders {
        let answer = ask(
            node,
            network.contracts.rewards_coordinator,
            Read::Submissions(sender),
        )?;
        counts.insert(
            sender,
            answer.and_then(|count| count.parse().ok()).unwrap_or(0),
        );
    }
    Ok(counts)
}

fn compared(expected: &[Expectation], answers: &[Trace]) -> Vec<ReadBack> {
    let row = |(expectation, trace): (&Expectation, &Trace)| {
        let found = match &trace.result {
            Ok(data) => expectation
                .read
                .answer(data)
                .unwrap_or_else(|| format!("unreadable: {}", prefixed(data))),
            Err(error) => format!("no answer: {error}"),
        };
        ReadBack {
            what: expectation.what.clone(),
            expected: expectation.expected.clone(),
            found,
        }
    };
    expected.iter().zip(answers).map(row).collect()
}

fn notes(method: Method, network: &Network) -> Vec<String> {
    let mut notes = Vec::new();
    match method {
        Method::Simulated => {}
        Method::TakenBack => notes.push("the node has no eth_simulateV1: calls ran on this test node and were taken back".into()),
        Method::OneByOne => notes.push(
            "the node has no eth_simulateV1: calls were tried one by one on the present state, so those that rest on an \
             earlier one are unclear and nothing was read back; use a node that has it, or anvil --fork-url"
                .into(),
        ),
    }
    if network.limits.slash_resolution_delay.is_none() {
        notes.push(format!(
            "{} runs {}: rules of later versions were not checked",
            network.name, network.protocol_version
        ));
    }
    notes
}

/// The id of a node's chain.
///
/// # Errors
/// When the node does not answer.
pub fn chain_id(node: &dyn Node) -> Result<u64, NodeError> {
    head(node).map(|(chain_id, _)| chain_id)
}

/// What a log of the rewards coordinator announces, as text; `None` when it is no submission.
#[must_use]
pub fn announced_rewards(topics: &[String], data: &[u8]) -> Option<String> {
    logs::announced(&(topics.to_vec(), data.to_vec())).map(|one| one.described())
}

/// What a call submits as rewards, in the same form.
#[must_use]
pub fn submitted_rewards(call: &Call) -> Vec<String> {
    logs::submitted(call)
        .iter()
        .map(logs::Announced::described)
        .collect()
}

/// A JSON form of the report, for scripts.
impl From<&VerifyReport> for Value {
    fn from(report: &VerifyReport) -> Self {
        serde_json::to_value(report).expect("a report is plain data")
    }
}
