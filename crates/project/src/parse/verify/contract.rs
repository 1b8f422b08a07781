//! Contracts: what an enforced one asks of its model, and its checksum.

use super::{parsing, place};
use crate::code;
use platform_core::node::Column;
use platform_core::{Diagnostic, Node, Place, ResourceType};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// What an enforced contract asks of its model.
pub(super) fn check(node: &Node) -> Option<Diagnostic> {
    if node.resource_type != ResourceType::Model || !node.contract.enforced {
        return None;
    }
    // dbt looks at what a contract names where it reads a model's properties: without any, the run tells.
    let faults = if node.patch_path.is_some() { contract_faults(node) } else { Vec::new() };
    let materialized = node.config.materialized();
    let on_change = node.config.text("on_schema_change").unwrap_or("ignore");
    if faults.is_empty()
        && materialized == "incremental"
        && !matches!(on_change, "append_new_columns" | "fail")
    {
        return Some(
            parsing(
                format!(
                    "Invalid value for on_schema_change: {on_change}. Models materialized as incremental with \
                     contracts enabled must set on_schema_change to 'append_new_columns' or 'fail'"
                ),
                code::CONFIG,
            )
            .at(place(node)),
        );
    }
    if faults.is_empty() {
        return None;
    }
    let message =
        format!("Contract enforcement failed for: ({})\n{}", node.original_file_path, faults.join("\n"));
    Some(parsing(message, code::CONFIG).at(place(node)))
}

fn contract_faults(node: &Node) -> Vec<String> {
    let mut faults = Vec::new();
    if node.language != "sql" {
        faults.push(format!("Language Error: Expected 'sql' but found '{}'", node.language));
    }
    if node.columns.is_empty() {
        faults.push(
            "Constraints must be defined in a `yml` schema configuration file like `schema.yml`.".to_owned(),
        );
    }
    faults.extend(too_many_keys(node));
    faults
}

/// A table has one primary key, and one of several columns is the table's.
fn too_many_keys(node: &Node) -> Option<String> {
    let is_key = |constraint: &&Value| constraint["type"] == "primary_key";
    let whole = node.only.constraints.iter().flatten().filter(is_key).count();
    let columns: Vec<String> = node
        .columns
        .values()
        .filter(|column| column.constraints.iter().any(|it| is_key(&it)))
        .map(|column| format!("'{}'", column.name))
        .collect();
    match (whole, columns.len()) {
        (_, 2..) => Some(format!(
            "Found {} columns ([{}]) with primary key constraints defined. A primary key of several columns is a \
             constraint of the model: {{type: primary_key, columns: [{}]}}",
            columns.len(),
            columns.join(", "),
            columns.join(", ")
        )),
        (1.., 1) => Some(format!(
            "Primary key constraints defined at the model level and the columns level: keep one of them ({})",
            columns.join(", ")
        )),
        _ => None,
    }
}

/// Constraints of what is no table are for people alone.
pub(super) fn unsupported_constraints(node: &Node) -> Option<Diagnostic> {
    let materialized = node.config.materialized();
    if node.resource_type != ResourceType::Model
        || !node.contract.enforced
        || matches!(materialized, "table" | "incremental")
    {
        return None;
    }
    let of_columns = node.columns.values().flat_map(|column| &column.constraints);
    let kinds: Vec<&str> = of_columns
        .chain(node.only.constraints.iter().flatten())
        .filter(|constraint| constraint["warn_unsupported"] != false)
        .filter_map(|constraint| constraint["type"].as_str())
        .collect();
    if kinds.is_empty() {
        return None;
    }
    let message = format!(
        "Constraint types are not supported for {materialized} materializations and will be ignored. Set \
         'warn_unsupported: false' on this constraint to ignore this warning. Constraints of {}: {}",
        node.name,
        kinds.join(", ")
    );
    let place = node.patch_path.as_deref().and_then(|path| path.split_once("://"));
    let place = place.map_or(node.original_file_path.as_str(), |(_, path)| path);
    let warning = Diagnostic::warning(code::CONFIG, message).event("UnsupportedConstraintMaterialization");
    Some(warning.at(Place::file(place)))
}

/// The checksum of an enforced contract: columns with types and constraints, by name.
pub fn checksum(node: &Node) -> Option<String> {
    if !node.contract.enforced {
        return None;
    }
    let mut columns: Vec<&Column> = node.columns.values().collect();
    columns.sort_by(|left, right| left.name.cmp(&right.name));
    let mut state = String::new();
    for column in columns {
        state.push('|');
        state.push_str(&column.name);
        state.push_str(column.data_type.as_deref().unwrap_or("None"));
        state.push_str(&constraints(&column.constraints, "ColumnLevelConstraint"));
    }
    let materialized = node.config.materialized();
    if matches!(materialized, "table" | "incremental") {
        state.push_str(materialized);
        state.push_str(&constraints(
            node.only.constraints.as_deref().unwrap_or_default(),
            "ModelLevelConstraint",
        ));
    }
    Some(hex::encode(Sha256::digest(state.as_bytes())))
}

fn constraints(list: &[Value], class: &str) -> String {
    let one = |it: &Value| {
        let kind = it["type"].as_str().unwrap_or_default();
        let mut fields = vec![format!("type=<ConstraintType.{kind}: '{kind}'>")];
        for key in ["name", "expression", "warn_unenforced", "warn_unsupported", "to", "to_columns"] {
            fields.push(format!("{key}={}", crate::python::repr(&it[key])));
        }
        if let Some(columns) = it.get("columns") {
            fields.push(format!("columns={}", crate::python::repr(columns)));
        }
        format!("{class}({})", fields.join(", "))
    };
    format!("[{}]", list.iter().map(one).collect::<Vec<_>>().join(", "))
}
