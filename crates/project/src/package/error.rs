//! Why packages could not be had.

use crate::code;
use platform_core::Diagnostic;
use std::path::PathBuf;

/// Why packages could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The `git` program.
    #[error("run `git`: {0}\nhint: install git, it fetches git packages")]
    Git(#[source] std::io::Error),
    /// A repository.
    #[error("Error cloning {url}\n{said}")]
    Clone {
        /// Its address.
        url: String,
        /// What git said.
        said: String,
    },
    /// A branch, tag or commit.
    #[error(
        "Error checking out spec='{revision}' for repo {url}\nhint: is it a branch, a tag or a commit of it?"
    )]
    Revision {
        /// The repository's address.
        url: String,
        /// What is not in it.
        revision: String,
    },
    /// A registry or a server of archives.
    #[error("External connection exception occurred: {url}: {why}")]
    Download {
        /// What was asked for.
        url: String,
        /// Why it did not come.
        why: String,
    },
    /// A package that the registry doesn't have.
    #[error("Package {0} was not found in the package index")]
    Unknown(String),
    /// No version is within what all ask for.
    #[error(
        "Could not find a matching compatible version for package {package}\n  Requested range: {wanted}\n  Compatible \
         versions: {known}"
    )]
    NoVersion {
        /// The package.
        package: String,
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: String,
    },
    /// Two that ask for different revisions of one repository.
    #[error("git dependencies should contain exactly one version. {url} contains: {revisions}")]
    Revisions {
        /// The repository.
        url: String,
        /// What is asked for.
        revisions: String,
    },
    /// Two packages of one name.
    #[error(
        "Found duplicate project \"{0}\". This occurs when a dependency has the same project name as some other \
         dependency."
    )]
    SameName(String),
    /// What was fetched is no package.
    #[error("{shown} has no dbt_project.yml")]
    NoProject {
        /// The package.
        shown: String,
    },
    /// What this kind of package wants.
    #[error("{0}")]
    Unsupported(String),
    /// A file could not be read or written.
    #[error("{action} {}: {source}", path.display())]
    File {
        /// `read`, `write`, `unpack`, …
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// `packages.yml` of a package, or of the project, makes no sense.
    #[error(transparent)]
    Project(#[from] crate::Error),
}

impl From<Error> for crate::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Project(error) => error,
            Error::File { action, path, source } => Self::File { action, path, source },
            other => Diagnostic::error(code::PACKAGE, other.to_string()).event("Runtime Error").into(),
        }
    }
}
