//! Wall times of the kernels and of the common workload, at every width this processor has.
//! `stakewright::sim::bench` gives the ratios that docs/performance.md shows.

use divan::counter::ItemsCount;
use stakewright::random::lanes::{
    LANES, LaneStreams, Width, exponentials, logarithms, normals, uniforms,
};
use stakewright::random::{Purpose, Seed};
use stakewright::sim::{Coalition, Progress, simulate_with, workload};

const DAYS: usize = 32;
const PATHS: u64 = 512;

fn main() {
    divan::main();
}

fn widths() -> Vec<&'static str> {
    Width::available().into_iter().map(Width::name).collect()
}

fn width(name: &str) -> Width {
    let found = Width::available().into_iter().find(|w| w.name() == name);
    found.unwrap_or(Width::PORTABLE)
}

#[divan::bench(args = widths())]
fn draw_uniforms(bencher: divan::Bencher, name: &str) {
    let width = width(name);
    let mut streams = LaneStreams::new(width, Seed(1), Purpose::Bridge, 0);
    let mut column = vec![[0.0; LANES]; DAYS];
    bencher
        .counter(ItemsCount::new(DAYS * LANES))
        .bench_local(|| uniforms(width, &mut streams, &mut column));
}

#[divan::bench(args = widths())]
fn draw_normals(bencher: divan::Bencher, name: &str) {
    let width = width(name);
    let mut streams = LaneStreams::new(width, Seed(1), Purpose::Bridge, 0);
    let mut column = vec![[0.0; LANES]; DAYS];
    bencher
        .counter(ItemsCount::new(DAYS * LANES))
        .bench_local(|| normals(width, &mut streams, &mut column));
}

#[divan::bench(args = widths())]
fn take_exponentials(bencher: divan::Bencher, name: &str) {
    let width = width(name);
    bencher
        .counter(ItemsCount::new(DAYS * LANES))
        .with_inputs(|| vec![[0.7; LANES]; DAYS])
        .bench_local_refs(|column| exponentials(width, column));
}

#[divan::bench(args = widths())]
fn take_logarithms(bencher: divan::Bencher, name: &str) {
    let width = width(name);
    bencher
        .counter(ItemsCount::new(DAYS * LANES))
        .with_inputs(|| vec![[0.7; LANES]; DAYS])
        .bench_local_refs(|column| logarithms(width, column));
}

/// The common workload; items are path-days.
fn workload(bencher: divan::Bencher, name: &str, coalition: Coalition) {
    let plan = workload::common(coalition);
    let width = width(name);
    bencher
        .counter(ItemsCount::new(PATHS * u64::from(plan.days)))
        .bench_local(|| {
            let plans = std::slice::from_ref(&plan);
            simulate_with(width, plans, Seed(1), 0..PATHS, &Progress::silent())
        });
}

#[divan::bench(args = widths(), sample_count = 5)]
fn unif(bencher: divan::Bencher, name: &str) {
    workload(bencher, name, Coalition::Pooled);
}

#[divan::bench(args = widths(), sample_count = 5)]
fn coal(bencher: divan::Bencher, name: &str) {
    workload(bencher, name, Coalition::LargestFirst);
}
