//! The files of every target: their content, their readers' layouts, and that our own checks pass on them.

use crate::support::deployment::{complete, nobody, strategy};
use serde_json::Value;
use stakewright::export::address::Address;
use stakewright::export::design::{Deployment, OperatorSet, Quorum, StakeType, StrategyWads};
use stakewright::export::lint::{self, Severity};
use stakewright::export::network::Network;
use stakewright::export::number::Dec;
use stakewright::export::{ExportError, Target, export};
use stakewright::units::{Bips, Blocks};

const GOLDEN: &str = include_str!("../data/golden/eigenda-mainnet.json");

/// EigenDA's parameters on mainnet as a deployment.
pub fn eigenda() -> Deployment {
    let golden: Value = serde_json::from_str(GOLDEN).expect("JSON");
    let weights = golden["strategyWeights"][0].as_array().expect("weights");
    let weight = |weight: &Value| {
        let address: Address = weight["0_strategy"]
            .as_str()
            .expect("an address")
            .parse()
            .expect("an address");
        strategy(
            address,
            "asset",
            u128::from(weight["1_multiplier"].as_u64().expect("an integer")),
        )
    };
    let base = complete(Network::mainnet(), nobody(0x70));
    let set = OperatorSet {
        strategies: weights.iter().map(weight).collect(),
        quorum: Some(Quorum {
            stake_type: StakeType::TotalDelegated,
            max_operators: 200,
            kick_bips_of_operator_stake: Bips(11_000),
            kick_bips_of_total_stake: Bips(50),
            minimum_stake: Dec(320_000_000_000_000_000_000),
            threshold: Bips(5_500),
            look_ahead: Blocks(0),
        }),
        slash_rules: Vec::new(),
        mailbox: None,
        stake_table: None,
        ..base.operator_sets[0].clone()
    };
    Deployment {
        operator_sets: vec![set],
        rewards: Vec::new(),
        recommended: Vec::new(),
        metadata_uri: "https://mainnet-ethereum-avs-metadata.s3.amazonaws.com/EigenDA.json".into(),
        ..base
    }
}

fn file(deployment: &Deployment, target: Target, path: &str) -> String {
    let files = export(deployment, target).unwrap_or_else(|error| panic!("{error}"));
    let listed: Vec<_> = files.iter().map(|file| file.path.clone()).collect();
    let found = files
        .into_iter()
        .find(|file| file.path == path)
        .unwrap_or_else(|| panic!("{path} is not in {listed:?}"));
    String::from_utf8(found.bytes).expect("text")
}

/// A section of a file without its white space, digits as they stand.
fn section(text: &str, key: &str) -> String {
    let start = text.find(&format!("\"{key}\"")).expect("the section");
    let rest = &text[start..];
    let open = rest.find('[').expect("a list");
    let mut depth = 0;
    for (index, character) in rest.char_indices().skip(open) {
        match character {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return rest[open..=index]
                .chars()
                .filter(|character| !character.is_whitespace())
                .collect();
        }
    }
    panic!("{key} is not closed")
}

#[test]
fn eigendas_layout_is_reproduced_integer_for_integer() {
    let exported = file(&eigenda(), Target::Middleware, "middleware/quorums.json");
    for key in ["minimumStakes", "strategyWeights", "operatorSetParams"] {
        assert_eq!(section(&exported, key), section(GOLDEN, key), "{key}");
    }
    assert!(section(&exported, "minimumStakes").contains("320000000000000000000"));
    let value: Value = serde_json::from_str(&exported).expect("JSON");
    assert_eq!(value["chainInfo"]["chainId"], 1);
    assert_eq!(
        value["uri"],
        "https://mainnet-ethereum-avs-metadata.s3.amazonaws.com/EigenDA.json"
    );
    assert_eq!(value["permissions"]["initalPausedStatus"], 0);
}

fn targets() -> Vec<Target> {
    Target::ALL
        .into_iter()
        .filter(|target| cfg!(feature = "chain") || !matches!(target, Target::Core | Target::Safe))
        .collect()
}

#[test]
fn every_target_has_a_readme_that_names_its_command_and_our_own_checks_pass() {
    let deployment = complete(Network::mainnet(), nobody(0x70));
    for target in targets() {
        let files = export(&deployment, target).unwrap_or_else(|error| panic!("{target}: {error}"));
        let readme = files
            .iter()
            .find(|file| file.path == format!("{target}/README.md"))
            .expect("a readme");
        let readme = std::str::from_utf8(&readme.bytes).expect("text");
        assert!(
            readme.contains("stakewright ") || readme.contains("forge script"),
            "{target}: {readme}"
        );
        for file in files {
            assert!(
                file.path.starts_with(target.name()) && !file.path.contains(".."),
                "{}",
                file.path
            );
            assert!(file.bytes.ends_with(b"\n"), "{}", file.path);
            let checked = [".json", ".yaml"]
                .iter()
                .any(|end| file.path.ends_with(end));
            if !checked
                || file.path.ends_with(".schema.json")
                || file.path.ends_with("not-in-context.json")
            {
                continue;
            }
            let text = std::str::from_utf8(&file.bytes).expect("text");
            let findings = lint::lint(text, None, None)
                .unwrap_or_else(|error| panic!("{}: {error}", file.path));
            let errors: Vec<_> = findings
                .iter()
                .filter(|finding| finding.severity == Severity::Error)
                .collect();
            assert!(errors.is_empty(), "{}: {errors:?}", file.path);
        }
    }
}

#[test]
fn exports_repeat_to_the_byte() {
    let deployment = complete(Network::sepolia(), nobody(0x70));
    let deployment = Deployment {
        operator_sets: deployment.operator_sets[1..].to_vec(),
        rewards: vec![],
        recommended: vec![],
        ..deployment
    };
    let mut deployment = deployment;
    deployment.operator_sets[0].id = 0;
    deployment.operator_sets[0]
        .quorum
        .as_mut()
        .expect("a quorum")
        .look_ahead = Blocks(50);
    for target in targets()
        .into_iter()
        .filter(|target| *target != Target::Hourglass)
    {
        assert_eq!(
            export(&deployment, target),
            export(&deployment, target),
            "{target}"
        );
    }
}

#[test]
fn the_parameters_fit_their_schema_and_explain_every_number() {
    let deployment = complete(Network::mainnet(), nobody(0x70));
    let params: Value =
        serde_json::from_str(&file(&deployment, Target::Params, "params/params.json"))
            .expect("JSON");
    let schema: Value = serde_json::from_str(&file(
        &deployment,
        Target::Params,
        "params/params.schema.json",
    ))
    .expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let faults: Vec<_> = validator
        .iter_errors(&params)
        .map(|error| error.to_string())
        .collect();
    assert!(faults.is_empty(), "{faults:?}");
    let mut broken = params.clone();
    broken["deployment"]["operator_sets"][0]["slasher"] = Value::from("nobody");
    assert!(
        !validator.is_valid(&broken),
        "the schema refuses an address that is none"
    );
    for number in params["recommended"].as_array().expect("numbers") {
        for key in [
            "parameter",
            "value",
            "unit",
            "integer",
            "rounding",
            "rounded",
        ] {
            assert!(!number[key].is_null(), "{key} of {number}");
        }
    }
    assert_eq!(params["recommended"][2]["integer"], "31");
    assert_eq!(params["recommended"][3]["integer"], "857123456789000000000");
}

#[test]
fn the_committed_schema_is_fresh() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/models/schema/export-params.schema.json"
    );
    let fresh = file(
        &complete(Network::mainnet(), nobody(0x70)),
        Target::Params,
        "params/params.schema.json",
    );
    if std::env::var_os("STAKEWRIGHT_BLESS").is_some() {
        std::fs::write(path, &fresh).expect("the schema is written");
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(
        committed, fresh,
        "run the test once with STAKEWRIGHT_BLESS=1"
    );
}

#[cfg(feature = "chain")]
#[test]
fn without_an_address_only_targets_that_need_none_are_exported() {
    let deployment = Deployment {
        avs: None,
        ..complete(Network::mainnet(), nobody(0x70))
    };
    for target in Target::ALL {
        let result = export(&deployment, target);
        match target {
            Target::Core | Target::Safe => assert_eq!(result, Err(ExportError::AvsMissing(target))),
            _ => assert!(result.is_ok(), "{target}: {result:?}"),
        }
    }
    let text = export(&deployment, Target::Core)
        .expect_err("refused")
        .to_string();
    assert!(text.contains("--avs"), "{text}");
}

#[test]
fn unknown_targets_are_named_with_the_known_ones() {
    let error = "yaml"
        .parse::<Target>()
        .expect_err("no such target")
        .to_string();
    for target in Target::ALL {
        assert!(error.contains(target.name()), "{error}");
        assert_eq!(target.name().parse(), Ok(target));
    }
}

#[test]
fn the_hourglass_context_says_beside_it_what_it_cannot_say() {
    let deployment = complete(Network::mainnet(), nobody(0x70));
    let yaml = file(
        &deployment,
        Target::Hourglass,
        "hourglass/context/mainnet.yaml",
    );
    for line in [
        "operatorSets:",
        "  - id: 1",
        "    curve_type: \"BN254\"",
        "aggregator:",
        "executor:",
        "  taskSla: 120",
    ] {
        assert!(yaml.lines().any(|found| found == line), "{line} in\n{yaml}");
    }
    let beside: Value = serde_json::from_str(&file(
        &deployment,
        Target::Hourglass,
        "hourglass/not-in-context.json",
    ))
    .expect("JSON");
    let parameters: Vec<_> = beside["parameters"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|entry| entry["parameter"].as_str())
        .collect();
    for parameter in [
        "operator_sets/0/slasher",
        "operator_sets/0/slash_rules/0",
        "operator_sets/0/quorum",
        "mailbox/threshold",
        "rewards/0",
    ] {
        assert!(
            parameters.contains(&parameter),
            "{parameter} in {parameters:?}"
        );
    }
}

#[test]
fn nothing_secret_is_in_any_file() {
    let deployment = complete(Network::mainnet(), nobody(0x70));
    for target in targets() {
        for file in export(&deployment, target).expect("exports") {
            let text = String::from_utf8(file.bytes).expect("text").to_lowercase();
            for word in ["private_key\"", "private-key", "mnemonic", "password"] {
                assert!(!text.contains(word), "{word} in {}", file.path);
            }
        }
    }
}

/// A fraction for each strategy stands in the contract's order beside the one for all.
#[test]
fn a_slash_by_strategy_reaches_the_contracts_parameters() {
    let mut deployment = complete(Network::mainnet(), nobody(0x70));
    let set = &mut deployment.operator_sets[0];
    let mut addresses: Vec<Address> = set.strategies.iter().map(|s| s.strategy).collect();
    addresses.sort();
    let wads = |place: usize| Dec(10_u64.pow(17) * (place as u64 + 1));
    let each = addresses.iter().enumerate();
    set.slash_rules[0].wads_by_strategy = each
        .map(|(place, &strategy)| StrategyWads {
            strategy,
            wads_to_slash: wads(place),
        })
        .collect();
    let library = file(&deployment, Target::Solidity, "solidity/src/Parameters.sol");
    for (place, address) in addresses.iter().enumerate() {
        for line in [
            format!("address internal constant SET_0_OFFENCE_0_STRATEGY_{place} = {address};"),
            format!(
                "uint256 internal constant SET_0_OFFENCE_0_STRATEGY_{place}_WADS_TO_SLASH = {};",
                wads(place)
            ),
        ] {
            assert!(library.contains(&line), "{line}: {library}");
        }
    }
}
