//! What can go wrong between a node and a snapshot.

use std::path::PathBuf;

/// Why a chain could not be read. No variant holds the endpoint's path, query or user: keys live there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The endpoint is no http(s) URL. The text is not shown: it may hold a key.
    #[error("the rpc url is not usable ({problem}); write it as https://host/key")]
    Endpoint {
        /// What is wrong with it.
        problem: String,
    },
    /// No usable answer within the allowed attempts.
    #[error("{endpoint} gave no usable answer to {method} in {attempts} attempts: {problem}")]
    Unreachable {
        /// Host, without any key.
        endpoint: String,
        /// JSON-RPC method.
        method: String,
        /// Attempts made.
        attempts: u32,
        /// How the last one failed.
        problem: String,
    },
    /// The node refuses this client.
    #[error("{endpoint} refuses access with status {status}")]
    Refused {
        /// Host, without any key.
        endpoint: String,
        /// HTTP status.
        status: u16,
    },
    /// The node answered with an error of its own.
    #[error("{endpoint} answers {method} with error {code}: {message}")]
    Node {
        /// Host, without any key.
        endpoint: String,
        /// JSON-RPC method.
        method: String,
        /// JSON-RPC error code.
        code: i64,
        /// The node's words.
        message: String,
    },
    /// The answer has another shape than the method promises.
    #[error("{endpoint} answers {method} with something unreadable: {problem}")]
    BadAnswer {
        /// Host, without any key.
        endpoint: String,
        /// JSON-RPC method.
        method: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The node serves another chain.
    #[error("the node serves chain {found}, not chain {expected}")]
    WrongChain {
        /// Chain asked for.
        expected: u64,
        /// Chain served.
        found: u64,
    },
    /// The node does not have the block.
    #[error("the node has no block {block}; its head is {head}")]
    NoBlock {
        /// Block asked for.
        block: u64,
        /// The node's newest block.
        head: u64,
    },
    /// The chain is too young to have a block that it will not replace.
    #[error("the node has no finalized block; its head is {head}")]
    NothingFinal {
        /// The node's newest block.
        head: u64,
    },
    /// The node lost sight of a block it knew: it lags, or several nodes answer in turn.
    #[error("the node does not know block {block} ({hash}) that it named before; it lags behind")]
    Lagging {
        /// The pinned block.
        block: u64,
        /// Its hash.
        hash: String,
    },
    /// The chain replaced the pinned block.
    #[error(
        "block {block} changed from {before} to {after} during the pull: the chain was reorganised"
    )]
    BlockChanged {
        /// The pinned block.
        block: u64,
        /// Hash at the start.
        before: String,
        /// Hash now.
        after: String,
    },
    /// The node has thrown away the state or the logs of the block.
    #[error(
        "the node has no state of block {block} any more: an archive node is needed, or a newer block ({message})"
    )]
    ArchiveNeeded {
        /// The block asked for.
        block: u64,
        /// The node's words.
        message: String,
    },
    /// Logs are refused even for the smallest range.
    #[error("the node refuses logs of blocks {from} to {to}: {message}")]
    LogsRefused {
        /// First block.
        from: u64,
        /// Last block.
        to: u64,
        /// The node's words.
        message: String,
    },
    /// The rules of this protocol version are not known here.
    #[error(
        "the protocol states version {version}, whose rules this program does not know (known: {known})"
    )]
    UnknownVersion {
        /// Version stated.
        version: String,
        /// Versions known.
        known: String,
    },
    /// Nothing is known of EigenLayer on this chain.
    #[error("no deployment of EigenLayer is known on chain {chain}")]
    NoDeployment {
        /// The chain.
        chain: u64,
    },
    /// The deployment file cannot be used.
    #[error("deployment file {}: {problem}", path.display())]
    Deployment {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// There is no code where a contract should be.
    #[error("no contract {name} at {address} in block {block}")]
    NoContract {
        /// The contract.
        name: String,
        /// Where it should be.
        address: String,
        /// The block read.
        block: u64,
    },
    /// A getter that must answer did not.
    #[error("{contract} {address} does not answer {function} at block {block}: {problem}")]
    Call {
        /// The contract.
        contract: String,
        /// Its address.
        address: String,
        /// The getter.
        function: String,
        /// The block read.
        block: u64,
        /// Revert data or what cannot be decoded.
        problem: String,
    },
    /// An event cannot be decoded.
    #[error("event {event} in block {block}, log {log_index}, cannot be decoded: {problem}")]
    Event {
        /// The event.
        event: String,
        /// Its block.
        block: u64,
        /// Its place in the block.
        log_index: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// A number is larger than the protocol allows.
    #[error("{what} is {value}, more than the protocol allows")]
    TooLarge {
        /// What the number is.
        what: String,
        /// The number.
        value: String,
    },
    /// What was read contradicts itself.
    #[error(
        "{getter} of set {set}, operator {operator}, strategy {strategy}: computed {computed} from shares and magnitudes, the chain answers {answered}"
    )]
    Proof {
        /// The getter compared.
        getter: &'static str,
        /// The operator set as `avs/id`.
        set: String,
        /// The operator.
        operator: String,
        /// The strategy.
        strategy: String,
        /// What the rules give.
        computed: u128,
        /// What the chain answers.
        answered: u128,
    },
    /// The tables do not fit together.
    #[error("the snapshot contradicts itself: {problem}")]
    Inconsistent {
        /// The first thing that is wrong.
        problem: String,
    },
    /// The store of logs cannot be used.
    #[error("log store {}: {problem}", path.display())]
    Store {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The pull was stopped from outside.
    #[error("the pull was stopped")]
    Stopped,
}
