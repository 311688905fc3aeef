//! Quorums of a service through model files: votes by multipliers, and several quorums that an
//! attacker must reach together. Every cost by listing all coalitions.

use crate::attack_keys::{close, set, text, try_text, usd};
use stakewright::assess::variants::Kind;
use stakewright::random::Seed;
use stakewright::recommend::evaluate::Evaluator;
use stakewright::sim::{self, Cost, Factor, Plan, Progress};
use stakewright::spec::Parameters;
use stakewright::spec::model::Model;
use stakewright::units::PerYear;
use std::sync::atomic::AtomicBool;

/// What the four operators hold, USD: ETH, then the own token.
const HELD: [[f64; 2]; 4] = [[20e6, 4e6], [16e6, 1e6], [10e6, 3e6], [4e6, 2e6]];
/// Share of a coalition's stake that an attack burns.
const BURNED: f64 = 0.54;

fn stake(o: usize) -> f64 {
    HELD[o][0] + HELD[o][1]
}

/// The least price of any set that has its share of every quorum's votes.
fn cheapest(quorums: &[([f64; 4], f64)], price: impl Fn(usize) -> f64) -> f64 {
    let mut least = f64::INFINITY;
    for set in 1_u32..16 {
        let members = (0..4).filter(|o| set >> o & 1 == 1);
        let reached = quorums.iter().all(|(votes, share)| {
            let held: f64 = members.clone().map(|o| votes[o]).sum();
            held >= share * votes.iter().sum::<f64>() * (1.0 - 1e-12)
        });
        if reached {
            least = least.min(members.map(&price).sum());
        }
    }
    least
}

fn with(quorums: &str) -> Model {
    set(&[("[market]", &format!("{quorums}\n[market]"))])
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

/// The costs that the engine, the reference and the comparison find are these.
fn costs_are(model: &Model, whole: f64, operators: f64) {
    close(usd(model, Kind::Recaptured), BURNED * whole);
    close(usd(model, Kind::OperatorRational), BURNED * operators);
    let plan = still(model);
    let played = sim::simulate(&plan, Seed(1), 0..4, &Progress::silent()).unwrap();
    let slow = sim::reference::simulate(&plan, Seed(1), 0..4);
    for (cost, expected) in [
        (Cost::WholeStake, BURNED * whole),
        (Cost::OperatorRational, BURNED * operators),
    ] {
        for ensemble in [&played, &slow] {
            for coc in &ensemble.cost(cost).unwrap().coc_usd {
                close(*coc, expected);
            }
        }
    }
}

#[test]
fn equal_quorums_cost_as_one() {
    let one = set(&[]);
    let twice = with(
        "[[operators.quorum]]\nname = \"first\"\nassets = [\"ETH\", \"OWN\"]\n[[operators.quorum]]\nname = \"second\"\nassets = [\"ETH\", \"OWN\"]",
    );
    let third = HELD.map(|held| held[0] + held[1]);
    let whole = cheapest(&[(third, 1.0 / 3.0)], stake);
    costs_are(&one, whole, 0.1 * whole);
    costs_are(&twice, whole, 0.1 * whole);
}

/// Two holders of ETH and two of the own token: nobody votes in both, so that both must be paid.
#[test]
fn quorums_that_share_nobody_add() {
    let apart = |list: &str| {
        let read = |path: &std::path::Path| match path.to_str() {
            Some("folder/set.csv") => Ok(list.to_owned()),
            _ => Err(std::io::Error::from(std::io::ErrorKind::NotFound)),
        };
        let text = text(&[
            (
                "from = { pooled = { stake = \"300 MUSD\", asset = \"EIGEN\" } }",
                "from = { list = \"set.csv\" }\nallocate = \"100 %\"",
            ),
            (
                "[market.EIGEN]\nvolatility = \"150 %/year\"\nfalls = \"0 %\"",
                "[[operators.quorum]]\nname = \"ether\"\nassets = [\"ETH\"]\n[[operators.quorum]]\nname = \"token\"\nassets = [\"OWN\"]\nthreshold = \"1/2\"\n[market.OWN]\nprice = \"10 USD\"\nfalls = \"0 %\"\nvolatility = \"120 %/year\"",
            ),
        ]);
        stakewright::spec::Draft::parse(&text, "folder/model.toml")
            .and_then(|draft| draft.check_with(&crate::spec::fixture::snapshot(), &read))
            .unwrap_or_else(|e| panic!("{}", e.render()))
    };
    // 20 of 50 MUSD hold a third of the ether; 10 of 18 MUSD half of the tokens.
    let model = apart("operator,ETH,OWN\na,10000,0\nb,15000,0\nc,0,800000\nd,0,1000000\n");
    let whole = 20e6 + 10e6;
    costs_are(&model, whole, 0.1 * whole);
    // The bound of the continuum adds up as well: a third of 50 and half of 18.
    let plan = still(&model);
    let fan = &sim::simulate(&plan, Seed(1), 0..2, &Progress::silent())
        .unwrap()
        .costs[0]
        .fan;
    let expected = (BURNED * (50e6 / 3.0 + 9e6) / 20e6).ln();
    let middle = fan.quantile(0, 0.5).unwrap();
    assert!((middle - expected).abs() < 0.05, "{middle} {expected}");
}

#[test]
fn votes_by_multipliers_do_not_follow_prices() {
    // 1000 own tokens vote like one ether, whose 2000 USD are 200 of them.
    let weighed = with(
        "[[operators.quorum]]\nname = \"registry\"\nassets = [\"ETH\", \"OWN\"]\nmultipliers = { ETH = 1.0, OWN = 0.001 }",
    );
    let votes = [0, 1, 2, 3].map(|o: usize| HELD[o][0] / 2000.0 + 0.001 * HELD[o][1] / 10.0);
    let whole = cheapest(&[(votes, 1.0 / 3.0)], stake);
    costs_are(&weighed, whole, 0.1 * whole);
    // As worth at the start where the multipliers are the prices, in ether.
    let priced = with(
        "[[operators.quorum]]\nname = \"registry\"\nassets = [\"ETH\", \"OWN\"]\nmultipliers = { ETH = 1.0, OWN = 0.005 }",
    );
    close(
        usd(&priced, Kind::Recaptured),
        usd(&set(&[]), Kind::Recaptured),
    );
    // The own token falls to a tenth: whoever holds it still has its votes, at a tenth of the price.
    let fallen = |o: usize| HELD[o][0] + 0.1 * HELD[o][1];
    let mut plan = still(&priced);
    plan.assets[1].start *= 0.1;
    let worth = [0, 1, 2, 3].map(|o: usize| HELD[o][0] + HELD[o][1]);
    let expected = BURNED * cheapest(&[(worth, 1.0 / 3.0)], fallen);
    let played = sim::simulate(&plan, Seed(1), 0..4, &Progress::silent()).unwrap();
    for coc in &played.cost(Cost::WholeStake).unwrap().coc_usd {
        close(*coc, expected);
    }
}

/// What one quorum, or each of several, asks for is what the search of designs reads: the stake that
/// makes the cost the loot of 20 MUSD.
#[test]
fn the_search_reads_the_stake_that_quorums_need() {
    let one = "[[operators.quorum]]\nname = \"ether\"\nassets = [\"ETH\"]";
    let both = "[[operators.quorum]]\nname = \"ether\"\nassets = [\"ETH\"]\n[[operators.quorum]]\nname = \"token\"\nassets = [\"OWN\"]\nthreshold = \"60 %\"";
    let ether = (HELD.map(|held| held[0]), 1.0 / 3.0);
    let token = (HELD.map(|held| held[1]), 0.6);
    for (quorums, needed) in [(one, vec![ether]), (both, vec![ether, token])] {
        let mut model = with(quorums);
        for asset in &mut model.market.assets {
            asset.volatility = PerYear(0.0);
        }
        let cancel = AtomicBool::new(false);
        let evaluator = Evaluator::new(&model, &cancel);
        let parameters = Parameters::reference(&model);
        let expected = 60e6 * 20e6 / (BURNED * cheapest(&needed, stake));
        for critical in evaluator.critical(&parameters, Seed(2), 16).unwrap() {
            close(critical, expected);
        }
    }
}

#[test]
fn multipliers_that_the_registry_cannot_hold_are_refused() {
    let refused = |multipliers: &str, words: &[&str]| {
        let quorum = format!(
            "[[operators.quorum]]\nname = \"registry\"\nassets = [\"ETH\", \"OWN\"]\nmultipliers = {multipliers}\n[market.OWN]\nprice = \"10 USD\"\nfalls = \"0 %\"\nvolatility = \"120 %/year\""
        );
        let all = text(&[
            (
                "from = { pooled = { stake = \"300 MUSD\", asset = \"EIGEN\" } }",
                "from = { list = \"set.csv\" }\nallocate = \"100 %\"",
            ),
            (
                "[market.EIGEN]\nvolatility = \"150 %/year\"\nfalls = \"0 %\"",
                &quorum,
            ),
        ]);
        let errors = try_text(&all).expect_err("must be refused").render();
        for word in words {
            assert!(errors.contains(word), "{word}: {errors}");
        }
    };
    refused("{ ETH = 0.0, OWN = 1.0 }", &["InputMultiplierZero"]);
    refused(
        "{ ETH = -1.0, OWN = 1.0 }",
        &["no multiplier of a strategy"],
    );
    refused("{ ETH = 1e11, OWN = 1.0 }", &["uint96"]);
    refused(
        "{ ETH = 1.0 }",
        &["OWN votes in this quorum and has no multiplier"],
    );
    refused(
        "{ ETH = 1.0, OWN = 1.0, EIGEN = 1.0 }",
        &["EIGEN does not vote in this quorum"],
    );
    // 10,000 ether of operator a times ten million are more than the cast keeps.
    refused(
        "{ ETH = 1e7, OWN = 1.0 }",
        &["a would weigh", "drops bits without an error"],
    );
}
