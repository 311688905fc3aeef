//! What breaks first: the smallest change of each assumption that breaks the promise.
//!
//! The design stands as it is, its tokens included; one assumption moves at a time, all on the
//! same random numbers. The promise breaks where the stake that the changed world needs for the
//! tolerated risk passes the stake that is there. Both are smooth in the size of the change, so
//! a few ensembles find the place; its interval is that of the needed stake, carried over by the
//! local slope.

use super::evaluate::Evaluator;
use crate::random::Seed;
use crate::spec::model::{Choice, Detection, Deterrence, Model, Structure, Takes};
use crate::spec::{Parameters, positive_definite};
use crate::units::{Days, PerYear, Share, Usd};
use serde::Serialize;

/// One assumption and how much of a change the promise survives.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shock {
    /// What moves.
    pub kind: ShockKind,
    /// Its value in the model, in [`Self::unit`].
    pub baseline: f64,
    /// Unit of the values.
    pub unit: &'static str,
    /// Where the promise breaks; none if it holds up to [`Self::tried_to`].
    pub breaks_at: Option<Breaking>,
    /// The largest change tried.
    pub tried_to: f64,
    /// Size of the breaking change, comparable between assumptions: relative to the baseline,
    /// absolute for correlations; infinite if nothing tried breaks.
    pub size: f64,
}

/// The place where a promise breaks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Breaking {
    /// Value of the assumption.
    pub value: f64,
    /// The promise certainly still holds nearer to the baseline than this.
    pub low: f64,
    /// It certainly no longer holds beyond this.
    pub high: f64,
}

/// What is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ShockKind {
    /// Volatility of all collateral, by a common factor.
    Volatility,
    /// Crashes (jumps of collateral) come more often.
    CrashRate,
    /// Correlation of collateral with the value at risk, less by a common amount: the profit
    /// then rises while the collateral falls.
    Correlation,
    /// Correlation among the collateral's assets, towards one.
    Concentration,
    /// Value at risk, or what a fixed take takes.
    ValueAtRisk,
    /// Operators' own share of the stake.
    OwnShare,
    /// Time or probability of detection.
    Detection,
    /// The largest operators leave.
    OperatorLoss,
    /// All collateral loses value overnight.
    Price,
}

/// All shocks of a design, the smallest that breaks it first; `None` when cancelled.
#[must_use]
pub fn shocks(
    evaluator: &Evaluator,
    design: &Parameters,
    seed: Seed,
    paths: u64,
) -> Option<Vec<Shock>> {
    let model = evaluator.model();
    let mut shocks = Vec::new();
    for trial in trials(model, design) {
        shocks.push(match trial.kind {
            ShockKind::OperatorLoss => operator_loss(evaluator, design, seed, paths)?,
            _ => breaking(evaluator, design, &trial, seed, paths)?,
        });
    }
    shocks.sort_by(|a, b| a.size.total_cmp(&b.size));
    Some(shocks)
}

/// A change in one assumption: `x` from 0 to `largest`.
struct Trial {
    kind: ShockKind,
    baseline: f64,
    unit: &'static str,
    largest: f64,
}

impl Trial {
    /// The value of the assumption after a change of `x`.
    fn value(&self, x: f64) -> f64 {
        match self.kind {
            ShockKind::Correlation => self.baseline - x,
            ShockKind::Concentration => self.baseline + (1.0 - self.baseline) * x,
            ShockKind::OwnShare | ShockKind::Price => self.baseline * (1.0 - x),
            ShockKind::Detection if self.unit == "1" => self.baseline * (1.0 - x),
            _ => self.baseline * (1.0 + x),
        }
    }
}

fn trials(model: &Model, design: &Parameters) -> Vec<Trial> {
    let mut trials = Vec::new();
    let mut add = |kind, baseline: f64, unit, largest: f64| {
        if baseline.is_finite() && largest > 0.0 {
            trials.push(Trial {
                kind,
                baseline,
                unit,
                largest,
            });
        }
    };
    let assets = &model.market.assets;
    let mean_volatility =
        assets.iter().map(|a| a.volatility.get()).sum::<f64>() / assets.len() as f64;
    if mean_volatility > 0.0 {
        add(ShockKind::Volatility, mean_volatility, "1/year", 3.0);
    }
    if let Some(rate) = crash_rate(model) {
        // The simulation has at most one jump a day: more frequent ones cannot be played.
        let most = (0.98 * crate::units::DAYS_PER_YEAR / fastest_jumps(model) - 1.0).min(9.0);
        if most > 0.1 {
            add(ShockKind::CrashRate, rate, "1/year", most);
        }
    }
    if moves_with_value(model) && model.value.at_risk.volatility.get() > 0.0 {
        let last = assets.len();
        let mean = (0..last)
            .map(|i| model.market.correlation[i][last])
            .sum::<f64>()
            / last as f64;
        add(ShockKind::Correlation, mean, "1", 1.0 + mean);
    }
    if assets.len() > 1 {
        add(
            ShockKind::Concentration,
            mean_pair_correlation(model),
            "1",
            1.0,
        );
    }
    add(
        ShockKind::ValueAtRisk,
        model.value.at_risk.start.get(),
        "USD",
        9.0,
    );
    if model.target.deterrence == Deterrence::OperatorRational {
        add(
            ShockKind::OwnShare,
            model.operators.own_share.get(),
            "1",
            0.99,
        );
    }
    let attacked = model
        .value
        .attacks
        .first()
        .map(|attack| &model.slashing.offences[attack.offence]);
    match attacked.map(|offence| offence.detection) {
        Some(Detection::Exponential { mean }) => {
            add(ShockKind::Detection, mean.get(), "days", 19.0)
        }
        Some(Detection::Probability(p)) => add(ShockKind::Detection, p.get(), "1", 0.99),
        None => {}
    }
    if let Structure::Entities(_) = model.operators.structure {
        add(
            ShockKind::OperatorLoss,
            f64::from(design.operators),
            "operators",
            1.0,
        );
    }
    add(ShockKind::Price, 1.0, "1", 0.99);
    trials
}

/// The model after the change, and the stake that is then there.
fn changed(model: &Model, design: &Parameters, trial: &Trial, x: f64) -> Option<(Model, f64)> {
    let (mut model, mut stake) = (model.clone(), design.stake.get());
    let last = model.market.assets.len();
    match trial.kind {
        ShockKind::Volatility => {
            for asset in &mut model.market.assets {
                asset.volatility = PerYear(asset.volatility.get() * (1.0 + x));
            }
        }
        ShockKind::CrashRate => more_crashes(&mut model, 1.0 + x),
        ShockKind::Correlation => {
            for i in 0..last {
                let moved = (model.market.correlation[i][last] - x).max(-1.0);
                model.market.correlation[i][last] = moved;
                model.market.correlation[last][i] = moved;
            }
        }
        ShockKind::Concentration => {
            for i in 0..last {
                for j in 0..last {
                    let rho = model.market.correlation[i][j];
                    model.market.correlation[i][j] = rho + (1.0 - rho) * x;
                }
            }
        }
        ShockKind::ValueAtRisk => {
            let start = model.value.at_risk.start.get();
            model.value.at_risk.start = Usd(start * (1.0 + x));
            for attack in &mut model.value.attacks {
                attack.takes = match attack.takes {
                    Takes::Usd(usd) => Takes::Usd(Usd(usd.get() * (1.0 + x))),
                    Takes::LognormalUsd { median, sigma } => Takes::LognormalUsd {
                        median: Usd(median.get() * (1.0 + x)),
                        sigma,
                    },
                    Takes::ParetoUsd(law) => Takes::ParetoUsd(law.scaled(1.0 + x)),
                    share => share,
                };
            }
        }
        ShockKind::OwnShare => model.operators.own_share = Share(trial.value(x)),
        ShockKind::Detection => {
            for offence in &mut model.slashing.offences {
                offence.detection = match offence.detection {
                    Detection::Exponential { mean } => Detection::Exponential {
                        mean: Days(mean.get() * (1.0 + x)),
                    },
                    Detection::Probability(p) => Detection::Probability(Share(p.get() * (1.0 - x))),
                };
            }
        }
        ShockKind::Price => stake *= 1.0 - x,
        ShockKind::OperatorLoss => return None,
    }
    positive_definite(&model.market.correlation).then_some((model, stake))
}

/// ln(needed stake / stake there) after a change, with its interval.
fn gap(
    evaluator: &Evaluator,
    design: &Parameters,
    trial: &Trial,
    x: f64,
    seed: Seed,
    paths: u64,
) -> Option<Option<[f64; 3]>> {
    let Some((model, stake)) = changed(evaluator.model(), design, trial, x) else {
        return Some(None);
    };
    let other = match trial.kind {
        // Nothing in the world has changed, only what is left of the stake.
        ShockKind::Price => evaluator.with_model(&model),
        _ => evaluator.afresh(&model),
    };
    let needed = other.needed_stake(design, seed, paths, model.target.at_most.get())?;
    evaluator.count_work_of(&other);
    let ratio = |needed: f64| (needed / stake).ln();
    Some(Some([
        ratio(needed.low),
        ratio(needed.value),
        ratio(needed.high),
    ]))
}

fn breaking(
    evaluator: &Evaluator,
    design: &Parameters,
    trial: &Trial,
    seed: Seed,
    paths: u64,
) -> Option<Shock> {
    /// Ensembles spent on one shock at most, beside the bracket.
    const STEPS: usize = 6;
    let at = |x: f64| gap(evaluator, design, trial, x, seed, paths);
    let shock = |place: Option<(f64, f64, f64)>, tried: f64| Shock {
        kind: trial.kind,
        baseline: trial.baseline,
        unit: trial.unit,
        breaks_at: place.map(|(x, low, high)| Breaking {
            value: trial.value(x),
            low: trial.value(low),
            high: trial.value(high),
        }),
        tried_to: trial.value(tried),
        size: place.map_or(f64::INFINITY, |(x, _, _)| x),
    };
    let Some(start) = at(0.0)? else {
        return Some(shock(None, 0.0));
    };
    if start[1] > 0.0 {
        return Some(shock(Some((0.0, 0.0, 0.0)), 0.0));
    }
    // Walk outwards until it breaks, as far as the change means something.
    let (mut inside, mut outside) = ((0.0, start), None);
    let mut x = trial.largest.min(1.0) / 8.0;
    let mut tried = 0.0;
    loop {
        match at(x)? {
            None => break,
            Some(gap) if gap[1] > 0.0 => {
                outside = Some((x, gap));
                break;
            }
            Some(gap) => inside = (x, gap),
        }
        tried = x;
        if x >= trial.largest {
            break;
        }
        x = (x * 2.0).min(trial.largest);
    }
    let Some(mut outside) = outside else {
        return Some(shock(None, tried));
    };
    // False position, halving the weight of an end that stays (Illinois).
    let (mut f_in, mut f_out) = (inside.1[1], outside.1[1]);
    let mut last = outside;
    for _ in 0..STEPS {
        let place = if f_out.is_finite() && f_in.is_finite() {
            f_in / (f_in - f_out)
        } else {
            0.5
        };
        let x = inside.0 + (outside.0 - inside.0) * place.clamp(0.05, 0.95);
        let Some(gap) = at(x)? else { break };
        last = (x, gap);
        if gap[1] > 0.0 {
            (outside, f_out, f_in) = (last, gap[1], f_in / 2.0);
        } else {
            (inside, f_in, f_out) = (last, gap[1], f_out / 2.0);
        }
        if gap[1].abs() < 1e-4 || outside.0 - inside.0 < 1e-4 {
            break;
        }
    }
    let slope = (outside.1[1] - inside.1[1]) / (outside.0 - inside.0);
    let x = inside.0 - inside.1[1] / slope;
    let x = if x.is_finite() { x } else { outside.0 };
    let spread = |end: f64| {
        if slope > 0.0 && end.is_finite() {
            (end - last.1[1]) / slope
        } else {
            0.0
        }
    };
    // A larger needed stake breaks the promise sooner.
    let (low, high) = (
        (x - spread(last.1[2])).max(0.0),
        (x - spread(last.1[0])).min(trial.largest),
    );
    Some(shock(Some((x, low, high.max(x))), outside.0))
}

/// How many of the largest operators may leave, with their stake, before the promise breaks.
fn operator_loss(
    evaluator: &Evaluator,
    design: &Parameters,
    seed: Seed,
    paths: u64,
) -> Option<Shock> {
    let model = evaluator.model();
    let admitted = design.admitted(model);
    let kept = |lost: usize| -> Option<(Model, Parameters)> {
        let left = &admitted[lost..];
        let Structure::Entities(operators) = &model.operators.structure else {
            return None;
        };
        let stake: f64 = left.iter().map(|a| a.stake.get()).sum();
        let mut smaller = model.clone();
        let mut rest = Vec::with_capacity(left.len());
        for operator in left {
            let mut row = operators[operator.operator].clone();
            row.tokens.clone_from(&operator.tokens);
            rest.push(row);
        }
        smaller.operators.structure = Structure::Entities(rest);
        smaller.operators.count = Choice::Fixed(left.len() as u32);
        let mut parameters = design.with_stake(Usd(stake));
        parameters.operators = left.len() as u32;
        parameters.minimum_stake = Usd(0.0);
        Some((smaller, parameters))
    };
    let breaks = |lost: usize| -> Option<bool> {
        let Some((smaller, parameters)) = kept(lost) else {
            return Some(false);
        };
        let other = evaluator.afresh(&smaller);
        let tolerance = model.target.at_most.get();
        let needed = other.needed_stake(&parameters, seed, paths, tolerance)?;
        evaluator.count_work_of(&other);
        Some(needed.value > parameters.stake.get())
    };
    let count = admitted.len();
    let describe = |lost: Option<usize>, tried: usize| Shock {
        kind: ShockKind::OperatorLoss,
        baseline: count as f64,
        unit: "operators",
        breaks_at: lost.map(|lost| {
            let left = (count - lost) as f64;
            Breaking {
                value: left,
                low: left + 1.0,
                high: left,
            }
        }),
        tried_to: (count - tried) as f64,
        size: lost.map_or(f64::INFINITY, |lost| {
            let gone: f64 = admitted[..lost].iter().map(|a| a.stake.get()).sum();
            gone / design.stake.get()
        }),
    };
    if count < 2 {
        return Some(describe(None, 0));
    }
    // The stake that is left decides nearly alone: begin where a tenth, then a half of it is gone.
    let (mut holds, mut broken) = (0, None);
    let mut lost = 1;
    while lost < count {
        if breaks(lost)? {
            broken = Some(lost);
            break;
        }
        holds = lost;
        lost *= 2;
    }
    let Some(mut breaking) = broken else {
        return Some(describe(None, holds));
    };
    while breaking - holds > 1 {
        let middle = holds + (breaking - holds) / 2;
        if breaks(middle)? {
            breaking = middle
        } else {
            holds = middle
        }
    }
    Some(describe(Some(breaking), breaking))
}

fn moves_with_value(model: &Model) -> bool {
    model.value.attacks.iter().any(|attack| {
        attack.capped
            || matches!(
                attack.takes,
                Takes::ShareOfValue(_) | Takes::LognormalShare { .. }
            )
    })
}

fn crash_rate(model: &Model) -> Option<f64> {
    let own = model
        .market
        .assets
        .iter()
        .filter_map(|a| a.jumps)
        .map(|j| j.rate.get())
        .fold(0.0, f64::max);
    let shared = model
        .market
        .shared_jumps
        .as_ref()
        .map_or(0.0, |s| s.jumps.rate.get());
    let rate = if shared > 0.0 { shared } else { own };
    (rate > 0.0).then_some(rate)
}

/// The most frequent jumps of anything that jumps, a year.
fn fastest_jumps(model: &Model) -> f64 {
    let shared = model.market.shared_jumps.as_ref().map(|s| s.jumps);
    model
        .market
        .assets
        .iter()
        .filter_map(|asset| asset.jumps)
        .chain(shared)
        .map(|jumps| jumps.rate.get())
        .fold(f64::MIN_POSITIVE, f64::max)
}

fn more_crashes(model: &mut Model, factor: f64) {
    if let Some(shared) = &mut model.market.shared_jumps {
        shared.jumps.rate = PerYear(shared.jumps.rate.get() * factor);
    }
    for jumps in model
        .market
        .assets
        .iter_mut()
        .filter_map(|asset| asset.jumps.as_mut())
    {
        jumps.rate = PerYear(jumps.rate.get() * factor);
    }
}

fn mean_pair_correlation(model: &Model) -> f64 {
    let n = model.market.assets.len();
    let mut sum = 0.0;
    for i in 0..n {
        for j in 0..i {
            sum += model.market.correlation[i][j];
        }
    }
    sum / (n * (n - 1) / 2) as f64
}

#[cfg(test)]
mod tests {
    use crate::spec::positive_definite;

    #[test]
    fn impossible_correlations_are_seen() {
        assert!(positive_definite(&[vec![1.0, 0.9], vec![0.9, 1.0]]));
        assert!(!positive_definite(&[vec![1.0, 1.0], vec![1.0, 1.0]]));
        assert!(!positive_definite(&[
            vec![1.0, 0.9, -0.9],
            vec![0.9, 1.0, 0.9],
            vec![-0.9, 0.9, 1.0]
        ]));
    }
}
