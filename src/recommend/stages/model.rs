//! A model as one stage sees it.

use crate::spec::model::{Choice, Model};
use crate::spec::stages::Stage;
use crate::units::UsdPerYear;

/// The model with the stage's value at risk, money and rules in place of its own; the promise
/// alone is played.
#[must_use]
pub fn at_stage(model: &Model, stage: &Stage) -> Model {
    let mut own = model.clone();
    own.schedule = None;
    own.panel = Vec::new();
    own.value.at_risk.start = stage.carries;
    // What stakers count of a budget is what brings their stake; the file's range is of what is paid.
    let kept = 1.0 - stage.discount.get();
    own.rewards.budget = match stage.budget {
        Choice::Fixed(paid) => Choice::Fixed(UsdPerYear(paid.get() * kept)),
        Choice::Search { low, high } => Choice::Search {
            low: UsdPerYear(low.get() * kept),
            high: UsdPerYear(high.get() * kept),
        },
    };
    own.rewards.paid_in.clone_from(&stage.paid_in);
    own.rewards.operator_split = stage.operator_split;
    own.operators.threshold = stage.threshold;
    for (offence, rule) in own.slashing.offences.iter_mut().zip(&stage.offences) {
        offence.slash = rule.slash;
        offence.dispute = rule.dispute;
    }
    own.simulation.days = (model.target.insecure_within.get().ceil() as u32).max(1);
    own
}
