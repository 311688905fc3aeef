//! What can go wrong between memory and a folder of tables. Every error names the file.

use crate::snapshot::Inconsistency;
use std::path::PathBuf;

/// Why a snapshot or a table could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TablesError {
    /// The folder has no manifest.
    #[error("`{}` is no snapshot: it has no manifest.json", .0.display())]
    NoManifest(PathBuf),
    /// The manifest is not what it should be.
    #[error("{}: not a manifest of a snapshot: {problem}", .file.display())]
    Manifest {
        /// The manifest.
        file: PathBuf,
        /// What the reader says, with line and column.
        problem: String,
    },
    /// Another version of the format.
    #[error(
        "{}: format version {found}, and this program reads version {supported}: \
         pull the snapshot again, or use the program that wrote it", .file.display()
    )]
    Version {
        /// The manifest.
        file: PathBuf,
        /// Version in the manifest.
        found: u32,
        /// Version that this program reads.
        supported: u32,
    },
    /// A table's file is not there.
    #[error("{}: missing: the snapshot is incomplete", .0.display())]
    Missing(PathBuf),
    /// A table's file has another length than its manifest states.
    #[error("{}: {found} bytes where the manifest states {expected}: cut off or changed", .file.display())]
    Length {
        /// The table's file.
        file: PathBuf,
        /// Bytes stated.
        expected: u64,
        /// Bytes there.
        found: u64,
    },
    /// A table, or the whole snapshot, does not match its hash.
    #[error("{}: sha-256 is {found} where the manifest states {expected}: the file was changed", .file.display())]
    Hash {
        /// The table's file, or the manifest for the content hash.
        file: PathBuf,
        /// Hash stated.
        expected: String,
        /// Hash of what is there.
        found: String,
    },
    /// A file that should be Parquet is not.
    #[error("{}: not a readable Parquet file: {problem}", .file.display())]
    Parquet {
        /// The file.
        file: PathBuf,
        /// What the reader says.
        problem: String,
    },
    /// A column is missing, extra, or of another type.
    #[error("{}: {problem}", .file.display())]
    Column {
        /// The table's file.
        file: PathBuf,
        /// Names the column.
        problem: String,
    },
    /// The tables contradict each other.
    #[error("{}: the tables do not fit together: {problem}{}", .folder.display(), more(*.others))]
    Inconsistent {
        /// The snapshot.
        folder: PathBuf,
        /// The first contradiction.
        problem: Inconsistency,
        /// How many more were found.
        others: usize,
    },
    /// A snapshot cannot be written over something else.
    #[error("`{}` exists and is no snapshot: choose another folder, or remove it", .0.display())]
    Occupied(PathBuf),
    /// The sources of the embedded snapshot are not as expected.
    #[error("{}, line {line}: {problem}", .file.display())]
    Source {
        /// The file.
        file: PathBuf,
        /// Line, counted from 1; 0 for the whole file.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// The operating system refused.
    #[error("{}: cannot {action}: {source}", .path.display())]
    Io {
        /// What was being done: `write`, `rename`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

fn more(others: usize) -> String {
    if others == 0 {
        String::new()
    } else {
        format!(" (and {others} more)")
    }
}

impl TablesError {
    pub(super) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}
