//! `stakewright lint` and `stakewright verify`: configuration held against rules, and against a chain.

use super::config::{self, Config};
use crate::cli::args::{LintArgs, VerifyArgs};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load;
use crate::cli::output::Output;
use crate::export::drift::{Drift, against_snapshot};
use crate::export::lines::hanging;
use crate::export::lint::{self, CHECKS, Context, LintError, LintFinding, Severity};
use crate::export::network::Network;
use crate::export::verify::{self, HttpNode, VerifyError};
use crate::export::{Deployment, paid_out_quorum};
use crate::snapshot::Address;
use crate::units::Timestamp;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;

#[derive(Serialize)]
struct Linted {
    file: String,
    findings: Vec<LintFinding>,
}

/// Checks files, ours or anybody's.
pub fn lint(args: &LintArgs, output: Output) -> Result<Exit, CliError> {
    if args.rules {
        output.answer("lint", None, None, CHECKS, rules)?;
        return Ok(Exit::Ok);
    }
    let loaded = load::snapshot(args.snapshot.as_deref())?;
    let asked = args.network.as_deref().map(config::network).transpose()?;
    let now = Timestamp(jiff::Timestamp::now().as_second().max(0) as u64);
    let mut linted = Vec::new();
    for (file, named) in config::files(&args.files)? {
        let text = std::fs::read_to_string(&file)
            .map_err(|error| CliError::file("read", &file, &error))?;
        let network = asked
            .clone()
            .or_else(|| lint::stated_network(&text))
            .unwrap_or_else(Network::mainnet);
        let context = Context::new(network, now).with_snapshot(&loaded.snapshot);
        let findings = match lint::lint(&text, None, Some(&context)) {
            Ok(findings) => findings,
            // Beside the files that are known, a folder may hold any others.
            Err(LintError::Unclear) if named == config::Named::ByFolder => continue,
            Err(error) => return Err(not_ours(&file, &error)),
        };
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
        listed(&linted)
    })?;
    Ok(if wrong { Exit::Below } else { Exit::Ok })
}

fn not_ours(file: &Path, error: &LintError) -> CliError {
    CliError::words(
        Exit::Data,
        format_args!("{}: {error}", file.display()),
        "lint reads calls.json, Safe batches, middleware deploy files, Hourglass contexts and params.json",
    )
}

/// Findings under their files, the worst first, and the sum of them.
fn listed(linted: &[Linted]) -> String {
    let count = |severity: Severity| {
        linted
            .iter()
            .flat_map(|file| &file.findings)
            .filter(|finding| finding.severity == severity)
            .count()
    };
    let mut text = String::new();
    for file in linted {
        if file.findings.is_empty() {
            let _ = writeln!(text, "{}: ok", file.file);
            continue;
        }
        let _ = writeln!(text, "{}", file.file);
        for finding in &file.findings {
            let place = if finding.place.is_empty() {
                String::new()
            } else {
                format!(" at {}", finding.place)
            };
            let _ = writeln!(text, "  {}[{}]{place}", finding.severity, finding.check);
            text.push_str(&hanging("      ", &finding.wrong));
            text.push_str(&hanging("      = ", &finding.right));
            if let Some(revert) = &finding.revert {
                let _ = writeln!(text, "      the chain answers {revert}");
            }
            text.push_str(&hanging("      source: ", finding.source));
        }
    }
    let _ = writeln!(
        text,
        "{} files: {} errors, {} warnings, {} notes",
        linted.len(),
        count(Severity::Error),
        count(Severity::Warning),
        count(Severity::Note)
    );
    text
}

fn rules() -> String {
    let mut text = String::new();
    for check in CHECKS {
        let _ = writeln!(text, "{}[{}]", check.severity, check.id);
        text.push_str(&hanging("      ", check.rule));
        text.push_str(&hanging("      source: ", check.source));
        if !check.reverts.is_empty() {
            let _ = writeln!(
                text,
                "      the chain answers {}",
                check.reverts.join(" or ")
            );
        }
    }
    text
}

/// Rehearses an export on a node, or compares it with what is deployed; sends nothing.
pub fn verify(args: &VerifyArgs, output: Output) -> Result<Exit, CliError> {
    let config = Config::open(&args.config)?;
    let Some(against) = &args.against else {
        let calls = match &args.coordinator {
            Some(coordinator) => through(&config, coordinator)?,
            None => config.calls()?,
        };
        return rehearse(&calls, &node(args)?, output);
    };
    let drift = if against.starts_with("0x") {
        let avs: Address = against.parse().map_err(|error| {
            CliError::usage(
                format_args!("--against {against}: {error}"),
                "give the address of an AVS, or the folder of a snapshot",
            )
        })?;
        deployed(&config, avs, &node(args)?)?
    } else {
        recorded(&config, Path::new(against))?
    };
    output.answer("verify", None, None, &drift, || drift.to_string())?;
    Ok(if args.require_same && !drift.is_none() {
        Exit::Below
    } else {
        Exit::Ok
    })
}

fn node(args: &VerifyArgs) -> Result<HttpNode, CliError> {
    let Some(url) = &args.rpc_url else {
        return Err(CliError::usage(
            "verify asks a node",
            "give one with --rpc-url URL or in ETH_RPC_URL; for a local copy of a network: anvil --fork-url URL",
        ));
    };
    HttpNode::new(url).map_err(|error| unverified(&VerifyError::Node(error)))
}

/// The calls of an export whose quorums are created by a coordinator.
fn through(config: &Config, coordinator: &str) -> Result<verify::Calls, CliError> {
    let coordinator: Address = coordinator.parse().map_err(|error| {
        CliError::usage(
            format_args!("--coordinator {coordinator}: {error}"),
            "give the address of the SlashingRegistryCoordinator",
        )
    })?;
    let (deployment, avs) = decided(config)?;
    if let Some(set) = paid_out_quorum(&deployment) {
        return Err(CliError::words(
            Exit::Data,
            format_args!(
                "set {set} pays slashed stake out, and a coordinator creates sets that burn it"
            ),
            "create the sets by the core's calls (without --coordinator), or let the set burn what is slashed",
        ));
    }
    Ok(verify::Calls::through(&deployment, avs, coordinator))
}

fn rehearse(calls: &verify::Calls, node: &HttpNode, output: Output) -> Result<Exit, CliError> {
    let network = config::network_of(calls)?;
    let report = verify::verify(calls, &network, node).map_err(|error| unverified(&error))?;
    output.answer("verify", None, None, &report, || report.to_string())?;
    Ok(if report.passed() {
        Exit::Ok
    } else {
        Exit::Below
    })
}

/// The drift of an AVS on the node's chain.
fn deployed(config: &Config, avs: Address, node: &HttpNode) -> Result<Drift, CliError> {
    let calls = match config.deployment()? {
        Some(deployment) => verify::Calls::of(&deployment, avs),
        None => config.calls()?,
    };
    if calls.avs != Some(avs) {
        return Err(CliError::usage(
            format_args!(
                "the calls are for another AVS, and {} has no params/params.json to make them for {avs}",
                config.path.display()
            ),
            "export with --target all, or with --target params",
        ));
    }
    let network = config::network_of(&calls)?;
    verify::drift(&calls, &network, node).map_err(|error| unverified(&error))
}

/// What was decided, and for which AVS.
fn decided(config: &Config) -> Result<(Deployment, Address), CliError> {
    let deployment = config.deployment()?.ok_or_else(|| {
        CliError::words(
            Exit::Data,
            format_args!("{} has no params/params.json", config.path.display()),
            "export with --target all, or with --target params",
        )
    })?;
    let avs = deployment.avs.ok_or_else(|| {
        CliError::usage(
            "the export does not say which AVS it is for",
            "export again with --avs 0x…",
        )
    })?;
    Ok((deployment, avs))
}

/// The drift of the AVS of the export in a snapshot.
fn recorded(config: &Config, folder: &Path) -> Result<Drift, CliError> {
    let loaded = load::snapshot(Some(folder))?;
    let (deployment, avs) = decided(config)?;
    let manifest = &loaded.snapshot.manifest;
    if manifest.chain_id != deployment.network.chain_id {
        return Err(CliError::usage(
            format_args!(
                "the export is for {} (chain {}), and {} is of chain {}",
                deployment.network.name,
                deployment.network.chain_id,
                folder.display(),
                manifest.chain_id
            ),
            "give a snapshot of the same network",
        ));
    }
    against_snapshot(&deployment, &loaded.snapshot, avs).ok_or_else(|| {
        CliError::words(
            Exit::Data,
            format_args!("{} has no AVS {avs}", loaded.stamp.label),
            "pull a newer snapshot: stakewright pull --rpc-url …",
        )
    })
}

fn unverified(error: &VerifyError) -> CliError {
    let help = match error {
        VerifyError::Node(_) => "check the endpoint; its key is never shown",
        VerifyError::WrongChain { .. } => {
            "give a node of that network, or a local copy of it (anvil --fork-url URL keeps the chain id); \
             for contracts of your own, export with --network FILE"
        }
        VerifyError::NoContract { .. } => {
            "an empty local chain has no EigenLayer on it: start a copy of the network with anvil --fork-url URL, \
             or export with --network FILE, which names the contracts that are there"
        }
        VerifyError::Abi(_) => "export again: a number does not fit the contract",
    };
    CliError::new(Exit::Network, error, help)
}
