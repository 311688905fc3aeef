//! Shards of one simulation, put together: the same rows as one run, in any order of the shards.

use crate::tables::{Column, Table, TablesError, read_columns};
use std::path::{Path, PathBuf};

/// Why shards cannot be merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// A shard cannot be read.
    #[error(transparent)]
    Read(#[from] TablesError),
    /// A file is a table, but not of paths.
    #[error("{} is not a shard: it has no paths", .file.display())]
    NotAShard {
        /// The file.
        file: PathBuf,
    },
    /// Two shards come from different simulations.
    #[error("{} and {} are shards of different simulations: `{key}` differs", .one.display(), .other.display())]
    Different {
        /// One shard.
        one: PathBuf,
        /// The other.
        other: PathBuf,
        /// What differs.
        key: String,
    },
    /// The paths do not follow each other.
    #[error("paths {from}..{to} are {what} between {} and {}", .one.display(), .other.display())]
    Gap {
        /// First path concerned.
        from: u64,
        /// One past the last.
        to: u64,
        /// `missing` or `there twice`.
        what: &'static str,
        /// The shard before.
        one: PathBuf,
        /// The shard after.
        other: PathBuf,
    },
}

/// Reads the shards and puts their rows in the order of the paths.
///
/// # Errors
/// When a file cannot be read, the shards do not belong together, or a path is missing or there
/// twice.
pub fn merge_ensembles(files: &[PathBuf]) -> Result<Table, MergeError> {
    let mut shards: Vec<(u64, u64, &PathBuf, Table)> = Vec::new();
    for file in files {
        let table = read_columns(file)?;
        match table.column("path") {
            Some(Column::U64(paths)) if !paths.is_empty() => {
                shards.push((paths[0], paths[paths.len() - 1] + 1, file, table));
            }
            _ => return Err(MergeError::NotAShard { file: file.clone() }),
        }
    }
    shards.sort_by_key(|(first, end, ..)| (*first, *end));
    let mut shards = shards.into_iter();
    let Some((_, mut end, mut last, mut whole)) = shards.next() else {
        return Ok(Table::default());
    };
    for (first, next_end, file, table) in shards {
        same_simulation(&whole, last, &table, file)?;
        if first != end {
            let (what, from, to) = if first > end {
                ("missing", end, first)
            } else {
                ("there twice", first, end)
            };
            return Err(MergeError::Gap {
                from,
                to,
                what,
                one: last.clone(),
                other: file.clone(),
            });
        }
        for ((_, mine), (_, theirs)) in whole.columns.iter_mut().zip(table.columns) {
            append(mine, theirs);
        }
        (end, last) = (next_end, file);
    }
    Ok(whole)
}

fn same_simulation(
    one: &Table,
    one_file: &Path,
    other: &Table,
    other_file: &Path,
) -> Result<(), MergeError> {
    let different = |key: &str| MergeError::Different {
        one: one_file.to_owned(),
        other: other_file.to_owned(),
        key: key.to_owned(),
    };
    for (key, value) in &one.metadata {
        if other.value(key) != Some(value) {
            return Err(different(key));
        }
    }
    let names = |table: &Table| -> Vec<(String, std::mem::Discriminant<Column>)> {
        table
            .columns
            .iter()
            .map(|(name, column)| (name.clone(), std::mem::discriminant(column)))
            .collect()
    };
    if names(one) != names(other) {
        return Err(different("columns"));
    }
    Ok(())
}

fn append(mine: &mut Column, theirs: Column) {
    match (mine, theirs) {
        (Column::F64(a), Column::F64(b)) => a.extend(b),
        (Column::U32(a), Column::U32(b)) => a.extend(b),
        (Column::U64(a), Column::U64(b)) => a.extend(b),
        (Column::I64(a), Column::I64(b)) => a.extend(b),
        (Column::Bool(a), Column::Bool(b)) => a.extend(b),
        (Column::Text(a), Column::Text(b)) => a.extend(b),
        (Column::OptionalF64(a), Column::OptionalF64(b)) => a.extend(b),
        (Column::OptionalU32(a), Column::OptionalU32(b)) => a.extend(b),
        (Column::OptionalU64(a), Column::OptionalU64(b)) => a.extend(b),
        (Column::OptionalText(a), Column::OptionalText(b)) => a.extend(b),
        (mine, theirs) => unreachable!("columns of one type: {mine:?} and {theirs:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::write_columns;
    use std::path::Path;

    fn shard(folder: &Path, name: &str, paths: std::ops::Range<u64>, seed: &str) -> PathBuf {
        let file = folder.join(name);
        let values: Vec<f64> = paths.clone().map(|path| path as f64 * 0.5).collect();
        write_columns(
            &file,
            vec![
                ("path", Column::U64(paths.collect())),
                ("x_usd", Column::F64(values)),
            ],
            &[("command_seed", seed.to_owned())],
        )
        .expect("writes");
        file
    }

    #[test]
    fn shards_merge_in_any_order_to_the_same_rows() {
        let folder = tempfile::tempdir().expect("a folder");
        let (a, b, c) = (
            shard(folder.path(), "a", 0..10, "7"),
            shard(folder.path(), "b", 10..15, "7"),
            shard(folder.path(), "c", 15..40, "7"),
        );
        let whole = merge_ensembles(&[a.clone(), b.clone(), c.clone()]).expect("merges");
        assert_eq!(whole.rows(), 40);
        assert_eq!(merge_ensembles(&[c, a, b]).expect("merges"), whole);
    }

    #[test]
    fn what_does_not_belong_together_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let a = shard(folder.path(), "a", 0..10, "7");
        let late = shard(folder.path(), "late", 12..15, "7");
        let other = shard(folder.path(), "other", 10..15, "8");
        let check = |files: &[&PathBuf], expected: &str| {
            let files: Vec<PathBuf> = files.iter().map(|file| (*file).clone()).collect();
            let error = merge_ensembles(&files).expect_err("an error").to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(&[&a, &late], "paths 10..12 are missing");
        check(&[&a, &a], "paths 0..10 are there twice");
        check(&[&a, &other], "command_seed");
    }
}
