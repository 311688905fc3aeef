//! C0 to C8 of one attack, each on its own cheapest coalition.

use super::punished::{Punished, Taken};
use super::trade::{self, Markets};
use super::{Kind, Line};
use crate::economics::bribery::{BribeTerms, bribers_minimum_usd, weighted_pivotality};
use crate::economics::coalition::{Cover, Effort, ROUNDING, cheapest_cover, cheapest_joint_cover};
use crate::economics::slashing::after_recapture_usd;
use crate::sim::{Coalition, Plan};
use crate::spec::model::Model;

/// Cells of the grid on which votes are added up to see whose is decisive.
const PIVOTAL_CELLS: usize = 1000;

/// Entities up to whose number every coalition is listed.
const LISTED: usize = 12;

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
                let entities = 0..plan.operators.entities;
                let weights = match &quorum.multipliers {
                    None => entities
                        .map(|entity| sum(&mut quorum.assets.iter().copied(), entity))
                        .collect(),
                    Some(multipliers) => entities
                        .map(|entity| {
                            let row = &plan.operators.tokens[entity * assets..];
                            let voting = quorum.assets.iter().zip(multipliers);
                            voting.map(|(&asset, m)| row[asset] * m).sum()
                        })
                        .collect(),
                };
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

    /// The part of an entity's stake that is lost at each asset's own rate.
    pub(super) fn part(
        &self,
        punished: &Punished,
        entity: usize,
        rate: impl Fn(&Taken) -> f64,
    ) -> f64 {
        match punished.alike() {
            Some(one) => rate(one) * self.stake[entity],
            None => {
                let columns = self.by_asset.iter().enumerate();
                columns
                    .map(|(asset, column)| rate(punished.of_asset(asset)) * column[entity])
                    .sum()
            }
        }
    }

    /// The cheapest coalition where each asset is lost in its own way.
    fn cheapest_of_each(
        &self,
        threshold: f64,
        punished: &Punished,
        lost: impl Fn(&Taken, f64) -> f64,
        effort: Effort,
    ) -> Bill {
        let price = |o: usize| self.part(punished, o, |one| lost(one, 1.0));
        self.cheapest(threshold, price, effort)
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

    /// The cheapest coalition when what one holds of each asset costs `cost`, which need not be a
    /// sum over entities: every coalition is listed. `None` where there are too many, or none.
    pub(super) fn listed(&self, threshold: f64, cost: impl Fn(&[f64]) -> f64) -> Option<Bill> {
        let entities = self.stake.len();
        if self.pooled || entities > LISTED {
            return None;
        }
        let one = [(self.stake.clone(), None)];
        let quorums = if self.quorums.is_empty() {
            &one[..]
        } else {
            &self.quorums[..]
        };
        let needed: Vec<f64> = quorums
            .iter()
            .map(|(weights, own)| {
                own.unwrap_or(threshold) * weights.iter().sum::<f64>() * (1.0 - ROUNDING)
            })
            .collect();
        let mut best: Option<(f64, u32)> = None;
        for set in 1..1_u32 << entities {
            let sum = |column: &[f64]| -> f64 {
                let joined = (0..entities).filter(|entity| set >> entity & 1 == 1);
                joined.map(|entity| column[entity]).sum()
            };
            let mut reached = quorums.iter().zip(&needed);
            if !reached.all(|((weights, _), needed)| sum(weights) >= *needed) {
                continue;
            }
            let held: Vec<f64> = self.by_asset.iter().map(|column| sum(column)).collect();
            let usd = cost(&held);
            if best.is_none_or(|(least, _)| usd < least) {
                best = Some((usd, set));
            }
        }
        best.map(|(usd, set)| Bill {
            usd,
            members: (0..entities).filter(|o| set >> o & 1 == 1).collect(),
            gap: 0.0,
        })
    }

    /// How often each vote decides. Of several quorums, in the one in which it decides least: the
    /// others must be won too.
    fn pivotal(&self, threshold: f64) -> Vec<f64> {
        let of = |votes: &[f64], share: f64| {
            let needed = share * votes.iter().sum::<f64>();
            weighted_pivotality(votes, needed, self.bribed, PIVOTAL_CELLS)
        };
        if self.quorums.is_empty() {
            return of(&self.stake, threshold);
        }
        let mut least = vec![f64::INFINITY; self.stake.len()];
        for (votes, own) in &self.quorums {
            let decisive = of(votes, own.unwrap_or(threshold));
            for ((least, decisive), votes) in least.iter_mut().zip(decisive).zip(votes) {
                if *votes > 0.0 {
                    *least = least.min(decisive);
                }
            }
        }
        // Who votes nowhere decides nothing.
        least
            .into_iter()
            .map(|p| if p.is_finite() { p } else { 0.0 })
            .collect()
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

/// Every cost that the model has something to say about.
pub(super) fn lines(
    holders: &Holders,
    markets: &Markets,
    punished: &Punished,
    effort: Effort,
) -> Vec<Line> {
    let theta = punished.threshold;
    let stake = &holders.stake;
    // Where all assets are slashed alike, whole-stake costs are all proportional to stake: one
    // coalition serves them.
    let base = holders.cheapest(theta, |o| stake[o], effort);
    let whole = |kind: Kind, credible: bool, lost: fn(&Taken, f64) -> f64| match punished.alike() {
        Some(one) => base.line(kind, lost(one, base.usd), credible),
        None => {
            let bill = holders.cheapest_of_each(theta, punished, lost, effort);
            bill.line(kind, bill.usd, credible)
        }
    };
    let operators = holders.cheapest(
        theta,
        |o| {
            let own = holders.own_share[o];
            // What returns is a share of all that is slashed, delegators' part included.
            let lost = holders.part(punished, o, |one| {
                one.burned() * own - one.returned() * (1.0 - own)
            });
            (lost + holders.franchise_usd[o]).max(0.0)
        },
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
        whole(Kind::WholeStake, true, |one, usd| one.slash * usd),
        operators.line(Kind::OperatorRational, operators.usd, true),
        briber(holders, markets, punished, effort),
        trade::seller(holders, markets, punished, effort),
        trade::acquirer(holders, markets, punished, effort),
        collapse(holders, markets, punished, effort),
        whole(Kind::Probabilistic, true, Taken::landed),
        whole(Kind::Recaptured, true, |one, usd| {
            after_recapture_usd(one.landed(usd), one.recaptured)
        }),
        whole(Kind::Escape, punished.queues(), |one, usd| {
            after_recapture_usd(one.lands_queued * (one.slash * usd), one.recaptured)
        }),
    ];
    if holders.quorums.is_empty() {
        lines.extend(quorums(holders, punished, effort));
    } else {
        lines.push(whole(Kind::Quorums, true, |one, usd| one.burned() * usd));
    }
    lines
}

/// What a slash that lands passes on to those harmed at least, USD; `landed_usd` is what it takes.
pub(super) fn passed_on_usd(
    holders: &Holders,
    punished: &Punished,
    landed_usd: f64,
    effort: Effort,
) -> f64 {
    match punished.alike() {
        Some(one) => one.redistributed * landed_usd,
        None => {
            let passed_on = |one: &Taken, usd: f64| one.redistributed * one.landed(usd);
            holders
                .cheapest_of_each(punished.threshold, punished, passed_on, effort)
                .usd
        }
    }
}

/// C4c: what is burned, and what the rest of the coalition's stake falls by. Only for whoever has
/// not hedged it, so it never decides.
fn collapse(holders: &Holders, markets: &Markets, punished: &Punished, effort: Effort) -> Line {
    let price = |o: usize| {
        holders.part(punished, o, Taken::burned) + unslashed_fall(holders, markets, punished, o)
    };
    let bill = holders.cheapest(punished.threshold, price, effort);
    bill.line(Kind::Collapse, bill.usd, false)
}

/// h·(1 − f)·stake of one entity, USD.
fn unslashed_fall(holders: &Holders, markets: &Markets, punished: &Punished, entity: usize) -> f64 {
    match punished.alike() {
        Some(one) => (1.0 - one.slash) * holders.weighed(entity, &markets.falls),
        None => {
            let falls = markets.falls.iter().enumerate();
            let rates: Vec<f64> = falls
                .map(|(asset, fall)| (1.0 - punished.of_asset(asset).slash) * fall)
                .collect();
            holders.weighed(entity, &rates)
        }
    }
}

/// C3: each vote at its own price; nothing where slashes follow the majority.
fn briber(holders: &Holders, markets: &Markets, punished: &Punished, effort: Effort) -> Line {
    let falls = markets.falls.iter().any(|fall| *fall > 0.0);
    // A pool has no voter who could be decisive.
    let pivotal = (falls && !holders.pooled).then(|| holders.pivotal(punished.threshold));
    let price = |o: usize| {
        // What lands of each asset is added up first where assets differ.
        let (slashable_usd, slash, lands) = match punished.alike() {
            Some(one) => (holders.stake[o], one.slash, one.lands_expected()),
            None => {
                let landed = |one: &Taken| one.slash * one.lands_expected();
                (holders.part(punished, o, landed), 1.0, 1.0)
            }
        };
        BribeTerms {
            slashable_usd,
            borne: holders.own_share[o],
            franchise_usd: holders.franchise_usd[o],
            collateral_loss_usd: holders.own_share[o]
                * unslashed_fall(holders, markets, punished, o),
            pivotal: pivotal.as_ref().map_or(0.0, |each| each[o]),
        }
        .net_price_usd(slash, lands, holders.part(punished, o, Taken::returned))
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
    let (costs, rate) = match punished.alike() {
        Some(one) => (holders.stake.clone(), one.burned()),
        None => {
            let entities = 0..holders.stake.len();
            let burned = entities.map(|o| holders.part(punished, o, Taken::burned));
            (burned.collect(), 1.0)
        }
    };
    let cover = cheapest_joint_cover(&costs, &quorums, &thresholds, effort)?;
    let bill = Bill::of(cover);
    Some(bill.line(Kind::Quorums, rate * bill.usd, false))
}
