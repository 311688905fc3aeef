//! How prices answer an attack, how honest faults cluster, what people do in an incident.

use super::context::{Check, settled};
use super::holdings::Class;
use super::statistics::Statistics;
use crate::spec::assumptions::assumption;
use crate::spec::draft::{Asset, Faults, Incident, Market as Draft, Value};
use crate::spec::errors::ErrorKind;
use crate::spec::leaf::{At, Fraction, MoneyRate, PositiveFraction, PositiveMoneyRate};
use crate::spec::model::{
    Alternatives, FaultProcess, IncidentRules, Liquidity, Loans, Market, MarketAsset, OwnToken,
    TokenSupply,
};
use crate::spec::quantity::{Dimension, parse};
use crate::units::{DAYS_PER_YEAR, PerYear, Share, Usd};

/// Largest coefficient of the square-root law that means anything.
const IMPACT_LIMIT: f64 = 100.0;

/// What `A-own-token` takes for a token that no file describes.
mod own_token {
    pub const VOLATILITY: f64 = 1.5;
    pub const CORRELATION_WITH_ETH: f64 = 0.6;
}

impl Check<'_> {
    /// How far an asset falls when the service is attacked, and its market.
    pub fn fall_and_liquidity(
        &mut self,
        class: Class,
        given: Option<&At<Asset>>,
        needed: bool,
    ) -> Option<(Share, Liquidity)> {
        let key = |name: &str| format!("market.{}.{name}", class.name());
        let asset = given.map(At::get);
        let id = match class {
            Class::Own => "A-falls-own",
            Class::Eigen => "A-falls-eigen",
            _ => "A-falls",
        };
        let falls = match asset.and_then(|a| a.falls.as_ref()) {
            Some(falls) => self.quantity(falls, &key("falls")),
            None if needed => Some(self.default::<Fraction>(id, &key("falls"))),
            None => Some(0.0),
        };
        let volume = match asset.and_then(|a| a.daily_volume.as_ref()) {
            Some(volume) => self.quantity::<PositiveMoneyRate>(volume, &key("daily_volume")),
            None => {
                let text = volume_of(class);
                if needed {
                    self.assume("A-daily-volume", &key("daily_volume"), text);
                }
                Some(amount::<MoneyRate>(text))
            }
        };
        let impact = match asset.and_then(|a| a.impact.as_ref()) {
            Some(given) => self.number(given, 0.0..=IMPACT_LIMIT, &key("impact")),
            None => {
                let value = assumption("A-impact").value;
                if needed {
                    self.assume("A-impact", &key("impact"), value);
                }
                Some(value.parse().expect("a default is a number"))
            }
        };
        Some((
            Share(falls?),
            Liquidity {
                daily_volume: Usd(volume? / DAYS_PER_YEAR),
                impact: impact?,
            },
        ))
    }

    /// What is known of a token's supply.
    pub fn token_supply(
        &mut self,
        class: Class,
        given: Option<&At<Asset>>,
        needed: bool,
    ) -> Option<TokenSupply> {
        let key = |name: &str| format!("market.{}.{name}", class.name());
        let asset = given.map(At::get);
        let circulating = asset
            .and_then(|a| a.circulating.as_ref())
            .map(|c| self.quantity(c, &key("circulating")));
        let loans = asset.and_then(|a| a.loans.as_ref()).map(|loans| {
            let part = loans.get();
            let collateral = part
                .collateral
                .get()
                .and_then(|q| self.quantity(q, &key("loans.collateral")));
            let buffer = part
                .buffer
                .get()
                .and_then(|q| self.quantity(q, &key("loans.buffer")));
            Some(Loans {
                collateral: Usd(collateral?),
                buffer: Share(buffer?),
            })
        });
        if loans.is_none() && needed {
            self.assume("A-loans", &key("loans"), "none");
        }
        Some(TokenSupply {
            circulating: settled(circulating)?.map(Usd),
            loans: settled(loans)?,
        })
    }

    /// How honest faults hang together.
    pub fn faults(&mut self, draft: Option<&Faults>) -> Option<FaultProcess> {
        let clustered = self.quantity_or::<Fraction>(
            draft.and_then(|d| d.clustered.as_ref()),
            "faults.clustered",
            "A-faults-clustered",
        );
        let reach = self.quantity_or::<PositiveFraction>(
            draft.and_then(|d| d.reach.as_ref()),
            "faults.reach",
            "A-faults-reach",
        );
        let correlation = match draft.and_then(|d| d.correlation.as_ref()) {
            Some(given) => self.correlation_of_faults(given),
            None => {
                let text = assumption("A-faults-correlation").value;
                self.assume("A-faults-correlation", "faults.correlation", text);
                Some(text.parse().expect("a default is a number"))
            }
        };
        Some(FaultProcess {
            clustered: Share(clustered?),
            reach: Share(reach?),
            correlation: correlation?,
        })
    }

    fn correlation_of_faults(&mut self, given: &At<f64>) -> Option<f64> {
        let value = self.number(given, 0.0..=1.0, "faults.correlation")?;
        if value < 1.0 {
            return Some(value);
        }
        self.report(
            ErrorKind::Domain,
            given.span(),
            "faults.correlation",
            "`correlation` must be below 1",
        )
        .help("at 1 a cause reaches all operators or none: write 0.99");
        None
    }

    /// What stakers and attackers do around an attack.
    pub fn incident(&mut self, draft: Option<&Incident>) -> Option<IncidentRules> {
        let leaving = self.quantity_or::<Fraction>(
            draft.and_then(|d| d.leaving.as_ref()),
            "incident.leaving",
            "A-leaving",
        );
        let selling = self.quantity_or::<Fraction>(
            draft.and_then(|d| d.selling.as_ref()),
            "incident.selling",
            "A-selling",
        );
        Some(IncidentRules {
            leaving: Share(leaving?),
            selling: Share(selling?),
        })
    }

    /// All collateral that the service could ask for. What the set does not hold adds no fault and
    /// no assumption: the comparison that uses it cites its own.
    pub fn alternatives(
        &mut self,
        draft: Option<&Draft>,
        value: Option<&Value>,
        held: Option<&[Class]>,
        market: &Market,
    ) -> Alternatives {
        let own_given = draft.is_some_and(|d| d.own.is_some());
        let held = held.unwrap_or_default();
        let wanted = |class: Class, optional: &[Class]| {
            held.contains(&class) || optional.contains(&class) || (own_given && class == Class::Own)
        };
        // EIGEN may have no price in a snapshot: then the rest is tried without it.
        let tries: [&[Class]; 3] = [
            &[Class::Eth, Class::Lst, Class::Eigen],
            &[Class::Eth, Class::Lst],
            &[],
        ];
        let (errors, assumptions) = (self.errors.len(), self.assumptions.len());
        let mut found = None;
        for optional in tries {
            let classes: Vec<Class> = Class::ALL
                .into_iter()
                .filter(|class| wanted(*class, optional))
                .collect();
            found = self.market(draft, value, Some(&classes));
            let sound = self.errors.len() == errors;
            self.errors.truncate(errors);
            self.assumptions.truncate(assumptions);
            if found.is_some() && sound {
                break;
            }
        }
        let mut all = found.unwrap_or_else(|| market.clone());
        let own = if all.assets.iter().any(|a| a.symbol == Class::Own.name()) {
            OwnToken::Given
        } else {
            let statistics = Statistics::of(self.snapshot.market());
            add_own_token(&mut all, statistics.loading(Class::Eigen));
            OwnToken::Assumed
        };
        Alternatives { market: all, own }
    }
}

/// A token of a new service, as `A-own-token` takes it: correlated with the others through ETH
/// alone, which keeps the matrix positive definite.
fn add_own_token(market: &mut Market, loading: f64) {
    let n = market.assets.len();
    let eth = market
        .assets
        .iter()
        .position(|a| a.symbol == Class::Eth.name());
    let row: Vec<f64> = (0..=n)
        .map(|j| {
            let with_eth = eth.map_or(0.0, |eth| market.correlation[eth][j]);
            own_token::CORRELATION_WITH_ETH * with_eth
        })
        .collect();
    for (old, value) in market.correlation.iter_mut().zip(&row) {
        old.insert(n, *value);
    }
    let mut own = row;
    own.insert(n, 1.0);
    market.correlation.insert(n, own);
    let mut variance = own_token::VOLATILITY * own_token::VOLATILITY;
    if let Some(shared) = &mut market.shared_jumps {
        shared.loading.insert(n, loading);
        let jump = shared.jumps;
        let second = jump.log_mean * jump.log_mean + jump.log_sd * jump.log_sd;
        variance -= jump.rate.get() * loading * loading * second;
    }
    let falls = amount::<Fraction>(assumption("A-falls-own").value);
    market.assets.push(MarketAsset {
        symbol: Class::Own.name().to_owned(),
        price: Usd(1.0),
        volatility: PerYear(variance.max(0.0).sqrt()),
        drift: PerYear(0.0),
        jumps: None,
        source: "A-own-token".to_owned(),
        falls: Share(falls),
        liquidity: Liquidity {
            daily_volume: Usd(amount::<MoneyRate>(volume_of(Class::Own)) / DAYS_PER_YEAR),
            impact: assumption("A-impact")
                .value
                .parse()
                .expect("a default is a number"),
        },
        supply: TokenSupply {
            circulating: None,
            loans: None,
        },
    });
}

/// The daily volumes that `A-daily-volume` names.
fn volume_of(class: Class) -> &'static str {
    match class {
        Class::Eth | Class::Btc => "5 bn USD/day",
        Class::Lst => "100 MUSD/day",
        Class::Eigen => "20 MUSD/day",
        Class::Token | Class::Own => "1 MUSD/day",
    }
}

fn amount<K: crate::spec::leaf::Kind>(text: &str) -> f64 {
    let dimension: Dimension = K::DIMENSION;
    parse(text, dimension)
        .expect("a default is a quantity")
        .value
}
