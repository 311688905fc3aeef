//! JSON-RPC requests, one at a time or in batches, with errors that name what happened.

use super::endpoint::Endpoint;
use super::error::ChainError;
use super::transport::{HttpFailure, HttpTransport, Limits, Meter, Traffic, http_client};
use alloy_json_rpc::RpcError;
use alloy_primitives::{B256, U64};
use alloy_rpc_client::RpcClient;
use alloy_rpc_types_eth::BlockNumberOrTag;
use alloy_transport::{TransportError, TransportErrorKind};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A connection to one node.
#[derive(Clone)]
pub struct Client {
    rpc: RpcClient,
    endpoint: Endpoint,
    meter: Arc<Meter>,
    batches: Arc<AtomicBool>,
}

/// The head of a block, as far as a pull needs it: chains differ in the other fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Header {
    /// Its number.
    pub number: U64,
    /// Its hash.
    pub hash: B256,
    /// Seconds since 1970 UTC.
    pub timestamp: U64,
}

/// An error that the node itself gave for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeError {
    /// JSON-RPC error code.
    pub code: i64,
    /// The node's words, without any key.
    pub message: String,
    /// `data` of the error, as text: revert data of a call.
    pub data: Option<String>,
}

/// How one request of a batch ended: the node's answer, or its error.
pub type Reply<T> = Result<T, NodeError>;

impl Client {
    /// Connects to an endpoint; nothing is sent yet.
    ///
    /// # Errors
    /// When the platform gives no TLS configuration.
    pub fn new(endpoint: Endpoint, limits: Limits) -> Result<Self, ChainError> {
        let http = http_client(&limits).map_err(|error| ChainError::Endpoint {
            problem: error.without_url().to_string(),
        })?;
        let transport = HttpTransport::new(http, endpoint.clone(), limits);
        let meter = transport.meter();
        let rpc = RpcClient::new(transport, false);
        Ok(Self {
            rpc,
            endpoint,
            meter,
            batches: Arc::new(AtomicBool::new(true)),
        })
    }

    /// What went over the wire so far.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.meter.read()
    }

    /// One request; the node's own error is an error.
    pub async fn request<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: Value,
    ) -> Result<T, ChainError> {
        self.try_request(method, params)
            .await?
            .map_err(|error| self.node_error(method, error))
    }

    /// One request; the node's own error is a reply.
    pub async fn try_request<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: Value,
    ) -> Result<Reply<T>, ChainError> {
        let answer = self.rpc.request::<Value, Value>(method, params).await;
        self.reply(method, answer)
    }

    /// Many requests of one method in one HTTP request; replies in the same order. A node that does not
    /// take batches is asked one by one.
    pub async fn batch<T: DeserializeOwned>(
        &self,
        requests: &[(&'static str, Value)],
    ) -> Result<Vec<Reply<T>>, ChainError> {
        if requests.len() > 1 && self.batches.load(Ordering::Relaxed) {
            if let Some(replies) = self.one_batch(requests).await? {
                return Ok(replies);
            }
            self.batches.store(false, Ordering::Relaxed);
        }
        let mut replies = Vec::with_capacity(requests.len());
        for (method, params) in requests {
            replies.push(self.try_request(method, params.clone()).await?);
        }
        Ok(replies)
    }

    /// `None` when the node leaves replies out, as those do that know no batches.
    async fn one_batch<T: DeserializeOwned>(
        &self,
        requests: &[(&'static str, Value)],
    ) -> Result<Option<Vec<Reply<T>>>, ChainError> {
        let method = requests[0].0;
        let mut batch = self.rpc.new_batch();
        let mut waiting = Vec::with_capacity(requests.len());
        for (method, params) in requests {
            let waiter = batch.add_call::<Value, Value>(*method, params);
            waiting.push((
                *method,
                waiter.map_err(|error| self.failure(method, error))?,
            ));
        }
        match batch.send().await {
            Ok(()) => {}
            Err(RpcError::Transport(TransportErrorKind::MissingBatchResponse(_))) => {
                return Ok(None);
            }
            Err(RpcError::ErrorResp(_)) => return Ok(None),
            Err(error) => return Err(self.failure(method, error)),
        }
        let mut replies = Vec::with_capacity(waiting.len());
        for (method, waiter) in waiting {
            match waiter.await {
                Err(RpcError::Transport(TransportErrorKind::MissingBatchResponse(_))) => {
                    return Ok(None);
                }
                answer => replies.push(self.reply(method, answer)?),
            }
        }
        Ok(Some(replies))
    }

    fn reply<T: DeserializeOwned>(
        &self,
        method: &str,
        answer: Result<Value, TransportError>,
    ) -> Result<Reply<T>, ChainError> {
        match answer {
            Ok(value) => {
                serde_json::from_value(value)
                    .map(Ok)
                    .map_err(|error| ChainError::BadAnswer {
                        endpoint: self.endpoint.to_string(),
                        method: method.to_owned(),
                        problem: self.endpoint.redact(&error.to_string()),
                    })
            }
            Err(RpcError::ErrorResp(error)) => Ok(Err(NodeError {
                code: error.code,
                message: self.endpoint.redact(&shortened(&error.message)),
                data: error.data.map(|raw| raw.get().trim_matches('"').to_owned()),
            })),
            Err(error) => Err(self.failure(method, error)),
        }
    }

    fn failure(&self, method: &str, error: TransportError) -> ChainError {
        let (endpoint, method) = (self.endpoint.to_string(), method.to_owned());
        let custom = match &error {
            RpcError::Transport(TransportErrorKind::Custom(inner)) => {
                inner.downcast_ref::<HttpFailure>()
            }
            _ => None,
        };
        match custom {
            Some(HttpFailure::Refused(status)) => ChainError::Refused {
                endpoint,
                status: *status,
            },
            Some(HttpFailure::Exhausted { problem, attempts }) => ChainError::Unreachable {
                endpoint,
                method,
                attempts: *attempts,
                problem: problem.clone(),
            },
            Some(other) => ChainError::Unreachable {
                endpoint,
                method,
                attempts: 1,
                problem: other.to_string(),
            },
            None => ChainError::BadAnswer {
                endpoint,
                method,
                problem: self.endpoint.redact(&shortened(&error.to_string())),
            },
        }
    }

    /// The node's own error as an error of the pull.
    pub fn node_error(&self, method: &str, error: NodeError) -> ChainError {
        ChainError::Node {
            endpoint: self.endpoint.to_string(),
            method: method.to_owned(),
            code: error.code,
            message: error.message,
        }
    }

    /// The chain id the node states.
    pub async fn chain_id(&self) -> Result<u64, ChainError> {
        Ok(self.request::<U64>("eth_chainId", json!([])).await?.to())
    }

    /// A block by number or by tag; `None` when the node does not have it.
    pub async fn block(&self, block: BlockName) -> Result<Option<Header>, ChainError> {
        let params = json!([BlockNumberOrTag::from(block), false]);
        self.request("eth_getBlockByNumber", params).await
    }
}

/// How a block is named in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockName {
    /// The newest block that the chain will not replace.
    Finalized,
    /// The newest block.
    Latest,
    /// A block by its number.
    Number(u64),
}

impl From<BlockName> for BlockNumberOrTag {
    fn from(name: BlockName) -> Self {
        match name {
            BlockName::Finalized => Self::Finalized,
            BlockName::Latest => Self::Latest,
            BlockName::Number(number) => Self::Number(number),
        }
    }
}

/// A foreign text, cut to what an error message can show.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 300;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What a node's error says about the state behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeComplaint {
    /// State or history of the block was thrown away.
    Pruned,
    /// The block is unknown: the node lags or the chain was reorganised.
    UnknownBlock,
    /// The call itself reverted.
    Reverted,
    /// Too much was asked at one time.
    TooMuch,
    /// Anything else.
    Other,
}

/// Reads a node's error: geth, erigon, nethermind, reth, anvil and the large providers.
#[must_use]
pub fn complaint(error: &NodeError) -> NodeComplaint {
    let words = error.message.to_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    if error.code == 4444
        || says(&[
            "missing trie node",
            "pruned",
            "archive",
            "historical state",
            "state not available",
            "state is not available",
            "distance to target block exceeds",
            "state at block",
            "no state available",
            "required historical",
        ])
    {
        NodeComplaint::Pruned
    } else if error.code == 3 || says(&["revert"]) {
        NodeComplaint::Reverted
    } else if says(&[
        "header not found",
        "unknown block",
        "block not found",
        "blocknotfound",
        "not currently canonical",
        "not canonical",
        "header for hash not found",
        "blockoutofrange",
        "could not find block",
    ]) {
        NodeComplaint::UnknownBlock
    } else if says(&[
        "out of gas",
        "gas required exceeds",
        "too large",
        "timeout",
        "timed out",
        "exceed",
        "limit",
    ]) {
        NodeComplaint::TooMuch
    } else {
        NodeComplaint::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_of_several_nodes() {
        for (code, message, expected) in [
            (
                -32000,
                "missing trie node 5f3a (path ) state 0x12 is not available",
                NodeComplaint::Pruned,
            ),
            (
                -32000,
                "required historical state unavailable (reexec=128)",
                NodeComplaint::Pruned,
            ),
            (4444, "pruned history unavailable", NodeComplaint::Pruned),
            (
                -32801,
                "distance to target block exceeds maximum proof window",
                NodeComplaint::Pruned,
            ),
            (-32000, "header not found", NodeComplaint::UnknownBlock),
            (
                -32000,
                "hash 0xab is not currently canonical",
                NodeComplaint::UnknownBlock,
            ),
            (
                -32602,
                "BlockOutOfRangeError: block height is 5 but requested was 9",
                NodeComplaint::UnknownBlock,
            ),
            (3, "execution reverted: no", NodeComplaint::Reverted),
            (-32000, "out of gas", NodeComplaint::TooMuch),
            (-32603, "response size exceeded", NodeComplaint::TooMuch),
            (-32601, "the method does not exist", NodeComplaint::Other),
        ] {
            let error = NodeError {
                code,
                message: message.to_owned(),
                data: None,
            };
            assert_eq!(complaint(&error), expected, "{message}");
        }
    }
}
