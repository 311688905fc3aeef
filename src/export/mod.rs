//! Decided parameters as contract integers, calls and files, and the checks that hold them to the protocol.
//!
//! A [`Deployment`] is one AVS in the contracts' own terms. [`export`] turns it into files for one
//! [`Target`]; nothing is written here. What the protocol cannot express is refused with the nearest
//! thing that it can ([`lint`]).

pub mod action;
pub mod address;
pub mod arguments;
pub mod design;
pub mod drift;
pub mod lines;
pub mod lint;
pub mod network;
pub mod number;
pub mod plan;
pub mod rounding;
pub mod world;

mod hourglass;
mod middleware;
mod params;
mod solidity;

#[cfg(feature = "chain")]
pub mod abi;
#[cfg(feature = "chain")]
mod abi_decode;
#[cfg(feature = "chain")]
mod core;
mod safe;
#[cfg(feature = "chain")]
pub mod verify;

pub use design::Deployment;
pub use middleware::{PLACEHOLDER, paid_out_quorum};
pub use params::deployment_of_params;

use lint::{LintFinding, Severity};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A file of an export: where it goes, relative to the export's folder, and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Path with forward slashes.
    pub path: String,
    /// Content.
    pub bytes: Vec<u8>,
}

/// Who the files are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Ordered calls with calldata, for any sender of transactions.
    Core,
    /// A batch for the Safe Transaction Builder.
    Safe,
    /// Deployment files of the middleware.
    Middleware,
    /// Context file of the task framework.
    Hourglass,
    /// A library of constants and a Foundry script.
    Solidity,
    /// Every recommended number with the integer that stands for it.
    Params,
}

impl Target {
    /// All targets, in the order of the documentation.
    pub const ALL: [Self; 6] = [
        Self::Core,
        Self::Safe,
        Self::Middleware,
        Self::Hourglass,
        Self::Solidity,
        Self::Params,
    ];

    /// Its name on the command line and its folder.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Safe => "safe",
            Self::Middleware => "middleware",
            Self::Hourglass => "hourglass",
            Self::Solidity => "solidity",
            Self::Params => "params",
        }
    }
}

impl Target {
    /// Who reads its files, in words.
    #[must_use]
    pub const fn reader(self) -> &'static str {
        match self {
            Self::Core => "any wallet, call by call; `stakewright verify`",
            Self::Safe => "Safe, Transaction Builder",
            Self::Middleware => "deploy scripts of eigenlayer-middleware (forge)",
            Self::Hourglass => "Hourglass and devkit",
            Self::Solidity => "forge",
            Self::Params => "people, editors and programs of your own",
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Target {
    type Err = ExportError;

    fn from_str(text: &str) -> Result<Self, ExportError> {
        Self::ALL
            .into_iter()
            .find(|target| target.name() == text)
            .ok_or_else(|| ExportError::UnknownTarget(text.to_owned()))
    }
}

/// Why nothing is exported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// The deployment asks for something that the protocol does not have, or that protects nobody.
    #[error("the deployment cannot be exported: {}", summary(.0))]
    Refused(Vec<LintFinding>),
    /// Calldata holds the address of the AVS, and the deployment has none.
    #[error("the target `{0}` needs the address of the AVS: give it with --avs 0x…")]
    AvsMissing(Target),
    /// No such target.
    #[error("`{0}` is no target: choose core, safe, middleware, hourglass, solidity or params")]
    UnknownTarget(String),
    /// The program was built without Ethereum support.
    #[error("the target `{0}` needs calldata: build with the feature `chain`")]
    WithoutChain(Target),
    /// A call does not fit the contract's types.
    #[cfg(feature = "chain")]
    #[error(transparent)]
    Abi(#[from] abi::AbiError),
}

fn summary(findings: &[LintFinding]) -> String {
    findings
        .iter()
        .map(LintFinding::to_string)
        .collect::<Vec<_>>()
        .join("\n  ")
}

/// The files of one target.
///
/// # Errors
/// When a check of severity error fails ([`lint::deployment`]), or the target needs an address that is absent.
pub fn export(deployment: &Deployment, target: Target) -> Result<Vec<Artifact>, ExportError> {
    let mut refused = lint::deployment(deployment);
    // The number of a set matters only where it is the number of a quorum.
    let numbered = target == Target::Middleware;
    refused.retain(|finding| {
        finding.severity == Severity::Error || (numbered && finding.check == "quorum-number")
    });
    if !refused.is_empty() {
        return Err(ExportError::Refused(refused));
    }
    match target {
        Target::Middleware => Ok(middleware::files(deployment)),
        Target::Hourglass => hourglass::files(deployment),
        Target::Solidity => Ok(solidity::files(deployment)),
        Target::Params => Ok(params::files(deployment)),
        #[cfg(feature = "chain")]
        Target::Core => core::files(
            deployment,
            deployment.avs.ok_or(ExportError::AvsMissing(target))?,
        ),
        #[cfg(feature = "chain")]
        Target::Safe => safe::files(
            deployment,
            deployment.avs.ok_or(ExportError::AvsMissing(target))?,
        ),
        #[cfg(not(feature = "chain"))]
        Target::Core | Target::Safe => Err(ExportError::WithoutChain(target)),
    }
}

/// Text as an artifact, with one newline at its end.
fn text(path: impl Into<String>, content: &str) -> Artifact {
    Artifact {
        path: path.into(),
        bytes: format!("{}\n", content.trim_end()).into_bytes(),
    }
}

/// JSON as an artifact, indented.
fn json(path: impl Into<String>, content: &impl Serialize) -> Artifact {
    let content = serde_json::to_string_pretty(content).expect("exports are plain data");
    text(path, &content)
}
