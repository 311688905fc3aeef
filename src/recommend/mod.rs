//! Search under common random numbers, certification on fresh seeds, frontier, levers.
//!
//! [`recommend`] reads as its stages: closed form, shape, curve, certificate, frontier, levers.
//! The guarantee is of one kind only: with the promise's confidence, the probability of an
//! insecure moment within the horizon is at most what was asked, judged on random numbers that
//! had no part in choosing the design. It covers the error of sampling under the model; the
//! model's own error is what assumptions, levers and shocks are for.

pub mod analytic;
pub mod budget;
pub mod compare;
pub mod curve;
mod design;
pub mod evaluate;
mod feasible;
pub mod frontier;
pub mod levers;
pub mod network;
pub mod rare;
pub mod sensitivity;
pub mod shape;
pub mod shocks;
mod types;

pub use curve::{CurvePoint, RiskCurve};
pub use frontier::{Frontier, FrontierPoint};
pub use levers::{Knob, Lever};
pub use shocks::{Breaking, Shock, ShockKind};
pub use types::{
    Certificate, Constraint, Design, FORMAT, Figure, Infeasible, OffenceDesign, Origin, Promise,
    Recommendation, SearchReport, Stage,
};

use crate::assess::{Assessment, Verdict, assess};
use crate::random::Seed;
use crate::sim::Ensemble;
use crate::spec::Parameters;
use crate::spec::model::Model;
use crate::stats::proportion;
use crate::units::Usd;
use evaluate::{Evaluator, Span};
use std::sync::atomic::AtomicBool;

/// Largest number of certifications: a design that stays undecided is strengthened and judged
/// again on other fresh paths, each look at its own share of δ.
const LOOKS: u32 = 3;
/// Probability with which the stake put before the first certification passes it.
const CHANCE: f64 = 0.95;
/// Insecure paths that an ensemble should show at the tolerated risk: the stake that passes
/// then exceeds the smallest possible by the price of about half of that risk, not by a multiple.
const FAILURES_WANTED: f64 = 40.0;
/// Paths of the shocks' ensembles at most.
const SHOCK_PATHS: u64 = 10_000;
/// Paths of the levers' ensembles at most.
const LEVER_PATHS: u64 = 20_000;

/// How a recommendation is searched.
pub struct Search<'a> {
    /// Seed of the exploration; certifications take fresh ones that follow from it.
    pub seed: Seed,
    /// Paths of the exploration and of each certification; [`paths_for`] fits the promise.
    pub paths: u64,
    /// Paths of the assessment over all days that the report shows.
    pub assess_paths: u64,
    /// Told each stage as it is done.
    pub progress: &'a dyn Fn(&Stage),
    /// Set it and the search stops.
    pub cancel: &'a AtomicBool,
}

/// The paths that fit a promise: enough to show the tolerated risk well, within reason.
#[must_use]
pub fn paths_for(model: &Model) -> u64 {
    ((FAILURES_WANTED / model.target.at_most.get()).ceil() as u64).clamp(20_000, 400_000)
}

/// Recommends parameters for a model; `None` when cancelled.
///
/// The answer is the same to the bit for the same model, seed and paths.
#[must_use]
pub fn recommend(model: &Model, search: &Search) -> Option<Recommendation> {
    answer(model, search).map(|answer| answer.recommendation)
}

/// A recommendation with the paths that its measures over all days rest on.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The recommendation.
    pub recommendation: Recommendation,
    /// The certified design, played over all days.
    pub ensemble: Ensemble,
}

/// As [`recommend`], with the ensemble behind the assessment.
#[must_use]
pub fn answer(model: &Model, search: &Search) -> Option<Answer> {
    let evaluator = Evaluator::new(model, search.cancel);
    let tell = |stage: Stage| (search.progress)(&stage);
    let tolerance = model.target.at_most.get();

    let closed_form = analytic::stake_usd(model, &Parameters::reference(model));
    tell(Stage::Analytic {
        stake_usd: closed_form,
    });

    let shape = shape::search(&evaluator, search.seed, search.paths)?;
    let chosen = &shape.chosen;
    tell(Stage::Shape {
        candidates: shape.rounds[0].candidates,
        budget_usd_year: chosen.budget_usd_year,
    });

    let explored = evaluator.curve(&chosen.parameters, search.seed, search.paths)?;
    let first = proportion::confidence_of_look(model.target.confidence.get(), 1);
    let goal = explored
        .stake_to_certify(search.paths, tolerance, first, CHANCE)
        .unwrap_or_else(|| explored.stake(tolerance).high);
    let settled = feasible::settle(model, &chosen.parameters, goal, &explored);
    tell(Stage::Curve {
        paths: search.paths,
        stake_usd: settled.parameters.stake.get(),
    });

    let certified = certify(&evaluator, &settled, &explored, search, &tell)?;
    let parameters = certified.parameters.clone();

    let frontier = frontier::frontier(model, &parameters, &explored, &certified.fresh);
    tell(Stage::Frontier {
        points: frontier.points.len(),
    });

    let budget = budget::required(model, &parameters);
    let levers = match &budget {
        Some(budget) if settled.infeasible.is_none() => {
            let paths = search.paths.min(LEVER_PATHS);
            levers::levers(
                &evaluator,
                &parameters,
                budget,
                tolerance,
                search.seed,
                paths,
            )?
        }
        _ => Vec::new(),
    };
    tell(Stage::Levers {
        count: levers.len(),
    });

    let shocks = if certified.verdict.is_safe() {
        let paths = search.paths.min(SHOCK_PATHS);
        shocks::shocks(&evaluator, &parameters, search.seed, paths)?
    } else {
        Vec::new()
    };
    tell(Stage::Shocks {
        count: shocks.len(),
    });

    let plan = evaluator.plan(&parameters, Span::All);
    let ensemble = evaluator.play(&plan, certified.seed, search.assess_paths)?;
    let columns = ensemble
        .cost(evaluator.cost())
        .expect("the plan asked for the promise's cost");
    let mut assessment = assess(&ensemble, columns, tolerance, model.target.confidence.get());
    certified.overrides(&mut assessment, model.target.confidence.get());

    let spent = parameters.budget.get();
    let design = design::describe(model, &shape, &explored, &parameters, spent, closed_form);
    let recommendation = Recommendation {
        format: FORMAT,
        service: model.service.name.clone(),
        promise: design::promise(model),
        verdict: certified.verdict,
        infeasible: settled.infeasible,
        design,
        budget,
        certificate: certified.certificate,
        assessment,
        curve: explored.points(60),
        frontier,
        levers,
        shocks,
        search: SearchReport {
            rounds: shape.rounds,
            explore_paths: search.paths,
            certify_paths: search.paths,
            seed: search.seed.to_string(),
            ensembles: evaluator.ensembles(),
            path_days: evaluator.path_days(),
        },
        parameters,
    };
    Some(Answer {
        recommendation,
        ensemble,
    })
}

/// A design that was judged.
struct Certified {
    parameters: Parameters,
    verdict: Verdict,
    certificate: Certificate,
    fresh: RiskCurve,
    seed: Seed,
}

impl Certified {
    /// The horizon's risk of an assessment is the certificate's: it rests on more paths.
    fn overrides(&self, assessment: &mut Assessment, confidence: f64) {
        let Certificate {
            paths, failures, ..
        } = self.certificate;
        assessment.verdict = self.verdict;
        assessment.failures = failures;
        assessment.insecure.estimate = proportion::clopper_pearson(failures, paths, confidence);
        assessment.insecure_at_most = self.certificate.at_most;
    }
}

/// Judges a design on fresh paths. A design of which the paths cannot say whether it is secure
/// is given more stake, where the model allows it, and judged again on other paths.
fn certify(
    evaluator: &Evaluator,
    settled: &feasible::Settled,
    explored: &RiskCurve,
    search: &Search,
    tell: &dyn Fn(Stage),
) -> Option<Certified> {
    let model = evaluator.model();
    let (tolerance, confidence) = (model.target.at_most.get(), model.target.confidence.get());
    let mut parameters = settled.parameters.clone();
    let mut look = 1;
    loop {
        let seed = search.seed.fresh(u64::from(look));
        let look_confidence = proportion::confidence_of_look(confidence, look);
        let plan = evaluator.plan(&parameters, Span::Horizon);
        let ensemble = evaluator.play(&plan, seed, search.paths)?;
        let fresh = evaluator.curve_of(&ensemble, parameters.stake.get());
        let failures = fresh.failures(parameters.stake.get());
        let verdict = Verdict::of(failures, search.paths, tolerance, look_confidence);
        tell(Stage::Certified {
            look,
            paths: search.paths,
            failures,
            verdict: verdict.word(),
        });
        let stronger = (look < LOOKS && verdict != Verdict::Safe && settled.infeasible.is_none())
            .then(|| stronger(model, &parameters, explored, search.paths, look + 1))
            .flatten();
        match stronger {
            Some(next) => (parameters, look) = (next, look + 1),
            None => {
                let certificate = Certificate {
                    paths: search.paths,
                    failures,
                    at_most: proportion::clopper_pearson_upper(
                        failures,
                        search.paths,
                        look_confidence,
                    ),
                    at_least: proportion::clopper_pearson_lower(
                        failures,
                        search.paths,
                        look_confidence,
                    ),
                    look,
                    look_confidence,
                    seed: seed.to_string(),
                };
                return Some(Certified {
                    parameters,
                    verdict,
                    certificate,
                    fresh,
                    seed,
                });
            }
        }
    }
}

/// The design with the stake that the next look would pass nearly always, if the exploration
/// knows one and the model's ranges allow it.
fn stronger(
    model: &Model,
    parameters: &Parameters,
    explored: &RiskCurve,
    paths: u64,
    look: u32,
) -> Option<Parameters> {
    let (tolerance, confidence) = (model.target.at_most.get(), model.target.confidence.get());
    let chance = 1.0 - (1.0 - CHANCE) / f64::from(1_u32 << (3 * look));
    let look_confidence = proportion::confidence_of_look(confidence, look);
    let stake = explored.stake_to_certify(paths, tolerance, look_confidence, chance)?;
    if stake <= parameters.stake.get() {
        return None;
    }
    let settled = feasible::settle(model, &parameters.with_stake(Usd(stake)), stake, explored);
    settled.infeasible.is_none().then_some(settled.parameters)
}
