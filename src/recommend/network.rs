//! How many operators: the trade of cost, decentralisation, correlated faults and pivotality.
//!
//! Each row is the cheapest design with that many of the largest operators, on the same random
//! numbers. More operators cost more, because the smallest must break even; fewer make a
//! coalition small and one failure large.

use super::budget;
use super::evaluate::Evaluator;
use crate::economics::faults::Faults;
use crate::economics::slashing::yearly_probability;
use crate::random::Seed;
use crate::spec::Parameters;
use crate::spec::model::{Model, Structure};
use crate::stats::concentration;
use crate::units::Usd;
use serde::Serialize;
use std::collections::BTreeMap;

/// Rows at most.
const ROWS: usize = 8;
/// Correlation of two operators' honest faults, where nothing is known of it: shared clients and
/// clouds. A beta-binomial with a = 0.5, b = 9.5 has it.
pub const FAULT_CORRELATION: f64 = 1.0 / 11.0;

/// One size of the set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NetworkOption {
    /// Operators admitted.
    pub operators: u32,
    /// Entities that control them.
    pub entities: usize,
    /// Stake that the promise needs with this set, USD.
    pub stake_usd: f64,
    /// Budget that it needs, USD a year.
    pub budget_usd_year: f64,
    /// Part of it that operators' costs ask for beyond what stakers do, USD a year.
    pub operators_extra_usd_year: f64,
    /// Smallest operator's stake, USD.
    pub smallest_usd: f64,
    /// Entities that together hold a third of the stake.
    pub entities_to_one_third: usize,
    /// Entities that together reach the threshold.
    pub entities_to_threshold: usize,
    /// Largest entity's share.
    pub largest_share: f64,
    /// Herfindahl index of the entities' shares.
    pub herfindahl: f64,
    /// Probability that the faults of one year, correlated by [`FAULT_CORRELATION`], strike so
    /// many operators that their average share reaches the threshold.
    pub fault_halts: f64,
    /// Entities without which the cheapest coalition of largest entities fails: each is pivotal
    /// and must be bribed in full.
    pub pivotal: usize,
}

/// When a newcomer may take a sitting operator's place in a full set: the churn of
/// eigenlayer-middleware's `SlashingRegistryCoordinator`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Churn {
    /// Stake that a newcomer needs, as a multiple of the operator it replaces.
    pub operator_ratio: f64,
    /// Only operators below this share of the set's stake can be replaced.
    pub total_share: f64,
    /// Operators below it.
    pub replaceable: u32,
    /// Share of the stake that they hold together: all that an attacker can push out by churn.
    pub replaceable_share: f64,
}

/// A newcomer must bring a tenth more than the operator it replaces.
const OPERATOR_RATIO: f64 = 1.1;
/// Share of the threshold that all operators who can be replaced may hold together.
const REPLACEABLE: f64 = 0.1;

/// The churn of a design: as many of the smallest operators can be replaced as hold a tenth of
/// the threshold together, so that whoever buys seats in a full set does not come near it; the
/// smallest can always be.
#[must_use]
pub fn churn(model: &Model, design: &Parameters) -> Option<Churn> {
    let Structure::Entities(_) = model.operators.structure else {
        return None;
    };
    let mut stakes: Vec<f64> = design
        .admitted(model)
        .iter()
        .map(|a| a.stake.get())
        .collect();
    stakes.sort_by(f64::total_cmp);
    let total: f64 = stakes.iter().sum();
    let allowed = REPLACEABLE * design.threshold.get() * total;
    let (mut held, mut count) = (0.0, 0);
    for stake in &stakes {
        if count > 0 && held + stake > allowed {
            break;
        }
        held += stake;
        count += 1;
    }
    // Half way to the next operator: rounding to basis points moves nobody across.
    let below = stakes[count - 1];
    let above = stakes.get(count).copied().unwrap_or(2.0 * below);
    Some(Churn {
        operator_ratio: OPERATOR_RATIO,
        total_share: (0.5 * (below + above) / total).min(1.0),
        replaceable: count as u32,
        replaceable_share: held / total,
    })
}

/// The options of a design, from few operators to all; empty for pooled stake; `None` when
/// cancelled.
#[must_use]
pub fn options(
    evaluator: &Evaluator,
    design: &Parameters,
    seed: Seed,
    paths: u64,
) -> Option<Vec<NetworkOption>> {
    let model = evaluator.model();
    let Structure::Entities(operators) = &model.operators.structure else {
        return Some(Vec::new());
    };
    let most = operators.len();
    let mut counts: Vec<usize> = (0..ROWS)
        .map(|row| {
            let place = row as f64 / (ROWS - 1) as f64;
            (3.0_f64.ln() * (1.0 - place) + (most as f64).ln() * place)
                .exp()
                .round() as usize
        })
        .map(|count| count.clamp(1, most))
        .chain(std::iter::once(design.operators as usize))
        .collect();
    counts.sort_unstable();
    counts.dedup();
    let mut options = Vec::with_capacity(counts.len());
    for count in counts {
        let start = Parameters {
            operators: count as u32,
            minimum_stake: Usd(0.0),
            ..design.clone()
        };
        let stake = evaluator.stake(&start, seed, paths, model.target.at_most.get())?;
        if !stake.is_finite() || stake <= 0.0 {
            continue;
        }
        options.push(option(model, &start.with_stake(Usd(stake))));
    }
    Some(options)
}

fn option(model: &Model, parameters: &Parameters) -> NetworkOption {
    let admitted = parameters.admitted(model);
    let mut entities: BTreeMap<usize, f64> = BTreeMap::new();
    for operator in &admitted {
        *entities.entry(operator.entity).or_insert(0.0) += operator.stake.get();
    }
    let stakes: Vec<f64> = entities.values().copied().collect();
    let threshold = parameters.threshold.get();
    let total: f64 = stakes.iter().sum();
    let budget = budget::required(model, parameters);
    let to_threshold = concentration::holders_to_share(&stakes, threshold);
    NetworkOption {
        operators: admitted.len() as u32,
        entities: stakes.len(),
        stake_usd: parameters.stake.get(),
        budget_usd_year: budget.map_or(f64::INFINITY, |b| b.usd_year),
        operators_extra_usd_year: budget.map_or(0.0, |b| {
            (b.operators_usd_year - b.stakers_usd_year).max(0.0)
        }),
        smallest_usd: admitted.last().map_or(0.0, |a| a.stake.get()),
        entities_to_one_third: concentration::holders_to_share(&stakes, 1.0 / 3.0),
        entities_to_threshold: to_threshold,
        largest_share: stakes.iter().copied().fold(0.0, f64::max) / total,
        herfindahl: concentration::herfindahl(&stakes),
        fault_halts: fault_halts(model, admitted.len() as u64, threshold),
        pivotal: pivotal(&stakes, threshold * total, to_threshold),
    }
}

/// P(faulty operators ≥ threshold of all) within a year.
fn fault_halts(model: &Model, operators: u64, threshold: f64) -> f64 {
    let hazard = model
        .slashing
        .offences
        .iter()
        .map(|o| o.accidental.get())
        .fold(0.0, f64::max);
    let probability = yearly_probability(hazard);
    if probability <= 0.0 {
        return 0.0;
    }
    let faults = Faults::of_correlation(probability, FAULT_CORRELATION);
    let needed = (threshold * operators as f64).ceil() as u64;
    (needed.max(1)..=operators)
        .map(|k| faults.mass(k, operators))
        .sum()
}

/// Members of the coalition of the largest entities that it cannot do without.
fn pivotal(stakes: &[f64], needed: f64, members: usize) -> usize {
    let mut descending = stakes.to_vec();
    descending.sort_by(|a, b| b.total_cmp(a));
    let held: f64 = descending[..members].iter().sum();
    descending[..members]
        .iter()
        .filter(|stake| held - *stake < needed)
        .count()
}
