//! What a recommendation holds. All of it is written to `recommendation.json`; nothing in it
//! depends on the clock or on the number of threads.

use super::beneath::Beneath;
use super::budget::Budget;
use super::collateral::CollateralComparison;
use super::curve::CurvePoint;
use super::frontier::Frontier;
use super::levers::Lever;
use super::network::{Churn, NetworkOption};
use super::policies::Policies;
use super::rare::Evidence;
use super::relax::Relaxation;
use super::sensitivity::Influence;
use super::shape::Round;
use super::shocks::Shock;
use super::stages::Stages;
use super::worlds::PanelRow;
use crate::assess::aftermath::Aftermath;
use crate::assess::{Assessment, Verdict};
use crate::spec::Parameters;
use crate::spec::model::{AssetSlash, Deterrence, Monitoring};
use serde::Serialize;

/// Version of the JSON: a field more is a version more.
pub const FORMAT: u32 = 4;

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recommendation {
    /// Version of this structure.
    pub format: u32,
    /// Name of the service.
    pub service: String,
    /// What is promised.
    pub promise: Promise,
    /// Whether the design keeps the promise: certified on fresh seeds.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Why no design within the ranges keeps it; then [`Self::design`] is the nearest one.
    pub infeasible: Option<Infeasible>,
    /// What would make it feasible, one knob at a time; empty where it is.
    pub relaxations: Vec<Relaxation>,
    /// The promise under the lowest credible cost, where that is another than it counts.
    pub beneath: Option<Beneath>,
    /// The design for a reader: each number with its interval, unit and reason.
    pub design: Design,
    /// The design for a program: what the simulation plays and the export writes.
    pub parameters: Parameters,
    /// Where the money goes.
    pub budget: Option<Budget>,
    /// The evidence for the verdict.
    pub certificate: Certificate,
    /// The same in each model of the panel, the file's own first; empty without a panel.
    pub panel: Vec<PanelRow>,
    /// The design's measures over all days.
    pub assessment: Assessment,
    /// What goes wrong beside the promise: incidents, accidents, what is not paid back.
    pub aftermath: Aftermath,
    /// The same promise on other collateral.
    pub collateral: CollateralComparison,
    /// Risk against stake.
    pub curve: Vec<CurvePoint>,
    /// Budget against risk.
    pub frontier: Frontier,
    /// What would make it cheaper, the binding constraint first.
    pub levers: Vec<Lever>,
    /// What breaks the promise first: the smallest change of each assumption.
    pub shocks: Vec<Shock>,
    /// Which uncertain input decides, the largest influence on the budget first; empty where it
    /// was not asked for.
    pub influences: Vec<Influence>,
    /// What other sizes of the set would cost and resist; empty for pooled stake.
    pub network: Vec<NetworkOption>,
    /// When a newcomer may take a sitting operator's place; none for pooled stake.
    pub churn: Option<Churn>,
    /// The stages of growth, where the model has any.
    pub stages: Option<Stages>,
    /// Policies compared over years of growth, where the model has stages.
    pub policies: Option<Policies>,
    /// How the search went.
    pub search: SearchReport,
}

/// What is promised.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Promise {
    /// Horizon, days.
    pub within_days: f64,
    /// Largest probability of an insecure moment within it.
    pub at_most: f64,
    /// Confidence of the statement against the error of sampling.
    pub confidence: f64,
    /// The cost of corruption that it rests on.
    pub deterrence: Deterrence,
    /// When security is looked at.
    pub monitoring: Monitoring,
    /// The promise as a sentence.
    pub sentence: String,
}

/// A chosen number.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// The value chosen.
    pub value: f64,
    /// Low end of its interval: see [`Self::why`] for what it covers.
    pub low: f64,
    /// High end of its interval.
    pub high: f64,
    /// Its unit.
    pub unit: &'static str,
    /// Who chose it.
    pub origin: Origin,
    /// The rule that chose it, in words.
    pub why: String,
}

/// Who chose a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The model file fixes it.
    Given,
    /// The search chose it within the model file's range.
    Searched,
    /// It follows from the others.
    Derived,
}

/// The design for a reader.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Design {
    /// Slashable stake at the prices of the start.
    pub stake: Figure,
    /// Share of the set's delegated stake that it is, when operators are named.
    pub allocation: Option<Figure>,
    /// Stake that the model's own allocation gives, USD.
    pub stake_today_usd: f64,
    /// Stake of the closed form, USD, where there is one.
    pub stake_closed_form_usd: Option<f64>,
    /// Reward budget.
    pub budget: Figure,
    /// Budget over stake.
    pub gross_yield: Figure,
    /// Share of the quorum's weight that an attacker needs.
    pub threshold: Figure,
    /// Number of operators admitted.
    pub operators: Figure,
    /// Smallest stake of an operator.
    pub minimum_stake: Figure,
    /// Stake of its own that each operator puts in, where the file asks for any.
    pub own_stake_minimum: Option<Figure>,
    /// Largest share of one entity.
    pub entity_cap: Figure,
    /// Share of the stake by asset; empty where the file leaves it as operators hold it.
    pub mix: Vec<MixShare>,
    /// The slash rule.
    pub offences: Vec<OffenceDesign>,
}

/// One asset's share of the stake.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MixShare {
    /// Symbol of the asset.
    pub asset: String,
    /// Its share at the prices of the start.
    pub share: Figure,
}

/// The rule for one offence, for a reader.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OffenceDesign {
    /// Its name in the model.
    pub name: String,
    /// Share of the allocated stake that is slashed.
    pub slash: Figure,
    /// Collateral of which another share is slashed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub slash_by_asset: Vec<AssetSlash>,
    /// Time to dispute.
    pub dispute: Figure,
    /// Time to veto; zero without a committee.
    pub veto: Figure,
    /// Probability that a slash lands before the stake can leave.
    pub lands: f64,
    /// Days left for detection within the exit window.
    pub detection_window_days: f64,
}

/// The evidence for a verdict, on random numbers that had no part in choosing the design.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Certificate {
    /// Paths of the deciding ensemble.
    pub paths: u64,
    /// Insecure paths among them.
    pub failures: u64,
    /// Upper bound of the risk that holds with [`Self::look_confidence`].
    pub at_most: f64,
    /// Lower bound of the risk at the same confidence.
    pub at_least: f64,
    /// Which look it is: a design that stays undecided is strengthened and looked at again.
    pub look: u32,
    /// Confidence of this look: the looks together err with the promise's δ at most.
    pub look_confidence: f64,
    /// Seed of the deciding ensemble.
    pub seed: String,
    /// Where the risk is too small to count: the weighted paths that decide instead. Then
    /// [`Self::failures`] of [`Self::paths`] are plain ones, counted beside as a check.
    pub weighted: Option<Evidence>,
}

impl Certificate {
    /// The risk seen.
    #[must_use]
    pub fn risk(&self) -> f64 {
        match &self.weighted {
            Some(weighted) => weighted.risk.value,
            None => self.failures as f64 / self.paths.max(1) as f64,
        }
    }
}

/// Why nothing within the ranges is enough, and what would be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Infeasible {
    /// The constraint that is violated.
    pub constraint: Constraint,
    /// What it allows, in [`Self::unit`].
    pub allowed: f64,
    /// What the promise needs, in the same unit; infinite if nothing is enough.
    pub needed: f64,
    /// Unit of both.
    pub unit: &'static str,
    /// Risk of the nearest design, the one shown.
    pub nearest_risk: f64,
    /// What to relax, in words.
    pub relax: String,
}

/// What can stand between a design and its promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Constraint {
    /// The largest budget allowed.
    Budget,
    /// No yield on the supply curve brings the stake.
    Supply,
    /// All that is delegated to the set.
    DelegatedStake,
    /// A slash that takes nothing.
    Slash,
    /// Slashes do not land: detection, attribution, dispute or veto.
    SlashLanding,
    /// What operators themselves lose.
    OwnStake,
    /// Fewer operators than the model asks for.
    OperatorCount,
}

/// How the search went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SearchReport {
    /// The stages in their order.
    pub stages: Vec<Stage>,
    /// Rounds over the shape of the design.
    pub rounds: Vec<Round>,
    /// Paths of the exploration.
    pub explore_paths: u64,
    /// Paths of each certification.
    pub certify_paths: u64,
    /// Seed of the exploration.
    pub seed: String,
    /// Ensembles played.
    pub ensembles: u64,
    /// Days of paths played.
    pub path_days: u64,
}

/// A step of the search, told as it happens.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "stage")]
pub enum Stage {
    /// The closed form's stake.
    Analytic {
        /// Stake, USD; none where there is no closed form.
        stake_usd: Option<f64>,
    },
    /// The shape of the design was searched.
    Shape {
        /// Candidates of the first round.
        candidates: usize,
        /// Budget of the cheapest, USD a year.
        budget_usd_year: f64,
    },
    /// The risk curve of the chosen shape is known.
    Curve {
        /// Paths behind it.
        paths: u64,
        /// Stake that goes to certification, USD.
        stake_usd: f64,
    },
    /// A certification on fresh seeds is done.
    Certified {
        /// Which look.
        look: u32,
        /// Paths.
        paths: u64,
        /// Insecure ones.
        failures: u64,
        /// Verdict in one word.
        verdict: &'static str,
    },
    /// The frontier is drawn.
    Frontier {
        /// Points on it.
        points: usize,
    },
    /// The changes that break the promise are known.
    Shocks {
        /// Number of assumptions moved.
        count: usize,
    },
    /// Which uncertain input decides is known.
    Influences {
        /// Inputs that vary.
        inputs: usize,
        /// Samples of each of the two matrices.
        samples: usize,
    },
    /// The same promise was played on other collateral.
    Collateral {
        /// Collaterals compared.
        rows: usize,
    },
    /// The stages of growth are certified.
    Stages {
        /// Number of stages.
        count: usize,
    },
    /// The policies are compared.
    Policies {
        /// Days compared.
        days: u32,
    },
    /// Levers, the binding constraint first, are known.
    Levers {
        /// Number of levers measured.
        count: usize,
    },
}
