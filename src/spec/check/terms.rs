//! What the service pays, what stakers ask for, what is promised and how it is played out.

use super::context::Check;
use super::holdings::list;
use super::operators::map;
use crate::spec::assumptions::assumption;
use crate::spec::draft;
use crate::spec::errors::ErrorKind;
use crate::spec::leaf::{At, Fraction, Frequency, OpenFraction, Quantity, Searchable};
use crate::spec::model::{
    Deterrence, Estimator, Model, Monitoring, Premium, Rewards, Simulation, Supply, SupplyCurve,
    Target,
};
use crate::spec::quantity::{Dimension, closest, show};
use crate::units::{Days, PerYear, Share, Usd, UsdPerYear};

/// Tokens that rewards are often paid in and nobody restakes.
const PAYABLE: [&str; 4] = ["WETH", "USDC", "USDT", "DAI"];

/// Reference of the default supply curve (`A-supply-stake`).
const SUPPLY_YIELD: f64 = 0.02;
const SUPPLY_ELASTICITY: f64 = 1.5;

/// Longest simulation, days: ten years.
const DAYS_LIMIT: f64 = 3650.0;

impl Check<'_> {
    pub fn rewards(&mut self, draft: &draft::Rewards) -> Option<Rewards> {
        let budget = draft
            .budget
            .get()
            .and_then(|b| self.choice(b, "rewards.budget"));
        let paid_in = draft.paid_in.get().and_then(|p| self.paid_in(p));
        let split = match &draft.operator_split {
            Some(Searchable::Fixed(split)) => self.quantity(split, "rewards.operator_split"),
            Some(Searchable::Search { low, high }) => {
                let span = low.0.span().start..high.0.span().end;
                let error = self.report(
                    ErrorKind::Protocol,
                    span,
                    "rewards.operator_split",
                    "a service cannot choose its operators' split",
                );
                error.label = "a range for the search".into();
                error.help = Some("each operator sets its own (RewardsCoordinator.setOperatorSetSplit, 7 days' notice; 10 % unless it does): write the one value that you expect".into());
                None
            }
            None => Some(self.default::<Fraction>("A-operator-split", "rewards.operator_split")),
        };
        let fee = self.quantity_or::<Fraction>(
            draft.protocol_fee.as_ref(),
            "rewards.protocol_fee",
            "A-protocol-fee",
        );
        let vesting = draft
            .vesting
            .as_ref()
            .map_or(Some(0.0), |q| self.quantity(q, "rewards.vesting"));
        let emissions = draft
            .emissions
            .as_ref()
            .map_or(Some(0.0), |q| self.quantity(q, "rewards.emissions"));
        let sale = self.reward_sale(paid_in.as_deref());
        Some(Rewards {
            budget: map(budget?, UsdPerYear),
            paid_in: paid_in?,
            operator_split: Share(split?),
            protocol_fee: Share(fee?),
            vesting: Days(vesting?),
            emissions: UsdPerYear(emissions?),
            sale: sale?,
        })
    }

    pub fn paid_in(&mut self, given: &At<String>) -> Option<String> {
        let mut known = self.symbols();
        known.extend(self.snapshot.assets.iter().map(|a| a.symbol.clone()));
        known.extend(PAYABLE.map(str::to_owned));
        known.retain(|symbol| symbol != "USD");
        let wanted = given.get().trim();
        if known.iter().any(|symbol| symbol == wanted) {
            return Some(wanted.to_owned());
        }
        let help = match (closest(wanted, known.iter().map(String::as_str)), wanted) {
            (_, "OWN") => {
                "add [market.OWN] with price = \"2 USD\" and volatility = \"120 %/year\"".into()
            }
            (_, "USD") => "rewards are paid in a token: write \"USDC\", or \"ETH\"".into(),
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, _) => format!(
                "write ETH, EIGEN, USDC, OWN (with [market.OWN]) or a token of the snapshot: {}",
                list(&known)
            ),
        };
        self.report(
            ErrorKind::UnknownName,
            given.span(),
            "rewards.paid_in",
            format!("no token is called `{wanted}`"),
        )
        .help = Some(help);
        None
    }

    pub fn supply(
        &mut self,
        draft: Option<&draft::Supply>,
        slashable_usd: Option<f64>,
    ) -> Option<Supply> {
        let premium = self.premium(draft.and_then(|d| d.premium.as_ref()));
        let curve = match draft.and_then(|d| d.curve.as_ref()) {
            Some(curve) => self.curve(curve),
            // Without a set, its own fault is said already.
            None => slashable_usd.map(|stake| {
                let shown = show(stake, Dimension::Money);
                self.assume(
                    "A-supply-stake",
                    "supply.curve",
                    format!("{shown} at 2 %/year, elasticity {SUPPLY_ELASTICITY}"),
                );
                SupplyCurve::ConstantElasticity {
                    stake: Usd(stake),
                    at_yield: PerYear(SUPPLY_YIELD),
                    elasticity: SUPPLY_ELASTICITY,
                }
            }),
        };
        Some(Supply {
            curve: curve?,
            premium: premium?,
        })
    }

    fn curve(&mut self, curve: &draft::Curve) -> Option<SupplyCurve> {
        match curve {
            draft::Curve::ConstantElasticity(c) => {
                let key = |name: &str| format!("supply.curve.constant_elasticity.{name}");
                let stake = c.stake.get().and_then(|q| self.quantity(q, &key("stake")));
                let at_yield = c
                    .at_yield
                    .get()
                    .and_then(|q| self.quantity(q, &key("at_yield")));
                let elasticity = c
                    .elasticity
                    .get()
                    .and_then(|n| self.positive(n, &key("elasticity")));
                Some(SupplyCurve::ConstantElasticity {
                    stake: Usd(stake?),
                    at_yield: PerYear(at_yield?),
                    elasticity: elasticity?,
                })
            }
            draft::Curve::Logistic(c) => {
                let key = |name: &str| format!("supply.curve.logistic.{name}");
                let capacity = c
                    .capacity
                    .get()
                    .and_then(|q| self.quantity(q, &key("capacity")));
                let midpoint = c
                    .midpoint
                    .get()
                    .and_then(|q| self.quantity(q, &key("midpoint")));
                let slope = c.slope.get().and_then(|n| self.positive(n, &key("slope")));
                Some(SupplyCurve::Logistic {
                    capacity: Usd(capacity?),
                    midpoint: PerYear(midpoint?),
                    slope: slope?,
                })
            }
            draft::Curve::Steps(steps) => self.steps(steps),
        }
    }

    fn steps(&mut self, steps: &At<Vec<draft::Step>>) -> Option<SupplyCurve> {
        let key = "supply.curve.steps";
        if steps.get().is_empty() {
            self.report(
                ErrorKind::Empty,
                steps.span(),
                key,
                "a curve without steps offers no stake",
            )
            .help = Some("write [{ yield = \"1 %/year\", stake = \"50 MUSD\" }, …]".into());
            return None;
        }
        let mut made: Vec<Option<(PerYear, Usd)>> = Vec::new();
        let mut before: Option<f64> = None;
        for (n, step) in steps.get().iter().enumerate() {
            let at_yield = step
                .at_yield
                .get()
                .and_then(|q| self.quantity(q, &format!("{key}[{n}].yield")));
            let stake = step
                .stake
                .get()
                .and_then(|q| self.quantity(q, &format!("{key}[{n}].stake")));
            if let (Some(now), Some(last), Some(q)) = (at_yield, before, step.at_yield.get())
                && now <= last
            {
                let message = format!(
                    "yields must rise from step to step, and the one before is {}",
                    show(last, Dimension::Rate)
                );
                self.report(ErrorKind::Range, q.0.span(), key, message).help =
                    Some("sort the steps by yield; join steps of the same yield".into());
            }
            before = at_yield.or(before);
            made.push(at_yield.zip(stake).map(|(y, s)| (PerYear(y), Usd(s))));
        }
        made.into_iter()
            .collect::<Option<Vec<_>>>()
            .map(SupplyCurve::Steps)
    }

    fn positive(&mut self, given: &At<f64>, key: &str) -> Option<f64> {
        self.above_zero(given, f64::INFINITY, key, "write a number such as 1.5")
    }

    fn premium(&mut self, draft: Option<&draft::Premium>) -> Option<Premium> {
        let key = |name: &str| format!("supply.premium.{name}");
        let risk_aversion = match draft.and_then(|d| d.risk_aversion.as_ref()) {
            Some(given) => self.number(given, 0.0..=100.0, &key("risk_aversion")),
            None => {
                let value = assumption("A-risk-aversion").value;
                self.assume("A-risk-aversion", &key("risk_aversion"), value);
                value.parse().ok()
            }
        };
        let illiquidity = self.quantity_or::<Frequency>(
            draft.and_then(|d| d.illiquidity.as_ref()),
            &key("illiquidity"),
            "A-illiquidity",
        );
        let alternative = self.quantity_or::<Frequency>(
            draft.and_then(|d| d.alternative.as_ref()),
            &key("alternative"),
            "A-alternative",
        );
        let mut of = |given: Option<&Quantity<Frequency>>, name: &str, id: &'static str| {
            self.quantity_or::<Frequency>(given, &key(name), id)
        };
        let governance = of(
            draft.and_then(|d| d.governance.as_ref()),
            "governance",
            "A-governance",
        );
        let gas = of(draft.and_then(|d| d.gas.as_ref()), "gas", "A-gas");
        let theft = of(draft.and_then(|d| d.theft.as_ref()), "theft", "A-theft");
        Some(Premium {
            risk_aversion: risk_aversion?,
            illiquidity: PerYear(illiquidity?),
            alternative: PerYear(alternative?),
            governance: PerYear(governance?),
            gas: PerYear(gas?),
            theft: PerYear(theft?),
        })
    }

    pub fn target(&mut self, draft: &draft::Target) -> Option<Target> {
        let within = draft
            .insecure_within
            .get()
            .and_then(|q| self.quantity(q, "target.insecure_within"));
        let at_most = draft
            .at_most
            .get()
            .and_then(|q| self.quantity(q, "target.at_most"));
        let confidence = self.quantity_or::<OpenFraction>(
            draft.confidence.as_ref(),
            "target.confidence",
            "A-confidence",
        );
        let deterrence = match &draft.deterrence {
            Some(given) => *given.get(),
            None => {
                self.assume("A-deterrence", "target.deterrence", "whole-stake");
                Deterrence::WholeStake
            }
        };
        Some(Target {
            insecure_within: Days(within?),
            at_most: Share(at_most?),
            confidence: Share(confidence?),
            deterrence,
        })
    }

    pub fn simulation(
        &mut self,
        draft: Option<&draft::Simulation>,
        target: Option<&Target>,
    ) -> Option<Simulation> {
        let horizon = target.map(|t| t.insecure_within.get());
        let monitoring = match draft.and_then(|d| d.monitoring.as_ref()) {
            Some(given) => *given.get(),
            None => {
                self.assume("A-monitoring", "simulation.monitoring", "daily");
                Monitoring::Daily
            }
        };
        let days = match draft.and_then(|d| d.days.as_ref()) {
            Some(given) => {
                let days = self.quantity(given, "simulation.days")?;
                self.whole_days(days, given.0.span(), horizon)?
            }
            None => {
                let days = horizon.map_or(365.0, |h| h.ceil().max(365.0));
                self.assume("A-days", "simulation.days", show(days, Dimension::Span));
                self.whole_days(days, self.horizon_span(), horizon)?
            }
        };
        let estimator = match draft.and_then(|d| d.method.as_ref()) {
            Some(given) => *given.get(),
            None => {
                self.assume("A-method", "simulation.method", "automatic");
                Estimator::Automatic
            }
        };
        Some(Simulation {
            days,
            monitoring,
            estimator,
        })
    }

    /// Weighted paths need one law: not numbers that each path draws, nor several models.
    pub fn estimator_fits(&mut self, model: &Model) {
        let draft = self.draft;
        let given = draft.document.simulation.as_ref();
        let Some(given) = given.and_then(|s| s.method.as_ref()) else {
            return;
        };
        let counted = matches!(given.get(), Estimator::Automatic | Estimator::Plain);
        if counted || (model.uncertainty.is_none() && model.panel.is_empty()) {
            return;
        }
        let message = "weighted paths need one model whose numbers are known";
        self.report(ErrorKind::Contradiction, given.span(), "simulation.method", message)
            .help = Some(
            "write \"plain\", or take out [uncertainty] and [[panel]]: the promise over them is counted"
                .into(),
        );
    }

    fn horizon_span(&self) -> std::ops::Range<usize> {
        let target = self.draft.document.target.get();
        target
            .and_then(|t| t.insecure_within.get())
            .map_or(0..0, |q| q.0.span())
    }

    fn whole_days(
        &mut self,
        days: f64,
        span: std::ops::Range<usize>,
        horizon: Option<f64>,
    ) -> Option<u32> {
        let key = "simulation.days";
        if !(1.0..=DAYS_LIMIT).contains(&days) || days.fract() != 0.0 {
            let message = format!("{} cannot be simulated", show(days, Dimension::Span));
            self.report(ErrorKind::Domain, span, key, message).help =
                Some(format!("write whole days, from 1 to {DAYS_LIMIT}"));
            return None;
        }
        if let Some(horizon) = horizon.filter(|h| *h > days) {
            let horizon_span = self.horizon_span();
            let message = format!(
                "the promise looks {} ahead, and {} are simulated",
                show(horizon, Dimension::Span),
                show(days, Dimension::Span)
            );
            let error = self.report(ErrorKind::Contradiction, span, key, message);
            error.also = Some((horizon_span, "the horizon".into()));
            error.help = Some("simulate at least as long as the promise looks ahead".into());
            return None;
        }
        Some(days as u32)
    }
}
