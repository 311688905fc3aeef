//! Writes a folder to the side and renames it into place.

use super::manifest::{FileEntry, Manifest, sha256_hex};
use crate::export::Artifact;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Why a run folder could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The folder that holds the runs cannot be made or written.
    #[error("cannot write runs into {}", .root.display())]
    Root {
        /// The folder.
        root: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// One file cannot be written.
    #[error("cannot write {}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// The finished folder cannot be moved into place.
    #[error("cannot move the finished run to {}", .path.display())]
    Place {
        /// Where it should be.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// A file name would leave the folder.
    #[error("{path:?} is not a path inside the run folder")]
    Outside {
        /// The name.
        path: String,
    },
    /// The place is taken by something that is not a run folder.
    #[error("{} exists and is not a folder of an earlier run", .path.display())]
    Taken {
        /// The place.
        path: PathBuf,
    },
}

/// A run folder in the making. Opened before the long work, so that a place that cannot be
/// written is known at once; dropped without [`RunFolder::finish`], it leaves nothing behind.
#[derive(Debug)]
pub struct RunFolder {
    side: tempfile::TempDir,
    place: PathBuf,
    files: Vec<FileEntry>,
}

impl RunFolder {
    /// Opens a folder that will stand at `root/run_id`.
    ///
    /// # Errors
    /// When the root cannot be made or written, or the place is taken by something else.
    pub fn open(root: &Path, run_id: &str) -> Result<Self, RunError> {
        let place = root.join(run_id);
        Self::open_at(&place)
    }

    /// Opens a folder that will stand at `place`.
    ///
    /// # Errors
    /// As [`RunFolder::open`].
    pub fn open_at(place: &Path) -> Result<Self, RunError> {
        let parent = match place.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let root_error = |source| RunError::Root {
            root: parent.to_owned(),
            source,
        };
        if place.exists() && !is_replaceable(place) {
            return Err(RunError::Taken {
                path: place.to_owned(),
            });
        }
        std::fs::create_dir_all(parent).map_err(root_error)?;
        let side = tempfile::Builder::new()
            .prefix(".stakewright-")
            .suffix(".tmp")
            .tempdir_in(parent)
            .map_err(root_error)?;
        Ok(Self {
            side,
            place: place.to_owned(),
            files: Vec::new(),
        })
    }

    /// Where the folder will stand.
    #[must_use]
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// Writes one file to the side.
    ///
    /// # Errors
    /// When the path leaves the folder or the file cannot be written.
    pub fn add(&mut self, artifact: &Artifact) -> Result<(), RunError> {
        let relative = Path::new(&artifact.path);
        let inside = relative
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if !inside || artifact.path.is_empty() {
            return Err(RunError::Outside {
                path: artifact.path.clone(),
            });
        }
        let path = self.side.path().join(relative);
        let write_error = |source| RunError::Write {
            path: self.place.join(relative),
            source,
        };
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(write_error)?;
        }
        std::fs::write(&path, &artifact.bytes).map_err(write_error)?;
        self.files.push(FileEntry {
            path: artifact.path.clone(),
            bytes: artifact.bytes.len() as u64,
            sha256: sha256_hex(&artifact.bytes),
        });
        Ok(())
    }

    /// Writes the manifest and moves the folder into place, replacing an earlier run of the same name.
    ///
    /// # Errors
    /// When the manifest cannot be written or the folder cannot be moved.
    pub fn finish(mut self, mut manifest: Manifest) -> Result<PathBuf, RunError> {
        manifest.files = std::mem::take(&mut self.files);
        let mut text = serde_json::to_string_pretty(&manifest)
            .expect("a manifest is plain data and serialises");
        text.push('\n');
        self.add(&Artifact {
            path: "manifest.json".to_owned(),
            bytes: text.into_bytes(),
        })?;
        self.place_whole()
    }

    /// Moves the folder into place without a manifest of a run (exports into a folder of their own).
    ///
    /// # Errors
    /// When the folder cannot be moved.
    pub fn place_whole(self) -> Result<PathBuf, RunError> {
        let Self { side, place, .. } = self;
        let place_error = |source| RunError::Place {
            path: place.clone(),
            source,
        };
        // A temporary folder is private to its owner; a report is meant to be shared.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(side.path(), std::fs::Permissions::from_mode(0o755))
                .map_err(place_error)?;
        }
        let parent = side
            .path()
            .parent()
            .map_or_else(|| PathBuf::from("."), Path::to_owned);
        let earlier = if place.exists() {
            let aside = tempfile::Builder::new()
                .prefix(".stakewright-")
                .suffix(".old.tmp")
                .tempdir_in(parent)
                .map_err(place_error)?;
            std::fs::rename(&place, aside.path().join("run")).map_err(place_error)?;
            Some(aside)
        } else {
            None
        };
        if let Err(source) = std::fs::rename(side.path(), &place) {
            if let Some(aside) = earlier {
                // Put the earlier run back: a failed replacement must not lose it.
                let _ = std::fs::rename(aside.path().join("run"), &place);
            }
            return Err(place_error(source));
        }
        // The folder moved away: there is nothing left for the guard to remove.
        let _ = side.keep();
        Ok(place)
    }
}

/// An empty folder, or one that a run or an export of ours made.
fn is_replaceable(place: &Path) -> bool {
    place.is_dir()
        && (place.join("manifest.json").is_file()
            || std::fs::read_dir(place).is_ok_and(|mut entries| entries.next().is_none()))
}

#[cfg(test)]
mod tests {
    use super::super::manifest::{FORMAT, SnapshotStamp};
    use super::*;

    fn text(path: &str, text: &str) -> Artifact {
        Artifact {
            path: path.to_owned(),
            bytes: text.as_bytes().to_vec(),
        }
    }

    fn manifest(id: &str) -> Manifest {
        Manifest {
            format: FORMAT,
            run_id: id.to_owned(),
            version: "0.0.0".to_owned(),
            command: "stakewright run".to_owned(),
            seed: 1,
            paths: 2,
            threads: 1,
            model_file: "m.toml".to_owned(),
            model_sha256: String::new(),
            snapshot: SnapshotStamp {
                label: "test".to_owned(),
                content_sha256: String::new(),
                reconstructed: false,
            },
            started_at: String::new(),
            wall_seconds: 0.0,
            files: Vec::new(),
        }
    }

    fn entries(path: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(path)
            .expect("the folder exists")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_finished_folder_is_whole_and_lists_its_files() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let mut folder = RunFolder::open(root.path(), "a").expect("opens");
        folder
            .add(&text("figures/x.svg", "<svg/>"))
            .expect("writes");
        let place = folder.finish(manifest("a")).expect("finishes");
        assert_eq!(entries(&place), ["figures", "manifest.json"]);
        let text = std::fs::read_to_string(place.join("manifest.json")).expect("reads");
        let read: Manifest = serde_json::from_str(&text).expect("parses");
        assert_eq!(read.files[0].path, "figures/x.svg");
        assert_eq!(read.files[0].sha256, sha256_hex(b"<svg/>"));
        assert_eq!(entries(root.path()), ["a"]);
    }

    #[test]
    fn an_abandoned_folder_leaves_nothing() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let mut folder = RunFolder::open(root.path(), "a").expect("opens");
        folder.add(&text("x", "y")).expect("writes");
        drop(folder);
        assert!(entries(root.path()).is_empty());
    }

    #[test]
    fn a_second_run_replaces_the_first_and_nothing_else() {
        let root = tempfile::tempdir().expect("a temporary folder");
        for content in ["first", "second"] {
            let mut folder = RunFolder::open(root.path(), "a").expect("opens");
            folder.add(&text("x", content)).expect("writes");
            folder.finish(manifest("a")).expect("finishes");
        }
        let text = std::fs::read_to_string(root.path().join("a/x")).expect("reads");
        assert_eq!(text, "second");
        assert_eq!(entries(root.path()), ["a"]);
        std::fs::create_dir(root.path().join("mine")).expect("makes");
        std::fs::write(root.path().join("mine/thesis.txt"), "years").expect("writes");
        assert!(matches!(
            RunFolder::open(root.path(), "mine"),
            Err(RunError::Taken { .. })
        ));
    }

    #[test]
    fn a_path_cannot_leave_the_folder() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let mut folder = RunFolder::open(root.path(), "a").expect("opens");
        for path in ["../x", "/x", "", "a/../../x"] {
            let result = folder.add(&text(path, ""));
            assert!(matches!(result, Err(RunError::Outside { .. })), "{path}");
        }
    }
}
