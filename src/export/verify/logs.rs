//! What the contracts announce and do not store: metadata, and the content of rewards submissions.

use super::report::ReadBack;
use super::simulate::Trace;
use crate::export::action::{Action, Call};
use crate::export::address::{Address, lower, unhex};
use crate::export::arguments::{DirectedSubmission, SetKey, StrategyAndMultiplier, Submission};
use crate::export::number::Dec;
use crate::export::rounding::DAY_SECONDS;
use alloy_primitives::{B256, LogData};
use alloy_sol_types::{SolEvent, sol};
use std::collections::BTreeSet;

sol! {
    struct Set { address avs; uint32 id; }
    struct Weight { address strategy; uint96 multiplier; }
    struct ByStake { Weight[] weights; address token; uint256 amount; uint32 start; uint32 duration; }
    struct Named { address operator; uint256 amount; }
    struct Directed {
        Weight[] weights; address token; Named[] rewards; uint32 start; uint32 duration; string description;
    }
    event UniqueStakeRewardsSubmissionCreated(
        address indexed caller, bytes32 indexed hash, Set operatorSet, uint256 submissionNonce, ByStake submission
    );
    event TotalStakeRewardsSubmissionCreated(
        address indexed caller, bytes32 indexed hash, Set operatorSet, uint256 submissionNonce, ByStake submission
    );
    event OperatorDirectedOperatorSetRewardsSubmissionCreated(
        address indexed caller, bytes32 indexed hash, Set operatorSet, uint256 submissionNonce, Directed submission
    );
    event AVSMetadataURIUpdated(address indexed avs, string metadataURI);
}

/// Share of an amount that the protocol keeps from those who opted in, in basis points.
const PROTOCOL_FEE_BIPS: u128 = 2_000;

/// A log: topics and data.
pub(super) type Log = (Vec<String>, Vec<u8>);

/// By what a rewards submission is shared out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Unique,
    Total,
    Directed,
}

impl Kind {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Unique => "by allocated stake",
            Self::Total => "by delegated stake",
            Self::Directed => "operator by operator",
        }
    }
}

/// A rewards submission, as a call makes it or as the contract announces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Announced {
    pub kind: Kind,
    pub set: SetKey,
    pub token: Address,
    /// Units of the token: one amount, or one for each operator.
    pub amounts: Vec<(Option<Address>, u128)>,
    pub start: u32,
    pub duration: u32,
    pub weights: Vec<(Address, u128)>,
}

impl Announced {
    fn total(&self) -> u128 {
        self.amounts
            .iter()
            .fold(0, |sum, (_, amount)| sum.saturating_add(*amount))
    }

    /// Everything in it, as text that can be compared.
    pub(super) fn described(&self) -> String {
        let amounts: Vec<_> = self
            .amounts
            .iter()
            .map(|(operator, amount)| match operator {
                Some(operator) => format!("{amount} to {operator}"),
                None => amount.to_string(),
            })
            .collect();
        format!(
            "{} of {} from {} for {} s, weights {}",
            amounts.join(" + "),
            self.token,
            self.start,
            self.duration,
            self.weighed()
        )
    }

    /// What it pays a day, and by which weights: what stays when a window follows the other.
    pub(super) fn daily(&self) -> String {
        let days = (u128::from(self.duration) / DAY_SECONDS).max(1);
        format!(
            "{} units a day of {}, weights {}",
            self.total() / days,
            self.token,
            self.weighed()
        )
    }

    fn weighed(&self) -> String {
        self.weights
            .iter()
            .map(|(strategy, multiplier)| format!("{strategy} x {multiplier}"))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// What arrives when the protocol keeps its fee.
    fn after_fee(mut self) -> Self {
        for (_, amount) in &mut self.amounts {
            *amount -= fee(*amount);
        }
        self
    }
}

/// The fee on an amount, rounded down, without leaving 128 bits.
const fn fee(amount: u128) -> u128 {
    amount / 10_000 * PROTOCOL_FEE_BIPS + amount % 10_000 * PROTOCOL_FEE_BIPS / 10_000
}

/// Submissions that a call makes, in order.
pub(super) fn submitted(call: &Call) -> Vec<Announced> {
    let by_stake = |kind, set, list: &[Submission]| {
        let convert = |one: &Submission| Announced {
            kind,
            set,
            token: one.token,
            amounts: vec![(None, one.amount.0)],
            start: one.start_timestamp.0,
            duration: one.duration.0,
            weights: weights(&one.strategies_and_multipliers),
        };
        list.iter().map(convert).collect()
    };
    let directed = |set, list: &[DirectedSubmission]| {
        let convert = |one: &DirectedSubmission| Announced {
            kind: Kind::Directed,
            set,
            token: one.token,
            amounts: one
                .operator_rewards
                .iter()
                .map(|reward| (Some(reward.operator), reward.amount.0))
                .collect(),
            start: one.start_timestamp.0,
            duration: one.duration.0,
            weights: weights(&one.strategies_and_multipliers),
        };
        list.iter().map(convert).collect()
    };
    match &call.action {
        Action::UniqueStakeRewards(a) => {
            by_stake(Kind::Unique, a.operator_set, &a.rewards_submissions)
        }
        Action::TotalStakeRewards(a) => {
            by_stake(Kind::Total, a.operator_set, &a.rewards_submissions)
        }
        Action::OperatorDirectedRewards(a) => {
            directed(a.operator_set, &a.operator_directed_rewards_submissions)
        }
        _ => Vec::new(),
    }
}

fn weights(weights: &[StrategyAndMultiplier]) -> Vec<(Address, u128)> {
    weights
        .iter()
        .map(|weight| (weight.strategy, weight.multiplier.0))
        .collect()
}

/// Topics of the three kinds of submission.
pub(super) fn submission_topics() -> [String; 3] {
    [
        UniqueStakeRewardsSubmissionCreated::SIGNATURE_HASH,
        TotalStakeRewardsSubmissionCreated::SIGNATURE_HASH,
        OperatorDirectedOperatorSetRewardsSubmissionCreated::SIGNATURE_HASH,
    ]
    .map(|hash| hash.to_string())
}

/// Topic of announced metadata.
pub(super) fn metadata_topic() -> String {
    AVSMetadataURIUpdated::SIGNATURE_HASH.to_string()
}

/// An address as a topic.
pub(super) fn topic_of(address: Address) -> String {
    format!("0x{:0>64}", lower(address).trim_start_matches("0x"))
}

fn decoded<E: SolEvent>(log: &Log) -> Option<E> {
    let topics = log
        .0
        .iter()
        .map(|topic| unhex(topic).and_then(|bytes| B256::try_from(bytes.as_slice()).ok()))
        .collect::<Option<Vec<_>>>()?;
    let data = LogData::new(topics, log.1.clone().into())?;
    E::decode_log_data(&data).ok()
}

/// The submission that a log announces; `None` when it announces none.
pub(super) fn announced(log: &Log) -> Option<Announced> {
    if let Some(event) = decoded::<UniqueStakeRewardsSubmissionCreated>(log) {
        return by_stake(Kind::Unique, &event.operatorSet, event.submission);
    }
    if let Some(event) = decoded::<TotalStakeRewardsSubmissionCreated>(log) {
        return by_stake(Kind::Total, &event.operatorSet, event.submission);
    }
    let event = decoded::<OperatorDirectedOperatorSetRewardsSubmissionCreated>(log)?;
    let one = event.submission;
    let amount = |named: Named| {
        let operator = Address(named.operator.into_array());
        Some((Some(operator), u128::try_from(named.amount).ok()?))
    };
    Some(Announced {
        kind: Kind::Directed,
        set: key(&event.operatorSet),
        token: Address(one.token.into_array()),
        amounts: one.rewards.into_iter().map(amount).collect::<Option<_>>()?,
        start: one.start,
        duration: one.duration,
        weights: decoded_weights(one.weights),
    })
}

fn by_stake(kind: Kind, set: &Set, one: ByStake) -> Option<Announced> {
    Some(Announced {
        kind,
        set: key(set),
        token: Address(one.token.into_array()),
        amounts: vec![(None, u128::try_from(one.amount).ok()?)],
        start: one.start,
        duration: one.duration,
        weights: decoded_weights(one.weights),
    })
}

fn key(set: &Set) -> SetKey {
    SetKey {
        avs: Address(set.avs.into_array()),
        id: Dec(set.id),
    }
}

fn decoded_weights(weights: Vec<Weight>) -> Vec<(Address, u128)> {
    weights
        .into_iter()
        .map(|weight| {
            (
                Address(weight.strategy.into_array()),
                weight.multiplier.to::<u128>(),
            )
        })
        .collect()
}

/// The metadata address that a log announces, and of whom.
pub(super) fn metadata_of(log: &Log) -> Option<(Address, String)> {
    let event = decoded::<AVSMetadataURIUpdated>(log)?;
    Some((Address(event.avs.into_array()), event.metadataURI))
}

/// What the calls should announce beside what they did; `fee_payers` lose the protocol's fee on the way.
pub(super) fn read_back(
    calls: &[&Call],
    traces: &[Trace],
    fee_payers: &BTreeSet<Address>,
) -> Vec<ReadBack> {
    let mut rows = Vec::new();
    for (call, trace) in calls.iter().zip(traces) {
        if let Action::UpdateMetadata(a) = &call.action {
            let found = trace
                .logs
                .iter()
                .filter_map(metadata_of)
                .find(|(avs, _)| *avs == a.avs);
            rows.push(ReadBack {
                what: format!("metadata of {}", a.avs),
                expected: a.metadata_uri.clone(),
                found: found.map_or_else(|| "not announced".into(), |(_, uri)| uri),
            });
        }
        let mut heard = trace.logs.iter().filter_map(announced);
        for mut one in submitted(call) {
            let what = format!("rewards of set {} {}", one.set.id, one.kind.words());
            if fee_payers.contains(&call.from) {
                one = one.after_fee();
            }
            rows.push(ReadBack {
                what,
                expected: one.described(),
                found: heard
                    .next()
                    .map_or_else(|| "not announced".into(), |one| one.described()),
            });
        }
    }
    rows
}

/// Hash of a text, as topics are written.
#[cfg(test)]
fn topic(signature: &str) -> String {
    format!(
        "0x{}",
        crate::export::address::hex(&crate::export::address::keccak256(signature.as_bytes()))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_those_of_the_deployed_contracts() {
        let by_stake =
            "(address,uint32),uint256,((address,uint96)[],address,uint256,uint32,uint32)";
        let [unique, total, _] = submission_topics();
        assert_eq!(
            unique,
            topic(&format!(
                "UniqueStakeRewardsSubmissionCreated(address,bytes32,{by_stake})"
            ))
        );
        assert_eq!(
            total,
            topic(&format!(
                "TotalStakeRewardsSubmissionCreated(address,bytes32,{by_stake})"
            ))
        );
        assert_eq!(
            metadata_topic(),
            topic("AVSMetadataURIUpdated(address,string)")
        );
    }

    #[test]
    fn the_fee_is_floored_as_recorded() {
        // Amounts after the fee, as recorded on the bytecode that mainnet runs.
        for (amount, left) in [
            (4, 4),
            (7, 6),
            (10u128.pow(18) + 9, 800_000_000_000_000_008),
        ] {
            assert_eq!(amount - fee(amount), left);
        }
        assert_eq!(fee(u128::MAX) / 10u128.pow(37), 6);
    }
}
