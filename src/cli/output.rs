//! Standard output: a text for people, or one JSON document for scripts.

use super::args::{Colour, Format};
use super::error::CliError;
use super::exit::Exit;
use serde::Serialize;
use std::io::{IsTerminal as _, Write as _};

/// Version of the JSON that commands print.
pub const ENVELOPE_VERSION: u32 = 1;

/// What surrounds every JSON answer.
#[derive(Debug, Serialize)]
struct Envelope<'a, T: Serialize> {
    /// Version of this shape.
    version: u32,
    /// Version of the program.
    program: &'a str,
    /// The command that answered.
    command: &'a str,
    /// The seed, where the answer depends on one.
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    /// Label and content hash of the snapshot, where the answer rests on one.
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<&'a crate::run::SnapshotStamp>,
    /// The answer.
    data: T,
}

/// How and where a command answers.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// Text or JSON.
    pub format: Format,
    /// The verdict alone.
    pub quiet: bool,
    colour: Colour,
}

impl Output {
    /// Output as the command line asks.
    pub fn new(format: Format, quiet: bool, colour: Colour) -> Self {
        Self {
            format,
            quiet,
            colour,
        }
    }

    /// Whether standard output takes colour.
    pub fn coloured(self) -> bool {
        match self.colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => {
                std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
            }
        }
    }

    /// Prints the answer: `text` for people, `data` in an envelope for scripts.
    pub fn answer<T: Serialize>(
        self,
        command: &str,
        seed: Option<u64>,
        snapshot: Option<&crate::run::SnapshotStamp>,
        data: T,
        text: impl FnOnce() -> String,
    ) -> Result<(), CliError> {
        match self.format {
            Format::Human => self.text(&text()),
            Format::Json => {
                let envelope = Envelope {
                    version: ENVELOPE_VERSION,
                    program: env!("CARGO_PKG_VERSION"),
                    command,
                    seed,
                    snapshot,
                    data,
                };
                let json = serde_json::to_string_pretty(&envelope)
                    .map_err(|error| CliError::new(Exit::Bug, &error, "please report this"))?;
                self.text(&json)
            }
        }
    }

    /// Prints text to standard output; a reader that closed the pipe is not an error.
    pub fn text(self, text: &str) -> Result<(), CliError> {
        let mut out = std::io::stdout().lock();
        let end = if text.ends_with('\n') { "" } else { "\n" };
        match write!(out, "{text}{end}").and_then(|()| out.flush()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(CliError::file("write", "standard output", &error))
            }
            _ => Ok(()),
        }
    }
}
