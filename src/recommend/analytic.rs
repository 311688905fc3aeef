//! The closed-form start: what a page of algebra says before the first path is played.
//!
//! The cost of corruption is taken as one geometric Brownian motion with the variance of the
//! collateral's mix (jumps counted by their variance), the profit as a constant or as moving
//! with the value at risk. A standing attack then needs the multiple at which first passage has
//! the tolerated probability; an opportunity at a rate needs the quantile of its size. It is
//! exact for one asset without jumps and a constant profit watched at every moment.

use crate::economics::passage::{CostAndProfit, LogMargin};
use crate::economics::profit::RateLimited;
use crate::sim;
use crate::spec::Parameters;
use crate::spec::model::{Attack, Chance, Detection, Extraction, Jumps, Model, Structure, Takes};
use crate::stats::normal;

/// Stake that the closed form asks for, USD; `None` where no stake is enough (a slash that
/// never lands) or the whole-stake cost does not decide.
#[must_use]
pub fn stake_usd(model: &Model, parameters: &Parameters) -> Option<f64> {
    let mut needed: f64 = 0.0;
    let extra = sim::joint::extra_profits_usd(model, parameters);
    for (attack, extra) in model.value.attacks.iter().zip(extra) {
        let burned = parameters.burned_share_of_mix(model, attack).get();
        let threshold = parameters.threshold_of(attack).get();
        if burned * threshold <= 0.0 {
            return None;
        }
        needed = needed.max(cost_needed(model, parameters, attack, extra) / (burned * threshold));
    }
    needed.is_finite().then_some(needed)
}

/// Cost of corruption that the closed form asks for against one attack, USD.
fn cost_needed(model: &Model, parameters: &Parameters, attack: &Attack, extra_usd: f64) -> f64 {
    let years = model.target.insecure_within.years();
    let tolerance = model.target.at_most.get();
    let start = model.value.at_risk.start.get();
    let collateral = collateral_volatility(model);
    let value = with_jumps(
        model.value.at_risk.volatility.get(),
        model.value.at_risk.jumps,
    );
    let (size, moves) = match attack.takes {
        Takes::Usd(usd) => (usd.get(), false),
        Takes::ShareOfValue(share) => (share.get() * start, true),
        Takes::LognormalUsd { median, sigma } => (
            quantile_of_opportunities(median.get(), sigma, attack, tolerance, years),
            false,
        ),
        Takes::LognormalShare { median, sigma } => (
            quantile_of_opportunities(median.get() * start, sigma, attack, tolerance, years),
            true,
        ),
        Takes::ParetoUsd(law) => (
            law.exceeded_with(tail_of_opportunities(attack, tolerance, years)),
            false,
        ),
    };
    let size = if attack.capped { size.min(start) } else { size };
    let size = size.min(attack.per_event.map_or(f64::INFINITY, |most| most.get()));
    let size = limited_usd(model, parameters, attack, size) + extra_usd;
    let profit_volatility = if moves { value } else { 0.0 };
    let margin = CostAndProfit {
        cost_usd: 1.0,
        profit_usd: 1.0,
        cost_volatility: collateral,
        profit_volatility,
        correlation: if moves {
            correlation_with_value(model)
        } else {
            0.0
        },
        cost_growth: 0.0,
        profit_growth: if moves {
            model.value.at_risk.growth.get()
        } else {
            0.0
        },
    }
    .log_margin();
    if margin.volatility <= 0.0 {
        return size;
    }
    size * LogMargin {
        log_margin: 0.0,
        ..margin
    }
    .required_multiple(years, tolerance)
}

/// What leaves of `reachable_usd` until detection and pause where a rate is limited, on average.
fn limited_usd(model: &Model, parameters: &Parameters, attack: &Attack, reachable_usd: f64) -> f64 {
    let mean_detection_days = match model.slashing.offences[attack.offence].detection {
        Detection::Exponential { mean } => mean.get(),
        Detection::Probability(_) => 0.0,
    };
    let (limit_usd_day, pause_days) = match attack.extraction {
        Extraction::PerEvent => return reachable_usd,
        Extraction::DisputeWindow { usd_per_day } => (
            usd_per_day,
            parameters.offences[attack.offence].delay().get(),
        ),
        Extraction::RateLimited { usd_per_day, pause } => (usd_per_day, pause.get()),
    };
    if limit_usd_day <= 0.0 {
        return 0.0;
    }
    RateLimited {
        reachable_usd,
        limit_usd_day,
        mean_detection_days,
        pause_days,
    }
    .expected_usd()
}

/// The size that some opportunity within the horizon exceeds with the tolerated probability:
/// `1 - exp(-λT P(X > x)) = ε`; every day is an opportunity for a standing attack.
fn quantile_of_opportunities(
    median: f64,
    sigma: f64,
    attack: &Attack,
    tolerance: f64,
    years: f64,
) -> f64 {
    let tail = tail_of_opportunities(attack, tolerance, years);
    median * (-sigma * normal::quantile(tail)).exp()
}

/// The probability with which that size is exceeded at one opportunity.
fn tail_of_opportunities(attack: &Attack, tolerance: f64, years: f64) -> f64 {
    let expected = match attack.chance {
        Chance::Standing => years * crate::units::DAYS_PER_YEAR,
        Chance::Rate(rate) => rate.get() * years,
    };
    (-(-tolerance).ln_1p() / expected).clamp(1e-15, 0.5)
}

/// Volatility of the collateral's mix at the prices of the start, a year.
fn collateral_volatility(model: &Model) -> f64 {
    let shares = collateral_shares(model);
    let mut variance = 0.0;
    for (i, a) in shares.iter().enumerate() {
        for (j, b) in shares.iter().enumerate() {
            variance += a
                * b
                * volatility(model, i)
                * volatility(model, j)
                * model.market.correlation[i][j];
        }
    }
    if let Some(shared) = &model.market.shared_jumps {
        let loading: f64 = shares
            .iter()
            .zip(&shared.loading)
            .map(|(share, l)| share * l)
            .sum();
        variance += loading * loading * jump_variance(shared.jumps);
    }
    variance.max(0.0).sqrt()
}

/// Correlation of the collateral's mix with the value at risk.
fn correlation_with_value(model: &Model) -> f64 {
    let shares = collateral_shares(model);
    let last = model.market.assets.len();
    let covariance: f64 = shares
        .iter()
        .enumerate()
        .map(|(i, share)| share * volatility(model, i) * model.market.correlation[i][last])
        .sum();
    let own = collateral_volatility(model);
    if own > 0.0 {
        (covariance / own).clamp(-1.0, 1.0)
    } else {
        0.0
    }
}

fn volatility(model: &Model, asset: usize) -> f64 {
    let asset = &model.market.assets[asset];
    with_jumps(asset.volatility.get(), asset.jumps)
}

fn with_jumps(volatility: f64, jumps: Option<Jumps>) -> f64 {
    (volatility * volatility + jumps.map_or(0.0, jump_variance)).sqrt()
}

fn jump_variance(jumps: Jumps) -> f64 {
    jumps.rate.get() * (jumps.log_mean * jumps.log_mean + jumps.log_sd * jumps.log_sd)
}

fn collateral_shares(model: &Model) -> Vec<f64> {
    let mut value = vec![0.0; model.market.assets.len()];
    match &model.operators.structure {
        Structure::Pooled { asset, .. } => value[*asset] = 1.0,
        Structure::Entities(operators) => {
            for operator in operators {
                for (slot, (tokens, asset)) in value
                    .iter_mut()
                    .zip(operator.tokens.iter().zip(&model.market.assets))
                {
                    *slot += tokens * asset.price.get();
                }
            }
        }
    }
    let total: f64 = value.iter().sum();
    value
        .iter()
        .map(|usd| if total > 0.0 { usd / total } else { 0.0 })
        .collect()
}
