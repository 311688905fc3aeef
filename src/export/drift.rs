//! A deployed AVS against a deployment: what is the same and what differs, field by field.

use super::address::{Address, BURN};
use super::design::{Deployment, OperatorSet, RewardsKind, RewardsSubmission};
use super::lines::hanging;
use super::rounding::DAY_SECONDS;
use crate::snapshot::{self, RewardsKind as Submitted, SetKind, Snapshot};
use serde::Serialize;
use std::fmt;

/// A field and what each side says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// What it is, with its unit.
    pub field: String,
    /// What was decided.
    pub decided: String,
    /// What is deployed.
    pub deployed: String,
    /// Whether both say the same.
    pub same: bool,
}

impl Row {
    /// A field and what each side says.
    #[must_use]
    pub fn new(field: String, decided: String, deployed: String) -> Self {
        let same = decided == deployed;
        Self {
            field,
            decided,
            deployed,
            same,
        }
    }
}

/// An AVS, compared with what was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// The AVS.
    pub avs: Address,
    /// What was asked: a chain or a snapshot.
    pub against: String,
    /// Every field that could be compared.
    pub rows: Vec<Row>,
    /// What could not.
    pub notes: Vec<String>,
}

impl Drift {
    /// The fields in which the two differ.
    pub fn differences(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| !row.same)
    }

    /// True when nothing differs.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.differences().next().is_none()
    }
}

/// Everything in which the AVS at `avs` can be compared with the deployment, as far as a snapshot knows it.
///
/// Rewards are compared by what the newest submission of each kind pays a day. `None` when the snapshot
/// has no such AVS.
#[must_use]
pub fn against_snapshot(
    deployment: &Deployment,
    snapshot: &Snapshot,
    avs: Address,
) -> Option<Drift> {
    let index = snapshot.avss.iter().position(|row| row.address == avs)?;
    let row = &snapshot.avss[index];
    let mut list = Rows(Vec::new());
    list.compare(
        format!("metadata of {avs}"),
        deployment.metadata_uri.clone(),
        row.metadata_uri.clone().unwrap_or_else(|| "unknown".into()),
    );
    if let Some(registrar) = deployment.registrar {
        list.compare(
            format!("registrar of {avs}"),
            registrar.to_string(),
            account(row.registrar),
        );
    }
    for set in &deployment.operator_sets {
        list.set(set, snapshot, index);
    }
    let sets = snapshot
        .sets
        .iter()
        .filter(|set| set.avs as usize == index && set.kind == SetKind::OperatorSet);
    list.compare(
        "number of operator sets".into(),
        deployment.operator_sets.len().to_string(),
        sets.count().to_string(),
    );
    for submission in &deployment.rewards {
        list.rewards(submission, snapshot, index);
    }
    Some(Drift {
        avs,
        against: format!("snapshot {}", snapshot.manifest.label),
        rows: list.0,
        notes: Vec::new(),
    })
}

struct Rows(Vec<Row>);

fn account(address: Option<Address>) -> String {
    address.map_or_else(|| "none".to_owned(), |address| address.to_string())
}

/// A set without redistribution burns: the chain says so with an address of its own.
fn receiver(address: Option<Address>) -> String {
    address.unwrap_or(BURN).to_string()
}

fn listed(mut addresses: Vec<Address>) -> String {
    addresses.sort_unstable();
    addresses
        .iter()
        .map(Address::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

impl Rows {
    fn compare(&mut self, field: String, decided: String, deployed: String) {
        self.0.push(Row::new(field, decided, deployed));
    }

    fn set(&mut self, set: &OperatorSet, snapshot: &Snapshot, avs: usize) {
        let id = set.id;
        let same = |row: &&snapshot::OperatorSet| {
            row.avs as usize == avs && row.id == id && row.kind == SetKind::OperatorSet
        };
        let row = snapshot.sets.iter().find(same);
        self.compare(
            format!("set {id} exists"),
            "true".into(),
            row.is_some().to_string(),
        );
        let Some(row) = row else { return };
        let decided = set.strategies.iter().map(|weighted| weighted.strategy);
        let deployed = row
            .strategies
            .iter()
            .filter_map(|asset| snapshot.assets[*asset as usize].strategy);
        self.compare(
            format!("strategies of set {id}"),
            listed(decided.collect()),
            listed(deployed.collect()),
        );
        self.compare(
            format!("slasher of set {id}"),
            set.slasher.to_string(),
            account(row.slasher),
        );
        self.compare(
            format!("receiver of slashed stake of set {id}"),
            receiver(set.redistribution_recipient),
            receiver(row.redistribution_recipient),
        );
    }

    fn rewards(&mut self, submission: &RewardsSubmission, snapshot: &Snapshot, avs: usize) {
        let (kind, words) = match submission.kind {
            RewardsKind::UniqueStake { .. } => (Submitted::UniqueStake, "by allocated stake"),
            RewardsKind::TotalStake { .. } => (Submitted::TotalStake, "by delegated stake"),
            RewardsKind::OperatorDirected { .. } => {
                (Submitted::OperatorDirectedSet, "operator by operator")
            }
        };
        let of_set = |row: &&snapshot::RewardsSubmission| {
            let set = row.set.map(|set| &snapshot.sets[set as usize]);
            row.kind == kind
                && set
                    .is_some_and(|set| set.avs as usize == avs && set.id == submission.operator_set)
        };
        let newest = snapshot
            .rewards
            .iter()
            .filter(of_set)
            .max_by_key(|row| (row.block, row.log_index));
        let say = |token: Address, amount: u128, seconds: u32| {
            let days = (u128::from(seconds) / DAY_SECONDS).max(1);
            format!("{} units a day of {token}", amount / days)
        };
        let decided = submission.kind.total().map_or_else(
            || "beyond 128 bits".to_owned(),
            |amount| say(submission.token, amount, submission.duration.0),
        );
        let deployed = newest.map_or_else(
            || "nothing submitted".to_owned(),
            |row| say(row.token, row.amount_units, row.duration_seconds),
        );
        self.compare(
            format!("rewards of set {} {words}", submission.operator_set),
            decided,
            deployed,
        );
    }
}

/// A table for terminals: what differs in full, what is the same by name.
impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let differ = self.differences().count();
        writeln!(
            f,
            "{} on {}: {differ} of {} fields differ from the recommendation",
            self.avs,
            self.against,
            self.rows.len()
        )?;
        for row in self.differences() {
            writeln!(f, "\n  {}", row.field)?;
            if row.decided.contains(", ") || row.deployed.contains(", ") {
                write_lists(f, &row.decided, &row.deployed)?;
            } else {
                writeln!(f, "    recommended  {}", row.decided)?;
                writeln!(f, "    deployed     {}", row.deployed)?;
            }
        }
        let same: Vec<_> = self
            .rows
            .iter()
            .filter(|row| row.same)
            .map(|row| row.field.as_str())
            .collect();
        if !same.is_empty() {
            writeln!(f, "\n  the same")?;
            for field in same {
                writeln!(f, "    {field}")?;
            }
        }
        self.notes
            .iter()
            .try_for_each(|note| f.write_str(&hanging("note: ", note)))
    }
}

/// Two lists: what only one of them has, and how much is in both.
fn write_lists(f: &mut fmt::Formatter<'_>, decided: &str, deployed: &str) -> fmt::Result {
    let entries = |text: &'_ str| -> Vec<String> {
        let listed = text.split(", ").filter(|entry| !entry.is_empty());
        listed.map(str::to_owned).collect()
    };
    let (decided, deployed) = (entries(decided), entries(deployed));
    for (side, list, other) in [
        ("recommended", &decided, &deployed),
        ("deployed   ", &deployed, &decided),
    ] {
        for entry in list.iter().filter(|entry| !other.contains(entry)) {
            writeln!(f, "    {side}  {entry}")?;
        }
        if list.is_empty() {
            writeln!(f, "    {side}  nothing")?;
        }
    }
    let both = decided.iter().filter(|entry| deployed.contains(entry));
    match both.count() {
        0 => Ok(()),
        1 => writeln!(f, "    both         1 more"),
        more => writeln!(f, "    both         {more} more"),
    }
}
