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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{AssetClass, Avs, Membership, Operator, Price, Stake};

    fn asset(symbol: &str, price: Option<f64>) -> Asset {
        Asset {
            symbol: symbol.to_owned(),
            strategy: None,
            token: None,
            class: AssetClass::Token,
            decimals: 18,
            price: price.map(|usd| Price {
                usd,
                source: "a test".to_owned(),
                timestamp: 0,
                answer: None,
                answer_decimals: None,
            }),
            units_per_1e18_shares: None,
            total_shares: None,
            locked_until: None,
        }
    }

    /// Operators 0 and 2 are one entity; asset `x` has no price.
    fn small() -> Snapshot {
        let operator = |byte: u8, entity: Option<&str>| Operator {
            address: Address([byte; 20]),
            name: None,
            metadata_uri: None,
            entity: entity.map(str::to_owned),
            allocation_delay_blocks: None,
        };
        let stake = |operator, asset, amount_tokens| Stake {
            operator,
            asset,
            amount_tokens,
            shares: None,
            queued_shares: None,
            provenance: Provenance::Measured,
        };
        let set = |avs, id| OperatorSet {
            avs,
            id,
            kind: SetKind::OperatorSet,
            strategies: vec![0],
            slasher: None,
            redistribution_recipient: None,
        };
        let avs = |byte: u8, name: Option<&str>| Avs {
            address: Address([byte; 20]),
            name: name.map(str::to_owned),
            metadata_uri: None,
            registrar: None,
        };
        let member = |set, operator, slashable_until_block| Membership {
            set,
            operator,
            slashable_until_block,
        };
        Snapshot {
            assets: vec![asset("bEIGEN", Some(3.0)), asset("x", None)],
            operators: vec![
                operator(1, Some("e")),
                operator(2, None),
                operator(3, Some("e")),
                operator(4, None),
            ],
            avss: vec![avs(8, None), avs(9, Some("Oracle"))],
            sets: vec![set(0, 7), set(1, 0), set(1, 5)],
            memberships: vec![
                member(0, 1, None),
                member(1, 0, None),
                member(1, 2, Some(99)),
                member(2, 0, None),
                member(2, 3, None),
            ],
            stakes: vec![
                stake(0, 0, 10.0),
                stake(0, 1, 1e9),
                stake(2, 0, 20.0),
                stake(3, 0, 10.0),
            ],
            ..Snapshot::default()
        }
    }

    #[test]
    fn members_are_those_registered_now() {
        let s = small();
        assert_eq!(s.operators_of_set(1), [0], "operator 2 has left");
        assert_eq!(s.operators_of_avs(1), [0, 3], "each once");
        assert_eq!(s.operators_of_set(0), [1]);
        assert_eq!(s.set_by_id(1, SetKind::OperatorSet, 5), Some(2));
        assert_eq!(s.set_by_id(0, SetKind::OperatorSet, 5), None);
        assert_eq!(s.sets_of(1).map(|(i, _)| i).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn what_has_no_price_is_in_no_usd() {
        let s = small();
        assert_eq!(s.usd_by_operator(), [30.0, 0.0, 60.0, 30.0]);
        assert_eq!(s.usd_by_asset(), [Some(120.0), None]);
        assert_eq!(s.tokens_by_asset(), [40.0, 1e9]);
        assert!((s.total_usd(&[0, 2]) - 90.0).abs() < 1e-12);
        assert_eq!(s.unpriced().map(|(i, _)| i).collect::<Vec<_>>(), [1]);
        assert_eq!(s.priced().map(|(i, _)| i).collect::<Vec<_>>(), [0]);
        assert_eq!(s.stake_matrix().row(0), [10.0, 1e9]);
        assert_eq!(s.stake_matrix().row(1), [0.0, 0.0]);
    }

    #[test]
    fn largest_first_and_ties_by_address() {
        let s = small();
        assert_eq!(s.largest(3), [2, 0, 3]);
        assert_eq!(s.largest(99), [2, 0, 3, 1]);
        assert_eq!(s.largest(0), [0u32; 0]);
    }

    #[test]
    fn names_entities_and_addresses() {
        let s = small();
        assert_eq!(s.entities(), [0, 1, 0, 2]);
        assert_eq!(s.avs_by_name("oracle"), Some(1));
        assert_eq!(s.avs_by_name(&Address([8; 20]).to_string()), Some(0));
        assert_eq!(s.avs_by_name(""), None);
        assert_eq!(s.operator_by_address(Address([3; 20])), Some(2));
        assert_eq!(s.operator_by_address(Address([5; 20])), None);
        assert_eq!(s.asset_by_symbol("EIGEN"), Some(0));
        assert_eq!(s.asset_by_symbol("X"), Some(1));
    }
}
