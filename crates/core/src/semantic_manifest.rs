//! `semantic_manifest.json`: what MetricFlow reads of a project
//! (<https://docs.getdbt.com/reference/artifacts/sl-manifest>).

use crate::manifest::Manifest;
use crate::node::Node;
use serde_json::{Map, Value, json};

/// The version of dbt-semantic-interfaces whose form this is.
const INTERFACES: [&str; 3] = ["0", "9", "0"];

const METRIC: [&str; 9] = [
    "name",
    "description",
    "type",
    "type_params",
    "filter",
    "metadata",
    "label",
    "config",
    "time_granularity",
];
const METRIC_TYPE_PARAMS: [&str; 10] = [
    "measure",
    "numerator",
    "denominator",
    "expr",
    "window",
    "grain_to_date",
    "metrics",
    "conversion_type_params",
    "cumulative_type_params",
    "input_measures",
];
const SEMANTIC_MODEL: [&str; 11] = [
    "name",
    "defaults",
    "description",
    "node_relation",
    "primary_entity",
    "entities",
    "measures",
    "dimensions",
    "label",
    "metadata",
    "config",
];
const ENTITY: [&str; 8] = ["name", "description", "type", "role", "expr", "metadata", "label", "config"];
const MEASURE: [&str; 11] = [
    "name",
    "agg",
    "description",
    "create_metric",
    "expr",
    "agg_params",
    "metadata",
    "non_additive_dimension",
    "agg_time_dimension",
    "label",
    "config",
];
const SAVED_QUERY: [&str; 7] =
    ["name", "query_params", "description", "metadata", "label", "exports", "tags"];

/// The semantic layer of a project in the form of MetricFlow.
pub fn semantic_manifest(manifest: &Manifest) -> Value {
    let models = manifest.semantic_models.values().map(|it| semantic_model(&it.name, &it.config.0, &it.more));
    let metrics = manifest.metrics.values().map(|it| metric(&it.name, &it.config.0, &it.more));
    let queries = manifest.saved_queries.values().map(|it| saved_query(&it.name, &it.more));
    let [major, minor, patch] = INTERFACES;
    json!({
        "semantic_models": models.collect::<Vec<_>>(),
        "metrics": metrics.collect::<Vec<_>>(),
        "project_configuration": {
            "time_spine_table_configurations": manifest.nodes.values().filter_map(unconfigured_spine).collect::<Vec<_>>(),
            "metadata": null,
            "dsi_package_version": {"major_version": major, "minor_version": minor, "patch_version": patch},
            "time_spines": manifest.nodes.values().filter_map(time_spine).collect::<Vec<_>>(),
        },
        "saved_queries": queries.collect::<Vec<_>>(),
    })
}

/// The keys of an object, null where it hasn't one.
fn pick(object: &Map<String, Value>, keys: &[&str]) -> Map<String, Value> {
    keys.iter().map(|key| ((*key).to_owned(), object.get(*key).cloned().unwrap_or_default())).collect()
}

/// The same of each object of a list.
fn pick_each(list: Option<&Value>, keys: &[&str]) -> Value {
    let items = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Value::as_object).map(|item| Value::Object(pick(item, keys))).collect()
}

/// Of a resource's configuration only what it means is told.
fn meaning(config: &Map<String, Value>) -> Value {
    json!({"meta": config.get("meta").cloned().unwrap_or_else(|| json!({}))})
}

fn semantic_model(name: &str, config: &Map<String, Value>, written: &Map<String, Value>) -> Value {
    let mut model = pick(written, &SEMANTIC_MODEL);
    model["name"] = name.into();
    model["config"] = meaning(config);
    model["entities"] = pick_each(written.get("entities"), &ENTITY);
    model["measures"] = pick_each(written.get("measures"), &MEASURE);
    Value::Object(model)
}

fn metric(name: &str, config: &Map<String, Value>, written: &Map<String, Value>) -> Value {
    let mut metric = pick(written, &METRIC);
    metric["name"] = name.into();
    metric["config"] = meaning(config);
    if let Some(params) = written.get("type_params").and_then(Value::as_object) {
        let mut picked = pick(params, &METRIC_TYPE_PARAMS);
        if let Some(cumulative) = params.get("cumulative_type_params").and_then(Value::as_object) {
            let cumulative = pick(cumulative, &["window", "grain_to_date", "period_agg"]);
            picked["cumulative_type_params"] = Value::Object(cumulative);
        }
        metric["type_params"] = Value::Object(picked);
    }
    Value::Object(metric)
}

fn saved_query(name: &str, written: &Map<String, Value>) -> Value {
    let mut query = pick(written, &SAVED_QUERY);
    query["name"] = name.into();
    let exports = written.get("exports").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    query["exports"] = exports
        .iter()
        .map(|export| {
            let config = export.get("config").and_then(Value::as_object);
            let config = config.map(|config| pick(config, &["export_as", "schema_name", "alias"]));
            json!({"name": export.get("name"), "config": config})
        })
        .collect();
    Value::Object(query)
}

/// A model that says in its properties which of its columns are times.
fn time_spine(node: &Node) -> Option<Value> {
    let spine = node.only.time_spine.as_ref().filter(|it| !it.is_null())?;
    let column = spine.get("standard_granularity_column")?.as_str()?;
    let granularity = node.columns.get(column).and_then(|it| it.granularity.clone());
    Some(json!({
        "node_relation": {
            "alias": node.alias,
            "schema_name": node.schema,
            "database": node.database,
            "relation_name": node.relation_name,
        },
        "primary_column": {"name": column, "time_granularity": granularity},
        "custom_granularities": spine.get("custom_granularities"),
    }))
}

/// The model that had the days before properties could say so, known by its name.
fn unconfigured_spine(node: &Node) -> Option<Value> {
    (node.name == "metricflow_time_spine")
        .then(|| json!({"location": node.relation_name, "column_name": "date_day", "grain": "day"}))
}
