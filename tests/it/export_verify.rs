//! The export, tried on a node that enforces the write rules.

use crate::support::deployment::{NOW, any_valid, at, complete, nobody, strategy};
use crate::support::foundry::{Anvil, deploy, forge_build, forge_run, tool};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use stakewright::export::action::{Action, Contract};
use stakewright::export::address::{Address, BEACON_ETH};
use stakewright::export::design::{Curve, Deployment};
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
    pub kind: Kind,
}

/// What answers on the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Our stand-ins of every contract that an export writes to.
    StandIns,
    /// The protocol's own bytecode, without the contracts of the multichain part.
    Core,
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
        kind: Kind::StandIns,
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

    /// The same for many accounts, in one transaction.
    pub fn fund_all(&self, owners: &[Address]) {
        let mut data =
            stakewright::export::address::selector("mintAll(address[],uint256)").to_vec();
        data.extend(crate::support::foundry::number(64));
        let mut amount = [0; 32];
        amount[0] = 1;
        data.extend(amount);
        data.extend(crate::support::foundry::number(owners.len() as u64));
        data.extend(
            owners
                .iter()
                .flat_map(|owner| crate::support::foundry::word(*owner)),
        );
        self.anvil.send(nobody(0x11), Some(self.token), &data);
    }

    /// Lets the stake tables of deployments arrive where tasks are.
    pub fn carry_tables(&self, deployments: &[Deployment]) {
        let sets: Vec<_> = deployments
            .iter()
            .flat_map(|one| one.operator_sets.iter().map(move |set| (one.avs, set)))
            .filter_map(|(avs, set)| Some((avs?, set.id, set.stake_table.as_ref()?.owner)))
            .collect();
        let mailbox = self.network.contracts.task_mailbox.expect("a mailbox");
        for some in sets.chunks(200) {
            let call = crate::export_quorums::arriveAllCall {
                sets: some
                    .iter()
                    .map(|(avs, id, _)| (alloy_primitives::Address::from(avs.0), *id))
                    .collect(),
                owner: alloy_primitives::Address::from(some[0].2.0),
            };
            let data = alloy_sol_types::SolCall::abi_encode(&call);
            self.anvil.send(nobody(0x11), Some(mailbox), &data);
        }
    }

    pub fn deployment(&self) -> Deployment {
        self.expressible(complete(self.network.clone(), self.token))
    }

    /// The same without what the node has no contract for.
    pub fn expressible(&self, mut deployment: Deployment) -> Deployment {
        if self.kind == Kind::Core {
            for set in &mut deployment.operator_sets {
                set.stake_table = None;
                set.mailbox = None;
            }
        }
        deployment
    }

    /// Whether the node can be brought into the state in which a call is refused.
    pub fn takes(&self, action: &Action) -> bool {
        let here = action.contract().address(&self.network).is_some()
            || action.contract() == Contract::Token;
        // Slashes and splits want operators, whom the stand-ins admit without a delegation.
        let of_operators = matches!(
            action,
            Action::SlashOperator(_) | Action::SetOperatorSplit(_)
        );
        here && (self.kind == Kind::StandIns || !of_operators)
    }

    pub fn calls(&self, deployment: &Deployment) -> Calls {
        let files = export(deployment, Target::Core).unwrap_or_else(|error| panic!("{error}"));
        let file = files
            .iter()
            .find(|file| file.path == "core/calls.json")
            .expect("calls");
        read(std::str::from_utf8(&file.bytes).expect("text")).expect("our own file")
    }

    /// Sends the calls of the first phase for real, as the user would after the rehearsal.
    pub fn send(&self, calls: &Calls) {
        self.send_phase(calls, Phase::Setup);
    }

    fn send_phase(&self, calls: &Calls, phase: Phase) {
        for step in calls.steps.iter().filter(|step| step.phase == phase) {
            let data = stakewright::export::abi::encode(&step.call.action).expect("encodes");
            self.anvil.send(step.call.from, Some(step.call.to), &data);
        }
    }
}

#[test]
fn the_export_is_rehearsed_sent_and_read_back() {
    let Some(bench) = bench() else { return };
    rehearsed_sent_and_read_back(&bench);
}

/// The proof of an export: nothing changes by the rehearsal, and what was sent is what is read back.
pub fn rehearsed_sent_and_read_back(bench: &Bench) {
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
            .rows
            .iter()
            .filter(|row| row.field.contains("exists"))
            .all(|row| !row.same),
        "{apart}"
    );
    let before = |field: &str| apart.rows.iter().find(|row| row.field.contains(field));
    for (field, deployed) in [
        ("by allocated stake", "nothing submitted"),
        ("metadata", "not announced"),
    ] {
        assert_eq!(before(field).expect("a row").deployed, deployed, "{apart}");
    }

    bench.send(&calls);
    if bench.kind == Kind::StandIns {
        // Only tasks wait for the stake table; they are sent by its owner once it has arrived.
        let waiting = drift(&calls, &bench.network, &bench.anvil.node).expect("the node answers");
        let apart: Vec<_> = waiting.rows.iter().filter(|row| !row.same).collect();
        assert!(
            apart.len() == 1 && apart[0].deployed == "not configured",
            "{waiting}"
        );
        bench.carry_tables(std::slice::from_ref(&deployment));
        bench.send_phase(&calls, Phase::AfterTransport);
    }
    let same = drift(&calls, &bench.network, &bench.anvil.node).expect("the node answers");
    assert!(same.is_none(), "{same}");
    assert!(same.rows.len() >= 18 && same.notes.is_empty(), "{same}");

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
            .rows
            .iter()
            .all(|row| row.decided != "true" || row.deployed == "false"),
        "the state was taken back: {exists}"
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

/// A node that writes down what it is asked.
struct Overheard<'a>(&'a dyn Node, std::cell::RefCell<Vec<String>>);

impl Node for Overheard<'_> {
    fn request(&self, method: &str, params: Value) -> Result<Value, NodeError> {
        self.1.borrow_mut().push(method.to_owned());
        self.0.request(method, params)
    }
}

/// Methods that only read.
const READS: [&str; 7] = [
    "eth_chainId",
    "eth_blockNumber",
    "eth_getCode",
    "eth_call",
    "eth_getBlockByNumber",
    "eth_simulateV1",
    "eth_getLogs",
];

#[test]
fn no_node_is_ever_sent_a_transaction_unless_it_is_a_local_test_node() {
    let Some(bench) = bench() else { return };
    let calls = bench.calls(&bench.deployment());
    // A node that simulates; one that only answers calls; and one that says it is no test node.
    let simulating = Overheard(&bench.anvil.node, Default::default());
    // Nothing was funded, so that reverts are explained too.
    let report = verify(&calls, &bench.network, &simulating).expect("the node answers");
    assert!(!report.passed(), "{report}");
    drift(&calls, &bench.network, &simulating).expect("the node answers");
    let plain = Without(&bench.anvil.node, &["eth_simulateV1", "web3_clientVersion"]);
    let plain = Overheard(&plain, Default::default());
    verify(&calls, &bench.network, &plain).expect("the node answers");
    struct Geth<'a>(&'a dyn Node);
    impl Node for Geth<'_> {
        fn request(&self, method: &str, params: Value) -> Result<Value, NodeError> {
            match method {
                "web3_clientVersion" => Ok(Value::from("Geth/v1.16.0-stable/linux-amd64")),
                _ => self.0.request(method, params),
            }
        }
    }
    let geth = Without(&bench.anvil.node, &["eth_simulateV1"]);
    let geth = Geth(&geth);
    let geth = Overheard(&geth, Default::default());
    verify(&calls, &bench.network, &geth).expect("the node answers");
    for node in [&simulating, &plain, &geth] {
        for method in node.1.borrow().iter() {
            assert!(
                READS.contains(&method.as_str()) || method == "web3_clientVersion",
                "{method} was asked"
            );
        }
    }
    assert!(
        simulating
            .1
            .borrow()
            .iter()
            .any(|method| method == "eth_simulateV1")
    );
    assert!(!plain.1.borrow().is_empty() && !geth.1.borrow().is_empty());
}

#[test]
fn missing_tokens_are_told_from_a_missing_allowance() {
    let Some(bench) = bench() else { return };
    let calls = bench.calls(&bench.deployment());
    let report = verify(&calls, &bench.network, &bench.anvil.node).expect("the node answers");
    let why = report
        .steps
        .iter()
        .find_map(|step| match &step.outcome {
            Outcome::Reverted(why) => Some(why),
            _ => None,
        })
        .expect("rewards cannot be paid without tokens");
    assert_eq!(why.argument.as_deref(), Some("rewardsSubmissions/0/token"));
    assert!(why.wrong.contains("holds 0 units"), "{why}");
    assert!(
        why.right.contains("857123456789000000000 units more"),
        "{why}"
    );
}

#[test]
fn a_chain_without_the_contracts_proves_nothing_and_says_so() {
    let Some(bench) = bench() else { return };
    let deployment = Deployment {
        network: Network {
            chain_id: 31_337,
            ..Network::mainnet()
        },
        ..bench.deployment()
    };
    let calls = bench.calls(&deployment);
    for error in [
        verify(&calls, &deployment.network, &bench.anvil.node).expect_err("no contract"),
        drift(&calls, &deployment.network, &bench.anvil.node).expect_err("no contract"),
    ] {
        assert!(matches!(error, VerifyError::NoContract { .. }), "{error}");
    }
}

#[test]
fn a_fee_payer_reads_back_what_is_left() {
    let Some(bench) = bench() else { return };
    let deployment = bench.deployment();
    let avs = deployment.avs.expect("an address");
    bench.fund(avs);
    let calls = bench.calls(&deployment);
    bench.send(&Calls {
        steps: calls.steps[..1].to_vec(),
        ..calls.clone()
    });
    let mut data =
        stakewright::export::address::selector("setOptInForProtocolFee(address,bool)").to_vec();
    data.extend(crate::support::foundry::word(avs));
    data.extend(crate::support::foundry::number(1));
    let coordinator = bench.network.contracts.rewards_coordinator;
    bench.anvil.send(avs, Some(coordinator), &data);
    let report = verify(&calls, &bench.network, &bench.anvil.node).expect("the node answers");
    assert!(report.passed(), "{report}");
    let unique = report
        .read_back
        .iter()
        .find(|row| row.what.contains("by allocated stake"))
        .expect("read back");
    assert!(
        unique.found.starts_with("685698765431200000000 of"),
        "four fifths of 857123456789000000000: {}",
        unique.found
    );
}

/// The same deployment with sets created by quorum contracts, which burn what is slashed.
fn through_quorum_contracts(bench: &Bench, deployment: &Deployment) -> Vec<&'static str> {
    use crate::support::foundry::word;
    let (avs, owner) = (deployment.avs.expect("an address"), nobody(0x91));
    let allocations = bench.network.contracts.allocation_manager;
    let arguments = [word(allocations), word(avs), word(owner)];
    let coordinator = bench.anvil.deploy(&bench.forge, "Coordinator", &arguments);
    let mut burning = deployment.clone();
    for set in &mut burning.operator_sets {
        set.redistribution_recipient = None;
    }
    let calls = Calls::through(&burning, avs, coordinator);
    let report = verify(&calls, &bench.network, &bench.anvil.node).expect("the node answers");
    assert!(report.passed(), "{report}\n{burning:?}");
    let minimums = report
        .read_back
        .iter()
        .filter(|row| row.what.starts_with("minimum stake of quorum"));
    assert_eq!(minimums.count(), burning.operator_sets.len(), "{report}");
    let functions = calls.steps.iter().map(|step| step.call.action.function());
    functions.collect()
}

/// Random valid deployments: none reverts, and what is read back is what was exported.
pub fn none_reverts(bench: &Bench, cases: usize) {
    let listed = vec![nobody(0x31), nobody(0x32), at(STETH), BEACON_ETH];
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    let any = any_valid(bench.network.clone(), bench.token, listed);
    let deployments: Vec<Deployment> = (0..cases)
        .map(|_| any.new_tree(&mut runner).expect("a deployment").current())
        .map(|one| bench.expressible(one))
        .collect();
    let owners: Vec<Address> = deployments.iter().filter_map(|one| one.avs).collect();
    assert_eq!(owners.len(), cases);
    for some in owners.chunks(200) {
        bench.fund_all(some);
    }
    // Every set, key, table and submission of a case is in one simulation; cases do not see each other.
    let mut shapes = std::collections::BTreeSet::new();
    if bench.kind == Kind::StandIns {
        bench.carry_tables(&deployments);
    }
    for (case, deployment) in deployments.iter().enumerate() {
        let mut calls = bench.calls(deployment);
        // The tables have arrived: the calls of the later phase can be rehearsed as well.
        for step in &mut calls.steps {
            step.phase = Phase::Setup;
        }
        if bench.kind == Kind::StandIns && case % 10 == 0 {
            shapes.extend(through_quorum_contracts(bench, deployment));
        }
        let report = verify(&calls, &bench.network, &bench.anvil.node).expect("the node answers");
        assert!(report.passed(), "case {case}: {report}\n{deployment:?}");
        assert_eq!(report.method, Method::Simulated);
        shapes.extend(calls.steps.iter().map(|step| step.call.action.function()));
    }
    // The cases are of every shape that an export can have.
    for function in [
        "createOperatorSets",
        "createRedistributingOperatorSets",
        "setAppointee",
        "configureOperatorSet",
        "createGenerationReservation",
        "createUniqueStakeRewardsSubmission",
        "createTotalStakeRewardsSubmission",
        "createOperatorDirectedOperatorSetRewardsSubmission",
        "approve",
        "setExecutorOperatorSetTaskConfig",
        "registerExecutorOperatorSet",
        "createTotalDelegatedStakeQuorum",
        "createSlashableStakeQuorum",
    ] {
        let of_core = !["Generation", "Executor", "Quorum"]
            .iter()
            .any(|word| function.contains(word));
        let here = bench.kind == Kind::StandIns || of_core;
        assert!(
            !here || shapes.contains(function),
            "{function} was never tried"
        );
    }
}

#[test]
fn some_random_deployments_do_not_revert() {
    let Some(bench) = bench() else { return };
    none_reverts(&bench, 25);
}

#[test]
#[ignore = "slow: a thousand rehearsals on a node"]
fn slow_a_thousand_random_deployments_do_not_revert() {
    let Some(bench) = bench() else { return };
    none_reverts(&bench, 1_000);
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
    let apart: Vec<_> = rows.rows.iter().filter(|row| !row.same).collect();
    // Tasks wait for the stake table, in a function of their own.
    let waits = |row: &&stakewright::export::drift::Row| row.deployed == "not configured";
    assert!(rows.rows.len() >= 12 && apart.iter().all(waits), "{rows}");
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
