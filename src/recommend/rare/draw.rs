//! Where a path's draws come from: the engine's own streams, or Sobol points.
//!
//! Under the true law the streams give the market that the engine plays for the same seed and
//! path. Sobol points have fewer coordinates than a path has draws, so the first coordinates go
//! where the variance is: for each kind of jumps its number and the sum of sizes, for each
//! factor its end, its middle and so on (Brownian bridge: Caflisch, Moskowitz 1995). The rest,
//! which moves little, is drawn from streams.

use super::law::{Kind, Law, Tilt};
use crate::random::{Purpose, Seed, Sobol, Stream, math};

/// The draws of one day.
#[derive(Debug, Clone)]
pub struct Day {
    /// One independent normal for each factor.
    pub normals: Vec<f64>,
    /// Log jump of each kind, 0 without one.
    pub jumps: Vec<f64>,
    /// Whether each kind has one.
    pub struck: Vec<bool>,
}

impl Day {
    /// A day without draws.
    #[must_use]
    pub fn empty(law: &Law) -> Day {
        Day {
            normals: vec![0.0; law.normals],
            jumps: vec![0.0; law.kinds.len()],
            struck: vec![false; law.kinds.len()],
        }
    }
}

fn purpose_of_kind(law: &Law, kind: usize) -> Purpose {
    if kind + 1 == law.kinds.len() {
        Purpose::SharedJumps
    } else {
        Purpose::Jumps(kind)
    }
}

/// Draws from streams.
pub struct Streams {
    shift: Vec<f64>,
    normals: Vec<Stream>,
    jumps: Vec<JumpTimes>,
}

impl Streams {
    /// The draws of a path under a law.
    #[must_use]
    pub fn open(law: &Law, tilt: &Tilt, seed: Seed, path: u64) -> Streams {
        let jumps = law.kinds.iter().enumerate().map(|(j, kind)| {
            let (probability, log_mean) = tilt.jumps[j];
            let tilted = Kind {
                probability,
                log_mean,
                ..*kind
            };
            JumpTimes::new(tilted, Stream::new(seed, purpose_of_kind(law, j), path))
        });
        Streams {
            shift: tilt.shift.clone(),
            normals: (0..law.normals)
                .map(|k| Stream::new(seed, Purpose::Diffusion(k), path))
                .collect(),
            jumps: jumps.collect(),
        }
    }

    /// The next day, counted from 1.
    pub fn day(&mut self, day: u32, out: &mut Day) {
        for ((normal, stream), shift) in out
            .normals
            .iter_mut()
            .zip(&mut self.normals)
            .zip(&self.shift)
        {
            *normal = stream.normal() + shift;
        }
        for (j, times) in self.jumps.iter_mut().enumerate() {
            let jump = times.on(day);
            out.struck[j] = jump.is_some();
            out.jumps[j] = jump.unwrap_or(0.0);
        }
    }
}

/// Jumps of one kind: each comes a geometric number of days after the one before.
struct JumpTimes {
    kind: Kind,
    stream: Stream,
    next_day: u64,
    next: f64,
}

impl JumpTimes {
    fn new(kind: Kind, stream: Stream) -> JumpTimes {
        let mut times = JumpTimes {
            kind,
            stream,
            next_day: 0,
            next: 0.0,
        };
        times.draw();
        times
    }

    fn draw(&mut self) {
        if self.kind.probability <= 0.0 {
            self.next_day = u64::MAX;
            return;
        }
        let rate = -libm::log1p(-self.kind.probability);
        let gap = (self.stream.exponential() / rate).floor();
        self.next_day += 1 + gap.min(1e9) as u64;
        self.next = self.kind.log_mean + self.kind.log_sd * self.stream.normal();
    }

    fn on(&mut self, day: u32) -> Option<f64> {
        if self.next_day != u64::from(day) {
            return None;
        }
        let jump = self.next;
        self.draw();
        Some(jump)
    }
}

/// The draws of a path whose first coordinates are a Sobol point.
pub struct Bridged {
    days: usize,
    /// `[day][factor]`.
    normals: Vec<f64>,
    /// `[day][kind]`.
    jumps: Vec<Option<f64>>,
    factors: usize,
    kinds: usize,
}

/// How a Sobol point's coordinates are spent.
pub struct Layout {
    /// Kinds of jumps that occur.
    moving: Vec<usize>,
    /// Coordinates of each factor's bridge.
    each: usize,
    /// Pairs of (left, middle, right) in days, the largest step first.
    bridge: Vec<(usize, usize, usize)>,
    sobol: Sobol,
}

impl Layout {
    /// The layout for a law over some days. The first coordinate chooses the law of the mixture.
    #[must_use]
    pub fn of(law: &Law, days: u32) -> Layout {
        let moving: Vec<usize> = (0..law.kinds.len())
            .filter(|j| law.kinds[*j].probability > 0.0)
            .collect();
        let left = Sobol::MOST_DIMENSIONS.saturating_sub(1 + 2 * moving.len());
        let each = (left / law.normals).min(days as usize);
        Layout {
            sobol: Sobol::new(1 + 2 * moving.len() + each * law.normals),
            moving,
            each,
            bridge: bridge_order(days as usize),
        }
    }

    /// The `index`-th point of a scramble.
    #[must_use]
    pub fn point(&self, seed: Seed, repetition: u64, index: u64) -> Vec<f64> {
        let mut point = vec![0.0; self.sobol.dimensions()];
        self.sobol.scrambled(seed, repetition, index, &mut point);
        point
    }
}

impl Bridged {
    /// The draws of a point under a law; `rest` gives what the point has no coordinate for.
    #[must_use]
    pub fn open(
        law: &Law,
        layout: &Layout,
        tilt: &Tilt,
        point: &[f64],
        seed: Seed,
        path: u64,
    ) -> Bridged {
        let days = layout.bridge.len();
        let (factors, kinds) = (law.normals, law.kinds.len());
        let mut out = Bridged {
            days,
            normals: vec![0.0; days * factors],
            jumps: vec![None; days * kinds],
            factors,
            kinds,
        };
        let mut next = 1;
        for &j in &layout.moving {
            let kind = Kind {
                probability: tilt.jumps[j].0,
                log_mean: tilt.jumps[j].1,
                ..law.kinds[j]
            };
            let mut stream = Stream::new(seed, purpose_of_kind(law, j), path);
            out.strike(j, kind, point[next], point[next + 1], &mut stream);
            next += 2;
        }
        for k in 0..factors {
            let mut stream = Stream::new(seed, Purpose::Diffusion(k), path);
            let coordinates = &point[next..next + layout.each];
            out.walk(k, layout, coordinates, tilt.shift[k], &mut stream);
            next += layout.each;
        }
        out
    }

    /// The next day, counted from 1.
    pub fn day(&self, day: u32, out: &mut Day) {
        let row = day as usize - 1;
        debug_assert!(row < self.days);
        out.normals
            .copy_from_slice(&self.normals[row * self.factors..(row + 1) * self.factors]);
        let jumps = &self.jumps[row * self.kinds..(row + 1) * self.kinds];
        for (j, jump) in jumps.iter().enumerate() {
            out.struck[j] = jump.is_some();
            out.jumps[j] = jump.unwrap_or(0.0);
        }
    }

    /// The jumps of one kind: number and sum of sizes from coordinates, days and the division of
    /// the sum from the stream.
    fn strike(&mut self, j: usize, kind: Kind, u: f64, v: f64, stream: &mut Stream) {
        let count = binomial_quantile(self.days, kind.probability, u);
        if count == 0 {
            return;
        }
        let n = count as f64;
        let noise: Vec<f64> = (0..count).map(|_| stream.normal()).collect();
        let mean = noise.iter().sum::<f64>() / n;
        let common = math::inverse_normal(v) / n.sqrt();
        // Selection sampling (Knuth 1969, 3.4.2): each set of days is as likely as any other.
        let mut placed = 0;
        for day in 0..self.days {
            let wanted = (count - placed) as f64 / (self.days - day) as f64;
            if placed < count && stream.uniform() < wanted {
                let z = common + noise[placed] - mean;
                self.jumps[day * self.kinds + j] = Some(kind.log_mean + kind.log_sd * z);
                placed += 1;
            }
        }
    }

    /// The normals of one factor: its walk at the ends and middles from coordinates, then from
    /// the stream.
    fn walk(&mut self, k: usize, layout: &Layout, point: &[f64], shift: f64, stream: &mut Stream) {
        let mut at = vec![0.0; self.days + 1];
        for (step, &(left, middle, right)) in layout.bridge.iter().enumerate() {
            let z = point
                .get(step)
                .map_or_else(|| stream.normal(), |u| math::inverse_normal(*u));
            at[middle] = if middle == right {
                at[left] + ((right - left) as f64).sqrt() * z
            } else {
                let (before, after) = ((middle - left) as f64, (right - middle) as f64);
                let whole = before + after;
                (after * at[left] + before * at[right]) / whole
                    + (before * after / whole).sqrt() * z
            };
        }
        for day in 0..self.days {
            self.normals[day * self.factors + k] = at[day + 1] - at[day] + shift;
        }
    }
}

/// The end first, then the middle of the longest gap, and so on.
fn bridge_order(days: usize) -> Vec<(usize, usize, usize)> {
    let mut order = vec![(0, days, days)];
    let mut gaps = std::collections::VecDeque::from([(0, days)]);
    while let Some((left, right)) = gaps.pop_front() {
        if right - left < 2 {
            continue;
        }
        let middle = left + (right - left) / 2;
        order.push((left, middle, right));
        gaps.push_back((left, middle));
        gaps.push_back((middle, right));
    }
    order
}

/// The smallest k with P(Binomial(n, p) ≤ k) ≥ u.
fn binomial_quantile(n: usize, p: f64, u: f64) -> usize {
    if p <= 0.0 {
        return 0;
    }
    let odds = p / (1.0 - p);
    let mut mass = libm::exp(n as f64 * libm::log1p(-p));
    let mut below = mass;
    let mut k = 0;
    while below < u && k < n {
        mass *= (n - k) as f64 / (k + 1) as f64 * odds;
        below += mass;
        k += 1;
    }
    k
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bridge_visits_every_day_once() {
        for days in [1, 2, 3, 30, 31] {
            let mut seen = vec![false; days + 1];
            seen[0] = true;
            for (left, middle, right) in bridge_order(days) {
                assert!(seen[left] && (middle == right || seen[right]) && !seen[middle]);
                seen[middle] = true;
            }
            assert!(seen.iter().all(|s| *s), "{days}");
        }
    }

    #[test]
    fn binomial_quantiles_against_exact_shares() {
        // Binomial(2, 1/2): 1/4, 3/4, 1.
        for (u, k) in [(0.2, 0), (0.26, 1), (0.74, 1), (0.76, 2)] {
            assert_eq!(binomial_quantile(2, 0.5, u), k, "{u}");
        }
        assert_eq!(binomial_quantile(5, 0.0, 0.9), 0);
    }

    /// Uniform coordinates give back the law: mean and variance of the sum of a factor's normals
    /// and of its jumps, within five standard errors.
    #[test]
    fn bridged_draws_follow_the_law() {
        let law = Law {
            normals: 2,
            kinds: vec![
                Kind {
                    probability: 0.0,
                    log_mean: 0.0,
                    log_sd: 0.0,
                },
                Kind {
                    probability: 0.0,
                    log_mean: 0.0,
                    log_sd: 0.0,
                },
                Kind {
                    probability: 0.3,
                    log_mean: -0.2,
                    log_sd: 0.5,
                },
            ],
        };
        let layout = Layout::of(&law, 7);
        let (n, days) = (40_000_u64, 7);
        let mut day = Day::empty(&law);
        let (mut first, mut square, mut jumps, mut struck) = (0.0, 0.0, 0.0, 0.0);
        for path in 0..n {
            let mut stream = Stream::new(Seed(3), Purpose::Other(9), path);
            let point: Vec<f64> = (0..64).map(|_| stream.uniform()).collect();
            let path = Bridged::open(&law, &layout, &law.untilted(), &point, Seed(5), path);
            let mut sum = 0.0;
            for d in 1..=days {
                path.day(d, &mut day);
                sum += day.normals[1];
                jumps += day.jumps[2];
                struck += f64::from(u8::from(day.struck[2]));
            }
            first += sum;
            square += sum * sum;
        }
        let n = n as f64;
        assert!((first / n).abs() < 5.0 * (7.0 / n).sqrt());
        assert!((square / n - 7.0).abs() < 5.0 * 7.0 * (2.0 / n).sqrt());
        assert!((struck / n - 2.1).abs() < 5.0 * (1.47 / n).sqrt());
        // Variance of one day's jump: 0.3 (0.25 + 0.04) - 0.06^2.
        assert!((jumps / n + 0.42).abs() < 5.0 * (7.0 * 0.0834 / n).sqrt());
    }
}
