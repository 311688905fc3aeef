//! Models at the ends of what can be written: each gets an answer or an error at its line, never a
//! stop, and never a number that no formula gives.

use crate::attack_keys::{at_start, close, model, set, text, try_text, usd};
use crate::cli::stakewright;
use stakewright::assess::variants::Kind;
use stakewright::random::Seed;
use stakewright::recommend::budget;
use stakewright::sim::{self, Progress};
use stakewright::spec::Parameters;
use std::path::Path;

/// What `recommend` says of the shipped model with known answer, with texts replaced: exit code,
/// standard output and error.
fn recommend(changes: &[(&str, &str)]) -> (i32, serde_json::Value, String) {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/closed-form.toml");
    let mut text = std::fs::read_to_string(shipped).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.toml");
    std::fs::write(&path, text).unwrap();
    let output = stakewright()
        .args(["recommend", "--paths", "500", "--format", "json"])
        .arg(&path)
        .output()
        .unwrap();
    let answer = serde_json::from_slice(&output.stdout).unwrap_or(serde_json::Value::Null);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap(), answer, said)
}

/// A recipient who shares with operators more than they own is told in the report.
#[test]
fn a_slash_that_pays_operators_is_warned_of() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/closed-form.toml");
    let text = std::fs::read_to_string(shipped)
        .unwrap()
        .replace("asset = \"ETH\"", "asset = \"LST\"")
        .replace("own_share = \"100 %\"", "own_share = \"10 %\"")
        .replace(
            "redistributed = \"0 %\"",
            "redistributed = \"100 %\"\nrecaptured = \"35 %\"",
        );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.toml");
    std::fs::write(&path, text).unwrap();
    let output = stakewright()
        .args(["run", "--paths", "200", "--out"])
        .arg(folder.path().join("runs"))
        .arg(&path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).replace('\n', " ");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains(
            "A slash for theft returns 35 % of it to the attacker, and operators own 10 %"
        ),
        "{said} {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A slash that takes nothing, never lands, or hits stake that is nobody's own cannot deter: the
/// nearest design and what to relax, and no stop on the way to the comparison of collateral.
#[test]
fn what_cannot_deter_is_infeasible_and_says_why() {
    let own = ("own_share = \"100 %\"", "own_share = \"0 %\"");
    let rational = (
        "deterrence = \"whole-stake\"",
        "deterrence = \"operator-rational\"",
    );
    type Changes<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Changes, &str, &str); 3] = [
        (
            &[("slash = \"99 %\"", "slash = \"0 %\"")],
            "slash",
            "slash more than nothing",
        ),
        (
            &[("probability = \"95 %\"", "probability = \"0 %\"")],
            "slash_landing",
            "shorten detection",
        ),
        (&[own, rational], "own_stake", "stake of their own"),
    ];
    for (changes, constraint, relax) in cases {
        let (code, answer, said) = recommend(changes);
        assert_eq!(code, 6, "{changes:?}: {said}");
        let found = &answer["data"]["infeasible"];
        assert_eq!(found["constraint"], constraint, "{changes:?}: {found}");
        assert!(found["relax"].as_str().unwrap().contains(relax), "{found}");
    }
}

#[track_caller]
fn refused(changes: &[(&str, &str)], words: &[&str]) {
    let errors = try_text(&text(changes)).expect_err("nothing to design");
    let said = errors.render();
    for word in words {
        assert!(said.contains(word), "{word} is not in:\n{said}");
    }
}

#[test]
fn where_nobody_gains_or_nobody_is_paid_there_is_nothing_to_design() {
    let takes = "takes = { sum = \"20 MUSD\" }";
    let nothing = "takes = { sum = \"0 USD\" }";
    refused(
        &[(takes, nothing)],
        &["no attack brings anything", "needs no security"],
    );
    refused(
        &[(takes, "takes = { share = \"0 %\" }")],
        &["no attack brings anything"],
    );
    // A ransom is a gain.
    let ransom = model(&[(takes, &format!("{nothing}\nransom = \"3 MUSD\""))]);
    close(at_start(&ransom).ledgers[0].profit().usd, 3e6);
    let paid = "paid_in = \"ETH\"";
    for all in ["operator_split = \"100 %\"", "protocol_fee = \"100 %\""] {
        refused(
            &[(paid, &format!("{paid}\n{all}"))],
            &["stakers get nothing", all],
        );
    }
    let free = format!("{paid}\noperator_split = \"0 %\"");
    refused(
        &[(paid, &free)],
        &["operators keep nothing", "operators.costs"],
    );
    let others_pay = (
        "threshold = \"1/3\"",
        "threshold = \"1/3\"\ncosts = { own = \"0 USD/year\", shared = \"0 USD/year\", services = 1 }",
    );
    assert!(try_text(&text(&[(paid, &free), others_pay])).is_ok());
}

/// E[min(reach, c (t + pause))] with the reach a sum, a share, or a cap on one event, whichever is
/// least; 2 MUSD a day, 12 hours of pause, two days to detection.
#[test]
fn c11_a_limit_lets_out_no_more_than_the_sum_that_the_attack_can_reach() {
    let limited = |takes: &str, cap: &str| {
        model(&[
            (
                "takes = { sum = \"20 MUSD\" }",
                &format!(
                    "takes = {takes}\n{cap}\nextraction = {{ rate_limited = {{ limit = \"2 MUSD/day\", pause = \"12 h\" }} }}"
                ),
            ),
            (
                "detection = { probability = \"100 %\" }",
                "detection = { mean = \"2 days\" }",
            ),
        ])
    };
    let expected = |reach: f64| {
        let left = reach / 2e6 - 0.5;
        if left <= 0.0 {
            return reach;
        }
        2e6 * (0.5 + 2.0 * (1.0 - (-left / 2.0).exp()))
    };
    let none = "cap = \"none\"";
    let valued = "cap = \"at-risk\"";
    for (takes, cap, reach) in [
        ("{ sum = \"5 MUSD\" }", valued, 5e6),
        ("{ sum = \"0.9 MUSD\" }", valued, 0.9e6),
        ("{ sum = \"500 MUSD\" }", valued, 90e6),
        ("{ sum = \"500 MUSD\" }", none, 500e6),
        ("{ share = \"10 %\" }", valued, 9e6),
        ("{ share = \"10 %\" }", "per_event = \"3 MUSD\"", 3e6),
        (
            "{ sum = \"5 MUSD\" }",
            "cap = \"none\"\nper_event = \"3 MUSD\"",
            3e6,
        ),
    ] {
        let model = limited(takes, cap);
        close(usd(&model, Kind::RateLimited), expected(reach));
        let plan = sim::compile(&model, &Parameters::reference(&model));
        let played = sim::simulate(&plan, Seed(3), 0..64, &Progress::silent()).unwrap();
        for profit in &played.costs[0].pfc_usd {
            close(*profit, expected(reach));
        }
    }
}

/// Four operators of 24, 17, 13 and 6 MUSD whose own tokens (4, 1, 3, 2 MUSD) lose half: where all
/// votes are needed each decides if all others take the bribe, and where everybody takes it no
/// division by the chance that somebody does not.
#[test]
fn c05_everybody_decides_where_everybody_is_needed() {
    for (bribed, chance) in [("0 %", 0.0), ("50 %", 0.125), ("100 %", 1.0)] {
        let model = set(&[
            ("threshold = \"1/3\"", "threshold = \"100 %\""),
            ("falls = \"0 %\"", "falls = \"50 %\""),
            (
                "own_share = \"10 %\"",
                &format!("own_share = \"10 %\"\nbribed = \"{bribed}\""),
            ),
        ]);
        let slashed = 0.1 * 0.54 * 60e6;
        let fallen = 0.1 * chance * 0.4 * 0.5 * 10e6;
        close(usd(&model, Kind::Briber), slashed + fallen);
    }
}

/// A full slash that no accident brings asks for no premium, correlated or not, at any aversion.
#[test]
fn a_full_slash_without_accidents_costs_stakers_nothing() {
    for aversion in ["0.0", "1.0", "5.0"] {
        for rule in ["slash = \"100 %\"", "slash = \"100 %\"\ncorrelated = 3"] {
            let model = model(&[
                ("slash = \"60 %\"", rule),
                (
                    "[target]",
                    &format!("[supply]\npremium = {{ risk_aversion = {aversion} }}\n[target]"),
                ),
            ]);
            let parameters = Parameters::reference(&model);
            let budget = budget::required(&model, &parameters).unwrap();
            assert!(budget.slashing_premium.abs() < 1e-300, "{budget:?}");
        }
    }
}

#[test]
fn a_size_that_is_drawn_has_no_rate() {
    for limit in [
        "{ rate_limited = { limit = \"2 MUSD/day\", pause = \"12 h\" } }",
        "{ dispute_window = { flow = \"2 MUSD/day\" } }",
    ] {
        refused(
            &[
                (
                    "takes = { sum = \"20 MUSD\" }",
                    &format!(
                        "takes = {{ lognormal = {{ median = \"4 MUSD\", sigma = 1.2 }} }}\nextraction = {limit}"
                    ),
                ),
                (
                    "detection = { probability = \"100 %\" }",
                    "detection = { mean = \"2 days\" }",
                ),
            ],
            &["not a size drawn anew", "share = \"100 %\""],
        );
    }
}

/// What returns to the attacker is a share of the whole slash: of operators that own a tenth of
/// what is slashed, a recipient who shares 35 % with them makes corruption pay 25 % of it, and the
/// business is all that holds them back.
#[test]
fn c13_a_slash_that_returns_more_than_operators_own_pays_them() {
    let recaptured = |returns: &str, own: &str, revenue: &str| {
        model(&[
            ("asset = \"EIGEN\"", "asset = \"LST\""),
            ("[market.EIGEN]", "[market.LST]"),
            ("own_share = \"10 %\"", &format!("own_share = \"{own}\"")),
            (
                "net_revenue = \"0 %/year\"",
                &format!(
                    "net_revenue = \"{revenue}\", discount = \"10 %/year\", exit_hazard = \"0 %/year\""
                ),
            ),
            (
                "slash = \"60 %\"",
                &format!("slash = \"60 %\"\nredistributed = \"100 %\"\nrecaptured = \"{returns}\""),
            ),
        ])
    };
    // 100 MUSD of stake, 54 expected to be slashed, business of a tenth of the stake where it is 1 %.
    for (returns, own, revenue, expected) in [
        ("0 %", "10 %", "0 %/year", 5.4e6),
        ("5 %", "10 %", "0 %/year", 54e6 * 0.05),
        ("35 %", "10 %", "0 %/year", 0.0),
        ("35 %", "10 %", "2 %/year", 20e6 - 54e6 * 0.25),
        ("35 %", "10 %", "1 %/year", 0.0),
        ("35 %", "100 %", "0 %/year", 54e6 * 0.65),
        ("100 %", "100 %", "0 %/year", 0.0),
    ] {
        let model = recaptured(returns, own, revenue);
        for kind in [Kind::OperatorRational, Kind::Briber] {
            let found = usd(&model, kind);
            assert!(
                (found - expected).abs() <= 1e-6,
                "{returns} {own} {revenue} {kind:?}: {found}, expected {expected}"
            );
        }
        let plan = sim::compile(&model, &Parameters::reference(&model));
        let still = sim::Plan {
            assets: plan
                .assets
                .iter()
                .map(|asset| sim::Factor {
                    volatility_per_sqrt_year: 0.0,
                    ..*asset
                })
                .collect(),
            ..plan
        };
        let played = sim::simulate(&still, Seed(3), 0..8, &Progress::silent()).unwrap();
        for cost in &played.cost(sim::Cost::OperatorRational).unwrap().coc_usd {
            // Drift alone moves the price of a market without chance.
            assert!((cost - expected).abs() <= 1e-6 * 54e6, "{cost} {expected}");
        }
    }
}

#[test]
fn a_veto_that_takes_the_whole_window_is_what_must_be_shorter() {
    refused(
        &[(
            "dispute = \"5 days\"",
            "dispute = \"0 days\"\nveto = { window = \"14 days\", probability = \"1 %\" }",
        )],
        &[
            "dispute and veto take 14 days",
            "shorten the veto",
            "DEALLOCATION_DELAY",
        ],
    );
}
