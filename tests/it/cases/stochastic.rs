//! Prices, value at risk, opportunities and honest faults.

use super::{agrees, density, integral, listed, near, one, phi, play};
use crate::attack_keys::model;
use stakewright::economics::faults::Faults;
use stakewright::economics::opportunities::attacked;
use stakewright::economics::passage::LogMargin;
use stakewright::random::Seed;
use stakewright::sim::{NEVER, honest};
use stakewright::spec::Parameters;
use stakewright::units::DAYS_PER_YEAR;

/// A pool of ETH at 80 % a year, everything at risk can be taken on any day.
const ETH: [(&str, &str); 3] = [
    ("asset = \"EIGEN\"", "asset = \"ETH\""),
    (
        "[market.EIGEN]\nvolatility = \"150 %/year\"",
        "[market.ETH]\nvolatility = \"80 %/year\"",
    ),
    (
        "takes = { sum = \"20 MUSD\" }",
        "takes = { share = \"100 %\" }",
    ),
];

/// Π and C correlated: their ratio is one geometric Brownian motion, whose first passage is the
/// reflection formula with σ² = σ_C² + σ_Π² − 2ρσ_Cσ_Π. The same volatilities are twice as
/// dangerous when stake falls while loot rises.
#[test]
fn a04_wrong_way_correlation_decides_the_first_passage() {
    let (sc, sp, years) = (0.8_f64, 0.9_f64, 90.0_f64 / 365.0);
    let x = (54.0_f64 / 30.0).ln();
    let mut last = 1.0;
    for correlation in [-0.6, 0.0, 0.5, 0.9] {
        let model = model(&[
            ETH[0],
            ETH[1],
            ETH[2],
            (
                "start = \"90 MUSD\", volatility = \"0 %/year\", correlation_with_eth = 0.0",
                &format!(
                    "start = \"30 MUSD\", growth = \"0 %/year\", volatility = \"90 %/year\", correlation_with_eth = {correlation:?}"
                ),
            ),
            (
                "insecure_within = \"30 days\"",
                "insecure_within = \"90 days\"",
            ),
            (
                "days = \"30 days\"",
                "days = \"90 days\"\nmonitoring = \"continuous\"",
            ),
        ]);
        let s = (sc * sc + sp * sp - 2.0 * correlation * sc * sp).sqrt();
        let nu = 0.5 * (sp * sp - sc * sc);
        let root = s * years.sqrt();
        let expected = phi((-x - nu * years) / root)
            + (-2.0 * nu * x / (s * s)).exp() * phi((-x + nu * years) / root);
        let ensemble = play(&model, 3_000);
        let columns = &ensemble.costs[0];
        agrees(
            &format!("correlation {correlation}"),
            columns
                .first_insecure_day
                .iter()
                .map(|day| one(*day != NEVER)),
            expected,
        );
        assert!(expected < last, "{correlation}: {expected} {last}");
        last = expected;
    }
}

/// One crash that takes the stake down and the loot up: a Poisson number of common jumps, the
/// stake moving by J and the value at risk by ℓJ, each compensated.
#[test]
fn a05_a_common_jump_strikes_stake_and_loot_the_wrong_way() {
    let (rate, m, s, loading) = (100.0_f64, -0.3_f64, 0.1_f64, -0.5_f64);
    let model = model(&[
        ETH[0],
        ETH[1],
        ETH[2],
        (
            "jumps = \"none\"",
            "jumps = { rate = \"100/year\", log_mean = \"-30 %\", log_sd = \"10 %\" }",
        ),
        (
            "start = \"90 MUSD\", volatility = \"0 %/year\", correlation_with_eth = 0.0",
            "start = \"40 MUSD\", growth = \"0 %/year\", volatility = \"60 %/year\", correlation_with_eth = -0.3, jump_loading = -0.5",
        ),
        (
            "insecure_within = \"30 days\"",
            "insecure_within = \"1 day\"",
        ),
        ("days = \"30 days\"", "days = \"1 day\""),
    ]);
    let day = 1.0 / 365.0;
    let (sc, sp, rho) = (0.8_f64, 0.6_f64, -0.3_f64);
    let grows = |l: f64| rate * ((l * m + 0.5 * l * l * s * s).exp() - 1.0);
    let drift = (-0.5 * sc * sc - grows(1.0)) - (-0.5 * sp * sp - grows(loading));
    let variance = (sc * sc + sp * sp - 2.0 * rho * sc * sp) * day;
    let x = (54.0_f64 / 40.0).ln();
    let mut expected = 0.0;
    let mut weight = (-rate * day).exp();
    for n in 0..12 {
        let n = f64::from(n);
        let mean = x + drift * day + n * (1.0 - loading) * m;
        let sd = (variance + n * (1.0 - loading).powi(2) * s * s).sqrt();
        expected += weight * phi(-mean / sd);
        weight *= rate * day / (n + 1.0);
    }
    let ensemble = play(&model, 20_000);
    let insecure = ensemble.costs[0].first_insecure_day.iter();
    agrees("one day", insecure.map(|day| one(*day != NEVER)), expected);
    assert!(expected > 0.1, "jumps make the difference: {expected}");
}

/// Several classes of opportunities thin one Poisson process: P = 1 − exp(−T Σ λ_k p_k), and the
/// first attack taken is of a class in proportion to λ_k p_k.
#[test]
fn a08_classes_of_opportunities_add_their_hazards() {
    let model = model(&[
        ("volatility = \"150 %/year\"", "volatility = \"0 %/year\""),
        (
            "takes = { sum = \"20 MUSD\" }",
            "takes = { lognormal = { median = \"10 MUSD\", sigma = 1.3 } }\ncap = \"none\"\nwhen = { rate = \"20/year\" }\n\
             [[value.attack]]\nname = \"large\"\noffence = \"theft\"\ntakes = { sum = \"60 MUSD\" }\nwhen = { rate = \"2/year\" }\n\
             [[value.attack]]\nname = \"small\"\noffence = \"theft\"\ntakes = { sum = \"50 MUSD\" }\nwhen = { rate = \"500/year\" }",
        ),
    ]);
    let (c, median, sigma) = (54e6_f64, 10e6_f64, 1.3_f64);
    let d = (median / c).ln() / sigma;
    // Of the first class what exceeds C, of the second all, of the third (50 < 54) none.
    let (p, above) = (
        phi(d),
        median * (0.5 * sigma * sigma).exp() * phi(d + sigma),
    );
    let (hazard, years) = (20.0 * p + 2.0, 30.0 / 365.0);
    let taken = -(-hazard * years).exp_m1();
    let mean = (20.0 * above + 2.0 * 60e6) / hazard;
    let ensemble = play(&model, 4_000);
    let columns = &ensemble.costs[0];
    for path in 0..40 {
        near(columns.attack_probability[path], taken, 1e-9);
        near(columns.expected_loss_usd[path], taken * mean, 1e-9);
    }
    agrees(
        "drawn",
        columns.loss_day.iter().map(|day| one(*day != NEVER)),
        taken,
    );
    agrees("loss", columns.loss_usd.iter().copied(), taken * mean);
}

/// 1 − E exp(−λ ∫ 1{X<0} dt) by the equation u_t = ν u_x + ½σ² u_xx − λ 1{x<0} u, implicit in time
/// (Crank and Nicolson) on a grid that ends where the kill rate no longer matters.
fn killed(x0: f64, nu: f64, sigma: f64, rate: f64, years: f64) -> f64 {
    let (half, n, steps) = (
        6.0 * sigma * years.sqrt() + x0.abs(),
        2_400_usize,
        1_200_u32,
    );
    let h = 2.0 * half / n as f64;
    let dt = years / f64::from(steps);
    let x = |i: usize| -half + h * i as f64;
    let kill = |i: usize| match x(i) {
        at if at.abs() < 0.5 * h => 0.5 * rate,
        at if at < 0.0 => rate,
        _ => 0.0,
    };
    let (a, b) = (0.5 * sigma * sigma / (h * h), 0.5 * nu / h);
    let mut u = vec![1.0; n + 1];
    for step in 1..=steps {
        // The first steps are taken wholly implicit: the start has a kink in its rate.
        let w = if step <= 4 { 1.0 } else { 0.5 };
        let last = f64::from(step) * dt;
        let mut right: Vec<f64> = (0..=n)
            .map(|i| match i {
                0 => (-rate * last).exp(),
                i if i == n => 1.0,
                i => {
                    let slope = a * (u[i + 1] - 2.0 * u[i] + u[i - 1]) + b * (u[i + 1] - u[i - 1]);
                    u[i] + (1.0 - w) * dt * (slope - kill(i) * u[i])
                }
            })
            .collect();
        // Thomas's algorithm.
        let mut upper = vec![0.0; n + 1];
        for i in 1..n {
            let (low, high) = (-w * dt * (a - b), -w * dt * (a + b));
            let middle = 1.0 + w * dt * (2.0 * a + kill(i)) - low * upper[i - 1];
            upper[i] = high / middle;
            right[i] = (right[i] - low * right[i - 1]) / middle;
        }
        for i in (1..n).rev() {
            right[i] -= upper[i] * right[i + 1];
        }
        u = right;
    }
    let at = (x0 + half) / h;
    let (i, rest) = (at as usize, at.fract());
    1.0 - (u[i] * (1.0 - rest) + u[i + 1] * rest)
}

/// Opportunities that are taken while the margin is below zero, from a start above it.
#[test]
fn a10_opportunities_on_a_margin_that_starts_above_zero() {
    for (take, rate) in [(30.0_f64, 24.0_f64), (45.0, 60.0), (60.0, 12.0)] {
        let model = model(&[
            (
                "takes = { sum = \"20 MUSD\" }",
                &format!(
                    "takes = {{ sum = \"{take} MUSD\" }}\nwhen = {{ rate = \"{rate}/year\" }}"
                ),
            ),
            (
                "insecure_within = \"30 days\"",
                "insecure_within = \"60 days\"",
            ),
            (
                "days = \"30 days\"",
                "days = \"60 days\"\nmonitoring = \"continuous\"",
            ),
        ]);
        let (sigma, years) = (1.5_f64, 60.0_f64 / 365.0);
        let (x, nu) = ((54.0 / take).ln(), -0.5 * sigma * sigma);
        let expected = killed(x, nu, sigma, rate, years);
        let margin = LogMargin {
            log_margin: x,
            log_drift: nu,
            volatility: sigma,
        };
        near(attacked(&margin, rate, years), expected, 1e-4);
        let columns = &play(&model, 3_000).costs[0];
        agrees(
            &format!("{take} at {rate} a year"),
            columns.attack_probability.iter().copied(),
            expected,
        );
    }
}

/// A common cause that reaches each operator by itself (Marshall, Olkin 1967): the file's `[faults]`
/// without correlation. The most operators struck at once is at least k with the chance that any of
/// a Poisson number of causes reaches k, a binomial tail.
#[test]
fn a14_a_common_shock_strikes_a_binomial_number() {
    let faults = "[faults]\nclustered = \"60 %\"\nreach = \"25 %\"\ncorrelation = 0.0\n[target]";
    let model = model(&[
        ("own_share = \"10 %\"", "own_share = \"10 %\"\ncount = 12"),
        ("accidental = \"0/year\"", "accidental = \"2/year\""),
        ("[target]", faults),
    ]);
    let plan = honest::compile(&model, &Parameters::reference(&model), 30);
    let played = honest::play(&plan, Seed(5), 0..20_000);
    // Pascal's triangle.
    let mut row = vec![1.0_f64];
    for _ in 0..12 {
        let mut next = vec![0.0; row.len() + 1];
        for (k, mass) in row.iter().enumerate() {
            next[k] += 0.75 * mass;
            next[k + 1] += 0.25 * mass;
        }
        row = next;
    }
    let causes = 2.0 * 0.6 / 0.25 * 30.0 / DAYS_PER_YEAR;
    for k in [2_usize, 4, 6] {
        let tail: f64 = row[k..].iter().sum();
        agrees(
            &format!("{k} at once"),
            played
                .most_operators
                .iter()
                .map(|most| one(*most as usize >= k)),
            -(-causes * tail).exp_m1(),
        );
        let shock = Faults::CommonShock {
            alone: 0.0,
            shock: 1.0,
            reach: 0.25,
        };
        near(shock.at_least(k as u64, 12), tail, 1e-12);
    }
    // Each operator is struck as often as its offence says, alone or with others.
    let touched = -(-2.0_f64 * 30.0 / DAYS_PER_YEAR).exp_m1();
    agrees("touched", played.touched_share.iter().copied(), touched);
}

/// Stake of two assets is a sum of two correlated lognormals: the chance that it is short of a
/// fixed loot after a day, by conditioning on the first asset.
#[test]
fn a16_a_mix_of_assets_is_a_sum_of_lognormals() {
    for (eth, own) in [
        ("15000", "3000000"),
        ("27000", "600000"),
        ("3000", "5400000"),
    ] {
        let model = listed(
            &format!("operator,ETH,OWN\nalone,{eth},{own}\n"),
            &[
                (
                    "[value]",
                    "[[market.correlation]]\nbetween = [\"ETH\", \"OWN\"]\nis = 0.4\n[value]",
                ),
                (
                    "takes = { sum = \"20 MUSD\" }",
                    "takes = { sum = \"31 MUSD\" }",
                ),
                (
                    "insecure_within = \"30 days\"",
                    "insecure_within = \"1 day\"",
                ),
                ("days = \"30 days\"", "days = \"1 day\""),
            ],
        );
        let (a, b) = (
            eth.parse::<f64>().unwrap() * 2000.0 * 0.54,
            own.parse::<f64>().unwrap() * 10.0 * 0.54,
        );
        near(a + b, 32.4e6, 1e-12);
        let root = (1.0_f64 / 365.0).sqrt();
        let (sa, sb, rho) = (0.8 * root, 1.2 * root, 0.4_f64);
        let expected = integral(-8.0, 8.0, 4_000, |z| {
            let left = 31e6 - a * (sa * z - 0.5 * sa * sa).exp();
            if left <= 0.0 {
                return 0.0;
            }
            let needed =
                ((left / b).ln() + 0.5 * sb * sb - rho * sb * z) / (sb * (1.0 - rho * rho).sqrt());
            density(z) * phi(needed)
        });
        let columns = &play(&model, 20_000).costs[0];
        agrees(
            &format!("{eth} ETH and {own} OWN"),
            columns
                .first_insecure_day
                .iter()
                .map(|day| one(*day != NEVER)),
            expected,
        );
    }
}
