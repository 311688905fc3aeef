//! Addresses, selectors and the digits of bytes.

pub use crate::snapshot::{Address, AddressError, keccak256};

/// Stands for native ETH restaked through pods; no contract lives there.
pub const BEACON_ETH: Address = Address::BEACON_ETH;
/// Where slashed stake of a set without redistribution goes.
pub const BURN: Address = Address(crate::protocol::DEFAULT_BURN_ADDRESS);

/// Forty hexadecimal digits known when the program is built; capitals are not checked.
///
/// # Panics
/// When the text is not forty hexadecimal digits (at build time in a `const`).
#[must_use]
pub const fn literal(digits: &str) -> Address {
    let text = digits.as_bytes();
    assert!(text.len() == 40, "an address literal has 40 digits");
    let mut bytes = [0; 20];
    let mut index = 0;
    while index < 20 {
        bytes[index] = nibble(text[2 * index]) << 4 | nibble(text[2 * index + 1]);
        index += 1;
    }
    Address(bytes)
}

/// Lower case with `0x`, as JSON-RPC writes it.
#[must_use]
pub fn lower(address: Address) -> String {
    format!("0x{}", hex(&address.0))
}

const fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => panic!("an address literal has hexadecimal digits only"),
    }
}

/// The first four bytes of the hash of a signature: a function's or an error's selector.
#[must_use]
pub fn selector(signature: &str) -> [u8; 4] {
    let hash = keccak256(signature.as_bytes());
    [hash[0], hash[1], hash[2], hash[3]]
}

/// Lower-case hexadecimal digits without a prefix.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)] as char);
        text.push(DIGITS[usize::from(byte & 15)] as char);
    }
    text
}

/// Bytes of a hexadecimal text with or without `0x`; `None` when it is not one.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
    if !digits.len().is_multiple_of(2) || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    Some(
        digits
            .chunks_exact(2)
            .map(|pair| nibble(pair[0]) << 4 | nibble(pair[1]))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_the_contracts_own() {
        assert_eq!(
            hex(&selector(
                "createOperatorSets(address,(uint32,address[],address)[])"
            )),
            "3dff8e7d"
        );
        assert_eq!(hex(&selector("Error(string)")), "08c379a0");
    }

    #[test]
    fn bytes_and_digits_are_one() {
        assert_eq!(unhex("0x00ffA5"), Some(vec![0, 255, 165]));
        assert_eq!(unhex("00ffa5"), Some(vec![0, 255, 165]));
        assert_eq!((unhex("0x0"), unhex("0xzz")), (None, None));
        assert_eq!(lower(BURN), "0x00000000000000000000000000000000000e16e4");
        assert_eq!(literal("00000000000000000000000000000000000E16E4"), BURN);
    }
}
