//! What can be stolen: the value at risk and the attacks on it.

use super::context::{Check, settled};
use crate::spec::draft;
use crate::spec::errors::ErrorKind;
use crate::spec::leaf::{At, Growth, Money, Quantity, Volatility, WordOr};
use crate::spec::model::{Attack, Chance, Extraction, Takes, Value, ValueAtRisk};
use crate::spec::quantity::closest;
use crate::units::{DAYS_PER_YEAR, Days, PerYear, Share, Usd};

impl Check<'_> {
    pub fn value(&mut self, draft: &draft::Value) -> Option<Value> {
        let at_risk = draft.at_risk.get().and_then(|v| self.at_risk(v));
        let attacks = draft.attack.get()?;
        self.unique_names(
            attacks.iter().filter_map(|a| a.get().name.get()),
            "value.attack",
        );
        let attacks: Vec<Option<Attack>> = attacks
            .iter()
            .enumerate()
            .map(|(n, a)| self.attack(n, a))
            .collect();
        let elsewhere = self.elsewhere(&draft.elsewhere);
        Some(Value {
            at_risk: at_risk?,
            attacks: attacks.into_iter().collect::<Option<Vec<_>>>()?,
            elsewhere: elsewhere?,
        })
    }

    /// Names that must differ from each other.
    pub fn unique_names<'b>(&mut self, names: impl Iterator<Item = &'b At<String>>, key: &str) {
        let mut seen: Vec<&At<String>> = Vec::new();
        for name in names {
            if let Some(before) = seen.iter().find(|s| s.get().trim() == name.get().trim()) {
                let span = before.span();
                let error = self.report(
                    ErrorKind::Duplicate,
                    name.span(),
                    key,
                    format!("`{}` is named twice", name.get().trim()),
                );
                error.also = Some((span, "here first".into()));
                error.help = Some("give each its own name: reports and references go by it".into());
            }
            seen.push(name);
        }
    }

    fn at_risk(&mut self, draft: &draft::AtRisk) -> Option<ValueAtRisk> {
        let key = |name: &str| format!("value.at_risk.{name}");
        let start = draft
            .start
            .get()
            .and_then(|q| self.quantity(q, &key("start")));
        let growth =
            self.quantity_or::<Growth>(draft.growth.as_ref(), &key("growth"), "A-value-growth");
        let volatility = self.quantity_or::<Volatility>(
            draft.volatility.as_ref(),
            &key("volatility"),
            "A-value-volatility",
        );
        let jumps = match draft.jumps.as_ref().map(At::get) {
            None | Some(WordOr::Word(_)) => Some(None),
            Some(WordOr::Table(law)) => self.jump_law(law, &key("jumps")).map(Some),
        };
        Some(ValueAtRisk {
            start: Usd(start?),
            growth: PerYear(growth?),
            volatility: PerYear(volatility?),
            jumps: jumps?,
        })
    }

    fn attack(&mut self, n: usize, at: &At<draft::Attack>) -> Option<Attack> {
        let draft = at.get();
        let key = |name: &str| format!("value.attack[{n}].{name}");
        let name = draft
            .name
            .get()
            .and_then(|name| self.name(name, &key("name")));
        let takes = draft
            .takes
            .get()
            .and_then(|takes| self.takes(takes, &key("takes")));
        let capped = match &draft.cap {
            Some(cap) => *cap.get() == draft::Cap::AtRisk,
            None => {
                self.assume("A-cap", &key("cap"), "at-risk");
                true
            }
        };
        let chance = match &draft.when {
            Some(draft::When::Standing) => Some(Chance::Standing),
            Some(draft::When::Rate(rate)) => self
                .quantity(rate, &key("when.rate"))
                .map(|r| Chance::Rate(PerYear(r))),
            None => {
                self.assume("A-standing", &key("when"), "standing");
                Some(Chance::Standing)
            }
        };
        let extraction = self.extraction(draft.extraction.as_ref(), &key("extraction"));
        let threshold = draft
            .threshold
            .as_ref()
            .map(|t| self.quantity(t, &key("threshold")));
        let offence = self.offence_of(at, &key("offence"));
        self.needs_cap(at, takes.as_ref(), capped);
        self.needs_detection_time(at, extraction, offence, &key("extraction"));
        self.limits_a_known_size(at, takes.as_ref(), extraction, &key("takes"));
        let mut money = |given: Option<&Quantity<Money>>, name: &str| {
            given.map_or(Some(0.0), |q| self.quantity(q, &key(name)))
        };
        let (ransom, reorder) = (
            money(draft.ransom.as_ref(), "ransom"),
            money(draft.reorder.as_ref(), "reorder"),
        );
        let per_event = draft
            .per_event
            .as_ref()
            .map(|q| self.quantity(q, &key("per_event")));
        let short = draft.short.as_ref().map(|s| self.short(s, &key("short")));
        let harm = self.harm(draft.harm.as_ref(), &key("harm"));
        let queued = self.queued(draft.queued.as_ref(), &key("queued"));
        Some(Attack {
            name: name?,
            takes: takes?,
            capped,
            chance: chance?,
            extraction: extraction?,
            offence: offence?,
            threshold: settled(threshold)?.map(Share),
            per_event: settled(per_event)?.map(Usd),
            short: settled(short)?,
            ransom: Usd(ransom?),
            reorder: Usd(reorder?),
            harm: harm?,
            queued: queued?,
        })
    }

    fn takes(&mut self, takes: &draft::Takes, key: &str) -> Option<Takes> {
        match takes {
            draft::Takes::Sum(sum) => self
                .quantity(sum, &format!("{key}.sum"))
                .map(|v| Takes::Usd(Usd(v))),
            draft::Takes::Share(share) => self
                .quantity(share, &format!("{key}.share"))
                .map(|v| Takes::ShareOfValue(Share(v))),
            draft::Takes::Lognormal(law) => {
                let key = format!("{key}.lognormal");
                let (median, sigma) = self.lognormal(law.median.get(), law.sigma.get(), &key)?;
                Some(Takes::LognormalUsd {
                    median: Usd(median),
                    sigma,
                })
            }
            draft::Takes::LognormalShare(law) => {
                let key = format!("{key}.lognormal_share");
                let (median, sigma) = self.lognormal(law.median.get(), law.sigma.get(), &key)?;
                Some(Takes::LognormalShare {
                    median: Share(median),
                    sigma,
                })
            }
            draft::Takes::Pareto(law) => self.pareto(law, &format!("{key}.pareto")),
            draft::Takes::GeneralizedPareto(law) => {
                self.generalized_pareto(law, &format!("{key}.generalized_pareto"))
            }
        }
    }

    fn extraction(&mut self, draft: Option<&draft::Extraction>, key: &str) -> Option<Extraction> {
        match draft {
            None => {
                self.assume("A-per-event", key, "per_event");
                Some(Extraction::PerEvent)
            }
            Some(draft::Extraction::PerEvent) => Some(Extraction::PerEvent),
            Some(draft::Extraction::DisputeWindow(window)) => self.dispute_window(window, key),
            Some(draft::Extraction::RateLimited(limited)) => {
                let limit = limited
                    .limit
                    .get()
                    .and_then(|q| self.quantity(q, &format!("{key}.rate_limited.limit")));
                let pause = limited
                    .pause
                    .get()
                    .and_then(|q| self.quantity(q, &format!("{key}.rate_limited.pause")));
                Some(Extraction::RateLimited {
                    usd_per_day: limit? / DAYS_PER_YEAR,
                    pause: Days(pause?),
                })
            }
        }
    }

    /// The offence that an attack commits, by its place among the offences.
    fn offence_of(&mut self, at: &At<draft::Attack>, key: &str) -> Option<usize> {
        let draft = at.get();
        let named = draft.offence.as_ref().or(draft.name.get())?;
        let names: Vec<&str> = self
            .offences()
            .iter()
            .map(|o| o.name.get().map_or("", |n| n.get().trim()))
            .collect();
        let wanted = named.get().trim();
        if let Some(found) = names.iter().position(|name| *name == wanted) {
            return Some(found);
        }
        // Without any offence, the missing section is the fault.
        if names.is_empty() {
            return None;
        }
        let help = match (closest(wanted, names.iter().copied()), &draft.offence) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, Some(_)) => format!("the offences are `{}`", names.join("`, `")),
            (None, None) => format!(
                "add offence = \"{}\" to this attack, or an offence of that name",
                names[0]
            ),
        };
        let message = match &draft.offence {
            Some(_) => format!("no offence is called `{wanted}`"),
            None => format!("the attack `{wanted}` commits no offence"),
        };
        self.report(ErrorKind::UnknownName, named.span(), key, message)
            .help = Some(help);
        None
    }
}
