//! How fast the engine is, on the common workload, beside the roof that the processor sets.
//!
//! The roof is how many standard normals one core can draw: a day of the workload needs six
//! (four assets, the value at risk, the share that an attack takes), so no engine that draws
//! them can play more path-days a second than a sixth of it. Figures are ratios of two
//! measurements made one after the other, so that they hold on a busy or a slower machine.

use super::{Coalition, Ensemble, Plan, Progress, simulate_designs, simulate_with, workload};
use crate::random::lanes::{LANES, LaneStreams, Width, normals};
use crate::random::{Purpose, Seed};
use serde::Serialize;
use std::fmt;
use std::time::Instant;

/// Normals that a day of the workload draws.
const NORMALS_A_DAY: f64 = 6.0;

/// What one core does on the common workload, and how it grows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bench {
    /// The compiled form that ran.
    pub width: &'static str,
    /// Paths of each run of the workload.
    pub paths: u64,
    /// Standard normals a second on one core.
    pub normals_per_second: f64,
    /// The roof: path-days a second if a day were its six normals alone.
    pub roof_path_days_per_second: f64,
    /// Path-days a second on one core with pooled stake.
    pub unif_path_days_per_second: f64,
    /// Path-days a second on one core with the largest operators until a third.
    pub coal_path_days_per_second: f64,
    /// `unif` as a share of the roof.
    pub unif_share_of_roof: f64,
    /// `coal` as a share of the roof.
    pub coal_share_of_roof: f64,
    /// How many times faster two threads play `unif` than one.
    pub two_threads: f64,
    /// What twenty designs on the same paths cost, in single runs.
    pub twenty_designs: f64,
}

/// Measures. Takes some seconds for 10,000 paths.
///
/// # Panics
/// If the system gives no threads.
#[must_use]
pub fn measure(paths: u64) -> Bench {
    let width = Width::detect();
    let unif = workload::common(Coalition::Pooled);
    let coal = workload::common(Coalition::LargestFirst);
    let days = paths as f64 * f64::from(unif.days);
    let one = |plan: &Plan| on_threads(1, || play(width, plan, paths));
    let roof = normals_per_second(width);
    let (unif_seconds, coal_seconds) = (one(&unif), one(&coal));
    let many: Vec<Plan> = (0..20)
        .map(|k| scaled(&unif, 0.5 + 0.1 * f64::from(k)))
        .collect();
    let all = || simulate_designs(&many, Seed::default(), 0..paths, &Progress::silent());
    let together = on_threads(1, || best_of(3, || drop(all())));
    let longer = paths * 8;
    let single = on_threads(1, || play(width, &unif, longer));
    let double = on_threads(2, || play(width, &unif, longer));
    let roof_days = roof / NORMALS_A_DAY;
    Bench {
        width: width.name(),
        paths,
        normals_per_second: roof,
        roof_path_days_per_second: roof_days,
        unif_path_days_per_second: days / unif_seconds,
        coal_path_days_per_second: days / coal_seconds,
        unif_share_of_roof: days / unif_seconds / roof_days,
        coal_share_of_roof: days / coal_seconds / roof_days,
        two_threads: single / double,
        twenty_designs: together / unif_seconds,
    }
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

/// Seconds of the fastest of some runs: what disturbs a run only makes it slower.
fn best_of(runs: u32, mut run: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..runs {
        let start = Instant::now();
        run();
        best = best.min(start.elapsed().as_secs_f64());
    }
    best
}

fn on_threads<T: Send>(threads: usize, run: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.expect("the system gives threads").install(run)
}

/// Standard normals a second on this core, in columns as the engine draws them.
#[must_use]
pub fn normals_per_second(width: Width) -> f64 {
    const DAYS: usize = 32;
    const FILLS: usize = 5_000;
    let mut streams = LaneStreams::new(Seed::default(), Purpose::Diffusion(0), 0);
    let mut column = vec![[0.0; LANES]; DAYS];
    let seconds = best_of(3, || {
        for _ in 0..FILLS {
            normals(width, &mut streams, std::hint::black_box(&mut column));
        }
    });
    (FILLS * DAYS * LANES) as f64 / seconds
}

impl fmt::Display for Bench {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let million = |x: f64| x / 1e6;
        writeln!(f, "kernels           {}", self.width)?;
        writeln!(
            f,
            "paths x days      {} x 365, one core unless said",
            self.paths
        )?;
        writeln!(
            f,
            "normals           {:.0} M a second",
            million(self.normals_per_second)
        )?;
        writeln!(
            f,
            "roof              {:.1} M path-days a second (six normals a day and nothing else)",
            million(self.roof_path_days_per_second)
        )?;
        for (name, rate, share) in [
            (
                "unif",
                self.unif_path_days_per_second,
                self.unif_share_of_roof,
            ),
            (
                "coal",
                self.coal_path_days_per_second,
                self.coal_share_of_roof,
            ),
        ] {
            writeln!(
                f,
                "{name}              {:.1} M path-days a second, {:.0} % of the roof",
                million(rate),
                100.0 * share
            )?;
        }
        writeln!(f, "two threads       {:.2} times one", self.two_threads)?;
        write!(
            f,
            "twenty designs    {:.2} single runs",
            self.twenty_designs
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bench_gives_positive_ratios() {
        let bench = measure(64);
        let json = serde_json::to_value(&bench).expect("plain numbers");
        for (name, value) in json.as_object().expect("an object") {
            if let Some(x) = value.as_f64() {
                assert!(x > 0.0 && x.is_finite(), "{name} {x}");
            }
        }
        assert!(bench.to_string().contains("% of the roof"));
    }
}
