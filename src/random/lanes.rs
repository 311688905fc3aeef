//! Many paths side by side: streams and samplers over columns.
//!
//! A column holds one number for each of [`LANES`] paths for each of some days, day by day.
//! The loops are plain Rust over fixed arrays; each is compiled three times, for what any
//! processor has, for AVX2 and for AVX-512, and [`Width`] says at run time which to call.
//! All three give the same bits: no sum changes its order, and products are fused with sums
//! in all of them or in none.

use super::{Purpose, Seed, math, stream};

/// Paths that are played side by side.
pub const LANES: usize = 32;

/// One number a lane.
pub type Row = [f64; LANES];

/// Which compiled form of the kernels runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Width(pub(crate) Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Width {
    /// The environment variable that asks for a narrower form: `portable`, `avx2` or `avx512`.
    pub const VARIABLE: &'static str = "STAKEWRIGHT_WIDTH";

    /// What any processor has.
    pub const PORTABLE: Width = Width(Kind::Portable);

    /// The widest form that this processor has, or a narrower one if [`Width::VARIABLE`] names it.
    #[must_use]
    pub fn detect() -> Width {
        let all = Self::available();
        let asked = std::env::var(Self::VARIABLE).unwrap_or_default();
        let named = all.iter().find(|w| w.name() == asked);
        *named.or(all.last()).unwrap_or(&Width::PORTABLE)
    }

    /// All forms that this processor can run, narrowest first.
    #[must_use]
    pub fn available() -> Vec<Width> {
        #[allow(unused_mut, reason = "only this architecture has others")]
        let mut all = vec![Width::PORTABLE];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                all.push(Width(Kind::Avx2));
                let wide = is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl");
                if wide {
                    all.push(Width(Kind::Avx512));
                }
            }
        }
        all
    }

    /// Its name, as the environment variable would say it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "avx512",
        }
    }
}

/// Defines a function over columns that is compiled once for each [`Width`] and takes the
/// width as its first argument.
macro_rules! kernel {
    (
        $(#[$meta:meta])*
        $vis:vis fn $name:ident $(<const $k:ident: usize>)? ($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? $body:block
    ) => {
        $(#[$meta])*
        #[expect(clippy::allow_attributes, reason = "not every kernel needs what is allowed")]
        #[allow(clippy::too_many_arguments, reason = "columns in, columns out")]
        $vis fn $name $(<const $k: usize>)? (width: $crate::random::lanes::Width, $($arg: $ty),*) $(-> $ret)? {
            #[allow(clippy::too_many_arguments, reason = "columns in, columns out")]
            #[inline(always)]
            fn body $(<const $k: usize>)? ($($arg: $ty),*) $(-> $ret)? $body

            #[cfg(target_arch = "x86_64")]
            #[allow(clippy::too_many_arguments, reason = "columns in, columns out")]
            #[target_feature(enable = "avx2,fma,bmi1,bmi2")]
            fn avx2 $(<const $k: usize>)? ($($arg: $ty),*) $(-> $ret)? {
                body $(::<$k>)? ($($arg),*)
            }

            #[cfg(target_arch = "x86_64")]
            #[allow(clippy::too_many_arguments, reason = "columns in, columns out")]
            #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi1,bmi2")]
            fn avx512 $(<const $k: usize>)? ($($arg: $ty),*) $(-> $ret)? {
                body $(::<$k>)? ($($arg),*)
            }

            match width.0 {
                $crate::random::lanes::Kind::Portable => body $(::<$k>)? ($($arg),*),
                #[cfg(target_arch = "x86_64")]
                // SAFETY: a `Width` of this kind is made only where the processor has it.
                $crate::random::lanes::Kind::Avx2 => unsafe { avx2 $(::<$k>)? ($($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: as above.
                $crate::random::lanes::Kind::Avx512 => unsafe { avx512 $(::<$k>)? ($($arg),*) },
            }
        }
    };
}
pub(crate) use kernel;

/// The streams of [`LANES`] neighbouring paths for one purpose: lane `l` draws what
/// `Stream::new(seed, purpose, first_path + l)` draws.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub struct LaneStreams([[u64; LANES]; 4]);

impl LaneStreams {
    /// Opens the streams.
    #[must_use]
    pub fn new(width: Width, seed: Seed, purpose: Purpose, first_path: u64) -> LaneStreams {
        let mut streams = LaneStreams([[0; LANES]; 4]);
        open(width, &mut streams, purpose.key(seed), first_path);
        streams
    }

    /// Fills rows with uniforms, inlined into the kernel that asks.
    #[inline(always)]
    pub(crate) fn fill_uniforms(&mut self, column: &mut [Row]) {
        let mut bits = [0; LANES];
        for row in column {
            step(&mut self.0, &mut bits);
            for l in 0..LANES {
                row[l] = stream::uniform_from_bits(bits[l]);
            }
        }
    }

    /// The next 64 bits of one lane alone.
    #[inline]
    pub fn lane_bits(&mut self, lane: usize) -> u64 {
        let mut s = [
            self.0[0][lane],
            self.0[1][lane],
            self.0[2][lane],
            self.0[3][lane],
        ];
        let bits = stream::step(&mut s);
        for (word, x) in s.into_iter().enumerate() {
            self.0[word][lane] = x;
        }
        bits
    }
}

/// One step of every lane.
#[inline(always)]
fn step(state: &mut [[u64; LANES]; 4], out: &mut [u64; LANES]) {
    let [s0, s1, s2, s3] = state;
    for l in 0..LANES {
        let mut s = [s0[l], s1[l], s2[l], s3[l]];
        out[l] = stream::step(&mut s);
        [s0[l], s1[l], s2[l], s3[l]] = s;
    }
}

kernel! {
    fn open(streams: &mut LaneStreams, key: u64, first_path: u64) {
        for (word, row) in streams.0.iter_mut().enumerate() {
            for (lane, x) in row.iter_mut().enumerate() {
                *x = stream::start(key, first_path.wrapping_add(lane as u64), word as u64);
            }
        }
    }
}

kernel! {
    /// Fills a column with standard normals, one step of each lane's stream a day.
    pub fn normals(streams: &mut LaneStreams, column: &mut [Row]) {
        let mut uniform = [[0.0; LANES]];
        for row in column {
            streams.fill_uniforms(&mut uniform);
            normals_of(&uniform[0], row);
        }
    }
}

/// The normals of a row of uniforms. One row of thirty has a draw in the tails; those are put
/// right one by one.
#[inline(always)]
pub(crate) fn normals_of(uniform: &Row, row: &mut Row) {
    let mut argument = [0.0; LANES];
    let mut in_tail = 0;
    for l in 0..LANES {
        let w = math::inverse_normal_argument(uniform[l]);
        row[l] = math::inverse_normal_centre(uniform[l], w);
        argument[l] = w;
        in_tail |= u64::from(w >= math::CENTRE_ENDS);
    }
    if in_tail != 0 {
        for l in 0..LANES {
            if argument[l] >= math::CENTRE_ENDS {
                row[l] = math::inverse_normal_tail(uniform[l], argument[l]);
            }
        }
    }
}

kernel! {
    /// Fills a column with uniforms, one step of each lane's stream a day.
    pub fn uniforms(streams: &mut LaneStreams, column: &mut [Row]) {
        streams.fill_uniforms(column);
    }
}

kernel! {
    /// Replaces each number by its exponential.
    pub fn exponentials(column: &mut [Row]) {
        for row in column {
            for x in row {
                *x = math::exp(*x);
            }
        }
    }
}

kernel! {
    /// Replaces each number by its logarithm.
    pub fn logarithms(column: &mut [Row]) {
        for row in column {
            for x in row {
                *x = math::ln(*x);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    /// Every width must give, in every lane, what the scalar stream gives, to the bit.
    #[test]
    fn lanes_are_the_scalar_streams_at_every_width() {
        for width in Width::available() {
            let purpose = Purpose::Diffusion(2);
            let mut lanes = LaneStreams::new(width, Seed(5), purpose, 1000);
            let mut column = vec![[0.0; LANES]; 200];
            normals(width, &mut lanes, &mut column[..100]);
            uniforms(width, &mut lanes, &mut column[100..150]);
            uniforms(width, &mut lanes, &mut column[150..]);
            let mut logs = column[150..].to_vec();
            logarithms(width, &mut logs);
            let mut powers = column[..100].to_vec();
            exponentials(width, &mut powers);
            for lane in 0..LANES {
                let mut stream = Stream::new(Seed(5), purpose, 1000 + lane as u64);
                for (day, row) in column.iter().enumerate() {
                    let expected = if day < 100 {
                        stream.normal()
                    } else {
                        stream.uniform()
                    };
                    assert_eq!(
                        row[lane].to_bits(),
                        expected.to_bits(),
                        "{} day {day}",
                        width.name()
                    );
                    if day < 100 {
                        assert_eq!(powers[day][lane].to_bits(), math::exp(expected).to_bits());
                    } else if day >= 150 {
                        assert_eq!(
                            logs[day - 150][lane].to_bits(),
                            math::ln(expected).to_bits()
                        );
                    }
                }
                assert_eq!(lanes.lane_bits(lane), stream.bits());
            }
        }
    }

    /// The tails are met: a run long enough has some, and they are where they belong.
    #[test]
    fn normals_have_the_shares_of_a_normal() {
        let width = Width::detect();
        let mut column = vec![[0.0; LANES]; 20_000];
        normals(
            width,
            &mut LaneStreams::new(width, Seed(1), Purpose::Bridge, 0),
            &mut column,
        );
        let n = (column.len() * LANES) as f64;
        let share = |below: f64| column.iter().flatten().filter(|z| **z < below).count() as f64 / n;
        for x in [-4.0, -3.4, -2.0, -1.0, 0.0, 0.5, 3.0, 3.6] {
            let expected = 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2);
            let error = (expected * (1.0 - expected) / n).sqrt();
            assert!(
                (share(x) - expected).abs() < 4.5 * error,
                "{x} {} {expected}",
                share(x)
            );
        }
    }
}
