//! How the type of a field becomes a column, and back.

use super::Column;
use crate::snapshot::{Address, AssetClass, Grade, Provenance, RewardsKind, SetKind};

/// A type that fills one column.
pub(super) trait Cell: Sized {
    /// The column of some values.
    fn column(values: impl Iterator<Item = Self>) -> Column;
    /// The values of a column; the error says what is wrong.
    fn values(column: Column) -> Result<Vec<Self>, String>;
}

fn type_of(column: &Column) -> &'static str {
    match column {
        Column::F64(_) | Column::OptionalF64(_) => "a real",
        Column::U32(_) | Column::OptionalU32(_) => "an unsigned 32-bit integer",
        Column::U64(_) | Column::OptionalU64(_) => "an unsigned 64-bit integer",
        Column::I64(_) => "a signed integer",
        Column::Bool(_) => "a boolean",
        Column::Text(_) | Column::OptionalText(_) => "text",
    }
}

fn wrong<T>(expected: &str, column: &Column) -> Result<Vec<T>, String> {
    let nulls = match column {
        Column::OptionalF64(_)
        | Column::OptionalU32(_)
        | Column::OptionalU64(_)
        | Column::OptionalText(_) => " with nulls",
        _ => "",
    };
    Err(format!(
        "is {}{nulls}, and should be {expected}",
        type_of(column)
    ))
}

macro_rules! plain {
    ($type:ty, $variant:ident, $optional:ident, $word:literal) => {
        impl Cell for $type {
            fn column(values: impl Iterator<Item = Self>) -> Column {
                Column::$variant(values.collect())
            }
            fn values(column: Column) -> Result<Vec<Self>, String> {
                match column {
                    Column::$variant(values) => Ok(values),
                    other => wrong($word, &other),
                }
            }
        }
        impl Cell for Option<$type> {
            fn column(values: impl Iterator<Item = Self>) -> Column {
                Column::$optional(values.collect())
            }
            fn values(column: Column) -> Result<Vec<Self>, String> {
                match column {
                    Column::$optional(values) => Ok(values),
                    Column::$variant(values) => Ok(values.into_iter().map(Some).collect()),
                    other => wrong($word, &other),
                }
            }
        }
    };
}

plain!(f64, F64, OptionalF64, "a real");
plain!(u32, U32, OptionalU32, "an unsigned 32-bit integer");
plain!(u64, U64, OptionalU64, "an unsigned 64-bit integer");
plain!(String, Text, OptionalText, "text");

impl Cell for i64 {
    fn column(values: impl Iterator<Item = Self>) -> Column {
        Column::I64(values.collect())
    }
    fn values(column: Column) -> Result<Vec<Self>, String> {
        match column {
            Column::I64(values) => Ok(values),
            other => wrong("a signed integer", &other),
        }
    }
}

/// A type that is stored through another.
macro_rules! through {
    ($type:ty, $stored:ty, $into:expr, $back:expr) => {
        impl Cell for $type {
            fn column(values: impl Iterator<Item = Self>) -> Column {
                <$stored as Cell>::column(values.map($into))
            }
            fn values(column: Column) -> Result<Vec<Self>, String> {
                <$stored as Cell>::values(column)?
                    .into_iter()
                    .map($back)
                    .collect()
            }
        }
        impl Cell for Option<$type> {
            fn column(values: impl Iterator<Item = Self>) -> Column {
                <Option<$stored> as Cell>::column(values.map(|value| value.map($into)))
            }
            fn values(column: Column) -> Result<Vec<Self>, String> {
                <Option<$stored> as Cell>::values(column)?
                    .into_iter()
                    .map(|value| value.map($back).transpose())
                    .collect()
            }
        }
    };
}

through!(u8, u32, |v: u8| u32::from(v), |v: u32| u8::try_from(v)
    .map_err(|_| format!("holds {v}, which is over 255")));
through!(u16, u32, |v: u16| u32::from(v), |v: u32| u16::try_from(v)
    .map_err(|_| format!("holds {v}, which is over 65535")));
through!(u128, String, |v: u128| v.to_string(), |v: String| {
    v.parse::<u128>()
        .map_err(|_| format!("holds `{v}`, which is no integer of 128 bits"))
});
through!(Address, String, |v: Address| v.to_string(), |v: String| v
    .parse::<Address>()
    .map_err(|e| format!("holds {e}")));

/// An enum stored as one of a few words.
macro_rules! words {
    ($type:ty { $($variant:ident = $word:literal),* $(,)? }) => {
        through!($type, String, |v: $type| match v { $(<$type>::$variant => $word,)* }.to_owned(), |v: String| match v.as_str() {
            $($word => Ok(<$type>::$variant),)*
            _ => Err(format!("holds `{v}`, which is none of {}", [$($word),*].join(", "))),
        });
    };
}

words!(Provenance { Measured = "measured", Reconstructed = "reconstructed" });
words!(AssetClass { Eth = "eth", Lst = "lst", Eigen = "eigen", Btc = "btc", Token = "token" });
words!(SetKind {
    OperatorSet = "operator_set",
    RegistrationBeforeOperatorSets = "registration_before_operator_sets",
});
words!(Grade { Chain = "chain", A = "a", B = "b", C = "c" });
words!(RewardsKind {
    Avs = "avs",
    ForAllEarners = "for_all_earners",
    OperatorDirectedAvs = "operator_directed_avs",
    OperatorDirectedSet = "operator_directed_set",
    UniqueStake = "unique_stake",
    TotalStake = "total_stake",
});
