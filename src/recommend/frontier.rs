//! Budget against risk: certified points from one shared ensemble.
//!
//! Every point is a stake read off the exploration's curve and judged on the certification's
//! paths, which chose nothing. Twenty points cost no more paths than one.

use super::budget::{self, Budget};
use super::curve::RiskCurve;
use super::evaluate::{Evaluator, Span};
use super::feasible;
use super::rare;
use crate::economics::supply::BindingSide;
use crate::random::Seed;
use crate::sim::Record;
use crate::spec::Parameters;
use crate::spec::model::{Choice, Deterrence, Model};
use crate::stats::{Estimate, proportion};
use crate::units::{Share, Usd};
use serde::Serialize;

/// Points on the frontier.
pub const POINTS: usize = 20;

/// Budget against risk.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Frontier {
    /// The points, from the largest risk to the smallest.
    pub points: Vec<FrontierPoint>,
    /// What a tenfold lower risk costs at the promise, USD a year; none when the paths do not
    /// reach a decade around it.
    pub tenfold_usd_year: Option<f64>,
    /// Fresh paths that all points share.
    pub paths: u64,
}

/// One certified point.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FrontierPoint {
    /// Risk that the point is to promise.
    pub promised: f64,
    /// Slashable stake, USD.
    pub stake_usd: f64,
    /// Budget that brings it, USD a year; infinite (null) where none does.
    pub budget_usd_year: f64,
    /// Slash fraction of the attacked offence that makes it cheapest.
    pub slash: f64,
    /// Operators admitted.
    pub operators: u32,
    /// Risk on the fresh paths, with its two-sided interval.
    pub risk: Estimate,
    /// Upper bound of the risk of this point alone, at the promise's confidence.
    pub at_most: f64,
    /// Upper bound that holds for all points together at that confidence (Bonferroni).
    pub jointly_at_most: f64,
    /// Whether the upper bound of this point alone keeps what the point promises.
    pub certified: bool,
    /// What a tenfold lower risk costs here, USD a year.
    pub tenfold_usd_year: Option<f64>,
    /// Side that decides the budget.
    pub binding: BindingSide,
    /// What binds the point.
    pub limit: Limit,
    /// Whether the model's budget range allows it.
    pub within_budget: bool,
}

/// What stands in the way of a cheaper or safer point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// What stakers ask for decides the budget.
    Stakers,
    /// What the smallest needed operator costs decides it.
    Operators,
    /// The budget is above what the model allows.
    Budget,
    /// More stake than is delegated to the set.
    DelegatedStake,
    /// No yield on the supply curve brings the stake.
    Supply,
}

impl Limit {
    /// In a reader's words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Stakers => "stakers' yield",
            Self::Operators => "operators' costs",
            Self::Budget => "above the largest budget",
            Self::DelegatedStake => "more than is delegated",
            Self::Supply => "beyond the supply",
        }
    }

    fn of(model: &Model, design: &Parameters, priced: Option<Budget>) -> Self {
        let delegated = feasible::delegated_usd(model, design).unwrap_or(f64::INFINITY);
        match priced {
            None => Self::Supply,
            Some(_) if design.stake.get() > delegated => Self::DelegatedStake,
            Some(budget) if budget.usd_year > highest_budget(model) => Self::Budget,
            Some(budget) => match budget.binding {
                BindingSide::Stakers => Self::Stakers,
                BindingSide::Operators => Self::Operators,
            },
        }
    }
}

/// Stakes at which fresh paths are played where the cost is not proportional to the stake.
const ANCHORS: usize = 3;
/// Probability with which a point's stake passes its own certificate.
const CHANCE: f64 = 0.9;

/// The frontier of a shape: `explored` chooses the stakes, `fresh` judges them.
#[must_use]
pub fn frontier(
    model: &Model,
    shape: &Parameters,
    explored: &RiskCurve,
    fresh: &RiskCurve,
) -> Frontier {
    let tolerance = model.target.at_most.get();
    let confidence = model.target.confidence.get();
    let paths = fresh.paths();
    let joint = 1.0 - (1.0 - confidence) / POINTS as f64;
    let stakes = planned(explored, tolerance, confidence, paths);
    assemble(model, shape, &stakes, paths, |_, stake| {
        // The slash fraction may have moved; the risk is that of the same burned stake.
        let failures = fresh.failures(stake);
        Seen {
            risk: proportion::clopper_pearson(failures, paths, confidence),
            at_most: proportion::clopper_pearson_upper(failures, paths, confidence),
            jointly_at_most: proportion::clopper_pearson_upper(failures, paths, joint),
        }
    })
}

/// The stakes that should keep each level of risk, from thirty times the tolerated one down to what
/// ten paths show.
fn planned(explored: &RiskCurve, tolerance: f64, confidence: f64, paths: u64) -> Vec<(f64, f64)> {
    let most = (30.0 * tolerance).min(0.5);
    let least = (10.0 / explored.paths() as f64).min(most / 10.0);
    levels(most, least)
        .map(|risk| (risk, explored.goal(paths, risk, confidence, CHANCE)))
        .collect()
}

/// The frontier where a part of the cost does not grow with the stake: fresh paths are played at a
/// few stakes, and each point is judged by those at the next larger one. There a smaller stake
/// costs an attacker at least its share of the cost, so the bound holds, with something to spare.
/// `None` when cancelled.
#[must_use]
pub fn at_anchors(
    evaluator: &Evaluator,
    shape: &Parameters,
    explored: &RiskCurve,
    seed: Seed,
    paths: u64,
) -> Option<Frontier> {
    let model = evaluator.model();
    let (tolerance, confidence) = (model.target.at_most.get(), model.target.confidence.get());
    let joint = 1.0 - (1.0 - confidence) / POINTS as f64;
    let stakes = planned(explored, tolerance, confidence, paths);
    let mut usable: Vec<f64> = stakes
        .iter()
        .map(|(_, stake)| *stake)
        .filter(|stake| stake.is_finite() && *stake > 0.0)
        .collect();
    usable.sort_by(f64::total_cmp);
    let mut anchors: Vec<(f64, RiskCurve)> = Vec::new();
    for anchor in 1..=ANCHORS {
        let Some(index) = (usable.len() * anchor / ANCHORS).checked_sub(1) else {
            continue;
        };
        let stake = usable[index];
        let mut plan = evaluator.plan(&shape.with_stake(Usd(stake)), Span::Horizon);
        plan.record = Record::Critical;
        let ensemble = evaluator.play(&plan, seed, paths)?;
        anchors.push((stake, evaluator.curve_of(&ensemble, stake)));
    }
    Some(assemble(model, shape, &stakes, paths, |_, stake| {
        let (_, fresh) = anchors
            .iter()
            .find(|(anchor, _)| *anchor >= stake)
            .expect("the last anchor is the largest stake");
        let failures = fresh.failures(stake);
        Seen {
            risk: proportion::clopper_pearson(failures, paths, confidence),
            at_most: proportion::clopper_pearson_upper(failures, paths, confidence),
            jointly_at_most: proportion::clopper_pearson_upper(failures, paths, joint),
        }
    }))
}

/// The frontier where risks are too small to count: all points on the same fresh weighted paths;
/// `None` when cancelled.
#[must_use]
pub fn of_small_risks(
    evaluator: &Evaluator,
    shape: &Parameters,
    explored: &rare::Explored,
    seed: Seed,
    paths: u64,
) -> Option<Frontier> {
    let model = evaluator.model();
    let tolerance = model.target.at_most.get();
    let confidence = model.target.confidence.get();
    let joint = 1.0 - (1.0 - confidence) / POINTS as f64;
    let stakes: Vec<(f64, f64)> = levels((30.0 * tolerance).min(0.5), 0.1 * tolerance)
        .map(|risk| (risk, explored.stake_to_certify(risk, confidence, CHANCE)))
        .filter(|(_, stake)| stake.is_finite() && *stake > 0.0)
        .collect();
    // Played at the largest stake, where smaller ones cost an attacker at least their share.
    let largest = stakes.iter().map(|(_, stake)| *stake).fold(0.0, f64::max);
    let played = if evaluator.grows_with_stake(shape) {
        shape.clone()
    } else {
        shape.with_stake(Usd(largest))
    };
    let scales: Vec<f64> = stakes.iter().map(|(_, s)| s / played.stake.get()).collect();
    if scales.is_empty() {
        return Some(assemble(model, shape, &[], paths, |_, _| {
            unreachable!("no stake")
        }));
    }
    let fresh = explored.fresh(evaluator, &played, seed, paths, &scales)?;
    Some(assemble(model, shape, &stakes, paths, |index, _| {
        let evidence = fresh.evidence(index, confidence);
        Seen {
            risk: evidence.risk,
            at_most: evidence.at_most,
            jointly_at_most: fresh.evidence(index, joint).at_most,
        }
    }))
}

/// Levels of risk, evenly spread in the logarithm.
fn levels(most: f64, least: f64) -> impl Iterator<Item = f64> {
    (0..POINTS).map(move |step| {
        let place = step as f64 / (POINTS - 1) as f64;
        (most.ln() + (least.ln() - most.ln()) * place).exp()
    })
}

/// What fresh paths say about a stake.
struct Seen {
    risk: Estimate,
    at_most: f64,
    jointly_at_most: f64,
}

/// The points of stakes, each with the risk that it is to keep.
fn assemble(
    model: &Model,
    shape: &Parameters,
    stakes: &[(f64, f64)],
    paths: u64,
    judge: impl Fn(usize, f64) -> Seen,
) -> Frontier {
    let mut points: Vec<FrontierPoint> = Vec::with_capacity(POINTS);
    for (index, &(risk, stake)) in stakes.iter().enumerate() {
        if !stake.is_finite() || stake <= 0.0 {
            continue;
        }
        // A minimum that fits the recommended stake would drop operators at a smaller one.
        let set = Parameters {
            minimum_stake: Usd(0.0),
            ..shape.with_stake(Usd(stake))
        };
        let design = cheapest(model, &set);
        let seen = judge(index, stake);
        let priced = budget::required(model, &design);
        let budget_usd_year = priced.map_or(f64::INFINITY, |budget| budget.usd_year);
        points.push(FrontierPoint {
            promised: risk,
            stake_usd: design.stake.get(),
            budget_usd_year,
            slash: attacked_slash(model, &design),
            operators: design.operators,
            risk: seen.risk,
            at_most: seen.at_most,
            certified: seen.at_most <= risk,
            limit: Limit::of(model, &design, priced),
            jointly_at_most: seen.jointly_at_most,
            tenfold_usd_year: None,
            binding: priced.map_or(BindingSide::Stakers, |budget| budget.binding),
            within_budget: budget_usd_year <= highest_budget(model),
        });
    }
    slopes(&mut points);
    let tenfold_usd_year = at_risk(&points, model.target.at_most.get());
    Frontier {
        points,
        tenfold_usd_year,
        paths,
    }
}

/// The largest budget that the model allows, USD a year.
#[must_use]
pub fn highest_budget(model: &Model) -> f64 {
    model.rewards.budget.high().get()
}

/// The same burned stake at the cheapest slash fraction: where one slash fraction stands before
/// all attacks, half the fraction on twice the stake deters as much, and only the price differs.
/// The set stays the one whose paths judge it.
fn cheapest(model: &Model, design: &Parameters) -> Parameters {
    let Some(offence) = only_attacked_offence(model) else {
        return design.clone();
    };
    let rule = &model.slashing.offences[offence];
    let Choice::Search { low, high } = rule.slash else {
        return design.clone();
    };
    // Where an asset keeps a fraction of its own, what burns is not proportional to the slash.
    let alike = rule.slash_by_asset.is_empty();
    if model.target.deterrence != Deterrence::WholeStake || rule.correlated.is_some() || !alike {
        return design.clone();
    }
    let burned = design.stake.get() * design.offences[offence].slash.get();
    let mut best = design.clone();
    let mut lowest = budget::required(model, &best).map_or(f64::INFINITY, |b| b.usd_year);
    for step in 0..33 {
        let slash = low.get() + (high.get() - low.get()) * f64::from(step) / 32.0;
        if slash <= 0.0 {
            continue;
        }
        let mut other = design.with_stake(Usd(burned / slash));
        other.offences[offence].slash = Share(slash);
        let budget = budget::required(model, &other).map_or(f64::INFINITY, |b| b.usd_year);
        if budget < lowest * (1.0 - 1e-12) {
            (best, lowest) = (other, budget);
        }
    }
    best
}

/// The offence that all attacks commit, when it is one.
#[must_use]
pub fn only_attacked_offence(model: &Model) -> Option<usize> {
    let first = model.value.attacks.first()?.offence;
    model
        .value
        .attacks
        .iter()
        .all(|attack| attack.offence == first)
        .then_some(first)
}

fn attacked_slash(model: &Model, design: &Parameters) -> f64 {
    model
        .value
        .attacks
        .iter()
        .map(|attack| design.offences[attack.offence].slash.get())
        .fold(0.0, f64::max)
}

/// -dB/d log10(risk) at each point, by its neighbours on both sides.
fn slopes(points: &mut [FrontierPoint]) {
    let known: Vec<(f64, f64)> = points
        .iter()
        .map(|p| (p.risk.value, p.budget_usd_year))
        .collect();
    for (index, point) in points.iter_mut().enumerate() {
        let (before, after) = (index.saturating_sub(1), (index + 1).min(known.len() - 1));
        let (from, to) = (known[before], known[after]);
        let decades = from.0.log10() - to.0.log10();
        let slope = (to.1 - from.1) / decades;
        point.tenfold_usd_year = (decades > 0.0 && slope.is_finite()).then_some(slope);
    }
}

/// The budget one decade below `risk` minus the budget at `risk`, by interpolation in the
/// logarithm of the risk; none when the points do not reach so far.
fn at_risk(points: &[FrontierPoint], risk: f64) -> Option<f64> {
    let budget_at = |level: f64| {
        points.windows(2).find_map(|pair| {
            let (high, low) = (pair[0].risk.value, pair[1].risk.value);
            let inside = high >= level && level >= low && low > 0.0 && high > low;
            inside.then(|| {
                let place = (high.ln() - level.ln()) / (high.ln() - low.ln());
                pair[0].budget_usd_year
                    + place * (pair[1].budget_usd_year - pair[0].budget_usd_year)
            })
        })
    };
    let change = budget_at(risk / 10.0)? - budget_at(risk)?;
    change.is_finite().then_some(change)
}
