//! Rewards: the protocol fee on a submission, and how a day's tokens reach operators and stakers.
//!
//! Submissions are checked on chain; the split is computed off chain once a day and posted as a root
//! (Layr-Labs/sidecar 4.1.1, `docs/sidecar/rewards/calculation.md`; rewards v2.2 since 2026-03-12).
//! Weights use raw shares times a multiplier: decimals and prices play no part, only ratios matter.

use super::math::{mul_div_floor, mul_wad_floor};
use crate::units::{Bips, Multiplier, Seconds, Shares, Timestamp, Wad};

/// The calendar unit of rewards.
pub const SECONDS_PER_DAY: u32 = 86_400;
/// Largest amount of one submission.
pub const MAX_REWARDS_AMOUNT: u128 = 10_u128.pow(38) - 1;
/// A whole, in bips.
const BIPS: u128 = 10_000;
/// A staker's proportion keeps fifteen decimals.
const PROPORTION_SCALE: u128 = 10_u128.pow(15);

/// Whether the submitter has opted in to the protocol fee (ELIP-012).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProtocolFee {
    /// The fee is taken from each amount, rounded down.
    OptedIn(Bips),
    /// The whole amount is distributed.
    NotOptedIn,
}

/// The amount that is distributed of an amount submitted. Operator-directed submissions apply it to
/// each operator's amount.
#[must_use]
pub fn amount_after_fee(amount: u128, fee: ProtocolFee) -> u128 {
    match fee {
        ProtocolFee::NotOptedIn => amount,
        ProtocolFee::OptedIn(fee) => amount - mul_div_floor(amount, u128::from(fee.0), BIPS),
    }
}

/// Number of daily payouts of a submission.
///
/// # Panics
/// When the duration is not a positive number of whole days; the contract rejects it too.
#[must_use]
pub fn payout_days(duration: Seconds) -> u32 {
    assert!(
        duration.0 > 0 && duration.0.is_multiple_of(SECONDS_PER_DAY),
        "a duration of {duration} s is not a positive number of whole days"
    );
    duration.0 / SECONDS_PER_DAY
}

/// Tokens distributed on each day: `floor(amount / days)`. What is left over is never paid.
#[must_use]
pub fn tokens_per_day(amount: u128, duration: Seconds) -> u128 {
    amount / u128::from(payout_days(duration))
}

/// Whether the snapshot of a day (00:00 UTC) earns from a submission: the start is excluded, the end included.
#[must_use]
pub fn earns_on(snapshot: Timestamp, start: Timestamp, duration: Seconds) -> bool {
    start < snapshot && snapshot.0 <= start.0 + u64::from(duration.0)
}

/// What an operator (or a staker under him) holds of one strategy on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RewardedStake {
    /// Raw shares.
    pub shares: Shares,
    /// The operator's current magnitude in the set.
    pub magnitude: Wad,
    /// The operator's maximum magnitude.
    pub max_magnitude: Wad,
    /// The strategy's multiplier in the submission.
    pub multiplier: Multiplier,
}

/// Weight in a unique-stake submission: allocated shares times multiplier, summed over strategies.
#[must_use]
pub fn unique_stake_weight(stakes: &[RewardedStake]) -> u128 {
    let weight = |stake: &RewardedStake| {
        if stake.max_magnitude.0 == 0 {
            return 0;
        }
        let allocated = mul_div_floor(
            stake.shares.0,
            u128::from(stake.magnitude.0),
            u128::from(stake.max_magnitude.0),
        );
        mul_wad_floor(allocated, stake.multiplier.0)
    };
    stakes.iter().map(weight).sum()
}

/// Weight in a total-stake submission: shares times multiplier, summed over strategies.
#[must_use]
pub fn total_stake_weight(stakes: &[RewardedStake]) -> u128 {
    stakes
        .iter()
        .map(|stake| mul_wad_floor(stake.shares.0, stake.multiplier.0))
        .sum()
}

/// An operator on a reward day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RewardedOperator {
    /// His weight ([`unique_stake_weight`] or [`total_stake_weight`]).
    pub weight: u128,
    /// What he keeps before his stakers share the rest.
    pub split: Bips,
    /// Weights of the stakers delegated to him.
    pub staker_weights: Vec<u128>,
}

/// What one operator and his stakers receive for a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorPayout {
    /// The operator's own part.
    pub operator: u128,
    /// Each staker's part, in the order given.
    pub stakers: Vec<u128>,
}

/// Where a day's tokens go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DayPayout {
    /// Each operator's payout, in the order given.
    Paid(Vec<OperatorPayout>),
    /// Nobody had weight: the AVS gets the day's tokens back.
    Refunded(u128),
}

/// Splits a day's tokens between operators by weight, and each operator's part with his stakers.
#[must_use]
pub fn distribute_day(tokens: u128, operators: &[RewardedOperator]) -> DayPayout {
    let total = operators
        .iter()
        .map(|operator| operator.weight)
        .sum::<u128>();
    if total == 0 {
        return DayPayout::Refunded(tokens);
    }
    let pay = |operator: &RewardedOperator| {
        let part = mul_div_floor(tokens, operator.weight, total);
        distribute_operator(part, operator.split, &operator.staker_weights)
    };
    DayPayout::Paid(operators.iter().map(pay).collect())
}

/// Splits one operator's tokens: his split first, the rest by the stakers' weights, each proportion
/// floored to fifteen decimals.
#[must_use]
pub fn distribute_operator(tokens: u128, split: Bips, staker_weights: &[u128]) -> OperatorPayout {
    let operator = mul_div_floor(tokens, u128::from(split.0), BIPS);
    let rest = tokens - operator;
    let total = staker_weights.iter().sum::<u128>();
    let pay = |&weight: &u128| match total {
        0 => 0,
        _ => mul_div_floor(
            mul_div_floor(weight, PROPORTION_SCALE, total),
            rest,
            PROPORTION_SCALE,
        ),
    };
    OperatorPayout {
        operator,
        stakers: staker_weights.iter().map(pay).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::WAD;
    use proptest::prelude::*;

    #[test]
    fn the_fee_is_rounded_down_on_each_amount() {
        let fee = ProtocolFee::OptedIn(Bips(2_000));
        let after = [4, 7, 10_u128.pow(18) + 9].map(|amount| amount_after_fee(amount, fee));
        assert_eq!(after, [4, 6, 800_000_000_000_000_008]);
        assert_eq!(amount_after_fee(7, ProtocolFee::NotOptedIn), 7);
    }

    #[test]
    fn the_start_day_is_excluded_and_the_end_included() {
        let day = u64::from(SECONDS_PER_DAY);
        let earns = |n| {
            earns_on(
                Timestamp(n * day),
                Timestamp(10 * day),
                Seconds(2 * SECONDS_PER_DAY),
            )
        };
        assert_eq!(
            [earns(10), earns(11), earns(12), earns(13)],
            [false, true, true, false]
        );
        assert_eq!(tokens_per_day(100, Seconds(3 * SECONDS_PER_DAY)), 33);
    }

    #[test]
    #[should_panic(expected = "whole days")]
    fn part_of_a_day_stops() {
        let _ = payout_days(Seconds(SECONDS_PER_DAY + 1));
    }

    #[test]
    fn a_day_without_weight_is_refunded() {
        let idle = RewardedOperator {
            weight: 0,
            split: Bips(1_000),
            staker_weights: vec![1],
        };
        assert_eq!(distribute_day(7, &[idle]), DayPayout::Refunded(7));
    }

    #[test]
    fn unique_weight_follows_the_allocation() {
        let stake = RewardedStake {
            shares: Shares(1_000),
            magnitude: Wad(WAD / 4),
            max_magnitude: Wad(WAD / 2),
            multiplier: Multiplier(2 * u128::from(WAD)),
        };
        assert_eq!(unique_stake_weight(&[stake]), 1_000);
        assert_eq!(total_stake_weight(&[stake]), 2_000);
    }

    proptest! {
        #[test]
        fn a_day_never_pays_more_than_its_tokens(
            tokens in 0..10_u128.pow(30),
            operators in prop::collection::vec(
                (0..10_u128.pow(30), 0..=10_000_u16, prop::collection::vec(0..10_u128.pow(22), 0..5)), 1..6),
        ) {
            let operators: Vec<_> = operators.into_iter()
                .map(|(weight, split, staker_weights)| RewardedOperator { weight, split: Bips(split), staker_weights })
                .collect();
            match distribute_day(tokens, &operators) {
                DayPayout::Refunded(back) => prop_assert_eq!(back, tokens),
                DayPayout::Paid(parts) => {
                    let paid: u128 = parts.iter().map(|p| p.operator + p.stakers.iter().sum::<u128>()).sum();
                    prop_assert!(paid <= tokens);
                }
            }
        }
    }
}
