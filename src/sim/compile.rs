//! A checked model and one design, as the plain numbers that the engine plays.

use super::plan::{
    Attack as PlanAttack, Cap, Coalition, Compensation, Cost, Factor, Jumps as PlanJumps,
    Monitoring as PlanMonitoring, Operators as PlanOperators, Plan, Record,
    SharedJumps as PlanSharedJumps, Take, Weights, When,
};
use super::uncertainty::{Race, Uncertainty};
use crate::economics::franchise;
use crate::spec::model::{
    Attack, Chance, Detection, Extraction, Jumps, MarketAsset, Model, Monitoring, Structure, Takes,
};
use crate::spec::parameters::{EXIT_WINDOW, Parameters};
use crate::units::{PerYear, Usd, UsdPerYear};

/// Days at whose end the distribution of the margin is kept, at most.
const FAN_DAYS: u32 = 74;

/// The plan that plays `model` at the design `parameters`.
///
/// # Panics
/// If the design admits no operator, which the check of the model and the search exclude.
#[must_use]
pub fn compile(model: &Model, parameters: &Parameters) -> Plan {
    let mut thresholds: Vec<f64> = Vec::new();
    let attacks = model
        .value
        .attacks
        .iter()
        .map(|attack| compile_attack(model, parameters, attack, &mut thresholds))
        .collect();
    let days = model.simulation.days;
    Plan {
        days,
        horizon_days: (model.target.insecure_within.get().ceil() as u32).clamp(1, days),
        monitoring: match model.simulation.monitoring {
            Monitoring::Daily => PlanMonitoring::Daily,
            Monitoring::Continuous => PlanMonitoring::Continuous,
        },
        assets: model.market.assets.iter().map(asset_factor).collect(),
        value: factor(
            model.value.at_risk.start,
            model.value.at_risk.growth,
            model.value.at_risk.volatility,
            model.value.at_risk.jumps,
        ),
        correlation_root: cholesky(&model.market.correlation),
        shared_jumps: shared_jumps(model),
        operators: operators(model, parameters),
        thresholds,
        attacks,
        coalition: match model.operators.structure {
            Structure::Pooled { .. } => Coalition::Pooled,
            Structure::Entities(_) => Coalition::Entities,
        },
        costs: vec![Cost::WholeStake, Cost::OperatorRational],
        record: Record::Full,
        fan_days: fan_days(days),
        uncertainty: uncertainty(model, parameters),
    }
}

/// What each path draws for itself, and how detection of each attack races the exit.
fn uncertainty(model: &Model, parameters: &Parameters) -> Uncertainty {
    let spread = &model.uncertainty;
    let race = |attack: &Attack| {
        let rule = parameters.offences[attack.offence];
        match model.slashing.offences[attack.offence].detection {
            Detection::Probability(_) => None,
            Detection::Exponential { mean } => Some(Race {
                left_days: (EXIT_WINDOW.get() - rule.delay().get()).max(0.0),
                mean_days: mean.get(),
            }),
        }
    };
    Uncertainty {
        volatility: spread.volatility,
        value_volatility: spread.value_volatility,
        value: spread.value_at_risk,
        takes: spread.takes,
        opportunities: spread.opportunities,
        detection: spread.detection,
        crashes: spread.crashes,
        correlation: spread.correlation,
        races: if spread.detection > 0.0 {
            model.value.attacks.iter().map(race).collect()
        } else {
            Vec::new()
        },
    }
}

fn asset_factor(asset: &MarketAsset) -> Factor {
    factor(asset.price, asset.drift, asset.volatility, asset.jumps)
}

fn factor(start: Usd, drift: PerYear, volatility: PerYear, jumps: Option<Jumps>) -> Factor {
    Factor {
        start: start.get(),
        drift_per_year: drift.get(),
        volatility_per_sqrt_year: volatility.get(),
        jumps: jumps.map_or(PlanJumps::NONE, plan_jumps),
    }
}

fn plan_jumps(jumps: Jumps) -> PlanJumps {
    PlanJumps {
        per_year: jumps.rate.get(),
        log_mean: jumps.log_mean,
        log_sd: jumps.log_sd,
        compensation: Compensation::Compensated,
    }
}

fn shared_jumps(model: &Model) -> PlanSharedJumps {
    match &model.market.shared_jumps {
        None => PlanSharedJumps::none(model.market.assets.len()),
        Some(shared) => PlanSharedJumps {
            jumps: plan_jumps(shared.jumps),
            loading: shared.loading.clone(),
        },
    }
}

fn compile_attack(
    model: &Model,
    parameters: &Parameters,
    attack: &Attack,
    thresholds: &mut Vec<f64>,
) -> PlanAttack {
    let theta = parameters.threshold_of(attack).get();
    let known = thresholds
        .iter()
        .position(|known| known.to_bits() == theta.to_bits());
    let threshold = known.unwrap_or_else(|| {
        thresholds.push(theta);
        thresholds.len() - 1
    });
    PlanAttack {
        take: take(model, attack),
        cap: if attack.capped {
            Cap::ByValue
        } else {
            Cap::Uncapped
        },
        when: match attack.chance {
            Chance::Standing => When::Standing,
            Chance::Rate(rate) => When::Poisson {
                per_year: rate.get(),
            },
        },
        threshold,
        burned_share: parameters.burned_share(model, attack).get(),
        extra_profit_usd: 0.0,
    }
}

fn take(model: &Model, attack: &Attack) -> Take {
    if let Extraction::RateLimited { usd_per_day, pause } = attack.extraction {
        let offence = &model.slashing.offences[attack.offence];
        let mean_days_to_detection = match offence.detection {
            Detection::Exponential { mean } => mean.get(),
            // The check asks a rate-limited attack for a time to detection.
            Detection::Probability(_) => unreachable!("a rate limit needs a time to detection"),
        };
        // A rate-limited attack drains a share of the value at risk; other sizes have no rate.
        let share = match attack.takes {
            Takes::ShareOfValue(share) => share.get(),
            Takes::Usd(_) | Takes::LognormalUsd { .. } | Takes::LognormalShare { .. } => 1.0,
        };
        return Take::RateLimited {
            share,
            usd_per_day,
            mean_days_to_detection,
            pause_days: pause.get(),
        };
    }
    match attack.takes {
        Takes::Usd(usd) => Take::Constant { usd: usd.get() },
        Takes::ShareOfValue(share) => Take::ShareOfValue { share: share.get() },
        Takes::LognormalUsd { median, sigma } => Take::LognormalUsd {
            log_mean: libm::log(median.get()),
            log_sd: sigma,
        },
        Takes::LognormalShare { median, sigma } => Take::LognormalShareOfValue {
            log_mean: libm::log(median.get()),
            log_sd: sigma,
        },
    }
}

/// The admitted operators, gathered into the entities that control them.
fn operators(model: &Model, parameters: &Parameters) -> PlanOperators {
    let assets = model.market.assets.len();
    let own = model.operators.own_share.get();
    let list = match &model.operators.structure {
        Structure::Pooled { asset, .. } => {
            let mut tokens = vec![0.0; assets];
            tokens[*asset] = parameters.stake.get() / model.market.assets[*asset].price.get();
            return PlanOperators {
                entities: 1,
                tokens,
                own_share: vec![own],
                franchise_usd: vec![franchise_usd(model, parameters.stake.get())],
                weights: Weights::SlashableValue,
            };
        }
        Structure::Entities(list) => list,
    };
    let admitted = parameters.admitted(model);
    assert!(
        !admitted.is_empty(),
        "the design admits no operator: {parameters:?}"
    );
    let mut entities: Vec<usize> = Vec::new();
    let mut tokens: Vec<f64> = Vec::new();
    let mut delegated: Vec<f64> = Vec::new();
    for operator in &admitted {
        let row = entities
            .iter()
            .position(|entity| *entity == operator.entity)
            .unwrap_or_else(|| {
                entities.push(operator.entity);
                tokens.extend(std::iter::repeat_n(0.0, assets));
                delegated.push(0.0);
                entities.len() - 1
            });
        for (cell, amount) in tokens[row * assets..].iter_mut().zip(&operator.tokens) {
            *cell += amount;
        }
        delegated[row] += list[operator.operator].delegated_usd;
    }
    PlanOperators {
        entities: entities.len(),
        tokens,
        own_share: vec![own; entities.len()],
        franchise_usd: delegated
            .iter()
            .map(|usd| franchise_usd(model, *usd))
            .collect(),
        weights: Weights::SlashableValue,
    }
}

/// Present value of the business that rests on `delegated_usd` of stake.
#[must_use]
pub fn franchise_usd(model: &Model, delegated_usd: f64) -> f64 {
    let terms = &model.operators.franchise;
    let revenue = UsdPerYear(terms.net_revenue.get() * delegated_usd);
    franchise::present_value(revenue, terms.discount, terms.exit_hazard, terms.years).get()
}

/// Lower Cholesky factor, row-major. The check of the model guarantees a positive definite matrix.
fn cholesky(matrix: &[Vec<f64>]) -> Vec<f64> {
    let n = matrix.len();
    let mut root = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let mut rest = matrix[i][j];
            for k in 0..j {
                rest -= root[i * n + k] * root[j * n + k];
            }
            root[i * n + j] = if i == j {
                assert!(
                    rest > 0.0,
                    "a correlation matrix that is not positive definite: {matrix:?}"
                );
                rest.sqrt()
            } else {
                rest / root[j * n + j]
            };
        }
    }
    root
}

/// Every day of the first month, then evenly until the end: a fan that is fine where it matters.
fn fan_days(days: u32) -> Vec<u32> {
    let dense = days.min(30);
    let mut kept: Vec<u32> = (1..=dense).collect();
    let step = (days - dense)
        .div_ceil(FAN_DAYS - dense.min(FAN_DAYS - 1))
        .max(1);
    let mut day = dense + step;
    while day < days {
        kept.push(day);
        day += step;
    }
    if days > dense {
        kept.push(days);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_squares_to_the_matrix() {
        let matrix = vec![
            vec![1.0, 0.98, 0.55],
            vec![0.98, 1.0, 0.54],
            vec![0.55, 0.54, 1.0],
        ];
        let root = cholesky(&matrix);
        for i in 0..3 {
            for j in 0..3 {
                let product: f64 = (0..3).map(|k| root[i * 3 + k] * root[j * 3 + k]).sum();
                assert!((product - matrix[i][j]).abs() < 1e-14, "{i} {j}: {product}");
            }
        }
    }

    #[test]
    fn the_fan_is_ascending_and_ends_on_the_last_day() {
        for days in [1, 7, 30, 31, 60, 90, 365, 3650] {
            let kept = fan_days(days);
            assert!(
                kept.windows(2).all(|pair| pair[0] < pair[1]),
                "{days}: {kept:?}"
            );
            assert_eq!(kept.last(), Some(&days));
            assert!(
                kept.len() <= FAN_DAYS as usize + 2,
                "{days}: {}",
                kept.len()
            );
        }
    }
}
