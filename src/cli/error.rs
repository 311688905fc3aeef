//! The one place where errors are rendered and given an exit code.

use super::exit::Exit;
use crate::sim::NotANumber;
use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Says a line on the error stream; a reader who has gone (`| head`) is no reason to fail.
pub fn tell(line: impl std::fmt::Display) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Why a command ended early.
#[derive(Debug)]
pub struct CliError {
    /// The code that the shell sees.
    pub exit: Exit,
    /// The message, already rendered: it ends with what to do.
    pub message: String,
}

impl CliError {
    /// An error with its chain of causes and a line of help.
    pub fn new(exit: Exit, error: &dyn Error, help: &str) -> Self {
        let mut message = format!("error: {error}");
        let mut cause = error.source();
        // A chain longer than this is a loop, not an explanation.
        for _ in 0..8 {
            let Some(source) = cause else { break };
            let text = source.to_string();
            if !message.contains(&text) {
                let _ = write!(message, "\n  caused by: {text}");
            }
            cause = source.source();
        }
        Self { exit, message }.with_help(help)
    }

    /// An error of plain words.
    pub fn words(exit: Exit, text: impl std::fmt::Display, help: &str) -> Self {
        Self {
            exit,
            message: format!("error: {text}"),
        }
        .with_help(help)
    }

    /// A wrong command line.
    pub fn usage(text: impl std::fmt::Display, help: &str) -> Self {
        Self::words(Exit::Usage, text, help)
    }

    /// A file that cannot be read or written.
    pub fn file(verb: &str, path: impl Into<PathBuf>, source: &std::io::Error) -> Self {
        let path = path.into();
        Self::words(
            Exit::Data,
            format_args!("cannot {verb} {}: {source}", path.display()),
            "check the path and its permissions",
        )
    }

    /// Ctrl-C.
    pub fn interrupted() -> Self {
        Self {
            exit: Exit::Interrupted,
            message: "interrupted: nothing was written".to_owned(),
        }
    }

    /// A defect of the program; the hook has said where.
    pub fn defect() -> Self {
        Self {
            exit: Exit::Bug,
            message: "error: this is a defect of the program; nothing was written\n  = help: \
                please report it with the command, the model file and the lines above"
                .to_owned(),
        }
    }

    /// What a run unwound with: a path that is no number, or a defect of another kind.
    pub fn unwound(payload: &(dyn std::any::Any + Send)) -> Self {
        let Some(stopped) = payload.downcast_ref::<NotANumber>() else {
            return Self::defect();
        };
        let (seed, path) = (stopped.seed.0, stopped.path);
        let n = path + 1;
        Self::words(
            Exit::Bug,
            format!("{stopped}; nothing was written"),
            &format!(
                "play that path alone with `stakewright simulate MODEL --seed {seed} --paths {n} --shard {n}/{n}`, and report it with the model file"
            ),
        )
    }

    fn with_help(mut self, help: &str) -> Self {
        if !help.is_empty() {
            let _ = write!(self.message, "\n  = help: {help}");
        }
        self
    }
}

/// From now on a defect says in two lines what went wrong and where, instead of a trace.
pub fn catch_defects() {
    if std::env::var_os("RUST_BACKTRACE").is_some() {
        return;
    }
    std::panic::set_hook(Box::new(|info| {
        if info.payload().is::<NotANumber>() {
            // It is told as an error, with the way to meet it again.
            return;
        }
        let place = info
            .location()
            .map_or_else(String::new, |at| format!(" ({}:{})", at.file(), at.line()));
        let what = info
            .payload()
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| info.payload().downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        tell(format_args!("defect: {what}{place}"));
    }));
}

impl From<crate::run::RunError> for CliError {
    fn from(error: crate::run::RunError) -> Self {
        let help = match error {
            crate::run::RunError::Taken { .. } => "choose another --out, or move that folder away",
            _ => "choose a folder that can be written with --out",
        };
        Self::new(Exit::Data, &error, help)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seed;

    #[test]
    fn a_path_that_is_no_number_is_an_error_that_says_how_to_meet_it_again() {
        let stopped = NotANumber {
            seed: Seed(7),
            path: 41,
            what: "the profit of attack 0".to_owned(),
        };
        let error = CliError::unwound(&stopped);
        assert_ne!(error.exit.code(), 0);
        for part in [
            "path 41",
            "seed 0000000000000007",
            "--seed 7 --paths 42 --shard 42/42",
        ] {
            assert!(error.message.contains(part), "{}", error.message);
        }
        assert!(!error.message.contains("defect"), "{}", error.message);
        let other: Box<dyn std::any::Any + Send> = Box::new("assertion");
        assert!(CliError::unwound(&*other).message.contains("defect"));
    }
}
