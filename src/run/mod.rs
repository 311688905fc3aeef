//! The run folder: the only place that writes `reports/<run-id>/`, whole or not at all.

mod folder;
mod manifest;

pub use folder::{Artifact, RunError, RunFolder};
pub use manifest::{FileEntry, Manifest, SnapshotStamp, run_id, sha256_hex};
