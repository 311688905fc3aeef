//! What an attacker can have beside its take, and what a slash rule can hold beside its fraction.

use crate::economics::heavy_tail::ParetoTake;
use crate::economics::impact::SquareRootImpact;
use crate::economics::profit::ShortSale;
use crate::units::{DAYS_PER_YEAR, Days, PerYear, Share, Usd};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{Attack, Liquidity, Model, Takes};

/// A short sale on a token that the attack will drop.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Short {
    /// Value sold short: at most what open interest takes up and what can be borrowed.
    pub notional: Usd,
    /// Relative fall of the token once the attack is known.
    pub drop: Share,
    /// Cost of borrowing.
    pub borrow: PerYear,
    /// How long it is held.
    pub held: Days,
    /// Fees, a share of the notional.
    pub fee: Share,
    /// Margin and the token's volatility, when a rise can close the position.
    pub margin: Option<Margin>,
}

/// A margin that a rise of the token can eat.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Margin {
    /// Share of the notional.
    pub posted: f64,
    /// Volatility of the token.
    pub volatility: PerYear,
}

impl Short {
    /// Expected profit, USD: N(h − b·t − fee) where the margin lasts, the margin lost where it
    /// does not; nothing when the position would lose on average, for then it is not opened.
    #[must_use]
    pub fn profit_usd(&self) -> f64 {
        let sale = ShortSale {
            notional_usd: self.notional.get(),
            drop: self.drop.get(),
            borrow_rate: self.borrow.get(),
            held_days: self.held.get(),
            fee: self.fee.get(),
        };
        match self.margin {
            Some(margin) if margin.volatility.get() > 0.0 && self.held.get() > 0.0 => {
                sale.margined_profit_usd(margin.posted, 0.0, margin.volatility.get())
            }
            _ => sale.profit_usd(),
        }
        .max(0.0)
    }
}

/// What users lose when an attack succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Harm {
    /// A sum, whatever the attacker takes.
    Usd(Usd),
    /// A multiple of what the attacker takes.
    Multiple(f64),
}

/// Exits that were queued before the attack.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Queued {
    /// Share of the coalition's stake that is queued.
    pub share: Share,
    /// How long before.
    pub before: QueuedBefore,
}

/// How long before an attack an exit was queued.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum QueuedBefore {
    /// Always the same.
    By(Days),
    /// Evenly from nothing up to this.
    UpTo(Days),
}

/// The exit that is asked about when the file says nothing: all stake, half of the exit window
/// before the attack.
pub const QUEUED_ASKED: Queued = Queued {
    share: Share(1.0),
    before: QueuedBefore::By(Days(7.0)),
};

/// Another service that the same operators can corrupt at the same time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Elsewhere {
    /// Its name.
    pub name: String,
    /// What corrupting it brings.
    pub prize: Usd,
    /// What the coalition loses there, beside its business, which is lost once.
    pub loses: Usd,
    /// Who must be corrupted there, where the file says it: then what is lost follows from it.
    pub backing: Option<Backing>,
}

/// The stake behind another service, of which a coalition must hold a part.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Backing {
    /// Share of all stake there that an attacker needs.
    pub threshold: Share,
    /// Stake there of operators of this service, at the prices of the start; divided among them as
    /// their stake here.
    pub stake: Usd,
    /// Operators of this service that have stake there, by index; `None` for all.
    pub operators: Option<Vec<usize>>,
    /// Stake there of others.
    pub others: Usd,
    /// Share of its stake there that whoever takes part is expected to lose.
    pub slash: Share,
    /// Share of the stake there that is the same as here: slashed twice, it is lost once.
    pub shared: Share,
}

impl Elsewhere {
    /// What it adds to the profit of a coalition that attacks anyway, USD: nothing where the
    /// slash there is larger than the prize. Where a coalition is searched (`sim::joint`) that
    /// says what it adds, and nothing is added here.
    #[must_use]
    pub fn adds_usd(&self) -> f64 {
        if self.backing.is_some() {
            return 0.0;
        }
        (self.prize.get() - self.loses.get()).max(0.0)
    }
}

/// A quorum that an attacker must corrupt too.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quorum {
    /// Its name.
    pub name: String,
    /// The market's assets that vote in it, by index.
    pub assets: Vec<usize>,
    /// Share of its weight that an attacker needs, when it differs from the operators' threshold.
    pub threshold: Option<Share>,
    /// Votes of one token of each of [`Self::assets`], whatever its price; none where tokens weigh
    /// what they are worth.
    pub multipliers: Option<Vec<f64>>,
}

/// What buying the stake costs beside its price.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Acquirer {
    /// Cost of the money that is tied up.
    pub financing: PerYear,
    /// Time from the purchase until the stake is allocated.
    pub allocation_delay: Days,
}

/// How a wrong vote is told from a right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Somebody outside the quorum can tell.
    Provable,
    /// Agreement with the majority alone.
    Majority,
}

/// Sale of rewards that are paid in the service's own token.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RewardSale {
    /// The token's market.
    pub liquidity: Liquidity,
    /// Volatility of the token.
    pub volatility: PerYear,
}

/// Cover that the service sells to its users.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Insurance {
    /// Cover sold.
    pub cover: Usd,
    /// Share of the guaranteed slash that is held back, when the file fixes it.
    pub haircut: Option<Share>,
    /// Tolerated probability that the collateral falls by more than the haircut before a payout.
    pub tolerance: Share,
    /// What is charged beyond the expected payout.
    pub loading: Share,
    /// Claims a year, when the file fixes them.
    pub claims: Option<PerYear>,
    /// Median and standard deviation of the logarithm of a claim, when the file fixes them.
    pub claim: Option<(Usd, f64)>,
}

impl Insurance {
    /// Cover of a sum, with a haircut by the first passage of the collateral at 1 %, no loading,
    /// and the claims that the simulation meets.
    #[must_use]
    pub fn of(cover: Usd) -> Self {
        Self {
            cover,
            haircut: None,
            tolerance: Share(0.01),
            loading: Share(0.0),
            claims: None,
            claim: None,
        }
    }
}

impl Attack {
    /// Profit beside the take, USD: short sale, reordering, ransom. Each can be had in the same
    /// attack.
    #[must_use]
    pub fn beside_usd(&self) -> f64 {
        self.short.map_or(0.0, |short| short.profit_usd()) + self.reorder.get() + self.ransom.get()
    }

    /// Harm to users of an attack that takes `take_usd`, USD.
    #[must_use]
    pub fn harm_usd(&self, take_usd: f64) -> f64 {
        match self.harm {
            None => take_usd,
            Some(Harm::Usd(usd)) => usd.get(),
            Some(Harm::Multiple(multiple)) => multiple * take_usd,
        }
    }
}

impl Takes {
    /// The law of a take with a heavy tail.
    #[must_use]
    pub fn heavy(&self) -> Option<ParetoTake> {
        match self {
            Self::ParetoUsd(law) => Some(*law),
            _ => None,
        }
    }
}

impl Model {
    /// Profit beside its take of attack `attack`, with what the same operators get elsewhere, USD.
    #[must_use]
    pub fn extra_profit_usd(&self, attack: &Attack) -> f64 {
        let elsewhere: f64 = self.value.elsewhere.iter().map(Elsewhere::adds_usd).sum();
        attack.beside_usd() + elsewhere
    }

    /// Volatility of a day of a market asset, jumps counted by their second moment.
    #[must_use]
    pub fn daily_volatility(&self, asset: usize) -> f64 {
        let known = &self.market.assets[asset];
        let second = |rate: f64, mean: f64, sd: f64| rate * (mean * mean + sd * sd);
        let mut variance = known.volatility.get() * known.volatility.get();
        if let Some(own) = known.jumps {
            variance += second(own.rate.get(), own.log_mean, own.log_sd);
        }
        if let Some(shared) = &self.market.shared_jumps {
            let loading = shared.loading[asset];
            let jumps = shared.jumps;
            variance += loading * loading * second(jumps.rate.get(), jumps.log_mean, jumps.log_sd);
        }
        (variance / DAYS_PER_YEAR).sqrt()
    }

    /// The law of price impact of a market asset.
    #[must_use]
    pub fn impact(&self, asset: usize) -> SquareRootImpact {
        self.market.assets[asset]
            .liquidity
            .law(self.daily_volatility(asset))
    }
}
