//! The choice among shapes whose difference may be chance.
//!
//! Shapes that play the same ensemble differ by arithmetic alone; of those the cheaper is cheaper.
//! Shapes that play ensembles of their own (a threshold, a cap, a mix) differ by chance too: the
//! exploration is cut into sections, whose prices are nearly normal and share their random numbers
//! across shapes. Shapes that the sections tell apart from a better one are dropped (Kim, Nelson
//! 2001, with an indifference zone); the rest is played on, the more the closer and noisier a shape
//! is (optimal computing budget allocation: Chen, Lin, Yücesan, Chick 2000).

use super::budget;
use super::evaluate::Evaluator;
use super::rare;
use super::shape::{Candidate, INDIFFERENCE};
use crate::random::Seed;
use crate::spec::Parameters;
use crate::stats::selection::{KimNelson, budget_allocation};
use crate::stats::{mean, quantile, variance};
use crate::units::Usd;

/// Sections of the exploration.
const SECTIONS: u64 = 10;
/// Insecure paths that a section shows at least.
const SHOWN: f64 = 4.0;
/// Shapes that are compared at most, the cheapest of each ensemble.
const MOST: usize = 5;
/// Sections that the shapes which stay are played on for, all together.
const MORE: f64 = 20.0;
/// Confidence that no shape better by the indifference is dropped.
const CONFIDENCE: f64 = 0.95;
/// Streams of the sections that are played on, away from those of looks and stages.
const BLOCK: u64 = 3_000;

/// What prices are compared by.
pub struct Contest<'a> {
    /// Plays the shapes.
    pub evaluator: &'a Evaluator<'a>,
    /// Risk of the promise.
    pub risk: f64,
    /// Seed of the exploration.
    pub seed: Seed,
    /// Its paths.
    pub paths: u64,
}

/// Of candidates in the order of their price, those that play the same ensemble as the one which
/// sections find cheapest; `None` when cancelled.
#[must_use]
pub fn choose(contest: &Contest, ascending: &[Candidate]) -> Option<Vec<Candidate>> {
    if rare::is_beyond(contest.evaluator.model(), contest.risk, contest.paths) {
        // Weighted prices have no sections.
        return Some(ascending.to_vec());
    }
    let mut heads: Vec<&Candidate> = Vec::new();
    for candidate in ascending {
        let known = heads.iter().any(|head| contest.alike(head, candidate));
        if !known && candidate.budget_usd_year.is_finite() && heads.len() < MOST {
            heads.push(candidate);
        }
    }
    let Some(first) = heads.first() else {
        return Some(ascending.to_vec());
    };
    let mut best = *first;
    if heads.len() > 1 && contest.section() > 0 {
        let shapes: Vec<Parameters> = heads.iter().map(|head| contest.played(head)).collect();
        best = heads[contest.cheapest(&shapes)?];
    }
    Some(
        ascending
            .iter()
            .filter(|candidate| contest.alike(best, candidate))
            .cloned()
            .collect(),
    )
}

/// Whether sections of the exploration tell that `next` is cheaper than `best`: by more than its
/// chance, or by anything where both play the same ensemble; `None` when cancelled.
#[must_use]
pub fn is_cheaper(contest: &Contest, next: &Candidate, best: &Candidate) -> Option<bool> {
    let cheaper = next.budget_usd_year < best.budget_usd_year * (1.0 - 1e-9);
    let weighted = rare::is_beyond(contest.evaluator.model(), contest.risk, contest.paths);
    if !cheaper || weighted || contest.alike(next, best) || contest.section() == 0 {
        return Some(cheaper);
    }
    let own = contest.explored(&contest.played(next))?;
    let other = contest.explored(&contest.played(best))?;
    let constants = KimNelson::new(2, SECTIONS as u32, CONFIDENCE);
    Some(contest.survivors(&constants, &[own, other]) == [0])
}

impl Contest<'_> {
    /// The shape with all operators, as the rounds played it: how many stay follows from its price.
    fn played(&self, candidate: &Candidate) -> Parameters {
        Parameters {
            operators: self.evaluator.model().operators.count.high(),
            ..candidate.parameters.clone()
        }
    }

    fn alike(&self, a: &Candidate, b: &Candidate) -> bool {
        self.evaluator.plays_alike(&self.played(a), &self.played(b))
    }

    /// Paths of a section.
    fn section(&self) -> u64 {
        self.paths / SECTIONS
    }

    /// The shape whose sections are cheapest on average, after playing on where that is not clear.
    fn cheapest(&self, shapes: &[Parameters]) -> Option<usize> {
        let mut sections = Vec::with_capacity(shapes.len());
        for shape in shapes {
            sections.push(self.explored(shape)?);
        }
        let constants = KimNelson::new(shapes.len() as u32, SECTIONS as u32, CONFIDENCE);
        let left = self.survivors(&constants, &sections);
        let noise: Vec<f64> = left
            .iter()
            .map(|&i| variance(&sections[i]).sqrt())
            .collect();
        if left.len() > 1 && noise.iter().any(|deviation| *deviation > 0.0) {
            let means: Vec<f64> = left.iter().map(|&i| mean(&sections[i])).collect();
            let shares = budget_allocation(&means, &noise);
            for (&index, share) in left.iter().zip(shares) {
                for more in 0..(share * MORE).round() as u64 {
                    let seed = self.seed.fresh(BLOCK + more);
                    let price = self.price(&shapes[index], seed, self.section())?;
                    sections[index].push(price);
                }
            }
        }
        let average = |index: &usize| mean(&sections[*index]);
        left.iter()
            .min_by(|a, b| average(a).total_cmp(&average(b)))
            .copied()
    }

    /// The shapes that no other one beats by more than chance.
    fn survivors(&self, constants: &KimNelson, sections: &[Vec<f64>]) -> Vec<usize> {
        let means: Vec<f64> = sections.iter().map(|s| mean(s)).collect();
        let apart = |i: usize, j: usize| {
            let pairs = sections[i].iter().zip(&sections[j]);
            let differences: Vec<f64> = pairs.map(|(a, b)| a - b).collect();
            variance(&differences)
        };
        constants.survivors(&means, apart, INDIFFERENCE, SECTIONS as u32)
    }

    /// Logarithms of what a shape costs by each section of the exploration.
    fn explored(&self, shape: &Parameters) -> Option<Vec<f64>> {
        let critical = self.evaluator.critical(shape, self.seed, self.paths)?;
        let length = self.section() as usize;
        Some(
            critical
                .chunks_exact(length)
                .take(SECTIONS as usize)
                .map(|section| self.cost(shape, section.to_vec()))
                .collect(),
        )
    }

    fn price(&self, shape: &Parameters, seed: Seed, paths: u64) -> Option<f64> {
        let critical = self.evaluator.critical(shape, seed, paths)?;
        Some(self.cost(shape, critical))
    }

    /// Logarithm of the budget at the stake that a section asks for; what nothing brings costs
    /// more than anything that something does.
    fn cost(&self, shape: &Parameters, mut critical: Vec<f64>) -> f64 {
        const BEYOND: f64 = 1e15;
        let level = self.risk.max(SHOWN / critical.len() as f64).min(0.5);
        let rank = quantile::rank(critical.len(), 1.0 - level);
        let (_, stake, _) = critical.select_nth_unstable_by(rank - 1, f64::total_cmp);
        if !stake.is_finite() || *stake <= 0.0 {
            return BEYOND.ln();
        }
        let model = self.evaluator.model();
        let mut design = shape.with_stake(Usd(*stake));
        design.operators = budget::affordable_operators(model, &design);
        let budget = budget::required(model, &design).map_or(BEYOND, |b| b.usd_year);
        budget.clamp(1.0, BEYOND).ln()
    }
}
