//! Sessions against a real server: outcomes, types, transactions, COPY, errors, cancelling.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says so and fails"
)]

use bytes::Bytes;
use std::time::Duration;
use warehouse::{Error, Result, Secret, Session, Settings, Types, Warehouse, settings::SslMode, testing};

async fn session() -> Result<(Session, testing::TestDatabase)> {
    let (warehouse, database) = testing::warehouse().await?;
    Ok((warehouse.session().await?, database))
}

#[tokio::test]
async fn many_statements_give_the_last_outcome() -> Result<()> {
    let (session, _database) = session().await?;
    let outcome = session
        .run(
            "create table t (a int, b numeric(10,2)); -- one; two
             insert into t values (1, 2.50), (2, null);
             select 'not; this' as x;
             select * from t order by a;",
        )
        .await?;
    assert_eq!(outcome.tag, "SELECT 2");
    let rows = outcome.rows.expect("rows");
    let columns: Vec<_> =
        rows.columns.iter().map(|c| (c.name.as_str(), c.type_name.as_str(), c.type_modifier)).collect();
    assert_eq!(columns, [("a", "int4", -1), ("b", "numeric", (10 << 16) + 2 + 4)]);
    assert_eq!(rows.rows, [[Some("1".to_owned()), Some("2.50".to_owned())], [Some("2".to_owned()), None]]);
    Ok(())
}

#[tokio::test]
async fn tags_are_the_servers_own() -> Result<()> {
    let (session, _database) = session().await?;
    for (sql, tag, affected) in [
        ("create table t (a int)", "CREATE TABLE", None),
        ("insert into t select generate_series(1, 3)", "INSERT 0 3", Some(3)),
        ("create table u as select * from t", "SELECT 3", Some(3)),
        ("update t set a = 1; delete from t where a = 1", "DELETE 3", Some(3)),
        ("do $$ begin perform 1; end $$", "DO", None),
        ("select 1; create view v as select 1", "CREATE VIEW", None),
        ("-- nothing", "", None),
        ("", "", None),
    ] {
        let outcome = session.run(sql).await?;
        assert_eq!((outcome.tag.as_str(), outcome.rows_affected()), (tag, affected), "{sql}");
        assert_eq!(outcome.rows, None, "{sql}");
    }
    Ok(())
}

#[tokio::test]
async fn types_are_named_even_of_ones_own() -> Result<()> {
    let (session, _database) = session().await?;
    session
        .run("create type mood as enum ('sad', 'ok'); create domain positive as int check (value > 0)")
        .await?;
    let sql = "select 'ok'::mood as m, array['sad']::mood[] as ms, 1::positive as p, now() as t, '{}'::jsonb as j, \
               1.5::numeric as n, 'x'::varchar(7) as v, true as b, null as u";
    for _ in 0..2 {
        let rows = session.run(sql).await?.rows.expect("rows");
        let names: Vec<_> = rows.columns.iter().map(|column| column.type_name.as_str()).collect();
        assert_eq!(
            names,
            ["mood", "_mood", "int4", "timestamptz", "jsonb", "numeric", "varchar", "bool", "text"]
        );
        assert_eq!(rows.rows[0][7].as_deref(), Some("t"));
    }
    let plain = session.run_with("select 1 as one", Types::NotWanted).await?.rows.expect("rows");
    assert_eq!((plain.columns[0].name.as_str(), plain.columns[0].type_name.as_str()), ("one", ""));
    Ok(())
}

#[tokio::test]
async fn no_rows_still_have_columns() -> Result<()> {
    let (session, _database) = session().await?;
    let rows = session.run("select 1 as a, 'x' as b where false").await?.rows.expect("rows");
    assert_eq!((rows.columns.len(), rows.rows.len(), rows.first()), (2, 0, None));
    Ok(())
}

#[tokio::test]
async fn transactions_are_known_as_the_server_knows_them() -> Result<()> {
    let (session, _database) = session().await?;
    assert!(!session.in_transaction());
    session.run("begin; create table t (a int)").await?;
    assert!(session.in_transaction() && !session.transaction_failed());
    let error = session.run("select * from nowhere").await.unwrap_err();
    assert_eq!(error.sqlstate(), Some("42P01"));
    assert!(session.transaction_failed());
    assert!(matches!(session.commit().await, Err(Error::Unsupported(_))));
    assert!(!session.in_transaction());
    assert_eq!(session.run("select to_regclass('t')").await?.rows.unwrap().first(), None);
    session.begin().await?;
    session.run("create table t (a int)").await?;
    session.commit().await?;
    session.rollback().await?;
    assert_eq!(session.run("select to_regclass('t')").await?.rows.unwrap().first(), Some("t"));
    Ok(())
}

#[tokio::test]
async fn an_error_has_all_its_fields() -> Result<()> {
    let (session, _database) = session().await?;
    let error = session.run("select 'ä' as \"ü\",\n  nix from generate_series(1,2)").await.unwrap_err();
    let db = error.db().expect("a database error");
    assert_eq!((db.sqlstate.as_str(), db.position), ("42703", Some(22)));
    assert_eq!(db.message, "column \"nix\" does not exist");
    session.run("create table t (a int constraint small check (a < 10))").await?;
    let error = session.run("insert into t values (11)").await.unwrap_err();
    let db = error.db().expect("a database error");
    assert_eq!((db.constraint.as_deref(), db.table.as_deref()), (Some("small"), Some("t")));
    assert!(db.detail.as_deref().unwrap().contains("Failing row"), "{db:?}");
    let error = session.run("do $$ begin execute 'select oops'; end $$").await.unwrap_err();
    let db = error.db().expect("a database error");
    assert_eq!(db.internal_query.as_deref(), Some("select oops"));
    assert!(db.context.as_deref().unwrap().contains("inline_code_block"), "{db:?}");
    Ok(())
}

#[tokio::test]
async fn notices_come_with_their_statement() -> Result<()> {
    let (session, _database) = session().await?;
    let outcome =
        session.run("drop table if exists nix; do $$ begin raise warning 'mind %', 1; end $$").await?;
    let texts: Vec<_> = outcome.notices.iter().map(|n| (n.severity.as_str(), n.message.as_str())).collect();
    assert_eq!(texts, [("NOTICE", "table \"nix\" does not exist, skipping"), ("WARNING", "mind 1")]);
    assert!(session.run("select 1").await?.notices.is_empty());
    Ok(())
}

#[tokio::test]
async fn copies_both_ways() -> Result<()> {
    let (session, _database) = session().await?;
    session.run("create table t (a int, b text)").await?;
    let mut sink = session.copy_in("copy t from stdin (format csv)").await?;
    let rows: Vec<String> = (0..50_000).map(|i| format!("{i},row {i}\n")).collect();
    let text = rows.concat();
    for chunk in text.as_bytes().chunks(8191) {
        sink.send(Bytes::copy_from_slice(chunk)).await?;
    }
    assert_eq!(sink.finish().await?, 50_000);
    let mut stream = session.copy_out("copy (select * from t order by a) to stdout (format csv)").await?;
    let mut back = Vec::new();
    while let Some(chunk) = stream.next().await? {
        back.extend_from_slice(&chunk);
    }
    drop(stream);
    assert_eq!(String::from_utf8(back).unwrap(), text);
    Ok(())
}

#[tokio::test]
async fn a_copy_left_alone_keeps_nothing() -> Result<()> {
    let (session, _database) = session().await?;
    session.run("create table t (a int)").await?;
    let mut sink = session.copy_in("copy t from stdin").await?;
    sink.send(Bytes::from_static(b"1\n2\n")).await?;
    drop(sink);
    assert_eq!(session.run("select count(*) from t").await?.rows.unwrap().first(), Some("0"));
    let mut sink = session.copy_in("copy t from stdin").await?;
    let chunk = Bytes::from("word\n".repeat(20_000));
    let mut sent = 0;
    let error = loop {
        match sink.send(chunk.clone()).await {
            Ok(()) => sent += 1,
            Err(error) => break error,
        }
        assert!(sent < 10_000, "the server's refusal is noticed long before the end");
    };
    assert_eq!(error.sqlstate(), Some("22P02"), "{error}");
    drop(sink);
    let mut sink = session.copy_in("copy t from stdin").await?;
    sink.send(Bytes::from_static(b"word\n")).await?;
    assert_eq!(sink.finish().await.unwrap_err().sqlstate(), Some("22P02"));
    assert_eq!(session.run("select 1").await?.rows.unwrap().first(), Some("1"));
    assert_eq!(session.copy_in("copy nowhere from stdin").await.err().unwrap().sqlstate(), Some("42P01"));
    assert!(session.copy_out("copy nowhere to stdout").await.is_err());
    Ok(())
}

#[tokio::test]
async fn copy_as_a_statement_says_what_to_do() -> Result<()> {
    let (session, _database) = session().await?;
    assert!(matches!(session.run("select 'a\0b'").await, Err(Error::Unsupported(_))));
    session.run("create table t (a int)").await?;
    assert!(matches!(session.run("copy (select 1) to stdout").await, Err(Error::Unsupported(_))));
    assert_eq!(session.run("select 1").await?.tag, "SELECT 1");
    assert!(matches!(session.run("copy t from stdin").await, Err(Error::Unsupported(_))));
    let again = tokio::time::timeout(Duration::from_secs(5), session.run("select 1")).await;
    assert!(again.expect("an answer, not a hang").is_err());
    Ok(())
}

#[tokio::test]
async fn a_statement_is_cancelled_from_elsewhere() -> Result<()> {
    let (session, _database) = session().await?;
    let token = session.cancel_token();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(200)).await;
        token.cancel().await
    });
    let error = session.run("select pg_sleep(30)").await.unwrap_err();
    assert_eq!(error.sqlstate(), Some("57014"));
    Ok(())
}

#[tokio::test]
async fn a_call_dropped_half_way_leaves_the_session_usable() -> Result<()> {
    let (session, _database) = session().await?;
    let slow = session.run("select 'slow' as slow, pg_sleep(0.3)");
    assert!(tokio::time::timeout(Duration::from_millis(50), slow).await.is_err());
    let outcome = session.run("select 1 as quick").await?;
    assert_eq!(outcome.tag, "SELECT 1");
    let rows = outcome.rows.unwrap();
    assert_eq!((rows.columns[0].type_name.as_str(), rows.first()), ("int4", Some("1")));
    Ok(())
}

#[tokio::test]
async fn our_own_sql_takes_parameters() -> Result<()> {
    let (session, _database) = session().await?;
    let row = session.query_one("select $1::int + 1, $2::text", &[&41, &"it's"]).await?;
    assert_eq!((warehouse::get::<i32>(&row, 0)?, warehouse::get::<&str>(&row, 1)?), (42, "it's"));
    assert!(matches!(warehouse::get::<i64>(&row, 0), Err(Error::Decode(_))));
    assert!(matches!(warehouse::get::<i64>(&row, 9), Err(Error::Decode(_))));
    assert!(matches!(session.query_one("select 1 where false", &[]).await, Err(Error::Decode(_))));
    assert!(matches!(session.query("select $1::int", &[&"word"]).await, Err(Error::Decode(_))));
    session.run("create table t (a int)").await?;
    assert_eq!(session.execute("insert into t values ($1), ($1)", &[&1]).await?, 2);
    Ok(())
}

#[tokio::test]
async fn a_session_starts_in_the_wanted_state() -> Result<()> {
    let (_, database) = session().await?;
    let admin = database.connect().await?.session().await?;
    let role = format!("role_of_{}", database.name());
    admin
        .run(&format!(
            "create role {role}; create schema \"my schema\"; alter database {} set datestyle to 'SQL, DMY'",
            database.name()
        ))
        .await?;
    let settings = Settings {
        role: Some(role.clone()),
        search_path: Some("\"my schema\", public".to_owned()),
        application_name: Some("a test".to_owned()),
        options: Some("-c work_mem=5MB".to_owned()),
        ..database.settings.clone()
    };
    let session = Warehouse::connect(settings, 1).await?.session().await?;
    let sql = "select current_user, current_setting('search_path'), current_setting('application_name'), \
               current_setting('work_mem'), '2026-02-03'::date";
    let rows = session.run(sql).await?.rows.unwrap();
    let values: Vec<_> = rows.rows[0].iter().map(|value| value.as_deref().unwrap()).collect();
    assert_eq!(values, [&role, "\"my schema\", public", "a test", "5MB", "2026-02-03"]);
    // A role may be written as a text as well; one that isn't there is told.
    let text = Settings { role: Some(format!("'{role}'")), ..database.settings.clone() };
    let session = Warehouse::connect(text, 1).await?.session().await?;
    assert_eq!(session.run("select current_user").await?.rows.unwrap().first(), Some(role.as_str()));
    let absent = Settings { role: Some("no_such_role".to_owned()), ..database.settings.clone() };
    let refused = Warehouse::connect(absent, 1).await.map(drop).unwrap_err().to_string();
    assert!(refused.contains("hint: create the role"), "{refused}");
    drop(session);
    admin.run(&format!("drop role {role}")).await?;
    // To wait no time is to wait without end.
    let endless = Settings { connect_timeout: Settings::timeout(0), ..database.settings.clone() };
    Warehouse::connect(endless, 1).await?.session().await?;
    Ok(())
}

#[tokio::test]
async fn a_kept_statement_that_the_server_lost_or_cannot_use_is_made_anew() -> Result<()> {
    let (session, _database) = session().await?;
    session.run("create table t (a int); insert into t values (1)").await?;
    let first = session.query_one("select a from t where a = $1", &[&1_i32]).await?;
    assert_eq!(first.get::<_, i32>(0), 1);
    session.run("discard all").await?;
    let lost = session.query_one("select a from t where a = $1", &[&1_i32]).await?;
    assert_eq!(lost.get::<_, i32>(0), 1);
    session.run("alter table t alter a type text").await?;
    let changed = session.query_one("select a from t", &[]).await?;
    assert_eq!(changed.get::<_, String>(0), "1");
    session.run("alter table t alter a type int using a::int").await?;
    let changed = session.query_one("select a from t", &[]).await?;
    assert_eq!(changed.get::<_, i32>(0), 1);

    session.begin().await?;
    session.query_one("select a from t", &[]).await?;
    session.run("alter table t alter a type text").await?;
    let refused = session.query_one("select a from t", &[]).await.unwrap_err();
    assert_eq!(refused.sqlstate(), Some("0A000"));
    assert!(session.transaction_failed());
    session.rollback().await
}

#[tokio::test]
async fn the_pool_gives_clean_sessions_back() -> Result<()> {
    let (_, database) = session().await?;
    let warehouse = Warehouse::connect(database.settings.clone(), 1).await?;
    let lent = warehouse.get().await?;
    lent.run("begin; create table t (a int)").await?;
    drop(lent);
    let again = warehouse.get().await?;
    assert!(!again.in_transaction());
    assert_eq!(again.run("select to_regclass('t')").await?.rows.unwrap().first(), None);
    Ok(())
}

#[tokio::test]
async fn a_failed_connection_says_what_to_do_and_no_secret() -> Result<()> {
    let (_, database) = session().await?;
    let tcp = Settings { retries: 0, ..database.tcp_settings().clone() };
    let canary = || Some(Secret::new("canary-password"));
    let cases = [
        (Settings { password: canary(), ..tcp.clone() }, "check the password"),
        (Settings { password: None, ..tcp.clone() }, "password"),
        (Settings { dbname: Some("nowhere".to_owned()), ..tcp.clone() }, "createdb nowhere"),
        (Settings { sslmode: SslMode::Require, password: canary(), ..tcp.clone() }, "sslmode"),
        (
            Settings {
                sslmode: SslMode::VerifyFull,
                sslrootcert: Some("/no/such/file".into()),
                ..tcp.clone()
            },
            "sslrootcert",
        ),
        (Settings::from_url("postgres://u:canary-password@127.0.0.1:1/d?retries=0")?, "server is running"),
        (Settings::from_url("postgres://u:canary-password@%2Fno%2Fsocket/d?retries=0")?, "server is running"),
    ];
    for (settings, hint) in cases {
        let error = Warehouse::connect(settings, 1).await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(matches!(error, Error::Connect { .. }), "{text}");
        assert!(text.contains(hint), "wanted {hint}: {text}");
        assert!(!text.contains("canary"), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn prefer_and_allow_fall_back_to_plain() -> Result<()> {
    let (_, database) = session().await?;
    for sslmode in [SslMode::Prefer, SslMode::Allow, SslMode::Disable] {
        let settings = Settings { sslmode, ..database.tcp_settings().clone() };
        let session = Warehouse::connect(settings, 1).await?.session().await?;
        assert_eq!(session.run("select 1").await?.tag, "SELECT 1");
        assert_eq!(session.run("select 1").await?.rows.unwrap().columns[0].type_name, "int4");
    }
    Ok(())
}

#[tokio::test]
async fn a_broken_connection_is_said_to_be_lost() -> Result<()> {
    let (session, database) = session().await?;
    let other = database.connect().await?.session().await?;
    let pid = session.run("select pg_backend_pid()").await?.rows.unwrap().first().unwrap().to_owned();
    other.run(&format!("select pg_terminate_backend({pid})")).await?;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let error = session.run("select 1").await.unwrap_err();
    assert!(matches!(error, Error::Lost { .. }) || error.sqlstate() == Some("57P01"), "{error:?}");
    assert!(session.is_closed());
    Ok(())
}

#[tokio::test]
async fn the_first_session_is_the_one_that_was_opened_to_see_whether_it_works() -> Result<()> {
    let (_, database) = session().await?;
    let settings = Settings { application_name: Some("counted".to_owned()), ..database.settings.clone() };
    let warehouse = Warehouse::connect(settings, 2).await?;
    let own = warehouse.session().await?;
    let count = "select count(*) from pg_stat_activity where application_name = 'counted'";
    assert_eq!(own.run(count).await?.rows.unwrap().first(), Some("1"));
    // It is nobody else's: the pool opens another.
    let pooled = warehouse.get().await?;
    assert_eq!(own.run(count).await?.rows.unwrap().first(), Some("2"));
    own.run("begin").await?;
    assert!(own.in_transaction() && !pooled.in_transaction());
    Ok(())
}
