//! Small risks and stages of growth, as the user meets them on the command line.

use crate::cli::stakewright;
use serde_json::Value;
use std::process::Output;

fn run(arguments: &[&str]) -> Output {
    stakewright().args(arguments).output().unwrap()
}

fn answer(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    serde_json::from_slice::<Value>(&output.stdout).unwrap()["data"].clone()
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

/// A model file of this repository with some of its lines replaced, in a folder of its own.
fn changed(name: &str, lines: &[(&str, &str)]) -> (tempfile::TempDir, String) {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = std::fs::read_to_string(root.join("models").join(name)).unwrap();
    for (from, to) in lines {
        assert!(text.contains(from), "{name} has no line `{from}`");
        text = text.replace(from, to);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    let path = path.display().to_string();
    (folder, path)
}

/// A promise of one in a hundred thousand, against the closed form that the program itself gives.
#[test]
fn a_promise_of_one_in_a_hundred_thousand_is_judged_by_weighted_paths() {
    let (_folder, path) = changed(
        "closed-form.toml",
        &[
            ("at_most = \"1 %\"", "at_most = \"0.001 %\""),
            ("method = \"plain\"\n", ""),
        ],
    );
    let answer = answer(&run(&["recommend", &path, "--format", "json"]));
    assert_eq!(answer["verdict"], "safe");
    let weighted = &answer["certificate"]["weighted"];
    assert_eq!(weighted["estimator"], "importance");
    assert_eq!(weighted["refused"], Value::Null);
    assert!(number(&weighted["relative_error"]) < 0.1);
    assert!(number(&answer["certificate"]["at_most"]) <= 1e-5);
    let design = &answer["design"];
    let closed = number(&design["stake_closed_form_usd"]);
    let stake = &design["stake"];
    assert!(
        number(&stake["low"]) <= closed && closed <= number(&stake["high"]),
        "{stake} {closed}"
    );
    assert!(number(&stake["value"]) / closed < 1.02, "{stake} {closed}");
    let screen = run(&["recommend", &path]);
    let text = String::from_utf8_lossy(&screen.stdout).into_owned();
    assert!(
        text.contains("importance") && text.contains("0.0010 %"),
        "{text}"
    );
}

/// The same on every estimator that the file can name, at the promise that counting can show.
#[test]
fn the_file_chooses_the_estimator() {
    for (method, bound) in [
        ("conditional", "normal"),
        ("importance", "normal"),
        ("sobol", "student"),
    ] {
        let line = format!("method = \"{method}\"");
        let (_folder, path) = changed("closed-form.toml", &[("method = \"plain\"", &line)]);
        let answer = answer(&run(&["recommend", &path, "--format", "json"]));
        assert_eq!(answer["verdict"], "safe", "{method}");
        let weighted = &answer["certificate"]["weighted"];
        assert_eq!(
            (&weighted["estimator"], &weighted["bound"]),
            (&method.into(), &bound.into())
        );
        let stake = &answer["design"]["stake"];
        let closed = 353_761_244.3;
        assert!(
            number(&stake["low"]) <= closed && closed <= number(&stake["high"]),
            "{method}: {stake}"
        );
    }
    let (_folder, path) = changed(
        "closed-form.toml",
        &[("method = \"plain\"", "method = \"bootstrap\"")],
    );
    let refused = run(&["check", &path]);
    assert_eq!(refused.status.code(), Some(3));
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(text.contains("importance"), "{text}");
}

/// The shipped model with stages: every stage certified, triggers as integers with the protocol's
/// lead, policies compared on common paths, on the screen, in the report and in the run folder.
#[test]
fn a_growing_oracle_is_staged_and_its_policies_compared() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().display().to_string();
    let output = run(&[
        "run",
        "models/oracle-bootstrap.toml",
        "--paths",
        "2000",
        "--out",
        &folder,
    ]);
    let screen = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for line in screen.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    for words in [
        "call for the next at",
        "insecure days",
        "feedback",
        "17.5 days",
    ] {
        assert!(screen.contains(words), "no `{words}` in\n{screen}");
    }
    let place = std::fs::read_dir(out.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let page = std::fs::read_to_string(place.join("report.html")).unwrap();
    assert!(
        page.contains("Does the stake keep up with growth?") && page.contains("Stages: triggers")
    );
    assert!(place.join("figures/growth.svg").is_file());
    let text = std::fs::read_to_string(place.join("recommendation.json")).unwrap();
    let answer: Value = serde_json::from_str(&text).unwrap();
    let stages = answer["stages"]["stages"].as_array().unwrap();
    assert_eq!(stages.len(), 3);
    let each = number(&answer["stages"]["confidence_each"]);
    assert!((each - (1.0 - 0.05 / 3.0)).abs() < 1e-12, "{each}");
    let mut before = 0.0;
    for stage in stages {
        assert_eq!(stage["verdict"], "safe", "{stage}");
        assert!(number(&stage["certificate"]["at_most"]) <= 1e-3);
        let carries = number(&stage["carries_usd"]);
        assert!(carries > before);
        before = carries;
    }
    // The first stage ends at 40 MUSD; the call comes before it, as a whole number of 1e-18 USD.
    let next = &stages[0]["next"];
    let call = number(&next["call_at"]);
    assert!(call < 40e6 && call > 20e6, "{call}");
    let raw: u128 = next["raw"].as_str().unwrap().parse().unwrap();
    assert_eq!(raw / 1_000_000_000_000, (call * 1e6).floor() as u128);
    // Tokens at half a dollar, counted a quarter below: what is paid is a third above what counts.
    let (paid, counted) = (
        number(&stages[0]["budget_usd_year"]),
        number(&stages[0]["counted_usd_year"]),
    );
    assert!((paid * 0.75 / counted - 1.0).abs() < 1e-9);
    assert!((number(&stages[0]["tokens_year"]) * 0.5 / paid - 1.0).abs() < 1e-9);
    // A new slasher: 126001 blocks.
    assert_eq!(stages[1]["next"]["lead_blocks"], 126_001);
    let policies = answer["policies"]["policies"].as_array().unwrap();
    let names: Vec<&str> = policies
        .iter()
        .map(|p| p["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["fixed", "staged", "feedback"]);
    for policy in policies {
        let share = number(&policy["insecure"]["value"]);
        assert!((0.0..=1.0).contains(&share) && number(&policy["paid_usd"]["value"]) > 0.0);
        assert_eq!(
            policy["stake"]["bands"].as_array().unwrap().len(),
            policy["stake"]["days"].as_array().unwrap().len()
        );
    }
    // Paying from the first day for what comes years later costs more than growing into it.
    let against = &policies[1]["against_fixed"]["paid_usd"];
    assert!(number(&against["high"]) < 0.0, "{against}");
}

/// What is faster than the protocol is an error at its line.
#[test]
fn a_stage_that_the_protocol_is_too_slow_for_is_an_error_at_its_line() {
    let (_folder, path) = changed(
        "oracle-bootstrap.toml",
        &[
            (
                "until = { at_risk = \"40 MUSD\" }",
                "until = { day = \"200 days\" }",
            ),
            (
                "until = { revenue = { reaches = \"1 MUSD/year\", of_value = \"1 %/year\" } }",
                "until = { day = \"212 days\" }",
            ),
        ],
    );
    let refused = run(&["check", &path]);
    assert_eq!(refused.status.code(), Some(3));
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        text.contains("126001 blocks") && text.contains("slasher ="),
        "{text}"
    );
}
