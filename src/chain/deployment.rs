//! Where the contracts are: known networks, the chain's own registry, or a file for a private chain.

use super::abi;
use super::calls::{Call, Reader};
use super::discovery::Emitters;
use super::error::ChainError;
use crate::protocol::Network;
use crate::protocol::constants::{CoreContracts, KNOWN_VERSIONS, is_known_version};
use alloy_primitives::{Address, address};
use alloy_sol_types::SolCall;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Multicall3 has this address on every chain that has it.
pub const MULTICALL3: Address = address!("cA11bde05977b3631167028862bE2a173976CA11");

/// The contracts of EigenLayer on one chain, and the oracles that price its assets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// The chain.
    pub chain_id: u64,
    /// A short name, such as `mainnet`.
    pub name: String,
    /// First block that can hold an event of the contracts.
    pub start_block: u64,
    /// Version of the protocol, where the chain has no `ProtocolRegistry` to ask.
    pub version: Option<String>,
    /// Contracts by the names of the protocol.
    pub contracts: BTreeMap<String, Address>,
    /// Oracles.
    pub feeds: Vec<Feed>,
    /// What gives each token its price.
    pub prices: Vec<PriceRule>,
    /// Multicall3, where it is not at its usual address.
    pub multicall3: Address,
    /// Who says so, and when.
    pub source: String,
    /// Date of that statement.
    pub date: String,
}

/// A Chainlink feed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// `BASE/QUOTE`, as the feed describes itself; the quote is USD or ETH.
    pub pair: String,
    /// The proxy.
    pub address: Address,
    /// Longest time between two updates; an older answer is no price.
    pub heartbeat_seconds: u64,
}

/// How one token is priced: the first route that answers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceRule {
    /// The token, or `ETH` for beacon ETH.
    pub token: TokenName,
    /// Routes, best first.
    pub routes: Vec<Route>,
}

/// A token by its address, or ETH itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum TokenName {
    /// Ether, not a contract.
    #[serde(rename = "ETH")]
    Eth,
    /// A token contract.
    #[serde(untagged)]
    Token(Address),
}

/// One way from a token to US dollars.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Route {
    /// A chain of feeds multiplied: `["stETH/ETH", "ETH/USD"]`.
    Feeds(Vec<String>),
    /// The token's own rate, then feeds: what its issuer redeems, not what a market pays.
    Rate {
        /// The getter, with 18 decimals.
        getter: RateGetter,
        /// The contract that has it.
        contract: Address,
        /// Feeds multiplied to the rate.
        feeds: Vec<String>,
    },
}

/// Getters of liquid staking tokens that state their rate, with 18 decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateGetter {
    /// `getExchangeRate()`, as rETH has it.
    GetExchangeRate,
    /// `exchangeRate()`, as cbETH and wBETH have it.
    ExchangeRate,
    /// `stEthPerToken()`, as wstETH has it.
    StEthPerToken,
}

/// Contracts that a pull cannot do without.
const REQUIRED: [&str; 3] = ["AllocationManager", "DelegationManager", "StrategyManager"];
/// Contracts that the registry may name.
const NAMED: [&str; 9] = [
    "AllocationManager",
    "DelegationManager",
    "StrategyManager",
    "EigenPodManager",
    "RewardsCoordinator",
    "AVSDirectory",
    "PermissionController",
    "KeyRegistrar",
    "StrategyFactory",
];

/// The text of a deployment file, as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeploymentFile {
    chain_id: u64,
    name: String,
    start_block: u64,
    #[serde(default)]
    protocol_version: Option<String>,
    contracts: BTreeMap<String, Address>,
    #[serde(default)]
    multicall3: Option<Address>,
    #[serde(default)]
    feeds: Vec<Feed>,
    #[serde(default)]
    prices: Vec<PriceRule>,
}

impl Deployment {
    /// The deployment of a known network.
    #[must_use]
    pub fn of(network: Network) -> Self {
        let contracts = network.contracts();
        let (feeds, prices) = super::oracles::known(network);
        Self {
            chain_id: network.chain_id(),
            name: network.name().to_owned(),
            start_block: network.first_block(),
            version: None,
            contracts: named(&contracts),
            feeds,
            prices,
            multicall3: MULTICALL3,
            source: "README of Layr-Labs/eigenlayer-contracts at f84a515".to_owned(),
            date: "2026-05-01".to_owned(),
        }
    }

    /// Reads a deployment file (JSON; `docs/pull.md` shows one).
    ///
    /// # Errors
    /// When it cannot be read, has another shape, or lacks a contract that a pull needs.
    pub fn read(path: &Path) -> Result<Self, ChainError> {
        let fail = |problem: String| ChainError::Deployment {
            path: path.to_owned(),
            problem,
        };
        let text = std::fs::read_to_string(path).map_err(|error| fail(error.to_string()))?;
        Self::parse(&text).map_err(fail)
    }

    /// Reads the text of a deployment file.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut json = serde_json::Deserializer::from_str(text);
        let file: DeploymentFile = serde_path_to_error::deserialize(&mut json)
            .map_err(|error| format!("at {}: {}", error.path(), error.inner()))?;
        let deployment = Self {
            chain_id: file.chain_id,
            name: file.name,
            start_block: file.start_block,
            version: file.protocol_version,
            contracts: file.contracts,
            feeds: file.feeds,
            prices: file.prices,
            multicall3: file.multicall3.unwrap_or(MULTICALL3),
            source: "deployment file".to_owned(),
            date: String::new(),
        };
        deployment.check()?;
        Ok(deployment)
    }

    fn check(&self) -> Result<(), String> {
        for name in REQUIRED {
            if !self.contracts.contains_key(name) {
                return Err(format!("contracts lacks {name}"));
            }
        }
        if self.version.is_none() && !self.contracts.contains_key("ProtocolRegistry") {
            return Err(
                "give protocol_version, or ProtocolRegistry among the contracts".to_owned(),
            );
        }
        for rule in &self.prices {
            for route in &rule.routes {
                let (Route::Feeds(pairs) | Route::Rate { feeds: pairs, .. }) = route;
                for pair in pairs {
                    if !self.feeds.iter().any(|feed| feed.pair == *pair) {
                        return Err(format!(
                            "a price uses feed {pair}, which feeds does not list"
                        ));
                    }
                }
                if pairs.last().is_none_or(|pair| !pair.ends_with("/USD")) {
                    return Err("the last feed of a price must end in /USD".to_owned());
                }
            }
        }
        Ok(())
    }

    /// A contract that must be there.
    pub(super) fn contract(&self, name: &str) -> Address {
        self.contracts
            .get(name)
            .copied()
            .unwrap_or_else(|| panic!("{name} was checked when the deployment was made"))
    }

    /// The contracts whose events are read.
    pub(super) fn emitters(&self) -> Emitters {
        let optional = |name: &str| self.contracts.get(name).copied();
        Emitters {
            allocation_manager: self.contract("AllocationManager"),
            delegation_manager: self.contract("DelegationManager"),
            strategy_manager: self.contract("StrategyManager"),
            strategy_factory: optional("StrategyFactory"),
            rewards_coordinator: optional("RewardsCoordinator"),
            avs_directory: optional("AVSDirectory"),
        }
    }
}

fn named(contracts: &CoreContracts) -> BTreeMap<String, Address> {
    [
        ("AllocationManager", contracts.allocation_manager),
        ("DelegationManager", contracts.delegation_manager),
        ("StrategyManager", contracts.strategy_manager),
        ("EigenPodManager", contracts.eigen_pod_manager),
        ("RewardsCoordinator", contracts.rewards_coordinator),
        ("AVSDirectory", contracts.avs_directory),
        ("PermissionController", contracts.permission_controller),
        ("KeyRegistrar", contracts.key_registrar),
        ("StrategyFactory", contracts.strategy_factory),
        ("ProtocolRegistry", contracts.protocol_registry),
        ("EigenStrategy", contracts.eigen_strategy),
    ]
    .map(|(name, address)| (name.to_owned(), Address::from(address)))
    .into()
}

/// What to do with a protocol version whose rules are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownVersion {
    /// Stop.
    Refuse,
    /// Go on; the self-proof still has to hold.
    Allow,
}

/// Asks the chain for the protocol's version and the contracts' addresses.
///
/// # Errors
/// When the registry is missing, or its version is unknown and refused.
pub async fn resolve(
    mut deployment: Deployment,
    reader: &Reader,
    unknown: UnknownVersion,
) -> Result<Deployment, ChainError> {
    if let Some(&registry) = deployment.contracts.get("ProtocolRegistry") {
        if !reader.has_code(registry).await? {
            return Err(missing("ProtocolRegistry", registry, reader));
        }
        let version = reader
            .one("ProtocolRegistry", registry, &abi::versionCall {})
            .await?;
        // The chain's word counts, whatever a file says.
        deployment.version = Some(version);
        let calls: Vec<Call> = NAMED
            .iter()
            .map(|name| {
                Call::new(
                    registry,
                    &abi::getAddressCall {
                        name: (*name).to_owned(),
                    },
                    50_000,
                )
            })
            .collect();
        for (name, answer) in NAMED.iter().zip(reader.read(&calls).await?) {
            // A name that the registry does not know reverts: the address known so far stays.
            if let Ok(data) = answer
                && let Ok(address) = abi::getAddressCall::abi_decode_returns_validate(&data)
                && !address.is_zero()
            {
                deployment.contracts.insert((*name).to_owned(), address);
            }
        }
    }
    let version = deployment.version.clone().unwrap_or_default();
    if unknown == UnknownVersion::Refuse && !is_known_version(&version) {
        return Err(ChainError::UnknownVersion {
            version,
            known: KNOWN_VERSIONS.join(", "),
        });
    }
    for name in REQUIRED {
        let address = deployment.contract(name);
        if !reader.has_code(address).await? {
            return Err(missing(name, address, reader));
        }
    }
    Ok(deployment)
}

fn missing(name: &str, address: Address, reader: &Reader) -> ChainError {
    ChainError::NoContract {
        name: name.to_owned(),
        address: address.to_string(),
        block: reader.block().number.to(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{
        "chain_id": 31337, "name": "devnet", "start_block": 0, "protocol_version": "1.13.0",
        "contracts": {
            "AllocationManager": "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512",
            "DelegationManager": "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0",
            "StrategyManager": "0xCf7Ed3AccA5a467e9e704C703E8D87F634fB0Fc9"
        },
        "feeds": [{"pair": "ETH/USD", "address": "0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419", "heartbeat_seconds": 3600}],
        "prices": [
            {"token": "ETH", "routes": [{"feeds": ["ETH/USD"]}]},
            {"token": "0xae78736Cd615f374D3085123A210448E74Fc6393", "routes": [
                {"rate": {"getter": "get_exchange_rate", "contract": "0xae78736Cd615f374D3085123A210448E74Fc6393", "feeds": ["ETH/USD"]}}
            ]}
        ]
    }"#;

    #[test]
    fn a_file_is_read() {
        let deployment = Deployment::parse(GOOD).unwrap();
        assert_eq!(deployment.chain_id, 31_337);
        assert_eq!(deployment.prices[0].token, TokenName::Eth);
        assert!(matches!(deployment.prices[1].token, TokenName::Token(_)));
        assert_eq!(deployment.multicall3, MULTICALL3);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        for (from, to, expected) in [
            (
                "\"StrategyManager\"",
                "\"StrategyManger\"",
                "contracts lacks StrategyManager",
            ),
            (
                "\"protocol_version\": \"1.13.0\",",
                "",
                "give protocol_version",
            ),
            (
                "[\"ETH/USD\"]}]},",
                "[\"ETH/EUR\"]}]},",
                "uses feed ETH/EUR",
            ),
            ("31337", "\"x\"", "chain_id"),
            ("\"name\"", "\"nam\"", "nam"),
        ] {
            let error = Deployment::parse(&GOOD.replacen(from, to, 1)).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn known_networks_pass_their_own_check() {
        for network in Network::ALL {
            Deployment::of(network).check().unwrap();
        }
    }
}
