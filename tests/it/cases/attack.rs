//! What corruption costs, what it brings, and what users lose.

use super::{agrees, density, integral, listed, near, one, play};
use crate::attack_keys::{close, model, usd};
use stakewright::assess::assess;
use stakewright::assess::variants::{Kind, Moment, compare};
use stakewright::economics::coalition::{Effort, greedy_cover};
use stakewright::sim::{NEVER, compile};
use stakewright::spec::Parameters;
use stakewright::spec::model::Model;

/// Twelve operators whose costs are not in proportion to their votes, since each must put in a
/// stake of its own; `own` tokens at 10 USD.
fn bonded(stakes: &[u32; 12], bond: &str, threshold: &str) -> Model {
    let rows: String = (0..12).map(|i| format!("o{i},{},0\n", stakes[i])).collect();
    listed(
        &format!("operator,OWN,ETH\n{rows}"),
        &[
            (
                "threshold = \"1/3\"",
                &format!("threshold = \"{threshold}\""),
            ),
            (
                "own_share = \"10 %\"",
                &format!("own_share = \"10 %\"\nown_stake_minimum = \"{bond}\""),
            ),
        ],
    )
}

/// The cheapest coalition by every one of its 4,095 subsets; taking the cheapest votes first is
/// dearer somewhere, and is never reported.
#[test]
fn c02_the_cheapest_coalition_is_not_the_greedy_one() {
    let mut overstated = 0;
    for (stakes, bond, threshold) in [
        (
            [
                91_000, 87_000, 80_000, 61_000, 55_000, 49_000, 43_000, 40_000, 31_000, 22_000,
                17_000, 9_000,
            ],
            "60 kUSD",
            "1/3",
        ),
        (
            [
                50_000, 49_000, 47_000, 46_000, 33_000, 32_000, 31_000, 30_000, 12_000, 11_000,
                10_000, 9_000,
            ],
            "33 kUSD",
            "40 %",
        ),
        (
            [
                400_000, 90_000, 80_000, 70_000, 61_000, 52_000, 43_000, 34_000, 25_000, 16_000,
                7_000, 3_000,
            ],
            "150 kUSD",
            "51 %",
        ),
        (
            [
                72_000, 71_000, 70_000, 69_000, 68_000, 67_000, 23_000, 22_000, 21_000, 20_000,
                19_000, 18_000,
            ],
            "45 kUSD",
            "2/3",
        ),
    ] {
        let model = bonded(&stakes, bond, threshold);
        let share = model.operators.threshold.high().get();
        let bond = model.operators.own_stake_minimum.unwrap().low().get();
        let weights: Vec<f64> = stakes
            .iter()
            .map(|tokens| 10.0 * f64::from(*tokens))
            .collect();
        let costs: Vec<f64> = weights
            .iter()
            .map(|w| 0.54 * (0.1 * w).max(bond.min(*w)))
            .collect();
        let needed = share * weights.iter().sum::<f64>();
        let best = (1_u32..1 << 12)
            .filter_map(|set| {
                let of = |values: &[f64]| -> f64 {
                    (0..12)
                        .filter(|o| set >> o & 1 == 1)
                        .map(|o| values[o])
                        .sum()
                };
                (of(&weights) >= needed * (1.0 - 1e-12)).then(|| of(&costs))
            })
            .fold(f64::INFINITY, f64::min);
        close(usd(&model, Kind::OperatorRational), best);
        let greedy = greedy_cover(&costs, &weights, needed).unwrap().cost;
        assert!(greedy >= best * (1.0 - 1e-12));
        overstated += u32::from(greedy > best * 1.001);
    }
    assert!(
        overstated >= 2,
        "greedy was right too often to tell: {overstated}"
    );
}

/// n equal operators, three tenths of them needed, each bribed with probability one half: a vote
/// decides with C(n-1, k-1)/2^(n-1). The slash counts in full however many they are; the fall of
/// the collateral is weighed by that chance, and with n it loses its force (Newman 2023).
#[test]
fn c05_a_collateral_loss_is_discounted_by_pivotality_and_a_slash_is_not() {
    let mut last = f64::INFINITY;
    for n in [10_u32, 20, 40, 100] {
        let k = 3 * n / 10;
        let rows: String = (0..n)
            .map(|i| format!("o{i},{},0\n", 6_000_000 / n))
            .collect();
        let of = |falls: &str| {
            listed(
                &format!("operator,OWN,ETH\n{rows}"),
                &[
                    ("falls = \"0 %\"", &format!("falls = \"{falls}\"")),
                    ("threshold = \"1/3\"", "threshold = \"30 %\""),
                ],
            )
        };
        // C(n-1, k-1) / 2^(n-1), factor by factor.
        let pivot = (1..k).fold(0.5_f64.powi(n as i32 - 1), |mass, j| {
            mass * f64::from(n - j) / f64::from(j)
        });
        let coalition = 0.3 * 60e6;
        let slash = 0.1 * 0.54 * coalition;
        close(usd(&of("0 %"), Kind::Briber), slash);
        let fall = 0.1 * 0.5 * 0.4 * coalition * pivot;
        close(usd(&of("50 %"), Kind::Briber), slash + fall);
        assert!(fall < last);
        last = fall;
    }
}

/// What leaves through a limit until detection and pause, as a mean over the time to detection, and
/// as what the simulation weighs.
#[test]
fn c11_a_rate_limit_counts_the_time_to_detection_and_pause() {
    for (limit, pause_hours, mean, value) in [
        (2e6_f64, 6.0_f64, 1.5_f64, 90e6_f64),
        (20e6, 12.0, 3.0, 90e6),
        (400e6, 6.0, 3.0, 90e6),
    ] {
        let model = model(&[
            (
                "detection = { probability = \"100 %\" }",
                &format!("detection = {{ mean = \"{mean} days\" }}"),
            ),
            (
                "takes = { sum = \"20 MUSD\" }",
                &format!(
                    "takes = {{ share = \"100 %\" }}\nextraction = {{ rate_limited = {{ limit = \"{limit} USD/day\", pause = \"{pause_hours} h\" }} }}"
                ),
            ),
        ]);
        let pause = pause_hours / 24.0;
        // Until all is gone, and the chance that nobody sees it before.
        let until = f64::max(value / limit - pause, 0.0);
        let expected = integral(0.0, until, 20_000, |t| {
            limit * (t + pause) * (-t / mean).exp() / mean
        }) + value * (-until / mean).exp();
        near(usd(&model, Kind::RateLimited), expected, 1e-9);
        for pfc in &play(&model, 4).costs[0].pfc_usd {
            near(*pfc, expected, 1e-9);
        }
    }
}

/// Lognormal loot at opportunities, twelve a year, on a pool that does not move: C = 43.2 MUSD,
/// users lose half as much again, a slash that lands pays R = min(30 MUSD, cover).
fn insured(cover: Option<&str>) -> Model {
    let insurance = cover.map_or_else(
        || "[target]".to_owned(),
        |cover| format!("[insurance]\ncover = \"{cover}\"\n[target]"),
    );
    model(&[
        ("asset = \"EIGEN\"", "asset = \"LST\""),
        (
            "[market.EIGEN]\nvolatility = \"150 %/year\"",
            "[market.LST]\nvolatility = \"0 %/year\"",
        ),
        (
            "takes = { sum = \"20 MUSD\" }",
            "takes = { lognormal = { median = \"30 MUSD\", sigma = 1.2 } }\ncap = \"none\"\nwhen = { rate = \"12/year\" }\nharm = { multiple = 1.5 }\nshort = { open_interest = \"10 MUSD\", drop = \"20 %\", borrow = \"0 %/year\", fee = \"0 %\" }",
        ),
        (
            "slash = \"60 %\"",
            "slash = \"60 %\"\nredistributed = \"70 %\"\nrecaptured = \"20 %\"",
        ),
        ("[target]", &insurance),
    ])
}

/// E[(H − R)⁺] over the loot that pays, by quadrature: with and without cover, in the mean of every
/// path and in what paths drew.
#[test]
fn c14_harm_beyond_what_slashes_and_cover_pay() {
    let (cost, short) = (0.6 * 0.9 * 0.8 * 100e6, 2e6);
    let (median, sigma, lands) = (30e6_f64, 1.2_f64, 0.9);
    let least = (((cost - short) / median).ln()) / sigma;
    let over = |of: &dyn Fn(f64) -> f64| {
        integral(least, 12.0, 40_000, |z| {
            density(z) * of(median * (sigma * z).exp())
        })
    };
    let hazard = 12.0 * over(&|_| 1.0);
    let taken = -(-hazard * 30.0 / 365.0).exp_m1();
    let first = taken * 12.0 / hazard;
    for (cover, paid) in [
        (None, 30e6),
        (Some("18 MUSD"), 18e6),
        (Some("80 MUSD"), 30e6),
    ] {
        let model = insured(cover);
        let ensemble = play(&model, 6_000);
        let columns = &ensemble.costs[0];
        let harm = first * over(&|take| 1.5 * take);
        let left =
            first * over(&|take| lands * (1.5 * take - paid).max(0.0) + (1.0 - lands) * 1.5 * take);
        let gain = first * over(&|take| take + short);
        for path in 0..20 {
            near(columns.expected_loss_usd_horizon[path], gain, 1e-6);
            near(columns.expected_harm_usd_horizon[path], harm, 1e-6);
            near(columns.expected_uncovered_usd[path], left, 1e-6);
        }
        agrees("harm", columns.harm_usd.iter().copied(), harm);
        agrees("uncovered", columns.uncovered_usd.iter().copied(), left);
        agrees(
            "first attack",
            columns.loss_day.iter().map(|day| one(*day != NEVER)),
            taken,
        );
        let assessed = assess(&ensemble, columns, 0.01, 0.95);
        near(assessed.expected_harm.estimate.value, harm, 1e-6);
        near(
            assessed.expected_uncovered_all_days.estimate.value,
            left,
            1e-6,
        );
        let tails = (
            assessed.tail_loss,
            assessed.tail_harm,
            assessed.tail_uncovered,
        );
        assert!(tails.1.estimate.value > tails.0.estimate.value && tails.2.estimate.value > 0.0);
        assert!(tails.2.estimate.value <= tails.1.estimate.value);
    }
}

/// A sum that users lose whatever is taken, and a multiple of zero: harm is no matter of profit.
#[test]
fn c15_harm_of_a_fixed_sum_is_lost_whatever_is_taken() {
    let takes = "takes = { sum = \"20 MUSD\" }";
    let harmful = |harm: &str| {
        let model = model(&[(
            takes,
            &format!("takes = {{ sum = \"60 MUSD\" }}\nharm = {harm}"),
        )]);
        let ensemble = play(&model, 8);
        (model, ensemble.costs[0].clone())
    };
    for (harm, expected) in [
        ("{ sum = \"75 MUSD\" }", 75e6),
        ("{ multiple = 0 }", 0.0),
        ("{ multiple = 3 }", 180e6),
    ] {
        let (model, columns) = harmful(harm);
        for path in 0..8 {
            // 60 MUSD against 54: taken on the first day, or as soon as it pays.
            if columns.loss_day[path] == NEVER {
                continue;
            }
            assert!((columns.harm_usd[path] - expected).abs() < 1.0);
            assert!(
                (columns.uncovered_usd[path] - expected).abs() < 1.0,
                "burned"
            );
        }
        let parameters = Parameters::reference(&model);
        let ledger = compare(
            &model,
            &parameters,
            &Moment::start(&model),
            Effort::REPORTED,
        );
        assert!((ledger.ledgers[0].harm_usd - expected).abs() < 1.0);
        assert!((compile(&model, &parameters).attacks[0].harm.of(60e6) - expected).abs() < 1.0);
    }
}
