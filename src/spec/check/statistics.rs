//! What the snapshot says about daily returns, and what of it the jumps explain.

use super::holdings::{CLASSES, Class};
use crate::snapshot::{Fact, JumpFit, Market as Facts};
use crate::spec::model::Jumps;
use crate::units::{DAYS_PER_YEAR, PerYear};

/// Total volatility, and correlation with ETH, of a token without statistics (`A-token-volatility`).
const TOKEN_VOLATILITY: f64 = 1.2;
const TOKEN_CORRELATION: f64 = 0.6;
/// Daily innovation of the peg of a liquid staking token where the snapshot has none (`A-lst-peg`).
const PEG_A_DAY: f64 = 0.0044;

/// Statistics of total returns, jumps included.
#[derive(Debug, Clone)]
pub(super) struct Statistics {
    facts: Facts,
    /// Annual volatility of the ratio of a liquid staking token to ETH, with its source.
    pub peg: (f64, String),
}

/// How one class takes part in jumps.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Part {
    /// How far it moves when the shared jump strikes.
    pub loading: f64,
    /// Whether the loading is the default one.
    pub by_default: bool,
    /// Jumps of its own.
    pub own: Option<Jumps>,
}

impl Part {
    /// Annual variance of everything that jumps.
    pub fn variance(&self, shared: Option<Jumps>) -> f64 {
        self.loading * self.loading * shared.map_or(0.0, second_moment)
            + self.own.map_or(0.0, second_moment)
    }
}

/// Annual variance of compound Poisson jumps: rate times the second moment of a jump.
pub(super) fn second_moment(jumps: Jumps) -> f64 {
    jumps.rate.get() * (jumps.log_mean * jumps.log_mean + jumps.log_sd * jumps.log_sd)
}

impl Statistics {
    pub fn of(facts: Facts) -> Self {
        let worst = facts
            .pegs
            .iter()
            .filter_map(|peg| peg.innovation_sd.as_ref())
            .max_by(|a, b| a.value.total_cmp(&b.value));
        let peg = match worst {
            Some(fact) => (fact.value * DAYS_PER_YEAR.sqrt(), cite(fact)),
            None => (PEG_A_DAY * DAYS_PER_YEAR.sqrt(), "A-lst-peg".to_owned()),
        };
        Self { facts, peg }
    }

    /// The jumps fitted to ETH.
    pub fn fit(&self) -> Option<&JumpFit> {
        self.facts
            .returns
            .iter()
            .filter(|r| r.asset == "eth")
            .find_map(|r| r.jumps.as_ref())
    }

    /// The same as a law.
    pub fn fitted(&self) -> Option<Jumps> {
        self.fit().map(|fit| Jumps {
            rate: PerYear(fit.jumps_per_year.value),
            log_mean: fit.jump_log_mean.value,
            log_sd: fit.jump_log_sd.value,
        })
    }

    /// Annual volatility of total returns, with its source. That of a liquid staking token follows
    /// from ETH's, and is not asked for here; the service's own token has none.
    pub fn volatility(&self, class: Class) -> Option<(f64, String)> {
        if class == Class::Token {
            return Some((TOKEN_VOLATILITY, "A-token-volatility".into()));
        }
        let returns = self.facts.returns_of(name(class)?, None)?;
        Some((
            returns.annual_volatility.value,
            cite(&returns.annual_volatility),
        ))
    }

    /// Correlation of total returns.
    fn correlation(&self, a: Class, b: Class) -> f64 {
        match (name(a), name(b)) {
            (Some(a), Some(b)) => self.facts.correlation(a, b).map_or(0.0, |fact| fact.value),
            _ => TOKEN_CORRELATION,
        }
    }

    /// How far a class moves when ETH jumps: its regression coefficient on ETH.
    pub fn loading(&self, class: Class) -> f64 {
        let volatility = |class: Class| self.volatility(class).map(|(v, _)| v);
        match (class, volatility(class), volatility(Class::Eth)) {
            (Class::Eth | Class::Lst, ..) => 1.0,
            (_, Some(own), Some(eth)) => self.correlation(class, Class::Eth) * own / eth,
            (_, None, Some(eth)) => self.correlation(class, Class::Eth) * TOKEN_VOLATILITY / eth,
            _ => 1.0,
        }
    }

    /// Correlation of the diffusions of two classes that have statistics: the covariance of total
    /// returns less that of the shared jumps. A class that takes another part in the jumps than
    /// the default keeps the correlation of its total returns.
    pub fn of_diffusions(
        &self,
        a: Class,
        b: Class,
        parts: &[Part; CLASSES],
        shared: Option<Jumps>,
    ) -> f64 {
        let total = self.correlation(a, b);
        let (pa, pb) = (parts[a as usize], parts[b as usize]);
        let (Some((va, _)), Some((vb, _)), true) = (
            self.volatility(a),
            self.volatility(b),
            pa.by_default && pb.by_default,
        ) else {
            return total;
        };
        let jumps = shared.map_or(0.0, second_moment);
        let rest = |total: f64, part: Part| total * total - part.loading * part.loading * jumps;
        let (ra, rb) = (rest(va, pa), rest(vb, pb));
        if ra <= 0.0 || rb <= 0.0 {
            return total;
        }
        let covariance = total * va * vb - pa.loading * pb.loading * jumps;
        (covariance / (ra * rb).sqrt()).clamp(-0.99, 0.99)
    }
}

/// The name of a class in the statistics.
fn name(class: Class) -> Option<&'static str> {
    match class {
        Class::Eth => Some("eth"),
        Class::Eigen => Some("eigen"),
        Class::Btc => Some("btc"),
        Class::Lst | Class::Token | Class::Own => None,
    }
}

pub(super) fn cite(fact: &Fact) -> String {
    format!("{}, {}", fact.source, fact.date)
}
