//! `stakewright recommend`: the parameters that keep the promise.

use super::study::{Depth, Study, exit};
use crate::cli::args::RecommendArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::report::terminal;

/// Prints the recommendation; nothing is written to disk.
pub fn recommend(args: &RecommendArgs, output: Output) -> Result<Exit, CliError> {
    let study = Study::open(&args.model, output)?;
    let depth = if args.sensitivity {
        Depth::Explained
    } else {
        Depth::Usual
    };
    let answer = study.answer(depth, output)?;
    let findings = study.findings("recommend", &answer, None, Vec::new());
    let seed = Some(args.model.play.seed);
    output.answer(
        "recommend",
        seed,
        Some(&study.loaded.stamp),
        &answer.recommendation,
        || screen(&findings, output),
    )?;
    Ok(exit(&answer.recommendation, false))
}

/// The one screen, or the verdict alone.
pub fn screen(findings: &crate::report::Findings, output: Output) -> String {
    let colour = if output.coloured() {
        terminal::ColourChoice::Always
    } else {
        terminal::ColourChoice::Never
    };
    if output.quiet {
        terminal::verdict(findings, colour)
    } else {
        terminal::render(findings, colour)
    }
}
