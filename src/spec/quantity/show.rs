//! A quantity to text that [`super::parse`] reads back to the same bits.

use super::Dimension;

/// Writes a number in the base unit of its dimension as a model file would: `2.4 MUSD/year`,
/// `12 %`, `14 days`. Reading it back gives the same bits.
#[must_use]
pub fn show(value: f64, dimension: Dimension) -> String {
    match dimension {
        Dimension::Money => money(value),
        Dimension::MoneyRate => format!("{}/year", money(value)),
        Dimension::Share => format!("{} %", shifted(value, 2)),
        Dimension::Span => format!(
            "{} day{}",
            shifted(value, 0),
            if value.to_bits() == 1f64.to_bits() {
                ""
            } else {
                "s"
            }
        ),
        Dimension::Rate | Dimension::Volatility => format!("{} %/year", shifted(value, 2)),
    }
}

/// Dollars with the prefix that leaves one to three digits before the point.
fn money(value: f64) -> String {
    let (power, unit) = match value.abs() {
        v if v >= 1e9 => (9, "bn USD"),
        v if v >= 1e6 => (6, "MUSD"),
        v if v >= 1e4 => (3, "kUSD"),
        _ => (0, "USD"),
    };
    format!("{} {unit}", shifted(value, -power))
}

/// The shortest decimal text of `value`, its point moved `shift` places to the right. Nothing is
/// rounded: the digits are those that identify the float.
fn shifted(value: f64, shift: i32) -> String {
    let text = format!("{value:e}");
    let (mantissa, exponent) = text
        .split_once('e')
        .expect("scientific format has an exponent");
    let exponent: i32 = exponent.parse().expect("the exponent is an integer");
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    if digits == "0" {
        return format!("{sign}0");
    }
    // The value is 0.DIGITS times ten to this power.
    let point = exponent + 1 + shift;
    let count = digits.len() as i32;
    if !(-5..=18).contains(&point) {
        return format!("{sign}{mantissa}e{}", exponent + shift);
    }
    let body = if point <= 0 {
        format!("0.{}{digits}", "0".repeat(point.unsigned_abs() as usize))
    } else if point >= count {
        format!("{digits}{}", "0".repeat((point - count) as usize))
    } else {
        let (whole, fraction) = digits.split_at(point as usize);
        format!("{whole}.{fraction}")
    };
    format!("{sign}{body}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for (value, dimension, expected) in [
            (2_400_000.0, Dimension::MoneyRate, "2.4 MUSD/year"),
            (0.12, Dimension::Share, "12 %"),
            (0.001, Dimension::Share, "0.1 %"),
            (1.0 / 3.0, Dimension::Share, "33.33333333333333 %"),
            (14.0, Dimension::Span, "14 days"),
            (1.0, Dimension::Span, "1 day"),
            (0.8, Dimension::Volatility, "80 %/year"),
            (-0.04, Dimension::Share, "-4 %"),
            (0.0, Dimension::Money, "0 USD"),
            (3_500_000_000.0, Dimension::Money, "3.5 bn USD"),
            (353_761_244.3, Dimension::Money, "353.7612443 MUSD"),
            (1500.0, Dimension::Money, "1500 USD"),
            (1e-20, Dimension::Share, "1e-18 %"),
        ] {
            assert_eq!(show(value, dimension), expected);
        }
    }
}
