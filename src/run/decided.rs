//! What a recommendation decided: the part of it that becomes contract integers. It is taken from the
//! recommendation, or read back from `recommendation.json` of a run folder.

use crate::recommend::{Design, Recommendation};
use serde::Deserialize;

/// The decided numbers.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Decided {
    /// What the simulation says of the design, in one word.
    pub verdict: String,
    /// Whether a range of the model file stands in the way of the promise.
    pub infeasible: Option<serde_json::Value>,
    /// The promise as a sentence.
    pub promise: Promise,
    /// The numbers.
    pub design: Numbers,
    /// When a newcomer may take a sitting operator's place.
    #[serde(default)]
    pub churn: Option<Churn>,
}

/// When a newcomer may take a sitting operator's place.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Churn {
    /// Stake that it needs, as a multiple of the operator's that it replaces.
    pub operator_ratio: f64,
    /// Only operators below this share of the set's stake can be replaced.
    pub total_share: f64,
}

/// What is promised.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Promise {
    /// As a sentence.
    pub sentence: String,
}

/// The numbers of a design.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Numbers {
    /// Slashable stake, USD.
    pub stake: Number,
    /// Share of what is delegated to the admitted operators.
    pub allocation: Option<Number>,
    /// Reward budget, USD a year.
    pub budget: Number,
    /// Budget over stake, a year.
    pub gross_yield: Number,
    /// Share of the quorum's weight that an attacker needs.
    pub threshold: Number,
    /// Operators admitted.
    pub operators: Number,
    /// Smallest stake of an operator, USD.
    pub minimum_stake: Number,
    /// Largest share of one entity.
    pub entity_cap: Number,
    /// Rules by offence, in the model's order.
    pub offences: Vec<Offence>,
}

/// The rule for one offence.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Offence {
    /// Its name in the model.
    pub name: String,
    /// Share of the allocation that is slashed.
    pub slash: Number,
    /// Days to dispute.
    pub dispute: Number,
    /// Days to veto.
    pub veto: Number,
}

/// A number and its interval; an end that is beyond all bounds is absent.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Number {
    /// The value.
    pub value: f64,
    /// Lower end.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

impl Number {
    /// The interval, when both ends are known and hold more than the value.
    #[must_use]
    pub fn interval(self) -> Option<(f64, f64)> {
        match (self.low, self.high) {
            (Some(low), Some(high)) if low < high && low <= self.value && self.value <= high => {
                Some((low, high))
            }
            _ => None,
        }
    }

    /// The same in another unit or meaning: `change` must keep or reverse the order.
    #[must_use]
    pub fn map(self, change: impl Fn(f64) -> f64) -> Self {
        let (a, b) = (self.low.map(&change), self.high.map(&change));
        let (low, high) = match (a, b) {
            (Some(a), Some(b)) => (Some(a.min(b)), Some(a.max(b))),
            ends => ends,
        };
        Self {
            value: change(self.value),
            low,
            high,
        }
    }

    /// A number that was chosen and not estimated.
    #[must_use]
    pub const fn chosen(value: f64) -> Self {
        Self {
            value,
            low: None,
            high: None,
        }
    }
}

impl Decided {
    /// What a recommendation decided.
    ///
    /// # Panics
    /// Never: a recommendation has every number that is read here.
    #[must_use]
    pub fn of(recommendation: &Recommendation) -> Self {
        let design = &recommendation.design;
        Self {
            verdict: recommendation.verdict.word().to_owned(),
            infeasible: recommendation
                .infeasible
                .as_ref()
                .map(|reason| serde_json::Value::from(reason.relax.clone())),
            promise: Promise {
                sentence: recommendation.promise.sentence.clone(),
            },
            design: numbers(design),
            churn: recommendation.churn.as_ref().map(|churn| Churn {
                operator_ratio: churn.operator_ratio,
                total_share: churn.total_share,
            }),
        }
    }

    /// What `recommendation.json` says was decided.
    ///
    /// # Errors
    /// When it is no recommendation.
    pub fn read(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

fn numbers(design: &Design) -> Numbers {
    let number = |figure: &crate::recommend::Figure| Number {
        value: figure.value,
        low: figure.low.is_finite().then_some(figure.low),
        high: figure.high.is_finite().then_some(figure.high),
    };
    Numbers {
        stake: number(&design.stake),
        allocation: design.allocation.as_ref().map(number),
        budget: number(&design.budget),
        gross_yield: number(&design.gross_yield),
        threshold: number(&design.threshold),
        operators: number(&design.operators),
        minimum_stake: number(&design.minimum_stake),
        entity_cap: number(&design.entity_cap),
        offences: design
            .offences
            .iter()
            .map(|rule| Offence {
                name: rule.name.clone(),
                slash: number(&rule.slash),
                dispute: number(&rule.dispute),
                veto: number(&rule.veto),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_kept_in_order_and_only_where_they_say_something() {
        let number = Number {
            value: 0.3,
            low: Some(0.2),
            high: Some(0.4),
        };
        assert_eq!(number.interval(), Some((0.2, 0.4)));
        let rest = number.map(|share| 1.0 - share);
        assert_eq!(rest.interval(), Some((0.6, 0.8)));
        assert_eq!(Number::chosen(1.0).interval(), None);
        let point = Number {
            low: Some(0.3),
            high: Some(0.3),
            ..number
        };
        assert_eq!(point.interval(), None);
    }
}
