//! Joint attacks on several services with coalitions of their own, as a model file states them, by
//! hand: who must be bribed for both, what is lost once, what a simulation counts.

use crate::attack_keys::{at_start, close, model, set, text, try_text};
use stakewright::assess::variants::{Comparison, Kind, Ledger, Scope};
use stakewright::economics::coalition::Effort;
use stakewright::random::Seed;
use stakewright::sim::{self, Cost, Progress, joint};
use stakewright::spec::Parameters;
use stakewright::spec::model::Model;

/// A pool that must be held whole, slashed in full for certain; its operators own all of it, and the
/// business that they lose is `revenue` of it for ten years' worth.
fn whole(stake: &str, revenue: &str, elsewhere: &str, deterrence: &str) -> Model {
    model(&[
        ("stake = \"300 MUSD\"", &format!("stake = \"{stake}\"")),
        ("threshold = \"1/3\"", "threshold = \"100 %\""),
        ("own_share = \"10 %\"", "own_share = \"100 %\""),
        (
            "net_revenue = \"0 %/year\"",
            &format!(
                "net_revenue = \"{revenue}\", discount = \"10 %/year\", exit_hazard = \"0 %/year\""
            ),
        ),
        (
            "takes = { sum = \"20 MUSD\" }",
            "takes = { sum = \"6 MUSD\" }",
        ),
        (
            "[[slashing.offence]]",
            &format!("{elsewhere}\n[[slashing.offence]]"),
        ),
        ("slash = \"60 %\"", "slash = \"100 %\""),
        ("attributable = \"90 %\"", "attributable = \"100 %\""),
        (
            "at_most = \"1 %\"",
            &format!("at_most = \"1 %\"\ndeterrence = \"{deterrence}\""),
        ),
    ])
}

fn other(stake: &str, more: &str) -> String {
    let slash = if more.contains("slash") {
        ""
    } else {
        "slash = \"100 %\""
    };
    format!(
        "[[value.elsewhere]]\nname = \"other\"\nprize = \"6 MUSD\"\nthreshold = \"100 %\"\nstake = \"{stake}\"\n{slash}\n{more}\n"
    )
}

fn across(comparison: &Comparison) -> &Ledger {
    let found = comparison
        .ledgers
        .iter()
        .find(|ledger| ledger.scope == Scope::Across(0));
    found.expect("a ledger with the other services")
}

fn margins(model: &Model, kind: Kind) -> (f64, f64) {
    let comparison = at_start(model);
    let alone = &comparison.ledgers[0];
    let both = across(&comparison);
    assert_eq!(both.services, vec![0]);
    (
        alone.line(kind).unwrap().usd - alone.profit().usd,
        both.line(kind).unwrap().usd - both.profit().usd,
    )
}

/// What the engine adds to the take.
fn added(model: &Model) -> f64 {
    sim::compile(model, &Parameters::reference(model)).attacks[0].extra_profit_usd
}

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() < 1e-3,
        "{found}, expected {expected}"
    );
}

#[test]
fn b08_one_stake_behind_two_services_is_lost_once() {
    let model = whole(
        "10 MUSD",
        "0 %/year",
        &other("10 MUSD", "shared = \"100 %\""),
        "whole-stake",
    );
    let (single, joint) = margins(&model, Kind::Recaptured);
    near(single, 4e6);
    near(joint, -2e6);
    // The other slash takes nothing more, so all of its prize is added.
    near(added(&model), 6e6);
    let comparison = at_start(&model);
    assert_eq!(comparison.deciding().scope, Scope::Across(0));
    assert!(comparison.ledgers[0].safety.plain && !across(&comparison).safety.plain);
}

#[test]
fn b09_unique_stake_adds_up() {
    let model = whole("5 MUSD", "0 %/year", &other("5 MUSD", ""), "whole-stake");
    let (single, joint) = margins(&model, Kind::Recaptured);
    near(single, -1e6);
    near(joint, -2e6);
    near(added(&model), 1e6);
    // Where the other slash costs more than it brings, nobody goes there.
    let dear = whole("5 MUSD", "0 %/year", &other("9 MUSD", ""), "whole-stake");
    near(added(&dear), 0.0);
}

#[test]
fn b15_business_that_is_lost_once_couples_unique_stake() {
    for (revenue, single, joint, adds) in [
        ("3 %/year", 0.5e6, -0.5e6, 1e6),
        ("6 %/year", 2e6, 1e6, 1e6),
    ] {
        let model = whole("5 MUSD", revenue, &other("5 MUSD", ""), "operator-rational");
        let found = margins(&model, Kind::OperatorRational);
        near(found.0, single);
        near(found.1, joint);
        near(added(&model), adds);
    }
}

/// B12: two allocations of 80 % of one stake, both slashed in full, take the stake and no more.
#[test]
fn b12_overlapping_allocations_end_at_the_stake() {
    // 80 of 100 are here, 80 there, 60 of them the same.
    let model = whole(
        "80 MUSD",
        "0 %/year",
        &other("80 MUSD", "shared = \"75 %\""),
        "whole-stake",
    );
    let comparison = at_start(&model);
    near(
        across(&comparison).line(Kind::Recaptured).unwrap().usd,
        100e6,
    );
    // Half of it slashed there: 40 more are lost, of which 20 are not here.
    let half = whole(
        "80 MUSD",
        "0 %/year",
        &other("80 MUSD", "shared = \"75 %\"\nslash = \"50 %\""),
        "whole-stake",
    );
    let comparison = at_start(&half);
    near(
        across(&comparison).line(Kind::Recaptured).unwrap().usd,
        100e6,
    );
    let unique = whole(
        "80 MUSD",
        "0 %/year",
        &other("80 MUSD", "slash = \"50 %\""),
        "whole-stake",
    );
    let comparison = at_start(&unique);
    near(
        across(&comparison).line(Kind::Recaptured).unwrap().usd,
        120e6,
    );
}

/// Four operators of 24, 17, 13 and 6 MUSD; b, c and d have 18 MUSD at another service, 8.5, 6.5
/// and 3, where others have 6: an attacker needs 20 here and 12 there.
const THERE: [f64; 4] = [0.0, 8.5, 6.5, 3.0];
const HERE: [f64; 4] = [24.0, 17.0, 13.0, 6.0];

struct Case {
    own: f64,
    revenue: f64,
    slash: f64,
    shared: f64,
    others: f64,
    threshold: f64,
    landing: f64,
}

/// Every assignment of operators to here, there, both or neither, MUSD.
fn by_hand(case: &Case, cost: Cost) -> Option<f64> {
    let own = match cost {
        Cost::WholeStake => 1.0,
        Cost::OperatorRational => case.own,
    };
    let mut best: Option<f64> = None;
    for code in 0..256_usize {
        let joins = |o: usize| code >> (2 * o) & 3;
        let votes = |bit: usize, of: &[f64; 4]| -> f64 {
            (0..4)
                .filter(|&o| joins(o) >> bit & 1 == 1)
                .map(|o| of[o])
                .sum()
        };
        if votes(0, &HERE) < 20.0 {
            continue;
        }
        let missing = (case.threshold * (18.0 + case.others) - votes(1, &THERE)).max(0.0);
        if missing > case.others {
            continue;
        }
        let mut usd = missing * own * case.slash;
        for o in (0..4).filter(|&o| joins(o) > 0) {
            let here = if joins(o) & 1 == 1 {
                0.6 * HERE[o]
            } else {
                0.0
            };
            let there = if joins(o) & 2 == 2 {
                case.slash * THERE[o]
            } else {
                0.0
            };
            let most = HERE[o] + (1.0 - case.shared) * THERE[o];
            let p = case.landing;
            usd += own * (p * (here + there).min(most) + (1.0 - p) * there.min(most));
            if cost == Cost::OperatorRational {
                usd += case.revenue * HERE[o] / 0.1;
            }
        }
        if best.is_none_or(|least| usd < least) {
            best = Some(usd);
        }
    }
    best
}

fn four(case: &Case) -> Model {
    set(&[
        (
            "own_share = \"10 %\"",
            &format!("own_share = \"{} %\"", 100.0 * case.own),
        ),
        (
            "net_revenue = \"0 %/year\"",
            &format!(
                "net_revenue = \"{} %/year\", discount = \"10 %/year\", exit_hazard = \"0 %/year\"",
                100.0 * case.revenue
            ),
        ),
        (
            "attributable = \"90 %\"",
            &format!("attributable = \"{} %\"", 100.0 * case.landing),
        ),
        (
            "[[slashing.offence]]",
            &format!(
                "[[value.elsewhere]]\nname = \"bridge\"\nprize = \"8 MUSD\"\nthreshold = \"{} %\"\nstake = \"18 MUSD\"\noperators = [\"b\", \"c\", \"d\"]\nothers = \"{} MUSD\"\nslash = \"{} %\"\nshared = \"{} %\"\n[[slashing.offence]]",
                100.0 * case.threshold,
                case.others,
                100.0 * case.slash,
                100.0 * case.shared
            ),
        ),
    ])
}

#[test]
fn the_cheapest_coalition_for_both_is_that_of_every_assignment() {
    let plain = Case {
        own: 0.1,
        revenue: 0.0,
        slash: 0.5,
        shared: 0.0,
        others: 6.0,
        threshold: 0.5,
        landing: 0.9,
    };
    // By hand: b and d here, 12 votes at one half each there.
    near(
        1e6 * by_hand(&plain, Cost::WholeStake).unwrap(),
        1e6 * (0.54 * 23.0 + 6.0),
    );
    for own in [0.0, 0.1, 1.0] {
        for revenue in [0.0, 0.02] {
            for (slash, shared) in [(0.5, 0.0), (1.0, 1.0), (1.0, 0.4), (0.0, 0.0)] {
                for (others, threshold) in [(6.0, 0.5), (0.0, 1.0), (6.0, 0.9), (100.0, 0.05)] {
                    for landing in [0.9, 0.0] {
                        let case = Case {
                            own,
                            revenue,
                            slash,
                            shared,
                            others,
                            threshold,
                            landing,
                        };
                        let model = four(&case);
                        let comparison = at_start(&model);
                        let ledger = across(&comparison);
                        for (cost, kind) in [
                            (Cost::WholeStake, Kind::Recaptured),
                            (Cost::OperatorRational, Kind::OperatorRational),
                        ] {
                            let expected = 1e6 * by_hand(&case, cost).unwrap();
                            let found = ledger.line(kind).unwrap();
                            assert!(
                                (found.usd - expected).abs() < 1e-3 && found.gap < 1e-9,
                                "{own} {revenue} {slash} {shared} {others} {threshold} {landing} {kind:?}: {found:?}, expected {expected}"
                            );
                        }
                    }
                }
            }
        }
    }
}

/// Of several services the best set is taken: here the second costs more than it brings.
#[test]
fn the_best_set_of_services_is_found() {
    let service = |name: &str, prize: &str, stake: &str| {
        format!(
            "[[value.elsewhere]]\nname = \"{name}\"\nprize = \"{prize}\"\nthreshold = \"100 %\"\nstake = \"{stake}\"\nslash = \"100 %\"\n"
        )
    };
    let all = service("good", "6 MUSD", "5 MUSD")
        + &service("dear", "6 MUSD", "7 MUSD")
        + &service("better", "6 MUSD", "2 MUSD")
        + "[[value.elsewhere]]\nname = \"sum\"\nprize = \"3 MUSD\"\nloses = \"1 MUSD\"\n";
    let model = whole("5 MUSD", "0 %/year", &all, "whole-stake");
    let comparison = at_start(&model);
    let ledger = across(&comparison);
    assert_eq!(ledger.services, vec![0, 2]);
    near(ledger.line(Kind::Recaptured).unwrap().usd, 12e6);
    near(ledger.profit().usd, 6e6 + 2e6 + 12e6);
    near(added(&model), 2e6 + 1e6 + 4e6);
}

/// The margin of the coalition for both, at the start, is the one that the engine plays: cost of the
/// attack alone against its take and what the others add.
#[test]
fn the_engine_counts_at_the_start_what_the_search_finds() {
    for deterrence in [Cost::WholeStake, Cost::OperatorRational] {
        let case = Case {
            own: 0.3,
            revenue: 0.02,
            slash: 0.7,
            shared: 0.4,
            others: 3.0,
            threshold: 0.4,
            landing: 0.9,
        };
        let mut model = four(&case);
        model.target.deterrence = match deterrence {
            Cost::WholeStake => stakewright::spec::model::Deterrence::WholeStake,
            Cost::OperatorRational => stakewright::spec::model::Deterrence::OperatorRational,
        };
        let parameters = Parameters::reference(&model);
        let plan = sim::compile(&model, &parameters);
        let played = sim::simulate(&plan, Seed(5), 0..32, &Progress::silent()).unwrap();
        assert!(played.costs.len() == 2);
        let prices: Vec<f64> = plan.assets.iter().map(|asset| asset.start).collect();
        let sets = joint::every_set(&model, &parameters, &plan, 0, &prices, Effort::REPORTED);
        let (whole, own) = &sets[0];
        let (kind, both) = match deterrence {
            Cost::WholeStake => (Kind::Recaptured, whole),
            Cost::OperatorRational => (Kind::OperatorRational, own),
        };
        let comparison = at_start(&model);
        let alone = comparison.ledgers[0].line(kind).unwrap().usd;
        let expected = both.prizes_usd - (both.lost_usd - alone);
        assert!(expected > 0.0, "{both:?} {alone}");
        close(plan.attacks[0].extra_profit_usd, expected);
    }
}

#[track_caller]
fn refused(elsewhere: &str, words: &[&str]) {
    let text = text(&[(
        "[[slashing.offence]]",
        &format!(
            "[[value.elsewhere]]\nname = \"other\"\nprize = \"6 MUSD\"\n{elsewhere}\n[[slashing.offence]]"
        ),
    )]);
    let said = try_text(&text).expect_err("half a coalition").render();
    for word in words {
        assert!(said.contains(word), "{word} is not in:\n{said}");
    }
}

#[test]
fn half_a_coalition_is_refused_at_its_line() {
    refused(
        "threshold = \"1/3\"",
        &["a coalition needs `stake`", "stake = \"80 MUSD\""],
    );
    refused("stake = \"10 MUSD\"", &["a coalition needs `threshold`"]);
    refused(
        "stake = \"10 MUSD\"\nthreshold = \"1/3\"",
        &["a coalition needs `slash`"],
    );
    refused(
        "stake = \"10 MUSD\"\nthreshold = \"1/3\"\nloses = \"1 MUSD\"",
        &["what is lost there follows", "loses = \"1 MUSD\""],
    );
    refused(
        "stake = \"10 MUSD\"\nthreshold = \"1/3\"\nslash = \"50 %\"\noperators = [\"a\"]",
        &["a pool of stake has no operators to name"],
    );
    let unknown = set_text("operators = [\"b\", \"cc\"]");
    let said = try_text(&unknown)
        .expect_err("nobody of that name")
        .render();
    assert!(
        said.contains("no operator of this service is called `cc`")
            && said.contains("did you mean `c`?"),
        "{said}"
    );
    let seven: String = (0..7)
        .map(|i| format!("[[value.elsewhere]]\nname = \"s{i}\"\nprize = \"1 MUSD\"\nthreshold = \"1/2\"\nstake = \"1 MUSD\"\nslash = \"50 %\"\n"))
        .collect();
    let seven = text(&[(
        "[[slashing.offence]]",
        &format!("{seven}[[slashing.offence]]"),
    )]);
    let said = try_text(&seven).expect_err("too many sets").render();
    assert!(
        said.contains("7 services with coalitions of their own"),
        "{said}"
    );
}

fn set_text(more: &str) -> String {
    text(&[
        (
            "from = { pooled = { stake = \"300 MUSD\", asset = \"EIGEN\" } }",
            "from = { list = \"set.csv\" }\nallocate = \"100 %\"",
        ),
        (
            "[market.EIGEN]\nvolatility = \"150 %/year\"\nfalls = \"0 %\"",
            "[market.OWN]\nprice = \"10 USD\"\nvolatility = \"120 %/year\"",
        ),
        (
            "[[slashing.offence]]",
            &format!(
                "[[value.elsewhere]]\nname = \"other\"\nprize = \"6 MUSD\"\nthreshold = \"1/3\"\nstake = \"9 MUSD\"\nslash = \"50 %\"\n{more}\n[[slashing.offence]]"
            ),
        ),
    ])
}

/// Two quorums here, half of the ETH (20, 16, 10, 4 MUSD) and a third of the own tokens (4, 1, 3, 2),
/// and 12 votes there: every assignment by hand.
#[test]
fn quorums_here_and_a_coalition_there_are_reached_together() {
    let model = set(&[
        (
            "[market]",
            "[[operators.quorum]]\nname = \"ETH\"\nassets = [\"ETH\"]\nthreshold = \"1/2\"\n[[operators.quorum]]\nname = \"own\"\nassets = [\"OWN\"]\nthreshold = \"1/3\"\n[market]",
        ),
        (
            "[[slashing.offence]]",
            "[[value.elsewhere]]\nname = \"bridge\"\nprize = \"8 MUSD\"\nthreshold = \"1/2\"\nstake = \"18 MUSD\"\noperators = [\"b\", \"c\", \"d\"]\nothers = \"6 MUSD\"\nslash = \"50 %\"\nshared = \"30 %\"\n[[slashing.offence]]",
        ),
    ]);
    let (eth, own) = ([20.0, 16.0, 10.0, 4.0], [4.0, 1.0, 3.0, 2.0]);
    let mut best = f64::INFINITY;
    for code in 0..256_usize {
        let joins = |o: usize| code >> (2 * o) & 3;
        let votes = |bit: usize, of: &[f64; 4]| -> f64 {
            let joined = (0..4).filter(|&o| joins(o) >> bit & 1 == 1);
            joined.map(|o| of[o]).sum()
        };
        let missing = (12.0 - votes(1, &THERE)).max(0.0);
        let reached = |held: f64, needed: f64| held >= needed * (1.0 - 1e-12);
        if !reached(votes(0, &eth), 25.0) || !reached(votes(0, &own), 10.0 / 3.0) || missing > 6.0 {
            continue;
        }
        let lost: f64 = (0..4)
            .map(|o| {
                let here = if joins(o) & 1 == 1 {
                    0.6 * HERE[o]
                } else {
                    0.0
                };
                let there = if joins(o) & 2 == 2 {
                    0.5 * THERE[o]
                } else {
                    0.0
                };
                let most = HERE[o] + 0.7 * THERE[o];
                0.9 * (here + there).min(most) + 0.1 * there.min(most)
            })
            .sum();
        best = best.min(lost + 0.5 * missing);
    }
    let comparison = at_start(&model);
    near(
        across(&comparison).line(Kind::Recaptured).unwrap().usd,
        1e6 * best,
    );
}
