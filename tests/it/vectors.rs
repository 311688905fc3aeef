//! The integer rules against what the real contracts answered at 34 checkpoints.

use crate::support::recording::*;
use serde_json::Value;
use stakewright::protocol::magnitude::{
    Allocation, Slashability, allocatable_magnitude, allocated_stake, encumbered_magnitude,
    minimum_slashable_stake,
};
use stakewright::protocol::replay::Replay;
use stakewright::protocol::rewards::{ProtocolFee, amount_after_fee};
use stakewright::protocol::slash::{
    slash_magnitude, slashed_operator_shares, slashed_queue_shares,
};
use stakewright::protocol::withdrawal::{
    self, QueueRule, shares_to_underlying, slashing_factor, underlying_to_shares,
};
use stakewright::protocol::{BEACON_CHAIN_ETH_STRATEGY, SetKey, delay};
use stakewright::units::{Bips, Blocks, Shares, Wad};

const OPERATORS: usize = 5;
const STRATEGIES: usize = 5;
const SETS: usize = 4;

fn allocation(value: &Value) -> Allocation {
    Allocation {
        current: number(&value["currentMagnitude"]) as u64,
        pending_diff: signed(&value["pendingDiff"]),
        effect_block: number(&value["effectBlock"]) as u32,
    }
}

fn slashability(flag: &Value) -> Slashability {
    if flag.as_bool().expect("a flag") {
        Slashability::Slashable
    } else {
        Slashability::NotSlashable
    }
}

/// Each (set, operator, strategy), in the order of the matrices.
fn triples() -> impl Iterator<Item = (usize, usize, usize)> {
    (0..SETS)
        .flat_map(|k| (0..OPERATORS).flat_map(move |o| (0..STRATEGIES).map(move |s| (k, o, s))))
}

/// Each (operator, strategy), in the order of the matrices.
fn pairs() -> impl Iterator<Item = (usize, usize)> {
    (0..OPERATORS).flat_map(|o| (0..STRATEGIES).map(move |s| (o, s)))
}

#[test]
fn allocated_stake_is_recomputed_to_the_wei() {
    let mut compared = 0;
    for checkpoint in checkpoints() {
        let get = &checkpoint["getters"];
        for (k, o, s) in triples() {
            let shares = Shares(number(&get["operators_shares"][o][s]));
            let max = Wad(number(&get["max_magnitudes"][o][s]) as u64);
            let stake = allocated_stake(shares, allocation(&get["allocations"][k][o][s]), max);
            let recorded = number(&get["allocated_stake"][k][o][s]);
            assert_eq!(
                stake.0, recorded,
                "{}: set {k}, operator {o}, strategy {s}",
                checkpoint["name"]
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 34 * SETS * OPERATORS * STRATEGIES);
}

#[test]
fn minimum_slashable_stake_is_recomputed_at_every_offset() {
    let (mut compared, mut differs_from_allocated) = (0, 0);
    for checkpoint in checkpoints() {
        let (get, block) = (&checkpoint["getters"], block_of(checkpoint));
        for offset in list(&recording()["order"]["future_block_offsets"]) {
            let recorded = &get["minimum_slashable_stake"][offset.as_str().unwrap()];
            for (k, o, s) in triples() {
                let shares = Shares(number(&get["operators_shares"][o][s]));
                let max = Wad(number(&get["max_magnitudes"][o][s]) as u64);
                let allocation = allocation(&get["allocations"][k][o][s]);
                let who = slashability(&get["is_operator_slashable"][k][o]);
                let future = block + number(offset) as u32;
                let stake = minimum_slashable_stake(shares, allocation, max, who, future);
                assert_eq!(
                    stake.0,
                    number(&recorded[k][o][s]),
                    "{}: set {k}, operator {o}, strategy {s}, offset {offset}",
                    checkpoint["name"]
                );
                compared += 1;
                differs_from_allocated +=
                    usize::from(stake != allocated_stake(shares, allocation, max));
            }
        }
    }
    assert_eq!(compared, 34 * 6 * SETS * OPERATORS * STRATEGIES);
    assert_eq!(
        differs_from_allocated, 154,
        "the recording holds 154 cases that tell the two apart"
    );
}

#[test]
fn encumbered_and_allocatable_follow_from_the_allocations() {
    for checkpoint in checkpoints() {
        let get = &checkpoint["getters"];
        for (o, s) in pairs() {
            let max = Wad(number(&get["max_magnitudes"][o][s]) as u64);
            let of_sets = (0..SETS).map(|k| allocation(&get["allocations"][k][o][s]));
            let encumbered = encumbered_magnitude(of_sets);
            let at = format!("{}: operator {o}, strategy {s}", checkpoint["name"]);
            assert_eq!(
                u128::from(encumbered.0),
                number(&get["encumbered_magnitude"][o][s]),
                "{at}"
            );
            let free = allocatable_magnitude(max, encumbered);
            assert_eq!(
                u128::from(free.0),
                number(&get["allocatable_magnitude"][o][s]),
                "{at}"
            );
        }
    }
}

#[test]
fn withdrawable_shares_follow_from_deposits() {
    let (strategies, operators) = (order("strategies"), order("operators"));
    let mut slashed = 0;
    for checkpoint in checkpoints() {
        let get = &checkpoint["getters"];
        for (staker, row) in list(&get["stakers"]).iter().enumerate() {
            let operator = operators
                .iter()
                .position(|&o| o == address(&row["delegated_to"]));
            for s in 0..STRATEGIES {
                let max = operator.map_or(Wad(stakewright::units::WAD), |o| {
                    Wad(number(&get["max_magnitudes"][o][s]) as u64)
                });
                let beacon = (strategies[s] == BEACON_CHAIN_ETH_STRATEGY)
                    .then(|| row["beacon_chain_slashing_factor"].as_str())
                    .flatten()
                    .map(|text| Wad(text.parse().unwrap()));
                let deposit = Shares(number(&row["deposit_shares"][s]));
                let scaling = number(&row["deposit_scaling_factor"][s]);
                let factor = slashing_factor(max, beacon);
                let shares = withdrawal::withdrawable_shares(deposit, scaling, factor);
                let recorded = number(&row["withdrawable_shares"][s]);
                assert_eq!(
                    shares.0, recorded,
                    "{}: staker {staker}, strategy {s}",
                    checkpoint["name"]
                );
                slashed += usize::from(shares != deposit);
            }
        }
    }
    assert!(slashed > 50, "only {slashed} positions were slashed");
}

#[test]
fn strategy_rates_are_recomputed() {
    let one = 10_u128.pow(18);
    for checkpoint in checkpoints() {
        for row in list(&checkpoint["getters"]["strategies"])
            .iter()
            .filter(|row| !row.is_null())
        {
            let (balance, total) = (
                number(&row["token_balance"]),
                Shares(number(&row["total_shares"])),
            );
            let at = &checkpoint["name"];
            let tokens = shares_to_underlying(Shares(one), balance, total);
            assert_eq!(tokens, number(&row["shares_to_underlying_1e18"]), "{at}");
            let shares = underlying_to_shares(one, balance, total);
            assert_eq!(shares.0, number(&row["underlying_to_shares_1e18"]), "{at}");
        }
    }
}

fn new_replay() -> Replay {
    Replay::new(
        Blocks(constant("DEALLOCATION_DELAY")),
        Blocks(constant("MIN_WITHDRAWAL_DELAY_BLOCKS")),
    )
}

/// Runs the events up to each checkpoint and shows the state to `check`.
fn replayed(mut check: impl FnMut(&Value, u32, &Replay)) {
    let mut replay = new_replay();
    for checkpoint in checkpoints() {
        for log in logs(checkpoint) {
            for event in events(log) {
                replay.apply(number(&log["block"]) as u32, &event);
            }
        }
        check(checkpoint, block_of(checkpoint), &replay);
    }
}

#[test]
fn events_alone_rebuild_shares_magnitudes_and_allocations() {
    let (operators, strategies, sets) = (order("operators"), order("strategies"), sets());
    replayed(|checkpoint, block, replay| {
        let (get, name) = (&checkpoint["getters"], &checkpoint["name"]);
        for (o, s) in pairs() {
            let (operator, strategy) = (operators[o], strategies[s]);
            let position = replay.position(operator, strategy);
            assert_eq!(
                position.shares.0,
                number(&get["operators_shares"][o][s]),
                "{name}: shares {o} {s}"
            );
            let max = u128::from(position.max_magnitude.0);
            assert_eq!(
                max,
                number(&get["max_magnitudes"][o][s]),
                "{name}: maximum {o} {s}"
            );
            let encumbered = u128::from(replay.encumbered(operator, strategy, block).0);
            assert_eq!(
                encumbered,
                number(&get["encumbered_magnitude"][o][s]),
                "{name}: encumbered {o} {s}"
            );
            let queued =
                replay.slashable_in_queue(operator, strategy, block, QueueRule::ScaledShares);
            assert_eq!(
                queued.0,
                number(&get["slashable_shares_in_queue"][o][s]),
                "{name}: queue {o} {s}"
            );
        }
        for (k, o, s) in triples() {
            let rebuilt = replay.allocation(operators[o], sets[k], strategies[s], block);
            let recorded = allocation(&get["allocations"][k][o][s]);
            // A pending difference slashed to nothing keeps its block on chain; it means nothing.
            assert_eq!(
                rebuilt.current, recorded.current,
                "{name}: allocation {k} {o} {s}"
            );
            assert_eq!(
                rebuilt.pending_diff, recorded.pending_diff,
                "{name}: pending {k} {o} {s}"
            );
            assert_eq!(
                rebuilt.effect_block, recorded.effect_block,
                "{name}: effect {k} {o} {s}"
            );
        }
    });
}

#[test]
fn events_alone_rebuild_sets_slashers_and_delays() {
    let (operators, sets) = (order("operators"), sets());
    let sorted = |values: &Value| {
        let mut addresses: Vec<_> = list(values).iter().map(address).collect();
        addresses.sort_unstable();
        addresses
    };
    replayed(|checkpoint, block, replay| {
        let (get, name) = (&checkpoint["getters"], &checkpoint["name"]);
        if checkpoint["index"].as_u64().unwrap() < 5 {
            return; // no operator set yet
        }
        assert_eq!(replay.sets().count(), SETS);
        for (k, &set) in sets.iter().enumerate() {
            assert_eq!(
                replay.members(set).collect::<Vec<_>>(),
                sorted(&get["members"][k]),
                "{name}: {k}"
            );
            let strategies: Vec<_> = replay.strategies(set).collect();
            assert_eq!(strategies, sorted(&get["set_strategies"][k]), "{name}: {k}");
            assert_eq!(
                replay.slasher(set, block),
                Some(address(&get["slasher"][k])),
                "{name}: {k}"
            );
            let pending = &get["pending_slasher"][k];
            let recorded = (number(&pending["effect_block"]) != 0).then(|| {
                (
                    address(&pending["pending_slasher"]),
                    number(&pending["effect_block"]) as u32,
                )
            });
            assert_eq!(replay.pending_slasher(set, block), recorded, "{name}: {k}");
            let recipient = replay
                .redistribution_recipient(set)
                .unwrap_or(stakewright::protocol::DEFAULT_BURN_ADDRESS);
            assert_eq!(
                recipient,
                address(&get["redistribution_recipient"][k]),
                "{name}: {k}"
            );
            for (o, &operator) in operators.iter().enumerate() {
                let recorded = slashability(&get["is_operator_slashable"][k][o]);
                assert_eq!(
                    replay.slashability(operator, set, block),
                    recorded,
                    "{name}: {k} {o}"
                );
            }
        }
        for (o, &operator) in operators.iter().enumerate() {
            let recorded = &get["allocation_delay"][o];
            let expected = recorded["is_set"]
                .as_bool()
                .unwrap()
                .then(|| Blocks(number(&recorded["delay"]) as u32));
            assert_eq!(
                replay.allocation_delay(operator, block),
                expected,
                "{name}: {o}"
            );
        }
    });
}

/// One `slashOperator` of the recording.
struct RecordedSlash {
    operator: [u8; 20],
    set: SetKey,
    strategies: Vec<([u8; 20], Wad)>,
}

fn recorded_slash(action: &Value) -> Option<RecordedSlash> {
    if !action["function"].as_str()?.starts_with("slashOperator(") {
        return None;
    }
    let (avs, params) = (address(&action["args"]["avs"]), &action["args"]["params"]);
    let wads = list(&params["wadsToSlash"])
        .iter()
        .map(|wad| Wad(number(wad) as u64));
    Some(RecordedSlash {
        operator: address(&params["operator"]),
        set: SetKey {
            avs,
            id: number(&params["operatorSetId"]) as u32,
        },
        strategies: list(&params["strategies"])
            .iter()
            .map(address)
            .zip(wads)
            .collect(),
    })
}

#[test]
fn slashes_take_what_the_contracts_took() {
    let mut replay = new_replay();
    let mut strategies_slashed = 0;
    for checkpoint in checkpoints() {
        for action in actions(checkpoint) {
            if let Some(slash) = recorded_slash(action) {
                strategies_slashed += check_slash(&replay, action, &slash);
            }
            for log in action["events"].as_array().into_iter().flatten() {
                for event in events(log) {
                    replay.apply(number(&log["block"]) as u32, &event);
                }
            }
        }
    }
    assert_eq!(strategies_slashed, 28);
}

/// Compares one slash with its events; returns how many strategies it slashed.
fn check_slash(replay: &Replay, action: &Value, slash: &RecordedSlash) -> usize {
    let block = number(&action["block"]) as u32;
    let logs = list(&action["events"]);
    let of = |name: &str| {
        logs.iter()
            .filter(|log| log["event"] == name)
            .map(|log| &log["args"])
            .collect::<Vec<_>>()
    };
    let slashed_event = of("OperatorSlashed")[0];
    let wads: Vec<u128> = list(&slashed_event["wadSlashed"])
        .iter()
        .map(number)
        .collect();
    let (maxima, totals) = (of("MaxMagnitudeUpdated"), of("OperatorSharesSlashed"));
    let mut hit = 0;
    for (i, &(strategy, wad)) in slash.strategies.iter().enumerate() {
        let before = replay.position(slash.operator, strategy);
        let allocation = replay.allocation(slash.operator, slash.set, strategy, block);
        let out = slash_magnitude(allocation, before.max_magnitude, wad);
        let at = format!("block {block}, strategy {i}");
        assert_eq!(u128::from(out.wad_slashed.0), wads[i], "{at}: wadSlashed");
        if out.slashed == 0 {
            continue;
        }
        let max_event = maxima[hit];
        assert_eq!(address(&max_event["strategy"]), strategy, "{at}");
        assert_eq!(
            u128::from(out.max_after.0),
            number(&max_event["maxMagnitude"]),
            "{at}: maximum"
        );
        let queue =
            replay.slashable_in_queue(slash.operator, strategy, block, QueueRule::ScaledShares);
        let own = slashed_operator_shares(before.shares, out.max_before, out.max_after);
        let queued = slashed_queue_shares(queue, out.max_before, out.max_after);
        assert_eq!(
            own.0 + queued.0,
            number(&totals[hit]["totalSlashedShares"]),
            "{at}: shares"
        );
        hit += 1;
    }
    assert_eq!((maxima.len(), totals.len()), (hit, hit));
    hit
}

#[test]
fn scaling_factors_after_deposits_are_recomputed() {
    // Between two checkpoints a staker may act more than once: take the stakers who acted once, by a
    // deposit, and compare with the checkpoint that follows.
    let (stakers, strategies, operators) =
        (order("stakers"), order("strategies"), order("operators"));
    let mut compared = 0;
    for pair in checkpoints().windows(2) {
        let (before, after) = (&pair[0]["getters"], &pair[1]["getters"]);
        for action in actions(&pair[1]) {
            if !action["function"]
                .as_str()
                .is_some_and(|f| f.starts_with("depositIntoStrategy("))
            {
                continue;
            }
            let from = address(&action["from"]);
            let acted = actions(&pair[1]).iter().filter(|a| {
                a.get("from").is_some_and(|f| address(f) == from)
                    && !a["function"].as_str().unwrap().starts_with("approve(")
                    && a["args"]["strategy"] == action["args"]["strategy"]
            });
            let (Some(x), strategy) = (
                stakers.iter().position(|&s| s == from),
                address(&action["args"]["strategy"]),
            ) else {
                continue;
            };
            if acted.count() != 1
                || before["stakers"][x]["delegated_to"] != after["stakers"][x]["delegated_to"]
            {
                continue;
            }
            let s = strategies.iter().position(|&a| a == strategy).unwrap();
            let operator = operators
                .iter()
                .position(|&o| o == address(&before["stakers"][x]["delegated_to"]));
            let max = operator.map_or(stakewright::units::WAD, |o| {
                number(&before["max_magnitudes"][o][s]) as u64
            });
            let deposit = Shares(number(&before["stakers"][x]["deposit_shares"][s]));
            let added = Shares(number(&after["stakers"][x]["deposit_shares"][s]) - deposit.0);
            let scaling = number(&before["stakers"][x]["deposit_scaling_factor"][s]);
            let computed =
                withdrawal::scaling_factor_after_deposit(scaling, deposit, added, Wad(max));
            assert_eq!(
                computed,
                number(&after["stakers"][x]["deposit_scaling_factor"][s]),
                "{}: staker {x}, strategy {s}",
                pair[1]["name"]
            );
            compared += 1;
        }
    }
    assert!(compared >= 10, "only {compared} deposits were compared");
}

#[test]
fn the_fee_on_rewards_is_recomputed() {
    let fee = ProtocolFee::OptedIn(Bips(2_000));
    let mut compared = 0;
    for call in list(&recording()["rewards"]) {
        let kind = call["kind"].as_str().unwrap();
        let rule = if kind.contains("fee") {
            fee
        } else {
            ProtocolFee::NotOptedIn
        };
        for log in list(&call["events"]) {
            let name = log["event"].as_str().unwrap();
            if name.starts_with("OperatorDirectedOperatorSetRewards") {
                let event = &log["args"]["operatorDirectedRewardsSubmission"];
                let given = &list(
                    call["args"]
                        .as_object()
                        .unwrap()
                        .values()
                        .next_back()
                        .unwrap(),
                )[0];
                let amounts = list(&given["operatorRewards"])
                    .iter()
                    .zip(list(&event["operatorRewards"]));
                for (given, paid) in amounts {
                    assert_eq!(
                        amount_after_fee(number(&given["amount"]), rule),
                        number(&paid["amount"])
                    );
                    compared += 1;
                }
            } else if name.starts_with("UniqueStake") && kind.contains("fee") {
                let given = &list(
                    call["args"]
                        .as_object()
                        .unwrap()
                        .values()
                        .next_back()
                        .unwrap(),
                )[0];
                let paid = number(&log["args"]["rewardsSubmission"]["amount"]);
                assert_eq!(amount_after_fee(number(&given["amount"]), rule), paid);
                compared += 1;
            }
        }
    }
    assert!(compared >= 5, "only {compared} amounts were compared");
}

#[test]
fn the_slasher_changes_one_block_after_the_delay() {
    let announced = checkpoints()
        .iter()
        .flat_map(logs)
        .filter(|log| log["event"] == "SlasherUpdated")
        .find(|log| number(&log["args"]["effectBlock"]) > number(&log["block"]))
        .expect("a slasher was changed");
    let block = number(&announced["block"]) as u32;
    let effect =
        delay::configuration_effect_block(block, constant("ALLOCATION_CONFIGURATION_DELAY"));
    assert_eq!(
        u128::from(effect),
        number(&announced["args"]["effectBlock"])
    );
}
