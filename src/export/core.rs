//! Target `core`: the ordered calls, as calldata with the decoded arguments beside it.

use super::abi::encode;
use super::action::Contract;
use super::address::{Address, hex};
use super::design::Deployment;
use super::network::Network;
use super::plan::{Phase, Step, plan};
use super::{Artifact, ExportError, json, text};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Version of the file's form.
pub const CALLS_FORMAT: &str = "stakewright-calls/1";

/// `calls.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallFile {
    /// [`CALLS_FORMAT`].
    pub format: String,
    /// Name of the network.
    pub network: String,
    /// Its chain id.
    pub chain_id: u64,
    /// Addresses and limits of the network, when it is not one that this program knows by its chain id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_definition: Option<Network>,
    /// The AVS.
    pub avs: Address,
    /// Tokens that amounts in the calls are stated in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<TokenEntry>,
    /// Calls, in the order they must be sent.
    pub calls: Vec<CallEntry>,
}

/// A token that pays, and the decimals that its amounts were made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenEntry {
    /// The contract.
    pub token: Address,
    /// Its symbol, as the model file names it.
    pub symbol: String,
    /// One token is 10 to this power of its smallest unit.
    pub decimals: u8,
}

/// The tokens of a deployment whose decimals are stated, each once.
pub(super) fn tokens(deployment: &Deployment) -> Vec<TokenEntry> {
    let mut tokens: Vec<TokenEntry> = Vec::new();
    for submission in &deployment.rewards {
        let Some(unit) = &submission.unit else {
            continue;
        };
        if tokens.iter().all(|known| known.token != submission.token) {
            tokens.push(TokenEntry {
                token: submission.token,
                symbol: unit.symbol.clone(),
                decimals: unit.decimals,
            });
        }
    }
    tokens
}

/// One call.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallEntry {
    /// Number, from 1.
    pub step: usize,
    /// When it can be sent.
    pub phase: Phase,
    /// What it does.
    pub title: String,
    /// The contract.
    pub contract: Contract,
    /// The sender.
    pub from: Address,
    /// The contract's address.
    pub to: Address,
    /// Canonical signature.
    pub function: String,
    /// Decoded arguments.
    pub arguments: Value,
    /// The same as bytes.
    pub calldata: String,
    /// Parameters of the deployment that it carries.
    #[serde(default)]
    pub parameters: Vec<String>,
}

pub(super) fn files(deployment: &Deployment, avs: Address) -> Result<Vec<Artifact>, ExportError> {
    let steps = plan(deployment, avs);
    let calls = call_file(deployment, avs, &steps)?;
    Ok(vec![
        json("core/calls.json", &calls),
        text("core/README.md", &readme(deployment, &calls)),
    ])
}

fn call_file(
    deployment: &Deployment,
    avs: Address,
    steps: &[Step],
) -> Result<CallFile, ExportError> {
    let entry = |(index, step): (usize, &Step)| -> Result<CallEntry, ExportError> {
        Ok(CallEntry {
            step: index + 1,
            phase: step.phase,
            title: step.title.clone(),
            contract: step.call.action.contract(),
            from: step.call.from,
            to: step.call.to,
            function: step.call.action.signature().into(),
            arguments: step.call.action.arguments(),
            calldata: format!("0x{}", hex(&encode(&step.call.action)?)),
            parameters: step.parameters.clone(),
        })
    };
    Ok(CallFile {
        format: CALLS_FORMAT.into(),
        network: deployment.network.name.clone(),
        chain_id: deployment.network.chain_id,
        network_definition: deployment.network.unknown_definition(),
        avs,
        tokens: tokens(deployment),
        calls: steps
            .iter()
            .enumerate()
            .map(entry)
            .collect::<Result<_, _>>()?,
    })
}

fn readme(deployment: &Deployment, file: &CallFile) -> String {
    let mut list = String::new();
    let mut phase = Phase::Setup;
    for call in &file.calls {
        if call.phase != phase {
            phase = call.phase;
            list.push_str(
                "\nOnly after the stake table has arrived at the certificate verifier \
                 (up to a week on mainnet), sent by the table's owner:\n\n",
            );
        }
        list.push_str(&format!(
            "{}. {}: `{}` on {}\n",
            call.step, call.title, call.function, call.to
        ));
    }
    format!(
        "# {}: calls on {} (chain {})\n\n\
         `calls.json` holds the calls in the order they must be sent, each as calldata with its decoded arguments.\n\n\
         1. Rehearse them, nothing is sent: `stakewright verify core/calls.json --rpc-url $ETH_RPC_URL`\n\
         2. Send each with the wallet of the sender, for example\n   \
         `cast send $TO --data $CALLDATA --from {} --ledger --rpc-url $ETH_RPC_URL`\n\n\
         If one reverts, stop: later calls rest on earlier ones. No private key stands in these files.\n\n{list}",
        deployment.name,
        deployment.network.name,
        deployment.network.chain_id,
        deployment.admin.unwrap_or(file.avs),
    )
}
