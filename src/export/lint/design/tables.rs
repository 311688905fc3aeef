//! Checks of stake tables and tasks.

use crate::export::design::{Deployment, Mailbox, OperatorSet};
use crate::export::lint::finding::LintFinding;
use crate::export::network::Network;

pub(super) fn check(deployment: &Deployment, findings: &mut Vec<LintFinding>) {
    for (index, set) in deployment.operator_sets.iter().enumerate() {
        let place = format!("operator_sets/{index}");
        contracts(&deployment.network, set, &place, findings);
        if let Some(mailbox) = &set.mailbox {
            tasks(set, mailbox, &place, findings);
        }
        let sla = set.mailbox.as_ref().map_or(0, |mailbox| mailbox.task_sla.0);
        if let Some(table) = &set.stake_table {
            let cadence = deployment
                .network
                .limits
                .table_update_cadence
                .map_or(0, |cadence| cadence.0);
            staleness(
                table.max_staleness.0.into(),
                sla.into(),
                cadence.into(),
                &format!("{place}/stake_table"),
                findings,
            );
        }
        if set.mailbox.is_some() && set.stake_table.is_none() {
            findings.push(LintFinding::new(
                "task-owner",
                format!("{place}/mailbox"),
                "the set executes tasks and reserves no stake table, so no certificate can be checked",
                "add a stake table: its owner configures the mailbox",
            ));
        }
    }
}

fn contracts(network: &Network, set: &OperatorSet, place: &str, findings: &mut Vec<LintFinding>) {
    let missing = [
        (
            set.stake_table.is_some() && network.contracts.cross_chain_registry.is_none(),
            "stake_table",
            "CrossChainRegistry",
        ),
        (
            set.mailbox.is_some() && network.contracts.task_mailbox.is_none(),
            "mailbox",
            "TaskMailbox",
        ),
    ];
    for (_, key, contract) in missing.iter().filter(|(missing, ..)| *missing) {
        findings.push(LintFinding::new(
            "network-without-contract",
            format!("{place}/{key}"),
            format!("{contract} does not exist on {}", network.name),
            "use mainnet or Sepolia, or leave it out",
        ));
    }
}

fn tasks(set: &OperatorSet, mailbox: &Mailbox, place: &str, findings: &mut Vec<LintFinding>) {
    if let Some(threshold) = mailbox.threshold {
        super::quorum::threshold(
            threshold.0.into(),
            &format!("{place}/mailbox/threshold"),
            findings,
        );
    }
    if !mailbox.fee_token.is_zero() && mailbox.fee_collector.is_zero() {
        findings.push(LintFinding::new(
            "task-fee-collector",
            format!("{place}/mailbox/fee_collector"),
            "tasks cost a fee and nobody collects it, so every paid task is refused",
            "name a collector, or take no fee",
        ));
    }
    if set.curve.is_none() {
        let right = "give the set ECDSA or BN254 keys";
        let finding = LintFinding::new(
            "task-config",
            format!("{place}/curve"),
            "a set without keys cannot sign results",
            right,
        );
        findings.push(finding);
    }
}

/// The age of certificates, in seconds.
pub(in crate::export::lint) fn staleness(
    period: u64,
    sla: u64,
    cadence: u64,
    place: &str,
    findings: &mut Vec<LintFinding>,
) {
    let place = format!("{place}/max_staleness");
    if period == 0 {
        findings.push(LintFinding::new(
            "table-staleness-never",
            place,
            "with 0 certificates never go stale: an operator that left keeps signing with its old stake",
            format!("write at least {}", cadence + sla),
        ));
    } else if period >= cadence && period < cadence + sla {
        findings.push(LintFinding::new(
            "table-staleness-task",
            place,
            format!("{period} s are less than a renewal ({cadence} s) and a task ({sla} s): tasks fail before a renewal"),
            format!("write at least {}", cadence + sla),
        ));
    }
}
