//! What a check says: which rule, how bad, where, what is wrong and what would be right.

use super::catalogue::CHECKS;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; nothing to change.
    Note,
    /// The chain accepts it and it is probably not what was meant.
    Warning,
    /// The chain reverts, the protocol has no such thing, or it would not protect anybody.
    Error,
}

/// A rule that files and calls are held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its name, in findings and on the command line.
    pub id: &'static str,
    /// How bad it is to break it.
    pub severity: Severity,
    /// The rule, in one line.
    pub rule: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// Names of the contracts' errors that enforce it; empty: nothing on the chain does.
    pub reverts: &'static [&'static str],
}

/// One broken rule at one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LintFinding {
    /// Id of the [`Check`].
    pub check: &'static str,
    /// How bad.
    pub severity: Severity,
    /// Path of the value in the file, or of the parameter in the deployment.
    pub place: String,
    /// What is wrong.
    pub wrong: String,
    /// What would be right, or the nearest thing that can be expressed.
    pub right: String,
    /// Where the rule comes from.
    pub source: &'static str,
    /// How the chain would answer, when it would refuse.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revert: Option<String>,
}

impl LintFinding {
    /// A finding of a check in the catalogue.
    ///
    /// # Panics
    /// When the catalogue has no check of that id.
    #[must_use]
    pub fn new(
        check: &str,
        place: impl Into<String>,
        wrong: impl Into<String>,
        right: impl Into<String>,
    ) -> Self {
        let check = CHECKS
            .iter()
            .find(|candidate| candidate.id == check)
            .unwrap_or_else(|| panic!("the check `{check}` is not in the catalogue"));
        Self {
            check: check.id,
            severity: check.severity,
            place: place.into(),
            wrong: wrong.into(),
            right: right.into(),
            source: check.source,
            revert: check.reverts.first().map(|name| (*name).to_owned()),
        }
    }

    /// The same finding at another severity, where the facts make the rule weaker.
    #[must_use]
    pub fn at(mut self, severity: Severity) -> Self {
        self.severity = severity;
        if severity != Severity::Error {
            self.revert = None;
        }
        self
    }

    /// The same finding with the error that the chain would answer.
    #[must_use]
    pub fn reverting(mut self, error: impl Into<String>) -> Self {
        self.revert = Some(error.into());
        self
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

impl fmt::Display for LintFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}[{}] {}: {}; {}",
            self.severity, self.check, self.place, self.wrong, self.right
        )?;
        if let Some(revert) = &self.revert {
            write!(f, " (the chain answers {revert})")?;
        }
        Ok(())
    }
}
