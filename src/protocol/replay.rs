//! The state rebuilt from events alone.
//!
//! Three things are not as the events' names suggest, and each was seen on the deployed contracts:
//!
//! * a slash that meets a pending deallocation announces the lowered target first and the current
//!   magnitude second, so "the last `AllocationUpdated` wins" loses the pending change;
//! * a slash that meets a pending allocation announces no new target, but the contract keeps the
//!   difference, so the announced target ends too high;
//! * `EncumberedMagnitudeUpdated` lags: the getter frees matured deallocations that nobody cleared, so
//!   encumbrance is computed from the allocations here.

use super::RawAddress;
use super::delay::{Delayed, slashable_until};
use super::magnitude::{Allocation, INITIAL_MAX_MAGNITUDE, Slashability, encumbered_magnitude};
use super::withdrawal::{QueueRule, QueuedWithdrawal, slashable_shares_in_queue};
use crate::units::{Blocks, Shares, Wad};
use std::collections::{BTreeMap, BTreeSet};

/// An operator set: the AVS and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SetKey {
    /// The AVS.
    pub avs: RawAddress,
    /// The set's number; not contiguous.
    pub id: u32,
}

/// What the replay understands, in the order of blocks and logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// `OperatorSharesIncreased`.
    OperatorSharesIncreased {
        /// The operator.
        operator: RawAddress,
        /// The strategy.
        strategy: RawAddress,
        /// Shares added.
        shares: u128,
    },
    /// `OperatorSharesDecreased`; a slash emits it too.
    OperatorSharesDecreased {
        /// The operator.
        operator: RawAddress,
        /// The strategy.
        strategy: RawAddress,
        /// Shares taken.
        shares: u128,
    },
    /// `MaxMagnitudeUpdated`.
    MaxMagnitudeUpdated {
        /// The operator.
        operator: RawAddress,
        /// The strategy.
        strategy: RawAddress,
        /// The new maximum.
        max: Wad,
    },
    /// `AllocationUpdated`: the magnitude after the change, and when it holds.
    AllocationUpdated {
        /// The operator.
        operator: RawAddress,
        /// The operator set.
        set: SetKey,
        /// The strategy.
        strategy: RawAddress,
        /// Magnitude from `effect_block` on.
        magnitude: u64,
        /// First block at which it holds.
        effect_block: u32,
    },
    /// `AllocationDelaySet`.
    AllocationDelaySet {
        /// The operator.
        operator: RawAddress,
        /// The delay from `effect_block` on.
        delay: Blocks,
        /// First block at which it holds.
        effect_block: u32,
    },
    /// `OperatorSetCreated`.
    OperatorSetCreated {
        /// The operator set.
        set: SetKey,
    },
    /// `OperatorAddedToOperatorSet`.
    OperatorAdded {
        /// The operator.
        operator: RawAddress,
        /// The operator set.
        set: SetKey,
    },
    /// `OperatorRemovedFromOperatorSet`.
    OperatorRemoved {
        /// The operator.
        operator: RawAddress,
        /// The operator set.
        set: SetKey,
    },
    /// `StrategyAddedToOperatorSet`.
    StrategyAdded {
        /// The operator set.
        set: SetKey,
        /// The strategy.
        strategy: RawAddress,
    },
    /// `StrategyRemovedFromOperatorSet`.
    StrategyRemoved {
        /// The operator set.
        set: SetKey,
        /// The strategy.
        strategy: RawAddress,
    },
    /// `SlasherUpdated`, or `SlasherMigrated` with the block of the event.
    SlasherUpdated {
        /// The operator set.
        set: SetKey,
        /// The slasher from `effect_block` on.
        slasher: RawAddress,
        /// First block at which it holds.
        effect_block: u32,
    },
    /// `RedistributionAddressSet`.
    RedistributionAddressSet {
        /// The operator set.
        set: SetKey,
        /// Who receives what is slashed.
        recipient: RawAddress,
    },
    /// One strategy of `SlashingWithdrawalQueued`.
    WithdrawalQueued {
        /// Whom the stake was delegated to.
        operator: RawAddress,
        /// The strategy.
        strategy: RawAddress,
        /// Block at which it was queued.
        start_block: u32,
        /// Shares before any slash.
        scaled_shares: u128,
        /// Shares withdrawable at that block.
        withdrawable: u128,
    },
}

/// An operator's stake in one strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Shares delegated to him.
    pub shares: Shares,
    /// His maximum magnitude.
    pub max_magnitude: Wad,
    /// Withdrawals queued from him, oldest first.
    pub queue: Vec<QueuedWithdrawal>,
}

impl Default for Position {
    fn default() -> Self {
        Self {
            shares: Shares(0),
            max_magnitude: INITIAL_MAX_MAGNITUDE,
            queue: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct TrackedAllocation {
    allocation: Allocation,
    /// Target a slash announced for a pending deallocation, until its second event arrives.
    retarget: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Membership {
    Member,
    LeftAt(u32),
}

#[derive(Debug, Clone, Default)]
struct SetState {
    strategies: BTreeSet<RawAddress>,
    slasher: Delayed<RawAddress>,
    recipient: Option<RawAddress>,
    members: BTreeMap<RawAddress, Membership>,
}

/// State rebuilt from events; see the module for what that takes.
#[derive(Debug, Clone)]
pub struct Replay {
    deallocation_delay: Blocks,
    min_withdrawal_delay: Blocks,
    positions: BTreeMap<(RawAddress, RawAddress), Position>,
    allocations: BTreeMap<(RawAddress, RawAddress, SetKey), TrackedAllocation>,
    sets: BTreeMap<SetKey, SetState>,
    delays: BTreeMap<RawAddress, Delayed<Blocks>>,
    last_block: u32,
}

impl Replay {
    /// An empty state under a deployment's delays.
    #[must_use]
    pub fn new(deallocation_delay: Blocks, min_withdrawal_delay: Blocks) -> Self {
        Self {
            deallocation_delay,
            min_withdrawal_delay,
            positions: BTreeMap::new(),
            allocations: BTreeMap::new(),
            sets: BTreeMap::new(),
            delays: BTreeMap::new(),
            last_block: 0,
        }
    }

    /// Applies one event of `block`.
    ///
    /// # Panics
    /// When events come out of order or take more shares than there are: the log is incomplete.
    pub fn apply(&mut self, block: u32, event: &Event) {
        assert!(
            block >= self.last_block,
            "event of block {block} after one of {}",
            self.last_block
        );
        self.last_block = block;
        match *event {
            Event::OperatorSharesIncreased {
                operator,
                strategy,
                shares,
            } => {
                self.position_mut(operator, strategy).shares.0 += shares;
            }
            Event::OperatorSharesDecreased {
                operator,
                strategy,
                shares,
            } => {
                let held = &mut self.position_mut(operator, strategy).shares.0;
                *held = held
                    .checked_sub(shares)
                    .unwrap_or_else(|| panic!("{shares} shares leave {held}"));
            }
            Event::MaxMagnitudeUpdated {
                operator,
                strategy,
                max,
            } => {
                self.position_mut(operator, strategy).max_magnitude = max;
            }
            Event::AllocationUpdated {
                operator,
                set,
                strategy,
                magnitude,
                effect_block,
            } => {
                let tracked = self
                    .allocations
                    .entry((operator, strategy, set))
                    .or_default();
                tracked.update(block, magnitude, effect_block);
            }
            Event::AllocationDelaySet {
                operator,
                delay,
                effect_block,
            } => {
                self.delays
                    .entry(operator)
                    .or_default()
                    .announce(delay, effect_block, block);
            }
            Event::WithdrawalQueued {
                operator,
                strategy,
                start_block,
                scaled_shares,
                withdrawable,
            } => {
                let position = self.position_mut(operator, strategy);
                let slashing_factor = position.max_magnitude;
                position.queue.push(QueuedWithdrawal {
                    start_block,
                    scaled_shares,
                    withdrawable,
                    slashing_factor,
                });
            }
            ref event => self.apply_to_set(block, event),
        }
    }

    fn apply_to_set(&mut self, block: u32, event: &Event) {
        match *event {
            Event::OperatorSetCreated { set } => {
                self.set_mut(set);
            }
            Event::OperatorAdded { operator, set } => {
                self.set_mut(set)
                    .members
                    .insert(operator, Membership::Member);
            }
            Event::OperatorRemoved { operator, set } => {
                self.set_mut(set)
                    .members
                    .insert(operator, Membership::LeftAt(block));
            }
            Event::StrategyAdded { set, strategy } => {
                self.set_mut(set).strategies.insert(strategy);
            }
            Event::StrategyRemoved { set, strategy } => {
                self.set_mut(set).strategies.remove(&strategy);
            }
            Event::SlasherUpdated {
                set,
                slasher,
                effect_block,
            } => {
                self.set_mut(set)
                    .slasher
                    .announce(slasher, effect_block, block);
            }
            Event::RedistributionAddressSet { set, recipient } => {
                self.set_mut(set).recipient = Some(recipient);
            }
            ref other => unreachable!("{other:?} does not concern a set"),
        }
    }

    fn position_mut(&mut self, operator: RawAddress, strategy: RawAddress) -> &mut Position {
        self.positions.entry((operator, strategy)).or_default()
    }

    fn set_mut(&mut self, set: SetKey) -> &mut SetState {
        self.sets.entry(set).or_default()
    }

    /// An operator's position in a strategy.
    #[must_use]
    pub fn position(&self, operator: RawAddress, strategy: RawAddress) -> Position {
        self.positions
            .get(&(operator, strategy))
            .cloned()
            .unwrap_or_default()
    }

    /// An operator's allocation of a strategy to a set, as it stands at `block`.
    #[must_use]
    pub fn allocation(
        &self,
        operator: RawAddress,
        set: SetKey,
        strategy: RawAddress,
        block: u32,
    ) -> Allocation {
        let tracked = self
            .allocations
            .get(&(operator, strategy, set))
            .copied()
            .unwrap_or_default();
        tracked.allocation.at(block)
    }

    /// Magnitude an operator has encumbered in a strategy at `block`.
    #[must_use]
    pub fn encumbered(&self, operator: RawAddress, strategy: RawAddress, block: u32) -> Wad {
        let least = SetKey {
            avs: [0; 20],
            id: 0,
        };
        let greatest = SetKey {
            avs: [0xff; 20],
            id: u32::MAX,
        };
        let range = (operator, strategy, least)..=(operator, strategy, greatest);
        encumbered_magnitude(
            self.allocations
                .range(range)
                .map(|(_, tracked)| tracked.allocation.at(block)),
        )
    }

    /// Shares in an operator's withdrawal queue that a slash reaches at `block`.
    #[must_use]
    pub fn slashable_in_queue(
        &self,
        operator: RawAddress,
        strategy: RawAddress,
        block: u32,
        rule: QueueRule,
    ) -> Shares {
        let position = self.position(operator, strategy);
        let delay = self.min_withdrawal_delay.0;
        slashable_shares_in_queue(&position.queue, position.max_magnitude, block, delay, rule)
    }

    /// An operator's allocation delay at `block`, once one is set.
    #[must_use]
    pub fn allocation_delay(&self, operator: RawAddress, block: u32) -> Option<Blocks> {
        self.delays.get(&operator).and_then(|delay| delay.at(block))
    }

    /// The operator sets, by AVS and number.
    pub fn sets(&self) -> impl Iterator<Item = SetKey> {
        self.sets.keys().copied()
    }

    /// Members of a set, by address.
    pub fn members(&self, set: SetKey) -> impl Iterator<Item = RawAddress> {
        let members = self
            .sets
            .get(&set)
            .map(|state| &state.members)
            .into_iter()
            .flatten();
        members
            .filter(|(_, membership)| **membership == Membership::Member)
            .map(|(&operator, _)| operator)
    }

    /// Strategies of a set, by address.
    pub fn strategies(&self, set: SetKey) -> impl Iterator<Item = RawAddress> {
        self.sets
            .get(&set)
            .map(|state| &state.strategies)
            .into_iter()
            .flatten()
            .copied()
    }

    /// Whether a set can slash an operator at `block`.
    #[must_use]
    pub fn slashability(&self, operator: RawAddress, set: SetKey, block: u32) -> Slashability {
        match self
            .sets
            .get(&set)
            .and_then(|state| state.members.get(&operator))
        {
            Some(Membership::Member) => Slashability::Slashable,
            Some(&Membership::LeftAt(left))
                if block <= slashable_until(left, self.deallocation_delay.0) =>
            {
                Slashability::Slashable
            }
            _ => Slashability::NotSlashable,
        }
    }

    /// Who may slash in a set at `block`.
    #[must_use]
    pub fn slasher(&self, set: SetKey, block: u32) -> Option<RawAddress> {
        self.sets
            .get(&set)
            .and_then(|state| state.slasher.at(block))
    }

    /// A slasher that waits, and the block at which he takes over.
    #[must_use]
    pub fn pending_slasher(&self, set: SetKey, block: u32) -> Option<(RawAddress, u32)> {
        self.sets
            .get(&set)
            .and_then(|state| state.slasher.pending_at(block))
    }

    /// Who receives what a set slashes; `None` when it is burnt.
    #[must_use]
    pub fn redistribution_recipient(&self, set: SetKey) -> Option<RawAddress> {
        self.sets.get(&set).and_then(|state| state.recipient)
    }
}

impl TrackedAllocation {
    fn update(&mut self, block: u32, magnitude: u64, effect_block: u32) {
        let before = self.allocation.at(block);
        if effect_block > block {
            if before.pending_diff < 0 && before.effect_block == effect_block {
                self.retarget = Some(magnitude);
            }
            let pending_diff = i128::from(magnitude) - i128::from(before.current);
            self.allocation = Allocation {
                pending_diff,
                effect_block,
                ..before
            };
            return;
        }
        let pending_diff = match self.retarget.take() {
            Some(target) => i128::from(target) - i128::from(magnitude),
            None => before.pending_diff,
        };
        self.allocation = Allocation {
            current: magnitude,
            pending_diff,
            ..before
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::WAD;

    const SET: SetKey = SetKey {
        avs: [1; 20],
        id: 7,
    };
    const OPERATOR: RawAddress = [2; 20];
    const STRATEGY: RawAddress = [3; 20];

    fn replay(events: &[(u32, u64, u32)]) -> Replay {
        let mut replay = Replay::new(Blocks(50), Blocks(50));
        for &(block, magnitude, effect_block) in events {
            let event = Event::AllocationUpdated {
                operator: OPERATOR,
                set: SET,
                strategy: STRATEGY,
                magnitude,
                effect_block,
            };
            replay.apply(block, &event);
        }
        replay
    }

    #[test]
    fn a_slash_with_a_pending_deallocation_keeps_both_numbers() {
        // 1000 allocated, 400 leaving at 161; a tenth is slashed at 120: target 540, current 900.
        let replay = replay(&[
            (100, 1000, 100),
            (110, 600, 161),
            (120, 540, 161),
            (120, 900, 120),
        ]);
        let at = |block| replay.allocation(OPERATOR, SET, STRATEGY, block);
        assert_eq!(
            at(120),
            Allocation {
                current: 900,
                pending_diff: -360,
                effect_block: 161
            }
        );
        assert_eq!(at(161).current, 540);
        assert_eq!(replay.encumbered(OPERATOR, STRATEGY, 160), Wad(900));
        assert_eq!(replay.encumbered(OPERATOR, STRATEGY, 161), Wad(540));
    }

    #[test]
    fn a_slash_with_a_pending_allocation_keeps_the_difference() {
        let replay = replay(&[(100, 1000, 100), (110, 1500, 161), (120, 900, 120)]);
        let at = |block| replay.allocation(OPERATOR, SET, STRATEGY, block);
        assert_eq!(
            at(120),
            Allocation {
                current: 900,
                pending_diff: 500,
                effect_block: 161
            }
        );
        assert_eq!(at(161).current, 1400);
        assert_eq!(replay.encumbered(OPERATOR, STRATEGY, 120), Wad(1400));
    }

    #[test]
    fn an_operator_who_left_is_slashable_through_the_delay() {
        let mut replay = Replay::new(Blocks(50), Blocks(50));
        let who = |replay: &Replay, block| replay.slashability(OPERATOR, SET, block);
        replay.apply(
            10,
            &Event::OperatorAdded {
                operator: OPERATOR,
                set: SET,
            },
        );
        assert_eq!(who(&replay, 10), Slashability::Slashable);
        replay.apply(
            20,
            &Event::OperatorRemoved {
                operator: OPERATOR,
                set: SET,
            },
        );
        assert_eq!(replay.members(SET).count(), 0);
        assert_eq!(
            (who(&replay, 70), who(&replay, 71)),
            (Slashability::Slashable, Slashability::NotSlashable)
        );
    }

    #[test]
    fn someone_unknown_has_nothing_and_a_whole_magnitude() {
        let replay = Replay::new(Blocks(50), Blocks(50));
        assert_eq!(replay.position(OPERATOR, STRATEGY).max_magnitude, Wad(WAD));
        assert_eq!(replay.allocation_delay(OPERATOR, 5), None);
        assert_eq!(replay.slasher(SET, 5), None);
    }

    #[test]
    #[should_panic(expected = "after one of")]
    fn events_out_of_order_stop() {
        replay(&[(100, 1, 100), (99, 1, 99)]);
    }
}
