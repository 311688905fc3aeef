//! Prices at the block: Chainlink feeds with their heartbeats, and rates of liquid staking tokens.
//!
//! Answers stay integers: a price is the product of its feeds in the decimals of the last one.

use super::abi;
use super::calls::{Answer, Call, Reader};
use super::deployment::{Deployment, Feed, PriceRule, RateGetter, Route, TokenName};
use super::error::ChainError;
use crate::protocol::Network;
use crate::protocol::math::mul_div_floor;
use crate::snapshot::{Outcome, Price, Source};
use alloy_primitives::{Address, U256, address};
use alloy_sol_types::SolCall;
use std::collections::BTreeMap;

/// A feed may be late by this much beyond its heartbeat.
const GRACE_SECONDS: u64 = 300;
const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;

/// Feeds and price rules of a known network. Mainnet alone has them: testnet tokens have no value.
pub fn known(network: Network) -> (Vec<Feed>, Vec<PriceRule>) {
    match network {
        Network::Mainnet => (mainnet_feeds(), mainnet_rules()),
        Network::Sepolia | Network::Hoodi => (Vec::new(), Vec::new()),
    }
}

fn mainnet_feeds() -> Vec<Feed> {
    [
        (
            "ETH/USD",
            address!("5f4eC3Df9cbd43714FE2740f5E3616155c5b8419"),
            HOUR,
        ),
        (
            "BTC/USD",
            address!("F4030086522a5bEEa4988F8cA5B36dbC97BeE88c"),
            HOUR,
        ),
        (
            "stETH/USD",
            address!("CfE54B5cD566aB89272946F602D76Ea879CAb4a8"),
            HOUR,
        ),
        (
            "stETH/ETH",
            address!("86392dC19c0b719886221c78AB11eb8Cf5c52812"),
            DAY,
        ),
        (
            "rETH/ETH",
            address!("536218f9E9Eb48863970252233c8F271f554C2d0"),
            DAY,
        ),
        (
            "cbETH/ETH",
            address!("F017fcB346A1885194689bA23Eff2fE6fA5C483b"),
            DAY,
        ),
        (
            "EIGEN/USD",
            address!("f2917e602C2dCa458937fad715bb1E465305A4A1"),
            30 * HOUR,
        ),
    ]
    .map(|(pair, address, heartbeat_seconds)| Feed {
        pair: pair.to_owned(),
        address,
        heartbeat_seconds,
    })
    .to_vec()
}

fn mainnet_rules() -> Vec<PriceRule> {
    let steth = address!("ae7ab96520DE3A18E5e111B5EaAb095312D7fE84");
    let wsteth = address!("7f39C581F595B53c5cb19bD0b3f8dA6c935E2Ca0");
    let reth = address!("ae78736Cd615f374D3085123A210448E74Fc6393");
    let cbeth = address!("Be9895146f7AF43049ca1c1AE358B0541Ea49704");
    let wbeth = address!("a2E3356610840701BDf5611a53974510Ae27E2e1");
    let weth = address!("C02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2");
    let wbtc = address!("2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599");
    let eigen = address!("ec53bF9167f50cDEB3Ae105f56099aaaB9061F83");
    let beigen = address!("83E9115d334D248Ce39a6f36144aEaB5b3456e75");
    let feeds = |pairs: &[&str]| Route::Feeds(pairs.iter().map(|&pair| pair.to_owned()).collect());
    let rate = |getter, contract, pairs: &[&str]| Route::Rate {
        getter,
        contract,
        feeds: pairs.iter().map(|&pair| pair.to_owned()).collect(),
    };
    let rule = |token, routes| PriceRule {
        token: TokenName::Token(token),
        routes,
    };
    vec![
        PriceRule {
            token: TokenName::Eth,
            routes: vec![feeds(&["ETH/USD"])],
        },
        rule(weth, vec![feeds(&["ETH/USD"])]),
        rule(
            steth,
            vec![feeds(&["stETH/USD"]), feeds(&["stETH/ETH", "ETH/USD"])],
        ),
        rule(
            wsteth,
            vec![
                rate(RateGetter::StEthPerToken, wsteth, &["stETH/USD"]),
                rate(RateGetter::StEthPerToken, wsteth, &["stETH/ETH", "ETH/USD"]),
            ],
        ),
        rule(
            reth,
            vec![
                feeds(&["rETH/ETH", "ETH/USD"]),
                rate(RateGetter::GetExchangeRate, reth, &["ETH/USD"]),
            ],
        ),
        rule(
            cbeth,
            vec![
                feeds(&["cbETH/ETH", "ETH/USD"]),
                rate(RateGetter::ExchangeRate, cbeth, &["ETH/USD"]),
            ],
        ),
        rule(
            wbeth,
            vec![rate(RateGetter::ExchangeRate, wbeth, &["ETH/USD"])],
        ),
        rule(wbtc, vec![feeds(&["BTC/USD"])]),
        rule(eigen, vec![feeds(&["EIGEN/USD"])]),
        rule(beigen, vec![feeds(&["EIGEN/USD"])]),
    ]
}

/// Prices of tokens (`Address::ZERO` is ETH), and what each oracle said.
#[derive(Debug, Clone, Default)]
pub struct Prices {
    /// Price of one whole token.
    pub by_token: BTreeMap<Address, Price>,
    /// One entry an oracle.
    pub sources: Vec<Source>,
}

/// An answer of a feed or of a rate: `value` times 10^-`decimals`.
#[derive(Debug, Clone, Copy)]
struct Ratio {
    value: u128,
    decimals: u8,
    updated_at: u64,
}

/// Reads the oracles of a deployment at the reader's block.
pub async fn read(deployment: &Deployment, reader: &Reader) -> Result<Prices, ChainError> {
    let mut prices = Prices::default();
    let feeds = read_feeds(deployment, reader, &mut prices.sources).await?;
    let rates = read_rates(deployment, reader, &mut prices.sources).await?;
    for rule in &deployment.prices {
        let token = match rule.token {
            TokenName::Eth => Address::ZERO,
            TokenName::Token(token) => token,
        };
        let price = rule
            .routes
            .iter()
            .find_map(|route| follow(route, &feeds, &rates));
        prices.by_token.extend(price.map(|price| (token, price)));
    }
    Ok(prices)
}

fn follow(
    route: &Route,
    feeds: &BTreeMap<String, Ratio>,
    rates: &BTreeMap<Address, Ratio>,
) -> Option<Price> {
    let (first, pairs, name) = match route {
        Route::Feeds(pairs) => (None, pairs, format!("feed {}", pairs.join(" x "))),
        Route::Rate {
            contract,
            feeds: pairs,
            ..
        } => {
            let name = format!("rate of {contract} x feed {}", pairs.join(" x "));
            (Some(*rates.get(contract)?), pairs, name)
        }
    };
    let mut product = first;
    for pair in pairs {
        let next = *feeds.get(pair)?;
        product = Some(match product {
            None => next,
            Some(before) => Ratio {
                value: mul_div_floor(
                    before.value,
                    next.value,
                    10_u128.pow(u32::from(before.decimals)),
                ),
                decimals: next.decimals,
                updated_at: before.updated_at.min(next.updated_at),
            },
        });
    }
    let ratio = product.filter(|ratio| ratio.value > 0)?;
    Some(Price {
        usd: ratio.value as f64 / 10_f64.powi(i32::from(ratio.decimals)),
        source: name,
        timestamp: ratio.updated_at,
        answer: Some(ratio.value),
        answer_decimals: Some(ratio.decimals),
    })
}

async fn read_feeds(
    deployment: &Deployment,
    reader: &Reader,
    sources: &mut Vec<Source>,
) -> Result<BTreeMap<String, Ratio>, ChainError> {
    let calls: Vec<Call> = deployment
        .feeds
        .iter()
        .flat_map(|feed| {
            [
                Call::new(feed.address, &abi::latestRoundDataCall {}, 60_000),
                Call::new(feed.address, &abi::decimalsCall {}, 30_000),
            ]
        })
        .collect();
    let answers = reader.read(&calls).await?;
    let now = reader.block().timestamp.to::<u64>();
    let mut ratios = BTreeMap::new();
    for (feed, answer) in deployment.feeds.iter().zip(answers.chunks_exact(2)) {
        let outcome = match feed_ratio(feed, &answer[0], &answer[1], now) {
            Ok(ratio) => {
                ratios.insert(feed.pair.clone(), ratio);
                Outcome::Complete
            }
            Err(problem) => Outcome::Failed(problem),
        };
        sources.push(source(
            format!("price {}", feed.pair),
            format!("feed {}", feed.address),
            now,
            outcome,
        ));
    }
    Ok(ratios)
}

fn feed_ratio(feed: &Feed, round: &Answer, decimals: &Answer, now: u64) -> Result<Ratio, String> {
    let round = answered::<abi::latestRoundDataCall>(round)?;
    let decimals = answered::<abi::decimalsCall>(decimals)?;
    if round.answer.is_negative() || round.answer.is_zero() {
        return Err(format!("its answer is {}", round.answer));
    }
    let value = u128::try_from(round.answer.into_raw())
        .map_err(|_| format!("its answer is {}", round.answer))?;
    let updated_at =
        u64::try_from(round.updatedAt).map_err(|_| format!("updated at {}", round.updatedAt))?;
    let age = now.saturating_sub(updated_at);
    if age > feed.heartbeat_seconds + GRACE_SECONDS {
        return Err(format!(
            "stale: {age} s old, and its heartbeat is {} s",
            feed.heartbeat_seconds
        ));
    }
    if decimals > 30 {
        return Err(format!("{decimals} decimals"));
    }
    Ok(Ratio {
        value,
        decimals,
        updated_at,
    })
}

async fn read_rates(
    deployment: &Deployment,
    reader: &Reader,
    sources: &mut Vec<Source>,
) -> Result<BTreeMap<Address, Ratio>, ChainError> {
    let routes = deployment.prices.iter().flat_map(|rule| &rule.routes);
    let wanted: BTreeMap<Address, RateGetter> = routes
        .filter_map(|route| match route {
            Route::Rate {
                getter, contract, ..
            } => Some((*contract, *getter)),
            Route::Feeds(_) => None,
        })
        .collect();
    let call = |(&contract, &getter): (&Address, &RateGetter)| match getter {
        RateGetter::GetExchangeRate => Call::new(contract, &abi::getExchangeRateCall {}, 100_000),
        RateGetter::ExchangeRate => Call::new(contract, &abi::exchangeRateCall {}, 100_000),
        RateGetter::StEthPerToken => Call::new(contract, &abi::stEthPerTokenCall {}, 200_000),
    };
    let calls: Vec<Call> = wanted.iter().map(call).collect();
    let now = reader.block().timestamp.to::<u64>();
    let mut ratios = BTreeMap::new();
    for (&contract, answer) in wanted.keys().zip(reader.read(&calls).await?) {
        // The getters return one uint256 each, so one decoder serves them all.
        let rate = answered::<abi::exchangeRateCall>(&answer)
            .and_then(|rate| u128::try_from(rate).map_err(|_| format!("its rate is {rate}")));
        let outcome = match rate {
            Ok(value) => {
                ratios.insert(
                    contract,
                    Ratio {
                        value,
                        decimals: 18,
                        updated_at: now,
                    },
                );
                Outcome::Complete
            }
            Err(problem) => Outcome::Failed(problem),
        };
        sources.push(source(
            format!("rate of {contract}"),
            format!("contract {contract}"),
            now,
            outcome,
        ));
    }
    Ok(ratios)
}

fn answered<C: SolCall>(answer: &Answer) -> Result<C::Return, String> {
    match answer {
        Ok(data) if data.is_empty() => Err("there is no contract".to_owned()),
        Ok(data) => C::abi_decode_returns_validate(data).map_err(|error| error.to_string()),
        Err(_) => Err("it reverts".to_owned()),
    }
}

fn source(what: String, source: String, timestamp: u64, outcome: Outcome) -> Source {
    Source {
        what,
        source,
        date: iso(timestamp),
        url: None,
        outcome,
    }
}

/// Seconds since 1970 as `YYYY-MM-DDThh:mm:ssZ`.
pub fn iso(timestamp: u64) -> String {
    let seconds = i64::try_from(timestamp).unwrap_or(0);
    jiff::Timestamp::from_second(seconds).map_or_else(|_| timestamp.to_string(), |t| t.to_string())
}

/// An unsigned 256-bit number as the 128 bits that the protocol keeps to.
///
/// # Errors
/// When it does not fit.
pub fn narrow(what: impl FnOnce() -> String, value: U256) -> Result<u128, ChainError> {
    u128::try_from(value).map_err(|_| ChainError::TooLarge {
        what: what(),
        value: value.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(value: u128, decimals: u8) -> Ratio {
        Ratio {
            value,
            decimals,
            updated_at: 100,
        }
    }

    #[test]
    fn feeds_multiply_as_integers() {
        let feeds = BTreeMap::from([
            ("rETH/ETH".to_owned(), ratio(1_123_456_789_012_345_678, 18)),
            ("ETH/USD".to_owned(), ratio(321_012_345_678, 8)),
        ]);
        let route = Route::Feeds(vec!["rETH/ETH".to_owned(), "ETH/USD".to_owned()]);
        let price = follow(&route, &feeds, &BTreeMap::new()).unwrap();
        assert_eq!(price.answer, Some(360_643_499_108)); // floor(1.123456789012345678 * 321012345678)
        assert_eq!(price.answer_decimals, Some(8));
        assert!((price.usd - 3606.43499108).abs() < 1e-9);
    }

    #[test]
    fn a_missing_feed_gives_no_price() {
        let route = Route::Feeds(vec!["ETH/USD".to_owned()]);
        assert!(follow(&route, &BTreeMap::new(), &BTreeMap::new()).is_none());
    }

    #[test]
    fn stale_and_senseless_answers_are_refused() {
        let feed = Feed {
            pair: "ETH/USD".to_owned(),
            address: Address::ZERO,
            heartbeat_seconds: 3_600,
        };
        let decimals: Answer = Ok(abi::decimalsCall::abi_encode_returns(&8).into());
        let round = |answer: i64, updated: u64| -> Answer {
            Ok(
                abi::latestRoundDataCall::abi_encode_returns(&abi::latestRoundDataReturn {
                    roundId: Default::default(),
                    answer: alloy_primitives::I256::try_from(answer).unwrap(),
                    startedAt: U256::ZERO,
                    updatedAt: U256::from(updated),
                    answeredInRound: Default::default(),
                })
                .into(),
            )
        };
        assert!(feed_ratio(&feed, &round(5, 10_000), &decimals, 13_900).is_ok());
        let stale = feed_ratio(&feed, &round(5, 10_000), &decimals, 13_901).unwrap_err();
        assert!(stale.contains("3901 s old"), "{stale}");
        assert!(feed_ratio(&feed, &round(0, 10_000), &decimals, 10_000).is_err());
        assert!(feed_ratio(&feed, &round(-5, 10_000), &decimals, 10_000).is_err());
        assert!(feed_ratio(&feed, &Err(Default::default()), &decimals, 10_000).is_err());
    }
}
