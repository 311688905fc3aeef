//! `stakewright bench`: the engine beside its roof.

use crate::cli::args::BenchArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;

/// Measures the common workload and prints rates and ratios of one run.
pub fn bench(args: &BenchArgs, output: Output) -> Result<Exit, CliError> {
    let measured = crate::sim::bench::measure(args.paths);
    output.answer("bench", None, None, &measured, || measured.to_string())?;
    Ok(Exit::Ok)
}
