//! Values that are each possible, and together leave what a simulation can compute: caught here,
//! at their line, and not on some path of a run.

use super::class::Class;
use super::context::Check;
use super::market::section;
use crate::economics::range;
use crate::spec::draft;
use crate::spec::errors::ErrorKind;
use crate::spec::leaf::At;
use crate::spec::model::{
    Attack, Chance, Detection, Extraction, Jumps, Market, Slashing, Takes, Value,
};
use crate::units::DAYS_PER_YEAR;
use std::ops::Range;

/// Largest rate of opportunities that is played, a year.
const MOST_OPPORTUNITIES: f64 = 1e6;

impl Check<'_> {
    /// Notes every quantity that some path would carry out of range.
    pub fn within_reach(&mut self, market: &Market, value: &Value, slashing: &Slashing, days: u32) {
        let at_risk = &value.at_risk;
        let factors = market
            .assets
            .iter()
            .map(|a| (a.symbol.as_str(), a.price, a.drift, a.volatility, a.jumps))
            .chain([(
                "value at risk",
                at_risk.start,
                at_risk.growth,
                at_risk.volatility,
                at_risk.jumps,
            )]);
        for (f, (name, start, drift, volatility, own)) in factors.enumerate() {
            let shared = market
                .shared_jumps
                .as_ref()
                .map(|s| (s.jumps, s.loading[f]));
            let jumps: f64 = own
                .map(|jumps| (jumps, 1.0))
                .into_iter()
                .chain(shared)
                .map(|(law, loading)| range::jumps(reach_of(law), days, loading))
                .sum();
            let reach = jumps + range::diffusion(start.get(), drift.get(), volatility.get(), days);
            let (span, key) = self.place(name);
            // A reach that is not a number is out of range as well.
            let computable = reach < range::LOG_LIMIT;
            if !computable {
                self.report(
                    ErrorKind::Domain,
                    span.clone(),
                    &key,
                    format!("over {days} days the {name} may move by a factor of e^{reach:.0}"),
                )
                .label("leaves what can be computed")
                .help(format!(
                    "up to e^{:.0} can be computed: ask for less volatility, drift, jumps or days; 80 %/year is a large volatility",
                    range::LOG_LIMIT
                ));
            }
            if own.is_some_and(|jumps| jumps.rate.get() >= DAYS_PER_YEAR) {
                self.too_frequent(span, &key);
            }
        }
        if let Some(shared) = &market.shared_jumps
            && shared.jumps.rate.get() >= DAYS_PER_YEAR
        {
            let given = self.draft.document.market.as_ref();
            let span = given.and_then(|m| m.jumps.as_ref()).map_or(0..0, At::span);
            self.too_frequent(span, "market.jumps");
        }
        for (n, attack) in value.attacks.iter().enumerate() {
            self.attack_within_reach(n, attack, slashing);
        }
    }

    fn too_frequent(&mut self, span: Range<usize>, key: &str) {
        self.report(
            ErrorKind::Domain,
            span,
            key,
            "jumps come at least once a day",
        )
        .help("a day has one jump at most: write fewer than 365/year, and more volatility instead");
    }

    fn attack_within_reach(&mut self, n: usize, attack: &Attack, slashing: &Slashing) {
        let (span, takes) = self.place_of_attack(n);
        let key = format!("value.attack[{n}]");
        if let Chance::Rate(rate) = attack.chance
            && rate.get() >= MOST_OPPORTUNITIES
        {
            self.report(
                ErrorKind::Domain,
                span.clone(),
                &format!("{key}.when.rate"),
                format!("{:.0} opportunities a year", rate.get()),
            )
            .help("write fewer than a million a year, or when = \"standing\"");
        }
        let law = match attack.takes {
            Takes::Usd(_) | Takes::ShareOfValue(_) | Takes::ParetoUsd(_) => None,
            Takes::LognormalUsd { median, sigma } => Some((median.get(), sigma)),
            Takes::LognormalShare { median, sigma } => Some((median.get(), sigma)),
        };
        let limited = !matches!(attack.extraction, Extraction::PerEvent);
        if let Some((median, sigma)) = law.filter(|_| !limited)
            && !range::holds_lognormal(libm::log(median), sigma)
        {
            let error = self.report(
                ErrorKind::Domain,
                takes,
                &format!("{key}.takes"),
                format!("a median of {median:e} and a sigma of {sigma} cannot be drawn"),
            );
            if sigma > 0.0 {
                error.help("ten sigmas around the logarithm of the median must stay within 100: 1.9 is what incidents show");
            } else {
                error.help("a sigma of 0 is no distribution: write { sum = … } or { share = … }");
            }
        }
        if let Extraction::RateLimited { usd_per_day, .. } = attack.extraction {
            let detected = slashing.offences.get(attack.offence).map(|o| o.detection);
            let at_once =
                matches!(detected, Some(Detection::Exponential { mean }) if mean.get() <= 0.0);
            if usd_per_day <= 0.0 || at_once {
                self.report(
                    ErrorKind::Domain,
                    span,
                    &format!("{key}.extraction.rate_limited"),
                    if at_once {
                        "a rate limit works against time, and detection takes none"
                    } else {
                        "nothing can leave at a rate of 0"
                    },
                )
                .help("write a limit and a mean time to detection above 0");
            }
        }
    }

    /// Where the file says how a factor moves, or what makes it matter.
    fn place(&self, name: &str) -> (Range<usize>, String) {
        let document = &self.draft.document;
        let first = |places: Vec<(Option<Range<usize>>, &str)>, key: &str| {
            places
                .into_iter()
                .find_map(|(span, leaf)| Some((span?, format!("{key}.{leaf}"))))
        };
        let found = match Class::find(name) {
            None => document
                .value
                .get()
                .and_then(|v| v.at_risk.get())
                .and_then(|risk| {
                    let places = vec![
                        (risk.volatility.as_ref().map(|q| q.0.span()), "volatility"),
                        (risk.growth.as_ref().map(|q| q.0.span()), "growth"),
                        (risk.jumps.as_ref().map(At::span), "jumps"),
                        (risk.start.get().map(|q| q.0.span()), "start"),
                    ];
                    first(places, "value.at_risk")
                }),
            Some(class) => {
                let asset = document.market.as_ref().and_then(|m| section(m, class));
                asset.map(At::get).and_then(|asset| {
                    let places = vec![
                        (asset.volatility.as_ref().map(|q| q.0.span()), "volatility"),
                        (asset.drift.as_ref().map(|q| q.0.span()), "drift"),
                        (asset.jumps.as_ref().map(At::span), "jumps"),
                        (asset.jump_loading.as_ref().map(At::span), "jump_loading"),
                        (asset.price.as_ref().map(|q| q.0.span()), "price"),
                    ];
                    first(places, &format!("market.{name}"))
                })
            }
        };
        // Staking tokens move with ETH: what the file says of ETH decides about both.
        if found.is_none() && Class::find(name) == Some(Class::Lst) {
            return self.place("ETH");
        }
        let jumps = document.market.as_ref().and_then(|m| m.jumps.as_ref());
        found
            .or_else(|| Some((jumps?.span(), "market.jumps".to_owned())))
            .or_else(|| {
                let days = document.simulation.as_ref()?.days.as_ref()?;
                Some((days.0.span(), "simulation.days".to_owned()))
            })
            .unwrap_or((0..0, String::new()))
    }

    /// Spans of an attack's chance (or name) and of what it takes.
    fn place_of_attack(&self, n: usize) -> (Range<usize>, Range<usize>) {
        let attacks = self.draft.document.value.get().and_then(|v| v.attack.get());
        let Some(attack) = attacks.and_then(|a| a.get(n)) else {
            return (0..0, 0..0);
        };
        let draft = attack.get();
        let name = draft.name.get().map_or(attack.span(), At::span);
        let chance = match &draft.when {
            Some(draft::When::Rate(rate)) => rate.0.span(),
            _ => name.clone(),
        };
        let takes = match draft.takes.get() {
            Some(draft::Takes::Lognormal(law)) => law.sigma.get().map(At::span),
            Some(draft::Takes::LognormalShare(law)) => law.sigma.get().map(At::span),
            _ => None,
        };
        (chance, takes.unwrap_or(name))
    }
}

fn reach_of(law: Jumps) -> range::Jumps {
    range::Jumps {
        per_year: law.rate.get(),
        log_mean: law.log_mean,
        log_sd: law.log_sd,
    }
}
