//! The model as plain numbers: what the engine needs and nothing else.
//!
//! A step is one day; a year has 365. Money is in US dollars. A `Plan` is made by compiling a
//! checked model, or by hand in tests and benchmarks. [`Plan::check`] asserts what must hold.

use super::harm::{Harm, Payout};
use super::operators::{Operators, Weights};
use super::uncertainty::Uncertainty;
use crate::economics::heavy_tail::ParetoTake;
use crate::economics::range;
use crate::units::DAYS_PER_YEAR;

/// Everything that one simulation needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Days that are simulated, at least one. Day `d` of 1..=days is the state at its end.
    pub days: u32,
    /// Days that the promise looks at, 1..=days.
    pub horizon_days: u32,
    /// When the margin is looked at.
    pub monitoring: Monitoring,
    /// What the stake consists of: start in USD a token.
    pub assets: Vec<Factor>,
    /// The value at risk: start in USD.
    pub value: Factor,
    /// Jumps that strike several factors at one moment, beside each factor's own.
    pub shared_jumps: SharedJumps,
    /// Lower Cholesky factor of the correlation of the daily normals of all assets and, last,
    /// the value at risk: row-major, `(assets + 1)^2` entries, rows of length one.
    pub correlation_root: Vec<f64>,
    /// Who holds the stake.
    pub operators: Operators,
    /// The shares of voting weight that an attacker may need, each in 0..=1; attacks point here.
    pub thresholds: Vec<f64>,
    /// What an attacker can do, at least one.
    pub attacks: Vec<Attack>,
    /// Where a slash takes more of one asset than of another: how much of each burns, as a
    /// multiple in 0..=1 of [`Attack::burned_share`]; attacks point here. Empty where all assets
    /// are slashed alike.
    pub burns: Vec<Vec<f64>>,
    /// How the cheapest coalition is found.
    pub coalition: Coalition,
    /// Whose loss is counted as the cost: one set of columns for each entry, in order.
    pub costs: Vec<Cost>,
    /// What is kept of each path.
    pub record: Record,
    /// The days at whose end the distribution of the log margin is kept, ascending, within
    /// 1..=days; empty for none.
    pub fan_days: Vec<u32>,
    /// What is not known of the numbers above: each path draws its own.
    pub uncertainty: Uncertainty,
}

/// A positive quantity that follows a geometric Brownian motion with jumps.
///
/// With compensated jumps its expectation after `t` years is `start * exp(drift * t)` exactly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Factor {
    /// Its value on day 0, positive: USD a token for an asset, USD for the value at risk.
    pub start: f64,
    /// Growth of its expectation, 1/year.
    pub drift_per_year: f64,
    /// Standard deviation of its logarithm over a year; 0 draws nothing.
    pub volatility_per_sqrt_year: f64,
    /// Its jumps (Merton 1976).
    pub jumps: Jumps,
}

/// Lognormal jumps, at most one a day: a day has one with probability `per_year / 365`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jumps {
    /// Expected number a year, 0..365; 0 draws nothing.
    pub per_year: f64,
    /// Mean of a jump's logarithm.
    pub log_mean: f64,
    /// Standard deviation of a jump's logarithm.
    pub log_sd: f64,
    /// Whether the drift makes up for them.
    pub compensation: Compensation,
}

/// Whether the drift of a factor makes up for the mean of its jumps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compensation {
    /// The expectation of the factor is what its drift says: each day's log drift is lowered
    /// by `ln(1 + p (E[jump] - 1))`.
    Compensated,
    /// Jumps come on top of the drift.
    Uncompensated,
}

/// Jumps at common times: each moves the logarithm of factor `f` by `loading[f]` times the jump,
/// whose own logarithm is normal. A crash of ETH takes its staking tokens with it.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedJumps {
    /// The common jump; its compensation holds for every factor.
    pub jumps: Jumps,
    /// One loading a factor: the assets in order, then the value at risk.
    pub loading: Vec<f64>,
}

impl SharedJumps {
    /// No shared jumps for `assets` assets and the value at risk.
    #[must_use]
    pub fn none(assets: usize) -> SharedJumps {
        SharedJumps {
            jumps: Jumps::NONE,
            loading: vec![0.0; assets + 1],
        }
    }
}

impl Jumps {
    /// No jumps.
    pub const NONE: Jumps = Jumps {
        per_year: 0.0,
        log_mean: 0.0,
        log_sd: 0.0,
        compensation: Compensation::Compensated,
    };

    /// What a day's log drift must lose so that jumps, moved by `loading`, leave the expectation.
    #[must_use]
    pub fn compensator(&self, loading: f64) -> f64 {
        match self.compensation {
            Compensation::Uncompensated => 0.0,
            Compensation::Compensated => range::compensator(self.law(), loading),
        }
    }

    /// The probability that a day has one.
    #[must_use]
    pub fn probability_per_day(&self) -> f64 {
        self.per_year / DAYS_PER_YEAR
    }
}

impl Factor {
    /// Mean of the logarithm of one day's growth without its jumps; the compensator of shared
    /// jumps is not in it ([`Plan::log_drift_per_day`]).
    fn own_log_drift_per_day(&self) -> f64 {
        let variance = self.volatility_per_sqrt_year * self.volatility_per_sqrt_year;
        (self.drift_per_year - 0.5 * variance) / DAYS_PER_YEAR - self.jumps.compensator(1.0)
    }

    /// Standard deviation of the logarithm of one day's growth without its jump.
    #[must_use]
    pub fn log_sd_per_day(&self) -> f64 {
        self.volatility_per_sqrt_year / DAYS_PER_YEAR.sqrt()
    }
}

/// When the margin is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Monitoring {
    /// At the end of each day.
    Daily,
    /// At every moment: within a day the log ratio of cost to profit is a Brownian bridge
    /// between its ends, whose variance is that of the stake's mix at the day's start (of the
    /// cheapest votes, where cost is not proportional to votes); a jump comes at the day's end. Exact for one asset with a constant attack or a constant
    /// share of the value at risk. Attacks of random size are looked at once a day.
    Continuous,
}

/// One thing that an attacker can do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attack {
    /// What it takes.
    pub take: Take,
    /// Whether it can take more than there is.
    pub cap: Cap,
    /// When it can be done.
    pub when: When,
    /// Index into [`Plan::thresholds`].
    pub threshold: usize,
    /// Share of the coalition's stake that the attacker expects to lose: slash fraction times
    /// the probability that the slash lands times the share that does not come back to him.
    pub burned_share: f64,
    /// Share of the coalition's stake that a slash is expected to bring back to the attacker: slash
    /// fraction times the probability that the slash lands times the recaptured share.
    pub returned_share: f64,
    /// Index into [`Plan::burns`] where assets are not slashed alike.
    pub burns: Option<usize>,
    /// Profit beside the take (a short sale; negative for expenses), USD.
    pub extra_profit_usd: f64,
    /// What users lose by it.
    pub harm: Harm,
    /// What they are paid back.
    pub payout: Payout,
}

/// What an attack takes, in USD.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Take {
    /// The same amount always.
    Constant {
        /// The amount.
        usd: f64,
    },
    /// A fixed share of the value at risk.
    ShareOfValue {
        /// The share.
        share: f64,
    },
    /// A share of the value at risk whose logarithm is normal, drawn anew each time.
    LognormalShareOfValue {
        /// Mean of the logarithm.
        log_mean: f64,
        /// Standard deviation of the logarithm.
        log_sd: f64,
    },
    /// An amount whose logarithm (of USD) is normal, drawn anew each time.
    LognormalUsd {
        /// Mean of the logarithm of USD.
        log_mean: f64,
        /// Standard deviation of the logarithm.
        log_sd: f64,
    },
    /// What flows out at a limited rate until the attack is detected (after an exponential
    /// time) and stopped, at most a share of the value at risk and a sum: its expectation
    /// `E[min(reach, rate (detection + pause))]`, which is
    /// `rate * (pause + mean * (1 - exp(-(reach / rate - pause) / mean)))` where `reach`, the
    /// smaller of the two, lasts longer than the pause.
    RateLimited {
        /// The share of the value at risk that can be reached, 0..=1; infinite where the value
        /// is no limit.
        share: f64,
        /// The most that can be reached, USD; infinite where only the value is a limit.
        most_usd: f64,
        /// The rate, USD a day, positive.
        usd_per_day: f64,
        /// Mean days until detection, positive.
        mean_days_to_detection: f64,
        /// Days from detection to the stop.
        pause_days: f64,
    },
    /// An amount with a heavy tail, drawn anew each time.
    Pareto(ParetoTake),
}

/// What an attack takes at most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cap {
    /// Nothing holds it.
    Uncapped,
    /// It takes the value at risk at most.
    ByValue,
    /// The service lets no more than this leave in one event, USD.
    ByUsd(f64),
    /// The smaller of the two, USD.
    ByValueAndUsd(f64),
}

impl Cap {
    /// Whether the value at risk is a limit.
    #[must_use]
    pub fn by_value(self) -> bool {
        matches!(self, Cap::ByValue | Cap::ByValueAndUsd(_))
    }

    /// The limit that does not move, USD; infinite where there is none.
    #[must_use]
    pub fn fixed_usd(self) -> f64 {
        match self {
            Cap::Uncapped | Cap::ByValue => f64::INFINITY,
            Cap::ByUsd(usd) | Cap::ByValueAndUsd(usd) => usd,
        }
    }

    /// The most that can be taken of a value at risk, USD.
    #[must_use]
    pub fn ceiling_usd(self, value: f64) -> f64 {
        let fixed = self.fixed_usd();
        if self.by_value() && value < fixed {
            value
        } else {
            fixed
        }
    }
}

/// When an attack can be done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum When {
    /// Every day.
    Standing,
    /// When an opportunity arrives; several may arrive on one day.
    Poisson {
        /// Expected number a year.
        per_year: f64,
    },
}

/// How the cheapest coalition is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coalition {
    /// Stake is a continuum: exactly the threshold can be had.
    Pooled,
    /// The cheapest set of entities, exactly or with a certified gap.
    Entities,
    /// The entities with the most value until the threshold is reached. It overstates the
    /// cost: for benchmarks that compare equal work, never for a security number.
    LargestFirst,
}

/// Whose loss is counted as the cost of corruption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// All stake of the coalition that is burned.
    WholeStake,
    /// What the operators themselves lose: burned own stake, and their business, once.
    OperatorRational,
}

/// What is kept of each path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// Every column.
    Full,
    /// The smallest margin, its day and what it was made of; the rest stays empty.
    MinMargin,
    /// The smallest log ratios and critical scales; the rest stays empty.
    Critical,
}

impl Take {
    /// Whether its size is drawn anew each time.
    #[must_use]
    pub fn is_random(&self) -> bool {
        matches!(
            self,
            Take::LognormalShareOfValue { .. } | Take::LognormalUsd { .. } | Take::Pareto(_)
        )
    }
}

impl Plan {
    /// Number of assets.
    #[must_use]
    pub fn asset_count(&self) -> usize {
        self.assets.len()
    }

    /// The assets, then the value at risk.
    pub fn factors(&self) -> impl Iterator<Item = &Factor> {
        self.assets.iter().chain(std::iter::once(&self.value))
    }

    /// Mean of the logarithm of one day's growth of each factor, without its jumps.
    #[must_use]
    pub fn log_drift_per_day(&self) -> Vec<f64> {
        let shared = &self.shared_jumps;
        self.factors()
            .zip(&shared.loading)
            .map(|(factor, loading)| {
                factor.own_log_drift_per_day() - shared.jumps.compensator(*loading)
            })
            .collect()
    }

    /// Whether the other plan has the same prices and value at risk on the same days, looked at
    /// at the same moments, so that one market serves both.
    #[must_use]
    pub fn shares_market(&self, other: &Plan) -> bool {
        (self.days, self.monitoring) == (other.days, other.monitoring)
            && self.assets == other.assets
            && self.value == other.value
            && self.shared_jumps == other.shared_jumps
            && self.correlation_root == other.correlation_root
            && self.uncertainty.shares_draws(&other.uncertainty)
    }

    /// Whether votes cost much the same without being proportional to what they cost.
    pub(super) fn nearly_proportional(&self) -> bool {
        !self.burns.is_empty() || matches!(self.operators.weights, Weights::Fixed(_))
    }

    /// How much of each asset an attack burns, relative to its burned share; `None` for alike.
    #[must_use]
    pub fn burns_of(&self, attack: &Attack) -> Option<&[f64]> {
        attack.burns.map(|row| &self.burns[row][..])
    }

    /// Slashable tokens of each asset over all entities.
    #[must_use]
    pub fn total_tokens(&self) -> Vec<f64> {
        let mut total = vec![0.0; self.asset_count()];
        for row in self.operators.tokens.chunks_exact(self.asset_count()) {
            for (sum, tokens) in total.iter_mut().zip(row) {
                *sum += tokens;
            }
        }
        total
    }

    /// Asserts what the engine relies on, before the first path: shapes, ranges, and that no
    /// reachable price over- or underflows the exponential.
    ///
    /// # Panics
    /// With the value that is wrong.
    pub fn check(&self) {
        assert!(self.days >= 1, "a plan of {} days", self.days);
        assert!(
            (1..=self.days).contains(&self.horizon_days),
            "a horizon of {} days in {}",
            self.horizon_days,
            self.days
        );
        let assets = self.asset_count();
        assert!(assets >= 1, "a plan without assets");
        assert!(
            self.shared_jumps.loading.len() == assets + 1,
            "{} loadings of shared jumps for {assets} assets and the value at risk",
            self.shared_jumps.loading.len()
        );
        for (factor, loading) in self.factors().zip(&self.shared_jumps.loading) {
            factor.check();
            let more = self.uncertainty.most_jumps();
            let wilder = Factor {
                volatility_per_sqrt_year: factor.volatility_per_sqrt_year
                    * self.uncertainty.largest_volatility(),
                jumps: factor.jumps.oftener(more),
                ..*factor
            };
            let shared = self.shared_jumps.jumps.oftener(more);
            let reach = wilder.reach(self.days) + shared.reach(self.days, *loading);
            assert!(
                reach < range::LOG_LIMIT,
                "a factor may leave the range of reals (its logarithm reaches {reach}): {factor:?}"
            );
        }
        self.shared_jumps.jumps.check();
        self.uncertainty.check(self.attacks.len());
        self.check_root();
        self.operators.check(assets);
        let start = self.assets.iter().map(|asset| asset.start);
        let worth: f64 = start.zip(self.total_tokens()).map(|(p, t)| p * t).sum();
        assert!(
            worth.is_finite() && libm::log(worth) < 0.5 * range::LOG_LIMIT,
            "all stake is worth {worth} USD"
        );
        assert!(!self.attacks.is_empty(), "a plan without attacks");
        for &theta in &self.thresholds {
            assert!(theta > 0.0 && theta <= 1.0, "a threshold of {theta}");
        }
        let quorums = self.operators.weights.quorums();
        assert!(
            quorums.is_empty() || self.coalition == Coalition::Entities,
            "several quorums are searched on whole entities, not {:?}",
            self.coalition
        );
        for quorum in quorums {
            assert!(
                quorum.thresholds.len() == self.thresholds.len()
                    && quorum.thresholds.iter().all(|t| *t > 0.0 && *t <= 1.0),
                "thresholds of a quorum: {:?}",
                quorum.thresholds
            );
        }
        for attack in &self.attacks {
            attack.check(self.thresholds.len());
            assert!(
                attack.burns.is_none_or(|row| row < self.burns.len()),
                "burns {:?} of {}",
                attack.burns,
                self.burns.len()
            );
        }
        for row in &self.burns {
            assert!(
                row.len() == assets && row.iter().all(|x| (0.0..=1.0).contains(x)),
                "relative burns that cannot be, of {assets} assets: {row:?}"
            );
        }
        assert!(!self.costs.is_empty(), "a plan that counts no cost");
        assert!(
            self.fan_days.windows(2).all(|d| d[0] < d[1])
                && self.fan_days.iter().all(|d| (1..=self.days).contains(d)),
            "days of the fan out of order or range: {:?}",
            self.fan_days
        );
    }

    fn check_root(&self) {
        let n = self.asset_count() + 1;
        assert!(
            self.correlation_root.len() == n * n,
            "{} entries in a correlation root of {n} rows",
            self.correlation_root.len()
        );
        for (i, row) in self.correlation_root.chunks_exact(n).enumerate() {
            let length: f64 = row.iter().map(|x| x * x).sum();
            assert!(
                (length - 1.0).abs() < 1e-9,
                "row {i} of the correlation root has length {length}"
            );
            assert!(
                row[i] >= 0.0 && row[i + 1..].iter().all(|x| x.abs() <= 0.0),
                "row {i} of the correlation root is not lower triangular: {row:?}"
            );
        }
    }
}

impl Jumps {
    fn check(&self) {
        assert!(
            (0.0..DAYS_PER_YEAR).contains(&self.per_year) && self.log_sd >= 0.0,
            "jumps that cannot be: {self:?}"
        );
    }

    /// How far they move a logarithm at most.
    fn reach(&self, days: u32, loading: f64) -> f64 {
        range::jumps(self.law(), days, loading)
    }

    fn law(&self) -> range::Jumps {
        range::Jumps {
            per_year: self.per_year,
            log_mean: self.log_mean,
            log_sd: self.log_sd,
        }
    }
}

impl Factor {
    fn check(&self) {
        assert!(
            self.start > 0.0 && self.start.is_finite(),
            "a factor starts at {}",
            self.start
        );
        assert!(
            self.volatility_per_sqrt_year >= 0.0,
            "a negative volatility: {self:?}"
        );
        self.jumps.check();
    }

    /// How far its logarithm gets at most, ten standard deviations out.
    fn reach(&self, days: u32) -> f64 {
        range::diffusion(
            self.start,
            self.drift_per_year,
            self.volatility_per_sqrt_year,
            days,
        ) + self.jumps.reach(days, 1.0)
    }
}

impl Attack {
    fn check(&self, thresholds: usize) {
        assert!(
            self.threshold < thresholds,
            "threshold {} of {thresholds}",
            self.threshold
        );
        assert!(
            self.burned_share >= 0.0
                && self.burned_share.is_finite()
                && self.returned_share >= 0.0
                && self.returned_share.is_finite(),
            "a burned share of {}",
            self.burned_share
        );
        assert!(
            self.extra_profit_usd.is_finite(),
            "an extra profit of {}",
            self.extra_profit_usd
        );
        match self.take {
            Take::Constant { usd } => {
                assert!(usd >= 0.0 && usd.is_finite(), "an attack takes {usd} USD")
            }
            Take::ShareOfValue { share } => assert!(
                share >= 0.0 && share.is_finite(),
                "an attack takes a share of {share}"
            ),
            Take::LognormalShareOfValue { log_mean, log_sd }
            | Take::LognormalUsd { log_mean, log_sd } => {
                assert!(
                    range::holds_lognormal(log_mean, log_sd),
                    "a lognormal attack of {log_mean}, {log_sd}"
                );
            }
            Take::Pareto(law) => assert!(
                law.least_usd >= 0.0 && law.scale_usd > 0.0 && law.shape > 0.0,
                "a heavy tail of {law:?}"
            ),
            Take::RateLimited {
                share,
                most_usd,
                usd_per_day,
                mean_days_to_detection,
                pause_days,
            } => {
                let valued = (0.0..=1.0).contains(&share);
                assert!(
                    (valued || share == f64::INFINITY && most_usd < f64::INFINITY)
                        && most_usd >= 0.0
                        && usd_per_day > 0.0
                        && mean_days_to_detection > 0.0
                        && pause_days >= 0.0,
                    "a rate limit of {usd_per_day} USD a day, {mean_days_to_detection} and {pause_days} days"
                );
            }
        }
        assert!(
            self.cap.fixed_usd() >= 0.0,
            "a cap of {} USD",
            self.cap.fixed_usd()
        );
        assert!(
            self.harm.fixed_usd >= 0.0
                && self.harm.fixed_usd.is_finite()
                && self.harm.of_take >= 0.0
                && self.harm.of_take.is_finite(),
            "harm that cannot be: {:?}",
            self.harm
        );
        assert!(
            (0.0..=1.0).contains(&self.payout.lands)
                && (0.0..=1.0).contains(&self.payout.of_stake)
                && self.payout.most_usd >= 0.0,
            "a payout that cannot be: {:?}",
            self.payout
        );
        if let When::Poisson { per_year } = self.when {
            assert!(
                (0.0..1e6).contains(&per_year),
                "{per_year} opportunities a year"
            );
        }
    }
}
