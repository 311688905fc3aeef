//! Commands that only say something.

use crate::cli::args::{Cli, CompletionsArgs};
use crate::cli::error::CliError;
use crate::cli::exit::{Exit, TABLE};
use crate::cli::output::Output;
use clap::CommandFactory as _;
use std::fmt::Write as _;

/// `stakewright init`: a model file to start from.
pub fn init(output: Output) -> Result<Exit, CliError> {
    output.text(crate::spec::template())?;
    Ok(Exit::Ok)
}

/// `stakewright schema`: the JSON Schema of the model file.
pub fn schema(output: Output) -> Result<Exit, CliError> {
    output.text(&crate::spec::schema())?;
    Ok(Exit::Ok)
}

/// `stakewright exit-codes`: what each code means.
pub fn exit_codes(output: Output) -> Result<Exit, CliError> {
    let codes: Vec<(u8, &str)> = TABLE
        .iter()
        .map(|(exit, meaning)| (exit.code(), *meaning))
        .collect();
    output.answer("exit-codes", None, None, &codes, || {
        codes
            .iter()
            .fold(String::new(), |mut text, (code, meaning)| {
                let _ = writeln!(text, "{code:>5}  {meaning}");
                text
            })
    })?;
    Ok(Exit::Ok)
}

/// `stakewright completions SHELL`.
pub fn completions(args: &CompletionsArgs, output: Output) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "stakewright", &mut script);
    output.text(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Ok)
}
