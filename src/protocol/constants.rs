//! Delays and limits of each network, as deployed.
//!
//! Values are constructor arguments of the deployed implementations, read from
//! Layr-Labs/eigenlayer-contracts-zeus-metadata at commit e66d97c (2026-08-17). They change: where a
//! chain can be read, its own answers win.

use super::RawAddress;
use crate::units::{Bips, Blocks, Seconds, Timestamp};

/// A network that EigenLayer is deployed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Network {
    /// Ethereum mainnet, chain 1, protocol 1.13.0 on 2026-08-17.
    Mainnet,
    /// Sepolia, chain 11155111, protocol 1.13.0 on 2026-08-17.
    Sepolia,
    /// Hoodi, chain 560048, protocol 1.11.0 on 2026-08-17.
    Hoodi,
}

impl Network {
    /// Every network known.
    pub const ALL: [Self; 3] = [Self::Mainnet, Self::Sepolia, Self::Hoodi];

    /// The network of a chain id.
    #[must_use]
    pub fn from_chain_id(chain_id: u64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|network| network.chain_id() == chain_id)
    }

    /// Its chain id.
    #[must_use]
    pub const fn chain_id(self) -> u64 {
        match self {
            Self::Mainnet => 1,
            Self::Sepolia => 11_155_111,
            Self::Hoodi => 560_048,
        }
    }

    /// The name as a reader writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mainnet => "mainnet",
            Self::Sepolia => "sepolia",
            Self::Hoodi => "hoodi",
        }
    }

    /// Its delays and limits.
    #[must_use]
    pub const fn constants(self) -> ProtocolConstants {
        match self {
            Self::Mainnet => MAINNET,
            Self::Sepolia => SEPOLIA,
            Self::Hoodi => HOODI,
        }
    }

    /// Its core contracts.
    #[must_use]
    pub const fn contracts(self) -> CoreContracts {
        match self {
            Self::Mainnet => MAINNET_CONTRACTS,
            Self::Sepolia => SEPOLIA_CONTRACTS,
            Self::Hoodi => HOODI_CONTRACTS,
        }
    }

    /// First block that can hold an event of the core contracts.
    #[must_use]
    pub const fn first_block(self) -> u64 {
        match self {
            Self::Mainnet => 17_445_563,
            Self::Sepolia => 8_086_200,
            Self::Hoodi => 165_000,
        }
    }
}

/// Protocol versions whose rules this module holds.
pub const KNOWN_VERSIONS: [&str; 5] = ["1.9.0", "1.11.0", "1.12.0", "1.13.0", "1.13.1"];

/// Whether the rules here are those of a protocol version, as `ProtocolRegistry.version()` answers it.
#[must_use]
pub fn is_known_version(version: &str) -> bool {
    KNOWN_VERSIONS.contains(&version.trim_start_matches('v'))
}

/// Delays and limits of one deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProtocolConstants {
    /// How long a deallocation, or an operator who left a set, stays slashable.
    pub deallocation_delay: Blocks,
    /// How long a change of an operator's allocation delay waits (takes effect one block later).
    pub allocation_configuration_delay: Blocks,
    /// How long a change of a set's slasher waits (takes effect one block later); none before 1.9.0.
    pub slasher_configuration_delay: Blocks,
    /// How long a withdrawal waits in the queue, slashable.
    pub min_withdrawal_delay: Blocks,
    /// How long slashed tokens wait before they are burnt or redistributed (1.13.0, ELIP-016).
    pub slash_resolution_delay: Option<Blocks>,
    /// Rewards start and last in multiples of this.
    pub calculation_interval: Seconds,
    /// Longest rewards submission.
    pub max_rewards_duration: Seconds,
    /// How far back a rewards submission may start.
    pub max_retroactive_length: Seconds,
    /// How far ahead a rewards submission may start.
    pub max_future_length: Seconds,
    /// Earliest start of any rewards submission.
    pub genesis_rewards: Timestamp,
    /// How long a rewards root, or a change of a split, waits.
    pub activation_delay: Seconds,
    /// What operators keep of rewards unless they set otherwise; the owner can change it.
    pub default_operator_split: Bips,
    /// The protocol fee of submitters who opted in (1.12.0, ELIP-012).
    pub protocol_fee: Bips,
    /// Longest task of the task mailbox, where there is one.
    pub max_task_sla: Seconds,
    /// How often stake tables move to other chains.
    pub table_update_cadence: Seconds,
    /// When the values were read.
    pub as_of: &'static str,
}

/// Mainnet; duration since 2026-03-12 (v1.12.0), slash resolution since 2026-06-17 (v1.13.0).
pub const MAINNET: ProtocolConstants = ProtocolConstants {
    deallocation_delay: Blocks(100_800),
    allocation_configuration_delay: Blocks(126_000),
    slasher_configuration_delay: Blocks(126_000),
    min_withdrawal_delay: Blocks(100_800),
    slash_resolution_delay: Some(Blocks(50_400)),
    calculation_interval: Seconds(86_400),
    max_rewards_duration: Seconds(63_072_000),
    max_retroactive_length: Seconds(14_515_200),
    max_future_length: Seconds(2_592_000),
    genesis_rewards: Timestamp(1_710_979_200),
    activation_delay: Seconds(604_800),
    default_operator_split: Bips(1_000),
    protocol_fee: Bips(2_000),
    max_task_sla: Seconds(604_800),
    table_update_cadence: Seconds(604_800),
    as_of: "2026-08-17",
};

/// Sepolia: short block delays, so that tests need minutes.
pub const SEPOLIA: ProtocolConstants = ProtocolConstants {
    deallocation_delay: Blocks(50),
    allocation_configuration_delay: Blocks(75),
    slasher_configuration_delay: Blocks(75),
    min_withdrawal_delay: Blocks(50),
    max_retroactive_length: Seconds(7_776_000),
    activation_delay: Seconds(600),
    max_task_sla: Seconds(300),
    table_update_cadence: Seconds(86_400),
    ..MAINNET
};

/// Hoodi: as Sepolia, one version behind (no slash resolution delay).
pub const HOODI: ProtocolConstants = ProtocolConstants {
    slash_resolution_delay: None,
    activation_delay: Seconds(7_200),
    max_task_sla: Seconds(1),
    table_update_cadence: Seconds(1),
    ..SEPOLIA
};

/// Addresses of the core contracts (proxies), from the README of Layr-Labs/eigenlayer-contracts at
/// f84a515 (2026-05-01), checked against the manifests of the deployments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoreContracts {
    /// `AllocationManager`.
    pub allocation_manager: RawAddress,
    /// `DelegationManager`.
    pub delegation_manager: RawAddress,
    /// `StrategyManager`.
    pub strategy_manager: RawAddress,
    /// `EigenPodManager`.
    pub eigen_pod_manager: RawAddress,
    /// `RewardsCoordinator`.
    pub rewards_coordinator: RawAddress,
    /// `AVSDirectory`, the registrations from before operator sets.
    pub avs_directory: RawAddress,
    /// `PermissionController`.
    pub permission_controller: RawAddress,
    /// `KeyRegistrar`.
    pub key_registrar: RawAddress,
    /// `StrategyFactory`.
    pub strategy_factory: RawAddress,
    /// `ProtocolRegistry`, which names the others.
    pub protocol_registry: RawAddress,
    /// The strategy that holds EIGEN.
    pub eigen_strategy: RawAddress,
}

const MAINNET_CONTRACTS: CoreContracts = CoreContracts {
    allocation_manager: address("948a420b8CC1d6BFd0B6087C2E7c344a2CD0bc39"),
    delegation_manager: address("39053D51B77DC0d36036Fc1fCc8Cb819df8Ef37A"),
    strategy_manager: address("858646372CC42E1A627fcE94aa7A7033e7CF075A"),
    eigen_pod_manager: address("91E677b07F7AF907ec9a428aafA9fc14a0d3A338"),
    rewards_coordinator: address("7750d328b314EfFa365A0402CcfD489B80B0adda"),
    avs_directory: address("135dda560e946695d6f155dacafc6f1f25c1f5af"),
    permission_controller: address("25E5F8B1E7aDf44518d35D5B2271f114e081f0E5"),
    key_registrar: address("54f4bC6bDEbe479173a2bbDc31dD7178408A57A4"),
    strategy_factory: address("5e4C39Ad7A3E881585e383dB9827EB4811f6F647"),
    protocol_registry: address("27a84740FdDed5B7D66d9bb6E5d1DEA6eb0C0129"),
    eigen_strategy: address("aCB55C530Acdb2849e6d4f36992Cd8c9D50ED8F7"),
};

const SEPOLIA_CONTRACTS: CoreContracts = CoreContracts {
    allocation_manager: address("42583067658071247ec8CE0A516A58f682002d07"),
    delegation_manager: address("D4A7E1Bd8015057293f0D0A557088c286942e84b"),
    strategy_manager: address("2E3D6c0744b10eb0A4e6F679F71554a39Ec47a5D"),
    eigen_pod_manager: address("56BfEb94879F4543E756d26103976c567256034a"),
    rewards_coordinator: address("5ae8152fb88c26ff9ca5C014c94fca3c68029349"),
    avs_directory: address("a789c91ECDdae96865913130B786140Ee17aF545"),
    permission_controller: address("44632dfBdCb6D3E21EF613B0ca8A6A0c618F5a37"),
    key_registrar: address("A4dB30D08d8bbcA00D40600bee9F029984dB162a"),
    strategy_factory: address("066cF95c1bf0927124DFB8B02B401bc23A79730D"),
    protocol_registry: address("fF2dF19481cC4d7fB30698e78c3aeEc3b1265e1e"),
    eigen_strategy: address("8E93249a6C37a32024756aaBd813E6139b17D1d5"),
};

const HOODI_CONTRACTS: CoreContracts = CoreContracts {
    allocation_manager: address("95a7431400F362F3647a69535C5666cA0133CAA0"),
    delegation_manager: address("867837a9722C512e0862d8c2E15b8bE220E8b87d"),
    strategy_manager: address("eE45e76ddbEDdA2918b8C7E3035cd37Eab3b5D41"),
    eigen_pod_manager: address("cd1442415Fc5C29Aa848A49d2e232720BE07976c"),
    rewards_coordinator: address("29e8572678e0c272350aa0b4B8f304E47EBcd5e7"),
    avs_directory: address("D58f6844f79eB1fbd9f7091d05f7cb30d3363926"),
    permission_controller: address("dcCF401fD121d8C542E96BC1d0078884422aFAD2"),
    key_registrar: address("5737E38a260545d8FecCb4cAE2cfd984DA4130ed"),
    strategy_factory: address("fB7d94501E4d4ACC264833Ef4ede70a11517422B"),
    protocol_registry: address("ff2df19481cc4d7fb30698e78c3aeec3b1265e1e"),
    eigen_strategy: address("B27b10291DBFE6576d17afF3e251c954Ae14f1D3"),
};

/// Forty hex digits as twenty bytes, at compile time.
const fn address(hex: &str) -> RawAddress {
    const fn digit(byte: u8) -> u8 {
        match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            _ => panic!("an address has hex digits only"),
        }
    }
    let bytes = hex.as_bytes();
    assert!(bytes.len() == 40, "an address has forty hex digits");
    let mut out = [0; 20];
    let mut i = 0;
    while i < 20 {
        out[i] = (digit(bytes[2 * i]) << 4) | digit(bytes[2 * i + 1]);
        i += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_found_by_chain_id() {
        for network in Network::ALL {
            assert_eq!(Network::from_chain_id(network.chain_id()), Some(network));
        }
        assert_eq!(Network::from_chain_id(31_337), None);
    }

    #[test]
    fn versions_are_matched_whole() {
        assert!(is_known_version("1.13.0") && is_known_version("v1.13.1"));
        assert!(!is_known_version("1.13") && !is_known_version("1.14.0") && !is_known_version(""));
    }

    #[test]
    fn addresses_keep_their_bytes() {
        let contracts = Network::Mainnet.contracts();
        assert_eq!(contracts.allocation_manager[..3], [0x94, 0x8a, 0x42]);
        assert_eq!(contracts.allocation_manager[19], 0x39);
    }
}
