//! One function a command: arguments in, exit code out.

mod bench;
mod chainside;
mod check;
mod compare;
mod config;
mod export;
mod inspect;
mod pull;
mod recommend;
mod reconstruct;
mod run;
mod simulate;
mod study;
mod words;

pub use bench::bench;
pub use chainside::{lint, verify};
pub use check::check;
pub use compare::compare;
pub use export::export;
pub use inspect::inspect_command as inspect;
pub use pull::pull;
pub use recommend::recommend;
pub use reconstruct::reconstruct;
pub use run::{report, run};
pub use simulate::{merge, simulate};
pub use words::{completions, exit_codes, init, schema};
