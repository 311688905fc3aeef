//! Plain columns to and from Parquet. The only file that knows polars.

use super::TablesError;
use polars::prelude::{
    Column as PolarsColumn, DataFrame, DataType, KeyValueMetadata, NamedFrom, ParallelStrategy,
    ParquetCompression, ParquetReader, ParquetWriter, SerReader, Series,
};
use std::io::{BufWriter, Cursor, Write};
use std::path::Path;

/// One column of a table: a value a row. The name carries the unit.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Reals.
    F64(Vec<f64>),
    /// Counts and indices.
    U32(Vec<u32>),
    /// Large counts, chain integers up to 64 bits, seconds.
    U64(Vec<u64>),
    /// Signed integers.
    I64(Vec<i64>),
    /// Yes or no.
    Bool(Vec<bool>),
    /// Text: names, addresses, integers over 64 bits in decimal.
    Text(Vec<String>),
    /// Reals that may be absent.
    OptionalF64(Vec<Option<f64>>),
    /// Counts and indices that may be absent.
    OptionalU32(Vec<Option<u32>>),
    /// Large integers that may be absent.
    OptionalU64(Vec<Option<u64>>),
    /// Text that may be absent.
    OptionalText(Vec<Option<String>>),
}

impl Column {
    /// Rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::F64(v) => v.len(),
            Self::U32(v) => v.len(),
            Self::U64(v) => v.len(),
            Self::I64(v) => v.len(),
            Self::Bool(v) => v.len(),
            Self::Text(v) => v.len(),
            Self::OptionalF64(v) => v.len(),
            Self::OptionalU32(v) => v.len(),
            Self::OptionalU64(v) => v.len(),
            Self::OptionalText(v) => v.len(),
        }
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn into_polars(self, name: &str) -> PolarsColumn {
        let name = name.into();
        match self {
            Self::F64(v) => Series::new(name, v),
            Self::U32(v) => Series::new(name, v),
            Self::U64(v) => Series::new(name, v),
            Self::I64(v) => Series::new(name, v),
            Self::Bool(v) => Series::new(name, v),
            Self::Text(v) => Series::new(name, v),
            Self::OptionalF64(v) => Series::new(name, v),
            Self::OptionalU32(v) => Series::new(name, v),
            Self::OptionalU64(v) => Series::new(name, v),
            Self::OptionalText(v) => Series::new(name, v),
        }
        .into()
    }

    /// A column without nulls comes back dense, one with nulls as optional.
    fn from_polars(column: &PolarsColumn) -> Result<Self, String> {
        let problem = |e: polars::error::PolarsError| e.to_string();
        let nulls = column.null_count() > 0;
        Ok(match column.dtype() {
            DataType::Float64 if nulls => {
                Self::OptionalF64(column.f64().map_err(problem)?.iter().collect())
            }
            DataType::Float64 => {
                Self::F64(column.f64().map_err(problem)?.into_no_null_iter().collect())
            }
            DataType::UInt32 if nulls => {
                Self::OptionalU32(column.u32().map_err(problem)?.iter().collect())
            }
            DataType::UInt32 => {
                Self::U32(column.u32().map_err(problem)?.into_no_null_iter().collect())
            }
            DataType::UInt64 if nulls => {
                Self::OptionalU64(column.u64().map_err(problem)?.iter().collect())
            }
            DataType::UInt64 => {
                Self::U64(column.u64().map_err(problem)?.into_no_null_iter().collect())
            }
            DataType::Int64 if !nulls => {
                Self::I64(column.i64().map_err(problem)?.into_no_null_iter().collect())
            }
            DataType::Boolean if !nulls => Self::Bool(
                column
                    .bool()
                    .map_err(problem)?
                    .iter()
                    .map(|b| b.expect("no nulls"))
                    .collect(),
            ),
            DataType::String => {
                let texts = column
                    .str()
                    .map_err(problem)?
                    .iter()
                    .map(|t| t.map(str::to_owned));
                if nulls {
                    Self::OptionalText(texts.collect())
                } else {
                    Self::Text(texts.map(|t| t.expect("no nulls")).collect())
                }
            }
            other => {
                return Err(format!(
                    "column `{}` has type {other}, which no table has",
                    column.name()
                ));
            }
        })
    }
}

/// The columns of a table by name, and the key-values of its footer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// Columns in the order of the file.
    pub columns: Vec<(String, Column)>,
    /// Key-values of the footer, without those that the Parquet writer adds itself.
    pub metadata: Vec<(String, String)>,
}

impl Table {
    /// A column by its name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, column)| column)
    }

    /// A value of the footer by its key.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&str> {
        self.metadata
            .iter()
            .find(|(k, _)| k == key)
            .map(|(_, value)| value.as_str())
    }

    /// Rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }
}

/// Writes columns to one Parquet file, to the side and renamed into place, with key-values in its
/// footer (program, version, seed, hashes). Existing files are replaced.
///
/// # Errors
/// When the file cannot be written.
///
/// # Panics
/// When the columns differ in length or two share a name.
pub fn write_columns(
    path: &Path,
    columns: Vec<(&str, Column)>,
    metadata: &[(&str, String)],
) -> Result<(), TablesError> {
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut side = tempfile::Builder::new();
    side.prefix(".writing-").suffix(".parquet");
    // Temporary files are private by default; this one becomes a result that others may read.
    #[cfg(unix)]
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    #[cfg(unix)]
    side.permissions(permissions);
    let mut side = side
        .tempfile_in(folder)
        .map_err(TablesError::io("write in", folder))?;
    encode_into(BufWriter::new(side.as_file_mut()), path, columns, metadata)?;
    side.as_file()
        .sync_all()
        .map_err(TablesError::io("write", path))?;
    side.persist(path).map_err(|e| TablesError::Io {
        action: "rename into",
        path: path.into(),
        source: e.error,
    })?;
    Ok(())
}

/// Reads all columns and the footer's key-values of one Parquet file.
///
/// # Errors
/// When the file is missing or is not Parquet with the column types of [`Column`].
pub fn read_columns(path: &Path) -> Result<Table, TablesError> {
    let bytes = std::fs::read(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => TablesError::Missing(path.into()),
        _ => TablesError::Io {
            action: "read",
            path: path.into(),
            source,
        },
    })?;
    decode(path, bytes)
}

/// The bytes of a Parquet file of these columns. `file` is for errors alone.
pub fn encode(
    file: &Path,
    columns: Vec<(&str, Column)>,
    metadata: &[(&str, String)],
) -> Result<Vec<u8>, TablesError> {
    let mut bytes = Vec::new();
    encode_into(&mut bytes, file, columns, metadata)?;
    Ok(bytes)
}

fn encode_into<W: Write>(
    writer: W,
    file: &Path,
    columns: Vec<(&str, Column)>,
    metadata: &[(&str, String)],
) -> Result<(), TablesError> {
    let rows = columns.first().map_or(0, |(_, column)| column.len());
    for (name, column) in &columns {
        assert_eq!(
            column.len(),
            rows,
            "column `{name}` of {} has another length than the first",
            file.display()
        );
    }
    let problem = |e: polars::error::PolarsError| match e {
        polars::error::PolarsError::IO { error, .. } => TablesError::Io {
            action: "write",
            path: file.into(),
            source: std::io::Error::new(error.kind(), error.to_string()),
        },
        other => TablesError::Parquet {
            file: file.into(),
            problem: other.to_string(),
        },
    };
    let columns = columns
        .into_iter()
        .map(|(name, column)| column.into_polars(name))
        .collect();
    let mut frame =
        DataFrame::new(rows, columns).expect("columns have one length and distinct names");
    let metadata = metadata
        .iter()
        .map(|(k, v)| ((*k).to_owned(), v.clone()))
        .collect();
    ParquetWriter::new(writer)
        .with_compression(ParquetCompression::Zstd(None))
        .with_key_value_metadata(Some(KeyValueMetadata::from_static(metadata)))
        .set_parallel(false)
        .finish(&mut frame)
        .map_err(problem)?;
    Ok(())
}

/// Key that the Parquet writer adds on its own.
const SCHEMA_KEY: &str = "ARROW:schema";

pub(super) fn decode(
    file: &Path,
    bytes: impl AsRef<[u8]> + Send + Sync,
) -> Result<Table, TablesError> {
    let problem = |problem: String| TablesError::Parquet {
        file: file.into(),
        problem,
    };
    let mut reader =
        ParquetReader::new(Cursor::new(bytes.as_ref())).read_parallel(ParallelStrategy::None);
    let footer = reader.get_metadata().map_err(|e| problem(e.to_string()))?;
    let metadata = footer
        .key_value_metadata()
        .iter()
        .flatten()
        .filter(|pair| pair.key != SCHEMA_KEY)
        .map(|pair| (pair.key.clone(), pair.value.clone().unwrap_or_default()))
        .collect();
    let frame = reader.finish().map_err(|e| problem(e.to_string()))?;
    let columns = frame
        .columns()
        .iter()
        .map(|column| {
            Ok((
                column.name().to_string(),
                Column::from_polars(column).map_err(problem)?,
            ))
        })
        .collect::<Result<_, TablesError>>()?;
    Ok(Table { columns, metadata })
}
