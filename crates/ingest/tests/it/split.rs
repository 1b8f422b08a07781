//! A file that several connections copy at once, and loads that end in the middle of it.

use crate::world::{World, source};
use ingest::load::load;
use platform_core::{Manifest, UniqueId};
use serde_json::json;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const ROWS: u64 = 24_000;
const FILE: &str = "csv_data/2026-11-20/t.csv";
/// Copies into tables beside, as the server sees them.
const COPYING: &str = "select count(*) from pg_stat_activity where query like 'copy %__dp_load_%' \
                       and state = 'active' and datname = current_database()";
const CONTENT: &str = "select count(*), count(distinct a), min(left(b, 4)), max(left(b, 4)) from raw.t";

/// Rows wide enough for the file to be worth several connections; every row says of which day it is.
fn write_day(world: &World, day: u64) {
    let wide = "x".repeat(900);
    let rows: String = (0..ROWS).map(|n| format!("{n},{day:04}{wide}\n")).collect();
    world.write(FILE, format!("a,b\n{rows}"));
}

fn content(day: u64) -> String {
    format!("{ROWS}|{ROWS}|{day:04}|{day:04}")
}

/// Whether at least `count` connections were seen copying before `done` said that it was too late.
async fn copying(world: &World, count: i64, mut done: impl FnMut() -> bool) -> bool {
    let session = world.warehouse.session().await.expect("a session");
    let begun = Instant::now();
    while !done() && begun.elapsed() < Duration::from_mins(1) {
        let rows = session.query(COPYING, &[]).await.expect("looks");
        if warehouse::get::<i64>(&rows[0], 0).expect("a count") >= count {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    false
}

fn complete(loader: &impl Fn() -> Command) {
    assert!(loader().status().expect("runs").success());
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_several_connections_copy_the_old_rows_stay_and_the_next_load_has_each_once() {
    let world = World::new(Vec::new()).await;
    let feed = source("t", &["a", "b"], json!({"pattern": "**/t.csv"}));
    let mut manifest = Manifest::default();
    manifest.sources.insert(UniqueId::new(feed.unique_id.as_str()), feed);
    world.write("target/manifest.json", serde_json::to_vec(&manifest).expect("JSON"));
    world.write("dbt_project.yml", "name: shop");
    let loader = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ingest"));
        command.args(["load", "--wait", "60", "--connections", "3", "--project-dir"]);
        command.arg(world.folder.path()).env("DATABASE_URL", world.settings().to_url().reveal());
        command.env_remove("DBT_TARGET_PATH").stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    write_day(&world, 0);
    complete(&loader);
    assert_eq!(world.rows(CONTENT).await, content(0));
    let (mut day, mut killed, mut held) = (0, 0, 0);
    while killed < 2 {
        day += 1;
        assert!(day < 20, "a load of so many rows is seen while it copies");
        write_day(&world, day);
        let mut child = loader().spawn().expect("starts");
        let caught = copying(&world, 2, || child.try_wait().expect("asks").is_some()).await;
        // SIGKILL: no chance to tidy up.
        child.kill().expect("kills");
        let ended = child.wait().expect("ends").success();
        let now = world.rows(CONTENT).await;
        if ended || !caught || now == content(day) {
            // It was quicker.
            assert!([held, day].map(content).contains(&now), "{now}");
            complete(&loader);
            held = day;
            continue;
        }
        killed += 1;
        assert_eq!(now, content(held), "the old rows stay until all new ones are there");
        assert_eq!(
            world.rows("select state from platform.loads order by load_id desc limit 1").await,
            "running"
        );
        complete(&loader);
        held = day;
        assert_eq!(world.rows(CONTENT).await, content(held));
        assert_eq!(world.leftovers().await, "");
        let last = "select state, rows_loaded from platform.loads order by load_id desc limit 2";
        assert_eq!(world.rows(last).await, format!("loaded|{ROWS}\ninterrupted|∅"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_cut_while_it_copies_ends_the_load_and_changes_nothing() {
    let mut world = World::simple(json!({})).await;
    world.context.connections = 3;
    write_day(&world, 0);
    world.load_all().await;
    let mut day = 0;
    let failure = loop {
        day += 1;
        assert!(day < 20, "a load of so many rows is seen while it copies");
        write_day(&world, day);
        let drop = world.drops().remove(0);
        let done = AtomicBool::new(false);
        let loading = async {
            let loaded = load(&drop, &world.warehouse, &world.context).await;
            done.store(true, Ordering::Release);
            loaded
        };
        let cutting = async {
            if copying(&world, 2, || done.load(Ordering::Acquire)).await {
                let one = COPYING.replace("count(*)", "pg_terminate_backend(min(pid))");
                world.rows(&one).await;
            }
        };
        let (loaded, ()) = tokio::join!(loading, cutting);
        // Some loads are done before the cut.
        if let Err(error) = loaded {
            break error.to_string();
        }
    };
    assert!(failure.starts_with(&format!("copy {FILE} into raw.t: ")), "{failure}");
    assert_eq!(world.rows(CONTENT).await, content(day - 1));
    assert_eq!(world.leftovers().await, "");
    let last = "select state, error from platform.loads order by load_id desc limit 1";
    assert_eq!(world.rows(last).await, format!("failed|{failure}"));
    world.load_all().await;
    assert_eq!(world.rows(CONTENT).await, content(day));
}
