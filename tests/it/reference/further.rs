//! The same formulas at other inputs: small and large counts, drifts, starts below zero.

use super::{close, nine};
use stakewright::economics::copula::{gaussian_joint, student_tail_dependence};
use stakewright::economics::faults::Faults;
use stakewright::economics::jumps::JumpDiffusion;
use stakewright::economics::opportunities::attacked;
use stakewright::economics::passage::LogMargin;
use stakewright::economics::slashing::{Race, risk_premium};
use stakewright::economics::supply::{SupplyCurve, Terms};
use stakewright::stats::pareto::ParetoTail;
use stakewright::stats::proportion::{clopper_pearson_lower, clopper_pearson_upper};
use stakewright::stats::selection::budget_allocation;
use stakewright::stats::special::{beta_quantile, student_cdf, student_quantile};
use stakewright::stats::weighted::{empirical_bernstein_half_width, splitting_relative_variance};

fn margin(log_margin: f64, log_drift: f64, volatility: f64) -> LogMargin {
    LogMargin {
        log_margin,
        log_drift,
        volatility,
    }
}

#[test]
fn first_passage_with_drift_either_way_and_far_out() {
    nine(
        margin(0.25, 0.1, 0.5).first_passage(0.7),
        0.495_194_493_937_182_98,
    );
    nine(
        margin(2.0, -1.5, 1.1).first_passage(0.4),
        0.035_338_578_010_809_767,
    );
    nine(
        margin(0.9, 0.02, 0.15).first_passage(0.5),
        9.627_674_636_847_486e-18,
    );
}

#[test]
fn attacks_on_margins_that_start_above_at_and_below_zero() {
    for (x, nu, volatility, rate, years, expected) in [
        (0.4, -0.32, 0.8, 12.0, 1.0, 0.603_482_675_895_637_5),
        (0.0, 0.3, 0.5, 5.0, 2.0, 0.642_497_888_865_390_2),
        (-0.2, 0.1, 0.7, 3.0, 0.5, 0.622_601_667_421_686),
        (1.0, -0.1, 0.6, 50.0, 0.25, 0.000_459_795_184_967_761_5),
    ] {
        nine(attacked(&margin(x, nu, volatility), rate, years), expected);
    }
}

#[test]
fn binomial_bounds_from_ten_to_a_million_paths() {
    for (failures, paths, confidence, upper, lower) in [
        (0, 100, 0.95, 0.029_513_049_607_039_925, 0.0),
        (
            12,
            50,
            0.99,
            0.407_654_492_318_198_1,
            0.115_299_638_156_705_41,
        ),
        (
            250,
            100_000,
            0.975,
            0.002_829_410_059_873_396_7,
            0.002_199_999_496_427_87,
        ),
        (
            999,
            1000,
            0.95,
            0.999_948_708_021_091,
            0.995_265_006_424_500_2,
        ),
    ] {
        close(
            clopper_pearson_upper(failures, paths, confidence),
            upper,
            1e-12,
        );
        close(
            clopper_pearson_lower(failures, paths, confidence),
            lower,
            1e-12,
        );
    }
    close(
        beta_quantile(0.95, 1001.0, 999_000.0),
        0.001_053_574_877_454_436_2,
        1e-12,
    );
    close(
        beta_quantile(0.975, 500_001.0, 500_001.0),
        0.500_979_980_316_147,
        1e-12,
    );
    close(
        beta_quantile(0.999, 1.0, 1e6),
        6.907_731_420_495_575e-6,
        1e-12,
    );
    close(
        beta_quantile(1e-6, 10.0, 1e7),
        1.276_818_131_783_037e-7,
        1e-12,
    );
}

#[test]
fn student_with_broken_degrees_of_freedom() {
    close(student_quantile(0.995, 4.5), 4.272_823_993_011_293, 1e-12);
    close(student_quantile(0.999, 15.0), 3.732_834_425_310_9, 1e-12);
    close(student_quantile(0.75, 3.3), 0.755_971_681_449_241_4, 1e-12);
    close(student_cdf(2.0, 4.0), 0.941_941_738_241_592_2, 1e-12);
    close(student_cdf(-0.01, 5.0), 0.496_204_009_021_290_97, 1e-12);
    close(student_cdf(-9.0, 2.5), 0.002_873_953_091_804_027_3, 1e-12);
    close(student_cdf(1.7, 30.0), 0.950_261_062_205_741_6, 1e-12);
}

#[test]
fn jump_diffusions_with_many_small_and_few_large_jumps() {
    let many = JumpDiffusion {
        mean_growth: 0.05,
        volatility: 0.4,
        jump_rate: 10.0,
        jump_mean: -0.05,
        jump_deviation: 0.1,
    };
    nine(many.cdf(0.5, 2.0), 0.245_744_128_340_735_6);
    let few = JumpDiffusion {
        mean_growth: 0.0,
        volatility: 0.9,
        jump_rate: 0.5,
        jump_mean: -0.6,
        jump_deviation: 0.05,
    };
    nine(few.cdf(1.3, 0.1), 0.845_551_636_056_396_5);
}

#[test]
fn faults_of_hundreds_of_operators() {
    nine(
        Faults::BetaBinomial { a: 2.0, b: 60.0 }.at_least(30, 200),
        0.001_738_224_225_956_819_2,
    );
    nine(
        Faults::BetaBinomial { a: 0.3, b: 20.0 }.mass(0, 1000),
        0.305_834_315_664_465_45,
    );
}

#[test]
fn dependence_at_other_correlations() {
    nine(student_tail_dependence(2.5, -0.3), 0.072_125_469_750_161_25);
    nine(student_tail_dependence(6.0, 0.9), 0.563_027_803_698_540_2);
    nine(gaussian_joint(0.01, 0.02, 0.5), 0.002_060_200_170_427_62);
    nine(gaussian_joint(0.05, 0.05, 0.95), 0.037_082_431_395_097_7);
    nine(gaussian_joint(0.001, 0.3, -0.8), 9.691_328_129_604_86e-11);
}

#[test]
fn premiums_at_other_risk_aversions() {
    nine(risk_premium(0.001, 0.5, 2.0), 0.000_999_000_999_000_999);
    nine(risk_premium(0.1, 0.9, 5.0), 0.822_212_047_791_665_5);
    nine(risk_premium(0.02, 0.3, 0.5), 0.006_522_926_959_864_239);
}

#[test]
fn supply_with_fee_and_premium() {
    let logistic = SupplyCurve::Logistic {
        capacity_usd: 5e8,
        midpoint_yield: 0.03,
        yield_scale: 0.01,
    };
    nine(
        logistic.equilibrium(8e6, Terms::NONE).stake_usd,
        259_842_872.180_348_4,
    );
    let terms = Terms {
        operator_fee: 0.1,
        premium: 0.012,
    };
    nine(
        logistic.equilibrium(2e7, terms).stake_usd,
        353_960_707.982_509_9,
    );
    let elastic = SupplyCurve::ConstantElasticity {
        reference_stake_usd: 2e8,
        reference_yield: 0.02,
        elasticity: 1.5,
    };
    let terms = Terms {
        operator_fee: 0.1,
        premium: 0.01,
    };
    nine(
        elastic.equilibrium(6e6, terms).stake_usd,
        185_896_799.279_450_63,
    );
}

#[test]
fn detection_in_stages() {
    let race = Race {
        window_days: 14.0,
        queued_days: 0.0,
        process_days: 7.0,
        mean_detection_days: 3.0,
        detection_stages: 3,
    };
    nine(race.lands_in_time(), 0.970_363_836_119_478_2);
    let slower = Race {
        queued_days: 2.5,
        mean_detection_days: 5.0,
        detection_stages: 2,
        ..race
    };
    nine(slower.lands_in_time(), 0.537_163_112_979_557_7);
}

#[test]
fn beyond_the_sample_of_a_pareto_tail() {
    let tail = ParetoTail {
        threshold: 10.0,
        shape: 0.7,
        scale: 4.0,
        exceedance: 0.08,
    };
    nine(tail.quantile(0.01), 28.783_393_429_401);
    nine(
        tail.expected_shortfall(0.01).unwrap(),
        85.944_644_764_669_95,
    );
    nine(tail.quantile(1e-4), 619.639_592_730_732_6);
    nine(
        tail.expected_shortfall(1e-4).unwrap(),
        2_055.465_309_102_441_6,
    );
}

#[test]
fn the_likeliest_pareto_tail_of_a_sample() {
    // Sixty draws of a tail of shape 0.8 and scale 2.
    let sample = [
        6.7452, 6.8582, 1.9625, 0.7725, 0.1134, 1.1806, 1.3051, 0.0944, 0.102, 730.741, 3.3216,
        0.5959, 1.447, 44.1078, 12.9869, 8.5651, 1.2243, 1.8048, 3.6694, 0.1287, 2.2832, 0.7209,
        11.1015, 0.1363, 3.7077, 10.2945, 0.5728, 12.7221, 10.4629, 0.0377, 4.184, 0.0024, 1.8763,
        1.4567, 0.4984, 0.9235, 6.7915, 0.8894, 0.3445, 4.0242, 1.5247, 6.5215, 0.5992, 0.9027,
        6.5554, 1.9026, 1.8977, 0.6014, 0.0295, 19.2893, 0.1861, 8.6048, 1.1083, 25.422, 1.2591,
        20.1675, 2.2881, 0.6142, 4.8768, 3.6345,
    ];
    let fitted = ParetoTail::fit(&sample, 0.0).unwrap();
    close(fitted.shape, 0.981_208_992_054_961, 1e-6);
    close(fitted.scale, 1.837_566_359_320_592_2, 1e-6);
}

#[test]
fn bounds_and_allocations_of_the_estimators() {
    nine(
        empirical_bernstein_half_width(0.05, 2000, 1.0, 0.95),
        0.017_886_860_776_682_09,
    );
    nine(
        splitting_relative_variance(&[0.1, 0.2, 0.15, 0.1], 500),
        0.056_453_557_375_999_885,
    );
    let shares = budget_allocation(&[1.0, 1.2, 1.5, 2.0], &[1.0, 1.5, 0.8, 2.0]);
    for (found, expected) in shares.into_iter().zip([
        0.375_021_072_435_340_33,
        0.559_704_898_511_576_2,
        0.025_472_791_825_593_51,
        0.039_801_237_227_489_85,
    ]) {
        nine(found, expected);
    }
}
