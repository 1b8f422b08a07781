//! Before the first node: what exists is looked up once, and schemas that are missing are made.

use super::connection::Comment;
use super::materialize::explain;
use super::relation::RelationObject;
use super::{Connection, Runtime, telling};
use platform_core::relation::Relation;
use platform_core::{Manifest, Node, ResourceType, UniqueId};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Why a run could not begin.
#[derive(Debug, thiserror::Error)]
pub enum PreparationError {
    /// The database could not be asked.
    #[error(transparent)]
    Warehouse(#[from] warehouse::Error),
    /// A node is to be built in another database than the one that is open.
    #[error("ERROR: Cross-db references not allowed in postgres ({0} vs {1})")]
    OtherDatabase(String, String),
    /// A macro of the project gave no name of a schema; of this node.
    #[error(
        "`{0}` has no schema\nhint: `generate_schema_name` gives nothing for it: let it give `target.schema`"
    )]
    NoSchema(String),
    /// A schema could not be created.
    #[error("{heading}\n  {message}")]
    Schema {
        /// dbt's heading.
        heading: &'static str,
        /// What the macro or the database said.
        message: String,
    },
}

/// Looks up what exists in the schemas of the project (one query), and creates the schemas that the
/// selected nodes are built in.
pub fn prepare<'a>(
    runtime: &Runtime,
    connection: &Arc<Connection>,
    selected: impl IntoIterator<Item = &'a UniqueId>,
) -> Result<(), PreparationError> {
    let manifest = &runtime.project().manifest;
    let database = runtime.database();
    let elsewhere = |node: &&Node| {
        makes_relation(node) && node.database.as_deref().is_some_and(|it| !it.eq_ignore_ascii_case(database))
    };
    if let Some(other) = manifest.nodes.values().chain(manifest.functions.values()).find(elsewhere) {
        let other = other.database.clone().unwrap_or_default();
        return Err(PreparationError::OtherDatabase(other, database.to_owned()));
    }
    let mut all = all_schemas(manifest, &runtime.project().profile.schema);
    if let Some(state) = runtime.deferred_manifest() {
        all.extend(all_schemas(state, ""));
    }
    let names: Vec<&str> = all.iter().map(String::as_str).collect();
    connection.set_comment(Comment { name: format!("list_{database}"), ..Comment::default() });
    let listing = runtime.cache().load(connection.session()?, database, &names);
    connection.ask(warehouse::catalog::RELATIONS, listing, |found| *found)?;
    let made = selected.into_iter().filter_map(|id| manifest.node(id)).filter(|node| makes_relation(node));
    let made: Vec<&Node> = made.collect();
    if let Some(node) = made.iter().find(|node| node.schema.is_empty()) {
        return Err(PreparationError::NoSchema(node.unique_id.to_string()));
    }
    let wanted: BTreeSet<&str> = made.iter().map(|node| node.schema.as_str()).collect();
    let existing = existing_schemas(connection)?;
    for schema in wanted.into_iter().filter(|schema| !existing.contains(*schema)) {
        create_schema(runtime, connection, database, schema)?;
    }
    Ok(())
}

/// The schemas that anything of the project is built in, and the target's own.
fn all_schemas(manifest: &Manifest, target: &str) -> BTreeSet<String> {
    let nodes = manifest.nodes.values().chain(manifest.functions.values());
    nodes
        .filter(|node| makes_relation(node))
        .map(|node| node.schema.clone())
        .chain(std::iter::once(target.to_owned()))
        .filter(|schema| !schema.is_empty())
        .collect()
}

/// Whether building the node makes something in its schema.
fn makes_relation(node: &Node) -> bool {
    match node.resource_type {
        ResourceType::Model => !node.is_ephemeral(),
        ResourceType::Seed | ResourceType::Snapshot | ResourceType::Function => true,
        ResourceType::Test => node.relation_name.is_some(),
        _ => false,
    }
}

fn existing_schemas(connection: &Arc<Connection>) -> Result<BTreeSet<String>, warehouse::Error> {
    const SCHEMAS: &str = "select nspname::text from pg_catalog.pg_namespace";
    let rows = connection.ask(SCHEMAS, connection.session()?.query_typed(SCHEMAS, &[]), Vec::len)?;
    rows.iter().map(|row| warehouse::get(row, 0)).collect()
}

fn create_schema(
    runtime: &Runtime,
    connection: &Arc<Connection>,
    database: &str,
    schema: &str,
) -> Result<(), PreparationError> {
    let relation = Relation {
        database: Some(database.to_owned()),
        schema: Some(schema.to_owned()),
        quoting: runtime.quoting(),
        ..Relation::default()
    };
    telling::creating_schema(&**connection.events(), &relation);
    let relation = RelationObject::value(relation);
    let failed = |error| {
        let (kind, message, _) = explain(&error);
        PreparationError::Schema { heading: kind.headline(), message: message.replace('\n', "\n  ") }
    };
    let comment = runtime.named_comment(None, &format!("create_{database}_{schema}"), connection);
    connection.set_comment(comment.map_err(failed)?);
    runtime.call_macro("create_schema", &[("relation", relation)], connection).map_err(failed)?;
    connection.commit().map_err(|refused| PreparationError::Schema {
        heading: "Database Error",
        message: refused.message().replace('\n', "\n  "),
    })?;
    runtime.cache().add_schema(database, schema);
    Ok(())
}
