//! Prices of the collateral: the snapshot's statistics, the file's own figures over them.

use super::context::Check;
use super::correlation::{LEAST_EIGENVALUE, largest_shrink, smallest_eigenvalue};
use super::holdings::{CLASSES, Class};
use super::statistics::{Part, Statistics, cite};
use crate::spec::draft::{
    Asset, Correlation, JumpLaw, Market as Draft, NoJumps, SharedJumps as SharedDraft, Value,
};
use crate::spec::errors::ErrorKind;
use crate::spec::leaf::{At, Growth, Volatility, WordOr};
use crate::spec::model::{Jumps, Market, MarketAsset, SharedJumps};
use crate::spec::quantity::closest;
use crate::units::{PerYear, Usd};
use std::ops::Range;

/// Rows of the joint matrix: the classes, then the value at risk.
const ROWS: usize = CLASSES + 1;
const VALUE: usize = CLASSES;

/// The section of a class.
pub(super) fn section(market: &Draft, class: Class) -> Option<&At<Asset>> {
    match class {
        Class::Eth => market.eth.as_ref(),
        Class::Lst => market.lst.as_ref(),
        Class::Eigen => market.eigen.as_ref(),
        Class::Btc => market.btc.as_ref(),
        Class::Token => market.token.as_ref(),
        Class::Own => market.own.as_ref(),
    }
}

impl Check<'_> {
    pub fn market(
        &mut self,
        draft: Option<&Draft>,
        value: Option<&Value>,
        held: Option<&[Class]>,
    ) -> Option<Market> {
        let statistics = Statistics::of(self.snapshot.market());
        let shared = self.shared_jumps(draft, &statistics);
        let law = shared.flatten();
        let mut assets: Vec<Option<MarketAsset>> = Vec::new();
        let mut parts = [Part::default(); CLASSES];
        let mut eth = None;
        for class in Class::ALL {
            let given = draft.and_then(|d| section(d, class));
            let needed = held.is_some_and(|held| held.contains(&class));
            // A section of an asset that nobody holds is still read, so that its faults show.
            let drift = self.drift(class, given, needed);
            let part = self.part(class, given, &statistics, law.is_some(), needed);
            parts[class as usize] = part.unwrap_or_default();
            let mut volatility = self.volatility(
                class,
                given,
                &statistics,
                law,
                parts[class as usize],
                eth,
                needed,
            );
            if class == Class::Eth {
                eth = volatility.as_ref().map(|(v, _)| {
                    v.hypot(
                        parts[0]
                            .own
                            .map_or(0.0, super::statistics::second_moment)
                            .sqrt(),
                    )
                });
            }
            let traded = self.fall_and_liquidity(class, given, needed);
            let supply = self.token_supply(class, given, needed);
            let price = self.priced(class, given, needed);
            if needed {
                assets.push((|| {
                    let ((price, price_source), (volatility, source)) =
                        (price?, volatility.take()?);
                    let (falls, liquidity) = traded?;
                    Some(MarketAsset {
                        symbol: class.name().to_owned(),
                        price: Usd(price),
                        volatility: PerYear(volatility),
                        drift: PerYear(drift?),
                        jumps: part?.own,
                        source: format!("{price_source}; volatility: {source}"),
                        falls,
                        liquidity,
                        supply: supply?,
                    })
                })());
            }
        }
        let value_loading = self.value_loading(value, law.is_some());
        let matrix = self.correlations(draft, value, &statistics, law, &parts, eth);
        let (held, matrix, _) = (held?, matrix?, shared?);
        let rows: Vec<usize> = held
            .iter()
            .map(|class| *class as usize)
            .chain([VALUE])
            .collect();
        let correlation: Vec<Vec<f64>> = rows
            .iter()
            .map(|&i| rows.iter().map(|&j| matrix[i][j]).collect())
            .collect();
        self.positive_definite(draft, value, &correlation)?;
        let value_loading = value_loading?;
        let loading: Vec<f64> = held
            .iter()
            .map(|class| parts[*class as usize].loading)
            .chain([value_loading])
            .collect();
        Some(Market {
            assets: assets.into_iter().collect::<Option<Vec<_>>>()?,
            correlation,
            shared_jumps: law
                .filter(|_| loading.iter().any(|l| *l != 0.0))
                .map(|jumps| SharedJumps { jumps, loading }),
        })
    }

    /// The common jump: the file's, or the one fitted to ETH. `None` when it cannot be read.
    fn shared_jumps(
        &mut self,
        draft: Option<&Draft>,
        statistics: &Statistics,
    ) -> Option<Option<Jumps>> {
        let fitted = statistics.fitted();
        let Some(given) = draft.and_then(|d| d.jumps.as_ref()) else {
            if let Some(jumps) = &fitted {
                self.assume("A-jumps", "market.jumps", describe(jumps));
            }
            return Some(fitted);
        };
        match given.get() {
            WordOr::Word(SharedDraft::None) => Some(None),
            WordOr::Word(SharedDraft::Snapshot) if fitted.is_none() => {
                self.report(ErrorKind::Snapshot, given.span(), "market.jumps", "the snapshot has no jumps fitted to ETH")
                    .help("write \"none\", or { rate = \"6/year\", log_mean = \"-4 %\", log_sd = \"8 %\" }");
                None
            }
            WordOr::Word(SharedDraft::Snapshot) => Some(fitted),
            WordOr::Table(law) => self.jump_law(law, "market.jumps").map(Some),
        }
    }

    fn drift(&mut self, class: Class, given: Option<&At<Asset>>, needed: bool) -> Option<f64> {
        let key = format!("market.{}.drift", class.name());
        match given.and_then(|a| a.get().drift.as_ref()) {
            Some(drift) => self.quantity::<Growth>(drift, &key),
            None if needed => Some(self.default::<Growth>("A-drift", &key)),
            None => None,
        }
    }

    pub fn jump_law(&mut self, law: &JumpLaw, key: &str) -> Option<Jumps> {
        let rate = law
            .rate
            .get()
            .and_then(|q| self.quantity(q, &format!("{key}.rate")));
        let mean = law
            .log_mean
            .get()
            .and_then(|q| self.quantity(q, &format!("{key}.log_mean")));
        let sd = law
            .log_sd
            .get()
            .and_then(|q| self.quantity(q, &format!("{key}.log_sd")));
        Some(Jumps {
            rate: PerYear(rate?),
            log_mean: mean?,
            log_sd: sd?,
        })
    }

    fn priced(
        &mut self,
        class: Class,
        given: Option<&At<Asset>>,
        needed: bool,
    ) -> Option<(f64, String)> {
        if given.is_some_and(|a| a.get().price.is_some()) {
            return self
                .start_price_reported(class)
                .map(|price| (price, "price: the model file".to_owned()));
        }
        let source = self.snapshot_price(class).map(|(_, source)| source);
        let price = self.start_price(class);
        if price.is_none() && needed {
            let at = given.map_or_else(|| self.collateral_span(), At::span);
            let key = format!("market.{}.price", class.name());
            self.report(
                ErrorKind::Snapshot,
                at,
                &key,
                format!("the snapshot has no price of {}", class.name()),
            )
            .help = Some(format!(
                "add price = \"… USD\" to [market.{}]",
                class.name()
            ));
        }
        price.zip(source)
    }

    /// The price that the file gives, its faults reported.
    fn start_price_reported(&mut self, class: Class) -> Option<f64> {
        let market = self.draft.document.market.as_ref()?;
        let price = section(market, class)?.get().price.as_ref()?;
        self.quantity(price, &format!("market.{}.price", class.name()))
    }

    /// How a class jumps: on its own, with all, or not.
    fn part(
        &mut self,
        class: Class,
        given: Option<&At<Asset>>,
        statistics: &Statistics,
        shared: bool,
        needed: bool,
    ) -> Option<Part> {
        let key = |name: &str| format!("market.{}.{name}", class.name());
        let asset = given.map(At::get);
        let given_loading = asset.and_then(|a| a.jump_loading.as_ref());
        let loading = given_loading.map(|g| self.number(g, -10.0..=10.0, &key("jump_loading")));
        let own = asset.and_then(|a| a.jumps.as_ref());
        match (own.map(|o| (o, o.get())), loading) {
            (Some((at, _)), Some(_)) => {
                let error = self.report(
                    ErrorKind::Contradiction,
                    at.span(),
                    &key("jumps"),
                    "jumps of its own, and a loading on the shared ones",
                );
                error.also = given_loading.map(|g| (g.span(), "the loading".into()));
                error.help("keep `jumps` or `jump_loading`");
                None
            }
            (Some((_, WordOr::Word(NoJumps::None))), None) => Some(Part::default()),
            (Some((_, WordOr::Table(law))), None) => Some(Part {
                own: Some(self.jump_law(law, &key("jumps"))?),
                ..Part::default()
            }),
            (None, Some(loading)) => Some(Part {
                loading: loading?,
                ..Part::default()
            }),
            (None, None) => {
                let loading = if shared {
                    statistics.loading(class)
                } else {
                    0.0
                };
                if needed && shared {
                    self.assume(
                        "A-jump-loading",
                        &key("jump_loading"),
                        format!("{loading:.3}"),
                    );
                }
                Some(Part {
                    loading,
                    by_default: true,
                    own: None,
                })
            }
        }
    }

    /// The volatility of a diffusion: the file's, or the snapshot's less what the jumps explain.
    #[expect(
        clippy::too_many_arguments,
        reason = "the pieces of one sum, read once"
    )]
    fn volatility(
        &mut self,
        class: Class,
        given: Option<&At<Asset>>,
        statistics: &Statistics,
        shared: Option<Jumps>,
        part: Part,
        eth: Option<f64>,
        needed: bool,
    ) -> Option<(f64, String)> {
        let key = format!("market.{}.volatility", class.name());
        if let Some(written) = given.and_then(|a| a.get().volatility.as_ref()) {
            return self
                .quantity::<Volatility>(written, &key)
                .map(|v| (v, "the model file".to_owned()));
        }
        let id = match class {
            Class::Lst => "A-lst-peg",
            Class::Token => "A-token-volatility",
            _ => "A-market-statistics",
        };
        let found = match class {
            // It follows ETH, whatever the file says of ETH; own jumps are let diffuse with it.
            Class::Lst => eth.map(|eth| {
                (
                    eth.hypot(statistics.peg.0),
                    format!("that of ETH; peg: {}", statistics.peg.1),
                )
            }),
            _ => statistics.volatility(class),
        };
        let (total, source) = match found {
            Some(found) => found,
            None if !needed => return None,
            // Without ETH's, that of its liquid staking tokens is not known either: said once.
            None if class == Class::Lst
                && self.errors.iter().any(|e| e.key == "market.ETH.volatility") =>
            {
                return None;
            }
            None => {
                let at = given.map_or_else(|| self.collateral_span(), At::span);
                self.report(
                    ErrorKind::Snapshot,
                    at,
                    &key,
                    format!("the volatility of {} is not known", class.name()),
                )
                .help(format!(
                    "add volatility = \"120 %/year\" to [market.{}]",
                    class.name()
                ));
                return None;
            }
        };
        let fit = statistics.fit().filter(|_| {
            class == Class::Eth
                && part.by_default
                && shared.is_some()
                && shared == statistics.fitted()
        });
        let left = match (class, fit) {
            (Class::Lst, _) => Some(total),
            (_, Some(fit)) => Some(fit.diffusion_volatility.value),
            _ => Some(total * total - part.variance(shared))
                .filter(|rest| *rest > 0.0)
                .map(f64::sqrt),
        };
        match left {
            Some(value) => {
                if needed {
                    self.assume(id, &key, rounded(value));
                }
                Some((
                    value,
                    fit.map_or(source, |fit| cite(&fit.diffusion_volatility)),
                ))
            }
            None if !needed => None,
            None => {
                let jumps = self
                    .draft
                    .document
                    .market
                    .as_ref()
                    .and_then(|m| m.jumps.as_ref())
                    .map(At::span);
                let at = given
                    .map(At::span)
                    .or(jumps)
                    .unwrap_or_else(|| self.collateral_span());
                let message = format!(
                    "the jumps of {} alone move it more than its whole volatility, {}",
                    class.name(),
                    rounded(total)
                );
                self.report(ErrorKind::Contradiction, at, &key, message)
                    .help(format!(
                        "write smaller jumps, or the volatility of the diffusion in [market.{}]",
                        class.name()
                    ));
                None
            }
        }
    }

    fn value_loading(&mut self, value: Option<&Value>, shared: bool) -> Option<f64> {
        let at_risk = value?.at_risk.get()?;
        match &at_risk.jump_loading {
            Some(given) => self.number(given, -10.0..=10.0, "value.at_risk.jump_loading"),
            None => {
                if shared {
                    self.assume("A-value-jumps", "value.at_risk.jump_loading", "0");
                }
                Some(0.0)
            }
        }
    }

    /// The joint matrix of diffusions over all classes and the value at risk. What neither the
    /// statistics nor the file say follows through ETH, so that one figure of the file cannot
    /// contradict those that it does not mention.
    fn correlations(
        &mut self,
        draft: Option<&Draft>,
        value: Option<&Value>,
        statistics: &Statistics,
        shared: Option<Jumps>,
        parts: &[Part; CLASSES],
        eth: Option<f64>,
    ) -> Option<[[f64; ROWS]; ROWS]> {
        const ETH: usize = Class::Eth as usize;
        let given = self.given_correlations(draft);
        let value_with_eth = self.value_with_eth(value, given.as_deref());
        let given = given?;
        let written = |i: usize, j: usize| {
            given
                .iter()
                .find(|g| g.a == i.min(j) && g.b == i.max(j))
                .map(|g| g.is)
        };
        let mut with_eth = [1.0; ROWS];
        for class in Class::ALL.into_iter().filter(|c| *c != Class::Eth) {
            with_eth[class as usize] =
                written(ETH, class as usize).unwrap_or_else(|| match class {
                    // ETH times an independent peg.
                    Class::Lst => eth.map_or(0.99, |eth| eth / eth.hypot(statistics.peg.0)),
                    _ => statistics.of_diffusions(Class::Eth, class, parts, shared),
                });
        }
        with_eth[VALUE] = value_with_eth?;
        let mut matrix = [[1.0; ROWS]; ROWS];
        for i in 0..ROWS {
            for j in (0..ROWS).filter(|j| *j != i) {
                let through_eth = with_eth[i] * with_eth[j];
                let measured = || {
                    let (a, b) = (*Class::ALL.get(i)?, *Class::ALL.get(j)?);
                    let both = matches!(
                        (a, b),
                        (Class::Eigen, Class::Btc) | (Class::Btc, Class::Eigen)
                    );
                    let untouched = written(ETH, i).is_none() && written(ETH, j).is_none();
                    let alike = parts[i].by_default && parts[j].by_default;
                    (both && untouched && alike)
                        .then(|| statistics.of_diffusions(a, b, parts, shared))
                };
                matrix[i][j] = written(i, j).or_else(measured).unwrap_or(through_eth);
            }
        }
        Some(matrix)
    }

    fn given_correlations(&mut self, draft: Option<&Draft>) -> Option<Vec<Given>> {
        let mut found: Vec<Given> = Vec::new();
        let mut fits = true;
        for (n, entry) in draft.into_iter().flat_map(|d| &d.correlation).enumerate() {
            match self.given_correlation(n, entry.get(), &found) {
                Some(given) => found.push(given),
                None => fits = false,
            }
        }
        fits.then_some(found)
    }

    fn given_correlation(
        &mut self,
        n: usize,
        entry: &Correlation,
        found: &[Given],
    ) -> Option<Given> {
        let key = format!("market.correlation[{n}]");
        let is = entry.is.get().and_then(|is| {
            self.number(is, -1.0..=1.0, &format!("{key}.is"))
                .map(|v| (v, is.span()))
        });
        let between = entry.between.get()?;
        let mut rows = Vec::new();
        for name in between.get() {
            match (Class::find(name.get()), name.get().as_str()) {
                (Some(class), _) => rows.push(class as usize),
                (None, "value") => rows.push(VALUE),
                (None, other) => {
                    let names = Class::ALL.iter().map(|c| c.name()).chain(["value"]);
                    let help = match closest(other, names) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "the names are ETH, LST, EIGEN, BTC, TOKEN, OWN and value".into(),
                    };
                    self.report(
                        ErrorKind::UnknownName,
                        name.span(),
                        &key,
                        format!("no asset is called `{other}`"),
                    )
                    .help = Some(help);
                }
            }
        }
        let [one, other] = rows[..] else { return None };
        let (a, b) = (one.min(other), one.max(other));
        if a == b {
            self.report(
                ErrorKind::Contradiction,
                between.span(),
                &key,
                "the correlation of a price with itself is 1",
            )
            .help = Some("name two different assets".into());
            return None;
        }
        if let Some(before) = found.iter().find(|g| g.a == a && g.b == b) {
            let error = self.report(
                ErrorKind::Duplicate,
                between.span(),
                &key,
                "this correlation is given twice",
            );
            error.also = Some((before.span.clone(), "here first".into()));
            error.help = Some("keep one of them".into());
            return None;
        }
        let (is, span) = is?;
        Some(Given { a, b, is, span })
    }

    fn value_with_eth(&mut self, value: Option<&Value>, given: Option<&[Given]>) -> Option<f64> {
        let at_risk = value?.at_risk.get()?;
        let key = "value.at_risk.correlation_with_eth";
        let listed = given.and_then(|g| {
            g.iter()
                .find(|g| g.a == Class::Eth as usize && g.b == VALUE)
        });
        match (&at_risk.correlation_with_eth, listed) {
            (Some(here), Some(there)) => {
                let error = self.report(
                    ErrorKind::Contradiction,
                    here.span(),
                    key,
                    "the correlation of the value with ETH is given twice",
                );
                error.also = Some((there.span.clone(), "and here".into()));
                error.help = Some("keep one of them".into());
                None
            }
            (Some(here), None) => self.number(here, -1.0..=1.0, key),
            (None, Some(there)) => Some(there.is),
            (None, None) => {
                self.assume("A-value-correlation", key, "0.5");
                Some(0.5)
            }
        }
    }

    fn positive_definite(
        &mut self,
        draft: Option<&Draft>,
        value: Option<&Value>,
        matrix: &[Vec<f64>],
    ) -> Option<()> {
        let smallest = smallest_eigenvalue(matrix);
        if smallest >= LEAST_EIGENVALUE {
            return Some(());
        }
        let shrink = largest_shrink(smallest);
        let given: Vec<(Range<usize>, f64)> = draft
            .into_iter()
            .flat_map(|d| &d.correlation)
            .filter_map(|c| c.get().is.get().map(|is| (is.span(), *is.get())))
            .chain(
                value
                    .and_then(|v| v.at_risk.get())
                    .and_then(|v| v.correlation_with_eth.as_ref())
                    .map(|c| (c.span(), *c.get())),
            )
            .collect();
        let strongest = given.iter().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
        let at = strongest.map_or_else(|| self.collateral_span(), |(span, _)| span.clone());
        let message = format!(
            "no prices can be correlated like this: the matrix has the eigenvalue {smallest:.4}"
        );
        let help = format!(
            "multiply all correlations by {shrink:.2} or less, or bring this one closer to what the others imply"
        );
        let error = self.report(ErrorKind::Correlation, at, "market.correlation", message);
        error.label = "together with the other correlations".into();
        error.help = Some(help);
        None
    }

    /// Where a fault of the operators' collateral is shown.
    fn collateral_span(&self) -> Range<usize> {
        self.draft
            .document
            .operators
            .get()
            .and_then(|o| o.from.get())
            .map_or(0..0, At::span)
    }
}

/// A correlation that the file gives, `a < b`.
struct Given {
    a: usize,
    b: usize,
    is: f64,
    span: Range<usize>,
}

fn describe(jumps: &Jumps) -> String {
    let share = |value: f64| format!("{:.3} %", 100.0 * value);
    format!(
        "{:.3}/year, log mean {}, log sd {}",
        jumps.rate.get(),
        share(jumps.log_mean),
        share(jumps.log_sd)
    )
}

/// A volatility as a reader wants to see it.
fn rounded(volatility: f64) -> String {
    format!("{:.1} %/year", 100.0 * volatility)
}
