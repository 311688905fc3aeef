//! What happens when something goes wrong, as the model says it: what a sale does to a price, how
//! honest faults come in clusters, what stakers do once an attack is known.

use crate::economics::impact::SquareRootImpact;
use crate::units::{Share, Usd};
use serde::Serialize;

/// What is traded of an asset, and what trades do to its price.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Liquidity {
    /// Average volume of a day.
    pub daily_volume: Usd,
    /// Coefficient of the square-root law, of order one.
    pub impact: f64,
}

impl Liquidity {
    /// The square-root law at a daily volatility.
    #[must_use]
    pub fn law(&self, daily_volatility: f64) -> SquareRootImpact {
        SquareRootImpact {
            coefficient: self.impact,
            daily_volatility,
            daily_volume: self.daily_volume.get(),
        }
    }
}

/// What is known of a token beside its price and its market: what a fall of it sets off.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TokenSupply {
    /// Value of all tokens that trade freely, when it is known: no more can be staked.
    pub circulating: Option<Usd>,
    /// Loans against it, when there are any.
    pub loans: Option<Loans>,
}

/// Loans against a collateral: the lower its price, the more of it is liquidated.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Loans {
    /// Value of the collateral behind them.
    pub collateral: Usd,
    /// Fall of the price at which the last of them is liquidated; they are spread evenly over it.
    pub buffer: Share,
}

/// How honest faults come: alone, or several operators at once for one cause.
///
/// How often an operator is slashed by accident stays what its offence says
/// ([`super::model::Offence::accidental`]); this says how the accidents hang together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FaultProcess {
    /// Share of an operator's accidents that a common cause brings.
    pub clustered: Share,
    /// Mean share of the operators that a common cause reaches.
    pub reach: Share,
    /// Correlation of two operators' being reached by one cause, 0..1: the number reached is
    /// beta-binomial (Skellam 1948), binomial at 0.
    pub correlation: f64,
}

/// What stakers and attackers do around an attack.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct IncidentRules {
    /// Share of the remaining stake whose holders ask to leave once the attack is known. It stays
    /// slashable, and deters, until the exit window ends.
    pub leaving: Share,
    /// Share of the remaining stake that its holders sell at once, as liquid tokens.
    pub selling: Share,
}

/// All collateral that the service could ask for, with the joint law of its prices.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alternatives {
    /// ETH, LST, EIGEN and the service's own token, as far as the snapshot or the file knows them,
    /// and whatever the set holds; correlations with the value at risk last, as in the market.
    pub market: super::model::Market,
    /// Whether the file describes the own token, or a plausible one is taken.
    pub own: OwnToken,
}

/// Where the figures of the own token come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnToken {
    /// `[market.OWN]` of the file.
    Given,
    /// The assumption `A-own-token`.
    Assumed,
}
