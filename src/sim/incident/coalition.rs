//! Who attacks: the cheapest coalition of what stake there is at the moment.

use super::IncidentPlan;
use crate::sim::coalition::{self, Cover};
use crate::sim::{Attack, Coalition, Cost, Weights, several};

/// Stake as it stands: tokens and votes, row-major `[entity][asset]`.
#[derive(Debug, Clone)]
pub(super) struct Stake {
    pub tokens: Vec<f64>,
    /// What votes weigh, where it is not the stake that can be slashed.
    votes: Weights,
    /// Share of each entity's business that is still there to lose.
    business: Vec<f64>,
    assets: usize,
}

impl Stake {
    pub fn of(plan: &IncidentPlan) -> Self {
        let operators = &plan.plan.operators;
        Self {
            tokens: operators.tokens.clone(),
            votes: operators.weights.clone(),
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
        self.tokens[row].iter_mut().for_each(|t| *t *= by);
        scale_votes(&mut self.votes, entity, self.assets, by);
    }
}

/// Votes leave with the stake that casts them.
fn scale_votes(weights: &mut Weights, entity: usize, assets: usize, by: f64) {
    match weights {
        Weights::SlashableValue => {}
        Weights::Tokens(tokens) => tokens[entity * assets..(entity + 1) * assets]
            .iter_mut()
            .for_each(|t| *t *= by),
        Weights::Fixed(votes) => votes[entity] *= by,
        Weights::Quorums(quorums) => {
            for quorum in quorums {
                scale_votes(&mut quorum.weights, entity, assets, by);
            }
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
    let weighed = |weights: &Weights| match weights {
        Weights::SlashableValue | Weights::Quorums(_) => values.clone(),
        Weights::Tokens(tokens) => worth(tokens),
        Weights::Fixed(votes) => votes.clone(),
    };
    let costs: Vec<f64> = (0..operators.entities)
        .map(|o| match plan.cost {
            Cost::WholeStake => attack.burned_share * staked[o],
            Cost::OperatorRational => {
                let lost = attack.own_loss(operators.own_share[o]) * staked[o];
                (lost + stake.business[o] * operators.franchise_usd[o]).max(0.0)
            }
        })
        .collect();
    let quorums = stake.votes.quorums();
    if !quorums.is_empty() {
        let votes: Vec<Vec<f64>> = quorums.iter().map(|q| weighed(&q.weights)).collect();
        let totals: Vec<f64> = votes.iter().map(|votes| votes.iter().sum()).collect();
        if totals.iter().any(|all| *all <= 0.0) {
            return None;
        }
        let shares = quorums.iter().map(|q| q.thresholds[attack.threshold]);
        let needed: Vec<f64> = shares
            .zip(&totals)
            .map(|(share, all)| share * all)
            .collect();
        return Some(several::cheapest(&costs, &votes, &needed));
    }
    let weights = weighed(&stake.votes);
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
