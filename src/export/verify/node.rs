//! A node that answers JSON-RPC, and one over HTTP.

use serde_json::{Value, json};
use std::time::Duration;

/// Whatever answers JSON-RPC.
pub trait Node {
    /// One request.
    ///
    /// # Errors
    /// When the node says no, or does not answer.
    fn request(&self, method: &str, params: Value) -> Result<Value, NodeError>;
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NodeError {
    /// The node answered with an error: a revert, or a method it does not have.
    #[error("the node says: {message} (code {code})")]
    Rejected {
        /// JSON-RPC error code.
        code: i64,
        /// Its text.
        message: String,
        /// Revert data, `0x…`, if there is any.
        data: Option<String>,
    },
    /// The node did not answer, or not in JSON-RPC. The address is not repeated: it can hold a key.
    #[error("no answer to {method}: {reason}; check the address given with --rpc-url")]
    Unreachable {
        /// The method asked for.
        method: String,
        /// What went wrong.
        reason: String,
    },
}

/// A node over HTTP.
pub struct HttpNode {
    client: reqwest::Client,
    url: reqwest::Url,
    runtime: tokio::runtime::Runtime,
}

/// Longest wait for one answer.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Largest answer that is read.
const MAX_ANSWER: usize = 64 << 20;

impl HttpNode {
    /// A node at an address.
    ///
    /// # Errors
    /// When the address is none, or the machine cannot open connections.
    pub fn new(url: &str) -> Result<Self, NodeError> {
        let failed = |reason: &str| NodeError::Unreachable {
            method: "anything".into(),
            reason: reason.into(),
        };
        let url = reqwest::Url::parse(url).map_err(|_| failed("the address is no URL"))?;
        // A second installation fails and leaves the first, which is the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .build()
            .map_err(|_| failed("no HTTP client"))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        Ok(Self {
            client,
            url,
            runtime: runtime.map_err(|_| failed("no runtime"))?,
        })
    }
}

impl Node for HttpNode {
    fn request(&self, method: &str, params: Value) -> Result<Value, NodeError> {
        let failed = |reason: String| NodeError::Unreachable {
            method: method.into(),
            reason,
        };
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = self.runtime.block_on(async {
            let response = self.client.post(self.url.clone()).json(&body).send().await;
            let mut response = response.map_err(|error| failed(error.without_url().to_string()))?;
            let mut bytes = Vec::new();
            while let Some(chunk) = response
                .chunk()
                .await
                .map_err(|error| failed(error.without_url().to_string()))?
            {
                bytes.extend_from_slice(&chunk);
                if bytes.len() > MAX_ANSWER {
                    return Err(failed("the answer is too large".into()));
                }
            }
            let status = response.status();
            serde_json::from_slice::<Value>(&bytes)
                .map_err(|_| failed(format!("the answer ({status}) is no JSON")))
        })?;
        read(answer).ok_or_else(|| failed("the answer has neither result nor error".into()))?
    }
}

/// The result or error of an answer; `None` when it has neither.
fn read(mut answer: Value) -> Option<Result<Value, NodeError>> {
    if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
        return Some(Err(NodeError::Rejected {
            code: error
                .get("code")
                .and_then(Value::as_i64)
                .unwrap_or_default(),
            message: error
                .get("message")
                .and_then(Value::as_str)
                .unwrap_or("no reason given")
                .to_owned(),
            data: revert_data(error),
        }));
    }
    answer.get_mut("result").map(|result| Ok(result.take()))
}

/// Revert data, where nodes put it: a text, or a text one level deeper.
pub(super) fn revert_data(error: &Value) -> Option<String> {
    let data = error.get("data")?;
    let text = data.as_str().or_else(|| data.get("data")?.as_str())?;
    text.starts_with("0x").then(|| text.to_owned())
}
