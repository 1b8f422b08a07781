//! Reads the manifest: the graph, what is known of each node, and the SQL that was compiled.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use super::artifacts;

/// What is compared of a manifest.
#[derive(Debug, Default)]
pub struct Manifest {
    /// Every node's parents, sorted.
    pub parents: BTreeMap<String, Vec<String>>,
    /// Every node's properties, one a line: `config.materialized = "table"`.
    pub nodes: BTreeMap<String, Vec<String>>,
    /// The lines of SQL that people wrote, as compiled; blank ones left out.
    pub compiled: BTreeMap<String, Vec<String>>,
}

/// Where resources stand in a manifest.
const RESOURCES: [&str; 8] = [
    "nodes",
    "sources",
    "exposures",
    "metrics",
    "semantic_models",
    "saved_queries",
    "unit_tests",
    "functions",
];

/// Properties that differ from run to run, or that say where files happen to be.
const LEFT_OUT: [&str; 9] = [
    "build_path",
    "compiled",
    "compiled_code",
    "compiled_path",
    "created_at",
    "extra_ctes",
    "extra_ctes_injected",
    "raw_code",
    "root_path",
];

/// Reads the manifest in a target folder; empty where there is none.
pub fn read(target: &Path) -> anyhow::Result<Manifest> {
    let path = target.join("manifest.json");
    let mut manifest = Manifest::default();
    if !path.exists() {
        return Ok(manifest);
    }
    let found: Map<String, Value> = artifacts::read(&path)?;
    for (id, parents) in entries(&found, "parent_map") {
        let mut parents: Vec<String> = texts(parents);
        parents.sort();
        manifest.parents.insert(id.clone(), parents);
    }
    for (id, node) in RESOURCES.iter().flat_map(|resource| entries(&found, resource)) {
        let mut lines = Vec::new();
        for (key, value) in node.as_object().into_iter().flatten() {
            if !LEFT_OUT.contains(&key.as_str()) {
                flatten(key, value, &mut lines);
            }
        }
        lines.sort();
        manifest.nodes.insert(id.clone(), lines);
        if let Some(sql) = written_sql(node) {
            manifest.compiled.insert(id.clone(), sql);
        }
    }
    Ok(manifest)
}

fn entries<'a>(manifest: &'a Map<String, Value>, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    manifest.get(key).and_then(Value::as_object).into_iter().flatten()
}

fn texts(value: &Value) -> Vec<String> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// One line a value; what is null or empty is as good as absent.
fn flatten(path: &str, value: &Value, lines: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::Object(map) => {
            for (key, value) in map {
                flatten(&format!("{path}.{key}"), value, lines);
            }
        }
        Value::Array(items) if items.is_empty() => {}
        Value::String(text) if text.is_empty() => {}
        other => lines.push(format!("{path} = {other}")),
    }
}

/// The compiled SQL of a model, an analysis or a singular test. That of a generic test comes from a macro of the
/// engine's own.
fn written_sql(node: &Value) -> Option<Vec<String>> {
    let kind = node.get("resource_type")?.as_str()?;
    if !matches!(kind, "model" | "analysis" | "test") || !node.get("test_metadata").is_none_or(Value::is_null)
    {
        return None;
    }
    let sql = node.get("compiled_code")?.as_str()?;
    let lines = sql.lines().map(str::trim_end).filter(|line| !line.is_empty());
    Some(lines.map(str::to_owned).collect())
}
