//! Context files of the task framework.

use super::read;
use crate::export::lint::context::Context;
use crate::export::lint::finding::LintFinding;
use crate::export::number::Dec;
use crate::units::WAD;
use serde::Deserialize as _;
use serde_json::Value;
use std::collections::BTreeSet;

const TOP: [&str; 4] = ["operatorSets", "aggregator", "executor", "mailbox"];
const SET: [&str; 3] = ["id", "curve_type", "strategies"];
const ROLE: [&str; 4] = ["operatorSetId", "operators", "digest", "registry"];

pub(super) fn check(file: &Value, context: &Context, findings: &mut Vec<LintFinding>) {
    // The context of devkit wraps everything in one key and has secrets of its own, which the walk finds.
    if file.get("context").is_some() && file.get("operatorSets").is_none() {
        devkit(file, findings);
        return;
    }
    keys(file, "", &TOP, findings);
    let mut ids = BTreeSet::new();
    for (index, set) in file
        .get("operatorSets")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .enumerate()
    {
        let place = format!("/operatorSets/{index}");
        keys(set, &place, &SET, findings);
        match set.get("id").and_then(Value::as_u64) {
            Some(id) if u32::try_from(id).is_ok() && ids.insert(id) => {}
            Some(id) => {
                let wrong = format!("the id {id} is used twice, or beyond 32 bits");
                findings.push(LintFinding::new(
                    "set-id-unique",
                    format!("{place}/id"),
                    wrong,
                    "choose a free id",
                ));
            }
            None => findings.push(LintFinding::new(
                "file-shape",
                format!("{place}/id"),
                "the id is missing",
                "write a number",
            )),
        }
        curve(set, &place, findings);
        strategies(set, &place, findings);
    }
    roles(file, &ids, findings);
    task_time(file, context, findings);
}

fn devkit(file: &Value, findings: &mut Vec<LintFinding>) {
    let sets = file
        .pointer("/context/operator_sets")
        .and_then(Value::as_array);
    if sets.is_none_or(Vec::is_empty) {
        let right = "nothing to change: devkit fills it in";
        findings.push(
            LintFinding::new(
                "file-shape",
                "/context/operator_sets",
                "the context names no operator sets yet",
                right,
            )
            .at(crate::export::lint::Severity::Note),
        );
    }
    let list = |value: &Value, path: &str| {
        let found = value.pointer(path).and_then(Value::as_array);
        found.cloned().unwrap_or_default()
    };
    for (operator, of) in list(file, "/context/operators").iter().enumerate() {
        for (index, allocation) in list(of, "/allocations").iter().enumerate() {
            let wads = list(allocation, "/operator_set_allocations")
                .iter()
                .filter_map(|entry| Dec::<u128>::deserialize(entry.get("allocation_in_wads")?).ok())
                .fold(0, |sum: u128, Dec(wads)| sum.saturating_add(wads));
            if wads > u128::from(WAD) {
                findings.push(LintFinding::new(
                    "allocation-room",
                    format!("/context/operators/{operator}/allocations/{index}"),
                    format!("{wads} wads of one strategy are allocated, more than there are"),
                    "allocate at most 1000000000000000000 over all sets",
                ));
            }
        }
    }
}

fn keys(value: &Value, place: &str, known: &[&str], findings: &mut Vec<LintFinding>) {
    for key in value.as_object().into_iter().flat_map(|map| map.keys()) {
        if !known.contains(&key.as_str()) {
            findings.push(LintFinding::new(
                "file-keys-unknown",
                format!("{place}/{key}"),
                "no reader of the context knows this key: it has no effect",
                format!(
                    "known here: {}; slashing, rewards and thresholds go into calls",
                    known.join(", ")
                ),
            ));
        }
    }
}

fn curve(set: &Value, place: &str, findings: &mut Vec<LintFinding>) {
    let curve = set.get("curve_type").and_then(Value::as_str);
    if !matches!(curve, Some("ECDSA" | "BN254")) {
        let wrong = format!("`{}` is no kind of key", curve.unwrap_or_default());
        findings.push(LintFinding::new(
            "key-curve",
            format!("{place}/curve_type"),
            wrong,
            "write ECDSA or BN254",
        ));
    }
}

fn strategies(set: &Value, place: &str, findings: &mut Vec<LintFinding>) {
    let list = set
        .get("strategies")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    read::strategies(list, place, findings);
}

fn roles(file: &Value, ids: &BTreeSet<u64>, findings: &mut Vec<LintFinding>) {
    let mut role = |key: &str| {
        let value = file.get(key)?;
        keys(value, &format!("/{key}"), &ROLE, findings);
        let id = value.get("operatorSetId").and_then(Value::as_u64);
        if id.is_none_or(|id| !ids.contains(&id)) {
            let place = format!("/{key}/operatorSetId");
            findings.push(LintFinding::new(
                "executor-sets",
                place,
                "the set is not in operatorSets",
                "name one that is",
            ));
        }
        id
    };
    let (aggregator, executor) = (role("aggregator"), role("executor"));
    if executor.is_none() {
        let right = "name the set that executes tasks";
        findings.push(LintFinding::new(
            "executor-sets",
            "/executor",
            "there is no executor",
            right,
        ));
    }
    if aggregator.is_some() && aggregator == executor {
        let wrong = "one set aggregates and executes, which the registrar refuses";
        findings.push(LintFinding::new(
            "executor-sets",
            "/executor/operatorSetId",
            wrong,
            "use two sets",
        ));
    }
}

fn task_time(file: &Value, context: &Context, findings: &mut Vec<LintFinding>) {
    let Some(sla) = file.pointer("/mailbox/taskSla") else {
        return;
    };
    let place = "/mailbox/taskSla";
    let Some(seconds) = sla.as_u64().filter(|seconds| *seconds > 0) else {
        findings.push(LintFinding::new(
            "task-config",
            place,
            format!("the task time is {sla}"),
            "write seconds above 0",
        ));
        return;
    };
    let longest = context
        .network
        .limits
        .max_task_sla
        .map_or(u64::MAX, |longest| longest.0.into());
    if seconds > longest {
        let wrong = format!(
            "{seconds} s is above {longest} s, the longest on {}",
            context.network.name
        );
        findings.push(LintFinding::new(
            "task-time",
            place,
            wrong,
            format!("write at most {longest}, or use another network"),
        ));
    }
}
