//! What several integration tests share.

pub mod recording;

#[cfg(feature = "chain")]
pub mod anvil;
#[cfg(feature = "chain")]
pub mod core;
pub mod deployment;
#[cfg(feature = "chain")]
pub mod foundry;
#[cfg(feature = "chain")]
pub mod http;
#[cfg(feature = "chain")]
pub mod proxy;
#[cfg(feature = "chain")]
pub mod recorded;
#[cfg(feature = "chain")]
pub mod rpc;
#[cfg(feature = "chain")]
pub mod tools;
