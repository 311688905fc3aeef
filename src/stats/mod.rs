//! Estimators with their errors: mean, quantile, expected shortfall, exact binomial bounds, bootstrap.
//!
//! Everything here is a pure function of its arguments: the same numbers in the same order give
//! the same bits. `confidence` is always the probability that the interval is right (0.95, not
//! 0.05). A function whose name ends in `_upper` or `_lower` gives a one-sided bound; an
//! [`Estimate`] holds a two-sided interval.
//!
//! | file | subject |
//! |---|---|
//! | [`normal`], [`special`] | the distributions that the bounds are read from |
//! | [`proportion`] | k failures in n paths: Clopper–Pearson, Wilson, acceptance numbers |
//! | [`quantile`] | order statistics and their distribution-free bounds |
//! | [`tail`], [`pareto`], [`pareto_interval`] | expected shortfall, tail indices, the generalised Pareto fit, its profile likelihood |
//! | [`weighted`] | importance sampling, its diagnostics, empirical Bernstein bounds |
//! | [`resample`] | bootstrap and batch means |
//! | [`sensitivity`] | Sobol indices |
//! | [`selection`] | choosing among noisy designs |
//! | [`concentration`] | Herfindahl, Gini, holders to a share |

pub mod concentration;
mod estimate;
pub mod normal;
pub mod pareto;
pub mod pareto_interval;
pub mod proportion;
pub mod quantile;
pub mod resample;
pub mod selection;
pub mod sensitivity;
pub mod special;
pub mod tail;
pub mod weighted;

pub use estimate::{
    Estimate, mean, mean_interval, mean_of_moments, replicate_interval, sum, variance,
};
