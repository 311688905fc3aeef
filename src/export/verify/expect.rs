//! What the chain must answer once the calls have been made.

use super::reads::{Read, list, table_config};
use crate::export::action::{Action, Call, Contract, function_name};
use crate::export::address::{Address, BURN, hex, selector};
use crate::export::arguments::{NewSet, SetKey};
use crate::export::network::Network;
use std::collections::BTreeMap;

/// A question and the answer that the calls lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// What is asked, in words.
    pub what: String,
    /// The contract that knows.
    pub contract: Address,
    /// The question.
    pub read: Read,
    /// The answer.
    pub expected: String,
}

/// Everything that can be read back of calls; `submitted` is how often senders had submitted rewards before.
#[must_use]
pub fn expectations(
    calls: &[&Call],
    network: &Network,
    submitted: &BTreeMap<Address, u128>,
) -> Vec<Expectation> {
    let mut expected = Vec::new();
    let mut submissions = submitted.clone();
    for call in calls {
        of_call(call, network, &mut expected, &mut submissions);
    }
    // A limit that the export was made with and the chain states too.
    if calls
        .iter()
        .any(|call| call.action.contract() == Contract::AllocationManager)
    {
        expected.push(Expectation {
            what: "deallocation delay of the chain, blocks".into(),
            contract: network.contracts.allocation_manager,
            read: Read::DeallocationDelay,
            expected: network.limits.deallocation_delay.0.to_string(),
        });
    }
    let coordinator = network.contracts.rewards_coordinator;
    for (sender, count) in submissions
        .iter()
        .filter(|(sender, count)| submitted.get(*sender) != Some(*count))
    {
        expected.push(Expectation {
            what: format!("number of rewards submissions of {sender}"),
            contract: coordinator,
            read: Read::Submissions(*sender),
            expected: count.to_string(),
        });
    }
    expected
}

fn of_call(
    call: &Call,
    network: &Network,
    expected: &mut Vec<Expectation>,
    submissions: &mut BTreeMap<Address, u128>,
) {
    let contract = call.to;
    let mut push = |what: String, read: Read, answer: String| {
        expected.push(Expectation {
            what,
            contract,
            read,
            expected: answer,
        });
    };
    let mut submitted = |count: usize| *submissions.entry(call.from).or_default() += count as u128;
    match &call.action {
        Action::SetRegistrar(a) => {
            push(
                format!("registrar of {}", a.avs),
                Read::Registrar(a.avs),
                a.registrar.to_string(),
            );
        }
        Action::CreateSets(a) => {
            for set in &a.params {
                created(&mut push, a.avs, set, BURN);
            }
        }
        Action::CreateRedistributingSets(a) => {
            for (set, recipient) in a.params.iter().zip(&a.redistribution_recipients) {
                created(&mut push, a.avs, set, *recipient);
            }
        }
        Action::SetAppointee(a) => {
            if let Ok(selector) = a.selector.0.as_slice().try_into() {
                let function = named(&a.selector.0);
                let what = format!("{} may call {function} of {}", a.appointee, a.target);
                push(
                    what,
                    Read::MayCall(a.account, a.appointee, a.target, selector),
                    "true".into(),
                );
            }
        }
        Action::ConfigureKeys(a) => {
            let what = format!("kind of key of set {}", a.operator_set.id);
            push(what, Read::Curve(a.operator_set), a.curve_type.to_string());
        }
        Action::ReserveGeneration(a) => {
            let set = a.operator_set;
            let calculator = a.operator_table_calculator.to_string();
            push(
                format!("table calculator of set {}", set.id),
                Read::Calculator(set),
                calculator,
            );
            let config = table_config(a.config.owner, a.config.max_staleness_period.0);
            push(
                format!("stake table of set {}", set.id),
                Read::TableConfig(set),
                config,
            );
        }
        Action::SetTaskConfig(a) => push(
            format!(
                "kind of key and seconds of a task of set {}",
                a.operator_set.id
            ),
            Read::TaskTime(a.operator_set),
            format!("{} {}", a.config.curve_type, a.config.task_sla),
        ),
        Action::UniqueStakeRewards(a) | Action::TotalStakeRewards(a) => {
            submitted(a.rewards_submissions.len())
        }
        Action::OperatorDirectedRewards(a) => {
            submitted(a.operator_directed_rewards_submissions.len())
        }
        _ => {}
    }
    debug_assert!(
        !call.action.contract().is_of_protocol()
            || call.action.contract().address(network).is_some(),
        "{} has no contract on {}",
        call.action.function(),
        network.name
    );
}

/// The function of a selector, by its name where it is known here.
fn named(four: &[u8]) -> String {
    let mut known = Action::SIGNATURES.iter().map(|(_, signature)| *signature);
    known
        .find(|signature| selector(signature) == four)
        .map_or_else(
            || format!("0x{}", hex(four)),
            |signature| function_name(signature).to_owned(),
        )
}

fn created(
    push: &mut impl FnMut(String, Read, String),
    avs: Address,
    set: &NewSet,
    recipient: Address,
) {
    let key = SetKey {
        avs,
        id: set.operator_set_id,
    };
    let id = key.id;
    push(format!("set {id} exists"), Read::Exists(key), "true".into());
    push(
        format!("strategies of set {id}"),
        Read::Strategies(key),
        list(set.strategies.iter().copied()),
    );
    push(
        format!("slasher of set {id}"),
        Read::Slasher(key),
        set.slasher.to_string(),
    );
    push(
        format!("receiver of slashed stake of set {id}"),
        Read::Recipient(key),
        recipient.to_string(),
    );
}
