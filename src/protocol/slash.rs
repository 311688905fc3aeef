//! What a slash takes: magnitude (rounded up), operator shares and queued withdrawals (never too much).
//!
//! A slash of `wad` on an allocation that is `p = current / max` of the operator's magnitude takes
//! `p * wad` of all the stake behind him, withdrawals in the queue included; what other sets hold
//! keeps its shares, for their magnitudes stay while the maximum shrinks.

use super::magnitude::Allocation;
use super::math::{div_wad_floor, mul_div_ceil, mul_wad_ceil};
use crate::units::{Shares, WAD, Wad};

/// Outcome of a slash on the magnitudes of one (operator, set, strategy).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MagnitudeSlash {
    /// The allocation after the slash.
    pub allocation: Allocation,
    /// The operator's maximum magnitude before the slash.
    pub max_before: Wad,
    /// The operator's maximum magnitude after the slash.
    pub max_after: Wad,
    /// Magnitude taken.
    pub slashed: u64,
    /// Share of the operator's total stake in the strategy, as the event `OperatorSlashed` reports it.
    pub wad_slashed: Wad,
}

/// Slashes `wad` (0 < wad <= 10^18) of an allocation, which must be that of the slash's block.
///
/// The magnitude taken is rounded up, and so is what a pending deallocation loses; a pending
/// allocation keeps its difference. A zero allocation or a zero maximum is left untouched.
#[must_use]
pub fn slash_magnitude(allocation: Allocation, max: Wad, wad: Wad) -> MagnitudeSlash {
    assert!(
        wad.0 > 0 && wad.0 <= WAD,
        "a slash of {wad} wad is not within 1..=1e18"
    );
    assert!(
        allocation.current <= max.0,
        "allocation {} exceeds maximum {max}",
        allocation.current
    );
    if allocation.current == 0 || max.0 == 0 {
        return MagnitudeSlash {
            allocation,
            max_before: max,
            max_after: max,
            slashed: 0,
            wad_slashed: Wad(0),
        };
    }
    let slashed = mul_wad_ceil(u128::from(allocation.current), u128::from(wad.0)) as u64;
    let pending_diff = if allocation.pending_diff < 0 {
        let pending = allocation.pending_diff.unsigned_abs();
        allocation.pending_diff + mul_wad_ceil(pending, u128::from(wad.0)) as i128
    } else {
        allocation.pending_diff
    };
    MagnitudeSlash {
        allocation: Allocation {
            current: allocation.current - slashed,
            pending_diff,
            ..allocation
        },
        max_before: max,
        max_after: Wad(max.0 - slashed),
        slashed,
        wad_slashed: Wad(div_wad_floor(u128::from(slashed), u128::from(max.0)) as u64),
    }
}

/// Shares taken from an operator when his maximum magnitude falls: `shares - ceil(shares * after / before)`.
#[must_use]
pub fn slashed_operator_shares(shares: Shares, max_before: Wad, max_after: Wad) -> Shares {
    assert!(
        max_after <= max_before,
        "maximum magnitude rose from {max_before} to {max_after}"
    );
    if max_before.0 == 0 {
        return Shares(0);
    }
    Shares(shares.0 - mul_div_ceil(shares.0, u128::from(max_after.0), u128::from(max_before.0)))
}

/// Shares taken from the withdrawal queue, given what `getSlashableSharesInQueue` answers before the
/// slash: the same fraction as of the operator's own shares.
#[must_use]
pub fn slashed_queue_shares(slashable_in_queue: Shares, max_before: Wad, max_after: Wad) -> Shares {
    slashed_operator_shares(slashable_in_queue, max_before, max_after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rounds_magnitude_up_and_shares_down() {
        let allocation = Allocation {
            current: 3,
            pending_diff: -2,
            effect_block: 9,
        };
        let out = slash_magnitude(allocation, Wad(10), Wad(WAD / 2));
        assert_eq!(out.slashed, 2);
        assert_eq!(
            out.allocation,
            Allocation {
                current: 1,
                pending_diff: -1,
                effect_block: 9
            }
        );
        assert_eq!(out.max_after, Wad(8));
        assert_eq!(out.wad_slashed, Wad(WAD / 5));
        assert_eq!(
            slashed_operator_shares(Shares(7), Wad(10), Wad(8)),
            Shares(1)
        );
    }

    #[test]
    fn an_increase_keeps_its_difference() {
        let allocation = Allocation {
            current: 100,
            pending_diff: 50,
            effect_block: 9,
        };
        let out = slash_magnitude(allocation, Wad(WAD), Wad(WAD / 10));
        assert_eq!(
            out.allocation,
            Allocation {
                current: 90,
                pending_diff: 50,
                effect_block: 9
            }
        );
    }

    #[test]
    fn dust_can_slash_a_magnitude_and_no_share() {
        // ELIP-006 warns of this: 1e4 of magnitude, 0.01 %, 1e17 shares.
        let out = slash_magnitude(
            Allocation {
                current: 10_000,
                ..Allocation::default()
            },
            Wad(WAD),
            Wad(100_000_000_000_000),
        );
        assert_eq!(out.slashed, 1);
        let shares =
            slashed_operator_shares(Shares(10_u128.pow(17)), out.max_before, out.max_after);
        assert_eq!(shares, Shares(0));
    }

    #[test]
    fn nothing_to_slash_changes_nothing() {
        let empty = Allocation {
            current: 0,
            pending_diff: 5,
            effect_block: 9,
        };
        let out = slash_magnitude(empty, Wad(WAD), Wad(WAD));
        assert_eq!(
            (out.allocation, out.slashed, out.max_after),
            (empty, 0, Wad(WAD))
        );
    }

    proptest! {
        #[test]
        fn a_slash_takes_at_most_its_part(
            shares in 0..10_u128.pow(38), max in 1..=WAD, current in 1..=WAD, wad in 1..=WAD,
        ) {
            let current = current.min(max);
            let out = slash_magnitude(Allocation { current, ..Allocation::default() }, Wad(max), Wad(wad));
            let taken = slashed_operator_shares(Shares(shares), out.max_before, out.max_after).0;
            // never more than the magnitude taken is worth
            prop_assert!(taken <= super::super::math::mul_div_floor(shares, u128::from(out.slashed), u128::from(max)));
            prop_assert!(out.slashed >= 1 && out.slashed <= current);
        }

        #[test]
        fn a_pending_deallocation_never_outgrows_what_is_left(
            current in 1..=WAD, part in 0..=WAD, wad in 1..=WAD,
        ) {
            let pending = part.min(current);
            let before = Allocation { current, pending_diff: -i128::from(pending), effect_block: 1 };
            let after = slash_magnitude(before, Wad(WAD), Wad(wad)).allocation;
            prop_assert!(after.pending_diff <= 0);
            prop_assert!(after.pending_diff.unsigned_abs() <= u128::from(after.current));
        }
    }
}
