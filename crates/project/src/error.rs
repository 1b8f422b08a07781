//! Why there is no project at all.

use platform_core::Diagnostic;
use std::path::PathBuf;

/// What leaves no project to speak of. Everything less is a [`Diagnostic`] of the project.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The project's or the profile's own files don't make sense; the first diagnostic is the cause.
    #[error("{}", first(.0))]
    Invalid(Vec<Diagnostic>),
    /// A file could not be read or written.
    #[error("{action} {}", path.display())]
    File {
        /// `read`, `write`, `list`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

fn first(diagnostics: &[Diagnostic]) -> String {
    diagnostics.first().map(|it| it.message.clone()).unwrap_or_default()
}

impl From<Diagnostic> for Error {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Invalid(vec![diagnostic])
    }
}
