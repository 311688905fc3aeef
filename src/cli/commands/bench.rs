//! `stakewright bench`: the engine beside its roof.

use crate::cli::args::{BenchArgs, Counted};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::progress;
use crate::sim::bench::{self, Extent};

/// Measures the common workload and prints rates and ratios of one run.
pub fn bench(args: &BenchArgs, output: Output) -> Result<Exit, CliError> {
    if let Some(counted) = args.once {
        let least = bench::once(what(counted), args.paths);
        let text = || format!("smallest margin     {least} USD");
        output.answer("bench", None, None, least, text)?;
        return Ok(Exit::Ok);
    }
    let spinner = progress::spinner("bench", output.quiet);
    let extent = if args.growth {
        Extent::Growth {
            most_paths: args.most_paths,
        }
    } else {
        Extent::Workload
    };
    let say = |what: &str| spinner.set_message(what.to_owned());
    let measured = bench::measure(args.paths, extent, &say);
    spinner.finish_and_clear();
    output.answer("bench", None, None, &measured, || measured.to_string())?;
    Ok(Exit::Ok)
}

fn what(counted: Counted) -> bench::Counted {
    match counted {
        Counted::Unif => bench::Counted::Unif,
        Counted::Coal => bench::Counted::Coal,
        Counted::Cheapest => bench::Counted::Cheapest,
        Counted::Full => bench::Counted::Full,
    }
}
