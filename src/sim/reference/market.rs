//! The market of one path, plainly.

use crate::random::{Purpose, Seed, Stream};
use crate::sim::{Jumps, Plan};

/// The market of one path, moved a day at a time.
pub(super) struct Market<'a> {
    plan: &'a Plan,
    drift: Vec<f64>,
    log: Vec<f64>,
    /// Logarithm of what jumps did to each factor on this day, 0 without one.
    pub(super) jump: Vec<f64>,
    diffusion: Vec<Stream>,
    /// Each factor's own jumps, then the shared ones.
    jumps: Vec<JumpTimes>,
}

impl<'a> Market<'a> {
    pub(super) fn new(plan: &'a Plan, seed: Seed, path: u64) -> Self {
        let n = plan.asset_count() + 1;
        let own = plan
            .factors()
            .enumerate()
            .map(|(f, factor)| (factor.jumps, Purpose::Jumps(f)));
        let shared = (plan.shared_jumps.jumps, Purpose::SharedJumps);
        Market {
            plan,
            drift: plan.log_drift_per_day(),
            log: plan.factors().map(|f| libm::log(f.start)).collect(),
            jump: vec![0.0; n],
            diffusion: (0..n)
                .map(|f| Stream::new(seed, Purpose::Diffusion(f), path))
                .collect(),
            jumps: own
                .chain(std::iter::once(shared))
                .map(|(jumps, purpose)| JumpTimes::new(jumps, Stream::new(seed, purpose, path)))
                .collect(),
        }
    }

    pub(super) fn step(&mut self, day: u32) {
        let n = self.log.len();
        let normals: Vec<f64> = self.diffusion.iter_mut().map(Stream::normal).collect();
        let struck: Vec<f64> = self.jumps.iter_mut().map(|j| j.on(day)).collect();
        for (f, factor) in self.plan.factors().enumerate() {
            let root = &self.plan.correlation_root[f * n..(f + 1) * n];
            let z: f64 = root.iter().zip(&normals).map(|(l, z)| l * z).sum();
            self.jump[f] = struck[f] + self.plan.shared_jumps.loading[f] * struck[n];
            self.log[f] += self.drift[f] + factor.log_sd_per_day() * z + self.jump[f];
        }
    }

    pub(super) fn prices(&self) -> Vec<f64> {
        self.log[..self.plan.asset_count()]
            .iter()
            .map(|x| libm::exp(*x))
            .collect()
    }

    pub(super) fn value(&self) -> f64 {
        libm::exp(self.log[self.plan.asset_count()])
    }
}

/// Jumps of one kind: each comes a geometric number of days after the one before.
pub(super) struct JumpTimes {
    jumps: Jumps,
    stream: Stream,
    next_day: u64,
    next: f64,
}

impl JumpTimes {
    pub(super) fn new(jumps: Jumps, stream: Stream) -> JumpTimes {
        let mut times = JumpTimes {
            jumps,
            stream,
            next_day: 0,
            next: 0.0,
        };
        times.draw();
        times
    }

    pub(super) fn draw(&mut self) {
        if self.jumps.per_year <= 0.0 {
            self.next_day = u64::MAX;
            return;
        }
        let rate = -libm::log1p(-self.jumps.probability_per_day());
        let gap = (self.stream.exponential() / rate).floor();
        self.next_day += 1 + gap.min(1e9) as u64;
        self.next = self.jumps.log_mean + self.jumps.log_sd * self.stream.normal();
    }

    /// The logarithm of the jump of a day, 0 if it has none.
    pub(super) fn on(&mut self, day: u32) -> f64 {
        if self.next_day != u64::from(day) {
            return 0.0;
        }
        let jump = self.next;
        self.draw();
        jump
    }
}
