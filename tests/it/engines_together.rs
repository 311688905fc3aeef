//! Six model files, four engines: closed form, plain Monte Carlo at the end of each day, the bridge
//! between days, and conditioning on the path; all within four standard errors of each other.

use crate::attack_keys::model;
use stakewright::economics::opportunities::attacked;
use stakewright::economics::passage::{LogMargin, log_drift};
use stakewright::random::Seed;
use stakewright::sim::{self, Ensemble, NEVER, Progress};
use stakewright::spec::Parameters;

const PATHS: u64 = 2_000;

/// Stake in MUSD, volatility a year in per cent, take in MUSD, days, opportunities a year.
const MODELS: [(f64, f64, f64, u32, f64); 6] = [
    (300.0, 150.0, 30.0, 30, 24.0),
    (300.0, 90.0, 45.0, 60, 12.0),
    (500.0, 120.0, 60.0, 90, 52.0),
    (120.0, 60.0, 20.0, 120, 6.0),
    (200.0, 200.0, 12.0, 30, 100.0),
    (90.0, 75.0, 16.0, 45, 30.0),
];

#[track_caller]
fn agree(name: &str, sample: &[f64], expected: f64) {
    let n = sample.len() as f64;
    let mean = sample.iter().sum::<f64>() / n;
    let variance = sample.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
    let error = (variance / n).sqrt();
    assert!(
        (mean - expected).abs() <= 4.0 * error && error > 0.0,
        "{name}: {mean} ± {error}, the closed form has {expected}"
    );
}

fn play(at: &(f64, f64, f64, u32, f64), monitoring: &str, when: &str) -> (Ensemble, LogMargin) {
    let (stake, volatility, take, days, _) = *at;
    let model = model(&[
        ("stake = \"300 MUSD\"", &format!("stake = \"{stake} MUSD\"")),
        (
            "volatility = \"150 %/year\"",
            &format!("volatility = \"{volatility} %/year\""),
        ),
        (
            "takes = { sum = \"20 MUSD\" }",
            &format!("takes = {{ sum = \"{take} MUSD\" }}\nwhen = {when}"),
        ),
        (
            "insecure_within = \"30 days\"",
            &format!("insecure_within = \"{days} days\""),
        ),
        (
            "days = \"30 days\"",
            &format!("days = \"{days} days\"\nmonitoring = \"{monitoring}\""),
        ),
    ]);
    let plan = sim::compile(&model, &Parameters::reference(&model));
    let margin = LogMargin {
        log_margin: (0.54 * stake / 3.0 / take).ln(),
        log_drift: log_drift(0.0, volatility / 100.0),
        volatility: volatility / 100.0,
    };
    let ensemble = sim::simulate(&plan, Seed(17), 0..PATHS, &Progress::silent());
    (ensemble.unwrap(), margin)
}

fn indicator(ensemble: &Ensemble, of: impl Fn(usize) -> bool) -> Vec<f64> {
    (0..ensemble.paths)
        .map(|i| f64::from(u8::from(of(i))))
        .collect()
}

#[test]
fn p8_four_engines_agree_on_six_models() {
    for at in &MODELS {
        let years = f64::from(at.3) / 365.0;
        let (bridged, margin) = play(at, "continuous", "\"standing\"");
        let columns = &bridged.costs[0];
        agree(
            "bridge",
            &indicator(&bridged, |i| columns.first_insecure_day[i] != NEVER),
            margin.first_passage(years),
        );
        let (plain, _) = play(at, "daily", "\"standing\"");
        let columns = &plain.costs[0];
        agree(
            "plain, daily",
            &indicator(&plain, |i| columns.first_insecure_day[i] != NEVER),
            margin.first_passage_checked(years, at.3 as usize),
        );
        let rate = at.4;
        let (taken, _) = play(at, "continuous", &format!("{{ rate = \"{rate}/year\" }}"));
        let columns = &taken.costs[0];
        let expected = attacked(&margin, rate, years);
        agree("conditional", &columns.attack_probability, expected);
        agree(
            "plain, opportunities",
            &indicator(&taken, |i| columns.loss_day[i] != NEVER),
            expected,
        );
    }
}
