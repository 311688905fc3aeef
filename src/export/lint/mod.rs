//! Checks: every rule of the protocol and of its readers that a deployment or a file can break.

mod calls;
mod catalogue;
mod context;
mod design;
mod files;
mod finding;

pub use calls::{PlacedCall, call, calls};
pub use catalogue::CHECKS;
pub use context::Context;
pub use design::{deployment, deployment_in};
pub use files::{Kind, LintError, guess, lint, stated_network};
pub use finding::{Check, LintFinding, Severity};
