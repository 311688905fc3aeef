//! Every way a node can fail: retried within bounds, or a clear error. Never a snapshot that looks
//! whole and is not, and never the key of the URL.
//!
//! The proxy stands in front of a node that answers from the recording, and where Anvil is installed
//! also in front of Anvil.

use crate::support::anvil::{Anvil, Doubles};
use crate::support::http::{Reply, Server};
use crate::support::proxy::by_number as proxy;
use crate::support::recorded::{self, Manner};
use crate::support::recording::{block_of, checkpoints};
use crate::support::rpc::{self, Outcome};
use serde_json::{Value, json};
use stakewright::chain::{
    BlockName, ChainError, Deployment, Endpoint, Limits, LogSteps, PullOptions, Pulled, pull,
};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const KEY: &str = "kEy0123456789abcdef";
const ATTEMPTS: u32 = 3;
const LAST: usize = 33;
const MANNER: Manner = Manner {
    checkpoint: LAST,
    multicall: true,
    most_blocks: 1_000_000,
};

fn options() -> PullOptions {
    PullOptions {
        deployment: Some(Deployment::parse(&recorded::deployment_file()).unwrap()),
        steps: LogSteps {
            first: 50_000,
            most: 1_000_000,
        },
        limits: Limits {
            timeout: Duration::from_secs(10),
            attempts: ATTEMPTS,
            first_wait: Duration::from_millis(5),
            longest_wait: Duration::from_secs(2),
            ..Limits::default()
        },
        ..PullOptions::default()
    }
}

/// Pulls with a key in the URL, and holds every error to hiding it.
#[expect(
    clippy::result_large_err,
    reason = "the library's own error, in a test"
)]
fn pull_from(url: &str, options: &PullOptions) -> Result<Pulled, ChainError> {
    let endpoint = Endpoint::parse(&format!("{url}/v2/{KEY}?token={KEY}")).unwrap();
    let result = pull(&endpoint, options, &mut |_| ControlFlow::Continue(()));
    if let Err(error) = &result {
        let shown = format!("{error} {error:?} {endpoint} {endpoint:?}");
        assert!(!shown.contains(KEY), "the key is shown: {shown}");
    }
    result
}

/// What the recorded node gives without any fault.
static CLEAN: LazyLock<Pulled> = LazyLock::new(|| {
    let server = recorded::serve(MANNER);
    pull_from(&server.url(), &options()).unwrap()
});

type Spoil = fn(Reply) -> Reply;

/// Faults of the wire, each with a word that its error must hold.
const WIRE: [(&str, &str, Spoil); 6] = [
    ("429", "limits the rate", |_| {
        Reply::status(429, "slow down")
    }),
    ("502", "status 502", |_| {
        Reply::status(502, "<h1>Bad Gateway</h1>")
    }),
    ("503 that names the key", "status 503", |_| {
        Reply::status(503, format!("no upstream for /v2/{KEY}"))
    }),
    ("cut in the middle of the body", "cut", |reply| Reply {
        cut_after: Some(reply.body.len() / 2),
        ..reply
    }),
    ("truncated JSON", "not JSON-RPC", |reply| {
        Reply::ok(reply.body[..reply.body.len() - 3].to_vec())
    }),
    ("no JSON", "not JSON-RPC", |_| {
        Reply::ok(format!("<html>sign in at https://x/{KEY}</html>"))
    }),
];

#[test]
fn faults_that_pass_are_retried() {
    for (name, _, spoil) in WIRE {
        let node = recorded::serve(MANNER);
        let proxy = proxy(node.url(), |n| n % 3 == 1, spoil);
        let pulled = pull_from(&proxy.url(), &options()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(pulled.snapshot, CLEAN.snapshot, "{name}");
        assert!(
            pulled.report.traffic.retries > 0,
            "{name}: {:?}",
            pulled.report
        );
    }
}

#[test]
fn faults_that_stay_end_in_a_clear_error() {
    for (name, word, spoil) in WIRE {
        let node = recorded::serve(MANNER);
        let proxy = proxy(node.url(), |_| true, spoil);
        match pull_from(&proxy.url(), &options()) {
            Err(error @ ChainError::Unreachable { .. }) => {
                assert!(error.to_string().contains(word), "{name}: {error}")
            }
            other => panic!("{name}: {other:?}"),
        }
        assert_eq!(proxy.requests(), u64::from(ATTEMPTS), "{name}");
    }
}

#[test]
fn faults_in_the_middle_give_no_snapshot() {
    for (name, _, spoil) in WIRE {
        let node = recorded::serve(MANNER);
        let proxy = proxy(node.url(), |n| n >= 12, spoil);
        let result = pull_from(&proxy.url(), &options());
        assert!(result.is_err(), "{name}");
        assert!(
            proxy.requests() <= 12 + 40 * u64::from(ATTEMPTS),
            "{name}: {}",
            proxy.requests()
        );
    }
}

#[test]
fn the_same_faults_in_front_of_a_real_node() {
    let Some(anvil) = Anvil::start() else { return };
    let doubles = Doubles::deploy(&anvil, 3, "1.13.0");
    let options = PullOptions {
        deployment: Some(Deployment::parse(&doubles.deployment_file()).unwrap()),
        block: BlockName::Latest,
        ..options()
    };
    // Anvil answers at its root only, so that a URL with a key goes through the proxy.
    let plain = proxy(anvil.url.clone(), |_| false, |reply| reply);
    let clean = pull_from(&plain.url(), &options).unwrap();
    for (name, _, spoil) in WIRE {
        let passing = proxy(anvil.url.clone(), |n| n % 3 == 1, spoil);
        let pulled = pull_from(&passing.url(), &options).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(pulled.snapshot, clean.snapshot, "{name}");
        let staying = proxy(anvil.url.clone(), |n| n >= 7, spoil);
        assert!(pull_from(&staying.url(), &options).is_err(), "{name}");
    }
    // A node that asks for a wait is given it, and one that is silent is given up on.
    let asked = |_| Reply {
        headers: vec![("retry-after", "1".to_owned())],
        ..Reply::status(429, "")
    };
    let started = Instant::now();
    let waiting = proxy(anvil.url.clone(), |n| n == 5, asked);
    assert_eq!(
        pull_from(&waiting.url(), &options).unwrap().snapshot,
        clean.snapshot
    );
    assert!(started.elapsed() >= Duration::from_secs(1));
    let silent = proxy(
        anvil.url.clone(),
        |n| n >= 5,
        |reply| Reply {
            delay: Duration::from_secs(3),
            ..reply
        },
    );
    let impatient = PullOptions {
        limits: Limits {
            timeout: Duration::from_millis(400),
            ..options.limits
        },
        ..options.clone()
    };
    match pull_from(&silent.url(), &impatient) {
        Err(error @ ChainError::Unreachable { .. }) => {
            assert!(error.to_string().contains("in time"), "{error}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn retry_after_is_heeded() {
    let node = recorded::serve(MANNER);
    let spoil = |_| Reply {
        headers: vec![("retry-after", "1".to_owned())],
        ..Reply::status(429, "")
    };
    let proxy = proxy(node.url(), |n| n == 0, spoil);
    let started = Instant::now();
    pull_from(&proxy.url(), &options()).unwrap();
    assert!(
        started.elapsed() >= Duration::from_secs(1),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn a_silent_node_is_given_up_on() {
    let limits = Limits {
        timeout: Duration::from_millis(300),
        attempts: 2,
        ..options().limits
    };
    let silent = Server::start(|_| Reply {
        delay: Duration::from_secs(3),
        ..Reply::ok("{}")
    });
    let started = Instant::now();
    match pull_from(
        &silent.url(),
        &PullOptions {
            limits,
            ..options()
        },
    ) {
        Err(error @ ChainError::Unreachable { .. }) => {
            assert!(error.to_string().contains("in time"), "{error}")
        }
        other => panic!("{other:?}"),
    }
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
    // and one slow answer is only asked again
    let node = recorded::serve(MANNER);
    let slow = proxy(
        node.url(),
        |n| n == 3,
        |reply| Reply {
            delay: Duration::from_secs(6),
            ..reply
        },
    );
    let limits = Limits {
        timeout: Duration::from_secs(4),
        ..options().limits
    };
    let pulled = pull_from(
        &slow.url(),
        &PullOptions {
            limits,
            ..options()
        },
    )
    .unwrap();
    assert_eq!(pulled.snapshot, CLEAN.snapshot);
}

#[test]
fn nobody_there_and_access_refused() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    assert!(matches!(
        pull_from(&format!("http://{free}"), &options()),
        Err(ChainError::Unreachable { .. })
    ));
    let closed = Server::start(|_| Reply::status(401, format!("bad key {KEY}")));
    assert!(matches!(
        pull_from(&closed.url(), &options()),
        Err(ChainError::Refused { status: 401, .. })
    ));
    assert_eq!(closed.requests(), 1, "a refusal is not repeated");
}

/// The recorded node, but for what `differ` answers.
fn node(differ: impl Fn(&str, &Value) -> Option<Outcome> + Send + Sync + 'static) -> Server {
    rpc::serve(move |method, params| {
        differ(method, params).unwrap_or_else(|| recorded::respond(MANNER, method, params))
    })
}

fn range_of(params: &Value) -> u64 {
    let bound =
        |name: &str| u64::from_str_radix(&params[0][name].as_str().unwrap()[2..], 16).unwrap();
    bound("toBlock") - bound("fromBlock") + 1
}

#[test]
fn ranges_are_halved_in_the_words_of_every_provider() {
    for (code, words) in [
        (-32602, "range 128420 exceeds limit of 10000"),
        (-32005, "query returned more than 10000 results"),
        (
            -32602,
            "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range",
        ),
        (-32614, "eth_getLogs is limited to a 10,000 range"),
        (-32000, "block range is bigger than maxBlockRange"),
        (-32000, "ranges over 10000 blocks need an archive plan"),
    ] {
        let server = node(move |method, params| {
            let refuse = method == "eth_getLogs" && range_of(params) > 10_000;
            refuse.then(|| Err((code, words.to_owned())))
        });
        let pulled =
            pull_from(&server.url(), &options()).unwrap_or_else(|e| panic!("{words}: {e}"));
        assert_eq!(pulled.snapshot, CLEAN.snapshot, "{words}");
    }
    let never = node(|method, _| {
        (method == "eth_getLogs").then(|| Err((-32005, "limit exceeded".to_owned())))
    });
    match pull_from(&never.url(), &options()) {
        Err(ChainError::LogsRefused { from, to, .. }) => assert_eq!(from, to),
        other => panic!("{other:?}"),
    }
}

#[test]
fn pruned_state_asks_for_an_archive_node() {
    for words in [
        "missing trie node 12ab (path )",
        "required historical state unavailable (reexec=128)",
    ] {
        let server =
            node(move |method, _| (method == "eth_call").then(|| Err((-32000, words.to_owned()))));
        match pull_from(&server.url(), &options()) {
            Err(error @ ChainError::ArchiveNeeded { .. }) => {
                assert!(error.to_string().contains("archive node"), "{error}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_chain_that_changes_under_the_pull_is_noticed() {
    let asked = AtomicU64::new(0);
    let server = node(move |method, _| {
        let later = method == "eth_chainId" && asked.fetch_add(1, Ordering::SeqCst) > 0;
        later.then(|| Ok(json!("0x1")))
    });
    assert!(matches!(
        pull_from(&server.url(), &options()),
        Err(ChainError::WrongChain { found: 1, .. })
    ));
}

#[test]
fn a_block_that_changes_under_the_pull_is_noticed() {
    let head = u64::from(block_of(&checkpoints()[LAST]));
    // In the answers to blocks alone, and together with the node's refusal to read the old hash.
    for refuses in [false, true] {
        let calls = AtomicU64::new(0);
        let server = node(move |method, params| match method {
            "eth_call" => {
                let late = calls.fetch_add(1, Ordering::SeqCst) > 4;
                (late && refuses).then(|| Err((-32000, "header not found".to_owned())))
            }
            "eth_getBlockByNumber" if calls.load(Ordering::SeqCst) > 4 => {
                let mut block = recorded::respond(MANNER, method, params).ok()?;
                block["hash"] = json!(recorded::hash_of(head + 1));
                Some(Ok(block))
            }
            _ => None,
        });
        match pull_from(&server.url(), &options()) {
            Err(ChainError::BlockChanged { block, .. }) => assert_eq!(block, head),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_lagging_node_is_waited_for_and_then_given_up_on() {
    for (times, fine) in [(2, true), (u64::MAX, false)] {
        let lags = AtomicU64::new(0);
        let server = node(move |method, params| {
            let of_a_range =
                method == "eth_getBlockByNumber" && params[0].as_str() != Some("finalized");
            (of_a_range && lags.fetch_add(1, Ordering::SeqCst) < times).then(|| Ok(Value::Null))
        });
        match (pull_from(&server.url(), &options()), fine) {
            (Ok(pulled), true) => assert_eq!(pulled.snapshot, CLEAN.snapshot),
            (Err(ChainError::Lagging { .. }), false) => {}
            (other, _) => panic!("{other:?}"),
        }
    }
}

#[test]
fn logs_that_a_node_drops_are_missed() {
    let joined = "0x43232edf9071753d2321e5fa7e018363ee248e5f2142e6c08edd3265bfb4895e";
    let server = node(move |method, params| {
        let logs = (method == "eth_getLogs").then(|| recorded::respond(MANNER, method, params))?;
        let kept = logs.map(|logs| {
            let logs = logs.as_array().unwrap().iter();
            logs.filter(|log| log["topics"][0] != joined)
                .cloned()
                .collect::<Value>()
        });
        Some(kept)
    });
    match pull_from(&server.url(), &options()) {
        Err(error @ ChainError::Inconsistent { .. }) => {
            assert!(error.to_string().contains("logs are incomplete"), "{error}");
        }
        other => panic!("{other:?}"),
    }
}

const CHILD: &str = "STAKEWRIGHT_TEST_CHILD_PULL";

fn child_options(cache: &Path) -> PullOptions {
    let steps = LogSteps {
        first: 1_000,
        most: 1_000,
    };
    PullOptions {
        cache: Some(cache.to_owned()),
        steps,
        ..options()
    }
}

/// The process that the tests below kill: pulls from the URL into the cache that its variable names.
#[test]
#[ignore = "slow: only as the child of the tests that kill it"]
fn slow_child_that_pulls() {
    let Some(task) = std::env::var(CHILD).ok() else {
        return;
    };
    let (url, cache) = task.split_once('|').unwrap();
    pull_from(url, &child_options(Path::new(cache))).unwrap();
}

fn child(server: &Server, cache: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--ignored",
            "--exact",
            "pull_faults::slow_child_that_pulls",
            "--nocapture",
        ])
        .env(CHILD, format!("{}|{}", server.url(), cache.display()));
    command
}

fn slow_node() -> Server {
    Server::start(|request| {
        let body = rpc::handle(&request, &|method, params| {
            recorded::respond(MANNER, method, params)
        });
        Reply {
            delay: Duration::from_millis(15),
            ..Reply::ok(body)
        }
    })
}

#[test]
fn a_pull_killed_at_any_moment_resumes() {
    let (server, cache) = (slow_node(), tempfile::tempdir().unwrap());
    for requests in [6, 16, 25, 40, 60] {
        let seen = server.requests() + requests;
        let mut child = child(&server, cache.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let started = Instant::now();
        while server.requests() < seen && started.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(3));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let resumed = pull_from(&server.url(), &child_options(cache.path())).unwrap();
    assert_eq!(resumed.snapshot, CLEAN.snapshot);
    let all = u64::from(block_of(&checkpoints()[LAST])) - 25_000_000;
    assert!(
        resumed.report.blocks_scanned < all,
        "nothing was kept: {:?}",
        resumed.report
    );
    for file in std::fs::read_dir(cache.path()).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!text.contains(KEY), "the key is in the cache");
    }
}

#[test]
fn a_full_disk_stops_the_pull_and_loses_nothing() {
    let (server, cache) = (slow_node(), tempfile::tempdir().unwrap());
    let inner = child(&server, cache.path());
    // A limit on the size of files stands for a full disk: the write fails in the middle of a line.
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\""])
        .arg(inner.get_program())
        .args(inner.get_args())
        .env(
            CHILD,
            format!("{}|{}", server.url(), cache.path().display()),
        )
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned()
        + &String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("Store {"), "{said}");
    assert!(!said.contains(KEY), "{said}");
    let resumed = pull_from(&server.url(), &child_options(cache.path())).unwrap();
    assert_eq!(resumed.snapshot, CLEAN.snapshot);
}
