//! Parameters that are not known exactly: each path draws its own.
//!
//! A path of an uncertain plan is, to the bit, the path of the same number of the plan that its
//! parameters were drawn into ([`Plan::of_path`]). A probability over such paths is one over
//! chance and ignorance together: the promise holds for the distribution of the parameters, not
//! for their middle. Draws come from the path's own streams, so that they do not move when a
//! design changes.

use super::plan::{Attack, Factor, Jumps, Plan, Take, When};
use crate::random::{Purpose, Seed, Stream};
use crate::units::DAYS_PER_YEAR;

/// Draws are cut at so many standard deviations: a factor stays within the range of reals.
const CUT: f64 = 4.0;
/// Jumps a year at most: the engine has one a day at most.
const MOST_JUMPS: f64 = 0.95 * DAYS_PER_YEAR;

/// How far parameters may be from their values in the plan. Zeros draw nothing and cost nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Uncertainty {
    /// Standard deviation of the logarithm of the factor on all assets' volatility.
    pub volatility: f64,
    /// The same for the value at risk's volatility.
    pub value_volatility: f64,
    /// For the value at risk at the start.
    pub value: f64,
    /// For sums that attacks take: fixed ones and medians, not fixed shares of the value.
    pub takes: f64,
    /// For the rate of opportunities.
    pub opportunities: f64,
    /// For the mean time to detection.
    pub detection: f64,
    /// For the frequency of jumps.
    pub crashes: f64,
    /// Standard deviation of Fisher's z of the value at risk's multiple correlation with the
    /// assets: all its correlations move by one factor.
    pub correlation: f64,
    /// For each attack, how its detection races the exit; none where its probability is given.
    pub races: Vec<Option<Race>>,
}

/// Detection after an exponential time, against the time that is left before the stake is gone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Race {
    /// Days left for detection.
    pub left_days: f64,
    /// Mean days until detection.
    pub mean_days: f64,
}

/// What one path drew.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawn {
    volatility: f64,
    value_volatility: f64,
    value: f64,
    takes: f64,
    opportunities: f64,
    detection: f64,
    crashes: f64,
    /// Added to Fisher's z.
    correlation: f64,
}

impl Race {
    /// Factor on the probability of detection in time when the mean time is `factor` times as long.
    #[must_use]
    pub fn ratio(&self, factor: f64) -> f64 {
        if self.left_days <= 0.0 || self.mean_days <= 0.0 {
            return 1.0;
        }
        let in_time = |mean: f64| -libm::expm1(-self.left_days / mean);
        in_time(self.mean_days * factor) / in_time(self.mean_days)
    }
}

impl Uncertainty {
    /// Whether every parameter is known.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.spreads().iter().all(|spread| *spread <= 0.0)
    }

    fn spreads(&self) -> [f64; 8] {
        [
            self.volatility,
            self.value_volatility,
            self.value,
            self.takes,
            self.opportunities,
            self.detection,
            self.crashes,
            self.correlation,
        ]
    }

    /// The parameters of one path.
    #[must_use]
    pub fn draw(&self, seed: Seed, path: u64) -> Drawn {
        let mut index = 0;
        let mut normal = |spread: f64| {
            index += 1;
            if spread <= 0.0 {
                return 0.0;
            }
            let mut stream = Stream::new(seed, Purpose::Parameter(index - 1), path);
            spread * stream.normal().clamp(-CUT, CUT)
        };
        let [a, b, c, d, e, f, g, correlation] = self.spreads().map(&mut normal);
        let [
            volatility,
            value_volatility,
            value,
            takes,
            opportunities,
            detection,
            crashes,
        ] = [a, b, c, d, e, f, g].map(libm::exp);
        Drawn {
            volatility,
            value_volatility,
            value,
            takes,
            opportunities,
            detection,
            crashes,
            correlation,
        }
    }

    /// Factors on the mean time to detection of `paths` paths from the first on.
    #[must_use]
    pub fn detection_factors(&self, seed: Seed, paths: u64) -> Vec<f64> {
        let alone = Uncertainty {
            detection: self.detection,
            ..Uncertainty::default()
        };
        (0..paths)
            .map(|path| alone.draw(seed, path).detection)
            .collect()
    }

    /// Whether the other draws the same market and attacks; races may differ.
    pub(super) fn shares_draws(&self, other: &Uncertainty) -> bool {
        self.spreads().map(f64::to_bits) == other.spreads().map(f64::to_bits)
    }

    /// # Panics
    /// If a spread cannot be, or the races are not one an attack.
    pub(super) fn check(&self, attacks: usize) {
        assert!(
            self.spreads().iter().all(|s| (0.0..=1.0).contains(s)),
            "spreads out of 0..=1: {self:?}"
        );
        assert!(
            self.races.is_empty() || self.races.len() == attacks,
            "{} races for {attacks} attacks",
            self.races.len()
        );
    }

    /// Largest factor on a volatility.
    pub(super) fn largest_volatility(&self) -> f64 {
        libm::exp(CUT * self.volatility.max(self.value_volatility))
    }

    /// Largest factor on the frequency of jumps.
    pub(super) fn most_jumps(&self) -> f64 {
        libm::exp(CUT * self.crashes)
    }
}

impl Jumps {
    /// The same jumps `factor` times as often, as far as one a day allows.
    pub(super) fn oftener(self, factor: f64) -> Jumps {
        Jumps {
            per_year: (self.per_year * factor).min(MOST_JUMPS.max(self.per_year)),
            ..self
        }
    }
}

impl Drawn {
    /// An attack as the path has it. `race` as in [`Uncertainty::races`].
    pub(super) fn attack(&self, attack: &Attack, race: Option<Race>) -> Attack {
        let mut varied = *attack;
        match &mut varied.take {
            Take::Constant { usd } => *usd *= self.takes,
            Take::LognormalUsd { log_mean, .. } | Take::LognormalShareOfValue { log_mean, .. } => {
                *log_mean += libm::log(self.takes);
            }
            Take::RateLimited {
                mean_days_to_detection,
                most_usd,
                ..
            } => {
                *mean_days_to_detection *= self.detection;
                *most_usd *= self.takes;
            }
            Take::Pareto(law) => *law = law.scaled(self.takes),
            Take::ShareOfValue { .. } => {}
        }
        if let When::Poisson { per_year } = &mut varied.when {
            *per_year *= self.opportunities;
        }
        let lands = race.map_or(1.0, |race| race.ratio(self.detection));
        varied.burned_share *= lands;
        varied.returned_share *= lands;
        varied.payout.lands = (varied.payout.lands * lands).min(1.0);
        varied
    }

    fn jumps(&self, jumps: Jumps) -> Jumps {
        jumps.oftener(self.crashes)
    }

    fn asset(&self, factor: &Factor) -> Factor {
        Factor {
            volatility_per_sqrt_year: factor.volatility_per_sqrt_year * self.volatility,
            jumps: self.jumps(factor.jumps),
            ..*factor
        }
    }

    fn value(&self, factor: &Factor) -> Factor {
        Factor {
            start: factor.start * self.value,
            volatility_per_sqrt_year: factor.volatility_per_sqrt_year * self.value_volatility,
            jumps: self.jumps(factor.jumps),
            ..*factor
        }
    }

    /// The last row of a correlation root with the multiple correlation moved along Fisher's z.
    fn value_row(&self, row: &mut [f64]) {
        let (own, others) = row
            .split_last_mut()
            .expect("a root has a row for the value");
        let multiple = others.iter().map(|x| x * x).sum::<f64>().sqrt();
        if multiple <= 0.0 || self.correlation.abs() <= 0.0 {
            return;
        }
        let moved = libm::tanh(libm::atanh(multiple.min(1.0 - 1e-12)) + self.correlation);
        for x in others {
            *x *= moved / multiple;
        }
        *own = (1.0 - moved * moved).max(0.0).sqrt();
    }
}

impl Plan {
    /// The plan with the parameters that one path draws: no uncertainty is left in it.
    #[must_use]
    pub fn of_path(&self, seed: Seed, path: u64) -> Plan {
        let mut varied = self.clone();
        varied.uncertainty = Uncertainty::default();
        self.vary(&self.uncertainty.draw(seed, path), &mut varied);
        varied
    }

    /// Writes what `drawn` changes of this plan into `varied`, a copy of it.
    pub(super) fn vary(&self, drawn: &Drawn, varied: &mut Plan) {
        for (own, asset) in varied.assets.iter_mut().zip(&self.assets) {
            *own = drawn.asset(asset);
        }
        varied.value = drawn.value(&self.value);
        varied.shared_jumps.jumps = drawn.jumps(self.shared_jumps.jumps);
        varied
            .correlation_root
            .copy_from_slice(&self.correlation_root);
        let last = self.asset_count() * (self.asset_count() + 1);
        drawn.value_row(&mut varied.correlation_root[last..]);
        let races = &self.uncertainty.races;
        for (k, (own, attack)) in varied.attacks.iter_mut().zip(&self.attacks).enumerate() {
            *own = drawn.attack(attack, races.get(k).copied().flatten());
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact by construction")]
mod tests {
    use super::*;

    #[test]
    fn nothing_uncertain_changes_nothing() {
        let none = Uncertainty::default();
        assert!(none.is_none());
        let drawn = none.draw(Seed(7), 3);
        let mut row = [0.3, 0.4, 0.75_f64.sqrt()];
        drawn.value_row(&mut row);
        assert_eq!(row, [0.3, 0.4, 0.75_f64.sqrt()]);
    }

    #[test]
    fn factors_have_the_spread_they_promise() {
        let spread = Uncertainty {
            volatility: 0.2,
            correlation: 0.3,
            ..Uncertainty::default()
        };
        let n = 20_000;
        let (mut sum, mut square, mut z) = (0.0, 0.0, 0.0);
        for path in 0..n {
            let drawn = spread.draw(Seed(1), path);
            let log = drawn.volatility.ln();
            sum += log;
            square += log * log;
            z += drawn.correlation * drawn.correlation;
            assert!((drawn.takes - 1.0).abs() < 1e-15, "takes are known");
        }
        let n = n as f64;
        // Standard errors: 0.2 / sqrt(n) = 0.0014, and 1 / sqrt(2 n) = 0.5 % of a deviation.
        assert!((sum / n).abs() < 0.006, "{}", sum / n);
        assert!(((square / n).sqrt() / 0.2 - 1.0).abs() < 0.02);
        assert!(((z / n).sqrt() / 0.3 - 1.0).abs() < 0.02);
    }

    #[test]
    fn a_moved_correlation_keeps_rows_of_length_one() {
        for z in [-3.0, -0.5, 0.2, 4.0] {
            let drawn = Drawn {
                correlation: z,
                ..Uncertainty::default().draw(Seed(1), 0)
            };
            let mut row = [0.3, 0.4, 0.75_f64.sqrt()];
            drawn.value_row(&mut row);
            let length: f64 = row.iter().map(|x| x * x).sum();
            assert!((length - 1.0).abs() < 1e-12 && row[2] >= 0.0, "{row:?}");
            let moved = row[0] / 0.6;
            assert!((moved - (0.5_f64.atanh() + z).tanh()).abs() < 1e-12);
        }
    }

    /// C09: the mean time to detection moves the probability of being in time along 1 - e^(-left/mean).
    #[test]
    fn c09_a_longer_time_to_detection_lands_less_often() {
        let race = Race {
            left_days: 7.0,
            mean_days: 3.0,
        };
        let ratio = race.ratio(5.0 / 3.0);
        assert!((ratio - 0.753_403_036_1 / 0.903_028_032_1).abs() < 1e-9);
    }
}
