//! How fast the engine is, on the common workload, beside the roof that the processor sets.
//!
//! The roof is how many standard normals one core can draw: a day of the workload needs six
//! (four assets, the value at risk, the share that an attack takes), so no engine that draws
//! them can play more path-days a second than a sixth of it. Figures are ratios of two
//! measurements made one after the other, so that they hold on a busy or a slower machine.

mod clock;
mod growth;
mod kernels;
mod show;

pub use growth::{AtSize, Growth, Streamed};
pub use kernels::Kernels;

use super::{
    Coalition, Ensemble, Jumps, Plan, Progress, Record, simulate_designs, simulate_with, workload,
};
use crate::random::Seed;
use crate::random::lanes::Width;
use clock::{best_of, on_threads, seconds};
use serde::Serialize;

/// Normals that a day of the workload draws.
const NORMALS_A_DAY: f64 = 6.0;
/// Turns of kernels and workload.
const TURNS: u32 = 5;
/// Times that a kernel alone fills a column, at most.
const MOST_FILLS: u64 = 4_000;
/// Exponentials that a day of pooled stake takes: four prices and the profit.
const EXPONENTIALS_A_DAY: f64 = 5.0;

/// What one core does on the common workload, and how it grows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bench {
    /// The compiled form that ran.
    pub width: &'static str,
    /// Paths of each run of the workload.
    pub paths: u64,
    /// The kernels alone.
    pub kernels: Kernels,
    /// The roof: path-days a second if a day were its six normals alone.
    pub roof_path_days_per_second: f64,
    /// The workload in each of its forms and at each width, one core.
    pub rates: Vec<Rate>,
    /// Where a day of `unif` goes.
    pub time: Vec<Part>,
    /// How many times faster two threads play `unif` than one.
    pub two_threads: f64,
    /// How many times as many normals two threads draw as one, each for itself: what the machine
    /// gives a second thread that shares nothing.
    pub two_threads_of_normals: f64,
    /// What twenty designs on the same paths cost, in single runs.
    pub twenty_designs: f64,
    /// How the cost grows, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub growth: Option<Growth>,
}

/// The workload on one core.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rate {
    /// `unif` or `coal`.
    pub workload: &'static str,
    /// The compiled form.
    pub width: &'static str,
    /// Paths and days a second.
    pub path_days_per_second: f64,
    /// The same as a share of the roof of the widest form.
    pub share_of_roof: f64,
}

/// A part of the time that a day of `unif` takes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// What it does.
    pub part: &'static str,
    /// Its share, 0..1.
    pub share: f64,
}

/// What is measured beside the workload itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Kernels and the workload: some seconds.
    Workload,
    /// How cost grows with each size too, up to so many paths: a minute for ten million.
    Growth {
        /// Paths of the longest run at most.
        most_paths: u64,
    },
}

/// Measures. `say` hears what is being measured.
///
/// # Panics
/// If the system gives no threads.
#[must_use]
pub fn measure(paths: u64, extent: Extent, say: &dyn Fn(&str)) -> Bench {
    let width = Width::detect();
    let unif = workload::common(Coalition::Pooled);
    let coal = workload::common(Coalition::LargestFirst);
    let days = paths as f64 * f64::from(unif.days);
    say("kernels");
    let mut kernels = kernels::measure(width, paths.min(MOST_FILLS));
    say("the workload");
    // A processor changes its pace from second to second: the roof and what stands under it are
    // measured in turns, and the best of each counts.
    let (mut alone, mut calm) = (f64::INFINITY, f64::INFINITY);
    let jumpless = without_jumps(&unif);
    for _ in 0..TURNS {
        kernels.faster(&kernels::measure(width, paths.min(MOST_FILLS)));
        alone = alone.min(on_threads(1, || play(width, &unif, paths)));
        calm = calm.min(on_threads(1, || play(width, &jumpless, paths)));
    }
    let roof = kernels.normals_per_second / NORMALS_A_DAY;
    let mut rates = Vec::new();
    for (name, plan) in [("unif", &unif), ("coal", &coal)] {
        for width in Width::available().into_iter().rev() {
            let mut seconds = on_threads(1, || play(width, plan, paths));
            if name == "unif" && width == Width::detect() {
                seconds = seconds.min(alone);
            }
            let rate = days / seconds;
            rates.push(Rate {
                workload: name,
                width: width.name(),
                path_days_per_second: rate,
                share_of_roof: rate / roof,
            });
        }
    }
    say("designs");
    let many: Vec<Plan> = (0..20)
        .map(|k| scaled(&unif, 0.5 + 0.1 * f64::from(k)))
        .collect();
    let all = || simulate_designs(&many, Seed::default(), 0..paths, &Progress::silent());
    let mut together = f64::INFINITY;
    for _ in 0..TURNS {
        alone = alone.min(on_threads(1, || play(width, &unif, paths)));
        together = together.min(on_threads(1, || seconds(|| drop(all()))));
    }
    say("threads");
    let longer = paths * 8;
    let (mut single, mut double) = (f64::INFINITY, f64::INFINITY);
    let (mut alone_drawing, mut both_drawing) = (f64::INFINITY, f64::INFINITY);
    let draw = || kernels::draw(width, longer as f64 * f64::from(unif.days) * NORMALS_A_DAY);
    let both = || {
        rayon::join(draw, draw);
    };
    for _ in 0..TURNS {
        single = single.min(on_threads(1, || play(width, &unif, longer)));
        double = double.min(on_threads(2, || play(width, &unif, longer)));
        alone_drawing = alone_drawing.min(on_threads(1, || seconds(draw)));
        both_drawing = both_drawing.min(on_threads(2, || seconds(both)));
    }
    Bench {
        width: width.name(),
        paths,
        roof_path_days_per_second: roof,
        time: parts(&kernels, days / alone, calm / alone),
        kernels,
        rates,
        two_threads: single / double,
        two_threads_of_normals: 2.0 * alone_drawing / both_drawing,
        twenty_designs: together / alone,
        growth: match extent {
            Extent::Workload => None,
            Extent::Growth { most_paths } => Some(growth::measure(width, paths, most_paths, say)),
        },
    }
}

/// Plays the common workload once on one thread and gives its smallest margin: what a counter of
/// instructions looks at. `Record::Full` and the cheapest set of whole operators beside the two
/// forms that engines are compared on.
///
/// # Panics
/// If the system gives no threads.
#[must_use]
pub fn once(what: Counted, paths: u64) -> f64 {
    let mut plan = workload::common(match what {
        Counted::Unif | Counted::Full => Coalition::Pooled,
        Counted::Coal => Coalition::LargestFirst,
        Counted::Cheapest => Coalition::Entities,
    });
    if what == Counted::Full {
        plan.record = Record::Full;
    }
    let played = on_threads(1, || {
        let plans = std::slice::from_ref(&plan);
        simulate_with(
            Width::detect(),
            plans,
            Seed::default(),
            0..paths,
            &Progress::silent(),
        )
    });
    let ensembles: Vec<Ensemble> = played.unwrap_or_default();
    ensembles
        .iter()
        .flat_map(|ensemble| &ensemble.costs[0].min_margin_usd)
        .fold(f64::INFINITY, |least, margin| least.min(*margin))
}

/// A run whose instructions are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Pooled stake, the smallest margin alone.
    Unif,
    /// The largest operators until a third.
    Coal,
    /// The cheapest set of whole operators.
    Cheapest,
    /// Pooled stake with everything that is recorded.
    Full,
}

fn parts(kernels: &Kernels, rate: f64, calm: f64) -> Vec<Part> {
    let normals = NORMALS_A_DAY * rate / kernels.normals_per_second;
    let exponentials = EXPONENTIALS_A_DAY * rate / kernels.exponentials_per_second;
    let jumps = (1.0 - calm).max(0.0);
    let rest = (1.0 - normals - exponentials - jumps).max(0.0);
    [
        ("normals", normals),
        ("exponentials", exponentials),
        ("jumps", jumps),
        ("correlation, sums", rest),
    ]
    .into_iter()
    .map(|(part, share)| Part { part, share })
    .collect()
}

/// The same without jumps: what they cost is the difference.
fn without_jumps(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    for asset in &mut plan.assets {
        asset.jumps = Jumps::NONE;
    }
    plan
}

/// The same design with all stake multiplied.
fn scaled(plan: &Plan, by: f64) -> Plan {
    let mut plan = plan.clone();
    for tokens in &mut plan.operators.tokens {
        *tokens *= by;
    }
    plan
}

fn play(width: Width, plan: &Plan, paths: u64) -> f64 {
    let run = || -> Option<Vec<Ensemble>> {
        simulate_with(
            width,
            std::slice::from_ref(plan),
            Seed::default(),
            0..paths,
            &Progress::silent(),
        )
    };
    best_of(3, || drop(run()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positive(value: &serde_json::Value, at: &str) {
        match value {
            serde_json::Value::Number(x) => {
                let x = x.as_f64().expect("a number");
                assert!(x.is_finite() && x >= 0.0, "{at} {x}");
            }
            serde_json::Value::Array(all) => all.iter().for_each(|x| positive(x, at)),
            serde_json::Value::Object(all) => all.iter().for_each(|(key, x)| positive(x, key)),
            _ => {}
        }
    }

    #[test]
    fn a_bench_gives_rates_shares_and_growth() {
        let heard = std::cell::RefCell::new(Vec::new());
        let say = |what: &str| heard.borrow_mut().push(what.to_owned());
        let bench = measure(64, Extent::Growth { most_paths: 1_000 }, &say);
        positive(&serde_json::to_value(&bench).expect("plain numbers"), "");
        assert!(heard.borrow().iter().any(|what| what == "1000 paths"));
        let share: f64 = bench.time.iter().map(|part| part.share).sum();
        assert!(share >= 1.0 - 1e-12, "{share}");
        let growth = bench.growth.as_ref().expect("asked for");
        assert_eq!(growth.paths.len(), 1);
        assert!(bench.to_string().contains("% of the roof"));
    }

    #[test]
    fn what_is_counted_is_the_workload() {
        let plan = workload::common(Coalition::Pooled);
        let whole = crate::sim::simulate(&plan, Seed::default(), 0..64, &Progress::silent());
        let least = whole.expect("not cancelled").costs[0]
            .min_margin_usd
            .iter()
            .fold(f64::INFINITY, |a, b| a.min(*b));
        assert_eq!(once(Counted::Unif, 64).to_bits(), least.to_bits());
        assert_eq!(once(Counted::Full, 64).to_bits(), least.to_bits());
    }
}
