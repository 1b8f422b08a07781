//! `tojson`: Python's `json.dumps` with sorted keys, made safe for HTML as Jinja2 does.

use minijinja::Value;

use crate::eval::{Evaluated, Evaluator};
use crate::python::arguments::{Arguments, integer};
use crate::python::json::{Layout, dumps};

pub(super) fn tojson(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [value, indent] = call.bind(["value", "indent"], 1)?;
    let indent = match indent.filter(|it| !it.is_none()) {
        Some(indent) => Some(match indent.as_str() {
            Some(indent) => indent.to_owned(),
            None => " ".repeat(usize::try_from(integer(&indent)?).unwrap_or(0).min(1000)),
        }),
        None => None,
    };
    let text = dumps(&value.unwrap_or_default(), &Layout { indent, sort_keys: true })?;
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => safe.push_str("\\u003c"),
            '>' => safe.push_str("\\u003e"),
            '&' => safe.push_str("\\u0026"),
            '\'' => safe.push_str("\\u0027"),
            other => safe.push(other),
        }
    }
    Ok(Value::from_safe_string(safe))
}
