//! Tables beside the answer: the panel, other sizes of the set, what input decides, the frontier.

use super::Subject;
use crate::assess::Verdict;
use crate::recommend::sensitivity::{Influence, Input};
use crate::recommend::{FrontierPoint, NetworkOption, PanelRow, Recommendation};
use crate::report::findings::Table;
use crate::report::format;
use crate::stats::Estimate;

/// The tables that the recommendation has something for.
pub(super) fn tables(subject: &Subject) -> Vec<Table> {
    let recommendation = subject.recommendation;
    [
        panel(recommendation),
        network(recommendation),
        frontier(recommendation),
        influences(recommendation),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The worst model of the panel, as a sentence; none without a panel.
pub(super) fn worst_world(recommendation: &Recommendation) -> Option<String> {
    let worst = recommendation.panel.iter().find(|row| row.worst)?;
    let failed: Vec<&str> = recommendation
        .panel
        .iter()
        .filter(|row| row.verdict != Verdict::Safe)
        .map(|row| row.name.as_str())
        .collect();
    let standing = if failed.is_empty() {
        format!("safe in all {} models", recommendation.panel.len())
    } else {
        format!("not certified in {}", failed.join(", "))
    };
    Some(format!(
        "{standing}; “{}” asks for most stake: {}",
        worst.name,
        format::usd(worst.needed_stake_usd.value)
    ))
}

fn panel(recommendation: &Recommendation) -> Option<Table> {
    if recommendation.panel.is_empty() {
        return None;
    }
    let row = |row: &PanelRow| {
        vec![
            row.name.clone(),
            usd_interval(&row.needed_stake_usd),
            format!(
                "{} of {}",
                format::whole(row.failures),
                format::whole(row.paths)
            ),
            format::probability(row.at_most),
            row.verdict.word().to_owned(),
            if row.worst { "the worst" } else { "" }.to_owned(),
        ]
    };
    Some(Table {
        title: "The panel: the same design in other models".to_owned(),
        caption:
            "Each model is judged on the same fresh seed. The design is called safe only if it \
                  is safe in every one of them."
                .to_owned(),
        columns: words(&[
            "model",
            "stake it needs",
            "insecure paths",
            "risk at most",
            "verdict",
            "",
        ]),
        rows: recommendation.panel.iter().map(row).collect(),
    })
}

fn network(recommendation: &Recommendation) -> Option<Table> {
    if recommendation.network.is_empty() {
        return None;
    }
    let chosen = recommendation.parameters.operators;
    let row = |option: &NetworkOption| {
        let mark = if option.operators == chosen {
            " (chosen)"
        } else {
            ""
        };
        vec![
            format!("{}{mark}", option.operators),
            option.entities.to_string(),
            format::usd(option.stake_usd),
            if option.budget_usd_year.is_finite() {
                format::usd_per_year(option.budget_usd_year)
            } else {
                "none brings it".to_owned()
            },
            format::usd(option.smallest_usd),
            format::share(option.largest_share),
            option.entities_to_one_third.to_string(),
            format!(
                "{} ({} pivotal)",
                option.entities_to_threshold, option.pivotal
            ),
            format::probability(option.fault_halts),
        ]
    };
    let churn = recommendation.churn.map_or_else(String::new, |churn| {
        format!(
            " Churn of a full set: a newcomer needs {:.2} times the stake of the operator it replaces, and only \
             operators below {} can be replaced ({} of them, {} of the stake together).",
            churn.operator_ratio,
            format::share(churn.total_share),
            churn.replaceable,
            format::share(churn.replaceable_share)
        )
    });
    Some(Table {
        title: "How many operators".to_owned(),
        caption: format!(
            "Each row is the cheapest design with that many of the largest operators. Correlated faults: the \
             probability that honest faults of one year, with a correlation of {:.2} between operators, stop a share \
             of the set as large as the threshold.{churn}",
            crate::recommend::network::FAULT_CORRELATION
        ),
        columns: words(&[
            "operators",
            "entities",
            "stake",
            "budget",
            "smallest",
            "largest entity",
            "to one third",
            "to the threshold",
            "correlated faults",
        ]),
        rows: recommendation.network.iter().map(row).collect(),
    })
}

fn frontier(recommendation: &Recommendation) -> Option<Table> {
    let frontier = &recommendation.frontier;
    if frontier.points.is_empty() {
        return None;
    }
    let row = |point: &FrontierPoint| {
        vec![
            format::probability(point.promised),
            format::usd(point.stake_usd),
            if point.budget_usd_year.is_finite() {
                format::usd_per_year(point.budget_usd_year)
            } else {
                "no budget brings it".to_owned()
            },
            format!(
                "{} ({}–{})",
                format::probability(point.risk.value),
                format::probability(point.risk.low),
                format::probability(point.risk.high)
            ),
            if point.certified { "yes" } else { "no" }.to_owned(),
            point
                .tenfold_usd_year
                .map_or_else(String::new, format::usd_per_year),
            point.limit.words().to_owned(),
        ]
    };
    Some(Table {
        title: "Budget against risk".to_owned(),
        caption: format!(
            "Each row is judged on the same {} fresh paths: certified means that its upper bound is at most what it \
             promises, for this row alone at the confidence of the promise.",
            format::whole(frontier.paths)
        ),
        columns: words(&[
            "promise",
            "stake",
            "budget",
            "risk",
            "certified",
            "a tenfold lower risk costs",
            "what binds",
        ]),
        rows: frontier.points.iter().map(row).collect(),
    })
}

fn influences(recommendation: &Recommendation) -> Option<Table> {
    if recommendation.influences.is_empty() {
        return None;
    }
    let share = |estimate: &Estimate| {
        format!(
            "{} ({}–{})",
            format::share(estimate.value.max(0.0)),
            format::share(estimate.low.max(0.0)),
            format::share(estimate.high.max(0.0))
        )
    };
    let row = |influence: &Influence| {
        vec![
            input(influence.input).to_owned(),
            format::share(influence.log_sd),
            share(&influence.stake_alone),
            share(&influence.stake_total),
            share(&influence.budget_alone),
            share(&influence.budget_total),
        ]
    };
    Some(Table {
        title: "Which uncertain input decides".to_owned(),
        caption: "Sobol indices: shares of the variance of the logarithm of the stake and of the budget that one \
                  input explains alone, and with all its interactions. Spreads are the model file's where it has \
                  them, else rules of thumb."
            .to_owned(),
        columns: words(&[
            "input",
            "spread",
            "stake, alone",
            "stake, in all",
            "budget, alone",
            "budget, in all",
        ]),
        rows: recommendation.influences.iter().map(row).collect(),
    })
}

/// An uncertain input in a reader's words.
pub(super) fn input(input: Input) -> &'static str {
    match input {
        Input::Volatility => "volatility of the collateral",
        Input::ValueAtRisk => "value at risk and takes",
        Input::Detection => "time to detection",
        Input::Opportunities => "rate of opportunities",
        Input::SupplyYield => "yield that the supply asks for",
        Input::Accidents => "accidental slashing",
    }
}

fn usd_interval(estimate: &Estimate) -> String {
    let end = |usd: f64| {
        if usd.is_finite() {
            format::usd(usd)
        } else {
            "more than the paths show".to_owned()
        }
    };
    format!(
        "{} ({}–{})",
        end(estimate.value),
        end(estimate.low),
        end(estimate.high)
    )
}

fn words(columns: &[&str]) -> Vec<String> {
    columns.iter().map(|&column| column.to_owned()).collect()
}
