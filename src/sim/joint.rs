//! Attacks on several services that share operators: what it costs to take this one and others by
//! one coalition.
//!
//! Every attacked service needs votes of its own; an operator may join some of them. What it is
//! slashed for stops at its whole stake where allocations overlap, and its business is lost once. The
//! engine counts what a joint attack adds at the prices of the start (`adds_usd`); the comparison of
//! costs searches it again at each moment that it shows.

use super::{Attack, Coalition, Cost, Plan, compile};
use crate::economics::coalition::Effort;
use crate::economics::network::union::{Others, Row, Together, Union, cheapest_union, members};
use crate::spec::Parameters;
use crate::spec::model::{Backing, Model};

/// Other services that can be backed by the same operators and searched for: every set of them is.
pub const MOST_SERVICES: usize = 6;

/// What the design's engine plays: certified to 0.1 %, or a lower bound.
const PLAYED: Effort = Effort {
    relative_gap: 1e-3,
    nodes: 2_000,
};

/// The cheapest way to take a service and some others.
#[derive(Debug, Clone, PartialEq)]
pub struct Across {
    /// Indices into the model's other services, ascending; at least one.
    pub services: Vec<usize>,
    /// What the coalition loses at least, USD.
    pub lost_usd: f64,
    /// By what share it may lose more: 0 is exact.
    pub gap: f64,
    /// Entities that take part.
    pub entities: usize,
    /// What the other services bring, USD.
    pub prizes_usd: f64,
}

/// What each attack of a design brings beside its take, other services included, USD.
#[must_use]
pub fn extra_profits_usd(model: &Model, parameters: &Parameters) -> Vec<f64> {
    let attacks = &model.value.attacks;
    if model.value.elsewhere.iter().all(|e| e.backing.is_none()) {
        return attacks.iter().map(|a| model.extra_profit_usd(a)).collect();
    }
    let plan = compile(model, parameters);
    plan.attacks.iter().map(|a| a.extra_profit_usd).collect()
}

/// What other services add to the profit of an attack by a coalition that is chosen for all of
/// them: prizes less what it loses beyond the attack alone, of the best set of services; at the
/// prices of the start, by the cost that the promise rests on.
#[must_use]
pub(super) fn adds_usd(
    model: &Model,
    parameters: &Parameters,
    plan: &Plan,
    attack: usize,
    cost: Cost,
) -> f64 {
    let prices: Vec<f64> = plan.assets.iter().map(|asset| asset.start).collect();
    let field = Field::new(model, parameters, plan, attack, &prices);
    let Some(alone) = field.cheapest(&[], cost, PLAYED) else {
        return 0.0;
    };
    field
        .every_set()
        .into_iter()
        .filter_map(|set| field.cheapest(&set, cost, PLAYED))
        .map(|across| across.prizes_usd - (across.lost_usd - alone.lost_usd))
        .fold(0.0, f64::max)
}

/// Every set of other services taken together with this one, by the whole stake and by what
/// operators lose themselves; empty where no other service has a coalition.
#[must_use]
pub fn every_set(
    model: &Model,
    parameters: &Parameters,
    plan: &Plan,
    attack: usize,
    price_usd: &[f64],
    effort: Effort,
) -> Vec<(Across, Across)> {
    let field = Field::new(model, parameters, plan, attack, price_usd);
    field
        .every_set()
        .into_iter()
        .filter_map(|set| {
            let whole = field.cheapest(&set, Cost::WholeStake, effort)?;
            Some((whole, field.cheapest(&set, Cost::OperatorRational, effort)?))
        })
        .collect()
}

/// This service and all others at one moment.
struct Field<'a> {
    plan: &'a Plan,
    attack: &'a Attack,
    own_share: &'a [f64],
    /// Slashable value here, USD, and the part of it that the slash takes in full.
    value: Vec<f64>,
    staked: Vec<f64>,
    /// Quorums here: votes of each entity, and the share needed.
    quorums: Vec<(Vec<f64>, f64)>,
    /// Other services with a coalition: index, stake of each entity there, and the terms.
    backed: Vec<(usize, Vec<f64>, &'a Backing)>,
    prizes_usd: Vec<f64>,
    /// Probability that the slash here lands.
    lands: f64,
    own_others: f64,
}

impl<'a> Field<'a> {
    fn new(
        model: &'a Model,
        parameters: &Parameters,
        plan: &'a Plan,
        attack: usize,
        price_usd: &[f64],
    ) -> Self {
        let assets = plan.asset_count();
        let known = &plan.attacks[attack];
        let worth = |tokens: &[f64], weight: &dyn Fn(usize) -> f64| -> Vec<f64> {
            let row = |row: &[f64]| -> f64 {
                let each = row.iter().zip(price_usd).enumerate();
                each.map(|(a, (tokens, price))| weight(a) * tokens * price)
                    .sum()
            };
            tokens.chunks_exact(assets).map(row).collect()
        };
        let tokens = &plan.operators.tokens;
        let value = worth(tokens, &|_| 1.0);
        let start: Vec<f64> = tokens
            .chunks_exact(assets)
            .map(|row| {
                let each = row.iter().zip(&plan.assets);
                each.map(|(tokens, asset)| tokens * asset.start).sum()
            })
            .collect();
        let theta = parameters.threshold_of(&model.value.attacks[attack]).get();
        let quorums = if model.operators.quorums.is_empty() {
            vec![(value.clone(), theta)]
        } else {
            model
                .operators
                .quorums
                .iter()
                .map(|quorum| {
                    let votes = match &quorum.multipliers {
                        None => worth(tokens, &|a| f64::from(u8::from(quorum.assets.contains(&a)))),
                        // So many votes a token, whatever it is worth.
                        Some(multipliers) => worth(tokens, &|a| {
                            let place = quorum.assets.iter().position(|&asset| asset == a);
                            place.map_or(0.0, |place| multipliers[place] / price_usd[a])
                        }),
                    };
                    (votes, quorum.threshold.map_or(theta, |share| share.get()))
                })
                .collect()
        };
        let backed = model
            .value
            .elsewhere
            .iter()
            .enumerate()
            .filter_map(|(index, other)| {
                let backing = other.backing.as_ref()?;
                let part = taking_part(model, parameters, backing, &start);
                let all: f64 = part.iter().sum();
                // The stake there is in what its operators hold here: prices move both alike.
                let there = part
                    .iter()
                    .zip(value.iter().zip(&start))
                    .map(|(part, (now, then))| {
                        if *then > 0.0 && all > 0.0 {
                            backing.stake.get() * part / all * now / then
                        } else {
                            0.0
                        }
                    })
                    .collect();
                Some((index, there, backing))
            })
            .collect();
        Self {
            attack: known,
            own_share: &plan.operators.own_share,
            staked: match plan.burns_of(known) {
                None => value.clone(),
                Some(row) => worth(tokens, &|a| row[a]),
            },
            value,
            quorums,
            backed,
            prizes_usd: model
                .value
                .elsewhere
                .iter()
                .map(|other| other.prize.get())
                .collect(),
            lands: parameters.lands(model, &model.value.attacks[attack]).get(),
            own_others: model.operators.own_share.get(),
            plan,
        }
    }

    /// Every set of other services, by their places among those with a coalition.
    fn every_set(&self) -> Vec<Vec<usize>> {
        (1..1_u32 << self.backed.len())
            .map(|set| members(set).collect())
            .collect()
    }

    /// What an entity loses for joining each set of the services: this one first, then `set`.
    fn prices(&self, entity: usize, set: &[usize], cost: Cost) -> Vec<f64> {
        let (own, once) = match cost {
            Cost::WholeStake => (1.0, 0.0),
            Cost::OperatorRational => (
                self.own_share[entity],
                self.plan.operators.franchise_usd[entity],
            ),
        };
        let here = match cost {
            Cost::WholeStake => self.attack.burned_share,
            Cost::OperatorRational => self.attack.own_loss(own),
        } * self.staked[entity];
        // A slash that pays its operator pays for the business too.
        let once = (once + here.min(0.0)).max(0.0);
        let here = here.max(0.0);
        let pool: f64 = self.value[entity]
            + set
                .iter()
                .map(|&s| {
                    let (_, there, backing) = &self.backed[s];
                    (1.0 - backing.shared.get()) * there[entity]
                })
                .sum::<f64>();
        let landed = if self.lands > 0.0 {
            here / self.lands
        } else {
            0.0
        };
        (0..1_u32 << (set.len() + 1))
            .map(|joined| {
                if joined == 0 {
                    return 0.0;
                }
                let there: f64 = set
                    .iter()
                    .enumerate()
                    .filter(|(bit, _)| joined >> (bit + 1) & 1 == 1)
                    .map(|(_, &s)| {
                        let (_, there, backing) = &self.backed[s];
                        own * backing.slash.get() * there[entity]
                    })
                    .sum();
                let most = own * pool;
                let slashed = if joined & 1 == 1 {
                    self.lands * (landed + there).min(most) + (1.0 - self.lands) * there.min(most)
                } else {
                    there.min(most)
                };
                slashed + once
            })
            .collect()
    }

    /// The cheapest way to take this service and `set`.
    fn cheapest(&self, set: &[usize], cost: Cost, effort: Effort) -> Option<Across> {
        let entities = self.value.len();
        let own = match cost {
            Cost::WholeStake => 1.0,
            Cost::OperatorRational => self.own_others,
        };
        let mut rows: Vec<Row> = self
            .quorums
            .iter()
            .map(|(votes, share)| Row {
                service: 0,
                needed: share * votes.iter().sum::<f64>(),
                votes: votes.clone(),
            })
            .collect();
        let mut others = vec![Others::NONE];
        for (at, &s) in set.iter().enumerate() {
            let (_, there, backing) = &self.backed[s];
            let beside = backing.others.get();
            rows.push(Row {
                service: at + 1,
                needed: backing.threshold.get() * (there.iter().sum::<f64>() + beside),
                votes: there.clone(),
            });
            others.push(Others {
                votes: beside,
                price: own * backing.slash.get(),
            });
        }
        let together = Together {
            rows,
            prices: (0..entities).map(|o| self.prices(o, set, cost)).collect(),
            others,
        };
        let found = if self.plan.coalition == Coalition::Pooled {
            pooled(&together)?
        } else {
            cheapest_union(&together, effort)?
        };
        Some(Across {
            services: set.iter().map(|&s| self.backed[s].0).collect(),
            lost_usd: found.lower_bound,
            gap: found.gap(),
            entities: found.members.len(),
            prizes_usd: set.iter().map(|&s| self.prizes_usd[self.backed[s].0]).sum(),
        })
    }
}

/// Of each entity's stake at the start, the part of the operators that back another service.
fn taking_part(
    model: &Model,
    parameters: &Parameters,
    backing: &Backing,
    start: &[f64],
) -> Vec<f64> {
    let Some(chosen) = &backing.operators else {
        return start.to_vec();
    };
    let admitted = parameters.admitted(model);
    // Rows are the entities in the order in which their operators are admitted.
    let mut entities: Vec<usize> = Vec::new();
    let mut part = vec![0.0; start.len()];
    for operator in &admitted {
        let row = entities.iter().position(|e| *e == operator.entity);
        let row = row.unwrap_or_else(|| {
            entities.push(operator.entity);
            entities.len() - 1
        });
        if chosen.contains(&operator.operator) {
            part[row] += operator.stake.get();
        }
    }
    part
}

/// Of a continuum of equal holders any share may join any set: nested shares are cheapest, since
/// whoever joins one service more loses no more for it than one who joins that alone. At each
/// service the holders take between the least that leaves the rest to others and all that is needed;
/// the optimum is at the ends of these ranges and where two shares meet.
fn pooled(together: &Together) -> Option<Union> {
    let prices = together.prices.first()?;
    let services = together.others.len();
    let mut ranges = vec![(0.0_f64, 0.0_f64); services];
    for row in &together.rows {
        let (votes, others) = (row.votes[0], together.others[row.service].votes);
        let (least, most) = if votes > 0.0 {
            (
                ((row.needed - others) / votes).max(0.0),
                (row.needed / votes).min(1.0),
            )
        } else {
            (f64::from(u8::from(row.needed > others)) * 2.0, 0.0)
        };
        if least > 1.0 + 1e-12 {
            return None;
        }
        let range = &mut ranges[row.service];
        *range = (range.0.max(least.min(1.0)), range.1.max(most));
    }
    let places: Vec<f64> = ranges.iter().flat_map(|&(a, b)| [a, b]).collect();
    let choices: Vec<Vec<f64>> = ranges
        .iter()
        .map(|&(a, b)| {
            let mut inside: Vec<f64> = places
                .iter()
                .copied()
                .filter(|p| (a..=b).contains(p))
                .collect();
            inside.sort_by(f64::total_cmp);
            inside.dedup();
            inside
        })
        .collect();
    let cost = |shares: &[f64]| -> f64 {
        let mut levels = shares.to_vec();
        levels.sort_by(f64::total_cmp);
        let (mut below, mut usd) = (0.0, 0.0);
        for level in levels {
            let set = (0..services)
                .filter(|&s| shares[s] >= level)
                .fold(0_u32, |set, s| set | 1 << s);
            usd += (level - below) * prices[set as usize];
            below = level;
        }
        for row in &together.rows {
            let others = together.others[row.service];
            let missing = (row.needed - shares[row.service] * row.votes[0]).max(0.0);
            usd += others.price * missing.min(others.votes);
        }
        usd
    };
    let mut best = f64::INFINITY;
    let mut at = vec![0_usize; services];
    loop {
        let shares: Vec<f64> = at.iter().zip(&choices).map(|(&i, c)| c[i]).collect();
        best = best.min(cost(&shares));
        let mut service = 0;
        while service < services {
            at[service] += 1;
            if at[service] < choices[service].len() {
                break;
            }
            at[service] = 0;
            service += 1;
        }
        if service == services {
            break;
        }
    }
    Some(Union {
        cost: best,
        lower_bound: best,
        members: Vec::new(),
    })
}
