//! A table as text: drawn, as CSV, as JSON.

use super::{Row, Table};
use crate::runtime::data_type;
use jinja::Value;
use std::sync::Arc;

/// How much of a table is drawn: agate's defaults, [`usize::MAX`] for all.
#[derive(Clone, Copy, Debug)]
pub struct Drawing {
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// Characters of a cell.
    pub width: usize,
    /// Digits behind the point.
    pub places: usize,
}

impl Default for Drawing {
    fn default() -> Self {
        Self { rows: 20, columns: 6, width: 20, places: 3 }
    }
}

impl Table {
    /// Rows as objects by column, for `--output json`.
    pub fn to_json(&self) -> serde_json::Value {
        let row = |row: &Arc<Row>| {
            let pairs = self.names.iter().zip(&row.values);
            let cells = pairs.map(|(name, value)| (name.to_string(), data_type::json(value)));
            serde_json::Value::Object(cells.collect())
        };
        serde_json::Value::Array(self.rows.iter().map(row).collect())
    }

    /// How many digits behind the point the numbers of a column have, if it has fractions.
    fn places(&self, at: usize) -> Option<usize> {
        let places = |row: &Arc<Row>| {
            let normalized = jinja::value::format(&row.values[at], "f").unwrap_or_default();
            let digits = normalized.split_once('.').map_or("", |(_, digits)| digits);
            digits.trim_end_matches('0').len()
        };
        let rows = self.rows.iter().filter(|row| !row.values[at].is_none());
        (self.types[at] == "Number").then(|| rows.map(places).max().unwrap_or(0))
    }

    /// Lines as agate's `print_table` draws them.
    pub fn drawn(&self, drawing: &Drawing) -> String {
        let shown = self.names.len().min(drawing.columns);
        let short = |text: String| {
            if text.chars().count() <= drawing.width {
                return text;
            }
            text.chars().take(drawing.width.saturating_sub(3)).collect::<String>() + "..."
        };
        let places: Vec<Option<usize>> = (0..shown).map(|at| self.places(at)).collect();
        let cell = |(at, value): (usize, &Value)| {
            let text = match places[at] {
                _ if value.is_none() => String::new(),
                Some(places) => number(value, places, drawing.places),
                None => value.to_string(),
            };
            short(text)
        };
        let names: Vec<String> = self.names.iter().take(shown).map(|name| short(name.to_string())).collect();
        let rows: Vec<Vec<String>> = self
            .rows
            .iter()
            .take(drawing.rows)
            .map(|row| row.values.iter().take(shown).enumerate().map(cell).collect())
            .collect();
        let width = |at: usize| {
            let cells = rows.iter().map(|row| row[at].chars().count());
            cells.chain([names[at].chars().count()]).max().unwrap_or(0)
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
        let mut out = line((0..shown).map(|at| padded(at, &names[at])).collect(), "...");
        out += &line(widths.iter().map(|width| "-".repeat(*width)).collect(), "---");
        for row in &rows {
            out += &line(row.iter().enumerate().map(|(at, text)| padded(at, text)).collect(), "...");
        }
        if self.rows.len() > drawing.rows {
            out += &line((0..shown).map(|at| padded(at, "...")).collect(), "...");
        }
        out
    }

    /// Names and types of the columns, drawn as agate's `print_structure` does.
    pub(super) fn structure(&self, max_rows: usize) -> String {
        let pairs = self.names.iter().zip(&self.types);
        let rows = pairs.map(|(name, data_type)| vec![Value::from(&**name), Value::from(*data_type)]);
        let names = vec!["column".to_owned(), "data_type".to_owned()];
        Self::new(names, rows.collect()).drawn(&Drawing { rows: max_rows, ..Drawing::default() })
    }

    /// JSON as agate writes it: a list, a dictionary by a column, or a line for each row.
    pub(super) fn json_text(&self, key: Option<&str>, lines: bool, indent: Option<usize>) -> String {
        let layout = jinja::value::Layout {
            indent: indent.map(|width| " ".repeat(width)),
            ..jinja::value::Layout::default()
        };
        let text = |json: &serde_json::Value| {
            let value = jinja::value::from_json(json);
            jinja::value::dumps(&value, &layout).unwrap_or_else(|_| json.to_string())
        };
        let json = self.to_json();
        let rows = json.as_array().map(Vec::as_slice).unwrap_or_default();
        match key {
            Some(key) => {
                let name = |row: &serde_json::Value| match &row[key] {
                    serde_json::Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                text(&serde_json::Value::Object(rows.iter().map(|row| (name(row), row.clone())).collect()))
            }
            None if lines => rows.iter().map(text).collect::<Vec<_>>().join("\n"),
            None => text(&json),
        }
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
        let header = self.names.iter().map(|name| field(name.to_string())).collect::<Vec<_>>();
        let cell = |value: &Value| field(data_type::csv(value).unwrap_or_default());
        let rows = self.rows.iter().map(|row| row.values.iter().map(cell).collect());
        std::iter::once(header).chain(rows).map(|fields: Vec<String>| fields.join(",") + "\n").collect()
    }
}

/// A number of a drawn table: thousands in groups, and `…` behind it where the column has more digits than shown.
fn number(value: &Value, places: usize, most: usize) -> String {
    let text = jinja::value::format(value, &format!(",.{}f", places.min(most)));
    let text = text.unwrap_or_else(|_| value.to_string());
    if places > most { text + "…" } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::cell;

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
        assert_eq!(table.drawn(&Drawing::default()), drawn);
        assert_eq!(table.to_json().to_string(), r#"[{"a":1.1,"b":3.14159},{"a":2000.0,"b":-1234.5678}]"#);
        let first = "|       a | ... |\n| ------- | --- |\n|     1.1 | ... |\n| 2,000.0 | ... |\n";
        assert_eq!(table.drawn(&Drawing { columns: 1, ..Drawing::default() }), first);
    }

    #[test]
    fn a_table_is_drawn_as_agate_draws_it() {
        let table =
            Table::new(vec!["id".into(), "name".into()], vec![vec![Value::from(1), Value::from("x")]]);
        assert_eq!(table.drawn(&Drawing::default()), "| id | name |\n| -- | ---- |\n|  1 | x    |\n");
    }

    #[test]
    fn csv_is_as_agate_writes_it() {
        let cells = [("1.10", 1700), ("t", 16), ("2020-01-01 10:00:00", 1114), ("a,\"b", 25)];
        let row = cells.iter().map(|(text, oid)| cell::value(Some(text), *oid)).collect();
        let names = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        let csv = Table::new(names, vec![row]).csv();
        assert_eq!(csv, "a,b,c,d\n1.10,True,2020-01-01T10:00:00,\"a,\"\"b\"\n");
    }

    #[test]
    fn cells_are_as_wide_and_as_precise_as_asked() {
        let row = vec![cell::value(Some("1234.56789"), 1700), Value::from("a long text"), Value::from(1)];
        let table = Table::new(["n", "text", "i"].map(str::to_owned).to_vec(), vec![row.clone(), row]);
        let narrow = Drawing { rows: 1, width: 8, places: 0, ..Drawing::default() };
        let drawn = "|      n | text     | i |\n| ------ | -------- | - |\n\
                     | 1,235… | a lon... | 1 |\n|    ... | ...      | ... |\n";
        assert_eq!(table.drawn(&narrow), drawn);
        let whole = Drawing { places: usize::MAX, width: usize::MAX, ..Drawing::default() };
        assert!(table.drawn(&whole).contains("| 1,234.56789 | a long text | 1 |"));
        assert_eq!(
            table.structure(2),
            "| column | data_type |\n| ------ | --------- |\n| n      | Number    |\n\
                                        | text   | Text      |\n| ...    | ...       |\n"
        );
    }

    #[test]
    fn json_is_a_list_a_dictionary_or_lines() {
        let table = Table::new(vec!["a".into()], vec![vec![Value::from(1)], vec![Value::from(2)]]);
        assert_eq!(table.json_text(None, false, None), r#"[{"a": 1}, {"a": 2}]"#);
        assert_eq!(table.json_text(Some("a"), false, None), r#"{"1": {"a": 1}, "2": {"a": 2}}"#);
        assert_eq!(table.json_text(None, true, None), "{\"a\": 1}\n{\"a\": 2}");
        assert!(table.json_text(None, false, Some(2)).starts_with("[\n  {\n    \"a\": 1\n"));
    }
}
