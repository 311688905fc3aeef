//! One stream of random numbers for each path and purpose.

use super::{Seed, math};
use std::convert::Infallible;

/// What a stream is for. A purpose with an index has one stream for each index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The daily normal of one factor of the joint diffusion (assets, then the value at risk).
    Diffusion(usize),
    /// Days between jumps of one factor and their sizes, in turn.
    Jumps(usize),
    /// Days between jumps that strike several factors at once and their sizes, in turn.
    SharedJumps,
    /// The size of an attack: one a day if it stands every day, else one an arrival.
    Mark(usize),
    /// Times between the opportunities of one attack.
    Arrivals(usize),
    /// Where the path goes within a day.
    Bridge,
    /// The scramble of one dimension of Sobol points.
    Scramble(usize),
    /// One uncertain parameter.
    Parameter(usize),
    /// Honest faults of one offence: times, and who is reached.
    Faults(usize),
    /// What happens once an attack is made: one stream for each time that it is played.
    Incident(usize),
    /// Whether the slash for the first attack of a path lands.
    Landing,
    /// Anything else that a later mechanism draws.
    Other(usize),
}

impl Purpose {
    /// A number that no other purpose has.
    #[must_use]
    pub fn tag(self) -> u64 {
        let (kind, index) = match self {
            Purpose::Diffusion(k) => (1, k),
            Purpose::Jumps(k) => (2, k),
            Purpose::Mark(k) => (3, k),
            Purpose::Arrivals(k) => (4, k),
            Purpose::Bridge => (5, 0),
            Purpose::Other(k) => (6, k),
            Purpose::SharedJumps => (7, 0),
            Purpose::Scramble(k) => (8, k),
            Purpose::Parameter(k) => (9, k),
            Purpose::Faults(k) => (11, k),
            Purpose::Incident(k) => (12, k),
            Purpose::Landing => (13, 0),
        };
        (kind << 32) | index as u64
    }

    /// The key that this purpose's streams share under `seed`.
    #[must_use]
    pub fn key(self, seed: Seed) -> u64 {
        mix(seed.0 ^ mix(self.tag().wrapping_mul(GOLDEN)))
    }
}

/// The odd constant of SplitMix64: 2^64 over the golden ratio.
pub(crate) const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of SplitMix64 (Stafford's thirteenth mix): a bijection of 64 bits.
#[inline(always)]
#[must_use]
pub fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The word `word` of the start of the stream of `path`: SplitMix64 from a counter, as the
/// authors of xoshiro ask for. Two paths never share a word, since the mix is a bijection.
#[inline(always)]
pub(crate) fn start(key: u64, path: u64, word: u64) -> u64 {
    let counter = path.wrapping_mul(4).wrapping_add(word).wrapping_add(1);
    mix(key.wrapping_add(counter.wrapping_mul(GOLDEN)))
}

/// One step of xoshiro256++ on its four words; returns the output.
#[inline(always)]
pub(crate) fn step(s: &mut [u64; 4]) -> u64 {
    let out = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
    let t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = s[3].rotate_left(45);
    out
}

/// A uniform strictly between 0 and 1: the middle of one of 2^52 equal cells, so that
/// `u` and `1 - u` are both exact and equally likely.
#[inline(always)]
#[must_use]
pub fn uniform_from_bits(bits: u64) -> f64 {
    const BELOW_ONE: f64 = 1.0 - 1.0 / 9_007_199_254_740_992.0;
    f64::from_bits((bits >> 12) | 0x3ff0_0000_0000_0000) - BELOW_ONE
}

/// xoshiro256++ 1.0 (Blackman and Vigna 2019, <https://prng.di.unimi.it>): period 2^256 - 1.
#[derive(Debug, Clone)]
pub struct Stream([u64; 4]);

impl Stream {
    /// Opens the stream of one path for one purpose.
    #[must_use]
    pub fn new(seed: Seed, purpose: Purpose, path: u64) -> Self {
        let key = purpose.key(seed);
        Stream([0, 1, 2, 3].map(|word| start(key, path, word)))
    }

    /// A stream from its four words, not all zero.
    #[must_use]
    pub fn from_words(words: [u64; 4]) -> Self {
        assert!(words != [0; 4], "xoshiro256++ stands still on four zeros");
        Stream(words)
    }

    /// Sixty-four random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        step(&mut self.0)
    }

    /// A uniform strictly between 0 and 1.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        uniform_from_bits(self.bits())
    }

    /// A standard normal by inverse transform: one uniform, one normal.
    #[inline]
    pub fn normal(&mut self) -> f64 {
        math::inverse_normal(self.uniform())
    }

    /// A standard exponential by inverse transform.
    #[inline]
    pub fn exponential(&mut self) -> f64 {
        -math::ln(self.uniform())
    }

    /// A lognormal with the given mean and standard deviation of its logarithm.
    #[inline]
    pub fn lognormal(&mut self, log_mean: f64, log_sd: f64) -> f64 {
        math::exp(self.normal().mul_add(log_sd, log_mean))
    }
}

/// So that the counts and odd shapes of `rand_distr` (Poisson, beta, Dirichlet) can be
/// drawn from a path's stream.
impl rand::TryRng for Stream {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.bits() >> 32) as u32)
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.bits())
    }
    fn try_fill_bytes(&mut self, destination: &mut [u8]) -> Result<(), Infallible> {
        for chunk in destination.chunks_mut(8) {
            chunk.copy_from_slice(&self.bits().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first outputs of xoshiro256++ from the state 1, 2, 3, 4, as the `rand_xoshiro`
    /// crate and the authors' C program give them.
    #[test]
    fn the_generator_is_xoshiro256_plus_plus() {
        let mut stream = Stream::from_words([1, 2, 3, 4]);
        let expected: [u64; 10] = [
            41943041,
            58720359,
            3588806011781223,
            3591011842654386,
            9228616714210784205,
            9973669472204895162,
            14011001112246962877,
            12406186145184390807,
            15849039046786891736,
            10450023813501588000,
        ];
        for e in expected {
            assert_eq!(stream.bits(), e);
        }
    }

    /// SplitMix64 from the state 1477776061723855037, published with the reference program.
    #[test]
    fn the_mix_is_splitmix64() {
        let mut state: u64 = 1477776061723855037;
        let expected: [u64; 5] = [
            1985237415132408290,
            2979275885539914483,
            13511426838097143398,
            8488337342461049707,
            15141737807933549159,
        ];
        for e in expected {
            state = state.wrapping_add(GOLDEN);
            assert_eq!(mix(state), e);
        }
    }

    #[test]
    fn the_small_generator_of_rand_is_the_same_one() {
        use rand::{Rng, SeedableRng};
        let mut theirs = rand::rngs::Xoshiro256PlusPlus::from_seed({
            let mut bytes = [0u8; 32];
            for (k, w) in [11u64, 22, 33, 44].iter().enumerate() {
                bytes[k * 8..k * 8 + 8].copy_from_slice(&w.to_le_bytes());
            }
            bytes
        });
        let mut ours = Stream::from_words([11, 22, 33, 44]);
        for _ in 0..1000 {
            assert_eq!(ours.bits(), theirs.next_u64());
        }
    }

    #[test]
    fn uniforms_stay_inside_and_are_symmetric() {
        let low = uniform_from_bits(0);
        let high = uniform_from_bits(u64::MAX);
        assert!(low > 0.0 && high < 1.0);
        assert_eq!(low.to_bits(), (1.0 - high).to_bits());
    }

    #[test]
    fn no_two_purposes_share_a_tag() {
        let mut seen = std::collections::HashSet::new();
        for k in 0..50 {
            for p in [
                Purpose::Diffusion(k),
                Purpose::Jumps(k),
                Purpose::Mark(k),
                Purpose::Arrivals(k),
                Purpose::Other(k),
                Purpose::Scramble(k),
                Purpose::Parameter(k),
                Purpose::Faults(k),
                Purpose::Incident(k),
            ] {
                assert!(seen.insert(p.key(Seed::default())), "{p:?}");
            }
        }
        assert!(seen.insert(Purpose::Bridge.key(Seed::default())));
        assert!(seen.insert(Purpose::SharedJumps.key(Seed::default())));
    }

    /// Neighbouring paths and purposes must look independent: the mean of products of
    /// uniforms, and a chi-square of the pairs on a 16 by 16 grid (255 degrees of freedom,
    /// the 1e-6 quantile of which is 371).
    #[test]
    fn neighbouring_streams_are_uncorrelated() {
        let n = 200_000u64;
        for (a, b, shift) in [
            (Purpose::Diffusion(0), Purpose::Diffusion(0), 1),
            (Purpose::Diffusion(0), Purpose::Diffusion(1), 0),
            (Purpose::Mark(0), Purpose::Arrivals(0), 0),
        ] {
            let (mut sum, mut grid) = (0.0, [0u32; 256]);
            for path in 0..n {
                let x = Stream::new(Seed(7), a, path).uniform();
                let y = Stream::new(Seed(7), b, path + shift).uniform();
                sum += (x - 0.5) * (y - 0.5);
                grid[(x * 16.0) as usize * 16 + (y * 16.0) as usize] += 1;
            }
            let z = sum / n as f64 * 12.0 * (n as f64).sqrt();
            assert!(z.abs() < 5.0, "{a:?} {b:?} {z}");
            let cell = n as f64 / 256.0;
            let chi2: f64 = grid.iter().map(|&k| (k as f64 - cell).powi(2) / cell).sum();
            assert!(chi2 < 371.0 && chi2 > 165.0, "{a:?} {b:?} {chi2}");
        }
    }
}
