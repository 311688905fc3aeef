//! One incident, hour by hour, and those that follow from it.

use super::coalition::{Stake, cheapest};
use super::prices::{Prices, settled};
use super::{Detection, Extraction, Fate, Incident, IncidentPlan, Moment};
use crate::random::Stream;
use crate::sim::reference::known_profit;
use crate::sim::{Attack, When};

/// Hours of an incident at most: a year.
const MOST_HOURS: u32 = 24 * 365;
/// Days of an hour.
const HOUR: f64 = 1.0 / 24.0;
/// Attacks that follow at most: each takes a coalition out.
const MOST_FURTHER: u32 = 16;

/// Plays an incident to its end, on the random numbers of `stream`.
#[must_use]
pub fn play(plan: &IncidentPlan, moment: &Moment, stream: &mut Stream) -> Incident {
    let mut stake = Stake::of(plan);
    let attack = &plan.plan.attacks[moment.attack];
    let take = (moment.profit_usd - attack.extra_profit_usd).max(0.0);
    let mut scene = Scene {
        prices: moment.price_usd.clone(),
        value: moment.value_usd,
        attack: moment.attack,
        take,
        news: News::Unheard,
    };
    let first = strike(plan, &stake, &scene, stream);
    let mut incident = Incident {
        path: moment.path,
        day: moment.day,
        attack: moment.attack,
        fate: first.fate,
        detected_days: first.detected,
        stopped_days: first.stopped,
        slashed_days: first.slashed,
        paid_days: first.paid,
        extracted_usd: first.extracted_usd,
        harm_usd: attack.harm.of(first.extracted_usd),
        slashed_usd: first.slashed_usd,
        escaped_usd: first.escaped_usd,
        paid_usd: first.paid_usd,
        recaptured_usd: first.recaptured_usd,
        uninsured_usd: 0.0,
        staker_loss_usd: first.staker_loss_usd,
        markdown_usd: first.markdown_usd,
        price_fall: first.price_fall,
        spiral_gain: first.spiral_gain,
        further: 0,
    };
    // Those who asked to leave deter until the window ends: the next attacker waits for that.
    stake.leave(plan.leaving);
    let mut last = first;
    while incident.further < MOST_FURTHER {
        stake.remove(&last.taken);
        scene = Scene {
            prices: last.prices.clone(),
            value: scene.value - last.extracted_usd,
            news: News::Heard,
            ..scene
        };
        let Some((attack, take)) = invited(plan, &stake, &scene) else {
            break;
        };
        scene.attack = attack;
        scene.take = take;
        last = strike(plan, &stake, &scene, stream);
        incident.further += 1;
        incident.extracted_usd += last.extracted_usd;
        let next = &plan.plan.attacks[scene.attack];
        incident.harm_usd += next.harm.of(last.extracted_usd);
        incident.slashed_usd += last.slashed_usd;
        incident.escaped_usd += last.escaped_usd;
        incident.paid_usd += last.paid_usd;
        incident.recaptured_usd += last.recaptured_usd;
        incident.staker_loss_usd += last.staker_loss_usd;
    }
    // A service that sells cover pays no more than it sold, whatever was slashed.
    let sold = plan.plan.attacks[moment.attack].payout.most_usd;
    incident.paid_usd = incident.paid_usd.min(sold);
    incident.uninsured_usd = (incident.harm_usd - incident.paid_usd).max(0.0);
    incident
}

/// Whether the market has heard of the first attack already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum News {
    Unheard,
    Heard,
}

/// The state that an attack finds.
#[derive(Clone)]
struct Scene {
    prices: Vec<f64>,
    value: f64,
    attack: usize,
    take: f64,
    news: News,
}

/// One attack, played to its end.
struct Strike {
    fate: Fate,
    detected: f64,
    stopped: f64,
    slashed: f64,
    paid: f64,
    extracted_usd: f64,
    slashed_usd: f64,
    escaped_usd: f64,
    paid_usd: f64,
    recaptured_usd: f64,
    staker_loss_usd: f64,
    markdown_usd: f64,
    price_fall: f64,
    spiral_gain: f64,
    taken: Vec<f64>,
    prices: Vec<f64>,
}

/// When things happen, days since the attack.
struct Schedule {
    fate: Fate,
    detected: f64,
    slashed: f64,
    /// Share of the coalition's stake that has not left by then.
    reached: f64,
}

fn schedule(plan: &IncidentPlan, attack: usize, stream: &mut Stream) -> Schedule {
    let rule = &plan.punishments[attack];
    // All are drawn always, so that a changed share does not move what comes after.
    let (seen, blamed) = (stream.uniform(), stream.uniform());
    let (vetoed, executed) = (stream.uniform(), stream.uniform());
    let (detected, raced) = match rule.detection {
        Detection::AtOnce(share) if seen < share => (0.0, false),
        Detection::AtOnce(_) => (f64::INFINITY, false),
        Detection::Exponential(mean) => (-mean * libm::log(seen), true),
    };
    let due = detected + rule.delay_days;
    // What is seen in time by assumption races exits that were queued, and no others.
    let window = plan.window_days;
    let reached = rule.reached(window, if raced { due } else { rule.delay_days }, raced);
    let fate = if detected.is_infinite() {
        Fate::Unseen
    } else if blamed >= rule.attributable {
        Fate::Unattributed
    } else if vetoed < rule.vetoed {
        Fate::Vetoed
    } else if executed >= rule.executes {
        Fate::Failed
    } else if reached <= 0.0 {
        Fate::TooLate
    } else {
        Fate::Slashed
    };
    Schedule {
        fate,
        detected,
        slashed: if fate == Fate::Slashed {
            due
        } else {
            f64::INFINITY
        },
        reached: if fate == Fate::Slashed { reached } else { 0.0 },
    }
}

/// One attack by the cheapest coalition of what stake there is.
fn strike(plan: &IncidentPlan, stake: &Stake, scene: &Scene, stream: &mut Stream) -> Strike {
    let rule = &plan.punishments[scene.attack];
    let attack = &plan.plan.attacks[scene.attack];
    let times = schedule(plan, scene.attack, stream);
    let taken = cheapest(plan, stake, attack, &scene.prices).map_or_else(
        || vec![0.0; plan.plan.operators.entities],
        |cover| cover.taken,
    );
    let burns = plan.plan.burns_of(attack);
    let hit: Vec<f64> = stake
        .of_coalition(&taken)
        .iter()
        .enumerate()
        .map(|(asset, tokens)| burns.map_or(1.0, |row| row[asset]) * rule.slash * tokens)
        .collect();
    let before = Prices::new(&scene.prices);
    let at_stake = before.value(&hit);
    // Of a coalition whose exits were queued, only what is still there is slashed.
    let hit: Vec<f64> = hit.iter().map(|tokens| times.reached * tokens).collect();
    let landed = before.value(&hit);
    let rest: Vec<f64> = stake
        .total()
        .iter()
        .zip(&hit)
        .map(|(all, hit)| all - hit)
        .collect();
    let mut prices = Prices::new(&scene.prices);
    let mut flow = Flow::new(plan, scene, times.detected);
    let mut out = Strike {
        fate: times.fate,
        detected: times.detected,
        stopped: 0.0,
        slashed: times.slashed,
        paid: f64::INFINITY,
        extracted_usd: 0.0,
        slashed_usd: 0.0,
        escaped_usd: (at_stake - landed).max(0.0),
        paid_usd: 0.0,
        recaptured_usd: 0.0,
        staker_loss_usd: landed,
        markdown_usd: 0.0,
        price_fall: 0.0,
        spiral_gain: 0.0,
        taken,
        prices: Vec::new(),
    };
    let pays = times.fate == Fate::Slashed && rule.redistributed > 0.0;
    let due = times.slashed + plan.resolution_days;
    let (mut heard, mut slashed) = (scene.news == News::Heard, false);
    for hour in 0..MOST_HOURS {
        let (from, to) = (f64::from(hour) * HOUR, f64::from(hour + 1) * HOUR);
        flow.between(from, to);
        prices.hour(plan, stream);
        if !heard && times.detected <= to {
            heard = true;
            hear(plan, &rest, &before, &mut prices, &mut out);
        }
        if !slashed && times.slashed <= to {
            slashed = true;
            out.slashed_usd = prices.value(&hit);
            out.recaptured_usd = rule.recaptured * out.slashed_usd;
        }
        if pays && slashed && due <= to {
            out.paid = due;
            out.paid_usd = payout(plan, scene.attack, &hit, &prices);
        }
        let settled = slashed || times.slashed.is_infinite();
        let paid = !pays || out.paid.is_finite();
        let known = heard || times.detected.is_infinite();
        if flow.ended(to) && settled && paid && known {
            break;
        }
    }
    out.extracted_usd = flow.taken;
    out.stopped = flow.until.min(flow.last);
    out.prices = prices.all();
    out
}

/// The news: the price falls, holders sell, loans are liquidated.
fn hear(plan: &IncidentPlan, rest: &[f64], before: &Prices, prices: &mut Prices, out: &mut Strike) {
    let (mut whole, mut left) = (0.0, 0.0);
    for (asset, collateral) in plan.collateral.iter().enumerate() {
        let sold = plan.selling * rest[asset] * prices.now(asset);
        let end = settled(collateral, collateral.falls, sold);
        prices.after_news[asset] = end.left;
        out.spiral_gain = out.spiral_gain.max(end.gain);
        let worth = rest[asset] * before.now(asset);
        whole += worth;
        left += worth * end.left;
    }
    out.markdown_usd = whole - left;
    out.price_fall = if whole > 0.0 { 1.0 - left / whole } else { 0.0 };
}

/// What those harmed get: the redistributed tokens less what returns to the attacker, sold.
fn payout(plan: &IncidentPlan, attack: usize, hit: &[f64], prices: &Prices) -> f64 {
    let rule = &plan.punishments[attack];
    let mut proceeds = 0.0;
    for (asset, collateral) in plan.collateral.iter().enumerate() {
        let worth = (rule.redistributed - rule.recaptured) * hit[asset] * prices.now(asset);
        proceeds += collateral.impact.sale_proceeds(worth);
    }
    proceeds
}

/// Value on its way out.
struct Flow {
    rate: f64,
    /// Most that can leave.
    reach: f64,
    /// When the pause comes, days.
    until: f64,
    /// When the last of it left, days.
    last: f64,
    taken: f64,
}

impl Flow {
    fn new(plan: &IncidentPlan, scene: &Scene, detected: f64) -> Self {
        match plan.punishments[scene.attack].extraction {
            Extraction::AtOnce => Self {
                rate: f64::INFINITY,
                reach: scene.take,
                until: f64::INFINITY,
                last: 0.0,
                taken: scene.take,
            },
            Extraction::Limited {
                usd_per_day,
                pause_days,
                share,
                most_usd,
            } => Self {
                rate: usd_per_day,
                reach: (share * scene.value).min(most_usd),
                until: detected + pause_days,
                last: 0.0,
                taken: 0.0,
            },
        }
    }

    fn between(&mut self, from: f64, to: f64) {
        if self.rate.is_infinite() || self.taken >= self.reach {
            return;
        }
        let open = (to.min(self.until) - from).max(0.0);
        let flows = (self.rate * open).min(self.reach - self.taken);
        if flows > 0.0 {
            self.taken += flows;
            self.last = from + flows / self.rate;
        }
    }

    fn ended(&self, now: f64) -> bool {
        self.rate.is_infinite() || self.until <= now || self.taken >= self.reach
    }
}

/// The attack that what is left invites most, with its take; `None` when none pays. An attack that
/// needs an opportunity has that of the first attack and no other.
fn invited(plan: &IncidentPlan, stake: &Stake, scene: &Scene) -> Option<(usize, f64)> {
    if scene.value <= 0.0 {
        return None;
    }
    let mut best: Option<(usize, f64, f64)> = None;
    for (index, attack) in plan.plan.attacks.iter().enumerate() {
        let Some((profit, take)) = offer(attack, index, scene) else {
            continue;
        };
        let Some(cover) = cheapest(plan, stake, attack, &scene.prices) else {
            continue;
        };
        let margin = profit - cover.lower;
        if margin > 0.0 && best.is_none_or(|(_, _, known)| margin > known) {
            best = Some((index, take, margin));
        }
    }
    best.map(|(index, take, _)| (index, take))
}

/// Profit and take of an attack on what is left.
fn offer(attack: &Attack, index: usize, scene: &Scene) -> Option<(f64, f64)> {
    let same = index == scene.attack;
    if attack.take.is_random() {
        let take = scene.take.min(scene.value);
        return same.then_some((take + attack.extra_profit_usd, take));
    }
    if attack.when != When::Standing && !same {
        return None;
    }
    // What was taken once is gone, also where nothing caps the take of a first attack.
    let take = (known_profit(attack, scene.value).0 - attack.extra_profit_usd).min(scene.value);
    Some((take + attack.extra_profit_usd, take))
}
