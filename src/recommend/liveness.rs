//! What a quorum threshold costs in liveness: how much of the weight must sign, and how few can
//! stop the service by staying away.
//!
//! To corrupt a result an attacker must hold the threshold θ. Where θ is half or more, that is the
//! quorum Q itself; below half it is what two conflicting results of the same quorum must share, at
//! least 2 Q − 1 (docs/model.md), so Q is at least (1 + θ)/2. Whoever holds more than 1 − Q halts
//! the service. A quorum that already asks for more is not lowered.

use crate::spec::Parameters;
use crate::spec::model::{Model, Structure};
use crate::stats::concentration::holders_to_share;
use serde::Serialize;
use std::collections::BTreeMap;

/// Who can stop the service by staying away.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Liveness {
    /// Share of the weight that must sign a result.
    pub signs: f64,
    /// Share of the weight that halts the service when more than it stays away.
    pub halts: f64,
    /// Fewest entities that hold more than that; none for pooled stake.
    pub entities: Option<usize>,
}

/// The share of the weight that must sign a result: what the file says, or what is exported.
#[must_use]
pub fn signs(model: &Model, threshold: f64) -> f64 {
    model
        .deployment
        .onchain
        .quorum
        .signs
        .map_or((1.0 - threshold).max(threshold), |share| share.get())
}

/// The same when the threshold of a design is raised to `threshold`: never less than before.
#[must_use]
pub fn signs_at(model: &Model, design: &Parameters, threshold: f64) -> f64 {
    let needed = if threshold >= 0.5 {
        threshold
    } else {
        0.5 * (1.0 + threshold)
    };
    signs(model, design.threshold.get()).max(needed).min(1.0)
}

/// Who can stop a design's service when `signs` of the weight must sign.
#[must_use]
pub fn liveness(model: &Model, design: &Parameters, signs: f64) -> Liveness {
    let halts = 1.0 - signs;
    let entities = match &model.operators.structure {
        Structure::Pooled { .. } => None,
        Structure::Entities(_) => {
            let mut stakes: BTreeMap<usize, f64> = BTreeMap::new();
            for operator in design.admitted(model) {
                *stakes.entry(operator.entity).or_insert(0.0) += operator.stake.get();
            }
            let stakes: Vec<f64> = stakes.into_values().collect();
            // More than the rest of the weight must be away: exactly as much still lets Q sign.
            Some(holders_to_share(&stakes, (halts + 1e-9).min(1.0)))
        }
    };
    Liveness {
        signs,
        halts,
        entities,
    }
}
