//! Tables: the one that readers see, and the one beside it that a load fills.

use crate::drop::Part;
use crate::stamps::{OWN, STAMPS, Stamp};
use chrono::{DateTime, NaiveDate, Utc};
use platform_core::Relation;
use platform_core::relation::{quote_identifier, quote_literal};
use warehouse::types::Type;
use warehouse::{Result, Session, get};

/// What the names of tables beside others begin with; the load's number follows.
pub const PREFIX: &str = "__dp_load_";

/// A table, if it exists: oid and kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Existing {
    /// Its oid.
    pub oid: u32,
    /// `pg_class.relkind`.
    pub kind: char,
    /// Columns in order: name, and type as `format_type` has it.
    pub columns: Vec<(String, String)>,
}

/// Looks a table up.
pub async fn existing(session: &Session, relation: &Relation) -> Result<Option<Existing>> {
    let rows = session
        .query_typed(include_str!("table/existing.sql"), &[(&relation.to_string(), Type::TEXT)])
        .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let kind: String = get(first, 1)?;
    let mut columns = Vec::new();
    for row in &rows {
        if let (Some(name), Some(kind)) = (get(row, 2)?, get(row, 3)?) {
            columns.push((name, kind));
        }
    }
    Ok(Some(Existing { oid: get(first, 0)?, kind: kind.chars().next().unwrap_or(' '), columns }))
}

/// Makes the schema where it is missing. `create schema if not exists` alone would ask for the right to create one
/// even where it exists.
pub async fn prepare_schema(session: &Session, relation: &Relation) -> Result<()> {
    let Some(schema) = relation.schema.as_deref().filter(|schema| !schema.is_empty()) else { return Ok(()) };
    let sql = "select exists (select from pg_catalog.pg_namespace where nspname = $1)";
    let rows = session.query_typed(sql, &[(&schema, Type::TEXT)]).await?;
    if rows.first().map_or(Ok(false), |row| get(row, 0))? {
        return Ok(());
    }
    session.batch_execute(&format!("create schema if not exists {}", quote_identifier(schema))).await
}

/// Drops what loads that died have left in the schema. Only for the holder of the lock.
pub async fn drop_leftovers(session: &Session, relation: &Relation) -> Result<()> {
    let rows = session
        .query_typed(
            include_str!("table/leftovers.sql"),
            &[(&relation.schema_name(), Type::TEXT), (&PREFIX, Type::TEXT)],
        )
        .await?;
    for row in &rows {
        let name: String = get(row, 0)?;
        session.batch_execute(&format!("drop table if exists {}", relation.with_identifier(name))).await?;
    }
    Ok(())
}

/// The definition of a table's columns: the file's, all text, then stamps.
fn definition(columns: &[String], stamps: &[Stamp]) -> String {
    let texts = columns.iter().map(|name| format!("{} text", quote_identifier(name)));
    let stamps = stamps.iter().map(|stamp| format!("{} {}", stamp.name, stamp.kind));
    texts.chain(stamps).collect::<Vec<_>>().join("\n    , ")
}

/// Creates the table that readers see, if it does not exist, and adds columns it lacks.
pub async fn prepare(session: &Session, relation: &Relation, columns: &[String]) -> Result<()> {
    let Some(existing) = existing(session, relation).await? else {
        return session
            .batch_execute(&format!("create table {relation} (\n    {}\n)", definition(columns, &STAMPS)))
            .await;
    };
    let texts = columns.iter().map(|name| (name.as_str(), "text"));
    for (name, kind) in texts.chain(STAMPS.iter().map(|stamp| (stamp.name, stamp.kind))) {
        if !existing.columns.iter().any(|(known, _)| known == name) {
            let name = quote_identifier(name);
            session.batch_execute(&format!("alter table {relation} add column {name} {kind}")).await?;
        }
    }
    Ok(())
}

/// A table beside another.
#[derive(Clone, Debug)]
pub struct Beside {
    /// Its name.
    pub relation: Relation,
    /// The columns without stamps.
    pub columns: Vec<String>,
    filling: Filling,
}

/// What a table beside is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filling {
    /// It becomes the table itself, all rows of one file: what they share is added once they are there, as columns with
    /// a default, which costs no room in the rows and no time.
    OneFile,
    /// It becomes the table itself, with rows of several files.
    Files,
    /// Its rows are moved, and it goes.
    Passing,
}

impl Beside {
    /// Creates it, empty.
    pub async fn create(
        session: &Session,
        part: &Part,
        load: i64,
        columns: &[String],
        filling: Filling,
    ) -> Result<Self> {
        let relation = part.feed.relation.with_identifier(format!("{PREFIX}{load}"));
        let unlogged = if filling == Filling::Passing { "unlogged " } else { "" };
        let stamps = if filling == Filling::OneFile { &STAMPS[..OWN] } else { &STAMPS[..] };
        let definition = definition(columns, stamps);
        // The load alone writes it: no use in analyzing it while it grows.
        let sql = format!(
            "create {unlogged}table {relation} (\n    {definition}\n) with (autovacuum_enabled = false)"
        );
        session.batch_execute(&sql).await?;
        Ok(Self { relation, columns: columns.to_vec(), filling })
    }

    /// Whether the stamps come after the rows.
    pub fn is_stamped_last(&self) -> bool {
        self.filling == Filling::OneFile
    }

    /// Says what the rows of a file have in common: before they come, or after them where it is the only file.
    pub async fn stamp(
        &self,
        session: &Session,
        loaded_at: DateTime<Utc>,
        date: NaiveDate,
        file: &str,
    ) -> Result<()> {
        let loaded_at = loaded_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        let values = [loaded_at, date.to_string(), file.to_owned()];
        let settings = STAMPS[OWN..].iter().zip(&values).map(|(stamp, value)| {
            let (name, kind, value) = (stamp.name, stamp.kind, quote_literal(value));
            match self.filling {
                Filling::OneFile => format!("add column {name} {kind} default {value}::{kind}"),
                Filling::Files | Filling::Passing => {
                    format!("alter column {name} set default {value}::{kind}")
                }
            }
        });
        let settings = settings.collect::<Vec<_>>().join("\n    , ");
        session.batch_execute(&format!("alter table {}\n    {settings}", self.relation)).await
    }

    /// Takes the stamps' defaults and the load's settings away again, and gathers statistics, which readers of the new
    /// rows need at once. The larger the table, the less of the whole they cost, and the more they may.
    pub async fn finish(&self, session: &Session, rows: u64) -> Result<()> {
        let sql = include_str!("table/finish.sql")
            .replace("{beside}", &self.relation.to_string())
            .replace("{target}", &(rows / 20_000).clamp(50, 10_000).to_string());
        session.batch_execute(&sql).await
    }

    /// `copy … from stdin` for a file whose fields are `columns`.
    pub fn copy_statement(&self, columns: &[String]) -> String {
        let names = columns.iter().map(|name| quote_identifier(name)).collect::<Vec<_>>().join(", ");
        format!("copy {} ({names}, _line) from stdin", self.relation)
    }

    /// The columns and the stamps, quoted, in order.
    pub fn column_list(&self) -> String {
        let names = self.columns.iter().map(|name| quote_identifier(name));
        names.chain(STAMPS.iter().map(|stamp| stamp.name.to_owned())).collect::<Vec<_>>().join(", ")
    }

    /// Drops it.
    pub async fn drop(&self, session: &Session) -> Result<()> {
        session.batch_execute(&format!("drop table if exists {}", self.relation)).await
    }
}
