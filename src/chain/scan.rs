//! Reads the logs of a range of blocks, in steps that fit the node.
//!
//! Providers refuse ranges by length, by number of results or by size of the answer, each in words of
//! its own. So any refusal of more than one block halves the step, and success doubles it again.
//! The last block of each step is read in the same batch: a node that does not have it lags, and its
//! logs are not trusted.

use super::client::{BlockName, Client, Header, NodeComplaint, NodeError, Reply, complaint};
use super::error::ChainError;
use super::journal::{Journal, Question, ScannedRange, StoredLog};
use alloy_rpc_types_eth::{BlockNumberOrTag, Filter, Log};
use futures::future::try_join_all;
use serde_json::{Value, json};
use std::time::Duration;

/// How far the steps of a scan may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSteps {
    /// Blocks of the first step.
    pub first: u64,
    /// Most blocks of a step.
    pub most: u64,
}

impl Default for LogSteps {
    fn default() -> Self {
        Self {
            first: 10_000,
            most: 200_000,
        }
    }
}

/// Steps under way at one time.
const PARALLEL: u64 = 4;
/// Successes after which a length that was refused is tried again.
const FORGIVEN_AFTER: u32 = 32;
/// Times that a node may lack a block that it has named, before it is given up on.
const LAGS: u32 = 5;

/// The step that the node accepts, as far as is known.
#[derive(Debug, Clone, Copy)]
struct Step {
    blocks: u64,
    ceiling: u64,
    most: u64,
    successes: u32,
}

impl Step {
    fn new(steps: LogSteps) -> Self {
        let most = steps.most.max(1);
        Self {
            blocks: steps.first.clamp(1, most),
            ceiling: most,
            most,
            successes: 0,
        }
    }

    fn accepted(&mut self) {
        self.successes += 1;
        if self.successes.is_multiple_of(FORGIVEN_AFTER) {
            self.ceiling = (self.ceiling * 2).min(self.most);
        }
        self.blocks = (self.blocks * 2).min(self.ceiling);
    }

    fn refused(&mut self, blocks: u64) {
        self.ceiling = (blocks / 2).max(1);
        self.blocks = self.blocks.min(self.ceiling);
        self.successes = 0;
    }
}

/// Brings the journal up to `until`, which `head` is the header of.
///
/// `progress` is told the last block read after each step and may stop the scan.
pub async fn scan(
    client: &Client,
    question: &Question,
    journal: &mut Journal,
    until: Header,
    steps: LogSteps,
    progress: &mut dyn FnMut(u64) -> Result<(), ChainError>,
) -> Result<(), ChainError> {
    forget_replaced(client, journal).await?;
    let until = until.number.to::<u64>();
    let mut step = Step::new(steps);
    let mut lags = 0;
    while journal.next_block() <= until {
        progress(journal.next_block())?;
        let ranges = plan(journal.next_block(), until, step.blocks);
        let answers = try_join_all(
            ranges
                .iter()
                .map(|&range| read_range(client, question, range)),
        )
        .await?;
        for ((from, to), answer) in ranges.into_iter().zip(answers) {
            match answer {
                Part::Read(range) => {
                    journal.add(range)?;
                    step.accepted();
                    lags = 0;
                }
                Part::Refused(error) => {
                    refusal_of(client, from, to, error)?;
                    step.refused(to - from + 1);
                    break;
                }
                Part::Lagging => {
                    lags += 1;
                    if lags >= LAGS {
                        return Err(ChainError::Lagging {
                            block: to,
                            hash: "unknown".to_owned(),
                        });
                    }
                    tokio::time::sleep(Duration::from_millis(200 << lags)).await;
                    break;
                }
            }
        }
    }
    progress(until)
}

/// The next few steps, one after the other.
fn plan(next: u64, until: u64, blocks: u64) -> Vec<(u64, u64)> {
    let starts = (0..PARALLEL)
        .map(|i| next + i * blocks)
        .take_while(|&from| from <= until);
    starts
        .map(|from| (from, (from + blocks - 1).min(until)))
        .collect()
}

enum Part {
    Read(ScannedRange),
    Refused(NodeError),
    Lagging,
}

async fn read_range(
    client: &Client,
    question: &Question,
    (from, to): (u64, u64),
) -> Result<Part, ChainError> {
    let filter = Filter::new()
        .from_block(from)
        .to_block(to)
        .address(question.addresses.clone())
        .event_signature(question.topics.clone());
    let last = json!([BlockNumberOrTag::Number(to), false]);
    let requests = [
        ("eth_getLogs", json!([filter])),
        ("eth_getBlockByNumber", last),
    ];
    let replies: Result<Vec<Reply<Value>>, ChainError> = client.batch(&requests).await;
    let mut replies = match replies {
        Ok(replies) => replies.into_iter(),
        // Too large, or given up on: a shorter range may pass.
        Err(ChainError::Unreachable { problem, .. }) if from < to => {
            return Ok(Part::Refused(NodeError {
                code: 0,
                message: problem,
                data: None,
            }));
        }
        Err(error) => return Err(error),
    };
    let (Some(logs), Some(block)) = (replies.next(), replies.next()) else {
        unreachable!("a batch has as many replies as requests")
    };
    let unreadable = |method: &str, error: serde_json::Error| ChainError::BadAnswer {
        endpoint: "the node".to_owned(),
        method: method.to_owned(),
        problem: error.to_string(),
    };
    let logs = match logs {
        Ok(value) => {
            serde_json::from_value::<Vec<Log>>(value).map_err(|e| unreadable("eth_getLogs", e))?
        }
        Err(error) if complaint(&error) == NodeComplaint::UnknownBlock => return Ok(Part::Lagging),
        Err(error) => return Ok(Part::Refused(error)),
    };
    let header = match block {
        Ok(value) => serde_json::from_value::<Option<Header>>(value)
            .map_err(|e| unreadable("eth_getBlockByNumber", e))?,
        Err(error) => return Err(client.node_error("eth_getBlockByNumber", error)),
    };
    let Some(header) = header else {
        return Ok(Part::Lagging);
    };
    Ok(Part::Read(stored(from, to, header, logs)?))
}

fn stored(from: u64, to: u64, header: Header, logs: Vec<Log>) -> Result<ScannedRange, ChainError> {
    let bad = |problem: String| ChainError::BadAnswer {
        endpoint: "the node".to_owned(),
        method: "eth_getLogs".to_owned(),
        problem,
    };
    let mut out = Vec::with_capacity(logs.len());
    for log in logs {
        let (Some(block), Some(index)) = (log.block_number, log.log_index) else {
            return Err(bad("a log without block or index".to_owned()));
        };
        if block < from || block > to || log.removed {
            return Err(bad(format!(
                "a log of block {block} among those of {from} to {to}"
            )));
        }
        if block == to && log.block_hash != Some(header.hash) {
            return Err(ChainError::BlockChanged {
                block,
                before: log.block_hash.unwrap_or_default().to_string(),
                after: header.hash.to_string(),
            });
        }
        let (topics, data) = (log.topics().to_vec(), log.data().data.clone());
        out.push(StoredLog {
            block,
            index,
            address: log.address(),
            topics,
            data,
        });
    }
    out.sort_by_key(|log| (log.block, log.index));
    if let Some(pair) = out
        .windows(2)
        .find(|pair| (pair[0].block, pair[0].index) == (pair[1].block, pair[1].index))
    {
        return Err(bad(format!(
            "log {} of block {} twice",
            pair[0].index, pair[0].block
        )));
    }
    Ok(ScannedRange {
        from,
        to,
        hash: header.hash,
        logs: out,
    })
}

/// Decides whether a refusal is worth a shorter step.
fn refusal_of(client: &Client, from: u64, to: u64, error: NodeError) -> Result<(), ChainError> {
    if complaint(&error) == NodeComplaint::Pruned && !is_about_ranges(&error.message) {
        return Err(ChainError::ArchiveNeeded {
            block: from,
            message: error.message,
        });
    }
    if error.code == -32601 {
        return Err(client.node_error("eth_getLogs", error));
    }
    if from == to {
        return Err(ChainError::LogsRefused {
            from,
            to,
            message: error.message,
        });
    }
    Ok(())
}

/// Some plans mention archive access when all they mean is a shorter range.
fn is_about_ranges(message: &str) -> bool {
    let words = message.to_lowercase();
    ["range", "results", "response size", "blocks"]
        .iter()
        .any(|word| words.contains(word))
}

/// Drops ranges whose last block the chain has replaced.
async fn forget_replaced(client: &Client, journal: &mut Journal) -> Result<(), ChainError> {
    while let Some(last) = journal.last() {
        let (to, hash) = (last.to, last.hash);
        match client.block(BlockName::Number(to)).await? {
            Some(header) if header.hash == hash => return Ok(()),
            _ => journal.drop_last()?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_halve_and_grow_again() {
        let mut step = Step::new(LogSteps {
            first: 1_000,
            most: 10_000,
        });
        step.accepted();
        assert_eq!(step.blocks, 2_000);
        step.refused(2_000);
        assert_eq!(step.blocks, 1_000);
        step.accepted();
        assert_eq!(step.blocks, 1_000, "the refused length is remembered");
        for _ in 0..FORGIVEN_AFTER {
            step.accepted();
        }
        assert_eq!(step.blocks, 2_000, "and forgiven after a while");
        for _ in 0..20 {
            step.refused(step.blocks);
        }
        assert_eq!(step.blocks, 1);
    }

    #[test]
    fn plans_cover_without_gaps() {
        assert_eq!(plan(10, 35, 10), [(10, 19), (20, 29), (30, 35)]);
        assert_eq!(plan(10, 10, 10), [(10, 10)]);
        assert_eq!(plan(0, 1_000, 1).len(), PARALLEL as usize);
    }
}
