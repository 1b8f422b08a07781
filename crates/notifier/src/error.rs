//! What can go wrong, and what to do next.

use platform_core::Diagnostic;

/// Failures of this crate; each reads on after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Warehouse(#[from] warehouse::Error),
    /// The rule asks for something that the database has not.
    #[error("watch {relation}: {problem}\nhint: {hint}")]
    Source {
        /// The relation of the rule.
        relation: String,
        /// What is missing.
        problem: String,
        /// What to do.
        hint: String,
    },
    /// Two records of one organization on one day.
    #[error(
        "evaluate rule `{rule}`: {detail}\nhint: the watched relation must have one row per key and date; test the combination with a `unique` test"
    )]
    Duplicate {
        /// The rule.
        rule: String,
        /// Which one, in the server's words.
        detail: String,
    },
    /// Somebody else evaluates at this moment.
    #[error(
        "evaluate: another evaluation is running\nhint: wait for it to end; it finds what this one would find"
    )]
    Locked,
    /// A template.
    #[error("render {template}: {problem}")]
    Template {
        /// Its file.
        template: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A message that could not be put together.
    #[error("write a mail to {recipient}: {problem}")]
    Mail {
        /// To whom.
        recipient: String,
        /// What is wrong.
        problem: String,
    },
    /// Settings that make no sense; listed beside.
    #[error("read the alert settings: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Settings(Vec<Diagnostic>),
    /// A channel's settings that only show their fault at run time.
    #[error("open channel `{channel}`: {problem}")]
    Channel {
        /// Its name.
        channel: String,
        /// What is wrong.
        problem: String,
    },
    /// Something asked for by its number or name is not there.
    #[error("find {what}")]
    NotFound {
        /// What.
        what: String,
    },
    /// A connection on which session locks mean nothing.
    #[error(
        "deliver: this connection goes through a pooler that shares sessions\nhint: give the notifier a direct connection to Postgres"
    )]
    Pooler,
    /// A file.
    #[error("{action}: {source}")]
    File {
        /// What was done to it.
        action: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The result of everything here.
pub type Result<T> = std::result::Result<T, Error>;
