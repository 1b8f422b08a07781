//! Append and upsert: the rows of a full table move into the one that readers see.
//!
//! They go by way of a table beside, as a full dump does, though every row is written twice: a file that turns out bad at its
//! last line has then touched nothing, and rows can be held against each other before they count.

use super::table::Beside;
use crate::Result;
use crate::feed::Feed;
use crate::stamps::STAMPS;
use platform_core::Relation;
use platform_core::relation::quote_identifier;
use warehouse::types::Type;
use warehouse::{Session, get};

/// A row that another of the same drop has the key of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Superseded {
    /// File of the row.
    pub file: String,
    /// Its line.
    pub line: u64,
    /// File of the row that is kept.
    pub kept_file: String,
    /// Line of the row that is kept.
    pub kept_line: u64,
}

fn quoted(names: &[String], prefix: &str) -> Vec<String> {
    names.iter().map(|name| format!("{prefix}{}", quote_identifier(name))).collect()
}

/// Takes rows out of the table beside whose key comes again later in the drop; the last one stays.
pub async fn take_superseded(session: &Session, feed: &Feed, beside: &Beside) -> Result<Vec<Superseded>> {
    let sql = include_str!("apply/superseded.sql")
        .replace("{beside}", &beside.relation.to_string())
        .replace("{key}", &quoted(&feed.key, "").join(", "));
    let rows = session.query_typed(&sql, &[]).await?;
    let line = |line: i64| u64::try_from(line).unwrap_or_default();
    let superseded = rows.iter().map(|row| {
        Ok(Superseded {
            file: get(row, 0)?,
            line: line(get(row, 1)?),
            kept_file: get(row, 2)?,
            kept_line: line(get(row, 3)?),
        })
    });
    Ok(superseded.collect::<warehouse::Result<_>>()?)
}

/// Adds rows. Rows that the same files brought before are taken out: a corrected file takes its own place.
pub async fn append(session: &Session, table: &Relation, beside: &Beside, files: &[&str]) -> Result<u64> {
    let sql = format!("delete from {table} where _file = any($1)");
    session.query_typed(&sql, &[(&files, Type::TEXT_ARRAY)]).await?;
    let columns = beside.column_list();
    let sql = format!("insert into {table} ({columns}) select {columns} from {}", beside.relation);
    Ok(session.execute(&sql, &[]).await?)
}

/// Adds rows with a new key and updates those with a known one. Gives the number of rows.
pub async fn upsert(session: &Session, table: &Relation, feed: &Feed, beside: &Beside) -> Result<u64> {
    let key = quoted(&feed.key, "").join(", ");
    let columns = beside.column_list();
    let stamps = STAMPS.iter().map(|stamp| stamp.name.to_owned());
    let changing =
        beside.columns.iter().filter(|name| !feed.key.contains(name)).map(|name| quote_identifier(name));
    let settings: Vec<String> =
        changing.chain(stamps).map(|name| format!("{name} = excluded.{name}")).collect();
    let sql = include_str!("apply/upsert.sql")
        .replace("{table}", &table.to_string())
        .replace("{beside}", &beside.relation.to_string())
        .replace("{columns}", &columns)
        .replace("{key}", &key)
        .replace("{settings}", &settings.join("\n    , "));
    Ok(session.execute(&sql, &[]).await?)
}

/// Makes the unique index that an upsert needs, where the table has none on the key.
pub async fn prepare_key(session: &Session, table: &Relation, feed: &Feed) -> Result<()> {
    let sql = include_str!("apply/has_key.sql");
    let rows =
        session.query_typed(sql, &[(&table.to_string(), Type::TEXT), (&feed.key, Type::TEXT_ARRAY)]).await?;
    if rows.first().map_or(Ok(false), |row| get(row, 0))? {
        return Ok(());
    }
    let name = quote_identifier(&super::beside(table.identifier_name(), "__key"));
    let key = quoted(&feed.key, "").join(", ");
    Ok(session.batch_execute(&format!("create unique index {name} on {table} ({key})")).await?)
}
