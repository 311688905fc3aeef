//! Every world of a simulation in one table, and the verdict over them once all paths are there.
//!
//! A design with a panel is safe only if every model of it says so. So each shard plays them all,
//! keeps what each path needs in each, and whoever merges the shards judges them all.

use crate::assess::Verdict;
use crate::recommend::worlds::jointly;
use crate::sim::{Cost, Ensemble};
use crate::spec::model::Model;
use crate::stats::proportion;
use crate::tables::{Column, Table};
use serde::Serialize;

const AT_MOST: &str = "promise_at_most";
const CONFIDENCE: &str = "promise_confidence";
const COLUMNS: &str = "promise_columns";
const NAMES: &str = "promise_worlds";

/// One world, judged by counting.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorldVerdict {
    /// Its name; "model" is the file itself.
    pub name: String,
    /// Insecure paths within the horizon.
    pub failures: u64,
    /// Upper bound of the risk at the promise's confidence (Clopper, Pearson).
    pub at_most: f64,
    /// Lower bound at the same confidence.
    pub at_least: f64,
    /// Its verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// All worlds of a simulation, judged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorldsVerdict {
    /// Paths behind each.
    pub paths: u64,
    /// Tolerated risk.
    pub tolerance: f64,
    /// Confidence of each bound.
    pub confidence: f64,
    /// The worlds, the file's own first.
    pub worlds: Vec<WorldVerdict>,
    /// Safe if all are, unsafe if one is, else undecided.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// The columns of the panel's worlds: for each path the multiple of the stake that it needs.
///
/// # Panics
/// If a world did not count the promise's cost.
#[must_use]
pub fn world_columns(worlds: &[Ensemble], cost: Cost) -> Vec<(String, Column)> {
    worlds
        .iter()
        .enumerate()
        .map(|(index, ensemble)| {
            let columns = ensemble
                .cost(cost)
                .expect("every world counts the promise's cost");
            let scales = columns.critical_scale_horizon.iter();
            let known = scales.map(|scale| scale.is_finite().then_some(*scale));
            (name_of(index), Column::OptionalF64(known.collect()))
        })
        .collect()
}

fn name_of(index: usize) -> String {
    format!("panel_{}_critical_scale_horizon", index + 1)
}

/// What a table of paths must say about itself so that it can be judged: the promise, and which
/// column belongs to which world.
#[must_use]
pub fn promise_metadata(model: &Model, cost: Cost) -> Vec<(&'static str, String)> {
    let own = match cost {
        Cost::OperatorRational => "rational_critical_scale_horizon",
        _ => "whole_critical_scale_horizon",
    };
    let names: Vec<&str> = std::iter::once("model")
        .chain(model.panel.iter().map(|other| other.name.as_str()))
        .collect();
    let columns: Vec<String> = std::iter::once(own.to_owned())
        .chain((0..model.panel.len()).map(name_of))
        .collect();
    let text = |list: &[String]| serde_json::Value::from(list.to_vec()).to_string();
    vec![
        (AT_MOST, model.target.at_most.get().to_string()),
        (CONFIDENCE, model.target.confidence.get().to_string()),
        (NAMES, serde_json::Value::from(names).to_string()),
        (COLUMNS, text(&columns)),
    ]
}

/// Judges every world of a table of paths; none where the table does not say what was promised.
#[must_use]
pub fn judge_table(table: &Table) -> Option<WorldsVerdict> {
    let tolerance: f64 = table.value(AT_MOST)?.parse().ok()?;
    let confidence: f64 = table.value(CONFIDENCE)?.parse().ok()?;
    let list = |key: &str| serde_json::from_str::<Vec<String>>(table.value(key)?).ok();
    let (names, columns) = (list(NAMES)?, list(COLUMNS)?);
    let paths = table.rows() as u64;
    if paths == 0 || names.len() != columns.len() {
        return None;
    }
    let worlds: Vec<WorldVerdict> = names
        .into_iter()
        .zip(&columns)
        .map(|(name, column)| {
            // No stake keeps a path secure whose scale is not known.
            let failures = match table.column(column)? {
                Column::OptionalF64(scales) => scales
                    .iter()
                    .filter(|scale| scale.is_none_or(|s| s > 1.0))
                    .count(),
                Column::F64(scales) => scales.iter().filter(|scale| **scale > 1.0).count(),
                _ => return None,
            } as u64;
            Some(WorldVerdict {
                name,
                failures,
                at_most: proportion::clopper_pearson_upper(failures, paths, confidence),
                at_least: proportion::clopper_pearson_lower(failures, paths, confidence),
                verdict: Verdict::of(failures, paths, tolerance, confidence),
            })
        })
        .collect::<Option<_>>()?;
    Some(WorldsVerdict {
        paths,
        tolerance,
        confidence,
        verdict: jointly(worlds.iter().map(|world| world.verdict)),
        worlds,
    })
}
