//! `stakewright check`: every error of every file, nothing is run.

use crate::cli::args::CheckArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load;
use crate::cli::output::Output;
use serde::Serialize;
use std::fmt::Write as _;

#[derive(Serialize)]
struct Checked {
    file: String,
    service: String,
    operators: String,
    assumptions: Vec<crate::spec::model::AssumptionUse>,
}

/// Checks the files against a snapshot.
pub fn check(args: &CheckArgs, output: Output) -> Result<Exit, CliError> {
    let loaded = load::snapshot(args.snapshot.as_deref())?;
    let mut checked = Vec::new();
    let mut failed: Option<CliError> = None;
    for path in &args.models {
        match load::model(path, &loaded.snapshot) {
            Ok(found) => checked.push(Checked {
                file: found.file,
                service: found.model.service.name.clone(),
                operators: found.model.operators.rule.clone(),
                assumptions: found.model.assumptions,
            }),
            Err(error) => {
                // Every file is looked at: a wrong one does not hide the next.
                if let Some(earlier) = failed.replace(error) {
                    crate::cli::error::tell(&earlier.message);
                }
            }
        }
    }
    if let Some(error) = failed {
        return Err(error);
    }
    output.answer("check", None, Some(&loaded.stamp), &checked, || {
        checked.iter().fold(String::new(), |mut text, file| {
            let _ = writeln!(
                text,
                "ok  {}: {} · {}",
                file.file, file.service, file.operators
            );
            if !file.assumptions.is_empty() && !output.quiet {
                let _ = writeln!(text, "    left to our defaults (see docs/assumptions.md):");
                for used in &file.assumptions {
                    let _ = writeln!(text, "    {:<24} {} = {}", used.id, used.key, used.value);
                }
            }
            text
        })
    })?;
    Ok(Exit::Ok)
}
