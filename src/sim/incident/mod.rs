//! What happens once an attack is made: extraction, detection, dispute, veto, the race against the
//! exit, the slash, the payout, and whether what is left invites the next attack.
//!
//! The engine says on which paths an opportunity is taken; this second pass plays those days on,
//! hour by hour, from the state of the market that the path had. Paths without an incident pay
//! nothing. Incidents are rare where a design is good, so the same anatomy can be asked for on
//! condition: what if the worst days had been used?
//!
//! Time is counted in days since the attack began. Detection, dispute and veto are the offence's;
//! stake stays slashable for the exit window, less the days by which the attack says that its exits
//! were queued before; a redistributing slash is paid out after the protocol's resolution delay.

mod coalition;
mod compile;
mod moments;
mod play;
mod prices;

pub use compile::{collateral, compile, total_volatility};
pub use moments::{taken, worst};
pub use play::play;
pub use prices::left_of;

use super::{Cost, Plan};
use crate::economics::impact::{Liquidation, SquareRootImpact};
use crate::random::{Purpose, Seed, Stream};
use crate::spec::model::{Queued, QueuedBefore};
use rayon::prelude::*;

/// Everything that incidents of one design need.
#[derive(Debug, Clone, PartialEq)]
pub struct IncidentPlan {
    /// The design: entities, thresholds, attacks.
    pub plan: Plan,
    /// Whose loss an attacker weighs.
    pub cost: Cost,
    /// How each collateral answers, in the plan's order.
    pub collateral: Vec<Collateral>,
    /// What each attack of the plan is punished with, in its order.
    pub punishments: Vec<Punishment>,
    /// Share of the remaining stake that asks to leave once the attack is known, 0..=1.
    pub leaving: f64,
    /// Share of the remaining stake that is sold at once as liquid tokens, 0..=1.
    pub selling: f64,
    /// Days for which leaving stake stays slashable.
    pub window_days: f64,
    /// Days from a redistributing slash to its payout.
    pub resolution_days: f64,
}

/// How a collateral answers an attack.
#[derive(Debug, Clone, PartialEq)]
pub struct Collateral {
    /// Share of its price lost on the news, 0..=1.
    pub falls: f64,
    /// What a sale does to its price; its volatility of a day, jumps included, is what moves the
    /// price from hour to hour.
    pub impact: SquareRootImpact,
    /// Loans that are liquidated as it falls, USD at the prices of the start.
    pub loans: Vec<Liquidation>,
}

/// What an attack is punished with, and how fast it takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Punishment {
    /// How fast value leaves.
    pub extraction: Extraction,
    /// When the offence is seen.
    pub detection: Detection,
    /// Probability that it can be attributed.
    pub attributable: f64,
    /// Days of dispute and veto between detection and slash.
    pub delay_days: f64,
    /// Probability of a veto.
    pub vetoed: f64,
    /// Probability that the slash executes.
    pub executes: f64,
    /// Share of the coalition's stake that it takes; where assets are not slashed alike, of the one
    /// of which it takes most ([`crate::sim::Plan::burns`]).
    pub slash: f64,
    /// Share of the slash that is paid out, 0..=1.
    pub redistributed: f64,
    /// Share of the slash that returns to the attacker, at most [`Self::redistributed`].
    pub recaptured: f64,
    /// Exits that the coalition had queued before the attack.
    pub queued: Option<Queued>,
}

impl Punishment {
    /// Share of the coalition's stake that a slash `due` days after the attack still finds, with
    /// an exit window of so many days. What was not queued leaves with the attack, if it is raced.
    #[must_use]
    pub fn reached(&self, window_days: f64, due: f64, raced: bool) -> f64 {
        let left = window_days - due;
        let unqueued = f64::from(u8::from(!raced || left >= 0.0));
        let Some(queued) = self.queued else {
            return unqueued;
        };
        let share = queued.share.get();
        let found = match queued.before {
            QueuedBefore::By(days) => f64::from(u8::from(days.get() <= left)),
            QueuedBefore::UpTo(days) => (left / days.get()).clamp(0.0, 1.0),
        };
        share * found + (1.0 - share) * unqueued
    }
}

/// How fast value leaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Extraction {
    /// All at once.
    AtOnce,
    /// At a limited rate until the pause.
    Limited {
        /// USD a day.
        usd_per_day: f64,
        /// Days from detection to the stop.
        pause_days: f64,
        /// Share of the value at risk that can be reached; infinite where it is no limit.
        share: f64,
        /// The most that can be reached, USD.
        most_usd: f64,
    },
}

/// When an offence is seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Detection {
    /// At once and in time with this probability, else never.
    AtOnce(f64),
    /// After an exponential time with this mean, days.
    Exponential(f64),
}

/// The moment at which an attack is made.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// The path.
    pub path: u64,
    /// Its day.
    pub day: u32,
    /// One price an asset, USD.
    pub price_usd: Vec<f64>,
    /// Value at risk, USD.
    pub value_usd: f64,
    /// The attack, by index.
    pub attack: usize,
    /// What it promises to bring, USD.
    pub profit_usd: f64,
}

/// What became of the slash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It landed.
    Slashed,
    /// The offence was never seen.
    Unseen,
    /// Nobody could be blamed.
    Unattributed,
    /// A committee stopped it.
    Vetoed,
    /// It did not execute.
    Failed,
    /// The stake had left.
    TooLate,
}

/// An incident, played to its end. Money is in USD; times are days since the attack, infinite
/// where it never happened. Sums are over the attack and those that followed it; times and fate
/// are of the first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Incident {
    /// The path.
    pub path: u64,
    /// The day of the attack on it.
    pub day: u32,
    /// The attack, by index.
    pub attack: usize,
    /// What became of the slash.
    pub fate: Fate,
    /// When it was seen.
    pub detected_days: f64,
    /// When value stopped leaving.
    pub stopped_days: f64,
    /// When the stake was slashed.
    pub slashed_days: f64,
    /// When the payout came.
    pub paid_days: f64,
    /// What left.
    pub extracted_usd: f64,
    /// What users lost by it.
    pub harm_usd: f64,
    /// What was slashed, at the prices of that moment.
    pub slashed_usd: f64,
    /// What the slash would have taken from coalitions that got away, at the prices of the attack.
    pub escaped_usd: f64,
    /// What those harmed were paid, after price falls and sales.
    pub paid_usd: f64,
    /// What the attackers got back of the slash.
    pub recaptured_usd: f64,
    /// What those harmed were not paid.
    pub uninsured_usd: f64,
    /// Tokens slashed, at the prices of the attack: what stakers lost to the slash.
    pub staker_loss_usd: f64,
    /// What the price falls took from the stake that was not slashed.
    pub markdown_usd: f64,
    /// Fall of the collateral's value by news and sales, as a share.
    pub price_fall: f64,
    /// Fall that liquidations add, for each unit of the fall that began them; from one on it runs.
    pub spiral_gain: f64,
    /// Further attacks on what was left.
    pub further: u32,
}

/// Plays an incident for each moment: `replicates` times, each on its own random numbers.
/// The order is by moment, then replicate, whatever the number of threads.
#[must_use]
pub fn play_all(
    plan: &IncidentPlan,
    seed: Seed,
    moments: &[Moment],
    replicates: usize,
) -> Vec<Incident> {
    plan.check();
    let lists: Vec<Vec<Incident>> = moments
        .par_iter()
        .map(|moment| {
            (0..replicates)
                .map(|r| {
                    let mut stream = Stream::new(seed, Purpose::Incident(r), moment.path);
                    play(plan, moment, &mut stream)
                })
                .collect()
        })
        .collect();
    lists.into_iter().flatten().collect()
}

impl IncidentPlan {
    fn check(&self) {
        let (assets, attacks) = (self.plan.asset_count(), self.plan.attacks.len());
        assert!(
            self.collateral.len() == assets && self.punishments.len() == attacks,
            "an incident plan of {} collaterals and {} punishments for {assets} and {attacks}",
            self.collateral.len(),
            self.punishments.len()
        );
        for share in [self.leaving, self.selling] {
            assert!((0.0..=1.0).contains(&share), "a share of {share}");
        }
        for one in &self.punishments {
            assert!(
                one.recaptured <= one.redistributed && (0.0..=1.0).contains(&one.slash),
                "a punishment that cannot be: {one:?}"
            );
        }
    }
}
