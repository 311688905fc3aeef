//! The command line as the user types it.

use assert_cmd::cargo::CommandCargoExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// The program, in the repository's folder, as a newcomer runs it.
pub fn stakewright() -> Command {
    let mut command = Command::cargo_bin("stakewright").unwrap();
    command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("ETH_RPC_URL")
        .stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    stakewright().args(arguments).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stdout)))
}

/// The only folder inside `root`.
fn only_entry(root: &Path) -> std::path::PathBuf {
    let entries: Vec<_> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries[0].clone()
}

#[test]
fn help_teaches_every_command_by_an_example() {
    let help = run(&["--help"]);
    assert_eq!(code(&help), 0);
    let text = String::from_utf8(help.stdout).unwrap();
    let commands: Vec<&str> = text
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help" && *command != "exit-codes")
        .collect();
    assert!(commands.len() >= 8, "{commands:?}");
    for command in commands {
        let help = run(&[command, "--help"]);
        let text = String::from_utf8(help.stdout).unwrap();
        let needs_example = !["schema", "init"].contains(&command);
        assert!(
            !needs_example || text.contains("Example"),
            "{command} has no example:\n{text}"
        );
    }
}

#[test]
fn wrong_words_are_a_usage_error() {
    for arguments in [
        &["rum"][..],
        &["run"],
        &["run", "x.toml", "--paths", "3"],
        &["simulate", "x", "--stake"],
    ] {
        assert_eq!(code(&run(arguments)), 2, "{arguments:?}");
    }
    assert!(
        stderr(&run(&["rum"])).contains("run"),
        "a typo gets a suggestion"
    );
}

#[test]
fn the_template_checks_clean() {
    let folder = tempfile::tempdir().unwrap();
    let template = run(&["init"]);
    assert_eq!(code(&template), 0);
    let path = folder.path().join("mine.toml");
    std::fs::write(&path, &template.stdout).unwrap();
    let check = stakewright().arg("check").arg(&path).output().unwrap();
    assert_eq!(code(&check), 0, "{}", stderr(&check));
}

#[test]
fn every_model_of_the_repository_checks_clean() {
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("models")).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let check = stakewright().arg("check").arg(&path).output().unwrap();
            assert_eq!(code(&check), 0, "{}: {}", path.display(), stderr(&check));
        }
    }
}

/// `stakewright … 2>&1 | head` closes the pipe early: the exit code is still that of the command.
#[test]
fn a_reader_who_has_gone_is_no_defect() {
    let mut command = stakewright();
    command.args(["check", "no/such/model.toml"]);
    let whole = code(&command.output().unwrap());
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().unwrap().code(), Some(whole));
}

#[test]
fn broken_files_show_errors_that_say_what_to_do() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spec_bad");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        seen += 1;
        let check = stakewright().arg("check").arg(&path).output().unwrap();
        let text = stderr(&check);
        assert_eq!(code(&check), 3, "{}: {text}", path.display());
        let file = path.file_name().unwrap().to_string_lossy();
        assert!(text.contains(&*file), "{file} is not named:\n{text}");
        assert!(text.contains("help"), "{file}: no help:\n{text}");
        assert!(
            check.stdout.is_empty(),
            "{file}: an error belongs on standard error"
        );
    }
    assert!(seen >= 10, "only {seen} broken files");
}

#[test]
fn a_missing_file_is_a_data_error_that_names_it() {
    let output = run(&["run", "models/no-such-model.toml"]);
    assert_eq!(code(&output), 4);
    assert!(stderr(&output).contains("no-such-model.toml"));
}

#[test]
fn a_broken_snapshot_is_named_and_refused() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/embedded");
    let folder = tempfile::tempdir().unwrap();
    let mut broken = None;
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        let target = folder.path().join(path.file_name().unwrap());
        let mut bytes = std::fs::read(&path).unwrap();
        if broken.is_none()
            && path
                .extension()
                .is_some_and(|extension| extension == "parquet")
        {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x55;
            broken = Some(path.file_name().unwrap().to_string_lossy().into_owned());
        }
        std::fs::write(target, bytes).unwrap();
    }
    let broken = broken.unwrap();
    let output = stakewright()
        .args(["run", "models/user-security.toml", "--snapshot"])
        .arg(folder.path())
        .arg("--out")
        .arg(folder.path().join("out"))
        .output()
        .unwrap();
    assert_eq!(code(&output), 4, "{}", stderr(&output));
    assert!(
        stderr(&output).contains(&broken),
        "{broken} is not named: {}",
        stderr(&output)
    );
    assert!(
        !folder.path().join("out").exists(),
        "nothing may be written"
    );
}

#[test]
fn a_place_that_cannot_be_written_is_known_before_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let output = stakewright()
        .args(["run", "models/user-security.toml", "--out"])
        .arg(file.join("reports"))
        .output()
        .unwrap();
    assert_eq!(code(&output), 4, "{}", stderr(&output));
    assert!(stderr(&output).contains("reports"), "{}", stderr(&output));
}

#[test]
fn a_run_is_the_same_on_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let mut recommendations = Vec::new();
    for threads in ["1", "2"] {
        let root = folder.path().join(threads);
        let output = stakewright()
            .args([
                "run",
                "models/user-security.toml",
                "--paths",
                "2000",
                "--threads",
                threads,
            ])
            .args(["--format", "json", "--out"])
            .arg(&root)
            .output()
            .unwrap();
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        json(&output);
        let place = only_entry(&root);
        let mut recommendation: serde_json::Value =
            serde_json::from_slice(&std::fs::read(place.join("recommendation.json")).unwrap())
                .unwrap();
        if let Some(object) = recommendation.as_object_mut() {
            object.remove("wall_seconds");
        }
        recommendations.push(recommendation);
        let report = std::fs::read_to_string(place.join("report.md")).unwrap();
        let figures = std::fs::read_dir(place.join("figures")).unwrap().count();
        assert!(figures >= 6, "{figures} figures");
        assert!(report.contains("figures/"), "the text shows its figures");
        for file in ["manifest.json", "ensemble.parquet", "report.html", "config"] {
            assert!(place.join(file).exists(), "{file} is missing");
        }
    }
    assert_eq!(recommendations[0], recommendations[1]);
}

/// The closed form of a constant profit against one asset, through the command line: stake from
/// the first passage of a geometric Brownian motion, budget from constant elasticity.
#[test]
fn d05_a_model_file_reproduces_the_closed_form() {
    let output = run(&["recommend", "models/closed-form.toml", "--format", "json"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let answer = json(&output);
    let design = &answer["data"]["design"];
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    let (stake, budget) = (353_761_244.3, 10_348_095.31);
    let closed = number(&design["stake_closed_form_usd"]);
    assert!((closed / stake - 1.0).abs() < 1e-8, "{closed}");
    for (name, expected) in [("stake", stake), ("budget", budget)] {
        let (low, high) = (number(&design[name]["low"]), number(&design[name]["high"]));
        assert!(
            low <= expected && expected <= high,
            "{name}: {expected} outside {low}..{high}"
        );
        assert!(
            high / low < 1.25,
            "{name}: an interval of {low}..{high} says little"
        );
    }
    assert_eq!(answer["data"]["verdict"], "safe");
}

/// The closed form with some lines replaced, in a folder of its own.
fn closed_form(folder: &Path, name: &str, replace: &[(&str, &str)]) -> std::path::PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/closed-form.toml");
    let mut text = std::fs::read_to_string(root).unwrap();
    for (old, new) in replace {
        assert!(text.contains(old), "{old} is not in the closed form");
        text = text.replace(old, new);
    }
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn e11_compare_shows_differences_on_the_same_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let doubled = closed_form(
        folder.path(),
        "doubled.toml",
        &[(
            "takes = { sum = \"60 MUSD\" }",
            "takes = { sum = \"120 MUSD\" }",
        )],
    );
    let compare = |extra: &[&str]| {
        stakewright()
            .args(["compare", "models/closed-form.toml"])
            .arg(&doubled)
            .args(["--paths", "2000"])
            .args(extra)
            .output()
            .unwrap()
    };
    let answer = json(&compare(&["--format", "json"]));
    let designs = answer["data"]["designs"].as_array().unwrap();
    assert_eq!(designs.len(), 2);
    assert!(designs[0]["differences"].is_null());
    let more = &designs[1]["differences"];
    let stake = more["stake_usd"].as_f64().unwrap();
    // The same numbers choose both: the difference is one stake of the closed form, to its error.
    assert!((stake / 353_761_244.3 - 1.0).abs() < 0.05, "{stake}");
    let budget = more["budget_usd_year"].as_f64().unwrap();
    let closed = 10_348_095.31 * (2.0_f64.powf(5.0 / 3.0) - 1.0);
    assert!((budget / closed - 1.0).abs() < 0.08, "{budget}");
    let risk = &more["risk"];
    assert!(risk["low"].as_f64().unwrap() <= 0.0 && risk["high"].as_f64().unwrap() >= 0.0);
    let text = String::from_utf8(compare(&[]).stdout).unwrap();
    for word in ["slashable stake", "reward budget", "doubled", "difference"] {
        assert!(text.contains(word), "{word} is not shown:\n{text}");
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "wider than a terminal:\n{text}"
    );
    let same = compare(&["--design", "allocated", "--format", "json"]);
    let stakes: Vec<f64> = json(&same)["data"]["designs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|design| design["stake_usd"].as_f64().unwrap())
        .collect();
    assert!(
        (stakes[0] - stakes[1]).abs() < 1.0,
        "the files allocate alike"
    );
    assert_eq!(code(&run(&["compare", "models/oracle.toml"])), 2);
}

#[test]
fn a_panel_shows_its_rows_and_its_worst_model() {
    let folder = tempfile::tempdir().unwrap();
    let panel = closed_form(
        folder.path(),
        "panel.toml",
        &[(
            "volatility = \"0 %\"",
            "volatility = \"10 %\"\n\n[[panel]]\nname = \"doubled loot\"\ntakes = 2.0",
        )],
    );
    let output = stakewright()
        .arg("recommend")
        .arg(&panel)
        .args(["--format", "json", "--sensitivity"])
        .output()
        .unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let answer = json(&output);
    let rows = answer["data"]["panel"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[1]["name"], "doubled loot");
    assert_eq!(rows[1]["worst"], true);
    assert_eq!(rows[1]["verdict"], "safe");
    assert_eq!(answer["data"]["influences"].as_array().unwrap().len(), 6);
    let stages = answer["data"]["search"]["stages"].as_array().unwrap();
    assert!(stages.iter().any(|stage| stage["stage"] == "certified"));
    // A log gets a line a stage.
    let log = stderr(&output);
    for word in [
        "closed form",
        "shape",
        "certificate",
        "frontier",
        "influences",
    ] {
        assert!(log.contains(word), "no line for {word}:\n{log}");
    }
}

#[test]
fn what_nothing_reaches_names_the_constraint_and_the_nearest_design() {
    let folder = tempfile::tempdir().unwrap();
    let poor = closed_form(
        folder.path(),
        "poor.toml",
        &[(
            "budget = { search = [\"1 MUSD/year\", \"100 MUSD/year\"] }",
            "budget = { search = [\"1 MUSD/year\", \"4 MUSD/year\"] }",
        )],
    );
    let output = stakewright()
        .arg("recommend")
        .arg(&poor)
        .args(["--format", "json"])
        .output()
        .unwrap();
    assert_eq!(code(&output), 6, "{}", stderr(&output));
    let answer = json(&output);
    let infeasible = &answer["data"]["infeasible"];
    assert_eq!(infeasible["constraint"], "budget");
    assert!((infeasible["allowed"].as_f64().unwrap() - 4e6).abs() < 1.0);
    assert!((infeasible["needed"].as_f64().unwrap() / 10.35e6 - 1.0).abs() < 0.1);
    // The nearest design spends what is allowed: 200 MUSD of stake at 2 % a year.
    let stake = answer["data"]["design"]["stake"]["value"].as_f64().unwrap();
    assert!((stake / 200e6 - 1.0).abs() < 1e-6, "{stake}");
    assert_ne!(answer["data"]["verdict"], "safe");
    let shown = stakewright().arg("recommend").arg(&poor).output().unwrap();
    let text = String::from_utf8(shown.stdout).unwrap();
    // Each knob with the value that would be enough, and those of which none is.
    for said in [
        "INFEASIBLE",
        "cap on one event: at most",
        "reward budget:",
        "no value is enough, alone, of:",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_nothing_half_written() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("reports");
    let child = stakewright()
        .args([
            "run",
            "models/user-security.toml",
            "--paths",
            "20000000",
            "--out",
        ])
        .arg(&root)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 130, "{}", stderr(&output));
    let left = std::fs::read_dir(&root).map(Iterator::count).unwrap_or(0);
    assert_eq!(left, 0, "something is left in the folder");
}

#[test]
fn the_schema_is_the_committed_one() {
    let output = run(&["schema"]);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/schema/model.schema.json");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap().trim(),
        std::fs::read_to_string(path).unwrap().trim()
    );
}

#[test]
fn completions_name_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let output = run(&["completions", shell]);
        assert_eq!(code(&output), 0);
        assert!(
            String::from_utf8(output.stdout)
                .unwrap()
                .contains("recommend")
        );
    }
}

#[test]
fn inspect_speaks_to_people_and_to_scripts() {
    let text = String::from_utf8(run(&["inspect"]).stdout).unwrap();
    assert!(
        text.contains("358") && text.contains("reconstructed"),
        "{text}"
    );
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "wider than a terminal:\n{text}"
    );
    let data = json(&run(&["inspect", "--format", "json"]));
    assert_eq!(data["command"], "inspect");
    assert!(data["snapshot"]["content_sha256"].as_str().unwrap().len() == 64);
}
