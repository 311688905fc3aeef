//! Seeds, per-path streams, inverse-transform samplers, Sobol points.
