//! Prices during an incident: the market goes on, the news strikes, stakers sell, loans are
//! liquidated.

use super::{Collateral, IncidentPlan};
use crate::economics::impact::{gain_at_origin, settle};
use crate::random::Stream;

/// Hours of a day, as the root of the share of its variance.
const HOURS: f64 = 24.0;

/// Prices of all collateral, relative to those of the attack.
pub(super) struct Prices {
    log: Vec<f64>,
    /// What news, sales and liquidations left of each price.
    pub after_news: Vec<f64>,
    start: Vec<f64>,
}

/// Where a price settles on the news.
pub(super) struct Settled {
    /// What is left of the price.
    pub left: f64,
    /// What the liquidations add for each unit of the fall that began them.
    pub gain: f64,
}

impl Prices {
    pub fn new(start: &[f64]) -> Self {
        Self {
            log: vec![0.0; start.len()],
            after_news: vec![1.0; start.len()],
            start: start.to_vec(),
        }
    }

    /// One more hour of the market: correlated normals with the variance of a day's returns.
    pub fn hour(&mut self, plan: &IncidentPlan, stream: &mut Stream) {
        let n = self.log.len();
        let normals: Vec<f64> = (0..n).map(|_| stream.normal()).collect();
        for (a, collateral) in plan.collateral.iter().enumerate() {
            // The root's rows hold the value at risk last, so its first block is that of the assets.
            let row = &plan.plan.correlation_root[a * (n + 1)..a * (n + 1) + n];
            let z: f64 = row.iter().zip(&normals).map(|(l, z)| l * z).sum();
            let sd = collateral.impact.daily_volatility / HOURS.sqrt();
            self.log[a] += sd * z - 0.5 * sd * sd;
        }
    }

    /// The price of an asset now, USD.
    pub fn now(&self, asset: usize) -> f64 {
        self.start[asset] * libm::exp(self.log[asset]) * self.after_news[asset]
    }

    /// All prices now, USD.
    pub fn all(&self) -> Vec<f64> {
        (0..self.start.len()).map(|asset| self.now(asset)).collect()
    }

    /// Value of tokens now, USD.
    pub fn value(&self, tokens: &[f64]) -> f64 {
        let mut value = 0.0;
        for (asset, tokens) in tokens.iter().enumerate() {
            value += tokens * self.now(asset);
        }
        value
    }
}

/// Where the price settles when it falls by `falls` on the news, `sold_usd` is sold at once, and
/// loans are liquidated on the way down: the least fixed point.
pub(super) fn settled(collateral: &Collateral, falls: f64, sold_usd: f64) -> Settled {
    let law = &collateral.impact;
    let sale = law.peak(sold_usd);
    let shock = 1.0 - (1.0 - falls) * (1.0 - sale);
    let further = |liquidated: f64| law.peak(sold_usd + liquidated) - sale;
    let end = settle(shock.min(1.0), &collateral.loans, further);
    let gain = if shock > 0.0 {
        gain_at_origin(&collateral.loans, shock, further)
    } else {
        0.0
    };
    Settled {
        left: 1.0 - end.drop,
        gain,
    }
}

/// What a USD of `hit_usd` is worth to those who get it, once the price has fallen on the news and
/// `sold_usd` was sold by others.
#[must_use]
pub fn left_of(collateral: &Collateral, sold_usd: f64, hit_usd: f64) -> f64 {
    let left = settled(collateral, collateral.falls, sold_usd).left;
    if hit_usd <= 0.0 || !hit_usd.is_finite() {
        return left;
    }
    collateral.impact.sale_proceeds(left * hit_usd) / hit_usd
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::economics::impact::{Liquidation, SquareRootImpact};

    fn token(loans: Vec<Liquidation>) -> Collateral {
        Collateral {
            falls: 0.6,
            impact: SquareRootImpact {
                coefficient: 1.0,
                daily_volatility: 0.045,
                daily_volume: 200e6,
            },
            loans,
        }
    }

    /// 50 M USD of a collateral that trades 200 M USD a day at 4.5 % a day: peak 2.25 %, 49.25 M
    /// USD for the seller.
    #[test]
    fn c06_a_sale_moves_the_price_by_the_square_root_law() {
        let law = token(Vec::new()).impact;
        assert!((law.peak(50e6) - 0.0225).abs() < 1e-12);
        assert!((law.sale_proceeds(50e6) - 49_250_000.0).abs() < 1e-3);
        let quiet = settled(&token(Vec::new()), 0.0, 50e6);
        assert!((quiet.left - 0.9775).abs() < 1e-12 && quiet.gain.abs() <= 0.0);
    }

    #[test]
    fn news_and_sale_multiply_and_loans_deepen_the_fall() {
        let plain = settled(&token(Vec::new()), 0.6, 50e6).left;
        assert!((plain - 0.4 * 0.9775).abs() < 1e-12);
        let loans: Vec<Liquidation> = (0..10)
            .map(|i| Liquidation {
                trigger: 0.1 * f64::from(i),
                sold: 20e6,
            })
            .collect();
        let spiral = settled(&token(loans), 0.6, 50e6);
        assert!(spiral.left < plain, "{} {plain}", spiral.left);
        assert!(spiral.gain > 0.0 && spiral.gain < 1.0, "{}", spiral.gain);
    }
}
