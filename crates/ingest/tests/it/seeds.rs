//! Whole seeds in a real Postgres, held against what dbt Core 1.11 made of the same files: `fixtures/seeds.jsonl` has a
//! file a line (its bytes in hexadecimal), with the columns and rows of the table, or without where dbt failed.

use crate::world::World;
use ingest::seeds::Reader;
use platform_core::relation::quote_identifier;
use platform_core::seed::{SeedOptions, SeedReader as _, SeedTable};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Case {
    name: String,
    hex: String,
    #[serde(default)]
    text_columns: Vec<String>,
    delimiter: Option<char>,
    zone: String,
    columns: Option<String>,
    rows: Option<Value>,
}

/// The `column_types` under which the case `types_given` was recorded.
const GIVEN: [(&str, &str); 3] = [("d", "varchar(10)"), ("f", "bigint"), ("g", "timestamp")];

/// Loads a seed as the materialization does; types in `given` are the project's.
pub async fn load(
    world: &World,
    table: &dyn SeedTable,
    zone: &str,
    given: &[(&str, &str)],
) -> Result<(), String> {
    let kind = |name: &str, kind: &'static str| {
        given
            .iter()
            .find(|(column, _)| *column == name)
            .map_or(kind.to_owned(), |(_, kind)| (*kind).to_owned())
    };
    let columns: Vec<String> = table
        .columns()
        .iter()
        .map(|column| {
            format!("{} {}", quote_identifier(&column.name), kind(&column.name, column.kind.postgres()))
        })
        .collect();
    let session = world.warehouse.get().await.expect("a session");
    let create = format!("drop table if exists seed; create table seed ({})", columns.join(", "));
    session.batch_execute(&create).await.map_err(|error| error.to_string())?;
    let mut sink = session.copy_in("copy seed from stdin").await.map_err(|error| error.to_string())?;
    for piece in table.copy_data(zone) {
        sink.send(piece.map_err(|error| error.to_string())?.into())
            .await
            .map_err(|error| error.to_string())?;
    }
    let rows = sink.finish().await.map_err(|error| error.to_string())?;
    assert_eq!(rows, table.row_count());
    assert_eq!(table.rows().count() as u64, rows, "values and COPY data have the same rows");
    Ok(())
}

#[tokio::test]
async fn every_recorded_file_becomes_the_table_that_dbt_makes() {
    let world = World::new(Vec::new()).await;
    let mut differences = Vec::new();
    let mut refused = Vec::new();
    for line in include_str!("fixtures/seeds.jsonl").lines() {
        let case: Case = serde_json::from_str(line).expect("a case");
        let path = world.path(&format!("{}.csv", case.name));
        std::fs::write(&path, hex::decode(&case.hex).expect("bytes")).expect("writes");
        let options =
            SeedOptions { delimiter: case.delimiter.unwrap_or(','), text_columns: case.text_columns.clone() };
        let loaded = match Reader.open(&path, &options) {
            Ok(table) => {
                let given: &[_] = if case.text_columns.is_empty() { &[] } else { &GIVEN };
                load(&world, &*table, &case.zone, given).await
            }
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = &loaded {
            refused.push(format!("{}: {}", case.name, error.replace(&path.display().to_string(), "FILE")));
        }
        if loaded.is_err() || case.rows.is_none() {
            if loaded.is_err() != case.rows.is_none() {
                differences.push(format!(
                    "{}: {loaded:?}, dbt made rows: {}",
                    case.name,
                    case.rows.is_some()
                ));
            }
            continue;
        }
        let columns = world.rows(include_str!("fixtures/columns.sql")).await;
        let rows = world.rows("select coalesce(json_agg(to_json(seed))::text, '[]') from seed").await;
        let rows: Value = serde_json::from_str(&rows).expect("JSON");
        if Some(&columns) != case.columns.as_ref() || Some(&rows) != case.rows.as_ref() {
            differences
                .push(format!("{}: {columns} {rows}\n  dbt: {:?} {:?}", case.name, case.columns, case.rows));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    insta::assert_snapshot!(refused.join("\n"), @r#"
    beyond_decimals: value "1000000000000000000000000000" is out of range for type integer (22003)
    beyond_integer: value "3000000000" is out of range for type integer (22003)
    blank_start: FILE:1: the first line is empty
    hint: it must name the columns
    empty: FILE:1: the seed is empty
    hint: its first line must name the columns
    long: FILE:2: Row 0 has 3 values, but Table only has 2 columns.
    hint: quote values that have the delimiter in them
    nan_in_integers: invalid input syntax for type integer: "NaN" (22P02)
    nul: A string literal cannot contain NUL (0x00) characters.
    FILE:2 has one
    hint: remove it
    space_before_quote: FILE:2: Row 0 has 3 values, but Table only has 2 columns.
    hint: quote values that have the delimiter in them
    "#);
}
