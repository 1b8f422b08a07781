//! Lineage of a whole project: every compiled model, snapshot and analysis, on all cores.

use super::query::EPHEMERAL;
use super::{ColumnLineage, Relations, Unresolved};
use crate::catalog::Catalog;
use platform_core::{Manifest, Node, ResourceType, UniqueId};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

/// Column lineage by resource.
pub type ProjectLineage = BTreeMap<UniqueId, Result<Vec<ColumnLineage>, Unresolved>>;

/// The lineage of every model, snapshot and analysis that was compiled. What is read comes before what reads
/// it, so that a model that the database doesn't hold (ephemeral, or not built yet) has the columns of its query.
pub fn of_project(manifest: &Manifest, catalog: &Catalog) -> ProjectLineage {
    let mut relations = ProjectRelations::new(manifest, catalog);
    let mut lineage = ProjectLineage::new();
    let mut left: Vec<&Node> = manifest.nodes.values().filter(|node| has_query(node)).collect();
    let mut waiting: HashSet<&UniqueId> = left.iter().map(|node| &node.unique_id).collect();
    while !left.is_empty() {
        let is_ready = |node: &&Node| node.depends_on.nodes.iter().all(|id| !waiting.contains(id));
        let (mut ready, mut later): (Vec<&Node>, Vec<&Node>) = left.into_iter().partition(is_ready);
        if ready.is_empty() {
            // A cycle: nothing in it can wait for the rest.
            ready = std::mem::take(&mut later);
        }
        let found: Vec<_> = ready.par_iter().map(|node| one(node, &relations, catalog)).collect();
        for (node, columns) in ready.iter().zip(found) {
            waiting.remove(&node.unique_id);
            relations.learn(&node.unique_id, columns.as_deref().ok());
            lineage.insert(node.unique_id.clone(), columns);
        }
        left = later;
    }
    lineage
}

fn has_query(node: &Node) -> bool {
    let kinds = [ResourceType::Model, ResourceType::Snapshot, ResourceType::Analysis];
    kinds.contains(&node.resource_type) && node.compiled_code.is_some()
}

fn one(
    node: &Node,
    relations: &ProjectRelations<'_>,
    catalog: &Catalog,
) -> Result<Vec<ColumnLineage>, Unresolved> {
    let sql = node.compiled_code.as_deref().unwrap_or_default();
    let mut columns = super::of(sql, relations)?;
    // Names as the database has them, where it has as many columns as the query: it knows what an expression
    // without an alias is called.
    if let Some(table) = catalog.table(&node.unique_id).filter(|table| table.columns.len() == columns.len()) {
        for (column, name) in columns.iter_mut().zip(table.columns.keys()) {
            if !table.columns.contains_key(&column.name) {
                column.name.clone_from(name);
            }
        }
    }
    Ok(columns)
}

/// How many columns have a known origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Models, snapshots and analyses with a query.
    pub queries: usize,
    /// Of these, those whose columns are known.
    pub resolved: usize,
    /// Columns of the resolved ones.
    pub columns: usize,
    /// Of these, those that may come from elsewhere too.
    pub unknown: usize,
}

impl Share {
    /// Of a project.
    pub fn of(lineage: &ProjectLineage) -> Self {
        let resolved = lineage.values().filter_map(|columns| columns.as_ref().ok());
        Self {
            queries: lineage.len(),
            resolved: resolved.clone().count(),
            columns: resolved.clone().map(Vec::len).sum(),
            unknown: resolved.flatten().filter(|column| column.sources.unknown).count(),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.columns - self.unknown;
        write!(out, "origin known of {known} of {} columns", self.columns)?;
        match self.queries - self.resolved {
            0 => Ok(()),
            1 => write!(out, ", 1 query could not be traced"),
            more => write!(out, ", {more} queries could not be traced"),
        }
    }
}

/// The project's relations by their names in the database.
struct ProjectRelations<'a> {
    by_name: HashMap<(String, String), UniqueId>,
    /// Columns of the queries traced so far.
    learned: HashMap<UniqueId, Vec<String>>,
    catalog: &'a Catalog,
    manifest: &'a Manifest,
}

impl<'a> ProjectRelations<'a> {
    fn new(manifest: &'a Manifest, catalog: &'a Catalog) -> Self {
        let nodes = manifest.nodes.values().filter(|node| node.is_refable());
        let nodes = nodes.map(|node| {
            if node.is_ephemeral() {
                (String::new(), format!("{EPHEMERAL}{}", node.name), &node.unique_id)
            } else {
                (node.schema.clone(), node.alias.clone(), &node.unique_id)
            }
        });
        let sources = manifest
            .sources
            .values()
            .map(|source| (source.schema.clone(), source.identifier.clone(), &source.unique_id));
        let by_name = nodes.chain(sources).map(|(schema, name, id)| ((schema, name), id.clone())).collect();
        Self { by_name, learned: HashMap::new(), catalog, manifest }
    }

    fn learn(&mut self, id: &UniqueId, columns: Option<&[ColumnLineage]>) {
        if let Some(columns) = columns {
            let names = columns.iter().map(|column| column.name.clone()).collect();
            self.learned.insert(id.clone(), names);
        }
    }
}

impl Relations for ProjectRelations<'_> {
    fn find(&self, schema: &str, identifier: &str) -> Option<UniqueId> {
        self.by_name.get(&(schema.to_owned(), identifier.to_owned())).cloned()
    }

    /// From the database, a contract or the query; what a seed or a source documents is not proof of all its
    /// columns.
    fn columns(&self, id: &UniqueId) -> Option<Vec<String>> {
        if let Some(table) = self.catalog.table(id) {
            return Some(table.columns.keys().cloned().collect());
        }
        let contract = self.manifest.nodes.get(id).filter(|node| node.contract.enforced);
        if let Some(node) = contract {
            return Some(node.columns.values().map(|column| column.name.clone()).collect());
        }
        self.learned.get(id).cloned()
    }
}
