//! Search of the parameter space under constraints to a `Recommendation` with the binding reasons.
