//! Parameters that are uncertain, panels of other models, verdicts, knobs and comparisons.

use crate::known_models::{CONSTANT_PROFIT_STAKE, constant_profit, operators_and_ranges};
use stakewright::assess::Verdict;
use stakewright::economics::passage::LogMargin;
use stakewright::economics::solve::{integral, root};
use stakewright::random::Seed;
use stakewright::recommend::compare::{Entry, compare};
use stakewright::recommend::evaluate::{Evaluator, Span};
use stakewright::recommend::sensitivity::{Input, influences};
use stakewright::recommend::shocks::{ShockKind, shocks};
use stakewright::recommend::{
    Constraint, Knob, Recommendation, Search, frontier, recommend, shape,
};
use stakewright::sim::Uncertainty as Spreads;
use stakewright::spec::Parameters;
use stakewright::spec::model::{Choice, Deterrence, Model};
use stakewright::spec::panel::{Alternative, Change, Uncertainty};
use stakewright::stats::normal;
use stakewright::units::{DAYS_PER_YEAR, Days, Share, Usd, UsdPerYear};
use std::sync::atomic::AtomicBool;

fn run(model: &Model, seed: u64, paths: u64) -> Recommendation {
    let cancel = AtomicBool::new(false);
    let search = Search {
        seed: Seed(seed),
        paths,
        assess_paths: 500,
        progress: &|_| {},
        cancel: &cancel,
    };
    recommend(model, &search).expect("nobody cancels")
}

fn alternative(name: &str, change: Change) -> Alternative {
    Alternative {
        name: name.into(),
        change,
        file: None,
    }
}

/// With a lognormal volatility the risk is the closed form's mean over it.
#[test]
fn a01_an_uncertain_volatility_is_averaged_over() {
    let (spread, stake) = (0.35, 1.6 * CONSTANT_PROFIT_STAKE / 1.848_402_502);
    let years = 30.0 / DAYS_PER_YEAR;
    let risk_at = |volatility: f64| {
        LogMargin {
            log_margin: 1.6_f64.ln(),
            log_drift: -0.5 * volatility * volatility,
            volatility,
        }
        .first_passage(years)
    };
    let expected = integral(-4.0, 4.0, 64, |z| {
        normal::density(z) * risk_at(0.8 * (spread * z).exp())
    });
    assert!(
        expected > 1.3 * risk_at(0.8),
        "ignorance must matter: {expected}"
    );
    let mut model = constant_profit();
    model.uncertainty.volatility = spread;
    let cancel = AtomicBool::new(false);
    let evaluator = Evaluator::new(&model, &cancel);
    let parameters = Parameters::reference(&model).with_stake(Usd(stake));
    let paths = 100_000;
    let plan = evaluator.plan(&parameters, Span::Horizon);
    let ensemble = evaluator
        .play(&plan, Seed(3), paths)
        .expect("nobody cancels");
    let seen = evaluator.curve_of(&ensemble, stake).failures(stake) as f64 / paths as f64;
    let error = (expected * (1.0 - expected) / paths as f64).sqrt();
    assert!(
        (seen - expected).abs() < 4.0 * error,
        "{seen} of {expected} ± {error}"
    );
}

/// An uncertain time to detection divides the critical stake of each path, whether the engine
/// plays it or the search divides what it knows.
#[test]
fn known_curves_and_played_ones_agree_where_detection_is_uncertain() {
    let mut model = operators_and_ranges();
    model.uncertainty = Uncertainty {
        detection: 0.4,
        takes: 0.2,
        volatility: 0.1,
        ..Uncertainty::default()
    };
    let cancel = AtomicBool::new(false);
    let evaluator = Evaluator::new(&model, &cancel);
    let parameters = Parameters::reference(&model);
    let paths = 600;
    let known = evaluator
        .curve(&parameters, Seed(9), paths)
        .expect("nobody cancels");
    let plan = evaluator.plan(&parameters, Span::Horizon);
    let ensemble = evaluator
        .play(&plan, Seed(9), paths)
        .expect("nobody cancels");
    let stake = parameters.stake.get();
    let played = evaluator.curve_of(&ensemble, stake);
    for risk in [0.5, 0.1, 0.02] {
        let (a, b) = (known.stake(risk).value, played.stake(risk).value);
        assert!((a / b - 1.0).abs() < 2e-3, "{risk}: {a} {b}");
    }
}

#[test]
fn what_is_known_for_certain_costs_nothing_and_changes_nothing() {
    let model = constant_profit();
    let plan = stakewright::sim::compile(&model, &Parameters::reference(&model));
    assert!(plan.uncertainty.is_none());
    assert_eq!(plan.uncertainty, Spreads::default());
    assert_eq!(plan.of_path(Seed(1), 7), plan);
}

/// A panel model that doubles the loot asks for twice the stake, and the recommendation gives it.
#[test]
fn d05_the_worst_model_of_a_panel_decides() {
    let mut model = constant_profit();
    model.panel = vec![
        alternative(
            "doubled loot",
            Change {
                takes: 2.0,
                ..Change::default()
            },
        ),
        alternative(
            "calmer",
            Change {
                volatility: 0.5,
                ..Change::default()
            },
        ),
    ];
    let found = run(&model, 1, 20_000);
    assert_eq!(found.verdict, Verdict::Safe);
    let names: Vec<&str> = found.panel.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["model", "doubled loot", "calmer"]);
    let worst = found
        .panel
        .iter()
        .find(|row| row.worst)
        .expect("one is the worst");
    assert_eq!(worst.name, "doubled loot");
    let twice = 2.0 * CONSTANT_PROFIT_STAKE;
    assert!(worst.needed_stake_usd.covers(twice), "{worst:?}");
    let stake = &found.design.stake;
    assert!(
        stake.low <= twice && twice <= stake.high && stake.value < 1.05 * twice,
        "{stake:?}"
    );
    assert!(
        found
            .panel
            .iter()
            .all(|row| row.verdict == Verdict::Safe && row.at_most <= 0.01)
    );
    assert_eq!(
        found.panel[2].failures, 0,
        "half the volatility and twice the stake"
    );
}

/// Where the panel cannot be paid for, the design is not called safe although the model alone is.
#[test]
fn a_panel_that_is_out_of_reach_is_no_safe_design() {
    let mut model = constant_profit();
    model.rewards.budget = Choice::Search {
        low: UsdPerYear(1e6),
        high: UsdPerYear(12e6),
    };
    model.panel = vec![alternative(
        "tenfold loot",
        Change {
            takes: 10.0,
            ..Change::default()
        },
    )];
    let found = run(&model, 1, 5_000);
    let infeasible = found.infeasible.as_ref().expect("ten times the stake");
    assert_eq!(infeasible.constraint, Constraint::Budget);
    assert!(infeasible.needed > 12e6 && (infeasible.allowed - 12e6).abs() < 1.0);
    assert_eq!(found.verdict, Verdict::Unsafe);
    assert_eq!(found.panel[0].verdict, Verdict::Safe);
}

/// Too few paths: undecided, with the number that would decide.
#[test]
fn e01_an_undecided_promise_says_how_many_paths_decide() {
    let mut model = constant_profit();
    model.target.at_most = Share(0.001);
    let mut told = 0;
    for seed in 1..=6 {
        let found = run(&model, seed, 1_000);
        assert!(
            found.infeasible.is_none(),
            "undecided is no infeasible design"
        );
        assert!(found.certificate.at_most > 0.001);
        let failures = found.certificate.failures;
        let paths_needed = match found.verdict {
            Verdict::Undecided { paths_needed } => paths_needed,
            // One thousand paths set the stake: now and then it is too little, and that shows.
            Verdict::Unsafe if failures >= 4 => continue,
            other => panic!("{failures} of 1,000 paths and {other:?}"),
        };
        match (failures, paths_needed) {
            // Nothing seen: the paths that certify without a failure, at the look's confidence.
            (0, Some(needed)) => assert!((2_995..=8_000).contains(&needed), "{needed}"),
            // One in a thousand is the limit itself: no number of paths decides that.
            (1, None) => {}
            (more, needed) => assert!(needed.is_some_and(|n| n > 1_000), "{more}: {needed:?}"),
        }
        told += u64::from(paths_needed.is_some());
    }
    assert!(told > 0, "some seed sees a share that can be decided");
    assert!(run(&model, 1, 40_000).verdict.is_safe());
}

/// Of designs that cost the same the longer veto wins, and a shorter one where days are dear.
#[test]
fn a_veto_window_is_searched_like_a_dispute() {
    let mut model = operators_and_ranges();
    if let Some(veto) = &mut model.slashing.offences[0].veto {
        veto.window = Choice::Search {
            low: Days(0.0),
            high: Days(4.0),
        };
    }
    let designs = shape::candidates(&model);
    let windows: Vec<f64> = designs.iter().map(|d| d.offences[0].veto.get()).collect();
    assert!(windows.contains(&0.0) && windows.contains(&4.0));
}

#[test]
fn a_frontier_costs_less_than_three_ensembles() {
    let model = constant_profit();
    let cancel = AtomicBool::new(false);
    let evaluator = Evaluator::new(&model, &cancel);
    let parameters = Parameters::reference(&model).with_stake(Usd(CONSTANT_PROFIT_STAKE));
    let paths = 20_000;
    let explored = evaluator
        .curve(&parameters, Seed(1), paths)
        .expect("nobody cancels");
    let plan = evaluator.plan(&parameters, Span::Horizon);
    let ensemble = evaluator
        .play(&plan, Seed(2), paths)
        .expect("nobody cancels");
    let fresh = evaluator.curve_of(&ensemble, parameters.stake.get());
    let found = frontier::frontier(&model, &parameters, &explored, &fresh);
    assert!(found.points.len() >= 15, "{}", found.points.len());
    let one = paths * u64::from(plan.days);
    assert!(
        evaluator.path_days() <= 3 * one,
        "{} path-days",
        evaluator.path_days()
    );
    // Each point has its interval; most are certified, and one that is keeps its promise.
    let certified = found.points.iter().filter(|p| p.certified).count();
    // Nine of ten are planned to pass, and all are judged by one sample: they pass or fail together.
    assert!(certified * 2 >= found.points.len(), "{certified}");
    for point in &found.points {
        assert!(point.risk.low <= point.risk.value && point.risk.value <= point.risk.high);
        assert!(!point.certified || point.at_most <= point.promised);
    }
    // Less risk costs more, and a tenfold lower one has a price.
    for pair in found.points.windows(2) {
        assert!(pair[1].budget_usd_year >= pair[0].budget_usd_year);
    }
    let price = found.tenfold_usd_year.expect("a decade around the promise");
    let at = |risk: f64| {
        let multiple = LogMargin {
            log_margin: 0.0,
            log_drift: -0.32,
            volatility: 0.8,
        }
        .required_multiple(30.0 / DAYS_PER_YEAR, risk);
        let stake = multiple * 60e6 / (0.99 * 0.95 / 3.0);
        200e6 * 0.02 * (stake / 200e6).powf(2.5 / 1.5)
    };
    let exact = at(0.001) - at(0.01);
    assert!(
        (price / exact - 1.0).abs() < 0.35,
        "{price}, and the closed form says {exact}"
    );
}

/// What no designer moves is listed and does not bind.
#[test]
fn accidents_and_costs_never_bind() {
    let found = run(&operators_and_ranges(), 3, 1_000);
    assert!(found.levers.iter().any(|l| l.knob == Knob::Accidents));
    for lever in &found.levers {
        let worlds = matches!(lever.knob, Knob::Accidents | Knob::OperatorCosts);
        assert_eq!(lever.controllable, !worlds, "{lever:?}");
        assert!(!lever.constrains || lever.controllable);
    }
    assert!(found.levers[0].constrains, "the first lever binds");
    assert!(found.levers.iter().any(|l| l.knob == Knob::EntityCap));
    assert!(found.levers.iter().any(|l| l.knob == Knob::ValueCap));
}

/// The stake of a constant profit is a product: profit times a function of the volatility. Both
/// shares of its variance follow from one-dimensional integrals.
#[test]
fn sobol_indices_of_a_product_are_its_variances() {
    let model = constant_profit();
    let cancel = AtomicBool::new(false);
    let evaluator = Evaluator::new(&model, &cancel);
    let parameters = Parameters::reference(&model).with_stake(Usd(CONSTANT_PROFIT_STAKE));
    let found = influences(&evaluator, &parameters, Seed(4), 96, 500).expect("nobody cancels");
    let years = 30.0 / DAYS_PER_YEAR;
    let log_multiple = |z: f64| {
        let volatility = 0.8 * (0.2 * z).exp();
        let margin = LogMargin {
            log_margin: 0.0,
            log_drift: -0.5 * volatility * volatility,
            volatility,
        };
        margin.required_multiple(years, 0.01).ln()
    };
    let mean = integral(-5.0, 5.0, 40, |z| normal::density(z) * log_multiple(z));
    let of_volatility = integral(-5.0, 5.0, 40, |z| {
        normal::density(z) * (log_multiple(z) - mean).powi(2)
    });
    let of_value = 0.3 * 0.3;
    for (input, expected) in [
        (
            Input::Volatility,
            of_volatility / (of_volatility + of_value),
        ),
        (Input::ValueAtRisk, of_value / (of_volatility + of_value)),
        (Input::Detection, 0.0),
        (Input::Opportunities, 0.0),
        (Input::SupplyYield, 0.0),
        (Input::Accidents, 0.0),
    ] {
        let row = found
            .iter()
            .find(|row| row.input == input)
            .expect("every input has a row");
        for index in [&row.stake_alone, &row.stake_total] {
            assert!(
                index.low - 0.03 <= expected && expected <= index.high + 0.03,
                "{input:?}: {index:?}, expected {expected}"
            );
        }
    }
    let supply = found
        .iter()
        .find(|row| row.input == Input::SupplyYield)
        .expect("a row");
    assert!(
        supply.budget_total.value > 0.1,
        "the yield asked for moves the budget: {supply:?}"
    );
}

/// Two designs on the same paths: the difference of the stakes they need is exact where one loot
/// is twice the other, and common numbers leave a fraction of the variance.
#[test]
fn e11_designs_are_compared_on_the_same_numbers() {
    let (one, mut two) = (constant_profit(), constant_profit());
    Change {
        takes: 2.0,
        volatility: 1.1,
        ..Change::default()
    }
    .apply(&mut two);
    let entries = [("one", &one), ("two", &two)].map(|(name, model)| Entry {
        name: name.into(),
        model,
        parameters: Parameters::reference(model).with_stake(Usd(CONSTANT_PROFIT_STAKE)),
    });
    let cancel = AtomicBool::new(false);
    let found = compare(&entries, Seed(8), 4_000, &cancel).expect("nobody cancels");
    assert!(found.designs[0].differences.is_none());
    let difference = found.designs[1].differences.as_ref().expect("the second");
    assert!(difference.risk.estimate.low > 0.0, "{:?}", difference.risk);
    assert!(difference.needed_stake.estimate.low > 0.8 * CONSTANT_PROFIT_STAKE);
    let gain = difference.variance_gain.expect("both always face the loot");
    assert!(gain > 10.0, "a gain of {gain}");
    let ratio = difference.worst_coverage.expect("finite").estimate;
    assert!(ratio.low <= ratio.value && ratio.value <= ratio.high && ratio.high < 0.55);
    assert!(ratio.high - ratio.low < 0.02, "paired: {ratio:?}");
}

/// Where each shock breaks a constant profit has a closed form.
#[test]
fn d05_what_breaks_first_breaks_where_the_closed_form_says() {
    let model = constant_profit();
    let cancel = AtomicBool::new(false);
    let evaluator = Evaluator::new(&model, &cancel);
    let stake = 1.2 * CONSTANT_PROFIT_STAKE;
    let design = Parameters::reference(&model).with_stake(Usd(stake));
    let found = shocks(&evaluator, &design, Seed(6), 20_000).expect("nobody cancels");
    let multiple = 1.2 * 1.848_402_502_f64;
    let volatility = root(0.8, 2.0, 1e-10, |volatility| {
        let margin = LogMargin {
            log_margin: multiple.ln(),
            log_drift: -0.5 * volatility * volatility,
            volatility,
        };
        margin.first_passage(30.0 / DAYS_PER_YEAR) / 0.01 - 1.0
    });
    for (kind, expected) in [
        (ShockKind::Price, 1.0 / 1.2),
        (ShockKind::ValueAtRisk, 1.2 * 150e6),
        (ShockKind::Volatility, volatility),
        (ShockKind::Detection, 0.95 / 1.2),
    ] {
        let shock = found
            .iter()
            .find(|shock| shock.kind == kind)
            .unwrap_or_else(|| panic!("{kind:?} is not tried"));
        let breaks = shock.breaks_at.expect("it breaks somewhere");
        let (low, high) = (breaks.low.min(breaks.high), breaks.low.max(breaks.high));
        let room = 0.01 * expected;
        assert!(
            low - room <= expected && expected <= high + room,
            "{kind:?}: {breaks:?}, the closed form says {expected}"
        );
        assert!(
            (breaks.value / expected - 1.0).abs() < 0.05,
            "{kind:?}: {breaks:?}"
        );
    }
}

/// All seven assumptions are moved, each where it takes part.
#[test]
fn seven_kinds_of_shock_are_tried() {
    let cancel = AtomicBool::new(false);
    let mut rational = operators_and_ranges();
    rational.target.deterrence = Deterrence::OperatorRational;
    rational.value.attacks.truncate(1);
    rational.target.insecure_within = Days(5.0);
    let evaluator = Evaluator::new(&rational, &cancel);
    let design = Parameters::reference(&rational).with_stake(Usd(40e9));
    let found = shocks(&evaluator, &design, Seed(6), 100).expect("nobody cancels");
    for kind in [
        ShockKind::Volatility,
        ShockKind::Correlation,
        ShockKind::ValueAtRisk,
        ShockKind::OwnShare,
        ShockKind::Detection,
        ShockKind::OperatorLoss,
        ShockKind::Price,
    ] {
        assert!(
            found.iter().any(|shock| shock.kind == kind),
            "{kind:?} is not tried"
        );
    }
}

/// Other sizes of the set: more operators cost more and leave more entities to a third; churn
/// never puts a share near the threshold within reach.
#[test]
fn sizes_of_the_set_trade_cost_for_entities() {
    let model = operators_and_ranges();
    let found = run(&model, 5, 1_000);
    let options = &found.network;
    assert!(options.len() >= 4, "{options:?}");
    assert!(
        options
            .iter()
            .any(|o| o.operators == found.parameters.operators)
    );
    for pair in options.windows(2) {
        assert!(pair[0].operators < pair[1].operators);
        assert!(pair[0].entities_to_one_third <= pair[1].entities_to_one_third);
        assert!(pair[0].largest_share >= pair[1].largest_share - 1e-12);
    }
    let (few, all) = (&options[0], &options[options.len() - 1]);
    assert!(all.operators_extra_usd_year >= few.operators_extra_usd_year);
    assert!(
        few.fault_halts > all.fault_halts,
        "fewer halt together oftener"
    );
    let churn = found.churn.expect("named operators");
    let threshold = found.parameters.threshold.get();
    assert!(churn.replaceable >= 1 && churn.operator_ratio > 1.0);
    assert!(churn.replaceable == 1 || churn.replaceable_share <= 0.1 * threshold + 1e-12);
}
