//! A local node and the Solidity tools, where they are installed.

pub use super::tools::tool;
use serde_json::{Value, json};
use stakewright::export::address::{Address, unhex};
use stakewright::export::network::{Contracts, Network};
use stakewright::export::verify::{HttpNode, Node};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Compiles a Foundry project with the compiler from npm; the text is what forge says.
pub fn forge_build(forge: &Path, project: &Path) -> Result<String, String> {
    forge_run(forge, project, &["build", "--offline", "--force"], &[])
}

/// Runs a forge command in a project.
pub fn forge_run(
    forge: &Path,
    project: &Path,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> Result<String, String> {
    let compiler = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/solidity/solc.js");
    let output = Command::new(forge)
        .current_dir(project)
        .args(arguments)
        .arg("--use")
        .arg(compiler)
        .envs(environment.iter().copied())
        .env("FOUNDRY_DISABLE_NIGHTLY_WARNING", "1")
        .output()
        .expect("forge starts");
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    if output.status.success() {
        Ok(text)
    } else {
        Err(text)
    }
}

/// Creation code of our stand-ins, compiled once for all tests.
fn bytecode(forge: &Path, contract: &str) -> Vec<u8> {
    static BUILT: OnceLock<tempfile::TempDir> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let source =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/solidity/export/Doubles.sol");
        std::fs::create_dir(folder.path().join("src")).expect("a folder");
        std::fs::copy(source, folder.path().join("src/Doubles.sol")).expect("the stand-ins");
        std::fs::write(
            folder.path().join("foundry.toml"),
            "[profile.default]\nsrc = \"src\"\noptimizer = true\n",
        )
        .expect("a file");
        forge_build(forge, folder.path())
            .unwrap_or_else(|error| panic!("the stand-ins compile: {error}"));
        folder
    });
    let artifact = std::fs::read(
        built
            .path()
            .join(format!("out/Doubles.sol/{contract}.json")),
    )
    .expect("an artifact");
    let artifact: Value = serde_json::from_slice(&artifact).expect("JSON");
    unhex(
        artifact["bytecode"]["object"]
            .as_str()
            .expect("creation code"),
    )
    .expect("hexadecimal")
}

/// A local node that dies with the test.
pub struct Anvil {
    child: Child,
    /// Its address.
    pub url: String,
    /// A client of it.
    pub node: HttpNode,
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Anvil {
    /// Starts a node at a high block number and a fixed time.
    pub fn start(program: &Path, timestamp: u64) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .expect("a free port")
            .local_addr()
            .expect("a port")
            .port();
        let child = Command::new(program)
            .args([
                "--port",
                &port.to_string(),
                "--number",
                "25000000",
                "--timestamp",
                &timestamp.to_string(),
                "--silent",
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("anvil starts");
        let url = format!("http://127.0.0.1:{port}");
        let node = HttpNode::new(&url).expect("a client");
        let anvil = Self { child, url, node };
        let deadline = Instant::now() + Duration::from_secs(30);
        while anvil.node.request("eth_chainId", json!([])).is_err() {
            assert!(
                Instant::now() < deadline,
                "anvil does not answer within 30 s"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        anvil
    }

    pub fn ask(&self, method: &str, params: Value) -> Value {
        self.node
            .request(method, params)
            .unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// The first of the node's own accounts.
    pub fn account(&self, index: usize) -> Address {
        self.ask("eth_accounts", json!([]))[index]
            .as_str()
            .expect("an account")
            .parse()
            .expect("an address")
    }

    pub fn send(&self, from: Address, to: Option<Address>, data: &[u8]) -> Value {
        self.ask("anvil_impersonateAccount", json!([from.to_string()]));
        self.ask(
            "anvil_setBalance",
            json!([from.to_string(), "0x56bc75e2d63100000"]),
        );
        let mut transaction = json!({ "from": from, "input": format!("0x{}", stakewright::export::address::hex(data)), "gas": "0x1c9c380" });
        if let Some(to) = to {
            transaction["to"] = json!(to);
        }
        let hash = self.ask("eth_sendTransaction", json!([transaction]));
        let deadline = Instant::now() + Duration::from_secs(30);
        let mut receipt = Value::Null;
        while receipt.is_null() {
            assert!(Instant::now() < deadline, "anvil does not mine within 30 s");
            receipt = self.ask("eth_getTransactionReceipt", json!([hash]));
        }
        assert_eq!(
            receipt["status"], "0x1",
            "a set-up transaction passes: {receipt}"
        );
        receipt
    }

    pub fn deploy(&self, forge: &Path, contract: &str, words: &[[u8; 32]]) -> Address {
        let mut code = bytecode(forge, contract);
        code.extend(words.iter().flatten());
        let receipt = self.send(self.account(0), None, &code);
        receipt["contractAddress"]
            .as_str()
            .expect("an address")
            .parse()
            .expect("an address")
    }
}

/// An address as a word of calldata.
pub fn word(address: Address) -> [u8; 32] {
    let mut word = [0; 32];
    word[12..].copy_from_slice(&address.0);
    word
}

/// A number as a word of calldata.
pub fn number(value: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&value.to_be_bytes());
    word
}

/// The stand-ins on a node, as a network with mainnet's limits.
pub fn deploy(anvil: &Anvil, forge: &Path, eigen_strategy: Address) -> (Network, Address) {
    let mainnet = Network::mainnet();
    let permissions = anvil.deploy(forge, "Permissions", &[]);
    let allocations = anvil.deploy(
        forge,
        "Allocations",
        &[word(permissions), word(eigen_strategy)],
    );
    let keys = anvil.deploy(forge, "Keys", &[word(permissions)]);
    let tables = anvil.deploy(
        forge,
        "Tables",
        &[
            word(permissions),
            word(allocations),
            word(keys),
            number(604_800),
        ],
    );
    let mailbox = anvil.deploy(forge, "Mailbox", &[number(604_800)]);
    let whitelist = anvil.deploy(forge, "Whitelist", &[]);
    let rewards = anvil.deploy(
        forge,
        "Rewards",
        &[
            word(permissions),
            word(allocations),
            word(whitelist),
            number(14_515_200),
        ],
    );
    let token = anvil.deploy(forge, "Token", &[]);
    let network = Network {
        name: "local".into(),
        chain_id: 31_337,
        contracts: Contracts {
            allocation_manager: allocations,
            strategy_manager: whitelist,
            rewards_coordinator: rewards,
            permission_controller: permissions,
            key_registrar: keys,
            cross_chain_registry: Some(tables),
            task_mailbox: Some(mailbox),
            eigen_strategy,
            ..mainnet.contracts
        },
        ..mainnet
    };
    (network, token)
}
