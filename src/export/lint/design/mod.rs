//! Checks of a whole deployment, before anything is written.

use crate::export::address::{Address, literal};
use crate::export::design::Deployment;
use crate::export::lint::finding::LintFinding;
use crate::export::plan::plan;
use crate::export::world::{Knowledge, World};

/// Where the AVS is while its address is not decided: an address that nobody has.
const UNDECIDED: Address = literal("000000000000000000000000000000000000a5a5");

/// Everything that is wrong with a deployment, worst first, in the order of the file.
#[must_use]
pub fn deployment(deployment: &Deployment) -> Vec<LintFinding> {
    let mut findings = Vec::new();
    findings.extend(played(deployment));
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

/// The planned calls, played on a chain of which only the plan is known.
fn played(deployment: &Deployment) -> Vec<LintFinding> {
    let avs = deployment.avs.unwrap_or(UNDECIDED);
    let mut world = World::new(
        deployment.network.clone(),
        Knowledge::Partial,
        0,
        deployment.as_of.0,
    );
    if let Some(admin) = deployment.admin {
        world.admins.entry(avs).or_default().insert(admin);
    }
    let mut findings = Vec::new();
    for step in plan(deployment, avs) {
        if let Err(revert) = world.play(&step.call) {
            let place = format!(
                "{} ({})",
                step.parameters.join(", "),
                step.call.action.function()
            );
            let finding = LintFinding::new(revert.check, place, revert.wrong, revert.right);
            findings.push(finding.reverting(revert.reason.to_string()));
            world.apply(&step.call);
        }
    }
    findings
}
