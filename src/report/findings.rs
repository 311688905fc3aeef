//! What a report shows, and nothing else: plain values, ready to be read aloud.
//!
//! The report computes no economics. Whoever has a recommendation fills [`Findings`]; [`super::render`]
//! turns it into a page, a text and figures, and [`super::terminal`] into one screen. Because it is
//! serialisable, a run folder can keep it and a report can be drawn again years later.
//!
//! Every number must be finite: JSON has no other. A quantity that is unbounded or was not
//! measured is said in words ([`Value::Words`]); a figure whose data do not exist is `None`.

pub use super::aftermath::{CollateralFigure, CollateralMark, IncidentTimeline};
pub use super::footing::{Beneath, Footing, Spread};
pub use super::growth::{GrowthCourse, PolicyCourse};
pub use super::worlds::{PanelFigure, PanelMark, SizeMark, SizesFigure};
use serde::{Deserialize, Serialize};

/// Version of the serialised form; a new field is a new version.
pub const FORMAT: u32 = 3;

/// All that a report shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// [`FORMAT`] of the writer.
    pub format: u32,
    /// Title of the report, for instance the name of the service.
    pub title: String,
    /// What was asked, in one sentence: service, set, horizon.
    pub question: String,
    /// The answer.
    pub verdict: Verdict,
    /// The promise the answer is about, and what was measured of it.
    pub promise: Promise,
    /// On which cost of corruption the answer rests, and what becomes of it under the lowest
    /// credible one; `None` where nothing was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub footing: Option<Footing>,
    /// The recommended design, most important first.
    pub headline: Vec<HeadlineRow>,
    /// What the reader should change in his design, one imperative sentence each.
    pub changes: Vec<Statement>,
    /// Which constraint binds, and what loosening it would bring.
    pub binds: Vec<Statement>,
    /// The smallest change of the world that breaks the promise.
    pub breaks_first: Option<Statement>,
    /// The lowest credible cost of corruption and what it says about who is deterred.
    pub lowest_coc: Option<Statement>,
    /// Cost of corruption in every variant, then profit in every variant, side by side.
    pub variants: Vec<Variant>,
    /// Each slash rule: what it costs, what it buys.
    pub slash_rules: Vec<SlashRule>,
    /// Who holds the stake.
    pub operators: Operators,
    /// Data of the figures.
    pub figures: FigureData,
    /// Further tables of the appendix (comparisons, sensitivities, recorded requests).
    pub tables: Vec<Table>,
    /// Stages of growth and the policies they are compared with; `None` without stages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth: Option<Growth>,
    /// The recommended parameters as contract integers.
    pub config: Vec<ConfigEntry>,
    /// The method in words, one paragraph each.
    pub method: Vec<String>,
    /// The assumptions that the numbers rest on.
    pub assumptions: Vec<Assumption>,
    /// Where the numbers come from and how to get them again.
    pub provenance: Provenance,
    /// What a careful reader must be told before he believes the rest.
    pub warnings: Vec<String>,
    /// What the run wrote, as (label, path or command).
    pub outputs: Vec<Output>,
}

/// The answer to "is it safe?".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The promise holds with its confidence.
    Safe,
    /// The promise is broken with its confidence.
    Unsafe,
    /// The paths cannot tell: the interval of the risk contains the promise.
    Undecided,
    /// No design inside the searched ranges keeps the promise.
    Infeasible {
        /// The constraint that binds, in one sentence.
        reason: String,
    },
}

/// "An insecure day within `horizon_days` has a probability of at most `at_most`."
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Promise {
    /// Days the promise looks ahead.
    pub horizon_days: f64,
    /// Tolerated probability of an insecure day within the horizon.
    pub at_most: f64,
    /// Confidence of the statement, for instance 0.95.
    pub confidence: f64,
    /// What the certifying paths say; `None` when there was nothing to certify.
    pub measured: Option<MeasuredRisk>,
}

/// Insecure paths counted on fresh seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasuredRisk {
    /// Paths with an insecure day within the horizon.
    pub insecure_paths: u64,
    /// Paths simulated.
    pub paths: u64,
    /// Lower confidence bound of the probability.
    pub low: f64,
    /// Upper confidence bound of the probability.
    pub high: f64,
    /// Of an undecided promise: paths that would decide it, if the share seen is the true one;
    /// none where that share is so near the limit that no reasonable number would.
    #[serde(default)]
    pub paths_to_decide: Option<u64>,
    /// The weighted paths that the bounds rest on, where the risk is too small to count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weighted: Option<Weighted>,
}

/// Weighted paths: what they are worth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Weighted {
    /// How they were drawn: "importance sampling".
    pub method: String,
    /// Paths.
    pub paths: u64,
    /// Failures, in equal contributions.
    pub failures: f64,
    /// Standard error of the probability over the probability; 0 without a failure.
    pub relative_error: f64,
    /// Why they are no answer; empty when they are one.
    pub refused: String,
}

/// Unit of a quantity: it decides how the number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// US dollars: "354 M USD".
    Usd,
    /// US dollars a year: "10.3 M USD/yr".
    UsdPerYear,
    /// Ether: "1,200 ETH".
    Eth,
    /// A share of one: 0.12 is "12 %".
    Share,
    /// A share of one each year: 0.029 is "2.9 %/yr".
    SharePerYear,
    /// A probability: 0.001 is "0.10 %".
    Probability,
    /// Days: "3 days", "6 hours", "2.5 years".
    Days,
    /// Events a year: "12 /yr".
    PerYear,
    /// A whole number: "10,000".
    Count,
    /// A multiple: "1.85×".
    Multiple,
    /// Standard deviations: "2.1 sd".
    Deviations,
    /// A bare number with three significant digits.
    Number,
}

/// A number with its unit and, when it was estimated, its interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quantity {
    /// The number, in the base unit (USD, share of one, days).
    pub value: f64,
    /// Its unit.
    pub unit: Unit,
    /// Whether the number is a value or a bound.
    #[serde(default)]
    pub bound: Bound,
    /// Confidence interval; `None` for a setting, an exact number or an assumption.
    pub interval: Option<Interval>,
}

/// Whether a number is what it is, or a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// The value itself.
    #[default]
    Exactly,
    /// "at least".
    AtLeast,
    /// "at most".
    AtMost,
}

/// A confidence interval in the unit of its quantity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Confidence, for instance 0.95.
    pub confidence: f64,
}

/// A number, or what stands in its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// A number with unit and interval.
    Number(Quantity),
    /// Words, for instance "5 d + 1 d" or "not reachable".
    Words(String),
}

/// One row of the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeadlineRow {
    /// What it is, in a founder's words: "slashable stake".
    pub label: String,
    /// How much.
    pub value: Value,
    /// What to compare it with: "today's set would give 402 M USD at 12 %"; may be empty.
    pub note: String,
    /// Ids of the assumptions it rests on.
    pub assumptions: Vec<String>,
}

/// A sentence with a head to find it by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// The thing, in a word or three: "detection".
    pub head: String,
    /// The sentence: "3 days mean; at 5 days the same risk needs 418 M USD".
    pub text: String,
    /// Ids of the assumptions it rests on.
    pub assumptions: Vec<String>,
}

/// Which side of the ledger a variant is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Cost of corruption.
    Cost,
    /// Profit from corruption.
    Profit,
}

/// One way to count a cost or a profit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// Identifier: "C2", "per event".
    pub id: String,
    /// Name: "operator-rational".
    pub name: String,
    /// Cost or profit.
    pub side: Side,
    /// How much today, in USD, or why not.
    pub value: Value,
    /// The same at the worst moments of the simulated paths; none where nothing was simulated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst: Option<Spread>,
    /// The formula in words.
    pub formula: String,
    /// Whether this variant decides: the lowest credible cost, the highest credible profit.
    pub deciding: bool,
    /// Whether the promise weighs this one.
    #[serde(default)]
    pub promised: bool,
    /// Ids of the assumptions it rests on.
    pub assumptions: Vec<String>,
}

/// One slash rule and its price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SlashRule {
    /// The offence it punishes, or the name of the rule.
    pub rule: String,
    /// Its setting and the one it is compared with: "99 % → 49 %".
    pub setting: String,
    /// What the same risk costs with the other setting: "9.2 M USD/yr (2× the stake)".
    #[serde(default)]
    pub same_risk: String,
    /// What it costs: premium, false slashes, delay, as a sentence.
    pub costs: String,
    /// What it buys: cost of corruption, stake saved, as a sentence.
    pub buys: String,
    /// Whether it is worth it at this design.
    pub worth: Worth,
    /// Ids of the assumptions it rests on.
    pub assumptions: Vec<String>,
}

/// The judgement on a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Worth {
    /// It buys more than it costs.
    Keep,
    /// It costs more than it buys.
    Drop,
    /// Neither matters at this design.
    Neutral,
    /// The design lacks it, and the same risk would cost less with it.
    Add,
}

/// Who holds the stake of the set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Operators {
    /// Number of operators in the set.
    pub operators: u64,
    /// Number of entities that control them.
    pub entities: u64,
    /// The largest operators, largest first.
    pub top: Vec<OperatorRow>,
    /// What is reconstructed or assumed about the rows, in one sentence; may be empty.
    pub note: String,
}

/// One operator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OperatorRow {
    /// Name or address.
    pub name: String,
    /// Who controls it.
    pub entity: String,
    /// Slashable stake at the recommended design, USD.
    pub stake_usd: f64,
    /// Share of the set's stake.
    pub share: f64,
    /// True when the stake is an estimate and not a reading of the chain.
    pub reconstructed: bool,
}

/// Data of the figures; what is `None` is left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct FigureData {
    /// Coverage over time.
    pub margin: Option<MarginFan>,
    /// Cost and profit at the worst moment of each path.
    pub worst: Option<WorstMoment>,
    /// Risk against stake.
    pub risk: Option<RiskCurve>,
    /// Budget against stake.
    pub budget: Option<BudgetCurve>,
    /// Budget against risk over the designs that were tried.
    pub frontier: Option<Frontier>,
    /// Concentration of stake.
    pub concentration: Option<Concentration>,
    /// Where the reward budget goes.
    pub money: Option<Money>,
    /// What breaks first.
    pub breaks: Option<Breaks>,
    /// How an incident unfolds.
    #[serde(default)]
    pub incident: Option<IncidentTimeline>,
    /// The same promise on other collateral.
    #[serde(default)]
    pub collateral: Option<CollateralFigure>,
    /// Policies over years of growth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth: Option<GrowthCourse>,
    /// The models of the panel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub panel: Option<PanelFigure>,
    /// Other sizes of the set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sizes: Option<SizesFigure>,
}

/// Stages and policies, short enough for a screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Growth {
    /// One row a stage.
    pub stages: Table,
    /// One row a policy.
    pub policies: Table,
}

/// Quantiles of the coverage CoC / PfC over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MarginFan {
    /// Days since the start, ascending.
    pub days: Vec<f64>,
    /// Quantiles, ascending in probability; an odd number with the median in the middle reads best.
    pub quantiles: Vec<Quantile>,
    /// Days the promise looks ahead.
    pub horizon_days: f64,
    /// Ids of the assumptions.
    pub assumptions: Vec<String>,
}

/// One quantile over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quantile {
    /// Probability of the quantile.
    pub probability: f64,
    /// Coverage CoC / PfC at each day of the fan.
    pub coverage: Vec<f64>,
}

/// Histograms of cost and profit at the moment of least margin of each path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorstMoment {
    /// Edges of the bins in USD, ascending, positive, evenly spaced in the logarithm.
    pub edges_usd: Vec<f64>,
    /// Paths per bin, cost of corruption.
    pub coc: Vec<u64>,
    /// Paths per bin, profit from corruption.
    pub pfc: Vec<u64>,
    /// Days over which the worst moment was sought.
    pub days: f64,
    /// Ids of the assumptions.
    pub assumptions: Vec<String>,
}

/// Probability of an insecure day within the horizon against slashable stake.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RiskCurve {
    /// Points, ascending in stake.
    pub points: Vec<RiskPoint>,
    /// The recommended point.
    pub recommended: Option<RiskPoint>,
    /// Stake of the set as it is today, under the model's allocation.
    pub today_usd: Option<f64>,
    /// Ids of the assumptions.
    pub assumptions: Vec<String>,
}

/// A risk with its confidence band, at the confidence of the promise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RiskPoint {
    /// Slashable stake, USD.
    pub stake_usd: f64,
    /// Probability of an insecure day within the horizon.
    pub risk: f64,
    /// Lower confidence bound.
    pub low: f64,
    /// Upper confidence bound.
    pub high: f64,
}

/// What a stake costs, by the two conditions that a budget must meet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BudgetCurve {
    /// Budget at which stakers supply the stake, ascending in stake.
    pub stakers: Vec<BudgetPoint>,
    /// Budget at which the operators break even, ascending in stake.
    pub operators: Vec<BudgetPoint>,
    /// The recommended point.
    pub recommended: Option<BudgetPoint>,
    /// Interval of the recommended budget, USD a year.
    pub interval: Option<Interval>,
    /// Ids of the assumptions.
    pub assumptions: Vec<String>,
}

/// A stake and the budget that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BudgetPoint {
    /// Slashable stake, USD.
    pub stake_usd: f64,
    /// Reward budget, USD a year.
    pub budget_usd_per_year: f64,
}

/// Designs that were tried, in budget and risk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frontier {
    /// The designs.
    pub designs: Vec<Design>,
    /// Ids of the assumptions.
    pub assumptions: Vec<String>,
}

/// One design.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Design {
    /// What distinguishes it: "slash 50 %"; may be empty.
    pub label: String,
    /// Reward budget, USD a year.
    pub budget_usd_per_year: f64,
    /// Probability of an insecure day within the horizon.
    pub risk: f64,
    /// Lower confidence bound of the risk, at the confidence of the promise.
    pub low: f64,
    /// Upper confidence bound of the risk.
    pub high: f64,
    /// What it is on the map.
    pub standing: Standing,
}

/// Place of a design on the map of designs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Another design is cheaper and no riskier.
    Dominated,
    /// No other design is cheaper and no riskier.
    Frontier,
    /// The recommended design.
    Chosen,
}

/// Shares of the entities that control the stake.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Concentration {
    /// Share of the quorum weight of each entity, largest first.
    pub entity_shares: Vec<f64>,
    /// Names of the largest entities, in the same order; may be shorter.
    pub names: Vec<String>,
    /// Share of the weight that an attacker needs.
    pub threshold: f64,
    /// True when the shares are estimates and not readings of the chain.
    pub reconstructed: bool,
    /// Ids of the assumptions.
    pub assumptions: Vec<String>,
}

/// How the reward budget divides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Money {
    /// The parts, in the order in which they are drawn; they add up to the budget.
    pub parts: Vec<MoneyPart>,
    /// Ids of the assumptions.
    pub assumptions: Vec<String>,
}

/// One part of the budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MoneyPart {
    /// Who gets it: "stakers", "operators' costs".
    pub label: String,
    /// How much, USD a year.
    pub usd_per_year: f64,
    /// Why that much; may be empty.
    pub note: String,
}

/// The shock of each input that breaks the promise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Breaks {
    /// The inputs, in any order.
    pub rows: Vec<BreakRow>,
    /// Ids of the assumptions.
    pub assumptions: Vec<String>,
}

/// How far one input must move to break the promise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BreakRow {
    /// The input, in words: "correlation of collateral and value at risk".
    pub input: String,
    /// Its value in the model, in words.
    pub assumed: String,
    /// The value that breaks the promise, in words; `None` when no tested value does.
    pub breaks_at: Option<String>,
    /// The move in standard deviations of what is known about the input: the smaller, the sooner.
    /// When nothing breaks, the largest move that was tested.
    pub deviations: f64,
}

/// A table of the appendix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Its title.
    pub title: String,
    /// What to see in it.
    pub caption: String,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Rows of cells, already written with their units.
    pub rows: Vec<Vec<String>>,
}

/// One parameter as the contract takes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfigEntry {
    /// Contract or module that holds it.
    pub place: String,
    /// Its name there.
    pub name: String,
    /// The integer, address or flag, exactly.
    pub value: String,
    /// The same in a reader's unit.
    pub meaning: String,
    /// How it was rounded and why.
    pub rounding: String,
}

/// Something the numbers rest on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assumption {
    /// Id in `docs/assumptions.md`.
    pub id: String,
    /// What is assumed.
    pub statement: String,
    /// Where it comes from.
    pub source: String,
    /// What uses it.
    pub used_in: String,
}

/// Where the numbers come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Provenance {
    /// Version of the program.
    pub version: String,
    /// The model file and its name.
    pub model: String,
    /// Hash of the model.
    pub model_hash: String,
    /// The snapshot: source, date, size.
    pub snapshot: String,
    /// Hash of the snapshot.
    pub snapshot_hash: String,
    /// What of the snapshot is reconstructed; empty when nothing is.
    pub reconstructed: String,
    /// Seed, as the command line takes it.
    pub seed: String,
    /// Fresh paths that the promise was judged on.
    pub paths: u64,
    /// Days of each of them.
    pub horizon_days: u64,
    /// Paths of the assessment over all days.
    pub all_days_paths: u64,
    /// Days of each of those.
    pub days: u64,
    /// Wall time in seconds; `None` when it should not make two reports differ.
    pub wall_seconds: Option<f64>,
    /// The command that gives this report again.
    pub command: String,
}

/// Something that the run wrote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// What it is: "report".
    pub label: String,
    /// Where it is, or the command that uses it.
    pub path: String,
}

impl Quantity {
    /// A number without an interval: a setting, or exact.
    #[must_use]
    pub const fn exact(value: f64, unit: Unit) -> Self {
        Self {
            value,
            unit,
            bound: Bound::Exactly,
            interval: None,
        }
    }

    /// An estimate with its confidence interval.
    #[must_use]
    pub const fn estimate(value: f64, unit: Unit, low: f64, high: f64, confidence: f64) -> Self {
        Self {
            value,
            unit,
            bound: Bound::Exactly,
            interval: Some(Interval {
                low,
                high,
                confidence,
            }),
        }
    }

    /// The same number as a limit.
    #[must_use]
    pub const fn bounded(self, bound: Bound) -> Self {
        Self {
            value: self.value,
            unit: self.unit,
            bound,
            interval: self.interval,
        }
    }
}

impl From<Quantity> for Value {
    fn from(quantity: Quantity) -> Self {
        Self::Number(quantity)
    }
}
