//! A real node: Anvil from `tests/node`, with the doubles of `tests/solidity` on it.
//!
//! `npm ci --prefix tests/node` installs both Anvil and the compiler. Without them a test that needs
//! them is skipped and says so; with `STAKEWRIGHT_FULL=1` it fails.

use super::http::post;
use super::tools::tool;
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolValue, sol};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

sol! {
    struct OperatorSet { address avs; uint32 id; }
    function generate(uint160 first, uint256 count);
    function register(address operator, string uri);
    function setShares(address operator, address strategy, uint256 shares);
    function queue(address operator, address strategy, uint256 shares);
    function createSet(OperatorSet s, address[] strategies, address slasher);
    function join(OperatorSet s, address operator);
    function leave(OperatorSet s, address operator);
    function allocate(OperatorSet s, address operator, address strategy, uint64 current, int128 pending);
    function joinAndAllocate(OperatorSet s, uint160 first, uint256 count, uint64 magnitude);
    function setLie(OperatorSet s, uint256 by);
    function add(address strategy);
}

/// First block of the chains here: the real contracts underflow on young chains.
pub const GENESIS: u64 = 25_000_000;

/// Creation bytecode of the doubles, compiled once.
static DOUBLES: LazyLock<Option<BTreeMap<String, Bytes>>> = LazyLock::new(|| {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node/compile.js");
    let output = Command::new("node").arg(script).output().ok()?;
    output
        .status
        .success()
        .then(|| serde_json::from_slice(&output.stdout).expect("the compiler prints JSON"))
});

/// Creation code of a double; a node that runs has them compiled.
pub fn double(name: &str) -> Bytes {
    DOUBLES.as_ref().expect("checked at the start")[name].clone()
}

/// A running node; stops when dropped.
pub struct Anvil {
    child: Child,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    account: Address,
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Anvil {
    /// Starts a node; `None` where the tools are not installed, which is said.
    pub fn start() -> Option<Self> {
        Self::start_at(GENESIS, &[])
    }

    /// Starts a node whose first block has a number, with further arguments.
    pub fn start_at(genesis: u64, further: &[&str]) -> Option<Self> {
        let path = tool("anvil")?;
        if DOUBLES.is_none() {
            let reason = "skipped: solc is not installed (npm ci --prefix tests/node)";
            assert!(std::env::var_os("STAKEWRIGHT_FULL").is_none(), "{reason}");
            println!("{reason}");
            return None;
        }
        let number = genesis.to_string();
        let mut child = Command::new(path)
            .args([
                "--port",
                "0",
                "--number",
                &number,
                "--slots-in-an-epoch",
                "1",
                "--accounts",
                "2",
            ])
            .args([
                "--gas-limit",
                "3000000000",
                "--block-base-fee-per-gas",
                "0",
                "--disable-code-size-limit",
                // Later forks cap the gas of one transaction, which the generator exceeds.
                "--hardfork",
                "prague",
            ])
            .args(further)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("anvil starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let address = loop {
            let line = lines
                .next()
                .expect("anvil says where it listens")
                .expect("text");
            if let Some(address) = line.trim().strip_prefix("Listening on ") {
                break address.to_owned();
            }
        };
        // Anvil logs every request: a full pipe would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        let mut anvil = Self {
            child,
            url: format!("http://{address}"),
            account: Address::ZERO,
        };
        anvil.account = serde_json::from_value(anvil.rpc("eth_accounts", json!([]))[0].clone())
            .expect("an account");
        Some(anvil)
    }

    /// One JSON-RPC request that must succeed.
    pub fn rpc(&self, method: &str, params: Value) -> Value {
        self.try_rpc(method, params)
            .unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// One JSON-RPC request; the node's own error is an error.
    pub fn try_rpc(&self, method: &str, params: Value) -> Result<Value, String> {
        let body =
            json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        let (_, answer) = post(&self.url, body.as_bytes()).expect("anvil answers");
        let answer: Value = serde_json::from_slice(&answer).expect("JSON");
        if answer["error"].is_null() {
            Ok(answer["result"].clone())
        } else {
            Err(answer["error"].to_string())
        }
    }

    fn transact(&self, to: Option<Address>, data: Bytes) -> Value {
        let transaction =
            json!({"from": self.account, "to": to, "data": data, "gas": "0x77359400"});
        let hash = self.rpc("eth_sendTransaction", json!([transaction]));
        // A transaction is mined a moment after it is taken.
        let mut receipt = Value::Null;
        for _ in 0..3_000 {
            receipt = self.rpc("eth_getTransactionReceipt", json!([hash]));
            if !receipt.is_null() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        assert_eq!(receipt["status"], "0x1", "a transaction failed: {receipt}");
        receipt
    }

    /// Sends a call as a transaction.
    pub fn send(&self, to: Address, call: &impl SolCall) {
        self.transact(Some(to), call.abi_encode().into());
    }

    /// Deploys a double; `arguments` are the ABI-encoded arguments of its constructor.
    pub fn deploy(&self, name: &str, arguments: &[u8]) -> Address {
        self.create([double(name).as_ref(), arguments].concat().into())
    }

    /// Deploys creation code.
    pub fn create(&self, code: Bytes) -> Address {
        serde_json::from_value(self.transact(None, code)["contractAddress"].clone())
            .expect("an address")
    }

    /// Mines blocks.
    pub fn mine(&self, blocks: u64) {
        self.rpc("anvil_mine", json!([format!("{blocks:#x}")]));
    }

    /// The newest block.
    pub fn head(&self) -> u64 {
        let text = self.rpc("eth_blockNumber", json!([]));
        u64::from_str_radix(&text.as_str().expect("a number")[2..], 16).expect("a number")
    }
}

/// The doubles of one protocol on a node.
pub struct Doubles {
    /// `AllocationManager`.
    pub allocation: Address,
    /// `DelegationManager`.
    pub delegation: Address,
    /// `StrategyManager`.
    pub strategies: Address,
    /// `ProtocolRegistry`.
    pub registry: Address,
    /// Multicall3.
    pub multicall: Address,
    /// A feed of ETH/USD at 3000 USD, and one of the second strategy's token in ETH.
    pub feeds: [Address; 2],
    /// Strategies of tokens: the first of WETH, the second of a token with a feed, the rest unpriced.
    pub stakeable: Vec<Address>,
    /// Their tokens.
    pub tokens: Vec<Address>,
}

impl Doubles {
    /// Deploys the doubles, with so many strategies besides beacon ETH.
    pub fn deploy(anvil: &Anvil, strategies: usize, version: &str) -> Self {
        let delegation = anvil.deploy("DelegationDouble", &[]);
        let allocation = anvil.deploy("AllocationDouble", &delegation.abi_encode());
        let manager = anvil.deploy("StrategyManagerDouble", &[]);
        let registry = anvil.deploy("RegistryDouble", &(version.to_owned(),).abi_encode_params());
        let multicall = anvil.deploy("MulticallDouble", &[]);
        let feed = |decimals: u8, answer: u64, age: u64| {
            let arguments = (U256::from(decimals), U256::from(answer), U256::from(age));
            anvil.deploy("FeedDouble", &arguments.abi_encode_params())
        };
        let feeds = [
            feed(8, 300_000_000_000, 60),
            feed(18, 1_100_000_000_000_000_000, 60),
        ];
        let one = U256::from(10).pow(U256::from(18));
        let (mut stakeable, mut tokens) = (Vec::new(), Vec::new());
        for i in 0..strategies {
            let symbol = if i == 0 {
                "WETH".to_owned()
            } else {
                format!("TK{i}")
            };
            let token = anvil.deploy(
                "TokenDouble",
                &(symbol, U256::from(18), one).abi_encode_params(),
            );
            let rate = one + U256::from(i) * U256::from(1_000_000_007_u64);
            let strategy = anvil.deploy("StrategyDouble", &(token, rate).abi_encode_params());
            anvil.send(manager, &addCall { strategy });
            tokens.push(token);
            stakeable.push(strategy);
        }
        Self {
            allocation,
            delegation,
            strategies: manager,
            registry,
            multicall,
            feeds,
            stakeable,
            tokens,
        }
    }

    /// The deployment file that names them.
    pub fn deployment_file(&self) -> String {
        json!({
            "chain_id": 31_337,
            "name": "anvil",
            "start_block": GENESIS,
            "contracts": {
                "AllocationManager": self.allocation,
                "DelegationManager": self.delegation,
                "StrategyManager": self.strategies,
                "ProtocolRegistry": self.registry,
            },
            "multicall3": self.multicall,
            "feeds": [
                {"pair": "ETH/USD", "address": self.feeds[0], "heartbeat_seconds": 3_600},
                {"pair": "TK1ETH/ETH", "address": self.feeds[1], "heartbeat_seconds": 86_400},
            ],
            "prices": [
                {"token": "ETH", "routes": [{"feeds": ["ETH/USD"]}]},
                {"token": self.tokens[0], "routes": [{"feeds": ["ETH/USD"]}]},
                {"token": self.tokens[1], "routes": [{"feeds": ["TK1ETH/ETH", "ETH/USD"]}]},
            ],
        })
        .to_string()
    }
}

/// An address made of a number.
pub fn numbered(number: u64) -> Address {
    Address::from_word(U256::from(number).into())
}
