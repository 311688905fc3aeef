//! Target `params`: our own JSON of everything that was decided, with its schema.

use super::design::{Deployment, Recommended};
use super::lint::{self, LintFinding};
use super::{Artifact, json, text};
use schemars::JsonSchema;
use serde::{Deserialize as _, Serialize};
use serde_json::Value;

/// Version of the file's form.
const FORMAT: &str = "stakewright-params/1";

/// Everything that was decided, in one file.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "stakewright parameters")]
pub struct Params<'a> {
    /// `stakewright-params/1`.
    format: &'static str,
    /// Contract integers.
    deployment: Bare<'a>,
    /// The real numbers behind them, each with its unit, interval, integer and rule.
    recommended: Vec<Explained<'a>>,
    /// What the checks say besides: warnings and notes, no errors.
    #[schemars(with = "Vec<serde_json::Map<String, serde_json::Value>>")]
    findings: Vec<LintFinding>,
}

/// A deployment that leaves its recommended numbers to the list beside it.
#[derive(Debug)]
struct Bare<'a>(&'a Deployment);

impl Serialize for Bare<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bare = Deployment {
            recommended: Vec::new(),
            ..self.0.clone()
        };
        bare.serialize(serializer)
    }
}

impl JsonSchema for Bare<'_> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Deployment".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<Deployment>()
    }
}

/// The deployment in a text of `params.json`, with its recommended numbers; or a bare deployment.
///
/// # Errors
/// When the text is no JSON, or does not fit the schema.
pub fn deployment_of_params(text: &str) -> Result<Deployment, serde_json::Error> {
    deployment_in(&serde_json::from_str(text)?)
}

/// The same, of a value that has been read.
pub(super) fn deployment_in(file: &Value) -> Result<Deployment, serde_json::Error> {
    let bare = file.get("deployment");
    let mut whole = bare.unwrap_or(file).clone();
    if let (Some(_), Some(Value::Array(numbers))) = (bare, file.get("recommended")) {
        whole["recommended"] = Value::Array(numbers.iter().map(without_words).collect());
    }
    Deployment::deserialize(&whole)
}

/// A recommended number as a deployment holds it.
fn without_words(number: &Value) -> Value {
    let mut number = number.clone();
    if let Some(map) = number.as_object_mut() {
        map.remove("rounded");
    }
    number
}

/// A recommended number and its rule in words.
#[derive(Debug, Serialize, JsonSchema)]
struct Explained<'a> {
    /// The number.
    #[serde(flatten)]
    number: &'a Recommended,
    /// What the rule does and why.
    rounded: &'static str,
}

pub(super) fn files(deployment: &Deployment) -> Vec<Artifact> {
    let explain = |number| Explained {
        number,
        rounded: Recommended::rounding_reason(number),
    };
    let params = Params {
        format: FORMAT,
        deployment: Bare(deployment),
        recommended: deployment.recommended.iter().map(explain).collect(),
        findings: lint::deployment(deployment),
    };
    vec![
        json("params/params.json", &params),
        json("params/params.schema.json", &schema()),
        text("params/README.md", &readme(deployment)),
    ]
}

/// The JSON Schema of `params.json`; the repository keeps a copy that a test holds fresh.
#[must_use]
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Params<'static>)
}

fn readme(deployment: &Deployment) -> String {
    let mut text = format!(
        "# {}: parameters for {} (chain {})\n\n",
        deployment.name, deployment.network.name, deployment.network.chain_id
    );
    if let Some(verdict) = &deployment.verdict {
        text.push_str(&format!("Verdict of the simulation: **{verdict}**.\n\n"));
    }
    text.push_str(
        "`params.json` holds every decided parameter as the integer that a contract takes; `params.schema.json` \
         describes it to editors and to other programs.\n\n\
         Consumed by `stakewright lint params/params.json`, `stakewright verify` and your own scripts; no contract reads it.\n\n\
         ## Numbers with an integer\n\n\
         | parameter | recommended | interval | integer | rounding |\n|---|---|---|---|---|\n",
    );
    for number in &deployment.recommended {
        text.push_str(&format!(
            "| `{}` | {} {} | {} | {} | {}: {} |\n",
            number.parameter,
            number.value,
            unit(number.value, &number.unit),
            interval(number.low, number.high),
            number.integer,
            number.rounding,
            number.rounding.reason(),
        ));
    }
    if !deployment.economics.is_empty() {
        text.push_str(
            "\n## Numbers that no contract stores\n\nThe integers above rest on them.\n\n\
             | number | recommended | interval |\n|---|---|---|\n",
        );
        for figure in &deployment.economics {
            text.push_str(&format!(
                "| {} | {} {} | {} |\n",
                figure.name,
                short(figure.value),
                figure.unit,
                interval(figure.low, figure.high),
            ));
        }
    }
    text
}

fn interval(low: Option<f64>, high: Option<f64>) -> String {
    match (low, high) {
        (Some(low), Some(high)) => format!("{} to {}", short(low), short(high)),
        _ => "none: chosen, not estimated".into(),
    }
}

/// A number for reading, to six digits; `params.json` has it whole.
fn short(value: f64) -> String {
    let digits = match value.abs() {
        zero if zero < f64::MIN_POSITIVE => 0.0,
        size => (5.0 - size.log10().floor()).clamp(0.0, 17.0),
    };
    let text = format!("{value:.*}", digits as usize);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// A unit as it is written behind a number: one day, two days.
fn unit(value: f64, unit: &str) -> &str {
    match unit.strip_suffix('s') {
        Some(one) if unit == "days" && (value - 1.0).abs() < f64::EPSILON => one,
        _ => unit,
    }
}

#[cfg(test)]
mod tests {
    use super::{short, unit};

    #[test]
    fn numbers_are_for_reading() {
        assert_eq!(short(2_450.511_585_015_985_5), "2450.51");
        assert_eq!(short(806_154_537.451), "806154537");
        assert_eq!(short(0.013_675_743_291), "0.0136757");
        assert_eq!((short(0.0), short(30.0)), ("0".into(), "30".into()));
        assert_eq!((unit(1.0, "days"), unit(2.0, "days")), ("day", "days"));
    }
}
