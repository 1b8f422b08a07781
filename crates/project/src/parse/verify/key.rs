//! Primary keys of models, as constraints and tests tell them.

use indexmap::IndexMap;
use platform_core::{Manifest, Node, ResourceType, UniqueId};
use serde_json::Value;
use std::collections::BTreeSet;

/// Which columns tell a model's rows apart: its primary key constraint, else what its tests say.
pub fn primary_keys(manifest: &mut Manifest, tests_of: &IndexMap<UniqueId, Vec<KeyTest>>) {
    for node in manifest.nodes.values_mut().filter(|node| node.resource_type == ResourceType::Model) {
        let none = Vec::new();
        let tests = tests_of.get(&node.unique_id).unwrap_or(&none);
        node.only.primary_key = Some(primary_key(node, tests));
    }
}

/// A test that says something of keys.
#[derive(Clone, Debug)]
pub struct KeyTest {
    /// Whether it asks for uniqueness; otherwise for values.
    pub unique: bool,
    /// Whether it is switched on.
    pub enabled: bool,
    /// The columns.
    pub columns: Vec<String>,
}

impl KeyTest {
    /// What a test node says of keys.
    pub fn of(node: &Node) -> Option<(UniqueId, Self)> {
        let metadata = node.only.test_metadata.as_ref()?;
        let unique = match metadata.name.as_str() {
            "unique" | "unique_combination_of_columns" => true,
            "not_null" => false,
            _ => return None,
        };
        let columns =
            match (metadata.kwargs.get("column_name"), metadata.kwargs.get("combination_of_columns")) {
                (Some(Value::String(column)), _) => vec![column.clone()],
                (_, Some(Value::Array(columns))) => {
                    columns.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect()
                }
                _ => return None,
            };
        let target = node.only.attached_node.clone()?;
        Some((target, Self { unique, enabled: node.config.enabled(), columns }))
    }
}

fn primary_key(node: &Node, tests: &[KeyTest]) -> Vec<String> {
    let is_key = |it: &Value| it["type"] == "primary_key";
    if let Some(constraint) = node.only.constraints.iter().flatten().find(|it| is_key(it)) {
        let columns = constraint["columns"].as_array().cloned().unwrap_or_default();
        return columns.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect();
    }
    if let Some(column) = node.columns.values().find(|column| column.constraints.iter().any(is_key)) {
        return vec![column.name.clone()];
    }
    let of = |wanted: &dyn Fn(&KeyTest) -> bool| {
        let columns = tests.iter().filter(|it| wanted(it)).flat_map(|it| it.columns.iter().cloned());
        // In the order of their names, as in dbt's manifest.
        columns.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    let unique = of(&|it| it.unique);
    let both: Vec<String> = of(&|it| !it.unique).into_iter().filter(|it| unique.contains(it)).collect();
    let enabled = of(&|it| it.unique && it.enabled);
    if !both.is_empty() {
        both
    } else if !enabled.is_empty() {
        enabled
    } else {
        unique
    }
}
