//! `report.md`: the same content as the page, for a repository or a forum.

use super::figures::{Figure, Part};
use super::findings::{Findings, Statement};
use super::tables::{Grid, Refs, grids, provenance};
use super::{format, words};

/// Folder of the figures, beside the text.
pub(super) const FIGURES: &str = "figures";

/// The text.
pub(super) fn render(findings: &Findings, figures: &[Figure]) -> String {
    let mut out = String::new();
    answer(&mut out, findings);
    out += "\n## What binds, and what breaks first\n\n";
    let mut why: Vec<(&str, &Statement)> =
        findings.binds.iter().map(|one| ("binds", one)).collect();
    why.extend(
        findings
            .breaks_first
            .iter()
            .map(|one| ("breaks first", one)),
    );
    why.extend(
        findings
            .lowest_coc
            .iter()
            .map(|one| ("lowest cost of corruption", one)),
    );
    for (label, one) in &why {
        out += &format!("- {label}: {}\n", sentence(one));
    }
    if why.is_empty() {
        out += "No constraint was found to bind.\n";
    }
    draw(&mut out, findings, figures, Part::Binds);
    let grids = grids(findings);
    section(
        &mut out,
        "### Slash rules: what each costs and buys",
        words::SLASH_RULES,
        &grids.slash_rules,
    );
    out += "\n## Evidence\n";
    if figures.iter().all(|figure| figure.part != Part::Evidence) {
        out += "\nNothing was simulated, so there is nothing to show.\n";
    }
    draw(&mut out, findings, figures, Part::Evidence);
    section(
        &mut out,
        "### Largest operators",
        &words::operators(&findings.operators),
        &grids.operators,
    );
    let integers = "The recommended parameters as the contracts take them: integers, with the reason for each rounding.";
    section(&mut out, "## Configuration", integers, &grids.config);
    out += "\n## Appendix\n";
    let decides =
        "The row that decides is marked. A cost that is not credible is shown, and never used.";
    section(
        &mut out,
        "### Every cost and every profit",
        decides,
        &grids.variants,
    );
    for grid in &grids.tables {
        section(
            &mut out,
            &format!("### {}", escape(&grid.title)),
            &grid.caption,
            grid,
        );
    }
    if !findings.method.is_empty() {
        out += "\n### Method\n";
        for paragraph in &findings.method {
            out += &format!("\n{}\n", escape(paragraph));
        }
    }
    section(&mut out, "### Assumptions", "", &grids.assumptions);
    origin(&mut out, findings);
    out
}

fn answer(out: &mut String, findings: &Findings) {
    *out += &format!(
        "# {}\n\n{}\n\n",
        escape(&findings.title),
        escape(&findings.question)
    );
    let rest = words::verdict_rest(findings);
    *out += &format!(
        "**{}** {}\n",
        words::verdict_word(&findings.verdict),
        escape(&rest)
    );
    if let Some(evidence) = words::evidence(&findings.promise) {
        *out += &format!("\n{}\n", escape(&evidence));
    }
    if let Some((word, rest)) = words::beneath(findings) {
        *out += &format!("\n**{word}** {}\n", escape(&rest));
    }
    if let Some(beneath) = findings.footing.as_ref().and_then(|f| f.beneath.as_ref()) {
        if !beneath.closes.is_empty() {
            *out += "\nTo make it hold there, one of:\n\n";
            for one in &beneath.closes {
                *out += &format!("- {}\n", sentence(one));
            }
        }
        let cited = refs(&beneath.assumptions);
        *out += &format!("\nTo ask for it: {}{cited}\n", escape(&beneath.ask));
    }
    if !findings.headline.is_empty() {
        *out += "\n| | recommended | |\n|---|---|---|\n";
        for row in &findings.headline {
            let note = format!("{}{}", escape(&row.note), refs(&row.assumptions));
            *out += &format!(
                "| {} | **{}** | {} |\n",
                escape(&row.label),
                escape(&format::value(&row.value)),
                note.trim()
            );
        }
    }
    if !findings.changes.is_empty() {
        *out += "\n**What to change**\n\n";
        for one in &findings.changes {
            *out += &format!("- {}\n", sentence(one));
        }
    }
    for warning in &findings.warnings {
        *out += &format!("\n> **Mind:** {}\n", escape(warning));
    }
    *out += &format!("\n{}\n", escape(&words::origin(findings)));
}

fn origin(out: &mut String, findings: &Findings) {
    *out += "\n### Where the numbers come from\n\n";
    for (name, text) in provenance(&findings.provenance) {
        *out += &format!("- {name}: {}\n", escape(&text));
    }
    if !findings.provenance.command.is_empty() {
        *out += &format!(
            "\nThis command gives the report again:\n\n{}\n",
            code_block(&findings.provenance.command)
        );
    }
    if !findings.outputs.is_empty() {
        *out += "\n### Files\n\n";
        for output in &findings.outputs {
            *out += &format!("- {}: {}\n", escape(&output.label), code(&output.path));
        }
    }
    let version = escape(&findings.provenance.version);
    *out += &format!(
        "\nWritten by stakewright {version}. A model is not a promise: the numbers hold as far as the assumptions do.\n"
    );
}

fn draw(out: &mut String, findings: &Findings, figures: &[Figure], part: Part) {
    for (index, figure) in figures
        .iter()
        .enumerate()
        .filter(|(_, figure)| figure.part == part)
    {
        *out += &format!(
            "\n### {}. {}\n\n{}\n\n",
            index + 1,
            escape(figure.title),
            escape(&figure.caption)
        );
        *out += &format!(
            "![{}]({FIGURES}/{}.svg)\n\n",
            escape(figure.title),
            figure.id
        );
        *out += &format!(
            "{}{}\n",
            escape(&words::origin(findings)),
            refs(&figure.assumptions)
        );
    }
}

/// A table under its head; nothing at all when it has no rows.
fn section(out: &mut String, head: &str, text: &str, grid: &Grid) {
    if grid.rows.is_empty() {
        return;
    }
    *out += &format!("\n{head}\n");
    if !text.is_empty() {
        *out += &format!("\n{}\n", escape(text));
    }
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    *out += "\n";
    *out += &line(grid.columns.iter().map(|column| escape(column)).collect());
    *out += &line(grid.columns.iter().map(|_| "---".to_owned()).collect());
    for row in &grid.rows {
        let cells = row.cells.iter().map(|cell| {
            let Refs(ids) = &cell.refs;
            let text = if cell.code {
                code(&cell.text)
            } else {
                escape(&cell.text)
            };
            let tag = cell.tag.map_or(String::new(), |tag| format!(" ({tag})"));
            let text = if row.deciding && !text.is_empty() && cell.tag.is_some() {
                format!("**{text}**")
            } else {
                text
            };
            format!("{text}{tag}{}", refs(ids)).trim().to_owned()
        });
        *out += &line(cells.collect());
    }
}

fn sentence(one: &Statement) -> String {
    let head = if one.head.is_empty() {
        String::new()
    } else {
        format!("**{}**: ", escape(&one.head))
    };
    format!("{head}{}{}", escape(&one.text), refs(&one.assumptions))
}

/// Ids of assumptions behind a text.
fn refs(ids: &[String]) -> String {
    let mut seen: Vec<&String> = Vec::new();
    for id in ids {
        if !seen.contains(&id) {
            seen.push(id);
        }
    }
    if seen.is_empty() {
        return String::new();
    }
    format!(
        " ({})",
        seen.iter()
            .map(|id| escape(id))
            .collect::<Vec<_>>()
            .join(", ")
    )
}

/// Text that Markdown takes as it is: on one line, nothing that formats or opens a tag.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.trim().chars() {
        match character {
            '\\' | '*' | '_' | '`' | '[' | ']' | '|' | '#' | '~' => {
                out.push('\\');
                out.push(character);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Code inside a line; a table cell must not hold a bare bar.
fn code(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() || c == '`' { ' ' } else { c })
        .collect();
    format!("`{}`", text.replace('|', "\\|"))
}

fn code_block(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    format!("    {text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_cell() {
        assert_eq!(
            escape("a|b\n# c <x> & *d*"),
            "a\\|b \\# c &lt;x&gt; &amp; \\*d\\*"
        );
        assert_eq!(code("a|b`c"), "`a\\|b c`");
    }
}
