//! Reads what stands in a database: relations, columns, properties, rows, functions.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::Value;
use warehouse::Session;

use super::record::RelationRecord;

/// Schemas that are no part of a project: the system's, our own state, and the raw data both were given.
const LEFT_OUT: [&str; 4] = ["information_schema", "platform", "alerting", "raw"];

/// The moment the database has now, as text.
pub async fn now(session: &Session) -> anyhow::Result<String> {
    let outcome = session.run("set timezone to 'UTC'; select now()").await?;
    let rows = outcome.rows.unwrap_or_default();
    Ok(rows.first().unwrap_or_default().to_owned())
}

/// Every relation with its rows. Timestamps since `start` are the run's own, and read `<now>`.
pub async fn read(session: &Session, start: &str) -> anyhow::Result<BTreeMap<String, RelationRecord>> {
    session.run("set timezone to 'UTC'").await?;
    let left_out: Vec<&str> = LEFT_OUT.to_vec();
    let found = session.query(include_str!("relations.sql"), &[&left_out]).await?;
    let mut relations = BTreeMap::new();
    for row in found {
        let (schema, name): (String, String) = (warehouse::get(&row, 0)?, warehouse::get(&row, 1)?);
        let columns: Vec<Column> = parse(&warehouse::get::<String>(&row, 3)?)?;
        let rows = rows(session, &schema, &name, &columns, start).await?;
        let record = RelationRecord {
            kind: warehouse::get(&row, 2)?,
            columns: columns.iter().map(describe).collect(),
            properties: parse(&warehouse::get::<String>(&row, 4)?)?,
            rows,
        };
        relations.insert(format!("{schema}.{name}"), record);
    }
    Ok(relations)
}

/// Every function by its signature.
pub async fn functions(session: &Session) -> anyhow::Result<BTreeMap<String, String>> {
    let left_out: Vec<&str> = LEFT_OUT.to_vec();
    let found = session.query(include_str!("functions.sql"), &[&left_out]).await?;
    found.iter().map(|row| Ok((warehouse::get(row, 0)?, warehouse::get(row, 1)?))).collect()
}

/// Name, type, whether it must be there, default, comment.
type Column = (String, String, bool, Option<String>, Option<String>);

fn parse<T: serde::de::DeserializeOwned>(text: &str) -> anyhow::Result<T> {
    serde_json::from_str(text).context("failed to understand the catalog")
}

fn describe((name, kind, not_null, default, comment): &Column) -> String {
    let not_null = if *not_null { " not null" } else { "" };
    let default = default.as_ref().map(|default| format!(" default {default}")).unwrap_or_default();
    let comment = comment.as_ref().map(|comment| format!(" -- {comment}")).unwrap_or_default();
    format!("{name} {kind}{not_null}{default}{comment}")
}

async fn rows(
    session: &Session,
    schema: &str,
    name: &str,
    columns: &[Column],
    start: &str,
) -> anyhow::Result<Vec<String>> {
    let values: Vec<String> = columns.iter().map(|column| value(column, start)).collect();
    let sql = format!(
        "select json_build_array({})::text from {}.{}",
        values.join(", "),
        quote(schema),
        quote(name)
    );
    let outcome = session.run(&sql).await.with_context(|| format!("failed to read {schema}.{name}"))?;
    let found = outcome.rows.unwrap_or_default().rows;
    let mut rows: Vec<String> = found.into_iter().flatten().flatten().map(|row| settle(&row)).collect();
    rows.sort();
    Ok(rows)
}

/// A column as text; a moment of the run, which no two runs share, as `<now>`.
fn value((name, kind, ..): &Column, start: &str) -> String {
    let name = quote(name);
    let start = match kind.as_str() {
        kind if kind.starts_with("timestamp") && kind.ends_with("with time zone") => {
            format!("timestamptz '{start}'")
        }
        kind if kind.starts_with("timestamp") => format!("timestamptz '{start}' at time zone 'UTC'"),
        _ => return format!("{name}::text"),
    };
    format!(
        "case when {name} >= {start} and {name} < {start} + interval '1 day' then '<now>' else {name}::text end"
    )
}

/// A hash in a row with a moment of the run is a hash of that moment.
fn settle(row: &str) -> String {
    let Ok(Value::Array(values)) = serde_json::from_str(row) else { return row.to_owned() };
    if !values.iter().any(|value| value == "<now>") {
        return Value::Array(values).to_string();
    }
    let is_hash = |text: &str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let settled = values.into_iter().map(|value| match value {
        Value::String(text) if is_hash(&text) => Value::from("<hash of now>"),
        other => other,
    });
    Value::Array(settled.collect()).to_string()
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
