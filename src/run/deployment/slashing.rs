//! Slash rules in the contracts' terms: wads and blocks, one fraction a strategy where they differ.

use super::{DeploymentError, Numbers, collateral, detection};
use crate::export::address::Address;
use crate::export::design::{SlashRule, StrategyWads, WeightedStrategy};
use crate::export::number::Dec;
use crate::export::rounding::Rounding;
use crate::run::decided::{Decided, Number};
use crate::snapshot::Snapshot;
use crate::spec::model::{self, Model};

pub(super) fn rules(
    model: &Model,
    snapshot: &Snapshot,
    decided: &Decided,
    strategies: &[WeightedStrategy],
    numbers: &mut Numbers,
) -> Result<Vec<SlashRule>, DeploymentError> {
    let mut rules = Vec::new();
    for (index, (rule, offence)) in decided
        .design
        .offences
        .iter()
        .zip(&model.slashing.offences)
        .enumerate()
    {
        let at = |name: &str| format!("operator_sets/0/slash_rules/{index}/{name}");
        let detection = numbers.blocks(&at("detection"), Number::chosen(detection(offence)))?;
        let dispute = numbers.blocks(&at("dispute"), rule.dispute)?;
        let veto = numbers.blocks(&at("veto"), rule.veto)?;
        let wads = numbers.narrow(
            &at("wads_to_slash"),
            rule.slash,
            "of the allocation",
            Rounding::SlashCeil,
        )?;
        let mut wads_by_strategy = Vec::new();
        for (strategy, slash) in slashed_otherwise(snapshot, offence, rule.slash, strategies)? {
            let place = at(&format!("wads_by_strategy/{}", wads_by_strategy.len()));
            let wads = numbers.narrow(
                &format!("{place}/wads_to_slash"),
                slash,
                "of the allocation in the strategy",
                Rounding::SlashCeil,
            )?;
            wads_by_strategy.push(StrategyWads {
                strategy,
                wads_to_slash: Dec(wads),
            });
        }
        rules.push(SlashRule {
            offence: rule.name.clone(),
            wads_to_slash: Dec(wads),
            wads_by_strategy,
            detection,
            dispute,
            veto,
        });
    }
    Ok(rules)
}

/// Strategies that an offence slashes with their fractions, ascending by address as `slashOperator`
/// demands, where not all are slashed alike. What loses nothing is left out: the contract refuses
/// a share of 0.
fn slashed_otherwise(
    snapshot: &Snapshot,
    offence: &model::Offence,
    slash: Number,
    strategies: &[WeightedStrategy],
) -> Result<Vec<(Address, Number)>, DeploymentError> {
    if offence.slash_by_asset.is_empty() {
        return Ok(Vec::new());
    }
    let mut each = Vec::new();
    for one in strategies {
        let symbol = collateral(snapshot, one)
            .ok_or_else(|| DeploymentError::UnknownCollateral(one.symbol.clone()))?;
        let own = offence
            .slash_by_asset
            .iter()
            .find(|own| own.symbol == symbol);
        let fraction = own.map_or(slash, |own| Number::chosen(own.slash.get()));
        each.push((one.strategy, fraction));
    }
    each.retain(|(_, fraction)| fraction.value > 0.0);
    each.sort_by_key(|(strategy, _)| *strategy);
    Ok(each)
}

#[cfg(test)]
mod tests {
    use super::super::{class_symbol, strategies};
    use super::*;
    use crate::snapshot::AssetClass;
    use crate::spec::model::AssetSlash;

    /// Ascending by address with the fraction of each strategy's collateral; what loses nothing is
    /// left out, since the contract refuses 0 (`InvalidWadToSlash`).
    #[test]
    fn slashed_strategies_ascend_with_the_fractions_of_their_collateral() {
        let snapshot = crate::tables::embedded().expect("the embedded snapshot reads");
        let text = std::fs::read_to_string("models/user-security.toml").expect("a model");
        let mut model = crate::spec::Draft::parse(&text, "models/user-security.toml")
            .and_then(|draft| draft.check(&snapshot))
            .unwrap_or_else(|errors| panic!("{}", errors.render()));
        let strategies = strategies(&model, &snapshot);
        let offence = &mut model.slashing.offences[0];
        let rule = Number::chosen(0.5);
        assert_eq!(
            slashed_otherwise(&snapshot, offence, rule, &strategies),
            Ok(Vec::new())
        );
        let own = |symbol: &str, slash: f64| AssetSlash {
            symbol: symbol.to_owned(),
            slash: crate::units::Share(slash),
        };
        offence.slash_by_asset = vec![own("EIGEN", 1.0), own("ETH", 0.0)];
        let each = slashed_otherwise(&snapshot, offence, rule, &strategies).expect("known");
        assert!(
            each.windows(2).all(|pair| pair[0].0 < pair[1].0),
            "{each:?}"
        );
        let mut classes = std::collections::BTreeSet::new();
        for asset in &snapshot.assets {
            let found = each.iter().find(|(s, _)| Some(*s) == asset.strategy);
            if let Some((_, fraction)) = found {
                let expected = if asset.class == AssetClass::Eigen {
                    1.0
                } else {
                    0.5
                };
                assert!((fraction.value - expected).abs() < 1e-15, "{asset:?}");
                assert!(asset.class != AssetClass::Eth);
                classes.insert(class_symbol(asset.class));
            }
        }
        assert!(
            classes.contains("EIGEN") && classes.contains("LST"),
            "{classes:?}"
        );
        let beacon = each.iter().any(|(s, _)| *s == Address::BEACON_ETH);
        assert!(!beacon);
        // A strategy that nobody knows has no fraction.
        let stranger = WeightedStrategy {
            strategy: "0x0000000000000000000000000000000000000077"
                .parse()
                .expect("an address"),
            symbol: "X".to_owned(),
            multiplier: crate::units::Multiplier(1),
        };
        assert_eq!(
            slashed_otherwise(&snapshot, offence, rule, &[stranger]),
            Err(DeploymentError::UnknownCollateral("X".to_owned()))
        );
    }
}
