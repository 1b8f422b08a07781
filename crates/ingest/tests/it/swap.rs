//! The swap: readers see the old rows or the new ones and never an error, and what hangs on the table lives on.

use crate::world::World;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

async fn loaded(drop: serde_json::Value) -> World {
    let world = World::simple(drop).await;
    world.write("csv_data/2026-11-20/t.csv", "a,b\n1,x\n");
    world.load_all().await;
    world
}

#[tokio::test]
async fn views_grants_and_comments_survive() {
    let world = loaded(json!({})).await;
    world
        .run(
            "create view raw.direct with (security_barrier) as select a, b from raw.t;
             create view raw.indirect as select a || '!' as loud from raw.direct;
             create materialized view raw.kept as select loud from raw.indirect;
             comment on table raw.t is 'what they sent';
             comment on column raw.t.a is 'a number, they say';
             grant select on raw.t to public;
             grant select (a) on raw.t to pg_monitor with grant option;
             grant select on raw.direct to public",
        )
        .await;
    let belongings = "select obj_description('raw.t'::regclass), col_description('raw.t'::regclass, 1), \
                      (select relacl::text from pg_class where oid = 'raw.t'::regclass), \
                      (select attacl::text from pg_attribute where attrelid = 'raw.t'::regclass and attname = 'a'), \
                      (select relacl::text || reloptions::text from pg_class where oid = 'raw.direct'::regclass)";
    let before = world.rows(belongings).await;
    let oid = world.rows("select 'raw.t'::regclass::oid").await;
    world.write("csv_data/2026-11-21/t.csv", "a,b\n2,y\n");
    let reports = world.load_all().await;
    assert_eq!(reports[1].tables[0].kept, [""; 0], "the table was swapped");
    assert_ne!(world.rows("select 'raw.t'::regclass::oid").await, oid);
    assert_eq!(world.rows("select loud from raw.indirect").await, "2!");
    world.run("refresh materialized view raw.kept").await;
    assert_eq!(world.rows("select loud from raw.kept").await, "2!");
    assert_eq!(world.rows(belongings).await, before);
    assert!(before.starts_with("what they sent|a number, they say|") && !before.contains('∅'), "{before}");
}

#[tokio::test]
async fn what_hangs_on_the_table_itself_keeps_it_in_place() {
    let world = loaded(json!({})).await;
    world
        .run(
            "create index on raw.t (a);
             create materialized view raw.kept as select a from raw.t;
             create table raw.child (like raw.t) ",
        )
        .await;
    let oid = world.rows("select 'raw.t'::regclass::oid").await;
    world.write("csv_data/2026-11-21/t.csv", "a,b\n2,y\n");
    let reports = world.load_all().await;
    insta::assert_snapshot!(reports[1].tables[0].kept.join("\n"), @"
    index t_a_idx
    materialized view raw.kept
    ");
    assert_eq!(world.rows("select 'raw.t'::regclass::oid").await, oid);
    world.run("refresh materialized view raw.kept").await;
    assert_eq!(world.rows("select kept.a, t.a from raw.kept, raw.t").await, "2|2");
    assert_eq!(world.leftovers().await, "");
}

#[tokio::test]
async fn a_reader_that_stays_makes_the_rows_change_and_not_the_table() {
    let mut world = loaded(json!({})).await;
    world.context.readers = Duration::from_millis(500);
    let reader = world.warehouse.session().await.expect("a session");
    reader.batch_execute("begin isolation level repeatable read; select * from raw.t").await.expect("reads");
    world.write("csv_data/2026-11-21/t.csv", "a,b\n2,y\n");
    let reports = world.load_all().await;
    assert!(reports[1].tables[0].kept[0].contains("readers held it"), "{:?}", reports[1].tables[0].kept);
    let seen = reader.query("select a from raw.t", &[]).await.expect("reads on");
    assert_eq!(warehouse::get::<String>(&seen[0], 0).expect("a value"), "1", "as its snapshot has it");
    reader.batch_execute("commit").await.expect("ends");
    assert_eq!(world.rows("select a from raw.t").await, "2");
}

#[tokio::test]
async fn readers_never_see_an_error_nor_half_a_table() {
    let world = loaded(json!({})).await;
    world.run("create view raw.direct as select a, b from raw.t").await;
    let stop = Arc::new(AtomicBool::new(false));
    let count = Arc::new(AtomicU64::new(0));
    let mut readers = Vec::new();
    for relation in ["raw.t", "raw.direct"] {
        let session = world.warehouse.session().await.expect("a session");
        let (stop, count) = (stop.clone(), count.clone());
        readers.push(tokio::spawn(async move {
            let sql = format!("select count(*), count(distinct b) from {relation}");
            while !stop.load(Ordering::Relaxed) {
                let rows = session.query(&sql, &[]).await.expect("reads");
                let (rows, kinds): (i64, i64) = (
                    warehouse::get(&rows[0], 0).expect("a count"),
                    warehouse::get(&rows[0], 1).expect("a count"),
                );
                assert!(matches!((rows, kinds), (1 | 1000, 1)), "{rows} rows of {kinds} drops");
                count.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    for day in 1..=20 {
        let rows: String = (0..1000).map(|n| format!("{n},{day}\n")).collect();
        world.write("csv_data/t.csv", format!("a,b\n{rows}"));
        let report = world.load_all().await.pop().expect("a report");
        assert_eq!(report.tables[0].kept, [""; 0]);
    }
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.expect("no reader failed");
    }
    assert!(count.load(Ordering::Relaxed) > 20, "they read all the time");
}
