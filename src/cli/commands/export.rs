//! `stakewright export`: the recommended parameters as contract configuration.

use super::study::{Depth, Study, exit};
use crate::cli::args::{ExportArgs, ExportTarget};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::export::{self, Artifact, Deployment, ExportError, Target};
use crate::recommend::Recommendation;
use crate::run::{Addresses, DeploymentError, RunFolder};
use crate::snapshot::Address;
use serde::Serialize;
use std::fmt::Write as _;
use std::str::FromStr as _;

#[derive(Serialize)]
struct Exported {
    folder: String,
    files: Vec<String>,
}

/// Searches, certifies and writes the configuration into a folder of its own.
pub fn export(args: &ExportArgs, output: Output) -> Result<Exit, CliError> {
    let addresses = addresses(args.avs.as_deref(), args.slasher.as_deref())?;
    let study = Study::open(&args.model, output)?;
    let mut folder = RunFolder::open_at(&args.out)?;
    let answer = study.answer(Depth::Usual, output)?;
    let deployment = study
        .deployment(&answer.recommendation, addresses)
        .map_err(|error| incomplete(&error))?;
    let mut files = Vec::new();
    for target in targets(args.target) {
        let artifacts = export::export(&deployment, target).map_err(|error| refused(&error))?;
        files.extend(artifacts.into_iter().map(|file| inside(target, file)));
    }
    for file in &files {
        folder.add(file)?;
    }
    let place = folder.place_whole()?;
    let exported = Exported {
        folder: place.display().to_string(),
        files: files.into_iter().map(|file| file.path).collect(),
    };
    let seed = Some(args.model.play.seed);
    output.answer("export", seed, Some(&study.loaded.stamp), &exported, || {
        let mut text = format!("wrote {}\n", exported.folder);
        for file in &exported.files {
            let _ = writeln!(text, "  {file}");
        }
        text
    })?;
    Ok(exit(&answer.recommendation, false))
}

/// The configuration that goes into a run folder: every target that the known addresses allow,
/// and a README that says what is missing for the others.
pub fn config_of(
    study: &Study,
    recommendation: &Recommendation,
    addresses: Addresses,
) -> Result<(Option<Deployment>, Vec<Artifact>), CliError> {
    let deployment = match study.deployment(recommendation, addresses) {
        Ok(deployment) => deployment,
        Err(error @ (DeploymentError::SlasherMissing | DeploymentError::NoStrategies)) => {
            return Ok((None, vec![missing(&[error.to_string()])]));
        }
        Err(error) => return Err(incomplete(&error)),
    };
    let mut files = Vec::new();
    let mut lacking = Vec::new();
    for target in Target::ALL {
        match export::export(&deployment, target) {
            Ok(artifacts) => files.extend(artifacts.into_iter().map(|file| inside(target, file))),
            Err(error) => lacking.push(error.to_string()),
        }
    }
    if !lacking.is_empty() {
        files.push(missing(&lacking));
    }
    Ok((Some(deployment), files))
}

/// The addresses that the command line gives.
pub fn addresses(avs: Option<&str>, slasher: Option<&str>) -> Result<Addresses, CliError> {
    let parse = |flag: &str, text: Option<&str>| -> Result<Option<Address>, CliError> {
        text.map(|text| {
            Address::from_str(text).map_err(|error| {
                CliError::usage(
                    format_args!("{flag} {text}: {error}"),
                    "an address is 0x and forty hexadecimal digits, with the capitals of its checksum",
                )
            })
        })
        .transpose()
    };
    Ok(Addresses {
        avs: parse("--avs", avs)?,
        slasher: parse("--slasher", slasher)?,
    })
}

fn targets(asked: ExportTarget) -> Vec<Target> {
    let one = |target| vec![target];
    match asked {
        ExportTarget::All => Target::ALL.to_vec(),
        ExportTarget::Core => one(Target::Core),
        ExportTarget::Safe => one(Target::Safe),
        ExportTarget::Params => one(Target::Params),
        ExportTarget::Middleware => one(Target::Middleware),
        ExportTarget::Hourglass => one(Target::Hourglass),
        ExportTarget::Solidity => one(Target::Solidity),
    }
}

/// Each target has a folder of its own.
fn inside(target: Target, file: Artifact) -> Artifact {
    let folder = format!("{}/", target.name());
    if file.path.starts_with(&folder) {
        file
    } else {
        Artifact {
            path: format!("{folder}{}", file.path),
            bytes: file.bytes,
        }
    }
}

fn missing(reasons: &[String]) -> Artifact {
    let mut text = "# What is missing\n\nThe configuration is not complete:\n\n".to_owned();
    for reason in reasons {
        let _ = writeln!(text, "- {}", reason.replace('\n', "\n  "));
    }
    text.push_str(
        "\nGive the addresses in the section `[deployment]` of the model file, or on the command line:\n\n    stakewright export MODEL --avs 0x… --slasher 0x… --out config\n",
    );
    Artifact {
        path: "README.md".to_owned(),
        bytes: text.into_bytes(),
    }
}

fn incomplete(error: &DeploymentError) -> CliError {
    let help = match error {
        DeploymentError::SlasherMissing => {
            "give it with --slasher 0x…, or as `slasher` in the section [deployment] of the model file"
        }
        DeploymentError::NoStrategies => {
            "pull a snapshot that knows the strategies: stakewright pull --rpc-url …"
        }
        DeploymentError::Rounding(_) => "change the range in the model file",
    };
    CliError::new(Exit::Usage, error, help)
}

fn refused(error: &ExportError) -> CliError {
    let exit = match error {
        ExportError::Refused(_) => Exit::Below,
        _ => Exit::Usage,
    };
    CliError::new(
        exit,
        error,
        "change the model file's [deployment], or give the address that is missing",
    )
}
