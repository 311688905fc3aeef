//! Every cost and every profit of corruption, side by side at one state of the market.
//!
//! A cost of corruption is a question about an adversary: one that holds the stake, one that
//! bribes those who do, one that buys it, one that runs. All are answered together, each on the
//! cheapest coalition of entities (exact, or with a certified gap), and the lowest one that an
//! adversary of flesh and blood can have is marked; so is the largest profit. Attacks are
//! compared one by one and all together, because a coalition that sells out once may as well
//! do everything.

mod across;
mod cost;
mod moments;
mod profit;
mod punished;
mod trade;

pub use moments::{Moment, worst_moments};

use crate::economics::coalition::Effort;
use crate::economics::safety::Safety;
use crate::sim::{self, Plan};
use crate::spec::Parameters;
use crate::spec::model::Model;
use serde::Serialize;

/// A way to count the cost or the profit of corruption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// C0: all slashable stake of the set.
    Naive,
    /// C1: slash × stake of the cheapest coalition.
    WholeStake,
    /// C2: what the operators of the cheapest coalition lose themselves.
    OperatorRational,
    /// C3: what a briber pays, vote by vote.
    Briber,
    /// C4a: C6 at what the stake would fetch if its holders sold it instead.
    Seller,
    /// C4b: buying the stake, holding it until it can leave, and selling what is left.
    Acquirer,
    /// C4c: C6 and the fall of what the slash leaves.
    Collapse,
    /// C5: C1 × the probability that the slash lands.
    Probabilistic,
    /// C6: C5 less what returns to the attacker.
    Recaptured,
    /// C7: C6 when the exit was queued before the attack.
    Escape,
    /// C8: C6 on a coalition that corrupts every quorum; of a service with one, if each asset
    /// were a quorum of its own.
    Quorums,
    /// What one success takes: its size, or the middle of its sizes.
    Event,
    /// The size that is exceeded within the horizon with the tolerated probability.
    Tail,
    /// What the promise met at this moment of a simulated path.
    Drawn,
    /// What leaves through the rate limit until the pause.
    RateLimited,
    /// Everything that becomes final before the offence is settled.
    Window,
    /// What a short sale brings beside the take.
    Short,
    /// What reordering and censoring brings.
    Reordering,
    /// Ransom, or what a competitor pays.
    Ransom,
    /// What the same operators get at other services, less what they lose there.
    Elsewhere,
    /// The largest take with everything beside it.
    Everything,
    /// The best attack, all that can be done on any day, and the others at their middle size.
    Joint,
}

/// Which side of the comparison a kind is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Cost of corruption.
    Cost,
    /// Profit from corruption.
    Profit,
}

impl Kind {
    /// Cost or profit.
    #[must_use]
    pub fn side(self) -> Side {
        match self {
            Self::Event
            | Self::Tail
            | Self::Drawn
            | Self::RateLimited
            | Self::Window
            | Self::Short
            | Self::Reordering
            | Self::Ransom
            | Self::Elsewhere
            | Self::Everything
            | Self::Joint => Side::Profit,
            _ => Side::Cost,
        }
    }
}

/// One number of the comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// What it counts.
    pub kind: Kind,
    /// USD; for a cost the certified lower bound of its cheapest coalition.
    pub usd: f64,
    /// Entities in the cheapest coalition; zero where there is none to name.
    pub entities: usize,
    /// By what share the true cost may be above [`Self::usd`]: zero is exact.
    pub gap: f64,
    /// Whether an adversary can have it: only these compete for the lowest cost and the largest
    /// profit.
    pub credible: bool,
}

/// Which attack a ledger is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// One attack of the model, by index.
    Attack(usize),
    /// One attack of the model, by index, and other services by the same coalition.
    Across(usize),
    /// All attacks at once, by one coalition that is punished for all and loses its business once.
    Joint,
}

/// Costs and profits of one attack at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ledger {
    /// The attack.
    pub scope: Scope,
    /// Other services that the same coalition takes, by index; empty but for [`Scope::Across`].
    pub services: Vec<usize>,
    /// Every cost and every profit that the model has something to say about.
    pub lines: Vec<Line>,
    /// Index of the lowest credible cost.
    pub lowest_cost: usize,
    /// Index of the largest credible profit.
    pub largest_profit: usize,
    /// What users lose, and whether redistributed slashes cover it.
    pub safety: Safety,
    /// Harm to users, USD.
    pub harm_usd: f64,
}

impl Ledger {
    /// The lowest credible cost.
    #[must_use]
    pub fn cost(&self) -> &Line {
        &self.lines[self.lowest_cost]
    }

    /// The largest credible profit.
    #[must_use]
    pub fn profit(&self) -> &Line {
        &self.lines[self.largest_profit]
    }

    /// The line of a kind, if the model has one.
    #[must_use]
    pub fn line(&self, kind: Kind) -> Option<&Line> {
        self.lines.iter().find(|line| line.kind == kind)
    }

    /// ln(C/Π) of the deciding pair: below zero, corruption pays.
    #[must_use]
    pub fn log_margin(&self) -> f64 {
        let (cost, profit) = (self.cost().usd, self.profit().usd);
        if profit <= 0.0 {
            f64::INFINITY
        } else if cost <= 0.0 {
            f64::NEG_INFINITY
        } else {
            libm::log(cost / profit)
        }
    }
}

/// The comparison at one moment: a ledger for each attack, one for each with other services where
/// they have coalitions of their own, and one for all attacks together when there are several.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The ledgers, in the order of the model's attacks; the joint one last.
    pub ledgers: Vec<Ledger>,
    /// Index of the ledger with the smallest margin.
    pub deciding: usize,
}

impl Comparison {
    /// The ledger with the smallest margin.
    #[must_use]
    pub fn deciding(&self) -> &Ledger {
        &self.ledgers[self.deciding]
    }
}

/// Compares all costs and profits of a design at one moment.
///
/// # Panics
/// If the design admits no operator or the moment has not one price an asset.
#[must_use]
pub fn compare(
    model: &Model,
    parameters: &Parameters,
    moment: &Moment,
    effort: Effort,
) -> Comparison {
    let plan = sim::compile(model, parameters);
    compare_compiled(model, parameters, &plan, moment, effort)
}

fn compare_compiled(
    model: &Model,
    parameters: &Parameters,
    plan: &Plan,
    moment: &Moment,
    effort: Effort,
) -> Comparison {
    let holders = cost::Holders::at(model, plan, &moment.price_usd);
    let markets = trade::Markets::of(model);
    // A service that sells cover pays no more than it sold.
    let sold = model
        .insurance
        .map_or(f64::INFINITY, |insurance| insurance.cover.get());
    let mut ledgers: Vec<Ledger> = (0..plan.attacks.len())
        .map(|index| {
            let punished = punished::Punished::of(model, parameters, index);
            let profits = profit::lines(model, parameters, plan, index, moment);
            let harm = profit::harm_usd(&model.value.attacks[index], &profits);
            let costs = cost::lines(&holders, &markets, &punished, effort);
            let covered = covered_usd(&holders, &punished, &costs, sold, effort);
            ledger(Scope::Attack(index), costs, profits, covered, harm)
        })
        .collect();
    let alone = ledgers.len();
    let across = across::ledgers(model, parameters, plan, moment, &ledgers, effort);
    if alone > 1 {
        let punished = punished::Punished::together(model, parameters);
        let profits = vec![profit::line(
            Kind::Joint,
            profit::joint_usd(model, plan, &ledgers),
        )];
        let harm: f64 = ledgers.iter().map(|ledger| ledger.harm_usd).sum();
        let costs = cost::lines(&holders, &markets, &punished, effort);
        let covered = covered_usd(&holders, &punished, &costs, sold, effort);
        ledgers.push(ledger(Scope::Joint, costs, profits, covered, harm));
    }
    // All attacks together stay last.
    ledgers.splice(alone..alone, across);
    let deciding = (0..ledgers.len())
        .min_by(|&a, &b| ledgers[a].log_margin().total_cmp(&ledgers[b].log_margin()))
        .expect("a model has at least one attack");
    Comparison { ledgers, deciding }
}

/// What is expected to be slashed of the cheapest coalition, USD.
fn landed_usd(lines: &[Line]) -> f64 {
    lines
        .iter()
        .find(|line| line.kind == Kind::Probabilistic)
        .map_or(0.0, |line| line.usd)
}

/// What redistributed slashes pay those harmed, USD.
fn covered_usd(
    holders: &cost::Holders,
    punished: &punished::Punished,
    costs: &[Line],
    sold_usd: f64,
    effort: Effort,
) -> f64 {
    cost::passed_on_usd(holders, punished, landed_usd(costs), effort).min(sold_usd)
}

fn ledger(
    scope: Scope,
    mut lines: Vec<Line>,
    profits: Vec<Line>,
    covered: f64,
    harm_usd: f64,
) -> Ledger {
    lines.extend(profits);
    let extreme = |side: Side, better: fn(f64, f64) -> bool| {
        let mut found: Option<usize> = None;
        for (index, line) in lines.iter().enumerate() {
            let candidate = line.credible && line.kind.side() == side;
            if candidate && found.is_none_or(|best| better(line.usd, lines[best].usd)) {
                found = Some(index);
            }
        }
        found.expect("every ledger has a credible cost and a credible profit")
    };
    let lowest_cost = extreme(Side::Cost, |new, best| new < best);
    let largest_profit = extreme(Side::Profit, |new, best| new > best);
    let landed = landed_usd(&lines);
    let mut safety = Safety::of(landed, lines[largest_profit].usd, harm_usd, 0.0);
    safety.plain = lines[lowest_cost].usd > lines[largest_profit].usd;
    safety.strong = covered >= harm_usd;
    safety.uncovered_usd = (harm_usd - covered).max(0.0);
    Ledger {
        scope,
        services: Vec::new(),
        lines,
        lowest_cost,
        largest_profit,
        safety,
        harm_usd,
    }
}
