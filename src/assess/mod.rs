//! `Ensemble` to security and profit measures with confidence intervals.
