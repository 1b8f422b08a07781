//! `catalog.json` (schema v1): what stands in the database for each model, seed, snapshot and source.

pub mod given;

use indexmap::IndexMap;
use platform_core::manifest::Metadata;
use platform_core::{Manifest, ResourceType, UniqueId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use warehouse::Session;

/// The schema that `catalog.json` follows.
pub const SCHEMA: &str = "https://schemas.getdbt.com/dbt/catalog/v1.json";

/// Everything the database knows of the project's relations.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Catalog {
    /// Who, when.
    pub metadata: Metadata,
    /// Models, seeds, snapshots.
    pub nodes: IndexMap<UniqueId, CatalogTable>,
    /// Sources.
    pub sources: IndexMap<UniqueId, CatalogTable>,
    /// What could not be read; null if nothing.
    pub errors: Option<Vec<String>>,
}

impl Catalog {
    /// The table of a resource.
    pub fn table(&self, id: &UniqueId) -> Option<&CatalogTable> {
        self.nodes.get(id).or_else(|| self.sources.get(id))
    }
}

/// One relation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CatalogTable {
    /// Name, kind, owner.
    pub metadata: TableMetadata,
    /// Columns by name, in their order.
    pub columns: IndexMap<String, CatalogColumn>,
    /// Statistics by id; `has_stats` always, and what Postgres estimates where it does.
    pub stats: IndexMap<String, Statistic>,
    /// The resource.
    pub unique_id: UniqueId,
    /// What Postgres estimates; not part of the artifact.
    #[serde(skip)]
    pub size: Size,
}

/// How large a relation is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Bytes on disk with indexes, where it has any.
    pub bytes: Option<i64>,
    /// Rows, as of the last analyze.
    pub rows: Option<i64>,
    /// When it was last analyzed; UTC, RFC 3339.
    pub analyzed_at: Option<String>,
}

/// Name, kind and owner of a relation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableMetadata {
    /// `BASE TABLE`, `VIEW`, `MATERIALIZED VIEW`, `FOREIGN TABLE`, `LOCAL TEMPORARY`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Schema.
    pub schema: String,
    /// Name.
    pub name: String,
    /// Database.
    pub database: String,
    /// `comment on …`.
    pub comment: Option<String>,
    /// Owning role.
    pub owner: Option<String>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogColumn {
    /// Type as `format_type` prints it.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Place, from 1.
    pub index: i32,
    /// Name.
    pub name: String,
    /// `comment on column …`.
    pub comment: Option<String>,
}

/// One statistic of a relation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statistic {
    /// Key.
    pub id: String,
    /// For people.
    pub label: String,
    /// Number, text or boolean.
    pub value: serde_json::Value,
    /// Whether a page shows it.
    pub include: bool,
    /// For people.
    pub description: String,
}

/// One column of one relation, as the catalog query gives it.
#[derive(Clone, Debug)]
pub struct CatalogRow {
    /// The relation.
    pub table: TableMetadata,
    /// The column; `None` for a relation without columns.
    pub column: Option<CatalogColumn>,
    /// Of the relation.
    pub size: Size,
    /// Statistics of the relation, where a macro of the project gives any.
    pub stats: IndexMap<String, Statistic>,
}

/// Reads every relation of the given schemas in one round trip.
pub async fn read(session: &Session, schemas: &[String]) -> Result<Vec<CatalogRow>, warehouse::Error> {
    let rows = session.query(include_str!("catalog.sql"), &[&schemas]).await?;
    rows.iter().map(row).collect()
}

fn row(row: &warehouse::Row) -> Result<CatalogRow, warehouse::Error> {
    let name: Option<String> = warehouse::get(row, 5)?;
    let column = match name {
        Some(name) => Some(CatalogColumn {
            name,
            index: warehouse::get(row, 6)?,
            data_type: warehouse::get(row, 7)?,
            comment: warehouse::get(row, 8)?,
        }),
        None => None,
    };
    let table = TableMetadata {
        schema: warehouse::get(row, 0)?,
        name: warehouse::get(row, 1)?,
        kind: warehouse::get(row, 2)?,
        owner: warehouse::get(row, 3)?,
        comment: warehouse::get(row, 4)?,
        database: warehouse::get(row, 9)?,
    };
    let size = Size {
        bytes: warehouse::get(row, 10)?,
        rows: warehouse::get(row, 11)?,
        analyzed_at: warehouse::get(row, 12)?,
    };
    Ok(CatalogRow { table, column, size, stats: IndexMap::new() })
}

/// The schemas that hold the project's relations: what one catalog query has to cover.
pub fn schemas(manifest: &Manifest) -> Vec<String> {
    let nodes = manifest.nodes.values().filter(|node| node.is_refable()).map(|node| node.schema.clone());
    let sources = manifest.sources.values().map(|source| source.schema.clone());
    nodes.chain(sources).filter(|schema| !schema.is_empty()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// What is said of other databases that the project's relations are in: Postgres can't be asked for them.
pub fn refused(manifest: &Manifest, database: &str, wanted: impl Fn(&UniqueId) -> bool) -> Vec<String> {
    let nodes = manifest.nodes.iter().filter(|(_, node)| node.is_refable() && !node.is_ephemeral());
    let nodes = nodes.filter_map(|(id, node)| Some((id, node.database.as_deref()?)));
    let sources = manifest.sources.iter().filter_map(|(id, source)| Some((id, source.database.as_deref()?)));
    let others: BTreeSet<&str> = nodes
        .chain(sources)
        .filter(|(id, other)| wanted(id) && !other.is_empty() && !other.eq_ignore_ascii_case(database))
        .map(|(_, other)| other)
        .collect();
    let refusal = |other: &str| {
        format!("Runtime Error\n  ERROR: Cross-db references not allowed in postgres ({other} vs {database})")
    };
    others.into_iter().map(refusal).collect()
}

/// Matches rows of the database to the resources of the manifest, by name without regard to case, as dbt does.
/// What the project doesn't name is left out; `wanted` limits it further.
pub fn assemble(
    manifest: &Manifest,
    rows: Vec<CatalogRow>,
    metadata: Metadata,
    wanted: impl Fn(&UniqueId) -> bool,
) -> Catalog {
    let mut tables: HashMap<[String; 2], Described> = HashMap::new();
    for row in rows {
        let key = key(&row.table.schema, &row.table.name);
        let (table, size, stats) = (row.table, row.size, row.stats);
        let described =
            tables.entry(key).or_insert_with(|| Described { table, columns: IndexMap::new(), size, stats });
        if let Some(column) = row.column {
            described.columns.insert(column.name.clone(), column);
        }
    }
    let table = |id: &UniqueId, schema: &str, name: &str| {
        let described = tables.get(&key(schema, name))?;
        let mut stats = described.stats.clone();
        stats.insert("has_stats".to_owned(), has_statistics(!described.stats.is_empty()));
        Some(CatalogTable {
            metadata: described.table.clone(),
            columns: described.columns.clone(),
            stats,
            unique_id: id.clone(),
            size: described.size.clone(),
        })
    };
    let nodes = manifest
        .nodes
        .iter()
        .filter(|(id, node)| (node.is_refable() || is_stored_test(node)) && wanted(id))
        .filter_map(|(id, node)| Some((id.clone(), table(id, &node.schema, &node.alias)?)))
        .collect();
    let sources = manifest
        .sources
        .iter()
        .filter(|(id, _)| wanted(id))
        .filter_map(|(id, source)| Some((id.clone(), table(id, &source.schema, &source.identifier)?)))
        .collect();
    Catalog { metadata, nodes, sources, errors: None }
}

/// What the rows of one relation say together.
struct Described {
    table: TableMetadata,
    columns: IndexMap<String, CatalogColumn>,
    size: Size,
    stats: IndexMap<String, Statistic>,
}

fn is_stored_test(node: &platform_core::Node) -> bool {
    node.resource_type == ResourceType::Test && node.relation_name.is_some()
}

fn key(schema: &str, name: &str) -> [String; 2] {
    [schema.to_lowercase(), name.to_lowercase()]
}

fn has_statistics(value: bool) -> Statistic {
    Statistic {
        id: "has_stats".to_owned(),
        label: "Has Stats?".to_owned(),
        value: value.into(),
        include: false,
        description: "Indicates whether there are statistics for this table".to_owned(),
    }
}
