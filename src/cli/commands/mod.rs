//! One function a command: arguments in, exit code out.

mod check;
mod export;
mod inspect;
mod recommend;
mod reconstruct;
mod run;
mod simulate;
mod study;
mod words;

pub use check::check;
pub use export::export;
pub use inspect::inspect_command as inspect;
pub use recommend::recommend;
pub use reconstruct::reconstruct;
pub use run::{report, run};
pub use simulate::{merge, simulate};
pub use words::{completions, exit_codes, init, schema};
