//! What a list of incidents has in common.

use super::super::{Measure, Method, nonnegative};
use crate::sim::incident::{Fate, Incident};
use crate::stats::{mean_interval, quantile};
use serde::Serialize;

/// Days of the timeline: six hours apart for a week, then half a day, for seven weeks at most.
const FINE_DAYS: u32 = 7;
const MOST_DAYS: u32 = 45;

/// What a list of incidents has in common.
///
/// Incidents that replay one moment share its state: intervals are over moments, not over plays.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Incidents {
    /// Moments.
    pub moments: u64,
    /// Incidents played.
    pub plays: u64,
    /// Shares by what became of the slash.
    pub fates: Fates,
    /// Share of incidents in which the slash landed.
    pub slashed: Measure,
    /// What left.
    pub extracted: Measure,
    /// What users lost by it.
    pub harm: Measure,
    /// What was slashed, at the prices of that moment.
    pub slashed_usd: Measure,
    /// What the slash would have taken from coalitions that got away.
    pub escaped: Measure,
    /// What those harmed were paid.
    pub paid: Measure,
    /// What those harmed were not paid.
    pub uninsured: Measure,
    /// Share of the harm that was paid back, all incidents together.
    pub paid_share: Measure,
    /// Tokens slashed, at the prices of the attack.
    pub staker_loss: Measure,
    /// What price falls took from the stake that was not slashed.
    pub markdown: Measure,
    /// Fall of the collateral's value by news and sales.
    pub price_fall: Measure,
    /// Largest fall that liquidations add, for each unit of the fall that began them.
    pub spiral_gain: f64,
    /// Further attacks on what was left.
    pub further: Measure,
    /// Share of incidents that another attack followed.
    pub followed: f64,
    /// Days to detection: 5, 50 and 95 of a hundred incidents are seen by then.
    pub detected_days: [Option<f64>; 3],
    /// Days to the slash, of those that were slashed.
    pub slashed_days: [Option<f64>; 3],
    /// Days to the payout, of those that were paid.
    pub paid_days: [Option<f64>; 3],
    /// How it unfolds.
    pub timeline: Vec<TimelinePoint>,
}

/// Shares of incidents by what became of the slash, adding up to one.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Fates {
    /// It landed.
    pub slashed: f64,
    /// The offence was never seen.
    pub unseen: f64,
    /// Nobody could be blamed.
    pub unattributed: f64,
    /// A committee stopped it.
    pub vetoed: f64,
    /// It did not execute.
    pub failed: f64,
    /// The stake had left.
    pub too_late: f64,
}

/// Where incidents stand some days after the attack.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TimelinePoint {
    /// Days since the attack.
    pub day: f64,
    /// Share of all that leaves in the end.
    pub extracted: f64,
    /// Share of incidents that are seen.
    pub detected: f64,
    /// Share of incidents whose attackers are slashed.
    pub slashed: f64,
    /// Share of all harm that is paid back.
    pub paid: f64,
}

impl Incidents {
    /// What `incidents` have in common, `replicates` in a row for each moment; `None` for none.
    pub(super) fn of(incidents: &[Incident], replicates: usize, confidence: f64) -> Option<Self> {
        if incidents.is_empty() {
            return None;
        }
        let over_moments = |value: &dyn Fn(&Incident) -> f64| -> Vec<f64> {
            incidents
                .chunks(replicates)
                .map(|plays| plays.iter().map(value).sum::<f64>() / plays.len() as f64)
                .collect()
        };
        let mean = |value: &dyn Fn(&Incident) -> f64, unit: &'static str| Measure {
            estimate: nonnegative(mean_interval(&over_moments(value), confidence)),
            unit,
            method: Method::Mean,
        };
        let share_of = |value: &dyn Fn(&Incident) -> f64| at_most_one(mean(value, "1"));
        let landed = |one: &Incident| f64::from(u8::from(one.fate == Fate::Slashed));
        Some(Self {
            moments: incidents.len().div_ceil(replicates) as u64,
            plays: incidents.len() as u64,
            fates: Fates::of(incidents),
            slashed: share_of(&landed),
            extracted: mean(&|one| one.extracted_usd, "USD"),
            harm: mean(&|one| one.harm_usd, "USD"),
            slashed_usd: mean(&|one| one.slashed_usd, "USD"),
            escaped: mean(&|one| one.escaped_usd, "USD"),
            paid: mean(&|one| one.paid_usd, "USD"),
            uninsured: mean(&|one| one.uninsured_usd, "USD"),
            paid_share: at_most_one(ratio(
                &over_moments(&|one| one.paid_usd.min(one.harm_usd)),
                &over_moments(&|one| one.harm_usd),
                confidence,
            )),
            staker_loss: mean(&|one| one.staker_loss_usd, "USD"),
            markdown: mean(&|one| one.markdown_usd, "USD"),
            price_fall: share_of(&|one| one.price_fall),
            spiral_gain: incidents
                .iter()
                .map(|one| one.spiral_gain)
                .fold(0.0, f64::max),
            further: mean(&|one| f64::from(one.further), "1"),
            followed: share(incidents, |one| one.further > 0),
            detected_days: days(incidents, |one| one.detected_days),
            slashed_days: days(incidents, |one| one.slashed_days),
            paid_days: days(incidents, |one| one.paid_days),
            timeline: timeline(incidents),
        })
    }
}

impl Fates {
    fn of(incidents: &[Incident]) -> Self {
        let of = |fate: Fate| share(incidents, |one| one.fate == fate);
        Self {
            slashed: of(Fate::Slashed),
            unseen: of(Fate::Unseen),
            unattributed: of(Fate::Unattributed),
            vetoed: of(Fate::Vetoed),
            failed: of(Fate::Failed),
            too_late: of(Fate::TooLate),
        }
    }
}

fn share(incidents: &[Incident], holds: impl Fn(&Incident) -> bool) -> f64 {
    incidents.iter().filter(|one| holds(one)).count() as f64 / incidents.len() as f64
}

/// A share has no interval above the whole.
fn at_most_one(mut measure: Measure) -> Measure {
    measure.estimate.high = measure.estimate.high.min(1.0);
    measure
}

/// A ratio of two means with its interval by the delta method: the mean of `a − r b` over `b`.
fn ratio(a: &[f64], b: &[f64], confidence: f64) -> Measure {
    let (top, bottom) = (crate::stats::mean(a), crate::stats::mean(b));
    let value = if bottom > 0.0 { top / bottom } else { 0.0 };
    let residual: Vec<f64> = a
        .iter()
        .zip(b)
        .map(|(a, b)| {
            if bottom > 0.0 {
                (a - value * b) / bottom
            } else {
                0.0
            }
        })
        .collect();
    let around = mean_interval(&residual, confidence);
    Measure {
        estimate: nonnegative(crate::stats::Estimate {
            value,
            low: value + around.low - around.value,
            high: value + around.high - around.value,
            ..around
        }),
        unit: "1",
        method: Method::Ratio,
    }
}

fn days(incidents: &[Incident], when: impl Fn(&Incident) -> f64) -> [Option<f64>; 3] {
    let mut found: Vec<f64> = incidents
        .iter()
        .map(when)
        .filter(|d| d.is_finite())
        .collect();
    if found.is_empty() {
        return [None; 3];
    }
    found.sort_by(f64::total_cmp);
    [0.05, 0.5, 0.95].map(|level| Some(quantile::quantile(&found, level)))
}

fn timeline(incidents: &[Incident]) -> Vec<TimelinePoint> {
    let n = incidents.len() as f64;
    let all = |of: fn(&Incident) -> f64| -> f64 { incidents.iter().map(of).sum() };
    let (taken, harm) = (all(|one| one.extracted_usd), all(|one| one.harm_usd));
    let of = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    let at = |day: f64| {
        let seen = |when: f64| f64::from(u8::from(when <= day));
        let left = |one: &Incident| {
            if one.stopped_days <= day {
                1.0
            } else {
                day / one.stopped_days
            }
        };
        let (mut extracted, mut detected, mut slashed, mut paid) = (0.0, 0.0, 0.0, 0.0);
        for one in incidents {
            extracted += left(one) * one.extracted_usd;
            detected += seen(one.detected_days);
            slashed += seen(one.slashed_days);
            paid += seen(one.paid_days) * one.paid_usd.min(one.harm_usd);
        }
        TimelinePoint {
            day,
            extracted: of(extracted, taken),
            detected: detected / n,
            slashed: slashed / n,
            paid: of(paid, harm),
        }
    };
    let last = incidents
        .iter()
        .flat_map(|one| {
            [
                one.detected_days,
                one.stopped_days,
                one.slashed_days,
                one.paid_days,
            ]
        })
        .filter(|day| day.is_finite())
        .fold(1.0, f64::max)
        .ceil()
        .min(f64::from(MOST_DAYS)) as u32;
    let fine = last.min(FINE_DAYS);
    (0..=4 * fine)
        .map(|quarter| f64::from(quarter) / 4.0)
        .chain((2 * fine + 1..=2 * last).map(|half| f64::from(half) / 2.0))
        .map(at)
        .collect()
}
