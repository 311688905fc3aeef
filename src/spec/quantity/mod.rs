//! Quantities as a model file writes them: a number, a unit, sometimes "a year".
//!
//! [`parse`] reads `"14 days"`, `"2.4 MUSD/year"`, `"10 %"`, `"320 ETH"`, `"1/3"`; [`show`] writes
//! them back, so that what is shown can be pasted into a file. Decimal prefixes and percent move
//! the decimal point in the text before it becomes a float: `"2.4 MUSD"` is 2400000 to the bit.

mod parse;
mod show;

pub use parse::{Fault, FaultKind, parse};
pub use show::show;

/// What a quantity measures. Each has one base unit, in which [`parse`] answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dimension {
    /// An amount of money; base unit one USD, or one token when a token is named.
    Money,
    /// Money over time; base unit one USD (or token) a year.
    MoneyRate,
    /// A share of a whole; base unit 1.
    Share,
    /// A span of time; base unit one day of 24 hours.
    Span,
    /// Events or growth over time; base unit one a year of 365 days.
    Rate,
    /// Volatility: grows with the square root of time; base unit one per square root of a year.
    Volatility,
}

impl Dimension {
    /// What it is, as an error says it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Money => "an amount of money",
            Self::MoneyRate => "an amount of money over time",
            Self::Share => "a share",
            Self::Span => "a span of time",
            Self::Rate => "a rate over time",
            Self::Volatility => "a volatility",
        }
    }

    /// Forms that are accepted, ready to paste.
    #[must_use]
    pub fn examples(self) -> &'static [&'static str] {
        match self {
            Self::Money => &["2.4 MUSD", "320 ETH", "1 500 000 USD"],
            Self::MoneyRate => &["2.4 MUSD/year", "700 ETH/year", "900000 EIGEN/week"],
            Self::Share => &["12 %", "1/3", "5 bips"],
            Self::Span => &["14 days", "12 h", "100800 blocks"],
            Self::Rate => &["24/year", "3 %/year", "2/week"],
            Self::Volatility => &["80 %/year", "4.2 %/day"],
        }
    }

    /// The examples as one phrase: `"12 %", "1/3" or "5 bips"`.
    #[must_use]
    pub fn forms(self) -> String {
        let quoted: Vec<String> = self.examples().iter().map(|e| format!("\"{e}\"")).collect();
        match quoted.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
            _ => quoted.concat(),
        }
    }
}

/// A quantity in the base unit of its dimension.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    /// The number, in the base unit.
    pub value: f64,
    /// The currency of money that is not in USD, as the file writes it (`ETH`, `MEIGEN`).
    pub currency: Option<Currency>,
}

/// A currency other than USD. Which symbols exist is for a snapshot to say, so the text is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Currency {
    /// The symbol as written: `ETH`, `mETH`, `MEIGEN`.
    pub symbol: String,
    /// Where it stands in the text of the quantity.
    pub at: std::ops::Range<usize>,
}

impl Currency {
    /// The symbol without a leading `k`, `M` or `bn`, and the factor it stands for: `MEIGEN` is a
    /// million EIGEN, unless some token is called `MEIGEN`.
    #[must_use]
    pub fn without_prefix(&self) -> Option<(&str, f64)> {
        [("bn", 1e9), ("k", 1e3), ("M", 1e6)]
            .into_iter()
            .find_map(|(prefix, factor)| {
                let rest = self.symbol.strip_prefix(prefix)?;
                rest.starts_with(|c: char| c.is_ascii_alphabetic())
                    .then_some((rest, factor))
            })
    }
}

/// Least number of single-letter edits (insert, delete, replace, swap neighbours) between two
/// words, in any case: the optimal string alignment distance.
#[must_use]
pub fn edit_distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().flat_map(char::to_lowercase).collect();
    let b: Vec<char> = b.chars().flat_map(char::to_lowercase).collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(rows[i - 2][j - 2] + 1);
            }
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

/// The candidate that a mistyped word most likely means, if any is near enough: a third of its
/// letters may differ, and a word that begins the other counts as near.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.chars().count() > 64 {
        return None;
    }
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let length = word.chars().count().max(candidate.chars().count());
        let mut distance = edit_distance(word, candidate);
        let (lower, other) = (word.to_lowercase(), candidate.to_lowercase());
        if word.chars().count() >= 4 && (other.starts_with(&lower) || lower.starts_with(&other)) {
            distance = distance.min(1);
        }
        if distance * 3 <= length.max(3) && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, d) in [
            ("", "", 0),
            ("abc", "", 3),
            ("treshold", "threshold", 1),
            ("detecion", "detection", 1),
            ("ab", "ba", 1),
            ("Eigen", "EIGEN", 0),
        ] {
            assert_eq!(edit_distance(a, b), d, "{a} {b}");
            assert_eq!(edit_distance(b, a), d, "{b} {a}");
        }
    }

    #[test]
    fn typos_find_their_word() {
        let keys = ["threshold", "allocate", "own_share", "count"];
        assert_eq!(closest("treshold", keys), Some("threshold"));
        assert_eq!(closest("ownshare", keys), Some("own_share"));
        assert_eq!(closest("alloc", keys), Some("allocate"));
        assert_eq!(closest("quorum", keys), None);
        assert_eq!(closest("", keys), None);
    }

    #[test]
    fn prefixes_of_tokens() {
        let currency = |symbol: &str| Currency {
            symbol: symbol.into(),
            at: 0..0,
        };
        assert_eq!(currency("MEIGEN").without_prefix(), Some(("EIGEN", 1e6)));
        assert_eq!(currency("bnETH").without_prefix(), Some(("ETH", 1e9)));
        assert_eq!(currency("ETH").without_prefix(), None);
        assert_eq!(currency("M").without_prefix(), None);
    }
}
