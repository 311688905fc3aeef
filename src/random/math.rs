//! The exponential, the logarithm and the inverse normal, as polynomials.
//!
//! Each is a straight line of fused multiply-adds without a branch that depends on the data,
//! so that a loop over a column becomes vector code, and the bits are the same at every
//! vector width and on every machine. (A processor without a fused multiply-add gets the same
//! bits from the C library, slowly.) The polynomials are Chebyshev interpolants computed with
//! fifty digits; the bounds below are measured against such values by the tests.
//!
//! | function | range | bound |
//! |---|---|---|
//! | [`exp`] | -708 to 709, clamped outside | 1e-15 relative |
//! | [`ln`] | positive normal numbers | 1 unit in the last place (2.3e-16 relative) |
//! | [`inverse_normal`] | 2^-53 to 1 - 2^-53 | 4e-14 relative |

/// Adding and subtracting it rounds a number below 2^51 to the nearest integer.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// The high bits of ln 2: a product with an exponent is exact.
const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
/// What the high bits leave.
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// `e` to the power `x`. Outside -708 to 709 the argument is clamped: the caller sees to it
/// that no plan gets there. A NaN stays a NaN.
#[inline(always)]
#[must_use]
pub fn exp(x: f64) -> f64 {
    const P: [f64; 11] = [
        1.0,
        1.0000000000000067,
        0.5000000000000006,
        0.16666666666554314,
        0.041666666666573066,
        0.008333333385699212,
        0.001388888893251478,
        0.00019841170230570286,
        2.480150431378554e-05,
        2.764019739169484e-06,
        2.7626371065696354e-07,
    ];
    let x = if x < -708.0 { -708.0 } else { x };
    let x = if x > 709.0 { 709.0 } else { x };
    let shifted = x.mul_add(std::f64::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = (-n).mul_add(LN2_LOW, (-n).mul_add(LN2_HIGH, x));
    let p = polynomial(&P, r);
    // The low bits of `shifted` are n: adding them to the exponent multiplies by 2^n.
    f64::from_bits(p.to_bits().wrapping_add(shifted.to_bits() << 52))
}

/// The natural logarithm of a positive normal number (fdlibm's reduction and polynomial).
#[inline(always)]
#[must_use]
pub fn ln(x: f64) -> f64 {
    const L: [f64; 7] = [
        6.666_666_666_666_735e-1,
        3.999_999_999_940_942e-1,
        2.857_142_874_366_239e-1,
        2.222_219_843_214_978_4e-1,
        1.818_357_216_161_805e-1,
        1.531_383_769_920_937_3e-1,
        1.479_819_860_511_658_6e-1,
    ];
    // The bits of sqrt(1/2): what exceeds them is the exponent of x in a mantissa from
    // sqrt(1/2) to sqrt(2).
    const HALF_ROOT: u64 = 0x3fe6_a09e_667f_3bcd;
    let above = x.to_bits().wrapping_sub(HALF_ROOT);
    let mantissa = f64::from_bits((above & 0x000f_ffff_ffff_ffff).wrapping_add(HALF_ROOT));
    // The arithmetic shift by 52 and the conversion to a real, without either: bias to keep it
    // positive, shift, and read the integer as the low bits of 2^52.
    let biased = above.wrapping_add(1024 << 52) >> 52;
    let e = f64::from_bits(0x4330_0000_0000_0000 | biased) - (4_503_599_627_370_496.0 + 1024.0);
    let f = mantissa - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let r = z * polynomial(&L, z);
    let half = 0.5 * f * f;
    let low = s.mul_add(half + r, e * LN2_LOW);
    e.mul_add(LN2_HIGH, f - (half - low))
}

/// The standard normal deviate below which a share `u` of the distribution lies.
///
/// With `x = 2u - 1` and `w = -ln(1 - x^2)` the deviate is `x` times a smooth function of `w`
/// (Giles 2010, "Approximating the erfinv function"), here a polynomial in each of three
/// pieces: 99.9 % of all draws fall in the first.
#[inline]
#[must_use]
pub fn inverse_normal(u: f64) -> f64 {
    let w = inverse_normal_argument(u);
    if w < CENTRE_ENDS {
        inverse_normal_centre(u, w)
    } else {
        inverse_normal_tail(u, w)
    }
}

/// Where the first piece of [`inverse_normal`] ends.
pub(crate) const CENTRE_ENDS: f64 = 6.25;

/// The `w` of [`inverse_normal`].
#[inline(always)]
pub(crate) fn inverse_normal_argument(u: f64) -> f64 {
    -ln(4.0 * u * (1.0 - u))
}

/// The first piece of [`inverse_normal`].
#[inline(always)]
pub(crate) fn inverse_normal_centre(u: f64, w: f64) -> f64 {
    (2.0 * u - 1.0) * polynomial(&CENTRAL, w - 3.125)
}

/// The other two pieces of [`inverse_normal`]: one draw of a thousand.
#[inline(always)]
pub(crate) fn inverse_normal_tail(u: f64, w: f64) -> f64 {
    let x = 2.0 * u - 1.0;
    let root = w.sqrt();
    if w < 16.0 {
        x * polynomial(&TAIL, root - 3.25)
    } else {
        x * polynomial(&FAR_TAIL, root - 5.005)
    }
}

/// Horner's rule, fused.
#[inline(always)]
fn polynomial<const N: usize>(coefficients: &[f64; N], x: f64) -> f64 {
    let mut p = coefficients[N - 1];
    let mut k = N - 1;
    while k > 0 {
        k -= 1;
        p = p.mul_add(x, coefficients[k]);
    }
    p
}

/// `z / x` in powers of `w - 3.125`, for `w` below 6.25: relative error 2.3e-14.
const CENTRAL: [f64; 19] = [
    2.338620710026593,
    0.3396349587014186,
    -0.008532899177177325,
    -0.0010475115712202865,
    0.0002640820489877921,
    -1.9632849665575193e-05,
    -1.9310640324109817e-06,
    5.98886765221747e-07,
    -4.11125549940372e-08,
    -5.814902037761239e-09,
    1.4870138933303154e-09,
    -7.693198654633185e-11,
    -1.8447876374821097e-11,
    3.784715127907016e-12,
    -9.96830584974776e-14,
    -6.392758800676681e-14,
    7.906185331790888e-15,
    4.647583647059029e-16,
    -1.1060652177206067e-16,
];
/// `z / x` in powers of `sqrt(w) - 3.25`, for `w` in 6.25 to 16: relative error 5e-15.
const TAIL: [f64; 17] = [
    4.36127285516533,
    1.4216508658099165,
    0.007595620203993983,
    -0.0053050099177634185,
    0.003523431203967083,
    -0.0023875829058161665,
    0.0013481547381001741,
    -0.0005020908827238528,
    3.398540846512189e-05,
    9.6522109911285e-05,
    -6.691955718349021e-05,
    1.7801258140041682e-05,
    4.138880700288072e-06,
    -5.979396673923958e-06,
    2.1171462188644884e-06,
    3.330515202360857e-07,
    -3.8138156977486094e-07,
];
/// `z / x` in powers of `sqrt(w) - 5.005`, for `w` in 16 to 36.1: relative error 4e-15.
const FAR_TAIL: [f64; 15] = [
    6.865947307267114,
    1.4287786349417466,
    -0.00020072413279824505,
    -0.000301955969072916,
    0.0001067800916334961,
    -2.7643091664824016e-05,
    6.351876994785395e-06,
    -1.3907463139808843e-06,
    3.196754197991419e-07,
    -9.535308041265987e-08,
    3.989728913336185e-08,
    -1.84196260869063e-08,
    1.0651767941229713e-08,
    -6.59422077789373e-09,
    1.9585407671915403e-09,
];

#[cfg(test)]
#[expect(clippy::approx_constant, reason = "values with all their digits")]
mod tests {
    use super::*;

    fn check(name: &str, f: fn(f64) -> f64, bound: f64, table: &[(f64, f64)]) {
        for &(x, expected) in table {
            let got = f(x);
            let error = if expected == 0.0 {
                got.abs()
            } else {
                (got / expected - 1.0).abs()
            };
            assert!(
                error <= bound,
                "{name}({x:e}) = {got:e}, expected {expected:e}, error {error:e}"
            );
        }
    }

    /// Expected values: mpmath 1.3 with forty digits.
    #[test]
    fn logarithms_are_right() {
        check("ln", ln, 2.3e-16, &LN);
        let mut x = 1e-3;
        while x < 1e3 {
            let error = (ln(x) - libm::log(x)).abs();
            assert!(
                error <= 2.3e-16 * libm::log(x).abs() + 1e-17,
                "ln({x}) {error:e}"
            );
            x *= 1.000_37;
        }
    }

    /// Expected values: mpmath 1.3 with forty digits.
    #[test]
    fn exponentials_are_right() {
        check("exp", exp, 1e-15, &EXP);
        let mut x = -40.0;
        while x < 40.0 {
            let error = (exp(x) / libm::exp(x) - 1.0).abs();
            assert!(error <= 1e-15, "exp({x}) {error:e}");
            x += 0.000_937;
        }
        assert!(exp(f64::NAN).is_nan());
        assert!(exp(-1e9) > 0.0 && exp(1e9).is_finite());
    }

    /// Expected values: mpmath 1.3 with forty digits, roots of the complementary error function.
    #[test]
    fn inverse_normals_are_right() {
        check("inverse_normal", inverse_normal, 4e-14, &INVERSE);
        for &(u, expected) in &INVERSE {
            let got = -inverse_normal(1.0 - u);
            assert!(
                (got - expected).abs() <= 4e-14 * expected.abs(),
                "1 - {u}: {got}"
            );
        }
    }

    /// Against an independent implementation (Wichura's AS241) over the whole range.
    #[test]
    fn inverse_normals_agree_with_another_formula() {
        let mut u = 1.2e-16;
        while u < 0.5 {
            let (ours, theirs) = (inverse_normal(u), as241(u));
            assert!((ours / theirs - 1.0).abs() < 4e-14, "{u:e} {ours} {theirs}");
            u *= 1.003;
        }
    }

    /// M. Wichura, "Algorithm AS 241: The percentage points of the normal distribution",
    /// Applied Statistics 37 (1988), for the lower half.
    fn as241(p: f64) -> f64 {
        let q = p - 0.5;
        if q.abs() <= 0.425 {
            let r = 0.180625 - q * q;
            return q * polynomial(
                &[
                    3.387_132_872_796_366_5,
                    133.141_667_891_784_38,
                    1_971.590_950_306_551_3,
                    13_731.693_765_509_46,
                    45_921.953_931_549_87,
                    67_265.770_927_008_7,
                    33_430.575_583_588_13,
                    2_509.080_928_730_122_7,
                ],
                r,
            ) / polynomial(
                &[
                    1.0,
                    42.313_330_701_600_91,
                    687.187_007_492_057_9,
                    5_394.196_021_424_751,
                    21_213.794_301_586_597,
                    39_307.895_800_092_71,
                    28_729.085_735_721_943,
                    5_226.495_278_852_545,
                ],
                r,
            );
        }
        let r = (-libm::log(p)).sqrt();
        if r <= 5.0 {
            let r = r - 1.6;
            -polynomial(
                &[
                    1.423_437_110_749_683_5,
                    4.630_337_846_156_546,
                    5.769_497_221_460_691,
                    3.647_848_324_763_204_5,
                    1.270_458_252_452_368_4,
                    0.241_780_725_177_450_6,
                    0.022_723_844_989_269_184,
                    7.745_450_142_783_414e-4,
                ],
                r,
            ) / polynomial(
                &[
                    1.0,
                    2.053_191_626_637_759,
                    1.676_384_830_183_803_8,
                    0.689_767_334_985_1,
                    0.148_103_976_427_480_08,
                    0.015_198_666_563_616_457,
                    5.475_938_084_995_345e-4,
                    1.050_750_071_644_416_9e-9,
                ],
                r,
            )
        } else {
            let r = r - 5.0;
            -polynomial(
                &[
                    6.657_904_643_501_103,
                    5.463_784_911_164_114,
                    1.784_826_539_917_291_3,
                    0.296_560_571_828_504_87,
                    0.026_532_189_526_576_124,
                    1.242_660_947_388_078_4e-3,
                    2.711_555_568_743_487_6e-5,
                    2.010_334_399_292_288_1e-7,
                ],
                r,
            ) / polynomial(
                &[
                    1.0,
                    0.599_832_206_555_888,
                    0.136_929_880_922_735_8,
                    0.014_875_361_290_850_615,
                    7.868_691_311_456_133e-4,
                    1.846_318_317_510_054_8e-5,
                    1.421_511_758_316_446e-7,
                    2.044_263_103_389_939_8e-15,
                ],
                r,
            )
        }
    }

    const LN: [(f64, f64); 14] = [
        (1e-300, -690.7755278982137),
        (1e-16, -36.841361487904734),
        (3e-07, -15.01948336229021),
        (0.1, -2.3025850929940455),
        (0.5, -0.6931471805599453),
        (0.7071067811865475, -0.34657359027997275),
        (0.9999999999, -1.000000082790371e-10),
        (1.0, 0.0),
        (1.0000000001, 1.000000082690371e-10),
        (1.5, 0.4054651081081644),
        (2.718281828459045, 1.0),
        (1234.5678, 7.118476228297786),
        (6.02e+23, 54.75454439818378),
        (1e+300, 690.7755278982137),
    ];
    const EXP: [(f64, f64); 14] = [
        (-700.5, 5.980196118639791e-305),
        (-100.25, 2.897198083210148e-44),
        (-20.0, 2.061153622438558e-09),
        (-1.0, 0.36787944117144233),
        (-0.34657, 0.7071093199024199),
        (-1e-09, 0.999999999),
        (0.0, 1.0),
        (1e-09, 1.000000001),
        (0.1, 1.1051709180756477),
        (0.34658, 1.41422262711514),
        (1.0, 2.718281828459045),
        (2.5, 12.182493960703473),
        (30.125, 12109362140792.404),
        (709.0, 8.218407461554972e+307),
    ];
    const INVERSE: [(f64, f64); 27] = [
        (1.1102230246251565e-16, -8.209536151601387),
        (9.992007221626409e-16, -7.941444487415978),
        (9.999778782798785e-13, -7.0344869100478356),
        (9.999999717180685e-10, -5.9978070196016375),
        (9.999999994736442e-08, -5.199337582290661),
        (1.1253516996045931e-07, -5.177341228429743),
        (9.99999999995449e-06, -4.264890793923841),
        (0.00010000000000010001, -3.7190164854554277),
        (0.00048280000000000545, -3.300362549111086),
        (0.00048290000000006383, -3.300304432355502),
        (0.0010000000000000009, -3.090232306167813),
        (0.009999999999999898, -2.3263478740408448),
        (0.024249999999999994, -1.972961051311885),
        (0.07500000000000007, -1.4395314709384555),
        (0.09999999999999998, -1.2815515655446006),
        (0.2500000000000001, -0.6744897501960814),
        (0.4, -0.2533471031357997),
        (0.4900000000000001, -0.02506890825871078),
        (0.49999899999999997, -2.5066282747057052e-06),
        (0.5000000000000001, 2.782916424671767e-16),
        (0.50000001, 2.5066282872262043e-08),
        (0.6, 0.2533471031357997),
        (0.9, 1.2815515655446006),
        (0.975, 1.9599639845400538),
        (0.999, 3.090232306167813),
        (0.9999000000000001, 3.719016485455989),
        (0.999999999, 5.9978070196016375),
    ];
}
