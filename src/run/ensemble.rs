//! The ensemble as a table: one row a path, units in the names of the columns.

use crate::sim::{Columns, Cost, Ensemble, NEVER};
use crate::spec::model::Model;
use crate::tables::Column;

/// The columns of `ensemble.parquet`. Those of a cost begin with `whole_` or `rational_`.
///
/// A day or an attack that never was, and a cost at a moment that never was, are null.
#[must_use]
pub fn ensemble_columns(ensemble: &Ensemble, model: &Model) -> Vec<(String, Column)> {
    let first = ensemble.first_path;
    let mut columns: Vec<(String, Column)> = vec![(
        "path".to_owned(),
        Column::U64((first..first + ensemble.paths as u64).collect()),
    )];
    for cost in &ensemble.costs {
        let prefix = match cost.cost {
            Cost::WholeStake => "whole".to_owned(),
            Cost::OperatorRational => "rational".to_owned(),
            #[expect(unreachable_patterns, reason = "costs may be added")]
            other => format!("{other:?}").to_lowercase(),
        };
        cost_columns(&prefix, cost, &mut columns);
    }
    for (asset, prices) in model.market.assets.iter().zip(&ensemble.end_price_usd) {
        columns.push((
            format!("end_price_{}_usd", asset.symbol.to_lowercase()),
            Column::F64(prices.clone()),
        ));
    }
    columns.push((
        "end_value_at_risk_usd".to_owned(),
        Column::F64(ensemble.end_value_usd.clone()),
    ));
    columns
}

fn cost_columns(prefix: &str, cost: &Columns, columns: &mut Vec<(String, Column)>) {
    let optional = |values: &[f64]| {
        Column::OptionalF64(
            values
                .iter()
                .map(|value| value.is_finite().then_some(*value))
                .collect(),
        )
    };
    let event = |values: &[u32]| {
        Column::OptionalU32(
            values
                .iter()
                .map(|value| (*value != NEVER).then_some(*value))
                .collect(),
        )
    };
    let mut push = |name: &str, column: Column| columns.push((format!("{prefix}_{name}"), column));
    push("min_margin_usd", optional(&cost.min_margin_usd));
    push("min_margin_day", event(&cost.min_margin_day));
    push("min_margin_attack", event(&cost.min_margin_attack));
    push("coc_usd", optional(&cost.coc_usd));
    push("pfc_usd", optional(&cost.pfc_usd));
    push(
        "coalition_entities",
        Column::U32(cost.coalition_size.clone()),
    );
    push("largest_gap", Column::F64(cost.largest_gap.clone()));
    push(
        "min_log_coverage_horizon",
        optional(&cost.min_log_ratio_horizon),
    );
    push("min_log_coverage", optional(&cost.min_log_ratio));
    push(
        "critical_scale_horizon",
        optional(&cost.critical_scale_horizon),
    );
    push("critical_scale", optional(&cost.critical_scale));
    push("first_insecure_day", event(&cost.first_insecure_day));
    push("insecure_days", Column::F64(cost.insecure_days.clone()));
    push(
        "attack_probability_horizon",
        Column::F64(cost.attack_probability_horizon.clone()),
    );
    push(
        "attack_probability",
        Column::F64(cost.attack_probability.clone()),
    );
    push(
        "expected_loss_horizon_usd",
        Column::F64(cost.expected_loss_usd_horizon.clone()),
    );
    push(
        "expected_loss_usd",
        Column::F64(cost.expected_loss_usd.clone()),
    );
    push("loss_usd", Column::F64(cost.loss_usd.clone()));
    push("loss_day", event(&cost.loss_day));
    push("harm_usd", Column::F64(cost.harm_usd.clone()));
    push("uncovered_usd", Column::F64(cost.uncovered_usd.clone()));
    push(
        "expected_harm_horizon_usd",
        Column::F64(cost.expected_harm_usd_horizon.clone()),
    );
    push(
        "expected_harm_usd",
        Column::F64(cost.expected_harm_usd.clone()),
    );
    push(
        "expected_uncovered_horizon_usd",
        Column::F64(cost.expected_uncovered_usd_horizon.clone()),
    );
    push(
        "expected_uncovered_usd",
        Column::F64(cost.expected_uncovered_usd.clone()),
    );
}
