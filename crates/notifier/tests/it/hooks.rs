//! Slack, webhooks and services shaped like PagerDuty, against real HTTP servers on this machine.

mod server;

use crate::story::{Story, day, morning};
use chrono::TimeDelta;
use hmac::{Hmac, Mac};
use notifier::{Failure, PipelineFailure};
use serde_json::{Value, json};
use server::{Answer, Server};
use sha2::Sha256;

/// A company with one alert that waits for a channel with these settings.
async fn waiting(channel: &str, server: &Server) -> Story {
    let mut story = Story::new().await;
    story.set_policy(&format!(
        "version: 1\ninstallation: test\nroutes: [{{match: {{}}, to: [hook]}}]\nchannels:\n  hook: {{{channel}, allow_hosts: [127.0.0.1], fallback: files}}\n  files: {{type: file, dir: outbox, to: [ops@example.com]}}\n"
    ));
    for (name, value) in [
        ("URL", server.url("/in?token=canary")),
        ("KEY", "a key".to_owned()),
        ("TOKEN", "xoxb-canary".to_owned()),
    ] {
        story.environment.insert(name.to_owned(), value);
    }
    story.record("acme", "21", "100").await;
    story.evaluate("21").await;
    story.record("acme", "22", "160").await;
    story.evaluate("22").await;
    story
}

const WEBHOOK: &str = "type: webhook, url_env: URL, hmac_env: KEY";

#[tokio::test]
async fn a_webhook_is_signed_and_names_what_it_repeats() {
    let server = Server::start(vec![Answer::status(503), Answer::ok("{}")]).await;
    let story = waiting(WEBHOOK, &server).await;
    story.deliver("22").await;
    assert!(story.states().await[0].starts_with("hook ready 1"), "{:?}", story.states().await);
    story.deliver_at(morning("22") + TimeDelta::minutes(1)).await;
    assert!(story.states().await[0].starts_with("hook sent 2"), "{:?}", story.states().await);
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    for request in &requests {
        assert_eq!(request.line, "POST /in?token=canary HTTP/1.1");
        assert_eq!(request.header("content-type"), "application/json; charset=utf-8");
        let signature = request.header("x-signature");
        let (time, given) =
            signature.strip_prefix("t=").and_then(|rest| rest.split_once(",v1=")).expect("a signature");
        let mut mac = Hmac::<Sha256>::new_from_slice(b"a key").expect("a key");
        mac.update(format!("{time}.").as_bytes());
        mac.update(&request.body);
        assert_eq!(given, hex::encode(mac.finalize().into_bytes()));
        assert!((chrono::Utc::now().timestamp() - time.parse::<i64>().expect("a time")).abs() < 60);
    }
    assert_eq!(requests[0].body, requests[1].body);
    assert_eq!(requests[0].header("idempotency-key"), requests[1].header("idempotency-key"));
    let body = requests[0].json();
    assert_eq!(body["event_action"], "trigger");
    assert_eq!(body["letter"]["sections"][0]["lines"][0]["to"], "160.00");
    assert_eq!(body["table"]["rows"][0][0], "acme");
    assert!(body["dedupe_key"].as_str().is_some_and(|key| key.starts_with("test|balance_change|digest|")));
}

#[tokio::test]
async fn answers_decide_what_becomes_of_a_message() {
    for (status, state, circuit) in [
        (200, "hook sent 1", 0),
        (202, "hook sent 1", 0),
        (400, "hook dead 1", 0),
        (401, "hook ready 1", 1),
        (404, "hook ready 1", 1),
        (413, "hook dead 1", 0),
        (429, "hook ready 1", 0),
        (500, "hook ready 1", 0),
        (503, "hook ready 1", 0),
    ] {
        let server = Server::start(vec![Answer::status(status)]).await;
        let story = waiting(WEBHOOK, &server).await;
        story.deliver("22").await;
        let states = story.states().await;
        assert!(states[0].starts_with(state), "{status}: {states:?}");
        let says_so = states[0].contains(&format!("answered {status}"));
        assert_eq!(says_so, status >= 300, "{status}: {states:?}");
        let open = "select count(*) from alerting.channel_state where circuit = 'open'";
        assert_eq!(story.count(open).await, circuit, "{status}");
        let told = matches!(status, 400 | 401 | 404 | 413);
        story.deliver_at(morning("22") + TimeDelta::seconds(1)).await;
        assert_eq!(
            story.files().len(),
            usize::from(told),
            "{status}: the fallback is told of what a person must mend"
        );
    }
}

#[tokio::test]
async fn too_fast_is_obeyed_to_the_second() {
    let server = Server::start(vec![Answer::status(429).header("Retry-After: 7"), Answer::ok("ok")]).await;
    let story = waiting("type: slack, url_env: URL", &server).await;
    story.deliver("22").await;
    let wait = "select extract(epoch from not_before - '2026-11-22 09:00:00Z')::bigint from alerting.outbox where channel = 'hook'";
    assert_eq!(story.count(wait).await, 7);
    story.deliver_at(morning("22") + TimeDelta::seconds(6)).await;
    assert_eq!(server.requests().len(), 1);
    story.deliver_at(morning("22") + TimeDelta::seconds(8)).await;
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_line_that_breaks_after_the_body_is_unknown_and_repeated_under_the_same_key() {
    let server = Server::start(vec![Answer::Drop, Answer::ok("ok")]).await;
    let story = waiting(WEBHOOK, &server).await;
    let report = story.deliver("22").await;
    assert_eq!((report.unknown, report.sent), (1, 0));
    story.deliver_at(morning("22") + TimeDelta::minutes(1)).await;
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].header("idempotency-key"), requests[1].header("idempotency-key"));
}

/// A redirect is an answer and no order: whoever could make us follow it could make us talk to anything.
#[tokio::test]
async fn redirects_are_not_followed() {
    let other = Server::start(vec![Answer::ok("secrets of the cloud")]).await;
    let to = format!("Location: {}", other.url("/latest/meta-data"));
    let server = Server::start(vec![Answer::status(302).header(&to)]).await;
    let story = waiting(WEBHOOK, &server).await;
    let report = story.deliver("22").await;
    assert_eq!(other.requests().len(), 0);
    assert!(!report.is_clean());
    let states = story.states().await;
    assert!(states[0].starts_with("hook ready 1: answered 302; redirects are not followed"), "{states:?}");
}

#[tokio::test]
async fn names_that_lead_inside_are_refused_unless_they_are_listed() {
    let server = Server::start(vec![Answer::ok("ok")]).await;
    let port = server.port();
    for (url, hosts, words) in [
        (format!("https://localhost:{port}/canary"), "", "inside the network"),
        ("https://169.254.169.254/canary".to_owned(), "", "inside the network"),
        ("https://[::ffff:10.0.0.1]/canary".to_owned(), "", "inside the network"),
        (format!("http://127.0.0.1:{port}/canary"), "", "must begin with https"),
        (format!("https://127.0.0.1:{port}/canary"), "hooks.example.com", "not under allow_hosts"),
    ] {
        let mut story = waiting(WEBHOOK, &server).await;
        story.set_policy(&format!(
            "version: 1\ninstallation: test\nchannels:\n  hook: {{type: webhook, url_env: URL, allow_hosts: [{hosts}]}}\n"
        ));
        story.environment.insert("URL".to_owned(), url.clone());
        let report = story.deliver("22").await;
        let told = format!("{report:?} {:?}", story.states().await);
        assert!(told.contains(words) && !told.contains("canary"), "{url}: {told}");
        assert!(story.states().await[0].starts_with("hook ready"), "{url}");
    }
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn an_endless_answer_is_cut() {
    let server = Server::start(vec![Answer::Endless]).await;
    let story = waiting(WEBHOOK, &server).await;
    let started = std::time::Instant::now();
    assert_eq!(story.deliver("22").await.sent, 1);
    assert!(started.elapsed() < std::time::Duration::from_secs(9));
    assert!(story.count("select max(length(remote_reply))::bigint from alerting.outbox").await <= 300);
}

#[tokio::test]
async fn a_bot_keeps_a_customers_messages_in_one_thread() {
    let server = Server::start(vec![
        Answer::ok(r#"{"ok": true, "ts": "1700000000.0001"}"#),
        Answer::ok(r#"{"ok": true, "ts": "1700000000.0002"}"#),
        Answer::ok(r#"{"ok": false, "error": "ratelimited"}"#),
        Answer::ok(r#"{"ok": false, "error": "channel_not_found"}"#),
    ])
    .await;
    let mut story = waiting(WEBHOOK, &server).await;
    story.sql("update alerting.outbox set state = 'cancelled' where attempts = 0").await;
    story.set_policy(&format!(
        "version: 1\ninstallation: test\nroutes: [{{match: {{}}, to: [bot], mode: thread}}]\nchannels:\n  bot: {{type: slack, token_env: TOKEN, api: '{}', allow_hosts: [127.0.0.1], to: ['C0123']}}\n  hook: {{type: console}}\n  files: {{type: console}}\n",
        server.url("/api/chat.postMessage")
    ));
    for (on, balance) in [("23", "400"), ("24", "1000"), ("25", "4000")] {
        story.record("acme", on, balance).await;
        story.run(on).await;
    }
    let requests = server.requests();
    assert_eq!(requests[0].header("authorization"), "Bearer xoxb-canary");
    assert_eq!(
        (&requests[0].json()["channel"], &requests[0].json()["thread_ts"]),
        (&json!("C0123"), &Value::Null)
    );
    assert_eq!(requests[1].json()["thread_ts"], "1700000000.0001");
    assert_eq!(requests[2].json()["thread_ts"], "1700000000.0001", "the first message stays the root");
    assert!(requests[0].json()["blocks"].to_string().contains("400.00"));
    let states: Vec<String> =
        story.states().await.into_iter().filter(|state| state.starts_with("bot")).collect();
    assert!(states[2].starts_with("bot ready 1: ratelimited"), "{states:?}");
    story.deliver_at(morning("25") + TimeDelta::minutes(2)).await;
    let states: Vec<String> =
        story.states().await.into_iter().filter(|state| state.starts_with("bot")).collect();
    assert!(states[2].starts_with("bot dead 2: channel_not_found"), "{states:?}");
}

/// A failed run opens an incident at the other side, the next good one closes it: the same key.
#[tokio::test]
async fn a_pager_is_triggered_and_resolved_under_one_key() {
    let server = Server::start(vec![Answer::status(202), Answer::status(202), Answer::status(202)]).await;
    let story = waiting("type: webhook, shape: pagerduty, url_env: URL, routing_key_env: KEY", &server).await;
    let failure = PipelineFailure {
        as_of: day("22"),
        failures: vec![Failure {
            node: "model.shop.orders".to_owned(),
            what: "model".to_owned(),
            message: "no".to_owned(),
            ..Failure::default()
        }],
        ..PipelineFailure::default()
    };
    story.report_failure(&failure, morning("22")).await;
    story.record("acme", "23", "160").await;
    story.run("23").await;
    let events: Vec<Value> = server.requests().iter().map(server::Request::json).collect();
    let of = |action: &str, class: &str| {
        events
            .iter()
            .find(|one| one["event_action"] == action && one["payload"]["class"] == class)
            .unwrap_or_else(|| panic!("{action} {class}: {events:#?}"))
    };
    let (opened, closed) = (of("trigger", "pipeline"), of("resolve", "recovered"));
    assert_eq!(opened["dedup_key"], closed["dedup_key"]);
    assert_eq!(opened["payload"]["severity"], "critical");
    assert_eq!(of("trigger", "digest")["payload"]["severity"], "warning");
    assert!(events.iter().all(|one| one["routing_key"] == "a key"));
    let kept = story.outbox().await.into_iter().map(|one| one.payload).collect::<String>();
    assert!(!kept.contains("a key"), "the key is added when it is sent, and kept nowhere");
}
