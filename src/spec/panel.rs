//! What the file does not know for certain: spreads of its own numbers, and other models in which
//! the recommendation must hold as well.

use super::leaf::{At, Fraction, LogSpread, Must, Quantity, Searchable};
use super::model::{Detection, Model, Takes};
use crate::units::{Days, PerYear, Share, Usd};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far the numbers of the file may be from the truth: each simulated path draws its own, so
/// that the promise counts chance and ignorance together. "20 %" is a standard deviation of the
/// logarithm: two of three truths within a fifth of what the file says. What is left out is known.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "UncertaintyDraft")]
pub struct UncertaintyDraft {
    /// Volatility of all collateral, by a common factor.
    pub volatility: Option<Quantity<LogSpread>>,
    /// Volatility of the value at risk.
    pub value_volatility: Option<Quantity<LogSpread>>,
    /// The value at risk at the start.
    pub value_at_risk: Option<Quantity<LogSpread>>,
    /// Sums that attacks take, and medians of random ones, by a common factor.
    pub takes: Option<Quantity<LogSpread>>,
    /// How often opportunities come.
    pub opportunities: Option<Quantity<LogSpread>>,
    /// Mean time to detection, where there is one.
    pub detection: Option<Quantity<LogSpread>>,
    /// How often jumps come.
    pub crashes: Option<Quantity<LogSpread>>,
    /// Correlation of value at risk and collateral: standard deviation of Fisher's z. At a correlation of 0.5, 0.2 means 0.33 to 0.64.
    pub correlation: Option<At<f64>>,
}

/// Another model in which the recommended design must keep the promise.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PanelDraft")]
pub struct PanelDraft {
    /// What it is called in the verdict.
    pub name: Must<At<String>>,
    /// Another model file, relative to this one: its market, value, detection and uncertainty, with this file's design.
    pub model: Option<At<String>>,
    /// Factor on the volatility of all collateral.
    pub volatility: Option<At<f64>>,
    /// Factor on the volatility of the value at risk.
    pub value_volatility: Option<At<f64>>,
    /// Factor on the value at risk.
    pub value_at_risk: Option<At<f64>>,
    /// Factor on sums that attacks take, and on medians of random ones.
    pub takes: Option<At<f64>>,
    /// Factor on the rate of opportunities.
    pub opportunities: Option<At<f64>>,
    /// Factor on the mean time to detection; on the probability of a miss where that is given.
    pub detection: Option<At<f64>>,
    /// Factor on how often jumps come.
    pub crashes: Option<At<f64>>,
    /// Factor on the size of jumps: on mean and spread of the jump of the log price.
    pub jump_size: Option<At<f64>>,
    /// Factor on operators' own share of the stake.
    pub own_share: Option<At<f64>>,
    /// Added to each correlation of collateral and value at risk: -0.3 is the dangerous side.
    pub correlation_with_value: Option<At<f64>>,
    /// Share of the way to one that each correlation among the collateral goes: 0.5 takes 0.6 to 0.8.
    pub correlation_among_assets: Option<At<f64>>,
}

/// Shares of the slashable stake by asset.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mix {
    /// ETH on the beacon chain.
    #[serde(rename = "ETH")]
    pub eth: Option<Searchable<Quantity<Fraction>>>,
    /// Liquid staking tokens.
    #[serde(rename = "LST")]
    pub lst: Option<Searchable<Quantity<Fraction>>>,
    /// EIGEN and bEIGEN.
    #[serde(rename = "EIGEN")]
    pub eigen: Option<Searchable<Quantity<Fraction>>>,
    /// Tokens that stand for BTC.
    #[serde(rename = "BTC")]
    pub btc: Option<Searchable<Quantity<Fraction>>>,
    /// All other tokens.
    #[serde(rename = "TOKEN")]
    pub token: Option<Searchable<Quantity<Fraction>>>,
    /// The service's own token.
    #[serde(rename = "OWN")]
    pub own: Option<Searchable<Quantity<Fraction>>>,
}

/// Spreads of the model's numbers, checked: standard deviations of logarithms; zeros are known.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Uncertainty {
    /// Of the volatility of all collateral.
    pub volatility: f64,
    /// Of the volatility of the value at risk.
    pub value_volatility: f64,
    /// Of the value at risk at the start.
    pub value_at_risk: f64,
    /// Of the sums that attacks take.
    pub takes: f64,
    /// Of the rate of opportunities.
    pub opportunities: f64,
    /// Of the mean time to detection.
    pub detection: f64,
    /// Of the frequency of jumps.
    pub crashes: f64,
    /// Of Fisher's z of the correlation with the value at risk.
    pub correlation: f64,
}

/// Another model in which the design must hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alternative {
    /// Its name in the verdict.
    pub name: String,
    /// What it changes.
    pub change: Change,
    /// The other model file, checked, when it is one.
    pub file: Option<Box<Model>>,
}

/// What an alternative changes of a model; factors of one and sums of zero change nothing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Change {
    /// Factor on the volatility of all collateral.
    pub volatility: f64,
    /// Factor on the volatility of the value at risk.
    pub value_volatility: f64,
    /// Factor on the value at risk.
    pub value_at_risk: f64,
    /// Factor on sums and medians of takes.
    pub takes: f64,
    /// Factor on the rate of opportunities.
    pub opportunities: f64,
    /// Factor on the mean time to detection, or on the probability of a miss.
    pub detection: f64,
    /// Factor on the frequency of jumps.
    pub crashes: f64,
    /// Factor on the size of jumps.
    pub jump_size: f64,
    /// Factor on operators' own share.
    pub own_share: f64,
    /// Added to correlations with the value at risk.
    pub correlation_with_value: f64,
    /// Share of the way to one of correlations among assets.
    pub correlation_among_assets: f64,
}

impl Default for Change {
    fn default() -> Self {
        Self {
            volatility: 1.0,
            value_volatility: 1.0,
            value_at_risk: 1.0,
            takes: 1.0,
            opportunities: 1.0,
            detection: 1.0,
            crashes: 1.0,
            jump_size: 1.0,
            own_share: 1.0,
            correlation_with_value: 0.0,
            correlation_among_assets: 0.0,
        }
    }
}

impl Uncertainty {
    /// Whether every number is taken as known.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl Alternative {
    /// The alternative to `base`, with the ranges and operators of `base`.
    #[must_use]
    pub fn model(&self, base: &Model) -> Model {
        let mut model = base.clone();
        if let Some(file) = &self.file {
            model.market = file.market.clone();
            model.value = file.value.clone();
            model.uncertainty = file.uncertainty;
            model.operators.own_share = file.operators.own_share;
            for (own, other) in model
                .slashing
                .offences
                .iter_mut()
                .zip(&file.slashing.offences)
            {
                own.attributable = other.attributable;
                own.detection = other.detection;
                own.executes = other.executes;
                own.recaptured = other.recaptured;
            }
        }
        model.panel = Vec::new();
        self.change.apply(&mut model);
        model
    }
}

impl Change {
    /// Changes a model in place.
    pub fn apply(&self, model: &mut Model) {
        for asset in &mut model.market.assets {
            asset.volatility = PerYear(asset.volatility.get() * self.volatility);
        }
        let value = &mut model.value.at_risk;
        value.volatility = PerYear(value.volatility.get() * self.value_volatility);
        value.start = Usd(value.start.get() * self.value_at_risk);
        for attack in &mut model.value.attacks {
            attack.takes = match attack.takes {
                Takes::Usd(usd) => Takes::Usd(Usd(usd.get() * self.takes)),
                Takes::LognormalUsd { median, sigma } => Takes::LognormalUsd {
                    median: Usd(median.get() * self.takes),
                    sigma,
                },
                Takes::LognormalShare { median, sigma } => Takes::LognormalShare {
                    median: Share(median.get() * self.takes),
                    sigma,
                },
                Takes::ParetoUsd(law) => Takes::ParetoUsd(law.scaled(self.takes)),
                share => share,
            };
            if let super::model::Chance::Rate(rate) = &mut attack.chance {
                *rate = PerYear(rate.get() * self.opportunities);
            }
        }
        for offence in &mut model.slashing.offences {
            offence.detection = match offence.detection {
                Detection::Probability(p) => Detection::Probability(Share(
                    (1.0 - (1.0 - p.get()) * self.detection).clamp(0.0, 1.0),
                )),
                Detection::Exponential { mean } => Detection::Exponential {
                    mean: Days(mean.get() * self.detection),
                },
            };
        }
        let shared = model.market.shared_jumps.iter_mut().map(|s| &mut s.jumps);
        let own = model
            .market
            .assets
            .iter_mut()
            .filter_map(|a| a.jumps.as_mut());
        for jumps in shared.chain(own).chain(model.value.at_risk.jumps.as_mut()) {
            jumps.rate = PerYear(jumps.rate.get() * self.crashes);
            jumps.log_mean *= self.jump_size;
            jumps.log_sd *= self.jump_size;
        }
        let own = &mut model.operators.own_share;
        *own = Share((own.get() * self.own_share).clamp(0.0, 1.0));
        let last = model.market.assets.len();
        let rho = &mut model.market.correlation;
        #[expect(clippy::needless_range_loop, reason = "rows and columns of one matrix")]
        for i in 0..last {
            rho[i][last] += self.correlation_with_value;
            rho[last][i] += self.correlation_with_value;
            for j in 0..last {
                rho[i][j] += (1.0 - rho[i][j]) * self.correlation_among_assets;
            }
        }
    }
}
