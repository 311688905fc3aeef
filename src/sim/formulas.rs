//! Formulas of one moment that the engine evaluates where a column is not worth it.

use super::{Attack, Take};
use crate::economics::heavy_tail::ParetoTake;

impl Attack {
    /// What an operator that owns the share `own` of its stake is expected to lose of a unit of
    /// stake: its own part of the slash, less what returns to it of all of it, its delegators' part
    /// included. Negative where a slash pays.
    #[must_use]
    pub(crate) fn own_loss(&self, own: f64) -> f64 {
        // With nothing returned these are the very digits of burned · own.
        self.burned_share * own - self.returned_share * (1.0 - own)
    }
}

/// `ln(cost / profit)`: infinite where nothing is to be had.
pub(super) fn log_ratio(cost: f64, profit: f64) -> f64 {
    if profit > 0.0 {
        libm::log(cost / profit)
    } else {
        f64::INFINITY
    }
}

/// Relative change of a known profit for a relative change of the value at risk.
pub(super) fn value_elasticity(attack: &Attack, value: f64, profit: f64) -> f64 {
    let take = profit - attack.extra_profit_usd;
    let slope = match attack.take {
        // What is added to a capped take and taken off again may miss the cap by its last bits.
        _ if take >= attack.cap.fixed_usd() * (1.0 - 1e-12) => 0.0,
        _ if attack.cap.by_value() && take >= value * (1.0 - 1e-12) => 1.0,
        Take::ShareOfValue { share } => share,
        Take::RateLimited {
            share, most_usd, ..
        } if share * value > most_usd => 0.0,
        Take::RateLimited {
            share,
            most_usd: _,
            usd_per_day,
            mean_days_to_detection,
            pause_days,
        } => {
            let late = share * value / usd_per_day - pause_days;
            share
                * if late > 0.0 {
                    libm::exp(-late / mean_days_to_detection)
                } else {
                    1.0
                }
        }
        Take::Constant { .. }
        | Take::LognormalShareOfValue { .. }
        | Take::LognormalUsd { .. }
        | Take::Pareto(_) => 0.0,
    };
    if profit > 0.0 {
        slope * value / profit
    } else {
        0.0
    }
}

/// Probability that a random profit exceeds a cost, and its expectation where it does.
pub(super) fn profit_above(attack: &Attack, value: f64, cost: f64) -> (f64, f64) {
    let (mean, sd) = match attack.take {
        Take::LognormalShareOfValue { log_mean, log_sd } => (log_mean + libm::log(value), log_sd),
        Take::LognormalUsd { log_mean, log_sd } => (log_mean, log_sd),
        Take::Pareto(law) => return pareto_above(attack, law, value, cost),
        Take::Constant { .. } | Take::ShareOfValue { .. } | Take::RateLimited { .. } => {
            unreachable!("a known take is not drawn")
        }
    };
    let least = cost - attack.extra_profit_usd;
    let ceiling = attack.cap.ceiling_usd(value);
    if ceiling <= least {
        return (0.0, 0.0);
    }
    let log_least = if least > 0.0 {
        libm::log(least)
    } else {
        f64::NEG_INFINITY
    };
    // Nine deviations out nothing is left that a sum of days could show.
    if (mean + sd * sd - log_least) / sd < -9.0 {
        return (0.0, 0.0);
    }
    let phi = |x: f64| 0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2);
    let probability = phi((mean - log_least) / sd);
    let whole = libm::exp(mean + 0.5 * sd * sd);
    let mut above = whole * phi((mean + sd * sd - log_least) / sd);
    if ceiling < f64::INFINITY {
        let log_ceiling = libm::log(ceiling);
        above -= whole * phi((mean + sd * sd - log_ceiling) / sd);
        above += ceiling * phi((mean - log_ceiling) / sd);
    }
    (probability, above + attack.extra_profit_usd * probability)
}

/// The same for a heavy tail.
pub(super) fn pareto_above(attack: &Attack, law: ParetoTake, value: f64, cost: f64) -> (f64, f64) {
    let least = (cost - attack.extra_profit_usd).max(0.0);
    let ceiling = attack.cap.ceiling_usd(value);
    if ceiling <= least {
        return (0.0, 0.0);
    }
    let probability = law.exceeds(least);
    let above = law.expected_above_usd(least, ceiling);
    (probability, above + attack.extra_profit_usd * probability)
}

/// The fewest entities whose votes reach a share of all; the votes come back sorted.
pub(super) fn fewest(weights: &mut [f64], threshold: f64) -> u32 {
    let target = threshold * weights.iter().sum::<f64>() * (1.0 - 1e-12);
    weights.sort_by(|a, b| b.total_cmp(a));
    let mut votes = 0.0;
    let mut count = 0;
    for weight in weights.iter() {
        if votes >= target {
            break;
        }
        votes += weight;
        count += 1;
    }
    count
}

/// The first scale above `known` at which a growing concave cost, too small there, reaches
/// `needed`; infinite if none below 10^12 does.
pub(super) fn first_scale(known: f64, needed: f64, mut cost: impl FnMut(f64) -> f64) -> f64 {
    let (mut low, mut high) = (known, f64::max(1.0, 2.0 * known));
    let mut at_low = cost(low);
    let mut at_high = cost(high);
    while at_high < needed {
        if high > 1e12 {
            return f64::INFINITY;
        }
        (low, at_low) = (high, at_high);
        high *= 2.0;
        at_high = cost(high);
    }
    // The chord of a concave function lies below it: where the chord reaches `needed` is a new
    // upper end. Every other step halves, so that the interval shrinks whatever the shape.
    for round in 0..200 {
        if high - low <= 1e-12 * high {
            break;
        }
        let chord = low + (high - low) * (needed - at_low) / (at_high - at_low);
        let middle = if round % 2 == 0 && chord > low && chord < high {
            chord
        } else {
            0.5 * (low + high)
        };
        let at = cost(middle);
        if at < needed {
            (low, at_low) = (middle, at);
        } else {
            (high, at_high) = (middle, at);
        }
    }
    high
}
