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

#[tokio::test]
async fn a_large_file_is_split_between_records_and_nowhere_else() {
    let mut world = World::simple(json!({})).await;
    world.context.connections = 4;
    let (count, mut sum) = (60_000_u64, 0);
    let mut text = "a,b\n".to_owned();
    for number in 0..count {
        // Line ends, delimiters, quotes and backslashes wherever a split may fall.
        text +=
            &format!("{number},\"{}, said \"\"{number}\"\"\n\\.\r\n{}\"\n", "x".repeat(60), "é".repeat(40));
        sum += number;
    }
    assert!(text.len() > 8 << 20, "{} bytes are not worth splitting", text.len());
    world.write("csv_data/2026-11-20/t.csv", &text);
    let report = world.load_all().await.remove(0);
    assert_eq!((report.outcome, report.tally().rows), (Outcome::Loaded, count));
    let all = "select count(*), count(distinct a), sum(a::bigint), min(_line), max(_line) from raw.t";
    assert_eq!(world.rows(all).await, format!("{count}|{count}|{sum}|2|{}", 3 * count - 1));
    let odd = "select count(*) from raw.t where _line <> 3 * a::bigint + 2 or b is distinct from \
               repeat('x', 60) || ', said \"' || a || E'\"\\n\\\\.\\r\\n' || repeat('é', 40)";
    assert_eq!(world.rows(odd).await, "0", "every value is as it was written");
}

#[tokio::test]
async fn fields_and_records_beyond_the_limits_are_quarantined() {
    let world = World::simple(json!({"max_bad_rows": 2})).await;
    let text = format!(
        "a,b\n1,x\n2,{}\n3,\"{}\"\n4,x\n",
        "y".repeat(2 << 20),
        "z\n".to_owned() + &"z".repeat(18 << 20)
    );
    world.write("csv_data/2026-11-20/t.csv", text);
    let report = world.load_all().await.remove(0);
    assert_eq!((report.outcome, report.tally().rejected), (Outcome::Loaded, 2));
    assert_eq!(world.rows("select a, _line from raw.t order by a").await, "1|2\n4|6");
    let rejected = "select line, reason, length(raw) from raw.t__rejected order by line";
    insta::assert_snapshot!(world.rows(rejected).await, @"
    3|`b` has 2097152 bytes; at most 1048576 are allowed (`max_field_bytes`)|1048598
    4|a record of 18874374 bytes is too long to be read|65559
    ");
}
