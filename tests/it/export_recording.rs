//! Calls as the real contracts of protocol 1.13.0 took or refused them: the arguments, the bytes, the answers.

use serde::Deserialize;
use serde_json::Value;
use stakewright::export::action::{Action, Call};
use stakewright::export::address::Address;
use stakewright::export::arguments::SetKey;
use stakewright::export::network::{Contracts, Network};
use stakewright::export::number::Dec;
use stakewright::export::world::{AllocationState, Knowledge, Reason, StrategyState, World};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
struct Recording {
    addresses: Value,
    order: Order,
    labels: BTreeMap<String, String>,
    checkpoints: Vec<Checkpoint>,
    reverts: Vec<Answer>,
    #[cfg(feature = "chain")]
    rewards: Vec<Answer>,
}

#[derive(Deserialize)]
struct Order {
    operators: Vec<Address>,
    strategies: Vec<Address>,
    sets: Vec<SetKey>,
    stakers: Vec<Address>,
}

#[derive(Deserialize)]
struct Checkpoint {
    block: Dec<u64>,
    timestamp: Dec<u64>,
    actions: Vec<Value>,
    getters: Value,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    rule: String,
    block: Dec<u64>,
    from: Address,
    to: Address,
    function: String,
    args: Value,
    #[cfg(feature = "chain")]
    calldata: String,
    #[serde(default)]
    reverted: bool,
    error: Option<Value>,
}

fn recording() -> Recording {
    Recording::deserialize(crate::support::recording::recording())
        .expect("the recording has its known shape")
}

fn address(value: &Value) -> Address {
    value
        .as_str()
        .expect("an address")
        .parse()
        .expect("an address")
}

/// The network of the recording: mainnet's limits, its own addresses.
fn network(recording: &Recording) -> Network {
    let at = |name: &str| address(&recording.addresses[name]);
    let mainnet = Network::mainnet();
    Network {
        name: "recorded".into(),
        chain_id: 31_337,
        contracts: Contracts {
            allocation_manager: at("AllocationManager"),
            delegation_manager: at("DelegationManager"),
            strategy_manager: at("StrategyManager"),
            rewards_coordinator: at("RewardsCoordinator"),
            permission_controller: at("PermissionController"),
            key_registrar: at("KeyRegistrar"),
            eigen_strategy: address(&recording.addresses["strategies"]["E"]),
            ..mainnet.contracts
        },
        ..mainnet
    }
}

fn integer(value: &Value) -> u128 {
    value
        .as_str()
        .expect("a decimal string")
        .parse()
        .expect("digits")
}

/// Puts the chain's own answers about operators and stakers into the world; sets, registrations, rights and
/// keys are left as the played calls made them.
fn adopt(world: &mut World, order: &Order, getters: &Value, block: u64) {
    for (o, operator) in order.operators.iter().enumerate() {
        let Some(state) = world.operators.get_mut(operator) else {
            continue;
        };
        let delay = &getters["allocation_delay"][o];
        state.delay = delay["is_set"]
            .as_bool()
            .unwrap_or(false)
            .then(|| integer(&delay["delay"]) as u32);
        for (s, strategy) in order.strategies.iter().enumerate() {
            state
                .max_magnitude
                .insert(*strategy, integer(&getters["max_magnitudes"][o][s]) as u64);
            state.encumbered.insert(
                *strategy,
                integer(&getters["encumbered_magnitude"][o][s]) as u64,
            );
            for (k, set) in order.sets.iter().enumerate() {
                let allocation = &getters["allocations"][k][o][s];
                let pending = allocation["pendingDiff"]
                    .as_str()
                    .expect("a decimal")
                    .parse()
                    .expect("digits");
                let state = AllocationState {
                    current: integer(&allocation["currentMagnitude"]) as u64,
                    pending,
                    effect_block: integer(&allocation["effectBlock"]) as u64,
                };
                world
                    .allocations
                    .insert((*operator, *set, *strategy), state);
            }
        }
    }
    for (index, staker) in order.stakers.iter().enumerate() {
        let operator = address(&getters["stakers"][index]["delegated_to"]);
        if operator.is_zero() {
            world.delegations.remove(staker);
        } else {
            world.delegations.insert(*staker, operator);
        }
        for (s, strategy) in order.strategies.iter().enumerate() {
            world.deposits.insert(
                (*staker, *strategy),
                integer(&getters["stakers"][index]["deposit_shares"][s]),
            );
        }
    }
    for (s, strategy) in order.strategies.iter().take(4).enumerate() {
        let state = StrategyState {
            shares: integer(&getters["strategies"][s]["total_shares"]),
            balance: integer(&getters["strategies"][s]["token_balance"]),
        };
        world.strategies.insert(*strategy, state);
    }
    world.pending_slashes.clear();
    for (k, set) in order.sets.iter().enumerate() {
        for slash in getters["pending_slashes"][k]
            .as_array()
            .into_iter()
            .flatten()
        {
            let resolved = integer(&slash["resolution_block"]) as u64;
            world
                .pending_slashes
                .insert((*set, integer(&slash["slash_id"])), resolved);
        }
    }
    for (k, set) in order.sets.iter().enumerate() {
        let Some(state) = world.sets.get(set) else {
            continue;
        };
        let stored: BTreeSet<Address> = getters["set_strategies"][k]
            .as_array()
            .into_iter()
            .flatten()
            .map(address)
            .collect();
        assert_eq!(
            state.strategies, stored,
            "strategies of set {} at block {block}",
            set.id
        );
        for (o, operator) in order.operators.iter().enumerate() {
            let slashable = getters["is_operator_slashable"][k][o].as_bool();
            assert_eq!(
                Some(world.is_slashable(*operator, *set)),
                slashable,
                "{operator} in {} at {block}",
                set.id
            );
        }
    }
}

/// Plays the recorded actions and asks for every recorded answer at its place in between.
fn replay(mut ask: impl FnMut(&World, &Answer)) {
    let recording = recording();
    let network = network(&recording);
    let first = &recording.checkpoints[0];
    let mut world = World::new(
        network.clone(),
        Knowledge::Complete,
        first.block.0,
        first.timestamp.0,
    );
    world.whitelisted = Some(BTreeSet::new());
    let label = |name: &str| {
        recording
            .labels
            .iter()
            .find(|(_, label)| *label == name)
            .map(|(at, _)| at.parse().expect("an address"))
    };
    let avs: Vec<Address> = ["avs1", "avs2"].into_iter().filter_map(label).collect();
    for (registrar, avs) in ["registrar1", "registrar2"]
        .into_iter()
        .filter_map(label)
        .zip(&avs)
    {
        world.registrar_contracts.insert(registrar, *avs);
    }
    let contracts = [
        "registrar",
        "strategy:",
        "token:",
        "pod:",
        "Manager",
        "Coordinator",
        "Controller",
        "Registr",
    ];
    for (at, label) in &recording.labels {
        if !contracts.iter().any(|word| label.contains(word)) {
            world.accounts.insert(at.parse().expect("an address"));
        }
    }
    let mut pending: std::collections::VecDeque<&Answer> = recording.reverts.iter().collect();
    // Token allowances are given by calls that the recording leaves out: none before block 25128401, all after.
    world.allowances = Some(BTreeMap::new());
    let mut previous: Option<&Checkpoint> = None;
    for checkpoint in &recording.checkpoints {
        for action in &checkpoint.actions {
            let Some(function) = action["function"].as_str() else {
                continue;
            };
            let block = action["block"]
                .as_str()
                .expect("a block")
                .parse::<u64>()
                .expect("digits");
            while pending.front().is_some_and(|answer| answer.block.0 < block) {
                ask_at(
                    &mut world,
                    pending.pop_front().expect("not empty"),
                    checkpoint,
                    &mut ask,
                );
            }
            set_clock(&mut world, block, checkpoint);
            let from = address(&action["from"]);
            let to = address(&action["to"]);
            if function == "mint(address,uint256)" {
                let strategy = world
                    .strategies
                    .entry(address(&action["args"]["to"]))
                    .or_default();
                strategy.balance += integer(&action["args"]["v"]);
            }
            match Action::from_arguments(function, &action["args"]) {
                Ok(known) => {
                    let call = Call {
                        from,
                        to,
                        action: known,
                    };
                    if let Err(revert) = world.play(&call) {
                        panic!("{function} passed at block {block}, predicted {revert:?}");
                    }
                }
                Err(error) => assert!(
                    [
                        "mint",
                        "createPod",
                        "recordBeacon",
                        "setAllocationDelay",
                        "clearDeallocationQueue",
                        "clearBurnOrRedistributableSharesByStrategy"
                    ]
                    .iter()
                    .any(|name| function.starts_with(name)),
                    "{error}"
                ),
            }
        }
        while pending
            .front()
            .is_some_and(|answer| answer.block.0 < checkpoint.block.0)
        {
            ask_at(
                &mut world,
                pending.pop_front().expect("not empty"),
                checkpoint,
                &mut ask,
            );
        }
        set_clock(&mut world, checkpoint.block.0, checkpoint);
        adopt(
            &mut world,
            &recording.order,
            &checkpoint.getters,
            checkpoint.block.0,
        );
        while pending
            .front()
            .is_some_and(|answer| answer.block.0 == checkpoint.block.0)
        {
            ask_at(
                &mut world,
                pending.pop_front().expect("not empty"),
                checkpoint,
                &mut ask,
            );
        }
        previous = Some(checkpoint);
    }
    let last = previous.expect("checkpoints");
    while let Some(answer) = pending.pop_front() {
        ask_at(&mut world, answer, last, &mut ask);
    }
}

fn set_clock(world: &mut World, block: u64, checkpoint: &Checkpoint) {
    world.block = block;
    world.time = checkpoint.timestamp.0 - 12 * checkpoint.block.0.saturating_sub(block);
    if block > 25_128_400 {
        let coordinator = world.network.contracts.rewards_coordinator;
        let token = "0x9A676e781A523b5d0C0e43731313A708CB607508"
            .parse()
            .expect("the reward token");
        for avs in [
            "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
            "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
        ] {
            let owner = avs.parse().expect("an address");
            world
                .allowances
                .get_or_insert_default()
                .insert((token, owner, coordinator), u128::MAX);
        }
    }
}

fn ask_at(
    world: &mut World,
    answer: &Answer,
    checkpoint: &Checkpoint,
    ask: &mut impl FnMut(&World, &Answer),
) {
    set_clock(world, answer.block.0, checkpoint);
    ask(world, answer);
}

fn expected(answer: &Answer) -> Option<String> {
    if !answer.reverted {
        return None;
    }
    let error = answer.error.as_ref().expect("a revert has an error");
    Some(match error["name"].as_str().expect("an error has a name") {
        "Panic" => format!("Panic(0x{:02x})", integer(&error["args"]["code"])),
        "Error" => Reason::Message("allowance").to_string(),
        "(empty revert data)" => "(empty)".into(),
        name => name.into(),
    })
}

/// Functions of the recorded answers, with the checks that they break.
fn answered() -> Vec<(&'static str, Option<&'static str>)> {
    let mut answers = Vec::new();
    replay(|world, answer| {
        let action = Action::from_arguments(&answer.function, &answer.args).expect("a known call");
        let call = Call {
            from: answer.from,
            to: answer.to,
            action,
        };
        let check = world.check(&call).err().map(|revert| revert.check);
        answers.push((call.action.function(), check));
    });
    answers
}

/// Checks that recorded answers break.
#[cfg(feature = "chain")]
pub fn refusing_checks() -> BTreeSet<&'static str> {
    answered()
        .into_iter()
        .filter_map(|(_, check)| check)
        .collect()
}

/// Checks that recorded answers break, and that other recorded calls of the same function do not.
pub fn broken_checks() -> BTreeSet<&'static str> {
    let (answers, played) = (answered(), played_functions());
    let passes = |function: &str, check: &str| {
        let other = |(of, broken): &(&str, Option<&str>)| *of == function && *broken != Some(check);
        answers.iter().any(other) || played.contains(function)
    };
    answers
        .iter()
        .filter_map(|(function, check)| Some((*function, (*check)?)))
        .filter(|(function, check)| passes(function, check))
        .map(|(_, check)| check)
        .collect()
}

/// Functions of the recorded calls that passed.
fn played_functions() -> BTreeSet<String> {
    let played = recording();
    let actions = played
        .checkpoints
        .iter()
        .flat_map(|checkpoint| &checkpoint.actions);
    actions
        .filter_map(|action| action["function"].as_str())
        .map(|signature| stakewright::export::action::function_name(signature).to_owned())
        .collect()
}

#[test]
fn every_recorded_answer_is_predicted() {
    let (mut reverts, mut passes, mut wrong) = (0, 0, Vec::new());
    replay(|world, answer| {
        let action = Action::from_arguments(&answer.function, &answer.args)
            .unwrap_or_else(|error| panic!("{}: {error}", answer.rule));
        let call = Call {
            from: answer.from,
            to: answer.to,
            action,
        };
        let predicted = world
            .check(&call)
            .err()
            .map(|revert| revert.reason.to_string());
        let expected = expected(answer);
        if expected.is_some() {
            reverts += 1
        } else {
            passes += 1
        }
        if predicted != expected {
            wrong.push(format!(
                "{}: the chain says {expected:?}, predicted {predicted:?}",
                answer.rule
            ));
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        (reverts, passes),
        (104, 13),
        "the recording has 104 reverts and 13 calls that pass"
    );
}

#[cfg(feature = "chain")]
#[test]
fn recorded_calldata_is_reproduced_byte_for_byte() {
    use stakewright::export::abi::{AbiError, encode};
    use stakewright::export::address::hex;
    let recording = recording();
    let actions = recording
        .checkpoints
        .iter()
        .flat_map(|checkpoint| &checkpoint.actions)
        .filter_map(|action| {
            let function = action["function"].as_str()?;
            Some((
                function,
                &action["args"],
                action["calldata"].as_str().expect("calldata"),
            ))
        });
    let answers = recording.reverts.iter().chain(&recording.rewards);
    let answers = answers.map(|answer| {
        (
            answer.function.as_str(),
            &answer.args,
            answer.calldata.as_str(),
        )
    });
    let mut seen = BTreeMap::<&str, usize>::new();
    for (function, arguments, calldata) in actions.chain(answers) {
        let Ok(action) = Action::from_arguments(function, arguments) else {
            continue;
        };
        match encode(&action) {
            Ok(bytes) => assert_eq!(format!("0x{}", hex(&bytes)), calldata, "{function}"),
            Err(AbiError::NotExported(_)) => continue,
            Err(error) => panic!("{function}: {error}"),
        }
        *seen.entry(action.function()).or_default() += 1;
    }
    for (function, least) in [
        ("createOperatorSets", 9),
        ("createRedistributingOperatorSets", 7),
        ("createUniqueStakeRewardsSubmission", 20),
        ("createTotalStakeRewardsSubmission", 2),
        ("createOperatorDirectedOperatorSetRewardsSubmission", 12),
        ("slashOperator", 30),
        ("setAppointee", 3),
        ("configureOperatorSet", 3),
    ] {
        assert!(
            seen.get(function).is_some_and(|count| *count >= least),
            "{function}: {seen:?}"
        );
    }
}

/// What the contract announced is what was submitted, less the fee of those who opted in to it.
#[cfg(feature = "chain")]
#[test]
fn recorded_events_say_what_was_submitted() {
    use stakewright::export::address::unhex;
    use stakewright::export::verify::{announced_rewards, submitted_rewards};
    let recorded = crate::support::recording::recording();
    let mut compared = 0;
    for row in recorded["rewards"].as_array().expect("a list") {
        let kind = row["kind"].as_str().expect("a kind");
        let function = row["function"].as_str().expect("a function");
        let Ok(action) = Action::from_arguments(function, &row["args"]) else {
            panic!("{function} is known")
        };
        let address = |key: &str| -> Address {
            row[key]
                .as_str()
                .expect("an address")
                .parse()
                .expect("an address")
        };
        let call = Call {
            from: address("from"),
            to: stakewright::export::network::Network::mainnet()
                .contracts
                .rewards_coordinator,
            action,
        };
        let heard: Vec<_> = row["events"]
            .as_array()
            .expect("events")
            .iter()
            .filter_map(|event| {
                let topics: Vec<String> =
                    serde_json::from_value(event["topics"].clone()).expect("topics");
                announced_rewards(&topics, &unhex(event["data"].as_str()?)?)
            })
            .collect();
        let said = submitted_rewards(&call);
        assert_eq!(heard.len(), said.len(), "{kind}");
        for (said, heard) in said.iter().zip(&heard) {
            compared += 1;
            let tail = |text: &str| text.split(" of ").nth(1).map(str::to_owned);
            if kind.contains("fee") {
                assert_ne!(said, heard, "{kind}: the fee is gone");
                assert_eq!(tail(said), tail(heard), "{kind}");
            } else {
                assert_eq!(said, heard, "{kind}");
            }
        }
    }
    assert_eq!(compared, 7, "submissions in the recording");
}
