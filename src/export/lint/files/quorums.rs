//! Deploy files of the quorum contracts.

use super::super::design::{QuorumLimits, check_quorum, look_ahead, threshold};
use crate::export::address::Address;
use crate::export::lint::context::Context;
use crate::export::lint::finding::LintFinding;
use crate::export::network::MAX_QUORUMS;
use crate::export::number::Dec;
use serde::Deserialize;
use serde_json::Value;

/// Fields of the structs that scripts decode, in the order of the contracts.
const WEIGHT: [&str; 2] = ["strategy", "multiplier"];
const LIMITS: [&str; 3] = [
    "maxOperatorCount",
    "kickBIPsOfOperatorStake",
    "kickBIPsOfTotalStake",
];

pub(super) fn check(file: &Value, context: &Context, findings: &mut Vec<LintFinding>) {
    chain(file, context, findings);
    let list = |key: &str, findings: &mut Vec<LintFinding>| match file
        .get(key)
        .and_then(Value::as_array)
    {
        Some(items) => items.clone(),
        None => {
            let right = "write one entry for each quorum";
            findings.push(LintFinding::new(
                "file-shape",
                format!("/{key}"),
                format!("`{key}` is not a list"),
                right,
            ));
            Vec::new()
        }
    };
    let weights = list("strategyWeights", findings);
    let minimums = list("minimumStakes", findings);
    let limits = list("operatorSetParams", findings);
    if weights.len() != limits.len() || minimums.len() != limits.len() {
        let wrong = format!(
            "{} weights, {} minimum stakes and {} operator limits",
            weights.len(),
            minimums.len(),
            limits.len()
        );
        findings.push(LintFinding::new(
            "json-lengths",
            "",
            wrong,
            "write one of each for every quorum",
        ));
    }
    if limits.len() > MAX_QUORUMS {
        let wrong = format!("{} quorums", limits.len());
        findings.push(LintFinding::new(
            "quorum-number",
            "/operatorSetParams",
            wrong,
            "at most 192",
        ));
    }
    for (index, ((weights, minimum), limits)) in
        weights.iter().zip(&minimums).zip(&limits).enumerate()
    {
        quorum(index, weights, minimum, limits, context, findings);
    }
    extras(file, context, findings);
}

fn chain(file: &Value, context: &Context, findings: &mut Vec<LintFinding>) {
    let stated = file.pointer("/chainInfo/chainId").and_then(Value::as_u64);
    if let Some(id) = stated.filter(|id| *id != context.network.chain_id) {
        let wrong = format!(
            "the file is for chain {id}, {} is {}",
            context.network.name, context.network.chain_id
        );
        findings.push(LintFinding::new(
            "chain-id",
            "/chainInfo/chainId",
            wrong,
            "export again for this network",
        ));
    }
}

fn quorum(
    index: usize,
    weights: &Value,
    minimum: &Value,
    limits: &Value,
    context: &Context,
    findings: &mut Vec<LintFinding>,
) {
    let mut list = Vec::new();
    for (position, weight) in weights.as_array().into_iter().flatten().enumerate() {
        let place = format!("/strategyWeights/{index}/{position}");
        let Some([strategy, multiplier]) = fields(weight, &WEIGHT, &place, findings) else {
            continue;
        };
        match (
            Address::deserialize(strategy),
            Dec::<u128>::deserialize(multiplier),
        ) {
            (Ok(strategy), Ok(multiplier)) => list.push((strategy, multiplier.0)),
            (strategy, multiplier) => {
                let problem = strategy
                    .err()
                    .or(multiplier.err())
                    .map_or(String::new(), |error| error.to_string());
                findings.push(LintFinding::new(
                    "file-shape",
                    place,
                    problem,
                    "write an address and an integer",
                ));
            }
        }
    }
    let place = format!("/operatorSetParams/{index}");
    let Some(found) = fields(limits, &LIMITS, &place, findings) else {
        return;
    };
    let numbers: Result<Vec<_>, _> = found
        .iter()
        .chain([&minimum])
        .map(|value| Dec::<u128>::deserialize(*value))
        .collect();
    match numbers.as_deref() {
        Ok([max_operators, kick_operator, kick_total, minimum]) => {
            let limits = QuorumLimits {
                place,
                weights: list,
                max_operators: max_operators.0,
                kick_operator: kick_operator.0,
                kick_total: kick_total.0,
                minimum_stake: minimum.0,
                context,
            };
            check_quorum(&limits, findings);
        }
        Ok(_) => unreachable!("three limits and one minimum are four numbers"),
        Err(error) => {
            let right = "write integers, without quotes or decimal points";
            findings.push(LintFinding::new(
                "file-shape",
                place,
                error.to_string(),
                right,
            ));
        }
    }
}

/// The fields of a struct, which sorting the keys must leave in the contract's order.
fn fields<'a, const N: usize>(
    object: &'a Value,
    names: &[&str; N],
    place: &str,
    findings: &mut Vec<LintFinding>,
) -> Option<[&'a Value; N]> {
    let Some(map) = object.as_object() else {
        let right = format!("write an object with {}", names.join(", "));
        findings.push(LintFinding::new(
            "file-shape",
            place,
            "this is no object",
            right,
        ));
        return None;
    };
    let mut keys: Vec<_> = map.keys().collect();
    keys.sort();
    let bare: Vec<_> = keys
        .iter()
        .map(|key| key.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_'))
        .collect();
    let mut found = Vec::with_capacity(N);
    for name in names {
        let Some(position) = bare.iter().position(|key| key == name) else {
            let wrong = format!("`{name}` is missing");
            findings.push(LintFinding::new(
                "file-shape",
                place,
                wrong,
                "write every field of the struct",
            ));
            return None;
        };
        found.push(&map[keys[position].as_str()]);
    }
    if bare != names {
        let numbered: Vec<_> = names
            .iter()
            .enumerate()
            .map(|(index, name)| format!("{index}_{name}"))
            .collect();
        findings.push(LintFinding::new(
            "json-key-order",
            place,
            format!(
                "sorted, the keys are {}; the struct has {}",
                bare.join(", "),
                names.join(", ")
            ),
            format!("name them {}", numbered.join(", ")),
        ));
    }
    found.try_into().ok()
}

/// Entries that our own export adds.
fn extras(file: &Value, context: &Context, findings: &mut Vec<LintFinding>) {
    for (index, bips) in file
        .get("thresholdBips")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .enumerate()
    {
        if let Some(bips) = bips.as_u64() {
            threshold(bips.into(), &format!("/thresholdBips/{index}"), findings);
        }
    }
    for (index, quorum) in file
        .get("slashableStakeQuorums")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .enumerate()
    {
        let place = format!("/slashableStakeQuorums/{index}");
        let names = ["quorumNumber", "lookAheadPeriod", "slasher"];
        let Some([_, blocks, _]) = fields(quorum, &names, &place, findings) else {
            continue;
        };
        if let Some(blocks) = blocks.as_u64() {
            look_ahead(
                blocks.into(),
                &format!("{place}/1_lookAheadPeriod"),
                &context.network,
                findings,
            );
        }
    }
    for (index, slasher) in file
        .get("vetoableSlashers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .enumerate()
    {
        let place = format!("/vetoableSlashers/{index}");
        let names = ["quorumNumber", "vetoCommittee", "vetoWindowBlocks"];
        let Some([_, _, window]) = fields(slasher, &names, &place, findings) else {
            continue;
        };
        let delay = u64::from(context.network.limits.deallocation_delay.0);
        if let Some(blocks) = window.as_u64().filter(|blocks| *blocks >= delay) {
            let wrong = format!(
                "a veto window of {blocks} blocks ends after an operator who leaves is free ({delay})"
            );
            let right = format!("keep it, with detection, below {delay}");
            findings.push(LintFinding::new(
                "slash-window",
                format!("{place}/2_vetoWindowBlocks"),
                wrong,
                right,
            ));
        }
    }
}
