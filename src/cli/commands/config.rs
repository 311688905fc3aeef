//! Configuration on disk: which files an export consists of, and what can be read out of them.

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::export::network::Network;
use crate::export::verify::{self, Calls};
use crate::export::{Deployment, deployment_of_params};
use std::path::{Path, PathBuf};

/// Levels of folders below the one named that are looked into.
const DEPTH: usize = 4;

/// How a file came to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// It is named on the command line.
    ByPath,
    /// Its folder is.
    ByFolder,
}

/// The files named, and those in folders that are named.
pub fn files(named: &[PathBuf]) -> Result<Vec<(PathBuf, Named)>, CliError> {
    let mut found = Vec::new();
    for path in named {
        if path.is_dir() {
            let mut inside = Vec::new();
            below(path, DEPTH, &mut inside)?;
            inside.sort();
            found.extend(inside.into_iter().map(|file| (file, Named::ByFolder)));
        } else {
            found.push((path.clone(), Named::ByPath));
        }
    }
    if found.is_empty() {
        return Err(CliError::usage(
            "there is nothing to look at",
            "name a file, or the folder of an export",
        ));
    }
    Ok(found)
}

/// Files below a folder that can be configuration.
fn below(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), CliError> {
    let unreadable = |error| CliError::file("read", folder, &error);
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            if depth > 0 {
                below(&path, depth - 1, found)?;
            }
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let configures = [".json", ".yaml", ".yml"]
            .iter()
            .any(|end| name.ends_with(end));
        if configures && !name.ends_with(".schema.json") {
            found.push(path);
        }
    }
    Ok(())
}

/// An export: its folder, or one file of calls.
pub struct Config {
    /// What was named.
    pub path: PathBuf,
}

impl Config {
    /// An export that is there.
    pub fn open(path: &Path) -> Result<Self, CliError> {
        if path.exists() {
            return Ok(Self {
                path: path.to_owned(),
            });
        }
        Err(CliError::words(
            Exit::Data,
            format_args!("{} does not exist", path.display()),
            "name the folder that `stakewright export` wrote, or `config` in the folder of a run",
        ))
    }

    /// The first of these that is a file; a file that was named is itself.
    fn find(&self, inside: &[&str]) -> Option<PathBuf> {
        if self.path.is_file() {
            return Some(self.path.clone());
        }
        inside
            .iter()
            .map(|name| self.path.join(name))
            .find(|file| file.is_file())
    }

    /// The ordered calls.
    pub fn calls(&self) -> Result<Calls, CliError> {
        let places = [
            "core/calls.json",
            "calls.json",
            "config/core/calls.json",
            "safe/batch.json",
            "batch.json",
        ];
        let file = self.find(&places).ok_or_else(|| {
            CliError::words(
                Exit::Data,
                format_args!("{} holds no calls", self.path.display()),
                "they need addresses: export with --avs 0x… and --slasher 0x…, or write both into the model file",
            )
        })?;
        let text = std::fs::read_to_string(&file)
            .map_err(|error| CliError::file("read", &file, &error))?;
        verify::read(&text).map_err(|error| {
            CliError::new(
                Exit::Data,
                &error,
                "give core/calls.json or safe/batch.json of an export",
            )
        })
    }

    /// What was decided, when the export says it.
    pub fn deployment(&self) -> Result<Option<Deployment>, CliError> {
        if self.path.is_file() {
            // Beside core/calls.json stands params/params.json, when all targets were exported.
            let export = self.path.parent().and_then(Path::parent);
            return match export.map(|folder| folder.join("params/params.json")) {
                Some(file) if file.is_file() => read_params(&file).map(Some),
                _ => Ok(None),
            };
        }
        match self.find(&[
            "params/params.json",
            "params.json",
            "config/params/params.json",
        ]) {
            Some(file) => read_params(&file).map(Some),
            None => Ok(None),
        }
    }
}

fn read_params(file: &Path) -> Result<Deployment, CliError> {
    let text =
        std::fs::read_to_string(file).map_err(|error| CliError::file("read", file, &error))?;
    deployment_of_params(&text).map_err(|error| {
        CliError::words(
            Exit::Data,
            format_args!("{}: {error}", file.display()),
            "export again, or compare it with params.schema.json",
        )
    })
}

/// A network by its name, or out of a file.
pub fn network(text: &str) -> Result<Network, CliError> {
    if let Some(network) = Network::named(text) {
        return Ok(network);
    }
    let help = "name mainnet, sepolia or hoodi, or a JSON file with name, chain_id, protocol_version, contracts and \
         limits as in deployment.network of params.json";
    let file = Path::new(text);
    let content = std::fs::read_to_string(file)
        .map_err(|error| CliError::usage(format_args!("--network {text}: {error}"), help))?;
    serde_json::from_str(&content).map_err(|error| {
        CliError::words(
            Exit::Data,
            format_args!("{text} is no network: {error}"),
            help,
        )
    })
}

/// The network that calls are for.
pub fn network_of(calls: &Calls) -> Result<Network, CliError> {
    let known = calls
        .network
        .clone()
        .or_else(|| Network::with_chain_id(calls.chain_id));
    known.ok_or_else(|| {
        CliError::words(
            Exit::Data,
            format_args!(
                "the calls are for chain {}, whose contracts are not known here",
                calls.chain_id
            ),
            "export with --network FILE: core/calls.json then says where they are",
        )
    })
}
