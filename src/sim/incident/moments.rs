//! At which moments incidents are played: those that the paths met, or the worst ones.

use super::{IncidentPlan, Moment};
use crate::sim::reference::seen_on;
use crate::sim::{Columns, Ensemble, NEVER};
use rayon::prelude::*;

/// The opportunities that were taken, one a path at most, as the engine recorded them; evenly
/// chosen among the paths when there are more than `most`.
#[must_use]
pub fn taken(
    plan: &IncidentPlan,
    ensemble: &Ensemble,
    columns: &Columns,
    most: usize,
) -> Vec<Moment> {
    let met: Vec<usize> = (0..ensemble.paths)
        .filter(|&path| columns.loss_day[path] != NEVER)
        .collect();
    let count = met.len().min(most);
    (0..count)
        .into_par_iter()
        .map(|i| {
            let path = met[i * met.len() / count];
            let (day, loss) = (columns.loss_day[path], columns.loss_usd[path]);
            let index = ensemble.first_path + path as u64;
            let seen = seen_on(&plan.plan, ensemble.seed, index, day);
            Moment {
                path: index,
                day,
                attack: nearest(&seen.offers, loss),
                price_usd: seen.price_usd,
                value_usd: seen.value_usd,
                profit_usd: loss,
            }
        })
        .collect()
}

/// The moments of least cover of the `count` worst paths, worst first: what an attacker who waits
/// would choose, whether or not it pays there.
#[must_use]
pub fn worst(
    plan: &IncidentPlan,
    ensemble: &Ensemble,
    columns: &Columns,
    count: usize,
) -> Vec<Moment> {
    let mut ranked: Vec<usize> = (0..ensemble.paths)
        .filter(|&path| columns.min_margin_day[path] != NEVER && columns.pfc_usd[path] > 0.0)
        .collect();
    let ratio = |path: usize| columns.coc_usd[path] / columns.pfc_usd[path];
    ranked.sort_by(|&a, &b| ratio(a).total_cmp(&ratio(b)).then(a.cmp(&b)));
    ranked.truncate(count);
    ranked
        .into_par_iter()
        .map(|path| {
            let day = columns.min_margin_day[path];
            let index = ensemble.first_path + path as u64;
            let seen = seen_on(&plan.plan, ensemble.seed, index, day);
            Moment {
                path: index,
                day,
                price_usd: seen.price_usd,
                value_usd: seen.value_usd,
                attack: columns.min_margin_attack[path] as usize,
                profit_usd: columns.pfc_usd[path],
            }
        })
        .collect()
}

/// The attack that offered a profit: the engine records what was taken, not by which.
fn nearest(offers: &[Vec<f64>], profit: f64) -> usize {
    let mut best = (f64::INFINITY, 0);
    for (attack, offered) in offers.iter().enumerate() {
        for offer in offered {
            let miss = (offer - profit).abs();
            if miss < best.0 {
                best = (miss, attack);
            }
        }
    }
    assert!(
        best.0 <= 1e-6 * profit.abs(),
        "no attack of that day offers {profit}: the nearest misses by {}",
        best.0
    );
    best.1
}
