//! Delays and limits that the contracts state about themselves.

use super::abi;
use super::calls::{Call, Reader};
use super::deployment::Deployment;
use super::error::ChainError;
use alloy_primitives::{Address, U256, hex};
use alloy_sol_types::SolCall;

/// A number read from a contract that does not change with operators.
#[derive(Debug, Clone)]
pub struct Constant {
    /// Key of the fact, without `protocol.`.
    pub key: &'static str,
    /// Its value.
    pub value: u64,
    /// Its unit.
    pub unit: &'static str,
    /// Contract and address.
    pub source: String,
}

/// Whether a pull can do without a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// The rules rest on it.
    Required,
    /// Some version lacks it.
    Optional,
}

struct Wanted {
    contract: &'static str,
    selector: [u8; 4],
    key: &'static str,
    unit: &'static str,
    need: Need,
}

const fn wanted<C: SolCall>(
    contract: &'static str,
    key: &'static str,
    unit: &'static str,
    need: Need,
) -> Wanted {
    Wanted {
        contract,
        selector: C::SELECTOR,
        key,
        unit,
        need,
    }
}

use Need::{Optional, Required};

const WANTED: [Wanted; 12] = [
    wanted::<abi::DEALLOCATION_DELAYCall>(
        "AllocationManager",
        "deallocation_delay",
        "blocks",
        Required,
    ),
    wanted::<abi::ALLOCATION_CONFIGURATION_DELAYCall>(
        "AllocationManager",
        "allocation_configuration_delay",
        "blocks",
        Optional,
    ),
    wanted::<abi::SLASHER_CONFIGURATION_DELAYCall>(
        "AllocationManager",
        "slasher_configuration_delay",
        "blocks",
        Optional,
    ),
    wanted::<abi::minWithdrawalDelayBlocksCall>(
        "DelegationManager",
        "min_withdrawal_delay",
        "blocks",
        Required,
    ),
    wanted::<abi::SLASH_RESOLUTION_DELAY_BLOCKSCall>(
        "StrategyManager",
        "slash_resolution_delay",
        "blocks",
        Optional,
    ),
    wanted::<abi::CALCULATION_INTERVAL_SECONDSCall>(
        "RewardsCoordinator",
        "calculation_interval",
        "seconds",
        Optional,
    ),
    wanted::<abi::MAX_REWARDS_DURATIONCall>(
        "RewardsCoordinator",
        "max_rewards_duration",
        "seconds",
        Optional,
    ),
    wanted::<abi::MAX_RETROACTIVE_LENGTHCall>(
        "RewardsCoordinator",
        "max_retroactive_length",
        "seconds",
        Optional,
    ),
    wanted::<abi::MAX_FUTURE_LENGTHCall>(
        "RewardsCoordinator",
        "max_future_length",
        "seconds",
        Optional,
    ),
    wanted::<abi::GENESIS_REWARDS_TIMESTAMPCall>(
        "RewardsCoordinator",
        "genesis_rewards_timestamp",
        "seconds",
        Optional,
    ),
    wanted::<abi::activationDelayCall>(
        "RewardsCoordinator",
        "activation_delay",
        "seconds",
        Optional,
    ),
    wanted::<abi::defaultOperatorSplitBipsCall>(
        "RewardsCoordinator",
        "default_operator_split",
        "bips",
        Optional,
    ),
];

/// Reads the constants; what a version lacks reverts and is left out.
///
/// # Errors
/// When one that the rules rest on is missing.
pub async fn read(deployment: &Deployment, reader: &Reader) -> Result<Vec<Constant>, ChainError> {
    let found = |wanted: &'static Wanted| {
        deployment
            .contracts
            .get(wanted.contract)
            .map(|&to| (wanted, to))
    };
    let asked: Vec<(&Wanted, Address)> = WANTED.iter().filter_map(found).collect();
    let call = |(wanted, to): &(&Wanted, Address)| Call {
        to: *to,
        data: wanted.selector.to_vec().into(),
        gas: 50_000,
    };
    let calls: Vec<Call> = asked.iter().map(call).collect();
    let mut constants = Vec::with_capacity(asked.len());
    for ((wanted, to), answer) in asked.into_iter().zip(reader.read(&calls).await?) {
        // Every one of these returns a single word.
        let word = answer
            .ok()
            .filter(|data| data.len() == 32)
            .map(|data| U256::from_be_slice(&data));
        match (word.and_then(|word| u64::try_from(word).ok()), wanted.need) {
            (Some(value), _) => constants.push(Constant {
                key: wanted.key,
                value,
                unit: wanted.unit,
                source: format!("{} {to}", wanted.contract),
            }),
            (None, Optional) => {}
            (None, Required) => {
                return Err(ChainError::Call {
                    contract: wanted.contract.to_owned(),
                    address: to.to_string(),
                    function: format!("{} ({})", wanted.key, hex::encode_prefixed(wanted.selector)),
                    block: reader.block().number.to(),
                    problem: "it gives no number".to_owned(),
                });
            }
        }
    }
    Ok(constants)
}
