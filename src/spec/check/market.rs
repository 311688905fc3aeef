//! Prices of the collateral: the snapshot's statistics, the file's own figures over them.

use super::context::Check;
use super::correlation::{LEAST_EIGENVALUE, largest_shrink, smallest_eigenvalue};
use super::holdings::{CLASSES, Class};
use crate::snapshot::{Fact, Market as Statistics};
use crate::spec::draft::{
    Asset, JumpLaw, Market as Draft, NoJumps, SharedJumps as SharedDraft, Value,
};
use crate::spec::errors::ErrorKind;
use crate::spec::leaf::{At, Growth, Volatility, WordOr};
use crate::spec::model::{Jumps, Market, MarketAsset, SharedJumps};
use crate::spec::quantity::{Dimension, closest, show};
use crate::units::{DAYS_PER_YEAR, PerYear, Usd};
use std::ops::Range;

/// Total volatility and correlation with ETH of a token without statistics (`A-token-volatility`).
const TOKEN_VOLATILITY: f64 = 1.2;
const TOKEN_CORRELATION: f64 = 0.6;

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

/// What the snapshot says about daily returns, jumps included.
#[derive(Debug, Clone, Default)]
struct Totals {
    /// Annual volatility by class, with where it comes from.
    volatility: [Option<(f64, String)>; CLASSES],
    /// Correlation of total returns.
    correlation: [[f64; CLASSES]; CLASSES],
}

/// How one class takes part in jumps.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    loading: f64,
    own: Option<Jumps>,
}

impl Check<'_> {
    pub fn market(
        &mut self,
        draft: Option<&Draft>,
        value: Option<&Value>,
        held: Option<&[Class]>,
    ) -> Option<Market> {
        let statistics = self.snapshot.market();
        let totals = totals(&statistics);
        let shared = self.shared_jumps(draft, &statistics);
        let mut assets: Vec<Option<MarketAsset>> = Vec::new();
        let mut parts = [Part::default(); CLASSES];
        let mut diffusion = [None; CLASSES];
        for class in Class::ALL {
            let given = draft.and_then(|d| section(d, class));
            let needed = held.is_some_and(|held| held.contains(&class));
            // A section of an asset that nobody holds is still read, so that its faults show.
            if !(needed || given.is_some()) {
                parts[class as usize].loading = loading(class, &totals);
                diffusion[class as usize] =
                    self.quiet_diffusion(class, &totals, &shared, parts[class as usize]);
                continue;
            }
            let (asset, part, spread) =
                self.asset(class, given, needed, &totals, &shared, &statistics);
            parts[class as usize] = part;
            diffusion[class as usize] = spread;
            if needed {
                assets.push(asset);
            }
        }
        let value_loading = self.value_loading(value, shared.as_ref().is_ok_and(Option::is_some));
        let matrix = self.correlations(draft, value, &totals, &shared, &parts, &diffusion);
        let held = held?;
        let (matrix, shared) = (matrix?, shared.ok()?);
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
            shared_jumps: shared
                .filter(|_| loading.iter().any(|l| *l != 0.0))
                .map(|jumps| SharedJumps { jumps, loading }),
        })
    }

    /// The common jump: the file's, or the one fitted to ETH. `Err` when it cannot be read.
    fn shared_jumps(
        &mut self,
        draft: Option<&Draft>,
        statistics: &Statistics,
    ) -> Result<Option<Jumps>, ()> {
        let fitted = statistics
            .returns
            .iter()
            .filter(|r| r.asset == "eth")
            .find_map(|r| r.jumps.as_ref());
        let fitted = fitted.map(|fit| Jumps {
            rate: PerYear(fit.jumps_per_year.value),
            log_mean: fit.jump_log_mean.value,
            log_sd: fit.jump_log_sd.value,
        });
        match draft.and_then(|d| d.jumps.as_ref()) {
            None => {
                if let Some(jumps) = fitted.filter(|j| j.rate.get() > 0.0) {
                    self.assume("A-jumps", "market.jumps", describe(&jumps));
                }
                Ok(fitted)
            }
            Some(given) => match given.get() {
                WordOr::Word(SharedDraft::None) => Ok(None),
                WordOr::Word(SharedDraft::Snapshot) if fitted.is_none() => {
                    self.report(ErrorKind::Snapshot, given.span(), "market.jumps", "the snapshot has no jumps fitted to ETH")
                        .help = Some("write \"none\", or { rate = \"6/year\", log_mean = \"-4 %\", log_sd = \"8 %\" }".into());
                    Err(())
                }
                WordOr::Word(SharedDraft::Snapshot) => Ok(fitted),
                WordOr::Table(law) => self.jump_law(law, "market.jumps").map(Some).ok_or(()),
            },
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

    /// One asset, how it jumps, and the volatility of its diffusion.
    fn asset(
        &mut self,
        class: Class,
        given: Option<&At<Asset>>,
        needed: bool,
        totals: &Totals,
        shared: &Result<Option<Jumps>, ()>,
        statistics: &Statistics,
    ) -> (Option<MarketAsset>, Part, Option<f64>) {
        let key = |name: &str| format!("market.{}.{name}", class.name());
        let asset = given.map(At::get);
        let drift = self.quantity_or::<Growth>(
            asset.and_then(|a| a.drift.as_ref()),
            &key("drift"),
            "A-drift",
        );
        let has_shared = shared.as_ref().is_ok_and(Option::is_some);
        let part = self.part(class, asset, totals, has_shared, needed);
        let price = self.priced(class, given, needed);
        let part_or = part.unwrap_or_default();
        let volatility = match asset.and_then(|a| a.volatility.as_ref()) {
            Some(given) => self
                .quantity::<Volatility>(given, &key("volatility"))
                .map(|v| (v, "the model file".to_owned())),
            None if !needed => None,
            None => self.default_volatility(class, given, totals, shared, part_or, statistics),
        };
        let spread = volatility.as_ref().map(|(v, _)| *v);
        let made = (|| {
            let ((price, price_source), (volatility, source)) = (price?, volatility?);
            Some(MarketAsset {
                symbol: class.name().to_owned(),
                price: Usd(price),
                volatility: PerYear(volatility),
                drift: PerYear(drift?),
                jumps: part?.own,
                source: format!("{price_source}; volatility: {source}"),
            })
        })();
        (made, part_or, spread)
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
            let at = given.map_or_else(|| self.from_span(), At::span);
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

    fn part(
        &mut self,
        class: Class,
        asset: Option<&Asset>,
        totals: &Totals,
        shared: bool,
        needed: bool,
    ) -> Option<Part> {
        let key = |name: &str| format!("market.{}.{name}", class.name());
        let given = asset.and_then(|a| a.jump_loading.as_ref());
        let loads = given.map(|g| self.number(g, -10.0..=10.0, &key("jump_loading")));
        let own = asset.and_then(|a| a.jumps.as_ref());
        match (own.map(|o| (o, o.get())), loads) {
            (Some((at, _)), Some(_)) => {
                let error = self.report(
                    ErrorKind::Contradiction,
                    at.span(),
                    &key("jumps"),
                    "jumps of its own, and a loading on the shared ones",
                );
                error.also = given.map(|g| (g.span(), "the loading".into()));
                error.help = Some("keep `jumps` or `jump_loading`".into());
                None
            }
            (Some((_, WordOr::Word(NoJumps::None))), None) => Some(Part {
                loading: 0.0,
                own: None,
            }),
            (Some((_, WordOr::Table(law))), None) => Some(Part {
                loading: 0.0,
                own: Some(self.jump_law(law, &key("jumps"))?),
            }),
            (None, Some(loads)) => Some(Part {
                loading: loads?,
                own: None,
            }),
            (None, None) if !shared => Some(Part::default()),
            (None, None) => {
                let loading = loading(class, totals);
                if needed {
                    self.assume(
                        "A-jump-loading",
                        &key("jump_loading"),
                        format!("{loading:.3}"),
                    );
                }
                Some(Part { loading, own: None })
            }
        }
    }

    /// The snapshot's volatility less what the jumps explain.
    fn default_volatility(
        &mut self,
        class: Class,
        given: Option<&At<Asset>>,
        totals: &Totals,
        shared: &Result<Option<Jumps>, ()>,
        part: Part,
        statistics: &Statistics,
    ) -> Option<(f64, String)> {
        let key = format!("market.{}.volatility", class.name());
        let Some((total, source)) = totals.volatility[class as usize].clone() else {
            let at = given.map_or_else(|| self.from_span(), At::span);
            self.report(
                ErrorKind::Snapshot,
                at,
                &key,
                format!("the volatility of {} is not known", class.name()),
            )
            .help = Some(format!(
                "add volatility = \"120 %/year\" to [market.{}]",
                class.name()
            ));
            return None;
        };
        let id = match class {
            Class::Lst => "A-lst-peg",
            Class::Token | Class::Own => "A-token-volatility",
            _ => "A-market-statistics",
        };
        let jumps = shared.as_ref().ok().copied().flatten();
        let fitted = statistics
            .returns
            .iter()
            .filter(|r| r.asset == "eth")
            .find_map(|r| r.jumps.as_ref());
        let fits = matches!((jumps, fitted), (Some(j), Some(f)) if same(j.rate.get(), f.jumps_per_year.value) && same(j.log_mean, f.jump_log_mean.value) && same(j.log_sd, f.jump_log_sd.value));
        if let (Class::Eth, true, Some(fit), true) = (class, fits, fitted, same(part.loading, 1.0))
        {
            let value = fit.diffusion_volatility.value;
            self.assume(id, &key, show(value, Dimension::Volatility));
            return Some((value, cite(&fit.diffusion_volatility)));
        }
        match remainder(total, jumps, part) {
            Some(value) => {
                self.assume(id, &key, show(value, Dimension::Volatility));
                Some((value, source))
            }
            None => {
                let at = given.map_or_else(
                    || {
                        self.draft
                            .document
                            .market
                            .as_ref()
                            .and_then(|m| m.jumps.as_ref())
                            .map_or_else(|| self.from_span(), At::span)
                    },
                    At::span,
                );
                let shown = show(total, Dimension::Volatility);
                self.report(
                    ErrorKind::Contradiction,
                    at,
                    &key,
                    format!(
                        "the jumps of {} alone move it more than its whole volatility, {shown}",
                        class.name()
                    ),
                )
                .help = Some(format!(
                    "write smaller jumps, or the volatility of the diffusion in [market.{}]",
                    class.name()
                ));
                None
            }
        }
    }

    /// The diffusion of a class that nobody holds: it matters only as a way between others.
    fn quiet_diffusion(
        &self,
        class: Class,
        totals: &Totals,
        shared: &Result<Option<Jumps>, ()>,
        part: Part,
    ) -> Option<f64> {
        let total = totals.volatility[class as usize].as_ref()?.0;
        remainder(total, shared.as_ref().ok().copied().flatten(), part)
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

    /// The joint matrix of diffusions over all classes and the value at risk.
    fn correlations(
        &mut self,
        draft: Option<&Draft>,
        value: Option<&Value>,
        totals: &Totals,
        shared: &Result<Option<Jumps>, ()>,
        parts: &[Part; CLASSES],
        diffusion: &[Option<f64>; CLASSES],
    ) -> Option<[[f64; ROWS]; ROWS]> {
        let variance = shared
            .as_ref()
            .ok()
            .copied()
            .flatten()
            .map_or(0.0, second_moment);
        let mut matrix = [[0.0; ROWS]; ROWS];
        for i in 0..CLASSES {
            for j in 0..CLASSES {
                matrix[i][j] = of_diffusions(i, j, totals, variance, parts, diffusion);
            }
        }
        let given = self.given_correlations(draft);
        let with_eth = self.value_with_eth(value, given.as_deref())?;
        let given = given?;
        for c in given.iter().filter(|c| c.a < CLASSES && c.b < CLASSES) {
            matrix[c.a][c.b] = c.is;
            matrix[c.b][c.a] = c.is;
        }
        for i in 0..CLASSES {
            let through_eth = with_eth * matrix[Class::Eth as usize][i];
            matrix[i][VALUE] = through_eth;
            matrix[VALUE][i] = through_eth;
        }
        matrix[VALUE][VALUE] = 1.0;
        for c in given.iter().filter(|c| c.b == VALUE) {
            matrix[c.a][VALUE] = c.is;
            matrix[VALUE][c.a] = c.is;
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
        entry: &crate::spec::draft::Correlation,
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
        let at = strongest.map_or_else(|| self.from_span(), |(span, _)| span.clone());
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
    fn from_span(&self) -> Range<usize> {
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

/// Annual variance of compound Poisson jumps: rate times the second moment of a jump.
fn second_moment(jumps: Jumps) -> f64 {
    jumps.rate.get() * (jumps.log_mean * jumps.log_mean + jumps.log_sd * jumps.log_sd)
}

/// What of a total volatility the jumps leave to the diffusion, if anything.
fn remainder(total: f64, shared: Option<Jumps>, part: Part) -> Option<f64> {
    let jumps = part.loading * part.loading * shared.map_or(0.0, second_moment)
        + part.own.map_or(0.0, second_moment);
    let rest = total * total - jumps;
    (rest > 0.0).then(|| rest.sqrt())
}

/// Correlation of two diffusions: the covariance of total returns less that of the common jumps.
fn of_diffusions(
    i: usize,
    j: usize,
    totals: &Totals,
    jump_variance: f64,
    parts: &[Part; CLASSES],
    diffusion: &[Option<f64>; CLASSES],
) -> f64 {
    if i == j {
        return 1.0;
    }
    let total = totals.correlation[i][j];
    let (Some((vi, _)), Some((vj, _))) = (&totals.volatility[i], &totals.volatility[j]) else {
        return total;
    };
    let common = parts[i].loading * parts[j].loading * jump_variance;
    let (Some(di), Some(dj)) = (
        rest_of(*vi, parts[i], jump_variance, diffusion[i]),
        rest_of(*vj, parts[j], jump_variance, diffusion[j]),
    ) else {
        return total;
    };
    ((total * vi * vj - common) / (di * dj)).clamp(-0.999, 0.999)
}

/// The diffusion that the statistics imply, whatever volatility the file writes over it.
fn rest_of(total: f64, part: Part, jump_variance: f64, fallback: Option<f64>) -> Option<f64> {
    let rest = total * total - part.loading * part.loading * jump_variance;
    if rest > 0.0 {
        Some(rest.sqrt())
    } else {
        fallback
    }
}

/// How far a class moves when ETH jumps: its regression coefficient on ETH.
fn loading(class: Class, totals: &Totals) -> f64 {
    let eth = Class::Eth as usize;
    match (
        class,
        &totals.volatility[class as usize],
        &totals.volatility[eth],
    ) {
        (Class::Eth | Class::Lst, ..) => 1.0,
        (_, Some((own, _)), Some((eth_volatility, _))) => {
            totals.correlation[class as usize][eth] * own / eth_volatility
        }
        _ => 1.0,
    }
}

fn totals(statistics: &Statistics) -> Totals {
    let mut totals = Totals::default();
    let name = |class: Class| match class {
        Class::Eth | Class::Lst => Some("eth"),
        Class::Eigen => Some("eigen"),
        Class::Btc => Some("btc"),
        Class::Token | Class::Own => None,
    };
    for class in [Class::Eth, Class::Eigen, Class::Btc] {
        let returns = name(class).and_then(|n| statistics.returns_of(n, None));
        totals.volatility[class as usize] =
            returns.map(|r| (r.annual_volatility.value, cite(&r.annual_volatility)));
    }
    let peg = peg_volatility(statistics);
    totals.volatility[Class::Lst as usize] = totals.volatility[Class::Eth as usize]
        .clone()
        .map(|(eth, source)| (eth.hypot(peg.0), format!("{source}; peg: {}", peg.1)));
    totals.volatility[Class::Token as usize] =
        Some((TOKEN_VOLATILITY, "A-token-volatility".into()));
    for a in Class::ALL {
        for b in Class::ALL {
            totals.correlation[a as usize][b as usize] =
                total_correlation(a, b, statistics, &name, &totals.volatility);
        }
    }
    totals
}

/// Annual volatility of the ratio of a liquid staking token to ETH, from its worst regime.
fn peg_volatility(statistics: &Statistics) -> (f64, String) {
    let worst = statistics
        .pegs
        .iter()
        .filter_map(|peg| peg.innovation_sd.as_ref())
        .max_by(|a, b| a.value.total_cmp(&b.value));
    match worst {
        Some(fact) => (fact.value * DAYS_PER_YEAR.sqrt(), cite(fact)),
        None => (0.0044 * DAYS_PER_YEAR.sqrt(), "A-lst-peg".into()),
    }
}

fn total_correlation(
    a: Class,
    b: Class,
    statistics: &Statistics,
    name: &dyn Fn(Class) -> Option<&'static str>,
    volatility: &[Option<(f64, String)>; CLASSES],
) -> f64 {
    if a == b {
        return 1.0;
    }
    // A liquid staking token is ETH times an independent peg.
    let damped = |class: Class| match (
        class,
        &volatility[Class::Eth as usize],
        &volatility[Class::Lst as usize],
    ) {
        (Class::Lst, Some((eth, _)), Some((lst, _))) => eth / lst,
        _ => 1.0,
    };
    let base = match (name(a), name(b)) {
        (Some(one), Some(other)) if one == other => 1.0,
        (Some(one), Some(other)) => statistics
            .correlation(one, other)
            .map_or(0.0, |fact| fact.value),
        (Some(one), None) | (None, Some(one)) => {
            TOKEN_CORRELATION
                * if one == "eth" {
                    1.0
                } else {
                    statistics.correlation("eth", one).map_or(0.0, |f| f.value)
                }
        }
        (None, None) => TOKEN_CORRELATION * TOKEN_CORRELATION,
    };
    base * damped(a) * damped(b)
}

fn cite(fact: &Fact) -> String {
    format!("{}, {}", fact.source, fact.date)
}

fn describe(jumps: &Jumps) -> String {
    format!(
        "{:.3}/year, log mean {}, log sd {}",
        jumps.rate.get(),
        show(jumps.log_mean, Dimension::Share),
        show(jumps.log_sd, Dimension::Share)
    )
}

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits()
}
