//! One integration binary: each area is a module.
#![expect(
    clippy::unwrap_used,
    reason = "a test that meets what it did not expect must stop"
)]

#[path = "../support/mod.rs"]
mod support;

mod engine_closed_forms;
mod known_models;
mod recommend;
mod export_recording;
mod report;
#[cfg(feature = "tables")]
mod snapshot;
mod spec;
mod architecture;
#[cfg(feature = "chain")]
mod pull;
mod reference;
mod vectors;
