//! Everything but the stake: threshold, slash fractions, dispute and veto windows, entity cap,
//! own-stake minimum, collateral mix, operator count.
//!
//! For each candidate the stake follows from its critical stakes and the budget from the
//! stake, so the search is over the few knobs that are left. Candidates are compared on the
//! same random numbers, first with few paths; the cheaper third goes on with three times as
//! many (successive halving: Jamieson, Talwalkar 2016), the last round decides.

use super::budget;
use super::evaluate::Evaluator;
use super::finalists::{self, Contest};
use crate::random::Seed;
use crate::spec::Parameters;
use crate::spec::model::{Choice, Deterrence, Model};
use crate::spec::parameters::mix_of;
use crate::units::{Days, Share, Usd};
use serde::Serialize;

/// Candidates within this share of the cheapest count as equally cheap; among them the longest
/// dispute window wins: time to dispute protects honest operators, which no price here shows.
pub const INDIFFERENCE: f64 = 0.005;
/// Levels tried of most knobs.
const COARSE: usize = 5;
/// Levels tried of a knob of which each level is another set or mix.
const PLAYED: usize = 3;
/// Levels tried of a slash fraction where a level costs only arithmetic.
const FINE: usize = 33;
/// Candidates at most where a candidate costs arithmetic.
const MOST: usize = 400;
/// Candidates at most where a candidate costs an ensemble.
const MOST_PLAYED: usize = 60;
/// Knobs up to which every combination of a few levels is tried; with more the field is sparse
/// and its best is walked from.
const DENSE: usize = 4;
/// Walks along all knobs at most.
const SWEEPS: usize = 2;
/// Rounds in which the operator count may still follow the stake.
const SETTLE: usize = 4;

/// A candidate with its price.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Candidate {
    /// The design, with the stake at which its risk is the target.
    pub parameters: Parameters,
    /// What it costs a year, USD; infinite where nothing brings the stake.
    pub budget_usd_year: f64,
}

/// One round of the search.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Round {
    /// Paths of each candidate's ensemble.
    pub paths: u64,
    /// Candidates compared.
    pub candidates: usize,
    /// The cheapest so far.
    pub best: Candidate,
}

/// What the search found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shape {
    /// The candidate chosen.
    pub chosen: Candidate,
    /// The candidates of the last round, cheapest first.
    pub finalists: Vec<Candidate>,
    /// The rounds.
    pub rounds: Vec<Round>,
}

/// Searches the shape with ensembles of up to `paths` paths; `None` when cancelled.
#[must_use]
pub fn search(evaluator: &Evaluator, seed: Seed, paths: u64) -> Option<Shape> {
    let model = evaluator.model();
    let risk = model.target.at_most.get();
    let mut field: Vec<Parameters> = candidates(model);
    let sparse = knobs(model).len() > DENSE;
    let mut rounds = Vec::new();
    let mut size = if field.len() > 1 {
        (paths / 27).clamp(1_000.min(paths), paths)
    } else {
        paths
    };
    loop {
        // A quantile that the paths can see; the last rounds look at the promise itself.
        let visible = risk.max(8.0 / size as f64).min(0.5);
        let mut priced = Vec::with_capacity(field.len());
        for parameters in &field {
            priced.push(price(evaluator, parameters, visible, seed, size)?);
        }
        sort(&mut priced);
        rounds.push(Round {
            paths: size,
            candidates: priced.len(),
            best: priced[0].clone(),
        });
        if size >= paths {
            let contest = Contest {
                evaluator,
                risk,
                seed,
                paths,
            };
            let mut chosen = prefer_long_disputes(&finalists::choose(&contest, &priced)?);
            if sparse {
                chosen = refine(&contest, chosen)?;
            }
            return Some(Shape {
                chosen: settle(evaluator, &chosen, risk, seed, paths)?,
                finalists: priced,
                rounds,
            });
        }
        let keep = priced.len().div_ceil(3).max(1);
        priced.truncate(keep);
        // The set stays the same for all until one is chosen: each set costs an ensemble.
        field = priced
            .into_iter()
            .map(|candidate| Parameters {
                operators: model.operators.count.high(),
                ..candidate.parameters
            })
            .collect();
        size = if field.len() == 1 {
            paths
        } else {
            (size * 3).min(paths)
        };
    }
}

/// Walks from a candidate of a sparse field along one knob at a time, as long as it gets cheaper.
fn refine(contest: &Contest, start: Candidate) -> Option<Candidate> {
    let Contest {
        evaluator,
        risk,
        seed,
        paths,
    } = *contest;
    let model = evaluator.model();
    let mut best = start;
    for _ in 0..SWEEPS {
        let before = best.budget_usd_year;
        for knob in knobs(model) {
            for level in 0..COARSE {
                let mut parameters = Parameters {
                    operators: model.operators.count.high(),
                    ..best.parameters.clone()
                };
                knob.set(&mut parameters, level as f64 / (COARSE - 1) as f64);
                let Some(parameters) = mixed(model, parameters) else {
                    continue;
                };
                let next = price(evaluator, &parameters, risk, seed, paths)?;
                if finalists::is_cheaper(contest, &next, &best)? {
                    best = next;
                }
            }
        }
        if best.budget_usd_year > before * (1.0 - INDIFFERENCE) {
            break;
        }
    }
    Some(best)
}

/// The stake, operator count and budget of a candidate at a level of risk. The stake is that of
/// the operators that `start` admits; the count is what that stake's budget pays.
#[must_use]
pub fn price(
    evaluator: &Evaluator,
    start: &Parameters,
    risk: f64,
    seed: Seed,
    paths: u64,
) -> Option<Candidate> {
    let model = evaluator.model();
    let mut parameters = start.clone();
    let stake = evaluator.stake(&parameters, seed, paths, risk)?;
    if !stake.is_finite() || stake <= 0.0 {
        return Some(Candidate {
            parameters,
            budget_usd_year: f64::INFINITY,
        });
    }
    parameters.stake = Usd(stake);
    parameters.operators = budget::affordable_operators(model, &parameters);
    let budget_usd_year =
        budget::required(model, &parameters).map_or(f64::INFINITY, |budget| budget.usd_year);
    Some(Candidate {
        parameters,
        budget_usd_year,
    })
}

/// A candidate whose stake is that of the operators which its own budget keeps: played again
/// with the new set until the count stands still.
#[must_use]
pub fn settle(
    evaluator: &Evaluator,
    start: &Candidate,
    risk: f64,
    seed: Seed,
    paths: u64,
) -> Option<Candidate> {
    let mut candidate = start.clone();
    for _ in 0..SETTLE {
        let next = price(evaluator, &candidate.parameters, risk, seed, paths)?;
        let stands = next.parameters.operators == candidate.parameters.operators;
        candidate = next;
        if stands {
            break;
        }
    }
    Some(candidate)
}

/// The candidates: every combination of levels where combinations are few, else the corners
/// and a low-discrepancy spread.
#[must_use]
pub fn candidates(model: &Model) -> Vec<Parameters> {
    let reference = Parameters::reference(model);
    let knobs = knobs(model);
    let attacked: Vec<usize> = model
        .value
        .attacks
        .iter()
        .map(|attack| attack.offence)
        .collect();
    // With the whole stake as deterrent a threshold, a cap or a mix costs an ensemble, the rest
    // arithmetic.
    let linear = model.target.deterrence == Deterrence::WholeStake;
    let most = if linear { MOST } else { MOST_PLAYED };
    let mut levels: Vec<usize> = Vec::new();
    for knob in &knobs {
        levels.push(match knob {
            Knob::Threshold { .. } => COARSE,
            Knob::EntityCap { .. } | Knob::Mix { .. } => PLAYED,
            // Who counts on the whole stake asks nobody for his own: it only costs.
            Knob::OwnStake { .. } if linear => 2,
            // What no attack commits deters nothing: only its ends can be best.
            Knob::Slash { offence, .. }
            | Knob::Dispute { offence, .. }
            | Knob::Veto { offence, .. }
                if !attacked.contains(offence) =>
            {
                2
            }
            Knob::Slash { .. } if linear => FINE,
            _ => COARSE,
        });
    }
    while levels.iter().product::<usize>() > most {
        let Some(finest) = levels.iter_mut().filter(|level| **level > 3).max() else {
            break;
        };
        *finest = *finest / 2 + 1;
    }
    let combinations: usize = levels.iter().product();
    let whole = |parameters| mixed(model, parameters);
    if combinations <= most {
        let field: Vec<Parameters> = (0..combinations)
            .map(|index| combine(&reference, &knobs, &levels, index))
            .filter_map(whole)
            .collect();
        return if field.is_empty() {
            vec![reference]
        } else {
            field
        };
    }
    let corners = 1_usize << knobs.len().min(4);
    let two = vec![2; knobs.len()];
    let mut spread: Vec<Parameters> = (0..corners)
        .map(|index| combine(&reference, &knobs, &two, index))
        .collect();
    for point in 1..=44_u64 {
        let mut parameters = reference.clone();
        for (axis, knob) in knobs.iter().enumerate() {
            knob.set(&mut parameters, kronecker(point, axis));
        }
        spread.push(parameters);
    }
    let mut field: Vec<Parameters> = spread.into_iter().filter_map(whole).collect();
    if field.is_empty() {
        field.push(reference);
    }
    field
}

/// A knob that the model leaves to the search.
#[derive(Debug, Clone, Copy)]
enum Knob {
    Threshold { low: f64, high: f64 },
    EntityCap { low: f64, high: f64 },
    OwnStake { low: f64, high: f64 },
    Mix { asset: usize, low: f64, high: f64 },
    Slash { offence: usize, low: f64, high: f64 },
    Dispute { offence: usize, low: f64, high: f64 },
    Veto { offence: usize, low: f64, high: f64 },
}

impl Knob {
    /// Sets the knob to a place between its ends: 0 is the low end, 1 the high one.
    fn set(self, parameters: &mut Parameters, place: f64) {
        let between = |low: f64, high: f64| {
            if place >= 1.0 {
                high
            } else {
                low + (high - low) * place
            }
        };
        match self {
            Self::Threshold { low, high } => parameters.threshold = Share(between(low, high)),
            Self::EntityCap { low, high } => parameters.entity_cap = Share(between(low, high)),
            Self::OwnStake { low, high } => {
                parameters.own_stake_minimum = Usd(between(low, high));
            }
            Self::Mix { asset, low, high } => parameters.mix[asset] = Share(between(low, high)),
            Self::Slash { offence, low, high } => {
                parameters.offences[offence].slash = Share(between(low, high));
            }
            Self::Dispute { offence, low, high } => {
                parameters.offences[offence].dispute = Days(between(low, high));
            }
            Self::Veto { offence, low, high } => {
                parameters.offences[offence].veto = Days(between(low, high));
            }
        }
    }
}

fn knobs(model: &Model) -> Vec<Knob> {
    let mut knobs = Vec::new();
    if let Choice::Search { low, high } = model.operators.threshold {
        knobs.push(Knob::Threshold {
            low: low.get(),
            high: high.get(),
        });
    }
    if let Choice::Search { low, high } = model.operators.entity_cap {
        knobs.push(Knob::EntityCap {
            low: low.get(),
            high: high.get(),
        });
    }
    if let Some(Choice::Search { low, high }) = model.operators.own_stake_minimum {
        knobs.push(Knob::OwnStake {
            low: low.get(),
            high: high.get(),
        });
    }
    for asset in searched_shares(model) {
        if let Some(Choice::Search { low, high }) = model.operators.mix[asset] {
            knobs.push(Knob::Mix {
                asset,
                low: low.get(),
                high: high.get(),
            });
        }
    }
    for (offence, rule) in model.slashing.offences.iter().enumerate() {
        if let Choice::Search { low, high } = rule.slash {
            knobs.push(Knob::Slash {
                offence,
                low: low.get(),
                high: high.get(),
            });
        }
        if let Choice::Search { low, high } = rule.dispute {
            knobs.push(Knob::Dispute {
                offence,
                low: low.get(),
                high: high.get(),
            });
        }
        if let Some(Choice::Search { low, high }) = rule.veto.map(|veto| veto.window) {
            knobs.push(Knob::Veto {
                offence,
                low: low.get(),
                high: high.get(),
            });
        }
    }
    knobs
}

/// The assets whose share is free: where all are named, the last one follows from the others.
fn searched_shares(model: &Model) -> Vec<usize> {
    let mix = &model.operators.mix;
    let mut searched: Vec<usize> = (0..mix.len())
        .filter(|&a| mix[a].is_some_and(Choice::is_searched))
        .collect();
    if !mix.is_empty() && mix.iter().all(Option::is_some) {
        searched.pop();
    }
    searched
}

/// The design with its mix made whole; none where the shares leave their ranges.
fn mixed(model: &Model, mut parameters: Parameters) -> Option<Parameters> {
    const CLOSE: f64 = 1e-9;
    let mix = &model.operators.mix;
    if mix.is_empty() {
        return Some(parameters);
    }
    let free = searched_shares(model);
    let all = mix.iter().all(Option::is_some);
    let last = (0..mix.len()).rfind(|&a| mix[a].is_some_and(Choice::is_searched));
    let mut named: Vec<Option<f64>> = mix
        .iter()
        .enumerate()
        .map(|(a, share)| {
            share.map(|share| {
                if free.contains(&a) {
                    parameters.mix[a].get()
                } else {
                    share.low().get()
                }
            })
        })
        .collect();
    if let (true, Some(last)) = (all, last) {
        let others: f64 = (0..mix.len())
            .filter(|&a| a != last)
            .filter_map(|a| named[a])
            .sum();
        let range = mix[last]?;
        let rest = 1.0 - others;
        if rest < range.low().get() - CLOSE || rest > range.high().get() + CLOSE {
            return None;
        }
        named[last] = Some(rest.max(0.0));
    }
    parameters.mix = mix_of(model, &named)?;
    Some(parameters)
}

/// The `index`-th combination of the knobs' levels.
fn combine(reference: &Parameters, knobs: &[Knob], levels: &[usize], index: usize) -> Parameters {
    let (mut parameters, mut rest) = (reference.clone(), index);
    for (knob, &count) in knobs.iter().zip(levels) {
        let level = rest % count;
        rest /= count;
        knob.set(
            &mut parameters,
            if count > 1 {
                level as f64 / (count - 1) as f64
            } else {
                1.0
            },
        );
    }
    parameters
}

/// Coordinate `axis` of a point of the Kronecker sequence of the square roots of primes: evenly
/// spread in any number of points.
fn kronecker(point: u64, axis: usize) -> f64 {
    const PRIMES: [f64; 12] = [
        2.0, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 19.0, 23.0, 29.0, 31.0, 37.0,
    ];
    (point as f64 * PRIMES[axis % PRIMES.len()].sqrt()).fract()
}

fn sort(candidates: &mut [Candidate]) {
    candidates.sort_by(|a, b| a.budget_usd_year.total_cmp(&b.budget_usd_year));
}

/// Of the candidates that cost the same within the indifference, the one that leaves most time
/// to dispute; of those, the cheapest.
fn prefer_long_disputes(ascending: &[Candidate]) -> Candidate {
    let limit = ascending[0].budget_usd_year * (1.0 + INDIFFERENCE);
    let disputes = |c: &Candidate| -> f64 {
        c.parameters
            .offences
            .iter()
            .map(|rule| rule.dispute.get() + rule.veto.get())
            .sum()
    };
    let mut best = &ascending[0];
    for candidate in ascending {
        if candidate.budget_usd_year <= limit && disputes(candidate) > disputes(best) {
            best = candidate;
        }
    }
    best.clone()
}
