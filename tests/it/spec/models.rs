//! The models of the repository: they check, they teach, and their schema is fresh.
#![expect(
    clippy::float_cmp,
    reason = "equal by construction: what was written, or infinite on both sides"
)]

use super::fixture::snapshot;
use stakewright::spec::model::*;
use stakewright::spec::{Draft, Model, SCHEMA_FILE, assumptions, schema, schema_value, template};
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every model file of the repository, by name.
fn models() -> Vec<(String, String)> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(root().join("models"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    paths.sort();
    assert!(paths.len() >= 5, "{paths:?}");
    paths
        .into_iter()
        .map(|path| {
            (
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                std::fs::read_to_string(&path).unwrap(),
            )
        })
        .collect()
}

fn check(name: &str) -> Model {
    let text = std::fs::read_to_string(root().join("models").join(name)).unwrap();
    check_text(&text, name)
}

fn check_text(text: &str, name: &str) -> Model {
    let draft = Draft::parse(text, name).unwrap_or_else(|e| panic!("{}", e.render()));
    draft
        .check(&snapshot())
        .unwrap_or_else(|e| panic!("{}", e.render()))
}

#[test]
fn every_model_and_the_template_check() {
    for (name, text) in models() {
        // The small snapshot of the tests has twelve operators.
        let text = text
            .replace("largest = 40", "largest = 12")
            .replace("count = 60", "count = 8")
            .replace("[15, 40]", "[5, 12]");
        let model = check_text(&text, &name);
        assert!(
            !model.service.description.is_empty(),
            "{name} says what it is"
        );
    }
    assert_eq!(
        check_text(template(), "template.toml").service.name,
        "My service"
    );
}

#[test]
fn the_closed_form_is_exactly_what_its_answer_needs() {
    let model = check("closed-form.toml");
    assert_eq!(
        model.operators.structure,
        Structure::Pooled {
            stake: stakewright::units::Usd(350e6),
            asset: 0
        }
    );
    assert_eq!(model.market.assets.len(), 1);
    assert!(model.market.shared_jumps.is_none() && model.market.assets[0].jumps.is_none());
    assert_eq!(model.market.assets[0].volatility.get(), 0.8);
    assert_eq!(
        model.slashing.offences[0].slash,
        Choice::Fixed(stakewright::units::Share(0.99))
    );
    assert_eq!(
        model.assumptions.iter().map(|a| a.id).collect::<Vec<_>>(),
        [""; 0],
        "nothing is left to a default"
    );
}

#[test]
fn the_committed_schema_is_the_one_the_draft_has() {
    let path = root().join("models").join(SCHEMA_FILE);
    super::fresh(&path, &schema());
}

#[test]
fn the_list_of_assumptions_is_the_one_in_the_code() {
    super::fresh(
        &root().join("docs/assumptions.md"),
        &assumptions::document(),
    );
}

#[test]
fn every_default_that_a_model_takes_is_in_the_list() {
    for (name, text) in models()
        .into_iter()
        .chain([("template".to_owned(), template().to_owned())])
    {
        let text = text
            .replace("largest = 40", "largest = 12")
            .replace("count = 60", "count = 8")
            .replace("[15, 40]", "[5, 12]");
        for used in check_text(&text, &name).assumptions {
            let known = assumptions::assumption(used.id);
            // The key of an entry is that of the list, with its index or the asset's name.
            let shape = |key: &str| {
                let mut out = String::new();
                let mut inside = false;
                for c in key.chars() {
                    inside = (inside || c == '[') && c != ']';
                    if !inside && c != ']' {
                        out.push(c);
                    }
                }
                out
            };
            let listed = known
                .key
                .replace("<asset>", used.key.split('.').nth(1).unwrap_or(""));
            let same = shape(&used.key).starts_with(&listed)
                || known.key.starts_with("the ")
                || known.key.contains("TOKEN")
                || known.key.contains("<asset>");
            assert!(
                same,
                "{name}: {} is used for {}, and listed for {}",
                used.id, used.key, known.key
            );
        }
    }
}

/// The schema judges a file by an implementation of its own, so that editors see what we see.
#[test]
fn models_are_valid_by_the_schema() {
    let validator = jsonschema::validator_for(schema_value()).unwrap();
    for (name, text) in models()
        .into_iter()
        .chain([("template".to_owned(), template().to_owned())])
    {
        let value: toml::Value = toml::from_str(&text).unwrap();
        let value = serde_json::to_value(value).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(&value)
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{name}: {faults:#?}");
    }
}

/// A key of each kind that is wrong: the schema refuses what the program refuses.
#[test]
fn the_schema_refuses_what_has_another_shape() {
    let validator = jsonschema::validator_for(schema_value()).unwrap();
    let (_, text) = models()
        .into_iter()
        .find(|(name, _)| name == "user-security.toml")
        .unwrap();
    for (from, to) in [
        ("allocate = \"12 %\"", "alocate = \"12 %\""),
        ("allocate = \"12 %\"", "allocate = 0.12"),
        ("fault = \"safety\"", "fault = \"fatal\""),
        ("paid_in = \"ETH\"", ""),
        ("{ avs = \"EigenDA\" }", "{ avss = \"EigenDA\" }"),
        (
            "{ search = [\"10 %\", \"100 %\"] }",
            "{ search = [\"10 %\"] }",
        ),
        ("when = { rate = \"24/year\" }", "when = \"sometimes\""),
    ] {
        assert!(text.contains(from), "{from}");
        let broken = text.replacen(from, to, 1);
        let value: toml::Value = toml::from_str(&broken).unwrap();
        assert!(
            !validator.is_valid(&serde_json::to_value(value).unwrap()),
            "{to}"
        );
        let errors = Draft::parse(&broken, "m.toml")
            .unwrap()
            .check(&snapshot())
            .expect_err(to);
        assert_eq!(errors.errors.len(), 1, "{}", errors.render());
    }
}

#[test]
fn editors_find_the_schema() {
    for (name, text) in models() {
        assert!(
            text.starts_with(&format!("#:schema {SCHEMA_FILE}\n")),
            "{name}"
        );
    }
}
