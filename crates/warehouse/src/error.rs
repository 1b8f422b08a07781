//! What can go wrong with the database, and what the person can do next.

use crate::secret::Scrubber;
use serde::Serialize;
use std::error::Error as _;

/// Failures of this crate. Every text has been scrubbed of the connection's password.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A connection URL, keyword string or profile field that makes no sense.
    #[error("read the connection settings: {problem}")]
    Settings {
        /// What is wrong with them.
        problem: String,
    },
    /// No connection could be made.
    #[error("connect to {target}: {cause}\nhint: {hint}")]
    Connect {
        /// `host:port/dbname as user`.
        target: String,
        /// What the server or the network said.
        cause: String,
        /// What to do next.
        hint: String,
        /// The server's SQLSTATE, where the server answered.
        sqlstate: Option<String>,
    },
    /// The server refused a statement.
    #[error("{0}")]
    Query(Box<DbError>),
    /// The connection broke while it was used.
    #[error("lost the connection to {target}: {cause}")]
    Lost {
        /// `host:port/dbname as user`.
        target: String,
        /// What the driver said.
        cause: String,
    },
    /// The statement cannot go through this door.
    #[error("{0}")]
    Unsupported(&'static str),
    /// A value of a result could not be read as the wanted type.
    #[error("read a result: {0}")]
    Decode(String),
    /// No pooled connection became free in time.
    #[error("wait for a free connection: all {size} were in use for {seconds} s")]
    PoolTimeout {
        /// The pool's size.
        size: usize,
        /// Seconds waited.
        seconds: u64,
    },
    /// Somebody else holds the lock.
    #[error("lock {what}: held by {holder}\nhint: wait for it to end, or pass a time to wait")]
    Locked {
        /// What was to be locked.
        what: String,
        /// Who holds it, as described by `pg_stat_activity.application_name`.
        holder: String,
    },
    /// A migration could not be applied.
    #[error("migrate schema `{schema}`: {cause}")]
    Migrate {
        /// The schema whose history was to be brought forward.
        schema: String,
        /// What went wrong.
        cause: String,
    },
    /// The embedded server.
    #[error(transparent)]
    Embedded(#[from] crate::embedded::Error),
}

/// The result of everything here.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The server's answer, if the server refused a statement.
    pub fn db(&self) -> Option<&DbError> {
        match self {
            Self::Query(error) => Some(error),
            _ => None,
        }
    }

    /// The SQLSTATE (PostgreSQL manual, appendix A), if the server gave one.
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Query(error) => Some(&error.sqlstate),
            Self::Connect { sqlstate, .. } => sqlstate.as_deref(),
            _ => None,
        }
    }

    /// Turns the driver's error into ours.
    pub(crate) fn from_driver(error: &tokio_postgres::Error, target: &str, scrub: &Scrubber) -> Self {
        if let Some(db) = error.as_db_error() {
            return Self::Query(Box::new(DbError::from_driver(db, scrub)));
        }
        let mut cause = error.to_string();
        let mut source = error.source();
        while let Some(inner) = source {
            let text = inner.to_string();
            if !cause.contains(&text) {
                cause.push_str(": ");
                cause.push_str(&text);
            }
            source = inner.source();
        }
        let cause = scrub.clean(&cause);
        // The driver has no public kinds; its texts for values begin so.
        let of_a_value = ["error serializing", "error deserializing", "invalid column", "query returned an"];
        if of_a_value.iter().any(|start| cause.starts_with(start)) {
            return Self::Decode(cause);
        }
        Self::Lost { target: target.to_owned(), cause }
    }
}

/// An error or notice of the server: the fields of the protocol's ErrorResponse
/// (PostgreSQL manual, 55.8).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DbError {
    /// `ERROR`, `NOTICE`, `WARNING`, …
    pub severity: String,
    /// Five characters, e.g. `42P01`.
    pub sqlstate: String,
    /// The primary message.
    pub message: String,
    /// More about it.
    pub detail: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Where in the statement: one-based, in characters.
    pub position: Option<u32>,
    /// Where in `internal_query`: one-based, in characters.
    pub internal_position: Option<u32>,
    /// The statement that a function ran.
    pub internal_query: Option<String>,
    /// The call stack of the server.
    pub context: Option<String>,
    /// Schema it is about.
    pub schema: Option<String>,
    /// Table it is about.
    pub table: Option<String>,
    /// Column it is about.
    pub column: Option<String>,
    /// Data type it is about.
    pub datatype: Option<String>,
    /// Constraint it is about.
    pub constraint: Option<String>,
}

impl DbError {
    pub(crate) fn from_driver(error: &tokio_postgres::error::DbError, scrub: &Scrubber) -> Self {
        let clean = |text: Option<&str>| text.map(|text| scrub.clean(text));
        let (mut position, mut internal_position, mut internal_query) = (None, None, None);
        match error.position() {
            Some(tokio_postgres::error::ErrorPosition::Original(at)) => position = Some(*at),
            Some(tokio_postgres::error::ErrorPosition::Internal { position: at, query }) => {
                internal_position = Some(*at);
                internal_query = Some(scrub.clean(query));
            }
            None => {}
        }
        Self {
            severity: error.severity().to_owned(),
            sqlstate: error.code().code().to_owned(),
            message: scrub.clean(error.message()),
            detail: clean(error.detail()),
            hint: clean(error.hint()),
            position,
            internal_position,
            internal_query,
            context: clean(error.where_()),
            schema: error.schema().map(str::to_owned),
            table: error.table().map(str::to_owned),
            column: error.column().map(str::to_owned),
            datatype: error.datatype().map(str::to_owned),
            constraint: error.constraint().map(str::to_owned),
        }
    }
}

impl std::fmt::Display for DbError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} ({})", self.message, self.sqlstate)?;
        if let Some(detail) = &self.detail {
            write!(out, "\ndetail: {detail}")?;
        }
        if let Some(hint) = &self.hint {
            write!(out, "\nhint: {hint}")?;
        }
        Ok(())
    }
}
