//! The withdrawal queue, deposit scaling factors, withdrawable shares and strategy rates.

use super::math::{div_wad_floor, mul_div_floor, mul_wad_floor};
use crate::units::{Shares, WAD, Wad};

/// Tokens and shares that every strategy pretends to hold besides the real ones, so that its first
/// depositor cannot move the rate.
pub const VIRTUAL_OFFSET: u128 = 1_000;

/// How a DelegationManager adds a withdrawal to the history that slashes draw on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QueueRule {
    /// Adds the scaled shares as queued (DelegationManager 1.9.0).
    ScaledShares,
    /// Adds `floor(withdrawable * 10^18 / factor)`, a few wei less (DelegationManager 1.13.1).
    RoundedShares,
}

/// One strategy of one queued withdrawal, of stake that was delegated to an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct QueuedWithdrawal {
    /// Block at which it was queued.
    pub start_block: u32,
    /// Shares before any slash: withdrawable shares divided by the slashing factor of that block.
    pub scaled_shares: u128,
    /// Shares that were withdrawable at that block.
    pub withdrawable: u128,
    /// The slashing factor (the operator's maximum magnitude) at that block.
    pub slashing_factor: Wad,
}

impl QueuedWithdrawal {
    fn contribution(self, rule: QueueRule) -> u128 {
        match rule {
            QueueRule::ScaledShares => self.scaled_shares,
            QueueRule::RoundedShares if self.slashing_factor.0 == 0 => 0,
            QueueRule::RoundedShares => {
                div_wad_floor(self.withdrawable, u128::from(self.slashing_factor.0))
            }
        }
    }
}

/// `getSlashableSharesInQueue`: what a slash reaches in the withdrawal queue of an (operator, strategy).
///
/// The window is `[block - min_withdrawal_delay, block]`, both ends included. The beacon-chain slashing
/// factor is ignored, so beacon ETH is overstated; that is the contract's answer.
///
/// # Panics
/// When `block <= min_withdrawal_delay_blocks`: the contract reverts there too.
#[must_use]
pub fn slashable_shares_in_queue(
    queue: &[QueuedWithdrawal],
    max: Wad,
    block: u32,
    min_withdrawal_delay_blocks: u32,
    rule: QueueRule,
) -> Shares {
    assert!(
        block > min_withdrawal_delay_blocks,
        "block {block} is not past the withdrawal delay {min_withdrawal_delay_blocks}"
    );
    let first = block - min_withdrawal_delay_blocks;
    let waiting = queue
        .iter()
        .filter(|w| (first..=block).contains(&w.start_block));
    let scaled = waiting.map(|w| w.contribution(rule)).sum::<u128>();
    Shares(mul_wad_floor(scaled, u128::from(max.0)))
}

/// The factor that slashes have left of a staker's shares: the operator's maximum magnitude, and for
/// beacon ETH also the part the beacon chain has not taken.
#[must_use]
pub fn slashing_factor(max: Wad, beacon_chain_slashing_factor: Option<Wad>) -> Wad {
    match beacon_chain_slashing_factor {
        None => max,
        Some(beacon) => Wad(mul_wad_floor(u128::from(max.0), u128::from(beacon.0)) as u64),
    }
}

/// Shares a staker can withdraw: `floor(floor(deposit * scaling / 10^18) * factor / 10^18)`.
#[must_use]
pub fn withdrawable_shares(deposit: Shares, deposit_scaling_factor: u128, factor: Wad) -> Shares {
    Shares(mul_wad_floor(
        mul_wad_floor(deposit.0, deposit_scaling_factor),
        u128::from(factor.0),
    ))
}

/// The deposit scaling factor after a deposit: such that the new withdrawable shares are the old plus
/// what was added.
///
/// # Panics
/// When `factor` is zero: a staker of an operator who was slashed whole cannot deposit.
#[must_use]
pub fn scaling_factor_after_deposit(
    scaling: u128,
    deposit_before: Shares,
    added: Shares,
    factor: Wad,
) -> u128 {
    let factor_wad = u128::from(factor.0);
    if deposit_before.0 == 0 {
        return div_wad_floor(scaling, factor_wad);
    }
    let withdrawable = withdrawable_shares(deposit_before, scaling, factor).0 + added.0;
    div_wad_floor(
        div_wad_floor(withdrawable, deposit_before.0 + added.0),
        factor_wad,
    )
}

/// Tokens that shares of a strategy are worth: `floor((balance + 1000) * shares / (total + 1000))`.
#[must_use]
pub fn shares_to_underlying(shares: Shares, token_balance: u128, total_shares: Shares) -> u128 {
    mul_div_floor(
        token_balance + VIRTUAL_OFFSET,
        shares.0,
        total_shares.0 + VIRTUAL_OFFSET,
    )
}

/// Shares that tokens of a strategy are worth: `floor(tokens * (total + 1000) / (balance + 1000))`.
#[must_use]
pub fn underlying_to_shares(tokens: u128, token_balance: u128, total_shares: Shares) -> Shares {
    Shares(mul_div_floor(
        tokens,
        total_shares.0 + VIRTUAL_OFFSET,
        token_balance + VIRTUAL_OFFSET,
    ))
}

/// The scaling factor of someone who never deposited.
pub const INITIAL_SCALING_FACTOR: u128 = WAD as u128;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn queued(start_block: u32, scaled_shares: u128) -> QueuedWithdrawal {
        QueuedWithdrawal {
            start_block,
            scaled_shares,
            withdrawable: scaled_shares / 2,
            slashing_factor: Wad(WAD / 2),
        }
    }

    #[test]
    fn the_window_includes_both_ends() {
        let queue = [
            queued(100, 1),
            queued(150, 10),
            queued(200, 100),
            queued(201, 1000),
        ];
        let shares = |block| {
            slashable_shares_in_queue(&queue, Wad(WAD), block, 50, QueueRule::ScaledShares).0
        };
        assert_eq!(
            (shares(150), shares(151), shares(200), shares(201)),
            (11, 10, 110, 1100)
        );
    }

    #[test]
    fn the_later_rule_rounds_down() {
        let odd = QueuedWithdrawal {
            start_block: 99,
            scaled_shares: 7,
            withdrawable: 3,
            slashing_factor: Wad(WAD / 2),
        };
        let shares = |rule| slashable_shares_in_queue(&[odd], Wad(WAD), 100, 50, rule).0;
        assert_eq!(
            (
                shares(QueueRule::ScaledShares),
                shares(QueueRule::RoundedShares)
            ),
            (7, 6)
        );
    }

    #[test]
    #[should_panic(expected = "is not past the withdrawal delay")]
    fn a_young_chain_stops() {
        let _ = slashable_shares_in_queue(&[], Wad(WAD), 50, 50, QueueRule::ScaledShares);
    }

    #[test]
    fn a_strategy_starts_at_one_to_one() {
        assert_eq!(shares_to_underlying(Shares(10), 0, Shares(0)), 10);
        assert_eq!(underlying_to_shares(10, 0, Shares(0)), Shares(10));
        assert_eq!(shares_to_underlying(Shares(10), 1_000, Shares(0)), 20);
    }

    proptest! {
        #[test]
        fn a_deposit_never_credits_more_than_was_added(
            before in 0..10_u128.pow(30), added in 1..10_u128.pow(30), factor in 1_000_000..=WAD,
        ) {
            let factor = Wad(factor);
            let scaling = INITIAL_SCALING_FACTOR;
            let old = withdrawable_shares(Shares(before), scaling, factor).0;
            let scaling = scaling_factor_after_deposit(scaling, Shares(before), Shares(added), factor);
            let new = withdrawable_shares(Shares(before + added), scaling, factor).0;
            prop_assert!(new <= old + added);
        }

        #[test]
        fn there_and_back_never_gains(
            shares in 0..10_u128.pow(30), balance in 0..10_u128.pow(30), total in 0..10_u128.pow(30),
        ) {
            let tokens = shares_to_underlying(Shares(shares), balance, Shares(total));
            prop_assert!(underlying_to_shares(tokens, balance, Shares(total)).0 <= shares);
        }
    }
}
