//! Snapshot and ensemble to and from Parquet.
//!
//! A snapshot is a folder: `manifest.json` and one Parquet file a table, written to the side and
//! renamed into place. Reading checks the format version, the length and hash of every file, the
//! hash of every table's rows, the content hash, and that the tables fit together. Column names
//! carry units; rows name each other by `operator_index`, `asset_index`, `avs_index`, `set_index`.

mod build;
mod cells;
mod columns;
mod embedded;
mod error;
mod hash;
mod schema;

pub use build::build_embedded;
pub use columns::{Column, Table, encode as encode_columns, read_columns, write_columns};
pub use embedded::embedded;
pub use error::TablesError;
pub use hash::content_hash;

use crate::snapshot::{FORMAT_VERSION, Manifest, Snapshot, TableEntry};
use schema::{Origin, TABLES};
use std::borrow::Cow;
use std::path::Path;

const MANIFEST: &str = "manifest.json";

/// Reads a snapshot from its folder and checks all of it.
///
/// # Errors
/// When a file is missing, cut off, changed, of another version, or the tables do not fit together;
/// the error names the file.
pub fn read(folder: &Path) -> Result<Snapshot, TablesError> {
    read_from(folder, |name| {
        let path = folder.join(name);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(Cow::Owned(bytes))),
            Err(e)
                if matches!(
                    e.kind(),
                    std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(None)
            }
            Err(source) => Err(TablesError::Io {
                action: "read",
                path,
                source,
            }),
        }
    })
}

/// Whether a snapshot can be written into a folder: asked before the work, not after it.
///
/// # Errors
/// When the folder holds something else, or nothing can be made beside it.
pub fn can_write(folder: &Path) -> Result<(), TablesError> {
    if is_occupied(folder) && !folder.join(MANIFEST).is_file() {
        return Err(TablesError::Occupied(folder.into()));
    }
    let parent = parent_of(folder);
    std::fs::create_dir_all(parent).map_err(TablesError::io("create", parent))?;
    tempfile::Builder::new()
        .prefix(".writing-")
        .tempdir_in(parent)
        .map_err(TablesError::io("write in", parent))?;
    Ok(())
}

/// Writes a snapshot into a folder, whole or not at all, and gives back the manifest as written. A
/// snapshot that is already there is replaced; anything else is left alone.
///
/// # Errors
/// When the tables do not fit together, the folder holds something else, or the disk refuses.
pub fn write(folder: &Path, snapshot: &Snapshot) -> Result<Manifest, TablesError> {
    fits_together(folder, snapshot)?;
    let (manifest, files) = encode(folder, snapshot)?;
    let parent = parent_of(folder);
    std::fs::create_dir_all(parent).map_err(TablesError::io("create", parent))?;
    let side = tempfile::Builder::new()
        .prefix(".writing-")
        .tempdir_in(parent)
        .map_err(TablesError::io("write in", parent))?;
    // The temporary folder is private; the one inside it gets the usual permissions.
    let written = side.path().join("snapshot");
    std::fs::create_dir(&written).map_err(TablesError::io("create", &written))?;
    for (name, bytes) in &files {
        write_file(&written.join(name), bytes)?;
    }
    let again = read(&written)?;
    assert_eq!(
        again.manifest.content_hash, manifest.content_hash,
        "the tables just written read back otherwise"
    );
    put_in_place(&written, parent, folder)?;
    Ok(manifest)
}

/// A manifest, and files by name.
pub(crate) type Encoded = (Manifest, Vec<(String, Vec<u8>)>);

/// The files of a snapshot: the manifest as it will be, and every file with its bytes.
///
/// # Errors
/// When a table cannot be put into Parquet.
pub(crate) fn encode(folder: &Path, snapshot: &Snapshot) -> Result<Encoded, TablesError> {
    let mut files = Vec::new();
    let mut entries = Vec::new();
    let mut state_hashes = Vec::new();
    for (table, origin) in TABLES {
        let columns = schema::columns(snapshot, table);
        let rows = columns[0].1.len() as u64;
        let sha256 = hash::table_hash(&columns);
        if origin == Origin::State {
            state_hashes.push(sha256.clone());
        }
        let name = schema::file_name(table);
        let footer = [
            ("stakewright.table", table.to_owned()),
            ("stakewright.format_version", FORMAT_VERSION.to_string()),
            ("stakewright.sha256", sha256.clone()),
        ];
        let bytes = columns::encode(&folder.join(&name), columns, &footer)?;
        entries.push(TableEntry {
            name: table.to_owned(),
            rows,
            sha256,
            file_bytes: bytes.len() as u64,
            file_sha256: hash::sha256(&bytes),
        });
        files.push((name, bytes));
    }
    let manifest = Manifest {
        format_version: FORMAT_VERSION,
        tables: entries,
        content_hash: hash::content_hash_of(snapshot, &state_hashes),
        ..snapshot.manifest.clone()
    };
    let mut text = serde_json::to_string_pretty(&manifest)
        .expect("a manifest has text keys and finite numbers");
    text.push('\n');
    files.push((MANIFEST.to_owned(), text.into_bytes()));
    Ok((manifest, files))
}

/// Reads a snapshot whose files are given by name; `folder` is for errors.
fn read_from<'a>(
    folder: &Path,
    file: impl Fn(&str) -> Result<Option<Cow<'a, [u8]>>, TablesError>,
) -> Result<Snapshot, TablesError> {
    let path = folder.join(MANIFEST);
    let bytes = file(MANIFEST)?.ok_or_else(|| TablesError::NoManifest(folder.into()))?;
    let manifest = read_manifest(&path, &bytes)?;
    let mut snapshot = Snapshot {
        manifest,
        ..Snapshot::default()
    };
    for (entry, (table, _)) in snapshot.manifest.tables.clone().iter().zip(TABLES) {
        let path = folder.join(schema::file_name(table));
        let bytes =
            file(&schema::file_name(table))?.ok_or_else(|| TablesError::Missing(path.clone()))?;
        check_file(&path, entry, &bytes)?;
        let content = columns::decode(&path, bytes)?;
        schema::fill(&mut snapshot, table, content).map_err(|problem| TablesError::Column {
            file: path,
            problem,
        })?;
    }
    check_hashes(folder, &snapshot)?;
    fits_together(folder, &snapshot)?;
    Ok(snapshot)
}

/// The version is looked at first: another version may have another shape.
fn read_manifest(path: &Path, bytes: &[u8]) -> Result<Manifest, TablesError> {
    #[derive(serde::Deserialize)]
    struct Versioned {
        format_version: u32,
    }
    let problem = |e: serde_json::Error| TablesError::Manifest {
        file: path.into(),
        problem: e.to_string(),
    };
    let Versioned {
        format_version: found,
    } = serde_json::from_slice(bytes).map_err(problem)?;
    if found != FORMAT_VERSION {
        return Err(TablesError::Version {
            file: path.into(),
            found,
            supported: FORMAT_VERSION,
        });
    }
    let manifest: Manifest = serde_json::from_slice(bytes).map_err(problem)?;
    let names: Vec<&str> = manifest
        .tables
        .iter()
        .map(|entry| entry.name.as_str())
        .collect();
    let expected: Vec<&str> = TABLES.iter().map(|(name, _)| *name).collect();
    if names != expected {
        let problem = format!(
            "its tables are {}, and should be {}",
            names.join(", "),
            expected.join(", ")
        );
        return Err(TablesError::Manifest {
            file: path.into(),
            problem,
        });
    }
    Ok(manifest)
}

/// Nothing reaches the Parquet reader that is not byte for byte what was written.
fn check_file(path: &Path, entry: &TableEntry, bytes: &[u8]) -> Result<(), TablesError> {
    let found = bytes.len() as u64;
    if found != entry.file_bytes {
        return Err(TablesError::Length {
            file: path.into(),
            expected: entry.file_bytes,
            found,
        });
    }
    let found = hash::sha256(bytes);
    if found != entry.file_sha256 {
        return Err(TablesError::Hash {
            file: path.into(),
            expected: entry.file_sha256.clone(),
            found,
        });
    }
    Ok(())
}

fn check_hashes(folder: &Path, snapshot: &Snapshot) -> Result<(), TablesError> {
    let mut state_hashes = Vec::new();
    for (entry, (table, origin)) in snapshot.manifest.tables.iter().zip(TABLES) {
        let found = hash::table_hash(&schema::columns(snapshot, table));
        if found != entry.sha256 {
            let file = folder.join(schema::file_name(table));
            return Err(TablesError::Hash {
                file,
                expected: entry.sha256.clone(),
                found,
            });
        }
        if origin == Origin::State {
            state_hashes.push(found);
        }
    }
    let found = hash::content_hash_of(snapshot, &state_hashes);
    let expected = snapshot.manifest.content_hash.clone();
    if found != expected {
        return Err(TablesError::Hash {
            file: folder.join(MANIFEST),
            expected,
            found,
        });
    }
    Ok(())
}

fn fits_together(folder: &Path, snapshot: &Snapshot) -> Result<(), TablesError> {
    let mut problems = snapshot.check().into_iter();
    match problems.next() {
        None => Ok(()),
        Some(problem) => Err(TablesError::Inconsistent {
            folder: folder.into(),
            problem,
            others: problems.count(),
        }),
    }
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), TablesError> {
    use std::io::Write;
    let mut file = std::fs::File::create(path).map_err(TablesError::io("create", path))?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(TablesError::io("write", path))
}

/// Renames the finished folder to its name. A snapshot in the way steps aside first and is removed
/// after; it comes back if the rename fails.
fn put_in_place(written: &Path, parent: &Path, folder: &Path) -> Result<(), TablesError> {
    if !is_occupied(folder) {
        return std::fs::rename(written, folder).map_err(TablesError::io("rename into", folder));
    }
    if !folder.join(MANIFEST).is_file() {
        return Err(TablesError::Occupied(folder.into()));
    }
    let aside = tempfile::Builder::new()
        .prefix(".replaced-")
        .tempdir_in(parent)
        .map_err(TablesError::io("write in", parent))?;
    let old = aside.path().join("snapshot");
    std::fs::rename(folder, &old).map_err(TablesError::io("rename", folder))?;
    std::fs::rename(written, folder).map_err(|source| {
        // Should putting it back fail too, the old snapshot stays beside its place.
        if std::fs::rename(&old, folder).is_err() {
            let _kept = aside.keep();
        }
        TablesError::Io {
            action: "rename into",
            path: folder.into(),
            source,
        }
    })
}

fn parent_of(folder: &Path) -> &Path {
    folder
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

fn is_occupied(folder: &Path) -> bool {
    folder.symlink_metadata().is_ok() && !is_empty_folder(folder)
}

fn is_empty_folder(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}
