//! Bounds that exclude each other: each possible alone, no design between them.

use super::context::Check;
use super::holdings::{Class, Holders, Holdings};
use crate::spec::draft;
use crate::spec::errors::ErrorKind;
use crate::spec::leaf::{Fraction, Quantity, Searchable};
use crate::spec::model::{Choice, Model, Structure};
use crate::spec::parameters::mix_of;
use crate::spec::quantity::{Dimension, show};
use crate::units::Share;
use std::ops::Range;

impl Check<'_> {
    /// Shares of the slashable stake, by the assets of the market.
    pub fn mix(
        &mut self,
        draft: &draft::Operators,
        holdings: Option<&Holdings>,
    ) -> Option<Vec<Option<Choice<Share>>>> {
        let Some(at) = &draft.mix else {
            return Some(Vec::new());
        };
        let holdings = holdings?;
        if let Holders::Pooled(..) = holdings.holders {
            self.report(
                ErrorKind::Contradiction,
                at.span(),
                "operators.mix",
                "pooled stake is in one asset",
            )
            .help = Some("leave out `mix`, or name operators".into());
            return None;
        }
        let given = at.get();
        let named: [(Class, &Option<Searchable<Quantity<Fraction>>>); 6] = [
            (Class::Eth, &given.eth),
            (Class::Lst, &given.lst),
            (Class::Eigen, &given.eigen),
            (Class::Btc, &given.btc),
            (Class::Token, &given.token),
            (Class::Own, &given.own),
        ];
        let mut mix = vec![None; holdings.classes.len()];
        let mut fits = true;
        for (class, share) in named {
            let Some(share) = share else { continue };
            let key = format!("operators.mix.{}", class.name());
            let place = holdings.classes.iter().position(|held| *held == class);
            let (Some(place), Some(choice)) = (place, self.choice(share, &key)) else {
                if place.is_none() {
                    let message = format!("these operators hold no {}", class.name());
                    self.report(ErrorKind::Contradiction, ends(share), &key, message)
                        .help = Some("leave it out of `mix`, or take it into `assets`".into());
                }
                fits = false;
                continue;
            };
            mix[place] = Some(super::operators::share_choice(choice));
        }
        let sum = |of: fn(Choice<Share>) -> Share| -> f64 {
            mix.iter().flatten().map(|share| of(*share).get()).sum()
        };
        let (least, most) = (sum(Choice::low), sum(Choice::high));
        let all = mix.iter().all(Option::is_some);
        if fits && (least > 1.0 + 1e-9 || (all && most < 1.0 - 1e-9)) {
            let message = format!(
                "the shares of the mix come to {} to {} in all",
                show((least * 1e9).round() / 1e9, Dimension::Share),
                show((most * 1e9).round() / 1e9, Dimension::Share)
            );
            self.report(
                ErrorKind::Contradiction,
                at.span(),
                "operators.mix",
                message,
            )
            .help = Some("shares must be able to add up to 100 %".into());
            return None;
        }
        fits.then_some(mix)
    }

    /// Bounds of different parts of the file against each other.
    pub fn bounds(&mut self, model: &Model) {
        self.threshold_is_used(model);
        let Structure::Entities(list) = &model.operators.structure else {
            return;
        };
        let Some(draft) = self.draft.document.operators.get() else {
            return;
        };
        let mut entities: Vec<usize> = list.iter().map(|o| o.entity).collect();
        entities.sort_unstable();
        entities.dedup();
        let (cap, count) = (model.operators.entity_cap, entities.len());
        if let Some(given) = &draft.entity_cap
            && cap.low().get() * (count as f64) < 1.0 - 1e-9
        {
            let shown = show(cap.low().get(), Dimension::Share);
            let message =
                format!("{count} entities of at most {shown} each are less than the whole");
            let least = show(1.0 / count as f64, Dimension::Share);
            self.report(
                ErrorKind::Contradiction,
                first(given),
                "operators.entity_cap",
                message,
            )
            .help = Some(format!(
                "write at least {least}, or choose a set with more entities"
            ));
        }
        if let Some(given) = &draft.minimum_stake {
            let least = model.operators.minimum_stake.map_or(0.0, |m| m.low().get());
            let needed = f64::from(model.operators.count.low()) * least;
            let delegated: f64 = list.iter().map(|o| o.delegated_usd).sum();
            if needed > delegated {
                let message = format!(
                    "{} operators of at least {} each hold more than the {} that is delegated to the set",
                    model.operators.count.low(),
                    show(least, Dimension::Money),
                    show(delegated.round(), Dimension::Money)
                );
                let count = draft.count.as_ref().map(|c| match c {
                    Searchable::Fixed(at) => at.span(),
                    Searchable::Search { low, .. } => low.span(),
                });
                let error = self.report(
                    ErrorKind::Contradiction,
                    first(given),
                    "operators.minimum_stake",
                    message,
                );
                error.also = count.map(|span| (span, "so many at least".into()));
                error.help =
                    Some("ask for less stake of each operator, or for fewer of them".into());
            }
        }
        let corners = mix_of(model, &low_corner(model)).is_some();
        let at = draft.mix.as_ref().map(crate::spec::leaf::At::span);
        if let (Some(at), false, false) =
            (at, corners, model.operators.mix.iter().all(Option::is_some))
        {
            self.report(
                ErrorKind::Contradiction,
                at,
                "operators.mix",
                "no mix has these shares",
            )
            .help =
                Some("write shares that leave the rest to the assets that are not named".into());
        }
    }

    /// A threshold that is searched must be the threshold of some attack.
    fn threshold_is_used(&mut self, model: &Model) {
        let all = model.value.attacks.iter().all(|a| a.threshold.is_some());
        let (true, true) = (all, model.operators.threshold.is_searched()) else {
            return;
        };
        let draft = self.draft;
        let Some(Searchable::Search { low, high }) = draft
            .document
            .operators
            .get()
            .and_then(|o| o.threshold.get())
        else {
            return;
        };
        let span = low.0.span().start..high.0.span().end;
        let other = draft
            .document
            .value
            .get()
            .and_then(|v| v.attack.get())
            .and_then(|attacks| attacks.first())
            .and_then(|attack| attack.get().threshold.as_ref())
            .map(|t| t.0.span());
        let error = self.report(
            ErrorKind::Contradiction,
            span,
            "operators.threshold",
            "a threshold is to be searched, and every attack has its own",
        );
        error.also = other.map(|span| (span, "this one counts".into()));
        error.help = Some(
            "write one value, or leave `threshold` out of the attacks that follow the service's"
                .into(),
        );
    }
}

/// The low end of every named share.
fn low_corner(model: &Model) -> Vec<Option<f64>> {
    model
        .operators
        .mix
        .iter()
        .map(|share| share.map(|s| s.low().get()))
        .collect()
}

/// Where the smallest value stands.
fn first<K: 'static>(given: &Searchable<Quantity<K>>) -> Range<usize> {
    match given {
        Searchable::Fixed(at) | Searchable::Search { low: at, .. } => at.0.span(),
    }
}

/// All of a value or range.
fn ends<K: 'static>(given: &Searchable<Quantity<K>>) -> Range<usize> {
    match given {
        Searchable::Fixed(at) => at.0.span(),
        Searchable::Search { low, high } => low.0.span().start..high.0.span().end,
    }
}
