//! How stake follows a budget: slowly, late in, and late out.
//!
//! Stake is counted in units of the mix at the prices of the start. Each day a share `1/adjusts`
//! of the gap between the stake that the budget attracts and the stake that is committed is
//! decided; what enters can be slashed after the entry delay, what leaves stays slashable until
//! the exit window is over, and cannot be called back.

use std::collections::VecDeque;

/// The stakers of one path.
#[derive(Debug, Clone)]
pub struct Stakers {
    /// Units that can be slashed today.
    pub slashable: f64,
    /// Units that have decided to stay or to come.
    committed: f64,
    /// Units that become slashable, or stop being so, by the day.
    entering: VecDeque<f64>,
    leaving: VecDeque<f64>,
    share_per_day: f64,
}

impl Stakers {
    /// Stakers who are where they want to be, with delays in whole days.
    #[must_use]
    pub fn settled(units: f64, entry_days: u32, exit_days: u32, adjusts_days: f64) -> Stakers {
        Stakers {
            slashable: units,
            committed: units,
            entering: vec![0.0; entry_days as usize].into(),
            leaving: vec![0.0; exit_days as usize].into(),
            share_per_day: -(-1.0 / adjusts_days).exp_m1(),
        }
    }

    /// One day: `wanted` units are what the budget attracts at today's prices.
    pub fn day(&mut self, wanted: f64) {
        let moves = (wanted - self.committed) * self.share_per_day;
        self.committed += moves;
        self.entering.push_back(moves.max(0.0));
        self.leaving.push_back((-moves).max(0.0));
        let came = self.entering.pop_front().unwrap_or(0.0);
        let left = self.leaving.pop_front().unwrap_or(0.0);
        self.slashable = (self.slashable + came - left).max(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stake_enters_after_its_delay_and_leaves_after_the_window() {
        let mut stakers = Stakers::settled(100.0, 3, 14, 1e-9);
        for day in 1..=3 {
            stakers.day(200.0);
            assert!((stakers.slashable - 100.0).abs() < 1e-9, "day {day}");
        }
        stakers.day(200.0);
        assert!((stakers.slashable - 200.0).abs() < 1e-9);
        for day in 1..=14 {
            stakers.day(50.0);
            assert!((stakers.slashable - 200.0).abs() < 1e-9, "day {day}");
        }
        stakers.day(50.0);
        assert!((stakers.slashable - 50.0).abs() < 1e-9);
    }

    /// With a mean of 30 days a share of 1 - 1/e of a gap is closed after 30 days.
    #[test]
    fn a_gap_closes_at_the_given_speed() {
        let mut stakers = Stakers::settled(0.0, 0, 14, 30.0);
        (0..30).for_each(|_| stakers.day(1.0));
        assert!((stakers.slashable - (1.0 - (-1.0_f64).exp())).abs() < 1e-12);
    }
}
