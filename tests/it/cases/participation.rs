//! What stakers ask, and the stake and budget that follow.

use super::near;
use crate::attack_keys::{close, model};
use stakewright::assess::aftermath::aftermath;
use stakewright::random::Seed;
use stakewright::recommend::budget;
use stakewright::sim::{self, Cost, Progress};
use stakewright::spec::Parameters;
use stakewright::spec::model::Model;

/// Budget and stake of a logistic supply by halving: S = K/(1 + exp(−s(0.9 B/S − premium − y₀))).
#[test]
fn d04_a_logistic_supply_meets_its_budget() {
    let (capacity, midpoint, slope, premium) = (800e6_f64, 0.03_f64, 120.0_f64, 0.004_f64);
    let model = model(&[(
        "[target]",
        "[supply]\ncurve = { logistic = { capacity = \"800 MUSD\", midpoint = \"3 %/year\", slope = 120.0 } }\n[supply.premium]\nilliquidity = \"0.4 %/year\"\n[target]",
    )]);
    let parameters = Parameters::reference(&model);
    let mut last = (0.0, 0.0);
    for spent in [1e6, 6e6, 15e6, 40e6, 90e6] {
        let offered = |stake: f64| {
            capacity / (1.0 + (-slope * (0.9 * spent / stake - premium - midpoint)).exp())
        };
        let (mut low, mut high) = (1.0, capacity);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if offered(middle) > middle {
                low = middle;
            } else {
                high = middle;
            }
        }
        let found = budget::stake_for(&model, &parameters, spent);
        near(found, low, 1e-9);
        // More money brings more stake at a higher yield, and the budget is found again.
        assert!(found > last.0 && spent / found > last.1);
        last = (found, spent / found);
        let needed = budget::required(
            &model,
            &parameters.with_stake(stakewright::units::Usd(found)),
        );
        near(needed.unwrap().stakers_usd_year, spent, 1e-8);
    }
}

/// Twenty operators, 3 k/n of the stake, half of the accidents from a cause that reaches a twentieth
/// of them with correlation 1/11: the numbers of A12 and A13 in a file.
fn correlated(aversion: &str, clustered: &str) -> Model {
    model(&[
        ("own_share = \"10 %\"", "own_share = \"10 %\"\ncount = 20"),
        ("slash = \"60 %\"", "slash = \"100 %\"\ncorrelated = 3"),
        ("accidental = \"0/year\"", "accidental = \"1 %/year\""),
        (
            "[target]",
            &format!(
                "[faults]\nclustered = \"{clustered}\"\nreach = \"5 %\"\ncorrelation = {:?}\n[supply.premium]\nrisk_aversion = {aversion}\n[target]",
                1.0 / 11.0
            ),
        ),
    ])
}

/// A13 through a file: a cause takes 0.02538881955 of all stake, and comes `a c / reach` a year.
#[test]
fn a13_a_correlated_penalty_reaches_stakers_through_their_accidents() {
    let of_cause = 0.025_388_819_55;
    let causes = correlated("0.0", "100 %");
    let parameters = Parameters::reference(&causes);
    let rate = 0.01 / 0.05 * of_cause;
    // Stakers who do not mind risk ask for what they lose: p(1 %) of it in place of 1 %.
    let p = -(-0.01_f64).exp_m1();
    near(
        budget::slashing_premium(&causes, &parameters),
        p / 0.01 * rate,
        1e-9,
    );
    let mut plan = sim::compile(&causes, &parameters);
    plan.costs = vec![Cost::WholeStake];
    let ensemble = sim::simulate(&plan, Seed(8), 0..40_000, &Progress::silent()).unwrap();
    let honest = aftermath(&causes, &parameters, &ensemble, &ensemble.costs[0]).honest;
    let found = honest.loss_rate.estimate;
    let error = found.half_width() / 1.96;
    // What a second accident finds already slashed is below a thousandth within a month.
    assert!(
        (found.value - rate).abs() < 4.0 * error + 1e-3 * rate,
        "{found:?} {rate}"
    );
    // Alone an operator loses 15 %; most of what a cause costs is the company.
    near(honest.loss_rate_stated, 0.01 * 0.15, 1e-12);
    assert!(found.value > 2.0 * honest.loss_rate_stated);
}

/// The number beside a struck operator is beta-binomial with one more success (conjugacy): the
/// premium of stakers with logarithmic utility is 1 − exp(p E ln(1 − f)).
#[test]
fn d01_the_premium_counts_the_company_that_an_accident_keeps() {
    let model = correlated("1.0", "40 %");
    let parameters = Parameters::reference(&model);
    let ln_beta = |a: f64, b: f64| libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b);
    let ln_choose =
        |n: f64, k: f64| libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0);
    let (a, b) = (0.5 + 1.0, 9.5);
    let company = |others: f64| {
        (ln_choose(19.0, others) + ln_beta(a + others, b + 19.0 - others) - ln_beta(a, b)).exp()
    };
    // Seven of twenty would lose all: ln 0, so the file's slash is cut to nine tenths.
    let mut capped = model;
    capped.slashing.offences[0].slash =
        stakewright::spec::model::Choice::Fixed(stakewright::units::Share(0.9));
    let parameters = Parameters {
        offences: Parameters::reference(&capped).offences,
        ..parameters
    };
    let kept = |k: f64| (1.0 - (3.0 * k / 20.0_f64).min(0.9)).ln();
    let together: f64 = (0..20)
        .map(f64::from)
        .map(|j| company(j) * kept(j + 1.0))
        .sum();
    let mean = 0.6 * kept(1.0) + 0.4 * together;
    let p = -(-0.01_f64).exp_m1();
    close(
        budget::slashing_premium(&capped, &parameters),
        -(p * mean).exp_m1(),
    );
    // It is in the required yield, and so in the budget.
    let with = budget::required(&capped, &parameters).unwrap();
    let mut flat = capped.clone();
    flat.slashing.offences[0].correlated = Some(3.0);
    flat.faults.clustered = stakewright::units::Share(0.0);
    let without = budget::required(&flat, &parameters).unwrap();
    assert!(with.slashing_premium > without.slashing_premium);
    assert!(with.stakers_usd_year > without.stakers_usd_year);
}
