//! The parts of a draft that say what an attacker can have beside its take, and what a slash
//! rule can hold beside its fraction.

use super::draft::LognormalSum;
use super::draft_collateral::NumberByAsset;
use super::leaf::*;
use schemars::JsonSchema;
use serde::Deserialize;

/// A sum with a Pareto tail: `P(X > x) = (least / x)^tail`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParetoSum {
    /// The smallest take.
    pub least: Must<Quantity<PositiveMoney>>,
    /// Tail index: 1 or less has no finite mean.
    pub tail: Must<At<f64>>,
}

/// A sum whose excess over a threshold follows the generalized Pareto law.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExcessSum {
    /// The threshold that every take exceeds.
    pub above: Must<Quantity<Money>>,
    /// Scale of the excess.
    pub scale: Must<Quantity<PositiveMoney>>,
    /// Shape: 1 or more has no finite mean.
    pub shape: Must<At<f64>>,
}

/// Everything that becomes final before a dispute ends.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DisputeWindow {
    /// Value that becomes final, money over time.
    pub flow: Must<Quantity<MoneyRate>>,
}

/// A short sale that the attacker opens before it attacks.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Short {
    /// Open interest that its derivatives can take up.
    pub open_interest: Option<Quantity<PositiveMoney>>,
    /// What can be borrowed and sold; the smaller of the two limits counts.
    pub depth: Option<Quantity<PositiveMoney>>,
    /// Relative fall of the token once the attack is known.
    pub drop: Must<Quantity<Fraction>>,
    /// Cost of borrowing.
    pub borrow: Option<Quantity<Frequency>>,
    /// How long the position is held.
    pub days: Option<Quantity<Span>>,
    /// Fees, a share of the notional.
    pub fee: Option<Quantity<Fraction>>,
    /// Margin, a share of the notional: a rise of that much closes the position at a loss. Never closed when left out.
    pub margin: Option<Quantity<PositiveShare>>,
    /// Volatility of the token, for the chance that the margin lasts.
    pub volatility: Option<Quantity<Volatility>>,
}

/// What users lose when the attack succeeds.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Harm {
    /// A sum, whatever the attacker takes.
    Sum(Quantity<Money>),
    /// A multiple of what the attacker takes.
    Multiple(At<f64>),
}

/// Exits that were queued before the attack.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queued {
    /// How long before the attack all of them were queued.
    pub by: Option<Quantity<Span>>,
    /// The longest time before the attack, when they were queued evenly over it.
    pub up_to: Option<Quantity<PositiveSpan>>,
    /// Share of the coalition's stake that is queued; all of it when left out.
    pub share: Option<Quantity<Fraction>>,
}

/// Another service that the same operators can corrupt at the same time.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Elsewhere {
    /// Its name.
    pub name: Must<At<String>>,
    /// What corrupting it brings.
    pub prize: Must<Quantity<Money>>,
    /// What the coalition loses there: stake that this service cannot slash. Their business is lost once, here.
    pub loses: Option<Quantity<Money>>,
    /// Share of all stake there that an attacker needs; with `stake` and `slash`, in the place of `loses`, the coalition for both services is searched.
    pub threshold: Option<Quantity<PositiveFraction>>,
    /// Stake there of operators of this service, divided among them as their stake here.
    pub stake: Option<Quantity<PositiveMoney>>,
    /// Which operators of this service have stake there, by name or address; all when left out.
    pub operators: Option<At<Vec<At<String>>>>,
    /// Stake there of operators who are not in this service; none when left out.
    pub others: Option<Quantity<Money>>,
    /// Share of its stake there that whoever takes part is expected to lose, chances counted.
    pub slash: Option<Quantity<Fraction>>,
    /// Share of the stake there that is the same stake as here, so that two slashes take it once; 0 % when left out, for allocations are unique.
    pub shared: Option<Quantity<Fraction>>,
}

/// A quorum of its own: an attacker must reach its threshold too.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quorum {
    /// Its name.
    pub name: Must<At<String>>,
    /// The assets that vote in it: "ETH", "LST", "EIGEN", "BTC", "TOKEN" or "OWN".
    pub assets: Must<At<Vec<At<String>>>>,
    /// Share of its weight that an attacker needs; that of the operators when left out.
    pub threshold: Option<Quantity<PositiveFraction>>,
    /// Votes of one token of each of the assets (1 is 10^18 in the StakeRegistry), which prices do not move; tokens weigh what they are worth when left out.
    pub multipliers: Option<At<NumberByAsset>>,
}

/// What buying the stake costs beside its price.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Acquirer {
    /// Cost of the money that is tied up.
    pub financing: Option<Quantity<Frequency>>,
    /// Time from the purchase until the stake is allocated.
    pub allocation_delay: Option<Quantity<Span>>,
}

/// How a wrong vote is told from a right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Somebody outside the quorum can tell: a contract, a proof, people.
    Provable,
    /// Agreement with the majority of the quorum, and nothing above it.
    Majority,
}

/// Cover that the service sells to its users, paid out of redistributed slashes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Insurance {
    /// Cover sold.
    pub cover: Must<Quantity<PositiveMoney>>,
    /// Share of the guaranteed slash that is not sold on, for falls of the collateral. By its first passage when left out.
    pub haircut: Option<Quantity<Fraction>>,
    /// Tolerated probability that the collateral falls by more than the haircut before a payout.
    pub tolerance: Option<Quantity<OpenFraction>>,
    /// What is charged beyond the expected payout, as a share of it.
    pub loading: Option<Quantity<Fraction>>,
    /// Claims a year. By the simulated probability of an attack when left out.
    pub claims: Option<Quantity<Frequency>>,
    /// Size of a claim; the harm of the worst attack when left out.
    pub claim: Option<LognormalSum>,
}
