//! The reward budget as one submission: the first window of it.

use super::{DeploymentError, Numbers};
use crate::export::design::{
    OperatorReward, RewardsKind, RewardsSubmission, TokenUnit, WeightedStrategy,
};
use crate::export::number::Dec;
use crate::export::rounding::Rounding;
use crate::run::decided::{Decided, Number};
use crate::snapshot::Snapshot;
use crate::spec::model::{Model, RewardsBy, RewardsCall};
use crate::units::{DAYS_PER_YEAR, Seconds, Timestamp};

/// Seconds of a day.
const DAY: u64 = 86_400;
/// Tokens that stand for a dollar.
const DOLLARS: [&str; 3] = ["USDC", "USDT", "DAI"];
/// Steps in which shares of named operators are counted: a millionth of a millionth.
const SHARE_STEPS: u128 = 1_000_000_000_000;

/// One submission for the first window of the budget, when the reward token is known.
pub(super) fn submission(
    model: &Model,
    snapshot: &Snapshot,
    decided: &Decided,
    strategies: &[WeightedStrategy],
    as_of: Timestamp,
    numbers: &mut Numbers,
) -> Result<Option<RewardsSubmission>, DeploymentError> {
    let Some(token) = model.deployment.reward_token else {
        return Ok(None);
    };
    let call = &model.deployment.onchain.rewards;
    let symbol = &model.rewards.paid_in;
    let price = price(model, snapshot, symbol)
        .ok_or_else(|| DeploymentError::RewardPrice(symbol.clone()))?;
    let days = call.window.get();
    let tokens = decided
        .design
        .budget
        .map(|usd_year| usd_year / price * days / DAYS_PER_YEAR);
    let place = match call.by {
        RewardsBy::UniqueStake => "rewards/0/kind/unique_stake/amount",
        RewardsBy::TotalStake => "rewards/0/kind/total_stake/amount",
        RewardsBy::OperatorDirected => "",
    };
    let rounding = Rounding::RewardsFloor {
        decimals: call.decimals,
    };
    // The sum for named operators stands nowhere as one integer: each has its own below.
    let amount = if place.is_empty() {
        rounding.apply(tokens.value)?
    } else {
        numbers.round(place, tokens, symbol, rounding)?
    };
    let start = numbers.round(
        "rewards/0/start",
        Number::chosen(start(model, call, as_of)),
        "s since 1970",
        Rounding::StartCeil,
    )?;
    let duration = numbers.narrow(
        "rewards/0/duration",
        Number::chosen(days),
        "days",
        Rounding::DurationFloor,
    )?;
    let kind = match call.by {
        RewardsBy::UniqueStake => RewardsKind::UniqueStake {
            amount: Dec(amount),
        },
        RewardsBy::TotalStake => RewardsKind::TotalStake {
            amount: Dec(amount),
        },
        RewardsBy::OperatorDirected => directed(model, call, amount),
    };
    Ok(Some(RewardsSubmission {
        operator_set: model.deployment.operator_set_id,
        kind,
        token,
        unit: Some(TokenUnit {
            symbol: symbol.clone(),
            decimals: call.decimals,
        }),
        start: Timestamp(u64::try_from(start).unwrap_or(u64::MAX)),
        duration: Seconds(duration),
        strategies: strategies.to_vec(),
        operator_split: None,
    }))
}

/// USD for one token: as the model plays it, as the snapshot says, or a dollar for a dollar token.
fn price(model: &Model, snapshot: &Snapshot, symbol: &str) -> Option<f64> {
    let symbol = if symbol == "WETH" { "ETH" } else { symbol };
    let played = model
        .market
        .assets
        .iter()
        .find(|asset| asset.symbol == symbol)
        .map(|asset| asset.price.get());
    let listed = || {
        let asset = snapshot
            .assets
            .iter()
            .find(|asset| asset.symbol == symbol)?;
        Some(asset.price.as_ref()?.usd)
    };
    let dollar = || DOLLARS.contains(&symbol).then_some(1.0);
    played
        .or_else(listed)
        .or_else(dollar)
        .filter(|usd| *usd > 0.0)
}

fn directed(model: &Model, call: &RewardsCall, amount: u128) -> RewardsKind {
    let reward = |(operator, share): &(crate::snapshot::Address, crate::units::Share)| {
        let steps = (share.get() * SHARE_STEPS as f64).floor() as u128;
        OperatorReward {
            operator: *operator,
            amount: Dec(part(amount, steps)),
        }
    };
    RewardsKind::OperatorDirected {
        rewards: call.operators.iter().map(reward).collect(),
        description: format!("{}: rewards of named operators", model.service.name),
    }
}

/// A part of an amount, rounded down, without leaving 128 bits.
const fn part(amount: u128, steps: u128) -> u128 {
    amount / SHARE_STEPS * steps + amount % SHARE_STEPS * steps / SHARE_STEPS
}

/// The day that the file names; else the next midnight, or for named operators a window that is just over.
fn start(model: &Model, call: &RewardsCall, as_of: Timestamp) -> f64 {
    let named = model
        .deployment
        .rewards_start
        .as_deref()
        .and_then(|date| date.parse::<jiff::civil::Date>().ok())
        .and_then(|date| {
            jiff::tz::TimeZone::UTC
                .to_timestamp(date.at(0, 0, 0, 0))
                .ok()
        });
    let earliest = match call.by {
        RewardsBy::UniqueStake | RewardsBy::TotalStake => as_of.0,
        RewardsBy::OperatorDirected => {
            let today = as_of.0 - as_of.0 % DAY;
            today.saturating_sub((call.window.get() as u64 + 1) * DAY)
        }
    };
    named.map_or(earliest as f64, |start| start.as_second() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_floored_and_never_exceed_the_whole() {
        let whole = 857_123_456_789_000_000_001;
        let (a, b) = (
            part(whole, SHARE_STEPS / 3),
            part(whole, SHARE_STEPS - SHARE_STEPS / 3),
        );
        assert!(a + b <= whole && whole - a - b < 2_000_000_000, "{a} {b}");
        assert_eq!(part(whole, SHARE_STEPS), whole);
        assert_eq!(part(5, SHARE_STEPS / 2), 2);
    }
}
