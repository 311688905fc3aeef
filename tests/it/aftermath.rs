//! Incidents, honest faults and the comparison of collateral against known answers and laws.

use crate::engine_closed_forms::single;
use crate::known_models::{constant_profit, operators_and_ranges};
use proptest::prelude::*;
use stakewright::assess::aftermath::aftermath;
use stakewright::economics::impact::{Liquidation, SquareRootImpact, linear_spiral};
use stakewright::random::Seed;
use stakewright::recommend::collateral;
use stakewright::recommend::evaluate::Evaluator;
use stakewright::sim::incident::{
    self, Collateral, Detection, Extraction, Fate, Incident, IncidentPlan, Moment, Punishment,
};
use stakewright::sim::{self, Attack, Cap, Cost, Operators, Progress, Take, When};
use stakewright::spec::model::{Choice, OwnToken, Queued, QueuedBefore};
use stakewright::spec::{Model, Parameters};
use stakewright::units::{Days, PerYear, Share, Usd};
use std::sync::atomic::AtomicBool;

/// One pool of 100 MUSD at a price of one; a threshold of a third; an attack that takes `usd`.
fn plan(usd: f64, punishment: Punishment) -> IncidentPlan {
    let attack = Attack {
        take: Take::Constant { usd },
        cap: Cap::Uncapped,
        when: When::Standing,
        threshold: 0,
        burned_share: punishment.slash,
        returned_share: 0.0,
        burns: None,
        extra_profit_usd: 0.0,
        harm: stakewright::sim::Harm::TAKE,
        payout: stakewright::sim::Payout::NONE,
    };
    let mut plan = single(100e6, 0.0, 30, attack);
    plan.thresholds = vec![1.0 / 3.0];
    plan.value.start = 1e9;
    IncidentPlan {
        plan,
        cost: Cost::WholeStake,
        collateral: vec![Collateral {
            falls: 0.0,
            impact: SquareRootImpact {
                coefficient: 1.0,
                daily_volatility: 0.0,
                daily_volume: 1e9,
            },
            loans: Vec::new(),
        }],
        punishments: vec![punishment],
        leaving: 0.0,
        selling: 0.0,
        window_days: 14.0,
        resolution_days: 7.0,
    }
}

const CERTAIN: Punishment = Punishment {
    extraction: Extraction::AtOnce,
    detection: Detection::Exponential(3.0),
    attributable: 1.0,
    delay_days: 7.0,
    vetoed: 0.0,
    executes: 1.0,
    slash: 1.0,
    redistributed: 1.0,
    recaptured: 0.0,
    queued: None,
};

fn moment(value: f64, profit: f64) -> Moment {
    Moment {
        path: 0,
        day: 1,
        price_usd: vec![1.0],
        value_usd: value,
        attack: 0,
        profit_usd: profit,
    }
}

fn play(plan: &IncidentPlan, value: f64, profit: f64, plays: usize) -> Vec<Incident> {
    incident::play_all(plan, Seed(4), &[moment(value, profit)], plays)
}

#[track_caller]
fn assert_mean(values: impl Iterator<Item = f64>, expected: f64) {
    let values: Vec<f64> = values.collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let error = (variance / n).sqrt();
    assert!(
        (mean - expected).abs() <= 4.0 * error + 1e-9 * expected.abs(),
        "{mean} ± {error}, expected {expected}"
    );
}

/// Detection in three days, dispute of seven, a window of fourteen: 0.9030 are slashed in time.
#[test]
fn c09_the_share_slashed_in_time_is_the_closed_form() {
    for (mean, delay, expected) in [
        (3.0, 7.0, 0.903_028_032_135_594_9),
        (5.0, 7.0, 0.753_403_036_058_393_5),
        (3.0, 10.0, 0.736_402_861_884_273_3),
    ] {
        let rule = Punishment {
            detection: Detection::Exponential(mean),
            delay_days: delay,
            ..CERTAIN
        };
        let played = play(&plan(10e6, rule), 1e9, 10e6, 6_000);
        assert_mean(
            played
                .iter()
                .map(|one| f64::from(u8::from(one.fate == Fate::Slashed))),
            expected,
        );
        for one in &played {
            assert_eq!(one.fate == Fate::Slashed, one.slashed_days.is_finite());
            assert!(one.slashed_days.is_infinite() || one.slashed_days <= 14.0);
        }
    }
}

/// An exit queued four days before leaves 1 - exp(-(14 - 4 - 7)/3).
#[test]
fn c10_a_queued_exit_shortens_the_window() {
    let in_time = |one: &Incident| one.staker_loss_usd / (100e6 / 3.0);
    let exits = |share: f64, before: QueuedBefore| Punishment {
        queued: Some(Queued {
            share: Share(share),
            before,
        }),
        ..CERTAIN
    };
    let by_four = QueuedBefore::By(Days(4.0));
    let whole = plan(10e6, exits(1.0, by_four));
    let played = play(&whole, 1e9, 10e6, 6_000);
    let (short, full) = (1.0 - (-1.0_f64).exp(), 1.0 - (-7.0_f64 / 3.0).exp());
    assert_mean(played.iter().map(in_time), short);
    // The rest of a coalition that queued a part leaves with the attack.
    let part = plan(10e6, exits(0.25, by_four));
    let played = play(&part, 1e9, 10e6, 6_000);
    assert_mean(played.iter().map(in_time), 0.25 * short + 0.75 * full);
    // Spread over a fortnight: the mean of 1 - exp(-(7 - u)/3) over the first of two weeks.
    let spread = plan(10e6, exits(1.0, QueuedBefore::UpTo(Days(14.0))));
    let played = play(&spread, 1e9, 10e6, 6_000);
    assert_mean(played.iter().map(in_time), 0.5 * (1.0 - 3.0 / 7.0 * full));
}

/// Attribution, veto and execution are independent of the race: their product lands.
#[test]
fn what_lands_is_the_product_that_the_promise_counts() {
    let rule = Punishment {
        attributable: 0.8,
        vetoed: 0.1,
        executes: 0.9,
        ..CERTAIN
    };
    let played = play(&plan(10e6, rule), 1e9, 10e6, 6_000);
    let landed = |one: &Incident| f64::from(u8::from(one.fate == Fate::Slashed));
    assert_mean(
        played.iter().map(landed),
        0.8 * 0.9 * 0.9 * 0.903_028_032_135_594_9,
    );
    let escaped = played
        .iter()
        .map(|one| one.escaped_usd + one.staker_loss_usd);
    for sum in escaped {
        assert!((sum - 100e6 / 3.0).abs() < 1.0, "{sum}");
    }
}

/// What leaves through a limit until detection and pause: E[min(reach, rate (T + pause))].
#[test]
fn c11_the_mean_outflow_is_the_closed_form() {
    let (rate, pause, mean, reach) = (2e6_f64, 0.25_f64, 1.5_f64, 6e6_f64);
    let rule = Punishment {
        extraction: Extraction::Limited {
            usd_per_day: rate,
            pause_days: pause,
            share: 1.0,
            most_usd: f64::INFINITY,
        },
        detection: Detection::Exponential(mean),
        ..CERTAIN
    };
    let mut limited = plan(10e6, rule);
    limited.plan.attacks[0].take = Take::RateLimited {
        share: 1.0,
        most_usd: f64::INFINITY,
        usd_per_day: rate,
        mean_days_to_detection: mean,
        pause_days: pause,
    };
    // What is left is not worth another coalition.
    let expected = rate * (pause + mean * (1.0 - (-(reach / rate - pause) / mean).exp()));
    let played = play(&limited, reach, expected, 6_000);
    assert!(played.iter().all(|one| one.further == 0));
    assert_mean(played.iter().map(|one| one.extracted_usd), expected);
    for one in &played {
        assert!(one.extracted_usd <= reach * (1.0 + 1e-12));
        let open = (one.detected_days + pause).min(reach / rate);
        assert!((one.stopped_days - open).abs() < 1e-9, "{one:?}");
    }
}

/// A redistributing slash pays seven days after it, less what the attacker gets back; what is
/// not covered is the harm above it (strong safety, C13 and C15).
#[test]
fn c13_c15_the_payout_is_what_is_slashed_and_not_recaptured() {
    let rule = Punishment {
        detection: Detection::AtOnce(1.0),
        delay_days: 2.0,
        recaptured: 0.35,
        ..CERTAIN
    };
    let harmed = play(&plan(50e6, rule), 50e6, 50e6, 50);
    for one in &harmed {
        let slashed = 100e6 / 3.0;
        assert!((one.slashed_usd - slashed).abs() < 1.0);
        assert!((one.recaptured_usd - 0.35 * slashed).abs() < 1.0);
        assert!((one.paid_usd - 0.65 * slashed).abs() < 1.0);
        assert!((one.uninsured_usd - (50e6 - 0.65 * slashed)).abs() < 1.0);
        assert!((one.paid_days - 9.0).abs() < 1e-9 && (one.slashed_days - 2.0).abs() < 1e-9);
    }
}

/// Loans spread evenly over every fall, an impact that is linear near its scale: the fall of the
/// own token is at least that of the linear spiral's first round, and it never rises with depth.
#[test]
fn c08_liquidations_deepen_the_fall_of_the_token() {
    let rule = Punishment {
        detection: Detection::AtOnce(1.0),
        ..CERTAIN
    };
    let mut token = plan(10e6, rule);
    token.collateral[0].falls = 0.2;
    let plain = play(&token, 1e9, 10e6, 1)[0];
    assert!((plain.price_fall - 0.2).abs() < 1e-12 && plain.spiral_gain.abs() <= 0.0);
    token.collateral[0] = Collateral {
        falls: 0.2,
        impact: SquareRootImpact {
            coefficient: 1.0,
            daily_volatility: 0.08,
            daily_volume: 50e6,
        },
        loans: (0..100)
            .map(|i| Liquidation {
                trigger: 0.01 * (f64::from(i) + 0.5),
                sold: 0.2e6,
            })
            .collect(),
    };
    let spiral = play(&token, 1e9, 10e6, 1)[0];
    assert!(spiral.price_fall > 0.2, "{spiral:?}");
    // The gain is what the first round adds to each unit of the shock.
    let first_round = 0.2 * (1.0 + spiral.spiral_gain);
    assert!(
        spiral.price_fall >= first_round - 1e-12
            && spiral.price_fall <= linear_spiral(0.2, spiral.spiral_gain) + 1e-12,
        "{spiral:?} {first_round}"
    );
}

/// With a third of the stake gone, a coalition of what is left is cheaper than the same loot:
/// attacks follow until the value is gone or the margin positive.
#[test]
fn what_is_left_is_attacked_until_it_pays_no_more() {
    let rule = Punishment {
        detection: Detection::AtOnce(1.0),
        ..CERTAIN
    };
    // 33.3, then 22.2, then 14.8 MUSD to corrupt what is left; each takes 30 MUSD.
    let mut rich = plan(30e6, rule);
    rich.plan.attacks[0].take = Take::Constant { usd: 30e6 };
    let secure = play(&rich, 1e9, 30e6, 1)[0];
    assert!(
        secure.further > 0,
        "the second coalition costs 22.2: {secure:?}"
    );
    let poor = plan(20e6, rule);
    assert_eq!(play(&poor, 1e9, 20e6, 1)[0].further, 0);
    // A value that is taken once is gone, to the last cent that rounding leaves.
    assert_eq!(play(&rich, 30e6 + 1e-6, 30e6, 1)[0].further, 0);
    let mut capped = plan(30e6, rule);
    capped.plan.attacks[0].cap = Cap::ByValue;
    assert_eq!(play(&capped, 30e6, 30e6, 1)[0].further, 0);
}

/// Entities act whole, and a coalition that was slashed is out.
#[test]
fn entities_fall_one_coalition_after_another() {
    let rule = Punishment {
        detection: Detection::AtOnce(1.0),
        ..CERTAIN
    };
    let mut set = plan(45e6, rule);
    set.plan.coalition = sim::Coalition::Entities;
    set.plan.thresholds = vec![0.5];
    set.plan.operators = Operators {
        entities: 3,
        tokens: vec![40e6, 40e6, 10e6],
        own_share: vec![1.0; 3],
        franchise_usd: vec![0.0; 3],
        weights: sim::Weights::SlashableValue,
    };
    // Half of 90 is 45: {40, 10} costs 50. Then 40 alone is left and costs 40 < 45.
    let one = play(&set, 1e9, 45e6, 1)[0];
    assert_eq!(one.further, 1, "{one:?}");
    assert!((one.staker_loss_usd - 90e6).abs() < 1.0, "{one:?}");
}

fn assessed(model: &Model, stake: f64, paths: u64) -> stakewright::assess::aftermath::Aftermath {
    let parameters = Parameters::reference(model).with_stake(Usd(stake));
    let mut plan = sim::compile(model, &parameters);
    plan.costs = vec![Cost::WholeStake];
    let ensemble = sim::simulate(&plan, Seed(8), 0..paths, &Progress::silent()).unwrap();
    aftermath(model, &parameters, &ensemble, &ensemble.costs[0])
}

/// Where the paths have incidents, each recorded opportunity is found again on its day.
#[test]
fn every_recorded_loss_is_played() {
    let model = operators_and_ranges();
    let found = assessed(&model, 12e6, 400);
    assert!(found.met > 50, "{}", found.met);
    let taken = found.taken.as_ref().unwrap();
    assert_eq!(taken.plays, found.met);
    let sum = taken.fates.slashed
        + taken.fates.too_late
        + taken.fates.vetoed
        + taken.fates.failed
        + taken.fates.unattributed
        + taken.fates.unseen;
    assert!((sum - 1.0).abs() < 1e-12);
    assert!(found.uninsured.estimate.value > 0.0);
    assert!(found.uninsured_tail.estimate.value >= found.uninsured.estimate.value);
    let last = taken.timeline.last().unwrap();
    assert!(
        last.extracted <= 1.0 + 1e-9 && last.detected > 0.9,
        "{last:?}"
    );
    assert!(
        taken
            .timeline
            .windows(2)
            .all(|pair| pair[0].slashed <= pair[1].slashed && pair[0].day < pair[1].day)
    );
}

/// A design that no path breaks still shows what would happen.
#[test]
fn a_safe_design_shows_the_anatomy_on_condition() {
    let model = constant_profit();
    let found = assessed(&model, 4_000e6, 200);
    assert_eq!(found.met, 0);
    assert!(found.taken.is_none());
    let condition = found.if_it_happens.unwrap();
    assert_eq!(condition.moments, 64);
    // Detection in 95 of 100 cases, whatever the delays; burned, so nothing is paid.
    assert!((condition.slashed.estimate.value - 0.95).abs() < 0.03);
    assert!(condition.paid.estimate.value.abs() <= 0.0);
    assert!((condition.uninsured.estimate.value - 60e6).abs() < 1.0);
    assert!(found.uninsured.estimate.value.abs() <= 0.0);
}

/// The closed form's model on ETH and on an own token that never correlates with anything: the
/// stake grows with volatility, and a fall of 60 % that can be sold short asks for 2.5 times it.
#[test]
fn the_same_promise_on_a_falling_token() {
    let mut model = constant_profit();
    model
        .alternatives
        .market
        .assets
        .push(stakewright::spec::model::MarketAsset {
            symbol: "OWN".into(),
            price: Usd(2.0),
            volatility: PerYear(0.8),
            drift: PerYear(0.0),
            jumps: None,
            source: "the case".into(),
            falls: Share(0.6),
            ..model.market.assets[0].clone()
        });
    model.alternatives.market.correlation = vec![
        vec![1.0, 0.5, 0.0],
        vec![0.5, 1.0, 0.0],
        vec![0.0, 0.0, 1.0],
    ];
    model.alternatives.own = OwnToken::Given;
    let cancel = AtomicBool::new(false);
    let evaluator = Evaluator::new(&model, &cancel);
    let design = Parameters::reference(&model).with_stake(Usd(353_761_244.0));
    let compared = collateral::compare(&evaluator, &design, 0.01, Seed(2), 20_000).unwrap();
    let row = |label: &str| {
        compared
            .rows
            .iter()
            .find(|row| row.label == label)
            .unwrap_or_else(|| panic!("no row {label}"))
    };
    let eth = row("all ETH");
    let (own, as_is) = (row("all own token"), row("as the set has it"));
    let same = |a: f64, b: f64, within: f64| assert!((a / b - 1.0).abs() < within, "{a} {b}");
    // D05: the stake of the closed form, inside the interval of the paths.
    assert!(eth.stake.low <= 353_761_244.3 && 353_761_244.3 <= eth.stake.high);
    same(as_is.stake.value, eth.stake.value, 1e-12);
    same(eth.stake_hedged.value, eth.stake.value, 1e-12);
    // The same volatility on the same random numbers; then what burns is worth two fifths.
    same(own.stake.value, eth.stake.value, 1e-9);
    same(own.stake_hedged.value, own.stake.value / 0.4, 1e-9);
    // A third of it is slashed at 99 % and sold into ten billion a day: C06 on what the fall left.
    let hit = 0.99 / 3.0 * own.stake.value;
    let impact = 0.8 / 365_f64.sqrt() * (0.4 * hit / 10e9).sqrt();
    same(own.left, 0.4 * (1.0 - 2.0 / 3.0 * impact), 1e-9);
    // Half in each: two quorums burn the mean of both, one quorum the cheap half first.
    let dual = row("50 % ETH, 50 % own, two quorums");
    let shared = row("half ETH, half own token, one quorum");
    assert!(dual.stake_hedged.value < shared.stake_hedged.value);
    assert!(shared.stake_hedged.value <= own.stake_hedged.value * 1.02);
    assert!(dual.stake.value < own.stake.value, "mixing diversifies");
}

/// No mix is worse than its worst part, and no news makes any row cheaper.
#[test]
fn selling_short_never_makes_collateral_cheaper() {
    let mut model = operators_and_ranges();
    for asset in &mut model.market.assets {
        asset.falls = Share(0.2);
    }
    model.alternatives.market = model.market.clone();
    let cancel = AtomicBool::new(false);
    let evaluator = Evaluator::new(&model, &cancel);
    let design = Parameters::reference(&model);
    let compared = collateral::compare(&evaluator, &design, 0.05, Seed(2), 2_000).unwrap();
    assert!(compared.rows.len() >= 3, "{:?}", compared.rows.len());
    for row in &compared.rows {
        assert!(
            row.stake_hedged.value >= row.stake.value * (1.0 - 1e-9),
            "{}: {:?} {:?}",
            row.label,
            row.stake,
            row.stake_hedged
        );
        assert!(row.left <= 0.8 + 1e-12, "{}", row.left);
    }
}

/// Accidents that no common cause brings: the mean loss of the assessment is the stated rate.
#[test]
fn accidents_cost_what_the_offences_state() {
    let mut model = constant_profit();
    model.slashing.offences[0].accidental = PerYear(0.05);
    model.slashing.offences[0].slash = Choice::Fixed(Share(0.1));
    model.operators.count = Choice::Fixed(20);
    model.faults.clustered = Share(0.5);
    model.faults.reach = Share(0.25);
    model.faults.correlation = 0.3;
    let honest = assessed(&model, 4_000e6, 20_000).honest;
    assert_eq!(honest.operators, 20);
    assert!((honest.loss_rate_stated - 0.005).abs() < 1e-15);
    let rate = &honest.loss_rate.estimate;
    assert!(
        (rate.value - 0.005).abs() < 4.0 * rate.half_width() / 1.96 + 0.005 * 0.005,
        "{rate:?}"
    );
    let years = 90.0 / 365.0;
    assert!(honest.tail_share.estimate.value > 3.0 * rate.value * years);
    let touched = 1.0 - (-0.05_f64 * years).exp();
    let found = &honest.touched.estimate;
    assert!((found.value - touched).abs() < 4.0 * found.half_width() / 1.96);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Money is conserved: what a slash takes is paid out, returned or burned; nobody is paid
    /// more than what was slashed, and what is not paid is the harm that is left.
    #[test]
    fn a_slash_pays_no_more_than_it_takes(
        falls in 0.0..0.9_f64,
        redistributed in 0.0..1.0_f64,
        back in 0.0..1.0_f64,
        slash in 0.05..1.0_f64,
        leaving in 0.0..1.0_f64,
    ) {
        let rule = Punishment { redistributed, recaptured: back * redistributed, slash, ..CERTAIN };
        let mut one = plan(20e6, rule);
        one.collateral[0].falls = falls;
        one.leaving = leaving;
        for incident in play(&one, 20e6, 20e6, 20) {
            let out = incident.paid_usd + incident.recaptured_usd;
            prop_assert!(out <= incident.slashed_usd * (1.0 + 1e-12), "{incident:?}");
            prop_assert!(incident.slashed_usd <= incident.staker_loss_usd * (1.0 + 1e-12));
            let left = (incident.extracted_usd - incident.paid_usd).max(0.0);
            prop_assert!((incident.uninsured_usd - left).abs() < 1e-6);
            prop_assert!((incident.price_fall - falls).abs() < 1e-12);
        }
    }
}
