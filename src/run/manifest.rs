//! What a run was: enough to do it again and to see that nothing changed since.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Version of the run folder's format.
pub const FORMAT: u32 = 1;

/// `manifest.json` of a run folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the folder's format.
    pub format: u32,
    /// The folder's name.
    pub run_id: String,
    /// Version of the program.
    pub version: String,
    /// Command that repeats the run.
    pub command: String,
    /// Seed of the random streams.
    pub seed: u64,
    /// Paths simulated.
    pub paths: u64,
    /// Threads used; the results do not depend on it.
    pub threads: usize,
    /// The model file's name.
    pub model_file: String,
    /// SHA-256 of the model file's text.
    pub model_sha256: String,
    /// The snapshot that the run rests on.
    pub snapshot: SnapshotStamp,
    /// When the run began, UTC.
    pub started_at: String,
    /// Wall time, seconds. This and `started_at` are the only fields that differ between two equal runs.
    pub wall_seconds: f64,
    /// Every other file of the folder with its hash.
    pub files: Vec<FileEntry>,
}

/// Which snapshot a run rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SnapshotStamp {
    /// Its label, such as `embedded 2024-12-03`.
    pub label: String,
    /// Its content hash.
    pub content_sha256: String,
    /// Whether operators' stake in it is reconstructed.
    pub reconstructed: bool,
}

/// One file of a run folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Path inside the folder.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the content.
    pub sha256: String,
}

/// SHA-256 as lower-case hex.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes)
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            write!(text, "{byte:02x}").expect("writing to a String cannot fail");
            text
        })
}

/// A name for the run: the model's name and a short hash of everything that decides the result,
/// so that the same run has the same name.
#[must_use]
pub fn run_id(model_name: &str, deciding: &[&str]) -> String {
    let slug: String = model_name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    let slug = slug
        .split('-')
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-");
    let slug = if slug.is_empty() {
        "run".to_owned()
    } else {
        slug.chars().take(48).collect()
    };
    let hash = sha256_hex(deciding.join("\n").as_bytes());
    format!("{slug}-{}", &hash[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_sha256() {
        assert_eq!(
            sha256_hex(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn a_run_id_is_a_file_name_and_depends_on_what_decides() {
        let check = |name: &str, expected: &str| {
            let id = run_id(name, &["a", "b"]);
            assert!(id.starts_with(expected), "{id}");
            assert!(
                id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'),
                "{id}"
            );
        };
        check("User security", "user-security-");
        check("../../etc", "etc-");
        check("é", "run-");
        assert_ne!(run_id("x", &["a", "b"]), run_id("x", &["a", "c"]));
        assert_eq!(run_id("x", &["a", "b"]), run_id("x", &["a", "b"]));
    }
}
