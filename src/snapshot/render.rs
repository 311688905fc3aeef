//! An inspection as plain text, 80 columns wide.

use super::{Inspection, Outcome, SetKind, SetLine};
use std::fmt::{self, Display, Write};

/// Widest line.
const WIDTH: usize = 80;
/// Most sets listed; the JSON form has all.
const SETS: usize = 20;

impl Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        head(self, f)?;
        assets(self, f)?;
        sets(self, f)?;
        operators(self, f)?;
        sources(self, f)
    }
}

fn head(i: &Inspection, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let block = i.block.map_or_else(
        || "no single block".to_owned(),
        |block| format!("block {block}"),
    );
    let version = i
        .protocol_version
        .as_ref()
        .map_or_else(String::new, |v| format!(", protocol {v}"));
    writeln!(f, "{}", cut(&i.label, WIDTH))?;
    writeln!(
        f,
        "{}",
        cut(
            &format!("chain {}, {block}, {}{version}", i.chain_id, i.time),
            WIDTH
        )
    )?;
    if !i.content_hash.is_empty() {
        writeln!(f, "content {}", cut(&i.content_hash, WIDTH - 8))?;
    }
    writeln!(f)?;
    let entities = match i.operators_with_known_entity {
        0 => "entities unknown: each counts as its own".to_owned(),
        known => format!("entity known of {known}"),
    };
    writeln!(
        f,
        "operators      {} ({} with stake), {entities}",
        i.operators, i.operators_with_stake
    )?;
    writeln!(
        f,
        "services       {}: {}, {}",
        count(i.avss, "AVS", "AVSs"),
        count(i.operator_sets, "operator set", "operator sets"),
        count(
            i.registrations_before_operator_sets,
            "older registration",
            "older registrations"
        )
    )?;
    let c = &i.concentration;
    writeln!(f, "stake          {} USD delegated", short(c.stake_usd))?;
    writeln!(
        f,
        "concentration  HHI {:.0} of 10000, largest {}, 1/3 held by {}",
        c.hhi,
        percent(c.largest_share),
        count(c.operators_to_one_third, "operator", "operators")
    )?;
    if i.operators_with_known_entity > 0 {
        writeln!(
            f,
            "  by entity    HHI {:.0} of 10000, largest {}, 1/3 held by {}",
            c.hhi_entities,
            percent(c.largest_entity_share),
            count(c.entities_to_one_third, "entity", "entities")
        )?;
    }
    let r = &i.reconstructed;
    if r.rows > 0 {
        let text = format!(
            "{} of {} stakes, {} of the value: the most even stakes of single operators that reproduce \
             every measured total; the sum over all operators is not measured",
            r.rows,
            r.of_rows,
            percent(r.share_of_usd)
        );
        wrapped(f, "reconstructed  ", &text)?;
    }
    if i.slashings > 0 {
        writeln!(f, "slashings      {}", i.slashings)?;
    }
    let unpriced: Vec<String> = i
        .unpriced
        .iter()
        .map(|a| format!("{} ({} tokens)", a.symbol, short(a.tokens)))
        .collect();
    if !unpriced.is_empty() {
        wrapped(
            f,
            "unpriced       ",
            &format!("{}; in no USD figure", unpriced.join(", ")),
        )?;
    }
    Ok(())
}

fn assets(i: &Inspection, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(
        f,
        "\n{:<16} {:<6} {:>14} {:>14} {:>14} {:>9}",
        "asset", "class", "tokens", "price USD", "stake USD", "share"
    )?;
    for a in &i.assets {
        let class = format!("{:?}", a.class).to_lowercase();
        writeln!(
            f,
            "{:<16} {class:<6} {:>14} {:>14} {:>14} {:>9}",
            cut(&a.symbol, 16),
            short(a.tokens),
            a.price_usd.map_or_else(|| "unpriced".to_owned(), price),
            a.stake_usd.map_or_else(|| "-".to_owned(), short),
            a.share.map_or_else(|| "-".to_owned(), percent),
        )?;
    }
    Ok(())
}

fn sets(i: &Inspection, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if i.sets.is_empty() {
        return Ok(());
    }
    // Where a set has no name its address is what a model file cites, so it is shown whole.
    let nameless = i.sets.iter().take(SETS).any(|line| line.name.is_none());
    if nameless {
        writeln!(
            f,
            "\n{:<42} {:>5} {:>4} {:>9} {:>9} {:>5}",
            "AVS", "set", "ops", "delegated", "allocated", "HHI"
        )?;
    } else {
        writeln!(
            f,
            "\n{:<28} {:>6} {:>9} {:>10} {:>8} {:>6} {:>6}",
            "AVS", "set", "operators", "stake USD", "largest", "HHI", "1/3 by"
        )?;
    }
    for line in i.sets.iter().take(SETS) {
        let id = match line.kind {
            SetKind::OperatorSet => line.id.to_string(),
            SetKind::RegistrationBeforeOperatorSets => "none".to_owned(),
        };
        if nameless {
            writeln!(
                f,
                "{:<42} {:>5} {:>4} {:>9} {:>9} {:>5.0}",
                cut(&name_of(line), 42),
                cut(&id, 5),
                line.operators,
                short(line.delegated.stake_usd),
                line.allocated_usd.map_or_else(|| "-".to_owned(), short),
                line.delegated.hhi,
            )?;
        } else {
            writeln!(
                f,
                "{:<28} {:>6} {:>9} {:>10} {:>8} {:>6.0} {:>6}",
                cut(&name_of(line), 28),
                cut(&id, 6),
                line.operators,
                short(line.delegated.stake_usd),
                percent(line.delegated.largest_share),
                line.delegated.hhi,
                line.delegated.entities_to_one_third
            )?;
        }
    }
    if nameless {
        writeln!(
            f,
            "in USD: delegated to its operators (ops), and allocated: what it may slash"
        )?;
    }
    if i.sets.len() > SETS {
        writeln!(
            f,
            "and {} smaller ones (all with --format json)",
            i.sets.len() - SETS
        )?;
    }
    Ok(())
}

fn name_of(line: &SetLine) -> String {
    line.name.clone().unwrap_or_else(|| line.avs.to_string())
}

fn operators(i: &Inspection, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(
        f,
        "\n{:<42}  {:>10} {:>8} {:>6}",
        "largest operators", "stake USD", "share", "sets"
    )?;
    for line in &i.largest {
        writeln!(
            f,
            "{}  {:>10} {:>8} {:>6}",
            line.operator,
            short(line.stake_usd),
            percent(line.share),
            line.sets
        )?;
    }
    Ok(())
}

fn sources(i: &Inspection, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "\nsources")?;
    for source in &i.sources {
        let outcome = match &source.outcome {
            Outcome::Complete => String::new(),
            Outcome::Partial(what) => format!("; partial: {what}"),
            Outcome::Failed(why) => format!("; failed: {why}"),
            Outcome::Skipped => "; not asked".to_owned(),
        };
        wrapped(
            f,
            "  ",
            &format!(
                "{}: {}, {}{outcome}",
                source.what, source.source, source.date
            ),
        )?;
    }
    Ok(())
}

/// Writes `text` after `first`, further lines indented as far, none wider than [`WIDTH`].
fn wrapped(f: &mut fmt::Formatter<'_>, first: &str, text: &str) -> fmt::Result {
    let indent = first.chars().count();
    let mut line = String::new();
    let mut lead = first.to_owned();
    for word in text.split_whitespace() {
        let word = cut(word, WIDTH - indent);
        if !line.is_empty() && indent + line.chars().count() + 1 + word.chars().count() > WIDTH {
            writeln!(f, "{lead}{line}")?;
            lead = " ".repeat(indent);
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        let _infallible = line.write_str(&word);
    }
    writeln!(f, "{lead}{line}")
}

/// At most `width` characters; what is cut off shows as two dots. Control characters, which come
/// from names on chain, show as spaces.
fn cut(text: &str, width: usize) -> String {
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    if text.chars().count() <= width {
        return clean.collect();
    }
    let mut kept: String = clean.take(width - 2).collect();
    kept.push_str("..");
    kept
}

/// A number in four or five digits with its order: `15.014 bn`, `812.7 M`, `0.0046`.
fn short(value: f64) -> String {
    let (scaled, order) = match value.abs() {
        a if a >= 1e12 => return format!("{value:.3e}"),
        a if a >= 1e9 => (value / 1e9, " bn"),
        a if a >= 1e6 => (value / 1e6, " M"),
        a if a >= 1e4 => (value / 1e3, " k"),
        a if a > 0.0 && a < 1e-3 => return format!("{value:.2e}"),
        _ => (value, ""),
    };
    if value == 0.0 {
        return "0".to_owned();
    }
    let decimals = match scaled.abs() {
        a if a >= 100.0 => 1,
        a if a >= 10.0 => 2,
        a if a >= 1.0 => 3,
        _ => 4,
    };
    format!("{scaled:.decimals$}{order}")
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn price(usd: f64) -> String {
    if usd >= 1.0 {
        format!("{usd:.2}")
    } else {
        format!("{usd:.6}")
    }
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (15_013_976_262.8, "15.01 bn"),
            (812_712_345.0, "812.7 M"),
            (9_999.0, "9999.0"),
            (12_345.0, "12.35 k"),
            (3433.27, "3433.3"),
            (0.0046, "0.0046"),
            (9e-18, "9.00e-18"),
            (2e13, "2.000e13"),
        ] {
            assert_eq!(short(value), text);
        }
    }

    #[test]
    fn long_names_are_cut() {
        assert_eq!(cut("Lagrange", 8), "Lagrange");
        assert_eq!(cut("Lagrange State", 8), "Lagran..");
        assert_eq!(cut("ΩΩΩΩ", 4), "ΩΩΩΩ");
        assert_eq!(cut("a\u{1b}[31m\nb", 20), "a [31m b");
    }
}
