//! Estimators and their guarantees.
#![expect(
    clippy::float_cmp,
    reason = "equal by construction: what was written, or infinite on both sides"
)]

use super::{close, nine};
use stakewright::random::Sobol;
use stakewright::stats::normal;
use stakewright::stats::pareto::ParetoTail;
use stakewright::stats::proportion::{
    acceptance_number, clopper_pearson, clopper_pearson_upper, wilson, zero_failure_paths,
};
use stakewright::stats::selection::{KimNelson, budget_allocation, difference_variance};
use stakewright::stats::special::student_quantile;
use stakewright::stats::tail::{
    hill, lognormal_shortfall, normal_shortfall, normal_shortfall_variance, student_shortfall,
    weissman_quantile,
};
use stakewright::stats::weighted::{
    counting_relative_variance, empirical_bernstein_half_width, shifted_normal_relative_variance,
    splitting_relative_variance,
};

#[test]
fn e01_paths_that_certify_without_a_failure() {
    for (tolerance, confidence, paths) in [
        (0.01, 0.95, 299),
        (0.001, 0.95, 2995),
        (1e-4, 0.95, 29_956),
        (0.001, 0.99, 4603),
    ] {
        assert_eq!(zero_failure_paths(tolerance, confidence), paths);
    }
}

#[test]
fn e02_intervals_of_a_share() {
    nine(
        clopper_pearson_upper(3, 10_000, 0.95),
        0.000_775_181_379_010_099_7,
    );
    let exact = clopper_pearson(3, 10_000, 0.95);
    nine(exact.low, 6.187_148_574_838_713e-5);
    nine(exact.high, 0.000_876_474_522_514_000_7);
    let score = wilson(3, 10_000, 0.95);
    nine(score.low, 0.000_102_032_199_417_810_12);
    nine(score.high, 0.000_881_735_772_236_379_5);
    nine(
        clopper_pearson_upper(0, 3000, 0.95),
        0.000_998_079_011_996_586_5,
    );
    nine(
        clopper_pearson_upper(7, 20_000, 0.95),
        0.000_657_304_647_467_234,
    );
}

#[test]
fn e03_failures_that_still_certify() {
    for (paths, failures) in [
        (3000, 0),
        (5000, 1),
        (10_000, 4),
        (20_000, 12),
        (50_000, 38),
    ] {
        assert_eq!(acceptance_number(paths, 0.001, 0.95), Some(failures));
    }
}

#[test]
fn e04_what_a_shifted_normal_gains() {
    for (c, p, relative, reduction) in [
        (
            3.0,
            0.001_349_898_031_630_093_3,
            3.387_166_142_617_181_7,
            218.411_693_888_241_1,
        ),
        (
            4.0,
            3.167_124_183_311_986e-5,
            4.511_108_668_286_115,
            6_999.030_140_110_454,
        ),
        (
            5.0,
            2.866_515_718_791_933e-7,
            5.677_286_132_869_121,
            614_475.773_387_678_9,
        ),
    ] {
        nine(normal::cdf(-c), p);
        nine(shifted_normal_relative_variance(c), relative);
        nine(
            counting_relative_variance(p) / shifted_normal_relative_variance(c),
            reduction,
        );
    }
}

#[test]
fn e05_relative_variance_of_splitting() {
    // (1 + 0.9 / 100)^4 - 1, and three levels of 0.2 with one of 0.05.
    nine(
        splitting_relative_variance(&[0.1; 4], 1_000),
        0.03648892256099967,
    );
    nine(
        splitting_relative_variance(&[0.2, 0.2, 0.2, 0.05], 500),
        0.06311182745600008,
    );
    // One level is counting: (1 - p) / (n p).
    nine(splitting_relative_variance(&[0.01], 100), 0.99);
}

#[test]
fn e06_shortfall_beyond_a_generalised_pareto_threshold() {
    let tail = |shape: f64| ParetoTail {
        threshold: 10.0,
        shape,
        scale: 5.0,
        exceedance: 0.2,
    };
    nine(tail(0.7).quantile(0.01), 61.01293307670063);
    nine(
        tail(0.7).expected_shortfall(0.01).expect("a finite mean"),
        196.7097769223354,
    );
    // Without a shape it is exponential: the mean excess is the scale everywhere.
    nine(tail(0.0).quantile(0.01), 24.978661367769952);
    nine(
        tail(0.0).expected_shortfall(0.01).expect("a finite mean"),
        29.978661367769952,
    );
    assert_eq!(tail(1.0).expected_shortfall(0.01), None, "no finite mean");
}

#[test]
fn e07_hill_and_weissman_on_powers_of_two() {
    let powers: Vec<f64> = (0..10).map(|i| 2.0_f64.powi(i)).collect();
    let shape = hill(&powers, 4);
    nine(shape, 1.732_867_951_399_863_3);
    nine(1.0 / shape, 0.577_078_016_355_585_3);
    nine(
        weissman_quantile(&powers, 4, 0.001),
        1_033_180.842_818_590_7,
    );
}

#[test]
fn e08_expected_shortfall_of_known_distributions() {
    nine(normal_shortfall(0.99), 2.665_214_220_345_808);
    nine((1.2 * normal::quantile(0.99)).exp(), 16.307_374_826_734_193);
    nine(lognormal_shortfall(0.0, 1.2, 0.99), 26.709_511_669_293_92);
    nine(student_quantile(0.99, 4.0), 3.746_947_387_979_196);
    nine(student_shortfall(4.0, 0.99), 5.220_584_194_492_224);
    nine(normal_shortfall(0.95), 2.062_712_808_507_427_5);
    let variance = normal_shortfall_variance(0.95);
    nine(variance, 6.079_049_931_376_501);
    nine(
        normal::two_sided(0.95) * (variance / 1e5).sqrt(),
        0.015_281_498_611_172_36,
    );
}

#[test]
fn e09_computing_budget_for_the_best_of_three() {
    // Distances 1 and 2 at deviations 1 and 2 are alike; the best gets sqrt(1 + 1/4) of that.
    let shares = budget_allocation(&[1.0, 2.0, 3.0], &[1.0, 1.0, 2.0]);
    for (found, expected) in
        shares
            .into_iter()
            .zip([0.3585701736362872, 0.3207149131818564, 0.3207149131818564])
    {
        nine(found, expected);
    }
}

#[test]
fn e10_constants_of_a_selection_procedure() {
    let constants = KimNelson::new(10, 20, 0.95);
    nine(constants.eta, 0.302_933_803_649_274_9);
    nine(constants.h_squared, 11.511_484_538_672_446);
}

#[test]
fn e11_common_random_numbers() {
    close(difference_variance(1.0, 1.0, 0.9, 1000), 0.0002, 1e-12);
    close(difference_variance(1.0, 1.0, 0.0, 1000), 0.002, 1e-12);
}

#[test]
fn e12_an_empirical_bernstein_bound() {
    nine(
        empirical_bernstein_half_width(0.04, 1_000, 1.0, 0.95),
        0.02579477772819635,
    );
}

/// Points 0 to 2^m - 1 of every coordinate are the multiples of 2^-m, in some order.
#[test]
fn e13_the_mean_of_unscrambled_sobol_points() {
    let dimensions = 8;
    let sobol = Sobol::new(dimensions);
    let mut point = vec![0.0; dimensions];
    let mut sum = vec![0.0; dimensions];
    for index in 0..1_024 {
        sobol.point(index, &mut point);
        for (sum, x) in sum.iter_mut().zip(&point) {
            *sum += x;
        }
    }
    for sum in sum {
        assert_eq!(sum / 1_024.0, 0.499_511_718_75);
    }
}
