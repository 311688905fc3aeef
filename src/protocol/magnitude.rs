//! Allocations: how an operator's stake is split between operator sets, and what of it is at stake.
//!
//! Each (operator, strategy) starts with a maximum magnitude of 10^18 which only slashes lower. What an
//! operator allocates to a set is encumbered at once, at stake after his allocation delay, and stays at
//! stake through the deallocation delay (ELIP-002).

use super::math::{div_wad_floor, mul_wad_floor};
use crate::units::{Shares, WAD, Wad};

/// The largest magnitude, and the one every operator starts with.
pub const INITIAL_MAX_MAGNITUDE: Wad = Wad(WAD);

/// What an operator has allocated of one strategy to one operator set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Allocation {
    /// Magnitude that a slash can take from now.
    pub current: u64,
    /// Change that takes effect at `effect_block`: positive for an allocation, negative for a deallocation.
    pub pending_diff: i128,
    /// First block at which the pending change holds; 0 when nothing is pending.
    pub effect_block: u32,
}

impl Allocation {
    /// The allocation as `getAllocation` shows it at a block: a change that has matured is folded in.
    #[must_use]
    pub fn at(self, block: u32) -> Self {
        if block < self.effect_block {
            return self;
        }
        Self {
            current: add_signed(self.current, self.pending_diff),
            pending_diff: 0,
            effect_block: 0,
        }
    }

    /// Magnitude that is surely still at stake at `future_block`: pending deallocations that mature by
    /// then are gone, pending allocations do not count yet.
    #[must_use]
    pub fn minimum_at(self, future_block: u32) -> u64 {
        if self.pending_diff < 0 && self.effect_block <= future_block {
            add_signed(self.current, self.pending_diff)
        } else {
            self.current
        }
    }

    /// What it takes of the operator's magnitude: a pending allocation is reserved at once, a pending
    /// deallocation is freed only when it matures.
    #[must_use]
    pub fn encumbers(self) -> u64 {
        add_signed(self.current, self.pending_diff.max(0))
    }
}

/// Whether a slash can reach the operator in the set: it is a member, or left less than the
/// deallocation delay ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slashability {
    /// A slash takes the allocation.
    Slashable,
    /// The set cannot slash the operator now.
    NotSlashable,
}

/// Magnitude encumbered by an operator's allocations of one strategy, over all operator sets.
/// The allocations must be those of the block in question (see [`Allocation::at`]).
#[must_use]
pub fn encumbered_magnitude(allocations: impl IntoIterator<Item = Allocation>) -> Wad {
    let total = allocations
        .into_iter()
        .map(|a| u128::from(a.encumbers()))
        .sum::<u128>();
    assert!(
        total <= u128::from(WAD),
        "encumbered magnitude {total} exceeds 1e18"
    );
    Wad(total as u64)
}

/// Magnitude the operator may still allocate.
#[must_use]
pub fn allocatable_magnitude(max: Wad, encumbered: Wad) -> Wad {
    assert!(
        encumbered <= max,
        "encumbered magnitude {encumbered} exceeds the maximum {max}"
    );
    Wad(max.0 - encumbered.0)
}

/// Stake behind a magnitude: `floor(shares * floor(magnitude * 10^18 / max) / 10^18)`.
///
/// Two floors, as in the contracts; one floor of `shares * magnitude / max` differs by up to
/// `shares / 10^18`. Zero when the maximum magnitude is zero (the operator was slashed whole).
#[must_use]
pub fn stake_of_magnitude(operator_shares: Shares, magnitude: u64, max: Wad) -> Shares {
    if max.0 == 0 {
        return Shares(0);
    }
    let proportion = div_wad_floor(u128::from(magnitude), u128::from(max.0));
    Shares(mul_wad_floor(operator_shares.0, proportion))
}

/// `getAllocatedStake`: the stake behind the current magnitude, slashable or not.
///
/// The contract does not ask whether the strategy is (still) in the operator set, nor does this:
/// meet it with the set's strategies.
#[must_use]
pub fn allocated_stake(operator_shares: Shares, allocation: Allocation, max: Wad) -> Shares {
    stake_of_magnitude(operator_shares, allocation.current, max)
}

/// `getMinimumSlashableStake`: stake that a set can slash at `future_block` whatever the operator does
/// from now on. Excludes queued withdrawals, which a slash also takes (see [`super::slash`]).
///
/// Like the contract it bounds neither `future_block` nor the strategy to those of the set.
#[must_use]
pub fn minimum_slashable_stake(
    operator_shares: Shares,
    allocation: Allocation,
    max: Wad,
    slashability: Slashability,
    future_block: u32,
) -> Shares {
    match slashability {
        Slashability::NotSlashable => Shares(0),
        Slashability::Slashable => {
            stake_of_magnitude(operator_shares, allocation.minimum_at(future_block), max)
        }
    }
}

/// A magnitude changed by a signed difference.
///
/// # Panics
/// When the result leaves `0..=u64::MAX`, which the contracts make impossible.
#[must_use]
pub fn add_signed(magnitude: u64, diff: i128) -> u64 {
    let sum = i128::from(magnitude) + diff;
    u64::try_from(sum)
        .unwrap_or_else(|_| panic!("magnitude {magnitude} changed by {diff} leaves its range"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HALF: u64 = WAD / 2;

    #[test]
    fn pending_changes_mature_at_their_block() {
        let allocation = Allocation {
            current: HALF,
            pending_diff: -100,
            effect_block: 50,
        };
        assert_eq!(allocation.at(49), allocation);
        assert_eq!(
            allocation.at(50),
            Allocation {
                current: HALF - 100,
                pending_diff: 0,
                effect_block: 0
            }
        );
        assert_eq!(allocation.minimum_at(49), HALF);
        assert_eq!(allocation.minimum_at(50), HALF - 100);
        assert_eq!(allocation.encumbers(), HALF);
        let increase = Allocation {
            current: HALF,
            pending_diff: 100,
            effect_block: 50,
        };
        assert_eq!(increase.minimum_at(1_000), HALF);
        assert_eq!(increase.encumbers(), HALF + 100);
    }

    #[test]
    fn two_floors_not_one() {
        // 10^36 shares, one third of the magnitude: the first floor costs 1/3 * 10^-18 of the shares.
        let shares = Shares(10_u128.pow(36));
        let stake = stake_of_magnitude(shares, WAD / 3, Wad(WAD - 1));
        let one_floor =
            super::super::math::mul_div_floor(shares.0, u128::from(WAD / 3), u128::from(WAD - 1));
        assert_eq!(
            stake,
            Shares(333_333_333_333_333_333_000_000_000_000_000_000)
        );
        assert!(one_floor > stake.0);
    }

    #[test]
    fn nothing_is_slashable_without_magnitude_or_membership() {
        let allocation = Allocation {
            current: HALF,
            ..Allocation::default()
        };
        assert_eq!(allocated_stake(Shares(100), allocation, Wad(0)), Shares(0));
        let max = INITIAL_MAX_MAGNITUDE;
        let stake = |who| minimum_slashable_stake(Shares(100), allocation, max, who, 10);
        assert_eq!(stake(Slashability::NotSlashable), Shares(0));
        assert_eq!(stake(Slashability::Slashable), Shares(50));
    }

    proptest! {
        #[test]
        fn stake_never_exceeds_shares(shares in 0..10_u128.pow(38), max in 1..=WAD, part in 0.0..=1.0_f64) {
            let magnitude = ((max as f64) * part) as u64;
            prop_assume!(magnitude <= max);
            prop_assert!(stake_of_magnitude(Shares(shares), magnitude, Wad(max)).0 <= shares);
        }

        #[test]
        fn sets_never_share_a_unit_of_stake(
            shares in 0..10_u128.pow(38),
            max in 3..=WAD,
            cut in 0.0..=1.0_f64,
        ) {
            let first = (((max as f64) * cut) as u64).min(max);
            let stake = |m| stake_of_magnitude(Shares(shares), m, Wad(max)).0;
            prop_assert!(stake(first) + stake(max - first) <= shares);
        }

        #[test]
        fn looking_further_ahead_never_adds_stake(
            current in 0..=WAD, taken in 0..=WAD, effect in 1_u32..1000, near in 0_u32..1000, more in 0_u32..1000,
        ) {
            let taken = taken.min(current);
            let allocation = Allocation { current, pending_diff: -i128::from(taken), effect_block: effect };
            prop_assert!(allocation.minimum_at(near) >= allocation.minimum_at(near + more));
        }
    }
}
