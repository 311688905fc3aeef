//! The leaves of a draft: texts, numbers and quantities that know where they stand in the file.
//!
//! A leaf's type says what it measures and which values are possible; its JSON Schema says the
//! same to an editor.

use super::quantity::Dimension;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, IntoDeserializer, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
use toml::Spanned;

/// A value and where it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At<T>(pub Spanned<T>);

impl<T> At<T> {
    /// The value.
    pub fn get(&self) -> &T {
        self.0.get_ref()
    }
    /// Its bytes in the file.
    pub fn span(&self) -> Range<usize> {
        self.0.span()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(Self)
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A key that must be in the file. It is `None` only in a draft with faults, so that the rest of
/// such a draft can still be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Must<T>(pub Option<T>);

impl<T> Must<T> {
    /// The value, unless it is missing.
    pub fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Must<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self)
    }
}

impl<T: JsonSchema> JsonSchema for Must<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// Which values are possible.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Domain {
    /// Smallest value, in the base unit.
    pub low: f64,
    /// Whether the smallest value itself is possible.
    pub low_included: bool,
    /// Largest value.
    pub high: f64,
    /// Whether the largest value itself is possible.
    pub high_included: bool,
}

/// What a quantity measures, as a type.
pub trait Kind: 'static {
    /// Name of the kind, for the schema.
    const NAME: &'static str;
    /// What it measures.
    const DIMENSION: Dimension;
    /// Which values are possible.
    const DOMAIN: Domain;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident: $dimension:ident, $low:expr, $low_included:expr, $high:expr, $high_included:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name;
        impl Kind for $name {
            const NAME: &'static str = stringify!($name);
            const DIMENSION: Dimension = Dimension::$dimension;
            const DOMAIN: Domain = Domain { low: $low, low_included: $low_included, high: $high, high_included: $high_included };
        }
    )*};
}

const INF: f64 = f64::INFINITY;
kinds! {
    /// Money, 0 allowed.
    Money: Money, 0.0, true, INF, true;
    /// Money above 0.
    PositiveMoney: Money, 0.0, false, INF, true;
    /// Money over time, 0 allowed.
    MoneyRate: MoneyRate, 0.0, true, INF, true;
    /// Money over time, above 0.
    PositiveMoneyRate: MoneyRate, 0.0, false, INF, true;
    /// A share or probability, 0 to 100 %.
    Fraction: Share, 0.0, true, 1.0, true;
    /// A share above 0, up to 100 %.
    PositiveFraction: Share, 0.0, false, 1.0, true;
    /// A share strictly between 0 and 100 %.
    OpenFraction: Share, 0.0, false, 1.0, false;
    /// A share of any size above 0, such as a median that may exceed the whole.
    PositiveShare: Share, 0.0, false, INF, true;
    /// A log return: any sign.
    LogReturn: Share, -INF, true, INF, true;
    /// A spread of log returns.
    LogSpread: Share, 0.0, true, INF, true;
    /// A span of time, 0 allowed.
    Span: Span, 0.0, true, INF, true;
    /// A span of time above 0.
    PositiveSpan: Span, 0.0, false, INF, true;
    /// Events over time, 0 allowed; also yields and hazards.
    Frequency: Rate, 0.0, true, INF, true;
    /// Events over time, above 0; also yields and discount rates.
    PositiveFrequency: Rate, 0.0, false, INF, true;
    /// Growth over time: any sign.
    Growth: Rate, -INF, true, INF, true;
    /// Volatility over time.
    Volatility: Volatility, 0.0, true, INF, true;
}

/// A quantity as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantity<K>(pub At<String>, PhantomData<K>);

impl<'de, K: Kind> Deserialize<'de> for Quantity<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        At::deserialize(deserializer).map(|at| Self(at, PhantomData))
    }
}

/// Key of the schema that says what a quantity measures.
pub(super) const DIMENSION_KEY: &str = "x-quantity";

fn quantity_schema<K: Kind>() -> Schema {
    json_schema!({
        "type": "string",
        "minLength": 1,
        "examples": K::DIMENSION.examples(),
        "x-quantity": K::DIMENSION.name(),
    })
}

impl<K: Kind> JsonSchema for Quantity<K> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("Quantity{}", K::NAME).into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        quantity_schema::<K>()
    }
}

/// A leaf that the file fixes, or a range `{ search = [low, high] }` that the recommendation may use.
#[derive(Debug, Clone, PartialEq)]
pub enum Searchable<T> {
    /// The value.
    Fixed(T),
    /// The two ends.
    Search {
        /// Smallest value allowed.
        low: T,
        /// Largest value allowed.
        high: T,
    },
}

/// A leaf that [`Searchable`] can hold: read from a plain value, no table.
pub trait Leaf: Sized {
    /// The schema of one value.
    fn leaf_schema() -> Schema;
    /// Name for the schema.
    fn leaf_name() -> String;
    /// From a text; `None` when a number is asked for.
    fn from_text(text: Spanned<String>) -> Option<Self>;
    /// From an integer; `None` when a text is asked for.
    fn from_integer(value: Spanned<u32>) -> Option<Self>;
}

impl<K: Kind> Leaf for Quantity<K> {
    fn leaf_schema() -> Schema {
        quantity_schema::<K>()
    }
    fn leaf_name() -> String {
        K::NAME.to_owned()
    }
    fn from_text(text: Spanned<String>) -> Option<Self> {
        Some(Self(At(text), PhantomData))
    }
    fn from_integer(_: Spanned<u32>) -> Option<Self> {
        None
    }
}

impl Leaf for At<u32> {
    fn leaf_schema() -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": u32::MAX })
    }
    fn leaf_name() -> String {
        "Count".to_owned()
    }
    fn from_text(_: Spanned<String>) -> Option<Self> {
        None
    }
    fn from_integer(value: Spanned<u32>) -> Option<Self> {
        Some(Self(value))
    }
}

/// Fixed value as read from the file, before it is wrapped: the visitor sees either a scalar or a
/// table, and both carry their span from the deserializer itself.
enum Raw<T> {
    Scalar(ScalarValue),
    Search(T, T),
}

enum ScalarValue {
    Text(String),
    Integer(u32),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Raw<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seen<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Seen<T> {
            type Value = Raw<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value, or { search = [low, high] }")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Raw::Scalar(ScalarValue::Text(text.to_owned())))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
                let value = u32::try_from(value).map_err(|_| E::custom("a count is asked for"))?;
                Ok(Raw::Scalar(ScalarValue::Integer(value)))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut ends: Option<(T, T)> = None;
                while let Some(key) = map.next_key::<String>()? {
                    if key != "search" {
                        return Err(de::Error::unknown_field(&key, &["search"]));
                    }
                    ends = Some(map.next_value()?);
                }
                let (low, high) = ends.ok_or_else(|| de::Error::missing_field("search"))?;
                Ok(Raw::Search(low, high))
            }
        }
        deserializer.deserialize_any(Seen(PhantomData))
    }
}

impl<'de, T: Deserialize<'de> + Leaf> Deserialize<'de> for Searchable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Spanned::<Raw<T>>::deserialize(deserializer)?;
        let span = raw.span();
        let made = match raw.into_inner() {
            Raw::Search(low, high) => return Ok(Self::Search { low, high }),
            Raw::Scalar(ScalarValue::Text(text)) => T::from_text(Spanned::new(span, text)),
            Raw::Scalar(ScalarValue::Integer(value)) => T::from_integer(Spanned::new(span, value)),
        };
        made.map(Self::Fixed)
            .ok_or_else(|| de::Error::custom("another type of value is asked for"))
    }
}

impl<T: Leaf> JsonSchema for Searchable<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Searchable{}", T::leaf_name()).into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let leaf = T::leaf_schema();
        json_schema!({
            "description": "A value, or the range { search = [low, high] } that the recommendation may use.",
            "anyOf": [
                leaf,
                {
                    "type": "object",
                    "properties": {
                        "search": {
                            "description": "Smallest and largest value that the recommendation may use.",
                            "type": "array", "minItems": 2, "maxItems": 2, "items": leaf,
                        },
                    },
                    "required": ["search"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}

/// A word, or a table in its place.
#[derive(Debug, Clone, PartialEq)]
pub enum WordOr<W, T> {
    /// The word.
    Word(W),
    /// The table.
    Table(T),
}

impl<'de, W: Deserialize<'de>, T: Deserialize<'de>> Deserialize<'de> for WordOr<W, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seen<W, T>(PhantomData<(W, T)>);
        impl<'de, W: Deserialize<'de>, T: Deserialize<'de>> Visitor<'de> for Seen<W, T> {
            type Value = WordOr<W, T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a word or a table")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                W::deserialize(text.into_deserializer()).map(WordOr::Word)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(WordOr::Table)
            }
        }
        deserializer.deserialize_any(Seen(PhantomData))
    }
}

impl<W: JsonSchema, T: JsonSchema> JsonSchema for WordOr<W, T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}Or{}", W::schema_name(), T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (word, table) = (
            generator.subschema_for::<W>(),
            generator.subschema_for::<T>(),
        );
        json_schema!({ "anyOf": [word, table] })
    }
}
