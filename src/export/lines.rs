//! Lines for terminals: broken between words, later lines indented as far as the first one's text.

/// Columns of the narrowest terminal that is written for.
const WIDTH: usize = 80;

/// `text` behind `lead`; no line is wider than a terminal but for words that are.
#[must_use]
pub fn hanging(lead: &str, text: &str) -> String {
    let indent = lead.chars().count();
    let mut out = lead.to_owned();
    let mut column = indent;
    for (index, word) in text.split(' ').enumerate() {
        let width = word.chars().count();
        if index > 0 && column + 1 + width > WIDTH {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            column = indent;
        } else if index > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::hanging;

    #[test]
    fn words_are_kept_whole_and_lines_narrow() {
        let text = "a word ".repeat(30);
        let lines = hanging("  ok  ", text.trim_end());
        assert!(lines.lines().count() == 3 && lines.ends_with("word\n"));
        for (index, line) in lines.lines().enumerate() {
            assert!(line.len() <= 80, "{line}");
            assert!(index == 0 || line.starts_with("      a") || line.starts_with("      w"));
        }
        let long = "x".repeat(100);
        assert_eq!(hanging("> ", &long), format!("> {long}\n"));
        assert_eq!(hanging("", "a b"), "a b\n");
    }
}
