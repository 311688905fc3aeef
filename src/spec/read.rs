//! Text to [`Draft`].

use super::draft::Document;
use super::errors::{ErrorKind, SpecError, SpecErrors};
use super::shape;
use miette::NamedSource;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::de::DeTable;

/// A model file that is TOML: what it says, where, and what of it does not have the right shape.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What it says. A key of the wrong shape is absent here and listed in [`Self::faults`].
    pub document: Document,
    /// Faults of shape; they are reported with those of meaning by the check.
    pub faults: Vec<SpecError>,
    /// The text, with the name that errors show.
    pub file: Arc<NamedSource<String>>,
}

impl Draft {
    /// Reads a model file. `file` is the name that errors show; files that the model names are
    /// looked for beside it.
    ///
    /// # Errors
    /// All syntax errors, when the text is not TOML. Faults of shape and meaning come from
    /// [`Draft::check`], together.
    pub fn parse(text: &str, file: &str) -> Result<Self, SpecErrors> {
        let source = Arc::new(NamedSource::new(file, text.to_owned()));
        let (mut tree, syntax) = DeTable::parse_recoverable(text);
        if !syntax.is_empty() {
            let errors = syntax
                .iter()
                .map(|error| syntax_error(error, &source))
                .collect();
            return Err(SpecErrors::new(file, first_of_each_line(errors)));
        }
        let faults = shape::prune(&mut tree, &source);
        let deserializer = toml::de::Deserializer::from(tree);
        match serde_path_to_error::deserialize::<_, Document>(deserializer) {
            Ok(document) => Ok(Self {
                document,
                faults,
                file: source,
            }),
            Err(error) => {
                let key = error.path().to_string();
                let error = error.into_inner();
                let span = error.span().unwrap_or(0..0);
                let mut errors = faults;
                errors.push(SpecError::new(
                    ErrorKind::WrongType,
                    &source,
                    span,
                    key,
                    error.message(),
                ));
                Err(SpecErrors::new(file, errors))
            }
        }
    }

    /// Files that the model names, beside the model file: a run depends on them too.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let operators = self.document.operators.get();
        let list = operators
            .and_then(|o| o.from.get())
            .and_then(|from| match from.get() {
                super::draft::From::List(path) => Some(path),
                _ => None,
            });
        let entities = operators.and_then(|o| o.entities.as_ref());
        let panel = self.document.panel.iter().map(|p| p.get());
        list.into_iter()
            .chain(entities)
            .chain(panel.filter_map(|p| p.model.as_ref()))
            .map(|path| self.beside(path.get()))
            .collect()
    }

    /// A path that is relative to the model file.
    pub(super) fn beside(&self, path: &str) -> PathBuf {
        Path::new(self.file.name())
            .parent()
            .unwrap_or(Path::new(""))
            .join(path)
    }
}

fn syntax_error(error: &toml::de::Error, source: &Arc<NamedSource<String>>) -> SpecError {
    let text = source.inner();
    let span = error.span().unwrap_or(text.len()..text.len());
    let span = visible(text, span);
    let line = line_of(text, span.start);
    let mut fault = SpecError::new(ErrorKind::Syntax, source, span, "", error.message().trim());
    if let Some((key, value)) = line.split_once('=') {
        let value = value.split('#').next().unwrap_or("").trim();
        let starts_with_digit =
            value.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '$');
        if starts_with_digit && !value.contains('"') {
            fault.help(format!(
                "quantities stand in quotes: {} = \"{value}\"",
                key.trim()
            ));
        }
    }
    fault
}

/// A span that shows something: an empty one at the end of a line is moved to its last character.
fn visible(text: &str, span: Range<usize>) -> Range<usize> {
    let start = span.start.min(text.len());
    let end = span.end.clamp(start, text.len());
    let start = (0..=start)
        .rev()
        .find(|&i| text.is_char_boundary(i))
        .unwrap_or(0);
    let end = (end..=text.len())
        .find(|&i| text.is_char_boundary(i))
        .unwrap_or(text.len());
    start..end
}

fn line_of(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    let end = text[at..].find('\n').map_or(text.len(), |i| at + i);
    &text[start..end]
}

/// What follows a syntax error on its line is mostly its echo.
fn first_of_each_line(errors: Vec<SpecError>) -> Vec<SpecError> {
    let mut seen: Vec<usize> = Vec::new();
    errors
        .into_iter()
        .filter(|error| {
            let line = error.line_column().0;
            let new = !seen.contains(&line);
            seen.push(line);
            new
        })
        .collect()
}
