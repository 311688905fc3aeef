//! EigenLayer's rules as pure integer functions: magnitudes, slashing, delays, reward splits.
//!
//! Every rounding is the contracts': a recording of the deployed bytecode (protocol 1.13.0) is held
//! against each function by `tests/it/vectors.rs`. Nothing here reads a chain and nothing can fail;
//! states that the contracts make impossible stop by `assert!`.
//!
//! * [`magnitude`]: allocations, encumbered and allocatable magnitude, allocated and slashable stake
//! * [`slash`]: what a slash takes from magnitudes, operator shares and queued withdrawals
//! * [`withdrawal`]: the withdrawal queue, deposit scaling factors, withdrawable shares, strategy rates
//! * [`delay`]: values that take effect later: allocation delays, slashers, slashable-until
//! * [`rewards`]: fees, daily amounts, splits between operators and stakers
//! * [`replay`]: the state rebuilt from events alone
//! * [`constants`]: delays and limits of each network, with source and date
//! * [`middleware`]: quorum weights of the AVS-side registries (`uint96` arithmetic)
//! * [`math`]: multiplication and division through 256 bits

pub mod constants;
pub mod delay;
pub mod magnitude;
pub mod math;
pub mod middleware;
pub mod replay;
pub mod rewards;
pub mod slash;
pub mod withdrawal;

pub use constants::{Network, ProtocolConstants};
pub use delay::Delayed;
pub use magnitude::{Allocation, Slashability, allocated_stake, minimum_slashable_stake};
pub use replay::{Event, Position, Replay, SetKey};
pub use slash::{MagnitudeSlash, slash_magnitude, slashed_operator_shares, slashed_queue_shares};
pub use withdrawal::{QueueRule, QueuedWithdrawal, slashable_shares_in_queue, withdrawable_shares};

/// The twenty bytes of an account.
pub type RawAddress = [u8; 20];

/// The virtual strategy of beacon-chain ETH, `0xbeaC0eeEeeeeEEeEeEEEEeeEEeEeeeEeeEEBEaC0`.
/// It is not a contract: one share is one wei of ETH.
pub const BEACON_CHAIN_ETH_STRATEGY: RawAddress = [
    0xbe, 0xac, 0x0e, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee,
    0xee, 0xeb, 0xea, 0xc0,
];

/// Where slashed tokens go when an operator set does not redistribute, `0x…0E16E4`.
pub const DEFAULT_BURN_ADDRESS: RawAddress = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0e, 0x16, 0xe4,
];
