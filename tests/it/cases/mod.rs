//! Known answers through a model file's text: each against a derivation of its own (a closed form
//! written out here, a quadrature, a grid, every subset), never against the code that is tested.

mod attack;
mod participation;
mod stochastic;

use crate::attack_keys::text;
use crate::spec::fixture::snapshot;
use stakewright::random::Seed;
use stakewright::sim::{self, Ensemble, Progress};
use stakewright::spec::model::Model;
use stakewright::spec::{Draft, Parameters};
use std::path::Path;

/// The pool's file with texts replaced and its operators from a list.
#[track_caller]
fn listed(list: &str, changes: &[(&str, &str)]) -> Model {
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
    let read = |path: &Path| match path.to_str() {
        Some("folder/set.csv") => Ok(list.to_owned()),
        _ => Err(std::io::Error::from(std::io::ErrorKind::NotFound)),
    };
    Draft::parse(&text(&all), "folder/model.toml")
        .and_then(|draft| draft.check_with(&snapshot(), &read))
        .unwrap_or_else(|e| panic!("{}", e.render()))
}

/// The reference design played over `paths` paths.
fn play(model: &Model, paths: u64) -> Ensemble {
    let plan = sim::compile(model, &Parameters::reference(model));
    sim::simulate(&plan, Seed(23), 0..paths, &Progress::silent()).unwrap()
}

/// Within four standard errors of the mean.
#[track_caller]
fn agrees(name: &str, sample: impl Iterator<Item = f64>, expected: f64) {
    let sample: Vec<f64> = sample.collect();
    let n = sample.len() as f64;
    let mean = sample.iter().sum::<f64>() / n;
    let variance = sample.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let error = (variance / n).sqrt();
    assert!(
        (mean - expected).abs() <= 4.0 * error && error > 0.0,
        "{name}: {mean} ± {error}, expected {expected}"
    );
}

/// The same number to a relative tolerance.
#[track_caller]
fn near(found: f64, expected: f64, relative: f64) {
    assert!(
        (found - expected).abs() <= relative * expected.abs(),
        "found {found}, expected {expected}"
    );
}

fn one(condition: bool) -> f64 {
    f64::from(u8::from(condition))
}

/// The normal distribution function.
fn phi(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

/// Simpson's rule on `2 n` intervals.
fn integral(from: f64, to: f64, n: u32, f: impl Fn(f64) -> f64) -> f64 {
    let h = (to - from) / f64::from(2 * n);
    let at = |i: u32| f(from + h * f64::from(i));
    let odd: f64 = (0..n).map(|i| at(2 * i + 1)).sum();
    let even: f64 = (1..n).map(|i| at(2 * i)).sum();
    h / 3.0 * (at(0) + 4.0 * odd + 2.0 * even + at(2 * n))
}

/// The density of a standard normal.
fn density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt()
}
