//! Spreads of the model's numbers, and the panel of other models.

use super::context::Check;
use crate::spec::errors::ErrorKind;
use crate::spec::leaf::{At, LogSpread, Quantity};
use crate::spec::model::{Jumps, Model, Structure};
use crate::spec::panel::{Alternative, Change, PanelDraft, Uncertainty, UncertaintyDraft};
use crate::spec::read::Draft;
use crate::spec::shape::last;
use crate::units::DAYS_PER_YEAR;
use std::ops::Range;

/// Largest spread: beyond it the draws say more than the file.
const WIDEST: f64 = 1.0;
/// How far the logarithm of a price may drift down before it leaves the range of reals.
const DEEPEST: f64 = 500.0;
/// Draws are cut at so many standard deviations.
const CUT: f64 = 4.0;

impl Check<'_> {
    pub fn uncertainty(&mut self, draft: Option<&UncertaintyDraft>) -> Option<Uncertainty> {
        let Some(draft) = draft else {
            self.assume("A-certain", "uncertainty", "nothing is uncertain");
            return Some(Uncertainty::default());
        };
        let mut spread = |given: &Option<Quantity<LogSpread>>, name: &str| match given {
            None => Some(0.0),
            Some(given) => self.spread(given, &format!("uncertainty.{name}")),
        };
        let volatility = spread(&draft.volatility, "volatility");
        let value_volatility = spread(&draft.value_volatility, "value_volatility");
        let value_at_risk = spread(&draft.value_at_risk, "value_at_risk");
        let takes = spread(&draft.takes, "takes");
        let opportunities = spread(&draft.opportunities, "opportunities");
        let detection = spread(&draft.detection, "detection");
        let crashes = spread(&draft.crashes, "crashes");
        let correlation = match &draft.correlation {
            None => Some(0.0),
            Some(given) => self.number(given, 0.0..=WIDEST, "uncertainty.correlation"),
        };
        Some(Uncertainty {
            volatility: volatility?,
            value_volatility: value_volatility?,
            value_at_risk: value_at_risk?,
            takes: takes?,
            opportunities: opportunities?,
            detection: detection?,
            crashes: crashes?,
            correlation: correlation?,
        })
    }

    fn spread(&mut self, given: &Quantity<LogSpread>, key: &str) -> Option<f64> {
        let value = self.quantity(given, key)?;
        if value <= WIDEST {
            return Some(value);
        }
        let message = format!("`{}` is spread beyond 100 %", last(key));
        let error = self.report(ErrorKind::Domain, given.0.span(), key, message);
        error.label = given.0.get().clone();
        error.help = Some(
            "a spread is a standard deviation of the logarithm: \"30 %\" puts two of three truths within a third"
                .into(),
        );
        None
    }

    /// Whether spread volatilities keep prices within the range of reals.
    pub fn spreads_fit(&mut self, model: &Model) {
        let Some(draft) = &self.draft.document.uncertainty else {
            return;
        };
        let years = f64::from(model.simulation.days) / DAYS_PER_YEAR;
        let assets = model.market.assets.iter().map(|a| a.volatility.get());
        let wildest = assets.fold(0.0, f64::max) * (CUT * model.uncertainty.volatility).exp();
        let value =
            model.value.at_risk.volatility.get() * (CUT * model.uncertainty.value_volatility).exp();
        for (volatility, given, key) in [
            (wildest, &draft.volatility, "uncertainty.volatility"),
            (
                value,
                &draft.value_volatility,
                "uncertainty.value_volatility",
            ),
        ] {
            let reach = 0.5 * volatility * volatility * years + 10.0 * volatility * years.sqrt();
            if let (Some(given), true) = (given, reach > DEEPEST) {
                let message = format!(
                    "four spreads out the volatility is {:.0} % a year, too wild to be simulated",
                    100.0 * volatility
                );
                self.report(ErrorKind::Domain, given.0.span(), key, message)
                    .help = Some("write a smaller spread, or simulate fewer days".into());
            }
        }
    }

    /// The panel, checked against the model that it stands beside.
    pub fn panel(&mut self, model: &Model) -> Option<Vec<Alternative>> {
        let drafts = &self.draft.document.panel;
        self.unique_names(drafts.iter().filter_map(|p| p.get().name.get()), "panel");
        let made: Vec<Option<Alternative>> = drafts
            .iter()
            .enumerate()
            .map(|(n, draft)| self.alternative(n, draft, model))
            .collect();
        made.into_iter().collect()
    }

    fn alternative(&mut self, n: usize, at: &At<PanelDraft>, base: &Model) -> Option<Alternative> {
        let draft = at.get();
        let key = |name: &str| format!("panel[{n}].{name}");
        let name = draft
            .name
            .get()
            .and_then(|name| self.name(name, &key("name")));
        let mut number = |given: &Option<At<f64>>, name: &str, otherwise: f64, most: f64| {
            let Some(given) = given else {
                return Some(otherwise);
            };
            let low = if otherwise > 0.5 { 0.0 } else { -most };
            self.number(given, low..=most, &key(name))
        };
        let factor = 100.0;
        let change = Change {
            volatility: number(&draft.volatility, "volatility", 1.0, factor)?,
            value_volatility: number(&draft.value_volatility, "value_volatility", 1.0, factor)?,
            value_at_risk: number(&draft.value_at_risk, "value_at_risk", 1.0, factor)?,
            takes: number(&draft.takes, "takes", 1.0, factor)?,
            opportunities: number(&draft.opportunities, "opportunities", 1.0, factor)?,
            detection: number(&draft.detection, "detection", 1.0, factor)?,
            crashes: number(&draft.crashes, "crashes", 1.0, factor)?,
            jump_size: number(&draft.jump_size, "jump_size", 1.0, factor)?,
            own_share: number(&draft.own_share, "own_share", 1.0, factor)?,
            correlation_with_value: number(
                &draft.correlation_with_value,
                "correlation_with_value",
                0.0,
                1.0,
            )?,
            correlation_among_assets: number(
                &draft.correlation_among_assets,
                "correlation_among_assets",
                0.0,
                1.0,
            )?,
        };
        let file = match &draft.model {
            None => None,
            Some(path) => Some(Box::new(self.other_model(path, &key("model"), base)?)),
        };
        if file.is_none() && change == Change::default() {
            self.report(
                ErrorKind::Empty,
                at.span(),
                &format!("panel[{n}]"),
                "a model of the panel that changes nothing",
            )
            .help =
                Some("write what differs, such as takes = 2.0, or model = \"other.toml\"".into());
            return None;
        }
        let alternative = Alternative {
            name: name?,
            change,
            file,
        };
        self.playable(&alternative.model(base), at.span(), &format!("panel[{n}]"))?;
        Some(alternative)
    }

    /// A model file of the panel: it must ask for the same operators and offences.
    fn other_model(&mut self, path: &At<String>, key: &str, base: &Model) -> Option<Model> {
        let place = self.draft.beside(path.get());
        let text = match (self.read)(&place) {
            Ok(text) => text,
            Err(error) => {
                let message = format!("`{}` cannot be read: {error}", path.get());
                self.report(ErrorKind::File, path.span(), key, message).help =
                    Some("name a model file, relative to this one".into());
                return None;
            }
        };
        let name = place.display().to_string();
        // A panel inside a panel is not followed: it would have no end.
        let checked = Draft::parse(&text, &name).and_then(|mut draft| {
            draft.document.panel.clear();
            draft.check_with(self.snapshot, self.read)
        });
        let message = match checked {
            Ok(other) => match differs(base, &other) {
                None => return Some(other),
                Some(difference) => format!("`{}` {difference}", path.get()),
            },
            Err(errors) => {
                let first = errors.errors.first().map_or("", |e| e.message.as_str());
                format!("`{}` has a fault of its own: {first}", path.get())
            }
        };
        self.report(ErrorKind::File, path.span(), key, message).help = Some(
            "a model of the panel is another world for the same design: `check` it alone first"
                .into(),
        );
        None
    }

    /// Whether the simulation can play an alternative.
    fn playable(&mut self, model: &Model, at: Range<usize>, key: &str) -> Option<()> {
        let market = &model.market;
        let jumps = market
            .assets
            .iter()
            .filter_map(|a| a.jumps)
            .chain(market.shared_jumps.as_ref().map(|s| s.jumps))
            .chain(model.value.at_risk.jumps);
        let fastest = jumps.map(|j: Jumps| j.rate.get()).fold(0.0, f64::max);
        let years = f64::from(model.simulation.days) / DAYS_PER_YEAR;
        let volatility = market
            .assets
            .iter()
            .map(|a| a.volatility.get())
            .fold(model.value.at_risk.volatility.get(), f64::max);
        let reach = 0.5 * volatility * volatility * years + 10.0 * volatility * years.sqrt();
        let (kind, message, help) = if fastest >= 0.99 * DAYS_PER_YEAR {
            (
                ErrorKind::Domain,
                format!("jumps would come {fastest:.0} times a year, and one a day is the most"),
                "write a smaller factor for `crashes`",
            )
        } else if reach > DEEPEST {
            (
                ErrorKind::Domain,
                format!(
                    "a volatility of {:.0} % a year is too wild to be simulated",
                    100.0 * volatility
                ),
                "write a smaller factor for `volatility`",
            )
        } else if !positive_definite(&market.correlation) {
            (
                ErrorKind::Correlation,
                "no set of assets can have the correlations that this asks for".to_owned(),
                "move correlations less: what falls with the collateral cannot also move against it",
            )
        } else if model.value.at_risk.start.get() <= 0.0 {
            (
                ErrorKind::Domain,
                "nothing is left at risk".to_owned(),
                "write a factor above 0 for `value_at_risk`",
            )
        } else {
            return Some(());
        };
        self.report(kind, at, key, message).help = Some(help.into());
        None
    }
}

/// Why a model cannot stand in the panel of another.
fn differs(base: &Model, other: &Model) -> Option<&'static str> {
    let size = |model: &Model| match &model.operators.structure {
        Structure::Pooled { .. } => 0,
        Structure::Entities(list) => list.len(),
    };
    let symbols = |model: &Model| -> Vec<String> {
        model
            .market
            .assets
            .iter()
            .map(|a| a.symbol.clone())
            .collect()
    };
    let offences = |model: &Model| -> Vec<String> {
        model
            .slashing
            .offences
            .iter()
            .map(|o| o.name.clone())
            .collect()
    };
    if size(base) != size(other) {
        Some("has other operators")
    } else if symbols(base) != symbols(other) {
        Some("has other collateral")
    } else if offences(base) != offences(other) {
        Some("has other offences")
    } else {
        None
    }
}

/// Whether a correlation matrix has a Cholesky root with pivots that arithmetic can trust.
pub(crate) fn positive_definite(matrix: &[Vec<f64>]) -> bool {
    let n = matrix.len();
    let mut root = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in 0..=i {
            let mut rest = matrix[i][j];
            for (a, b) in root[i][..j].iter().zip(&root[j]) {
                rest -= a * b;
            }
            if i == j {
                if rest <= 1e-9 {
                    return false;
                }
                root[i][i] = rest.sqrt();
            } else {
                root[i][j] = rest / root[j][j];
            }
        }
    }
    true
}
