//! What a design costs: the budget that brings its stake and keeps its operators.
//!
//! Stakers ask `S · (r(S) + premium)` after fees, where r is the supply curve's yield and the
//! premium pays for accidental slashing (certainty equivalent under constant relative risk
//! aversion), for being locked and for the best alternative. Operators ask that their share of
//! the rewards pays their costs and stake of their own ([`super::operators`]). The budget is the
//! larger of the two.

use super::operators::{Books, OperatorShares};
use crate::economics::faults::{Faults, correlated_penalty};
use crate::economics::slashing;
use crate::economics::solve::root;
use crate::economics::supply::{BindingBudget, BindingSide, SupplyCurve, SupplyStep, Terms};
use crate::spec::Parameters;
use crate::spec::model::{self, Choice, Model, Slashed, Structure};
use crate::units::DAYS_PER_YEAR;
use serde::Serialize;

/// Where the money of a design goes, USD a year.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Budget {
    /// The whole reward budget.
    pub usd_year: f64,
    /// What stakers' required yield asks for, fees included.
    pub stakers_usd_year: f64,
    /// What the break-even of the needed operators asks for.
    pub operators_usd_year: f64,
    /// The side that decides.
    pub binding: BindingSide,
    /// Budget over stake, a year.
    pub gross_yield: f64,
    /// Yield that the supply curve asks for at this stake, a year.
    pub supply_yield: f64,
    /// Yield that stakers ask for the risk of accidental slashing, a year.
    pub slashing_premium: f64,
    /// Yield that stakers ask for beside that: locked, alternative, governance, gas, theft; a year.
    pub other_premium: f64,
    /// Emissions that others pay to the same stake, USD a year.
    pub emissions_usd_year: f64,
    /// What is lost of the budget when rewards in the service's own token are sold, USD a year.
    pub sale_loss_usd_year: f64,
    /// Stake at which an operator breaks even under this budget, USD.
    pub break_even_stake_usd: f64,
    /// Costs of all admitted operators, USD a year, with what stake of their own costs them above
    /// what it earns.
    pub operating_costs_usd_year: f64,
}

/// What stakers ask for beside the curve, each as a yield on slashable stake, a year.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Premiums {
    /// For accidental slashing, offence by offence.
    pub slashing: Vec<f64>,
    /// For whoever can slash and steals by it: hazard × largest redistributed slash.
    pub theft: f64,
    /// For being locked.
    pub illiquidity: f64,
    /// For the best alternative given up.
    pub alternative: f64,
    /// For changes of the rules.
    pub governance: f64,
    /// For transactions.
    pub gas: f64,
}

impl Premiums {
    /// The premiums of a design.
    #[must_use]
    pub fn of(model: &Model, parameters: &Parameters) -> Self {
        let asked = &model.supply.premium;
        Self {
            slashing: accident_premiums(model, parameters),
            theft: theft_premium(model, parameters),
            illiquidity: asked.illiquidity.get(),
            alternative: asked.alternative.get(),
            governance: asked.governance.get(),
            gas: asked.gas.get(),
        }
    }
}

/// λ·f of theft by slashing: only where a slash is passed on does it bring anybody anything.
fn theft_premium(model: &Model, parameters: &Parameters) -> f64 {
    let largest = model
        .slashing
        .offences
        .iter()
        .enumerate()
        .filter(|(_, offence)| offence.redistributed.get() > 0.0)
        .map(|(offence, _)| {
            let slashed = parameters.slashed(model, offence);
            slashed
                .mean(&held_where_it_matters(model, parameters, &slashed))
                .get()
        })
        .fold(0.0, f64::max);
    model.supply.premium.theft.get() * largest
}

/// What the set holds of each asset, USD, where assets are not slashed alike.
fn held_where_it_matters(model: &Model, parameters: &Parameters, slashed: &Slashed) -> Vec<f64> {
    match slashed {
        Slashed::Alike(_) => Vec::new(),
        Slashed::ByAsset(_) => parameters.held_usd(model),
    }
}

/// What stakers ask for accidents, offence by offence: holders of an asset for what is slashed of
/// it, all holders together in the mean over the stake. A flat slash takes the same whoever else
/// fails; a correlated one takes more when a common cause reaches others too.
fn accident_premiums(model: &Model, parameters: &Parameters) -> Vec<f64> {
    let clusters = model
        .slashing
        .offences
        .iter()
        .any(|offence| offence.correlated.is_some())
        .then(|| Reached::of(model, parameters));
    let aversion = model.supply.premium.risk_aversion;
    let offences = model.slashing.offences.iter().enumerate();
    offences
        .map(|(index, offence)| {
            let probability = slashing::yearly_probability(offence.accidental.get());
            let asked = |slash: f64| match (offence.correlated, &clusters) {
                (Some(factor), Some(reached)) => {
                    let sizes = reached.sizes(factor, slash);
                    slashing::mixed_risk_premium(probability, &sizes, aversion)
                }
                _ => slashing::risk_premium(probability, slash, aversion),
            };
            match parameters.slashed(model, index) {
                Slashed::Alike(slash) => asked(slash.get()),
                Slashed::ByAsset(each) => {
                    let held = parameters.held_usd(model);
                    let all: f64 = held.iter().sum();
                    let parts = each.iter().zip(&held);
                    parts
                        .map(|(slash, usd)| asked(slash.get()) * usd / all)
                        .sum()
                }
            }
        })
        .collect()
}

/// How many operators are at fault together, as one that is at fault sees it.
struct Reached {
    operators: u64,
    /// `(share of an operator's accidents, number at fault with it, itself included)`.
    counts: Vec<(f64, u64)>,
}

impl Reached {
    fn of(model: &Model, parameters: &Parameters) -> Self {
        let n = match &model.operators.structure {
            Structure::Pooled { .. } => u64::from(parameters.operators.max(1)),
            Structure::Entities(_) => parameters.admitted(model).len().max(1) as u64,
        };
        let (clustered, reach) = (model.faults.clustered.get(), model.faults.reach.get());
        let mut counts = vec![(1.0 - clustered, 1)];
        if clustered > 0.0 {
            // Whoever is reached is rather in a large cluster: k P(k) / (n reach).
            let masses = if reach < 1.0 {
                Faults::of_correlation(reach, model.faults.correlation).masses(n)
            } else {
                (0..=n).map(|k| f64::from(u8::from(k == n))).collect()
            };
            let sized = masses.into_iter().zip(0..=n).skip(1);
            counts.extend(
                sized.map(|(mass, k)| (clustered * mass * k as f64 / (n as f64 * reach), k)),
            );
        }
        Self {
            operators: n,
            counts,
        }
    }

    /// `(share of the accidents, slash fraction)` under a correlated penalty.
    fn sizes(&self, factor: f64, most: f64) -> Vec<(f64, f64)> {
        let slash = |k: u64| correlated_penalty(factor, k, self.operators).min(most);
        let counts = self.counts.iter();
        counts.map(|&(share, k)| (share, slash(k))).collect()
    }
}

/// What a budget is worth to those whom it pays, USD a year: less what is lost when rewards in the
/// service's own token are sold day by day, with the emissions that others add.
#[must_use]
pub fn received(model: &Model, budget_usd_year: f64) -> f64 {
    after_sale(model, budget_usd_year) + model.rewards.emissions.get()
}

fn after_sale(model: &Model, budget_usd_year: f64) -> f64 {
    let Some(sale) = model.rewards.sale else {
        return budget_usd_year;
    };
    let daily_volatility = sale.volatility.get() / DAYS_PER_YEAR.sqrt();
    let law = sale.liquidity.law(daily_volatility);
    budget_usd_year * (1.0 - law.average(budget_usd_year / DAYS_PER_YEAR))
}

/// The budget that is worth `needed_usd_year` to those whom it pays: the inverse of [`received`].
fn budget_worth(model: &Model, needed_usd_year: f64) -> f64 {
    let needed = (needed_usd_year - model.rewards.emissions.get()).max(0.0);
    if model.rewards.sale.is_none() || needed <= 0.0 || needed.is_infinite() {
        return needed;
    }
    // A third is left even where the whole price is lost on the way.
    root(needed, 3.0 * needed * (1.0 + 1e-9), 1e-12, |budget| {
        after_sale(model, budget) / needed - 1.0
    })
}

/// The yield that stakers ask for accidental slashing under a design's slash fractions, a year.
#[must_use]
pub fn slashing_premium(model: &Model, parameters: &Parameters) -> f64 {
    accident_premiums(model, parameters).iter().sum()
}

/// The budget that a design needs, or `None` when no yield brings its stake.
#[must_use]
pub fn required(model: &Model, parameters: &Parameters) -> Option<Budget> {
    let stake = parameters.stake.get();
    let curve = supply_curve(model);
    let terms = terms(model, parameters);
    let stakers = curve.budget_for_usd(stake, terms)?;
    let set = OperatorShares::of(model, parameters);
    let books = Books::of(model, parameters);
    let operators = set.break_even_budget(set.shares.len(), &books, stake);
    let both = BindingBudget::of(stakers, operators);
    let usd_year = budget_worth(model, both.usd_year());
    let worth = received(model, usd_year);
    let slashing = slashing_premium(model, parameters);
    let gross_yield = if stake > 0.0 { worth / stake } else { 0.0 };
    let shares = set.shares.iter();
    let costs = shares.map(|share| books.asks_usd_year(share * stake, gross_yield));
    let operating_costs_usd_year = costs.sum();
    Some(Budget {
        usd_year,
        stakers_usd_year: stakers,
        operators_usd_year: operators,
        binding: both.binding,
        gross_yield,
        supply_yield: curve.yield_for(stake)?,
        slashing_premium: slashing,
        other_premium: terms.premium - slashing,
        emissions_usd_year: model.rewards.emissions.get(),
        sale_loss_usd_year: usd_year - after_sale(model, usd_year),
        break_even_stake_usd: break_even_stake(model, parameters, stake, usd_year),
        operating_costs_usd_year,
    })
}

/// The stake that `budget_usd_year` attracts under the slash rule of `parameters`, USD.
#[must_use]
pub fn stake_for(model: &Model, parameters: &Parameters, budget_usd_year: f64) -> f64 {
    supply_curve(model)
        .equilibrium(received(model, budget_usd_year), terms(model, parameters))
        .stake_usd
}

/// The number of operators to admit at a design's stake: as many of the allowed as the budget
/// that stakers ask for also pays, and never fewer than the model demands.
#[must_use]
pub fn affordable_operators(model: &Model, parameters: &Parameters) -> u32 {
    let (low, high) = (model.operators.count.low(), model.operators.count.high());
    let Choice::Search { .. } = model.operators.count else {
        return high;
    };
    let curve = supply_curve(model);
    let Some(stakers) = curve.budget_for_usd(parameters.stake.get(), terms(model, parameters))
    else {
        return low;
    };
    operators_kept(model, parameters, stakers).max(low)
}

/// The most operators, of all that the model allows, that a budget keeps at a design's stake.
#[must_use]
pub fn operators_kept(model: &Model, parameters: &Parameters, budget_usd_year: f64) -> u32 {
    let all = Parameters {
        operators: model.operators.count.high(),
        ..parameters.clone()
    };
    let (set, books) = (OperatorShares::of(model, &all), Books::of(model, &all));
    let stake = parameters.stake.get();
    (1..=set.shares.len())
        .rev()
        .find(|&count| set.break_even_budget(count, &books, stake) <= budget_usd_year)
        .map_or(0, |count| count as u32)
}

/// Slashable stake at which an operator's share of the rewards pays its costs, USD.
#[must_use]
pub fn break_even_stake(
    model: &Model,
    parameters: &Parameters,
    stake_usd: f64,
    budget_usd_year: f64,
) -> f64 {
    let gross_yield = received(model, budget_usd_year) / stake_usd;
    Books::of(model, parameters).break_even_stake_usd(gross_yield)
}

/// Share of the budget that reaches operators, after the protocol's.
pub(super) fn operators_share(model: &Model) -> f64 {
    model.rewards.operator_split.get() * (1.0 - model.rewards.protocol_fee.get())
}

fn terms(model: &Model, parameters: &Parameters) -> Terms {
    let rewards = &model.rewards;
    let kept = (1.0 - rewards.protocol_fee.get()) * (1.0 - rewards.operator_split.get());
    let premium = &model.supply.premium;
    Terms {
        operator_fee: 1.0 - kept,
        premium: slashing_premium(model, parameters)
            + premium.illiquidity.get()
            + premium.alternative.get()
            + premium.governance.get()
            + premium.gas.get()
            + theft_premium(model, parameters),
    }
}

/// The model's supply curve as the one that economics solves.
#[must_use]
pub fn supply_curve(model: &Model) -> SupplyCurve {
    match &model.supply.curve {
        model::SupplyCurve::ConstantElasticity {
            stake,
            at_yield,
            elasticity,
        } => SupplyCurve::ConstantElasticity {
            reference_stake_usd: stake.get(),
            reference_yield: at_yield.get(),
            elasticity: *elasticity,
        },
        model::SupplyCurve::Logistic {
            capacity,
            midpoint,
            slope,
        } => SupplyCurve::Logistic {
            capacity_usd: capacity.get(),
            midpoint_yield: midpoint.get(),
            yield_scale: 1.0 / slope,
        },
        model::SupplyCurve::Steps(steps) => SupplyCurve::Steps(
            steps
                .iter()
                .map(|(asked, stake)| SupplyStep {
                    reservation_yield: asked.get(),
                    stake_usd: stake.get(),
                })
                .collect(),
        ),
    }
}
