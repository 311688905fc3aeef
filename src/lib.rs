//! stakewright designs the economics of an AVS: a service secured by restaked ETH on EigenLayer.
//!
//! The main job reads as seven sentences:
//!
//! 1. a [`snapshot`] says which operators hold which stake, at one block, with its provenance;
//! 2. a [`spec`] turns the text of a model file into a checked [`spec::Model`];
//! 3. [`sim`] plays the model ten thousand times: prices, value at risk, cheapest coalition, opportunity;
//! 4. [`assess`] turns the ensemble into measures, each with its interval;
//! 5. [`recommend`] searches the parameters that keep the promise and certifies them on fresh seeds;
//! 6. [`export`] writes them as contract integers and calls;
//! 7. [`report`] explains them to the three people who must decide.
//!
//! `ARCHITECTURE.md` has the code map, which a test holds against the imports.
#![cfg_attr(not(test), warn(missing_docs))]

pub mod assess;
pub mod economics;
pub mod export;
pub mod protocol;
pub mod random;
pub mod recommend;
pub mod report;
pub mod sim;
pub mod snapshot;
pub mod spec;
pub mod stats;
pub mod units;

#[cfg(feature = "chain")]
pub mod chain;
#[cfg(all(feature = "cli", feature = "chain", feature = "tables"))]
pub mod cli;
#[cfg(feature = "tables")]
pub mod run;
#[cfg(feature = "tables")]
pub mod tables;
