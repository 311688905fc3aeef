//! Getters at one pinned block: thousands of calls in few requests.
//!
//! Every call names the block by its hash, so that no answer can come from another fork. Calls are
//! packed into Multicall3, or into plain JSON-RPC batches where there is none; what a node finds too
//! much is halved until it answers.

use super::abi;
use super::client::{Client, Header, NodeComplaint, NodeError, Reply, complaint};
use super::error::ChainError;
use alloy_primitives::{Address, B256, Bytes};
use alloy_rpc_types_eth::{BlockId, TransactionInput, TransactionRequest};
use alloy_sol_types::SolCall;
use futures::{StreamExt, TryStreamExt};
use serde_json::{Value, json};
use std::ops::Range;

/// Gas that one packed call may need; nodes allow 50 million and more.
const GAS_PER_PACK: u64 = 20_000_000;
/// Calls in one packed call.
const CALLS_PER_PACK: usize = 600;
/// Bytes of call data in one packed call.
const BYTES_PER_PACK: usize = 96 << 10;
/// Packed calls in one HTTP request.
const PACKS_PER_REQUEST: usize = 4;
/// Plain calls in one HTTP request.
const CALLS_PER_BATCH: usize = 100;
/// Rounds of halving; more than any pack can need.
const ROUNDS: usize = 16;

/// One getter to ask.
#[derive(Debug, Clone)]
pub struct Call {
    /// The contract.
    pub to: Address,
    /// Selector and arguments.
    pub data: Bytes,
    /// Gas it may need, roughly.
    pub gas: u64,
}

impl Call {
    /// A call of a getter that needs about `gas`.
    pub fn new(to: Address, call: &impl SolCall, gas: u64) -> Self {
        Self {
            to,
            data: call.abi_encode().into(),
            gas,
        }
    }
}

/// What a getter answered; or its revert data.
pub type Answer = Result<Bytes, Bytes>;

/// Reads getters at one block.
#[derive(Clone)]
pub struct Reader {
    client: Client,
    block: Header,
    multicall: Option<Address>,
    concurrency: usize,
}

impl Reader {
    /// A reader of `block`; `multicall` is Multicall3 where the chain has it.
    pub fn new(
        client: Client,
        block: Header,
        multicall: Option<Address>,
        concurrency: usize,
    ) -> Self {
        Self {
            client,
            block,
            multicall,
            concurrency: concurrency.max(1),
        }
    }

    /// The pinned block.
    pub fn block(&self) -> Header {
        self.block
    }

    /// Whether there is code at an address.
    pub async fn has_code(&self, address: Address) -> Result<bool, ChainError> {
        let reply: Reply<Bytes> = self
            .client
            .try_request("eth_getCode", json!([address, self.block_id()]))
            .await?;
        match reply {
            Ok(code) => Ok(!code.is_empty()),
            Err(error) => Err(self.refusal("eth_getCode", error).await),
        }
    }

    /// Asks getters; answers in the same order.
    pub async fn read(&self, calls: &[Call]) -> Result<Vec<Answer>, ChainError> {
        let mut answers: Vec<Option<Answer>> = vec![None; calls.len()];
        let mut pending = self.pack(calls);
        let mut per_request = if self.multicall.is_some() {
            PACKS_PER_REQUEST
        } else {
            CALLS_PER_BATCH
        };
        for _ in 0..ROUNDS {
            if pending.is_empty() {
                break;
            }
            let requests: Vec<Vec<Range<usize>>> =
                pending.chunks(per_request).map(<[_]>::to_vec).collect();
            let outcomes: Vec<(Vec<Range<usize>>, Outcome)> = futures::stream::iter(requests)
                .map(|packs| async {
                    self.send(calls, &packs)
                        .await
                        .map(|outcome| (packs, outcome))
                })
                .buffered(self.concurrency)
                .try_collect()
                .await?;
            pending.clear();
            for (packs, outcome) in outcomes {
                match outcome {
                    Outcome::TooLarge(problem) => {
                        if packs.len() == 1 && packs[0].len() == 1 {
                            return Err(problem);
                        }
                        per_request = per_request.min(packs.len().div_ceil(2));
                        pending.extend(if packs.len() > 1 {
                            packs
                        } else {
                            halves(&packs[0])
                        });
                    }
                    Outcome::Replies(replies) => {
                        for (pack, reply) in packs.into_iter().zip(replies) {
                            match self.unpack(calls, &pack, reply).await? {
                                Unpacked::Answers(part) => {
                                    let alone = |i: usize| i..i + 1;
                                    for (i, answer) in pack.clone().zip(part) {
                                        pending.extend(answer.is_none().then(|| alone(i)));
                                        answers[i] = answer;
                                    }
                                }
                                Unpacked::TooMuch => pending.extend(halves(&pack)),
                            }
                        }
                    }
                }
            }
        }
        let complete: Option<Vec<Answer>> = answers.into_iter().collect();
        Ok(complete.expect("a pack of one call is answered or an error, and halving ends there"))
    }

    /// Asks one getter that must answer.
    pub async fn one<C: SolCall>(
        &self,
        contract: &str,
        to: Address,
        call: &C,
    ) -> Result<C::Return, ChainError> {
        let answers = self.read(&[Call::new(to, call, 100_000)]).await?;
        self.decode::<C>(contract, to, &answers[0])
    }

    /// The return value of a getter that must answer.
    pub fn decode<C: SolCall>(
        &self,
        contract: &str,
        to: Address,
        answer: &Answer,
    ) -> Result<C::Return, ChainError> {
        let fail = |problem: String| ChainError::Call {
            contract: contract.to_owned(),
            address: to.to_string(),
            function: C::SIGNATURE.to_owned(),
            block: self.block.number.to(),
            problem,
        };
        match answer {
            Ok(data) if data.is_empty() => Err(fail("there is no contract".to_owned())),
            Ok(data) => {
                C::abi_decode_returns_validate(data).map_err(|error| fail(error.to_string()))
            }
            Err(data) => Err(fail(format!("reverted with {data}"))),
        }
    }

    /// By its hash, and only while it is on the chain.
    fn block_id(&self) -> BlockId {
        BlockId::from((self.block.hash, Some(true)))
    }

    fn pack(&self, calls: &[Call]) -> Vec<Range<usize>> {
        if self.multicall.is_none() {
            return (0..calls.len()).map(|i| i..i + 1).collect();
        }
        let mut packs = Vec::new();
        let (mut start, mut gas, mut bytes) = (0, 0, 0);
        for (i, call) in calls.iter().enumerate() {
            let full = gas + call.gas > GAS_PER_PACK
                || i - start >= CALLS_PER_PACK
                || bytes + call.data.len() > BYTES_PER_PACK;
            if full && i > start {
                packs.push(start..i);
                (start, gas, bytes) = (i, 0, 0);
            }
            gas += call.gas;
            bytes += call.data.len();
        }
        if start < calls.len() {
            packs.push(start..calls.len());
        }
        packs
    }

    fn request(&self, calls: &[Call], pack: &Range<usize>) -> (&'static str, Value) {
        let (to, data) = match self.multicall {
            None => (calls[pack.start].to, calls[pack.start].data.clone()),
            Some(multicall) => {
                let calls = calls[pack.clone()].iter().map(|call| abi::Call3 {
                    target: call.to,
                    allowFailure: true,
                    callData: call.data.clone(),
                });
                let call = abi::aggregate3Call {
                    calls: calls.collect(),
                };
                (multicall, Bytes::from(call.abi_encode()))
            }
        };
        // Old nodes know the input of a call as `data` alone.
        let input = TransactionInput {
            input: None,
            data: Some(data),
        };
        let call = TransactionRequest::default().to(to).input(input);
        ("eth_call", json!([call, self.block_id()]))
    }

    async fn send(&self, calls: &[Call], packs: &[Range<usize>]) -> Result<Outcome, ChainError> {
        let requests: Vec<_> = packs.iter().map(|pack| self.request(calls, pack)).collect();
        match self.client.batch::<Bytes>(&requests).await {
            Ok(replies) => Ok(Outcome::Replies(replies)),
            // Refused at once for its size, or given up on: less at a time may pass.
            Err(error @ ChainError::Unreachable { attempts: 1, .. }) => {
                Ok(Outcome::TooLarge(error))
            }
            Err(error) => Err(error),
        }
    }

    async fn unpack(
        &self,
        calls: &[Call],
        pack: &Range<usize>,
        reply: Reply<Bytes>,
    ) -> Result<Unpacked, ChainError> {
        match (reply, self.multicall) {
            (Ok(data), None) => Ok(Unpacked::Answers(vec![Some(Ok(data))])),
            (Ok(data), Some(multicall)) => {
                let results =
                    self.decode::<abi::aggregate3Call>("Multicall3", multicall, &Ok(data))?;
                if results.len() != pack.len() {
                    return Err(ChainError::Call {
                        contract: "Multicall3".to_owned(),
                        address: multicall.to_string(),
                        function: "aggregate3".to_owned(),
                        block: self.block.number.to(),
                        problem: format!("{} answers to {} calls", results.len(), pack.len()),
                    });
                }
                let answer = |result: abi::Result3| match result.success {
                    true => Some(Ok(result.returnData)),
                    // No revert data: its neighbours may have starved it of gas. Ask it alone.
                    false if pack.len() > 1 && result.returnData.is_empty() => None,
                    false => Some(Err(result.returnData)),
                };
                Ok(Unpacked::Answers(results.into_iter().map(answer).collect()))
            }
            (Err(error), _) => self.refused(calls, pack, error).await,
        }
    }

    async fn refused(
        &self,
        calls: &[Call],
        pack: &Range<usize>,
        error: NodeError,
    ) -> Result<Unpacked, ChainError> {
        match complaint(&error) {
            NodeComplaint::Pruned | NodeComplaint::UnknownBlock => {
                Err(self.refusal("eth_call", error).await)
            }
            _ if pack.len() > 1 => Ok(Unpacked::TooMuch),
            NodeComplaint::Reverted => {
                let data = error
                    .data
                    .as_deref()
                    .and_then(|text| text.parse().ok())
                    .unwrap_or_default();
                Ok(Unpacked::Answers(vec![Some(Err(data))]))
            }
            _ => {
                // Not every node says plainly that the block is gone.
                self.verify().await?;
                let call = &calls[pack.start];
                let shown = &call.data[..call.data.len().min(4)];
                Err(ChainError::Call {
                    contract: "contract".to_owned(),
                    address: call.to.to_string(),
                    function: format!("selector {}", alloy_primitives::hex::encode_prefixed(shown)),
                    block: self.block.number.to(),
                    problem: error.message,
                })
            }
        }
    }

    /// Why the node refuses to read at the pinned block.
    async fn refusal(&self, method: &str, error: NodeError) -> ChainError {
        let block = self.block.number.to::<u64>();
        match complaint(&error) {
            NodeComplaint::Pruned => ChainError::ArchiveNeeded {
                block,
                message: error.message,
            },
            NodeComplaint::UnknownBlock => match self.verify().await {
                Err(changed) => changed,
                Ok(()) => ChainError::ArchiveNeeded {
                    block,
                    message: error.message,
                },
            },
            _ => self.client.node_error(method, error),
        }
    }

    /// Asks whether the pinned block is still the chain's.
    pub async fn verify(&self) -> Result<(), ChainError> {
        let number = self.block.number.to::<u64>();
        match self
            .client
            .block(super::client::BlockName::Number(number))
            .await?
        {
            None => Err(ChainError::Lagging {
                block: number,
                hash: self.block.hash.to_string(),
            }),
            Some(now) if now.hash != self.block.hash => Err(changed(self.block.hash, now)),
            Some(_) => Ok(()),
        }
    }
}

fn changed(before: B256, now: Header) -> ChainError {
    ChainError::BlockChanged {
        block: now.number.to(),
        before: before.to_string(),
        after: now.hash.to_string(),
    }
}

/// What came of one pack.
enum Unpacked {
    /// Its answers; `None` for a call to ask again alone.
    Answers(Vec<Option<Answer>>),
    /// The node wants less at a time.
    TooMuch,
}

/// What came of one HTTP request.
enum Outcome {
    Replies(Vec<Reply<Bytes>>),
    TooLarge(ChainError),
}

fn halves(pack: &Range<usize>) -> Vec<Range<usize>> {
    let middle = pack.start + pack.len().div_ceil(2);
    [pack.start..middle, middle..pack.end]
        .into_iter()
        .filter(|half| !half.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_cover_and_end() {
        assert_eq!(halves(&(3..8)), [3..6, 6..8]);
        assert_eq!(halves(&(3..4)), vec![3..4]);
    }
}
