//! Text to a quantity.

use super::{Currency, Dimension, Quantity, closest};
use std::ops::Range;

/// Why a text is not the quantity that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which rule it breaks.
    pub kind: FaultKind,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: String,
    /// Where, in bytes of the text.
    pub at: Range<usize>,
}

/// Which rule a text breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// It does not begin with a number.
    Number,
    /// The number has no unit.
    MissingUnit,
    /// The unit is none that is known.
    UnknownUnit,
    /// The unit measures something else.
    Dimension,
    /// The number is too large for a float, or a division by zero.
    NotFinite,
}

/// Reads a quantity of the given dimension.
///
/// # Errors
/// A [`Fault`] that says what is wrong, where in the text, and what would be right.
pub fn parse(text: &str, dimension: Dimension) -> Result<Quantity, Fault> {
    let mut reader = Reader {
        text,
        at: 0,
        dimension,
    };
    reader.skip_spaces();
    let number = reader.number()?;
    reader.skip_spaces();
    if dimension == Dimension::Share && reader.rest().starts_with('/') {
        return reader.fraction(&number);
    }
    let (unit, unit_at) = reader.unit()?;
    let per = reader.per()?;
    reader.assemble(&number, unit, unit_at, per)
}

/// A number as written: its digits, cleaned of separators, and where it stands.
struct Number {
    digits: String,
    at: Range<usize>,
    dollar: bool,
}

impl Number {
    /// The float nearest to `digits · 10^shift`.
    fn times_ten_to(&self, shift: i32) -> f64 {
        let (mantissa, exponent) = match self.digits.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => {
                (mantissa, exponent.parse::<i32>().unwrap_or(i32::MAX / 2))
            }
            None => (self.digits.as_str(), 0),
        };
        format!("{mantissa}e{}", exponent.saturating_add(shift))
            .parse()
            .unwrap_or(f64::NAN)
    }
}

/// What stands after the number and before a `/`.
#[derive(Debug, Clone, PartialEq)]
enum Unit {
    /// Nothing.
    None,
    /// A share, as a power of ten.
    Share(i32),
    /// A span of time.
    Time(Time),
    /// US dollars, as a power of ten.
    Usd(i32),
    /// Tokens, as a power of ten (a prefix set apart: `2.4 M ETH`).
    Token(String, i32),
}

/// A span of time that has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Time {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
    Block,
}

const TIME_NAMES: &[(&str, Time)] = &[
    ("s", Time::Second),
    ("sec", Time::Second),
    ("second", Time::Second),
    ("seconds", Time::Second),
    ("min", Time::Minute),
    ("minute", Time::Minute),
    ("minutes", Time::Minute),
    ("h", Time::Hour),
    ("hour", Time::Hour),
    ("hours", Time::Hour),
    ("d", Time::Day),
    ("day", Time::Day),
    ("days", Time::Day),
    ("week", Time::Week),
    ("weeks", Time::Week),
    ("month", Time::Month),
    ("months", Time::Month),
    ("yr", Time::Year),
    ("y", Time::Year),
    ("year", Time::Year),
    ("years", Time::Year),
    ("block", Time::Block),
    ("blocks", Time::Block),
];

const SHARE_NAMES: &[(&str, i32)] = &[
    ("%", -2),
    ("percent", -2),
    ("bips", -4),
    ("bip", -4),
    ("bps", -4),
    ("bp", -4),
];

impl Time {
    fn find(word: &str) -> Option<Self> {
        TIME_NAMES
            .iter()
            .find(|(name, _)| *name == word)
            .map(|&(_, time)| time)
    }
    /// `count` of these, in days; a month is a twelfth of 365 days, a block 12 seconds.
    fn in_days(self, count: f64) -> f64 {
        match self {
            Self::Second => count / 86_400.0,
            Self::Minute => count / 1_440.0,
            Self::Hour => count / 24.0,
            Self::Day => count,
            Self::Week => count * 7.0,
            Self::Month => count * 365.0 / 12.0,
            Self::Year => count * 365.0,
            Self::Block => count / 7_200.0,
        }
    }
    /// How many of these are in a year of 365 days.
    fn in_a_year(self) -> f64 {
        match self {
            Self::Second => 31_536_000.0,
            Self::Minute => 525_600.0,
            Self::Hour => 8_760.0,
            Self::Day => 365.0,
            Self::Week => 365.0 / 7.0,
            Self::Month => 12.0,
            Self::Year => 1.0,
            Self::Block => 2_628_000.0,
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    dimension: Dimension,
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}')
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_spaces(&mut self) {
        self.at = self.text.len() - self.rest().trim_start_matches(is_space).len();
    }

    /// End of the text without trailing spaces.
    fn end(&self) -> usize {
        self.text.trim_end_matches(is_space).len().max(self.at)
    }

    fn fault(&self, kind: FaultKind, at: Range<usize>, message: impl Into<String>) -> Fault {
        Fault {
            kind,
            message: message.into(),
            help: format!("write {}", self.dimension.forms()),
            at,
        }
    }

    /// Sign, `$`, digits with separators between them, fraction, exponent.
    fn number(&mut self) -> Result<Number, Fault> {
        let start = self.at;
        let mut digits = String::new();
        if let Some(sign) = self
            .rest()
            .chars()
            .next()
            .filter(|c| matches!(c, '-' | '+' | '−'))
        {
            digits.push_str(if sign == '+' { "" } else { "-" });
            self.at += sign.len_utf8();
        }
        let dollar = self.rest().starts_with('$');
        self.at += usize::from(dollar);
        let whole = self.digits(&mut digits);
        let mut fraction = false;
        if self.rest().starts_with('.') {
            self.at += 1;
            digits.push('.');
            fraction = self.digits(&mut digits);
        }
        if !whole && !fraction {
            let at = start..self.end();
            return Err(if self.text.trim().is_empty() {
                self.fault(
                    FaultKind::Number,
                    0..self.text.len(),
                    "a quantity is missing",
                )
            } else {
                self.fault(
                    FaultKind::Number,
                    at,
                    format!("`{}` does not begin with a number", self.text.trim()),
                )
            });
        }
        if self.rest().starts_with(',') {
            let mut fault = self.fault(
                FaultKind::Number,
                self.at..self.at + 1,
                "a comma in a number is ambiguous",
            );
            fault.help = "write 2.4 for two and four tenths, 2_400 or 2 400 for thousands".into();
            return Err(fault);
        }
        let after = self.rest().strip_prefix(['e', 'E']).unwrap_or("");
        let sign = usize::from(after.starts_with(['-', '+']));
        let count = after[sign..].bytes().take_while(u8::is_ascii_digit).count();
        if count > 0 {
            digits.push('e');
            digits.push_str(&after[..sign + count]);
            self.at += 1 + sign + count;
        }
        Ok(Number {
            digits,
            at: start..self.at,
            dollar,
        })
    }

    /// Digits, where single separators may stand between two of them.
    fn digits(&mut self, out: &mut String) -> bool {
        let mut any = false;
        loop {
            let mut chars = self.rest().chars();
            match chars.next() {
                Some(c) if c.is_ascii_digit() => {
                    out.push(c);
                    self.at += 1;
                    any = true;
                }
                Some(c)
                    if any
                        && (is_space(c) || c == '_' || c == '\'')
                        && chars.next().is_some_and(|next| next.is_ascii_digit()) =>
                {
                    self.at += c.len_utf8();
                }
                _ => return any,
            }
        }
    }

    /// `1/3`, after the 1.
    fn fraction(&mut self, over: &Number) -> Result<Quantity, Fault> {
        self.at += 1;
        self.skip_spaces();
        let under = self.number()?;
        self.skip_spaces();
        if !self.rest().is_empty() {
            let message = format!("`{}` stands after a fraction", self.rest().trim());
            return Err(self.fault(FaultKind::UnknownUnit, self.at..self.end(), message));
        }
        let value = over.times_ten_to(0) / under.times_ten_to(0);
        if value.is_finite() {
            Ok(Quantity {
                value,
                currency: None,
            })
        } else {
            Err(self.fault(
                FaultKind::NotFinite,
                under.at,
                "a share needs a number other than 0 under the line",
            ))
        }
    }

    /// The unit up to a `/`, ` per ` or the end.
    fn unit(&mut self) -> Result<(Unit, Range<usize>), Fault> {
        let start = self.at;
        let rest = self.rest();
        let length = [rest.find('/'), rest.find(" per ")]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(rest.len());
        self.at += length;
        let written = rest[..length].trim_end_matches(is_space);
        let at = start..start + written.len();
        Ok((self.find_unit(written, at.clone())?, at))
    }

    fn find_unit(&self, written: &str, at: Range<usize>) -> Result<Unit, Fault> {
        if written.is_empty() {
            return Ok(Unit::None);
        }
        if let Some(&(_, power)) = SHARE_NAMES.iter().find(|(name, _)| *name == written) {
            return Ok(Unit::Share(power));
        }
        if let Some(time) = Time::find(written) {
            return Ok(Unit::Time(time));
        }
        let (word, power) = split_prefix(written);
        if word.is_empty() || word.eq_ignore_ascii_case("usd") || word == "$" {
            return Ok(Unit::Usd(power));
        }
        let symbol = word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
        let measures_money = matches!(self.dimension, Dimension::Money | Dimension::MoneyRate);
        if symbol && measures_money {
            return Ok(Unit::Token(word.to_owned(), power));
        }
        let mut fault = self.fault(
            FaultKind::UnknownUnit,
            at,
            format!("`{written}` is not a unit of {}", plain(self.dimension)),
        );
        let names = TIME_NAMES
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| name.len() > 2);
        let candidates: Vec<&str> = match self.dimension {
            Dimension::Span => names.collect(),
            _ => SHARE_NAMES.iter().map(|(name, _)| *name).collect(),
        };
        if let Some(near) = closest(written, candidates) {
            fault.help = format!("did you mean `{near}`? {}", fault.help);
        }
        Err(fault)
    }

    /// `/year`, ` per week`, or nothing.
    fn per(&mut self) -> Result<Option<(Time, Range<usize>)>, Fault> {
        let rest = self.rest();
        let skip = if rest.starts_with('/') {
            1
        } else if rest.starts_with(" per ") {
            5
        } else {
            return Ok(None);
        };
        let start = self.at;
        self.at += skip;
        self.skip_spaces();
        let word = self.rest().trim_end_matches(is_space);
        let at = self.at..self.at + word.len();
        match Time::find(word) {
            Some(time) => Ok(Some((time, start..at.end))),
            None => {
                let message = if word.is_empty() {
                    "a span of time is missing after the line".to_owned()
                } else {
                    format!("`{word}` is not a span of time")
                };
                let mut fault = self.fault(FaultKind::UnknownUnit, at, message);
                if let Some(near) = closest(
                    word,
                    TIME_NAMES.iter().map(|(n, _)| *n).filter(|n| n.len() > 2),
                ) {
                    fault.help = format!("did you mean `/{near}`? {}", fault.help);
                }
                Err(fault)
            }
        }
    }

    fn assemble(
        &self,
        number: &Number,
        unit: Unit,
        unit_at: Range<usize>,
        per: Option<(Time, Range<usize>)>,
    ) -> Result<Quantity, Fault> {
        let unit = match unit {
            Unit::None if number.dollar => Unit::Usd(0),
            Unit::Token(word, power) if number.dollar => {
                let message = format!("`$` and `{word}` are two currencies");
                let _ = power;
                return Err(self.fault(FaultKind::UnknownUnit, unit_at, message));
            }
            other => other,
        };
        let yearly = per.as_ref().map(|(time, _)| time.in_a_year());
        let all = number.at.start..self.end();
        let (value, currency) = match (self.dimension, unit, yearly) {
            (Dimension::Money, Unit::Usd(power), None) => (number.times_ten_to(power), None),
            (Dimension::MoneyRate, Unit::Usd(power), Some(year)) => {
                (number.times_ten_to(power) * year, None)
            }
            (Dimension::Money, Unit::Token(symbol, power), None) => (
                number.times_ten_to(power),
                Some(Currency {
                    symbol,
                    at: unit_at,
                }),
            ),
            (Dimension::MoneyRate, Unit::Token(symbol, power), Some(year)) => (
                number.times_ten_to(power) * year,
                Some(Currency {
                    symbol,
                    at: unit_at,
                }),
            ),
            (Dimension::Share, Unit::Share(power), None) => (number.times_ten_to(power), None),
            (Dimension::Span, Unit::Time(time), None) => {
                (time.in_days(number.times_ten_to(0)), None)
            }
            (Dimension::Rate, Unit::None, Some(year)) => (number.times_ten_to(0) * year, None),
            (Dimension::Rate, Unit::Share(power), Some(year)) => {
                (number.times_ten_to(power) * year, None)
            }
            (Dimension::Volatility, Unit::Share(power), Some(year)) => {
                (number.times_ten_to(power) * year.sqrt(), None)
            }
            (_, Unit::None, None) => {
                let at = number.at.clone();
                return Err(self.fault(FaultKind::MissingUnit, at, "a quantity needs a unit"));
            }
            (_, unit, yearly) => return Err(self.mismatch(&unit, yearly.is_some(), all)),
        };
        if value.is_finite() {
            Ok(Quantity { value, currency })
        } else {
            Err(self.fault(FaultKind::NotFinite, all, "the number is too large"))
        }
    }

    /// The unit is known and measures something else.
    fn mismatch(&self, unit: &Unit, over_time: bool, at: Range<usize>) -> Fault {
        let is = match (unit, over_time) {
            (Unit::Usd(_) | Unit::Token(..), false) => "an amount of money",
            (Unit::Usd(_) | Unit::Token(..), true) => "an amount of money over time",
            (Unit::Share(_), false) => "a share",
            (Unit::Share(_), true) => "a rate over time",
            (Unit::None, _) => "a number of events over time",
            (Unit::Time(_), false) => "a span of time",
            (Unit::Time(_), true) => "a time over a time",
        };
        let wanted = self.dimension.name();
        let message = match (self.dimension, unit, over_time) {
            (
                Dimension::MoneyRate | Dimension::Rate | Dimension::Volatility,
                Unit::Usd(_) | Unit::Token(..) | Unit::Share(_),
                false,
            ) => {
                format!("{wanted} says over which time")
            }
            _ => format!("this is {is}, and {wanted} is asked for"),
        };
        self.fault(FaultKind::Dimension, at, message)
    }
}

fn plain(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Money | Dimension::MoneyRate => "money",
        Dimension::Share => "a share",
        Dimension::Span => "time",
        Dimension::Rate => "a rate",
        Dimension::Volatility => "a volatility",
    }
}

/// `MUSD` is `USD` and a million, `bn USD` is `USD` and a milliard, `kUSD` a thousand. A prefix
/// that is glued to another symbol stays with it, since the symbol may begin with that letter.
fn split_prefix(written: &str) -> (&str, i32) {
    const PREFIXES: [(&str, i32); 8] = [
        ("billion", 9),
        ("million", 6),
        ("thousand", 3),
        ("bn", 9),
        ("B", 9),
        ("M", 6),
        ("m", 6),
        ("k", 3),
    ];
    let first = written.split(is_space).next().unwrap_or("");
    for (prefix, power) in PREFIXES {
        if first == prefix && prefix != "m" {
            return (written[first.len()..].trim_start_matches(is_space), power);
        }
        let glued = written
            .strip_prefix(prefix)
            .filter(|_| prefix != "m" && prefix != "B");
        if let Some(rest) = glued.filter(|rest| rest.eq_ignore_ascii_case("usd")) {
            return (rest, power);
        }
    }
    (written, 0)
}

#[cfg(test)]
mod tests;
