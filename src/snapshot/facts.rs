//! Dated numbers with their source: one flat table, found by key.

use serde::{Deserialize, Serialize};

/// How good a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Grade {
    /// Read from the contracts at the block of the snapshot.
    Chain,
    /// A primary source, or two independent sources that agree.
    A,
    /// One real data set.
    B,
    /// Point figures from secondary pages.
    C,
}

/// One number that somebody measured or decided, with its source and date.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// Dotted key: `protocol.deallocation_delay`, `market.eth.2017.annual_volatility`.
    pub key: String,
    /// The number.
    pub value: f64,
    /// All digits, where `value` cannot hold them.
    pub exact: Option<String>,
    /// Its unit: `blocks`, `1/year`, `USD`, `1`.
    pub unit: String,
    /// Who says so, with the commit or page.
    pub source: String,
    /// When it held: a day, or a period as `2017-11-09..2025-11-20`.
    pub date: String,
    /// How good it is.
    pub grade: Grade,
    /// What a reader must know to use it; empty where nothing.
    pub note: String,
}

/// The facts of a snapshot, sorted by key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Facts(pub Vec<Fact>);

impl Facts {
    /// The fact of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Fact> {
        match self.0.binary_search_by(|fact| fact.key.as_str().cmp(key)) {
            Ok(i) => Some(&self.0[i]),
            Err(_) => None,
        }
    }

    /// The number of a key.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<f64> {
        self.get(key).map(|fact| fact.value)
    }

    /// All facts whose key starts with `prefix`, in order.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a Fact> {
        let start = self.0.partition_point(|fact| fact.key.as_str() < prefix);
        self.0[start..]
            .iter()
            .take_while(move |fact| fact.key.starts_with(prefix))
    }

    /// Sorts by key; call after adding facts.
    pub fn sort(&mut self) {
        self.0.sort_by(|a, b| a.key.cmp(&b.key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(key: &str, value: f64) -> Fact {
        Fact {
            key: key.into(),
            value,
            exact: None,
            unit: "1".into(),
            source: "a test".into(),
            date: "2024-12-03".into(),
            grade: Grade::A,
            note: String::new(),
        }
    }

    #[test]
    fn keys_and_prefixes() {
        let mut facts = Facts(vec![
            fact("b.x", 3.0),
            fact("a.y", 2.0),
            fact("a.x", 1.0),
            fact("ab", 4.0),
        ]);
        facts.sort();
        assert_eq!(facts.value("a.y"), Some(2.0));
        assert_eq!(facts.value("a.z"), None);
        assert_eq!(
            facts.with_prefix("a.").map(|f| f.value).collect::<Vec<_>>(),
            [1.0, 2.0]
        );
        assert_eq!(facts.with_prefix("c").count(), 0);
    }
}
