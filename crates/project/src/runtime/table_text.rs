//! A table as text: drawn, as CSV, as JSON.

use super::table::{Row, Table};
use jinja::Value;
use std::sync::Arc;

impl Table {
    /// Rows as objects by column, for `--output json`.
    pub fn to_json(&self) -> serde_json::Value {
        let cell = |value: &Value| match &*jinja::value::type_name(value) {
            "datetime.datetime" => jinja::value::to_str(value).replacen(' ', "T", 1).into(),
            _ => jinja::value::to_json(value).unwrap_or_default(),
        };
        let row = |row: &Arc<Row>| {
            let pairs = self.names.iter().zip(&row.values);
            serde_json::Value::Object(pairs.map(|(name, value)| (name.to_string(), cell(value))).collect())
        };
        serde_json::Value::Array(self.rows.iter().map(row).collect())
    }

    /// How many digits behind the point numbers with a fraction are drawn with, if the column has such; one more than
    /// [`MOST_PLACES`] for more.
    fn places(&self, at: usize) -> Option<usize> {
        let places = |row: &Arc<Row>| {
            let normalized = jinja::value::format(&row.values[at], "f").unwrap_or_default();
            let digits = normalized.split_once('.').map_or("", |(_, digits)| digits);
            digits.trim_end_matches('0').len()
        };
        let rows = self.rows.iter().filter(|row| !row.values[at].is_none());
        (self.types[at] == "Number").then(|| rows.map(places).max().unwrap_or(0).min(MOST_PLACES + 1))
    }

    /// Lines as agate's `print_table` draws them.
    pub fn drawn(&self, max_rows: usize, max_columns: usize) -> String {
        let shown = self.names.len().min(max_columns);
        let places: Vec<Option<usize>> = (0..shown).map(|at| self.places(at)).collect();
        let cell = |(at, value): (usize, &Value)| {
            let text = match places[at] {
                _ if value.is_none() => String::new(),
                Some(places) => number(value, places),
                None => value.to_string(),
            };
            if text.chars().count() > 20 { text.chars().take(17).collect::<String>() + "..." } else { text }
        };
        let rows: Vec<Vec<String>> = self
            .rows
            .iter()
            .take(max_rows)
            .map(|row| row.values.iter().take(shown).enumerate().map(cell).collect())
            .collect();
        let width = |at: usize| {
            let cells = rows.iter().map(|row| row[at].chars().count());
            cells.chain([self.names[at].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..shown).map(width).collect();
        let line = |mut cells: Vec<String>, more: &str| {
            if shown < self.names.len() {
                cells.push(more.to_owned());
            }
            format!("| {} |\n", cells.join(" | "))
        };
        let padded = |at: usize, text: &str| match self.types[at] {
            "Text" => format!("{text:<0$}", widths[at]),
            _ => format!("{text:>0$}", widths[at]),
        };
        let mut out = line((0..shown).map(|at| padded(at, &self.names[at])).collect(), "...");
        out += &line(widths.iter().map(|width| "-".repeat(*width)).collect(), "---");
        for row in &rows {
            out += &line(row.iter().enumerate().map(|(at, text)| padded(at, text)).collect(), "...");
        }
        if self.rows.len() > max_rows {
            out += &line(widths.iter().map(|width| format!("{:<1$}", "...", *width)).collect(), "...");
        }
        out
    }

    /// JSON as agate writes it.
    pub(super) fn json_text(&self) -> String {
        let json = self.to_json();
        let value = jinja::value::from_json(&json);
        jinja::value::dumps(&value, &jinja::value::Layout::default()).unwrap_or_else(|_| json.to_string())
    }

    /// CSV as agate writes it.
    pub(super) fn csv(&self) -> String {
        let field = |text: String| {
            if text.contains([',', '"', '\n', '\r']) {
                format!("\"{}\"", text.replace('"', "\"\""))
            } else {
                text
            }
        };
        let cell = |value: &Value| match &*jinja::value::type_name(value) {
            "NoneType" => String::new(),
            "datetime.datetime" => jinja::value::to_str(value).replacen(' ', "T", 1),
            _ => jinja::value::to_str(value),
        };
        let header = self.names.iter().map(|name| field(name.to_string())).collect::<Vec<_>>();
        let rows = self.rows.iter().map(|row| row.values.iter().map(|value| field(cell(value))).collect());
        std::iter::once(header).chain(rows).map(|fields: Vec<String>| fields.join(",") + "\n").collect()
    }
}

/// Digits behind the point that a drawn table shows.
const MOST_PLACES: usize = 3;

/// A number of a drawn table: thousands in groups, and `…` behind it where the column has more digits than shown.
fn number(value: &Value, places: usize) -> String {
    let text = jinja::value::format(value, &format!(",.{}f", places.min(MOST_PLACES)));
    let text = text.unwrap_or_else(|_| value.to_string());
    if places > MOST_PLACES { text + "…" } else { text }
}

#[cfg(test)]
mod tests {
    use super::super::cell;
    use super::*;

    #[test]
    fn days_and_moments_have_types_and_json() {
        let (day, moment) =
            (cell::value(Some("2024-01-02"), 1082), cell::value(Some("2024-01-02 03:04:05.5+00"), 1184));
        let table = Table::new(vec!["d".into(), "m".into()], vec![vec![day, moment]]);
        assert_eq!(&table.types[..], ["Date", "DateTime"]);
        assert_eq!(
            table.to_json().to_string(),
            r#"[{"d":"2024-01-02","m":"2024-01-02T03:04:05.500000+00:00"}]"#
        );
    }

    #[test]
    fn fractions_are_drawn_as_agate_draws_them() {
        let column = |cells: &[&str]| cells.iter().map(|it| cell::value(Some(it), 1700)).collect::<Vec<_>>();
        let (a, b) = (column(&["1.10", "2000"]), column(&["3.14159", "-1234.5678"]));
        let rows = a.into_iter().zip(b).map(|(a, b)| vec![a, b]).collect();
        let table = Table::new(vec!["a".into(), "b".into()], rows);
        let drawn = "|       a |           b |\n| ------- | ----------- |\n\
                     |     1.1 |      3.142… |\n| 2,000.0 | -1,234.568… |\n";
        assert_eq!(table.drawn(20, 6), drawn);
        assert_eq!(table.to_json().to_string(), r#"[{"a":1.1,"b":3.14159},{"a":2000.0,"b":-1234.5678}]"#);
        let first = "|       a | ... |\n| ------- | --- |\n|     1.1 | ... |\n| 2,000.0 | ... |\n";
        assert_eq!(table.drawn(20, 1), first);
    }

    #[test]
    fn a_table_is_drawn_as_agate_draws_it() {
        let table =
            Table::new(vec!["id".into(), "name".into()], vec![vec![Value::from(1), Value::from("x")]]);
        assert_eq!(table.drawn(20, 6), "| id | name |\n| -- | ---- |\n|  1 | x    |\n");
    }

    #[test]
    fn csv_is_as_agate_writes_it() {
        let cells = [("1.10", 1700), ("t", 16), ("2020-01-01 10:00:00", 1114), ("a,\"b", 25)];
        let row = cells.iter().map(|(text, oid)| cell::value(Some(text), *oid)).collect();
        let names = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        let csv = Table::new(names, vec![row]).csv();
        assert_eq!(csv, "a,b,c,d\n1.10,True,2020-01-01T10:00:00,\"a,\"\"b\"\n");
    }
}
