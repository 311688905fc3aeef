//! The market statistics among the facts, gathered by what a simulation asks for.

use super::{Fact, Facts};

/// Statistics of the daily log returns of one asset over one period. Annual figures use 365 days.
#[derive(Debug, Clone, PartialEq)]
pub struct ReturnStatistics {
    /// `eth`, `btc`, `eigen`.
    pub asset: String,
    /// Name of the period in the keys, such as `2017_2025`; the dates are in each fact.
    pub period: String,
    /// Standard deviation a year, of one: 0.872 is 87.2 %.
    pub annual_volatility: Fact,
    /// Degrees of freedom of the Student-t fit.
    pub student_degrees: Option<Fact>,
    /// Scale of the Student-t fit, a day.
    pub student_scale: Option<Fact>,
    /// A diffusion with jumps fitted to the same returns.
    pub jumps: Option<JumpFit>,
}

/// Merton's jump diffusion (R. C. Merton, J. Financial Economics 3, 1976): a diffusion, and normal
/// jumps of the log price at a Poisson rate.
#[derive(Debug, Clone, PartialEq)]
pub struct JumpFit {
    /// Volatility of the diffusion alone, a year.
    pub diffusion_volatility: Fact,
    /// Jumps a year.
    pub jumps_per_year: Fact,
    /// Mean of a jump of the log price.
    pub jump_log_mean: Fact,
    /// Standard deviation of a jump of the log price.
    pub jump_log_sd: Fact,
}

/// How the price of a liquid staking token moves against ETH in one regime: an autoregression of
/// first order, a day, around a mean.
#[derive(Debug, Clone, PartialEq)]
pub struct PegRegime {
    /// `steth`.
    pub asset: String,
    /// Name of the regime in the keys: `before_withdrawals`, `after_withdrawals`.
    pub regime: String,
    /// Mean of the ratio.
    pub mean: Fact,
    /// Standard deviation of the ratio.
    pub sd: Fact,
    /// Lowest daily close.
    pub lowest: Fact,
    /// Autoregression of the ratio, a day.
    pub persistence_per_day: Option<Fact>,
    /// Standard deviation of the daily innovation.
    pub innovation_sd: Option<Fact>,
}

/// The sizes of past exploits of one kind, gross US dollars.
#[derive(Debug, Clone, PartialEq)]
pub struct ExploitFit {
    /// Name of the subset in the keys: `all`, `defi`, `bridge`, `oracle`, `keys`, `logic`.
    pub subset: String,
    /// Number of incidents.
    pub count: Fact,
    /// Mean of the logarithm of the size in US dollars.
    pub lognormal_mu: Fact,
    /// Standard deviation of that logarithm.
    pub lognormal_sigma: Fact,
    /// Shape of the generalised Pareto fit above the 80 % quantile.
    pub pareto_shape: Option<Fact>,
    /// Scale of that fit, US dollars.
    pub pareto_scale_usd: Option<Fact>,
    /// The 80 % quantile, US dollars.
    pub pareto_threshold_usd: Option<Fact>,
}

/// Everything about markets and losses that the facts hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Market {
    /// By asset and period, in the order of the keys.
    pub returns: Vec<ReturnStatistics>,
    /// By asset and regime.
    pub pegs: Vec<PegRegime>,
    /// By subset.
    pub exploits: Vec<ExploitFit>,
    /// Incidents a month over all subsets.
    pub exploits_per_month: Option<Fact>,
    /// Pearson correlations of daily log returns: the two assets in alphabetic order, the period.
    pub correlations: Vec<(String, String, String, Fact)>,
}

impl Market {
    /// Gathers what the facts hold; a group with a missing part is left out.
    #[must_use]
    pub fn of(facts: &Facts) -> Self {
        Self {
            returns: groups(facts, "market.returns.")
                .filter_map(|(a, b)| returns(facts, &a, &b))
                .collect(),
            pegs: groups(facts, "market.peg.")
                .filter_map(|(a, b)| peg(facts, &a, &b))
                .collect(),
            exploits: {
                let mut subsets: Vec<String> = facts
                    .with_prefix("exploits.size.")
                    .filter_map(|f| f.key.split('.').nth(2).map(str::to_owned))
                    .collect();
                subsets.dedup();
                subsets
                    .into_iter()
                    .filter_map(|s| exploit(facts, &s))
                    .collect()
            },
            exploits_per_month: facts.get("exploits.frequency.per_month").cloned(),
            correlations: facts
                .with_prefix("market.correlation.")
                .filter_map(correlation)
                .collect(),
        }
    }

    /// The statistics of an asset: the period asked for, or the longest history, whose period
    /// comes first.
    #[must_use]
    pub fn returns_of(&self, asset: &str, period: Option<&str>) -> Option<&ReturnStatistics> {
        self.returns
            .iter()
            .find(|r| r.asset == asset && period.is_none_or(|p| p == r.period))
    }

    /// The correlation of two assets over the longest period there is.
    #[must_use]
    pub fn correlation(&self, one: &str, other: &str) -> Option<&Fact> {
        let (a, b) = if one <= other {
            (one, other)
        } else {
            (other, one)
        };
        self.correlations
            .iter()
            .find(|c| c.0 == a && c.1 == b)
            .map(|c| &c.3)
    }
}

/// Distinct pairs of the two words after the prefix.
fn groups<'a>(facts: &'a Facts, prefix: &'a str) -> impl Iterator<Item = (String, String)> + 'a {
    let mut pairs: Vec<(String, String)> = facts
        .with_prefix(prefix)
        .filter_map(|fact| {
            let mut words = fact.key[prefix.len()..].split('.');
            Some((words.next()?.to_owned(), words.next()?.to_owned()))
        })
        .collect();
    pairs.dedup();
    pairs.into_iter()
}

fn returns(facts: &Facts, asset: &str, period: &str) -> Option<ReturnStatistics> {
    let get = |name: &str| {
        facts
            .get(&format!("market.returns.{asset}.{period}.{name}"))
            .cloned()
    };
    let jumps = || {
        Some(JumpFit {
            diffusion_volatility: get("jump_diffusion_volatility")?,
            jumps_per_year: get("jumps_per_year")?,
            jump_log_mean: get("jump_log_mean")?,
            jump_log_sd: get("jump_log_sd")?,
        })
    };
    Some(ReturnStatistics {
        asset: asset.to_owned(),
        period: period.to_owned(),
        annual_volatility: get("annual_volatility")?,
        student_degrees: get("student_degrees"),
        student_scale: get("student_scale"),
        jumps: jumps(),
    })
}

fn peg(facts: &Facts, asset: &str, regime: &str) -> Option<PegRegime> {
    let get = |name: &str| {
        facts
            .get(&format!("market.peg.{asset}.{regime}.{name}"))
            .cloned()
    };
    Some(PegRegime {
        asset: asset.to_owned(),
        regime: regime.to_owned(),
        mean: get("mean")?,
        sd: get("sd")?,
        lowest: get("lowest")?,
        persistence_per_day: get("persistence_per_day"),
        innovation_sd: get("innovation_sd"),
    })
}

fn exploit(facts: &Facts, subset: &str) -> Option<ExploitFit> {
    let get = |name: &str| {
        facts
            .get(&format!("exploits.size.{subset}.{name}"))
            .cloned()
    };
    Some(ExploitFit {
        subset: subset.to_owned(),
        count: get("count")?,
        lognormal_mu: get("lognormal_mu")?,
        lognormal_sigma: get("lognormal_sigma")?,
        pareto_shape: get("pareto_shape"),
        pareto_scale_usd: get("pareto_scale_usd"),
        pareto_threshold_usd: get("pareto_threshold_usd"),
    })
}

/// Keys are `market.correlation.A.B.PERIOD.pearson`.
fn correlation(fact: &Fact) -> Option<(String, String, String, Fact)> {
    let words: Vec<&str> = fact.key.split('.').collect();
    match words[..] {
        [_, _, a, b, period, "pearson"] => {
            Some((a.to_owned(), b.to_owned(), period.to_owned(), fact.clone()))
        }
        _ => None,
    }
}
