//! Plays designs: one ensemble each, on common random numbers, and none where an earlier one
//! already holds the answer.

use super::curve::RiskCurve;
use crate::random::Seed;
use crate::sim::{self, Cost, Ensemble, Plan, Progress};
use crate::spec::Parameters;
use crate::spec::model::{Deterrence, Model};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::AtomicBool;

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
    path_days: Cell<u64>,
    ensembles: Cell<u64>,
}

/// A curve that was computed, and what it depends on.
#[derive(Clone)]
struct Known {
    seed: Seed,
    paths: u64,
    set: SetKey,
    burned: Vec<f64>,
    curve: Rc<RiskCurve>,
}

/// What decides a critical stake beside the burned shares.
#[derive(Debug, Clone, PartialEq)]
struct SetKey {
    threshold: f64,
    operators: Vec<usize>,
    entity_cap: f64,
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
            path_days: Cell::new(0),
            ensembles: Cell::new(0),
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
        Evaluator::new(model, self.cancel)
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
        self.path_days
            .set(self.path_days.get() + paths * u64::from(plan.days));
        self.ensembles.set(self.ensembles.get() + 1);
        let progress = Progress {
            finished: &|_| {},
            cancel: self.cancel,
        };
        sim::simulate(plan, seed, 0..paths, &progress)
    }

    /// The risk curve of a design; `None` when cancelled.
    ///
    /// With the whole stake as deterrent the cost is proportional to each attack's burned share:
    /// a design whose burned shares are all the same multiple of a known design's has its
    /// critical stakes, divided by that multiple.
    #[must_use]
    pub fn curve(&self, parameters: &Parameters, seed: Seed, paths: u64) -> Option<RiskCurve> {
        let set = SetKey {
            threshold: parameters.threshold.get(),
            operators: parameters
                .admitted(self.model)
                .iter()
                .map(|a| a.operator)
                .collect(),
            entity_cap: parameters.entity_cap.get(),
        };
        let burned: Vec<f64> = self
            .model
            .value
            .attacks
            .iter()
            .map(|attack| parameters.burned_share(self.model, attack).get())
            .collect();
        for known in self.known.borrow().iter() {
            if known.seed == seed && known.paths == paths && known.set == set {
                if let Some(multiple) = common_multiple(&burned, &known.burned) {
                    let linear = self.model.target.deterrence == Deterrence::WholeStake;
                    if linear || (multiple - 1.0).abs() < 1e-15 {
                        return Some(known.curve.scaled(1.0 / multiple));
                    }
                }
            }
        }
        let plan = self.plan(parameters, Span::Horizon);
        let ensemble = self.play(&plan, seed, paths)?;
        let curve = self.curve_of(&ensemble, parameters.stake.get());
        self.known.borrow_mut().push(Known {
            seed,
            paths,
            set,
            burned,
            curve: Rc::new(curve.clone()),
        });
        Some(curve)
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

/// The one positive number by which all of `values` are multiples of `base`, if there is one.
fn common_multiple(values: &[f64], base: &[f64]) -> Option<f64> {
    let first = values.first()? / base.first()?;
    let positive = first.is_finite() && first > 0.0;
    let same = values
        .iter()
        .zip(base)
        .all(|(v, b)| (v - first * b).abs() <= 1e-14 * v.abs());
    (positive && same).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::common_multiple;

    #[test]
    fn multiples_are_common_or_not() {
        assert_eq!(common_multiple(&[2.0, 4.0], &[1.0, 2.0]), Some(2.0));
        assert_eq!(common_multiple(&[2.0, 4.1], &[1.0, 2.0]), None);
        assert_eq!(common_multiple(&[0.0], &[1.0]), None);
    }
}
