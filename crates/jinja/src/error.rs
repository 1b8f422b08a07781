//! Errors with a place in the user's file and the macros on the way there.

use std::fmt;
use std::sync::Arc;

use minijinja::{Error as HostError, ErrorKind as HostErrorKind};

use crate::source::Place;

/// What kind of thing went wrong; named after Python's exceptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The template can't be parsed (Jinja's `TemplateSyntaxError`), or names an unknown filter, test or tag.
    Syntax,
    /// Something undefined was used (Jinja's `UndefinedError`).
    Undefined,
    /// Python's `TypeError`.
    Type,
    /// Python's `ValueError`.
    Value,
    /// Python's `KeyError`.
    Key,
    /// Python's `IndexError`.
    Index,
    /// Python's `AttributeError`.
    Attribute,
    /// Python's `ZeroDivisionError` and `OverflowError`.
    Arithmetic,
    /// Calls nested too deep (Python's `RecursionError`).
    Recursion,
    /// A host function failed; [`Error::cause`] tells how.
    Host,
}

/// A macro call that the error passed through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The called macro.
    pub name: Arc<str>,
    /// The place of the call.
    pub place: Place,
}

/// An error of parsing or rendering.
#[derive(Clone)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    place: Option<Place>,
    stack: Vec<Frame>,
    cause: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error without a place yet; the evaluator adds it.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                message: message.into(),
                place: None,
                stack: Vec::new(),
                cause: None,
            }),
        }
    }

    /// The same error with a cause that [`Error::cause`] gives back.
    #[must_use]
    pub fn with_cause(mut self, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.inner.cause = Some(Arc::new(cause));
        self
    }

    /// The same error with a place, unless it has one.
    #[must_use]
    pub fn at(mut self, place: impl FnOnce() -> Place) -> Self {
        if self.inner.place.is_none() {
            self.inner.place = Some(place());
        }
        self
    }

    /// The same error, seen from outside of one more macro call.
    #[must_use]
    pub fn through(mut self, frame: Frame) -> Self {
        self.inner.stack.push(frame);
        self
    }

    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// What went wrong, without its place.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// Where it went wrong: the innermost place.
    pub fn place(&self) -> Option<&Place> {
        self.inner.place.as_ref()
    }

    /// The macro calls around the place, innermost first.
    pub fn stack(&self) -> &[Frame] {
        &self.inner.stack
    }

    /// The host's error, if a host function failed with one.
    pub fn cause(&self) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
        self.inner.cause.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.message)?;
        if let Some(place) = &self.inner.place {
            write!(f, " [{place}]")?;
        }
        for frame in &self.inner.stack {
            write!(f, "\n  in macro {} [{}]", frame.name, frame.place)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.inner.kind)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.inner.cause.as_deref().map(|cause| cause as _)
    }
}

/// An error of this crate travels through host functions inside of a minijinja error, whole.
impl From<Error> for HostError {
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::Syntax => HostErrorKind::SyntaxError,
            ErrorKind::Undefined => HostErrorKind::UndefinedError,
            _ => HostErrorKind::InvalidOperation,
        };
        HostError::new(kind, error.message().to_owned()).with_source(error)
    }
}

/// Gives back the error of this crate inside of a minijinja error, or describes the host's.
impl From<HostError> for Error {
    fn from(host: HostError) -> Self {
        let mut source = std::error::Error::source(&host);
        while let Some(error) = source {
            if let Some(own) = error.downcast_ref::<Error>() {
                return own.clone();
            }
            source = error.source();
        }
        let message = host.detail().map_or_else(|| host.kind().to_string(), ToOwned::to_owned);
        let kind = match host.kind() {
            HostErrorKind::SyntaxError => ErrorKind::Syntax,
            HostErrorKind::UndefinedError => ErrorKind::Undefined,
            HostErrorKind::TooManyArguments | HostErrorKind::MissingArgument => ErrorKind::Type,
            _ => ErrorKind::Host,
        };
        Error::new(kind, message).with_cause(host)
    }
}
