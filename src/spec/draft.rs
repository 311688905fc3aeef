//! The model file as it is written, each value with its place.
//!
//! The types say which keys there are: the JSON Schema is generated from them, and the reader
//! checks a file against that schema, so that an editor and the program agree about every key. A
//! draft means nothing yet: [`super::check`] turns it into a [`super::Model`].

pub mod onchain;

pub use super::draft_aftermath::{Faults, Incident, Loans};
pub use super::draft_attacker::*;
use super::draft_collateral::FractionByAsset;
use super::draft_stages::{Policy, Stage};
use super::leaf::*;
use super::model::{Deterrence, Estimator, Fault, Monitoring, Network, Signing, Verification};
use super::panel::{Mix, PanelDraft, UncertaintyDraft};
use schemars::JsonSchema;
use serde::Deserialize;

/// A stakewright model: the design of one service secured by restaked stake. Every quantity
/// carries its unit; what may be searched is written as { search = [low, high] }.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "stakewright model")]
pub struct Document {
    /// Version of this file's format. It is 1.
    #[schemars(range(min = 1), extend("examples" = [1]))]
    pub format: Must<At<u32>>,
    /// What service it is and how its work is verified.
    pub service: Must<Service>,
    /// Who secures it, and with what.
    pub operators: Must<Operators>,
    /// Prices of the collateral; what is left out comes from the snapshot.
    pub market: Option<Market>,
    /// What can be stolen, and how.
    pub value: Must<Value>,
    /// How malicious operators are punished.
    pub slashing: Must<Slashing>,
    /// What the service pays.
    pub rewards: Must<Rewards>,
    /// What stakers and operators ask for.
    pub supply: Option<Supply>,
    /// How honest faults come.
    pub faults: Option<Faults>,
    /// What stakers and attackers do around an attack.
    pub incident: Option<Incident>,
    /// What is promised.
    pub target: Must<Target>,
    /// How the promise is played out.
    pub simulation: Option<Simulation>,
    /// How far the numbers above may be from the truth: each simulated path draws its own.
    pub uncertainty: Option<UncertaintyDraft>,
    /// Other models in which the recommended design must keep the promise as well.
    #[serde(default)]
    pub panel: Vec<At<PanelDraft>>,
    /// Cover that the service sells to its users.
    pub insurance: Option<At<Insurance>>,
    /// Where it is deployed; changes no figure of the economics, only what is exported.
    pub deployment: Option<Deployment>,
    /// Stages of its growth, each until a trigger ends it.
    #[serde(default)]
    pub stage: Vec<At<Stage>>,
    /// How the stages are compared with one fixed design and with a feedback controller.
    pub policy: Option<At<Policy>>,
}

/// What service it is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The service's name, as the report's title shows it.
    pub name: Must<At<String>>,
    /// The archetype, such as "oracle" or "bridge": a label for readers.
    pub kind: Option<At<String>>,
    /// One sentence on what it does.
    pub description: Option<At<String>>,
    /// How a wrong result is recognised: onchain (a contract recomputes it), proof (a contract
    /// checks a proof), quorum (operators sign it), intersubjective (people agree on it).
    pub verification: Must<At<Verification>>,
}

/// Who secures the service, and with what.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Operators {
    /// The rule that chooses who opts in.
    pub from: Must<At<From>>,
    /// Share of each operator's delegated stake that it allocates, and that this service can slash.
    pub allocate: Option<Quantity<PositiveFraction>>,
    /// Assets that count, by symbol ("stETH") or class ("ETH", "LST", "EIGEN", "BTC", "TOKEN"); all when left out.
    pub assets: Option<At<Vec<At<String>>>>,
    /// A CSV file with columns operator,entity: operators of one entity act together.
    pub entities: Option<At<String>>,
    /// Share of the quorum's weight that an attacker needs ("1/3" for a quorum of two thirds whose faults can be attributed).
    pub threshold: Must<Searchable<Quantity<PositiveFraction>>>,
    /// Share of an operator's stake that is its own.
    pub own_share: Option<Quantity<Fraction>>,
    /// How many operators the set may hold.
    pub count: Option<Searchable<At<u32>>>,
    /// Smallest stake that may be asked of an operator.
    pub minimum_stake: Option<Searchable<Quantity<Money>>>,
    /// Largest share of the set's stake that counts for one entity; no cap when left out.
    pub entity_cap: Option<Searchable<Quantity<PositiveFraction>>>,
    /// Shares of the slashable stake by asset (ETH, LST, EIGEN, BTC, TOKEN, OWN); as the operators hold them when left out. Assets that are not named divide the rest as they are held.
    pub mix: Option<At<Mix>>,
    /// Stake of its own that an operator must put behind the service, in the assets that it stakes.
    pub own_stake_minimum: Option<Searchable<Quantity<Money>>>,
    /// Return that an operator asks on stake of its own, before the risk of accidents.
    pub own_stake_return: Option<Quantity<Frequency>>,
    /// Quorums that an attacker must corrupt together; one of all assets when left out.
    #[serde(default)]
    pub quorum: Vec<At<Quorum>>,
    /// What buying the stake costs beside its price.
    pub acquirer: Option<Acquirer>,
    /// Probability that an operator takes a bribe, as another operator sees it.
    pub bribed: Option<Quantity<Fraction>>,
    /// What the service's software costs an operator.
    pub costs: Option<Costs>,
    /// What an operator loses elsewhere when it attacks.
    pub franchise: Option<Franchise>,
}

/// The rule that chooses who opts in.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum From {
    /// The operators of an existing AVS, by name or address.
    Avs(At<String>),
    /// The operators with most delegated stake.
    Largest(At<u32>),
    /// Operators drawn at random.
    Random(Random),
    /// A CSV file (relative to this one) with columns operator, entity (optional) and one per asset, in tokens.
    List(At<String>),
    /// A continuum of stake: an attacker can hold exactly the threshold.
    Pooled(Pooled),
    /// Operators of equal stake.
    Equal(Equal),
}

/// Operators drawn at random.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Random {
    /// How many.
    pub count: Must<At<u32>>,
    /// Seed of the draw.
    pub seed: Must<At<u32>>,
}

/// A continuum of stake.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pooled {
    /// All delegated stake.
    pub stake: Must<Quantity<PositiveMoney>>,
    /// The asset it is in.
    pub asset: Must<At<String>>,
}

/// Operators of equal stake.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Equal {
    /// How many operators.
    pub count: Must<At<u32>>,
    /// Delegated stake of each.
    pub stake: Must<Quantity<PositiveMoney>>,
    /// The asset it is in.
    pub asset: Must<At<String>>,
}

/// What the service's software costs an operator.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    /// For this service alone.
    pub own: Option<Quantity<MoneyRate>>,
    /// Shared by all services that the operator runs.
    pub shared: Option<Quantity<MoneyRate>>,
    /// Number of services that share it.
    pub services: Option<At<u32>>,
}

/// What an operator loses elsewhere when it attacks and is caught.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Franchise {
    /// Net revenue from all services, as a share of the stake delegated to it.
    pub net_revenue: Option<Quantity<Frequency>>,
    /// Discount rate.
    pub discount: Option<Quantity<PositiveFrequency>>,
    /// Hazard that the business ends anyway.
    pub exit_hazard: Option<Quantity<Frequency>>,
    /// How long it is counted; a perpetuity when left out.
    pub lasts: Option<Quantity<PositiveSpan>>,
}

/// Prices of the collateral. What is left out comes from the snapshot, with its source.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Market {
    /// Jumps that strike all collateral at the same moment: "snapshot" (those fitted to ETH), "none", or { rate, log_mean, log_sd }.
    pub jumps: Option<At<WordOr<SharedJumps, JumpLaw>>>,
    /// Correlations between two assets, or an asset and "value".
    #[serde(default)]
    pub correlation: Vec<At<Correlation>>,
    /// ETH on the beacon chain.
    #[serde(rename = "ETH")]
    pub eth: Option<At<Asset>>,
    /// Liquid staking tokens, as one asset.
    #[serde(rename = "LST")]
    pub lst: Option<At<Asset>>,
    /// EIGEN and bEIGEN.
    #[serde(rename = "EIGEN")]
    pub eigen: Option<At<Asset>>,
    /// Tokens that stand for BTC, as one asset.
    #[serde(rename = "BTC")]
    pub btc: Option<At<Asset>>,
    /// All other tokens, as one asset.
    #[serde(rename = "TOKEN")]
    pub token: Option<At<Asset>>,
    /// The service's own token; it has no default but 0 for drift.
    #[serde(rename = "OWN")]
    pub own: Option<At<Asset>>,
}

/// One priced asset.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    /// Price of one token at the start.
    pub price: Option<Quantity<PositiveMoney>>,
    /// Annual volatility of the diffusion; jumps come on top.
    pub volatility: Option<Quantity<Volatility>>,
    /// Expected growth of the price beyond 0.
    pub drift: Option<Quantity<Growth>>,
    /// Jumps of its own: "none", or { rate, log_mean, log_sd }. Either takes it out of the shared jumps.
    pub jumps: Option<At<WordOr<NoJumps, JumpLaw>>>,
    /// How far it moves when the shared jump strikes: 1 moves as ETH does.
    pub jump_loading: Option<At<f64>>,
    /// Relative fall of its price once an attack on the service is known.
    pub falls: Option<Quantity<Fraction>>,
    /// What is traded of it, money over time.
    pub daily_volume: Option<Quantity<PositiveMoneyRate>>,
    /// Coefficient of the square-root law of price impact, of order 1.
    pub impact: Option<At<f64>>,
    /// Value of all tokens that trade freely: no more can be staked.
    pub circulating: Option<Quantity<PositiveMoney>>,
    /// Loans against it, liquidated as it falls; none when left out.
    pub loans: Option<At<Loans>>,
}

/// The word that takes jumps away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoJumps {
    /// No jumps.
    None,
}

/// Words for the jumps that strike all collateral.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SharedJumps {
    /// Those that the snapshot fitted to ETH.
    Snapshot,
    /// No jumps.
    None,
}

/// Lognormal jumps at Poisson times.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JumpLaw {
    /// Jumps over time.
    pub rate: Must<Quantity<Frequency>>,
    /// Mean of the jump of the log price.
    pub log_mean: Must<Quantity<LogReturn>>,
    /// Standard deviation of the jump of the log price.
    pub log_sd: Must<Quantity<LogSpread>>,
}

/// Correlation of two diffusions.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Correlation {
    /// Two of "ETH", "LST", "EIGEN", "BTC", "TOKEN", "OWN" and "value".
    #[schemars(length(min = 2, max = 2))]
    pub between: Must<At<Vec<At<String>>>>,
    /// From -1 to 1.
    pub is: Must<At<f64>>,
}

/// What can be stolen.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Value {
    /// The value that the service protects.
    pub at_risk: Must<AtRisk>,
    /// The ways to steal from it.
    #[schemars(length(min = 1))]
    pub attack: Must<Vec<At<Attack>>>,
    /// Other services that the same operators can corrupt at the same time.
    #[serde(default)]
    pub elsewhere: Vec<At<Elsewhere>>,
}

/// The value that the service protects, with its own dynamics.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AtRisk {
    /// At the start.
    pub start: Must<Quantity<PositiveMoney>>,
    /// Expected growth.
    pub growth: Option<Quantity<Growth>>,
    /// Volatility of its logarithm.
    pub volatility: Option<Quantity<Volatility>>,
    /// Correlation with the price of ETH; with other assets it follows from theirs with ETH.
    pub correlation_with_eth: Option<At<f64>>,
    /// Jumps of its own: "none", or { rate, log_mean, log_sd }.
    pub jumps: Option<At<WordOr<NoJumps, JumpLaw>>>,
    /// How far it moves when the shared jump strikes; 0 when left out, which is the careful side.
    pub jump_loading: Option<At<f64>>,
}

/// One way to profit from corrupting the service.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attack {
    /// Its name.
    pub name: Must<At<String>>,
    /// What one success takes.
    pub takes: Must<Takes>,
    /// Whether a take is capped: at-risk (by the value at risk at that moment) or none.
    pub cap: Option<At<Cap>>,
    /// When it can be done: "standing" (any day), or { rate = "24/year" }.
    pub when: Option<When>,
    /// How fast value leaves: "per_event" (at once), { rate_limited = { limit, pause } }, or { dispute_window = { flow } }.
    pub extraction: Option<Extraction>,
    /// The offence it commits; the one of the same name when left out.
    pub offence: Option<At<String>>,
    /// Share of the quorum it needs, when it differs from that of the service.
    pub threshold: Option<Quantity<PositiveFraction>>,
    /// Most that one success can take: a cap that the service builds in.
    pub per_event: Option<Quantity<PositiveMoney>>,
    /// A short sale on a token that the attack will drop.
    pub short: Option<At<Short>>,
    /// Ransom, or what a competitor pays for the damage.
    pub ransom: Option<Quantity<Money>>,
    /// What reordering and censoring brings.
    pub reorder: Option<Quantity<Money>>,
    /// What users lose: { sum = "50 MUSD" }, or { multiple = 1.5 } of the take. What the attacker takes when left out.
    pub harm: Option<Harm>,
    /// Exits that were queued before the attack: { by = "4 days" }, or { up_to = "14 days" }, with a share.
    pub queued: Option<At<Queued>>,
}

/// What one success takes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Takes {
    /// A fixed sum.
    Sum(Quantity<Money>),
    /// A fixed share of the value at risk.
    Share(Quantity<Fraction>),
    /// A lognormal sum.
    Lognormal(LognormalSum),
    /// A lognormal share of the value at risk.
    LognormalShare(LognormalShare),
    /// A sum with a Pareto tail.
    Pareto(ParetoSum),
    /// A sum whose excess over a threshold follows the generalized Pareto law.
    GeneralizedPareto(ExcessSum),
}

/// A lognormal sum.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LognormalSum {
    /// Half of all takes are larger.
    pub median: Must<Quantity<PositiveMoney>>,
    /// Standard deviation of the logarithm.
    pub sigma: Must<At<f64>>,
}

/// A lognormal share of the value at risk.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LognormalShare {
    /// Half of all takes are larger.
    pub median: Must<Quantity<PositiveShare>>,
    /// Standard deviation of the logarithm.
    pub sigma: Must<At<f64>>,
}

/// Whether a take is capped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cap {
    /// By the value at risk at that moment.
    AtRisk,
    /// By nothing.
    None,
}

/// When an attack can be done.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum When {
    /// Any day offers it.
    Standing,
    /// At Poisson times.
    Rate(Quantity<Frequency>),
}

/// How fast value leaves.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Extraction {
    /// All at once.
    PerEvent,
    /// At a limited rate, until the offence is detected and the service paused.
    RateLimited(RateLimited),
    /// Everything that becomes final until the dispute ends, because nobody can pause.
    DisputeWindow(DisputeWindow),
}

/// A limited rate.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateLimited {
    /// The limit, money over time.
    pub limit: Must<Quantity<MoneyRate>>,
    /// Time from detection to pause.
    pub pause: Must<Quantity<Span>>,
}

/// How malicious operators are punished.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Slashing {
    /// The offences.
    #[schemars(length(min = 1))]
    pub offence: Must<Vec<At<Offence>>>,
}

/// One offence and what follows from it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Offence {
    /// Its name.
    pub name: Must<At<String>>,
    /// Safety (a wrong result) or liveness (no result).
    pub fault: Must<At<Fault>>,
    /// Share of the operator's allocated stake that is slashed.
    pub slash: Must<Searchable<Quantity<Fraction>>>,
    /// Shares for assets that are slashed otherwise (ETH, LST, EIGEN, BTC, TOKEN, OWN): a slash names one fraction for each strategy. `slash` for all when left out.
    pub slash_by_asset: Option<At<FractionByAsset>>,
    /// Probability that the fault can be attributed to the signer.
    pub attributable: Option<Quantity<Fraction>>,
    /// How the fault comes to light: { probability = "95 %" }, or { mean = "3 days" }.
    pub detection: Must<Detection>,
    /// Time to dispute after detection, before the slash.
    pub dispute: Must<Searchable<Quantity<Span>>>,
    /// A committee that can stop a slash; none when left out.
    pub veto: Option<At<Veto>>,
    /// Probability that the slash transaction executes.
    pub executes: Option<Quantity<Fraction>>,
    /// Share of the slashed value that is passed on to those harmed (a redistributing operator set); the rest is burned.
    pub redistributed: Option<Quantity<Fraction>>,
    /// Share of the slashed value that finds its way back to the attacker; not above what is redistributed.
    pub recaptured: Option<Quantity<Fraction>>,
    /// How often an honest operator is slashed for it by accident.
    pub accidental: Option<Quantity<Frequency>>,
    /// Factor of a penalty that grows with the share that is at fault: min(slash, factor · share). Flat when left out.
    pub correlated: Option<At<f64>>,
    /// How a wrong vote is told from a right one: provable (by somebody outside the quorum) or majority (by agreement with it alone).
    pub evidence: Option<At<Evidence>>,
}

/// How a fault comes to light in time.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Detection {
    /// With this probability, in time whatever the delays.
    Probability(Quantity<Fraction>),
    /// After an exponential time with this mean.
    Mean(Quantity<PositiveSpan>),
}

/// A committee that can stop a slash.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Veto {
    /// How long it may decide.
    pub window: Must<Searchable<Quantity<Span>>>,
    /// Probability that it stops a just slash.
    pub probability: Must<Quantity<Fraction>>,
}

/// What the service pays.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rewards {
    /// Reward budget.
    pub budget: Must<Searchable<Quantity<MoneyRate>>>,
    /// Symbol of the token it is paid in.
    pub paid_in: Must<At<String>>,
    /// Share of rewards that you expect operators to keep; each operator sets its own.
    pub operator_split: Option<Searchable<Quantity<Fraction>>>,
    /// Share that the protocol takes, when the service opted in.
    pub protocol_fee: Option<Quantity<Fraction>>,
    /// How long a reward stays slashable before it is paid out; paid at once when left out.
    pub vesting: Option<Quantity<Span>>,
    /// Emissions that others pay to the same stake; none when left out.
    pub emissions: Option<Quantity<MoneyRate>>,
}

/// What stakers ask for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Supply {
    /// Stake offered against yield.
    pub curve: Option<Curve>,
    /// What stakers ask for beside the curve.
    pub premium: Option<Premium>,
}

/// Stake offered against yield.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Curve {
    /// stake · (yield / at_yield)^elasticity.
    ConstantElasticity(ConstantElasticity),
    /// capacity / (1 + exp(-slope · (yield - midpoint))).
    Logistic(Logistic),
    /// Holders sorted by the yield they ask for.
    Steps(At<Vec<Step>>),
}

/// Stake offered with a constant elasticity to its yield.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConstantElasticity {
    /// Reference stake.
    pub stake: Must<Quantity<PositiveMoney>>,
    /// Yield at which it is offered.
    pub at_yield: Must<Quantity<PositiveFrequency>>,
    /// Elasticity of stake to yield.
    pub elasticity: Must<At<f64>>,
}

/// Stake offered along a logistic curve.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Logistic {
    /// Largest stake ever offered.
    pub capacity: Must<Quantity<PositiveMoney>>,
    /// Yield at which half of it is offered.
    pub midpoint: Must<Quantity<Frequency>>,
    /// Steepness, per unit of yield: 100 means that one point of yield moves the exponent by one.
    pub slope: Must<At<f64>>,
}

/// One step of the curve.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The yield from which these holders offer their stake.
    #[serde(rename = "yield")]
    pub at_yield: Must<Quantity<Frequency>>,
    /// The stake that they add.
    pub stake: Must<Quantity<PositiveMoney>>,
}

/// What stakers ask for beside the curve.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Premium {
    /// Relative risk aversion of the slashing premium; 0 is risk-neutral.
    pub risk_aversion: Option<At<f64>>,
    /// Premium for being locked.
    pub illiquidity: Option<Quantity<Frequency>>,
    /// Best alternative that the stake gives up.
    pub alternative: Option<Quantity<Frequency>>,
    /// Premium for the risk that the service changes its rules.
    pub governance: Option<Quantity<Frequency>>,
    /// Cost of transactions, as a yield.
    pub gas: Option<Quantity<Frequency>>,
    /// Hazard that whoever can slash steals by slashing; counts where slashes are redistributed.
    pub theft: Option<Quantity<Frequency>>,
}

/// What is promised.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Horizon of the promise.
    pub insecure_within: Must<Quantity<PositiveSpan>>,
    /// Largest probability of an insecure moment within the horizon.
    pub at_most: Must<Quantity<OpenFraction>>,
    /// Confidence of the statement.
    pub confidence: Option<Quantity<OpenFraction>>,
    /// Which cost of corruption the promise rests on: whole-stake, or operator-rational (what operators themselves lose).
    pub deterrence: Option<At<Deterrence>>,
}

/// How the promise is played out.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Simulation {
    /// Time simulated, in whole days.
    pub days: Option<Quantity<PositiveSpan>>,
    /// When security is looked at: daily, or continuous (between two days by the Brownian bridge).
    pub monitoring: Option<At<Monitoring>>,
    /// How the promise's risk is estimated: automatic (plain paths where they suffice, importance
    /// sampling below), plain, conditional, importance or sobol.
    pub method: Option<At<Estimator>>,
}

/// Where it is deployed: what an export needs beside the economics.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// The network: mainnet, sepolia or hoodi.
    pub network: Option<At<Network>>,
    /// The service's own address.
    pub avs: Option<At<String>>,
    /// Who may slash.
    pub slasher: Option<At<String>>,
    /// Registrar of operators, where it is not the service itself.
    pub registrar: Option<At<String>>,
    /// Where the service's metadata is.
    pub metadata_uri: Option<At<String>>,
    /// Who receives redistributed stake; a set keeps it for ever.
    pub redistribution_recipient: Option<At<String>>,
    /// Contract of the token that rewards are paid in.
    pub reward_token: Option<At<String>>,
    /// Id of the operator set; 0 when left out.
    #[schemars(range(min = 0))]
    pub operator_set_id: Option<At<u32>>,
    /// First day that rewards are paid for, such as "2027-01-04".
    pub rewards_start: Option<At<String>>,
    /// Curve of the operators' signing keys: ECDSA or BN254.
    pub signing: Option<At<Signing>>,
    /// The account that sends the calls, once the service has accepted it as an admin; else the service itself.
    pub admin: Option<At<String>>,
    /// What counts as stake and what it weighs, in place of the snapshot's strategies at its prices.
    #[serde(default)]
    pub strategy: Vec<At<onchain::Strategy>>,
    /// Admission rules of the quorum contracts, in place of the recommended ones.
    pub quorum: Option<onchain::Quorum>,
    /// How rewards are submitted.
    pub rewards: Option<onchain::RewardsCall>,
    /// The stake table that is carried to other chains.
    pub stake_table: Option<onchain::StakeTable>,
    /// Tasks that the set executes through the task mailbox.
    pub tasks: Option<onchain::Tasks>,
    /// The set that gathers signatures, beside the one that executes tasks.
    pub aggregator: Option<onchain::Aggregator>,
    /// Who else may call what in the service's name.
    #[serde(default)]
    pub appointee: Vec<At<onchain::Appointee>>,
    /// Accounts that deploy files of the middleware ask for.
    pub roles: Option<onchain::Roles>,
}
