//! The node's address, which holds a key that must never be shown.

use super::error::ChainError;
use reqwest::Url;
use std::fmt;

/// Shortest part of a URL that is hidden in foreign texts; shorter ones are words, not keys.
const SHORTEST_SECRET: usize = 6;

/// An http(s) URL of a JSON-RPC node. Shows its host only, in `Display` and in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    url: Url,
}

impl Endpoint {
    /// Reads a URL.
    ///
    /// # Errors
    /// When it is no http or https URL with a host; the error does not repeat the text.
    pub fn parse(text: &str) -> Result<Self, ChainError> {
        let refuse = |problem: &str| ChainError::Endpoint {
            problem: problem.to_owned(),
        };
        let url = Url::parse(text.trim()).map_err(|error| refuse(&error.to_string()))?;
        match url.scheme() {
            "http" | "https" => {}
            "ws" | "wss" => return Err(refuse("web sockets are not supported")),
            _ => return Err(refuse("only http and https are supported")),
        }
        if url.host_str().is_none() {
            return Err(refuse("it has no host"));
        }
        Ok(Self { url })
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// A foreign text without anything secret of this URL.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        let mut out = text.replace(self.url.as_str(), &self.to_string());
        for secret in self.secrets() {
            out = out.replace(&secret, "…");
        }
        out
    }

    fn secrets(&self) -> Vec<String> {
        let path = self
            .url
            .path_segments()
            .into_iter()
            .flatten()
            .map(str::to_owned);
        let query = self.url.query_pairs().map(|(_, value)| value.into_owned());
        let raw_query = self.url.query().map(str::to_owned);
        let user =
            [self.url.username(), self.url.password().unwrap_or_default()].map(str::to_owned);
        let mut secrets: Vec<String> = path
            .chain(query)
            .chain(raw_query)
            .chain(user)
            .filter(|part| part.len() >= SHORTEST_SECRET)
            .collect();
        secrets.sort_by_key(|part| std::cmp::Reverse(part.len()));
        secrets
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}://{}",
            self.url.scheme(),
            self.url.host_str().unwrap_or_default()
        )?;
        if let Some(port) = self.url.port() {
            write!(f, ":{port}")?;
        }
        let bare = self.url.path() == "/" && self.url.query().is_none();
        if bare { Ok(()) } else { f.write_str("/…") }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_host_is_shown() {
        for (text, shown) in [
            (
                "https://user:hunter22@node.example/v2/abcdef123456?token=s3cr3tkey",
                "https://node.example/…",
            ),
            ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
            ("http://127.0.0.1:8545/", "http://127.0.0.1:8545"),
            (
                "https://node.example/abcdef123456",
                "https://node.example/…",
            ),
        ] {
            let endpoint = Endpoint::parse(text).unwrap();
            assert_eq!(endpoint.to_string(), shown);
            assert_eq!(format!("{endpoint:?}"), shown);
        }
    }

    #[test]
    fn foreign_texts_lose_the_key() {
        let url = "https://user:hunter22@node.example/v2/abcdef123456?token=s3cr3tkey";
        let endpoint = Endpoint::parse(url).unwrap();
        let text = format!("cannot POST {url} (key abcdef123456, s3cr3tkey, hunter22)");
        let shown = endpoint.redact(&text);
        for secret in ["abcdef123456", "s3cr3tkey", "hunter22"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(shown.contains("node.example"), "{shown}");
    }

    #[test]
    fn what_is_refused_is_not_repeated() {
        for text in [
            "wss://node.example/secretkey",
            "secretkey",
            "file:///secretkey",
            "https:///secretkey?",
        ] {
            match Endpoint::parse(text) {
                Err(error) => assert!(!error.to_string().contains("secretkey"), "{error}"),
                Ok(endpoint) => assert!(!endpoint.to_string().contains("?"), "{endpoint}"),
            }
        }
    }
}
