//! The embedded server.

/// Failures of the embedded server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No binaries.
    #[error("find Postgres: {0}")]
    Missing(String),
}
