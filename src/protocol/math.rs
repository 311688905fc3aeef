//! Multiplication and division through 256 bits, with the rounding in the name.
//!
//! Solidity multiplies in 256 bits; shares go up to 10^38 and magnitudes to 10^18, so a product needs
//! more than `u128`.

use crate::units::WAD;

/// `a * b / d`, rounded down.
///
/// # Panics
/// When `d` is zero or the quotient exceeds `u128`; the contracts revert in both cases.
#[must_use]
pub fn mul_div_floor(a: u128, b: u128, d: u128) -> u128 {
    let (quotient, _) = mul_div(a, b, d);
    quotient
}

/// `a * b / d`, rounded up.
///
/// # Panics
/// When `d` is zero or the quotient exceeds `u128`; the contracts revert in both cases.
#[must_use]
pub fn mul_div_ceil(a: u128, b: u128, d: u128) -> u128 {
    let (quotient, remainder) = mul_div(a, b, d);
    quotient + u128::from(remainder != 0)
}

/// `a * b / 10^18`, rounded down (`mulWad` of the contracts).
#[must_use]
pub fn mul_wad_floor(a: u128, b: u128) -> u128 {
    mul_div_floor(a, b, u128::from(WAD))
}

/// `a * b / 10^18`, rounded up (`mulWadRoundUp` of the contracts).
#[must_use]
pub fn mul_wad_ceil(a: u128, b: u128) -> u128 {
    mul_div_ceil(a, b, u128::from(WAD))
}

/// `a * 10^18 / d`, rounded down (`divWad` of the contracts).
///
/// # Panics
/// When `d` is zero.
#[must_use]
pub fn div_wad_floor(a: u128, d: u128) -> u128 {
    mul_div_floor(a, u128::from(WAD), d)
}

fn mul_div(a: u128, b: u128, d: u128) -> (u128, u128) {
    assert!(d != 0, "division of {a} * {b} by zero");
    let (high, low) = widening_mul(a, b);
    assert!(high < d, "{a} * {b} / {d} exceeds 128 bits");
    if high == 0 {
        (low / d, low % d)
    } else {
        divide_wide(high, low, d)
    }
}

/// The 256-bit product as (high, low).
fn widening_mul(a: u128, b: u128) -> (u128, u128) {
    const MASK: u128 = u64::MAX as u128;
    let (a1, a0) = (a >> 64, a & MASK);
    let (b1, b0) = (b >> 64, b & MASK);
    let low = a0 * b0;
    let middle_a = a1 * b0 + (low >> 64);
    let middle_b = a0 * b1 + (middle_a & MASK);
    let high = a1 * b1 + (middle_a >> 64) + (middle_b >> 64);
    (high, (middle_b << 64) | (low & MASK))
}

/// Quotient and remainder of a 256-bit number by a 128-bit one, for `high < d`:
/// schoolbook division in base 2^64 (Knuth, The Art of Computer Programming 2, 4.3.1, algorithm D).
fn divide_wide(high: u128, low: u128, d: u128) -> (u128, u128) {
    let shift = d.leading_zeros();
    let d = d << shift;
    let high = if shift == 0 {
        high
    } else {
        (high << shift) | (low >> (128 - shift))
    };
    let low = low << shift;
    let (first, rest) = divide_digit(high, low >> 64, d);
    let (second, rest) = divide_digit(rest, low & u128::from(u64::MAX), d);
    ((first << 64) | second, rest >> shift)
}

/// One digit of the quotient of `high * 2^64 + next` by a normalised `d`, and the remainder.
fn divide_digit(high: u128, next: u128, d: u128) -> (u128, u128) {
    const BASE: u128 = 1 << 64;
    let (d1, d0) = (d >> 64, d & (BASE - 1));
    let (mut digit, mut rest) = (high / d1, high % d1);
    while digit >= BASE || digit * d0 > (rest << 64) + next {
        digit -= 1;
        rest += d1;
        if rest >= BASE {
            break;
        }
    }
    let remainder = (high << 64)
        .wrapping_add(next)
        .wrapping_sub(digit.wrapping_mul(d));
    (digit, remainder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Shift-and-subtract: slow, and simple enough to be right by reading.
    fn reference(a: u128, b: u128, d: u128) -> (u128, u128) {
        let (high, low) = widening_mul(a, b);
        let (mut quotient, mut rest) = (0_u128, high);
        for bit in (0..128).rev() {
            let carry = rest >> 127;
            rest = (rest << 1) | ((low >> bit) & 1);
            quotient <<= 1;
            if carry == 1 || rest >= d {
                rest = rest.wrapping_sub(d);
                quotient |= 1;
            }
        }
        (quotient, rest)
    }

    #[test]
    fn known_products() {
        assert_eq!(widening_mul(u128::MAX, u128::MAX), (u128::MAX - 1, 1));
        assert_eq!(mul_div_floor(u128::MAX, u128::MAX, u128::MAX), u128::MAX);
        assert_eq!(mul_wad_floor(7, 500_000_000_000_000_000), 3);
        assert_eq!(mul_wad_ceil(7, 500_000_000_000_000_000), 4);
        assert_eq!(mul_wad_ceil(8, 500_000_000_000_000_000), 4);
        let cap = 10_u128.pow(38) - 1;
        assert_eq!(mul_wad_floor(cap, u128::from(WAD)), cap);
        assert_eq!(div_wad_floor(1, 3), 333_333_333_333_333_333);
    }

    #[test]
    #[should_panic(expected = "exceeds 128 bits")]
    fn too_large_a_quotient_stops() {
        let _ = mul_div_floor(u128::MAX, 2, 1);
    }

    #[test]
    #[should_panic(expected = "by zero")]
    fn division_by_zero_stops() {
        let _ = mul_div_floor(1, 1, 0);
    }

    proptest! {
        #[test]
        fn agrees_with_shift_and_subtract(
            a: u128, b: u128, d: u128, shifts in (0_u32..128, 0_u32..128, 0_u32..128),
        ) {
            let (a, b) = (a >> shifts.0, b >> shifts.1);
            let (high, _) = widening_mul(a, b);
            let d = (d >> shifts.2).max(high.saturating_add(1));
            prop_assert_eq!(mul_div(a, b, d), reference(a, b, d));
        }

        #[test]
        fn ceil_is_floor_or_one_more(a: u128, b: u64, d in u128::from(u64::MAX) + 1..) {
            let (floor, ceil) = (mul_div_floor(a, u128::from(b), d), mul_div_ceil(a, u128::from(b), d));
            let exact = reference(a, u128::from(b), d).1 == 0;
            prop_assert_eq!(ceil - floor, u128::from(!exact));
        }
    }
}
