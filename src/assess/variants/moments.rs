//! States of the market at which costs and profits are compared: the start, and the worst
//! moments of simulated paths, played again to the day.

use crate::sim::{self, Coalition, Columns, Cost, Ensemble, NEVER, Plan, Record};
use crate::spec::model::Model;
use rayon::prelude::*;

/// Prices and value at risk at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// One price an asset, USD.
    pub price_usd: Vec<f64>,
    /// Value at risk, USD.
    pub value_usd: f64,
    /// The attack that a simulated path met at this moment, and what it took, USD.
    pub drawn: Option<(usize, f64)>,
}

impl Moment {
    /// The start.
    #[must_use]
    pub fn start(model: &Model) -> Self {
        Self {
            price_usd: model.market.assets.iter().map(|a| a.price.get()).collect(),
            value_usd: model.value.at_risk.start.get(),
            drawn: None,
        }
    }
}

/// The moments of smallest margin of `count` paths, evenly spread over the paths ranked by that
/// margin, worst first: the i-th stands for the quantile (i + ½)/count. Empty when no path ever
/// met an attack.
///
/// The market of a path is played again up to the day, which gives the same prices to the bit.
#[must_use]
pub fn worst_moments(plan: &Plan, ensemble: &Ensemble, cost: Cost, count: usize) -> Vec<Moment> {
    let Some(columns) = ensemble.cost(cost) else {
        return Vec::new();
    };
    let mut ranked: Vec<usize> = (0..ensemble.paths)
        .filter(|&path| columns.min_margin_day[path] != NEVER && columns.pfc_usd[path] > 0.0)
        .collect();
    let ratio = |path: usize| columns.coc_usd[path] / columns.pfc_usd[path];
    ranked.sort_by(|&a, &b| ratio(a).total_cmp(&ratio(b)).then(a.cmp(&b)));
    let count = count.min(ranked.len());
    (0..count)
        .into_par_iter()
        .map(|i| {
            let rank = ((i as f64 + 0.5) / count as f64 * ranked.len() as f64) as usize;
            replay(plan, ensemble, columns, ranked[rank.min(ranked.len() - 1)])
        })
        .collect()
}

/// The market of one path at the end of its day of smallest margin.
fn replay(plan: &Plan, ensemble: &Ensemble, columns: &Columns, path: usize) -> Moment {
    let day = columns.min_margin_day[path].max(1);
    let short = Plan {
        days: day,
        horizon_days: plan.horizon_days.min(day),
        // Only the market is wanted: the quickest coalition search will do.
        coalition: Coalition::LargestFirst,
        costs: vec![Cost::WholeStake],
        record: Record::Full,
        fan_days: Vec::new(),
        ..plan.clone()
    };
    let index = ensemble.first_path + path as u64;
    let played = sim::reference::simulate(&short, ensemble.seed, index..index + 1);
    Moment {
        price_usd: played
            .end_price_usd
            .iter()
            .map(|column| column[0])
            .collect(),
        value_usd: played.end_value_usd[0],
        drawn: Some((
            columns.min_margin_attack[path] as usize,
            columns.pfc_usd[path],
        )),
    }
}
