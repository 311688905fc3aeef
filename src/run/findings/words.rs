//! The sentences: what binds, what to change, how it was done, what to be careful about.

use super::Subject;
use crate::recommend::rare::{Bound, Evidence};
use crate::recommend::{
    Certificate, Constraint, Infeasible, Knob, Lever, Liveness, Recommendation, Relaxation, Shock,
    ShockKind,
};
use crate::report::findings::{Statement, Unit, Weighted};
use crate::report::format;
use crate::spec::model::{Estimator, Monitoring, Structure};

pub(super) fn question(subject: &Subject) -> String {
    let model = subject.model;
    format!(
        "{} · {} · horizon {}",
        model.service.name,
        model.operators.rule,
        format::days(model.target.insecure_within.get())
    )
}

pub(super) fn infeasible(infeasible: &Infeasible, relaxations: &[Relaxation]) -> String {
    let what = match infeasible.constraint {
        Constraint::Budget => "the largest budget allowed",
        Constraint::Supply => "what the supply curve offers",
        Constraint::DelegatedStake => "all that is delegated to the set",
        Constraint::Slash => "what a slash takes",
        Constraint::SlashLanding => "how often a slash lands",
        Constraint::OwnStake => "what operators themselves can lose",
        Constraint::OperatorCount => "the number of operators asked for",
    };
    let needed = if infeasible.needed.is_finite() {
        format!(
            "{} is not enough: {} {} allowed, {} needed",
            what,
            format::scaled(infeasible.allowed),
            infeasible.unit,
            format::scaled(infeasible.needed)
        )
    } else {
        format!("{what} cannot be enough whatever is paid")
    };
    // What each knob would have to be is told with its number: advice without one adds nothing.
    if relaxations.iter().any(|one| one.to.is_some()) {
        return needed;
    }
    let mut relax = infeasible.relax.chars();
    let first: String = relax.next().iter().flat_map(|c| c.to_uppercase()).collect();
    format!("{needed}. {first}{}", relax.as_str())
}

/// What a higher threshold costs: who can stop the service by staying away, now and then.
pub(super) fn halting([now, then]: &[Liveness; 2]) -> String {
    let who = |liveness: &Liveness| match liveness.entities {
        Some(1) => "1 entity".to_owned(),
        Some(count) => format!("{} entities", format::whole(count as u64)),
        None => format!("more than {}", format::share(liveness.halts)),
    };
    let rest = format!(
        "{} of the weight must then sign instead of {}",
        format::share(then.signs),
        format::share(now.signs)
    );
    if now.entities.is_some() && now.entities == then.entities {
        return format!(", but {rest}; {} staying away still stop it", who(now));
    }
    format!(
        ", but {rest}; {} staying away stop it instead of {}",
        who(then),
        who(now)
    )
}

pub(super) fn changes(subject: &Subject) -> Vec<Statement> {
    let recommendation = subject.recommendation;
    let mut changes = super::relaxations::changes(subject);
    changes.extend(
        recommendation
            .levers
            .iter()
            .filter(|lever| lever.controllable)
            .filter(|lever| lever.saving_usd_year > 0.005 * recommendation.design.budget.value)
            .take(3)
            .map(|lever| Statement {
                head: knob(lever),
                text: format!(
                    "from {} to {} saves {} at the same risk{}",
                    setting(lever, lever.from),
                    setting(lever, lever.to),
                    format::usd_per_year(lever.saving_usd_year),
                    lever.liveness.as_ref().map_or_else(String::new, halting)
                ),
                assumptions: Vec::new(),
            }),
    );
    changes
}

pub(super) fn binds(recommendation: &Recommendation) -> Vec<Statement> {
    let binding = recommendation
        .levers
        .iter()
        .filter(|lever| lever.constrains && lever.saving_usd_year > 0.0)
        .take(1);
    binding
        .map(|lever| {
            let worse = lever
                .stake_if_twice_as_bad_usd
                .map_or_else(String::new, |stake| {
                    format!(
                        "; when it is twice as bad, the same risk needs {}",
                        format::usd(stake)
                    )
                });
            Statement {
                head: knob(lever),
                text: format!(
                    "{} now; at {} the same risk needs {}{worse}",
                    setting(lever, lever.from),
                    setting(lever, lever.to),
                    format::usd(lever.stake_usd)
                ),
                assumptions: Vec::new(),
            }
        })
        .collect()
}

/// The smallest tested change of an assumption that breaks the promise.
pub(super) fn breaks_first(recommendation: &Recommendation) -> Option<Statement> {
    let first = recommendation.shocks.first()?;
    let text = match &first.breaks_at {
        Some(breaking) => format!(
            "at {} (the model has {})",
            shocked(first, breaking.value),
            shocked(first, first.baseline)
        ),
        None => format!(
            "nothing tried breaks it; tried up to {} of {}",
            shocked(first, first.tried_to),
            shock_name(first.kind)
        ),
    };
    Some(Statement {
        head: shock_name(first.kind).to_owned(),
        text,
        assumptions: Vec::new(),
    })
}

/// An assumption that is moved, in a reader's words.
pub(super) fn shock_name(kind: ShockKind) -> &'static str {
    match kind {
        ShockKind::Volatility => "volatility of the collateral",
        ShockKind::CrashRate => "frequency of crashes",
        ShockKind::Correlation => "correlation of collateral and value at risk",
        ShockKind::Concentration => "correlation among the collateral's assets",
        ShockKind::ValueAtRisk => "value at risk",
        ShockKind::OwnShare => "operators' own share",
        ShockKind::Detection => "detection",
        ShockKind::OperatorLoss => "loss of the largest operators",
        ShockKind::Price => "an overnight fall of the collateral",
    }
}

/// A value of a shock with its unit.
pub(super) fn shocked(shock: &Shock, value: f64) -> String {
    match shock.unit {
        "1" if shock.kind == ShockKind::Price => format::share(value),
        "1" => format::plain(value),
        "USD" => format::usd(value),
        "days" => format::days(value),
        // Crashes are counted; volatilities and hazards are shares of one.
        "1/year" if shock.kind == ShockKind::CrashRate => format::amount(value, Unit::PerYear),
        "1/year" => format::amount(value, Unit::SharePerYear),
        unit => format!("{} {unit}", format::plain(value)),
    }
}

fn knob(lever: &Lever) -> String {
    knob_name(lever.knob, lever.offence.as_deref())
}

/// A knob, with the offence that it belongs to.
pub(super) fn knob_name(knob: Knob, offence: Option<&str>) -> String {
    let name = match knob {
        Knob::Detection => "detection",
        Knob::Dispute => "dispute window",
        Knob::VetoWindow => "veto window",
        Knob::Veto => "wrong vetoes",
        Knob::Attribution => "attribution",
        Knob::Execution => "execution of the slash",
        Knob::Recapture => "recapture",
        Knob::Slash => "slash fraction",
        Knob::Accidents => "accidental slashing",
        Knob::Threshold => "quorum threshold",
        Knob::OwnStake => "operators' own stake",
        Knob::OperatorCosts => "the smallest operator's costs",
        Knob::EntityCap => "largest entity's share",
        Knob::ValueCap => "cap on the value at risk",
        Knob::EventCap => "cap on one event",
        Knob::OwnMinimum => "own stake asked of each operator",
        Knob::Stake => "slashable stake",
        Knob::Delegation => "delegated stake",
        Knob::Budget => "reward budget",
        Knob::Operators => "fewest operators",
        Knob::Promise => "a weaker promise",
    };
    match offence {
        Some(offence) => format!("{name} ({offence})"),
        None => name.to_owned(),
    }
}

fn setting(lever: &Lever, value: f64) -> String {
    setting_of(lever.unit, value)
}

/// A knob's value with its unit.
pub(super) fn setting_of(unit: &str, value: f64) -> String {
    match unit {
        "days" => format::days(value),
        "1" => format::share(value),
        "USD" => format::usd(value),
        "USD/year" => format::usd_per_year(value),
        "1/year" => format::amount(value, Unit::SharePerYear),
        "operators" if (value - 1.0).abs() < 0.5 => "1 operator".to_owned(),
        unit => format!("{} {unit}", format::plain(value)),
    }
}

/// Weighted paths, as the report shows them.
pub(super) fn weighted(evidence: &Evidence) -> Weighted {
    Weighted {
        method: method_name(evidence.estimator).to_owned(),
        paths: evidence.risk.n,
        failures: evidence.effective_failures,
        relative_error: if evidence.relative_error.is_finite() {
            evidence.relative_error
        } else {
            0.0
        },
        refused: evidence.refused.clone().unwrap_or_default(),
    }
}

fn method_name(estimator: Estimator) -> &'static str {
    match estimator {
        Estimator::Automatic | Estimator::Plain => "counting",
        Estimator::Conditional => "conditional Monte Carlo",
        Estimator::Importance => "importance sampling",
        Estimator::Sobol => "scrambled Sobol points",
    }
}

/// How the recommended design was judged, in words.
fn judged(certificate: &Certificate) -> String {
    if let Some(evidence) = &certificate.weighted {
        return judged_by_weights(certificate, evidence);
    }
    format!(
        "The recommended design was then judged on {} fresh paths (seed {}) that had no part in choosing it: {} were insecure; the exact binomial bound (Clopper and Pearson, 1934) is one-sided at confidence {}.",
        format::whole(certificate.paths),
        certificate.seed,
        certificate.failures,
        format::share(certificate.look_confidence)
    )
}

/// How the small risk was judged, in words.
fn judged_by_weights(certificate: &Certificate, evidence: &Evidence) -> String {
    let bound = match evidence.bound {
        Bound::Normal => "normal, widened for skewness (Johnson, 1978)".to_owned(),
        Bound::EmpiricalBernstein => {
            "empirical Bernstein, which holds for any bounded distribution (Maurer and Pontil, 2009)"
                .to_owned()
        }
        Bound::Student => format!(
            "Student's t over {} independent scrambles",
            evidence.replicates
        ),
    };
    format!(
        "The promise is too small to count, so the recommended design was judged by {} on {} fresh paths (seed {}): opportunities and crossings within a day are integrated, {} tilted laws share nine tenths of the paths and the true law keeps one, so no weight exceeds ten. Effective failures {}, effective paths {}, largest weight {} of all, mean weight {:.4} ± {:.4}. The one-sided bound at confidence {} is {bound}. Beside them {} plain paths were counted: {} insecure.",
        method_name(evidence.estimator),
        format::whole(evidence.risk.n),
        certificate.seed,
        evidence.tilts,
        format::whole(evidence.effective_failures.round() as u64),
        format::whole(evidence.effective_paths.round() as u64),
        format::share(evidence.largest_share),
        evidence.mean_weight,
        evidence.mean_weight_error,
        format::share(certificate.look_confidence),
        format::whole(certificate.paths),
        certificate.failures,
    )
}

pub(super) fn method(subject: &Subject) -> Vec<String> {
    let model = subject.model;
    let recommendation = subject.recommendation;
    let monitoring = match model.simulation.monitoring {
        Monitoring::Daily => "at the end of each day",
        Monitoring::Continuous => {
            "at every moment (between two days by the minimum of a Brownian bridge)"
        }
    };
    let coalition = match model.operators.structure {
        Structure::Pooled { .. } => {
            "Stake is a continuum here: an attacker can hold exactly the threshold.".to_owned()
        }
        Structure::Entities(_) => format!(
            "The cost of corruption is that of the cheapest coalition of entities that reaches the threshold, found exactly or as a certified lower bound; the largest gap between bound and coalition on any path was {}.",
            format::share(recommendation.assessment.largest_gap)
        ),
    };
    vec![
        format!(
            "Prices of the collateral and the value at risk are drawn together, day by day, as correlated geometric Brownian motions with jumps; security is looked at {monitoring}. Insecure means that some attack's profit exceeded its cost at some moment (first passage), not on the last day."
        ),
        coalition,
        format!(
            "Cost of corruption is linear in stake, so each path has a critical stake: the smallest multiple of the whole set that would have kept it secure. One ensemble of {} paths gives the whole curve of risk against stake, with distribution-free bounds from order statistics.",
            format::whole(recommendation.search.explore_paths)
        ),
        judged(&recommendation.certificate),
        "The confidence covers the error of sampling under this model. Errors of the model itself are what the assumptions, the levers and the shocks are for.".to_owned(),
    ]
}

pub(super) fn warnings(subject: &Subject) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(panel) = super::studies::worst_world(subject.recommendation)
        && subject.recommendation.verdict != crate::assess::Verdict::Safe
    {
        warnings.push(format!("Panel: {panel}."));
    }
    let named = matches!(subject.model.operators.structure, Structure::Entities(_));
    if subject.stamp.reconstructed && named {
        warnings.push(
            "The stake of single operators is reconstructed from totals, not read from the chain: concentration is an estimate. Pull a snapshot to design against the stake of today."
                .to_owned(),
        );
    }
    warnings
}
