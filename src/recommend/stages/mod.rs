//! Stages of growth: each with its own certified stake and budget, the trigger that ends it, and
//! how long before it the change must begin.
//!
//! A stage is designed at the largest value at risk that it carries, so it is safe up to its end.
//! The promises of all stages hold together: each is certified with `1 - δ/k` (union bound over k
//! stages). A change that the protocol delays begins while the value at risk still has so far to
//! go that it outgrows the stage before the change is in force with small probability only.

mod certified;
mod model;
mod trigger;

pub use model::at_stage;
pub use trigger::{Begin, Change};

use super::evaluate::Evaluator;
use super::types::Infeasible;
use super::{Certificate, Search, budget};
use crate::assess::Verdict;
use crate::spec::Parameters;
use crate::spec::model::Model;
use crate::spec::stages::{Schedule, Stage};
use serde::Serialize;

/// Paths of a stage's exploration and of its certification at most, where they are counted.
const MOST_PATHS: u64 = 40_000;
/// Streams of stages begin here, away from those of the looks.
const FIRST_BLOCK: u64 = 1_000;

/// The stages of a service, certified together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stages {
    /// The stages in order.
    pub stages: Vec<StageDesign>,
    /// Confidence of each stage's statement.
    pub confidence_each: f64,
    /// Confidence that all of them hold.
    pub confidence: f64,
    /// Whether every stage is certified.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// One stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageDesign {
    /// Its name.
    pub name: String,
    /// Value at risk when it begins, USD.
    pub from_usd: f64,
    /// Value at risk that it carries, USD.
    pub carries_usd: f64,
    /// The design.
    pub parameters: Parameters,
    /// Budget that brings its stake, at the market price of what it is paid in, USD a year.
    pub budget_usd_year: f64,
    /// What stakers count it as, USD a year.
    pub counted_usd_year: f64,
    /// Symbol of the token that it is paid in.
    pub paid_in: String,
    /// Tokens a year that it is, at the prices of the start; none where the model prices no such token.
    pub tokens_year: Option<f64>,
    /// What stakers take off the token's price.
    pub discount: f64,
    /// Whether the promise holds while the value at risk is at most what the stage carries.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Why no design within the ranges keeps it.
    pub infeasible: Option<Infeasible>,
    /// The evidence.
    pub certificate: Certificate,
    /// What begins the next stage, and when to call for it; none for the last.
    pub next: Option<Begin>,
}

/// Designs and certifies every stage; `None` when cancelled.
#[must_use]
pub fn stages(model: &Model, schedule: &Schedule, search: &Search) -> Option<Stages> {
    let count = schedule.stages.len() as f64;
    let confidence = model.target.confidence.get();
    let confidence_each = 1.0 - (1.0 - confidence) / count;
    let mut designs: Vec<StageDesign> = Vec::new();
    for (index, stage) in schedule.stages.iter().enumerate() {
        let from_usd = designs
            .last()
            .map_or(model.value.at_risk.start.get(), |before| before.carries_usd);
        let next = schedule.stages.get(index + 1);
        let mut design = design(
            model,
            stage,
            from_usd,
            confidence_each,
            search,
            index as u64,
        )?;
        design.next = stage
            .until
            .zip(next)
            .map(|(until, next)| trigger::begin(model, stage, until, next, &schedule.policy));
        designs.push(design);
    }
    let verdict = jointly(designs.iter().map(|design| design.verdict));
    Some(Stages {
        stages: designs,
        confidence_each,
        confidence,
        verdict,
    })
}

/// Safe when all are; unsafe when one is; else undecided.
fn jointly(verdicts: impl Iterator<Item = Verdict> + Clone) -> Verdict {
    if verdicts.clone().all(Verdict::is_safe) {
        return Verdict::Safe;
    }
    let mut verdicts = verdicts;
    if verdicts.any(|verdict| verdict == Verdict::Unsafe) {
        return Verdict::Unsafe;
    }
    Verdict::Undecided { paths_needed: None }
}

fn design(
    model: &Model,
    stage: &Stage,
    from_usd: f64,
    confidence: f64,
    search: &Search,
    index: u64,
) -> Option<StageDesign> {
    let mut own = at_stage(model, stage);
    own.target.confidence = crate::units::Share(confidence);
    let evaluator = Evaluator::new(&own, search.cancel);
    let search = Search {
        seed: search.seed.fresh(FIRST_BLOCK + index),
        paths: search.paths.min(MOST_PATHS),
        ..*search
    };
    let least = stage.least_stake.map_or(0.0, |stake| stake.get());
    let found = certified::certified(&evaluator, &search, least)?;
    let parameters = found.parameters;
    let counted = budget::required(&own, &parameters).map_or(parameters.budget.get(), |b| {
        b.usd_year.max(own.rewards.budget.low().get())
    });
    let kept = 1.0 - stage.discount.get();
    let budget_usd_year = counted / kept;
    Some(StageDesign {
        name: stage.name.clone(),
        from_usd,
        carries_usd: stage.carries.get(),
        budget_usd_year,
        counted_usd_year: counted,
        paid_in: stage.paid_in.clone(),
        tokens_year: stage.token_price.map(|price| budget_usd_year / price.get()),
        discount: stage.discount.get(),
        verdict: if found.infeasible.is_some() {
            Verdict::Unsafe
        } else {
            found.verdict
        },
        infeasible: found.infeasible,
        certificate: found.certificate,
        parameters,
        next: None,
    })
}
