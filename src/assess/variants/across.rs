//! One coalition for this service and others of the same operators.

use super::profit;
use super::{Kind, Ledger, Line, Moment, Scope};
use crate::economics::coalition::Effort;
use crate::sim::{Plan, joint};
use crate::spec::Parameters;
use crate::spec::model::Model;

/// For each attack, the set of other services that leaves its coalition best off: what is lost by
/// the whole stake and by operators themselves, and what all of it brings. Nothing where no other
/// service has a coalition of its own.
pub(super) fn ledgers(
    model: &Model,
    parameters: &Parameters,
    plan: &Plan,
    moment: &Moment,
    alone: &[Ledger],
    effort: Effort,
) -> Vec<Ledger> {
    alone
        .iter()
        .enumerate()
        .filter_map(|(attack, ledger)| {
            let sets = joint::every_set(model, parameters, plan, attack, &moment.price_usd, effort);
            let gains = |across: &joint::Across| ledger.profit().usd + across.prizes_usd;
            // What it leaves the attacker, the cheaper way to count.
            let left = |(whole, own): &(joint::Across, joint::Across)| {
                gains(whole) - whole.lost_usd.min(own.lost_usd)
            };
            let (whole, own) = sets
                .into_iter()
                .max_by(|a, b| left(a).total_cmp(&left(b)))?;
            let line = |kind: Kind, across: &joint::Across| Line {
                kind,
                usd: across.lost_usd,
                entities: across.entities,
                gap: across.gap,
                credible: true,
            };
            let lines = vec![
                line(Kind::Recaptured, &whole),
                line(Kind::OperatorRational, &own),
            ];
            let profits = vec![profit::line(Kind::Joint, gains(&whole))];
            let covered = ledger.harm_usd - ledger.safety.uncovered_usd;
            Some(Ledger {
                services: whole.services,
                ..super::ledger(
                    Scope::Across(attack),
                    lines,
                    profits,
                    covered,
                    ledger.harm_usd,
                )
            })
        })
        .collect()
}
