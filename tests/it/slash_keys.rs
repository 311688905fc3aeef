//! Knobs of the slash rule, rewards and supply as a model file's text states them: each moves the
//! numbers the way that theory says.

use crate::attack_keys::{at_start, close, model, set, usd};
use stakewright::assess::insurance::cover;
use stakewright::assess::variants::Kind;
use stakewright::economics::impact::SquareRootImpact;
use stakewright::recommend::budget::{self, Premiums};
use stakewright::recommend::operators::Books;
use stakewright::sim;
use stakewright::spec::Parameters;
use stakewright::spec::model::Model;

const RULE: &str = "slash = \"60 %\"";

fn burned(model: &Model) -> f64 {
    let plan = sim::compile(model, &Parameters::reference(model));
    plan.attacks[0].burned_share
}

fn budget_of(model: &Model) -> budget::Budget {
    budget::required(model, &Parameters::reference(model)).unwrap()
}

/// Ethereum's rule, min(1, 3 k/n): a third at fault loses all that the slash allows, one of twenty
/// operators alone loses 15 %.
#[test]
fn a_correlated_penalty_spares_accidents_and_not_attacks() {
    let accident = ("accidental = \"0/year\"", "accidental = \"1 %/year\"");
    let twenty = ("own_share = \"10 %\"", "own_share = \"10 %\"\ncount = 20");
    let flat = model(&[accident, twenty]);
    // The company that a common cause brings is the matter of another test.
    let alone = ("[target]", "[faults]\nclustered = \"0 %\"\n[target]");
    let correlated = model(&[
        accident,
        twenty,
        alone,
        (RULE, "slash = \"60 %\"\ncorrelated = 3"),
    ]);
    close(burned(&flat), 0.54);
    close(burned(&correlated), 0.54);
    close(
        budget::slashing_premium(&flat, &Parameters::reference(&flat)),
        premium(0.6),
    );
    close(
        budget::slashing_premium(&correlated, &Parameters::reference(&correlated)),
        premium(0.15),
    );
    assert!(budget_of(&correlated).usd_year < budget_of(&flat).usd_year);
    // A weak factor weakens the attack's slash too.
    let weak = model(&[(RULE, "slash = \"60 %\"\ncorrelated = 1.2")]);
    close(burned(&weak), 0.4 * 0.9);
    close(usd(&weak, Kind::WholeStake), 40e6);
}

/// Logarithmic utility, hazard of 1 % a year.
fn premium(slash: f64) -> f64 {
    let p = -(-0.01_f64).exp_m1();
    1.0 - (1.0 - slash).powf(p)
}

#[test]
fn a_cap_on_one_event_bounds_the_take_and_the_simulation() {
    let capped = model(&[(
        "takes = { sum = \"20 MUSD\" }",
        "takes = { sum = \"20 MUSD\" }\nper_event = \"8 MUSD\"",
    )]);
    close(usd(&capped, Kind::Event), 8e6);
    let plan = sim::compile(&capped, &Parameters::reference(&capped));
    let played = sim::simulate(
        &plan,
        stakewright::random::Seed(1),
        0..8,
        &sim::Progress::silent(),
    )
    .unwrap();
    for pfc in &played.costs[0].pfc_usd {
        close(*pfc, 8e6);
    }
}

/// C2 rises one for one: with the bond that exceeds the own share, and with unvested rewards.
#[test]
fn own_stake_and_vesting_deter_operators() {
    let plain = set(&[]);
    let bonded = set(&[(
        "own_share = \"10 %\"",
        "own_share = \"10 %\"\nown_stake_minimum = \"2 MUSD\"",
    )]);
    // b and d, 17 and 6 MUSD, own 10 %; asked for 2 MUSD each they lose 54 % of 4 instead of 2.3.
    close(usd(&plain, Kind::OperatorRational), 0.54 * 2.3e6);
    let bonds = [2.4e6, 2e6, 2e6, 2e6];
    // a alone has its own tenth, which is above the bond, and reaches a third by itself.
    let cheapest = f64::min(bonds[0], bonds[1] + bonds[3]);
    close(usd(&bonded, Kind::OperatorRational), 0.54 * cheapest);
    close(
        usd(&bonded, Kind::WholeStake),
        usd(&plain, Kind::WholeStake),
    );
    let books = |m: &Model| Books::of(m, &Parameters::reference(m));
    // 2 MUSD are asked of an operator with 10 MUSD that owns a tenth: 1 MUSD is added. It costs what
    // is asked on it, 5 % and the premiums for accidents, less the 2 % that it earns.
    let accidents: f64 = Premiums::of(&bonded, &Parameters::reference(&bonded))
        .slashing
        .iter()
        .sum();
    let asks = |m: &Model| books(m).asks_usd_year(10e6, 0.02);
    close(
        asks(&bonded) - asks(&plain),
        1e6 * (0.05 + accidents - 0.02),
    );
    // Half a year of vesting on the split of the reference budget, sqrt(1 × 30) MUSD a year.
    let vesting = set(&[(
        "paid_in = \"ETH\"",
        "paid_in = \"ETH\"\nvesting = \"182.5 days\"",
    )]);
    let reference = Parameters::reference(&vesting);
    let unvested = |share: f64| 0.1 * reference.budget.get() * 0.5 * share;
    let c2 = |own: f64, share: f64| 0.54 * own + unvested(share);
    let cheapest = f64::min(c2(2.4e6, 24.0 / 60.0), c2(2.3e6, 23.0 / 60.0));
    close(usd(&vesting, Kind::OperatorRational), cheapest);
    close(asks(&vesting) / asks(&plain), 1.0 + 0.2 * 0.5);
}

#[test]
fn a_stake_in_eth_is_a_bond_too() {
    let model = set(&[(
        "own_share = \"10 %\"",
        "own_share = \"10 %\"\nown_stake_minimum = \"32 ETH\"",
    )]);
    let least = model.operators.own_stake_minimum.unwrap();
    close(least.low().get(), 64_000.0);
}

const LST: [(&str, &str); 2] = [
    (
        "stake = \"300 MUSD\", asset = \"EIGEN\"",
        "stake = \"300 MUSD\", asset = \"LST\"",
    ),
    ("[market.EIGEN]", "[market.LST]"),
];

#[test]
fn theft_by_slashing_counts_where_slashes_are_passed_on() {
    let theft = (
        "[target]",
        "[supply.premium]\ntheft = \"0.5 %/year\"\n[target]",
    );
    let redistributed = (RULE, "slash = \"60 %\"\nredistributed = \"100 %\"");
    let premium = |model: &Model| budget_of(model).other_premium;
    assert!(premium(&model(&[LST[0], LST[1], theft])).abs() < 1e-15);
    close(
        premium(&model(&[LST[0], LST[1], redistributed, theft])),
        0.005 * 0.6,
    );
    // What returns to the attacker is no cost to it.
    let back = (
        RULE,
        "slash = \"60 %\"\nredistributed = \"100 %\"\nrecaptured = \"35 %\"",
    );
    close(
        usd(&model(&[LST[0], LST[1], back]), Kind::Recaptured),
        0.65 * 54e6,
    );
}

#[test]
fn every_premium_is_asked_for() {
    let asked = model(&[(
        "[target]",
        "[supply.premium]\ngovernance = \"0.3 %/year\"\ngas = \"0.1 %/year\"\nilliquidity = \"0.5 %/year\"\nalternative = \"0.7 %/year\"\n[target]",
    )]);
    close(budget_of(&asked).other_premium, 0.016);
    let plain = budget_of(&model(&[]));
    let dearer = budget_of(&asked);
    close(
        dearer.stakers_usd_year - plain.stakers_usd_year,
        0.016 * 300e6 / 0.9,
    );
}

#[test]
fn emissions_pay_a_part_of_what_stakers_ask_for() {
    let subsidised = model(&[(
        "paid_in = \"ETH\"",
        "paid_in = \"ETH\"\nemissions = \"2 MUSD/year\"",
    )]);
    let plain = budget_of(&model(&[]));
    let found = budget_of(&subsidised);
    close(found.usd_year, plain.usd_year - 2e6);
    close(found.gross_yield, plain.gross_yield);
    let parameters = Parameters::reference(&subsidised);
    close(
        budget::stake_for(&subsidised, &parameters, 3e6),
        budget::stake_for(&model(&[]), &parameters, 5e6),
    );
}

/// Rewards of the service's own token are sold day by day into its market.
#[test]
fn rewards_in_an_own_token_lose_what_selling_them_moves() {
    let own = "[market.OWN]\nprice = \"2 USD\"\nvolatility = \"120 %/year\"\ndaily_volume = \"0.05 MUSD/day\"\n[value]";
    let paid = [("paid_in = \"ETH\"", "paid_in = \"OWN\""), ("[value]", own)];
    let sold = model(&paid);
    let law = SquareRootImpact {
        coefficient: 1.0,
        daily_volatility: 1.2 / 365_f64.sqrt(),
        daily_volume: 0.05e6,
    };
    let worth = |budget: f64| budget * (1.0 - law.average(budget / 365.0));
    close(budget::received(&sold, 4e6), worth(4e6));
    let (needed, found) = (budget_of(&model(&[])), budget_of(&sold));
    close(worth(found.usd_year), needed.usd_year);
    close(found.sale_loss_usd_year, found.usd_year - needed.usd_year);
    assert!(found.sale_loss_usd_year > 0.01 * found.usd_year);
    // Where the file does not give the volume, nothing is lost: the model is as it was.
    let silent = model(&[
        paid[0],
        (
            "[value]",
            &own.replace("daily_volume = \"0.05 MUSD/day\"\n", ""),
        ),
    ]);
    close(budget_of(&silent).usd_year, needed.usd_year);
}

/// Cover: no more than what the cheapest coalition's slash is worth after a fall of the collateral.
#[test]
fn cover_is_what_the_slash_guarantees_after_a_fall() {
    let insured = |insurance: &str| {
        model(&[
            LST[0],
            LST[1],
            (RULE, "slash = \"60 %\"\nredistributed = \"80 %\""),
            ("[target]", &format!("[insurance]\n{insurance}\n[target]")),
        ])
    };
    let of = |insurance: &str| {
        let model = insured(insurance);
        let parameters = Parameters::reference(&model);
        cover(&model, &parameters, &at_start(&model), 0.25).unwrap()
    };
    let fixed = of("cover = \"30 MUSD\"\nhaircut = \"25 %\"\nloading = \"20 %\"");
    close(fixed.guaranteed_usd, 0.8 * 60e6);
    close(fixed.sellable_usd, 36e6);
    // The harm is the take, 20 MUSD, a quarter of the time in a year.
    close(fixed.premium_usd_year, 0.25 * 20e6 * 1.2);
    assert!(fixed.solvent);
    let derived = of("cover = \"30 MUSD\"\ntolerance = \"5 %\"");
    // Dispute of 5 days and 7 days of resolution, at the volatility of the file.
    close(derived.days, 12.0);
    let room = stakewright::economics::passage::LogMargin {
        log_margin: -(1.0 - derived.haircut).ln(),
        log_drift: -0.5 * 1.5 * 1.5,
        volatility: 1.5,
    };
    assert!((room.first_passage(12.0 / 365.0) - 0.05).abs() < 1e-9);
    let large = of("cover = \"40 MUSD\"\nhaircut = \"25 %\"");
    assert!(!large.solvent, "{large:?}");
    // Lognormal claims: what is not covered is Black's formula, and claims a year are the file's.
    let claims = of(
        "cover = \"30 MUSD\"\nhaircut = \"25 %\"\nclaims = \"2/year\"\nclaim = { median = \"10 MUSD\", sigma = 1.0 }\nloading = \"0 %\"",
    );
    let harm = stakewright::economics::safety::LognormalHarm {
        mean_usd: 10e6 * 0.5_f64.exp(),
        log_deviation: 1.0,
    };
    close(claims.uninsured_usd, harm.uninsured_usd(30e6));
    close(claims.premium_usd_year, 2.0 * harm.insured_usd(30e6));
    close(claims.exceeded, harm.exceeds(30e6));
}

#[test]
fn cover_without_redistribution_is_refused() {
    let text =
        crate::attack_keys::text(&[("[target]", "[insurance]\ncover = \"1 MUSD\"\n[target]")]);
    let errors = crate::attack_keys::try_text(&text).expect_err("burned slashes pay nobody");
    assert!(
        errors.render().contains("every slash is burned"),
        "{}",
        errors.render()
    );
}
