//! What stakers and operators ask, and the stake and budget that follow.

use super::{close, exact, nine};
use stakewright::economics::passage::{LogMargin, log_drift};
use stakewright::economics::slashing::{risk_premium, yearly_probability};
use stakewright::economics::supply::{
    BindingBudget, BindingSide, OperatorBooks, SupplyCurve, Terms, operators_budget_usd,
};

const SUPPLY: SupplyCurve = SupplyCurve::ConstantElasticity {
    reference_stake_usd: 200e6,
    reference_yield: 0.02,
    elasticity: 1.5,
};

#[test]
fn d01_the_premium_for_a_slash_under_risk_aversion() {
    let p = yearly_probability(0.02);
    nine(p, 0.019_801_326_693_244_7);
    nine(risk_premium(p, 0.3, 0.0), 0.005_940_398_007_973_41);
    nine(risk_premium(p, 0.3, 3.0), 0.010_148_176_746_018_422);
    nine(risk_premium(p, 0.99, 3.0), 0.929_110_715_623_953_8);
}

#[test]
fn d02_the_budget_that_binds() {
    let premium = risk_premium(yearly_probability(0.02), 0.3, 3.0) + 0.01;
    let terms = Terms {
        operator_fee: 0.1,
        premium,
    };
    let gross = terms.gross_yield(0.0);
    nine(gross, 0.022_386_863_051_131_58);
    let stakers = gross * 100e6;
    nine(stakers, 2_238_686.305_113_158);
    nine(0.1 * stakers, 223_868.630_511_315_83);
    let operators = [OperatorBooks {
        stake_usd: 10e6,
        own_cost_usd_year: 60e3,
        shared_cost_usd_year: 0.0,
        own_stake_premium_usd_year: 0.0,
    }; 10];
    let budget = BindingBudget::of(stakers, operators_budget_usd(&operators, 0.1, 10).unwrap());
    nine(budget.usd_year(), 6e6);
    assert_eq!(budget.binding, BindingSide::Operators);
}

#[test]
fn d03_supply_of_constant_elasticity() {
    let found = SUPPLY.equilibrium(6e6, Terms::NONE);
    nine(found.stake_usd, 255_084_900.125_158_13);
    nine(found.gross_yield, 0.023_521_580_450_493_476);
    nine(
        SUPPLY.budget_for_usd(300e6, Terms::NONE).unwrap(),
        7_862_224.182_626_69,
    );
    exact(SUPPLY.budget_elasticity(300e6, Terms::NONE).unwrap(), 0.6);
}

#[test]
fn d05_from_risk_to_stake_to_budget() {
    let years = 30.0 / 365.0;
    let shape = LogMargin {
        log_margin: 0.0,
        log_drift: log_drift(0.0, 0.8),
        volatility: 0.8,
    };
    let multiple = shape.required_multiple(years, 0.01);
    close(multiple, 1.848_402_501_711_709_4, 1e-10);
    let stake = multiple * 60e6 / (1.0 / 3.0 * 0.99 * 0.95);
    close(stake, 353_761_244.346_738_7, 1e-10);
    close(
        SUPPLY.budget_for_usd(stake, Terms::NONE).unwrap(),
        10_348_095.307_607_43,
        1e-10,
    );
    close(
        shape.terminal_multiple(years, 0.01),
        1.750_420_308_161_775_5,
        1e-10,
    );
}
