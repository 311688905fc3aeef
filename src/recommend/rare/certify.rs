//! From a design to its small risk: exploration of the stakes, and judgement on fresh seeds.

use super::evidence::{Drawn, Evidence};
use super::law::{Law, Mixture};
use super::{
    Job, LADDER, Pilots, Points, QUICK_LADDER, REPLICATES, Sample, adapt, draw, ladder, plan,
    sample,
};
use crate::assess::Verdict;
use crate::random::Seed;
use crate::recommend::CurvePoint;
use crate::recommend::evaluate::Evaluator;
use crate::sim::Plan;
use crate::spec::Parameters;
use crate::spec::model::Estimator;
use crate::stats::{Estimate, normal};

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// The risk aimed at.
    pub risk: f64,
    /// Seed of the pilots and of the exploration.
    pub seed: Seed,
    /// Weighted paths.
    pub paths: u64,
    /// How they are drawn.
    pub estimator: Estimator,
}

/// Risk against stake around the risk aimed at.
#[derive(Debug, Clone)]
pub struct Explored {
    estimator: Estimator,
    mixture: Mixture,
    /// Stakes, USD, ascending, with the evidence at each; none where nothing fails.
    points: Vec<(f64, Evidence)>,
    /// What every stake has where it does not matter: 0 if nothing ever fails, infinite if
    /// everything does.
    constant: Option<f64>,
}

/// A design judged on fresh seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The verdict; undecided where a diagnostic fails.
    pub verdict: Verdict,
    /// What it rests on.
    pub evidence: Evidence,
}

/// Explores the stakes of a design; `None` when cancelled.
pub fn explore(
    evaluator: &Evaluator,
    parameters: &Parameters,
    question: &Question,
) -> Option<Explored> {
    let plan = plan(evaluator, parameters);
    explore_plan(evaluator, &plan, parameters.stake.get(), question)
}

/// The same of a plan, whose stake is `stake_usd`.
pub fn explore_plan(
    evaluator: &Evaluator,
    plan: &Plan,
    stake_usd: f64,
    question: &Question,
) -> Option<Explored> {
    let cost = evaluator.cost();
    let none = |constant: f64| Explored {
        estimator: question.estimator,
        mixture: Mixture::of(Vec::new()),
        points: Vec::new(),
        constant: Some(constant),
    };
    let pilots = adapt::adapt(plan, cost, question.risk, question.seed, evaluator.cancel())?;
    let adapted = match pilots {
        Pilots::Found(adapted) => adapted,
        Pilots::NeverFails => return Some(none(0.0)),
        Pilots::AlwaysFails => return Some(none(f64::INFINITY)),
    };
    evaluator.count(adapted.path_days);
    let mixture = match question.estimator {
        Estimator::Conditional => Mixture::of(Vec::new()),
        _ => adapted.mixture.clone(),
    };
    evaluator.keep_tilted(Some(adapted.mixture));
    let scales = ladder(0.25 * adapted.scale, 2.5 * adapted.scale, LADDER);
    at_scales(evaluator, stake_usd, plan, &scales, mixture, question)
}

/// Explores the stakes around a design's own under given laws, or under its own where those do
/// not fit or do not answer; `None` when cancelled.
pub fn under(
    evaluator: &Evaluator,
    parameters: &Parameters,
    question: &Question,
    mixture: Mixture,
) -> Option<Explored> {
    let plan = plan(evaluator, parameters);
    under_plan(evaluator, &plan, parameters.stake.get(), question, mixture)
}

/// The same of a plan, whose stake is `stake_usd`.
pub fn under_plan(
    evaluator: &Evaluator,
    plan: &Plan,
    stake_usd: f64,
    question: &Question,
    mixture: Mixture,
) -> Option<Explored> {
    if !mixture.fits(&Law::of(plan)) {
        return explore_plan(evaluator, plan, stake_usd, question);
    }
    let scales = ladder(0.3, 3.0, QUICK_LADDER);
    let near = at_scales(evaluator, stake_usd, plan, &scales, mixture, question)?;
    if near.answers(question.risk) {
        return Some(near);
    }
    explore_plan(evaluator, plan, stake_usd, question)
}

fn at_scales(
    evaluator: &Evaluator,
    stake_usd: f64,
    plan: &Plan,
    scales: &[f64],
    mixture: Mixture,
    question: &Question,
) -> Option<Explored> {
    let samples = samples(evaluator, plan, scales, &mixture, question)?;
    let confidence = evaluator.model().target.confidence.get();
    let points = (0..scales.len())
        .map(|i| {
            let evidence = evidence(&samples, i, question.estimator, &mixture, confidence);
            (scales[i] * stake_usd, evidence)
        })
        .collect();
    Some(Explored {
        estimator: question.estimator,
        mixture,
        points,
        constant: None,
    })
}

/// Plays the paths of an estimator: one run, or one a scramble.
fn samples(
    evaluator: &Evaluator,
    plan: &Plan,
    scales: &[f64],
    mixture: &Mixture,
    question: &Question,
) -> Option<Vec<Sample>> {
    let job = |points, paths| Job {
        plan,
        cost: evaluator.cost(),
        scales,
        mixture,
        seed: question.seed,
        paths,
        points,
        cancel: evaluator.cancel(),
    };
    let days = u64::from(plan.horizon_days);
    if question.estimator == Estimator::Sobol {
        let layout = draw::Layout::of(&Law::of(plan), plan.horizon_days);
        // A whole power of two: the balance of the points breaks otherwise.
        let each = (question.paths / REPLICATES).max(64).next_power_of_two();
        evaluator.count(REPLICATES * each * days);
        return (0..REPLICATES)
            .map(|repetition| sample::play(&job(Points::Sobol(&layout, repetition), each)))
            .collect();
    }
    let paths = question.paths.next_multiple_of(mixture.cycle());
    evaluator.count(paths * days);
    Some(vec![sample::play(&job(Points::Random, paths))?])
}

fn evidence(
    samples: &[Sample],
    scale: usize,
    estimator: Estimator,
    mixture: &Mixture,
    confidence: f64,
) -> Evidence {
    let drawn = Drawn {
        estimator,
        range: mixture.largest_weight(),
        tilts: mixture.tilts().len(),
    };
    match samples {
        [one] => Evidence::of(one, scale, drawn, confidence),
        many => Evidence::of_replicates(many, scale, drawn, confidence),
    }
}

impl Explored {
    /// The stake whose risk is `risk`, USD, by interpolation in the logarithms; at the ends of
    /// the stakes explored where it lies beyond them.
    #[must_use]
    pub fn stake(&self, risk: f64) -> f64 {
        if let Some(constant) = self.constant {
            return constant;
        }
        let value = |i: usize| self.points[i].1.risk.value;
        let last = self.points.len() - 1;
        if value(0) <= risk {
            return self.points[0].0;
        }
        // Risk falls with stake: the first point that is low enough.
        let Some(i) = (1..=last).find(|&i| value(i) <= risk) else {
            return self.points[last].0;
        };
        let (from, to) = (&self.points[i - 1], &self.points[i]);
        let (high, low) = (value(i - 1), value(i));
        if low <= 0.0 {
            return to.0;
        }
        let place = (high / risk).ln() / (high / low).ln();
        (from.0.ln() + place * (to.0 / from.0).ln()).exp()
    }

    /// Whether the paths answer for `risk`: it lies between two of the stakes explored, and the
    /// diagnostics hold at both.
    #[must_use]
    pub fn answers(&self, risk: f64) -> bool {
        self.points.windows(2).any(|pair| {
            let (above, below) = (&pair[0].1, &pair[1].1);
            let between = above.risk.value > risk && below.risk.value <= risk;
            let holds = |e: &Evidence| e.undecided().is_none();
            between && holds(above) && holds(below)
        })
    }

    /// The risk at a stake, USD, with the relative error of the nearest stake explored.
    #[must_use]
    pub fn risk(&self, stake_usd: f64) -> f64 {
        if let Some(constant) = self.constant {
            return f64::from(u8::from(constant.is_infinite()));
        }
        let after = self.points.partition_point(|(stake, _)| *stake < stake_usd);
        let at = |i: usize| (self.points[i].0, self.points[i].1.risk.value);
        if after == 0 || after == self.points.len() {
            return at(after.min(self.points.len() - 1)).1;
        }
        let ((left, high), (right, low)) = (at(after - 1), at(after));
        if low <= 0.0 {
            return high;
        }
        let place = (stake_usd / left).ln() / (right / left).ln();
        (high.ln() + place * (low / high).ln()).exp()
    }

    /// The stake whose risk is `risk`, with its interval at `confidence`, from `n` paths.
    #[must_use]
    pub fn needed(&self, risk: f64, confidence: f64, n: u64) -> Estimate {
        let value = self.stake(risk);
        let (low, high) = self.stake_interval(value, risk, confidence);
        Estimate {
            value,
            low,
            high,
            confidence,
            n,
        }
    }

    /// The risk at a stake, USD, with its interval: the relative error is that of the nearest
    /// stake explored.
    #[must_use]
    pub fn risk_at(&self, stake_usd: f64, confidence: f64) -> Estimate {
        let value = self.risk(stake_usd);
        let nearest = self.nearest(stake_usd);
        let error = nearest.map_or(0.0, |evidence| evidence.relative_error.min(1.0));
        let half = normal::two_sided(confidence) * error * value;
        Estimate {
            value,
            low: (value - half).max(0.0),
            high: (value + half).min(1.0),
            confidence,
            n: nearest.map_or(0, |evidence| evidence.risk.n),
        }
    }

    /// The evidence of the stake explored that is nearest.
    fn nearest(&self, stake_usd: f64) -> Option<&Evidence> {
        let far = |stake: f64| (stake / stake_usd).ln().abs();
        let nearest = self
            .points
            .iter()
            .min_by(|a, b| far(a.0).total_cmp(&far(b.0)));
        nearest.map(|(_, evidence)| evidence)
    }

    /// The stake to put before fresh paths so that they certify `risk` with probability `chance`,
    /// USD: the exploration's error and theirs are allowed for.
    #[must_use]
    pub fn stake_to_certify(&self, risk: f64, confidence: f64, chance: f64) -> f64 {
        let error = self.relative_error(risk);
        let allowance = normal::quantile(confidence) * error
            + normal::quantile(chance) * std::f64::consts::SQRT_2 * error;
        self.stake(risk / (1.0 + allowance))
    }

    /// Relative standard error of the risk at the stake where it is `risk`.
    fn relative_error(&self, risk: f64) -> f64 {
        self.nearest(self.stake(risk))
            .map_or(0.0, |evidence| evidence.relative_error.min(0.5))
    }

    /// From the smallest stake that may keep the promise to the largest that another seed would
    /// ask for, at `confidence`, USD.
    #[must_use]
    pub fn stake_interval(&self, stake_usd: f64, risk: f64, confidence: f64) -> (f64, f64) {
        let z = normal::quantile(0.5 + 0.5 * confidence);
        let error = self.relative_error(risk);
        let low = self.stake(risk * (1.0 + z * error)).min(stake_usd);
        let chosen = self.risk(stake_usd).min(risk);
        let high = self.stake(chosen / (1.0 + z * error)).max(stake_usd);
        (low, high)
    }

    /// The curve's points that have an answer.
    #[must_use]
    pub fn curve(&self) -> Vec<CurvePoint> {
        self.points
            .iter()
            .filter(|(_, evidence)| evidence.risk.value > 0.0 && evidence.undecided().is_none())
            .map(|(stake_usd, evidence)| CurvePoint {
                stake_usd: *stake_usd,
                risk: evidence.risk,
            })
            .collect()
    }

    /// Plays fresh paths of a design under the laws that the exploration found, at multiples of
    /// its stake; `None` when cancelled.
    #[must_use]
    pub fn fresh(
        &self,
        evaluator: &Evaluator,
        parameters: &Parameters,
        seed: Seed,
        paths: u64,
        scales: &[f64],
    ) -> Option<Fresh> {
        let plan = plan(evaluator, parameters);
        let question = Question {
            risk: evaluator.model().target.at_most.get(),
            seed,
            paths,
            estimator: self.estimator,
        };
        Some(Fresh {
            samples: samples(evaluator, &plan, scales, &self.mixture, &question)?,
            estimator: self.estimator,
            mixture: self.mixture.clone(),
        })
    }
}

impl Fresh {
    /// The evidence at one of the scales.
    #[must_use]
    pub fn evidence(&self, scale: usize, confidence: f64) -> Evidence {
        evidence(
            &self.samples,
            scale,
            self.estimator,
            &self.mixture,
            confidence,
        )
    }

    /// Judges the design at its own stake, the first of the scales. `plain` are the insecure ones
    /// among paths that were counted at that stake.
    #[must_use]
    pub fn judge(&self, tolerance: f64, confidence: f64, plain: Counted) -> Judged {
        let mut evidence = self.evidence(0, confidence);
        if evidence.refused.is_none() {
            evidence.refused = plain.contradicts(evidence.at_most);
        }
        let verdict = if evidence.refused.is_some() {
            Verdict::Undecided { paths_needed: None }
        } else if evidence.at_most <= tolerance {
            Verdict::Safe
        } else if evidence.at_least > tolerance {
            Verdict::Unsafe
        } else {
            let paths_needed = evidence.paths_needed(tolerance);
            evidence.refused = evidence.undecided();
            Verdict::Undecided { paths_needed }
        };
        Judged { verdict, evidence }
    }
}

/// Fresh paths of a design.
pub struct Fresh {
    samples: Vec<Sample>,
    estimator: Estimator,
    mixture: Mixture,
}

/// Plain paths, counted.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    /// Paths.
    pub paths: u64,
    /// Insecure ones.
    pub failures: u64,
}

impl Counted {
    /// Chance below which counting contradicts a bound.
    const SURPRISE: f64 = 1e-4;

    /// Why the weighted paths cannot be right, if more plain paths fail than their bound allows:
    /// then there is a way to fail that no tilt points at.
    fn contradicts(self, at_most: f64) -> Option<String> {
        let least = crate::stats::proportion::clopper_pearson_lower(
            self.failures,
            self.paths,
            1.0 - Self::SURPRISE,
        );
        (least > at_most).then(|| {
            format!(
                "{} of {} plain paths fail, more than a risk of {at_most:.1e} allows: there is a way to fail that the weighted paths miss",
                self.failures, self.paths
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_contradicts_only_what_it_can() {
        let counted = |failures| Counted {
            paths: 40_000,
            failures,
        };
        assert!(counted(0).contradicts(1e-6).is_none());
        assert!(counted(3).contradicts(1e-6).is_some());
        assert!(counted(12).contradicts(5e-4).is_none());
    }
}
