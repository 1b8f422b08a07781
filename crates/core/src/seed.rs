//! Seeds: what the `seed` materialization needs of the crate that reads CSV.

use std::path::Path;

/// Type of a seed's column as dbt Core infers it from text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SeedType {
    /// `boolean`
    Boolean,
    /// `integer`
    Integer,
    /// `bigint` where a value exceeds four bytes is not inferred by dbt; kept for `column_types`.
    Number,
    /// `date`
    Date,
    /// `timestamp without time zone`
    DateTime,
    /// `text`
    Text,
}

/// A seed's file, its types inferred in one pass; rows are read again when they are copied.
pub struct SeedTable {
    /// Column names, as in the header.
    pub columns: Vec<String>,
    /// Type of each column.
    pub types: Vec<SeedType>,
    /// Rows, `None` for null.
    pub rows: Vec<Vec<Option<String>>>,
}

/// How a seed's file is written.
#[derive(Clone, Debug)]
pub struct SeedOptions {
    /// Field delimiter; one character.
    pub delimiter: char,
    /// Columns whose type the project sets: read as text, nothing inferred.
    pub text_columns: Vec<String>,
}

/// Why a seed's file could not be read: message with file, line and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SeedError(pub String);

/// Reads seeds; `ingest` implements it, the command line gives it to the engine.
pub trait SeedReader: Send + Sync {
    /// The table in a file.
    fn read(&self, path: &Path, options: &SeedOptions) -> Result<SeedTable, SeedError>;
}
