//! The three ways in which a drop meets what the table holds.

use crate::world::{World, told};
use ingest::report::Outcome;
use serde_json::json;

const ROWS: &str = "select a, b, _business_date, _line from raw.t order by a, b, _line";

#[tokio::test]
async fn a_full_dump_takes_the_old_rows_place() {
    let world = World::simple(json!({})).await;
    world.write("csv_data/2026-11-20/t.csv", "a,b\n1,x\n2,x\n");
    world.write("csv_data/2026-11-21/t.csv", "a,b\n2,y\n3,y\n");
    world.load_all().await;
    insta::assert_snapshot!(world.rows(ROWS).await, @"
    2|y|2026-11-21|2
    3|y|2026-11-21|3
    ");
    assert_eq!(world.leftovers().await, "");
}

#[tokio::test]
async fn several_files_of_a_full_dump_are_one_table() {
    let world = World::simple(json!({})).await;
    world.write("csv_data/2026-11-20/t1.csv", "a,b\n1,x\n");
    world.write("csv_data/2026-11-20/t2.csv", "b,a\ny,2\n");
    world.load_all().await;
    insta::assert_snapshot!(world.rows(ROWS).await, @"
    1|x|2026-11-20|2
    2|y|2026-11-20|2
    ");
}

#[tokio::test]
async fn appended_rows_join_the_old_ones() {
    let world = World::simple(json!({"mode": "append"})).await;
    world.write("csv_data/2026-11-20/t.csv", "a,b\n1,x\n");
    world.write("csv_data/2026-11-21/t.csv", "a,b\n1,x\n2,y\n");
    world.load_all().await;
    let expected = "1|x|2026-11-20|2\n1|x|2026-11-21|2\n2|y|2026-11-21|3";
    assert_eq!(world.rows(ROWS).await, expected);
    // The same again adds nothing.
    assert!(world.load_all().await.iter().all(|report| report.outcome == Outcome::Skipped));
    assert_eq!(world.rows(ROWS).await, expected);
    assert_eq!(world.leftovers().await, "");
}

#[tokio::test]
async fn a_refused_file_adds_nothing() {
    let world = World::simple(json!({"mode": "append"})).await;
    world.write("csv_data/2026-11-20/t.csv", "a,b\n1,x\n");
    world.write("csv_data/2026-11-21/t.csv", "a,b\n2,y\n3,y,z\n");
    let reports = world.load_all().await;
    assert_eq!(reports[1].outcome, Outcome::Refused);
    assert_eq!(world.rows(ROWS).await, "1|x|2026-11-20|2");
    assert_eq!(world.leftovers().await, "");
}

#[tokio::test]
async fn an_upsert_updates_known_keys_and_adds_new_ones() {
    let world = World::simple(json!({"mode": "upsert", "key": ["A"]})).await;
    world.write("csv_data/2026-11-20/t.csv", "a,b\n1,x\n2,x\n");
    world.write("csv_data/2026-11-21/t.csv", "a,b\n2,y\n3,\n");
    world.load_all().await;
    insta::assert_snapshot!(world.rows(ROWS).await, @"
    1|x|2026-11-20|2
    2|y|2026-11-21|2
    3|∅|2026-11-21|3
    ");
    assert_eq!(world.leftovers().await, "");
}

#[tokio::test]
async fn an_upsert_quarantines_what_it_cannot_keep() {
    let world = World::simple(
        json!({"mode": "upsert", "key": ["a", "b"], "max_bad_rows": 3, "types": {"b": "integer"}}),
    )
    .await;
    world.write("csv_data/2026-11-20/t.csv", "a,b\n1,1\n1,1\n,1\n1,one\n2,2\n1,1\n");
    let reports = world.load_all().await;
    // Two of the rows that were superseded, one without key, one without number: more than three.
    insta::assert_snapshot!(told(&reports[0]), @"
    Refused
    raw.t (upsert, new): 6 records = 4 loaded + 2 quarantined + 0 blank
    I010 csv_data/2026-11-20/t.csv:2:1  the same key comes again in csv_data/2026-11-20/t.csv on line 7, which was kept
      | 1,1
    I010 csv_data/2026-11-20/t.csv:3:1  the same key comes again in csv_data/2026-11-20/t.csv on line 7, which was kept
      | 1,1
    I010 csv_data/2026-11-20/t.csv  2 bad rows for `raw.t` (4 in the whole drop), 3 are allowed
      hint: mend the file, or set `max_bad_rows: 4` under `drop` of the source: they then go to `raw.t__rejected`
    ");
    world.write("csv_data/2026-11-20/t.csv", "a,b\n1,1\n,1\n1,one\n2,2\n1,1\n");
    let reports = world.load_all().await;
    insta::assert_snapshot!(told(&reports[0]), @"
    Loaded
    raw.t (upsert, new): 5 records = 2 loaded + 3 quarantined + 0 blank
    ");
    assert_eq!(world.rows(ROWS).await, "1|1|2026-11-20|6\n2|2|2026-11-20|5");
    let rejected = "select line, reason, raw from raw.t__rejected order by line";
    insta::assert_snapshot!(world.rows(rejected).await, @"
    2|the same key comes again in csv_data/2026-11-20/t.csv on line 6, which was kept|1,1
    3|`a`, a column of the key, is empty|,1
    4|`b` is no integer: `one`|1,one
    ");
}

#[tokio::test]
async fn a_table_of_hand_keeps_its_unique_key() {
    let world = World::simple(json!({"mode": "upsert", "key": ["a"]})).await;
    world
        .run("create schema raw; create table raw.t (a text primary key, b text, note text default 'mine')")
        .await;
    world.run("insert into raw.t values ('1', 'x', 'kept'), ('9', 'x', 'kept')").await;
    world.write("csv_data/2026-11-20/t.csv", "a,b\n1,y\n2,y\n");
    world.load_all().await;
    let rows = "select a, b, note, _line from raw.t order by a";
    assert_eq!(world.rows(rows).await, "1|y|kept|2\n2|y|mine|3\n9|x|kept|∅");
    let indexes = "select count(*) from pg_index where indrelid = 'raw.t'::regclass";
    assert_eq!(world.rows(indexes).await, "1", "the primary key serves");
}
