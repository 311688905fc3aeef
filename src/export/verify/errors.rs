//! Revert data as the name of the contract's error.

use crate::export::address::{hex, selector, unhex};
use crate::export::lint::CHECKS;

/// Errors of the contracts that no check here enforces but that a call can meet.
const OTHERS: [&str; 28] = [
    "AppointeeNotSet",
    "AdminAlreadyPending",
    "AdminAlreadySet",
    "AdminNotPending",
    "AdminNotSet",
    "InvalidSelector",
    "SameMagnitude",
    "NotRegisteredToSet",
    "InvalidOperatorSetOwner",
    "InvalidTaskStatus",
    "GenerationReservationDoesNotExist",
    "InvalidOperatorTableCalculator",
    "OperatorSetAlreadyConfigured",
    "OperatorNotRegistered",
    "ReentrancyGuardReentrantCall",
    "InvalidNewPausedStatus",
    "InputArrayLengthZero",
    "InvalidShortString",
    "OnlyPauser",
    "LookAheadPeriodTooLong",
    "ConfigurationAlreadySet",
    "QuorumAlreadyExists",
    "CannotChurnSelf",
    "OperatorNotRegisteredForQuorum",
    "CannotReregisterYet",
    "InvalidFeeReceiver",
    "StrategyNotSupportedByOperatorSet",
    "OperatorNotInAllowlist",
];

/// What a revert says: the error's name, `Panic(0x11)`, `Error("…")`, `(empty)` or the bare selector.
#[must_use]
pub fn name(data: &[u8]) -> String {
    let Some((four, rest)) = data.split_first_chunk::<4>() else {
        return "(empty)".into();
    };
    if *four == selector("Panic(uint256)") {
        return format!("Panic(0x{:02x})", rest.last().copied().unwrap_or_default());
    }
    if *four == selector("Error(string)") {
        return format!("Error({:?})", text(rest).unwrap_or_default());
    }
    let known = CHECKS
        .iter()
        .flat_map(|check| check.reverts.iter().copied())
        .chain(OTHERS);
    let mut plain = known.filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    plain
        .find(|name| selector(&format!("{name}()")) == *four)
        .map_or_else(|| format!("error 0x{}", hex(four)), str::to_owned)
}

/// The text behind `Error(string)`: offset, length, bytes.
fn text(words: &[u8]) -> Option<String> {
    let length = words.get(32..64)?;
    let length = usize::from(u16::from_be_bytes([length[30], length[31]]));
    let bytes = words.get(64..64 + length)?;
    Some(String::from_utf8_lossy(bytes).into_owned())
}

/// The same, of `0x…` text.
#[must_use]
pub fn name_of_hex(data: &str) -> String {
    unhex(data).map_or_else(|| "(unreadable)".into(), |bytes| name(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_named() {
        assert_eq!(name_of_hex("0x"), "(empty)");
        assert_eq!(
            name(&selector("InvalidOperatorSet()")),
            "InvalidOperatorSet"
        );
        assert_eq!(
            name(&selector("NonexistentAVSMetadata()")),
            "NonexistentAVSMetadata"
        );
        assert_eq!(name(&[1, 2, 3, 4]), "error 0x01020304");
        let mut panic = selector("Panic(uint256)").to_vec();
        panic.extend([0; 31]);
        panic.push(0x11);
        assert_eq!(name(&panic), "Panic(0x11)");
        let error = "0x08c379a0\
            0000000000000000000000000000000000000000000000000000000000000020\
            0000000000000000000000000000000000000000000000000000000000000009\
            616c6c6f77616e63650000000000000000000000000000000000000000000000";
        assert_eq!(name_of_hex(error), "Error(\"allowance\")");
    }
}
