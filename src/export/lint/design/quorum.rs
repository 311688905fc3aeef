//! Checks of admission rules: the quorum contracts check few of them.

use crate::export::address::Address;
use crate::export::design::{Deployment, StakeType, WeightedStrategy};
use crate::export::lint::context::Context;
use crate::export::lint::finding::{LintFinding, Severity};
use crate::export::network::{MAX_QUORUMS, MAX_STRATEGIES_PER_QUORUM, Network, UINT96_MAX};
use crate::units::WAD;
use std::collections::BTreeSet;

/// More than the supply of any restaked asset in its smallest unit: 200 million with 18 decimals.
const PLAUSIBLE_STAKE: u128 = 200_000_000 * WAD as u128;

/// A quorum as both the deployment and a deploy file state it.
pub(in crate::export::lint) struct Limits<'a> {
    /// Where it stands.
    pub place: String,
    /// Strategies and multipliers.
    pub weights: Vec<(Address, u128)>,
    /// Most operators.
    pub max_operators: u128,
    /// Basis points of the replaced operator's stake.
    pub kick_operator: u128,
    /// Basis points of the total.
    pub kick_total: u128,
    /// Minimum weighted stake.
    pub minimum_stake: u128,
    /// What is known of the chain.
    pub context: &'a Context,
}

pub(super) fn check(deployment: &Deployment, context: &Context, findings: &mut Vec<LintFinding>) {
    let mut numbers = Vec::new();
    for (index, set) in deployment.operator_sets.iter().enumerate() {
        let Some(quorum) = &set.quorum else { continue };
        let place = format!("operator_sets/{index}/quorum");
        numbers.push((set.id, place.clone()));
        let weight = |weighted: &WeightedStrategy| (weighted.strategy, weighted.multiplier.0);
        let limits = Limits {
            place: place.clone(),
            weights: set.strategies.iter().map(weight).collect(),
            max_operators: quorum.max_operators.into(),
            kick_operator: quorum.kick_bips_of_operator_stake.0.into(),
            kick_total: quorum.kick_bips_of_total_stake.0.into(),
            minimum_stake: quorum.minimum_stake.0,
            context,
        };
        check_quorum(&limits, findings);
        if set.redistribution_recipient.is_some() {
            findings.push(LintFinding::new(
                "quorum-burning",
                format!("operator_sets/{index}/redistribution_recipient"),
                "the quorum contracts create operator sets that burn what is slashed, and this one pays it out",
                "create the set by the core's calls, not by the quorum contracts; or let it burn",
            ));
        }
        if quorum.stake_type == StakeType::TotalDelegated {
            findings.push(LintFinding::new(
                "quorum-delegated",
                format!("{place}/stake_type"),
                "delegated stake is counted whether or not this service can slash it, and by every other service too",
                "weigh slashable stake, on which the recommended security rests",
            ));
        }
        if quorum.stake_type == StakeType::TotalSlashable {
            look_ahead(
                quorum.look_ahead.0.into(),
                &format!("{place}/look_ahead"),
                &context.network,
                findings,
            );
        }
        threshold(
            quorum.threshold.0.into(),
            &format!("{place}/threshold"),
            findings,
        );
    }
    numbers.sort_unstable();
    for (expected, (number, place)) in numbers.iter().enumerate() {
        if *number as usize != expected || *number as usize >= MAX_QUORUMS {
            let finding = LintFinding::new(
                "quorum-number",
                place.as_str(),
                format!(
                    "the set's id {number} is the number of its quorum, and quorums are counted from 0 to 191"
                ),
                format!("give the set the id {expected}"),
            );
            // An error only for those who deploy the quorum contracts: `export` refuses that target.
            findings.push(finding.at(Severity::Warning));
        }
    }
}

/// A look-ahead in blocks against the network's delay.
pub(in crate::export::lint) fn look_ahead(
    blocks: u128,
    place: &str,
    network: &Network,
    findings: &mut Vec<LintFinding>,
) {
    let delay = u128::from(network.limits.deallocation_delay.0);
    if blocks > delay {
        findings.push(LintFinding::new(
            "quorum-look-ahead",
            place,
            format!("the look-ahead of {blocks} blocks is beyond the {delay} blocks for which stake stays on {}", network.name),
            format!("the longest that can be expressed is {delay}"),
        ));
    }
}

/// A share that must sign, in basis points.
pub(in crate::export::lint) fn threshold(bips: u128, place: &str, findings: &mut Vec<LintFinding>) {
    if bips == 0 {
        let right = "ask for more than the stake an attacker can hold";
        findings.push(LintFinding::new(
            "threshold-liveness",
            place,
            "a threshold of 0 is met by nobody signing",
            right,
        ));
    } else if bips >= 10_000 {
        let wrong = format!("a threshold of {bips} basis points stops when one operator is down");
        findings.push(LintFinding::new(
            "threshold-liveness",
            place,
            wrong,
            "leave room: at most 9000, commonly 6700",
        ));
    } else if bips > 9_000 {
        let wrong = format!(
            "a threshold of {bips} basis points stops when {} are down",
            10_000 - bips
        );
        findings.push(LintFinding::new(
            "threshold-tight",
            place,
            wrong,
            "leave room for an outage of a larger operator",
        ));
    }
}

/// The rules of one quorum.
pub(in crate::export::lint) fn check_quorum(limits: &Limits<'_>, findings: &mut Vec<LintFinding>) {
    weights(limits, findings);
    let place = &limits.place;
    let minimum = format!("{place}/minimum_stake");
    if limits.minimum_stake > UINT96_MAX {
        let wrong = format!(
            "the minimum stake {} does not fit uint96",
            limits.minimum_stake
        );
        findings.push(LintFinding::new(
            "quorum-minimum-stake",
            minimum,
            wrong,
            "scale multipliers and minimum down together",
        ));
    } else if limits.minimum_stake == 0 {
        let wrong = "the minimum stake is 0: anybody can join, and be counted, without stake";
        findings.push(LintFinding::new(
            "quorum-minimum-zero",
            minimum,
            wrong,
            "write the recommended minimum",
        ));
    }
    if limits.max_operators == 0 {
        let right = "write the recommended number of operators";
        let place = format!("{place}/max_operators");
        findings.push(LintFinding::new(
            "quorum-full",
            place,
            "a quorum of 0 operators admits nobody",
            right,
        ));
    }
    kick_bips(limits, findings);
    churn(limits, findings);
}

fn weights(limits: &Limits<'_>, findings: &mut Vec<LintFinding>) {
    let place = &limits.place;
    let count = limits.weights.len();
    if count == 0 || count > MAX_STRATEGIES_PER_QUORUM {
        let wrong = format!("the quorum weighs {count} strategies");
        let finding = LintFinding::new(
            "quorum-strategies",
            place.as_str(),
            wrong,
            "weigh 1 to 32 strategies",
        );
        findings.push(if count == 0 {
            finding
        } else {
            finding.reverting("InputArrayLengthMismatch")
        });
    }
    let mut seen = BTreeSet::new();
    for (index, (strategy, multiplier)) in limits.weights.iter().enumerate() {
        let place = format!("{place}/strategies/{index}");
        if !seen.insert(*strategy) {
            let wrong = format!("{strategy} is weighed twice");
            findings.push(LintFinding::new(
                "quorum-strategy-unique",
                place.as_str(),
                wrong,
                "weigh it once",
            ));
        }
        if *multiplier == 0 {
            let right = "leave the strategy out";
            findings.push(LintFinding::new(
                "quorum-multiplier",
                place,
                "the multiplier is 0",
                right,
            ));
        } else if *multiplier > UINT96_MAX {
            let wrong = format!("the multiplier {multiplier} does not fit uint96");
            let finding = LintFinding::new(
                "quorum-multiplier",
                place,
                wrong,
                "scale all multipliers down",
            );
            findings.push(finding.reverting("(empty)"));
        } else if *multiplier < 1_000_000_000_000 {
            let wrong = format!(
                "the multiplier {multiplier} is less than a millionth: it looks like basis points"
            );
            let right = "scale it by 1e18 (10000 basis points are 1000000000000000000)";
            findings.push(LintFinding::new(
                "quorum-multiplier-scale",
                place,
                wrong,
                right,
            ));
        } else {
            truncation(limits, *strategy, *multiplier, place, findings);
        }
    }
}

/// A weight is cast to 96 bits without a check: beyond them it starts again at zero.
fn truncation(
    limits: &Limits<'_>,
    strategy: Address,
    multiplier: u128,
    place: String,
    findings: &mut Vec<LintFinding>,
) {
    let known = limits.context.largest_stake.get(&strategy).copied();
    let stake = known.unwrap_or(PLAUSIBLE_STAKE);
    if weight(stake, multiplier).is_none_or(|weight| weight > UINT96_MAX) {
        let whose = if known.is_some() {
            "the largest operator's"
        } else {
            "a plausible"
        };
        findings.push(LintFinding::new(
            "weight-truncation",
            place,
            format!("{whose} stake of {stake} shares times {multiplier} passes uint96, and the weight is cut in silence"),
            "scale all multipliers and the minimum stake down together",
        ));
    }
}

/// `shares * multiplier / 1e18`, floored; `None` beyond 128 bits even so.
fn weight(shares: u128, multiplier: u128) -> Option<u128> {
    let one = u128::from(WAD);
    let (whole, rest) = (multiplier / one, multiplier % one);
    let (high, low) = (shares / one, shares % one);
    // Both factors of each product are below 2^128 / 1e18 or 1e18, so only the first can overflow.
    let large = shares.checked_mul(whole)?;
    large
        .checked_add(high.checked_mul(rest)?)?
        .checked_add(low * rest / one)
}

fn kick_bips(limits: &Limits<'_>, findings: &mut Vec<LintFinding>) {
    let place = &limits.place;
    if limits.kick_operator <= 10_000 {
        let wrong = format!(
            "{} basis points let a newcomer replace an operator of its own size or larger",
            limits.kick_operator
        );
        let place = format!("{place}/kick_bips_of_operator_stake");
        findings.push(LintFinding::new(
            "quorum-kick-bips",
            place,
            wrong,
            "ask for more than 10000, commonly 11000",
        ));
    }
    if limits.kick_total == 0 || limits.kick_total >= 10_000 {
        let wrong = if limits.kick_total == 0 {
            "0 basis points let nobody be replaced: a full quorum stays as it is".to_owned()
        } else {
            format!(
                "{} basis points let every operator be replaced, the largest too",
                limits.kick_total
            )
        };
        let place = format!("{place}/kick_bips_of_total_stake");
        findings.push(LintFinding::new(
            "quorum-kick-bips",
            place,
            wrong,
            "write the share below which one may be replaced",
        ));
    }
}

/// A full quorum multiplies stakes by basis points in 96 bits.
fn churn(limits: &Limits<'_>, findings: &mut Vec<LintFinding>) {
    let sum = |stakes: &std::collections::BTreeMap<Address, u128>| {
        let weights = limits
            .weights
            .iter()
            .filter_map(|(strategy, multiplier)| weight(*stakes.get(strategy)?, *multiplier));
        weights.fold(0u128, u128::saturating_add)
    };
    let operator = limits.minimum_stake.max(sum(&limits.context.largest_stake));
    let full = limits.minimum_stake.saturating_mul(limits.max_operators);
    let total = full.max(sum(&limits.context.total_stake));
    let mut overflow = |stake: u128, bips: u128, key: &str, whose: &str| {
        if stake.saturating_mul(bips) > UINT96_MAX {
            findings.push(LintFinding::new(
                "churn-overflow",
                format!("{}/{key}", limits.place),
                format!("{whose} of {stake} times {bips} basis points passes uint96: once the quorum is full, every replacement reverts"),
                format!("scale multipliers and the minimum stake down together, below {}", UINT96_MAX / bips.max(1)),
            ));
        }
    };
    overflow(
        operator,
        limits.kick_operator,
        "kick_bips_of_operator_stake",
        "an operator's stake",
    );
    overflow(
        total,
        limits.kick_total,
        "kick_bips_of_total_stake",
        "the total stake",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_floored_products() {
        assert_eq!(weight(1_000, 1_500_000_000_000_000_000), Some(1_500));
        assert_eq!(weight(1, 999_999_999_999_999_999), Some(0));
        assert_eq!(
            weight(7 * 10u128.pow(24), 1_102_456_657_360_376_283),
            Some(7_717_196_601_522_633_981_000_000)
        );
        assert_eq!(weight(u128::MAX, u128::MAX), None);
    }
}
