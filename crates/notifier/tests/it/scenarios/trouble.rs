//! Missing data and failed runs.

use super::on_the_21st;
use crate::story::{day, morning, rule};
use chrono::TimeDelta;
use notifier::{Failure, PipelineFailure, RuleStatus};
use serde_json::json;

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

pub(super) fn failed(node: &str, message: &str) -> PipelineFailure {
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
        story.report_failure(&failed(node, "column \"amout\" does not exist"), at).await.len()
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
    story.report_failure(&failure, morning("22")).await;
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
