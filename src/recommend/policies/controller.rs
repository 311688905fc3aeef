//! The feedback controller: a band of the safety factor and steps of the flow.
//!
//! SF = (C - Π)/C, as the Anzen protocol defines it (Hydrogen-Labs/anzen-contracts,
//! SafetyFactorOracle). Each epoch: above the band the flow is multiplied by one less the
//! reduction, below it by one plus the increase (AVSReservesManager), within it nothing happens.

use serde::Serialize;

/// The band.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Band {
    /// Below it the flow is raised.
    pub lower: f64,
    /// Above it the flow is lowered.
    pub upper: f64,
}

/// The flow after an epoch.
#[must_use]
pub fn next_flow(flow: f64, factor: f64, band: Band, increase: f64, reduction: f64) -> f64 {
    if factor > band.upper {
        flow * (1.0 - reduction)
    } else if factor < band.lower {
        flow * (1.0 + increase)
    } else {
        flow
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The step rule of AVSReservesManager: a reduction above, an increase below, else nothing.
    #[test]
    fn the_steps_are_those_of_the_reserves_manager() {
        let band = Band {
            lower: 0.2,
            upper: 0.5,
        };
        let step = |factor| next_flow(100.0, factor, band, 0.25, 0.1);
        assert!((step(0.6) - 90.0).abs() < 1e-12);
        assert!((step(0.1) - 125.0).abs() < 1e-12);
        assert!((step(0.5) - 100.0).abs() < 1e-12 && (step(0.2) - 100.0).abs() < 1e-12);
        assert!((step(f64::NEG_INFINITY) - 125.0).abs() < 1e-12);
    }
}
