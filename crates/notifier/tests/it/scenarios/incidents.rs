//! Incidents over days, those who see to them, and silences.

use super::on_the_21st;
use crate::story::{day, morning};
use chrono::TimeDelta;
use notifier::operate;

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
