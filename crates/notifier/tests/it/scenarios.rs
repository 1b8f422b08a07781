//! Scenarios over days, each a test under its number.

use crate::story::{Story, day, morning, rule};
use chrono::TimeDelta;
use notifier::operate::{self, Silencing};
use notifier::{Failure, PipelineFailure, RuleStatus};
use platform_core::event::Silence;
use serde_json::json;

/// A company whose customers had these balances on 21 November, which was evaluated.
async fn on_the_21st(balances: &[(&str, &str)]) -> Story {
    let story = Story::new().await;
    for (organization, balance) in balances {
        story.record(organization, "21", balance).await;
    }
    story.run("21").await;
    story
}

fn silencing(organization: &str) -> Silencing {
    Silencing {
        organization: Some(organization.to_owned()),
        lasts: "7d".parse().expect("a span"),
        by: "me".to_owned(),
        comment: "known".to_owned(),
        ..Silencing::default()
    }
}

impl Story {
    async fn silence(&self, organization: &str, now: chrono::DateTime<chrono::Utc>) -> i64 {
        let rules = std::slice::from_ref(&self.rule);
        operate::silence(&silencing(organization), rules, &self.policy, &self.warehouse, Some(now), &Silence)
            .await
            .unwrap_or_else(|problem| panic!("{problem}"))
    }

    async fn incidents(&self) -> Vec<String> {
        let session = self.session().await;
        let rows = session
            .query(
                "select kind || ' ' || coalesce(organization_id, '') || ' ' || state || coalesce(' ' || resolve_reason, '')
                 from alerting.incident order by id",
                &[],
            )
            .await
            .expect("incidents");
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// The plain text of the newest mail, unfolded.
    async fn newest(&self) -> String {
        let payload = self.outbox().await.pop().expect("a mail").payload;
        let text = payload.split("Content-Type: text/plain").nth(1).expect("a text part");
        let text = text.split("\r\n--=").next().unwrap_or_default();
        text.replace("=\r\n", "").replace("=C3=9C", "Ü").split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// 100 on day one, 180 on day two: one mail. Running day two again: none. Day three at 180: none.
#[tokio::test]
async fn acceptance() {
    let story = Story::new().await;
    story.record("acme", "20", "100").await;
    assert!(story.evaluate("20").await.rules[0].messages.is_empty());
    story.record("acme", "21", "180").await;
    story.record("beta", "21", "50").await;
    story.evaluate("21").await;
    let mail = &story.outbox().await[0].payload;
    assert!(mail.contains("100.00 -> 180.00 USD") && mail.contains("up +80%"), "{mail}");
    assert_eq!(story.deliver("21").await.sent, 1);
    story.run("21").await;
    story.record("acme", "22", "180").await;
    story.run("22").await;
    assert_eq!(story.told().await, ["digest sent: 1 customer balance moved 50% or more, 21 Nov 2026"]);
    assert_eq!(story.files().len(), 1);
}

#[tokio::test]
async fn s01_the_same_day_again_is_free() {
    let story = on_the_21st(&[("acme", "100")]).await;
    story.record("acme", "22", "160").await;
    story.run("22").await;
    for _ in 0..3 {
        let report = story.evaluate("22").await;
        assert_eq!((report.rules[0].alerts, report.rules[0].messages.len()), (0, 0));
    }
    assert_eq!(story.count("select count(*) from alerting.evaluation").await, 1);
    assert_eq!(story.told().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s02_two_evaluators_at_once_are_one() {
    let story = on_the_21st(&[("acme", "100")]).await;
    story.record("acme", "22", "160").await;
    tokio::join!(story.evaluate("22"), story.evaluate("22"), story.evaluate("22"));
    assert_eq!(story.count("select count(*) from alerting.evaluation").await, 1);
    assert_eq!(story.told().await.len(), 1);
}

#[tokio::test]
async fn s03_a_correction_before_the_mail_left_takes_it_back() {
    let story = on_the_21st(&[("acme", "100"), ("beta", "100")]).await;
    story.record("acme", "22", "160").await;
    story.record("beta", "22", "200").await;
    story.evaluate("22").await;
    story.record("acme", "22", "110").await;
    story.run("22").await;
    assert_eq!(
        story.told().await,
        [
            "digest cancelled: 2 customer balances moved 50% or more, 22 Nov 2026",
            "digest sent: 1 customer balance moved 50% or more, 22 Nov 2026"
        ]
    );
    assert_eq!(story.incidents().await, ["change acme resolved withdrawn", "change beta open"]);
}

#[tokio::test]
async fn s04_a_correction_after_the_mail_left_is_told() {
    let story = on_the_21st(&[("acme", "100")]).await;
    story.record("acme", "22", "160").await;
    story.run("22").await;
    story.record("acme", "22", "110").await;
    story.run("22").await;
    assert_eq!(
        story.told().await,
        [
            "digest sent: 1 customer balance moved 50% or more, 22 Nov 2026",
            "correction sent: Correction: 1 balance alert no longer holds, 22 Nov 2026"
        ]
    );
    let text = story.newest().await;
    assert!(
        text.contains("100.00 -> 110.00 USD") && text.contains("We told you 100.00 to 160.00 (+60%)"),
        "{text}"
    );
    assert_eq!(story.incidents().await, ["change acme resolved withdrawn"]);
    story.run("22").await;
    assert_eq!(story.told().await.len(), 2);
}

#[tokio::test]
async fn s05_a_correction_of_a_day_that_was_quiet_is_told_as_late() {
    let story = on_the_21st(&[("acme", "100")]).await;
    story.record("acme", "22", "110").await;
    story.run("22").await;
    assert!(story.told().await.is_empty());
    story.record("acme", "22", "160").await;
    story.run("22").await;
    assert_eq!(story.told().await.len(), 1);
    assert!(story.newest().await.contains("late or corrected record"));
}

#[tokio::test]
async fn s06_a_late_record_moves_the_baseline_of_the_next() {
    let story = Story::new().await;
    story.record("acme", "20", "100").await;
    story.run("20").await;
    story.record("other", "21", "1").await;
    story.run("21").await;
    story.record("acme", "22", "160").await;
    story.run("22").await;
    assert!(story.newest().await.contains("20 Nov to 22 Nov 2026, 2-day gap"));
    // The record of the 21st comes now: 100 to 150 is news, 150 to 160 is none.
    story.record("acme", "21", "150").await;
    story.run("22").await;
    let told = story.told().await;
    assert_eq!(told.len(), 2, "{told:?}");
    let text = story.newest().await;
    assert!(text.contains("100.00 -> 150.00 USD up +50%"), "{text}");
    assert!(text.contains("We told you 100.00 to 160.00 (+60%); that is no alert any more"), "{text}");
}

#[tokio::test]
async fn s07_missed_days_are_told_day_by_day_in_one_mail() {
    let story = Story::new().await;
    story.record("acme", "18", "100").await;
    story.run("18").await;
    for (on, balance) in [("19", "200"), ("20", "100"), ("21", "100")] {
        story.record("acme", on, balance).await;
    }
    story.run("21").await;
    assert_eq!(story.told().await, ["digest sent: 1 customer balance moved 50% or more, 21 Nov 2026"]);
    let text = story.newest().await;
    let (first, second) =
        (text.find("19 Nov 2026 -").expect("the 19th"), text.find("20 Nov 2026 -").expect("the 20th"));
    assert!(first < second && text.contains("up +100%") && text.contains("down -50%"), "{text}");
}

#[tokio::test]
async fn s08_the_first_run_over_history_is_quiet() {
    let story = Story::new().await;
    for organization in ["acme", "beta", "gamma"] {
        for (number, on) in ["15", "16", "17", "18", "19", "20", "21", "22"].iter().enumerate() {
            story.record(organization, on, &(1 << number).to_string()).await;
        }
    }
    story.record("gamma", "22", "64").await;
    let report = story.evaluate("22").await;
    assert_eq!(report.rules[0].messages.len(), 1);
    assert_eq!(story.told().await, ["digest ready: 2 customer balances moved 50% or more, 22 Nov 2026"]);
    // The rest is on record, and stays quiet.
    assert_eq!(story.count("select count(*) from alerting.suppression where reason = 'first_run'").await, 18);
    story.run("22").await;
    assert_eq!(story.told().await.len(), 1);
}

#[tokio::test]
async fn s09_a_backfill_of_old_history_is_quiet() {
    let story = Story::new().await;
    for on in ["10", "21"] {
        story.record("acme", on, "100").await;
        story.run(on).await;
    }
    for month in 1..10 {
        story.record("acme", &format!("2024-0{month}-01"), &(1 << month).to_string()).await;
    }
    story.record("acme", "22", "100").await;
    story.run("22").await;
    assert!(story.told().await.is_empty());
}

#[tokio::test]
async fn s10_the_next_days_change_is_told_in_the_same_incident() {
    let story = on_the_21st(&[("acme", "100")]).await;
    story.record("acme", "22", "160").await;
    story.run("22").await;
    story.record("acme", "23", "256").await;
    story.run("23").await;
    assert_eq!(story.told().await.len(), 2);
    assert!(story.newest().await.contains("2nd day running"));
    assert_eq!(story.incidents().await, ["change acme open"]);
}

#[tokio::test]
async fn s11_an_acknowledged_incident_reopens_on_the_next_change() {
    let story = on_the_21st(&[("acme", "100")]).await;
    story.record("acme", "22", "160").await;
    story.run("22").await;
    operate::acknowledge(1, "me", "on it", &story.warehouse, Some(morning("22")))
        .await
        .expect("acknowledged");
    assert_eq!(story.incidents().await, ["change acme acked"]);
    story.record("acme", "23", "256").await;
    story.run("23").await;
    assert_eq!(story.incidents().await, ["change acme open"]);
    assert_eq!(story.told().await.len(), 2);
    assert_eq!(story.count("select count(*) from alerting.incident_event where kind = 'reopened'").await, 1);
}

#[tokio::test]
async fn s12_an_incident_settles_by_itself_and_the_next_digest_says_so() {
    let story = on_the_21st(&[("acme", "100"), ("beta", "100")]).await;
    story.record("acme", "22", "160").await;
    story.record("beta", "22", "100").await;
    story.run("22").await;
    story.record("acme", "23", "165").await;
    story.record("beta", "23", "200").await;
    story.run("23").await;
    assert_eq!(story.incidents().await, ["change acme resolved stable", "change beta open"]);
    assert_eq!(story.told().await.len(), 2);
    assert!(story.newest().await.contains("Settled since: acme Ltd"));
}

#[tokio::test]
async fn s12_with_hysteresis_an_incident_settles_when_the_value_is_back() {
    let mut story = on_the_21st(&[("acme", "100")]).await;
    story.set_policy("version: 1\ninstallation: test\nresolve: reverted\nchannels:\n  ops: {type: file, dir: outbox, to: [ops@example.com]}\n");
    story.record("acme", "22", "160").await;
    story.run("22").await;
    story.record("acme", "23", "140").await;
    story.run("23").await;
    assert_eq!(story.incidents().await, ["change acme open"]);
    story.record("acme", "24", "120").await;
    story.run("24").await;
    assert_eq!(story.incidents().await, ["change acme resolved stable"]);
}

#[tokio::test]
async fn s13_a_silenced_customer_makes_no_mail_but_a_line_in_the_next() {
    let story = on_the_21st(&[("acme", "100"), ("beta", "100")]).await;
    story.silence("acme", morning("21")).await;
    story.record("acme", "22", "160").await;
    story.record("beta", "22", "100").await;
    let report = story.evaluate("22").await;
    assert_eq!((report.rules[0].alerts, report.rules[0].silenced), (1, 1));
    assert!(story.told().await.is_empty());
    assert_eq!(story.incidents().await, ["change acme open"]);
    story.record("acme", "23", "300").await;
    story.record("beta", "23", "300").await;
    story.run("23").await;
    assert_eq!(story.told().await, ["digest sent: 1 customer balance moved 50% or more, 23 Nov 2026"]);
    assert!(story.newest().await.contains("Silenced: 1: acme Ltd"), "{}", story.newest().await);
}

#[tokio::test]
async fn s14_an_ended_silence_tells_nothing_after_the_fact_but_in_sum() {
    let story = on_the_21st(&[("acme", "100"), ("beta", "100")]).await;
    let silence = story.silence("acme", morning("21")).await;
    story.record("acme", "22", "160").await;
    story.record("beta", "22", "100").await;
    story.run("22").await;
    operate::end_silence(silence, &story.warehouse, Some(morning("22") + TimeDelta::hours(1)))
        .await
        .expect("ended");
    story.record("acme", "23", "160").await;
    story.record("beta", "23", "100").await;
    story.run("23").await;
    assert!(story.told().await.is_empty());
    story.record("beta", "24", "300").await;
    story.run("24").await;
    assert!(story.newest().await.contains("While silenced: 1 change: acme Ltd"), "{}", story.newest().await);
    story.record("beta", "25", "900").await;
    story.run("25").await;
    assert!(!story.newest().await.contains("While silenced"));
}

#[tokio::test]
async fn s15_a_mass_change_is_one_mail() {
    let story = Story::new().await;
    story
        .sql(
            "insert into analytics.daily select 'org' || n, 'Org ' || n, date '2026-11-21', 100, 'USD', 'DE', 1 from generate_series(1, 1000) n;
             insert into analytics.daily select 'org' || n, 'Org ' || n, date '2026-11-22', case when n <= 800 then 300 + n else 100 end, 'USD', 'DE', 1 from generate_series(1, 1000) n",
        )
        .await;
    story.run("21").await;
    story.run("22").await;
    assert_eq!(
        story.told().await,
        ["mass_change sent: Mass change: 800 of 1,000 customer balances moved 50% or more, 22 Nov 2026"]
    );
    let mail = story.outbox().await.remove(0).payload;
    assert_eq!(
        mail.matches("alert,increase,2026-11-21,100,2026-11-22").count(),
        800,
        "the attached list has all"
    );
    let text = story.newest().await;
    assert!(text.contains("... and 780 more: see the attached list."), "{text}");
    assert!(text.contains("Together they went from 80,000.00 to 560,400.00 USD."), "{text}");
    assert_eq!(story.count("select count(*) from alerting.incident where kind = 'mass_change'").await, 1);
    assert_eq!(story.count("select count(*) from alerting.incident where parent_id is not null").await, 800);
    story.run("22").await;
    assert_eq!(story.told().await.len(), 1);
}

#[tokio::test]
async fn s16_three_of_five_are_three_alerts() {
    let story = on_the_21st(&[("a", "1"), ("b", "1"), ("c", "1"), ("d", "1"), ("e", "1")]).await;
    for (organization, balance) in [("a", "2"), ("b", "2"), ("c", "2"), ("d", "1"), ("e", "1")] {
        story.record(organization, "22", balance).await;
    }
    story.run("22").await;
    assert_eq!(story.told().await, ["digest sent: 3 customer balances moved 50% or more, 22 Nov 2026"]);
}

#[tokio::test]
async fn s17_no_data_by_the_deadline_is_one_mail_and_no_evaluation() {
    let mut story = on_the_21st(&[("acme", "100")]).await;
    story.rule = rule(json!({"freshness": {"deadline": "09:00"}}));
    let early = story.evaluate_at("22", morning("22") - TimeDelta::minutes(1)).await;
    assert_eq!(early.rules[0].status, RuleStatus::Waiting);
    assert!(story.told().await.is_empty());
    let late = story.evaluate("22").await;
    assert_eq!(late.rules[0].status, RuleStatus::Stale);
    story.evaluate_at("22", morning("22") + TimeDelta::hours(1)).await;
    story.deliver("22").await;
    assert_eq!(story.told().await, ["stale sent: No data for 22 Nov 2026: no balance was checked"]);
    assert!(story.newest().await.contains("The newest records are of 21 Nov 2026"));
    // It comes at noon, with a change.
    story.record("acme", "22", "160").await;
    story.evaluate_at("22", morning("22") + TimeDelta::hours(3)).await;
    let told = story.told().await;
    assert_eq!(
        told[1..],
        [
            "recovered ready: Recovered: the day's data has come, 22 Nov 2026",
            "digest ready: 1 customer balance moved 50% or more, 22 Nov 2026"
        ]
    );
    assert_eq!(story.count("select count(*) from alerting.eval_run where status = 'stale'").await, 2);
}

#[tokio::test]
async fn s18_a_missing_customer_is_a_line_and_after_two_days_an_alert() {
    let story = on_the_21st(&[("acme", "100"), ("beta", "100")]).await;
    story.record("beta", "22", "160").await;
    story.run("22").await;
    assert!(story.newest().await.contains("No record today: 1 customer"));
    story.record("beta", "23", "160").await;
    story.run("23").await;
    assert_eq!(story.told().await.len(), 2);
    let text = story.newest().await;
    assert!(
        text.contains("1 customer without a record") && text.contains("last record 21 Nov 2026"),
        "{text}"
    );
    story.record("beta", "24", "160").await;
    story.run("24").await;
    assert_eq!(story.told().await.len(), 2, "one gap is told once");
    story.record("acme", "25", "100").await;
    story.record("beta", "25", "160").await;
    story.run("25").await;
    assert_eq!(story.incidents().await, ["change beta resolved stable", "missing acme resolved returned"]);
    assert_eq!(story.told().await.len(), 2);
}

fn failed(node: &str, message: &str) -> PipelineFailure {
    PipelineFailure {
        as_of: day("22"),
        failures: vec![Failure {
            node: node.to_owned(),
            what: "model".to_owned(),
            message: message.to_owned(),
            file: Some("sql/models/orders.sql".to_owned()),
            line: Some(7),
            owner: Some("Data Team <data@example.com>".to_owned()),
            test: None,
        }],
        ..PipelineFailure::default()
    }
}

#[tokio::test]
async fn s19_a_failed_run_is_told_again_after_a_day_and_when_it_is_over() {
    let story = on_the_21st(&[("acme", "100")]).await;
    let fail = async |node: &str, at| {
        notifier::pipeline::report_failure_at(
            &failed(node, "column \"amout\" does not exist"),
            &story.policy,
            &story.warehouse,
            &Silence,
            Some(at),
        )
        .await
        .unwrap_or_else(|problem| panic!("{problem}"))
        .len()
    };
    assert_eq!(fail("model.shop.orders", morning("22")).await, 1);
    assert_eq!(fail("model.shop.orders", morning("22") + TimeDelta::hours(1)).await, 0, "no news");
    assert_eq!(
        fail("model.shop.invoices", morning("22") + TimeDelta::hours(2)).await,
        1,
        "another node is news"
    );
    assert_eq!(
        fail("model.shop.invoices", morning("23") + TimeDelta::hours(2)).await,
        1,
        "told again after a day"
    );
    story.deliver("24").await;
    let text = story.newest().await;
    for words in [
        "still failed at invoices",
        "sql/models/orders.sql:7",
        "Data Team <data@example.com>",
        "amout",
        "no alerts were sent",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    story.record("acme", "24", "100").await;
    story.run("24").await;
    let told = story.told().await;
    assert_eq!(
        told.last().map(String::as_str),
        Some("recovered sent: Recovered: the data run succeeds again, 24 Nov 2026")
    );
    story.run("24").await;
    assert_eq!(story.told().await.len(), told.len());
}

/// Who owns what broke hears of it, and hears when it is mended; once each, and not by name alone.
#[tokio::test]
async fn s19_owners_of_what_failed_are_told_too() {
    let mut story = on_the_21st(&[("acme", "100")]).await;
    story.set_policy(
        "version: 1\ninstallation: test\nroutes:\n  - {match: {kind: [pipeline, stale]}, to: [ops, console], owners: true}\n  - {match: {}, to: [ops]}\n\
         channels:\n  ops: {type: file, dir: outbox, to: [ops@example.com]}\n  console: {type: console}\n",
    );
    let mut failure = failed("model.shop.orders", "no");
    let more = ["Ben <ben@example.com>", "Data Team <data@example.com>", "ops@example.com", "Somebody"];
    failure
        .failures
        .extend(more.map(|owner| Failure { owner: Some(owner.to_owned()), ..failure.failures[0].clone() }));
    notifier::pipeline::report_failure_at(
        &failure,
        &story.policy,
        &story.warehouse,
        &Silence,
        Some(morning("22")),
    )
    .await
    .expect("told");
    story.record("acme", "23", "100").await;
    story.run("23").await;
    let told: Vec<String> = story
        .outbox()
        .await
        .iter()
        .map(|one| format!("{} {} {}", one.kind, one.channel, one.recipient))
        .collect();
    let people = ["ops ops@example.com", "ops data@example.com", "ops ben@example.com", "console console"];
    assert_eq!(told[..4], people.map(|one| format!("pipeline {one}")));
    assert_eq!(told[4..], people.map(|one| format!("recovered {one}")));
    story.evaluate_at("24", morning("24")).await;
    let stale: Vec<String> =
        story.outbox().await[8..].iter().map(|one| format!("{} {}", one.kind, one.recipient)).collect();
    assert_eq!(stale, ["stale ops@example.com", "stale operations@example.com", "stale console"]);
}

#[tokio::test]
async fn s20_the_good_run_after_it_tells_of_the_days_missed() {
    let story = on_the_21st(&[("acme", "100")]).await;
    notifier::pipeline::report_failure_at(
        &failed("model.shop.orders", "no"),
        &story.policy,
        &story.warehouse,
        &Silence,
        Some(morning("22")),
    )
    .await
    .expect("told");
    story.record("acme", "22", "200").await;
    story.record("acme", "23", "100").await;
    story.run("23").await;
    let text = story.newest().await;
    assert!(text.contains("up +100%") && text.contains("down -50%"), "{text}");
}

#[tokio::test]
async fn s21_a_new_threshold_begins_with_the_next_day() {
    let mut story = on_the_21st(&[("acme", "100"), ("beta", "100")]).await;
    story.record("acme", "22", "140").await;
    story.record("beta", "22", "100").await;
    story.run("22").await;
    story.rule = rule(json!({"threshold": "0.30"}));
    story.run("22").await;
    assert!(story.told().await.is_empty(), "editing a rule does not mail history");
    story.record("acme", "23", "140").await;
    story.record("beta", "23", "130").await;
    story.run("23").await;
    assert_eq!(story.told().await, ["digest sent: 1 customer balance moved 30% or more, 23 Nov 2026"]);
    // A correction of a day under the old threshold is judged by that one.
    story.record("acme", "22", "145").await;
    story.run("23").await;
    assert_eq!(story.told().await.len(), 1);
    // And back again.
    story.rule = rule(json!({}));
    story.run("23").await;
    assert_eq!(story.told().await.len(), 1);
    assert_eq!(story.count("select count(*) from alerting.rule").await, 3);
}

#[tokio::test]
async fn s22_of_two_segments_the_first_holds() {
    let mut story = Story::new().await;
    story.rule = rule(json!({"segments": [
        {"id": "large", "when": {"contracts_at_least": 1}, "threshold": "0.80"},
        {"id": "german", "when": {"country": "DE"}, "threshold": "0.20"},
    ]}));
    for (on, acme) in [("21", "100"), ("22", "130"), ("23", "300")] {
        story.record("acme", on, acme).await;
        story.run(on).await;
    }
    assert_eq!(
        story.told().await,
        ["digest sent: 1 customer balance moved their threshold or more, 23 Nov 2026"]
    );
    assert!(story.newest().await.contains("segment large, 80%"));
}

#[tokio::test]
async fn s23_quiet_hours_hold_and_end_in_one_digest() {
    let mut story = Story::new().await;
    story.set_policy(
        "version: 1\ninstallation: test\nquiet_hours: {from: '22:00', to: '07:00', timezone: Asia/Singapore}\n\
         routes:\n  - {match: {kind: [pipeline]}, to: [ops], bypass_quiet_hours: true}\n  - {match: {}, to: [ops]}\n\
         channels:\n  ops: {type: file, dir: outbox, to: [ops@example.com]}\n",
    );
    story.record("acme", "21", "100").await;
    story.record("beta", "21", "100").await;
    story.evaluate("21").await;
    let at = |time: &str| -> chrono::DateTime<chrono::Utc> {
        format!("2026-11-22T{time}:00Z").parse().expect("a time")
    };
    story.record("acme", "22", "160").await;
    story.evaluate_at("22", at("15:00")).await;
    assert_eq!(story.told().await, ["digest held: 1 customer balance moved 50% or more, 22 Nov 2026"]);
    assert_eq!(story.deliver_at(at("15:05")).await.sent, 0);
    story.record("beta", "22", "200").await;
    story.evaluate_at("22", at("17:00")).await;
    notifier::pipeline::report_failure_at(
        &failed("model.shop.orders", "no"),
        &story.policy,
        &story.warehouse,
        &Silence,
        Some(at("17:30")),
    )
    .await
    .expect("told");
    assert_eq!(story.deliver_at(at("18:00")).await.sent, 1, "trouble may disturb");
    assert_eq!(story.deliver_at(at("22:59")).await.sent, 0);
    assert_eq!(story.deliver_at(at("23:00")).await.sent, 1);
    assert_eq!(
        story.told().await[..2],
        [
            "digest cancelled: 1 customer balance moved 50% or more, 22 Nov 2026",
            "digest sent: 2 customer balances moved 50% or more, 22 Nov 2026"
        ]
    );
}

#[tokio::test]
async fn s23_a_silence_takes_its_customer_out_of_a_held_digest() {
    let mut story = on_the_21st(&[("acme", "100"), ("beta", "100")]).await;
    story.set_policy(
        "version: 1\ninstallation: test\nquiet_hours: {from: '00:00', to: '20:00'}\nchannels:\n  ops: {type: file, dir: outbox, to: [ops@example.com]}\n",
    );
    story.record("acme", "22", "160").await;
    story.record("beta", "22", "200").await;
    story.evaluate("22").await;
    story.silence("acme", morning("22") + TimeDelta::minutes(5)).await;
    assert_eq!(
        story.told().await,
        [
            "digest cancelled: 2 customer balances moved 50% or more, 22 Nov 2026",
            "digest held: 1 customer balance moved 50% or more, 22 Nov 2026"
        ]
    );
    assert!(!story.newest().await.contains("160.00"));
}

#[tokio::test]
async fn s24_names_that_want_to_be_more_are_plain_text() {
    let story = Story::new().await;
    let long = "x".repeat(10_000);
    let names = [
        ("a", "<script>alert(1)</script>"),
        ("b", "Acme\r\nBcc: all@example.com"),
        ("c", long.as_str()),
        ("d", "\u{202e}evil\u{7}"),
    ];
    for (id, name) in names {
        for (on, balance) in [("21", "100"), ("22", "300")] {
            story.record(id, on, balance).await;
        }
        let session = story.session().await;
        session
            .execute(
                "update analytics.daily set organization_name = $1 where organization_id = $2",
                &[&name, &id],
            )
            .await
            .expect("a name");
    }
    story.evaluate("21").await;
    story.run("22").await;
    let mail = story.outbox().await.remove(0).payload;
    let unfolded = mail.replace("=\r\n", "");
    let html = unfolded
        .split("Content-Type: text/html")
        .nth(1)
        .expect("html")
        .split("Content-Disposition")
        .next()
        .expect("html");
    assert!(!html.contains("<script") && html.contains("&lt;script&gt;"));
    assert!(!mail.contains("\r\nBcc:"));
    assert!(!html.contains(&"x".repeat(121)) && !mail.contains('\u{202e}') && !mail.contains('\u{7}'));
}

#[tokio::test]
async fn s25_the_day_is_an_argument_and_not_the_clock() {
    let story = on_the_21st(&[("acme", "100")]).await;
    story.record("acme", "22", "160").await;
    story.evaluate_at("22", "2026-11-23T00:00:01Z".parse().expect("a time")).await;
    assert_eq!(story.told().await, ["digest ready: 1 customer balance moved 50% or more, 22 Nov 2026"]);
}

#[tokio::test]
async fn s26_a_customer_gone_from_the_dimension_is_told_by_its_id() {
    let mut story = Story::new().await;
    story.sql("create table analytics.organizations (organization_id text primary key, legal_name text, tier text)").await;
    story.sql("insert into analytics.organizations values ('acme', 'Acme Corporation', 'gold')").await;
    let mut with_dimension = rule(json!({"label": "organization_id"}));
    with_dimension.source.dimension = Some(platform_core::Relation::in_schema("analytics", "organizations"));
    with_dimension.source.label = Some("legal_name".to_owned());
    story.rule = with_dimension;
    for (on, balance) in [("21", "100"), ("22", "160")] {
        story.record("acme", on, balance).await;
        story.record("gone", on, balance).await;
        story.run(on).await;
    }
    let text = story.newest().await;
    assert!(
        text.contains("Acme Corporation acme, alert 1") && text.contains(" gone alert 2 100.00 -> 160.00"),
        "{text}"
    );
}

#[tokio::test]
async fn s27_there_and_back_and_there_again_is_three_mails() {
    let story = on_the_21st(&[("acme", "100")]).await;
    for balance in ["160", "110", "160"] {
        story.record("acme", "22", balance).await;
        story.run("22").await;
    }
    assert_eq!(
        story.told().await,
        [
            "digest sent: 1 customer balance moved 50% or more, 22 Nov 2026",
            "correction sent: Correction: 1 balance alert no longer holds, 22 Nov 2026",
            "digest sent: 1 customer balance moved 50% or more, 22 Nov 2026"
        ]
    );
    assert_eq!(story.count("select max(input_revision)::bigint from alerting.evaluation").await, 3);
}

#[tokio::test]
async fn s28_a_second_run_tells_only_of_what_is_new() {
    let story = on_the_21st(&[("a", "1"), ("b", "1"), ("c", "1")]).await;
    story.record("a", "22", "2").await;
    story.run("22").await;
    story.record("b", "22", "2").await;
    story.record("c", "22", "2").await;
    story.run("22").await;
    assert_eq!(
        story.told().await,
        [
            "digest sent: 1 customer balance moved 50% or more, 22 Nov 2026",
            "digest sent: 2 customer balances moved 50% or more, 22 Nov 2026"
        ]
    );
}

#[tokio::test]
async fn bad_data_and_another_currency_are_told_and_taken_back() {
    let story = on_the_21st(&[("acme", "100"), ("beta", "100")]).await;
    story.record("acme", "22", "null").await;
    story.record_in("beta", "22", "15000", "JPY").await;
    story.run("22").await;
    assert_eq!(story.told().await, ["digest sent: 2 customer balances cannot be compared, 22 Nov 2026"]);
    let text = story.newest().await;
    assert!(
        text.contains("100.00 USD -> 15,000.00 JPY other currency") && text.contains("100.00 -> no value"),
        "{text}"
    );
    story.record("acme", "22", "105").await;
    story.run("22").await;
    assert!(story.newest().await.contains("We told you that the value was unusable."));
}

#[tokio::test]
async fn a_thread_is_one_mail_a_customer_under_one_root() {
    let mut story = on_the_21st(&[("acme", "100"), ("beta", "100")]).await;
    story.set_policy(
        "version: 1\ninstallation: test\nroutes: [{match: {}, to: [ops], mode: thread}]\nchannels:\n  ops: {type: file, dir: outbox, to: [ops@example.com]}\n",
    );
    for (on, acme) in [("22", "160"), ("23", "320")] {
        story.record("acme", on, acme).await;
        story.record("beta", on, acme).await;
        story.run(on).await;
    }
    story.record("acme", "23", "170").await;
    story.run("23").await;
    let header = |payload: &str, name: &str| {
        payload.lines().find(|line| line.starts_with(name)).map(str::to_owned).unwrap_or_default()
    };
    let mails: Vec<_> = story.outbox().await.into_iter().filter(|one| one.subject.contains("acme")).collect();
    assert_eq!(mails.len(), 3);
    for mail in &mails {
        assert_eq!(mail.subject, "Balance alert: acme Ltd (acme)");
        assert_eq!(header(&mail.payload, "References"), header(&mails[0].payload, "References"));
        assert_eq!(
            header(&mail.payload, "In-Reply-To").replace("In-Reply-To", "References"),
            header(&mails[0].payload, "References")
        );
    }
    let ids: std::collections::BTreeSet<_> =
        mails.iter().map(|mail| header(&mail.payload, "Message-ID")).collect();
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn reminders_come_until_somebody_acknowledges() {
    let mut story = on_the_21st(&[("acme", "100")]).await;
    story.set_policy(
        "version: 1\ninstallation: test\nrepeat: {unacked_after: 24h, max: 2}\nescalate: {unacked_after: 4h, to: [boss]}\n\
         routes: [{match: {}, to: [ops]}]\nchannels:\n  ops: {type: file, dir: outbox, to: [ops@example.com]}\n  boss: {type: file, dir: outbox, to: [boss@example.com]}\n",
    );
    story.record("acme", "22", "160").await;
    story.run("22").await;
    let remind = async |hours| {
        let now = morning("22") + TimeDelta::hours(hours);
        notifier::remind(
            std::slice::from_ref(&story.rule),
            &story.policy,
            &story.warehouse,
            day("22"),
            Some(now),
        )
        .await
        .unwrap_or_else(|problem| panic!("{problem}"))
        .iter()
        .map(|one| format!("{} to {}", one.kind, one.recipient))
        .collect::<Vec<_>>()
    };
    assert!(remind(3).await.is_empty());
    assert_eq!(remind(4).await, ["escalation to boss@example.com"]);
    assert!(remind(23).await.is_empty());
    assert_eq!(remind(24).await, ["repeat to ops@example.com"]);
    assert!(remind(25).await.is_empty());
    assert_eq!(remind(48).await, ["repeat to ops@example.com"]);
    assert!(remind(200).await.is_empty(), "two at most");
    assert!(story.newest().await.contains("1 alert unacknowledged for 2 days"), "{}", story.newest().await);
}

#[tokio::test]
async fn an_acknowledged_alert_is_not_repeated() {
    let mut story = on_the_21st(&[("acme", "100"), ("beta", "100")]).await;
    story.set_policy(
        "version: 1\ninstallation: test\nrepeat: {unacked_after: 24h, max: 9}\n\
         channels:\n  ops: {type: file, dir: outbox, to: [ops@example.com]}\n",
    );
    story.record("acme", "22", "160").await;
    story.record("beta", "22", "160").await;
    story.run("22").await;
    operate::acknowledge(1, "me", "on it", &story.warehouse, Some(morning("22")))
        .await
        .expect("acknowledged");
    let rules = std::slice::from_ref(&story.rule);
    let remind = async |hours| {
        let now = morning("22") + TimeDelta::hours(hours);
        notifier::remind(rules, &story.policy, &story.warehouse, day("22"), Some(now))
            .await
            .expect("reminders")
            .len()
    };
    assert_eq!(remind(24).await, 1);
    let text = story.newest().await;
    assert!(text.contains("beta Ltd") && !text.contains("acme Ltd"), "{text}");
    operate::acknowledge(2, "me", "on it", &story.warehouse, Some(morning("23")))
        .await
        .expect("acknowledged");
    assert_eq!(remind(72).await, 0);
}

/// A template of the project's own that cannot draw one customer costs that customer its beauty and nobody a
/// mail.
#[tokio::test]
async fn a_template_that_fails_on_one_customer_loses_no_alert() {
    let mut story = on_the_21st(&[("acme", "100"), ("beta", "100")]).await;
    let folder = story.folder.path().join("mine");
    std::fs::create_dir(&folder).expect("a folder");
    let text =
        "OURS {{ letter.headline }}{% if 'acme' in letter.subject %}{{ letter.nothing.at_all }}{% endif %}";
    std::fs::write(folder.join("thread.txt"), text).expect("a file");
    story.set_policy(
        "version: 1\ninstallation: test\ntemplates: mine\nroutes: [{match: {}, to: [ops], mode: thread}]\nchannels:\n  ops: {type: file, dir: outbox, to: [ops@example.com]}\n",
    );
    story.record("acme", "22", "160").await;
    story.record("beta", "22", "160").await;
    story.run("22").await;
    let mails = story.outbox().await;
    let of =
        |name: &str| mails.iter().find(|one| one.subject.contains(name)).expect("a mail").payload.clone();
    assert!(of("beta").contains("OURS beta Ltd rose by 60%") && of("beta").contains("<!doctype html>"));
    assert!(of("acme").contains("What to do") && !of("acme").contains("OURS"));
}
