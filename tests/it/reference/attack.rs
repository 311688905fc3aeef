//! What corruption costs and brings.

use super::{close, exact, nine};
use stakewright::economics::bribery::ConditionalBribe;
use stakewright::economics::coalition::{Effort, cheapest_cover, greedy_cover};
use stakewright::economics::franchise::{AtStake, present_value};
use stakewright::economics::impact::{
    ConstantProductPool, SquareRootImpact, linear_spiral, spiral_multiplier,
};
use stakewright::economics::network::Service;
use stakewright::economics::network::graph::RestakingGraph;
use stakewright::economics::profit::ShortSale;
use stakewright::economics::safety::Safety;
use stakewright::economics::slashing::{Magnitudes, Race, after_recapture_usd};
use stakewright::units::{PerYear, UsdPerYear};

/// Cost of the cheapest coalition when the cost is the stake.
fn coalition(stakes: &[f64], threshold: f64) -> f64 {
    let cover = cheapest_cover(stakes, stakes, threshold, Effort::REPORTED).unwrap();
    assert!(cover.is_exact(), "{cover:?}");
    cover.cost
}

#[test]
fn c01_the_cheapest_coalition_is_a_subset_sum() {
    let weights = [25.0, 21.0, 17.0, 13.0, 11.0, 7.0, 5.0, 1.0];
    exact(coalition(&weights, 34.0), 34.0);
    exact(greedy_cover(&weights, &weights, 34.0).unwrap().cost, 46.0);
}

#[test]
fn c03_what_an_operator_loses_itself() {
    let at_stake = |years| AtStake {
        delegated_usd: 98e6,
        own_usd: 2e6,
        franchise_usd: present_value(UsdPerYear(1.5e6), PerYear(0.15), PerYear(0.05), years).0,
        leak_usd: 0.0,
    };
    nine(at_stake(None).operator_rational_usd(1.0, 1.0), 9.5e6);
    nine(
        at_stake(Some(10.0)).operator_rational_usd(1.0, 1.0),
        8_484_985.375_725_403,
    );
    nine(at_stake(None).whole_stake_usd(1.0), 1e8);
}

#[test]
fn c04_a_conditional_bribe_that_is_never_paid() {
    let game = ConditionalBribe::new(10.0, 1.0);
    exact(game.others_0_vote_0, 10.0);
    exact(game.others_0_vote_1, 11.0);
    exact(game.others_1_vote_0, 0.0);
    exact(game.others_1_vote_1, 10.0);
    assert!(game.attack_dominates());
    exact(game.paid(100.0), 0.0);
}

#[test]
fn c06_square_root_impact() {
    let large = SquareRootImpact {
        coefficient: 1.0,
        daily_volatility: 0.045,
        daily_volume: 200e6,
    };
    nine(large.peak(50e6), 0.0225);
    nine(large.average(50e6), 0.015);
    nine(large.sale_proceeds(50e6), 49_250_000.0);
    let small = SquareRootImpact {
        coefficient: 0.8,
        daily_volatility: 0.08,
        daily_volume: 10.0,
    };
    nine(small.peak(20.0), 0.090_509_667_991_878_1);
    nine(small.sale_proceeds(20.0) / 20.0, 0.939_660_221_338_747_9);
}

#[test]
fn c07_a_sale_into_a_constant_product_pool() {
    let pool = ConstantProductPool {
        reserve_in: 10_000.0,
        reserve_out: 2e7,
        fee: 0.003,
    };
    nine(pool.amount_out(1000.0), 1_813_221.787_760_298_2);
}

#[test]
fn c08_a_linear_spiral() {
    nine(linear_spiral(0.1, 0.4), 0.166_666_666_666_666_69);
    // A gain of 0.95 multiplies a shock by twenty: 0.1 becomes two, which is all of it.
    nine(0.1 * spiral_multiplier(0.95), 2.0);
    exact(linear_spiral(0.1, 0.95), 1.0);
    exact(linear_spiral(0.1, 1.0), 1.0);
}

#[test]
fn c09_detection_before_the_exit() {
    for (mean, window, process, expected) in [
        (3.0, 14.0, 7.0, 0.903_028_032_135_594_9),
        (5.0, 14.0, 7.0, 0.753_403_036_058_393_5),
        (3.0, 14.0, 10.0, 0.736_402_861_884_273_3),
    ] {
        let race = Race {
            window_days: window,
            queued_days: 0.0,
            process_days: process,
            mean_detection_days: mean,
            detection_stages: 1,
        };
        nine(race.lands_in_time(), expected);
        // An exit queued as many days before is as many days less.
        let queued = Race {
            window_days: window + 3.0,
            queued_days: 3.0,
            ..race
        };
        nine(queued.lands_in_time(), expected);
    }
}

#[test]
fn c12_a_short_sale() {
    let short = ShortSale {
        notional_usd: 20e6,
        drop: 0.6,
        borrow_rate: 0.4,
        held_days: 30.0,
        fee: 0.002,
    };
    nine(short.profit_usd(), 11_302_465.753_424_658);
}

#[test]
fn c13_recaptured_redistribution() {
    exact(after_recapture_usd(1e8, 0.35), 65e6);
}

#[test]
fn c15_plain_and_strong_safety_differ() {
    let safety = Safety::of(100.0 / 3.0, 30.0, 50.0, 1.0);
    close(safety.cost_usd, 33.333_333_333_333_336, 1e-12);
    assert!(safety.plain && !safety.strong);
    close(safety.uncovered_usd, 16.666_666_666_666_664, 1e-12);
}

#[test]
fn c16_a_slash_leaves_the_other_allocations_their_tokens() {
    let mut operator = Magnitudes {
        allocated: vec![2000.0, 2500.0, 2000.0],
        free: 3500.0,
        tokens: 200.0,
    };
    exact(operator.slash(0, 0.5), 20.0);
    exact(operator.allocated[0], 1000.0);
    exact(operator.total(), 9000.0);
    exact(operator.tokens, 180.0);
    exact(operator.tokens_of(operator.allocated[0]), 20.0);
    exact(operator.tokens_of(operator.allocated[1]), 50.0);
    exact(operator.tokens_of(operator.allocated[2]), 40.0);
    exact(operator.tokens_of(operator.free), 70.0);
    exact(
        operator.allocated[0] / operator.total(),
        0.111_111_111_111_111_1,
    );
    exact(
        operator.allocated[1] / operator.total(),
        0.277_777_777_777_777_8,
    );
}

#[test]
fn c17_more_stake_can_lower_the_cost() {
    exact(coalition(&[14.0, 14.0, 14.0], 0.35 * 42.0), 28.0);
    exact(coalition(&[16.0, 14.0, 14.0], 0.35 * 44.0), 16.0);
}

#[test]
fn c18_the_sufficient_condition_is_not_necessary() {
    let graph = RestakingGraph {
        stakes: vec![14.0; 3],
        services: vec![Service {
            prize: 20.0,
            threshold: 0.35,
        }],
        edges: vec![(0, 0), (1, 0), (2, 0)],
    };
    nine(graph.condition(0.0)[0], 19.047_619_047_619_047);
    assert!(!graph.condition_holds(0.0));
    assert!(graph.is_secure());
    exact(coalition(&[14.0; 3], 0.35 * 42.0), 28.0);
    exact(graph.worst_attack().unwrap().cost, 28.0);
}
