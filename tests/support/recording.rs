//! What the real contracts answered: `tests/data/core-vectors.json.gz`.
//!
//! A scenario of 140 actions on the mainnet bytecode of EigenLayer 1.13.0, with every getter's answer
//! at 34 checkpoints. Matrices are indexed by the `order` of the file.

use flate2::read::GzDecoder;
use serde_json::Value;
use stakewright::protocol::{Event, RawAddress, SetKey};
use stakewright::units::{Blocks, Wad};
use std::io::Read;
use std::sync::LazyLock;

static RECORDING: LazyLock<Value> = LazyLock::new(|| {
    let packed = include_bytes!("../data/core-vectors.json.gz");
    let mut text = String::new();
    GzDecoder::new(&packed[..])
        .read_to_string(&mut text)
        .expect("the recording unpacks");
    serde_json::from_str(&text).expect("the recording is JSON")
});

/// The whole recording.
pub fn recording() -> &'static Value {
    &RECORDING
}

/// The checkpoints, in order.
pub fn checkpoints() -> &'static [Value] {
    list(&recording()["checkpoints"])
}

/// The block of a checkpoint.
pub fn block_of(checkpoint: &Value) -> u32 {
    number(&checkpoint["block"]) as u32
}

/// A JSON array.
pub fn list(value: &Value) -> &[Value] {
    value
        .as_array()
        .unwrap_or_else(|| panic!("{value} is no array"))
}

/// An unsigned number, written as decimal text or as a JSON number.
pub fn number(value: &Value) -> u128 {
    match value {
        Value::String(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{text} is no number")),
        Value::Number(number) => u128::from(number.as_u64().expect("an unsigned number")),
        other => panic!("{other} is no number"),
    }
}

/// A signed number written as decimal text.
pub fn signed(value: &Value) -> i128 {
    value
        .as_str()
        .expect("decimal text")
        .parse()
        .expect("a signed number")
}

/// An address.
pub fn address(value: &Value) -> RawAddress {
    let text = value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no address"));
    bytes(text)
        .try_into()
        .unwrap_or_else(|_| panic!("{text} has not 20 bytes"))
}

/// Bytes of `0x` text.
pub fn bytes(text: &str) -> Vec<u8> {
    let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
    let pair = |pair: &[u8]| {
        u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).expect("hex digits")
    };
    digits.chunks(2).map(pair).collect()
}

/// An operator set.
pub fn set_key(value: &Value) -> SetKey {
    SetKey {
        avs: address(&value["avs"]),
        id: number(&value["id"]) as u32,
    }
}

/// The addresses of `order.operators`, `order.strategies` or `order.stakers`.
pub fn order(what: &str) -> Vec<RawAddress> {
    list(&recording()["order"][what])
        .iter()
        .map(address)
        .collect()
}

/// The operator sets, in the order of the matrices.
pub fn sets() -> Vec<SetKey> {
    list(&recording()["order"]["sets"])
        .iter()
        .map(set_key)
        .collect()
}

/// A constant of the deployment.
pub fn constant(name: &str) -> u32 {
    number(&recording()["meta"]["constants"][name]) as u32
}

/// The actions of a checkpoint.
pub fn actions(checkpoint: &Value) -> &[Value] {
    list(&checkpoint["actions"])
}

/// The logs of a checkpoint, in the order of the chain.
pub fn logs(checkpoint: &Value) -> impl Iterator<Item = &Value> {
    actions(checkpoint)
        .iter()
        .flat_map(|action| action["events"].as_array().into_iter().flatten())
}

/// What a log means to the replay; nothing for the logs that it does not need.
pub fn events(log: &Value) -> Vec<Event> {
    let args = &log["args"];
    let operator = || address(&args["operator"]);
    let strategy = || address(&args["strategy"]);
    let set = || set_key(&args["operatorSet"]);
    let effect_block = || number(&args["effectBlock"]) as u32;
    let shares = || number(&args["shares"]);
    let one = match log["event"].as_str().expect("a name") {
        "OperatorSharesIncreased" => Event::OperatorSharesIncreased {
            operator: operator(),
            strategy: strategy(),
            shares: shares(),
        },
        "OperatorSharesDecreased" => Event::OperatorSharesDecreased {
            operator: operator(),
            strategy: strategy(),
            shares: shares(),
        },
        "MaxMagnitudeUpdated" => Event::MaxMagnitudeUpdated {
            operator: operator(),
            strategy: strategy(),
            max: Wad(number(&args["maxMagnitude"]) as u64),
        },
        "AllocationUpdated" => Event::AllocationUpdated {
            operator: operator(),
            set: set(),
            strategy: strategy(),
            magnitude: number(&args["magnitude"]) as u64,
            effect_block: effect_block(),
        },
        "AllocationDelaySet" => Event::AllocationDelaySet {
            operator: operator(),
            delay: Blocks(number(&args["delay"]) as u32),
            effect_block: effect_block(),
        },
        "OperatorSetCreated" => Event::OperatorSetCreated { set: set() },
        "OperatorAddedToOperatorSet" => Event::OperatorAdded {
            operator: operator(),
            set: set(),
        },
        "OperatorRemovedFromOperatorSet" => Event::OperatorRemoved {
            operator: operator(),
            set: set(),
        },
        "StrategyAddedToOperatorSet" => Event::StrategyAdded {
            set: set(),
            strategy: strategy(),
        },
        "StrategyRemovedFromOperatorSet" => Event::StrategyRemoved {
            set: set(),
            strategy: strategy(),
        },
        "SlasherUpdated" => Event::SlasherUpdated {
            set: set(),
            slasher: address(&args["slasher"]),
            effect_block: effect_block(),
        },
        "RedistributionAddressSet" => Event::RedistributionAddressSet {
            set: set(),
            recipient: address(&args["redistributionRecipient"]),
        },
        "SlashingWithdrawalQueued" => return withdrawals(args),
        _ => return Vec::new(),
    };
    vec![one]
}

fn withdrawals(args: &Value) -> Vec<Event> {
    let withdrawal = &args["withdrawal"];
    let rows = list(&withdrawal["strategies"])
        .iter()
        .zip(list(&withdrawal["scaledShares"]))
        .zip(list(&args["sharesToWithdraw"]));
    rows.map(
        |((strategy, scaled), withdrawable)| Event::WithdrawalQueued {
            operator: address(&withdrawal["delegatedTo"]),
            strategy: address(strategy),
            start_block: number(&withdrawal["startBlock"]) as u32,
            scaled_shares: number(scaled),
            withdrawable: number(withdrawable),
        },
    )
    .collect()
}
