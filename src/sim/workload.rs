//! The common workload on which engines are compared, and a random number of others.

use super::{
    Attack, Cap, Coalition, Compensation, Cost, Factor, Jumps, Monitoring, Operators, Plan, Record,
    SharedJumps, Take, Uncertainty, Weights, When,
};
use crate::random::{Purpose, Seed, Stream};

/// Four assets with jumps, a value at risk of 15 MUSD, a lognormal share of it to be had each
/// day of a year, and 40 operators with 1.2 bn USD of stake: lognormal sizes (sd 1.2) and
/// Dirichlet(4, 3, 2, 1) mixes, drawn from a fixed seed. Threshold one third, half is slashed,
/// nine times of ten. `coalition` tells `unif` ([`Coalition::Pooled`]) from `coal`
/// ([`Coalition::LargestFirst`]).
#[must_use]
pub fn common(coalition: Coalition) -> Plan {
    let asset = |price: f64, volatility: f64, jumps: f64, log_mean: f64, log_sd: f64| Factor {
        start: price,
        drift_per_year: 0.0,
        volatility_per_sqrt_year: volatility,
        jumps: Jumps {
            per_year: jumps,
            log_mean,
            log_sd,
            compensation: Compensation::Compensated,
        },
    };
    let assets = vec![
        asset(3000.0, 0.65, 6.0, -0.04, 0.08),
        asset(3010.0, 0.66, 6.0, -0.04, 0.08),
        asset(3350.0, 0.67, 6.0, -0.04, 0.08),
        asset(1.5, 1.10, 10.0, -0.06, 0.12),
    ];
    let correlation = [
        [1.0, 0.98, 0.97, 0.55, 0.0],
        [0.98, 1.0, 0.96, 0.54, 0.0],
        [0.97, 0.96, 1.0, 0.53, 0.0],
        [0.55, 0.54, 0.53, 1.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 1.0],
    ];
    Plan {
        days: 365,
        horizon_days: 365,
        monitoring: Monitoring::Daily,
        operators: operators(40, 1.2e9, &assets, Seed(12)),
        assets,
        value: Factor {
            start: 15e6,
            drift_per_year: 0.0,
            volatility_per_sqrt_year: 0.8,
            jumps: Jumps::NONE,
        },
        shared_jumps: SharedJumps::none(4),
        correlation_root: cholesky(&correlation.map(Vec::from)),
        thresholds: vec![1.0 / 3.0],
        attacks: vec![Attack {
            take: Take::LognormalShareOfValue {
                log_mean: -0.18,
                log_sd: 0.6,
            },
            cap: Cap::Uncapped,
            when: When::Standing,
            threshold: 0,
            burned_share: 0.45,
            returned_share: 0.0,
            burns: None,
            extra_profit_usd: 0.0,
            harm: super::Harm::TAKE,
            payout: super::Payout::NONE,
        }],
        coalition,
        costs: vec![Cost::WholeStake],
        record: Record::MinMargin,
        burns: Vec::new(),
        fan_days: Vec::new(),
        uncertainty: Uncertainty::default(),
    }
}

/// Operators with lognormal sizes (sd 1.2) and Dirichlet(4, 3, 2, 1, 4, ...) mixes over the
/// assets, worth `total_usd` together at the start.
#[must_use]
pub fn operators(entities: usize, total_usd: f64, assets: &[Factor], seed: Seed) -> Operators {
    let mut stream = Stream::new(seed, Purpose::Other(0), 0);
    let mut worth = Vec::with_capacity(entities * assets.len());
    for _ in 0..entities {
        let size = stream.lognormal(0.0, 1.2);
        // A gamma with a whole shape is a sum of exponentials; shares of gammas are Dirichlet.
        let gamma: Vec<f64> = (0..assets.len())
            .map(|a| (0..4 - a % 4).map(|_| stream.exponential()).sum())
            .collect();
        let all: f64 = gamma.iter().sum();
        worth.extend(gamma.iter().map(|g| size * g / all));
    }
    let all: f64 = worth.iter().sum();
    let tokens = worth
        .iter()
        .enumerate()
        .map(|(k, w)| w / all * total_usd / assets[k % assets.len()].start)
        .collect();
    Operators {
        entities,
        tokens,
        own_share: vec![0.05; entities],
        franchise_usd: vec![1e6; entities],
        weights: Weights::SlashableValue,
    }
}

/// The lower Cholesky factor of a correlation matrix, row-major.
///
/// # Panics
/// If the matrix is not positive definite.
#[must_use]
pub fn cholesky(matrix: &[Vec<f64>]) -> Vec<f64> {
    let n = matrix.len();
    let mut root = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| root[i * n + k] * root[j * n + k]).sum();
            let rest = matrix[i][j] - known;
            root[i * n + j] = if i == j {
                assert!(
                    rest > 0.0,
                    "a correlation matrix that is not positive definite: {matrix:?}"
                );
                rest.sqrt()
            } else {
                rest / root[j * n + j]
            };
        }
    }
    root
}
