//! When and how it is told: quiet hours, names that want to be more, threads, templates.

use super::on_the_21st;
use super::trouble::failed;
use crate::story::{Story, morning};
use chrono::TimeDelta;

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
    story.report_failure(&failed("model.shop.orders", "no"), at("17:30")).await;
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
