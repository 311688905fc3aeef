//! Whether a slash lands, what it takes, and what stakers ask for the risk of it.

use crate::stats::special::gamma_cdf;
use serde::{Deserialize, Serialize};

/// Why a slash may not land: each a probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Landing {
    /// The fault can be pinned on who signed it.
    pub attributable: f64,
    /// It is seen and proven before the stake can leave ([`Race::lands_in_time`]).
    pub in_time: f64,
    /// A committee vetoes it.
    pub vetoed: f64,
    /// The slash transaction executes: the slasher is not itself captured or paused.
    pub executed: f64,
}

impl Landing {
    /// A slash that always lands.
    pub const CERTAIN: Self = Self {
        attributable: 1.0,
        in_time: 1.0,
        vetoed: 0.0,
        executed: 1.0,
    };

    /// p = p_attributable · p_in_time · (1 − p_veto) · p_executed.
    #[must_use]
    pub fn probability(&self) -> f64 {
        for (name, value) in [
            ("attribution", self.attributable),
            ("detection in time", self.in_time),
            ("veto", self.vetoed),
            ("execution", self.executed),
        ] {
            assert!(
                (0.0..=1.0).contains(&value),
                "probability of {name} is {value}"
            );
        }
        self.attributable * self.in_time * (1.0 - self.vetoed) * self.executed
    }
}

/// The race between a proof and an exit, in days.
///
/// An operator that queued its exit `queued` days before it attacks leaves `window − queued` days
/// in which the fault must be detected, argued and executed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Race {
    /// Days for which stake stays slashable after its exit is queued: the shorter of the
    /// deallocation and the withdrawal delay.
    pub window_days: f64,
    /// Days by which the exit was queued before the attack.
    pub queued_days: f64,
    /// Days from detection to an executed slash: proof, dispute, veto, inclusion.
    pub process_days: f64,
    /// Mean days until the fault is detected.
    pub mean_detection_days: f64,
    /// Independent exponential stages that a detection passes: 1 is memoryless, more is nearer to
    /// a fixed time (Erlang).
    pub detection_stages: u32,
}

impl Race {
    /// Days left for detection alone: (W − u − D)⁺.
    #[must_use]
    pub fn slack_days(&self) -> f64 {
        (self.window_days - self.queued_days - self.process_days).max(0.0)
    }

    /// P(detected, disputed and executed before the exit): 1 − e^(−(W−u−D)⁺/τ) for one stage, the
    /// Erlang distribution for more.
    #[must_use]
    pub fn lands_in_time(&self) -> f64 {
        let slack = self.slack_days();
        if slack <= 0.0 {
            return 0.0;
        }
        if self.mean_detection_days <= 0.0 {
            return 1.0;
        }
        assert!(
            self.detection_stages > 0,
            "a detection needs at least one stage"
        );
        let stages = f64::from(self.detection_stages);
        if self.detection_stages == 1 {
            return -(-slack / self.mean_detection_days).exp_m1();
        }
        gamma_cdf(stages, stages * slack / self.mean_detection_days)
    }

    /// The same for exits that were queued evenly from nothing up to `up_to` days before the
    /// attack: the mean of 1 − e^(−(W−D−v)⁺/τ) over v, for a detection without memory.
    #[must_use]
    pub fn lands_in_time_spread(&self, up_to: f64) -> f64 {
        assert!(
            self.detection_stages == 1,
            "exits that are spread are averaged over a detection of one stage"
        );
        if up_to <= 0.0 {
            return self.lands_in_time();
        }
        let slack = self.slack_days();
        // Exits queued longer ago than the slack have ended.
        let open = slack.min(up_to);
        let tau = self.mean_detection_days;
        if tau <= 0.0 {
            return open / up_to;
        }
        // ∫ e^(−(slack − v)/τ) dv from 0 to `open`.
        let missed = tau * ((open - slack) / tau).exp() * -(-open / tau).exp_m1();
        (open - missed) / up_to
    }

    /// Longest process that still lands with probability `wanted`, in days, or `None` when even an
    /// instant one would not: W − u − τ ln(1/(1 − p)) for one stage.
    #[must_use]
    pub fn longest_process_days(&self, wanted: f64) -> Option<f64> {
        let instant = Self {
            process_days: 0.0,
            ..*self
        };
        if instant.lands_in_time() < wanted {
            return None;
        }
        let most = self.window_days - self.queued_days;
        Some(super::solve::root(0.0, most, 1e-12, |process_days| {
            Self {
                process_days,
                ..*self
            }
            .lands_in_time()
                - wanted
        }))
    }
}

/// What is left of a slash of `slashed_usd` as a cost when a share `recaptured` of it returns to
/// the attacker: (1 − κ)·slash.
///
/// κ is one when the attacker controls the redistribution recipient, or is both the slasher and
/// the harmed claimant.
#[must_use]
pub fn after_recapture_usd(slashed_usd: f64, recaptured: f64) -> f64 {
    assert!(
        (0.0..=1.0).contains(&recaptured),
        "recaptured share {recaptured}, outside 0..=1"
    );
    // s − κs keeps round numbers exact where (1 − κ) would not.
    slashed_usd - recaptured * slashed_usd
}

/// P(at least one event in a year) at `hazard` events a year: 1 − e^(−h).
#[must_use]
pub fn yearly_probability(hazard: f64) -> f64 {
    -(-hazard).exp_m1()
}

/// Yield premium for losing a share `slash_fraction` with yearly `probability`, for a staker with
/// constant relative risk aversion g: CE = 1 − [(1−p) + p(1−f)^(1−g)]^(1/(1−g)) (Pratt 1964);
/// g = 0 is risk-neutral, p·f, and g = 1 is logarithmic, 1 − (1−f)^p.
///
/// It explodes towards f = 1 for g ≥ 1: a full slash needs a tiny probability.
#[must_use]
pub fn risk_premium(probability: f64, slash_fraction: f64, risk_aversion: f64) -> f64 {
    assert!(
        (0.0..=1.0).contains(&probability),
        "slash probability {probability}, outside 0..=1"
    );
    assert!(
        (0.0..=1.0).contains(&slash_fraction),
        "slash fraction {slash_fraction}, outside 0..=1"
    );
    assert!(
        risk_aversion >= 0.0,
        "risk aversion {risk_aversion} is negative"
    );
    if probability == 0.0 || slash_fraction == 0.0 {
        return 0.0;
    }
    let ln_kept = (-slash_fraction).ln_1p();
    let exponent = 1.0 - risk_aversion;
    if exponent.abs() < 1e-12 {
        return -(probability * ln_kept).exp_m1();
    }
    // ln(1 + p(e^((1−g) ln(1−f)) − 1))/(1−g), in a form that keeps small premiums' digits.
    let gain = (exponent * ln_kept).exp_m1();
    -((probability * gain).ln_1p() / exponent).exp_m1()
}

/// The premium for a slash whose size is one of several, `(share of the slashes, slash fraction)`
/// with shares that add up to one: CE = 1 − [1 + p (E(1−f)^{1−g} − 1)]^{1/(1−g)}.
#[must_use]
pub fn mixed_risk_premium(probability: f64, sizes: &[(f64, f64)], risk_aversion: f64) -> f64 {
    if let [(_, only)] = sizes {
        return risk_premium(probability, *only, risk_aversion);
    }
    // What never comes costs nothing, be it a full slash, which is worth any premium.
    if probability == 0.0 {
        return 0.0;
    }
    let exponent = 1.0 - risk_aversion;
    let mean = |of: &dyn Fn(f64) -> f64| -> f64 {
        sizes
            .iter()
            .filter(|(share, _)| *share > 0.0)
            .map(|&(share, fraction)| share * of((-fraction).ln_1p()))
            .sum()
    };
    if exponent.abs() < 1e-12 {
        return -(probability * mean(&|ln_kept| ln_kept)).exp_m1();
    }
    let gain = mean(&|ln_kept| (exponent * ln_kept).exp_m1());
    -((probability * gain).ln_1p() / exponent).exp_m1()
}

/// The premium for several independent hazards a year, each (hazard rate, slash fraction): their
/// premiums added, as each is small.
#[must_use]
pub fn total_risk_premium(hazards: &[(f64, f64)], risk_aversion: f64) -> f64 {
    hazards
        .iter()
        .map(|&(hazard, fraction)| {
            risk_premium(yearly_probability(hazard), fraction, risk_aversion)
        })
        .sum()
}

/// Stake that stays behind several allocations of the same stake after some were slashed: an
/// elastic network lets allocations add up to more than the stake, and a slash of one shrinks the
/// others only when the stake no longer covers them (Bar-Zur, Eyal 2025).
#[must_use]
pub fn elastic_remainder(
    stake_usd: f64,
    slashed_usd: &[f64],
    allocation_usd: f64,
) -> ElasticRemainder {
    let stake_usd = (stake_usd - slashed_usd.iter().sum::<f64>()).max(0.0);
    ElasticRemainder {
        stake_usd,
        allocation_usd: allocation_usd.min(stake_usd),
    }
}

/// What [`elastic_remainder`] leaves.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ElasticRemainder {
    /// Stake left, USD: max(0, σ − Σ slashed).
    pub stake_usd: f64,
    /// What an allocation that was not slashed still stands for, USD: min(w, stake left).
    pub allocation_usd: f64,
}

/// One operator's magnitudes of one strategy, after EigenLayer's improvement proposal ELIP-002:
/// a slash takes its share of one allocation and the same amount of the total, so the other
/// allocations keep their tokens.
///
/// In reals, for planning; `protocol` has the exact integers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Magnitudes {
    /// Magnitude allocated to each operator set.
    pub allocated: Vec<f64>,
    /// Magnitude that no operator set can slash.
    pub free: f64,
    /// Tokens that the total stands for.
    pub tokens: f64,
}

impl Magnitudes {
    /// Allocated and free together.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.free + self.allocated.iter().sum::<f64>()
    }

    /// Slash `fraction` of allocation `index`; the tokens that went are returned.
    pub fn slash(&mut self, index: usize, fraction: f64) -> f64 {
        assert!(
            (0.0..=1.0).contains(&fraction),
            "slash fraction {fraction}, outside 0..=1"
        );
        let before = self.total();
        let gone = fraction * self.allocated[index];
        self.allocated[index] -= gone;
        let tokens = self.tokens * gone / before;
        self.tokens -= tokens;
        tokens
    }

    /// Tokens behind `magnitude`.
    #[must_use]
    pub fn tokens_of(&self, magnitude: f64) -> f64 {
        let total = self.total();
        if total > 0.0 {
            self.tokens * magnitude / total
        } else {
            0.0
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact by construction")]
mod tests {
    use super::*;

    #[test]
    fn risk_premium_is_continuous_in_risk_aversion() {
        let at = |g| risk_premium(0.02, 0.6, g);
        assert!((at(1.0) - at(1.0 + 1e-7)).abs() < 1e-8);
        assert!((at(0.0) - 0.012).abs() < 1e-16);
        assert!(at(5.0) > at(2.0) && at(2.0) > at(1.0) && at(1.0) > at(0.5));
        assert!(
            (risk_premium(0.01, 1.0, 3.0) - 1.0).abs() < 1e-15,
            "a ruinous loss is worth everything"
        );
        assert!((risk_premium(1e-14, 0.5, 3.0) - 1.5e-14).abs() < 1e-20);
    }

    #[test]
    fn a_mixture_of_equal_sizes_is_one_size() {
        for g in [0.0, 0.5, 1.0, 3.0] {
            let mixed = mixed_risk_premium(0.02, &[(0.4, 0.3), (0.6, 0.3)], g);
            assert!((mixed - risk_premium(0.02, 0.3, g)).abs() < 1e-15, "{g}");
            let spread = mixed_risk_premium(0.02, &[(0.5, 0.1), (0.5, 0.5)], g);
            assert!(spread >= mixed - 1e-15, "a spread of sizes is no cheaper");
        }
    }

    #[test]
    fn a_queued_exit_shortens_the_race() {
        let race = Race {
            window_days: 14.0,
            queued_days: 0.0,
            process_days: 7.0,
            mean_detection_days: 3.0,
            detection_stages: 1,
        };
        let queued = Race {
            queued_days: 4.0,
            ..race
        };
        assert!(queued.lands_in_time() < race.lands_in_time());
        assert_eq!(
            Race {
                queued_days: 7.0,
                ..race
            }
            .lands_in_time(),
            0.0
        );
        assert_eq!(
            Race {
                mean_detection_days: 0.0,
                ..race
            }
            .lands_in_time(),
            1.0
        );
        let longest = race.longest_process_days(0.9).expect("14 days are enough");
        assert!(
            (longest - (14.0 - 3.0 * 10.0_f64.ln())).abs() < 1e-9,
            "{longest}"
        );
        assert_eq!(race.longest_process_days(0.999), None);
        let staged = Race {
            detection_stages: 400,
            ..race
        };
        assert!(
            staged.lands_in_time() > 0.999,
            "many stages are nearly a fixed three days"
        );
    }

    #[test]
    fn slashing_everything_leaves_only_what_is_free() {
        let mut magnitudes = Magnitudes {
            allocated: vec![600.0, 300.0],
            free: 100.0,
            tokens: 50.0,
        };
        assert_eq!(magnitudes.slash(0, 1.0), 30.0);
        assert_eq!(magnitudes.tokens, 20.0);
        assert_eq!(magnitudes.tokens_of(magnitudes.allocated[1]), 15.0);
        magnitudes.slash(1, 1.0);
        magnitudes.free = 0.0;
        assert_eq!(magnitudes.tokens_of(0.0), 0.0);
    }
}
