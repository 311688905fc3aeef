//! A checked model and one design, as an incident needs them.

use super::{Collateral, Detection, Extraction, IncidentPlan, Punishment};
use crate::economics::impact::Liquidation;
use crate::sim::{self, Cost};
use crate::spec::Parameters;
use crate::spec::model::{self, Jumps, Market, Model};
use crate::spec::parameters::{EXIT_WINDOW, SLASH_RESOLUTION};
use crate::units::DAYS_PER_YEAR;

/// Groups into which loans are cut: each is liquidated at one fall of the price.
const LOAN_GROUPS: u32 = 50;

/// The incidents of `model` at the design `parameters`, weighed by `cost`.
#[must_use]
pub fn compile(model: &Model, parameters: &Parameters, cost: Cost) -> IncidentPlan {
    let plan = sim::compile(model, parameters);
    let collateral = (0..model.market.assets.len())
        .map(|index| collateral(&model.market, index))
        .collect();
    let punishments = model
        .value
        .attacks
        .iter()
        .map(|attack| punishment(model, parameters, attack))
        .collect();
    IncidentPlan {
        plan,
        cost,
        collateral,
        punishments,
        leaving: model.incident.leaving.get(),
        selling: model.incident.selling.get(),
        window_days: EXIT_WINDOW.get(),
        resolution_days: SLASH_RESOLUTION.get(),
    }
}

/// How an asset of a market answers an attack.
#[must_use]
pub fn collateral(market: &Market, index: usize) -> Collateral {
    let asset = &market.assets[index];
    Collateral {
        falls: asset.falls.get(),
        impact: asset.liquidity.law(total_volatility(market, index)),
        loans: asset.supply.loans.map_or_else(Vec::new, |loans| {
            (0..LOAN_GROUPS)
                .map(|group| Liquidation {
                    trigger: (f64::from(group) + 0.5) / f64::from(LOAN_GROUPS) * loans.buffer.get(),
                    sold: loans.collateral.get() / f64::from(LOAN_GROUPS),
                })
                .collect()
        }),
    }
}

/// Standard deviation of a day's log return of an asset, with the second moment of the jumps.
#[must_use]
pub fn total_volatility(market: &Market, index: usize) -> f64 {
    let asset = &market.assets[index];
    let second = |jumps: &Jumps| {
        jumps.rate.get() * (jumps.log_mean * jumps.log_mean + jumps.log_sd * jumps.log_sd)
    };
    let mut variance = asset.volatility.get() * asset.volatility.get();
    if let Some(own) = &asset.jumps {
        variance += second(own);
    }
    if let Some(shared) = &market.shared_jumps {
        let loading = shared.loading[index];
        variance += loading * loading * second(&shared.jumps);
    }
    (variance / DAYS_PER_YEAR).sqrt()
}

fn punishment(model: &Model, parameters: &Parameters, attack: &model::Attack) -> Punishment {
    let offence = &model.slashing.offences[attack.offence];
    let rule = parameters.offences[attack.offence];
    let (share, most_usd) = match attack.extraction {
        model::Extraction::PerEvent => (1.0, f64::INFINITY),
        _ => sim::compile::reachable(attack),
    };
    Punishment {
        extraction: match attack.extraction {
            model::Extraction::PerEvent => Extraction::AtOnce,
            model::Extraction::RateLimited { usd_per_day, pause } => Extraction::Limited {
                usd_per_day,
                pause_days: pause.get(),
                share,
                most_usd,
            },
            // Nobody can pause: value becomes final until dispute and veto are over.
            model::Extraction::DisputeWindow { usd_per_day } => Extraction::Limited {
                usd_per_day,
                pause_days: rule.delay().get(),
                share,
                most_usd,
            },
        },
        detection: match offence.detection {
            model::Detection::Probability(share) => Detection::AtOnce(share.get()),
            model::Detection::Exponential { mean } => Detection::Exponential(mean.get()),
        },
        attributable: offence.attributable.get(),
        delay_days: rule.delay().get(),
        vetoed: offence.veto.map_or(0.0, |veto| veto.probability.get()),
        executes: offence.executes.get(),
        slash: parameters.slash_of(model, attack).get(),
        redistributed: offence.redistributed.get(),
        recaptured: offence.recaptured.get(),
        queued: attack.queued,
    }
}
