//! The incidents of the paths as a table: one row an incident, units in the names of the columns.

use crate::sim::incident::{Fate, Incident};
use crate::tables::Column;

/// The columns of `incidents.parquet`. Money is in USD, times in days since the attack; what never
/// came is null. Sums are over the attack and those that followed it.
#[must_use]
pub fn incident_columns(incidents: &[Incident]) -> Vec<(String, Column)> {
    let reals = |of: fn(&Incident) -> f64| Column::F64(incidents.iter().map(of).collect());
    let times = |of: fn(&Incident) -> f64| {
        Column::OptionalF64(
            incidents
                .iter()
                .map(of)
                .map(|days| days.is_finite().then_some(days))
                .collect(),
        )
    };
    let counts = |of: fn(&Incident) -> u32| Column::U32(incidents.iter().map(of).collect());
    let text = |of: fn(&Incident) -> String| Column::Text(incidents.iter().map(of).collect());
    [
        (
            "path",
            Column::U64(incidents.iter().map(|one| one.path).collect()),
        ),
        ("day", counts(|one| one.day)),
        ("attack", counts(|one| one.attack as u32)),
        ("slash", text(|one| fate(one.fate).to_owned())),
        ("detected_days", times(|one| one.detected_days)),
        ("stopped_days", times(|one| one.stopped_days)),
        ("slashed_days", times(|one| one.slashed_days)),
        ("paid_days", times(|one| one.paid_days)),
        ("extracted_usd", reals(|one| one.extracted_usd)),
        ("harm_usd", reals(|one| one.harm_usd)),
        ("slashed_usd", reals(|one| one.slashed_usd)),
        ("escaped_usd", reals(|one| one.escaped_usd)),
        ("paid_usd", reals(|one| one.paid_usd)),
        ("recaptured_usd", reals(|one| one.recaptured_usd)),
        ("uninsured_usd", reals(|one| one.uninsured_usd)),
        ("staker_loss_usd", reals(|one| one.staker_loss_usd)),
        ("markdown_usd", reals(|one| one.markdown_usd)),
        ("price_fall", reals(|one| one.price_fall)),
        ("spiral_gain", reals(|one| one.spiral_gain)),
        ("further_attacks", counts(|one| one.further)),
    ]
    .map(|(name, column)| (name.to_owned(), column))
    .to_vec()
}

fn fate(fate: Fate) -> &'static str {
    match fate {
        Fate::Slashed => "slashed",
        Fate::Unseen => "unseen",
        Fate::Unattributed => "unattributed",
        Fate::Vetoed => "vetoed",
        Fate::Failed => "failed",
        Fate::TooLate => "too_late",
    }
}
