//! The engine equals the plain reference path by path, and itself at every width, thread count
//! and shard.

use proptest::prelude::*;
use stakewright::random::lanes::Width;
use stakewright::random::{Purpose, Seed, Stream};
use stakewright::sim::{
    Attack, Cap, Coalition, Columns, Compensation, Cost, Ensemble, Factor, Harm, Jumps, Monitoring,
    NEVER, Payout, Plan, Progress, Quorum, Race, Record, SharedJumps, Take, Uncertainty, Weights,
    When, reference, simulate, simulate_designs, simulate_with, workload,
};

/// A plan that uses any mixture of mechanisms.
fn random_plan(seed: u64) -> Plan {
    let mut dice = Dice(Stream::new(Seed(seed), Purpose::Other(7), 0));
    let days = 1 + dice.below(80) as u32;
    let assets: Vec<Factor> = (0..1 + dice.below(3)).map(|_| dice.factor(0.5)).collect();
    let n = assets.len();
    let entities = 1 + dice.below(9);
    let mut operators = workload::operators(entities, 100.0, &assets, Seed(seed ^ 1));
    for own in &mut operators.own_share {
        *own = dice.uniform();
    }
    for franchise in &mut operators.franchise_usd {
        *franchise = 5.0 * dice.uniform();
    }
    if dice.one_in(4) {
        let other = workload::operators(entities, 50.0, &assets, Seed(seed ^ 2));
        operators.weights = Weights::Tokens(other.tokens);
    } else if dice.one_in(5) {
        operators.weights = Weights::Fixed((0..entities).map(|_| dice.uniform()).collect());
    }
    let thresholds: Vec<f64> = (0..1 + dice.below(2))
        .map(|_| 0.2 + 0.7 * dice.uniform())
        .collect();
    let coalition = [
        Coalition::Pooled,
        Coalition::Entities,
        Coalition::LargestFirst,
    ][dice.below(3)];
    if coalition == Coalition::Entities && dice.one_in(3) {
        let quorums = (0..2 + dice.below(2)).map(|_| dice.quorum(entities, n, thresholds.len()));
        operators.weights = Weights::Quorums(quorums.collect());
    }
    let mut attacks: Vec<Attack> = (0..1 + dice.below(3))
        .map(|_| dice.attack(thresholds.len()))
        .collect();
    // Slash fractions of their own for some assets, of some attacks.
    let mut burns = Vec::new();
    if dice.one_in(3) {
        burns = (0..1 + dice.below(2))
            .map(|_| (0..n).map(|_| dice.uniform()).collect())
            .collect();
        for attack in &mut attacks {
            attack.burns = (!dice.one_in(3)).then(|| dice.below(burns.len()));
        }
    }
    let common = if dice.one_in(2) {
        0.0
    } else {
        0.9 * dice.uniform()
    };
    let matrix: Vec<Vec<f64>> = (0..=n)
        .map(|i| (0..=n).map(|j| if i == j { 1.0 } else { common }).collect())
        .collect();
    let uncertainty = dice.uncertainty(attacks.len());
    Plan {
        days,
        horizon_days: 1 + dice.below(days as usize) as u32,
        monitoring: if dice.one_in(2) {
            Monitoring::Daily
        } else {
            Monitoring::Continuous
        },
        value: dice.factor(40.0),
        shared_jumps: if dice.one_in(3) {
            SharedJumps {
                jumps: dice.jumps(),
                loading: (0..=n).map(|_| dice.uniform()).collect(),
            }
        } else {
            SharedJumps::none(n)
        },
        correlation_root: workload::cholesky(&matrix),
        operators,
        assets,
        thresholds,
        attacks,
        burns,
        coalition,
        costs: match dice.below(3) {
            0 => vec![Cost::WholeStake],
            1 => vec![Cost::OperatorRational],
            _ => vec![Cost::WholeStake, Cost::OperatorRational],
        },
        record: [
            Record::MinMargin,
            Record::Critical,
            Record::Full,
            Record::Full,
        ][dice.below(4)],
        fan_days: (1..=days).step_by(5).collect(),
        uncertainty,
    }
}

struct Dice(Stream);

impl Dice {
    fn uniform(&mut self) -> f64 {
        self.0.uniform()
    }
    fn below(&mut self, n: usize) -> usize {
        (self.uniform() * n as f64) as usize
    }
    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
    fn jumps(&mut self) -> Jumps {
        Jumps {
            per_year: 60.0 * self.uniform(),
            log_mean: 0.2 * self.uniform() - 0.15,
            log_sd: 0.1 * self.uniform(),
            compensation: if self.one_in(2) {
                Compensation::Compensated
            } else {
                Compensation::Uncompensated
            },
        }
    }
    fn factor(&mut self, start: f64) -> Factor {
        Factor {
            start: start * (0.5 + self.uniform()),
            drift_per_year: self.uniform() - 0.5,
            volatility_per_sqrt_year: if self.one_in(4) {
                0.0
            } else {
                1.5 * self.uniform()
            },
            jumps: if self.one_in(2) {
                Jumps::NONE
            } else {
                self.jumps()
            },
        }
    }
    /// A quorum in which some entities vote, by value, by tokens of their own or by fixed votes.
    fn quorum(&mut self, entities: usize, assets: usize, thresholds: usize) -> Quorum {
        let votes = |dice: &mut Dice, cells: usize| -> Vec<f64> {
            (0..cells)
                .map(|_| {
                    if dice.one_in(3) {
                        0.0
                    } else {
                        100.0 * dice.uniform()
                    }
                })
                .collect()
        };
        Quorum {
            weights: match self.below(3) {
                0 => Weights::SlashableValue,
                1 => Weights::Tokens(votes(self, entities * assets)),
                _ => Weights::Fixed(votes(self, entities)),
            },
            thresholds: (0..thresholds)
                .map(|_| 0.2 + 0.7 * self.uniform())
                .collect(),
        }
    }
    fn uncertainty(&mut self, attacks: usize) -> Uncertainty {
        if self.one_in(2) {
            return Uncertainty::default();
        }
        let mut spread = || {
            if self.one_in(3) {
                0.0
            } else {
                0.3 * self.uniform()
            }
        };
        Uncertainty {
            volatility: spread(),
            value_volatility: spread(),
            value: spread(),
            takes: spread(),
            opportunities: spread(),
            detection: spread(),
            crashes: spread(),
            correlation: spread(),
            races: (0..attacks)
                .map(|k| {
                    (k % 2 == 0).then_some(Race {
                        left_days: 7.0,
                        mean_days: 3.0,
                    })
                })
                .collect(),
        }
    }
    fn attack(&mut self, thresholds: usize) -> Attack {
        Attack {
            take: match self.below(5) {
                0 => Take::Constant {
                    usd: 40.0 * self.uniform(),
                },
                1 => Take::ShareOfValue {
                    share: self.uniform(),
                },
                2 => Take::LognormalShareOfValue {
                    log_mean: -self.uniform(),
                    log_sd: 0.1 + self.uniform(),
                },
                3 => Take::LognormalUsd {
                    log_mean: 1.0 + 2.0 * self.uniform(),
                    log_sd: 0.1 + self.uniform(),
                },
                _ => Take::RateLimited {
                    share: self.uniform(),
                    most_usd: if self.one_in(2) {
                        f64::INFINITY
                    } else {
                        20.0 * self.uniform()
                    },
                    usd_per_day: 10.0 * self.uniform(),
                    mean_days_to_detection: 0.1 + 5.0 * self.uniform(),
                    pause_days: self.uniform(),
                },
            },
            cap: if self.one_in(2) {
                Cap::ByValue
            } else {
                Cap::Uncapped
            },
            when: if self.one_in(2) {
                When::Standing
            } else {
                When::Poisson {
                    per_year: 300.0 * self.uniform(),
                }
            },
            threshold: self.below(thresholds),
            burned_share: self.uniform(),
            returned_share: if self.one_in(3) {
                0.1 * self.uniform()
            } else {
                0.0
            },
            burns: None,
            extra_profit_usd: if self.one_in(3) {
                10.0 * self.uniform() - 5.0
            } else {
                0.0
            },
            harm: Harm {
                fixed_usd: if self.one_in(3) {
                    20.0 * self.uniform()
                } else {
                    0.0
                },
                of_take: if self.one_in(4) {
                    0.0
                } else {
                    3.0 * self.uniform()
                },
            },
            payout: if self.one_in(3) {
                Payout::NONE
            } else {
                Payout {
                    lands: self.uniform(),
                    of_stake: self.uniform(),
                    most_usd: if self.one_in(2) {
                        30.0 * self.uniform()
                    } else {
                        f64::INFINITY
                    },
                }
            },
        }
    }
}

fn assert_close(name: &str, ours: &[f64], theirs: &[f64], tolerance: f64) {
    assert_eq!(ours.len(), theirs.len(), "{name}");
    for (path, (a, b)) in ours.iter().zip(theirs).enumerate() {
        let same = a.to_bits() == b.to_bits()
            || (a.is_nan() && b.is_nan())
            || (a - b).abs() <= tolerance * (1.0 + a.abs().max(b.abs()));
        assert!(same, "{name} of path {path}: engine {a:e}, reference {b:e}");
    }
}

fn assert_columns(ours: &Columns, theirs: &Columns, fast: bool) {
    macro_rules! close {
        ($($column:ident)*) => { $(assert_close(stringify!($column), &ours.$column, &theirs.$column, 1e-9);)* };
    }
    macro_rules! equal {
        ($($column:ident)*) => { $(assert_eq!(ours.$column, theirs.$column, stringify!($column));)* };
    }
    close!(min_margin_usd coc_usd pfc_usd min_log_ratio_horizon min_log_ratio insecure_days
        attack_probability_horizon attack_probability expected_loss_usd_horizon expected_loss_usd loss_usd
        harm_usd uncovered_usd expected_harm_usd_horizon expected_harm_usd
        expected_uncovered_usd_horizon expected_uncovered_usd);
    equal!(min_margin_day min_margin_attack first_insecure_day loss_day);
    if !fast {
        equal!(coalition_size);
    }
    // The scale is a root: of a search that ends within 1e-12, in a cost with gaps up to 1e-3.
    let tolerance = if ours.cost == Cost::WholeStake {
        1e-9
    } else {
        1e-3
    };
    assert_close(
        "critical_scale",
        &ours.critical_scale,
        &theirs.critical_scale,
        tolerance,
    );
    assert_close(
        "critical_scale_horizon",
        &ours.critical_scale_horizon,
        &theirs.critical_scale_horizon,
        tolerance,
    );
    for gap in ours.largest_gap.iter().chain(&theirs.largest_gap) {
        assert!((0.0..=1e-3).contains(gap), "a gap of {gap}");
    }
}

fn assert_agrees(plan: &Plan, paths: u64) {
    let seed = Seed(99);
    let ours = simulate(plan, seed, 3..3 + paths, &Progress::silent()).expect("nobody cancels");
    let theirs = reference::simulate(plan, seed, 3..3 + paths);
    for (a, b) in ours.costs.iter().zip(&theirs.costs) {
        assert_columns(a, b, plan.record == Record::MinMargin);
        if plan.record == Record::Full {
            assert_eq!(a.fan, b.fan);
        }
    }
    for (a, b) in ours.end_price_usd.iter().zip(&theirs.end_price_usd) {
        assert_close("end price", a, b, 1e-10);
    }
    assert_close(
        "end value",
        &ours.end_value_usd,
        &theirs.end_value_usd,
        1e-10,
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_engine_is_the_reference(seed: u64) {
        assert_agrees(&random_plan(seed), 9);
    }
}

#[test]
#[ignore = "slow: a thousand random plans over whole blocks of paths"]
fn slow_the_engine_is_the_reference_on_many_plans() {
    use rayon::prelude::*;
    (0..1_000_u64)
        .into_par_iter()
        .for_each(|seed| assert_agrees(&random_plan(seed), 40));
}

/// The common workload over whole blocks, both coalitions.
#[test]
fn the_common_workload_is_the_references() {
    for coalition in [Coalition::Pooled, Coalition::LargestFirst] {
        assert_agrees(&workload::common(coalition), 40);
    }
}

/// A path of an uncertain plan is, to the bit, that path of the plan which its parameters were
/// drawn into.
#[test]
fn an_uncertain_path_is_the_path_of_the_plan_it_drew() {
    let uncertain = (0..200)
        .map(random_plan)
        .filter(|plan| !plan.uncertainty.is_none() && plan.record == Record::Full);
    for plan in uncertain.take(12) {
        let seed = Seed(17);
        let whole = simulate(&plan, seed, 30..70, &Progress::silent()).expect("nobody cancels");
        for path in 30..70 {
            let alone = simulate(
                &plan.of_path(seed, path),
                seed,
                path..path + 1,
                &Progress::silent(),
            )
            .expect("nobody cancels");
            let index = path as usize - 30;
            for (all, one) in whole.costs.iter().zip(&alone.costs) {
                let same = |a: f64, b: f64, name: &str| {
                    assert!(
                        a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
                        "{name} of path {path}: {a:e} {b:e}"
                    );
                };
                same(all.min_margin_usd[index], one.min_margin_usd[0], "margin");
                same(all.min_log_ratio[index], one.min_log_ratio[0], "ratio");
                same(
                    all.critical_scale_horizon[index],
                    one.critical_scale_horizon[0],
                    "scale",
                );
                same(
                    all.attack_probability[index],
                    one.attack_probability[0],
                    "attack",
                );
                same(all.loss_usd[index], one.loss_usd[0], "loss");
            }
            assert_eq!(
                whole.end_value_usd[index].to_bits(),
                alone.end_value_usd[0].to_bits()
            );
        }
    }
}

fn bits(ensemble: &Ensemble) -> String {
    // The shortest text that reads back as the same number tells bits apart, and NaN from NaN not.
    format!("{ensemble:?}")
}

#[test]
fn p11_every_width_and_thread_count_gives_the_same_bits() {
    for seed in [3, 13] {
        let plan = random_plan(seed);
        let run = |width, threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .expect("a pool");
            let plans = std::slice::from_ref(&plan);
            let played =
                pool.install(|| simulate_with(width, plans, Seed(4), 0..600, &Progress::silent()));
            bits(&played.expect("nobody cancels")[0])
        };
        let expected = run(Width::detect(), 1);
        for threads in [2, 3, 7] {
            assert!(
                run(Width::detect(), threads) == expected,
                "{threads} threads"
            );
        }
        for width in Width::available() {
            assert!(run(width, 2) == expected, "{}", width.name());
        }
    }
}

#[test]
fn shards_merge_in_any_order_to_the_same_bits() {
    let plan = random_plan(21);
    let play =
        |range| simulate(&plan, Seed(4), range, &Progress::silent()).expect("nobody cancels");
    let whole = play(0..1_000);
    let cuts = [0, 1, 33, 500, 512, 999, 1_000];
    let mut shards: Vec<Ensemble> = cuts.windows(2).map(|c| play(c[0]..c[1])).collect();
    shards.reverse();
    shards.swap(0, 3);
    assert!(bits(&Ensemble::merge(shards)) == bits(&whole));
}

#[test]
fn designs_played_together_are_designs_played_alone() {
    let mut plans = vec![random_plan(34)];
    for k in 1..4 {
        let mut plan = plans[0].clone();
        for tokens in &mut plan.operators.tokens {
            *tokens *= 1.0 + f64::from(k);
        }
        plan.attacks[0].burned_share *= 0.5;
        plans.push(plan);
    }
    let together =
        simulate_designs(&plans, Seed(4), 0..100, &Progress::silent()).expect("nobody cancels");
    for (plan, ensemble) in plans.iter().zip(&together) {
        let alone = simulate(plan, Seed(4), 0..100, &Progress::silent()).expect("nobody cancels");
        assert!(bits(&alone) == bits(ensemble));
    }
}

#[test]
fn a_cancelled_run_gives_nothing() {
    let cancel = std::sync::atomic::AtomicBool::new(true);
    let progress = Progress {
        finished: &|_| {},
        cancel: &cancel,
    };
    assert!(simulate(&random_plan(1), Seed(4), 0..100, &progress).is_none());
}

#[test]
fn progress_counts_every_path() {
    let count = std::sync::atomic::AtomicU64::new(0);
    let cancel = std::sync::atomic::AtomicBool::new(false);
    let progress = Progress {
        finished: &|n| {
            count.fetch_add(n, std::sync::atomic::Ordering::Relaxed);
        },
        cancel: &cancel,
    };
    let played = simulate(&random_plan(1), Seed(4), 7..1_300, &progress).expect("nobody cancels");
    assert_eq!(played.paths, 1_293);
    assert_eq!(count.into_inner(), 1_293);
    assert!(
        played.costs[0]
            .min_margin_day
            .iter()
            .all(|d| *d == NEVER || *d <= 80)
    );
}
