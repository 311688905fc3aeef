//! A certified design without what a reader asks beside it: no frontier, levers or shocks.

use crate::assess::Verdict;
use crate::recommend::evaluate::Evaluator;
use crate::recommend::{Certificate, Infeasible, Search, decide};
use crate::spec::Parameters;

/// A design and its evidence.
pub struct Found {
    pub parameters: Parameters,
    pub verdict: Verdict,
    pub infeasible: Option<Infeasible>,
    pub certificate: Certificate,
}

/// The cheapest design found that keeps the promise with at least `least_usd` of stake; `None`
/// when cancelled.
pub fn certified(evaluator: &Evaluator, search: &Search, least_usd: f64) -> Option<Found> {
    let decided = decide(evaluator, &[], search, &|_| {}, least_usd)?;
    Some(Found {
        parameters: decided.certified.parameters,
        verdict: decided.certified.verdict,
        infeasible: decided.settled.infeasible,
        certificate: decided.certified.certificate,
    })
}
