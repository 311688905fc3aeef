//! Checks of a whole deployment, before anything is written.

mod identity;
mod numbers;
mod quorum;
mod rewards;
mod slashing;
mod tables;

pub(super) use identity::{metadata_problem, public_key, some_strategies};
pub(super) use quorum::{Limits as QuorumLimits, check_quorum, look_ahead, threshold};
pub(super) use rewards::multipliers;
pub(super) use slashing::share;
pub(super) use tables::staleness;

use super::context::Context;
use super::finding::LintFinding;
use crate::export::address::{Address, literal};
use crate::export::design::Deployment;
use crate::export::plan::plan;
use crate::export::world::{Knowledge, World};

/// Where the AVS is while its address is not decided: an address that nobody has.
const UNDECIDED: Address = literal("000000000000000000000000000000000000a5a5");

/// Everything that is wrong with a deployment, worst first.
#[must_use]
pub fn deployment(deployment: &Deployment) -> Vec<LintFinding> {
    deployment_in(
        deployment,
        &Context::new(deployment.network.clone(), deployment.as_of),
    )
}

/// The same, with what is known of the chain it goes to.
#[must_use]
pub fn deployment_in(deployment: &Deployment, context: &Context) -> Vec<LintFinding> {
    let mut findings = played(deployment, context);
    identity::check(deployment, &mut findings);
    slashing::check(deployment, &mut findings);
    quorum::check(deployment, context, &mut findings);
    rewards::check(deployment, context, &mut findings);
    tables::check(deployment, &mut findings);
    numbers::check(deployment, &mut findings);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

/// The planned calls, played on a chain of which only the plan is known.
fn played(deployment: &Deployment, context: &Context) -> Vec<LintFinding> {
    let avs = deployment.avs.unwrap_or(UNDECIDED);
    let mut world = World::new(
        deployment.network.clone(),
        Knowledge::Partial,
        0,
        context.now.0,
    );
    world.whitelisted.clone_from(&context.whitelisted);
    if let Some(admin) = deployment.admin {
        world.admins.entry(avs).or_default().insert(admin);
    }
    let mut findings = Vec::new();
    for step in plan(deployment, avs) {
        match world.play(&step.call) {
            Ok(doubts) => {
                for doubt in doubts
                    .into_iter()
                    .filter(|doubt| doubt.check == "rewards-whitelisted")
                {
                    let place = step.parameters.join(", ");
                    findings.push(LintFinding::new(
                        doubt.check,
                        place,
                        doubt.wrong,
                        doubt.right,
                    ));
                }
            }
            Err(revert) => {
                let place = format!(
                    "{} ({} {})",
                    step.parameters.join(", "),
                    step.call.action.function(),
                    revert.argument
                );
                let finding = LintFinding::new(revert.check, place, revert.wrong, revert.right);
                findings.push(finding.reverting(revert.reason.to_string()));
                world.apply(&step.call);
            }
        }
    }
    findings
}
