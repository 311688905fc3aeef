//! The head of a snapshot: where it was read, when, from what, and what its tables hash to.

use super::Address;
use serde::{Deserialize, Serialize};

/// Version of the format that this program writes. Adding a column is a new version.
pub const FORMAT_VERSION: u32 = 1;

/// Where, when and from what a snapshot was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT_VERSION`] of the program that wrote it.
    pub format_version: u32,
    /// A short name for people, such as `embedded 2024-12-03` or `mainnet 23426354`.
    pub label: String,
    /// Chain id; 1 is Ethereum mainnet.
    pub chain_id: u64,
    /// The block, where the figures were read at one.
    pub block: Option<u64>,
    /// The block's hash, `0x` and 64 digits.
    pub block_hash: Option<String>,
    /// Seconds since 1970 UTC of the block, or the date of the figures.
    pub timestamp: u64,
    /// Version that the protocol's registry states, such as `1.13.0`.
    pub protocol_version: Option<String>,
    /// Program that wrote the snapshot and its version.
    pub program: String,
    /// Where the rows came from, with the outcome of each attempt.
    pub sources: Vec<Source>,
    /// One entry a table, in the order of the format.
    pub tables: Vec<TableEntry>,
    /// SHA-256 over the identity of the state (chain, block, version) and its tables, as 64
    /// hexadecimal digits. Sources, label and the tables of side sources are outside it: the same
    /// block pulled twice has the same hash.
    pub content_hash: String,
}

/// One place where figures came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What it gave: `operators and delegated stake`.
    pub what: String,
    /// Who says so: a repository and commit, a contract, an interface.
    pub source: String,
    /// Date of the figures or of the request, `YYYY-MM-DD` or `YYYY-MM-DDThh:mm:ssZ`.
    pub date: String,
    /// Address asked, without any key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// How it went.
    pub outcome: Outcome,
}

/// How asking a source went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It answered and its figures are in the tables.
    Complete,
    /// Some of it is missing; the text says what.
    Partial(String),
    /// It gave nothing; the text says why.
    Failed(String),
    /// It was not asked.
    Skipped,
}

/// One table of the format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableEntry {
    /// Name; the file is `NAME.parquet`.
    pub name: String,
    /// Rows.
    pub rows: u64,
    /// SHA-256 of the rows in canonical form (not of the file), 64 hexadecimal digits.
    pub sha256: String,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// SHA-256 of the file, 64 hexadecimal digits.
    pub file_sha256: String,
}

/// A contract that the figures rest on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contract {
    /// Name as the protocol writes it, `AllocationManager`; an oracle is `feed ETH/USD`.
    pub name: String,
    /// Its address (the proxy's, where there is one).
    pub address: Address,
    /// Who says so, with the commit.
    pub source: String,
    /// Date of that statement.
    pub date: String,
}
