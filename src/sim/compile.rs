//! A checked model and one design, as the plain numbers that the engine plays.

use super::harm::{Harm, Payout};
use super::joint;
use super::operators::{Operators as PlanOperators, Quorum as PlanQuorum, Weights};
use super::plan::{
    Attack as PlanAttack, Cap, Coalition, Compensation, Cost, Factor, Jumps as PlanJumps,
    Monitoring as PlanMonitoring, Plan, Record, SharedJumps as PlanSharedJumps, Take, When,
};
use super::uncertainty::{Race, Uncertainty};
use crate::economics::franchise;
use crate::spec::model::{
    self, Attack, Chance, Detection, Deterrence, Extraction, Jumps, MarketAsset, Model, Monitoring,
    QueuedBefore, Quorum, Structure, Takes,
};
use crate::spec::parameters::{EXIT_WINDOW, Parameters};
use crate::units::{PerYear, Share, Usd, UsdPerYear};

/// Days at whose end the distribution of the margin is kept, at most.
const FAN_DAYS: u32 = 74;

/// The plan that plays `model` at the design `parameters`.
///
/// # Panics
/// If the design admits no operator, which the check of the model and the search exclude.
#[must_use]
pub fn compile(model: &Model, parameters: &Parameters) -> Plan {
    let mut thresholds: Vec<f64> = Vec::new();
    let mut operators = operators(model, parameters);
    // One quorum has the thresholds of its attacks; several have their own.
    let quorum = match &model.operators.quorums[..] {
        [one] => Some(one),
        _ => None,
    };
    let mut burns: Vec<Vec<f64>> = Vec::new();
    let attacks = model
        .value
        .attacks
        .iter()
        .map(|attack| PlanAttack {
            burns: relative_burns(model, parameters, attack, &mut burns),
            ..compile_attack(model, parameters, quorum, attack, &mut thresholds)
        })
        .collect();
    operators.weights = weights(model, &operators.tokens, &thresholds);
    let days = model.simulation.days;
    let mut plan = Plan {
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
        operators,
        thresholds,
        attacks,
        burns,
        coalition: match model.operators.structure {
            Structure::Pooled { .. } => Coalition::Pooled,
            Structure::Entities(_) => Coalition::Entities,
        },
        costs: vec![Cost::WholeStake, Cost::OperatorRational],
        record: Record::Full,
        fan_days: fan_days(days),
        uncertainty: uncertainty(model, parameters),
    };
    if model.value.elsewhere.iter().any(|e| e.backing.is_some()) {
        let cost = match model.target.deterrence {
            Deterrence::WholeStake => Cost::WholeStake,
            Deterrence::OperatorRational => Cost::OperatorRational,
        };
        for attack in 0..plan.attacks.len() {
            plan.attacks[attack].extra_profit_usd +=
                joint::adds_usd(model, parameters, &plan, attack, cost);
        }
    }
    plan
}

/// What each path draws for itself, and how detection of each attack races the exit.
fn uncertainty(model: &Model, parameters: &Parameters) -> Uncertainty {
    let spread = &model.uncertainty;
    let race = |attack: &Attack| {
        let rule = parameters.offences[attack.offence];
        // Exits that are spread are raced at their middle.
        let queued = match attack.queued.map(|queued| queued.before) {
            None => 0.0,
            Some(QueuedBefore::By(days)) => days.get(),
            Some(QueuedBefore::UpTo(days)) => 0.5 * days.get(),
        };
        match model.slashing.offences[attack.offence].detection {
            Detection::Probability(_) => None,
            Detection::Exponential { mean } => Some(Race {
                left_days: (EXIT_WINDOW.get() - queued - rule.delay().get()).max(0.0),
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
    quorum: Option<&Quorum>,
    attack: &Attack,
    thresholds: &mut Vec<f64>,
) -> PlanAttack {
    let theta = quorum
        .and_then(|quorum| quorum.threshold)
        .unwrap_or_else(|| parameters.threshold_of(attack))
        .get();
    let known = thresholds
        .iter()
        .position(|known| known.to_bits() == theta.to_bits());
    let threshold = known.unwrap_or_else(|| {
        thresholds.push(theta);
        thresholds.len() - 1
    });
    PlanAttack {
        take: take(model, parameters, attack),
        cap: match (attack.capped, attack.per_event) {
            (true, None) => Cap::ByValue,
            (false, None) => Cap::Uncapped,
            (true, Some(most)) => Cap::ByValueAndUsd(most.get()),
            (false, Some(most)) => Cap::ByUsd(most.get()),
        },
        when: match attack.chance {
            Chance::Standing => When::Standing,
            Chance::Rate(rate) => When::Poisson {
                per_year: rate.get(),
            },
        },
        threshold,
        burned_share: parameters.burned_share(model, attack).get(),
        returned_share: parameters.slash_of(model, attack).get()
            * parameters.lands(model, attack).get()
            * model.slashing.offences[attack.offence].recaptured.get(),
        burns: None,
        extra_profit_usd: model.extra_profit_usd(attack),
        harm: harm(attack),
        payout: payout(model, parameters, attack),
    }
}

/// The row of an attack whose slash does not take the same of every asset.
fn relative_burns(
    model: &Model,
    parameters: &Parameters,
    attack: &Attack,
    rows: &mut Vec<Vec<f64>>,
) -> Option<usize> {
    let row = parameters.slashed_for(model, attack).relative()?;
    let known = rows.iter().position(|known| *known == row);
    Some(known.unwrap_or_else(|| {
        rows.push(row);
        rows.len() - 1
    }))
}

/// What users lose by an attack.
fn harm(attack: &Attack) -> Harm {
    match attack.harm {
        None => Harm::TAKE,
        Some(model::Harm::Usd(usd)) => Harm {
            fixed_usd: usd.get(),
            of_take: 0.0,
        },
        Some(model::Harm::Multiple(multiple)) => Harm {
            fixed_usd: 0.0,
            of_take: multiple,
        },
    }
}

/// What those harmed are paid: the redistributed slash less what returns to the attacker, and no
/// more than the cover that the service sells.
fn payout(model: &Model, parameters: &Parameters, attack: &Attack) -> Payout {
    let offence = &model.slashing.offences[attack.offence];
    let passed_on = offence.redistributed.get() - offence.recaptured.get();
    Payout {
        lands: parameters.lands(model, attack).get(),
        of_stake: parameters.slash_of(model, attack).get() * passed_on,
        most_usd: model
            .insurance
            .map_or(f64::INFINITY, |insurance| insurance.cover.get()),
    }
}

fn take(model: &Model, parameters: &Parameters, attack: &Attack) -> Take {
    if let Extraction::DisputeWindow { usd_per_day } = attack.extraction {
        return dispute_window(model, parameters, attack, usd_per_day);
    }
    if let Extraction::RateLimited { usd_per_day, pause } = attack.extraction {
        let offence = &model.slashing.offences[attack.offence];
        let mean_days_to_detection = match offence.detection {
            Detection::Exponential { mean } => mean.get(),
            // The check asks a rate-limited attack for a time to detection.
            Detection::Probability(_) => unreachable!("a rate limit needs a time to detection"),
        };
        let (share, most_usd) = reachable(attack);
        return Take::RateLimited {
            share,
            most_usd,
            usd_per_day,
            mean_days_to_detection,
            pause_days: pause.get(),
        };
    }
    match attack.takes {
        Takes::Usd(usd) => Take::Constant { usd: usd.get() },
        Takes::ShareOfValue(share) => Take::ShareOfValue { share: share.get() },
        Takes::ParetoUsd(law) => Take::Pareto(law),
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

/// A detection of no time at all, days: a tenth of a millisecond.
const AT_ONCE: f64 = 1e-9;

/// Everything that becomes final until detection, dispute and veto are over. A detection that is
/// a mere probability has no time, so the dispute is all there is.
fn dispute_window(
    model: &Model,
    parameters: &Parameters,
    attack: &Attack,
    usd_per_day: f64,
) -> Take {
    if usd_per_day <= 0.0 {
        return Take::Constant { usd: 0.0 };
    }
    let (share, most_usd) = reachable(attack);
    Take::RateLimited {
        share,
        most_usd,
        usd_per_day,
        mean_days_to_detection: match model.slashing.offences[attack.offence].detection {
            Detection::Exponential { mean } => mean.get().max(AT_ONCE),
            Detection::Probability(_) => AT_ONCE,
        },
        pause_days: parameters.offences[attack.offence].delay().get(),
    }
}

/// What an attack through a limit can reach: a share of the value at risk, and a sum at most.
/// Sizes that are drawn anew each time have no rate, and the check refuses them.
pub(super) fn reachable(attack: &Attack) -> (f64, f64) {
    let most = attack.per_event.map_or(f64::INFINITY, |most| most.get());
    match attack.takes {
        Takes::ShareOfValue(share) => (share.get(), most),
        Takes::Usd(usd) if attack.capped => (1.0, most.min(usd.get())),
        Takes::Usd(usd) => (f64::INFINITY, most.min(usd.get())),
        Takes::LognormalUsd { .. } | Takes::LognormalShare { .. } | Takes::ParetoUsd(_) => {
            unreachable!("a limit needs a sum or a share to drain: {attack:?}")
        }
    }
}

/// What votes weigh: the slashable stake, or what the model's quorums count.
fn weights(model: &Model, tokens: &[f64], thresholds: &[f64]) -> Weights {
    match &model.operators.quorums[..] {
        [] => Weights::SlashableValue,
        [one] => quorum_weights(one, tokens, model),
        several => Weights::Quorums(
            several
                .iter()
                .map(|quorum| PlanQuorum {
                    weights: quorum_weights(quorum, tokens, model),
                    thresholds: thresholds
                        .iter()
                        .map(|theta| quorum.threshold.map_or(*theta, Share::get))
                        .collect(),
                })
                .collect(),
        ),
    }
}

/// What the tokens that vote in a quorum weigh: their value, or what its multipliers make of them.
fn quorum_weights(quorum: &Quorum, tokens: &[f64], model: &Model) -> Weights {
    let assets = model.market.assets.len();
    match &quorum.multipliers {
        None => Weights::Tokens(
            tokens
                .iter()
                .enumerate()
                .map(|(cell, amount)| {
                    if quorum.assets.contains(&(cell % assets)) {
                        *amount
                    } else {
                        0.0
                    }
                })
                .collect(),
        ),
        Some(multipliers) => Weights::Fixed(
            tokens
                .chunks_exact(assets)
                .map(|row| {
                    let voting = quorum.assets.iter().zip(multipliers);
                    voting.map(|(&asset, m)| row[asset] * m).sum()
                })
                .collect(),
        ),
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
            let stake = parameters.stake.get();
            let count = f64::from(parameters.operators.max(1));
            return PlanOperators {
                entities: 1,
                tokens,
                own_share: vec![own_share(parameters, own, stake, count)],
                franchise_usd: vec![
                    franchise_usd(model, stake) + unvested_usd(model, parameters, 1.0),
                ],
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
    // Stake and number of operators of each entity.
    let mut held: Vec<(f64, f64)> = Vec::new();
    for operator in &admitted {
        let row = entities
            .iter()
            .position(|entity| *entity == operator.entity)
            .unwrap_or_else(|| {
                entities.push(operator.entity);
                tokens.extend(std::iter::repeat_n(0.0, assets));
                delegated.push(0.0);
                held.push((0.0, 0.0));
                entities.len() - 1
            });
        held[row].0 += operator.stake.get();
        held[row].1 += 1.0;
        for (cell, amount) in tokens[row * assets..].iter_mut().zip(&operator.tokens) {
            *cell += amount;
        }
        delegated[row] += list[operator.operator].delegated_usd;
    }
    PlanOperators {
        entities: entities.len(),
        tokens,
        own_share: held
            .iter()
            .map(|&(stake, count)| own_share(parameters, own, stake, count))
            .collect(),
        franchise_usd: delegated
            .iter()
            .zip(&held)
            .map(|(usd, &(stake, _))| {
                let share = stake / parameters.stake.get();
                franchise_usd(model, *usd) + unvested_usd(model, parameters, share)
            })
            .collect(),
        weights: Weights::SlashableValue,
    }
}

/// Own share of an entity that runs `count` operators: what the model says, or what the stake
/// that the design asks of each operator comes to.
fn own_share(parameters: &Parameters, own: f64, stake_usd: f64, count: f64) -> f64 {
    let least = parameters.own_stake_minimum.get();
    if least > 0.0 && stake_usd > 0.0 {
        own.max((count * least / stake_usd).min(1.0))
    } else {
        own
    }
}

/// Rewards that whoever holds `share` of the stake has earned and not been paid, USD: slashed
/// with its operator, they are lost one for one.
fn unvested_usd(model: &Model, parameters: &Parameters, share: f64) -> f64 {
    let rewards = &model.rewards;
    let kept = rewards.operator_split.get() * (1.0 - rewards.protocol_fee.get());
    share * kept * parameters.budget.get() * rewards.vesting.years()
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
