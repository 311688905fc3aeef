//! From text to values, without losing digits; and what is wrong in any file, whatever it is for.

use super::LintError;
use crate::export::address::{Address, AddressError};
use crate::export::lint::design::some_strategies;
use crate::export::lint::finding::LintFinding;
use serde::Deserialize as _;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use yaml_rust2::{Yaml, YamlLoader};

/// JSON, or YAML when it is no JSON. Integers that 64 bits cannot hold become text.
pub(super) fn value(text: &str) -> Result<Value, LintError> {
    let json = match serde_json::from_str(&quote_long_integers(text)) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let looks_like_json = text.trim_start().starts_with(['{', '[']);
    if looks_like_json {
        return Err(LintError::Unreadable(json.to_string()));
    }
    let documents = YamlLoader::load_from_str(text)
        .map_err(|error| LintError::Unreadable(error.to_string()))?;
    let first = documents
        .first()
        .ok_or_else(|| LintError::Unreadable("it is empty".into()))?;
    let value = plain(first);
    if value.is_object() {
        Ok(value)
    } else {
        Err(LintError::Unreadable("it has no keys".into()))
    }
}

/// Strategies of a set in a deploy file, each an address and each once.
pub(super) fn strategies(list: &[Value], place: &str, findings: &mut Vec<LintFinding>) {
    let place = format!("{place}/strategies");
    some_strategies(list.len(), &place, findings);
    let mut seen = BTreeSet::new();
    for (index, strategy) in list.iter().enumerate() {
        let place = format!("{place}/{index}");
        match Address::deserialize(strategy) {
            Ok(address) if seen.insert(address) => {}
            Ok(address) => {
                let wrong = format!("{address} is named twice");
                findings.push(LintFinding::new(
                    "strategy-unique",
                    place,
                    wrong,
                    "name it once",
                ));
            }
            Err(error) => findings.push(LintFinding::new(
                "file-shape",
                place,
                error.to_string(),
                "write an address",
            )),
        }
    }
}

fn plain(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::Hash(map) => {
            let entry = |(key, value): (&Yaml, &Yaml)| {
                let key = match plain(key) {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                (key, plain(value))
            };
            Value::Object(map.iter().map(entry).collect::<Map<_, _>>())
        }
        Yaml::Array(items) => Value::Array(items.iter().map(plain).collect()),
        Yaml::String(text) | Yaml::Real(text) => Value::String(text.clone()),
        Yaml::Integer(number) => Value::from(*number),
        Yaml::Boolean(flag) => Value::Bool(*flag),
        Yaml::Alias(_) | Yaml::Null | Yaml::BadValue => Value::Null,
    }
}

/// Puts quotes around bare integers of more than 15 digits: the JSON reader would round them.
fn quote_long_integers(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let (mut quoted, mut escaped) = (false, false);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if quoted {
            quoted = escaped || first != '"';
            escaped = !escaped && first == '\\';
        } else if first == '"' {
            quoted = true;
        } else if first.is_ascii_digit() {
            let length = rest
                .find(|c: char| !matches!(c, '0'..='9' | '.' | 'e' | 'E' | '+' | '-'))
                .unwrap_or(rest.len());
            let (number, after) = rest.split_at(length);
            let long = length > 15 && number.bytes().all(|byte| byte.is_ascii_digit());
            if long && !out.ends_with('-') {
                out.push('"');
                out.push_str(number);
                out.push('"');
            } else {
                out.push_str(number);
            }
            rest = after;
            continue;
        }
        out.push(first);
        rest = &rest[first.len_utf8()..];
    }
    out
}

/// Secrets, mistyped addresses and blanks, anywhere in a file.
pub(super) fn walk(file: &Value, findings: &mut Vec<LintFinding>) {
    visit(file, "", "", findings);
}

fn visit(value: &Value, place: &str, key: &str, findings: &mut Vec<LintFinding>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                visit(value, &format!("{place}/{key}"), key, findings);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                visit(value, &format!("{place}/{index}"), key, findings);
            }
        }
        Value::String(text) => leaf(text, place, key, findings),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn leaf(text: &str, place: &str, key: &str, findings: &mut Vec<LintFinding>) {
    if let Some(what) = secret(key, text) {
        let right = "take it out, move its funds if the file was shared, and sign with a wallet";
        // The secret itself is never repeated.
        findings.push(LintFinding::new(
            "file-secret",
            place,
            format!("{what} stands here in the clear"),
            right,
        ));
    }
    if text.starts_with(crate::export::PLACEHOLDER) {
        let wrong = format!("`{text}` is still to be decided");
        findings.push(LintFinding::new(
            "file-placeholder",
            place,
            wrong,
            "put the account in",
        ));
    }
    if let Err(AddressError::Checksum { right, .. }) = text.parse::<Address>() {
        let wrong = format!("{text} has capitals that do not fit its digits: one is mistyped");
        findings.push(LintFinding::new(
            "address-checksum",
            place,
            wrong,
            format!("if every digit is right it is {right}"),
        ));
    }
}

/// What kind of secret a value is, if it is one.
fn secret(key: &str, text: &str) -> Option<&'static str> {
    let key = key.to_lowercase();
    let names = |words: &[&str]| words.iter().any(|word| key.contains(word));
    if text.is_empty() || text.starts_with(crate::export::PLACEHOLDER) {
        return None;
    }
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let key_sized = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if names(&["mnemonic", "seed_phrase", "seedphrase"]) {
        Some("a mnemonic")
    } else if names(&["password", "passphrase"]) {
        Some("a password")
    } else if names(&["private"]) || (key.ends_with("key") && key_sized) {
        Some("a private key")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn long_integers_keep_their_digits() {
        let text = r#"{"a": [320000000000000000000, 7], "b": "1234567890123456789", "c\"": 1030077629425962827}"#;
        let value = value(text).expect("JSON");
        assert_eq!(value["a"][0], "320000000000000000000");
        assert_eq!(value["a"][1], 7);
        assert_eq!(value["b"], "1234567890123456789");
        assert_eq!(value["c\""], "1030077629425962827");
    }

    #[test]
    fn yaml_is_read_where_json_is_not() {
        let value = value(
            "mailbox:\n  taskSla: 120\noperatorSets:\n  - id: 0\n    curve_type: \"ECDSA\"\n",
        )
        .expect("YAML");
        assert_eq!(value["mailbox"]["taskSla"], 120);
        assert_eq!(value["operatorSets"][0]["curve_type"], "ECDSA");
        assert!(super::value("{ broken").is_err());
        assert!(super::value("").is_err());
        assert!(super::value("just words").is_err());
    }

    #[test]
    fn secrets_are_found_and_not_repeated() {
        let key = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
        let file = serde_json::json!({ "deployer_private_key": key, "ecdsa_key": key, "mnemonic": "test test", "key": "", "public": key });
        let mut findings = Vec::new();
        walk(&file, &mut findings);
        assert_eq!(findings.len(), 3, "{findings:?}");
        assert!(
            findings.iter().all(|finding| finding.check == "file-secret"
                && !finding.to_string().contains("59c6995e"))
        );
    }

    proptest! {
        #[test]
        fn no_text_stops_the_reader(text in "\\PC{0,200}") {
            let _ = value(&text);
        }
    }
}
