//! Every knob of the slash rule, turned: what it moves, by hand. Slash, detection, dispute, veto,
//! redistribution, rate limit, threshold and own share are turned in `variants`.

use crate::variants::{close, effect_of, effects, ten_operators};
use stakewright::assess::rules::{Effect, Knob, Trial, Turn};
use stakewright::sim;
use stakewright::spec::Parameters;
use stakewright::spec::model::*;
use stakewright::units::{Days, Share, Usd, UsdPerYear};

/// Ten operators of staking tokens, which the protocol redistributes.
fn staking_tokens() -> Model {
    let mut model = ten_operators();
    model.market.assets[0].symbol = "LST".into();
    model
}

pub fn of(model: &Model, knob: Knob) -> (Trial, Effect) {
    let found = effects(model).into_iter().find(|(t, _)| t.knob == knob);
    found.unwrap_or_else(|| panic!("no row for {knob:?}"))
}

/// A third at fault under min(slash, 1.2 × share at fault) loses 40 % of its stake, not 50 %.
#[test]
fn knob_correlated_penalty_weakens_a_slash_below_three_times_the_threshold() {
    let mut model = ten_operators();
    model.slashing.offences[0].correlated = Some(1.2);
    let (trial, effect) = of(&model, Knob::Correlation);
    assert_eq!(trial.turn, Turn::Weakened);
    close(effect.burned_usd.1 / effect.burned_usd.0, 0.5 / 0.4);
    close(effect.stake_ratio.unwrap(), 0.8);
    // Three times a third is all that the slash allows: only accidents are spared.
    let (trial, effect) = of(&ten_operators(), Knob::Correlation);
    assert_eq!(trial.turn, Turn::Added);
    close(effect.burned_usd.1, effect.burned_usd.0);
    close(effect.stake_ratio.unwrap(), 1.0);
}

#[test]
fn knob_evidence_that_follows_the_majority_makes_bribes_free() {
    let mut model = ten_operators();
    model.service.verification = Verification::Quorum;
    let (trial, effect) = of(&model, Knob::Evidence);
    assert_eq!(trial.turn, Turn::Weakened);
    assert!(effect.bribe_usd.0 > 0.0 && effect.bribe_usd.1.abs() <= 0.0);
    assert!(effect.lowest_cost_usd.1.abs() <= 0.0);
    close(effect.burned_usd.1, effect.burned_usd.0);
    model.slashing.offences[0].evidence = Evidence::Majority;
    let (trial, effect) = of(&model, Knob::Evidence);
    assert_eq!(trial.turn, Turn::Added);
    assert!(effect.bribe_usd.0.abs() <= 0.0 && effect.bribe_usd.1 > 0.0);
}

/// κ: who receives the slash. An attacker that gets back all that is passed on loses 40 % in place
/// of 80 %, needs to be faced with twice the stake, and those harmed get nothing.
#[test]
fn knob_recipient_who_is_the_attacker_halves_what_is_burned() {
    let (trial, effect) = of(&ten_operators(), Knob::Recipient);
    assert_eq!(trial.turn, Turn::Weakened);
    close(effect.burned_usd.1 / effect.burned_usd.0, 0.4 / 0.8);
    close(effect.stake_ratio.unwrap(), 2.0);
    close(effect.uncovered_usd.1, 60e6);
    assert!(effect.uncovered_usd.0 < 57e6);
    // Burned slashes go to nobody: what if they went to the attacker?
    let mut burned = staking_tokens();
    burned.slashing.offences[0].redistributed = Share(0.0);
    burned.slashing.offences[0].recaptured = Share(0.0);
    let (trial, effect) = of(&burned, Knob::Recipient);
    assert_eq!(trial.turn, Turn::Added);
    close(effect.burned_usd.1 / effect.burned_usd.0, 0.5);
    close(effect.uncovered_usd.1, effect.uncovered_usd.0);
    let (trial, effect) = of(&burned, Knob::Redistribution);
    assert_eq!(trial.turn, Turn::Added);
    close(effect.burned_usd.1, effect.burned_usd.0);
    assert!(effect.uncovered_usd.1 < effect.uncovered_usd.0);
}

/// Native ETH is not redistributed: both rows are there and say why.
#[test]
fn knob_redistribution_is_refused_to_native_eth() {
    let mut eth = ten_operators();
    eth.slashing.offences[0].redistributed = Share(0.0);
    eth.slashing.offences[0].recaptured = Share(0.0);
    for (knob, word) in [
        (Knob::Redistribution, "ELIP-006"),
        (Knob::Recipient, "burned"),
    ] {
        let (trial, _) = of(&eth, knob);
        let Turn::Refused(why) = trial.turn else {
            panic!("{knob:?} is {:?}", trial.turn)
        };
        assert!(why.contains(word), "{why}");
    }
}

#[test]
fn knob_cap_on_one_event_bounds_what_is_taken() {
    let mut model = ten_operators();
    model.value.attacks[0].per_event = Some(Usd(10e6));
    let (trial, effect) = of(&model, Knob::PerEvent);
    assert_eq!(trial.turn, Turn::Weakened);
    close(effect.profit_usd.0, 10e6);
    close(effect.profit_usd.1, 20e6);
    close(effect.stake_ratio.unwrap(), 2.0);
    let (trial, effect) = of(&ten_operators(), Knob::PerEvent);
    assert_eq!(trial.turn, Turn::Added);
    assert!(effect.profit_usd.1 < effect.profit_usd.0 && effect.stake_ratio.unwrap() < 1.0);
}

/// Stake of its own that each operator must put in: those at stake rise, nobody else's cost does.
#[test]
fn knob_own_stake_minimum_deters_operators() {
    let mut model = ten_operators();
    model.operators.own_stake_minimum = Some(Choice::Fixed(Usd(500e3)));
    let (trial, effect) = of(&model, Knob::OwnMinimum);
    assert_eq!(trial.turn, Turn::Weakened);
    assert!(effect.operators_usd.1 < effect.operators_usd.0);
    assert!(effect.bribe_usd.1 < effect.bribe_usd.0);
    close(effect.burned_usd.1, effect.burned_usd.0);
    model.operators.own_stake_minimum = None;
    model.operators.own_share = Share(0.01);
    let (trial, effect) = of(&model, Knob::OwnMinimum);
    assert_eq!(trial.turn, Turn::Added);
    assert!(effect.operators_usd.1 > effect.operators_usd.0);
}

/// Unvested rewards are lost one for one.
#[test]
fn knob_vesting_adds_to_what_operators_lose() {
    let mut model = ten_operators();
    model.rewards.operator_split = Share(0.1);
    model.rewards.vesting = Days(73.0);
    model.rewards.budget = Choice::Fixed(UsdPerYear(13e6));
    let (trial, effect) = of(&model, Knob::Vesting);
    assert_eq!(trial.turn, Turn::Weakened);
    // A fifth of a year of the operators' tenth of the budget, for the coalition's 22 of 65.
    let unvested = 0.1 * 13e6 / 5.0 * 22.0 / 65.0;
    close(effect.operators_usd.0 - effect.operators_usd.1, unvested);
    close(effect.bribe_usd.0 - effect.bribe_usd.1, unvested);
    let (trial, effect) = of(&ten_operators(), Knob::Vesting);
    assert_eq!(trial.turn, Turn::Added);
    assert!(effect.operators_usd.1 >= effect.operators_usd.0);
}

/// Users are paid no more than the cover; none can be sold where slashes are burned.
#[test]
fn knob_insurance_covers_harm_up_to_what_is_sold() {
    let mut model = staking_tokens();
    model.insurance = Some(Insurance::of(Usd(2e6)));
    let (trial, effect) = of(&model, Knob::Insurance);
    assert_eq!(trial.turn, Turn::Weakened);
    close(effect.uncovered_usd.0, 58e6);
    close(effect.uncovered_usd.1, 59e6);
    close(effect.burned_usd.1, effect.burned_usd.0);
    model.insurance = None;
    assert_eq!(of(&model, Knob::Insurance).0.turn, Turn::Added);
    model.slashing.offences[0].redistributed = Share(0.0);
    model.slashing.offences[0].recaptured = Share(0.0);
    assert!(matches!(
        of(&model, Knob::Insurance).0.turn,
        Turn::Refused(_)
    ));
}

/// A liveness fault has a slash of its own: turning it moves its attack and leaves the other.
#[test]
fn knob_liveness_slash_deters_silence_and_not_theft() {
    let mut model = ten_operators();
    let mut silence = model.slashing.offences[0].clone();
    silence.name = "silence".into();
    silence.fault = Fault::Liveness;
    silence.slash = Choice::Fixed(Share(0.01));
    model.slashing.offences.push(silence);
    let mut attack = model.value.attacks[0].clone();
    attack.name = "silence".into();
    attack.offence = 1;
    model.value.attacks.push(attack);
    let design = Parameters::reference(&model);
    let turned: Vec<Trial> = stakewright::assess::rules::trials(&model, &design)
        .into_iter()
        .filter(|trial| trial.knob == Knob::Slash)
        .collect();
    assert_eq!(turned.len(), 2);
    let before = sim::compile(&model, &design);
    for (index, trial) in turned.iter().enumerate() {
        assert_eq!(trial.offence, Some(index));
        let after = sim::compile(&trial.model, &trial.parameters);
        for attack in 0..2 {
            let share = if attack == index { 0.5 } else { 1.0 };
            let (now, then) = (before.attacks[attack], after.attacks[attack]);
            close(then.burned_share, share * now.burned_share);
        }
    }
}

/// Each rule of the list has a row, whatever the design holds.
#[test]
fn every_knob_has_a_row() {
    let mut model = staking_tokens();
    model.service.verification = Verification::Quorum;
    model.value.attacks[0].takes = Takes::ShareOfValue(Share(1.0));
    model.value.attacks[0].extraction = Extraction::RateLimited {
        usd_per_day: 2e6,
        pause: Days(1.0),
    };
    let rows = effects(&model);
    for knob in [
        Knob::Slash,
        Knob::Detection,
        Knob::Dispute,
        Knob::Veto,
        Knob::Redistribution,
        Knob::RateLimit,
        Knob::Threshold,
        Knob::OwnStake,
        Knob::Correlation,
        Knob::Evidence,
        Knob::Recipient,
        Knob::PerEvent,
        Knob::OwnMinimum,
        Knob::Vesting,
        Knob::Insurance,
    ] {
        assert!(rows.iter().any(|(trial, _)| trial.knob == knob), "{knob:?}");
    }
    assert!(effect_of(&model, Knob::RateLimit).profit_usd.1 > 0.0);
}
