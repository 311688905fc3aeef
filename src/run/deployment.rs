//! A recommendation in the contracts' terms: the second of the two places where reals become
//! integers, each by a named rule.

use crate::export::Deployment;
use crate::export::address::Address;
use crate::export::design::{
    Curve, DEPLOYMENT_FORMAT, OperatorSet, Quorum, Recommended, RewardsKind, RewardsSubmission,
    Roles, SlashRule, StakeType, WeightedStrategy,
};
use crate::export::network::Network;
use crate::export::number::Dec;
use crate::export::rounding::{Rounding, RoundingError};
use crate::recommend::Recommendation;
use crate::report::findings::ConfigEntry;
use crate::snapshot::{AssetClass, Snapshot};
use crate::spec::model::{self, Detection, Model};
use crate::units::{Bips, Blocks, Multiplier, Seconds, Timestamp};

/// Days that one rewards submission pays for.
const REWARDS_DAYS: f64 = 28.0;
/// A newcomer to a full quorum must be a tenth larger than the one it replaces: EigenDA's rule on
/// mainnet (governance configuration, 2025-11-12).
const KICK_OPERATOR: f64 = 1.1;
/// Only an operator below half a per cent of the quorum can be replaced: the same source.
const KICK_TOTAL: f64 = 0.005;

/// Addresses and times that the economics does not know; the command line may give them where
/// the model file does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Addresses {
    /// The AVS.
    pub avs: Option<Address>,
    /// Its slasher.
    pub slasher: Option<Address>,
}

/// Why a recommendation cannot be written in the contracts' terms.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DeploymentError {
    /// No address of the slasher.
    #[error("the export needs the address of the slasher")]
    SlasherMissing,
    /// No strategy of the operators' stake is known by address.
    #[error("none of the operators' assets has a strategy with an address")]
    NoStrategies,
    /// A number that no integer can stand for.
    #[error(transparent)]
    Rounding(#[from] RoundingError),
}

/// The deployment that a recommendation asks for, as of a moment.
///
/// # Errors
/// When an address is missing that no rule can supply, or a number cannot be rounded.
pub fn deployment(
    model: &Model,
    snapshot: &Snapshot,
    recommendation: &Recommendation,
    addresses: Addresses,
    as_of: Timestamp,
) -> Result<Deployment, DeploymentError> {
    let asked = &model.deployment;
    let slasher = addresses
        .slasher
        .or(asked.slasher)
        .ok_or(DeploymentError::SlasherMissing)?;
    let strategies = strategies(model, snapshot);
    if strategies.is_empty() {
        return Err(DeploymentError::NoStrategies);
    }
    let mut numbers = Numbers::default();
    let id = asked.operator_set_id;
    let quorum = quorum(model, recommendation, &mut numbers)?;
    let slash_rules = slash_rules(model, recommendation, &mut numbers)?;
    let rewards = rewards(model, recommendation, &strategies, as_of, &mut numbers)?;
    Ok(Deployment {
        format: DEPLOYMENT_FORMAT,
        name: model.service.name.clone(),
        network: match asked.network {
            model::Network::Mainnet => Network::mainnet(),
            model::Network::Sepolia => Network::sepolia(),
            model::Network::Hoodi => Network::hoodi(),
        },
        avs: addresses.avs.or(asked.avs),
        admin: None,
        metadata_uri: asked.metadata_uri.clone().unwrap_or_default(),
        registrar: asked.registrar,
        operator_sets: vec![OperatorSet {
            id,
            purpose: model.service.description.clone(),
            strategies,
            slasher,
            redistribution_recipient: asked.redistribution_recipient,
            quorum: Some(quorum),
            slash_rules,
            curve: asked.signing.map(|signing| match signing {
                model::Signing::Ecdsa => Curve::Ecdsa,
                model::Signing::Bn254 => Curve::Bn254,
            }),
            stake_table: None,
            mailbox: None,
        }],
        appointees: Vec::new(),
        rewards: rewards.into_iter().collect(),
        roles: Roles::default(),
        as_of,
        recommended: numbers.0,
    })
}

/// The recommended integers as rows of a report.
#[must_use]
pub fn config_entries(deployment: &Deployment) -> Vec<ConfigEntry> {
    deployment
        .recommended
        .iter()
        .map(|number| ConfigEntry {
            place: deployment.network.name.clone(),
            name: number.parameter.clone(),
            value: number.integer.0.to_string(),
            meaning: format!("{} {}", number.value, number.unit),
            rounding: number.rounding.to_string(),
        })
        .collect()
}

/// The integers made so far, with the reals behind them.
#[derive(Default)]
struct Numbers(Vec<Recommended>);

impl Numbers {
    fn round(
        &mut self,
        parameter: &str,
        value: f64,
        unit: &str,
        interval: Option<(f64, f64)>,
        rounding: Rounding,
    ) -> Result<u128, RoundingError> {
        let number = Recommended::round(parameter, value, unit, interval, rounding)?;
        let integer = number.integer.0;
        self.0.push(number);
        Ok(integer)
    }
}

/// The strategies of the classes that the model plays, weighed in ether at the snapshot's prices.
fn strategies(model: &Model, snapshot: &Snapshot) -> Vec<WeightedStrategy> {
    let Some(ether) = snapshot
        .assets
        .iter()
        .find(|asset| asset.class == AssetClass::Eth)
        .and_then(|asset| asset.price.as_ref())
        .map(|price| price.usd)
    else {
        return Vec::new();
    };
    let played = |class: AssetClass| {
        let symbol = class_symbol(class);
        model
            .market
            .assets
            .iter()
            .any(|asset| asset.symbol == symbol)
    };
    snapshot
        .assets
        .iter()
        .filter(|asset| played(asset.class))
        .filter_map(|asset| {
            let strategy = asset.strategy?;
            let price = asset.price.as_ref()?.usd;
            // Contracts weigh shares of 10^18; tokens with fewer decimals weigh more a unit.
            let decimals = 10_f64.powi(18 - i32::from(asset.decimals));
            let tokens_per_share = asset
                .units_per_1e18_shares
                .map_or(1.0, |units| units as f64 / 1e18);
            let weight = price / ether * tokens_per_share * decimals;
            let multiplier = Rounding::MultiplierNearest.apply(weight).ok()?;
            (multiplier > 0).then(|| WeightedStrategy {
                strategy,
                symbol: asset.symbol.clone(),
                multiplier: Multiplier(multiplier),
            })
        })
        .collect()
}

/// The market asset that a class of strategies is played as.
fn class_symbol(class: AssetClass) -> &'static str {
    match class {
        AssetClass::Eth => "ETH",
        AssetClass::Lst => "LST",
        AssetClass::Eigen => "EIGEN",
        AssetClass::Btc => "BTC",
        AssetClass::Token => "TOKEN",
    }
}

fn quorum(
    model: &Model,
    recommendation: &Recommendation,
    numbers: &mut Numbers,
) -> Result<Quorum, RoundingError> {
    let design = &recommendation.design;
    let ether = model
        .market
        .assets
        .iter()
        .find(|asset| asset.symbol == "ETH")
        .map_or(1.0, |asset| asset.price.get());
    let minimum = design.minimum_stake.value / ether;
    let churn = recommendation.churn;
    let at = |name: &str| format!("operator_sets/0/quorum/{name}");
    // An attacker needs the threshold; signatures pass when the rest of the weight could not
    // have been bought: for a safety threshold of one third, two thirds must sign.
    let sign = (1.0 - design.threshold.value).max(design.threshold.value);
    Ok(Quorum {
        stake_type: StakeType::TotalSlashable,
        max_operators: numbers.round(
            &at("max_operators"),
            design.operators.value,
            "operators",
            None,
            Rounding::OperatorsCeil,
        )? as u32,
        kick_bips_of_operator_stake: Bips(numbers.round(
            &at("kick_bips_of_operator_stake"),
            churn.map_or(KICK_OPERATOR, |churn| churn.operator_ratio),
            "ratio",
            None,
            Rounding::KickOperatorCeil,
        )? as u16),
        kick_bips_of_total_stake: Bips(numbers.round(
            &at("kick_bips_of_total_stake"),
            churn.map_or(KICK_TOTAL, |churn| churn.total_share),
            "share",
            None,
            Rounding::KickTotalFloor,
        )? as u16),
        minimum_stake: Dec(numbers.round(
            &at("minimum_stake"),
            minimum,
            "ETH",
            None,
            Rounding::MinimumStakeCeil,
        )?),
        threshold: Bips(numbers.round(
            &at("threshold"),
            sign,
            "share",
            None,
            Rounding::ThresholdCeil,
        )? as u16),
        look_ahead: Blocks(numbers.round(
            &at("look_ahead"),
            // The longest time that a just slash may take must be covered by stake that stays.
            delay_days(recommendation),
            "days",
            None,
            Rounding::WindowCeil,
        )? as u32),
    })
}

/// The longest dispute and veto together, days.
fn delay_days(recommendation: &Recommendation) -> f64 {
    recommendation
        .design
        .offences
        .iter()
        .map(|rule| rule.dispute.value + rule.veto.value)
        .fold(0.0, f64::max)
}

fn slash_rules(
    model: &Model,
    recommendation: &Recommendation,
    numbers: &mut Numbers,
) -> Result<Vec<SlashRule>, RoundingError> {
    let mut rules = Vec::new();
    for (index, (rule, offence)) in recommendation
        .design
        .offences
        .iter()
        .zip(&model.slashing.offences)
        .enumerate()
    {
        let at = |name: &str| format!("operator_sets/0/slash_rules/{index}/{name}");
        let detection = match offence.detection {
            Detection::Exponential { mean } => mean.get(),
            Detection::Probability(_) => 0.0,
        };
        let mut window = |name: &str, days: f64| -> Result<Blocks, RoundingError> {
            Ok(Blocks(
                numbers.round(&at(name), days, "days", None, Rounding::WindowCeil)? as u32,
            ))
        };
        let (detection, dispute, veto) = (
            window("detection", detection)?,
            window("dispute", rule.dispute.value)?,
            window("veto", rule.veto.value)?,
        );
        rules.push(SlashRule {
            offence: rule.name.clone(),
            wads_to_slash: Dec(numbers.round(
                &at("wads_to_slash"),
                rule.slash.value,
                "share",
                None,
                Rounding::SlashCeil,
            )? as u64),
            detection,
            dispute,
            veto,
        });
    }
    Ok(rules)
}

/// One submission for the first weeks of the budget, when the reward token is known.
fn rewards(
    model: &Model,
    recommendation: &Recommendation,
    strategies: &[WeightedStrategy],
    as_of: Timestamp,
    numbers: &mut Numbers,
) -> Result<Option<RewardsSubmission>, RoundingError> {
    let Some(token) = model.deployment.reward_token else {
        return Ok(None);
    };
    let Some(price) = model
        .market
        .assets
        .iter()
        .find(|asset| asset.symbol == model.rewards.paid_in)
        .map(|asset| asset.price.get())
    else {
        return Ok(None);
    };
    let budget = &recommendation.design.budget;
    let tokens = |usd_year: f64| usd_year / price * REWARDS_DAYS / crate::units::DAYS_PER_YEAR;
    let interval = (budget.low.is_finite() && budget.high.is_finite())
        .then(|| (tokens(budget.low), tokens(budget.high)));
    let amount = numbers.round(
        "rewards/0/kind/unique_stake/amount",
        tokens(budget.value),
        &model.rewards.paid_in,
        interval,
        Rounding::RewardsFloor { decimals: 18 },
    )?;
    let start = numbers.round(
        "rewards/0/start",
        rewards_start(model, as_of),
        "seconds since 1970",
        None,
        Rounding::StartCeil,
    )?;
    let duration = numbers.round(
        "rewards/0/duration",
        REWARDS_DAYS,
        "days",
        None,
        Rounding::DurationFloor,
    )?;
    Ok(Some(RewardsSubmission {
        operator_set: model.deployment.operator_set_id,
        kind: RewardsKind::UniqueStake {
            amount: Dec(amount),
        },
        token,
        start: Timestamp(start as u64),
        duration: Seconds(duration as u32),
        strategies: strategies.to_vec(),
        operator_split: None,
    }))
}

/// The day that the file names, or the next midnight.
fn rewards_start(model: &Model, as_of: Timestamp) -> f64 {
    model
        .deployment
        .rewards_start
        .as_deref()
        .and_then(|date| date.parse::<jiff::civil::Date>().ok())
        .and_then(|date| {
            jiff::tz::TimeZone::UTC
                .to_timestamp(date.at(0, 0, 0, 0))
                .ok()
        })
        .map_or(as_of.0 as f64, |start| start.as_second() as f64)
}
