//! What a file means: rules that choose operators, statistics, conversions.
#![expect(
    clippy::float_cmp,
    reason = "equal by construction: what was written, or infinite on both sides"
)]

use super::fixture::snapshot;
use proptest::prelude::*;
use stakewright::snapshot::Snapshot;
use stakewright::spec::model::*;
use stakewright::spec::{Draft, Model, SpecErrors};
use std::path::Path;

const BASE: &str = include_str!("base.toml");

/// The sound file with some texts replaced.
fn with(changes: &[(&str, &str)]) -> String {
    let mut text = BASE.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    text
}

fn lists(place: &Path) -> std::io::Result<String> {
    match place.to_str() {
        Some("folder/operators.csv") => Ok(
            "operator,entity,ETH,stETH,OWN\nA,One,100,50,0\nB,One,200,,10\n\"C, d\",,300,0,0\n"
                .into(),
        ),
        Some("folder/entities.csv") => Ok(format!(
            "operator,entity\nKILN,Kiln SAS\n0x{},Kiln SAS\n",
            "04".repeat(20)
        )),
        _ => Err(std::io::Error::from(std::io::ErrorKind::NotFound)),
    }
}

fn try_model(text: &str) -> Result<Model, SpecErrors> {
    Draft::parse(text, "folder/model.toml")?.check_with(&snapshot(), &lists)
}

fn model(changes: &[(&str, &str)]) -> Model {
    try_model(&with(changes)).unwrap_or_else(|e| panic!("{}", e.render()))
}

fn operators(model: &Model) -> &[Operator] {
    match &model.operators.structure {
        Structure::Entities(list) => list,
        Structure::Pooled { .. } => panic!("a pool"),
    }
}

fn symbols(model: &Model) -> Vec<&str> {
    model
        .market
        .assets
        .iter()
        .map(|a| a.symbol.as_str())
        .collect()
}

fn close(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-9 * b.abs().max(1.0), "{a} and {b}");
}

fn usd(model: &Model) -> f64 {
    operators(model)
        .iter()
        .map(|o| {
            o.tokens
                .iter()
                .zip(&model.market.assets)
                .map(|(t, a)| t * a.price.get())
                .sum::<f64>()
        })
        .sum()
}

/// Stake of the fixture: operator i has (12 - i) times these, over the first ten.
const UNIT_USD: f64 = 10_000.0 * 2000.0 + 3_000.0 * 1990.0 + 500.0 * 2100.0 + 200_000.0 * 2.5;

#[test]
fn an_avs_brings_its_operators_and_the_share_they_allocate() {
    let model = model(&[]);
    assert_eq!(operators(&model).len(), 10);
    assert_eq!(symbols(&model), ["ETH", "LST", "EIGEN"]);
    close(usd(&model), 0.12 * UNIT_USD * 75.0);
    // 75 is 12 + 11 + … + 3. Liquid staking tokens are counted in ETH's worth.
    let kiln = &operators(&model)[0];
    close(
        kiln.tokens[1],
        0.12 * 12.0 * (3_000.0 * 1990.0 + 500.0 * 2100.0) / 2000.0,
    );
    close(kiln.delegated_usd, 12.0 * (UNIT_USD + 10.0));
    assert!(kiln.reconstructed && kiln.label == "Kiln");
    // Operators 1 and 2 are twins.
    let entity: Vec<usize> = operators(&model).iter().map(|o| o.entity).collect();
    assert_eq!(entity, [0, 1, 1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(
        (
            model.operators.entities.len(),
            model.operators.entities[1].as_str()
        ),
        (9, "Twins")
    );
    assert_eq!(model.operators.count, Choice::Search { low: 1, high: 10 });
    assert!(model.assumptions.iter().any(|a| a.id == "A-reconstructed"));
}

#[test]
fn an_avs_goes_by_its_address_too() {
    let by_address = format!("{{ avs = \"0x{}\" }}", "a1".repeat(20));
    assert_eq!(model(&[("{ avs = \"EigenDA\" }", &by_address)]), model(&[]));
    assert_eq!(model(&[("EigenDA", "eigenda")]), model(&[]));
}

#[test]
fn the_largest_come_first() {
    let model = model(&[("{ avs = \"EigenDA\" }", "{ largest = 3 }")]);
    close(usd(&model), 0.12 * UNIT_USD * (12.0 + 11.0 + 10.0));
}

#[test]
fn a_draw_depends_on_its_seed_alone() {
    let draw = |seed: u32, count: u32| {
        let rule = format!("{{ random = {{ count = {count}, seed = {seed} }} }}");
        let model = model(&[("{ avs = \"EigenDA\" }", &rule)]);
        operators(&model)
            .iter()
            .map(|o| o.address.clone().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(draw(7, 5), draw(7, 5));
    assert_ne!(draw(7, 5), draw(8, 5));
    assert!(
        draw(7, 5).iter().all(|o| draw(7, 6).contains(o)),
        "a larger draw contains the smaller"
    );
    assert_eq!(draw(1, 12).len(), 12);
}

#[test]
fn a_list_beside_the_model_gives_operators_and_entities() {
    let text = with(&[("{ avs = \"EigenDA\" }", "{ list = \"operators.csv\" }")])
        + "\n[market.OWN]\nprice = \"3 USD\"\nvolatility = \"120 %/year\"\n[operators.costs]\nown = \"1 ETH/year\"\n";
    let model = try_model(&text).unwrap_or_else(|e| panic!("{}", e.render()));
    let list = operators(&model);
    assert_eq!(
        list.iter().map(|o| o.label.as_str()).collect::<Vec<_>>(),
        ["A", "B", "C, d"]
    );
    assert_eq!(list.iter().map(|o| o.entity).collect::<Vec<_>>(), [0, 0, 1]);
    assert_eq!(model.operators.entities, ["One", "C, d"]);
    close(list[0].tokens[0], 12.0);
    close(list[0].tokens[1], 0.12 * 50.0 * 1990.0 / 2000.0);
    // 30 USD of the own token are nothing beside 1.3 MUSD: left out, and said.
    assert_eq!(symbols(&model), ["ETH", "LST"]);
    assert!(
        model
            .assumptions
            .iter()
            .any(|a| a.id == "A-small-assets" && a.value.contains("OWN"))
    );
    close(model.operators.costs.own.get(), 2000.0);
    assert_eq!(
        Draft::parse(&text, "folder/model.toml").unwrap().files(),
        [Path::new("folder/operators.csv")]
    );
}

#[test]
fn a_file_can_group_operators_by_name_and_address() {
    let model = model(&[("allocate", "entities = \"entities.csv\"\nallocate")]);
    let entity: Vec<usize> = operators(&model).iter().map(|o| o.entity).collect();
    // Kiln is the first operator and 0x04… the fourth; the twins stay together.
    assert_eq!(entity, [0, 1, 1, 0, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn assets_can_be_chosen_by_symbol_and_class() {
    let only = |assets: &str| model(&[("allocate", &format!("assets = {assets}\nallocate"))]);
    assert_eq!(symbols(&only("[\"LST\"]")), ["LST"]);
    close(usd(&only("[\"stETH\"]")), 0.12 * 75.0 * 3_000.0 * 1990.0);
    assert_eq!(symbols(&only("[\"EIGEN\", \"ETH\"]")), ["ETH", "EIGEN"]);
    // What is asked for by name stays, however small.
    assert_eq!(symbols(&only("[\"ETH\", \"TOKEN\"]")), ["ETH", "TOKEN"]);
}

#[test]
fn equal_operators_and_pools_are_worth_what_the_file_says() {
    let equal = model(&[
        (
            "{ avs = \"EigenDA\" }",
            "{ equal = { count = 30, stake = \"10 MUSD\", asset = \"stETH\" } }",
        ),
        ("allocate = \"12 %\"\n", ""),
    ]);
    assert_eq!(
        (operators(&equal).len(), symbols(&equal)),
        (30, vec!["LST"])
    );
    close(usd(&equal), 300e6);
    let text = with(&[
        (
            "{ avs = \"EigenDA\" }",
            "{ equal = { count = 4, stake = \"100 OWN\", asset = \"OWN\" } }",
        ),
        ("allocate = \"12 %\"", "allocate = \"50 %\""),
    ]) + "\n[market.OWN]\nprice = \"3 USD\"\nvolatility = \"120 %/year\"\njumps = \"none\"\n";
    let own = try_model(&text).unwrap_or_else(|e| panic!("{}", e.render()));
    close(usd(&own), 0.5 * 4.0 * 300.0);
    let pooled = model(&[(
        "{ avs = \"EigenDA\" }",
        "{ pooled = { stake = \"100000 ETH\", asset = \"EIGEN\" } }",
    )]);
    assert_eq!(
        pooled.operators.structure,
        Structure::Pooled {
            stake: stakewright::units::Usd(0.12 * 200e6),
            asset: 0
        }
    );
    assert_eq!(
        (symbols(&pooled), pooled.operators.count),
        (vec!["EIGEN"], Choice::Fixed(1))
    );
}

#[test]
fn a_price_in_the_file_moves_liquid_staking_tokens_with_eth() {
    let text = with(&[]) + "\n[market.ETH]\nprice = \"4000 USD\"\n";
    let model = try_model(&text).unwrap_or_else(|e| panic!("{}", e.render()));
    let prices: Vec<f64> = model.market.assets.iter().map(|a| a.price.get()).collect();
    assert_eq!(prices, [4000.0, 4000.0, 2.5]);
}

/// Whatever the jumps explain is taken out of the diffusion: variance and covariance of daily
/// returns stay those of the snapshot.
#[test]
fn statistics_with_jumps_keep_the_snapshots_moments() {
    let model = model(&[]);
    let shared = model
        .market
        .shared_jumps
        .as_ref()
        .expect("jumps by default");
    let jumps = shared.jumps;
    let variance = jumps.rate.get() * (jumps.log_mean.powi(2) + jumps.log_sd.powi(2));
    assert_eq!(shared.loading.len(), 4);
    assert_eq!(shared.loading[3], 0.0, "the loot does not crash");
    close(shared.loading[2], 0.75 * 1.466 / 0.872);
    let vol: Vec<f64> = model
        .market
        .assets
        .iter()
        .map(|a| a.volatility.get())
        .collect();
    assert_eq!(vol[0], 0.6, "the fit's own diffusion");
    close(
        vol[2].powi(2) + shared.loading[2].powi(2) * variance,
        1.466f64.powi(2),
    );
    // Liquid staking tokens: ETH's diffusion and an independent peg; the same jumps.
    let peg = 0.0044 * 365f64.sqrt();
    close(vol[1], 0.6f64.hypot(peg));
    close(shared.loading[1], 1.0);
    close(model.market.correlation[0][1], 0.6 / vol[1]);
    close(
        model.market.correlation[1][2],
        model.market.correlation[0][1] * model.market.correlation[0][2],
    );
    // The covariance of ETH and EIGEN, by the diffusion that the statistics imply for ETH.
    let implied = (0.872f64.powi(2) - variance).sqrt();
    let total = model.market.correlation[0][2] * implied * vol[2] + shared.loading[2] * variance;
    close(total, 0.75 * 0.872 * 1.466);
    close(model.market.correlation[0][3], 0.5);
    close(
        model.market.correlation[2][3],
        0.5 * model.market.correlation[0][2],
    );
}

#[test]
fn without_jumps_the_whole_volatility_diffuses() {
    let text = with(&[]) + "\n[market]\njumps = \"none\"\n";
    let model = try_model(&text).unwrap_or_else(|e| panic!("{}", e.render()));
    assert!(model.market.shared_jumps.is_none());
    close(model.market.assets[0].volatility.get(), 0.872);
    close(model.market.correlation[0][2], 0.75);
}

#[test]
fn the_file_overrides_any_statistic() {
    let text = with(&[])
        + "\n[market]\njumps = { rate = \"6/year\", log_mean = \"-4 %\", log_sd = \"8 %\" }\n[market.EIGEN]\nvolatility = \"100 %/year\"\njump_loading = 2.0\ndrift = \"-10 %/year\"\n[market.LST]\njumps = { rate = \"1/year\", log_mean = \"-9 %\", log_sd = \"1 %\" }\n[[market.correlation]]\nbetween = [\"EIGEN\", \"value\"]\nis = 0.25\n";
    let model = try_model(&text).unwrap_or_else(|e| panic!("{}", e.render()));
    let shared = model.market.shared_jumps.unwrap();
    assert_eq!(
        (
            shared.jumps.rate.get(),
            shared.jumps.log_mean,
            shared.jumps.log_sd
        ),
        (6.0, -0.04, 0.08)
    );
    assert_eq!(shared.loading, [1.0, 0.0, 2.0, 0.0]);
    assert_eq!(model.market.assets[2].volatility.get(), 1.0);
    assert_eq!(model.market.assets[2].drift.get(), -0.1);
    assert_eq!(model.market.assets[1].jumps.unwrap().rate.get(), 1.0);
    assert_eq!(model.market.correlation[2][3], 0.25);
    assert_eq!(model.market.correlation[3][2], 0.25);
}

#[test]
fn tokens_convert_at_the_snapshots_price_and_say_so() {
    let model = model(&[
        ("\"4 MUSD\"", "\"1000 stETH\""),
        ("\"30 MUSD/year\"", "\"2 MEIGEN/year\""),
    ]);
    assert_eq!(
        model.value.attacks[0].takes,
        Takes::Usd(stakewright::units::Usd(1_990_000.0))
    );
    close(model.rewards.budget.high().get(), 5e6);
    let noted: Vec<&str> = model
        .assumptions
        .iter()
        .filter(|a| a.id == "A-token-price")
        .map(|a| a.value.as_str())
        .collect();
    assert_eq!(noted, ["1 stETH = 1990 USD", "1 EIGEN = 2.5 USD"]);
}

#[test]
fn a_prefix_never_eats_a_tokens_letter() {
    // mETH is a token; METH is a million ETH.
    let takes = |text: &str| match model(&[("\"4 MUSD\"", &format!("\"{text}\""))])
        .value
        .attacks[0]
        .takes
    {
        Takes::Usd(usd) => usd.get(),
        other => panic!("{other:?}"),
    };
    close(takes("1 mETH"), 2100.0);
    close(takes("0.001 METH"), 2e6);
    close(takes("1 M mETH"), 2.1e9);
}

#[test]
fn a_rate_limit_is_per_day_and_an_attack_may_name_its_offence() {
    let model = model(&[(
        "takes = { sum = \"4 MUSD\" }",
        "takes = { share = \"10 %\" }\nextraction = { rate_limited = { limit = \"1 MUSD/week\", pause = \"6 h\" } }\noffence = \"false result\"\nthreshold = \"2/3\"\ncap = \"none\"\nwhen = { rate = \"2/week\" }",
    )]);
    let attack = &model.value.attacks[0];
    match attack.extraction {
        Extraction::RateLimited { usd_per_day, pause } => {
            close(usd_per_day, 1e6 / 7.0);
            close(pause.get(), 0.25);
        }
        _ => panic!("limited"),
    }
    assert!(!attack.capped && attack.offence == 0);
    close(attack.threshold.unwrap().get(), 2.0 / 3.0);
    assert!(matches!(attack.chance, Chance::Rate(rate) if (rate.get() - 730.0 / 7.0).abs() < 1e-9));
}

#[test]
fn redistribution_is_allowed_for_what_the_protocol_redistributes() {
    let model = model(&[
        ("allocate", "assets = [\"LST\"]\nallocate"),
        (
            "dispute = \"5 days\"",
            "dispute = \"5 days\"\nredistributed = \"100 %\"\nrecaptured = \"35 %\"",
        ),
    ]);
    let offence = &model.slashing.offences[0];
    assert_eq!(
        (offence.redistributed.get(), offence.recaptured.get()),
        (1.0, 0.35)
    );
}

#[test]
fn a_snapshot_without_statistics_says_what_to_write() {
    let mut bare: Snapshot = snapshot();
    bare.facts = Default::default();
    let errors = Draft::parse(BASE, "m.toml")
        .unwrap()
        .check(&bare)
        .unwrap_err();
    assert!(
        errors.render().contains("[market.ETH]"),
        "{}",
        errors.render()
    );
    let text = with(&[("allocate", "assets = [\"ETH\"]\nallocate")])
        + "\n[market.ETH]\nvolatility = \"80 %/year\"\n";
    assert!(Draft::parse(&text, "m.toml").unwrap().check(&bare).is_ok());
}

#[test]
fn one_fault_is_reported_once() {
    for (from, to) in [
        ("\"EigenDA\"", "\"Eigenda2\""),
        ("allocate = \"12 %\"", "allocate = \"12\""),
        ("verification = \"quorum\"\n", ""),
        ("name = \"false result\"\nfault", "name = \"\"\nfault"),
        ("start = \"150 MUSD\"", "start = \"0 USD\""),
        (
            "insecure_within = \"30 days\"",
            "insecure_within = \"0 days\"",
        ),
    ] {
        let errors = try_model(&with(&[(from, to)])).expect_err(to);
        let most = if to.starts_with("name") { 2 } else { 1 };
        assert!(errors.errors.len() <= most, "{to}: {}", errors.render());
    }
}

proptest! {
    /// Whatever stands in a file, it is read or refused, never a crash.
    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        let _ = try_model(&text);
    }

    /// The sound file with one piece cut out, doubled or replaced.
    #[test]
    fn no_damage_panics(at in 0usize..900, length in 0usize..40, junk in "[\\[\\]{}=\"0-9a-z %./\n-]{0,12}") {
        let start = (0..=at.min(BASE.len())).rev().find(|i| BASE.is_char_boundary(*i)).unwrap();
        let end = (start..=(start + length).min(BASE.len())).rev().find(|i| BASE.is_char_boundary(*i)).unwrap();
        let text = format!("{}{junk}{}", &BASE[..start], &BASE[end..]);
        if let Err(errors) = try_model(&text) {
            prop_assert!(!errors.render().is_empty());
        }
    }

    /// The scale of everything in USD is free: prices in the file, sums and budgets together.
    #[test]
    fn a_fixed_sum_is_read_to_the_bit(sum in 1.0f64..1e12) {
        let text = with(&[("\"4 MUSD\"", &format!("\"{sum} USD\""))]);
        let model = try_model(&text).unwrap();
        prop_assert_eq!(model.value.attacks[0].takes, Takes::Usd(stakewright::units::Usd(sum)));
    }
}

/// How prices answer an attack: the file's figures, the class's defaults, and what could be asked
/// for without being held.
#[test]
fn prices_answer_an_attack_as_the_file_says() {
    let plain = model(&[]);
    for asset in &plain.market.assets {
        let expected = if asset.symbol == "EIGEN" { 0.1 } else { 0.0 };
        close(asset.falls.get(), expected);
        assert!(asset.liquidity.daily_volume.get() > 0.0 && asset.supply.loans.is_none());
    }
    let ids: Vec<&str> = plain.assumptions.iter().map(|a| a.id).collect();
    for id in ["A-falls", "A-daily-volume", "A-faults-reach", "A-leaving"] {
        assert!(ids.contains(&id), "{id}: {ids:?}");
    }
    assert!(!ids.contains(&"A-falls-own"), "nobody holds an own token");
    assert_eq!(plain.alternatives.own, OwnToken::Assumed);
    let own = plain.alternatives.market.assets.last().unwrap();
    assert_eq!(own.symbol, "OWN");
    close(own.falls.get(), 0.6);
    // Total volatility 150 % a year, jumps included.
    let index = plain.alternatives.market.assets.len() - 1;
    let daily = stakewright::sim::incident::total_volatility(&plain.alternatives.market, index);
    assert!((daily * 365_f64.sqrt() - 1.5).abs() < 1e-9, "{daily}");

    let text = format!(
        "{BASE}\n[market.OWN]\nprice = \"2 USD\"\nvolatility = \"120 %/year\"\nfalls = \"70 %\"\n\
         daily_volume = \"3 MUSD/day\"\ncirculating = \"80 MUSD\"\n\
         loans = {{ collateral = \"5 MUSD\", buffer = \"40 %\" }}\n\
         [faults]\nclustered = \"30 %\"\n[incident]\nleaving = \"20 %\"\n"
    );
    let given = try_model(&text).unwrap_or_else(|e| panic!("{}", e.render()));
    assert_eq!(given.alternatives.own, OwnToken::Given);
    let own = given
        .alternatives
        .market
        .assets
        .iter()
        .find(|a| a.symbol == "OWN")
        .unwrap();
    close(own.falls.get(), 0.7);
    close(own.liquidity.daily_volume.get(), 3e6);
    close(own.supply.circulating.unwrap().get(), 80e6);
    close(own.supply.loans.unwrap().buffer.get(), 0.4);
    close(given.faults.clustered.get(), 0.3);
    close(given.incident.leaving.get(), 0.2);
    // What is held is not touched by what could be.
    assert_eq!(symbols(&given), symbols(&plain));
    assert_eq!(given.market, plain.market);
}
