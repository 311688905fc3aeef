//! Checks: every rule of the protocol and of its readers that a deployment or a file can break.

mod catalogue;
mod design;
mod finding;

pub use catalogue::CHECKS;
pub use design::deployment;
pub use finding::{Check, LintFinding, Severity};
