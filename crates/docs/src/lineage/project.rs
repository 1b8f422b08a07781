//! Lineage of a whole project: every compiled model and snapshot, on all cores.

use super::{ColumnLineage, Relations, Unresolved};
use crate::catalog::Catalog;
use platform_core::{Manifest, Node, ResourceType, UniqueId};
use rayon::prelude::*;
use std::collections::HashMap;

/// Column lineage by resource.
pub type ProjectLineage = HashMap<UniqueId, Result<Vec<ColumnLineage>, Unresolved>>;

/// The lineage of every model, snapshot and analysis that was compiled.
pub fn of_project(manifest: &Manifest, catalog: &Catalog) -> ProjectLineage {
    let relations = ProjectRelations::new(manifest, catalog);
    let nodes: Vec<&Node> = manifest
        .nodes
        .values()
        .filter(|node| {
            matches!(
                node.resource_type,
                ResourceType::Model | ResourceType::Snapshot | ResourceType::Analysis
            )
        })
        .collect();
    nodes
        .par_iter()
        .filter_map(|node| {
            let sql = node.compiled_code.as_deref()?;
            Some((node.unique_id.clone(), aligned(super::of(sql, &relations), node, catalog)))
        })
        .collect()
}

/// Names as the database has them, where it has as many columns as the query: it knows what an expression
/// without an alias is called.
fn aligned(
    lineage: Result<Vec<ColumnLineage>, Unresolved>,
    node: &Node,
    catalog: &Catalog,
) -> Result<Vec<ColumnLineage>, Unresolved> {
    let mut columns = lineage?;
    if let Some(table) = catalog.table(&node.unique_id).filter(|table| table.columns.len() == columns.len()) {
        for (column, name) in columns.iter_mut().zip(table.columns.keys()) {
            column.name.clone_from(name);
        }
    }
    Ok(columns)
}

/// The project's relations by their names in the database.
struct ProjectRelations<'a> {
    by_name: HashMap<(String, String), UniqueId>,
    catalog: &'a Catalog,
    manifest: &'a Manifest,
}

impl<'a> ProjectRelations<'a> {
    fn new(manifest: &'a Manifest, catalog: &'a Catalog) -> Self {
        let nodes = manifest.nodes.values().filter(|node| node.is_refable() && node.relation_name.is_some());
        let nodes = nodes.map(|node| (&node.schema, &node.alias, &node.unique_id));
        let sources = manifest.sources.values().map(|it| (&it.schema, &it.identifier, &it.unique_id));
        let by_name =
            nodes.chain(sources).map(|(schema, name, id)| ((schema.clone(), name.clone()), id.clone()));
        Self { by_name: by_name.collect(), catalog, manifest }
    }
}

impl Relations for ProjectRelations<'_> {
    fn find(&self, schema: &str, identifier: &str) -> Option<UniqueId> {
        self.by_name.get(&(schema.to_owned(), identifier.to_owned())).cloned()
    }

    /// From the database; else what a seed or a source documents is not proof of all its columns.
    fn columns(&self, id: &UniqueId) -> Option<Vec<String>> {
        if let Some(table) = self.catalog.table(id) {
            return Some(table.columns.keys().cloned().collect());
        }
        let node = self.manifest.nodes.get(id).filter(|node| node.contract.enforced)?;
        Some(node.columns.values().map(|column| column.name.clone()).collect())
    }
}
