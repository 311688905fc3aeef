//! Importance sampling against what is known of it.

use super::law::{Law, Mixture, Tilt};
use super::sample::{Job, Points, play};
use crate::random::Seed;
use crate::sim::{
    Attack, Cap, Coalition, Cost, Factor, Jumps, Monitoring, Operators, Plan, Record, SharedJumps,
    Take, Weights, When,
};
use crate::stats::normal;
use crate::stats::weighted::shifted_normal_relative_variance;
use std::sync::atomic::AtomicBool;

static NEVER: AtomicBool = AtomicBool::new(false);

/// One day of one asset whose logarithm has a deviation of 0.1 and no drift: insecure where its
/// normal is below `-c`.
fn one_normal(c: f64) -> Plan {
    let volatility = 0.1 * 365.0_f64.sqrt();
    Plan {
        days: 1,
        horizon_days: 1,
        monitoring: Monitoring::Daily,
        assets: vec![Factor {
            start: 1.0,
            drift_per_year: 0.5 * volatility * volatility,
            volatility_per_sqrt_year: volatility,
            jumps: Jumps::NONE,
        }],
        value: Factor {
            start: 1.0,
            drift_per_year: 0.0,
            volatility_per_sqrt_year: 0.0,
            jumps: Jumps::NONE,
        },
        shared_jumps: SharedJumps::none(1),
        correlation_root: vec![1.0, 0.0, 0.0, 1.0],
        operators: Operators {
            entities: 1,
            tokens: vec![1.0],
            own_share: vec![1.0],
            franchise_usd: vec![0.0],
            weights: Weights::SlashableValue,
        },
        thresholds: vec![1.0],
        attacks: vec![Attack {
            take: Take::Constant {
                usd: (-0.1 * c).exp(),
            },
            cap: Cap::Uncapped,
            when: When::Standing,
            threshold: 0,
            burned_share: 1.0,
            returned_share: 0.0,
            burns: None,
            extra_profit_usd: 0.0,
            harm: crate::sim::Harm::TAKE,
            payout: crate::sim::Payout::NONE,
        }],
        coalition: Coalition::Pooled,
        costs: vec![Cost::WholeStake],
        record: Record::Full,
        burns: Vec::new(),
        fan_days: Vec::new(),
        uncertainty: Default::default(),
    }
}

fn moments(plan: &Plan, mixture: &Mixture, paths: u64) -> (f64, f64, f64) {
    let sample = play(&Job {
        plan,
        cost: Cost::WholeStake,
        scales: &[1.0],
        mixture,
        seed: Seed(11),
        paths,
        points: Points::Random,
        cancel: &NEVER,
    })
    .expect("nobody cancels");
    let at = sample.at[0];
    let (mean, variance) = (at.mean(paths), at.variance(paths));
    (
        mean,
        (variance / paths as f64).sqrt(),
        variance / (mean * mean),
    )
}

/// Case E04: a normal shifted to its threshold has the relative variance of the closed form.
#[test]
fn e04_the_walk_has_the_variance_of_the_closed_form() {
    let paths = 200_000;
    for (c, relative) in [
        (3.0, 3.387_166_143),
        (4.0, 4.511_108_668),
        (5.0, 5.677_286_133),
    ] {
        let plan = one_normal(c);
        let tilt = Tilt {
            shift: vec![-c, 0.0],
            jumps: Law::of(&plan).untilted().jumps,
        };
        let exact = normal::cdf(-c);
        let (mean, error, found) = moments(&plan, &Mixture::without_defence(tilt.clone()), paths);
        assert!((mean - exact).abs() < 4.0 * error, "{c}: {mean} {exact}");
        assert!((found / relative - 1.0).abs() < 0.05, "{c}: {found}");
        assert!((shifted_normal_relative_variance(c) / relative - 1.0).abs() < 1e-9);
        // A tenth of the paths under the true law costs a tenth of the rest, and no more.
        let (mean, error, found) = moments(&plan, &Mixture::of(vec![tilt]), paths);
        assert!((mean - exact).abs() < 4.0 * error, "{c}: {mean} {exact}");
        let most = (relative + 1.0) / 0.9 - 1.0;
        assert!(found < 1.05 * most, "{c}: {found} of {most}");
    }
}
