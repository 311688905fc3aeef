//! How much of each collateral a slash takes: one fraction for all, or one for each strategy, as
//! the contract has it (`wadsToSlash` is parallel to `strategies`).

use super::model::{Attack, Model, Offence};
use super::parameters::Parameters;
use crate::units::Share;
use serde::Serialize;

/// A slash fraction of one collateral's own.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AssetSlash {
    /// Symbol of the asset, such as `EIGEN`.
    pub symbol: String,
    /// Share of the operator's allocated stake in it that is slashed.
    pub slash: Share,
}

/// What share of a stake a slash takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Slashed {
    /// Of every asset the same.
    Alike(Share),
    /// Of each of the market's assets, in their order; not all the same.
    ByAsset(Vec<Share>),
}

impl Slashed {
    /// The shares of each asset, gathered into one where all are equal to the last bit.
    #[must_use]
    pub fn of_each(shares: Vec<Share>) -> Self {
        let first = shares[0];
        let alike = |other: &Share| other.get().to_bits() == first.get().to_bits();
        if shares.iter().all(alike) {
            Self::Alike(first)
        } else {
            Self::ByAsset(shares)
        }
    }

    /// The share of one asset, by its index in the market.
    #[must_use]
    pub fn of(&self, asset: usize) -> Share {
        match self {
            Self::Alike(share) => *share,
            Self::ByAsset(shares) => shares[asset],
        }
    }

    /// The largest share.
    #[must_use]
    pub fn most(&self) -> Share {
        match self {
            Self::Alike(share) => *share,
            Self::ByAsset(shares) => Share(shares.iter().map(|s| s.get()).fold(0.0, f64::max)),
        }
    }

    /// Each asset's share as a multiple of the largest, 0..=1; `None` where all are alike.
    #[must_use]
    pub fn relative(&self) -> Option<Vec<f64>> {
        let Self::ByAsset(shares) = self else {
            return None;
        };
        let most = self.most().get();
        Some(shares.iter().map(|share| share.get() / most).collect())
    }

    /// The share of a stake that holds so much of each asset, USD; of nothing, the largest.
    #[must_use]
    pub fn mean(&self, held_usd: &[f64]) -> Share {
        let Self::ByAsset(shares) = self else {
            return self.most();
        };
        let all: f64 = held_usd.iter().sum();
        let slashed: f64 = shares
            .iter()
            .zip(held_usd)
            .map(|(s, usd)| s.get() * usd)
            .sum();
        if all > 0.0 {
            Share(slashed / all)
        } else {
            self.most()
        }
    }
}

impl Offence {
    /// The slash fraction of an asset where the others have `slash`.
    #[must_use]
    pub fn slash_of(&self, symbol: &str, slash: Share) -> Share {
        let own = self.slash_by_asset.iter().find(|own| own.symbol == symbol);
        own.map_or(slash, |own| own.slash)
    }
}

impl Parameters {
    /// What a slash for an offence takes of each asset when `faulty` of the set is at fault.
    #[must_use]
    pub fn slashed_at(&self, model: &Model, offence: usize, faulty: Share) -> Slashed {
        let (rule, given) = (self.offences[offence], &model.slashing.offences[offence]);
        if given.slash_by_asset.is_empty() {
            return Slashed::Alike(rule.slash_at(given, faulty));
        }
        let each = model.market.assets.iter().map(|asset| {
            let slash = given.slash_of(&asset.symbol, rule.slash);
            super::parameters::OffenceRule { slash, ..rule }.slash_at(given, faulty)
        });
        Slashed::of_each(each.collect())
    }

    /// What a slash for an offence takes of each asset at most.
    #[must_use]
    pub fn slashed(&self, model: &Model, offence: usize) -> Slashed {
        let (rule, given) = (self.offences[offence], &model.slashing.offences[offence]);
        if given.slash_by_asset.is_empty() {
            return Slashed::Alike(rule.slash);
        }
        let assets = model.market.assets.iter();
        Slashed::of_each(
            assets
                .map(|asset| given.slash_of(&asset.symbol, rule.slash))
                .collect(),
        )
    }

    /// What a slash for an attack takes of each asset of its coalition.
    #[must_use]
    pub fn slashed_for(&self, model: &Model, attack: &Attack) -> Slashed {
        self.slashed_at(model, attack.offence, self.threshold_of(attack))
    }

    /// Expected share of a coalition's stake that an attack burns, where the coalition holds what
    /// the whole set holds: [`Parameters::burned_share`] where all assets are slashed alike.
    #[must_use]
    pub fn burned_share_of_mix(&self, model: &Model, attack: &Attack) -> Share {
        let slashed = self.slashed_for(model, attack);
        let most = slashed.most().get();
        if most <= 0.0 {
            return Share(0.0);
        }
        let mean = slashed.mean(&self.held_usd(model)).get();
        Share(self.burned_share(model, attack).get() * (mean / most))
    }

    /// What the set holds of each asset at the prices of the start, USD.
    #[must_use]
    pub fn held_usd(&self, model: &Model) -> Vec<f64> {
        let mut held = vec![0.0; model.market.assets.len()];
        if let super::model::Structure::Pooled { asset, .. } = &model.operators.structure {
            held[*asset] = self.stake.get();
        }
        for operator in self.admitted(model) {
            for ((held, tokens), asset) in held
                .iter_mut()
                .zip(&operator.tokens)
                .zip(&model.market.assets)
            {
                *held += tokens * asset.price.get();
            }
        }
        held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_shares_are_one() {
        assert_eq!(
            Slashed::of_each(vec![Share(0.3); 3]),
            Slashed::Alike(Share(0.3))
        );
        let each = Slashed::of_each(vec![Share(0.2), Share(0.8)]);
        assert_eq!(each.relative(), Some(vec![0.25, 1.0]));
        assert!((each.mean(&[30.0, 10.0]).get() - 0.35).abs() < 1e-15);
        assert!((each.mean(&[0.0, 0.0]).get() - 0.8).abs() < 1e-15);
    }
}
