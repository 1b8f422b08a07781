//! Types and values of seeds, held against answers recorded from dbt Core 1.11: `fixtures/agate.jsonl` has one column of
//! a seed a line, with the type and the values that dbt made of it.

use ingest::seeds::Reader;
use platform_core::seed::{SeedOptions, SeedReader as _, SeedValue};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    values: Vec<String>,
    #[serde(rename = "type")]
    postgres: String,
    agate: String,
    rows: Vec<Option<String>>,
}

/// A value as Python's `str` prints it.
fn printed(value: SeedValue) -> Option<String> {
    match value {
        SeedValue::Null => None,
        SeedValue::Boolean(truth) => Some(if truth { "True" } else { "False" }.to_owned()),
        SeedValue::Number(text)
        | SeedValue::Date(text)
        | SeedValue::DateTime(text)
        | SeedValue::Text(text) => Some(text),
    }
}

#[test]
fn every_recorded_column_is_read_as_dbt_reads_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let recorded = include_str!("fixtures/agate.jsonl");
    let mut differences = Vec::new();
    let mut count = 0;
    for line in recorded.lines() {
        let case: Case = serde_json::from_str(line).expect("a case");
        let quoted = |value: &String| format!("\"{}\"\n", value.replace('"', "\"\""));
        let path = folder.path().join("seed.csv");
        std::fs::write(&path, format!("c\n{}", case.values.iter().map(quoted).collect::<String>()))
            .expect("writes");
        let table = Reader.open(&path, &SeedOptions::default()).expect("opens");
        let column = &table.columns()[0];
        let rows: Vec<Option<String>> =
            table.rows().map(|row| printed(row.expect("reads").remove(0))).collect();
        let found = (column.kind.postgres(), column.kind.agate(), rows);
        let expected = (case.postgres.as_str(), case.agate.as_str(), case.rows);
        if found != expected {
            differences.push(format!("{:?}: {found:?}, dbt says {expected:?}", case.values));
        }
        count += 1;
    }
    assert!(count > 900, "the recorded answers are there");
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}
