//! What goes wrong beside the promise: what users are not paid, what stakers lose, how an
//! incident unfolds. Each number with its interval.

mod heavy;
mod honest;
mod incidents;

pub use heavy::{Tail, shortfall};
pub use honest::Honest;
pub use incidents::{Fates, Incidents, TimelinePoint};

use super::{Measure, Method};
use crate::random::Seed;
use crate::sim::incident::{self, Incident};
use crate::sim::{Columns, Ensemble, honest as faults};
use crate::spec::Parameters;
use crate::spec::model::Model;
use crate::stats::{Estimate, mean_interval, proportion};
use serde::Serialize;

/// Incidents played of those that the paths met, at most.
const MOST_TAKEN: usize = 2_000;
/// Paths whose worst day is attacked on condition.
const WORST_PATHS: usize = 64;
/// Times that each of those days is played.
const REPLICATES: usize = 32;
/// Incidents below which those of the paths are too few for a mean of their own.
const FEW: u64 = 30;

/// What goes wrong at a design.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Aftermath {
    /// Days simulated.
    pub days: u32,
    /// Paths simulated.
    pub paths: u64,
    /// Paths on which an opportunity was taken.
    pub met: u64,
    /// Probability that one is taken within all days, by the opportunities drawn.
    pub attacked: Measure,
    /// The incidents that the paths met; none when no path met any.
    pub taken: Option<Incidents>,
    /// What if it happens: the worst days of the worst paths, attacked whether it pays or not.
    pub if_it_happens: Option<Incidents>,
    /// What users lose and are not paid, over all days, in the mean.
    pub uninsured: Measure,
    /// The same on the worst 1 % of paths.
    pub uninsured_tail: Measure,
    /// What users lose before any payout, on the worst 1 % of paths.
    pub harm_tail: Measure,
    /// Share of their stake that stakers lose a year to slashes for attacks.
    pub attack_loss_rate: Measure,
    /// Accidents of honest operators.
    pub honest: Honest,
    /// The incidents of the paths, one by one: columns for a table, not for JSON.
    #[serde(skip)]
    pub incidents: Vec<Incident>,
}

/// Plays what goes wrong at a design, on the paths of its ensemble.
///
/// # Panics
/// If the ensemble was recorded without the full columns.
#[must_use]
pub fn aftermath(
    model: &Model,
    parameters: &Parameters,
    ensemble: &Ensemble,
    columns: &Columns,
) -> Aftermath {
    let confidence = model.target.confidence.get();
    let plan = incident::compile(model, parameters, columns.cost);
    let seed = ensemble.seed;
    let moments = incident::taken(&plan, ensemble, columns, MOST_TAKEN);
    let taken = incident::play_all(&plan, seed, &moments, 1);
    let worst = incident::worst(&plan, ensemble, columns, WORST_PATHS);
    let on_condition = incident::play_all(&plan, conditional(seed), &worst, REPLICATES);

    let paths = ensemble.paths as u64;
    let met = columns.loss_usd.iter().filter(|loss| **loss > 0.0).count() as u64;
    let drawn = Drawn {
        paths,
        met,
        taken: &taken,
        confidence,
        tail: Tail::of(ensemble),
    };
    let if_it_happens = Incidents::of(&on_condition, REPLICATES, confidence);
    let stake = parameters.stake.get();
    let years = f64::from(ensemble.days) / crate::units::DAYS_PER_YEAR;
    let attacked = Measure {
        estimate: proportion::clopper_pearson(met, paths, confidence),
        unit: "1",
        method: Method::Binomial,
    };
    let uninsured = if met >= FEW {
        drawn.mean(|one| one.uninsured_usd, "USD")
    } else {
        // Too few were met: as if every attack came on a worst day, which is the careful side.
        product(
            columns,
            if_it_happens.as_ref().map(|found| &found.uninsured),
            confidence,
        )
    };
    Aftermath {
        days: ensemble.days,
        paths,
        met,
        attacked,
        uninsured,
        uninsured_tail: drawn.tail(|one| one.uninsured_usd),
        harm_tail: drawn.tail(|one| one.harm_usd),
        attack_loss_rate: drawn.mean(|one| one.staker_loss_usd / stake / years, "1/year"),
        taken: Incidents::of(&taken, 1, confidence),
        if_it_happens,
        honest: Honest::of(
            &faults::compile(model, parameters, ensemble.days),
            seed,
            ensemble.first_path,
            paths,
            confidence,
        ),
        incidents: taken,
    }
}

/// The incidents on condition draw apart from those that the paths met.
fn conditional(seed: Seed) -> Seed {
    const APART: u64 = 0x4946_4954_4841_5050;
    Seed(crate::random::mix(seed.0 ^ APART))
}

/// Incidents that the paths met, as a sample of all paths: most have none.
struct Drawn<'a> {
    paths: u64,
    met: u64,
    taken: &'a [Incident],
    confidence: f64,
    tail: Tail,
}

impl Drawn<'_> {
    /// Mean over all paths. Where not every incident was played, those played stand for all.
    fn mean(&self, value: impl Fn(&Incident) -> f64, unit: &'static str) -> Measure {
        let values: Vec<f64> = self.spread(value);
        Measure {
            estimate: super::nonnegative(mean_interval(&values, self.confidence)),
            unit,
            method: Method::Mean,
        }
    }

    fn tail(&self, value: impl Fn(&Incident) -> f64) -> Measure {
        let mut values = self.spread(value);
        values.sort_by(f64::total_cmp);
        shortfall(&values, super::TAIL, self.confidence, self.tail)
    }

    /// One value a path.
    fn spread(&self, value: impl Fn(&Incident) -> f64) -> Vec<f64> {
        let met = self.met as usize;
        let mut values: Vec<f64> = (0..met)
            .filter(|_| !self.taken.is_empty())
            .map(|i| value(&self.taken[i * self.taken.len() / met]))
            .collect();
        values.resize(self.paths as usize, 0.0);
        values
    }
}

/// Probability of an attack, integrated over the paths' opportunities, times what one costs.
fn product(columns: &Columns, each: Option<&Measure>, confidence: f64) -> Measure {
    let attacked = mean_interval(&columns.attack_probability, confidence);
    let each = each.map_or(Estimate::exact(0.0), |measure| measure.estimate);
    let at_least = |x: f64| if x.is_finite() { x.max(0.0) } else { 0.0 };
    Measure {
        estimate: Estimate {
            value: attacked.value * each.value,
            low: at_least(attacked.low) * at_least(each.low),
            high: attacked.high * each.high,
            confidence,
            n: attacked.n,
        },
        unit: "USD",
        method: Method::Product,
    }
}
