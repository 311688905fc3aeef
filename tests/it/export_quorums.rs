//! The quorum contracts and the task mailbox, tried on a node: what they refuse is named and explained.

use crate::export_verify::{Bench, STETH, bench};
use crate::support::deployment::{NOW, at, nobody};
use crate::support::foundry::word;
use alloy_primitives::{Address as Account, U256};
use alloy_sol_types::{SolCall as _, sol};
use stakewright::export::action::{Action, Call};
use stakewright::export::address::{Address, BEACON_ETH};
use stakewright::export::arguments::*;
use stakewright::export::number::Dec;
use stakewright::export::plan::{Phase, Step};
use stakewright::export::verify::{Calls, Outcome, VerifyReport, verify};
use stakewright::export::world::{ADD_STRATEGIES, CREATE_SETS, Replaced};
use std::collections::BTreeSet;

sol! {
    struct Kick { uint8 quorumNumber; address operator; }
    struct Signature { bytes signature; bytes32 salt; uint256 expiry; }
    function churn(uint8 kind, string socket, uint256[8] keys, Kick[] kicks, Signature signature);
    function normal(uint8 kind, string socket, uint256[8] keys);
    function hold(address operator, address strategy, uint256 value);
    function fill();
    function arriveAll((address, uint32)[] sets, address owner);
    function arrive((address, uint32) set, address owner, uint32 time, uint32 maxStaleness);
}

const AVS: Address = nobody(0x41);
const OWNER: Address = nobody(0x91);
const ETHER: u128 = 10u128.pow(18);

/// A node on which an AVS has quorum contracts, with two full quorums.
pub struct Quorums {
    pub bench: Bench,
    pub coordinator: Address,
}

fn weight(strategy: Address) -> StrategyAndMultiplier {
    StrategyAndMultiplier {
        strategy,
        multiplier: Dec(ETHER),
    }
}

fn limits(max_operators: u32) -> QuorumLimits {
    QuorumLimits {
        max_operator_count: Dec(max_operators),
        kick_bips_of_operator_stake: Dec(11_000),
        kick_bips_of_total_stake: Dec(500),
    }
}

fn slashable(strategies: Vec<StrategyAndMultiplier>, look_ahead: u32) -> Action {
    Action::CreateSlashableQuorum(CreateSlashableQuorum {
        operator_set_params: limits(2),
        minimum_stake: Dec(50 * ETHER),
        strategy_params: strategies,
        look_ahead_period: Dec(look_ahead),
        slasher: nobody(0x51),
    })
}

fn delegated(strategies: Vec<StrategyAndMultiplier>) -> Action {
    Action::CreateDelegatedQuorum(CreateDelegatedQuorum {
        operator_set_params: limits(1),
        minimum_stake: Dec(ETHER),
        strategy_params: strategies,
    })
}

/// What an operator sends to register: as it is, or in the place of another.
fn registration(replaced: Option<(u8, Address)>) -> Vec<u8> {
    let keys = [U256::ZERO; 8];
    let socket = "node.example:3000".to_owned();
    let data = match replaced {
        None => normalCall {
            kind: 0,
            socket,
            keys,
        }
        .abi_encode(),
        Some((quorum, operator)) => churnCall {
            kind: 1,
            socket,
            keys,
            kicks: vec![Kick {
                quorumNumber: quorum,
                operator: Account::from(operator.0),
            }],
            signature: Signature {
                signature: vec![7; 65].into(),
                salt: [3; 32].into(),
                expiry: U256::MAX,
            },
        }
        .abi_encode(),
    };
    data[4..].to_vec()
}

fn register(operator: Address, quorum: u8, replaced: Option<Address>) -> Action {
    Action::RegisterForSets(RegisterForSets {
        operator,
        params: Registration {
            avs: AVS,
            operator_set_ids: vec![Dec(quorum.into())],
            data: Bytes(registration(replaced.map(|other| (quorum, other)))),
        },
    })
}

#[test]
fn whom_a_newcomer_replaces_is_read_out_of_its_registration() {
    let named = Replaced::read(&registration(Some((3, nobody(7)))));
    let expected = Replaced {
        quorum: 3,
        operator: nobody(7),
    };
    assert_eq!(named, Some(vec![expected]));
    assert_eq!(Replaced::read(&registration(None)), None);
    assert_eq!(Replaced::read(&[1; 40]), None);
}

impl Quorums {
    /// The quorum contracts of an AVS that is known and has appointed them.
    pub fn empty() -> Option<Self> {
        let bench = bench()?;
        let allocations = bench.network.contracts.allocation_manager;
        let arguments = [word(allocations), word(AVS), word(OWNER)];
        let coordinator = bench.anvil.deploy(&bench.forge, "Coordinator", &arguments);
        let quorums = Self { bench, coordinator };
        let metadata = Action::UpdateMetadata(UpdateMetadata {
            avs: AVS,
            metadata_uri: "https://example.invalid/avs.json".into(),
        });
        quorums.send(AVS, metadata);
        Some(quorums)
    }

    fn appointed(&self) {
        for function in [CREATE_SETS, ADD_STRATEGIES] {
            let appoint = SetAppointee {
                account: AVS,
                appointee: self.coordinator,
                target: self.bench.network.contracts.allocation_manager,
                selector: Bytes(stakewright::export::address::selector(function).to_vec()),
            };
            self.send(AVS, Action::SetAppointee(appoint));
        }
        let registrar = SetRegistrar {
            avs: AVS,
            registrar: self.coordinator,
        };
        self.send(AVS, Action::SetRegistrar(registrar));
    }

    /// Two quorums, both full.
    fn full(&self) {
        self.send(
            OWNER,
            slashable(vec![weight(at(STETH)), weight(BEACON_ETH)], 100),
        );
        self.send(OWNER, delegated(vec![weight(BEACON_ETH)]));
        for (operator, quorum, stake) in [
            (nobody(0xa1), 0, 100 * ETHER),
            (nobody(0xa2), 0, 300 * ETHER),
            (nobody(0xa3), 1, 8_000_000 * ETHER),
        ] {
            self.hold(operator, stake);
            self.send(operator, register(operator, quorum, None));
        }
    }

    fn hold(&self, operator: Address, stake: u128) {
        let data = holdCall {
            operator: Account::from(operator.0),
            strategy: Account::from(BEACON_ETH.0),
            value: U256::from(stake),
        };
        self.bench
            .anvil
            .send(nobody(0x11), Some(self.coordinator), &data.abi_encode());
    }

    fn to(&self, action: &Action) -> Address {
        let contract = action.contract().address(&self.bench.network);
        contract.unwrap_or(self.coordinator)
    }

    fn send(&self, from: Address, action: Action) {
        let data = stakewright::export::abi::encode(&action).expect("encodes");
        self.bench.anvil.send(from, Some(self.to(&action)), &data);
    }

    /// Calls tried in order.
    fn rehearse(&self, calls: Vec<(Address, Action)>) -> VerifyReport {
        let step = |(from, action): (Address, Action)| Step {
            phase: Phase::Setup,
            title: action.function().into(),
            call: Call {
                from,
                to: self.to(&action),
                action,
            },
            parameters: Vec::new(),
        };
        let calls = Calls {
            chain_id: 31_337,
            steps: calls.into_iter().map(step).collect(),
            ..Calls::default()
        };
        verify(&calls, &self.bench.network, &self.bench.anvil.node).expect("the node answers")
    }
}

/// A refusal: who sends what, the error's name, the argument and a figure of the explanation.
type Case = (
    Address,
    Action,
    &'static str,
    Option<&'static str>,
    &'static str,
);

fn explained(quorums: &Quorums, cases: Vec<Case>, provoked: &mut BTreeSet<&'static str>) {
    for (from, action, error, argument, figure) in cases {
        let function = action.function();
        let report = quorums.rehearse(vec![(from, action)]);
        let Outcome::Reverted(why) = &report.steps[0].outcome else {
            panic!("{function}: {error} expected, {report}")
        };
        assert_eq!(why.error, error, "{function}: {report}");
        assert_eq!(why.argument.as_deref(), argument, "{function}: {report}");
        assert!(why.wrong.contains(figure), "{figure} in {report}");
        provoked.insert(error);
    }
}

/// Everything that the quorum contracts refuse, and a task whose certificates would be stale.
pub fn provoke() -> Option<BTreeSet<&'static str>> {
    let quorums = Quorums::empty()?;
    let mut provoked = BTreeSet::new();
    let good = || vec![weight(BEACON_ETH)];
    let (stranger, newcomer) = (nobody(0x99), nobody(0xb1));
    explained(
        &quorums,
        vec![(
            OWNER,
            delegated(good()),
            "InvalidPermissions",
            None,
            "createOperatorSets",
        )],
        &mut provoked,
    );
    quorums.appointed();
    quorums.full();
    let mut unwhole = good();
    unwhole.push(weight(at(STETH)));
    unwhole[1].multiplier = Dec(0);
    let many = (1..=33).map(|byte| weight(nobody(byte))).collect();
    let mut unslashed = slashable(good(), 100);
    if let Action::CreateSlashableQuorum(quorum) = &mut unslashed {
        quorum.slasher = Address::ZERO;
    }
    let add = |quorum, strategies| {
        Action::AddQuorumStrategies(AddQuorumStrategies {
            quorum_number: Dec(quorum),
            strategy_params: strategies,
        })
    };
    let not_owner = "Error(\"Ownable: caller is not the owner\")";
    explained(
        &quorums,
        vec![
            (
                stranger,
                delegated(good()),
                not_owner,
                None,
                "is not the owner",
            ),
            (
                OWNER,
                unslashed,
                "InputAddressZero",
                Some("slasher"),
                "zero address",
            ),
            (
                OWNER,
                slashable(good(), 100_801),
                "LookAheadPeriodTooLong",
                Some("lookAheadPeriod"),
                "100801 blocks is beyond the 100800",
            ),
            (
                OWNER,
                delegated(vec![]),
                "InputArrayLengthZero",
                Some("strategyParams"),
                "no strategy",
            ),
            (
                OWNER,
                delegated(many),
                "InputArrayLengthMismatch",
                Some("strategyParams"),
                "33",
            ),
            (
                OWNER,
                delegated(unwhole),
                "InputMultiplierZero",
                Some("strategyParams/1/multiplier"),
                STETH,
            ),
            // The core sees a strategy that is named twice before the registry does.
            (
                OWNER,
                delegated(vec![weight(BEACON_ETH), weight(BEACON_ETH)]),
                "StrategyAlreadyInOperatorSet",
                Some("strategyParams/1/strategy"),
                "in the set already",
            ),
            (
                OWNER,
                add(0, vec![weight(nobody(0x31)), weight(BEACON_ETH)]),
                "InputDuplicateStrategy",
                Some("strategyParams/1/strategy"),
                "weighed already",
            ),
            (
                stranger,
                add(0, good()),
                "OnlySlashingRegistryCoordinatorOwner",
                None,
                "is not the owner",
            ),
            (
                OWNER,
                add(2, good()),
                "QuorumDoesNotExist",
                Some("quorumNumber"),
                "no quorum 2 among 2",
            ),
        ],
        &mut provoked,
    );
    let join = |quorum, replaced| register(newcomer, quorum, replaced);
    let below = "10000000000000000000 in quorum 0, whose minimum is 50000000000000000000";
    let place = Some("params/data/operatorKickParams/0/operator");
    for (stake, action, error, argument, figure) in [
        (
            10 * ETHER,
            join(0, None),
            "BelowMinimumStakeRequirement",
            Some("params/operatorSetIds/0"),
            below,
        ),
        (
            400 * ETHER,
            join(0, None),
            "MaxOperatorCountReached",
            Some("params/operatorSetIds/0"),
            "its 2 operators",
        ),
        (
            110 * ETHER,
            join(0, Some(nobody(0xa1))),
            "InsufficientStakeForChurn",
            place,
            "110000000000000000000, not above 110000000000000000000: 11000 basis points",
        ),
        // A fifth of 800 is above a twentieth.
        (
            400 * ETHER,
            join(0, Some(nobody(0xa1))),
            "CannotKickOperatorAboveThreshold",
            place,
            "weighs 100000000000000000000, not below 40000000000000000000: 500 basis points",
        ),
        (
            9_000_000 * ETHER,
            join(1, Some(nobody(0xa3))),
            "Panic(0x11)",
            place,
            "8000000000000000000000000 times 11000 basis points passes uint96",
        ),
    ] {
        quorums.hold(newcomer, stake);
        explained(
            &quorums,
            vec![(newcomer, action, error, argument, figure)],
            &mut provoked,
        );
    }
    // What the limits allow is allowed: the newcomer outweighs one that holds a sliver.
    quorums.hold(newcomer, 2_000 * ETHER);
    let report = quorums.rehearse(vec![(newcomer, join(0, Some(nobody(0xa1))))]);
    assert!(report.passed(), "{report}");

    let fill = fillCall {}.abi_encode();
    quorums
        .bench
        .anvil
        .send(stranger, Some(quorums.coordinator), &fill);
    explained(
        &quorums,
        vec![(
            OWNER,
            delegated(good()),
            "MaxQuorumsReached",
            None,
            "192 quorums",
        )],
        &mut provoked,
    );
    tasks(&quorums, &mut provoked);
    Some(provoked)
}

/// Tasks for a set whose newest stake table is almost as old as its certificates may become.
fn tasks(quorums: &Quorums, provoked: &mut BTreeSet<&'static str>) {
    let bench = &quorums.bench;
    let mailbox = bench.network.contracts.task_mailbox.expect("a mailbox");
    let (owner, set) = (
        nobody(0x62),
        SetKey {
            avs: AVS,
            id: Dec(0),
        },
    );
    let task = |payload: &[u8], id| {
        Action::CreateTask(CreateTask {
            task_params: Task {
                refund_collector: Address::ZERO,
                executor_operator_set: SetKey {
                    avs: AVS,
                    id: Dec(id),
                },
                payload: Bytes(payload.to_vec()),
            },
        })
    };
    let table = arriveCall {
        set: (Account::from(AVS.0), 0),
        owner: Account::from(owner.0),
        time: NOW as u32 - 604_800,
        maxStaleness: 604_800,
    };
    bench
        .anvil
        .send(nobody(0x11), Some(mailbox), &table.abi_encode());
    let config = Action::SetTaskConfig(SetTaskConfig {
        operator_set: set,
        config: TaskConfig {
            task_hook: nobody(0x63),
            task_sla: Dec(3_600),
            fee_token: Address::ZERO,
            curve_type: Dec(2),
            fee_collector: Address::ZERO,
            consensus: stakewright::export::plan::consensus(None),
            task_metadata: Bytes::default(),
        },
    });
    let data = stakewright::export::abi::encode(&config).expect("encodes");
    explained(
        quorums,
        vec![
            (
                AVS,
                config,
                "InvalidOperatorSetOwner",
                Some("operatorSet"),
                "is not the owner of the set's stake table",
            ),
            (
                AVS,
                task(&[], 0),
                "PayloadIsEmpty",
                Some("taskParams/payload"),
                "says nothing",
            ),
            (
                AVS,
                task(&[1], 0),
                "ExecutorOperatorSetNotRegistered",
                Some("taskParams/executorOperatorSet/id"),
                "takes no tasks",
            ),
        ],
        provoked,
    );
    bench.anvil.send(owner, Some(mailbox), &data);
    explained(
        quorums,
        vec![(
            AVS,
            task(&[1], 0),
            "CertificateStale",
            Some("taskParams/executorOperatorSet/id"),
            "before the task may end (3600 s after its start)",
        )],
        provoked,
    );
}
