//! Python-like values: mutable lists and dicts, and their conversions.

use minijinja::Value;

use crate::error::{Error, ErrorKind};

/// A value of JSON as templates want it: objects become mutable dicts, arrays mutable lists, in their order.
pub fn from_json(json: &serde_json::Value) -> Value {
    Value::from(minijinja::value::Serde(json))
}

/// The JSON of a value; dates and relations become their strings.
pub fn to_json(value: &Value) -> Result<serde_json::Value, Error> {
    serde_json::to_value(value)
        .map_err(|error| Error::new(ErrorKind::Type, error.to_string()).with_cause(error))
}

/// A new mutable list.
pub fn list(items: Vec<Value>) -> Value {
    Value::from(items)
}

/// A new mutable dict, in this order.
pub fn dict(pairs: impl IntoIterator<Item = (Value, Value)>) -> Value {
    Value::from_pairs(pairs)
}

/// A tuple.
pub fn tuple(items: Vec<Value>) -> Value {
    Value::from(minijinja::value::Tuple::new(items))
}

/// A new mutable set, in this order.
pub fn set(items: impl IntoIterator<Item = Value>) -> Value {
    Value::from(items.into_iter().collect::<Vec<_>>())
}

/// Whether a value is undefined, in either mode.
pub fn is_undefined(value: &Value) -> bool {
    value.is_undefined()
}

/// Python's `str(value)`.
pub fn to_str(value: &Value) -> String {
    value.to_string()
}

/// Python's `repr(value)`.
pub fn repr(value: &Value) -> String {
    format!("{value:?}")
}

/// The context in which the running template or macro looks its names up; host functions that need it call this.
pub fn context(state: &minijinja::State<'_, '_>) -> Option<Value> {
    state.get_extension::<Context>().map(|it| it.0.clone())
}

pub(crate) struct Context(pub(crate) Value);
