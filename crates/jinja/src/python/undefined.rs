//! Undefined values that know what they would have been.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};

use super::kind::describe;
use super::text::{repr, repr_str};
use crate::error::{Error, ErrorKind};
use crate::source::{SourceFile, Span};

/// Jinja2's `Undefined`.
#[derive(Debug)]
pub(crate) struct Undefined {
    pub what: What,
    /// Its attributes and calls are undefined again: a text named it while the project was read.
    pub chainable: bool,
}

/// What is undefined.
#[derive(Debug)]
pub(crate) enum What {
    Name(Arc<str>),
    Attribute {
        owner: String,
        name: Arc<str>,
    },
    Item {
        owner: String,
        key: String,
    },
    Hint(String),
    /// An inline `if` without an `else` whose condition was false.
    NoElse(SourceFile, Span),
}

impl Undefined {
    pub(crate) fn value(what: What, chainable: bool) -> Value {
        Value::from_object(Self { what, chainable })
    }

    /// A name that nobody knows.
    pub(crate) fn name(name: Arc<str>, chainable: bool) -> Value {
        Self::value(What::Name(name), chainable)
    }

    /// An attribute that the owner hasn't; at parse time Jinja2 under dbt names it alone (`chainable`).
    pub(crate) fn attribute(owner: &Value, name: &str, chainable: bool) -> Value {
        if chainable {
            return Self::name(name.into(), true);
        }
        let what = What::Attribute { owner: describe(owner), name: name.into() };
        Self::value(what, false)
    }

    /// An item that the owner hasn't; see [`Undefined::attribute`].
    pub(crate) fn item(owner: &Value, key: &Value, chainable: bool) -> Value {
        if chainable {
            return Self::name(super::text::to_str(key).into(), true);
        }
        let what = match key.as_str() {
            Some(name) => What::Attribute { owner: describe(owner), name: name.into() },
            None => What::Item { owner: describe(owner), key: repr(key) },
        };
        Self::value(what, false)
    }

    /// Undefined for another reason.
    pub(crate) fn hint(hint: impl Into<String>, chainable: bool) -> Value {
        Self::value(What::Hint(hint.into()), chainable)
    }

    /// The message of the error that its use raises.
    pub(crate) fn message(&self) -> String {
        match &self.what {
            What::Name(name) => format!("{} is undefined", repr_str(name)),
            What::Attribute { owner, name } => {
                format!("{} has no attribute {}", repr_str(owner), repr_str(name))
            }
            What::Item { owner, key } => format!("{owner} has no element {key}"),
            What::Hint(hint) => hint.clone(),
            What::NoElse(file, span) => format!(
                "the inline if-expression on line {} evaluated to false and no else section was defined.",
                file.place(*span).line
            ),
        }
    }

    /// The error that its use raises.
    pub(crate) fn error(&self) -> Error {
        Error::new(ErrorKind::Undefined, self.message())
    }
}

impl Object for Undefined {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Empty
    }

    fn is_true(self: &Arc<Self>) -> bool {
        false
    }

    fn render(self: &Arc<Self>, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// Whether a value is undefined, ours or minijinja's.
pub(crate) fn is_undefined(value: &Value) -> bool {
    value.is_undefined() || value.downcast_object_ref::<Undefined>().is_some()
}

/// The error of using an undefined value.
pub(crate) fn error(value: &Value) -> Error {
    match value.downcast_object_ref::<Undefined>() {
        Some(undefined) => undefined.error(),
        None => Error::new(ErrorKind::Undefined, "value is undefined"),
    }
}
