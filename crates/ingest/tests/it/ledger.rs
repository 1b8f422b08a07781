//! The ledger: what it says after loads that worked, failed, died, or met another.

use crate::world::World;
use ingest::ledger::Sameness;
use ingest::load::load;
use ingest::report::Outcome;
use serde_json::json;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};
use warehouse::{RunLock, Sharing};

const STATES: &str = "select file, state, rows_loaded from platform.loads order by load_id";

#[tokio::test]
async fn a_load_that_died_is_noted_and_done_anew() {
    let world = World::simple(json!({"mode": "append"})).await;
    world.write("csv_data/2026-11-20/t.csv", "a,b\n1,x\n");
    world.load_all().await;
    // What a loader leaves that was killed while it copied.
    world
        .run(
            "insert into platform.loads (source, relation, file, size, business_date, mode) \
             values ('source.shop.raw.t', 'raw.t', 'csv_data/2026-11-21/t.csv', 8, '2026-11-21', 'append');
             create table raw.__dp_load_7 (a text)",
        )
        .await;
    world.write("csv_data/2026-11-21/t.csv", "a,b\n2,y\n");
    world.load_all().await;
    insta::assert_snapshot!(world.rows(STATES).await, @"
    csv_data/2026-11-20/t.csv|loaded|1
    csv_data/2026-11-21/t.csv|interrupted|∅
    csv_data/2026-11-20/t.csv|skipped|∅
    csv_data/2026-11-21/t.csv|loaded|1
    ");
    assert_eq!(world.rows("select a from raw.t order by a").await, "1\n2");
    assert_eq!(world.leftovers().await, "");
}

#[tokio::test]
async fn what_was_skipped_is_noted_too() {
    let world = World::simple(json!({})).await;
    world.write("csv_data/2026-11-20/t.csv", "a,b\n1,x\n");
    world.load_all().await;
    world.load_all().await;
    insta::assert_snapshot!(world.rows(STATES).await, @"
    csv_data/2026-11-20/t.csv|loaded|1
    csv_data/2026-11-20/t.csv|skipped|∅
    ");
    // And stands in nobody's way.
    assert_eq!(world.load_all().await[0].outcome, Outcome::Skipped);
}

#[tokio::test]
async fn two_loaders_at_once_do_not_meet() {
    let mut world = World::simple(json!({})).await;
    world.write("csv_data/2026-11-20/t.csv", "a,b\n1,x\n");
    let name = format!("loads into {}", world.warehouse.database());
    let lock = RunLock::take(&world.warehouse, &name, Sharing::Alone, "dp load, process 1", Duration::ZERO)
        .await
        .expect("takes the lock");
    let drop = world.drops().remove(0);
    let refused = load(&drop, &world.warehouse, &world.context).await.expect_err("is locked out").to_string();
    assert!(refused.contains("dp load, process 1"), "{refused}");
    world.context.patience = Duration::from_secs(30);
    let (loaded, ()) = tokio::join!(load(&drop, &world.warehouse, &world.context), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        lock.release().await.expect("releases");
    });
    assert_eq!(loaded.expect("loads").outcome, Outcome::Loaded);
}

#[tokio::test]
async fn loads_at_the_same_time_load_once() {
    let mut world = World::simple(json!({"mode": "append"})).await;
    world.write("csv_data/2026-11-20/t.csv", "a,b\n1,x\n");
    world.context.patience = Duration::from_secs(30);
    let drop = world.drops().remove(0);
    let one = || load(&drop, &world.warehouse, &world.context);
    let (a, b, c) = tokio::join!(one(), one(), one());
    let outcomes = [a, b, c].map(|report| report.expect("loads").outcome);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Loaded).count(), 1, "{outcomes:?}");
    assert_eq!(world.rows("select count(*) from raw.t").await, "1");
}

#[tokio::test]
async fn size_and_time_are_enough_where_the_caller_says_so() {
    let mut world = World::simple(json!({})).await;
    let name = "csv_data/2026-11-20/t.csv";
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let write = |world: &World, text: &str, at: SystemTime| {
        world.write(name, text);
        let file = std::fs::File::options().append(true).open(world.path(name)).expect("opens");
        file.set_modified(at).expect("sets the time");
    };
    write(&world, "a,b\n1,x\n", at);
    world.load_all().await;
    // Another content, but the same size and time: only reading it would tell.
    write(&world, "a,b\n2,x\n", at);
    world.context.sameness = Sameness::Stat;
    assert_eq!(world.load_all().await[0].outcome, Outcome::Skipped);
    world.context.sameness = Sameness::Content;
    assert_eq!(world.load_all().await[0].outcome, Outcome::Loaded);
    // The same content under another time: only trust would load it.
    write(&world, "a,b\n2,x\n", at + Duration::from_secs(1));
    assert_eq!(world.load_all().await[0].outcome, Outcome::Skipped);
    world.context.sameness = Sameness::Stat;
    assert_eq!(world.load_all().await[0].outcome, Outcome::Loaded);
}

#[tokio::test]
async fn an_interrupted_load_changes_nothing_and_says_so() {
    let world = World::simple(json!({})).await;
    world.write("csv_data/2026-11-20/t.csv", "a,b\n1,x\n");
    world.context.cancelled.store(true, Ordering::Release);
    let report = world.load_all().await.remove(0);
    assert_eq!(report.outcome, Outcome::Refused);
    assert!(report.problems[0].message.contains("interrupted"), "{:?}", report.problems);
    assert_eq!(world.rows("select to_regclass('raw.t')").await, "∅");
    assert_eq!(world.leftovers().await, "");
    world.context.cancelled.store(false, Ordering::Release);
    assert_eq!(world.load_all().await[0].outcome, Outcome::Loaded);
}
