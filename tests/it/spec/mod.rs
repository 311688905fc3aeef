//! The model file: what is read from it, and what a faulty one gets.

mod bad;
pub mod fixture;
mod meaning;
mod models;

use std::path::Path;

/// A file that is written by the program and committed. `STAKEWRIGHT_WRITE=1` writes it anew.
fn fresh(path: &Path, text: &str) {
    if std::env::var_os("STAKEWRIGHT_WRITE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == text,
        "{} is stale; `STAKEWRIGHT_WRITE=1 cargo test` writes it. It should be:\n{text}",
        path.display()
    );
}
