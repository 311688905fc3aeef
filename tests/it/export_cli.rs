//! From `run` to `verify` as the user types it, on a local chain that stands in for mainnet.

use crate::cli::stakewright;
use crate::support::foundry::tool;
use serde_json::{Value, json};
use stakewright::export::verify::{HttpNode, Node};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// The AVS of models/user-security.toml: an account of every local test chain.
const AVS: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
/// Its slasher.
const SLASHER: &str = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";

fn run(arguments: &[&str]) -> Output {
    stakewright()
        .args(arguments)
        .output()
        .expect("the program starts")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("a code")
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn data(output: &Output) -> Value {
    let answer: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", said(output)));
    answer["data"].clone()
}

fn text(path: &Path) -> String {
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// A program that is stopped with the test.
struct Stopped(Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        let pid = self.0.id().to_string();
        // The script stops its node when it is asked to end, not when it is killed.
        let _ = Command::new("kill").arg(&pid).status();
        let _ = self.0.wait();
    }
}

fn free_port() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a port").port().to_string()
}

/// The local chain of docs/export.md, started as written there: its URL and its quorum contracts.
fn local_chain() -> Option<(Stopped, String, String)> {
    tool("anvil")?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node/local-chain.js");
    let mut child = Command::new("node")
        .arg(script)
        .args(["--port", &free_port()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("node starts");
    let out = BufReader::new(child.stdout.take().expect("its output"));
    let child = Stopped(child);
    let mut lines = out.lines().map_while(Result::ok);
    let mut said = |what: &str| {
        let found = lines.find_map(|line| line.strip_prefix(what).map(str::to_owned));
        found.unwrap_or_else(|| panic!("the local chain says `{what}`"))
    };
    let (coordinator, url) = (said("coordinator "), said("ready "));
    Some((child, url, coordinator))
}

fn ask(node: &HttpNode, method: &str, params: Value) -> Value {
    node.request(method, params)
        .unwrap_or_else(|error| panic!("{method}: {error}"))
}

/// Sends the calls of an export as a script of the user's would: in order, each from its sender.
fn send(calls: &Value, url: &str) {
    let node = HttpNode::new(url).expect("a client");
    for call in calls["calls"].as_array().expect("calls") {
        if call["phase"] != "setup" {
            continue;
        }
        let from = &call["from"];
        ask(&node, "anvil_impersonateAccount", json!([from]));
        ask(
            &node,
            "anvil_setBalance",
            json!([from, "0x56bc75e2d63100000"]),
        );
        let transaction = json!({ "from": from, "to": call["to"], "input": call["calldata"] });
        let hash = ask(&node, "eth_sendTransaction", json!([transaction]));
        let mut receipt = Value::Null;
        for _ in 0..500 {
            receipt = ask(&node, "eth_getTransactionReceipt", json!([hash]));
            if !receipt.is_null() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        assert_eq!(receipt["status"], "0x1", "{}: {receipt}", call["title"]);
    }
}

fn json_file(path: &Path) -> Value {
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A run of the example, once for all tests. Its promise is weaker, so that fewer paths are played: what is
/// exported and how does not depend on it.
fn a_run() -> &'static Path {
    static RUN: std::sync::OnceLock<(tempfile::TempDir, PathBuf)> = std::sync::OnceLock::new();
    let (_, run) = RUN.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let out = folder.path().join("reports");
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/user-security.toml");
        let example = std::fs::read_to_string(example).expect("the example");
        let weaker = example.replacen("at_most = \"0.1 %\"", "at_most = \"10 %\"", 1);
        assert_ne!(example, weaker, "the example states its promise");
        let model = folder.path().join("user-security.toml");
        std::fs::write(&model, weaker).expect("a model");
        let output = run(&["run", &text(&model), "--paths", "500", "--out", &text(&out)]);
        assert!(matches!(code(&output), 0 | 6), "{}", said(&output));
        let place = std::fs::read_dir(&out)
            .expect("a run")
            .next()
            .expect("one")
            .expect("a folder")
            .path();
        (folder, place)
    });
    run
}

#[test]
fn from_run_to_verify_on_a_local_chain() {
    let Some((_chain, url, coordinator)) = local_chain() else {
        return;
    };
    let config = a_run().join("config");
    let config = text(&config);

    let lint = run(&["lint", &config]);
    assert_eq!(code(&lint), 0, "{}", said(&lint));
    assert!(said(&lint).contains("0 errors"), "{}", said(&lint));
    assert!(
        said(&lint).contains("public-test-key"),
        "the example's accounts are everybody's: {}",
        said(&lint)
    );

    let verify = ["verify", &config, "--rpc-url", &url];
    let rehearsed = run(&verify);
    assert_eq!(code(&rehearsed), 0, "{}", said(&rehearsed));
    for words in [
        "nothing was sent",
        "read back",
        "rewards of set 0 by allocated stake",
    ] {
        assert!(
            said(&rehearsed).contains(words),
            "{words}: {}",
            said(&rehearsed)
        );
    }

    // The same with the set created by quorum contracts.
    let through = run(&[&verify[..], &["--coordinator", &coordinator]].concat());
    assert_eq!(code(&through), 0, "{}", said(&through));
    for words in [
        "create quorum 0",
        "minimum stake of quorum 0",
        "weight 0 of quorum 0",
    ] {
        assert!(said(&through).contains(words), "{}", said(&through));
    }
    let nowhere = run(&[&verify[..], &["--coordinator", "0x12"]].concat());
    assert_eq!(code(&nowhere), 2, "{}", said(&nowhere));

    // Nothing is deployed: everything drifts, and a script can ask for it.
    let against = [&verify[..], &["--against", AVS, "--format", "json"]].concat();
    let apart = run(&against);
    assert_eq!(code(&apart), 0, "{}", said(&apart));
    let apart = data(&apart);
    let rows = apart["rows"].as_array().expect("rows");
    assert!(
        rows.iter().filter(|row| row["same"] == false).count() >= 5,
        "{apart}"
    );
    let strict = [&against[..], &["--require-same"]].concat();
    assert_eq!(code(&run(&strict)), 7);

    let calls = json_file(&Path::new(&config).join("core/calls.json"));
    send(&calls, &url);

    // The set exists, with the recommended strategies, slasher and rewards.
    let same = run(&strict);
    assert_eq!(code(&same), 0, "{}", said(&same));
    let same = data(&same);
    for row in same["rows"].as_array().expect("rows") {
        assert_eq!(row["same"], true, "{row}");
    }
    let deployed = |field: &str| {
        let rows = same["rows"].as_array().expect("rows");
        let row = rows.iter().find(|row| {
            row["field"]
                .as_str()
                .is_some_and(|name| name.starts_with(field))
        });
        row.unwrap_or_else(|| panic!("{field} in {same}"))["deployed"]
            .as_str()
            .expect("text")
            .to_owned()
    };
    assert_eq!(deployed("slasher of set 0"), SLASHER);
    assert_eq!(deployed("set 0 exists"), "true");
    let params = json_file(&Path::new(&config).join("params/params.json"));
    let set = &params["deployment"]["operator_sets"][0];
    let listed = deployed("strategies of set 0");
    let strategies = set["strategies"].as_array().expect("strategies");
    assert_eq!(listed.split(", ").count(), strategies.len());
    for strategy in strategies {
        assert!(listed.contains(strategy["strategy"].as_str().expect("an address")));
    }
    assert!(
        deployed("rewards of set 0")
            .contains("units a day of 0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2")
    );

    // The table for people, and a second deployment of the same.
    let table = run(&[&verify[..], &["--against", AVS]].concat());
    assert!(said(&table).contains("0 of"), "{}", said(&table));
    let again = run(&verify);
    assert_eq!(code(&again), 7, "{}", said(&again));
    assert!(
        said(&again).contains("InvalidOperatorSet at params/0/operatorSetId"),
        "{}",
        said(&again)
    );
}

#[test]
fn an_empty_local_chain_is_told_what_it_lacks() {
    let Some(anvil) = tool("anvil") else { return };
    let config = text(&a_run().join("config"));
    for (chain, words) in [
        ("1", "has no EigenLayer on it"),
        ("31337", "export with --network FILE"),
    ] {
        let port = free_port();
        let child = Command::new(&anvil)
            .args(["--chain-id", chain, "--port", &port, "--silent"])
            .spawn()
            .expect("anvil starts");
        let _child = Stopped(child);
        let url = format!("http://127.0.0.1:{port}");
        let node = HttpNode::new(&url).expect("a client");
        for _ in 0..500 {
            if node.request("eth_chainId", json!([])).is_ok() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let output = run(&["verify", &config, "--rpc-url", &url]);
        assert_eq!(code(&output), 5, "{}", said(&output));
        assert!(said(&output).contains(words), "{}", said(&output));
        assert!(
            said(&output).contains("anvil --fork-url"),
            "{}",
            said(&output)
        );
    }
    let nobody = run(&["verify", &config]);
    assert_eq!(code(&nobody), 2);
    assert!(said(&nobody).contains("--rpc-url"), "{}", said(&nobody));
}

#[test]
fn a_run_is_exported_later_without_simulating_again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = text(&folder.path().join("config"));
    let place = text(a_run());
    let export = ["export", &place, "--target", "core", "--out", &out];
    let began = std::time::Instant::now();
    let output = run(&export);
    assert_eq!(code(&output), 0, "{}", said(&output));
    assert!(began.elapsed().as_secs() < 20, "nothing is simulated");
    let (then, now) = (
        json_file(&a_run().join("config/core/calls.json")),
        json_file(&Path::new(&out).join("core/calls.json")),
    );
    // The rewards' window begins at the next midnight, which may have passed.
    let before_rewards = |calls: &Value| {
        let calls = calls["calls"].as_array().expect("calls").clone();
        calls.into_iter().take(2).collect::<Vec<_>>()
    };
    assert_eq!(before_rewards(&then), before_rewards(&now));
    let manifest = json_file(&Path::new(&out).join("manifest.json"));
    assert!(
        manifest["from"]
            .as_str()
            .is_some_and(|from| from.starts_with("run user-security-"))
    );

    // Other addresses, and the same place again.
    let other = "0x5151515151515151515151515151515151515151";
    let output = run(&[&export[..], &["--avs", other, "--slasher", other]].concat());
    assert_eq!(code(&output), 0, "{}", said(&output));
    let calls = json_file(&Path::new(&out).join("core/calls.json"));
    assert_eq!(calls["avs"], other);
    assert_eq!(
        calls["calls"][1]["arguments"]["params"][0]["slasher"],
        other
    );

    // The strategies are mainnet's: on another network they would be nobody's.
    let output = run(&[&export[..], &["--network", "sepolia"]].concat());
    assert_eq!(code(&output), 2, "{}", said(&output));
    assert!(
        said(&output).contains("deployment.strategy"),
        "{}",
        said(&output)
    );

    // What was changed by hand is not what was certified.
    let copy = folder.path().join("run");
    copy_all(a_run(), &copy);
    let changed = copy.join("recommendation.json");
    let content = std::fs::read_to_string(&changed).expect("the recommendation");
    std::fs::write(&changed, content.replacen("\"value\": ", "\"value\": 1", 1)).expect("changed");
    let output = run(&["export", &text(&copy), "--out", &out]);
    assert_eq!(code(&output), 4, "{}", said(&output));
    assert!(
        said(&output).contains("not the file that the run wrote"),
        "{}",
        said(&output)
    );

    let output = run(&["export", &text(folder.path()), "--out", &out]);
    assert_eq!(code(&output), 4, "{}", said(&output));
    assert!(
        said(&output).contains("not the folder of a run"),
        "{}",
        said(&output)
    );
}

fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy_all(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("a file");
        }
    }
}

/// The lists of a file without white space, digits as they stand.
fn section(text: &str, key: &str) -> String {
    let start = text.find(&format!("\"{key}\"")).expect("the section");
    let open = start + text[start..].find('[').expect("a list");
    let mut depth = 0;
    for (index, character) in text[open..].char_indices() {
        match character {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let list = &text[open..=open + index];
            return list.chars().filter(|c| !c.is_whitespace()).collect();
        }
    }
    panic!("{key} is not closed")
}

#[test]
fn a_model_file_with_eigendas_parameters_exports_its_layout_integer_for_integer() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = text(&folder.path().join("config"));
    let model = "tests/data/golden/eigenda.toml";
    let output = run(&[
        "export",
        model,
        "--target",
        "middleware",
        "--paths",
        "100",
        "--out",
        &out,
    ]);
    assert_eq!(code(&output), 0, "{}", said(&output));
    let exported =
        std::fs::read_to_string(Path::new(&out).join("middleware/quorums.json")).expect("exported");
    let golden = include_str!("../data/golden/eigenda-mainnet.json");
    for key in ["minimumStakes", "strategyWeights", "operatorSetParams"] {
        assert_eq!(section(&exported, key), section(golden, key), "{key}");
    }
    let value: Value = serde_json::from_str(&exported).expect("JSON");
    assert_eq!(value["chainInfo"]["chainId"], 1);
    assert_eq!(value["thresholdBips"], json!([5500]));
    assert_eq!(
        value["uri"],
        "https://mainnet-ethereum-avs-metadata.s3.amazonaws.com/EigenDA.json"
    );
}

#[test]
fn a_model_file_can_say_everything_that_the_targets_ask_for() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = text(&folder.path().join("config"));
    let model = "tests/data/golden/every-target.toml";
    let output = run(&[
        "export", model, "--paths", "100", "--out", &out, "--format", "json",
    ]);
    assert_eq!(code(&output), 0, "{}", said(&output));
    let exported = data(&output);
    assert_eq!(exported["left_out"], json!([]), "{exported}");
    for file in [
        "README.md",
        "core/calls.json",
        "safe/batch.json",
        "safe/batch-after-transport.json",
        "middleware/quorums.json",
        "middleware/avs-set-1.json",
        "hourglass/context/mainnet.yaml",
        "hourglass/not-in-context.json",
        "solidity/src/Parameters.sol",
        "solidity/script/Apply.s.sol",
        "params/params.json",
    ] {
        assert!(Path::new(&out).join(file).is_file(), "{file} is missing");
    }
    let calls = json_file(&Path::new(&out).join("core/calls.json"));
    let functions: Vec<_> = calls["calls"]
        .as_array()
        .expect("calls")
        .iter()
        .map(|call| {
            call["function"]
                .as_str()
                .expect("a function")
                .split('(')
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    assert_eq!(
        functions,
        [
            "updateAVSMetadataURI",
            "createOperatorSets",
            "setAppointee",
            "configureOperatorSet",
            "configureOperatorSet",
            "createGenerationReservation",
            "approve",
            "createOperatorDirectedOperatorSetRewardsSubmission",
            "setExecutorOperatorSetTaskConfig",
            "registerExecutorOperatorSet",
        ]
    );
    let lint = run(&["lint", &out]);
    assert_eq!(code(&lint), 0, "{}", said(&lint));
    let config = &calls["calls"][8]["arguments"]["config"];
    assert_eq!(config["taskSLA"], "120", "seconds, whole");
    assert_eq!(
        calls["calls"][5]["arguments"]["config"]["maxStalenessPeriod"],
        "1209600"
    );
}

#[test]
fn a_design_that_pays_slashed_stake_out_is_not_exported_as_a_set_that_burns_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = text(&folder.path().join("config"));
    let bridge = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/bridge.toml");
    let refused = run(&[
        "export",
        &text(&bridge),
        "--avs",
        AVS,
        "--slasher",
        SLASHER,
        "--out",
        &out,
    ]);
    assert_eq!(code(&refused), 2, "{}", said(&refused));
    assert!(
        said(&refused).contains("redistribution_recipient"),
        "{}",
        said(&refused)
    );
    assert!(!Path::new(&out).exists(), "nothing is half-written");
}

#[test]
fn lint_reads_anybodys_files_and_lists_its_rules() {
    let rules = run(&["lint", "--rules"]);
    assert_eq!(code(&rules), 0);
    for check in stakewright::export::lint::CHECKS {
        assert!(
            said(&rules).contains(&format!("[{}]", check.id)),
            "{}",
            check.id
        );
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("mine.json");
    // A deploy file as EigenDA's, with a look-ahead that mainnet allows and Sepolia does not.
    let golden: Value =
        serde_json::from_str(include_str!("../data/golden/eigenda-mainnet.json")).expect("JSON");
    let mut mine = golden;
    mine["permissions"] = json!({});
    mine["uri"] = json!("https://example.org/avs.json");
    mine["slashableStakeQuorums"] = json!([{
        "0_quorumNumber": 0, "1_lookAheadPeriod": 50_400,
        "2_slasher": "0x5151515151515151515151515151515151515151",
    }]);
    std::fs::write(&file, mine.to_string()).expect("a file");
    let output = run(&["lint", &text(&file)]);
    assert!(
        !said(&output).contains("quorum-look-ahead"),
        "{}",
        said(&output)
    );
    mine["chainInfo"]["chainId"] = json!(11_155_111);
    std::fs::write(&file, mine.to_string()).expect("a file");
    let output = run(&["lint", &text(&file)]);
    assert_eq!(code(&output), 7, "{}", said(&output));
    assert!(
        said(&output).contains("quorum-look-ahead"),
        "{}",
        said(&output)
    );
    let other = run(&["lint", &text(&file), "--network", "hoodi"]);
    assert!(said(&other).contains("chain-id"), "{}", said(&other));

    std::fs::write(&file, "{\"a\": 1}").expect("a file");
    let output = run(&["lint", &text(&file)]);
    assert_eq!(code(&output), 4, "{}", said(&output));
    assert!(said(&output).contains("mine.json"), "{}", said(&output));
    assert_eq!(code(&run(&["lint"])), 2);
}

#[test]
fn drift_is_told_from_a_snapshot_too() {
    let config = text(&a_run().join("config"));
    let output = run(&["verify", &config, "--against", "data/embedded"]);
    assert_eq!(code(&output), 4, "{}", said(&output));
    assert!(
        said(&output).contains("has no AVS") && said(&output).contains(AVS),
        "the example's service is not deployed: {}",
        said(&output)
    );
    // An AVS that the snapshot has.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = text(&folder.path().join("config"));
    let output = run(&[
        "export",
        "tests/data/golden/eigenda.toml",
        "--target",
        "params",
        "--paths",
        "100",
        "--out",
        &out,
    ]);
    assert_eq!(code(&output), 0, "{}", said(&output));
    let against = ["verify", &out, "--against", "data/embedded"];
    let output = run(&against);
    assert_eq!(code(&output), 0, "{}", said(&output));
    assert!(
        said(&output).contains("differ from the recommendation"),
        "{}",
        said(&output)
    );
    assert_eq!(code(&run(&[&against[..], &["--require-same"]].concat())), 7);
}
