//! Other services of the same operators: what corrupting them brings, and who must be corrupted.

use super::context::{Check, settled};
use crate::spec::draft;
use crate::spec::errors::ErrorKind;
use crate::spec::leaf::{At, Fraction, Kind, Money, Quantity};
use crate::spec::model::{Backing, Elsewhere, Model, Structure};
use crate::spec::quantity::closest;
use crate::units::{Share, Usd};

/// Services whose coalitions are searched together: every set of them is.
const MOST: usize = 6;

impl Check<'_> {
    pub fn elsewhere(&mut self, list: &[At<draft::Elsewhere>]) -> Option<Vec<Elsewhere>> {
        self.unique_names(
            list.iter().filter_map(|e| e.get().name.get()),
            "value.elsewhere",
        );
        let backed: Vec<&At<draft::Elsewhere>> = list.iter().filter(|e| is_backed(e)).collect();
        if let Some(first) = backed.get(MOST) {
            self.report(
                ErrorKind::Domain,
                first.span(),
                "value.elsewhere",
                format!(
                    "{} services with coalitions of their own: every set of them is searched",
                    backed.len()
                ),
            )
            .help = Some(format!(
                "write the {MOST} that pay most, or `loses` in the place of `threshold` and `stake`"
            ));
        }
        let read: Vec<Option<Elsewhere>> = list
            .iter()
            .enumerate()
            .map(|(n, at)| self.other_service(n, at))
            .collect();
        read.into_iter().collect()
    }

    fn other_service(&mut self, n: usize, at: &At<draft::Elsewhere>) -> Option<Elsewhere> {
        let draft = at.get();
        let key = |name: &str| format!("value.elsewhere[{n}].{name}");
        let name = draft
            .name
            .get()
            .and_then(|name| self.name(name, &key("name")));
        let prize = draft
            .prize
            .get()
            .and_then(|q| self.quantity(q, &key("prize")));
        if !is_backed(at) {
            let loses =
                self.quantity_or::<Money>(draft.loses.as_ref(), &key("loses"), "A-elsewhere-loses");
            return Some(Elsewhere {
                name: name?,
                prize: Usd(prize?),
                loses: Usd(loses?),
                backing: None,
            });
        }
        if let Some(loses) = &draft.loses {
            let error = self.report(
                ErrorKind::Contradiction,
                loses.0.span(),
                &key("loses"),
                "what is lost there follows from the coalition",
            );
            error.help =
                Some("write either `loses`, or `threshold` and `stake`, from which the cheapest coalition for both services is searched".into());
        }
        let threshold = self.needed(draft.threshold.as_ref(), at, &key("threshold"), "1/3");
        let stake = self.needed(draft.stake.as_ref(), at, &key("stake"), "80 MUSD");
        let slash = self.needed(draft.slash.as_ref(), at, &key("slash"), "50 %");
        let shared = self.quantity_or::<Fraction>(
            draft.shared.as_ref(),
            &key("shared"),
            "A-elsewhere-shared",
        );
        let others =
            self.quantity_or::<Money>(draft.others.as_ref(), &key("others"), "A-elsewhere-others");
        if draft.operators.is_none() {
            self.assume("A-elsewhere-operators", &key("operators"), "all");
        }
        Some(Elsewhere {
            name: name?,
            prize: Usd(prize?),
            loses: Usd(0.0),
            backing: Some(Backing {
                threshold: Share(threshold?),
                stake: Usd(stake?),
                // Names are resolved once the operators are known.
                operators: None,
                others: Usd(others?),
                slash: Share(slash?),
                shared: Share(shared?),
            }),
        })
    }

    fn needed<K: Kind>(
        &mut self,
        given: Option<&Quantity<K>>,
        at: &At<draft::Elsewhere>,
        key: &str,
        example: &str,
    ) -> Option<f64> {
        if let Some(given) = given {
            return self.quantity(given, key);
        }
        let word = crate::spec::shape::last(key).to_owned();
        self.report(
            ErrorKind::MissingKey,
            at.span(),
            key,
            format!("a coalition needs `{word}`"),
        )
        .help = Some(format!("add {word} = \"{example}\""));
        None
    }

    /// Finds the operators that other services name.
    pub fn elsewhere_operators(&mut self, model: &mut Model) {
        let draft = self.draft;
        let Some(list) = draft.document.value.get().map(|value| &value.elsewhere) else {
            return;
        };
        for (n, at) in list.iter().enumerate() {
            let Some(named) = &at.get().operators else {
                continue;
            };
            let key = format!("value.elsewhere[{n}].operators");
            let found: Vec<Option<usize>> = named
                .get()
                .iter()
                .map(|name| self.operator_named(model, name, &key))
                .collect();
            if named.get().is_empty() {
                self.report(
                    ErrorKind::Empty,
                    named.span(),
                    &key,
                    "nobody of this service is there",
                )
                .help = Some("name operators of this service, or leave the key out for all".into());
            }
            let found: Option<Vec<usize>> = found.into_iter().collect();
            if let Some(backing) = settled(Some(found))
                .flatten()
                .zip(model.value.elsewhere[n].backing.as_mut())
            {
                let (found, backing) = backing;
                backing.operators = Some(found);
            }
        }
    }

    fn operator_named(&mut self, model: &Model, name: &At<String>, key: &str) -> Option<usize> {
        let wanted = name.get().trim();
        let Structure::Entities(operators) = &model.operators.structure else {
            self.report(
                ErrorKind::Contradiction,
                name.span(),
                key,
                "a pool of stake has no operators to name",
            )
            .help = Some("leave the key out: all of the pool is there".into());
            return None;
        };
        let place = operators.iter().position(|operator| {
            operator.label == wanted
                || operator
                    .address
                    .as_ref()
                    .is_some_and(|address| address.eq_ignore_ascii_case(wanted))
        });
        if place.is_none() {
            let near = closest(wanted, operators.iter().map(|o| o.label.as_str()));
            let help = near.map_or_else(
                || "write the name or address of an operator of this service".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            self.report(
                ErrorKind::UnknownName,
                name.span(),
                key,
                format!("no operator of this service is called `{wanted}`"),
            )
            .help = Some(help);
        }
        place
    }
}

/// Whether a service says who must be corrupted there.
fn is_backed(at: &At<draft::Elsewhere>) -> bool {
    let draft = at.get();
    draft.threshold.is_some()
        || draft.stake.is_some()
        || draft.operators.is_some()
        || draft.others.is_some()
        || draft.slash.is_some()
        || draft.shared.is_some()
}
