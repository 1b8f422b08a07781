//! Rows of a catalog that a macro of the project gave.

use super::{CatalogColumn, CatalogRow, Size, Statistic, TableMetadata};
use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// The rows of a table of `get_catalog` or `get_catalog_relations`, as objects by column: `table_name`, `column_type`,
/// `stats:row_count:value` and the like. Those of another database are left out. How large a relation is no macro
/// tells, so that is taken from rows that the database gave.
///
/// # Errors
///
/// What is missing in a row, or isn't what it has to be.
pub fn rows(given: &Value, database: &str, known: Vec<CatalogRow>) -> Result<Vec<CatalogRow>, String> {
    let key = |table: &TableMetadata| (table.schema.to_lowercase(), table.name.to_lowercase());
    let sizes: HashMap<_, Size> = known.into_iter().map(|row| (key(&row.table), row.size)).collect();
    let objects = given.as_array().into_iter().flatten().filter_map(Value::as_object);
    let ours =
        objects.filter(|row| text(row, "table_database").is_some_and(|it| it.eq_ignore_ascii_case(database)));
    ours.map(|row| {
        let mut read = self::row(row)?;
        read.size = sizes.get(&key(&read.table)).cloned().unwrap_or_default();
        Ok(read)
    })
    .collect()
}

fn row(row: &Map<String, Value>) -> Result<CatalogRow, String> {
    let must = |name: &str| text(row, name).ok_or_else(|| format!("a row of the catalog has no `{name}`"));
    let index = must("column_index")?;
    let whole = index.parse::<f64>().ok().filter(|it| it.fract() == 0.0).map(|_| &*index);
    let index = whole.and_then(|it| it.split('.').next()?.parse().ok());
    let column = CatalogColumn {
        data_type: must("column_type")?,
        index: index.ok_or("`column_index` in a row of the catalog is no whole number")?,
        name: must("column_name")?,
        comment: text(row, "column_comment"),
    };
    let table = TableMetadata {
        kind: must("table_type")?,
        schema: must("table_schema")?,
        name: must("table_name")?,
        database: must("table_database")?,
        comment: text(row, "table_comment"),
        owner: text(row, "table_owner"),
    };
    Ok(CatalogRow { table, column: Some(column), size: Size::default(), stats: statistics(row)? })
}

/// `stats:<id>:<part>`: each statistic has a label, a value, a description, and whether pages show it.
fn statistics(row: &Map<String, Value>) -> Result<IndexMap<String, Statistic>, String> {
    let ids = row.keys().filter_map(|name| name.strip_prefix("stats:")?.strip_suffix(":label"));
    ids.map(|id| {
        let part = |part: &str| row.get(&format!("stats:{id}:{part}"));
        let must =
            |name: &str| part(name).ok_or_else(|| format!("statistic `{id}` of the catalog has no `{name}`"));
        let words =
            |name: &str| must(name).map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned));
        let statistic = Statistic {
            id: id.to_owned(),
            label: words("label")?,
            value: must("value")?.clone(),
            include: must("include")?.as_bool().unwrap_or(false),
            description: words("description")?,
        };
        Ok((id.to_owned(), statistic))
    })
    .collect()
}

/// A value as text; nothing of null.
fn text(row: &Map<String, Value>, name: &str) -> Option<String> {
    match row.get(name)? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
