//! From the real numbers of a recommendation to the integers of a contract: one named rule each.
//!
//! A real is read as the shortest decimal that prints it (0.1 means one tenth, not the binary
//! neighbour of it), scaled exactly and rounded once, in the direction that keeps the promise:
//! spending down, deterrence up, time to react up.

use crate::units::Multiplier;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Seconds of a day: rewards start and last in multiples of it.
pub const DAY_SECONDS: u128 = 86_400;
/// Seconds of a slot, the unit in which delays of contracts are counted as blocks.
const BLOCK_SECONDS: u128 = 12;
/// Days of mainnet's deallocation delay: 100800 blocks of 12 s.
const EXIT_DAYS: u128 = 14;

/// The rule that made an integer out of a real.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Tokens to the token's smallest unit, down: a budget is never exceeded.
    RewardsFloor {
        /// Decimals of the token.
        decimals: u8,
    },
    /// A share of one to wads, up: deterrence is never below what was asked.
    SlashCeil,
    /// Weighted ether to weighted wei, up: an operator below the bar stays out.
    MinimumStakeCeil,
    /// A weight to a multiplier scaled by 10^18, to the nearest: only ratios matter.
    MultiplierNearest,
    /// A weight to a multiplier in basis points, to the nearest.
    MultiplierBipsNearest,
    /// A share of one to basis points, up: a quorum never passes with less than asked.
    ThresholdCeil,
    /// A number of operators, up: none that the recommendation counts on is shut out.
    OperatorsCeil,
    /// A ratio to basis points, up: replacing an operator is never easier than asked.
    KickOperatorCeil,
    /// A share to basis points, down: no operator above the share can be replaced.
    KickTotalFloor,
    /// Days to blocks of 12 s, up: a window is never shorter than asked.
    WindowCeil,
    /// Days to blocks of a network whose exit is shorter than mainnet's, in proportion and up: a rehearsal
    /// keeps the order of events.
    WindowScaledCeil {
        /// The network's deallocation delay, in blocks; mainnet's is 14 days.
        deallocation_delay: u32,
    },
    /// A share of an operator's stake to wads, up: what stands behind the service is never below what was asked.
    AllocationCeil,
    /// Days to seconds in whole days, down: the money never has to last longer than planned.
    DurationFloor,
    /// Seconds since 1970 to the next midnight UTC: never before the time asked.
    StartCeil,
    /// Seconds, up.
    SecondsCeil,
    /// Already an integer: taken as it is, and refused when it is not.
    Exact,
}

/// A real that no integer of the contract can stand for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{rule} cannot round {value}: {reason}")]
pub struct RoundingError {
    /// The rule.
    pub rule: Rounding,
    /// The value given to it.
    pub value: f64,
    /// What is wrong with it.
    pub reason: &'static str,
}

#[derive(Clone, Copy)]
enum Direction {
    Down,
    Up,
    Nearest,
}

impl Rounding {
    /// The integer that the contract gets.
    ///
    /// # Errors
    /// When the value is negative, not finite, beyond 128 bits, or not an integer under [`Rounding::Exact`].
    pub fn apply(self, value: f64) -> Result<u128, RoundingError> {
        let refuse = |reason| RoundingError {
            rule: self,
            value,
            reason,
        };
        if !value.is_finite() || value < 0.0 {
            return Err(refuse("it is negative or not a number"));
        }
        let scale = |factor, divisor, direction| {
            scaled(value, factor, divisor, direction)
                .ok_or_else(|| refuse("the integer does not fit 128 bits"))
        };
        match self {
            Self::RewardsFloor { decimals } if decimals > 36 => {
                Err(refuse("no token has more than 36 decimals"))
            }
            Self::RewardsFloor { decimals } => {
                scale(10u128.pow(u32::from(decimals)), 1, Direction::Down)
            }
            Self::SlashCeil if value > 1.0 => {
                Err(refuse("a slash is at most 1 (all of the allocation)"))
            }
            Self::AllocationCeil if value > 1.0 => {
                Err(refuse("an allocation is at most 1 (all of the stake)"))
            }
            Self::SlashCeil | Self::MinimumStakeCeil | Self::AllocationCeil => {
                scale(10u128.pow(18), 1, Direction::Up)
            }
            Self::MultiplierNearest => scale(10u128.pow(18), 1, Direction::Nearest),
            Self::ThresholdCeil if value > 1.0 => Err(refuse("a threshold is at most 1")),
            Self::MultiplierBipsNearest => scale(10_000, 1, Direction::Nearest),
            Self::ThresholdCeil | Self::KickOperatorCeil => scale(10_000, 1, Direction::Up),
            Self::KickTotalFloor => scale(10_000, 1, Direction::Down),
            Self::OperatorsCeil | Self::SecondsCeil => scale(1, 1, Direction::Up),
            Self::WindowCeil => scale(DAY_SECONDS, BLOCK_SECONDS, Direction::Up),
            Self::WindowScaledCeil { deallocation_delay } => {
                scale(deallocation_delay.into(), EXIT_DAYS, Direction::Up)
            }
            Self::DurationFloor => Ok(scale(1, 1, Direction::Down)?.saturating_mul(DAY_SECONDS)),
            Self::StartCeil => {
                Ok(scale(1, DAY_SECONDS, Direction::Up)?.saturating_mul(DAY_SECONDS))
            }
            Self::Exact if value.fract() != 0.0 => Err(refuse("it is not an integer")),
            Self::Exact => scale(1, 1, Direction::Down),
        }
    }

    /// The rule in words, for readmes and tables.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::RewardsFloor { .. } => {
                "down to the token's smallest unit, so that the budget is never exceeded"
            }
            Self::SlashCeil => {
                "up to the next wad, so that the deterrence is never below the recommendation"
            }
            Self::MinimumStakeCeil => {
                "up to the next weighted wei, so that nobody below the bar gets in"
            }
            Self::MultiplierNearest => {
                "to the nearest 1e-18, since only ratios of multipliers matter"
            }
            Self::MultiplierBipsNearest => {
                "to the nearest basis point, since only ratios of multipliers matter"
            }
            Self::ThresholdCeil => {
                "up to the next basis point, so that a quorum never passes with less"
            }
            Self::OperatorsCeil => {
                "up to the next operator, so that none the recommendation counts on is shut out"
            }
            Self::KickOperatorCeil => {
                "up to the next basis point, so that replacing an operator is never easier"
            }
            Self::KickTotalFloor => {
                "down to the basis point below, so that no larger operator can be replaced"
            }
            Self::WindowCeil => "up to the next block of 12 s, so that the window is never shorter",
            Self::WindowScaledCeil { .. } => {
                "in proportion to this network's deallocation delay (mainnet: 14 days), up to the next block"
            }
            Self::AllocationCeil => {
                "up to the next wad, so that the stake is never below the recommendation"
            }
            Self::DurationFloor => {
                "down to whole days, so that the daily reward is never below the recommendation"
            }
            Self::StartCeil => "up to the next midnight UTC, which the contract asks for",
            Self::SecondsCeil => "up to the next second",
            Self::Exact => "an integer already",
        }
    }
}

impl fmt::Display for Rounding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RewardsFloor { .. } => "rewards_floor",
            Self::SlashCeil => "slash_ceil",
            Self::MinimumStakeCeil => "minimum_stake_ceil",
            Self::MultiplierNearest => "multiplier_nearest",
            Self::MultiplierBipsNearest => "multiplier_bips_nearest",
            Self::ThresholdCeil => "threshold_ceil",
            Self::OperatorsCeil => "operators_ceil",
            Self::KickOperatorCeil => "kick_operator_ceil",
            Self::KickTotalFloor => "kick_total_floor",
            Self::WindowCeil => "window_ceil",
            Self::WindowScaledCeil { .. } => "window_scaled_ceil",
            Self::AllocationCeil => "allocation_ceil",
            Self::DurationFloor => "duration_floor",
            Self::StartCeil => "start_ceil",
            Self::SecondsCeil => "seconds_ceil",
            Self::Exact => "exact",
        })
    }
}

/// A multiplier scaled by 10^18 as basis points (10000: once), to the nearest, as table calculators want it.
#[must_use]
pub const fn multiplier_bips_nearest(multiplier: Multiplier) -> u128 {
    let unit = 10u128.pow(14);
    multiplier.0 / unit + (multiplier.0 % unit >= unit / 2) as u128
}

/// `value * factor / divisor`, exactly, rounded once; `None` beyond 128 bits.
fn scaled(value: f64, factor: u128, divisor: u128, direction: Direction) -> Option<u128> {
    let (digits, exponent) = shortest_decimal(value);
    let mut above = digits.checked_mul(factor)?;
    let mut below = divisor;
    let power = 10u128.checked_pow(exponent.unsigned_abs());
    if exponent >= 0 {
        above = if above == 0 {
            0
        } else {
            above.checked_mul(power?)?
        };
    } else {
        // A denominator beyond 128 bits means less than one unit: only its sign is left.
        let Some(wide) = power.and_then(|power| below.checked_mul(power)) else {
            return Some(u128::from(matches!(direction, Direction::Up) && above > 0));
        };
        below = wide;
    }
    let (quotient, rest) = (above / below, above % below);
    let one_more = match direction {
        Direction::Down => false,
        Direction::Up => rest > 0,
        Direction::Nearest => rest >= below - rest,
    };
    quotient.checked_add(u128::from(one_more && rest > 0))
}

/// The shortest decimal that reads back as `value`: its digits and the power of ten behind them.
fn shortest_decimal(value: f64) -> (u128, i32) {
    let text = format!("{value:e}");
    let (mantissa, exponent) = text
        .split_once('e')
        .expect("a float in scientific notation has an exponent");
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}")
        .parse()
        .expect("a finite float has decimal digits");
    let exponent: i32 = exponent
        .parse()
        .expect("the exponent of a float is an integer");
    let behind = i32::try_from(fraction.len()).expect("a float has at most 17 digits");
    (digits, exponent - behind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_rule_rounds_in_its_own_direction() {
        let check = |rule: Rounding, value: f64, expected: u128| {
            assert_eq!(rule.apply(value), Ok(expected), "{rule} of {value}");
        };
        check(
            Rounding::RewardsFloor { decimals: 6 },
            1.234_567_9,
            1_234_567,
        );
        check(
            Rounding::RewardsFloor { decimals: 18 },
            0.1,
            100_000_000_000_000_000,
        );
        check(Rounding::SlashCeil, 0.1, 100_000_000_000_000_000);
        check(Rounding::SlashCeil, 1e-19, 1);
        check(Rounding::SlashCeil, 1.0, 1_000_000_000_000_000_000);
        check(
            Rounding::MinimumStakeCeil,
            320.0,
            320_000_000_000_000_000_000,
        );
        check(Rounding::MultiplierNearest, 1.5e-18, 2);
        check(Rounding::MultiplierNearest, 1.4e-18, 1);
        check(Rounding::MultiplierBipsNearest, 2.0, 20_000);
        check(Rounding::ThresholdCeil, 0.666_61, 6_667);
        check(Rounding::ThresholdCeil, 0.67, 6_700);
        check(Rounding::OperatorsCeil, 30.2, 31);
        check(Rounding::KickOperatorCeil, 1.1, 11_000);
        check(Rounding::KickTotalFloor, 0.00509, 50);
        check(Rounding::WindowCeil, 14.0, 100_800);
        check(Rounding::WindowCeil, 5.000_01, 36_001);
        let testnet = Rounding::WindowScaledCeil {
            deallocation_delay: 50,
        };
        check(testnet, 14.0, 50);
        check(testnet, 3.0, 11);
        check(testnet, 0.0, 0);
        check(Rounding::AllocationCeil, 0.0738, 73_800_000_000_000_000);
        check(Rounding::DurationFloor, 365.9, 31_536_000);
        check(Rounding::StartCeil, 1_790_000_001.0, 1_790_035_200);
        check(Rounding::StartCeil, 1_790_035_200.0, 1_790_035_200);
        check(Rounding::SecondsCeil, 1.5, 2);
        check(Rounding::Exact, 7.0, 7);
        check(Rounding::MultiplierNearest, 0.0, 0);
    }

    #[test]
    fn what_no_integer_can_stand_for_is_refused() {
        for (rule, value) in [
            (Rounding::SlashCeil, 1.000_001),
            (Rounding::SlashCeil, -0.1),
            (Rounding::ThresholdCeil, 1.01),
            (Rounding::AllocationCeil, 1.01),
            (Rounding::RewardsFloor { decimals: 18 }, 1e30),
            (Rounding::RewardsFloor { decimals: 77 }, 1.0),
            (Rounding::SecondsCeil, f64::NAN),
            (Rounding::SecondsCeil, f64::INFINITY),
            (Rounding::Exact, 0.5),
        ] {
            assert!(rule.apply(value).is_err(), "{rule} of {value}");
        }
    }

    proptest! {
        #[test]
        fn floor_is_below_and_ceil_is_above_by_less_than_one(value in 0.0..1e12f64) {
            let down = Rounding::RewardsFloor { decimals: 0 }.apply(value).expect("fits") as f64;
            let up = Rounding::SecondsCeil.apply(value).expect("fits") as f64;
            prop_assert!(down <= value && value <= up && up - down <= 1.0);
        }

        #[test]
        fn a_larger_value_never_rounds_lower(a in 0.0..1.0f64, b in 0.0..1.0f64) {
            let (low, high) = if a < b { (a, b) } else { (b, a) };
            for rule in [Rounding::SlashCeil, Rounding::ThresholdCeil, Rounding::KickTotalFloor, Rounding::MultiplierNearest] {
                prop_assert!(rule.apply(low).expect("in range") <= rule.apply(high).expect("in range"), "{rule}");
            }
        }
    }
}
