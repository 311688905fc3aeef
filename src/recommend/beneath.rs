//! What becomes of a promise under the lowest credible cost of corruption.
//!
//! A promise counts one cost; the lowest that an adversary can have may be another. Where operators
//! lose little themselves, the stake of their delegators deters only those who care for them. So the
//! design is judged a second time, on the certificate's own fresh paths, under what operators
//! themselves lose; the certificate stays what the model file asked for, and this stands beside it.

use super::Search;
use super::evaluate::{Evaluator, Span};
use super::relax::{self, Relaxation};
use crate::assess::Verdict;
use crate::assess::variants::{Kind, Moment, compare};
use crate::economics::coalition::Effort;
use crate::random::Seed;
use crate::sim::{Cost, Record};
use crate::spec::Parameters;
use crate::spec::model::{Deterrence, Model};
use crate::stats::{Estimate, proportion};
use serde::Serialize;

/// Paths of the first look, and of the second where the first does not tell: a promise that is far
/// from holding needs few, and one that nearly holds is quick to play.
const LOOKS: [u64; 2] = [500, 20_000];
/// Paths on which the knobs are turned.
const TURNED: u64 = 2_000;
/// A cost this near to the one that the promise counts, relative, is the same answer.
const SAME: f64 = 0.05;

/// The promise under the lowest credible cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Beneath {
    /// The lowest credible cost at the start, of the attack that decides.
    pub lowest: Kind,
    /// How much it is, USD.
    pub lowest_usd: f64,
    /// The cost that the promise counts, of the same attack, USD.
    pub counted_usd: f64,
    /// The largest credible profit of that attack, USD.
    pub profit_usd: f64,
    /// Which cost the paths were judged under.
    pub judged: Judged,
    /// Probability of an insecure moment within the horizon under it.
    pub risk: Estimate,
    /// Insecure paths.
    pub failures: u64,
    /// Fresh paths: the first of the certificate's.
    pub paths: u64,
    /// Verdict on the promise under it.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What would make the promise hold there, knob by knob; empty where it holds.
    pub relaxations: Vec<Relaxation>,
}

/// Which cost the paths were judged under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Judged {
    /// What operators themselves lose.
    OperatorRational,
    /// None at all: every opportunity pays.
    Nothing,
}

/// The promise under the lowest credible cost, where that is not the one it counts; `None` inside
/// when there is nothing to add, outside when cancelled.
#[must_use]
pub fn beneath(
    model: &Model,
    design: &Parameters,
    seed: Seed,
    search: &Search,
) -> Option<Option<Beneath>> {
    let start = compare(model, design, &Moment::start(model), Effort::INNER);
    let promised = match model.target.deterrence {
        Deterrence::OperatorRational => Kind::OperatorRational,
        Deterrence::WholeStake if model.value.attacks.iter().any(|a| a.queued.is_some()) => {
            Kind::Escape
        }
        Deterrence::WholeStake => Kind::Recaptured,
    };
    // A coalition for several services has no cost of the promise's kind: its table tells of it.
    let weighed = start.ledgers.iter();
    let weighed = weighed.filter_map(|ledger| Some((ledger, ledger.line(promised)?.usd)));
    let least = weighed.min_by(|(a, _), (b, _)| a.log_margin().total_cmp(&b.log_margin()));
    let Some((ledger, counted)) = least else {
        return Some(None);
    };
    let lowest = ledger.cost();
    if lowest.usd >= counted * (1.0 - SAME) {
        return Some(None);
    }
    let judged = if lowest.usd <= 0.0 {
        Judged::Nothing
    } else if model.target.deterrence == Deterrence::WholeStake {
        Judged::OperatorRational
    } else {
        // The promise already rests on what operators lose: a briber or a buyer below it is told
        // by the table of costs.
        return Some(None);
    };
    let mut rational = model.clone();
    rational.target.deterrence = Deterrence::OperatorRational;
    let evaluator = Evaluator::new(&rational, search.cancel);
    let (tolerance, promised) = (model.target.at_most.get(), model.target.confidence.get());
    let mut look = 1;
    let (failures, paths, confidence, verdict) = loop {
        let paths = LOOKS[look - 1].min(search.paths);
        let failures = insecure(&evaluator, design, judged, seed, paths)?;
        let confidence = proportion::confidence_of_look(promised, look as u32);
        let verdict = Verdict::of(failures, paths, tolerance, confidence);
        if verdict == Verdict::Unsafe || look == LOOKS.len() {
            break (failures, paths, confidence, verdict);
        }
        look += 1;
    };
    let relaxations = if verdict.is_safe() || judged == Judged::Nothing {
        Vec::new()
    } else {
        let paths = search.paths.min(TURNED);
        // The share of insecure paths that the certificate would accept.
        let accepted = proportion::acceptance_number(search.paths, tolerance, promised);
        let allowed = accepted.map_or(0.0, |k| k as f64 / search.paths as f64);
        let allowed = allowed.max(0.5 * tolerance);
        relax::of_deterrence(&evaluator, design, allowed, search.seed, paths)?
    };
    Some(Some(Beneath {
        lowest: lowest.kind,
        lowest_usd: lowest.usd,
        counted_usd: counted,
        profit_usd: ledger.profit().usd,
        judged,
        risk: proportion::clopper_pearson(failures, paths, confidence),
        failures,
        paths,
        verdict,
        relaxations,
    }))
}

/// Insecure ones of the first `paths` fresh paths; `None` when cancelled.
fn insecure(
    evaluator: &Evaluator,
    design: &Parameters,
    judged: Judged,
    seed: Seed,
    paths: u64,
) -> Option<u64> {
    let mut plan = evaluator.plan(design, Span::Horizon);
    plan.record = Record::Critical;
    let ensemble = evaluator.play(&plan, seed, paths)?;
    let columns = ensemble
        .cost(Cost::OperatorRational)
        .expect("the plan asked for this cost");
    // A path without an opportunity has nothing to keep secure.
    let limit = match judged {
        Judged::OperatorRational => 1.0,
        Judged::Nothing => 0.0,
    };
    let scales = columns.critical_scale_horizon.iter();
    Some(scales.filter(|scale| **scale > limit).count() as u64)
}
