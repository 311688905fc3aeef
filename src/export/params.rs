//! Target `params`: our own JSON of everything that was decided, with its schema.

use super::design::{Deployment, Recommended};
use super::lint::{self, LintFinding};
use super::{Artifact, json, text};
use schemars::JsonSchema;
use serde::Serialize;

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
    let mut table = String::from(
        "| parameter | recommended | interval | integer | rounding |\n|---|---|---|---|---|\n",
    );
    for number in &deployment.recommended {
        let interval = match (number.low, number.high) {
            (Some(low), Some(high)) => format!("{low} to {high}"),
            _ => "none: chosen, not estimated".into(),
        };
        table.push_str(&format!(
            "| `{}` | {} {} | {interval} | {} | {}: {} |\n",
            number.parameter,
            number.value,
            number.unit,
            number.integer,
            number.rounding,
            number.rounding.reason(),
        ));
    }
    format!(
        "# {}: parameters\n\n\
         `params.json` holds every decided parameter as the integer that a contract takes; `params.schema.json` \
         describes it to editors and to other programs.\n\n\
         Consumed by `stakewright lint params/params.json`, `stakewright verify` and your own scripts; no contract reads it.\n\n{table}",
        deployment.name,
    )
}
