//! `results` in hooks of `on-run-end`: what became of each node, with the node itself.

use platform_core::{Manifest, NodeResult};
use serde_json::{Map, Value as Json};
use std::collections::BTreeSet;

pub use jinja::Value;

/// A value of JSON as templates want it.
pub fn from_json(json: &serde_json::Value) -> Value {
    jinja::value::from_json(json)
}

/// The names that hooks of `on-run-end` may use beside: `results`, `schemas`, `database_schemas`
/// (<https://docs.getdbt.com/reference/dbt-jinja-functions/on-run-end-context>).
pub fn names(
    results: &[NodeResult],
    manifest: &Manifest,
    schemas: &BTreeSet<(String, String)>,
) -> Vec<(String, Value)> {
    let only = schemas.iter().map(|(_, schema)| schema.as_str()).collect::<BTreeSet<_>>();
    let pairs = schemas.iter().map(|(database, schema)| {
        jinja::value::list(vec![Value::from(database.as_str()), Value::from(schema.as_str())])
    });
    vec![
        ("results".to_owned(), to_value(results, manifest)),
        ("schemas".to_owned(), jinja::value::list(only.into_iter().map(Value::from).collect())),
        ("database_schemas".to_owned(), jinja::value::list(pairs.collect())),
    ]
}

/// The results as templates read them: `result.status`, `result.node.unique_id`, …
pub fn to_value(results: &[NodeResult], manifest: &Manifest) -> Value {
    let values = results.iter().map(|result| one(result, manifest)).collect();
    jinja::value::list(values)
}

fn one(result: &NodeResult, manifest: &Manifest) -> Value {
    let mut fields = match serde_json::to_value(result) {
        Ok(Json::Object(fields)) => fields,
        _ => Map::new(),
    };
    let node = match manifest.resource(&result.unique_id) {
        Some(resource) => resource.to_json(),
        None => Json::Null,
    };
    fields.insert("node".to_owned(), node);
    jinja::value::from_json(&Json::Object(fields))
}
