//! C0 to C8 of one attack, each on its own cheapest coalition.

use super::trade::{self, Markets};
use super::{Kind, Line};
use crate::economics::bribery::{BribeTerms, Evidence, bribers_minimum_usd, weighted_pivotality};
use crate::economics::coalition::{Cover, Effort, cheapest_cover, cheapest_joint_cover};
use crate::economics::slashing::after_recapture_usd;
use crate::sim::{Coalition, Plan};
use crate::spec::Parameters;
use crate::spec::model::{self, Model, QUEUED_ASKED};

/// Cells of the grid on which votes are added up to see whose is decisive.
const PIVOTAL_CELLS: usize = 1000;

/// Who holds the stake, valued at one moment; one entry an entity.
pub(super) struct Holders {
    /// Slashable value of each asset, USD, `[asset][entity]`.
    by_asset: Vec<Vec<f64>>,
    /// Slashable value, USD: also the voting weight.
    stake: Vec<f64>,
    own_share: Vec<f64>,
    franchise_usd: Vec<f64>,
    pooled: bool,
    /// Quorums that must be corrupted together: each entity's weight, and the share needed where
    /// it is not that of the attack. Empty for one quorum of all stake.
    quorums: Vec<(Vec<f64>, Option<f64>)>,
    /// Probability that an entity takes a bribe, as another sees it.
    bribed: f64,
}

impl Holders {
    pub(super) fn at(model: &Model, plan: &Plan, price_usd: &[f64]) -> Self {
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
        let sum = |assets: &mut dyn Iterator<Item = usize>, entity: usize| -> f64 {
            assets.map(|asset| by_asset[asset][entity]).sum()
        };
        let stake = (0..plan.operators.entities)
            .map(|entity| sum(&mut (0..assets), entity))
            .collect();
        let quorums = model
            .operators
            .quorums
            .iter()
            .map(|quorum| {
                let weights = (0..plan.operators.entities)
                    .map(|entity| sum(&mut quorum.assets.iter().copied(), entity))
                    .collect();
                (weights, quorum.threshold.map(|share| share.get()))
            })
            .collect();
        Self {
            quorums,
            bribed: model.operators.bribed.get(),
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

    pub(super) fn pooled(&self) -> bool {
        self.pooled
    }

    pub(super) fn stake_of(&self, entity: usize) -> f64 {
        self.stake[entity]
    }

    /// An entity's stake with each asset at its own rate.
    pub(super) fn weighed(&self, entity: usize, rates: &[f64]) -> f64 {
        let each = self.by_asset.iter().zip(rates);
        each.map(|(column, rate)| rate * column[entity]).sum()
    }

    /// All stake of each asset.
    pub(super) fn totals(&self) -> Vec<f64> {
        self.by_asset
            .iter()
            .map(|column| column.iter().sum())
            .collect()
    }

    /// What a coalition holds of each asset; of a pool, its share.
    pub(super) fn by_asset_of(&self, bill: &Bill, threshold: f64) -> Vec<f64> {
        if self.pooled {
            return self.totals().iter().map(|usd| threshold * usd).collect();
        }
        self.by_asset
            .iter()
            .map(|column| bill.members.iter().map(|&member| column[member]).sum())
            .collect()
    }

    /// The cheapest coalition that reaches the share `threshold` of the stake, when entity `o`
    /// costs `price(o)`.
    pub(super) fn cheapest(
        &self,
        threshold: f64,
        price: impl Fn(usize) -> f64,
        effort: Effort,
    ) -> Bill {
        let costs: Vec<f64> = (0..self.stake.len()).map(price).collect();
        if self.pooled {
            let all: f64 = costs.iter().sum();
            return Bill {
                usd: threshold * all,
                members: Vec::new(),
                gap: 0.0,
            };
        }
        if !self.quorums.is_empty() {
            return self.cheapest_of_all(&costs, threshold, effort);
        }
        let cover = cheapest_cover(&costs, &self.stake, threshold * self.total_usd(), effort);
        Bill::of(cover.expect("all entities together reach any share of their stake"))
    }

    /// The cheapest coalition that corrupts every quorum.
    fn cheapest_of_all(&self, costs: &[f64], threshold: f64, effort: Effort) -> Bill {
        let weights: Vec<Vec<f64>> = self.quorums.iter().map(|(w, _)| w.clone()).collect();
        let needed: Vec<f64> = self
            .quorums
            .iter()
            .map(|(weights, own)| own.unwrap_or(threshold) * weights.iter().sum::<f64>())
            .collect();
        let cover = cheapest_joint_cover(costs, &weights, &needed, effort);
        Bill::of(cover.expect("all entities together reach any share of each quorum"))
    }
}

/// A certified cost and who is in it.
pub(super) struct Bill {
    pub usd: f64,
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

    /// A line whose cost is known to lie between two bounds.
    pub(super) fn line_between(&self, kind: Kind, least: f64, most: f64) -> Line {
        Line {
            kind,
            usd: least,
            entities: self.members.len(),
            gap: if least > 0.0 {
                (most / least - 1.0).max(0.0)
            } else {
                0.0
            },
            credible: true,
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
    /// Whether the model says that exits are queued; if not, it is only asked about.
    pub queues: bool,
    /// Share of the slashed value that goes to those harmed.
    pub redistributed: f64,
    /// How a wrong vote is found out.
    pub evidence: Evidence,
}

impl Punished {
    pub(super) fn of(model: &Model, parameters: &Parameters, attack: usize) -> Self {
        let index = model.value.attacks[attack].offence;
        let offence = &model.slashing.offences[index];
        let rule = parameters.offences[index];
        let known = &model.value.attacks[attack];
        let queued = known.queued.unwrap_or(QUEUED_ASKED);
        Self {
            threshold: parameters.threshold_of(known).get(),
            slash: parameters.slash_of(model, known).get(),
            lands: rule.lands(offence).get(),
            recaptured: offence.recaptured.get(),
            lands_queued: rule.lands_queued(offence, queued).get(),
            queues: known.queued.is_some(),
            redistributed: offence.redistributed.get() - offence.recaptured.get(),
            evidence: match offence.evidence {
                model::Evidence::Provable => Evidence::Provable,
                model::Evidence::Majority => Evidence::MajorityAgreement,
            },
        }
    }

    /// All offences by one coalition: it needs the largest share, and each slash takes from what
    /// the ones before have left (ELIP-002: a slash is a share of the magnitude that is there).
    pub(super) fn together(model: &Model, parameters: &Parameters) -> Self {
        let each: Vec<Self> = (0..model.value.attacks.len())
            .map(|attack| Self::of(model, parameters, attack))
            .collect();
        let mut seen: Vec<usize> = Vec::new();
        let (mut kept, mut kept_landed, mut kept_queued, mut kept_after) = (1.0, 1.0, 1.0, 1.0);
        let queues = each.iter().any(|one| one.queues);
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
            // One attack with queued exits does not hurry the others.
            let lands_queued = if one.queues || !queues {
                one.lands_queued
            } else {
                one.lands
            };
            kept_queued *= 1.0 - one.slash * lands_queued;
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
            queues,
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

    /// Probability that the slash lands on what the model says is done: exits queued or not.
    pub(super) fn lands_expected(&self) -> f64 {
        if self.queues {
            self.lands_queued
        } else {
            self.lands
        }
    }

    /// Expected share of the stake that is gone for good.
    pub(super) fn burned(&self) -> f64 {
        self.slash * self.lands_expected() * (1.0 - self.recaptured)
    }
}

/// Every cost that the model has something to say about.
pub(super) fn lines(
    holders: &Holders,
    markets: &Markets,
    punished: &Punished,
    effort: Effort,
) -> Vec<Line> {
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
        briber(holders, markets, punished, effort),
        trade::seller(holders, markets, punished, effort),
        trade::acquirer(holders, markets, punished, effort),
        collapse(holders, markets, punished, effort),
        base.line(Kind::Probabilistic, landed, true),
        base.line(Kind::Recaptured, kept, true),
        base.line(Kind::Escape, escaped, punished.queues),
    ];
    if holders.quorums.is_empty() {
        lines.extend(quorums(holders, punished, effort));
    } else {
        lines.push(base.line(Kind::Quorums, punished.burned() * base.usd, true));
    }
    lines
}

/// C4c: what is burned, and what the rest of the coalition's stake falls by. Only for whoever has
/// not hedged it, so it never decides.
fn collapse(holders: &Holders, markets: &Markets, punished: &Punished, effort: Effort) -> Line {
    let burned = punished.burned();
    let price =
        |o: usize| burned * holders.stake[o] + unslashed_fall(holders, markets, punished, o);
    let bill = holders.cheapest(punished.threshold, price, effort);
    bill.line(Kind::Collapse, bill.usd, false)
}

/// h·(1 − f)·stake of one entity, USD.
fn unslashed_fall(holders: &Holders, markets: &Markets, punished: &Punished, entity: usize) -> f64 {
    (1.0 - punished.slash) * holders.weighed(entity, &markets.falls)
}

/// C3: each vote at its own price; nothing where slashes follow the majority.
fn briber(holders: &Holders, markets: &Markets, punished: &Punished, effort: Effort) -> Line {
    let falls = markets.falls.iter().any(|fall| *fall > 0.0);
    // A pool has no voter who could be decisive.
    let pivotal = (falls && !holders.pooled).then(|| {
        let needed = punished.threshold * holders.total_usd();
        weighted_pivotality(&holders.stake, needed, holders.bribed, PIVOTAL_CELLS)
    });
    let price = |o: usize| {
        BribeTerms {
            slashable_usd: holders.stake[o],
            borne: holders.own_share[o],
            franchise_usd: holders.franchise_usd[o],
            collateral_loss_usd: holders.own_share[o]
                * unslashed_fall(holders, markets, punished, o),
            pivotal: pivotal.as_ref().map_or(0.0, |each| each[o]),
        }
        .price_usd(punished.slash, punished.lands_expected())
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
