//! Sentences that the page, the text and the terminal share.

use super::findings::{Findings, Operators, Promise, Verdict, Worth};
use super::format;

/// The verdict in one word.
#[must_use]
pub fn verdict_word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Safe => "SAFE",
        Verdict::Unsafe => "NOT SAFE",
        Verdict::Undecided => "UNDECIDED",
        Verdict::Infeasible { .. } => "INFEASIBLE",
    }
}

/// What follows the verdict: "with 95 % confidence: an insecure day within 30 days has probability ≤ 0.10 %".
#[must_use]
pub fn verdict_rest(findings: &Findings) -> String {
    let promise = &findings.promise;
    let confidence = format::share(promise.confidence);
    let limit = format::probability(promise.at_most);
    let day = insecure_day(promise);
    let counts = findings
        .footing
        .as_ref()
        .filter(|footing| !footing.counts.is_empty())
        .map_or_else(String::new, |footing| format!(", {}", footing.counts));
    match &findings.verdict {
        Verdict::Safe => {
            format!("with {confidence} confidence{counts}: {day} has probability ≤ {limit}")
        }
        Verdict::Unsafe => match &promise.measured {
            Some(risk) => format!(
                "with {confidence} confidence{counts}: {day} has probability ≥ {}, the promise is {limit}",
                bound(risk.low, promise)
            ),
            None => format!("{day} has a probability above {limit}"),
        },
        Verdict::Undecided => match &promise.measured {
            Some(risk)
                if risk
                    .weighted
                    .as_ref()
                    .is_some_and(|w| !w.refused.is_empty()) =>
            {
                let reason = risk.weighted.as_ref().map_or("", |w| w.refused.as_str());
                format!("whether {day} has probability ≤ {limit}: {reason}")
            }
            Some(risk) => format!(
                "at {confidence} confidence: {day} has probability between {} and {}, the promise is {limit}; {}",
                bound(risk.low, promise),
                bound(risk.high, promise),
                match risk.paths_to_decide {
                    Some(paths) => format!("about {} paths would decide it", format::whole(paths)),
                    None => "no reasonable number of paths would decide it".to_owned(),
                }
            ),
            None => format!(
                "{day}: not enough paths to hold {limit} at {confidence} confidence; simulate more paths"
            ),
        },
        Verdict::Infeasible { reason } => {
            format!("no design in the searched ranges keeps {day} at or below {limit}: {reason}")
        }
    }
}

/// The verdict under the lowest credible cost: its word, and what follows it.
#[must_use]
pub fn beneath(findings: &Findings) -> Option<(&'static str, String)> {
    let beneath = findings.footing.as_ref()?.beneath.as_ref()?;
    let word = match beneath.verdict {
        Verdict::Safe => "SAFE TOO",
        ref verdict => verdict_word(verdict),
    };
    Some((word, format!("{}: {}", beneath.condition, beneath.outcome)))
}

/// The evidence behind the verdict: "3 of 10,000 paths have an insecure day within 30 days".
#[must_use]
pub fn evidence(promise: &Promise) -> Option<String> {
    let risk = promise.measured.as_ref()?;
    let horizon = format::days(promise.horizon_days);
    let paths = format::whole(risk.paths);
    let high = bound(risk.high, promise);
    if let Some(weighted) = &risk.weighted {
        return Some(format!(
            "{} fresh paths by {}, worth {} insecure ones (relative error {}): probability between {} and {high}; of {paths} plain paths beside, {}",
            format::whole(weighted.paths),
            weighted.method,
            format::whole(weighted.failures.round() as u64),
            format::share(weighted.relative_error),
            bound(risk.low, promise),
            match risk.insecure_paths {
                0 => "none is insecure".to_owned(),
                1 => "1 is insecure".to_owned(),
                count => format!("{} are insecure", format::whole(count)),
            }
        ));
    }
    Some(match risk.insecure_paths {
        0 => format!(
            "none of {paths} fresh paths has an insecure day within {horizon}: probability at most {high}"
        ),
        count => format!(
            "{} of {paths} fresh paths {} an insecure day within {horizon}: probability between {} and {high}",
            format::whole(count),
            if count == 1 { "has" } else { "have" },
            bound(risk.low, promise),
        ),
    })
}

/// A confidence bound of the risk: with more digits where two would make it look like the promise.
fn bound(risk: f64, promise: &Promise) -> String {
    let short = format::probability(risk);
    let differs = (risk - promise.at_most).abs() > promise.at_most * 1e-9;
    if differs && short == format::probability(promise.at_most) {
        return format!(
            "{} %",
            format::significant(risk * 100.0, 4, format::Zeros::Trim)
        );
    }
    short
}

/// "an insecure day within 30 days".
#[must_use]
pub fn insecure_day(promise: &Promise) -> String {
    format!(
        "an insecure day within {}",
        format::days(promise.horizon_days)
    )
}

/// The judgement on a slash rule.
#[must_use]
pub fn worth(worth: Worth) -> &'static str {
    match worth {
        Worth::Keep => "keep",
        Worth::Drop => "drop",
        Worth::Neutral => "neutral",
        Worth::Add => "worth adding",
    }
}

/// How to read the table of slash rules.
pub const SLASH_RULES: &str = "Each rule turned alone, at today's prices and on the same paths: its setting now → as tried. \"The same risk then costs\" is the budget for the stake that the same promise needs as tried; today's is at the top of the page. What it buys is shown as now → as tried for the attack that it punishes, or for all at once where it is a rule of the whole set; rules that move nothing at this design come last.";

/// Where the numbers come from, in one line: paths, seed, snapshot.
#[must_use]
pub fn origin(findings: &Findings) -> String {
    let from = &findings.provenance;
    let mut parts = Vec::new();
    if from.paths > 0 {
        parts.push(format!("{} paths", format::whole(from.paths)));
    }
    for (name, text) in [("seed", &from.seed), ("snapshot", &from.snapshot)] {
        if !text.is_empty() {
            parts.push(format!("{name} {text}"));
        }
    }
    parts.join(" · ")
}

/// Who is in the set: "206 operators, controlled by 188 entities. …".
#[must_use]
pub fn operators(operators: &Operators) -> String {
    let plural = |count: u64, one: &str, many: &str| {
        format!(
            "{} {}",
            format::whole(count),
            if count == 1 { one } else { many }
        )
    };
    format!(
        "{}, controlled by {}. {}",
        plural(operators.operators, "operator", "operators"),
        plural(operators.entities, "entity", "entities"),
        operators.note
    )
    .trim()
    .to_owned()
}

/// The text with no-break spaces between a number and its unit: "354 M USD" stays on one line.
#[must_use]
pub fn glue(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = "";
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 {
            out.push(if holds(before, word) { '\u{a0}' } else { ' ' });
        }
        out.push_str(word);
        before = word;
    }
    out
}

fn holds(before: &str, word: &str) -> bool {
    const SCALES: [&str; 4] = ["T", "B", "M", "k"];
    const UNITS: [&str; 14] = [
        "%", "%/yr", "USD", "USD/yr", "ETH", "/yr", "sd", "s", "day", "days", "hour", "hours",
        "year", "years",
    ];
    let bare = word.trim_end_matches([',', ';', '.', ')', ':']);
    let number = before.ends_with(|c: char| c.is_ascii_digit());
    matches!(before, "≤" | "≥" | "<" | ">" | "day" if word.starts_with(|c: char| c.is_ascii_digit()))
        || (number && (SCALES.contains(&bare) || UNITS.contains(&bare)))
        || (SCALES.contains(&before) && UNITS.contains(&bare))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_near_the_promise_shows_on_which_side_it_is() {
        let promise = Promise {
            horizon_days: 30.0,
            at_most: 0.001,
            confidence: 0.95,
            measured: None,
        };
        assert_eq!(bound(0.000_998, &promise), "0.0998 %");
        assert_eq!(bound(0.001_004, &promise), "0.1004 %");
        assert_eq!(bound(0.001, &promise), "0.10 %");
        assert_eq!(bound(0.000_72, &promise), "0.072 %");
    }

    #[test]
    fn a_number_stays_with_its_unit() {
        assert_eq!(
            glue("at 354 M USD, or 12 %. Then"),
            "at 354\u{a0}M\u{a0}USD, or 12\u{a0}%. Then"
        );
        assert_eq!(glue("has ≤ 0.10 %"), "has ≤\u{a0}0.10\u{a0}%");
        assert_eq!(glue("  two  spaces "), "  two  spaces ");
    }
}
