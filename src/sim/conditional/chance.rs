//! The chance that a day is insecure once its prices are known.

use crate::sim::{Attack, Take, When, formulas};
use crate::stats::normal;
use crate::units::DAYS_PER_YEAR;

/// The probability that an attack whose take is drawn pays on a day: one draw for an attack that
/// stands, or at least one paying arrival, `1 - exp(-λ P(Π > C))`.
pub fn attack_chance(attack: &Attack, value: f64, cost: f64) -> f64 {
    let above = chance_above(attack, value, cost);
    match attack.when {
        When::Standing => above,
        When::Poisson { per_year } => -libm::expm1(-per_year / DAYS_PER_YEAR * above),
    }
}

/// The probability that a drawn profit exceeds a cost.
fn chance_above(attack: &Attack, value: f64, cost: f64) -> f64 {
    let least = cost - attack.extra_profit_usd;
    if attack.cap.ceiling_usd(value) <= least {
        return 0.0;
    }
    if least <= 0.0 {
        return 1.0;
    }
    let (log_mean, log_sd, base) = match attack.take {
        Take::LognormalShareOfValue { log_mean, log_sd } => (log_mean, log_sd, libm::log(value)),
        Take::LognormalUsd { log_mean, log_sd } => (log_mean, log_sd, 0.0),
        Take::Pareto(law) => return law.exceeds(least),
        Take::Constant { .. } | Take::ShareOfValue { .. } | Take::RateLimited { .. } => {
            unreachable!("a known take is not drawn")
        }
    };
    let z = (libm::log(least) - base - log_mean) / log_sd;
    if z > 13.0 {
        return 0.0;
    }
    0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2)
}

/// The probability that a Brownian bridge from `start` to `end`, whose free end has `variance`,
/// goes below zero.
pub fn bridge_chance(start: f64, end: f64, variance: f64) -> f64 {
    if start <= 0.0 || end <= 0.0 {
        return 1.0;
    }
    if !(start.is_finite() && end.is_finite()) || variance <= 0.0 {
        return 0.0;
    }
    let exponent = 2.0 * start * end / variance;
    // Beyond this nothing is left that a sum of days could show.
    if exponent > 80.0 {
        return 0.0;
    }
    libm::exp(-exponent)
}

/// The profit that a share of an attack's drawn takes lies below, capped where the attack is.
pub fn profit_below(attack: &Attack, value: f64, share: f64) -> f64 {
    let z = normal::quantile(share);
    let take = match attack.take {
        Take::LognormalShareOfValue { log_mean, log_sd } => {
            libm::exp(log_mean + libm::log(value) + log_sd * z)
        }
        Take::LognormalUsd { log_mean, log_sd } => libm::exp(log_mean + log_sd * z),
        Take::Pareto(law) => law.exceeded_with(1.0 - share),
        Take::Constant { .. } | Take::ShareOfValue { .. } | Take::RateLimited { .. } => {
            unreachable!("a known take is not drawn")
        }
    };
    take.min(attack.cap.ceiling_usd(value)) + attack.extra_profit_usd
}

/// What a day holds once its prices are known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Today {
    /// Probability that the day is insecure.
    pub insecure: f64,
    /// Probability that a rational attacker attacks.
    pub attacked: f64,
    /// Expected take of the day's first attack, USD: zero without one.
    pub loss_usd: f64,
}

/// The day's attacks, one after the other.
pub struct Chances {
    known: f64,
    drawn_holds: f64,
    untouched: f64,
    hazard: f64,
    loss: f64,
}

impl Chances {
    pub fn new() -> Chances {
        Chances {
            known: 0.0,
            drawn_holds: 1.0,
            untouched: 1.0,
            hazard: 0.0,
            loss: 0.0,
        }
    }

    /// Adds an attack: `profit` where it is known.
    pub fn add(&mut self, attack: &Attack, value: f64, cost: f64, profit: Option<f64>) {
        // Expected number of paying opportunities today, and their expected take.
        let rate = match attack.when {
            When::Standing => 1.0,
            When::Poisson { per_year } => per_year / DAYS_PER_YEAR,
        };
        let (chance, take) = match profit {
            Some(profit) if cost < profit => {
                self.known = 1.0;
                (1.0, profit)
            }
            Some(_) => return,
            None => {
                let (chance, take) = formulas::profit_above(attack, value, cost);
                self.drawn_holds *= 1.0 - attack_chance(attack, value, cost);
                (chance, take)
            }
        };
        self.hazard += rate * chance;
        self.loss += rate * take;
        self.untouched *= match attack.when {
            When::Standing => 1.0 - chance,
            When::Poisson { .. } => libm::exp(-rate * chance),
        };
    }

    pub fn close(self) -> Today {
        let attacked = 1.0 - self.untouched;
        Today {
            insecure: 1.0 - (1.0 - self.known) * self.drawn_holds,
            attacked,
            loss_usd: if self.hazard > 0.0 {
                attacked * self.loss / self.hazard
            } else {
                0.0
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bridge_between_levels_touches_zero_with_the_reflection_probability() {
        // exp(-2 * 0.1 * 0.2 / 0.04) = exp(-1).
        assert!((bridge_chance(0.1, 0.2, 0.04) - (-1.0_f64).exp()).abs() < 1e-15);
        assert!((bridge_chance(-0.1, 0.2, 0.04) - 1.0).abs() < 1e-15);
        assert!(bridge_chance(f64::INFINITY, 0.2, 0.04).abs() < 1e-300);
    }
}
