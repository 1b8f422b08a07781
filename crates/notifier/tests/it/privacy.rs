//! What must not get out: secrets, and what customers' names could do to a mail. And what is forgotten.

use crate::story::{Story, day, morning};
use chrono::TimeDelta;
use notifier::command::{self, Project, Verb};
use notifier::operate;
use platform_core::EventSink;
use platform_core::event::Event;
use proptest::prelude::*;
use smtp_sink::{Certificates, Mode, Options, Sink};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

/// Keeps everything that is said, debug or not.
#[derive(Default)]
struct Everything(Mutex<String>);

impl EventSink for Everything {
    fn send(&self, event: Event) {
        let mut kept = self.0.lock().expect("events");
        kept.push_str(&format!("{event:?}\n{}\n", event.message));
    }
}

impl Story {
    /// Every row of every table of ours, as text.
    async fn everything_stored(&self) -> String {
        let session = self.session().await;
        let tables = session
            .query("select format('alerting.%I', relname) from pg_class where relnamespace = 'alerting'::regnamespace and relkind = 'r'", &[])
            .await
            .expect("tables");
        let mut text = String::new();
        for table in tables.iter().map(|row| row.get::<_, String>(0)) {
            let rows =
                session.query(&format!("select whole::text from {table} as whole"), &[]).await.expect("rows");
            text.extend(rows.iter().map(|row| row.get::<_, String>(0)));
        }
        let payloads =
            session.query("select payload from alerting.outbox where payload is not null", &[]).await;
        for row in payloads.expect("payloads") {
            text.push_str(&String::from_utf8_lossy(row.get(0)));
        }
        text
    }
}

const POLICY: &str = r"
version: 1
installation: test
routes: [{match: {}, to: [mail, mails, bad, tls, hook, slack, bot, nowhere]}]
channels:
  mail: {type: smtp, url_env: MAIL, tls: required, ca_file: ca.pem, to: [ops@example.com], connect_timeout: 1s}
  mails: {type: smtp, url_env: MAILS, to: [ops@example.com], connect_timeout: 1s}
  bad: {type: smtp, url_env: BAD, to: [ops@example.com]}
  tls: {type: smtp, url_env: TLS, tls: required, to: [ops@example.com], connect_timeout: 1s}
  hook: {type: webhook, url_env: HOOK, hmac_env: KEY, allow_hosts: [127.0.0.1]}
  slack: {type: slack, url_env: SLACK, allow_hosts: [127.0.0.1]}
  bot: {type: slack, token_file: token, api: 'http://127.0.0.1:9/', allow_hosts: [127.0.0.1], to: [C1]}
  nowhere: {type: webhook, shape: pagerduty, url_env: NOWHERE, routing_key_env: KEY}
";

/// A word in every secret; then everything goes wrong, and the word is looked for everywhere.
#[tokio::test]
async fn no_secret_is_ever_repeated() {
    let certificates = Certificates::make().expect("certificates");
    let options = Options {
        starttls: Some(certificates.good.clone()),
        login: Some(("me".to_owned(), "another".to_owned())),
        mode: Mode::Well,
        ..Options::default()
    };
    let sink = Sink::start(options).await.expect("a server");
    let mut story = Story::new().await;
    std::fs::write(story.folder.path().join("ca.pem"), &certificates.authority).expect("a file");
    std::fs::write(story.folder.path().join("token"), "xoxb-CANARY").expect("a file");
    story.set_policy(POLICY);
    let port = sink.address.port();
    for (name, value) in [
        ("MAIL", format!("smtp://me:CANARY@localhost:{port}")),
        ("MAILS", format!("smtps://CANARY:CANARY@localhost:{port}")),
        ("BAD", "smtp://CANARY:CANARY@:x".to_owned()),
        ("TLS", format!("smtp://me:CANARY@localhost:{port}")),
        ("HOOK", "http://127.0.0.1:9/CANARY".to_owned()),
        ("SLACK", "http://127.0.0.1:9/services/CANARY".to_owned()),
        ("NOWHERE", "https://CANARY@[::bad/CANARY".to_owned()),
        ("KEY", "CANARY".to_owned()),
    ] {
        story.environment.insert(name.to_owned(), value);
    }
    story.record("acme", "21", "100").await;
    story.record("acme", "22", "160").await;
    story.evaluate("21").await;
    let events = Everything::default();
    let stop = AtomicBool::new(false);
    let environment = |name: &str| story.environment.get(name).cloned();
    let manifest = crate::story::manifest(serde_json::json!({}));
    let project = Project {
        rules: vec![story.rule.clone()],
        policy: story.policy.clone(),
        problems: Vec::new(),
        manifest: &manifest,
        results: None,
        failing: None,
        warehouse: &story.warehouse,
        environment: &environment,
        console: notifier::Console::to(story.console.clone()),
        events: &events,
        stop: &stop,
    };
    let mut said = Vec::new();
    let check = Verb::Check(command::Check { as_of: Some(day("22")), ..command::Check::default() });
    let exit = command::run(&check, &project, &mut said).await.expect("a check");
    assert_eq!(exit.code(), 3);
    for channel in ["mail", "hook", "bot"] {
        let test = Verb::TestSend(command::TestSend { channel: channel.to_owned() });
        command::run(&test, &project, &mut said).await.expect("a test");
    }
    let list = |what| Verb::List(command::List { what, all: true, limit: 50, json: true });
    for verb in [
        Verb::Doctor,
        list(command::Listed::Outbox),
        list(command::Listed::Dead),
        Verb::Show(command::Show { id: 1, message: true }),
    ] {
        command::run(&verb, &project, &mut said).await.expect("an answer");
    }
    let said = String::from_utf8(said).expect("text");
    let events = events.0.into_inner().expect("events");
    let stored = story.everything_stored().await;
    // The test looks where it should: the failures are there.
    assert!(said.contains("(535)") && said.contains("must look like smtp"), "{said}");
    assert!(events.contains("channel hook") && stored.contains("misconfigured"), "{events}");
    for (place, text) in [
        ("stdout", said),
        ("events", events),
        ("tables", stored),
        ("policy", format!("{:?}", story.policy)),
        ("console", format!("{:?}", story.console)),
    ] {
        let at = text.find("CANARY");
        assert_eq!(at, None, "in {place}: {}", &text[at.unwrap_or(0).saturating_sub(200)..]);
    }
}

/// Who moved, and by how much, stands in messages and not in logs.
#[tokio::test]
async fn names_and_amounts_stay_out_of_logs() {
    let mut story = Story::new().await;
    story.set_policy("version: 1\ninstallation: test\nroutes: [{match: {}, to: [ops], mode: thread}]\nchannels:\n  ops: {type: smtp, url_env: NONE, to: [ops@example.com], fallback: files}\n  files: {type: file, dir: outbox, to: [ops@example.com]}\n");
    story.record("acme", "21", "123456").await;
    story.record("acme", "22", "654321").await;
    story.evaluate("21").await;
    let events = Everything::default();
    let stop = AtomicBool::new(false);
    let manifest = crate::story::manifest(serde_json::json!({}));
    let project = Project {
        rules: vec![story.rule.clone()],
        policy: story.policy.clone(),
        problems: Vec::new(),
        manifest: &manifest,
        results: None,
        failing: None,
        warehouse: &story.warehouse,
        environment: &|_| None,
        console: notifier::Console::to(story.console.clone()),
        events: &events,
        stop: &stop,
    };
    let mut said = Vec::new();
    let check = Verb::Check(command::Check { as_of: Some(day("22")), ..command::Check::default() });
    command::run(&check, &project, &mut said).await.expect("a check");
    let said = String::from_utf8(said).expect("text") + &events.0.into_inner().expect("events");
    assert!(said.contains("1 new alert") && said.contains("AlertPlanned"), "{said}");
    for word in ["acme Ltd", "123,456", "123456", "654"] {
        assert!(!said.contains(word), "{word}: {said}");
    }
}

/// Names, ids and currencies of any kind. The mail has the headers that it should have and no others, its
/// subject is one line, its HTML has no tag of theirs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_name_becomes_more_than_a_name() {
    let story = std::sync::Arc::new(Story::new().await);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let nasty = prop_oneof![
        any::<String>(),
        "[\\r\\n\\x01-\\x1f\u{85}\u{2028}\u{202e}<>\"'&:=@\\[\\]{}%;]{0,40}",
        Just("\r\nBcc: all@example.com\r\n\r\n<script>".to_owned()),
        Just("{{ letter.rule }}{% for x in y %}".to_owned()),
        Just("=?utf-8?b?QmNjOiBh?=".to_owned()),
        Just("=cmd|' /C calc'!A0".to_owned()),
        Just("x".repeat(1_000_000)),
    ];
    // Postgres knows no text with a NUL in it.
    let nasty = nasty.prop_map(|text| text.replace('\0', ""));
    let handle = tokio::runtime::Handle::current();
    let tested = tokio::task::spawn_blocking(move || {
        runner.run(&(nasty.clone(), nasty.clone(), nasty), |(id, name, currency)| {
            handle.block_on(one_customer(&story, &id, &name, &currency));
            Ok(())
        })
    });
    tested.await.expect("a thread").unwrap_or_else(|problem| panic!("{problem}"));
}

async fn one_customer(story: &Story, id: &str, name: &str, currency: &str) {
    let mut story_policy = notifier::Policy::clone(&story.policy);
    story_policy.routes[0].mode = notifier::policy::Mode::Thread;
    story.sql("truncate analytics.daily").await;
    let session = story.session().await;
    for (on, balance) in [("21", "100"), ("22", "160")] {
        session
            .execute(
                "insert into analytics.daily values (left($1, 2000), $2, $3, $4::text::numeric, $5, 'DE', 1)",
                &[&id, &name, &day(on), &balance, &currency],
            )
            .await
            .expect("a record");
    }
    for policy in [&story.policy, &story_policy] {
        for on in ["21", "22"] {
            let evaluation =
                notifier::Evaluation { now: Some(morning(on)), ..notifier::Evaluation::of(day(on)) };
            let rules = std::slice::from_ref(&story.rule);
            notifier::evaluate(rules, policy, evaluation, &story.warehouse, &platform_core::event::Silence)
                .await
                .unwrap_or_else(|problem| panic!("{problem}"));
        }
        let mail = story.outbox().await.pop().expect("a mail");
        check_mail(&mail.payload);
        story
            .sql(
                "truncate alerting.eval_run, alerting.evaluation, alerting.incident, alerting.outbox cascade",
            )
            .await;
    }
}

fn check_mail(payload: &str) {
    let mail = smtp_sink::Mail {
        from: String::new(),
        to: Vec::new(),
        data: payload.as_bytes().to_vec(),
        encrypted: false,
    };
    let expected = [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "In-Reply-To",
        "References",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
        "List-Id",
        "MIME-Version",
        "Content-Type",
    ];
    let found = mail.headers();
    for name in &found {
        assert!(expected.contains(&name.as_str()), "header {name} of {found:?}");
        assert_eq!(found.iter().filter(|other| *other == name).count(), 1, "{found:?}");
    }
    assert_eq!(mail.header("To").as_deref(), Some("ops@example.com"));
    let bare = |c: char| c.is_control() && !"\r\n\t".contains(c);
    assert!(!payload.contains(bare), "a control character");
    for line in payload.split("\r\n") {
        assert!(line.len() < 999 && !line.contains(['\r', '\n']), "a line that no server takes");
    }
    let unfolded = payload.replace("=\r\n", "").to_lowercase();
    let html = unfolded.split("content-type: text/html").nth(1).expect("HTML");
    let html = html.split("content-type: text/csv").next().expect("HTML");
    assert!(!html.contains("<script") && !html.contains("\u{202e}"), "{html}");
}

/// What holds customers' names is forgotten after 30 days; that it was sent, and how, stays.
#[tokio::test]
async fn contents_are_forgotten_and_facts_stay() {
    let story = Story::new().await;
    for (on, balance) in [("21", "100"), ("22", "160"), ("23", "400")] {
        story.record("acme", on, balance).await;
        story.evaluate(on).await;
        if on == "22" {
            story.deliver(on).await;
        }
    }
    let purge = async |at| {
        operate::purge("30d".parse().expect("a span"), &story.warehouse, Some(at)).await.expect("purged")
    };
    assert_eq!(purge(morning("22") + TimeDelta::days(29)).await, 0);
    assert_eq!(purge(morning("22") + TimeDelta::days(31)).await, 1);
    assert_eq!(purge(morning("22") + TimeDelta::days(31)).await, 0);
    let facts = "select count(*) from alerting.outbox where payload is null and state = 'sent' and length(payload_sha256) = 64 and remote_reply is not null";
    assert_eq!(story.count(facts).await, 1);
    assert_eq!(story.count("select count(*) from alerting.delivery_attempt").await, 1);
    // What waits is kept, however old.
    assert_eq!(
        story
            .count("select count(*) from alerting.outbox where state = 'ready' and payload is not null")
            .await,
        1
    );
    let again = operate::replay(operate::Replay::One(1), false, &story.policy, &story.warehouse, None).await;
    assert!(again.is_err_and(|problem| problem.to_string().contains("forgotten")));
}
