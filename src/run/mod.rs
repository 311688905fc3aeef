//! The run folder: the only place that writes `reports/<run-id>/`, whole or not at all.

mod deployment;
mod ensemble;
mod findings;
mod folder;
mod incidents;
mod manifest;
mod merge;

pub use deployment::{Addresses, DeploymentError, config_entries, deployment};
pub use ensemble::ensemble_columns;
pub use findings::{Subject, findings};
pub use folder::{RunError, RunFolder};
pub use incidents::incident_columns;
pub use manifest::{FORMAT, FileEntry, Manifest, SnapshotStamp, run_id, sha256_hex};
pub use merge::{MergeError, merge_ensembles};
