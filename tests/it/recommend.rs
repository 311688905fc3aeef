//! Recommendations against known answers.

use crate::known_models::{CONSTANT_PROFIT_BUDGET, CONSTANT_PROFIT_STAKE, constant_profit};
use stakewright::assess::Verdict;
use stakewright::random::Seed;
use stakewright::recommend::{Recommendation, Search, paths_for, recommend};
use stakewright::spec::Model;
use std::sync::atomic::AtomicBool;

fn run(model: &Model, seed: u64, paths: u64) -> Recommendation {
    let cancel = AtomicBool::new(false);
    let search = Search {
        seed: Seed(seed),
        paths,
        assess_paths: 2_000,
        progress: &|_| {},
        cancel: &cancel,
    };
    recommend(model, &search).expect("nobody cancels")
}

#[test]
fn d05_end_to_end() {
    let model = constant_profit();
    let found = run(&model, 1, paths_for(&model));
    assert_eq!(found.verdict, Verdict::Safe);
    assert!(found.infeasible.is_none(), "{:?}", found.infeasible);
    let closed = found
        .design
        .stake_closed_form_usd
        .expect("this model has a closed form");
    assert!(
        (closed / CONSTANT_PROFIT_STAKE - 1.0).abs() < 1e-8,
        "{closed}"
    );
    let stake = &found.design.stake;
    assert!(
        stake.low <= CONSTANT_PROFIT_STAKE && CONSTANT_PROFIT_STAKE <= stake.high,
        "{stake:?}"
    );
    let budget = &found.design.budget;
    assert!(
        budget.low <= CONSTANT_PROFIT_BUDGET && CONSTANT_PROFIT_BUDGET <= budget.high,
        "{budget:?}"
    );
    // The price of certainty is small: the interval is narrow and the stake near the exact one.
    assert!(
        stake.value / CONSTANT_PROFIT_STAKE < 1.04 && stake.value >= CONSTANT_PROFIT_STAKE * 0.995,
        "{stake:?}"
    );
    assert!(found.certificate.at_most <= 0.01);
}
