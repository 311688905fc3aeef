//! A small table in a file beside the model: comma-separated, one line of headings.

use super::context::Check;
use crate::spec::errors::{ErrorKind, SpecError};
use crate::spec::leaf::At;
use miette::NamedSource;
use std::ops::Range;
use std::sync::Arc;

/// Most lines that a list may have.
const LINE_LIMIT: usize = 100_000;

/// One cell and where it stands in the file.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub text: String,
    pub span: Range<usize>,
}

/// A table whose rows are as long as its headings.
pub(super) struct Table {
    file: Arc<NamedSource<String>>,
    headings: Vec<Cell>,
    rows: Vec<Vec<Cell>>,
    key: &'static str,
}

impl Table {
    /// Reads a file that the model names.
    pub fn open(check: &mut Check<'_>, path: &At<String>, key: &'static str) -> Option<Self> {
        let place = check.draft.beside(path.get());
        let text = match (check.read)(&place) {
            Ok(text) => text,
            Err(error) => {
                let message = format!("`{}` cannot be read: {error}", path.get());
                check
                    .report(ErrorKind::File, path.span(), key, message)
                    .help = Some(format!(
                    "files are looked for beside the model file: {}",
                    place.display()
                ));
                return None;
            }
        };
        let file = Arc::new(NamedSource::new(place.display().to_string(), text.clone()));
        let mut lines = lines(&text);
        let headings = lines
            .next()
            .map(|line| cells(&text, line))
            .unwrap_or_default();
        let mut table = Self {
            file,
            headings,
            rows: Vec::new(),
            key,
        };
        let mut fits = true;
        for (i, line) in lines.enumerate() {
            let row = cells(&text, line.clone());
            if i >= LINE_LIMIT {
                let at = Cell {
                    text: String::new(),
                    span: line,
                };
                table.report(
                    check,
                    ErrorKind::File,
                    &at,
                    format!("more than {LINE_LIMIT} lines"),
                    "name fewer operators".into(),
                );
                return None;
            }
            if row.len() == table.headings.len() {
                table.rows.push(row);
                continue;
            }
            fits = false;
            let message = format!(
                "{} cells, and the headings have {}",
                row.len(),
                table.headings.len()
            );
            let at = Cell {
                text: String::new(),
                span: line,
            };
            table.report(
                check,
                ErrorKind::File,
                &at,
                message,
                "write one cell for each heading; an empty cell is 0".into(),
            );
        }
        fits.then_some(table)
    }

    pub fn headings(&self) -> &[Cell] {
        &self.headings
    }

    pub fn rows(&self) -> &[Vec<Cell>] {
        &self.rows
    }

    pub fn column(&self, name: &str) -> Option<usize> {
        self.headings
            .iter()
            .position(|cell| cell.text.eq_ignore_ascii_case(name))
    }

    /// A column that must be there.
    pub fn require(&self, check: &mut Check<'_>, name: &str) -> Option<usize> {
        let found = self.column(name);
        if found.is_none() {
            let end = self.headings.last().map_or(0, |cell| cell.span.end);
            let at = Cell {
                text: String::new(),
                span: 0..end,
            };
            self.report(
                check,
                ErrorKind::MissingKey,
                &at,
                format!("the column `{name}` is missing"),
                format!("begin the file with a line of headings, one of them `{name}`"),
            );
        }
        found
    }

    pub fn report(
        &self,
        check: &mut Check<'_>,
        kind: ErrorKind,
        at: &Cell,
        message: String,
        help: String,
    ) {
        let mut error = SpecError::new(kind, &self.file, at.span.clone(), self.key, message);
        error.help(help);
        check.errors.push(error);
    }
}

/// Spans of the lines that say something; `#` begins a comment line.
fn lines(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    text.split_inclusive('\n').filter_map(move |line| {
        let start = at;
        at += line.len();
        let kept = line.trim_end_matches(['\n', '\r']);
        let says = !kept.trim().is_empty() && !kept.trim_start().starts_with('#');
        says.then_some(start..start + kept.len())
    })
}

/// Cells of one line; a cell in double quotes may hold commas.
fn cells(text: &str, line: Range<usize>) -> Vec<Cell> {
    let mut found = Vec::new();
    let mut start = line.start;
    let mut quoted = false;
    for (i, c) in text[line.clone()].char_indices().chain([(line.len(), ',')]) {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted || i == line.len() => {
                let raw = &text[start..line.start + i];
                let trimmed = raw.trim();
                let lead = raw.len() - raw.trim_start().len();
                let span = start + lead..start + lead + trimmed.len();
                found.push(Cell {
                    text: trimmed.trim_matches('"').trim().to_owned(),
                    span,
                });
                start = line.start + i + 1;
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_keep_their_place() {
        let text = "operator, ETH\n# a note\n\n\"Kiln, SAS\" ,12.5\r\nb,";
        let table: Vec<Vec<Cell>> = lines(text).map(|line| cells(text, line)).collect();
        let words: Vec<Vec<&str>> = table
            .iter()
            .map(|row| row.iter().map(|c| c.text.as_str()).collect())
            .collect();
        assert_eq!(
            words,
            [
                vec!["operator", "ETH"],
                vec!["Kiln, SAS", "12.5"],
                vec!["b", ""]
            ]
        );
        for cell in table.iter().flatten() {
            assert_eq!(text[cell.span.clone()].trim_matches('"'), cell.text);
        }
    }
}
