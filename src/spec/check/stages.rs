//! The stages of growth: each complete, in order, and none that the protocol is too slow for.

use super::context::Check;
use super::operators::{map, share_choice};
use crate::spec::draft_stages as draft;
use crate::spec::errors::ErrorKind;
use crate::spec::leaf::{At, Fraction, OpenFraction, PositiveSpan, Quantity, Span};
use crate::spec::model::{Choice, Deployment, Offence, ValueAtRisk};
use crate::spec::quantity::{Dimension, show};
use crate::spec::stages::{Policy, Schedule, Stage, StageOffence, Trigger, changes};
use crate::units::{DAYS_PER_YEAR, Days, PerYear, Share, Usd, UsdPerYear};
use std::ops::Range;

/// Normal quantile of the value at risk that a stage with a last day is built for: one path in
/// twenty is beyond (`A-stage-carries`).
const CARRIED: f64 = 1.644_853_626_951_472_7;
/// Longest comparison of policies, days.
const LONGEST: f64 = 3650.0;

/// What stages start from: the rest of the file.
pub(super) struct Rest<'a> {
    pub value: &'a ValueAtRisk,
    pub budget: Choice<UsdPerYear>,
    pub threshold: Choice<Share>,
    pub paid_in: &'a str,
    pub operator_split: Share,
    pub deployment: &'a Deployment,
    pub offences: &'a [Offence],
}

impl Check<'_> {
    /// The schedule of a file that has stages, once what they start from is known.
    pub fn schedule(&mut self, rest: Option<Rest>) -> Option<Schedule> {
        let draft = self.draft;
        let document = &draft.document;
        if document.stage.is_empty() {
            if let Some(policy) = &document.policy {
                let message = "`policy` compares stages, and there is no [[stage]]";
                self.report(ErrorKind::Contradiction, policy.span(), "policy", message)
                    .help = Some("add the stages, or take the table out".into());
            }
            return None;
        }
        // Without the rest of the file its own faults are said already.
        let rest = rest?;
        self.unique_names(
            document.stage.iter().filter_map(|s| s.get().name.get()),
            "stage",
        );
        let policy = self.policy(document.policy.as_ref().map(At::get));
        let last = document.stage.len() - 1;
        let mut stages: Vec<Stage> = Vec::new();
        let mut whole = true;
        for (n, given) in document.stage.iter().enumerate() {
            let before = stages.last().cloned();
            let place = Place { n, last };
            match self.stage(given, place, &rest, before.as_ref(), policy.as_ref()) {
                Some(stage) => stages.push(stage),
                None => whole = false,
            }
        }
        let policy = policy?;
        if whole {
            self.leads(&stages, &policy, &rest);
        }
        whole.then_some(Schedule { stages, policy })
    }

    fn stage(
        &mut self,
        given: &At<draft::Stage>,
        place: Place,
        rest: &Rest,
        before: Option<&Stage>,
        policy: Option<&Policy>,
    ) -> Option<Stage> {
        let draft = given.get();
        let key = |name: &str| format!("stage[{}].{name}", place.n);
        let name = draft.name.get().and_then(|n| self.name(n, &key("name")));
        let until = self.until(given, place);
        let carries = policy
            .and_then(|policy| self.carries(given, place, until.flatten(), rest.value, policy));
        let budget = match &draft.budget {
            Some(given) => self
                .choice(given, &key("budget"))
                .map(|b| map(b, UsdPerYear)),
            None => Some(rest.budget),
        };
        let least_stake = match &draft.stake {
            Some(given) => self.quantity(given, &key("stake")).map(|s| Some(Usd(s))),
            None => Some(None),
        };
        let threshold = match &draft.threshold {
            Some(given) => self.choice(given, &key("threshold")).map(share_choice),
            None => Some(rest.threshold),
        };
        let paid_in = match &draft.paid_in {
            Some(given) => self.paid_in(given),
            None => Some(
                before
                    .map_or(rest.paid_in, |b| b.paid_in.as_str())
                    .to_owned(),
            ),
        };
        let discount = match (&draft.discount, &paid_in) {
            (Some(given), _) => self.quantity(given, &key("discount")),
            (None, Some(token)) if token == "OWN" => {
                Some(self.default::<Fraction>("A-stage-discount", &key("discount")))
            }
            (None, _) => Some(0.0),
        };
        let split = match &draft.operator_split {
            Some(given) => self.quantity(given, &key("operator_split")),
            None => Some(
                before
                    .map_or(rest.operator_split, |b| b.operator_split)
                    .get(),
            ),
        };
        let slasher = match &draft.slasher {
            Some(given) => self.address(Some(given), &key("slasher")),
            None => Some(before.map_or(rest.deployment.slasher, |b| b.slasher)),
        };
        let offences = self.stage_offences(draft, place.n, rest.offences);
        let (carries, span) = carries?;
        if let Some(before) = before.filter(|b| b.carries.get() > carries) {
            let message = format!(
                "a stage carries more than the one before it, and `{}` carries {}",
                before.name,
                show(before.carries.get(), Dimension::Money)
            );
            let error = self.report(ErrorKind::Contradiction, span, &key("carries"), message);
            error.label = format!("this one carries {}", show(carries, Dimension::Money));
            error.help = Some("bring the stages into the order of growth".into());
            return None;
        }
        Some(Stage {
            name: name?,
            until: until?,
            carries: Usd(carries),
            budget: budget?,
            least_stake: least_stake?,
            threshold: threshold?,
            token_price: paid_in
                .as_deref()
                .and_then(|token| self.find_price(token))
                .map(Usd),
            paid_in: paid_in?,
            discount: Share(discount?),
            operator_split: Share(split?),
            slasher: slasher?,
            offences: offences?,
        })
    }

    /// What ends the stage: the last has no end, every other has one.
    fn until(&mut self, given: &At<draft::Stage>, place: Place) -> Option<Option<Trigger>> {
        let key = format!("stage[{}].until", place.n);
        match (&given.get().until, place.n == place.last) {
            (None, true) => Some(None),
            (None, false) => {
                self.report(ErrorKind::MissingKey, given.span(), &key, "`until` is missing")
                    .help = Some("say what ends the stage: write { at_risk = \"50 MUSD\" }, { stake = \"200 MUSD\" }, { revenue = { reaches = \"2 MUSD/year\", of_value = \"1 %/year\" } } or { day = \"180 days\" }".into());
                None
            }
            (Some(until), true) => {
                self.report(
                    ErrorKind::Contradiction,
                    until.span(),
                    &key,
                    "the last stage has no end",
                )
                .help = Some("take `until` out, or add the stage that follows".into());
                None
            }
            (Some(until), false) => self.trigger(until.get(), &key).map(Some),
        }
    }

    fn trigger(&mut self, until: &draft::Until, key: &str) -> Option<Trigger> {
        Some(match until {
            draft::Until::AtRisk(q) => {
                Trigger::AtRisk(Usd(self.quantity(q, &format!("{key}.at_risk"))?))
            }
            draft::Until::Stake(q) => {
                Trigger::Stake(Usd(self.quantity(q, &format!("{key}.stake"))?))
            }
            draft::Until::Day(q) => Trigger::Day(Days(self.quantity(q, &format!("{key}.day"))?)),
            draft::Until::Revenue(revenue) => {
                let key = |name: &str| format!("{key}.revenue.{name}");
                let reaches = revenue
                    .reaches
                    .get()
                    .and_then(|q| self.quantity(q, &key("reaches")));
                let of_value = revenue
                    .of_value
                    .get()
                    .and_then(|q| self.quantity(q, &key("of_value")));
                Trigger::Revenue {
                    reaches: UsdPerYear(reaches?),
                    of_value: PerYear(of_value?),
                }
            }
        })
    }

    /// The value at risk that a stage carries, and where the file says so.
    fn carries(
        &mut self,
        given: &At<draft::Stage>,
        place: Place,
        until: Option<Trigger>,
        value: &ValueAtRisk,
        policy: &Policy,
    ) -> Option<(f64, Range<usize>)> {
        let draft = given.get();
        let key = format!("stage[{}].carries", place.n);
        if let Some(carries) = &draft.carries {
            return self
                .quantity(carries, &key)
                .map(|usd| (usd, carries.0.span()));
        }
        let span = draft.until.as_ref().map_or_else(|| given.span(), At::span);
        let by_day = |check: &mut Self, day: f64| {
            let usd = exceeded_on(value, day);
            check.assume(
                "A-stage-carries",
                &key,
                format!("{} on day {day:.0}", show(usd, Dimension::Money)),
            );
            usd
        };
        match until {
            Some(Trigger::AtRisk(usd)) => Some((usd.get(), span)),
            Some(Trigger::Revenue { reaches, of_value }) => {
                Some((reaches.get() / of_value.get(), span))
            }
            Some(Trigger::Day(day)) => Some((by_day(self, day.get()), span)),
            None if place.n == place.last => Some((by_day(self, policy.lasts.get()), span)),
            Some(Trigger::Stake(_)) | None => {
                self.report(ErrorKind::MissingKey, span, &key, "`carries` is missing")
                    .help = Some("a stake says nothing about the value at risk: write the largest that the stage must carry, such as carries = \"50 MUSD\"".into());
                None
            }
        }
    }

    fn stage_offences(
        &mut self,
        draft: &draft::Stage,
        n: usize,
        offences: &[Offence],
    ) -> Option<Vec<StageOffence>> {
        let mut made: Vec<StageOffence> = offences
            .iter()
            .map(|offence| StageOffence {
                slash: offence.slash,
                dispute: offence.dispute,
            })
            .collect();
        let mut whole = true;
        for (m, given) in draft.offence.iter().enumerate() {
            let key = |name: &str| format!("stage[{n}].offence[{m}].{name}");
            let Some(name) = given.get().name.get() else {
                whole = false;
                continue;
            };
            let Some(index) = offences.iter().position(|o| o.name == name.get().trim()) else {
                let known: Vec<&str> = offences.iter().map(|o| o.name.as_str()).collect();
                let message = format!("no offence is called `{}`", name.get().trim());
                self.report(ErrorKind::UnknownName, name.span(), &key("name"), message)
                    .help = Some(format!("[[slashing.offence]] has `{}`", known.join("`, `")));
                whole = false;
                continue;
            };
            if let Some(slash) = &given.get().slash {
                match self.choice(slash, &key("slash")) {
                    Some(slash) => made[index].slash = share_choice(slash),
                    None => whole = false,
                }
            }
            if let Some(dispute) = &given.get().dispute {
                match self.choice(dispute, &key("dispute")) {
                    Some(days) => {
                        let veto = offences[index].veto;
                        self.fits_window(days, dispute, None, veto, &key("dispute"));
                        made[index].dispute = map(days, Days);
                    }
                    None => whole = false,
                }
            }
        }
        whole.then_some(made)
    }

    fn policy(&mut self, draft: Option<&draft::Policy>) -> Option<Policy> {
        let key = |name: &str| format!("policy.{name}");
        let lasts = self.quantity_or::<PositiveSpan>(
            draft.and_then(|d| d.lasts.as_ref()),
            &key("lasts"),
            "A-policy-lasts",
        );
        let lasts = lasts.and_then(|days| {
            if (1.0..=LONGEST).contains(&days) {
                return Some(days);
            }
            let span = draft
                .and_then(|d| d.lasts.as_ref())
                .map_or(0..0, |q| q.0.span());
            let message = format!(
                "policies cannot be compared over {}",
                show(days, Dimension::Span)
            );
            self.report(ErrorKind::Domain, span, &key("lasts"), message)
                .help = Some(format!(
                "write from 1 to {LONGEST} days, such as \"2 years\""
            ));
            None
        });
        let epoch = self.quantity_or::<PositiveSpan>(
            draft.and_then(|d| d.epoch.as_ref()),
            &key("epoch"),
            "A-policy-epoch",
        );
        let increase = self.quantity_or::<Fraction>(
            draft.and_then(|d| d.increase.as_ref()),
            &key("increase"),
            "A-policy-increase",
        );
        let reduction = self.quantity_or::<Fraction>(
            draft.and_then(|d| d.reduction.as_ref()),
            &key("reduction"),
            "A-policy-reduction",
        );
        let profit = self.quantity_or::<OpenFraction>(
            draft.and_then(|d| d.profit.as_ref()),
            &key("profit"),
            "A-policy-profit",
        );
        let entry = self.quantity_or::<Span>(
            draft.and_then(|d| d.entry.as_ref()),
            &key("entry"),
            "A-policy-entry",
        );
        let adjusts = self.quantity_or::<PositiveSpan>(
            draft.and_then(|d| d.adjusts.as_ref()),
            &key("adjusts"),
            "A-policy-adjusts",
        );
        let band = self.band(draft);
        Some(Policy {
            lasts: Days(lasts?),
            epoch: Days(epoch?),
            band: band?,
            increase: Share(increase?),
            reduction: Share(reduction?),
            profit: Share(profit?),
            entry: Days(entry?),
            adjusts: Days(adjusts?),
        })
    }

    fn band(&mut self, draft: Option<&draft::Policy>) -> Option<Option<(Share, Share)>> {
        let lower = draft.and_then(|d| d.lower.as_ref());
        let upper = draft.and_then(|d| d.upper.as_ref());
        let (lower, upper) = match (lower, upper) {
            (None, None) => {
                let value =
                    "the first stage's safety factor, and a third of the way from there to 1";
                self.assume("A-policy-band", "policy.lower", value);
                return Some(None);
            }
            (Some(lower), Some(upper)) => (lower, upper),
            (Some(one), None) | (None, Some(one)) => {
                let message = "`lower` and `upper` come together";
                self.report(ErrorKind::MissingKey, one.0.span(), "policy.lower", message)
                    .help = Some("write both ends of the band, or none".into());
                return None;
            }
        };
        let (low, high) = (
            self.quantity(lower, "policy.lower"),
            self.quantity(upper, "policy.upper"),
        );
        let (low, high) = (low?, high?);
        if low < high {
            return Some(Some((Share(low), Share(high))));
        }
        let first = lower.0.span();
        let error = self.report(
            ErrorKind::Range,
            upper.0.span(),
            "policy.upper",
            "the band ends before it begins",
        );
        error.also = Some((first, "its lower end".into()));
        error.help = Some("write `lower` below `upper`".into());
        None
    }

    /// A stage that is expected to be over before what its successor changes can be in force.
    fn leads(&mut self, stages: &[Stage], policy: &Policy, rest: &Rest) {
        let draft = self.draft;
        let mut began = Some(0.0);
        let mut level = rest.value.start.get();
        for (n, pair) in stages.windows(2).enumerate() {
            let (stage, next) = (&pair[0], &pair[1]);
            let ends = match stage.until {
                Some(Trigger::Day(day)) => Some(day.get()),
                // The time that the value at risk takes to grow there, at its expected growth.
                _ => grows_in(rest.value, level, stage.carries.get())
                    .and_then(|days| began.map(|b| b + days)),
            };
            let lasts = ends.zip(began).map(|(end, begin)| end - begin);
            for change in changes(stage, next) {
                let needed = change.days(policy.entry);
                let Some(lasts) = lasts.filter(|lasts| *lasts < needed) else {
                    continue;
                };
                let span = change_span(draft.document.stage[n + 1].get(), change)
                    .unwrap_or_else(|| draft.document.stage[n + 1].span());
                let until = draft.document.stage[n].get().until.as_ref().map(At::span);
                let message = format!(
                    "`{}` is over after {}, and {}",
                    stage.name,
                    show(lasts.max(0.0).round(), Dimension::Span),
                    change.words()
                );
                let key = format!("stage[{}]", n + 1);
                let error = self.report(ErrorKind::Protocol, span, &key, message);
                error.label = format!(
                    "needs {}",
                    show((10.0 * needed).round() / 10.0, Dimension::Span)
                );
                error.also = until.map(|until| (until, "what ends the stage before".into()));
                error.help =
                    Some("let the stage before last longer, or keep this as it was there".into());
            }
            began = ends;
            level = level.max(stage.carries.get());
        }
    }
}

#[derive(Clone, Copy)]
struct Place {
    n: usize,
    last: usize,
}

fn change_span(stage: &draft::Stage, change: crate::spec::stages::Delayed) -> Option<Range<usize>> {
    use crate::spec::stages::Delayed;
    let text = |q: &Quantity<Fraction>| q.0.span();
    match change {
        Delayed::Slasher => stage.slasher.as_ref().map(At::span),
        Delayed::OperatorSplit => stage.operator_split.as_ref().map(text),
        Delayed::MoreStake | Delayed::LessStake => None,
    }
}

/// The value at risk that one path in twenty exceeds on a day: lognormal, its own jumps with the
/// same variance.
fn exceeded_on(value: &ValueAtRisk, day: f64) -> f64 {
    let years = day / DAYS_PER_YEAR;
    let variance = variance_per_year(value);
    let log = (value.growth.get() - 0.5 * variance) * years + CARRIED * (variance * years).sqrt();
    value.start.get() * log.exp()
}

/// Variance of the logarithm of the value at risk, a year.
pub fn variance_per_year(value: &ValueAtRisk) -> f64 {
    let jumps = value.jumps.map_or(0.0, |j| {
        j.rate.get() * (j.log_mean * j.log_mean + j.log_sd * j.log_sd)
    });
    value.volatility.get() * value.volatility.get() + jumps
}

/// Days until the expected value at risk has grown from one level to another; none without growth.
fn grows_in(value: &ValueAtRisk, from: f64, to: f64) -> Option<f64> {
    let growth = value.growth.get();
    (growth > 0.0 && to > from).then(|| (to / from).ln() / growth * DAYS_PER_YEAR)
}
