//! Whether a file has the shape of a model: known keys, none missing, the right kind of value.
//!
//! The shape is the JSON Schema that is generated from the draft's types. Whatever does not fit is
//! reported and taken out of the tree, so that the rest can still be read and checked: a file with
//! a mistyped key and an impossible threshold shows both errors.

use super::errors::{ErrorKind, SpecError};
use super::leaf::DIMENSION_KEY;
use super::quantity::closest;
use super::schema::{resolve, schema_value};
use miette::NamedSource;
use serde_json::Value;
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Reports every fault of shape and prunes it from the document.
pub(super) fn prune(
    document: &mut Spanned<DeTable<'_>>,
    file: &Arc<NamedSource<String>>,
) -> Vec<SpecError> {
    let mut walk = Walk {
        file,
        errors: Vec::new(),
    };
    walk.table(document.get_mut(), 0..0, schema_value(), "");
    walk.errors
}

struct Walk<'a> {
    file: &'a Arc<NamedSource<String>>,
    errors: Vec<SpecError>,
}

/// Whether a value can stay in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fits {
    Yes,
    No,
}

type Schema = &'static Value;

impl Walk<'_> {
    fn report(
        &mut self,
        kind: ErrorKind,
        span: Range<usize>,
        key: &str,
        message: String,
    ) -> &mut SpecError {
        self.errors
            .push(SpecError::new(kind, self.file, span, key, message));
        self.errors.last_mut().expect("one was pushed")
    }

    fn value(&mut self, value: &mut Spanned<DeValue<'_>>, part: Schema, key: &str) -> Fits {
        let choices = choices(part);
        let span = value.span();
        match value.get_mut() {
            DeValue::Table(table) => self.choose_table(table, span, &choices, key),
            DeValue::Array(items) => match choices.iter().find(|c| c["type"] == "array") {
                Some(choice) => self.array(items, span, choice, key),
                None => self.wrong(span, &choices, key, "a list"),
            },
            DeValue::String(text) => self.text(text, span, &choices, key),
            DeValue::Integer(number) => self.number(
                &number.to_string(),
                Some(number.as_str().parse().ok()),
                span,
                &choices,
                key,
            ),
            DeValue::Float(number) => self.number(number.as_str(), None, span, &choices, key),
            DeValue::Boolean(_) => self.wrong(span, &choices, key, "a yes or no"),
            DeValue::Datetime(_) => self.wrong(span, &choices, key, "a date"),
        }
    }

    fn choose_table(
        &mut self,
        table: &mut DeTable<'_>,
        span: Range<usize>,
        choices: &[Schema],
        key: &str,
    ) -> Fits {
        let objects: Vec<Schema> = choices
            .iter()
            .copied()
            .filter(|c| c["type"] == "object")
            .collect();
        let found = table.keys().find_map(|k| {
            objects
                .iter()
                .find(|o| o["properties"].get(k.get_ref().as_ref()).is_some())
        });
        match (objects.as_slice(), found) {
            ([], _) => self.wrong(span, choices, key, "a table"),
            ([only], _) if choices.len() == 1 => {
                self.table(table, span, only, key);
                Fits::Yes
            }
            (_, Some(&object)) => {
                let others: Vec<&str> = objects
                    .iter()
                    .filter(|o| **o != object)
                    .flat_map(|o| keys(o))
                    .collect();
                let second = table.keys().find(|k| {
                    others.contains(&k.get_ref().as_ref())
                        && object["properties"].get(k.get_ref().as_ref()).is_none()
                });
                if let Some(second) = second {
                    let (at, name) = (second.span(), second.get_ref().to_string());
                    let first = keys(object).collect::<Vec<_>>().join("`, `");
                    self.report(
                        ErrorKind::Contradiction,
                        at,
                        key,
                        format!("`{name}` and `{first}` exclude each other"),
                    )
                    .help = Some("keep one of them".into());
                    return Fits::No;
                }
                self.table(table, span, object, key);
                // Where a table stands for one choice of several, half of it is no choice.
                let whole = keys(object).all(|k| !is_required(object, k) || table.contains_key(k));
                if whole { Fits::Yes } else { Fits::No }
            }
            (_, None) => {
                let unknown = table
                    .keys()
                    .next()
                    .map(|k| (k.span(), k.get_ref().to_string()));
                let names: Vec<&str> = objects.iter().flat_map(|o| keys(o)).collect();
                let (span, message) = match &unknown {
                    Some((at, name)) => (at.clone(), format!("unknown key `{name}`")),
                    None => (span, "the table is empty".to_owned()),
                };
                let kind = if unknown.is_some() {
                    ErrorKind::UnknownKey
                } else {
                    ErrorKind::MissingKey
                };
                let near = unknown
                    .as_ref()
                    .and_then(|(_, name)| closest(name, names.iter().copied()));
                let help = suggestion(near, &wanted(choices));
                self.report(kind, span, key, message).help = Some(help);
                Fits::No
            }
        }
    }

    /// Unknown keys, missing keys, then each value.
    fn table(&mut self, table: &mut DeTable<'_>, span: Range<usize>, part: Schema, key: &str) {
        let properties = &part["properties"];
        let mut drop: Vec<String> = Vec::new();
        for (name, value) in table.iter_mut() {
            let child_key = join(key, name.get_ref());
            match properties.get(name.get_ref().as_ref()) {
                Some(child) => {
                    if self.value(value, child, &child_key) == Fits::No {
                        drop.push(name.get_ref().to_string());
                    }
                }
                None => {
                    let near = closest(name.get_ref(), keys(part));
                    let place = if key.is_empty() {
                        "at the top of the file".to_owned()
                    } else {
                        format!("in `{key}`")
                    };
                    let listed = keys(part)
                        .map(|k| format!("`{k}`"))
                        .collect::<Vec<_>>()
                        .join(", ");
                    let help = suggestion(near, &format!("{place} there is {listed}"));
                    self.report(
                        ErrorKind::UnknownKey,
                        name.span(),
                        &child_key,
                        format!("unknown key `{}`", name.get_ref()),
                    )
                    .help = Some(help);
                    drop.push(name.get_ref().to_string());
                }
            }
        }
        for name in keys(part).filter(|name| is_required(part, name)) {
            if table.contains_key(name) {
                continue;
            }
            // A key that is there under a mistyped name is one fault, not two.
            let mistyped = drop
                .iter()
                .any(|d| properties.get(d).is_none() && closest(d, [name]).is_some());
            if mistyped {
                continue;
            }
            let child = &properties[name];
            let what = super::schema::sentence(child["description"].as_str().unwrap_or(""));
            let help = format!("{what}: write {}", wanted(&choices(child)));
            self.report(
                ErrorKind::MissingKey,
                span.clone(),
                &join(key, name),
                format!("`{name}` is missing"),
            )
            .help = Some(help);
            let error = self.errors.last_mut().expect("one was pushed");
            error.label = if key.is_empty() {
                "in this file".into()
            } else {
                format!("in `{key}`")
            };
        }
        for name in &drop {
            table.remove(name.as_str());
        }
    }

    fn array(
        &mut self,
        items: &mut toml::de::DeArray<'_>,
        span: Range<usize>,
        part: Schema,
        key: &str,
    ) -> Fits {
        let count = items.len() as u64;
        let (least, most) = (
            part["minItems"].as_u64().unwrap_or(0),
            part["maxItems"].as_u64().unwrap_or(u64::MAX),
        );
        if count < least || count > most {
            let asked = if least == most {
                format!("{least} entries are")
            } else {
                format!("at least {least} is")
            };
            let kind = if count == 0 {
                ErrorKind::Empty
            } else {
                ErrorKind::WrongType
            };
            self.report(
                kind,
                span,
                key,
                format!("a list of {count}, and {asked} asked for"),
            )
            .help = Some(format!("write {}", wanted(&[part])));
            return Fits::No;
        }
        let fits: Vec<Fits> = items
            .iter_mut()
            .enumerate()
            .map(|(i, item)| self.value(item, &part["items"], &format!("{key}[{i}]")))
            .collect();
        if least == most && fits.contains(&Fits::No) {
            return Fits::No;
        }
        if fits.contains(&Fits::No) {
            let mut kept = toml::de::DeArray::new();
            for (i, fit) in fits.iter().enumerate() {
                if *fit == Fits::Yes {
                    kept.push(items[i].clone());
                }
            }
            *items = kept;
        }
        Fits::Yes
    }

    fn text(&mut self, text: &str, span: Range<usize>, choices: &[Schema], key: &str) -> Fits {
        let words: Vec<&str> = choices.iter().flat_map(|c| words(c)).collect();
        if words.contains(&text)
            || choices
                .iter()
                .any(|c| c["type"] == "string" && self::words(c).next().is_none())
        {
            return Fits::Yes;
        }
        if words.is_empty() {
            return self.wrong(span, choices, key, "a text");
        }
        let help = suggestion(closest(text, words.iter().copied()), &wanted(choices));
        self.report(
            ErrorKind::UnknownWord,
            span,
            key,
            format!("`{text}` is not a choice of `{}`", last(key)),
        )
        .help = Some(help);
        Fits::No
    }

    /// A number; `integer` is there when it is whole, and holds its value when that fits.
    fn number(
        &mut self,
        text: &str,
        integer: Option<Option<i64>>,
        span: Range<usize>,
        choices: &[Schema],
        key: &str,
    ) -> Fits {
        for choice in choices {
            match choice["type"].as_str() {
                Some("integer") if integer.is_some() => {
                    let value = integer.flatten();
                    let low = choice["minimum"].as_f64().unwrap_or(0.0);
                    let high = choice["maximum"].as_f64().unwrap_or(f64::from(u32::MAX));
                    if value.is_some_and(|v| (low..=high).contains(&(v as f64))) {
                        return Fits::Yes;
                    }
                    let message = format!(
                        "`{}` must be a whole number from {low} to {high}",
                        last(key)
                    );
                    let error = self.report(ErrorKind::Domain, span, key, message);
                    error.label = text.to_owned();
                    error.help = Some("write a number in that range, without quotes".into());
                    return Fits::No;
                }
                Some("number") => {
                    if text.parse::<f64>().is_ok_and(f64::is_finite) || integer.is_some() {
                        return Fits::Yes;
                    }
                    let error = self.report(
                        ErrorKind::Number,
                        span,
                        key,
                        format!("`{}` must be a finite number", last(key)),
                    );
                    error.label = text.to_owned();
                    error.help = Some("write a number such as 0.5".into());
                    return Fits::No;
                }
                _ => {}
            }
        }
        if let Some(quantity) = choices.iter().find(|c| c.get(DIMENSION_KEY).is_some()) {
            let error = self.report(
                ErrorKind::MissingUnit,
                span,
                key,
                "a quantity needs a unit".into(),
            );
            error.label = text.to_owned();
            error.help = Some(format!("write {}", examples(quantity)));
            return Fits::No;
        }
        self.wrong(span, choices, key, "a number")
    }

    fn wrong(&mut self, span: Range<usize>, choices: &[Schema], key: &str, is: &str) -> Fits {
        let error = self.report(
            ErrorKind::WrongType,
            span,
            key,
            format!("`{}` cannot be {is}", last(key)),
        );
        error.label = is.to_owned();
        error.help = Some(format!("write {}", wanted(choices)));
        Fits::No
    }
}

/// The alternatives of a schema, references followed.
fn choices(part: Schema) -> Vec<Schema> {
    let part = resolve(part);
    match part
        .get("anyOf")
        .or_else(|| part.get("oneOf"))
        .and_then(Value::as_array)
    {
        Some(parts) => parts.iter().flat_map(choices).collect(),
        None => vec![part],
    }
}

fn keys(part: Schema) -> impl Iterator<Item = &'static str> {
    part["properties"]
        .as_object()
        .into_iter()
        .flat_map(|map| map.keys().map(String::as_str))
}

fn is_required(part: Schema, key: &str) -> bool {
    part["required"]
        .as_array()
        .is_some_and(|required| required.iter().any(|r| r == key))
}

/// The words that a text may be, when it may not be any text.
fn words(part: Schema) -> impl Iterator<Item = &'static str> {
    let listed = part["enum"].as_array().into_iter().flatten();
    listed.chain(part.get("const")).filter_map(Value::as_str)
}

fn examples(part: Schema) -> String {
    let listed: Vec<String> = part["examples"]
        .as_array()
        .into_iter()
        .flatten()
        .map(Value::to_string)
        .collect();
    match listed.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => listed.concat(),
    }
}

/// What may stand there, as one phrase.
fn wanted(choices: &[Schema]) -> String {
    let mut forms: Vec<String> = Vec::new();
    for choice in choices {
        match choice["type"].as_str() {
            Some("string") if words(choice).next().is_some() => {
                forms.extend(words(choice).map(|w| format!("\"{w}\"")))
            }
            Some("string") if choice.get(DIMENSION_KEY).is_some() => forms.push(examples(choice)),
            Some("string") => forms.push("a text in quotes".into()),
            Some("integer") if choice.get("examples").is_some() => forms.push(examples(choice)),
            Some("integer") => forms.push("a whole number without quotes".into()),
            Some("number") => forms.push("a number without quotes".into()),
            Some("array") => {
                let count = choice["minItems"]
                    .as_u64()
                    .filter(|n| Some(*n) == choice["maxItems"].as_u64());
                let of = wanted(&self::choices(&choice["items"]));
                forms.push(count.map_or_else(
                    || format!("a list: [{of}, …]"),
                    |n| format!("a list of {n}, each {of}"),
                ));
            }
            Some("object") => forms.push(table_form(choice)),
            _ => {}
        }
    }
    match forms.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => forms.concat(),
    }
}

fn table_form(part: Schema) -> String {
    let required: Vec<&str> = keys(part).filter(|k| is_required(part, k)).collect();
    let shown: Vec<&str> = if required.is_empty() {
        keys(part).take(3).collect()
    } else {
        required
    };
    match shown[..] {
        [] => "a table".to_owned(),
        [one] => format!("{{ {one} = {} }}", short(&part["properties"][one])),
        _ => format!(
            "a table with {}",
            shown
                .iter()
                .map(|k| format!("`{k}`"))
                .collect::<Vec<_>>()
                .join(", ")
        ),
    }
}

/// The first example of a value, for use inside a form.
fn short(part: Schema) -> String {
    let all = choices(part);
    let first = all[0];
    if let Some(example) = first["examples"].as_array().and_then(|e| e.first()) {
        return example.to_string();
    }
    match first["type"].as_str() {
        Some("string") => words(first)
            .next()
            .map_or_else(|| "\"…\"".to_owned(), |w| format!("\"{w}\"")),
        Some("integer") => "40".into(),
        Some("number") => "0.5".into(),
        Some("array") => "[…]".into(),
        _ => {
            let inner: Vec<String> = keys(first)
                .filter(|k| is_required(first, k))
                .map(|k| format!("{k} = {}", short(&first["properties"][k])))
                .collect();
            format!("{{ {} }}", inner.join(", "))
        }
    }
}

fn suggestion(near: Option<&str>, otherwise: &str) -> String {
    match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if otherwise.starts_with("in ") || otherwise.starts_with("at ") => {
            otherwise.to_owned()
        }
        None => format!("write {otherwise}"),
    }
}

fn join(key: &str, name: &str) -> String {
    if key.is_empty() {
        name.to_owned()
    } else {
        format!("{key}.{name}")
    }
}

/// The last word of a dotted key, without an index.
pub(super) fn last(key: &str) -> &str {
    let word = key.rsplit('.').next().unwrap_or(key);
    word.split('[').next().unwrap_or(word)
}

pub(super) fn decapitalised(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}
