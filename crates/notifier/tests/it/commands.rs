//! Commands, as people type them.

use crate::story::{Story, manifest, morning};
use clap::Parser;
use notifier::command::{self, Exit, Project, Verb};
use platform_core::Manifest;
use platform_core::event::Silence;
use serde_json::json;
use std::sync::atomic::AtomicBool;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

impl Story {
    /// Runs a command; gives its exit and its output, or its error.
    pub async fn command(&self, line: &str) -> (Exit, String) {
        let words = std::iter::once("alerts").chain(line.split(' '));
        let verb = Arguments::try_parse_from(words).unwrap_or_else(|problem| panic!("{problem}")).verb;
        let manifest: Manifest = manifest(json!({}));
        let environment = |name: &str| self.environment.get(name).cloned();
        let stop = AtomicBool::new(false);
        let project = Project {
            rules: vec![self.rule.clone()],
            policy: self.policy.clone(),
            problems: Vec::new(),
            manifest: &manifest,
            results: None,
            failing: None,
            warehouse: &self.warehouse,
            environment: &environment,
            console: notifier::Console::to(self.console.clone()),
            events: &Silence,
            stop: &stop,
        };
        let mut out = Vec::new();
        let exit = match command::run(&verb, &project, &mut out).await {
            Ok(exit) => exit,
            Err(problem) => {
                out.extend(format!("failed to {problem}").into_bytes());
                Exit::of(&problem)
            }
        };
        (exit, String::from_utf8(out).expect("text"))
    }
}

/// Acme moved and was told; beta moved a little; gamma came.
async fn company() -> Story {
    let story = Story::new().await;
    for (organization, on, balance) in [
        ("-762041063260980198", "19", "100"),
        ("beta", "21", "100"),
        ("-762041063260980198", "22", "180"),
        ("beta", "22", "149.99"),
        ("gamma", "22", "7"),
    ] {
        story.record(organization, on, balance).await;
        if balance == "100" {
            story.evaluate(on).await;
        }
    }
    story
}

/// Times and folders differ from run to run.
fn steady(text: &str) -> String {
    let mut steady = String::new();
    for word in text.split_inclusive([' ', '\n']) {
        let bare = word.trim();
        let is_time = bare.len() == 5 && bare.as_bytes().get(2) == Some(&b':');
        let is_path = bare.starts_with('/');
        steady.push_str(&if is_time || is_path {
            word.replace(bare, if is_path { "[path]" } else { "hh:mm" })
        } else {
            word.to_owned()
        });
    }
    steady
}

#[tokio::test]
async fn check_evaluates_and_sends() {
    let story = company().await;
    let (exit, out) = story.command("check --as-of 2026-11-22").await;
    assert_eq!(exit, Exit::Done, "{out}");
    insta::assert_snapshot!(steady(&out));
    let (exit, _) = story.command("check --as-of 2026-11-22 --fail-on-alert").await;
    assert_eq!(exit, Exit::Done);
    assert_eq!(story.files().len(), 1);
}

#[tokio::test]
async fn eval_dry_run_prints_and_keeps_nothing() {
    let story = company().await;
    let (exit, out) = story.command("eval --as-of 2026-11-22 --dry-run --fail-on-alert").await;
    assert_eq!(exit, Exit::Alerted);
    insta::assert_snapshot!(steady(&out));
    assert!(story.told().await.is_empty());
}

#[tokio::test]
async fn explain_settles_why_and_why_not() {
    let story = company().await;
    story.evaluate("22").await;
    story.deliver("22").await;
    let mut told = String::new();
    for organization in ["-762041063260980198", "beta", "gamma"] {
        let (exit, out) = story.command(&format!("explain {organization}")).await;
        assert_eq!(exit, Exit::Done);
        told.push_str(&steady(&out));
        told.push_str("\n========\n");
    }
    let (exit, out) = story.command("explain nobody").await;
    assert_eq!(exit, Exit::Usage);
    told.push_str(&out);
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn what_people_do_is_done_and_listed() {
    let story = company().await;
    story.evaluate("22").await;
    let mut told = String::new();
    for line in [
        "list",
        "ack 1 --by Ann --note looking",
        "ack 1 --by Ben",
        "silence add --org beta --for 7d --by Ann --comment holidays",
        "list silences",
        "list outbox",
        "send",
        "list dead",
        "replay 1",
        "replay --dead",
        "show 1",
        "show 1 --message",
        "resolve 1 --reason paid",
        "list --json --all",
        "silence end 1",
        "silence end 1",
        "list runs",
        "list silences --all",
        "list outbox --all",
        "list dead --all",
        "list runs --all --json",
        "purge",
        "test-send ops",
        "test-send nowhere",
    ] {
        let (exit, out) = story.command(line).await;
        told.push_str(&format!("> {line}\n{}[{}]\n", steady(out.trim_end()) + "\n", exit.code()));
    }
    // The dates of today are not those of tomorrow.
    let today = chrono::Utc::now().date_naive();
    for days in 0..40 {
        told = told.replace(&(today + chrono::TimeDelta::days(days)).to_string(), "[today]");
    }
    assert!(!told.contains("[2]"), "no command fails: {told}");
    assert!(told.contains("\"state\":\"resolved (paid)\""), "{told}");
    assert!(
        told.contains("incident 1 is acknowledged by Ann")
            && told.contains("find incident 1 open: Ann is on it already"),
        "{told}"
    );
    assert!(told.contains("TEST: alerts reach channel ops") || story.files().len() == 2, "{told}");
    assert!(told.contains("find channel `nowhere` in alerts.yml"), "{told}");
}

#[tokio::test]
async fn a_backtest_counts_the_past() {
    let story = company().await;
    let (_, out) = story.command("backtest --from 2026-11-19 --to 2026-11-22").await;
    insta::assert_snapshot!(out);
    let (_, out) = story.command("backtest --from 2026-11-19 --to 2026-11-22 --threshold 0.30").await;
    assert!(out.contains("2 alerts in 3 days"), "{out}");
}

#[tokio::test]
async fn a_message_can_be_looked_at() {
    let story = company().await;
    let (_, out) = story.command("render --digest 2026-11-22").await;
    assert!(out.starts_with("1 customer balance moved by 50% or more"), "{out}");
    assert!(out.lines().all(|line| line.chars().count() <= 72), "{out}");
    let (_, out) = story.command("render --sample digest --format html").await;
    assert!(out.starts_with("<!doctype html>") && out.contains("&lt;script&gt;") && !out.contains("<script"));
    for kind in ["mass_change", "thread", "correction", "stale", "pipeline", "recovered", "heartbeat", "test"]
    {
        let (exit, out) = story.command(&format!("render --sample {kind}")).await;
        assert_eq!(exit, Exit::Done, "{out}");
        assert!(out.lines().all(|line| line.chars().count() <= 72), "{kind}: {out}");
    }
    story.evaluate_at("22", morning("22")).await;
    let id = story.outbox().await[0].id;
    let (_, out) = story.command(&format!("render {id} --format eml")).await;
    assert!(out.contains("Message-ID: <dp."));
}

#[tokio::test]
async fn the_doctor_finds_what_is_wrong() {
    let mut story = company().await;
    let (exit, out) = story.command("doctor").await;
    assert_eq!(exit, Exit::Done, "{out}");
    story.set_policy("version: 1\ntemplates: mine\nchannels:\n  ops: {type: smtp, url_env: NOT_SET, to: [ops@example.com]}\n");
    let folder = story.folder.path().join("mine");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("digest.txt"), "{{ letter.headlin }}").expect("a file");
    story.rule.source.value = "balanc".to_owned();
    let (exit, out) = story.command("doctor").await;
    assert_eq!(exit, Exit::Usage);
    for words in ["NOT_SET is not set", "digest.txt:1", "did you mean `balance`", "has no fallback"] {
        assert!(out.contains(words), "{words}: {out}");
    }
}

#[tokio::test]
async fn missing_data_and_refused_mail_have_codes_of_their_own() {
    let story = company().await;
    assert_eq!(story.command("check --as-of 2026-11-25").await.0, Exit::Stale);
    std::fs::remove_dir_all(story.folder.path().join("outbox")).expect("the folder");
    std::fs::write(story.folder.path().join("outbox"), "in the way").expect("a file");
    let (exit, out) = story.command("check --as-of 2026-11-22").await;
    assert_eq!(exit, Exit::Undelivered, "{out}");
}
