//! The same service on another collateral, as plans that the engine plays.

use super::{Trial, horizon};
use crate::recommend::evaluate::{Evaluator, Span};
use crate::sim::incident::{self, Collateral};
use crate::sim::{Coalition, Operators, Plan, Weights};
use crate::spec::Parameters;
use crate::spec::model::{Market, Model, SharedJumps, Structure};
use serde::Serialize;

/// Whether parts of a mix vote together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quorums {
    /// One quorum, in which every operator holds the same mix.
    One,
    /// One quorum, in which different holders hold different parts.
    Shared,
    /// A quorum for each part; an attacker needs all.
    Dual,
}

/// A part of a mix.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    /// Index among the alternatives, if it is one of them.
    pub asset: Option<usize>,
    pub symbol: String,
    /// Share of the value at the start.
    pub share: f64,
    /// How it answers an attack.
    pub answer: Collateral,
}

impl Part {
    pub fn of(model: &Model, asset: usize, share: f64) -> Self {
        let market = &model.alternatives.market;
        Self {
            asset: Some(asset),
            symbol: market.assets[asset].symbol.clone(),
            share,
            answer: incident::collateral(market, asset),
        }
    }
}

/// The set as it is.
pub(super) fn as_it_is(evaluator: &Evaluator, design: &Parameters) -> Trial {
    let model = evaluator.model();
    let before = evaluator.plan(design, Span::Horizon);
    let assets = &model.market.assets;
    let worth: Vec<f64> = before
        .total_tokens()
        .iter()
        .zip(assets)
        .map(|(tokens, asset)| tokens * asset.price.get())
        .collect();
    let all: f64 = worth.iter().sum();
    let parts: Vec<Part> = assets
        .iter()
        .enumerate()
        .map(|(index, asset)| Part {
            asset: model
                .alternatives
                .market
                .assets
                .iter()
                .position(|a| a.symbol == asset.symbol),
            symbol: asset.symbol.clone(),
            share: worth[index] / all,
            answer: incident::collateral(&model.market, index),
        })
        .collect();
    Trial {
        label: "as the set has it".to_owned(),
        hedged: hedged(&before, &parts),
        parts,
        quorums: Quorums::One,
        before,
        scale: 1.0,
    }
}

/// Every operator holds the same mix. With a quorum for each part the cheapest coalition is the
/// same for all, so both are one plan; they differ only where holders differ.
pub(super) fn constant(
    evaluator: &Evaluator,
    design: &Parameters,
    label: String,
    parts: Vec<Part>,
    quorums: Quorums,
) -> Trial {
    let before = mixed(evaluator, design, &parts);
    Trial {
        label,
        hedged: hedged(&before, &parts),
        parts,
        quorums,
        before,
        scale: 1.0,
    }
}

/// Different holders in one quorum: before the attack a vote costs the same whoever sells it; when
/// the fall was sold short, the votes of the falling part are the cheap ones.
pub(super) fn shared(
    evaluator: &Evaluator,
    design: &Parameters,
    label: String,
    parts: Vec<Part>,
) -> Trial {
    let before = mixed(evaluator, design, &parts);
    let total = before.total_tokens();
    let n = parts.len();
    let mut tokens = vec![0.0; n * n];
    for (asset, amount) in total.iter().enumerate() {
        tokens[asset * n + asset] = *amount;
    }
    let split = Plan {
        coalition: Coalition::Pooled,
        operators: Operators {
            entities: n,
            weights: Weights::Tokens(tokens.clone()),
            tokens,
            own_share: vec![1.0; n],
            franchise_usd: vec![0.0; n],
        },
        ..before.clone()
    };
    Trial {
        label,
        hedged: hedged(&split, &parts),
        parts,
        quorums: Quorums::Shared,
        before,
        scale: 1.0,
    }
}

/// The plan in which what burns is worth `1 - falls`: the attacker has sold the fall short.
fn hedged(plan: &Plan, parts: &[Part]) -> Option<Plan> {
    if parts.iter().all(|part| part.answer.falls <= 0.0) {
        return None;
    }
    let mut fallen = plan.clone();
    for row in fallen.operators.tokens.chunks_exact_mut(parts.len()) {
        for (tokens, part) in row.iter_mut().zip(parts) {
            *tokens *= 1.0 - part.answer.falls;
        }
    }
    Some(fallen)
}

/// The plan of the service with its value in a mix of the alternatives.
fn mixed(evaluator: &Evaluator, design: &Parameters, parts: &[Part]) -> Plan {
    let model = evaluator.model();
    let chosen: Vec<usize> = parts.iter().filter_map(|part| part.asset).collect();
    let mut other = model.clone();
    other.market = chosen_market(&model.alternatives.market, &chosen);
    // Quorums name assets of the set as it is.
    other.operators.quorums.clear();
    let tokens_of = |usd: f64| -> Vec<f64> {
        parts
            .iter()
            .zip(&other.market.assets)
            .map(|(part, asset)| part.share * usd / asset.price.get())
            .collect()
    };
    let mut pool = None;
    other.operators.structure = match &model.operators.structure {
        Structure::Pooled { stake, .. } => {
            pool = Some(tokens_of(design.stake.get()));
            Structure::Pooled {
                stake: *stake,
                asset: 0,
            }
        }
        Structure::Entities(list) => {
            let mut list = list.clone();
            for operator in &mut list {
                let usd: f64 = operator
                    .tokens
                    .iter()
                    .zip(&model.market.assets)
                    .map(|(tokens, asset)| tokens * asset.price.get())
                    .sum();
                operator.tokens = tokens_of(usd);
            }
            Structure::Entities(list)
        }
    };
    let mut plan = horizon(evaluator, &other, design);
    if let Some(tokens) = pool {
        plan.operators.tokens = tokens;
    }
    plan
}

/// The joint law of the chosen assets and the value at risk.
fn chosen_market(all: &Market, chosen: &[usize]) -> Market {
    let value = all.assets.len();
    let rows: Vec<usize> = chosen.iter().copied().chain([value]).collect();
    Market {
        assets: chosen.iter().map(|&i| all.assets[i].clone()).collect(),
        correlation: rows
            .iter()
            .map(|&i| rows.iter().map(|&j| all.correlation[i][j]).collect())
            .collect(),
        shared_jumps: all.shared_jumps.as_ref().map(|shared| SharedJumps {
            jumps: shared.jumps,
            loading: rows.iter().map(|&i| shared.loading[i]).collect(),
        }),
    }
}

/// What a USD of slashed collateral is worth to those harmed once the news is out and holders have
/// sold, if all of the cheapest coalition's slash is sold for them.
pub(super) fn left_after(
    model: &Model,
    design: &Parameters,
    parts: &[Part],
    stake_usd: f64,
) -> f64 {
    let slash = |symbol: &str| -> f64 {
        let rules = design.offences.iter().zip(&model.slashing.offences);
        rules
            .map(|(rule, offence)| offence.slash_of(symbol, rule.slash).get())
            .fold(0.0, f64::max)
    };
    // Where no stake is enough, or any is, a sale of the design's own is asked about.
    let known = stake_usd.is_finite() && stake_usd > 0.0;
    let stake_usd = if known { stake_usd } else { design.stake.get() };
    parts
        .iter()
        .map(|part| {
            let slashed = design.threshold.get() * slash(&part.symbol);
            let stake = part.share * stake_usd;
            let sold = model.incident.selling.get() * (1.0 - slashed) * stake;
            part.share * incident::left_of(&part.answer, sold, slashed * stake)
        })
        .sum()
}
