//! Which collateral, in words: a figure, a table, and what to change.

use super::Subject;
use super::headline::used;
use crate::recommend::{CollateralComparison, CollateralRow, Quorums};
use crate::report::findings::{CollateralFigure, CollateralMark, Statement, Table};
use crate::report::format;
use crate::spec::model::OwnToken;
use crate::stats::Estimate;

/// A saving below this share of the budget is not worth a sentence.
const WORTH: f64 = 0.05;

/// Ids that only the comparison rests on, beside those of the model.
fn rests_on(subject: &Subject) -> Vec<String> {
    let mut ids = used(subject, &["A-market", "A-jump", "A-lst-peg", "A-falls"]);
    if subject.recommendation.collateral.own == OwnToken::Assumed {
        ids.push("A-own-token".to_owned());
    }
    for id in ["A-falls", "A-falls-eigen", "A-falls-own", "A-daily-volume"] {
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }
    ids
}

fn finite(number: f64) -> Option<f64> {
    (number.is_finite() && number > 0.0).then_some(number)
}

/// The worse of the two readings: what a careful founder pays for.
fn careful_budget(row: &CollateralRow) -> Option<f64> {
    row.budget_usd_year
        .zip(row.budget_hedged_usd_year)
        .map(|(before, hedged)| before.max(hedged))
}

pub(super) fn figure(subject: &Subject) -> Option<CollateralFigure> {
    let compared = &subject.recommendation.collateral;
    let rows: Vec<CollateralMark> = compared
        .rows
        .iter()
        .map(|row| CollateralMark {
            label: row.label.clone(),
            stake_usd: finite(row.stake.value),
            hedged_usd: finite(row.stake_hedged.value),
            budget_usd_per_year: careful_budget(row),
        })
        .collect();
    if rows.len() < 2 {
        return None;
    }
    Some(CollateralFigure {
        rows,
        caption: caption(compared),
        assumptions: rests_on(subject),
    })
}

fn find<'a>(compared: &'a CollateralComparison, label: &str) -> Option<&'a CollateralRow> {
    compared.rows.iter().find(|row| row.label == label)
}

fn caption(compared: &CollateralComparison) -> String {
    let (Some(eth), Some(own)) = (find(compared, "all ETH"), find(compared, "all own token"))
    else {
        return "The stake that keeps the same promise on each collateral, on the same paths."
            .to_owned();
    };
    let (Some(with_eth), Some(with_own)) = (finite(eth.stake.value), finite(own.stake.value))
    else {
        return "On some collateral no stake keeps the promise.".to_owned();
    };
    let mut out = format!(
        "The same promise needs {} in ETH and {} in the service's own token: it moves more",
        format::usd(with_eth),
        format::usd(with_own)
    );
    match finite(own.stake_hedged.value) {
        Some(hedged) if hedged > 1.001 * with_own => {
            out += &format!(
                ", and an attacker who sells its fall of {} short loses that much less, so {} are needed against him.",
                format::share(compared.own_falls),
                format::usd(hedged)
            );
        }
        _ => out += ".",
    }
    let dual = compared
        .rows
        .iter()
        .filter(|row| row.quorums == Quorums::Dual)
        .find_map(|row| Some((row, finite(row.stake_hedged.value)?)));
    let shared = compared
        .rows
        .iter()
        .find(|row| row.quorums == Quorums::Shared)
        .and_then(|row| finite(row.stake_hedged.value));
    if let (Some((dual, needed)), Some(shared)) = (dual, shared)
        && dual
            .mix
            .first()
            .is_some_and(|(_, share)| (share - 0.5).abs() < 1e-9)
        && shared > needed
    {
        out += &format!(
            " Half and half, two quorums need {} and one quorum {}: in one, he takes the falling votes first.",
            format::usd(needed),
            format::usd(shared)
        );
    }
    out
}

pub(super) fn tables(subject: &Subject) -> Vec<Table> {
    let compared = &subject.recommendation.collateral;
    if compared.rows.is_empty() {
        return Vec::new();
    }
    let own = match compared.own {
        OwnToken::Given => "The own token is that of [market.OWN].",
        OwnToken::Assumed => {
            "The file describes no own token: one that moves like EIGEN is taken (A-own-token)."
        }
    };
    vec![Table {
        title: "Which collateral".to_owned(),
        caption: format!(
            "The same promise on the same {} paths, with the value of each operator in another collateral. Sold short: the attacker has hedged the fall on the news (own token {}{}), so that what burns is worth that much less to him. Left: what a USD of slashed collateral is worth to those harmed after news and sales. Stakers of every collateral are taken to ask for the same yield. {own}",
            format::whole(compared.paths),
            format::share(compared.own_falls),
            compared
                .eigen_falls
                .map_or_else(String::new, |falls| format!(
                    ", EIGEN {}",
                    format::share(falls)
                )),
        ),
        columns: [
            "collateral",
            "stake",
            "budget",
            "stake, sold short",
            "budget, sold short",
            "risk at the design's stake",
            "left for those harmed",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows: compared.rows.iter().map(row).collect(),
    }]
}

fn row(row: &CollateralRow) -> Vec<String> {
    let stake = |estimate: &Estimate| match finite(estimate.value) {
        None => "none is enough".to_owned(),
        Some(value) if estimate.low.is_finite() && estimate.high.is_finite() => format!(
            "{} ({} to {})",
            format::usd(value),
            format::usd(estimate.low),
            format::usd(estimate.high)
        ),
        Some(value) => format::usd(value),
    };
    let budget =
        |usd: Option<f64>| usd.map_or_else(|| "none brings it".to_owned(), format::usd_per_year);
    let mut label = row.label.clone();
    if let Some(share) = row.of_circulating {
        label += &if share > 1.0 {
            format!(
                ": needs {} of all tokens that trade, which there are not",
                format::share(share)
            )
        } else {
            format!(": {} of all tokens that trade", format::share(share))
        };
    }
    let risk = if (row.risk_hedged.value - row.risk.value).abs() <= 1e-12 {
        format::probability(row.risk.value)
    } else {
        format!(
            "{}; {} sold short",
            format::probability(row.risk.value),
            format::probability(row.risk_hedged.value)
        )
    };
    vec![
        label,
        stake(&row.stake),
        budget(row.budget_usd_year),
        stake(&row.stake_hedged),
        budget(row.budget_hedged_usd_year),
        risk,
        format::share(row.left),
    ]
}

/// What to change: a collateral that needs less budget for the same promise.
pub(super) fn changes(subject: &Subject) -> Option<Statement> {
    let compared = &subject.recommendation.collateral;
    let now = careful_budget(compared.rows.first()?)?;
    // A mix with a token that is only assumed is no advice.
    let candidates = compared.rows[1..].iter().filter(|row| {
        compared.own == OwnToken::Given || row.mix.iter().all(|(symbol, _)| symbol != "OWN")
    });
    let (best, budget) = candidates
        .filter_map(|row| Some((row, careful_budget(row)?)))
        .min_by(|a, b| a.1.total_cmp(&b.1))?;
    if budget >= now * (1.0 - WORTH) {
        return None;
    }
    Some(Statement {
        head: "collateral".to_owned(),
        text: format!(
            "ask for {} instead of what the set holds: the same promise then needs {} of stake and {}, {} less",
            best.label.trim_start_matches("all "),
            format::usd(best.stake_hedged.value.max(best.stake.value)),
            format::usd_per_year(budget),
            format::usd_per_year(now - budget)
        ),
        assumptions: rests_on(subject),
    })
}
