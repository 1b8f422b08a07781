//! The notifier as a role that may do what it must, and nothing else.

use crate::story::{Story, morning};
use chrono::TimeDelta;
use notifier::operate::{self, Silencing};
use platform_core::event::Silence;
use warehouse::{Settings, Warehouse};

impl Story {
    /// The same company, seen by a role.
    async fn seen_by(&self, role: &str) -> Warehouse {
        let settings = Settings { role: Some(role.to_owned()), ..self.database.settings.clone() };
        Warehouse::connect(settings, 4).await.expect("a pool")
    }
}

#[tokio::test]
async fn everything_works_as_the_least_role() {
    let mut story = Story::new().await;
    story.record("acme", "21", "100").await;
    story.record("beta", "21", "100").await;
    story.run("21").await;
    story
        .sql("grant usage on schema analytics to dp_notifier; grant select on analytics.daily to dp_notifier")
        .await;
    story.warehouse = story.seen_by("dp_notifier").await;
    let everyone = story.database.connect().await.expect("a pool");
    let record = async |on: &str, balance: &str| {
        let session = everyone.session().await.expect("a session");
        for organization in ["acme", "beta"] {
            session
                .execute(
                    "insert into analytics.daily values ($1, $1, $2, $3::text::numeric, 'USD', 'DE', 1)",
                    &[&organization, &crate::story::day(on), &balance],
                )
                .await
                .expect("a record");
        }
    };
    record("22", "160").await;
    assert_eq!(story.run("22").await.sent, 1);
    operate::acknowledge(1, "me", "on it", &story.warehouse, Some(morning("22")))
        .await
        .expect("acknowledged");
    let silencing = Silencing {
        organization: Some("beta".into()),
        by: "me".into(),
        comment: "known".into(),
        ..Silencing::default()
    };
    let rules = std::slice::from_ref(&story.rule);
    let silence =
        operate::silence(&silencing, rules, &story.policy, &story.warehouse, Some(morning("22")), &Silence)
            .await
            .expect("silenced");
    record("23", "400").await;
    assert_eq!(story.run("23").await.sent, 1);
    operate::end_silence(silence, &story.warehouse, Some(morning("23") - TimeDelta::hours(1)))
        .await
        .expect("ended");
    operate::resolve(1, "me", "paid", &story.warehouse, Some(morning("23"))).await.expect("resolved");
    operate::replay(operate::Replay::One(1), false, &story.policy, &story.warehouse, Some(morning("23")))
        .await
        .expect("replayed");
    assert_eq!(story.deliver("24").await.sent, 1);
    let forgotten = operate::purge(
        "30d".parse().expect("a span"),
        &story.warehouse,
        Some(morning("24") + TimeDelta::days(40)),
    );
    assert_eq!(forgotten.await.expect("purged"), 2);
}

#[tokio::test]
async fn everything_else_is_refused() {
    let story = Story::new().await;
    story.record("acme", "21", "100").await;
    story.run("21").await;
    story.record("acme", "22", "160").await;
    story.run("22").await;
    story
        .sql("grant usage on schema analytics to dp_notifier; grant select on analytics.daily to dp_notifier")
        .await;
    let mut forbidden = vec![
        "update alerting.evaluation set outcome = 'bad_data'".to_owned(),
        "update alerting.evaluation set cur_value = 1".to_owned(),
        "update alerting.incident_event set actor = 'somebody else'".to_owned(),
        "update alerting.rule set spec = '{}'".to_owned(),
        "update alerting.installation set id = gen_random_uuid()".to_owned(),
        "update alerting.migrations set version = 9".to_owned(),
        "insert into alerting.migrations select * from alerting.migrations".to_owned(),
        "create table alerting.mine (id int)".to_owned(),
        "create schema mine".to_owned(),
        "update analytics.daily set balance = 0".to_owned(),
        "create role another".to_owned(),
        "copy (select 1) to program 'true'".to_owned(),
    ];
    let session = story.session().await;
    let tables = session.query("select format('alerting.%I', relname) from pg_class where relnamespace = 'alerting'::regnamespace and relkind = 'r'", &[]).await.expect("tables");
    for table in tables.iter().map(|row| row.get::<_, String>(0)) {
        forbidden.extend(["delete from", "truncate", "drop table"].map(|verb| format!("{verb} {table}")));
        forbidden.push(format!("alter table {table} add mine int"));
    }
    assert!(forbidden.len() > 50, "{}", forbidden.len());
    let least = story.seen_by("dp_notifier").await;
    for sql in &forbidden {
        let problem = least.session().await.expect("a session").batch_execute(sql).await.expect_err(sql);
        assert_eq!(problem.sqlstate(), Some("42501"), "{sql}: {problem}");
    }
    let reader = story.seen_by("dp_ops_reader").await;
    let reading = reader.session().await.expect("a session");
    reading.query("select id, state from alerting.incident", &[]).await.expect("incidents");
    for sql in [
        "select label from alerting.incident",
        "select payload from alerting.outbox",
        "select balance from analytics.daily",
    ] {
        let problem = reader.session().await.expect("a session").batch_execute(sql).await.expect_err(sql);
        assert_eq!(problem.sqlstate(), Some("42501"), "{sql}: {problem}");
    }
}
