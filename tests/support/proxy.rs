//! Proxies in front of a node: pass everything on, and spoil what the test picks.

use super::http::{Reply, Request, Server, post};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// One answer to one JSON-RPC request inside an HTTP request.
pub type Answer = Result<Value, (i64, String)>;

/// Passes requests on, and spoils the answers of those whose number `which` picks.
pub fn by_number(
    upstream: String,
    which: impl Fn(u64) -> bool + Send + Sync + 'static,
    spoil: impl Fn(Reply) -> Reply + Send + Sync + 'static,
) -> Server {
    let count = AtomicU64::new(0);
    Server::start(move |request| {
        let reply = pass_on(&upstream, &request);
        if which(count.fetch_add(1, Ordering::SeqCst)) {
            spoil(reply)
        } else {
            reply
        }
    })
}

/// The node's own reply.
pub fn pass_on(upstream: &str, request: &Request) -> Reply {
    let (status, body) = post(upstream, &request.body).expect("the node behind the proxy answers");
    Reply::status(status, body)
}

/// Passes JSON-RPC requests on one by one; `differ` may answer instead, or change the node's answer.
pub fn by_method(
    upstream: String,
    differ: impl Fn(&str, &Value, &dyn Fn() -> Answer) -> Answer + Send + Sync + 'static,
) -> Server {
    super::rpc::serve(move |method, params| {
        let ask = || {
            let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
            let (_, answer) =
                post(&upstream, body.to_string().as_bytes()).expect("the node answers");
            let answer: Value = serde_json::from_slice(&answer).expect("JSON");
            match &answer["error"] {
                Value::Null => Ok(answer["result"].clone()),
                error => Err((
                    error["code"].as_i64().unwrap_or_default(),
                    error["message"].as_str().unwrap_or_default().to_owned(),
                )),
            }
        };
        differ(method, params, &ask)
    })
}
