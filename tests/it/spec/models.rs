//! The models of the repository.

use super::fixture::snapshot;
use stakewright::spec::model::*;
use stakewright::spec::{Draft, Model};

fn read(name: &str) -> String {
    std::fs::read_to_string(format!("{}/models/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn check(name: &str) -> Model {
    let draft = Draft::parse(&read(name), &format!("models/{name}"))
        .unwrap_or_else(|e| panic!("{}", e.render()));
    draft
        .check(&snapshot())
        .unwrap_or_else(|e| panic!("{}", e.render()))
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
    assert_eq!(
        model.assumptions.iter().map(|a| a.id).collect::<Vec<_>>(),
        [""; 0],
        "nothing is left to a default"
    );
}

#[test]
fn user_security_takes_its_operators_from_the_snapshot() {
    let model = check("user-security.toml");
    println!("{}", serde_json::to_string_pretty(&model).unwrap());
}
