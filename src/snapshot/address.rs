//! Twenty bytes that name an account, written with the checksum of EIP-55.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha3::{Digest, Keccak256};
use std::fmt;
use std::str::FromStr;

/// An Ethereum address. Shown and stored with its EIP-55 checksum.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Address(pub [u8; 20]);

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not `0x` and 40 hexadecimal digits.
    #[error("`{0}` is not an address: write 0x and 40 hexadecimal digits")]
    Shape(String),
    /// Mixed case that does not match the checksum.
    #[error("`{given}` has a wrong checksum: the address would be written {right}")]
    Checksum {
        /// The text as given.
        given: String,
        /// The same address with its right checksum.
        right: String,
    },
}

impl Address {
    /// The address of no account.
    pub const ZERO: Self = Self([0; 20]);
    /// The pseudo-strategy that stands for ETH on the beacon chain; it is not a contract.
    pub const BEACON_ETH: Self = Self([
        0xbe, 0xac, 0x0e, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee,
        0xee, 0xee, 0xeb, 0xea, 0xc0,
    ]);

    /// True for the address of no account.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }
}

/// Keccak-256 of some bytes, as Ethereum uses it.
#[must_use]
pub fn keccak256(bytes: &[u8]) -> [u8; 32] {
    Keccak256::digest(bytes).into()
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

impl fmt::Display for Address {
    /// EIP-55: a letter is upper case where the digit of the hash of the lower-case text is 8 or more.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0u8; 42];
        text[..2].copy_from_slice(b"0x");
        for (i, byte) in self.0.iter().enumerate() {
            text[2 + 2 * i] = DIGITS[usize::from(byte >> 4)];
            text[3 + 2 * i] = DIGITS[usize::from(byte & 15)];
        }
        let hash = keccak256(&text[2..]);
        for i in 0..40 {
            let nibble = if i % 2 == 0 {
                hash[i / 2] >> 4
            } else {
                hash[i / 2] & 15
            };
            if nibble >= 8 {
                text[2 + i].make_ascii_uppercase();
            }
        }
        f.pad(std::str::from_utf8(&text).expect("hexadecimal digits are ASCII"))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    /// Accepts one case throughout, or mixed case with the right checksum.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let shape = || AddressError::Shape(text.to_owned());
        let digits = text
            .strip_prefix("0x")
            .or_else(|| text.strip_prefix("0X"))
            .ok_or_else(shape)?;
        if digits.len() != 40 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(shape());
        }
        let value = |b: u8| match b {
            b'0'..=b'9' => b - b'0',
            b'a'..=b'f' => b - b'a' + 10,
            _ => b - b'A' + 10,
        };
        let mut bytes = [0u8; 20];
        for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
            *byte = value(pair[0]) << 4 | value(pair[1]);
        }
        let address = Self(bytes);
        let mixed = digits.bytes().any(|b| b.is_ascii_uppercase())
            && digits.bytes().any(|b| b.is_ascii_lowercase());
        if mixed {
            let right = address.to_string();
            if right[2..] != *digits {
                return Err(AddressError::Checksum {
                    given: text.to_owned(),
                    right,
                });
            }
        }
        Ok(address)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl schemars::JsonSchema for Address {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Address".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^0x[0-9a-fA-F]{40}$",
            "description": "An account or contract; mixed case must match EIP-55."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The examples of EIP-55 itself.
    #[test]
    fn the_examples_of_the_standard() {
        for text in [
            "0x52908400098527886E0F7030069857D2E4169EE7",
            "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
            "0xde709f2102306220921060314715629080e2fb77",
            "0x27b1fdb04752bbc536007a920d24acb045561c26",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
            "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        assert_eq!(
            Address::BEACON_ETH.to_string(),
            "0xbeaC0eeEeeeeEEeEeEEEEeeEEeEeeeEeeEEBEaC0"
        );
    }

    #[test]
    fn a_wrong_checksum_shows_the_right_one() {
        let error = "0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
            .parse::<Address>()
            .unwrap_err();
        assert!(
            error
                .to_string()
                .contains("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
            "{error}"
        );
    }

    #[test]
    fn shapes_that_are_refused() {
        for text in [
            "",
            "0x",
            "52908400098527886E0F7030069857D2E4169EE7",
            "0x5290",
            "0xzz908400098527886E0F7030069857D2E4169EE7",
        ] {
            assert!(
                matches!(text.parse::<Address>(), Err(AddressError::Shape(_))),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn text_and_back(bytes in any::<[u8; 20]>()) {
            let address = Address(bytes);
            let text = address.to_string();
            prop_assert_eq!(text.parse::<Address>(), Ok(address));
            prop_assert_eq!(text.to_lowercase().parse::<Address>(), Ok(address));
            let json = serde_json::to_string(&address).unwrap();
            prop_assert_eq!(serde_json::from_str::<Address>(&json).unwrap(), address);
        }
    }
}
