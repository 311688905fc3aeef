//! Profit from corruption: what can be taken before somebody stops it, and what a short sale adds.

use super::passage::LogMargin;
use serde::{Deserialize, Serialize};

/// Theft through a rate limit, until it is detected and the service is paused.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RateLimited {
    /// Value that is there to be taken, USD.
    pub reachable_usd: f64,
    /// Most that leaves in a day, USD.
    pub limit_usd_day: f64,
    /// Mean days until the theft is detected, exponential.
    pub mean_detection_days: f64,
    /// Days from detection to the pause.
    pub pause_days: f64,
}

impl RateLimited {
    /// E[min(V, c·(t + t_pause))] with an exponential detection t of mean τ:
    /// c·(t_p + τ(1 − e^(−(V/c − t_p)/τ))), or V where the pause alone comes too late. USD.
    #[must_use]
    pub fn expected_usd(&self) -> f64 {
        let days_to_empty = self.reachable_usd / self.limit_usd_day;
        let left = days_to_empty - self.pause_days;
        if left <= 0.0 || self.limit_usd_day.is_infinite() {
            return self.reachable_usd;
        }
        if self.mean_detection_days <= 0.0 {
            return self.limit_usd_day * self.pause_days;
        }
        let watched = -self.mean_detection_days * (-left / self.mean_detection_days).exp_m1();
        self.limit_usd_day * (self.pause_days + watched)
    }

    /// What is taken when detection takes `detection_days`, USD.
    #[must_use]
    pub fn taken_usd(&self, detection_days: f64) -> f64 {
        self.reachable_usd
            .min(self.limit_usd_day * (detection_days + self.pause_days))
    }

    /// P(everything is gone before the pause).
    #[must_use]
    pub fn emptied(&self) -> f64 {
        let left = self.reachable_usd / self.limit_usd_day - self.pause_days;
        if left <= 0.0 {
            1.0
        } else if self.mean_detection_days <= 0.0 {
            0.0
        } else {
            (-left / self.mean_detection_days).exp()
        }
    }
}

/// Everything that is final inside the dispute window: `usd_day` of value a day for `window_days`,
/// at most what is there (Deb, Raynor, Kannan 2024 call it the harm of the window). USD.
#[must_use]
pub fn within_window_usd(usd_day: f64, window_days: f64, reachable_usd: f64) -> f64 {
    (usd_day * window_days).min(reachable_usd)
}

/// A short position on a token that the attack will drop.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ShortSale {
    /// Value sold short, USD: at most what can be borrowed and what open interest absorbs.
    pub notional_usd: f64,
    /// Relative drop of the token once the attack is known.
    pub drop: f64,
    /// Borrowing cost, a year.
    pub borrow_rate: f64,
    /// Days for which it is held.
    pub held_days: f64,
    /// Fees, a share of the notional.
    pub fee: f64,
}

impl ShortSale {
    /// N(h − b·t − fee), USD; negative when carrying it costs more than the drop brings.
    #[must_use]
    pub fn profit_usd(&self) -> f64 {
        let carry = self.borrow_rate * self.held_days / crate::units::DAYS_PER_YEAR;
        self.notional_usd * (self.drop - carry - self.fee)
    }

    /// Expected profit when the position is closed at a loss of `margin` (a share of the notional)
    /// should the token first rise that much: a rise of ln(1 + margin) at `volatility` a √year and
    /// `mean_growth` a year, watched without a pause, over the days held. USD.
    #[must_use]
    pub fn margined_profit_usd(&self, margin: f64, mean_growth: f64, volatility: f64) -> f64 {
        assert!(margin > 0.0, "a short position needs margin, got {margin}");
        let years = self.held_days / crate::units::DAYS_PER_YEAR;
        // A rise to the margin call is a fall of the mirrored margin to zero.
        let room = LogMargin {
            log_margin: margin.ln_1p(),
            log_drift: -super::passage::log_drift(mean_growth, volatility),
            volatility,
        };
        let called = room.first_passage(years);
        let loss = self.notional_usd * (margin + self.fee);
        (1.0 - called) * self.profit_usd() - called * loss
    }

    /// Notional of the largest short that still pays: what can be borrowed or, if the carry eats
    /// the drop, nothing.
    #[must_use]
    pub fn best_notional_usd(&self, borrowable_usd: f64) -> f64 {
        if (Self {
            notional_usd: 1.0,
            ..*self
        })
        .profit_usd()
            > 0.0
        {
            borrowable_usd
        } else {
            0.0
        }
    }
}

/// The parts of a profit from corruption, USD: each can be taken in the same attack.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct ProfitParts {
    /// Taken in one corrupted task.
    pub event_usd: f64,
    /// Taken through the rate limit until the pause.
    pub rate_limited_usd: f64,
    /// Short sale.
    pub short_usd: f64,
    /// Reordering and censoring.
    pub reordering_usd: f64,
    /// Ransom, or what a competitor pays.
    pub ransom_usd: f64,
}

impl ProfitParts {
    /// Σ of the parts, the theft counted once: a task and a rate limit are two views of the same
    /// value, so the larger of the two counts. A short that loses is not opened. USD.
    #[must_use]
    pub fn total_usd(&self) -> f64 {
        self.event_usd.max(self.rate_limited_usd)
            + self.short_usd.max(0.0)
            + self.reordering_usd
            + self.ransom_usd
    }
}

#[cfg(test)]
mod tests {
    use super::super::solve::integral;
    use super::*;

    #[test]
    fn the_expected_theft_is_the_mean_over_detections() {
        let theft = RateLimited {
            reachable_usd: 5e7,
            limit_usd_day: 1e7,
            mean_detection_days: 2.0,
            pause_days: 0.5,
        };
        let direct = integral(0.0, 80.0, 800, |t| {
            theft.taken_usd(t) * (-t / 2.0).exp() / 2.0
        });
        assert!(
            (theft.expected_usd() / direct - 1.0).abs() < 1e-8,
            "{} {direct}",
            theft.expected_usd()
        );
        assert!((theft.emptied() - (-2.25_f64).exp()).abs() < 1e-15);
    }

    #[test]
    fn theft_at_the_edges() {
        let theft = RateLimited {
            reachable_usd: 100.0,
            limit_usd_day: 10.0,
            mean_detection_days: 0.0,
            pause_days: 2.0,
        };
        assert!((theft.expected_usd() - 20.0).abs() < 1e-12);
        assert!(
            (RateLimited {
                pause_days: 11.0,
                ..theft
            }
            .expected_usd()
                - 100.0)
                .abs()
                < 1e-12
        );
        let open = RateLimited {
            limit_usd_day: f64::INFINITY,
            ..theft
        };
        assert!((open.expected_usd() - 100.0).abs() < 1e-12);
    }

    #[test]
    fn a_margin_call_costs_the_short_seller() {
        let short = ShortSale {
            notional_usd: 1e6,
            drop: 0.5,
            borrow_rate: 0.1,
            held_days: 10.0,
            fee: 0.001,
        };
        let wide = short.margined_profit_usd(50.0, 0.0, 0.9);
        assert!((wide - short.profit_usd()).abs() < 1.0, "{wide}");
        assert!(short.margined_profit_usd(0.1, 0.0, 0.9) < 0.7 * wide);
        assert!(
            (ShortSale {
                borrow_rate: 30.0,
                ..short
            })
            .best_notional_usd(1e6)
                < 1e-12
        );
    }
}
