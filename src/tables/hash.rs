//! Hashes of content: equal for equal rows, whatever the Parquet writer does with its bytes.

use super::Column;
use super::schema::{Columns, Origin, TABLES, columns};
use crate::snapshot::Snapshot;
use sha2::{Digest, Sha256};

/// SHA-256 as 64 hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// The content hash of a snapshot: chain, block, block hash, time, protocol version, and every table
/// that states what was so at the block. Label, sources and tables of side sources are outside.
#[must_use]
pub fn content_hash(snapshot: &Snapshot) -> String {
    let hashes: Vec<String> = TABLES
        .iter()
        .filter(|(_, origin)| *origin == Origin::State)
        .map(|(table, _)| table_hash(&columns(snapshot, table)))
        .collect();
    content_hash_of(snapshot, &hashes)
}

/// The same, where the hashes of the tables of the state are known, in order.
pub(super) fn content_hash_of(snapshot: &Snapshot, table_hashes: &[String]) -> String {
    let m = &snapshot.manifest;
    let mut hash = Sha256::new();
    hash.update(b"stakewright snapshot 1\n");
    for part in [
        m.chain_id.to_string(),
        m.block.map_or_else(String::new, |b| b.to_string()),
        m.block_hash.clone().unwrap_or_default(),
        m.timestamp.to_string(),
        m.protocol_version.clone().unwrap_or_default(),
    ] {
        hash.update(part.as_bytes());
        hash.update(b"\n");
    }
    let state = TABLES.iter().filter(|(_, origin)| *origin == Origin::State);
    assert_eq!(
        state.clone().count(),
        table_hashes.len(),
        "one hash for each table of the state"
    );
    for ((table, _), table_hash) in state.zip(table_hashes) {
        hash.update(format!("{table} {table_hash}\n").as_bytes());
    }
    hexadecimal(&hash.finalize())
}

/// SHA-256 of the rows of a table: each column as its name, a zero byte, its number of rows and its
/// values. Numbers are eight bytes, least first; text is its length and its bytes; a value that may
/// be absent has one byte before it, 1 if it is there and 0 if not.
pub(super) fn table_hash(columns: &Columns) -> String {
    let mut bytes = Vec::new();
    for (name, column) in columns {
        bytes.extend_from_slice(name.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(&(column.len() as u64).to_le_bytes());
        column_bytes(column, &mut bytes);
    }
    sha256(&bytes)
}

fn column_bytes(column: &Column, bytes: &mut Vec<u8>) {
    fn number(value: u64, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    fn text(value: &str, bytes: &mut Vec<u8>) {
        number(value.len() as u64, bytes);
        bytes.extend_from_slice(value.as_bytes());
    }
    fn optional<T>(values: &[Option<T>], bytes: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
        for value in values {
            bytes.push(u8::from(value.is_some()));
            if let Some(value) = value {
                write(value, bytes);
            }
        }
    }
    match column {
        Column::F64(v) => v.iter().for_each(|x| number(x.to_bits(), bytes)),
        Column::U32(v) => v.iter().for_each(|&x| number(x.into(), bytes)),
        Column::U64(v) => v.iter().for_each(|&x| number(x, bytes)),
        Column::I64(v) => v.iter().for_each(|x| number(x.cast_unsigned(), bytes)),
        Column::Bool(v) => bytes.extend(v.iter().map(|&x| u8::from(x))),
        Column::Text(v) => v.iter().for_each(|x| text(x, bytes)),
        Column::OptionalF64(v) => optional(v, bytes, |x, b| number(x.to_bits(), b)),
        Column::OptionalU32(v) => optional(v, bytes, |&x, b| number(x.into(), b)),
        Column::OptionalU64(v) => optional(v, bytes, |&x, b| number(x, b)),
        Column::OptionalText(v) => optional(v, bytes, |x, b| text(x, b)),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
