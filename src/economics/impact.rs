//! What a large trade does to its own price, and what the price then does to others.

use serde::{Deserialize, Serialize};

/// The square-root law of price impact: I(Q) = Y·σ_d·√(Q/ADV) (Tóth, Lempérière, Deremble, de
/// Lataillade, Kockelkoren, Bouchaud 2011).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SquareRootImpact {
    /// Y, a constant of order one.
    pub coefficient: f64,
    /// σ_d, volatility of a day.
    pub daily_volatility: f64,
    /// Average volume of a day, in the unit of the quantity traded.
    pub daily_volume: f64,
}

impl SquareRootImpact {
    /// Relative move of the price after trading `quantity`, at most one.
    #[must_use]
    pub fn peak(&self, quantity: f64) -> f64 {
        assert!(quantity >= 0.0, "a trade of {quantity}");
        if quantity == 0.0 {
            return 0.0;
        }
        (self.coefficient * self.daily_volatility * (quantity / self.daily_volume).sqrt()).min(1.0)
    }

    /// Average relative cost of the trade: ⅔ of its peak, the mean of √ over the way there.
    #[must_use]
    pub fn average(&self, quantity: f64) -> f64 {
        2.0 / 3.0 * self.peak(quantity)
    }

    /// What a seller gets for `quantity`, in its unit: Q(1 − ⅔I); no more once the price is gone.
    #[must_use]
    pub fn sale_proceeds(&self, quantity: f64) -> f64 {
        let pressure = self.coefficient * self.daily_volatility;
        let all = self.daily_volume / (pressure * pressure);
        let sold = quantity.min(all);
        sold * (1.0 - self.average(sold))
    }

    /// What a buyer pays for `quantity`, in its unit: Q(1 + ⅔I).
    #[must_use]
    pub fn purchase_cost(&self, quantity: f64) -> f64 {
        quantity * (1.0 + self.average(quantity))
    }
}

/// A constant-product pool x·y = k that takes a fee on what comes in.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ConstantProductPool {
    /// Reserve of the token that is sold into it.
    pub reserve_in: f64,
    /// Reserve of the token that is bought from it.
    pub reserve_out: f64,
    /// Share of what comes in that it keeps as a fee.
    pub fee: f64,
}

impl ConstantProductPool {
    /// What comes out for `amount_in`: y·g·dx/(x + g·dx), g = 1 − fee.
    #[must_use]
    pub fn amount_out(&self, amount_in: f64) -> f64 {
        let after_fee = (1.0 - self.fee) * amount_in;
        self.reserve_out * after_fee / (self.reserve_in + after_fee)
    }

    /// Relative fall of the pool's price after selling `amount_in`, the fee left in the pool.
    #[must_use]
    pub fn price_drop(&self, amount_in: f64) -> f64 {
        let before = self.reserve_out / self.reserve_in;
        let after = (self.reserve_out - self.amount_out(amount_in)) / (self.reserve_in + amount_in);
        1.0 - after / before
    }
}

/// Total drop per unit of a small shock whose forced sales move the price by `gain` per unit of
/// drop: 1/(1 − g), infinite from a gain of one on.
#[must_use]
pub fn spiral_multiplier(gain: f64) -> f64 {
    assert!(gain >= 0.0, "a spiral's gain of {gain}");
    if gain >= 1.0 {
        f64::INFINITY
    } else {
        1.0 / (1.0 - gain)
    }
}

/// Total price drop of a `shock` under [`spiral_multiplier`], at most the whole price.
#[must_use]
pub fn linear_spiral(shock: f64, gain: f64) -> f64 {
    assert!(shock >= 0.0, "a price shock of {shock}");
    if shock == 0.0 {
        0.0
    } else {
        (shock * spiral_multiplier(gain)).min(1.0)
    }
}

/// A group of loans that are liquidated together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Liquidation {
    /// Relative price drop at which they are.
    pub trigger: f64,
    /// Collateral that is then sold.
    pub sold: f64,
}

/// Where a price stops falling.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Settlement {
    /// Relative drop, the shock included.
    pub drop: f64,
    /// Collateral sold on the way.
    pub sold: f64,
    /// Waves of liquidation.
    pub waves: usize,
}

/// The smallest drop that no further sale deepens: the least fixed point of
/// δ = min(1, shock + impact(sales at δ)), reached from below in at most one wave per group.
///
/// `impact` is the relative drop that selling an amount causes, rising in it. It must be the least
/// fixed point: prices come down to it, and stop.
#[must_use]
pub fn settle(shock: f64, loans: &[Liquidation], impact: impl Fn(f64) -> f64) -> Settlement {
    assert!(
        (0.0..=1.0).contains(&shock),
        "a price shock of {shock}, outside 0..=1"
    );
    let sold_at = |drop: f64| {
        loans
            .iter()
            .filter(|loan| loan.trigger <= drop)
            .map(|loan| loan.sold)
            .sum::<f64>()
    };
    let mut settlement = Settlement {
        drop: shock,
        sold: 0.0,
        waves: 0,
    };
    // Every wave but the last takes in at least one more group.
    for _ in 0..=loans.len() {
        let sold = sold_at(settlement.drop);
        if sold <= settlement.sold {
            break;
        }
        let drop = (shock + impact(sold)).min(1.0).max(settlement.drop);
        settlement = Settlement {
            drop,
            sold,
            waves: settlement.waves + 1,
        };
    }
    settlement
}

/// The spiral's gain at a small drop: how much further drop the sales triggered by a drop of
/// `step` cause, per unit of drop. One or more is a run.
#[must_use]
pub fn gain_at_origin(loans: &[Liquidation], step: f64, impact: impl Fn(f64) -> f64) -> f64 {
    assert!(step > 0.0, "a gain needs a positive step");
    let sold: f64 = loans
        .iter()
        .filter(|loan| loan.trigger <= step)
        .map(|loan| loan.sold)
        .sum();
    impact(sold) / step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_small_loans_make_the_linear_spiral() {
        // Loans spread evenly: a drop δ sells δ, which costs 0.4 δ.
        let loans: Vec<Liquidation> = (0..10_000)
            .map(|i| Liquidation {
                trigger: (f64::from(i) + 0.5) * 1e-4,
                sold: 1e-4,
            })
            .collect();
        let settled = settle(0.1, &loans, |sold| 0.4 * sold);
        assert!(
            (settled.drop - linear_spiral(0.1, 0.4)).abs() < 1e-4,
            "{settled:?}"
        );
        let run = settle(0.1, &loans, |sold| 1.05 * sold);
        assert!(run.drop > 0.999, "{run:?}");
        assert!((gain_at_origin(&loans, 0.05, |sold| 0.4 * sold) - 0.4).abs() < 1e-9);
    }

    #[test]
    fn the_least_fixed_point_is_taken_although_a_deeper_one_exists() {
        let loans = [
            Liquidation {
                trigger: 0.1,
                sold: 1.0,
            },
            Liquidation {
                trigger: 0.5,
                sold: 10.0,
            },
        ];
        let settled = settle(0.2, &loans, |sold| 0.05 * sold);
        assert_eq!(
            settled,
            Settlement {
                drop: 0.25,
                sold: 1.0,
                waves: 1
            }
        );
        assert_eq!(settle(0.05, &loans, |sold| 0.05 * sold).waves, 0);
        assert_eq!(settle(0.46, &loans, |sold| 0.05 * sold).waves, 2);
    }

    #[test]
    fn a_pool_keeps_its_product_without_fee() {
        let pool = ConstantProductPool {
            reserve_in: 50.0,
            reserve_out: 800.0,
            fee: 0.0,
        };
        let out = pool.amount_out(14.0);
        assert!(((50.0 + 14.0) * (800.0 - out) - 40_000.0).abs() < 1e-9);
        assert!((pool.price_drop(14.0) - (1.0 - (50.0_f64 / 64.0).powi(2))).abs() < 1e-12);
    }

    #[test]
    fn a_drop_never_exceeds_the_price() {
        let impact = SquareRootImpact {
            coefficient: 1.0,
            daily_volatility: 0.5,
            daily_volume: 1.0,
        };
        assert!((impact.peak(100.0) - 1.0).abs() < 1e-15);
        assert!(impact.sale_proceeds(100.0) > 0.0 && impact.purchase_cost(1.0) > 1.0);
    }
}
