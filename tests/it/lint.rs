//! Every check has an example that breaks it, and the same example without the fault, which does not.

use crate::support::deployment::{MIDNIGHT, NOW, at, complete, nobody, strategy};
use stakewright::export::action::{Action, Call};
use stakewright::export::address::{Address, BEACON_ETH};
use stakewright::export::arguments::*;
use stakewright::export::design::{Deployment, RewardsKind, StakeType, StrategyWads};
use stakewright::export::lint::{
    CHECKS, Context, Kind, LintFinding, PlacedCall, Severity, call, calls, deployment, lint,
};
use stakewright::export::network::Network;
use stakewright::export::number::Dec;
use stakewright::export::plan::plan;
use stakewright::export::world::{CoordinatorState, Knowledge, QuorumState, TaskState, World};
use stakewright::export::{ExportError, Target, export};
use stakewright::units::{Bips, Blocks, Multiplier, Seconds, Timestamp};
use std::collections::BTreeSet;

const STETH: &str = "0x93c4b944D05dfe6df7645A86cd2206016c51564D";

/// A deployment that no check has a word about.
fn quiet() -> Deployment {
    let mut base = complete(Network::mainnet(), nobody(0x70));
    base.operator_sets[1].redistribution_recipient = None;
    let aggregators = base.operator_sets[1].quorum.as_mut().expect("a quorum");
    aggregators.stake_type = StakeType::TotalSlashable;
    for submission in &mut base.rewards {
        submission.start = Timestamp(MIDNIGHT - 40 * 86_400);
    }
    base
}

struct Example {
    check: &'static str,
    without: Vec<LintFinding>,
    with: Vec<LintFinding>,
}

/// A fault in a deployment.
fn design(check: &'static str, break_it: impl Fn(&mut Deployment)) -> Example {
    let mut broken = quiet();
    break_it(&mut broken);
    Example {
        check,
        without: deployment(&quiet()),
        with: deployment(&broken),
    }
}

fn planned() -> Vec<PlacedCall> {
    let place = |(index, step): (usize, stakewright::export::plan::Step)| PlacedCall {
        place: format!("/calls/{index}"),
        call: step.call,
    };
    plan(
        &Deployment {
            rewards: vec![],
            ..quiet()
        },
        nobody(0x41),
    )
    .into_iter()
    .take(6)
    .enumerate()
    .map(place)
    .collect()
}

fn known() -> Context {
    let mut context = Context::new(Network::mainnet(), Timestamp(NOW));
    context.whitelisted = Some([at(STETH)].into_iter().collect());
    context
}

/// A fault in a list of calls.
fn in_calls(check: &'static str, break_it: impl Fn(&mut Vec<PlacedCall>)) -> Example {
    let mut broken = planned();
    break_it(&mut broken);
    Example {
        check,
        without: calls(&planned(), &known()),
        with: calls(&broken, &known()),
    }
}

fn then(list: &mut Vec<PlacedCall>, from: Address, action: Action) {
    let to = action
        .contract()
        .address(&Network::mainnet())
        .expect("a contract");
    list.push(PlacedCall {
        place: "/calls/9".into(),
        call: Call { from, to, action },
    });
}

fn file(target: Target, end: &str) -> String {
    let files = export(&quiet(), target).unwrap_or_else(|error| panic!("{error}"));
    let found = files
        .into_iter()
        .find(|file| file.path.ends_with(end))
        .expect("the file");
    String::from_utf8(found.bytes).expect("text")
}

/// A fault in a file.
fn in_file(check: &'static str, text: &str, replace: &str, by: &str) -> Example {
    let broken = text.replacen(replace, by, usize::MAX);
    assert_ne!(text, broken, "{check}: `{replace}` is in the file");
    let read =
        |text: &str| lint(text, None, None).unwrap_or_else(|error| panic!("{check}: {error}"));
    Example {
        check,
        without: read(text),
        with: read(&broken),
    }
}

/// A fraction for each of some strategies of the first set, by their place in it.
fn by_strategy(d: &mut Deployment, each: &[(usize, u64)]) {
    let set = set_zero(d);
    let listed = each.iter().map(|&(place, wads)| StrategyWads {
        strategy: set.strategies[place].strategy,
        wads_to_slash: Dec(wads),
    });
    set.slash_rules[0].wads_by_strategy = listed.collect();
}

fn set_zero(d: &mut Deployment) -> &mut stakewright::export::design::OperatorSet {
    &mut d.operator_sets[0]
}

fn quorum(d: &mut Deployment) -> &mut stakewright::export::design::Quorum {
    d.operator_sets[0].quorum.as_mut().expect("a quorum")
}

fn mailbox(d: &mut Deployment) -> &mut stakewright::export::design::Mailbox {
    d.operator_sets[0].mailbox.as_mut().expect("a mailbox")
}

fn table(d: &mut Deployment) -> &mut stakewright::export::design::StakeTable {
    d.operator_sets[0]
        .stake_table
        .as_mut()
        .expect("a stake table")
}

fn of_designs() -> Vec<Example> {
    vec![
        design("admin-takes-over", |d| d.admin = Some(nobody(0x42))),
        design("public-test-key", |d| {
            set_zero(d).slasher = at("0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC")
        }),
        design("metadata-uri", |d| d.metadata_uri = "avs.json".into()),
        design("file-shape", |d| d.operator_sets.clear()),
        design("appointee-once", |d| {
            d.appointees.push(d.appointees[0].clone())
        }),
        design("set-id-unique", |d| d.operator_sets[1].id = 0),
        design("slasher-not-zero", |d| set_zero(d).slasher = Address::ZERO),
        design("slasher-is-contract", |d| {
            set_zero(d).slasher = nobody(0x41)
        }),
        design("strategy-unique", |d| {
            let twice = d.operator_sets[0].strategies[0].clone();
            set_zero(d).strategies.push(twice);
        }),
        design("set-has-strategies", |d| set_zero(d).strategies.clear()),
        design("redistribution-recipient", |d| {
            set_zero(d).redistribution_recipient = Some(Address::ZERO)
        }),
        design("redistribution-strategy", |d| {
            set_zero(d).redistribution_recipient = Some(nobody(0x53))
        }),
        design("redistribution-to-insider", |d| {
            d.operator_sets[1].redistribution_recipient = Some(nobody(0x41))
        }),
        design("slash-resolution", |d| {
            d.operator_sets[1].redistribution_recipient = Some(nobody(0x53))
        }),
        design("slash-range", |d| {
            set_zero(d).slash_rules[0].wads_to_slash = Dec(10u64.pow(18) + 1)
        }),
        design("slash-floor", |d| {
            set_zero(d).slash_rules[0].wads_to_slash = Dec(10u64.pow(14) - 1)
        }),
        design("slash-range", |d| by_strategy(d, &[(0, 0)])),
        design("slash-floor", |d| {
            by_strategy(d, &[(0, 10u64.pow(14) - 1)]);
        }),
        design("slash-order", |d| {
            let mut places: Vec<usize> = (0..d.operator_sets[0].strategies.len()).collect();
            places.sort_by_key(|&p| std::cmp::Reverse(d.operator_sets[0].strategies[p].strategy));
            let listed: Vec<_> = places.iter().map(|&p| (p, 10u64.pow(18))).collect();
            by_strategy(d, &listed);
        }),
        design("strategy-in-set", |d| {
            by_strategy(d, &[(0, 10u64.pow(18))]);
            set_zero(d).slash_rules[0].wads_by_strategy[0].strategy = nobody(0x77);
        }),
        design("slash-window", |d| {
            set_zero(d).slash_rules[0].veto = Blocks(43_200)
        }),
        design("stake-precision", |d| {
            quorum(d).minimum_stake = Dec(1_000_000)
        }),
        design("quorum-number", |d| d.operator_sets[1].id = 5),
        design("quorum-strategies", |d| {
            set_zero(d).strategies = (1..=33)
                .map(|byte| strategy(nobody(byte), "S", 10u128.pow(18)))
                .collect();
        }),
        design("quorum-strategy-unique", |d| {
            let twice = d.operator_sets[0].strategies[0].clone();
            set_zero(d).strategies.push(twice);
        }),
        design("quorum-multiplier", |d| {
            set_zero(d).strategies[0].multiplier = Multiplier(0)
        }),
        design("quorum-multiplier-scale", |d| {
            set_zero(d).strategies[0].multiplier = Multiplier(10_000)
        }),
        design("quorum-look-ahead", |d| {
            quorum(d).look_ahead = Blocks(100_801)
        }),
        design("quorum-delegated", |d| {
            quorum(d).stake_type = StakeType::TotalDelegated
        }),
        design("quorum-burning", |d| {
            d.operator_sets[1].redistribution_recipient = Some(nobody(0x53))
        }),
        design("quorum-minimum-stake", |d| {
            quorum(d).minimum_stake = Dec(1 << 96)
        }),
        design("quorum-minimum-zero", |d| quorum(d).minimum_stake = Dec(0)),
        design("quorum-full", |d| quorum(d).max_operators = 0),
        design("quorum-kick-bips", |d| {
            quorum(d).kick_bips_of_operator_stake = Bips(10_000)
        }),
        design("weight-truncation", |d| {
            set_zero(d).strategies[0].multiplier = Multiplier(10u128.pow(21))
        }),
        design("churn-overflow", |d| {
            quorum(d).minimum_stake = Dec(10u128.pow(25))
        }),
        design("threshold-liveness", |d| quorum(d).threshold = Bips(10_000)),
        design("threshold-tight", |d| quorum(d).threshold = Bips(9_500)),
        design("rewards-strategies", |d| d.rewards[0].strategies.clear()),
        design("rewards-order", |d| {
            let twice = d.rewards[0].strategies[0].clone();
            d.rewards[0].strategies.push(twice);
        }),
        design("rewards-in-set", |d| {
            d.rewards[0]
                .strategies
                .push(strategy(nobody(0x31), "S", 10u128.pow(18)))
        }),
        design("rewards-multiplier-zero", |d| {
            d.rewards[0].strategies[0].multiplier = Multiplier(0)
        }),
        design("rewards-multiplier-uint96", |d| {
            d.rewards[0].strategies[0].multiplier = Multiplier(1 << 96)
        }),
        design("rewards-multiplier-scale", |d| {
            d.rewards[0].strategies[0].multiplier = Multiplier(10_000)
        }),
        design("rewards-amount", |d| {
            d.rewards[0].kind = RewardsKind::UniqueStake {
                amount: Dec(10u128.pow(38)),
            }
        }),
        design("rewards-daily", |d| {
            d.rewards[0].kind = RewardsKind::UniqueStake { amount: Dec(29) }
        }),
        design("rewards-duration", |d| {
            d.rewards[0].duration = Seconds(86_401)
        }),
        design("rewards-start-day", |d| {
            d.rewards[0].start = Timestamp(MIDNIGHT - 1)
        }),
        design("rewards-start-past", |d| {
            d.rewards[0].start = Timestamp(MIDNIGHT - 168 * 86_400)
        }),
        design("rewards-start-ahead", |d| {
            d.rewards[0].start = Timestamp(MIDNIGHT + 31 * 86_400)
        }),
        design("rewards-retroactive", |d| {
            d.rewards[2].start = Timestamp(MIDNIGHT)
        }),
        design("rewards-operators", |d| {
            d.rewards[2].kind = RewardsKind::OperatorDirected {
                rewards: vec![],
                description: String::new(),
            };
        }),
        design("rewards-not-cancellable", |d| {
            d.rewards[0].start = Timestamp(MIDNIGHT)
        }),
        design("operator-split", |d| {
            d.rewards[0].operator_split = Some(Bips(500))
        }),
        design("table-staleness", |d| {
            table(d).max_staleness = Seconds(604_799)
        }),
        design("table-staleness-never", |d| {
            table(d).max_staleness = Seconds(0)
        }),
        design("table-staleness-task", |d| {
            table(d).max_staleness = Seconds(604_800)
        }),
        design("network-without-contract", |d| {
            d.network.contracts.task_mailbox = None
        }),
        design("task-config", |d| mailbox(d).task_hook = Address::ZERO),
        design("task-time", |d| mailbox(d).task_sla = Seconds(604_801)),
        design("task-fee-collector", |d| {
            mailbox(d).fee_token = nobody(0x64)
        }),
        design("task-owner", |d| set_zero(d).stake_table = None),
        design("recommended-integer", |d| {
            d.recommended[0].integer = Dec(320)
        }),
        design("recommended-integer", |d| {
            quorum(d).minimum_stake = Dec(321 * 10u128.pow(18))
        }),
    ]
}

fn of_calls() -> Vec<Example> {
    let avs = nobody(0x41);
    let key = |id: u32| SetKey { avs, id: Dec(id) };
    let slash = |strategies: Vec<Address>, wads: u128| {
        Action::SlashOperator(SlashOperator {
            avs,
            params: Slashing {
                operator: nobody(1),
                operator_set_id: Dec(0),
                wads_to_slash: strategies.iter().map(|_| Dec(wads)).collect(),
                strategies,
                description: String::new(),
            },
        })
    };
    vec![
        in_calls("metadata-first", |list| drop(list.remove(0))),
        in_calls("permission", |list| list[1].call.from = nobody(0x99)),
        in_calls("admin-only", |list| {
            let appoint = SetAppointee {
                account: avs,
                appointee: nobody(1),
                target: nobody(2),
                selector: Bytes(vec![1; 4]),
            };
            then(list, nobody(0x99), Action::SetAppointee(appoint));
        }),
        in_calls("last-admin", |list| {
            then(
                list,
                avs,
                Action::RemoveAdmin(AdminChange {
                    account: avs,
                    admin: avs,
                }),
            )
        }),
        in_calls("registrar-supports-avs", |list| {
            then(
                list,
                avs,
                Action::SetRegistrar(SetRegistrar {
                    avs,
                    registrar: nobody(0x43),
                }),
            );
        }),
        in_calls("key-before-table", |list| {
            list.retain(|placed| !matches!(placed.call.action, Action::ConfigureKeys(_)))
        }),
        in_calls("set-exists", |list| {
            list.retain(|placed| !matches!(placed.call.action, Action::CreateSets(_)))
        }),
        in_calls("table-once", |list| {
            let again = list
                .iter()
                .find(|placed| matches!(placed.call.action, Action::ReserveGeneration(_)))
                .expect("a reservation")
                .clone();
            list.push(again);
        }),
        in_calls("slasher-change-delay", |list| {
            then(
                list,
                avs,
                Action::UpdateSlasher(UpdateSlasher {
                    operator_set: key(0),
                    slasher: nobody(0x54),
                }),
            );
        }),
        in_calls("set-strategy-whitelisted", |list| {
            let add = SetStrategies {
                avs,
                operator_set_id: Dec(0),
                strategies: vec![nobody(0x31)],
            };
            then(list, avs, Action::AddStrategies(add));
        }),
        in_calls("slash-nothing", |list| {
            then(list, nobody(0x51), slash(vec![], 0))
        }),
        in_calls("slash-floor", |list| {
            then(list, nobody(0x51), slash(vec![BEACON_ETH], 10u128.pow(14)))
        }),
        in_calls("rewards-whitelisted", |list| {
            let submission = Submission {
                strategies_and_multipliers: vec![StrategyAndMultiplier {
                    strategy: nobody(0x31),
                    multiplier: Dec(1),
                }],
                token: nobody(0x70),
                amount: Dec(1_000),
                start_timestamp: Dec(MIDNIGHT as u32),
                duration: Dec(86_400),
            };
            let pay = StakeRewards {
                operator_set: key(0),
                rewards_submissions: vec![submission],
            };
            then(list, avs, Action::TotalStakeRewards(pay));
        }),
        in_calls("task-consensus", |list| {
            let config = TaskConfig {
                task_hook: nobody(1),
                task_sla: Dec(1),
                fee_token: Address::ZERO,
                curve_type: Dec(1),
                fee_collector: Address::ZERO,
                consensus: Consensus {
                    consensus_type: Dec(1),
                    value: Bytes(vec![0; 31]),
                },
                task_metadata: Bytes::default(),
            };
            then(
                list,
                avs,
                Action::SetTaskConfig(SetTaskConfig {
                    operator_set: key(0),
                    config,
                }),
            );
        }),
        in_calls("public-test-key", |list| {
            list[0].call.from = at("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
        }),
        in_calls("chain-id", |list| {
            list[0].call.to = Network::sepolia().contracts.allocation_manager
        }),
        in_calls("slasher-appointed", |list| {
            let slash = "slashOperator(address,(address,uint32,address[],uint256[],string))";
            let appoint = SetAppointee {
                account: avs,
                appointee: nobody(1),
                target: Network::mainnet().contracts.allocation_manager,
                selector: Bytes(stakewright::export::address::selector(slash).to_vec()),
            };
            then(list, avs, Action::SetAppointee(appoint));
        }),
        in_calls("rewards-fee", |list| {
            let opt_in = OptInForFee {
                submitter: avs,
                opt_in_for_protocol_fee: Flag(true),
            };
            then(list, avs, Action::OptInForFee(opt_in));
        }),
        in_calls("operator-split", |list| {
            let split = SetOperatorSplit {
                operator: nobody(1),
                operator_set: key(0),
                split: Dec(1),
            };
            then(list, avs, Action::SetOperatorSplit(split));
        }),
    ]
}

fn of_files() -> Vec<Example> {
    let quorums = file(Target::Middleware, "quorums.json");
    let newer = file(Target::Middleware, "avs-set-0.json");
    let yaml = file(Target::Hourglass, ".yaml");
    let mut examples = vec![
        in_file(
            "address-checksum",
            &quorums,
            "0x93c4b944D05dfe",
            "0x93c4b944d05dfe",
        ),
        in_file(
            "file-shape",
            &quorums,
            "\"operatorSetParams\"",
            "\"limits\"",
        ),
        in_file(
            "file-placeholder",
            &quorums,
            "0x9191919191919191919191919191919191919191",
            "FILL IN: owner",
        ),
        in_file(
            "json-key-order",
            &quorums,
            "\"0_maxOperatorCount\"",
            "\"maxOperatorCount\"",
        ),
        in_file("json-key-order", &quorums, "\"0_strategy\"", "\"strategy\""),
        in_file(
            "json-lengths",
            &quorums,
            "\"minimumStakes\": [",
            "\"minimumStakes\": [5,",
        ),
        in_file(
            "slash-window",
            &quorums,
            "\"2_vetoWindowBlocks\": 43200",
            "\"2_vetoWindowBlocks\": 100800",
        ),
        in_file(
            "quorum-look-ahead",
            &quorums,
            "\"1_lookAheadPeriod\": 50400",
            "\"1_lookAheadPeriod\": 100801",
        ),
        in_file("threshold-liveness", &quorums, "6700", "10000"),
        in_file("middleware-v2-multipliers", &newer, "10301,", ""),
        in_file(
            "calculator-unaudited",
            &newer.replace("\"calculatorType\": 1", "\"calculatorType\": 0"),
            "\"calculatorType\": 0",
            "\"calculatorType\": 2",
        ),
        in_file(
            "quorum-look-ahead",
            &newer,
            "\"lookaheadBlocks\": 50400",
            "\"lookaheadBlocks\": 100801",
        ),
        in_file(
            "middleware-v2-kind",
            &newer,
            "\"registrarType\": 0",
            "\"registrarType\": 4",
        ),
        in_file(
            "calculator-one-asset",
            &newer,
            "\"calculatorType\": 1",
            "\"calculatorType\": 0",
        ),
        in_file(
            "quorum-multiplier-scale",
            &newer,
            "10301",
            "1030100000000000000",
        ),
        in_file(
            "chain-id",
            &newer,
            "0x948a420b8CC1d6BFd0B6087C2E7c344a2CD0bc39",
            "0x42583067658071247ec8CE0A516A58f682002d07",
        ),
        in_file(
            "file-keys-unknown",
            &newer,
            "\"useProxy\"",
            "\"useProxies\"",
        ),
        in_file(
            "file-keys-unknown",
            &yaml,
            "mailbox:",
            "rewards: 5\nmailbox:",
        ),
        in_file(
            "executor-sets",
            &yaml,
            "executor:\n  operatorSetId: 0",
            "executor:\n  operatorSetId: 1",
        ),
        in_file("key-curve", &yaml, "\"ECDSA\"", "\"RSA\""),
        in_file("task-time", &yaml, "taskSla: 120", "taskSla: 604801"),
        in_file(
            "file-secret",
            &yaml,
            "mailbox:",
            "avs_private_key: \"0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d\"\nmailbox:",
        ),
    ];
    if cfg!(feature = "chain") {
        let core = file(Target::Core, "calls.json");
        let safe = file(Target::Safe, "batch.json");
        examples.push(in_file(
            "calldata-matches",
            &core,
            "0xa9821821",
            "0xa9821822",
        ));
        examples.push(in_file(
            "chain-id",
            &core,
            "0x7750d328b314EfFa365A0402CcfD489B80B0adda",
            "0x7750d328b314effa365a0402ccfd489b80b0add0",
        ));
        examples.push(in_file("safe-checksum", &safe, "stakewright:", "somebody:"));
    }
    examples
}

/// A submission by a sender of whom a chain says how many tokens it holds.
fn paid_from(held: u128) -> Vec<LintFinding> {
    let mut world = World::new(Network::mainnet(), Knowledge::Partial, 0, NOW);
    let (avs, token) = (nobody(0x41), nobody(0x70));
    world.balances.insert((token, avs), held);
    let submission = Submission {
        strategies_and_multipliers: vec![StrategyAndMultiplier {
            strategy: BEACON_ETH,
            multiplier: Dec(1),
        }],
        token,
        amount: Dec(1_000),
        start_timestamp: Dec(MIDNIGHT as u32),
        duration: Dec(86_400),
    };
    let action = Action::UniqueStakeRewards(StakeRewards {
        operator_set: SetKey { avs, id: Dec(0) },
        rewards_submissions: vec![submission],
    });
    let to = Network::mainnet().contracts.rewards_coordinator;
    let placed = PlacedCall {
        place: "/calls/0".into(),
        call: Call {
            from: avs,
            to,
            action,
        },
    };
    call(&placed, &mut world, &known())
}

/// The quorum contracts of an AVS: two quorums of delegated stake, the first with two members.
fn with_quorums() -> World {
    let mut world = World::new(Network::mainnet(), Knowledge::Partial, 0, NOW);
    let avs = nobody(0x41);
    let quorum = QuorumState {
        max_operators: 3,
        kick_operator: 11_000,
        kick_total: 5_000,
        minimum: 50,
        members: 2,
        total: 400,
    };
    world.coordinators.insert(
        nobody(0x71),
        CoordinatorState {
            avs,
            owner: nobody(0x91),
            stake_registry: nobody(0x72),
            count: 2,
            quorums: [(0, quorum)].into(),
        },
    );
    world.registrars.insert(avs, nobody(0x71));
    world.weights.insert((0, nobody(0xa1)), 100);
    world.weights.insert((0, nobody(0xb1)), 50);
    world.tasks.insert(
        SetKey { avs, id: Dec(0) },
        TaskState {
            sla: 60,
            table_time: NOW,
            max_staleness: 60,
        },
    );
    world
}

/// A call on such a world, as it is and with a fault in the call or in the world.
fn on_quorums(
    check: &'static str,
    good: (Address, Action),
    break_it: impl Fn(&mut World, &mut Call),
) -> Example {
    let contracts = Network::mainnet().contracts;
    let to = match &good.1 {
        Action::CreateTask(_) => contracts.task_mailbox.expect("a mailbox"),
        Action::RegisterForSets(_) => contracts.allocation_manager,
        Action::CreateDelegatedQuorum(_) => nobody(0x71),
        _ => nobody(0x72),
    };
    let (from, action) = good;
    let mut call = Call { from, to, action };
    let findings = |world: &mut World, call: &Call| {
        let place = "/calls/0".into();
        let call = call.clone();
        stakewright::export::lint::call(&PlacedCall { place, call }, world, &known())
    };
    let mut world = with_quorums();
    let without = findings(&mut world.clone(), &call);
    break_it(&mut world, &mut call);
    Example {
        check,
        without,
        with: findings(&mut world, &call),
    }
}

fn of_quorums() -> Vec<Example> {
    let weight = StrategyAndMultiplier {
        strategy: BEACON_ETH,
        multiplier: Dec(10u128.pow(18)),
    };
    let add = |quorum| {
        Action::AddQuorumStrategies(AddQuorumStrategies {
            quorum_number: Dec(quorum),
            strategy_params: vec![weight.clone()],
        })
    };
    let create = Action::CreateDelegatedQuorum(CreateDelegatedQuorum {
        operator_set_params: QuorumLimits {
            max_operator_count: Dec(3),
            kick_bips_of_operator_stake: Dec(11_000),
            kick_bips_of_total_stake: Dec(50),
        },
        minimum_stake: Dec(1),
        strategy_params: vec![weight.clone()],
    });
    let join = Action::RegisterForSets(RegisterForSets {
        operator: nobody(0xb1),
        params: Registration {
            avs: nobody(0x41),
            operator_set_ids: vec![Dec(0)],
            data: Bytes::default(),
        },
    });
    // One word for the kind (1 is churn), nine that do not matter, the place of the list, another, the list.
    let mut churn = vec![0; 32 * 15];
    (churn[31], churn[32 * 10 + 30], churn[32 * 10 + 31]) = (1, 1, 0x80);
    churn[32 * 12 + 31] = 1;
    churn[32 * 14 + 12..32 * 15].copy_from_slice(&[0xa1; 20]);
    let mut replace = join.clone();
    if let Action::RegisterForSets(a) = &mut replace {
        a.params.data = Bytes(churn);
    }
    let task = |payload: &[u8]| {
        Action::CreateTask(CreateTask {
            task_params: Task {
                refund_collector: Address::ZERO,
                executor_operator_set: SetKey {
                    avs: nobody(0x41),
                    id: Dec(0),
                },
                payload: Bytes(payload.to_vec()),
            },
        })
    };
    let (owner, operator) = (nobody(0x91), nobody(0xb1));
    let full = |world: &mut World| {
        let state = world.coordinators.get_mut(&nobody(0x71)).expect("known");
        state.quorums.get_mut(&0).expect("known").members = 3;
    };
    let remove = |indices: &[u128]| {
        Action::RemoveQuorumStrategies(RemoveQuorumStrategies {
            quorum_number: Dec(0),
            indices_to_remove: indices.iter().copied().map(Dec).collect(),
        })
    };
    let modify = |multipliers: &[u128]| {
        Action::ModifyQuorumStrategies(ModifyQuorumStrategies {
            quorum_number: Dec(0),
            strategy_indices: vec![Dec(0)],
            new_multipliers: multipliers.iter().copied().map(Dec).collect(),
        })
    };
    let ahead = |blocks| {
        Action::SetLookAhead(SetLookAhead {
            quorum_number: Dec(0),
            look_ahead_blocks: Dec(blocks),
        })
    };
    vec![
        on_quorums("quorum-exists", (owner, add(1)), |_, call| {
            call.action = add(2)
        }),
        on_quorums("quorum-owner", (owner, add(1)), |_, call| {
            call.from = operator
        }),
        on_quorums("quorum-owner", (owner, create.clone()), |_, call| {
            call.from = operator
        }),
        on_quorums("quorum-number", (owner, create), |world, _| {
            let state = world.coordinators.get_mut(&nobody(0x71)).expect("known");
            state.count = 192;
        }),
        on_quorums("quorum-admission", (operator, join.clone()), |world, _| {
            world.weights.insert((0, operator), 49);
        }),
        on_quorums("quorum-admission", (operator, join), |world, _| full(world)),
        // 111 is above 110, and 100 below half of 511; then 110 is not, and 100 not below a tenth.
        on_quorums("quorum-churn", (operator, replace.clone()), |world, _| {
            full(world);
            world.weights.insert((0, operator), 110);
        }),
        on_quorums("quorum-churn", (operator, replace.clone()), |world, _| {
            full(world);
            world.weights.insert((0, operator), 111);
            let state = world.coordinators.get_mut(&nobody(0x71)).expect("known");
            state.quorums.get_mut(&0).expect("known").kick_total = 1_000;
        }),
        on_quorums("churn-overflow", (operator, replace), |world, _| {
            full(world);
            world.weights.insert((0, nobody(0xa1)), 1 << 90);
        }),
        on_quorums("task-payload", (operator, task(&[1])), |_, call| {
            call.action = task(&[])
        }),
        on_quorums("task-set-registered", (operator, task(&[1])), |world, _| {
            world.tasks.clear()
        }),
        on_quorums("certificate-fresh", (operator, task(&[1])), |world, _| {
            world.time += 1
        }),
        on_quorums(
            "quorum-remove-order",
            (owner, remove(&[2, 0])),
            |_, call| call.action = remove(&[0, 2]),
        ),
        on_quorums("quorum-strategies", (owner, remove(&[0])), |_, call| {
            call.action = remove(&[])
        }),
        on_quorums("quorum-multiplier", (owner, modify(&[1])), |_, call| {
            call.action = modify(&[0])
        }),
        on_quorums("json-lengths", (owner, modify(&[1])), |_, call| {
            call.action = modify(&[1, 1])
        }),
        on_quorums("quorum-look-ahead", (owner, ahead(100_800)), |_, call| {
            call.action = ahead(100_801)
        }),
    ]
}

/// The same submission to everybody who earns, which is the protocol's to make.
fn paid_to_everybody() -> Vec<LintFinding> {
    let mut world = World::new(Network::mainnet(), Knowledge::Partial, 0, NOW);
    let action = Action::RewardsForAllEarners(RewardsForAll {
        rewards_submissions: vec![],
    });
    let call = Call {
        from: nobody(0x41),
        to: Network::mainnet().contracts.rewards_coordinator,
        action,
    };
    let place = "/calls/0".into();
    stakewright::export::lint::call(&PlacedCall { place, call }, &mut world, &known())
}

fn of_balances() -> Vec<Example> {
    vec![
        Example {
            check: "rewards-submitter",
            without: paid_from(1_000),
            with: paid_to_everybody(),
        },
        Example {
            check: "rewards-balance",
            without: paid_from(1_000),
            with: paid_from(999),
        },
    ]
}

#[test]
fn every_check_has_an_example_with_and_one_without_the_fault() {
    let mut shown = BTreeSet::new();
    let mut wrong = Vec::new();
    let examples = of_designs()
        .into_iter()
        .chain(of_calls())
        .chain(of_balances())
        .chain(of_quorums())
        .chain(of_files());
    for example in examples {
        let has = |findings: &[LintFinding]| {
            findings
                .iter()
                .any(|finding| finding.check == example.check)
        };
        if has(&example.without) {
            wrong.push(format!(
                "{}: found without the fault: {:?}",
                example.check, example.without
            ));
        }
        if !has(&example.with) {
            wrong.push(format!("{}: not found: {:?}", example.check, example.with));
        }
        shown.insert(example.check);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Calls that only operators and stakers make, and some of the AVS: the recorded answers break these.
    let recorded = crate::export_recording::broken_checks();
    let chain_only = ["calldata-matches", "safe-checksum"];
    let missing: Vec<_> = CHECKS
        .iter()
        .map(|check| check.id)
        .filter(|id| !shown.contains(id) && !recorded.contains(id))
        .filter(|id| cfg!(feature = "chain") || !chain_only.contains(id))
        .collect();
    assert!(missing.is_empty(), "no example for {missing:?}");
}

#[test]
fn a_quiet_deployment_is_quiet() {
    let findings = deployment(&quiet());
    assert!(findings.is_empty(), "{findings:?}");
}

#[test]
fn what_cannot_be_expressed_is_refused_with_the_nearest_thing() {
    let refused = |break_it: &dyn Fn(&mut Deployment)| {
        let mut broken = quiet();
        break_it(&mut broken);
        let Err(ExportError::Refused(findings)) = export(&broken, Target::Params) else {
            panic!("not refused")
        };
        assert!(
            findings
                .iter()
                .all(|finding| finding.severity == Severity::Error)
        );
        findings[0].to_string()
    };
    let split = refused(&|d| d.rewards[0].operator_split = Some(Bips(2_000)));
    assert!(
        split.contains("setOperatorSetSplit") && split.contains("named operators"),
        "{split}"
    );
    let ahead = refused(&|d| quorum(d).look_ahead = Blocks(200_000));
    assert!(ahead.contains("100800"), "{ahead}");
    let native = refused(&|d| set_zero(d).redistribution_recipient = Some(nobody(0x53)));
    assert!(
        native.contains("native ETH") && native.contains("one burning set"),
        "{native}"
    );
}

#[test]
fn networks_have_their_own_delays() {
    let mut testnet = Deployment {
        network: Network::sepolia(),
        ..quiet()
    };
    let checks: BTreeSet<_> = deployment(&testnet)
        .into_iter()
        .map(|finding| finding.check)
        .collect();
    assert!(
        checks.contains("quorum-look-ahead") && checks.contains("slash-window"),
        "{checks:?}"
    );
    testnet.network = Network::hoodi();
    let hoodi = deployment(&testnet);
    let task = hoodi
        .iter()
        .find(|finding| finding.check == "task-time")
        .expect("Hoodi allows a second");
    assert!(task.right.contains("another network"), "{task}");
}

#[test]
fn a_file_of_no_kind_is_said_so() {
    assert!(lint("{\"a\": 1}", None, None).is_err());
    assert!(lint("{\"a\"", None, None).is_err());
    assert!(
        lint("{\"a\": 1}", Some(Kind::Quorums), None).is_ok_and(|findings| !findings.is_empty())
    );
}

proptest::proptest! {
    #[test]
    fn no_text_stops_the_lint(text in "\\PC{0,300}", kind in 0usize..6) {
        let kinds = [Kind::Deployment, Kind::Calls, Kind::Safe, Kind::Quorums, Kind::MiddlewareV2, Kind::Hourglass];
        let _ = lint(&text, Some(kinds[kind]), None);
    }
}
