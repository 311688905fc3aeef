//! The laws that paths are drawn from: the true one, and ones tilted towards failure.
//!
//! What is random in a market are independent daily normals and, for each kind of jumps, whether
//! a day has one and how large it is. A tilt shifts the normals, the probability of a jump and
//! the mean of its logarithm; each stays in its own exponential family, so a path's likelihood
//! ratio follows from the sums of its normals, the number of its jumps and the sum of their sizes.

use crate::sim::Plan;

/// One path in so many keeps the true law: no weight can exceed this number (defensive mixture,
/// Hesterberg 1995).
pub const DEFENSIVE: u64 = 10;

/// The true law of a plan's daily draws.
#[derive(Debug, Clone)]
pub struct Law {
    /// Number of independent normals a day: one a factor.
    pub normals: usize,
    /// Jumps of each factor, then those that all share.
    pub kinds: Vec<Kind>,
}

/// One kind of jumps.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Probability that a day has one.
    pub probability: f64,
    /// Mean of its logarithm.
    pub log_mean: f64,
    /// Standard deviation of its logarithm.
    pub log_sd: f64,
}

/// A tilted law.
#[derive(Debug, Clone, PartialEq)]
pub struct Tilt {
    /// Mean of each daily normal.
    pub shift: Vec<f64>,
    /// Probability of a jump on a day and mean of its logarithm, for each kind.
    pub jumps: Vec<(f64, f64)>,
}

/// What a path's likelihood ratio follows from, up to a day.
#[derive(Debug, Clone)]
pub struct Sums {
    /// Days so far.
    pub days: f64,
    /// Sum of each normal, shift included.
    pub normals: Vec<f64>,
    /// Jumps of each kind.
    pub count: Vec<f64>,
    /// Sum of their logarithms.
    pub size: Vec<f64>,
}

impl Law {
    /// The law of a plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Law {
        let own = plan.factors().map(|factor| factor.jumps);
        let kinds = own
            .chain(std::iter::once(plan.shared_jumps.jumps))
            .map(|jumps| Kind {
                probability: jumps.probability_per_day(),
                log_mean: jumps.log_mean,
                log_sd: jumps.log_sd,
            })
            .collect();
        Law {
            normals: plan.asset_count() + 1,
            kinds,
        }
    }

    /// The tilt that changes nothing.
    #[must_use]
    pub fn untilted(&self) -> Tilt {
        Tilt {
            shift: vec![0.0; self.normals],
            jumps: self
                .kinds
                .iter()
                .map(|kind| (kind.probability, kind.log_mean))
                .collect(),
        }
    }

    /// The sums of a path on day 0.
    #[must_use]
    pub fn nothing_yet(&self) -> Sums {
        Sums {
            days: 0.0,
            normals: vec![0.0; self.normals],
            count: vec![0.0; self.kinds.len()],
            size: vec![0.0; self.kinds.len()],
        }
    }

    /// Logarithm of the tilted density over the true one.
    #[must_use]
    pub fn log_ratio(&self, tilt: &Tilt, sums: &Sums) -> f64 {
        let mut log = 0.0;
        for (shift, sum) in tilt.shift.iter().zip(&sums.normals) {
            log += shift * sum - 0.5 * sums.days * shift * shift;
        }
        for (j, kind) in self.kinds.iter().enumerate() {
            if kind.probability <= 0.0 {
                continue;
            }
            let (probability, log_mean) = tilt.jumps[j];
            let (count, size) = (sums.count[j], sums.size[j]);
            log += count * libm::log(probability / kind.probability);
            log +=
                (sums.days - count) * (libm::log1p(-probability) - libm::log1p(-kind.probability));
            if kind.log_sd > 0.0 {
                let moved = (log_mean - kind.log_mean) / (kind.log_sd * kind.log_sd);
                log += moved * (size - 0.5 * count * (log_mean + kind.log_mean));
            }
        }
        log
    }
}

impl Tilt {
    /// The tilt on the way from the true law to this one: 0 is none, 1 all of it.
    #[must_use]
    pub fn part(&self, law: &Law, share: f64) -> Tilt {
        let jumps = law.kinds.iter().zip(&self.jumps).map(|(kind, jumps)| {
            let probability = if kind.probability > 0.0 {
                kind.probability * libm::pow(jumps.0 / kind.probability, share)
            } else {
                0.0
            };
            let log_mean = kind.log_mean + share * (jumps.1 - kind.log_mean);
            (probability, log_mean)
        });
        Tilt {
            shift: self.shift.iter().map(|h| share * h).collect(),
            jumps: jumps.collect(),
        }
    }
}

/// The true law with a tenth of the paths, and tilted laws that share the rest alike; or the true
/// law alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Mixture {
    tilts: Vec<Tilt>,
    /// Share of the true law where there are tilted ones.
    defence: f64,
}

impl Mixture {
    /// A mixture with these tilted laws.
    #[must_use]
    pub fn of(tilts: Vec<Tilt>) -> Mixture {
        Mixture {
            tilts,
            defence: 1.0 / DEFENSIVE as f64,
        }
    }

    /// One tilted law and nothing else: weights have no bound.
    #[cfg(test)]
    pub fn without_defence(tilt: Tilt) -> Mixture {
        Mixture {
            tilts: vec![tilt],
            defence: 0.0,
        }
    }

    /// The tilted laws.
    #[must_use]
    pub fn tilts(&self) -> &[Tilt] {
        &self.tilts
    }

    /// Whether a plan's draws have these tilts: as many normals and kinds of jumps, and a tilted
    /// jump only where there is one.
    #[must_use]
    pub fn fits(&self, law: &Law) -> bool {
        self.tilts.iter().all(|tilt| {
            tilt.shift.len() == law.normals
                && tilt.jumps.len() == law.kinds.len()
                && tilt.jumps.iter().zip(&law.kinds).all(|(jumps, kind)| {
                    let occurs = (jumps.0 > 0.0) == (kind.probability > 0.0);
                    let fixed = kind.log_sd > 0.0 || (jumps.1 - kind.log_mean).abs() <= 0.0;
                    occurs && fixed
                })
        })
    }

    /// The largest weight possible.
    #[must_use]
    pub fn largest_weight(&self) -> f64 {
        if self.tilts.is_empty() {
            1.0
        } else {
            DEFENSIVE as f64
        }
    }

    /// Paths after which the laws come round: so many make the shares exact.
    #[must_use]
    pub fn cycle(&self) -> u64 {
        match self.tilts.len() as u64 {
            0 => 1,
            tilted => DEFENSIVE * tilted,
        }
    }

    /// The law of a place in the cycle; none is the true one.
    #[must_use]
    pub fn law_at(&self, place: u64) -> Option<&Tilt> {
        let tilted = self.tilts.len() as u64;
        if tilted == 0 {
            return None;
        }
        // The first `tilted` places keep the true law.
        let place = place % self.cycle();
        (place >= tilted || self.defence <= 0.0).then(|| &self.tilts[(place % tilted) as usize])
    }

    /// True density over the mixture's (the balance heuristic of Veach, Guibas 1995).
    #[must_use]
    pub fn weight(&self, law: &Law, sums: &Sums) -> f64 {
        if self.tilts.is_empty() {
            return 1.0;
        }
        let share = (1.0 - self.defence) / self.tilts.len() as f64;
        let mut density = self.defence;
        for tilt in &self.tilts {
            density += share * libm::exp(law.log_ratio(tilt, sums));
        }
        1.0 / density
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn law() -> Law {
        Law {
            normals: 1,
            kinds: vec![Kind {
                probability: 0.6,
                log_mean: -0.01,
                log_sd: 0.05,
            }],
        }
    }

    #[test]
    fn the_true_law_has_ratio_one_and_shares_are_exact() {
        let law = law();
        let mut sums = law.nothing_yet();
        (sums.days, sums.normals[0], sums.count[0], sums.size[0]) = (30.0, 4.0, 17.0, -0.3);
        assert!(law.log_ratio(&law.untilted(), &sums).abs() < 1e-12);
        let tilt = Tilt {
            shift: vec![0.3],
            jumps: vec![(0.8, -0.03)],
        };
        assert_eq!(tilt.part(&law, 1.0), tilt);
        let mixture = Mixture::of(vec![tilt.clone(), tilt.part(&law, 0.5)]);
        let places: Vec<Option<&Tilt>> = (0..20).map(|p| mixture.law_at(p)).collect();
        assert_eq!(places.iter().filter(|law| law.is_none()).count(), 2);
        assert_eq!(places.iter().filter(|law| **law == Some(&tilt)).count(), 9);
        assert!(mixture.weight(&law, &sums) <= 10.0);
    }

    #[test]
    fn the_ratio_of_a_jump_is_that_of_its_densities() {
        let law = law();
        let tilt = Tilt {
            shift: vec![0.0],
            jumps: vec![(0.8, -0.03)],
        };
        let mut sums = law.nothing_yet();
        (sums.days, sums.count[0], sums.size[0]) = (1.0, 1.0, -0.07);
        let density = |mean: f64| (-0.5 * ((-0.07 - mean) / 0.05_f64).powi(2)).exp();
        let expected = (0.8 * density(-0.03) / (0.6 * density(-0.01))).ln();
        assert!((law.log_ratio(&tilt, &sums) - expected).abs() < 1e-12);
        (sums.count[0], sums.size[0]) = (0.0, 0.0);
        assert!((law.log_ratio(&tilt, &sums) - (0.2_f64 / 0.4).ln()).abs() < 1e-12);
    }
}
