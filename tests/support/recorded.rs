//! A node that answers from the recording: real answers of the real contracts, at one checkpoint.

use super::http::Server;
use super::recording::*;
use super::rpc::{self, Outcome};
use alloy_primitives::{Address, B256, Bytes, U256, address as at, keccak256};
use alloy_sol_types::{SolCall, SolValue, sol};
use serde_json::{Value, json};

sol! {
    struct OperatorSet { address avs; uint32 id; }
    struct Allocation { uint64 currentMagnitude; int128 pendingDiff; uint32 effectBlock; }
    struct Call3 { address target; bool allowFailure; bytes callData; }
    struct Result3 { bool success; bytes returnData; }
    function aggregate3(Call3[] calls) returns (Result3[] results);

    function getMembers(OperatorSet set) returns (address[]);
    function getStrategiesInOperatorSet(OperatorSet set) returns (address[]);
    function getSlasher(OperatorSet set) returns (address);
    function getRedistributionRecipient(OperatorSet set) returns (address);
    function getAVSRegistrar(address avs) returns (address);
    function getOperatorSetCount(address avs) returns (uint256);
    function getAllocationDelay(address operator) returns (bool, uint32);
    function getAllocations(address[] operators, OperatorSet set, address strategy) returns (Allocation[]);
    function getEncumberedMagnitude(address operator, address strategy) returns (uint64);
    function getMaxMagnitudes(address[] operators, address strategy) returns (uint64[]);
    function getAllocatedStake(OperatorSet set, address[] operators, address[] strategies) returns (uint256[][]);
    function getMinimumSlashableStake(OperatorSet set, address[] operators, address[] strategies, uint32 future) returns (uint256[][]);
    function isOperatorSlashable(address operator, OperatorSet set) returns (bool);
    function getOperatorsShares(address[] operators, address[] strategies) returns (uint256[][]);
    function getSlashableSharesInQueue(address operator, address strategy) returns (uint256);
    function underlyingToken() returns (address);
    function totalShares() returns (uint256);
    function sharesToUnderlyingView(uint256 shares) returns (uint256);
    function symbol() returns (string);
    function decimals() returns (uint8);
    function getOperatorSetSplit(address operator, OperatorSet set) returns (uint16);
}

/// Where Multicall3 is, when the node has it.
pub const MULTICALL3: Address = at!("cA11bde05977b3631167028862bE2a173976CA11");
/// The chain of the recording.
pub const CHAIN: u64 = 31_337;

/// What a recorded node is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// Place of the checkpoint among the recorded ones.
    pub checkpoint: usize,
    /// Whether it has Multicall3.
    pub multicall: bool,
    /// Most blocks in one request for logs.
    pub most_blocks: u64,
}

/// A node at one checkpoint.
pub fn serve(manner: Manner) -> Server {
    rpc::serve(move |method, params| respond(manner, method, params))
}

/// The deployment file of the recording.
pub fn deployment_file() -> String {
    let addresses = &recording()["addresses"];
    let names = [
        "AllocationManager",
        "DelegationManager",
        "StrategyManager",
        "EigenPodManager",
        "PermissionController",
        "RewardsCoordinator",
        "KeyRegistrar",
        "ProtocolRegistry",
    ];
    let contracts: serde_json::Map<String, Value> = names
        .iter()
        .map(|&name| (name.to_owned(), addresses[name].clone()))
        .collect();
    let file = json!({
        "chain_id": CHAIN, "name": "recorded", "start_block": addresses["start_block"], "contracts": contracts,
    });
    file.to_string()
}

/// The hash that the node gives a block.
pub fn hash_of(block: u64) -> B256 {
    keccak256(block.to_be_bytes())
}

/// One method at one checkpoint.
pub fn respond(manner: Manner, method: &str, params: &Value) -> Outcome {
    let checkpoint = &checkpoints()[manner.checkpoint];
    let head = u64::from(block_of(checkpoint));
    match method {
        "eth_chainId" => Ok(json!(format!("{CHAIN:#x}"))),
        "eth_getBlockByNumber" => Ok(block(checkpoint, &params[0], head)),
        "eth_getCode" => {
            let address: Address = params[0]
                .as_str()
                .expect("an address")
                .parse()
                .expect("an address");
            let code = if address == MULTICALL3 {
                manner.multicall
            } else {
                is_contract(address)
            };
            Ok(json!(if code { "0x60" } else { "0x" }))
        }
        "eth_getLogs" => get_logs(manner, &params[0], head),
        "eth_call" => {
            assert_eq!(
                params[1]["blockHash"],
                json!(hash_of(head)),
                "calls are pinned to the block's hash"
            );
            let to: Address = params[0]["to"]
                .as_str()
                .expect("to")
                .parse()
                .expect("an address");
            let data: Bytes = params[0]["data"]
                .as_str()
                .expect("data")
                .parse()
                .expect("bytes");
            match call(manner, checkpoint, to, &data) {
                Some(answer) => Ok(json!(answer)),
                None => Err((3, "execution reverted".to_owned())),
            }
        }
        other => Err((-32601, format!("the method {other} does not exist"))),
    }
}

fn block(checkpoint: &Value, name: &Value, head: u64) -> Value {
    let number = match name.as_str().expect("a block") {
        "finalized" | "latest" => head,
        hex => u64::from_str_radix(&hex[2..], 16).expect("a number"),
    };
    if number > head {
        return Value::Null;
    }
    let timestamp = number_u64(&checkpoint["timestamp"]) - 12 * (head - number);
    json!({"number": format!("{number:#x}"), "hash": hash_of(number), "timestamp": format!("{timestamp:#x}")})
}

fn number_u64(value: &Value) -> u64 {
    number(value) as u64
}

fn address_of(value: &Value) -> Address {
    Address::from(address(value))
}

fn is_contract(address: Address) -> bool {
    recording()["addresses"]
        .as_object()
        .expect("addresses")
        .values()
        .any(|value| match value {
            Value::String(_) => {
                value.as_str().is_some_and(|text| text.len() == 42) && address_of(value) == address
            }
            _ => false,
        })
}

fn get_logs(manner: Manner, filter: &Value, head: u64) -> Outcome {
    let bound = |name: &str| {
        let text = filter[name].as_str().expect("a bound");
        u64::from_str_radix(&text[2..], 16).expect("a number")
    };
    let (from, to) = (bound("fromBlock"), bound("toBlock"));
    if to - from + 1 > manner.most_blocks {
        return Err((
            -32602,
            format!(
                "range {} exceeds limit of {}",
                to - from + 1,
                manner.most_blocks
            ),
        ));
    }
    let lower = |value: &Value| value.as_str().expect("text").to_lowercase();
    let addresses: Vec<String> = list(&filter["address"]).iter().map(lower).collect();
    let topics: Vec<String> = list(&filter["topics"][0]).iter().map(lower).collect();
    let found = checkpoints()[..=manner.checkpoint]
        .iter()
        .flat_map(logs)
        .filter(|log| {
            let block = number_u64(&log["block"]);
            (from..=to.min(head)).contains(&block)
                && addresses.contains(&lower(&log["address"]))
                && log["topics"]
                    .get(0)
                    .is_some_and(|topic| topics.contains(&lower(topic)))
        });
    let show = |log: &Value| {
        let block = number_u64(&log["block"]);
        json!({
            "address": log["address"], "topics": log["topics"], "data": log["data"],
            "blockNumber": format!("{block:#x}"), "blockHash": hash_of(block),
            "transactionHash": hash_of(block), "transactionIndex": "0x0",
            "logIndex": format!("{:#x}", number_u64(&log["log_index"])), "removed": false,
        })
    };
    Ok(found.map(show).collect())
}

/// Answers one getter; `None` is a revert.
fn call(manner: Manner, checkpoint: &Value, to: Address, data: &[u8]) -> Option<Bytes> {
    if to == MULTICALL3 && manner.multicall {
        let calls = aggregate3Call::abi_decode(data).expect("aggregate3").calls;
        let one = |call: &Call3| match self::call(manner, checkpoint, call.target, &call.callData) {
            Some(answer) => Result3 {
                success: true,
                returnData: answer,
            },
            None => Result3 {
                success: false,
                returnData: Bytes::from_static(&[8, 195, 121, 160]),
            },
        };
        let results: Vec<Result3> = calls.iter().map(one).collect();
        return Some(aggregate3Call::abi_encode_returns(&results).into());
    }
    let selector: [u8; 4] = data[..4].try_into().expect("a selector");
    noted(to, data)
        .or_else(|| allocation_getter(checkpoint, selector, data))
        .or_else(|| stake_getter(checkpoint, selector, data))
        .or_else(|| asset_getter(checkpoint, to, selector))
}

/// Constants, versions, registries: recorded by their call data.
fn noted(to: Address, data: &[u8]) -> Option<Bytes> {
    let wanted = alloy_primitives::hex::encode_prefixed(data);
    let note = list(&recording()["view_notes"]).iter().find(|note| {
        note["calldata"] == wanted.as_str()
            && address_of(&note["to"]) == to
            && !note["output_hex"].is_null()
    })?;
    // What depends on the block is answered from the checkpoint.
    let what = note["what"].as_str().expect("what");
    let constant = what.starts_with("constant")
        || what.starts_with("protocol registry")
        || what.starts_with("split");
    constant.then(|| {
        note["output_hex"]
            .as_str()
            .expect("hex")
            .parse()
            .expect("bytes")
    })
}

fn operator_place(operator: Address) -> Option<usize> {
    order("operators")
        .iter()
        .position(|&o| Address::from(o) == operator)
}

fn strategy_place(strategy: Address) -> Option<usize> {
    order("strategies")
        .iter()
        .position(|&s| Address::from(s) == strategy)
}

fn set_place(set: &OperatorSet) -> Option<usize> {
    sets()
        .iter()
        .position(|key| Address::from(key.avs) == set.avs && key.id == set.id)
}

fn cell(matrix: &Value, operator: Address, strategy: Address) -> U256 {
    match (operator_place(operator), strategy_place(strategy)) {
        (Some(o), Some(s)) => U256::from(number(&matrix[o][s])),
        _ => U256::ZERO,
    }
}

fn matrix(of: &Value, operators: &[Address], strategies: &[Address]) -> Vec<Vec<U256>> {
    operators
        .iter()
        .map(|&o| strategies.iter().map(|&s| cell(of, o, s)).collect())
        .collect()
}

fn addresses(values: &Value) -> Vec<Address> {
    list(values).iter().map(address_of).collect()
}

fn encoded(value: impl SolValue) -> Option<Bytes> {
    Some(value.abi_encode().into())
}

fn allocation_getter(checkpoint: &Value, selector: [u8; 4], data: &[u8]) -> Option<Bytes> {
    let get = &checkpoint["getters"];
    match selector {
        getMembersCall::SELECTOR => {
            let k = set_place(&getMembersCall::abi_decode(data).ok()?.set)?;
            encoded(addresses(&get["members"][k]))
        }
        getStrategiesInOperatorSetCall::SELECTOR => {
            let k = set_place(&getStrategiesInOperatorSetCall::abi_decode(data).ok()?.set)?;
            encoded(addresses(&get["set_strategies"][k]))
        }
        getSlasherCall::SELECTOR => {
            let k = set_place(&getSlasherCall::abi_decode(data).ok()?.set)?;
            encoded(address_of(&get["slasher"][k]))
        }
        getRedistributionRecipientCall::SELECTOR => {
            let k = set_place(&getRedistributionRecipientCall::abi_decode(data).ok()?.set)?;
            encoded(address_of(&get["redistribution_recipient"][k]))
        }
        getAVSRegistrarCall::SELECTOR => {
            let avs = getAVSRegistrarCall::abi_decode(data).ok()?.avs;
            let known = &recording()["addresses"];
            let place = addresses(&known["avs"]).iter().position(|&a| a == avs);
            encoded(place.map_or(avs, |i| address_of(&known["registrars"][i])))
        }
        getOperatorSetCountCall::SELECTOR => {
            let avs = getOperatorSetCountCall::abi_decode(data).ok()?.avs;
            let before = checkpoints()
                .iter()
                .take_while(|c| block_of(c) <= block_of(checkpoint));
            let created = before.flat_map(logs).filter(|log| {
                log["event"] == "OperatorSetCreated"
                    && address_of(&log["args"]["operatorSet"]["avs"]) == avs
            });
            encoded(U256::from(created.count()))
        }
        getAllocationDelayCall::SELECTOR => {
            let operator = getAllocationDelayCall::abi_decode(data).ok()?.operator;
            let row = operator_place(operator).map(|o| &get["allocation_delay"][o]);
            // The sixth operator stands outside the matrices: its delay is the largest there is.
            let (set, delay) = row.map_or((true, u32::MAX), |row| {
                (
                    row["is_set"].as_bool().expect("a flag"),
                    number(&row["delay"]) as u32,
                )
            });
            encoded((set, delay))
        }
        _ => None,
    }
}

fn stake_getter(checkpoint: &Value, selector: [u8; 4], data: &[u8]) -> Option<Bytes> {
    let get = &checkpoint["getters"];
    match selector {
        getAllocationsCall::SELECTOR => {
            let call = getAllocationsCall::abi_decode(data).ok()?;
            let (k, s) = (set_place(&call.set)?, strategy_place(call.strategy)?);
            let row = |operator: &Address| {
                let row =
                    &get["allocations"][k][operator_place(*operator).expect("an operator")][s];
                Allocation {
                    currentMagnitude: number(&row["currentMagnitude"]) as u64,
                    pendingDiff: signed(&row["pendingDiff"]),
                    effectBlock: number(&row["effectBlock"]) as u32,
                }
            };
            encoded(call.operators.iter().map(row).collect::<Vec<_>>())
        }
        getEncumberedMagnitudeCall::SELECTOR => {
            let call = getEncumberedMagnitudeCall::abi_decode(data).ok()?;
            encoded(cell(
                &get["encumbered_magnitude"],
                call.operator,
                call.strategy,
            ))
        }
        getMaxMagnitudesCall::SELECTOR => {
            let call = getMaxMagnitudesCall::abi_decode(data).ok()?;
            let maxima = call
                .operators
                .iter()
                .map(|&operator| cell(&get["max_magnitudes"], operator, call.strategy));
            encoded(maxima.collect::<Vec<_>>())
        }
        getAllocatedStakeCall::SELECTOR => {
            let call = getAllocatedStakeCall::abi_decode(data).ok()?;
            let k = set_place(&call.set)?;
            encoded(matrix(
                &get["allocated_stake"][k],
                &call.operators,
                &call.strategies,
            ))
        }
        getMinimumSlashableStakeCall::SELECTOR => {
            let call = getMinimumSlashableStakeCall::abi_decode(data).ok()?;
            let offset = (call.future - block_of(checkpoint)).to_string();
            let k = set_place(&call.set)?;
            encoded(matrix(
                &get["minimum_slashable_stake"][offset.as_str()][k],
                &call.operators,
                &call.strategies,
            ))
        }
        isOperatorSlashableCall::SELECTOR => {
            let call = isOperatorSlashableCall::abi_decode(data).ok()?;
            let (k, o) = (set_place(&call.set)?, operator_place(call.operator)?);
            encoded(get["is_operator_slashable"][k][o].as_bool()?)
        }
        getOperatorsSharesCall::SELECTOR => {
            let call = getOperatorsSharesCall::abi_decode(data).ok()?;
            encoded(matrix(
                &get["operators_shares"],
                &call.operators,
                &call.strategies,
            ))
        }
        getSlashableSharesInQueueCall::SELECTOR => {
            let call = getSlashableSharesInQueueCall::abi_decode(data).ok()?;
            encoded(cell(
                &get["slashable_shares_in_queue"],
                call.operator,
                call.strategy,
            ))
        }
        getOperatorSetSplitCall::SELECTOR => encoded(1_000_u16),
        _ => None,
    }
}

fn asset_getter(checkpoint: &Value, to: Address, selector: [u8; 4]) -> Option<Bytes> {
    let strategies = list(&recording()["strategies"]);
    let s = strategies
        .iter()
        .position(|row| address_of(&row["strategy"]) == to);
    let rates = |s: usize| &checkpoint["getters"]["strategies"][s];
    match selector {
        underlyingTokenCall::SELECTOR => encoded(address_of(&strategies[s?]["token"])),
        totalSharesCall::SELECTOR => encoded(U256::from(number(&rates(s?)["total_shares"]))),
        sharesToUnderlyingViewCall::SELECTOR => {
            encoded(U256::from(number(&rates(s?)["shares_to_underlying_1e18"])))
        }
        symbolCall::SELECTOR | decimalsCall::SELECTOR => {
            let token = strategies
                .iter()
                .find(|row| !row["token"].is_null() && address_of(&row["token"]) == to)?;
            if selector == symbolCall::SELECTOR {
                encoded(token["symbol"].as_str()?.to_owned())
            } else {
                encoded(U256::from(number(&token["decimals"])))
            }
        }
        _ => None,
    }
}
