//! Checks of names, roles and slashers.

use crate::export::address::Address;
use crate::export::design::{DEPLOYMENT_FORMAT, Deployment};
use crate::export::lint::finding::LintFinding;

pub(super) fn check(deployment: &Deployment, findings: &mut Vec<LintFinding>) {
    if deployment.format != DEPLOYMENT_FORMAT {
        findings.push(LintFinding::new(
            "file-shape",
            "format",
            format!("the format is {}", deployment.format),
            format!("this program reads and writes format {DEPLOYMENT_FORMAT}"),
        ));
    }
    if deployment.operator_sets.is_empty() {
        let right = "add at least one set: stake is slashable only inside one";
        findings.push(LintFinding::new(
            "file-shape",
            "operator_sets",
            "there is no operator set",
            right,
        ));
    }
    metadata(deployment, findings);
    insiders(deployment, findings);
    if deployment
        .admin
        .is_some_and(|admin| Some(admin) != deployment.avs)
    {
        findings.push(LintFinding::new(
            "admin-takes-over",
            "admin",
            "calls are sent by an admin that is not the AVS",
            "make sure the admin has accepted; the AVS itself then has no rights any more unless it is an admin too",
        ));
    }
}

/// A metadata address that nobody can read, as far as its text tells.
pub(in crate::export::lint) fn metadata_problem(uri: &str) -> Option<&'static str> {
    let readable = ["https://", "ipfs://"]
        .iter()
        .any(|scheme| uri.starts_with(scheme));
    (!readable).then_some("write an address that starts with https:// or ipfs://")
}

fn metadata(deployment: &Deployment, findings: &mut Vec<LintFinding>) {
    if let Some(right) = metadata_problem(&deployment.metadata_uri) {
        let wrong = format!(
            "`{}` is no address that dashboards can read",
            deployment.metadata_uri
        );
        findings.push(LintFinding::new(
            "metadata-uri",
            "metadata_uri",
            wrong,
            right,
        ));
    }
}

fn insiders(deployment: &Deployment, findings: &mut Vec<LintFinding>) {
    let insiders: Vec<Address> = deployment.avs.into_iter().chain(deployment.admin).collect();
    for (index, set) in deployment.operator_sets.iter().enumerate() {
        let place = format!("operator_sets/{index}");
        let waits = set
            .slash_rules
            .iter()
            .any(|rule| rule.dispute.0 > 0 || rule.veto.0 > 0);
        if waits && insiders.contains(&set.slasher) {
            findings.push(LintFinding::new(
                "slasher-is-contract",
                format!("{place}/slasher"),
                "the slasher is the AVS or its admin, who can slash without waiting for dispute or veto",
                "name a slasher contract that keeps the window, such as a VetoableSlasher",
            ));
        }
        let insider = set
            .redistribution_recipient
            .filter(|to| insiders.contains(to) || *to == set.slasher);
        if let Some(recipient) = insider {
            findings.push(LintFinding::new(
                "redistribution-to-insider",
                format!("{place}/redistribution_recipient"),
                format!("{recipient} slashes or decides, and earns by slashing"),
                "pay those who were harmed: a contract that divides it among them",
            ));
        }
        if set.strategies.is_empty() {
            let right = "name the strategies whose stake is to count";
            let place = format!("{place}/strategies");
            findings.push(LintFinding::new(
                "set-has-strategies",
                place,
                "the set has no strategies, so no stake",
                right,
            ));
        }
    }
}
