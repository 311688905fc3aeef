//! What a rehearsal found, for programs and for terminals.

use super::simulate::Method;
use crate::export::lines::hanging;
use serde::Serialize;
use std::fmt;

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// Chain that answered.
    pub chain_id: u64,
    /// Its newest block.
    pub block: u64,
    /// How the calls were tried.
    pub method: Method,
    /// What came of each call, in order.
    pub steps: Vec<StepReport>,
    /// What the chain answers afterwards.
    pub read_back: Vec<ReadBack>,
    /// What limits the proof.
    pub notes: Vec<String>,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepReport {
    /// Number, from 1.
    pub step: usize,
    /// What it does.
    pub title: String,
    /// The function.
    pub function: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// Gas used, where the node says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gas: Option<u64>,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It passed.
    Passed,
    /// It reverted.
    Reverted(Explanation),
    /// It reverted where earlier calls were not in force: it may pass in order.
    Unclear(Explanation),
    /// It was not tried.
    Skipped {
        /// Why.
        reason: String,
    },
}

/// Why a call reverts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Name of the contract's error.
    pub error: String,
    /// Path of the argument that causes it, when it can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub argument: Option<String>,
    /// What is wrong.
    pub wrong: String,
    /// What would be right.
    pub right: String,
    /// Parameters of the deployment behind the call.
    pub parameters: Vec<String>,
}

/// A value read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReadBack {
    /// What it is.
    pub what: String,
    /// What the export says.
    pub expected: String,
    /// What the chain says.
    pub found: String,
}

impl ReadBack {
    /// True when the chain says what the export says.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.expected == self.found
    }
}

impl VerifyReport {
    /// True when every call that was tried passed and everything read back agrees.
    #[must_use]
    pub fn passed(&self) -> bool {
        let fine =
            |step: &StepReport| matches!(step.outcome, Outcome::Passed | Outcome::Skipped { .. });
        self.steps.iter().all(fine) && self.read_back.iter().all(ReadBack::agrees)
    }
}

impl Method {
    /// The method in words.
    const fn words(self) -> &'static str {
        match self {
            Self::Simulated => "simulated in order; nothing was sent",
            Self::TakenBack => "run in order on this test node and taken back",
            Self::OneByOne => "tried one by one on the present state; nothing was sent",
        }
    }
}

/// A report in lines, for terminals.
impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "chain {} at block {}: {} calls {}",
            self.chain_id,
            self.block,
            self.steps.len(),
            self.method.words()
        )?;
        for step in &self.steps {
            let (mark, why) = match &step.outcome {
                Outcome::Passed => ("ok   ", None),
                Outcome::Skipped { reason } => ("later", Some(reason.clone())),
                Outcome::Reverted(why) => ("FAIL ", Some(why.to_string())),
                Outcome::Unclear(why) => ("?    ", Some(why.to_string())),
            };
            let why = why.map_or_else(String::new, |why| format!(": {why}"));
            let gas = step
                .gas
                .map_or_else(String::new, |gas| format!(" ({gas} gas)"));
            let lead = format!("  {mark} {:>2}  ", step.step);
            f.write_str(&hanging(&lead, &format!("{}{why}{gas}", step.title)))?;
        }
        let agree = self.read_back.iter().filter(|row| row.agrees()).count();
        writeln!(
            f,
            "read back: {agree} of {} agree with the export",
            self.read_back.len()
        )?;
        for row in &self.read_back {
            if row.agrees() {
                let text = format!("{}: {}", row.what, short(&row.found));
                f.write_str(&hanging("  ok    ", &text))?;
            } else {
                writeln!(f, "  DIFF  {}", row.what)?;
                writeln!(f, "          export  {}", row.expected)?;
                writeln!(f, "          chain   {}", row.found)?;
            }
        }
        self.notes
            .iter()
            .try_for_each(|note| f.write_str(&hanging("note: ", note)))
    }
}

/// A long list by its first entry and the number of the others.
pub(crate) fn short(text: &str) -> String {
    let mut entries = text.split(", ");
    let first = entries.next().unwrap_or_default();
    match entries.count() {
        0 => text.to_owned(),
        more => format!("{first} and {more} more"),
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error)?;
        if let Some(argument) = &self.argument {
            write!(f, " at {argument}")?;
        }
        write!(f, ": {}; {}", self.wrong, self.right)?;
        if !self.parameters.is_empty() {
            write!(f, " (parameters {})", self.parameters.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn long_lists_are_shortened_and_short_ones_are_not() {
        assert_eq!(short("0x1"), "0x1");
        assert_eq!(short("0x1, 0x2, 0x3"), "0x1 and 2 more");
        assert_eq!(short(""), "");
    }
}
