//! How a command ends.

use model_graph::PreparationError;
use platform_core::Diagnostic;
use std::process::ExitCode;

/// How a command that ran to its end ended; dbt's exit codes
/// (<https://docs.getdbt.com/reference/exit-codes>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All is well: 0.
    Success,
    /// Something failed that results tell of: 1.
    Failure,
    /// A code of a command that has more of them (`dp alerts`).
    Code(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Success => Self::SUCCESS,
            Exit::Failure => Self::FAILURE,
            Exit::Code(code) => Self::from(code),
        }
    }
}

/// Why a command could not run to its end: exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// One sentence, under dbt's heading of the error.
    #[error("{heading}\n  {message}")]
    Said {
        /// `Runtime Error`, `Compilation Error`, …
        heading: &'static str,
        /// What is wrong; further lines are indented.
        message: String,
    },
    /// The project is broken.
    #[error("{} of the project", model_graph::counted(.0.len(), "error"))]
    Project(Vec<Diagnostic>),
    /// It was told already.
    #[error("")]
    Told,
    /// A file could not be read or written.
    #[error("{action} {}: {source}", path.display())]
    File {
        /// `read`, `write`, …
        action: &'static str,
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database.
    #[error(transparent)]
    Warehouse(#[from] warehouse::Error),
}

impl Stop {
    /// dbt's `Runtime Error`.
    pub fn runtime(message: impl Into<String>) -> Self {
        Self::Said { heading: "Runtime Error", message: indent(&message.into()) }
    }

    /// A flag that says nothing sensible, or doesn't go with another.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Said { heading: "Usage Error", message: indent(&message.into()) }
    }

    /// dbt's `Compilation Error`.
    pub fn compilation(message: impl Into<String>) -> Self {
        Self::Said { heading: "Compilation Error", message: indent(&message.into()) }
    }
}

impl From<PreparationError> for Stop {
    /// Under the database's or the macro's heading, where it has one.
    fn from(error: PreparationError) -> Self {
        match error {
            PreparationError::Schema { heading, message } => Self::Said { heading, message },
            PreparationError::Warehouse(error) => Self::Warehouse(error),
            error @ PreparationError::NoSchema(_) => {
                Self::Said { heading: "Database Error", message: indent(&error.to_string()) }
            }
            other => Self::runtime(other.to_string()),
        }
    }
}

/// Indents every line but the first by two blanks.
pub(crate) fn indent(text: &str) -> String {
    text.replace('\n', "\n  ")
}
