//! Packed files, limits of bad rows, drops of several tables.

use crate::world::{World, date, feed, told};
use ingest::csv::input::Compression;
use ingest::report::Outcome;
use serde_json::json;
use std::io::Write as _;

const ROWS: &str = "select a, b, _file, _line from raw.t order by a";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).expect("writes");
    out.finish().expect("writes")
}

#[tokio::test]
async fn gzip_and_zstandard_are_unpacked_whatever_the_name() {
    let world = World::simple(json!({})).await;
    let text = b"a,b\n1,\"x\ny\"\n2,z\n";
    for (name, bytes) in [
        ("csv_data/2026-11-20/t.csv.gz", gzip(text)),
        ("csv_data/2026-11-21/t.csv.zst", zstd::encode_all(&text[..], 1).expect("packs")),
        ("csv_data/2026-11-22/t.csv", gzip(text)),
    ] {
        world.write(name, bytes);
        let reports = world.load_all().await;
        assert_eq!(reports.last().expect("a report").outcome, Outcome::Loaded, "{name}");
        assert_eq!(world.rows(ROWS).await, format!("1|x\ny|{name}|2\n2|z|{name}|4"));
    }
    let input =
        ingest::csv::input::Input::open(&world.path("csv_data/2026-11-22/t.csv"), None).expect("opens");
    assert_eq!(input.compression, Compression::Gzip);
}

#[tokio::test]
async fn a_packed_file_that_was_cut_off_is_refused() {
    let world = World::simple(json!({})).await;
    world.write("csv_data/2026-11-20/t.csv", "a,b\n1,x\n");
    world.load_all().await;
    let text: String = "a,b\n".to_owned() + &(0..100_000).map(|n| format!("{n},x\n")).collect::<String>();
    let (gz, zst) = (gzip(text.as_bytes()), zstd::encode_all(text.as_bytes(), 1).expect("packs"));
    for (name, bytes) in [("t.csv.gz", gz), ("t.csv.zst", zst)] {
        world.write(&format!("csv_data/2026-11-21/{name}"), &bytes[..bytes.len() - 6]);
        let report = world.load_all().await.remove(1);
        assert_eq!(report.outcome, Outcome::Refused, "{name}");
        let problem = report.problems[0].to_string();
        assert!(problem.contains("cut off or damaged"), "{problem}");
        assert_eq!(world.rows("select a from raw.t").await, "1");
        std::fs::remove_file(world.path(&format!("csv_data/2026-11-21/{name}"))).expect("removes");
    }
}

#[tokio::test]
async fn the_limit_of_bad_rows_counts_those_of_the_whole_drop() {
    let world = World::simple(json!({"max_bad_rows": 2})).await;
    world.write("csv_data/2026-11-20/t1.csv", "a,b\n1,x\n2\n");
    world.write("csv_data/2026-11-20/t2.csv", "a,b\n3,x\n4\n");
    let report = world.load_all().await.remove(0);
    assert_eq!((report.outcome, report.tally().rejected), (Outcome::Loaded, 2));
    world.write("csv_data/2026-11-20/t2.csv", "a,b\n3,x\n4\n5\n");
    let report = world.load_all().await.remove(0);
    insta::assert_snapshot!(told(&report), @"
    Refused
    raw.t (replace, corrected): 5 records = 2 loaded + 3 quarantined + 0 blank
    I010 csv_data/2026-11-20/t2.csv:3:2  1 field where the header has 2: `b` is missing
      | 4
    I010 csv_data/2026-11-20/t2.csv:4:2  1 field where the header has 2: `b` is missing
      | 5
    I010 csv_data/2026-11-20/t2.csv  2 bad rows for `raw.t` (3 in the whole drop), 2 are allowed
      hint: mend the file, or set `max_bad_rows: 3` under `drop` of the source: they then go to `raw.t__rejected`
    ");
    assert_eq!(world.rows("select a from raw.t order by a").await, "1\n3");
}

#[tokio::test]
async fn twenty_of_many_bad_rows_are_shown_at_once() {
    let world = World::simple(json!({})).await;
    let text: String = "a,b\n".to_owned() + &(0..500).map(|n| format!("{n}\n{n},x\n")).collect::<String>();
    world.write("csv_data/2026-11-20/t.csv", text);
    let report = world.load_all().await.remove(0);
    assert_eq!(report.problems.len(), 21);
    let last = report.problems.last().expect("a problem").to_string();
    insta::assert_snapshot!(last, @"
    I010 csv_data/2026-11-20/t.csv  500 bad rows for `raw.t`, none is allowed; the first 20 are shown
      hint: mend the file, or set `max_bad_rows: 500` under `drop` of the source: they then go to `raw.t__rejected`
    ");
    let lines: Vec<u32> =
        report.problems.iter().filter_map(|problem| problem.place.as_ref()).map(|place| place.line).collect();
    assert_eq!(lines[..3], [2, 4, 6]);
    assert_eq!(world.rows("select to_regclass('raw.t')").await, "∅");
}

#[tokio::test]
async fn an_empty_file_empties_the_table_only_where_that_is_allowed() {
    for (allowed, outcome, left) in [(false, Outcome::Refused, "1"), (true, Outcome::Loaded, "")] {
        let world = World::simple(json!({"allow_empty": allowed})).await;
        world.write("csv_data/2026-11-20/t.csv", "a,b\n1,x\n");
        world.write("csv_data/2026-11-21/t.csv", "a,b\n");
        let reports = world.load_all().await;
        assert_eq!(reports[1].outcome, outcome);
        assert_eq!(world.rows("select a from raw.t").await, left);
    }
}

#[tokio::test]
async fn a_drop_of_two_tables_is_loaded_as_a_whole_or_not_at_all() {
    let feeds = ["t", "u"].map(|name| feed(name, &["a"], json!({"pattern": format!("**/{name}.csv")})));
    let world = World::new(feeds.to_vec()).await;
    world.write("csv_data/2026-11-20/t.csv", "a\n1\n");
    world.write("csv_data/2026-11-20/u.csv", "a\n1\n");
    world.load_all().await;
    world.write("csv_data/2026-11-21/t.csv", "a\n2\n");
    let reports = world.load_all().await;
    insta::assert_snapshot!(told(&reports[1]), @"
    Refused
    I017 csv_data/2026-11-21  the drop of 2026-11-21 has csv_data/2026-11-21/t.csv, but no file for `raw.u` (**/u.csv)
      hint: put the file there and load again, or set `required: false` under its `drop`; nothing of this drop is loaded, the tables keep what they have
    ");
    world.write("csv_data/2026-11-21/u.csv", "a\n2,bad\n");
    let reports = world.load_all().await;
    assert_eq!((reports[1].outcome, reports[1].date), (Outcome::Refused, date("2026-11-21")));
    assert_eq!(world.rows("select t.a, u.a from raw.t, raw.u").await, "1|1");
    world.write("csv_data/2026-11-21/u.csv", "a\n2\n");
    world.load_all().await;
    assert_eq!(world.rows("select t.a, u.a from raw.t, raw.u").await, "2|2");
}
