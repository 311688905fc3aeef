//! Strategies, their tokens and their rates.

use super::abi;
use super::calls::{Answer, Call, Reader};
use super::deployment::{Deployment, PriceRule, Route, TokenName};
use super::discovery::Discovery;
use super::error::ChainError;
use super::oracles::narrow;
use crate::protocol::BEACON_CHAIN_ETH_STRATEGY;
use crate::snapshot::AssetClass;
use crate::units::WAD;
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use std::collections::{BTreeMap, BTreeSet};

/// Longest symbol taken from a token.
const LONGEST_SYMBOL: usize = 24;

/// One strategy as its contracts describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetState {
    /// The token; `None` for beacon ETH and for a strategy that is no contract.
    pub token: Option<Address>,
    /// Symbol of the token.
    pub symbol: String,
    /// Decimals of the token.
    pub decimals: u8,
    /// Smallest token units that 10^18 shares are worth.
    pub units_per_1e18_shares: Option<u128>,
    /// All shares.
    pub total_shares: Option<u128>,
    /// When a duration vault unlocks.
    pub locked_until: Option<u64>,
}

/// Strategies by address, and the strategies of AVSs from before operator sets.
#[derive(Debug, Clone, Default)]
pub struct Assets {
    /// Every strategy.
    pub by_strategy: BTreeMap<Address, AssetState>,
    /// Strategies that an AVS from before operator sets counts, where it says so.
    pub restakeable: BTreeMap<Address, BTreeSet<Address>>,
}

impl Assets {
    /// Strategies that can hold shares.
    pub fn holding(&self) -> Vec<Address> {
        let holds = |state: &AssetState| state.total_shares != Some(0);
        self.by_strategy
            .iter()
            .filter(|(_, state)| holds(state))
            .map(|(&strategy, _)| strategy)
            .collect()
    }
}

/// The virtual strategy of beacon ETH.
pub fn beacon() -> Address {
    Address::from(BEACON_CHAIN_ETH_STRATEGY)
}

/// Reads every strategy that the events name.
pub async fn read(reader: &Reader, discovery: &Discovery) -> Result<Assets, ChainError> {
    let mut assets = Assets {
        restakeable: read_restakeable(reader, discovery).await?,
        ..Assets::default()
    };
    let mut strategies = discovery.strategies.clone();
    strategies.extend(assets.restakeable.values().flatten());
    strategies.remove(&beacon());
    let strategies: Vec<Address> = strategies.into_iter().collect();

    let one = U256::from(WAD);
    let calls: Vec<Call> = strategies
        .iter()
        .flat_map(|&to| {
            [
                Call::new(to, &abi::underlyingTokenCall {}, 50_000),
                Call::new(to, &abi::totalSharesCall {}, 50_000),
                Call::new(
                    to,
                    &abi::sharesToUnderlyingViewCall { amountShares: one },
                    150_000,
                ),
                Call::new(to, &abi::unlockTimestampCall {}, 50_000),
            ]
        })
        .collect();
    let answers = reader.read(&calls).await?;
    let tokens: BTreeSet<Address> = answers
        .chunks_exact(4)
        .filter_map(|row| value::<abi::underlyingTokenCall>(&row[0]))
        .collect();
    let tokens = read_tokens(reader, tokens).await?;

    for (&strategy, row) in strategies.iter().zip(answers.chunks_exact(4)) {
        let token = value::<abi::underlyingTokenCall>(&row[0]);
        let (symbol, decimals) = token
            .and_then(|token| tokens.get(&token).cloned())
            .unwrap_or(("?".to_owned(), 18));
        let total = value::<abi::totalSharesCall>(&row[1]);
        let units = value::<abi::sharesToUnderlyingViewCall>(&row[2]);
        let vault = discovery.vaults.contains(&strategy);
        let locked = value::<abi::unlockTimestampCall>(&row[3]).filter(|&time| vault && time > 0);
        let state = AssetState {
            token,
            symbol,
            decimals,
            units_per_1e18_shares: units
                .map(|units| narrow(|| format!("rate of {strategy}"), units))
                .transpose()?,
            total_shares: total
                .map(|total| narrow(|| format!("total shares of {strategy}"), total))
                .transpose()?,
            locked_until: locked.map(u64::from),
        };
        assets.by_strategy.insert(strategy, state);
    }
    assets.by_strategy.insert(
        beacon(),
        AssetState {
            token: None,
            symbol: "ETH".to_owned(),
            decimals: 18,
            units_per_1e18_shares: Some(u128::from(WAD)),
            total_shares: None,
            locked_until: None,
        },
    );
    Ok(assets)
}

async fn read_restakeable(
    reader: &Reader,
    discovery: &Discovery,
) -> Result<BTreeMap<Address, BTreeSet<Address>>, ChainError> {
    let serving = discovery
        .registrations
        .iter()
        .filter(|(_, operators)| !operators.is_empty());
    let avss: Vec<Address> = serving.map(|(&avs, _)| avs).collect();
    let call = |&avs: &Address| Call::new(avs, &abi::getRestakeableStrategiesCall {}, 300_000);
    let calls: Vec<Call> = avss.iter().map(call).collect();
    let answers = reader.read(&calls).await?;
    let told = |answer: &Answer| value::<abi::getRestakeableStrategiesCall>(answer);
    Ok(avss
        .into_iter()
        .zip(&answers)
        .filter_map(|(avs, answer)| {
            told(answer).map(|strategies| (avs, strategies.into_iter().collect()))
        })
        .collect())
}

async fn read_tokens(
    reader: &Reader,
    tokens: BTreeSet<Address>,
) -> Result<BTreeMap<Address, (String, u8)>, ChainError> {
    let calls: Vec<Call> = tokens
        .iter()
        .flat_map(|&token| {
            [
                Call::new(token, &abi::symbolCall {}, 50_000),
                Call::new(token, &abi::decimalsCall {}, 50_000),
            ]
        })
        .collect();
    let answers = reader.read(&calls).await?;
    let describe = |row: &[Answer]| {
        (
            symbol(&row[0]),
            value::<abi::decimalsCall>(&row[1]).unwrap_or(18),
        )
    };
    Ok(tokens
        .into_iter()
        .zip(answers.chunks_exact(2))
        .map(|(token, row)| (token, describe(row)))
        .collect())
}

/// The value of an optional getter.
fn value<C: SolCall>(answer: &Answer) -> Option<C::Return> {
    answer
        .as_ref()
        .ok()
        .and_then(|data| C::abi_decode_returns_validate(data).ok())
}

/// A token's symbol: a string, or the 32 bytes that early tokens return.
fn symbol(answer: &Answer) -> String {
    let text = match (value::<abi::symbolCall>(answer), answer) {
        (Some(text), _) => text,
        (None, Ok(data)) if data.len() == 32 => {
            let end = data.iter().position(|&byte| byte == 0).unwrap_or(32);
            String::from_utf8_lossy(&data[..end]).into_owned()
        }
        _ => String::new(),
    };
    let clean: String = text
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_SYMBOL)
        .collect();
    if clean.trim().is_empty() {
        "?".to_owned()
    } else {
        clean.trim().to_owned()
    }
}

/// What moves the price of an asset: as its price rule says, else as its symbol suggests.
pub fn class(deployment: &Deployment, token: Option<Address>, symbol: &str) -> AssetClass {
    let Some(token) = token else {
        return AssetClass::Eth;
    };
    let rule = deployment
        .prices
        .iter()
        .find(|rule| rule.token == TokenName::Token(token));
    if let Some(class) = rule.and_then(rule_class) {
        return class;
    }
    let symbol = symbol.to_uppercase();
    match () {
        () if symbol == "WETH" => AssetClass::Eth,
        () if symbol.contains("EIGEN") => AssetClass::Eigen,
        () if symbol.contains("BTC") => AssetClass::Btc,
        () if symbol.contains("ETH") => AssetClass::Lst,
        () => AssetClass::Token,
    }
}

fn rule_class(rule: &PriceRule) -> Option<AssetClass> {
    match rule.routes.first()? {
        Route::Rate { .. } => Some(AssetClass::Lst),
        Route::Feeds(pairs) => match pairs.first()?.split('/').next()? {
            "ETH" => Some(AssetClass::Eth),
            "EIGEN" => Some(AssetClass::Eigen),
            "BTC" => Some(AssetClass::Btc),
            base if base.to_uppercase().ends_with("ETH") => Some(AssetClass::Lst),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Network;
    use alloy_primitives::{Bytes, address};

    #[test]
    fn symbols_of_old_and_of_hostile_tokens() {
        let string = |text: &str| -> Answer {
            Ok(abi::symbolCall::abi_encode_returns(&text.to_owned()).into())
        };
        assert_eq!(symbol(&string("stETH")), "stETH");
        let mut old = [0_u8; 32];
        old[..3].copy_from_slice(b"MKR");
        assert_eq!(symbol(&Ok(Bytes::copy_from_slice(&old))), "MKR");
        assert_eq!(symbol(&string("\u{1b}[2J\n")), "[2J");
        assert_eq!(symbol(&string(&"x".repeat(500))).len(), LONGEST_SYMBOL);
        assert_eq!(symbol(&Err(Bytes::new())), "?");
        assert_eq!(symbol(&Ok(Bytes::new())), "?");
    }

    #[test]
    fn classes_follow_rules_then_symbols() {
        let mainnet = Deployment::of(Network::Mainnet);
        let steth = address!("ae7ab96520DE3A18E5e111B5EaAb095312D7fE84");
        let weth = address!("C02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2");
        let other = Address::repeat_byte(7);
        assert_eq!(class(&mainnet, None, "ETH"), AssetClass::Eth);
        assert_eq!(class(&mainnet, Some(steth), "anything"), AssetClass::Lst);
        assert_eq!(class(&mainnet, Some(weth), "anything"), AssetClass::Eth);
        for (symbol, expected) in [
            ("ankrETH", AssetClass::Lst),
            ("bEIGEN", AssetClass::Eigen),
            ("tBTC", AssetClass::Btc),
            ("USDC", AssetClass::Token),
        ] {
            assert_eq!(class(&mainnet, Some(other), symbol), expected, "{symbol}");
        }
    }
}
