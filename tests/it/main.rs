//! One integration binary: each area is a module.
