//! The worlds in which a design must hold: the model, and each model of its panel.
//!
//! One stake serves them all: the largest that any of them asks for. Each is judged on its own
//! fresh paths, and the design is safe only if all of them say so. A panel is no average: the
//! worst model decides.

use super::curve::RiskCurve;
use super::evaluate::{Evaluator, Span};
use crate::assess::Verdict;
use crate::random::Seed;
use crate::sim::Record;
use crate::spec::Parameters;
use crate::spec::model::Model;
use crate::stats::{Estimate, proportion};
use serde::Serialize;

/// One model of the panel, judged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PanelRow {
    /// Its name in the file; "model" is the file itself.
    pub name: String,
    /// Stake that the tolerated risk needs in it, USD.
    pub needed_stake_usd: Estimate,
    /// Fresh paths that judge it.
    pub paths: u64,
    /// Insecure ones among them.
    pub failures: u64,
    /// Upper bound of its risk at the look's confidence.
    pub at_most: f64,
    /// Lower bound at the same confidence.
    pub at_least: f64,
    /// Its verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Whether it is the one that asks for most stake.
    pub worst: bool,
}

/// A world with what its exploration says.
pub struct World<'a> {
    name: &'a str,
    evaluator: &'a Evaluator<'a>,
    /// Risk against stake.
    pub explored: RiskCurve,
}

/// A world, judged on fresh paths.
pub struct Judged {
    /// Insecure paths.
    pub failures: u64,
    /// Its verdict.
    pub verdict: Verdict,
    /// Risk against stake on the fresh paths.
    pub fresh: RiskCurve,
}

/// The panel's models with their names.
#[must_use]
pub fn alternatives(model: &Model) -> Vec<(String, Model)> {
    model
        .panel
        .iter()
        .map(|other| (other.name.clone(), other.model(model)))
        .collect()
}

/// An evaluator for each of the panel's models.
#[must_use]
pub fn evaluators<'a>(
    evaluator: &Evaluator<'a>,
    alternatives: &'a [(String, Model)],
) -> Vec<(String, Evaluator<'a>)> {
    alternatives
        .iter()
        .map(|(name, other)| (name.clone(), Evaluator::new(other, evaluator.cancel())))
        .collect()
}

/// Explores every world at one shape: the model first, the panel in its order; `None` when
/// cancelled.
#[must_use]
pub fn explore<'a>(
    evaluator: &'a Evaluator<'a>,
    others: &'a [(String, Evaluator<'a>)],
    shape: &Parameters,
    seed: Seed,
    paths: u64,
) -> Option<Vec<World<'a>>> {
    let mut worlds = vec![World {
        name: "model",
        evaluator,
        explored: evaluator.curve(shape, seed, paths)?,
    }];
    for (name, other) in others {
        worlds.push(World {
            name,
            evaluator: other,
            explored: other.curve(shape, seed, paths)?,
        });
    }
    Some(worlds)
}

/// The stake that every world's certificate should pass, USD, and the world that asks for it.
/// Infinite where some world is kept secure by no stake.
#[must_use]
pub fn goal(
    worlds: &[World],
    paths: u64,
    tolerance: f64,
    confidence: f64,
    chance: f64,
) -> (f64, usize) {
    let mut most = (0.0, 0);
    for (index, world) in worlds.iter().enumerate() {
        let stake = world.explored.goal(paths, tolerance, confidence, chance);
        if stake > most.0 {
            most = (stake, index);
        }
    }
    most
}

/// The stake that the next look would pass nearly always in every world, if all of them know one.
#[must_use]
pub fn stronger(
    worlds: &[World],
    paths: u64,
    tolerance: f64,
    confidence: f64,
    chance: f64,
) -> Option<f64> {
    worlds.iter().try_fold(0.0_f64, |most, world| {
        let stake = world
            .explored
            .stake_to_certify(paths, tolerance, confidence, chance)?;
        stake.is_finite().then_some(most.max(stake))
    })
}

/// Judges a design in every world on the same fresh seed; `None` when cancelled.
#[must_use]
pub fn judge(
    worlds: &[World],
    parameters: &Parameters,
    seed: Seed,
    paths: u64,
    tolerance: f64,
    confidence: f64,
) -> Option<Vec<Judged>> {
    let mut judged = Vec::with_capacity(worlds.len());
    for world in worlds {
        let mut plan = world.evaluator.plan(parameters, Span::Horizon);
        plan.record = Record::Critical;
        let ensemble = world.evaluator.play(&plan, seed, paths)?;
        let stake = parameters.stake.get();
        let fresh = world.evaluator.curve_of(&ensemble, stake);
        let failures = fresh.failures(stake);
        judged.push(Judged {
            failures,
            verdict: Verdict::of(failures, paths, tolerance, confidence),
            fresh,
        });
    }
    Some(judged)
}

/// The verdict over all worlds: safe if every one is, unsafe if any is, undecided otherwise with
/// the paths that would decide the hardest.
#[must_use]
pub fn overall(judged: &[Judged]) -> Verdict {
    jointly(judged.iter().map(|world| world.verdict))
}

/// The verdict over worlds whose own verdicts are known, as [`overall`].
#[must_use]
pub fn jointly(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
    let mut overall = Verdict::Safe;
    for verdict in verdicts {
        overall = match (overall, verdict) {
            (Verdict::Unsafe, _) | (_, Verdict::Unsafe) => Verdict::Unsafe,
            (Verdict::Safe, verdict) | (verdict, Verdict::Safe) => verdict,
            (Verdict::Undecided { paths_needed: a }, Verdict::Undecided { paths_needed: b }) => {
                Verdict::Undecided {
                    paths_needed: a.zip(b).map(|(a, b)| a.max(b)),
                }
            }
        };
    }
    overall
}

/// The rows of a panel; none without one.
#[must_use]
pub fn rows(
    worlds: &[World],
    judged: &[Judged],
    paths: u64,
    tolerance: f64,
    confidence: f64,
) -> Vec<PanelRow> {
    if worlds.len() < 2 {
        return Vec::new();
    }
    let needed: Vec<Estimate> = worlds
        .iter()
        .map(|world| world.explored.stake(tolerance))
        .collect();
    let most = needed.iter().map(|stake| stake.value).fold(0.0, f64::max);
    worlds
        .iter()
        .zip(judged)
        .zip(needed)
        .map(|((world, judged), needed)| PanelRow {
            name: world.name.to_owned(),
            needed_stake_usd: needed,
            paths,
            failures: judged.failures,
            at_most: proportion::clopper_pearson_upper(judged.failures, paths, confidence),
            at_least: proportion::clopper_pearson_lower(judged.failures, paths, confidence),
            verdict: judged.verdict,
            worst: needed.value >= most,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(verdict: Verdict) -> Judged {
        Judged {
            failures: 0,
            verdict,
            fresh: RiskCurve::new(&[1.0], 1.0, 0.95),
        }
    }

    #[test]
    fn one_world_that_is_not_safe_is_enough() {
        let undecided = |paths_needed| judged(Verdict::Undecided { paths_needed });
        assert_eq!(
            overall(&[judged(Verdict::Safe), judged(Verdict::Safe)]),
            Verdict::Safe
        );
        assert_eq!(
            overall(&[
                undecided(Some(5)),
                judged(Verdict::Unsafe),
                judged(Verdict::Safe)
            ]),
            Verdict::Unsafe
        );
        assert_eq!(
            overall(&[
                judged(Verdict::Safe),
                undecided(Some(7)),
                undecided(Some(5))
            ]),
            Verdict::Undecided {
                paths_needed: Some(7)
            }
        );
        assert_eq!(
            overall(&[undecided(None), undecided(Some(5))]),
            Verdict::Undecided { paths_needed: None }
        );
    }
}
