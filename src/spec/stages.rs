//! Stages of a service's growth: a schedule of parameters, and how long each change takes.
//!
//! A stage says what is paid and how faults are punished while the value at risk grows up to what
//! the stage carries. A trigger ends it. What the protocol delays must begin so much earlier.

use super::model::Choice;
use crate::protocol::constants::MAINNET;
use crate::snapshot::Address;
use crate::units::{Days, PerYear, Share, Usd, UsdPerYear};
use serde::Serialize;

/// Blocks a day, at 12 seconds.
pub const BLOCKS_PER_DAY: f64 = 7_200.0;

/// The stages, and what they are compared with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Schedule {
    /// The stages in order, at least one.
    pub stages: Vec<Stage>,
    /// How policies are compared.
    pub policy: Policy,
}

/// One stage, with nothing left out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// What ends it; the last stage has no end.
    pub until: Option<Trigger>,
    /// Value at risk that it must carry.
    pub carries: Usd,
    /// Reward budget.
    pub budget: Choice<UsdPerYear>,
    /// Slashable stake that it has at least.
    pub least_stake: Option<Usd>,
    /// Share of the quorum's weight that an attacker needs.
    pub threshold: Choice<Share>,
    /// Symbol of the token that it is paid in.
    pub paid_in: String,
    /// Price of that token, USD, where the file or the snapshot knows one.
    pub token_price: Option<Usd>,
    /// What stakers take off the token's price.
    pub discount: Share,
    /// Share of rewards that operators keep.
    pub operator_split: Share,
    /// Contract that may slash.
    pub slasher: Option<Address>,
    /// One for each offence of the model, in their order.
    pub offences: Vec<StageOffence>,
}

/// How one offence is punished in a stage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StageOffence {
    /// Share of the operator's allocated stake that is slashed.
    pub slash: Choice<Share>,
    /// Time to dispute.
    pub dispute: Choice<Days>,
}

/// What ends a stage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// The value at risk reaches a sum.
    AtRisk(Usd),
    /// The slashable stake reaches a sum.
    Stake(Usd),
    /// The revenue, a share of the value at risk over time, reaches a sum a year.
    Revenue {
        /// The revenue.
        reaches: UsdPerYear,
        /// Revenue over value at risk.
        of_value: PerYear,
    },
    /// Time since the first stage began.
    Day(Days),
}

/// How policies are compared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Policy {
    /// How long.
    pub lasts: Days,
    /// How often the controller looks.
    pub epoch: Days,
    /// Safety factors below which it pays more and above which it pays less; none where they
    /// follow from the first stage's design.
    pub band: Option<(Share, Share)>,
    /// Raise of the budget each epoch.
    pub increase: Share,
    /// Cut of the budget each epoch.
    pub reduction: Share,
    /// Share of an attack's takes that the reported profit covers.
    pub profit: Share,
    /// Time until attracted stake can be slashed.
    pub entry: Days,
    /// Mean time that stakers take to answer.
    pub adjusts: Days,
}

/// Something that the protocol delays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Delayed {
    /// Another slasher of the operator set (`SLASHER_CONFIGURATION_DELAY`, then one block).
    Slasher,
    /// Another split of the operators (`RewardsCoordinator` activation delay).
    OperatorSplit,
    /// More slashable stake: operators' allocation.
    MoreStake,
    /// Less slashable stake: deallocation.
    LessStake,
}

impl Delayed {
    /// Time from the call to its effect; `entry` is that of stake. Mainnet's constants.
    #[must_use]
    pub fn days(self, entry: Days) -> f64 {
        match self {
            Self::Slasher => {
                (f64::from(MAINNET.slasher_configuration_delay.0) + 1.0) / BLOCKS_PER_DAY
            }
            Self::OperatorSplit => MAINNET.activation_delay.0 as f64 / 86_400.0,
            Self::MoreStake => entry.get(),
            Self::LessStake => (f64::from(MAINNET.deallocation_delay.0) + 1.0) / BLOCKS_PER_DAY,
        }
    }

    /// The same as an error says it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Slasher => "a new slasher may slash 126001 blocks (17.5 days) after the call",
            Self::OperatorSplit => "a new split holds 604800 seconds (7 days) after the call",
            Self::MoreStake => "new stake can be slashed after the time of `policy.entry`",
            Self::LessStake => "stake leaves 100801 blocks (14 days) after the call",
        }
    }
}

/// What must be called before `next` can follow `before`. Slash fractions, threshold and dispute
/// are the service's own contracts' and hold at once.
#[must_use]
pub fn changes(before: &Stage, next: &Stage) -> Vec<Delayed> {
    let mut changes = Vec::new();
    if next.slasher != before.slasher && next.slasher.is_some() {
        changes.push(Delayed::Slasher);
    }
    if (next.operator_split.get() - before.operator_split.get()).abs() > 0.0 {
        changes.push(Delayed::OperatorSplit);
    }
    if next.carries.get() > before.carries.get() {
        changes.push(Delayed::MoreStake);
    }
    changes
}

/// The longest of some changes, days.
#[must_use]
pub fn lead_days(changes: &[Delayed], entry: Days) -> f64 {
    changes.iter().map(|c| c.days(entry)).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_the_protocols() {
        let entry = Days(5.0);
        assert!((Delayed::Slasher.days(entry) - 126_001.0 / 7_200.0).abs() < 1e-12);
        assert!((Delayed::OperatorSplit.days(entry) - 7.0).abs() < 1e-12);
        assert!((Delayed::LessStake.days(entry) - 100_801.0 / 7_200.0).abs() < 1e-12);
        let all = [Delayed::MoreStake, Delayed::Slasher];
        assert!((lead_days(&all, entry) - 126_001.0 / 7_200.0).abs() < 1e-12);
        assert!(lead_days(&[], entry).abs() < 1e-300);
    }
}
