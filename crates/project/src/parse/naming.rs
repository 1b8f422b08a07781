//! Where a node is built: database, schema and alias, by the macros that projects override
//! (<https://docs.getdbt.com/docs/build/custom-schemas>).

use super::names::model;
use crate::context::Context;
use jinja::Value;
use platform_core::relation::Quoting;
use platform_core::{Node, ResourceType};
use std::sync::Arc;

/// Sets the node's database, schema, alias and relation name from its configuration.
pub fn name(node: &mut Node, context: &Arc<Context>, quoting: Quoting) -> Result<(), jinja::Error> {
    let is_snapshot = node.resource_type == ResourceType::Snapshot;
    let text = |node: &Node, key: &str| {
        node.config.get(key).map(|value| match value.as_str() {
            Some(text) => text.to_owned(),
            None => value.to_string(),
        })
    };
    // A level that says `null` leaves the configuration as it was, and is no name all the same.
    let named = |key: &str| {
        let is_null = node.unrendered_config.get(key).is_some_and(serde_json::Value::is_null);
        text(node, key).filter(|_| !is_null)
    };
    let (schema, database, alias) = (named("schema"), named("database"), named("alias"));
    let found =
        |component: &str, custom: Option<&str>, node: &Node| component_of(component, custom, node, context);
    // What the macros see of the node at first is the target's, and in this order what they said.
    let profile = &context.shared().profile;
    node.schema.clone_from(&profile.schema);
    node.database = Some(profile.database.clone());
    node.database = Some(found("database", database.as_deref(), node)?);
    node.schema = found("schema", schema.as_deref(), node)?;
    node.alias = found("alias", alias.as_deref(), node)?;
    if is_snapshot {
        let target = |key: &str| text(node, key).filter(|name| !name.is_empty());
        let (schema, database) = (target("target_schema"), target("target_database"));
        if let Some(schema) = schema {
            node.schema = schema;
        }
        if database.is_some() {
            node.database = database;
        }
    }
    let stores = context.shared().flags.is_on("store_failures");
    node.relation_name = has_relation(node, stores).then(|| node.relation(quoting).to_string());
    Ok(())
}

/// Whether the database will hold something of that name; `stores` is what `--store-failures` says of tests that say nothing.
fn has_relation(node: &Node, stores: bool) -> bool {
    match node.resource_type {
        ResourceType::Model => node.config.materialized() != "ephemeral",
        ResourceType::Seed | ResourceType::Snapshot => true,
        ResourceType::Test => match node.config.text("store_failures_as") {
            Some(kind) => matches!(kind, "table" | "view"),
            None => node.config.boolean("store_failures").unwrap_or(stores),
        },
        _ => false,
    }
}

fn component_of(
    component: &str,
    custom: Option<&str>,
    node: &Node,
    context: &Arc<Context>,
) -> Result<String, jinja::Error> {
    let profile = &context.shared().profile;
    let name = match component {
        "schema" => "generate_schema_name",
        "database" => "generate_database_name",
        _ => "generate_alias_name",
    };
    let macros = context.macros();
    let Some(entry) =
        macros.naming(name, &node.package_name).filter(|entry| !macros.names_plainly(component, entry))
    else {
        return Ok(match (component, custom) {
            ("alias", Some("")) => named_after(node),
            ("schema", None) => profile.schema.clone(),
            ("schema", Some(custom)) => format!("{}_{}", profile.schema, custom.trim()),
            ("database", None) => profile.database.clone(),
            ("alias", None) => named_after(node),
            (_, Some(custom)) => custom.trim().to_owned(),
            (_, None) => node.name.clone(),
        });
    };
    let custom = custom.map_or_else(|| Value::from(()), Value::from);
    let value = context.call(entry, &[custom, model(node.clone())])?;
    // A schema of nothing is none at all: only what is built in it is refused, and that when it is built.
    if component == "schema" && value.is_none() {
        return Ok(String::new());
    }
    Ok(jinja::value::to_str(&value).trim().to_owned())
}

/// The alias of a node that has none of its own.
fn named_after(node: &Node) -> String {
    match &node.only.version {
        Some(version) => format!("{}_v{}", node.name, plain(version).replace('.', "_")),
        None => node.name.clone(),
    }
}

fn plain(version: &serde_json::Value) -> String {
    version.as_str().map_or_else(|| version.to_string(), str::to_owned)
}
