//! `stakewright inspect`: what a snapshot holds.

use crate::cli::args::InspectArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load;
use crate::cli::output::Output;
use crate::snapshot::inspect;

/// Shows a snapshot as a table or as JSON.
pub fn inspect_command(args: &InspectArgs, output: Output) -> Result<Exit, CliError> {
    let loaded = load::snapshot(args.snapshot.as_deref())?;
    let inspection = inspect(&loaded.snapshot);
    output.answer("inspect", None, Some(&loaded.stamp), &inspection, || {
        inspection.to_string()
    })?;
    Ok(Exit::Ok)
}
