//! Laws that the formulas obey at every input.
#![expect(
    clippy::float_cmp,
    reason = "equal by construction: what was written, or infinite on both sides"
)]

use proptest::collection::vec;
use proptest::prelude::*;
use stakewright::economics::coalition::{
    Effort, cheapest_cover, cheapest_joint_cover, greedy_cover, sum_by_entity,
};
use stakewright::economics::franchise::AtStake;
use stakewright::economics::jumps::JumpDiffusion;
use stakewright::economics::network::Service;
use stakewright::economics::network::graph::RestakingGraph;
use stakewright::economics::network::joint::Allocations;
use stakewright::economics::network::shock_loss_bound;
use stakewright::economics::opportunities::{attacked, expected_years_under_water};
use stakewright::economics::passage::{CostAndProfit, LogMargin};
use stakewright::economics::slashing::{
    Landing, Magnitudes, Race, after_recapture_usd, risk_premium,
};
use stakewright::economics::supply::{SupplyCurve, SupplyStep, Terms};
use stakewright::stats::proportion::{clopper_pearson, wilson};
use stakewright::stats::quantile::{quantile_interval, tolerance_upper};

fn cost(costs: &[f64], weights: &[f64], share: f64) -> f64 {
    let threshold = share * weights.iter().sum::<f64>();
    let cover = cheapest_cover(costs, weights, threshold, Effort::REPORTED).unwrap();
    assert!(cover.is_exact(), "{cover:?}");
    cover.cost
}

/// A restaking graph of up to six validators and three services.
fn graphs() -> impl Strategy<Value = RestakingGraph> {
    (2_usize..7, 1_usize..4).prop_flat_map(|(validators, services)| {
        let stakes = vec(0.1..5.0, validators);
        let prizes = vec((0.0..3.0, 0.2..1.0), services);
        let edges = vec(any::<bool>(), validators * services);
        (stakes, prizes, edges).prop_map(move |(stakes, prizes, edges)| RestakingGraph {
            stakes,
            services: prizes
                .into_iter()
                .map(|(prize, threshold)| Service { prize, threshold })
                .collect(),
            edges: (0..validators * services)
                .filter(|&index| edges[index])
                .map(|index| (index / services, index % services))
                .collect(),
        })
    })
}

fn curves() -> impl Strategy<Value = SupplyCurve> {
    let elastic = (1e7..1e9, 0.005..0.1, 0.2..5.0).prop_map(|(s, r, elasticity)| {
        SupplyCurve::ConstantElasticity {
            reference_stake_usd: s,
            reference_yield: r,
            elasticity,
        }
    });
    let logistic =
        (1e7..1e9, 0.01..0.1, 0.002..0.03).prop_map(|(s, midpoint_yield, yield_scale)| {
            SupplyCurve::Logistic {
                capacity_usd: s,
                midpoint_yield,
                yield_scale,
            }
        });
    let steps = vec((0.001..0.2, 1e6..1e8), 1..12).prop_map(|steps| {
        let step = |(reservation_yield, stake_usd)| SupplyStep {
            reservation_yield,
            stake_usd,
        };
        SupplyCurve::Steps(steps.into_iter().map(step).collect())
    });
    prop_oneof![elastic, logistic, steps]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    // P1
    #[test]
    fn p1_cost_rises_with_threshold_slash_and_detection_and_falls_with_recapture(
        stakes in vec(0.1..100.0, 1..14),
        shares in (0.05..1.0, 0.05..1.0),
        probabilities in (0.0..1.0, 0.0..1.0),
    ) {
        let (low, high) = (f64::min(shares.0, shares.1), f64::max(shares.0, shares.1));
        prop_assert!(cost(&stakes, &stakes, low) <= cost(&stakes, &stakes, high) * (1.0 + 1e-12));
        let (less, more) = (f64::min(probabilities.0, probabilities.1), f64::max(probabilities.0, probabilities.1));
        let landing = |attributable| Landing { attributable, ..Landing::CERTAIN }.probability();
        let operator = AtStake { delegated_usd: 9.0, own_usd: 1.0, franchise_usd: 0.5, leak_usd: 0.2 };
        prop_assert!(
            operator.operator_rational_usd(1.0, landing(less)) <= operator.operator_rational_usd(1.0, landing(more))
        );
        prop_assert!(operator.whole_stake_usd(less) <= operator.whole_stake_usd(more));
        prop_assert!(after_recapture_usd(100.0, less) >= after_recapture_usd(100.0, more));
    }

    // P2
    #[test]
    fn p2_the_currency_unit_changes_money_and_nothing_else(
        stakes in vec(0.1..100.0, 1..14), share in 0.05..1.0, unit in 1e-3..1e6_f64,
        curve in curves(), budget in 1e4..1e8,
    ) {
        let scaled: Vec<f64> = stakes.iter().map(|stake| stake * unit).collect();
        let (plain, other) = (cost(&stakes, &stakes, share) * unit, cost(&scaled, &scaled, share));
        prop_assert!((plain - other).abs() <= 1e-9 * other);
        let margin = |unit: f64| {
            let pair = CostAndProfit {
                cost_usd: 150.0 * unit, profit_usd: 100.0 * unit, cost_growth: 0.0, profit_growth: 0.1,
                cost_volatility: 0.7, profit_volatility: 0.5, correlation: share,
            };
            pair.log_margin().first_passage(1.0)
        };
        prop_assert!((margin(1.0) - margin(unit)).abs() < 1e-12);
        let in_unit = match curve.clone() {
            SupplyCurve::ConstantElasticity { reference_stake_usd, reference_yield, elasticity } =>
                SupplyCurve::ConstantElasticity {
                    reference_stake_usd: reference_stake_usd * unit, reference_yield, elasticity,
                },
            SupplyCurve::Logistic { capacity_usd, midpoint_yield, yield_scale } =>
                SupplyCurve::Logistic { capacity_usd: capacity_usd * unit, midpoint_yield, yield_scale },
            SupplyCurve::Steps(steps) => SupplyCurve::Steps(
                steps.into_iter().map(|s| SupplyStep { stake_usd: s.stake_usd * unit, ..s }).collect()),
        };
        let terms = Terms { operator_fee: 0.1, premium: 0.01 };
        let plain = curve.equilibrium(budget, terms).stake_usd * unit;
        let other = in_unit.equilibrium(budget * unit, terms).stake_usd;
        prop_assert!((plain - other).abs() <= 1e-9 * other.max(1e-300), "{} {}", plain, other);
    }

    // P3
    #[test]
    fn p3_operators_of_one_hand_count_as_one(
        stakes in vec(0.1..100.0, 2..12), share in 0.05..1.0, cut in 0.0..1.0, which in any::<prop::sample::Index>(),
    ) {
        let split = which.index(stakes.len());
        let mut operators = stakes.clone();
        operators[split] = cut * stakes[split];
        operators.push(stakes[split] - cut * stakes[split]);
        let mut entity_of: Vec<usize> = (0..stakes.len()).collect();
        entity_of.push(split);
        let together = sum_by_entity(&entity_of, &operators);
        let (before, after) = (cost(&stakes, &stakes, share), cost(&together, &together, share));
        prop_assert!((before - after).abs() <= 1e-9 * before);
    }

    // The search never beats the truth, and the greedy answer never beats the search.
    #[test]
    fn bounds_hold_around_the_cheapest_cover(
        entities in vec((0.0..50.0, 0.1..50.0), 1..60), share in 0.05..1.0, gap in 0.0..0.2, nodes in 1_u64..50,
    ) {
        let (costs, weights): (Vec<f64>, Vec<f64>) = entities.into_iter().unzip();
        let threshold = share * weights.iter().sum::<f64>();
        let exact = cheapest_cover(&costs, &weights, threshold, Effort::REPORTED).unwrap();
        let hurried = cheapest_cover(&costs, &weights, threshold, Effort { relative_gap: gap, nodes }).unwrap();
        let greedy = greedy_cover(&costs, &weights, threshold).unwrap();
        prop_assert!(hurried.lower_bound <= exact.cost * (1.0 + 1e-12) && exact.cost <= hurried.cost * (1.0 + 1e-12));
        prop_assert!(exact.cost <= greedy.cost * (1.0 + 1e-12));
        let reached: f64 = exact.members.iter().map(|&member| weights[member]).sum();
        prop_assert!(reached >= threshold * (1.0 - 1e-11));
    }

    #[test]
    fn several_quorums_cost_at_least_the_dearest_and_at_most_their_sum(
        entities in vec((0.1..50.0, 0.0..50.0, 0.0..50.0), 2..25), shares in (0.1..0.9, 0.1..0.9),
    ) {
        let costs: Vec<f64> = entities.iter().map(|e| e.0).collect();
        let weights = vec![entities.iter().map(|e| e.1).collect::<Vec<_>>(), entities.iter().map(|e| e.2).collect()];
        let thresholds = [shares.0 * weights[0].iter().sum::<f64>(), shares.1 * weights[1].iter().sum::<f64>()];
        let single = |q: usize| cheapest_cover(&costs, &weights[q], thresholds[q], Effort::REPORTED).unwrap().cost;
        let joint = cheapest_joint_cover(&costs, &weights, &thresholds, Effort::REPORTED).unwrap();
        prop_assert!(joint.is_exact());
        prop_assert!(joint.cost >= single(0).max(single(1)) * (1.0 - 1e-12));
        prop_assert!(joint.cost <= (single(0) + single(1)) * (1.0 + 1e-12));
    }

    // P4
    #[test]
    fn p4_a_service_without_a_prize_never_changes_the_slack(graph in graphs(), backed in vec(any::<bool>(), 7), threshold in 0.1..1.0) {
        let before = graph.slack();
        let mut more = graph.clone();
        more.services.push(Service { prize: 0.0, threshold });
        let service = more.services.len() - 1;
        more.edges.extend((0..graph.stakes.len()).filter(|&v| backed[v]).map(|v| (v, service)));
        prop_assert!(before == more.slack() || (before - more.slack()).abs() < 1e-12);
    }

    #[test]
    fn the_sufficient_condition_is_sufficient(graph in graphs(), slack in 0.0..0.5) {
        if graph.condition_holds(slack) {
            prop_assert!(graph.is_secure());
            prop_assert!(graph.slack() >= slack - 1e-9);
        }
    }

    // P5
    #[test]
    fn p5_unique_stake_without_franchise_adds_up(
        rows in vec(vec(0.0..5.0, 3), 1..6), prizes in vec(0.0..8.0, 3), thresholds in vec(0.2..1.0, 3),
    ) {
        let services: Vec<Service> =
            prizes.into_iter().zip(thresholds).map(|(prize, threshold)| Service { prize, threshold }).collect();
        let stakes: Vec<f64> = rows.iter().map(|row| row.iter().sum()).collect();
        let network = Allocations { franchise: vec![0.0; rows.len()], stakes, services, allocated: rows };
        let single: Option<f64> =
            (0..3).map(|s| network.cheapest_attack(&[s], Effort::REPORTED).map(|attack| attack.margin())).sum();
        if let Some(single) = single {
            let joint = network.cheapest_attack(&[0, 1, 2], Effort::REPORTED).unwrap();
            prop_assert!((joint.margin() - single).abs() < 1e-9, "{} {}", joint.margin(), single);
        }
    }

    // The general model with w = σ is the graph model.
    #[test]
    fn graphs_and_allocations_agree(graph in graphs()) {
        let mut allocated = vec![vec![0.0; graph.services.len()]; graph.stakes.len()];
        for &(validator, service) in &graph.edges {
            allocated[validator][service] = graph.stakes[validator];
        }
        let network = Allocations {
            stakes: graph.stakes.clone(), franchise: vec![0.0; graph.stakes.len()],
            services: graph.services.clone(), allocated,
        };
        let by_sets = graph.worst_attack().map(|attack| attack.cost - attack.prize);
        let by_search = network.worst_attack(Effort::REPORTED, |_| 0.0).map(|attack| attack.margin());
        prop_assert_eq!(by_sets.is_some(), by_search.is_some());
        if let (Some(a), Some(b)) = (by_sets, by_search) {
            prop_assert!((a - b).abs() < 1e-9, "{} {}", a, b);
        }
    }

    // P6
    #[test]
    fn p6_ever_is_at_least_as_likely_as_in_the_end(
        x in -0.5..3.0, nu in -2.0..2.0, volatility in 0.05..2.0, years in 0.01..3.0, checks in 1_usize..20,
    ) {
        let margin = LogMargin { log_margin: x, log_drift: nu, volatility };
        let (ever, end) = (margin.first_passage(years), margin.terminal(years));
        let checked = margin.first_passage_checked(years, checks);
        prop_assert!(ever >= end - 1e-14 && (0.0..=1.0).contains(&ever));
        prop_assert!(checked >= end - 1e-12 && checked <= ever + 1e-12, "{} {} {}", end, checked, ever);
    }

    // P7
    #[test]
    fn p7_attacks_lie_between_their_limits(
        x in -0.5..1.5, nu in -1.0..1.0, volatility in 0.2..1.5, years in 0.05..2.0, rate in 0.01..500.0,
    ) {
        let margin = LogMargin { log_margin: x, log_drift: nu, volatility };
        let probability = attacked(&margin, rate, years);
        prop_assert!(probability <= margin.first_passage(years) + 1e-11);
        // Jensen: 1 − E e^(−λ occ) ≤ 1 − e^(−λ E occ) ≤ λ E occ.
        let expected = rate * expected_years_under_water(&margin, years);
        prop_assert!(probability <= -(-expected).exp_m1() + 1e-9, "{} {}", probability, expected);
        prop_assert!(attacked(&margin, rate * 1.5, years) >= probability - 1e-11);
        // λ → 0: λ E occ, to second order; λ → ∞: the first passage.
        let rare = attacked(&margin, 1e-4, years) / (1e-4 / rate * expected);
        prop_assert!((rare - 1.0).abs() < 1e-3 || expected / rate < 1e-6, "{}", rare);
        let often = attacked(&margin, 1e6, years);
        prop_assert!(margin.first_passage(years) - often < 0.02, "{} {}", often, margin.first_passage(years));
    }

    // P9
    #[test]
    fn p9_losses_after_a_shock_grow_with_it_and_stay_below_the_bound(graph in graphs(), shocks in (0.0..0.6, 0.0..0.6)) {
        let (less, more) = (f64::min(shocks.0, shocks.1), f64::max(shocks.0, shocks.1));
        let (small, large) = (graph.loss_after_shock(less), graph.loss_after_shock(more));
        prop_assert!(small >= less && small <= large + 1e-12);
        let slack = graph.slack();
        if slack > 1e-9 && slack.is_finite() && more > 0.0 {
            prop_assert!(large < shock_loss_bound(slack, more) + 1e-9, "{} {}", large, slack);
        }
    }

    // P10
    #[test]
    fn p10_a_slash_conserves_tokens_and_only_lowers_magnitudes(
        allocated in vec(0.0..5000.0, 1..6), free in 1.0..5000.0, slashes in vec((any::<prop::sample::Index>(), 0.0..1.0), 1..10),
    ) {
        let mut operator = Magnitudes { allocated, free, tokens: 200.0 };
        let mut gone = 0.0;
        for (which, fraction) in slashes {
            let before = operator.clone();
            let index = which.index(operator.allocated.len());
            let taken = operator.slash(index, fraction);
            // It takes its share of what was allocated there, and of nothing else.
            let expected = fraction * before.tokens_of(before.allocated[index]);
            prop_assert!((taken - expected).abs() < 1e-9, "{} {}", taken, expected);
            let left = (1.0 - fraction) * before.allocated[index];
            prop_assert!((operator.allocated[index] - left).abs() < 1e-9 * (1.0 + left));
            gone += taken;
            prop_assert!((operator.tokens + gone - 200.0).abs() < 1e-9);
            for other in 0..operator.allocated.len() {
                prop_assert!(operator.allocated[other] <= before.allocated[other]);
                if other != index {
                    let (now, then) = (operator.tokens_of(operator.allocated[other]), before.tokens_of(before.allocated[other]));
                    prop_assert!((now - then).abs() < 1e-9, "{} {}", now, then);
                }
            }
        }
    }

    // P12
    #[test]
    fn p12_more_budget_brings_more_stake_at_a_higher_yield(
        curve in curves(), budgets in (1e3..1e8, 1e3..1e8), fee in 0.0..0.5, premium in 0.0..0.05,
    ) {
        let terms = Terms { operator_fee: fee, premium };
        let (less, more) = (f64::min(budgets.0, budgets.1), f64::max(budgets.0, budgets.1));
        let (small, large) = (curve.equilibrium(less, terms), curve.equilibrium(more, terms));
        prop_assert!(small.stake_usd <= large.stake_usd * (1.0 + 1e-10), "{:?} {:?}", small, large);
        prop_assert!(small.gross_yield <= large.gross_yield * (1.0 + 1e-10) || small.stake_usd == 0.0);
        if more > 1.001 * less && large.stake_usd > 0.0 && !matches!(curve, SupplyCurve::Steps(_)) {
            prop_assert!(small.gross_yield < large.gross_yield);
            // Strictly, but for a curve that has no stake left to give.
            let left = match &curve {
                SupplyCurve::Logistic { capacity_usd, .. } => small.stake_usd < 0.999 * capacity_usd,
                _ => true,
            };
            prop_assert!(!left || small.stake_usd < large.stake_usd, "{:?} {:?}", small, large);
            // Less than in proportion: d ln S / d ln B is below one.
            prop_assert!(large.stake_usd <= small.stake_usd * (more / less) * (1.0 + 1e-9));
        }
        // Whatever meets, the budget is spent on the stake that it brings.
        for (budget, met) in [(less, &small), (more, &large)] {
            prop_assert!((met.gross_yield * met.stake_usd - budget).abs() <= 1e-9 * budget || met.stake_usd == 0.0);
        }
    }

    #[test]
    fn a_slash_premium_rises_with_everything_that_hurts(
        p in 0.0..1.0, f in 0.0..0.999, g in 0.0..8.0, step in 0.0..0.2,
    ) {
        let premium = risk_premium(p, f, g);
        prop_assert!((0.0..=1.0).contains(&premium));
        prop_assert!(premium >= p * f * (1.0 - 1e-12));
        prop_assert!(risk_premium(f64::min(p + step, 1.0), f, g) >= premium * (1.0 - 1e-12));
        prop_assert!(risk_premium(p, f64::min(f + step, 0.999), g) >= premium * (1.0 - 1e-12));
        prop_assert!(risk_premium(p, f, g + step) >= premium * (1.0 - 1e-9));
    }

    #[test]
    fn a_race_is_won_less_often_by_whoever_is_slower(
        window in 1.0..30.0, queued in 0.0..10.0, process in 0.0..10.0, mean in 0.01..20.0, stages in 1_u32..6, step in 0.0..3.0,
    ) {
        let race = Race { window_days: window, queued_days: queued, process_days: process, mean_detection_days: mean, detection_stages: stages };
        let wins = race.lands_in_time();
        for slower in [
            Race { queued_days: queued + step, ..race },
            Race { process_days: process + step, ..race },
            Race { mean_detection_days: mean + step, ..race },
        ] {
            prop_assert!(slower.lands_in_time() <= wins + 1e-12);
        }
    }

    #[test]
    fn a_jump_diffusion_has_a_rising_distribution(
        volatility in 0.1..1.5, rate in 0.0..20.0, mean in -0.5..0.3, deviation in 0.0..0.4, years in 0.01..2.0, levels in (0.1..3.0, 0.1..3.0),
    ) {
        let model = JumpDiffusion { mean_growth: 0.0, volatility, jump_rate: rate, jump_mean: mean, jump_deviation: deviation };
        let (low, high) = (f64::min(levels.0, levels.1), f64::max(levels.0, levels.1));
        let (a, b) = (model.cdf(low, years), model.cdf(high, years));
        prop_assert!(a >= 0.0 && a <= b + 1e-14 && b <= 1.0 + 1e-12, "{} {}", a, b);
    }

    #[test]
    fn intervals_hold_their_estimate(k in 0_u64..500, extra in 0_u64..100_000, confidence in 0.5..0.999) {
        let n = k + extra.max(1);
        for found in [clopper_pearson(k, n, confidence), wilson(k, n, confidence)] {
            prop_assert!(found.low <= found.value && found.value <= found.high, "{:?}", found);
            prop_assert!(found.low >= 0.0 && found.high <= 1.0);
        }
        prop_assert!(clopper_pearson(k, n, confidence).half_width() >= wilson(k, n, confidence).half_width() * 0.8);
    }

    #[test]
    fn quantile_bounds_bracket_the_quantile(mut sample in vec(-1e3..1e3, 1..400), level in 0.01..0.99, confidence in 0.5..0.99) {
        sample.sort_by(f64::total_cmp);
        let found = quantile_interval(&sample, level, confidence);
        prop_assert!(found.low <= found.value && found.value <= found.high, "{:?}", found);
        if let Some(bound) = tolerance_upper(&sample, 1.0 - level, confidence) {
            prop_assert!(bound >= found.value, "{} {:?}", bound, found);
        }
    }
}

/// The tolerance bound covers: over many samples it lies below the true quantile in at most the
/// promised share of them.
#[test]
fn the_tolerance_bound_keeps_its_promise() {
    use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
    let mut rng = ChaCha8Rng::seed_from_u64(2_026);
    let (samples, n, tolerance) = (4000, 700, 0.01);
    let mut broken = 0;
    for _ in 0..samples {
        let mut sample: Vec<f64> = (0..n).map(|_| rng.random::<f64>()).collect();
        sample.sort_by(f64::total_cmp);
        if tolerance_upper(&sample, tolerance, 0.95).unwrap() < 1.0 - tolerance {
            broken += 1;
        }
    }
    // At most 200 expected; five standard deviations (14) above that is a broken bound, and a
    // bound that never fails would be wasteful.
    assert!(broken <= 270 && broken > 40, "{broken} of {samples}");
}
