//! The catalog by macros, where a project or a package brings its own: `get_catalog_relations` and `get_catalog`.

use crate::Project;
use crate::runtime::relation::RelationObject;
use crate::runtime::results::Value;
use crate::runtime::table::Table;
use crate::runtime::{Connection, Runtime};
use platform_core::{Diagnostic, Manifest, Relation, UniqueId};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Up to so many relations are asked for by name, more by their schemas.
const NAMED: usize = 100;

/// What the catalog is to cover.
pub enum Covered<'a> {
    /// These resources, by name while they are few.
    Chosen(&'a [&'a UniqueId]),
    /// Everything in the project's schemas.
    Schemas,
}

/// Whether a macro of the catalog isn't ours, under its own name or those that a dispatch finds.
fn is_overridden(manifest: &Manifest, name: &str) -> bool {
    let is_it = |found: &str| {
        let stripped = found.strip_prefix("postgres__").or_else(|| found.strip_prefix("default__"));
        stripped.unwrap_or(found) == name
    };
    let is_ours = |package: &str| crate::context::macros::INTERNAL.contains(&package);
    manifest.macros.values().any(|it| is_it(&it.name) && !is_ours(&it.package_name))
}

/// Whether the macro that makes such a catalog isn't ours.
pub fn is_own(project: &Project, covered: &Covered<'_>) -> bool {
    is_overridden(&project.manifest, asked(project, covered).0)
}

/// The macro that is asked, and the relations that it is asked for.
fn asked(project: &Project, covered: &Covered<'_>) -> (&'static str, Vec<Relation>) {
    let manifest = &project.manifest;
    // What has no relation is no part of the catalog.
    let relation = |id: &UniqueId| {
        let node = manifest.nodes.get(id).filter(|node| node.is_refable() && !node.is_ephemeral());
        let source = || manifest.sources.get(id).map(platform_core::node::Source::relation);
        node.map(|node| node.relation(project.settings().quoting)).or_else(source)
    };
    if let Covered::Chosen(ids) = covered {
        let chosen: Vec<Relation> = ids.iter().filter_map(|id| relation(id)).collect();
        if chosen.len() <= NAMED {
            return ("get_catalog_relations", chosen);
        }
    }
    // More are asked for by the schemas of the whole project.
    ("get_catalog", manifest.nodes.keys().chain(manifest.sources.keys()).filter_map(relation).collect())
}

impl Runtime {
    /// The rows that the macros give, as objects by column; none where nothing is to be covered.
    pub fn own_catalog(
        &self,
        covered: &Covered<'_>,
        connection: &Arc<Connection>,
    ) -> Result<serde_json::Value, Diagnostic> {
        let (name, relations) = asked(self.project(), covered);
        if relations.is_empty() {
            return Ok(serde_json::Value::Array(Vec::new()));
        }
        let (argument, items) = if name == "get_catalog" {
            let schemas: BTreeSet<String> = relations.into_iter().filter_map(|it| it.schema).collect();
            ("schemas", schemas.into_iter().map(Value::from).collect())
        } else {
            ("relations", relations.into_iter().map(RelationObject::value).collect())
        };
        self.catalog_of(name, argument, items, connection)
    }

    fn catalog_of(
        &self,
        name: &str,
        argument: &str,
        items: Vec<Value>,
        connection: &Arc<Connection>,
    ) -> Result<serde_json::Value, Diagnostic> {
        let package = self.project().name();
        let macros = &self.project().manifest.macros;
        let ids = [package, "dbt"].map(|package| UniqueId::new(format!("macro.{package}.{name}")));
        let id = ids.iter().find(|id| macros.contains_key(*id)).unwrap_or(&ids[1]);
        let asked = jinja::value::set(items).and_then(|items| {
            let database =
                Relation { database: Some(self.project().profile.database.clone()), ..Relation::default() };
            let view = RelationObject::new(database).information_schema();
            self.run_operation(id, name, &[("information_schema", view), (argument, items)], connection)
        });
        let table = asked.map_err(|error| self.operation_failure(id, &error))?;
        let table = table.downcast_object::<Table>();
        let what =
            || Diagnostic::error("R001", format!("macro `{name}` gave no table")).event("Runtime Error");
        table.map(|table| table.to_json()).ok_or_else(what)
    }
}
