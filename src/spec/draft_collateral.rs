//! What a model file says of each collateral by itself.

use super::leaf::{At, Fraction, Quantity};
use schemars::JsonSchema;
use serde::Deserialize;

/// A fraction for some assets.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FractionByAsset {
    /// ETH on the beacon chain.
    #[serde(rename = "ETH")]
    pub eth: Option<Quantity<Fraction>>,
    /// Liquid staking tokens.
    #[serde(rename = "LST")]
    pub lst: Option<Quantity<Fraction>>,
    /// EIGEN and bEIGEN.
    #[serde(rename = "EIGEN")]
    pub eigen: Option<Quantity<Fraction>>,
    /// Tokens that stand for BTC.
    #[serde(rename = "BTC")]
    pub btc: Option<Quantity<Fraction>>,
    /// All other tokens.
    #[serde(rename = "TOKEN")]
    pub token: Option<Quantity<Fraction>>,
    /// The service's own token.
    #[serde(rename = "OWN")]
    pub own: Option<Quantity<Fraction>>,
}

/// A plain number for some assets.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberByAsset {
    /// ETH on the beacon chain.
    #[serde(rename = "ETH")]
    pub eth: Option<At<f64>>,
    /// Liquid staking tokens.
    #[serde(rename = "LST")]
    pub lst: Option<At<f64>>,
    /// EIGEN and bEIGEN.
    #[serde(rename = "EIGEN")]
    pub eigen: Option<At<f64>>,
    /// Tokens that stand for BTC.
    #[serde(rename = "BTC")]
    pub btc: Option<At<f64>>,
    /// All other tokens.
    #[serde(rename = "TOKEN")]
    pub token: Option<At<f64>>,
    /// The service's own token.
    #[serde(rename = "OWN")]
    pub own: Option<At<f64>>,
}
