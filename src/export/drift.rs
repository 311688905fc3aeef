//! A deployed AVS against a deployment: what differs, field by field.

use super::address::Address;
use super::design::{Deployment, OperatorSet, RewardsKind, RewardsSubmission};
use super::rounding::DAY_SECONDS;
use crate::snapshot::{self, RewardsKind as Submitted, SetKind, Snapshot};
use serde::Serialize;

/// A field and what each side says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Path of the field in the deployment.
    pub field: String,
    /// What was decided.
    pub decided: String,
    /// What is deployed.
    pub deployed: String,
}

/// Everything in which the AVS at `avs` differs from the deployment, as far as a snapshot knows it.
///
/// Rewards are compared by what the newest submission of each kind pays a day. `None` when the snapshot
/// has no such AVS.
#[must_use]
pub fn against_snapshot(
    deployment: &Deployment,
    snapshot: &Snapshot,
    avs: Address,
) -> Option<Vec<Difference>> {
    let index = snapshot.avss.iter().position(|row| row.address == avs)?;
    let row = &snapshot.avss[index];
    let mut list = Differences(Vec::new());
    list.compare(
        "metadata_uri",
        &deployment.metadata_uri,
        row.metadata_uri.as_deref().unwrap_or("unknown"),
    );
    list.compare(
        "registrar",
        &account(deployment.registrar),
        &account(row.registrar),
    );
    for (place, set) in deployment.operator_sets.iter().enumerate() {
        list.set(&format!("operator_sets/{place}"), set, snapshot, index);
    }
    for (place, submission) in deployment.rewards.iter().enumerate() {
        list.rewards(&format!("rewards/{place}"), submission, snapshot, index);
    }
    let extra = snapshot
        .sets
        .iter()
        .filter(|set| set.avs as usize == index && set.kind == SetKind::OperatorSet);
    for set in extra.filter(|set| deployment.operator_set(set.id).is_none()) {
        list.compare("operator_sets", "no such set", &format!("set {}", set.id));
    }
    Some(list.0)
}

struct Differences(Vec<Difference>);

fn account(address: Option<Address>) -> String {
    address.map_or_else(|| "none".to_owned(), |address| address.to_string())
}

fn listed(mut addresses: Vec<Address>) -> String {
    addresses.sort_unstable();
    addresses
        .iter()
        .map(Address::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

impl Differences {
    fn compare(&mut self, field: &str, decided: &str, deployed: &str) {
        if decided != deployed {
            let (field, decided, deployed) =
                (field.to_owned(), decided.to_owned(), deployed.to_owned());
            self.0.push(Difference {
                field,
                decided,
                deployed,
            });
        }
    }

    fn set(&mut self, place: &str, set: &OperatorSet, snapshot: &Snapshot, avs: usize) {
        let same = |row: &&snapshot::OperatorSet| {
            row.avs as usize == avs && row.id == set.id && row.kind == SetKind::OperatorSet
        };
        let Some(row) = snapshot.sets.iter().find(same) else {
            self.compare(place, &format!("set {}", set.id), "no such set");
            return;
        };
        let decided = listed(
            set.strategies
                .iter()
                .map(|weighted| weighted.strategy)
                .collect(),
        );
        let deployed = row
            .strategies
            .iter()
            .filter_map(|asset| snapshot.assets[*asset as usize].strategy);
        self.compare(
            &format!("{place}/strategies"),
            &decided,
            &listed(deployed.collect()),
        );
        self.compare(
            &format!("{place}/slasher"),
            &set.slasher.to_string(),
            &account(row.slasher),
        );
        let (decided, deployed) = (
            account(set.redistribution_recipient),
            account(row.redistribution_recipient),
        );
        self.compare(
            &format!("{place}/redistribution_recipient"),
            &decided,
            &deployed,
        );
    }

    fn rewards(
        &mut self,
        place: &str,
        submission: &RewardsSubmission,
        snapshot: &Snapshot,
        avs: usize,
    ) {
        let kind = match submission.kind {
            RewardsKind::UniqueStake { .. } => Submitted::UniqueStake,
            RewardsKind::TotalStake { .. } => Submitted::TotalStake,
            RewardsKind::OperatorDirected { .. } => Submitted::OperatorDirectedSet,
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
        let daily =
            |amount: u128, seconds: u32| amount / (u128::from(seconds) / DAY_SECONDS).max(1);
        let say = |token: Address, amount: u128, seconds: u32| {
            format!("{} a day of {token}", daily(amount, seconds))
        };
        let decided = submission.kind.total().map_or_else(
            || "beyond 128 bits".to_owned(),
            |amount| say(submission.token, amount, submission.duration.0),
        );
        let deployed = newest.map_or_else(
            || "nothing submitted".to_owned(),
            |row| say(row.token, row.amount_units, row.duration_seconds),
        );
        self.compare(place, &decided, &deployed);
    }
}
