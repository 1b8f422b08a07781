//! How evaluation leaves: an error, `return()`, `break`, `continue`.

use std::fmt;

use minijinja::Value;

use crate::error::{Error, ErrorKind};
use crate::source::Place;

/// Why evaluation stopped before its end.
#[derive(Debug)]
pub(crate) enum Flow {
    Error(Error),
    /// `return(value)`, on its way to the innermost macro call.
    Return(Value),
    Break,
    Continue,
}

impl Flow {
    /// The same, with a place if it's an error without one.
    pub(crate) fn at(self, place: impl FnOnce() -> Place) -> Self {
        match self {
            Self::Error(error) => Self::Error(error.at(place)),
            other => other,
        }
    }
}

impl From<Error> for Flow {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// `return()` on its way through a host function.
#[derive(Debug)]
struct ReturnSignal(Value);

impl fmt::Display for ReturnSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("return outside of a macro")
    }
}

impl std::error::Error for ReturnSignal {}

impl From<Flow> for minijinja::Error {
    fn from(flow: Flow) -> Self {
        match flow {
            Flow::Error(error) => error.into(),
            Flow::Return(value) => minijinja::Error::new(minijinja::ErrorKind::EvalBlock, "return")
                .with_source(ReturnSignal(value)),
            Flow::Break | Flow::Continue => minijinja::Error::new(
                minijinja::ErrorKind::InvalidOperation,
                "break or continue outside of a loop",
            ),
        }
    }
}

impl From<minijinja::Error> for Flow {
    fn from(error: minijinja::Error) -> Self {
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            if let Some(ReturnSignal(value)) = cause.downcast_ref() {
                return Self::Return(value.clone());
            }
            source = cause.source();
        }
        Self::Error(error.into())
    }
}

impl From<Flow> for Error {
    /// What leaves a whole template: `return()` is an error there.
    fn from(flow: Flow) -> Self {
        match flow {
            Flow::Error(error) => error,
            Flow::Return(_) => Error::new(ErrorKind::Value, "`return` was called outside of a macro"),
            Flow::Break | Flow::Continue => {
                Error::new(ErrorKind::Syntax, "break or continue outside of a loop")
            }
        }
    }
}
