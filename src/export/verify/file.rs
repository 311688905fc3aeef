//! Calls read from a file: our own, or a Safe batch.

use crate::export::abi;
use crate::export::action::{Action, Call};
use crate::export::address::{Address, unhex};
use crate::export::core::{CallFile, TokenEntry, tokens};
use crate::export::design::Deployment;
use crate::export::network::Network;
use crate::export::plan::{Phase, Step, plan, plan_through};
use serde_json::Value;

/// Calls of one chain, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Calls {
    /// Chain they are for.
    pub chain_id: u64,
    /// The AVS, where the file names it.
    pub avs: Option<Address>,
    /// Addresses and limits, where the file brings its own.
    pub network: Option<Network>,
    /// Tokens that amounts are stated in.
    pub tokens: Vec<TokenEntry>,
    /// The calls.
    pub steps: Vec<PlannedCall>,
}

/// A call, when it can be sent, and what it is for.
pub type PlannedCall = Step;

/// Why a file holds no calls.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Not JSON of a known kind.
    #[error("the file is neither calls.json nor a Safe batch: {0}")]
    Shape(String),
    /// One of its calls cannot be read.
    #[error("call {number}: {problem}")]
    Call {
        /// Number, from 1.
        number: usize,
        /// What is wrong.
        problem: String,
    },
}

impl Calls {
    /// The calls that a deployment asks for, without a file between.
    #[must_use]
    pub fn of(deployment: &Deployment, avs: Address) -> Self {
        Self {
            chain_id: deployment.network.chain_id,
            avs: Some(avs),
            network: deployment.network.unknown_definition(),
            tokens: tokens(deployment),
            steps: plan(deployment, avs),
        }
    }

    /// The same with sets created by the quorum contracts whose coordinator is named.
    #[must_use]
    pub fn through(deployment: &Deployment, avs: Address, coordinator: Address) -> Self {
        Self {
            steps: plan_through(deployment, avs, coordinator),
            ..Self::of(deployment, avs)
        }
    }
}

/// The calls of `calls.json` or of a Safe batch.
///
/// What is sent is the calldata, so the calldata is read, not the arguments beside it.
///
/// # Errors
/// When the file is neither, or a call in it is not known.
pub fn read(text: &str) -> Result<Calls, ReadError> {
    let file: Value =
        serde_json::from_str(text).map_err(|error| ReadError::Shape(error.to_string()))?;
    if file.get("transactions").is_some() {
        batch(&file)
    } else {
        calls(file)
    }
}

fn calls(file: Value) -> Result<Calls, ReadError> {
    let file: CallFile =
        serde_json::from_value(file).map_err(|error| ReadError::Shape(error.to_string()))?;
    let step = |entry: crate::export::core::CallEntry| {
        let action = action(&entry.calldata).map_err(|problem| ReadError::Call {
            number: entry.step,
            problem,
        })?;
        let call = Call {
            from: entry.from,
            to: entry.to,
            action,
        };
        Ok(Step {
            phase: entry.phase,
            call,
            title: entry.title,
            parameters: entry.parameters,
        })
    };
    Ok(Calls {
        chain_id: file.chain_id,
        avs: Some(file.avs),
        network: file.network_definition,
        tokens: file.tokens,
        steps: file.calls.into_iter().map(step).collect::<Result<_, _>>()?,
    })
}

fn action(calldata: &str) -> Result<Action, String> {
    let bytes = unhex(calldata).ok_or("the calldata is not hexadecimal")?;
    abi::decode(&bytes).map_err(|error| error.to_string())
}

fn batch(file: &Value) -> Result<Calls, ReadError> {
    let shape = |what: &str| ReadError::Shape(what.to_owned());
    let chain_id = file
        .get("chainId")
        .and_then(|id| id.as_str()?.parse().ok())
        .ok_or_else(|| shape("no chainId"))?;
    let sender = file
        .pointer("/meta/createdFromSafeAddress")
        .and_then(Value::as_str);
    let from: Address = sender
        .and_then(|sender| sender.parse().ok())
        .ok_or_else(|| {
            shape("meta.createdFromSafeAddress must name the Safe that sends the batch")
        })?;
    let transactions = file
        .get("transactions")
        .and_then(Value::as_array)
        .ok_or_else(|| shape("no transactions"))?;
    let step = |(index, transaction): (usize, &Value)| {
        let number = index + 1;
        let text = |key: &str| {
            let problem = || ReadError::Call {
                number,
                problem: format!("`{key}` is missing"),
            };
            transaction
                .get(key)
                .and_then(Value::as_str)
                .ok_or_else(problem)
        };
        let to = text("to")?.parse().map_err(|error| ReadError::Call {
            number,
            problem: format!("{error}"),
        })?;
        let action =
            action(text("data")?).map_err(|problem| ReadError::Call { number, problem })?;
        let title = action.function().to_owned();
        Ok(Step {
            phase: Phase::Setup,
            call: Call { from, to, action },
            title,
            parameters: Vec::new(),
        })
    };
    Ok(Calls {
        chain_id,
        steps: transactions
            .iter()
            .enumerate()
            .map(step)
            .collect::<Result<_, _>>()?,
        ..Calls::default()
    })
}
