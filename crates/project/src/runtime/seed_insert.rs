//! Seeds in tables that COPY would fill otherwise than dbt does: their columns are of other types than the file's, are
//! generated, or rules stand in between. There the rows are sent as dbt sends them, as literals of `insert`: `1.5` goes
//! into an integer as 2, `true` doesn't go at all.

use crate::runtime::connection::{Connection, Refused};
use crate::runtime::seed::unread;
use jinja::HostError;
use platform_core::relation::quote_literal;
use platform_core::seed::{SeedColumn, SeedError, SeedIterator, SeedType, SeedValue};
use std::fmt::Write as _;

/// Rows of one statement, as in dbt.
const ROWS: usize = 10_000;

/// Whether a table takes a seed's rows by COPY as it would by `insert`. A table that isn't there does: COPY says so.
pub(super) fn copies(
    connection: &Connection,
    relation: &str,
    columns: &[SeedColumn],
) -> Result<bool, HostError> {
    let sql = include_str!("seed_insert/columns.sql").replace("{relation}", &quote_literal(relation));
    let found = connection.run(&sql)?.rows.unwrap_or_default();
    let text = |row: usize, at: usize| found.rows.get(row).and_then(|it| it.get(at)?.as_deref());
    let named = |name: &str| (0..found.rows.len()).find(|row| text(*row, 0) == Some(name));
    Ok(columns.iter().all(|column| {
        let Some(row) = named(&column.name).or_else(|| named(&column.name.to_lowercase())) else {
            return true;
        };
        text(row, 2) == Some("false") && own_type(column.kind).is_none_or(|own| text(row, 1) == Some(own))
    }))
}

/// The type of a column that its values are in the file; a text is read by the type of the column, whatever it is.
fn own_type(kind: SeedType) -> Option<&'static str> {
    match kind {
        SeedType::Text => None,
        SeedType::Float => Some("double precision"),
        other => Some(other.postgres()),
    }
}

/// Sends rows as literals.
pub(super) fn insert(
    connection: &Connection,
    relation: &str,
    columns: &str,
    rows: SeedIterator<'_, Vec<SeedValue>>,
) -> Result<(), HostError> {
    let head = format!("insert into {relation} ({columns}) values\n");
    let mut sql = head.clone();
    let mut count = 0;
    let send = |sql: &str| connection.run(sql).map(drop).map_err(|refused: Refused| HostError::from(refused));
    for row in rows {
        let row = row.map_err(|error: SeedError| unread(&error))?;
        sql.push_str(if count > 0 { ",\n(" } else { "(" });
        for (at, value) in row.iter().enumerate() {
            put(&mut sql, at, value);
        }
        sql.push(')');
        count += 1;
        if count == ROWS {
            send(&sql)?;
            sql.clone_from(&head);
            count = 0;
        }
    }
    if count > 0 { send(&sql) } else { Ok(()) }
}

/// One literal, of the type that dbt's driver gives it.
fn put(sql: &mut String, at: usize, value: &SeedValue) {
    if at > 0 {
        sql.push_str(", ");
    }
    // Writing to a text cannot fail.
    let _ = match value {
        SeedValue::Null => write!(sql, "null"),
        SeedValue::Boolean(truth) => write!(sql, "{truth}"),
        SeedValue::Number(digits) if digits.ends_with(|last: char| last.is_ascii_digit()) => {
            write!(sql, "{digits}")
        }
        SeedValue::Number(word) => write!(sql, "{}::numeric", quote_literal(word)),
        SeedValue::Date(text) => write!(sql, "{}::date", quote_literal(text)),
        SeedValue::DateTime(text) if has_offset(text) => write!(sql, "{}::timestamptz", quote_literal(text)),
        SeedValue::DateTime(text) => write!(sql, "{}::timestamp", quote_literal(text)),
        SeedValue::Text(text) => write!(sql, "{}", quote_literal(text)),
    };
}

/// Whether a moment, written as `2020-01-31 10:11:12+02:00`, has an offset.
fn has_offset(text: &str) -> bool {
    text.rsplit_once(' ').is_some_and(|(_, time)| time.contains(['+', '-']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_of_the_types_of_dbts_driver() {
        let row = [
            SeedValue::Null,
            SeedValue::Boolean(true),
            SeedValue::Number("-1.50".to_owned()),
            SeedValue::Number("1E+5".to_owned()),
            SeedValue::Number("NaN".to_owned()),
            SeedValue::Date("2024-01-31".to_owned()),
            SeedValue::DateTime("2024-01-31 10:11:12.000001".to_owned()),
            SeedValue::DateTime("2024-01-31 10:11:12-02:00".to_owned()),
            SeedValue::Text("it's".to_owned()),
        ];
        let mut sql = String::new();
        row.iter().enumerate().for_each(|(at, value)| put(&mut sql, at, value));
        let expected = "null, true, -1.50, 1E+5, 'NaN'::numeric, '2024-01-31'::date, \
                        '2024-01-31 10:11:12.000001'::timestamp, '2024-01-31 10:11:12-02:00'::timestamptz, 'it''s'";
        assert_eq!(sql, expected);
    }
}
