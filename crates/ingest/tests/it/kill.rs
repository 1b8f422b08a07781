//! Loaders killed at random moments: readers notice nothing, and the next loader completes what the dead one began.

use crate::world::{World, source};
use platform_core::{Manifest, UniqueId};
use serde_json::json;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const ROWS: u64 = 2_000;

/// `LOAD_KILLS` asks for more.
fn kills() -> u64 {
    std::env::var("LOAD_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(12)
}

/// A world whose project the binary can read: a full dump and a file that is appended.
async fn world() -> World {
    let sources = [
        source("t", &["a", "b"], json!({"pattern": "**/t.csv"})),
        source("u", &["a", "b"], json!({"pattern": "**/u.csv", "mode": "append"})),
    ];
    let world = World::new(Vec::new()).await;
    let mut manifest = Manifest::default();
    for source in sources {
        manifest.sources.insert(UniqueId::new(source.unique_id.as_str()), source);
    }
    world.write("target/manifest.json", serde_json::to_vec(&manifest).expect("JSON"));
    world.write("dbt_project.yml", "name: shop");
    world
}

fn loader(world: &World) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ingest"));
    command
        .args(["load", "--wait", "60", "--project-dir"])
        .arg(world.folder.path())
        .env("DATABASE_URL", world.settings().to_url().reveal())
        .env_remove("DBT_TARGET_PATH")
        .stdout(Stdio::null());
    command
}

/// The files of a day: every row says which.
fn write_day(world: &World, day: u64) {
    let rows: String = (0..ROWS).map(|n| format!("{n},{day}\n")).collect();
    world.write("csv_data/2026-11-20/t.csv", format!("a,b\n{rows}"));
    world.write("csv_data/2026-11-20/u.csv", format!("a,b\n{rows}"));
}

/// Loads to the end, and how long that took.
fn complete(world: &World) -> Duration {
    let begun = Instant::now();
    let output = loader(world).stderr(Stdio::piped()).output().expect("runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    begun.elapsed()
}

/// A random number, the same in every run of the test.
fn random(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_load_is_never_seen_and_never_doubled() {
    let world = world().await;
    write_day(&world, 0);
    let mut whole = complete(&world);
    world
        .run("create view raw.reading as select b, 't' as name from raw.t union all select b, 'u' from raw.u")
        .await;
    let (stop, reads) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let reader = tokio::spawn(read_on(
        world.warehouse.session().await.expect("a session"),
        stop.clone(),
        reads.clone(),
    ));
    let (mut seed, mut killed, mut day) = (0x9E37_79B9_7F4A_7C15_u64, 0, 0);
    let kills = kills();
    // A load may come to its end before it is killed, on a machine whose pace changes the more often.
    while killed < kills && day < kills * 8 {
        day += 1;
        write_day(&world, day);
        let mut child = loader(&world).stderr(Stdio::null()).spawn().expect("starts");
        let span = u64::try_from(whole.as_micros()).expect("short");
        tokio::time::sleep(Duration::from_micros(random(&mut seed) % span)).await;
        // SIGKILL: no chance to tidy up.
        child.kill().expect("kills");
        if !child.wait().expect("ends").success() {
            killed += 1;
        }
        // Every other dead load is followed by another dead one before somebody completes it.
        if day % 2 == 0 {
            continue;
        }
        whole = complete(&world);
        let found = world.rows("select name, b, count(*) from raw.reading group by 1, 2 order by 1, 2").await;
        assert_eq!(found, format!("t|{day}|{ROWS}\nu|{day}|{ROWS}"), "after {killed} kills");
        assert_eq!(world.leftovers().await, "");
        assert_eq!(world.rows("select count(*) from platform.loads where state = 'running'").await, "0");
    }
    stop.store(true, Ordering::Relaxed);
    reader.await.expect("no reader failed");
    assert_eq!(killed, kills, "of {day} loads so many were killed");
    assert!(reads.load(Ordering::Relaxed) > kills, "the reader read all the time");
    let states = world.rows("select distinct state from platform.loads order by 1").await;
    assert!(states.starts_with("interrupted\nloaded"), "{states}");
}

/// Reads until told to stop: each table has all the rows of one day, whichever that is.
async fn read_on(session: warehouse::Session, stop: Arc<AtomicBool>, reads: Arc<AtomicU64>) {
    let sql = "select name, count(*), count(distinct b) from raw.reading group by name";
    while !stop.load(Ordering::Relaxed) {
        let rows = session.query(sql, &[]).await.expect("a reader never fails");
        assert_eq!(rows.len(), 2);
        for row in &rows {
            let (count, days): (i64, i64) =
                (warehouse::get(row, 1).expect("a count"), warehouse::get(row, 2).expect("a count"));
            assert_eq!((u64::try_from(count).expect("a count"), days), (ROWS, 1), "a table is of one day");
        }
        reads.fetch_add(1, Ordering::Relaxed);
    }
}
