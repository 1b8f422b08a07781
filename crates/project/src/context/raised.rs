//! Errors that templates raise, under the names dbt's users know.

use std::fmt;

/// What kind of error it is; dbt's headline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `exceptions.raise_compiler_error` and everything wrong with a template.
    Compilation,
    /// A file that doesn't say what it should.
    Parsing,
    /// The database refused.
    Database,
    /// A package is missing.
    Dependency,
    /// A model's columns are not those of its contract.
    Contract,
    /// A project's wish to fail: `on_configuration_change: fail`.
    FailFast,
    /// The environment, a profile or a variable.
    Runtime,
}

impl Kind {
    /// dbt's headline.
    pub fn headline(self) -> &'static str {
        match self {
            Self::Parsing => "Parsing Error",
            Self::Database => "Database Error",
            Self::Compilation | Self::Contract => "Compilation Error",
            Self::FailFast => "FailFast Error",
            Self::Runtime | Self::Dependency => "Runtime Error",
        }
    }
}

impl Kind {
    /// dbt's name of the exception: the event of a diagnostic.
    pub fn event(self) -> &'static str {
        match self {
            Self::Compilation => "CompilationError",
            Self::Parsing => "ParsingError",
            Self::Database => "DbtDatabaseError",
            Self::Dependency => "DependencyError",
            Self::Contract => "ContractError",
            Self::FailFast => "FailFastError",
            Self::Runtime => "DbtRuntimeError",
        }
    }
}

/// An error raised on purpose; found again by [`Raised::of`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raised {
    /// What kind it is.
    pub kind: Kind,
    /// What it says.
    pub message: String,
}

impl Raised {
    /// An error of that kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// The same as what a host function returns.
    pub fn error(kind: Kind, message: impl Into<String>) -> jinja::HostError {
        let message = message.into();
        jinja::Error::new(jinja::ErrorKind::Host, message.clone()).with_cause(Self::new(kind, message)).into()
    }

    /// A compilation error as what a host function returns.
    pub fn compilation(message: impl Into<String>) -> jinja::HostError {
        Self::error(Kind::Compilation, message)
    }

    /// What was raised inside of an error of Jinja.
    pub fn of(error: &jinja::Error) -> Option<&Self> {
        error.cause()?.downcast_ref()
    }
}

impl fmt::Display for Raised {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for Raised {}
