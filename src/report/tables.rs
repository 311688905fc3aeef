//! The tables of a report, written once for the page and for the text.

use super::findings::{Findings, Operators, Provenance, SlashRule, Spread, Variant};
use super::{format, words};

/// A table of written cells.
pub(super) struct Grid {
    pub title: String,
    pub caption: String,
    pub columns: Vec<String>,
    pub rows: Vec<Row>,
}

/// A row of a table.
pub(super) struct Row {
    pub cells: Vec<Cell>,
    pub deciding: bool,
    pub anchor: Option<String>,
}

/// A cell of a table.
#[derive(Default)]
pub(super) struct Cell {
    pub text: String,
    pub tag: Option<&'static str>,
    pub code: bool,
    pub refs: Refs,
}

/// Ids of assumptions.
#[derive(Default)]
pub(super) struct Refs(pub Vec<String>);

/// All tables of a report.
pub(super) struct Grids {
    pub variants: Grid,
    pub slash_rules: Grid,
    pub operators: Grid,
    pub config: Grid,
    pub assumptions: Grid,
    pub tables: Vec<Grid>,
}

pub(super) fn grids(findings: &Findings) -> Grids {
    Grids {
        variants: variants(&findings.variants),
        slash_rules: slash_rules(&findings.slash_rules),
        operators: operators(&findings.operators),
        config: grid(
            "Configuration",
            &["where", "parameter", "integer", "meaning", "rounded"],
            findings
                .config
                .iter()
                .map(|entry| {
                    row([
                        text(&entry.place),
                        code(&entry.name),
                        code(&entry.value),
                        text(&entry.meaning),
                        text(&entry.rounding),
                    ])
                })
                .collect(),
        ),
        assumptions: grid(
            "Assumptions",
            &["id", "what is assumed", "source", "used in"],
            findings
                .assumptions
                .iter()
                .enumerate()
                .map(|(index, one)| Row {
                    anchor: Some(assumption_anchor(index)),
                    ..row([
                        text(&one.id),
                        text(&one.statement),
                        text(&one.source),
                        text(&one.used_in),
                    ])
                })
                .collect(),
        ),
        tables: findings
            .growth
            .iter()
            .flat_map(|growth| [&growth.stages, &growth.policies])
            .chain(&findings.tables)
            .map(|table| Grid {
                title: table.title.clone(),
                caption: table.caption.clone(),
                columns: table.columns.clone(),
                rows: table
                    .rows
                    .iter()
                    .map(|cells| {
                        // A row without a cell for every column would shift under the wrong heads.
                        let cells = (0..table.columns.len())
                            .map(|index| text(cells.get(index).map_or("", String::as_str)));
                        row(cells.collect::<Vec<_>>())
                    })
                    .collect(),
            })
            .collect(),
    }
}

/// Anchor of the assumption at this place of the list.
pub(super) fn assumption_anchor(index: usize) -> String {
    format!("assumption-{}", index + 1)
}

/// Where the numbers come from, as (name, text); what is empty is left out.
pub(super) fn provenance(from: &Provenance) -> Vec<(&'static str, String)> {
    let hashed = |text: &str, hash: &str| match (text.is_empty(), hash.is_empty()) {
        (_, true) => text.to_owned(),
        (true, false) => format!("hash {hash}"),
        (false, false) => format!("{text}, hash {hash}"),
    };
    let played = |paths: u64, days: u64| {
        if paths == 0 {
            String::new()
        } else {
            format!("{} × {}", format::whole(paths), format::days(days as f64))
        }
    };
    let seconds = from
        .wall_seconds
        .map(|seconds| format!("{} s", format::plain(seconds)));
    let rows = [
        ("version", from.version.clone()),
        ("model", hashed(&from.model, &from.model_hash)),
        ("snapshot", hashed(&from.snapshot, &from.snapshot_hash)),
        ("reconstructed", from.reconstructed.clone()),
        ("seed", from.seed.clone()),
        (
            "paths of the promise",
            played(from.paths, from.horizon_days),
        ),
        ("paths of the year", played(from.all_days_paths, from.days)),
        ("wall time", seconds.unwrap_or_default()),
    ];
    rows.into_iter()
        .filter(|(_, text)| !text.is_empty())
        .collect()
}

fn variants(variants: &[Variant]) -> Grid {
    let rows = variants.iter().map(|variant| {
        let tag = match (variant.deciding, variant.promised) {
            (true, _) => Some("decides"),
            (false, true) => Some("promised"),
            (false, false) => None,
        };
        let name = Cell {
            tag,
            ..text(&format!("{} {}", variant.id, variant.name))
        };
        let of = |usd: fn(&Spread) -> f64| {
            let written = variant.worst.as_ref().map(|worst| format::usd(usd(worst)));
            text(&written.unwrap_or_default())
        };
        let side = match variant.side {
            super::findings::Side::Cost => "cost",
            super::findings::Side::Profit => "profit",
        };
        let formula = Cell {
            refs: Refs(variant.assumptions.clone()),
            ..text(&variant.formula)
        };
        let cells = [
            name,
            text(side),
            text(&format::value_alone(&variant.value)),
            of(|worst| worst.low),
            of(|worst| worst.median),
            of(|worst| worst.high),
            formula,
        ];
        Row {
            deciding: variant.deciding,
            ..row(cells)
        }
    });
    grid(
        "Every cost and every profit",
        &[
            "variant",
            "side",
            "today",
            "worst moments, 5 %",
            "median",
            "95 %",
            "in words",
        ],
        rows.collect(),
    )
}

fn slash_rules(rules: &[SlashRule]) -> Grid {
    let rows = rules.iter().map(|rule| {
        let costs = Cell {
            refs: Refs(rule.assumptions.clone()),
            ..text(&rule.costs)
        };
        row([
            text(&rule.rule),
            text(&rule.setting),
            text(&rule.same_risk),
            text(&rule.buys),
            costs,
            text(words::worth(rule.worth)),
        ])
    });
    grid(
        "Slash rules",
        &[
            "rule",
            "now → tried",
            "the same risk then costs",
            "what it buys",
            "what it costs",
            "verdict",
        ],
        rows.collect(),
    )
}

fn operators(operators: &Operators) -> Grid {
    let rows = operators.top.iter().map(|operator| {
        let stake = Cell {
            tag: operator.reconstructed.then_some("reconstructed"),
            ..text(&format::usd(operator.stake_usd))
        };
        row([
            text(&operator.name),
            text(if operator.entity == operator.name {
                "itself"
            } else {
                &operator.entity
            }),
            stake,
            text(&format::share(operator.share)),
        ])
    });
    grid(
        "Largest operators",
        &["operator", "controlled by", "slashable stake", "share"],
        rows.collect(),
    )
}

fn grid(title: &str, columns: &[&str], rows: Vec<Row>) -> Grid {
    Grid {
        title: title.to_owned(),
        caption: String::new(),
        columns: columns.iter().map(|column| (*column).to_owned()).collect(),
        rows,
    }
}

fn row(cells: impl IntoIterator<Item = Cell>) -> Row {
    Row {
        cells: cells.into_iter().collect(),
        deciding: false,
        anchor: None,
    }
}

fn text(text: &str) -> Cell {
    Cell {
        text: text.to_owned(),
        ..Cell::default()
    }
}

fn code(text: &str) -> Cell {
    Cell {
        text: text.to_owned(),
        code: true,
        ..Cell::default()
    }
}
