//! The engine against closed forms: each simulated share within four standard errors.

use stakewright::random::Seed;
use stakewright::sim::{
    Attack, Cap, Coalition, Compensation, Cost, Ensemble, Factor, Jumps, Monitoring, NEVER,
    Operators, Plan, Progress, Record, SharedJumps, Take, Uncertainty, Weights, When, simulate,
};

/// One asset worth 1 USD, one operator with `stake` tokens of it, all of which burns.
pub fn single(stake: f64, volatility: f64, days: u32, attack: Attack) -> Plan {
    Plan {
        days,
        horizon_days: days,
        monitoring: Monitoring::Daily,
        assets: vec![factor(1.0, volatility)],
        value: factor(1.0, 0.0),
        shared_jumps: SharedJumps::none(1),
        correlation_root: vec![1.0, 0.0, 0.0, 1.0],
        operators: Operators {
            entities: 1,
            tokens: vec![stake],
            own_share: vec![1.0],
            franchise_usd: vec![0.0],
            weights: Weights::SlashableValue,
        },
        thresholds: vec![1.0],
        attacks: vec![attack],
        coalition: Coalition::Pooled,
        costs: vec![Cost::WholeStake],
        record: Record::Full,
        burns: Vec::new(),
        fan_days: vec![days],
        uncertainty: Uncertainty::default(),
    }
}

fn factor(start: f64, volatility: f64) -> Factor {
    Factor {
        start,
        drift_per_year: 0.0,
        volatility_per_sqrt_year: volatility,
        jumps: Jumps::NONE,
    }
}

fn takes(take: Take, when: When) -> Attack {
    Attack {
        take,
        cap: Cap::Uncapped,
        when,
        threshold: 0,
        burned_share: 1.0,
        returned_share: 0.0,
        burns: None,
        extra_profit_usd: 0.0,
        harm: stakewright::sim::Harm::TAKE,
        payout: stakewright::sim::Payout::NONE,
    }
}

fn play(plan: &Plan, paths: u64) -> Ensemble {
    simulate(plan, Seed::default(), 0..paths, &Progress::silent()).expect("nobody cancels")
}

#[track_caller]
fn assert_mean(name: &str, values: impl Iterator<Item = f64>, expected: f64) {
    let values: Vec<f64> = values.collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let error = (variance / n).sqrt();
    assert!(
        (mean - expected).abs() <= 4.0 * error,
        "{name}: {mean} ± {error}, expected {expected} ({:+.2} standard errors)",
        (mean - expected) / error
    );
}

fn share(condition: bool) -> f64 {
    f64::from(u8::from(condition))
}

/// Case A01: a geometric Brownian motion from 100 against a barrier of 60.
#[test]
fn a01_first_passage_under_continuous_monitoring() {
    let mut plan = single(
        100.0,
        0.8,
        365,
        takes(Take::Constant { usd: 60.0 }, When::Standing),
    );
    plan.monitoring = Monitoring::Continuous;
    plan.horizon_days = 30;
    plan.fan_days = vec![30, 90, 365];
    let e = play(&plan, 3_000);
    let c = &e.costs[0];
    for (day, expected) in [
        (30, 0.03330593058140859),
        (90, 0.2531815193245054),
        (365, 0.6549195975989546),
    ] {
        assert_mean(
            "first passage",
            c.first_insecure_day.iter().map(|d| share(*d <= day)),
            expected,
        );
    }
    assert_mean(
        "critical scale",
        c.critical_scale_horizon.iter().map(|s| share(*s > 1.0)),
        0.03330593058140859,
    );
    for (k, terminal) in [
        0.017318746192566035,
        0.13845730110491855,
        0.40573423802016273,
    ]
    .into_iter()
    .enumerate()
    {
        let got = c.fan.share_insecure(k);
        assert!(
            (got - terminal).abs() < 4.0 * (terminal * (1.0 - terminal) / 3_000.0).sqrt(),
            "{got} {terminal}"
        );
    }
}

/// Case A02: the same looked at once a day (exact value by backward recursion).
#[test]
fn a02_first_passage_under_daily_monitoring() {
    let plan = single(
        100.0,
        0.8,
        365,
        takes(Take::Constant { usd: 60.0 }, When::Standing),
    );
    let e = play(&plan, 3_000);
    let days = &e.costs[0].first_insecure_day;
    assert_mean(
        "365 days",
        days.iter().map(|d| share(*d != NEVER)),
        0.6375435094134,
    );
    assert_mean(
        "90 days",
        days.iter().map(|d| share(*d <= 90)),
        0.2303937089576,
    );
}

/// Case A03: lognormal stake against a lognormal value at risk, correlation 0.3.
#[test]
fn a03_two_lognormals() {
    let mut plan = single(
        150.0,
        0.7,
        365,
        takes(Take::ShareOfValue { share: 1.0 }, When::Standing),
    );
    plan.value = factor(100.0, 0.9);
    plan.correlation_root = vec![1.0, 0.0, 0.3, (1.0_f64 - 0.09).sqrt()];
    // A quarter of a year is 91.25 days: scale the volatilities so that 91 days are one.
    let stretch = (91.25_f64 / 91.0).sqrt();
    plan.assets[0].volatility_per_sqrt_year *= stretch;
    plan.value.volatility_per_sqrt_year *= stretch;
    plan.days = 91;
    plan.horizon_days = 91;
    plan.fan_days = vec![91];
    plan.monitoring = Monitoring::Continuous;
    let e = play(&plan, 3_000);
    let c = &e.costs[0];
    assert_mean(
        "ratio first passage",
        c.first_insecure_day.iter().map(|d| share(*d != NEVER)),
        0.3706969558,
    );
    let terminal = c.fan.share_insecure(0);
    assert!(
        (terminal - 0.1767424392).abs() < 4.0 * (0.1767_f64 * 0.8233 / 3_000.0).sqrt(),
        "{terminal}"
    );
    let loss = (0..e.paths).map(|i| (e.end_value_usd[i] - 150.0 * e.end_price_usd[0][i]).max(0.0));
    assert_mean("expected loss", loss, 6.418287427);
}

/// Case A07: a lognormal attack at each opportunity against a constant cost.
#[test]
fn a07_marked_opportunities() {
    let take = Take::LognormalUsd {
        log_mean: 2e6_f64.ln(),
        log_sd: 1.8,
    };
    let mut plan = single(1e8, 0.0, 365, takes(take, When::Poisson { per_year: 12.0 }));
    let e = play(&plan, 3_000);
    let c = &e.costs[0];
    let expected = 0.1634974108;
    assert_mean(
        "an attack",
        c.first_insecure_day.iter().map(|d| share(*d != NEVER)),
        expected,
    );
    assert!(
        (c.attack_probability[0] - expected).abs() < 1e-9,
        "{}",
        c.attack_probability[0]
    );
    // The expected excess is the expected take less the cost, once.
    assert_mean("a loss", c.loss_usd.iter().copied(), c.expected_loss_usd[0]);
    plan.attacks[0].take = Take::Constant { usd: 2e8 };
    plan.attacks[0].when = When::Poisson { per_year: 1.0 };
    let c = &play(&plan, 3_000).costs[0];
    let some = 1.0 - (-1.0_f64).exp();
    assert!((c.attack_probability[0] - some).abs() < 1e-12);
    assert_mean(
        "an opportunity",
        c.loss_day.iter().map(|d| share(*d != NEVER)),
        some,
    );
}

/// Case A09: opportunities taken while a driftless log margin that starts at nothing is
/// negative (arcsine law).
#[test]
fn a09_occupation_time() {
    let mut plan = single(
        1.0,
        0.8,
        365,
        takes(
            Take::Constant { usd: 1.0 },
            When::Poisson { per_year: 12.0 },
        ),
    );
    plan.assets[0].drift_per_year = 0.32;
    plan.monitoring = Monitoring::Continuous;
    let c = &play(&plan, 3_000).costs[0];
    assert_mean(
        "an attack",
        c.attack_probability.iter().copied(),
        0.8333425673601834,
    );
}

/// Case A11: moments and tails of a compensated jump diffusion.
#[test]
fn a11_merton_jumps() {
    let mut plan = single(
        1.0,
        0.6,
        365,
        takes(Take::Constant { usd: 0.5 }, When::Standing),
    );
    plan.assets[0].jumps = Jumps {
        per_year: 2.0,
        log_mean: -0.15,
        log_sd: 0.2,
        compensation: Compensation::Compensated,
    };
    let e = play(&plan, 3_000);
    let prices = &e.end_price_usd[0];
    assert_mean("martingale", prices.iter().copied(), 1.0);
    assert_mean(
        "mean of the logarithm",
        prices.iter().map(|p| p.ln()),
        -0.2361908618,
    );
    assert_mean(
        "below 0.6",
        prices.iter().map(|p| share(*p <= 0.6)),
        0.3391238368,
    );
    assert_mean(
        "below 0.3",
        prices.iter().map(|p| share(*p <= 0.3)),
        0.08432439475,
    );
}

/// Case A17: stake and loot in the same asset leave no price risk.
#[test]
fn a17_numeraire_invariance() {
    for (value, insecure) in [(99.9, 0), (100.1, 50)] {
        let mut plan = single(
            100.0,
            0.9,
            365,
            takes(Take::ShareOfValue { share: 1.0 }, When::Standing),
        );
        plan.value = factor(value, 0.9);
        plan.correlation_root = vec![1.0, 0.0, 1.0, 0.0];
        plan.monitoring = Monitoring::Continuous;
        let c = &play(&plan, 50).costs[0];
        assert_eq!(
            c.first_insecure_day.iter().filter(|d| **d != NEVER).count(),
            insecure
        );
    }
}

/// Cases C11 and C03: a rate-limited attack, and what one operator loses himself.
#[test]
fn a_rate_limit_and_an_operators_own_loss() {
    let take = Take::RateLimited {
        share: 1.0,
        most_usd: f64::INFINITY,
        usd_per_day: 2e6,
        mean_days_to_detection: 3.0,
        pause_days: 0.5,
    };
    let mut plan = single(1e8, 0.0, 2, takes(take, When::Standing));
    plan.value = factor(2e7, 0.0);
    plan.operators.own_share = vec![0.02];
    plan.operators.franchise_usd = vec![7.5e6];
    plan.costs = vec![Cost::WholeStake, Cost::OperatorRational];
    let e = play(&plan, 1);
    let expected = 2e6 * (0.5 + 3.0 * (1.0 - (-9.5_f64 / 3.0).exp()));
    assert!((e.costs[0].pfc_usd[0] / expected - 1.0).abs() < 1e-12);
    assert!((e.costs[0].coc_usd[0] / 1e8 - 1.0).abs() < 1e-12);
    assert!((e.costs[1].coc_usd[0] / 9.5e6 - 1.0).abs() < 1e-12);
    let scale = e.costs[1].critical_scale[0];
    assert!(
        scale <= 0.0,
        "the franchise alone deters {expected}: {scale}"
    );
}
