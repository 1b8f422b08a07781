//! Drops into a real Postgres: modes, corrections, refusals, the ledger.

use crate::world::{World, told};
use ingest::report::Outcome;
use serde_json::json;

const ROWS: &str = "select a, b, _business_date, _file, _line, _loaded_at at time zone 'utc' from raw.t order by _file, _line";

#[tokio::test]
async fn a_drop_is_loaded_stamped_and_then_skipped() {
    let world = World::simple(json!({})).await;
    world.write("csv_data/2026-11-20/t.csv", "B,\"A\"\n2,1\n\"\",\n\"x\"\"y\nz\",é\n");
    let reports = world.load_all().await;
    insta::assert_snapshot!(told(&reports[0]), @"
    Loaded
    raw.t (replace, new): 3 records = 3 loaded + 0 quarantined + 0 blank
    ");
    insta::assert_snapshot!(world.rows(ROWS).await, @r#"
    1|2|2026-11-20|csv_data/2026-11-20/t.csv|2|2026-11-25 06:07:08.123456
    ∅||2026-11-20|csv_data/2026-11-20/t.csv|3|2026-11-25 06:07:08.123456
    é|x"y
    z|2026-11-20|csv_data/2026-11-20/t.csv|4|2026-11-25 06:07:08.123456
    "#);
    let again = world.load_all().await;
    assert_eq!(again[0].outcome, Outcome::Skipped);
    let ledger = "select file, size, sha256, business_date, mode, state, rows_physical, rows_loaded, rows_quarantined, rows_blank from platform.loads";
    insta::assert_snapshot!(world.rows(ledger).await, @"
    csv_data/2026-11-20/t.csv|26|1569438413be716f12186e209a1a0c7827146644cea56a52a499a2c58ba764ea|2026-11-20|replace|loaded|3|3|0|0
    csv_data/2026-11-20/t.csv|26|1569438413be716f12186e209a1a0c7827146644cea56a52a499a2c58ba764ea|2026-11-20|replace|skipped|∅|∅|∅|∅
    ");
    assert_eq!(world.leftovers().await, "");
}

#[tokio::test]
async fn a_file_of_bad_rows_alone_leaves_the_table_as_it_was() {
    let world = World::simple(json!({"max_bad_rows": 10})).await;
    world.write("csv_data/2026-11-20/t.csv", "a,b\n1,2\n");
    world.load_all().await;
    world.write("csv_data/2026-11-21/t.csv", "a,b\n1,2,3\n4\n");
    let reports = world.load_all().await;
    insta::assert_snapshot!(told(&reports[1]), @"
    Refused
    raw.t (replace, new): 2 records = 0 loaded + 2 quarantined + 0 blank
    I008 csv_data/2026-11-21/t.csv  not one row could be read, of 2 records
      hint: loading it would empty the table; `allow_empty: true` says that this may happen
    ");
    assert_eq!(world.rows("select a, b from raw.t").await, "1|2");
    let states = "select business_date, state, error from platform.loads order by load_id";
    insta::assert_snapshot!(world.rows(states).await, @"
    2026-11-20|loaded|∅
    2026-11-20|skipped|∅
    2026-11-21|failed|I008 csv_data/2026-11-21/t.csv  not one row could be read, of 2 records
      hint: loading it would empty the table; `allow_empty: true` says that this may happen
    ");
}
