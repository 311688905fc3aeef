//! Laws that hold whatever the model file says: P1, P2 and P3 through the text of a file, on every
//! cost that is compared and on what the engine plays.

use crate::attack_keys::{at_start, set};
use proptest::prelude::*;
use stakewright::assess::variants::{Comparison, Kind};
use stakewright::random::Seed;
use stakewright::sim::{self, Progress};
use stakewright::spec::Parameters;
use stakewright::spec::model::{Model, Structure};
use stakewright::units::Usd;

const COSTS: [Kind; 9] = [
    Kind::WholeStake,
    Kind::OperatorRational,
    Kind::Briber,
    Kind::Seller,
    Kind::Acquirer,
    Kind::Collapse,
    Kind::Probabilistic,
    Kind::Recaptured,
    Kind::Escape,
];

/// What a file says of the four operators' service.
#[derive(Debug, Clone)]
struct Said {
    slash: f64,
    attributable: f64,
    mean_days: f64,
    threshold: f64,
    recaptured: f64,
    own: f64,
    revenue: f64,
    falls: f64,
}

fn said() -> impl Strategy<Value = Said> {
    let first = (0.0..1.0, 0.0..1.0, 0.01..30.0, 0.05..1.0);
    let second = (0.0..1.0, 0.0..1.0, 0.0..0.03, 0.0..1.0);
    (first, second).prop_map(
        |((slash, attributable, mean_days, threshold), (recaptured, own, revenue, falls))| Said {
            slash,
            attributable,
            mean_days,
            threshold,
            recaptured,
            own,
            revenue,
            falls,
        },
    )
}

fn read(said: &Said) -> Model {
    let share = |x: f64| format!("{} %", 100.0 * x);
    let mut model = set(&[
        (
            "threshold = \"1/3\"",
            &format!("threshold = \"{}\"", share(said.threshold)),
        ),
        (
            "own_share = \"10 %\"",
            &format!("own_share = \"{}\"", share(said.own)),
        ),
        (
            "net_revenue = \"0 %/year\"",
            &format!("net_revenue = \"{} %/year\"", 100.0 * said.revenue),
        ),
        (
            "falls = \"0 %\"",
            &format!("falls = \"{}\"", share(said.falls)),
        ),
        (
            "slash = \"60 %\"",
            &format!("slash = \"{}\"", share(said.slash)),
        ),
        (
            "attributable = \"90 %\"",
            &format!("attributable = \"{}\"", share(said.attributable)),
        ),
        (
            "detection = { probability = \"100 %\" }",
            &format!("detection = {{ mean = \"{} days\" }}", said.mean_days),
        ),
    ]);
    // Redistribution of ETH is refused in a file; the law is about the formula.
    let offence = &mut model.slashing.offences[0];
    offence.redistributed = stakewright::units::Share(1.0);
    offence.recaptured = stakewright::units::Share(said.recaptured);
    model
}

fn usd(comparison: &Comparison, kind: Kind) -> f64 {
    comparison.ledgers[0].line(kind).unwrap().usd
}

/// No cost of `less` is above that of `more`, but for those named.
fn nowhere_above(less: &Said, more: &Said, but: &[Kind]) -> Result<(), TestCaseError> {
    let (low, high) = (at_start(&read(less)), at_start(&read(more)));
    for kind in COSTS.into_iter().filter(|kind| !but.contains(kind)) {
        let (a, b) = (usd(&low, kind), usd(&high, kind));
        prop_assert!(a <= b * (1.0 + 1e-9) + 1e-6, "{kind:?}: {a} above {b}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// More slash, likelier attribution, quicker detection: nothing gets cheaper, but for those who
    /// count the fall of what the slash leaves, which a larger slash leaves less of.
    #[test]
    fn p1_costs_rise_with_slash_detection_and_threshold(said in said(), by in 0.0..1.0) {
        let towards = |x: f64, end: f64| x + by * (end - x);
        // Where a slash pays its operator, more of it pays more.
        let said = Said { recaptured: said.recaptured.min(said.own), ..said };
        let slashed = Said { slash: towards(said.slash, 1.0), ..said.clone() };
        nowhere_above(&said, &slashed, &[Kind::Collapse, Kind::Briber])?;
        let blamed = Said { attributable: towards(said.attributable, 1.0), ..said.clone() };
        nowhere_above(&said, &blamed, &[])?;
        let quick = Said { mean_days: towards(said.mean_days, 0.005), ..said.clone() };
        nowhere_above(&said, &quick, &[])?;
        // Whether a vote decides depends on the threshold in ways of its own.
        let high = Said { threshold: towards(said.threshold, 1.0), ..said.clone() };
        nowhere_above(&said, &high, &[Kind::Briber])?;
    }

    #[test]
    fn p1_costs_fall_with_what_returns_to_the_attacker(said in said(), by in 0.0..1.0) {
        let more = Said { recaptured: said.recaptured + by * (1.0 - said.recaptured), ..said.clone() };
        nowhere_above(&more, &said, &[])?;
        // All of it returned: the slash deters nobody, and pays whoever shares it.
        let all = at_start(&read(&Said { recaptured: 1.0, revenue: 0.0, ..said }));
        prop_assert!(usd(&all, Kind::Recaptured).abs() < 1e-6);
        prop_assert!(usd(&all, Kind::OperatorRational).abs() < 1e-6);
    }

    /// A currency worth twice (or four, or half of) another: costs double, and not a bit of any
    /// ratio, and so of any probability, moves.
    #[test]
    fn p2_a_currency_worth_twice_doubles_money_and_moves_no_ratio(said in said(), power in -6_i32..7) {
        let unit = 2.0_f64.powi(power);
        let model = read(&said);
        let mut other = model.clone();
        for asset in &mut other.market.assets {
            asset.price = Usd(asset.price.get() * unit);
            asset.liquidity.daily_volume = Usd(asset.liquidity.daily_volume.get() * unit);
        }
        other.value.at_risk.start = Usd(other.value.at_risk.start.get() * unit);
        if let stakewright::spec::model::Takes::Usd(usd) = &mut other.value.attacks[0].takes {
            *usd = Usd(usd.get() * unit);
        }
        if let Structure::Entities(list) = &mut other.operators.structure {
            for operator in list {
                operator.delegated_usd *= unit;
            }
        }
        let (plain, scaled) = (at_start(&model), at_start(&other));
        for kind in COSTS {
            let (a, b) = (unit * usd(&plain, kind), usd(&scaled, kind));
            prop_assert!((a - b).abs() <= 1e-9 * a.abs().max(unit), "{kind:?}: {a} {b}");
        }
        let play = |model: &Model| {
            let plan = sim::compile(model, &Parameters::reference(model));
            sim::simulate(&plan, Seed(21), 0..32, &Progress::silent()).unwrap()
        };
        let (plain, scaled) = (play(&model), play(&other));
        for (a, b) in plain.costs.iter().zip(&scaled.costs) {
            prop_assert_eq!(&a.first_insecure_day, &b.first_insecure_day);
            for (a, b) in a.min_log_ratio.iter().zip(&b.min_log_ratio) {
                prop_assert!(a.to_bits() == b.to_bits() || (a - b).abs() < 1e-9, "{} {}", a, b);
            }
        }
    }

    /// One operator cut in two of the same hand: no cost moves.
    #[test]
    fn p3_an_operator_in_two_parts_of_one_hand_is_one(said in said(), which in 0_usize..4, cut in 0.01..0.99) {
        let model = read(&said);
        let mut other = model.clone();
        if let Structure::Entities(list) = &mut other.operators.structure {
            let mut part = list[which].clone();
            for tokens in &mut part.tokens {
                *tokens *= cut;
            }
            part.delegated_usd *= cut;
            part.label = "part".to_owned();
            for (rest, tokens) in list[which].tokens.iter_mut().zip(&part.tokens) {
                *rest -= tokens;
            }
            list[which].delegated_usd -= part.delegated_usd;
            list.push(part);
        }
        other.operators.count = stakewright::spec::model::Choice::Fixed(5);
        let (whole, parts) = (at_start(&model), at_start(&other));
        for kind in COSTS {
            let (a, b) = (usd(&whole, kind), usd(&parts, kind));
            prop_assert!((a - b).abs() <= 1e-9 * a.abs() + 1e-6, "{kind:?}: {a} {b}");
        }
    }
}
