//! C0 to C8 of one attack, each on its own cheapest coalition.

use super::{Kind, Line};
use crate::economics::bribery::{BribeTerms, Evidence, bribers_minimum_usd};
use crate::economics::coalition::{Cover, Effort, cheapest_cover, cheapest_joint_cover};
use crate::economics::slashing::after_recapture_usd;
use crate::sim::{Coalition, Plan};
use crate::spec::Parameters;
use crate::spec::model::Model;

/// Who holds the stake, valued at one moment; one entry an entity.
pub(super) struct Holders {
    /// Slashable value of each asset, USD, `[asset][entity]`.
    by_asset: Vec<Vec<f64>>,
    /// Slashable value, USD: also the voting weight.
    stake: Vec<f64>,
    own_share: Vec<f64>,
    franchise_usd: Vec<f64>,
    pooled: bool,
}

impl Holders {
    pub(super) fn at(plan: &Plan, price_usd: &[f64]) -> Self {
        let assets = plan.asset_count();
        assert!(
            price_usd.len() == assets,
            "{} prices for {assets} assets",
            price_usd.len()
        );
        let by_asset: Vec<Vec<f64>> = (0..assets)
            .map(|asset| {
                plan.operators
                    .tokens
                    .chunks_exact(assets)
                    .map(|row| row[asset] * price_usd[asset])
                    .collect()
            })
            .collect();
        let stake = (0..plan.operators.entities)
            .map(|entity| by_asset.iter().map(|column| column[entity]).sum())
            .collect();
        Self {
            by_asset,
            stake,
            own_share: plan.operators.own_share.clone(),
            franchise_usd: plan.operators.franchise_usd.clone(),
            pooled: plan.coalition == Coalition::Pooled,
        }
    }

    fn total_usd(&self) -> f64 {
        self.stake.iter().sum()
    }

    /// The cheapest coalition that reaches the share `threshold` of the stake, when entity `o`
    /// costs `price(o)`.
    fn cheapest(&self, threshold: f64, price: impl Fn(usize) -> f64, effort: Effort) -> Bill {
        let costs: Vec<f64> = (0..self.stake.len()).map(price).collect();
        if self.pooled {
            let all: f64 = costs.iter().sum();
            return Bill {
                usd: threshold * all,
                members: Vec::new(),
                gap: 0.0,
            };
        }
        let cover = cheapest_cover(&costs, &self.stake, threshold * self.total_usd(), effort);
        Bill::of(cover.expect("all entities together reach any share of their stake"))
    }
}

/// A certified cost and who is in it.
struct Bill {
    usd: f64,
    members: Vec<usize>,
    gap: f64,
}

impl Bill {
    fn of(cover: Cover) -> Self {
        Self {
            usd: cover.lower_bound,
            gap: cover.gap(),
            members: cover.members,
        }
    }

    fn line(&self, kind: Kind, usd: f64, credible: bool) -> Line {
        Line {
            kind,
            usd,
            entities: self.members.len(),
            gap: self.gap,
            credible,
        }
    }
}

/// What follows for a coalition that is caught.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Punished {
    /// Share of the weight that it needs.
    pub threshold: f64,
    /// Share of its stake that is slashed.
    pub slash: f64,
    /// Probability that the slash lands.
    pub lands: f64,
    /// Share of the slashed value that returns to the attacker.
    pub recaptured: f64,
    /// The same probability when the exit was queued before the attack.
    pub lands_queued: f64,
    /// Share of the slashed value that goes to those harmed.
    pub redistributed: f64,
    /// How a wrong vote is found out.
    pub evidence: Evidence,
}

impl Punished {
    pub(super) fn of(model: &Model, parameters: &Parameters, plan: &Plan, attack: usize) -> Self {
        let index = model.value.attacks[attack].offence;
        let offence = &model.slashing.offences[index];
        let rule = parameters.offences[index];
        let lands = rule.lands(offence).get();
        Self {
            threshold: plan.thresholds[plan.attacks[attack].threshold],
            slash: rule.slash.get(),
            lands,
            recaptured: offence.recaptured.get(),
            lands_queued: lands,
            redistributed: offence.redistributed.get() - offence.recaptured.get(),
            evidence: Evidence::Provable,
        }
    }

    /// All offences by one coalition: it needs the largest share, and each slash takes from what
    /// the ones before have left (ELIP-002: a slash is a share of the magnitude that is there).
    pub(super) fn together(model: &Model, parameters: &Parameters, plan: &Plan) -> Self {
        let each: Vec<Self> = (0..plan.attacks.len())
            .map(|attack| Self::of(model, parameters, plan, attack))
            .collect();
        let mut seen: Vec<usize> = Vec::new();
        let (mut kept, mut kept_landed, mut kept_queued, mut kept_after) = (1.0, 1.0, 1.0, 1.0);
        let mut redistributed = 0.0;
        for (attack, one) in each.iter().enumerate() {
            // Two attacks that commit the same offence are slashed for it once.
            let offence = model.value.attacks[attack].offence;
            if seen.contains(&offence) {
                continue;
            }
            seen.push(offence);
            redistributed += one.redistributed * one.slash * one.lands * kept_landed;
            kept *= 1.0 - one.slash;
            kept_landed *= 1.0 - one.slash * one.lands;
            kept_queued *= 1.0 - one.slash * one.lands_queued;
            kept_after *= 1.0 - one.slash * one.lands * (1.0 - one.recaptured);
        }
        let ratio = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        let (slash, landed) = (1.0 - kept, 1.0 - kept_landed);
        Self {
            threshold: each.iter().map(|one| one.threshold).fold(0.0, f64::max),
            slash,
            lands: ratio(landed, slash),
            recaptured: 1.0 - ratio(1.0 - kept_after, landed),
            lands_queued: ratio(1.0 - kept_queued, slash),
            redistributed: ratio(redistributed, landed),
            evidence: if each
                .iter()
                .all(|one| one.evidence == Evidence::MajorityAgreement)
            {
                Evidence::MajorityAgreement
            } else {
                Evidence::Provable
            },
        }
    }

    /// Expected share of the stake that is gone for good.
    fn burned(&self) -> f64 {
        self.slash * self.lands * (1.0 - self.recaptured)
    }
}

/// Every cost that the model has something to say about.
pub(super) fn lines(holders: &Holders, punished: &Punished, effort: Effort) -> Vec<Line> {
    let theta = punished.threshold;
    let stake = &holders.stake;
    // Whole-stake costs are all proportional to stake: one coalition serves them.
    let base = holders.cheapest(theta, |o| stake[o], effort);
    let slashed = punished.slash * base.usd;
    let landed = punished.lands * slashed;
    let kept = after_recapture_usd(landed, punished.recaptured);
    let escaped = after_recapture_usd(punished.lands_queued * slashed, punished.recaptured);
    let burned = punished.burned();
    let operators = holders.cheapest(
        theta,
        |o| burned * holders.own_share[o] * stake[o] + holders.franchise_usd[o],
        effort,
    );
    let mut lines = vec![
        Line {
            kind: Kind::Naive,
            usd: holders.total_usd(),
            entities: if holders.pooled { 0 } else { stake.len() },
            gap: 0.0,
            credible: false,
        },
        base.line(Kind::WholeStake, slashed, true),
        operators.line(Kind::OperatorRational, operators.usd, true),
        briber(holders, punished, effort),
        base.line(Kind::Probabilistic, landed, true),
        base.line(Kind::Recaptured, kept, true),
        base.line(Kind::Escape, escaped, true),
    ];
    lines.extend(quorums(holders, punished, effort));
    lines
}

/// C3: each vote at its own price; nothing where slashes follow the majority.
fn briber(holders: &Holders, punished: &Punished, effort: Effort) -> Line {
    let price = |o: usize| {
        BribeTerms {
            slashable_usd: holders.stake[o],
            borne: holders.own_share[o],
            franchise_usd: holders.franchise_usd[o],
            collateral_loss_usd: 0.0,
            pivotal: 0.0,
        }
        .price_usd(punished.slash, punished.lands)
    };
    let bill = holders.cheapest(punished.threshold, price, effort);
    let usd = bribers_minimum_usd(punished.evidence, &[bill.usd]);
    bill.line(Kind::Briber, usd, true)
}

/// C8: each asset with stake as a quorum that must be corrupted too. A what-if: the model's
/// service has one quorum.
fn quorums(holders: &Holders, punished: &Punished, effort: Effort) -> Option<Line> {
    let quorums: Vec<Vec<f64>> = holders
        .by_asset
        .iter()
        .filter(|column| column.iter().sum::<f64>() > 0.0)
        .cloned()
        .collect();
    if quorums.len() < 2 || holders.pooled {
        return None;
    }
    let thresholds: Vec<f64> = quorums
        .iter()
        .map(|column| punished.threshold * column.iter().sum::<f64>())
        .collect();
    let cover = cheapest_joint_cover(&holders.stake, &quorums, &thresholds, effort)?;
    let bill = Bill::of(cover);
    Some(bill.line(Kind::Quorums, punished.burned() * bill.usd, false))
}
