//! Keyless side sources: each optional, each recorded with its address, time and outcome.
//!
//! What they give stands outside the content hash: a pull succeeds without them and says what is missing.

use super::transport::{Limits, describe, http_client};
use crate::snapshot::{Address, AssetIndex, Observation, Outcome, PricePoint, Snapshot, Source};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// Which side sources to ask, by base URL.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SideSources {
    /// The chain that they speak of. On another chain they are not asked, and the manifest says so.
    pub chain: Option<u64>,
    /// EigenDA's data interface: operator stakes and signing rates.
    pub eigenda: Option<String>,
    /// DefiLlama's coin prices: history of each token.
    pub defillama: Option<String>,
    /// Days of price history.
    pub history_days: u32,
}

impl SideSources {
    /// The public ones, for Ethereum mainnet.
    #[must_use]
    pub fn public() -> Self {
        Self {
            chain: Some(1),
            eigenda: Some("https://dataapi.eigenda.xyz".to_owned()),
            defillama: Some("https://coins.llama.fi".to_owned()),
            history_days: 365,
        }
    }
}

/// Largest answer of a side source.
const ANSWER_BYTES: u64 = 64 << 20;
/// Attempts at each.
const ATTEMPTS: u32 = 2;
/// Tokens in one request of prices.
const COINS_PER_REQUEST: usize = 20;
/// What each gives, and who says so.
const EIGENDA_STAKES: (&str, &str) = ("stake per operator and quorum", "EigenDA data interface");
const EIGENDA_SIGNING: (&str, &str) = (
    "signing rate per operator and quorum",
    "EigenDA data interface",
);
const HISTORY: (&str, &str) = ("daily price history", "DefiLlama coins");
/// EigenDA's service manager on mainnet.
const EIGENDA: &str = "0x870679E138bCdf293b7Ff14dD44b70FC97e12fc0";

/// Asks the side sources and adds what they say; what fails is recorded in the manifest.
pub async fn add(snapshot: &mut Snapshot, sources: &SideSources) {
    let limits = Limits {
        timeout: Duration::from_secs(30),
        answer_bytes: ANSWER_BYTES,
        ..Limits::default()
    };
    let elsewhere = sources
        .chain
        .is_some_and(|chain| chain != snapshot.manifest.chain_id);
    let http = match http_client(&limits) {
        _ if elsewhere => return without(snapshot, sources, &Outcome::Skipped),
        Ok(http) => http,
        Err(error) => {
            let outcome = Outcome::Failed(describe(&error));
            return without(snapshot, sources, &outcome);
        }
    };
    if let Some(base) = &sources.eigenda {
        eigenda_stakes(snapshot, &http, base).await;
        eigenda_signing(snapshot, &http, base).await;
    }
    if let Some(base) = &sources.defillama {
        price_history(snapshot, &http, base, sources.history_days).await;
    }
    snapshot.sort();
}

/// Records that no source was asked.
fn without(snapshot: &mut Snapshot, sources: &SideSources, outcome: &Outcome) {
    let named = [
        (EIGENDA_STAKES, &sources.eigenda),
        (EIGENDA_SIGNING, &sources.eigenda),
        (HISTORY, &sources.defillama),
    ];
    for ((what, source), base) in named {
        if let Some(base) = base {
            record(snapshot, what, source, base, outcome.clone());
        }
    }
}

fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

fn record(snapshot: &mut Snapshot, what: &str, source: &str, url: &str, outcome: Outcome) {
    let date = jiff::Timestamp::from_second(now().as_second())
        .unwrap_or_default()
        .to_string();
    snapshot.manifest.sources.push(Source {
        what: what.to_owned(),
        source: source.to_owned(),
        date,
        url: Some(url.to_owned()),
        outcome,
    });
}

async fn get(http: &reqwest::Client, url: &str) -> Result<Value, String> {
    let mut problem = String::new();
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        match get_once(http, url).await {
            Ok(value) => return Ok(value),
            Err(error) => problem = error,
        }
    }
    Err(problem)
}

async fn get_once(http: &reqwest::Client, url: &str) -> Result<Value, String> {
    let mut response = http
        .get(url)
        .send()
        .await
        .map_err(|error| describe(&error.without_url()))?;
    if !response.status().is_success() {
        return Err(format!("status {}", response.status().as_u16()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| describe(&error.without_url()))?
    {
        bytes.extend_from_slice(&chunk);
        if bytes.len() as u64 > ANSWER_BYTES {
            return Err(format!("the answer exceeds {ANSWER_BYTES} bytes"));
        }
    }
    serde_json::from_slice(&bytes).map_err(|error| format!("the answer is not JSON: {error}"))
}

/// A number written as a number or as text.
fn number(value: &Value) -> Option<f64> {
    let number = value
        .as_f64()
        .or_else(|| value.as_str()?.trim().parse().ok())?;
    number.is_finite().then_some(number)
}

/// Rows about operators: those of unknown operators are counted, not kept.
struct Rows {
    observations: Vec<Observation>,
    strangers: usize,
    unreadable: usize,
}

impl Rows {
    fn outcome(&self) -> Outcome {
        match (self.observations.len(), self.strangers, self.unreadable) {
            (0, 0, 0) => Outcome::Failed("no rows".to_owned()),
            (_, 0, 0) => Outcome::Complete,
            (_, strangers, unreadable) => Outcome::Partial(format!(
                "{strangers} rows of operators that the chain does not list, {unreadable} unreadable"
            )),
        }
    }
}

fn observe(
    snapshot: &Snapshot,
    rows: &mut Rows,
    row: &Value,
    figures: &[(String, Option<f64>, &str)],
    source: &str,
    timestamp: u64,
) {
    let address = row["operator_address"]
        .as_str()
        .and_then(|text| text.to_lowercase().parse::<Address>().ok());
    let Some(address) = address else {
        rows.unreadable += 1;
        return;
    };
    let Some(operator) = snapshot.operator_by_address(address) else {
        rows.strangers += 1;
        return;
    };
    for (metric, value, unit) in figures {
        let Some(value) = value else { continue };
        rows.observations.push(Observation {
            avs: snapshot.avs_by_name(EIGENDA),
            operator: Some(operator),
            metric: metric.clone(),
            value: *value,
            unit: (*unit).to_owned(),
            timestamp,
            source: source.to_owned(),
        });
    }
}

async fn eigenda_stakes(snapshot: &mut Snapshot, http: &reqwest::Client, base: &str) {
    let (what, source) = EIGENDA_STAKES;
    let url = format!("{base}/api/v2/operators/stake");
    let answer = match get(http, &url).await {
        Ok(answer) => answer,
        Err(problem) => return record(snapshot, what, source, &url, Outcome::Failed(problem)),
    };
    let timestamp = now().as_second() as u64;
    let mut rows = Rows {
        observations: Vec::new(),
        strangers: 0,
        unreadable: 0,
    };
    for (quorum, list) in answer["stake_ranked_operators"]
        .as_object()
        .into_iter()
        .flatten()
    {
        for row in list.as_array().into_iter().flatten() {
            let figures = [
                (
                    format!("quorum_{quorum}_stake_share"),
                    number(&row["stake_percentage"]).map(|p| p / 100.0),
                    "1",
                ),
                // Older deployments leave the amount out.
                (
                    format!("quorum_{quorum}_stake"),
                    number(&row["stake_amount"]),
                    "weighted tokens",
                ),
            ];
            observe(snapshot, &mut rows, row, &figures, source, timestamp);
        }
    }
    let outcome = rows.outcome();
    snapshot.observations.extend(rows.observations);
    record(snapshot, what, source, &url, outcome);
}

async fn eigenda_signing(snapshot: &mut Snapshot, http: &reqwest::Client, base: &str) {
    let (what, source) = EIGENDA_SIGNING;
    let url = format!("{base}/api/v2/operators/signing-info?interval=86400&nonsigner_only=false");
    let answer = match get(http, &url).await {
        Ok(answer) => answer,
        Err(problem) => return record(snapshot, what, source, &url, Outcome::Failed(problem)),
    };
    let end = number(&answer["end_time_unix_sec"]).unwrap_or(now().as_second() as f64) as u64;
    let mut rows = Rows {
        observations: Vec::new(),
        strangers: 0,
        unreadable: 0,
    };
    for row in answer["operator_signing_info"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let Some(quorum) = number(&row["quorum_id"]) else {
            rows.unreadable += 1;
            continue;
        };
        let figures = [
            (
                format!("quorum_{quorum}_signing_rate"),
                number(&row["signing_percentage"]).map(|p| p / 100.0),
                "1",
            ),
            (
                format!("quorum_{quorum}_responsible_batches"),
                number(&row["total_responsible_batches"]),
                "batches",
            ),
        ];
        observe(snapshot, &mut rows, row, &figures, source, end);
    }
    let outcome = rows.outcome();
    snapshot.observations.extend(rows.observations);
    record(snapshot, what, source, &url, outcome);
}

async fn price_history(snapshot: &mut Snapshot, http: &reqwest::Client, base: &str, days: u32) {
    let mut coins: BTreeMap<String, Vec<AssetIndex>> = BTreeMap::new();
    for (index, asset) in (0..).zip(&snapshot.assets) {
        let coin = match asset.token {
            None if asset.strategy == Some(Address::BEACON_ETH) => "coingecko:ethereum".to_owned(),
            None => continue,
            Some(token) => format!("ethereum:{token}"),
        };
        coins.entry(coin).or_default().push(index);
    }
    let start = snapshot
        .manifest
        .timestamp
        .saturating_sub(u64::from(days) * 86_400);
    let names: Vec<String> = coins.keys().cloned().collect();
    let mut done = 0;
    for part in names.chunks(COINS_PER_REQUEST) {
        let url = format!(
            "{base}/chart/{}?start={start}&span={days}&period=1d",
            part.join(",")
        );
        match get(http, &url).await {
            Ok(answer) => {
                let outcome = add_history(snapshot, &answer, part, &coins);
                record(snapshot, HISTORY.0, HISTORY.1, &url, outcome);
            }
            // It is down: the other tokens would wait for nothing.
            Err(problem) => {
                let rest = names.len() - done;
                let problem = format!("{problem}; {rest} of {} tokens not asked", names.len());
                return record(
                    snapshot,
                    HISTORY.0,
                    HISTORY.1,
                    &url,
                    Outcome::Failed(problem),
                );
            }
        }
        done += part.len();
    }
}

fn add_history(
    snapshot: &mut Snapshot,
    answer: &Value,
    part: &[String],
    coins: &BTreeMap<String, Vec<AssetIndex>>,
) -> Outcome {
    let mut missing = Vec::new();
    let lower: BTreeMap<String, &Value> = answer["coins"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(coin, value)| (coin.to_lowercase(), value))
        .collect();
    for coin in part {
        // A coin that the source does not know is absent, not zero.
        let prices = lower
            .get(&coin.to_lowercase())
            .and_then(|value| value["prices"].as_array());
        let points: BTreeMap<u64, f64> = prices
            .into_iter()
            .flatten()
            .filter_map(|point| {
                Some((
                    number(&point["timestamp"])? as u64,
                    number(&point["price"])?,
                ))
            })
            .filter(|(_, price)| *price > 0.0)
            .collect();
        if points.is_empty() {
            missing.push(coin.clone());
        }
        for &asset in &coins[coin] {
            snapshot
                .price_history
                .extend(points.iter().map(|(&timestamp, &price_usd)| PricePoint {
                    asset,
                    timestamp,
                    price_usd,
                    source: "DefiLlama coins".to_owned(),
                }));
        }
    }
    match missing.len() {
        0 => Outcome::Complete,
        n if n == part.len() => Outcome::Failed("no prices of any coin asked".to_owned()),
        _ => Outcome::Partial(format!("no prices of {}", missing.join(", "))),
    }
}
