//! Run locks and migrations: who waits, who fails, what they are told.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says so and fails"
)]

use std::time::{Duration, Instant};
use warehouse::migrate::PLATFORM;
use warehouse::{Error, Migrations, Result, RunLock, Sharing, migrate, schema_lock, testing};

const NO_WAIT: Duration = Duration::ZERO;

#[tokio::test]
async fn the_second_run_is_told_who_holds_the_lock() -> Result<()> {
    let (warehouse, _database) = testing::warehouse().await?;
    let name = schema_lock(warehouse.database(), "marts");
    let first =
        RunLock::take(&warehouse, &name, Sharing::Alone, "dp run 1f3a on host, process 42", NO_WAIT).await?;
    assert!(first.is_held());
    let error = RunLock::take(&warehouse, &name, Sharing::Alone, "dp run 2", NO_WAIT).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::Locked { .. }), "{text}");
    assert!(
        text.contains("dp run 1f3a on host, process 42 (server process") && text.contains("since 20"),
        "{text}"
    );
    let other = schema_lock(warehouse.database(), "staging");
    RunLock::take(&warehouse, &other, Sharing::Alone, "dp run 3", NO_WAIT).await?;
    let shared = RunLock::take(&warehouse, &name, Sharing::Shared, "notifier", NO_WAIT).await;
    assert!(matches!(shared, Err(Error::Locked { .. })));
    first.release().await?;
    let one = RunLock::take(&warehouse, &name, Sharing::Shared, "notifier", NO_WAIT).await?;
    let two = RunLock::take(&warehouse, &name, Sharing::Shared, "notifier", NO_WAIT).await?;
    assert!(one.is_held() && two.is_held());
    Ok(())
}

#[tokio::test]
async fn a_patient_run_gets_the_lock_when_the_holder_dies() -> Result<()> {
    let (warehouse, _database) = testing::warehouse().await?;
    let holder = RunLock::take(&warehouse, "run", Sharing::Alone, "first", NO_WAIT).await?;
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        drop(holder);
    });
    let begun = Instant::now();
    RunLock::take(&warehouse, "run", Sharing::Alone, "second", Duration::from_secs(20)).await?;
    assert!(begun.elapsed() >= Duration::from_millis(250));
    Ok(())
}

#[tokio::test]
async fn many_migrate_at_once_and_one_does_it() -> Result<()> {
    let (warehouse, _database) = testing::warehouse().await?;
    let racers: Vec<_> = (0..6)
        .map(|_| {
            let warehouse = warehouse.clone();
            tokio::spawn(async move { migrate(&warehouse, &PLATFORM).await })
        })
        .collect();
    let mut applied = 0;
    for racer in racers {
        applied += racer.await.expect("no panic")?;
    }
    assert_eq!(applied, PLATFORM.steps.len());
    assert_eq!(migrate(&warehouse, &PLATFORM).await?, 0);
    let session = warehouse.session().await?;
    session.run("insert into platform.runs (run_id, command, project, platform_version) values (gen_random_uuid(), 'run', 'p', '0')").await?;
    let unbalanced = "insert into platform.loads (source, relation, file, size, state, finished_at, rows_physical, rows_loaded, rows_quarantined, rows_blank) \
                      values ('s', 'r', 'f', 1, 'loaded', now(), 10, 8, 1, 0)";
    assert_eq!(session.run(unbalanced).await.unwrap_err().sqlstate(), Some("23514"));
    Ok(())
}

#[tokio::test]
async fn schemas_have_their_own_histories_and_errors_their_cause() -> Result<()> {
    const FIRST: Migrations =
        Migrations { schema: "elsewhere", steps: &[("V1__one", "create table elsewhere.one (a int)")] };
    const BROKEN: Migrations = Migrations {
        schema: "elsewhere",
        steps: &[
            ("V1__one", "create table elsewhere.one (a int)"),
            ("V2__two", "create table elsewhere.two (a int); create table elsewhere.one (a int)"),
        ],
    };
    const CHANGED: Migrations =
        Migrations { schema: "elsewhere", steps: &[("V1__one", "create table elsewhere.one (a bigint)")] };
    let (warehouse, _database) = testing::warehouse().await?;
    assert_eq!(migrate(&warehouse, &PLATFORM).await?, PLATFORM.steps.len());
    assert_eq!(migrate(&warehouse, &FIRST).await?, 1);
    let text = migrate(&warehouse, &BROKEN).await.unwrap_err().to_string();
    assert!(text.contains("V2__two") && text.contains("relation \"one\" already exists (42P07)"), "{text}");
    let session = warehouse.session().await?;
    let two = session.run("select to_regclass('elsewhere.two')").await?;
    assert_eq!(two.rows.unwrap().first(), None, "a failed step leaves nothing");
    let text = migrate(&warehouse, &CHANGED).await.unwrap_err().to_string();
    assert!(text.contains("different than filesystem one"), "{text}");
    Ok(())
}
