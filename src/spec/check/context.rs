//! What every part of the check shares: noting faults and assumptions, reading quantities.

use crate::snapshot::{AssetClass, Snapshot};
use crate::spec::assumptions::assumption;
use crate::spec::draft::{Market, Offence};
use crate::spec::errors::{ErrorKind, SpecError};
use crate::spec::leaf::{At, Kind, Quantity, Searchable};
use crate::spec::model::{AssumptionUse, Choice};
use crate::spec::quantity::{Currency, FaultKind, closest, parse, show};
use crate::spec::read::Draft;
use crate::spec::schema::description;
use crate::spec::shape::last;
use std::ops::Range;
use std::path::Path;

/// Largest standard deviation of a logarithm that means anything: a take that varies by e^20.
const SIGMA_LIMIT: f64 = 20.0;

pub(super) struct Check<'a> {
    pub draft: &'a Draft,
    pub snapshot: &'a Snapshot,
    pub read: &'a dyn Fn(&Path) -> std::io::Result<String>,
    pub errors: Vec<SpecError>,
    pub assumptions: Vec<AssumptionUse>,
    /// Price of the service's own token, when the file gives one.
    own_price: Option<f64>,
}

impl<'a> Check<'a> {
    pub fn new(
        draft: &'a Draft,
        snapshot: &'a Snapshot,
        read: &'a dyn Fn(&Path) -> std::io::Result<String>,
    ) -> Self {
        Self {
            draft,
            snapshot,
            read,
            errors: draft.faults.clone(),
            assumptions: Vec::new(),
            own_price: None,
        }
    }

    pub fn report(
        &mut self,
        kind: ErrorKind,
        span: Range<usize>,
        key: &str,
        message: impl Into<String>,
    ) -> &mut SpecError {
        self.errors
            .push(SpecError::new(kind, &self.draft.file, span, key, message));
        self.errors.last_mut().expect("one was pushed")
    }

    /// Notes that an assumption is used; the same id and key once.
    pub fn assume(&mut self, id: &'static str, key: &str, value: impl Into<String>) {
        let _ = assumption(id);
        if !self.assumptions.iter().any(|a| a.id == id && a.key == key) {
            self.assumptions.push(AssumptionUse {
                id,
                key: key.to_owned(),
                value: value.into(),
            });
        }
    }

    /// The default of a key, as its assumption states it.
    pub fn default<K: Kind>(&mut self, id: &'static str, key: &str) -> f64 {
        let text = assumption(id).value;
        self.assume(id, key, text);
        parse(text, K::DIMENSION)
            .expect("a default is a quantity")
            .value
    }

    /// The quantity of a key, or its default.
    pub fn quantity_or<K: Kind>(
        &mut self,
        given: Option<&Quantity<K>>,
        key: &str,
        id: &'static str,
    ) -> Option<f64> {
        match given {
            Some(quantity) => self.quantity(quantity, key),
            None => Some(self.default::<K>(id, key)),
        }
    }

    /// A quantity in its base unit, tokens converted to USD, inside its domain.
    pub fn quantity<K: Kind>(&mut self, quantity: &Quantity<K>, key: &str) -> Option<f64> {
        let text = quantity.0.get().as_str();
        let span = quantity.0.span();
        let read = match parse(text, K::DIMENSION) {
            Ok(read) => read,
            Err(fault) => {
                let kind = match fault.kind {
                    FaultKind::Number | FaultKind::NotFinite => ErrorKind::Number,
                    FaultKind::MissingUnit => ErrorKind::MissingUnit,
                    FaultKind::UnknownUnit => ErrorKind::UnknownUnit,
                    FaultKind::Dimension => ErrorKind::Dimension,
                };
                let at = self.within(&span, text, fault.at);
                let error = self.report(kind, at, key, fault.message);
                error.label = format!("in `{}`", last(key));
                error.help = Some(fault.help);
                return None;
            }
        };
        let value = match &read.currency {
            None => read.value,
            Some(currency) => {
                let at = self.within(&span, text, currency.at.clone());
                read.value * self.price_of(currency, at, key)?
            }
        };
        self.in_domain::<K>(value, text, span, key)
    }

    fn in_domain<K: Kind>(
        &mut self,
        value: f64,
        text: &str,
        span: Range<usize>,
        key: &str,
    ) -> Option<f64> {
        let domain = K::DOMAIN;
        let above = if domain.low_included {
            value >= domain.low
        } else {
            value > domain.low
        };
        let below = if domain.high_included {
            value <= domain.high
        } else {
            value < domain.high
        };
        if above && below && value.is_finite() {
            return Some(value);
        }
        let word = last(key);
        let message = match (
            domain.low_included,
            domain.high_included,
            domain.high.is_finite(),
        ) {
            (true, true, true) => format!("`{word}` must be between 0 % and 100 %"),
            (false, true, true) => format!("`{word}` must be above 0 % and at most 100 %"),
            (_, false, true) => format!("`{word}` must be above 0 % and below 100 %"),
            (true, ..) => format!("`{word}` cannot be negative"),
            (false, ..) => format!("`{word}` must be above 0"),
        };
        let help = format!("{}: write {}", description(key), K::DIMENSION.forms());
        let error = self.report(ErrorKind::Domain, span, key, message);
        error.label = text.to_owned();
        error.help = Some(help);
        None
    }

    /// A place inside a text of the file. A text with escapes has no such places: then all of it.
    fn within(&self, span: &Range<usize>, text: &str, at: Range<usize>) -> Range<usize> {
        let source = self.draft.file.inner();
        let start = span.start + 1;
        match source.get(start..start + text.len()) {
            Some(inside) if inside == text && !at.is_empty() => start + at.start..start + at.end,
            _ => span.clone(),
        }
    }

    /// A leaf that may be a range.
    pub fn choice<K: Kind>(
        &mut self,
        given: &Searchable<Quantity<K>>,
        key: &str,
    ) -> Option<Choice<f64>> {
        match given {
            Searchable::Fixed(quantity) => self.quantity(quantity, key).map(Choice::Fixed),
            Searchable::Search { low, high } => {
                let (from, to) = (self.quantity(low, key), self.quantity(high, key));
                let (from, to) = (from?, to?);
                if from < to {
                    return Some(Choice::Search {
                        low: from,
                        high: to,
                    });
                }
                let (first, second) = (low.0.span(), high.0.span());
                let message = format!("the range of `{}` ends before it begins", last(key));
                let (shown_low, shown_high) = (show(from, K::DIMENSION), show(to, K::DIMENSION));
                let error = self.report(ErrorKind::Range, second, key, message);
                error.label = format!("the largest value, {shown_high}");
                error.also = Some((first, format!("the smallest, {shown_low}")));
                error.help = Some(
                    "write the smallest value first; for a single value write it without a range"
                        .into(),
                );
                None
            }
        }
    }

    /// A plain number inside bounds.
    pub fn number(
        &mut self,
        given: &At<f64>,
        bounds: std::ops::RangeInclusive<f64>,
        key: &str,
    ) -> Option<f64> {
        let value = *given.get();
        if value.is_finite() && bounds.contains(&value) {
            return Some(value);
        }
        let message = match (*bounds.start(), *bounds.end()) {
            (low, high) if high.is_finite() => {
                format!("`{}` must be between {low} and {high}", last(key))
            }
            _ => format!("`{}` cannot be negative", last(key)),
        };
        let help = description(key);
        let error = self.report(ErrorKind::Domain, given.span(), key, message);
        error.label = value.to_string();
        error.help = Some(help);
        None
    }

    /// A plain number above 0 and at most `limit`; `help` says what would be right.
    pub fn above_zero(
        &mut self,
        given: &At<f64>,
        limit: f64,
        key: &str,
        help: &str,
    ) -> Option<f64> {
        let value = self.number(given, 0.0..=limit, key)?;
        if value > 0.0 {
            return Some(value);
        }
        let message = format!("`{}` must be above 0", last(key));
        self.report(ErrorKind::Domain, given.span(), key, message)
            .help = Some(help.to_owned());
        None
    }

    /// Median and standard deviation of the logarithm of a lognormal law.
    pub fn lognormal<K: Kind>(
        &mut self,
        median: Option<&Quantity<K>>,
        sigma: Option<&At<f64>>,
        key: &str,
    ) -> Option<(f64, f64)> {
        let median = median.and_then(|m| self.quantity(m, &format!("{key}.median")));
        let sigma = sigma.and_then(|s| self.number(s, 0.0..=SIGMA_LIMIT, &format!("{key}.sigma")));
        Some((median?, sigma?))
    }

    /// Remembers the price of the own token, so that quantities can be written in it.
    pub fn note_own_token(&mut self, market: Option<&Market>) {
        let price = market
            .and_then(|m| m.own.as_ref())
            .and_then(|own| own.get().price.as_ref());
        if let Some(price) = price {
            let noted = self.errors.len();
            self.own_price = self.quantity(price, "market.OWN.price");
            // It is read again, and reported, where it stands.
            self.errors.truncate(noted);
        }
    }

    /// Whether the file prices a token of its own.
    pub fn has_own_token(&self) -> bool {
        self.own_price.is_some()
    }

    /// USD for one unit of a currency, noting that the snapshot's price is used.
    fn price_of(&mut self, currency: &Currency, at: Range<usize>, key: &str) -> Option<f64> {
        let symbol = currency.symbol.as_str();
        let found = self
            .find_price(symbol)
            .map(|price| (symbol, 1.0, price))
            .or_else(|| {
                let (rest, factor) = currency.without_prefix()?;
                Some((rest, factor, self.find_price(rest)?))
            });
        let Some((symbol, factor, price)) = found else {
            let known = self.symbols();
            let near = closest(symbol, known.iter().map(String::as_str)).map(str::to_owned);
            let help = match near {
                Some(near) => format!("did you mean `{near}`? {} tokens have a price in this snapshot", known.len()),
                None => "write the amount in USD, or in a token that the snapshot prices, such as ETH or EIGEN".into(),
            };
            let message = format!("`{symbol}` has no price in this snapshot");
            self.report(ErrorKind::UnknownName, at, key, message).help = Some(help);
            return None;
        };
        self.assume("A-token-price", key, format!("1 {symbol} = {price} USD"));
        Some(factor * price)
    }

    /// USD for one token: by the symbol as written, `OWN`, or `EIGEN` for whatever form of it is staked.
    pub fn find_price(&self, symbol: &str) -> Option<f64> {
        if symbol == "OWN" {
            return self.own_price;
        }
        let priced = |matches: &dyn Fn(&crate::snapshot::Asset) -> bool| {
            self.snapshot
                .assets
                .iter()
                .filter(|a| matches(a))
                .find_map(|a| a.price.as_ref())
                .map(|p| p.usd)
        };
        let exact = priced(&|a| a.symbol == symbol);
        match symbol {
            "ETH" => exact.or_else(|| priced(&|a| a.class == AssetClass::Eth)),
            "EIGEN" => exact.or_else(|| priced(&|a| a.class == AssetClass::Eigen)),
            _ => exact,
        }
    }

    /// Symbols that have a price.
    pub fn symbols(&self) -> Vec<String> {
        let mut known = vec!["USD".to_owned(), "ETH".to_owned(), "EIGEN".to_owned()];
        known.extend(
            self.snapshot
                .priced()
                .map(|(_, asset)| asset.symbol.clone()),
        );
        if self.has_own_token() {
            known.push("OWN".to_owned());
        }
        known.sort();
        known.dedup();
        known
    }

    /// Whether the shape of a key is at fault already: it is there and unreadable, or mistyped.
    pub fn is_faulty(&self, key: &str) -> bool {
        let parent = key.rsplit_once('.').map_or("", |(parent, _)| parent);
        self.draft.faults.iter().any(|fault| {
            let sibling = fault.key.rsplit_once('.').map_or("", |(parent, _)| parent) == parent;
            fault.key == key
                || (fault.kind == ErrorKind::UnknownKey
                    && sibling
                    && closest(last(&fault.key), [last(key)]).is_some())
        })
    }

    /// The offences of the file, those with a name.
    pub fn offences(&self) -> Vec<&'a Offence> {
        let draft = self.draft;
        let listed = draft.document.slashing.get().and_then(|s| s.offence.get());
        listed.into_iter().flatten().map(At::get).collect()
    }
}

/// A key that was left out, or one that was read; nothing when it could not be read.
pub(super) fn settled<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        None => Some(None),
        Some(value) => value.map(Some),
    }
}
