//! Seconds and bytes of what runs.

use std::time::Instant;

/// Seconds of the fastest of some runs: what disturbs a run only makes it slower.
pub(super) fn best_of(runs: u32, mut run: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..runs {
        best = best.min(seconds(&mut run));
    }
    best
}

/// Seconds of one run.
pub(super) fn seconds(run: impl FnOnce()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64()
}

/// Runs with so many threads.
///
/// # Panics
/// If the system gives no threads.
pub(super) fn on_threads<T: Send>(threads: usize, run: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.expect("the system gives threads").install(run)
}

/// The threads that the system offers.
pub(super) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Forgets the largest memory held so far, where the system can (Linux); what is asked later is
/// then the largest since.
pub(super) fn forget_peak() {
    // Without it the peak is that of the whole process: an upper bound, never too small.
    drop(std::fs::write("/proc/self/clear_refs", "5"));
}

/// The largest memory held, MB; `None` where the system does not say.
pub(super) fn peak_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024.0 / 1e6)
}
