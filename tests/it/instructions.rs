//! What the engine executes, counted: a second is the machine's, an instruction is ours.
//!
//! `STAKEWRIGHT_BLESS=1` writes the committed baseline anew; docs/performance.md says why it moved.

use serde_json::{Map, Value, json};
use std::path::Path;
use std::process::Command;

const BASELINE: &str = "benches/instructions.json";
/// A form that executes more than this in units of its baseline fails.
const MOST: f64 = 1.05;
/// Paths of the two runs whose difference is counted: what a start costs falls out.
const PATHS: (u64, u64) = (256, 1_280);
const DAYS: f64 = 365.0;

/// Instructions of one run, start and all.
fn instructions(form: &str, paths: u64) -> f64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env!("CARGO_BIN_EXE_stakewright"))
        .args(["bench", "--once", form, "--paths", &paths.to_string()])
        // The widest form that valgrind knows.
        .env("STAKEWRIGHT_WIDTH", "avx2")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let counted = text
        .lines()
        .find_map(|line| line.split_once("Collected :"))
        .unwrap_or_else(|| panic!("no count in {text}"));
    counted.1.trim().parse().unwrap()
}

fn a_path_day(form: &str) -> f64 {
    let (few, many) = PATHS;
    (instructions(form, many) - instructions(form, few)) / ((many - few) as f64 * DAYS)
}

#[test]
#[ignore = "slow: runs the engine in valgrind"]
fn slow_the_engine_executes_no_more_than_it_did() {
    if Command::new("valgrind").arg("--version").output().is_err() {
        assert!(
            std::env::var_os("STAKEWRIGHT_FULL").is_none(),
            "no valgrind, and STAKEWRIGHT_FULL is set"
        );
        eprintln!("skipped: no valgrind");
        return;
    }
    let forms = ["unif", "coal", "cheapest", "full"];
    let counted: Vec<(&str, f64)> = forms.map(|form| (form, a_path_day(form))).to_vec();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(BASELINE);
    if std::env::var_os("STAKEWRIGHT_BLESS").is_some() {
        let all: Map<String, Value> = counted
            .iter()
            .map(|(form, count)| ((*form).to_owned(), json!((count * 10.0).round() / 10.0)))
            .collect();
        let text = serde_json::to_string_pretty(&json!({
            "instructions_per_path_day_avx2": all,
        }));
        std::fs::write(&file, text.unwrap() + "\n").unwrap();
    }
    let text = std::fs::read_to_string(&file).unwrap();
    let baseline: Value = serde_json::from_str(&text).unwrap();
    let mut worse = Vec::new();
    for (form, count) in &counted {
        let was = baseline["instructions_per_path_day_avx2"][form]
            .as_f64()
            .unwrap();
        let ratio = count / was;
        println!("{form:10} {count:8.1} instructions a path-day, {ratio:.3} of the baseline");
        if ratio > MOST {
            worse.push(format!("{form} {ratio:.3}"));
        }
    }
    assert!(
        worse.is_empty(),
        "more than {MOST} times the baseline: {worse:?}. Either it is a mistake, or explain it in \
         docs/performance.md and run this test with STAKEWRIGHT_BLESS=1"
    );
}
