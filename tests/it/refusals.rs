//! What no method answers for: a file that asks for it is refused at its line, and a target that
//! nothing reaches gets the nearest design and what to relax.

use crate::cli::stakewright;
use serde_json::Value;
use std::path::Path;
use std::process::Output;

fn run(arguments: &[&str]) -> Output {
    stakewright().args(arguments).output().unwrap()
}

/// The shipped model whose answer is known, with lines replaced and others added.
fn closed_form(replace: &[(&str, &str)], add: &str) -> (tempfile::TempDir, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/closed-form.toml");
    let mut text = std::fs::read_to_string(root).unwrap();
    for (from, to) in replace {
        assert!(text.contains(from), "no line `{from}`");
        text = text.replace(from, to);
    }
    text += add;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.toml");
    std::fs::write(&path, text).unwrap();
    let path = path.display().to_string();
    (folder, path)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn answer(output: &Output) -> Value {
    serde_json::from_slice::<Value>(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", text(&output.stderr)))["data"]
        .clone()
}

/// Weighted paths have one law: numbers that each path draws, and other models, are refused where
/// the method stands.
#[test]
fn weighted_methods_refuse_uncertainty_and_panels_at_their_line() {
    let known = "volatility = \"0 %\"";
    let spread = "volatility = \"20 %\"";
    let panel = "\n[[panel]]\nname = \"twice the loot\"\ntakes = 2.0\n";
    for method in ["conditional", "importance", "sobol"] {
        let line = format!("method = \"{method}\"");
        for (uncertain, beside) in [(spread, ""), (known, panel)] {
            let replace = [("method = \"plain\"", line.as_str()), (known, uncertain)];
            let (_folder, path) = closed_form(&replace, beside);
            let refused = run(&["check", &path]);
            assert_eq!(refused.status.code(), Some(3), "{method}");
            let said = text(&refused.stderr);
            assert!(
                said.contains(&line) && said.contains("weighted paths need one model"),
                "{method}: {said}"
            );
            assert!(said.contains("write \"plain\""), "{said}");
        }
    }
    for method in ["plain", "automatic"] {
        let line = format!("method = \"{method}\"");
        let replace = [("method = \"plain\"", line.as_str()), (known, spread)];
        let (_folder, path) = closed_form(&replace, "");
        assert_eq!(run(&["check", &path]).status.code(), Some(0), "{method}");
    }
}

/// A promise that plain paths cannot show is never called safe: undecided, with the paths that
/// would decide.
#[test]
fn a_promise_beyond_the_paths_is_undecided_with_the_number_that_decides() {
    let (_folder, path) = closed_form(&[("at_most = \"1 %\"", "at_most = \"0.0001 %\"")], "");
    let output = run(&["recommend", &path, "--format", "json"]);
    let found = answer(&output);
    assert_eq!(found["verdict"], "undecided");
    let failures = found["certificate"]["failures"].as_u64().unwrap();
    if failures == 0 {
        // At the look's confidence: ln δ / ln(1 - ε), three million at 95 %.
        let needed = found["paths_needed"].as_u64().unwrap();
        assert!((2_995_731..6_000_000).contains(&needed), "{needed}");
    }
    let screen = run(&["recommend", &path]);
    let said = text(&screen.stdout);
    assert!(
        said.contains("UNDECIDED") && !said.contains("SAFE "),
        "{said}"
    );
    assert!(failures > 0 || said.contains("paths"), "{said}");
    for line in said.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

/// The budget of the range cannot buy the stake: the nearest design, its risk, and what to relax.
#[test]
fn a_target_out_of_reach_gets_the_nearest_design_and_what_to_relax() {
    let replace = [(
        "budget = { search = [\"1 MUSD/year\", \"100 MUSD/year\"] }",
        "budget = { search = [\"1 MUSD/year\", \"6 MUSD/year\"] }",
    )];
    let (_folder, path) = closed_form(&replace, "");
    let output = run(&["recommend", &path, "--format", "json"]);
    let found = answer(&output);
    let infeasible = &found["infeasible"];
    assert_eq!(infeasible["constraint"], "budget");
    assert_eq!(infeasible["allowed"], 6e6);
    let needed = infeasible["needed"].as_f64().unwrap();
    assert!((10.0e6..11.5e6).contains(&needed), "{needed}");
    let nearest = infeasible["nearest_risk"].as_f64().unwrap();
    assert!(nearest > 0.01 && nearest < 0.5, "{nearest}");
    // Six million buy 200 M USD · (6/4)^0.6.
    let stake = found["design"]["stake"]["value"].as_f64().unwrap();
    assert!(
        (stake / (200e6 * 1.5_f64.powf(0.6)) - 1.0).abs() < 1e-6,
        "{stake}"
    );
    assert_ne!(found["verdict"], "safe");
    let screen = text(&run(&["recommend", &path]).stdout);
    let said = screen.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "INFEASIBLE",
        "6 M USD/year allowed",
        "quorum threshold: from 33.3 % to",
        "reward budget: 10.9 M USD/yr instead of 6 M USD/yr at most",
        "a weaker promise",
        "no value is enough, alone, of: slash fraction",
    ] {
        assert!(said.contains(words), "no `{words}` in\n{said}");
    }
}

/// Bounds that exclude each other are errors where they stand.
#[test]
fn contradictory_bounds_are_errors_at_their_line() {
    for (from, to, says) in [
        (
            "budget = { search = [\"1 MUSD/year\", \"100 MUSD/year\"] }",
            "budget = { search = [\"100 MUSD/year\", \"1 MUSD/year\"] }",
            "the range of `budget` ends before it begins",
        ),
        (
            "threshold = \"1/3\"",
            "threshold = { search = [\"60 %\", \"40 %\"] }",
            "the range of `threshold` ends before it begins",
        ),
        (
            "own_share = \"100 %\"",
            "own_share = \"100 %\"\nown_stake_minimum = { search = [\"5 MUSD\", \"1 MUSD\"] }",
            "the range of `own_stake_minimum` ends before it begins",
        ),
        (
            "insecure_within = \"30 days\"",
            "insecure_within = \"900 days\"",
            "the promise looks 900 days ahead",
        ),
    ] {
        let (_folder, path) = closed_form(&[(from, to)], "");
        let refused = run(&["recommend", &path]);
        assert_eq!(refused.status.code(), Some(3), "{to}");
        let said = text(&refused.stderr);
        assert!(
            said.contains(says) && said.contains("model.toml:"),
            "{said}"
        );
        assert!(said.contains("nothing was run"), "{said}");
    }
}

/// Shards play every model of a panel, and whoever merges them judges all: the design is safe in
/// the model and unsafe where the loot is twice as large, so it is not safe.
#[test]
fn merged_shards_judge_every_model_of_a_panel() {
    let panel = "\n[[panel]]\nname = \"twice the loot\"\ntakes = 2.0\n";
    let (folder, path) = closed_form(&[], panel);
    let place = |name: &str| folder.path().join(name).display().to_string();
    let part = |shard: &str, stake: &str, out: &str| {
        let output = run(&[
            "simulate", &path, "--stake", stake, "--paths", "4000", "--shard", shard, "--out", out,
        ]);
        assert!(output.status.success(), "{}", text(&output.stderr));
    };
    let (a, b, other) = (place("a.parquet"), place("b.parquet"), place("c.parquet"));
    part("1/2", "420", &a);
    part("2/2", "420", &b);
    part("2/2", "421", &other);
    let whole = answer(&run(&[
        "simulate", &path, "--stake", "420", "--paths", "4000", "--format", "json",
    ]));
    let out = place("all.parquet");
    let merged = answer(&run(&["merge", &b, &a, "--out", &out, "--format", "json"]));
    let judged = &merged["judged"];
    assert_eq!(judged, &whole["panel"]);
    assert_eq!(judged["paths"], 4_000);
    assert_eq!(judged["verdict"], "unsafe");
    let worlds = judged["worlds"].as_array().unwrap();
    assert_eq!(worlds[0]["name"], "model");
    assert_eq!(worlds[0]["verdict"], "safe");
    assert_eq!(worlds[0]["failures"], whole["assessment"]["failures"]);
    assert_eq!(worlds[1]["name"], "twice the loot");
    assert_eq!(worlds[1]["verdict"], "unsafe");
    // At 420 M USD against 120 M USD the multiple is 1.097: more than half of the paths cross.
    assert!(worlds[1]["failures"].as_u64().unwrap() > 1_500);
    let screen = text(&run(&["merge", &a, &b, "--out", &out]).stdout);
    assert!(
        screen.contains("twice the loot") && screen.contains("unsafe"),
        "{screen}"
    );
    let refused = run(&["merge", &a, &other, "--out", &out]);
    assert_ne!(refused.status.code(), Some(0));
    assert!(
        text(&refused.stderr).contains("stake_usd"),
        "{}",
        text(&refused.stderr)
    );
}
