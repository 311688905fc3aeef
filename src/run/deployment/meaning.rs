//! A contract's integer in a reader's unit: a date, a share, a time, with the digits that mean
//! something. The integer beside it is exact.

use crate::export::design::Recommended;
use crate::report::format::{self, Zeros};
use jiff::Timestamp;

/// Digits of a sum or a share: the integer beside it has them all.
const DIGITS: usize = 6;

/// "97.1875 % of the allocation", "2 days", "2026-11-29 00:00:00 UTC".
pub(super) fn meaning(number: &Recommended) -> String {
    let digits = |value: f64| format::significant(value, DIGITS, Zeros::Trim);
    match number.unit.as_str() {
        "s since 1970" => moment(number),
        "days" => format::days(number.value),
        unit if unit.starts_with("of ") => format!("{} % {unit}", digits(100.0 * number.value)),
        unit => format!("{} {unit}", digits(number.value)),
    }
}

/// The moment of the integer, and the one asked for where they differ.
fn moment(number: &Recommended) -> String {
    let set = i64::try_from(number.integer.0).ok().and_then(utc);
    let asked = utc(number.value as i64);
    match (set, asked) {
        (Some(set), Some(asked)) if set != asked => format!("{set}; asked for {asked}"),
        (Some(set), _) => set,
        (None, _) => format!("{} s since 1970", number.integer.0),
    }
}

/// "2026-11-29 00:00:00 UTC"; none beyond the calendar.
fn utc(seconds: i64) -> Option<String> {
    let moment = Timestamp::from_second(seconds).ok()?.to_string();
    Some(moment.replace('T', " ").replace('Z', " UTC"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::number::Dec;
    use crate::export::rounding::Rounding;

    fn said(value: f64, integer: u128, unit: &str) -> String {
        meaning(&Recommended {
            parameter: "x".to_owned(),
            value,
            unit: unit.to_owned(),
            low: None,
            high: None,
            integer: Dec(integer),
            rounding: Rounding::Exact,
        })
    }

    #[test]
    fn an_integer_is_told_in_a_readers_unit() {
        for (value, integer, unit, expected) in [
            (
                1_795_847_526.0,
                1_795_910_400,
                "s since 1970",
                "2026-11-29 00:00:00 UTC; asked for 2026-11-28 06:32:06 UTC",
            ),
            (0.0, 0, "s since 1970", "1970-01-01 00:00:00 UTC"),
            (
                1e30,
                u128::MAX,
                "s since 1970",
                "340282366920938463463374607431768211455 s since 1970",
            ),
            (
                0.971_875,
                971_875_000_000_000_000,
                "of the allocation",
                "97.1875 % of the allocation",
            ),
            (
                0.016_414_096_395_867_987,
                164,
                "of the quorum's stake",
                "1.64141 % of the quorum's stake",
            ),
            (1.0, 7200, "days", "1 day"),
            (2_603.931_528_834_027, 1, "ETH", "2,603.93 ETH"),
            (24.0, 24, "operators", "24 operators"),
        ] {
            assert_eq!(said(value, integer, unit), expected);
        }
    }
}
