//! One path, then many: prices, value at risk, coalition, opportunities to an `Ensemble`.
