//! Every cost and profit side by side: on a set that can be done by hand, and against the engine.

use crate::known_models;
use stakewright::assess::rules;
use stakewright::assess::variants::{Comparison, Kind, Moment, Scope, compare, worst_moments};
use stakewright::economics::coalition::Effort;
use stakewright::random::Seed;
use stakewright::sim::{self, Cost, Progress};
use stakewright::spec::Parameters;
use stakewright::spec::model::*;
use stakewright::units::{Days, PerYear, Share, Usd};

/// Ten operators of 2 to 11 MUSD in ETH, one entity each; a third is needed.
pub fn ten_operators() -> Model {
    let mut model = known_models::constant_profit();
    model.operators.structure = Structure::Entities(
        (0..10)
            .map(|i| Operator {
                label: format!("o{i}"),
                address: None,
                entity: i,
                tokens: vec![(i as f64 + 2.0) * 1e6 / 3_000.0],
                delegated_usd: (i as f64 + 2.0) * 2e7,
                reconstructed: false,
            })
            .collect(),
    );
    model.operators.entities = (0..10).map(|i| format!("e{i}")).collect();
    model.operators.franchise.net_revenue = PerYear(0.001);
    model.operators.count = Choice::Fixed(10);
    model.simulation.days = 30;
    let offence = &mut model.slashing.offences[0];
    offence.slash = Choice::Fixed(Share(0.5));
    offence.attributable = Share(0.9);
    offence.detection = Detection::Exponential { mean: Days(3.0) };
    offence.dispute = Choice::Fixed(Days(5.0));
    offence.executes = Share(0.95);
    offence.redistributed = Share(0.6);
    offence.recaptured = Share(0.2);
    model
}

fn at_start(model: &Model) -> Comparison {
    let parameters = Parameters::reference(model);
    compare(model, &parameters, &Moment::start(model), Effort::REPORTED)
}

fn usd(comparison: &Comparison, kind: Kind) -> f64 {
    comparison.ledgers[0].line(kind).unwrap().usd
}

pub fn close(found: f64, expected: f64) {
    assert!(
        (found / expected - 1.0).abs() < 1e-9,
        "found {found}, expected {expected}"
    );
}

#[test]
fn every_cost_by_hand() {
    let model = ten_operators();
    let comparison = at_start(&model);
    // Stakes 2..=11 sum to 65; a third is 21.67, and 22 = 11 + 9 + 2 is the least sum above.
    let lands = 0.9 * (1.0 - (-3.0_f64).exp()) * 0.95;
    close(usd(&comparison, Kind::Naive), 65e6);
    close(usd(&comparison, Kind::WholeStake), 11e6);
    close(usd(&comparison, Kind::Probabilistic), 11e6 * lands);
    close(usd(&comparison, Kind::Recaptured), 11e6 * lands * 0.8);
    // 5 % own stake; the business is 0.001/0.2 of 20 times the millions staked. A fifth of all that
    // is slashed returns, delegators' part included.
    let business = 22.0 * 2e7 * 0.001 / 0.2;
    let lost = (0.05 - 0.2) * 11e6 * lands;
    close(usd(&comparison, Kind::OperatorRational), lost + business);
    close(usd(&comparison, Kind::Briber), lost + business);
}

#[test]
fn the_lowest_cost_and_the_largest_profit_decide() {
    let model = ten_operators();
    let ledger = &at_start(&model).ledgers[0];
    for line in ledger.lines.iter().filter(|line| line.credible) {
        match line.kind.side() {
            stakewright::assess::variants::Side::Cost => assert!(line.usd >= ledger.cost().usd),
            stakewright::assess::variants::Side::Profit => assert!(line.usd <= ledger.profit().usd),
        }
    }
    assert_eq!(ledger.cost().kind, Kind::OperatorRational);
    assert!(!ledger.line(Kind::Naive).unwrap().credible);
    // 60 MUSD against 2.6: not safe, and 40 % of the landed slash does not cover the harm.
    assert!(!ledger.safety.plain && !ledger.safety.strong);
    let covered = 0.4 * ledger.line(Kind::Probabilistic).unwrap().usd;
    close(ledger.safety.uncovered_usd, ledger.harm_usd - covered);
}

#[test]
fn pooled_stake_is_bought_by_the_share() {
    let comparison = at_start(&known_models::constant_profit());
    close(usd(&comparison, Kind::WholeStake), 0.99 * 200e6 / 3.0);
    assert!(comparison.ledgers[0].line(Kind::Quorums).is_none());
}

#[test]
fn a_second_asset_as_a_quorum_of_its_own_costs_no_less() {
    let mut model = ten_operators();
    let mut other = model.market.assets[0].clone();
    other.symbol = "LST".into();
    model.market.assets.push(other);
    model.market.correlation = vec![
        vec![1.0, 0.9, 0.0],
        vec![0.9, 1.0, 0.0],
        vec![0.0, 0.0, 1.0],
    ];
    if let Structure::Entities(list) = &mut model.operators.structure {
        for (i, operator) in list.iter_mut().enumerate() {
            operator.tokens.push(if i < 5 { 1_000.0 } else { 0.0 });
        }
    }
    let comparison = at_start(&model);
    assert!(usd(&comparison, Kind::Quorums) > usd(&comparison, Kind::Recaptured));
}

#[test]
fn a_coalition_that_does_everything_loses_its_business_once() {
    let mut model = ten_operators();
    let mut second = model.value.attacks[0].clone();
    second.name = "another".into();
    second.offence = 1;
    let mut offence = model.slashing.offences[0].clone();
    offence.name = "another".into();
    model.value.attacks.push(second);
    model.slashing.offences.push(offence);
    let comparison = at_start(&model);
    let [first, second, joint] = &comparison.ledgers[..] else {
        panic!("{} ledgers", comparison.ledgers.len());
    };
    assert_eq!(joint.scope, Scope::Joint);
    close(joint.profit().usd, first.profit().usd + second.profit().usd);
    let apart = first.cost().usd + second.cost().usd;
    assert!(
        joint.cost().usd < 0.6 * apart,
        "{} {apart}",
        joint.cost().usd
    );
    // Two slashes of one half take three quarters.
    close(joint.line(Kind::WholeStake).unwrap().usd, 0.75 * 22e6);
    assert_eq!(comparison.deciding, 2);
}

#[test]
fn the_tail_is_the_size_that_the_promise_must_withstand() {
    let mut model = ten_operators();
    let attack = &mut model.value.attacks[0];
    attack.takes = Takes::LognormalUsd {
        median: Usd(2e6),
        sigma: 1.8,
    };
    attack.chance = Chance::Rate(PerYear(24.0));
    attack.capped = false;
    let comparison = at_start(&model);
    let tail = usd(&comparison, Kind::Tail);
    close(usd(&comparison, Kind::Event), 2e6);
    // P(an opportunity above it within the horizon) is the tolerance.
    let prize = stakewright::economics::opportunities::LognormalPrize {
        median_usd: 2e6,
        log_deviation: 1.8,
    };
    let met = prize.attack_probability(24.0, model.target.insecure_within.years(), tail);
    close(met, model.target.at_most.get());
    model.value.attacks[0].capped = true;
    model.value.at_risk.start = Usd(3e6);
    close(usd(&at_start(&model), Kind::Tail), 3e6);
}

/// The comparison at a path's worst moment is what the engine recorded there.
#[test]
fn worst_moments_agree_with_the_engine() {
    let mut model = ten_operators();
    model.value.attacks[0].takes = Takes::LognormalUsd {
        median: Usd(4e6),
        sigma: 1.2,
    };
    model.value.attacks[0].chance = Chance::Rate(PerYear(200.0));
    model.value.at_risk.volatility = PerYear(0.9);
    model.simulation.days = 60;
    let parameters = Parameters::reference(&model);
    let plan = sim::compile(&model, &parameters);
    let ensemble = sim::simulate(&plan, Seed(7), 0..64, &Progress::silent()).unwrap();
    for (cost, kind) in [
        (Cost::WholeStake, Kind::Recaptured),
        (Cost::OperatorRational, Kind::OperatorRational),
    ] {
        let moments = worst_moments(&plan, &ensemble, cost, 9);
        assert_eq!(moments.len(), 9);
        let columns = ensemble.cost(cost).unwrap();
        let mut margins = Vec::new();
        for moment in &moments {
            let comparison = compare(&model, &parameters, moment, Effort::REPORTED);
            let ledger = &comparison.ledgers[0];
            let found = (
                ledger.line(kind).unwrap().usd,
                ledger.line(Kind::Drawn).unwrap().usd,
            );
            let recorded = columns.coc_usd.iter().zip(&columns.pfc_usd).find(|(c, p)| {
                (found.0 / **c - 1.0).abs() < 1.1e-3 && (found.1 / **p - 1.0).abs() < 1e-12
            });
            assert!(recorded.is_some(), "{found:?} is on no path");
            margins.push(found.0 / found.1);
        }
        assert!(margins[0] < margins[8], "{margins:?}");
    }
}

/// What turning each knob does, at the start and on 24 common paths.
pub fn effects(model: &Model) -> Vec<(rules::Trial, rules::Effect)> {
    let parameters = Parameters::reference(model);
    let plan = sim::compile(model, &parameters);
    let ensemble = sim::simulate(&plan, Seed(11), 0..24, &Progress::silent()).unwrap();
    let moment = Moment::start(model);
    let baseline = rules::Baseline::of(model, &parameters, &moment, &ensemble, 24);
    rules::trials(model, &parameters)
        .into_iter()
        .map(|trial| {
            let effect = baseline.effect(&trial);
            (trial, effect)
        })
        .collect()
}

pub fn effect_of(model: &Model, knob: rules::Knob) -> rules::Effect {
    let found = effects(model).into_iter().find(|(t, _)| t.knob == knob);
    found.unwrap_or_else(|| panic!("no row for {knob:?}")).1
}

#[test]
fn half_the_slash_needs_twice_the_stake() {
    let mut model = ten_operators();
    // What returns is more than operators own here: a slash would pay them.
    model.slashing.offences[0].recaptured = Share(0.0);
    let effect = effect_of(&model, rules::Knob::Slash);
    close(effect.burned_usd.1, 0.5 * effect.burned_usd.0);
    close(effect.stake_ratio.unwrap(), 2.0);
    assert!(effect.bribe_usd.1 < effect.bribe_usd.0);
    assert!(effect.operators_usd.1 < effect.operators_usd.0);
}

#[test]
fn slower_detection_lands_less_often() {
    let effect = effect_of(&ten_operators(), rules::Knob::Detection);
    let landed = |mean: f64| 1.0 - (-9.0 / mean).exp();
    close(
        effect.burned_usd.1 / effect.burned_usd.0,
        landed(6.0) / landed(3.0),
    );
    close(effect.stake_ratio.unwrap(), landed(3.0) / landed(6.0));
}

#[test]
fn a_dispute_costs_days_that_an_exit_can_use() {
    let effect = effect_of(&ten_operators(), rules::Knob::Dispute);
    let landed = |left: f64| 1.0 - (-left / 3.0_f64).exp();
    close(
        effect.burned_usd.1 / effect.burned_usd.0,
        landed(14.0) / landed(9.0),
    );
    assert!(effect.stake_ratio.unwrap() < 1.0);
}

#[test]
fn a_veto_committee_costs_a_day_and_some_just_slashes() {
    let mut model = ten_operators();
    let added = effect_of(&model, rules::Knob::Veto);
    let landed = |left: f64| 1.0 - (-left / 3.0_f64).exp();
    close(
        added.burned_usd.1 / added.burned_usd.0,
        0.98 * landed(8.0) / landed(9.0),
    );
    model.slashing.offences[0].veto = Some(Veto {
        window: stakewright::spec::model::Choice::Fixed(Days(2.0)),
        probability: Share(0.1),
    });
    let removed = effect_of(&model, rules::Knob::Veto);
    close(
        removed.burned_usd.1 / removed.burned_usd.0,
        landed(9.0) / (0.9 * landed(7.0)),
    );
}

#[test]
fn redistribution_covers_harm_and_leaks() {
    let effect = effect_of(&ten_operators(), rules::Knob::Redistribution);
    assert!(
        effect.uncovered_usd.1 > effect.uncovered_usd.0,
        "{effect:?}"
    );
    // The fifth that came back to the attacker is burned too.
    close(effect.burned_usd.1, effect.burned_usd.0 / 0.8);
    let mut eth = ten_operators();
    eth.slashing.offences[0].redistributed = Share(0.0);
    eth.slashing.offences[0].recaptured = Share(0.0);
    let refused = effects(&eth);
    assert!(refused.iter().any(|(t, _)| {
        t.knob == rules::Knob::Redistribution && matches!(t.turn, rules::Turn::Refused(_))
    }));
}

#[test]
fn twice_the_rate_limit_is_more_to_take() {
    let mut model = ten_operators();
    model.value.attacks[0].takes = Takes::ShareOfValue(Share(1.0));
    model.value.attacks[0].extraction = Extraction::RateLimited {
        usd_per_day: 2e6,
        pause: Days(1.0),
    };
    let effect = effect_of(&model, rules::Knob::RateLimit);
    assert!(
        effect.profit_usd.1 > 1.9 * effect.profit_usd.0,
        "{effect:?}"
    );
    assert!(effect.stake_ratio.unwrap() > 1.9);
    let comparison = at_start(&model);
    // A pause after a day; without it, three days to detection and five to dispute.
    close(usd(&comparison, Kind::Window), 16e6);
    assert!(usd(&comparison, Kind::RateLimited) < 8e6);
}

#[test]
fn a_lower_threshold_is_cheaper_to_reach() {
    let mut model = ten_operators();
    model.operators.threshold = Choice::Fixed(Share(0.5));
    let effect = effect_of(&model, rules::Knob::Threshold);
    assert!(effect.burned_usd.1 < effect.burned_usd.0, "{effect:?}");
    assert!(effect.stake_ratio.unwrap() > 1.0);
}

#[test]
fn own_stake_deters_operators_and_nobody_else() {
    let mut model = ten_operators();
    model.slashing.offences[0].recaptured = Share(0.0);
    let effect = effect_of(&model, rules::Knob::OwnStake);
    assert!(effect.operators_usd.1 < effect.operators_usd.0);
    assert!(effect.bribe_usd.1 < effect.bribe_usd.0);
    close(effect.burned_usd.1, effect.burned_usd.0);
    // The promise rests on the whole stake, so it does not move; it does on the other cost.
    close(effect.stake_ratio.unwrap(), 1.0);
    model.target.deterrence = Deterrence::OperatorRational;
    let effect = effect_of(&model, rules::Knob::OwnStake);
    assert!(effect.stake_ratio.unwrap() > 1.5, "{effect:?}");
}
