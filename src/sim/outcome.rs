//! What one path leaves behind, and the rules by which a day changes it.

use super::harm::Loss;
use super::{NEVER, NotANumber};
use crate::random::Seed;

/// The measures of one path.
#[derive(Debug, Clone)]
pub(super) struct PathOutcome {
    pub costs: Vec<CostOutcome>,
    pub end_price_usd: Vec<f64>,
    pub end_value_usd: f64,
}

/// The measures of one path for one way of counting the cost; see `Columns`.
#[derive(Debug, Clone)]
pub(super) struct CostOutcome {
    pub min_margin_usd: f64,
    pub min_margin_day: u32,
    pub min_margin_attack: u32,
    pub coc_usd: f64,
    pub pfc_usd: f64,
    pub coalition_size: u32,
    pub largest_gap: f64,
    pub min_log_ratio_horizon: f64,
    pub min_log_ratio: f64,
    pub critical_scale_horizon: f64,
    pub critical_scale: f64,
    pub first_insecure_day: u32,
    pub insecure_days: f64,
    pub attack_probability_horizon: f64,
    pub attack_probability: f64,
    pub expected_loss_usd_horizon: f64,
    pub expected_loss_usd: f64,
    pub loss_usd: f64,
    pub loss_day: u32,
    pub harm_usd: f64,
    pub uncovered_usd: f64,
    pub expected_harm_usd_horizon: f64,
    pub expected_harm_usd: f64,
    pub expected_uncovered_usd_horizon: f64,
    pub expected_uncovered_usd: f64,
    /// One an attack, if only they are asked for.
    pub attack_scale_horizon: Vec<f64>,
}

impl CostOutcome {
    /// A path on which nothing has happened yet.
    pub fn new() -> CostOutcome {
        CostOutcome {
            min_margin_usd: f64::INFINITY,
            min_margin_day: NEVER,
            min_margin_attack: NEVER,
            coc_usd: f64::NAN,
            pfc_usd: f64::NAN,
            coalition_size: 0,
            largest_gap: 0.0,
            min_log_ratio_horizon: f64::INFINITY,
            min_log_ratio: f64::INFINITY,
            critical_scale_horizon: 0.0,
            critical_scale: 0.0,
            first_insecure_day: NEVER,
            insecure_days: 0.0,
            attack_probability_horizon: 0.0,
            attack_probability: 0.0,
            expected_loss_usd_horizon: 0.0,
            expected_loss_usd: 0.0,
            loss_usd: 0.0,
            loss_day: NEVER,
            harm_usd: 0.0,
            uncovered_usd: 0.0,
            expected_harm_usd_horizon: 0.0,
            expected_harm_usd: 0.0,
            expected_uncovered_usd_horizon: 0.0,
            expected_uncovered_usd: 0.0,
            attack_scale_horizon: Vec::new(),
        }
    }

    /// Notes where the sums stand at the end of the horizon.
    pub fn close_horizon(&mut self, untouched: f64) {
        self.attack_probability_horizon = 1.0 - untouched;
        self.expected_loss_usd_horizon = self.expected_loss_usd;
        self.expected_harm_usd_horizon = self.expected_harm_usd;
        self.expected_uncovered_usd_horizon = self.expected_uncovered_usd;
    }

    /// Adds what a first attack of this day brings, so often.
    pub fn expect(&mut self, probability: f64, loss: Loss) {
        self.expected_loss_usd += probability * loss.profit;
        self.expected_harm_usd += probability * loss.harm;
        self.expected_uncovered_usd += probability * loss.uncovered;
    }
}

impl PathOutcome {
    /// A NaN stops the run and names the path that gives it again.
    pub(super) fn check(&self, seed: Seed, path: u64) {
        for cost in &self.costs {
            let numbers = [
                cost.min_margin_usd,
                cost.min_log_ratio,
                cost.expected_loss_usd,
                cost.expected_uncovered_usd,
                self.end_value_usd,
            ];
            if numbers
                .iter()
                .chain(&self.end_price_usd)
                .any(|x| x.is_nan())
            {
                let what = format!(
                    "margin {} USD, log ratio {}, expected loss {} USD, value at the end {} USD, prices {:?} USD",
                    cost.min_margin_usd,
                    cost.min_log_ratio,
                    cost.expected_loss_usd,
                    self.end_value_usd,
                    self.end_price_usd
                );
                NotANumber { seed, path, what }.stop();
            }
        }
    }
}
