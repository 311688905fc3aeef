//! Weighted paths, walked under the laws of a mixture, summed in the order of their numbers.
//!
//! A path's contribution is `Σ_d w_d q_d Π_{i<d} (1 - q_i)`: the chance that day d is the first
//! insecure one, times the likelihood ratio of the days up to it alone. What happens after an
//! insecure day cannot make it more or less likely, so its randomness stays out of the weight.

use super::draw::{Bridged, Day, Layout, Streams};
use super::law::{Law, Mixture, Sums, Tilt};
use crate::random::Seed;
use crate::sim::{Conditional, Cost, Plan};
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Paths of one task.
const CHUNK: u64 = 256;
/// A path that was insecure before with this probability at every stake is not looked at again.
const DONE: f64 = 1.0 - 1e-15;

/// What is played.
pub struct Job<'a> {
    /// The design.
    pub plan: &'a Plan,
    /// The cost that counts.
    pub cost: Cost,
    /// Multiples of the plan's stake.
    pub scales: &'a [f64],
    /// The laws of the paths.
    pub mixture: &'a Mixture,
    /// Seed of the draws.
    pub seed: Seed,
    /// Paths.
    pub paths: u64,
    /// Where draws come from.
    pub points: Points<'a>,
    /// Set it and the run stops.
    pub cancel: &'a AtomicBool,
}

/// Where draws come from.
#[derive(Clone, Copy)]
pub enum Points<'a> {
    /// Independent streams.
    Random,
    /// One scramble of Sobol points.
    Sobol(&'a Layout, u64),
}

/// Sums over paths at one scale of stake.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Moments {
    /// Of contributions.
    pub sum: f64,
    /// Of their squares.
    pub square: f64,
    /// Of their cubes.
    pub cube: f64,
    /// The largest.
    pub largest: f64,
}

/// What the paths say.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Paths.
    pub paths: u64,
    /// One for each scale of stake.
    pub at: Vec<Moments>,
    /// Of the weights at the end of the horizon.
    pub weights: Moments,
}

impl Moments {
    fn add(&mut self, x: f64) {
        self.sum += x;
        self.square += x * x;
        self.cube += x * x * x;
        self.largest = self.largest.max(x);
    }

    fn join(&mut self, other: &Moments) {
        self.sum += other.sum;
        self.square += other.square;
        self.cube += other.cube;
        self.largest = self.largest.max(other.largest);
    }

    /// Mean over `n` paths.
    #[must_use]
    pub fn mean(&self, n: u64) -> f64 {
        self.sum / n as f64
    }

    /// Unbiased variance of one path.
    #[must_use]
    pub fn variance(&self, n: u64) -> f64 {
        let (count, mean) = (n as f64, self.mean(n));
        ((self.square - count * mean * mean) / (count - 1.0)).max(0.0)
    }

    /// Skewness of one path; zero without variance.
    #[must_use]
    pub fn skewness(&self, n: u64) -> f64 {
        let (count, mean) = (n as f64, self.mean(n));
        let variance = self.variance(n);
        if variance <= 0.0 {
            return 0.0;
        }
        let third = self.cube / count - 3.0 * mean * self.square / count + 2.0 * mean * mean * mean;
        third / (variance * variance.sqrt())
    }

    /// `(Σx)²/Σx²`: as many equal contributions say as much (Kong 1992).
    #[must_use]
    pub fn effective(&self) -> f64 {
        if self.square > 0.0 {
            self.sum * self.sum / self.square
        } else {
            0.0
        }
    }
}

impl Sample {
    fn empty(scales: usize) -> Sample {
        Sample {
            paths: 0,
            at: vec![Moments::default(); scales],
            weights: Moments::default(),
        }
    }

    /// Adds other paths.
    pub fn join(&mut self, other: &Sample) {
        self.paths += other.paths;
        self.weights.join(&other.weights);
        for (mine, other) in self.at.iter_mut().zip(&other.at) {
            mine.join(other);
        }
    }
}

/// Plays the job; `None` when cancelled.
#[must_use]
pub fn play(job: &Job) -> Option<Sample> {
    let law = Law::of(job.plan);
    let parts = in_chunks(job, |walk, paths| {
        let mut part = Sample::empty(job.scales.len());
        for path in paths {
            let weight = walk.path(job, &law, path, |_| {});
            part.paths += 1;
            part.weights.add(weight);
            for (moments, share) in part.at.iter_mut().zip(&walk.contribution) {
                moments.add(*share);
            }
        }
        part
    })?;
    let mut whole = Sample::empty(job.scales.len());
    parts.iter().for_each(|part| whole.join(part));
    Some(whole)
}

/// Sums of a path's draws up to its insecure day, weighted by the chance that it is the first
/// and by the likelihood ratio: where failures by one attack lie.
#[derive(Debug, Clone)]
pub struct Centre {
    /// Weight of all failures by the attack.
    pub mass: f64,
    /// Weighted sums.
    pub sums: Sums,
}

/// Where failures by each attack lie, at the job's first scale; `None` when cancelled.
#[must_use]
pub fn centres(job: &Job) -> Option<Vec<Centre>> {
    let law = Law::of(job.plan);
    let empty = || -> Vec<Centre> {
        let centre = Centre {
            mass: 0.0,
            sums: law.nothing_yet(),
        };
        vec![centre; job.plan.attacks.len()]
    };
    let parts = in_chunks(job, |walk, paths| {
        let mut part = empty();
        for path in paths {
            walk.path(job, &law, path, |failure| {
                let shares: f64 = (0..part.len()).map(|k| failure.by_attack(k)).sum();
                for (k, centre) in part.iter_mut().enumerate() {
                    if shares > 0.0 {
                        centre.add(failure.weight * failure.by_attack(k) / shares, failure.sums);
                    }
                }
            });
        }
        part
    })?;
    let mut whole = empty();
    for part in &parts {
        for (centre, other) in whole.iter_mut().zip(part) {
            centre.mass += other.mass;
            centre.sums.add(&other.sums, 1.0);
        }
    }
    Some(whole)
}

impl Centre {
    fn add(&mut self, weight: f64, sums: &Sums) {
        self.mass += weight;
        self.sums.add(sums, weight);
    }
}

impl Sums {
    fn add(&mut self, other: &Sums, weight: f64) {
        self.days += weight * other.days;
        let pairs = self.normals.iter_mut().zip(&other.normals);
        let counts = self.count.iter_mut().zip(&other.count);
        let sizes = self.size.iter_mut().zip(&other.size);
        for (mine, other) in pairs.chain(counts).chain(sizes) {
            *mine += weight * other;
        }
    }
}

/// Runs of paths side by side; what they give comes back in the order of paths.
fn in_chunks<T: Send>(
    job: &Job,
    each: impl Fn(&mut Walk, std::ops::Range<u64>) -> T + Sync,
) -> Option<Vec<T>> {
    (0..job.paths.div_ceil(CHUNK))
        .into_par_iter()
        .map_init(
            || Walk::new(job),
            |walk, chunk| {
                if job.cancel.load(Ordering::Relaxed) {
                    return None;
                }
                let start = chunk * CHUNK;
                Some(each(walk, start..(start + CHUNK).min(job.paths)))
            },
        )
        .collect()
}

/// A chance of failure on the way.
struct Failure<'a> {
    weight: f64,
    sums: &'a Sums,
    conditional: &'a Conditional<'a>,
}

impl Failure<'_> {
    fn by_attack(&self, attack: usize) -> f64 {
        self.conditional.by_attack(attack, 0)
    }
}

/// Memory of one walker.
struct Walk<'a> {
    conditional: Conditional<'a>,
    untilted: Tilt,
    day: Day,
    sums: Sums,
    alive: Vec<f64>,
    contribution: Vec<f64>,
}

enum Source {
    Streams(Streams),
    Bridged(Bridged),
}

impl<'a> Walk<'a> {
    fn new(job: &Job<'a>) -> Walk<'a> {
        let law = Law::of(job.plan);
        Walk {
            conditional: Conditional::new(job.plan, job.cost, job.scales),
            untilted: law.untilted(),
            day: Day::empty(&law),
            sums: law.nothing_yet(),
            alive: vec![1.0; job.scales.len()],
            contribution: vec![0.0; job.scales.len()],
        }
    }

    /// Walks one path; returns its weight at the end. `seen` is told every chance of failure at
    /// the first scale.
    fn path(&mut self, job: &Job, law: &Law, path: u64, mut seen: impl FnMut(&Failure)) -> f64 {
        let mut source = self.open(job, law, path);
        self.sums = law.nothing_yet();
        self.alive.fill(1.0);
        self.contribution.fill(0.0);
        self.conditional.open();
        let mut over = false;
        for day in 1..=job.plan.horizon_days {
            match &mut source {
                Source::Streams(streams) => streams.day(day, &mut self.day),
                Source::Bridged(bridged) => bridged.day(day, &mut self.day),
            }
            self.count_day();
            if over {
                continue;
            }
            let failing = self.conditional.step(&self.day.normals, &self.day.jumps);
            if failing.iter().all(|q| *q <= 0.0) {
                continue;
            }
            let weight = job.mixture.weight(law, &self.sums);
            over = true;
            let first = self.alive[0] * failing[0];
            for ((alive, share), q) in self
                .alive
                .iter_mut()
                .zip(&mut self.contribution)
                .zip(failing)
            {
                *share += weight * *alive * q;
                *alive *= 1.0 - q;
                over &= *alive <= 1.0 - DONE;
            }
            if first > 0.0 {
                seen(&Failure {
                    weight: weight * first,
                    sums: &self.sums,
                    conditional: &self.conditional,
                });
            }
        }
        job.mixture.weight(law, &self.sums)
    }

    fn open(&self, job: &Job, law: &Law, path: u64) -> Source {
        match job.points {
            Points::Random => {
                let tilt = job.mixture.law_at(path).unwrap_or(&self.untilted);
                Source::Streams(Streams::open(law, tilt, job.seed, path))
            }
            Points::Sobol(layout, repetition) => {
                let point = layout.point(job.seed, repetition, path);
                let place = (point[0] * job.mixture.cycle() as f64) as u64;
                let tilt = job.mixture.law_at(place).unwrap_or(&self.untilted);
                let seed = job.seed.fresh(repetition);
                Source::Bridged(Bridged::open(law, layout, tilt, &point, seed, path))
            }
        }
    }

    fn count_day(&mut self) {
        self.sums.days += 1.0;
        for (sum, normal) in self.sums.normals.iter_mut().zip(&self.day.normals) {
            *sum += normal;
        }
        for (j, struck) in self.day.struck.iter().enumerate() {
            if *struck {
                self.sums.count[j] += 1.0;
                self.sums.size[j] += self.day.jumps[j];
            }
        }
    }
}
