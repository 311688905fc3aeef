//! Getters: what they are asked and how their answers are written.

use crate::export::address::{Address, hex};
use crate::export::arguments::SetKey;
use alloy_primitives::{Address as Account, FixedBytes, U256};
use alloy_sol_types::{SolCall, sol};

sol! {
    struct Key { address avs; uint32 id; }
    struct Consensus { uint8 consensusType; bytes value; }
    struct TaskConfig {
        address taskHook; uint96 taskSLA; address feeToken; uint8 curveType;
        address feeCollector; Consensus consensus; bytes taskMetadata;
    }
    struct QuorumWeight { address strategy; uint96 multiplier; }
    struct QuorumLimits { uint32 maxOperatorCount; uint16 kickBIPsOfOperatorStake; uint16 kickBIPsOfTotalStake; }
    interface Reads {
        function getAVSRegistrar(address avs) returns (address);
        function isOperatorSet(Key set) returns (bool);
        function getStrategiesInOperatorSet(Key set) returns (address[]);
        function getSlasher(Key set) returns (address);
        function getRedistributionRecipient(Key set) returns (address);
        function canCall(address account, address caller, address target, bytes4 selector) returns (bool);
        function getAdmins(address account) returns (address[]);
        function getOperatorSetCurveType(Key set) returns (uint8);
        function getOperatorTableCalculator(Key set) returns (address);
        function getOperatorSetConfig(Key set) returns (address owner, uint32 maxStalenessPeriod);
        function strategyIsWhitelistedForDeposit(address strategy) returns (bool);
        function submissionNonce(address submitter) returns (uint256);
        function allowance(address owner, address spender) returns (uint256);
        function supportsAVS(address avs) returns (bool);
        function getOperatorSetCount(address avs) returns (uint256);
        function isOptedInForProtocolFee(address submitter) returns (bool);
        function balanceOf(address owner) returns (uint256);
        function decimals() returns (uint8);
        function version() returns (string);
        function DEALLOCATION_DELAY() returns (uint32);
        function ECDSA_CERTIFICATE_VERIFIER() returns (address);
        function BN254_CERTIFICATE_VERIFIER() returns (address);
        function getOperatorSetOwner(Key set) returns (address);
        function latestReferenceTimestamp(Key set) returns (uint32);
        function maxOperatorTableStaleness(Key set) returns (uint32);
        function getExecutorOperatorSetTaskConfig(Key set) returns (TaskConfig config);
        function owner() returns (address);
        function avs() returns (address);
        function quorumCount() returns (uint8);
        function stakeRegistry() returns (address);
        function indexRegistry() returns (address);
        function registryCoordinator() returns (address);
        function getOperatorSetParams(uint8 quorum) returns (QuorumLimits limits);
        function getOperatorId(address operator) returns (bytes32);
        function minimumStakeForQuorum(uint8 quorum) returns (uint96);
        function getCurrentTotalStake(uint8 quorum) returns (uint96);
        function getCurrentStake(bytes32 operatorId, uint8 quorum) returns (uint96);
        function weightOfOperatorForQuorum(uint8 quorum, address operator) returns (uint96);
        function totalOperatorsForQuorum(uint8 quorum) returns (uint32);
        function strategyParamsByIndex(uint8 quorum, uint256 index) returns (QuorumWeight weight);
    }
}

/// A question to a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// Registrar of an AVS.
    Registrar(Address),
    /// Whether a set exists.
    Exists(SetKey),
    /// Strategies of a set.
    Strategies(SetKey),
    /// Slasher of a set.
    Slasher(SetKey),
    /// Who receives slashed stake.
    Recipient(SetKey),
    /// Whether an account may call: account, caller, target, selector.
    MayCall(Address, Address, Address, [u8; 4]),
    /// Admins of an account.
    Admins(Address),
    /// Kind of key of a set.
    Curve(SetKey),
    /// Calculator of a set's stake table.
    Calculator(SetKey),
    /// Owner and staleness of a set's stake table.
    TableConfig(SetKey),
    /// Whether a strategy takes deposits.
    Whitelisted(Address),
    /// How often an account has submitted rewards.
    Submissions(Address),
    /// What an owner lets a spender take.
    Allowance(Address, Address),
    /// Whether a registrar supports an AVS.
    Supports(Address),
    /// Number of operator sets of an AVS.
    SetCount(Address),
    /// Whether an account pays the protocol's fee on the rewards it submits.
    PaysFee(Address),
    /// What an account holds of a token.
    Balance(Address),
    /// Decimals of a token.
    Decimals,
    /// Version of the protocol.
    Version,
    /// Blocks for which stake stays slashable after an operator decides to leave.
    DeallocationDelay,
    /// What verifies certificates of a kind of key (1 ECDSA, 2 BN254).
    Verifier(u8),
    /// Owner of a stake table that has arrived.
    TableOwner(SetKey),
    /// Time of the newest stake table that has arrived.
    TableTime(SetKey),
    /// Seconds until certificates of a set go stale.
    Staleness(SetKey),
    /// Kind of key and seconds of a set's tasks: `1 60`, or `not configured`.
    TaskTime(SetKey),
    /// Owner of a contract.
    Owner,
    /// The AVS that a coordinator works for.
    CoordinatorAvs,
    /// Number of quorums.
    QuorumCount,
    /// The stake registry of a coordinator.
    StakeRegistry,
    /// The index registry of a coordinator.
    IndexRegistry,
    /// The coordinator of a stake registry.
    Coordinator,
    /// Limits of a quorum: most operators and two numbers of basis points, `31 11000 50`.
    QuorumLimits(u8),
    /// A strategy of a quorum and its multiplier, by index.
    QuorumWeight(u8, u8),
    /// Least weight in a quorum.
    MinimumStake(u8),
    /// Weight of all members of a quorum.
    TotalStake(u8),
    /// Number of members of a quorum.
    Members(u8),
    /// Weight of an operator in a quorum.
    Weight(u8, Address),
    /// The id of an operator.
    OperatorId(Address),
    /// Recorded weight of an operator, by its id, in a quorum.
    RecordedStake([u8; 32], u8),
}

fn account(address: Address) -> Account {
    Account::from(address.0)
}

fn key(set: SetKey) -> Key {
    Key {
        avs: account(set.avs),
        id: set.id.0,
    }
}

fn shown(account: Account) -> String {
    Address(account.into_array()).to_string()
}

/// Addresses in ascending order, so that lists can be compared.
fn listed(accounts: Vec<Account>) -> String {
    list(
        accounts
            .into_iter()
            .map(|account| Address(account.into_array())),
    )
}

/// The form in which lists of addresses are compared: ascending, with commas.
#[must_use]
pub fn list(addresses: impl IntoIterator<Item = Address>) -> String {
    let mut sorted: Vec<_> = addresses.into_iter().collect();
    sorted.sort_unstable();
    sorted
        .iter()
        .map(Address::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

impl Read {
    /// The bytes that ask it.
    #[must_use]
    pub fn calldata(self) -> Vec<u8> {
        match self {
            Self::Registrar(avs) => Reads::getAVSRegistrarCall { avs: account(avs) }.abi_encode(),
            Self::Exists(set) => Reads::isOperatorSetCall { set: key(set) }.abi_encode(),
            Self::Strategies(set) => {
                Reads::getStrategiesInOperatorSetCall { set: key(set) }.abi_encode()
            }
            Self::Slasher(set) => Reads::getSlasherCall { set: key(set) }.abi_encode(),
            Self::Recipient(set) => {
                Reads::getRedistributionRecipientCall { set: key(set) }.abi_encode()
            }
            Self::MayCall(of, caller, target, selector) => Reads::canCallCall {
                account: account(of),
                caller: account(caller),
                target: account(target),
                selector: FixedBytes(selector),
            }
            .abi_encode(),
            Self::Admins(of) => Reads::getAdminsCall {
                account: account(of),
            }
            .abi_encode(),
            Self::Curve(set) => Reads::getOperatorSetCurveTypeCall { set: key(set) }.abi_encode(),
            Self::Calculator(set) => {
                Reads::getOperatorTableCalculatorCall { set: key(set) }.abi_encode()
            }
            Self::TableConfig(set) => {
                Reads::getOperatorSetConfigCall { set: key(set) }.abi_encode()
            }
            Self::Whitelisted(strategy) => Reads::strategyIsWhitelistedForDepositCall {
                strategy: account(strategy),
            }
            .abi_encode(),
            Self::Submissions(of) => Reads::submissionNonceCall {
                submitter: account(of),
            }
            .abi_encode(),
            Self::Allowance(owner, spender) => Reads::allowanceCall {
                owner: account(owner),
                spender: account(spender),
            }
            .abi_encode(),
            Self::Supports(avs) => Reads::supportsAVSCall { avs: account(avs) }.abi_encode(),
            Self::SetCount(avs) => {
                Reads::getOperatorSetCountCall { avs: account(avs) }.abi_encode()
            }
            Self::PaysFee(of) => Reads::isOptedInForProtocolFeeCall {
                submitter: account(of),
            }
            .abi_encode(),
            Self::Balance(of) => Reads::balanceOfCall { owner: account(of) }.abi_encode(),
            Self::Decimals => Reads::decimalsCall {}.abi_encode(),
            Self::Version => Reads::versionCall {}.abi_encode(),
            Self::DeallocationDelay => Reads::DEALLOCATION_DELAYCall {}.abi_encode(),
            Self::Verifier(1) => Reads::ECDSA_CERTIFICATE_VERIFIERCall {}.abi_encode(),
            Self::Verifier(_) => Reads::BN254_CERTIFICATE_VERIFIERCall {}.abi_encode(),
            Self::TableOwner(set) => Reads::getOperatorSetOwnerCall { set: key(set) }.abi_encode(),
            Self::TableTime(set) => {
                Reads::latestReferenceTimestampCall { set: key(set) }.abi_encode()
            }
            Self::Staleness(set) => {
                Reads::maxOperatorTableStalenessCall { set: key(set) }.abi_encode()
            }
            Self::TaskTime(set) => {
                Reads::getExecutorOperatorSetTaskConfigCall { set: key(set) }.abi_encode()
            }
            Self::Owner => Reads::ownerCall {}.abi_encode(),
            Self::CoordinatorAvs => Reads::avsCall {}.abi_encode(),
            Self::QuorumCount => Reads::quorumCountCall {}.abi_encode(),
            Self::StakeRegistry => Reads::stakeRegistryCall {}.abi_encode(),
            Self::IndexRegistry => Reads::indexRegistryCall {}.abi_encode(),
            Self::Coordinator => Reads::registryCoordinatorCall {}.abi_encode(),
            Self::QuorumLimits(quorum) => Reads::getOperatorSetParamsCall { quorum }.abi_encode(),
            Self::QuorumWeight(quorum, index) => Reads::strategyParamsByIndexCall {
                quorum,
                index: U256::from(index),
            }
            .abi_encode(),
            Self::MinimumStake(quorum) => Reads::minimumStakeForQuorumCall { quorum }.abi_encode(),
            Self::TotalStake(quorum) => Reads::getCurrentTotalStakeCall { quorum }.abi_encode(),
            Self::Members(quorum) => Reads::totalOperatorsForQuorumCall { quorum }.abi_encode(),
            Self::Weight(quorum, operator) => Reads::weightOfOperatorForQuorumCall {
                quorum,
                operator: account(operator),
            }
            .abi_encode(),
            Self::OperatorId(operator) => Reads::getOperatorIdCall {
                operator: account(operator),
            }
            .abi_encode(),
            Self::RecordedStake(id, quorum) => Reads::getCurrentStakeCall {
                operatorId: FixedBytes(id),
                quorum,
            }
            .abi_encode(),
        }
    }

    /// The answer as text; `None` when it does not decode.
    #[must_use]
    pub fn answer(self, data: &[u8]) -> Option<String> {
        Some(match self {
            Self::Registrar(_) => shown(Reads::getAVSRegistrarCall::abi_decode_returns(data).ok()?),
            Self::Exists(_) => Reads::isOperatorSetCall::abi_decode_returns(data)
                .ok()?
                .to_string(),
            Self::Strategies(_) => {
                listed(Reads::getStrategiesInOperatorSetCall::abi_decode_returns(data).ok()?)
            }
            Self::Slasher(_) => shown(Reads::getSlasherCall::abi_decode_returns(data).ok()?),
            Self::Recipient(_) => {
                shown(Reads::getRedistributionRecipientCall::abi_decode_returns(data).ok()?)
            }
            Self::MayCall(..) => Reads::canCallCall::abi_decode_returns(data)
                .ok()?
                .to_string(),
            Self::Admins(_) => listed(Reads::getAdminsCall::abi_decode_returns(data).ok()?),
            Self::Curve(_) => Reads::getOperatorSetCurveTypeCall::abi_decode_returns(data)
                .ok()?
                .to_string(),
            Self::Calculator(_) => {
                shown(Reads::getOperatorTableCalculatorCall::abi_decode_returns(data).ok()?)
            }
            Self::TableConfig(_) => {
                let config = Reads::getOperatorSetConfigCall::abi_decode_returns(data).ok()?;
                table_config(
                    Address(config.owner.into_array()),
                    config.maxStalenessPeriod,
                )
            }
            Self::Whitelisted(_) => {
                Reads::strategyIsWhitelistedForDepositCall::abi_decode_returns(data)
                    .ok()?
                    .to_string()
            }
            Self::Submissions(_) => Reads::submissionNonceCall::abi_decode_returns(data)
                .ok()?
                .to_string(),
            Self::Allowance(..) => Reads::allowanceCall::abi_decode_returns(data)
                .ok()?
                .to_string(),
            Self::Supports(_) => Reads::supportsAVSCall::abi_decode_returns(data)
                .ok()?
                .to_string(),
            Self::SetCount(_) => Reads::getOperatorSetCountCall::abi_decode_returns(data)
                .ok()?
                .to_string(),
            Self::PaysFee(_) => Reads::isOptedInForProtocolFeeCall::abi_decode_returns(data)
                .ok()?
                .to_string(),
            Self::Balance(_) => Reads::balanceOfCall::abi_decode_returns(data)
                .ok()?
                .to_string(),
            Self::Decimals => Reads::decimalsCall::abi_decode_returns(data)
                .ok()?
                .to_string(),
            Self::Version => Reads::versionCall::abi_decode_returns(data).ok()?,
            Self::DeallocationDelay => Reads::DEALLOCATION_DELAYCall::abi_decode_returns(data)
                .ok()?
                .to_string(),
            // All of these answer one address.
            Self::Verifier(_)
            | Self::TableOwner(_)
            | Self::Owner
            | Self::CoordinatorAvs
            | Self::StakeRegistry
            | Self::IndexRegistry
            | Self::Coordinator => shown(Reads::ownerCall::abi_decode_returns(data).ok()?),
            // And all of these one small number.
            Self::TableTime(_)
            | Self::Staleness(_)
            | Self::QuorumCount
            | Self::MinimumStake(_)
            | Self::TotalStake(_)
            | Self::Members(_)
            | Self::Weight(..)
            | Self::RecordedStake(..) => Reads::minimumStakeForQuorumCall::abi_decode_returns(data)
                .ok()?
                .to_string(),
            Self::TaskTime(_) => {
                let config =
                    Reads::getExecutorOperatorSetTaskConfigCall::abi_decode_returns(data).ok()?;
                if config.taskHook.is_zero() {
                    "not configured".into()
                } else {
                    format!("{} {}", config.curveType, config.taskSLA)
                }
            }
            Self::QuorumLimits(_) => {
                let limits = Reads::getOperatorSetParamsCall::abi_decode_returns(data).ok()?;
                format!(
                    "{} {} {}",
                    limits.maxOperatorCount,
                    limits.kickBIPsOfOperatorStake,
                    limits.kickBIPsOfTotalStake
                )
            }
            Self::QuorumWeight(..) => {
                let weight = Reads::strategyParamsByIndexCall::abi_decode_returns(data).ok()?;
                format!("{} x {}", shown(weight.strategy), weight.multiplier)
            }
            Self::OperatorId(_) => hex(&Reads::getOperatorIdCall::abi_decode_returns(data).ok()?.0),
        })
    }
}

/// The form in which the configuration of a stake table is compared.
#[must_use]
pub fn table_config(owner: Address, max_staleness: u32) -> String {
    format!("owner {owner}, stale after {max_staleness} s")
}

/// `0x…` of bytes.
#[must_use]
pub fn prefixed(bytes: &[u8]) -> String {
    format!("0x{}", hex(bytes))
}
