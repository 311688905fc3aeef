//! Reverts in words: the error's name, and the argument that causes it.

use super::file::PlannedCall;
use super::report::{Explanation, Outcome};
use super::simulate::{Method, Trace};
use crate::export::action::Call;
use crate::export::lint::CHECKS;
use crate::export::world::{Knowledge, Revert, World};

/// Outcomes of calls, with the argument behind each revert where the world can tell it.
pub(super) fn explain(
    steps: &[&PlannedCall],
    traces: &[Trace],
    mut world: World,
    method: Method,
) -> Vec<(Outcome, Option<u64>)> {
    let mut failed_before = false;
    let mut outcomes = Vec::new();
    for (step, trace) in steps.iter().zip(traces) {
        let outcome = match &trace.result {
            Ok(_) => Outcome::Passed,
            Err(error) => {
                let candidates = candidates(&mut world, &step.call);
                let explanation = explanation(error, step, candidates, failed_before);
                let unclear = method == Method::OneByOne && !outcomes.is_empty();
                failed_before = true;
                if unclear {
                    Outcome::Unclear(explanation)
                } else {
                    Outcome::Reverted(explanation)
                }
            }
        };
        world.apply(&step.call);
        outcomes.push((outcome, trace.gas));
    }
    outcomes
}

/// Why the call may revert: what is certain when the world is taken for all there is, and what is in doubt.
fn candidates(world: &mut World, call: &Call) -> Vec<Revert> {
    let mut found = Vec::new();
    for knowledge in [Knowledge::Complete, Knowledge::Partial] {
        world.knowledge = knowledge;
        match world.check(call) {
            Ok(doubts) => found.extend(doubts),
            Err(revert) => found.push(revert),
        }
    }
    found
}

fn explanation(
    error: &str,
    step: &PlannedCall,
    candidates: Vec<Revert>,
    failed_before: bool,
) -> Explanation {
    let parameters = step.parameters.clone();
    // Tokens word a missing allowance or balance each in their own way, some with no word at all.
    let of_token = !CHECKS
        .iter()
        .any(|check| check.reverts.contains(&error) && error != "(empty)");
    let matching = candidates.into_iter().find(|revert| {
        let of_funds = ["rewards-allowance", "rewards-balance"].contains(&revert.check);
        revert.reason.to_string() == error || (of_funds && of_token)
    });
    if let Some(revert) = matching {
        let argument = Some(revert.argument).filter(|argument| !argument.is_empty());
        return Explanation {
            error: error.into(),
            argument,
            wrong: revert.wrong,
            right: revert.right,
            parameters,
        };
    }
    let rule = CHECKS.iter().find(|check| check.reverts.contains(&error));
    let wrong = rule.map_or_else(
        || format!("{} reverted", step.call.action.function()),
        |check| format!("the rule is: {}", check.rule),
    );
    let right = if failed_before {
        "put the earlier call right first: this one rests on it"
    } else {
        "compare the arguments with the state of the chain"
    };
    Explanation {
        error: error.into(),
        argument: None,
        wrong,
        right: right.into(),
        parameters,
    }
}
