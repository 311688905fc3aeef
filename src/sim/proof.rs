//! Sets of entities that prove the continuum's cost, found once for a plan.
//!
//! Where cost is proportional to votes, any set of whole entities whose stake lies between the
//! target and 0.1 % above it certifies the target as the cheapest cost. Which sets do depends on
//! prices, but little: a set that holds nearly the same share of every asset proves it whatever
//! the prices. All subsets of up to 24 entities are listed by meeting in the middle (Horowitz,
//! Sahni 1974); of those that fit at the start a few are kept that together fit in most of some
//! hundred markets drawn from the plan itself. A day of a path then asks them with one product
//! an asset, and searches only where none fits.

use super::coalition::{CERTIFIED, SLACK, largest_first_order};
use super::{Coalition, Jumps, Plan};
use crate::random::{Purpose, Seed, Stream};
use crate::units::DAYS_PER_YEAR;

/// Entities whose subsets are listed, at most.
const LISTED: usize = 24;
/// Sets that are compared.
const COMPARED: usize = 768;
/// Markets on which they are compared: four words of bits.
const MARKETS: usize = 256;
/// Sets that are kept for a threshold, at most.
const KEPT: usize = 32;

/// The tokens of the sets that were kept.
#[derive(Debug, Clone, Default)]
pub(super) struct Proofs {
    total: Vec<f64>,
    /// For each threshold its share and the tokens of its sets, `[set][asset]`.
    thresholds: Vec<(f64, Vec<f64>)>,
}

impl Proofs {
    /// The sets of a plan; none where nobody asks for whole entities.
    pub fn new(plan: &Plan) -> Proofs {
        if plan.coalition != Coalition::Entities {
            return Proofs::default();
        }
        let markets = markets(plan);
        let total = plan.total_tokens();
        let thresholds = plan
            .thresholds
            .iter()
            .map(|&theta| (theta, sets(plan, theta, &total, &markets)))
            .collect();
        Proofs { total, thresholds }
    }

    /// The gap above the continuum's cost that some set certifies at these prices, if one does.
    pub fn gap(&self, threshold: usize, prices: &[f64]) -> Option<f64> {
        let (theta, sets) = self.thresholds.get(threshold)?;
        let worth = |tokens: &[f64]| -> f64 { tokens.iter().zip(prices).map(|(t, p)| t * p).sum() };
        let target = theta * worth(&self.total);
        sets.chunks_exact(prices.len())
            .map(|set| worth(set) / target - 1.0)
            .find(|gap| (-SLACK..=CERTIFIED).contains(gap))
            .map(|gap| gap.max(0.0))
    }
}

/// Some subsets' stake at the start, ascending, with which entities they hold.
fn subset_sums(values: &[f64]) -> Vec<(f64, u32)> {
    let mut sums = vec![(0.0, 0)];
    for (bit, value) in values.iter().enumerate() {
        for index in 0..sums.len() {
            let (sum, set): (f64, u32) = sums[index];
            sums.push((sum + value, set | 1 << bit));
        }
    }
    sums.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    sums
}

/// The tokens of the sets to keep for one threshold.
fn sets(plan: &Plan, theta: f64, total: &[f64], markets: &[Vec<f64>]) -> Vec<f64> {
    let assets = plan.asset_count();
    let tokens = &plan.operators.tokens;
    let row = |o: usize| &tokens[o * assets..(o + 1) * assets];
    let start: Vec<f64> = plan.assets.iter().map(|a| a.start).collect();
    let worth = |t: &[f64]| -> f64 { t.iter().zip(&start).map(|(t, p)| t * p).sum() };
    let target = theta * worth(total);
    // Crumbs would double the list and move nothing.
    let order: Vec<usize> = largest_first_order(tokens, &start)
        .into_iter()
        .map(|o| o as usize)
        .filter(|&o| worth(row(o)) > 1e-5 * target)
        .collect();
    let (large, listed) = order.split_at(order.len().saturating_sub(LISTED));
    let halves: [Vec<usize>; 2] =
        [0, 1].map(|half| listed.iter().copied().skip(half).step_by(2).collect());
    let values = |half: &[usize]| -> Vec<f64> { half.iter().map(|&o| worth(row(o))).collect() };
    let (near, far) = (
        subset_sums(&values(&halves[0])),
        subset_sums(&values(&halves[1])),
    );
    // The larger ones are taken while they fit; leaving one of them out gives other remainders.
    let mut found: Vec<Vec<f64>> = Vec::new();
    for left_out in 0..large.len().min(8) + 1 {
        let mut base = vec![0.0; assets];
        for (place, &o) in large.iter().enumerate() {
            if place + 1 != left_out && worth(&base) + worth(row(o)) <= target {
                add(&mut base, row(o));
            }
        }
        let missing = target - worth(&base);
        for &(sum, set) in &near {
            let (low, high) = (missing - sum, missing - sum + CERTIFIED * target);
            let from = far.partition_point(|other| other.0 < low);
            let to = far.partition_point(|other| other.0 <= high).max(from);
            // Of many, those in the middle of the window: prices may move them either way.
            let spare = (to - from).saturating_sub(4) / 2;
            for &(_, far_set) in &far[from + spare..to.min(from + spare + 4)] {
                let mut set_tokens = base.clone();
                for (half, set) in halves.iter().zip([set, far_set]) {
                    for (bit, &o) in half.iter().enumerate() {
                        if set >> bit & 1 == 1 {
                            add(&mut set_tokens, row(o));
                        }
                    }
                }
                found.push(set_tokens);
            }
        }
    }
    choose(found, theta, total, markets)
}

fn add(sum: &mut [f64], row: &[f64]) {
    for (sum, tokens) in sum.iter_mut().zip(row) {
        *sum += tokens;
    }
}

/// Of the sets found those that together fit in the most markets, the most useful first.
fn choose(mut found: Vec<Vec<f64>>, theta: f64, total: &[f64], markets: &[Vec<f64>]) -> Vec<f64> {
    let gap = |set: &[f64], market: &[f64]| -> f64 {
        let worth = |t: &[f64]| -> f64 { t.iter().zip(market).map(|(t, p)| t * p).sum() };
        worth(set) / (theta * worth(total)) - 1.0
    };
    // The sets that move least out of the middle of the window in the first markets.
    let mut scored: Vec<(f64, usize)> = found
        .iter()
        .enumerate()
        .map(|(index, set)| {
            let away = |m: &Vec<f64>| (gap(set, m) - 0.5 * CERTIFIED).abs().min(10.0 * CERTIFIED);
            (markets.iter().take(16).map(away).sum(), index)
        })
        .collect();
    scored.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    scored.truncate(COMPARED);
    let fits: Vec<[u64; MARKETS / 64]> = scored
        .iter()
        .map(|&(_, index)| {
            let mut bits = [0; MARKETS / 64];
            for (m, market) in markets.iter().enumerate() {
                let fit = (0.0..=CERTIFIED).contains(&gap(&found[index], market));
                bits[m / 64] |= u64::from(fit) << (m % 64);
            }
            bits
        })
        .collect();
    let mut open = [u64::MAX; MARKETS / 64];
    let mut kept = Vec::new();
    for _ in 0..KEPT {
        let gain = |bits: &[u64; MARKETS / 64]| -> u32 {
            bits.iter()
                .zip(&open)
                .map(|(b, o)| (b & o).count_ones())
                .sum()
        };
        let Some((best, gain)) = fits
            .iter()
            .enumerate()
            .map(|(index, bits)| (index, gain(bits)))
            .max_by_key(|&(index, gain)| (gain, std::cmp::Reverse(index)))
        else {
            break;
        };
        if gain == 0 {
            break;
        }
        for (open, bits) in open.iter_mut().zip(&fits[best]) {
            *open &= !bits;
        }
        kept.append(&mut found[scored[best].1]);
    }
    kept
}

/// Prices in some markets that the plan might see. They only rank sets: jumps are drawn as if
/// they were normal.
fn markets(plan: &Plan) -> Vec<Vec<f64>> {
    let n = plan.asset_count() + 1;
    let spread = |jumps: &Jumps| {
        jumps.per_year * (jumps.log_mean * jumps.log_mean + jumps.log_sd * jumps.log_sd)
    };
    (0..MARKETS as u64)
        .map(|market| {
            let mut stream = Stream::new(Seed(0), Purpose::Other(1), market);
            let years = f64::from(plan.days) * stream.uniform() / DAYS_PER_YEAR;
            let normals: Vec<f64> = (0..n).map(|_| stream.normal()).collect();
            let crash = (spread(&plan.shared_jumps.jumps) * years).sqrt() * stream.normal();
            plan.assets
                .iter()
                .enumerate()
                .map(|(a, asset)| {
                    let row = &plan.correlation_root[a * n..(a + 1) * n];
                    let common: f64 = row.iter().zip(&normals).map(|(r, z)| r * z).sum();
                    let own = (spread(&asset.jumps) * years).sqrt() * stream.normal();
                    let moved = asset.volatility_per_sqrt_year * years.sqrt() * common
                        + own
                        + plan.shared_jumps.loading[a] * crash;
                    asset.start * libm::exp(moved.clamp(-50.0, 50.0))
                })
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::workload;

    /// What a kept set certifies is what a search over all sets finds.
    #[test]
    fn a_proof_is_a_set_of_whole_entities_just_above_the_target() {
        let mut plan = workload::common(Coalition::Entities);
        plan.operators = workload::operators(14, 1e9, &plan.assets, Seed(3));
        let proofs = Proofs::new(&plan);
        let mut proven = 0;
        for market in markets(&plan) {
            let value = |row: &[f64]| -> f64 { row.iter().zip(&market).map(|(t, p)| t * p).sum() };
            let values: Vec<f64> = plan.operators.tokens.chunks_exact(4).map(value).collect();
            let target = plan.thresholds[0] * values.iter().sum::<f64>();
            let least = (0_u32..1 << 14)
                .map(|set| {
                    (0..14)
                        .filter(|o| set >> o & 1 == 1)
                        .map(|o| values[o])
                        .sum::<f64>()
                })
                .filter(|sum| *sum >= target * (1.0 - 1e-9))
                .fold(f64::INFINITY, f64::min);
            if let Some(gap) = proofs.gap(0, &market) {
                proven += 1;
                assert!(
                    least <= target * (1.0 + gap) * (1.0 + 1e-9),
                    "{least} {target} {gap}"
                );
                assert!(least >= target * (1.0 - 1e-9) && gap <= CERTIFIED);
            }
        }
        assert!(proven >= 20, "{proven} markets are proven");
    }
}
