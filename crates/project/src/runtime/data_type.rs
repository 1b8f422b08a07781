//! The type of a table's column, as agate's types: what a value of it is in JSON and in CSV.

use crate::context::arguments::{Arguments, no_method};
use jinja::{HostError, Object, ObjectRepr, State, Value};
use std::fmt;
use std::sync::Arc;

/// A type by agate's name: `Number`, `Text`, …
#[derive(Debug)]
pub struct DataType(pub &'static str);

/// A value as JSON has it: days and moments as ISO 8601, fractions as floating-point numbers.
pub fn json(value: &Value) -> serde_json::Value {
    match &*jinja::value::type_name(value) {
        "datetime.datetime" => jinja::value::to_str(value).replacen(' ', "T", 1).into(),
        _ => jinja::value::to_json(value).unwrap_or_default(),
    }
}

/// A value as CSV has it; `None` for null.
pub fn csv(value: &Value) -> Option<String> {
    match &*jinja::value::type_name(value) {
        "NoneType" => None,
        "datetime.datetime" => Some(jinja::value::to_str(value).replacen(' ', "T", 1)),
        _ => Some(jinja::value::to_str(value)),
    }
}

impl Object for DataType {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        let value = || Arguments::new(method, args)?.bind(["d"], 1).map(|[value]| value.unwrap_or_default());
        match method {
            "jsonify" => Ok(jinja::value::from_json(&json(&value()?))),
            "csvify" => Ok(csv(&value()?).map_or_else(|| Value::from(()), Value::from)),
            _ => Err(no_method(self.0, method)),
        }
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "<agate.{} object>", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::cell;
    use super::*;

    #[test]
    fn values_have_a_form_in_json_and_csv() {
        let value = |text: &str, oid| cell::value(Some(text), oid);
        assert_eq!(json(&value("1.50", 1700)), serde_json::json!(1.5));
        assert_eq!(json(&value("2024-01-02", 1082)), "2024-01-02");
        assert_eq!(csv(&value("2024-01-02 03:04:05", 1114)).as_deref(), Some("2024-01-02T03:04:05"));
        assert_eq!(csv(&value("t", 16)).as_deref(), Some("True"));
        assert_eq!(csv(&Value::from(())), None);
    }
}
