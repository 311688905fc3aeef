//! Rewards submissions and operator splits.

use super::{Reason, Revert, Trial, World};
use crate::export::action::Call;
use crate::export::address::Address;
use crate::export::arguments::{
    DirectedRewards, DirectedSubmission, SetOperatorSplit, StakeRewards, StrategyAndMultiplier,
};
use crate::export::network::{MAX_REWARDS_AMOUNT, UINT96_MAX};

impl World {
    /// Takes from an allowance and a balance what a submission takes.
    pub(super) fn spend(&mut self, owner: Address, token: Address, amount: u128) {
        if let Some(left) = self.balances.get_mut(&(token, owner)) {
            *left = left.saturating_sub(amount);
        }
        let spender = self.network.contracts.rewards_coordinator;
        if let Some(left) = self
            .allowances
            .as_mut()
            .and_then(|known| known.get_mut(&(token, owner, spender)))
        {
            *left = left.saturating_sub(amount);
        }
    }
}

/// What the window of a submission must satisfy, whatever its kind.
struct Window<'a> {
    weights: &'a [StrategyAndMultiplier],
    start: u32,
    duration: u32,
    place: String,
}

impl Trial<'_> {
    pub(super) fn stake_rewards(&mut self, call: &Call, a: &StakeRewards) -> Result<(), Revert> {
        self.can_call(call, a.operator_set.avs, "operatorSet/avs")?;
        self.exists(a.operator_set, "operatorSet/id")?;
        let mut taken = Vec::new();
        for (index, submission) in a.rewards_submissions.iter().enumerate() {
            let place = format!("rewardsSubmissions/{index}");
            self.weights_present(&submission.strategies_and_multipliers, &place)?;
            self.amount(submission.amount.0, &format!("{place}/amount"))?;
            let window = Window {
                weights: &submission.strategies_and_multipliers,
                start: submission.start_timestamp.0,
                duration: submission.duration.0,
                place: place.clone(),
            };
            self.window(&window)?;
            self.not_too_far_ahead(window.start, &place)?;
            taken.push((submission.token, submission.amount.0));
            self.allowance(call.from, submission.token, &taken, &place)?;
        }
        Ok(())
    }

    pub(super) fn directed_rewards(
        &mut self,
        call: &Call,
        a: &DirectedRewards,
    ) -> Result<(), Revert> {
        self.can_call(call, a.operator_set.avs, "operatorSet/avs")?;
        self.exists(a.operator_set, "operatorSet/id")?;
        let mut taken = Vec::new();
        for (index, submission) in a.operator_directed_rewards_submissions.iter().enumerate() {
            let place = format!("operatorDirectedRewardsSubmissions/{index}");
            self.weights_present(&submission.strategies_and_multipliers, &place)?;
            let sum = self.named_operators(submission, &place)?;
            let window = Window {
                weights: &submission.strategies_and_multipliers,
                start: submission.start_timestamp.0,
                duration: submission.duration.0,
                place: place.clone(),
            };
            self.window(&window)?;
            self.over(&window)?;
            taken.push((submission.token, sum));
            self.allowance(call.from, submission.token, &taken, &place)?;
        }
        Ok(())
    }

    fn weights_present(
        &self,
        weights: &[StrategyAndMultiplier],
        place: &str,
    ) -> Result<(), Revert> {
        self.require(!weights.is_empty(), || {
            Revert::named(
                "rewards-strategies",
                "InputArrayLengthZero",
                format!("{place}/strategiesAndMultipliers"),
                "the submission weighs no strategy",
                "weigh at least one strategy of the set",
            )
        })
    }

    fn amount(&self, amount: u128, place: &str) -> Result<(), Revert> {
        self.require(amount > 0, || {
            Revert::named(
                "rewards-amount",
                "AmountIsZero",
                place,
                "the amount is 0",
                "pay something, or leave it out",
            )
        })?;
        self.require(amount <= MAX_REWARDS_AMOUNT, || {
            Revert::named(
                "rewards-amount",
                "AmountExceedsMax",
                place,
                format!("the amount {amount} is above 1e38-1"),
                "split it into several submissions",
            )
        })
    }

    fn window(&mut self, window: &Window<'_>) -> Result<(), Revert> {
        let limits = &self.world.network.limits;
        let (day, longest) = (limits.calculation_interval.0, limits.max_rewards_duration.0);
        let (start, duration, place) = (window.start, window.duration, &window.place);
        let refused = |error, wrong: String, right: String| {
            Revert::named(
                "rewards-duration",
                error,
                format!("{place}/duration"),
                wrong,
                right,
            )
        };
        self.require(duration > 0, || {
            refused(
                "DurationIsZero",
                "the duration is 0".into(),
                format!("write {day}"),
            )
        })?;
        self.require(duration <= longest, || {
            let right = format!("write at most {longest} and submit again later");
            refused(
                "DurationExceedsMax",
                format!("the duration {duration} s is above {longest} s"),
                right,
            )
        })?;
        self.require(duration.is_multiple_of(day), || {
            let (below, above) = (
                duration / day * day,
                u64::from(duration.div_ceil(day)) * u64::from(day),
            );
            let right = format!("write {below} or {above}");
            refused(
                "InvalidDurationRemainder",
                format!("the duration {duration} s is not whole days"),
                right,
            )
        })?;
        self.require(start.is_multiple_of(day), || {
            Revert::named(
                "rewards-start-day",
                "InvalidStartTimestampRemainder",
                format!("{place}/startTimestamp"),
                format!("the start {start} is not a midnight UTC"),
                format!(
                    "write {} or {}",
                    start / day * day,
                    u64::from(start.div_ceil(day)) * u64::from(day)
                ),
            )
        })?;
        let now = self.world.time;
        let earliest = now
            .saturating_sub(u64::from(limits.max_retroactive_length.0))
            .max(u64::from(limits.genesis_rewards_timestamp));
        self.require(u64::from(start) >= earliest, || {
            Revert::named(
                "rewards-start-past",
                "StartTimestampTooFarInPast",
                format!("{place}/startTimestamp"),
                format!(
                    "the start {start} is before {earliest}, the earliest on {}",
                    self.world.network.name
                ),
                format!(
                    "write {}",
                    earliest.div_ceil(u64::from(day)) * u64::from(day)
                ),
            )
        })?;
        self.weighted_strategies(window.weights, place)
    }

    fn weighted_strategies(
        &mut self,
        weights: &[StrategyAndMultiplier],
        place: &str,
    ) -> Result<(), Revert> {
        for (index, weight) in weights.iter().enumerate() {
            let argument = format!("{place}/strategiesAndMultipliers/{index}");
            let known = self.world.takes_deposits(weight.strategy);
            self.require_known(
                known != Some(false) || self.world.whitelisted.is_none(),
                || {
                    Revert::named(
                        "rewards-whitelisted",
                        "StrategyNotWhitelisted",
                        format!("{argument}/strategy"),
                        format!("{} is not whitelisted for deposits", weight.strategy),
                        "weigh strategies that people can deposit into",
                    )
                },
            )?;
            let previous = index.checked_sub(1).map(|before| weights[before].strategy);
            self.require(
                previous.is_none_or(|previous| previous < weight.strategy),
                || {
                    Revert::named(
                        "rewards-order",
                        "StrategiesNotInAscendingOrder",
                        format!("{argument}/strategy"),
                        format!(
                            "{} does not come after {}",
                            weight.strategy,
                            previous.unwrap_or_default()
                        ),
                        "sort strategies by address and name each once",
                    )
                },
            )?;
            self.require(weight.multiplier.0 <= UINT96_MAX, || {
                Revert::named(
                    "rewards-multiplier-uint96",
                    "",
                    format!("{argument}/multiplier"),
                    format!("the multiplier {} does not fit uint96", weight.multiplier),
                    format!("scale all multipliers down, to at most {UINT96_MAX}"),
                )
                .because(Reason::Empty)
            })?;
        }
        Ok(())
    }

    fn not_too_far_ahead(&self, start: u32, place: &str) -> Result<(), Revert> {
        let latest = self.world.time + u64::from(self.world.network.limits.max_future_length.0);
        self.require(u64::from(start) <= latest, || {
            Revert::named(
                "rewards-start-ahead",
                "StartTimestampTooFarInFuture",
                format!("{place}/startTimestamp"),
                format!("the start {start} is after {latest}, the latest now"),
                format!("write {} or submit later", latest / 86_400 * 86_400),
            )
        })
    }

    fn named_operators(
        &self,
        submission: &DirectedSubmission,
        place: &str,
    ) -> Result<u128, Revert> {
        let rewards = &submission.operator_rewards;
        self.require(!rewards.is_empty(), || {
            Revert::named(
                "rewards-operators",
                "InputArrayLengthZero",
                format!("{place}/operatorRewards"),
                "no operator is named",
                "name the operators and their amounts",
            )
        })?;
        let mut sum = 0u128;
        for (index, reward) in rewards.iter().enumerate() {
            let argument = format!("{place}/operatorRewards/{index}");
            self.require(!reward.operator.is_zero(), || {
                let wrong = "the operator is the zero address";
                let argument = format!("{argument}/operator");
                Revert::named(
                    "rewards-operator-zero",
                    "InvalidAddressZero",
                    argument,
                    wrong,
                    "name an operator",
                )
            })?;
            let previous = index
                .checked_sub(1)
                .map_or(Address::ZERO, |before| rewards[before].operator);
            self.require(previous < reward.operator, || {
                Revert::named(
                    "rewards-operator-order",
                    "OperatorsNotInAscendingOrder",
                    format!("{argument}/operator"),
                    format!("{} does not come after {previous}", reward.operator),
                    "sort operators by address and name each once",
                )
            })?;
            self.require(reward.amount.0 > 0, || {
                let (argument, wrong) = (format!("{argument}/amount"), "the amount is 0");
                Revert::named(
                    "rewards-amount",
                    "AmountIsZero",
                    argument,
                    wrong,
                    "leave this operator out",
                )
            })?;
            sum = sum.saturating_add(reward.amount.0);
        }
        self.amount(sum, &format!("{place}/operatorRewards"))?;
        Ok(sum)
    }

    /// The window of rewards for named operators is over.
    fn over(&self, window: &Window<'_>) -> Result<(), Revert> {
        let end = u64::from(window.start) + u64::from(window.duration);
        self.require(end < self.world.time, || {
            Revert::named(
                "rewards-retroactive",
                "SubmissionNotRetroactive",
                format!("{}/duration", window.place),
                format!(
                    "the window ends at {end}, which is not over at {}",
                    self.world.time
                ),
                "submit after the window, or pay by stake, which can run ahead",
            )
        })
    }

    /// The allowance covers what this call takes of the token up to here.
    fn allowance(
        &mut self,
        owner: Address,
        token: Address,
        taken: &[(Address, u128)],
        place: &str,
    ) -> Result<(), Revert> {
        let spender = self.world.network.contracts.rewards_coordinator;
        let needed = taken
            .iter()
            .filter(|(of, _)| *of == token)
            .fold(0u128, |sum, (_, part)| sum.saturating_add(*part));
        let known = self.world.allowances.as_ref();
        let allowed = known
            .and_then(|known| known.get(&(token, owner, spender)).copied())
            .unwrap_or(0);
        self.require_known(allowed >= needed, || {
            Revert::named(
                "rewards-allowance",
                "",
                format!("{place}/token"),
                format!("{owner} lets the rewards coordinator take {allowed} of {token}, not the {needed} asked for"),
                format!("call approve({spender}, {needed}) on the token first"),
            )
            .because(Reason::Message("allowance"))
        })?;
        let held = self.world.balances.get(&(token, owner)).copied();
        self.require(held.is_none_or(|held| held >= needed), || {
            let held = held.unwrap_or_default();
            Revert::named(
                "rewards-balance",
                "",
                format!("{place}/token"),
                format!("{owner} holds {held} units of {token}, and {needed} are taken from it"),
                format!(
                    "send it {} units more before these calls",
                    needed.saturating_sub(held)
                ),
            )
            .because(Reason::Message("balance"))
        })
    }

    pub(super) fn rewards_for_all(&self) -> Result<(), Revert> {
        let right = "pay an operator set";
        self.require(!self.world.rewards_for_all_paused, || {
            Revert::named(
                "rewards-submitter",
                "CurrentlyPaused",
                "",
                "submissions for all are paused",
                right,
            )
        })?;
        self.rewards_for_all_earners()
    }

    pub(super) fn rewards_for_all_earners(&self) -> Result<(), Revert> {
        let wrong = "submissions for everybody belong to the protocol";
        Err(Revert::named(
            "rewards-submitter",
            "UnauthorizedCaller",
            "",
            wrong,
            "pay an operator set",
        ))
    }

    pub(super) fn operator_split(
        &mut self,
        call: &Call,
        a: &SetOperatorSplit,
    ) -> Result<(), Revert> {
        // An operator that is not the sender never appointed it, as far as an AVS's file can know.
        self.require(self.world.may_call(call, a.operator), || {
            Revert::named(
                "operator-split",
                "InvalidPermissions",
                "operator",
                format!("{} cannot set the split of {}", call.from, a.operator),
                "ask the operator to set it, or pay operators by name with rewards for named operators",
            )
        })?;
        self.exists(a.operator_set, "operatorSet/id")?;
        self.require(a.split.0 <= 10_000, || {
            let wrong = format!("the split {} is above 10000 basis points", a.split);
            Revert::named(
                "operator-split-range",
                "SplitExceedsMax",
                "split",
                wrong,
                "write at most 10000",
            )
        })?;
        let from = self
            .world
            .splits
            .get(&(a.operator, a.operator_set))
            .copied()
            .unwrap_or(0);
        self.require(self.world.time >= from, || {
            Revert::named(
                "operator-split-pending",
                "PreviousSplitPending",
                "split",
                format!("a change is pending until {from}"),
                "wait until it counts",
            )
        })
    }
}
