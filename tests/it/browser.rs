//! The report as a reader sees it: opened in a real browser.

use std::path::Path;
use std::process::Command;

/// The browser, or why the test is skipped. With `STAKEWRIGHT_FULL` a missing browser fails.
fn browser() -> Option<String> {
    let found = std::env::var("STAKEWRIGHT_BROWSER").ok().or_else(|| {
        ["chromium", "google-chrome"]
            .into_iter()
            .find(|name| Command::new(name).arg("--version").output().is_ok())
            .map(str::to_owned)
    });
    if found.is_none() {
        assert!(
            std::env::var_os("STAKEWRIGHT_FULL").is_none(),
            "no browser, and STAKEWRIGHT_FULL is set"
        );
        eprintln!("skipped: no Chromium (set STAKEWRIGHT_BROWSER)");
    }
    found
}

fn chromium(browser: &str, profile: &Path, arguments: &[&str]) -> String {
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "slow: runs the program and a browser"]
fn slow_the_report_opens_in_a_browser() {
    let Some(browser) = browser() else { return };
    let folder = tempfile::tempdir().unwrap();
    let run = super::cli::stakewright()
        .args([
            "run",
            "models/user-security.toml",
            "--paths",
            "2000",
            "--format",
            "json",
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
    let url = format!("file://{}", place.join("report.html").display());
    let profile = tempfile::tempdir().unwrap();

    let page = chromium(&browser, profile.path(), &["--dump-dom", &url]);
    assert!(page.matches("<svg").count() >= 6, "fewer than six figures");
    assert!(page.contains("User security"), "the title is missing");
    for bad in ["NaN", "undefined", "Infinity", ">inf<"] {
        assert!(!page.contains(bad), "{bad} on the page");
    }
    for (name, width) in [("desktop", 1280), ("phone", 390)] {
        let picture = folder.path().join(format!("{name}.png"));
        chromium(
            &browser,
            profile.path(),
            &[
                &format!("--screenshot={}", picture.display()),
                &format!("--window-size={width},3000"),
                &url,
            ],
        );
        assert!(
            std::fs::metadata(&picture).unwrap().len() > 50_000,
            "{name}: an empty picture"
        );
    }
}
