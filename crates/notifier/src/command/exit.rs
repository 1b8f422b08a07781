//! How a command ended, for schedulers.

use crate::Error;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing is left to do.
    Done = 0,
    /// The command or the settings are wrong.
    Usage = 1,
    /// Evaluation failed.
    Failed = 2,
    /// Something is undelivered or dead.
    Undelivered = 3,
    /// The day's data is missing.
    Stale = 4,
    /// Another evaluation is running.
    Locked = 5,
    /// There are new alerts, and that was asked for as a failure.
    Alerted = 10,
}

impl Exit {
    /// The process's exit code.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The code for an error.
    pub fn of(error: &Error) -> Self {
        match error {
            Error::Locked => Self::Locked,
            Error::Settings(_) | Error::NotFound { .. } | Error::Channel { .. } | Error::Template { .. } => {
                Self::Usage
            }
            _ => Self::Failed,
        }
    }
}
