//! The standard normal distribution, accurate in both tails.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// Density of the standard normal at `z`.
#[must_use]
pub fn density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / (2.0 * PI).sqrt()
}

/// P(Z ≤ z).
#[must_use]
pub fn cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}

/// ln P(Z ≤ z), finite where the probability itself underflows.
///
/// Below −30 it sums the asymptotic series of the Mills ratio (Abramowitz, Stegun 1964, 26.2.12),
/// whose terms fall below 1e-16 there.
#[must_use]
pub fn ln_cdf(z: f64) -> f64 {
    if z > -30.0 {
        return cdf(z).ln();
    }
    let inverse_square = 1.0 / (z * z);
    let (mut series, mut term) = (1.0, 1.0);
    for j in 1..=10 {
        term *= -f64::from(2 * j - 1) * inverse_square;
        series += term;
    }
    -0.5 * z * z - (-z).ln() - 0.5 * (2.0 * PI).ln() + series.ln()
}

/// The z with P(Z ≤ z) = p: algorithm AS 241 (Wichura 1988), relative error about 1e-16.
///
/// `quantile(0.0)` is −∞ and `quantile(1.0)` is +∞.
#[must_use]
pub fn quantile(p: f64) -> f64 {
    assert!(
        (0.0..=1.0).contains(&p),
        "normal quantile of p = {p}, outside 0..=1"
    );
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        return q * ratio(r, &CENTRAL);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    if tail <= 0.0 {
        return if q < 0.0 {
            f64::NEG_INFINITY
        } else {
            f64::INFINITY
        };
    }
    let r = (-tail.ln()).sqrt();
    let z = if r <= 5.0 {
        ratio(r - 1.6, &NEAR_TAIL)
    } else {
        ratio(r - 5.0, &FAR_TAIL)
    };
    if q < 0.0 { -z } else { z }
}

/// The z with P(|Z| ≤ z) = `confidence`.
#[must_use]
pub fn two_sided(confidence: f64) -> f64 {
    -quantile(0.5 * (1.0 - confidence))
}

/// Numerator and denominator coefficients of one region, lowest power first.
type Rational = [[f64; 8]; 2];

fn ratio(r: f64, coefficients: &Rational) -> f64 {
    let horner = |c: &[f64; 8]| {
        c.iter()
            .rev()
            .fold(0.0, |sum, &coefficient| sum * r + coefficient)
    };
    horner(&coefficients[0]) / horner(&coefficients[1])
}

#[expect(
    clippy::excessive_precision,
    reason = "the coefficients as published in AS 241"
)]
const CENTRAL: Rational = [
    [
        3.387_132_872_796_366_608_0e0,
        1.331_416_678_917_843_774_5e2,
        1.971_590_950_306_551_442_7e3,
        1.373_169_376_550_946_112_5e4,
        4.592_195_393_154_987_145_7e4,
        6.726_577_092_700_870_085_3e4,
        3.343_057_558_358_812_810_5e4,
        2.509_080_928_730_122_672_7e3,
    ],
    [
        1.0,
        4.231_333_070_160_091_125_2e1,
        6.871_870_074_920_579_083_0e2,
        5.394_196_021_424_751_107_7e3,
        2.121_379_430_158_659_586_7e4,
        3.930_789_580_009_271_061_0e4,
        2.872_908_573_572_194_267_4e4,
        5.226_495_278_852_854_561_0e3,
    ],
];
#[expect(
    clippy::excessive_precision,
    reason = "the coefficients as published in AS 241"
)]
const NEAR_TAIL: Rational = [
    [
        1.423_437_110_749_683_577_34e0,
        4.630_337_846_156_545_295_90e0,
        5.769_497_221_460_691_405_50e0,
        3.647_848_324_763_204_605_04e0,
        1.270_458_252_452_368_382_58e0,
        2.417_807_251_774_506_117_70e-1,
        2.272_384_498_926_918_458_33e-2,
        7.745_450_142_783_414_076_40e-4,
    ],
    [
        1.0,
        2.053_191_626_637_758_821_87e0,
        1.676_384_830_183_803_849_40e0,
        6.897_673_349_851_000_045_50e-1,
        1.481_039_764_274_800_745_90e-1,
        1.519_866_656_361_645_719_66e-2,
        5.475_938_084_995_344_946_00e-4,
        1.050_750_071_644_416_843_24e-9,
    ],
];
#[expect(
    clippy::excessive_precision,
    reason = "the coefficients as published in AS 241"
)]
const FAR_TAIL: Rational = [
    [
        6.657_904_643_501_103_777_20e0,
        5.463_784_911_164_114_369_90e0,
        1.784_826_539_917_291_335_80e0,
        2.965_605_718_285_048_912_30e-1,
        2.653_218_952_657_612_309_30e-2,
        1.242_660_947_388_078_438_60e-3,
        2.711_555_568_743_487_578_15e-5,
        2.010_334_399_292_288_132_65e-7,
    ],
    [
        1.0,
        5.998_322_065_558_879_376_90e-1,
        1.369_298_809_227_358_053_10e-1,
        1.487_536_129_085_061_485_25e-2,
        7.868_691_311_456_132_591_00e-4,
        1.846_318_317_510_054_681_80e-5,
        1.421_511_758_316_445_888_70e-7,
        2.044_263_103_389_939_785_64e-15,
    ],
];

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact by construction")]
mod tests {
    use super::*;

    fn check(found: f64, expected: f64) {
        assert!(
            (found - expected).abs() <= 2e-14 * expected.abs(),
            "{found:e} against {expected:e}"
        );
    }

    #[test]
    fn quantiles_match_published_values() {
        check(quantile(0.975), 1.959_963_984_540_054);
        check(quantile(0.95), 1.644_853_626_951_472_2);
        check(quantile(1e-10), -6.361_340_902_404_056);
        check(quantile(1e-100), -21.273_453_560_965_324);
        check(quantile(1e-300), -37.047_096_299_361_2);
        assert_eq!(quantile(0.5).to_bits(), 0.0_f64.to_bits());
        assert_eq!(quantile(0.0), f64::NEG_INFINITY);
    }

    #[test]
    fn quantile_inverts_the_cdf_over_thirty_decades() {
        for exponent in 1..300 {
            let p = 10f64.powf(-f64::from(exponent) * 0.1);
            let back = cdf(quantile(p));
            assert!(
                (back / p - 1.0).abs() < 2e-13,
                "p = {p:e} came back as {back:e}"
            );
        }
    }

    #[test]
    fn the_logarithm_joins_smoothly_where_the_series_starts() {
        let (above, below) = (ln_cdf(-30.0 + 1e-9), ln_cdf(-30.0 - 1e-9));
        assert!((above - below - 6e-8).abs() < 1e-10, "{above} {below}");
        check(ln_cdf(-30.0), -454.321_243_956_343_2);
        check(ln_cdf(-35.0), -616.975_101_261_922_5);
    }
}
