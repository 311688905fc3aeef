//! Search under common random numbers, certification on fresh seeds, frontier, levers.
//!
//! [`recommend`] reads as its stages: closed form, shape, curve, certificate, frontier, levers.
//! The guarantee is of one kind only: with the promise's confidence, the probability of an
//! insecure moment within the horizon is at most what was asked, judged on random numbers that
//! had no part in choosing the design. It covers the error of sampling under the model; the
//! model's own error is what assumptions, levers and shocks are for.

pub mod analytic;
pub mod beneath;
pub mod budget;
pub mod collateral;
pub mod compare;
pub mod curve;
mod design;
pub mod evaluate;
mod feasible;
mod finalists;
pub mod frontier;
pub mod levers;
pub mod liveness;
pub mod network;
pub mod operators;
pub mod policies;
pub mod rare;
pub mod relax;
pub mod sensitivity;
pub mod shape;
pub mod shocks;
pub mod stages;
mod types;
pub mod worlds;

pub use beneath::{Beneath, Judged};
pub use collateral::{CollateralComparison, CollateralRow, Quorums};
pub use curve::{CurvePoint, RiskCurve};
pub use frontier::{Frontier, FrontierPoint, Limit};
pub use levers::{Knob, Lever};
pub use liveness::Liveness;
pub use network::{Churn, NetworkOption};
pub use relax::Relaxation;
pub use shocks::{Breaking, Shock, ShockKind};
pub use types::{
    Certificate, Constraint, Design, FORMAT, Figure, Infeasible, OffenceDesign, Origin, Promise,
    Recommendation, SearchReport, Stage,
};
pub use worlds::PanelRow;

use crate::assess::{
    self, Assessment, Method, Streamed, Verdict, aftermath, assess, assess_streamed,
};
use crate::random::Seed;
use crate::sim::Ensemble;
use crate::spec::Parameters;
use crate::spec::model::{Estimator, Model};
use crate::stats::proportion;
use crate::units::Usd;
use evaluate::{Evaluator, Span};
use std::cell::RefCell;
use std::sync::atomic::AtomicBool;

/// Largest number of certifications: a design that stays undecided is strengthened and judged
/// again on other fresh paths, each look at its own share of δ.
const LOOKS: u32 = 3;
/// Probability with which the stake put before the first certification passes it.
const CHANCE: f64 = 0.95;
/// Insecure paths that an ensemble should show at the tolerated risk: the design that passes then
/// leaves a bit more than half of it. With a third of these paths the certified stake is a twentieth
/// dearer.
const FAILURES_WANTED: f64 = 80.0;
/// Paths where they are weighted: the relative error of a small risk is then about a per cent.
const WEIGHTED_PATHS: u64 = 40_000;
/// Rounds in which a small risk's stake may follow from what was played, and how near is enough.
const SMALL_ROUNDS: usize = 4;
const SMALL_CLOSE: f64 = 0.01;
/// Paths of the shocks' ensembles at most.
const SHOCK_PATHS: u64 = 10_000;
/// Paths of the ensembles behind each size of the set at most.
const NETWORK_PATHS: u64 = 4_000;
/// Paths of the collateral comparison's ensembles at most.
const COLLATERAL_PATHS: u64 = 20_000;
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
    if rare::estimator(model) != Estimator::Plain {
        return WEIGHTED_PATHS;
    }
    ((FAILURES_WANTED / model.target.at_most.get()).ceil() as u64).clamp(20_000, 400_000)
}

/// Recommends parameters for a model; `None` when cancelled.
///
/// The answer is the same to the bit for the same model, seed and paths.
#[must_use]
pub fn recommend(model: &Model, search: &Search) -> Option<Recommendation> {
    answer(model, search).map(|answer| answer.recommendation)
}

/// The design that a model's search settles on, without certificate, frontier or levers: what a
/// comparison plays. `None` when cancelled.
#[must_use]
pub fn design_of(model: &Model, search: &Search) -> Option<Parameters> {
    let evaluator = Evaluator::new(model, search.cancel);
    let shape = shape::search(&evaluator, search.seed, search.paths)?;
    (search.progress)(&Stage::Shape {
        candidates: shape.rounds[0].candidates,
        budget_usd_year: shape.chosen.budget_usd_year,
    });
    let explored = evaluator.curve(&shape.chosen.parameters, search.seed, search.paths)?;
    let first = proportion::confidence_of_look(model.target.confidence.get(), 1);
    let tolerance = model.target.at_most.get();
    let goal = match small_risks(&evaluator, &shape.chosen.parameters, search)? {
        Some(small) => small.stake_to_certify(tolerance, first, CHANCE),
        None => explored.goal(search.paths, tolerance, first, CHANCE),
    };
    let settled = feasible::settle(model, &shape.chosen.parameters, goal, &explored);
    Some(settled.parameters)
}

/// The design and its certificate alone: [`recommend`] without frontier, levers, shocks and the
/// measures over all days. `None` when cancelled.
#[must_use]
pub fn certificate(model: &Model, search: &Search) -> Option<(Parameters, Verdict, Certificate)> {
    let evaluator = Evaluator::new(model, search.cancel);
    let alternatives = worlds::alternatives(model);
    let others = worlds::evaluators(&evaluator, &alternatives);
    let tell = |stage: Stage| (search.progress)(&stage);
    let Certified {
        parameters,
        verdict,
        certificate,
        ..
    } = decide(&evaluator, &others, search, &tell, 0.0)?.certified;
    Some((parameters, verdict, certificate))
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
    let alternatives = worlds::alternatives(model);
    let others = worlds::evaluators(&evaluator, &alternatives);
    let told = RefCell::new(Vec::new());
    let tell = |stage: Stage| {
        (search.progress)(&stage);
        told.borrow_mut().push(stage);
    };
    let tolerance = model.target.at_most.get();
    let Decided {
        closed_form,
        shape,
        worlds,
        small,
        decides,
        goal,
        settled,
        certified,
    } = decide(&evaluator, &others, search, &tell, 0.0)?;
    let parameters = certified.parameters.clone();
    let explored = &worlds[0].explored;
    for (_, other) in &others {
        evaluator.count_work_of(other);
    }

    let frontier = match &small {
        Some(small) => {
            frontier::of_small_risks(&evaluator, &parameters, small, certified.seed, search.paths)?
        }
        None if evaluator.grows_with_stake(&parameters) => {
            frontier::frontier(model, &parameters, explored, &certified.fresh)
        }
        None => frontier::at_anchors(
            &evaluator,
            &parameters,
            explored,
            certified.seed,
            search.paths,
        )?,
    };
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
    let relaxations = if settled.infeasible.is_some() {
        relax::of_infeasible(
            &evaluator,
            &shape.chosen.parameters,
            goal,
            certified.certificate.at_most,
            search.seed,
            search.paths.min(LEVER_PATHS),
        )?
    } else {
        Vec::new()
    };
    tell(Stage::Levers {
        count: levers.len() + relaxations.len(),
    });
    // Of a design that is not kept anyway, the cost below it is only a table's row.
    let beneath = if certified.verdict == Verdict::Unsafe {
        None
    } else {
        beneath::beneath(model, &parameters, certified.seed, search)?
    };

    let shocks = if certified.verdict.is_safe() {
        let paths = search.paths.min(SHOCK_PATHS);
        shocks::shocks(&evaluator, &parameters, search.seed, paths)?
    } else {
        Vec::new()
    };
    tell(Stage::Shocks {
        count: shocks.len(),
    });

    let collateral = collateral::compare(
        &evaluator,
        &parameters,
        tolerance,
        search.seed,
        search.paths.min(COLLATERAL_PATHS),
    )?;
    tell(Stage::Collateral {
        rows: collateral.rows.len(),
    });
    let grown = growth(model, search, &tell)?;

    let plan = evaluator.plan(&parameters, Span::All);
    let kept = assess::kept(search.assess_paths);
    let ensemble = evaluator.play(&plan, certified.seed, kept)?;
    let columns = ensemble
        .cost(evaluator.cost())
        .expect("the plan asked for the promise's cost");
    let confidence = model.target.confidence.get();
    let mut assessment = if kept == search.assess_paths {
        assess(&ensemble, columns, tolerance, confidence)
    } else {
        let summary = evaluator.stream(&plan, certified.seed, search.assess_paths)?;
        let streamed = Streamed::of(&ensemble);
        assess_streamed(&summary, &summary.costs[0], streamed, tolerance, confidence)
    };
    certified.overrides(&mut assessment, model.target.confidence.get());
    let aftermath = aftermath::aftermath(model, &parameters, &ensemble, columns);

    let spent = parameters.budget.get();
    let stake = parameters.stake.get();
    let interval = match &small {
        Some(small) => small.stake_interval(stake, tolerance, design::STAKE_CONFIDENCE),
        None => design::stake_interval(model, &worlds[decides].explored, stake),
    };
    let design = design::describe(model, &shape, interval, &parameters, spent, closed_form);
    let options = network::options(
        &evaluator,
        &parameters,
        search.seed,
        search.paths.min(NETWORK_PATHS),
    )?;
    let churn = network::churn(model, &parameters);
    let recommendation = Recommendation {
        format: FORMAT,
        service: model.service.name.clone(),
        promise: design::promise(model),
        verdict: certified.verdict,
        infeasible: settled.infeasible,
        relaxations,
        beneath,
        design,
        budget,
        certificate: certified.certificate,
        panel: certified.panel,
        assessment,
        aftermath,
        collateral,
        curve: small.map_or_else(|| explored.points(60), |small| small.curve()),
        frontier,
        levers,
        shocks,
        influences: Vec::new(),
        network: options,
        churn,
        stages: grown.0,
        policies: grown.1,
        search: SearchReport {
            stages: told.into_inner(),
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

/// Samples of the inputs behind the indices of [`explain`].
const INFLUENCE_ROWS: usize = 64;
/// Paths that each of them is played with.
const INFLUENCE_PATHS: u64 = 1_000;

/// Adds to an answer which uncertain input decides; it costs some seconds more. `None` when
/// cancelled.
#[must_use]
pub fn explain(model: &Model, mut answer: Answer, search: &Search) -> Option<Answer> {
    let evaluator = Evaluator::new(model, search.cancel);
    let recommendation = &mut answer.recommendation;
    recommendation.influences = sensitivity::influences(
        &evaluator,
        &recommendation.parameters,
        search.seed,
        INFLUENCE_ROWS,
        INFLUENCE_PATHS,
    )?;
    let stage = Stage::Influences {
        inputs: recommendation.influences.len(),
        samples: INFLUENCE_ROWS,
    };
    (search.progress)(&stage);
    recommendation.search.stages.push(stage);
    recommendation.search.ensembles += evaluator.ensembles();
    recommendation.search.path_days += evaluator.path_days();
    Some(answer)
}

/// What the search decided.
struct Decided<'a> {
    closed_form: Option<f64>,
    shape: shape::Shape,
    worlds: Vec<worlds::World<'a>>,
    /// Where the risk is too small to count.
    small: Option<rare::Explored>,
    /// The world that asks for most stake.
    decides: usize,
    /// The stake that went into [`feasible::settle`], USD.
    goal: f64,
    settled: feasible::Settled,
    certified: Certified,
}

/// Closed form, shape, stake (at least `least_usd`), certificate.
fn decide<'a>(
    evaluator: &'a Evaluator<'a>,
    others: &'a [(String, Evaluator<'a>)],
    search: &Search,
    tell: &dyn Fn(Stage),
    least_usd: f64,
) -> Option<Decided<'a>> {
    let model = evaluator.model();
    let tolerance = model.target.at_most.get();
    let closed_form = analytic::stake_usd(model, &Parameters::reference(model));
    tell(Stage::Analytic {
        stake_usd: closed_form,
    });

    let shape = shape::search(evaluator, search.seed, search.paths)?;
    let chosen = &shape.chosen;
    tell(Stage::Shape {
        candidates: shape.rounds[0].candidates,
        budget_usd_year: chosen.budget_usd_year,
    });

    let worlds = worlds::explore(
        evaluator,
        others,
        &chosen.parameters,
        search.seed,
        search.paths,
    )?;
    let first = proportion::confidence_of_look(model.target.confidence.get(), 1);
    let small = small_risks(evaluator, &chosen.parameters, search)?;
    let (goal, decides) = match &small {
        Some(small) => (small.stake_to_certify(tolerance, first, CHANCE), 0),
        None => worlds::goal(&worlds, search.paths, tolerance, first, CHANCE),
    };
    let goal = goal.max(least_usd);
    let mut settled = feasible::settle(model, &chosen.parameters, goal, &worlds[decides].explored);
    if let (Some(small), Some(infeasible)) = (&small, &mut settled.infeasible) {
        infeasible.nearest_risk = small.risk(settled.parameters.stake.get());
    }
    tell(Stage::Curve {
        paths: search.paths,
        stake_usd: settled.parameters.stake.get(),
    });

    let certified = certify(evaluator, &settled, &worlds, small.as_ref(), search, tell)?;
    Some(Decided {
        closed_form,
        shape,
        worlds,
        small,
        decides,
        goal,
        settled,
        certified,
    })
}

/// A design that was judged.
struct Certified {
    parameters: Parameters,
    verdict: Verdict,
    certificate: Certificate,
    panel: Vec<PanelRow>,
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
        assessment.insecure_at_most = self.certificate.at_most;
        match &self.certificate.weighted {
            Some(weighted) => {
                assessment.insecure.estimate = weighted.risk;
                assessment.insecure.method = Method::ImportanceSampling;
            }
            None => {
                assessment.insecure.estimate =
                    proportion::clopper_pearson(failures, paths, confidence);
            }
        }
    }
}

/// The stages of growth, certified together, and the policies they are compared with; none of
/// either where the model has no stages; `None` when cancelled.
fn growth(
    model: &Model,
    search: &Search,
    tell: &dyn Fn(Stage),
) -> Option<(Option<stages::Stages>, Option<policies::Policies>)> {
    let Some(schedule) = &model.schedule else {
        return Some((None, None));
    };
    let certified = stages::stages(model, schedule, search)?;
    tell(Stage::Stages {
        count: certified.stages.len(),
    });
    let compared = policies::policies(model, schedule, &certified, search)?;
    tell(Stage::Policies {
        days: compared.days,
    });
    Some((Some(certified), Some(compared)))
}

/// The exploration of risks too small to count, where the promise needs it; `None` when cancelled.
fn small_risks(
    evaluator: &Evaluator,
    shape: &Parameters,
    search: &Search,
) -> Option<Option<rare::Explored>> {
    let model = evaluator.model();
    let estimator = rare::estimator(model);
    if estimator == Estimator::Plain {
        return Some(None);
    }
    let question = rare::Question {
        risk: model.target.at_most.get(),
        seed: search.seed,
        paths: search.paths,
        estimator,
    };
    // Where a part of the cost does not grow with the stake, paths answer for the stake that they
    // were played at: they are played again at the one asked for.
    let proportional = evaluator.grows_with_stake(shape);
    let (mut stake, mut before, mut round) = (shape.stake.get(), None, 1);
    loop {
        let found = rare::explore(evaluator, &shape.with_stake(Usd(stake)), &question)?;
        let asked = found.stake(question.risk);
        let known = asked.is_finite() && asked > 0.0;
        let gap = if known { (asked / stake).ln() } else { 0.0 };
        if proportional || gap.abs() < SMALL_CLOSE || round == SMALL_ROUNDS {
            return Some(Some(found));
        }
        stake *= evaluate::next_step(&mut before, stake.ln(), gap).exp();
        round += 1;
    }
}

/// Judges a design on fresh paths, in the model and in every model of its panel. A design of which
/// the paths cannot say whether it is secure is given more stake, where the model allows it, and
/// judged again on other paths.
fn certify(
    evaluator: &Evaluator,
    settled: &feasible::Settled,
    worlds: &[worlds::World],
    small: Option<&rare::Explored>,
    search: &Search,
    tell: &dyn Fn(Stage),
) -> Option<Certified> {
    let model = evaluator.model();
    let (tolerance, confidence) = (model.target.at_most.get(), model.target.confidence.get());
    let (mut parameters, mut look) = (settled.parameters.clone(), 1);
    loop {
        let seed = search.seed.fresh(u64::from(look));
        let look_confidence = proportion::confidence_of_look(confidence, look);
        let mut judged = worlds::judge(
            worlds,
            &parameters,
            seed,
            search.paths,
            tolerance,
            look_confidence,
        )?;
        let failures = judged[0].failures;
        let counted = rare::Counted {
            paths: search.paths,
            failures,
        };
        // The weighted paths are others than the plain ones of the same look.
        let weighted = match small {
            Some(small) => Some(
                small
                    .fresh(
                        evaluator,
                        &parameters,
                        seed.fresh(u64::MAX),
                        search.paths,
                        &[1.0],
                    )?
                    .judge(tolerance, look_confidence, counted),
            ),
            None => None,
        };
        let verdict = weighted
            .as_ref()
            .map_or_else(|| worlds::overall(&judged), |weighted| weighted.verdict);
        tell(Stage::Certified {
            look,
            paths: search.paths,
            failures,
            verdict: verdict.word(),
        });
        let stronger = (look < LOOKS && verdict != Verdict::Safe && settled.infeasible.is_none())
            .then(|| stronger(model, &parameters, worlds, small, search.paths, look + 1))
            .flatten();
        if let Some(next) = stronger {
            (parameters, look) = (next, look + 1);
            continue;
        }
        let bound = |of: fn(u64, u64, f64) -> f64| of(failures, search.paths, look_confidence);
        let mut certificate = Certificate {
            paths: search.paths,
            failures,
            at_most: bound(proportion::clopper_pearson_upper),
            at_least: bound(proportion::clopper_pearson_lower),
            look,
            look_confidence,
            seed: seed.to_string(),
            weighted: None,
        };
        if let Some(weighted) = weighted {
            certificate.at_most = weighted.evidence.at_most;
            certificate.at_least = weighted.evidence.at_least;
            certificate.weighted = Some(weighted.evidence);
        }
        return Some(Certified {
            verdict,
            certificate,
            panel: worlds::rows(worlds, &judged, search.paths, tolerance, look_confidence),
            fresh: judged.swap_remove(0).fresh,
            parameters,
            seed,
        });
    }
}

/// The design with the stake that the next look would pass nearly always, if the model's ranges
/// allow it and it is more than there is.
fn stronger(
    model: &Model,
    parameters: &Parameters,
    worlds: &[worlds::World],
    small: Option<&rare::Explored>,
    paths: u64,
    look: u32,
) -> Option<Parameters> {
    let (tolerance, confidence) = (model.target.at_most.get(), model.target.confidence.get());
    let chance = 1.0 - (1.0 - CHANCE) / f64::from(1_u32 << (3 * look));
    let look_confidence = proportion::confidence_of_look(confidence, look);
    let stake = match small {
        Some(small) => small.stake_to_certify(tolerance, look_confidence, chance),
        None => worlds::stronger(worlds, paths, tolerance, look_confidence, chance)?,
    };
    if stake <= parameters.stake.get() {
        return None;
    }
    let settled = feasible::settle(
        model,
        &parameters.with_stake(Usd(stake)),
        stake,
        &worlds[0].explored,
    );
    settled.infeasible.is_none().then_some(settled.parameters)
}
