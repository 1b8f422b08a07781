//! Values of JSON as Python prints them: test names, ids and messages are made of that.

use serde_json::Value;

pub use jinja::value::repr_str as repr_text;

/// A value as Python's `repr` prints it.
pub fn repr(value: &Value) -> String {
    jinja::value::repr(&jinja::value::from_json(value))
}

/// A value as Python's `str` prints it.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => repr(other),
    }
}
