//! Documented columns and constraints (<https://docs.getdbt.com/reference/resource-properties/constraints>).

use super::block::Block;
use crate::python;
use crate::yaml::Node;
use indexmap::IndexMap;
use platform_core::Diagnostic;
use platform_core::node::Column;
use serde_json::{Map, Value, json};

/// Keys of a column that have a meaning; others are carried along.
pub const KEYS: &[&str] = &[
    "name",
    "description",
    "meta",
    "data_type",
    "constraints",
    "quote",
    "config",
    "docs",
    "tags",
    "tests",
    "data_tests",
    "granularity",
    "dimension",
    "entity",
];

/// Columns by name, the last of equal names; descriptions are not rendered yet.
pub fn columns(block: &Block, node: &Node, path: &str) -> Result<IndexMap<String, Column>, Diagnostic> {
    let mut columns = IndexMap::new();
    for (index, item) in block.list(node, "columns", path)?.iter().enumerate() {
        let path = format!("{path}['columns'][{index}]");
        if item.get("include").is_some() && item.get("name").is_none() {
            continue;
        }
        let column = column(block, item, &path)?;
        columns.insert(column.name.clone(), column);
    }
    Ok(columns)
}

fn column(block: &Block, item: &Node, path: &str) -> Result<Column, Diagnostic> {
    let Some(name) = item.get("name") else {
        return Err(block.invalid(path, "'name' is a required property", item));
    };
    let Some(name) = name.text() else {
        return Err(block.of_type(name, &format!("{path}['name']"), "string"));
    };
    let mut meta = block.map(item, "meta", path)?;
    let mut tags = tags(block, item, path)?;
    let own = block.map(item, "config", path)?;
    if let Some(Value::Object(more)) = own.get("meta") {
        meta.extend(more.clone());
    }
    match own.get("tags") {
        Some(Value::Array(more)) => tags.extend(more.iter().map(python::text)),
        Some(Value::String(one)) => tags.push(one.clone()),
        _ => {}
    }
    let config = Map::from_iter([("meta".to_owned(), json!(meta)), ("tags".to_owned(), json!(tags))]);
    let constraints: Result<Vec<Value>, Diagnostic> =
        block.list(item, "constraints", path)?.iter().map(|it| constraint(block, it, false)).collect();
    let carried = |key: &str| !KEYS.contains(&key) || matches!(key, "dimension" | "entity");
    let more = item.entries().iter().filter(|entry| carried(&entry.key));
    Ok(Column {
        name: name.to_owned(),
        description: block.text(item, "description", path)?.unwrap_or_default().to_owned(),
        meta,
        data_type: item.get("data_type").and_then(Node::scalar_text),
        constraints: constraints?,
        quote: item.get("quote").and_then(Node::boolean),
        config,
        tags,
        granularity: crate::parse::semantic::granularity(block, item)?,
        doc_blocks: Vec::new(),
        more: more.map(|entry| (entry.key.clone(), entry.value.to_json())).collect(),
    })
}

fn tags(block: &Block, item: &Node, path: &str) -> Result<Vec<String>, Diagnostic> {
    let tags = block.list(item, "tags", path)?;
    Ok(tags.iter().filter_map(Node::scalar_text).collect())
}

/// The kinds of constraints.
pub const CONSTRAINTS: &[&str] = &["check", "not_null", "unique", "primary_key", "foreign_key", "custom"];

/// A constraint in the form of artifacts; `whole` for one of the model and not of a column.
pub fn constraint(block: &Block, item: &Node, whole: bool) -> Result<Value, Diagnostic> {
    let kind = item.text_of("type").unwrap_or_default();
    if !CONSTRAINTS.contains(&kind) {
        return Err(block.fault(
            item,
            format!(
                "Constraints must be one of the following types: {}. Found '{kind}' in {}",
                CONSTRAINTS.join(", "),
                block.properties.file.path
            ),
        ));
    }
    let or_null = |key: &str| item.get(key).map_or(Value::Null, Node::to_json);
    let flag = |key: &str| item.get(key).and_then(Node::boolean).unwrap_or(true);
    let mut constraint = Map::from_iter([
        ("type".to_owned(), json!(kind)),
        ("name".to_owned(), or_null("name")),
        ("expression".to_owned(), or_null("expression")),
        ("warn_unenforced".to_owned(), json!(flag("warn_unenforced"))),
        ("warn_unsupported".to_owned(), json!(flag("warn_unsupported"))),
        ("to".to_owned(), or_null("to")),
        ("to_columns".to_owned(), item.get("to_columns").map_or_else(|| json!([]), Node::to_json)),
    ]);
    if whole {
        let columns = item.entry("columns").map(|entry| &entry.value);
        if let Some(columns) = columns.filter(|it| !it.is_list()) {
            let shown = python::repr(&columns.to_json());
            return Err(
                block.fault(columns, format!("Field \"columns\" of a constraint has invalid value {shown}"))
            );
        }
        constraint.insert("columns".to_owned(), columns.map_or_else(|| json!([]), Node::to_json));
    }
    Ok(Value::Object(constraint))
}
