//! Deployments for tests: one that has everything, the parameters of EigenDA, and random ones.

use proptest::prelude::*;
use stakewright::export::address::{Address, BEACON_ETH};
use stakewright::export::design::*;
use stakewright::export::network::Network;
use stakewright::export::number::Dec;
use stakewright::export::rounding::Rounding;
use stakewright::units::{Bips, Blocks, Multiplier, Seconds, Timestamp};

/// A midnight in 2026.
pub const MIDNIGHT: u64 = 1_795_392_000;
/// A while after it, so that "now" is no midnight.
pub const NOW: u64 = MIDNIGHT + 40_000;

/// An address with one byte repeated: nobody's.
pub const fn nobody(byte: u8) -> Address {
    Address([byte; 20])
}

pub fn at(text: &str) -> Address {
    text.parse().expect("an address")
}

pub fn strategy(address: Address, symbol: &str, multiplier: u128) -> WeightedStrategy {
    WeightedStrategy {
        strategy: address,
        symbol: symbol.into(),
        multiplier: Multiplier(multiplier),
    }
}

pub fn quorum() -> Quorum {
    Quorum {
        stake_type: StakeType::TotalSlashable,
        max_operators: 31,
        kick_bips_of_operator_stake: Bips(11_000),
        kick_bips_of_total_stake: Bips(50),
        minimum_stake: Dec(320 * 10u128.pow(18)),
        threshold: Bips(6_700),
        look_ahead: Blocks(50_400),
    }
}

/// A deployment with everything that can be exported, without a fault.
pub fn complete(network: Network, token: Address) -> Deployment {
    let beacon = strategy(BEACON_ETH, "ETH", 10u128.pow(18));
    let steth = strategy(
        at("0x93c4b944D05dfe6df7645A86cd2206016c51564D"),
        "stETH",
        1_030_077_629_425_962_827,
    );
    let executor = OperatorSet {
        id: 0,
        purpose: "checks transactions".into(),
        strategies: vec![steth.clone(), beacon.clone()],
        slasher: nobody(0x51),
        redistribution_recipient: None,
        asked_allocation: Some(Dec(120_000_000_000_000_000)),
        quorum: Some(quorum()),
        slash_rules: vec![SlashRule {
            offence: "false report".into(),
            wads_to_slash: Dec(990_000_000_000_000_000),
            wads_by_strategy: Vec::new(),
            detection: Blocks(21_600),
            dispute: Blocks(36_000),
            veto: Blocks(7_200),
        }],
        curve: Some(Curve::Bn254),
        stake_table: Some(StakeTable {
            calculator: nobody(0x61),
            owner: nobody(0x62),
            max_staleness: Seconds(1_209_600),
        }),
        mailbox: Some(Mailbox {
            task_hook: nobody(0x63),
            task_sla: Seconds(120),
            fee_token: Address::ZERO,
            fee_collector: Address::ZERO,
            threshold: Some(Bips(6_700)),
        }),
    };
    let aggregator = OperatorSet {
        id: 1,
        purpose: "gathers signatures".into(),
        strategies: vec![steth.clone()],
        slasher: nobody(0x52),
        redistribution_recipient: Some(nobody(0x53)),
        asked_allocation: None,
        quorum: Some(Quorum {
            stake_type: StakeType::TotalDelegated,
            ..quorum()
        }),
        slash_rules: Vec::new(),
        curve: Some(Curve::Ecdsa),
        stake_table: None,
        mailbox: None,
    };
    let submission = |kind| RewardsSubmission {
        operator_set: 0,
        kind,
        token,
        unit: Some(TokenUnit {
            symbol: "WETH".into(),
            decimals: 18,
        }),
        start: Timestamp(MIDNIGHT),
        duration: Seconds(30 * 86_400),
        strategies: vec![beacon.clone(), steth.clone()],
        operator_split: None,
    };
    let directed = RewardsKind::OperatorDirected {
        rewards: vec![
            OperatorReward {
                operator: nobody(0x72),
                amount: Dec(7),
            },
            OperatorReward {
                operator: nobody(0x71),
                amount: Dec(10u128.pow(18)),
            },
        ],
        description: "first \"month\"".into(),
    };
    let recommended = vec![
        Recommended::round(
            "operator_sets/0/quorum/minimum_stake",
            320.0,
            "ETH",
            Some((280.5, 350.0)),
            Rounding::MinimumStakeCeil,
        )
        .expect("rounds"),
        Recommended::round(
            "operator_sets/0/slash_rules/0/wads_to_slash",
            0.99,
            "1",
            None,
            Rounding::SlashCeil,
        )
        .expect("rounds"),
        Recommended::round(
            "operator_sets/0/quorum/max_operators",
            30.2,
            "operators",
            Some((25.0, 40.0)),
            Rounding::OperatorsCeil,
        )
        .expect("rounds"),
        Recommended::round(
            "rewards/0/kind/unique_stake/amount",
            857.123_456_789,
            "ETH",
            Some((800.0, 900.0)),
            Rounding::RewardsFloor { decimals: 18 },
        )
        .expect("rounds"),
    ];
    Deployment {
        format: DEPLOYMENT_FORMAT,
        name: "User security".into(),
        network,
        avs: Some(nobody(0x41)),
        admin: None,
        metadata_uri: "https://example.invalid/avs.json".into(),
        registrar: None,
        operator_sets: vec![executor, aggregator],
        appointees: vec![Appointee {
            account: nobody(0x81),
            target: nobody(0x82),
            function: "createOperatorSets(address,(uint32,address[],address)[])".into(),
        }],
        rewards: vec![
            submission(RewardsKind::UniqueStake {
                amount: Dec(857_123_456_789_000_000_000),
            }),
            submission(RewardsKind::TotalStake {
                amount: Dec(10u128.pow(21)),
            }),
            RewardsSubmission {
                start: Timestamp(MIDNIGHT - 10 * 86_400),
                duration: Seconds(7 * 86_400),
                ..submission(directed)
            },
        ],
        roles: Roles {
            owner: Some(nobody(0x91)),
            upgrader: Some(nobody(0x92)),
            churner: Some(nobody(0x93)),
            ejector: Some(nobody(0x94)),
            confirmer: Some(nobody(0x95)),
            deployer: Some(nobody(0x96)),
            veto_committee: Some(nobody(0x97)),
        },
        as_of: Timestamp(NOW),
        verdict: Some("safe: an insecure day within 30 days has probability at most 0.1 %".into()),
        economics: vec![Figure {
            name: "slashable stake".into(),
            value: 8.06e8,
            unit: "USD".into(),
            low: Some(6.92e8),
            high: Some(8.61e8),
        }],
        recommended,
    }
}

/// Valid deployments of every shape; strategies are drawn from `listed`.
pub fn any_valid(
    network: Network,
    token: Address,
    listed: Vec<Address>,
) -> impl Strategy<Value = Deployment> {
    let sets = proptest::collection::vec(any_set(listed.clone()), 1..5);
    let rewards = proptest::collection::vec(any_rewards(listed), 0..4);
    (any::<[u8; 20]>(), sets, rewards, 0usize..4, "[a-z]{1,12}").prop_map(
        move |(avs, mut sets, rewards, appointees, name)| {
            for (index, set) in sets.iter_mut().enumerate() {
                set.id = index as u32;
            }
            let count = sets.len() as u32;
            let mut avs = Address(avs);
            avs.0[0] |= 1;
            Deployment {
                avs: Some(avs),
                metadata_uri: format!("https://example.invalid/{name}.json"),
                name,
                operator_sets: sets,
                rewards: rewards
                    .into_iter()
                    .map(|reward| RewardsSubmission {
                        token,
                        operator_set: reward.operator_set % count,
                        ..reward
                    })
                    .collect(),
                appointees: (0..appointees)
                    .map(|index| Appointee {
                        account: nobody(0xa0 + index as u8),
                        target: network.contracts.allocation_manager,
                        function: "updateAVSMetadataURI(address,string)".into(),
                    })
                    .collect(),
                recommended: Vec::new(),
                ..complete(network.clone(), token)
            }
        },
    )
}

fn any_weights(listed: Vec<Address>) -> impl Strategy<Value = Vec<WeightedStrategy>> {
    let count = listed.len();
    (
        proptest::sample::subsequence(listed, 1..=count),
        any::<bool>(),
        proptest::collection::vec(10u128.pow(15)..10u128.pow(20), count),
    )
        .prop_map(|(mut chosen, reverse, multipliers)| {
            if reverse {
                chosen.reverse();
            }
            chosen
                .into_iter()
                .zip(multipliers)
                .map(|(address, multiplier)| strategy(address, "S", multiplier))
                .collect()
        })
}

fn any_set(listed: Vec<Address>) -> impl Strategy<Value = OperatorSet> {
    let mut payable = listed.clone();
    payable.retain(|strategy| *strategy != BEACON_ETH);
    let kind = prop_oneof![
        any_weights(listed).prop_map(|weights| (weights, None)),
        any_weights(payable).prop_map(|weights| (weights, Some(nobody(0x53)))),
    ];
    (
        kind,
        any::<[u8; 19]>(),
        0u8..3,
        proptest::option::of(604_800u32..4_000_000),
        1u64..=10u64.pow(18),
        0u32..30_000,
        (any_quorum(), proptest::option::of(any_mailbox())),
    )
        .prop_map(
            |(
                (strategies, recipient),
                slasher,
                curve,
                staleness,
                wads,
                window,
                (quorum, mailbox),
            )| {
                let mut address = [1; 20];
                address[1..].copy_from_slice(&slasher);
                let curve = [None, Some(Curve::Ecdsa), Some(Curve::Bn254)][usize::from(curve)];
                OperatorSet {
                    id: 0,
                    purpose: "any".into(),
                    strategies,
                    slasher: Address(address),
                    redistribution_recipient: recipient,
                    asked_allocation: None,
                    quorum: Some(quorum),
                    slash_rules: vec![SlashRule {
                        offence: "any".into(),
                        wads_to_slash: Dec(wads),
                        wads_by_strategy: Vec::new(),
                        detection: Blocks(window),
                        dispute: Blocks(window),
                        veto: Blocks(window),
                    }],
                    stake_table: curve.and(staleness).map(|seconds| StakeTable {
                        calculator: nobody(0x61),
                        owner: nobody(0x62),
                        max_staleness: Seconds(seconds),
                    }),
                    curve,
                    // Tasks go to a set whose stake table is carried to where they are.
                    mailbox: mailbox.filter(|_| curve.is_some() && staleness.is_some()),
                }
            },
        )
}

fn any_quorum() -> impl Strategy<Value = Quorum> {
    let stake_type = prop_oneof![
        Just(StakeType::TotalSlashable),
        Just(StakeType::TotalDelegated)
    ];
    let bips = (10_001u16..20_000, 1u16..1_000, 1u16..9_000);
    let rest = (1u32..200, 1u128..10u128.pow(22), 0u32..=100_800);
    (stake_type, bips, rest).prop_map(
        |(stake_type, (operator, total, threshold), (most, minimum, look_ahead))| Quorum {
            stake_type,
            max_operators: most,
            kick_bips_of_operator_stake: Bips(operator),
            kick_bips_of_total_stake: Bips(total),
            minimum_stake: Dec(minimum),
            threshold: Bips(threshold),
            look_ahead: Blocks(look_ahead),
        },
    )
}

fn any_mailbox() -> impl Strategy<Value = Mailbox> {
    let threshold = proptest::option::of((1u16..9_000).prop_map(Bips));
    (1u8..=255, 1u32..=604_800, any::<bool>(), threshold).prop_map(
        |(hook, sla, costs, threshold)| {
            let fee = |byte| if costs { nobody(byte) } else { Address::ZERO };
            Mailbox {
                task_hook: nobody(hook),
                task_sla: Seconds(sla),
                fee_token: fee(0x64),
                fee_collector: fee(0x65),
                threshold,
            }
        },
    )
}

fn any_rewards(listed: Vec<Address>) -> impl Strategy<Value = RewardsSubmission> {
    let amount = 10_000u128..10u128.pow(30);
    let operators = proptest::collection::btree_map(any::<[u8; 20]>(), 1u128..10u128.pow(24), 1..6);
    let directed = (operators, 8u64..160, 1u64..7).prop_map(|(operators, back, days)| {
        let rewards = operators
            .into_iter()
            .filter(|(operator, _)| *operator != [0; 20])
            .map(|(operator, amount)| OperatorReward {
                operator: Address(operator),
                amount: Dec(amount),
            })
            .rev()
            .collect();
        (
            RewardsKind::OperatorDirected {
                rewards,
                description: "any".into(),
            },
            MIDNIGHT - back * 86_400,
            days,
        )
    });
    let kind = prop_oneof![
        (amount.clone(), 0u64..197, 1u64..=730).prop_map(|(amount, day, days)| {
            (
                RewardsKind::UniqueStake {
                    amount: Dec(amount),
                },
                MIDNIGHT - 167 * 86_400 + day * 86_400,
                days,
            )
        }),
        (amount, 0u64..197, 1u64..=730).prop_map(|(amount, day, days)| {
            (
                RewardsKind::TotalStake {
                    amount: Dec(amount),
                },
                MIDNIGHT - 167 * 86_400 + day * 86_400,
                days,
            )
        }),
        directed,
    ];
    (kind, any::<u32>(), any_weights(listed)).prop_map(
        |((kind, start, days), operator_set, strategies)| RewardsSubmission {
            operator_set,
            kind,
            token: Address::ZERO,
            unit: None,
            start: Timestamp(start),
            duration: Seconds(days as u32 * 86_400),
            strategies,
            operator_split: None,
        },
    )
}
