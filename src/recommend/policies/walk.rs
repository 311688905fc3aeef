//! Paths of growth, walked by all policies at once.

use super::controller::{Band, next_flow};
use super::most_stake;
use super::stakers::Stakers;
use crate::random::Seed;
use crate::recommend::budget;
use crate::recommend::rare::draw::{Day, Streams};
use crate::recommend::rare::law::Law;
use crate::recommend::stages::{Begin, Stages, at_stage};
use crate::sim::{self, Conditional, Cost, Plan};
use crate::spec::Parameters;
use crate::spec::model::{Deterrence, Model};
use crate::spec::panel::Uncertainty;
use crate::spec::parameters::EXIT_WINDOW;
use crate::spec::stages::{Schedule, Trigger};
use crate::units::DAYS_PER_YEAR;
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Paths of one task.
const CHUNK: u64 = 32;

/// A policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The last stage's design from the first day.
    Fixed,
    /// The stages, each from its trigger on.
    Staged,
    /// A controller on the safety factor.
    Feedback,
}

/// What is common to all paths.
pub struct Setting<'a> {
    schedule: &'a Schedule,
    stages: &'a Stages,
    /// For each stage: its model, its plan over all days, what it pays.
    models: Vec<Model>,
    plans: Vec<Plan>,
    /// Budgets of the stages.
    pub pays: Vec<Pay>,
    /// Largest budget of the controller, USD a year as stakers count it, and the smallest.
    flow: (f64, f64),
    /// Budget that the controller begins with, as stakers count it, USD a year, and the stake that
    /// it attracts under the last stage's rules, USD.
    pub flow_start: f64,
    flow_attracts: f64,
    cost: Cost,
    days: u32,
    /// Band of the controller.
    pub band: Band,
    /// Days between the controller's looks.
    pub epoch_days: f64,
    /// Its raise.
    pub increase: f64,
    /// Its cut.
    pub reduction: f64,
}

/// What a stage pays.
#[derive(Debug, Clone, Copy)]
pub struct Pay {
    /// Budget at the market price of what it is paid in, USD a year.
    pub budget_usd_year: f64,
    /// Share of it that stakers count.
    kept: f64,
    /// Stake that it attracts, USD.
    attracts_usd: f64,
}

/// What the paths of a policy did, one entry a path.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Budget paid in all, USD.
    pub paid: Vec<f64>,
    /// Expected insecure days.
    pub insecure_days: Vec<f64>,
    /// Probability of an insecure moment.
    pub insecure: Vec<f64>,
    /// Expected take of the first attack, USD.
    pub loss: Vec<f64>,
    /// Slashable stake on the kept days, USD.
    pub stake: Vec<Vec<f64>>,
    /// Budget on the kept days, USD a year.
    pub budget: Vec<Vec<f64>>,
    /// Value at risk on the kept days, USD.
    pub value: Vec<Vec<f64>>,
}

impl<'a> Setting<'a> {
    /// The setting of a schedule with its certified stages.
    pub fn new(
        model: &Model,
        schedule: &'a Schedule,
        stages: &'a Stages,
        days: u32,
    ) -> Setting<'a> {
        let cost = match model.target.deterrence {
            Deterrence::WholeStake => Cost::WholeStake,
            Deterrence::OperatorRational => Cost::OperatorRational,
        };
        let (mut models, mut plans, mut pays) = (Vec::new(), Vec::new(), Vec::new());
        for (stage, design) in schedule.stages.iter().zip(&stages.stages) {
            let mut own = at_stage(model, stage);
            own.value.at_risk.start = model.value.at_risk.start;
            // Policies are compared by the numbers that the file gives.
            own.uncertainty = Uncertainty::default();
            let mut plan = sim::compile(&own, &design.parameters);
            (plan.days, plan.horizon_days) = (days, days);
            plan.costs = vec![cost];
            plan.fan_days = Vec::new();
            let kept = 1.0 - design.discount;
            pays.push(Pay {
                budget_usd_year: design.budget_usd_year,
                kept,
                attracts_usd: attracts(&own, &design.parameters, design.budget_usd_year * kept),
            });
            models.push(own);
            plans.push(plan);
        }
        let policy = &schedule.policy;
        let last = &models[models.len() - 1].rewards.budget;
        let first = &models[0].rewards.budget;
        let flow = (first.low().get().min(last.low().get()), last.high().get());
        let band = policy.band.map_or_else(
            || default_band(&plans[0], cost, stages, policy.profit.get()),
            |(lower, upper)| Band {
                lower: lower.get(),
                upper: upper.get(),
            },
        );
        let flow_start = pays[0].budget_usd_year * pays[0].kept;
        let end = models.len() - 1;
        let flow_attracts = attracts(&models[end], &stages.stages[end].parameters, flow_start);
        Setting {
            flow_start,
            flow_attracts,
            schedule,
            stages,
            models,
            plans,
            pays,
            flow,
            cost,
            days,
            band,
            epoch_days: policy.epoch.get(),
            increase: policy.increase.get(),
            reduction: policy.reduction.get(),
        }
    }
}

/// From the safety factor of the first stage's design, at what it carries, a third of the way to 1.
fn default_band(plan: &Plan, cost: Cost, stages: &Stages, share: f64) -> Band {
    let mut plan = plan.clone();
    plan.value.start = stages.stages[0].carries_usd;
    let mut first = Conditional::new(&plan, cost, &[1.0]);
    first.open();
    let lower = first.safety_factor(1.0, share);
    let lower = if lower.is_finite() {
        lower.max(0.0)
    } else {
        0.0
    };
    Band {
        lower,
        upper: lower + (1.0 - lower) / 3.0,
    }
}

/// Stake that a budget attracts, USD, at most what is delegated.
fn attracts(model: &Model, parameters: &Parameters, counted_usd_year: f64) -> f64 {
    budget::stake_for(model, parameters, counted_usd_year).min(most_stake(model, parameters))
}

/// Walks the policies side by side on the same markets; `None` when cancelled.
pub fn walk(
    setting: &Setting,
    rules: &[Rule],
    seed: Seed,
    paths: u64,
    kept: &[u32],
    cancel: &AtomicBool,
) -> Option<Vec<Outcome>> {
    let parts: Option<Vec<Vec<Outcome>>> = (0..paths.div_ceil(CHUNK))
        .into_par_iter()
        .map(|chunk| {
            if cancel.load(Ordering::Relaxed) {
                return None;
            }
            let start = chunk * CHUNK;
            let mut market = Market::new(setting);
            let mut outcomes = vec![Outcome::default(); rules.len()];
            for path in start..(start + CHUNK).min(paths) {
                market.path(setting, rules, seed, path, kept, &mut outcomes);
            }
            Some(outcomes)
        })
        .collect();
    let mut whole = vec![Outcome::default(); rules.len()];
    for part in parts? {
        for (outcome, more) in whole.iter_mut().zip(part) {
            outcome.append(more);
        }
    }
    Some(whole)
}

impl Outcome {
    fn append(&mut self, more: Outcome) {
        self.paid.extend(more.paid);
        self.insecure_days.extend(more.insecure_days);
        self.insecure.extend(more.insecure);
        self.loss.extend(more.loss);
        self.stake.extend(more.stake);
        self.budget.extend(more.budget);
        self.value.extend(more.value);
    }
}

/// One market, seen by the plan of each stage.
struct Market<'a> {
    views: Vec<Conditional<'a>>,
    law: Law,
    start_usd: Vec<f64>,
}

impl<'a> Market<'a> {
    fn new(setting: &'a Setting) -> Market<'a> {
        let views = setting
            .plans
            .iter()
            .map(|plan| Conditional::new(plan, setting.cost, &[1.0]))
            .collect();
        Market {
            views,
            law: Law::of(&setting.plans[0]),
            start_usd: setting
                .stages
                .stages
                .iter()
                .map(|design| design.parameters.stake.get())
                .collect(),
        }
    }

    fn path(
        &mut self,
        setting: &Setting,
        rules: &[Rule],
        seed: Seed,
        path: u64,
        kept: &[u32],
        outcomes: &mut [Outcome],
    ) {
        self.views.iter_mut().for_each(Conditional::open);
        let mut streams = Streams::open(&self.law, &self.law.untilted(), seed, path);
        let mut draws = Day::empty(&self.law);
        let mut followers: Vec<Follower> = rules
            .iter()
            .map(|rule| Follower::new(*rule, setting))
            .collect();
        for day in 1..=setting.days {
            streams.day(day, &mut draws);
            for view in &mut self.views {
                view.advance(&draws.normals, &draws.jumps);
            }
            let keep = kept.binary_search(&day).is_ok();
            for follower in &mut followers {
                follower.day(setting, self, day, keep);
            }
        }
        for (follower, outcome) in followers.into_iter().zip(outcomes.iter_mut()) {
            follower.finish(outcome);
        }
    }

    /// Value of a unit of stake, over that at the start, as a stage's plan holds it.
    fn index(&self, stage: usize) -> f64 {
        self.views[stage].stake_usd() / self.start_usd[stage]
    }

    fn value(&self) -> f64 {
        let prices = self.views[0].prices();
        prices[prices.len() - 1]
    }
}

/// One policy on one path.
struct Follower {
    rule: Rule,
    /// Stage whose rules hold.
    stage: usize,
    /// Stage that is under way, and the day on which its rules hold.
    coming: Option<(usize, u32)>,
    stakers: Stakers,
    /// Budget, USD a year at market price, and the stake that it attracts, USD.
    budget: f64,
    attracts: f64,
    next_look: f64,
    paid: f64,
    insecure_days: f64,
    secure: f64,
    untouched: f64,
    loss: f64,
    stake: Vec<f64>,
    budgets: Vec<f64>,
    values: Vec<f64>,
}

impl Follower {
    fn new(rule: Rule, setting: &Setting) -> Follower {
        let last = setting.pays.len() - 1;
        let (stage, budget, attracts) = match rule {
            Rule::Fixed => (
                last,
                setting.pays[last].budget_usd_year,
                setting.pays[last].attracts_usd,
            ),
            Rule::Staged => (
                0,
                setting.pays[0].budget_usd_year,
                setting.pays[0].attracts_usd,
            ),
            // The last stage's rules from the first day, and a flow that stakers count as the first's.
            Rule::Feedback => (
                last,
                setting.flow_start / setting.pays[last].kept,
                setting.flow_attracts,
            ),
        };
        let policy = &setting.schedule.policy;
        let whole = |days: f64| days.round().max(0.0) as u32;
        Follower {
            rule,
            stage,
            coming: None,
            stakers: Stakers::settled(
                attracts,
                whole(policy.entry.get()),
                whole(EXIT_WINDOW.get()),
                policy.adjusts.get(),
            ),
            budget,
            attracts,
            next_look: setting.epoch_days,
            paid: 0.0,
            insecure_days: 0.0,
            secure: 1.0,
            untouched: 1.0,
            loss: 0.0,
            stake: Vec::new(),
            budgets: Vec::new(),
            values: Vec::new(),
        }
    }

    fn day(&mut self, setting: &Setting, market: &mut Market, day: u32, keep: bool) {
        if let Some((stage, from)) = self.coming.filter(|(_, from)| day >= *from) {
            debug_assert!(day >= from);
            (self.stage, self.coming) = (stage, None);
        }
        let index = market.index(self.stage);
        self.stakers.day(self.attracts / index);
        let stake_usd = self.stakers.slashable * index;
        let scale = (self.stakers.slashable / market.start_usd[self.stage]).max(1e-9);
        let today = market.views[self.stage].today(scale);
        self.paid += self.budget / DAYS_PER_YEAR;
        self.insecure_days += today.insecure;
        self.secure *= 1.0 - today.insecure;
        self.loss += self.untouched * today.loss_usd;
        self.untouched *= 1.0 - today.attacked;
        match self.rule {
            Rule::Fixed => {}
            Rule::Staged => self.watch(setting, market, day, stake_usd),
            Rule::Feedback => self.look(setting, market, day, scale),
        }
        if keep {
            self.stake.push(stake_usd);
            self.budgets.push(self.budget);
            self.values.push(market.value());
        }
    }

    /// Calls for the next stage when its trigger is reached: its budget is paid from the call on,
    /// its rules hold when what the protocol delays is in force.
    fn watch(&mut self, setting: &Setting, market: &Market, day: u32, stake_usd: f64) {
        if self.coming.is_some() {
            return;
        }
        let stage = &setting.schedule.stages[self.stage];
        let (Some(until), Some(begin)) = (stage.until, &setting.stages.stages[self.stage].next)
        else {
            return;
        };
        if !reached(until, begin, market.value(), stake_usd, day) {
            return;
        }
        let next = self.stage + 1;
        self.budget = setting.pays[next].budget_usd_year;
        self.attracts = setting.pays[next].attracts_usd;
        self.coming = Some((next, day + begin.lead_days.ceil() as u32));
    }

    /// Looks at the safety factor once an epoch.
    fn look(&mut self, setting: &Setting, market: &mut Market, day: u32, scale: f64) {
        if f64::from(day) < self.next_look {
            return;
        }
        self.next_look += setting.epoch_days;
        let share = setting.schedule.policy.profit.get();
        let factor = market.views[self.stage].safety_factor(scale, share);
        let kept = setting.pays[self.stage].kept;
        let (low, high) = setting.flow;
        let flow = next_flow(
            self.budget * kept,
            factor,
            setting.band,
            setting.increase,
            setting.reduction,
        );
        let flow = flow.clamp(low.min(high), high);
        if (flow / kept - self.budget).abs() > 0.0 {
            self.budget = flow / kept;
            let design = &setting.stages.stages[self.stage];
            self.attracts = attracts(&setting.models[self.stage], &design.parameters, flow);
        }
    }

    fn finish(self, outcome: &mut Outcome) {
        outcome.paid.push(self.paid);
        outcome.insecure_days.push(self.insecure_days);
        outcome.insecure.push(1.0 - self.secure);
        outcome.loss.push(self.loss);
        outcome.stake.push(self.stake);
        outcome.budget.push(self.budgets);
        outcome.value.push(self.values);
    }
}

fn reached(until: Trigger, begin: &Begin, value: f64, stake_usd: f64, day: u32) -> bool {
    match until {
        Trigger::AtRisk(_) => value >= begin.call_at,
        Trigger::Stake(_) => stake_usd >= begin.call_at,
        Trigger::Revenue { of_value, .. } => value * of_value.get() >= begin.call_at,
        Trigger::Day(_) => f64::from(day) >= begin.call_at,
    }
}
