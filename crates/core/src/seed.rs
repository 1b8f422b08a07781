//! Seeds: what the `seed` materialization and `load_agate_table` need of the crate that reads CSV.
//!
//! A seed is opened once: its header and the type of each column become known in one pass over the file,
//! without keeping a row. Rows are read from the file again, as COPY data or as values, as often as somebody
//! asks; memory stays the same whatever the file's size.

use std::path::Path;
use std::sync::Arc;

/// Type of a seed's column as dbt Core infers it from text (agate's types, dbt's order).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SeedType {
    /// agate's `Number` without decimal places; `integer`. Also a column of nulls only.
    Integer,
    /// agate's `Number` with decimal places; `float8`.
    Float,
    /// `date`
    Date,
    /// `2020-01-01 10:11:12`; `timestamp without time zone`
    DateTime,
    /// `2020-01-01T10:11:12+02:00`, with or without an offset; `timestamp without time zone`
    IsoDateTime,
    /// `boolean`
    Boolean,
    /// `text`
    Text,
}

impl SeedType {
    /// The type in Postgres, as dbt's `adapter.convert_type` spells it.
    pub fn postgres(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Float => "float8",
            Self::Date => "date",
            Self::DateTime | Self::IsoDateTime => "timestamp without time zone",
            Self::Boolean => "boolean",
            Self::Text => "text",
        }
    }

    /// The class name of the type in agate, which macros can read: `agate_table.columns[0].data_type`.
    pub fn agate(self) -> &'static str {
        match self {
            Self::Integer | Self::Float => "Number",
            Self::Date => "Date",
            Self::DateTime => "DateTime",
            Self::IsoDateTime => "ISODateTime",
            Self::Boolean => "Boolean",
            Self::Text => "Text",
        }
    }
}

/// One column of a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedColumn {
    /// Name as in the header, made unique as agate does (`a`, `a_2`).
    pub name: String,
    /// Type inferred, [`SeedType::Text`] for the columns of [`SeedOptions::text_columns`].
    pub kind: SeedType,
}

/// One value of a seed, for macros that look at rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeedValue {
    /// Empty, or the word `null`.
    Null,
    /// A boolean.
    Boolean(bool),
    /// A number as Python's `Decimal` prints it: `1.50`, `1E+5`, `NaN`.
    Number(String),
    /// `2020-01-31`
    Date(String),
    /// `2020-01-31 10:11:12[.000001][+02:00]`
    DateTime(String),
    /// Text as it stands in the file.
    Text(String),
}

/// How a seed's file is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedOptions {
    /// Field delimiter; one character.
    pub delimiter: char,
    /// Columns whose type the project sets (keys of `column_types`): read as text, nothing inferred.
    pub text_columns: Vec<String>,
}

impl Default for SeedOptions {
    fn default() -> Self {
        Self { delimiter: ',', text_columns: Vec::new() }
    }
}

/// Why a seed's file could not be read: message with file, line and what to do.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The file can't be read, or is no CSV.
    #[error("{0}")]
    Unreadable(String),
    /// Its rows make no table; dbt's agate refuses them while the seed's macros run.
    #[error("{0}")]
    NoTable(String),
}

/// Pieces of COPY data or rows, read from the file while they are asked for.
pub type SeedIterator<'a, T> = Box<dyn Iterator<Item = Result<T, SeedError>> + Send + 'a>;

/// A seed's file, its types known, its rows still in the file.
pub trait SeedTable: Send + Sync {
    /// The columns in the order of the file.
    fn columns(&self) -> &[SeedColumn];

    /// Number of rows.
    fn row_count(&self) -> u64;

    /// SHA-256 of the file, in hexadecimal.
    fn sha256(&self) -> &str;

    /// The rows for `copy … (columns in file order) from stdin` in text format, in pieces of some 256 KiB that end at
    /// the end of a row.
    ///
    /// `time_zone` is the session's `TimeZone`: dbt writes a value with an offset as `timestamptz`, which
    /// Postgres turns into the session's local time when the column has none; we do that while reading.
    fn copy_data<'a>(&'a self, time_zone: &str) -> SeedIterator<'a, Vec<u8>>;

    /// The rows as values, for macros that iterate `load_agate_table().rows`.
    fn rows(&self) -> SeedIterator<'_, Vec<SeedValue>>;
}

/// Reads seeds; `ingest` implements it, the command line gives it to the engine.
pub trait SeedReader: Send + Sync {
    /// Opens a file: reads it once for its columns and their types.
    fn open(&self, path: &Path, options: &SeedOptions) -> Result<Arc<dyn SeedTable>, SeedError>;

    /// Digest of all that a file's rows depend on: its bytes and how it is read. Costs a hash at the disk's speed.
    fn fingerprint(&self, path: &Path, options: &SeedOptions) -> Result<String, SeedError>;
}
