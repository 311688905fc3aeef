//! What stake a reward budget attracts, and what budget a stake needs: stakers' supply curve,
//! operators' break-even, and the larger of the two.
//!
//! A budget B spread over a stake S yields B/S gross. The operators keep a fee and the rest must
//! pay the stakers' premium (`slashing`, illiquidity, the alternative) before any of it counts as
//! yield: net = (1 − fee)·B/S − premium. Supply rises with the net yield, the net yield falls with
//! the stake, so exactly one stake is in equilibrium.

use super::solve::root;
use serde::{Deserialize, Serialize};

/// Stake that is offered at a net yield: a rising curve, USD against 1/year.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SupplyCurve {
    /// S = S₀ (r/r₀)^η.
    ConstantElasticity {
        /// S₀, the stake offered at the reference yield, USD.
        reference_stake_usd: f64,
        /// r₀, the reference net yield, 1/year.
        reference_yield: f64,
        /// η, per cent more stake for a per cent more yield.
        elasticity: f64,
    },
    /// S = S_max / (1 + e^(−(r − r_mid)/s)).
    Logistic {
        /// S_max, all the stake that could ever come, USD.
        capacity_usd: f64,
        /// r_mid, the net yield at which half of it comes, 1/year.
        midpoint_yield: f64,
        /// s, the yield over which it comes, 1/year.
        yield_scale: f64,
    },
    /// Holders one by one, each with the yield below which it stays away.
    Steps(Vec<SupplyStep>),
}

/// One holder, or one class of holders, of an empirical supply curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SupplyStep {
    /// Net yield from which it takes part, 1/year.
    pub reservation_yield: f64,
    /// Stake that it brings, USD.
    pub stake_usd: f64,
}

/// How a gross reward becomes a net yield.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// Share of the rewards that operators keep.
    pub operator_fee: f64,
    /// Yield that stakers ask before any of it counts: risk of slashing, illiquidity, governance
    /// and gas, 1/year.
    pub premium: f64,
}

/// The stake that a budget settles at.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Equilibrium {
    /// Stake, USD.
    pub stake_usd: f64,
    /// Gross yield B/S, 1/year.
    pub gross_yield: f64,
    /// What stakers keep after fee and premium, 1/year.
    pub net_yield: f64,
}

impl SupplyCurve {
    /// Stake offered at `net_yield`, USD.
    #[must_use]
    pub fn stake_usd(&self, net_yield: f64) -> f64 {
        match self {
            Self::ConstantElasticity {
                reference_stake_usd,
                reference_yield,
                elasticity,
            } => reference_stake_usd * (net_yield.max(0.0) / reference_yield).powf(*elasticity),
            Self::Logistic {
                capacity_usd,
                midpoint_yield,
                yield_scale,
            } => capacity_usd / (1.0 + (-(net_yield - midpoint_yield) / yield_scale).exp()),
            Self::Steps(steps) => steps
                .iter()
                .filter(|step| step.reservation_yield <= net_yield)
                .map(|step| step.stake_usd)
                .sum(),
        }
    }

    /// The lowest net yield at which `stake_usd` is offered, or `None` when no yield brings so
    /// much. It may be negative where stake comes for other reasons than yield.
    #[must_use]
    pub fn yield_for(&self, stake_usd: f64) -> Option<f64> {
        match self {
            Self::ConstantElasticity {
                reference_stake_usd,
                reference_yield,
                elasticity,
            } => Some(reference_yield * (stake_usd / reference_stake_usd).powf(1.0 / elasticity)),
            Self::Logistic {
                capacity_usd,
                midpoint_yield,
                yield_scale,
            } => {
                let share = stake_usd / capacity_usd;
                (share > 0.0 && share < 1.0)
                    .then(|| midpoint_yield + yield_scale * (share / (1.0 - share)).ln())
            }
            Self::Steps(steps) => {
                let mut offered = 0.0;
                // A stake summed in another order may miss the last dollar by rounding.
                let enough = stake_usd * (1.0 - 1e-12);
                ascending(steps).into_iter().find_map(|step| {
                    offered += step.stake_usd;
                    (offered >= enough).then_some(step.reservation_yield)
                })
            }
        }
    }

    /// The stake at which supply and a yearly `budget_usd` meet.
    #[must_use]
    pub fn equilibrium(&self, budget_usd: f64, terms: Terms) -> Equilibrium {
        terms.check();
        assert!(
            budget_usd >= 0.0,
            "a reward budget of {budget_usd} USD a year"
        );
        let kept = (1.0 - terms.operator_fee) * budget_usd;
        let stake_usd = match self {
            Self::Steps(steps) => meet_steps(steps, kept, terms.premium),
            // Without premium the answer is closed: S = S₀ (B/(r₀S₀))^(η/(1+η)).
            Self::ConstantElasticity {
                reference_stake_usd: s0,
                reference_yield: r0,
                elasticity,
            } if terms.premium == 0.0 => {
                s0 * (kept / (r0 * s0)).powf(elasticity / (1.0 + elasticity))
            }
            _ => self.meet_smooth(kept, terms.premium),
        };
        let gross_yield = if stake_usd > 0.0 {
            budget_usd / stake_usd
        } else {
            0.0
        };
        let net_yield = (1.0 - terms.operator_fee) * gross_yield - terms.premium;
        Equilibrium {
            stake_usd,
            gross_yield,
            net_yield,
        }
    }

    /// The yearly budget that attracts `stake_usd`: S·(r(S) + premium)/(1 − fee), or `None` when
    /// no budget does. A stake that comes for nothing costs nothing.
    #[must_use]
    pub fn budget_for_usd(&self, stake_usd: f64, terms: Terms) -> Option<f64> {
        terms.check();
        let net_yield = self.yield_for(stake_usd)?;
        Some((stake_usd * (net_yield + terms.premium) / (1.0 - terms.operator_fee)).max(0.0))
    }

    /// Elasticity of the stake to the budget, d ln S/d ln B, by the slope of the inverse curve:
    /// y/(y + S·dr/dS) with y = r + premium. It is η/(1+η) for constant elasticity without premium.
    ///
    /// `None` where the curve is a step: the stake jumps or stands still.
    #[must_use]
    pub fn budget_elasticity(&self, stake_usd: f64, terms: Terms) -> Option<f64> {
        let net_yield = self.yield_for(stake_usd)?;
        let rise = match self {
            Self::ConstantElasticity { elasticity, .. } => net_yield / elasticity,
            Self::Logistic {
                capacity_usd,
                yield_scale,
                ..
            } => yield_scale * capacity_usd / (capacity_usd - stake_usd),
            Self::Steps(_) => return None,
        };
        let required = net_yield + terms.premium;
        Some(required / (required + rise))
    }

    /// kept = S·(r(S) + premium): the left side is what the stakers get, the right side what they
    /// ask, rising in S wherever it is positive.
    fn meet_smooth(&self, kept: f64, premium: f64) -> f64 {
        if kept == 0.0 && premium >= 0.0 && matches!(self, Self::ConstantElasticity { .. }) {
            return 0.0;
        }
        let excess = |net_yield: f64| self.stake_usd(net_yield) * (net_yield + premium) - kept;
        // In the yield rather than in the stake: a logistic curve's stake ends at its capacity.
        let mut low = -premium;
        if let Self::ConstantElasticity { .. } = self {
            low = low.max(0.0);
        }
        let mut width = 1e-3;
        while excess(low + width) < 0.0 {
            width *= 2.0;
            assert!(
                width < 1e12,
                "no yield makes supply meet a budget of {kept} USD a year"
            );
        }
        if excess(low) > 0.0 {
            return self.stake_usd(low);
        }
        self.stake_usd(root(low, low + width, 0.0, excess))
    }
}

/// Steps in the order in which they come in.
fn ascending(steps: &[SupplyStep]) -> Vec<SupplyStep> {
    let mut steps = steps.to_vec();
    steps.sort_by(|a, b| a.reservation_yield.total_cmp(&b.reservation_yield));
    steps
}

/// Where kept/S − premium falls through the staircase: at the end of a step, or part of the way
/// along one, whose holders then are indifferent.
fn meet_steps(steps: &[SupplyStep], kept: f64, premium: f64) -> f64 {
    let mut offered = 0.0;
    for step in ascending(steps) {
        let asked = step.reservation_yield + premium;
        let affordable = if asked > 0.0 {
            kept / asked
        } else {
            f64::INFINITY
        };
        if affordable <= offered {
            break;
        }
        offered = (offered + step.stake_usd).min(affordable);
    }
    offered
}

impl Terms {
    /// No fee and no premium: the gross yield is the net one.
    pub const NONE: Self = Self {
        operator_fee: 0.0,
        premium: 0.0,
    };

    /// Gross yield at which stakers get `net_yield`: (net + premium)/(1 − fee).
    #[must_use]
    pub fn gross_yield(&self, net_yield: f64) -> f64 {
        self.check();
        (net_yield + self.premium) / (1.0 - self.operator_fee)
    }

    fn check(&self) {
        assert!(
            (0.0..1.0).contains(&self.operator_fee),
            "operators' fee {}, outside 0..1: stakers would get nothing",
            self.operator_fee
        );
        assert!(self.premium.is_finite(), "staker premium {}", self.premium);
    }
}

/// One operator's books for one service.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OperatorBooks {
    /// Its slashable stake at the service, USD.
    pub stake_usd: f64,
    /// Cost of running this service, USD a year.
    pub own_cost_usd_year: f64,
    /// Its part of costs that all its services share, USD a year.
    pub shared_cost_usd_year: f64,
    /// What it asks for the slashing risk of its own stake, USD a year.
    pub own_stake_premium_usd_year: f64,
}

impl OperatorBooks {
    /// All it must earn, USD a year.
    #[must_use]
    pub fn required_usd_year(&self) -> f64 {
        self.own_cost_usd_year + self.shared_cost_usd_year + self.own_stake_premium_usd_year
    }

    /// The yearly budget of the whole set at which this operator breaks even: its fee income is
    /// fee·B·S_o/S, so B = required·S/(fee·S_o). Infinite for an operator without stake or fee.
    #[must_use]
    pub fn break_even_budget_usd(&self, total_stake_usd: f64, operator_fee: f64) -> f64 {
        let required = self.required_usd_year();
        if required <= 0.0 {
            return 0.0;
        }
        required * total_stake_usd / (operator_fee * self.stake_usd)
    }

    /// Fee income minus costs at `budget_usd` a year, USD a year.
    #[must_use]
    pub fn profit_usd_year(&self, budget_usd: f64, total_stake_usd: f64, operator_fee: f64) -> f64 {
        operator_fee * budget_usd * self.stake_usd / total_stake_usd - self.required_usd_year()
    }
}

/// The yearly budget at which at least `needed` of the operators break even: the `needed`-th
/// smallest of their break-even budgets, or `None` when there are fewer operators.
///
/// Fewer operators than all may be enough; the small ones then are not paid for.
#[must_use]
pub fn operators_budget_usd(
    operators: &[OperatorBooks],
    operator_fee: f64,
    needed: usize,
) -> Option<f64> {
    if needed == 0 {
        return Some(0.0);
    }
    let total: f64 = operators.iter().map(|operator| operator.stake_usd).sum();
    let mut budgets: Vec<f64> = operators
        .iter()
        .map(|operator| operator.break_even_budget_usd(total, operator_fee))
        .collect();
    budgets.sort_by(f64::total_cmp);
    budgets.get(needed - 1).copied()
}

/// The side that decides a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BindingSide {
    /// Stakers' required yield.
    Stakers,
    /// Operators' costs.
    Operators,
}

/// A yearly budget with the side that asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BindingBudget {
    /// What stakers need, USD a year.
    pub stakers_usd: f64,
    /// What operators need, USD a year.
    pub operators_usd: f64,
    /// Which of the two is larger.
    pub binding: BindingSide,
}

impl BindingBudget {
    /// Compare what stakers and operators need.
    #[must_use]
    pub fn of(stakers_usd: f64, operators_usd: f64) -> Self {
        let binding = if operators_usd > stakers_usd {
            BindingSide::Operators
        } else {
            BindingSide::Stakers
        };
        Self {
            stakers_usd,
            operators_usd,
            binding,
        }
    }

    /// The larger of the two, USD a year.
    #[must_use]
    pub fn usd_year(&self) -> f64 {
        self.stakers_usd.max(self.operators_usd)
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact by construction")]
mod tests {
    use super::*;

    const ELASTIC: SupplyCurve = SupplyCurve::ConstantElasticity {
        reference_stake_usd: 2e8,
        reference_yield: 0.02,
        elasticity: 1.5,
    };
    const LOGISTIC: SupplyCurve = SupplyCurve::Logistic {
        capacity_usd: 5e8,
        midpoint_yield: 0.03,
        yield_scale: 0.01,
    };

    fn steps() -> SupplyCurve {
        let step = |reservation_yield, stake_usd| SupplyStep {
            reservation_yield,
            stake_usd,
        };
        SupplyCurve::Steps(vec![step(0.05, 100.0), step(0.01, 50.0), step(0.02, 50.0)])
    }

    fn check_round_trip(curve: &SupplyCurve, budget: f64, terms: Terms) {
        let found = curve.equilibrium(budget, terms);
        let back = curve
            .budget_for_usd(found.stake_usd, terms)
            .expect("the stake is on the curve");
        assert!(
            (back / budget - 1.0).abs() < 1e-9,
            "{curve:?} {budget} {found:?} {back}"
        );
        let offered = curve.stake_usd(found.net_yield);
        assert!(
            (offered / found.stake_usd - 1.0).abs() < 1e-9,
            "{offered} {found:?}"
        );
    }

    #[test]
    fn budgets_and_equilibria_are_inverse() {
        let terms = Terms {
            operator_fee: 0.1,
            premium: 0.013,
        };
        for budget in [1e3, 1e6, 6e6, 3e7] {
            check_round_trip(&ELASTIC, budget, terms);
            check_round_trip(&ELASTIC, 10.0 * budget, Terms::NONE);
            check_round_trip(&LOGISTIC, budget, terms);
            check_round_trip(&LOGISTIC, budget, Terms::NONE);
        }
    }

    #[test]
    fn a_staircase_meets_a_budget_on_a_tread_or_at_a_riser() {
        let stake = |budget| steps().equilibrium(budget, Terms::NONE).stake_usd;
        assert_eq!(stake(0.25), 25.0); // part of the first step: 0.25/25 = 1 %
        assert_eq!(stake(0.8), 50.0); // all of the first, 1.6 % tempts nobody more
        assert_eq!(stake(1.5), 75.0); // part of the second
        assert_eq!(stake(4.0), 100.0);
        assert_eq!(stake(1e6), 200.0);
        assert_eq!(stake(0.0), 0.0);
        assert_eq!(steps().yield_for(100.0), Some(0.02));
        assert_eq!(steps().yield_for(100.1), Some(0.05));
        assert_eq!(steps().yield_for(200.1), None);
        assert_eq!(steps().stake_usd(0.02), 100.0);
    }

    #[test]
    fn a_logistic_curve_ends_at_its_capacity() {
        assert_eq!(LOGISTIC.yield_for(5e8), None);
        assert_eq!(LOGISTIC.budget_for_usd(6e8, Terms::NONE), None);
        assert!(LOGISTIC.equilibrium(1e15, Terms::NONE).stake_usd <= 5e8);
    }

    #[test]
    fn the_budget_elasticity_is_the_slope_of_the_equilibrium() {
        let terms = Terms {
            operator_fee: 0.1,
            premium: 0.01,
        };
        for curve in [&ELASTIC, &LOGISTIC] {
            let at = |budget: f64| curve.equilibrium(budget, terms).stake_usd;
            let slope = (at(8e6 * 1e-4_f64.exp()) / at(8e6 * (-1e-4_f64).exp())).ln() / 2e-4;
            let found = curve
                .budget_elasticity(at(8e6), terms)
                .expect("a smooth curve");
            assert!((slope - found).abs() < 1e-6, "{slope} {found}");
        }
    }

    #[test]
    fn small_operators_bind_first() {
        let books = |stake_usd, cost| OperatorBooks {
            stake_usd,
            own_cost_usd_year: cost,
            shared_cost_usd_year: 0.0,
            own_stake_premium_usd_year: 0.0,
        };
        let set = [books(90.0, 9.0), books(10.0, 9.0)];
        assert_eq!(operators_budget_usd(&set, 0.1, 1), Some(100.0));
        assert_eq!(operators_budget_usd(&set, 0.1, 2), Some(900.0));
        assert_eq!(operators_budget_usd(&set, 0.1, 3), None);
        assert!(set[1].profit_usd_year(900.0, 100.0, 0.1).abs() < 1e-12);
        assert_eq!(BindingBudget::of(5.0, 9.0).binding, BindingSide::Operators);
    }
}
