//! How the rows of a unit test differ from those expected, as a table of rows.

use serde_json::{Map, Value};

/// The column that tells actual rows from expected ones.
const SIDE: &str = "actual_or_expected";

/// Number of differing rows and the table of them; `None` if there are none. Order does not count, repetition does.
pub fn between(rows: &[Value]) -> Option<(i64, String)> {
    let side = |wanted: &str| -> Vec<Map<String, Value>> {
        rows.iter()
            .filter_map(Value::as_object)
            .filter(|row| row.get(SIDE).and_then(Value::as_str) == Some(wanted))
            .map(|row| {
                row.iter()
                    .filter(|(key, _)| *key != SIDE)
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect()
            })
            .collect()
    };
    let (actual, mut expected) = (side("actual"), side("expected"));
    let names: Vec<String> = actual.iter().chain(&expected).next()?.keys().cloned().collect();
    let mut unexpected = Vec::new();
    for row in actual {
        match expected.iter().position(|wanted| *wanted == row) {
            Some(at) => drop(expected.remove(at)),
            None => unexpected.push(row),
        }
    }
    if unexpected.is_empty() && expected.is_empty() {
        return None;
    }
    let line = |mark: &str, row: &Map<String, Value>| {
        let cells = row.values().map(|value| match value {
            Value::Null => "NULL".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        std::iter::once(mark.to_owned()).chain(cells).collect::<Vec<_>>()
    };
    let mut table = vec![std::iter::once("@@".to_owned()).chain(names).collect::<Vec<_>>()];
    table.extend(unexpected.iter().map(|row| line("+++", row)));
    table.extend(expected.iter().map(|row| line("---", row)));
    let rows = i64::try_from(table.len() - 1).unwrap_or(i64::MAX);
    Some((rows, format!("\n\nactual differs from expected:\n\n{}\n", aligned(&table))))
}

fn aligned(table: &[Vec<String>]) -> String {
    let columns = table.first().map_or(0, Vec::len);
    let width = |at: usize| {
        table.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let lines = table.iter().map(|row| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join(",").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn order_does_not_count_and_repetition_does() {
        let row = |id: i64, side: &str| json!({"id": id, "actual_or_expected": side});
        assert_eq!(
            between(&[row(1, "actual"), row(2, "actual"), row(2, "expected"), row(1, "expected")]),
            None
        );
        let (count, text) =
            between(&[row(1, "actual"), row(1, "actual"), row(1, "expected"), row(3, "expected")])
                .expect("differ");
        assert_eq!(count, 2);
        assert_eq!(text, "\n\nactual differs from expected:\n\n@@ ,id\n+++,1\n---,3\n");
    }

    #[test]
    fn nothing_and_nothing_are_the_same() {
        assert_eq!(between(&[]), None);
    }
}
