//! Every cost and every profit of corruption, as a report tells them.
//!
//! The numbers are those of [`crate::assess::variants`]. What a row leads with is one state of the
//! market, the start; beside it stands how the row spreads over the worst moments of the certified
//! design's paths, each moment standing for an equal share of the paths.

use super::Subject;
use super::headline::used;
use crate::assess::variants::{
    Comparison, Kind, Ledger, Line, Moment, Scope, Side as Ledgers, compare, worst_moments,
};
use crate::economics::coalition::Effort;
use crate::report::findings::{Quantity, Side, Spread, Statement, Table, Unit, Value, Variant};
use crate::report::format;
use crate::sim::{self, Cost};
use crate::spec::model::{Deterrence, Model};
use crate::stats::quantile::quantile;
use rayon::prelude::*;

/// Worst moments that are compared: enough for the ends of a 90 % range.
const MOMENTS: usize = 21;

/// The comparison at the start and at the worst moments, worst first.
pub(super) struct Compared {
    start: Comparison,
    worst: Vec<Comparison>,
}

impl Compared {
    pub(super) fn of(subject: &Subject) -> Self {
        let (model, parameters) = (subject.model, &subject.recommendation.parameters);
        let cost = match model.target.deterrence {
            Deterrence::WholeStake => Cost::WholeStake,
            Deterrence::OperatorRational => Cost::OperatorRational,
        };
        let plan = sim::compile(model, parameters);
        let at = |moment: &Moment, effort| compare(model, parameters, moment, effort);
        let moments = worst_moments(&plan, subject.ensemble, cost, MOMENTS);
        Self {
            start: at(&Moment::start(model), Effort::INNER),
            worst: moments
                .par_iter()
                .map(|moment| at(moment, Effort::SKETCH))
                .collect(),
        }
    }

    /// The comparison at the prices of the start.
    pub(super) fn start(&self) -> &Comparison {
        &self.start
    }

    /// One kind over the worst moments, ascending. At a worst moment the tail of the sizes gives
    /// way to the size that the path met.
    fn over_moments(&self, scope: Scope, kind: Kind) -> Vec<f64> {
        let mut values: Vec<f64> = self
            .worst
            .iter()
            .filter_map(|moment| {
                let ledger = moment.ledgers.iter().find(|l| l.scope == scope)?;
                let met = || ledger.line(Kind::Drawn).filter(|_| kind == Kind::Tail);
                ledger.line(kind).or_else(met).map(|line| line.usd)
            })
            .collect();
        values.sort_by(f64::total_cmp);
        values
    }

    fn spread(&self, scope: Scope, kind: Kind) -> Option<Spread> {
        spread_of(&self.over_moments(scope, kind))
    }

    /// The deciding ledger; of a coalition for several services, that of its attack alone.
    fn alone(&self) -> &Ledger {
        let decisive = self.start.deciding();
        match decisive.scope {
            Scope::Across(attack) => &self.start.ledgers[attack],
            _ => decisive,
        }
    }

    /// The lowest credible cost and what stands beside it.
    pub(super) fn lowest_coc(&self, subject: &Subject) -> Option<Statement> {
        let ledger = self.alone();
        let cost = ledger.cost();
        let whole = ledger.line(Kind::Recaptured)?;
        let beside = if cost.usd < whole.usd {
            format!(
                "; with delegators' stake counted too, {}",
                format::usd(whole.usd)
            )
        } else {
            String::new()
        };
        let worst = self
            .spread(ledger.scope, cost.kind)
            .map_or_else(String::new, |worst| {
                format!(
                    "; at the worst moments of the paths {}, median {}",
                    format::between(worst.low, worst.high, Unit::Usd),
                    format::usd(worst.median)
                )
            });
        Some(Statement {
            head: name(cost.kind).to_owned(),
            text: format!("{} today{beside}{worst}", format::usd(cost.usd)),
            assumptions: rests_on(subject, cost.kind),
        })
    }

    /// The promise weighs each attack alone; one coalition may as well make all of them.
    pub(super) fn joint_warning(&self, subject: &Subject) -> Option<String> {
        let joint = self
            .start
            .ledgers
            .iter()
            .find(|l| l.scope == Scope::Joint)?;
        let kind = match subject.model.target.deterrence {
            Deterrence::WholeStake => Kind::Recaptured,
            Deterrence::OperatorRational => Kind::OperatorRational,
        };
        let (loses, gains) = (joint.line(kind)?.usd, joint.profit().usd);
        let alone = self
            .start
            .ledgers
            .iter()
            .filter(|ledger| matches!(ledger.scope, Scope::Attack(_)))
            .all(|ledger| {
                ledger
                    .line(kind)
                    .is_some_and(|line| line.usd > ledger.profit().usd)
            });
        (alone && gains > loses).then(|| {
            format!(
                "The promise weighs each attack alone. A coalition that makes all of them at once could gain {} at the start and would lose {}: this design does not hold against that.",
                format::usd(gains),
                format::usd(loses)
            )
        })
    }

    /// The ledger of the deciding attack, line by line; then all attacks together, and the harm.
    pub(super) fn variants(&self, subject: &Subject) -> Vec<Variant> {
        let decisive = self.start.deciding();
        // An attack that also takes other services is shown beside the attack alone.
        let ledger = self.alone();
        let mut variants = self.of_ledger(subject, ledger, "");
        for across in &self.start.ledgers {
            if !matches!(across.scope, Scope::Across(_)) {
                continue;
            }
            let prefix = format!("{}: ", attack_name(subject.model, across));
            for line in [across.cost(), across.profit()] {
                let side = match line.kind.side() {
                    Ledgers::Cost => name(line.kind),
                    Ledgers::Profit => "what all of them bring",
                };
                variants.push(Variant {
                    name: format!("{prefix}{side}"),
                    deciding: std::ptr::eq(across, decisive),
                    promised: false,
                    formula: across_formula(line),
                    ..self.variant(subject, across, line, &prefix)
                });
            }
        }
        if !std::ptr::eq(ledger, decisive) {
            let shown = ledger.lines.len();
            for variant in &mut variants[..shown] {
                variant.deciding = false;
            }
        }
        let together = self.start.ledgers.iter().find(|l| l.scope == Scope::Joint);
        if let Some(joint) = together
            && ledger.scope != Scope::Joint
        {
            for line in [joint.cost(), joint.profit()] {
                variants.push(Variant {
                    deciding: false,
                    promised: false,
                    ..self.variant(subject, joint, line, "all attacks at once: ")
                });
            }
        }
        // Where all at once decide, what each attack brings is shown too.
        if ledger.scope == Scope::Joint {
            for other in &self.start.ledgers {
                let Scope::Attack(index) = other.scope else {
                    continue;
                };
                let prefix = format!("{}: ", subject.model.value.attacks[index].name);
                let profits = other.lines.iter();
                for line in profits.filter(|line| line.kind.side() == Ledgers::Profit) {
                    variants.push(Variant {
                        deciding: false,
                        ..self.variant(subject, other, line, &prefix)
                    });
                }
            }
        }
        // Costs first, profits after them.
        variants.sort_by_key(|variant| variant.side == Side::Profit);
        variants.push(Variant {
            id: "H".to_owned(),
            name: "harm to users".to_owned(),
            side: Side::Profit,
            value: Value::from(Quantity::exact(ledger.harm_usd, Unit::Usd)),
            worst: self.harm(ledger.scope),
            promised: false,
            formula: if ledger.safety.strong {
                "redistributed slashes cover it: strongly safe today".to_owned()
            } else {
                format!(
                    "redistributed slashes leave {} of it uncovered: not strongly safe",
                    format::usd(ledger.safety.uncovered_usd)
                )
            },
            deciding: false,
            assumptions: used(subject, &["A-value", "A-burned"]),
        });
        variants
    }

    fn harm(&self, scope: Scope) -> Option<Spread> {
        let ledger_of = |moment: &Comparison| {
            let found = moment.ledgers.iter().find(|l| l.scope == scope)?;
            Some(found.harm_usd)
        };
        let mut values: Vec<f64> = self.worst.iter().filter_map(ledger_of).collect();
        values.sort_by(f64::total_cmp);
        spread_of(&values)
    }

    fn of_ledger(&self, subject: &Subject, ledger: &Ledger, prefix: &str) -> Vec<Variant> {
        ledger
            .lines
            .iter()
            .map(|line| self.variant(subject, ledger, line, prefix))
            .collect()
    }

    fn variant(&self, subject: &Subject, ledger: &Ledger, line: &Line, prefix: &str) -> Variant {
        let deciding = std::ptr::eq(line, ledger.cost()) || std::ptr::eq(line, ledger.profit());
        Variant {
            id: id(line.kind).to_owned(),
            name: format!("{prefix}{}", name(line.kind)),
            side: match line.kind.side() {
                Ledgers::Cost => Side::Cost,
                Ledgers::Profit => Side::Profit,
            },
            value: Value::from(Quantity::exact(line.usd, Unit::Usd)),
            worst: self.spread(ledger.scope, line.kind),
            formula: formula(subject.model, ledger.scope, line),
            deciding,
            promised: line.kind == promised(subject.model),
            assumptions: rests_on(subject, line.kind),
        }
    }

    /// Attack by attack: what decides today, and how often it would hold at the worst moments.
    pub(super) fn tables(&self, subject: &Subject) -> Vec<Table> {
        let rows = self
            .start
            .ledgers
            .iter()
            .enumerate()
            .map(|(index, ledger)| {
                let decides = index == self.start.deciding;
                let mut cells = row(subject.model, ledger, decides);
                cells.push(self.holds(ledger.scope, |ledger| ledger.safety.plain));
                cells.push(self.holds(ledger.scope, |ledger| ledger.safety.strong));
                cells
            })
            .collect();
        vec![Table {
            title: "Every attack, plain and strong safety".to_owned(),
            caption: "Today's prices. Plain: the lowest credible cost is above the largest credible \
                      profit. Strong: what is slashed and redistributed covers what users lose. The \
                      last columns count at how many of the worst moments of the paths each holds."
                .to_owned(),
            columns: [
                "attack",
                "lowest credible cost",
                "largest credible profit",
                "harm",
                "plain",
                "strong",
                "plain at worst",
                "strong at worst",
            ]
            .map(str::to_owned)
            .to_vec(),
            rows,
        }]
    }

    /// "3 of 21": at how many of the worst moments something holds.
    fn holds(&self, scope: Scope, holds: fn(&Ledger) -> bool) -> String {
        if self.worst.is_empty() {
            return "not met".to_owned();
        }
        let at = |moment: &&Comparison| moment.ledgers.iter().any(|l| l.scope == scope && holds(l));
        let count = self.worst.iter().filter(at).count();
        format!("{count} of {}", self.worst.len())
    }
}

/// How values spread, which must ascend; none of fewer than two.
fn spread_of(values: &[f64]) -> Option<Spread> {
    (values.len() > 1).then(|| Spread {
        low: quantile(values, 0.05),
        median: quantile(values, 0.5),
        high: quantile(values, 0.95),
        moments: values.len() as u64,
    })
}

/// Slashes that return more to the attacker than operators own of what is slashed.
pub(super) fn paying_slashes(model: &Model) -> impl Iterator<Item = String> + '_ {
    let own = model.operators.own_share.get();
    model
        .slashing
        .offences
        .iter()
        .filter(move |offence| offence.recaptured.get() > own && offence.slash.high().get() > 0.0)
        .map(move |offence| {
            format!(
                "A slash for {} returns {} of it to the attacker, and operators own {} of what is slashed: whoever shares the recipient gains by being slashed, with delegators' stake. Only lost business deters them. Choose a recipient that no operator shares, or burn.",
                offence.name,
                format::share(offence.recaptured.get()),
                format::share(own)
            )
        })
}

/// What a ledger is about.
fn attack_name(model: &Model, ledger: &Ledger) -> String {
    match ledger.scope {
        Scope::Attack(index) => model.value.attacks[index].name.clone(),
        Scope::Across(index) => {
            let others: Vec<&str> = ledger
                .services
                .iter()
                .map(|&service| model.value.elsewhere[service].name.as_str())
                .collect();
            format!(
                "{} with {}",
                model.value.attacks[index].name,
                others.join(" and ")
            )
        }
        Scope::Joint => "all at once".to_owned(),
    }
}

/// How a line of a coalition for several services is counted.
fn across_formula(line: &Line) -> String {
    let mut text = match line.kind.side() {
        Ledgers::Cost => "cheapest coalition with the votes of every service taken: each slash on \
             whoever joins there, stake that is the same lost once, business lost once"
            .to_owned(),
        Ledgers::Profit => {
            "the attack with everything beside it, and the other services' prizes".to_owned()
        }
    };
    if line.gap > 1e-9 {
        text.push_str(&format!(", at most {} above", format::share(line.gap)));
    }
    text
}

fn row(model: &Model, ledger: &Ledger, decides: bool) -> Vec<String> {
    let said = |line: &Line| {
        let across = matches!(ledger.scope, Scope::Across(_));
        let kind = match line.kind {
            Kind::Joint if across => "all of them",
            kind => name(kind),
        };
        format!("{} ({kind})", format::usd(line.usd))
    };
    let attack = attack_name(model, ledger);
    vec![
        if decides {
            format!("{attack} (decides)")
        } else {
            attack
        },
        said(ledger.cost()),
        said(ledger.profit()),
        format::usd(ledger.harm_usd),
        if ledger.safety.plain {
            "safe"
        } else {
            "not safe"
        }
        .to_owned(),
        if ledger.safety.strong {
            "covered".to_owned()
        } else {
            format!("{} uncovered", format::usd(ledger.safety.uncovered_usd))
        },
    ]
}

fn id(kind: Kind) -> &'static str {
    match kind {
        Kind::Naive => "C0",
        Kind::WholeStake => "C1",
        Kind::OperatorRational => "C2",
        Kind::Briber => "C3",
        Kind::Seller => "C4a",
        Kind::Acquirer => "C4b",
        Kind::Collapse => "C4c",
        Kind::Probabilistic => "C5",
        Kind::Recaptured => "C6",
        Kind::Escape => "C7",
        Kind::Quorums => "C8",
        Kind::Event => "P1",
        Kind::Tail | Kind::Drawn => "P2",
        Kind::RateLimited => "P3",
        Kind::Window => "P4",
        Kind::Short => "P5",
        Kind::Reordering => "P6",
        Kind::Ransom => "P7",
        Kind::Joint => "P8",
        Kind::Elsewhere => "P9",
        Kind::Everything => "P",
    }
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Naive => "all stake",
        Kind::WholeStake => "cheapest coalition's stake",
        Kind::OperatorRational => "operator-rational",
        Kind::Briber => "briber's minimum",
        Kind::Seller => "at what the stake would fetch",
        Kind::Acquirer => "buying the stake",
        Kind::Collapse => "with the fall of what is left",
        Kind::Probabilistic => "when the slash may not land",
        Kind::Recaptured => "less what returns to the attacker",
        Kind::Escape => "with the exit already queued",
        Kind::Quorums => "every quorum corrupted",
        Kind::Event => "one event",
        Kind::Tail => "one event in the tail, capped",
        Kind::Drawn => "the event met at the worst moment, capped",
        Kind::RateLimited => "through the rate limit until the pause",
        Kind::Window => "all that is final inside the dispute",
        Kind::Short => "short sale",
        Kind::Reordering => "reordering and censoring",
        Kind::Ransom => "ransom",
        Kind::Elsewhere => "other services of the same operators",
        Kind::Everything => "everything of one attack",
        Kind::Joint => "all attacks at once",
    }
}

fn formula(model: &Model, scope: Scope, line: &Line) -> String {
    let words = match line.kind {
        Kind::Naive => "all slashable stake: no attacker needs it all, so it secures nothing",
        Kind::WholeStake => "slash × stake of the cheapest coalition that reaches the threshold",
        Kind::OperatorRational => {
            "slash that lands on operators' own stake, and the business that each loses once"
        }
        Kind::Briber => {
            "each vote at its price: its share of the slash, its business, and its loss when the \
             attack succeeds times the chance that it decides"
        }
        Kind::Seller => {
            "C6 with the stake at what it would fetch if its holders sold it instead: each asset \
             less two thirds of its price impact, by the square-root law"
        }
        Kind::Acquirer => {
            "purchase with its price impact, and the cost of the money until the stake can leave, \
             less the resale of what the slash leaves"
        }
        Kind::Collapse => {
            "C6, and the fall of the price on what the slash leaves; whoever has hedged does not \
             lose it, so it never decides"
        }
        Kind::Probabilistic => "C1 × attributed × detected in time × not vetoed × executed",
        Kind::Recaptured => "C5 × (1 - share that returns to the attacker)",
        Kind::Escape if line.credible => {
            "C6 with the days to detect that are left after the exits were queued"
        }
        Kind::Escape => {
            "C6 if the exits had been queued 7 days before; the service is assumed not to count \
             stake that is about to leave"
        }
        Kind::Quorums if line.credible => "C6 of the cheapest coalition that corrupts every quorum",
        Kind::Quorums => "C6 if the threshold had to be reached in each asset; not this service",
        Kind::Event => "what one success takes, or the middle of its sizes",
        Kind::Tail => {
            "the size exceeded within the horizon with the tolerated probability, at most the \
             value at risk"
        }
        Kind::Drawn => "the size that the path met, at most the value at risk",
        Kind::RateLimited => "expected outflow until detection and pause, at most the value",
        Kind::Window if line.credible => {
            "value that becomes final until detection, dispute and veto are over, at most the \
             value at risk"
        }
        Kind::Window => "rate × (detection + dispute + veto), if nobody pauses",
        Kind::Short => {
            "notional × (drop - borrowing - fee), less the margin where a rise closes the position; \
             not opened when that is a loss"
        }
        Kind::Reordering => "what the model says that reordering and censoring brings",
        Kind::Ransom => "what the model says that is paid for the damage",
        Kind::Elsewhere => {
            "prizes less what is lost there, where that is positive; the business is lost once"
        }
        Kind::Everything => {
            "the largest take with the short, reordering, ransom and other services"
        }
        Kind::Joint => {
            "the largest take, every attack that is open on any day, and the others at their \
             middle size; the business is lost once"
        }
    };
    let mut text = words.to_owned();
    if line.entities > 0 {
        text.push_str(&format!(
            "; {} {}",
            format::whole(line.entities as u64),
            if line.entities == 1 {
                "entity"
            } else {
                "entities"
            }
        ));
    }
    if line.gap > 1e-9 {
        text.push_str(&format!(", at most {} above", format::share(line.gap)));
    }
    if line.kind == promised(model) {
        text.push_str("; the promise rests on this one");
        if !model.operators.quorums.is_empty() {
            text.push_str(", for all quorums together");
        }
        if scope == Scope::Joint {
            text.push_str(", attack by attack");
        }
    }
    text
}

/// The cost that the promise weighs.
fn promised(model: &Model) -> Kind {
    match model.target.deterrence {
        Deterrence::WholeStake if queues(model) => Kind::Escape,
        Deterrence::WholeStake => Kind::Recaptured,
        Deterrence::OperatorRational => Kind::OperatorRational,
    }
}

/// Whether some attack has exits queued before it.
fn queues(model: &Model) -> bool {
    model.value.attacks.iter().any(|a| a.queued.is_some())
}

fn rests_on(subject: &Subject, kind: Kind) -> Vec<String> {
    let prefixes: &[&str] = match kind {
        Kind::Naive | Kind::WholeStake => &["A-reconstructed", "A-entities"],
        Kind::OperatorRational => &["A-own-share", "A-franchise"],
        Kind::Briber => &[
            "A-own-share",
            "A-franchise",
            "A-bribed",
            "A-evidence",
            "A-falls",
        ],
        Kind::Quorums => &["A-entities"],
        Kind::Seller => &["A-daily-volume", "A-impact"],
        Kind::Acquirer => &["A-daily-volume", "A-impact", "A-acquirer", "A-falls"],
        Kind::Collapse => &["A-falls"],
        Kind::Probabilistic => &["A-attributable", "A-executes"],
        Kind::Escape => &["A-queued", "A-attributable", "A-executes"],
        Kind::Recaptured => &["A-recaptured", "A-burned"],
        Kind::Event | Kind::Tail | Kind::Drawn | Kind::RateLimited | Kind::Window => {
            &["A-value", "A-cap"]
        }
        Kind::Short => &["A-short"],
        Kind::Reordering | Kind::Ransom => &[],
        Kind::Elsewhere => &["A-elsewhere"],
        Kind::Everything => &["A-value", "A-cap", "A-short", "A-elsewhere"],
        Kind::Joint => &["A-value", "A-cap", "A-standing"],
    };
    used(subject, prefixes)
}
