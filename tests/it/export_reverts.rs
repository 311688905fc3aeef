//! Every refusal of the contracts, provoked on a node and explained.

use crate::export_verify::{Bench, EIGEN, Kind, STETH, bench};
use crate::support::deployment::{MIDNIGHT, at, nobody};
use stakewright::export::action::{Action, Call};
use stakewright::export::address::{Address, BEACON_ETH, BURN};
use stakewright::export::arguments::*;
use stakewright::export::number::Dec;
use stakewright::export::plan::{Phase, Step};
use stakewright::export::verify::{Calls, Outcome, verify};
use std::collections::BTreeSet;

#[test]
fn every_reason_to_refuse_is_provoked_on_a_node_and_explained() {
    let Some(bench) = bench() else { return };
    let mut provoked = provoke(&bench);
    provoked.extend(crate::export_quorums::provoke().expect("the tools are there"));
    let listed: BTreeSet<_> = REASONS
        .iter()
        .flat_map(|(_, reasons)| reasons.iter().copied())
        .collect();
    let missing: Vec<_> = REASONS
        .iter()
        .flat_map(|(section, reasons)| reasons.iter().map(move |reason| (*section, *reason)))
        .filter(|(_, reason)| !provoked.contains(reason))
        .collect();
    assert!(missing.is_empty(), "never provoked: {missing:?}");
    let unlisted: Vec<_> = provoked.difference(&listed).collect();
    assert!(unlisted.is_empty(), "provoked and not listed: {unlisted:?}");
}

/// Every refusal of the contracts, provoked by one wrong call after a good plan, and explained.
pub fn provoke(bench: &Bench) -> BTreeSet<&'static str> {
    let deployment = bench.deployment();
    let avs = deployment.avs.expect("an address");
    bench.fund(avs);
    bench.send(&bench.calls(&deployment));
    let other_registrar = bench.anvil.deploy(
        &bench.forge,
        "Registrar",
        &[crate::support::foundry::word(nobody(0x77))],
    );
    let contracts = &bench.network.contracts;
    let set = |id: u32| SetKey { avs, id: Dec(id) };
    let new = |id: u32, strategies: Vec<Address>| NewSet {
        operator_set_id: Dec(id),
        strategies,
        slasher: nobody(0x51),
    };
    let create = |params| Action::CreateSets(CreateSets { avs, params });
    let share = |strategies: Vec<Address>, recipients: Vec<Address>| {
        Action::CreateRedistributingSets(CreateRedistributingSets {
            avs,
            params: vec![new(9, strategies)],
            redistribution_recipients: recipients,
        })
    };
    let weight = |address: Address| StrategyAndMultiplier {
        strategy: address,
        multiplier: Dec(10u128.pow(18)),
    };
    let good = Submission {
        strategies_and_multipliers: vec![weight(nobody(0x31)), weight(nobody(0x32))],
        token: bench.token,
        amount: Dec(1_000),
        start_timestamp: Dec(MIDNIGHT as u32),
        duration: Dec(864_000),
    };
    let pay = |submission: Submission| {
        Action::UniqueStakeRewards(StakeRewards {
            operator_set: set(0),
            rewards_submissions: vec![submission],
        })
    };
    let reward = |byte: u8, amount: u128| DirectedReward {
        operator: nobody(byte),
        amount: Dec(amount),
    };
    let named = |operator_rewards: Vec<DirectedReward>, start: u64| {
        Action::OperatorDirectedRewards(DirectedRewards {
            operator_set: set(0),
            operator_directed_rewards_submissions: vec![DirectedSubmission {
                strategies_and_multipliers: vec![weight(nobody(0x31))],
                token: bench.token,
                operator_rewards,
                start_timestamp: Dec(start as u32),
                duration: Dec(86_400),
                description: String::new(),
            }],
        })
    };
    let reserve = |id: u32, seconds: u32| {
        Action::ReserveGeneration(ReserveGeneration {
            operator_set: set(id),
            operator_table_calculator: nobody(0x61),
            config: TableConfig {
                owner: nobody(0x62),
                max_staleness_period: Dec(seconds),
            },
        })
    };
    let task = |change: &dyn Fn(&mut TaskConfig)| {
        let mut config = TaskConfig {
            task_hook: nobody(0x63),
            task_sla: Dec(60),
            fee_token: Address::ZERO,
            curve_type: Dec(2),
            fee_collector: Address::ZERO,
            consensus: Consensus {
                consensus_type: Dec(0),
                value: Bytes::default(),
            },
            task_metadata: Bytes::default(),
        };
        change(&mut config);
        Action::SetTaskConfig(SetTaskConfig {
            operator_set: set(0),
            config,
        })
    };
    let strategies = |id: u32, strategies: Vec<Address>| SetStrategies {
        avs,
        operator_set_id: Dec(id),
        strategies,
    };
    let slash = |operator: Address, strategies: Vec<Address>, wads: Vec<u128>| {
        Action::SlashOperator(SlashOperator {
            avs,
            params: Slashing {
                operator,
                operator_set_id: Dec(0),
                strategies,
                wads_to_slash: wads.into_iter().map(Dec).collect(),
                description: String::new(),
            },
        })
    };
    let admitted = nobody(0x21);
    let mut admit =
        stakewright::export::address::selector("admit(address,uint32,address)").to_vec();
    admit.extend(crate::support::foundry::word(avs));
    admit.extend(crate::support::foundry::number(0));
    admit.extend(crate::support::foundry::word(admitted));
    if bench.kind == Kind::StandIns {
        bench
            .anvil
            .send(avs, Some(contracts.allocation_manager), &admit);
    }
    let slasher = nobody(0x51);
    let appointment = SetAppointee {
        account: avs,
        appointee: nobody(0x81),
        target: nobody(0x82),
        selector: Bytes(
            stakewright::export::address::selector(
                "createOperatorSets(address,(uint32,address[],address)[])",
            )
            .to_vec(),
        ),
    };
    let stranger = nobody(0x99);
    let cases: Vec<(Address, Action, &str, Option<&str>)> = vec![
        (
            avs,
            Action::CreateSets(CreateSets {
                avs: stranger,
                params: vec![new(0, vec![])],
            }),
            "InvalidPermissions",
            Some("avs"),
        ),
        (
            stranger,
            Action::CreateSets(CreateSets {
                avs: stranger,
                params: vec![new(0, vec![])],
            }),
            "NonexistentAVSMetadata",
            Some("avs"),
        ),
        (
            stranger,
            create(vec![new(9, vec![])]),
            "InvalidPermissions",
            Some("avs"),
        ),
        (
            avs,
            Action::SetRegistrar(SetRegistrar {
                avs,
                registrar: other_registrar,
            }),
            "InvalidAVSRegistrar",
            Some("registrar"),
        ),
        (
            avs,
            Action::SetRegistrar(SetRegistrar {
                avs,
                registrar: nobody(0x12),
            }),
            "(empty)",
            Some("registrar"),
        ),
        (
            avs,
            create(vec![new(8, vec![]), new(0, vec![])]),
            "InvalidOperatorSet",
            Some("params/1/operatorSetId"),
        ),
        (
            avs,
            create(vec![NewSet {
                slasher: Address::ZERO,
                ..new(9, vec![])
            }]),
            "InputAddressZero",
            Some("params/0/slasher"),
        ),
        (
            avs,
            create(vec![new(9, vec![nobody(1), nobody(1)])]),
            "StrategyAlreadyInOperatorSet",
            Some("params/0/strategies/1"),
        ),
        (
            avs,
            share(vec![nobody(1)], vec![]),
            "InputArrayLengthMismatch",
            Some("redistributionRecipients"),
        ),
        (
            avs,
            share(vec![nobody(1)], vec![Address::ZERO]),
            "InputAddressZero",
            Some("redistributionRecipients/0"),
        ),
        (
            avs,
            share(vec![nobody(1)], vec![BURN]),
            "InvalidRedistributionRecipient",
            Some("redistributionRecipients/0"),
        ),
        (
            avs,
            share(vec![nobody(1), BEACON_ETH], vec![nobody(2)]),
            "InvalidStrategy",
            Some("params/0/strategies/1"),
        ),
        (
            avs,
            share(vec![at(EIGEN)], vec![nobody(2)]),
            "InvalidStrategy",
            Some("params/0/strategies/0"),
        ),
        (
            avs,
            Action::AddStrategies(strategies(0, vec![BEACON_ETH])),
            "StrategyAlreadyInOperatorSet",
            Some("/strategies/0"),
        ),
        (
            avs,
            Action::AddStrategies(strategies(5, vec![nobody(1)])),
            "InvalidOperatorSet",
            Some("operatorSetId"),
        ),
        (
            avs,
            Action::RemoveStrategies(strategies(0, vec![nobody(1)])),
            "StrategyNotInOperatorSet",
            Some("strategies/0"),
        ),
        (
            avs,
            Action::UpdateSlasher(UpdateSlasher {
                operator_set: set(0),
                slasher: Address::ZERO,
            }),
            "InputAddressZero",
            Some("slasher"),
        ),
        (
            avs,
            Action::SetAppointee(appointment.clone()),
            "AppointeeAlreadySet",
            Some("appointee"),
        ),
        (
            stranger,
            Action::SetAppointee(appointment),
            "NotAdmin",
            Some("account"),
        ),
        (
            avs,
            Action::RemoveAdmin(AdminChange {
                account: avs,
                admin: avs,
            }),
            "CannotHaveZeroAdmins",
            Some("admin"),
        ),
        (
            avs,
            Action::ConfigureKeys(ConfigureKeys {
                operator_set: set(3),
                curve_type: Dec(0),
            }),
            "InvalidCurveType",
            Some("curveType"),
        ),
        (
            avs,
            Action::ConfigureKeys(ConfigureKeys {
                operator_set: set(0),
                curve_type: Dec(1),
            }),
            "ConfigurationAlreadySet",
            Some("operatorSet/id"),
        ),
        (
            avs,
            reserve(7, 0),
            "InvalidOperatorSet",
            Some("operatorSet/id"),
        ),
        (
            avs,
            reserve(0, 604_800),
            "GenerationReservationAlreadyExists",
            Some("operatorSet/id"),
        ),
        (
            avs,
            reserve(1, 604_799),
            "InvalidStalenessPeriod",
            Some("config/maxStalenessPeriod"),
        ),
        (
            avs,
            task(&|config| config.curve_type = Dec(0)),
            "ExecutorOperatorSetTaskConfigNotSet",
            Some("config/curveType"),
        ),
        (
            avs,
            task(&|config| config.task_hook = Address::ZERO),
            "ExecutorOperatorSetTaskConfigNotSet",
            Some("config/taskHook"),
        ),
        (
            avs,
            task(&|config| config.task_sla = Dec(0)),
            "ExecutorOperatorSetTaskConfigNotSet",
            Some("config/taskSLA"),
        ),
        (
            avs,
            task(&|config| config.task_sla = Dec(604_801)),
            "TaskSLAExceedsMaximum",
            Some("config/taskSLA"),
        ),
        (
            avs,
            task(&|config| config.consensus.value = Bytes(vec![1])),
            "InvalidConsensusValue",
            Some("config/consensus/value"),
        ),
        (
            avs,
            task(&|config| {
                config.consensus =
                    stakewright::export::plan::consensus(Some(stakewright::units::Bips(10_001)))
            }),
            "InvalidConsensusValue",
            Some("config/consensus/value"),
        ),
        (
            avs,
            task(&|_| {}),
            "InvalidOperatorSetOwner",
            Some("operatorSet"),
        ),
        (
            avs,
            pay(Submission {
                strategies_and_multipliers: vec![],
                ..good.clone()
            }),
            "InputArrayLengthZero",
            Some("rewardsSubmissions/0/strategiesAndMultipliers"),
        ),
        (
            avs,
            pay(Submission {
                amount: Dec(0),
                ..good.clone()
            }),
            "AmountIsZero",
            Some("rewardsSubmissions/0/amount"),
        ),
        (
            avs,
            pay(Submission {
                amount: Dec(10u128.pow(38)),
                ..good.clone()
            }),
            "AmountExceedsMax",
            Some("rewardsSubmissions/0/amount"),
        ),
        (
            avs,
            pay(Submission {
                duration: Dec(0),
                ..good.clone()
            }),
            "DurationIsZero",
            Some("rewardsSubmissions/0/duration"),
        ),
        (
            avs,
            pay(Submission {
                duration: Dec(63_158_400),
                ..good.clone()
            }),
            "DurationExceedsMax",
            Some("rewardsSubmissions/0/duration"),
        ),
        (
            avs,
            pay(Submission {
                duration: Dec(86_401),
                ..good.clone()
            }),
            "InvalidDurationRemainder",
            Some("rewardsSubmissions/0/duration"),
        ),
        (
            avs,
            pay(Submission {
                start_timestamp: Dec(MIDNIGHT as u32 + 1),
                ..good.clone()
            }),
            "InvalidStartTimestampRemainder",
            Some("rewardsSubmissions/0/startTimestamp"),
        ),
        (
            avs,
            pay(Submission {
                start_timestamp: Dec(MIDNIGHT as u32 - 169 * 86_400),
                ..good.clone()
            }),
            "StartTimestampTooFarInPast",
            Some("rewardsSubmissions/0/startTimestamp"),
        ),
        (
            avs,
            pay(Submission {
                start_timestamp: Dec(MIDNIGHT as u32 + 32 * 86_400),
                ..good.clone()
            }),
            "StartTimestampTooFarInFuture",
            Some("rewardsSubmissions/0/startTimestamp"),
        ),
        (
            avs,
            pay(Submission {
                strategies_and_multipliers: vec![weight(nobody(0x44))],
                ..good.clone()
            }),
            "StrategyNotWhitelisted",
            Some("rewardsSubmissions/0/strategiesAndMultipliers/0/strategy"),
        ),
        (
            avs,
            pay(Submission {
                strategies_and_multipliers: vec![weight(nobody(0x32)), weight(nobody(0x31))],
                ..good.clone()
            }),
            "StrategiesNotInAscendingOrder",
            Some("rewardsSubmissions/0/strategiesAndMultipliers/1/strategy"),
        ),
        (
            avs,
            pay(good.clone()),
            "Error(\"allowance\")",
            Some("rewardsSubmissions/0/token"),
        ),
        (
            avs,
            Action::TotalStakeRewards(StakeRewards {
                operator_set: set(6),
                rewards_submissions: vec![good],
            }),
            "InvalidOperatorSet",
            Some("operatorSet/id"),
        ),
        (
            avs,
            named(vec![], MIDNIGHT - 864_000),
            "InputArrayLengthZero",
            Some("operatorDirectedRewardsSubmissions/0/operatorRewards"),
        ),
        (
            avs,
            named(vec![reward(0, 1)], MIDNIGHT - 864_000),
            "InvalidAddressZero",
            Some("operatorDirectedRewardsSubmissions/0/operatorRewards/0/operator"),
        ),
        (
            avs,
            named(vec![reward(2, 1), reward(1, 1)], MIDNIGHT - 864_000),
            "OperatorsNotInAscendingOrder",
            Some("operatorDirectedRewardsSubmissions/0/operatorRewards/1/operator"),
        ),
        (
            avs,
            named(vec![reward(1, 0)], MIDNIGHT - 864_000),
            "AmountIsZero",
            Some("operatorDirectedRewardsSubmissions/0/operatorRewards/0/amount"),
        ),
        (
            avs,
            named(vec![reward(1, 1)], MIDNIGHT),
            "SubmissionNotRetroactive",
            Some("operatorDirectedRewardsSubmissions/0/duration"),
        ),
        (
            avs,
            Action::SetOperatorSplit(SetOperatorSplit {
                operator: admitted,
                operator_set: set(0),
                split: Dec(5),
            }),
            "InvalidPermissions",
            Some("operator"),
        ),
        (
            admitted,
            Action::SetOperatorSplit(SetOperatorSplit {
                operator: admitted,
                operator_set: set(0),
                split: Dec(10_001),
            }),
            "SplitExceedsMax",
            Some("split"),
        ),
        (
            slasher,
            slash(admitted, vec![BEACON_ETH], vec![]),
            "InputArrayLengthMismatch",
            Some("params/wadsToSlash"),
        ),
        (
            slasher,
            slash(stranger, vec![BEACON_ETH], vec![1]),
            "OperatorNotSlashable",
            Some("params/operator"),
        ),
        (
            avs,
            slash(admitted, vec![BEACON_ETH], vec![1]),
            "InvalidCaller",
            None,
        ),
        (
            slasher,
            slash(admitted, vec![BEACON_ETH, at(STETH)], vec![1, 1]),
            "StrategiesMustBeInAscendingOrder",
            Some("params/strategies/1"),
        ),
        (
            slasher,
            slash(admitted, vec![BEACON_ETH], vec![0]),
            "InvalidWadToSlash",
            Some("params/wadsToSlash/0"),
        ),
        (
            slasher,
            slash(admitted, vec![BEACON_ETH], vec![10u128.pow(18) + 1]),
            "InvalidWadToSlash",
            Some("params/wadsToSlash/0"),
        ),
        (
            slasher,
            slash(admitted, vec![nobody(1)], vec![1]),
            "StrategyNotInOperatorSet",
            Some("params/strategies/0"),
        ),
    ];
    // Reasons that only a second call can meet.
    let keyless = vec![
        (avs, create(vec![new(6, vec![nobody(0x31)])])),
        (avs, reserve(6, 604_800)),
    ];
    let split = |split: u16| {
        Action::SetOperatorSplit(SetOperatorSplit {
            operator: admitted,
            operator_set: set(0),
            split: Dec(split),
        })
    };
    let twice = vec![(admitted, split(5)), (admitted, split(6))];
    let sequences = [
        (keyless, "KeyTypeNotSet", Some("operatorSet/id")),
        (twice, "PreviousSplitPending", Some("split")),
    ];
    let mut wrong = Vec::new();
    let mut provoked = BTreeSet::new();
    let single = cases
        .into_iter()
        .map(|(from, action, error, argument)| (vec![(from, action)], error, argument));
    for (sequence, error, argument) in single.chain(sequences) {
        if !sequence.iter().all(|(_, action)| bench.takes(action)) {
            continue;
        }
        let step = |(from, action): (Address, Action)| {
            let to = action
                .contract()
                .address(&bench.network)
                .unwrap_or(bench.token);
            let title = action.function().into();
            Step {
                phase: Phase::Setup,
                call: Call { from, to, action },
                title,
                parameters: Vec::new(),
            }
        };
        let steps: Vec<_> = sequence.into_iter().map(step).collect();
        let function = steps.last().expect("a call").call.action.function();
        let calls = Calls {
            chain_id: 31_337,
            steps,
            ..Calls::default()
        };
        provoked.insert(error);
        let report = verify(&calls, &bench.network, &bench.anvil.node).expect("the node answers");
        match &report.steps.last().expect("a call").outcome {
            Outcome::Reverted(why) if why.error == error && why.argument.as_deref() == argument => {
            }
            other => wrong.push(format!(
                "{function}: {error} at {argument:?} expected, {other:?}"
            )),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    provoked
}

/// Every reason for which a contract that an AVS writes to refuses, by section of the write surface: the quorum
/// contracts (3a), tasks and stake tables (3b), the core (3c).
const REASONS: &[(&str, &[&str])] = &[
    (
        "3a, SlashingRegistryCoordinator",
        &[
            "MaxQuorumsReached",
            "LookAheadPeriodTooLong",
            "MaxOperatorCountReached",
            "InsufficientStakeForChurn",
            "CannotKickOperatorAboveThreshold",
            // Stake times basis points in 96 bits.
            "Panic(0x11)",
            "Error(\"Ownable: caller is not the owner\")",
        ],
    ),
    (
        "3a, StakeRegistry",
        &[
            "InputArrayLengthZero",
            "InputArrayLengthMismatch",
            "InputDuplicateStrategy",
            "InputMultiplierZero",
            "BelowMinimumStakeRequirement",
            "QuorumDoesNotExist",
            "OnlySlashingRegistryCoordinatorOwner",
        ],
    ),
    (
        "3b, TaskMailbox",
        &[
            "ExecutorOperatorSetTaskConfigNotSet",
            "TaskSLAExceedsMaximum",
            "InvalidConsensusValue",
            "InvalidOperatorSetOwner",
            "CertificateStale",
            "PayloadIsEmpty",
            "ExecutorOperatorSetNotRegistered",
        ],
    ),
    (
        "3b, KeyRegistrar",
        &["InvalidCurveType", "ConfigurationAlreadySet"],
    ),
    (
        "3b, CrossChainRegistry",
        &[
            "KeyTypeNotSet",
            "GenerationReservationAlreadyExists",
            "InvalidStalenessPeriod",
        ],
    ),
    (
        "3c, AllocationManager",
        &[
            "NonexistentAVSMetadata",
            "InvalidAVSRegistrar",
            // A registrar without code.
            "(empty)",
            "InvalidPermissions",
            "InvalidOperatorSet",
            "InputAddressZero",
            "StrategyAlreadyInOperatorSet",
            "StrategyNotInOperatorSet",
            "InputArrayLengthMismatch",
            "InvalidRedistributionRecipient",
            "InvalidStrategy",
            "InvalidCaller",
            "OperatorNotSlashable",
            "StrategiesMustBeInAscendingOrder",
            "InvalidWadToSlash",
        ],
    ),
    (
        "3c, PermissionController",
        &["NotAdmin", "AppointeeAlreadySet", "CannotHaveZeroAdmins"],
    ),
    (
        "3c, RewardsCoordinator",
        &[
            "InputArrayLengthZero",
            "AmountIsZero",
            "AmountExceedsMax",
            "DurationIsZero",
            "DurationExceedsMax",
            "InvalidDurationRemainder",
            "InvalidStartTimestampRemainder",
            "StartTimestampTooFarInPast",
            "StartTimestampTooFarInFuture",
            "StrategyNotWhitelisted",
            "StrategiesNotInAscendingOrder",
            "SubmissionNotRetroactive",
            "InvalidAddressZero",
            "OperatorsNotInAscendingOrder",
            "SplitExceedsMax",
            "PreviousSplitPending",
            // A token's own words.
            "Error(\"allowance\")",
        ],
    ),
];

#[test]
fn every_reason_is_known_by_name() {
    use stakewright::export::address::selector;
    use stakewright::export::lint::CHECKS;
    use stakewright::export::verify::name;
    let named = |reason: &&&str| reason.bytes().all(|byte| byte.is_ascii_alphabetic());
    let listed: BTreeSet<_> = REASONS.iter().flat_map(|(_, reasons)| *reasons).collect();
    for reason in listed.iter().filter(|reason| named(reason)) {
        assert_eq!(name(&selector(&format!("{reason}()"))), **reason);
        let rule = CHECKS.iter().find(|check| check.reverts.contains(reason));
        assert!(rule.is_some(), "{reason} belongs to no check");
    }
    // No check names a reason that is neither provoked nor recorded.
    let recorded = crate::export_recording::refusing_checks();
    let of_operators =
        |source: &str| source.contains("DelegationManager") || source.contains("StrategyManager");
    for check in CHECKS.iter().filter(|check| !of_operators(check.source)) {
        for reason in check.reverts.iter().filter(|reason| named(reason)) {
            assert!(
                listed.contains(reason) || recorded.contains(check.id),
                "{reason} of {}",
                check.id
            );
        }
    }
}
