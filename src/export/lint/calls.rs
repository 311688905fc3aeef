//! Checks of a sequence of calls: what the chain would refuse, and what it accepts and should not have been sent.

use super::context::Context;
use super::design;
use super::finding::{LintFinding, Severity};
use crate::export::action::{Action, Call};
use crate::export::address::{Address, BEACON_ETH, selector};
use crate::export::arguments::{SetKey, StrategyAndMultiplier};
use crate::export::rounding::DAY_SECONDS;
use crate::export::world::{Knowledge, World, threshold_of};
use std::collections::BTreeSet;

/// The function that only a set's slasher may call.
const SLASH: &str = "slashOperator(address,(address,uint32,address[],uint256[],string))";

/// A call and where it stands in its file.
#[derive(Debug, Clone)]
pub struct PlacedCall {
    /// Path of the call.
    pub place: String,
    /// The call.
    pub call: Call,
}

/// Checks calls in order, each seeing what those before it did, on a chain of which only `context` is known.
#[must_use]
pub fn calls(calls: &[PlacedCall], context: &Context) -> Vec<LintFinding> {
    let mut world = World::new(
        context.network.clone(),
        Knowledge::Partial,
        0,
        context.now.0,
    );
    world.whitelisted.clone_from(&context.whitelisted);
    let mut findings = Vec::new();
    // Each account is said once, where it first has a role.
    let mut seen = BTreeSet::new();
    for placed in calls {
        for (account, place) in accounts(placed) {
            if seen.insert(account) {
                design::public_key(account, &context.network, &place, &mut findings);
            }
        }
        findings.extend(call(placed, &mut world, context));
    }
    findings
}

/// Accounts to which a call gives a right, and its sender.
fn accounts(placed: &PlacedCall) -> Vec<(Address, String)> {
    let mut accounts = vec![(placed.call.from, format!("{}/from", placed.place))];
    let mut add = |account: Address, argument: String| {
        accounts.push((account, format!("{}/arguments/{argument}", placed.place)));
    };
    match &placed.call.action {
        Action::CreateSets(a) => {
            for (index, set) in a.params.iter().enumerate() {
                add(set.slasher, format!("params/{index}/slasher"));
            }
        }
        Action::CreateRedistributingSets(a) => {
            for (index, set) in a.params.iter().enumerate() {
                add(set.slasher, format!("params/{index}/slasher"));
            }
            for (index, recipient) in a.redistribution_recipients.iter().enumerate() {
                add(*recipient, format!("redistributionRecipients/{index}"));
            }
        }
        Action::UpdateSlasher(a) => add(a.slasher, "slasher".into()),
        Action::SetAppointee(a) => add(a.appointee, "appointee".into()),
        Action::AddPendingAdmin(a) => add(a.admin, "admin".into()),
        _ => {}
    }
    accounts
}

/// Checks one call on a world, and plays it there.
pub fn call(placed: &PlacedCall, world: &mut World, context: &Context) -> Vec<LintFinding> {
    let mut findings = Vec::new();
    if let Some(expected) = placed.call.action.contract().address(&context.network)
        && expected != placed.call.to
    {
        let contract = placed.call.action.contract();
        findings.push(LintFinding::new(
            "chain-id",
            format!("{}/to", placed.place),
            format!(
                "{} is not the {contract} of {}",
                placed.call.to, context.network.name
            ),
            format!("on {} it is {expected}", context.network.name),
        ));
    }
    advise(placed, world, &mut findings);
    let at = |argument: &str| {
        if argument.is_empty() {
            placed.place.clone()
        } else {
            format!("{}/arguments/{argument}", placed.place)
        }
    };
    match world.play(&placed.call) {
        Ok(doubts) => {
            for doubt in doubts {
                let finding = LintFinding::new(
                    doubt.check,
                    at(&doubt.argument),
                    format!("not in this file: {}", doubt.wrong),
                    doubt.right,
                );
                findings.push(finding.at(Severity::Warning));
            }
        }
        Err(revert) => {
            let finding = LintFinding::new(
                revert.check,
                at(&revert.argument),
                revert.wrong,
                revert.right,
            );
            findings.push(finding.reverting(revert.reason.to_string()));
            // Later calls are judged as if this one had been put right.
            world.apply(&placed.call);
        }
    }
    findings
}

/// What the chain does not check.
fn advise(placed: &PlacedCall, world: &World, findings: &mut Vec<LintFinding>) {
    let at = |argument: String| format!("{}/arguments/{argument}", placed.place);
    match &placed.call.action {
        Action::UpdateMetadata(a) => {
            if let Some(right) = design::metadata_problem(&a.metadata_uri) {
                let wrong = format!(
                    "`{}` is no address that dashboards can read",
                    a.metadata_uri
                );
                findings.push(LintFinding::new(
                    "metadata-uri",
                    at("metadataURI".into()),
                    wrong,
                    right,
                ));
            }
        }
        Action::CreateSets(a) => {
            for (index, set) in a.params.iter().enumerate() {
                strategies(
                    &set.strategies,
                    world,
                    &at(format!("params/{index}")),
                    findings,
                );
                let place = at(format!("params/{index}/strategies"));
                design::some_strategies(set.strategies.len(), &place, findings);
            }
        }
        Action::CreateRedistributingSets(a) => {
            for (index, set) in a.params.iter().enumerate() {
                strategies(
                    &set.strategies,
                    world,
                    &at(format!("params/{index}")),
                    findings,
                );
                let place = at(format!("params/{index}/strategies"));
                design::some_strategies(set.strategies.len(), &place, findings);
                let recipient = a.redistribution_recipients.get(index);
                if recipient.is_some_and(|to| *to == set.slasher || *to == a.avs) {
                    let wrong = "the recipient slashes or decides, and earns by slashing";
                    let right = "pay those who were harmed";
                    let place = at(format!("redistributionRecipients/{index}"));
                    findings.push(LintFinding::new(
                        "redistribution-to-insider",
                        place,
                        wrong,
                        right,
                    ));
                }
            }
        }
        Action::AddStrategies(a) => strategies(&a.strategies, world, &at(String::new()), findings),
        Action::SetAppointee(a) if a.selector.0 == selector(SLASH) => {
            findings.push(LintFinding::new(
                "slasher-appointed",
                at("selector".into()),
                format!("{} is appointed to slash, which has no effect", a.appointee),
                "name it the slasher of the set (updateSlasher), which counts after the delay",
            ));
        }
        Action::OptInForFee(a) if a.opt_in_for_protocol_fee.0 => {
            findings.push(LintFinding::new(
                "rewards-fee",
                at("optInForProtocolFee".into()),
                format!("from here on a fifth of what {} submits goes to the protocol", a.submitter),
                "raise the budget by a quarter where operators and stakers are to get the recommended amount",
            ));
        }
        Action::RemoveQuorumStrategies(a) => {
            for (index, pair) in a.indices_to_remove.windows(2).enumerate() {
                if pair[0].0 <= pair[1].0 {
                    findings.push(LintFinding::new(
                        "quorum-remove-order",
                        at(format!("indicesToRemove/{}", index + 1)),
                        format!(
                            "{} is removed after {}, and another strategy may stand there by then",
                            pair[1], pair[0]
                        ),
                        "sort the indices, the highest first, each once",
                    ));
                }
            }
        }
        Action::ModifyQuorumStrategies(a) => {
            for (index, multiplier) in a.new_multipliers.iter().enumerate() {
                if multiplier.0 == 0 {
                    let finding = LintFinding::new(
                        "quorum-multiplier",
                        at(format!("newMultipliers/{index}")),
                        "a weight of 0 is taken here, and counts the strategy for nothing",
                        "remove the strategy (removeStrategies), or give it a weight",
                    );
                    findings.push(finding.at(Severity::Warning));
                }
            }
        }
        Action::SetLookAhead(a) => {
            let mut found = Vec::new();
            let blocks = u128::from(a.look_ahead_blocks.0);
            design::look_ahead(
                blocks,
                &at("lookAheadBlocks".into()),
                &world.network,
                &mut found,
            );
            // This function takes any number: the chain says nothing.
            findings.extend(
                found
                    .into_iter()
                    .map(|finding| finding.at(Severity::Warning)),
            );
        }
        Action::UpdateSlasher(_) => {
            let delay = world.network.limits.slasher_configuration_delay;
            findings.push(LintFinding::new(
                "slasher-change-delay",
                at("slasher".into()),
                format!("the old slasher keeps its right for {delay} blocks and one more"),
                "plan the change ahead",
            ));
        }
        Action::SlashOperator(a) => {
            if a.params.strategies.is_empty() {
                let wrong =
                    "no strategy is named: the call succeeds, takes nothing and uses up an id";
                let place = at("params/strategies".into());
                findings.push(LintFinding::new(
                    "slash-nothing",
                    place,
                    wrong,
                    "name the strategies to slash",
                ));
            }
            for (index, wads) in a
                .params
                .wads_to_slash
                .iter()
                .enumerate()
                .filter(|(_, wads)| wads.0 > 0)
            {
                let mut found = Vec::new();
                design::share(
                    wads.0,
                    &at(format!("params/wadsToSlash/{index}")),
                    &mut found,
                );
                findings.extend(
                    found
                        .into_iter()
                        .filter(|finding| finding.check == "slash-floor"),
                );
            }
        }
        Action::AcceptAdmin(a) if a.account != placed.call.from => {
            findings.push(LintFinding::new(
                "admin-takes-over",
                at("account".into()),
                format!(
                    "from here on {} itself has no rights, unless it is an admin too",
                    a.account
                ),
                "add the account as its own admin as well, if it is to keep them",
            ));
        }
        Action::ReserveGeneration(a) => {
            let cadence = world
                .network
                .limits
                .table_update_cadence
                .map_or(0, |cadence| cadence.0);
            let period = a.config.max_staleness_period.0.into();
            design::staleness(period, 0, cadence.into(), &at("config".into()), findings);
        }
        Action::SetTaskConfig(a) => {
            if let Some(bips) = threshold_of(&a.config.consensus.value.0)
                && bips <= 10_000
            {
                design::threshold(bips.into(), &at("config/consensus/value".into()), findings);
            }
            if !a.config.fee_token.is_zero() && a.config.fee_collector.is_zero() {
                let wrong = "tasks cost a fee and nobody collects it";
                findings.push(LintFinding::new(
                    "task-fee-collector",
                    at("config/feeCollector".into()),
                    wrong,
                    "name a collector",
                ));
            }
            findings.push(LintFinding::new(
                "task-owner",
                at("operatorSet".into()),
                "only the owner of a stake table that has arrived may send this",
                "send it after the transport, up to a week after the reservation on mainnet",
            ));
        }
        Action::UniqueStakeRewards(a) | Action::TotalStakeRewards(a) => {
            for (index, submission) in a.rewards_submissions.iter().enumerate() {
                let place = at(format!("rewardsSubmissions/{index}"));
                weights(
                    &submission.strategies_and_multipliers,
                    a.operator_set,
                    world,
                    &place,
                    findings,
                );
                let days = u128::from(submission.duration.0) / DAY_SECONDS;
                if submission.amount.0 > 0 && submission.amount.0 < days {
                    let wrong = format!(
                        "{} over {days} days is less than one unit a day",
                        submission.amount
                    );
                    let place = format!("{place}/amount");
                    findings.push(LintFinding::new(
                        "rewards-daily",
                        place,
                        wrong,
                        "pay more, or for a shorter time",
                    ));
                }
                if u64::from(submission.start_timestamp.0) + u64::from(submission.duration.0)
                    > world.time
                {
                    let wrong =
                        "the whole amount leaves the sender at once and cannot be taken back";
                    let right = "submit shorter windows if the budget may change";
                    findings.push(LintFinding::new(
                        "rewards-not-cancellable",
                        place,
                        wrong,
                        right,
                    ));
                }
            }
        }
        Action::OperatorDirectedRewards(a) => {
            for (index, submission) in a.operator_directed_rewards_submissions.iter().enumerate() {
                let place = at(format!("operatorDirectedRewardsSubmissions/{index}"));
                weights(
                    &submission.strategies_and_multipliers,
                    a.operator_set,
                    world,
                    &place,
                    findings,
                );
            }
        }
        _ => {}
    }
}

fn strategies(strategies: &[Address], world: &World, place: &str, findings: &mut Vec<LintFinding>) {
    let Some(known) = &world.whitelisted else {
        return;
    };
    for (index, strategy) in strategies.iter().enumerate() {
        if *strategy != BEACON_ETH && !known.contains(strategy) {
            findings.push(LintFinding::new(
                "set-strategy-whitelisted",
                format!("{place}/strategies/{index}"),
                format!("{strategy} is no strategy that is known: nobody could have stake in it"),
                "compare the address with the strategies of the snapshot",
            ));
        }
    }
}

fn weights(
    weights: &[StrategyAndMultiplier],
    set: SetKey,
    world: &World,
    place: &str,
    findings: &mut Vec<LintFinding>,
) {
    let strategies = world.sets.get(&set).map(|set| &set.strategies);
    for (index, weight) in weights.iter().enumerate() {
        let place = format!("{place}/strategiesAndMultipliers/{index}");
        if strategies.is_some_and(|strategies| !strategies.contains(&weight.strategy)) {
            let wrong = format!(
                "{} is rewarded and is not in set {}",
                weight.strategy, set.id
            );
            findings.push(LintFinding::new(
                "rewards-in-set",
                place,
                wrong,
                "reward strategies of the set",
            ));
        }
    }
    let weights: Vec<_> = weights.iter().map(|weight| weight.multiplier.0).collect();
    let place = format!("{place}/strategiesAndMultipliers");
    design::multipliers(&weights, &place, findings);
}
