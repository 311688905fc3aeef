//! `stakewright lint` and `stakewright verify`: configuration held against rules, and a node.

use crate::cli::args::{LintArgs, VerifyArgs};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load;
use crate::cli::output::Output;
use crate::export::lint::{self, Context, LintFinding, Severity};
use crate::export::network::Network;
use crate::export::verify::{self, HttpNode};
use crate::units::Timestamp;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

#[derive(Serialize)]
struct Linted {
    file: String,
    findings: Vec<LintFinding>,
}

/// Checks files, ours or anybody's.
pub fn lint(args: &LintArgs, output: Output) -> Result<Exit, CliError> {
    let loaded = load::snapshot(args.snapshot.as_deref())?;
    let now = jiff::Timestamp::now().as_second().max(0) as u64;
    let context = Context::new(Network::mainnet(), Timestamp(now)).with_snapshot(&loaded.snapshot);
    let mut linted = Vec::new();
    for file in files(&args.files)? {
        let text = std::fs::read_to_string(&file)
            .map_err(|error| CliError::file("read", &file, &error))?;
        let findings = lint::lint(&text, None, Some(&context)).map_err(|error| {
            CliError::new(
                Exit::Data,
                &error,
                &format!(
                    "{} is none of the files that exports consist of",
                    file.display()
                ),
            )
        })?;
        linted.push(Linted {
            file: file.display().to_string(),
            findings,
        });
    }
    let wrong = linted
        .iter()
        .flat_map(|file| &file.findings)
        .any(|finding| finding.severity == Severity::Error);
    output.answer("lint", None, Some(&loaded.stamp), &linted, || {
        linted.iter().fold(String::new(), |mut text, file| {
            if file.findings.is_empty() {
                let _ = writeln!(text, "ok  {}", file.file);
            }
            for finding in &file.findings {
                let _ = writeln!(text, "{}: {finding}", file.file);
            }
            text
        })
    })?;
    Ok(if wrong { Exit::Below } else { Exit::Ok })
}

/// The files named, and those of export folders.
fn files(named: &[PathBuf]) -> Result<Vec<PathBuf>, CliError> {
    let mut found = Vec::new();
    for path in named {
        if path.is_dir() {
            found.extend(calls_in(path));
        } else {
            found.push(path.clone());
        }
    }
    if found.is_empty() {
        return Err(CliError::usage(
            "there is nothing to look at",
            "name a file, or a folder of an export with core/calls.json",
        ));
    }
    Ok(found)
}

/// Files of calls below an export's folder.
fn calls_in(folder: &Path) -> Vec<PathBuf> {
    [
        folder.join("core/calls.json"),
        folder.join("calls.json"),
        folder.join("safe/batch.json"),
    ]
    .into_iter()
    .filter(|file| file.is_file())
    .collect()
}

/// Rehearses an export on a node; sends nothing.
pub fn verify(args: &VerifyArgs, output: Output) -> Result<Exit, CliError> {
    let file = if args.config.is_dir() {
        calls_in(&args.config).into_iter().next().ok_or_else(|| {
            CliError::words(
                Exit::Data,
                format_args!("{} holds no calls", args.config.display()),
                "give the addresses of AVS and slasher when you export: --avs 0x… --slasher 0x…",
            )
        })?
    } else {
        args.config.clone()
    };
    let text =
        std::fs::read_to_string(&file).map_err(|error| CliError::file("read", &file, &error))?;
    let calls = verify::read(&text)
        .map_err(|error| CliError::new(Exit::Data, &error, "give core/calls.json of an export"))?;
    let network = Network::with_chain_id(calls.chain_id).unwrap_or_else(Network::mainnet);
    let help = "check the endpoint; its key is never shown";
    let node =
        HttpNode::new(&args.rpc_url).map_err(|error| CliError::new(Exit::Network, &error, help))?;
    let report = verify::verify(&calls, &network, &node)
        .map_err(|error| CliError::new(Exit::Network, &error, help))?;
    output.answer("verify", None, None, &report, || report.to_string())?;
    Ok(if report.passed() {
        Exit::Ok
    } else {
        Exit::Below
    })
}
