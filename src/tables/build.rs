//! Builds the embedded snapshot from the facts in `data/sources`.

use super::TablesError;
use crate::snapshot::{
    Address, Asset, AssetClass, Avs, Contract, FORMAT_VERSION, Fact, Facts, Grade, Manifest,
    Membership, Operator, OperatorSet, Outcome, Price, SetKind, SetTotal, Snapshot, Source,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The day of the graph.
const DATE: &str = "2024-12-03";
/// Its first second, since 1970 UTC.
const TIMESTAMP: u64 = 1_733_184_000;
/// Where the graph comes from.
const GRAPH_SOURCE: &str =
    "bmvicente/eigensimulators @e06e745e, one file of answers of EigenExplorer's public interface";

/// Builds the snapshot that is embedded in the program: reads the facts in `sources` (see its
/// README), reconstructs the stake of single operators, and checks that every total is met.
///
/// # Errors
/// When a source is missing or malformed, or the totals contradict each other.
pub fn build_embedded(sources: &Path) -> Result<Snapshot, TablesError> {
    let assets: AssetFile = read_toml(&sources.join("assets.toml"))?;
    let contracts: ContractFile = read_toml(&sources.join("contracts.toml"))?;
    let facts: FactFile = read_toml(&sources.join("facts.toml"))?;
    let graph_path = sources.join("avs_2024-12-03.json");
    let graph: Graph =
        serde_json::from_str(&read_text(&graph_path)?).map_err(|e| TablesError::Source {
            file: graph_path.clone(),
            line: e.line(),
            problem: e.to_string(),
        })?;

    let mut snapshot = Snapshot {
        manifest: manifest(),
        assets: assets.asset.into_iter().map(AssetSource::asset).collect(),
        operators: graph
            .operators
            .iter()
            .map(|&address| operator(address))
            .collect(),
        contracts: contracts
            .group
            .into_iter()
            .flat_map(ContractGroup::contracts)
            .collect(),
        facts: Facts(facts.group.into_iter().flat_map(FactGroup::facts).collect()),
        ..Snapshot::default()
    };
    add_graph(&mut snapshot, &graph, &graph_path)?;
    snapshot.sort();
    snapshot
        .reconstruct_stakes()
        .map_err(|e| TablesError::Source {
            file: graph_path.clone(),
            line: 0,
            problem: format!("{e} (set {} of the sorted sets)", e.set),
        })?;
    check_usd(&snapshot, &graph, &graph_path)?;
    check_digits(&snapshot.facts, &sources.join("facts.toml"))?;
    super::fits_together(sources, &snapshot)?;
    Ok(snapshot)
}

fn manifest() -> Manifest {
    let source = |what: &str, source: &str, date: &str| Source {
        what: what.to_owned(),
        source: source.to_owned(),
        date: date.to_owned(),
        url: None,
        outcome: Outcome::Complete,
    };
    Manifest {
        format_version: FORMAT_VERSION,
        label: format!("embedded {DATE}"),
        chain_id: 1,
        timestamp: TIMESTAMP,
        program: concat!("stakewright ", env!("CARGO_PKG_VERSION")).to_owned(),
        sources: vec![
            source(
                "operators, AVSs, memberships, delegated stake of each AVS in each asset, prices",
                GRAPH_SOURCE,
                DATE,
            ),
            source(
                "delegated stake of single operators",
                "reconstructed: the most even stakes that reproduce every total and membership",
                DATE,
            ),
            source("contracts", "named in each row", "2026-08-17"),
            source(
                "constants, parameters and statistics",
                "named in each row",
                "2026-11-23",
            ),
        ],
        ..Manifest::default()
    }
}

fn operator(address: Address) -> Operator {
    Operator {
        address,
        name: None,
        metadata_uri: None,
        entity: None,
        allocation_delay_blocks: None,
    }
}

/// AVSs with one set each (their registrations from before operator sets), memberships and totals.
fn add_graph(snapshot: &mut Snapshot, graph: &Graph, path: &Path) -> Result<(), TablesError> {
    let wrong = |problem: String| TablesError::Source {
        file: path.into(),
        line: 0,
        problem,
    };
    if graph.as_of != DATE {
        return Err(wrong(format!(
            "as_of is {}, and should be {DATE}",
            graph.as_of
        )));
    }
    let by_symbol: BTreeMap<String, u32> = (0..)
        .zip(&snapshot.assets)
        .map(|(i, asset)| (asset.symbol.clone(), i))
        .collect();
    for (index, entry) in (0..).zip(&graph.avss) {
        snapshot.avss.push(Avs {
            address: entry.avs,
            name: entry.name.clone(),
            metadata_uri: None,
            registrar: None,
        });
        let mut strategies = Vec::new();
        for (symbol, &amount_tokens) in &entry.tokens {
            let &asset = by_symbol
                .get(symbol)
                .ok_or_else(|| wrong(format!("asset `{symbol}` is not in assets.toml")))?;
            strategies.push(asset);
            snapshot.totals.push(SetTotal {
                set: index,
                asset,
                amount_tokens,
            });
        }
        strategies.sort_unstable();
        snapshot.sets.push(OperatorSet {
            avs: index,
            id: 0,
            kind: SetKind::RegistrationBeforeOperatorSets,
            strategies,
            slasher: None,
            redistribution_recipient: None,
        });
        for &operator in &entry.operators {
            if operator as usize >= graph.operators.len() {
                return Err(wrong(format!(
                    "{} lists operator {operator} of {}",
                    entry.avs,
                    graph.operators.len()
                )));
            }
            snapshot.memberships.push(Membership {
                set: index,
                operator,
                slashable_until_block: None,
            });
        }
    }
    Ok(())
}

/// The stakes at the prices must give the US dollars that the source states for each AVS.
fn check_usd(snapshot: &Snapshot, graph: &Graph, path: &Path) -> Result<(), TablesError> {
    for entry in &graph.avss {
        let avs = snapshot
            .avs_by_name(&entry.avs.to_string())
            .expect("every AVS of the graph is in the table");
        let usd = snapshot.total_usd(&snapshot.operators_of_avs(avs));
        if (usd - entry.usd).abs() > 1e-9 * entry.usd {
            let problem = format!(
                "{}: stakes are worth {usd} USD, and the source states {}",
                entry.avs, entry.usd
            );
            return Err(TablesError::Source {
                file: path.into(),
                line: 0,
                problem,
            });
        }
    }
    Ok(())
}

/// All digits of a fact must round to its value.
fn check_digits(facts: &Facts, path: &Path) -> Result<(), TablesError> {
    for fact in &facts.0 {
        let Some(exact) = &fact.exact else { continue };
        if !exact
            .parse::<f64>()
            .is_ok_and(|digits| (digits - fact.value).abs() <= 1e-15 * fact.value.abs())
        {
            let problem = format!("{}: value {} is not {exact}", fact.key, fact.value);
            return Err(TablesError::Source {
                file: path.into(),
                line: 0,
                problem,
            });
        }
    }
    Ok(())
}

fn read_text(path: &Path) -> Result<String, TablesError> {
    std::fs::read_to_string(path).map_err(|source| TablesError::Io {
        action: "read",
        path: PathBuf::from(path),
        source,
    })
}

fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T, TablesError> {
    let text = read_text(path)?;
    toml::from_str(&text).map_err(|e| TablesError::Source {
        file: path.into(),
        line: e
            .span()
            .map_or(0, |span| text[..span.start].lines().count().max(1)),
        problem: e.message().to_owned(),
    })
}

/// Who serves whom with how much, on one day.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Graph {
    as_of: String,
    operators: Vec<Address>,
    avss: Vec<GraphAvs>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GraphAvs {
    avs: Address,
    name: Option<String>,
    /// US dollars of all its operators' stake, as the source states them.
    usd: f64,
    /// Places in the list of operators.
    operators: Vec<u32>,
    /// Whole tokens of all its operators, by symbol.
    tokens: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AssetFile {
    asset: Vec<AssetSource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AssetSource {
    symbol: String,
    class: AssetClass,
    decimals: u8,
    strategy: Option<Address>,
    token: Option<Address>,
    price_usd: Option<f64>,
}

impl AssetSource {
    fn asset(self) -> Asset {
        Asset {
            symbol: self.symbol,
            strategy: self.strategy,
            token: self.token,
            class: self.class,
            decimals: self.decimals,
            price: self.price_usd.map(|usd| Price {
                usd,
                source: format!("US dollars divided by tokens in {GRAPH_SOURCE}"),
                timestamp: TIMESTAMP,
                answer: None,
                answer_decimals: None,
            }),
            units_per_1e18_shares: None,
            total_shares: None,
            locked_until: None,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContractFile {
    group: Vec<ContractGroup>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContractGroup {
    source: String,
    date: String,
    contracts: Vec<ContractSource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContractSource {
    name: String,
    address: Address,
}

impl ContractGroup {
    fn contracts(self) -> Vec<Contract> {
        let Self {
            source,
            date,
            contracts,
        } = self;
        contracts
            .into_iter()
            .map(|c| Contract {
                name: c.name,
                address: c.address,
                source: source.clone(),
                date: date.clone(),
            })
            .collect()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FactFile {
    group: Vec<FactGroup>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FactGroup {
    source: String,
    date: String,
    grade: GradeWord,
    facts: Vec<FactSource>,
}

/// Grades that a source file may give; what the chain says is not in a file.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum GradeWord {
    A,
    B,
    C,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FactSource {
    key: String,
    value: f64,
    unit: String,
    exact: Option<String>,
    date: Option<String>,
    #[serde(default)]
    note: String,
}

impl FactGroup {
    fn facts(self) -> Vec<Fact> {
        let Self {
            source,
            date,
            grade,
            facts,
        } = self;
        let grade = match grade {
            GradeWord::A => Grade::A,
            GradeWord::B => Grade::B,
            GradeWord::C => Grade::C,
        };
        facts
            .into_iter()
            .map(|f| Fact {
                key: f.key,
                value: f.value,
                exact: f.exact,
                unit: f.unit,
                source: source.clone(),
                date: f.date.unwrap_or_else(|| date.clone()),
                grade,
                note: f.note,
            })
            .collect()
    }
}
