//! The catalog: what relations and columns there are, each in one query for any number of schemas.

use crate::session::get;
use crate::{Error, Result, Session};
use platform_core::{Relation, RelationKind};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

/// A relation of the database.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// Its name, with database, schema and dbt's kind.
    pub relation: Relation,
    /// What Postgres calls it.
    pub kind: Relkind,
    /// Its owner.
    pub owner: String,
    /// Its comment.
    pub comment: Option<String>,
    /// Rows as of the last analyze; zero when never analyzed.
    pub estimated_rows: f64,
    /// What it reads, when it is a view or materialized view: schema and name.
    pub reads: Vec<(String, String)>,
}

/// `pg_class.relkind`, as far as it can be selected from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relkind {
    /// An ordinary table.
    Table,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A foreign table.
    Foreign,
    /// A partitioned table.
    Partitioned,
}

impl Relkind {
    fn parse(text: &str) -> Result<Self> {
        Ok(match text {
            "r" => Self::Table,
            "v" => Self::View,
            "m" => Self::MaterializedView,
            "f" => Self::Foreign,
            "p" => Self::Partitioned,
            other => return Err(Error::Decode(format!("relkind `{other}` is not known"))),
        })
    }

    /// dbt's word for it.
    pub fn relation_kind(self) -> RelationKind {
        match self {
            Self::Table | Self::Partitioned => RelationKind::Table,
            Self::View => RelationKind::View,
            Self::MaterializedView => RelationKind::MaterializedView,
            Self::Foreign => RelationKind::External,
        }
    }
}

/// A column of a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The relation's schema.
    pub schema: String,
    /// The relation's name.
    pub relation: String,
    /// Its name.
    pub name: String,
    /// Its place, from one, without gaps.
    pub ordinal: i32,
    /// The type as `information_schema.columns.data_type` has it: `character varying`, `ARRAY`.
    pub standard_type: String,
    /// The type with its sizes: `character varying(10)`, `integer[]`.
    pub full_type: String,
    /// Whether it takes nulls.
    pub nullable: bool,
    /// Greatest length of a text type with one.
    pub char_size: Option<i32>,
    /// Digits of a numeric type.
    pub numeric_precision: Option<i32>,
    /// Digits after the point.
    pub numeric_scale: Option<i32>,
    /// Its comment.
    pub comment: Option<String>,
}

/// What [`relations`] asks.
pub const RELATIONS: &str = include_str!("catalog/relations.sql");

/// All relations of the schemas (by name, in any case), with what their views read.
pub async fn relations(session: &Session, schemas: &[&str]) -> Result<Vec<Listed>> {
    let rows = session.query_typed(RELATIONS, &[(&folded(schemas), Type::TEXT_ARRAY)]).await?;
    rows.iter().map(listed).collect()
}

/// All columns of all relations of the schemas.
pub async fn columns(session: &Session, schemas: &[&str]) -> Result<Vec<Column>> {
    columns_of(session, schemas, None).await
}

/// The columns of one relation; none when there is no such relation. Schema and name as they are
/// in the database.
pub async fn columns_of_relation(session: &Session, relation: &Relation) -> Result<Vec<Column>> {
    let schema = relation.schema_name();
    let mut columns = columns_of(session, &[schema], Some(relation.identifier_name())).await?;
    columns.retain(|column| column.schema == schema);
    Ok(columns)
}

async fn columns_of(session: &Session, schemas: &[&str], name: Option<&str>) -> Result<Vec<Column>> {
    let sql = include_str!("catalog/columns.sql");
    let rows = session.query_typed(sql, &[(&folded(schemas), Type::TEXT_ARRAY), (&name, Type::TEXT)]).await?;
    rows.iter().map(column).collect()
}

/// The schemas of the database, without Postgres' own.
pub async fn schemas(session: &Session) -> Result<Vec<String>> {
    let sql = "select nspname::text from pg_catalog.pg_namespace \
               where nspname !~ '^pg_' and nspname <> 'information_schema' order by 1";
    session.query_typed(sql, &[]).await?.iter().map(|row| get(row, 0)).collect()
}

fn folded(schemas: &[&str]) -> Vec<String> {
    schemas.iter().map(|schema| schema.to_lowercase()).collect()
}

fn listed(row: &Row) -> Result<Listed> {
    let kind = Relkind::parse(get(row, 3)?)?;
    let relation = Relation::new(get::<String>(row, 0)?, get::<String>(row, 1)?, get::<String>(row, 2)?)
        .with_kind(kind.relation_kind());
    let reads = match get::<Option<&str>>(row, 7)? {
        Some(json) => serde_json::from_str(json).map_err(|error| Error::Decode(error.to_string()))?,
        None => Vec::new(),
    };
    Ok(Listed {
        relation,
        kind,
        owner: get(row, 4)?,
        comment: get(row, 5)?,
        estimated_rows: get(row, 6)?,
        reads,
    })
}

fn column(row: &Row) -> Result<Column> {
    Ok(Column {
        schema: get(row, 0)?,
        relation: get(row, 1)?,
        name: get(row, 2)?,
        ordinal: get(row, 3)?,
        standard_type: get(row, 4)?,
        full_type: get(row, 5)?,
        nullable: get(row, 6)?,
        char_size: get(row, 7)?,
        numeric_precision: get(row, 8)?,
        numeric_scale: get(row, 9)?,
        comment: get(row, 10)?,
    })
}
