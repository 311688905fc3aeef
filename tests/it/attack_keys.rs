//! Costs and profits of corruption as a model file's text states them, by hand.
#![expect(
    clippy::float_cmp,
    reason = "equal by construction: what was written, or infinite on both sides"
)]

use crate::spec::fixture::snapshot;
use stakewright::assess::variants::{Comparison, Kind, Moment, Scope, compare};
use stakewright::economics::coalition::Effort;
use stakewright::random::Seed;
use stakewright::sim::{self, Progress};
use stakewright::spec::model::Model;
use stakewright::spec::{Draft, Parameters, SpecErrors};
use std::path::Path;

/// A pool of 300 MUSD in EIGEN (2.5 USD), a third of it needed; no jumps, no accidents. A slash of
/// 60 % lands with probability 90 %.
pub const POOL: &str = r#"
format = 1

[service]
name = "keys"
verification = "proof"

[operators]
from = { pooled = { stake = "300 MUSD", asset = "EIGEN" } }
threshold = "1/3"
own_share = "10 %"
franchise = { net_revenue = "0 %/year" }

[market]
jumps = "none"

[market.EIGEN]
volatility = "150 %/year"
falls = "0 %"

[value]
at_risk = { start = "90 MUSD", volatility = "0 %/year", correlation_with_eth = 0.0 }

[[value.attack]]
name = "theft"
takes = { sum = "20 MUSD" }

[[slashing.offence]]
name = "theft"
fault = "safety"
slash = "60 %"
attributable = "90 %"
detection = { probability = "100 %" }
dispute = "5 days"
accidental = "0/year"

[rewards]
budget = { search = ["1 MUSD/year", "30 MUSD/year"] }
paid_in = "ETH"

[target]
insecure_within = "30 days"
at_most = "1 %"

[simulation]
days = "30 days"
"#;

/// Four operators with ETH (2000 USD) and own tokens (10 USD).
const SET: &str = "operator,entity,ETH,OWN\n\
    a,,10000,400000\nb,,8000,100000\nc,,5000,300000\nd,,2000,200000\n";

pub fn try_text(text: &str) -> Result<Model, SpecErrors> {
    let read = |path: &Path| match path.to_str() {
        Some("folder/set.csv") => Ok(SET.to_owned()),
        _ => Err(std::io::Error::from(std::io::ErrorKind::NotFound)),
    };
    Draft::parse(text, "folder/model.toml")?.check_with(&snapshot(), &read)
}

/// The pool's file with texts replaced.
pub fn text(changes: &[(&str, &str)]) -> String {
    let mut text = POOL.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    text
}

#[track_caller]
pub fn model(changes: &[(&str, &str)]) -> Model {
    try_text(&text(changes)).unwrap_or_else(|e| panic!("{}", e.render()))
}

/// The same with the four operators in the place of the pool.
#[track_caller]
pub fn set(changes: &[(&str, &str)]) -> Model {
    let mut all = vec![
        (
            "from = { pooled = { stake = \"300 MUSD\", asset = \"EIGEN\" } }",
            "from = { list = \"set.csv\" }\nallocate = \"100 %\"",
        ),
        (
            "[market.EIGEN]\nvolatility = \"150 %/year\"\nfalls = \"0 %\"",
            "[market.ETH]\nvolatility = \"80 %/year\"\n[market.OWN]\nprice = \"10 USD\"\nfalls = \"0 %\"\nvolatility = \"120 %/year\"",
        ),
    ];
    all.extend(changes);
    model(&all)
}

pub fn at_start(model: &Model) -> Comparison {
    let parameters = Parameters::reference(model);
    compare(model, &parameters, &Moment::start(model), Effort::REPORTED)
}

pub fn usd(model: &Model, kind: Kind) -> f64 {
    let comparison = at_start(model);
    let line = comparison.ledgers[0].line(kind);
    line.unwrap_or_else(|| panic!("no line for {kind:?}")).usd
}

#[track_caller]
pub fn close(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= 1e-9 * expected.abs().max(1e-300),
        "found {found}, expected {expected}"
    );
}

#[track_caller]
fn refuses(changes: &[(&str, &str)], words: &[&str]) {
    let errors = try_text(&text(changes)).expect_err("a contradiction");
    let rendered = errors.render();
    for word in words {
        assert!(rendered.contains(word), "{word} is not in:\n{rendered}");
    }
}

/// What the coalition of the pool is expected to lose: 100 MUSD × 60 % × 90 %.
const BURNED: f64 = 54e6;

const THIN: (&str, &str) = (
    "volatility = \"150 %/year\"",
    "volatility = \"150 %/year\"\ndaily_volume = \"40 MUSD/day\"\nimpact = 0.8",
);

/// Y σ_d √(Q/ADV) of 100 MUSD in that market.
fn impact(usd: f64) -> f64 {
    (0.8 * 1.5 / 365_f64.sqrt() * (usd / 40e6).sqrt()).min(1.0)
}

#[test]
fn c4a_the_seller_compares_with_what_the_stake_would_fetch() {
    let model = model(&[THIN]);
    close(usd(&model, Kind::Recaptured), BURNED);
    let kept = 1.0 - 2.0 / 3.0 * impact(100e6);
    close(usd(&model, Kind::Seller), BURNED * kept);
    // It is the lowest credible cost but for what operators lose themselves.
    let ledger = &at_start(&model).ledgers[0];
    assert!(ledger.line(Kind::Seller).unwrap().credible);
    assert!(ledger.cost().usd <= usd(&model, Kind::Seller));
}

#[test]
fn c4b_the_acquirer_pays_the_way_up_the_carry_and_the_way_down() {
    let model = model(&[
        THIN,
        (
            "own_share = \"10 %\"",
            "own_share = \"10 %\"\nacquirer = { financing = \"10 %/year\", allocation_delay = \"17.5 days\" }",
        ),
        ("falls = \"0 %\"", "falls = \"20 %\""),
    ]);
    let third = 2.0 / 3.0;
    let purchase = 100e6 * (1.0 + third * impact(100e6));
    let carry = 100e6 * 0.10 * 31.5 / 365.0;
    let sale = |usd: f64| usd * (1.0 - third * impact(usd));
    let resale = 0.8 * (0.9 * sale(40e6) + 0.1 * sale(100e6));
    close(usd(&model, Kind::Acquirer), purchase + carry - resale);
}

#[test]
fn c4c_the_fall_of_what_is_left_counts_for_whoever_has_not_hedged() {
    let still = model(&[]);
    close(usd(&still, Kind::Collapse), usd(&still, Kind::Recaptured));
    let falling = model(&[("falls = \"0 %\"", "falls = \"30 %\"")]);
    close(usd(&falling, Kind::Collapse), BURNED + 0.3 * 0.4 * 100e6);
    assert!(
        !at_start(&falling).ledgers[0]
            .line(Kind::Collapse)
            .unwrap()
            .credible
    );
}

#[test]
fn c3_a_quorum_that_follows_its_majority_is_bribed_for_nothing() {
    let provable = model(&[]);
    close(usd(&provable, Kind::Briber), 0.1 * BURNED);
    let majority = model(&[(
        "fault = \"safety\"",
        "fault = \"safety\"\nevidence = \"majority\"",
    )]);
    let ledger = at_start(&majority);
    assert!(ledger.ledgers[0].line(Kind::Briber).unwrap().usd.abs() < 1e-300);
    assert_eq!(ledger.ledgers[0].cost().kind, Kind::Briber);
    let quorum = model(&[("verification = \"proof\"", "verification = \"quorum\"")]);
    assert!(quorum.assumptions.iter().any(|a| a.id == "A-evidence"));
    assert!(!provable.assumptions.iter().any(|a| a.id == "A-evidence"));
}

/// Stakes 24, 17, 13, 6 MUSD with a third of 60 needed: d's vote decides only beside nobody of the
/// others, and so on; falls of the own token are weighed by that chance, slashes are not.
#[test]
fn c3_a_loss_that_comes_with_success_is_weighed_by_the_chance_of_deciding() {
    let falls = |share: &str, bribed: &str| {
        set(&[
            ("falls = \"0 %\"", &format!("falls = \"{share}\"")),
            (
                "own_share = \"10 %\"",
                &format!("own_share = \"10 %\"\nbribed = \"{bribed}\""),
            ),
        ])
    };
    let without = usd(&falls("0 %", "50 %"), Kind::Briber);
    // 20 MUSD are needed: a alone is the dearest that fits, b + d = 23 is the cheapest pair, and
    // a = 24; every vote costs 10 % × 54 % of its stake.
    close(without, 0.1 * 0.54 * 23e6);
    let half = usd(&falls("50 %", "50 %"), Kind::Briber);
    // Own tokens: b 1 MUSD, d 2 MUSD; 40 % are left after the slash. Of the others b must meet
    // less than 20 and at least 3 MUSD: c, d, or both (19): 3 of 8.
    // d must meet at least 14 and less than 20 of a 24, b 17, c 13: b alone: 1 of 8.
    let loss = |own: f64, decides: f64| 0.1 * 0.5 * 0.4 * own * decides;
    close(half, without + loss(1e6, 3.0 / 8.0) + loss(2e6, 1.0 / 8.0));
    let never = usd(&falls("50 %", "0 %"), Kind::Briber);
    assert!(never <= half && never >= without);
}

#[test]
fn c09_c10_exits_that_are_queued_shorten_the_race() {
    let slow = (
        "detection = { probability = \"100 %\" }",
        "detection = { mean = \"3 days\" }",
    );
    let dispute = ("dispute = \"5 days\"", "dispute = \"7 days\"");
    let queued = |how: &str| {
        model(&[
            slow,
            dispute,
            (
                "takes = { sum = \"20 MUSD\" }",
                &format!("takes = {{ sum = \"20 MUSD\" }}\nqueued = {how}"),
            ),
        ])
    };
    let whole = 0.6 * 100e6 * 0.9;
    let in_time = 1.0 - (-7.0_f64 / 3.0).exp();
    close(
        usd(&queued("{ by = \"0 days\" }"), Kind::Escape),
        whole * in_time,
    );
    close(
        usd(&queued("{ by = \"4 days\" }"), Kind::Escape),
        whole * (1.0 - (-1.0_f64).exp()),
    );
    let late = queued("{ by = \"7 days\" }");
    assert!(usd(&late, Kind::Escape).abs() < 1e-300);
    let half = queued("{ by = \"7 days\", share = \"50 %\" }");
    close(usd(&half, Kind::Escape), 0.5 * whole * in_time);
    // Spread over 14 days: the first half is averaged, the second has left.
    let spread = queued("{ up_to = \"14 days\" }");
    close(
        usd(&spread, Kind::Escape),
        0.5 * whole * (1.0 - 3.0 / 7.0 * in_time),
    );
    // The simulation plays what the file says; without the key it is only asked about.
    for (model, share) in [(&late, 0.0), (&half, 0.5)] {
        let plan = sim::compile(model, &Parameters::reference(model));
        close(plan.attacks[0].burned_share, share * 0.54 * in_time);
        assert!(
            at_start(model).ledgers[0]
                .line(Kind::Escape)
                .unwrap()
                .credible
        );
    }
    let silent = model(&[slow, dispute]);
    let line = at_start(&silent);
    let line = line.ledgers[0].line(Kind::Escape).unwrap();
    assert!(
        !line.credible && line.usd.abs() < 1e-300,
        "7 days before, nothing is left"
    );
    close(
        sim::compile(&silent, &Parameters::reference(&silent)).attacks[0].burned_share,
        0.54 * in_time,
    );
}

#[test]
fn an_exit_that_has_ended_is_refused() {
    refuses(
        &[(
            "takes = { sum = \"20 MUSD\" }",
            "takes = { sum = \"20 MUSD\" }\nqueued = { by = \"15 days\" }",
        )],
        &[
            "queued 15 days before the attack",
            "DEALLOCATION_DELAY",
            "15 days",
        ],
    );
    refuses(
        &[(
            "takes = { sum = \"20 MUSD\" }",
            "takes = { sum = \"20 MUSD\" }\nqueued = { share = \"10 %\" }",
        )],
        &["either by when"],
    );
}

/// Every set of the four operators, by hand.
fn cheapest_by_hand(needed: &[(&[f64], f64)], price: impl Fn(usize) -> f64) -> f64 {
    (1_u32..16)
        .filter(|set| {
            needed.iter().all(|(weights, share)| {
                let all: f64 = weights.iter().sum();
                let held: f64 = (0..4)
                    .filter(|o| set >> o & 1 == 1)
                    .map(|o| weights[o])
                    .sum();
                held >= share * all * (1.0 - 1e-12)
            })
        })
        .map(|set| (0..4).filter(|o| set >> o & 1 == 1).map(&price).sum())
        .fold(f64::INFINITY, f64::min)
}

#[test]
fn c8_every_quorum_must_be_corrupted() {
    let (eth, own) = ([20e6, 16e6, 10e6, 4e6], [4e6, 1e6, 3e6, 2e6]);
    let stake = [24e6, 17e6, 13e6, 6e6];
    let one = set(&[]);
    close(
        usd(&one, Kind::WholeStake),
        0.6 * cheapest_by_hand(&[(&stake, 1.0 / 3.0)], |o| stake[o]),
    );
    let dual = set(&[(
        "[market]",
        "[[operators.quorum]]\nname = \"ether\"\nassets = [\"ETH\"]\n[[operators.quorum]]\nname = \"token\"\nassets = [\"OWN\"]\nthreshold = \"60 %\"\n[market]",
    )]);
    let both: &[(&[f64], f64)] = &[(&eth, 1.0 / 3.0), (&own, 0.6)];
    let cheapest = cheapest_by_hand(both, |o| stake[o]);
    assert!(cheapest > 23e6, "{cheapest}");
    close(usd(&dual, Kind::WholeStake), 0.6 * cheapest);
    close(usd(&dual, Kind::Quorums), 0.54 * cheapest);
    close(
        usd(&dual, Kind::OperatorRational),
        cheapest_by_hand(both, |o| 0.054 * stake[o]),
    );
    assert!(
        at_start(&dual).ledgers[0]
            .line(Kind::Quorums)
            .unwrap()
            .credible
    );
    assert!(
        !at_start(&one).ledgers[0]
            .line(Kind::Quorums)
            .unwrap()
            .credible
    );
    // The simulation asks for the votes of both.
    let plan = sim::compile(&dual, &Parameters::reference(&dual));
    let still = sim::Plan {
        assets: plan
            .assets
            .iter()
            .map(|a| sim::Factor {
                volatility_per_sqrt_year: 0.0,
                ..*a
            })
            .collect(),
        ..plan
    };
    let played = sim::simulate(&still, Seed(3), 0..8, &Progress::silent()).unwrap();
    for coc in &played.costs[0].coc_usd {
        close(*coc, 0.54 * cheapest);
    }
    // Without the second quorum's threshold the operators' own is taken.
    assert_eq!(dual.operators.quorums[0].threshold, None);
    refuses(
        &[(
            "[market]",
            "[[operators.quorum]]\nname = \"ether\"\nassets = [\"ETH\"]\n[market]",
        )],
        &["a pool of stake has one asset"],
    );
}

/// With two assets the sale is bounded from below: the bound and the coalition are close, and
/// no set of operators is cheaper than the bound.
#[test]
fn c4a_and_c4b_of_two_assets_are_certified() {
    let model = set(&[(
        "price = \"10 USD\"",
        "price = \"10 USD\"\ndaily_volume = \"0.3 MUSD/day\"",
    )]);
    let (eth, own) = ([20e6, 16e6, 10e6, 4e6], [4e6, 1e6, 3e6, 2e6]);
    let stake = [24e6, 17e6, 13e6, 6e6];
    let law = |volatility: f64, volume: f64| stakewright::economics::impact::SquareRootImpact {
        coefficient: 1.0,
        daily_volatility: volatility / 365_f64.sqrt(),
        daily_volume: volume,
    };
    let laws = [law(0.8, 5e9), law(1.2, 0.3e6)];
    let mut best = (f64::INFINITY, f64::INFINITY);
    for set in 1_u32..16 {
        let held =
            |of: &[f64; 4]| -> f64 { (0..4).filter(|o| set >> o & 1 == 1).map(|o| of[o]).sum() };
        if held(&stake) < 20e6 {
            continue;
        }
        let held = [held(&eth), held(&own)];
        let fetched: f64 = (0..2).map(|a| laws[a].sale_proceeds(held[a])).sum();
        best.0 = best.0.min(0.54 * fetched);
        let bought: f64 = (0..2)
            .map(|a| {
                let resale = 0.9 * laws[a].sale_proceeds(0.4 * held[a])
                    + 0.1 * laws[a].sale_proceeds(held[a]);
                laws[a].purchase_cost(held[a]) + held[a] * 0.05 * 14.0 / 365.0 - resale
            })
            .sum();
        best.1 = best.1.min(bought);
    }
    let ledger = &at_start(&model).ledgers[0];
    for (kind, exact) in [(Kind::Seller, best.0), (Kind::Acquirer, best.1)] {
        let line = ledger.line(kind).unwrap();
        assert!(
            line.usd <= exact * (1.0 + 1e-9),
            "{kind:?}: {} above {exact}",
            line.usd
        );
        assert!(
            line.usd * (1.0 + line.gap) >= exact * (1.0 - 1e-9),
            "{kind:?}: {line:?} {exact}"
        );
        assert!(line.gap < 0.1, "{line:?}");
    }
}

const SHORT: &str = "takes = { sum = \"20 MUSD\" }\nshort = { open_interest = \"20 MUSD\", depth = \"35 MUSD\", drop = \"60 %\", borrow = \"40 %/year\", days = \"30 days\", fee = \"0.2 %\" }";

#[test]
fn c12_a_short_sale_is_part_of_the_profit_and_of_the_simulation() {
    let model = model(&[("takes = { sum = \"20 MUSD\" }", SHORT)]);
    close(usd(&model, Kind::Short), 11_302_465.753_424_658);
    close(usd(&model, Kind::Everything), 31_302_465.753_424_66);
    assert_eq!(at_start(&model).ledgers[0].profit().kind, Kind::Everything);
    let plan = sim::compile(&model, &Parameters::reference(&model));
    close(plan.attacks[0].extra_profit_usd, 11_302_465.753_424_658);
    let played = sim::simulate(&plan, Seed(3), 0..8, &Progress::silent()).unwrap();
    for pfc in &played.costs[0].pfc_usd {
        close(*pfc, 31_302_465.753_424_66);
    }
    // A margin that a rise can eat makes it worth less; one that is never reached does not.
    let margined = |margin: &str| {
        let short = SHORT.replace(
            " fee",
            &format!(" margin = \"{margin}\", volatility = \"90 %/year\", fee"),
        );
        usd(
            &super::attack_keys::model(&[("takes = { sum = \"20 MUSD\" }", &short)]),
            Kind::Short,
        )
    };
    let law = stakewright::economics::profit::ShortSale {
        notional_usd: 20e6,
        drop: 0.6,
        borrow_rate: 0.4,
        held_days: 30.0,
        fee: 0.002,
    };
    close(margined("50 %"), law.margined_profit_usd(0.5, 0.0, 0.9));
    assert!(margined("20 %") < margined("50 %") && margined("50 %") < 11.3e6);
    // A short that would lose is not opened.
    let dear = SHORT.replace("borrow = \"40 %/year\"", "borrow = \"4000 %/year\"");
    let dear = super::attack_keys::model(&[("takes = { sum = \"20 MUSD\" }", &dear)]);
    assert!(usd(&dear, Kind::Short).abs() < 1e-300);
    refuses(
        &[(
            "takes = { sum = \"20 MUSD\" }",
            "takes = { sum = \"20 MUSD\" }\nshort = { drop = \"10 %\" }",
        )],
        &["nothing says how much can be sold short", "open_interest"],
    );
}

#[test]
fn ransom_and_reordering_add_to_the_take() {
    let model = model(&[(
        "takes = { sum = \"20 MUSD\" }",
        "takes = { sum = \"20 MUSD\" }\nransom = \"3 MUSD\"\nreorder = \"0.5 MUSD\"",
    )]);
    close(usd(&model, Kind::Everything), 23.5e6);
    close(usd(&model, Kind::Ransom), 3e6);
    // Neither is taken from users.
    close(at_start(&model).ledgers[0].harm_usd, 20e6);
}

/// Case B15: 5 slashed and 1.5 of business lost against 6 here; 5 against 6 at the other service.
#[test]
fn b15_a_franchise_lost_once_makes_joint_attacks_cheaper() {
    let franchise = |elsewhere: &str, years: f64| {
        let revenue = format!(
            "franchise = {{ net_revenue = \"{} %/year\", discount = \"10 %/year\", exit_hazard = \"0 %/year\" }}",
            years
        );
        model(&[
            ("franchise = { net_revenue = \"0 %/year\" }", &revenue),
            ("own_share = \"10 %\"", "own_share = \"100 %\""),
            ("stake = \"300 MUSD\"", "stake = \"5 MUSD\""),
            ("threshold = \"1/3\"", "threshold = \"100 %\""),
            ("slash = \"60 %\"", "slash = \"100 %\""),
            ("attributable = \"90 %\"", "attributable = \"100 %\""),
            (
                "takes = { sum = \"20 MUSD\" }",
                "takes = { sum = \"6 MUSD\" }",
            ),
            (
                "[[slashing.offence]]",
                &format!("{elsewhere}\n[[slashing.offence]]"),
            ),
        ])
    };
    let other = "[[value.elsewhere]]\nname = \"the other\"\nprize = \"6 MUSD\"\nloses = \"5 MUSD\"";
    let margin = |model: &Model| {
        let ledger = at_start(model);
        let ledger = &ledger.ledgers[0];
        ledger.line(Kind::OperatorRational).unwrap().usd - ledger.profit().usd
    };
    // 1.5 MUSD are 3 % a year of 5 MUSD at 10 %; 3 MUSD are 6 %.
    close(margin(&franchise("", 3.0)), 0.5e6);
    close(margin(&franchise(other, 3.0)), -0.5e6);
    close(margin(&franchise("", 6.0)), 2e6);
    close(margin(&franchise(other, 6.0)), 1e6);
    // Unique stake decouples: where the slash there covers the prize, nothing is added.
    let covered = other.replace("loses = \"5 MUSD\"", "loses = \"7 MUSD\"");
    close(margin(&franchise(&covered, 3.0)), 0.5e6);
    let plan = sim::compile(
        &franchise(other, 3.0),
        &Parameters::reference(&franchise(other, 3.0)),
    );
    close(plan.attacks[0].extra_profit_usd, 1e6);
}

#[test]
fn all_attacks_at_once_get_other_services_once() {
    let twice = "takes = { sum = \"20 MUSD\" }\nransom = \"1 MUSD\"\n[[value.attack]]\nname = \"second\"\ntakes = { sum = \"5 MUSD\" }\noffence = \"theft\"\n[[value.elsewhere]]\nname = \"x\"\nprize = \"4 MUSD\"\nloses = \"1 MUSD\"";
    let model = model(&[("takes = { sum = \"20 MUSD\" }", twice)]);
    let comparison = at_start(&model);
    close(comparison.ledgers[0].profit().usd, 24e6);
    close(comparison.ledgers[1].profit().usd, 8e6);
    let joint = comparison.ledgers.last().unwrap();
    assert_eq!(joint.scope, Scope::Joint);
    close(joint.profit().usd, 20e6 + 1e6 + 5e6 + 3e6);
}

/// Case C15 as a model: a third of 100 is above a profit of 30, and does not cover a harm of 50.
#[test]
fn c15_plain_and_strong_safety_differ() {
    let harm = |harm: &str| {
        model(&[
            (
                "stake = \"300 MUSD\", asset = \"EIGEN\"",
                "stake = \"100 MUSD\", asset = \"LST\"",
            ),
            ("[market.EIGEN]", "[market.LST]"),
            ("own_share = \"10 %\"", "own_share = \"100 %\""),
            (
                "slash = \"60 %\"",
                "slash = \"100 %\"\nredistributed = \"100 %\"",
            ),
            ("attributable = \"90 %\"", "attributable = \"100 %\""),
            (
                "takes = { sum = \"20 MUSD\" }",
                &format!("takes = {{ sum = \"30 MUSD\" }}\nharm = {harm}"),
            ),
        ])
    };
    for text in ["{ sum = \"50 MUSD\" }", "{ multiple = 1.6666666666666667 }"] {
        let ledger = at_start(&harm(text));
        let safety = ledger.ledgers[0].safety;
        close(ledger.ledgers[0].harm_usd, 50e6);
        close(safety.uncovered_usd, 50e6 / 3.0);
        assert!(!safety.strong);
        close(
            ledger.ledgers[0].line(Kind::WholeStake).unwrap().usd,
            100e6 / 3.0,
        );
    }
    let harmless = at_start(&harm("{ sum = \"30 MUSD\" }"));
    assert!(harmless.ledgers[0].safety.strong);
}

#[test]
fn a_heavy_tail_is_capped_or_refused() {
    let pareto = "takes = { pareto = { least = \"2 MUSD\", tail = 0.9 } }";
    let take = ("takes = { sum = \"20 MUSD\" }", pareto);
    refuses(
        &[(take.0, &format!("{pareto}\ncap = \"none\""))],
        &["no finite mean", "cap = \"at-risk\"", "tail index above 1"],
    );
    let capped = model(&[take]);
    close(usd(&capped, Kind::Event), 2e6 * 2_f64.powf(1.0 / 0.9));
    let light = "takes = { generalized_pareto = { above = \"1 MUSD\", scale = \"3 MUSD\", shape = 0.5 } }\ncap = \"none\"";
    let light = model(&[(take.0, light)]);
    close(
        usd(&light, Kind::Event),
        1e6 + 3e6 / 0.5 * (2_f64.sqrt() - 1.0),
    );
    let own_cap = format!("{pareto}\ncap = \"none\"\nper_event = \"7 MUSD\"");
    let own_cap = model(&[(take.0, &own_cap)]);
    close(usd(&own_cap, Kind::Tail), 7e6);
}

/// The engine's Pareto takes at Poisson times against the closed form: P(any above the cost) and
/// the loss, capped by the value at risk.
#[test]
fn poisson_pareto_attacks_agree_with_the_closed_form() {
    let takes =
        "takes = { pareto = { least = \"2 MUSD\", tail = 0.9 } }\nwhen = { rate = \"40/year\" }";
    let model = model(&[
        ("takes = { sum = \"20 MUSD\" }", takes),
        ("stake = \"300 MUSD\"", "stake = \"100 MUSD\""),
        ("volatility = \"150 %/year\"", "volatility = \"0 %/year\""),
    ]);
    let plan = sim::compile(&model, &Parameters::reference(&model));
    let cost = 18e6_f64;
    close(100e6 / 3.0 * plan.attacks[0].burned_share, cost);
    let paths = 40_000;
    let played = sim::simulate(&plan, Seed(5), 0..paths, &Progress::silent()).unwrap();
    let years = 30.0 / 365.0;
    let above = (2e6 / cost).powf(0.9);
    let expected = 1.0 - (-40.0 * years * above).exp();
    let columns = &played.costs[0];
    let failed = columns
        .min_log_ratio_horizon
        .iter()
        .filter(|x| **x < 0.0)
        .count() as f64;
    let n = paths as f64;
    let error = (expected * (1.0 - expected) / n).sqrt();
    assert!(
        (failed / n - expected).abs() < 4.0 * error,
        "{} {expected} {error}",
        failed / n
    );
    // Conditioning on the path leaves no error at all here: the cost is constant.
    for probability in &columns.attack_probability_horizon {
        assert!(
            (probability - expected).abs() < 1e-9,
            "{probability} {expected}"
        );
    }
    assert!(
        columns
            .pfc_usd
            .iter()
            .all(|usd| !usd.is_finite() || *usd <= 90e6 * (1.0 + 1e-12))
    );
    // The engine and the plain reference draw the same sizes.
    let slow = sim::reference::simulate(&plan, Seed(5), 0..200);
    for (a, b) in slow.costs[0].pfc_usd.iter().zip(&columns.pfc_usd) {
        assert!(
            (a - b).abs() <= 1e-9 * b.abs() || (a.is_nan() && b.is_nan()) || a == b,
            "{a} {b}"
        );
    }
}

#[test]
fn everything_final_inside_the_dispute_can_be_taken() {
    let window = "takes = { share = \"100 %\" }\nextraction = { dispute_window = { flow = \"3 MUSD/day\" } }";
    let model = model(&[("takes = { sum = \"20 MUSD\" }", window)]);
    // Five days of dispute; detection is a probability without a time.
    let found = usd(&model, Kind::Window);
    assert!((found / 15e6 - 1.0).abs() < 1e-6, "{found}");
    assert!(
        at_start(&model).ledgers[0]
            .line(Kind::Window)
            .unwrap()
            .credible
    );
    let slow = super::attack_keys::model(&[
        ("takes = { sum = \"20 MUSD\" }", window),
        (
            "detection = { probability = \"100 %\" }",
            "detection = { mean = \"2 days\" }",
        ),
    ]);
    let limited = stakewright::economics::profit::RateLimited {
        reachable_usd: 90e6,
        limit_usd_day: 3e6,
        mean_detection_days: 2.0,
        pause_days: 5.0,
    };
    close(usd(&slow, Kind::Window), limited.expected_usd());
    let plan = sim::compile(&slow, &Parameters::reference(&slow));
    let played = sim::simulate(&plan, Seed(3), 0..8, &Progress::silent()).unwrap();
    for pfc in &played.costs[0].pfc_usd {
        assert!((pfc / limited.expected_usd() - 1.0).abs() < 1e-9, "{pfc}");
    }
}

#[test]
fn a_limited_rate_needs_a_time_to_detection() {
    refuses(
        &[(
            "takes = { sum = \"20 MUSD\" }",
            "takes = { share = \"10 %\" }\nextraction = { rate_limited = { limit = \"1 MUSD/day\", pause = \"6 h\" } }",
        )],
        &["its detection has no time", "detection = { mean"],
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    // P1 and P3, on every variant of a set of operators.
    #[test]
    fn p1_p3_variants_rise_with_what_deters_and_ignore_how_an_entity_divides_itself(
        slash in 0.1..0.9_f64, step in 0.0..0.1_f64, attributable in 0.1..0.9_f64, cut in 0.1..0.9_f64, which in 0_usize..4,
    ) {
        use stakewright::spec::model::{Choice, Structure};
        use stakewright::units::Share;
        let with = |slash: f64, attributable: f64| {
            let mut model = set(&[("price = \"10 USD\"", "price = \"10 USD\"\ndaily_volume = \"1 MUSD/day\"")]);
            model.slashing.offences[0].slash = Choice::Fixed(Share(slash));
            model.slashing.offences[0].attributable = Share(attributable);
            model
        };
        let base = with(slash, attributable);
        let mut split = base.clone();
        if let Structure::Entities(list) = &mut split.operators.structure {
            let mut half = list[which].clone();
            for (rest, own) in half.tokens.iter_mut().zip(&mut list[which].tokens) {
                *rest = cut * *own;
                *own -= *rest;
            }
            half.label.push_str(" again");
            half.delegated_usd *= cut;
            list[which].delegated_usd -= half.delegated_usd;
            list.push(half);
        }
        split.operators.count = Choice::Fixed(5);
        let kinds = [
            Kind::WholeStake, Kind::OperatorRational, Kind::Briber, Kind::Seller, Kind::Acquirer,
            Kind::Collapse, Kind::Probabilistic, Kind::Recaptured, Kind::Escape,
        ];
        let line = |model: &Model, kind: Kind| {
            let comparison = at_start(model);
            let line = comparison.ledgers[0].line(kind).unwrap().clone();
            (line.usd, line.usd * (1.0 + line.gap))
        };
        for kind in kinds {
            let (low, high) = line(&base, kind);
            for more in [with(slash + step, attributable), with(slash, attributable + step)] {
                // A certified interval can only move up as a whole to within its own width.
                proptest::prop_assert!(line(&more, kind).1 >= low * (1.0 - 1e-9), "{:?}", kind);
            }
            let (low_split, high_split) = line(&split, kind);
            proptest::prop_assert!(low_split <= high * (1.0 + 1e-9) && low <= high_split * (1.0 + 1e-9), "{:?}", kind);
        }
    }

    // P2: the unit of money changes every variant by its factor.
    #[test]
    fn p2_variants_scale_with_the_currency(unit in 0.01..100.0_f64, queued in 0.0..9.0_f64) {
        use stakewright::units::Usd;
        let base = set(&[("takes = { sum = \"20 MUSD\" }", &format!("takes = {{ sum = \"20 MUSD\" }}\nransom = \"1 MUSD\"\nqueued = {{ by = \"{queued} days\" }}"))]);
        let mut other = base.clone();
        for asset in &mut other.market.assets {
            asset.price = Usd(asset.price.get() * unit);
            asset.liquidity.daily_volume = Usd(asset.liquidity.daily_volume.get() * unit);
        }
        other.value.at_risk.start = Usd(other.value.at_risk.start.get() * unit);
        other.value.attacks[0].takes = stakewright::spec::model::Takes::Usd(Usd(20e6 * unit));
        other.value.attacks[0].ransom = Usd(1e6 * unit);
        let (a, b) = (at_start(&base), at_start(&other));
        for (mine, theirs) in a.ledgers[0].lines.iter().zip(&b.ledgers[0].lines) {
            proptest::prop_assert!((mine.usd * unit - theirs.usd).abs() <= 1e-9 * theirs.usd.abs(), "{:?} {:?}", mine, theirs);
        }
    }
}
