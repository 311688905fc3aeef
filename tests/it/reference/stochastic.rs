//! Margins over time, opportunities, jumps, faults and dependence.

use super::{close, nine};
use stakewright::economics::copula::{kendall_tau, student_tail_dependence};
use stakewright::economics::faults::{Faults, correlated_penalty};
use stakewright::economics::jumps::JumpDiffusion;
use stakewright::economics::opportunities::{
    LognormalPrize, attack_probability, attacked, attacked_from_zero_margin,
};
use stakewright::economics::passage::{BARRIER_SHIFT, CostAndProfit, LogMargin, log_drift};

/// A cost of 100 at 80 % volatility against a constant profit of 60.
fn margin_100_over_60() -> LogMargin {
    LogMargin::of_multiple(100.0 / 60.0, log_drift(0.0, 0.8), 0.8)
}

#[test]
fn a01_first_passage_and_terminal_of_a_geometric_brownian_cost() {
    let margin = margin_100_over_60();
    for (years, first_passage, terminal) in [
        (
            0.082_191_780_821_917_8,
            0.033_305_930_581_408_59,
            0.017_318_746_192_566_035,
        ),
        (
            0.246_575_342_465_753_4,
            0.253_181_519_324_505_4,
            0.138_457_301_104_918_55,
        ),
        (1.0, 0.654_919_597_598_954_6, 0.405_734_238_020_162_73),
    ] {
        nine(margin.first_passage(years), first_passage);
        nine(margin.terminal(years), terminal);
    }
}

#[test]
fn a02_first_passage_of_a_margin_that_is_checked_now_and_then() {
    nine(BARRIER_SHIFT, 0.582_597_157_939_010_7);
    let margin = margin_100_over_60();
    for (years, checks, shifted, checked) in [
        (1.0, 12, 0.559_036_246_990_054_6, 0.564_941_251_657_947_1),
        (1.0, 52, 0.608_542_303_787_320_5, 0.609_817_934_354_996_6),
        (1.0, 365, 0.637_369_107_516_243_8, 0.637_543_509_413_4),
        (
            90.0 / 365.0,
            90,
            0.229_621_749_786_094_23,
            0.230_393_708_957_6,
        ),
    ] {
        nine(margin.first_passage_shifted(years, checks), shifted);
        nine(margin.first_passage_checked(years, checks), checked);
    }
}

#[test]
fn a03_two_lognormals_at_a_date_and_before_it() {
    let pair = CostAndProfit {
        cost_usd: 150.0,
        profit_usd: 100.0,
        cost_growth: 0.0,
        profit_growth: 0.0,
        cost_volatility: 0.7,
        profit_volatility: 0.9,
        correlation: 0.3,
    };
    let margin = pair.log_margin();
    nine(margin.volatility, 0.960_208_310_732_624_4);
    nine(margin.terminal(0.25), 0.176_742_439_200_510_2);
    nine(pair.expected_excess_usd(0.25), 6.418_287_427_301_067);
    nine(margin.first_passage(0.25), 0.370_696_955_836_544_83);
}

#[test]
fn a06_opportunities_of_constant_success() {
    nine(
        attack_probability(12.0, 0.0021, 1.0),
        0.024_885_130_449_175_105,
    );
}

#[test]
fn a07_lognormal_prizes_against_a_constant_cost() {
    let prize = LognormalPrize {
        median_usd: 2e6,
        log_deviation: 1.8,
    };
    nine(prize.exceeds(1e8), 0.014_877_138_605_283_047);
    nine(
        prize.attack_probability(24.0, 0.5, 1e8),
        0.163_497_410_784_350_4,
    );
    let excess = prize.expected_excess_usd(1e8);
    nine(excess, 2_094_375.676_489_163_7);
    nine(24.0 * 0.5 * excess, 25_132_508.117_869_966);
}

#[test]
fn a09_a_margin_that_starts_at_zero() {
    nine(
        attacked_from_zero_margin(12.0, 1.0),
        0.833_342_567_360_183_4,
    );
    let flat = LogMargin {
        log_margin: 0.0,
        log_drift: 0.0,
        volatility: 0.8,
    };
    nine(attacked(&flat, 12.0, 1.0), 0.833_342_567_360_183_4);
}

#[test]
fn a11_moments_and_distribution_of_a_jump_diffusion() {
    let model = JumpDiffusion {
        mean_growth: 0.0,
        volatility: 0.6,
        jump_rate: 2.0,
        jump_mean: -0.15,
        jump_deviation: 0.2,
    };
    nine(model.mean_relative_jump(), -0.121_904_569_079_438_7);
    nine(model.log_drift(), 0.063_809_138_158_877_4);
    let moments = model.moments(1.0);
    nine(moments.mean, -0.236_190_861_841_122_6);
    nine(moments.variance, 0.485);
    nine(moments.skewness, -0.126_567_881_570_755_9);
    nine(moments.excess_kurtosis, 0.091_029_865_022_850_47);
    nine(model.cdf(0.6, 1.0), 0.339_123_836_843_973_35);
    nine(model.cdf(0.3, 1.0), 0.084_324_394_752_923_94);
    nine(model.cdf(0.7, 14.0 / 365.0), 0.015_283_168_620_767_605);
}

#[test]
fn a12_correlated_honest_faults() {
    let faults = Faults::BetaBinomial { a: 0.5, b: 9.5 };
    nine(faults.mean(20), 1.0);
    nine(faults.variance(20), 2.590_909_090_909_091);
    nine(faults.correlation(), 0.090_909_090_909_090_91);
    nine(faults.mass(0, 20), 0.562_443_841_590_440_8);
    nine(faults.at_least(7, 20), 0.014_836_385_045_782_33);
    nine(faults.at_least(10, 20), 0.002_221_433_773_229_031_2);
    let independent = Faults::Independent { probability: 0.05 };
    nine(independent.at_least(7, 20), 3.394_616_530_143_376e-5);
}

#[test]
fn a13_a_penalty_that_grows_with_the_number_of_faults() {
    let penalty = |k| correlated_penalty(3.0, k, 20);
    let correlated = Faults::BetaBinomial { a: 0.5, b: 9.5 };
    nine(
        correlated.expected_loss(20, penalty),
        0.025_388_819_551_775_365,
    );
    let independent = Faults::Independent { probability: 0.05 };
    nine(
        independent.expected_loss(20, penalty),
        0.014_624_210_937_374_758,
    );
    nine(independent.expected_loss(20, |_| 0.3), 0.015);
}

#[test]
fn a15_tail_dependence_of_a_student_copula() {
    for (freedom, correlation, expected) in [
        (4.0, 0.5, 0.253_169_995_100_322_7),
        (3.0, 0.7, 0.448_099_873_165_442_86),
        (10.0, 0.5, 0.081_864_231_165_694_38),
    ] {
        nine(student_tail_dependence(freedom, correlation), expected);
    }
    nine(kendall_tau(0.5), 1.0 / 3.0);
}

#[test]
fn a17_the_currency_of_cost_and_profit_does_not_matter() {
    let pair = |profit_usd| CostAndProfit {
        cost_usd: 100.0,
        profit_usd,
        cost_growth: 0.0,
        profit_growth: 0.0,
        cost_volatility: 0.9,
        profit_volatility: 0.9,
        correlation: 1.0,
    };
    for (profit, probability) in [(99.9, 0.0), (100.1, 1.0)] {
        let margin = pair(profit).log_margin();
        assert!((margin.terminal(1.0) - probability).abs() < 1e-300);
        assert!((margin.first_passage(1.0) - probability).abs() < 1e-300);
        assert!((margin.first_passage_checked(1.0, 365) - probability).abs() < 1e-300);
    }
    close(pair(100.1).expected_excess_usd(1.0), 0.1, 1e-12);
}
