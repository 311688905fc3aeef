//! How the cost of a run grows with each of its sizes.

use super::clock::{best_of, forget_peak, on_threads, peak_mb, seconds, threads};
use super::{play, scaled};
use crate::random::Seed;
use crate::random::lanes::Width;
use crate::sim::workload::{common, operators};
use crate::sim::{
    Coalition, Factor, Plan, Progress, SharedJumps, simulate_designs, summarise, workload,
};
use serde::Serialize;

/// Cost against each size of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Growth {
    /// Pooled stake in constant memory, all threads.
    pub paths: Vec<Streamed>,
    /// Pooled stake on one core.
    pub days: Vec<AtSize>,
    /// Pooled stake on one core, each asset correlated 0.5 with every other.
    pub assets: Vec<AtSize>,
    /// The largest operators until a third, on one core.
    pub operators_largest_first: Vec<AtSize>,
    /// The cheapest set of whole operators, exact or within 0.1 %, on one core.
    pub operators_cheapest: Vec<AtSize>,
    /// Designs on the same paths with pooled stake, on one core.
    pub designs: Vec<AtSize>,
    /// Pooled stake on so many threads.
    pub threads: Vec<AtSize>,
}

/// A run whose paths are counted and dropped.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Streamed {
    /// Paths of a year.
    pub paths: u64,
    /// Wall time.
    pub seconds: f64,
    /// Paths and days a second.
    pub path_days_per_second: f64,
    /// The largest memory the process held meanwhile, MB.
    pub peak_memory_mb: Option<f64>,
}

/// A run of one size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AtSize {
    /// The size.
    pub size: u64,
    /// Nanoseconds a path-day.
    pub nanoseconds_per_path_day: f64,
    /// Wall time in units of the first size's.
    pub ratio: f64,
}

/// Measures; `most_paths` bounds the longest run.
pub(super) fn measure(width: Width, paths: u64, most_paths: u64, say: &dyn Fn(&str)) -> Growth {
    let unif = common(Coalition::Pooled);
    let few = paths.min(4_096);
    say("days");
    let days = sizes(&[30, 91, 365, 1460], |days| {
        let plan = Plan {
            days: days as u32,
            horizon_days: days as u32,
            ..unif.clone()
        };
        alone(width, &plan, few)
    });
    say("assets");
    let assets = sizes(&[1, 2, 4, 8, 16], |n| alone(width, &with_assets(n), few));
    say("operators");
    let with = |entities: u64, coalition| {
        let mut plan = common(coalition);
        plan.operators = operators(entities as usize, 1.2e9, &plan.assets, Seed(12));
        plan
    };
    let entities = [10, 40, 160, 640];
    let operators_largest_first = sizes(&entities, |n| {
        alone(width, &with(n, Coalition::LargestFirst), few)
    });
    let operators_cheapest = sizes(&entities, |n| {
        alone(width, &with(n, Coalition::Entities), few)
    });
    say("designs");
    let designs = sizes(&[1, 2, 5, 10, 20], |n| {
        let many: Vec<Plan> = (0..n)
            .map(|k| scaled(&unif, 0.5 + 0.1 * k as f64))
            .collect();
        let all = || simulate_designs(&many, Seed::default(), 0..few, &Progress::silent());
        let seconds = on_threads(1, || best_of(3, || drop(all())));
        (seconds, few * u64::from(unif.days))
    });
    say("threads");
    let counts: Vec<u64> = (1..=threads() as u64).collect();
    let long = few * 8;
    let on = sizes(&counts, |n| {
        let seconds = on_threads(n as usize, || play(width, &unif, long));
        (seconds, long * u64::from(unif.days))
    });
    let streamed = [1_000, 10_000, 100_000, 1_000_000, 10_000_000]
        .into_iter()
        .filter(|paths| *paths <= most_paths)
        .map(|paths| {
            say(&format!("{paths} paths"));
            stream(&unif, paths)
        })
        .collect();
    Growth {
        paths: streamed,
        days,
        assets,
        operators_largest_first,
        operators_cheapest,
        designs,
        threads: on,
    }
}

fn stream(plan: &Plan, paths: u64) -> Streamed {
    forget_peak();
    let seconds = seconds(|| {
        drop(summarise(
            plan,
            Seed::default(),
            0..paths,
            &Progress::silent(),
        ))
    });
    Streamed {
        paths,
        seconds,
        path_days_per_second: paths as f64 * f64::from(plan.days) / seconds,
        peak_memory_mb: peak_mb(),
    }
}

/// Seconds on one core, and the path-days they played.
fn alone(width: Width, plan: &Plan, paths: u64) -> (f64, u64) {
    let seconds = on_threads(1, || play(width, plan, paths));
    (seconds, paths * u64::from(plan.days))
}

fn sizes(sizes: &[u64], mut run: impl FnMut(u64) -> (f64, u64)) -> Vec<AtSize> {
    let mut first = None;
    let measured = sizes.iter().map(|&size| {
        let (seconds, path_days) = run(size);
        AtSize {
            size,
            nanoseconds_per_path_day: seconds * 1e9 / path_days as f64,
            ratio: seconds / *first.get_or_insert(seconds),
        }
    });
    measured.collect()
}

/// The workload with so many assets alike, each with jumps of its own.
fn with_assets(count: u64) -> Plan {
    let mut plan = common(Coalition::Pooled);
    let count = count as usize;
    let one: Factor = plan.assets[0];
    plan.assets = vec![one; count];
    plan.shared_jumps = SharedJumps::none(count);
    let correlation: Vec<Vec<f64>> = (0..=count)
        .map(|i| {
            (0..=count)
                .map(|j| match (i == j, i.max(j) == count) {
                    (true, _) => 1.0,
                    (false, true) => 0.0,
                    (false, false) => 0.5,
                })
                .collect()
        })
        .collect();
    plan.correlation_root = workload::cholesky(&correlation);
    plan.operators = operators(40, 1.2e9, &plan.assets, Seed(12));
    plan
}
