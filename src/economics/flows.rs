//! How stake follows its equilibrium: entries and exits take the time that the protocol makes them
//! take, so a controller that looks every day sees its own action two weeks late.

use serde::{Deserialize, Serialize};

/// How fast stakers act, and how long the protocol lets it take.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Flows {
    /// Share of the gap to the equilibrium that decides on a day.
    pub decided_per_day: f64,
    /// Days from the decision to enter until the stake is slashable.
    pub entry_days: u32,
    /// Days from the decision to leave until the stake is out of reach.
    pub exit_days: u32,
}

impl Flows {
    /// Slashable stake at the end of each day, from `start_usd` towards `equilibrium_usd`, day 0
    /// first: whoever decided to leave stays slashable until the delay is over.
    #[must_use]
    pub fn path(&self, start_usd: f64, equilibrium_usd: f64, days: u32) -> Vec<f64> {
        assert!(
            (0.0..=1.0).contains(&self.decided_per_day),
            "a share of {} decides on a day",
            self.decided_per_day
        );
        let mut stake = vec![start_usd];
        // Stake that has decided: what will be there once every decision has come through.
        let mut decided = start_usd;
        let mut decisions: Vec<f64> = Vec::new();
        for day in 1..=days as usize {
            let change = self.decided_per_day * (equilibrium_usd - decided);
            decided += change;
            decisions.push(change);
            let arrived = |delay: u32, wanted: fn(f64) -> f64| -> f64 {
                match (day - 1).checked_sub(delay as usize) {
                    Some(index) => wanted(decisions[index]),
                    None => 0.0,
                }
            };
            let now = stake[day - 1]
                + arrived(self.entry_days, |change| change.max(0.0))
                + arrived(self.exit_days, |change| change.min(0.0));
            stake.push(now);
        }
        stake
    }

    /// The first day on which half of the way to the equilibrium is gone, within `days`.
    #[must_use]
    pub fn half_way(&self, start_usd: f64, equilibrium_usd: f64, days: u32) -> Option<u32> {
        let half = 0.5 * (start_usd + equilibrium_usd);
        let up = equilibrium_usd > start_usd;
        let path = self.path(start_usd, equilibrium_usd, days);
        let found = path
            .iter()
            .position(|&s| if up { s >= half } else { s <= half });
        found.map(|day| day as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOWS: Flows = Flows {
        decided_per_day: 0.1,
        entry_days: 0,
        exit_days: 14,
    };

    #[test]
    fn nobody_is_out_of_reach_before_the_delay_and_the_rest_is_geometric() {
        let path = FLOWS.path(100.0, 50.0, 60);
        assert!(path[..=14].iter().all(|s| (s - 100.0).abs() < 1e-12));
        for (day, stake) in path.iter().enumerate().skip(14) {
            let expected = 50.0 + 50.0 * 0.9_f64.powi(day as i32 - 14);
            assert!((stake - expected).abs() < 1e-9, "{day} {stake} {expected}");
        }
        assert_eq!(FLOWS.half_way(100.0, 50.0, 60), Some(21));
    }

    #[test]
    fn entry_has_its_own_delay() {
        let slow = Flows {
            entry_days: 18,
            ..FLOWS
        };
        assert_eq!(FLOWS.half_way(50.0, 100.0, 60), Some(7));
        assert_eq!(slow.half_way(50.0, 100.0, 60), Some(25));
        assert!((slow.path(50.0, 100.0, 18)[18] - 50.0).abs() < 1e-12);
    }
}
