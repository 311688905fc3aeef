//! The proof on a chain: calls tried in order, reverts explained, results read back. Nothing is ever sent
//! to a real network, and there is no key.

mod errors;
mod expect;
mod facts;
mod file;
mod node;
mod reads;
mod simulate;

pub use errors::{name, name_of_hex};
pub use file::{Calls, ReadError, read};
pub use node::{HttpNode, Node, NodeError};
pub use simulate::Method;

use super::abi::{AbiError, encode};
use super::action::{Action, Call};
use super::address::{Address, keccak256, lower};
use super::network::Network;
use super::plan::Phase;
use super::world::{Knowledge, Revert, World};
use expect::{Expectation, expectations};
use reads::{Read, prefixed};
use serde::Serialize;
use serde_json::{Value, json};
use simulate::{Attempt, Trace, one, run};
use std::collections::{BTreeMap, BTreeSet};

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// Chain that answered.
    pub chain_id: u64,
    /// Its newest block.
    pub block: u64,
    /// How the calls were tried.
    pub method: Method,
    /// What came of each call, in order.
    pub steps: Vec<StepReport>,
    /// What the chain answers afterwards.
    pub read_back: Vec<ReadBack>,
    /// What limits the proof.
    pub notes: Vec<String>,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepReport {
    /// Number, from 1.
    pub step: usize,
    /// What it does.
    pub title: String,
    /// The function.
    pub function: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// Gas used, where the node says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gas: Option<u64>,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It passed.
    Passed,
    /// It reverted.
    Reverted(Explanation),
    /// It reverted where earlier calls were not in force: it may pass in order.
    Unclear(Explanation),
    /// It was not tried.
    Skipped {
        /// Why.
        reason: String,
    },
}

/// Why a call reverts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Name of the contract's error.
    pub error: String,
    /// Path of the argument that causes it, when it can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub argument: Option<String>,
    /// What is wrong.
    pub wrong: String,
    /// What would be right.
    pub right: String,
    /// Parameters of the deployment behind the call.
    pub parameters: Vec<String>,
}

/// A value read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReadBack {
    /// What it is.
    pub what: String,
    /// What the export says.
    pub expected: String,
    /// What the chain says.
    pub found: String,
}

impl ReadBack {
    /// True when the chain says what the export says.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.expected == self.found
    }
}

impl VerifyReport {
    /// True when every call that was tried passed and everything read back agrees.
    #[must_use]
    pub fn passed(&self) -> bool {
        let fine =
            |step: &StepReport| matches!(step.outcome, Outcome::Passed | Outcome::Skipped { .. });
        self.steps.iter().all(fine) && self.read_back.iter().all(ReadBack::agrees)
    }
}

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
    /// A call does not fit the contract's types.
    #[error(transparent)]
    Abi(#[from] AbiError),
}

/// Tries the calls in order on a node, explains reverts and reads back what they set.
///
/// `network` holds the addresses and limits that reverts are explained by.
///
/// # Errors
/// When the node does not answer or is on another chain.
pub fn verify(
    calls: &Calls,
    network: &Network,
    node: &dyn Node,
) -> Result<VerifyReport, VerifyError> {
    let (chain_id, block) = head(node)?;
    if chain_id != calls.chain_id {
        let network = network.name.clone();
        return Err(VerifyError::WrongChain {
            expected: calls.chain_id,
            found: chain_id,
            network,
        });
    }
    let now: Vec<_> = calls
        .steps
        .iter()
        .filter(|step| step.phase == Phase::Setup)
        .collect();
    let planned: Vec<&Call> = now.iter().map(|step| &step.call).collect();
    let attempts = planned
        .iter()
        .map(|call| attempt(call))
        .collect::<Result<Vec<_>, _>>()?;
    let expected = expectations(&planned, network, &submitted(node, &planned, network)?);
    let questions: Vec<_> = expected.iter().map(question).collect();
    let (method, traces, answers) = run(node, &attempts, &questions)?;
    let world = facts::world(node, &planned, network)?;
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
    read_back.extend(metadata(&planned, &traces, method));
    let notes = notes(method, network, &expected);
    Ok(VerifyReport {
        chain_id,
        block,
        method,
        steps,
        read_back,
        notes,
    })
}

/// What the chain says today where the calls would set something: the drift of a deployed AVS.
///
/// # Errors
/// When the node does not answer or is on another chain.
pub fn drift(
    calls: &Calls,
    network: &Network,
    node: &dyn Node,
) -> Result<Vec<ReadBack>, VerifyError> {
    let (chain_id, _) = head(node)?;
    if chain_id != calls.chain_id {
        let network = network.name.clone();
        return Err(VerifyError::WrongChain {
            expected: calls.chain_id,
            found: chain_id,
            network,
        });
    }
    let planned: Vec<&Call> = calls.steps.iter().map(|step| &step.call).collect();
    let submitted = submitted(node, &planned, network)?;
    let mut expected = expectations(&planned, network, &submitted);
    // How often rewards were submitted is history, not configuration.
    expected.retain(|expectation| !matches!(expectation.read, Read::Submissions(_)));
    let answers = expected
        .iter()
        .map(|expectation| one(node, &question(expectation)))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(compared(&expected, &answers))
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
        let read = Read::Submissions(sender);
        let asked = Attempt {
            from: Address::ZERO,
            to: network.contracts.rewards_coordinator,
            data: read.calldata(),
        };
        let answer = one(node, &asked)?
            .result
            .ok()
            .and_then(|data| read.answer(&data));
        counts.insert(
            sender,
            answer.and_then(|count| count.parse().ok()).unwrap_or(0),
        );
    }
    Ok(counts)
}

/// Outcomes of calls, with the argument behind each revert where the world can tell it.
fn explain(
    steps: &[&file::PlannedCall],
    traces: &[Trace],
    mut world: World,
    method: Method,
) -> Vec<(Outcome, Option<u64>)> {
    let mut failed_before = false;
    let mut outcomes = Vec::new();
    for (step, trace) in steps.iter().zip(traces) {
        let candidates = candidates(&mut world, &step.call);
        world.apply(&step.call);
        let outcome = match &trace.result {
            Ok(_) => Outcome::Passed,
            Err(error) => {
                let explanation = explanation(error, step, candidates, failed_before);
                let unclear = method == Method::OneByOne && !outcomes.is_empty();
                failed_before = true;
                if unclear {
                    Outcome::Unclear(explanation)
                } else {
                    Outcome::Reverted(explanation)
                }
            }
        };
        outcomes.push((outcome, trace.gas));
    }
    outcomes
}

/// Why the call may revert: what is certain when the world is taken for all there is, and what is in doubt.
fn candidates(world: &mut World, call: &Call) -> Vec<Revert> {
    let mut found = Vec::new();
    for knowledge in [Knowledge::Complete, Knowledge::Partial] {
        world.knowledge = knowledge;
        match world.check(call) {
            Ok(doubts) => found.extend(doubts),
            Err(revert) => found.push(revert),
        }
    }
    found
}

fn explanation(
    error: &str,
    step: &file::PlannedCall,
    candidates: Vec<Revert>,
    failed_before: bool,
) -> Explanation {
    let parameters = step.parameters.clone();
    let matching = candidates.into_iter().find(|revert| {
        // Tokens word a missing allowance each in their own way.
        revert.reason.to_string() == error
            || (revert.check == "rewards-allowance" && error.starts_with("Error("))
    });
    if let Some(revert) = matching {
        let argument = Some(revert.argument).filter(|argument| !argument.is_empty());
        return Explanation {
            error: error.into(),
            argument,
            wrong: revert.wrong,
            right: revert.right,
            parameters,
        };
    }
    let rule = super::lint::CHECKS
        .iter()
        .find(|check| check.reverts.contains(&error));
    let wrong = rule.map_or_else(
        || format!("{} reverted", step.call.action.function()),
        |check| format!("the rule is: {}", check.rule),
    );
    let right = if failed_before {
        "put the earlier call right first: this one rests on it"
    } else {
        "compare the arguments with the state of the chain"
    };
    Explanation {
        error: error.into(),
        argument: None,
        wrong,
        right: right.into(),
        parameters,
    }
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

/// Metadata is never stored, only announced: it is read out of the logs.
fn metadata(calls: &[&Call], traces: &[Trace], method: Method) -> Vec<ReadBack> {
    if method != Method::Simulated {
        return Vec::new();
    }
    let topic = prefixed(&keccak256(b"AVSMetadataURIUpdated(address,string)"));
    let mut rows = Vec::new();
    for (call, trace) in calls.iter().zip(traces) {
        let Action::UpdateMetadata(a) = &call.action else {
            continue;
        };
        let avs = format!("0x{:0>64}", lower(a.avs).trim_start_matches("0x"));
        let announced = trace
            .logs
            .iter()
            .find(|(topics, _)| topics.first() == Some(&topic) && topics.get(1) == Some(&avs));
        let text = announced.and_then(|(_, data)| {
            let length = usize::from(u16::from_be_bytes([*data.get(62)?, *data.get(63)?]));
            Some(String::from_utf8_lossy(data.get(64..64 + length)?).into_owned())
        });
        rows.push(ReadBack {
            what: format!("metadata of {}", a.avs),
            expected: a.metadata_uri.clone(),
            found: text.unwrap_or_else(|| "not announced".into()),
        });
    }
    rows
}

fn notes(method: Method, network: &Network, expected: &[Expectation]) -> Vec<String> {
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
    if expected
        .iter()
        .any(|expectation| matches!(expectation.read, Read::Submissions(_)))
    {
        notes.push("rewards were counted, not read: the chain keeps only their hashes".into());
    }
    if network.limits.slash_resolution_delay.is_none() {
        notes.push(format!(
            "{} runs {}: rules of later versions were not checked",
            network.name, network.protocol_version
        ));
    }
    notes
}

/// A report in lines, for terminals.
impl std::fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let method = json!(self.method);
        writeln!(
            f,
            "chain {} at block {}, {}",
            self.chain_id,
            self.block,
            method.as_str().unwrap_or_default()
        )?;
        for step in &self.steps {
            match &step.outcome {
                Outcome::Passed => writeln!(f, "  ok    {:>2}  {}", step.step, step.title)?,
                Outcome::Skipped { reason } => {
                    writeln!(f, "  later {:>2}  {}: {reason}", step.step, step.title)?
                }
                Outcome::Reverted(why) => {
                    writeln!(f, "  FAIL  {:>2}  {}: {why}", step.step, step.title)?
                }
                Outcome::Unclear(why) => {
                    writeln!(f, "  ?     {:>2}  {}: {why}", step.step, step.title)?
                }
            }
        }
        let wrong: Vec<_> = self.read_back.iter().filter(|row| !row.agrees()).collect();
        writeln!(
            f,
            "read back: {} of {} agree",
            self.read_back.len() - wrong.len(),
            self.read_back.len()
        )?;
        for row in wrong {
            writeln!(
                f,
                "  {}: {} expected, {} found",
                row.what, row.expected, row.found
            )?;
        }
        self.notes
            .iter()
            .try_for_each(|note| writeln!(f, "note: {note}"))
    }
}

impl std::fmt::Display for Explanation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.error)?;
        if let Some(argument) = &self.argument {
            write!(f, " at {argument}")?;
        }
        write!(f, ": {}; {}", self.wrong, self.right)?;
        if !self.parameters.is_empty() {
            write!(f, " (parameters {})", self.parameters.join(", "))?;
        }
        Ok(())
    }
}

/// The id of a node's chain.
///
/// # Errors
/// When the node does not answer.
pub fn chain_id(node: &dyn Node) -> Result<u64, NodeError> {
    head(node).map(|(chain_id, _)| chain_id)
}

/// A JSON form of the report, for scripts.
impl From<&VerifyReport> for Value {
    fn from(report: &VerifyReport) -> Self {
        serde_json::to_value(report).expect("a report is plain data")
    }
}
