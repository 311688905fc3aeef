//! The run folder: the only place that writes `reports/<run-id>/`, whole or not at all.

pub mod decided;
mod deployment;
mod ensemble;
mod findings;
mod folder;
mod incidents;
mod manifest;
mod merge;
mod worlds;

pub use decided::Decided;
pub use deployment::{Addresses, DeploymentError, accounts_named, config_entries, deployment};
pub use ensemble::ensemble_columns;
pub use findings::{Subject, findings};
pub use folder::{RunError, RunFolder};
pub use incidents::incident_columns;
pub use manifest::{FORMAT, FileEntry, Manifest, SnapshotStamp, run_id, sha256_hex};
pub use merge::{MergeError, merge_ensembles};
pub use worlds::{WorldVerdict, WorldsVerdict, judge_table, promise_metadata, world_columns};

/// Folder inside a run that holds the model file and the files that it names.
pub const MODEL_FOLDER: &str = "model";
/// The model file inside a run, word for word.
pub const MODEL_FILE: &str = "model/model.toml";
