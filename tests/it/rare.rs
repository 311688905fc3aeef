//! Risks too small to count: the estimators agree with closed forms, with the engine and with each
//! other, and refuse where they cannot tell.

use crate::known_models::{CONSTANT_PROFIT_STAKE, constant_profit, operators_and_ranges};
use stakewright::assess::Verdict;
use stakewright::random::Seed;
use stakewright::recommend::evaluate::{Evaluator, Span};
use stakewright::recommend::rare::{self, Bound, Counted, Evidence, Question};
use stakewright::recommend::{Recommendation, Search, analytic, paths_for, recommend};
use stakewright::spec::Parameters;
use stakewright::spec::model::{Estimator, Model, Monitoring};
use stakewright::stats::{Estimate, proportion};
use stakewright::units::{Share, Usd};
use std::sync::atomic::AtomicBool;

static NEVER: AtomicBool = AtomicBool::new(false);

const ESTIMATORS: [Estimator; 3] = [
    Estimator::Conditional,
    Estimator::Importance,
    Estimator::Sobol,
];

/// The evidence of fresh paths at a design, by an estimator.
fn evidence(model: &Model, design: &Parameters, estimator: Estimator, paths: u64) -> Evidence {
    let evaluator = Evaluator::new(model, &NEVER);
    let question = Question {
        risk: model.target.at_most.get(),
        seed: Seed(5),
        paths,
        estimator,
    };
    let explored = rare::explore(&evaluator, design, &question).expect("nobody cancels");
    let fresh = explored.fresh(&evaluator, design, Seed(6), paths, &[1.0]);
    fresh.expect("nobody cancels").evidence(0, 0.95)
}

/// Plain paths of the engine, counted.
fn counted(model: &Model, design: &Parameters, paths: u64) -> Estimate {
    let evaluator = Evaluator::new(model, &NEVER);
    let plan = evaluator.plan(design, Span::Horizon);
    let ensemble = evaluator
        .play(&plan, Seed(9), paths)
        .expect("nobody cancels");
    let failures = evaluator
        .curve_of(&ensemble, design.stake.get())
        .failures(design.stake.get());
    // Two-sided at four standard errors of a normal.
    proportion::clopper_pearson(failures, paths, 0.999_937)
}

#[track_caller]
fn agrees(evidence: &Evidence, exact: f64) {
    assert_eq!(evidence.refused, None, "{evidence:?}");
    let error = evidence.relative_error * evidence.risk.value;
    let z = (evidence.risk.value - exact) / error;
    assert!(
        z.abs() < 4.0,
        "{:?}: {} ± {error}, expected {exact} ({z:+.2})",
        evidence.estimator,
        evidence.risk.value
    );
}

/// P8 on case A01 with its closed form: the stake at which the first passage has probability 1 %.
#[test]
fn p8_estimators_agree_on_a_first_passage() {
    let model = constant_profit();
    let design = Parameters::reference(&model).with_stake(Usd(CONSTANT_PROFIT_STAKE));
    let gain = ESTIMATORS.map(|estimator| {
        let found = evidence(&model, &design, estimator, 16_384);
        agrees(&found, 0.01);
        found.gain
    });
    // Integrating the crossings leaves less variance than counting them, tilting less again.
    let [conditional, importance, _] = gain;
    assert!(
        conditional > 1.05 && importance > 10.0 * conditional,
        "{conditional} {importance}"
    );
    let (low, high) = {
        let counted = counted(&model, &design, 20_000);
        (counted.low, counted.high)
    };
    assert!(low < 0.01 && 0.01 < high, "{low} {high}");
}

/// P8 on forty operators, two assets with own and shared jumps, opportunities at Poisson times
/// with lognormal takes and a standing attack: no closed form, so against counting.
#[test]
fn p8_estimators_agree_with_counting_under_jumps_and_opportunities() {
    for monitoring in [Monitoring::Daily, Monitoring::Continuous] {
        let mut model = operators_and_ranges();
        model.simulation.monitoring = monitoring;
        let design = Parameters::reference(&model).with_stake(Usd(260e6));
        let plain = counted(&model, &design, 20_000);
        assert!(plain.value > 5e-4 && plain.value < 0.05, "{plain:?}");
        for estimator in ESTIMATORS {
            let found = evidence(&model, &design, estimator, 16_384);
            assert_eq!(found.refused, None, "{found:?}");
            let error = 4.0 * found.relative_error * found.risk.value;
            assert!(
                found.risk.value + error > plain.low && found.risk.value - error < plain.high,
                "{estimator:?} {monitoring:?}: {} ± {error} and {plain:?}",
                found.risk.value
            );
        }
    }
}

/// P8 at ε = 0.1 % on the model that users begin with, at the stake that it needs.
#[cfg(feature = "tables")]
#[test]
fn p8_estimators_agree_with_counting_on_user_security() {
    let model = shipped("user-security.toml", "");
    let evaluator = Evaluator::new(&model, &NEVER);
    let mut design = Parameters::reference(&model);
    design.operators = 24;
    let stake = evaluator.stake(&design, Seed(3), 20_000, 1e-3);
    let design = design.with_stake(Usd(stake.expect("nobody cancels")));
    let plain = counted(&model, &design, 40_000);
    let mut found = Vec::new();
    for estimator in ESTIMATORS {
        let one = evidence(&model, &design, estimator, 8_192);
        assert_eq!(one.refused, None, "{one:?}");
        let error = 4.0 * one.relative_error * one.risk.value;
        assert!(
            one.risk.value + error > plain.low && one.risk.value - error < plain.high,
            "{estimator:?}: {} ± {error} and {plain:?}",
            one.risk.value
        );
        found.push(one);
    }
    for one in &found[1..] {
        let (a, b) = (&found[0].risk.value, &one.risk.value);
        let error = (found[0].relative_error * a).hypot(one.relative_error * b);
        assert!((a - b).abs() < 4.0 * error, "{a} {b} ± {error}");
    }
}

#[cfg(feature = "tables")]
/// A model file of this repository with its promise replaced.
fn shipped(name: &str, at_most: &str) -> Model {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("models")
        .join(name);
    let mut text = std::fs::read_to_string(&path).expect("a model of this repository");
    if !at_most.is_empty() {
        let line = text
            .lines()
            .find(|line| line.starts_with("at_most"))
            .expect("a promise")
            .to_owned();
        text = text.replace(&line, &format!("at_most = \"{at_most}\""));
    }
    let draft = stakewright::spec::Draft::parse(&text, name).expect("a model file");
    draft
        .check(&stakewright::tables::embedded().expect("the embedded snapshot"))
        .expect("a model without faults")
}

fn run(model: &Model, seed: u64) -> Recommendation {
    let search = Search {
        seed: Seed(seed),
        paths: paths_for(model),
        assess_paths: 1_000,
        progress: &|_| {},
        cancel: &NEVER,
    };
    recommend(model, &search).expect("nobody cancels")
}

/// Stakes for one in a hundred thousand and one in a million, where counting would need millions
/// of paths, against the closed form of the first passage.
#[test]
fn small_promises_are_certified_near_the_closed_form() {
    for at_most in [1e-5, 1e-6] {
        let mut model = constant_profit();
        model.target.at_most = Share(at_most);
        let exact = analytic::stake_usd(&model, &Parameters::reference(&model));
        let exact = exact.expect("this model has a closed form");
        let found = run(&model, 1);
        assert_eq!(found.verdict, Verdict::Safe);
        let stake = &found.design.stake;
        assert!(
            stake.low <= exact && exact <= stake.high && stake.value < 1.02 * exact,
            "{exact} {stake:?}"
        );
        let weighted = found.certificate.weighted.expect("too small to count");
        assert!(found.certificate.at_most <= at_most && weighted.relative_error < 0.1);
        assert_eq!(weighted.bound, Bound::Normal);
        assert!(weighted.gain > 1e3, "{weighted:?}");
    }
}

/// Few paths do not answer: the verdict is open and says why.
#[test]
fn too_few_paths_are_refused_with_a_reason() {
    let mut model = constant_profit();
    model.target.at_most = Share(1e-5);
    model.simulation.estimator = Estimator::Conditional;
    let design = Parameters::reference(&model).with_stake(Usd(550e6));
    let evaluator = Evaluator::new(&model, &NEVER);
    let question = Question {
        risk: 1e-5,
        seed: Seed(5),
        paths: 2_000,
        estimator: Estimator::Conditional,
    };
    let explored = rare::explore(&evaluator, &design, &question).expect("nobody cancels");
    let fresh = explored
        .fresh(&evaluator, &design, Seed(6), 2_000, &[1.0])
        .expect("nobody cancels");
    let nothing = Counted {
        paths: 40_000,
        failures: 0,
    };
    let judged = fresh.judge(1e-5, 0.95, nothing);
    assert!(matches!(judged.verdict, Verdict::Undecided { .. }));
    let reason = judged.evidence.refused.expect("a reason");
    assert!(reason.contains("play more paths"), "{reason}");
}

/// Each method refuses when a diagnostic fails: too few paths to be worth fifty failures or too much
/// weight on one of them; and more insecure paths counted beside than its bound allows.
#[test]
fn every_method_refuses_when_a_diagnostic_fails() {
    let mut model = constant_profit();
    model.target.at_most = Share(1e-4);
    let design = Parameters::reference(&model).with_stake(Usd(470e6));
    let judge = |estimator, paths, counted| {
        let evaluator = Evaluator::new(&model, &NEVER);
        let question = Question {
            risk: 1e-4,
            seed: Seed(5),
            paths: 8_192,
            estimator,
        };
        let explored = rare::explore(&evaluator, &design, &question).expect("nobody cancels");
        let fresh = explored.fresh(&evaluator, &design, Seed(6), paths, &[1.0]);
        fresh.expect("nobody cancels").judge(1e-4, 0.95, counted)
    };
    let nothing = Counted {
        paths: 40_000,
        failures: 0,
    };
    for estimator in [Estimator::Conditional, Estimator::Importance] {
        let judged = judge(estimator, 60, nothing);
        assert!(!judged.verdict.is_safe(), "{estimator:?}: {judged:?}");
        let reason = judged.evidence.refused.expect("a reason");
        assert!(reason.contains("more paths"), "{estimator:?}: {reason}");
    }
    // A thousand insecure paths of 40,000 are no risk of one in ten thousand, whatever weights say.
    let many = Counted {
        paths: 40_000,
        failures: 1_000,
    };
    for estimator in ESTIMATORS {
        let judged = judge(estimator, 8_192, many);
        assert_eq!(
            judged.verdict,
            Verdict::Undecided { paths_needed: None },
            "{estimator:?}"
        );
        let reason = judged.evidence.refused.expect("a reason");
        assert!(
            reason.contains("plain paths fail"),
            "{estimator:?}: {reason}"
        );
    }
}

/// The same question has the same answer to the bit, on one thread or on two.
#[test]
fn weighted_paths_do_not_depend_on_threads() {
    let model = operators_and_ranges();
    let design = Parameters::reference(&model).with_stake(Usd(260e6));
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads")
            .install(|| evidence(&model, &design, Estimator::Importance, 3_000))
    };
    assert_eq!(on(1), on(2));
}

/// The promise of one in a hundred thousand on the model that users begin with, through the
/// program: under a minute of wall clock on two cores.
#[cfg(feature = "tables")]
#[test]
#[ignore = "slow"]
fn slow_user_security_at_one_in_a_hundred_thousand() {
    let model = shipped("user-security.toml", "0.001 %");
    let began = std::time::Instant::now();
    let found = run(&model, 7);
    println!("{:.1} s", began.elapsed().as_secs_f64());
    let weighted = found.certificate.weighted.expect("too small to count");
    assert_eq!(found.verdict, Verdict::Safe, "{weighted:?}");
    assert!(weighted.relative_error < 0.1 && weighted.refused.is_none());
}
