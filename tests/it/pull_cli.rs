//! `stakewright pull` as a user types it: against Anvil, and against proxies that spoil its answers.

use crate::cli::stakewright;
use crate::support::anvil::{self, Anvil, Doubles, OperatorSet, numbered};
use crate::support::http::{Reply, Server};
use crate::support::proxy::{self, by_method};
use alloy_primitives::{Address, U160, U256};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Twenty-four operators, sixteen of them in the set of one service.
const FIRST: u64 = 0x20_0000;
const MEMBERS: u64 = 16;

fn service() -> Address {
    numbered(0xA55)
}

fn chain(anvil: &Anvil) -> Doubles {
    let doubles = Doubles::deploy(anvil, 3, "1.13.0");
    let generate = anvil::generateCall {
        first: U160::from(FIRST),
        count: U256::from(24),
    };
    anvil.send(doubles.delegation, &generate);
    let s = OperatorSet {
        avs: service(),
        id: 1,
    };
    let create = anvil::createSetCall {
        s: s.clone(),
        strategies: doubles.stakeable[..2].to_vec(),
        slasher: numbered(7),
    };
    anvil.send(doubles.allocation, &create);
    let join = anvil::joinAndAllocateCall {
        s,
        first: U160::from(FIRST),
        count: U256::from(MEMBERS),
        magnitude: 300_000_000_000_000_007,
    };
    anvil.send(doubles.allocation, &join);
    for i in 0..5 {
        let queue = anvil::queueCall {
            operator: numbered(FIRST + i),
            strategy: doubles.stakeable[0],
            shares: U256::from(1_000_003 + i),
        };
        anvil.send(doubles.delegation, &queue);
    }
    anvil.mine(4);
    doubles
}

/// A folder with the deployment file, where everything is written.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new(doubles: &Doubles) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("deployment.json"),
            doubles.deployment_file(),
        )
        .unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn pull(&self, url: &str, out: &str, further: &[&str]) -> Command {
        let mut command = stakewright();
        command
            .current_dir(self.folder.path())
            .args(["pull", "--rpc-url", url, "--deployment", "deployment.json"])
            .args(["--out", out])
            .args(further);
        command
    }

    fn pulled(&self, url: &str, out: &str, further: &[&str]) -> Value {
        let output = self
            .pull(url, out, further)
            .args(["--format", "json"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        answer["data"].clone()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        stakewright()
            .current_dir(self.folder.path())
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Content hash of the snapshot in a folder, which reading it checks; `None` where there is none.
    fn content(&self, out: &str) -> Option<String> {
        if !self.path(out).exists() {
            return None;
        }
        let output = self.run(&["inspect", out, "--format", "json"]);
        assert!(
            output.status.success(),
            "a snapshot is not whole: {}",
            said(&output)
        );
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        Some(answer["data"]["content_hash"].as_str().unwrap().to_owned())
    }
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

const MODEL: &str = r#"format = 1

[service]
name = "Service of a private chain"
kind = "oracle"
description = "Operators of a pulled snapshot sign prices."
verification = "quorum"

[operators]
from = { avs = "SERVICE" }
allocate = "30 %"
threshold = "50 %"
count = { search = [6, 16] }
costs = { own = "24000 USD/year", shared = "60 kUSD/year", services = 8 }

[value]
at_risk = { start = "150 MUSD", growth = "40 %/year", volatility = "90 %/year", correlation_with_eth = 0.7 }

[[value.attack]]
name = "false price"
takes = { lognormal = { median = "5.8 MUSD", sigma = 1.0 } }
cap = "at-risk"
when = { rate = "24/year" }

[[slashing.offence]]
name = "false price"
fault = "safety"
slash = { search = ["20 %", "100 %"] }
attributable = "98 %"
detection = { mean = "12 h" }
dispute = { search = ["1 day", "5 days"] }

[rewards]
budget = { search = ["500 kUSD/year", "400 MUSD/year"] }
paid_in = "ETH"

[supply]
curve = { constant_elasticity = { stake = "400 MUSD", at_yield = "2 %/year", elasticity = 1.5 } }

[target]
insecure_within = "30 days"
at_most = "1 %"
confidence = "95 %"
"#;

#[test]
fn a_new_user_pulls_inspects_checks_and_runs() {
    let Some(anvil) = Anvil::start() else { return };
    let desk = Desk::new(&chain(&anvil));
    let output = desk.pull(&anvil.url, "devnet", &[]).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for part in [
        "wrote devnet",
        "24 operators, 1 AVS, 1 operator set, 4 assets",
        "32 stakes and 32 magnitudes equal the contracts' own getters to the wei",
        "unpriced   TK2: in no figure in dollars",
        "requests (",
        "stakewright inspect devnet",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(
        !text.contains("missing"),
        "side sources are of mainnet: {text}"
    );
    assert!(
        text.lines().all(|line| line.chars().count() <= 100),
        "{text}"
    );

    let text = said(&desk.run(&["inspect", "devnet"]));
    for part in [
        "24 (24 with stake)",
        "HHI",
        "TK2",
        "unpriced",
        "1 operator set,",
        &service().to_string(),
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let output = desk.run(&["inspect", "devnet", "--format", "json"]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let data = &json["data"];
    assert_eq!(data["operators"], 24);
    assert_eq!(data["sets"][0]["operators"], MEMBERS);
    assert_eq!(data["unpriced"][0]["symbol"], "TK2");
    assert!(
        data["unpriced"][0]["stake_usd"].is_null(),
        "unpriced is not zero"
    );
    let hhi = data["concentration"]["hhi"].as_f64().unwrap();
    assert!(hhi > 10_000.0 / 24.0 && hhi < 10_000.0, "{hhi}");
    assert!(
        data["concentration"]["entities_to_one_third"]
            .as_u64()
            .unwrap()
            >= 1
    );

    let model = MODEL.replace("SERVICE", &service().to_string());
    std::fs::write(desk.path("model.toml"), model).unwrap();
    let output = desk.run(&["check", "model.toml", "--snapshot", "devnet"]);
    assert!(output.status.success(), "{}", said(&output));
    let output = desk.run(&[
        "run",
        "model.toml",
        "--snapshot",
        "devnet",
        "--paths",
        "2000",
        "--out",
        "reports",
        "--format",
        "json",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let ran: Value = serde_json::from_slice(&output.stdout).unwrap();
    let hash = desk.content("devnet").unwrap();
    assert_eq!(
        ran["snapshot"]["content_sha256"],
        json!(hash),
        "the run rests on the pulled block"
    );
    assert_eq!(ran["snapshot"]["reconstructed"], json!(false));
    // Its operators are those of the pulled set: the file's 30 % of what is delegated to them.
    let design = &ran["data"]["recommendation"]["design"];
    let delegated = data["sets"][0]["delegated"]["stake_usd"].as_f64().unwrap();
    let today = design["stake_today_usd"].as_f64().unwrap();
    assert!(
        (today / (0.3 * delegated) - 1.0).abs() < 1e-9,
        "{today} of {delegated}"
    );
    let stake = design["stake"]["value"].as_f64().unwrap();
    assert!(stake > 1e6 && stake < today, "{stake}");
    assert_eq!(ran["data"]["recommendation"]["verdict"], "safe");
}

#[test]
fn the_same_block_has_the_same_hash_and_only_new_blocks_are_read() {
    let Some(anvil) = Anvil::start() else { return };
    let doubles = chain(&anvil);
    let desk = Desk::new(&doubles);
    let ranges = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&ranges);
    let proxy = by_method(anvil.url.clone(), move |method, params, ask| {
        if method == "eth_getLogs" {
            seen.lock().unwrap().push(range_of(&params[0]));
        }
        ask()
    });
    let asked = || std::mem::take(&mut *ranges.lock().unwrap());
    let block = anvil.head();
    let at = block.to_string();
    let first = desk.pulled(&proxy.url(), "data/one", &["--block", &at]);
    let scanned: u64 = asked().iter().map(|(from, to)| to - from + 1).sum();
    assert_eq!(scanned, block - anvil::GENESIS + 1, "every block once");
    // Into another folder beside it: the events are shared, and nothing is asked for again.
    let again = desk.pulled(&proxy.url(), "data/two", &["--block", &at]);
    assert_eq!(asked(), []);
    assert_eq!(first["content_hash"], again["content_hash"]);
    assert_eq!(desk.content("data/one"), desk.content("data/two"));
    // And without what was kept.
    let fresh = desk.pulled(
        &proxy.url(),
        "data/three",
        &["--block", &at, "--logs", "elsewhere"],
    );
    assert_eq!(first["content_hash"], fresh["content_hash"]);
    asked();
    // New blocks alone.
    anvil.send(
        doubles.delegation,
        &anvil::registerCall {
            operator: numbered(0x77),
            uri: "https://example.invalid/new.json".to_owned(),
        },
    );
    anvil.mine(2);
    let newer = desk.pulled(&proxy.url(), "data/one", &["--block", "latest"]);
    assert_eq!(newer["operators"], 25);
    assert_eq!(asked(), [(block + 1, anvil.head())]);
    assert_ne!(first["content_hash"], newer["content_hash"]);
    // The older block with the fuller store: what came later is not in it.
    let older = desk.pulled(&proxy.url(), "data/two", &["--block", &at]);
    assert_eq!(older["content_hash"], first["content_hash"]);
    assert_eq!(asked(), []);
}

fn range_of(filter: &Value) -> (u64, u64) {
    let bound = |name: &str| {
        u64::from_str_radix(&filter[name].as_str().expect("a bound")[2..], 16).expect("a number")
    };
    (bound("fromBlock"), bound("toBlock"))
}

/// A node that takes few blocks at a time and is slow: a pull has many moments to be killed at.
fn slow_node(anvil: &Anvil) -> Server {
    let upstream = anvil.url.clone();
    Server::start(move |request| {
        let text = String::from_utf8_lossy(&request.body).into_owned();
        let wide = text.contains("eth_getLogs") && {
            let body: Value = serde_json::from_str(&text).unwrap();
            let requests = body.as_array().cloned().unwrap_or_else(|| vec![body]);
            let logs = requests.iter().find(|one| one["method"] == "eth_getLogs");
            logs.is_some_and(|one| {
                let (from, to) = range_of(&one["params"][0]);
                to - from >= 4
            })
        };
        let reply = if wide {
            let body = crate::support::rpc::handle(&request, &|_, _| {
                Err((-32005, "block range too large".to_owned()))
            });
            Reply::ok(body)
        } else {
            proxy::pass_on(&upstream, &request)
        };
        Reply {
            delay: Duration::from_millis(4),
            ..reply
        }
    })
}

#[test]
fn the_program_killed_at_any_moment_goes_on_to_the_same_snapshot() {
    let Some(anvil) = Anvil::start() else { return };
    let desk = Desk::new(&chain(&anvil));
    let server = slow_node(&anvil);
    let at = anvil.head().to_string();
    let block = ["--block", at.as_str()];
    let started = Instant::now();
    desk.pulled(&server.url(), "undisturbed/snapshot", &block);
    let (whole, requests) = (started.elapsed(), server.requests());
    let expected = desk.content("undisturbed/snapshot");
    assert!(requests > 30, "only {requests} requests: too few moments");

    // By number of requests: from the first to the last.
    let mut kills = 0;
    for share in 1..=12 {
        let seen = server.requests() + requests * share / 14;
        let mut child = desk
            .pull(&server.url(), "killed/snapshot", &block)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + 4 * whole + Duration::from_secs(10);
        while server.requests() < seen && child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "the pull hangs");
            std::thread::sleep(Duration::from_millis(1));
        }
        kills += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        let found = desk.content("killed/snapshot");
        assert!(found.is_none() || found == expected, "{found:?}");
    }
    assert!(kills >= 6, "only {kills} pulls were killed under way");
    // By time, while the snapshot is written: every millisecond around the end of an undisturbed pull.
    let started = Instant::now();
    desk.pulled(&server.url(), "killed/snapshot", &block);
    let resumed = started.elapsed();
    assert_eq!(
        desk.content("killed/snapshot"),
        expected,
        "the resumed pull differs"
    );
    for early in (0..60).step_by(6) {
        let mut child = desk
            .pull(
                &server.url(),
                "late/snapshot",
                &["--block", &at, "--logs", "killed/pull-logs"],
            )
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(resumed.saturating_sub(Duration::from_millis(early)));
        let _ = child.kill();
        child.wait().unwrap();
        let found = desk.content("late/snapshot");
        assert!(found.is_none() || found == expected, "{found:?}");
    }
    let again = desk.pulled(&server.url(), "killed/snapshot", &block);
    assert_eq!(again["content_hash"].as_str(), expected.as_deref());
}

const KEY: &str = "kEy0123456789abcdef";

/// Holds everything that was said and written to hiding the key.
fn no_key(desk: &Desk, outputs: &[Output]) {
    for output in outputs {
        assert!(
            !said(output).contains(KEY),
            "the key is shown: {}",
            said(output)
        );
    }
    let mut folders = vec![desk.folder.path().to_owned()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            assert!(!path.to_string_lossy().contains(KEY), "{}", path.display());
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes.windows(KEY.len()).any(|part| part == KEY.as_bytes());
            assert!(!found, "the key is in {}", path.display());
        }
    }
    assert!(files > 0);
}

#[test]
fn the_key_is_nowhere() {
    let Some(anvil) = Anvil::start() else { return };
    let desk = Desk::new(&chain(&anvil));
    let echo = |status: u16| {
        Server::start(move |request| {
            Reply::status(status, format!("no such path: {} ({KEY})", request.path))
        })
    };
    let node = proxy::by_number(anvil.url.clone(), |_| false, |reply| reply);
    let with_key = |url: &str| format!("{url}/v2/{KEY}?token={KEY}");
    let mut outputs = Vec::new();
    let mut pull = |url: &str, further: &[&str]| {
        let output = desk
            .pull(&with_key(url), "snapshot", further)
            .output()
            .unwrap();
        outputs.push(output);
        outputs.last().unwrap().status.code()
    };
    assert_eq!(pull(&node.url(), &[]), Some(0));
    assert_eq!(pull(&node.url(), &["--format", "json"]), Some(0));
    assert_eq!(pull(&node.url(), &["--block", "99999999"]), Some(5));
    assert_eq!(pull(&echo(401).url(), &[]), Some(5));
    assert_eq!(pull(&echo(404).url(), &[]), Some(5));
    assert_eq!(pull(&format!("ftp://x/{KEY}"), &[]), Some(2));
    let environment = stakewright()
        .current_dir(desk.folder.path())
        .env("ETH_RPC_URL", with_key(&node.url()))
        .args(["pull", "--help"])
        .output()
        .unwrap();
    outputs.push(environment);
    no_key(&desk, &outputs);
}

#[test]
fn a_full_disk_leaves_what_was_there() {
    let Some(anvil) = Anvil::start() else { return };
    let doubles = chain(&anvil);
    let Some(disk) = Disk::of_kilobytes(96) else {
        return;
    };
    let desk = Desk::new(&doubles);
    let full = disk.path.join("full");
    let place = |name: &str| disk.path.join(name).display().to_string();
    // A full disk where the events are kept.
    fill(&full, 0);
    let output = desk
        .pull(
            &anvil.url,
            "snapshot",
            &["--logs", &place("logs"), "--block", "latest"],
        )
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    assert!(
        said(&output).contains("free some space"),
        "{}",
        said(&output)
    );
    assert!(!desk.path("snapshot").exists());
    // A disk that the events fit on, and the snapshot does not.
    std::fs::remove_file(&full).unwrap();
    fill(&full, 24 << 10);
    let output = desk
        .pull(
            &anvil.url,
            &place("data/snapshot"),
            &["--logs", "logs", "--block", "latest"],
        )
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    assert!(
        said(&output).to_lowercase().contains("space"),
        "{}",
        said(&output)
    );
    assert!(
        !disk.path.join("data/snapshot").exists(),
        "half a snapshot is in place"
    );
    // With space again the same command goes through, and a snapshot in place survives the next failure.
    std::fs::remove_file(&full).unwrap();
    let first = desk.pulled(
        &anvil.url,
        &place("data/snapshot"),
        &["--logs", "logs", "--block", "latest"],
    );
    fill(&full, 8 << 10);
    anvil.mine(1);
    let output = desk
        .pull(
            &anvil.url,
            &place("data/snapshot"),
            &["--logs", "logs", "--block", "latest"],
        )
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    let kept = desk.content(&place("data/snapshot"));
    assert_eq!(kept.as_deref(), first["content_hash"].as_str());
}

/// A tiny disk of its own; only root can make one.
struct Disk {
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Disk {
    fn of_kilobytes(size: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk");
        std::fs::create_dir(&path).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}k"), "tmpfs"])
            .arg(&path)
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self {
                path,
                _folder: folder,
            });
        }
        println!(
            "skipped: only root can mount a small disk; the limit on file sizes stands for it elsewhere"
        );
        None
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.path).output();
    }
}

/// Fills a disk by a file, but for so many bytes.
fn fill(file: &Path, but: usize) {
    use std::io::Write;
    let mut out = std::fs::File::create(file).unwrap();
    while out.write_all(&[1; 1024]).is_ok() {}
    let length = out.metadata().unwrap().len();
    out.set_len(length.saturating_sub(but as u64)).unwrap();
}

#[test]
fn errors_say_what_to_do() {
    let Some(anvil) = Anvil::start() else { return };
    let doubles = chain(&anvil);
    let desk = Desk::new(&doubles);
    let url = anvil.url.as_str();
    let fails = |output: Output, code: i32, parts: &[&str]| {
        let text = said(&output);
        assert_eq!(output.status.code(), Some(code), "{text}");
        for part in parts {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
        assert!(text.contains("= help:"), "{text}");
    };
    let pull = |arguments: &[&str]| desk.run(&[&["pull", "--rpc-url", url], arguments].concat());
    fails(pull(&[]), 2, &["chain 31337", "--deployment"]);
    fails(
        pull(&["--deployment", "nothing.json"]),
        4,
        &["nothing.json", "docs/pull.md"],
    );
    std::fs::write(desk.path("broken.json"), "{\"chain_id\": 1,").unwrap();
    fails(pull(&["--deployment", "broken.json"]), 4, &["broken.json"]);
    fails(
        pull(&["--deployment", "deployment.json", "--block", "newest"]),
        2,
        &["newest"],
    );
    fails(
        pull(&["--deployment", "deployment.json", "--block", "25000000"]),
        5,
        &["no contract", "--block latest"],
    );
    std::fs::write(desk.path("taken"), "a file in the way").unwrap();
    let before = anvil.head();
    fails(
        pull(&["--deployment", "deployment.json", "--out", "taken"]),
        4,
        &["taken", "--out"],
    );
    assert_eq!(before, anvil.head());
    let other = doubles.deployment_file().replace("31337", "1");
    std::fs::write(desk.path("other.json"), other).unwrap();
    fails(
        pull(&["--deployment", "other.json"]),
        5,
        &["chain 31337, not chain 1", "chain_id"],
    );
    anvil.send(
        doubles.allocation,
        &anvil::setLieCall {
            s: OperatorSet {
                avs: service(),
                id: 1,
            },
            by: U256::from(1),
        },
    );
    fails(
        pull(&["--deployment", "deployment.json", "--block", "latest"]),
        5,
        &[
            "getAllocatedStake",
            &service().to_string(),
            "computed",
            "another node",
        ],
    );
    assert!(
        !desk.path("data").join("pulled").exists(),
        "an error leaves no snapshot"
    );
}

/// A fault of what the node says: how it differs, the exit code, and words of the error.
type Differ = Box<dyn Fn(&str, &Value, &dyn Fn() -> proxy::Answer) -> proxy::Answer + Send + Sync>;

#[test]
fn what_a_real_node_may_say_wrongly() {
    let Some(anvil) = Anvil::start() else { return };
    let desk = Desk::new(&chain(&anvil));
    let clean = desk.pulled(&anvil.url, "clean", &["--block", "latest"]);
    let too_wide = |code: i64, words: &'static str| -> Differ {
        Box::new(move |method, params, ask| {
            if method == "eth_getLogs" && {
                let (from, to) = range_of(&params[0]);
                to - from >= 8
            } {
                return Err((code, words.to_owned()));
            }
            ask()
        })
    };
    let error = |of: &'static str, code: i64, words: &'static str| -> Differ {
        Box::new(move |method, _, ask| {
            if method == of {
                return Err((code, words.to_owned()));
            }
            ask()
        })
    };
    let later_chain = AtomicU64::new(0);
    let lags = AtomicU64::new(0);
    let always_lags: Differ = Box::new(|method, params, ask| {
        if method == "eth_getBlockByNumber" && params[0] != "latest" {
            return Ok(Value::Null);
        }
        ask()
    });
    let cases: Vec<(&str, Differ, Option<&[&str]>)> = vec![
        (
            "ranges, in Alchemy's words",
            too_wide(
                -32602,
                "Log response size exceeded. You can make eth_getLogs requests with up to a 10K block range",
            ),
            None,
        ),
        (
            "ranges, in Infura's words",
            too_wide(
                -32005,
                "query returned more than 10000 results. Try with this block range",
            ),
            None,
        ),
        (
            "ranges, in QuickNode's words",
            too_wide(-32614, "eth_getLogs is limited to a 10,000 range"),
            None,
        ),
        (
            "ranges, in Erigon's words",
            too_wide(-32000, "block range too large"),
            None,
        ),
        (
            "state pruned, in Geth's words",
            error(
                "eth_call",
                -32000,
                "missing trie node 12ab (path ) state 0x12 is not available",
            ),
            Some(&["archive node is needed"]),
        ),
        (
            "state pruned, in a provider's words",
            error("eth_call", -32000, "archive state requires a paid plan"),
            Some(&["archive node is needed"]),
        ),
        (
            "logs pruned",
            error("eth_getLogs", 4444, "pruned history unavailable"),
            Some(&["archive node is needed"]),
        ),
        (
            "no logs at all",
            error(
                "eth_getLogs",
                -32601,
                "the method eth_getLogs does not exist",
            ),
            Some(&["eth_getLogs", "does not exist"]),
        ),
        (
            "another chain later",
            Box::new(move |method, _, ask| {
                if method == "eth_chainId" && later_chain.fetch_add(1, Ordering::SeqCst) > 0 {
                    return Ok(json!("0x1"));
                }
                ask()
            }),
            Some(&["serves chain 1"]),
        ),
        (
            "lags twice",
            Box::new(move |method, params, ask| {
                if method == "eth_getBlockByNumber"
                    && params[0] != "latest"
                    && lags.fetch_add(1, Ordering::SeqCst) < 2
                {
                    return Ok(Value::Null);
                }
                ask()
            }),
            None,
        ),
        (
            "lags always",
            always_lags,
            Some(&["lags behind", "another node"]),
        ),
        (
            "drops logs",
            Box::new(|method, _, ask| {
                let answer = ask()?;
                if method == "eth_getLogs" {
                    let logs = answer.as_array().unwrap();
                    let joined =
                        "0x43232edf9071753d2321e5fa7e018363ee248e5f2142e6c08edd3265bfb4895e";
                    return Ok(logs
                        .iter()
                        .filter(|log| log["topics"][0] != joined)
                        .cloned()
                        .collect());
                }
                Ok(answer)
            }),
            Some(&["logs are incomplete"]),
        ),
    ];
    for (i, (name, differ, fails)) in cases.into_iter().enumerate() {
        let server = by_method(anvil.url.clone(), differ);
        let logs = format!("logs-{i}");
        let out = format!("out-{i}");
        let url = format!("{}/{KEY}", server.url());
        let output = desk
            .pull(
                &url,
                &out,
                &["--block", "latest", "--logs", &logs, "--format", "json"],
            )
            .output()
            .unwrap();
        let text = said(&output);
        match fails {
            None => {
                assert!(output.status.success(), "{name}: {text}");
                let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
                assert_eq!(
                    answer["data"]["content_hash"], clean["content_hash"],
                    "{name}"
                );
            }
            Some(words) => {
                assert_eq!(output.status.code(), Some(5), "{name}: {text}");
                for word in words {
                    assert!(text.contains(word), "{name}: {word} is not in\n{text}");
                }
                assert!(!desk.path(&out).exists(), "{name}: a snapshot is there");
            }
        }
        no_key(&desk, &[output]);
    }
}

/// Largest memory that a running process had so far.
fn peak_memory_bytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1_024
}

#[test]
#[ignore = "slow: generates a chain of 1,500 operators on Anvil, about a minute"]
fn slow_a_large_chain_through_the_program() {
    let Some(anvil) = Anvil::start() else { return };
    let desk = Desk::new(&crate::pull_anvil::generate(&anvil));
    let mut child = desk
        .pull(
            &anvil.url,
            "large",
            &["--block", "latest", "--format", "json"],
        )
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        peak = peak.max(peak_memory_bytes(child.id()));
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let data = &answer["data"];
    println!(
        "{} requests, {} after the scan; {} bytes; {} s; peak memory {} MB",
        data["requests"],
        data["requests_after_scan"],
        data["bytes_received"],
        data["seconds"],
        peak >> 20
    );
    assert_eq!(
        (
            &data["operators"],
            &data["avss"],
            &data["operator_sets"],
            &data["assets"]
        ),
        (&json!(1_500), &json!(60), &json!(120), &json!(20))
    );
    assert!(data["requests_after_scan"].as_u64().unwrap() <= 400);
    assert!(peak > 0 && peak < 1 << 30, "{peak} bytes");
}
