//! Arguments to library calls; progress, rendering of errors, exit codes.

mod args;
mod commands;
mod error;
mod exit;
mod load;
mod output;
mod progress;

use args::{Cli, Command};
use clap::Parser as _;
use error::CliError;
use exit::Exit;
use output::Output;
use std::process::ExitCode;

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let usage = error.use_stderr();
            // A closed pipe is the only way this fails, and there is nobody left to tell.
            let _ = error.print();
            return if usage {
                Exit::Usage.into()
            } else {
                Exit::Ok.into()
            };
        }
    };
    error::catch_defects();
    // A defect must not look like an answer: it ends with its own code and says what to report.
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| dispatch(cli)));
    match done.unwrap_or_else(|payload| Err(CliError::unwound(&*payload))) {
        Ok(exit) => exit.into(),
        Err(error) => {
            error::tell(&error.message);
            error.exit.into()
        }
    }
}

/// The program's table of contents.
fn dispatch(cli: Cli) -> Result<Exit, CliError> {
    let output = Output::new(cli.common.format, cli.common.quiet, cli.common.colour);
    match cli.command {
        Command::Init => commands::init(output),
        Command::Check(args) => commands::check(&args, output),
        Command::Pull(args) => commands::pull(&args, output),
        Command::Inspect(args) => commands::inspect(&args, output),
        Command::Simulate(args) => commands::simulate(&args, output),
        Command::Merge(args) => commands::merge(&args, output),
        Command::Recommend(args) => commands::recommend(&args, output),
        Command::Compare(args) => commands::compare(&args, output),
        Command::Run(args) => commands::run(&args, output),
        Command::Report(args) => commands::report(&args, output),
        Command::Export(args) => commands::export(&args, output),
        Command::Lint(args) => commands::lint(&args, output),
        Command::Verify(args) => commands::verify(&args, output),
        Command::Bench(args) => commands::bench(&args, output),
        Command::Schema => commands::schema(output),
        Command::ExitCodes => commands::exit_codes(output),
        Command::Completions(args) => commands::completions(&args, output),
        Command::Reconstruct(args) => commands::reconstruct(&args, output),
    }
}
