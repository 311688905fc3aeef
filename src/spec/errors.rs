//! What is wrong with a model file: every fault at once, each at its place, with what would be right.

use miette::{LabeledSpan, NamedSource, SourceCode};
use serde::Serialize;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// All faults of one model file, in the order in which they stand in it.
#[derive(Debug, Clone)]
pub struct SpecErrors {
    /// Name of the model file.
    pub file: String,
    /// The faults; at least one.
    pub errors: Vec<SpecError>,
}

/// One fault.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct SpecError {
    /// Which rule is broken.
    pub kind: ErrorKind,
    /// The key it is about, such as `operators.threshold`; empty for the file itself.
    pub key: String,
    /// What is wrong: lowercase, no full stop.
    pub message: String,
    /// What the caret says.
    pub label: String,
    /// What would be right.
    pub help: Option<String>,
    /// Where, in bytes of [`Self::source_text`].
    pub span: Range<usize>,
    /// A second place that takes part, with what it says.
    pub also: Option<(Range<usize>, String)>,
    file: Arc<NamedSource<String>>,
}

/// The rules that a model file can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorKind {
    /// It is not TOML.
    Syntax,
    /// The file is written for another version of the format.
    Format,
    /// A key that means nothing.
    UnknownKey,
    /// A key that must be there is not.
    MissingKey,
    /// A table where a text is asked for, and the like.
    WrongType,
    /// A word that is none of the choices.
    UnknownWord,
    /// A quantity that does not begin with a number, or is too large.
    Number,
    /// A quantity without unit.
    MissingUnit,
    /// A unit that is not known.
    UnknownUnit,
    /// A quantity that measures something else.
    Dimension,
    /// A value that cannot be, such as a share above 100 %.
    Domain,
    /// The ends of a range in the wrong order.
    Range,
    /// An AVS, operator, asset or offence that does not exist.
    UnknownName,
    /// The same name or pair twice.
    Duplicate,
    /// Two values that are each possible, but not together.
    Contradiction,
    /// Something that the protocol forbids.
    Protocol,
    /// Nobody is left to secure the service.
    Empty,
    /// Correlations that no set of assets can have.
    Correlation,
    /// A file that the model names cannot be used.
    File,
    /// A figure that the snapshot does not have.
    Snapshot,
}

impl ErrorKind {
    /// All kinds, in the order of the documentation.
    pub const ALL: [Self; 20] = [
        Self::Syntax,
        Self::Format,
        Self::UnknownKey,
        Self::MissingKey,
        Self::WrongType,
        Self::UnknownWord,
        Self::Number,
        Self::MissingUnit,
        Self::UnknownUnit,
        Self::Dimension,
        Self::Domain,
        Self::Range,
        Self::UnknownName,
        Self::Duplicate,
        Self::Contradiction,
        Self::Protocol,
        Self::Empty,
        Self::Correlation,
        Self::File,
        Self::Snapshot,
    ];

    /// The code that a rendered error carries, such as `spec::unknown-key`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Syntax => "spec::syntax",
            Self::Format => "spec::format",
            Self::UnknownKey => "spec::unknown-key",
            Self::MissingKey => "spec::missing-key",
            Self::WrongType => "spec::wrong-type",
            Self::UnknownWord => "spec::unknown-word",
            Self::Number => "spec::number",
            Self::MissingUnit => "spec::missing-unit",
            Self::UnknownUnit => "spec::unknown-unit",
            Self::Dimension => "spec::dimension",
            Self::Domain => "spec::domain",
            Self::Range => "spec::range",
            Self::UnknownName => "spec::unknown-name",
            Self::Duplicate => "spec::duplicate",
            Self::Contradiction => "spec::contradiction",
            Self::Protocol => "spec::protocol",
            Self::Empty => "spec::empty",
            Self::Correlation => "spec::correlation",
            Self::File => "spec::file",
            Self::Snapshot => "spec::snapshot",
        }
    }
}

/// A fault as plain data, for output that a program reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlainError {
    /// The code, such as `spec::unknown-key`.
    pub code: &'static str,
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The key it is about.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

impl SpecError {
    /// A fault at a place of a file.
    #[must_use]
    pub fn new(
        kind: ErrorKind,
        file: &Arc<NamedSource<String>>,
        span: Range<usize>,
        key: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let length = file.inner().len();
        let span = span.start.min(length)..span.end.clamp(span.start.min(length), length);
        Self {
            kind,
            key: key.into(),
            message: message.into(),
            label: "here".into(),
            help: None,
            span,
            also: None,
            file: Arc::clone(file),
        }
    }

    /// Says what would be right.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Says what the caret says.
    pub fn label(&mut self, label: impl Into<String>) -> &mut Self {
        self.label = label.into();
        self
    }

    /// Shows a second place.
    pub fn also(&mut self, span: Range<usize>, label: impl Into<String>) -> &mut Self {
        self.also = Some((span, label.into()));
        self
    }

    /// Name of the file that the fault is in: the model file, or one that it names.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.file.name()
    }

    /// The text that [`Self::span`] counts in.
    #[must_use]
    pub fn source_text(&self) -> &str {
        self.file.inner()
    }

    /// Line and column of the fault, both from 1, the column in characters.
    #[must_use]
    pub fn line_column(&self) -> (usize, usize) {
        let before = self.source_text().get(..self.span.start).unwrap_or("");
        let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }

    /// The fault as plain data.
    #[must_use]
    pub fn plain(&self) -> PlainError {
        let (line, column) = self.line_column();
        PlainError {
            code: self.kind.code(),
            file: self.file_name().to_owned(),
            line,
            column,
            key: self.key.clone(),
            message: self.message.clone(),
            help: self.help.clone(),
        }
    }
}

impl SpecErrors {
    /// Orders the faults by their place; equal ones once.
    #[must_use]
    pub fn new(file: &str, mut errors: Vec<SpecError>) -> Self {
        assert!(!errors.is_empty(), "no error in {file}");
        errors.sort_by(|a, b| {
            (
                a.file_name() != file,
                a.span.start,
                a.span.end,
                a.kind,
                &a.message,
            )
                .cmp(&(
                    b.file_name() != file,
                    b.span.start,
                    b.span.end,
                    b.kind,
                    &b.message,
                ))
        });
        errors.dedup_by(|a, b| a.span == b.span && a.message == b.message && a.key == b.key);
        Self {
            file: file.to_owned(),
            errors,
        }
    }

    /// The faults as plain data.
    #[must_use]
    pub fn plain(&self) -> Vec<PlainError> {
        self.errors.iter().map(SpecError::plain).collect()
    }
}

impl fmt::Display for SpecErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.errors.len();
        write!(
            f,
            "{count} error{} in {}; nothing was run",
            if count == 1 { "" } else { "s" },
            self.file
        )
    }
}

impl std::error::Error for SpecErrors {}

impl miette::Diagnostic for SpecErrors {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        Some(Box::new(
            self.errors
                .iter()
                .map(|error| error as &dyn miette::Diagnostic),
        ))
    }
}

impl miette::Diagnostic for SpecError {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.kind.code()))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.file)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let main = LabeledSpan::new_primary_with_span(Some(self.label.clone()), self.span.clone());
        let also = self
            .also
            .as_ref()
            .map(|(span, label)| LabeledSpan::new_with_span(Some(label.clone()), span.clone()));
        Some(Box::new(std::iter::once(main).chain(also)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str, span: Range<usize>) -> SpecError {
        let file = Arc::new(NamedSource::new("a.toml", text.to_owned()));
        SpecError::new(ErrorKind::Domain, &file, span, "k", "wrong")
    }

    #[test]
    fn lines_and_columns_count_characters() {
        let text = "a = 1\nå = 2\nb = 3";
        assert_eq!(error(text, 0..1).line_column(), (1, 1));
        assert_eq!(
            error(text, text.find("2").unwrap()..0).line_column(),
            (2, 5)
        );
        assert_eq!(error(text, 999..1000).line_column(), (3, 6));
        assert_eq!(error("", 0..5).line_column(), (1, 1));
    }

    #[test]
    fn errors_come_in_the_order_of_the_file_and_once() {
        let text = "0123456789";
        let errors = SpecErrors::new(
            "a.toml",
            vec![error(text, 5..6), error(text, 1..2), error(text, 5..6)],
        );
        assert_eq!(
            errors
                .errors
                .iter()
                .map(|e| e.span.start)
                .collect::<Vec<_>>(),
            [1, 5]
        );
        assert_eq!(errors.to_string(), "2 errors in a.toml; nothing was run");
        assert_eq!(errors.plain()[0].code, "spec::domain");
    }
}
