//! Files of calls: our own, and batches of the Safe Transaction Builder.

use super::states_time;
use crate::export::action::{Action, ActionError, Call};
use crate::export::address::Address;
use crate::export::lint::calls::{self, PlacedCall};
use crate::export::lint::context::Context;
use crate::export::lint::finding::LintFinding;
use serde::Deserialize;
use serde_json::Value;

/// Checks `calls.json`.
pub(super) fn calls(file: &Value, context: &Context, findings: &mut Vec<LintFinding>) {
    chain(file.get("chain_id"), context, findings);
    let mut placed = Vec::new();
    for (index, entry) in file
        .get("calls")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .enumerate()
    {
        let place = format!("/calls/{index}");
        match call(entry, &place, findings) {
            Ok(call) => placed.push(PlacedCall { place, call }),
            Err(problem) => {
                let right = "write from, to, function and arguments as the exporter does";
                findings.push(LintFinding::new("file-shape", place, problem, right));
            }
        }
    }
    judge(&placed, context, findings);
}

fn chain(stated: Option<&Value>, context: &Context, findings: &mut Vec<LintFinding>) {
    let id = stated.and_then(|id| id.as_u64().or_else(|| id.as_str()?.parse().ok()));
    if let Some(id) = id.filter(|id| *id != context.network.chain_id) {
        let wrong = format!(
            "the file is for chain {id}, {} is {}",
            context.network.name, context.network.chain_id
        );
        findings.push(LintFinding::new(
            "chain-id",
            "/chain_id",
            wrong,
            "export again for this network",
        ));
    }
}

fn judge(placed: &[PlacedCall], context: &Context, findings: &mut Vec<LintFinding>) {
    let found = calls::calls(placed, context);
    // Without a time, windows of rewards are neither right nor wrong.
    let timed = [
        "rewards-start-past",
        "rewards-start-ahead",
        "rewards-retroactive",
        "rewards-not-cancellable",
    ];
    findings.extend(
        found
            .into_iter()
            .filter(|finding| states_time(context) || !timed.contains(&finding.check)),
    );
}

fn call(entry: &Value, place: &str, findings: &mut Vec<LintFinding>) -> Result<Call, String> {
    let address = |key: &str| {
        let value = entry
            .get(key)
            .ok_or_else(|| format!("`{key}` is missing"))?;
        Address::deserialize(value).map_err(|error| error.to_string())
    };
    let function = entry
        .get("function")
        .and_then(Value::as_str)
        .ok_or("`function` is missing")?;
    let arguments = entry.get("arguments").unwrap_or(&Value::Null);
    let action = Action::from_arguments(function, arguments).map_err(|error| error.to_string())?;
    if let Some(calldata) = entry.get("calldata").and_then(Value::as_str) {
        same_bytes(&action, calldata, place, findings);
    }
    Ok(Call {
        from: address("from")?,
        to: address("to")?,
        action,
    })
}

#[cfg(feature = "chain")]
fn same_bytes(action: &Action, calldata: &str, place: &str, findings: &mut Vec<LintFinding>) {
    use crate::export::{abi, address::unhex};
    if abi::encode(action).ok() != unhex(calldata) {
        let wrong = "the calldata does not say what the arguments say";
        let right = "export again: wallets send the calldata";
        findings.push(LintFinding::new(
            "calldata-matches",
            format!("{place}/calldata"),
            wrong,
            right,
        ));
    }
}

#[cfg(not(feature = "chain"))]
fn same_bytes(_: &Action, _: &str, _: &str, _: &mut Vec<LintFinding>) {}

/// Checks a Safe batch.
pub(super) fn safe(file: &Value, context: &Context, findings: &mut Vec<LintFinding>) {
    chain(file.get("chainId"), context, findings);
    checksum(file, findings);
    let sender = file
        .pointer("/meta/createdFromSafeAddress")
        .map(Address::deserialize);
    let sender = match sender {
        Some(Ok(sender)) => sender,
        _ => Address::ZERO,
    };
    let mut placed = Vec::new();
    for (index, transaction) in file
        .get("transactions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .enumerate()
    {
        let place = format!("/transactions/{index}");
        match transaction_call(transaction, sender) {
            Ok(call) => placed.push(PlacedCall { place, call }),
            Err(problem) => {
                let finding = LintFinding::new(
                    "file-shape",
                    place,
                    problem,
                    "calls of other contracts are left to you",
                );
                findings.push(finding.at(crate::export::lint::Severity::Note));
            }
        }
    }
    judge(&placed, context, findings);
}

fn checksum(file: &Value, findings: &mut Vec<LintFinding>) {
    let stated = file.pointer("/meta/checksum").and_then(Value::as_str);
    let expected = crate::export::safe::checksum(file);
    if let Some(stated) = stated.filter(|stated| *stated != expected) {
        let wrong = format!(
            "the checksum {stated} is not that of the content: the file was changed after it was made"
        );
        findings.push(LintFinding::new(
            "safe-checksum",
            "/meta/checksum",
            wrong,
            format!("of this content it is {expected}"),
        ));
    }
}

fn transaction_call(transaction: &Value, from: Address) -> Result<Call, String> {
    let to = transaction.get("to").ok_or("`to` is missing")?;
    let to = Address::deserialize(to).map_err(|error| error.to_string())?;
    let action = match transaction
        .get("data")
        .and_then(Value::as_str)
        .filter(|data| !data.is_empty())
    {
        Some(data) => decode(data)?,
        None => by_name(transaction)?,
    };
    Ok(Call { from, to, action })
}

#[cfg(feature = "chain")]
fn decode(data: &str) -> Result<Action, String> {
    let bytes = crate::export::address::unhex(data).ok_or("`data` is not hexadecimal")?;
    crate::export::abi::decode(&bytes).map_err(|error| error.to_string())
}

#[cfg(not(feature = "chain"))]
fn decode(_: &str) -> Result<Action, String> {
    Err("reading calldata needs a build with the feature `chain`".into())
}

/// A transaction that names its function and arguments instead of carrying bytes.
fn by_name(transaction: &Value) -> Result<Action, String> {
    let name = transaction
        .pointer("/contractMethod/name")
        .and_then(Value::as_str)
        .ok_or("neither `data` nor a method")?;
    let values = transaction
        .get("contractInputsValues")
        .unwrap_or(&Value::Null);
    let known = Action::SIGNATURES
        .iter()
        .filter(|(_, signature)| crate::export::action::function_name(signature) == name);
    let mut last = ActionError::Unknown(name.to_owned());
    for (_, signature) in known {
        match Action::from_arguments(signature, &unquoted(values)) {
            Ok(action) => return Ok(action),
            Err(error) => last = error,
        }
    }
    Err(last.to_string())
}

/// The builder keeps lists and tuples as text inside its JSON.
fn unquoted(values: &Value) -> Value {
    let Some(map) = values.as_object() else {
        return values.clone();
    };
    let entry = |(key, value): (&String, &Value)| {
        let nested = value.as_str().filter(|text| text.starts_with(['[', '{']));
        let value = nested
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_else(|| value.clone());
        (key.clone(), value)
    };
    Value::Object(map.iter().map(entry).collect())
}
