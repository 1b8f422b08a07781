//! Exit codes of the program, as a scheduler sees them: 0 done, 1 usage or settings, 2 evaluation failed, 3
//! something undelivered, 4 no data, 5 somebody else evaluates, 10 alerts where that was asked for.

use crate::story::{Story, manifest};
use serde_json::{Value, json};
use smtp_sink::{Mode, Options, Sink};
use std::process::{Output, Stdio};
use tokio::process::Command;
use warehouse::Settings;

/// The connection as a URL.
fn url(settings: &Settings, password: Option<&str>) -> String {
    let host = settings.hosts.first().expect("a host");
    let own = settings.password.as_ref().map(|secret| secret.reveal().to_owned()).unwrap_or_default();
    format!(
        "postgresql://{}:{}@{}:{}/{}",
        settings.user.as_deref().expect("a user"),
        password.unwrap_or(&own),
        host.name,
        host.port,
        settings.database()
    )
}

/// A project folder over a company's database.
struct Place {
    story: Story,
    url: String,
    smtp: String,
}

impl Place {
    async fn new() -> Self {
        let story = Story::new().await;
        let url = url(story.database.tcp_settings(), None);
        let place = Self { story, url, smtp: "smtp://127.0.0.1:9".to_owned() };
        place.rule(json!({}));
        for (on, balance) in [("21", "100"), ("22", "160")] {
            place.story.record("acme", on, balance).await;
            if on == "21" {
                place.story.evaluate(on).await;
            }
        }
        place
    }

    fn rule(&self, alert: Value) {
        let mut settings = json!({
            "id": "balance_change", "key": "organization_id", "date": "recorded_date", "value": "balance",
            "label": "organization_name",
        });
        settings.as_object_mut().expect("a mapping").extend(alert.as_object().expect("a mapping").clone());
        std::fs::create_dir_all(self.path("target")).expect("a folder");
        let text = serde_json::to_vec(&manifest(settings)).expect("JSON");
        std::fs::write(self.path("target/manifest.json"), text).expect("a file");
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.story.folder.path().join(name)
    }

    fn settings(&self, text: &str) {
        std::fs::write(self.path("alerts.yml"), text).expect("a file");
    }

    async fn run(&self, line: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_notifier"))
            .args(line.split(' '))
            .args(["--project-dir"])
            .arg(self.story.folder.path())
            .env("DATABASE_URL", &self.url)
            .env("DBT_TARGET_PATH", "target")
            .env("SMTP", &self.smtp)
            .stdin(Stdio::null())
            .output()
            .await
            .expect("the program")
    }

    /// Runs a command and holds its code, and a word that it must say, against what is expected.
    #[track_caller]
    fn check(&self, line: &str, code: i32, words: &str) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let output = self.run(line).await;
            let said = format!(
                "{}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
            assert_eq!(output.status.code(), Some(code), "{caller}: {line}\n{said}");
            assert!(said.contains(words), "{caller}: {line} does not say {words}\n{said}");
        }
    }
}

const MAIL: &str = "version: 1\nchannels:\n  ops: {type: smtp, url_env: SMTP, tls: none, to: [ops@example.com], connect_timeout: 1s}\n";

#[tokio::test]
async fn done_is_0_and_alerts_are_10_where_asked_for() {
    let place = Place::new().await;
    place.check("eval --as-of 2026-11-22 --dry-run --fail-on-alert", 10, "1 new alert").await;
    place.check("check --as-of 2026-11-22 --fail-on-alert", 10, "1 sent").await;
    place.check("check --as-of 2026-11-22 --fail-on-alert", 0, "0 new alerts").await;
    place.check("doctor", 0, "ok").await;
    place.check("--help", 0, "explain").await;
    place.check("explain acme", 0, "60.00 is 50.00 or more").await;
}

#[tokio::test]
async fn mistakes_of_usage_and_settings_are_1() {
    let place = Place::new().await;
    place.check("chekc", 1, "check").await;
    place.check("eval --as-of yesterday", 1, "yesterday").await;
    place.check("show 999", 1, "find").await;
    place.check("explain nobody", 1, "nobody").await;
    place.check("test-send nowhere", 1, "channel `nowhere` in alerts.yml").await;
    place.check("replay 999", 1, "find").await;
    place.check("silence add --rule balance_chnge --for 1h --by me --comment typo", 1, "did you mean").await;
    place.check("silence add --kind from_zeros --for 1h --by me --comment typo", 1, "did you mean").await;
    place.settings("version: 1\nchanels: {}\n");
    place.check("check --as-of 2026-11-22", 1, "alerts.yml:2:1").await;
    place.check("doctor", 1, "did you mean `channels`?").await;
    place.settings("version: 1\ntemplates: mine\n");
    std::fs::create_dir(place.path("mine")).expect("a folder");
    std::fs::write(place.path("mine/digest.html"), "line one\n{{ letter.headline").expect("a file");
    // Nothing moved on the 21st: the fault is found before it matters.
    place.check("eval --as-of 2026-11-21", 1, "digest.html:2").await;
    place.check("eval --as-of 2026-11-22", 1, "digest.html:2").await;
    assert_eq!(place.story.count("select count(*) from alerting.eval_run").await, 1, "nothing was evaluated");
    place.settings("version: 1\n");
    place.rule(json!({"threshold": "half"}));
    place.check("check", 1, "threshold").await;
    std::fs::remove_file(place.path("target/manifest.json")).expect("a file");
    place.check("check", 1, "write it with `dp parse`").await;
}

#[tokio::test]
async fn a_failed_evaluation_is_2() {
    let mut place = Place::new().await;
    place.rule(json!({"value": "balanc"}));
    place.check("check --as-of 2026-11-22", 2, "did you mean `balance`?").await;
    place.rule(json!({}));
    let results = json!({
        "metadata": {}, "args": {}, "elapsed_time": 1.0,
        "results": [{"unique_id": "model.shop.daily", "status": "error", "message": "no such column", "timing": [],
            "thread_id": "", "execution_time": 0.1, "adapter_response": {}, "failures": null, "compiled": true,
            "compiled_code": "", "relation_name": null}],
    });
    std::fs::write(place.path("target/run_results.json"), results.to_string()).expect("a file");
    place.check("check --as-of 2026-11-22", 2, "nothing was evaluated").await;
    assert_eq!(place.story.count("select count(*) from alerting.outbox where kind = 'pipeline'").await, 1);
    std::fs::remove_file(place.path("target/run_results.json")).expect("a file");
    place.url = url(place.story.database.tcp_settings(), Some("canary"));
    let wrong = place.run("check").await;
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(!said.contains("canary"), "{said}");
    place.url = "postgresql://me:canary@127.0.0.1:9/nothing".to_owned();
    let gone = place.run("check").await;
    let said = String::from_utf8_lossy(&gone.stderr).into_owned();
    assert_eq!(gone.status.code(), Some(2), "{said}");
    assert!(!said.contains("canary"), "{said}");
}

#[tokio::test]
async fn what_is_undelivered_is_3_until_it_is_not() {
    let mut place = Place::new().await;
    place.settings(MAIL);
    place.check("check --as-of 2026-11-22", 3, "1 waiting").await;
    let sink =
        Sink::start(Options { mode: Mode::Recipient("ops", "550 no such user"), ..Options::default() }).await;
    let sink = sink.expect("a server");
    place.smtp = sink.url();
    place.check("send", 3, "0 sent, 1 waiting").await;
    place.check("replay 1", 0, "ready to be sent: 1").await;
    place.check("send", 3, "1 dead").await;
    place.check("send", 3, "1 dead").await;
    place.check("list dead", 0, "no such user").await;
    sink.set_mode(Mode::Well);
    place.check("replay --dead", 0, "ready to be sent: 1").await;
    place.check("send", 0, "1 sent").await;
    assert_eq!(sink.accepted().len(), 1);
}

#[tokio::test]
async fn no_data_is_4() {
    let place = Place::new().await;
    place.check("check --as-of 2026-11-25", 4, "the data is missing").await;
    place.check("check --as-of 2026-11-25", 4, "the data is missing").await;
    assert_eq!(place.story.count("select count(*) from alerting.outbox where kind = 'stale'").await, 1);
}

#[tokio::test]
async fn another_evaluation_is_5() {
    let place = Place::new().await;
    let other = place.story.session().await;
    other.execute("select pg_advisory_lock($1)", &[&(0x6470_616c_i64 << 32)]).await.expect("the lock");
    place.check("eval --as-of 2026-11-22 --wait 0", 5, "another evaluation is running").await;
    drop(other);
    place.check("eval --as-of 2026-11-22 --wait 20", 0, "1 new alert").await;
}

/// Asked to end, a sender finishes the message in flight and no other.
#[tokio::test]
async fn sigterm_ends_after_the_message_in_flight() {
    let mut place = Place::new().await;
    place.settings(&MAIL.replace("channels:", "routes: [{match: {}, to: [ops], mode: thread}]\nchannels:"));
    for number in 0..15 {
        place.story.record(&format!("org{number}"), "21", "1").await;
        place.story.record(&format!("org{number}"), "22", "2").await;
    }
    place.check("eval --as-of 2026-11-22", 0, "messages").await;
    let slow: smtp_sink::Hook = std::sync::Arc::new(|step: &str| {
        if step == "data" {
            std::thread::sleep(std::time::Duration::from_millis(150));
        }
    });
    let sink = Sink::start(Options { hook: Some(slow), ..Options::default() }).await.expect("a server");
    place.smtp = sink.url();
    let child = Command::new(env!("CARGO_BIN_EXE_notifier"))
        .args(["watch", "--project-dir"])
        .arg(place.story.folder.path())
        .env("DATABASE_URL", &place.url)
        .env("DBT_TARGET_PATH", "target")
        .env("SMTP", &place.smtp)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program");
    while sink.accepted().len() < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let process = child.id().expect("a process").to_string();
    std::process::Command::new("kill").args(["-TERM", &process]).status().expect("kill");
    child.wait_with_output().await.expect("an end");
    let accepted = i64::try_from(sink.accepted().len()).expect("a number");
    assert!(accepted < 15, "{accepted}");
    assert_eq!(
        place.story.count("select count(*) from alerting.outbox where state = 'sent'").await,
        accepted
    );
    assert_eq!(place.story.count("select count(*) from alerting.outbox where state = 'sending'").await, 0);
}
