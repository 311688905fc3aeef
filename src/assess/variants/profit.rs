//! What one success brings, and what users lose by it.

use super::{Kind, Ledger, Line, Moment};
use crate::economics::profit::{RateLimited, within_window_usd};
use crate::sim::{Plan, Take, When};
use crate::spec::Parameters;
use crate::spec::model::{Attack, Detection, Extraction, Model};
use crate::stats::normal;
use crate::units::DAYS_PER_YEAR;

pub(super) fn line(kind: Kind, usd: f64) -> Line {
    Line {
        kind,
        usd,
        entities: 0,
        gap: 0.0,
        credible: true,
    }
}

/// Every profit that the model has something to say about.
pub(super) fn lines(
    model: &Model,
    parameters: &Parameters,
    plan: &Plan,
    index: usize,
    moment: &Moment,
) -> Vec<Line> {
    let attack = &model.value.attacks[index];
    let played = &plan.attacks[index];
    let value = moment.value_usd;
    let cap = played.cap.ceiling_usd(value);
    let extra = played.extra_profit_usd;
    let mut lines = Vec::new();
    match played.take {
        Take::Constant { usd } => lines.push(line(Kind::Event, usd.min(cap))),
        Take::ShareOfValue { share } => lines.push(line(Kind::Event, (share * value).min(cap))),
        Take::LognormalUsd { log_mean, log_sd } => {
            let size = lognormal(log_mean, log_sd);
            lines.extend(random(model, played.when, moment, index, size, cap, extra));
        }
        Take::LognormalShareOfValue { log_mean, log_sd } => {
            let log_mean = log_mean + libm::log(value);
            let size = lognormal(log_mean, log_sd);
            lines.extend(random(model, played.when, moment, index, size, cap, extra));
        }
        Take::Pareto(law) => {
            let size = |above: f64| law.exceeded_with(above);
            lines.extend(random(model, played.when, moment, index, size, cap, extra));
        }
        Take::RateLimited {
            share,
            most_usd,
            usd_per_day,
            mean_days_to_detection,
            pause_days,
        } => {
            let limited = RateLimited {
                reachable_usd: (share * value).min(most_usd),
                limit_usd_day: usd_per_day,
                mean_detection_days: mean_days_to_detection,
                pause_days,
            };
            let kind = match attack.extraction {
                Extraction::DisputeWindow { .. } => Kind::Window,
                _ => Kind::RateLimited,
            };
            lines.push(line(kind, limited.expected_usd().min(cap)));
        }
    }
    lines.extend(window(model, parameters, index, value, cap));
    lines.extend(beside(model, index, &lines));
    lines
}

/// What can be had in the same attack, part by part, and all of it with the largest take. A part
/// alone is no attack.
fn beside(model: &Model, index: usize, takes: &[Line]) -> Vec<Line> {
    let attack = &model.value.attacks[index];
    let elsewhere: f64 = model.value.elsewhere.iter().map(|e| e.adds_usd()).sum();
    let parts = [
        (Kind::Short, attack.short.map(|short| short.profit_usd())),
        (Kind::Reordering, some(attack.reorder.get())),
        (Kind::Ransom, some(attack.ransom.get())),
        (
            Kind::Elsewhere,
            (!model.value.elsewhere.is_empty()).then_some(elsewhere),
        ),
    ];
    let mut lines: Vec<Line> = parts
        .into_iter()
        .filter_map(|(kind, usd)| usd.map(|usd| (kind, usd)))
        .map(|(kind, usd)| Line {
            credible: false,
            ..line(kind, usd)
        })
        .collect();
    if !lines.is_empty() {
        let all = largest(takes) + model.extra_profit_usd(attack);
        lines.push(line(Kind::Everything, all));
    }
    lines
}

fn some(usd: f64) -> Option<f64> {
    (usd > 0.0).then_some(usd)
}

/// The largest credible of some lines, USD.
fn largest(lines: &[Line]) -> f64 {
    lines
        .iter()
        .filter(|line| line.credible)
        .map(|line| line.usd)
        .fold(0.0, f64::max)
}

/// The size of a lognormal take that is exceeded with a given probability.
fn lognormal(log_mean: f64, log_sd: f64) -> impl Fn(f64) -> f64 {
    move |above| libm::exp(log_mean + log_sd * normal::quantile(1.0 - above))
}

/// The middle of the sizes, the size that the promise must withstand, and the size that a
/// simulated path met at this moment.
fn random(
    model: &Model,
    when: When,
    moment: &Moment,
    index: usize,
    size: impl Fn(f64) -> f64,
    cap: f64,
    extra_usd: f64,
) -> Vec<Line> {
    let years = model.target.insecure_within.years();
    let opportunities = years
        * match when {
            When::Standing => DAYS_PER_YEAR,
            When::Poisson { per_year } => per_year,
        };
    // P(no opportunity above x) = exp(-n P(X > x)) = 1 - ε.
    let above = -libm::log1p(-model.target.at_most.get()) / opportunities.max(f64::MIN_POSITIVE);
    let mut lines = vec![line(Kind::Event, size(0.5).min(cap))];
    if above < 1.0 {
        lines.push(line(Kind::Tail, size(above).min(cap)));
    }
    if let Some((attack, usd)) = moment.drawn
        && attack == index
    {
        // A path met this very size; the promise's own quantile belongs to the start.
        lines.truncate(1);
        let take = usd - extra_usd;
        lines.push(line(Kind::Drawn, take));
    }
    lines
}

/// Everything that leaves through a rate limit before detection, dispute and veto are over: what
/// stays takable when nobody pauses.
fn window(
    model: &Model,
    parameters: &Parameters,
    index: usize,
    value: f64,
    cap: f64,
) -> Option<Line> {
    let attack = &model.value.attacks[index];
    let Extraction::RateLimited { usd_per_day, .. } = attack.extraction else {
        return None;
    };
    let Detection::Exponential { mean } = model.slashing.offences[attack.offence].detection else {
        return None;
    };
    let days = mean.get() + parameters.offences[attack.offence].delay().get();
    let usd = within_window_usd(usd_per_day, days, value).min(cap);
    Some(Line {
        credible: false,
        ..line(Kind::Window, usd)
    })
}

/// All attacks at once: the one that brings most at its full size, those that can be done on any
/// day at theirs, and the others, whose opportunity must happen to come along, at their middle.
/// What other services bring is had once.
pub(super) fn joint_usd(model: &Model, plan: &Plan, ledgers: &[Ledger]) -> f64 {
    let elsewhere: f64 = model.value.elsewhere.iter().map(|e| e.adds_usd()).sum();
    let full = |index: usize| ledgers[index].profit().usd - elsewhere;
    let beside = |index: usize| match plan.attacks[index].when {
        When::Standing => full(index),
        When::Poisson { .. } => ledgers[index].line(Kind::Event).map_or_else(
            || full(index),
            |line| line.usd + model.value.attacks[index].beside_usd(),
        ),
    };
    let sum: f64 = (0..ledgers.len()).map(beside).sum();
    (0..ledgers.len())
        .map(|best| sum - beside(best) + full(best))
        .fold(0.0, f64::max)
        + elsewhere
}

/// What users lose: where the model does not say, what the attacker takes from them.
pub(super) fn harm_usd(attack: &Attack, profits: &[Line]) -> f64 {
    let take = profits
        .iter()
        .filter(|line| line.credible && line.kind != Kind::Everything)
        .map(|line| line.usd)
        .fold(0.0, f64::max);
    attack.harm_usd(take)
}
