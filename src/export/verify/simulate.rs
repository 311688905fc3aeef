//! Calls tried in order on a node, none of them sent to a real network.

use super::errors;
use super::node::{Node, NodeError, revert_data};
use super::reads::prefixed;
use crate::export::address::{Address, lower, unhex};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Polls of 20 ms until a test node that mines nothing is given up.
const MINING_POLLS: usize = 500;

/// How calls were tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// `eth_simulateV1`: in order, each seeing what those before it did; nothing is sent.
    Simulated,
    /// Impersonated transactions on a local test node, taken back afterwards.
    TakenBack,
    /// One by one on the present state: what rests on an earlier call cannot be judged.
    OneByOne,
}

/// A call as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The sender.
    pub from: Address,
    /// The contract.
    pub to: Address,
    /// Selector and arguments.
    pub data: Vec<u8>,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// What it returned, or the name of the error it reverted with.
    pub result: Result<Vec<u8>, String>,
    /// Gas used, where the node says it.
    pub gas: Option<u64>,
    /// Logs: topics and data, where the node gives them.
    pub logs: Vec<(Vec<String>, Vec<u8>)>,
}

/// Tries calls in order, then reads, by the best method the node has.
///
/// # Errors
/// When the node does not answer.
pub fn run(
    node: &dyn Node,
    calls: &[Attempt],
    reads: &[Attempt],
) -> Result<(Method, Vec<Trace>, Vec<Trace>), NodeError> {
    match simulated(node, calls, reads) {
        Ok((calls, reads)) => return Ok((Method::Simulated, calls, reads)),
        Err(error @ NodeError::Unreachable { .. }) => return Err(error),
        // The node does not know the method, or limits it: the next best follows.
        Err(NodeError::Rejected { .. }) => {}
    }
    if is_local_test_node(node)? {
        let (calls, reads) = taken_back(node, calls, reads)?;
        return Ok((Method::TakenBack, calls, reads));
    }
    let calls = calls
        .iter()
        .map(|call| one(node, call))
        .collect::<Result<_, _>>()?;
    Ok((Method::OneByOne, calls, Vec::new()))
}

fn request_of(attempt: &Attempt) -> Value {
    json!({ "from": lower(attempt.from), "to": lower(attempt.to), "input": prefixed(&attempt.data) })
}

/// One call on the present state.
///
/// # Errors
/// When the node does not answer; a revert is an answer.
pub fn one(node: &dyn Node, call: &Attempt) -> Result<Trace, NodeError> {
    let answer = node.request("eth_call", json!([request_of(call), "latest"]));
    let result = match answer {
        Ok(value) => Ok(value.as_str().and_then(unhex).unwrap_or_default()),
        Err(NodeError::Rejected {
            code,
            message,
            data,
        }) => Err(refusal(code, &message, data.as_deref())),
        Err(error) => return Err(error),
    };
    Ok(Trace {
        result,
        gas: None,
        logs: Vec::new(),
    })
}

/// The name of an error; the node's own words when it is no revert.
fn refusal(code: i64, message: &str, data: Option<&str>) -> String {
    match data {
        Some(data) => errors::name_of_hex(data),
        None if code == 3 || message.contains("revert") => "(empty)".into(),
        None => message.to_owned(),
    }
}

fn simulated(
    node: &dyn Node,
    calls: &[Attempt],
    reads: &[Attempt],
) -> Result<(Vec<Trace>, Vec<Trace>), NodeError> {
    let all: Vec<_> = calls.iter().chain(reads).map(request_of).collect();
    let params = json!([{ "blockStateCalls": [{ "calls": all }], "validation": false, "traceTransfers": false }, "latest"]);
    let answer = node.request("eth_simulateV1", params)?;
    let traces = answer.pointer("/0/calls").and_then(Value::as_array);
    let traces: Vec<_> = traces.into_iter().flatten().map(simulated_trace).collect();
    if traces.len() != calls.len() + reads.len() {
        let reason = format!(
            "{} answers to {} calls",
            traces.len(),
            calls.len() + reads.len()
        );
        return Err(NodeError::Unreachable {
            method: "eth_simulateV1".into(),
            reason,
        });
    }
    let (of_calls, of_reads) = traces.split_at(calls.len());
    Ok((of_calls.to_vec(), of_reads.to_vec()))
}

fn simulated_trace(value: &Value) -> Trace {
    let returned = value.get("returnData").and_then(Value::as_str);
    let passed = value.get("status").and_then(Value::as_str) == Some("0x1");
    let result = if passed {
        Ok(returned.and_then(unhex).unwrap_or_default())
    } else {
        let error = value.get("error").cloned().unwrap_or(Value::Null);
        // Nodes put revert data into the error, the return data or both.
        let data = revert_data(&error)
            .filter(|data| data != "0x")
            .or_else(|| returned.map(str::to_owned));
        let code = error.get("code").and_then(Value::as_i64).unwrap_or(3);
        let message = error
            .get("message")
            .and_then(Value::as_str)
            .unwrap_or("execution reverted");
        Err(refusal(code, message, data.as_deref()))
    };
    Trace {
        result,
        gas: quantity(value.get("gasUsed")),
        logs: logs(value),
    }
}

/// The logs of a trace or a receipt.
fn logs(value: &Value) -> Vec<(Vec<String>, Vec<u8>)> {
    let list = value.get("logs").and_then(Value::as_array);
    list.into_iter().flatten().map(log).collect()
}

/// Topics and data of a log.
pub(super) fn log(value: &Value) -> (Vec<String>, Vec<u8>) {
    let topics = value
        .get("topics")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let topics = topics
        .filter_map(|topic| topic.as_str().map(str::to_lowercase))
        .collect();
    (
        topics,
        value
            .get("data")
            .and_then(Value::as_str)
            .and_then(unhex)
            .unwrap_or_default(),
    )
}

fn quantity(value: Option<&Value>) -> Option<u64> {
    u64::from_str_radix(value?.as_str()?.strip_prefix("0x")?, 16).ok()
}

/// Anvil and Hardhat say so; nothing is ever sent to any other node.
fn is_local_test_node(node: &dyn Node) -> Result<bool, NodeError> {
    match node.request("web3_clientVersion", json!([])) {
        Ok(version) => {
            let version = version.as_str().unwrap_or_default().to_lowercase();
            Ok(version.starts_with("anvil") || version.starts_with("hardhat"))
        }
        Err(NodeError::Rejected { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

fn taken_back(
    node: &dyn Node,
    calls: &[Attempt],
    reads: &[Attempt],
) -> Result<(Vec<Trace>, Vec<Trace>), NodeError> {
    let snapshot = node.request("evm_snapshot", json!([]))?;
    let tried = try_all(node, calls, reads);
    // The state is taken back whatever happened in between.
    let reverted = node.request("evm_revert", json!([snapshot]));
    let traces = tried?;
    reverted?;
    Ok(traces)
}

fn try_all(
    node: &dyn Node,
    calls: &[Attempt],
    reads: &[Attempt],
) -> Result<(Vec<Trace>, Vec<Trace>), NodeError> {
    let mut traces = Vec::new();
    for call in calls {
        let mut trace = one(node, call)?;
        if trace.result.is_ok() {
            node.request("anvil_impersonateAccount", json!([lower(call.from)]))?;
            node.request(
                "anvil_setBalance",
                json!([lower(call.from), "0x56bc75e2d63100000"]),
            )?;
            let hash = node.request("eth_sendTransaction", json!([request_of(call)]))?;
            let receipt = mined(node, &hash)?;
            trace.gas = quantity(receipt.get("gasUsed"));
            trace.logs = logs(&receipt);
            node.request("anvil_stopImpersonatingAccount", json!([lower(call.from)]))?;
        }
        traces.push(trace);
    }
    let reads = reads
        .iter()
        .map(|read| one(node, read))
        .collect::<Result<_, _>>()?;
    Ok((traces, reads))
}

/// Waits until a test node has put a transaction into a block.
fn mined(node: &dyn Node, hash: &Value) -> Result<Value, NodeError> {
    for _ in 0..MINING_POLLS {
        let receipt = node.request("eth_getTransactionReceipt", json!([hash]))?;
        if !receipt.is_null() {
            return Ok(receipt);
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let reason = "the test node mines no block: start it with automatic mining".to_owned();
    Err(NodeError::Unreachable {
        method: "eth_sendTransaction".into(),
        reason,
    })
}
