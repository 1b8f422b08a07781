//! Which values a configuration may have; dbt's own words where it may not.

use super::color::is_color;
use super::{Kind, defaults};
use crate::properties::DOCS;
use crate::shape::{
    BOOLEAN_OR_NULL, INTEGER_OR_NULL, Object, Shape, TEXT_OR_NULL, TEXT_OR_TEXTS, TEXT_OR_TEXTS_OR_NULL,
    TEXTS,
};
use serde_json::{Map, Value};

/// The first fault: `at path ['enabled']: 'x' is not of type 'boolean'`.
pub fn check(kind: Kind, config: &Map<String, Value>) -> Result<(), String> {
    for (key, value) in config {
        shape(kind, key)
            .check_key(key, value)
            .map_err(|fault| format!("at path {}: {}", fault.path, fault.why))?;
    }
    nested(config)
}

/// Whether nothing is a value of the key, one that it has by itself.
pub fn is_optional(kind: Kind, key: &str) -> bool {
    defaults(kind).contains_key(key) && shape(kind, key).check(&Value::Null).is_ok()
}

/// Why a value is refused that the key can't have, to be read after the value.
pub fn refusal(kind: Kind, key: &str) -> String {
    match shape(kind, key) {
        Shape::Matching(..) => Shape::Text.refusal(),
        Shape::Any => "is no value".to_owned(),
        shape => shape.refusal(),
    }
}

fn shape(kind: Kind, key: &str) -> Shape {
    match key {
        "enabled" => Shape::Boolean,
        "meta" => Shape::Mapping,
        "group" => TEXT_OR_NULL,
        "static_analysis" => TEXT_OR_NULL,
        "tags" if matches!(kind, Kind::Source | Kind::Exposure) => TEXTS,
        "tags" => TEXT_OR_TEXTS,
        _ => match kind {
            Kind::Model | Kind::Query | Kind::Seed | Kind::Snapshot | Kind::Function => of_node(kind, key),
            Kind::Test => of_test(key),
            Kind::Source => of_source(key),
            Kind::SavedQuery => of_saved_query(key),
            Kind::Exposure | Kind::Metric | Kind::SemanticModel | Kind::UnitTest => Shape::Any,
        },
    }
}

/// What every test and everything with a file of its own may say of where it goes.
fn of_relation(key: &str) -> Shape {
    match key {
        "alias" | "schema" | "database" => TEXT_OR_NULL,
        "materialized" => Shape::Text,
        _ => Shape::Any,
    }
}

fn of_node(kind: Kind, key: &str) -> Shape {
    match (kind, key) {
        (Kind::Seed, "materialized") => Shape::OneOf(&["seed"]),
        (Kind::Seed, "delimiter") => Shape::Text,
        (Kind::Seed, "quote_columns") => BOOLEAN_OR_NULL,
        (Kind::Snapshot, "strategy" | "target_schema" | "target_database" | "updated_at") => TEXT_OR_NULL,
        (Kind::Snapshot, "dbt_valid_to_current") => TEXT_OR_NULL,
        (Kind::Snapshot, "check_cols") => TEXT_OR_TEXTS_OR_NULL,
        (Kind::Snapshot, "snapshot_meta_column_names") => Shape::Object(&SNAPSHOT_COLUMNS),
        (Kind::Model, "freshness") => Shape::Either(&[Shape::Object(&FRESHNESS), Shape::Null]),
        (_, "access") => Shape::OneOf(&["private", "protected", "public"]),
        (Kind::Function, "type") => Shape::OneOf(&["scalar", "aggregate", "table"]),
        (Kind::Function, "volatility") => {
            const VOLATILITIES: &[&str] = &["deterministic", "stable", "non-deterministic"];
            Shape::Either(&[Shape::OneOf(VOLATILITIES), Shape::Null])
        }
        (Kind::Function, "runtime_version" | "entry_point") => TEXT_OR_NULL,
        (_, "incremental_strategy" | "on_schema_change") => TEXT_OR_NULL,
        (_, "persist_docs" | "quoting" | "column_types" | "grants") => Shape::Mapping,
        (_, "full_refresh") => BOOLEAN_OR_NULL,
        (_, "unique_key") => TEXT_OR_TEXTS_OR_NULL,
        (_, "on_configuration_change") => Shape::OneOf(&["apply", "continue", "fail"]),
        (_, "pre-hook" | "post-hook") => Shape::List(&Shape::Object(&HOOK)),
        (_, "packages") => TEXTS,
        (_, "docs") => DOCS,
        (_, "contract") => Shape::Object(&CONTRACT),
        _ => of_relation(key),
    }
}

fn of_test(key: &str) -> Shape {
    match key {
        "severity" => Shape::Matching(is_severity, "^([Ww][Aa][Rr][Nn]|[Ee][Rr][Rr][Oo][Rr])$"),
        "store_failures" => BOOLEAN_OR_NULL,
        "store_failures_as" | "where" => TEXT_OR_NULL,
        "limit" => INTEGER_OR_NULL,
        "fail_calc" | "warn_if" | "error_if" => Shape::Text,
        _ => of_relation(key),
    }
}

fn of_source(key: &str) -> Shape {
    match key {
        "loaded_at_field" | "loaded_at_query" => TEXT_OR_NULL,
        _ => Shape::Any,
    }
}

fn of_saved_query(key: &str) -> Shape {
    match key {
        "export_as" => Shape::Either(&[Shape::OneOf(&["table", "view"]), Shape::Null]),
        "schema" => TEXT_OR_NULL,
        "cache" => Shape::Object(&CACHE),
        _ => Shape::Any,
    }
}

const SNAPSHOT_COLUMNS: Object = Object {
    base: None,
    required: &[],
    fields: &[
        ("dbt_valid_to", TEXT_OR_NULL),
        ("dbt_valid_from", TEXT_OR_NULL),
        ("dbt_scd_id", TEXT_OR_NULL),
        ("dbt_updated_at", TEXT_OR_NULL),
        ("dbt_is_deleted", TEXT_OR_NULL),
    ],
    open: true,
};

const HOOK: Object = Object {
    base: None,
    required: &["sql"],
    fields: &[("sql", Shape::Text), ("transaction", Shape::Boolean), ("index", INTEGER_OR_NULL)],
    open: true,
};

const CONTRACT: Object = Object {
    base: None,
    required: &[],
    fields: &[("enforced", Shape::Boolean), ("alias_types", Shape::Boolean)],
    open: false,
};

const FRESHNESS: Object = Object {
    base: None,
    required: &["build_after"],
    fields: &[("build_after", Shape::Object(&BUILD_AFTER))],
    open: true,
};

const BUILD_AFTER: Object = Object {
    base: None,
    required: &[],
    fields: &[
        ("count", INTEGER_OR_NULL),
        ("period", Shape::Either(&[Shape::OneOf(&["minute", "hour", "day"]), Shape::Null])),
        ("updates_on", Shape::OneOf(&["all", "any"])),
    ],
    open: true,
};

const CACHE: Object =
    Object { base: None, required: &[], fields: &[("enabled", Shape::Boolean)], open: false };

fn is_severity(text: &str) -> bool {
    text.eq_ignore_ascii_case("warn") || text.eq_ignore_ascii_case("error")
}

fn nested(config: &Map<String, Value>) -> Result<(), String> {
    let docs = config.get("docs").and_then(Value::as_object);
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
    Ok(())
}
