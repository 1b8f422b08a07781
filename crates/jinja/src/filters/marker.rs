//! `as_bool`, `as_number`, `as_native`, `as_text`: say what a text rendered to a value shall become.
//!
//! In an ordinary text they change nothing; only [`crate::Environment::render_native`] looks at them.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Object, ObjectRepr};

use super::only;
use crate::eval::{Evaluated, Evaluator};
use crate::python::arguments::Arguments;

/// What the value shall become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marker {
    Bool,
    Number,
    Native,
    Text,
}

/// A value with a [`Marker`]; whoever asks for more than that sees its text, as with dbt
/// (`'a' in ['a'] | as_bool` looks for a part of a text).
#[derive(Debug)]
pub(crate) struct Marked {
    pub value: Value,
    pub marker: Marker,
    pub text: String,
}

impl Object for Marked {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        !self.text.is_empty()
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn mark(this: &Evaluator<'_, '_, '_>, call: &Arguments<'_>, marker: Marker) -> Evaluated<Value> {
    let value = only(call)?;
    if this.env.is_native() {
        let text = crate::python::text::to_str(&value).clone();
        return Ok(Value::from_object(Marked { value, marker, text }));
    }
    Ok(value)
}

pub(super) fn as_bool(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    mark(this, call, Marker::Bool)
}

pub(super) fn as_number(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    mark(this, call, Marker::Number)
}

pub(super) fn as_native(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    mark(this, call, Marker::Native)
}

pub(super) fn as_text(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    mark(this, call, Marker::Text)
}
