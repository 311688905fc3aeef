//! Faulty model files and what they get. Each file of `tests/spec_bad` has its rendering beside it.

use super::fixture::snapshot;
use stakewright::spec::{Draft, ErrorKind, SpecErrors};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spec_bad")
}

fn faults(path: &Path) -> SpecErrors {
    let text = std::fs::read_to_string(path).unwrap();
    let name = format!(
        "tests/spec_bad/{}",
        path.file_name().unwrap().to_str().unwrap()
    );
    // Lists are looked for beside the model; paths in errors are relative to the repository.
    let read =
        |place: &Path| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(place));
    let checked = Draft::parse(&text, &name).and_then(|draft| draft.check_with(&snapshot(), &read));
    checked
        .err()
        .unwrap_or_else(|| panic!("{name} has no fault"))
}

fn files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    files
}

#[test]
fn each_faulty_file_gets_its_errors() {
    assert!(files().len() >= 14);
    for path in files() {
        super::fresh(&path.with_extension("txt"), &faults(&path).render());
    }
}

#[test]
fn every_rule_is_broken_somewhere() {
    let seen: BTreeSet<ErrorKind> = files()
        .iter()
        .flat_map(|path| faults(path).errors)
        .map(|e| e.kind)
        .collect();
    let missing: Vec<_> = ErrorKind::ALL
        .iter()
        .filter(|kind| !seen.contains(kind))
        .collect();
    assert!(missing.is_empty(), "no faulty file for {missing:?}");
}

/// What an error owes to its reader, whatever it is about.
#[test]
fn every_error_is_lowercase_has_a_place_and_says_what_would_be_right() {
    for path in files() {
        for error in faults(&path).errors {
            let first = error.message.chars().next().unwrap();
            assert!(
                !first.is_uppercase(),
                "{}: {}",
                path.display(),
                error.message
            );
            assert!(
                !error.message.ends_with('.'),
                "{}: {}",
                path.display(),
                error.message
            );
            let helped = error.help.is_some() || error.kind == ErrorKind::Syntax;
            assert!(helped, "{}: {} has no help", path.display(), error.message);
            assert!(error.source_text().get(error.span.clone()).is_some());
        }
    }
}

/// The renderer of the terminal and ours name the same faults.
#[test]
fn errors_are_diagnostics() {
    let errors = faults(&folder().join("everything.toml"));
    let diagnostic: &dyn miette::Diagnostic = &errors;
    let related: Vec<String> = diagnostic
        .related()
        .unwrap()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        related,
        errors
            .errors
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    );
    let first = diagnostic.related().unwrap().next().unwrap();
    assert!(first.code().is_some() && first.labels().is_some() && first.source_code().is_some());
}
