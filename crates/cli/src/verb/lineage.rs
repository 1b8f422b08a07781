//! `dp ls --lineage column`: which columns each column of the listed models is computed from.

use crate::choice::{self, Request};
use crate::compiled;
use crate::database;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::verb::list::print;
use docs::lineage::{self, ColumnLineage, Unresolved};
use platform_core::event::Level;
use platform_core::{Manifest, Resource, UniqueId};
use project::Project;
use serde_json::json;

/// A line a column: `orders.amount <- stg_orders.amount raw.orders.cents`. `?` stands for what can't be told,
/// nothing for a constant. The whole project is compiled, since a model's columns come from those it reads.
pub fn columns(
    invocation: &Invocation,
    project: Project,
    ids: &[UniqueId],
    as_json: bool,
) -> Result<Exit, Stop> {
    let everything = Request { select: &[], exclude: &[], selector: None };
    let chosen = choice::choose(invocation, &project, &everything, |kind| {
        matches!(kind, platform_core::ResourceType::Model | platform_core::ResourceType::Snapshot)
    })?;
    let database = database::open(invocation, &project.profile, 2)?;
    let mut manifest = (*project.manifest).clone();
    let failed = compiled::compile(invocation, project, &database, &chosen, &mut manifest)?;
    let manifest = &manifest;
    let rows = database.runtime.block_on(async {
        let session = database.warehouse.get().await?;
        docs::catalog::read(&session, &docs::catalog::schemas(manifest)).await
    })?;
    let metadata = invocation.metadata(docs::catalog::SCHEMA);
    let catalog = docs::catalog::assemble(manifest, rows, metadata, |_| true);
    let traced = lineage::of_project(manifest, &catalog);
    for id in ids {
        match traced.get(id) {
            Some(Ok(columns)) => {
                for column in columns {
                    let line = if as_json { object(id, column) } else { text(manifest, id, column) };
                    print(invocation, line);
                }
            }
            Some(Err(why)) => untraced(invocation, id, why),
            None => {}
        }
    }
    for (id, why) in &failed {
        invocation.say(Level::Warn, "CompileFailed", "", format!("{id} could not be compiled\n{why}"));
    }
    Ok(Exit::Success)
}

fn untraced(invocation: &Invocation, id: &UniqueId, why: &Unresolved) {
    invocation.say(Level::Warn, "LineageUnknown", "", format!("the columns of {id} can't be traced: {why}"));
}

fn text(manifest: &Manifest, id: &UniqueId, column: &ColumnLineage) -> String {
    let sources = column.sources.columns.iter();
    let mut from: Vec<String> =
        sources.map(|source| format!("{}.{}", name(manifest, &source.resource), source.column)).collect();
    if column.sources.unknown {
        from.push("?".to_owned());
    }
    format!("{}.{} <- {}", name(manifest, id), column.name, from.join(" ")).trim_end().to_owned()
}

fn name(manifest: &Manifest, id: &UniqueId) -> String {
    match manifest.resource(id) {
        Some(Resource::Source(source)) => format!("{}.{}", source.source_name, source.name),
        Some(other) => other.name().to_owned(),
        None => id.to_string(),
    }
}

fn object(id: &UniqueId, column: &ColumnLineage) -> String {
    let sources = column.sources.columns.iter();
    let sources: Vec<_> =
        sources.map(|source| json!({"unique_id": source.resource, "column": source.column})).collect();
    let unknown = column.sources.unknown;
    json!({"unique_id": id, "column": column.name, "sources": sources, "unknown": unknown}).to_string()
}
