//! The JSON Schema of the model file, for editors and for the reader itself.

use super::draft::Document;
use schemars::generate::SchemaSettings;
use serde_json::Value;
use std::sync::OnceLock;

/// Path of the committed schema, from the folder of the models.
pub const SCHEMA_FILE: &str = "schema/model.schema.json";

/// The schema as a value. TOML has no null, so optional keys are optional and nothing more.
pub fn schema_value() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let generator = SchemaSettings::draft2020_12().into_generator();
        let mut schema = generator.into_root_schema_for::<Document>().to_value();
        without_null(&mut schema);
        schema
    })
}

/// The schema as the text that is committed.
#[must_use]
pub fn schema() -> String {
    let mut text = serde_json::to_string_pretty(schema_value()).expect("a JSON value is printable");
    text.push('\n');
    text
}

/// The schema that a `$ref` points at, or the schema itself.
pub(super) fn resolve(part: &'static Value) -> &'static Value {
    let mut part = part;
    while let Some(reference) = part.get("$ref").and_then(Value::as_str) {
        let pointer = reference.strip_prefix('#').unwrap_or(reference);
        part = schema_value()
            .pointer(pointer)
            .expect("the generator writes no reference into nothing");
    }
    part
}

/// What a key is, as its schema describes it: the first sentence, ready to stand before a colon.
pub(super) fn description(key: &str) -> String {
    let mut parts: Vec<&'static Value> = vec![schema_value()];
    let mut found = "";
    for word in key.split('.') {
        let word = word.split('[').next().unwrap_or(word);
        let mut next = Vec::new();
        let mut stack = parts;
        while let Some(part) = stack.pop() {
            let part = resolve(part);
            for list in ["anyOf", "oneOf"] {
                stack.extend(part[list].as_array().into_iter().flatten());
            }
            stack.extend(part.get("items"));
            if let Some(property) = part["properties"].get(word) {
                found = property["description"].as_str().unwrap_or(found);
                next.push(property);
            }
        }
        parts = next;
    }
    sentence(found)
}

/// The first sentence of a description, to stand before a colon.
pub(super) fn sentence(description: &str) -> String {
    let first = description.split(". ").next().unwrap_or(description);
    super::shape::decapitalised(&first.trim_end_matches('.').replace('\n', " "))
}

fn without_null(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(without_null);
            if let Some(Value::Array(types)) = map.get_mut("type") {
                types.retain(|t| t != "null");
                if types.len() == 1 {
                    map["type"] = types.remove(0);
                }
            }
            if let Some(Value::Array(choices)) = map.get_mut("anyOf") {
                choices.retain(|choice| choice.get("type").is_none_or(|t| t != "null"));
                if choices.len() == 1 {
                    let only = choices.remove(0);
                    map.remove("anyOf");
                    if let Value::Object(only) = only {
                        for (key, part) in only {
                            map.entry(key).or_insert(part);
                        }
                    }
                }
            }
            if map.get("default").is_some_and(Value::is_null) {
                map.remove("default");
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}
