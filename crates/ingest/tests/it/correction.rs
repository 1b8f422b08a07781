//! A known file with another content: a correction, never a second copy.

use crate::world::{World, date, told};
use ingest::drop::find;
use ingest::ledger::Need;
use ingest::load::load;
use ingest::report::{LoadReport, Outcome};
use serde_json::json;

const LEDGER: &str = "select load_id, file, state, corrects from platform.loads order by 1";
const ROWS: &str = "select a, b, _business_date from raw.t order by a, _business_date";

fn needs(reports: &[LoadReport]) -> Vec<Need> {
    reports.iter().flat_map(|report| &report.tables).map(|table| table.need).collect()
}

#[tokio::test]
async fn a_corrected_file_takes_the_place_of_its_own_rows() {
    let world = World::simple(json!({"mode": "append", "max_bad_rows": 1})).await;
    world.write("csv_data/2026-11-20/t.csv", "a,b\n1,x\n2,x,y\n");
    world.write("csv_data/2026-11-21/t.csv", "a,b\n3,x\n");
    world.load_all().await;
    assert_eq!(world.rows("select count(*) from raw.t__rejected").await, "1");
    world.write("csv_data/2026-11-20/t.csv", "a,b\n1,corrected\n2,x\n");
    let reports = world.load_all().await;
    assert_eq!(needs(&reports), [Need::Correction, Need::Nothing]);
    assert_eq!(world.rows(ROWS).await, "1|corrected|2026-11-20\n2|x|2026-11-20\n3|x|2026-11-21");
    assert_eq!(world.rows("select count(*) from raw.t__rejected").await, "0", "its rejects went with it");
    assert_eq!(reports[0].tables[0].files[0].corrects, Some(1));
    insta::assert_snapshot!(world.rows(LEDGER).await, @"
    1|csv_data/2026-11-20/t.csv|loaded|∅
    2|csv_data/2026-11-21/t.csv|loaded|∅
    3|csv_data/2026-11-20/t.csv|loaded|1
    4|csv_data/2026-11-21/t.csv|skipped|∅
    ");
}

#[tokio::test]
async fn the_same_content_again_corrects_nothing_nor_does_tomorrows() {
    let mut world = World::simple(json!({})).await;
    world.write("csv_data/t.csv", "a,b\n1,x\n");
    world.load_all().await;
    world.context.again = true;
    world.load_all().await;
    world.context.again = false;
    // Full dumps may come under one name: each is the next day's.
    world.write("csv_data/t.csv", "a,b\n2,x\n");
    let tomorrow = find(&world.feeds, &world.folder(), date("2026-11-26")).expect("reads the folder").0;
    let report = load(&tomorrow[0], &world.warehouse, &world.context).await.expect("loads");
    assert_eq!(needs(&[report]), [Need::New]);
    // And that day's may be corrected.
    world.write("csv_data/t.csv", "a,b\n3,x\n");
    let tomorrow = find(&world.feeds, &world.folder(), date("2026-11-26")).expect("reads the folder").0;
    let report = load(&tomorrow[0], &world.warehouse, &world.context).await.expect("loads");
    assert_eq!(needs(&[report]), [Need::Correction]);
    insta::assert_snapshot!(world.rows(LEDGER).await, @"
    1|csv_data/t.csv|loaded|∅
    2|csv_data/t.csv|loaded|∅
    3|csv_data/t.csv|loaded|∅
    4|csv_data/t.csv|loaded|3
    ");
}

#[tokio::test]
async fn after_an_older_full_dump_is_corrected_the_newest_comes_again() {
    let world = World::simple(json!({})).await;
    world.write("csv_data/2026-11-20/t.csv", "a,b\n1,x\n");
    world.write("csv_data/2026-11-21/t.csv", "a,b\n2,y\n");
    world.load_all().await;
    world.write("csv_data/2026-11-20/t.csv", "a,b\n1,corrected\n");
    let planned = ingest::plan(world.drops(), &world.warehouse, world.context.sameness).await.expect("plans");
    let lines: Vec<String> = planned.iter().flat_map(ingest::plan::Planned::lines).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    2026-11-20  corrected  csv_data/2026-11-20/t.csv → raw.t (replace, 16 bytes)
    2026-11-21  again      csv_data/2026-11-21/t.csv → raw.t (replace, 8 bytes)
    ");
    let reports = world.load_all().await;
    assert_eq!(needs(&reports), [Need::Correction, Need::Again]);
    assert_eq!(world.rows(ROWS).await, "2|y|2026-11-21");
    assert!(world.load_all().await.iter().all(|report| report.outcome == Outcome::Skipped));
}

#[tokio::test]
async fn a_correction_that_is_refused_changes_nothing() {
    let world = World::simple(json!({})).await;
    world.write("csv_data/2026-11-20/t.csv", "a,b\n1,x\n");
    world.load_all().await;
    world.write("csv_data/2026-11-20/t.csv", "a,b\n1,\"x\n");
    let reports = world.load_all().await;
    insta::assert_snapshot!(told(&reports[0]), @r#"
    Refused
    raw.t (replace, corrected): 0 records = 0 loaded + 0 quarantined + 0 blank
    I009 csv_data/2026-11-20/t.csv:2:1  the quote opened on line 2 is never closed
      hint: close it, or double it where it is part of the value; everything after it would be one field
      | 1,"x·
    "#);
    assert_eq!(world.rows(ROWS).await, "1|x|2026-11-20");
    // The old content is what the table has: nothing to do.
    world.write("csv_data/2026-11-20/t.csv", "a,b\n1,x\n");
    assert_eq!(world.load_all().await[0].outcome, Outcome::Skipped);
}

#[tokio::test]
async fn a_table_that_is_gone_is_loaded_again() {
    let world = World::simple(json!({})).await;
    world.write("csv_data/2026-11-20/t.csv", "a,b\n1,x\n");
    world.load_all().await;
    world.run("drop table raw.t").await;
    assert_eq!(needs(&world.load_all().await), [Need::New]);
    assert_eq!(world.rows(ROWS).await, "1|x|2026-11-20");
}
