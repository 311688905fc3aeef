//! Exit codes: a script can tell what happened without reading.

use std::process::ExitCode;

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All done.
    Ok,
    /// A defect of the program.
    Bug,
    /// The command line is wrong.
    Usage,
    /// The model file is wrong.
    Model,
    /// A snapshot, a run folder or another file cannot be read or written.
    Data,
    /// A node or another source cannot be reached or answers wrongly.
    Network,
    /// No design within the ranges keeps the promise.
    Infeasible,
    /// A check found something below its threshold: an unsafe or undecided verdict, a lint error,
    /// a call that reverts, a drift.
    Below,
    /// Stopped by the user.
    Interrupted,
}

/// Every code with its meaning, as `--help` prints them.
pub const TABLE: &[(Exit, &str)] = &[
    (Exit::Ok, "done"),
    (Exit::Bug, "a defect of the program: please report it"),
    (Exit::Usage, "the command line is wrong"),
    (Exit::Model, "the model file is wrong"),
    (Exit::Data, "a file or folder cannot be read or written"),
    (Exit::Network, "a node or another source cannot be reached"),
    (
        Exit::Infeasible,
        "no design within the ranges keeps the promise",
    ),
    (
        Exit::Below,
        "a check failed: not safe, a lint error, a revert, a drift",
    ),
    (Exit::Interrupted, "stopped by Ctrl-C; nothing was written"),
];

impl Exit {
    /// The number that the shell sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Bug => 1,
            Self::Usage => 2,
            Self::Model => 3,
            Self::Data => 4,
            Self::Network => 5,
            Self::Infeasible => 6,
            Self::Below => 7,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
