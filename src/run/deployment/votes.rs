//! What a strategy's shares weigh in the quorum of the contracts.

use super::{DeploymentError, collateral};
use crate::export::design::WeightedStrategy;
use crate::export::rounding::Rounding;
use crate::snapshot::{AssetClass, Snapshot};
use crate::spec::model::{Model, Quorum};
use crate::units::Multiplier;

/// The strategies with the multipliers that the model's quorum gives: by value as they are, or so
/// many votes for a token of their collateral.
pub(super) fn weighed(
    model: &Model,
    snapshot: &Snapshot,
    strategies: &[WeightedStrategy],
) -> Result<Vec<WeightedStrategy>, DeploymentError> {
    let quorum = match &model.operators.quorums[..] {
        [] => return Ok(strategies.to_vec()),
        [one] if one.assets.len() == model.market.assets.len() => one,
        [one] => {
            let assets = one
                .assets
                .iter()
                .map(|&a| model.market.assets[a].symbol.as_str());
            let assets: Vec<&str> = assets.collect();
            return Err(DeploymentError::Quorums(format!(
                "{} alone",
                assets.join(", ")
            )));
        }
        several => {
            return Err(DeploymentError::Quorums(format!(
                "{} quorums",
                several.len()
            )));
        }
    };
    // Weights that the file itself gives to strategies stand.
    let given = !model.deployment.onchain.strategies.is_empty();
    if given || quorum.multipliers.is_none() {
        return Ok(strategies.to_vec());
    }
    strategies
        .iter()
        .map(|one| {
            let votes = votes_of_value(model, snapshot, quorum, collateral(snapshot, one))
                .ok_or_else(|| DeploymentError::UnknownCollateral(one.symbol.clone()))?;
            let weight = one.multiplier.0 as f64 / 1e18 * votes;
            Ok(WeightedStrategy {
                multiplier: Multiplier(Rounding::MultiplierNearest.apply(weight)?),
                ..one.clone()
            })
        })
        .collect()
}

/// Votes of what is worth one ether of an asset.
fn votes_of_value(
    model: &Model,
    snapshot: &Snapshot,
    quorum: &Quorum,
    symbol: Option<&str>,
) -> Option<f64> {
    let symbol = symbol?;
    let ether = snapshot
        .assets
        .iter()
        .find(|asset| asset.class == AssetClass::Eth)?
        .price
        .as_ref()?
        .usd;
    let place = quorum
        .assets
        .iter()
        .position(|&asset| model.market.assets[asset].symbol == symbol)?;
    let votes = quorum.multipliers.as_ref()?[place];
    let price = model.market.assets[quorum.assets[place]].price.get();
    Some(votes * ether / price)
}

#[cfg(test)]
mod tests {
    use super::super::strategies;
    use super::*;
    use crate::export::address::Address;

    #[test]
    fn a_strategy_votes_as_the_tokens_of_its_collateral() {
        let snapshot = crate::tables::embedded().expect("the embedded snapshot reads");
        let text = std::fs::read_to_string("models/user-security.toml").expect("a model");
        let mut model = crate::spec::Draft::parse(&text, "models/user-security.toml")
            .and_then(|draft| draft.check(&snapshot))
            .unwrap_or_else(|errors| panic!("{}", errors.render()));
        let by_value = strategies(&model, &snapshot);
        assert_eq!(weighed(&model, &snapshot, &by_value), Ok(by_value.clone()));
        let assets: Vec<usize> = (0..model.market.assets.len()).collect();
        let mut quorum = Quorum {
            name: "registry".to_owned(),
            multipliers: Some(assets.iter().map(|a| 3.0 + *a as f64).collect()),
            assets,
            threshold: None,
        };
        model.operators.quorums = vec![quorum.clone()];
        let voting = weighed(&model, &snapshot, &by_value).expect("weights");
        for (one, before) in voting.iter().zip(&by_value) {
            let symbol = collateral(&snapshot, one).expect("known");
            let place = model.market.assets.iter().position(|a| a.symbol == symbol);
            let place = place.expect("played");
            // So many tokens of the collateral is a share worth.
            let ether = snapshot.assets.iter().find(|a| a.class == AssetClass::Eth);
            let usd = ether.and_then(|a| a.price.as_ref()).expect("a price").usd;
            let tokens =
                before.multiplier.0 as f64 / 1e18 * usd / model.market.assets[place].price.get();
            let found = one.multiplier.0 as f64 / 1e18;
            assert!(
                (found / ((3.0 + place as f64) * tokens) - 1.0).abs() < 1e-9,
                "{one:?}"
            );
            if one.strategy == Address::BEACON_ETH {
                assert!((found - (3.0 + place as f64)).abs() < 1e-9, "{found}");
            }
        }
        // What one set of all strategies is not is said.
        quorum.assets.pop();
        quorum.multipliers = None;
        for quorums in [vec![quorum.clone()], vec![quorum.clone(), quorum.clone()]] {
            model.operators.quorums = quorums;
            assert!(matches!(
                weighed(&model, &snapshot, &by_value),
                Err(DeploymentError::Quorums(_))
            ));
        }
    }
}
