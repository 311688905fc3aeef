//! How numbers are written, in one place: the page, the text, the terminal and the figures agree.
//!
//! Three significant digits carry everything a decision needs; a fourth would pretend. Units stand
//! behind the number with a space ("354 M USD", "0.10 %"); intervals share the unit of their value
//! ("354 M USD (95 % interval 341–372)"). Thousands are parted by commas, the minus is U+2212.

use super::findings::{Bound, Interval, Quantity, Unit, Value};

/// A value as a reader sees it, with bound and interval.
#[must_use]
pub fn value(value: &Value) -> String {
    match value {
        Value::Number(number) => quantity(number),
        Value::Words(words) => words.clone(),
    }
}

/// A value without its interval.
#[must_use]
pub fn value_alone(value: &Value) -> String {
    match value {
        Value::Number(number) => quantity_alone(number),
        Value::Words(words) => words.clone(),
    }
}

/// A number with unit, bound and interval: "354 M USD (95 % interval 341–372)".
#[must_use]
pub fn quantity(quantity: &Quantity) -> String {
    match &quantity.interval {
        Some(found) => format!(
            "{} ({})",
            quantity_alone(quantity),
            interval(found, quantity.value, quantity.unit)
        ),
        None => quantity_alone(quantity),
    }
}

/// A number with unit and bound: "at least 31".
#[must_use]
pub fn quantity_alone(quantity: &Quantity) -> String {
    let number = amount(quantity.value, quantity.unit);
    match quantity.bound {
        Bound::Exactly => number,
        Bound::AtLeast => format!("at least {number}"),
        Bound::AtMost => format!("at most {number}"),
    }
}

/// An interval in the scale of its value: "95 % interval 341–372".
#[must_use]
pub fn interval(interval: &Interval, of: f64, unit: Unit) -> String {
    format!(
        "{} interval {}",
        share(interval.confidence),
        range(interval.low, interval.high, of, unit)
    )
}

/// A range in the scale of a value: "341–372" beside "354 M USD"; the unit is written again when
/// the ends do not share it.
#[must_use]
pub fn range(low: f64, high: f64, of: f64, unit: Unit) -> String {
    let (low_text, high_text) = (amount(low, unit), amount(high, unit));
    let tail = |text: &str| {
        text.split_once(' ')
            .map_or(String::new(), |(_, tail)| tail.to_owned())
    };
    let unit_of_value = tail(&amount(of, unit));
    if tail(&low_text) == unit_of_value && tail(&high_text) == unit_of_value {
        let strip = |text: &str| {
            text.split_once(' ')
                .map_or_else(|| text.to_owned(), |(number, _)| number.to_owned())
        };
        return format!("{}–{}", strip(&low_text), strip(&high_text));
    }
    format!("{low_text} – {high_text}")
}

/// Two ends in the words of a sentence: "12.3 to 14.5 M USD", "900 k USD to 2 M USD".
#[must_use]
pub fn between(low: f64, high: f64, unit: Unit) -> String {
    let (low, high) = (amount(low, unit), amount(high, unit));
    if low == high {
        return low;
    }
    match (low.split_once(' '), high.split_once(' ')) {
        (Some((number, unit)), Some((_, same))) if unit == same => format!("{number} to {high}"),
        _ => format!("{low} to {high}"),
    }
}

/// A number with its unit.
#[must_use]
pub fn amount(number: f64, unit: Unit) -> String {
    if number.is_nan() {
        return "not measured".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 {
            "unbounded"
        } else {
            "unbounded below"
        }
        .to_owned();
    }
    match unit {
        Unit::Usd => usd(number),
        Unit::UsdPerYear => usd_per_year(number),
        Unit::Eth => format!("{} ETH", scaled(number)),
        Unit::Share => share(number),
        Unit::SharePerYear => format!("{}/yr", share(number)),
        Unit::Probability => probability(number),
        Unit::Days => days(number),
        Unit::PerYear => format!("{} /yr", plain(number)),
        Unit::Count => count(number),
        Unit::Multiple => format!("{}×", plain(number)),
        Unit::Deviations => format!("{} sd", significant(number, 2, Zeros::Trim)),
        Unit::Number => plain(number),
    }
}

/// US dollars: "354 M USD".
#[must_use]
pub fn usd(number: f64) -> String {
    finite(number, |number| format!("{} USD", scaled(number)))
}

/// US dollars a year: "10.3 M USD/yr".
#[must_use]
pub fn usd_per_year(number: f64) -> String {
    finite(number, |number| format!("{} USD/yr", scaled(number)))
}

/// A share of one in per cent, three significant digits: "33.4 %".
#[must_use]
pub fn share(number: f64) -> String {
    finite(number, |number| {
        if number != 0.0 && number.abs() < 1e-8 {
            return "< 0.000001 %".to_owned();
        }
        // Close to one the distance from one carries the meaning: 99.95 % is not 100 %.
        if number > 0.995 && number < 1.0 {
            let rest = significant((1.0 - number) * 100.0, 2, Zeros::Trim);
            let decimals = rest.split_once('.').map_or(0, |(_, tail)| tail.len());
            return if decimals > 8 {
                "> 99.999999 %".to_owned()
            } else {
                format!("{:.decimals$} %", number * 100.0)
            };
        }
        format!("{} %", plain(number * 100.0))
    })
}

/// A probability in per cent, two significant digits, zeros kept: "0.10 %".
#[must_use]
pub fn probability(number: f64) -> String {
    finite(number, |number| {
        if number == 0.0 || number >= 1.0 {
            return format!("{} %", plain(number * 100.0));
        }
        if number.abs() < 1e-8 {
            return "< 0.000001 %".to_owned();
        }
        if number > 0.995 {
            return share(number);
        }
        let percent = number * 100.0;
        // Two digits, but never fewer than whole per cent.
        format!("{} %", significant(percent, 2, Zeros::Keep))
    })
}

/// Days in the unit that reads best: "6 hours", "3 days", "2.5 years".
#[must_use]
pub fn days(number: f64) -> String {
    finite(number, |number| {
        let size = number.abs();
        let (text, one) = if number == 0.0 || (1.0..730.0).contains(&size) {
            (plain(number), "day")
        } else if size >= 730.0 {
            (plain(number / 365.0), "year")
        } else if size * 24.0 >= 1.0 {
            (plain(number * 24.0), "hour")
        } else {
            (plain(number * 1440.0), "minute")
        };
        let plural = if text == "1" { "" } else { "s" };
        format!("{text} {one}{plural}")
    })
}

/// A whole number with thousands parted: "10,000".
#[must_use]
pub fn count(number: f64) -> String {
    finite(number, |number| {
        if number.abs() >= 1e15 {
            scientific(number)
        } else {
            sign(number, &thousands(&format!("{:.0}", number.abs())))
        }
    })
}

/// A number of paths, operators or designs: "10,000".
#[must_use]
pub fn whole(number: u64) -> String {
    thousands(&number.to_string())
}

/// Three significant digits, no trailing zeros: "1.85".
#[must_use]
pub fn plain(number: f64) -> String {
    finite(number, |number| significant(number, 3, Zeros::Trim))
}

/// Three significant digits with a power of a thousand: "354 M".
#[must_use]
pub fn scaled(number: f64) -> String {
    scaled_to(number, 3)
}

/// So many significant digits with a power of a thousand: "353.8 M".
#[must_use]
pub fn scaled_to(number: f64, digits: usize) -> String {
    finite(number, |number| {
        let (rounded, _) = rounded(number, digits);
        for (unit, suffix) in [(1e12, " T"), (1e9, " B"), (1e6, " M"), (1e3, " k")] {
            if rounded.abs() >= unit {
                if rounded.abs() >= 1e16 {
                    return scientific(number);
                }
                return format!(
                    "{}{suffix}",
                    significant(number / unit, digits, Zeros::Trim)
                );
            }
        }
        significant(number, digits, Zeros::Trim)
    })
}

/// Whether zeros behind the decimal point stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zeros {
    /// "0.10": the zero says how well the number is known.
    Keep,
    /// "1.1": the zero says nothing.
    Trim,
}

/// A finite number with so many significant digits, in plain notation inside 10^-9..10^15.
#[must_use]
pub fn significant(number: f64, digits: usize, zeros: Zeros) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    let (rounded, exponent) = rounded(number, digits);
    if !(-9..15).contains(&exponent) {
        return scientific(number);
    }
    let decimals = usize::try_from(digits as i32 - 1 - exponent).unwrap_or(0);
    let mut text = format!("{:.decimals$}", rounded.abs());
    if zeros == Zeros::Trim && text.contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    sign(rounded, &thousands(&text))
}

/// The number at so many significant digits, and its decimal exponent after rounding.
fn rounded(number: f64, digits: usize) -> (f64, i32) {
    let text = format!("{:.*e}", digits - 1, number);
    let exponent = text
        .split_once('e')
        .and_then(|(_, tail)| tail.parse().ok())
        .unwrap_or(0);
    (text.parse().unwrap_or(number), exponent)
}

fn scientific(number: f64) -> String {
    let text = format!("{:.2e}", number.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    sign(number, &format!("{mantissa}e{exponent}"))
}

/// Commas between groups of three digits left of the decimal point.
fn thousands(digits: &str) -> String {
    let (whole, rest) = digits
        .find('.')
        .map_or((digits, ""), |at| digits.split_at(at));
    if whole.len() < 4 {
        return digits.to_owned();
    }
    let mut out = String::with_capacity(digits.len() + whole.len() / 3);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

fn sign(number: f64, text: &str) -> String {
    let zero = text.chars().all(|c| matches!(c, '0' | '.' | ','));
    if number < 0.0 && !zero {
        format!("−{text}")
    } else {
        text.to_owned()
    }
}

fn finite(number: f64, write: impl Fn(f64) -> String) -> String {
    if number.is_nan() {
        "not measured".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 {
            "unbounded"
        } else {
            "unbounded below"
        }
        .to_owned()
    } else {
        write(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_carry_three_digits_and_a_power_of_a_thousand() {
        for (number, expected) in [
            (354e6, "354 M USD"),
            (353_761_244.3, "354 M USD"),
            (10_348_095.31, "10.3 M USD"),
            (1.1e6, "1.1 M USD"),
            (10e6, "10 M USD"),
            (999_600.0, "1 M USD"),
            (999_400.0, "999 k USD"),
            (60e3, "60 k USD"),
            (840.0, "840 USD"),
            (0.42, "0.42 USD"),
            (0.0, "0 USD"),
            (-0.0, "0 USD"),
            (-12.5e6, "−12.5 M USD"),
            (1.234e12, "1.23 T USD"),
            (1.234e20, "1.23e20 USD"),
            (f64::NAN, "not measured"),
            (f64::INFINITY, "unbounded"),
            (f64::NEG_INFINITY, "unbounded below"),
        ] {
            assert_eq!(usd(number), expected, "{number}");
        }
    }

    #[test]
    fn probabilities_keep_the_zero_that_says_how_well_they_are_known() {
        for (number, expected) in [
            (0.001, "0.10 %"),
            (0.0007, "0.070 %"),
            (0.0, "0 %"),
            (1.0, "100 %"),
            (0.12, "12 %"),
            (0.123, "12 %"),
            (0.9995, "99.95 %"),
            (0.05, "5.0 %"),
            (3.7e-6, "0.00037 %"),
            (1e-12, "< 0.000001 %"),
        ] {
            assert_eq!(probability(number), expected, "{number}");
        }
    }

    #[test]
    fn shares_trim_zeros_and_never_round_up_to_all() {
        for (number, expected) in [
            (0.12, "12 %"),
            (0.334, "33.4 %"),
            (1.0 / 3.0, "33.3 %"),
            (0.99, "99 %"),
            (0.9996, "99.96 %"),
            (1.0, "100 %"),
            (1.5, "150 %"),
            (0.001, "0.1 %"),
            (-0.4, "−40 %"),
        ] {
            assert_eq!(share(number), expected, "{number}");
        }
    }

    #[test]
    fn times_choose_the_unit_that_reads() {
        for (number, expected) in [
            (1.0, "1 day"),
            (3.0, "3 days"),
            (0.25, "6 hours"),
            (1.0 / 24.0, "1 hour"),
            (0.01, "14.4 minutes"),
            (0.0, "0 days"),
            (365.0, "365 days"),
            (912.5, "2.5 years"),
        ] {
            assert_eq!(days(number), expected, "{number}");
        }
    }

    #[test]
    fn numbers_part_their_thousands() {
        assert_eq!(count(10_000.0), "10,000");
        assert_eq!(count(999.0), "999");
        assert_eq!(whole(1_234_567), "1,234,567");
        assert_eq!(plain(12_345.0), "12,300");
        assert_eq!(plain(1.848_402_502), "1.85");
        assert_eq!(plain(0.000_123_4), "0.000123");
        assert_eq!(plain(1e-300), "1.00e-300");
    }

    #[test]
    fn two_ends_share_their_unit_where_they_can() {
        assert_eq!(between(12.3e6, 14.5e6, Unit::Usd), "12.3 to 14.5 M USD");
        assert_eq!(between(900e3, 2e6, Unit::Usd), "900 k USD to 2 M USD");
        assert_eq!(between(2e6, 2.000_1e6, Unit::Usd), "2 M USD");
        assert_eq!(between(0.001, 0.0304, Unit::Probability), "0.10 to 3.0 %");
    }

    #[test]
    fn an_interval_shares_the_unit_of_its_value() {
        let stake = Quantity::estimate(354e6, Unit::Usd, 341e6, 372e6, 0.95);
        assert_eq!(quantity(&stake), "354 M USD (95 % interval 341–372)");
        let budget = Quantity::estimate(10.3e6, Unit::UsdPerYear, 9.6e6, 11.5e6, 0.95);
        assert_eq!(quantity(&budget), "10.3 M USD/yr (95 % interval 9.6–11.5)");
        let wide = Quantity::estimate(1.2e6, Unit::Usd, 900e3, 2e6, 0.9);
        assert_eq!(
            quantity(&wide),
            "1.2 M USD (90 % interval 900 k USD – 2 M USD)"
        );
        let risk = Quantity::estimate(0.0, Unit::Probability, 0.0, 0.000_369, 0.95);
        assert_eq!(quantity(&risk), "0 % (95 % interval 0–0.037)");
        let operators = Quantity::exact(31.0, Unit::Count).bounded(Bound::AtLeast);
        assert_eq!(quantity(&operators), "at least 31");
    }
}
