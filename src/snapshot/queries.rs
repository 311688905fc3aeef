//! Questions that the rest of the program asks of a snapshot.

use super::{
    Address, Asset, AssetIndex, AvsIndex, Market, OperatorIndex, OperatorSet, Provenance, SetIndex,
    SetKind, Snapshot,
};
use std::collections::BTreeMap;

/// Tokens of every operator in every asset, dense: row of operator `o` is
/// `tokens[o * assets .. (o + 1) * assets]`.
#[derive(Debug, Clone, PartialEq)]
pub struct StakeMatrix {
    /// Rows.
    pub operators: usize,
    /// Columns.
    pub assets: usize,
    /// Whole tokens, `[operator][asset]`.
    pub tokens: Vec<f64>,
}

impl StakeMatrix {
    /// The tokens of one operator, one number an asset.
    #[must_use]
    pub fn row(&self, operator: OperatorIndex) -> &[f64] {
        let start = operator as usize * self.assets;
        &self.tokens[start..start + self.assets]
    }
}

impl Snapshot {
    /// Delegated stake as a dense matrix of tokens.
    #[must_use]
    pub fn stake_matrix(&self) -> StakeMatrix {
        let (operators, assets) = (self.operators.len(), self.assets.len());
        let mut tokens = vec![0.0; operators * assets];
        for stake in &self.stakes {
            tokens[stake.operator as usize * assets + stake.asset as usize] += stake.amount_tokens;
        }
        StakeMatrix {
            operators,
            assets,
            tokens,
        }
    }

    /// Delegated stake of each operator, USD, over priced assets.
    #[must_use]
    pub fn usd_by_operator(&self) -> Vec<f64> {
        let mut usd = vec![0.0; self.operators.len()];
        for stake in &self.stakes {
            if let Some(price) = self.price_usd(stake.asset) {
                usd[stake.operator as usize] += stake.amount_tokens * price;
            }
        }
        usd
    }

    /// Delegated stake in each asset, whole tokens, over all operators.
    #[must_use]
    pub fn tokens_by_asset(&self) -> Vec<f64> {
        let mut tokens = vec![0.0; self.assets.len()];
        for stake in &self.stakes {
            tokens[stake.asset as usize] += stake.amount_tokens;
        }
        tokens
    }

    /// Delegated stake in each asset, USD; `None` for an unpriced asset.
    #[must_use]
    pub fn usd_by_asset(&self) -> Vec<Option<f64>> {
        let tokens = self.tokens_by_asset();
        self.assets
            .iter()
            .zip(tokens)
            .map(|(asset, tokens)| asset.price.as_ref().map(|p| p.usd * tokens))
            .collect()
    }

    /// Delegated stake of some operators, USD, over priced assets.
    #[must_use]
    pub fn total_usd(&self, operators: &[OperatorIndex]) -> f64 {
        let usd = self.usd_by_operator();
        operators.iter().map(|&o| usd[o as usize]).sum()
    }

    /// Price of one whole token of an asset, USD.
    #[must_use]
    pub fn price_usd(&self, asset: AssetIndex) -> Option<f64> {
        self.assets[asset as usize]
            .price
            .as_ref()
            .map(|price| price.usd)
    }

    /// Assets without a price.
    pub fn unpriced(&self) -> impl Iterator<Item = (AssetIndex, &Asset)> {
        (0..)
            .zip(&self.assets)
            .filter(|(_, asset)| asset.price.is_none())
    }

    /// Assets with a price.
    pub fn priced(&self) -> impl Iterator<Item = (AssetIndex, &Asset)> {
        (0..)
            .zip(&self.assets)
            .filter(|(_, asset)| asset.price.is_some())
    }

    /// The first asset with this symbol, whatever its case. `EIGEN` also finds bEIGEN, which is what
    /// the EIGEN strategy holds and which EIGEN wraps one for one.
    #[must_use]
    pub fn asset_by_symbol(&self, symbol: &str) -> Option<AssetIndex> {
        let named = self.position_of_symbol(symbol);
        if named.is_none() && symbol.eq_ignore_ascii_case("EIGEN") {
            self.position_of_symbol("bEIGEN")
        } else {
            named
        }
    }

    fn position_of_symbol(&self, symbol: &str) -> Option<AssetIndex> {
        (0..)
            .zip(&self.assets)
            .find(|(_, a)| a.symbol.eq_ignore_ascii_case(symbol))
            .map(|(i, _)| i)
    }

    /// An operator by its address. The table is sorted by address.
    #[must_use]
    pub fn operator_by_address(&self, address: Address) -> Option<OperatorIndex> {
        self.operators
            .binary_search_by_key(&address, |o| o.address)
            .ok()
            .map(|i| i as OperatorIndex)
    }

    /// An AVS by its address, or by its name whatever its case.
    #[must_use]
    pub fn avs_by_name(&self, text: &str) -> Option<AvsIndex> {
        let address = text.parse::<Address>().ok();
        (0..)
            .zip(&self.avss)
            .find(|(_, avs)| {
                Some(avs.address) == address
                    || avs
                        .name
                        .as_ref()
                        .is_some_and(|name| name.eq_ignore_ascii_case(text))
            })
            .map(|(i, _)| i)
    }

    /// The sets of an AVS, with their indices.
    pub fn sets_of(&self, avs: AvsIndex) -> impl Iterator<Item = (SetIndex, &OperatorSet)> {
        (0..).zip(&self.sets).filter(move |(_, set)| set.avs == avs)
    }

    /// A set by its AVS and id.
    #[must_use]
    pub fn set_by_id(&self, avs: AvsIndex, kind: SetKind, id: u32) -> Option<SetIndex> {
        self.sets_of(avs)
            .find(|(_, set)| set.kind == kind && set.id == id)
            .map(|(i, _)| i)
    }

    /// Operators registered in a set, ascending.
    #[must_use]
    pub fn operators_of_set(&self, set: SetIndex) -> Vec<OperatorIndex> {
        let start = self.memberships.partition_point(|m| m.set < set);
        self.memberships[start..]
            .iter()
            .take_while(|m| m.set == set)
            .filter(|m| m.slashable_until_block.is_none())
            .map(|m| m.operator)
            .collect()
    }

    /// Operators registered in any set of an AVS, ascending, each once.
    #[must_use]
    pub fn operators_of_avs(&self, avs: AvsIndex) -> Vec<OperatorIndex> {
        let mut operators: Vec<_> = self
            .sets_of(avs)
            .flat_map(|(set, _)| self.operators_of_set(set))
            .collect();
        operators.sort_unstable();
        operators.dedup();
        operators
    }

    /// The `count` operators with most stake in USD, largest first; equal stakes in order of address.
    #[must_use]
    pub fn largest(&self, count: usize) -> Vec<OperatorIndex> {
        let usd = self.usd_by_operator();
        let mut operators: Vec<OperatorIndex> =
            (0..self.operators.len() as OperatorIndex).collect();
        operators.sort_by(|&a, &b| usd[b as usize].total_cmp(&usd[a as usize]).then(a.cmp(&b)));
        operators.truncate(count);
        operators
    }

    /// For each operator the number of its entity, counted from 0 in order of first appearance. An
    /// operator of unknown entity is one of its own.
    #[must_use]
    pub fn entities(&self) -> Vec<u32> {
        let mut known: BTreeMap<&str, u32> = BTreeMap::new();
        let mut next = 0;
        let mut fresh = || {
            next += 1;
            next - 1
        };
        self.operators
            .iter()
            .map(|operator| match operator.entity.as_deref() {
                Some(entity) => *known.entry(entity).or_insert_with(&mut fresh),
                None => fresh(),
            })
            .collect()
    }

    /// Whether any stake is reconstructed.
    #[must_use]
    pub fn has_reconstructed_stake(&self) -> bool {
        self.stakes
            .iter()
            .any(|stake| stake.provenance == Provenance::Reconstructed)
    }

    /// The market statistics among the facts.
    #[must_use]
    pub fn market(&self) -> Market {
        Market::of(&self.facts)
    }
}
