//! The data of the figures.

use super::Subject;
use super::headline::used;
use super::words::{shock_name, shocked};
use crate::assess::LEVELS;
use crate::recommend::budget;
use crate::report::findings::{
    BreakRow, Breaks, BudgetCurve, BudgetPoint, Concentration, Design, FigureData, Frontier,
    Interval, MarginFan, Money, MoneyPart, Quantile, RiskCurve, RiskPoint, Standing, WorstMoment,
};
use crate::sim::{Columns, Cost};
use crate::spec::model::{Deterrence, Structure};
use crate::units::Usd;

/// Bins of the histograms.
const BINS: usize = 48;
/// Points of the budget curves.
const BUDGET_POINTS: usize = 41;

pub(super) fn data(subject: &Subject) -> FigureData {
    FigureData {
        margin: margin(subject),
        worst: worst(subject),
        risk: risk(subject),
        budget: budget_curve(subject),
        frontier: frontier(subject),
        concentration: concentration(subject),
        money: money(subject),
        breaks: breaks(subject),
        incident: super::aftermath::figure(subject),
        collateral: super::collateral::figure(subject),
        growth: super::growth::course(subject),
        panel: super::worlds::panel(subject),
        sizes: super::worlds::sizes(subject),
    }
}

/// The columns of the cost that the promise rests on.
pub(super) fn promised<'a>(subject: &'a Subject) -> Option<&'a Columns> {
    subject
        .ensemble
        .cost(match subject.model.target.deterrence {
            Deterrence::WholeStake => Cost::WholeStake,
            Deterrence::OperatorRational => Cost::OperatorRational,
        })
}

fn margin(subject: &Subject) -> Option<MarginFan> {
    let fan = &subject.recommendation.assessment.fan;
    if fan.len() < 2 {
        return None;
    }
    Some(MarginFan {
        days: fan.iter().map(|day| f64::from(day.day)).collect(),
        quantiles: LEVELS
            .iter()
            .enumerate()
            .map(|(index, level)| Quantile {
                probability: *level,
                coverage: fan.iter().map(|day| day.coverage[index]).collect(),
            })
            .collect(),
        horizon_days: subject.recommendation.promise.within_days,
        assumptions: used(subject, &["A-market", "A-jump", "A-value"]),
    })
}

fn worst(subject: &Subject) -> Option<WorstMoment> {
    let columns = promised(subject)?;
    let finite = |column: &[f64]| -> Vec<f64> {
        column
            .iter()
            .copied()
            .filter(|usd| usd.is_finite() && *usd > 0.0)
            .collect()
    };
    let (coc, pfc) = (finite(&columns.coc_usd), finite(&columns.pfc_usd));
    let all = coc.iter().chain(&pfc);
    let low = all.clone().copied().fold(f64::INFINITY, f64::min);
    let high = all.copied().fold(0.0, f64::max);
    if !low.is_finite() || high <= low {
        return None;
    }
    let (low, high) = (low.ln(), high.ln());
    let width = (high - low) / BINS as f64;
    let count = |values: &[f64]| -> Vec<u64> {
        let mut bins = vec![0_u64; BINS];
        for value in values {
            let bin = ((value.ln() - low) / width).floor();
            bins[(bin.max(0.0) as usize).min(BINS - 1)] += 1;
        }
        bins
    };
    Some(WorstMoment {
        edges_usd: (0..=BINS)
            .map(|edge| (low + width * edge as f64).exp())
            .collect(),
        coc: count(&coc),
        pfc: count(&pfc),
        days: f64::from(subject.model.simulation.days),
        assumptions: used(subject, &["A-value", "A-cap", "A-jump"]),
    })
}

fn risk(subject: &Subject) -> Option<RiskCurve> {
    let recommendation = subject.recommendation;
    if recommendation.curve.len() < 2 {
        return None;
    }
    let certificate = &recommendation.certificate;
    let share = certificate.risk();
    Some(RiskCurve {
        points: recommendation
            .curve
            .iter()
            .map(|point| RiskPoint {
                stake_usd: point.stake_usd,
                risk: point.risk.value,
                low: point.risk.low.max(0.0),
                high: point.risk.high.min(1.0),
            })
            .collect(),
        recommended: Some(RiskPoint {
            stake_usd: recommendation.design.stake.value,
            risk: share,
            low: certificate.at_least,
            high: certificate.at_most,
        }),
        today_usd: (recommendation.design.stake_today_usd > 0.0)
            .then_some(recommendation.design.stake_today_usd),
        assumptions: used(
            subject,
            &["A-market", "A-jump", "A-value", "A-reconstructed"],
        ),
    })
}

fn budget_curve(subject: &Subject) -> Option<BudgetCurve> {
    let recommendation = subject.recommendation;
    let chosen = recommendation.design.stake.value;
    let (mut stakers, mut operators) = (Vec::new(), Vec::new());
    for point in 0..BUDGET_POINTS {
        let stake = chosen * (0.2 + 1.8 * point as f64 / (BUDGET_POINTS - 1) as f64);
        let design = recommendation.parameters.with_stake(Usd(stake));
        let Some(needed) = budget::required(subject.model, &design) else {
            continue;
        };
        let at = |usd: f64| BudgetPoint {
            stake_usd: stake,
            budget_usd_per_year: usd,
        };
        if needed.stakers_usd_year.is_finite() && needed.operators_usd_year.is_finite() {
            stakers.push(at(needed.stakers_usd_year));
            operators.push(at(needed.operators_usd_year));
        }
    }
    if stakers.len() < 2 {
        return None;
    }
    let budget = &recommendation.design.budget;
    Some(BudgetCurve {
        stakers,
        operators,
        recommended: Some(BudgetPoint {
            stake_usd: chosen,
            budget_usd_per_year: budget.value,
        }),
        interval: (budget.low.is_finite() && budget.high.is_finite() && budget.low < budget.high)
            .then_some(Interval {
                low: budget.low,
                high: budget.high,
                confidence: recommendation.promise.confidence,
            }),
        assumptions: used(
            subject,
            &["A-supply", "A-operator-cost", "A-risk", "A-illiquidity"],
        ),
    })
}

/// Budgets closer than this, relative, are one design to a reader.
const SAME_BUDGET: f64 = 0.005;

fn frontier(subject: &Subject) -> Option<Frontier> {
    let recommendation = subject.recommendation;
    let chosen = recommendation.design.budget.value;
    // A point of the sweep that costs the same as the recommended design would hide it.
    let apart = |usd_year: f64| (usd_year - chosen).abs() > SAME_BUDGET * chosen;
    let mut designs: Vec<Design> = recommendation
        .frontier
        .points
        .iter()
        .filter(|point| point.budget_usd_year.is_finite() && point.risk.value > 0.0)
        .filter(|point| apart(point.budget_usd_year))
        .map(|point| Design {
            label: String::new(),
            budget_usd_per_year: point.budget_usd_year,
            risk: point.risk.value,
            low: point.risk.low.max(0.0),
            high: point.risk.high.min(1.0),
            standing: Standing::Frontier,
        })
        .collect();
    if designs.len() < 2 {
        return None;
    }
    let certificate = &recommendation.certificate;
    designs.push(Design {
        label: "recommended".to_owned(),
        budget_usd_per_year: chosen,
        risk: certificate.risk(),
        low: certificate.at_least,
        high: certificate.at_most,
        standing: Standing::Chosen,
    });
    Some(Frontier {
        designs,
        assumptions: used(subject, &["A-supply", "A-market", "A-value"]),
    })
}

fn concentration(subject: &Subject) -> Option<Concentration> {
    let Structure::Entities(_) = subject.model.operators.structure else {
        return None;
    };
    let admitted = subject.recommendation.parameters.admitted(subject.model);
    let total: f64 = admitted.iter().map(|operator| operator.stake.get()).sum();
    if total <= 0.0 {
        return None;
    }
    let mut shares: Vec<(usize, f64)> = Vec::new();
    for operator in &admitted {
        match shares
            .iter_mut()
            .find(|(entity, _)| *entity == operator.entity)
        {
            Some((_, share)) => *share += operator.stake.get() / total,
            None => shares.push((operator.entity, operator.stake.get() / total)),
        }
    }
    shares.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    Some(Concentration {
        names: shares
            .iter()
            .filter_map(|(entity, _)| subject.model.operators.entities.get(*entity).cloned())
            .collect(),
        entity_shares: shares.iter().map(|(_, share)| *share).collect(),
        threshold: subject.recommendation.parameters.threshold.get(),
        reconstructed: subject.stamp.reconstructed,
        assumptions: used(subject, &["A-entities", "A-reconstructed"]),
    })
}

/// How far each assumption must move to break the promise.
fn breaks(subject: &Subject) -> Option<Breaks> {
    let shocks = &subject.recommendation.shocks;
    if shocks.is_empty() {
        return None;
    }
    let reach = shocks
        .iter()
        .filter(|shock| shock.size.is_finite())
        .map(|shock| shock.size)
        .fold(1.0, f64::max);
    Some(Breaks {
        rows: shocks
            .iter()
            .map(|shock| BreakRow {
                input: shock_name(shock.kind).to_owned(),
                assumed: shocked(shock, shock.baseline),
                breaks_at: shock.breaks_at.as_ref().map(|at| shocked(shock, at.value)),
                deviations: if shock.size.is_finite() {
                    shock.size
                } else {
                    reach
                },
            })
            .collect(),
        assumptions: used(subject, &["A-market", "A-jump", "A-value", "A-own-share"]),
    })
}

/// The budget, divided among those who receive it.
fn money(subject: &Subject) -> Option<Money> {
    let recommendation = subject.recommendation;
    let total = recommendation.design.budget.value;
    if total <= 0.0 {
        return None;
    }
    let rewards = &subject.model.rewards;
    let fee = total * rewards.protocol_fee.get();
    let operators = (total - fee) * rewards.operator_split.get();
    let stakers = total - fee - operators;
    let costs = recommendation
        .budget
        .as_ref()
        .map_or(0.0, |budget| budget.operating_costs_usd_year)
        .min(operators);
    let part = |label: &str, usd_per_year: f64, note: &str| MoneyPart {
        label: label.to_owned(),
        usd_per_year,
        note: note.to_owned(),
    };
    let mut parts = vec![
        part("stakers", stakers, "what is left after fee and split"),
        part(
            "operators' costs",
            costs,
            "running the service, for all admitted operators",
        ),
        part(
            "operators' profit",
            operators - costs,
            "the split beyond the costs",
        ),
    ];
    if fee > 0.0 {
        parts.push(part("protocol fee", fee, "opted in"));
    }
    Some(Money {
        parts,
        assumptions: used(
            subject,
            &["A-operator-split", "A-operator-cost", "A-protocol"],
        ),
    })
}
