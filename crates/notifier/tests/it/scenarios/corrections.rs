//! What is told once, what is taken back, and what is corrected.

use super::on_the_21st;
use crate::story::Story;

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
        text.contains("100.00 USD -> 15,000.00 JPY other currency")
            && text.contains("100.00 USD -> no value"),
        "{text}"
    );
    story.record("acme", "22", "105").await;
    story.run("22").await;
    assert!(story.newest().await.contains("We told you that the value was unusable."));
}
