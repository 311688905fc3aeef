//! Deploy files of the newer middleware.

use super::super::design::{look_ahead, metadata_problem};
use super::read;
use crate::export::address::Address;
use crate::export::lint::context::Context;
use crate::export::lint::finding::LintFinding;
use crate::export::number::Dec;
use serde::Deserialize;
use serde_json::Value;

const KEYS: [&str; 15] = [
    "description",
    "allocationManager",
    "keyRegistrar",
    "avsDirectory",
    "permissionController",
    "proxyAdmin",
    "avsOwner",
    "metadataURI",
    "registrarType",
    "useProxy",
    "calculatorType",
    "lookaheadBlocks",
    "strategies",
    "multipliers",
    "allowlist",
];

pub(super) fn check(file: &Value, context: &Context, findings: &mut Vec<LintFinding>) {
    for key in file.as_object().into_iter().flat_map(|map| map.keys()) {
        if !KEYS.contains(&key.as_str()) && !key.starts_with("_comment") {
            let right = "take it out, or start its name with _comment";
            findings.push(LintFinding::new(
                "file-keys-unknown",
                format!("/{key}"),
                "no script reads this key",
                right,
            ));
        }
    }
    let contracts = &context.network.contracts;
    contract(
        file,
        "allocationManager",
        contracts.allocation_manager,
        context,
        findings,
    );
    contract(
        file,
        "keyRegistrar",
        contracts.key_registrar,
        context,
        findings,
    );
    contract(
        file,
        "permissionController",
        contracts.permission_controller,
        context,
        findings,
    );
    kinds(file, findings);
    if let Some(blocks) = file.get("lookaheadBlocks").and_then(Value::as_u64) {
        look_ahead(
            blocks.into(),
            "/lookaheadBlocks",
            &context.network,
            findings,
        );
    }
    if let Some(right) = file
        .get("metadataURI")
        .and_then(Value::as_str)
        .and_then(metadata_problem)
    {
        let wrong = "the metadata address is none that dashboards can read";
        findings.push(LintFinding::new(
            "metadata-uri",
            "/metadataURI",
            wrong,
            right,
        ));
    }
    strategies(file, findings);
}

fn contract(
    file: &Value,
    key: &str,
    expected: Address,
    context: &Context,
    findings: &mut Vec<LintFinding>,
) {
    let place = format!("/{key}");
    match file.get(key).map(Address::deserialize) {
        Some(Ok(found)) if found == expected => {}
        Some(Ok(found)) => {
            let wrong = format!("{found} is not the contract of {}", context.network.name);
            findings.push(LintFinding::new(
                "chain-id",
                place,
                wrong,
                format!("on {} it is {expected}", context.network.name),
            ));
        }
        Some(Err(error)) => findings.push(LintFinding::new(
            "file-shape",
            place,
            error.to_string(),
            format!("write {expected}"),
        )),
        None => {
            let wrong = format!("`{key}` is missing");
            findings.push(LintFinding::new(
                "file-shape",
                place,
                wrong,
                format!("write {expected}"),
            ));
        }
    }
}

fn kinds(file: &Value, findings: &mut Vec<LintFinding>) {
    for key in ["registrarType", "calculatorType"] {
        let kind = file.get(key).and_then(Value::as_u64);
        if kind.is_none_or(|kind| kind > 3) {
            let wrong = format!("`{key}` is {}", file.get(key).unwrap_or(&Value::Null));
            findings.push(LintFinding::new(
                "middleware-v2-kind",
                format!("/{key}"),
                wrong,
                "write 0, 1, 2 or 3",
            ));
        }
    }
}

fn strategies(file: &Value, findings: &mut Vec<LintFinding>) {
    let strategies = file
        .get("strategies")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    read::strategies(strategies, "", findings);
    let calculator = file.get("calculatorType").and_then(Value::as_u64);
    let multipliers = file.get("multipliers").and_then(Value::as_array);
    if calculator == Some(1) {
        let count = multipliers.map_or(0, Vec::len);
        if count != strategies.len() {
            let wrong = format!("{} strategies have {count} multipliers", strategies.len());
            let right = "write one multiplier for each strategy";
            findings.push(LintFinding::new(
                "middleware-v2-multipliers",
                "/multipliers",
                wrong,
                right,
            ));
        }
    } else if multipliers.is_some_and(|list| !list.is_empty()) {
        let right = "choose calculator 1, or take the multipliers out";
        let wrong = "this calculator does not read multipliers";
        findings.push(LintFinding::new(
            "middleware-v2-multipliers",
            "/multipliers",
            wrong,
            right,
        ));
    }
    if matches!(calculator, Some(1 | 2)) {
        findings.push(LintFinding::new(
            "calculator-unaudited",
            "/calculatorType",
            "this calculator stands in the middleware's folder of unaudited contracts",
            "have it reviewed, or give the set one asset and use calculator 0",
        ));
    }
    for (index, multiplier) in multipliers.into_iter().flatten().enumerate() {
        let place = format!("/multipliers/{index}");
        match Dec::<u128>::deserialize(multiplier) {
            Ok(Dec(value)) if value >= 10u128.pow(9) => {
                let wrong = format!("the multiplier {value} looks scaled by 1e18");
                let right = "write basis points: 10000 is once";
                findings.push(LintFinding::new(
                    "quorum-multiplier-scale",
                    place,
                    wrong,
                    right,
                ));
            }
            Ok(_) => {}
            Err(error) => findings.push(LintFinding::new(
                "file-shape",
                place,
                error.to_string(),
                "write an integer",
            )),
        }
    }
    if matches!(calculator, Some(0 | 3)) && strategies.len() > 1 {
        findings.push(LintFinding::new(
            "calculator-one-asset",
            "/calculatorType",
            "this calculator adds shares of different assets one to one",
            "choose calculator 1 with multipliers (BN254), or give the set one asset",
        ));
    }
}
