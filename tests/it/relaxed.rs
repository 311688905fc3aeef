//! What would make an infeasible design feasible, what becomes of a promise under the lowest
//! credible cost, and what a higher threshold costs in liveness; against closed forms.

use crate::known_models::{CONSTANT_PROFIT_BUDGET, CONSTANT_PROFIT_STAKE, constant_profit};
use stakewright::assess::Verdict;
use stakewright::assess::variants::Kind;
use stakewright::economics::passage::LogMargin;
use stakewright::random::Seed;
use stakewright::recommend::liveness::{liveness, signs_at};
use stakewright::recommend::{
    Constraint, Judged, Knob, Recommendation, Relaxation, Search, recommend,
};
use stakewright::spec::model::{Choice, Deterrence, Fault, Monitoring};
use stakewright::spec::{Model, Parameters};
use stakewright::units::{Share, Usd, UsdPerYear};
use std::sync::atomic::AtomicBool;

fn run(model: &Model, paths: u64) -> Recommendation {
    let cancel = AtomicBool::new(false);
    let search = Search {
        seed: Seed(3),
        paths,
        assess_paths: 1_000,
        progress: &|_| {},
        cancel: &cancel,
    };
    recommend(model, &search).expect("nobody cancels")
}

fn knob(list: &[Relaxation], knob: Knob) -> &Relaxation {
    let found = list.iter().find(|one| one.knob == knob);
    found.unwrap_or_else(|| panic!("{knob:?} is not among {list:?}"))
}

/// D05 with at most 5 M USD a year: the supply curve S0 (B/(r0 S0))^(η/(1+η)) then brings 229 of the
/// 354 M USD that are needed, so the take or what the threshold asks must move by that ratio, or the
/// budget to the 10.3 M USD of D05. Each with the little more that a certificate asks.
#[test]
fn d05_an_infeasible_budget_names_the_smallest_change_of_each_knob() {
    let mut model = constant_profit();
    model.rewards.budget = Choice::Search {
        low: UsdPerYear(1e6),
        high: UsdPerYear(5e6),
    };
    let found = run(&model, 20_000);
    let infeasible = found.infeasible.as_ref().expect("5 M USD do not bring it");
    assert_eq!(infeasible.constraint, Constraint::Budget);
    let brings = 200e6 * (5e6_f64 / (0.02 * 200e6)).powf(0.6);
    let ratio = brings / CONSTANT_PROFIT_STAKE;
    let list = &found.relaxations;
    // What a certificate asks above the bare risk, relative: at most a twelfth here.
    let near = |found: f64, exact: f64| (1.0..1.09).contains(&(found / exact));
    let budget = knob(list, Knob::Budget).to.expect("money helps");
    assert!(near(budget, CONSTANT_PROFIT_BUDGET) || budget < 1.16 * CONSTANT_PROFIT_BUDGET);
    assert!(
        budget >= infeasible.needed * 0.99,
        "{budget} {infeasible:?}"
    );
    let cap = knob(list, Knob::EventCap).to.expect("a cap helps");
    assert!(near(60e6 * ratio / cap, 1.0), "{cap}");
    let threshold = knob(list, Knob::Threshold).to.expect("a threshold helps");
    assert!(near(threshold * ratio, 1.0 / 3.0), "{threshold}");
    // 99 % are slashed already and 95 % land: neither reaches.
    assert_eq!(knob(list, Knob::Slash).to, None);
    assert_eq!(knob(list, Knob::Detection).to, None);
    // What can be promised of the nearest design is what its certificate says.
    let promise = knob(list, Knob::Promise)
        .to
        .expect("something can be promised");
    assert!(
        (1.0..1.02).contains(&(promise / found.certificate.at_most)),
        "{promise}"
    );
    // Those that help come first.
    let helps: Vec<bool> = list.iter().map(|one| one.to.is_some()).collect();
    assert!(helps.is_sorted_by(|a, b| a >= b), "{helps:?}");

    // Taken at its word, the cap makes the file feasible and safe.
    model.value.attacks[0].per_event = Some(Usd(cap));
    let again = run(&model, 20_000);
    assert!(again.infeasible.is_none(), "{:?}", again.infeasible);
    assert_eq!(again.verdict, Verdict::Safe);
    assert!(again.relaxations.is_empty());
}

/// A slash that never lands is helped by no sum of money: attribution alone is.
#[test]
fn what_no_value_of_a_knob_helps_is_said() {
    let mut model = constant_profit();
    model.slashing.offences[0].attributable = Share(0.0);
    let found = run(&model, 2_000);
    assert_eq!(
        found.infeasible.as_ref().map(|i| i.constraint),
        Some(Constraint::SlashLanding)
    );
    for hopeless in [Knob::Budget, Knob::Threshold, Knob::Slash] {
        assert_eq!(knob(&found.relaxations, hopeless).to, None, "{hopeless:?}");
    }
    let share = knob(&found.relaxations, Knob::Attribution)
        .to
        .expect("it helps");
    assert!(share > 0.0 && share <= 1.0, "{share}");
}

/// Where operators own nine tenths, they lose nine tenths of what the promise counts: at the design's
/// stake S the chance of an insecure day is that of the first passage of `own θ f p S / Π` below one.
#[test]
fn d05_the_lowest_credible_cost_has_a_verdict_of_its_own() {
    let mut model = constant_profit();
    model.operators.own_share = Share(0.9);
    let found = run(&model, 20_000);
    assert_eq!(found.verdict, Verdict::Safe);
    let beneath = found.beneath.as_ref().expect("operators lose less");
    assert_eq!(
        (beneath.lowest, beneath.judged),
        (Kind::OperatorRational, Judged::OperatorRational)
    );
    let stake = found.parameters.stake.get();
    let multiple = 0.9 * stake * (1.0 / 3.0) * 0.99 * 0.95 / 60e6;
    assert!((beneath.lowest_usd / (multiple * 60e6) - 1.0).abs() < 1e-9);
    let volatility = model.market.assets[0].volatility.get();
    let log_drift = -0.5 * volatility * volatility;
    let passage = LogMargin::of_multiple(multiple, log_drift, volatility);
    let years = 30.0 / 365.0;
    let exact = match model.simulation.monitoring {
        Monitoring::Continuous => passage.first_passage(years),
        Monitoring::Daily => passage.first_passage_checked(years, 30),
    };
    assert!(beneath.risk.covers(exact), "{exact} {:?}", beneath.risk);
    assert_eq!(beneath.verdict, Verdict::Unsafe);
    // With what they own a tenth more, nearly all of the promise is back.
    let own = knob(&beneath.relaxations, Knob::OwnStake)
        .to
        .expect("own stake helps");
    assert!((0.9..=1.0).contains(&own), "{own}");
    let cap = knob(&beneath.relaxations, Knob::EventCap)
        .to
        .expect("a cap helps");
    assert!((45e6..58e6).contains(&cap), "{cap}");
}

/// A promise that rests on operators' own loss already has nothing beneath it.
#[test]
fn a_promise_on_the_lowest_cost_has_nothing_beneath_it() {
    let mut model = constant_profit();
    model.operators.own_share = Share(1.0);
    model.target.deterrence = Deterrence::OperatorRational;
    assert_eq!(run(&model, 2_000).beneath, None);
    model.target.deterrence = Deterrence::WholeStake;
    assert_eq!(run(&model, 2_000).beneath, None);
}

/// Two thirds sign where a third is needed to equivocate; 40 % need (1 + 0.4)/2, half and more need
/// themselves, and a quorum that asks for more already stays.
#[test]
fn a_higher_threshold_needs_more_signatures() {
    let model = constant_profit();
    let mut design = Parameters::reference(&model);
    for (now, threshold, signs) in [
        (1.0 / 3.0, 1.0 / 3.0, 2.0 / 3.0),
        (1.0 / 3.0, 0.4, 0.7),
        (1.0 / 3.0, 0.5, 2.0 / 3.0),
        (1.0 / 3.0, 0.8, 0.8),
        (0.2, 0.22, 0.8),
    ] {
        design.threshold = Share(now);
        let found = signs_at(&model, &design, threshold);
        assert!((found - signs).abs() < 1e-12, "{now} {threshold}: {found}");
    }
    let pooled = liveness(&model, &design, 0.7);
    assert!((pooled.halts - 0.3).abs() < 1e-12 && pooled.entities.is_none());
    // Ten equal operators: at 70 % three staying away leave just enough, the fourth stops it.
    let ten = crate::variants::ten_operators();
    let design = Parameters::reference(&ten);
    let stakes: Vec<f64> = design
        .admitted(&ten)
        .iter()
        .map(|o| o.stake.get())
        .collect();
    let total: f64 = stakes.iter().sum();
    for signs in [0.55, 2.0 / 3.0, 0.9] {
        let found = liveness(&ten, &design, signs)
            .entities
            .expect("they are named");
        let mut largest = stakes.clone();
        largest.sort_by(|a, b| b.total_cmp(a));
        let away = |count: usize| largest[..count].iter().sum::<f64>() / total;
        assert!(away(found) > 1.0 - signs && away(found - 1) <= 1.0 - signs + 1e-9);
    }
}

/// The lever of the threshold prices the liveness that it costs: an attack that only stays away
/// needs no more than what then stops the service, so the saving is smaller than without it.
#[test]
fn a_higher_threshold_pays_for_liveness() {
    let mut model = constant_profit();
    let mut silence = model.value.attacks[0].clone();
    silence.name = "silence".into();
    silence.threshold = Some(Share(1.0 / 3.0));
    let mut offence = model.slashing.offences[0].clone();
    offence.name = "silence".into();
    offence.fault = Fault::Liveness;
    offence.accidental = stakewright::units::PerYear(0.0);
    silence.offence = 1;
    model.value.attacks.push(silence);
    model.slashing.offences.push(offence);
    let found = run(&model, 2_000);
    let lever = found
        .levers
        .iter()
        .find(|lever| lever.knob == Knob::Threshold);
    let lever = lever.expect("the threshold is a lever");
    let [now, then] = lever.liveness.expect("it says who can stop the service");
    assert!((now.signs - 2.0 / 3.0).abs() < 1e-9 && then.signs > now.signs);
    // At 36.7 % two results share 36.7 %, so 68.3 % sign and 31.7 % stop it: silence is cheaper.
    assert!((then.halts - (1.0 - 0.5 * (1.0 + 1.1 / 3.0))).abs() < 1e-9);
    assert!(lever.saving_usd_year < 0.0, "{lever:?}");
}
