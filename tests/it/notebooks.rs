//! The notebooks, executed on a fresh run.

use std::path::Path;
use std::process::Command;

#[test]
fn the_tour_runs_on_a_fresh_run() {
    let Some(python) = std::env::var_os("STAKEWRIGHT_PYTHON") else {
        assert!(
            std::env::var_os("STAKEWRIGHT_FULL").is_none(),
            "no STAKEWRIGHT_PYTHON, and STAKEWRIGHT_FULL is set"
        );
        eprintln!("skipped: set STAKEWRIGHT_PYTHON to a Python with notebooks/requirements.txt");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let run = super::cli::stakewright()
        .args([
            "run",
            "models/closed-form.toml",
            "--paths",
            "2000",
            "--quiet",
            "--out",
        ])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let place = std::fs::read_dir(folder.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let notebook = Path::new(env!("CARGO_MANIFEST_DIR")).join("notebooks/tour.ipynb");
    let script = "import sys, nbformat, nbclient\n\
        notebook = nbformat.read(sys.argv[1], as_version=4)\n\
        nbclient.NotebookClient(notebook, timeout=300, kernel_name='python3').execute()\n";
    let executed = Command::new(python)
        .args(["-c", script])
        .arg(notebook)
        .env("STAKEWRIGHT_RUN", place)
        .output()
        .unwrap();
    assert!(
        executed.status.success(),
        "{}",
        String::from_utf8_lossy(&executed.stderr)
    );
}
