//! The export, tried on a node that enforces the write rules.

use crate::support::deployment::{NOW, any_valid, at, complete, nobody, strategy};
use crate::support::foundry::{Anvil, deploy, forge_build, forge_run, tool};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use stakewright::export::address::{Address, BEACON_ETH};
use stakewright::export::design::{Curve, Deployment, RewardsKind};
use stakewright::export::network::Network;
use stakewright::export::plan::Phase;
use stakewright::export::verify::{
    Calls, Method, Node, NodeError, Outcome, VerifyError, drift, read, verify,
};
use stakewright::export::{Target, export};
use std::path::PathBuf;

/// What a test on a node needs.
pub struct Bench {
    pub anvil: Anvil,
    pub forge: PathBuf,
    pub network: Network,
    pub token: Address,
}

/// Two strategies of mainnet.
pub const STETH: &str = "0x93c4b944D05dfe6df7645A86cd2206016c51564D";
pub const EIGEN: &str = "0xaCB55C530Acdb2849e6d4f36992Cd8c9D50ED8F7";

/// A node with our stand-ins on it; `None` where the tools are missing.
pub fn bench() -> Option<Bench> {
    let (anvil, forge) = (tool("anvil")?, tool("forge")?);
    let anvil = Anvil::start(&anvil, NOW);
    let (network, token) = deploy(&anvil, &forge, at(EIGEN));
    let bench = Bench {
        anvil,
        forge,
        network,
        token,
    };
    bench.list(&[at(STETH), nobody(0x31), nobody(0x32), at(EIGEN)]);
    Some(bench)
}

impl Bench {
    pub fn list(&self, strategies: &[Address]) {
        let mut data = stakewright::export::address::selector("list(address[])").to_vec();
        data.extend(crate::support::foundry::number(32));
        data.extend(crate::support::foundry::number(strategies.len() as u64));
        data.extend(
            strategies
                .iter()
                .flat_map(|strategy| crate::support::foundry::word(*strategy)),
        );
        self.anvil.send(
            nobody(0x11),
            Some(self.network.contracts.strategy_manager),
            &data,
        );
    }

    /// Gives an account reward tokens: far more than any submission asks for.
    pub fn fund(&self, owner: Address) {
        let mut data = stakewright::export::address::selector("mint(address,uint256)").to_vec();
        data.extend(crate::support::foundry::word(owner));
        let mut amount = [0; 32];
        amount[0] = 1;
        data.extend(amount);
        self.anvil.send(nobody(0x11), Some(self.token), &data);
    }

    pub fn deployment(&self) -> Deployment {
        complete(self.network.clone(), self.token)
    }

    pub fn calls(&self, deployment: &Deployment) -> Calls {
        let files = export(deployment, Target::Core).unwrap_or_else(|error| panic!("{error}"));
        let file = files
            .iter()
            .find(|file| file.path == "core/calls.json")
            .expect("calls");
        read(std::str::from_utf8(&file.bytes).expect("text")).expect("our own file")
    }

    /// Sends the calls for real, as the user would after the rehearsal.
    pub fn send(&self, calls: &Calls) {
        for step in calls.steps.iter().filter(|step| step.phase == Phase::Setup) {
            let data = stakewright::export::abi::encode(&step.call.action).expect("encodes");
            self.anvil.send(step.call.from, Some(step.call.to), &data);
        }
    }
}

#[test]
fn the_export_is_rehearsed_sent_and_read_back() {
    let Some(bench) = bench() else { return };
    let deployment = bench.deployment();
    bench.fund(deployment.avs.expect("an address"));
    let calls = bench.calls(&deployment);
    let before = bench.anvil.ask("eth_blockNumber", serde_json::json!([]));
    let report = verify(&calls, &bench.network, &bench.anvil.node).expect("the node answers");
    assert!(report.passed(), "{report}");
    assert_eq!(report.method, Method::Simulated);
    assert_eq!(report.steps.len(), calls.steps.len());
    assert!(
        report
            .read_back
            .iter()
            .any(|row| row.what.starts_with("metadata")),
        "{report}"
    );
    assert!(report.read_back.len() >= 14, "{report}");
    let after = bench.anvil.ask("eth_blockNumber", serde_json::json!([]));
    assert_eq!(before, after, "a rehearsal changes nothing");

    // Nothing is deployed yet: everything drifts.
    let apart = drift(&calls, &bench.network, &bench.anvil.node).expect("the node answers");
    assert!(
        apart
            .iter()
            .filter(|row| row.what.contains("exists"))
            .all(|row| !row.agrees()),
        "{apart:?}"
    );

    bench.send(&calls);
    let same = drift(&calls, &bench.network, &bench.anvil.node).expect("the node answers");
    assert!(
        same.iter()
            .all(stakewright::export::verify::ReadBack::agrees),
        "{same:?}"
    );

    // A second deployment of the same meets its own sets.
    let again = verify(&calls, &bench.network, &bench.anvil.node).expect("the node answers");
    let Outcome::Reverted(why) = &again.steps[1].outcome else {
        panic!("{again}")
    };
    assert_eq!(why.error, "InvalidOperatorSet");
    assert_eq!(why.argument.as_deref(), Some("params/0/operatorSetId"));
    assert_eq!(why.parameters, ["operator_sets/0"]);
}

#[test]
fn a_batch_of_a_safe_is_rehearsed_too() {
    let Some(bench) = bench() else { return };
    let deployment = bench.deployment();
    bench.fund(deployment.avs.expect("an address"));
    let files = export(&deployment, Target::Safe).expect("exports");
    let calls = read(std::str::from_utf8(&files[0].bytes).expect("text")).expect("our own batch");
    let report = verify(&calls, &bench.network, &bench.anvil.node).expect("the node answers");
    assert!(report.passed(), "{report}");
}

/// A node that lacks some methods.
struct Without<'a>(&'a dyn Node, &'static [&'static str]);

impl Node for Without<'_> {
    fn request(&self, method: &str, params: Value) -> Result<Value, NodeError> {
        if self.1.contains(&method) {
            return Err(NodeError::Rejected {
                code: -32_601,
                message: format!("{method} not found"),
                data: None,
            });
        }
        self.0.request(method, params)
    }
}

#[test]
fn nodes_without_simulation_are_served_as_far_as_they_go() {
    let Some(bench) = bench() else { return };
    let deployment = bench.deployment();
    bench.fund(deployment.avs.expect("an address"));
    let calls = bench.calls(&deployment);
    let local = Without(&bench.anvil.node, &["eth_simulateV1"]);
    let report = verify(&calls, &bench.network, &local).expect("the node answers");
    assert_eq!(report.method, Method::TakenBack);
    assert!(report.passed(), "{report}");
    let exists = drift(&calls, &bench.network, &bench.anvil.node).expect("the node answers");
    assert!(
        exists
            .iter()
            .all(|row| row.expected != "true" || row.found == "false"),
        "the state was taken back: {exists:?}"
    );

    let remote = Without(&bench.anvil.node, &["eth_simulateV1", "web3_clientVersion"]);
    let report = verify(&calls, &bench.network, &remote).expect("the node answers");
    assert_eq!(report.method, Method::OneByOne);
    assert!(
        matches!(report.steps[0].outcome, Outcome::Passed),
        "{report}"
    );
    assert!(
        matches!(&report.steps[1].outcome, Outcome::Unclear(why) if why.error == "NonexistentAVSMetadata"),
        "{report}"
    );
    assert!(report.notes[0].contains("one by one"), "{report}");

    let wrong = Calls {
        chain_id: 1,
        ..calls
    };
    let error = verify(&wrong, &bench.network, &bench.anvil.node).expect_err("another chain");
    assert!(
        matches!(
            error,
            VerifyError::WrongChain {
                expected: 1,
                found: 31_337,
                ..
            }
        ),
        "{error}"
    );
}

/// Random valid deployments: none reverts, and what is read back is what was exported.
fn none_reverts(cases: u32) {
    let Some(bench) = bench() else { return };
    let listed = vec![nobody(0x31), nobody(0x32), at(STETH), BEACON_ETH];
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    let any = any_valid(bench.network.clone(), bench.token, listed);
    for case in 0..cases {
        let mut deployment = any.new_tree(&mut runner).expect("a deployment").current();
        deployment.rewards.retain(|reward| !matches!(&reward.kind, RewardsKind::OperatorDirected { rewards, .. } if rewards.is_empty()));
        bench.fund(deployment.avs.expect("an address"));
        let report = verify(&bench.calls(&deployment), &bench.network, &bench.anvil.node)
            .expect("the node answers");
        assert!(report.passed(), "case {case}: {report}\n{deployment:?}");
    }
}

#[test]
fn some_random_deployments_do_not_revert() {
    none_reverts(25);
}

#[test]
#[ignore = "slow: a thousand rehearsals on a node"]
fn slow_a_thousand_random_deployments_do_not_revert() {
    none_reverts(1_000);
}

#[test]
fn the_solidity_compiles_and_its_script_applies_the_same() {
    let Some(bench) = bench() else { return };
    let mut deployment = bench.deployment();
    // The script is sent by an account of the node: it is the AVS.
    let sender = bench.anvil.account(1);
    deployment.avs = Some(sender);
    deployment.operator_sets[0].strategies.push(strategy(
        nobody(0x31),
        "odd \"name\" \u{202e}",
        5 * 10u128.pow(17),
    ));
    deployment.operator_sets[1].curve = Some(Curve::Ecdsa);
    bench.fund(sender);
    let folder = tempfile::tempdir().expect("a temporary folder");
    for file in export(&deployment, Target::Solidity).expect("exports") {
        let path = folder.path().join(file.path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, file.bytes).expect("a file");
    }
    let project = folder.path().join("solidity");
    let text = forge_build(&bench.forge, &project).unwrap_or_else(|error| panic!("{error}"));
    assert!(!text.contains("Error"), "{text}");
    let (sender, url) = (sender.to_string(), bench.anvil.url.clone());
    let arguments = [
        "script",
        "script/Apply.s.sol",
        "--offline",
        "--rpc-url",
        &url,
        "--sender",
        &sender,
        "--unlocked",
        "--broadcast",
        "--slow",
    ];
    forge_run(&bench.forge, &project, &arguments, &[("AVS", &sender)])
        .unwrap_or_else(|error| panic!("{error}"));
    let calls = bench.calls(&deployment);
    let rows = drift(&calls, &bench.network, &bench.anvil.node).expect("the node answers");
    assert!(
        rows.len() >= 12
            && rows
                .iter()
                .all(stakewright::export::verify::ReadBack::agrees),
        "{rows:?}"
    );
}

#[test]
fn forge_decodes_the_middleware_files_into_the_contracts_structs() {
    let Some(forge) = tool("forge") else { return };
    let deployment = crate::export_targets::eigenda();
    let folder = tempfile::tempdir().expect("a temporary folder");
    for file in export(&deployment, Target::Middleware).expect("exports") {
        let path = folder.path().join(file.path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, file.bytes).expect("a file");
    }
    let project = folder.path().join("project");
    std::fs::create_dir_all(project.join("test")).expect("a folder");
    std::fs::write(
        project.join("foundry.toml"),
        "[profile.default]\nsrc = \"src\"\ntest = \"test\"\nfs_permissions = [{ access = \"read\", path = \"../\" }]\n",
    )
    .expect("a file");
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/solidity/export/ParseJson.t.sol");
    std::fs::copy(source, project.join("test/ParseJson.t.sol")).expect("the test");
    let text = forge_run(&forge, &project, &["test", "--offline", "-vv"], &[])
        .unwrap_or_else(|error| panic!("{error}"));
    assert!(text.contains("2 passed"), "{text}");
}
