//! Checks of slash rules: shares, windows, precision.

use crate::export::address::BEACON_ETH;
use crate::export::design::{Deployment, OperatorSet, SlashRule};
use crate::export::lint::finding::{LintFinding, Severity};
use crate::export::network::Network;
use crate::units::WAD;

/// Below this a slash can round to nothing.
const HARD_FLOOR: u64 = 100_000_000_000_000;
/// Below this it is finer than the guidance wants.
const SOFT_FLOOR: u64 = 1_000_000_000_000_000;
/// Smallest stake, in the smallest unit, that slashes precisely.
const PRECISE_SHARES: u128 = 1_000_000_000;

pub(super) fn check(deployment: &Deployment, findings: &mut Vec<LintFinding>) {
    for (index, set) in deployment.operator_sets.iter().enumerate() {
        let place = format!("operator_sets/{index}");
        for (rule, slash) in set.slash_rules.iter().enumerate() {
            let place = format!("{place}/slash_rules/{rule}");
            if slash.wads_by_strategy.is_empty() {
                share(
                    slash.wads_to_slash.0.into(),
                    &format!("{place}/wads_to_slash"),
                    findings,
                );
            } else {
                by_strategy(set, slash, &place, findings);
            }
            window(&deployment.network, slash, &place, findings);
        }
        precision(set, &place, findings);
        if let (Some(_), Some(delay)) = (
            set.redistribution_recipient,
            deployment.network.limits.slash_resolution_delay,
        ) {
            findings.push(LintFinding::new(
                "slash-resolution",
                format!("{place}/redistribution_recipient"),
                format!("slashed stake is paid out {delay} blocks after the slash, not at once"),
                "plan payouts with that wait",
            ));
        }
    }
}

/// A share for each strategy: the contract asks for ascending addresses, each of the set.
fn by_strategy(set: &OperatorSet, slash: &SlashRule, place: &str, findings: &mut Vec<LintFinding>) {
    let each = &slash.wads_by_strategy;
    for (index, one) in each.iter().enumerate() {
        let place = format!("{place}/wads_by_strategy/{index}");
        share(
            one.wads_to_slash.0.into(),
            &format!("{place}/wads_to_slash"),
            findings,
        );
        if !set
            .strategies
            .iter()
            .any(|known| known.strategy == one.strategy)
        {
            findings.push(LintFinding::new(
                "strategy-in-set",
                format!("{place}/strategy"),
                format!("{} is no strategy of set {}", one.strategy, set.id),
                "name strategies of the set; what is not in it cannot be slashed",
            ));
        }
        if index > 0 && each[index - 1].strategy >= one.strategy {
            findings.push(LintFinding::new(
                "slash-order",
                format!("{place}/strategy"),
                format!(
                    "{} does not come after {}",
                    one.strategy,
                    each[index - 1].strategy
                ),
                "sort by address, each strategy once: a slash in another order reverts",
            ));
        }
    }
}

/// A share of the allocation, in wads.
pub(in crate::export::lint) fn share(wads: u128, place: &str, findings: &mut Vec<LintFinding>) {
    if wads == 0 || wads > u128::from(WAD) {
        let wrong = format!("{wads} wads are not between 1 and 1e18");
        let right = "write the share of the set's allocation times 1e18 (not of the operator's whole stake)";
        findings.push(LintFinding::new("slash-range", place, wrong, right));
    } else if wads < u128::from(SOFT_FLOOR) {
        let finding = LintFinding::new(
            "slash-floor",
            place,
            format!("{wads} wads are below 1e15 (0.1 %)"),
            "slash at least 1e15, or the loss can round to nothing",
        );
        let severity = if wads < u128::from(HARD_FLOOR) {
            Severity::Warning
        } else {
            Severity::Note
        };
        findings.push(finding.at(severity));
    }
}

fn window(network: &Network, slash: &SlashRule, place: &str, findings: &mut Vec<LintFinding>) {
    let delay = u64::from(network.limits.deallocation_delay.0);
    let (detection, dispute, veto) = (slash.detection.0, slash.dispute.0, slash.veto.0);
    let total = u64::from(detection) + u64::from(dispute) + u64::from(veto);
    if total < delay {
        return;
    }
    let left = delay.saturating_sub(1).saturating_sub(u64::from(detection));
    let right = if left == 0 {
        format!("detect faults within {} blocks", delay.saturating_sub(1))
    } else {
        format!("keep dispute and veto within {left} blocks together")
    };
    findings.push(LintFinding::new(
        "slash-window",
        place,
        format!(
            "detection ({detection}), dispute ({dispute}) and veto ({veto}) take {total} blocks; on {} an operator \
             who leaves is free after {delay}",
            network.name
        ),
        right,
    ));
}

fn precision(set: &OperatorSet, place: &str, findings: &mut Vec<LintFinding>) {
    let Some(quorum) = &set.quorum else { return };
    if set.slash_rules.is_empty() {
        return;
    }
    for (index, weighted) in set.strategies.iter().enumerate() {
        if weighted.strategy == BEACON_ETH || weighted.multiplier.0 == 0 {
            continue;
        }
        let one = u128::from(WAD);
        // Shares that alone reach the minimum; a product beyond 128 bits is precise enough anyway.
        let Some(shares) = quorum
            .minimum_stake
            .0
            .checked_mul(one)
            .map(|scaled| scaled / weighted.multiplier.0)
        else {
            continue;
        };
        if shares < PRECISE_SHARES {
            findings.push(LintFinding::new(
                "stake-precision",
                format!("{place}/strategies/{index}"),
                format!("{shares} shares of {} are enough to be admitted, and slashes of so few round to nothing", weighted.symbol),
                "raise the minimum stake, so that an operator has at least 1e9 shares in each strategy",
            ));
        }
    }
}
