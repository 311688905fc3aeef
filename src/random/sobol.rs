//! Sobol points: low-discrepancy numbers for smooth integrals and for screening designs.
//!
//! Direction numbers: S. Joe and F. Y. Kuo, "Constructing Sobol sequences with better
//! two-dimensional projections", SIAM J. Sci. Comput. 30 (2008), set `new-joe-kuo-6`.
//! Scrambling: A. B. Owen, "Randomly permuted (t,m,s)-nets and (t,s)-sequences" (1995), nested
//! and uniform, each bit's flip a hash of the bits above it. Use a whole power of two of
//! points: the balance breaks otherwise.

use super::{Purpose, Seed, mix};

/// Bits of a point.
const BITS: usize = 52;

/// A Sobol sequence of up to [`Sobol::MOST_DIMENSIONS`] dimensions.
#[derive(Debug, Clone)]
pub struct Sobol {
    /// For each dimension and bit, the direction number; its bits are the top ones of 52.
    directions: Vec<[u64; BITS]>,
}

impl Sobol {
    /// Dimensions that there are numbers for.
    pub const MOST_DIMENSIONS: usize = JOE_KUO.len() + 1;

    /// The sequence in some dimensions.
    ///
    /// # Panics
    /// If there are too many.
    #[must_use]
    pub fn new(dimensions: usize) -> Sobol {
        assert!(
            dimensions <= Self::MOST_DIMENSIONS,
            "{dimensions} dimensions of Sobol points, of at most {}",
            Self::MOST_DIMENSIONS
        );
        Sobol {
            directions: (0..dimensions).map(directions).collect(),
        }
    }

    /// Coordinates of a point.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.directions.len()
    }

    /// The `index`-th point (in the order of the Gray code, the origin first), unscrambled:
    /// multiples of 2^-52 in 0..1.
    pub fn point(&self, index: u64, out: &mut [f64]) {
        for (x, bits) in out.iter_mut().zip(self.bits(index)) {
            *x = bits as f64 / (1u64 << BITS) as f64;
        }
    }

    /// The `index`-th point of the scramble that `seed` and `repetition` choose: strictly inside
    /// 0..1, and each coordinate uniform over scrambles.
    pub fn scrambled(&self, seed: Seed, repetition: u64, index: u64, out: &mut [f64]) {
        for (dimension, (x, bits)) in out.iter_mut().zip(self.bits(index)).enumerate() {
            let key = mix(Purpose::Scramble(dimension).key(seed) ^ mix(repetition));
            *x = (scramble(key, bits) as f64 + 0.5) / (1u64 << BITS) as f64;
        }
    }

    fn bits(&self, index: u64) -> impl Iterator<Item = u64> {
        let gray = index ^ (index >> 1);
        self.directions.iter().map(move |directions| {
            let chosen = directions
                .iter()
                .enumerate()
                .filter(|(bit, _)| gray >> bit & 1 == 1);
            chosen.fold(0, |sum, (_, direction)| sum ^ direction)
        })
    }
}

/// Flips each bit by a hash of the bits above it.
fn scramble(key: u64, bits: u64) -> u64 {
    let mut out = bits;
    for bit in (0..BITS).rev() {
        // A one in front of the prefix tells prefixes of different lengths apart.
        let above = (bits >> (bit + 1)) | 1 << (BITS - 1 - bit);
        out ^= (mix(key ^ mix(above)) >> 63) << bit;
    }
    out
}

/// The direction numbers of one dimension; the first is the van der Corput sequence.
fn directions(dimension: usize) -> [u64; BITS] {
    let mut v = [0; BITS];
    let Some(&(polynomial, initial)) = dimension.checked_sub(1).and_then(|d| JOE_KUO.get(d)) else {
        for (bit, v) in v.iter_mut().enumerate() {
            *v = 1 << (BITS - 1 - bit);
        }
        return v;
    };
    let degree = initial.len();
    for bit in 0..BITS {
        v[bit] = if bit < degree {
            initial[bit] << (BITS - 1 - bit)
        } else {
            let mut x = v[bit - degree] ^ (v[bit - degree] >> degree);
            for k in 1..degree {
                x ^= (polynomial >> (degree - 1 - k) & 1) * v[bit - k];
            }
            x
        };
    }
    v
}

/// For each dimension from the second on: the inner coefficients of its primitive polynomial
/// as bits, and its first direction numbers.
const JOE_KUO: [(u64, &[u64]); 63] = [
    (0, &[1]),
    (1, &[1, 3]),
    (1, &[1, 3, 1]),
    (2, &[1, 1, 1]),
    (1, &[1, 1, 3, 3]),
    (4, &[1, 3, 5, 13]),
    (2, &[1, 1, 5, 5, 17]),
    (4, &[1, 1, 5, 5, 5]),
    (7, &[1, 1, 7, 11, 19]),
    (11, &[1, 1, 5, 1, 1]),
    (13, &[1, 1, 1, 3, 11]),
    (14, &[1, 3, 5, 5, 31]),
    (1, &[1, 3, 3, 9, 7, 49]),
    (13, &[1, 1, 1, 15, 21, 21]),
    (16, &[1, 3, 1, 13, 27, 49]),
    (19, &[1, 1, 1, 15, 7, 5]),
    (22, &[1, 3, 1, 15, 13, 25]),
    (25, &[1, 1, 5, 5, 19, 61]),
    (1, &[1, 3, 7, 11, 23, 15, 103]),
    (4, &[1, 3, 7, 13, 13, 15, 69]),
    (7, &[1, 1, 3, 13, 7, 35, 63]),
    (8, &[1, 3, 5, 9, 1, 25, 53]),
    (14, &[1, 3, 1, 13, 9, 35, 107]),
    (19, &[1, 3, 1, 5, 27, 61, 31]),
    (21, &[1, 1, 5, 11, 19, 41, 61]),
    (28, &[1, 3, 5, 3, 3, 13, 69]),
    (31, &[1, 1, 7, 13, 1, 19, 1]),
    (32, &[1, 3, 7, 5, 13, 19, 59]),
    (37, &[1, 1, 3, 9, 25, 29, 41]),
    (41, &[1, 3, 5, 13, 23, 1, 55]),
    (42, &[1, 3, 7, 3, 13, 59, 17]),
    (50, &[1, 3, 1, 3, 5, 53, 69]),
    (55, &[1, 1, 5, 5, 23, 33, 13]),
    (56, &[1, 1, 7, 7, 1, 61, 123]),
    (59, &[1, 1, 7, 9, 13, 61, 49]),
    (62, &[1, 3, 3, 5, 3, 55, 33]),
    (14, &[1, 3, 1, 15, 31, 13, 49, 245]),
    (21, &[1, 3, 5, 15, 31, 59, 63, 97]),
    (22, &[1, 3, 1, 11, 11, 11, 77, 249]),
    (38, &[1, 3, 1, 11, 27, 43, 71, 9]),
    (47, &[1, 1, 7, 15, 21, 11, 81, 45]),
    (49, &[1, 3, 7, 3, 25, 31, 65, 79]),
    (50, &[1, 3, 1, 1, 19, 11, 3, 205]),
    (52, &[1, 1, 5, 9, 19, 21, 29, 157]),
    (56, &[1, 3, 7, 11, 1, 33, 89, 185]),
    (67, &[1, 3, 3, 3, 15, 9, 79, 71]),
    (70, &[1, 3, 7, 11, 15, 39, 119, 27]),
    (84, &[1, 1, 3, 1, 11, 31, 97, 225]),
    (97, &[1, 1, 1, 3, 23, 43, 57, 177]),
    (103, &[1, 3, 7, 7, 17, 17, 37, 71]),
    (115, &[1, 3, 1, 5, 27, 63, 123, 213]),
    (122, &[1, 1, 3, 5, 11, 43, 53, 133]),
    (8, &[1, 3, 5, 5, 29, 17, 47, 173, 479]),
    (13, &[1, 3, 3, 11, 3, 1, 109, 9, 69]),
    (16, &[1, 1, 1, 5, 17, 39, 23, 5, 343]),
    (22, &[1, 3, 1, 5, 25, 15, 31, 103, 499]),
    (25, &[1, 1, 1, 11, 11, 17, 63, 105, 183]),
    (44, &[1, 1, 5, 11, 9, 29, 97, 231, 363]),
    (47, &[1, 1, 5, 15, 19, 45, 41, 7, 383]),
    (52, &[1, 3, 7, 7, 31, 19, 83, 137, 221]),
    (55, &[1, 1, 1, 3, 23, 15, 111, 223, 83]),
    (59, &[1, 1, 5, 13, 31, 15, 55, 25, 161]),
    (62, &[1, 1, 3, 13, 25, 47, 39, 87, 257]),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The first points in three dimensions, as the authors' program prints them.
    #[test]
    fn the_first_points_are_the_published_ones() {
        let expected = [
            [0.0, 0.0, 0.0],
            [0.5, 0.5, 0.5],
            [0.75, 0.25, 0.25],
            [0.25, 0.75, 0.75],
            [0.375, 0.375, 0.625],
            [0.875, 0.875, 0.125],
            [0.625, 0.125, 0.875],
            [0.125, 0.625, 0.375],
        ];
        let sobol = Sobol::new(3);
        for (index, row) in expected.iter().enumerate() {
            let mut point = [0.0; 3];
            sobol.point(index as u64, &mut point);
            assert_eq!(
                point.map(f64::to_bits),
                row.map(f64::to_bits),
                "point {index}"
            );
        }
    }

    /// Case E13: the mean of the first 1024 points is 1/2 - 2^-11 in every dimension.
    #[test]
    fn e13_balance() {
        let sobol = Sobol::new(Sobol::MOST_DIMENSIONS);
        let mut sums = vec![0.0; Sobol::MOST_DIMENSIONS];
        let mut point = sums.clone();
        for index in 0..1024 {
            sobol.point(index, &mut point);
            sums.iter_mut().zip(&point).for_each(|(sum, x)| *sum += x);
        }
        for (dimension, sum) in sums.iter().enumerate() {
            let mean = sum / 1024.0;
            assert_eq!(
                mean.to_bits(),
                0.49951171875_f64.to_bits(),
                "dimension {dimension}"
            );
        }
    }

    /// Scrambled or not, a power of two of points has one in each cell of each dimension, and
    /// four of 64 in each cell of a 4 by 4 grid of the first two.
    #[test]
    fn scrambling_keeps_the_balance() {
        let sobol = Sobol::new(8);
        for repetition in 0..4 {
            let mut seen = [[false; 256]; 8];
            let mut grid = [0; 16];
            let mut point = [0.0; 8];
            for index in 0..256 {
                sobol.scrambled(Seed(3), repetition, index, &mut point);
                for (cells, x) in seen.iter_mut().zip(point) {
                    assert!(x > 0.0 && x < 1.0);
                    let cell = &mut cells[(x * 256.0) as usize];
                    assert!(!*cell, "two points of one cell");
                    *cell = true;
                }
                if index < 64 {
                    grid[(point[0] * 4.0) as usize * 4 + (point[1] * 4.0) as usize] += 1;
                }
            }
            assert_eq!(grid, [4; 16]);
        }
    }

    /// One coordinate over many scrambles is uniform: mean and variance within five errors.
    #[test]
    fn a_coordinate_is_uniform_over_scrambles() {
        let sobol = Sobol::new(2);
        let n = 20_000;
        let mut sums = [0.0; 2];
        for repetition in 0..n {
            let mut point = [0.0; 2];
            sobol.scrambled(Seed(3), repetition, 5, &mut point);
            sums[0] += point[1] - 0.5;
            sums[1] += (point[1] - 0.5).powi(2) - 1.0 / 12.0;
        }
        let errors = [(1.0_f64 / 12.0).sqrt(), (1.0_f64 / 180.0).sqrt()];
        for (sum, error) in sums.iter().zip(errors) {
            let z = sum / error / (n as f64).sqrt();
            assert!(z.abs() < 5.0, "{z}");
        }
    }
}
