//! Estimators with their errors: mean, quantile, expected shortfall, exact binomial bounds, bootstrap.
