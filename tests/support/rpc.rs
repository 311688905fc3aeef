//! JSON-RPC over the test server: single requests and batches.

use super::http::{Reply, Request, Server};
use serde_json::{Value, json};

/// How a method ends.
pub type Outcome = Result<Value, (i64, String)>;

/// Serves JSON-RPC; `respond` gets method and parameters.
pub fn serve(respond: impl Fn(&str, &Value) -> Outcome + Send + Sync + 'static) -> Server {
    Server::start(move |request| Reply::ok(handle(&request, &respond)))
}

/// The body that answers a request body.
pub fn handle(request: &Request, respond: &dyn Fn(&str, &Value) -> Outcome) -> Vec<u8> {
    let body: Value = serde_json::from_slice(&request.body).expect("a JSON-RPC request");
    let one = |request: &Value| {
        let id = &request["id"];
        match respond(
            request["method"].as_str().expect("a method"),
            &request["params"],
        ) {
            Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
            Err((code, message)) => {
                json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
            }
        }
    };
    let answer = match &body {
        Value::Array(requests) => Value::Array(requests.iter().map(one).collect()),
        request => one(request),
    };
    serde_json::to_vec(&answer).expect("plain JSON")
}
