//! The checked model: what a model file means once nothing about it is in doubt.
//!
//! Every quantity is in the unit of its type, every reference is resolved (an attack points at
//! its offence by index, an operator's stake is in tokens of the market's assets), every
//! probability is in `0..=1`. Code after the check takes `&Model` and asks no more questions.

mod onchain;

pub use onchain::*;

pub use super::aftermath::{
    Alternatives, FaultProcess, IncidentRules, Liquidity, Loans, OwnToken, TokenSupply,
};
pub use super::collateral::{AssetSlash, Slashed};
pub use super::model_attacker::*;
use super::panel::{Alternative, Uncertainty};
use super::stages::Schedule;
use crate::economics::heavy_tail::ParetoTake;
use crate::snapshot::Address;
use crate::units::{Days, PerYear, Share, Usd, UsdPerYear};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A design of one service, checked against a snapshot.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Model {
    /// Version of the model file's format.
    pub format: u32,
    /// What the service is and how its work is verified.
    pub service: Service,
    /// Who secures it, and with what.
    pub operators: Operators,
    /// Prices of the collateral, jointly with the value at risk.
    pub market: Market,
    /// All collateral that could secure it, held or not: what the comparison of collateral plays.
    pub alternatives: Alternatives,
    /// What can be stolen, and how.
    pub value: Value,
    /// How malicious operators are punished.
    pub slashing: Slashing,
    /// What the service pays.
    pub rewards: Rewards,
    /// What stakers and operators ask for.
    pub supply: Supply,
    /// How honest faults come.
    pub faults: FaultProcess,
    /// What stakers and attackers do around an attack.
    pub incident: IncidentRules,
    /// What is promised.
    pub target: Target,
    /// How the promise is played out.
    pub simulation: Simulation,
    /// How far its numbers may be from the truth; each path draws its own.
    pub uncertainty: Uncertainty,
    /// Other models in which the design must hold.
    pub panel: Vec<Alternative>,
    /// Cover that the service sells to its users, if it does.
    pub insurance: Option<Insurance>,
    /// Where it goes; changes no figure of the economics.
    pub deployment: Deployment,
    /// Stages of its growth, when the file has any.
    pub schedule: Option<Schedule>,
    /// Defaults that the file left to us: each is an assumption with an address.
    pub assumptions: Vec<AssumptionUse>,
}

/// A value that the file fixes, or a range that the search may use.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice<T> {
    /// The file gives the value.
    Fixed(T),
    /// The file gives the ends; the recommendation decides.
    Search {
        /// Smallest value allowed.
        low: T,
        /// Largest value allowed.
        high: T,
    },
}

impl<T: Copy> Choice<T> {
    /// The fixed value, or the low end of the range.
    pub fn low(self) -> T {
        match self {
            Self::Fixed(value) | Self::Search { low: value, .. } => value,
        }
    }
    /// The fixed value, or the high end of the range.
    pub fn high(self) -> T {
        match self {
            Self::Fixed(value) | Self::Search { high: value, .. } => value,
        }
    }
    /// Whether the search decides it.
    pub fn is_searched(self) -> bool {
        matches!(self, Self::Search { .. })
    }
}

/// A default that the file did not set, by its id in `docs/assumptions.md`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AssumptionUse {
    /// The assumption's id, such as `A-own-share`.
    pub id: &'static str,
    /// The key that would replace it, such as `operators.own_share`.
    pub key: String,
    /// The value taken, with its unit.
    pub value: String,
}

/// What service it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Service {
    /// The service's name, as the report's title shows it.
    pub name: String,
    /// The archetype, such as `oracle` or `bridge`: a label for readers.
    pub kind: String,
    /// One sentence on what it does.
    pub description: String,
    /// How a wrong result is recognised.
    pub verification: Verification,
}

/// How a wrong result is recognised as wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verification {
    /// A contract recomputes it.
    Onchain,
    /// A proof (fraud or validity) is checked by a contract.
    Proof,
    /// A quorum of operators signs it.
    Quorum,
    /// People agree on it: no contract can tell.
    Intersubjective,
}

/// Who secures the service.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Operators {
    /// The rule that chose them, in words.
    pub rule: String,
    /// How the stake is divided.
    pub structure: Structure,
    /// Names of the entities that control the operators, by [`Operator::entity`]; empty when pooled.
    pub entities: Vec<String>,
    /// Share of each operator's delegated stake that is allocated (slashable by this service).
    pub allocate: Share,
    /// Share of the quorum's weight that an attacker needs.
    pub threshold: Choice<Share>,
    /// Share of an operator's stake that is its own.
    pub own_share: Share,
    /// How many operators the set may hold.
    pub count: Choice<u32>,
    /// Smallest stake that may be asked of an operator, if the file bounds it.
    pub minimum_stake: Option<Choice<Usd>>,
    /// Largest share of the set's stake that counts for one entity; 1 is no cap.
    pub entity_cap: Choice<Share>,
    /// Share of the slashable stake by market asset, where the file says it; empty when it says
    /// nothing. Assets without a share divide the rest as they are held.
    pub mix: Vec<Option<Choice<Share>>>,
    /// Stake of its own that an operator must put behind the service, if any is asked for.
    pub own_stake_minimum: Option<Choice<Usd>>,
    /// Return that an operator asks on stake of its own, before the risk of accidents.
    pub own_stake_return: PerYear,
    /// Quorums that an attacker must corrupt together; empty for one of all assets.
    pub quorums: Vec<Quorum>,
    /// What buying the stake costs beside its price.
    pub acquirer: Acquirer,
    /// Probability that an operator takes a bribe, as another operator sees it.
    pub bribed: Share,
    /// Costs of running the service.
    pub costs: OperatorCosts,
    /// What an operator loses elsewhere when it attacks.
    pub franchise: Franchise,
}

/// How the slashable stake is divided.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Structure {
    /// A continuum: an attacker can hold exactly the threshold. No operators are named.
    Pooled {
        /// Slashable stake at the start.
        stake: Usd,
        /// Index of the market asset it is in.
        asset: usize,
    },
    /// Named operators, grouped into the entities that control them.
    Entities(Vec<Operator>),
}

/// One operator of the set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Operator {
    /// Name or address.
    pub label: String,
    /// Address as text, when there is one.
    pub address: Option<String>,
    /// Index of the entity that controls it; operators of one entity act together.
    pub entity: usize,
    /// Slashable tokens, by market asset (in units of that asset).
    pub tokens: Vec<f64>,
    /// All stake delegated to it, in USD at the snapshot's prices: the base of its franchise.
    pub delegated_usd: f64,
    /// Whether the stake is reconstructed from totals rather than read.
    pub reconstructed: bool,
}

/// What the service's software costs an operator.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct OperatorCosts {
    /// For this service alone.
    pub own: UsdPerYear,
    /// Shared by all services that the operator runs.
    pub shared: UsdPerYear,
    /// Number of services that share it.
    pub services: f64,
}

/// Present value of the business that an operator loses when it is caught.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Franchise {
    /// Net revenue a year from all services, as a share of the stake delegated to the operator.
    pub net_revenue: PerYear,
    /// Discount rate.
    pub discount: PerYear,
    /// Hazard that the business ends anyway.
    pub exit_hazard: PerYear,
    /// Years counted; none is a perpetuity.
    pub years: Option<f64>,
}

/// Prices of the collateral.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Market {
    /// The assets; operators' tokens and the correlations use this order.
    pub assets: Vec<MarketAsset>,
    /// Correlation of the diffusions: assets in order, then the value at risk last. Positive definite.
    pub correlation: Vec<Vec<f64>>,
    /// Jumps that strike all assets at the same moment, when there are any. A crash of ETH takes its
    /// liquid staking tokens with it: jumps that were independent would diversify away.
    pub shared_jumps: Option<SharedJumps>,
}

/// Jumps at common times: at each, the log price of asset `i` moves by `loading[i]` times the jump.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SharedJumps {
    /// The common jump.
    pub jumps: Jumps,
    /// One loading an asset, in order, then the value at risk last; 0 where it does not take part.
    pub loading: Vec<f64>,
}

/// One priced asset (a class of the snapshot's strategies, or the service's own token).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MarketAsset {
    /// Symbol, such as `ETH`, `LST`, `EIGEN`.
    pub symbol: String,
    /// Price at the start, USD a token.
    pub price: Usd,
    /// Annual volatility of log returns, diffusion part only.
    pub volatility: PerYear,
    /// Annual drift beyond the martingale correction.
    pub drift: PerYear,
    /// Jumps of its own, beside [`Market::shared_jumps`].
    pub jumps: Option<Jumps>,
    /// Where the figures come from: a source with its date, or the model file.
    pub source: String,
    /// Relative fall of its price once an attack on the service is known.
    pub falls: Share,
    /// What is traded of it.
    pub liquidity: Liquidity,
    /// What is known of its supply.
    pub supply: TokenSupply,
}

/// Lognormal jumps at Poisson times.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Jumps {
    /// Jumps a year.
    pub rate: PerYear,
    /// Mean of the log jump.
    pub log_mean: f64,
    /// Standard deviation of the log jump.
    pub log_sd: f64,
}

/// What can be stolen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Value {
    /// The value that the service protects.
    pub at_risk: ValueAtRisk,
    /// The ways to steal from it.
    pub attacks: Vec<Attack>,
    /// Other services that the same operators can corrupt at the same time.
    pub elsewhere: Vec<Elsewhere>,
}

/// The value that the service protects, with its own dynamics. Its correlation is in [`Market`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ValueAtRisk {
    /// At the start.
    pub start: Usd,
    /// Expected growth.
    pub growth: PerYear,
    /// Annual volatility of log changes.
    pub volatility: PerYear,
    /// Jumps, when there are any (listings, outflows).
    pub jumps: Option<Jumps>,
}

/// One way to profit from corrupting the service.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attack {
    /// Its name.
    pub name: String,
    /// What one success takes.
    pub takes: Takes,
    /// Whether the take is capped by the value at risk at that moment.
    pub capped: bool,
    /// When it can be done.
    pub chance: Chance,
    /// How fast value leaves.
    pub extraction: Extraction,
    /// Index into [`Slashing::offences`]: the offence it commits.
    pub offence: usize,
    /// Share of the quorum it needs, when it differs from [`Operators::threshold`].
    pub threshold: Option<Share>,
    /// Most that one success can take, where the service builds in a cap.
    pub per_event: Option<Usd>,
    /// A short sale on a token that the attack will drop.
    pub short: Option<Short>,
    /// Ransom, or what a competitor pays.
    pub ransom: Usd,
    /// What reordering and censoring brings.
    pub reorder: Usd,
    /// What users lose; what the attacker takes when there is nothing here.
    pub harm: Option<Harm>,
    /// Exits that were queued before the attack, where the file says so.
    pub queued: Option<Queued>,
}

/// What one success takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Takes {
    /// A fixed sum.
    Usd(Usd),
    /// A fixed share of the value at risk.
    ShareOfValue(Share),
    /// A lognormal sum: `median · exp(sigma Z)`.
    LognormalUsd {
        /// Median.
        median: Usd,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// A lognormal share of the value at risk.
    LognormalShare {
        /// Median share.
        median: Share,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// A sum with a heavy tail.
    ParetoUsd(ParetoTake),
}

/// When an attack can be done.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Chance {
    /// At any time: every day offers it.
    Standing,
    /// At Poisson times.
    Rate(PerYear),
}

/// How fast value leaves once the attack has begun.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Extraction {
    /// All at once.
    PerEvent,
    /// At a limited rate until the offence is detected and the service paused; counted as its
    /// expectation under exponential detection.
    RateLimited {
        /// Limit, USD a day.
        usd_per_day: f64,
        /// Time from detection to pause.
        pause: Days,
    },
    /// Everything that becomes final until detection, dispute and veto are over: nobody can pause.
    DisputeWindow {
        /// Value that becomes final, USD a day.
        usd_per_day: f64,
    },
}

/// How malicious operators are punished.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Slashing {
    /// The offences.
    pub offences: Vec<Offence>,
}

/// One offence and what follows from it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Offence {
    /// Its name.
    pub name: String,
    /// Safety or liveness.
    pub fault: Fault,
    /// Share of the operator's allocated stake that is slashed.
    pub slash: Choice<Share>,
    /// Assets of which another share is slashed.
    pub slash_by_asset: Vec<AssetSlash>,
    /// Probability that the fault can be attributed to the signer.
    pub attributable: Share,
    /// How the fault comes to light.
    pub detection: Detection,
    /// Time to dispute after detection, before the slash.
    pub dispute: Choice<Days>,
    /// Veto committee, when there is one.
    pub veto: Option<Veto>,
    /// Probability that the slash transaction executes.
    pub executes: Share,
    /// Share of the slashed value that a redistributing set passes on; the rest is burned.
    pub redistributed: Share,
    /// Share of the slashed value that finds its way back to the attacker; at most [`Self::redistributed`].
    pub recaptured: Share,
    /// How often an honest operator is slashed for it by accident, a year.
    pub accidental: PerYear,
    /// Factor of a penalty that grows with the share that is at fault; flat when there is none.
    pub correlated: Option<f64>,
    /// How a wrong vote is told from a right one.
    pub evidence: Evidence,
}

/// Kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A wrong result.
    Safety,
    /// No result.
    Liveness,
}

/// How a fault comes to light in time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Detection {
    /// With a given probability, in time whatever the delays.
    Probability(Share),
    /// After an exponential time with this mean; in time when detection, dispute and veto fit
    /// into the window before the stake can leave.
    Exponential {
        /// Mean time to detection.
        mean: Days,
    },
}

/// A committee that can stop a slash.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Veto {
    /// How long it may decide.
    pub window: Choice<Days>,
    /// Probability that it stops a just slash.
    pub probability: Share,
}

/// What the service pays.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rewards {
    /// Reward budget.
    pub budget: Choice<UsdPerYear>,
    /// Symbol of the token it is paid in.
    pub paid_in: String,
    /// Operators' share of rewards (set by each operator; 10 % by the protocol's default).
    pub operator_split: Share,
    /// Share that the protocol takes, when the service opted in.
    pub protocol_fee: Share,
    /// How long a reward stays slashable before it is paid out.
    pub vesting: Days,
    /// Emissions that others pay to the same stake.
    pub emissions: UsdPerYear,
    /// Market that rewards in the service's own token are sold into, where the file gives it.
    pub sale: Option<RewardSale>,
}

/// What stakers ask for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Supply {
    /// Stake offered at a gross yield on slashable stake.
    pub curve: SupplyCurve,
    /// Premium that stakers ask for beside the curve.
    pub premium: Premium,
}

/// Stake offered against yield.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SupplyCurve {
    /// `stake · (yield / at_yield)^elasticity`.
    ConstantElasticity {
        /// Reference stake.
        stake: Usd,
        /// Yield at which it is offered.
        at_yield: PerYear,
        /// Elasticity of stake to yield.
        elasticity: f64,
    },
    /// `capacity / (1 + exp(-slope (yield - midpoint)))`.
    Logistic {
        /// Largest stake ever offered.
        capacity: Usd,
        /// Yield at which half of it is offered.
        midpoint: PerYear,
        /// Steepness, per unit of yield.
        slope: f64,
    },
    /// Holders sorted by the yield they ask for: `(yield, stake)` pairs, yields ascending.
    Steps(Vec<(PerYear, Usd)>),
}

/// What stakers ask for beyond the curve, as a yield on slashable stake.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Premium {
    /// Relative risk aversion used for the slashing premium (0 is risk-neutral).
    pub risk_aversion: f64,
    /// Premium for being locked.
    pub illiquidity: PerYear,
    /// Best alternative that the stake gives up (another allocation of the same unit).
    pub alternative: PerYear,
    /// Premium for the risk that the service changes its rules.
    pub governance: PerYear,
    /// Cost of transactions.
    pub gas: PerYear,
    /// Hazard that whoever can slash steals by slashing, where slashes are redistributed.
    pub theft: PerYear,
}

/// The promise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Target {
    /// Horizon of the promise.
    pub insecure_within: Days,
    /// Largest probability of an insecure moment within the horizon.
    pub at_most: Share,
    /// Confidence of the statement.
    pub confidence: Share,
    /// Which cost of corruption the promise rests on.
    pub deterrence: Deterrence,
}

/// Which cost of corruption deters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Deterrence {
    /// The cheapest coalition's whole slashable stake, times the chance that the slash lands.
    WholeStake,
    /// What the operators themselves lose: own stake and franchise.
    OperatorRational,
}

/// How the model is played.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Simulation {
    /// Days simulated.
    pub days: u32,
    /// When security is looked at.
    pub monitoring: Monitoring,
    /// How the risk of the promise is estimated.
    pub estimator: Estimator,
}

/// How the probability of an insecure moment is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Estimator {
    /// Plain paths where they can show the promise, importance sampling below.
    Automatic,
    /// Plain paths, insecure ones counted.
    Plain,
    /// Plain paths whose opportunities and crossings are integrated.
    Conditional,
    /// The same under laws tilted towards failure, weighted (importance sampling).
    Importance,
    /// The same on scrambled Sobol points.
    Sobol,
}

/// When security is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Monitoring {
    /// At the end of each day.
    Daily,
    /// At every moment: between two days by the Brownian bridge.
    Continuous,
}

/// Where the design is deployed: what an export needs beside the economics.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
pub struct Deployment {
    /// The network.
    pub network: Network,
    /// The service's own address on it.
    pub avs: Option<Address>,
    /// Who may slash.
    pub slasher: Option<Address>,
    /// Registrar of operators, where it is not the service itself.
    pub registrar: Option<Address>,
    /// Where the service's metadata is.
    pub metadata_uri: Option<String>,
    /// Who receives redistributed stake.
    pub redistribution_recipient: Option<Address>,
    /// Contract of the token that rewards are paid in.
    pub reward_token: Option<Address>,
    /// Id of the operator set.
    pub operator_set_id: u32,
    /// First day that rewards are paid for, `YYYY-MM-DD`.
    pub rewards_start: Option<String>,
    /// Curve of the operators' signing keys.
    pub signing: Option<Signing>,
    /// What the contracts alone ask for.
    pub onchain: OnChain,
}

/// A network that EigenLayer is deployed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// Ethereum mainnet.
    #[default]
    Mainnet,
    /// The Sepolia test network.
    Sepolia,
    /// The Hoodi test network.
    Hoodi,
}

/// Curve of the operators' signing keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Signing {
    /// Keys of Ethereum accounts.
    Ecdsa,
    /// Keys on the curve BN254, whose signatures aggregate.
    Bn254,
}
