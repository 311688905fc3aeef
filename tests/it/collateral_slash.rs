//! A slash fraction of its own for each collateral, through model files: every cost by listing all
//! coalitions, and every other place that a slash reaches.

use crate::attack_keys::{at_start, close, model, set, text, try_text, usd};
use crate::knobs;
use stakewright::assess::rules::{Knob, Turn};
use stakewright::assess::variants::Kind;
use stakewright::random::Seed;
use stakewright::recommend::budget;
use stakewright::recommend::evaluate::Evaluator;
use stakewright::sim::incident::{self, Moment};
use stakewright::sim::{self, Cost, Factor, Plan, Progress, honest};
use stakewright::spec::Parameters;
use stakewright::spec::model::Model;
use std::sync::atomic::AtomicBool;

const RULE: &str = "slash = \"60 %\"";
/// What the four operators hold, USD: ETH, then the own token. 60 MUSD in all; 20 are needed.
const HELD: [[f64; 2]; 4] = [[20e6, 4e6], [16e6, 1e6], [10e6, 3e6], [4e6, 2e6]];
/// How often the slash lands.
const LANDS: f64 = 0.9;

/// The least price of any set of operators that holds a third of the stake.
fn cheapest(price: impl Fn(usize) -> f64) -> f64 {
    let mut least = f64::INFINITY;
    for set in 0_u32..16 {
        let members = (0..4).filter(|o| set >> o & 1 == 1);
        let votes: f64 = members.clone().map(|o| HELD[o][0] + HELD[o][1]).sum();
        if votes >= 20e6 * (1.0 - 1e-12) {
            least = least.min(members.map(&price).sum());
        }
    }
    least
}

fn own(eth: &str, own: &str) -> Model {
    let rule = format!("{RULE}\nslash_by_asset = {{ ETH = \"{eth}\", OWN = \"{own}\" }}");
    set(&[(RULE, &rule)])
}

/// Without volatility: what the engine meets is what stands in the file.
fn still(model: &Model) -> Plan {
    let plan = sim::compile(model, &Parameters::reference(model));
    let assets = plan.assets.iter().map(|asset| Factor {
        volatility_per_sqrt_year: 0.0,
        ..*asset
    });
    Plan {
        assets: assets.collect(),
        ..plan
    }
}

#[test]
fn equal_fractions_are_one_fraction_to_the_bit() {
    let one = set(&[]);
    for (slash, eth, token) in [("60 %", "60 %", "60 %"), ("10 %", "60 %", "60 %")] {
        let rule = format!(
            "slash = \"{slash}\"\nslash_by_asset = {{ ETH = \"{eth}\", OWN = \"{token}\" }}"
        );
        let each = set(&[(RULE, &rule)]);
        let (a, b) = (Parameters::reference(&one), Parameters::reference(&each));
        assert_eq!(sim::compile(&one, &a), sim::compile(&each, &b));
        assert_eq!(at_start(&one), at_start(&each));
        assert_eq!(budget::required(&one, &a), budget::required(&each, &b));
        assert_eq!(
            honest::compile(&one, &a, 30),
            honest::compile(&each, &b, 30)
        );
    }
    // Of one collateral its own fraction is the fraction.
    let pool = model(&[(
        RULE,
        "slash = \"10 %\"\nslash_by_asset = { EIGEN = \"60 %\" }",
    )]);
    let plain = model(&[]);
    let compiled = |m: &Model| sim::compile(m, &Parameters::reference(m));
    assert_eq!(compiled(&pool), compiled(&plain));
}

#[test]
fn every_cost_counts_the_fraction_of_each_collateral() {
    for (eth, token, f) in [
        ("60 %", "100 %", [0.6, 1.0]),
        ("80 %", "0 %", [0.8, 0.0]),
        ("5 %", "90 %", [0.05, 0.9]),
    ] {
        let model = own(eth, token);
        let burned = |o: usize| f[0] * HELD[o][0] + f[1] * HELD[o][1];
        let whole = cheapest(burned);
        close(usd(&model, Kind::WholeStake), whole);
        close(usd(&model, Kind::Probabilistic), LANDS * whole);
        close(usd(&model, Kind::Recaptured), LANDS * whole);
        // A tenth is the operators' own; there is no other business.
        close(usd(&model, Kind::OperatorRational), 0.1 * LANDS * whole);
        close(usd(&model, Kind::Briber), 0.1 * LANDS * whole);
        close(usd(&model, Kind::Collapse), LANDS * whole);
        // The engine and the reference meet the same.
        let plan = still(&model);
        for cost in [Cost::WholeStake, Cost::OperatorRational] {
            let expected = LANDS * whole * if cost == Cost::WholeStake { 1.0 } else { 0.1 };
            let played = sim::simulate(&plan, Seed(1), 0..4, &Progress::silent()).unwrap();
            let slow = sim::reference::simulate(&plan, Seed(1), 0..4);
            for ensemble in [&played, &slow] {
                for coc in &ensemble.cost(cost).unwrap().coc_usd {
                    close(*coc, expected);
                }
            }
        }
    }
}

/// What the price of the own token falls by burns on what is not slashed of it alone.
#[test]
fn c4c_counts_the_rest_of_each_collateral() {
    let rule = format!("{RULE}\nslash_by_asset = {{ OWN = \"10 %\" }}");
    let falls = (
        "price = \"10 USD\"\nfalls = \"0 %\"",
        "price = \"10 USD\"\nfalls = \"50 %\"",
    );
    let model = set(&[(RULE, &rule), falls]);
    let price = |o: usize| LANDS * (0.6 * HELD[o][0] + 0.1 * HELD[o][1]) + 0.9 * 0.5 * HELD[o][1];
    close(usd(&model, Kind::Collapse), cheapest(price));
}

/// C4a and C4b where the own token trades little: bounds that hold every coalition.
#[test]
fn c4a_and_c4b_stay_below_every_coalition() {
    let rule = format!("{RULE}\nslash_by_asset = {{ OWN = \"100 %\" }}");
    let volume = (
        "price = \"10 USD\"",
        "price = \"10 USD\"\ndaily_volume = \"0.3 MUSD/day\"",
    );
    let model = set(&[(RULE, &rule), volume]);
    let laws = [model.impact(0), model.impact(1)];
    let f = [0.6, 1.0];
    let (mut seller, mut buyer) = (f64::INFINITY, f64::INFINITY);
    for set in 0_u32..16 {
        let members: Vec<usize> = (0..4).filter(|o| set >> o & 1 == 1).collect();
        let held = [0, 1].map(|a| members.iter().map(|&o| HELD[o][a]).sum::<f64>());
        if held[0] + held[1] < 20e6 * (1.0 - 1e-12) {
            continue;
        }
        let sold: f64 = (0..2).map(|a| f[a] * laws[a].sale_proceeds(held[a])).sum();
        seller = seller.min(LANDS * sold);
        let carry = model.operators.acquirer.financing.get()
            * (model.operators.acquirer.allocation_delay.years() + 14.0 / 365.0);
        let bought: f64 = (0..2)
            .map(|a| {
                let (law, usd) = (&laws[a], held[a]);
                let left = law.sale_proceeds((1.0 - f[a]) * usd);
                law.purchase_cost(usd) + carry * usd
                    - LANDS * left
                    - (1.0 - LANDS) * law.sale_proceeds(usd)
            })
            .sum();
        buyer = buyer.min(bought);
    }
    for (kind, least) in [(Kind::Seller, seller), (Kind::Acquirer, buyer)] {
        let comparison = at_start(&model);
        let line = comparison.ledgers[0].line(kind).unwrap();
        assert!(
            line.usd <= least * (1.0 + 1e-9),
            "{kind:?} {} {least}",
            line.usd
        );
        assert!(
            line.usd * (1.0 + line.gap) >= least * (1.0 - 1e-9),
            "{line:?} {least}"
        );
    }
}

/// Two offences take one after the other of each collateral: 1 - (1 - f)(1 - g).
#[test]
fn a_coalition_that_does_everything_is_slashed_of_each_collateral() {
    let second = "[[value.attack]]\nname = \"again\"\ntakes = { sum = \"1 MUSD\" }\n\n[[slashing.offence]]\nname = \"again\"\nfault = \"safety\"\nslash = \"50 %\"\nattributable = \"90 %\"\ndetection = { probability = \"100 %\" }\ndispute = \"5 days\"\naccidental = \"0/year\"\n\n[rewards]";
    let rule = format!("{RULE}\nslash_by_asset = {{ OWN = \"100 %\" }}");
    let mut model = set(&[(RULE, &rule), ("[rewards]", second)]);
    model.value.attacks[1].offence = 1;
    let joint = at_start(&model);
    let line = joint.ledgers[2].line(Kind::WholeStake).unwrap().usd;
    close(line, cheapest(|o| 0.8 * HELD[o][0] + HELD[o][1]));
}

/// An entity that holds nothing of what burns costs nothing, and so does corruption by it alone.
#[test]
fn a_collateral_that_is_not_slashed_deters_nobody() {
    let model = own("0 %", "100 %");
    close(usd(&model, Kind::WholeStake), cheapest(|o| HELD[o][1]));
    let all = own("60 %", "0 %");
    close(usd(&all, Kind::WholeStake), cheapest(|o| 0.6 * HELD[o][0]));
}

#[test]
fn the_critical_stake_is_the_cost_turned_over() {
    let model = own("60 %", "100 %");
    let mut parameters = Parameters::reference(&model);
    let cancel = AtomicBool::new(false);
    let evaluator = Evaluator::new(&model, &cancel);
    let plan = still(&model);
    let needed = 60e6 * 20e6 / (LANDS * cheapest(|o| 0.6 * HELD[o][0] + HELD[o][1]));
    let still_model = {
        let mut still = model.clone();
        for asset in &mut still.market.assets {
            asset.volatility = stakewright::units::PerYear(0.0);
        }
        still
    };
    let calm = evaluator.afresh(&still_model);
    for critical in calm.critical(&parameters, Seed(2), 16).unwrap() {
        close(critical, needed);
    }
    // The same by the ensemble of the plan itself.
    let played = sim::simulate(&plan, Seed(2), 0..16, &Progress::silent()).unwrap();
    for scale in &played
        .cost(Cost::WholeStake)
        .unwrap()
        .critical_scale_horizon
    {
        close(60e6 * scale, needed);
    }
    // Half of the slash asks for twice the stake only where it counts for all that burns.
    parameters.offences[0].slash = stakewright::units::Share(0.3);
    for critical in calm.critical(&parameters, Seed(2), 16).unwrap() {
        close(critical, needed);
    }
}

/// Who is slashed by accident loses of each collateral its own fraction; stakers ask for it in the
/// mean: 1 - (1 - f)^p under logarithmic utility.
#[test]
fn accidents_and_premium_count_the_fraction_of_each_collateral() {
    let accident = ("accidental = \"0/year\"", "accidental = \"1 %/year\"");
    let rule = format!("{RULE}\nslash_by_asset = {{ OWN = \"90 %\" }}");
    let model = set(&[(RULE, &rule), accident]);
    let parameters = Parameters::reference(&model);
    let p = -(-0.01_f64).exp_m1();
    let premium = |f: f64| 1.0 - (1.0 - f).powf(p);
    let expected = (50.0 * premium(0.6) + 10.0 * premium(0.9)) / 60.0;
    close(budget::slashing_premium(&model, &parameters), expected);
    let plan = honest::compile(&model, &parameters, 365);
    assert_eq!((plan.parts, plan.operators()), (2, 4));
    let faults = honest::play(&plan, Seed(3), 0..200_000);
    let mean = faults.lost_share.iter().sum::<f64>() / 200_000.0;
    let lost = |f: f64| -(-0.01 * f).exp_m1();
    let expected = (50.0 * lost(0.6) + 10.0 * lost(0.9)) / 60.0;
    assert!((mean / expected - 1.0).abs() < 0.05, "{mean} {expected}");
}

/// Ether in the place of which staking tokens stand can be passed on.
fn passed_on(by_asset: &str) -> Model {
    let rule = format!("{RULE}\nredistributed = \"50 %\"{by_asset}");
    let read = |path: &std::path::Path| {
        match path.to_str() {
        Some("folder/set.csv") => Ok(
            "operator,entity,LST,OWN\na,,10000,400000\nb,,8000,100000\nc,,5000,300000\nd,,2000,200000\n"
                .to_owned(),
        ),
        _ => Err(std::io::Error::from(std::io::ErrorKind::NotFound)),
    }
    };
    let text = text(&[
        (
            "from = { pooled = { stake = \"300 MUSD\", asset = \"EIGEN\" } }",
            "from = { list = \"set.csv\" }\nallocate = \"100 %\"",
        ),
        (
            "[market.EIGEN]\nvolatility = \"150 %/year\"\nfalls = \"0 %\"",
            "[market.LST]\nprice = \"2000 USD\"\nvolatility = \"80 %/year\"\nfalls = \"0 %\"\n[market.OWN]\nprice = \"10 USD\"\nfalls = \"0 %\"\nvolatility = \"120 %/year\"",
        ),
        (RULE, &rule),
    ]);
    stakewright::spec::Draft::parse(&text, "folder/model.toml")
        .and_then(|draft| draft.check_with(&crate::spec::fixture::snapshot(), &read))
        .unwrap_or_else(|e| panic!("{}", e.render()))
}

/// The payout that is guaranteed is half of what burns of the coalition that burns least, in the
/// continuum of the simulation and by whole operators in the comparison.
#[test]
fn a_payout_is_a_share_of_what_is_slashed_of_each_collateral() {
    let model = passed_on("\nslash_by_asset = { OWN = \"10 %\" }");
    let burned = |o: usize| 0.6 * HELD[o][0] + 0.1 * HELD[o][1];
    let safety = at_start(&model).ledgers[0].safety;
    close(
        safety.uncovered_usd,
        (20e6 - 0.5 * LANDS * cheapest(burned)).max(0.0),
    );
    // An attack that always pays: the slash lands nine times of ten.
    let mut loot = model.clone();
    loot.value.attacks[0].takes =
        stakewright::spec::model::Takes::Usd(stakewright::units::Usd(40e6));
    let plan = still(&loot);
    let played = sim::simulate(&plan, Seed(4), 0..4, &Progress::silent()).unwrap();
    // Cheapest votes first: 0.4333, 0.4846, 0.5167 and 0.5706 of a USD burn a vote of d, c, a, b.
    let rate = |o: usize| burned(o) / (HELD[o][0] + HELD[o][1]);
    let mut order = [0, 1, 2, 3];
    order.sort_by(|&a, &b| rate(a).total_cmp(&rate(b)));
    let (mut need, mut least) = (20e6, 0.0);
    for o in order {
        let votes = f64::min(need, HELD[o][0] + HELD[o][1]);
        least += votes * rate(o);
        need -= votes;
    }
    let expected = LANDS * (40e6 - 0.5 * least) + (1.0 - LANDS) * 40e6;
    for uncovered in &played
        .cost(Cost::WholeStake)
        .unwrap()
        .expected_uncovered_usd
    {
        close(*uncovered, expected);
    }
}

/// What an incident slashes: of the coalition's tokens the fraction of each collateral.
#[test]
fn an_incident_slashes_each_collateral_by_its_fraction() {
    let calm = |model: &Model| {
        let parameters = Parameters::reference(model);
        let mut plan = incident::compile(model, &parameters, Cost::WholeStake);
        for asset in &mut plan.plan.assets {
            asset.volatility_per_sqrt_year = 0.0;
        }
        plan.punishments[0].attributable = 1.0;
        plan
    };
    let model = own("60 %", "100 %");
    let moment = Moment {
        path: 0,
        day: 1,
        price_usd: vec![2000.0, 10.0],
        value_usd: 90e6,
        attack: 0,
        profit_usd: 20e6,
    };
    let seen = incident::play_all(&calm(&model), Seed(5), &[moment], 8);
    let expected = cheapest(|o| 0.6 * HELD[o][0] + HELD[o][1]);
    for one in seen {
        // The first of the attacks, before what is left invites another.
        assert!(
            one.further > 0 || (one.staker_loss_usd / expected - 1.0).abs() < 1e-9,
            "{one:?}"
        );
        assert!(one.staker_loss_usd >= expected * (1.0 - 1e-9));
    }
}

#[test]
fn what_cannot_be_is_refused_where_it_stands() {
    let refused = |changes: &[(&str, &str)], words: &[&str]| {
        let mut all = vec![
            (
                "from = { pooled = { stake = \"300 MUSD\", asset = \"EIGEN\" } }",
                "from = { list = \"set.csv\" }\nallocate = \"100 %\"",
            ),
            (
                "[market.EIGEN]\nvolatility = \"150 %/year\"\nfalls = \"0 %\"",
                "[market.OWN]\nprice = \"10 USD\"\nfalls = \"0 %\"\nvolatility = \"120 %/year\"",
            ),
        ];
        all.extend(changes);
        let errors = try_text(&text(&all)).expect_err("must be refused").render();
        for word in words {
            assert!(errors.contains(word), "{word}: {errors}");
        }
    };
    refused(
        &[(
            RULE,
            "slash = \"60 %\"\nslash_by_asset = { EIGEN = \"10 %\" }",
        )],
        &[
            "the operators hold no EIGEN",
            "StrategyNotInOperatorSet",
            "ETH, OWN",
        ],
    );
    refused(
        &[(RULE, "slash = \"60 %\"\nslash_by_asset = {}")],
        &["`slash_by_asset` names no asset"],
    );
    refused(
        &[(
            RULE,
            "slash = \"60 %\"\nslash_by_asset = { ETH = \"160 %\" }",
        )],
        &["slash_by_asset"],
    );
    refused(
        &[(
            RULE,
            "slash = \"60 %\"\nslash_by_asset = { OWNN = \"10 %\" }",
        )],
        &["OWNN", "OWN"],
    );
    refused(
        &[(
            RULE,
            "slash = { search = [\"10 %\", \"60 %\"] }\nslash_by_asset = { ETH = \"10 %\", OWN = \"20 %\" }",
        )],
        &["a range of `slash` is searched, and every asset has a fraction of its own"],
    );
}

/// C1 to C6 move with the fraction of each collateral, and the premium with it.
#[test]
fn the_knob_has_a_row_and_moves_what_theory_says() {
    let accident = ("accidental = \"0/year\"", "accidental = \"1 %/year\"");
    let rule = format!("{RULE}\nslash_by_asset = {{ OWN = \"100 %\" }}");
    let uneven = set(&[(RULE, &rule), accident]);
    let (trial, effect) = knobs::of(&uneven, Knob::SlashByAsset);
    assert_eq!(trial.turn, Turn::Weakened);
    let (now, then) = (
        cheapest(|o| 0.6 * HELD[o][0] + HELD[o][1]),
        cheapest(|o| 0.6 * (HELD[o][0] + HELD[o][1])),
    );
    close(effect.burned_usd.0, LANDS * now);
    close(effect.burned_usd.1, LANDS * then);
    close(effect.operators_usd.1, 0.1 * LANDS * then);
    let premium = |t: &Model| budget::slashing_premium(t, &Parameters::reference(t));
    assert!(premium(&trial.model) < premium(&uneven));
    assert!(effect.stake_ratio.unwrap() > 1.0);
    // Where all are slashed alike, half of it is tried for what falls most, or is held most.
    let (trial, effect) = knobs::of(&set(&[]), Knob::SlashByAsset);
    assert_eq!(trial.turn, Turn::Added);
    close(
        effect.burned_usd.1,
        LANDS * cheapest(|o| 0.3 * HELD[o][0] + 0.6 * HELD[o][1]),
    );
    // The whole slash, halved, halves them all.
    let (_, effect) = knobs::of(&uneven, Knob::Slash);
    close(effect.burned_usd.1, 0.5 * effect.burned_usd.0);
}
