//! Who attacks: the cheapest coalition of what stake there is at the moment.

use super::IncidentPlan;
use crate::sim::coalition::{self, Cover};
use crate::sim::{Attack, Coalition, Cost, Weights};

/// Stake as it stands: tokens and votes, row-major `[entity][asset]`.
#[derive(Debug, Clone)]
pub(super) struct Stake {
    pub tokens: Vec<f64>,
    /// Tokens that vote, where they are not those that can be slashed.
    votes: Option<Vec<f64>>,
    /// Share of each entity's business that is still there to lose.
    business: Vec<f64>,
    assets: usize,
}

impl Stake {
    pub fn of(plan: &IncidentPlan) -> Self {
        let operators = &plan.plan.operators;
        Self {
            tokens: operators.tokens.clone(),
            votes: match &operators.weights {
                Weights::SlashableValue => None,
                Weights::Tokens(tokens) => Some(tokens.clone()),
            },
            business: vec![1.0; operators.entities],
            assets: plan.plan.asset_count(),
        }
    }

    /// Tokens of each asset over all entities.
    pub fn total(&self) -> Vec<f64> {
        let mut total = vec![0.0; self.assets];
        for row in self.tokens.chunks_exact(self.assets) {
            for (sum, tokens) in total.iter_mut().zip(row) {
                *sum += tokens;
            }
        }
        total
    }

    /// Tokens of each asset in a coalition that holds a share `taken` of each entity.
    pub fn of_coalition(&self, taken: &[f64]) -> Vec<f64> {
        let mut total = vec![0.0; self.assets];
        for (row, share) in self.tokens.chunks_exact(self.assets).zip(taken) {
            for (sum, tokens) in total.iter_mut().zip(row) {
                *sum += share * tokens;
            }
        }
        total
    }

    /// Removes a coalition: it was slashed and put out, or it has left.
    pub fn remove(&mut self, taken: &[f64]) {
        for (entity, share) in taken.iter().enumerate() {
            self.scale(entity, 1.0 - share);
            self.business[entity] *= 1.0 - share;
        }
    }

    /// A share of everybody's stake leaves.
    pub fn leave(&mut self, share: f64) {
        for entity in 0..self.business.len() {
            self.scale(entity, 1.0 - share);
        }
    }

    fn scale(&mut self, entity: usize, by: f64) {
        let row = entity * self.assets..(entity + 1) * self.assets;
        self.tokens[row.clone()].iter_mut().for_each(|t| *t *= by);
        if let Some(votes) = &mut self.votes {
            votes[row].iter_mut().for_each(|t| *t *= by);
        }
    }
}

/// The cheapest coalition for an attack; `None` when nobody has any votes.
pub(super) fn cheapest(
    plan: &IncidentPlan,
    stake: &Stake,
    attack: &Attack,
    prices: &[f64],
) -> Option<Cover> {
    let operators = &plan.plan.operators;
    let worth = |tokens: &[f64]| -> Vec<f64> {
        tokens
            .chunks_exact(prices.len())
            .map(|row| row.iter().zip(prices).map(|(t, p)| t * p).sum())
            .collect()
    };
    let values = worth(&stake.tokens);
    let staked = match plan.plan.burns_of(attack) {
        None => values.clone(),
        Some(row) => stake
            .tokens
            .chunks_exact(prices.len())
            .map(|tokens| {
                let each = tokens.iter().zip(prices).zip(row);
                each.map(|((t, p), burning)| t * p * burning).sum()
            })
            .collect(),
    };
    let weights = stake
        .votes
        .as_ref()
        .map_or_else(|| values.clone(), |v| worth(v));
    let costs: Vec<f64> = (0..operators.entities)
        .map(|o| match plan.cost {
            Cost::WholeStake => attack.burned_share * staked[o],
            Cost::OperatorRational => {
                let lost = attack.own_loss(operators.own_share[o]) * staked[o];
                (lost + stake.business[o] * operators.franchise_usd[o]).max(0.0)
            }
        })
        .collect();
    let all: f64 = weights.iter().sum();
    if all <= 0.0 {
        return None;
    }
    let target = plan.plan.thresholds[attack.threshold] * all;
    Some(match plan.plan.coalition {
        Coalition::Pooled => coalition::fractional(&costs, &weights, target),
        Coalition::Entities => coalition::cheapest(&costs, &weights, target),
        Coalition::LargestFirst => coalition::largest_first(&costs, &weights, target),
    })
}
