//! Plays designs: one ensemble each, on common random numbers, and none where an earlier one
//! already holds the answer.

use super::curve::RiskCurve;
use super::rare;
use crate::random::Seed;
use crate::sim::{self, Cost, Ensemble, Plan, Progress, Record, Summary};
use crate::spec::Parameters;
use crate::spec::model::{Deterrence, Extraction, Model};
use crate::stats::{Estimate, quantile};
use crate::units::{Share, Usd};
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;
use std::sync::atomic::AtomicBool;

/// Rounds in which a stake may still follow from what was played at the last one.
const ROUNDS: usize = 6;
/// Stakes closer than this, relative, are the same to a search.
const CLOSE: f64 = 0.002;
/// What is still asked for after all rounds, relative, when no stake deters.
const HOPELESS: f64 = 0.05;
/// Insecure paths that the stake which is settled on should leave at least.
const SETTLED_ON: f64 = 4.0;

/// Days of play that the promise looks at, or all days of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// The horizon of the promise alone: enough for its risk.
    Horizon,
    /// All days, for the assessment that a reader sees.
    All,
}

/// Plays the designs of one model.
pub struct Evaluator<'a> {
    model: &'a Model,
    cancel: &'a AtomicBool,
    confidence: f64,
    known: RefCell<Vec<Known>>,
    /// Factors on the mean time to detection, by seed and paths.
    factors: RefCell<Vec<Drawn>>,
    path_days: Cell<u64>,
    ensembles: Cell<u64>,
    tilted: RefCell<Option<rare::Mixture>>,
}

/// Factors drawn for a seed and a number of paths.
type Drawn = (Seed, u64, Rc<Vec<f64>>);

/// What was played: for each attack and path, the stake that would have been needed had all of
/// a coalition's stake been burned, USD; and what that depends on.
#[derive(Clone)]
struct Known {
    key: Key,
    needed_usd: Rc<Vec<Vec<f64>>>,
}

/// What decides the needed stakes beside the burned shares.
#[derive(Debug, Clone, PartialEq)]
struct Key {
    seed: Seed,
    paths: u64,
    threshold: f64,
    operators: Vec<usize>,
    entity_cap: f64,
    mix: Vec<Share>,
    /// What each attack brings beside its take, USD: joint attacks depend on the design.
    extra_usd: Vec<f64>,
    /// How much of each asset burns, for each attack that does not burn all alike.
    burns: Vec<Option<Vec<f64>>>,
    /// Days from detection to slash, for each attack that takes what becomes final until then.
    windows: Vec<f64>,
}

impl<'a> Evaluator<'a> {
    /// An evaluator of `model` that stops when `cancel` is set.
    #[must_use]
    pub fn new(model: &'a Model, cancel: &'a AtomicBool) -> Self {
        Self {
            model,
            cancel,
            confidence: model.target.confidence.get(),
            known: RefCell::new(Vec::new()),
            factors: RefCell::new(Vec::new()),
            path_days: Cell::new(0),
            ensembles: Cell::new(0),
            tilted: RefCell::new(None),
        }
    }

    /// An evaluator of a model that differs from this one's only in how much of a stake an
    /// attack burns: what is known stays known, but for its scale.
    #[must_use]
    pub fn with_model<'b>(&self, model: &'b Model) -> Evaluator<'b>
    where
        'a: 'b,
    {
        let known = self.known.borrow().clone();
        Evaluator {
            known: RefCell::new(known),
            ..self.afresh(model)
        }
    }

    /// An evaluator of another model, on the same terms.
    #[must_use]
    pub fn afresh<'b>(&self, model: &'b Model) -> Evaluator<'b>
    where
        'a: 'b,
    {
        let other = Evaluator::new(model, self.cancel);
        other.keep_tilted(self.tilted());
        other
    }

    /// The mixture of tilted laws that a small risk was last found with.
    #[must_use]
    pub fn tilted(&self) -> Option<rare::Mixture> {
        self.tilted.borrow().clone()
    }

    /// Keeps a mixture for the next small risk.
    pub fn keep_tilted(&self, mixture: Option<rare::Mixture>) {
        *self.tilted.borrow_mut() = mixture;
    }

    /// Adds the work of another evaluator to this one's.
    pub fn count_work_of(&self, other: &Evaluator) {
        self.path_days
            .set(self.path_days.get() + other.path_days.get());
        self.ensembles
            .set(self.ensembles.get() + other.ensembles.get());
    }

    /// The model that is played.
    #[must_use]
    pub fn model(&self) -> &'a Model {
        self.model
    }

    /// The flag that stops it.
    #[must_use]
    pub fn cancel(&self) -> &'a AtomicBool {
        self.cancel
    }

    /// Counts work that was done elsewhere: one ensemble.
    pub fn count(&self, path_days: u64) {
        self.path_days.set(self.path_days.get() + path_days);
        self.ensembles.set(self.ensembles.get() + 1);
    }

    /// Days of paths played so far: the work that was done.
    #[must_use]
    pub fn path_days(&self) -> u64 {
        self.path_days.get()
    }

    /// Ensembles played so far.
    #[must_use]
    pub fn ensembles(&self) -> u64 {
        self.ensembles.get()
    }

    /// The cost that the promise rests on.
    #[must_use]
    pub fn cost(&self) -> Cost {
        match self.model.target.deterrence {
            Deterrence::WholeStake => Cost::WholeStake,
            Deterrence::OperatorRational => Cost::OperatorRational,
        }
    }

    /// The plan of a design, for the promise's cost alone.
    #[must_use]
    pub fn plan(&self, parameters: &Parameters, span: Span) -> Plan {
        let mut plan = sim::compile(self.model, parameters);
        plan.costs = vec![self.cost()];
        if span == Span::Horizon {
            plan.days = plan.horizon_days;
            plan.fan_days = Vec::new();
        }
        plan
    }

    /// One ensemble of a plan; `None` when cancelled.
    #[must_use]
    pub fn play(&self, plan: &Plan, seed: Seed, paths: u64) -> Option<Ensemble> {
        self.play_range(plan, seed, 0..paths)
    }

    /// The paths of a range of a plan; `None` when cancelled.
    #[must_use]
    pub fn play_range(&self, plan: &Plan, seed: Seed, paths: Range<u64>) -> Option<Ensemble> {
        let count = paths.end - paths.start;
        self.path_days
            .set(self.path_days.get() + count * u64::from(plan.days));
        self.ensembles.set(self.ensembles.get() + 1);
        let progress = Progress {
            finished: &|_| {},
            cancel: self.cancel,
        };
        sim::simulate(plan, seed, paths, &progress)
    }

    /// The distribution of so many paths, counted and dropped; `None` when cancelled.
    #[must_use]
    pub fn stream(&self, plan: &Plan, seed: Seed, paths: u64) -> Option<Summary> {
        self.path_days
            .set(self.path_days.get() + paths * u64::from(plan.days));
        self.ensembles.set(self.ensembles.get() + 1);
        let progress = Progress {
            finished: &|_| {},
            cancel: self.cancel,
        };
        sim::summarise(plan, seed, 0..paths, &progress)
    }

    /// The risk curve of a design; `None` when cancelled.
    ///
    /// With the whole stake as deterrent the cost is proportional to each attack's burned share,
    /// so the critical stake of a path is the largest of `needed / burned` over the attacks: one
    /// ensemble answers for every slash fraction, delay and probability of landing.
    #[must_use]
    pub fn curve(&self, parameters: &Parameters, seed: Seed, paths: u64) -> Option<RiskCurve> {
        let critical = self.critical(parameters, seed, paths)?;
        Some(RiskCurve::new(&critical, 1.0, self.confidence))
    }

    /// The stake at which the risk of a design is `risk`, USD: the order statistic alone.
    #[must_use]
    pub fn stake(&self, parameters: &Parameters, seed: Seed, paths: u64, risk: f64) -> Option<f64> {
        if rare::is_beyond(self.model, risk, paths) {
            return rare::stake(self, parameters, seed, risk);
        }
        let mut critical = self.critical(parameters, seed, paths)?;
        let rank = quantile::rank(critical.len(), 1.0 - risk);
        let (_, stake, _) = critical.select_nth_unstable_by(rank - 1, f64::total_cmp);
        Some(*stake)
    }

    /// The stake at which the risk of a design is `risk`, USD, with its interval.
    #[must_use]
    pub fn needed_stake(
        &self,
        parameters: &Parameters,
        seed: Seed,
        paths: u64,
        risk: f64,
    ) -> Option<Estimate> {
        if rare::is_beyond(self.model, risk, paths) {
            return rare::needed_stake(self, parameters, seed, risk);
        }
        Some(self.curve(parameters, seed, paths)?.stake(risk))
    }

    /// Whether two designs play the same ensemble: then they differ by arithmetic alone.
    #[must_use]
    pub fn plays_alike(&self, a: &Parameters, b: &Parameters) -> bool {
        if self.cost() == Cost::WholeStake {
            let seed = Seed(0);
            return self.key(a, seed, 0) == self.key(b, seed, 0);
        }
        Parameters {
            stake: a.stake,
            budget: a.budget,
            ..b.clone()
        } == *a
    }

    /// The critical stake of each path, USD; `None` when cancelled.
    #[must_use]
    pub fn critical(&self, parameters: &Parameters, seed: Seed, paths: u64) -> Option<Vec<f64>> {
        if self.cost() != Cost::WholeStake {
            return self.settled(parameters, seed, paths);
        }
        let key = self.key(parameters, seed, paths);
        let needed = self.needed(parameters, key)?;
        let burned: Vec<f64> = self
            .model
            .value
            .attacks
            .iter()
            .map(|attack| parameters.burned_share(self.model, attack).get())
            .collect();
        let races = self.plan(parameters, Span::Horizon).uncertainty.races;
        let factors = self.detection_factors(parameters, seed, paths);
        let mut critical = vec![0.0_f64; paths as usize];
        for (attack, (needed, burned)) in needed.iter().zip(&burned).enumerate() {
            let race = races.get(attack).copied().flatten();
            for (path, (critical, needed)) in critical.iter_mut().zip(needed).enumerate() {
                if *needed > 0.0 {
                    // How often a slash lands is each path's own, where its detection is uncertain.
                    let ratio = race.map_or(1.0, |race| race.ratio(factors[path]));
                    *critical = critical.max(needed / (burned * ratio));
                }
            }
        }
        Some(critical)
    }

    /// What the needed stakes of a design depend on.
    fn key(&self, parameters: &Parameters, seed: Seed, paths: u64) -> Key {
        Key {
            seed,
            paths,
            threshold: parameters.threshold.get(),
            operators: parameters
                .admitted(self.model)
                .iter()
                .map(|admitted| admitted.operator)
                .collect(),
            entity_cap: parameters.entity_cap.get(),
            mix: parameters.mix.clone(),
            extra_usd: sim::joint::extra_profits_usd(self.model, parameters),
            burns: self
                .model
                .value
                .attacks
                .iter()
                .map(|attack| parameters.slashed_for(self.model, attack).relative())
                .collect(),
            windows: self
                .model
                .value
                .attacks
                .iter()
                .filter(|attack| matches!(attack.extraction, Extraction::DisputeWindow { .. }))
                .map(|attack| parameters.offences[attack.offence].delay().get())
                .collect(),
        }
    }

    /// Whether what an attack costs is proportional to the stake. Operators' other business, unpaid
    /// rewards and a stake of their own that is asked of each do not grow with it.
    #[must_use]
    pub fn grows_with_stake(&self, parameters: &Parameters) -> bool {
        self.cost() == Cost::WholeStake || {
            let operators = self.plan(parameters, Span::Horizon).operators;
            let fixed = operators.franchise_usd.iter().any(|usd| *usd > 0.0);
            !fixed && parameters.own_stake_minimum.get() <= 0.0
        }
    }

    /// The critical stakes where operators' own loss deters, USD. Where a part of it does not grow
    /// with the stake, an ensemble's critical stakes are exact at the stake that it was played at
    /// alone: the set is played again at the stake that the promise asks for, until both agree.
    fn settled(&self, parameters: &Parameters, seed: Seed, paths: u64) -> Option<Vec<f64>> {
        let risk = self.model.target.at_most.get();
        let risk = risk.max(SETTLED_ON / paths as f64).min(0.5);
        let proportional = self.grows_with_stake(parameters);
        let mut stake = parameters.stake.get();
        let mut before = None;
        let mut round = 1;
        loop {
            let mut plan = self.plan(&parameters.with_stake(Usd(stake)), Span::Horizon);
            plan.record = Record::Critical;
            let ensemble = self.play(&plan, seed, paths)?;
            let columns = ensemble
                .cost(self.cost())
                .expect("the plan asked for this cost");
            let critical: Vec<f64> = columns
                .critical_scale_horizon
                .iter()
                .map(|scale| scale * stake)
                .collect();
            let mut order = critical.clone();
            let rank = quantile::rank(order.len(), 1.0 - risk);
            let (_, asked, _) = order.select_nth_unstable_by(rank - 1, f64::total_cmp);
            let known = asked.is_finite() && *asked > 0.0;
            let gap = if known { (*asked / stake).ln() } else { 0.0 };
            if proportional || gap.abs() < CLOSE {
                return Some(critical);
            }
            if round == ROUNDS {
                // The more stake, the more is asked for: what would deter does not grow with it.
                let hopeless = gap > HOPELESS;
                return Some(if hopeless {
                    vec![f64::INFINITY; critical.len()]
                } else {
                    critical
                });
            }
            stake *= next_step(&mut before, stake.ln(), gap).exp();
            round += 1;
        }
    }

    /// Each path's factor on the mean time to detection, drawn once; empty where it is known.
    fn detection_factors(&self, parameters: &Parameters, seed: Seed, paths: u64) -> Rc<Vec<f64>> {
        let mut known = self.factors.borrow_mut();
        if let Some((.., factors)) = known.iter().find(|(s, n, _)| (*s, *n) == (seed, paths)) {
            return Rc::clone(factors);
        }
        let uncertainty = self.plan(parameters, Span::Horizon).uncertainty;
        let factors = if uncertainty.detection > 0.0 {
            uncertainty.detection_factors(seed, paths)
        } else {
            Vec::new()
        };
        let factors = Rc::new(factors);
        known.push((seed, paths, Rc::clone(&factors)));
        factors
    }

    /// The needed stakes of each attack on each path, played once.
    fn needed(&self, parameters: &Parameters, key: Key) -> Option<Rc<Vec<Vec<f64>>>> {
        if let Some(known) = self.known.borrow().iter().find(|known| known.key == key) {
            return Some(Rc::clone(&known.needed_usd));
        }
        let mut plan = self.plan(parameters, Span::Horizon);
        // Needed is what must burn: how often a slash lands divides it afterwards.
        plan.uncertainty.races.clear();
        plan.record = Record::Critical;
        for attack in &mut plan.attacks {
            attack.burned_share = 1.0;
        }
        let ensemble = self.play(&plan, key.seed, key.paths)?;
        let columns = ensemble
            .cost(self.cost())
            .expect("the plan asked for the promise's cost");
        let stake = parameters.stake.get();
        let needed = columns
            .attack_scale_horizon
            .iter()
            .map(|scales| scales.iter().map(|scale| scale * stake).collect())
            .collect();
        let needed_usd = Rc::new(needed);
        self.known.borrow_mut().push(Known {
            key,
            needed_usd: Rc::clone(&needed_usd),
        });
        Some(needed_usd)
    }

    /// The risk curve of an ensemble that was played at `stake_usd`.
    #[must_use]
    pub fn curve_of(&self, ensemble: &Ensemble, stake_usd: f64) -> RiskCurve {
        let columns = ensemble
            .cost(self.cost())
            .expect("the plan asked for the promise's cost");
        RiskCurve::new(&columns.critical_scale_horizon, stake_usd, self.confidence)
    }
}

/// How far to move the logarithm of a stake where what it asks for is `gap` away: by the secant
/// through the last place, or by the gap itself. The gap falls with the stake, by less than it moves.
pub(super) fn next_step(before: &mut Option<(f64, f64)>, place: f64, gap: f64) -> f64 {
    const FARTHEST: f64 = 3.0;
    let step = before.map_or(gap, |(last, known): (f64, f64)| {
        let slope = (gap - known) / (place - last);
        if (-1.0..-0.02).contains(&slope) {
            -gap / slope
        } else {
            gap
        }
    });
    *before = Some((place, gap));
    step.clamp(-FARTHEST, FARTHEST)
}
