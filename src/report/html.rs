//! `report.html`: one file that opens anywhere, offline, without a script.

use super::figures::palette::{Page, style};
use super::figures::{Figure, Part};
use super::findings::{Findings, HeadlineRow, Statement, Value, Verdict};
use super::tables::{Grid, Refs, assumption_anchor, grids, provenance};
use super::{format, words};
use minijinja::Environment;
use serde::Serialize;
use serde_json::{Value as Json, json};

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

/// The page.
pub(super) fn render(findings: &Findings, figures: &[Figure]) -> String {
    let mut environment = Environment::new();
    environment
        .add_template("page.html", TEMPLATE)
        .expect("the embedded template is sound");
    let template = environment
        .get_template("page.html")
        .expect("the template was just added");
    let refs = |ids: &[String]| links(findings, ids);
    let statement = |one: &Statement| json!({ "head": one.head, "text": one.text, "refs": refs(&one.assumptions) });
    let statements = |list: &[Statement]| list.iter().map(statement).collect::<Vec<_>>();
    let of = |part| {
        let numbered = figures
            .iter()
            .enumerate()
            .filter(move |(_, figure)| figure.part == part);
        numbered
            .map(|(index, figure)| FigureView::new(findings, index, figure))
            .collect::<Vec<_>>()
    };
    let grids = grids(findings);
    let operators = &findings.operators;
    let mut page = json!({
        "css": css(),
        "title": findings.title,
        "question": findings.question,
        "verdict_word": words::verdict_word(&findings.verdict),
        "verdict_class": verdict_class(&findings.verdict),
        "verdict_rest": words::verdict_rest(findings),
        "evidence": words::evidence(&findings.promise),
        "beneath": beneath(findings),
        "headline": findings.headline.iter().map(|row| headline(findings, row)).collect::<Vec<_>>(),
        "changes": statements(&findings.changes),
        "warnings": findings.warnings,
        "origin": words::origin(findings),
        "binds": statements(&findings.binds),
        "breaks_first": statements(findings.breaks_first.as_slice()),
        "lowest_coc": statements(findings.lowest_coc.as_slice()),
        "figures_binds": of(Part::Binds),
        "figures_evidence": of(Part::Evidence),
        "slash_rules": view(findings, &grids.slash_rules),
        "slash_rules_words": words::SLASH_RULES,
        "operators": view(findings, &grids.operators),
        "operators_words": words::operators(operators),
        "config": view(findings, &grids.config),
        "variants": view(findings, &grids.variants),
        "tables": grids.tables.iter().map(|grid| view(findings, grid)).collect::<Vec<_>>(),
        "method": findings.method,
        "assumptions": view(findings, &grids.assumptions),
        "provenance": provenance(&findings.provenance),
        "outputs": findings.outputs,
        "from": findings.provenance,
    });
    glue(&mut page);
    template
        .render(minijinja::value::Serde(page))
        .expect("the template asks only for what the page gives")
}

/// The style sheet, with the colours of the figures on a light and on a dark page.
fn css() -> String {
    format!(
        "{STYLE}{}\n@media screen and (prefers-color-scheme:dark){{{}}}",
        style(Page::Light),
        style(Page::Dark)
    )
}

/// The verdict under the lowest credible cost; null where there is none.
fn beneath(findings: &Findings) -> Json {
    let found = findings.footing.as_ref().and_then(|f| f.beneath.as_ref());
    let (Some(beneath), Some((word, rest))) = (found, words::beneath(findings)) else {
        return Json::Null;
    };
    let closes = beneath.closes.iter().map(|one| {
        json!({ "head": one.head, "text": one.text, "refs": links(findings, &one.assumptions) })
    });
    json!({
        "class": verdict_class(&beneath.verdict),
        "word": word,
        "rest": rest,
        "closes": closes.collect::<Vec<_>>(),
        "ask": beneath.ask,
        "refs": links(findings, &beneath.assumptions),
    })
}

fn verdict_class(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Safe => "safe",
        Verdict::Unsafe => "unsafe",
        Verdict::Undecided => "undecided",
        Verdict::Infeasible { .. } => "infeasible",
    }
}

/// An assumption's id and, when the appendix has it, where.
#[derive(Serialize)]
struct Link {
    id: String,
    href: Option<String>,
}

fn links(findings: &Findings, ids: &[String]) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for id in ids {
        if !links.iter().any(|link| link.id == *id) {
            let place = findings
                .assumptions
                .iter()
                .position(|assumption| assumption.id == *id);
            links.push(Link {
                id: id.clone(),
                href: place.map(assumption_anchor),
            });
        }
    }
    links
}

fn headline(findings: &Findings, row: &HeadlineRow) -> Json {
    let interval = match &row.value {
        Value::Number(number) => number
            .interval
            .as_ref()
            .map(|interval| format::interval(interval, number.value, number.unit)),
        Value::Words(_) => None,
    };
    json!({
        "label": row.label,
        "value": format::value_alone(&row.value),
        "interval": interval,
        "note": row.note,
        "refs": links(findings, &row.assumptions),
    })
}

#[derive(Serialize)]
struct FigureView<'a> {
    id: &'a str,
    number: usize,
    title: &'a str,
    caption: &'a str,
    wide: &'a str,
    narrow: &'a str,
    refs: Vec<Link>,
}

impl<'a> FigureView<'a> {
    fn new(findings: &Findings, index: usize, figure: &'a Figure) -> Self {
        Self {
            id: figure.id,
            number: index + 1,
            title: figure.title,
            caption: &figure.caption,
            wide: &figure.wide,
            narrow: &figure.narrow,
            refs: links(findings, &figure.assumptions),
        }
    }
}

fn view(findings: &Findings, grid: &Grid) -> Json {
    let rows: Vec<Json> = grid
        .rows
        .iter()
        .map(|row| {
            let cells: Vec<Json> = row
                .cells
                .iter()
                .map(|cell| {
                    let Refs(ids) = &cell.refs;
                    json!({ "text": cell.text, "long": has_long_word(&cell.text), "code": cell.code, "tag": cell.tag, "refs": links(findings, ids) })
                })
                .collect();
            json!({ "cells": cells, "deciding": row.deciding, "anchor": row.anchor })
        })
        .collect();
    json!({ "title": grid.title, "caption": grid.caption, "columns": grid.columns, "rows": rows })
}

/// Whether a text has a word that a narrow column must break.
fn has_long_word(text: &str) -> bool {
    text.split_whitespace()
        .any(|word| word.chars().count() > 22)
}

/// Keeps numbers with their units in every text of the page; drawings, code and paths stay as they are.
fn glue(json: &mut Json) {
    match json {
        Json::String(text) => *text = words::glue(text),
        Json::Array(list) => list.iter_mut().for_each(glue),
        Json::Object(fields) => {
            for (name, field) in fields {
                if !matches!(
                    name.as_str(),
                    "css" | "wide" | "narrow" | "command" | "path" | "href" | "anchor"
                ) {
                    glue(field);
                }
            }
        }
        _ => {}
    }
}
