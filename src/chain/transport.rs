//! HTTP under JSON-RPC: bounded retries, bounded answers, and no key in any error.
//!
//! A tower service for `alloy-rpc-client` over reqwest. alloy's own HTTP transport would do, but its
//! errors show the URL, and a cut or truncated body ends its attempt for good.

use super::endpoint::Endpoint;
use alloy_json_rpc::{RequestPacket, ResponsePacket};
use alloy_transport::{TransportError, TransportErrorKind, TransportFut};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use std::sync::Arc;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::Semaphore;

/// How patient the client is, and how much it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest wait for one answer.
    pub timeout: Duration,
    /// Most attempts at one request.
    pub attempts: u32,
    /// Wait before the second attempt; doubles with each.
    pub first_wait: Duration,
    /// Longest wait between two attempts, also when the node asks for more.
    pub longest_wait: Duration,
    /// Requests under way at one time.
    pub concurrency: usize,
    /// Largest answer.
    pub answer_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(60),
            attempts: 6,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(30),
            concurrency: 4,
            answer_bytes: 256 << 20,
        }
    }
}

/// Why a request got no usable answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpFailure {
    /// Every attempt failed.
    #[error("{problem} ({attempts} attempts)")]
    Exhausted {
        /// How the last one failed.
        problem: String,
        /// How many there were.
        attempts: u32,
    },
    /// The node refuses this client.
    #[error("status {0}")]
    Refused(u16),
    /// The node finds the request too large, or its answer exceeds the limit here.
    #[error("{0}")]
    TooLarge(String),
    /// Another status that no retry will change.
    #[error("status {status}: {text}")]
    Status {
        /// HTTP status.
        status: u16,
        /// Start of the body.
        text: String,
    },
}

/// What went over the wire.
#[derive(Debug, Default)]
pub struct Meter {
    requests: AtomicU64,
    retries: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
}

/// Counts of a [`Meter`] at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// HTTP requests, retries included.
    pub requests: u64,
    /// Requests that repeated one.
    pub retries: u64,
    /// Bytes of request bodies.
    pub sent_bytes: u64,
    /// Bytes of answer bodies.
    pub received_bytes: u64,
}

impl Meter {
    /// The counts now.
    #[must_use]
    pub fn read(&self) -> Traffic {
        Traffic {
            requests: self.requests.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            sent_bytes: self.sent.load(Ordering::Relaxed),
            received_bytes: self.received.load(Ordering::Relaxed),
        }
    }
}

/// The tower service.
#[derive(Clone)]
pub struct HttpTransport {
    http: reqwest::Client,
    endpoint: Endpoint,
    limits: Limits,
    meter: Arc<Meter>,
    under_way: Arc<Semaphore>,
}

/// Builds the HTTP client that the node and the side sources share.
///
/// # Errors
/// When the platform gives no TLS configuration.
pub fn http_client(limits: &Limits) -> Result<reqwest::Client, reqwest::Error> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // An error means that a provider is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder()
        .timeout(limits.timeout)
        .connect_timeout(limits.timeout.min(Duration::from_secs(10)))
        // A redirect would carry the key to another host.
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("stakewright/", env!("CARGO_PKG_VERSION")))
        .build()
}

enum Attempt {
    Answer(ResponsePacket),
    Final(HttpFailure),
    Again {
        problem: String,
        wait: Option<Duration>,
    },
}

impl HttpTransport {
    /// A transport to one endpoint.
    #[must_use]
    pub fn new(http: reqwest::Client, endpoint: Endpoint, limits: Limits) -> Self {
        let under_way = Arc::new(Semaphore::new(limits.concurrency.max(1)));
        Self {
            http,
            endpoint,
            limits,
            meter: Arc::default(),
            under_way,
        }
    }

    /// What went over the wire.
    #[must_use]
    pub fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }

    async fn send(self, packet: RequestPacket) -> Result<ResponsePacket, TransportError> {
        let body = serde_json::to_vec(&packet).map_err(TransportError::ser_err)?;
        let attempts = self.limits.attempts.max(1);
        let mut wait = self.limits.first_wait;
        let mut last = String::new();
        for attempt in 1..=attempts {
            let outcome = {
                let _turn = self.under_way.acquire().await;
                self.attempt(&body, attempt).await
            };
            match outcome {
                Attempt::Answer(answer) => return Ok(answer),
                Attempt::Final(failure) => return Err(TransportErrorKind::custom(failure)),
                Attempt::Again {
                    problem,
                    wait: asked,
                } => {
                    last = problem;
                    if attempt < attempts {
                        tokio::time::sleep(asked.unwrap_or(wait).min(self.limits.longest_wait))
                            .await;
                        wait = (wait * 2).min(self.limits.longest_wait);
                    }
                }
            }
        }
        Err(TransportErrorKind::custom(HttpFailure::Exhausted {
            problem: last,
            attempts,
        }))
    }

    async fn attempt(&self, body: &[u8], attempt: u32) -> Attempt {
        self.meter.requests.fetch_add(1, Ordering::Relaxed);
        self.meter
            .retries
            .fetch_add(u64::from(attempt > 1), Ordering::Relaxed);
        self.meter
            .sent
            .fetch_add(body.len() as u64, Ordering::Relaxed);
        let request = self
            .http
            .post(self.endpoint.url().clone())
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_vec());
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => {
                return Attempt::Again {
                    problem: describe(&error.without_url()),
                    wait: None,
                };
            }
        };
        let status = response.status().as_u16();
        let asked = retry_after(response.headers());
        let bytes = match self.body(response).await {
            Ok(bytes) => bytes,
            Err(attempt) => return attempt,
        };
        let text = || self.endpoint.redact(&start_of(&bytes));
        match status {
            401 | 403 => Attempt::Final(HttpFailure::Refused(status)),
            413 => Attempt::Final(HttpFailure::TooLarge(format!("status 413: {}", text()))),
            429 => Attempt::Again {
                problem: "the node limits the rate (status 429)".to_owned(),
                wait: asked,
            },
            408 | 425 | 500 | 502..=504 | 520..=530 => {
                // Some nodes put a JSON-RPC error under a server status: that one is an answer.
                match (status, serde_json::from_slice::<ResponsePacket>(&bytes)) {
                    (500, Ok(packet)) => Attempt::Answer(packet),
                    _ => Attempt::Again {
                        problem: format!("status {status}: {}", text()),
                        wait: asked,
                    },
                }
            }
            _ => match serde_json::from_slice::<ResponsePacket>(&bytes) {
                Ok(packet) if is_rate_limited(&packet) => Attempt::Again {
                    problem: "the node limits the rate".to_owned(),
                    wait: asked,
                },
                Ok(packet) => Attempt::Answer(packet),
                Err(_) if status == 200 => Attempt::Again {
                    problem: format!("the answer is not JSON-RPC: {}", text()),
                    wait: None,
                },
                Err(_) => Attempt::Final(HttpFailure::Status {
                    status,
                    text: text(),
                }),
            },
        }
    }

    async fn body(&self, mut response: reqwest::Response) -> Result<Vec<u8>, Attempt> {
        let mut bytes = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    self.meter
                        .received
                        .fetch_add(chunk.len() as u64, Ordering::Relaxed);
                    bytes.extend_from_slice(&chunk);
                    if bytes.len() as u64 > self.limits.answer_bytes {
                        let limit = self.limits.answer_bytes;
                        return Err(Attempt::Final(HttpFailure::TooLarge(format!(
                            "the answer exceeds {limit} bytes"
                        ))));
                    }
                }
                Ok(None) => return Ok(bytes),
                Err(error) => {
                    let problem = format!("the answer was cut: {}", describe(&error.without_url()));
                    return Err(Attempt::Again {
                        problem,
                        wait: None,
                    });
                }
            }
        }
    }
}

impl tower::Service<RequestPacket> for HttpTransport {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, packet: RequestPacket) -> TransportFut<'static> {
        Box::pin(self.clone().send(packet))
    }
}

/// An error with its causes: reqwest keeps the useful words in the last.
pub fn describe(error: &reqwest::Error) -> String {
    let mut text = if error.is_timeout() {
        "no answer in time".to_owned()
    } else {
        error.to_string()
    };
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let then = jiff::fmt::rfc2822::parse(&text.replace("GMT", "+0000")).ok()?;
    let seconds = then.timestamp().as_second() - jiff::Timestamp::now().as_second();
    Some(Duration::from_secs(seconds.max(0) as u64))
}

/// Whether the node says in JSON-RPC what others say with status 429.
fn is_rate_limited(packet: &ResponsePacket) -> bool {
    packet
        .responses()
        .iter()
        .filter_map(|response| response.payload.as_error())
        .any(|error| {
            let words = error.message.to_lowercase();
            let of_results = words.contains("result")
                || words.contains("range")
                || words.contains("response size");
            let limited = error.code == 429
                || words.contains("too many requests")
                || words.contains("rate limit")
                || words.contains("rate exceeded")
                || words.contains("request count exceeded")
                || words.contains("throughput")
                || words.contains("compute units per second");
            limited && !of_results
        })
}

/// The first words of a body, for an error message.
fn start_of(bytes: &[u8]) -> String {
    const SHOWN: usize = 120;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4 * SHOWN)]);
    let clean: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(SHOWN)
        .collect();
    if clean.trim().is_empty() {
        "an empty body".to_owned()
    } else {
        clean.trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(code: i64, message: &str) -> ResponsePacket {
        let text = serde_json::json!({"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": message}});
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn rate_limits_are_told_from_range_limits() {
        for (code, message) in [
            (
                429,
                "Your app has exceeded its compute units per second capacity",
            ),
            (-32005, "daily request count exceeded, request rate limited"),
            (-32000, "Too Many Requests"),
        ] {
            assert!(is_rate_limited(&packet(code, message)), "{message}");
        }
        for (code, message) in [
            (-32005, "query returned more than 10000 results"),
            (-32602, "range 1000000 exceeds limit of 10000"),
            (-32000, "execution reverted"),
        ] {
            assert!(!is_rate_limited(&packet(code, message)), "{message}");
        }
    }

    #[test]
    fn retry_after_as_seconds_or_as_a_date() {
        let header = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers)
        };
        assert_eq!(header("7"), Some(Duration::from_secs(7)));
        assert_eq!(
            header("Wed, 21 Oct 2015 07:28:00 GMT"),
            Some(Duration::ZERO)
        );
        assert_eq!(header("soon"), None);
    }

    #[test]
    fn bodies_are_shown_short_and_clean() {
        assert_eq!(start_of(b"  \n "), "an empty body");
        assert_eq!(start_of(b"<html>\n<b>"), "<html> <b>");
        assert!(start_of(&vec![b'x'; 10_000]).len() <= 120);
    }
}
