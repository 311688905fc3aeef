//! What most commands begin with: a snapshot, a checked model, a pool of threads.

use super::args::PlayArgs;
use super::error::CliError;
use super::exit::Exit;
use crate::run::{MODEL_FILE, MODEL_FOLDER, SnapshotStamp, sha256_hex};
use crate::snapshot::Snapshot;
use crate::spec::{Draft, Model, SpecErrors};
use crate::tables;
use std::path::{Path, PathBuf};

/// A snapshot and how to cite it.
pub struct Loaded {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// Its label, hash and whether anything in it is reconstructed.
    pub stamp: SnapshotStamp,
}

/// A checked model and how to cite it.
pub struct LoadedModel {
    /// The model.
    pub model: Model,
    /// The file's name, as given.
    pub file: String,
    /// SHA-256 of the file's text.
    pub sha256: String,
    /// The text itself.
    pub text: String,
    /// Files that the model names.
    pub beside: Vec<PathBuf>,
}

/// Reads a snapshot's folder, or the embedded snapshot when none is named.
pub fn snapshot(folder: Option<&Path>) -> Result<Loaded, CliError> {
    let snapshot = match folder {
        Some(folder) => tables::read(folder),
        None => tables::embedded(),
    }
    .map_err(|error| {
        CliError::new(
            Exit::Data,
            &error,
            "pull the snapshot again with `stakewright pull`, or leave out --snapshot to use the embedded one",
        )
    })?;
    let stamp = SnapshotStamp {
        label: snapshot.manifest.label.clone(),
        content_sha256: snapshot.manifest.content_hash.clone(),
        reconstructed: snapshot.has_reconstructed_stake(),
    };
    Ok(Loaded { snapshot, stamp })
}

/// Reads and checks a model file.
pub fn model(path: &Path, snapshot: &Snapshot) -> Result<LoadedModel, CliError> {
    let text =
        std::fs::read_to_string(path).map_err(|error| CliError::file("read", path, &error))?;
    let file = path.display().to_string();
    let draft = Draft::parse(&text, &file).map_err(|errors| spec_error(&errors))?;
    let model = draft
        .check(snapshot)
        .map_err(|errors| spec_error(&errors))?;
    Ok(LoadedModel {
        model,
        sha256: sha256_hex(text.as_bytes()),
        beside: draft.files(),
        file,
        text,
    })
}

/// The model of a run's folder: files that it names stand beside it under their bare names.
pub fn model_of_run(folder: &Path, snapshot: &Snapshot) -> Result<Model, CliError> {
    let path = folder.join(MODEL_FILE);
    let text = std::fs::read_to_string(&path)
        .map_err(|error| CliError::file("read", path.as_path(), &error))?;
    let draft =
        Draft::parse(&text, &path.display().to_string()).map_err(|errors| spec_error(&errors))?;
    let read = |path: &Path| {
        let name = path.file_name().unwrap_or_default();
        std::fs::read_to_string(folder.join(MODEL_FOLDER).join(name))
    };
    draft
        .check_with(snapshot, &read)
        .map_err(|errors| spec_error(&errors))
}

/// Renders every error of a model file, and counts them.
pub fn spec_error(errors: &SpecErrors) -> CliError {
    CliError {
        exit: Exit::Model,
        message: errors.render(),
    }
}

/// Runs `work` on the number of threads asked for.
pub fn on_threads<T: Send>(
    play: &PlayArgs,
    work: impl FnOnce() -> T + Send,
) -> Result<T, CliError> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(play.threads)
        .build()
        .map_err(|error| {
            CliError::new(Exit::Data, &error, "ask for fewer threads with --threads")
        })?;
    Ok(pool.install(work))
}

/// The number of threads that `--threads` means.
pub fn thread_count(play: &PlayArgs) -> usize {
    if play.threads > 0 {
        play.threads
    } else {
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
    }
}
