//! What an attack brings at one moment, plainly.

use crate::random::Stream;
use crate::sim::formulas;
use crate::sim::{Attack, Cap, Take};

/// Profit of an attack that is not drawn, and its elasticity to the value at risk.
pub(in crate::sim) fn known_profit(attack: &Attack, value: f64) -> (f64, f64) {
    let (take, slope) = match attack.take {
        Take::Constant { usd } => (usd, 0.0),
        Take::ShareOfValue { share } => (share * value, share),
        Take::RateLimited {
            share,
            most_usd,
            usd_per_day,
            mean_days_to_detection,
            pause_days,
        } => {
            let (reach, share) = if share * value > most_usd {
                (most_usd, 0.0)
            } else {
                (share * value, share)
            };
            let days = reach / usd_per_day;
            if days <= pause_days {
                (reach, share)
            } else {
                let left = libm::exp(-(days - pause_days) / mean_days_to_detection);
                (
                    usd_per_day * (pause_days + mean_days_to_detection * (1.0 - left)),
                    share * left,
                )
            }
        }
        Take::LognormalShareOfValue { .. } | Take::LognormalUsd { .. } | Take::Pareto(_) => {
            unreachable!("a random take has no known profit")
        }
    };
    let (take, slope) = capped(attack, take, slope, value);
    let profit = take + attack.extra_profit_usd;
    (
        profit,
        if profit > 0.0 {
            slope * value / profit
        } else {
            0.0
        },
    )
}

fn capped(attack: &Attack, take: f64, slope: f64, value: f64) -> (f64, f64) {
    let (take, slope) = match attack.cap {
        Cap::ByValue | Cap::ByValueAndUsd(_) if take > value => (value, 1.0),
        _ => (take, slope),
    };
    match attack.cap {
        Cap::ByUsd(usd) | Cap::ByValueAndUsd(usd) if take > usd => (usd, 0.0),
        _ => (take, slope),
    }
}

/// Profit of an attack of random size, drawn.
pub(super) fn drawn_profit(attack: &Attack, value: f64, marks: &mut Stream) -> f64 {
    let take = match attack.take {
        Take::LognormalShareOfValue { log_mean, log_sd } => {
            value * libm::exp(log_mean + log_sd * marks.normal())
        }
        Take::LognormalUsd { log_mean, log_sd } => libm::exp(log_mean + log_sd * marks.normal()),
        Take::Pareto(law) => law.at_normal(marks.normal()),
        _ => unreachable!("a known take is not drawn"),
    };
    capped(attack, take, 0.0, value).0 + attack.extra_profit_usd
}

/// Probability that a random profit exceeds a cost, and its expectation where it does.
pub(super) fn profit_above(attack: &Attack, value: f64, cost: f64) -> (f64, f64) {
    let (mean, sd) = match attack.take {
        Take::LognormalShareOfValue { log_mean, log_sd } => (log_mean + libm::log(value), log_sd),
        Take::LognormalUsd { log_mean, log_sd } => (log_mean, log_sd),
        Take::Pareto(law) => return formulas::pareto_above(attack, law, value, cost),
        _ => unreachable!("a known take is not drawn"),
    };
    let phi = |x: f64| 0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2);
    let least = cost - attack.extra_profit_usd;
    let ceiling = match attack.cap {
        Cap::Uncapped => f64::INFINITY,
        Cap::ByValue => value,
        Cap::ByUsd(usd) => usd,
        Cap::ByValueAndUsd(usd) => value.min(usd),
    };
    if ceiling <= least {
        return (0.0, 0.0);
    }
    let log_least = if least > 0.0 {
        libm::log(least)
    } else {
        f64::NEG_INFINITY
    };
    let probability = phi((mean - log_least) / sd);
    let whole = libm::exp(mean + 0.5 * sd * sd);
    let mut above = whole * phi((mean + sd * sd - log_least) / sd);
    if ceiling.is_finite() {
        let log_ceiling = libm::log(ceiling);
        above -= whole * phi((mean + sd * sd - log_ceiling) / sd);
        above += ceiling * phi((mean - log_ceiling) / sd);
    }
    (probability, above + attack.extra_profit_usd * probability)
}
