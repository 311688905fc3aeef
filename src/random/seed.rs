//! The number that a whole run follows from.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The seed of a run. The default is fixed, so that two runs of one command agree.
///
/// It prints and parses as sixteen hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seed(pub u64);

impl Default for Seed {
    fn default() -> Self {
        Seed(0x5ca1_ab1e_0000_0001)
    }
}

impl Seed {
    /// The seed of the `block`-th independent repetition: a certification must not reuse
    /// the numbers that chose the design.
    #[must_use]
    pub fn fresh(self, block: u64) -> Seed {
        Seed(super::mix(
            self.0 ^ super::mix(block.wrapping_add(0x6a09_e667_f3bc_c909)),
        ))
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A text that is no seed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a seed: write up to 16 hexadecimal digits, with or without 0x")]
pub struct ParseSeedError(String);

impl FromStr for Seed {
    type Err = ParseSeedError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
        match u64::from_str_radix(digits, 16) {
            Ok(seed) if plain => Ok(Seed(seed)),
            _ => Err(ParseSeedError(text.to_owned())),
        }
    }
}

impl Serialize for Seed {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_survives_its_own_text() {
        for seed in [Seed(0), Seed(u64::MAX), Seed::default(), Seed(0xabc)] {
            assert_eq!(seed.to_string().parse(), Ok(seed));
            let json = serde_json::to_string(&seed).expect("a seed is a string");
            assert_eq!(serde_json::from_str::<Seed>(&json).ok(), Some(seed));
        }
        assert_eq!("0xff".parse(), Ok(Seed(255)));
    }

    #[test]
    fn what_is_no_seed_says_what_would_be() {
        for text in ["", "0x", "+1", "12345678901234567", "seed", "-1"] {
            let error = text.parse::<Seed>().expect_err(text).to_string();
            assert!(error.contains("16 hexadecimal digits"), "{error}");
        }
    }

    #[test]
    fn fresh_blocks_differ() {
        let seeds: std::collections::HashSet<_> =
            (0..1000).map(|k| Seed::default().fresh(k)).collect();
        assert_eq!(seeds.len(), 1000);
        assert!(!seeds.contains(&Seed::default()));
    }
}
