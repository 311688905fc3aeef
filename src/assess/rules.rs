//! What each slash rule buys: the same design with one knob turned, on the same market and on
//! the same random numbers.
//!
//! A knob that the model uses is taken away or weakened; one that it does not use is added. The
//! closed pieces (every cost, every profit, the uncovered harm) are compared at one moment; the
//! stake that the same paths would need is compared path by path on common random numbers. What
//! a knob costs is a matter of the budget and belongs to whoever prices designs.

use super::variants::{Comparison, Kind, Moment, Scope, compare};
use crate::economics::coalition::Effort;
use crate::sim::{self, Cost, Ensemble, Plan, Progress, Record};
use crate::spec::Parameters;
use crate::spec::model::{
    AssetSlash, Choice, Detection, Deterrence, Evidence, Extraction, Insurance, Model, Offence,
    Verification, Veto,
};
use crate::spec::parameters::OffenceRule;
use crate::stats::quantile::quantile;
use crate::units::{Days, Share, Usd};
use serde::Serialize;

/// A part of the slash rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Knob {
    /// Share of the stake that an offence costs.
    Slash,
    /// Share of one asset that an offence costs, where it is not that of the others.
    SlashByAsset,
    /// Time or probability of detection.
    Detection,
    /// Time to dispute.
    Dispute,
    /// Veto committee.
    Veto,
    /// Share of the slash that goes to those harmed.
    Redistribution,
    /// Rate limit on what an attack takes.
    RateLimit,
    /// Share of the quorum that an attacker needs.
    Threshold,
    /// Share of its stake that an operator owns itself.
    OwnStake,
    /// Penalty that grows with the share that is at fault.
    Correlation,
    /// How a wrong vote is told from a right one.
    Evidence,
    /// Who receives what is redistributed.
    Recipient,
    /// Cap on what one event takes.
    PerEvent,
    /// Stake of its own that an operator must put behind the service.
    OwnMinimum,
    /// Time that rewards stay slashable.
    Vesting,
    /// Cover that is sold to users.
    Insurance,
}

/// What is done with a knob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// The model has it; the trial takes it away or weakens it.
    Weakened,
    /// The model does not have it; the trial adds it.
    Added,
    /// It cannot be turned, and this is why; the trial is the design itself.
    Refused(&'static str),
}

/// A setting, for a reader to write in its unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// A share of one.
    Share(f64),
    /// A share of one of what is held of an asset.
    ShareOf(f64, &'static str),
    /// Days.
    Days(f64),
    /// USD a day.
    UsdPerDay(f64),
    /// USD.
    Usd(f64),
    /// A plain factor.
    Factor(f64),
    /// A word.
    Word(&'static str),
    /// Not there.
    None,
}

/// One knob, turned.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// Which.
    pub knob: Knob,
    /// Index of the offence that it belongs to, if any.
    pub offence: Option<usize>,
    /// Taken away or added.
    pub turn: Turn,
    /// As the design has it.
    pub from: Setting,
    /// As it is tried.
    pub to: Setting,
    /// The model of the trial.
    pub model: Model,
    /// The design of the trial.
    pub parameters: Parameters,
}

/// What turning a knob does; each pair is (design, trial).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Effect {
    /// Lowest credible cost of the attack that the knob is about, USD.
    pub lowest_cost_usd: (f64, f64),
    /// What the whole stake of its coalition is expected to lose for good, USD.
    pub burned_usd: (f64, f64),
    /// What its operators lose themselves, USD.
    pub operators_usd: (f64, f64),
    /// What its votes cost to buy, USD.
    pub bribe_usd: (f64, f64),
    /// Largest credible profit of that attack, USD.
    pub profit_usd: (f64, f64),
    /// Harm to users that redistributed slashes do not cover, USD.
    pub uncovered_usd: (f64, f64),
    /// Stake that keeps nineteen paths of twenty secure within the horizon, trial over design;
    /// `None` where either would need no stake, or no stake is enough.
    pub stake_ratio: Option<f64>,
}

/// Redistributed share that a trial adds where the assets allow it.
const REDISTRIBUTED_TRIED: f64 = 0.5;
/// Share of paths that the compared stakes keep secure.
const SECURE: f64 = 0.95;

/// Every knob of the slash rule, turned once.
#[must_use]
pub fn trials(model: &Model, design: &Parameters) -> Vec<Trial> {
    let mut trials = Vec::new();
    let committed = |index: usize| model.value.attacks.iter().any(|a| a.offence == index);
    for index in (0..model.slashing.offences.len()).filter(|&index| committed(index)) {
        offence_trials(model, design, index, &mut trials);
    }
    set_trials(model, design, &mut trials);
    trials
}

fn offence_trials(model: &Model, design: &Parameters, index: usize, trials: &mut Vec<Trial>) {
    let offence = &model.slashing.offences[index];
    let rule = design.offences[index];
    let mut add = |knob, turn, from, to, change: &dyn Fn(&mut Model, &mut OffenceRule)| {
        let (mut changed, mut parameters) = (model.clone(), design.clone());
        change(&mut changed, &mut parameters.offences[index]);
        trials.push(Trial {
            knob,
            offence: Some(index),
            turn,
            from,
            to,
            model: changed,
            parameters,
        });
    };
    let slash = rule.slash.get();
    add(
        Knob::Slash,
        Turn::Weakened,
        Setting::Share(slash),
        Setting::Share(0.5 * slash),
        &|model, rule| {
            rule.slash = Share(0.5 * slash);
            for own in &mut model.slashing.offences[index].slash_by_asset {
                own.slash = Share(0.5 * own.slash.get());
            }
        },
    );
    by_asset(model, design, index, &mut add);
    let (from, to, slower) = match offence.detection {
        Detection::Probability(p) => (
            Setting::Share(p.get()),
            Setting::Share(0.5 * p.get()),
            Detection::Probability(Share(0.5 * p.get())),
        ),
        Detection::Exponential { mean } => (
            Setting::Days(mean.get()),
            Setting::Days(2.0 * mean.get()),
            Detection::Exponential {
                mean: Days(2.0 * mean.get()),
            },
        ),
    };
    add(Knob::Detection, Turn::Weakened, from, to, &|model, _| {
        model.slashing.offences[index].detection = slower;
    });
    let dispute = rule.dispute.get();
    if dispute > 0.0 {
        add(
            Knob::Dispute,
            Turn::Weakened,
            Setting::Days(dispute),
            Setting::Days(0.0),
            &|_, rule| rule.dispute = Days(0.0),
        );
    }
    match offence.veto {
        Some(_) => add(
            Knob::Veto,
            Turn::Weakened,
            Setting::Days(rule.veto.get()),
            Setting::None,
            &|model, rule| {
                model.slashing.offences[index].veto = None;
                rule.veto = Days(0.0);
            },
        ),
        None => add(
            Knob::Veto,
            Turn::Added,
            Setting::None,
            Setting::Days(1.0),
            &|model, rule| {
                model.slashing.offences[index].veto = Some(Veto {
                    window: Choice::Fixed(Days(1.0)),
                    probability: Share(0.02),
                });
                rule.veto = Days(1.0);
            },
        ),
    }
    redistribution(model, index, &mut add);
    correlation(model, index, &mut add);
    evidence(model, index, &mut add);
}

/// One fraction for all assets, where some have their own; or half of it for the asset that loses
/// most of its price on the news, which deters least.
fn by_asset(model: &Model, design: &Parameters, index: usize, add: &mut Add) {
    let slash = design.offences[index].slash;
    let own = &model.slashing.offences[index].slash_by_asset;
    if !own.is_empty() {
        let held = design.held_usd(model);
        let mean = design.slashed(model, index).mean(&held).get();
        add(
            Knob::SlashByAsset,
            Turn::Weakened,
            Setting::Share(mean),
            Setting::Share(slash.get()),
            &|model, _| model.slashing.offences[index].slash_by_asset.clear(),
        );
        return;
    }
    let held = design.held_usd(model);
    let assets = model.market.assets.iter().zip(&held);
    let held: Vec<_> = assets.filter(|(_, usd)| **usd > 0.0).collect();
    if held.len() < 2 {
        return;
    }
    let tried = held.iter().max_by(|a, b| {
        let falls = a.0.falls.get().total_cmp(&b.0.falls.get());
        falls.then(a.1.total_cmp(b.1))
    });
    let symbol = tried.map_or_else(String::new, |(asset, _)| asset.symbol.clone());
    let half = Share(0.5 * slash.get());
    add(
        Knob::SlashByAsset,
        Turn::Added,
        Setting::None,
        Setting::ShareOf(half.get(), asset_word(&symbol)),
        &|model, _| {
            model.slashing.offences[index].slash_by_asset = vec![AssetSlash {
                symbol: symbol.clone(),
                slash: half,
            }];
        },
    );
}

/// The symbol of an asset as a word that outlives its model.
fn asset_word(symbol: &str) -> &'static str {
    let known = ["ETH", "LST", "EIGEN", "BTC", "TOKEN", "OWN"];
    known
        .into_iter()
        .find(|word| *word == symbol)
        .unwrap_or("one asset")
}

/// Factor of the penalty that a trial adds: that of Ethereum's beacon chain.
const CORRELATED_TRIED: f64 = 3.0;

/// A penalty that grows with how many are at fault, or a flat one.
fn correlation(model: &Model, index: usize, add: &mut Add) {
    match model.slashing.offences[index].correlated {
        Some(factor) => add(
            Knob::Correlation,
            Turn::Weakened,
            Setting::Factor(factor),
            Setting::None,
            &|model, _| model.slashing.offences[index].correlated = None,
        ),
        None => add(
            Knob::Correlation,
            Turn::Added,
            Setting::None,
            Setting::Factor(CORRELATED_TRIED),
            &|model, _| model.slashing.offences[index].correlated = Some(CORRELATED_TRIED),
        ),
    }
}

/// Somebody above the quorum, where the quorum is what signs.
fn evidence(model: &Model, index: usize, add: &mut Add) {
    let asked = matches!(
        model.service.verification,
        Verification::Quorum | Verification::Intersubjective
    );
    match model.slashing.offences[index].evidence {
        Evidence::Provable if asked => add(
            Knob::Evidence,
            Turn::Weakened,
            Setting::Word("provable"),
            Setting::Word("majority"),
            &|model, _| model.slashing.offences[index].evidence = Evidence::Majority,
        ),
        Evidence::Provable => {}
        Evidence::Majority => add(
            Knob::Evidence,
            Turn::Added,
            Setting::Word("majority"),
            Setting::Word("provable"),
            &|model, _| model.slashing.offences[index].evidence = Evidence::Provable,
        ),
    }
}

type SetAdd<'a> =
    dyn FnMut(Knob, Turn, Setting, Setting, &dyn Fn(&mut Model, &mut Parameters)) + 'a;
type Add<'a> = dyn FnMut(Knob, Turn, Setting, Setting, &dyn Fn(&mut Model, &mut OffenceRule)) + 'a;

/// Redistribution, which the protocol refuses to native ETH and EIGEN (ELIP-006).
fn redistribution(model: &Model, index: usize, add: &mut Add) {
    const BURNED: &str = "slashes are burned";
    let given = model.slashing.offences[index].redistributed.get();
    if given > 0.0 {
        add(
            Knob::Redistribution,
            Turn::Weakened,
            Setting::Share(given),
            Setting::Share(0.0),
            &|model, _| {
                model.slashing.offences[index].redistributed = Share(0.0);
                model.slashing.offences[index].recaptured = Share(0.0);
            },
        );
        let back = model.slashing.offences[index].recaptured.get();
        if back < given {
            add(
                Knob::Recipient,
                Turn::Weakened,
                Setting::Share(back),
                Setting::Share(given),
                &|model, _| model.slashing.offences[index].recaptured = Share(given),
            );
        }
        return;
    }
    let refused = |symbol: &str| matches!(symbol, "ETH" | "EIGEN");
    if model.market.assets.iter().any(|a| refused(&a.symbol)) {
        let why = "the protocol redistributes no native ETH and no EIGEN (ELIP-006)";
        for (knob, why) in [(Knob::Redistribution, why), (Knob::Recipient, BURNED)] {
            let now = Setting::Share(0.0);
            add(knob, Turn::Refused(why), now, now, &|_, _| ());
        }
    } else {
        add(
            Knob::Redistribution,
            Turn::Added,
            Setting::Share(0.0),
            Setting::Share(REDISTRIBUTED_TRIED),
            &|model, _| {
                model.slashing.offences[index].redistributed = Share(REDISTRIBUTED_TRIED);
            },
        );
        // And if whoever receives it is the attacker.
        add(
            Knob::Recipient,
            Turn::Added,
            Setting::Word(BURNED),
            Setting::Share(REDISTRIBUTED_TRIED),
            &|model, _| {
                model.slashing.offences[index].redistributed = Share(REDISTRIBUTED_TRIED);
                model.slashing.offences[index].recaptured = Share(REDISTRIBUTED_TRIED);
            },
        );
    }
}

/// Share of the value at risk for which a trial sells cover.
const COVER_TRIED: f64 = 0.05;

/// Half of the cover that is sold; or some, where slashes are passed on to pay for it.
fn insurance(model: &Model, add: &mut SetAdd) {
    let passed_on = |o: &Offence| o.redistributed.get() > o.recaptured.get();
    match model.insurance {
        Some(sold) => add(
            Knob::Insurance,
            Turn::Weakened,
            Setting::Usd(sold.cover.get()),
            Setting::Usd(0.5 * sold.cover.get()),
            &|model, _| {
                model.insurance = Some(Insurance {
                    cover: Usd(0.5 * sold.cover.get()),
                    ..sold
                });
            },
        ),
        None if model.slashing.offences.iter().any(passed_on) => {
            let cover = Usd(COVER_TRIED * model.value.at_risk.start.get());
            add(
                Knob::Insurance,
                Turn::Added,
                Setting::None,
                Setting::Usd(cover.get()),
                &|model, _| model.insurance = Some(Insurance::of(cover)),
            );
        }
        None => add(
            Knob::Insurance,
            Turn::Refused("cover is paid out of slashes that are passed on, and these are burned"),
            Setting::None,
            Setting::None,
            &|_, _| (),
        ),
    }
}

/// Share of the value at risk that a trial lets leave in one event.
const PER_EVENT_TRIED: f64 = 0.05;
/// Least stake of its own that a trial asks of an operator, USD: that of three Ethereum validators.
const OWN_MINIMUM_TRIED: f64 = 250_000.0;
/// Days that a trial lets rewards stay slashable.
const VESTING_TRIED: f64 = 180.0;

/// Twice what the largest operator owns anyway, so that the trial asks something of everybody: two
/// digits are enough for a trial.
fn own_minimum_tried(model: &Model, design: &Parameters) -> f64 {
    let admitted = design.admitted(model);
    let largest = admitted.iter().map(|o| o.stake.get()).fold(0.0, f64::max);
    let twice = 2.0 * model.operators.own_share.get() * largest;
    if twice <= OWN_MINIMUM_TRIED {
        return OWN_MINIMUM_TRIED;
    }
    let unit = libm::pow(10.0, libm::floor(libm::log10(twice)) - 1.0);
    libm::ceil(twice / unit) * unit
}

/// Knobs of the whole set.
fn set_trials(model: &Model, design: &Parameters, trials: &mut Vec<Trial>) {
    let mut add = |knob, turn, from, to, change: &dyn Fn(&mut Model, &mut Parameters)| {
        let (mut changed, mut parameters) = (model.clone(), design.clone());
        change(&mut changed, &mut parameters);
        trials.push(Trial {
            knob,
            offence: None,
            turn,
            from,
            to,
            model: changed,
            parameters,
        });
    };
    for (index, attack) in model.value.attacks.iter().enumerate() {
        if let Extraction::RateLimited { usd_per_day, .. } = attack.extraction {
            add(
                Knob::RateLimit,
                Turn::Weakened,
                Setting::UsdPerDay(usd_per_day),
                Setting::UsdPerDay(2.0 * usd_per_day),
                &|model, _| {
                    if let Extraction::RateLimited { usd_per_day, .. } =
                        &mut model.value.attacks[index].extraction
                    {
                        *usd_per_day *= 2.0;
                    }
                },
            );
        }
    }
    for (index, attack) in model.value.attacks.iter().enumerate() {
        if let Some(most) = attack.per_event {
            let twice = 2.0 * most.get();
            add(
                Knob::PerEvent,
                Turn::Weakened,
                Setting::Usd(most.get()),
                Setting::Usd(twice),
                &|model, _| model.value.attacks[index].per_event = Some(Usd(twice)),
            );
        }
    }
    if model.value.attacks.iter().all(|a| a.per_event.is_none()) {
        let most = PER_EVENT_TRIED * model.value.at_risk.start.get();
        add(
            Knob::PerEvent,
            Turn::Added,
            Setting::None,
            Setting::Usd(most),
            &|model, _| {
                for attack in &mut model.value.attacks {
                    attack.per_event = Some(Usd(most));
                }
            },
        );
    }
    let least = design.own_stake_minimum.get();
    if least > 0.0 {
        add(
            Knob::OwnMinimum,
            Turn::Weakened,
            Setting::Usd(least),
            Setting::None,
            &|_, parameters| parameters.own_stake_minimum = Usd(0.0),
        );
    } else {
        let asked = own_minimum_tried(model, design);
        add(
            Knob::OwnMinimum,
            Turn::Added,
            Setting::None,
            Setting::Usd(asked),
            &|_, parameters| parameters.own_stake_minimum = Usd(asked),
        );
    }
    let vesting = model.rewards.vesting.get();
    if vesting > 0.0 {
        add(
            Knob::Vesting,
            Turn::Weakened,
            Setting::Days(vesting),
            Setting::None,
            &|model, _| model.rewards.vesting = Days(0.0),
        );
    } else {
        add(
            Knob::Vesting,
            Turn::Added,
            Setting::None,
            Setting::Days(VESTING_TRIED),
            &|model, _| model.rewards.vesting = Days(VESTING_TRIED),
        );
    }
    insurance(model, &mut add);
    let threshold = design.threshold.get();
    add(
        Knob::Threshold,
        Turn::Weakened,
        Setting::Share(threshold),
        Setting::Share(0.9 * threshold),
        &|model, parameters| {
            parameters.threshold = Share(0.9 * threshold);
            for attack in &mut model.value.attacks {
                attack.threshold = attack.threshold.map(|own| Share(0.9 * own.get()));
            }
        },
    );
    let own = model.operators.own_share.get();
    if own > 0.0 {
        add(
            Knob::OwnStake,
            Turn::Weakened,
            Setting::Share(own),
            Setting::Share(0.5 * own),
            &|model, _| model.operators.own_share = Share(0.5 * own),
        );
    }
}

/// The design's side of every comparison, computed once.
pub struct Baseline<'a> {
    moment: &'a Moment,
    compared: Comparison,
    plan: Plan,
    cost: Cost,
    /// Whose random numbers are used again.
    ensemble: &'a Ensemble,
    paths: u64,
    scale: Option<f64>,
}

impl<'a> Baseline<'a> {
    /// The design at `moment`, and the stake that the first `paths` paths of `ensemble` need.
    #[must_use]
    pub fn of(
        model: &Model,
        design: &Parameters,
        moment: &'a Moment,
        ensemble: &'a Ensemble,
        paths: u64,
    ) -> Self {
        let plan = played(model, design);
        let cost = match model.target.deterrence {
            Deterrence::WholeStake => Cost::WholeStake,
            Deterrence::OperatorRational => Cost::OperatorRational,
        };
        let scale = critical_scale(&plan, cost, ensemble, paths);
        Self {
            moment,
            compared: compare(model, design, moment, Effort::INNER),
            plan,
            cost,
            ensemble,
            paths,
            scale,
        }
    }

    /// The ledger on which a trial shows: of the attacks that its offence punishes the one with the
    /// smallest margin; for a rule of the whole set, the one that decides.
    fn shown(&self, trial: &Trial) -> usize {
        // Of an attack that also takes other services, the attack alone has all its lines.
        let deciding = match self.compared.deciding().scope {
            Scope::Across(attack) => attack,
            _ => self.compared.deciding,
        };
        let Some(offence) = trial.offence else {
            return deciding;
        };
        let attacks = trial.model.value.attacks.iter().enumerate();
        attacks
            .filter(|(_, attack)| attack.offence == offence)
            .map(|(index, _)| (index, self.compared.ledgers[index].log_margin()))
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map_or(deciding, |(index, _)| index)
    }

    /// What a trial does to the attack that it is about.
    #[must_use]
    pub fn effect(&self, trial: &Trial) -> Effect {
        let other = compare(&trial.model, &trial.parameters, self.moment, Effort::INNER);
        let which = self.shown(trial);
        let (mine, theirs) = (&self.compared.ledgers[which], &other.ledgers[which]);
        let line = |kind: Kind| {
            let usd = |ledger: &super::variants::Ledger| ledger.line(kind).map_or(0.0, |l| l.usd);
            (usd(mine), usd(theirs))
        };
        let queues = |model: &Model| model.value.attacks.iter().any(|a| a.queued.is_some());
        let burned = if queues(&trial.model) {
            Kind::Escape
        } else {
            Kind::Recaptured
        };
        let plan = played(&trial.model, &trial.parameters);
        let stake_ratio = if plan == self.plan {
            Some(1.0)
        } else {
            let changed = critical_scale(&plan, self.cost, self.ensemble, self.paths);
            match (self.scale, changed) {
                (Some(from), Some(to)) => Some(to / from),
                _ => None,
            }
        };
        Effect {
            lowest_cost_usd: (mine.cost().usd, theirs.cost().usd),
            burned_usd: line(burned),
            operators_usd: line(Kind::OperatorRational),
            bribe_usd: line(Kind::Briber),
            profit_usd: (mine.profit().usd, theirs.profit().usd),
            uncovered_usd: (mine.safety.uncovered_usd, theirs.safety.uncovered_usd),
            stake_ratio,
        }
    }
}

/// The plan over the days of the promise alone.
fn played(model: &Model, parameters: &Parameters) -> Plan {
    let plan = sim::compile(model, parameters);
    Plan {
        days: plan.horizon_days,
        record: Record::Full,
        fan_days: Vec::new(),
        ..plan
    }
}

/// The multiple of the stake that keeps [`SECURE`] of the paths secure within the horizon.
fn critical_scale(plan: &Plan, cost: Cost, like: &Ensemble, paths: u64) -> Option<f64> {
    let range = like.first_path..like.first_path + paths;
    let ensemble = sim::simulate(plan, like.seed, range, &Progress::silent())?;
    let mut scales = ensemble.cost(cost)?.critical_scale_horizon.clone();
    scales.sort_by(f64::total_cmp);
    let scale = quantile(&scales, SECURE);
    (scale.is_finite() && scale > 0.0).then_some(scale)
}
