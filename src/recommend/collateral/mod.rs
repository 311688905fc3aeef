//! Which collateral: the same promise on ETH, on EIGEN, on the service's own token, on mixes.
//!
//! Every row plays the same paths (common random numbers) with the same distribution of value over
//! operators; only what the value is in differs. Two stakes are given for each. The first counts a
//! coalition's loss at the prices before the attack. The second is for an attacker who has sold
//! the fall of the collateral short: what burns is then worth `1 - falls` to him, so a token that
//! falls with the service deters that much less. Where two kinds of holders share one quorum, he
//! takes the votes of the falling token first; where each is a quorum of its own (dual staking),
//! he must take both.

mod plans;
mod seen;

use super::budget;
use super::evaluate::{Evaluator, Span};
use crate::random::Seed;
use crate::sim::{self, Cost, Plan};
use crate::spec::Parameters;
use crate::spec::model::{Model, OwnToken};
use crate::stats::Estimate;
use crate::units::Usd;
use plans::{Part, left_after};
use seen::{Question, Seen};
use serde::Serialize;

pub use plans::Quorums;

/// Shares of ETH that are tried beside the own token.
const ETH_SHARES: [f64; 2] = [0.5, 0.8];

/// The comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CollateralComparison {
    /// One row for each collateral, that of the set first.
    pub rows: Vec<CollateralRow>,
    /// The stake at which risks are compared, USD.
    pub stake_usd: f64,
    /// Paths behind each row.
    pub paths: u64,
    /// Where the figures of the own token come from.
    pub own: OwnToken,
    /// Share that the own token loses on the news.
    pub own_falls: f64,
    /// Share that EIGEN loses on the news, where there is EIGEN.
    pub eigen_falls: Option<f64>,
}

/// One collateral.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CollateralRow {
    /// What it is, for a reader: "own token", "80 % ETH, 20 % own token, dual".
    pub label: String,
    /// Its parts: symbol and share of the value at the start.
    pub mix: Vec<(String, f64)>,
    /// Whether the parts vote together or each on its own.
    pub quorums: Quorums,
    /// Stake that keeps the promise, a coalition's loss at the prices before the attack, USD.
    pub stake: Estimate,
    /// Budget that brings it, USD a year, if any does.
    pub budget_usd_year: Option<f64>,
    /// Probability of an insecure moment within the horizon at the compared stake.
    pub risk: Estimate,
    /// Stake that keeps the promise when the fall was sold short, USD.
    pub stake_hedged: Estimate,
    /// Budget that brings it, USD a year, if any does.
    pub budget_hedged_usd_year: Option<f64>,
    /// Probability of an insecure moment at the compared stake when the fall was sold short.
    pub risk_hedged: Estimate,
    /// What a USD of slashed collateral is worth to those harmed, after news and sales.
    pub left: f64,
    /// The stake needed as a share of all tokens that trade freely, where that is known.
    pub of_circulating: Option<f64>,
}

/// What a row plays.
struct Trial {
    label: String,
    parts: Vec<Part>,
    quorums: Quorums,
    /// The plan at the prices before the attack.
    before: Plan,
    /// The plan of an attacker who sold the fall short; `None` where nothing falls.
    hedged: Option<Plan>,
    /// Multiple of its critical stakes that makes up for a coarser search.
    scale: f64,
}

/// Compares the collateral of a design; `None` when cancelled. `risk` is the level of the promise.
#[must_use]
pub fn compare(
    evaluator: &Evaluator,
    design: &Parameters,
    risk: f64,
    seed: Seed,
    paths: u64,
) -> Option<CollateralComparison> {
    let model = evaluator.model();
    let stake = design.stake.get();
    let mut rows = Vec::new();
    let question = Question {
        evaluator,
        stake_usd: stake,
        risk,
        seed,
        paths,
    };
    // Other collateral has other laws: those of the design itself are put back at the end.
    let tilted = evaluator.tilted();
    for trial in trials(evaluator, design) {
        let before = Seen::of(&question, &trial.before, 1.0)?;
        let hedged = match &trial.hedged {
            None => before.clone(),
            Some(plan) => {
                let factor = match &trial.quorums {
                    Quorums::Shared => coarse(&question, &trial, &before)?,
                    _ => 1.0,
                };
                Seen::of(&question, plan, trial.scale * factor)?
            }
        };
        let needed = before.stake(&question);
        let after = hedged.stake(&question);
        rows.push(CollateralRow {
            left: left_after(model, design, &trial.parts, needed.value),
            of_circulating: circulating(model, &trial.parts, after.value),
            label: trial.label,
            mix: trial
                .parts
                .iter()
                .map(|part| (part.symbol.clone(), part.share))
                .collect(),
            quorums: trial.quorums,
            budget_usd_year: priced(model, design, needed.value),
            stake: needed,
            risk: before.risk(&question),
            budget_hedged_usd_year: priced(model, design, after.value),
            stake_hedged: after,
            risk_hedged: hedged.risk(&question),
        });
    }
    evaluator.keep_tilted(tilted);
    let falls = |symbol: &str| {
        let assets = &model.alternatives.market.assets;
        assets
            .iter()
            .find(|a| a.symbol == symbol)
            .map(|a| a.falls.get())
    };
    Some(CollateralComparison {
        rows,
        stake_usd: stake,
        paths,
        own: model.alternatives.own,
        own_falls: falls("OWN").unwrap_or(0.0),
        eigen_falls: falls("EIGEN"),
    })
}

/// How far whole entities need more stake than a continuum of holders, for a row that is searched
/// as a continuum: the ratio of both at the prices before the attack.
fn coarse(question: &Question, trial: &Trial, exact: &Seen) -> Option<f64> {
    let mut pooled = trial.before.clone();
    pooled.coalition = sim::Coalition::Pooled;
    let continuum = Seen::of(question, &pooled, 1.0)?.stake(question).value;
    let whole = exact.stake(question).value;
    Some(
        if continuum > 0.0 && continuum.is_finite() && whole.is_finite() {
            whole / continuum
        } else {
            1.0
        },
    )
}

fn priced(model: &Model, design: &Parameters, stake_usd: f64) -> Option<f64> {
    if !stake_usd.is_finite() || stake_usd <= 0.0 {
        return None;
    }
    budget::required(model, &design.with_stake(Usd(stake_usd))).map(|budget| budget.usd_year)
}

/// The largest share of a token's free supply that the stake would take.
fn circulating(model: &Model, parts: &[Part], stake_usd: f64) -> Option<f64> {
    parts
        .iter()
        .filter_map(|part| {
            let asset = &model.alternatives.market.assets[part.asset?];
            Some(part.share * stake_usd / asset.supply.circulating?.get())
        })
        .reduce(f64::max)
}

/// All rows: the set as it is, each collateral alone, and the own token beside ETH.
fn trials(evaluator: &Evaluator, design: &Parameters) -> Vec<Trial> {
    let model = evaluator.model();
    let assets = &model.alternatives.market.assets;
    let index = |symbol: &str| assets.iter().position(|a| a.symbol == symbol);
    let mut trials = vec![plans::as_it_is(evaluator, design)];
    let alone = |symbol: &str| index(symbol).map(|i| vec![Part::of(model, i, 1.0)]);
    for symbol in ["ETH", "LST", "EIGEN", "OWN"] {
        let Some(parts) = alone(symbol) else {
            continue;
        };
        trials.push(plans::constant(
            evaluator,
            design,
            format!("all {}", name(symbol)),
            parts,
            Quorums::One,
        ));
    }
    let (Some(eth), Some(own)) = (index("ETH"), index("OWN")) else {
        return trials;
    };
    let parts = |share: f64| {
        vec![
            Part::of(model, eth, share),
            Part::of(model, own, 1.0 - share),
        ]
    };
    if evaluator.cost() == Cost::WholeStake {
        trials.push(plans::shared(
            evaluator,
            design,
            "half ETH, half own token, one quorum".to_owned(),
            parts(0.5),
        ));
    }
    for share in ETH_SHARES {
        trials.push(plans::constant(
            evaluator,
            design,
            format!(
                "{:.0} % ETH, {:.0} % own, two quorums",
                100.0 * share,
                100.0 * (1.0 - share)
            ),
            parts(share),
            Quorums::Dual,
        ));
    }
    trials
}

fn name(symbol: &str) -> &str {
    match symbol {
        "LST" => "liquid staking tokens",
        "OWN" => "own token",
        other => other,
    }
}

/// The plan of the promise's horizon for another model.
fn horizon(evaluator: &Evaluator, model: &Model, design: &Parameters) -> Plan {
    evaluator.afresh(model).plan(design, Span::Horizon)
}
