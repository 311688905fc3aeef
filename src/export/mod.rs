//! `Recommendation` to contract integers (JSON, Solidity, calldata).
