//! Integers that travel as decimal strings, since JSON readers lose digits beyond 2^53.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// An integer written as a decimal string; a plain number or `0x…` is read too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Dec<T>(pub T);

impl<T: fmt::Display> fmt::Display for Dec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: fmt::Display> Serialize for Dec<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<T: TryFrom<u128>> FromStr for Dec<T> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wide = match text.strip_prefix("0x") {
            Some(digits) => u128::from_str_radix(digits, 16),
            None => text.parse(),
        };
        let wide =
            wide.map_err(|_| format!("`{text}` is not an unsigned integer of at most 128 bits"))?;
        T::try_from(wide)
            .map(Self)
            .map_err(|_| format!("`{text}` does not fit {} bits", 8 * size_of::<T>()))
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(serde_json::Number),
    Text(String),
}

impl<'de, T: TryFrom<u128>> Deserialize<'de> for Dec<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match Written::deserialize(deserializer)? {
            Written::Number(number) => number.to_string(),
            Written::Text(text) => text,
        };
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl<T> JsonSchema for Dec<T> {
    fn schema_name() -> Cow<'static, str> {
        "Integer".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9]{1,39}$",
            "description": "An unsigned integer in decimal digits."
        })
    }
}

/// [`crate::units::Multiplier`] as a decimal string.
pub mod multiplier {
    use super::Dec;
    use crate::units::Multiplier;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Writes the digits.
    ///
    /// # Errors
    /// Those of the serialiser.
    pub fn serialize<S: Serializer>(value: &Multiplier, serializer: S) -> Result<S::Ok, S::Error> {
        Dec(value.0).serialize(serializer)
    }

    /// Reads digits, a number or `0x…`.
    ///
    /// # Errors
    /// When it is not an unsigned integer of 128 bits.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Multiplier, D::Error> {
        Dec::deserialize(deserializer).map(|Dec(value)| Multiplier(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_survive_json() {
        let big = Dec(u128::MAX);
        let text = serde_json::to_string(&big).expect("serialises");
        assert_eq!(text, "\"340282366920938463463374607431768211455\"");
        assert_eq!(
            serde_json::from_str::<Dec<u128>>(&text).expect("reads"),
            big
        );
        assert_eq!(
            serde_json::from_str::<Dec<u32>>("7").expect("reads"),
            Dec(7)
        );
        assert_eq!(
            serde_json::from_str::<Dec<u64>>("\"0x10\"").expect("reads"),
            Dec(16)
        );
        for text in ["-1", "1.5", "\"x\"", "4294967296", "\"\""] {
            assert!(serde_json::from_str::<Dec<u32>>(text).is_err(), "{text}");
        }
    }
}
