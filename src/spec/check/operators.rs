//! The operator set: slashable tokens, entities, costs and franchise.

use super::context::{Check, settled};
use super::csv::Table;
use super::holdings::{Class, Holder, Holders, Holdings};
use crate::spec::draft;
use crate::spec::errors::ErrorKind;
use crate::spec::leaf::{
    At, Fraction, Frequency, MoneyRate, PositiveFraction, PositiveFrequency, Searchable,
};
use crate::spec::model::{
    Choice, Franchise, Market, Operator, OperatorCosts, Operators, Structure,
};
use crate::units::{DAYS_PER_YEAR, PerYear, Share, Usd, UsdPerYear};
use std::collections::BTreeMap;

/// Slashable stake at the start, USD.
pub(super) fn slashable_usd(operators: &Operators, market: &Market) -> f64 {
    match &operators.structure {
        Structure::Pooled { stake, .. } => stake.get(),
        Structure::Entities(list) => list
            .iter()
            .map(|o| {
                o.tokens
                    .iter()
                    .zip(&market.assets)
                    .map(|(t, a)| t * a.price.get())
                    .sum::<f64>()
            })
            .sum(),
    }
}

impl Check<'_> {
    pub fn operators(
        &mut self,
        draft: &draft::Operators,
        holdings: Option<Holdings>,
    ) -> Option<Operators> {
        let made_up = matches!(
            draft.from.get().map(At::get),
            Some(draft::From::Pooled(_) | draft::From::Equal(_))
        );
        let allocate = match (&draft.allocate, made_up) {
            (Some(given), _) => self.quantity(given, "operators.allocate"),
            (None, true) => {
                Some(self.default::<PositiveFraction>("A-allocate", "operators.allocate"))
            }
            (None, false) => {
                let at = draft.from.get().map_or(0..0, At::span);
                // Where `from` or the key itself is at fault, that is said already.
                if draft.from.get().is_some() && !self.is_faulty("operators.allocate") {
                    self.report(ErrorKind::MissingKey, at, "operators.allocate", "`allocate` is missing")
                        .label("these operators hold delegated stake; which share of it can be slashed?")
                        .help("add allocate = \"12 %\" to [operators]: the share of their stake that operators put behind this service");
                }
                None
            }
        };
        let threshold = draft
            .threshold
            .get()
            .and_then(|t| self.choice(t, "operators.threshold"));
        let own_share = self.quantity_or::<Fraction>(
            draft.own_share.as_ref(),
            "operators.own_share",
            "A-own-share",
        );
        let minimum_stake = draft
            .minimum_stake
            .as_ref()
            .map(|m| self.choice(m, "operators.minimum_stake"));
        let entity_cap = match &draft.entity_cap {
            None => {
                if !made_up {
                    self.assume("A-entity-cap", "operators.entity_cap", "no cap");
                }
                Some(Choice::Fixed(1.0))
            }
            Some(cap) => self.choice(cap, "operators.entity_cap"),
        };
        let mix = self.mix(draft, holdings.as_ref());
        let own_stake_minimum = draft
            .own_stake_minimum
            .as_ref()
            .map(|m| self.choice(m, "operators.own_stake_minimum"));
        let own_stake_return = self.quantity_or::<Frequency>(
            draft.own_stake_return.as_ref(),
            "operators.own_stake_return",
            "A-own-return",
        );
        let pooled = matches!(
            holdings.as_ref().map(|h| &h.holders),
            Some(Holders::Pooled(..))
        );
        let held = holdings.as_ref().map(|h| h.classes.as_slice());
        let quorums = self.quorums(&draft.quorum, held, pooled);
        let acquirer = self.acquirer(draft.acquirer.as_ref());
        let bribed =
            self.quantity_or::<Fraction>(draft.bribed.as_ref(), "operators.bribed", "A-bribed");
        let costs = self.costs(draft.costs.as_ref());
        let franchise = self.franchise(draft.franchise.as_ref());
        let size = match &holdings {
            Some(Holdings {
                holders: Holders::Operators(list),
                ..
            }) => Some(list.len() as u32),
            Some(Holdings {
                holders: Holders::Pooled(..),
                ..
            }) => None,
            None => Some(u32::MAX),
        };
        let count = self.operator_count(draft.count.as_ref(), size);
        let named = self.named_entities(draft.entities.as_ref());
        let holdings = holdings?;
        let allocate = allocate?;
        let (structure, entities) = match &holdings.holders {
            Holders::Pooled(stake, _) => (
                Structure::Pooled {
                    stake: Usd(stake * allocate),
                    asset: 0,
                },
                Vec::new(),
            ),
            Holders::Operators(list) => {
                let (of, names) = self.group(list, &named?, draft.entities.as_ref())?;
                (
                    Structure::Entities(operators_of(list, &of, &holdings.classes, allocate)),
                    names,
                )
            }
        };
        Some(Operators {
            rule: holdings.rule,
            structure,
            entities,
            allocate: Share(allocate),
            threshold: share_choice(threshold?),
            own_share: Share(own_share?),
            count: count?,
            minimum_stake: settled(minimum_stake)?.map(|m| map(m, Usd)),
            entity_cap: share_choice(entity_cap?),
            mix: mix?,
            own_stake_minimum: settled(own_stake_minimum)?.map(|m| map(m, Usd)),
            own_stake_return: PerYear(own_stake_return?),
            quorums: quorums?,
            acquirer: acquirer?,
            bribed: Share(bribed?),
            costs: costs?,
            franchise: franchise?,
        })
    }

    /// `size` is how many operators the rule names; none for a pool.
    fn operator_count(
        &mut self,
        given: Option<&Searchable<At<u32>>>,
        size: Option<u32>,
    ) -> Option<Choice<u32>> {
        let key = "operators.count";
        let Some(given) = given else {
            let count = match size {
                Some(size) if size > 1 => Choice::Search { low: 1, high: size },
                _ => Choice::Fixed(1),
            };
            let value = match count {
                Choice::Fixed(one) => one.to_string(),
                Choice::Search { low, high } => format!("{low} to {high}"),
            };
            self.assume("A-operator-count", key, value);
            return Some(count);
        };
        let (choice, last) = match given {
            Searchable::Fixed(count) => (Choice::Fixed(*count.get()), count),
            Searchable::Search { low, high } => {
                if low.get() >= high.get() {
                    let error = self.report(
                        ErrorKind::Range,
                        high.span(),
                        key,
                        "the range of `count` ends before it begins",
                    );
                    error.label = format!("the largest value, {}", high.get());
                    error.also = Some((low.span(), format!("the smallest, {}", low.get())));
                    error.help = Some("write the smallest value first".into());
                    return None;
                }
                (
                    Choice::Search {
                        low: *low.get(),
                        high: *high.get(),
                    },
                    high,
                )
            }
        };
        match size {
            Some(size) if *last.get() > size => {
                let message = format!(
                    "{} operators are asked for, and the rule names {size}",
                    last.get()
                );
                self.report(ErrorKind::Contradiction, last.span(), key, message)
                    .help = Some(format!(
                    "write at most {size}, or choose more operators in `from`"
                ));
                None
            }
            _ => Some(choice),
        }
    }

    fn costs(&mut self, draft: Option<&draft::Costs>) -> Option<OperatorCosts> {
        let key = |name: &str| format!("operators.costs.{name}");
        let own = self.quantity_or::<MoneyRate>(
            draft.and_then(|d| d.own.as_ref()),
            &key("own"),
            "A-operator-cost-own",
        );
        let shared = self.quantity_or::<MoneyRate>(
            draft.and_then(|d| d.shared.as_ref()),
            &key("shared"),
            "A-operator-cost-shared",
        );
        let services = match draft.and_then(|d| d.services.as_ref()) {
            Some(given) if *given.get() == 0 => {
                self.report(
                    ErrorKind::Domain,
                    given.span(),
                    &key("services"),
                    "`services` must be at least 1",
                )
                .help = Some("count this service too".into());
                None
            }
            Some(given) => Some(f64::from(*given.get())),
            None if shared == Some(0.0) => Some(1.0),
            None => {
                let value = crate::spec::assumptions::assumption("A-operator-cost-services").value;
                self.assume("A-operator-cost-services", &key("services"), value);
                value.parse().ok()
            }
        };
        Some(OperatorCosts {
            own: UsdPerYear(own?),
            shared: UsdPerYear(shared?),
            services: services?,
        })
    }

    fn franchise(&mut self, draft: Option<&draft::Franchise>) -> Option<Franchise> {
        let key = |name: &str| format!("operators.franchise.{name}");
        let revenue = self.quantity_or::<Frequency>(
            draft.and_then(|d| d.net_revenue.as_ref()),
            &key("net_revenue"),
            "A-franchise-revenue",
        );
        let discount = self.quantity_or::<PositiveFrequency>(
            draft.and_then(|d| d.discount.as_ref()),
            &key("discount"),
            "A-franchise-discount",
        );
        let hazard = self.quantity_or::<Frequency>(
            draft.and_then(|d| d.exit_hazard.as_ref()),
            &key("exit_hazard"),
            "A-franchise-exit",
        );
        let lasts = draft
            .and_then(|d| d.lasts.as_ref())
            .map(|span| self.quantity(span, &key("lasts")));
        Some(Franchise {
            net_revenue: PerYear(revenue?),
            discount: PerYear(discount?),
            exit_hazard: PerYear(hazard?),
            years: settled(lasts)?.map(|days| days / DAYS_PER_YEAR),
        })
    }

    /// Entities by operator, from the file that groups them.
    fn named_entities(&mut self, path: Option<&At<String>>) -> Option<BTreeMap<String, String>> {
        let Some(path) = path else {
            return Some(BTreeMap::new());
        };
        let table = Table::open(self, path, "operators.entities")?;
        let (operator, entity) = (
            table.require(self, "operator"),
            table.require(self, "entity"),
        );
        let (operator, entity) = (operator?, entity?);
        let mut fits = true;
        let mut named = BTreeMap::new();
        for row in table.rows() {
            let name = row[operator].text.to_lowercase();
            let other = named.insert(name, row[entity].text.clone());
            if other.is_some_and(|other| other != row[entity].text) {
                let message = format!("`{}` is in two entities", row[operator].text);
                table.report(
                    self,
                    ErrorKind::Duplicate,
                    &row[operator],
                    message,
                    "an operator is controlled by one entity; join the two".into(),
                );
                fits = false;
            }
        }
        fits.then_some(named)
    }

    /// The entity of each operator, and the entities' names.
    fn group(
        &mut self,
        list: &[Holder],
        named: &BTreeMap<String, String>,
        path: Option<&At<String>>,
    ) -> Option<(Vec<usize>, Vec<String>)> {
        let entity_of = |holder: &Holder| {
            let by_label = named.get(&holder.label.to_lowercase());
            let by_address = holder
                .address
                .as_ref()
                .and_then(|a| named.get(&a.to_lowercase()));
            by_label
                .or(by_address)
                .filter(|text| !text.is_empty())
                .cloned()
                .or_else(|| holder.entity.clone())
        };
        let matched = list.iter().any(|h| {
            named.contains_key(&h.label.to_lowercase())
                || h.address
                    .as_ref()
                    .is_some_and(|a| named.contains_key(&a.to_lowercase()))
        });
        if let (Some(path), false) = (path, matched) {
            self.report(
                ErrorKind::Contradiction,
                path.span(),
                "operators.entities",
                format!("`{}` names no operator of this set", path.get()),
            )
            .help = Some(
                "write operators by the name or address that the snapshot (or your list) has"
                    .into(),
            );
            return None;
        }
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let mut names: Vec<String> = Vec::new();
        let mut alone = 0;
        let of = list
            .iter()
            .map(|holder| {
                let fresh = names.len();
                match entity_of(holder) {
                    Some(entity) => *known.entry(entity.clone()).or_insert_with(|| {
                        names.push(entity);
                        fresh
                    }),
                    None => {
                        alone += 1;
                        names.push(holder.label.clone());
                        fresh
                    }
                }
            })
            .collect();
        if alone > 0 {
            self.assume(
                "A-entities",
                "operators.entities",
                format!("{alone} of {} operators stand alone", list.len()),
            );
        }
        Some((of, names))
    }
}

fn operators_of(list: &[Holder], of: &[usize], classes: &[Class], allocate: f64) -> Vec<Operator> {
    list.iter()
        .zip(of)
        .map(|(holder, &entity)| Operator {
            label: holder.label.clone(),
            address: holder.address.clone(),
            entity,
            tokens: classes
                .iter()
                .map(|&class| holder.tokens[class as usize] * allocate)
                .collect(),
            delegated_usd: holder.delegated_usd,
            reconstructed: holder.reconstructed,
        })
        .collect()
}

pub(super) fn share_choice(choice: Choice<f64>) -> Choice<Share> {
    map(choice, Share)
}

/// A choice of bare numbers as a choice of a unit.
pub(super) fn map<T>(choice: Choice<f64>, unit: impl Fn(f64) -> T) -> Choice<T> {
    match choice {
        Choice::Fixed(value) => Choice::Fixed(unit(value)),
        Choice::Search { low, high } => Choice::Search {
            low: unit(low),
            high: unit(high),
        },
    }
}
