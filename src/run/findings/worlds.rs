//! The figures of the panel and of other sizes of the set.

use super::Subject;
use super::headline::used;
use crate::recommend::{NetworkOption, PanelRow};
use crate::report::findings::{PanelFigure, PanelMark, SizeMark, SizesFigure};
use crate::report::format;

fn finite(number: f64) -> Option<f64> {
    (number.is_finite() && number > 0.0).then_some(number)
}

/// What each model of the panel asks for.
pub(super) fn panel(subject: &Subject) -> Option<PanelFigure> {
    let rows = &subject.recommendation.panel;
    if rows.len() < 2 {
        return None;
    }
    let stake = subject.recommendation.design.stake.value;
    Some(PanelFigure {
        rows: rows
            .iter()
            .map(|row| PanelMark {
                label: row.name.clone(),
                needed_usd: finite(row.needed_stake_usd.value),
                low_usd: finite(row.needed_stake_usd.low),
                high_usd: finite(row.needed_stake_usd.high),
                says: format!(
                    "{}, {} of {} insecure",
                    row.verdict.word(),
                    format::whole(row.failures),
                    format::whole(row.paths)
                ),
                safe: row.verdict.is_safe(),
            })
            .collect(),
        stake_usd: stake,
        caption: panel_caption(rows, stake),
        assumptions: used(subject, &["A-market", "A-jump", "A-value"]),
    })
}

fn panel_caption(rows: &[PanelRow], stake_usd: f64) -> String {
    let unsafe_in: Vec<&str> = rows
        .iter()
        .filter(|row| !row.verdict.is_safe())
        .map(|row| row.name.as_str())
        .collect();
    let mut out = match rows.iter().find(|row| row.worst) {
        Some(worst) if worst.needed_stake_usd.value.is_finite() => format!(
            "“{}” asks for most stake, {}; recommended are {}.",
            worst.name,
            format::usd(worst.needed_stake_usd.value),
            format::usd(stake_usd)
        ),
        Some(worst) => format!("In “{}” no stake is enough.", worst.name),
        None => String::new(),
    };
    out += &if unsafe_in.is_empty() {
        format!(" The promise is certified in all {} models.", rows.len())
    } else {
        format!(
            " It is not certified in {}: the design is not called safe.",
            unsafe_in.join(", ")
        )
    };
    out
}

/// What other sizes of the set cost and resist.
pub(super) fn sizes(subject: &Subject) -> Option<SizesFigure> {
    let options = &subject.recommendation.network;
    if options.len() < 2 {
        return None;
    }
    let chosen = subject.recommendation.parameters.operators;
    Some(SizesFigure {
        sizes: options
            .iter()
            .map(|option| SizeMark {
                operators: f64::from(option.operators),
                budget_usd_per_year: finite(option.budget_usd_year),
                to_one_third: option.entities_to_one_third as f64,
                to_threshold: option.entities_to_threshold as f64,
                chosen: option.operators == chosen,
            })
            .collect(),
        caption: sizes_caption(options, chosen),
        assumptions: used(subject, &["A-operator", "A-entities", "A-reconstructed"]),
    })
}

fn sizes_caption(options: &[NetworkOption], chosen: u32) -> String {
    let all = &options[options.len() - 1];
    let entities = |count: usize| match count {
        1 => "1 entity".to_owned(),
        more => format!("{more} entities"),
    };
    let Some(own) = options.iter().find(|option| option.operators == chosen) else {
        return "What the cheapest design costs with so many of the largest operators.".to_owned();
    };
    let mut out = format!(
        "{} operators: {} reach the threshold together.",
        own.operators,
        entities(own.entities_to_threshold)
    );
    if all.operators > own.operators && all.budget_usd_year.is_finite() {
        out += &format!(
            " All {} would cost {} instead of {}, and take {} to the threshold.",
            all.operators,
            format::usd_per_year(all.budget_usd_year),
            format::usd_per_year(own.budget_usd_year),
            entities(all.entities_to_threshold)
        );
    }
    out + " The smallest operator earns its costs from its share alone, so a tail of small ones is dear."
}
