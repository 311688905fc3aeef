//! Getters: what they are asked and how their answers are written.

use crate::export::address::{Address, hex};
use crate::export::arguments::SetKey;
use alloy_primitives::{Address as Account, FixedBytes};
use alloy_sol_types::{SolCall, sol};

sol! {
    struct Key { address avs; uint32 id; }
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
