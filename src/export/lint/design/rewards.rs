//! Checks of rewards that the chain does not make.

use crate::export::design::{Deployment, RewardsKind, RewardsSubmission};
use crate::export::lint::context::Context;
use crate::export::lint::finding::{LintFinding, Severity};
use crate::export::rounding::DAY_SECONDS;

pub(super) fn check(deployment: &Deployment, context: &Context, findings: &mut Vec<LintFinding>) {
    for (index, submission) in deployment.rewards.iter().enumerate() {
        let place = format!("rewards/{index}");
        split(submission, &place, findings);
        weights(deployment, submission, &place, findings);
        daily(submission, &place, findings);
        if u32::try_from(submission.start.0).is_err() {
            let wrong = format!(
                "the start {} does not fit the contract's 32 bits",
                submission.start
            );
            let latest = context.now.0 + u64::from(context.network.limits.max_future_length.0);
            let right = format!("write seconds since 1970, at most {latest}");
            findings.push(LintFinding::new(
                "rewards-start-ahead",
                format!("{place}/start"),
                wrong,
                right,
            ));
        }
        let ahead = submission
            .start
            .0
            .saturating_add(u64::from(submission.duration.0))
            > context.now.0;
        if ahead && !matches!(submission.kind, RewardsKind::OperatorDirected { .. }) {
            findings.push(LintFinding::new(
                "rewards-not-cancellable",
                place.as_str(),
                "the whole amount leaves the sender at once and cannot be taken back",
                "submit shorter windows, one after the other, if the budget may change",
            ));
        }
    }
}

fn split(submission: &RewardsSubmission, place: &str, findings: &mut Vec<LintFinding>) {
    let Some(split) = submission.operator_split else {
        return;
    };
    if split.0 == 1_000 {
        return;
    }
    findings.push(LintFinding::new(
        "operator-split",
        format!("{place}/operator_split"),
        format!("a split of {split} basis points is asked for, and no AVS can set it: each operator sets its own, from 1000"),
        "the nearest that can be expressed: rewards for named operators, whose amounts this AVS chooses; \
         or leave it out and ask operators to call setOperatorSetSplit",
    ));
}

fn weights(
    deployment: &Deployment,
    submission: &RewardsSubmission,
    place: &str,
    findings: &mut Vec<LintFinding>,
) {
    let set = deployment.operator_set(submission.operator_set);
    for (index, weighted) in submission.strategies.iter().enumerate() {
        let place = format!("{place}/strategies/{index}");
        if set.is_some_and(|set| {
            set.strategies
                .iter()
                .all(|other| other.strategy != weighted.strategy)
        }) {
            let wrong = format!(
                "{} is rewarded and is not in set {}",
                weighted.symbol, submission.operator_set
            );
            let right = "reward strategies of the set, or add it there";
            findings.push(LintFinding::new("rewards-in-set", place, wrong, right));
        }
    }
    let weights = submission.strategies.iter();
    let weights: Vec<_> = weights.map(|weighted| weighted.multiplier.0).collect();
    multipliers(&weights, &format!("{place}/strategies"), findings);
}

/// Multipliers of one submission: none is 0, and none so far from another that they must be in two scales.
pub(in crate::export::lint) fn multipliers(
    multipliers: &[u128],
    place: &str,
    findings: &mut Vec<LintFinding>,
) {
    for (index, _) in multipliers.iter().enumerate().filter(|(_, it)| **it == 0) {
        findings.push(LintFinding::new(
            "rewards-multiplier-zero",
            format!("{place}/{index}"),
            "a multiplier of 0 pays nothing",
            "leave it out, or give it a weight",
        ));
    }
    let some = || multipliers.iter().filter(|multiplier| **multiplier > 0);
    if let (Some(smallest), Some(largest)) = (some().min(), some().max())
        && largest / smallest >= 10u128.pow(10)
    {
        findings.push(LintFinding::new(
            "rewards-multiplier-scale",
            place,
            format!("multipliers run from {smallest} to {largest}: one looks like basis points, the other like 1e18"),
            "scale all by 1e18",
        ));
    }
}

fn daily(submission: &RewardsSubmission, place: &str, findings: &mut Vec<LintFinding>) {
    let days = u128::from(submission.duration.0) / DAY_SECONDS;
    let Some(amount) = submission.kind.total() else {
        let wrong = "the amounts add up to more than 128 bits";
        let finding = LintFinding::new("rewards-amount", place, wrong, "split the submission");
        findings.push(finding.reverting("AmountExceedsMax"));
        return;
    };
    if days > 0 && amount > 0 && amount < days {
        let finding = LintFinding::new(
            "rewards-daily",
            format!("{place}/amount"),
            format!("{amount} over {days} days is less than one unit a day, so nothing is paid"),
            "pay more, or for a shorter time",
        );
        findings.push(finding.at(Severity::Warning));
    }
}
