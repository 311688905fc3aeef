//! Checks of files: our own and anybody's.

mod batch;
mod hourglass;
mod quorums;
mod read;
mod v2;

use super::context::Context;
use super::finding::LintFinding;
use crate::export::network::Network;
use crate::units::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A deployment, or the parameters of one.
    Deployment,
    /// Ordered calls.
    Calls,
    /// A batch of the Safe Transaction Builder.
    Safe,
    /// Deployment of the quorum contracts.
    Quorums,
    /// Deployment of the newer middleware.
    MiddlewareV2,
    /// Context of the task framework.
    Hourglass,
}

/// Why a file cannot be checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LintError {
    /// Neither JSON nor YAML.
    #[error("the file is neither JSON nor YAML: {0}")]
    Unreadable(String),
    /// It has none of the keys by which kinds are told apart.
    #[error(
        "what the file is for is not clear: name one of deployment, calls, safe, quorums, middleware_v2, hourglass"
    )]
    Unclear,
}

/// The kind of a file, by the keys it has.
#[must_use]
pub fn guess(file: &Value) -> Option<Kind> {
    let has = |key: &str| file.get(key).is_some();
    let format = file
        .get("format")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if format.starts_with("stakewright-params/") || (has("network") && has("operator_sets")) {
        Some(Kind::Deployment)
    } else if format.starts_with("stakewright-calls/") || (has("calls") && has("chain_id")) {
        Some(Kind::Calls)
    } else if has("transactions") && has("meta") {
        Some(Kind::Safe)
    } else if has("strategyWeights") || has("operatorSetParams") || has("minimumStakes") {
        Some(Kind::Quorums)
    } else if has("registrarType") || has("calculatorType") {
        Some(Kind::MiddlewareV2)
    } else if has("operatorSets") || has("mailbox") || has("context") {
        Some(Kind::Hourglass)
    } else {
        None
    }
}

/// Checks a file. Without a kind it is guessed; without a context, the file's own network and time are used.
///
/// # Errors
/// When the text is neither JSON nor YAML, or its kind is not clear.
pub fn lint(
    text: &str,
    kind: Option<Kind>,
    context: Option<&Context>,
) -> Result<Vec<LintFinding>, LintError> {
    let file = read::value(text)?;
    let kind = kind.or_else(|| guess(&file)).ok_or(LintError::Unclear)?;
    let own = own_context(&file);
    let context = context.unwrap_or(&own);
    let mut findings = Vec::new();
    read::walk(&file, &mut findings);
    match kind {
        Kind::Deployment => deployment(&file, context, &mut findings),
        Kind::Calls => batch::calls(&file, context, &mut findings),
        Kind::Safe => batch::safe(&file, context, &mut findings),
        Kind::Quorums => quorums::check(&file, context, &mut findings),
        Kind::MiddlewareV2 => v2::check(&file, context, &mut findings),
        Kind::Hourglass => hourglass::check(&file, context, &mut findings),
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    Ok(findings)
}

/// The network and time that the file itself states; mainnet when it states none.
fn own_context(file: &Value) -> Context {
    let created = file
        .get("createdAt")
        .and_then(Value::as_u64)
        .map(|milliseconds| milliseconds / 1000);
    let network = network_in(file).unwrap_or_else(Network::mainnet);
    Context::new(network, Timestamp(created.unwrap_or(0)))
}

/// The network that a file names, by its definition, its chain id or the addresses in it.
#[must_use]
pub fn stated_network(text: &str) -> Option<Network> {
    network_in(&read::value(text).ok()?)
}

fn network_in(file: &Value) -> Option<Network> {
    let definition = ["/network_definition", "/deployment/network", "/network"]
        .iter()
        .find_map(|path| Network::deserialize(file.pointer(path)?).ok());
    if definition.is_some() {
        return definition;
    }
    let id = ["/chain_id", "/chainId", "/chainInfo/chainId"]
        .iter()
        .find_map(|path| match file.pointer(path)? {
            Value::String(text) => text.parse().ok(),
            number => number.as_u64(),
        });
    if let Some(id) = id {
        return Network::with_chain_id(id);
    }
    // Deploy files of the newer middleware name contracts and no chain.
    let manager = file.get("allocationManager").and_then(Value::as_str)?;
    [Network::mainnet(), Network::sepolia(), Network::hoodi()]
        .into_iter()
        .find(|network| {
            let known = network.contracts.allocation_manager.to_string();
            known.eq_ignore_ascii_case(manager)
        })
}

fn deployment(file: &Value, context: &Context, findings: &mut Vec<LintFinding>) {
    match crate::export::params::deployment_in(file) {
        Ok(deployment) => {
            if deployment.network.chain_id != context.network.chain_id {
                findings.push(LintFinding::new(
                    "chain-id",
                    "/deployment/network",
                    format!(
                        "the file is for chain {}, {} is {}",
                        deployment.network.chain_id, context.network.name, context.network.chain_id
                    ),
                    "export again for this network",
                ));
            }
            // A deployment states its own network and time; the context adds what is known of the chain.
            let context = Context {
                network: deployment.network.clone(),
                now: deployment.as_of,
                ..context.clone()
            };
            findings.extend(super::deployment_in(&deployment, &context));
        }
        Err(error) => {
            let right = "compare it with params.schema.json";
            findings.push(LintFinding::new("file-shape", "", error.to_string(), right));
        }
    }
}

/// The context of a file that says no time: rewards windows cannot be judged then.
const fn states_time(context: &Context) -> bool {
    context.now.0 > 0
}
