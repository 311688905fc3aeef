//! C4a and C4b: what the stake of a coalition fetches when it is sold, and costs when it is bought.
//!
//! Trades move the price by the square-root law, so neither is a sum over entities. A sale's value
//! is concave in what is sold, a purchase's cost convex: both are bounded from below by a cost that
//! is a sum, on which the coalition search gives a certificate; a coalition found gives the value
//! from above. With one asset the two meet; of few entities every coalition is listed instead.

use super::cost::Holders;
use super::punished::{Punished, Taken};
use super::{Kind, Line};
use crate::economics::coalition::Effort;
use crate::economics::impact::SquareRootImpact;
use crate::spec::model::Model;
use crate::spec::parameters::EXIT_WINDOW;

/// Rounds in which a bound is tightened.
const ROUNDS: usize = 4;

/// The markets of the stake.
pub(super) struct Markets {
    laws: Vec<SquareRootImpact>,
    /// Relative fall of each asset once the attack is known.
    pub falls: Vec<f64>,
    /// Cost of the money tied up between purchase and resale, a share of the purchase.
    carry: f64,
}

impl Markets {
    pub(super) fn of(model: &Model) -> Self {
        let assets = 0..model.market.assets.len();
        let acquirer = model.operators.acquirer;
        let held = acquirer.allocation_delay.years() + EXIT_WINDOW.years();
        Self {
            laws: assets.map(|asset| model.impact(asset)).collect(),
            falls: model.market.assets.iter().map(|a| a.falls.get()).collect(),
            carry: acquirer.financing.get() * held,
        }
    }

    /// What a coalition's stake fetches, USD, each asset counted by its weight.
    fn fetched(&self, by_asset: &[f64], weights: &[f64]) -> f64 {
        let each = self.laws.iter().zip(by_asset).zip(weights);
        each.map(|((law, &usd), weight)| weight * law.sale_proceeds(usd))
            .sum()
    }

    /// What buying `usd` of one asset costs in the end: the purchase and its carry, less the
    /// expected resale of what the slash leaves, at the fallen price.
    fn bought(&self, asset: usize, usd: f64, punished: &Punished) -> f64 {
        let (law, taken) = (&self.laws[asset], punished.of_asset(asset));
        let left = left(taken) * usd;
        let lands = taken.lands_expected();
        let resale = lands * law.sale_proceeds(left) + (1.0 - lands) * law.sale_proceeds(usd);
        law.purchase_cost(usd) + self.carry * usd - (1.0 - self.falls[asset]) * resale
    }

    /// The slope of [`Self::bought`].
    fn bought_slope(&self, asset: usize, usd: f64, punished: &Punished) -> f64 {
        let (law, taken) = (&self.laws[asset], punished.of_asset(asset));
        let left = left(taken);
        let lands = taken.lands_expected();
        let resale =
            lands * left * (1.0 - law.peak(left * usd)) + (1.0 - lands) * (1.0 - law.peak(usd));
        1.0 + law.peak(usd) + self.carry - (1.0 - self.falls[asset]) * resale
    }

    /// What a USD fetches on average when so much of an asset is sold.
    fn rate(&self, asset: usize, sold_usd: f64) -> f64 {
        if sold_usd > 0.0 {
            self.laws[asset].sale_proceeds(sold_usd) / sold_usd
        } else {
            1.0
        }
    }

    /// The most that can be sold of an asset for `usd`.
    fn sold_for(&self, asset: usize, usd: f64, most: f64) -> f64 {
        let fetches = |sold: f64| self.laws[asset].sale_proceeds(sold);
        if fetches(most) <= usd {
            return most;
        }
        let (mut low, mut high) = (usd.min(most), most);
        for _ in 0..100 {
            let middle = 0.5 * (low + high);
            if fetches(middle) <= usd {
                low = middle;
            } else {
                high = middle;
            }
            if high - low <= 1e-14 * high {
                break;
            }
        }
        high
    }
}

/// Share of an asset that is still the buyer's after a slash that landed.
fn left(taken: &Taken) -> f64 {
    1.0 - taken.slash * (1.0 - taken.recaptured)
}

/// C4a: the coalition's expected loss at what its stake would have fetched.
pub(super) fn seller(
    holders: &Holders,
    markets: &Markets,
    punished: &Punished,
    effort: Effort,
) -> Line {
    let theta = punished.threshold;
    let totals = holders.totals();
    // Of what is slashed less, less is lost: it counts by its part of what is slashed most.
    let (burned, weights) = punished.burned(totals.len());
    if let Some(bill) = holders.listed(theta, |held| markets.fetched(held, &weights)) {
        return bill.line_between(Kind::Seller, burned * bill.usd, burned * bill.usd);
    }
    let mut bill = holders.cheapest(theta, |o| holders.stake_of(o), effort);
    let mut value = markets.fetched(&holders.by_asset_of(&bill, theta), &weights);
    let mut least = 0.0_f64;
    for _ in 0..ROUNDS {
        // No coalition that fetches less can hold more of an asset than this.
        let rates: Vec<f64> = totals
            .iter()
            .enumerate()
            .map(|(asset, &total)| {
                let weight = weights[asset];
                if weight <= 0.0 {
                    return 0.0;
                }
                let sold = markets.sold_for(asset, value / weight, total);
                weight * markets.rate(asset, sold)
            })
            .collect();
        let found = holders.cheapest(theta, |o| holders.weighed(o, &rates), effort);
        let other = markets.fetched(&holders.by_asset_of(&found, theta), &weights);
        let bound = if holders.pooled() { other } else { found.usd };
        least = least.max(bound);
        if other < value {
            value = other;
            bill = found;
        } else {
            break;
        }
    }
    let least = if holders.pooled() {
        value
    } else {
        least.min(value)
    };
    bill.line_between(Kind::Seller, burned * least, burned * value)
}

/// C4b: buying the coalition's stake, holding it until it can leave, and selling what is left.
pub(super) fn acquirer(
    holders: &Holders,
    markets: &Markets,
    punished: &Punished,
    effort: Effort,
) -> Line {
    let theta = punished.threshold;
    let cost = |held: &[f64]| -> f64 {
        let assets = held.iter().enumerate();
        assets
            .map(|(a, &usd)| markets.bought(a, usd, punished))
            .sum()
    };
    if let Some(bill) = holders.listed(theta, cost) {
        let usd = bill.usd.max(0.0);
        return bill.line_between(Kind::Acquirer, usd, usd);
    }
    let mut bill = holders.cheapest(theta, |o| holders.stake_of(o), effort);
    let mut held = holders.by_asset_of(&bill, theta);
    let mut value = cost(&held);
    if holders.pooled() {
        return bill.line_between(Kind::Acquirer, value, value);
    }
    let mut least = 0.0_f64;
    for _ in 0..ROUNDS {
        let slopes: Vec<f64> = (0..held.len())
            .map(|asset| markets.bought_slope(asset, held[asset], punished).max(0.0))
            .collect();
        let at: f64 = slopes.iter().zip(&held).map(|(s, usd)| s * usd).sum();
        let found = holders.cheapest(theta, |o| holders.weighed(o, &slopes), effort);
        // A convex cost lies above its tangent.
        least = least.max(cost(&held) - at + found.usd);
        let other = holders.by_asset_of(&found, theta);
        let other_cost = cost(&other);
        if other_cost < value {
            value = other_cost;
            held = other;
            bill = found;
        } else {
            break;
        }
    }
    bill.line_between(Kind::Acquirer, least.clamp(0.0, value.max(0.0)), value)
}
