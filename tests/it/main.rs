//! One integration binary: each area is a module.

#[path = "../support/mod.rs"]
mod support;

mod vectors;
