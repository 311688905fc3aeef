//! Three verdicts, because a sample can also be too small.

use crate::stats::proportion;
use serde::Serialize;

/// What an ensemble says about a promise "probability at most ε with confidence 1 - δ".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// The upper bound of the probability is at most ε.
    Safe,
    /// The lower bound of the probability is above ε.
    Unsafe,
    /// Neither: never to be shown as safe.
    Undecided {
        /// Paths that would decide if the share seen is the true one; `None` when the share is
        /// so near the limit that no reasonable number decides.
        paths_needed: Option<u64>,
    },
}

impl Verdict {
    /// The verdict on `failures` of `paths` against `tolerance`, each side by the one-sided
    /// exact binomial bound (Clopper, Pearson 1934).
    #[must_use]
    pub fn of(failures: u64, paths: u64, tolerance: f64, confidence: f64) -> Self {
        match proportion::verdict(failures, paths, tolerance, confidence) {
            proportion::Verdict::Safe => Self::Safe,
            proportion::Verdict::Unsafe => Self::Unsafe,
            proportion::Verdict::Undecided => {
                let share = failures as f64 / paths as f64;
                Self::Undecided {
                    paths_needed: proportion::paths_to_decide(share, tolerance, confidence),
                }
            }
        }
    }

    /// Whether the promise is kept for certain (at the confidence asked).
    #[must_use]
    pub fn is_safe(self) -> bool {
        self == Self::Safe
    }

    /// One word for a reader.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
            Self::Undecided { .. } => "undecided",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e01_zero_failures_certify_from_2995_paths_on() {
        assert!(!Verdict::of(0, 2994, 0.001, 0.95).is_safe());
        assert!(Verdict::of(0, 2995, 0.001, 0.95).is_safe());
        assert_eq!(
            Verdict::of(0, 1000, 0.001, 0.95),
            Verdict::Undecided {
                paths_needed: Some(2995)
            }
        );
    }

    #[test]
    fn many_failures_are_unsafe_and_a_few_undecided() {
        assert_eq!(Verdict::of(100, 10_000, 0.001, 0.95), Verdict::Unsafe);
        assert!(matches!(
            Verdict::of(9, 10_000, 0.001, 0.95),
            Verdict::Undecided { .. }
        ));
    }
}
