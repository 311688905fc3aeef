//! The answer on one screen of a terminal: at most 80 columns, the same words with and without colour.

use super::findings::{Findings, HeadlineRow, Statement, Table, Value, Verdict};
use super::{format, words};

/// Columns of the narrowest terminal that is promised a whole line.
const WIDTH: usize = 80;
/// Columns before the text of a labelled line.
const INDENT: usize = 2;
/// The fewest columns that are worth a column of notes.
const NOTE: usize = 24;
/// The widest label that stays beside its text.
const LABEL: usize = 22;

/// Whether escape codes may be written. The caller knows the terminal; this module does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColourChoice {
    /// ANSI colours.
    Always,
    /// Plain text, for logs and pipes.
    Never,
}

/// The screen.
#[must_use]
pub fn render(findings: &Findings, colour: ColourChoice) -> String {
    let mut screen = Screen {
        out: String::new(),
        colour,
    };
    let from = &findings.provenance;
    let snapshot = if from.reconstructed.is_empty() {
        from.snapshot.clone()
    } else {
        format!("{} ({})", from.snapshot, from.reconstructed)
    };
    screen.facts(&[
        ("snapshot", snapshot),
        ("model", findings.question.clone()),
        ("simulated", simulated(findings)),
    ]);
    screen.answer(findings);
    if let Some(beneath) = findings.footing.as_ref().and_then(|f| f.beneath.as_ref()) {
        let closes = beneath.closes.iter().map(headed);
        let mut facts: Vec<(&str, String)> = closes.map(|text| ("to hold there", text)).collect();
        facts.push(("to ask for it", beneath.ask.clone()));
        screen.facts(&facts);
    }
    screen.headline(&findings.headline);
    if let Some(growth) = &findings.growth {
        screen.table(&growth.stages);
        screen.table(&growth.policies);
    }
    let change = |statement: &Statement| ("change", headed(statement));
    screen.facts(&findings.changes.iter().map(change).collect::<Vec<_>>());
    let mut why: Vec<(&str, String)> = findings
        .binds
        .iter()
        .map(|one| ("what binds", headed(one)))
        .collect();
    why.extend(
        findings
            .breaks_first
            .iter()
            .map(|one| ("breaks first", headed(one))),
    );
    why.extend(
        findings
            .lowest_coc
            .iter()
            .map(|one| ("lowest CoC", headed(one))),
    );
    screen.facts(&why);
    screen.facts(
        &findings
            .warnings
            .iter()
            .map(|text| ("warning", text.clone()))
            .collect::<Vec<_>>(),
    );
    let outputs: Vec<(&str, String)> = findings
        .outputs
        .iter()
        .map(|output| (output.label.as_str(), output.path.clone()))
        .collect();
    screen.facts(&outputs);
    screen.out
}

/// The verdict alone, on one wrapped sentence.
#[must_use]
pub fn verdict(findings: &Findings, colour: ColourChoice) -> String {
    let mut screen = Screen {
        out: String::new(),
        colour,
    };
    screen.verdict(findings, 0);
    screen.beneath(findings, 0);
    screen.out
}

/// A sentence behind its head.
fn headed(statement: &Statement) -> String {
    match statement.head.is_empty() {
        true => statement.text.clone(),
        false => format!("{}: {}", statement.head, statement.text),
    }
}

fn simulated(findings: &Findings) -> String {
    let from = &findings.provenance;
    if from.paths == 0 {
        return String::new();
    }
    let mut text = format!(
        "{} paths × {} for the promise, {} × {}",
        format::whole(from.paths),
        format::days(from.horizon_days as f64),
        format::whole(from.all_days_paths),
        format::days(from.days as f64)
    );
    if !from.seed.is_empty() {
        text += &format!(" · seed {}", from.seed);
    }
    if let Some(seconds) = from.wall_seconds {
        text += &format!(
            " · {} s",
            format::significant(seconds, 2, format::Zeros::Trim)
        );
    }
    text
}

struct Screen {
    out: String,
    colour: ColourChoice,
}

impl Screen {
    fn answer(&mut self, findings: &Findings) {
        self.blank();
        self.verdict(findings, INDENT);
        if let Some(evidence) = words::evidence(&findings.promise) {
            self.wrapped(&" ".repeat(INDENT), &evidence, INDENT);
        }
        if words::beneath(findings).is_some() {
            self.blank();
            self.beneath(findings, INDENT);
        }
    }

    /// The verdict under the lowest credible cost, where it is another.
    fn beneath(&mut self, findings: &Findings, indent: usize) {
        let Some((word, rest)) = words::beneath(findings) else {
            return;
        };
        let verdict = findings.footing.as_ref().and_then(|f| f.beneath.as_ref());
        let code = verdict.map_or("1", |beneath| colour_of(&beneath.verdict));
        let start = self.out.len() + indent;
        let sentence = format!("{word} {}", clean(&rest));
        self.wrapped(&" ".repeat(indent), &sentence, indent);
        self.paint(start, start + word.len(), code);
    }

    fn verdict(&mut self, findings: &Findings, indent: usize) {
        let word = words::verdict_word(&findings.verdict);
        let code = colour_of(&findings.verdict);
        let start = self.out.len() + indent;
        let sentence = format!("{word} {}", clean(&words::verdict_rest(findings)));
        self.wrapped(&" ".repeat(indent), &sentence, indent);
        self.paint(start, start + word.len(), code);
    }

    fn headline(&mut self, rows: &[HeadlineRow]) {
        if rows.is_empty() {
            return;
        }
        self.blank();
        let label_width = label_width(rows.iter().map(|row| row.label.as_str()));
        let confidence = common_confidence(rows);
        let shown = |row: &HeadlineRow| clean(&headline_value(&row.value, confidence));
        let left = INDENT + label_width + 2;
        let widest = rows
            .iter()
            .map(|row| width(&shown(row)))
            .filter(|columns| left + columns + 2 + NOTE <= WIDTH);
        let note_left = left + widest.max().unwrap_or(0) + 2;
        for row in rows {
            let (value, note) = (shown(row), clean(&row.note));
            let lead = self.lead(&row.label, label_width);
            let start = self.out.len();
            if note.is_empty() || left + width(&value) + 2 > note_left {
                self.wrapped(&lead, &value, left);
                if !note.is_empty() {
                    self.wrapped(&" ".repeat(note_left), &note, note_left);
                }
            } else {
                let gap = " ".repeat(note_left - left - width(&value));
                self.wrapped(&format!("{lead}{value}{gap}"), &note, note_left);
            }
            let number = clean(&format::value_alone(&row.value));
            if let Some(at) = self.out[start..]
                .find(&number)
                .filter(|_| !number.is_empty())
            {
                self.paint(start + at, start + at + number.len(), "1");
            }
        }
        if let Some(confidence) = confidence {
            let words = format!("in brackets: {} intervals", format::share(confidence));
            self.wrapped(&" ".repeat(left), &words, left);
        }
    }

    /// Labelled lines after a blank one; empty texts are left out, repeated labels are not repeated.
    fn facts(&mut self, facts: &[(&str, String)]) {
        let facts: Vec<&(&str, String)> = facts
            .iter()
            .filter(|(_, text)| !clean(text).is_empty())
            .collect();
        if facts.is_empty() {
            return;
        }
        self.blank();
        let label_width =
            label_width(facts.iter().map(|(label, _)| *label)).max("breaks first".len());
        let mut previous = "";
        for (label, text) in facts {
            let lead = self.lead(if *label == previous { "" } else { label }, label_width);
            let start = self.out.len() + INDENT;
            self.wrapped(&lead, text, width(&lead));
            if *label == "warning" && *label != previous {
                self.paint(start, start + label.len(), "1;33");
            }
            previous = label;
        }
    }

    /// A table in columns; what does not fit is wrapped under the last one.
    fn table(&mut self, table: &Table) {
        self.blank();
        let rows: Vec<Vec<String>> = std::iter::once(&table.columns)
            .chain(&table.rows)
            .map(|row| row.iter().map(|cell| clean(cell)).collect())
            .collect();
        let Some(last) = table.columns.len().checked_sub(1) else {
            return;
        };
        let widest = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| width(cell)).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..last).map(widest).collect();
        let left = INDENT + widths.iter().map(|columns| columns + 2).sum::<usize>();
        let left = left.min(WIDTH - NOTE);
        for row in &rows {
            let mut lead = " ".repeat(INDENT);
            for (cell, columns) in row.iter().zip(&widths) {
                lead += cell;
                lead += &" ".repeat(columns.saturating_sub(width(cell)) + 2);
            }
            let note = row.get(last).map_or("", String::as_str);
            self.wrapped(&lead, note, left);
        }
    }

    /// The margin with the label, padded; a label that is too long gets a line of its own.
    fn lead(&mut self, label: &str, label_width: usize) -> String {
        let label = clean(label);
        let margin = " ".repeat(INDENT);
        if width(&label) <= label_width {
            return format!(
                "{margin}{label}{}",
                " ".repeat(label_width - width(&label) + 2)
            );
        }
        self.wrapped(&margin, &label, INDENT);
        " ".repeat(INDENT + label_width + 2)
    }

    /// Text behind a lead, broken between words, later lines indented.
    fn wrapped(&mut self, lead: &str, text: &str, indent: usize) {
        let mut line = lead.to_owned();
        let mut fresh = true;
        for word in pieces(&clean(text), WIDTH - indent) {
            if !fresh && width(&line) + 1 + width(&word) > WIDTH {
                self.out += line.trim_end();
                self.out.push('\n');
                line = " ".repeat(indent);
                fresh = true;
            }
            if !fresh {
                line.push(' ');
            }
            line += &word;
            fresh = false;
        }
        self.out += line.trim_end();
        self.out.push('\n');
    }

    fn paint(&mut self, from: usize, to: usize, code: &str) {
        if self.colour == ColourChoice::Always {
            self.out.insert_str(to, "\u{1b}[0m");
            self.out.insert_str(from, &format!("\u{1b}[{code}m"));
        }
    }

    fn blank(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
    }
}

/// Colour of a verdict.
fn colour_of(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Safe => "1;32",
        Verdict::Unsafe | Verdict::Infeasible { .. } => "1;31",
        Verdict::Undecided => "1;33",
    }
}

/// The confidence of all intervals, when they share one.
fn common_confidence(rows: &[HeadlineRow]) -> Option<f64> {
    let mut all = rows.iter().filter_map(|row| match &row.value {
        Value::Number(number) => number.interval.as_ref().map(|interval| interval.confidence),
        Value::Words(_) => None,
    });
    let first = all.next()?;
    all.all(|other| other.to_bits() == first.to_bits())
        .then_some(first)
}

/// A value with its interval in brackets; the confidence is left out where it is said once for all.
fn headline_value(value: &Value, said: Option<f64>) -> String {
    match value {
        Value::Number(number) => match (&number.interval, said) {
            (Some(interval), Some(_)) => format!(
                "{} ({})",
                format::quantity_alone(number),
                format::range(interval.low, interval.high, number.value, number.unit)
            ),
            _ => format::quantity(number),
        },
        Value::Words(words) => words.clone(),
    }
}

fn label_width<'a>(labels: impl Iterator<Item = &'a str>) -> usize {
    labels
        .map(|label| width(&clean(label)))
        .filter(|columns| *columns <= LABEL)
        .max()
        .unwrap_or(0)
}

/// Words of a text; "12 %" and "10 M USD" stay together, and nothing is wider than a line.
fn pieces(text: &str, room: usize) -> Vec<String> {
    let glued = words::glue(text);
    let words = glued.split(' ').filter(|word| !word.is_empty());
    words
        .flat_map(|word| split_long(&word.replace('\u{a0}', " "), room))
        .collect()
}

fn split_long(word: &str, room: usize) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut columns = 0;
    for character in word.chars() {
        let wide = character_width(character);
        if columns + wide > room {
            parts.push(String::new());
            columns = 0;
        }
        if let Some(part) = parts.last_mut() {
            part.push(character);
        }
        columns += wide;
    }
    parts
}

/// One line, without control characters: a name from a file must not move the cursor.
fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Columns of a text, East Asian wide characters and emoji counted twice, combining marks not at all.
fn width(text: &str) -> usize {
    text.chars().map(character_width).sum()
}

fn character_width(character: char) -> usize {
    match u32::from(character) {
        0x0300..=0x036F
        | 0x200B..=0x200F
        | 0x202A..=0x202E
        | 0x2060..=0x2064
        | 0xFE00..=0xFE0F
        | 0xFEFF => 0,
        0x1100..=0x115F
        | 0x2E80..=0xA4CF
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1FAFF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_unit_on_the_line() {
        assert_eq!(
            pieces("needs 418 M USD, or 12 %.", 80),
            ["needs", "418 M USD,", "or", "12 %."]
        );
    }

    #[test]
    fn a_word_wider_than_the_screen_is_cut() {
        let parts = pieces(&"x".repeat(200), 76);
        assert!(parts.iter().all(|part| width(part) <= 76), "{parts:?}");
        assert_eq!(parts.concat().len(), 200);
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(clean("a\u{1b}[31mb\nc\td"), "a [31mb c d");
    }

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(width("質押 Ξ"), 6);
    }
}
