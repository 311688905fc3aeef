//! Where EigenLayer lives on each network, and the limits its contracts were built with.
//!
//! The three networks are those of [`crate::protocol`], with the two multichain contracts added from the README
//! of `Layr-Labs/eigenlayer-contracts` (commit `f84a5151`, 2026-05-01); any other can be given as data.

use super::address::{Address, literal};
use crate::protocol::Network as Known;
use crate::units::{Blocks, Seconds};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A network: its name, its contracts and their limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// `mainnet`, `sepolia`, `hoodi`, or a name of one's own.
    pub name: String,
    /// Chain id, as transactions carry it.
    pub chain_id: u64,
    /// Protocol version that the limits below belong to.
    pub protocol_version: String,
    /// Proxies of the core contracts.
    pub contracts: Contracts,
    /// Constructor constants of the core contracts.
    pub limits: Limits,
}

/// Proxies of the core contracts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contracts {
    /// Operator sets, allocations, slashing.
    pub allocation_manager: Address,
    /// Operators and delegation.
    pub delegation_manager: Address,
    /// Deposits and the strategy whitelist.
    pub strategy_manager: Address,
    /// Rewards submissions.
    pub rewards_coordinator: Address,
    /// Admins and appointees.
    pub permission_controller: Address,
    /// Signing keys of operator sets.
    pub key_registrar: Address,
    /// The legacy directory of the AVSs, still asked for by middleware scripts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avs_directory: Option<Address>,
    /// Stake tables for other chains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cross_chain_registry: Option<Address>,
    /// Tasks of executor sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_mailbox: Option<Address>,
    /// Version and addresses of the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol_registry: Option<Address>,
    /// The strategy of EIGEN, which redistributing sets refuse.
    pub eigen_strategy: Address,
}

/// Constructor constants of the core contracts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Blocks for which stake stays slashable after an operator decides to leave.
    #[schemars(with = "u32")]
    pub deallocation_delay: Blocks,
    /// Blocks until a changed allocation delay counts.
    #[schemars(with = "u32")]
    pub allocation_configuration_delay: Blocks,
    /// Blocks until a changed slasher counts (one more passes before it takes effect).
    #[schemars(with = "u32")]
    pub slasher_configuration_delay: Blocks,
    /// Blocks a withdrawal waits.
    #[schemars(with = "u32")]
    pub min_withdrawal_delay: Blocks,
    /// Blocks between a slash and its burn or redistribution; absent where that version does not run yet.
    #[schemars(with = "Option<u32>")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slash_resolution_delay: Option<Blocks>,
    /// Rewards start and last in multiples of this.
    #[schemars(with = "u32")]
    pub calculation_interval: Seconds,
    /// Longest rewards submission.
    #[schemars(with = "u32")]
    pub max_rewards_duration: Seconds,
    /// How far back a rewards submission may start.
    #[schemars(with = "u32")]
    pub max_retroactive_length: Seconds,
    /// How far ahead a rewards submission may start.
    #[schemars(with = "u32")]
    pub max_future_length: Seconds,
    /// No rewards submission may start before this time (seconds since 1970).
    pub genesis_rewards_timestamp: u32,
    /// Seconds until a changed operator split counts.
    #[schemars(with = "u32")]
    pub activation_delay: Seconds,
    /// Longest time an executor set may promise for a task; absent without a mailbox.
    #[schemars(with = "Option<u32>")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_task_sla: Option<Seconds>,
    /// Seconds between two transports of stake tables; absent without a registry.
    #[schemars(with = "Option<u32>")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table_update_cadence: Option<Seconds>,
}

/// Largest amount of one rewards submission, in the token's smallest unit (`MAX_REWARDS_AMOUNT`).
pub const MAX_REWARDS_AMOUNT: u128 = 10u128.pow(38) - 1;
/// Largest value of a `uint96`: multipliers, minimum stakes, task times.
pub const UINT96_MAX: u128 = (1 << 96) - 1;
/// Strategies that one quorum of the middleware can weigh (`MAX_WEIGHING_FUNCTION_LENGTH`).
pub const MAX_STRATEGIES_PER_QUORUM: usize = 32;
/// Quorums of one middleware coordinator (`MAX_QUORUM_COUNT`).
pub const MAX_QUORUMS: usize = 192;

impl Network {
    /// Ethereum mainnet: delays of weeks.
    #[must_use]
    pub fn mainnet() -> Self {
        let registry = literal("9376A5863F2193cdE13e1aB7c678F22554E2Ea2b");
        known(
            Known::Mainnet,
            "1.13.0",
            registry,
            literal("132b466d9d5723531F68797519DfED701aC2C749"),
        )
    }

    /// The Sepolia test network: delays of minutes.
    #[must_use]
    pub fn sepolia() -> Self {
        let registry = literal("287381B1570d9048c4B4C7EC94d21dDb8Aa1352a");
        known(
            Known::Sepolia,
            "1.13.0",
            registry,
            literal("B99CC53e8db7018f557606C2a5B066527bF96b26"),
        )
    }

    /// The Hoodi test network: delays of minutes, tasks of a second.
    #[must_use]
    pub fn hoodi() -> Self {
        let registry = literal("9269432451965996bE7796582C062Cb0795D3e8b");
        known(
            Known::Hoodi,
            "1.11.0",
            registry,
            literal("B99CC53e8db7018f557606C2a5B066527bF96b26"),
        )
    }

    /// One of the three networks by name; `None` for any other.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "mainnet" => Some(Self::mainnet()),
            "sepolia" => Some(Self::sepolia()),
            "hoodi" => Some(Self::hoodi()),
            _ => None,
        }
    }

    /// The definition, unless it is word for word one that this program knows by its chain id.
    #[must_use]
    pub fn unknown_definition(&self) -> Option<Self> {
        (Self::with_chain_id(self.chain_id).as_ref() != Some(self)).then(|| self.clone())
    }

    /// One of the three networks by chain id; `None` for any other.
    #[must_use]
    pub fn with_chain_id(chain_id: u64) -> Option<Self> {
        [Self::mainnet(), Self::sepolia(), Self::hoodi()]
            .into_iter()
            .find(|network| network.chain_id == chain_id)
    }
}

fn known(
    network: Known,
    version: &str,
    cross_chain_registry: Address,
    task_mailbox: Address,
) -> Network {
    let (at, limits) = (network.contracts(), network.constants());
    let genesis =
        u32::try_from(limits.genesis_rewards.0).expect("rewards began in 2024, inside 32 bits");
    Network {
        name: network.name().into(),
        chain_id: network.chain_id(),
        protocol_version: version.into(),
        contracts: Contracts {
            allocation_manager: Address(at.allocation_manager),
            delegation_manager: Address(at.delegation_manager),
            strategy_manager: Address(at.strategy_manager),
            rewards_coordinator: Address(at.rewards_coordinator),
            permission_controller: Address(at.permission_controller),
            key_registrar: Address(at.key_registrar),
            avs_directory: Some(Address(at.avs_directory)),
            cross_chain_registry: Some(cross_chain_registry),
            task_mailbox: Some(task_mailbox),
            protocol_registry: Some(Address(at.protocol_registry)),
            eigen_strategy: Address(at.eigen_strategy),
        },
        limits: Limits {
            deallocation_delay: limits.deallocation_delay,
            allocation_configuration_delay: limits.allocation_configuration_delay,
            slasher_configuration_delay: limits.slasher_configuration_delay,
            min_withdrawal_delay: limits.min_withdrawal_delay,
            slash_resolution_delay: limits.slash_resolution_delay,
            calculation_interval: limits.calculation_interval,
            max_rewards_duration: limits.max_rewards_duration,
            max_retroactive_length: limits.max_retroactive_length,
            max_future_length: limits.max_future_length,
            genesis_rewards_timestamp: genesis,
            activation_delay: limits.activation_delay,
            max_task_sla: Some(limits.max_task_sla),
            table_update_cadence: Some(limits.table_update_cadence),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_told_apart_by_id_and_delay() {
        let (mainnet, sepolia, hoodi) = (Network::mainnet(), Network::sepolia(), Network::hoodi());
        assert_eq!(
            (mainnet.chain_id, sepolia.chain_id, hoodi.chain_id),
            (1, 11_155_111, 560_048)
        );
        assert_eq!(mainnet.limits.deallocation_delay, Blocks(100_800));
        assert_eq!(sepolia.limits.deallocation_delay, Blocks(50));
        assert_eq!(sepolia.limits.max_retroactive_length, Seconds(7_776_000));
        assert_eq!(hoodi.limits.max_task_sla, Some(Seconds(1)));
        assert_eq!(Network::named("hoodi"), Some(hoodi));
        assert_eq!(Network::named("holesky"), None);
    }
}
