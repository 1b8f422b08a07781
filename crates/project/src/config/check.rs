//! Which values a configuration may have; dbt's own words where it may not.

use super::Kind;
use super::color::is_color;
use crate::python::repr as python;
use serde_json::{Map, Value};

/// The first fault: `at path ['enabled']: 'x' is not of type 'boolean'`.
pub fn check(kind: Kind, config: &Map<String, Value>) -> Result<(), String> {
    for (key, value) in config {
        let Some(shape) = shape(kind, key) else { continue };
        if !shape.accepts(value) {
            return Err(format!("at path ['{key}']: {} {}", python(value), shape.refusal()));
        }
    }
    nested(config)
}

/// What a key's value may be.
#[derive(Clone, Copy)]
enum Shape {
    Boolean,
    Text,
    TextOrNull,
    BooleanOrNull,
    Integer,
    Dictionary,
    Severity,
    OneOf(&'static [&'static str]),
    TextOrList,
}

impl Shape {
    fn accepts(self, value: &Value) -> bool {
        match self {
            Self::Boolean => value.is_boolean(),
            Self::Text => value.is_string(),
            Self::TextOrNull => value.is_string() || value.is_null(),
            Self::BooleanOrNull => value.is_boolean() || value.is_null(),
            Self::Integer => value.is_i64() || value.is_null(),
            Self::Dictionary => value.is_object(),
            Self::Severity => value
                .as_str()
                .is_some_and(|it| it.eq_ignore_ascii_case("warn") || it.eq_ignore_ascii_case("error")),
            Self::OneOf(values) => value.is_null() || value.as_str().is_some_and(|it| values.contains(&it)),
            Self::TextOrList => value.is_null() || value.is_string() || value.is_array(),
        }
    }

    fn refusal(self) -> String {
        match self {
            Self::Boolean => "is not of type 'boolean'".to_owned(),
            Self::Text => "is not of type 'string'".to_owned(),
            Self::Integer => "is not of type 'integer'".to_owned(),
            Self::Dictionary => "is not of type 'object'".to_owned(),
            Self::Severity => "does not match '^([Ww][Aa][Rr][Nn]|[Ee][Rr][Rr][Oo][Rr])$'".to_owned(),
            Self::OneOf(values) => format!("is not one of {}", quoted(values)),
            Self::TextOrNull | Self::BooleanOrNull | Self::TextOrList => {
                "is not valid under any of the given schemas".to_owned()
            }
        }
    }
}

fn quoted(values: &[&str]) -> String {
    let values: Vec<String> = values.iter().map(|value| format!("'{value}'")).collect();
    format!("[{}]", values.join(", "))
}

fn shape(kind: Kind, key: &str) -> Option<Shape> {
    Some(match key {
        "enabled" => Shape::Boolean,
        "meta" => Shape::Dictionary,
        "materialized" if kind == Kind::Seed => Shape::OneOf(&["seed"]),
        "materialized" => Shape::Text,
        "alias" | "database" | "group" | "event_time" => Shape::TextOrNull,
        "schema" => Shape::TextOrNull,
        "full_refresh" | "concurrent_batches" => Shape::BooleanOrNull,
        "persist_docs" | "quoting" | "column_types" | "grants" => Shape::Dictionary,
        "unique_key" => Shape::TextOrList,
        "on_configuration_change" if kind != Kind::Test => Shape::OneOf(&["apply", "continue", "fail"]),
        "access" if kind == Kind::Model => Shape::OneOf(&["private", "protected", "public"]),
        "severity" if kind == Kind::Test => Shape::Severity,
        "store_failures" if kind == Kind::Test => Shape::BooleanOrNull,
        "store_failures_as" if kind == Kind::Test => Shape::OneOf(&["table", "view", "ephemeral"]),
        "where" if kind == Kind::Test => Shape::TextOrNull,
        "limit" if kind == Kind::Test => Shape::Integer,
        "fail_calc" | "warn_if" | "error_if" if kind == Kind::Test => Shape::Text,
        "delimiter" if kind == Kind::Seed => Shape::Text,
        "quote_columns" if kind == Kind::Seed => Shape::BooleanOrNull,
        _ => return None,
    })
}

fn nested(config: &Map<String, Value>) -> Result<(), String> {
    let docs = config.get("docs").and_then(Value::as_object);
    if let Some(show) = docs.and_then(|docs| docs.get("show")).filter(|show| !show.is_boolean()) {
        return Err(format!("at path ['docs']['show']: {} is not of type 'boolean'", python(show)));
    }
    if let Some(color) = docs.and_then(|docs| docs.get("node_color")?.as_str()).filter(|it| !is_color(it)) {
        return Err(format!(
            "Invalid color name for docs.node_color: {color}. It is neither a valid HTML color name nor a valid HEX code."
        ));
    }
    if let Some(after) = config.get("freshness").and_then(|it| it.get("build_after")?.as_object()) {
        let has = |key: &str| after.get(key).is_some_and(|it| !it.is_null());
        for (key, other) in [("count", "period"), ("period", "count")] {
            let counts = key != "count" || after.get(key).and_then(Value::as_i64) != Some(0);
            if has(key) && counts && !has(other) {
                return Err(format!(
                    "`freshness.build_after` must have a value for `{other}` if a `{key}` is provided"
                ));
            }
        }
    }
    let contract = config.get("contract").and_then(Value::as_object);
    if let Some(enforced) = contract.and_then(|it| it.get("enforced")).filter(|it| !it.is_boolean()) {
        return Err(format!(
            "at path ['contract']['enforced']: {} is not of type 'boolean'",
            python(enforced)
        ));
    }
    Ok(())
}
