//! Cover that a service sells: how much of it the slash guarantees, what it must cost, and how
//! often it does not suffice.
//!
//! Cover is paid out of slashes that are passed on. No attack guarantees more than the smallest
//! slash of a coalition that can make it, and the collateral may fall between the attack and the
//! end of the protocol's resolution delay: K ≤ (1 − haircut) · min_K f·w.

use super::variants::{Comparison, Kind, Scope};
use crate::economics::copula::basket_volatility;
use crate::economics::passage::log_drift;
use crate::economics::safety::{
    LognormalHarm, collateral_haircut, insurable_usd, insurance_premium_usd_year,
};
use crate::protocol::constants::MAINNET;
use crate::spec::Parameters;
use crate::spec::model::{Detection, Insurance, Model, Slashed, Structure};
use crate::units::{DAYS_PER_YEAR, Days};
use serde::Serialize;

/// Seconds of a block of Ethereum mainnet.
const BLOCK_SECONDS: f64 = 12.0;

/// What can be said about the cover of a design at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cover {
    /// Cover that the model sells, USD.
    pub sold_usd: f64,
    /// The slash that the cheapest coalition guarantees to those harmed, USD.
    pub guaranteed_usd: f64,
    /// The attack that guarantees least, by index.
    pub limited_by: usize,
    /// Share of it that is held back for falls of the collateral.
    pub haircut: f64,
    /// Days over which the collateral may fall: detection, dispute, veto, resolution.
    pub days: f64,
    /// Cover that may be sold, USD.
    pub sellable_usd: f64,
    /// Claims a year that the premium counts.
    pub claims_per_year: f64,
    /// Mean claim, USD.
    pub claim_usd: f64,
    /// Mean payout of a claim, USD.
    pub paid_usd: f64,
    /// Mean loss beyond the cover, USD a claim.
    pub uninsured_usd: f64,
    /// Premium, USD a year.
    pub premium_usd_year: f64,
    /// Probability that a claim is larger than the cover that is there.
    pub exceeded: f64,
    /// Whether no more is sold than may be, and claims exceed it within the tolerance.
    pub solvent: bool,
}

/// The cover of a design; `None` when the model sells none. `claims_per_year` counts where the
/// model does not.
#[must_use]
pub fn cover(
    model: &Model,
    parameters: &Parameters,
    comparison: &Comparison,
    claims_per_year: f64,
) -> Option<Cover> {
    let insurance = model.insurance?;
    let (guaranteed, limited_by) = guaranteed(model, comparison);
    let days = days_at_risk(model, parameters);
    let haircut = insurance.haircut.map_or_else(
        || {
            let slashed = parameters.slashed_for(model, &model.value.attacks[limited_by]);
            haircut(model, &slashed, days, insurance.tolerance.get())
        },
        |share| share.get(),
    );
    let sellable = insurable_usd(guaranteed, haircut);
    let there = insurance.cover.get().min(sellable);
    let claim = claim(&insurance, comparison);
    let claims = insurance.claims.map_or(claims_per_year, |rate| rate.get());
    let paid = claim.insured_usd(there);
    let exceeded = claim.exceeds(there);
    Some(Cover {
        sold_usd: insurance.cover.get(),
        guaranteed_usd: guaranteed,
        limited_by,
        haircut,
        days,
        sellable_usd: sellable,
        claims_per_year: claims,
        claim_usd: claim.mean_usd,
        paid_usd: paid,
        uninsured_usd: claim.uninsured_usd(there),
        premium_usd_year: insurance_premium_usd_year(paid, claims, insurance.loading.get()),
        exceeded,
        solvent: insurance.cover.get() <= sellable && exceeded <= insurance.tolerance.get(),
    })
}

/// The smallest slash, over the attacks, that goes to those harmed, and the attack.
fn guaranteed(model: &Model, comparison: &Comparison) -> (f64, usize) {
    let each = comparison.ledgers.iter().filter_map(|ledger| {
        let Scope::Attack(index) = ledger.scope else {
            return None;
        };
        let offence = &model.slashing.offences[model.value.attacks[index].offence];
        let passed_on = offence.redistributed.get() - offence.recaptured.get();
        Some((passed_on * ledger.line(Kind::WholeStake)?.usd, index))
    });
    each.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, 0))
}

/// Days from an attack to a payout: the slowest offence that an attack commits, and the
/// protocol's resolution delay (ELIP-016).
fn days_at_risk(model: &Model, parameters: &Parameters) -> f64 {
    let resolution = MAINNET
        .slash_resolution_delay
        .map_or(0.0, |blocks| blocks.0 as f64 * BLOCK_SECONDS / 86_400.0);
    let slowest = model.value.attacks.iter().map(|attack| {
        let detection = match model.slashing.offences[attack.offence].detection {
            Detection::Exponential { mean } => mean,
            Detection::Probability(_) => Days(0.0),
        };
        detection.get() + parameters.offences[attack.offence].delay().get()
    });
    slowest.fold(0.0, f64::max) + resolution
}

/// The fall of what is slashed that is exceeded within `days` with probability `tolerance`.
fn haircut(model: &Model, slashed: &Slashed, days: f64, tolerance: f64) -> f64 {
    let mut values: Vec<f64> = match &model.operators.structure {
        Structure::Pooled { asset, .. } => (0..model.market.assets.len())
            .map(|index| f64::from(u8::from(index == *asset)))
            .collect(),
        Structure::Entities(operators) => (0..model.market.assets.len())
            .map(|asset| {
                let tokens: f64 = operators.iter().map(|o| o.tokens[asset]).sum();
                tokens * model.market.assets[asset].price.get()
            })
            .collect(),
    };
    if let Slashed::ByAsset(each) = slashed {
        for (value, slash) in values.iter_mut().zip(each) {
            *value *= slash.get();
        }
    }
    let total: f64 = values.iter().sum();
    let shares: Vec<f64> = values.iter().map(|usd| usd / total).collect();
    let volatilities: Vec<f64> = (0..values.len())
        .map(|asset| model.daily_volatility(asset) * DAYS_PER_YEAR.sqrt())
        .collect();
    let volatility = basket_volatility(&shares, &volatilities, |i, j| {
        model.market.correlation[i][j]
    });
    if volatility <= 0.0 || days <= 0.0 {
        return 0.0;
    }
    collateral_haircut(
        log_drift(0.0, volatility),
        volatility,
        days / DAYS_PER_YEAR,
        tolerance,
    )
}

/// The claim: the model's, or the harm of the attack that harms most.
fn claim(insurance: &Insurance, comparison: &Comparison) -> LognormalHarm {
    match insurance.claim {
        Some((median, sigma)) => LognormalHarm {
            mean_usd: median.get() * libm::exp(0.5 * sigma * sigma),
            log_deviation: sigma,
        },
        None => LognormalHarm {
            mean_usd: comparison
                .ledgers
                .iter()
                .filter(|ledger| matches!(ledger.scope, Scope::Attack(_)))
                .map(|ledger| ledger.harm_usd)
                .fold(0.0, f64::max),
            log_deviation: 0.0,
        },
    }
}
