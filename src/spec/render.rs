//! Faults as plain text: the same in a terminal, a pipe and a log file.

use super::errors::{SpecError, SpecErrors};
use std::fmt::Write;
use std::ops::Range;

/// Longest line of a file that is shown whole, characters.
const WIDTH: usize = 160;

impl SpecErrors {
    /// All faults with their lines, carets and help, and a closing line that counts them.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        for error in &self.errors {
            text.push_str(&error.render());
        }
        text.push_str(&self.to_string());
        text.push('\n');
        text
    }
}

impl SpecError {
    /// The fault with its line, a caret under its place, and what would be right.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = format!("error[{}]: {}\n", self.kind.code(), self.message);
        let (line, column) = self.line_column();
        let mut marks: Vec<(Range<usize>, &str)> = vec![(self.span.clone(), &self.label)];
        marks.extend(
            self.also
                .iter()
                .map(|(span, label)| (span.clone(), label.as_str())),
        );
        marks.sort_by_key(|(span, _)| span.start);
        let gutter = marks
            .iter()
            .map(|(span, _)| self.line_at(span.start).0.to_string().len())
            .max()
            .unwrap_or(1);
        let blank = " ".repeat(gutter);
        let _ = writeln!(text, "{blank} ┌─ {}:{line}:{column}", self.file_name());
        let mut shown = 0;
        for (span, label) in marks {
            let (number, line_span) = self.line_at(span.start);
            let content = self.source_text().get(line_span.clone()).unwrap_or("");
            let (content, skipped) = window(content, span.start.saturating_sub(line_span.start));
            if number != shown {
                let _ = writeln!(text, "{number:>gutter$} │ {}", content.trim_end());
                shown = number;
            }
            let before = self
                .source_text()
                .get(line_span.start + skipped..span.start)
                .unwrap_or("");
            let end = span.end.min(line_span.end).max(span.start);
            let under = self
                .source_text()
                .get(span.start..end)
                .unwrap_or("")
                .chars()
                .count()
                .clamp(1, WIDTH);
            let pad: String = before
                .chars()
                .map(|c| if c == '\t' { '\t' } else { ' ' })
                .collect();
            let caret = if span == self.span { "^" } else { "-" };
            let _ = writeln!(text, "{blank} │ {pad}{} {label}", caret.repeat(under));
        }
        if let Some(help) = &self.help {
            let _ = writeln!(text, "{blank} = help: {help}");
        }
        text.push('\n');
        text
    }

    /// Number of the line that holds a place, and its bytes.
    fn line_at(&self, at: usize) -> (usize, Range<usize>) {
        let text = self.source_text();
        let before = text.get(..at).unwrap_or("");
        let start = before.rfind('\n').map_or(0, |i| i + 1);
        let end = text[start..].find('\n').map_or(text.len(), |i| start + i);
        (
            before.bytes().filter(|&b| b == b'\n').count() + 1,
            start..end,
        )
    }
}

/// The part of a long line around a place, and how many bytes before it are not shown.
fn window(content: &str, at: usize) -> (&str, usize) {
    if content.chars().count() <= WIDTH {
        return (content, 0);
    }
    let start = content
        .char_indices()
        .map(|(i, _)| i)
        .take_while(|i| *i <= at)
        .collect::<Vec<_>>();
    let from = start[start.len().saturating_sub(WIDTH / 2)];
    let rest = &content[from..];
    let to = rest
        .char_indices()
        .nth(WIDTH)
        .map_or(rest.len(), |(i, _)| i);
    (&rest[..to], from)
}
