//! Every recommended number and the integer that stands for it are one.

use crate::export::design::{Deployment, Recommended};
use crate::export::lint::finding::LintFinding;
use serde_json::Value;

pub(super) fn check(deployment: &Deployment, findings: &mut Vec<LintFinding>) {
    if deployment.recommended.is_empty() {
        return;
    }
    let tree = serde_json::to_value(deployment).expect("a deployment is plain data");
    for (index, number) in deployment.recommended.iter().enumerate() {
        let place = format!("recommended/{index}");
        match number.rounding.apply(number.value) {
            Ok(integer) if integer == number.integer.0 => {}
            Ok(integer) => findings.push(LintFinding::new(
                "recommended-integer",
                place.as_str(),
                format!(
                    "{} {} by {} is {integer}, not {}",
                    number.value, number.unit, number.rounding, number.integer
                ),
                format!("write {integer}"),
            )),
            Err(error) => {
                let right = "recommend a value that the contract can hold";
                findings.push(LintFinding::new(
                    "recommended-integer",
                    place.as_str(),
                    error.to_string(),
                    right,
                ));
            }
        }
        interval(number, &place, findings);
        parameter(&tree, number, &place, findings);
    }
}

fn interval(number: &Recommended, place: &str, findings: &mut Vec<LintFinding>) {
    if let (Some(low), Some(high)) = (number.low, number.high)
        && (low.is_nan() || high.is_nan() || low > high)
    {
        let wrong = format!("the interval {low} to {high} is none");
        findings.push(LintFinding::new(
            "recommended-integer",
            place,
            wrong,
            "write the lower end first",
        ));
    }
}

fn parameter(tree: &Value, number: &Recommended, place: &str, findings: &mut Vec<LintFinding>) {
    let found = tree.pointer(&format!("/{}", number.parameter));
    let integer = match found {
        Some(Value::String(text)) => text.parse().ok(),
        Some(Value::Number(value)) => value.as_u64().map(u128::from),
        _ => None,
    };
    if integer != Some(number.integer.0) {
        let there = found.map_or("nothing".to_owned(), Value::to_string);
        findings.push(LintFinding::new(
            "recommended-integer",
            place,
            format!(
                "{} is {there} in the deployment, and {} here",
                number.parameter, number.integer
            ),
            "make both the same",
        ));
    }
}
