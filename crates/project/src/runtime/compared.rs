//! Cells of a unit test's rows as the texts that are compared and shown: what dbt makes of them, exactly.
//!
//! A number keeps its digits (`1.10` is not `1.1`), intervals and JSON are compared by what they say, whatever way they
//! are written.

use crate::runtime::cell;
use warehouse::ResultSet;

/// What a column's cells are, as far as their order and their look depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellKind {
    /// In the order of their letters.
    Text,
    /// In the order of numbers.
    Number,
    /// `True` and `False`.
    Boolean,
}

impl CellKind {
    fn of(oid: u32) -> Self {
        match oid {
            16 => Self::Boolean,
            20 | 21 | 23 | 26 | 700 | 701 | 1700 => Self::Number,
            _ => Self::Text,
        }
    }
}

/// The rows of a unit test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComparedRows {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// What each column holds.
    pub kinds: Vec<CellKind>,
    /// Cells; `None` is null.
    pub rows: Vec<Vec<Option<String>>>,
}

impl ComparedRows {
    /// Of a query's rows.
    pub fn of(result: &ResultSet) -> Self {
        let oids: Vec<u32> = result.columns.iter().map(|column| column.type_oid).collect();
        let row = |row: &Vec<Option<String>>| {
            row.iter()
                .zip(&oids)
                .map(|(cell, oid)| cell.as_deref().and_then(|it| compared(it, *oid)))
                .collect()
        };
        Self {
            columns: result.columns.iter().map(|column| column.name.clone()).collect(),
            kinds: oids.iter().map(|oid| CellKind::of(*oid)).collect(),
            rows: result.rows.iter().map(row).collect(),
        }
    }
}

/// A cell as templates print it; JSON's null is null.
fn compared(cell: &str, oid: u32) -> Option<String> {
    let value = cell::value(Some(cell), oid);
    (!value.is_none()).then(|| jinja::value::to_str(&value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(oid: u32, cells: &[(&str, &str)]) {
        for (cell, text) in cells {
            assert_eq!(compared(cell, oid).as_deref(), Some(*text), "{cell}");
        }
    }

    // The texts are dbt Core's.
    #[test]
    fn numbers_keep_their_digits() {
        let numeric = [
            ("1.10", "1.10"),
            ("-2.00", "-2.00"),
            ("100.000", "100.000"),
            ("100000000000000000000", "100000000000000000000"),
            ("0.000001", "0.000001"),
            ("0.00000010", "1.0E-7"),
            ("0.00", "0.00"),
            ("NaN", "NaN"),
            ("-Infinity", "-Infinity"),
        ];
        check(1700, &numeric);
        let floats = [
            ("2", "2.0"),
            ("1e+20", "1E+20"),
            ("1e-07", "1E-7"),
            ("1e-05", "0.00001"),
            ("1.2345678901234568e+17", "1.2345678901234568E+17"),
            ("1.5e+300", "1.5E+300"),
            ("-0", "-0.0"),
            ("Infinity", "Infinity"),
            ("NaN", "NaN"),
        ];
        check(701, &floats);
    }

    #[test]
    fn intervals_are_compared_by_their_length() {
        let intervals = [
            ("1 day", "1 day, 0:00:00"),
            ("24:00:00", "1 day, 0:00:00"),
            ("26:00:00", "1 day, 2:00:00"),
            ("1 mon 2 days 03:04:05.5", "32 days, 3:04:05.500000"),
            ("1 year 2 mons", "425 days, 0:00:00"),
            ("-01:00:00", "-1 day, 23:00:00"),
            ("-25:00:00.000001", "-2 days, 22:59:59.999999"),
            ("-1 days +02:00:00", "-1 day, 2:00:00"),
            ("00:00:00", "0:00:00"),
            ("P1D", "P1D"),
        ];
        check(1186, &intervals);
    }

    #[test]
    fn json_is_compared_by_what_it_says() {
        let documents = [
            (r#"{"a":1,  "b":[1,2.50]}"#, r#"{"a": 1, "b": [1, 2.5]}"#),
            (r#"{"a":1,"a":2}"#, r#"{"a": 2}"#),
            (r#""text""#, "text"),
            ("true", "True"),
            ("[ ]", "[]"),
            ("1.50", "1.5"),
            (
                r#"[1.10, 1e3, 12345678901234567890, "\u00e9"]"#,
                r#"[1.1, 1000.0, 12345678901234567890, "\u00e9"]"#,
            ),
            ("[123456789012345678901 ]", "[123456789012345678901 ]"),
        ];
        check(114, &documents);
        assert_eq!(compared("null", 3802), None);
    }

    #[test]
    fn times_have_all_their_digits() {
        check(1083, &[("12:00:00", "12:00:00"), ("12:00:00.5", "12:00:00.500000")]);
        check(1266, &[("12:00:00.5+02", "12:00:00.500000+02:00"), ("12:00:00-03:30", "12:00:00-03:30")]);
        check(1114, &[("2026-01-01 12:00:00.5", "2026-01-01 12:00:00.500000"), ("infinity", "infinity")]);
        check(16, &[("t", "True"), ("f", "False")]);
    }
}
