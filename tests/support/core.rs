//! The protocol's own contracts on a local node, from build artifacts that the user names.
//!
//! `STAKEWRIGHT_CORE_ARTIFACTS` is a folder of files `NAME.abi.json`, each with the `abi` and the
//! `bytecode` that Foundry writes, for protocol 1.13.0 as mainnet has it: `AllocationManager`,
//! `AllocationManagerView`, `DelegationManager`, `EigenPodManager`, `EigenPod`, `PermissionController`,
//! `KeyRegistrar`, `ProtocolRegistry`, `RewardsCoordinator`, `StrategyBase`, `StrategyBaseTVLLimits`,
//! `StrategyManager`, `PauserRegistry`; and, for duration vaults, `StrategyFactory` and
//! `DurationVaultStrategy`. None of them belongs to this repository. Proxies, tokens and registrars
//! around them are those of `tests/solidity/Core.sol`.

use super::anvil::double;
use alloy_primitives::{Address, B256, Bytes, U256, b256, keccak256};
use alloy_sol_types::{SolCall, SolValue, sol};
use serde_json::{Value, json};
use stakewright::export::verify::Node as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

sol! {
    function set(address target);
    function name(string text, uint8 digits);
    function implementation() view returns (address);

    struct DeploymentConfig { bool pausable; bool deprecated; }
    function ship(address[] addresses, DeploymentConfig[] configs, string[] names, string semanticVersion);
    function setStrategyWhitelister(address whitelister);

    interface Managed { function initialize(uint256 paused); }
    interface Owned { function initialize(address owner, uint256 paused); }
    interface Whitelisting { function initialize(address owner, address whitelister, uint256 paused); }
    interface Registry { function initialize(address admin, address pauser); }
    interface Rewarding {
        function initialize(address owner, uint256 paused, address updater, uint32 activationDelay, uint16 splitBips, address feeRecipient);
    }
    interface Staking { function initialize(address token); }
    interface Limited { function initialize(uint256 maxPerDeposit, uint256 maxTotal, address token); }
}

/// Where an ERC-1967 proxy keeps the address it forwards to.
const IMPLEMENTATION: B256 =
    b256!("360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc");

/// Constants that mainnet's contracts were built with.
pub mod mainnet {
    /// `DEALLOCATION_DELAY`, blocks.
    pub const DEALLOCATION_DELAY: u32 = 100_800;
    /// `ALLOCATION_CONFIGURATION_DELAY`, blocks.
    pub const ALLOCATION_CONFIGURATION_DELAY: u32 = 126_000;
    /// `MIN_WITHDRAWAL_DELAY_BLOCKS`, blocks.
    pub const MIN_WITHDRAWAL_DELAY: u32 = 100_800;
    /// Of `RewardsCoordinator`, seconds: interval, longest duration, furthest back, furthest ahead, genesis.
    pub const REWARDS: [u32; 5] = [86_400, 63_072_000, 14_515_200, 2_592_000, 1_710_979_200];
    /// Delay of a distribution root, seconds.
    pub const ACTIVATION_DELAY: u32 = 604_800;
    /// Split of an operator who sets none.
    pub const DEFAULT_SPLIT_BIPS: u16 = 1_000;
}

/// A local node that does what Anvil does; both clients of the tests are one.
pub trait LocalNode {
    /// One JSON-RPC request; the node's own error is an error.
    fn try_rpc(&self, method: &str, params: Value) -> Result<Value, String>;

    /// One JSON-RPC request that must succeed.
    fn ask(&self, method: &str, params: Value) -> Value {
        self.try_rpc(method, params)
            .unwrap_or_else(|error| panic!("{method}: {error}"))
    }
}

impl LocalNode for super::anvil::Anvil {
    fn try_rpc(&self, method: &str, params: Value) -> Result<Value, String> {
        self.try_rpc(method, params)
    }
}

impl LocalNode for super::foundry::Anvil {
    fn try_rpc(&self, method: &str, params: Value) -> Result<Value, String> {
        self.node
            .request(method, params)
            .map_err(|error| error.to_string())
    }
}

/// The folder of artifacts.
pub struct Artifacts(PathBuf);

impl Artifacts {
    /// The folder that `STAKEWRIGHT_CORE_ARTIFACTS` names; `None`, with the reason printed, where it is unset.
    pub fn named() -> Option<Self> {
        match std::env::var_os("STAKEWRIGHT_CORE_ARTIFACTS") {
            Some(folder) => Some(Self(folder.into())),
            None => {
                println!(
                    "skipped: STAKEWRIGHT_CORE_ARTIFACTS names no folder of the protocol's artifacts"
                );
                None
            }
        }
    }

    /// Whether there is an artifact.
    pub fn has(&self, contract: &str) -> bool {
        self.path(contract).is_file()
    }

    /// Creation code of a contract, without arguments.
    pub fn creation(&self, contract: &str) -> Bytes {
        let path = self.path(contract);
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let json: Value = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let code = json["bytecode"]["object"]
            .as_str()
            .or_else(|| json["bytecode"].as_str());
        code.and_then(|code| code.parse().ok())
            .unwrap_or_else(|| panic!("{} holds no linked bytecode", path.display()))
    }

    fn path(&self, contract: &str) -> PathBuf {
        self.0.join(format!("{contract}.abi.json"))
    }
}

/// Where the contracts are to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    pub allocation_manager: Address,
    pub delegation_manager: Address,
    pub strategy_manager: Address,
    pub eigen_pod_manager: Address,
    pub permission_controller: Address,
    pub rewards_coordinator: Address,
    pub key_registrar: Address,
    pub protocol_registry: Address,
    pub strategy_factory: Address,
    /// Strategy of EIGEN, which the contracts know by name.
    pub eigen_strategy: Address,
    /// Who owns them all.
    pub owner: Address,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            allocation_manager: place("AllocationManager"),
            delegation_manager: place("DelegationManager"),
            strategy_manager: place("StrategyManager"),
            eigen_pod_manager: place("EigenPodManager"),
            permission_controller: place("PermissionController"),
            rewards_coordinator: place("RewardsCoordinator"),
            key_registrar: place("KeyRegistrar"),
            protocol_registry: place("ProtocolRegistry"),
            strategy_factory: place("StrategyFactory"),
            eigen_strategy: place("EigenStrategy"),
            owner: place("owner of the core"),
        }
    }
}

/// An address made of a word: nobody's.
pub fn place(word: &str) -> Address {
    Address::from_word(keccak256(word))
}

/// Whoever deploys is nobody else: the addresses of the owner's contracts may be taken.
fn deployer() -> Address {
    place("who deploys the core")
}

/// The deployed core.
pub struct Core {
    /// Where everything is.
    pub places: Places,
    /// Owner, pauser, whitelister, rewards updater.
    pub owner: Address,
    /// Who may submit programmatic rewards.
    pub emissions: Address,
    pauser: Address,
    factory: Factory,
}

/// Whether the factory of strategies and duration vaults is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Factory {
    Deployed,
    Absent,
}

impl Core {
    /// Deploys the line-up of mainnet 1.13.0 with mainnet's constants and registers it as `version`.
    pub fn deploy(node: &impl LocalNode, artifacts: &Artifacts, places: Places) -> Self {
        let owner = places.owner;
        node.ask("anvil_autoImpersonateAccount", json!([true]));
        let p = &places;
        for proxy in [
            p.allocation_manager,
            p.delegation_manager,
            p.strategy_manager,
            p.eigen_pod_manager,
            p.permission_controller,
            p.rewards_coordinator,
            p.key_registrar,
            p.protocol_registry,
            p.strategy_factory,
            p.eigen_strategy,
        ] {
            put(node, proxy, "ProxyDouble");
        }
        let create = |contract: &str, arguments: Vec<u8>| {
            let code = artifacts.creation(contract);
            create(
                node,
                deployer(),
                [code.as_ref(), &arguments].concat().into(),
            )
        };
        let pauser = create("PauserRegistry", (vec![owner], owner).abi_encode_params());
        let core = Self {
            owner,
            emissions: place("emissions controller"),
            pauser,
            factory: if artifacts.has("StrategyFactory") && artifacts.has("DurationVaultStrategy") {
                Factory::Deployed
            } else {
                Factory::Absent
            },
            places: places.clone(),
        };
        core.managers(node, &create);
        core.rewards(node, &create);
        core.pods(node, &create);
        if core.factory == Factory::Deployed {
            core.factory(node, &create);
        }
        core.register(node, artifacts);
        core
    }

    /// The deployment file that names them; `ProtocolRegistry` states the version.
    pub fn deployment_file(&self, start_block: u64) -> String {
        let p = &self.places;
        let mut contracts = json!({
            "AllocationManager": p.allocation_manager,
            "DelegationManager": p.delegation_manager,
            "StrategyManager": p.strategy_manager,
            "EigenPodManager": p.eigen_pod_manager,
            "PermissionController": p.permission_controller,
            "RewardsCoordinator": p.rewards_coordinator,
            "KeyRegistrar": p.key_registrar,
            "ProtocolRegistry": p.protocol_registry,
        });
        if self.factory == Factory::Deployed {
            contracts["StrategyFactory"] = json!(p.strategy_factory);
        }
        json!({
            "chain_id": 31_337, "name": "core", "start_block": start_block, "contracts": contracts,
        })
        .to_string()
    }

    /// A strategy of a token at a place, by `StrategyBase` or by `StrategyBaseTVLLimits` without limits.
    pub fn strategy(
        &self,
        node: &impl LocalNode,
        artifacts: &Artifacts,
        contract: &str,
        at: Address,
        token: Address,
    ) {
        let arguments = (self.places.strategy_manager, self.pauser).abi_encode_params();
        let code = [artifacts.creation(contract).as_ref(), &arguments].concat();
        let code = create(node, deployer(), code.into());
        put(node, at, "ProxyDouble");
        forward(node, at, code);
        let call = match contract {
            "StrategyBaseTVLLimits" => Limited::initializeCall {
                maxPerDeposit: U256::MAX,
                maxTotal: U256::MAX,
                token,
            }
            .abi_encode(),
            _ => Staking::initializeCall { token }.abi_encode(),
        };
        send(node, self.owner, at, &call);
    }

    fn managers(&self, node: &impl LocalNode, create: &dyn Fn(&str, Vec<u8>) -> Address) {
        let (p, pauser) = (&self.places, self.pauser);
        use mainnet::{ALLOCATION_CONFIGURATION_DELAY, DEALLOCATION_DELAY, MIN_WITHDRAWAL_DELAY};
        let view = create(
            "AllocationManagerView",
            (
                p.delegation_manager,
                p.eigen_strategy,
                DEALLOCATION_DELAY,
                ALLOCATION_CONFIGURATION_DELAY,
            )
                .abi_encode_params(),
        );
        let allocation = create(
            "AllocationManager",
            (
                view,
                p.delegation_manager,
                p.eigen_strategy,
                pauser,
                p.permission_controller,
                DEALLOCATION_DELAY,
                ALLOCATION_CONFIGURATION_DELAY,
            )
                .abi_encode_params(),
        );
        let delegation = create(
            "DelegationManager",
            (
                p.strategy_manager,
                p.eigen_pod_manager,
                p.allocation_manager,
                pauser,
                p.permission_controller,
                MIN_WITHDRAWAL_DELAY,
                "1.9.0".to_owned(),
            )
                .abi_encode_params(),
        );
        let strategies = create(
            "StrategyManager",
            (
                p.allocation_manager,
                p.delegation_manager,
                pauser,
                "1.13.0".to_owned(),
            )
                .abi_encode_params(),
        );
        let keys = create(
            "KeyRegistrar",
            (
                p.permission_controller,
                p.allocation_manager,
                "1.9.0".to_owned(),
            )
                .abi_encode_params(),
        );
        forward(node, p.allocation_manager, allocation);
        forward(node, p.delegation_manager, delegation);
        forward(node, p.strategy_manager, strategies);
        forward(node, p.key_registrar, keys);
        forward(
            node,
            p.permission_controller,
            create("PermissionController", Vec::new()),
        );
        let unpaused = Managed::initializeCall { paused: U256::ZERO }.abi_encode();
        send(node, self.owner, p.allocation_manager, &unpaused);
        send(node, self.owner, p.delegation_manager, &unpaused);
        let owned = Whitelisting::initializeCall {
            owner: self.owner,
            whitelister: self.owner,
            paused: U256::ZERO,
        };
        send(node, self.owner, p.strategy_manager, &owned.abi_encode());
    }

    fn rewards(&self, node: &impl LocalNode, create: &dyn Fn(&str, Vec<u8>) -> Address) {
        let p = &self.places;
        let [interval, longest, back, ahead, genesis] = mainnet::REWARDS;
        let arguments = (
            p.delegation_manager,
            p.strategy_manager,
            p.allocation_manager,
            self.emissions,
            self.pauser,
            p.permission_controller,
            interval,
            longest,
            back,
            ahead,
            genesis,
        );
        let code = create("RewardsCoordinator", arguments.abi_encode_params());
        forward(node, p.rewards_coordinator, code);
        let call = Rewarding::initializeCall {
            owner: self.owner,
            // Bit 1: programmatic rewards stay paused, as on mainnet.
            paused: U256::from(2),
            updater: self.owner,
            activationDelay: mainnet::ACTIVATION_DELAY,
            splitBips: mainnet::DEFAULT_SPLIT_BIPS,
            feeRecipient: place("fee recipient"),
        };
        send(node, self.owner, p.rewards_coordinator, &call.abi_encode());
    }

    fn pods(&self, node: &impl LocalNode, create: &dyn Fn(&str, Vec<u8>) -> Address) {
        let p = &self.places;
        let (deposits, beacon) = (place("deposit contract"), place("pod beacon"));
        put(node, deposits, "DepositDouble");
        put(node, beacon, "BeaconDouble");
        let pod = create(
            "EigenPod",
            (deposits, p.eigen_pod_manager).abi_encode_params(),
        );
        send(
            node,
            self.owner,
            beacon,
            &setCall { target: pod }.abi_encode(),
        );
        let arguments = (deposits, beacon, p.delegation_manager, self.pauser).abi_encode_params();
        forward(
            node,
            p.eigen_pod_manager,
            create("EigenPodManager", arguments),
        );
        let call = Owned::initializeCall {
            owner: self.owner,
            paused: U256::ZERO,
        };
        send(node, self.owner, p.eigen_pod_manager, &call.abi_encode());
    }

    fn factory(&self, node: &impl LocalNode, create: &dyn Fn(&str, Vec<u8>) -> Address) {
        let p = &self.places;
        let strategy = create(
            "StrategyBase",
            (p.strategy_manager, self.pauser).abi_encode_params(),
        );
        let vault = create(
            "DurationVaultStrategy",
            (
                p.strategy_manager,
                self.pauser,
                p.delegation_manager,
                p.allocation_manager,
                p.rewards_coordinator,
                p.strategy_factory,
            )
                .abi_encode_params(),
        );
        let beacons = [("strategy beacon", strategy), ("vault beacon", vault)];
        for (word, target) in beacons {
            put(node, place(word), "BeaconDouble");
            send(
                node,
                self.owner,
                place(word),
                &setCall { target }.abi_encode(),
            );
        }
        let arguments = (
            p.strategy_manager,
            self.pauser,
            place("strategy beacon"),
            place("vault beacon"),
            place("EIGEN"),
            place("bEIGEN"),
        );
        let code = create("StrategyFactory", arguments.abi_encode_params());
        forward(node, p.strategy_factory, code);
        let call = Owned::initializeCall {
            owner: self.owner,
            paused: U256::ZERO,
        };
        send(node, self.owner, p.strategy_factory, &call.abi_encode());
    }

    /// From now on the factory puts strategies on the list, as on mainnet.
    pub fn hand_over_the_list(&self, node: &impl LocalNode) {
        let call = setStrategyWhitelisterCall {
            whitelister: self.places.strategy_factory,
        };
        send(
            node,
            self.owner,
            self.places.strategy_manager,
            &call.abi_encode(),
        );
    }

    /// Whether duration vaults can be made here.
    pub fn has_factory(&self) -> bool {
        self.factory == Factory::Deployed
    }

    fn register(&self, node: &impl LocalNode, artifacts: &Artifacts) {
        let p = &self.places;
        let code = artifacts.creation("ProtocolRegistry");
        forward(node, p.protocol_registry, create(node, deployer(), code));
        let admin = Registry::initializeCall {
            admin: self.owner,
            pauser: self.owner,
        };
        send(node, self.owner, p.protocol_registry, &admin.abi_encode());
        let mut named = vec![
            ("AllocationManager", p.allocation_manager),
            ("DelegationManager", p.delegation_manager),
            ("StrategyManager", p.strategy_manager),
            ("EigenPodManager", p.eigen_pod_manager),
            ("PermissionController", p.permission_controller),
            ("RewardsCoordinator", p.rewards_coordinator),
            ("KeyRegistrar", p.key_registrar),
        ];
        if self.has_factory() {
            named.push(("StrategyFactory", p.strategy_factory));
        }
        let config = |_: &(&str, Address)| DeploymentConfig {
            pausable: false,
            deprecated: false,
        };
        let call = shipCall {
            addresses: named.iter().map(|(_, at)| *at).collect(),
            configs: named.iter().map(config).collect(),
            names: named.iter().map(|(name, _)| (*name).to_owned()).collect(),
            semanticVersion: "1.13.0".to_owned(),
        };
        send(node, self.owner, p.protocol_registry, &call.abi_encode());
    }
}

/// A token at a place.
pub fn token(node: &impl LocalNode, at: Address, symbol: &str, digits: u8) {
    put(node, at, "CoinDouble");
    let call = nameCall {
        text: symbol.to_owned(),
        digits,
    };
    send(node, place("owner of tokens"), at, &call.abi_encode());
}

/// Puts the runtime code of a double at an address.
pub fn put(node: &impl LocalNode, at: Address, contract: &str) {
    let from = place("who deploys doubles");
    let made = create(node, from, double(contract));
    let code = node.ask("eth_getCode", json!([made, "latest"]));
    node.ask("anvil_setCode", json!([at, code]));
}

/// Lets a proxy forward to a contract.
fn forward(node: &impl LocalNode, proxy: Address, to: Address) {
    let word = B256::left_padding_from(to.as_slice());
    node.ask("anvil_setStorageAt", json!([proxy, IMPLEMENTATION, word]));
}

/// Deploys creation code; returns where.
pub fn create(node: &impl LocalNode, from: Address, code: Bytes) -> Address {
    let receipt = transact(node, json!({"from": from, "data": code}));
    assert_eq!(
        receipt["status"], "0x1",
        "a contract is not deployed: {receipt}"
    );
    serde_json::from_value(receipt["contractAddress"].clone()).expect("an address")
}

/// A transaction that must pass, from anybody.
pub fn send(node: &impl LocalNode, from: Address, to: Address, data: &[u8]) -> Value {
    let data = Bytes::copy_from_slice(data);
    let receipt = transact(node, json!({"from": from, "to": to, "data": data}));
    if receipt["status"] != "0x1" {
        let call = json!([{"from": from, "to": to, "data": data}, "latest"]);
        let why = node.try_rpc("eth_call", call);
        panic!("a call of {to} fails: {why:?}\n{data}");
    }
    receipt
}

fn transact(node: &impl LocalNode, mut transaction: Value) -> Value {
    let from = transaction["from"].clone();
    node.ask("anvil_setBalance", json!([from, "0x56bc75e2d63100000"]));
    node.ask("anvil_impersonateAccount", json!([from]));
    transaction["gas"] = json!("0x1c9c380");
    let hash = node.ask("eth_sendTransaction", json!([transaction]));
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let receipt = node.ask("eth_getTransactionReceipt", json!([hash]));
        if !receipt.is_null() {
            return receipt;
        }
        assert!(Instant::now() < deadline, "nothing is mined within 30 s");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The newest block.
pub fn head(node: &impl LocalNode) -> u64 {
    quantity(&node.ask("eth_blockNumber", json!([])))
}

fn quantity(value: &Value) -> u64 {
    let text = value.as_str().expect("a quantity");
    u64::from_str_radix(text.trim_start_matches("0x"), 16).expect("a quantity")
}

/// Blocks that are mined one by one; more are jumped over.
const WALKED: u64 = 64;

/// Moves the chain so that `block` is its head. Beyond a few blocks it jumps: the node is given its own
/// state under a later number, and the blocks in between never exist. Mining 100,000 blocks takes minutes.
/// The state of a longer scenario needs Anvil's `--no-request-size-limit`.
pub fn advance_to(node: &impl LocalNode, block: u64, timestamp: impl Fn(u64) -> u64) {
    let mut now = head(node);
    assert!(now <= block, "the chain is at {now}, beyond {block}");
    if block - now > WALKED {
        jump(node, block - 1, timestamp(block - 1));
        now = block - 1;
    }
    for next in now + 1..=block {
        node.ask("evm_setNextBlockTimestamp", json!([timestamp(next)]));
        node.ask("anvil_mine", json!(["0x1"]));
    }
    assert_eq!(head(node), block);
}

fn jump(node: &impl LocalNode, to: u64, timestamp: u64) {
    use flate2::Compression;
    use flate2::read::GzDecoder;
    use flate2::write::GzEncoder;
    use std::io::{Read as _, Write as _};

    // The copied head must hold no transactions.
    node.ask("anvil_mine", json!(["0x1"]));
    let dump: Bytes =
        serde_json::from_value(node.ask("anvil_dumpState", json!([]))).expect("bytes");
    let mut text = Vec::new();
    GzDecoder::new(dump.as_ref())
        .read_to_end(&mut text)
        .expect("the dump unpacks");
    let mut state: Value = serde_json::from_slice(&text).expect("the dump is JSON");
    state["block"]["number"] = json!(format!("{to:#x}"));
    state["block"]["timestamp"] = json!(format!("{timestamp:#x}"));
    state["best_block_number"] = json!(to);
    let blocks = state["blocks"].as_array_mut().expect("blocks");
    let newest = |block: &&Value| quantity(&block["header"]["number"]);
    let mut copy = blocks.iter().max_by_key(newest).expect("a block").clone();
    copy["header"]["number"] = json!(format!("{to:#x}"));
    copy["header"]["timestamp"] = json!(format!("{timestamp:#x}"));
    blocks.push(copy);
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    serde_json::to_writer(&mut packed, &state).expect("plain JSON");
    packed.flush().expect("in memory");
    let packed: Bytes = packed.finish().expect("in memory").into();
    node.ask("anvil_loadState", json!([packed]));
    assert_eq!(head(node), to, "the chain does not jump");
}
