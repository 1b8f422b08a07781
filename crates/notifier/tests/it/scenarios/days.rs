//! Days that were missed, came late or lie far back.

use super::on_the_21st;
use super::trouble::failed;
use crate::story::{Story, morning};

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
async fn s20_the_good_run_after_it_tells_of_the_days_missed() {
    let story = on_the_21st(&[("acme", "100")]).await;
    story.report_failure(&failed("model.shop.orders", "no"), morning("22")).await;
    story.record("acme", "22", "200").await;
    story.record("acme", "23", "100").await;
    story.run("23").await;
    let text = story.newest().await;
    assert!(text.contains("up +100%") && text.contains("down -50%"), "{text}");
}

#[tokio::test]
async fn s25_the_day_is_an_argument_and_not_the_clock() {
    let story = on_the_21st(&[("acme", "100")]).await;
    story.record("acme", "22", "160").await;
    story.evaluate_at("22", "2026-11-23T00:00:01Z".parse().expect("a time")).await;
    assert_eq!(story.told().await, ["digest ready: 1 customer balance moved 50% or more, 22 Nov 2026"]);
}
