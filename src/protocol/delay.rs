//! Values that take effect later: allocation delays, slashers, slashability after leaving a set.

/// A stored value and the change announced for it.
///
/// An operator's allocation delay and a set's slasher both work so: the announced value holds from its
/// effect block on, and a new announcement first folds in one that has matured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Delayed<T> {
    current: Option<T>,
    pending: Option<(T, u32)>,
}

impl<T> Default for Delayed<T> {
    fn default() -> Self {
        Self {
            current: None,
            pending: None,
        }
    }
}

impl<T: Copy> Delayed<T> {
    /// Announces `value` at block `now`, to hold from `effect_block` on.
    pub fn announce(&mut self, value: T, effect_block: u32, now: u32) {
        self.current = self.at(now);
        self.pending = Some((value, effect_block));
    }

    /// The value that holds at a block; `None` when none was ever set or the first has not matured.
    #[must_use]
    pub fn at(&self, block: u32) -> Option<T> {
        match self.pending {
            Some((value, effect_block)) if effect_block <= block => Some(value),
            _ => self.current,
        }
    }

    /// The announced value and its effect block, while it waits.
    #[must_use]
    pub fn pending_at(&self, block: u32) -> Option<(T, u32)> {
        self.pending
            .filter(|&(_, effect_block)| block < effect_block)
    }
}

/// First block at which a change of the allocation delay or of the slasher holds, when announced at
/// `block`: `block + delay + 1` (one more than the delay's name says).
#[must_use]
pub fn configuration_effect_block(block: u32, configuration_delay_blocks: u32) -> u32 {
    block + configuration_delay_blocks + 1
}

/// First block at which an allocation made at `block` is at stake.
#[must_use]
pub fn allocation_effect_block(block: u32, allocation_delay_blocks: u32) -> u32 {
    block + allocation_delay_blocks
}

/// First block at which a deallocation made at `block` is no longer at stake.
#[must_use]
pub fn deallocation_effect_block(block: u32, deallocation_delay_blocks: u32) -> u32 {
    block + deallocation_delay_blocks + 1
}

/// Last block at which an operator who left a set at `block` can be slashed by it.
#[must_use]
pub fn slashable_until(left_at_block: u32, deallocation_delay_blocks: u32) -> u32 {
    left_at_block + deallocation_delay_blocks
}

/// First block at which a withdrawal queued at `block` can be completed.
#[must_use]
pub fn withdrawal_completable_at(queued_at_block: u32, min_withdrawal_delay_blocks: u32) -> u32 {
    queued_at_block + min_withdrawal_delay_blocks + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announcement_waits_and_then_holds() {
        let mut delay = Delayed::default();
        assert_eq!(delay.at(1), None);
        delay.announce(7_u32, 10, 5);
        assert_eq!((delay.at(9), delay.pending_at(9)), (None, Some((7, 10))));
        assert_eq!((delay.at(10), delay.pending_at(10)), (Some(7), None));
        delay.announce(9, 20, 15);
        assert_eq!((delay.at(19), delay.at(20)), (Some(7), Some(9)));
    }

    #[test]
    fn a_second_announcement_replaces_one_that_waits() {
        let mut delay = Delayed::default();
        delay.announce(7_u32, 10, 5);
        delay.announce(8, 12, 6);
        assert_eq!((delay.at(10), delay.at(12)), (None, Some(8)));
    }

    #[test]
    fn edges_of_the_windows() {
        assert_eq!(configuration_effect_block(100, 126_000), 126_101);
        assert_eq!(deallocation_effect_block(100, 100_800), 100_901);
        assert_eq!(slashable_until(100, 100_800), 100_900);
        assert_eq!(withdrawal_completable_at(100, 100_800), 100_901);
        assert_eq!(allocation_effect_block(100, 0), 100);
    }
}
