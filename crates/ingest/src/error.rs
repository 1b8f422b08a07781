//! What can break around a load. A bad file is no error: it is a problem in the report.

use crate::sift::Tally;

/// Failures of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database, outside of a table's own work.
    #[error(transparent)]
    Warehouse(#[from] warehouse::Error),
    /// The server refused rows of a file.
    #[error("copy {file} into {table}: {source}")]
    Copy {
        /// The file.
        file: String,
        /// The table.
        table: String,
        /// What the server said.
        source: Box<warehouse::Error>,
    },
    /// The rows were read, and could not be put in place. The tables are as they were.
    #[error("put the drop of {date} in place: {source}")]
    Apply {
        /// The drop's date.
        date: chrono::NaiveDate,
        /// What the server said.
        source: Box<Error>,
    },
    /// The name belongs to something that rows cannot be loaded into.
    #[error(
        "load into {name}: it is a view or something else that is no table\nhint: rename it, or the source's table"
    )]
    NoTable {
        /// The relation.
        name: String,
    },
    /// The accounting identity does not hold: nothing was loaded.
    #[error(
        "account for {file}: {} records are not {} loaded + {} quarantined + {} blank; the server counted {copied} rows\n\
         hint: nothing was loaded; this is a defect of the loader, please report it",
        tally.physical, tally.rows, tally.rejected, tally.blank
    )]
    Unbalanced {
        /// The file.
        file: String,
        /// Its records as the reader counted them.
        tally: Tally,
        /// Its rows as the server counted them.
        copied: u64,
    },
    /// A folder or a file.
    #[error("read {path}: {source}")]
    Read {
        /// Where.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A worker thread ended without a result.
    #[error("wait for a worker: {0}")]
    Worker(#[from] tokio::task::JoinError),
}

/// The result of everything here.
pub type Result<T> = std::result::Result<T, Error>;
